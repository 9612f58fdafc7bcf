/* Credentials: what can work at all; names and sentences; reports. */
#include <string.h>

#include <troth/net.h>

#include "base/wipe.h"

const char *troth_net_reason_name(uint8_t reason)
{
    switch (reason) {
    case TROTH_NET_OK:
        return "OK";
    case TROTH_NET_WRONG_PASSWORD:
        return "WRONG_PASSWORD";
    case TROTH_NET_NOT_FOUND:
        return "NOT_FOUND";
    case TROTH_NET_NO_ADDRESS:
        return "NO_ADDRESS";
    case TROTH_NET_TIMEOUT:
        return "TIMEOUT";
    case TROTH_NET_UNSUPPORTED_SECURITY:
        return "UNSUPPORTED_SECURITY";
    case TROTH_NET_LINK_LOST:
        return "LINK_LOST";
    case TROTH_NET_BACKEND_GONE:
        return "BACKEND_GONE";
    case TROTH_NET_OTHER:
        return "OTHER";
    case TROTH_NET_NO_NETWORK_GIVEN:
        return "NO_NETWORK_GIVEN";
    case TROTH_NET_BAD_PASSWORD:
        return "BAD_PASSWORD";
    case TROTH_NET_NOT_STORED:
        return "NOT_STORED";
    }
    return "(unknown)";
}

const char *troth_net_reason_words(uint8_t reason)
{
    switch (reason) {
    case TROTH_NET_OK:
        return "nothing is wrong";
    case TROTH_NET_WRONG_PASSWORD:
        return "the network refused the password, most likely a typing error: check it, capital "
               "letters included, and try again";
    case TROTH_NET_NOT_FOUND:
        return "no such network is in range: check the name, move closer, and check that the "
               "network has a band the device can use (many have 2.4 GHz only); with WPA3 a wrong "
               "password can look like this too";
    case TROTH_NET_NO_ADDRESS:
        return "the network let the device in but gave it no address: check the router's DHCP, or "
               "restart the router";
    case TROTH_NET_TIMEOUT:
        return "the network did not answer in time: move closer and try again; if it persists, "
               "check the password";
    case TROTH_NET_UNSUPPORTED_SECURITY:
        return "the network does not use this kind of security, or the device cannot: choose "
               "another kind, or let it be detected";
    case TROTH_NET_LINK_LOST:
        return "the connection to the network was lost: the device keeps trying to rejoin; check "
               "that the router is on";
    case TROTH_NET_BACKEND_GONE:
        return "the device's network service does not run: restart it or the device";
    case TROTH_NET_OTHER:
        return "the network could not be joined and nobody said why: try again, then look in the "
               "device's log";
    case TROTH_NET_NO_NETWORK_GIVEN:
        return "no network was named: send its name first, then connect";
    case TROTH_NET_BAD_PASSWORD:
        return "this cannot be the password of such a network: it needs 8 to 63 characters, or 64 "
               "hexadecimal digits for a raw key";
    case TROTH_NET_NOT_STORED:
        return "the device could not write its memory: what was changed is lost at power-off; try "
               "again, then check its storage";
    }
    return "a reason this version of troth does not know";
}

const char *troth_wifi_security_name(uint8_t security)
{
    switch (security) {
    case TROTH_WIFI_OPEN:
        return "open";
    case TROTH_WIFI_WPA2_PSK:
        return "WPA2-PSK";
    case TROTH_WIFI_WPA2_PSK_SHA256:
        return "WPA2-PSK-SHA256";
    case TROTH_WIFI_WPA3_SAE:
        return "WPA3-SAE";
    case TROTH_WIFI_WPA2_WPA3:
        return "WPA2/WPA3";
    case TROTH_WIFI_OTHER:
        return "other";
    case TROTH_WIFI_AUTO:
        return "auto";
    }
    return "(unknown)";
}

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool troth_password_is_psk(const struct troth_password *p)
{
    if (p->len != 64)
        return false;
    for (unsigned i = 0; i < 64; i++)
        if (!is_hex(p->b[i]))
            return false;
    return true;
}

static bool is_passphrase(const struct troth_password *p)
{
    if (p->len < 8 || p->len > 63)
        return false;
    for (unsigned i = 0; i < p->len; i++)
        if (p->b[i] < 0x20 || p->b[i] == 0x7f)
            return false;
    return true;
}

enum troth_net_reason troth_wifi_check(const struct troth_wifi *w)
{
    if (w->ssid.len == 0 || w->ssid.len > sizeof w->ssid.b)
        return TROTH_NET_NO_NETWORK_GIVEN;
    switch (w->security) {
    case TROTH_WIFI_OPEN:
        return TROTH_NET_OK;
    case TROTH_WIFI_AUTO:
        if (w->password.len == 0)
            return TROTH_NET_OK;
        break;
    case TROTH_WIFI_WPA2_PSK:
    case TROTH_WIFI_WPA2_PSK_SHA256:
    case TROTH_WIFI_WPA2_WPA3:
        break;
    case TROTH_WIFI_WPA3_SAE:
        return w->password.len >= 1 && w->password.len <= sizeof w->password.b
                   ? TROTH_NET_OK
                   : TROTH_NET_BAD_PASSWORD;
    default:
        return TROTH_NET_UNSUPPORTED_SECURITY;
    }
    return is_passphrase(&w->password) || troth_password_is_psk(&w->password)
               ? TROTH_NET_OK
               : TROTH_NET_BAD_PASSWORD;
}

enum troth_net_reason troth_credentials_check(const struct troth_credentials *c)
{
    switch (c->kind) {
    case TROTH_NET_WIFI:
        return troth_wifi_check(&c->u.wifi);
    case TROTH_NET_THREAD:
        return c->u.thread.len >= 1 && c->u.thread.len <= TROTH_DATASET_MAX
                   ? TROTH_NET_OK
                   : TROTH_NET_NO_NETWORK_GIVEN;
    }
    return TROTH_NET_NO_NETWORK_GIVEN;
}

void troth_wifi_resolve(struct troth_wifi *w)
{
    if (w->security == TROTH_WIFI_AUTO)
        w->security = w->password.len ? TROTH_WIFI_WPA2_PSK : TROTH_WIFI_OPEN;
    if (w->security == TROTH_WIFI_OPEN)
        wipe(&w->password, sizeof w->password);
}

bool troth_ssid_equal(const struct troth_ssid *a, const struct troth_ssid *b)
{
    return a->len == b->len && memcmp(a->b, b->b, a->len) == 0;
}

/* Octets of the UTF-8 character at p that may be shown as it is; 0: escape one octet. */
static size_t showable(const uint8_t *p, size_t left)
{
    static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
    uint32_t c = p[0];
    if (c < 0x80)
        return c >= 0x20 && c != 0x7f;
    size_t n = c >= 0xf0 && c < 0xf8 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 0;
    if (n == 0 || n > left || c >= 0xf8)
        return 0;
    c &= 0x7fu >> n;
    for (size_t i = 1; i < n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0;
        c = c << 6 | (p[i] & 0x3f);
    }
    bool bad = c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) || c < 0xa0;
    /* Marks of writing direction, separators of lines, zero width: they would fake a terminal. */
    bool sly = c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
               (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
    return bad || sly ? 0 : n;
}

char *troth_ssid_text(const struct troth_ssid *ssid, char *text, size_t cap)
{
    static const char digit[] = "0123456789abcdef";
    size_t at = 0;
    for (size_t i = 0; i < ssid->len && at + 5 <= cap;) {
        size_t n = showable(ssid->b + i, ssid->len - i);
        if (n == 0) {
            text[at++] = '\\';
            text[at++] = 'x';
            text[at++] = digit[ssid->b[i] >> 4];
            text[at++] = digit[ssid->b[i] & 15];
            i++;
            continue;
        }
        if (ssid->b[i] == '\\')
            text[at++] = '\\';
        memcpy(text + at, ssid->b + i, n);
        at += n;
        i += n;
    }
    if (cap)
        text[at] = 0;
    return text;
}

static void report(const struct troth_net_sink *s, struct troth_net_report r)
{
    s->report(s->ctx, &r);
}

void troth_net_joined(const struct troth_net_sink *s, uint32_t id,
                      const struct troth_net_info *info)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_JOINED, .id = id, .info = info});
}

void troth_net_join_failed(const struct troth_net_sink *s, uint32_t id,
                           enum troth_net_reason reason)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_JOIN_FAILED, .id = id, .reason = reason});
}

void troth_net_lost(const struct troth_net_sink *s, uint32_t id, enum troth_net_reason reason)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_LOST, .id = id, .reason = reason});
}

void troth_net_left(const struct troth_net_sink *s, uint32_t id)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_LEFT, .id = id});
}

void troth_net_scan_result(const struct troth_net_sink *s, uint32_t id,
                           const struct troth_scan_result *result)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_SCAN_RESULT, .id = id, .result = result});
}

void troth_net_scan_done(const struct troth_net_sink *s, uint32_t id, enum troth_net_reason reason)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_SCAN_DONE, .id = id, .reason = reason});
}

void troth_net_status(const struct troth_net_sink *s, uint32_t id,
                      const struct troth_net_info *info)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_STATUS, .id = id, .info = info});
}
