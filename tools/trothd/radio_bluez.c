/* The device on bluetoothd, which owns the adapter: services, advertisement and agent over D-Bus. */
#include "radio_bluez.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/out.h"

#define FINISH_US   1000000u /* for goodbyes */
#define MANAGERS_US 3000000u /* for bluetoothd to learn what the adapter can */

static struct radio_bluez *of(const struct trothd *d)
{
    return d->bluez;
}

/* ---- the adapter follows the window ---- */

static void on_not_set(void *ctx, const char *why)
{
    (void)ctx;
    out_error("%s", why);
}

static void on_no_power(void *ctx, const char *why)
{
    (void)ctx;
    out_error("%s; rfkill list shows what blocks it", why);
}

/*
 * Bonds only while the window is open, and where a passkey is demanded only while somebody is there
 * to see it. Set when that changes, not whenever somebody else sets it: a person at this machine
 * may pair what they like. How the adapter was before is put back at the end.
 */
static void set_pairable(struct radio_bluez *r, bool anyway)
{
    const struct bluez_adapter *a = bluez_adapter(r->bluez);
    bool nobody = r->d->options.security == TROTH_WIFI_MODE_AUTH &&
                  bluetooth_io_cap(r->d) == TROTH_NO_INPUT_NO_OUTPUT;
    bool wanted = r->window && !nobody;
    /* Where nobody needs to pair, it is not this device's business. */
    if (!a || (a->pairable == wanted && !anyway) || r->d->options.security == TROTH_WIFI_MODE_NONE)
        return;
    if (!r->have_pairable) {
        r->have_pairable = true;
        r->pairable = a->pairable;
        radio_bluez_save_pairable(r, true);
    }
    bluez_set_bool(r->bluez, a->path, BLUEZ_ADAPTER, "Pairable", wanted, on_not_set, r);
}

static void set_powered(struct radio_bluez *r)
{
    const struct bluez_adapter *a = bluez_adapter(r->bluez);
    if (!a || a->powered || r->powering)
        return;
    r->powering = true; /* once: whoever powers it off after that means it */
    line_bluez_power(a);
    bluez_set_bool(r->bluez, a->path, BLUEZ_ADAPTER, "Powered", true, on_no_power, r);
}

static void put_back(struct radio_bluez *r)
{
    const struct bluez_adapter *a = bluez_adapter(r->bluez);
    if (!a || !r->have_pairable)
        return;
    /* Whatever it is now: a change of ours may still be on its way. */
    bluez_set_bool(r->bluez, a->path, BLUEZ_ADAPTER, "Pairable", r->pairable, NULL, NULL);
    radio_bluez_save_pairable(r, false);
}

/* ---- bluetoothd comes and goes ---- */

static int on_still_not(sd_event_source *source, uint64_t usec, void *context)
{
    struct radio_bluez *r = context;
    const struct bluez_adapter *a = bluez_adapter(r->bluez);
    (void)usec;
    sd_event_source_set_enabled(source, SD_EVENT_OFF);
    if (a && !(a->gatt && a->advertising))
        out_error("the adapter %s cannot be an LE peripheral: bluetoothd offers no %s for it; is "
                  "ControllerMode in /etc/bluetooth/main.conf bredr?",
                  strrchr(a->path, '/') + 1, a->gatt ? "advertising" : "GATT");
    return 0;
}

/* Its managers come a moment after the adapter. */
static void look_again(struct radio_bluez *r)
{
    sd_event_source_disable_unref(r->late);
    r->late = NULL;
    sd_event_add_time_relative(r->d->loop, &r->late, CLOCK_MONOTONIC, MANAGERS_US, 1, on_still_not,
                               r);
}

static void on_up(void *ctx)
{
    struct radio_bluez *r = ctx;
    const struct bluez_adapter *a = bluez_adapter(r->bluez);
    line_bluez_up(r->d, a);
    bluetooth_make_name(r->d, &a->addr);
    set_powered(r);
    set_pairable(r, false);
    look_again(r);
    radio_bluez_compare(r);
    radio_bluez_finish_reset(r);
    for (const struct bluez_device *v = bluez_devices(r->bluez); v; v = v->next)
        radio_bluez_device(r, v, BLUEZ_NEW);
}

static void on_down(void *ctx, const char *why)
{
    struct radio_bluez *r = ctx;
    r->powering = false;
    radio_bluez_all_gone(r);
    if (r->d->stopping)
        return;
    if (!r->d->options.retry) {
        out_error("%s", why);
        trothd_exit(r->d, 1);
        return;
    }
    line_bluez_down(r->d, why);
}

static void on_adapter(void *ctx, const struct bluez_adapter *adapter)
{
    struct radio_bluez *r = ctx;
    if (adapter->powered)
        r->powering = true;
}

static void on_device(void *ctx, const struct bluez_device *device, unsigned news)
{
    struct radio_bluez *r = ctx;
    if (news & BLUEZ_CONNECTION)
        r->d->radio->agent_changed(r->d); /* a program may have come to its socket */
    radio_bluez_device(r, device, news);
    if (r->d->stopping && !radio_bluez_clients_here(r))
        trothd_exit(r->d, 0);
}

static void on_registered(void *ctx, const char *why)
{
    (void)ctx;
    if (why)
        out_error("%s", why);
}

static void on_advertising(void *ctx, bool on, const char *why)
{
    struct radio_bluez *r = ctx;
    struct troth_event e = {.type = TROTH_EV_ADVERTISING, .u.on = on};
    if (why && !r->d->stopping)
        out_event(OUT_WARN, "advertising", out_fields("on:b why:s", on, why), "%s", why);
    else
        line_event(r->d, &e);
}

/* ---- the agent ---- */

/* What the policy decides, nobody is asked; the rest goes to whoever is there now. */
static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    struct radio_bluez *r = ctx;
    struct trothd *d = r->d;
    if (!r->window)
        return false;
    if (call->type == TROTH_AGENT_CONSENT && d->options.security == TROTH_WIFI_MODE_AUTH)
        return false; /* Just Works proves nothing */
    if (call->type == TROTH_AGENT_CONSENT && d->policy.just_works != TROTH_JUST_WORKS_ASKED) {
        call->answer(call->host, call->id, d->policy.just_works == TROTH_JUST_WORKS_ALLOWED, 0);
        return true;
    }
    struct agent *who = bluetooth_who_answers(d);
    const struct troth_agent *agent = agent_present(who) ? agent_troth(who) : NULL;
    return agent && agent->call(agent->ctx, call);
}

static void on_closed(void *ctx, uint32_t id)
{
    struct radio_bluez *r = ctx;
    struct agent *const both[] = {r->d->agent, r->d->attached};
    for (unsigned i = 0; i < 2; i++)
        if (both[i] && agent_troth(both[i])->closed)
            agent_troth(both[i])->closed(agent_troth(both[i])->ctx, id);
}

static void on_told(void *ctx, const struct bluez_agent_news *news)
{
    /* With its first agent bluetoothd makes the adapter pairable, with its last it does not. */
    if (news->type == BLUEZ_AGENT_REGISTERED)
        set_pairable(ctx, true);
    line_bluez_agent(news);
}

static void agent_changed(struct trothd *d)
{
    struct radio_bluez *r = of(d);
    uint8_t io_cap = bluetooth_io_cap(d);
    if (r->agent && io_cap != r->asked.io_cap) {
        r->asked.io_cap = io_cap;
        bluez_agent_refresh(r->agent);
    }
    set_pairable(r, false);
}

/* ---- opening ---- */

static bool open_parts(struct radio_bluez *r, char *why, size_t cap)
{
    struct trothd *d = r->d;
    struct bluez_listener listener = {
        .up = on_up, .down = on_down, .adapter = on_adapter, .device = on_device, .ctx = r};
    struct bluez_gatt_config gatt = {r->bluez, radio_bluez_link, on_registered, r};
    struct bluez_advertise_config advertise = {r->bluez, on_advertising, r};
    struct bluez_agent_config agent = {
        .agent = &r->asked, .as_default = true, .told = on_told, .ctx = r};
    r->asked = (struct troth_agent){bluetooth_io_cap(d), on_call, on_closed, r};
    snprintf(why, cap, "no memory for BlueZ");
    if (bluez_listen(r->bluez, &listener) != TROTH_OK || !(r->gatt = bluez_gatt_new(&gatt)) ||
        !(r->advertise = bluez_advertise_new(&advertise)))
        return false;
    /* Without pairing there is nothing to ask, and the agent of a desktop stays the default. */
    if (d->options.security != TROTH_WIFI_MODE_NONE &&
        !(r->agent = bluez_agent_new(r->bluez, &agent, why, cap)))
        return false;
    *why = 0;
    return true;
}

static bool open_bluez(struct trothd *d, char *why, size_t cap)
{
    struct radio_bluez *r = calloc(1, sizeof *r);
    if (!r) {
        snprintf(why, cap, "no memory for BlueZ");
        return false;
    }
    d->bluez = r;
    r->d = d;
    radio_bluez_load(r);
    r->bluez = bluez_new(d->loop, d->options.bluez_adapter, why, cap);
    if (!r->bluez || !open_parts(r, why, cap))
        return false;
    line_bluez_start(d);
    return true;
}

static void start(struct trothd *d)
{
    bluez_start(of(d)->bluez);
}

static int on_finish_late(sd_event_source *source, uint64_t usec, void *context)
{
    struct radio_bluez *r = context;
    (void)source;
    (void)usec;
    trothd_exit(r->d, 0);
    return 0;
}

static void finish(struct trothd *d)
{
    struct radio_bluez *r = of(d);
    struct troth_advertising off = {.on = false};
    char why[BLUEZ_WHY];
    bluez_advertise(r->advertise, &off, why, sizeof why);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->peers[i].link != TROTH_NO_LINK && r->of[i].client)
            radio_bluez_disconnect(d, d->peers[i].link, 0);
    if (!radio_bluez_clients_here(r) ||
        sd_event_add_time_relative(d->loop, &r->finish_late, CLOCK_MONOTONIC, FINISH_US, 1,
                                   on_finish_late, r) < 0)
        trothd_exit(d, 0);
}

static void close_bluez(struct trothd *d)
{
    struct radio_bluez *r = of(d);
    if (!r)
        return;
    if (r->bluez)
        put_back(r);
    bluez_agent_free(r->agent);
    bluez_advertise_free(r->advertise);
    bluez_gatt_free(r->gatt);
    bluez_free(r->bluez);
    sd_event_source_disable_unref(r->finish_late);
    sd_event_source_disable_unref(r->late);
    free(r);
    d->bluez = NULL;
}

/* ---- at work ---- */

static int window(struct trothd *d, const struct troth_advertising *adv, bool open)
{
    struct radio_bluez *r = of(d);
    char why[BLUEZ_WHY];
    r->window = open;
    set_pairable(r, false);
    int result = bluez_advertise(r->advertise, adv, why, sizeof why);
    if (result != TROTH_OK)
        out_error("%s", why);
    return TROTH_OK;
}

static int serve(struct trothd *d, struct troth_gatt_service *service, char *why, size_t cap)
{
    return bluez_gatt_serve(of(d)->gatt, service, why, cap);
}

static int complete(struct trothd *d, uint32_t token, enum troth_gatt_status status)
{
    return bluez_gatt_complete(of(d)->gatt, token, status, NULL, 0);
}

static int notify(struct trothd *d, const struct troth_gatt_service *service, uint8_t id,
                  const uint8_t *value, uint16_t len)
{
    return bluez_gatt_notify(of(d)->gatt, service, id, value, len);
}

const struct radio radio_bluez = {
    .open = open_bluez,
    .start = start,
    .finish = finish,
    .close = close_bluez,
    .window = window,
    .serve = serve,
    .complete = complete,
    .notify = notify,
    .disconnect = radio_bluez_disconnect,
    .protection = radio_bluez_protection,
    .forget = radio_bluez_forget,
    .links = radio_bluez_links,
    .bonds = radio_bluez_bonds,
    .agent_changed = agent_changed,
};
