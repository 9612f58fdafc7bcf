/*
 * Cross-transport key derivation, Vol 3 Part H 2.4.2.4 and 2.4.2.5: an intermediate key by h7 where
 * both sides set CT2, else by h6, and from it the other transport's key by h6.
 */
#include "crypto/toolbox.h"

#include "base/bytes.h"
#include "base/wipe.h"

/* The key IDs as written; the same letters, behind twelve zeros, are h7's salts. */
#define TMP1 0x746d7031u
#define TMP2 0x746d7032u
#define LEBR 0x6c656272u
#define BRLE 0x62726c65u

static void derive(const uint8_t key[16], bool ct2, uint32_t intermediate, uint32_t id,
                   uint8_t out[16])
{
    uint8_t k[16], salt[16] = {0};

    put_le16(salt, (uint16_t)intermediate);
    put_le16(salt + 2, (uint16_t)(intermediate >> 16));
    if (ct2)
        toolbox_h7(salt, key, k);
    else
        toolbox_h6(key, intermediate, k);
    toolbox_h6(k, id, out);
    wipe(k, sizeof k);
}

void toolbox_link_key(const uint8_t ltk[16], bool ct2, uint8_t link_key[16])
{
    derive(ltk, ct2, TMP1, LEBR, link_key);
}

void toolbox_ltk(const uint8_t link_key[16], bool ct2, uint8_t ltk[16])
{
    derive(link_key, ct2, TMP2, BRLE, ltk);
}
