/* UTF-8, RFC 3629: shortest form only, no surrogates, nothing past U+10FFFF. */
#ifndef TROTH_NET_UTF8_H
#define TROTH_NET_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Octets of the character that begins at p, which has `left` of them; 0, and *c is 0: none does. */
static inline size_t utf8_take(const uint8_t *p, size_t left, uint32_t *c)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    *c = 0;
    if (left == 0)
        return 0;
    uint32_t v = p[0];
    if (v < 0x80) {
        *c = v;
        return 1;
    }
    size_t n = v < 0xc0 ? 0 : v < 0xe0 ? 2 : v < 0xf0 ? 3 : v < 0xf8 ? 4 : 0;
    if (n == 0 || n > left)
        return 0;
    v &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        v = v << 6 | (p[i] & 0x3f);
    }
    if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
        return 0;
    *c = v;
    return n;
}

/* Text without control characters. */
static inline bool utf8_text(const uint8_t *p, size_t len)
{
    while (len) {
        uint32_t c;
        size_t n = utf8_take(p, len, &c);
        if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0))
            return false;
        p += n;
        len -= n;
    }
    return true;
}

#endif
