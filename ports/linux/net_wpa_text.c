/* wpa_supplicant's text. */
#include "ports/linux/net_wpa_text.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/linux/net_station.h"

static int digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

bool wpa_ssid_parse(struct troth_ssid *ssid, const char *text, size_t len)
{
    static const char names[] = "\\\"enrt", octets[] = "\\\"\033\n\r\t";
    *ssid = (struct troth_ssid){0};
    for (size_t i = 0; i < len;) {
        uint8_t c = (uint8_t)text[i++];
        if (c == '\\') {
            if (i == len)
                return false;
            const char *name = strchr(names, text[i]);
            if (name && *name) {
                c = (uint8_t)octets[name - names];
                i++;
            } else {
                if (text[i] != 'x' || len - i < 3 || digit(text[i + 1]) < 0 ||
                    digit(text[i + 2]) < 0)
                    return false;
                c = (uint8_t)(digit(text[i + 1]) << 4 | digit(text[i + 2]));
                i += 3;
            }
        }
        if (ssid->len == sizeof ssid->b)
            return false;
        ssid->b[ssid->len++] = c;
    }
    return true;
}

bool wpa_bssid_parse(uint8_t bssid[6], const char *text)
{
    for (unsigned i = 0; i < 6; i++, text += 3) {
        int high = digit(text[0]), low = high >= 0 ? digit(text[1]) : -1;
        if (low < 0 || (i < 5 && text[2] != ':'))
            return false;
        bssid[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Is `word` one of the key managements in "[WPA2-A+B+C-CCMP]"? */
static bool manages(const char *flags, const char *word)
{
    size_t n = strlen(word);
    const char *rsn = strstr(flags, "[WPA2-"), *end = rsn ? strchr(rsn, ']') : NULL;
    if (!end)
        return false;
    for (const char *at = rsn + 6; at + n <= end; at++)
        if ((at[-1] == '-' || at[-1] == '+') && !strncmp(at, word, n) &&
            (at[n] == '-' || at[n] == '+'))
            /* PSK-SHA256 is another than PSK */
            if (strncmp(at + n, "-SHA256", 7) != 0)
                return true;
    return false;
}

enum troth_wifi_security wpa_flags_security(const char *flags)
{
    bool sae = manages(flags, "SAE") || manages(flags, "FT/SAE");
    bool psk = manages(flags, "PSK") || manages(flags, "FT/PSK");
    bool sha256 = manages(flags, "PSK-SHA256");
    if (sae)
        return psk || sha256 ? TROTH_WIFI_WPA2_WPA3 : TROTH_WIFI_WPA3_SAE;
    if (psk)
        return TROTH_WIFI_WPA2_PSK;
    if (sha256)
        return TROTH_WIFI_WPA2_PSK_SHA256;
    bool closed = strstr(flags, "[WPA") || strstr(flags, "[RSN") || strstr(flags, "[WEP") ||
                  strstr(flags, "[OWE") || strstr(flags, "[OSEN");
    return closed || !strstr(flags, "[ESS]") ? TROTH_WIFI_OTHER : TROTH_WIFI_OPEN;
}

/* The fields of a line, by tabs; the last takes what is left. */
static unsigned split(const char *line, size_t len, const char **field, size_t *size, unsigned want)
{
    unsigned n = 0;
    while (n < want) {
        const char *tab = n + 1 < want ? memchr(line, '\t', len) : NULL;
        field[n] = line;
        size[n++] = tab ? (size_t)(tab - line) : len;
        if (!tab)
            break;
        len -= (size_t)(tab + 1 - line);
        line = tab + 1;
    }
    return n;
}

/* The whole field: strtol alone would read on behind an empty one. */
static bool number(long *to, const char *field, size_t len)
{
    char text[12], *end;
    if (!len || len >= sizeof text)
        return false;
    memcpy(text, field, len);
    text[len] = 0;
    *to = strtol(text, &end, 10);
    return !*end;
}

bool wpa_scan_line(struct troth_scan_result *r, const char *line, size_t len)
{
    const char *f[5];
    size_t n[5];
    char flags[256];
    long mhz, rssi;
    *r = (struct troth_scan_result){.kind = TROTH_NET_WIFI};
    if (split(line, len, f, n, 5) < 5 || n[0] != 17 || !wpa_bssid_parse(r->bssid, f[0]) ||
        !number(&mhz, f[1], n[1]) || !number(&rssi, f[2], n[2]))
        return false;
    r->channel = station_channel((unsigned)mhz);
    r->rssi = (int8_t)(rssi < -127 ? -127 : rssi > 0 ? 0 : rssi);
    snprintf(flags, sizeof flags, "%.*s", (int)n[3], f[3]);
    r->security = (uint8_t)wpa_flags_security(flags);
    return wpa_ssid_parse(&r->ssid, f[4], n[4]);
}

bool wpa_list_line(struct wpa_listed *l, const char *line, size_t len)
{
    const char *f[4];
    size_t n[4];
    char flags[128];
    long id;
    *l = (struct wpa_listed){0};
    if (split(line, len, f, n, 4) < 4 || !number(&id, f[0], n[0]))
        return false;
    snprintf(flags, sizeof flags, "%.*s", (int)n[3], f[3]);
    l->id = (int)id;
    l->current = strstr(flags, "[CURRENT]") != NULL;
    l->disabled = strstr(flags, "[DISABLED]") != NULL;
    /* an SSID that is none of ours need not be readable */
    if (!wpa_ssid_parse(&l->ssid, f[1], n[1]))
        l->ssid.len = 0;
    return id >= 0 && id <= INT_MAX;
}

const char *wpa_value(const char *reply, const char *key)
{
    size_t n = strlen(key);
    for (const char *at = reply; at; at = strchr(at, '\n')) {
        at += *at == '\n';
        if (!strncmp(at, key, n) && at[n] == '=')
            return at + n + 1;
    }
    return NULL;
}

bool wpa_value_is(const char *reply, const char *key, const char *value)
{
    const char *at = wpa_value(reply, key);
    size_t n = strlen(value);
    return at && !strncmp(at, value, n) && (!at[n] || at[n] == '\n');
}

void wpa_status_info(struct troth_net_info *info, const char *reply)
{
    *info = (struct troth_net_info){.rssi = 127};
    const char *bssid = wpa_value(reply, "bssid"), *freq = wpa_value(reply, "freq");
    const char *how = wpa_value(reply, "key_mgmt");
    if (bssid && !wpa_bssid_parse(info->bssid, bssid))
        memset(info->bssid, 0, sizeof info->bssid);
    if (freq)
        info->channel = station_channel((unsigned)strtoul(freq, NULL, 10));
    size_t n = how ? strcspn(how, "\n") : 0;
    info->security = TROTH_WIFI_OTHER;
    if (n >= 3 && !strncmp(how + n - 3, "SAE", 3))
        info->security = TROTH_WIFI_WPA3_SAE;
    else if (n == 15 && !strncmp(how, "WPA2-PSK-SHA256", 15))
        info->security = TROTH_WIFI_WPA2_PSK_SHA256;
    else if (n >= 3 && !strncmp(how + n - 3, "PSK", 3))
        info->security = TROTH_WIFI_WPA2_PSK;
    else if (n == 4 && !strncmp(how, "NONE", 4))
        info->security = TROTH_WIFI_OPEN;
}

/* ---- a new block ---- */

static void hex(char *out, size_t cap, const char *key, const uint8_t *b, size_t len)
{
    size_t at = (size_t)snprintf(out, cap, "%s ", key);
    for (size_t i = 0; i < len; i++)
        at += (size_t)snprintf(out + at, cap - at, "%02x", b[i]);
}

bool wpa_setting(const struct troth_wifi *w, unsigned step, char out[WPA_SETTING])
{
    bool open = w->security == TROTH_WIFI_OPEN, sae = w->security == TROTH_WIFI_WPA3_SAE;
    bool psk = !sae && troth_password_is_psk(&w->password);
    const char *how = open                                          ? "NONE"
                      : sae                                         ? "SAE"
                      : w->security == TROTH_WIFI_WPA2_PSK_SHA256   ? "WPA-PSK-SHA256"
                      : w->security == TROTH_WIFI_WPA2_WPA3 && !psk ? "WPA-PSK WPA-PSK-SHA256 SAE"
                                                                    : "WPA-PSK WPA-PSK-SHA256";
    switch (step) {
    case 0:
        hex(out, WPA_SETTING, "ssid", w->ssid.b, w->ssid.len);
        return true;
    case 1: /* hidden networks answer only when asked by name */
        snprintf(out, WPA_SETTING, "scan_ssid 1");
        return true;
    case 2:
        snprintf(out, WPA_SETTING, "priority 1");
        return true;
    case 3:
        snprintf(out, WPA_SETTING, "key_mgmt %s", how);
        return true;
    case 4: /* never by the WPA of 2003 */
        snprintf(out, WPA_SETTING, open ? "auth_alg OPEN" : "proto RSN");
        return true;
    case 5: /* IEEE 802.11w: needed by SAE and by -SHA256 */
        snprintf(out, WPA_SETTING, "ieee80211w %d", open ? 0 : sae ? 2 : 1);
        return true;
    case 6:
        if (open)
            return false;
        if (sae)
            hex(out, WPA_SETTING, "sae_password", w->password.b, w->password.len);
        else
            snprintf(out, WPA_SETTING, psk ? "psk %.*s" : "psk \"%.*s\"", w->password.len,
                     (const char *)w->password.b);
        return true;
    }
    return false;
}
