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

/* ---- hashes --------------------------------------------------------------------------------- */

static void hash(const EVP_MD *md, const struct troth_piece *pieces, size_t count, uint8_t *digest)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    ASSERT(ctx && EVP_DigestInit_ex2(ctx, md, NULL) == 1);
    for (size_t i = 0; i < count; i++)
        ASSERT(EVP_DigestUpdate(ctx, pieces[i].p, pieces[i].len) == 1);
    ASSERT(EVP_DigestFinal_ex(ctx, digest, NULL) == 1);
    EVP_MD_CTX_free(ctx);
}

void troth_sha256(const struct troth_piece *pieces, size_t count, uint8_t digest[32])
{
    hash(EVP_sha256(), pieces, count, digest);
}

void troth_sha512(const struct troth_piece *pieces, size_t count, uint8_t digest[64])
{
    hash(EVP_sha512(), pieces, count, digest);
}

/* ---- X25519 --------------------------------------------------------------------------------- */

bool troth_x25519_public_key(const uint8_t private_key[32], uint8_t public_key[32])
{
    size_t len = 32;
    EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    bool ok = key && EVP_PKEY_get_raw_public_key(key, public_key, &len) == 1 && len == 32;

    EVP_PKEY_free(key);
    return ok;
}

bool troth_x25519(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t shared[32])
{
    static const uint8_t zero[32];
    size_t len = 32;
    ERR_set_mark();
    EVP_PKEY *own = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL, private_key, 32);
    EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, public_key, 32);
    EVP_PKEY_CTX *ctx = own ? EVP_PKEY_CTX_new(own, NULL) : NULL;
    bool ok = peer && ctx && EVP_PKEY_derive_init(ctx) == 1 &&
              EVP_PKEY_derive_set_peer(ctx, peer) == 1 &&
              EVP_PKEY_derive(ctx, shared, &len) == 1 && len == 32;

    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(peer);
    EVP_PKEY_free(own);
    ERR_pop_to_mark();
    return ok && !equal_secret(shared, zero, sizeof zero);
}

/* ---- AES-256 -------------------------------------------------------------------------------- */

#define STEP 0x40000000u /* octets for one call of libcrypto, whose lengths are int */

static void update(EVP_CIPHER_CTX *ctx, bool encrypt, const uint8_t *in, uint8_t *out, size_t len)
{
    while (len) {
        int n = (int)(len < STEP ? len : STEP), got = 0;
        ASSERT((encrypt ? EVP_EncryptUpdate(ctx, out, &got, in, n)
                        : EVP_DecryptUpdate(ctx, out, &got, in, n)) == 1 &&
               got == n);
        in += n;
        out += n;
        len -= (size_t)n;
    }
}

static void count_on(uint8_t counter[16], size_t blocks)
{
    size_t carry = blocks;
    for (size_t i = 16; i-- > 0 && carry;) {
        size_t sum = counter[i] + (carry & 0xff);
        counter[i] = (uint8_t)sum;
        carry = (carry >> 8) + (sum >> 8);
    }
}

void troth_aes256_ctr(struct troth_ctr *s, const uint8_t *in, uint8_t *out, size_t len)
{
    uint8_t skipped[16] = {0};
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ASSERT(s->used < 16);
    ASSERT(ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_256_ctr(), s->key, s->counter, NULL) == 1);
    update(ctx, true, skipped, skipped, s->used);
    update(ctx, true, in, out, len);
    EVP_CIPHER_CTX_free(ctx);
    wipe(skipped, sizeof skipped);
    count_on(s->counter, len / 16 + (s->used + len % 16) / 16);
    s->used = (uint8_t)((s->used + len % 16) % 16);
}

void troth_aes256_gcm_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out)
{
    int none = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ASSERT(ctx && EVP_EncryptInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, NULL) == 1);
    update(ctx, true, in, out, len);
    ASSERT(EVP_EncryptFinal_ex(ctx, out + len, &none) == 1 && none == 0);
    ASSERT(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + len) == 1);
    EVP_CIPHER_CTX_free(ctx);
}

bool troth_aes256_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out)
{
    uint8_t tag[16], rest[16];
    int none = 0;
    VERIFY(len >= sizeof tag, false);
    len -= sizeof tag;
    memcpy(tag, in + len, sizeof tag);
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ASSERT(ctx && EVP_DecryptInit_ex2(ctx, EVP_aes_256_gcm(), key, nonce, NULL) == 1);
    update(ctx, false, in, out, len);
    bool ok = EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, sizeof tag, tag) == 1 &&
              EVP_DecryptFinal_ex(ctx, rest, &none) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok && len)
        wipe(out, len);
    return ok;
}

/* ---- numbers of 3072 bits ------------------------------------------------------------------- */

/* What one computation works with. */
struct big {
    BN_CTX *ctx;
    BIGNUM *a, *b, *n, *r;
};

static bool big_open(struct big *c, const uint8_t *a, const uint8_t *b, size_t b_len,
                     const uint8_t *n)
{
    ERR_set_mark();
    *c = (struct big){BN_CTX_secure_new(), BN_new(), BN_new(), BN_new(), BN_new()};
    VERIFY(c->ctx && c->a && c->b && c->n && c->r && b_len <= TROTH_BIG, false);
    BN_set_flags(c->a, BN_FLG_CONSTTIME);
    BN_set_flags(c->b, BN_FLG_CONSTTIME);
    return BN_bin2bn(a, TROTH_BIG, c->a) && BN_bin2bn(b, (int)b_len, c->b) &&
           BN_bin2bn(n, TROTH_BIG, c->n) && BN_is_odd(c->n) && !BN_is_one(c->n);
}

static bool big_close(struct big *c, bool ok, uint8_t *out)
{
    ok = ok && BN_bn2binpad(c->r, out, TROTH_BIG) == TROTH_BIG;
    BN_clear_free(c->a);
    BN_clear_free(c->b);
    BN_clear_free(c->n);
    BN_clear_free(c->r);
    BN_CTX_free(c->ctx);
    ERR_pop_to_mark();
    return ok;
}

/* No division of secrets: libcrypto's takes a time that tells of them. */

/* a - b, and whether it is negative, in a time that tells neither. */
static unsigned subtract(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                         uint8_t out[TROTH_BIG])
{
    unsigned borrow = 0;
    for (size_t i = TROTH_BIG; i-- > 0;) {
        unsigned d = (unsigned)a[i] - b[i] - borrow;
        out[i] = (uint8_t)d;
        borrow = d >> 31;
    }
    return borrow;
}

static unsigned add(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG], uint8_t mask,
                    uint8_t out[TROTH_BIG])
{
    unsigned carry = 0;
    for (size_t i = TROTH_BIG; i-- > 0;) {
        carry += (unsigned)a[i] + (b[i] & mask);
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return carry;
}

/* An operand below n: as a rule it is. False: n is not usable, or no memory. */
static bool reduce(const uint8_t a[TROTH_BIG], const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    struct big c;
    unsigned below = subtract(a, n, out);
    memcpy(out, a, TROTH_BIG);
    VERIFY(!below, true);
    bool ok = big_open(&c, a, n, 0, n) && BN_nnmod(c.r, c.a, c.n, c.ctx);
    return big_close(&c, ok, out);
}

bool troth_modexp(const uint8_t base[TROTH_BIG], const uint8_t *exponent, size_t len,
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    struct big c;
    uint8_t a[TROTH_BIG];
    VERIFY(reduce(base, n, a), false);
    bool ok = big_open(&c, a, exponent, len, n) &&
              BN_mod_exp_mont_consttime(c.r, c.a, c.b, c.n, c.ctx, NULL);

    wipe(a, sizeof a);
    return big_close(&c, ok, out);
}

bool troth_mulmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    struct big c;
    uint8_t x[TROTH_BIG], y[TROTH_BIG];
    VERIFY(reduce(a, n, x) && reduce(b, n, y), false);
    BN_MONT_CTX *mont = BN_MONT_CTX_new();
    bool ok = big_open(&c, x, y, TROTH_BIG, n) && mont && BN_MONT_CTX_set(mont, c.n, c.ctx) &&
              BN_to_montgomery(c.a, c.a, mont, c.ctx) &&
              BN_mod_mul_montgomery(c.r, c.a, c.b, mont, c.ctx);

    BN_MONT_CTX_free(mont);
    wipe(x, sizeof x);
    wipe(y, sizeof y);
    return big_close(&c, ok, out);
}

/* Odd, and above 1. */
static bool is_modulus(const uint8_t n[TROTH_BIG])
{
    static const uint8_t one[TROTH_BIG] = {[TROTH_BIG - 1] = 1};
    uint8_t more[TROTH_BIG];
    return n[TROTH_BIG - 1] & 1 && subtract(one, n, more);
}

bool troth_addmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    uint8_t x[TROTH_BIG], y[TROTH_BIG];
    VERIFY(is_modulus(n) && reduce(a, n, x) && reduce(b, n, y), false);
    unsigned carry = add(x, y, 0xff, x);
    unsigned below = subtract(x, n, y);
    uint8_t keep = (uint8_t) - (below & ~carry & 1u);
    for (size_t i = 0; i < TROTH_BIG; i++)
        out[i] = (uint8_t)((x[i] & keep) | (y[i] & ~keep));
    wipe(x, sizeof x);
    wipe(y, sizeof y);
    return true;
}

bool troth_submod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    uint8_t x[TROTH_BIG], y[TROTH_BIG];
    VERIFY(is_modulus(n) && reduce(a, n, x) && reduce(b, n, y), false);
    uint8_t negative = (uint8_t)-subtract(x, y, x);
    add(x, n, negative, out);
    wipe(x, sizeof x);
    wipe(y, sizeof y);
    return true;
}
