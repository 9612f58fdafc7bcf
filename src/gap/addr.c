/* Device addresses, Vol 6 Part B 1.3. */
#include "gap/gap.h"

#include <string.h>

bool troth_addr_equal(const struct troth_addr *a, const struct troth_addr *b)
{
    return a->type == b->type && memcmp(a->b, b->b, 6) == 0;
}

bool troth_addr_is_rpa(const struct troth_addr *a)
{
    return a->type == TROTH_ADDR_RANDOM && (a->b[5] & 0xc0) == 0x40;
}

char *troth_addr_text(const struct troth_addr *a, char text[18])
{
    static const char digit[] = "0123456789ABCDEF";
    char *t = text;
    for (int i = 5; i >= 0; i--) {
        *t++ = digit[a->b[i] >> 4];
        *t++ = digit[a->b[i] & 15];
        *t++ = i ? ':' : '\0';
    }
    return text;
}

static int nibble(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

bool troth_addr_parse(struct troth_addr *a, const char *text)
{
    uint8_t b[6];
    for (int i = 5; i >= 0; i--, text += 3) {
        int high = nibble(text[0]);
        int low = high < 0 ? -1 : nibble(text[1]);
        if (low < 0 || text[2] != (i ? ':' : '\0'))
            return false;
        b[i] = (uint8_t)(high << 4 | low);
    }
    memcpy(a->b, b, 6);
    return true;
}

void gap_static_address(struct troth_addr *a, const uint8_t random[6])
{
    a->type = TROTH_ADDR_RANDOM;
    memcpy(a->b, random, 6);
    /* Neither all 0 nor all 1 behind the two top bits: those two are as good as any other. */
    uint8_t any = 0, all = 0xff;
    for (unsigned i = 0; i < 5; i++) {
        any |= a->b[i];
        all &= a->b[i];
    }
    if (!any || all == 0xff)
        a->b[0] ^= 0x5a;
    a->b[5] |= 0xc0;
}
