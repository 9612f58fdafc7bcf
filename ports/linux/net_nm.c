/* NetworkManager as a network backend: its device, scans and status. */
#include "ports/linux/net_nm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

/* ---- the device ---- */

static void on_devices(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    static const char *const unusable =
        "NetworkManager cannot use the Wi-Fi now: see rfkill, and whether wpa_supplicant is "
        "installed";
    static const char *const unmanaged =
        "NetworkManager runs, and manages no such Wi-Fi device: see nmcli device; one that is "
        "unmanaged is given to it by nmcli device set IFACE managed yes";
    struct net_nm *n = ctx;
    struct nm_survey s;
    (void)tag;
    if (nm_survey(n, reply, NULL, &s)) {
        bool news = strcmp(n->device, s.device) != 0;
        snprintf(n->device, sizeof n->device, "%s", s.device);
        if (news || !n->b.here)
            station_here(&n->b, s.ifname);
        return;
    }
    if (net_bus_late(reply)) {
        nm_ask_objects(n, on_devices, 0);
        return;
    }
    n->device[0] = 0;
    if (n->b.here)
        station_gone(&n->b, "the Wi-Fi device was taken from it");
    else
        station_missing(&n->b, s.unavailable ? unusable : unmanaged);
}

static int on_state(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_nm *n = context;
    uint32_t now, old, reason;
    (void)error;
    if (sd_bus_message_read(m, "uuu", &now, &old, &reason) < 0)
        return 0;
    if (n->device[0] && !strcmp(sd_bus_message_get_path(m), n->device)) {
        if (now > NM_UNAVAILABLE)
            nm_state(n, now, old, reason);
        else
            nm_ask_objects(n, on_devices, 0);
    } else if (!n->device[0]) {
        nm_ask_objects(n, on_devices, 0);
    }
    return 0;
}

static int on_removed(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_nm *n = context;
    (void)m;
    (void)error;
    nm_ask_objects(n, on_devices, 0);
    return 0;
}

/* ---- wpa_supplicant behind it ---- */

static void take_status(void *ctx, const char *key, sd_bus_message *m)
{
    if (!strcmp(key, "AuthStatusCode"))
        sd_bus_message_read(m, "i", (int32_t *)ctx);
}

static int on_whose(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_nm *n = context;
    const char *owner;
    (void)error;
    n->whose = sd_bus_slot_unref(n->whose);
    if (!sd_bus_message_is_method_error(m, NULL) && sd_bus_message_read(m, "s", &owner) >= 0 &&
        !strcmp(owner, n->status_by))
        nm_auth_status(n, n->status_code);
    return 0;
}

/* Anybody can address such a signal to us: is it wpa_supplicant? */
static int on_supplicant(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_nm *n = context;
    const char *interface, *sender = sd_bus_message_get_sender(m);
    int32_t code = 0;
    (void)error;
    if (!sender || !station_joining(&n->b) || sd_bus_message_read(m, "s", &interface) < 0 ||
        !net_bus_each(m, take_status, &code) || !code)
        return 0;
    snprintf(n->status_by, sizeof n->status_by, "%s", sender);
    n->status_code = code;
    n->whose = sd_bus_slot_unref(n->whose);
    sd_bus_call_method_async(n->bus.bus, &n->whose, NET_BUS, NET_BUS_PATH, NET_BUS, "GetNameOwner",
                             on_whose, n, "s", "fi.w1.wpa_supplicant1");
    return 0;
}

/* ---- scans ---- */

static void on_points(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    if (!n->b.scanning || tag != n->b.scanning)
        return;
    nm_report_scan(n, reply);
    station_scan_done(&n->b, TROTH_NET_OK);
}

static void results(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    if (!nm_ask_objects(n, on_points, b->scanning))
        station_scan_done(b, TROTH_NET_OTHER);
}

static void take_scan(void *ctx, const char *key, sd_bus_message *m)
{
    (void)m;
    if (!strcmp(key, "LastScan"))
        *(bool *)ctx = true;
}

static int on_changes(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_nm *n = context;
    const char *interface;
    bool scanned = false;
    (void)error;
    if (n->b.scanning && n->device[0] && !strcmp(sd_bus_message_get_path(m), n->device) &&
        sd_bus_message_read(m, "s", &interface) >= 0 && !strcmp(interface, NM_I_WIRELESS) &&
        net_bus_each(m, take_scan, &scanned) && scanned)
        results(&n->b);
    return 0;
}

static void on_scan(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    if (n->b.scanning && tag == n->b.scanning && *net_bus_error(reply))
        results(&n->b); /* it has just done so, or is busy: what it knows */
}

static void scan(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    if (!net_bus_ask(&n->bus, on_scan, b->scanning, n->device, NM_I_WIRELESS, "RequestScan",
                     "a{sv}", 0))
        station_scan_done(b, TROTH_NET_OTHER);
}

/* ---- status ---- */

static void on_described(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    struct nm_survey s;
    struct troth_net_info info = {.rssi = 127};
    if (!n->b.asking || tag != n->b.asking)
        return;
    bool ours =
        nm_survey(n, reply, NULL, &s) && s.state == NM_ACTIVATED && !strcmp(s.profile, n->trying);
    memcpy(info.bssid, s.current.bssid, 6);
    info.security = s.current.security;
    info.channel = s.current.channel;
    info.rssi = s.current.ssid.len ? s.current.rssi : 127;
    station_described(&n->b, ours ? &info : NULL);
}

static void describe(struct net_backend *b)
{
    nm_ask_objects((struct net_nm *)b, on_described, b->asking);
}

/* ---- coming and going ---- */

static void unwatch(struct net_nm *n)
{
    n->states = sd_bus_slot_unref(n->states);
    n->changes = sd_bus_slot_unref(n->changes);
    n->devices = sd_bus_slot_unref(n->devices);
    n->supplicant = sd_bus_slot_unref(n->supplicant);
    n->whose = sd_bus_slot_unref(n->whose);
}

static void on_up(void *ctx)
{
    struct net_nm *n = ctx;
    unwatch(n);
    n->states = net_bus_watch(&n->bus,
                              "path_namespace='" NM_PATH "/Devices',interface='" NM_DEVICE
                              "',member='StateChanged'",
                              on_state, n);
    n->changes = net_bus_watch(&n->bus,
                               "path_namespace='" NM_PATH
                               "/Devices',interface='org.freedesktop.DBus.Properties'"
                               ",member='PropertiesChanged',arg0='" NM_I_WIRELESS "'",
                               on_changes, n);
    n->devices =
        net_bus_watch(&n->bus, "interface='" NM_SERVICE "',member='DeviceRemoved'", on_removed, n);
    sd_bus_add_match_async(n->bus.bus, &n->supplicant,
                           "type='signal',sender='fi.w1.wpa_supplicant1'"
                           ",interface='org.freedesktop.DBus.Properties',member='PropertiesChanged'"
                           ",arg0='fi.w1.wpa_supplicant1.Interface'",
                           on_supplicant, NULL, n);
    nm_ask_objects(n, on_devices, 0);
}

static void on_down(void *ctx, const char *why)
{
    struct net_nm *n = ctx;
    unwatch(n);
    n->device[0] = n->trying[0] = n->before[0] = 0;
    n->created = n->started = n->have_before = false;
    station_gone(&n->b, why);
}

static void on_absent(void *ctx, const char *why)
{
    struct net_nm *n = ctx;
    station_notice(&n->b, NET_GONE, "NetworkManager cannot be used yet: %s", why);
}

static void tick(struct net_backend *b, troth_ms now)
{
    net_bus_tick(&((struct net_nm *)b)->bus, now);
}

static troth_ms deadline(const struct net_backend *b)
{
    return net_bus_deadline(&((const struct net_nm *)b)->bus);
}

static void close_nm(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    unwatch(n);
    net_bus_stop(&n->bus);
    station_close(b);
    free(n->profile);
    wipe(n, sizeof *n);
    free(n);
}

static const struct net_driver driver = {
    .name = "NetworkManager",
    .unfit = nm_unfit,
    .join = nm_join,
    .undo = nm_undo,
    .restore = nm_restore,
    .keep = nm_keep,
    .leave = nm_leave,
    .scan = scan,
    .scan_late = results,
    .describe = describe,
    .deadline = deadline,
    .tick = tick,
    .close = close_nm,
};

struct net_backend *net_nm_open(const struct net_where *where, const struct net_config *config,
                                char *why, size_t cap)
{
    struct net_nm *n = calloc(1, sizeof *n);
    struct nm_profile *profile = calloc(NM_PROFILES, sizeof *profile);
    if (!n || !profile || !station_open(&n->b, &driver, config, where->ifname)) {
        snprintf(why, cap, "no memory for a network");
        free(profile);
        free(n);
        return NULL;
    }
    n->profile = profile;
    snprintf(n->wanted, sizeof n->wanted, "%s", where->ifname);
    n->bus = (struct net_bus){.loop = config->loop,
                              .service = NM_SERVICE,
                              .up = on_up,
                              .down = on_down,
                              .absent = on_absent,
                              .ctx = n};
    net_bus_start(&n->bus);
    return &n->b;
}
