/* Joining: attempts, tries, the way back to the network before. */
#include <string.h>

#include "base/wipe.h"
#include "prov/session.h"

uint32_t prov_next_id(struct troth_prov *p)
{
    if (++p->last_id == 0)
        p->last_id = 1;
    return p->last_id;
}

uint8_t prov_left_of(const struct troth_prov *p)
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

void prov_begin_join(struct troth_prov *p)
{
    p->attempt = prov_next_id(p);
    p->joining = true;
    p->online = false;
    p->want_join = true;
    p->want_leave = false;
    p->asking = 0; /* its answer would be about the network before */
    if (p->tries < UINT8_MAX)
        p->tries++;
    timer_stop(&p->retry_timer);
    timer_start(&p->attempt_timer, p->cfg.attempt_ms);
    prov_emit_attempt(p, TROTH_PROV_EV_ATTEMPT, TROTH_NET_OK, prov_left_of(p));
}

void prov_begin_leave(struct troth_prov *p)
{
    p->attempt = prov_next_id(p);
    p->online = false;
    p->want_leave = true;
}

void prov_end_work(struct troth_prov *p)
{
    p->joining = false;
    p->want_join = false;
    timer_stop(&p->attempt_timer);
    timer_stop(&p->try_timer);
    timer_stop(&p->retry_timer);
    wipe(&p->fresh, sizeof p->fresh);
}

void prov_begin_rejoin(struct troth_prov *p)
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

void prov_try_failed(struct troth_prov *p, enum troth_net_reason reason)
{
    bool keep = p->good.kind != 0;
    prov_end_work(p);
    p->failed = keep && p->writer_here;
    p->returning = keep;
    p->doing = REST;
    prov_set_state(p, TROTH_PROV_FAILED, reason);
    prov_hold_window(p, p->cfg.window_ms, TROTH_PROV_BY_FAILURE);
    if (keep) {
        prov_begin_rejoin(p);
        prov_begin_join(p);
    } else {
        prov_begin_leave(p);
    }
}

void prov_refuse(struct troth_prov *p, enum troth_net_reason reason)
{
    if (p->doing == TRYING) {
        prov_try_failed(p, reason);
        return;
    }
    p->failed = p->good.kind != 0 && p->writer_here;
    prov_set_state(p, TROTH_PROV_FAILED, reason);
    prov_hold_window(p, p->cfg.window_ms, TROTH_PROV_BY_FAILURE);
    if (p->failed && p->online && p->doing == REST)
        prov_emit(p, TROTH_PROV_EV_KEPT);
}

void prov_join_failed(struct troth_prov *p, enum troth_net_reason reason)
{
    p->joining = false;
    timer_stop(&p->attempt_timer);
    if (telling(reason) || !telling(p->cause))
        p->cause = (uint8_t)reason;
    uint8_t left =
        reason == TROTH_NET_UNSUPPORTED_SECURITY && p->doing == TRYING ? 0 : prov_left_of(p);
    prov_emit_attempt(p, TROTH_PROV_EV_ATTEMPT_FAILED, reason, left);
    if (!p->failed && p->state == TROTH_PROV_CONNECTING)
        p->reason = (uint8_t)reason;
    if (p->doing == TRYING) {
        if (left)
            timer_start(&p->retry_timer, backoff(p));
        else
            prov_try_failed(p, (enum troth_net_reason)p->cause);
        return;
    }
    /* Good credentials are tried for ever; FAILED says that it may take long. */
    if (left == 0 && !p->failed && p->state != TROTH_PROV_FAILED)
        prov_set_state(p, TROTH_PROV_FAILED, (enum troth_net_reason)p->cause);
    timer_start(&p->retry_timer, left ? backoff(p) : p->cfg.slow_ms);
}

void prov_show_connected(struct troth_prov *p)
{
    if (!p->failed)
        prov_set_state(p, TROTH_PROV_CONNECTED, p->stored ? TROTH_NET_OK : TROTH_NET_NOT_STORED);
}

void prov_set_info(struct troth_prov *p, const struct troth_net_info *info)
{
    p->info = info ? *info : (struct troth_net_info){.rssi = 127};
    p->info.address[sizeof p->info.address - 1] = 0;
}

void prov_joined(struct troth_prov *p, const struct troth_net_info *info)
{
    p->joining = false;
    p->online = true;
    prov_set_info(p, info);
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
        prov_emit(p, TROTH_PROV_EV_KEPT);
    p->returning = false;
    prov_show_connected(p);
    prov_window_after_join(p);
}

void prov_lost(struct troth_prov *p, enum troth_net_reason reason)
{
    p->online = false;
    prov_emit(p, TROTH_PROV_EV_LOST)->reason = reason;
    timer_start(&p->lost_timer, p->cfg.reopen_ms);
    if (p->doing != REST)
        return; /* SAVING: goes on, then rejoins */
    prov_begin_rejoin(p);
    if (!p->failed)
        prov_set_state(p, TROTH_PROV_CONNECTING, reason);
    timer_start(&p->retry_timer, p->cfg.retry_ms);
}
