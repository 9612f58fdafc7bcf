/*
 * The crypto backend of Linux with a border around its curves and its numbers of 3072 bits:
 * libcrypto's arithmetic gets plain copies, its results are secrets again. AES, also in counter mode
 * and sealing, and the hashes get the secrets themselves.
 */
#include "constant_time/backend.h"
#include "base/wipe.h"
#include "constant_time/secret.h"

#include <troth/crypto.h>

/* src/crypto/openssl.c, compiled under these names. */
void inner_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
void inner_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16]);
bool inner_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64]);
bool inner_p256_valid(const uint8_t public_key[64]);
bool inner_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32]);

void troth_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    inner_aes128(key, in, out);
}

void troth_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16])
{
    inner_aes_cmac(key, msg, len, mac);
}

bool troth_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64])
{
    uint8_t d[32];
    memcpy(d, private_key, 32);
    reveal(d, 32);
    bool ok = inner_p256_public_key(d, public_key);
    wipe(d, 32);
    return ok;
}

bool troth_p256_valid(const uint8_t public_key[64])
{
    return inner_p256_valid(public_key);
}

bool troth_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32])
{
    uint8_t d[32];
    memcpy(d, private_key, 32);
    reveal(d, 32);
    bool ok = inner_p256_dhkey(d, public_key, dhkey);
    wipe(d, 32);
    poison(dhkey, 32);
    return ok;
}

/* ---- for provisioning ---- */

bool backend_is_device;

void inner_sha512(const struct troth_piece *pieces, size_t count, uint8_t digest[64]);
bool inner_x25519_public_key(const uint8_t private_key[32], uint8_t public_key[32]);
bool inner_x25519(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t shared[32]);
bool inner_aes256_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out);
bool inner_modexp(const uint8_t base[TROTH_BIG], const uint8_t *exponent, size_t len,
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);
bool inner_mulmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);
bool inner_addmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);
bool inner_submod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);

/* That K, or the hash of user name and password, begins with a zero steers what is done. */
void troth_sha512(const struct troth_piece *pieces, size_t count, uint8_t digest[64])
{
    inner_sha512(pieces, count, digest);
    reveal(digest, 1);
}

bool troth_x25519_public_key(const uint8_t private_key[32], uint8_t public_key[32])
{
    uint8_t d[32];
    memcpy(d, private_key, 32);
    reveal(d, 32);
    return inner_x25519_public_key(d, public_key);
}

bool troth_x25519(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t shared[32])
{
    uint8_t d[32];
    memcpy(d, private_key, 32);
    reveal(d, 32);
    bool ok = inner_x25519(d, public_key, shared);
    poison(shared, 32);
    return ok;
}

/* That the tag is wrong is what it answers; libcrypto compares it in constant time. */
bool troth_aes256_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out)
{
    uint8_t plain_key[32];
    memcpy(plain_key, key, 32);
    reveal(plain_key, 32);
    bool ok = inner_aes256_gcm_open(plain_key, nonce, in, len, out);
    if (ok && len > 16)
        poison(out, len - 16);
    return ok;
}

bool troth_modexp(const uint8_t base[TROTH_BIG], const uint8_t *exponent, size_t len,
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    uint8_t b[TROTH_BIG], e[TROTH_BIG];
    memcpy(b, base, sizeof b);
    memcpy(e, exponent, len);
    reveal(b, sizeof b);
    reveal(e, len);
    bool ok = inner_modexp(b, e, len, n, out);
    if (backend_is_device || len != 32)
        poison(out + 1, TROTH_BIG - 1); /* that S begins with a zero decides what is hashed */
    return ok;
}

typedef bool sum(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG], const uint8_t n[TROTH_BIG],
                 uint8_t out[TROTH_BIG]);

static bool plainly(sum *f, const uint8_t *a, const uint8_t *b, const uint8_t *n, uint8_t *out)
{
    uint8_t x[TROTH_BIG], y[TROTH_BIG];
    memcpy(x, a, sizeof x);
    memcpy(y, b, sizeof y);
    reveal(x, sizeof x);
    reveal(y, sizeof y);
    bool ok = f(x, y, n, out);
    poison(out, TROTH_BIG);
    return ok;
}

bool troth_mulmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    return plainly(inner_mulmod, a, b, n, out);
}

bool troth_addmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    bool ok = plainly(inner_addmod, a, b, n, out);
    if (backend_is_device)
        reveal(out, TROTH_BIG);
    return ok;
}

bool troth_submod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    return plainly(inner_submod, a, b, n, out);
}
