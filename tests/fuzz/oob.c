/* Out-of-band blocks: whatever is read is written as what is read again, in octets and in text. */
#include "fuzz/fuzz.h"

#include <troth/oob.h>

static void both_ways(const struct troth_oob_block *block)
{
    static struct troth_oob_block back;
    uint8_t out[TROTH_OOB_BLOCK_MAX];
    char text[TROTH_OOB_TEXT_MAX];
    int n = troth_oob_encode(block, out, sizeof out);
    never(n <= 0, "a block that was read cannot be written");
    never(troth_oob_decode(&back, out, (size_t)n) != TROTH_OOB_FINE, "a block written is not read");
    never(memcmp(&back.oob, &block->oob, sizeof back.oob) != 0 || back.role != block->role ||
              memcmp(&back.addr, &block->addr, sizeof back.addr) != 0,
          "a block changed on its way");
    int len = troth_oob_to_text(block, text, sizeof text);
    never(len <= 0 || text[len], "a block has no text");
    never(troth_oob_from_text(&back, text, (size_t)len) != TROTH_OOB_FINE, "its text is not read");
    never(memcmp(&back.oob, &block->oob, sizeof back.oob) != 0, "a block's text is another's");
    never(troth_oob_to_text(block, text, (size_t)len) != TROTH_INVALID, "text overran its room");
    text[len / 2] = (char)(text[len / 2] ^ 1);
    never(troth_oob_from_text(&back, text, (size_t)len) == TROTH_OOB_FINE,
          "a damaged text is believed");
}

static void look(enum troth_oob_fault fault, const struct troth_oob_block *block)
{
    never(!troth_oob_fault_words(fault), "a fault without words");
    if (fault == TROTH_OOB_FINE) {
        both_ways(block);
        return;
    }
    const uint8_t *octet = (const uint8_t *)block;
    for (size_t i = 0; i < sizeof *block; i++)
        never(octet[i], "a block that is refused left something");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct troth_oob_block block;
    memset(&block, 0xa5, sizeof block);
    look(troth_oob_decode(&block, data, size), &block);
    memset(&block, 0xa5, sizeof block);
    look(troth_oob_from_text(&block, (const char *)data, size), &block);

    /* The octets as a text whose sum is right. */
    char text[TROTH_OOB_TEXT_MAX] = TROTH_OOB_PREFIX;
    size_t len = size < TROTH_OOB_BLOCK_MAX ? size : TROTH_OOB_BLOCK_MAX;
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < len; i++) {
        crc ^= data[i];
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320u : crc >> 1;
        snprintf(text + 8 + 2 * i, 3, "%02X", data[i]);
    }
    snprintf(text + 8 + 2 * len, 10, ".%08X", (unsigned)~crc);
    enum troth_oob_fault by_text = troth_oob_from_text(&block, text, 8 + 2 * len + 9);
    look(by_text, &block);
    never(by_text != troth_oob_decode(&block, data, len), "text and octets are judged differently");
    return 0;
}
