/*
 * SRP-6a as security 2 of protocomm uses it: the group of 3072 bits of RFC 5054, g = 5, SHA-512.
 *
 * Numbers are of TROTH_BIG octets, most significant first, leading zeros included; where a hash
 * takes one without them ("min"), these functions see to it. A public key as its peer hashes it is
 * the octets that crossed the wire: the device sends min(B), 383 octets about once in 256 times.
 */
#ifndef TROTH_PROV_SRP6A_H
#define TROTH_PROV_SRP6A_H

#include <troth/crypto.h>

#define SRP_HASH   64 /* x, u, K, M1, M2 */
#define SRP_SECRET 32 /* a, b */

extern const uint8_t srp_n[TROTH_BIG];

/*
 * Where clients in use differ, when x is made: esp_prov takes the inner hash, and esp_prov and the
 * Android library the salt, as numbers and so drop their leading zeros; RFC 5054 does not.
 */
enum srp_dialect { SRP_RFC = 0, SRP_SHORT_INNER = 1, SRP_SHORT_SALT = 2 };

/* 1 .. N-1 */
bool srp_number_ok(const uint8_t number[TROTH_BIG]);
/* len octets at the end of a number; false: longer. */
bool srp_number(const uint8_t *octets, size_t len, uint8_t number[TROTH_BIG]);
/* Leading zeros of len octets. */
size_t srp_zeros(const uint8_t *octets, size_t len);

/* H(I ":" P): a password whose hash starts with zero has one x for some clients, another for others. */
void srp_inner_hash(const struct troth_piece *username, const struct troth_piece *password,
                    uint8_t inner[SRP_HASH]);
/* x = H(s | H(I ":" P)); dialect: enum srp_dialect flags */
void srp_x(const struct troth_piece *username, const struct troth_piece *password,
           const struct troth_piece *salt, unsigned dialect, uint8_t x[SRP_HASH]);
/* v = g^x */
bool srp_verifier(const uint8_t x[SRP_HASH], uint8_t v[TROTH_BIG]);
/* A = g^a */
bool srp_client_public(const uint8_t a[SRP_SECRET], uint8_t big_a[TROTH_BIG]);
/* B = k v + g^b */
bool srp_device_public(const uint8_t v[TROTH_BIG], const uint8_t b[SRP_SECRET],
                       uint8_t big_b[TROTH_BIG]);
/*
 * K = H(min(S)). False, K all zero: the peer's number is not in 1 .. N-1, or u = 0.
 */
bool srp_client_key(const uint8_t a[SRP_SECRET], const uint8_t big_a[TROTH_BIG],
                    const uint8_t big_b[TROTH_BIG], const uint8_t x[SRP_HASH],
                    uint8_t key[SRP_HASH]);
bool srp_device_key(const uint8_t v[TROTH_BIG], const uint8_t b[SRP_SECRET],
                    const uint8_t big_a[TROTH_BIG], const uint8_t big_b[TROTH_BIG],
                    uint8_t key[SRP_HASH]);
/* M1 = H(H(N) ^ H(PAD(g)) | H(I) | s | A | B | K), A and B as they crossed the wire */
void srp_client_proof(const struct troth_piece *username, const struct troth_piece *salt,
                      const struct troth_piece *wire_a, const struct troth_piece *wire_b,
                      const struct troth_piece *key, uint8_t m1[SRP_HASH]);
/* M2 = H(A | M1 | K) */
void srp_device_proof(const struct troth_piece *wire_a, const uint8_t m1[SRP_HASH],
                      const struct troth_piece *key, uint8_t m2[SRP_HASH]);

#endif
