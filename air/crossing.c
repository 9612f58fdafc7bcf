/* What crosses a link: ACL data and LL control PDUs, past the hook, in order. */
#include "air/internal.h"

#include <stdlib.h>

enum { HOOK_ROOM = 1024 }; /* how much a hook may lengthen a packet */

enum air_verdict air_ask_hook(struct air *air, struct air_crossing *x)
{
    enum air_verdict verdict = air->cfg.hook ? air->cfg.hook(air->cfg.hook_ctx, x) : AIR_PASS;
    ASSERT(x->len <= x->cap);
    if (verdict != AIR_DELAY)
        x->delay_ms = 0;
    return verdict;
}

static void arrive_acl(struct air *air, struct link *link, struct job *job)
{
    int side = !job->side;
    struct end *from = &link->end[job->side], *to = &link->end[side];
    from->sent += job->len;
    if (!job->len) { /* a hook left nothing of it */
        end_complete(from, job->credits);
        return;
    }
    size_t max = from->eff_tx;
    if (to->c->s.flow_on && to->c->s.host_len < max)
        max = to->c->s.host_len;
    for (size_t at = 0; at < job->len; at += max) {
        size_t n = job->len - at < max ? job->len - at : max;
        struct job *part = air_job(n, NULL);
        memcpy(part->bytes, job->bytes + at, n);
        part->pb = at ? 1 : job->pb;
        part->credits = at + n == job->len ? job->credits : 0;
        jobs_add(&to->full, part);
    }
    end_drain_full(air, link, side);
}

/* Hands over what the host has buffers for; the sender's packet is complete only then. */
void end_drain_full(struct air *air, struct link *link, int side)
{
    struct end *e = &link->end[side];
    struct air_controller *c = e->c;
    while (e->full.head && (!c->s.flow_on || c->s.host_used < c->s.host_count)) {
        struct job *part = jobs_take(&e->full);
        struct job *job = air_job(5 + part->len, air_run_to_host);
        job->c = c;
        struct out out = out_of(job->bytes, job->len);
        out_u8(&out, 0x02);
        out_u16(&out, (uint16_t)(e->handle | (part->pb ? 1 : 2) << 12));
        out_u16(&out, (uint16_t)part->len);
        out_bytes(&out, part->bytes, part->len);
        air_schedule(air, job, air->now);
        if (c->s.flow_on) {
            c->s.host_used++;
            e->unreturned++;
        }
        end_complete(&link->end[!side], part->credits);
        free(part);
    }
}

static void arrive(struct air *air, struct job *job)
{
    struct link *link = link_by_id(air, job->link);
    struct end *to = link ? &link->end[!job->side] : NULL;
    if (!to || !to->up || link->cut) { /* nobody acknowledges it */
        free(job);
        return;
    }
    bool terminates = job->kind == AIR_LL && job->len && job->bytes[0] == 0x02;
    bool good = job->encrypted == to->rx_on &&
                (!job->encrypted || (!job->mic_bad && !memcmp(job->key, to->session, 16)));
    if (!good && !terminates)
        link_mic_failure(link);
    else if (job->kind == AIR_LL)
        ll_received(air, link, !job->side, job->bytes, job->len);
    else
        arrive_acl(air, link, job);
    free(job);
}

static struct job *job_copy(const struct job *job, const uint8_t *bytes, size_t len)
{
    struct job *copy = air_job(len, job->run);
    *copy = *job;
    copy->next = NULL;
    copy->len = len;
    memcpy(copy->bytes, bytes, len);
    return copy;
}

static void fly(struct air *air, struct end *e, struct job *job, uint32_t delay)
{
    uint64_t at = air->now + air->cfg.crossing_ms;
    if (at < e->last_at) /* nothing overtakes on a link */
        at = e->last_at;
    at += delay;
    e->last_at = at;
    air_schedule(air, job, at);
}

static void launch(struct air *air, struct link *link, int side, struct job *job)
{
    struct end *e = &link->end[side];
    if (link->cut || !e->up) {
        free(job);
        return;
    }
    job->link = link->id;
    job->side = (uint8_t)side;
    job->encrypted = e->tx_on;
    memcpy(job->key, e->session, 16);
    if (!air->cfg.hook) {
        fly(air, e, job, 0);
        return;
    }
    size_t cap = job->len + HOOK_ROOM;
    uint8_t *bytes = malloc(cap);
    ASSERT(bytes);
    memcpy(bytes, job->bytes, job->len);
    struct air_crossing x = {
        .kind = job->kind,
        .from = e->c,
        .to = link->end[!side].up ? link->end[!side].c : NULL,
        .now = air->now,
        .link = link->id,
        .from_central = side == CENTRAL,
        .encrypted = job->encrypted,
        .whole = job->whole,
        .sender = e->on_air,
        .receiver = link->end[!side].on_air,
        .bytes = bytes,
        .len = job->len,
        .cap = cap,
    };
    enum air_verdict verdict = air_ask_hook(air, &x);
    struct job *after = job_copy(job, bytes, x.len);
    after->mic_bad = x.mic_bad;
    free(bytes);
    free(job);
    struct job *twin = NULL, *released = e->aside;
    switch (verdict) {
    case AIR_DUPLICATE:
        twin = job_copy(after, after->bytes, after->len);
        twin->credits = 0;
        break;
    case AIR_REORDER:
        e->aside = after;
        after = NULL;
        break;
    case AIR_DROP:
        end_complete(e, after->credits);
        free(after);
        return;
    case AIR_CUT:
        free(after);
        air_cut(air, link->id);
        return;
    case AIR_PASS:
    case AIR_DELAY:
        e->aside = NULL;
        break;
    }
    if (verdict == AIR_DUPLICATE)
        e->aside = NULL;
    if (after)
        fly(air, e, after, x.delay_ms);
    if (twin)
        fly(air, e, twin, 0);
    if (released)
        fly(air, e, released, 0);
}

/* While encryption is set up or paused, data waits; Vol 6 Part B 5.1.3. */
static bool goes_at_once(const struct end *e, uint8_t ll_opcode)
{
    if (e->step == ENC_IDLE)
        return true;
    switch (ll_opcode) {
    case 0x02: /* terminate, the encryption PDUs, the rejections */
    case 0x03:
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x0A:
    case 0x0B:
    case 0x0D:
    case 0x11:
        return true;
    }
    return false;
}

void end_release(struct air *air, struct link *link, int side)
{
    struct end *e = &link->end[side];
    while (e->held.head && e->step == ENC_IDLE)
        launch(air, link, side, jobs_take(&e->held));
}

void end_send_ll(struct air *air, struct link *link, int side, const uint8_t *pdu, size_t len)
{
    struct end *e = &link->end[side];
    struct job *job = air_job(len, arrive);
    job->kind = AIR_LL;
    memcpy(job->bytes, pdu, len);
    if (goes_at_once(e, pdu[0]))
        launch(air, link, side, job);
    else
        jobs_add(&e->held, job);
}

static void send_acl(struct air *air, struct link *link, int side, uint8_t pb, const uint8_t *bytes,
                     size_t len, bool whole, uint8_t credits)
{
    struct end *e = &link->end[side];
    struct job *job = air_job(len, arrive);
    job->kind = AIR_ACL;
    job->pb = pb;
    job->whole = whole;
    job->credits = credits;
    memcpy(job->bytes, bytes, len);
    if (e->step == ENC_IDLE)
        launch(air, link, side, job);
    else
        jobs_add(&e->held, job);
}

/* A hook wants whole L2CAP PDUs: fragments are collected until the length in the header is
 * reached. The collected fragments' credits are returned early, lest a PDU larger than all
 * buffers never completes. What makes no sense passes as it is. */
void end_send_acl(struct air *air, struct link *link, int side, uint8_t pb, const uint8_t *bytes,
                  size_t len)
{
    struct end *e = &link->end[side];
    if (e->pdu_open && pb == 0) { /* the one before was never finished */
        e->pdu_open = false;
        send_acl(air, link, side, 0, e->pdu, e->pdu_len, false, 0);
    }
    if (!air->cfg.hook || (pb && !e->pdu_open)) {
        if (e->pdu_open) { /* the hook went away in the middle */
            e->pdu_open = false;
            send_acl(air, link, side, 0, e->pdu, e->pdu_len, false, 0);
        }
        send_acl(air, link, side, pb, bytes, len, false, 1);
        return;
    }
    if (pb == 0)
        e->pdu_len = 0;
    e->pdu = realloc(e->pdu, e->pdu_len + len);
    ASSERT(e->pdu);
    memcpy(e->pdu + e->pdu_len, bytes, len);
    e->pdu_len += len;
    size_t need = e->pdu_len >= 2 ? (size_t)get_le16(e->pdu) + 4 : 4;
    e->pdu_open = e->pdu_len < need;
    if (e->pdu_open)
        end_complete(e, 1);
    else
        send_acl(air, link, side, 0, e->pdu, e->pdu_len, e->pdu_len == need, 1);
}

/* ACL data from a host, Vol 4 Part E 5.4.2. */
int air_acl(struct air_controller *c, uint16_t handle_flags, const uint8_t *bytes, size_t len)
{
    struct link *link;
    struct end *e = end_by_handle(c, handle_flags & 0x0FFF, &link);
    unsigned pb = handle_flags >> 12 & 3, bc = handle_flags >> 14;
    if (!e) {
        air_trace(c->air, c, "was given data for a link that is not there");
        return AIR_OK;
    }
    if (c->s.acl_used >= c->acl_count || len > c->acl_len) {
        /* The host broke the flow control; Vol 4 Part E 7.7.26. The packet is lost. */
        uint8_t acl = 0x01;
        air_event(c, 0x1A, &acl, 1);
        air_trace(c->air, c, "was given more data than it has buffers for");
        return AIR_OK;
    }
    c->s.acl_used++;
    e->unacked++;
    if (pb > 1 || bc || !len) { /* 10 is for BR/EDR and for the other direction */
        air_trace(c->air, c, "was given data with flags %u/%u, length %zu: dropped", pb, bc, len);
        end_complete(e, 1);
        return AIR_OK;
    }
    if (!e->terminating)
        end_send_acl(c->air, link, e == &link->end[PERIPHERAL], (uint8_t)pb, bytes, len);
    return AIR_OK;
}
