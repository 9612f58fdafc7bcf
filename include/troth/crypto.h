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

#ifdef __cplusplus
}
#endif
#endif
