/* The values of the simulated network's file, and what is said of wrong ones. */
#include "ports/linux/netsim_parse.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

bool netsim_complain(struct netsim_parser *p, const char *format, ...)
{
    char text[700];
    int n = snprintf(p->error, p->error_size, "%s:%u: ", p->name, p->line);
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    /* The file may be anything, and what is not plain text may disturb a terminal. */
    for (const char *c = text; *c && n >= 0 && (size_t)n < p->error_size; c++)
        n += snprintf(p->error + n, p->error_size - (size_t)n,
                      *c >= ' ' && *c <= '~' ? "%c" : "\\x%02x", (unsigned char)*c);
    wipe(text, sizeof text);
    return false;
}

int netsim_hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Octets with \xHH and \\. */
bool netsim_octets(struct netsim_parser *p, const char *key, const char *v, uint8_t *out,
                   uint8_t *len, unsigned most)
{
    unsigned n = 0;
    for (; *v; v++) {
        unsigned octet = (unsigned char)*v;
        if (*v == '\\' && v[1] == '\\') {
            v++;
        } else if (*v == '\\') {
            int high = v[1] == 'x' ? netsim_hex(v[2]) : -1;
            int low = high >= 0 ? netsim_hex(v[3]) : -1;
            if (low < 0)
                return netsim_complain(p, "in %s a backslash must be \\xHH (any octet) or \\\\",
                                       key);
            octet = (unsigned)(high << 4 | low);
            v += 3;
        }
        if (n == most)
            return netsim_complain(p, "%s is longer than %u octets", key, most);
        out[n++] = (uint8_t)octet;
    }
    *len = (uint8_t)n;
    return true;
}

bool netsim_number(struct netsim_parser *p, const char *key, const char *v, long least, long most,
                   long *out)
{
    char *end;
    errno = 0;
    long n = strtol(v, &end, 10);
    if (end == v || *end || errno || n < least || n > most)
        return netsim_complain(p, "%s must be a number from %ld to %ld, not '%s'", key, least, most,
                               v);
    *out = n;
    return true;
}

bool netsim_ms(struct netsim_parser *p, const char *key, const char *v, uint32_t *out)
{
    long n;
    if (!netsim_number(p, key, v, 0, 2000000000, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

bool netsim_yes(struct netsim_parser *p, const char *key, const char *v, bool *out)
{
    *out = strcmp(v, "yes") == 0;
    return *out || strcmp(v, "no") == 0 ||
           netsim_complain(p, "%s must be yes or no, not '%s'", key, v);
}

bool netsim_one_of(struct netsim_parser *p, const char *key, const char *v,
                   const struct netsim_word *words, uint8_t *out)
{
    char all[128] = "";
    for (; words->word; words++) {
        if (strcmp(words->word, v) == 0) {
            *out = words->value;
            return true;
        }
        size_t at = strlen(all);
        snprintf(all + at, sizeof all - at, "%s%s", at ? ", " : "", words->word);
    }
    return netsim_complain(p, "%s must be one of %s, not '%s'", key, all, v);
}
