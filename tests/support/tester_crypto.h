/*
 * The lower tester's own cryptography, Vol 3 Part H 2.2, on OpenSSL alone: nothing here is shared
 * with what is tested, not even a type. Arguments and results in wire order; an address is seven
 * octets: its type, then six.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_CRYPTO_H
#define TROTH_TESTS_SUPPORT_TESTER_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

void tc_cmac_msb(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16]);

void tc_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7], const uint8_t pres[7],
           const void *ia, const void *ra, uint8_t out[16]);
void tc_s1(const uint8_t k[16], const uint8_t srand[16], const uint8_t mrand[16], uint8_t out[16]);
void tc_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z,
           uint8_t out[16]);
void tc_f5(const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16], const void *a1,
           const void *a2, uint8_t mackey[16], uint8_t ltk[16]);
void tc_f6(const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16], const uint8_t r[16],
           const uint8_t iocap[3], const void *a1, const void *a2, uint8_t out[16]);
uint32_t tc_g2(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], const uint8_t y[16]);

/* key_id as written: "lebr". */
void tc_h6(const uint8_t w[16], const char *key_id, uint8_t out[16]);
/* salt as written, most significant octet first. */
void tc_h7(const uint8_t salt[16], const uint8_t w[16], uint8_t out[16]);
/* The twelve octets behind a signed PDU, 2.4.5: the counter, then the MAC. */
void tc_sign(const uint8_t csrk[16], const uint8_t *msg, size_t len, uint32_t counter,
             uint8_t signature[12]);

/* P-256. The results are remembered: the same question costs nothing the second time. */
void tc_public_key(const uint8_t private_key[32], uint8_t public_key[64]);
void tc_dhkey(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t dhkey[32]);
/* (X, -Y): on the curve, and not the same key. */
void tc_negate(const uint8_t public_key[64], uint8_t out[64]);

#endif
