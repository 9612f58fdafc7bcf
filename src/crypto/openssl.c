/* The crypto backend over OpenSSL 3. The one file of src/ that may allocate and keep a global. */
#include <troth/crypto.h>

#include "base/check.h"
#include "base/wipe.h"

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

/*
 * Made once for the process: an EVP_CIPHER that comes from a name lookup at every call costs several
 * times the encryption it is for, and the group a fifth of a scalar multiplication. Neither is
 * changed afterwards, so threads share them. NULL: the library is unusable.
 */
static CRYPTO_ONCE once = CRYPTO_ONCE_STATIC_INIT;
static EVP_CIPHER *aes128_ecb;
static EC_GROUP *p256_group;

static void make(void)
{
    aes128_ecb = EVP_CIPHER_fetch(NULL, "AES-128-ECB", NULL);
    p256_group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
}

static bool made(void)
{
    return CRYPTO_THREAD_run_once(&once, make) && aes128_ecb && p256_group;
}

/* ---- AES ------------------------------------------------------------------------------------ */

/*
 * There is no answer for "no memory" here, and a block that was not encrypted must not go out. A
 * context lives as long as one call: freeing it is what wipes the expanded key. Padding would only
 * come with a final block, which is never asked for.
 */
static EVP_CIPHER_CTX *aes_open(const uint8_t key[16])
{
    ASSERT(made());
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ASSERT(ctx && EVP_EncryptInit_ex2(ctx, aes128_ecb, key, NULL, NULL) == 1);
    return ctx;
}

static void aes_block(EVP_CIPHER_CTX *ctx, const uint8_t in[16], uint8_t out[16])
{
    int len = 0;
    ASSERT(EVP_EncryptUpdate(ctx, out, &len, in, 16) == 1 && len == 16);
}

void troth_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    EVP_CIPHER_CTX *ctx = aes_open(key);

    aes_block(ctx, in, out);
    EVP_CIPHER_CTX_free(ctx);
}

/* Multiplication by x in GF(2^128), RFC 4493 2.3; the reduction must not branch on the key. */
static void double_block(uint8_t b[16])
{
    uint8_t carry = b[0] >> 7;
    for (size_t i = 0; i < 15; i++)
        b[i] = (uint8_t)(b[i] << 1 | b[i + 1] >> 7);
    b[15] = (uint8_t)(b[15] << 1 ^ (0x87 & -carry));
}

static void mix(uint8_t x[16], const uint8_t *from, size_t len)
{
    for (size_t i = 0; i < len; i++)
        x[i] ^= from[i];
}

void troth_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16])
{
    uint8_t x[16] = {0}, subkey[16] = {0};
    EVP_CIPHER_CTX *ctx = aes_open(key);

    aes_block(ctx, subkey, subkey);
    double_block(subkey);
    for (; len > 16; len -= 16, msg += 16) {
        mix(x, msg, 16);
        aes_block(ctx, x, x);
    }
    mix(x, msg, len);
    if (len < 16) {
        double_block(subkey);
        x[len] ^= 0x80;
    }
    mix(x, subkey, 16);
    aes_block(ctx, x, mac);
    EVP_CIPHER_CTX_free(ctx);
    wipe(x, sizeof x);
    wipe(subkey, sizeof subkey);
}

/* ---- P-256 ---------------------------------------------------------------------------------- */

/* What one P-256 computation works with. */
struct p256 {
    const EC_GROUP *group;
    BN_CTX *ctx;
    EC_POINT *point;
    BIGNUM *x, *y, *d;
};

static bool p256_open(struct p256 *c)
{
    ERR_set_mark(); /* a peer's bad key is no error of this process: leave the queue as it was */
    *c = (struct p256){.group = made() ? p256_group : NULL,
                       .ctx = BN_CTX_new(),
                       .x = BN_new(),
                       .y = BN_new(),
                       .d = BN_new()};
    if (c->group)
        c->point = EC_POINT_new(c->group);
    return c->point && c->ctx && c->x && c->y && c->d;
}

static void p256_close(struct p256 *c)
{
    EC_POINT_clear_free(c->point);
    BN_clear_free(c->x);
    BN_clear_free(c->y);
    BN_clear_free(c->d);
    BN_CTX_free(c->ctx);
    ERR_pop_to_mark();
}

/* 1 .. n-1 */
static bool take_private(struct p256 *c, const uint8_t private_key[32])
{
    BN_set_flags(c->d, BN_FLG_CONSTTIME);
    return BN_bin2bn(private_key, 32, c->d) && !BN_is_zero(c->d) &&
           BN_cmp(c->d, EC_GROUP_get0_order(c->group)) < 0;
}

/*
 * OpenSSL reduces coordinates modulo p without a word, so the range is ours to check. The point at
 * infinity has no such coordinates, and with cofactor 1 every point of the curve is in the group.
 */
static bool take_public(struct p256 *c, const uint8_t public_key[64])
{
    const BIGNUM *p = EC_GROUP_get0_field(c->group);

    return BN_bin2bn(public_key, 32, c->x) && BN_bin2bn(public_key + 32, 32, c->y) &&
           BN_cmp(c->x, p) < 0 && BN_cmp(c->y, p) < 0 &&
           EC_POINT_set_affine_coordinates(c->group, c->point, c->x, c->y, c->ctx) == 1 &&
           EC_POINT_is_on_curve(c->group, c->point, c->ctx) == 1;
}

static bool give(struct p256 *c, uint8_t *x, uint8_t *y)
{
    return EC_POINT_get_affine_coordinates(c->group, c->point, c->x, c->y, c->ctx) == 1 &&
           BN_bn2binpad(c->x, x, 32) == 32 && (!y || BN_bn2binpad(c->y, y, 32) == 32);
}

bool troth_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64])
{
    struct p256 c;
    bool ok = p256_open(&c) && take_private(&c, private_key) &&
              EC_POINT_mul(c.group, c.point, c.d, NULL, NULL, c.ctx) == 1 &&
              give(&c, public_key, public_key + 32);

    p256_close(&c);
    return ok;
}

bool troth_p256_valid(const uint8_t public_key[64])
{
    struct p256 c;
    bool ok = p256_open(&c) && take_public(&c, public_key);

    p256_close(&c);
    return ok;
}

bool troth_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32])
{
    struct p256 c;
    bool ok = p256_open(&c) && take_private(&c, private_key) && take_public(&c, public_key) &&
              EC_POINT_mul(c.group, c.point, NULL, c.point, c.d, c.ctx) == 1 &&
              give(&c, dhkey, NULL);

    p256_close(&c);
    return ok;
}
