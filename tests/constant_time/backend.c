/*
 * The crypto backend of Linux with a border around its P-256: libcrypto's curve arithmetic gets
 * plain copies, its results are secrets again. AES gets the secrets themselves.
 */
#include "base/wipe.h"
#include "constant_time/secret.h"

#include <troth/crypto.h>

/* src/crypto/openssl.c, compiled under these names. */
void inner_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16]);
void inner_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16]);
bool inner_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64]);
bool inner_p256_valid(const uint8_t public_key[64]);
bool inner_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32]);

void troth_aes128(const uint8_t key[16], const uint8_t in[16], uint8_t out[16])
{
    inner_aes128(key, in, out);
}

void troth_aes_cmac(const uint8_t key[16], const uint8_t *msg, size_t len, uint8_t mac[16])
{
    inner_aes_cmac(key, msg, len, mac);
}

bool troth_p256_public_key(const uint8_t private_key[32], uint8_t public_key[64])
{
    uint8_t d[32];
    memcpy(d, private_key, 32);
    reveal(d, 32);
    bool ok = inner_p256_public_key(d, public_key);
    wipe(d, 32);
    return ok;
}

bool troth_p256_valid(const uint8_t public_key[64])
{
    return inner_p256_valid(public_key);
}

bool troth_p256_dhkey(const uint8_t private_key[32], const uint8_t public_key[64],
                      uint8_t dhkey[32])
{
    uint8_t d[32];
    memcpy(d, private_key, 32);
    reveal(d, 32);
    bool ok = inner_p256_dhkey(d, public_key, dhkey);
    wipe(d, 32);
    poison(dhkey, 32);
    return ok;
}
