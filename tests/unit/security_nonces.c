/*
 * The nonces of security 2 over a million messages of a hundred sessions: the cipher is a double
 * that keeps what it is given and never takes the same key and nonce twice to seal.
 */
#define troth_aes256_gcm_seal double_seal
#define troth_aes256_gcm_open double_open
#include "prov/security2.c"
#undef troth_aes256_gcm_seal
#undef troth_aes256_gcm_open

#include "unit/protocomm_bench.h"

enum { SESSIONS = 100, MESSAGES = 10000, SLOTS = 1 << 21 };

struct pair {
    uint8_t key[32], nonce[12];
};
static struct pair (*seen)[SLOTS];
static bool (*used)[SLOTS];
static unsigned pairs, repeated;

static void forget(void)
{
    memset(used, 0, sizeof *used);
    pairs = repeated = 0;
}

/* One place a pair, found by its octets, which are as good as random. */
static void note(const uint8_t key[32], const uint8_t nonce[12])
{
    struct pair p;
    memcpy(p.key, key, 32);
    memcpy(p.nonce, nonce, 12);
    uint32_t at = 0;
    for (size_t i = 0; i < sizeof p; i++)
        at = (at ^ ((const uint8_t *)&p)[i]) * 16777619u;
    for (at %= SLOTS; (*used)[at]; at = (at + 1) % SLOTS) {
        if (memcmp(&(*seen)[at], &p, sizeof p) == 0) {
            repeated++;
            return;
        }
    }
    (*used)[at] = true;
    (*seen)[at] = p;
    pairs++;
}

void double_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in, size_t len,
                 uint8_t *out)
{
    note(key, nonce);
    memmove(out, in, len);
    memcpy(out + len, nonce, 12); /* the tag: whoever opens with another nonce sees it */
    memset(out + len + 12, 0, 4);
}

bool double_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in, size_t len,
                 uint8_t *out)
{
    (void)key;
    if (len < 16 || memcmp(in + len - 16, nonce, 12) != 0)
        return false;
    memmove(out, in, len - 16);
    return true;
}

static struct ends e;

/* len octets from one end to the other; false: the session is worn out. */
static bool cross(unsigned turn)
{
    uint8_t m[24] = "message";
    size_t n;
    struct troth_security *from = turn % 2 ? &e.device : &e.client;
    struct troth_security *to = turn % 2 ? &e.client : &e.device;
    if (troth_security_seal(from, m, 8, m, &n) != TROTH_OK) {
        assert_int_equal(from->fault, TROTH_SECURITY_WORN_OUT);
        assert_true(all_zero(&from->u, sizeof from->u));
        return false;
    }
    /* What is not the next message opens nothing, and uses up nothing. */
    if (turn % 97 == 0) {
        uint8_t other[24];
        size_t none;
        memcpy(other, m, n);
        other[n - 5] ^= 1;
        assert_int_equal(troth_security_open(to, other, n, other, &none), TROTH_FAILED);
        assert_int_equal(to->fault, TROTH_SECURITY_TAG);
    }
    assert_int_equal(troth_security_open(to, m, n, m, &n), TROTH_OK);
    return true;
}

static void a_million_messages(void **state)
{
    (void)state;
    forget();
    ends_configure(&e, 2);
    ends_open(&e);
    for (unsigned s = 0; s < SESSIONS; s++) {
        assert_int_equal(ends_handshake(&e), 4);
        for (unsigned i = 0; i < MESSAGES; i++)
            assert_true(cross(i));
    }
    assert_int_equal(repeated, 0);
    assert_int_equal(pairs, SESSIONS * MESSAGES);
}

/* The last thousand nonces of a session are used, each once; then it ends, on both sides. */
static void the_last_nonces(void **state)
{
    (void)state;
    for (unsigned last = 0; last < 2; last++) { /* who would send the message too many */
        unsigned sent = 0;
        forget();
        ends_configure(&e, 2);
        ends_open(&e);
        assert_int_equal(ends_handshake(&e), 4);
        for (unsigned i = 8; i < 11; i++)
            e.client.u.two.nonce[i] = e.device.u.two.nonce[i] = 0xff;
        e.client.u.two.nonce[10] = e.device.u.two.nonce[10] = 0xfc;
        e.client.u.two.nonce[11] = e.device.u.two.nonce[11] = (uint8_t)last;
        while (sent < 2000 && cross(sent))
            sent++;
        assert_int_equal(sent, 1024 - last);
        assert_int_equal(repeated, 0);
        /* the other side as well */
        uint8_t m[24] = {0};
        size_t n;
        struct troth_security *other = sent % 2 ? &e.client : &e.device;
        assert_int_equal(troth_security_open(other, m, 24, m, &n), TROTH_FAILED);
        assert_int_equal(other->fault, TROTH_SECURITY_WORN_OUT);
        assert_int_equal(troth_security_open(other, m, 24, m, &n), TROTH_STATE);
        /* another session works */
        assert_int_equal(ends_handshake(&e), 4);
        assert_true(cross(0) && cross(1));
    }
}

/* The rule of old devices repeats it at once: the double sees what is to be seen. */
static void the_old_rule(void **state)
{
    (void)state;
    forget();
    ends_configure(&e, 2);
    e.client_cfg.patch = 0;
    e.client_cfg.allow_patch_0 = true;
    ends_open(&e);
    assert_int_equal(ends_handshake(&e), 4);
    uint8_t m[24] = "message";
    size_t n;
    assert_int_equal(troth_security_seal(&e.client, m, 8, m, &n), TROTH_OK);
    assert_int_equal(troth_security_seal(&e.client, m, 8, m, &n), TROTH_OK);
    assert_int_equal(repeated, 1);
}

static int open_table(void **state)
{
    (void)state;
    seen = malloc(sizeof *seen);
    used = calloc(1, sizeof *used);
    return seen && used ? 0 : -1;
}

static int close_table(void **state)
{
    (void)state;
    free(seen);
    free(used);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_million_messages),
        cmocka_unit_test(the_last_nonces),
        cmocka_unit_test(the_old_rule),
    };
    return cmocka_run_group_tests(tests, open_table, close_table);
}
