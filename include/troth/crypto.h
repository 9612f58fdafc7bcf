/*
 * What a crypto backend provides. One backend is linked: src/crypto/openssl.c on Linux, psa.c on
 * microcontrollers. Every number here is most significant octet first, as in the documents that
 * define these functions; src/crypto/toolbox.c is the one place that turns to wire order.
 *
 * All are pure functions: no state between calls, no allocation that outlives one. Secrets are
 * wiped from what the backend controls before it returns.
 */
#ifndef TROTH_CRYPTO_H
#define TROTH_CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* AES-128, one block (FIPS 197). in and out may be the same. */
void troth_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);

/*
 * AES-CMAC of a whole message (RFC 4493). Its blocks share one key: a backend sets that up once,
 * which is most of the cost of twenty rounds of Passkey Entry. mac may lie in msg.
 */
void troth_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16]);

/*
 * P-256 (FIPS 186-4 D.1.2.3), Vol 2 Part G. A public key is X then Y, 32 octets each.
 *
 * public_key: from a private key; false when it is not in 1 .. n-1 (draw another).
 * valid:      x < p, y < p, on the curve, not the point at infinity.
 * dhkey:      the X coordinate of private * peer; false when the peer's key is not valid.
 */
bool troth_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64]);
bool troth_p256_valid(const uint8_t public_key[64]);
bool troth_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32]);

/* ---- for provisioning (protocomm) ---- */

/* A piece of a message. Hashes take messages in pieces, so that nothing is copied together. */
struct troth_piece {
    const void *p;
    size_t len;
};

/* SHA-256 and SHA-512 (FIPS 180-4) of the pieces in their order. */
void troth_sha256(const struct troth_piece *pieces, size_t count, uint8_t digest[32]);
void troth_sha512(const struct troth_piece *pieces, size_t count, uint8_t digest[64]);

/*
 * X25519 (RFC 7748 5). Octets as there: the u-coordinate least significant octet first, the
 * private key clamped within.
 *
 * x25519: false when the result is all zero, which a peer chose that contributes nothing (6.1).
 */
bool troth_x25519_public_key(const uint8_t private_key[32], uint8_t public_key[32]);
bool troth_x25519(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t shared[32]);

/*
 * AES-256 in counter mode (SP 800-38A 6.5), one stream over any number of calls: the whole block
 * counts, modulo 2^128. Encrypts and decrypts. in and out may be the same.
 */
struct troth_ctr {
    uint8_t key[32];
    uint8_t counter[16]; /* of the block the next octet comes from */
    uint8_t used;        /* octets of that block used before, 0 to 15 */
};
void troth_aes256_ctr(struct troth_ctr *stream, const uint8_t *in, uint8_t *out, size_t len);

/*
 * AES-256-GCM (SP 800-38D), no additional data: seal writes len octets and the tag of 16, open
 * takes len octets with the tag and writes len - 16. Open is false, out then all zero, when the tag
 * is wrong or not there. in and out may be the same.
 */
void troth_aes256_gcm_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out);
bool troth_aes256_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out);

/*
 * Arithmetic modulo an odd n. Operands need not be below n; the result is. out may be an operand.
 * modexp does not tell the exponent by its time. False: n is not usable, or no memory.
 */
#define TROTH_BIG 384 /* octets of a number: 3072 bits */
bool troth_modexp(const uint8_t base[TROTH_BIG], const uint8_t *exponent, size_t len,
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);
bool troth_mulmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);
bool troth_addmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);
bool troth_submod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG]);

#ifdef __cplusplus
}
#endif
#endif
