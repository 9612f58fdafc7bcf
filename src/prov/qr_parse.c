/* The text of provisioning QR codes: read. */
#include <string.h>

#include <troth/net.h>
#include <troth/qr_payload.h>

#include "base/wipe.h"
#include "prov/json.h"

struct parser {
    struct json j;
    struct troth_qr *q;
    enum troth_qr_fault fault; /* of the meaning; j has its own */
};

static bool fail(struct parser *p, enum troth_qr_fault fault)
{
    if (p->fault == TROTH_QR_FINE)
        p->fault = fault;
    return false;
}

/* ---- what the keys mean ---- */

enum key { VER, NAME, USERNAME, POP, TRANSPORT, SECURITY, PASSWORD, NETWORK, KEYS };
static const char *const key_names[KEYS] = {"ver",       "name",     "username", "pop",
                                            "transport", "security", "password", "network"};

static bool same_word(const char *a, const char *b)
{
    for (; *a && *b; a++, b++)
        if ((*a >= 'A' && *a <= 'Z' ? *a | 0x20 : *a) != *b)
            return false;
    return *a == *b;
}

static bool take_text(struct parser *p, char *to, size_t cap)
{
    struct json_text s = {.p = to, .cap = cap};
    int c = json_peek(&p->j);
    if (c != '"')
        return c >= 0 && fail(p, TROTH_QR_TYPE);
    to[0] = 0;
    return json_string(&p->j, &s) && (!s.over || fail(p, TROTH_QR_VALUE));
}

static bool take_choice(struct parser *p, const char *first, const char *second, uint8_t *out)
{
    char word[8];
    if (!take_text(p, word, sizeof word))
        return false;
    *out = same_word(word, first) ? 1 : same_word(word, second) ? 2 : 0;
    return *out || fail(p, TROTH_QR_VALUE);
}

static bool take_security(struct parser *p)
{
    size_t one;
    int c = json_peek(&p->j);
    if (c != '-' && !(c >= '0' && c <= '9'))
        return c >= 0 && fail(p, TROTH_QR_TYPE);
    json_look(&p->j, &one);
    const char *at = p->j.p;
    if (!json_number(&p->j))
        return false;
    p->q->security = (uint8_t)(c - '0');
    return ((size_t)(p->j.p - at) == one && c >= '0' && c <= '2') || fail(p, TROTH_QR_VALUE);
}

static bool take_value(struct parser *p, enum key key)
{
    struct troth_qr *q = p->q;
    struct json_text nowhere = {.p = NULL};
    switch (key) {
    case VER: /* readers everywhere take any */
        if (json_peek(&p->j) == '"')
            return json_string(&p->j, &nowhere);
        return p->j.fault == JSON_FINE && fail(p, TROTH_QR_TYPE);
    case NAME:
        return take_text(p, q->name, sizeof q->name);
    case USERNAME:
        return take_text(p, q->username, sizeof q->username);
    case POP:
        q->has_pop = true;
        return take_text(p, q->pop, sizeof q->pop);
    case PASSWORD:
        return take_text(p, q->password, sizeof q->password);
    case TRANSPORT:
        return take_choice(p, "ble", "softap", &q->transport);
    case NETWORK:
        return take_choice(p, "wifi", "thread", &q->network);
    case SECURITY:
        return take_security(p);
    case KEYS:
        break;
    }
    return json_skip(&p->j);
}

static bool take_object(struct parser *p)
{
    unsigned seen = 0;
    if (!json_expect(&p->j, '{'))
        return false;
    if (json_peek(&p->j) == '}')
        return json_expect(&p->j, '}');
    do {
        char name[12] = "";
        struct json_text s = {.p = name, .cap = sizeof name};
        unsigned key = 0;
        if (!json_string(&p->j, &s) || !json_expect(&p->j, ':'))
            return false;
        while (key < KEYS && (s.over || s.len != strlen(key_names[key]) ||
                              memcmp(name, key_names[key], s.len) != 0))
            key++;
        if (key < KEYS && seen & 1u << key)
            return fail(p, TROTH_QR_TWICE);
        seen |= 1u << key;
        if (!take_value(p, (enum key)key))
            return false;
    } while (json_more(&p->j));
    return json_expect(&p->j, '}');
}

/* ---- where it is ---- */

static const char *find(const char *p, const char *end, const char *what)
{
    size_t n = strlen(what);
    for (; (size_t)(end - p) >= n; p++)
        if (memcmp(p, what, n) == 0)
            return p;
    return NULL;
}

/* To a link's data. False: it has none. */
static bool enter_link(struct json *j)
{
    const char *query = find(j->p, j->end, "?");
    const char *data = query ? find(query, j->end, "data=") : NULL;
    if (!data || (data[-1] != '?' && data[-1] != '&'))
        return false;
    j->p = data + 5;
    /* With a quote in it, it was printed as it is; else it is escaped and may have neighbours. */
    j->link = !find(j->p, j->end, "\"");
    for (const char *c = j->p; j->link && c < j->end; c++)
        if (*c == '&' || *c == '#')
            j->end = c;
    return true;
}

static bool begins(const struct json *j, const char *with)
{
    size_t n = strlen(with);
    return (size_t)(j->end - j->p) >= n && memcmp(j->p, with, n) == 0;
}

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static enum troth_qr_fault parse(struct parser *p)
{
    struct json *j = &p->j;
    while (j->p < j->end && blank(*j->p))
        j->p++;
    while (j->p < j->end && blank(j->end[-1]))
        j->end--;
    bool link = begins(j, "https://") || begins(j, "http://");
    if ((size_t)(j->end - j->p) > (link ? TROTH_QR_URL_MAX : TROTH_QR_TEXT_MAX))
        return TROTH_QR_TOO_LONG;
    if (link ? !enter_link(j) : !begins(j, "{"))
        return TROTH_QR_FOREIGN;
    bool whole = take_object(p);
    if (p->fault != TROTH_QR_FINE)
        return p->fault;
    if (j->fault == JSON_CUT)
        return TROTH_QR_CUT;
    if (!whole || j->p != j->end)
        return TROTH_QR_SYNTAX;
    return !p->q->name[0]     ? TROTH_QR_NO_NAME
           : !p->q->transport ? TROTH_QR_NO_TRANSPORT
                              : TROTH_QR_FINE;
}

enum troth_qr_fault troth_qr_parse(struct troth_qr *q, const char *text, size_t len)
{
    struct parser p = {.j = {.p = text, .end = text + len}, .q = q};
    memset(q, 0, sizeof *q);
    q->security = TROTH_QR_SECURITY_UNSET;
    enum troth_qr_fault fault = parse(&p);
    if (fault != TROTH_QR_FINE)
        wipe(q, sizeof *q);
    return fault;
}
