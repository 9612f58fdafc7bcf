/* Links: made, watched over, ended. */
#include "air/internal.h"

#include <stdlib.h>

enum { PROCEDURE_MS = 40000 }; /* Vol 6 Part B 5.2 */

struct link *link_by_id(struct air *air, uint32_t id)
{
    for (struct link *l = air->links; l; l = l->next)
        if (l->id == id)
            return l;
    return NULL;
}

struct end *end_by_handle(struct air_controller *c, uint16_t handle, struct link **link)
{
    for (struct link *l = c->air->links; l; l = l->next)
        for (int side = 0; side < 2; side++)
            if (l->end[side].up && l->end[side].c == c && l->end[side].handle == handle) {
                if (link)
                    *link = l;
                return &l->end[side];
            }
    return NULL;
}

unsigned links_of(const struct air_controller *c)
{
    unsigned n = 0;
    for (const struct link *l = c->air->links; l; l = l->next)
        for (int side = 0; side < 2; side++)
            n += l->end[side].up && l->end[side].c == c;
    return n;
}

bool connected_to(const struct air_controller *c, const struct air_address *peer)
{
    for (const struct link *l = c->air->links; l; l = l->next)
        for (int side = 0; side < 2; side++)
            if (l->end[side].up && l->end[side].c == c &&
                address_equal(&l->end[!side].on_air, peer))
                return true;
    return false;
}

static uint16_t free_handle(struct air_controller *c)
{
    uint16_t handle = 0x0040;
    while (end_by_handle(c, handle, NULL))
        handle++;
    return handle;
}

/* Event 01 or, when the host asked for it, 0A. Never both. */
static void connection_complete(struct air_controller *c, const uint8_t params[30])
{
    if (air_le_wanted(c, 0x0A)) {
        air_le_event(c, 0x0A, params, 30);
        return;
    }
    uint8_t plain[18]; /* without the two resolvable private addresses */
    memcpy(plain, params, 11);
    memcpy(plain + 11, params + 23, 7);
    air_le_event(c, 0x01, plain, sizeof plain);
}

void connection_failed(struct air_controller *c, uint8_t status, uint8_t role)
{
    uint8_t params[30] = {status, 0, 0, role};
    connection_complete(c, params);
}

static void end_made(struct link *link, int side, uint8_t own_type)
{
    struct end *e = &link->end[side];
    struct air_controller *c = e->c;
    const struct air_address *peer = &link->end[!side].on_air;
    const struct resolving *known = rl_resolve(c, peer);
    bool enhanced = air_le_wanted(c, 0x0A);
    struct air_address shown = *peer;
    if (known && enhanced) {
        shown = known->identity;
        shown.type |= 2;
    }
    uint8_t params[30] = {0};
    struct out out = out_of(params, sizeof params);
    out_u8(&out, E_OK);
    out_u16(&out, e->handle);
    out_u8(&out, (uint8_t)side);
    out_u8(&out, shown.type);
    out_bytes(&out, shown.a, 6);
    uint8_t none[6] = {0};
    out_bytes(&out, (own_type & 2) && air_is_rpa(&e->on_air) ? e->on_air.a : none, 6);
    out_bytes(&out, known ? peer->a : none, 6);
    out_u16(&out, link->interval);
    out_u16(&out, link->latency);
    out_u16(&out, link->timeout);
    out_u8(&out, side == CENTRAL ? 0 : 5); /* central clock accuracy, for the peripheral */
    connection_complete(c, params);
}

static void end_begin(struct end *e, struct air_controller *c, const struct air_address *on_air)
{
    e->up = true;
    e->c = c;
    e->number = c->number;
    e->on_air = *on_air;
    memcpy(e->identity.a, c->address, 6);
    e->handle = free_handle(c);
    bool longer = c->features >> F_DATA_LENGTH & 1, fast = c->features >> F_2M & 1;
    e->tx_octets = c->s.def_octets;
    e->tx_time = c->s.def_time;
    e->rx_octets = longer ? 251 : 27;
    e->rx_time = longer ? 2120 : 328;
    e->eff_tx = e->eff_rx = 27;
    e->eff_tx_time = e->eff_rx_time = 328;
    e->phy_tx = e->phy_rx = 1;
    e->want_tx = fast ? c->s.def_phy_tx : 1;
    e->want_rx = fast ? c->s.def_phy_rx : 1;
}

/* peripheral NULL: CONNECT_IND was lost, only the central believes in the link. */
struct link *link_make(struct air_controller *central, struct air_controller *peripheral,
                       const struct air_address *c_addr, const struct air_address *p_addr)
{
    struct air *air = central->air;
    struct link *link = calloc(1, sizeof *link);
    ASSERT(link);
    link->id = ++air->links_made;
    link->interval = central->s.init.interval;
    link->latency = central->s.init.latency;
    link->timeout = central->s.init.timeout;
    /* free_handle() must not see this end: it is not in the list yet */
    end_begin(&link->end[CENTRAL], central, c_addr);
    link->end[PERIPHERAL].on_air = *p_addr;
    if (peripheral)
        end_begin(&link->end[PERIPHERAL], peripheral, p_addr);
    struct link **where = &air->links;
    while (*where)
        where = &(*where)->next;
    *where = link;

    if (peripheral) {
        adv_stop(peripheral); /* before its host hears of the connection */
        air_trace(air, central, "connects to %s, every %u ms", peripheral->name,
                  link->interval * 5u / 4);
    }
    end_made(link, CENTRAL, central->s.init.own_type);
    if (peripheral) {
        end_made(link, PERIPHERAL, peripheral->s.adv.own_type);
        for (int side = 0; side < 2; side++)
            if (link->end[side].c->s.def_octets > 27)
                ll_start_length(air, link, side);
    }
    return link;
}

/* Forgets what a side holds and gives its controller's buffers back. */
static void end_forget(struct end *e)
{
    struct air_controller *c = e->c;
    e->up = false;
    e->step = ENC_IDLE;
    e->tx_on = e->rx_on = false;
    jobs_free(&e->held);
    jobs_free(&e->full);
    free(e->aside);
    e->aside = NULL;
    free(e->pdu);
    e->pdu = NULL;
    e->pdu_open = false;
    c->s.acl_used -= e->unacked;
    c->s.host_used -= e->unreturned;
    e->unacked = e->unreturned = 0;
    e->number = 0;
}

static void flow_again(struct air_controller *c)
{
    for (struct link *l = c->air->links; l; l = l->next)
        for (int side = 0; side < 2; side++)
            if (l->end[side].up && l->end[side].c == c)
                end_drain_full(c->air, l, side);
}

void end_down(struct link *link, int side, uint8_t reason)
{
    struct end *e = &link->end[side];
    if (!e->up)
        return;
    struct air_controller *c = e->c;
    uint8_t h0 = (uint8_t)e->handle, h1 = (uint8_t)(e->handle >> 8);
    unsigned waits = e->waits;
    end_forget(e);
    /* What the host is still waiting for ends with the link. */
    if (waits & WAIT_FEATURES) {
        uint8_t ev[11] = {reason, h0, h1};
        air_le_event(c, 0x04, ev, sizeof ev);
    }
    if (waits & WAIT_VERSION) {
        uint8_t ev[8] = {reason, h0, h1};
        air_event(c, 0x0C, ev, sizeof ev);
    }
    uint8_t ev[4] = {E_OK, h0, h1, reason};
    air_event(c, 0x05, ev, sizeof ev);
    air_trace(c->air, c, "is disconnected: %s (0x%02X)", air_error_text(reason), reason);
    flow_again(c);
}

static void end_is_lost(struct air *air, struct job *job)
{
    struct link *link = link_by_id(air, job->link);
    int side = job->side;
    bool current = link && link->end[side].up && link->end[side].lost_at == job->at;
    free(job);
    if (!current)
        return;
    end_down(link, side, link->end[side].lost_reason);
    end_silent(air, link, side);
}

/* The side hears nothing any more; unless it leaves earlier, it gives up after `after` ms. */
void end_lost(struct air *air, struct link *link, int side, uint8_t reason, uint64_t after)
{
    struct end *e = &link->end[side];
    uint64_t at = air->now + (after ? after : 1);
    if (!e->up || (e->lost_at && e->lost_at <= at))
        return;
    e->lost_at = at;
    e->lost_reason = reason;
    struct job *job = air_job(0, end_is_lost);
    job->link = link->id;
    job->side = (uint8_t)side;
    air_schedule(air, job, at);
}

void end_silent(struct air *air, struct link *link, int side)
{
    end_lost(air, link, !side, E_TIMEOUT, link->timeout * 10u);
}

/* Connection termination procedure, Vol 6 Part B 5.1.6. */
void end_terminate(struct air *air, struct link *link, int side, uint8_t reason, uint8_t local)
{
    struct end *e = &link->end[side];
    e->terminating = true;
    /* Should nobody acknowledge, the supervision timeout ends it all the same. */
    end_lost(air, link, side, local, link->timeout * 10u);
    e->lost_reason = local;
    uint8_t pdu[2] = {0x02, reason};
    end_send_ll(air, link, side, pdu, sizeof pdu);
}

void link_mic_failure(struct link *link)
{
    end_down(link, CENTRAL, E_MIC);
    end_down(link, PERIPHERAL, E_MIC);
}

void air_cut(struct air *air, uint32_t id)
{
    struct link *link = link_by_id(air, id);
    if (!link || link->cut)
        return;
    link->cut = true;
    end_silent(air, link, CENTRAL);
    end_silent(air, link, PERIPHERAL);
}

/* Power cut or Reset: the controller's ends go without an event. */
void controller_links_down(struct air_controller *c)
{
    for (struct link *l = c->air->links; l; l = l->next)
        for (int side = 0; side < 2; side++)
            if (l->end[side].up && l->end[side].c == c) {
                end_forget(&l->end[side]);
                end_silent(c->air, l, side);
            }
}

void link_sweep(struct air *air)
{
    for (struct link **where = &air->links; *where;) {
        struct link *link = *where;
        if (link->end[CENTRAL].up || link->end[PERIPHERAL].up) {
            where = &link->next;
            continue;
        }
        *where = link->next;
        free(link);
    }
}

void end_complete(struct end *e, unsigned packets)
{
    if (!e->up || !packets)
        return;
    if (packets > e->unacked)
        packets = e->unacked;
    e->unacked -= packets;
    e->c->s.acl_used -= packets;
    uint8_t ev[5] = {1, (uint8_t)e->handle, (uint8_t)(e->handle >> 8), (uint8_t)packets, 0};
    air_event(e->c, 0x13, ev, sizeof ev);
}

static void end_unanswered(struct air *air, struct job *job)
{
    struct link *link = link_by_id(air, job->link);
    int side = job->side;
    uint64_t at = job->at;
    free(job);
    struct end *e = link ? &link->end[side] : NULL;
    if (!e || !e->up || !e->waits || e->waits_until != at)
        return;
    end_down(link, side, E_LL_TIMEOUT);
    end_silent(air, link, side);
}

/* The peer owes an answer: without one the link ends with LL Response Timeout. */
void end_wait(struct air *air, struct link *link, int side, unsigned what)
{
    struct end *e = &link->end[side];
    e->waits |= what;
    if (e->waits_until == air->now + PROCEDURE_MS)
        return;
    e->waits_until = air->now + PROCEDURE_MS;
    struct job *job = air_job(0, end_unanswered);
    job->link = link->id;
    job->side = (uint8_t)side;
    air_schedule(air, job, e->waits_until);
}

void end_answered(struct air *air, struct link *link, int side, unsigned what)
{
    struct end *e = &link->end[side];
    e->waits &= ~what;
    if (e->waits)
        end_wait(air, link, side, 0);
}

uint8_t do_disconnect(struct air_controller *c, struct in *p, struct out *r)
{
    (void)r;
    struct link *link;
    struct end *e = end_by_handle(c, in_u16(p), &link);
    uint8_t reason = in_u8(p);
    VERIFY(e, E_NO_CONNECTION);
    switch (reason) { /* Vol 4 Part E 7.1.6 */
    case 0x05:
    case 0x13:
    case 0x14:
    case 0x15:
    case 0x1A:
    case 0x29:
    case 0x3B:
        break;
    default:
        return E_INVALID;
    }
    VERIFY(!e->terminating, E_DISALLOWED);
    end_terminate(c->air, link, e == &link->end[PERIPHERAL], reason, E_LOCAL_HOST);
    return E_OK;
}
