/* The ring of events and asks: appended by the layers, delivered once they rest. */
#include "host/host.h"

/*
 * What one step may cause, the ring being empty before it. The end of a link: its subscriptions,
 * the prompts it had open, and how its bond, pairing, procedure, indication and itself ended. A
 * discovery response: its items, an exchanged MTU and the end.
 */
#define PROMPTS 9 /* the types a link asks with for which ask.c says is_prompt */
_Static_assert(TROTH_EVENTS >= TROTH_MAX_CCC + PROMPTS + 5,
               "TROTH_EVENTS: too few for the end of a link with TROTH_MAX_CCC subscriptions");
_Static_assert(TROTH_EVENTS >= GATT_DISCOVERY_ITEMS + 2,
               "TROTH_EVENTS: too few for one discovery response");
_Static_assert(TROTH_EVENTS > TROTH_EVENTS_API, "TROTH_EVENTS: no call from a callback would fit");
_Static_assert(TROTH_EVENTS <= 255, "the ring counts in one octet");

static unsigned room(const struct troth_host *h)
{
    return TROTH_EVENTS - h->ring_count;
}

bool host_may_call(const struct troth_host *h)
{
    return !h->inside || room(h) >= TROTH_EVENTS_API;
}

static struct host_arrow *append(struct troth_host *h)
{
    /* The ring is empty when a packet, a tick or a call comes, and holds the most one can cause. */
    ASSERT(room(h));
    return &h->ring[(h->ring_first + h->ring_count++) % TROTH_EVENTS];
}

void host_emit(struct troth_host *h, const struct troth_event *e)
{
    struct host_arrow *a = append(h);
    a->is_ask = false;
    a->u.event = *e;
}

void host_put_ask(struct troth_host *h, const struct troth_ask *ask)
{
    struct host_arrow *a = append(h);
    a->is_ask = true;
    a->u.ask = *ask;
}

void host_emit_link(struct host_link *l, struct troth_event *e)
{
    e->link = l->number;
    host_emit(l->host, e);
}

/* A service hears of the first subscriber and of the last, not of each. */
static void tell_service(struct troth_host *h, const struct troth_event *e)
{
    const struct troth_gatt_service *s = e->u.subscribed.service;
    uint8_t id = e->u.subscribed.id;
    if (!s->table->subscribed)
        return;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        const struct host_link *l = &h->link[i];
        if (l->used && l->number != e->link && gatt_subscribed(&l->gatt, s, id))
            return;
    }
    s->table->subscribed(s->ctx, id, e->u.subscribed.bits != 0);
}

bool host_deliver(struct troth_host *h)
{
    if (!h->ring_count)
        return false;
    /* Copied out: the callback may append. */
    struct host_arrow a = h->ring[h->ring_first];
    wipe(&h->ring[h->ring_first], sizeof a);
    h->ring_first = (uint8_t)((h->ring_first + 1) % TROTH_EVENTS);
    h->ring_count--;
    if (a.is_ask) {
        host_deliver_ask(h, &a.u.ask);
    } else {
        if (a.u.event.type == TROTH_EV_SUBSCRIBED)
            tell_service(h, &a.u.event);
        if (h->config.event)
            h->config.event(h->config.ctx, &a.u.event);
    }
    wipe(&a, sizeof a);
    return true;
}
