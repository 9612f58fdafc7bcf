#include "support/tester_crypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/params.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void must(bool ok)
{
    if (!ok) {
        fprintf(stderr, "tester_crypto: libcrypto failed\n");
        abort();
    }
}

/* Everything below the public functions is most significant octet first, as the text writes it. */
static void flip(uint8_t *dst, const uint8_t *src, size_t n)
{
    for (size_t i = 0; i < n; i++)
        dst[i] = src[n - 1 - i];
}

struct text {
    uint8_t b[128];
    size_t n;
};

static void put(struct text *t, const uint8_t *wire, size_t n)
{
    must(t->n + n <= sizeof t->b);
    flip(t->b + t->n, wire, n);
    t->n += n;
}

static void put_octet(struct text *t, uint8_t v)
{
    put(t, &v, 1);
}

static void put_addr(struct text *t, const void *addr)
{
    const uint8_t *a = addr;
    put_octet(t, a[0]);
    put(t, a + 1, 6);
}

static void aes_msb(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    static EVP_CIPHER *cipher;
    static EVP_CIPHER_CTX *ctx;
    if (!ctx) {
        cipher = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
        ctx = EVP_CIPHER_CTX_new();
        must(cipher && ctx);
    }
    uint8_t result[32];
    int n = 0;
    must(EVP_EncryptInit_ex2(ctx, cipher, key, NULL, NULL) == 1);
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    must(EVP_EncryptUpdate(ctx, result, &n, in, 16) == 1 && n == 16);
    memcpy(out, result, 16);
}

void tc_cmac_msb(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16])
{
    static EVP_MAC_CTX *ctx;
    static char cipher[] = "AES-128-CBC";
    if (!ctx) {
        EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
        ctx = EVP_MAC_CTX_new(algorithm);
        EVP_MAC_free(algorithm);
        must(ctx != NULL);
    }
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
        OSSL_PARAM_construct_end(),
    };
    size_t n = 0;
    must(EVP_MAC_init(ctx, key, 16, params) == 1);
    must(EVP_MAC_update(ctx, msg, len) == 1);
    must(EVP_MAC_final(ctx, mac, &n, 16) == 1 && n == 16);
}

/* The key and the result in wire order, the message as put together. */
static void cmac_of(const uint8_t key[16], const struct text *t, uint8_t out[16])
{
    uint8_t k[16], mac[16];
    flip(k, key, 16);
    tc_cmac_msb(k, t->b, t->n, mac);
    flip(out, mac, 16);
}

void tc_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7], const uint8_t pres[7],
           const void *ia, const void *ra, uint8_t out[16])
{
    const uint8_t *i_addr = ia, *r_addr = ra;
    uint8_t key[16], x[16], rr[16];
    struct text p1 = {{0}, 0}, p2 = {{0}, 4}; /* p2 = padding || ia || ra */
    put(&p1, pres, 7);
    put(&p1, preq, 7);
    put_octet(&p1, r_addr[0]);
    put_octet(&p1, i_addr[0]);
    put(&p2, i_addr + 1, 6);
    put(&p2, r_addr + 1, 6);
    flip(key, k, 16);
    flip(rr, r, 16);
    for (int i = 0; i < 16; i++)
        x[i] = rr[i] ^ p1.b[i];
    aes_msb(key, x, x);
    for (int i = 0; i < 16; i++)
        x[i] ^= p2.b[i];
    aes_msb(key, x, x);
    flip(out, x, 16);
}

void tc_s1(const uint8_t k[16], const uint8_t srand[16], const uint8_t mrand[16], uint8_t out[16])
{
    uint8_t key[16], x[16];
    struct text r = {{0}, 0};
    put(&r, srand, 8); /* the less significant halves */
    put(&r, mrand, 8);
    flip(key, k, 16);
    aes_msb(key, r.b, x);
    flip(out, x, 16);
}

void tc_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z,
           uint8_t out[16])
{
    struct text m = {{0}, 0};
    put(&m, u, 32);
    put(&m, v, 32);
    put_octet(&m, z);
    cmac_of(x, &m, out);
}

void tc_f5(const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16], const void *a1,
           const void *a2, uint8_t mackey[16], uint8_t ltk[16])
{
    static const uint8_t salt[16] = {0x6c, 0x88, 0x83, 0x91, 0xaa, 0xf5, 0xa5, 0x38,
                                     0x60, 0x37, 0x0b, 0xdb, 0x5a, 0x60, 0x83, 0xbe};
    uint8_t secret[32], t[16], mac[16];
    flip(secret, w, 32);
    tc_cmac_msb(salt, secret, 32, t);
    for (uint8_t counter = 0; counter < 2; counter++) {
        struct text m = {{counter, 0x62, 0x74, 0x6c, 0x65}, 5}; /* keyID "btle" */
        put(&m, n1, 16);
        put(&m, n2, 16);
        put_addr(&m, a1);
        put_addr(&m, a2);
        put_octet(&m, 0x01); /* Length = 256 */
        put_octet(&m, 0x00);
        tc_cmac_msb(t, m.b, m.n, mac);
        flip(counter ? ltk : mackey, mac, 16);
    }
}

void tc_f6(const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16], const uint8_t r[16],
           const uint8_t iocap[3], const void *a1, const void *a2, uint8_t out[16])
{
    struct text m = {{0}, 0};
    put(&m, n1, 16);
    put(&m, n2, 16);
    put(&m, r, 16);
    put(&m, iocap, 3);
    put_addr(&m, a1);
    put_addr(&m, a2);
    cmac_of(w, &m, out);
}

uint32_t tc_g2(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], const uint8_t y[16])
{
    struct text m = {{0}, 0};
    uint8_t mac[16];
    put(&m, u, 32);
    put(&m, v, 32);
    put(&m, y, 16);
    cmac_of(x, &m, mac);
    uint32_t low =
        (uint32_t)mac[3] << 24 | (uint32_t)mac[2] << 16 | (uint32_t)mac[1] << 8 | (uint32_t)mac[0];
    return low % 1000000;
}

void tc_h6(const uint8_t w[16], const char *key_id, uint8_t out[16])
{
    struct text m = {{0}, 4};
    memcpy(m.b, key_id, 4);
    cmac_of(w, &m, out);
}

void tc_h7(const uint8_t salt[16], const uint8_t w[16], uint8_t out[16])
{
    uint8_t msg[16], mac[16];
    flip(msg, w, 16);
    tc_cmac_msb(salt, msg, 16, mac);
    flip(out, mac, 16);
}

/* The message with its least significant octet to the right, the counter to its left. */
void tc_sign(const uint8_t csrk[16], const uint8_t *msg, size_t len, uint32_t counter,
             uint8_t signature[12])
{
    uint8_t key[16], m[600], mac[16];
    must(len + 4 <= sizeof m);
    for (int i = 0; i < 4; i++)
        signature[i] = (uint8_t)(counter >> (8 * i));
    flip(m, signature, 4);
    flip(m + 4, msg, len);
    flip(key, csrk, 16);
    tc_cmac_msb(key, m, len + 4, mac);
    flip(signature + 4, mac, 8); /* its most significant half */
}

static EC_GROUP *curve(void)
{
    static EC_GROUP *group;
    if (!group) {
        group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
        must(group != NULL);
    }
    return group;
}

/* scalar * point, the point NULL for the generator; false when it is not on the curve. */
static bool multiply(const uint8_t scalar[32], const uint8_t *point, uint8_t out[64])
{
    EC_GROUP *group = curve();
    BIGNUM *k = BN_lebin2bn(scalar, 32, NULL), *x = NULL, *y = NULL;
    EC_POINT *p = EC_POINT_new(group), *result = EC_POINT_new(group);
    bool on_curve = true;
    must(k && p && result);
    if (point) {
        x = BN_lebin2bn(point, 32, NULL);
        y = BN_lebin2bn(point + 32, 32, NULL);
        on_curve = EC_POINT_set_affine_coordinates(group, p, x, y, NULL) == 1;
        must(!on_curve || EC_POINT_mul(group, result, NULL, p, k, NULL) == 1);
    } else {
        x = BN_new();
        y = BN_new();
        must(EC_POINT_mul(group, result, k, NULL, NULL, NULL) == 1);
    }
    on_curve = on_curve && !EC_POINT_is_at_infinity(group, result);
    if (on_curve) {
        must(EC_POINT_get_affine_coordinates(group, result, x, y, NULL) == 1);
        must(BN_bn2lebinpad(x, out, 32) == 32 && BN_bn2lebinpad(y, out + 32, 32) == 32);
    }
    EC_POINT_free(p);
    EC_POINT_free(result);
    BN_free(k);
    BN_free(x);
    BN_free(y);
    return on_curve;
}

void tc_public_key(const uint8_t private_key[32], uint8_t public_key[64])
{
    static struct {
        uint8_t private_key[32], public_key[64];
    } known[16];
    static unsigned count;
    for (unsigned i = 0; i < count; i++) {
        if (!memcmp(known[i].private_key, private_key, 32)) {
            memcpy(public_key, known[i].public_key, 64);
            return;
        }
    }
    must(multiply(private_key, NULL, public_key));
    unsigned i = count < 16 ? count++ : 15;
    memcpy(known[i].private_key, private_key, 32);
    memcpy(known[i].public_key, public_key, 64);
}

void tc_dhkey(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t dhkey[32])
{
    static struct {
        uint8_t private_key[32], public_key[64], dhkey[32];
    } known[16];
    static unsigned count;
    for (unsigned i = 0; i < count; i++) {
        if (!memcmp(known[i].private_key, private_key, 32) &&
            !memcmp(known[i].public_key, public_key, 64)) {
            memcpy(dhkey, known[i].dhkey, 32);
            return;
        }
    }
    uint8_t point[64];
    if (!multiply(private_key, public_key, point)) {
        memset(dhkey, 0, 32); /* no honest side gets here */
        return;
    }
    memcpy(dhkey, point, 32);
    unsigned i = count < 16 ? count++ : 15;
    memcpy(known[i].private_key, private_key, 32);
    memcpy(known[i].public_key, public_key, 64);
    memcpy(known[i].dhkey, dhkey, 32);
}

void tc_negate(const uint8_t public_key[64], uint8_t out[64])
{
    BIGNUM *p = BN_new(), *y = BN_lebin2bn(public_key + 32, 32, NULL);
    must(p && y && EC_GROUP_get_curve(curve(), p, NULL, NULL, NULL) == 1);
    must(BN_sub(y, p, y) == 1);
    memcpy(out, public_key, 32);
    must(BN_bn2lebinpad(y, out + 32, 32) == 32);
    BN_free(p);
    BN_free(y);
}
