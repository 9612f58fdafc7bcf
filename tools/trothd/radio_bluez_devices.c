/* bluetoothd's devices as the device's peers, and which of its bonds are this device's own. */
#include "radio_bluez.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/out.h"

#define CLIENTS_BLOB  "bluez-clients"  /* identities: type and six octets each */
#define PAIRABLE_BLOB "bluez-pairable" /* one octet: as the adapter was */
#define FORGET_BLOB   "bluez-forget"   /* there: all of these bonds are to go */
#define EACH          7

/* ---- what the store remembers ---- */

static void complain(const struct radio_bluez *r, int result)
{
    if (result != TROTH_OK && result != TROTH_NOT_FOUND)
        out_error("%s", store_why(r->d->store));
}

void radio_bluez_load(struct radio_bluez *r)
{
    uint8_t blob[RADIO_BLUEZ_CLIENTS * EACH];
    size_t len = 0;
    int result = store_blob_get(r->d->store, CLIENTS_BLOB, blob, sizeof blob, &len);
    complain(r, result);
    for (size_t at = 0; result == TROTH_OK && at + EACH <= len; at += EACH) {
        struct troth_addr *addr = &r->client[r->clients++];
        addr->type = blob[at];
        memcpy(addr->b, blob + at + 1, sizeof addr->b);
    }
    result = store_blob_get(r->d->store, PAIRABLE_BLOB, blob, 1, &len);
    complain(r, result);
    r->have_pairable = result == TROTH_OK && len == 1;
    r->forget = store_blob_get(r->d->store, FORGET_BLOB, blob + 1, 1, &len) == TROTH_OK;
    r->pairable = r->have_pairable && blob[0];
}

void radio_bluez_save_pairable(struct radio_bluez *r, bool keep)
{
    uint8_t octet = r->pairable;
    complain(r, keep ? store_blob_put(r->d->store, PAIRABLE_BLOB, &octet, 1)
                     : store_blob_delete(r->d->store, PAIRABLE_BLOB));
}

static void save_clients(struct radio_bluez *r)
{
    uint8_t blob[RADIO_BLUEZ_CLIENTS * EACH];
    for (unsigned i = 0; i < r->clients; i++) {
        blob[i * EACH] = r->client[i].type;
        memcpy(blob + i * EACH + 1, r->client[i].b, sizeof r->client[i].b);
    }
    complain(r, r->clients
                    ? store_blob_put(r->d->store, CLIENTS_BLOB, blob, (size_t)r->clients * EACH)
                    : store_blob_delete(r->d->store, CLIENTS_BLOB));
}

static int client_at(const struct radio_bluez *r, const struct troth_addr *addr)
{
    for (unsigned i = 0; i < r->clients; i++)
        if (troth_addr_equal(&r->client[i], addr))
            return (int)i;
    return -1;
}

static void remember(struct radio_bluez *r, const struct troth_addr *addr)
{
    if (client_at(r, addr) >= 0)
        return;
    if (r->clients == RADIO_BLUEZ_CLIENTS) /* the oldest stays bonded, and is erased no longer */
        memmove(r->client, r->client + 1, --r->clients * sizeof *r->client);
    r->client[r->clients++] = *addr;
    save_clients(r);
}

static void unremember(struct radio_bluez *r, const struct troth_addr *addr)
{
    int at = client_at(r, addr);
    struct troth_event e = {.type = TROTH_EV_BOND_REMOVED, .u.addr = *addr};
    if (at < 0)
        return;
    r->clients--;
    memmove(r->client + at, r->client + at + 1, (r->clients - (unsigned)at) * sizeof *r->client);
    save_clients(r);
    line_event(r->d, &e);
}

/* ---- links ---- */

static struct peer *peer_at(struct radio_bluez *r, const char *path)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (r->d->peers[i].link != TROTH_NO_LINK && !strcmp(r->of[i].path, path))
            return &r->d->peers[i];
    return NULL;
}

static const struct bluez_device *device_of(const struct radio_bluez *r, const struct peer *p)
{
    return bluez_device_at(r->bluez, r->of[p - r->d->peers].path);
}

/* The machine's keyboard and headset are no reason to send a client away: one is overlooked. */
static void make_room(struct radio_bluez *r)
{
    unsigned other = TROTH_MAX_LINKS;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        if (r->d->peers[i].link == TROTH_NO_LINK)
            return;
        if (!r->of[i].client)
            other = i;
    }
    if (other == TROTH_MAX_LINKS)
        return;
    memset(&r->of[other], 0, sizeof r->of[other]);
    memset(&r->d->peers[other], 0, sizeof r->d->peers[other]);
}

static struct peer *add(struct radio_bluez *r, const struct bluez_device *device)
{
    do
        r->last_link = troth_link_next(r->last_link);
    while (bluetooth_peer(r->d, r->last_link));
    struct peer *p = bluetooth_add_peer(r->d, r->last_link);
    if (!p)
        return NULL;
    unsigned i = (unsigned)(p - r->d->peers);
    p->addr = p->identity = device->addr;
    p->bonded = device->bonded;
    p->due = TROTH_NEVER; /* it may be anybody's business: a keyboard, another program's sensor */
    r->of[i].client = false;
    snprintf(r->of[i].path, sizeof r->of[i].path, "%s", device->path);
    line_bluez_connected(p, device);
    return p;
}

static void gone(struct radio_bluez *r, struct peer *p)
{
    troth_link link = p->link;
    line_bluez_disconnected(p);
    bluez_gatt_gone(r->gatt, link);
    network_disconnected(r->d, link);
    memset(&r->of[p - r->d->peers], 0, sizeof r->of[0]);
    memset(p, 0, sizeof *p);
}

void radio_bluez_all_gone(struct radio_bluez *r)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (r->d->peers[i].link != TROTH_NO_LINK)
            gone(r, &r->d->peers[i]);
}

static void note_bond(struct radio_bluez *r, struct peer *p, const struct bluez_device *device)
{
    if (!p->bonded && device->bonded) {
        p->bonded = true;
        p->identity = device->addr;
        line_bluez_paired(r->d, p, device);
    }
    if (r->of[p - r->d->peers].client && device->bonded)
        remember(r, &device->addr);
}

void radio_bluez_device(void *ctx, const struct bluez_device *device, unsigned news)
{
    struct radio_bluez *r = ctx;
    struct peer *p = peer_at(r, device->path);
    if (news & BLUEZ_GONE) { /* its bond need not be: bluetoothd takes all away when it ends */
        if (p)
            gone(r, p);
        return;
    }
    if (device->connected && !p)
        p = add(r, device);
    if (p)
        note_bond(r, p, device);
    if (p && !device->connected && news & BLUEZ_CONNECTION)
        gone(r, p);
    if (!device->bonded && news & BLUEZ_PAIRING)
        unremember(r, &device->addr);
}

unsigned radio_bluez_reset(struct store *s)
{
    uint8_t blob[RADIO_BLUEZ_CLIENTS * EACH];
    size_t len = 0;
    if (store_blob_get(s, CLIENTS_BLOB, blob, sizeof blob, &len) != TROTH_OK)
        return 0;
    store_blob_put(s, FORGET_BLOB, (const uint8_t *)"", 1);
    return (unsigned)(len / EACH);
}

void radio_bluez_finish_reset(struct radio_bluez *r)
{
    if (!r->forget)
        return;
    r->forget = false;
    complain(r, store_blob_delete(r->d->store, FORGET_BLOB));
    radio_bluez_forget(r->d, TROTH_NO_LINK);
}

/* Bonds that were removed while nobody looked. */
void radio_bluez_compare(struct radio_bluez *r)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < r->clients; i++) {
        const struct bluez_device *device = bluez_device_of(r->bluez, &r->client[i]);
        if (device && device->bonded)
            r->client[kept++] = r->client[i];
    }
    if (kept == r->clients)
        return;
    r->clients = kept;
    save_clients(r);
}

troth_link radio_bluez_link(void *ctx, const char *path)
{
    struct radio_bluez *r = ctx;
    const struct bluez_device *device = bluez_device_at(r->bluez, path);
    struct peer *p = peer_at(r, path);
    if (!p && device) {
        make_room(r);
        p = add(r, device);
    }
    if (!p)
        return TROTH_NO_LINK;
    unsigned i = (unsigned)(p - r->d->peers);
    if (!r->of[i].client) {
        r->of[i].client = true;
        /* In the other modes its access says that bluetoothd has let it through. */
        if (r->d->options.security == TROTH_WIFI_MODE_NONE)
            p->due = bluetooth_due(r->d);
        if (device)
            note_bond(r, p, device);
    }
    return p->link;
}

/* ---- what the device does with them ---- */

int radio_bluez_disconnect(struct trothd *d, troth_link link, uint8_t reason)
{
    struct radio_bluez *r = d->bluez;
    const struct peer *p = bluetooth_peer(d, link);
    const struct bluez_device *device = p ? device_of(r, p) : NULL;
    (void)reason; /* bluetoothd has its own */
    if (!device)
        return TROTH_NOT_FOUND;
    if (!r->of[p - d->peers].client) /* somebody else's: a keyboard stays connected */
        return TROTH_STATE;
    int result = sd_bus_call_method_async(bluez_bus(r->bluez), NULL, BLUEZ, device->path,
                                          BLUEZ_DEVICE, "Disconnect", NULL, NULL, NULL);
    return result < 0 ? TROTH_FAILED : TROTH_OK;
}

enum radio_protection radio_bluez_protection(const struct trothd *d, troth_link link)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (link != TROTH_NO_LINK && d->peers[i].link == link) {
            const struct bluez_device *device = device_of(d->bluez, &d->peers[i]);
            return device && device->paired ? RADIO_PROTECTED : RADIO_BARE;
        }
    return RADIO_BARE;
}

unsigned radio_bluez_links(const struct trothd *d)
{
    unsigned n = 0;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        n += d->peers[i].link != TROTH_NO_LINK;
    return n;
}

unsigned radio_bluez_clients_here(const struct radio_bluez *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        n += r->d->peers[i].link != TROTH_NO_LINK && r->of[i].client;
    return n;
}

unsigned radio_bluez_bonds(const struct trothd *d)
{
    return d->bluez->clients;
}

/* ---- bonds ---- */

struct removal {
    struct radio_bluez *r;
    struct troth_addr addr;
};

static int on_removed(sd_bus_message *m, void *context, sd_bus_error *error)
{
    const struct removal *it = context;
    const sd_bus_error *e = sd_bus_message_get_error(m);
    char why[BLUEZ_WHY];
    bool removed = !e || bluez_is(e, "DoesNotExist");
    (void)error;
    if (removed)
        unremember(it->r, &it->addr);
    else
        out_error("%s", bluez_why("remove a bond", e, why));
    bluetooth_bond_answer(it->r->d, removed);
    return 0;
}

static bool remove_bond(struct radio_bluez *r, const struct troth_addr *addr)
{
    const struct bluez_adapter *a = bluez_adapter(r->bluez);
    const struct bluez_device *device = bluez_device_of(r->bluez, addr);
    sd_bus_slot *slot = NULL;
    struct removal *it = a && device ? calloc(1, sizeof *it) : NULL;
    if (!it)
        return false;
    *it = (struct removal){r, *addr};
    if (sd_bus_call_method_async(bluez_bus(r->bluez), &slot, BLUEZ, a->path, BLUEZ_ADAPTER,
                                 "RemoveDevice", on_removed, it, "o", device->path) < 0) {
        free(it);
        return false;
    }
    sd_bus_slot_set_destroy_callback(slot, free);
    sd_bus_slot_set_floating(slot, 1);
    sd_bus_slot_unref(slot);
    return true;
}

/* bluetoothd has the bonds of the whole machine: only those of this device's clients go. */
int radio_bluez_forget(struct trothd *d, troth_link last)
{
    struct radio_bluez *r = d->bluez;
    struct troth_addr all[RADIO_BLUEZ_CLIENTS];
    const struct peer *p = bluetooth_peer(d, last);
    unsigned n = r->clients, eraser = RADIO_BLUEZ_CLIENTS;
    memcpy(all, r->client, n * sizeof *all);
    for (unsigned i = 0; i < n; i++)
        if (p && troth_addr_equal(&all[i], &p->identity))
            eraser = i;
    d->forgetting.open = n;
    d->forgetting.all_asked = true;
    for (unsigned i = 0; i <= n; i++) {
        unsigned at = i < n ? i : eraser; /* the eraser's at the end */
        if (at >= n || (i < n && i == eraser))
            continue;
        bool there = bluez_device_of(r->bluez, &all[at]) != NULL;
        if (there && remove_bond(r, &all[at]))
            continue;
        bool gone_before = bluez_adapter(r->bluez) && !there; /* somebody else was quicker */
        if (gone_before)
            unremember(r, &all[at]);
        bluetooth_bond_answer(d, gone_before);
    }
    bluetooth_forgot(d);
    return TROTH_OK;
}
