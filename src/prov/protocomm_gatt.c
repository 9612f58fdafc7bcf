/* Protocomm over GATT, device side. */
#include <string.h>

#include <troth/protocomm_gatt.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/wipe.h"

#define AD_MAX    31
#define UUID_TAIL 12 /* where a characteristic's number is in its service's UUID */

/* ---- responses ---- */

static void forget(struct troth_protocomm_gatt *g, troth_link link, bool all)
{
    for (unsigned i = 0; i < g->service.count; i++)
        if (all || g->value[i].link == link)
            wipe(&g->value[i], sizeof g->value[i]);
}

static enum troth_gatt_status status_of(int result)
{
    switch (result) {
    case TROTH_OK:
        return TROTH_GATT_OK;
    case TROTH_INVALID:
        return TROTH_GATT_INVALID_LENGTH;
    case TROTH_BUSY:
        return TROTH_GATT_BUSY;
    }
    return TROTH_GATT_INVALID_PDU;
}

static enum troth_gatt_status keep(struct troth_protocomm_gatt *g, uint8_t id, troth_link link,
                                   int result, const uint8_t *out, size_t len)
{
    VERIFY(result == TROTH_OK, status_of(result));
    VERIFY(len <= TROTH_PROTOCOMM_GATT_MAX, TROTH_GATT_NO_RESOURCES);
    struct troth_protocomm_gatt_value *v = &g->value[id];
    wipe(v, sizeof *v);
    v->link = link;
    v->len = (uint16_t)len;
    if (len)
        memcpy(v->b, out, len);
    return TROTH_GATT_OK;
}

/*
 * What follows the completion may be another part of the same Execute Write: protocomm takes no
 * request before it is done with this one.
 */
static void complete(struct troth_protocomm_gatt *g, enum troth_gatt_status status)
{
    g->completing = true;
    g->owed_status = status;
    g->owed = g->cfg.complete(g->cfg.ctx, g->token, status) == TROTH_BUSY;
    g->completing = false;
}

void troth_protocomm_gatt_respond(void *ctx, uint32_t session, int result, const uint8_t *out,
                                  size_t len)
{
    struct troth_protocomm_gatt *g = ctx;
    troth_link link = (troth_link)session;
    bool now = g->serving && !g->answered && g->server == link;
    /* Without links (BlueZ) both may be meant: what was held ends by another request's coming. */
    if (g->held && g->holder == link && (!now || result == TROTH_STALE)) {
        g->held = false;
        complete(g, keep(g, g->held_id, link, result, out, len));
    } else if (now) {
        g->answered = true;
        g->status = keep(g, g->served, link, result, out, len);
    }
}

/* ---- requests ---- */

static enum troth_gatt_status write_value(struct troth_protocomm_gatt *g,
                                          const struct troth_gatt_access *a)
{
    VERIFY(!g->closed, TROTH_GATT_REFUSED);
    VERIFY(a->offset == 0, TROTH_GATT_INVALID_OFFSET);
    VERIFY(a->len <= TROTH_PROTOCOMM_GATT_MAX, TROTH_GATT_INVALID_LENGTH);
    if (a->check || a->len == 0) /* an empty write is no request */
        return TROTH_GATT_OK;
    VERIFY(!g->completing && !g->owed && !g->serving, TROTH_GATT_BUSY);
    if (g->value[a->id].link == a->link)
        wipe(&g->value[a->id], sizeof g->value[a->id]);
    g->serving = true;
    g->answered = false;
    g->server = a->link;
    g->served = a->id;
    troth_protocomm_request(g->cfg.protocomm, a->link, a->id, a->data, a->len,
                            g->cfg.now(g->cfg.ctx));
    g->serving = false;
    if (g->answered)
        return g->status;
    ASSERT(!g->held);
    g->held = true;
    g->holder = a->link;
    g->held_id = a->id;
    g->token = a->token;
    return TROTH_GATT_LATER;
}

static enum troth_gatt_status read_value(const struct troth_protocomm_gatt *g,
                                         struct troth_gatt_access *a)
{
    const struct troth_protocomm_gatt_value *v = &g->value[a->id];
    uint16_t len = v->link == a->link ? v->len : 0;
    VERIFY(a->offset <= len, TROTH_GATT_INVALID_OFFSET);
    a->value = v->b + a->offset;
    a->value_len = (uint16_t)(len - a->offset);
    return TROTH_GATT_OK;
}

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    struct troth_protocomm_gatt *g = ctx;
    VERIFY(a->id < g->service.count, TROTH_GATT_FAILED);
    return a->write ? write_value(g, a) : read_value(g, a);
}

void troth_protocomm_gatt_sent(struct troth_protocomm_gatt *g)
{
    if (g->owed)
        complete(g, g->owed_status);
}

void troth_protocomm_gatt_disconnected(struct troth_protocomm_gatt *g, troth_link link)
{
    if (g->held && g->holder == link)
        g->held = false;
    troth_protocomm_gone(g->cfg.protocomm, link);
    forget(g, link, false);
}

void troth_protocomm_gatt_close(struct troth_protocomm_gatt *g, bool closed)
{
    g->closed = closed;
    forget(g, TROTH_NO_LINK, true);
}

/* ---- the service ---- */

void troth_protocomm_gatt_init(struct troth_protocomm_gatt *g,
                               const struct troth_protocomm_gatt_config *cfg)
{
    static const struct troth_uuid usual = TROTH_PROTOCOMM_GATT_UUID;
    ASSERT(cfg->protocomm && cfg->complete && cfg->now);
    memset(g, 0, sizeof *g);
    g->cfg = *cfg;
    g->service.uuid = cfg->service ? *cfg->service : usual;
    ASSERT(g->service.uuid.len == 16);
    g->service.count = (uint8_t)troth_protocomm_endpoints(cfg->protocomm);
    g->service.characteristics = g->characteristics;
    g->service.access = on_access;
    for (uint8_t i = 0; i < g->service.count; i++) {
        struct troth_characteristic *c = &g->characteristics[i];
        c->uuid = g->service.uuid;
        put_le16(c->uuid.b + UUID_TAIL, (uint16_t)(TROTH_PROTOCOMM_UUID16 + i));
        c->id = i;
        c->properties = TROTH_PROP_READ | TROTH_PROP_WRITE;
        c->read = c->write = c->subscribe = (uint8_t)cfg->permission;
        c->description = troth_protocomm_endpoint_name(cfg->protocomm, i);
    }
}

void troth_protocomm_gatt_advertising(const struct troth_protocomm_gatt *g, const char *name,
                                      struct troth_advertising *adv)
{
    static const uint8_t flags = 0x06; /* LE General Discoverable, BR/EDR Not Supported */
    size_t len = strlen(name);
    uint8_t type = TROTH_AD_NAME_COMPLETE;
    if (len > TROTH_PROTOCOMM_GATT_NAME_MAX) {
        type = TROTH_AD_NAME_SHORT;
        len = TROTH_PROTOCOMM_GATT_NAME_MAX;
        while (len && ((uint8_t)name[len] & 0xc0) == 0x80)
            len--; /* not in the middle of a character */
    }
    adv->on = true;
    adv->connectable = true;
    adv->data_len = 0;
    adv->scan_response_len = 0;
    bool fits = troth_ad_put(adv->data, &adv->data_len, AD_MAX, TROTH_AD_FLAGS, &flags, 1) &&
                troth_ad_put(adv->data, &adv->data_len, AD_MAX, TROTH_AD_UUID128_ALL,
                             g->service.uuid.b, g->service.uuid.len);
    if (len)
        fits &= troth_ad_put(adv->scan_response, &adv->scan_response_len, AD_MAX, type, name,
                             (uint8_t)len);
    ASSERT(fits);
}
