/* JSON, octet by octet. */
#include <string.h>

#include "net/utf8.h"
#include "prov/json.h"

#define DEPTH_MAX 8

bool json_fail(struct json *r, enum json_fault fault)
{
    if (r->fault == JSON_FINE)
        r->fault = fault;
    return false;
}

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

int json_look(struct json *r, size_t *n)
{
    size_t left = (size_t)(r->end - r->p);
    *n = 1;
    if (r->fault == JSON_FINE && left && !(r->link && *r->p == '%'))
        return (uint8_t)*r->p;
    *n = 3;
    if (left < 3)
        json_fail(r, JSON_CUT);
    else if (nibble(r->p[1]) < 0 || nibble(r->p[2]) < 0)
        json_fail(r, JSON_BROKEN);
    return r->fault == JSON_FINE ? nibble(r->p[1]) << 4 | nibble(r->p[2]) : -1;
}

static int peek(struct json *r)
{
    size_t n;
    return json_look(r, &n);
}

static int next(struct json *r)
{
    size_t n;
    int c = json_look(r, &n);
    if (c >= 0)
        r->p += n;
    return c;
}

int json_peek(struct json *r)
{
    int c;
    while ((c = peek(r)) == ' ' || c == '\t' || c == '\n' || c == '\r')
        next(r);
    return c;
}

bool json_expect(struct json *r, char c)
{
    int got = json_peek(r);
    if (got != c)
        return json_fail(r, JSON_BROKEN);
    next(r);
    return true;
}

bool json_more(struct json *r)
{
    return json_peek(r) == ',' && next(r) >= 0;
}

static void keep(struct json_text *s, const uint8_t *octets, size_t n)
{
    if (!s->p)
        return;
    if (n >= s->cap - s->len || octets[0] == 0) {
        s->over = true;
        return;
    }
    memcpy(s->p + s->len, octets, n);
    s->len += n;
    s->p[s->len] = 0;
}

static size_t utf8_put(uint8_t out[4], uint32_t c)
{
    static const uint8_t lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)(lead[n] | c);
    return n;
}

static bool take_unit(struct json *r, uint32_t *unit)
{
    *unit = 0;
    for (unsigned i = 0; i < 4; i++) {
        int c = next(r);
        int value = c < 0 ? -1 : nibble((char)c);
        if (value < 0)
            return json_fail(r, JSON_BROKEN);
        *unit = *unit << 4 | (uint32_t)value;
    }
    return true;
}

/* Behind the backslash. */
static bool take_escape(struct json *r, struct json_text *s)
{
    static const char letters[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    uint8_t octets[4];
    uint32_t c, low;
    int letter = next(r);
    for (size_t i = 0; i < sizeof letters - 1; i++) {
        if (letter == letters[i]) {
            octets[0] = (uint8_t)means[i];
            keep(s, octets, 1);
            return true;
        }
    }
    if (letter != 'u')
        return json_fail(r, JSON_BROKEN);
    if (!take_unit(r, &c))
        return false;
    if (c >= 0xd800 && c <= 0xdfff) { /* a pair, or nothing */
        if (c >= 0xdc00 || next(r) != '\\' || next(r) != 'u' || !take_unit(r, &low) ||
            low < 0xdc00 || low > 0xdfff)
            return json_fail(r, JSON_BROKEN);
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    keep(s, octets, utf8_put(octets, c));
    return true;
}

static bool take_character(struct json *r, struct json_text *s, uint8_t first)
{
    uint8_t octets[4] = {first};
    uint32_t c;
    size_t n = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    if (first < 0x20 || (first >= 0x80 && first < 0xc0) || first >= 0xf8)
        return json_fail(r, JSON_BROKEN);
    for (size_t i = 1; i < n; i++) {
        int octet = next(r);
        if ((octet & 0xc0) != 0x80) /* -1 at the end, too */
            return json_fail(r, JSON_BROKEN);
        octets[i] = (uint8_t)octet;
    }
    if (utf8_take(octets, n, &c) != n)
        return json_fail(r, JSON_BROKEN);
    keep(s, octets, n);
    return true;
}

bool json_string(struct json *r, struct json_text *s)
{
    if (!json_expect(r, '"'))
        return false;
    for (;;) {
        int c = next(r);
        if (c < 0 || c == '"')
            return c >= 0;
        if (!(c == '\\' ? take_escape(r, s) : take_character(r, s, (uint8_t)c)))
            return false;
    }
}

static unsigned take_digits(struct json *r)
{
    unsigned n = 0;
    for (int c = peek(r); c >= '0' && c <= '9'; c = peek(r), n++)
        next(r);
    return n;
}

bool json_number(struct json *r)
{
    if (peek(r) == '-')
        next(r);
    bool zero = peek(r) == '0';
    unsigned n = take_digits(r);
    if (n == 0 || (zero && n > 1))
        return json_fail(r, JSON_BROKEN);
    if (peek(r) == '.') {
        next(r);
        if (take_digits(r) == 0)
            return json_fail(r, JSON_BROKEN);
    }
    if (peek(r) == 'e' || peek(r) == 'E') {
        next(r);
        if (peek(r) == '+' || peek(r) == '-')
            next(r);
        if (take_digits(r) == 0)
            return json_fail(r, JSON_BROKEN);
    }
    return r->fault == JSON_FINE;
}

static bool take_word(struct json *r, const char *word)
{
    while (*word)
        if (next(r) != *word++)
            return json_fail(r, JSON_BROKEN);
    return true;
}

static bool skip(struct json *r, unsigned depth)
{
    struct json_text nowhere = {.p = NULL};
    int c = json_peek(r);
    switch (c) {
    case '"':
        return json_string(r, &nowhere);
    case 't':
        return take_word(r, "true");
    case 'f':
        return take_word(r, "false");
    case 'n':
        return take_word(r, "null");
    case '{':
    case '[':
        break;
    default:
        return json_number(r);
    }
    char end = c == '{' ? '}' : ']';
    if (depth == DEPTH_MAX)
        return json_fail(r, JSON_BROKEN);
    next(r);
    if (json_peek(r) == end)
        return next(r) >= 0;
    do {
        if (c == '{' && !(json_string(r, &nowhere) && json_expect(r, ':')))
            return false;
        if (!skip(r, depth + 1))
            return false;
    } while (json_more(r));
    return json_expect(r, end);
}

bool json_skip(struct json *r)
{
    return skip(r, 0);
}
