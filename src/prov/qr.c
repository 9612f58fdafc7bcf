/* The text of provisioning QR codes: written. */
#include <string.h>

#include <troth/net.h>
#include <troth/qr_payload.h>

#include "base/check.h"
#include "base/wipe.h"
#include "net/utf8.h"

static const char digit[] = "0123456789ABCDEF";

const char *troth_qr_fault_words(enum troth_qr_fault fault)
{
    switch (fault) {
    case TROTH_QR_FINE:
        return "nothing is wrong with it";
    case TROTH_QR_FOREIGN:
        return "it is no provisioning code: such a code holds JSON, or a link with data={...}; "
               "scan "
               "the one on the device's label or screen";
    case TROTH_QR_TOO_LONG:
        return "it is longer than any provisioning code: give the text of one code, and only that";
    case TROTH_QR_CUT:
        return "it ends in the middle: scan or copy it again whole";
    case TROTH_QR_SYNTAX:
        return "its JSON is broken: scan or copy it again, without shell quoting in it";
    case TROTH_QR_TWICE:
        return "one of its keys is there twice, so nobody can tell which holds: whoever made the "
               "code made it wrongly";
    case TROTH_QR_TYPE:
        return "one of its values is of the wrong type: texts stand in quotes, \"security\" is a "
               "number; whoever made the code made it wrongly";
    case TROTH_QR_VALUE:
        return "one of its values is too long or none of its kind: \"transport\" is ble or softap, "
               "\"network\" wifi or thread, \"security\" 0, 1 or 2";
    case TROTH_QR_NO_NAME:
        return "it names no device: its \"name\" is missing";
    case TROTH_QR_NO_TRANSPORT:
        return "it does not say how the device is reached: its \"transport\" is missing";
    }
    return "it is no provisioning code";
}

/* ---- writing ---- */

struct writer {
    char *p;
    size_t len, cap;
    bool link, bad;
};

static void put_octet(struct writer *w, char c)
{
    if (w->len + 1 >= w->cap)
        w->bad = true;
    else
        w->p[w->len++] = c;
}

static bool unreserved(char c) /* RFC 3986 2.3 */
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put(struct writer *w, char c)
{
    if (!w->link || unreserved(c)) {
        put_octet(w, c);
        return;
    }
    put_octet(w, '%');
    put_octet(w, digit[(uint8_t)c >> 4]);
    put_octet(w, digit[(uint8_t)c & 15]);
}

static void put_text(struct writer *w, const char *s)
{
    while (*s)
        put(w, *s++);
}

static void put_string(struct writer *w, const char *s)
{
    put(w, '"');
    for (size_t left = strlen(s); left;) {
        uint32_t c;
        size_t n = utf8_take((const uint8_t *)s, left, &c);
        if (n == 0) {
            w->bad = true;
            return;
        }
        if (c < 0x20) {
            put_text(w, "\\u00");
            put(w, digit[c >> 4]);
            put(w, digit[c & 15]);
        } else if (c == '"' || c == '\\') {
            put(w, '\\');
        }
        for (left -= n; n; n--, s++)
            if (c >= 0x20)
                put(w, *s);
    }
    put(w, '"');
}

static void put_pair(struct writer *w, const char *key, const char *value)
{
    put(w, ',');
    put_string(w, key);
    put(w, ':');
    put_string(w, value);
}

static bool ended(const char *s, size_t size)
{
    while (size && *s) {
        s++;
        size--;
    }
    return size != 0;
}

static bool whole(const struct troth_qr *q)
{
    return ended(q->name, sizeof q->name) && ended(q->username, sizeof q->username) &&
           ended(q->pop, sizeof q->pop) && ended(q->password, sizeof q->password) && q->name[0] &&
           (q->transport == TROTH_QR_BLE || q->transport == TROTH_QR_SOFTAP) &&
           (q->security <= 2 || q->security == TROTH_QR_SECURITY_UNSET) &&
           q->network <= TROTH_NET_THREAD;
}

static int write_code(struct writer *w, const struct troth_qr *q, bool secrets)
{
    size_t begin = w->len;
    VERIFY(whole(q) && w->cap, TROTH_INVALID);
    w->link = begin != 0;
    put_text(w, "{\"ver\":\"v1\"");
    put_pair(w, "name", q->name);
    if (q->username[0])
        put_pair(w, "username", q->username);
    if (secrets && (q->pop[0] || q->has_pop))
        put_pair(w, "pop", q->pop);
    put_pair(w, "transport", q->transport == TROTH_QR_BLE ? "ble" : "softap");
    if (q->security != TROTH_QR_SECURITY_UNSET) {
        put_text(w, ",\"security\":");
        put(w, digit[q->security]);
    }
    if (secrets && q->password[0])
        put_pair(w, "password", q->password);
    if (q->network)
        put_pair(w, "network", q->network == TROTH_NET_WIFI ? "wifi" : "thread");
    put(w, '}');
    if (w->bad) {
        wipe(w->p, w->cap);
        return TROTH_INVALID;
    }
    w->p[w->len] = 0;
    return (int)w->len;
}

int troth_qr_write(const struct troth_qr *q, bool secrets, char *text, size_t cap)
{
    struct writer w = {.p = text, .cap = cap};
    return write_code(&w, q, secrets);
}

int troth_qr_write_url(const struct troth_qr *q, bool secrets, char *text, size_t cap)
{
    struct writer w = {.p = text, .cap = cap};
    put_text(&w, TROTH_QR_URL);
    return w.bad ? (int)TROTH_INVALID : write_code(&w, q, secrets);
}
