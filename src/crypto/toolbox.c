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

/* A message that ends somewhere, and its key: the specification's order in, wire order out. */
struct message {
    uint8_t key[16], octets[80]; /* g2 has the longest */
    uint8_t len;
};

static void message_start(struct message *m, const uint8_t key[16])
{
    bytes_reverse(m->key, key, 16);
    m->len = 0;
}

static void message_octet(struct message *m, uint8_t octet)
{
    m->octets[m->len++] = octet;
}

static void message_wire(struct message *m, const uint8_t *octets, uint8_t len)
{
    bytes_reverse(m->octets + m->len, octets, len);
    m->len = (uint8_t)(m->len + len);
}

/* An address in f5 and f6: 56 bits, the type above the address. */
static void message_addr(struct message *m, const struct troth_addr *a)
{
    message_octet(m, a->type & 1);
    message_wire(m, a->b, 6);
}

static void message_mac(struct message *m, uint8_t mac[16])
{
    troth_aes_cmac(m->key, m->octets, m->len, m->octets);
    bytes_reverse(mac, m->octets, 16);
    wipe(m, sizeof *m);
}

void toolbox_f4(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16], uint8_t z,
                uint8_t out[16])
{
    struct message m;

    message_start(&m, x);
    message_wire(&m, u, 32);
    message_wire(&m, v, 32);
    message_octet(&m, z);
    message_mac(&m, out);
}

void toolbox_f5(const uint8_t w[32], const uint8_t n1[16], const uint8_t n2[16],
                const struct troth_addr *a1, const struct troth_addr *a2, uint8_t mackey[16],
                uint8_t ltk[16])
{
    static const uint8_t salt[16] = {0xbe, 0x83, 0x60, 0x5a, 0xdb, 0x0b, 0x37, 0x60,
                                     0x38, 0xa5, 0xf5, 0xaa, 0x91, 0x83, 0x88, 0x6c};
    static const uint8_t key_id[4] = {'e', 'l', 't', 'b'}, length[2] = {0x00, 0x01}; /* 256 bits */
    uint8_t t[16];
    struct message m;

    message_start(&m, salt);
    message_wire(&m, w, 32);
    message_mac(&m, t);
    for (uint8_t counter = 0; counter < 2; counter++) {
        message_start(&m, t);
        message_octet(&m, counter);
        message_wire(&m, key_id, 4);
        message_wire(&m, n1, 16);
        message_wire(&m, n2, 16);
        message_addr(&m, a1);
        message_addr(&m, a2);
        message_wire(&m, length, 2);
        message_mac(&m, counter ? ltk : mackey);
    }
    wipe(t, sizeof t);
}

void toolbox_f6(const uint8_t w[16], const uint8_t n1[16], const uint8_t n2[16],
                const uint8_t r[16], const uint8_t iocap[3], const struct troth_addr *a1,
                const struct troth_addr *a2, uint8_t out[16])
{
    struct message m;

    message_start(&m, w);
    message_wire(&m, n1, 16);
    message_wire(&m, n2, 16);
    message_wire(&m, r, 16);
    message_wire(&m, iocap, 3);
    message_addr(&m, a1);
    message_addr(&m, a2);
    message_mac(&m, out);
}

uint32_t toolbox_g2(const uint8_t u[32], const uint8_t v[32], const uint8_t x[16],
                    const uint8_t y[16])
{
    uint8_t mac[16];
    struct message m;

    message_start(&m, x);
    message_wire(&m, u, 32);
    message_wire(&m, v, 32);
    message_wire(&m, y, 16);
    message_mac(&m, mac);
    uint32_t low = (uint32_t)mac[0] | (uint32_t)mac[1] << 8 | (uint32_t)mac[2] << 16 |
                   (uint32_t)mac[3] << 24; /* mod 2^32 */
    wipe(mac, sizeof mac);
    return low % 1000000u;
}

void toolbox_h6(const uint8_t w[16], uint32_t key_id, uint8_t out[16])
{
    struct message m;

    message_start(&m, w);
    for (int shift = 24; shift >= 0; shift -= 8)
        message_octet(&m, (uint8_t)(key_id >> shift));
    message_mac(&m, out);
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
