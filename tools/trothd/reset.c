/* --factory-reset: the device forgets its network and its bonds while it does not run. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include <troth/dataset.h>

#include "base/wipe.h"
#include "common/cli.h"
#include "common/out.h"
#include "ports/linux/credentials.h"

/* What was stored, without its password; its SSID may have no length. */
static struct troth_wifi stored_wifi(const struct trothd *d)
{
    struct troth_credentials c;
    struct troth_wifi w = {.security = TROTH_WIFI_OPEN};
    if (credentials_load(d->store, &d->seal, &c) == TROTH_OK && c.kind == TROTH_NET_WIFI) {
        w.ssid = c.u.wifi.ssid;
        w.security = c.u.wifi.security;
    }
    wipe(&c, sizeof c);
    return w;
}

/* Who joined it for us knows it as well. */
static int forget_at_service(const struct trothd *d, const struct troth_wifi *last)
{
    char why[600];
    if (d->options.network != NETWORK_LINUX ||
        net_forget(&d->options.network_where, last, why, sizeof why))
        return CLI_DONE;
    out_error("who manages the network may know it still (%s): once that is mended say "
              "--factory-reset again",
              why);
    return CLI_FAILED;
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
    struct troth_wifi last = stored_wifi(d);
    unsigned bluez = 0;
    int result = store_each(d->store, note_bond, &f);
    if (result == TROTH_OK)
        result = store_begin(d->store);
    if (result == TROTH_OK) {
        credentials_erase(d->store);
        store_clear(d->store, STORE_BONDS);
        bluez = radio_bluez_reset(d->store);
        result = store_commit(d->store);
    }
    if (result != TROTH_OK) {
        out_error("nothing was forgotten: %s", store_why(d->store));
        return CLI_FAILED;
    }
    tell(&f, had, network);
    if (bluez)
        line_bluez_reset(bluez);
    return forget_at_service(d, &last);
}
