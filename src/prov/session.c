/*
 * The provisioning session.
 *
 * Handlers change the state and say what they want (a join, a save, an event); settle() then does
 * it, one thing at a time, events first. What a backend or a callback calls back in the middle of
 * that only changes the state further.
 */
#include <string.h>

#include <troth/dataset.h>

#include "base/check.h"
#include "base/wipe.h"
#include "prov/session.h"

#define LEAVE_MS 5000  /* then an erase goes on without the backend's LEFT */
#define SCAN_MS  30000 /* then a scan is over without its SCAN_DONE */

/* ---- settling ---- */

static enum troth_net_reason refusal(int result)
{
    return result == TROTH_UNSUPPORTED ? TROTH_NET_UNSUPPORTED_SECURITY
           : result == TROTH_INVALID   ? TROTH_NET_OTHER
                                       : TROTH_NET_BACKEND_GONE;
}

static void scan_ended(struct troth_prov *p, enum troth_net_reason reason)
{
    p->scanning = 0;
    p->want_scan = false;
    timer_stop(&p->scan_timer);
    prov_emit(p, TROTH_PROV_EV_SCAN_DONE)->reason = reason;
}

/* One thing that is wanted; false: none is. */
static bool step(struct troth_prov *p)
{
    const struct troth_net *net = p->cfg.net;
    if (p->ring_used) {
        struct troth_prov_event e = p->ring[p->ring_at];
        p->ring_at = (uint8_t)((p->ring_at + 1) % TROTH_PROV_EVENTS);
        p->ring_used--;
        if (p->cfg.event)
            p->cfg.event(p->cfg.ctx, &e);
    } else if (p->want_leave) {
        uint32_t id = p->attempt;
        p->want_leave = false;
        if (net->ops->leave(net->ctx, id) != TROTH_OK && id == p->attempt) {
            p->left = true;
            prov_erase_check(p);
        }
    } else if (p->want_join) {
        uint32_t id = p->attempt;
        p->want_join = false;
        int r = net->ops->join(net->ctx, id, p->doing == TRYING ? &p->fresh : &p->good);
        if (r != TROTH_OK && p->joining && id == p->attempt)
            prov_join_failed(p, refusal(r));
    } else if (!p->storing && (p->want_save || p->want_erase)) {
        prov_store_begin(p);
    } else if (p->want_scan) {
        p->want_scan = false;
        uint32_t id = p->scanning;
        int r = net->ops->scan(net->ctx, id);
        if (r != TROTH_OK && id == p->scanning)
            scan_ended(p, refusal(r));
    } else if (p->want_info) {
        p->want_info = false;
        if (net->ops->status(net->ctx, p->asking) != TROTH_OK)
            p->asking = 0;
    } else {
        return false;
    }
    return true;
}

static void settle(struct troth_prov *p)
{
    if (p->settling)
        return;
    p->settling = true;
    while (step(p))
        ;
    p->settling = false;
}

/* ---- in: life ---- */

static void number(uint32_t *n, uint32_t unset)
{
    if (*n == 0)
        *n = unset;
}

void troth_prov_init(struct troth_prov *p, const struct troth_prov_config *cfg)
{
    ASSERT(cfg->net && cfg->net->ops && cfg->net->ops->join && cfg->net->ops->leave);
    memset(p, 0, sizeof *p);
    p->cfg = *cfg;
    if (p->cfg.attempts == 0)
        p->cfg.attempts = 3;
    number(&p->cfg.attempt_ms, 20000);
    number(&p->cfg.try_ms, 75000);
    number(&p->cfg.store_ms, 10000);
    number(&p->cfg.retry_ms, 1000);
    number(&p->cfg.slow_ms, 60000);
    number(&p->cfg.reopen_ms, 60000);
    number(&p->cfg.window_ms, 300000);
}

void troth_prov_start(struct troth_prov *p, const struct troth_credentials *stored)
{
    prov_set_window(p, true, TROTH_PROV_BY_START);
    if (stored && troth_credentials_check(stored) == TROTH_NET_OK) {
        p->good = *stored;
        if (p->good.kind == TROTH_NET_WIFI)
            troth_wifi_resolve(&p->good.u.wifi);
        p->stored = true;
        prov_set_state(p, TROTH_PROV_CONNECTING, TROTH_NET_OK);
        prov_begin_rejoin(p);
        prov_begin_join(p);
    } else {
        prov_set_state(p, TROTH_PROV_IDLE, TROTH_NET_OK);
    }
    settle(p);
}

void troth_prov_tick(struct troth_prov *p, troth_ms now)
{
    ASSERT(!p->settling);
    if (timer_due(&p->attempt_timer, now) && p->joining)
        prov_join_failed(p, TROTH_NET_TIMEOUT);
    if (timer_due(&p->try_timer, now) && p->doing == TRYING)
        prov_try_failed(p, p->cause ? (enum troth_net_reason)p->cause : TROTH_NET_TIMEOUT);
    if (timer_due(&p->retry_timer, now)) {
        if (p->doing == ERASING)
            p->want_erase = true;
        else
            prov_begin_join(p);
    }
    if (timer_due(&p->store_timer, now))
        prov_store_ended(p, false);
    if (timer_due(&p->leave_timer, now)) {
        p->left = true;
        prov_erase_check(p);
    }
    if (timer_due(&p->lost_timer, now))
        prov_set_window(p, true, TROTH_PROV_BY_LOSS);
    if (timer_due(&p->hold_timer, now) && p->online && p->cfg.close_ble_after_connect)
        prov_set_window(p, false, TROTH_PROV_BY_EXPIRY);
    if (timer_due(&p->scan_timer, now))
        scan_ended(p, TROTH_NET_TIMEOUT);
    settle(p);
}

troth_ms troth_prov_deadline(const struct troth_prov *p)
{
    troth_ms d = timer_deadline(&p->attempt_timer);
    d = earlier(d, timer_deadline(&p->try_timer));
    d = earlier(d, timer_deadline(&p->retry_timer));
    d = earlier(d, timer_deadline(&p->store_timer));
    d = earlier(d, timer_deadline(&p->leave_timer));
    d = earlier(d, timer_deadline(&p->lost_timer));
    d = earlier(d, timer_deadline(&p->hold_timer));
    return earlier(d, timer_deadline(&p->scan_timer));
}

/* ---- in: writers ---- */

static struct troth_prov_staged *slot_of(struct troth_prov *p, troth_link writer, bool used)
{
    for (unsigned i = 0; i < TROTH_PROV_WRITERS; i++)
        if (p->staged[i].used == used && (!used || p->staged[i].writer == writer))
            return &p->staged[i];
    return NULL;
}

struct troth_credentials *troth_prov_stage(struct troth_prov *p, troth_link writer)
{
    struct troth_prov_staged *s = slot_of(p, writer, true);
    if (!s) {
        s = slot_of(p, writer, false);
        VERIFY(s, NULL);
        s->used = true;
        s->writer = writer;
    }
    return &s->c;
}

bool troth_prov_can_stage(const struct troth_prov *p, troth_link writer)
{
    for (unsigned i = 0; i < TROTH_PROV_WRITERS; i++)
        if (!p->staged[i].used || p->staged[i].writer == writer)
            return true;
    return false;
}

void troth_prov_gone(struct troth_prov *p, troth_link writer)
{
    struct troth_prov_staged *s = slot_of(p, writer, true);
    if (s)
        wipe(s, sizeof *s);
    if (!p->writer_here || p->writer != writer)
        return;
    p->writer_here = false;
    if (p->failed) { /* it has seen its failure: now the status tells what is so */
        p->failed = false;
        if (p->online && p->doing == REST)
            prov_show_connected(p);
    }
    settle(p);
}

static void take_writer(struct troth_prov *p, troth_link writer)
{
    p->writer = writer;
    p->writer_here = true;
}

int troth_prov_connect(struct troth_prov *p, troth_link writer)
{
    VERIFY(p->doing != ERASING && prov_room(p), TROTH_BUSY);
    take_writer(p, writer);
    const struct troth_prov_staged *s = slot_of(p, writer, true);
    enum troth_net_reason reason = s ? troth_credentials_check(&s->c) : TROTH_NET_NO_NETWORK_GIVEN;
    if (reason != TROTH_NET_NO_NETWORK_GIVEN && !(p->cfg.net->kinds & 1u << s->c.kind))
        reason = TROTH_NET_UNSUPPORTED_SECURITY;
    if (reason != TROTH_NET_OK) {
        prov_refuse(p, reason);
    } else {
        prov_end_work(p);
        p->fresh = s->c;
        if (p->fresh.kind == TROTH_NET_WIFI)
            troth_wifi_resolve(&p->fresh.u.wifi);
        p->doing = TRYING;
        p->failed = false;
        p->returning = false;
        p->tries = 0;
        p->cause = TROTH_NET_OK;
        timer_start(&p->try_timer, p->cfg.try_ms);
        prov_set_state(p, TROTH_PROV_CONNECTING, TROTH_NET_OK);
        prov_begin_join(p);
    }
    settle(p);
    return TROTH_OK;
}

int troth_prov_erase(struct troth_prov *p, troth_link writer)
{
    VERIFY(p->doing != ERASING && prov_room(p), TROTH_BUSY);
    take_writer(p, writer);
    prov_end_work(p);
    wipe(&p->good, sizeof p->good);
    wipe(p->staged, sizeof p->staged);
    p->doing = ERASING;
    p->tries = 0;
    p->stored = false;
    p->failed = false;
    p->returning = false;
    p->want_save = false;
    p->want_erase = true;
    p->forgotten = false;
    p->left = false;
    timer_stop(&p->lost_timer);
    timer_stop(&p->hold_timer);
    timer_start(&p->leave_timer, LEAVE_MS);
    prov_begin_leave(p);
    settle(p);
    return TROTH_OK;
}

int troth_prov_scan(struct troth_prov *p)
{
    VERIFY(p->cfg.net->ops->scan, TROTH_UNSUPPORTED);
    VERIFY(!p->scanning, TROTH_BUSY);
    p->scanning = prov_next_id(p);
    p->want_scan = true;
    timer_start(&p->scan_timer, SCAN_MS);
    settle(p);
    return TROTH_OK;
}

int troth_prov_refresh(struct troth_prov *p)
{
    VERIFY(p->cfg.net->ops->status, TROTH_UNSUPPORTED);
    p->asking = prov_next_id(p);
    p->want_info = true;
    settle(p);
    return TROTH_OK;
}

int troth_prov_open_window(struct troth_prov *p, uint32_t ms)
{
    VERIFY(prov_room(p), TROTH_BUSY);
    prov_hold_window(p, ms ? ms : p->cfg.window_ms, TROTH_PROV_BY_REQUEST);
    settle(p);
    return TROTH_OK;
}

/* ---- in: answers ---- */

int troth_prov_stored(struct troth_prov *p, uint32_t serial, bool ok)
{
    VERIFY(p->storing && serial == p->serial, TROTH_STALE);
    prov_store_ended(p, ok);
    settle(p);
    return TROTH_OK;
}

static void status_came(struct troth_prov *p, const struct troth_net_info *info)
{
    p->asking = 0;
    if (!p->online)
        return;
    if (!info) { /* the backend missed to say so */
        prov_lost(p, TROTH_NET_LINK_LOST);
        return;
    }
    prov_set_info(p, info);
    prov_emit_info(p);
}

void troth_prov_net_report(void *prov, const struct troth_net_report *report)
{
    struct troth_prov *p = prov;
    bool current = report->id == p->attempt;
    switch (report->type) {
    case TROTH_NET_JOINED:
        if (current && p->joining)
            prov_joined(p, report->info);
        break;
    case TROTH_NET_JOIN_FAILED:
        if (current && p->joining)
            prov_join_failed(p, report->reason ? report->reason : TROTH_NET_OTHER);
        break;
    case TROTH_NET_LOST:
        if (current && p->online)
            prov_lost(p, report->reason ? report->reason : TROTH_NET_LINK_LOST);
        break;
    case TROTH_NET_CHANGED:
        if (current && p->online && report->info) {
            prov_set_info(p, report->info);
            prov_emit_info(p);
        }
        break;
    case TROTH_NET_LEFT:
        if (current && p->doing == ERASING) {
            p->left = true;
            prov_erase_check(p);
        }
        break;
    case TROTH_NET_SCAN_RESULT:
        if (p->scanning && report->id == p->scanning && p->cfg.event) {
            struct troth_prov_event e = {.type = TROTH_PROV_EV_SCAN_RESULT,
                                         .state = (enum troth_prov_state)p->state,
                                         .reason = (enum troth_net_reason)p->reason,
                                         .u.result = report->result};
            p->cfg.event(p->cfg.ctx, &e);
        }
        break;
    case TROTH_NET_SCAN_DONE:
        if (p->scanning && report->id == p->scanning)
            scan_ended(p, report->reason);
        break;
    case TROTH_NET_STATUS:
        if (p->asking && report->id == p->asking)
            status_came(p, report->info);
        break;
    }
    settle(p);
}

/* By the network itself, else by its dataset. */
static struct troth_thread_id thread_of(const struct troth_prov *p)
{
    struct troth_thread_id id = {.pan_id = 0};
    struct troth_dataset d;
    if (p->online && p->info.role != TROTH_THREAD_DETACHED)
        return p->info.thread;
    troth_dataset_parse(&d, p->good.u.thread.dataset, p->good.u.thread.len, NULL);
    id.pan_id = d.pan_id;
    id.name = d.name;
    memcpy(id.ext_pan_id, d.ext_pan_id, 8);
    wipe(&d, sizeof d);
    return id;
}

void troth_prov_status(const struct troth_prov *p, struct troth_prov_status *out)
{
    memset(out, 0, sizeof *out);
    out->state = (enum troth_prov_state)p->state;
    out->reason = (enum troth_net_reason)p->reason;
    if (p->state == TROTH_PROV_CONNECTING && (p->doing == TRYING || p->doing == REJOINING))
        out->attempts_left = (uint8_t)(prov_left_of(p) + (p->joining ? 1 : 0));
    out->window = p->window;
    out->online = p->online;
    out->stored = p->stored;
    out->kept = p->failed || p->returning;
    out->returning = p->returning;
    out->kind = p->good.kind;
    if (p->good.kind == TROTH_NET_WIFI)
        out->ssid = p->good.u.wifi.ssid;
    if (p->good.kind == TROTH_NET_THREAD)
        out->thread = thread_of(p);
    if (p->online)
        out->info = p->info;
}

char *troth_prov_network_text(const struct troth_prov_status *s, char *text, size_t cap)
{
    return s->kind == TROTH_NET_THREAD ? troth_thread_name_text(&s->thread.name, text, cap)
                                       : troth_ssid_text(&s->ssid, text, cap);
}
