/*
 * The provisioning session.
 *
 * Handlers change the state and say what they want (a join, a save, an event); settle() then does
 * it, one thing at a time, events first. What a backend or a callback calls back in the middle of
 * that only changes the state further.
 */
#include <string.h>

#include <troth/prov.h>

#include "base/check.h"
#include "base/wipe.h"

enum doing {
    REST,      /* joined, or nothing to join */
    TRYING,    /* new credentials */
    SAVING,    /* they worked; the store is not done */
    REJOINING, /* the good ones: at start, after a loss, after a failed try */
    ERASING,
};
enum storing { NOTHING, SAVE, ERASE };

#define EVENTS_API 5     /* most events one call puts in the ring before settling */
#define LEAVE_MS   5000  /* then an erase goes on without the backend's LEFT */
#define SCAN_MS    30000 /* then a scan is over without its SCAN_DONE */

const char *troth_prov_state_name(uint8_t state)
{
    switch (state) {
    case TROTH_PROV_IDLE:
        return "IDLE";
    case TROTH_PROV_PROVISIONED:
        return "PROVISIONED";
    case TROTH_PROV_CONNECTING:
        return "CONNECTING";
    case TROTH_PROV_CONNECTED:
        return "CONNECTED";
    case TROTH_PROV_FAILED:
        return "FAILED";
    }
    return "(unknown)";
}

/* ---- out: events ---- */

static bool room(const struct troth_prov *p)
{
    return p->ring_used + EVENTS_API <= TROTH_PROV_EVENTS;
}

static struct troth_prov_event *emit(struct troth_prov *p, enum troth_prov_event_type type)
{
    ASSERT(p->ring_used < TROTH_PROV_EVENTS);
    struct troth_prov_event *e = &p->ring[(p->ring_at + p->ring_used++) % TROTH_PROV_EVENTS];
    memset(e, 0, sizeof *e);
    e->type = type;
    e->state = (enum troth_prov_state)p->state;
    e->reason = (enum troth_net_reason)p->reason;
    return e;
}

static void set_state(struct troth_prov *p, enum troth_prov_state state,
                      enum troth_net_reason reason)
{
    p->state = (uint8_t)state;
    p->reason = (uint8_t)reason;
    emit(p, TROTH_PROV_EV_STATE);
}

static void emit_attempt(struct troth_prov *p, enum troth_prov_event_type type,
                         enum troth_net_reason reason, uint8_t left)
{
    struct troth_prov_event *e = emit(p, type);
    e->reason = reason;
    e->u.attempt.number = p->tries;
    e->u.attempt.left = left;
}

static void set_window(struct troth_prov *p, bool open, enum troth_prov_why why)
{
    if (p->window == open)
        return;
    p->window = open;
    struct troth_prov_event *e = emit(p, TROTH_PROV_EV_WINDOW);
    e->u.window.open = open;
    e->u.window.why = why;
}

static void hold_window(struct troth_prov *p, uint32_t ms, enum troth_prov_why why)
{
    timer_start(&p->hold_timer, ms);
    set_window(p, true, why);
}

static void window_after_join(struct troth_prov *p)
{
    if (p->cfg.close_ble_after_connect && !timer_running(&p->hold_timer))
        set_window(p, false, TROTH_PROV_BY_JOIN);
}

/* ---- joining ---- */

static uint32_t next_id(struct troth_prov *p)
{
    if (++p->last_id == 0)
        p->last_id = 1;
    return p->last_id;
}

static uint8_t left_of(const struct troth_prov *p)
{
    return p->tries < p->cfg.attempts ? (uint8_t)(p->cfg.attempts - p->tries) : 0;
}

static uint32_t backoff(const struct troth_prov *p)
{
    uint32_t ms = p->cfg.retry_ms;
    for (unsigned i = 1; i < p->tries && ms < p->cfg.slow_ms; i++)
        ms = ms > p->cfg.slow_ms / 2 ? p->cfg.slow_ms : ms * 2;
    return ms < p->cfg.slow_ms ? ms : p->cfg.slow_ms;
}

static void begin_join(struct troth_prov *p)
{
    p->attempt = next_id(p);
    p->joining = true;
    p->online = false;
    p->want_join = true;
    p->want_leave = false;
    p->asking = 0; /* its answer would be about the network before */
    if (p->tries < UINT8_MAX)
        p->tries++;
    timer_stop(&p->retry_timer);
    timer_start(&p->attempt_timer, p->cfg.attempt_ms);
    emit_attempt(p, TROTH_PROV_EV_ATTEMPT, TROTH_NET_OK, left_of(p));
}

static void begin_leave(struct troth_prov *p)
{
    p->attempt = next_id(p);
    p->online = false;
    p->want_leave = true;
}

/* Ends what runs, without a word to anybody: the attempt's reports are late from here on. */
static void end_work(struct troth_prov *p)
{
    p->joining = false;
    p->want_join = false;
    timer_stop(&p->attempt_timer);
    timer_stop(&p->try_timer);
    timer_stop(&p->retry_timer);
    wipe(&p->fresh, sizeof p->fresh);
}

static void begin_rejoin(struct troth_prov *p)
{
    p->doing = REJOINING;
    p->tries = 0;
    p->cause = TROTH_NET_OK;
}

/* Of a try's reasons the one that tells a person most; of equals the last. */
static bool telling(uint8_t reason)
{
    return reason != TROTH_NET_OK && reason != TROTH_NET_TIMEOUT && reason != TROTH_NET_OTHER &&
           reason != TROTH_NET_LINK_LOST && reason != TROTH_NET_BACKEND_GONE;
}

static void try_failed(struct troth_prov *p, enum troth_net_reason reason)
{
    bool keep = p->good.kind != 0;
    end_work(p);
    p->failed = keep && p->writer_here;
    p->returning = keep;
    p->doing = REST;
    set_state(p, TROTH_PROV_FAILED, reason);
    hold_window(p, p->cfg.window_ms, TROTH_PROV_BY_FAILURE);
    if (keep) {
        begin_rejoin(p);
        begin_join(p);
    } else {
        begin_leave(p);
    }
}

/* A request that cannot work: only a try is ended by it. */
static void refuse(struct troth_prov *p, enum troth_net_reason reason)
{
    if (p->doing == TRYING) {
        try_failed(p, reason);
        return;
    }
    p->failed = p->good.kind != 0 && p->writer_here;
    set_state(p, TROTH_PROV_FAILED, reason);
    hold_window(p, p->cfg.window_ms, TROTH_PROV_BY_FAILURE);
    if (p->failed && p->online && p->doing == REST)
        emit(p, TROTH_PROV_EV_KEPT);
}

static void join_failed(struct troth_prov *p, enum troth_net_reason reason)
{
    p->joining = false;
    timer_stop(&p->attempt_timer);
    if (telling(reason) || !telling(p->cause))
        p->cause = (uint8_t)reason;
    uint8_t left = reason == TROTH_NET_UNSUPPORTED_SECURITY && p->doing == TRYING ? 0 : left_of(p);
    emit_attempt(p, TROTH_PROV_EV_ATTEMPT_FAILED, reason, left);
    if (!p->failed && p->state == TROTH_PROV_CONNECTING)
        p->reason = (uint8_t)reason;
    if (p->doing == TRYING) {
        if (left)
            timer_start(&p->retry_timer, backoff(p));
        else
            try_failed(p, (enum troth_net_reason)p->cause);
        return;
    }
    /* Good credentials are tried for ever; FAILED says that it may take long. */
    if (left == 0 && !p->failed && p->state != TROTH_PROV_FAILED)
        set_state(p, TROTH_PROV_FAILED, (enum troth_net_reason)p->cause);
    timer_start(&p->retry_timer, left ? backoff(p) : p->cfg.slow_ms);
}

static void show_connected(struct troth_prov *p)
{
    if (!p->failed)
        set_state(p, TROTH_PROV_CONNECTED, p->stored ? TROTH_NET_OK : TROTH_NET_NOT_STORED);
}

static void joined(struct troth_prov *p, const struct troth_net_info *info)
{
    p->joining = false;
    p->online = true;
    memset(&p->info, 0, sizeof p->info);
    p->info.rssi = 127;
    if (info)
        p->info = *info;
    p->info.address[sizeof p->info.address - 1] = 0;
    timer_stop(&p->attempt_timer);
    timer_stop(&p->try_timer);
    timer_stop(&p->lost_timer);
    if (p->doing == TRYING) {
        p->good = p->fresh;
        wipe(&p->fresh, sizeof p->fresh);
        p->stored = false;
        p->want_save = true;
        p->doing = SAVING;
        return;
    }
    p->doing = REST;
    if (p->returning)
        emit(p, TROTH_PROV_EV_KEPT);
    p->returning = false;
    show_connected(p);
    window_after_join(p);
}

static void lost(struct troth_prov *p, enum troth_net_reason reason)
{
    p->online = false;
    emit(p, TROTH_PROV_EV_LOST)->reason = reason;
    timer_start(&p->lost_timer, p->cfg.reopen_ms);
    if (p->doing != REST)
        return; /* SAVING: goes on, then rejoins */
    begin_rejoin(p);
    if (!p->failed)
        set_state(p, TROTH_PROV_CONNECTING, reason);
    timer_start(&p->retry_timer, p->cfg.retry_ms);
}

/* ---- the store ---- */

static void erase_done(struct troth_prov *p, bool ok)
{
    p->doing = REST;
    timer_stop(&p->leave_timer);
    set_state(p, ok ? TROTH_PROV_IDLE : TROTH_PROV_FAILED,
              ok ? TROTH_NET_OK : TROTH_NET_NOT_STORED);
    struct troth_prov_event *e = emit(p, TROTH_PROV_EV_ERASED);
    e->u.erased.ok = ok;
    e->u.erased.writer = p->writer_here ? p->writer : TROTH_NO_LINK;
    set_window(p, true, TROTH_PROV_BY_ERASE);
}

static void erase_check(struct troth_prov *p)
{
    if (p->doing == ERASING && p->left && p->forgotten)
        erase_done(p, true);
}

static void store_ended(struct troth_prov *p, bool ok)
{
    uint8_t what = p->storing;
    p->storing = NOTHING;
    timer_stop(&p->store_timer);
    if (what == SAVE) {
        if (p->doing == ERASING || p->want_save)
            return; /* overtaken: what is in the store is about to be replaced */
        p->stored = ok;
        emit(p, TROTH_PROV_EV_STORED)->u.ok = ok;
        if (p->doing != SAVING)
            return;
        if (p->online) {
            p->doing = REST;
            show_connected(p);
            window_after_join(p);
        } else {
            begin_rejoin(p);
            timer_start(&p->retry_timer, p->cfg.retry_ms);
        }
        return;
    }
    if (p->doing != ERASING)
        return;
    if (ok) {
        p->forgotten = true;
        erase_check(p);
    } else if (++p->tries < p->cfg.attempts) {
        timer_start(&p->retry_timer, p->cfg.retry_ms);
    } else {
        erase_done(p, false);
    }
}

static void store_begin(struct troth_prov *p)
{
    p->storing = p->want_erase ? ERASE : SAVE;
    p->want_save = false;
    p->want_erase = false;
    if (++p->serial == 0)
        p->serial = 1;
    uint32_t serial = p->serial;
    timer_start(&p->store_timer, p->cfg.store_ms);
    if (p->storing == SAVE && p->cfg.save)
        p->cfg.save(p->cfg.ctx, serial, &p->good);
    else if (p->storing == ERASE && p->cfg.erase)
        p->cfg.erase(p->cfg.ctx, serial);
    else
        store_ended(p, true); /* nothing is kept: nothing can be lost */
}

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
    emit(p, TROTH_PROV_EV_SCAN_DONE)->reason = reason;
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
            erase_check(p);
        }
    } else if (p->want_join) {
        uint32_t id = p->attempt;
        p->want_join = false;
        int r = net->ops->join(net->ctx, id, p->doing == TRYING ? &p->fresh : &p->good);
        if (r != TROTH_OK && p->joining && id == p->attempt)
            join_failed(p, refusal(r));
    } else if (!p->storing && (p->want_save || p->want_erase)) {
        store_begin(p);
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
    set_window(p, true, TROTH_PROV_BY_START);
    if (stored && troth_credentials_check(stored) == TROTH_NET_OK) {
        p->good = *stored;
        if (p->good.kind == TROTH_NET_WIFI)
            troth_wifi_resolve(&p->good.u.wifi);
        p->stored = true;
        set_state(p, TROTH_PROV_CONNECTING, TROTH_NET_OK);
        begin_rejoin(p);
        begin_join(p);
    } else {
        set_state(p, TROTH_PROV_IDLE, TROTH_NET_OK);
    }
    settle(p);
}

void troth_prov_tick(struct troth_prov *p, troth_ms now)
{
    ASSERT(!p->settling);
    if (timer_due(&p->attempt_timer, now) && p->joining)
        join_failed(p, TROTH_NET_TIMEOUT);
    if (timer_due(&p->try_timer, now) && p->doing == TRYING)
        try_failed(p, p->cause ? (enum troth_net_reason)p->cause : TROTH_NET_TIMEOUT);
    if (timer_due(&p->retry_timer, now)) {
        if (p->doing == ERASING)
            p->want_erase = true;
        else
            begin_join(p);
    }
    if (timer_due(&p->store_timer, now))
        store_ended(p, false);
    if (timer_due(&p->leave_timer, now)) {
        p->left = true;
        erase_check(p);
    }
    if (timer_due(&p->lost_timer, now))
        set_window(p, true, TROTH_PROV_BY_LOSS);
    if (timer_due(&p->hold_timer, now) && p->online && p->cfg.close_ble_after_connect)
        set_window(p, false, TROTH_PROV_BY_EXPIRY);
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
            show_connected(p);
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
    VERIFY(p->doing != ERASING && room(p), TROTH_BUSY);
    take_writer(p, writer);
    const struct troth_prov_staged *s = slot_of(p, writer, true);
    enum troth_net_reason reason = s ? troth_credentials_check(&s->c) : TROTH_NET_NO_NETWORK_GIVEN;
    if (reason == TROTH_NET_OK && !(p->cfg.net->kinds & 1u << s->c.kind))
        reason = TROTH_NET_UNSUPPORTED_SECURITY;
    if (reason != TROTH_NET_OK) {
        refuse(p, reason);
    } else {
        end_work(p);
        p->fresh = s->c;
        if (p->fresh.kind == TROTH_NET_WIFI)
            troth_wifi_resolve(&p->fresh.u.wifi);
        p->doing = TRYING;
        p->failed = false;
        p->returning = false;
        p->tries = 0;
        p->cause = TROTH_NET_OK;
        timer_start(&p->try_timer, p->cfg.try_ms);
        set_state(p, TROTH_PROV_CONNECTING, TROTH_NET_OK);
        begin_join(p);
    }
    settle(p);
    return TROTH_OK;
}

int troth_prov_erase(struct troth_prov *p, troth_link writer)
{
    VERIFY(p->doing != ERASING && room(p), TROTH_BUSY);
    take_writer(p, writer);
    end_work(p);
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
    begin_leave(p);
    settle(p);
    return TROTH_OK;
}

int troth_prov_scan(struct troth_prov *p)
{
    VERIFY(p->cfg.net->ops->scan, TROTH_UNSUPPORTED);
    VERIFY(!p->scanning, TROTH_BUSY);
    p->scanning = next_id(p);
    p->want_scan = true;
    timer_start(&p->scan_timer, SCAN_MS);
    settle(p);
    return TROTH_OK;
}

int troth_prov_refresh(struct troth_prov *p)
{
    VERIFY(p->cfg.net->ops->status, TROTH_UNSUPPORTED);
    p->asking = next_id(p);
    p->want_info = true;
    settle(p);
    return TROTH_OK;
}

int troth_prov_open_window(struct troth_prov *p, uint32_t ms)
{
    VERIFY(room(p), TROTH_BUSY);
    hold_window(p, ms ? ms : p->cfg.window_ms, TROTH_PROV_BY_REQUEST);
    settle(p);
    return TROTH_OK;
}

/* ---- in: answers ---- */

int troth_prov_stored(struct troth_prov *p, uint32_t serial, bool ok)
{
    VERIFY(p->storing && serial == p->serial, TROTH_STALE);
    store_ended(p, ok);
    settle(p);
    return TROTH_OK;
}

static void status_came(struct troth_prov *p, const struct troth_net_info *info)
{
    p->asking = 0;
    if (!p->online)
        return;
    if (!info) { /* the backend missed to say so */
        lost(p, TROTH_NET_LINK_LOST);
        return;
    }
    p->info = *info;
    p->info.address[sizeof p->info.address - 1] = 0;
    emit(p, TROTH_PROV_EV_INFO);
}

void troth_prov_net_report(void *prov, const struct troth_net_report *report)
{
    struct troth_prov *p = prov;
    bool current = report->id == p->attempt;
    switch (report->type) {
    case TROTH_NET_JOINED:
        if (current && p->joining)
            joined(p, report->info);
        break;
    case TROTH_NET_JOIN_FAILED:
        if (current && p->joining)
            join_failed(p, report->reason ? report->reason : TROTH_NET_OTHER);
        break;
    case TROTH_NET_LOST:
        if (current && p->online)
            lost(p, report->reason ? report->reason : TROTH_NET_LINK_LOST);
        break;
    case TROTH_NET_LEFT:
        if (current && p->doing == ERASING) {
            p->left = true;
            erase_check(p);
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

void troth_prov_status(const struct troth_prov *p, struct troth_prov_status *out)
{
    memset(out, 0, sizeof *out);
    out->state = (enum troth_prov_state)p->state;
    out->reason = (enum troth_net_reason)p->reason;
    if (p->state == TROTH_PROV_CONNECTING && (p->doing == TRYING || p->doing == REJOINING))
        out->attempts_left = (uint8_t)(left_of(p) + (p->joining ? 1 : 0));
    out->window = p->window;
    out->online = p->online;
    out->stored = p->stored;
    out->kept = p->failed || p->returning;
    out->returning = p->returning;
    out->kind = p->good.kind;
    if (p->good.kind == TROTH_NET_WIFI)
        out->ssid = p->good.u.wifi.ssid;
    if (p->online)
        out->info = p->info;
}
