#include "fuzz/gatt_link.h"

static bool env_send(void *link, enum gatt_slot slot, const uint8_t *pdu, size_t len)
{
    struct gatt_link *l = link;
    never(len == 0 || len > TROTH_ATT_MTU || len > l->g.att.mtu, "a PDU longer than the ATT_MTU");
    if (l->full[slot])
        return false;
    if (l->look)
        l->look(l, slot, pdu, len);
    l->sent[slot]++;
    memcpy(l->last[slot], pdu, len);
    l->last_len[slot] = len;
    return true;
}

static void env_event(void *link, struct troth_event *e)
{
    struct gatt_link *l = link;
    never(e->type > TROTH_EV_GATT_DONE, "an event of no type");
    l->events[e->type]++;
    if (e->type == TROTH_EV_GATT_VALUE || e->type == TROTH_EV_GATT_NOTIFICATION) {
        uint8_t copy[TROTH_VALUE_MAX];
        never(e->u.value.len > TROTH_VALUE_MAX, "a value longer than any attribute");
        if (e->u.value.len)
            memcpy(copy, e->u.value.data, e->u.value.len);
    }
}

static void env_ask(void *link, struct troth_ask *a)
{
    struct gatt_link *l = link;
    never(a->type != TROTH_ASK_GATT, "an ask that is not an access");
    if (a->u.gatt.access.command) { /* nobody answers it */
        if (l->look_command)
            l->look_command(l, &a->u.gatt.access);
        return;
    }
    never(l->access_open, "an access was asked while one is open");
    l->access = a->u.gatt.access;
    l->service = a->u.gatt.service;
    l->access_open = true;
}

static void env_withdraw(void *link, enum troth_ask_type type)
{
    struct gatt_link *l = link;
    never(type != TROTH_ASK_GATT, "another ask was withdrawn");
    l->access_open = false;
}

static struct troth_level env_level(void *link)
{
    return ((struct gatt_link *)link)->level;
}

static const struct troth_policy *env_policy(void *link)
{
    return &((struct gatt_link *)link)->policy;
}

static void env_disconnect(void *link, uint8_t hci_reason)
{
    (void)hci_reason;
    ((struct gatt_link *)link)->disconnects++;
}

static void env_raise(void *link, uint8_t att_error)
{
    (void)att_error;
    ((struct gatt_link *)link)->raises++;
}

static struct troth_bond_state *env_bond_state(void *link)
{
    struct gatt_link *l = link;
    return l->has_bond ? &l->state : NULL;
}

static void env_persist(void *link)
{
    (void)link;
}

static const uint8_t *env_csrk(void *link, unsigned whose)
{
    struct gatt_link *l = link;
    (void)whose;
    return l->has_bond ? l->csrk : NULL;
}

static uint32_t env_sign_kept(void *link, unsigned whose)
{
    return ((struct gatt_link *)link)->kept[whose];
}

static const struct gatt_env env = {
    .send = env_send,
    .event = env_event,
    .ask = env_ask,
    .withdraw = env_withdraw,
    .level = env_level,
    .policy = env_policy,
    .disconnect = env_disconnect,
    .raise = env_raise,
    .bond_state = env_bond_state,
    .persist = env_persist,
    .csrk = env_csrk,
    .sign_kept = env_sign_kept,
};

void gatt_link_open(struct gatt_link *l, struct troth_gatt_service *services, size_t count)
{
    memset(l, 0, sizeof *l);
    l->now = 1000;
    memcpy(l->csrk, "a key to sign w.", 16);
    gatt_db_init(&l->db, "Troth", 0x0340);
    for (size_t i = 0; i < count; i++)
        never(gatt_db_add(&l->db, &services[i]) != TROTH_OK, "a good table is refused");
    gatt_db_seal(&l->db);
    gatt_init(&l->g, &env, l, &l->db);
}

void gatt_link_rx(struct gatt_link *l, struct in *in, size_t n)
{
    uint8_t *exact = take_exact(in, &n);
    gatt_rx(&l->g, exact, n);
    free(exact);
}

void gatt_link_stored(struct gatt_link *l, bool ok)
{
    if (ok)
        memcpy(l->kept, l->state.sign_counter, sizeof l->kept);
    else
        gatt_unkept(&l->g);
    while (gatt_step(&l->g))
        ;
}

void gatt_link_tick(struct gatt_link *l, troth_ms ms)
{
    gatt_tick(&l->g, l->now);
    l->now += ms;
    gatt_tick(&l->g, l->now);
}

void gatt_link_level(struct gatt_link *l, uint8_t bits)
{
    l->level = (struct troth_level){0};
    if (bits & 1)
        l->level =
            (struct troth_level){(uint8_t)(7 + (bits >> 4) % 10), bits & 2, bits & 4, bits & 8};
}
