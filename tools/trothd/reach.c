/* Who may come, and when: the window of either protocol, by policy, by command, by a button. */
#include "trothd.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/out.h"

#define COMMAND_S 300

struct reach {
    struct trothd *d;
    struct window of[2]; /* the 8b84xxxx service's, Espressif's */
    bool started;
    bool open, held, espressif;        /* as it was applied */
    troth_link shown[TROTH_MAX_LINKS]; /* the door, last, of d->peers */
    bool bonded;
    sd_event_source *button, *post;
};

static const int protocols[2] = {PROVISION_TROTH, PROVISION_ESPRESSIF};

static bool served(const struct reach *r, unsigned i)
{
    return r->d->options.provision.protocols & protocols[i];
}

bool reach_by(const struct trothd *d, int protocol)
{
    const struct reach *r = d->reach;
    for (unsigned i = 0; r && i < 2; i++)
        if (r->started && protocol & protocols[i] && served(r, i) && r->of[i].open)
            return true;
    return false;
}

bool reach_for_bonded(const struct trothd *d)
{
    const struct options *o = &d->options;
    return d->reach && d->reach->started && d->radio && o->keep_ble &&
           o->security != TROTH_WIFI_MODE_NONE && o->provision.protocols & PROVISION_TROTH &&
           d->radio->bonds(d) > 0;
}

static int rank(const struct window *w)
{
    return w->open ? 2 : w->held;
}

/* The one that is open, else held, and will be for longer; of closed ones the first. */
static const struct window *telling(const struct reach *r)
{
    const struct window *w = NULL;
    for (unsigned i = 0; i < 2; i++) {
        const struct window *it = &r->of[i];
        if (served(r, i) &&
            (!w || rank(it) > rank(w) || (rank(it) == rank(w) && rank(it) && it->until > w->until)))
            w = it;
    }
    return w;
}

static bool held(const struct reach *r, unsigned i)
{
    return served(r, i) && r->of[i].held;
}

void reach_state(const struct trothd *d, struct reach_state *s)
{
    const struct window *w = telling(d->reach);
    troth_ms now = clocks_now();
    *s = (struct reach_state){
        .open = w->open, .closing = w->held, .policy = w->policy, .why = w->why};
    if ((w->open || w->held) && w->until != TROTH_NEVER)
        s->left_s = w->until > now ? (unsigned)((w->until - now + 999) / 1000) : 1;
}

static void line(const struct reach *r)
{
    struct reach_state s;
    char left[40] = "";
    reach_state(r->d, &s);
    cJSON *fields =
        out_fields("open:b policy:s seconds:u", s.open, window_policy_name(s.policy), s.left_s);
    if (s.closing)
        cJSON_AddTrueToObject(fields, "closing");
    if (s.left_s)
        snprintf(left, sizeof left, ", for %u s", s.left_s);
    out_event(OUT_PLAIN, "window", fields,
              s.open      ? "the window for new clients is open%s: %s"
              : s.closing ? "the window is closing: a client is being served and may finish%s. "
                            "Others are not taken: %s"
                          : "the window for new clients is closed%s: %s. troth window open, or the "
                            "signal USR1, opens it",
              left, window_why_words(s.why));
}

/* ---- who is in the middle of it ---- */

static bool asked_last(const struct trothd *d, troth_link link)
{
    const struct troth_prov *p = network_session(d);
    return p->writer_here && p->writer == link;
}

/* A client's, not one to return to a network of before; joined it is still to be stored. */
static bool attempt_runs(const struct troth_prov *p)
{
    return p->state == TROTH_PROV_CONNECTING && (p->fresh.kind || p->online);
}

static bool has_joined(const struct trothd *d, troth_link link)
{
    return asked_last(d, link) && network_session(d)->state == TROTH_PROV_CONNECTED;
}

/* It has given what it has not tried yet, or what failed. */
static bool gives(const struct trothd *d, troth_link link)
{
    const struct troth_prov *p = network_session(d);
    if (has_joined(d, link))
        return false;
    for (unsigned i = 0; i < TROTH_PROV_WRITERS; i++)
        if (p->staged[i].used && p->staged[i].writer == link)
            return true;
    return false;
}

/* Whoever only sits there is nobody, and so is a session that has proven nothing. */
static enum window_busy busy(const struct trothd *d, int protocol)
{
    bool asked = false, proven = false;
    if (protocol == PROVISION_ESPRESSIF) {
        asked = asked_last(d, TROTH_PROTOCOMM_WRITER);
        proven = provision_serving(d) && !has_joined(d, TROTH_PROTOCOMM_WRITER);
    }
    for (unsigned i = 0; i < TROTH_MAX_LINKS && protocol == PROVISION_TROTH; i++) {
        troth_link link = d->peers[i].link;
        if (link == TROTH_NO_LINK)
            continue;
        asked |= asked_last(d, link);
        proven |= gives(d, link) && d->radio->protection(d, link) == RADIO_PROTECTED;
    }
    if (proven || (asked && attempt_runs(network_session(d))))
        return WINDOW_SERVING;
    return asked ? WINDOW_ANSWERED : WINDOW_NOBODY;
}

static void look_who_is_busy(struct reach *r, troth_ms now)
{
    for (unsigned i = 0; i < 2; i++)
        if (served(r, i))
            window_busy(&r->of[i], busy(r->d, protocols[i]), now);
}

bool reach_admits(const struct trothd *d, troth_link link)
{
    const struct reach *r = d->reach;
    return reach_by(d, PROVISION_TROTH) || (held(r, 0) && asked_last(d, link)) ||
           d->radio->protection(d, link) == RADIO_PROTECTED;
}

static bool held_for(const struct reach *r, troth_link link)
{
    return (held(r, 0) && asked_last(r->d, link)) ||
           (held(r, 1) && provision_session_of(r->d, link));
}

/* ---- what becomes of it ---- */

/* Its own request has closed the window: it learns the outcome, and leaves when it likes. */
static bool closed_it(const struct reach *r, troth_link link)
{
    enum window_why why = telling(r)->why;
    return asked_last(r->d, link) && why != WINDOW_BY_COMMAND && why != WINDOW_BY_TIME &&
           why != WINDOW_BY_RETURN;
}

/* A link that nobody has protected is of somebody who was about to use the window. */
static void show_out(struct reach *r)
{
    struct trothd *d = r->d;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        troth_link link = d->peers[i].link;
        if (link == TROTH_NO_LINK)
            r->shown[i] = link;
        else if (r->shown[i] != link && d->radio->protection(d, link) != RADIO_PROTECTED &&
                 !held_for(r, link) && !closed_it(r, link) &&
                 d->radio->disconnect(d, link, 0) == TROTH_OK)
            r->shown[i] = link;
    }
}

/* It has provisioned although its window went before it could say so. */
static void look_whether_stored(struct reach *r)
{
    const struct troth_prov *p = network_session(r->d);
    struct window *w = &r->of[1];
    if (w->open || w->held || w->provisioned || !p->stored)
        return;
    window_provisioned(w);
    window_online(w, p->online, clocks_now());
}

static void apply(struct reach *r)
{
    struct trothd *d = r->d;
    bool open = reach_by(d, PROVISION_BOTH), holds = !open && (held(r, 0) || held(r, 1));
    bool espressif = reach_by(d, PROVISION_ESPRESSIF) || held(r, 1);
    bool turned = open != r->open || holds != r->held;
    r->open = open;
    r->held = holds;
    if (espressif != r->espressif) {
        r->espressif = espressif;
        provision_set_open(d, espressif);
    }
    provision_hold(d, held(r, 1));
    look_whether_stored(r);
    if (!turned)
        return;
    if (telling(r)->policy != WINDOW_FOLLOW || telling(r)->why == WINDOW_BY_COMMAND ||
        telling(r)->why == WINDOW_BY_TIME)
        line(r); /* else the session's own line tells it */
    network_reach(d);
    if (!open)
        show_out(r);
}

bool reach_command(struct trothd *d, bool open, unsigned seconds, char *why, size_t cap)
{
    struct reach *r = d->reach;
    const struct service_options *o = &d->options.service;
    bool any = false;
    if (!seconds)
        seconds = o->time_s ? o->time_s : COMMAND_S;
    for (unsigned i = 0; i < 2; i++)
        if (served(r, i))
            any |= window_command(&r->of[i], open, seconds * 1000, clocks_now());
    if (!any)
        snprintf(why, cap,
                 "this device never takes new clients: that is what --window never says; change it "
                 "and start trothd again");
    apply(r);
    return any;
}

/* ---- what happens ---- */

/*
 * A client of Espressif's may have what failed forgotten, and then tries again in the same time; also
 * if it has hung up meanwhile.
 */
static bool anew(const struct trothd *d)
{
    return network_session(d)->writer != TROTH_PROTOCOMM_WRITER;
}

void reach_event(struct trothd *d, const struct troth_prov_event *e)
{
    struct reach *r = d->reach;
    troth_ms now = clocks_now();
    for (unsigned i = 0; i < 2; i++) {
        struct window *w = &r->of[i];
        if (e->type == TROTH_PROV_EV_WINDOW)
            window_follow(w, e->u.window.open);
        else if (e->type == TROTH_PROV_EV_STORED && e->u.ok && protocols[i] == PROVISION_TROTH)
            window_provisioned(w);
        else if (e->type == TROTH_PROV_EV_ERASED && e->u.erased.ok)
            window_erased(w, anew(d), now);
        else if (e->type == TROTH_PROV_EV_LOST)
            window_online(w, false, now);
        else if (e->type == TROTH_PROV_EV_STATE && e->state == TROTH_PROV_CONNECTED)
            window_online(w, true, now);
    }
    if (r->started)
        apply(r);
}

void reach_stopped(struct trothd *d)
{
    struct reach *r = d->reach;
    r->espressif = false;
    window_provisioned(&r->of[1]);
    apply(r);
}

static troth_ms deadline(const void *ctx)
{
    const struct reach *r = ctx;
    troth_ms a = window_deadline(&r->of[0]), b = window_deadline(&r->of[1]);
    return a < b ? a : b;
}

static void tick(void *ctx, troth_ms now)
{
    struct reach *r = ctx;
    look_who_is_busy(r, now);
    window_tick(&r->of[0], now);
    window_tick(&r->of[1], now);
    apply(r);
}

static int on_button(sd_event_source *source, const struct signalfd_siginfo *info, void *context)
{
    struct reach *r = context;
    char why[200];
    (void)source;
    (void)info;
    if (!r->d->stopping && r->started && !reach_command(r->d, true, 0, why, sizeof why))
        out_error("%s", why);
    return 0;
}

/*
 * Clients finish, or leave; one may have come in the moment the window closed. Bonds come and go,
 * also at bluetoothd: who has one shall find the device.
 */
static int on_post(sd_event_source *source, void *context)
{
    struct reach *r = context;
    (void)source;
    if (r->d->stopping || !r->started)
        return 0;
    look_who_is_busy(r, clocks_now());
    apply(r);
    if (!r->open && !reach_for_bonded(r->d))
        show_out(r);
    bool bonded = !r->open && reach_for_bonded(r->d);
    if (bonded != r->bonded) {
        r->bonded = bonded;
        network_reach(r->d);
    }
    return 0;
}

/* ---- opening ---- */

bool reach_open(struct trothd *d, char *why, size_t cap)
{
    struct reach *r = calloc(1, sizeof *r);
    sigset_t set;
    if (!r) {
        snprintf(why, cap, "no memory for the window");
        return false;
    }
    d->reach = r;
    r->d = d;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (sd_event_add_signal(d->loop, &r->button, SIGUSR1, on_button, r) >= 0 &&
        sd_event_add_post(d->loop, &r->post, on_post, r) >= 0)
        return true;
    snprintf(why, cap, "the event loop takes no more sources");
    return false;
}

static enum window_policy policy(const struct options *o, int protocol)
{
    if (o->service.window)
        return (enum window_policy)o->service.window;
    if (protocol == PROVISION_TROTH)
        return o->keep_ble ? WINDOW_ALWAYS : WINDOW_FOLLOW;
    return o->provision.auto_stop ? WINDOW_BOOT : WINDOW_ALWAYS;
}

bool reach_start(struct trothd *d, bool provisioned, char *why, size_t cap)
{
    struct reach *r = d->reach;
    const struct service_options *o = &d->options.service;
    struct runtime_clock clock = {deadline, tick, r};
    for (unsigned i = 0; i < 2; i++) {
        r->of[i].policy = policy(&d->options, protocols[i]);
        r->of[i].time_ms = o->window ? (troth_ms)o->time_s * 1000 : 0;
        r->of[i].lost_ms = (troth_ms)o->lost_s * 1000;
        window_start(&r->of[i], provisioned, clocks_now());
    }
    if (clocks_add(d->clocks, &clock) != TROTH_OK) {
        snprintf(why, cap, "no room for a clock");
        return false;
    }
    r->started = true;
    r->open = reach_by(d, PROVISION_BOTH);
    r->espressif = reach_by(d, PROVISION_ESPRESSIF);
    if (o->window)
        line(r);
    return true;
}

void reach_close(struct trothd *d)
{
    struct reach *r = d->reach;
    if (!r)
        return;
    sd_event_source_disable_unref(r->button);
    sd_event_source_disable_unref(r->post);
    free(r);
    d->reach = NULL;
}
