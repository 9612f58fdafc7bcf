/*
 * SRP-6a against the published transcripts of tests/vectors/protocomm.json, and both roles against
 * each other with numbers that begin with zeros.
 */
#include "prov/srp6a.h"

#include "base/wipe.h"
#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static struct troth_piece text(const cJSON *v, const char *name)
{
    const char *s = vectors_string(v, name);
    return (struct troth_piece){s, strlen(s)};
}

static size_t octets(const cJSON *v, const char *name, uint8_t *out, size_t cap)
{
    return vectors_hex(vectors_string(v, name), out, cap);
}

/* A number of the file, which has it without leading zeros or with them. */
static void number(const cJSON *v, const char *name, uint8_t out[TROTH_BIG])
{
    uint8_t b[TROTH_BIG];
    size_t n = octets(v, name, b, sizeof b);
    assert_true(srp_number(b, n, out));
}

static void fixed(const cJSON *v, const char *name, uint8_t *out, size_t n)
{
    uint8_t b[TROTH_BIG];
    size_t len = octets(v, name, b, sizeof b);
    assert_true(len <= n);
    memset(out, 0, n - len);
    memcpy(out + n - len, b, len);
}

static void transcript(const cJSON *v)
{
    uint8_t salt_b[128], x[64], v_[384], a[32], b[32], big_a[384], big_b[384], key[64], m[64];
    uint8_t got[384], wire_b_b[384];
    struct troth_piece name = text(v, "username_text"), password = text(v, "password_text");
    struct troth_piece salt = {salt_b, octets(v, "salt", salt_b, sizeof salt_b)};
    fixed(v, "x", x, 64);
    number(v, "verifier", v_);
    fixed(v, "a", a, 32);
    fixed(v, "b", b, 32);
    number(v, "A", big_a);
    number(v, "B", big_b);
    struct troth_piece wire_a = {big_a, 384};
    struct troth_piece wire_b = {wire_b_b, octets(v, "B", wire_b_b, sizeof wire_b_b)};

    srp_inner_hash(&name, &password, got);
    fixed(v, "inner_hash", m, 64);
    assert_memory_equal(got, m, 64);
    srp_x(&name, &password, &salt, SRP_RFC, got);
    assert_memory_equal(got, x, 64);
    assert_true(srp_verifier(x, got));
    assert_memory_equal(got, v_, 384);
    assert_true(srp_client_public(a, got));
    assert_memory_equal(got, big_a, 384);
    assert_true(srp_device_public(v_, b, got));
    assert_memory_equal(got, big_b, 384);
    fixed(v, "K", key, 64);
    assert_true(srp_client_key(a, big_a, big_b, x, got));
    assert_memory_equal(got, key, 64);
    assert_true(srp_device_key(v_, b, big_a, big_b, got));
    assert_memory_equal(got, key, 64);
    fixed(v, "M1", m, 64);
    srp_client_proof(&name, &salt, &wire_a, &wire_b, &(struct troth_piece){key, 64}, got);
    assert_memory_equal(got, m, 64);
    srp_device_proof(&wire_a, m, &(struct troth_piece){key, 64}, got);
    fixed(v, "M2", m, 64);
    assert_memory_equal(got, m, 64);
}

static void every_transcript(void **state)
{
    (void)state;
    unsigned n = 0;
    cJSON *all = vectors_load("protocomm.json");
    for (const cJSON *v = all->child; v; v = v->next) {
        if (strncmp(v->string, "sec2_", 5) == 0) {
            transcript(v);
            n++;
        }
    }
    assert_int_equal(n, 8);
    cJSON_Delete(all);
}

static void the_group(void **state)
{
    (void)state;
    uint8_t b[384], digest[64], g[384] = {[383] = 5}, one[384] = {[383] = 1}, k[64];
    cJSON *all = vectors_load("protocomm.json");
    const cJSON *group = cJSON_GetObjectItem(all, "group");
    vectors_bytes(group, "N_3072", b, 384);
    assert_memory_equal(b, srp_n, 384);
    /* k, through B = k v + g^b with v = 1 and b = 0 */
    const struct troth_piece pieces[] = {{srp_n, 384}, {g, 384}};
    troth_sha512(pieces, 2, digest);
    vectors_bytes(group, "k", k, 64);
    assert_memory_equal(digest, k, 64);
    uint8_t zero[32] = {0};
    assert_true(srp_device_public(one, zero, b));
    k[63]++;
    assert_memory_equal(b + 320, k, 64);
    assert_int_equal(srp_zeros(b, 384), 320);
    cJSON_Delete(all);
}

/* Two values of x for one password, two for one salt: who drops leading zeros, and who does not. */
static void dialects(void **state)
{
    (void)state;
    uint8_t salt_b[16], x[64], want[64], v_[384], got[384];
    cJSON *all = vectors_load("protocomm.json");
    const cJSON *v = cJSON_GetObjectItem(all, "divergence_inner_hash_leading_zero");
    struct troth_piece name = text(v, "username_text"), password = text(v, "password_text");
    struct troth_piece salt = {salt_b, octets(v, "salt", salt_b, sizeof salt_b)};
    static const struct {
        unsigned dialect;
        const char *x, *verifier;
    } inner[] = {{SRP_RFC, "x_rfc_espidf_android_ios", "verifier_rfc"},
                 {SRP_SHORT_INNER, "x_esp_prov_python", "verifier_esp_prov"}};
    for (unsigned i = 0; i < 2; i++) {
        srp_x(&name, &password, &salt, inner[i].dialect, x);
        fixed(v, inner[i].x, want, 64);
        assert_memory_equal(x, want, 64);
        number(v, inner[i].verifier, v_);
        assert_true(srp_verifier(x, got));
        assert_memory_equal(got, v_, 384);
    }
    srp_inner_hash(&name, &password, x);
    assert_int_equal(srp_zeros(x, 64), 1);
    assert_int_equal(srp_zeros(salt_b, 16), 0);
    const cJSON *s = cJSON_GetObjectItem(all, "divergence_salt_leading_zero");
    name = text(cJSON_GetObjectItem(all, "sec2_patch1"), "username_text");
    password = text(cJSON_GetObjectItem(all, "sec2_patch1"), "password_text");
    salt.len = octets(s, "salt_on_wire", salt_b, sizeof salt_b);
    srp_x(&name, &password, &salt, SRP_RFC, x);
    fixed(s, "x_rfc_espidf_ios", want, 64);
    assert_memory_equal(x, want, 64);
    srp_x(&name, &password, &salt, SRP_SHORT_SALT, x);
    fixed(s, "x_esp_prov_client_and_android", want, 64);
    assert_memory_equal(x, want, 64);
    cJSON_Delete(all);
}

/* D3: numbers that need no password, or are none. */
static void numbers_refused(void **state)
{
    (void)state;
    uint8_t v[384] = {[383] = 7}, b[32] = {9}, big_a[384] = {0}, big_b[384] = {[383] = 3};
    uint8_t key[64], x[64] = {1}, none[64] = {0};
    memset(key, 0xee, 64);
    assert_false(srp_device_key(v, b, big_a, big_b, key)); /* 0 */
    assert_memory_equal(key, none, 64);
    assert_false(srp_device_key(v, b, srp_n, big_b, key)); /* N */
    memset(big_a, 0xff, 384);                              /* above N */
    assert_false(srp_device_key(v, b, big_a, big_b, key));
    memcpy(big_a, srp_n, 384);
    big_a[383]--; /* N - 1 is a number, if an odd one */
    assert_true(srp_device_key(v, b, big_a, big_b, key));
    memset(big_b, 0, 384);
    assert_false(srp_client_key(b, big_a, big_b, x, key));
    assert_memory_equal(key, none, 64);
    assert_false(srp_client_key(b, big_a, srp_n, x, key));
    uint8_t over[385] = {0};
    assert_false(srp_number(over, 385, big_b));
    assert_true(srp_number(over, 0, big_b));
    assert_false(srp_number_ok(big_b));
}

static uint32_t dice = 1;
static void draw(uint8_t *out, size_t len)
{
    while (len--)
        *out++ = (uint8_t)((dice = dice * 1664525u + 1013904223u) >> 24);
}

/* Both roles agree on K for any numbers; a number that begins with zeros is drawn until there is one. */
static void both_roles(void **state)
{
    (void)state;
    unsigned zeros[3] = {0}; /* of A, B, S: what is hashed differs then */
    for (unsigned i = 0; i < 60 || !zeros[0] || !zeros[1]; i++) {
        uint8_t a[32], b[32], x[64], v[384], big_a[384], big_b[384], k1[64], k2[64];
        draw(a, 32);
        draw(b, 32);
        draw(x, 64);
        if (i % 4 == 1)
            x[0] = a[0] = b[0] = 0;
        assert_true(srp_verifier(x, v) && srp_client_public(a, big_a) &&
                    srp_device_public(v, b, big_b));
        zeros[0] += big_a[0] == 0;
        zeros[1] += big_b[0] == 0;
        if (i >= 60 && big_a[0] && big_b[0])
            continue;
        assert_true(srp_client_key(a, big_a, big_b, x, k1));
        assert_true(srp_device_key(v, b, big_a, big_b, k2));
        assert_memory_equal(k1, k2, 64);
        x[63] ^= 1; /* another password, another key */
        assert_true(srp_client_key(a, big_a, big_b, x, k1));
        assert_memory_not_equal(k1, k2, 64);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_group),  cmocka_unit_test(every_transcript),
        cmocka_unit_test(dialects),   cmocka_unit_test(numbers_refused),
        cmocka_unit_test(both_roles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
