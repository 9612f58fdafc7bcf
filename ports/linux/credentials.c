#include "ports/linux/credentials.h"

#include <string.h>

#include "base/wipe.h"

enum { VERSION = 1 };
#define BLOB_MAX (1 + 1 + 32 + 1 + 1 + 64)

static size_t put_octets(uint8_t *out, const uint8_t *octets, uint8_t len)
{
    out[0] = len;
    memcpy(out + 1, octets, len);
    return 1u + len;
}

/* The octets at *at, at most `most`; false: cut short. */
static bool take_octets(const uint8_t *in, size_t len, size_t *at, uint8_t *out, uint8_t *out_len,
                        size_t most)
{
    if (*at >= len || in[*at] > most || len - *at - 1 < in[*at])
        return false;
    *out_len = in[*at];
    memcpy(out, in + *at + 1, *out_len);
    *at += 1u + *out_len;
    return true;
}

int credentials_save(struct store *s, const struct troth_credentials *c)
{
    uint8_t blob[BLOB_MAX];
    size_t n = 0;
    const struct troth_wifi *w = &c->u.wifi;
    if (c->kind != TROTH_NET_WIFI)
        return TROTH_UNSUPPORTED;
    blob[n++] = VERSION;
    n += put_octets(blob + n, w->ssid.b, w->ssid.len);
    blob[n++] = w->security;
    n += put_octets(blob + n, w->password.b, w->password.len);
    int result = store_blob_put(s, CREDENTIALS_BLOB, blob, n);
    wipe(blob, sizeof blob);
    return result;
}

int credentials_load(struct store *s, struct troth_credentials *c)
{
    uint8_t blob[BLOB_MAX];
    size_t len = 0, at = 1;
    struct troth_wifi *w = &c->u.wifi;
    memset(c, 0, sizeof *c);
    int result = store_blob_get(s, CREDENTIALS_BLOB, blob, sizeof blob, &len);
    if (result == TROTH_OK && len && blob[0] != VERSION)
        result = TROTH_UNSUPPORTED;
    else if (result == TROTH_FULL)
        result = TROTH_INVALID;
    if (result == TROTH_OK) {
        bool whole =
            take_octets(blob, len, &at, w->ssid.b, &w->ssid.len, sizeof w->ssid.b) && at < len;
        if (whole) {
            w->security = blob[at++];
            whole = take_octets(blob, len, &at, w->password.b, &w->password.len,
                                sizeof w->password.b) &&
                    at == len && w->ssid.len;
        }
        c->kind = TROTH_NET_WIFI;
        if (!whole)
            result = TROTH_INVALID;
    }
    wipe(blob, sizeof blob);
    if (result != TROTH_OK)
        wipe(c, sizeof *c);
    return result;
}

int credentials_erase(struct store *s)
{
    int result = store_blob_delete(s, CREDENTIALS_BLOB);
    return result == TROTH_NOT_FOUND ? TROTH_OK : result;
}
