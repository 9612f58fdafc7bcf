/*
 * Two-way properties of security 1 and 2: whatever the numbers, the two ends agree, and messages
 * cross both ways. For every field that can begin with a zero such numbers are searched for, since a
 * field of any length is where implementations differ.
 */
#include "unit/protocomm_bench.h"

#include "prov/srp6a.h"

static struct ends e;
static struct chance dice;

/* The session is what it should be: messages of any length, both ways, in turn. */
static void works(void)
{
    assert_int_equal(ends_handshake(&e), 4);
    for (unsigned i = 0; i < 6; i++) {
        uint8_t in[200], m[216];
        size_t len = dice.dice % sizeof in, n;
        draw(&dice, in, sizeof in);
        struct troth_security *from = i % 2 ? &e.device : &e.client;
        struct troth_security *to = i % 2 ? &e.client : &e.device;
        assert_int_equal(troth_security_seal(from, in, len, m, &n), TROTH_OK);
        assert_int_equal(troth_security_open(to, m, n, m, &n), TROTH_OK);
        assert_int_equal(n, len);
        assert_memory_equal(m, in, len);
    }
}

static void put_script(struct chance *c, const void *octets, size_t len)
{
    memcpy(c->script + c->scripted, octets, len);
    c->scripted += len;
}

/* ---- security 1 ---- */

enum one { CLIENT_KEY, DEVICE_KEY, SHARED, KEY, IV, ONES, TAIL = 8 };

/* Keys for which this field begins (or, with TAIL, ends) with a zero. */
static void search_one(unsigned field, uint8_t own[32], uint8_t theirs[32])
{
    const struct troth_piece pop = TEXT("abcd1234");
    uint8_t hash[32], got[32], public_key[32];
    unsigned what = field & ~(unsigned)TAIL;
    /* the last octet of a u-coordinate is below 0x80, of this proof's hash above */
    unsigned at = field & TAIL ? (what == KEY ? 30 : 31) : 0;
    troth_sha256(&pop, 1, hash);
    draw(&dice, own, 32);
    draw(&dice, theirs, 32);
    for (unsigned i = 0; i < 20000 && what != IV; i++) {
        uint8_t *moving = what == CLIENT_KEY ? own : theirs;
        moving[1] = (uint8_t)i;
        moving[2] = (uint8_t)(i >> 8);
        assert_true(troth_x25519_public_key(moving, got));
        if (what == SHARED || what == KEY) {
            assert_true(troth_x25519_public_key(own, public_key));
            assert_true(troth_x25519(theirs, public_key, got));
            got[at] ^= what == KEY ? hash[at] : 0;
        }
        if (got[at] == 0)
            return;
    }
    assert_int_equal(what, IV);
}

static void security_1(void **state)
{
    (void)state;
    dice.dice = 1;
    for (unsigned round = 0; round < 2; round++) {
        for (unsigned field = 0; field < ONES * 2; field++) {
            uint8_t own[32], theirs[32], iv[16];
            unsigned which = field / 2 + (field % 2 ? TAIL : 0);
            search_one(which, own, theirs);
            draw(&dice, iv, 16);
            if (field / 2 == IV)
                memset(iv, field % 2 ? 0xff : 0, 16); /* from zero, and across the end */
            ends_configure(&e, 1);
            put_script(&e.client_chance, own, 32);
            put_script(&e.device_chance, theirs, 32);
            put_script(&e.device_chance, iv, 16);
            ends_open(&e);
            works();
        }
    }
    for (unsigned i = 0; i < 200; i++) {
        uint8_t pop[80];
        draw(&dice, pop, sizeof pop);
        ends_configure(&e, 1);
        e.client_chance.dice = dice.dice;
        e.device_chance.dice = ~dice.dice;
        e.client_cfg.pop = e.device_cfg.pop = (struct troth_piece){pop, i % sizeof pop};
        ends_open(&e);
        works();
    }
}

/* ---- security 2 ---- */

struct numbers {
    struct troth_piece name, password, salt;
    uint8_t a[32], b[32], x[64], v[384], big_a[384], big_b[384], salt_b[16];
};

static void draw_numbers(struct numbers *n)
{
    n->name = TEXT("wifiprov");
    n->password = TEXT("abcd1234");
    draw(&dice, n->a, 32);
    draw(&dice, n->b, 32);
    draw(&dice, n->salt_b, 16);
    n->a[0] |= 0x80; /* the client's have it set */
    n->salt_b[0] |= 1;
    n->salt = (struct troth_piece){n->salt_b, 16};
    srp_x(&n->name, &n->password, &n->salt, SRP_RFC, n->x);
    assert_true(srp_verifier(n->x, n->v) && srp_client_public(n->a, n->big_a) &&
                srp_device_public(n->v, n->b, n->big_b));
}

static void add_one(uint8_t secret[32])
{
    for (size_t i = 32; i-- > 0 && ++secret[i] == 0;)
        ;
}

enum two { A_ZERO, B_ZERO, S_ZERO, K_ZERO, M1_ZERO, M2_ZERO, V_ZERO, X_ZERO, SALT_ZEROS, TWOS };

/* The next a or b is one more, so that g^ is one multiplication. */
static void next_public(const uint8_t add[384], uint8_t secret[32], uint8_t number[384])
{
    static const uint8_t g[384] = {[383] = 5};
    uint8_t less[384];
    assert_true(troth_submod(number, add, srp_n, less) && troth_mulmod(less, g, srp_n, less) &&
                troth_addmod(less, add, srp_n, number));
    add_one(secret);
}

static bool found(const struct numbers *n, unsigned field)
{
    uint8_t u[64], s[384], key[64], m1[64], m2[64];
    const struct troth_piece wire_a = {n->big_a, 384}, wire_b = {n->big_b, 384};
    const struct troth_piece both[] = {wire_a, wire_b}, k = {key, 64};
    if (field == A_ZERO || field == B_ZERO)
        return (field == A_ZERO ? n->big_a : n->big_b)[0] == 0;
    if (n->big_b[0] == 0)
        return false;
    if (field == S_ZERO) {
        troth_sha512(both, 2, u);
        assert_true(troth_modexp(n->v, u, 64, srp_n, s) && troth_mulmod(s, n->big_a, srp_n, s) &&
                    troth_modexp(s, n->b, 32, srp_n, s));
        return s[0] == 0;
    }
    assert_true(srp_device_key(n->v, n->b, n->big_a, n->big_b, key));
    srp_client_proof(&n->name, &n->salt, &wire_a, &wire_b, &k, m1);
    srp_device_proof(&wire_a, m1, &k, m2);
    return (field == K_ZERO ? key : field == M1_ZERO ? m1 : m2)[0] == 0;
}

static void search_two(struct numbers *n, unsigned field)
{
    static const uint8_t none[384];
    uint8_t kv[384], gb[384];
    draw_numbers(n);
    if (field == SALT_ZEROS)
        memset(n->salt_b + 1, 0, 15);
    for (unsigned i = 0; field == V_ZERO || field == X_ZERO; i++) {
        n->salt_b[14] = (uint8_t)(i >> 8);
        n->salt_b[15] = (uint8_t)i;
        srp_x(&n->name, &n->password, &n->salt, SRP_RFC, n->x);
        if (field == X_ZERO ? n->x[0] : !srp_verifier(n->x, n->v) || n->v[0])
            continue;
        return;
    }
    static const uint8_t g[384] = {[383] = 5};
    assert_true(troth_modexp(g, n->b, 32, srp_n, gb) && troth_submod(n->big_b, gb, srp_n, kv));
    while (field <= M2_ZERO && !found(n, field)) {
        if (field == A_ZERO)
            next_public(none, n->a, n->big_a);
        else
            next_public(kv, n->b, n->big_b);
    }
}

static void security_2(void **state)
{
    (void)state;
    dice.dice = 2;
    for (unsigned field = 0; field < TWOS; field++) {
        static struct numbers n;
        search_two(&n, field);
        ends_configure(&e, 2);
        memcpy(e.salt, n.salt_b, 16);
        assert_int_equal(troth_security_credentials(&n.name, &n.password, &n.salt, e.verifier),
                         TROTH_OK);
        put_script(&e.client_chance, n.a, 32);
        put_script(&e.device_chance, n.b, 32);
        ends_open(&e);
        works();
        /* A of 383 octets is drawn again by the client, B by the device; all else is taken. */
        assert_int_equal(e.client_chance.draws, field == A_ZERO ? 2 : 1);
        assert_int_equal(e.device_chance.draws, field == B_ZERO ? 3 : 2);
    }
    for (unsigned i = 0; i < 100; i++) {
        static uint8_t name[255], password[255], salt[128];
        draw(&dice, name, sizeof name);
        draw(&dice, password, sizeof password);
        draw(&dice, salt, sizeof salt);
        salt[0] |= 1;
        ends_configure(&e, 2);
        e.client_chance.dice = dice.dice;
        e.device_chance.dice = ~dice.dice;
        e.client_cfg.username = (struct troth_piece){name, 1 + dice.dice % 255};
        e.client_cfg.password = (struct troth_piece){password, 1 + dice.dice / 256 % 255};
        e.device_cfg.salt = (struct troth_piece){salt, 1 + dice.dice / 65536 % 128};
        if (troth_security_credentials(&e.client_cfg.username, &e.client_cfg.password,
                                       &e.device_cfg.salt, e.verifier) == TROTH_UNSUPPORTED)
            continue;
        ends_open(&e);
        works();
    }
}

/*
 * A device of another make may send a B that begins with zeros: min(B), as ESP-IDF's, or all 384
 * octets. Either is hashed as it came. An A of 384 octets that begins with a zero is taken as well.
 */
static void zeros_from_others(void **state)
{
    (void)state;
    dice.dice = 3;
    for (unsigned whole = 0; whole < 2; whole++) {
        static struct numbers n;
        uint8_t key[64], m1[64], resp0[416] = {0x10, 2, 0x62, 0, 0, 8, 1, 0xaa, 1}, out[CAP];
        size_t len, at = 11;
        do
            search_two(&n, B_ZERO);
        while (n.big_a[0] == 0 || n.big_b[1] == 0);
        size_t b_len = whole ? 384 : 383;
        ends_configure(&e, 2);
        put_script(&e.client_chance, n.a, 32);
        ends_open(&e);
        assert_int_equal(troth_security_hello(&e.client, out, CAP, &len), TROTH_OK);
        resp0[at++] = 0x12;
        resp0[at++] = (uint8_t)(b_len | 0x80);
        resp0[at++] = (uint8_t)(b_len >> 7);
        memcpy(resp0 + at, n.big_b + 384 - b_len, b_len);
        at += b_len;
        resp0[at++] = 0x1a;
        resp0[at++] = 16;
        memcpy(resp0 + at, n.salt_b, 16);
        at += 16;
        resp0[9] = (uint8_t)((at - 11) | 0x80);
        resp0[10] = (uint8_t)((at - 11) >> 7);
        resp0[3] = (uint8_t)((at - 5) | 0x80);
        resp0[4] = (uint8_t)((at - 5) >> 7);
        assert_int_equal(troth_security_next(&e.client, resp0, at, out, CAP, &len), TROTH_OK);
        assert_true(srp_device_key(n.v, n.b, n.big_a, n.big_b, key));
        srp_client_proof(&n.name, &n.salt, &(struct troth_piece){n.big_a, 384},
                         &(struct troth_piece){n.big_b + 384 - b_len, b_len},
                         &(struct troth_piece){key, 64}, m1);
        assert_memory_equal(out + len - 64, m1, 64);
    }
    static struct numbers n;
    uint8_t cmd0[406] = {0x10, 2, 0x62, 0x91, 3, 0xa2, 1, 0x8d, 3, 0x0a, 8}, out[CAP], key[64];
    uint8_t cmd1[75] = {0x10, 2, 0x62, 71, 8, 2, 0xb2, 1, 66, 0x0a, 64}, m1[64];
    size_t len;
    search_two(&n, A_ZERO);
    memcpy(cmd0 + 11, "wifiprov\x12\x80\x03", 11);
    memcpy(cmd0 + 22, n.big_a, 384);
    ends_configure(&e, 2);
    memcpy(e.salt, n.salt_b, 16);
    memcpy(e.verifier, n.v, 384);
    ends_open(&e);
    assert_int_equal(troth_security_serve(&e.device, cmd0, 406, out, CAP, &len), TROTH_OK);
    assert_int_equal(len, 416);
    assert_true(srp_client_key(n.a, n.big_a, out + 14, n.x, key));
    srp_client_proof(&n.name, &n.salt, &(struct troth_piece){n.big_a, 384},
                     &(struct troth_piece){out + 14, 384}, &(struct troth_piece){key, 64}, m1);
    memcpy(cmd1 + 11, m1, 64);
    assert_int_equal(troth_security_serve(&e.device, cmd1, 75, out, CAP, &len), TROTH_OK);
    assert_true(troth_security_ready(&e.device));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(security_1),
        cmocka_unit_test(security_2),
        cmocka_unit_test(zeros_from_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
