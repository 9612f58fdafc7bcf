#include "crypto/toolbox.h"

#include "base/bytes.h"
#include "base/wipe.h"

#include <troth/crypto.h>

/* ---- AES-CMAC, RFC 4493: most significant octet first --------------------------------------- */

static void xor16(uint8_t dst[16], const uint8_t src[16])
{
    for (size_t i = 0; i < 16; i++)
        dst[i] ^= src[i];
}

/* Multiplication by x in GF(2^128), RFC 4493 2.3; the reduction must not branch on the key. */
static void double_block(uint8_t b[16])
{
    uint8_t carry = b[0] >> 7;
    for (size_t i = 0; i < 15; i++)
        b[i] = (uint8_t)(b[i] << 1 | b[i + 1] >> 7);
    b[15] = (uint8_t)(b[15] << 1 ^ (0x87 & -carry));
}

void cmac_start(struct cmac *c, const uint8_t key[16])
{
    memset(c, 0, sizeof *c);
    memcpy(c->key, key, 16);
}

/* The last block is treated apart, so a full block waits until another octet follows it. */
static void feed_octet(struct cmac *c, uint8_t octet)
{
    if (c->fill == 16) {
        xor16(c->x, c->block);
        troth_aes128(c->key, c->x, c->x);
        c->fill = 0;
    }
    c->block[c->fill++] = octet;
}

void cmac_feed(struct cmac *c, const void *msg, size_t len)
{
    const uint8_t *p = msg;
    for (size_t i = 0; i < len; i++)
        feed_octet(c, p[i]);
}

void cmac_end(struct cmac *c, uint8_t mac[16])
{
    uint8_t subkey[16] = {0};

    troth_aes128(c->key, subkey, subkey);
    double_block(subkey);
    if (c->fill < 16) {
        double_block(subkey);
        c->block[c->fill] = 0x80;
        memset(c->block + c->fill + 1, 0, 15u - c->fill);
    }
    xor16(c->x, c->block);
    xor16(c->x, subkey);
    troth_aes128(c->key, c->x, mac);
    wipe(subkey, sizeof subkey);
    wipe(c, sizeof *c);
}

/* ---- the same from wire order --------------------------------------------------------------- */

static void start_wire(struct cmac *c, const uint8_t key[16])
{
    memset(c, 0, sizeof *c);
    bytes_reverse(c->key, key, 16);
}

static void feed_wire(struct cmac *c, const uint8_t *msg, size_t len)
{
    while (len > 0)
        feed_octet(c, msg[--len]);
}

/* An address in f5 and f6: 56 bits, the type above the address. */
static void feed_addr(struct cmac *c, const struct troth_addr *a)
{
    feed_octet(c, a->type & 1);
    feed_wire(c, a->b, 6);
}

static void end_wire(struct cmac *c, uint8_t mac[16])
{
    uint8_t m[16];

    cmac_end(c, m);
    bytes_reverse(mac, m, 16);
    wipe(m, sizeof m);
}

void toolbox_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16])
{
    struct cmac c;

    start_wire(&c, key);
    feed_wire(&c, msg, len);
    end_wire(&c, mac);
}

/* ---- AES, legacy pairing, addresses --------------------------------------------------------- */

void toolbox_e(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    uint8_t k[16], b[16];

    bytes_reverse(k, key, 16);
    bytes_reverse(b, in, 16);
    troth_aes128(k, b, b);
    bytes_reverse(out, b, 16);
    wipe(k, sizeof k);
    wipe(b, sizeof b);
}

void toolbox_ah(const uint8_t irk[16], const uint8_t prand[3], uint8_t hash[3])
{
    uint8_t b[16] = {prand[0], prand[1], prand[2]};

    toolbox_e(irk, b, b);
    memcpy(hash, b, 3);
    wipe(b, sizeof b);
}

void toolbox_c1(const uint8_t k[16], const uint8_t r[16], const uint8_t preq[7],
                const uint8_t pres[7], const struct troth_addr *ia, const struct troth_addr *ra,
                uint8_t out[16])
{
    uint8_t p1[16], p2[16] = {0}, x[16];

    p1[0] = ia->type & 1;
    p1[1] = ra->type & 1;
    memcpy(p1 + 2, preq, 7);
    memcpy(p1 + 9, pres, 7);
    memcpy(p2, ra->b, 6);
    memcpy(p2 + 6, ia->b, 6);

    memcpy(x, r, 16);
    xor16(x, p1);
    toolbox_e(k, x, x);
    xor16(x, p2);
    toolbox_e(k, x, out);
    wipe(x, sizeof x);
}

void toolbox_s1(const uint8_t k[16], const uint8_t r1[16], const uint8_t r2[16], uint8_t out[16])
{
    uint8_t b[16];

    memcpy(b, r2, 8);
    memcpy(b + 8, r1, 8);
    toolbox_e(k, b, out);
    wipe(b, sizeof b);
}

/* ---- Secure Connections --------------------------------------------------------------------- */

void toolbox_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z,
                uint8_t out[16])
{
    struct cmac c;

    start_wire(&c, x);
    feed_wire(&c, u, 32);
    feed_wire(&c, v, 32);
    feed_octet(&c, z);
    end_wire(&c, out);
}

void toolbox_f5(const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16],
                const struct troth_addr *a1, const struct troth_addr *a2, uint8_t mackey[16],
                uint8_t ltk[16])
{
    static const uint8_t salt[16] = {0x6c, 0x88, 0x83, 0x91, 0xaa, 0xf5, 0xa5, 0x38,
                                     0x60, 0x37, 0x0b, 0xdb, 0x5a, 0x60, 0x83, 0xbe};
    static const uint8_t length[2] = {0x01, 0x00}; /* 256 bits */
    uint8_t t[16];
    struct cmac c;

    cmac_start(&c, salt);
    feed_wire(&c, w, 32);
    cmac_end(&c, t);
    for (uint8_t counter = 0; counter < 2; counter++) {
        cmac_start(&c, t);
        feed_octet(&c, counter);
        cmac_feed(&c, "btle", 4);
        feed_wire(&c, n1, 16);
        feed_wire(&c, n2, 16);
        feed_addr(&c, a1);
        feed_addr(&c, a2);
        cmac_feed(&c, length, 2);
        end_wire(&c, counter ? ltk : mackey);
    }
    wipe(t, sizeof t);
}

void toolbox_f6(const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16],
                const uint8_t r[16], const uint8_t iocap[3], const struct troth_addr *a1,
                const struct troth_addr *a2, uint8_t out[16])
{
    struct cmac c;

    start_wire(&c, w);
    feed_wire(&c, n1, 16);
    feed_wire(&c, n2, 16);
    feed_wire(&c, r, 16);
    feed_wire(&c, iocap, 3);
    feed_addr(&c, a1);
    feed_addr(&c, a2);
    end_wire(&c, out);
}

uint32_t toolbox_g2(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16],
                    const uint8_t y[16])
{
    uint8_t m[16];
    struct cmac c;

    start_wire(&c, x);
    feed_wire(&c, u, 32);
    feed_wire(&c, v, 32);
    feed_wire(&c, y, 16);
    end_wire(&c, m);
    uint32_t low = (uint32_t)m[0] | (uint32_t)m[1] << 8 | (uint32_t)m[2] << 16 |
                   (uint32_t)m[3] << 24; /* mod 2^32 */
    wipe(m, sizeof m);
    return low % 1000000u;
}

void toolbox_h6(const uint8_t w[16], uint32_t key_id, uint8_t out[16])
{
    const uint8_t id[4] = {(uint8_t)(key_id >> 24), (uint8_t)(key_id >> 16), (uint8_t)(key_id >> 8),
                           (uint8_t)key_id};
    struct cmac c;

    start_wire(&c, w);
    cmac_feed(&c, id, 4);
    end_wire(&c, out);
}

void toolbox_h7(const uint8_t salt[16], const uint8_t w[16], uint8_t out[16])
{
    toolbox_cmac(salt, w, 16, out);
}

/* 2.4.5: the message and then the counter, as they cross; the CMAC reads both from the far end. */
void toolbox_sign(const uint8_t csrk[16], const uint8_t *msg, size_t len, uint32_t counter,
                  uint8_t signature[12])
{
    uint8_t count[4], mac[16];
    struct cmac c;

    for (size_t i = 0; i < 4; i++)
        count[i] = (uint8_t)(counter >> (8 * i));
    start_wire(&c, csrk);
    feed_wire(&c, count, 4);
    feed_wire(&c, msg, len);
    end_wire(&c, mac);
    memcpy(signature, count, 4);
    memcpy(signature + 4, mac + 8, 8); /* the most significant 64 bits */
    wipe(mac, sizeof mac);
}

/* ---- P-256 ---------------------------------------------------------------------------------- */

static void reverse_point(uint8_t dst[64], const uint8_t src[64])
{
    bytes_reverse(dst, src, 32);
    bytes_reverse(dst + 32, src + 32, 32);
}

bool toolbox_public_key(const uint8_t private_key[32], uint8_t public_key[64])
{
    uint8_t d[32], q[64];

    bytes_reverse(d, private_key, 32);
    bool ok = troth_p256_public_key(d, q);
    if (ok)
        reverse_point(public_key, q);
    wipe(d, sizeof d);
    return ok;
}

bool toolbox_public_key_valid(const uint8_t public_key[64])
{
    uint8_t q[64];

    reverse_point(q, public_key);
    return troth_p256_valid(q);
}

bool toolbox_dhkey(const uint8_t private_key[32], const uint8_t public_key[64], uint8_t dhkey[32])
{
    uint8_t d[32], q[64], x[32];

    bytes_reverse(d, private_key, 32);
    reverse_point(q, public_key);
    bool ok = troth_p256_dhkey(d, q, x);
    if (ok)
        bytes_reverse(dhkey, x, 32);
    wipe(d, sizeof d);
    wipe(x, sizeof x);
    return ok;
}

const uint8_t toolbox_debug_private_key[32] = {
    0xbd, 0x1a, 0x3c, 0xcd, 0xa6, 0xb8, 0x99, 0x58, 0x99, 0xb7, 0x40, 0xeb, 0x7b, 0x60, 0xff, 0x4a,
    0x50, 0x3f, 0x10, 0xd2, 0xe3, 0xb3, 0xc9, 0x74, 0x38, 0x5f, 0xc5, 0xa3, 0xd4, 0xf6, 0x49, 0x3f};

/* X alone decides: the point with the other Y belongs to n - d, which is just as well known. */
bool toolbox_is_debug_key(const uint8_t public_key[64])
{
    static const uint8_t x[32] = {0xe6, 0x9d, 0x35, 0x0e, 0x48, 0x01, 0x03, 0xcc, 0xdb, 0xfd, 0xf4,
                                  0xac, 0x11, 0x91, 0xf4, 0xef, 0xb9, 0xa5, 0xf9, 0xe9, 0xa7, 0x83,
                                  0x2c, 0x5e, 0x2c, 0xbe, 0x97, 0xf2, 0xd2, 0x03, 0xb0, 0x20};
    return memcmp(public_key, x, 32) == 0;
}
