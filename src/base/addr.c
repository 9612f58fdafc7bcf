/* Device addresses, Vol 6 Part B 1.3. */
#include <troth/gap.h>

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
