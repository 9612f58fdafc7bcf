/*
 * The lower tester's own cryptography, Vol 3 Part H 2.2, on OpenSSL alone: nothing here is shared
 * with what is tested. Arguments and results in wire order; addresses are type and six octets.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_CRYPTO_H
#define TROTH_TESTS_SUPPORT_TESTER_CRYPTO_H

#include <troth/types.h>

void tc_cmac_msb(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16]);

void tc_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7], const uint8_t pres[7],
           const struct troth_addr *ia, const struct troth_addr *ra, uint8_t out[16]);
void tc_s1(const uint8_t k[16], const uint8_t srand[16], const uint8_t mrand[16], uint8_t out[16]);
void tc_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z,
           uint8_t out[16]);
void tc_f5(const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16],
           const struct troth_addr *a1, const struct troth_addr *a2, uint8_t mackey[16],
           uint8_t ltk[16]);
void tc_f6(const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16], const uint8_t r[16],
           const uint8_t iocap[3], const struct troth_addr *a1, const struct troth_addr *a2,
           uint8_t out[16]);
uint32_t tc_g2(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], const uint8_t y[16]);

/* P-256. The results are remembered: the same question costs nothing the second time. */
void tc_public_key(const uint8_t private_key[32], uint8_t public_key[64]);
void tc_dhkey(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t dhkey[32]);
/* (X, -Y): on the curve, and not the same key. */
void tc_negate(const uint8_t public_key[64], uint8_t out[64]);

#endif
