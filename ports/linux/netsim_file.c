/* The simulated network's file, line by line. */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "ports/linux/netsim_file.h"

#define FILE_MAX (1 << 20)

enum section { NO_SECTION, SIMULATOR, NETWORK };

struct parser {
    struct netsim *n;
    const char *name;
    unsigned line;
    enum section section;
    bool simulator_seen, security_seen;
    uint32_t seen; /* keys of this section, 1 << their row */
    unsigned at;   /* line of the section */
    char *error;
    size_t error_size;
};

static bool complain(struct parser *p, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static bool complain(struct parser *p, const char *format, ...)
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

/* ---- values ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

/* Octets with \xHH and \\. */
static bool octets(struct parser *p, const char *key, const char *v, uint8_t *out, uint8_t *len,
                   unsigned most)
{
    unsigned n = 0;
    for (; *v; v++) {
        unsigned octet = (unsigned char)*v;
        if (*v == '\\' && v[1] == '\\') {
            v++;
        } else if (*v == '\\') {
            int high = v[1] == 'x' ? hex(v[2]) : -1;
            int low = high >= 0 ? hex(v[3]) : -1;
            if (low < 0)
                return complain(p, "in %s a backslash must be \\xHH (any octet) or \\\\", key);
            octet = (unsigned)(high << 4 | low);
            v += 3;
        }
        if (n == most)
            return complain(p, "%s is longer than %u octets", key, most);
        out[n++] = (uint8_t)octet;
    }
    *len = (uint8_t)n;
    return true;
}

static bool number(struct parser *p, const char *key, const char *v, long least, long most,
                   long *out)
{
    char *end;
    errno = 0;
    long n = strtol(v, &end, 10);
    if (end == v || *end || errno || n < least || n > most)
        return complain(p, "%s must be a number from %ld to %ld, not '%s'", key, least, most, v);
    *out = n;
    return true;
}

static bool milliseconds(struct parser *p, const char *key, const char *v, uint32_t *out)
{
    long n;
    if (!number(p, key, v, 0, 2000000000, &n))
        return false;
    *out = (uint32_t)n;
    return true;
}

static bool yes(struct parser *p, const char *key, const char *v, bool *out)
{
    *out = strcmp(v, "yes") == 0;
    return *out || strcmp(v, "no") == 0 || complain(p, "%s must be yes or no, not '%s'", key, v);
}

struct word {
    const char *word;
    uint8_t value;
};

static bool one_of(struct parser *p, const char *key, const char *v, const struct word *words,
                   uint8_t *out)
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
    return complain(p, "%s must be one of %s, not '%s'", key, all, v);
}

/* ---- keys ---- */

static struct troth_sim_network *net(struct parser *p)
{
    return &p->n->networks[p->n->count - 1];
}

static bool set_ssid(struct parser *p, const char *key, const char *v)
{
    struct troth_ssid *s = &net(p)->ssid;
    return octets(p, key, v, s->b, &s->len, sizeof s->b) &&
           (s->len || complain(p, "ssid is empty; it needs 1 to 32 octets"));
}

static bool set_password(struct parser *p, const char *key, const char *v)
{
    struct troth_password *w = &net(p)->password;
    if (w->len)
        return complain(p, "%s: the password is given already", key);
    return octets(p, key, v, w->b, &w->len, sizeof w->b);
}

static bool set_security(struct parser *p, const char *key, const char *v)
{
    static const struct word words[] = {{"open", TROTH_WIFI_OPEN},
                                        {"wpa2", TROTH_WIFI_WPA2_PSK},
                                        {"wpa2-sha256", TROTH_WIFI_WPA2_PSK_SHA256},
                                        {"wpa3", TROTH_WIFI_WPA3_SAE},
                                        {"wpa2/wpa3", TROTH_WIFI_WPA2_WPA3},
                                        {NULL, 0}};
    p->security_seen = true;
    return one_of(p, key, v, words, &net(p)->security);
}

static bool set_bssid(struct parser *p, const char *key, const char *v)
{
    uint8_t *b = net(p)->bssid;
    for (unsigned i = 0; i < 6; i++, v += 3) {
        int high = hex(v[0]), low = high >= 0 ? hex(v[1]) : -1;
        if (low < 0 || v[2] != (i < 5 ? ':' : 0))
            return complain(p, "%s must look like 02:00:00:00:00:01", key);
        b[i] = (uint8_t)(high << 4 | low);
        if (i == 5)
            break;
    }
    return true;
}

static bool set_channel(struct parser *p, const char *key, const char *v)
{
    long n;
    bool ok = number(p, key, v, 1, 233, &n);
    if (ok)
        net(p)->channel = (uint8_t)n;
    return ok;
}

static bool set_signal(struct parser *p, const char *key, const char *v)
{
    long n;
    bool ok = number(p, key, v, -127, 0, &n);
    if (ok)
        net(p)->rssi = (int8_t)n;
    return ok;
}

static bool set_address(struct parser *p, const char *key, const char *v)
{
    if (!*v || strlen(v) >= sizeof net(p)->address)
        return complain(p, "%s must be an IP address", key);
    strcpy(net(p)->address, v);
    return true;
}

static bool set_wrong(struct parser *p, const char *key, const char *v)
{
    static const struct word words[] = {{"wrong-password", TROTH_NET_WRONG_PASSWORD},
                                        {"not-found", TROTH_NET_NOT_FOUND},
                                        {"timeout", TROTH_NET_TIMEOUT},
                                        {NULL, 0}};
    return one_of(p, key, v, words, &net(p)->wrong_as);
}

static bool set_flaky(struct parser *p, const char *key, const char *v)
{
    long n;
    bool ok = number(p, key, v, 0, 255, &n);
    if (ok)
        net(p)->flaky = (uint8_t)n;
    return ok;
}

static bool set_no_address(struct parser *p, const char *key, const char *v)
{
    return yes(p, key, v, &net(p)->no_address);
}

static bool set_silent(struct parser *p, const char *key, const char *v)
{
    return yes(p, key, v, &net(p)->silent);
}

static bool set_join(struct parser *p, const char *key, const char *v)
{
    return milliseconds(p, key, v, &net(p)->join_ms);
}

static bool set_lose(struct parser *p, const char *key, const char *v)
{
    return milliseconds(p, key, v, &net(p)->lose_ms);
}

static bool set_down(struct parser *p, const char *key, const char *v)
{
    return milliseconds(p, key, v, &net(p)->down_ms);
}

static bool set_up(struct parser *p, const char *key, const char *v)
{
    return milliseconds(p, key, v, &net(p)->up_ms);
}

static bool set_scan(struct parser *p, const char *key, const char *v)
{
    return milliseconds(p, key, v, &p->n->scan_ms);
}

static const struct key {
    enum section section;
    const char *name;
    bool (*set)(struct parser *p, const char *key, const char *value);
} keys[] = {
    {NETWORK, "ssid", set_ssid},
    {NETWORK, "security", set_security},
    {NETWORK, "password", set_password},
    {NETWORK, "passphrase", set_password},
    {NETWORK, "bssid", set_bssid},
    {NETWORK, "channel", set_channel},
    {NETWORK, "signal", set_signal},
    {NETWORK, "address", set_address},
    {NETWORK, "join_ms", set_join},
    {NETWORK, "wrong_password", set_wrong},
    {NETWORK, "no_address", set_no_address},
    {NETWORK, "silent", set_silent},
    {NETWORK, "flaky", set_flaky},
    {NETWORK, "lose_ms", set_lose},
    {NETWORK, "down_ms", set_down},
    {NETWORK, "up_ms", set_up},
    {SIMULATOR, "scan_ms", set_scan},
};

/* ---- sections ---- */

static bool end_section(struct parser *p)
{
    if (p->section != NETWORK)
        return true;
    struct troth_sim_network *n = net(p);
    unsigned line = p->line;
    p->line = p->at;
    if (!n->ssid.len)
        return complain(p, "this network has no ssid");
    if (!p->security_seen)
        n->security = n->password.len ? TROTH_WIFI_WPA2_PSK : TROTH_WIFI_OPEN;
    struct troth_wifi w = {n->ssid, n->security, n->password};
    bool ok = troth_wifi_check(&w) == TROTH_NET_OK;
    wipe(&w, sizeof w);
    if (!ok)
        return complain(p,
                        "security %s needs another password: 8 to 63 characters, or 64 "
                        "hexadecimal digits",
                        troth_wifi_security_name(n->security));
    if (n->up_ms && n->up_ms <= n->down_ms)
        return complain(p, "up_ms must be later than down_ms, or 0");
    p->line = line;
    return true;
}

static bool begin_section(struct parser *p, const char *name)
{
    if (!end_section(p))
        return false;
    p->seen = 0;
    p->at = p->line;
    p->security_seen = false;
    if (strcmp(name, "simulator") == 0) {
        if (p->simulator_seen)
            return complain(p, "[simulator] is here twice");
        p->simulator_seen = true;
        p->section = SIMULATOR;
        return true;
    }
    if (strcmp(name, "network") != 0)
        return complain(p, "unknown section [%s]; known are [network] and [simulator]", name);
    if (p->n->count == NETSIM_NETWORKS)
        return complain(p, "more than %u networks", NETSIM_NETWORKS);
    p->section = NETWORK;
    p->n->count++;
    *net(p) = (struct troth_sim_network){
        .bssid = {2, 0, 0, 0, 0, (uint8_t)p->n->count}, .channel = 6, .rssi = -50};
    return true;
}

static bool assign(struct parser *p, const char *key, const char *value)
{
    if (p->section == NO_SECTION)
        return complain(p, "'%s' is in no section; begin with [network]", key);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        if (keys[i].section != p->section || strcmp(keys[i].name, key) != 0)
            continue;
        if (p->seen & 1u << i)
            return complain(p, "%s is given twice for this section", key);
        p->seen |= 1u << i;
        return keys[i].set(p, key, value);
    }
    return complain(p, "unknown key '%s' in [%s]", key,
                    p->section == NETWORK ? "network" : "simulator");
}

static char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    size_t n = strlen(s);
    while (n && isspace((unsigned char)s[n - 1]))
        s[--n] = 0;
    return s;
}

static bool take_line(struct parser *p, char *text)
{
    char *s = trim(text);
    if (!*s || *s == '#' || *s == ';')
        return true;
    if (*s == '[') {
        char *end = strchr(s, ']');
        if (!end || end[1])
            return complain(p, "a section looks like [network]");
        *end = 0;
        return begin_section(p, trim(s + 1));
    }
    char *equals = strchr(s, '=');
    if (!equals)
        return complain(p, "expected key = value, got '%s'", s);
    *equals = 0;
    return assign(p, trim(s), trim(equals + 1));
}

bool netsim_parse(struct netsim *n, const char *name, const char *text, size_t len, char *error,
                  size_t error_size)
{
    struct parser p = {.n = n, .name = name, .error = error, .error_size = error_size};
    char line[512];
    bool ok = true;
    memset(n, 0, sizeof *n);
    while (ok && len) {
        const char *end = memchr(text, '\n', len);
        size_t size = end ? (size_t)(end - text) : len;
        p.line++;
        if (size >= sizeof line || memchr(text, 0, size)) {
            ok = complain(&p, size >= sizeof line ? "the line is too long"
                                                  : "a NUL octet; in a value write \\x00");
            break;
        }
        memcpy(line, text, size);
        line[size] = 0;
        ok = take_line(&p, line);
        size += end != NULL;
        text += size;
        len -= size;
    }
    ok = ok && end_section(&p);
    wipe(line, sizeof line);
    if (!ok)
        wipe(n, sizeof *n);
    return ok;
}

bool netsim_load(struct netsim *n, const char *path, char *error, size_t error_size)
{
    FILE *f = fopen(path, "rb");
    char *text = f ? malloc(FILE_MAX + 1) : NULL;
    bool ok = false;
    memset(n, 0, sizeof *n);
    if (!text) {
        snprintf(error, error_size, "%s: %s", path, strerror(errno));
    } else {
        size_t len = fread(text, 1, FILE_MAX + 1, f);
        if (ferror(f))
            snprintf(error, error_size, "%s: %s", path, strerror(errno));
        else if (len > FILE_MAX)
            snprintf(error, error_size, "%s: too large to be a table of networks", path);
        else
            ok = netsim_parse(n, path, text, len, error, error_size);
        wipe(text, len);
    }
    free(text);
    if (f)
        fclose(f);
    return ok;
}
