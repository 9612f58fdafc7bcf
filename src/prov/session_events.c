/* What a provisioning session says: events, its state, its window. */
#include <string.h>

#include "base/check.h"
#include "prov/session.h"

#define EVENTS_API 5 /* most events one call puts in the ring before settling */

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

bool prov_room(const struct troth_prov *p)
{
    return p->ring_used + EVENTS_API <= TROTH_PROV_EVENTS;
}

struct troth_prov_event *prov_emit(struct troth_prov *p, enum troth_prov_event_type type)
{
    ASSERT(p->ring_used < TROTH_PROV_EVENTS);
    struct troth_prov_event *e = &p->ring[(p->ring_at + p->ring_used++) % TROTH_PROV_EVENTS];
    memset(e, 0, sizeof *e);
    e->type = type;
    e->state = (enum troth_prov_state)p->state;
    e->reason = (enum troth_net_reason)p->reason;
    return e;
}

void prov_emit_info(struct troth_prov *p)
{
    for (unsigned i = 0; i < p->ring_used; i++)
        if (p->ring[(p->ring_at + i) % TROTH_PROV_EVENTS].type == TROTH_PROV_EV_INFO)
            return;
    prov_emit(p, TROTH_PROV_EV_INFO);
}

void prov_set_state(struct troth_prov *p, enum troth_prov_state state, enum troth_net_reason reason)
{
    p->state = (uint8_t)state;
    p->reason = (uint8_t)reason;
    prov_emit(p, TROTH_PROV_EV_STATE);
}

void prov_emit_attempt(struct troth_prov *p, enum troth_prov_event_type type,
                       enum troth_net_reason reason, uint8_t left)
{
    struct troth_prov_event *e = prov_emit(p, type);
    e->reason = reason;
    e->u.attempt.number = p->tries;
    e->u.attempt.left = left;
}

void prov_set_window(struct troth_prov *p, bool open, enum troth_prov_why why)
{
    if (p->window == open)
        return;
    p->window = open;
    struct troth_prov_event *e = prov_emit(p, TROTH_PROV_EV_WINDOW);
    e->u.window.open = open;
    e->u.window.why = why;
}

void prov_hold_window(struct troth_prov *p, uint32_t ms, enum troth_prov_why why)
{
    timer_start(&p->hold_timer, ms);
    prov_set_window(p, true, why);
}

void prov_window_after_join(struct troth_prov *p)
{
    if (p->cfg.close_ble_after_connect && !timer_running(&p->hold_timer))
        prov_set_window(p, false, TROTH_PROV_BY_JOIN);
}
