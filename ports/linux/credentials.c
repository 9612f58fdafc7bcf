#include "ports/linux/credentials.h"

#include <string.h>

#include <troth/crypto.h>

#include "base/wipe.h"
#include "ports/linux/runtime.h"

/* Version 1 is Wi-Fi's and says nothing of a kind; it is still what Wi-Fi is written as. */
enum { VERSION_WIFI = 1, VERSION_KIND = 2, VERSION_SEALED = 3, VERSION_KEPT = 4 };
#define WIFI_MAX   (1 + 1 + 32 + 1 + 1 + 64)
#define THREAD_MAX (1 + 1 + 1 + TROTH_DATASET_MAX)
#define KEPT_MAX   (1 + 3 * (1 + TROTH_DATASET_MAX))
#define BLOB_MAX   (WIFI_MAX > KEPT_MAX ? WIFI_MAX : KEPT_MAX)
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

static int put_blob(struct store *s, const struct seal *seal, const char *name, const uint8_t *blob,
                    size_t len)
{
    uint8_t sealed[SEALED_MAX];
    if (!seal || !seal->on)
        return store_blob_put(s, name, blob, len);
    return store_blob_put(s, name, sealed, put_sealed(sealed, seal, blob, len));
}

/* What take makes of it, which is not sealed; *sealed: it was. blob: SEALED_MAX octets. */
static int get_blob(struct store *s, const struct seal *seal, const char *name, uint8_t *blob,
                    size_t *len, bool *sealed)
{
    int result = store_blob_get(s, name, blob, SEALED_MAX, len);
    if (result == TROTH_FULL)
        result = TROTH_INVALID;
    *sealed = result == TROTH_OK && *len && blob[0] == VERSION_SEALED;
    return *sealed ? open_sealed(blob, len, seal) : result;
}

static int erase(struct store *s, const char *name)
{
    int result = store_blob_delete(s, name);
    return result == TROTH_NOT_FOUND ? TROTH_OK : result;
}

static int save(struct store *s, const struct seal *seal, const char *name,
                const struct troth_credentials *c)
{
    uint8_t blob[BLOB_MAX];
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
    int result = put_blob(s, seal, name, blob, n);
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

static int load(struct store *s, const struct seal *seal, const char *name,
                struct troth_credentials *c)
{
    uint8_t blob[SEALED_MAX];
    size_t len = 0;
    bool sealed;
    memset(c, 0, sizeof *c);
    int result = get_blob(s, seal, name, blob, &len, &sealed);
    if (result == TROTH_OK)
        result = take(blob, len, c);
    wipe(blob, sizeof blob);
    if (result != TROTH_OK)
        wipe(c, sizeof *c);
    else if (!sealed && seal && seal->on) /* from before there was a key */
        result = save(s, seal, name, c);
    return result;
}

int credentials_save(struct store *s, const struct seal *seal, const struct troth_credentials *c)
{
    return save(s, seal, CREDENTIALS_BLOB, c);
}

int credentials_load(struct store *s, const struct seal *seal, struct troth_credentials *c)
{
    return load(s, seal, CREDENTIALS_BLOB, c);
}

int credentials_erase(struct store *s)
{
    return erase(s, CREDENTIALS_BLOB);
}

int credentials_left_save(struct store *s, const struct seal *seal,
                          const struct troth_credentials *c)
{
    return save(s, seal, CREDENTIALS_LEFT_BLOB, c);
}

int credentials_left_load(struct store *s, const struct seal *seal, struct troth_credentials *c)
{
    return load(s, seal, CREDENTIALS_LEFT_BLOB, c);
}

int credentials_left_erase(struct store *s)
{
    return erase(s, CREDENTIALS_LEFT_BLOB);
}

int credentials_borrowed_save(struct store *s, bool borrowed)
{
    static const uint8_t yes = 1;
    return borrowed ? store_blob_put(s, CREDENTIALS_BORROWED, &yes, 1)
                    : erase(s, CREDENTIALS_BORROWED);
}

bool credentials_borrowed_load(struct store *s)
{
    uint8_t octet;
    size_t len;
    return store_blob_get(s, CREDENTIALS_BORROWED, &octet, 1, &len) == TROTH_OK;
}

/* ---- what an attempt overwrites ---- */

int credentials_kept_save(struct store *s, const struct seal *seal, const struct net_kept *k)
{
    const struct troth_thread *each[] = {&k->before, &k->over, &k->tried};
    uint8_t blob[KEPT_MAX] = {VERSION_KEPT};
    size_t n = 1;
    for (unsigned i = 0; i < 3; i++)
        n += put_octets(blob + n, each[i]->dataset, each[i]->len);
    int result = put_blob(s, seal, CREDENTIALS_BEFORE_BLOB, blob, n);
    wipe(blob, sizeof blob);
    return result;
}

int credentials_kept_load(struct store *s, const struct seal *seal, struct net_kept *k)
{
    struct troth_thread *each[] = {&k->before, &k->over, &k->tried};
    uint8_t blob[SEALED_MAX];
    size_t len = 0, at = 1;
    bool sealed;
    memset(k, 0, sizeof *k);
    int result = get_blob(s, seal, CREDENTIALS_BEFORE_BLOB, blob, &len, &sealed);
    if (result == TROTH_OK && (len == 0 || blob[0] != VERSION_KEPT))
        result = len ? TROTH_UNSUPPORTED : TROTH_INVALID;
    for (unsigned i = 0; result == TROTH_OK && i < 3; i++)
        if (!take_octets(blob, len, &at, each[i]->dataset, &each[i]->len, sizeof each[i]->dataset))
            result = TROTH_INVALID;
    if (result == TROTH_OK && at != len)
        result = TROTH_INVALID;
    wipe(blob, sizeof blob);
    if (result != TROTH_OK)
        wipe(k, sizeof *k);
    else if (!sealed && seal && seal->on)
        result = credentials_kept_save(s, seal, k);
    return result;
}

int credentials_kept_erase(struct store *s)
{
    return erase(s, CREDENTIALS_BEFORE_BLOB);
}
