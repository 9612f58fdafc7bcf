/* iwd as a network backend: its device, scans and status. */
#include "ports/linux/net_iwd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

/* ---- the device ---- */

static void on_devices(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    static const char *const off = "iwd has the Wi-Fi device switched off: see rfkill, or iwctl "
                                   "device IFACE set-property Powered on";
    static const char *const none = "iwd runs, and has no such Wi-Fi device: see iwctl device list";
    struct net_iwd *n = ctx;
    struct iwd_survey s;
    (void)tag;
    if (iwd_survey(n, reply, NULL, &s)) {
        bool news = strcmp(n->device, s.device) != 0;
        snprintf(n->device, sizeof n->device, "%s", s.device);
        if (!news && n->b.here)
            return;
        iwd_agent_register(n);
        station_here(&n->b, s.ifname);
        return;
    }
    if (net_bus_late(reply)) {
        iwd_ask_objects(n, on_devices, 0);
        return;
    }
    n->device[0] = 0;
    if (n->b.here)
        station_gone(&n->b, "the Wi-Fi device was taken from it");
    else
        station_missing(&n->b, s.powered_off ? off : none);
}

static int on_objects(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_iwd *n = context;
    const char *path;
    (void)error;
    /* networks come and go all the time; a device's path is short */
    if (sd_bus_message_read(m, "o", &path) >= 0 && (!n->device[0] || !strcmp(path, n->device)))
        iwd_ask_objects(n, on_devices, 0);
    return 0;
}

struct change {
    char state[24];
    bool scan_ended, powered;
};

static void take_change(void *ctx, const char *key, sd_bus_message *m)
{
    struct change *c = ctx;
    if (!strcmp(key, "State"))
        snprintf(c->state, sizeof c->state, "%s", net_bus_string(m));
    else if (!strcmp(key, "Scanning"))
        c->scan_ended = !net_bus_bool(m);
    else if (!strcmp(key, "Powered"))
        c->powered = true;
}

static void results(struct net_backend *b);

static int on_changes(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_iwd *n = context;
    const char *interface;
    struct change c = {.powered = false};
    (void)error;
    if (sd_bus_message_read(m, "s", &interface) < 0 || !net_bus_each(m, take_change, &c))
        return 0;
    if (c.powered && !strcmp(interface, IWD_I_DEVICE)) {
        iwd_ask_objects(n, on_devices, 0);
        return 0;
    }
    if (!n->device[0] || strcmp(sd_bus_message_get_path(m), n->device) != 0 ||
        strcmp(interface, IWD_I_STATION) != 0)
        return 0;
    if (c.scan_ended) {
        if (n->b.scanning)
            results(&n->b);
        if (n->scanning)
            iwd_scanned(n);
    }
    if (c.state[0] && n->b.state != STATION_IDLE && !n->connecting)
        iwd_state(n, c.state);
    return 0;
}

/* ---- scans ---- */

static void on_names(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    if (!n->b.scanning || tag != n->b.scanning)
        return;
    iwd_report_scan(n, reply);
    station_scan_done(&n->b, TROTH_NET_OK);
}

static void on_ordered(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    const char *path;
    int16_t signal;
    if (!n->b.scanning || tag != n->b.scanning)
        return;
    n->founds = 0;
    if (*net_bus_error(reply) || sd_bus_message_enter_container(reply, 'a', "(on)") < 0) {
        station_scan_done(&n->b, TROTH_NET_OTHER);
        return;
    }
    while (sd_bus_message_read(reply, "(on)", &path, &signal) > 0)
        if (n->founds < IWD_NETWORKS) {
            struct iwd_network *w = &n->found[n->founds++];
            snprintf(w->path, sizeof w->path, "%s", path);
            w->rssi = (int8_t)(signal < -12700 ? -127 : signal > 0 ? 0 : signal / 100);
        }
    if (!iwd_ask_objects(n, on_names, tag))
        station_scan_done(&n->b, TROTH_NET_OTHER);
}

static void results(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    if (!net_bus_ask(&n->bus, on_ordered, b->scanning, n->device, IWD_I_STATION,
                     "GetOrderedNetworks", NULL))
        station_scan_done(b, TROTH_NET_OTHER);
}

static void on_scan(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    const char *error = net_bus_error(reply);
    if (!n->b.scanning || tag != n->b.scanning || !*error || strstr(error, "InProgress"))
        return;     /* the signal comes */
    results(&n->b); /* busy connecting: what it knows */
}

static void scan(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    if (!net_bus_ask(&n->bus, on_scan, b->scanning, n->device, IWD_I_STATION, "Scan", NULL))
        station_scan_done(b, TROTH_NET_OTHER);
}

/* ---- status ---- */

static void on_described(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    struct troth_net_info info;
    if (n->b.asking && tag == n->b.asking)
        station_described(&n->b, iwd_read_diagnostics(reply, &info) ? &info : NULL);
}

static void describe(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    net_bus_ask(&n->bus, on_described, b->asking, n->device, IWD_I_DIAGNOSTIC, "GetDiagnostics",
                NULL);
}

/* ---- coming and going ---- */

static void unwatch(struct net_iwd *n)
{
    n->changes = sd_bus_slot_unref(n->changes);
    n->added = sd_bus_slot_unref(n->added);
    n->removed = sd_bus_slot_unref(n->removed);
    n->agent = sd_bus_slot_unref(n->agent);
    n->agent_known = false;
}

static void on_up(void *ctx)
{
    struct net_iwd *n = ctx;
    unwatch(n);
    iwd_agent_open(n);
    n->changes = net_bus_watch(
        &n->bus, "interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'",
        on_changes, n);
    n->added = net_bus_watch(
        &n->bus, "interface='org.freedesktop.DBus.ObjectManager',member='InterfacesAdded'",
        on_objects, n);
    n->removed = net_bus_watch(
        &n->bus, "interface='org.freedesktop.DBus.ObjectManager',member='InterfacesRemoved'",
        on_objects, n);
    iwd_ask_objects(n, on_devices, 0);
}

static void on_down(void *ctx, const char *why)
{
    struct net_iwd *n = ctx;
    unwatch(n);
    n->device[0] = n->trying[0] = 0;
    n->connecting = n->scanning = n->before_known = false;
    station_gone(&n->b, why);
}

static void on_absent(void *ctx, const char *why)
{
    struct net_iwd *n = ctx;
    station_notice(&n->b, NET_GONE, "iwd cannot be used yet: %s", why);
}

static void tick(struct net_backend *b, troth_ms now)
{
    net_bus_tick(&((struct net_iwd *)b)->bus, now);
}

static troth_ms deadline(const struct net_backend *b)
{
    return net_bus_deadline(&((const struct net_iwd *)b)->bus);
}

static void close_iwd(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    if (n->agent_known)
        net_bus_ask(&n->bus, NULL, 0, "/net/connman/iwd", IWD_SERVICE ".AgentManager",
                    "UnregisterAgent", "o", IWD_AGENT);
    unwatch(n);
    net_bus_stop(&n->bus);
    station_close(b);
    free(n->found);
    wipe(n, sizeof *n);
    free(n);
}

static const struct net_driver driver = {
    .name = "iwd",
    .unfit = iwd_unfit,
    .join = iwd_join,
    .undo = iwd_undo,
    .restore = iwd_restore,
    .keep = iwd_keep,
    .leave = iwd_leave,
    .scan = scan,
    .scan_late = results,
    .describe = describe,
    .deadline = deadline,
    .tick = tick,
    .close = close_iwd,
};

struct net_backend *net_iwd_open(const struct net_where *where, const struct net_config *config,
                                 char *why, size_t cap)
{
    struct net_iwd *n = calloc(1, sizeof *n);
    struct iwd_network *found = calloc(IWD_NETWORKS, sizeof *found);
    if (!n || !found || !station_open(&n->b, &driver, config, where->ifname)) {
        snprintf(why, cap, "no memory for a network");
        free(found);
        free(n);
        return NULL;
    }
    n->found = found;
    if (config->ours && config->ours->kind == TROTH_NET_WIFI) {
        n->good = config->ours->u.wifi;
        n->b.borrowed = config->borrowed;
    }
    snprintf(n->wanted, sizeof n->wanted, "%s", where->ifname);
    n->bus = (struct net_bus){.loop = config->loop,
                              .service = IWD_SERVICE,
                              .up = on_up,
                              .down = on_down,
                              .absent = on_absent,
                              .ctx = n};
    net_bus_start(&n->bus);
    return &n->b;
}
