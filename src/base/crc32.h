/* CRC-32 as Ethernet's, bit by bit: what it guards is rare and small, and a table costs flash. */
#ifndef TROTH_BASE_CRC32_H
#define TROTH_BASE_CRC32_H

#include <stddef.h>
#include <stdint.h>

static inline uint32_t crc32(const uint8_t *p, size_t len)
{
    uint32_t crc = 0xffffffff;
    while (len--) {
        crc ^= *p++;
        for (unsigned bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
    }
    return ~crc;
}

#endif
