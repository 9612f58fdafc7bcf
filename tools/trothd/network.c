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
    struct net_backend *backend; /* NULL: the simulated one */
    struct troth_net_sink sink;
    struct troth_prov prov;
    struct troth_wifi_gatt gatt;
    const struct troth_service *within;
    struct troth_service table; /* that behind a door */
    struct troth_gatt_service service;
    sd_event_source *again;
    bool forgetting;       /* bonds are still to be forgotten */
    bool kept_until_saved; /* what a joined network replaced */
    troth_link eraser;
};

/* ---- the store ---- */

/* Whose it is at the service; and what that was still to forget, it took the place of. */
static bool save_joined(struct network *n)
{
    return !n->backend ||
           (credentials_left_erase(n->d->store) == TROTH_OK &&
            credentials_borrowed_save(n->d->store, net_backend_borrows(n->backend)) == TROTH_OK);
}

static void on_save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    struct network *n = ctx;
    struct store *store = n->d->store;
    /* What it replaced at the service is not needed from the same moment on. */
    bool ok = store_begin(store) == TROTH_OK &&
              credentials_save(store, &n->d->seal, c) == TROTH_OK && save_joined(n) &&
              (!n->kept_until_saved || credentials_kept_erase(store) == TROTH_OK) &&
              store_commit(store) == TROTH_OK;
    if (ok) {
        n->kept_until_saved = false;
    } else {
        out_error("%s", store_why(store));
        store_rollback(store);
    }
    troth_prov_stored(&n->prov, serial, ok);
}

/* What the service has yet to forget, which shows it to be ours there. */
static int save_left(struct network *n)
{
    struct troth_credentials c;
    int result = TROTH_OK;
    if (n->backend && net_backend_owes(n->backend) && !net_backend_borrows(n->backend) &&
        credentials_load(n->d->store, &n->d->seal, &c) == TROTH_OK) {
        if (c.kind == TROTH_NET_WIFI)
            wipe(&c.u.wifi.password, sizeof c.u.wifi.password);
        result = credentials_left_save(n->d->store, &n->d->seal, &c);
    }
    wipe(&c, sizeof c);
    return result;
}

static void on_erase(void *ctx, uint32_t serial)
{
    struct network *n = ctx;
    struct store *store = n->d->store;
    bool ok = store_begin(store) == TROTH_OK && save_left(n) == TROTH_OK &&
              credentials_erase(store) == TROTH_OK &&
              credentials_borrowed_save(store, false) == TROTH_OK &&
              store_commit(store) == TROTH_OK;
    if (!ok) {
        out_error("%s", store_why(store));
        store_rollback(store);
    }
    troth_prov_stored(&n->prov, serial, ok);
}

static void on_settled(void *ctx)
{
    const struct network *n = ctx;
    if (credentials_left_erase(n->d->store) != TROTH_OK)
        out_error("%s", store_why(n->d->store));
}

/* ---- what an attempt overwrites at the service ---- */

static bool keep_save(void *ctx, const struct net_kept *kept)
{
    struct network *n = ctx;
    bool ok = credentials_kept_save(n->d->store, &n->d->seal, kept) == TROTH_OK;
    n->kept_until_saved = false;
    if (!ok)
        out_error("%s", store_why(n->d->store));
    return ok;
}

static bool keep_load(void *ctx, struct net_kept *kept)
{
    const struct network *n = ctx;
    return credentials_kept_load(n->d->store, &n->d->seal, kept) == TROTH_OK;
}

static void keep_drop(void *ctx, const struct troth_thread *joined)
{
    struct network *n = ctx;
    struct troth_credentials stored;
    if (joined) { /* again, or is it to be stored? */
        bool again = credentials_load(n->d->store, &n->d->seal, &stored) == TROTH_OK &&
                     stored.kind == TROTH_NET_THREAD && stored.u.thread.len == joined->len &&
                     equal_secret(stored.u.thread.dataset, joined->dataset, joined->len);
        wipe(&stored, sizeof stored);
        n->kept_until_saved = !again;
        if (!again)
            return;
    }
    if (credentials_kept_erase(n->d->store) != TROTH_OK)
        out_error("%s", store_why(n->d->store));
}

/* ---- the session and its service ---- */

static void ask_again(struct network *n)
{
    sd_event_source_set_time_relative(n->again, AGAIN_US);
    sd_event_source_set_enabled(n->again, SD_EVENT_ONESHOT);
}

/* Joined again, it may have become Troth's: somebody had the service forget it meanwhile. */
static void note_borrowed(struct network *n)
{
    bool borrowed = net_backend_borrows(n->backend);
    if (credentials_borrowed_load(n->d->store) != borrowed &&
        credentials_borrowed_save(n->d->store, borrowed) != TROTH_OK)
        out_error("%s", store_why(n->d->store));
}

static void on_prov(void *ctx, const struct troth_prov_event *e)
{
    struct network *n = ctx;
    line_prov(n->d, &n->prov, e);
    troth_wifi_gatt_event(&n->gatt, e);
    provision_event(n->d, e);
    reach_event(n->d, e);
    if (e->type == TROTH_PROV_EV_WINDOW && e->u.window.why == TROTH_PROV_BY_START)
        network_reach(n->d);
    if (e->type == TROTH_PROV_EV_STATE && e->state == TROTH_PROV_CONNECTED && n->backend)
        note_borrowed(n);
    if (e->type == TROTH_PROV_EV_ERASED && !e->u.erased.ok)
        control_erased(n->d, false, 0, 0);
}

static int on_notify(void *ctx, enum troth_wifi_gatt_id id, const uint8_t *value, uint16_t len)
{
    struct network *n = ctx;
    int result = n->d->radio->notify(n->d, &n->service, (uint8_t)id, value, len);
    if (result == TROTH_BUSY) /* no room in the host's own queue has no SENT event */
        ask_again(n);
    return result;
}

/* What is to be read, the table's permissions say. */
static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    struct network *n = ctx;
    if (a->write && !reach_admits(n->d, a->link))
        return TROTH_GATT_REFUSED;
    return n->within->access(&n->gatt, a);
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
    bluetooth_window(d, reach_by(d, PROVISION_TROTH) || provision_is_open(d));
}

const struct troth_prov *network_session(const struct trothd *d)
{
    return &d->network->prov;
}

const char *network_backend(const struct trothd *d)
{
    return d->network->backend ? net_backend_text(d->network->backend) : "simulated networks";
}

int network_erase(struct trothd *d)
{
    return troth_prov_erase(&d->network->prov, TROTH_NO_LINK);
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
    return netsim_deadline(ctx);
}

static void sim_tick(void *ctx, troth_ms now)
{
    netsim_tick(ctx, now);
}

/* ---- the network behind it ---- */

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    (void)ctx;
    line_backend_notice(what, words);
}

static const char left_unused[] =
    "who joined a network that was erased may know it still, and cannot be told like this: say "
    "--factory-reset with the --network and --seal-key of then";

/* A sentence of the backend's comes before the session's time is up, and says more. */
static bool open_backend(struct network *n, char *why, size_t why_cap)
{
    const struct options *o = &n->d->options;
    struct net_config config = {.loop = n->d->loop,
                                .sink = &n->sink,
                                .join_ms = o->attempt_s * 1000 - 250,
                                .notice = on_notice,
                                .settled = on_settled,
                                .keep = {keep_save, keep_load, keep_drop, n},
                                .ctx = n};
    struct troth_credentials stored;
    struct net_kept kept;
    bool is_thread = net_is_thread(&o->network_where);
    if (o->network == NETWORK_SIM)
        return netsim_load(&n->sim, o->network_file, why, why_cap);
    int result = credentials_kept_load(n->d->store, &n->d->seal, &kept);
    wipe(&kept, sizeof kept);
    if (result == TROTH_STATE && is_thread) {
        snprintf(why, why_cap,
                 "what OpenThread had before an attempt that was cut short is sealed, and %s: give "
                 "the --seal-key it was sealed under, or forget it with --factory-reset",
                 n->d->seal.on ? "this key does not open it" : "no key was given");
        return false;
    }
    result = credentials_load(n->d->store, &n->d->seal, &stored);
    config.borrowed = result == TROTH_OK && credentials_borrowed_load(n->d->store);
    if (result == TROTH_NOT_FOUND) {
        result = credentials_left_load(n->d->store, &n->d->seal, &stored);
        config.owed = result == TROTH_OK && is_thread == (stored.kind == TROTH_NET_THREAD);
        if (result != TROTH_NOT_FOUND && !config.owed)
            line_backend_notice(NET_SHORTCOMING, left_unused);
    }
    if (result == TROTH_OK && is_thread == (stored.kind == TROTH_NET_THREAD))
        config.ours = &stored;
    n->backend = net_open(&o->network_where, &config, why, why_cap);
    wipe(&stored, sizeof stored);
    if (n->backend)
        line_backend(net_backend_text(n->backend));
    return n->backend != NULL;
}

static bool start_backend(struct network *n, char *why, size_t why_cap)
{
    char truth[4096];
    const char *file = n->d->options.network_file;
    if (n->backend)
        return true;
    if ((size_t)snprintf(truth, sizeof truth, "%s.state", file) >= sizeof truth) {
        snprintf(why, why_cap, "the path of the network file is too long");
        return false;
    }
    netsim_start(&n->sim, &n->sink, truth, clocks_now());
    return true;
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
    n->sink = (struct troth_net_sink){troth_prov_net_report, &n->prov};
    if (!open_backend(n, why, why_cap)) {
        free(n);
        return false;
    }
    d->network = n;
    return true;
}

static bool open_session(struct network *n, char *why, size_t why_cap)
{
    const struct options *o = &n->d->options;
    if (!start_backend(n, why, why_cap))
        return false;
    struct troth_prov_config prov = {
        .net = n->backend ? net_backend_net(n->backend) : troth_net_sim_net(&n->sim.sim),
        .save = on_save,
        .erase = on_erase,
        .event = on_prov,
        .ctx = n,
        .attempts = (uint8_t)o->attempts,
        .attempt_ms = o->attempt_s * 1000,
        /* room for every attempt and the pauses between */
        .try_ms = o->attempts * (o->attempt_s * 1000 + 15000),
        .close_ble_after_connect = !o->keep_ble && !o->service.window,
    };
    troth_prov_init(&n->prov, &prov);
    struct troth_wifi_gatt_config gatt = {.prov = &n->prov,
                                          .details = o->details,
                                          .notify = on_notify,
                                          .forget_bonds = on_forget,
                                          .ctx = n};
    troth_wifi_gatt_init(&n->gatt, &gatt);
    n->within = troth_wifi_gatt_service((enum troth_wifi_mode)o->security, o->details);
    n->table = *n->within;
    n->table.access = on_access;
    n->service.table = &n->table;
    n->service.ctx = n;
    return true;
}

/* What is stored is tried at once: a network needs no controller. */
static bool start_session(struct network *n, char *why, size_t why_cap)
{
    struct troth_credentials stored;
    int result = credentials_load(n->d->store, &n->d->seal, &stored);
    if (result == TROTH_UNSUPPORTED || result == TROTH_INVALID) {
        out_error("the stored credentials %s and are not used; provisioning replaces them",
                  result == TROTH_INVALID ? "are damaged" : "were written by a newer troth");
    } else if (result == TROTH_STATE) {
        /* Not to be replaced by the next who comes: the key is lost. */
        snprintf(why, why_cap,
                 "the stored credentials are sealed, and %s: give the --seal-key they were sealed "
                 "under, or forget them with --factory-reset",
                 n->d->seal.on ? "this key does not open them" : "no key was given");
        return false;
    } else if (result != TROTH_OK && result != TROTH_NOT_FOUND) {
        snprintf(why, why_cap, "%s", store_why(n->d->store));
        return false;
    }
    line_stored_network(result == TROTH_OK ? &stored : NULL);
    if (!reach_start(n->d, result == TROTH_OK, why, why_cap) ||
        !provision_start(n->d, &n->prov, result == TROTH_OK, why, why_cap)) {
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
    struct runtime_clock net = {sim_deadline, sim_tick, &n->sim};
    if (n->backend)
        net = (struct runtime_clock){net_backend_deadline, net_backend_tick, n->backend};
    char fault[200] = "";
    int result = TROTH_OK;
    if (d->options.provision.protocols & PROVISION_TROTH)
        result = d->radio->serve(d, &n->service, fault, sizeof fault);
    if (result == TROTH_OK)
        result = clocks_add(d->clocks, &prov);
    if (result == TROTH_OK)
        result = clocks_add(d->clocks, &net);
    if (result != TROTH_OK) {
        snprintf(why, why_cap, "cannot serve the provisioning service: %s",
                 *fault ? fault : troth_result_words(result));
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
    net_backend_close(n->backend);
    netsim_close(&n->sim);
    wipe(n, sizeof *n);
    free(n);
    d->network = NULL;
}
