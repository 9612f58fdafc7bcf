/* The simulated network's file, line by line. */
#include "ports/linux/netsim_parse.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

#define FILE_MAX (1 << 20)

/* ---- keys ---- */

static bool set_ssid(struct netsim_parser *p, const char *key, const char *v)
{
    struct troth_ssid *s = &netsim_row(p)->ssid;
    return netsim_octets(p, key, v, s->b, &s->len, sizeof s->b) &&
           (s->len || netsim_complain(p, "ssid is empty; it needs 1 to 32 octets"));
}

static bool set_password(struct netsim_parser *p, const char *key, const char *v)
{
    struct troth_password *w = &netsim_row(p)->password;
    if (w->len)
        return netsim_complain(p, "%s: the password is given already", key);
    return netsim_octets(p, key, v, w->b, &w->len, sizeof w->b);
}

static bool set_security(struct netsim_parser *p, const char *key, const char *v)
{
    static const struct netsim_word words[] = {{"open", TROTH_WIFI_OPEN},
                                               {"wpa2", TROTH_WIFI_WPA2_PSK},
                                               {"wpa2-sha256", TROTH_WIFI_WPA2_PSK_SHA256},
                                               {"wpa3", TROTH_WIFI_WPA3_SAE},
                                               {"wpa2/wpa3", TROTH_WIFI_WPA2_WPA3},
                                               {NULL, 0}};
    p->security_seen = true;
    return netsim_one_of(p, key, v, words, &netsim_row(p)->security);
}

static bool set_bssid(struct netsim_parser *p, const char *key, const char *v)
{
    uint8_t *b = netsim_row(p)->bssid;
    for (unsigned i = 0; i < 6; i++, v += 3) {
        int high = netsim_hex(v[0]), low = high >= 0 ? netsim_hex(v[1]) : -1;
        if (low < 0 || v[2] != (i < 5 ? ':' : 0))
            return netsim_complain(p, "%s must look like 02:00:00:00:00:01", key);
        b[i] = (uint8_t)(high << 4 | low);
        if (i == 5)
            break;
    }
    return true;
}

static bool set_channel(struct netsim_parser *p, const char *key, const char *v)
{
    long n;
    bool ok = netsim_number(p, key, v, 1, 233, &n);
    if (ok)
        netsim_row(p)->channel = (uint8_t)n;
    return ok;
}

static bool set_signal(struct netsim_parser *p, const char *key, const char *v)
{
    long n;
    bool ok = netsim_number(p, key, v, -127, 0, &n);
    if (ok)
        netsim_row(p)->rssi = (int8_t)n;
    return ok;
}

static bool set_address(struct netsim_parser *p, const char *key, const char *v)
{
    if (!*v || strlen(v) >= sizeof netsim_row(p)->address)
        return netsim_complain(p, "%s must be an IP address", key);
    strcpy(netsim_row(p)->address, v);
    return true;
}

static bool set_wrong(struct netsim_parser *p, const char *key, const char *v)
{
    static const struct netsim_word words[] = {{"wrong-password", TROTH_NET_WRONG_PASSWORD},
                                               {"not-found", TROTH_NET_NOT_FOUND},
                                               {"timeout", TROTH_NET_TIMEOUT},
                                               {NULL, 0}};
    return netsim_one_of(p, key, v, words, &netsim_row(p)->wrong_as);
}

static bool set_flaky(struct netsim_parser *p, const char *key, const char *v)
{
    long n;
    bool ok = netsim_number(p, key, v, 0, 255, &n);
    if (ok)
        netsim_row(p)->flaky = (uint8_t)n;
    return ok;
}

static bool set_no_address(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_yes(p, key, v, &netsim_row(p)->no_address);
}

static bool set_silent(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_yes(p, key, v, &netsim_row(p)->silent);
}

static bool set_join(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_ms(p, key, v, &netsim_row(p)->join_ms);
}

static bool set_lose(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_ms(p, key, v, &netsim_row(p)->lose_ms);
}

static bool set_down(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_ms(p, key, v, &netsim_row(p)->down_ms);
}

static bool set_up(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_ms(p, key, v, &netsim_row(p)->up_ms);
}

static bool set_scan(struct netsim_parser *p, const char *key, const char *v)
{
    return netsim_ms(p, key, v, &p->n->scan_ms);
}

static bool set_join_after(struct netsim_parser *p, const char *key, const char *v)
{
    if (!*v || strlen(v) >= sizeof p->n->join_after)
        return netsim_complain(p, "%s must be the path of a file", key);
    strcpy(p->n->join_after, v);
    return true;
}

#define ANY (NETSIM_WIFI | NETSIM_THREAD)

static const struct netsim_key keys[] = {
    {NETSIM_WIFI, "ssid", set_ssid},
    {NETSIM_WIFI, "security", set_security},
    {NETSIM_WIFI, "password", set_password},
    {NETSIM_WIFI, "passphrase", set_password},
    {NETSIM_WIFI, "bssid", set_bssid},
    {NETSIM_WIFI, "channel", set_channel},
    {ANY, "signal", set_signal},
    {ANY, "address", set_address},
    {ANY, "join_ms", set_join},
    {NETSIM_WIFI, "wrong_password", set_wrong},
    {ANY, "no_address", set_no_address},
    {ANY, "silent", set_silent},
    {ANY, "flaky", set_flaky},
    {ANY, "lose_ms", set_lose},
    {ANY, "down_ms", set_down},
    {ANY, "up_ms", set_up},
    {NETSIM_SIMULATOR, "scan_ms", set_scan},
    {NETSIM_SIMULATOR, "join_after", set_join_after},
};

/* ---- sections ---- */

static bool end_wifi(struct netsim_parser *p, struct troth_sim_network *n)
{
    if (!n->ssid.len)
        return netsim_complain(p, "this network has no ssid");
    if (!p->security_seen)
        n->security = n->password.len ? TROTH_WIFI_WPA2_PSK : TROTH_WIFI_OPEN;
    struct troth_wifi w = {n->ssid, n->security, n->password};
    bool ok = troth_wifi_check(&w) == TROTH_NET_OK;
    wipe(&w, sizeof w);
    return ok || netsim_complain(p,
                                 "security %s needs another password: 8 to 63 characters, or 64 "
                                 "hexadecimal digits",
                                 troth_wifi_security_name(n->security));
}

static bool end_section(struct netsim_parser *p)
{
    if (!(p->section & ANY))
        return true;
    struct troth_sim_network *n = netsim_row(p);
    unsigned line = p->line;
    p->line = p->at;
    if (p->section == NETSIM_WIFI ? !end_wifi(p, n) : !netsim_thread_end(p))
        return false;
    if (n->up_ms && n->up_ms <= n->down_ms)
        return netsim_complain(p, "up_ms must be later than down_ms, or 0");
    p->line = line;
    return true;
}

static bool begin_section(struct netsim_parser *p, const char *name)
{
    if (!end_section(p))
        return false;
    p->seen = 0;
    p->at = p->line;
    p->security_seen = false;
    if (strcmp(name, "simulator") == 0) {
        if (p->simulator_seen)
            return netsim_complain(p, "[simulator] is here twice");
        p->simulator_seen = true;
        p->section = NETSIM_SIMULATOR;
        return true;
    }
    bool thread = strcmp(name, "thread") == 0;
    if (!thread && strcmp(name, "network") != 0)
        return netsim_complain(
            p, "unknown section [%s]; known are [network], [thread] and [simulator]", name);
    if (p->n->count == NETSIM_NETWORKS)
        return netsim_complain(p, "more than %u networks", NETSIM_NETWORKS);
    p->section = thread ? NETSIM_THREAD : NETSIM_WIFI;
    p->n->count++;
    if (thread)
        netsim_thread_begin(p);
    else
        *netsim_row(p) = (struct troth_sim_network){
            .bssid = {2, 0, 0, 0, 0, (uint8_t)p->n->count}, .channel = 6, .rssi = -50};
    return true;
}

static bool assign(struct netsim_parser *p, const char *key, const char *value)
{
    const size_t own = sizeof keys / sizeof *keys;
    if (p->section == NETSIM_NONE)
        return netsim_complain(p, "'%s' is in no section; begin with [network] or [thread]", key);
    for (size_t i = 0; i < own + NETSIM_THREAD_KEYS; i++) {
        const struct netsim_key *k = i < own ? &keys[i] : &netsim_thread_keys[i - own];
        if (!(k->sections & p->section) || strcmp(k->name, key) != 0)
            continue;
        if (p->seen & 1ull << i)
            return netsim_complain(p, "%s is given twice for this section", key);
        p->seen |= 1ull << i;
        return k->set(p, key, value);
    }
    return netsim_complain(p, "unknown key '%s' in [%s]", key,
                           p->section == NETSIM_WIFI     ? "network"
                           : p->section == NETSIM_THREAD ? "thread"
                                                         : "simulator");
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

static bool take_line(struct netsim_parser *p, char *text)
{
    char *s = trim(text);
    if (!*s || *s == '#' || *s == ';')
        return true;
    if (*s == '[') {
        char *end = strchr(s, ']');
        if (!end || end[1])
            return netsim_complain(p, "a section looks like [network]");
        *end = 0;
        return begin_section(p, trim(s + 1));
    }
    char *equals = strchr(s, '=');
    if (!equals)
        return netsim_complain(p, "expected key = value, got '%s'", s);
    *equals = 0;
    return assign(p, trim(s), trim(equals + 1));
}

bool netsim_parse(struct netsim *n, const char *name, const char *text, size_t len, char *error,
                  size_t error_size)
{
    struct netsim_parser p = {.n = n, .name = name, .error = error, .error_size = error_size};
    char line[640]; /* a dataset has 508 digits */
    bool ok = true;
    memset(n, 0, sizeof *n);
    while (ok && len) {
        const char *end = memchr(text, '\n', len);
        size_t size = end ? (size_t)(end - text) : len;
        p.line++;
        if (size >= sizeof line || memchr(text, 0, size)) {
            ok = netsim_complain(&p, size >= sizeof line ? "the line is too long"
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
    wipe(&p, sizeof p);
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
