/* Thread datasets as people see them: words, lines, hexadecimal. */
#include <string.h>

#include <troth/dataset.h>

#include "base/check.h"
#include "base/wipe.h"

#define VALUE_MAX (TROTH_DATASET_TEXT + 16)

static const char digit[] = "0123456789abcdef";

const char *troth_dataset_type_name(uint8_t type)
{
    switch (type) {
    case TROTH_DATASET_CHANNEL:
        return "Channel";
    case TROTH_DATASET_PAN_ID:
        return "PAN ID";
    case TROTH_DATASET_EXT_PAN_ID:
        return "Extended PAN ID";
    case TROTH_DATASET_NETWORK_NAME:
        return "Network Name";
    case TROTH_DATASET_PSKC:
        return "PSKc";
    case TROTH_DATASET_NETWORK_KEY:
        return "Network Key";
    case TROTH_DATASET_MESH_LOCAL_PREFIX:
        return "Mesh-Local Prefix";
    case TROTH_DATASET_SECURITY_POLICY:
        return "Security Policy";
    case TROTH_DATASET_ACTIVE_TIMESTAMP:
        return "Active Timestamp";
    case TROTH_DATASET_PENDING_TIMESTAMP:
        return "Pending Timestamp";
    case TROTH_DATASET_DELAY_TIMER:
        return "Delay Timer";
    case TROTH_DATASET_CHANNEL_MASK:
        return "Channel Mask";
    case TROTH_DATASET_DOMAIN_NAME:
        return "Domain Name";
    case TROTH_DATASET_WAKEUP_CHANNEL:
        return "Wake-up Channel";
    }
    return "(unknown)";
}

const char *troth_dataset_fault_words(enum troth_dataset_fault fault)
{
    switch (fault) {
    case TROTH_DATASET_FINE:
        return "nothing is wrong with it";
    case TROTH_DATASET_EMPTY:
        return "it is empty: give the dataset's hexadecimal TLVs";
    case TROTH_DATASET_TOO_LONG:
        return "it is longer than 254 octets, which no dataset is: give one, and only that";
    case TROTH_DATASET_CUT:
        return "it ends in the middle of a TLV: copy it again whole";
    case TROTH_DATASET_SIZE:
        return "a TLV in it has a length that its type does not have: copy it again, and mind that "
               "numbers have all their digits (a PAN ID has four)";
    case TROTH_DATASET_TWICE:
        return "a TLV is in it twice: give one dataset, and only that";
    case TROTH_DATASET_BAD_CHANNEL:
        return "its channel is none of 11 to 26 on page 0, which is what Thread uses at 2.4 GHz";
    case TROTH_DATASET_BAD_PAN_ID:
        return "its PAN ID is 0xffff, which stands for every network: give the network's own";
    case TROTH_DATASET_BAD_NAME:
        return "its network name is no text of 1 to 16 octets in UTF-8";
    case TROTH_DATASET_BAD_PREFIX:
        return "its Mesh-Local Prefix does not begin with fd";
    case TROTH_DATASET_BAD_POLICY:
        return "its security policy changes keys every 0 hours: it must be 1 at least";
    case TROTH_DATASET_BAD_MASK:
        return "its channel mask allows none of the channels 11 to 26";
    case TROTH_DATASET_NO_KEY:
        return "there is no network key in it, without which nothing can be joined: give the whole "
               "active dataset of the border router";
    case TROTH_DATASET_ODD:
        return "it has an odd number of hexadecimal digits: one is missing, copy it again";
    case TROTH_DATASET_DIGIT:
        return "there is a character in it that is no hexadecimal digit: copy it again";
    }
    return "it is no Thread dataset";
}

/* ---- lines ---- */

struct text {
    char *p;
    size_t len, cap;
};

static void add(struct text *t, const char *s)
{
    while (*s && t->len + 1 < t->cap)
        t->p[t->len++] = *s++;
    t->p[t->len] = 0;
}

static void add_hex(struct text *t, const uint8_t *v, size_t n)
{
    for (size_t i = 0; i < n; i++)
        add(t, (char[]){digit[v[i] >> 4], digit[v[i] & 15], 0});
}

static void add_number(struct text *t, uint64_t n)
{
    char s[21];
    char *p = s + sizeof s - 1;
    *p = 0;
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    add(t, p);
}

static uint64_t get_be(const uint8_t *p, unsigned n)
{
    uint64_t v = 0;
    while (n--)
        v = v << 8 | *p++;
    return v;
}

static void add_channel(struct text *t, const uint8_t *v)
{
    add_number(t, get_be(v + 1, 2));
    if (v[0]) {
        add(t, " of page ");
        add_number(t, v[0]);
    }
}

static void add_name(struct text *t, const uint8_t *v, uint8_t len)
{
    char shown[TROTH_THREAD_NAME_TEXT];
    struct troth_thread_name name = {.len = len};
    memcpy(name.b, v, len);
    add(t, troth_thread_name_text(&name, shown, sizeof shown));
}

static void add_prefix(struct text *t, const uint8_t *v)
{
    for (unsigned i = 0; i < 8; i += 2) {
        add_hex(t, v + i, 2);
        add(t, ":");
    }
    add(t, ":/64");
}

static void add_timestamp(struct text *t, const uint8_t *v)
{
    add_number(t, get_be(v, 6));
    add(t, " s");
    if (get_be(v + 6, 2) >> 1) {
        add(t, " + ");
        add_number(t, get_be(v + 6, 2) >> 1);
        add(t, "/32768");
    }
    if (v[7] & 1)
        add(t, ", authoritative");
}

/* "11-14,20"; other pages as they are. */
static void add_mask(struct text *t, const uint8_t *v, uint8_t len)
{
    for (const uint8_t *end = v + len; v < end; v += 2 + v[1]) {
        unsigned bits = 8u * v[1];
        const char *before = t->len ? "; " : "";
        if (v[0]) {
            add(t, before);
            add(t, "page ");
            add_number(t, v[0]);
            before = ": ";
        }
        for (unsigned i = 0, run; i < bits; i += run + 1) {
            for (run = 0; i + run < bits && v[2 + (i + run) / 8] & 0x80 >> (i + run) % 8; run++)
                ;
            if (run == 0)
                continue;
            add(t, before);
            before = ",";
            add_number(t, i);
            if (run > 1) {
                add(t, "-");
                add_number(t, i + run - 1);
            }
        }
    }
}

static void add_value(struct text *t, uint8_t type, const uint8_t *v, uint8_t len, bool secrets)
{
    switch (type) {
    case TROTH_DATASET_CHANNEL:
    case TROTH_DATASET_WAKEUP_CHANNEL:
        add_channel(t, v);
        return;
    case TROTH_DATASET_PAN_ID:
        add(t, "0x");
        break;
    case TROTH_DATASET_EXT_PAN_ID:
        break;
    case TROTH_DATASET_NETWORK_NAME:
    case TROTH_DATASET_DOMAIN_NAME:
        add_name(t, v, len);
        return;
    case TROTH_DATASET_MESH_LOCAL_PREFIX:
        add_prefix(t, v);
        return;
    case TROTH_DATASET_SECURITY_POLICY:
        add_number(t, get_be(v, 2));
        add(t, " h, flags ");
        v += 2;
        len = (uint8_t)(len - 2);
        break;
    case TROTH_DATASET_ACTIVE_TIMESTAMP:
    case TROTH_DATASET_PENDING_TIMESTAMP:
        add_timestamp(t, v);
        return;
    case TROTH_DATASET_DELAY_TIMER:
        add_number(t, get_be(v, 4));
        add(t, " ms");
        return;
    case TROTH_DATASET_CHANNEL_MASK:
        add_mask(t, v, len);
        return;
    default: /* the keys, and what nobody here knows */
        if (!secrets) {
            add(t, "(hidden)");
            return;
        }
    }
    add_hex(t, v, len);
}

void troth_dataset_print(const struct troth_thread *t, bool secrets,
                         void (*line)(void *ctx, const char *name, const char *value), void *ctx)
{
    char name[24], value[VALUE_MAX];
    if (troth_dataset_parse(NULL, t->dataset, t->len, NULL) != TROTH_DATASET_FINE)
        return;
    for (size_t at = 0; at < t->len; at += 2u + t->dataset[at + 1]) {
        uint8_t type = t->dataset[at];
        struct text n = {name, 0, sizeof name}, v = {value, 0, sizeof value};
        add(&n, troth_dataset_type_name(type));
        if (name[0] == '(') {
            n.len = 0;
            add(&n, "Type ");
            add_number(&n, type);
        }
        value[0] = 0;
        add_value(&v, type, t->dataset + at + 2, t->dataset[at + 1], secrets);
        line(ctx, name, value);
    }
    wipe(value, sizeof value);
}

/* ---- hexadecimal ---- */

static int nibble(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

enum troth_dataset_fault troth_dataset_from_text(struct troth_thread *t, const char *text,
                                                 size_t len)
{
    wipe(t, sizeof *t);
    for (size_t i = 0; i < len; i++)
        if (nibble(text[i]) < 0)
            return TROTH_DATASET_DIGIT;
    if (len == 0)
        return TROTH_DATASET_EMPTY;
    if (len % 2)
        return TROTH_DATASET_ODD;
    if (len / 2 > TROTH_DATASET_MAX)
        return TROTH_DATASET_TOO_LONG;
    for (size_t i = 0; i < len; i += 2)
        t->dataset[i / 2] = (uint8_t)(nibble(text[i]) << 4 | nibble(text[i + 1]));
    t->len = (uint8_t)(len / 2);
    return TROTH_DATASET_FINE;
}

int troth_dataset_to_text(const struct troth_thread *t, char *text, size_t cap)
{
    struct text out = {text, 0, cap};
    VERIFY(cap > 2u * t->len, TROTH_INVALID);
    text[0] = 0;
    add_hex(&out, t->dataset, t->len);
    return (int)out.len;
}
