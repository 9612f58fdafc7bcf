/*
 * OpenThread's border router agent (otbr-agent) over D-Bus: io.openthread.BorderRouter.IFACE. It
 * keeps the dataset itself and attaches by itself when it starts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ports/linux/net_bus.h"
#include "ports/linux/net_thread.h"

#define OTBR          "io.openthread.BorderRouter"
#define OTBR_PATH     "/io/openthread/BorderRouter/"
#define PROPERTIES    "org.freedesktop.DBus.Properties"
#define DEFAULT_IF    "wpan0"
#define LOOK_MS       2000 /* at the role, besides its signals */
#define ATTACH_S      120 /* it answers when attached; the station's clock is the one that counts */
#define SCAN_S        20
#define UNKNOWN_ERROR "org.freedesktop.DBus.Error.UnknownMethod"
#define NO_REPLY      "org.freedesktop.DBus.Error.NoReply"
#define NOT_FOUND     "io.openthread.Error.NotFound"
#define INVALID_STATE "io.openthread.Error.InvalidState"

struct otbr {
    struct net_thread thread; /* first */
    struct net_bus bus;
    sd_bus_slot *changes;
    char service[80], path[80];
    struct timer look_timer;
    uint32_t serial; /* of what was asked last to attach: answers to earlier ones do not count */
    bool handed;     /* it has our dataset: roles are of that network, not of the one before */
    bool no_detach;  /* an old one */
    bool was_reset;  /* in this attempt */
};

static struct otbr *of(struct net_thread *t)
{
    return (struct otbr *)t;
}

/* ---- the role ---- */

static void take_role(struct otbr *o, const char *word)
{
    uint8_t role;
    if (o->thread.step == THREAD_ATTACHING && !o->handed)
        return;
    if (thread_role_of(word, &role))
        thread_role(&o->thread, role);
}

static void on_role(void *ctx, uint32_t first, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    const char *word;
    if (sd_bus_message_is_method_error(reply, NULL) ||
        sd_bus_message_read(reply, "v", "s", &word) < 0)
        word = "disabled"; /* too early in its own start */
    take_role(o, word);
    if (first)
        thread_here(&o->thread, o->thread.base.ifname);
}

static void ask_role(struct otbr *o, bool first)
{
    net_bus_ask(&o->bus, on_role, first, o->path, PROPERTIES, "Get", "ss", OTBR, "DeviceRole");
}

static void take_property(void *ctx, const char *key, sd_bus_message *m)
{
    if (!strcmp(key, "DeviceRole"))
        take_role(ctx, net_bus_string(m));
}

static int on_changed(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct otbr *o = context;
    const char *interface;
    (void)error;
    if (o->thread.base.here && sd_bus_message_read(m, "s", &interface) >= 0 &&
        !strcmp(interface, OTBR))
        net_bus_each(m, take_property, o);
    return 0;
}

/* ---- coming and going ---- */

static void up(void *ctx)
{
    struct otbr *o = ctx;
    char rule[200];
    snprintf(rule, sizeof rule, "interface='" PROPERTIES "',member='PropertiesChanged',path='%s'",
             o->path);
    o->changes = net_bus_watch(&o->bus, rule, on_changed, o);
    ask_role(o, true);
    timer_start(&o->look_timer, LOOK_MS);
}

static void down(void *ctx, const char *why)
{
    struct otbr *o = ctx;
    timer_stop(&o->look_timer);
    o->changes = sd_bus_slot_unref(o->changes);
    thread_gone(&o->thread, why);
}

static void absent(void *ctx, const char *why)
{
    struct otbr *o = ctx;
    station_notice(&o->thread.base, NET_GONE,
                   "there is no OpenThread border router agent for %s (%s); waiting for it",
                   o->thread.base.ifname, why);
}

/* ---- what is asked for ---- */

static void say_refused(struct otbr *o, const char *what, sd_bus_message *reply)
{
    station_notice(&o->thread.base, NET_SHORTCOMING, "the OpenThread agent refused to %s: %.200s",
                   what, net_bus_error_text(reply));
}

static void on_dataset(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    const void *tlvs = NULL;
    size_t len = 0;
    bool none = !strcmp(net_bus_error(reply), NOT_FOUND);
    (void)tag;
    /* What is not known is not overwritten: only this error says that there is none. */
    if (none || (!sd_bus_message_is_method_error(reply, NULL) &&
                 sd_bus_message_enter_container(reply, 'v', "ay") > 0 &&
                 sd_bus_message_read_array(reply, 'y', &tlvs, &len) >= 0)) {
        thread_dataset(&o->thread, tlvs, len);
        return;
    }
    say_refused(o, "tell its dataset", reply);
    thread_unread(&o->thread);
}

static void read_dataset(struct net_thread *t)
{
    struct otbr *o = of(t);
    net_bus_ask(&o->bus, on_dataset, 0, o->path, PROPERTIES, "Get", "ss", OTBR,
                "ActiveDatasetTlvs");
}

static void on_reset(void *ctx, uint32_t serial, sd_bus_message *reply);

/* An Attach that was never answered stands in the way of the next, even after a Detach. */
static void on_attach(void *ctx, uint32_t serial, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    if (serial != o->serial)
        return;
    if (!sd_bus_message_is_method_error(reply, NULL)) {
        ask_role(o, false);
    } else if (!strcmp(net_bus_error(reply), INVALID_STATE) && !o->was_reset) {
        net_bus_ask(&o->bus, on_reset, serial, o->path, OTBR, "Reset", NULL);
    } else if (strcmp(net_bus_error(reply), NO_REPLY) != 0) {
        say_refused(o, "attach", reply);
        thread_refused(&o->thread, TROTH_NET_OTHER);
    }
}

/* Without arguments: to what its active dataset names. */
static void start(struct otbr *o, uint32_t serial)
{
    o->handed = true;
    net_bus_send(&o->bus, net_bus_message(&o->bus, o->path, OTBR, "Attach"), on_attach, serial,
                 ATTACH_S);
    thread_taken(&o->thread);
}

/* It begins anew with what its dataset names. */
static void on_reset(void *ctx, uint32_t serial, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    (void)reply;
    if (serial != o->serial)
        return;
    o->was_reset = true;
    start(o, serial);
}

static void on_detached(void *ctx, uint32_t serial, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    if (serial == o->serial)
        o->no_detach = !strcmp(net_bus_error(reply), UNKNOWN_ERROR);
}

static void on_set(void *ctx, uint32_t serial, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    if (serial != o->serial)
        return;
    if (sd_bus_message_is_method_error(reply, NULL)) {
        say_refused(o, "take the dataset", reply);
        thread_refused(&o->thread, TROTH_NET_BAD_DATASET);
        return;
    }
    if (o->no_detach)
        net_bus_ask(&o->bus, on_reset, serial, o->path, OTBR, "Reset", NULL);
    else
        start(o, serial);
}

/* It would stay attached to the network before. */
static void attach(struct net_thread *t, const struct troth_thread *dataset)
{
    struct otbr *o = of(t);
    o->serial++;
    o->handed = o->no_detach = o->was_reset = false;
    net_bus_ask(&o->bus, on_detached, o->serial, o->path, OTBR, "Detach", NULL);
    sd_bus_message *m = net_bus_message(&o->bus, o->path, PROPERTIES, "Set");
    if (m && (sd_bus_message_append(m, "ss", OTBR, "ActiveDatasetTlvs") < 0 ||
              sd_bus_message_open_container(m, 'v', "ay") < 0 ||
              sd_bus_message_append_array(m, 'y', dataset->dataset, dataset->len) < 0 ||
              sd_bus_message_close_container(m) < 0))
        m = sd_bus_message_unref(m);
    if (m)
        sd_bus_message_sensitive(m);
    net_bus_send(&o->bus, m, on_set, o->serial, 0);
}

static void detach(struct net_thread *t)
{
    struct otbr *o = of(t);
    o->serial++;
    net_bus_ask(&o->bus, NULL, 0, o->path, OTBR, "Detach", NULL);
}

static void on_left(void *ctx, uint32_t reset, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    bool failed = sd_bus_message_is_method_error(reply, NULL);
    if (failed && !reset) { /* an old one, or it has no time for manners */
        net_bus_ask(&o->bus, on_left, 1, o->path, OTBR, "FactoryReset", NULL);
        return;
    }
    if (failed) {
        say_refused(o, "forget its network", reply);
        thread_unforgotten(&o->thread);
        return;
    }
    thread_forgotten(&o->thread);
}

static void forget(struct net_thread *t)
{
    struct otbr *o = of(t);
    o->serial++;
    net_bus_ask(&o->bus, on_left, 0, o->path, OTBR, "LeaveNetwork", NULL);
}

/* ---- listening ---- */

static void put_u64(uint8_t out[8], uint64_t value)
{
    for (unsigned i = 0; i < 8; i++)
        out[i] = (uint8_t)(value >> (56 - 8 * i));
}

static bool take_result(sd_bus_message *m, struct troth_scan_result *r)
{
    uint64_t address, ext_pan_id;
    const char *name;
    const void *steering;
    size_t len;
    uint16_t port;
    int16_t rssi;
    int native, joinable;
    *r = (struct troth_scan_result){.kind = TROTH_NET_THREAD};
    if (sd_bus_message_enter_container(m, 'r', "tstayqqynyybb") <= 0 ||
        sd_bus_message_read(m, "tst", &address, &name, &ext_pan_id) < 0 ||
        sd_bus_message_read_array(m, 'y', &steering, &len) < 0 ||
        sd_bus_message_read(m, "qqynyybb", &r->thread.pan_id, &port, &r->channel, &rssi, &r->lqi,
                            &r->version, &native, &joinable) < 0 ||
        sd_bus_message_exit_container(m) < 0)
        return false;
    put_u64(r->ext_addr, address);
    put_u64(r->thread.ext_pan_id, ext_pan_id);
    r->thread.name.len = (uint8_t)strnlen(name, sizeof r->thread.name.b);
    memcpy(r->thread.name.b, name, r->thread.name.len);
    r->rssi = (int8_t)(rssi < -128 ? -128 : rssi > 127 ? 127 : rssi);
    r->joinable = joinable;
    return true;
}

static void on_scan(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct otbr *o = ctx;
    struct troth_scan_result result;
    (void)tag;
    bool ok = !sd_bus_message_is_method_error(reply, NULL) &&
              sd_bus_message_enter_container(reply, 'a', "(tstayqqynyybb)") >= 0;
    while (ok && take_result(reply, &result))
        thread_heard(&o->thread, &result);
    thread_listened(&o->thread, ok);
}

static void hear(struct net_thread *t)
{
    struct otbr *o = of(t);
    net_bus_send(&o->bus, net_bus_message(&o->bus, o->path, OTBR, "Scan"), on_scan, 0, SCAN_S);
}

/* ---- life ---- */

static void tick(struct net_thread *t, troth_ms now)
{
    struct otbr *o = of(t);
    net_bus_tick(&o->bus, now);
    if (timer_due(&o->look_timer, now)) {
        if (t->step == THREAD_ATTACHING)
            ask_role(o, false);
        timer_start(&o->look_timer, LOOK_MS);
    }
}

static troth_ms deadline(const struct net_thread *t)
{
    const struct otbr *o = (const struct otbr *)t;
    return earlier(net_bus_deadline(&o->bus), timer_deadline(&o->look_timer));
}

static void close_it(struct net_thread *t)
{
    struct otbr *o = of(t);
    sd_bus_slot_unref(o->changes);
    net_bus_stop(&o->bus);
    thread_close(t);
    free(o);
}

static const struct thread_service service = {
    .name = "OpenThread border router",
    .read = read_dataset,
    .attach = attach,
    .detach = detach,
    .forget = forget,
    .listen = hear,
    .tick = tick,
    .deadline = deadline,
    .close = close_it,
};

struct net_backend *net_otbr_open(const struct net_where *where, const struct net_config *config,
                                  char *why, size_t cap)
{
    struct otbr *o = calloc(1, sizeof *o);
    const char *ifname = *where->ifname ? where->ifname : DEFAULT_IF;
    if (!o || !thread_open(&o->thread, &service, config, ifname)) {
        free(o);
        snprintf(why, cap, "no memory for a network backend");
        return NULL;
    }
    snprintf(o->service, sizeof o->service, OTBR ".%s", ifname);
    snprintf(o->path, sizeof o->path, OTBR_PATH "%s", ifname);
    o->bus = (struct net_bus){.loop = config->loop,
                              .service = o->service,
                              .up = up,
                              .down = down,
                              .absent = absent,
                              .ctx = o};
    net_bus_start(&o->bus);
    return &o->thread.base;
}
