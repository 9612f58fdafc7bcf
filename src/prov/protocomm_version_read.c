/* proto-ver, as a client reads it. */
#include <string.h>

#include <troth/protocomm_client.h>

#include "base/check.h"
#include "prov/json.h"

static bool is(const char *word, const char *other)
{
    size_t n = strlen(other);
    return strlen(word) == n && memcmp(word, other, n) == 0;
}

static bool take_word(struct json *j, char *word, size_t cap)
{
    struct json_text s = {.p = word, .cap = cap};
    word[0] = 0;
    VERIFY(json_string(j, &s), false);
    if (s.over)
        word[0] = 0; /* none we know */
    return true;
}

/* 0 to 254; what is none reads as 255. */
static bool take_small(struct json *j, uint8_t *out)
{
    unsigned v = 0;
    json_peek(j);
    const char *at = j->p;
    VERIFY(json_number(j), false);
    for (; at < j->p; at++)
        v = *at >= '0' && *at <= '9' && v < 255 ? v * 10 + (unsigned)(*at - '0') : 255;
    *out = v < 255 ? (uint8_t)v : 255;
    return true;
}

static bool take_capabilities(struct json *j, struct troth_proto_ver *out)
{
    VERIFY(json_expect(j, '['), false);
    if (json_peek(j) != ']') {
        do {
            char word[16];
            VERIFY(take_word(j, word, sizeof word), false);
            out->no_sec |= is(word, "no_sec");
            out->no_pop |= is(word, "no_pop");
            out->wifi_prov |= is(word, "wifi_prov");
            out->wifi_scan |= is(word, "wifi_scan");
            out->thread_prov |= is(word, "thread_prov");
            out->thread_scan |= is(word, "thread_scan");
        } while (json_more(j));
    }
    return json_expect(j, ']');
}

static bool take_prov(struct json *j, struct troth_proto_ver *out)
{
    VERIFY(json_expect(j, '{'), false);
    if (json_peek(j) != '}') {
        do {
            char key[16];
            VERIFY(take_word(j, key, sizeof key) && json_expect(j, ':'), false);
            bool ok = is(key, "ver")             ? take_word(j, out->ver, sizeof out->ver)
                      : is(key, "sec_ver")       ? take_small(j, &out->sec_ver)
                      : is(key, "sec_patch_ver") ? take_small(j, &out->patch)
                      : is(key, "cap")           ? take_capabilities(j, out)
                                                 : json_skip(j);
            VERIFY(ok, false);
        } while (json_more(j));
    }
    return json_expect(j, '}');
}

static bool take_all(struct json *j, struct troth_proto_ver *out)
{
    bool found = false;
    VERIFY(json_expect(j, '{'), false);
    do {
        char key[16];
        VERIFY(take_word(j, key, sizeof key) && json_expect(j, ':'), false);
        found |= is(key, "prov");
        VERIFY(is(key, "prov") ? take_prov(j, out) : json_skip(j), false);
    } while (json_more(j));
    return json_expect(j, '}') && json_peek(j) < 0 && found;
}

static bool is_version_char(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
           ch == '.' || ch == '-' || ch == '_';
}

/* Devices of ESP-IDF 3 answer with their version alone, "V0.1". */
static bool take_bare(const char *text, size_t len, struct troth_proto_ver *out)
{
    VERIFY(len && len < sizeof out->ver, false);
    for (size_t i = 0; i < len; i++)
        VERIFY(is_version_char(text[i]), false);
    memcpy(out->ver, text, len);
    return true;
}

int troth_proto_ver_read(const uint8_t *in, size_t len, struct troth_proto_ver *out)
{
    struct json j = {.p = (const char *)in, .end = (const char *)in + len};
    memset(out, 0, sizeof *out);
    out->sec_ver = TROTH_PROTO_VER_UNSET;
    if (len && in[len - 1] == 0)
        j.end--;
    if (!take_bare(j.p, (size_t)(j.end - j.p), out) && !take_all(&j, out)) {
        memset(out, 0, sizeof *out);
        return TROTH_INVALID;
    }
    out->scheme = out->sec_ver != TROTH_PROTO_VER_UNSET ? out->sec_ver : out->no_sec ? 0 : 1;
    out->kind = out->thread_prov ? TROTH_NET_THREAD : TROTH_NET_WIFI;
    out->can_scan = out->thread_prov ? out->thread_scan : out->wifi_scan;
    return TROTH_OK;
}
