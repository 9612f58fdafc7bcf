/* One link's GATT: where the bearer, the server and the client meet the host. */
#include "gatt/parts.h"

static bool link_send(void *ctx, enum att_way way, const uint8_t *pdu, size_t len)
{
    const struct gatt *g = ctx;
    static const enum gatt_slot slots[] = {GATT_SLOT_RESPONSE, GATT_SLOT_CONFIRMATION,
                                           GATT_SLOT_REQUEST, GATT_SLOT_PUSH};
    return g->env->send(g->link, slots[way], pdu, len);
}

static void unconfirmed(struct gatt *g)
{
    if (!g->att.indicating)
        return;
    g->att.indicating = false;
    server_confirmed(g, false);
}

/* Vol 3 Part F 3.3.3: what is left to do with a dead bearer is to leave the link. */
static void link_dead(void *ctx)
{
    struct gatt *g = ctx;

    unconfirmed(g);
    client_done(g, TROTH_FAILED, 0);
    g->env->disconnect(g->link, REMOTE_USER_TERMINATED);
}

static void link_mtu(void *ctx)
{
    const struct gatt *g = ctx;
    struct troth_event e = {.type = TROTH_EV_MTU};

    e.u.mtu = g->att.mtu;
    g->env->event(g->link, &e);
}

static const struct att_ops ops = {
    .send = link_send,
    .dead = link_dead,
    .mtu = link_mtu,
    .next = server_next,
    .allows = server_allows,
    .value = server_value,
    .ask = server_ask,
    .write = server_write,
    .signed_write = signed_rx,
    .confirmed = server_confirmed,
    .response = client_response,
    .refused = client_refused,
    .pushed = client_pushed,
};

void gatt_init(struct gatt *g, const struct gatt_env *env, void *link, struct gatt_db *db)
{
    memset(g, 0, sizeof *g);
    g->env = env;
    g->link = link;
    g->db = db;
    g->up = true;
    att_init(&g->att, &ops, g);
}

void gatt_rx(struct gatt *g, const uint8_t *pdu, size_t len)
{
    if (g->up)
        att_rx(&g->att, pdu, len);
}

void gatt_room(struct gatt *g, enum gatt_slot slot)
{
    if (!g->up || g->att.dead)
        return;
    switch (slot) {
    case GATT_SLOT_RESPONSE:
        att_room(&g->att, ATT_WAY_RESPONSE);
        return;
    case GATT_SLOT_CONFIRMATION:
        att_room(&g->att, ATT_WAY_CONFIRMATION);
        return;
    case GATT_SLOT_REQUEST:
        client_room(g);
        return;
    case GATT_SLOT_PUSH:
        signed_room(g);
        server_push(g);
        return;
    case GATT_SLOTS:
        return;
    }
}

/* What was open ends here; what the peer sent and what it read is forgotten. */
void gatt_disconnected(struct gatt *g)
{
    if (!g->up)
        return;
    unconfirmed(g);
    client_done(g, TROTH_STATE, 0);
    ccc_clear(g);
    if (g->asked)
        g->env->withdraw(g->link, TROTH_ASK_GATT);
    const struct gatt_env *env = g->env;
    void *link = g->link;
    const struct gatt_db *db = g->db;
    memset(g, 0, sizeof *g);
    g->env = env;
    g->link = link;
    g->db = db;
}

void gatt_tick(struct gatt *g, troth_ms now)
{
    if (g->up)
        att_tick(&g->att, now);
}

troth_ms gatt_deadline(const struct gatt *g)
{
    return g->up ? att_deadline(&g->att) : TROTH_NEVER;
}
