/* The provisioning session of the device, the service in front of it, the network behind it. */
#include "trothd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "common/out.h"
#include "ports/linux/credentials.h"
#include "ports/linux/netsim_file.h"

#define AGAIN_US 20000 /* until a busy host is asked again */

struct network {
    struct trothd *d;
    struct netsim sim;
    struct troth_net_sink sink;
    struct troth_prov prov;
    struct troth_wifi_gatt gatt;
    struct troth_gatt_service service;
    sd_event_source *again;
    bool window;
    bool forgetting; /* bonds are still to be forgotten */
    troth_link eraser;
};

/* ---- the store ---- */

static void on_save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    struct network *n = ctx;
    bool ok = credentials_save(n->d->store, c) == TROTH_OK;
    if (!ok)
        out_error("%s", store_why(n->d->store));
    troth_prov_stored(&n->prov, serial, ok);
}

static void on_erase(void *ctx, uint32_t serial)
{
    struct network *n = ctx;
    bool ok = credentials_erase(n->d->store) == TROTH_OK;
    if (!ok)
        out_error("%s", store_why(n->d->store));
    troth_prov_stored(&n->prov, serial, ok);
}

/* ---- the session and its service ---- */

static void ask_again(struct network *n)
{
    sd_event_source_set_time_relative(n->again, AGAIN_US);
    sd_event_source_set_enabled(n->again, SD_EVENT_ONESHOT);
}

static void on_prov(void *ctx, const struct troth_prov_event *e)
{
    struct network *n = ctx;
    line_prov(n->d, &n->prov, e);
    if (e->type == TROTH_PROV_EV_WINDOW) {
        n->window = e->u.window.open;
        network_reach(n->d);
    }
    troth_wifi_gatt_event(&n->gatt, e);
    provision_event(n->d, e);
}

static int on_notify(void *ctx, enum troth_wifi_gatt_id id, const uint8_t *value, uint16_t len)
{
    struct network *n = ctx;
    int result =
        troth_gatt_notify(runtime_host(n->d->runtime), &n->service, (uint8_t)id, value, len);
    if (result == TROTH_BUSY) /* no room in the host's own queue has no SENT event */
        ask_again(n);
    return result;
}

static void on_forget(void *ctx, troth_link eraser)
{
    struct network *n = ctx;
    if (eraser == TROTH_PROTOCOMM_WRITER) /* its reset is about a network that failed */
        return;
    n->forgetting = true;
    n->eraser = eraser;
    ask_again(n);
}

static int on_again(sd_event_source *source, uint64_t usec, void *context)
{
    struct network *n = context;
    (void)source;
    (void)usec;
    if (n->forgetting) {
        n->forgetting = bluetooth_forget(n->d, n->eraser) == TROTH_BUSY;
        if (n->forgetting)
            ask_again(n);
    }
    network_sent(n->d);
    return 0;
}

void network_sent(struct trothd *d)
{
    troth_wifi_gatt_sent(&d->network->gatt);
    provision_sent(d);
}

void network_disconnected(struct trothd *d, troth_link link)
{
    troth_wifi_gatt_disconnected(&d->network->gatt, link);
    provision_disconnected(d, link);
}

void network_ask_again(struct trothd *d)
{
    ask_again(d->network);
}

void network_reach(struct trothd *d)
{
    bool troth = d->options.provision.protocols & PROVISION_TROTH && d->network->window;
    bluetooth_window(d, troth || provision_is_open(d));
}

/* ---- time ---- */

static troth_ms prov_deadline(const void *ctx)
{
    return troth_prov_deadline(ctx);
}

static void prov_tick(void *ctx, troth_ms now)
{
    troth_prov_tick(ctx, now);
}

static troth_ms sim_deadline(const void *ctx)
{
    return troth_net_sim_deadline(ctx);
}

static void sim_tick(void *ctx, troth_ms now)
{
    troth_net_sim_tick(ctx, now);
}

/* ---- opening ---- */

bool network_open(struct trothd *d, char *why, size_t why_cap)
{
    struct network *n = calloc(1, sizeof *n);
    if (!n) {
        snprintf(why, why_cap, "no memory for a network");
        return false;
    }
    n->d = d;
    if (!netsim_load(&n->sim, d->options.network_file, why, why_cap)) {
        free(n);
        return false;
    }
    d->network = n;
    return true;
}

static bool open_session(struct network *n, char *why, size_t why_cap)
{
    const struct options *o = &n->d->options;
    char truth[4096];
    if ((size_t)snprintf(truth, sizeof truth, "%s.state", o->network_file) >= sizeof truth) {
        snprintf(why, why_cap, "the path of the network file is too long");
        return false;
    }
    n->sink = (struct troth_net_sink){troth_prov_net_report, &n->prov};
    netsim_start(&n->sim, &n->sink, truth, runtime_now(n->d->runtime));
    struct troth_prov_config prov = {
        .net = troth_net_sim_net(&n->sim.sim),
        .save = on_save,
        .erase = on_erase,
        .event = on_prov,
        .ctx = n,
        .attempts = (uint8_t)o->attempts,
        .attempt_ms = o->attempt_s * 1000,
        /* room for every attempt and the pauses between */
        .try_ms = o->attempts * (o->attempt_s * 1000 + 15000),
        .close_ble_after_connect = !o->keep_ble,
    };
    troth_prov_init(&n->prov, &prov);
    struct troth_wifi_gatt_config gatt = {.prov = &n->prov,
                                          .details = o->details,
                                          .notify = on_notify,
                                          .forget_bonds = on_forget,
                                          .ctx = n};
    troth_wifi_gatt_init(&n->gatt, &gatt);
    n->service.table = troth_wifi_gatt_service((enum troth_wifi_mode)o->security, o->details);
    n->service.ctx = &n->gatt;
    return true;
}

/* What is stored is tried at once: a network needs no controller. */
static bool start_session(struct network *n, char *why, size_t why_cap)
{
    struct troth_credentials stored;
    int result = credentials_load(n->d->store, &stored);
    if (result == TROTH_UNSUPPORTED || result == TROTH_INVALID) {
        out_error("the stored credentials %s and are not used; provisioning replaces them",
                  result == TROTH_INVALID ? "are damaged" : "were written by a newer troth");
    } else if (result != TROTH_OK && result != TROTH_NOT_FOUND) {
        snprintf(why, why_cap, "%s", store_why(n->d->store));
        return false;
    }
    line_stored_network(result == TROTH_OK ? &stored : NULL);
    if (!provision_start(n->d, &n->prov, result == TROTH_OK, why, why_cap)) {
        wipe(&stored, sizeof stored);
        return false;
    }
    troth_prov_start(&n->prov, result == TROTH_OK ? &stored : NULL);
    wipe(&stored, sizeof stored);
    return true;
}

bool network_start(struct trothd *d, char *why, size_t why_cap)
{
    struct network *n = d->network;
    if (sd_event_add_time(d->loop, &n->again, CLOCK_MONOTONIC, UINT64_MAX, 1, on_again, n) < 0) {
        snprintf(why, why_cap, "the event loop takes no more sources");
        return false;
    }
    sd_event_source_set_enabled(n->again, SD_EVENT_OFF);
    if (!open_session(n, why, why_cap))
        return false;
    struct runtime_clock prov = {prov_deadline, prov_tick, &n->prov};
    struct runtime_clock sim = {sim_deadline, sim_tick, &n->sim.sim};
    int result = TROTH_OK;
    if (d->options.provision.protocols & PROVISION_TROTH)
        result = troth_gatt_register(runtime_host(d->runtime), &n->service);
    if (result == TROTH_OK)
        result = runtime_add_clock(d->runtime, &prov);
    if (result == TROTH_OK)
        result = runtime_add_clock(d->runtime, &sim);
    if (result != TROTH_OK) {
        snprintf(why, why_cap, "cannot serve the provisioning service: %s",
                 troth_result_words(result));
        return false;
    }
    return start_session(n, why, why_cap);
}

void network_close(struct trothd *d)
{
    struct network *n = d->network;
    if (!n)
        return;
    sd_event_source_disable_unref(n->again);
    netsim_close(&n->sim);
    wipe(n, sizeof *n);
    free(n);
    d->network = NULL;
}
