/* AES-128 and P-256, from libcrypto; octets least significant first, as on the wire. */
#include "air/internal.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

void crypto_e(const uint8_t key[16], const uint8_t plain[16], uint8_t cipher[16])
{
    uint8_t k[16], in[16], out[16];
    bytes_reverse(k, key, 16);
    bytes_reverse(in, plain, 16);
    int n = 0;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    ASSERT(ctx && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), NULL, k, NULL));
    EVP_CIPHER_CTX_set_padding(ctx, 0);
    ASSERT(EVP_EncryptUpdate(ctx, out, &n, in, 16) && n == 16);
    EVP_CIPHER_CTX_free(ctx);
    bytes_reverse(cipher, out, 16);
}

/* Vol 3 Part H 2.2.2 */
void crypto_ah(const uint8_t irk[16], const uint8_t prand[3], uint8_t hash[3])
{
    uint8_t plain[16] = {prand[0], prand[1], prand[2]}, cipher[16];
    crypto_e(irk, plain, cipher);
    memcpy(hash, cipher, 3);
}

/* Vol 6 Part B 1.3.2.2: hash in the low half, prand (01 and not all equal) in the high half. */
void crypto_rpa(struct air *air, const uint8_t irk[16], uint8_t rpa[6])
{
    uint8_t *prand = rpa + 3;
    unsigned bits;
    do {
        air_random(air, prand, 3);
        bits = prand[0] | (unsigned)prand[1] << 8 | (prand[2] & 0x3Fu) << 16;
    } while (bits == 0 || bits == 0x3FFFFF);
    prand[2] = (uint8_t)((prand[2] & 0x3F) | 0x40);
    crypto_ah(irk, prand, rpa);
}

static bool point_out(const EC_GROUP *group, const EC_POINT *point, BIGNUM *x, BIGNUM *y,
                      uint8_t pub[64])
{
    return EC_POINT_get_affine_coordinates(group, point, x, y, NULL) &&
           BN_bn2lebinpad(x, pub, 32) == 32 && BN_bn2lebinpad(y, pub + 32, 32) == 32;
}

bool crypto_p256_make(struct air *air, uint8_t priv[32], uint8_t pub[64])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group);
    BIGNUM *d = BN_new(), *x = BN_new(), *y = BN_new();
    do {
        air_random(air, priv, 32);
        BN_bin2bn(priv, 32, d);
    } while (BN_is_zero(d) || BN_cmp(d, EC_GROUP_get0_order(group)) >= 0);
    bool ok = EC_POINT_mul(group, point, d, NULL, NULL, NULL) && point_out(group, point, x, y, pub);
    BN_clear_free(d);
    BN_free(x);
    BN_free(y);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return ok;
}

bool crypto_p256_dh(const uint8_t priv[32], const uint8_t peer[64], uint8_t dhkey[32])
{
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    EC_POINT *point = EC_POINT_new(group), *shared = EC_POINT_new(group);
    BIGNUM *d = BN_bin2bn(priv, 32, NULL);
    BIGNUM *x = BN_lebin2bn(peer, 32, NULL), *y = BN_lebin2bn(peer + 32, 32, NULL);
    uint8_t both[64];
    /* Setting the coordinates fails when the point is not on the curve. */
    bool ok = EC_POINT_set_affine_coordinates(group, point, x, y, NULL) &&
              EC_POINT_mul(group, shared, NULL, point, d, NULL) &&
              point_out(group, shared, x, y, both);
    if (ok)
        memcpy(dhkey, both, 32);
    BN_clear_free(d);
    BN_clear_free(x);
    BN_clear_free(y);
    EC_POINT_clear_free(shared);
    EC_POINT_free(point);
    EC_GROUP_free(group);
    return ok;
}
