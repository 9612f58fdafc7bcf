/* The PSKc of a Thread commissioner's passphrase. */
#include <string.h>

#include <troth/crypto.h>
#include <troth/dataset.h>

#include "base/check.h"
#include "base/wipe.h"

int troth_dataset_pskc(const char *passphrase, size_t len, const uint8_t ext_pan_id[8],
                       const struct troth_thread_name *name, uint8_t pskc[16])
{
    static const uint8_t zero[16], first_block[4] = {0, 0, 0, 1}; /* RFC 8018 5.2, one block */
    uint8_t key[16], u[16], salt[6 + 8 + sizeof name->b + 4];
    size_t n = 0;
    VERIFY(len >= 6 && len <= 255 && name->len >= 1 && name->len <= sizeof name->b, TROTH_INVALID);
    /* RFC 4615: a key of another length is shortened or stretched by the CMAC with a zero key. */
    if (len == 16)
        memcpy(key, passphrase, 16);
    else
        troth_aes_cmac(zero, (const uint8_t *)passphrase, len, key);
    memcpy(salt, "Thread", 6);
    memcpy(salt + 6, ext_pan_id, 8);
    memcpy(salt + 14, name->b, name->len);
    n = 14u + name->len;
    memcpy(salt + n, first_block, 4);
    troth_aes_cmac(key, salt, n + 4, u);
    memcpy(pskc, u, 16);
    for (unsigned i = 1; i < TROTH_PSKC_ITERATIONS; i++) {
        troth_aes_cmac(key, u, 16, u);
        for (unsigned k = 0; k < 16; k++)
            pskc[k] ^= u[k];
    }
    wipe(key, sizeof key);
    wipe(u, sizeof u);
    return TROTH_OK;
}
