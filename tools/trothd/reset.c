/* --factory-reset: the device forgets its network and its bonds while it does not run. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include <troth/dataset.h>

#include "base/wipe.h"
#include "common/cli.h"
#include "common/out.h"
#include "ports/linux/credentials.h"

/* What was stored, without a Wi-Fi password, or what an earlier reset left; kind 0: not known. */
static void stored(const struct trothd *d, struct troth_credentials *c)
{
    if (credentials_load(d->store, &d->seal, c) == TROTH_NOT_FOUND)
        credentials_left_load(d->store, &d->seal, c);
    if (c->kind == TROTH_NET_WIFI)
        wipe(&c->u.wifi.password, sizeof c->u.wifi.password);
}

/* ---- who joined it for us knows it as well ---- */

static bool keep_save(void *ctx, const struct net_kept *kept)
{
    const struct trothd *d = ctx;
    return credentials_kept_save(d->store, &d->seal, kept) == TROTH_OK;
}

static bool keep_load(void *ctx, struct net_kept *kept)
{
    const struct trothd *d = ctx;
    return credentials_kept_load(d->store, &d->seal, kept) == TROTH_OK;
}

static void keep_drop(void *ctx, const struct troth_thread *joined)
{
    const struct trothd *d = ctx;
    if (!joined)
        credentials_kept_erase(d->store);
}

/* Until that has happened it can be said again: what was stored is left for it. */
static int forget_at_service(struct trothd *d, const struct troth_credentials *last, bool borrowed)
{
    char why[600];
    const struct net_keep keep = {keep_save, keep_load, keep_drop, d};
    if (d->options.network != NETWORK_LINUX)
        return CLI_DONE;
    if (!net_forget(&d->options.network_where, last->kind ? last : NULL, borrowed, &keep, why,
                    sizeof why)) {
        out_error("who manages the network may know it still (%s): once that is mended say "
                  "--factory-reset again",
                  why);
        return CLI_FAILED;
    }
    credentials_left_erase(d->store);
    if (net_is_thread(&d->options.network_where))
        credentials_kept_erase(d->store);
    if (*why)
        line_backend_notice(NET_STAYS, why);
    return CLI_DONE;
}

/* What cannot be put back or told apart now. */
static void tell_rest(const struct trothd *d, bool unread)
{
    const struct options *o = &d->options;
    struct net_kept kept;
    int result = credentials_kept_load(d->store, &d->seal, &kept);
    wipe(&kept, sizeof kept);
    bool here = o->network == NETWORK_LINUX && net_is_thread(&o->network_where);
    if (result != TROTH_NOT_FOUND && !here)
        out_event(OUT_WARN, "network_kept", NULL,
                  "an attempt to join a Thread network was cut short, and what OpenThread had "
                  "before is kept: say --factory-reset with its --network to put it back");
    else if (result != TROTH_NOT_FOUND && result != TROTH_OK)
        out_event(OUT_WARN, "network_kept", NULL,
                  "an attempt to join a Thread network was cut short, and what OpenThread had "
                  "before cannot be read: see what it has now by ot-ctl dataset active");
    if (unread && o->network == NETWORK_LINUX &&
        (o->network_where.choice == NET_IWD || o->network_where.choice == NET_AUTO))
        out_event(OUT_WARN, "network_backend_stays", NULL,
                  "what was stored cannot be read: if iwd joined it, iwd knows it still (see "
                  "iwctl known-networks list, and iwctl known-networks NAME forget)");
}

/* What was stored, for people; false: nothing was. */
static bool name_network(const struct trothd *d, char text[TROTH_SSID_TEXT])
{
    struct troth_credentials c;
    int result = credentials_load(d->store, &d->seal, &c);
    snprintf(text, TROTH_SSID_TEXT, result == TROTH_STATE ? "(sealed)" : "(unreadable)");
    if (result == TROTH_OK && c.kind == TROTH_NET_WIFI) {
        troth_ssid_text(&c.u.wifi.ssid, text, TROTH_SSID_TEXT);
    } else if (result == TROTH_OK) {
        struct troth_dataset set;
        troth_dataset_parse(&set, c.u.thread.dataset, c.u.thread.len, NULL);
        troth_thread_name_text(&set.name, text, TROTH_SSID_TEXT);
        wipe(&set, sizeof set);
    }
    wipe(&c, sizeof c);
    return result != TROTH_NOT_FOUND;
}

struct forgotten {
    struct troth_addr identity[TROTH_MAX_BONDS];
    unsigned count; /* of all bonds */
};

static int note_bond(void *context, const struct troth_addr *identity, int kind, const uint8_t *rec,
                     size_t len)
{
    struct forgotten *f = context;
    (void)rec;
    (void)len;
    if (kind != TROTH_RECORD_KEYS || !identity)
        return 0;
    if (f->count < TROTH_MAX_BONDS)
        f->identity[f->count] = *identity;
    f->count++;
    return 0;
}

static void tell(const struct forgotten *f, bool had, const char *network)
{
    char text[18], also[TROTH_SSID_TEXT + 20] = "no network was stored";
    for (unsigned i = 0; i < f->count && i < TROTH_MAX_BONDS; i++) {
        troth_addr_text(&f->identity[i], text);
        out_event(OUT_PLAIN, "bond_removed", out_fields("identity:s", text),
                  "forgot the bond with %s", text);
    }
    if (had)
        snprintf(also, sizeof also, "the network \"%s\"", network);
    out_event(
        OUT_PLAIN, "factory_reset", out_fields("network:s bonds:u", had ? network : NULL, f->count),
        had ? "factory reset: forgot %s and %u bond%s" : "factory reset: %s; forgot %u bond%s",
        also, f->count, f->count == 1 ? "" : "s");
}

int reset(struct trothd *d)
{
    char why[1024] = "", network[TROTH_SSID_TEXT];
    struct forgotten f = {.count = 0};
    if (!trothd_open_store(d, why, sizeof why)) {
        out_error("%s", why);
        return CLI_FAILED;
    }
    bool had = name_network(d, network);
    struct troth_credentials last = {.kind = 0};
    stored(d, &last);
    bool borrowed = had && credentials_borrowed_load(d->store);
    unsigned bluez = 0;
    int result = store_each(d->store, note_bond, &f);
    if (result == TROTH_OK)
        result = store_begin(d->store);
    if (result == TROTH_OK) {
        credentials_erase(d->store);
        credentials_borrowed_save(d->store, false);
        if (last.kind && !borrowed && d->options.network == NETWORK_LINUX)
            credentials_left_save(d->store, &d->seal, &last);
        else
            credentials_left_erase(d->store);
        store_clear(d->store, STORE_BONDS);
        bluez = radio_bluez_reset(d->store);
        result = store_commit(d->store);
    }
    if (result != TROTH_OK) {
        out_error("nothing was forgotten: %s", store_why(d->store));
        wipe(&last, sizeof last);
        return CLI_FAILED;
    }
    tell(&f, had, network);
    if (bluez)
        line_bluez_reset(bluez);
    tell_rest(d, had && !last.kind);
    int status = forget_at_service(d, &last, borrowed);
    wipe(&last, sizeof last);
    return status;
}
