#include "ports/linux/credentials.h"

#include <string.h>

#include <troth/crypto.h>

#include "base/wipe.h"
#include "ports/linux/runtime.h"

/* Version 1 is Wi-Fi's and says nothing of a kind; it is still what Wi-Fi is written as. */
enum { VERSION_WIFI = 1, VERSION_KIND = 2, VERSION_SEALED = 3 };
#define WIFI_MAX   (1 + 1 + 32 + 1 + 1 + 64)
#define THREAD_MAX (1 + 1 + 1 + TROTH_DATASET_MAX)
#define BLOB_MAX   (WIFI_MAX > THREAD_MAX ? WIFI_MAX : THREAD_MAX)
#define NONCE      12
#define TAG        16
#define SEALED_MAX (1 + NONCE + BLOB_MAX + TAG)

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

static size_t put_wifi(uint8_t *blob, const struct troth_wifi *w)
{
    size_t n = 0;
    blob[n++] = VERSION_WIFI;
    n += put_octets(blob + n, w->ssid.b, w->ssid.len);
    blob[n++] = w->security;
    return n + put_octets(blob + n, w->password.b, w->password.len);
}

static bool take_wifi(const uint8_t *blob, size_t len, struct troth_wifi *w)
{
    size_t at = 1;
    if (!take_octets(blob, len, &at, w->ssid.b, &w->ssid.len, sizeof w->ssid.b) || at >= len)
        return false;
    w->security = blob[at++];
    return take_octets(blob, len, &at, w->password.b, &w->password.len, sizeof w->password.b) &&
           at == len && w->ssid.len;
}

static size_t put_thread(uint8_t *blob, const struct troth_thread *t)
{
    blob[0] = VERSION_KIND;
    blob[1] = TROTH_NET_THREAD;
    return 2 + put_octets(blob + 2, t->dataset, t->len);
}

static int take_kind(const uint8_t *blob, size_t len, struct troth_credentials *c)
{
    struct troth_thread *t = &c->u.thread;
    size_t at = 2;
    if (len < 2)
        return TROTH_INVALID;
    if (blob[1] != TROTH_NET_THREAD)
        return TROTH_UNSUPPORTED;
    c->kind = TROTH_NET_THREAD;
    return take_octets(blob, len, &at, t->dataset, &t->len, sizeof t->dataset) && at == len &&
                   t->len
               ? TROTH_OK
               : TROTH_INVALID;
}

/* ---- sealing ---- */

/* A fresh nonce each time: there are few writes in a device's life, far from where they collide. */
static size_t put_sealed(uint8_t *out, const struct seal *seal, const uint8_t *blob, size_t len)
{
    out[0] = VERSION_SEALED;
    runtime_random(NULL, out + 1, NONCE);
    troth_aes256_gcm_seal(seal->key, out + 1, blob, len, out + 1 + NONCE);
    return 1 + NONCE + len + TAG;
}

/* In place. */
static int open_sealed(uint8_t *blob, size_t *len, const struct seal *seal)
{
    uint8_t *in = blob + 1 + NONCE;
    if (*len <= 1 + NONCE + TAG)
        return TROTH_INVALID;
    if (!seal || !seal->on || !troth_aes256_gcm_open(seal->key, blob + 1, in, *len - 1 - NONCE, in))
        return TROTH_STATE;
    *len -= 1 + NONCE + TAG;
    memmove(blob, in, *len);
    return TROTH_OK;
}

/* ---- in the store ---- */

int credentials_save(struct store *s, const struct seal *seal, const struct troth_credentials *c)
{
    uint8_t blob[BLOB_MAX], sealed[SEALED_MAX];
    size_t n;
    switch (c->kind) {
    case TROTH_NET_WIFI:
        n = put_wifi(blob, &c->u.wifi);
        break;
    case TROTH_NET_THREAD:
        n = put_thread(blob, &c->u.thread);
        break;
    default:
        return TROTH_UNSUPPORTED;
    }
    int result;
    if (seal && seal->on)
        result = store_blob_put(s, CREDENTIALS_BLOB, sealed, put_sealed(sealed, seal, blob, n));
    else
        result = store_blob_put(s, CREDENTIALS_BLOB, blob, n);
    wipe(blob, sizeof blob);
    return result;
}

static int take(const uint8_t *blob, size_t len, struct troth_credentials *c)
{
    if (len == 0)
        return TROTH_INVALID;
    switch (blob[0]) {
    case VERSION_WIFI:
        c->kind = TROTH_NET_WIFI;
        return take_wifi(blob, len, &c->u.wifi) ? TROTH_OK : TROTH_INVALID;
    case VERSION_KIND:
        return take_kind(blob, len, c);
    }
    return TROTH_UNSUPPORTED;
}

int credentials_load(struct store *s, const struct seal *seal, struct troth_credentials *c)
{
    uint8_t blob[SEALED_MAX];
    size_t len = 0;
    memset(c, 0, sizeof *c);
    int result = store_blob_get(s, CREDENTIALS_BLOB, blob, sizeof blob, &len);
    if (result == TROTH_FULL)
        result = TROTH_INVALID;
    bool sealed = result == TROTH_OK && len && blob[0] == VERSION_SEALED;
    if (sealed)
        result = open_sealed(blob, &len, seal);
    if (result == TROTH_OK)
        result = take(blob, len, c);
    wipe(blob, sizeof blob);
    if (result != TROTH_OK)
        wipe(c, sizeof *c);
    else if (!sealed && seal && seal->on) /* from before there was a key */
        result = credentials_save(s, seal, c);
    return result;
}

int credentials_erase(struct store *s)
{
    int result = store_blob_delete(s, CREDENTIALS_BLOB);
    return result == TROTH_NOT_FOUND ? TROTH_OK : result;
}
