/*
 * The toolbox against published vectors, every one of tests/vectors/crypto.json that is its own.
 * The file is most significant octet first except where a vector's note says wire.
 */
#include "crypto/toolbox.h"

#include "base/bytes.h"
#include "support/vectors.h"

#include <troth/crypto.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* A 56-bit address, or type and address apart. */
static struct troth_addr take_addr(const cJSON *in, const char *type, const char *name)
{
    struct troth_addr a;
    if (type) {
        vectors_bytes(in, type, &a.type, 1);
        vectors_wire(in, name, a.b, 6);
    } else {
        uint8_t b[7];
        vectors_wire(in, name, b, 7);
        a.type = b[6];
        memcpy(a.b, b, 6);
    }
    return a;
}

static void point(const cJSON *in, const char *x, const char *y, uint8_t wire[64])
{
    vectors_wire(in, x, wire, 32);
    vectors_wire(in, y, wire + 32, 32);
}

static void expect_wire(const cJSON *v, const uint8_t *got, size_t n)
{
    uint8_t want[64];
    vectors_wire(v, "output", want, n);
    assert_memory_equal(got, want, n);
}

static void run_c1(const cJSON *v, const cJSON *in)
{
    uint8_t k[16], r[16], preq[7], pres[7], out[16];
    vectors_wire(in, "k", k, 16);
    vectors_wire(in, "r", r, 16);
    vectors_wire(in, "preq", preq, 7);
    vectors_wire(in, "pres", pres, 7);
    assert_int_equal(preq[0], 0x01); /* so the opcode did come first */
    assert_int_equal(pres[0], 0x02);
    struct troth_addr ia = take_addr(in, "iat", "ia"), ra = take_addr(in, "rat", "ra");
    toolbox_c1(k, r, preq, pres, &ia, &ra, out);
    expect_wire(v, out, 16);
}

static void run_s1(const cJSON *v, const cJSON *in)
{
    uint8_t k[16], r1[16], r2[16];
    vectors_wire(in, "k", k, 16);
    vectors_wire(in, "r1", r1, 16);
    vectors_wire(in, "r2", r2, 16);
    toolbox_s1(k, r1, r2, k); /* the key it replaces */
    expect_wire(v, k, 16);
}

static void run_f4(const cJSON *v, const cJSON *in)
{
    uint8_t u[32], w[32], x[16], z, out[16];
    vectors_wire(in, "U", u, 32);
    vectors_wire(in, "V", w, 32);
    vectors_wire(in, "X", x, 16);
    vectors_wire(in, "Z", &z, 1);
    toolbox_f4(u, w, x, z, out);
    expect_wire(v, out, 16);
}

static void run_f5(const cJSON *v, const cJSON *in)
{
    uint8_t w[32], n1[16], n2[16], both[32];
    assert_string_equal(vectors_string(in, "keyID"), "62746c65"); /* the two that f5 fixes */
    assert_string_equal(vectors_string(in, "salt"), "6c888391aaf5a53860370bdb5a6083be");
    vectors_wire(in, "W", w, 32);
    vectors_wire(in, "N1", n1, 16);
    vectors_wire(in, "N2", n2, 16);
    struct troth_addr a1 = take_addr(in, NULL, "A1"), a2 = take_addr(in, NULL, "A2");
    toolbox_f5(w, n1, n2, &a1, &a2, both + 16, both); /* MacKey is the upper half */
    expect_wire(v, both, 32);
}

static void run_f5_t(const cJSON *v, const cJSON *in)
{
    uint8_t w[32], salt[16], t[16];
    vectors_wire(in, "W", w, 32);
    vectors_wire(in, "salt", salt, 16);
    toolbox_cmac(salt, w, 32, t);
    expect_wire(v, t, 16);
}

static void run_f6(const cJSON *v, const cJSON *in)
{
    uint8_t w[16], n1[16], n2[16], r[16], iocap[3], out[16];
    vectors_wire(in, "W", w, 16);
    vectors_wire(in, "N1", n1, 16);
    vectors_wire(in, "N2", n2, 16);
    vectors_wire(in, "R", r, 16);
    vectors_wire(in, "IOcap", iocap, 3);
    struct troth_addr a1 = take_addr(in, NULL, "A1"), a2 = take_addr(in, NULL, "A2");
    toolbox_f6(w, n1, n2, r, iocap, &a1, &a2, out);
    expect_wire(v, out, 16);
}

static void run_g2(const cJSON *v, const cJSON *in)
{
    uint8_t u[32], w[32], x[16], y[16];
    vectors_wire(in, "U", u, 32);
    vectors_wire(in, "V", w, 32);
    vectors_wire(in, "X", x, 16);
    vectors_wire(in, "Y", y, 16);
    unsigned long want = strtoul(vectors_string(v, "output"), NULL, 16) % 1000000;
    assert_int_equal(toolbox_g2(u, w, x, y), want);
    unsigned long shown;
    assert_int_equal(sscanf(vectors_string(v, "note"), "displayed value = %lu", &shown), 1);
    assert_int_equal(want, shown);
}

static void run_h6(const cJSON *v, const cJSON *in)
{
    uint8_t w[16], out[16];
    vectors_wire(in, "W", w, 16);
    toolbox_h6(w, (uint32_t)strtoul(vectors_string(in, "keyID"), NULL, 16), out);
    expect_wire(v, out, 16);
}

static void run_h7(const cJSON *v, const cJSON *in)
{
    uint8_t salt[16], w[16], out[16];
    vectors_wire(in, "SALT", salt, 16);
    vectors_wire(in, "W", w, 16);
    toolbox_h7(salt, w, out);
    expect_wire(v, out, 16);
}

static void run_ah(const cJSON *v, const cJSON *in)
{
    uint8_t irk[16], prand[3], hash[3];
    vectors_wire(in, "IRK", irk, 16);
    vectors_wire(in, "prand", prand, 3);
    toolbox_ah(irk, prand, hash);
    expect_wire(v, hash, 3);
}

/*
 * Cross-transport key derivation, SM/CEN and SM/PER/SCCT/BV-03 to BV-14: the derivations, which is
 * all of it that a host without BR/EDR can have.
 */
static void run_link_key(const cJSON *v, const cJSON *in, bool ct2)
{
    uint8_t ltk[16], key[16], shortened[16] = {0}, other[16];
    vectors_wire(in, "LTK", ltk, 16);
    toolbox_link_key(ltk, ct2, key);
    expect_wire(v, key, 16);
    /* BV-07 to BV-10: of a pairing with keys of 7 octets too, it is made of all sixteen. */
    memcpy(shortened, ltk, 7);
    toolbox_link_key(shortened, ct2, other);
    assert_memory_not_equal(other, key, 16);
    toolbox_link_key(ltk, !ct2, other);
    assert_memory_not_equal(other, key, 16);
    toolbox_link_key(ltk, ct2, ltk); /* in place */
    assert_memory_equal(ltk, key, 16);
}

static void run_ltk(const cJSON *v, const cJSON *in, bool ct2)
{
    uint8_t link_key[16], ltk[16], other[16];
    vectors_wire(in, "LK", link_key, 16);
    toolbox_ltk(link_key, ct2, ltk);
    expect_wire(v, ltk, 16);
    toolbox_ltk(link_key, !ct2, other);
    assert_memory_not_equal(other, ltk, 16);
}

static void run_ltk_h7(const cJSON *v, const cJSON *in)
{
    run_link_key(v, in, true);
}
static void run_ltk_h6(const cJSON *v, const cJSON *in)
{
    run_link_key(v, in, false);
}
static void run_lk_h7(const cJSON *v, const cJSON *in)
{
    run_ltk(v, in, true);
}
static void run_lk_h6(const cJSON *v, const cJSON *in)
{
    run_ltk(v, in, false);
}

/* One direction, in wire order and on the backend itself. */
static void ecdh(const cJSON *v, const cJSON *in, const char *priv, const char *x, const char *y)
{
    uint8_t d[32], q[64], out[32];
    vectors_wire(in, priv, d, 32);
    point(in, x, y, q);
    assert_true(toolbox_public_key_valid(q));
    assert_true(toolbox_dhkey(d, q, out));
    expect_wire(v, out, 32);

    vectors_bytes(in, priv, d, 32);
    vectors_bytes(in, x, q, 32);
    vectors_bytes(in, y, q + 32, 32);
    assert_true(troth_p256_dhkey(d, q, out));
    uint8_t want[32];
    vectors_bytes(v, "output", want, 32);
    assert_memory_equal(out, want, 32);
}

static void own_key(const cJSON *in, const char *priv, const char *x, const char *y, bool debug)
{
    uint8_t d[32], q[64], made[64];
    vectors_wire(in, priv, d, 32);
    point(in, x, y, q);
    assert_true(toolbox_public_key(d, made));
    assert_memory_equal(made, q, 64);
    assert_int_equal(toolbox_is_debug_key(made), debug);
}

static void run_ecdh_pair(const cJSON *v, const cJSON *in)
{
    bool debug = strstr(vectors_string(v, "function"), "DEBUG KEY A") != NULL;
    own_key(in, "privA", "pubAx", "pubAy", debug);
    own_key(in, "privB", "pubBx", "pubBy", false);
    ecdh(v, in, "privA", "pubBx", "pubBy");
    ecdh(v, in, "privB", "pubAx", "pubAy");
}

static void run_ecdh_b(const cJSON *v, const cJSON *in)
{
    ecdh(v, in, "privB", "pubAx", "pubAy");
}

static void run_ecdh_self(const cJSON *v, const cJSON *in)
{
    own_key(in, "priv", "pubx", "puby", true);
    ecdh(v, in, "priv", "pubx", "puby");
}

/*
 * A point that is not one is refused everywhere. Our own X mirrored is a good point: refusing that
 * is the Security Manager's (2.3.5.6.1), by comparing X; here the two X are shown to be equal.
 */
static void run_validation(const cJSON *v, const cJSON *in)
{
    static const uint8_t one[32] = {1};
    uint8_t q[64], dhkey[32];
    if (cJSON_GetObjectItemCaseSensitive(in, "peer_x")) {
        uint8_t own[64];
        point(in, "own_x", "own_y", own);
        point(in, "peer_x", "peer_y", q);
        assert_true(toolbox_public_key_valid(own));
        assert_true(toolbox_public_key_valid(q));
        assert_memory_equal(own, q, 32);
        assert_memory_not_equal(own, q, 64);
        assert_true(toolbox_is_debug_key(q)); /* n - d is as well known as d */
        return;
    }
    assert_string_equal(vectors_string(v, "output"), "REJECT");
    point(in, "x", "y", q);
    memset(dhkey, 0xa5, sizeof dhkey);
    assert_false(toolbox_public_key_valid(q));
    assert_false(toolbox_dhkey(one, q, dhkey));
    for (size_t i = 0; i < sizeof dhkey; i++)
        assert_int_equal(dhkey[i], 0xa5);
}

static void run_cmac(const cJSON *v, const cJSON *in)
{
    uint8_t k[16], m[256], want[16], mac[16];
    vectors_bytes(in, "k", k, 16);
    size_t n = vectors_hex(vectors_string(in, "m"), m, sizeof m);
    vectors_bytes(v, "output", want, 16);
    struct cmac c;
    /* in one, octet by octet, and cut once at every place */
    for (size_t cut = 0; cut <= n + 1; cut++) {
        cmac_start(&c, k);
        if (cut <= n) {
            cmac_feed(&c, m, cut);
            cmac_feed(&c, m + cut, n - cut);
        } else {
            for (size_t i = 0; i < n; i++)
                cmac_feed(&c, m + i, 1);
        }
        cmac_feed(&c, NULL, 0);
        cmac_end(&c, mac);
        assert_memory_equal(mac, want, 16);
    }
    static const struct cmac wiped;
    assert_memory_equal(&c, &wiped, sizeof c);

    uint8_t kw[16], mw[256];
    bytes_reverse(kw, k, 16);
    bytes_reverse(mw, m, n);
    toolbox_cmac(kw, mw, n, kw); /* over its own key */
    expect_wire(v, kw, 16);
}

static void run_aes(const cJSON *v, const cJSON *in)
{
    uint8_t k[16], p[16], want[16], out[16];
    vectors_bytes(in, "k", k, 16);
    vectors_bytes(in, "p", p, 16);
    vectors_bytes(v, "output", want, 16);
    troth_aes128(k, p, out);
    assert_memory_equal(out, want, 16);
    memcpy(out, p, 16);
    troth_aes128(k, out, out);
    assert_memory_equal(out, want, 16);

    vectors_wire(in, "k", k, 16);
    vectors_wire(in, "p", p, 16);
    toolbox_e(k, p, p);
    expect_wire(v, p, 16);
}

static void run_db_hash(const cJSON *v, const cJSON *in)
{
    static const uint8_t zero[16];
    uint8_t m[512], want[16], mac[16];
    size_t n = vectors_hex(vectors_string(in, "m"), m, sizeof m);
    vectors_bytes(v, "output", want, 16);
    struct cmac c;
    cmac_start(&c, zero);
    cmac_feed(&c, m, n);
    cmac_end(&c, mac);
    assert_memory_equal(mac, want, 16);
}

static void run_sign(const cJSON *v, const cJSON *in)
{
    uint8_t csrk[16], m[256], want[12], got[12];
    vectors_wire(in, "CSRK", csrk, 16);
    size_t n = vectors_hex(vectors_string(in, "msg_wire"), m, sizeof m);
    const cJSON *counter = cJSON_GetObjectItemCaseSensitive(in, "SignCounter");
    assert_true(cJSON_IsNumber(counter));
    vectors_bytes(v, "output", want, 12);
    toolbox_sign(csrk, m, n, (uint32_t)counter->valueint, got);
    assert_memory_equal(got, want, 12);
}

static const struct {
    const char *function;
    void (*run)(const cJSON *vector, const cJSON *inputs);
} checks[] = {
    {"c1", run_c1},
    {"s1", run_s1},
    {"f4", run_f4},
    {"f5", run_f5},
    {"f5.T", run_f5_t},
    {"f6", run_f6},
    {"g2", run_g2},
    {"h6", run_h6},
    {"h7", run_h7},
    {"ah", run_ah},
    {"LTK->LinkKey h7 (CT2=1)", run_ltk_h7},
    {"LTK->LinkKey h6 (CT2=0)", run_ltk_h6},
    {"LinkKey->LTK h7 (CT2=1)", run_lk_h7},
    {"LinkKey->LTK h6 (CT2=0)", run_lk_h6},
    {"P-256 ECDH set 1 (DEBUG KEY A)", run_ecdh_pair},
    {"P-256 ECDH set 1 (B side)", run_ecdh_b},
    {"P-256 ECDH set 2", run_ecdh_pair},
    {"P-256 ECDH debug key with itself", run_ecdh_self},
    {"P-256 public key validation", run_validation},
    {"AES-CMAC", run_cmac},
    {"AES-128", run_aes},
    {"GATT Database Hash", run_db_hash},
    {"ATT signature (CSRK)", run_sign},
};
#define CHECKS (sizeof checks / sizeof checks[0])

/* Provisioning's and model choice's: other tests take these. */
static const char *const later[] = {
    "AES-256",
    "AES-GCM",
    "SMP IO capability mapping",
    "SRP-6a 1024/SHA-1 full",
    "SRP-6a k",
    "SRP-6a malicious A",
    "SRP-6a u",
    "SRP-6a verifier (RFC 5054 3072-bit group, g=5, SHA-512) protocomm sec2",
    "SRP-6a x (SHA-1,1024)",
    "X25519",
    "X25519 DH",
    "X25519 iterated 1",
    "X25519 iterated 1000",
    "X25519 small-order public key",
};
#define LATER (sizeof later / sizeof later[0])

static void every_vector_of_the_file(void **state)
{
    (void)state;
    unsigned used[CHECKS] = {0}, left[LATER] = {0}, total = 0, ours = 0;
    cJSON *root = vectors_load("crypto.json");
    const cJSON *v, *list = cJSON_GetObjectItemCaseSensitive(root, "vectors");
    assert_true(cJSON_IsArray(list));
    cJSON_ArrayForEach(v, list)
    {
        const char *function = vectors_string(v, "function");
        size_t i = 0, j = 0;
        total++;
        while (i < CHECKS && strcmp(checks[i].function, function) != 0)
            i++;
        while (j < LATER && strcmp(later[j], function) != 0)
            j++;
        if (i < CHECKS) {
            const cJSON *in = cJSON_GetObjectItemCaseSensitive(v, "inputs");
            assert_non_null(in);
            checks[i].run(v, in);
            used[i]++;
            ours++;
        } else if (j < LATER) {
            left[j]++;
        } else {
            fail_msg("nobody checks the vectors of '%s'", function);
        }
    }
    for (size_t i = 0; i < CHECKS; i++)
        if (!used[i])
            fail_msg("'%s' has no vector", checks[i].function);
    for (size_t j = 0; j < LATER; j++)
        if (!left[j])
            fail_msg("'%s' is listed as another test's and is not in the file", later[j]);
    const cJSON *count = cJSON_GetObjectItemCaseSensitive(root, "count");
    assert_true(cJSON_IsNumber(count));
    assert_int_equal(total, count->valueint);
    print_message("%u of %u vectors are the toolbox's\n", ours, total);
    cJSON_Delete(root);
}

/* ---- what no vector says -------------------------------------------------------------------- */

static const uint8_t order[32] = {/* n of P-256, FIPS 186-4 D.1.2.3, most significant first */
                                  0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17,
                                  0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51};
static const uint8_t prime[32] = {/* p */
                                  0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00,
                                  0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff,
                                  0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};
static const uint8_t base[64] = {/* G */
                                 0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6,
                                 0xe5, 0x63, 0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb,
                                 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
                                 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a,
                                 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e,
                                 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5};

static void private_keys_are_one_to_n_minus_one(void **state)
{
    (void)state;
    uint8_t d[32] = {0}, q[64], dhkey[32];
    assert_false(troth_p256_public_key(d, q));
    assert_false(troth_p256_dhkey(d, base, dhkey));
    d[31] = 1;
    assert_true(troth_p256_public_key(d, q));
    assert_memory_equal(q, base, 64);
    memcpy(d, order, 32);
    assert_false(troth_p256_public_key(d, q));
    assert_false(troth_p256_dhkey(d, base, dhkey));
    d[31]++;
    assert_false(troth_p256_public_key(d, q));
    d[31] -= 2; /* n - 1: the same X, the other Y */
    assert_true(troth_p256_public_key(d, q));
    assert_memory_equal(q, base, 32);
    assert_memory_not_equal(q + 32, base + 32, 32);
    memset(d, 0xff, 32);
    assert_false(troth_p256_public_key(d, q));
}

/* big + small, both most significant octet first; false when it does not fit. */
static bool add(uint8_t sum[32], const uint8_t big[32], const uint8_t small[32])
{
    unsigned carry = 0;
    for (size_t i = 32; i-- > 0;) {
        carry += big[i] + small[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry == 0;
}

/* A coordinate and the same plus p are one number to a library that reduces: only one is a key. */
static void coordinates_are_below_p(void **state)
{
    (void)state;
    uint8_t q[64];
    memcpy(q, prime, 32);
    memcpy(q + 32, base + 32, 32);
    assert_false(troth_p256_valid(q));
    memcpy(q, base, 32);
    memcpy(q + 32, prime, 32);
    assert_false(troth_p256_valid(q));

    /* the point with X = 5: small enough that X + p still fits 256 bits */
    static const uint8_t y_of_5[32] = {0x45, 0x92, 0x43, 0xb9, 0xaa, 0x58, 0x18, 0x06,
                                       0xfe, 0x91, 0x3b, 0xce, 0x99, 0x81, 0x7a, 0xde,
                                       0x11, 0xca, 0x50, 0x3c, 0x64, 0xd9, 0xa3, 0xc5,
                                       0x33, 0x41, 0x5c, 0x08, 0x32, 0x48, 0xfb, 0xcc};
    memset(q, 0, 31);
    q[31] = 5;
    memcpy(q + 32, y_of_5, 32);
    assert_true(troth_p256_valid(q));
    uint8_t five[32] = {0};
    five[31] = 5;
    assert_true(add(q, prime, five));
    assert_false(troth_p256_valid(q));
    uint8_t dhkey[32], d[32] = {0};
    d[31] = 2;
    assert_false(troth_p256_dhkey(d, q, dhkey));

    /* and the one with Y = 5 */
    static const uint8_t x_of_5[32] = {0xd7, 0x32, 0x5d, 0x76, 0x46, 0xcd, 0x60, 0xd8,
                                       0x0a, 0x92, 0x73, 0x8c, 0xeb, 0x34, 0x5f, 0x84,
                                       0x4c, 0xff, 0xaf, 0x35, 0x84, 0x10, 0x22, 0xca,
                                       0xb1, 0x76, 0xf6, 0x92, 0xde, 0x8d, 0xe1, 0xd7};
    memcpy(q, x_of_5, 32);
    memcpy(q + 32, five, 32);
    assert_true(troth_p256_valid(q));
    assert_true(add(q + 32, prime, five));
    assert_false(troth_p256_valid(q));
    assert_false(troth_p256_dhkey(d, q, dhkey));
}

static void two_strangers_agree(void **state)
{
    (void)state;
    uint8_t d[2][32], q[2][64], k[2][32];
    for (uint8_t round = 1; round <= 20; round++) {
        for (unsigned x = 0; x < 2; x++) {
            for (uint8_t i = 0; i < 32; i++)
                d[x][i] = (uint8_t)(round * (x ? 41 : 89) + i * i * 7 + x);
            d[x][31] &= 0x7f; /* below n in wire order */
            assert_true(toolbox_public_key(d[x], q[x]));
            assert_true(toolbox_public_key_valid(q[x]));
            assert_false(toolbox_is_debug_key(q[x]));
        }
        for (unsigned x = 0; x < 2; x++)
            assert_true(toolbox_dhkey(d[x], q[!x], k[x]));
        assert_memory_equal(k[0], k[1], 32);
        /* one flipped bit anywhere is no point of the curve: the twist and beyond are refused */
        for (unsigned bit = round; bit < 512; bit += 61) {
            q[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
            if (bit >= 256) /* another X may be on the curve, another Y for the same X is not */
                assert_false(toolbox_public_key_valid(q[0]));
            q[0][bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

/* Every length around the block boundary, against the definition written out with plain blocks. */
static void cmac_at_every_length(void **state)
{
    (void)state;
    uint8_t key[16], msg[67], mac[16], want[16], l[16], k1[16], k2[16];
    for (uint8_t i = 0; i < 16; i++)
        key[i] = (uint8_t)(0xc3 ^ i * 29);
    for (uint8_t i = 0; i < sizeof msg; i++)
        msg[i] = (uint8_t)(i * 37 + 11);
    memset(l, 0, 16);
    troth_aes128(key, l, l);
    for (unsigned i = 0; i < 16; i++) /* shift left by one bit, RFC 4493 2.3 */
        k1[i] = (uint8_t)(l[i] << 1 | (i < 15 && l[i + 1] & 0x80 ? 1 : 0));
    if (l[0] & 0x80)
        k1[15] ^= 0x87;
    for (unsigned i = 0; i < 16; i++)
        k2[i] = (uint8_t)(k1[i] << 1 | (i < 15 && k1[i + 1] & 0x80 ? 1 : 0));
    if (k1[0] & 0x80)
        k2[15] ^= 0x87;

    for (size_t n = 0; n <= sizeof msg; n++) {
        uint8_t padded[80] = {0};
        size_t blocks = n ? (n + 15) / 16 : 1;
        bool whole = n && n % 16 == 0;
        memcpy(padded, msg, n);
        if (!whole)
            padded[n] = 0x80;
        for (unsigned i = 0; i < 16; i++)
            padded[16 * (blocks - 1) + i] ^= whole ? k1[i] : k2[i];
        memset(want, 0, 16);
        for (size_t b = 0; b < blocks; b++) {
            for (unsigned i = 0; i < 16; i++)
                want[i] ^= padded[16 * b + i];
            troth_aes128(key, want, want);
        }
        struct cmac c;
        cmac_start(&c, key);
        cmac_feed(&c, msg, n);
        cmac_end(&c, mac);
        assert_memory_equal(mac, want, 16);

        /* the result may be put over the message */
        uint8_t over[80] = {0};
        memcpy(over, msg, n);
        cmac_start(&c, key);
        cmac_feed(&c, over, n);
        cmac_end(&c, over);
        assert_memory_equal(over, want, 16);
    }
}

/* The octet above the address in f5 and f6 is its type bit, and c1 takes the same bit. */
static void address_types_count(void **state)
{
    (void)state;
    uint8_t z32[32] = {0}, z[16] = {0}, pdu[7] = {0}, iocap[3] = {0};
    uint8_t mac[2][16], ltk[2][16], check[2][16], confirm[2][16];
    for (uint8_t t = 0; t < 2; t++) {
        struct troth_addr a = {t, {1, 2, 3, 4, 5, 6}}, b = {0, {6, 5, 4, 3, 2, 1}};
        toolbox_f5(z32, z, z, &a, &b, mac[t], ltk[t]);
        toolbox_f6(z, z, z, z, iocap, &a, &b, check[t]);
        toolbox_c1(z, z, pdu, pdu, &b, &a, confirm[t]);
    }
    assert_memory_not_equal(mac[0], mac[1], 16);
    assert_memory_not_equal(ltk[0], ltk[1], 16);
    assert_memory_not_equal(check[0], check[1], 16);
    assert_memory_not_equal(confirm[0], confirm[1], 16);
}

static void the_counter_of_a_signature_counts(void **state)
{
    (void)state;
    uint8_t csrk[16] = {9}, sig[12], other[12];
    toolbox_sign(csrk, (const uint8_t *)"write", 5, 0x12345678, sig);
    assert_memory_equal(sig, "\x78\x56\x34\x12", 4);
    toolbox_sign(csrk, (const uint8_t *)"write", 5, 0x12345679, other);
    assert_memory_not_equal(sig + 4, other + 4, 8);
}

/* Taken by eight: what is left over, and the octets beside it. */
static void octets_reverse_at_every_length(void **state)
{
    (void)state;
    uint8_t from[41], to[43];
    for (uint8_t i = 0; i < sizeof from; i++)
        from[i] = (uint8_t)(i + 1);
    for (size_t n = 0; n <= sizeof from; n++) {
        memset(to, 0xaa, sizeof to);
        bytes_reverse(to + 1, from, n);
        assert_int_equal(to[0], 0xaa);
        for (size_t i = 0; i < n; i++)
            assert_int_equal(to[1 + i], from[n - 1 - i]);
        assert_int_equal(to[1 + n], 0xaa);
    }
}

static void every_result_has_words(void **state)
{
    (void)state;
    for (int r = TROTH_OK; r >= TROTH_FAILED; r--)
        for (int other = r - 1; other >= TROTH_FAILED - 1; other--)
            assert_string_not_equal(troth_result_words(r), troth_result_words(other));
    assert_string_equal(troth_result_words(7), troth_result_words(TROTH_OK));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_vector_of_the_file),
        cmocka_unit_test(private_keys_are_one_to_n_minus_one),
        cmocka_unit_test(coordinates_are_below_p),
        cmocka_unit_test(two_strangers_agree),
        cmocka_unit_test(cmac_at_every_length),
        cmocka_unit_test(address_types_count),
        cmocka_unit_test(the_counter_of_a_signature_counts),
        cmocka_unit_test(octets_reverse_at_every_length),
        cmocka_unit_test(every_result_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
