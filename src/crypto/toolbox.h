/*
 * The cryptographic toolbox, Vol 3 Part H 2.2, over the backend of <troth/crypto.h>.
 *
 * Every argument and result is in wire order (least significant octet first), as PDUs carry it and
 * as the engine stores it. toolbox.c is the one place that turns to the specification's order.
 */
#ifndef TROTH_CRYPTO_TOOLBOX_H
#define TROTH_CRYPTO_TOOLBOX_H

#include <troth/types.h>

/* e, 2.2.1: AES-128 in wire order. out may be in. */
void toolbox_e(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
/* AES-CMAC (RFC 4493), 2.2.5: key, message and result in wire order (the message reversed whole). */
void toolbox_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16]);
/* The same with everything most significant octet first and the message in pieces. */
struct cmac {
    uint8_t key[16], x[16], block[16];
    uint8_t fill;
};
void cmac_start(struct cmac *c, const uint8_t key[16]);
void cmac_feed(struct cmac *c, const void *msg, size_t len);
void cmac_end(struct cmac *c, uint8_t mac[16]);

/* ah, 2.2.2: the hash part of a resolvable private address. */
void toolbox_ah(const uint8_t irk[16], const uint8_t prand[3], uint8_t hash[3]);
/* c1 and s1, 2.2.3 and 2.2.4. preq and pres: the seven octets as they crossed. */
void toolbox_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7],
                const uint8_t pres[7], const struct troth_addr *ia, const struct troth_addr *ra,
                uint8_t out[16]);
void toolbox_s1(const uint8_t k[16], const uint8_t r1[16], const uint8_t r2[16], uint8_t out[16]);
/* f4, 2.2.6. u and v: X coordinates. */
void toolbox_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z,
                uint8_t out[16]);
/* f5, 2.2.7. */
void toolbox_f5(const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16],
                const struct troth_addr *a1, const struct troth_addr *a2, uint8_t mackey[16],
                uint8_t ltk[16]);
/* f6, 2.2.8. iocap: IO capability, OOB flag, AuthReq as they crossed (wire order). */
void toolbox_f6(const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16],
                const uint8_t r[16], const uint8_t iocap[3], const struct troth_addr *a1,
                const struct troth_addr *a2, uint8_t out[16]);
/* g2, 2.2.9: the six digits people compare, 0 to 999999. */
uint32_t toolbox_g2(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16],
                    const uint8_t y[16]);
/* h6 and h7, 2.2.10 and 2.2.11. key_id: as written, e.g. 0x6c656272 for "lebr". */
void toolbox_h6(const uint8_t w[16], uint32_t key_id, uint8_t out[16]);
void toolbox_h7(const uint8_t salt[16], const uint8_t w[16], uint8_t out[16]);
/*
 * Cross-transport key derivation, 2.4.2.4 and 2.4.2.5. ct2: both sides set CT2. ltk in: as f5 gives
 * it, before it is shortened to the key size, however short that is; ltk out: to be shortened. Pure:
 * there is no BR/EDR here to take a key from or give one to.
 */
void toolbox_link_key(const uint8_t ltk[16], bool ct2, uint8_t link_key[16]);
void toolbox_ltk(const uint8_t link_key[16], bool ct2, uint8_t ltk[16]);
/* The signature of a Signed Write, 2.4.5: 12 octets, sign counter then MAC, wire order. */
void toolbox_sign(const uint8_t csrk[16], const uint8_t *msg, size_t len, uint32_t counter,
                  uint8_t signature[12]);

/* P-256 with keys in wire order: X then Y, each least significant octet first. */
bool toolbox_public_key(const uint8_t private_key[32], uint8_t public_key[64]);
bool toolbox_public_key_valid(const uint8_t public_key[64]);
bool toolbox_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                   uint8_t dhkey[32]);
/* The specification's debug pair, 2.3.5.6.1: everybody has it. */
extern const uint8_t toolbox_debug_private_key[32];
bool toolbox_is_debug_key(const uint8_t public_key[64]);

#endif
