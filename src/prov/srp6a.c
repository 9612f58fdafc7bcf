/* SRP-6a, RFC 5054 as protocomm has it. */
#include "prov/srp6a.h"

#include "base/check.h"
#include "base/wipe.h"

/* RFC 5054 appendix A, 3072 bits. */
const uint8_t srp_n[TROTH_BIG] = {
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc9, 0x0f, 0xda, 0xa2, 0x21, 0x68, 0xc2, 0x34,
    0xc4, 0xc6, 0x62, 0x8b, 0x80, 0xdc, 0x1c, 0xd1, 0x29, 0x02, 0x4e, 0x08, 0x8a, 0x67, 0xcc, 0x74,
    0x02, 0x0b, 0xbe, 0xa6, 0x3b, 0x13, 0x9b, 0x22, 0x51, 0x4a, 0x08, 0x79, 0x8e, 0x34, 0x04, 0xdd,
    0xef, 0x95, 0x19, 0xb3, 0xcd, 0x3a, 0x43, 0x1b, 0x30, 0x2b, 0x0a, 0x6d, 0xf2, 0x5f, 0x14, 0x37,
    0x4f, 0xe1, 0x35, 0x6d, 0x6d, 0x51, 0xc2, 0x45, 0xe4, 0x85, 0xb5, 0x76, 0x62, 0x5e, 0x7e, 0xc6,
    0xf4, 0x4c, 0x42, 0xe9, 0xa6, 0x37, 0xed, 0x6b, 0x0b, 0xff, 0x5c, 0xb6, 0xf4, 0x06, 0xb7, 0xed,
    0xee, 0x38, 0x6b, 0xfb, 0x5a, 0x89, 0x9f, 0xa5, 0xae, 0x9f, 0x24, 0x11, 0x7c, 0x4b, 0x1f, 0xe6,
    0x49, 0x28, 0x66, 0x51, 0xec, 0xe4, 0x5b, 0x3d, 0xc2, 0x00, 0x7c, 0xb8, 0xa1, 0x63, 0xbf, 0x05,
    0x98, 0xda, 0x48, 0x36, 0x1c, 0x55, 0xd3, 0x9a, 0x69, 0x16, 0x3f, 0xa8, 0xfd, 0x24, 0xcf, 0x5f,
    0x83, 0x65, 0x5d, 0x23, 0xdc, 0xa3, 0xad, 0x96, 0x1c, 0x62, 0xf3, 0x56, 0x20, 0x85, 0x52, 0xbb,
    0x9e, 0xd5, 0x29, 0x07, 0x70, 0x96, 0x96, 0x6d, 0x67, 0x0c, 0x35, 0x4e, 0x4a, 0xbc, 0x98, 0x04,
    0xf1, 0x74, 0x6c, 0x08, 0xca, 0x18, 0x21, 0x7c, 0x32, 0x90, 0x5e, 0x46, 0x2e, 0x36, 0xce, 0x3b,
    0xe3, 0x9e, 0x77, 0x2c, 0x18, 0x0e, 0x86, 0x03, 0x9b, 0x27, 0x83, 0xa2, 0xec, 0x07, 0xa2, 0x8f,
    0xb5, 0xc5, 0x5d, 0xf0, 0x6f, 0x4c, 0x52, 0xc9, 0xde, 0x2b, 0xcb, 0xf6, 0x95, 0x58, 0x17, 0x18,
    0x39, 0x95, 0x49, 0x7c, 0xea, 0x95, 0x6a, 0xe5, 0x15, 0xd2, 0x26, 0x18, 0x98, 0xfa, 0x05, 0x10,
    0x15, 0x72, 0x8e, 0x5a, 0x8a, 0xaa, 0xc4, 0x2d, 0xad, 0x33, 0x17, 0x0d, 0x04, 0x50, 0x7a, 0x33,
    0xa8, 0x55, 0x21, 0xab, 0xdf, 0x1c, 0xba, 0x64, 0xec, 0xfb, 0x85, 0x04, 0x58, 0xdb, 0xef, 0x0a,
    0x8a, 0xea, 0x71, 0x57, 0x5d, 0x06, 0x0c, 0x7d, 0xb3, 0x97, 0x0f, 0x85, 0xa6, 0xe1, 0xe4, 0xc7,
    0xab, 0xf5, 0xae, 0x8c, 0xdb, 0x09, 0x33, 0xd7, 0x1e, 0x8c, 0x94, 0xe0, 0x4a, 0x25, 0x61, 0x9d,
    0xce, 0xe3, 0xd2, 0x26, 0x1a, 0xd2, 0xee, 0x6b, 0xf1, 0x2f, 0xfa, 0x06, 0xd9, 0x8a, 0x08, 0x64,
    0xd8, 0x76, 0x02, 0x73, 0x3e, 0xc8, 0x6a, 0x64, 0x52, 0x1f, 0x2b, 0x18, 0x17, 0x7b, 0x20, 0x0c,
    0xbb, 0xe1, 0x17, 0x57, 0x7a, 0x61, 0x5d, 0x6c, 0x77, 0x09, 0x88, 0xc0, 0xba, 0xd9, 0x46, 0xe2,
    0x08, 0xe2, 0x4f, 0xa0, 0x74, 0xe5, 0xab, 0x31, 0x43, 0xdb, 0x5b, 0xfc, 0xe0, 0xfd, 0x10, 0x8e,
    0x4b, 0x82, 0xd1, 0x20, 0xa9, 0x3a, 0xd2, 0xca, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};
static const uint8_t g[TROTH_BIG] = {[TROTH_BIG - 1] = 5};
/* H(PAD(N) | PAD(g)) */
static const uint8_t k[TROTH_BIG] = {[TROTH_BIG - SRP_HASH] = 0xa9,
                                     0xc2,
                                     0xe2,
                                     0x55,
                                     0x9b,
                                     0xf0,
                                     0xeb,
                                     0xb5,
                                     0x3f,
                                     0x0c,
                                     0xbb,
                                     0xf6,
                                     0x22,
                                     0x82,
                                     0x90,
                                     0x6b,
                                     0xed,
                                     0xe7,
                                     0xf2,
                                     0x18,
                                     0x2f,
                                     0x00,
                                     0x67,
                                     0x82,
                                     0x11,
                                     0xfb,
                                     0xd5,
                                     0xbd,
                                     0xe5,
                                     0xb2,
                                     0x85,
                                     0x03,
                                     0x3a,
                                     0x49,
                                     0x93,
                                     0x50,
                                     0x3b,
                                     0x87,
                                     0x39,
                                     0x7f,
                                     0x9b,
                                     0xe5,
                                     0xec,
                                     0x02,
                                     0x08,
                                     0x0f,
                                     0xed,
                                     0xbc,
                                     0x08,
                                     0x35,
                                     0x58,
                                     0x7a,
                                     0xd0,
                                     0x39,
                                     0x06,
                                     0x08,
                                     0x79,
                                     0xb8,
                                     0x62,
                                     0x1e,
                                     0x8c,
                                     0x36,
                                     0x59,
                                     0xe0};

#define PIECE(octets, n) ((struct troth_piece){(octets), (n)})

static void hash(const struct troth_piece *pieces, size_t count, uint8_t digest[SRP_HASH])
{
    troth_sha512(pieces, count, digest);
}
#define HASH(digest, ...)                                                                          \
    do {                                                                                           \
        const struct troth_piece pieces_[] = {__VA_ARGS__};                                        \
        hash(pieces_, sizeof pieces_ / sizeof *pieces_, (digest));                                 \
    } while (0)

/* A hash as a number. */
static void widen(const uint8_t digest[SRP_HASH], uint8_t number[TROTH_BIG])
{
    memset(number, 0, TROTH_BIG - SRP_HASH);
    memcpy(number + TROTH_BIG - SRP_HASH, digest, SRP_HASH);
}

static bool is_zero(const uint8_t *octets, size_t len)
{
    uint8_t any = 0;
    for (size_t i = 0; i < len; i++)
        any |= octets[i];
    return any == 0;
}

size_t srp_zeros(const uint8_t *octets, size_t len)
{
    size_t n = 0;
    while (n < len && octets[n] == 0)
        n++;
    return n;
}

bool srp_number_ok(const uint8_t number[TROTH_BIG])
{
    return !is_zero(number, TROTH_BIG) && memcmp(number, srp_n, TROTH_BIG) < 0;
}

bool srp_number(const uint8_t *octets, size_t len, uint8_t number[TROTH_BIG])
{
    VERIFY(len <= TROTH_BIG, false);
    memset(number, 0, TROTH_BIG - len);
    if (len)
        memcpy(number + TROTH_BIG - len, octets, len);
    return true;
}

void srp_inner_hash(const struct troth_piece *username, const struct troth_piece *password,
                    uint8_t inner[SRP_HASH])
{
    HASH(inner, *username, PIECE(":", 1), *password);
}

void srp_x(const struct troth_piece *username, const struct troth_piece *password,
           const struct troth_piece *salt, unsigned dialect, uint8_t x[SRP_HASH])
{
    uint8_t inner[SRP_HASH];
    const uint8_t *s = salt->p;
    srp_inner_hash(username, password, inner);
    size_t no_inner = dialect & SRP_SHORT_INNER ? srp_zeros(inner, SRP_HASH) : 0;
    size_t no_salt = dialect & SRP_SHORT_SALT ? srp_zeros(s, salt->len) : 0;
    HASH(x, PIECE(s + no_salt, salt->len - no_salt), PIECE(inner + no_inner, SRP_HASH - no_inner));
    wipe(inner, sizeof inner);
}

bool srp_verifier(const uint8_t x[SRP_HASH], uint8_t v[TROTH_BIG])
{
    return troth_modexp(g, x, SRP_HASH, srp_n, v);
}

bool srp_client_public(const uint8_t a[SRP_SECRET], uint8_t big_a[TROTH_BIG])
{
    return troth_modexp(g, a, SRP_SECRET, srp_n, big_a);
}

bool srp_device_public(const uint8_t v[TROTH_BIG], const uint8_t b[SRP_SECRET],
                       uint8_t big_b[TROTH_BIG])
{
    uint8_t kv[TROTH_BIG];
    bool ok = troth_mulmod(k, v, srp_n, kv) && troth_modexp(g, b, SRP_SECRET, srp_n, big_b) &&
              troth_addmod(kv, big_b, srp_n, big_b);
    wipe(kv, sizeof kv);
    return ok;
}

/* u = H(PAD(A) | PAD(B)); false: it is zero */
static bool make_u(const uint8_t big_a[TROTH_BIG], const uint8_t big_b[TROTH_BIG],
                   uint8_t u[SRP_HASH])
{
    HASH(u, PIECE(big_a, TROTH_BIG), PIECE(big_b, TROTH_BIG));
    return !is_zero(u, SRP_HASH);
}

/* K = H(min(S)) */
static void make_key(uint8_t s[TROTH_BIG], bool ok, uint8_t key[SRP_HASH])
{
    size_t zeros = srp_zeros(s, TROTH_BIG);
    if (ok)
        HASH(key, PIECE(s + zeros, TROTH_BIG - zeros));
    else
        wipe(key, SRP_HASH);
    wipe(s, TROTH_BIG);
}

/* S = (B - k g^x)^(a + u x). u x has at most 1024 bits, so modulo N it is itself. */
bool srp_client_key(const uint8_t a[SRP_SECRET], const uint8_t big_a[TROTH_BIG],
                    const uint8_t big_b[TROTH_BIG], const uint8_t x[SRP_HASH],
                    uint8_t key[SRP_HASH])
{
    enum { EXPONENT = 2 * SRP_HASH + 8 };
    uint8_t u[SRP_HASH], s[TROTH_BIG], base[TROTH_BIG], e[TROTH_BIG];
    bool ok = srp_number_ok(big_b) && make_u(big_a, big_b, u);
    if (ok) {
        widen(u, s);
        widen(x, e);
        ok = troth_mulmod(s, e, srp_n, e) && srp_number(a, SRP_SECRET, s) &&
             troth_addmod(e, s, srp_n, e) && srp_verifier(x, base) &&
             troth_mulmod(k, base, srp_n, base) && troth_submod(big_b, base, srp_n, base) &&
             troth_modexp(base, e + TROTH_BIG - EXPONENT, EXPONENT, srp_n, s);
    }
    make_key(s, ok, key);
    wipe(base, sizeof base);
    wipe(e, sizeof e);
    return ok;
}

/* S = (A v^u)^b */
bool srp_device_key(const uint8_t v[TROTH_BIG], const uint8_t b[SRP_SECRET],
                    const uint8_t big_a[TROTH_BIG], const uint8_t big_b[TROTH_BIG],
                    uint8_t key[SRP_HASH])
{
    uint8_t u[SRP_HASH], s[TROTH_BIG];
    bool ok = srp_number_ok(big_a) && make_u(big_a, big_b, u) &&
              troth_modexp(v, u, SRP_HASH, srp_n, s) && troth_mulmod(big_a, s, srp_n, s) &&
              troth_modexp(s, b, SRP_SECRET, srp_n, s);
    make_key(s, ok, key);
    return ok;
}

void srp_client_proof(const struct troth_piece *username, const struct troth_piece *salt,
                      const struct troth_piece *wire_a, const struct troth_piece *wire_b,
                      const struct troth_piece *key, uint8_t m1[SRP_HASH])
{
    uint8_t group[SRP_HASH], name[SRP_HASH];
    HASH(group, PIECE(srp_n, TROTH_BIG));
    HASH(name, PIECE(g, TROTH_BIG));
    for (size_t i = 0; i < SRP_HASH; i++)
        group[i] ^= name[i];
    HASH(name, *username);
    HASH(m1, PIECE(group, SRP_HASH), PIECE(name, SRP_HASH), *salt, *wire_a, *wire_b, *key);
}

void srp_device_proof(const struct troth_piece *wire_a, const uint8_t m1[SRP_HASH],
                      const struct troth_piece *key, uint8_t m2[SRP_HASH])
{
    HASH(m2, *wire_a, PIECE(m1, SRP_HASH), *key);
}
