/*
 * A crypto backend that costs nothing and protects nothing, for fuzz targets alone: a fuzzer shall
 * spend its time in our code. Both sides of an honest pairing agree, as with the real one: the
 * "curve" is multiplication of odd numbers modulo 2^64, which commutes.
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
