/*
 * A crypto backend that costs nothing and protects nothing, for fuzz targets alone: a fuzzer shall
 * spend its time in our code. Both sides of an honest pairing agree, as with the real one: the
 * "curves" are multiplication of odd numbers modulo 2^64, which commutes; SRP has a group of 61 bits.
 */
#include "base/bytes.h"

#include <troth/crypto.h>

static uint64_t mix(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static uint64_t get(const uint8_t *p)
{
    struct in in = in_of(p, 8);
    return in_u64(&in);
}

static void put(uint8_t *p, uint64_t v)
{
    struct out out = out_of(p, 8);
    out_u64(&out, v);
}

void troth_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    uint64_t a = mix(get(in) ^ get(key)) + get(in + 8);
    uint64_t b = mix(a ^ get(key + 8)) + get(in);
    put(out, mix(a ^ b));
    put(out + 8, mix(b + get(key)));
}

void troth_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16])
{
    uint8_t x[16] = {(uint8_t)len};
    for (size_t i = 0; i < len; i++) {
        x[i % 16] ^= msg[i];
        if (i % 16 == 15)
            troth_aes128(key, x, x);
    }
    troth_aes128(key, x, mac);
}

static uint64_t scalar(const uint8_t private_key[32])
{
    return (get(private_key) + 3 * get(private_key + 24)) | 1;
}

/* X is the number, repeated; Y follows from it. */
static void point(uint64_t v, uint8_t x[32], uint8_t y[32])
{
    for (unsigned i = 0; i < 4; i++) {
        put(x + 8 * i, v + i);
        if (y)
            put(y + 8 * i, mix(v + i));
    }
}

bool troth_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64])
{
    point(scalar(private_key) * 0x9e3779b97f4a7c15u, public_key, public_key + 32);
    return true;
}

bool troth_p256_valid(const uint8_t public_key[64])
{
    uint8_t whole[64];
    uint64_t v = get(public_key);
    point(v, whole, whole + 32);
    return (v & 1) && memcmp(whole, public_key, 64) == 0;
}

bool troth_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32])
{
    if (!troth_p256_valid(public_key))
        return false;
    point(scalar(private_key) * get(public_key), dhkey, NULL);
    return true;
}

/* ---- for provisioning ---- */

static void digest(const struct troth_piece *pieces, size_t count, uint8_t *out, size_t len)
{
    uint64_t a = 0x6a09e667f3bcc908u, b = 0xbb67ae8584caa73bu;
    for (size_t i = 0; i < count; i++) {
        const uint8_t *p = pieces[i].p;
        for (size_t k = 0; k < pieces[i].len; k++) {
            a = (a ^ p[k]) * 0x100000001b3u;
            b = (b + (a >> 29)) * 0x9e3779b97f4a7c15u;
        }
    }
    for (size_t i = 0; i < len; i += 8)
        put(out + i, mix(a + mix(b + i)));
}

void troth_sha256(const struct troth_piece *pieces, size_t count, uint8_t out[32])
{
    digest(pieces, count, out, 32);
}

void troth_sha512(const struct troth_piece *pieces, size_t count, uint8_t out[64])
{
    digest(pieces, count, out, 64);
}

bool troth_x25519_public_key(const uint8_t private_key[32], uint8_t public_key[32])
{
    point(scalar(private_key) * 0x9e3779b97f4a7c15u, public_key, NULL);
    return true;
}

bool troth_x25519(const uint8_t private_key[32], const uint8_t public_key[32], uint8_t shared[32])
{
    uint64_t v = scalar(private_key) * get(public_key);
    point(v, shared, NULL);
    return v != 0;
}

static uint64_t stream_of(const uint8_t key[32], const uint8_t *block, size_t len)
{
    uint64_t v = get(key) + 3 * get(key + 8) + 5 * get(key + 16) + 7 * get(key + 24);
    for (size_t i = 0; i < len; i++)
        v = (v ^ block[i]) * 0x100000001b3u;
    return v;
}

void troth_aes256_ctr(struct troth_ctr *s, const uint8_t *in, uint8_t *out, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        uint64_t v = mix(stream_of(s->key, s->counter, 16) + s->used / 8);
        out[i] = (uint8_t)(in[i] ^ v >> 8 * (s->used % 8));
        s->used = (uint8_t)((s->used + 1) % 16);
        for (size_t k = 16; s->used == 0 && k-- > 0 && ++s->counter[k] == 0;)
            ;
    }
}

static void gcm(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in, size_t len,
                uint8_t *out, const uint8_t *sealed, uint8_t tag[16])
{
    uint64_t v = stream_of(key, nonce, 12), t = mix(v);
    for (size_t i = 0; i < len; i++) {
        uint8_t octet = (uint8_t)(in[i] ^ mix(v + i) >> 8);
        t = mix(t ^ (sealed ? in[i] : octet)) + len;
        out[i] = octet;
    }
    put(tag, t);
    put(tag + 8, mix(t));
}

void troth_aes256_gcm_seal(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out)
{
    gcm(key, nonce, in, len, out, NULL, out + len);
}

bool troth_aes256_gcm_open(const uint8_t key[32], const uint8_t nonce[12], const uint8_t *in,
                           size_t len, uint8_t *out)
{
    uint8_t want[16], tag[16];
    if (len < 16)
        return false;
    memcpy(tag, in + len - 16, 16);
    gcm(key, nonce, in, len - 16, out, in, want);
    bool ok = memcmp(tag, want, 16) == 0;
    if (!ok)
        memset(out, 0, len - 16);
    return ok;
}

/*
 * Numbers: those that begin with an octet other than zero are elements modulo 2^61 - 1, told by
 * their last eight octets; the others are integers. What is computed of integers stays exact as
 * long as there is room, since exponents are made so.
 */
#define P 0x1fffffffffffffffu

__extension__ typedef unsigned __int128 wide;

static uint64_t times(uint64_t a, uint64_t b)
{
    wide v = (wide)a * b;
    uint64_t r = (uint64_t)(v & P) + (uint64_t)(v >> 61);
    return r >= P ? r - P : r;
}

static uint64_t element(const uint8_t n[TROTH_BIG])
{
    uint64_t v = 0;
    for (size_t i = n[0] ? TROTH_BIG - 8 : 0; i < TROTH_BIG; i++)
        v = (times(v, 256) + n[i]) % P;
    return v;
}

static void put_element(uint64_t v, uint8_t out[TROTH_BIG])
{
    memset(out, 0, TROTH_BIG);
    for (size_t i = 0; i < 8; i++)
        out[TROTH_BIG - 1 - i] = (uint8_t)(v >> 8 * i);
    out[0] = (uint8_t)(mix(v) & 0x7f);
}

static bool is_integer(const uint8_t n[TROTH_BIG])
{
    uint8_t any = 0;
    for (size_t i = 0; i < TROTH_BIG / 2; i++)
        any |= n[i];
    return any == 0;
}

static void exact_product(const uint8_t *a, const uint8_t *b, uint8_t out[TROTH_BIG])
{
    uint8_t r[2 * TROTH_BIG] = {0};
    for (size_t i = TROTH_BIG; i-- > TROTH_BIG / 2;) {
        unsigned carry = 0;
        for (size_t k = TROTH_BIG; a[i] && k-- > TROTH_BIG / 2;) {
            carry += r[i + k + 1] + (unsigned)a[i] * b[k];
            r[i + k + 1] = (uint8_t)carry;
            carry >>= 8;
        }
        r[i + TROTH_BIG / 2] = (uint8_t)(r[i + TROTH_BIG / 2] + carry);
    }
    memcpy(out, r + TROTH_BIG, TROTH_BIG);
}

bool troth_modexp(const uint8_t base[TROTH_BIG], const uint8_t *exponent, size_t len,
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    uint64_t b = element(base), r = 1;
    (void)n;
    for (size_t i = 0; i < 8 * len; i++) {
        r = times(r, r);
        if (exponent[i / 8] >> (7 - i % 8) & 1)
            r = times(r, b);
    }
    put_element(r, out);
    return true;
}

bool troth_mulmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    (void)n;
    if (is_integer(a) && is_integer(b))
        exact_product(a, b, out);
    else
        put_element(times(element(a), element(b)), out);
    return true;
}

bool troth_addmod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    unsigned carry = 0;
    (void)n;
    if (!is_integer(a) || !is_integer(b)) {
        put_element((element(a) + element(b)) % P, out);
        return true;
    }
    for (size_t i = TROTH_BIG; i-- > 0;) {
        carry += (unsigned)a[i] + b[i];
        out[i] = (uint8_t)carry;
        carry >>= 8;
    }
    return true;
}

bool troth_submod(const uint8_t a[TROTH_BIG], const uint8_t b[TROTH_BIG],
                  const uint8_t n[TROTH_BIG], uint8_t out[TROTH_BIG])
{
    (void)n;
    put_element((element(a) + P - element(b)) % P, out);
    return true;
}
