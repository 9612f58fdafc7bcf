/* Credentials: what can work at all; names as text; reports. */
#include <string.h>

#include <troth/dataset.h>
#include <troth/net.h>

#include "base/wipe.h"
#include "net/utf8.h"

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
        return troth_thread_check(&c->u.thread);
    }
    return TROTH_NET_NO_NETWORK_GIVEN;
}

enum troth_net_reason troth_thread_check(const struct troth_thread *t)
{
    if (t->len == 0)
        return TROTH_NET_NO_NETWORK_GIVEN;
    return troth_dataset_check(t->dataset, t->len, NULL) == TROTH_DATASET_FINE
               ? TROTH_NET_OK
               : TROTH_NET_BAD_DATASET;
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
    uint32_t c;
    size_t n = utf8_take(p, left, &c);
    bool control = c < 0x20 || (c >= 0x7f && c < 0xa0);
    /* Marks of writing direction, separators of lines, zero width: they would fake a terminal. */
    bool sly = c == 0x061c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
               (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
    return control || sly ? 0 : n;
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

char *troth_thread_name_text(const struct troth_thread_name *name, char *text, size_t cap)
{
    struct troth_ssid octets = {.len = name->len <= sizeof name->b ? name->len : 0};
    memcpy(octets.b, name->b, octets.len);
    return troth_ssid_text(&octets, text, cap);
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

void troth_net_changed(const struct troth_net_sink *s, uint32_t id,
                       const struct troth_net_info *info)
{
    report(s, (struct troth_net_report){.type = TROTH_NET_CHANGED, .id = id, .info = info});
}
