/*
 * Asks. Each has a number of its own; a link has one open of each type. An answer to any other
 * number is stale. What nobody takes gets its default.
 */
#include "host/host.h"

uint32_t host_ask_id(struct troth_host *h)
{
    if (!++h->last_ask)
        h->last_ask = 1;
    return h->last_ask;
}

void host_ask(struct host_link *l, struct troth_ask *a)
{
    a->link = l->number;
    a->id = 0;
    /* A command has no answer and so nothing that stays open. */
    if (a->type != TROTH_ASK_GATT || !a->u.gatt.access.command) {
        host_withdraw(l, a->type);
        a->id = l->open[a->type] = host_ask_id(l->host);
    }
    host_put_ask(l->host, a);
}

/* Does it stand before a person, or somebody who waits? */
static bool is_prompt(enum troth_ask_type type)
{
    return type != TROTH_ASK_GATT && type != TROTH_ASK_KEYPAIR && type != TROTH_ASK_DHKEY;
}

void host_withdraw(struct host_link *l, enum troth_ask_type type)
{
    uint32_t id = l->open[type];
    if (!id)
        return;
    l->open[type] = 0;
    bool taken = l->taken >> type & 1;
    l->taken &= (uint16_t) ~(1u << type);
    if (!taken || !is_prompt(type))
        return; /* never shown: whatever waits in the ring is skipped */
    struct troth_event e = {.type = TROTH_EV_WITHDRAWN};
    e.u.ask_id = id;
    host_emit_link(l, &e);
}

void host_withdraw_all(struct host_link *l)
{
    for (unsigned t = 0; t < TROTH_ASK_TYPES; t++)
        host_withdraw(l, (enum troth_ask_type)t);
}

/* Closes the ask before its answer works, so that the answer may open it again. */
static int answer(struct host_link *l, enum troth_ask_type type, const struct troth_answer *a)
{
    uint32_t id = l->open[type];
    bool taken = l->taken >> type & 1;
    l->open[type] = 0;
    l->taken &= (uint16_t) ~(1u << type);
    if (type == TROTH_ASK_RAISE) {
        if (l->raise == RAISE_ASKED)
            l->raise = a->ok ? RAISE_PAIRING : RAISE_NO;
        if (l->raise != RAISE_PAIRING)
            return TROTH_OK;
        struct troth_features f = host_policy(l)->features;
        /* Not authenticated enough, or a stack that says so of any link it finds open. */
        if (l->raise_error == TROTH_ATT_INSUFFICIENT_AUTHENTICATION)
            f.auth_req |= TROTH_AUTH_MITM;
        int result = l->role == TROTH_CENTRAL ? smp_pair(&l->smp, &f)
                                              : smp_security_request(&l->smp, f.auth_req);
        if (result)
            l->raise = RAISE_NO;
        return result;
    }
    int result = smp_answer(&l->smp, type, a);
    if (result != TROTH_OK && result != TROTH_STALE && !l->open[type]) {
        l->open[type] = id;
        if (taken)
            l->taken |= (uint16_t)(1u << type);
    }
    return result;
}

static void default_answer(struct host_link *l, const struct troth_ask *ask)
{
    struct troth_answer a = {.ok = false};
    if (ask->type == TROTH_ASK_PASSKEY_DISPLAY)
        return; /* there is nothing to answer; it stays open until the pairing is over */
    if (ask->type != TROTH_ASK_RAISE)
        smp_default_answer(&l->smp, ask, &a);
    int result = answer(l, ask->type, &a);
    if (ask->type != TROTH_ASK_RAISE && (result == TROTH_INVALID || result == TROTH_BUSY)) {
        /* The policy itself makes no sense, or it cannot begin now: nobody will ask again. */
        a.ok = false;
        a.reason = TROTH_SMP_UNSPECIFIED_REASON;
        answer(l, ask->type, &a);
    }
    wipe(&a, sizeof a);
}

/* ---- accesses to service tables ---- */

static void dispatch(struct host_link *l, struct troth_ask *ask)
{
    const struct troth_gatt_service *s = ask->u.gatt.service;
    struct troth_gatt_access access = ask->u.gatt.access;
    access.link = l->number;
    access.token = ask->id;
    troth_link number = l->number;
    enum troth_gatt_status status = s->table->access(s->ctx, &access);
    if (!ask->id || status == TROTH_GATT_LATER)
        return;
    /* The handler may have completed it, or ended the link, itself. */
    if (l->number != number || !l->used || l->open[TROTH_ASK_GATT] != ask->id)
        return;
    l->open[TROTH_ASK_GATT] = 0;
    gatt_access_done(&l->gatt, status, access.value, access.value_len);
}

int troth_gatt_complete(struct troth_host *h, uint32_t token, enum troth_gatt_status status,
                        const uint8_t *value, uint16_t len)
{
    if (!host_may_call(h))
        return TROTH_BUSY;
    if (status == TROTH_GATT_LATER)
        return TROTH_INVALID;
    for (unsigned i = 0; token && i < TROTH_MAX_LINKS; i++) {
        struct host_link *l = &h->link[i];
        if (!l->used || l->open[TROTH_ASK_GATT] != token)
            continue;
        l->open[TROTH_ASK_GATT] = 0;
        gatt_access_done(&l->gatt, status, value, len);
        host_settle(h);
        return TROTH_OK;
    }
    return TROTH_STALE;
}

/* ---- delivery ---- */

static bool hand_out(struct troth_host *h, const struct troth_ask *a)
{
    return h->config.ask && h->config.ask(h->config.ctx, a);
}

static void deliver_store(struct troth_host *h, struct troth_ask *a)
{
    uint8_t record[TROTH_RECORD_MAX];
    if (h->store.ask != a->id || !host_store_fill(h, a, record))
        return;
    uint32_t id = a->id;
    bool taken = hand_out(h, a);
    wipe(record, sizeof record);
    if (!taken && h->store.ask == id)
        host_store_answered(h, true);
}

void host_deliver_ask(struct troth_host *h, struct troth_ask *a)
{
    if (a->type == TROTH_ASK_STORE) {
        deliver_store(h, a);
        return;
    }
    struct host_link *l = host_link_of(h, a->link);
    if (!l || l->open[a->type] != a->id) {
        /* Withdrawn before anybody saw it; a command was never open. */
        if (!l || a->id)
            return;
    }
    if (a->type == TROTH_ASK_GATT) {
        dispatch(l, a);
        return;
    }
    uint16_t bit = (uint16_t)(1u << a->type);
    l->taken |= bit;
    bool taken = hand_out(h, a);
    if (taken || !l->used || l->number != a->link || l->open[a->type] != a->id)
        return;
    l->taken &= (uint16_t)~bit;
    default_answer(l, a);
}

/* ---- answers ---- */

int troth_answer(struct troth_host *h, uint32_t ask_id, const struct troth_answer *a)
{
    if (!host_may_call(h))
        return TROTH_BUSY;
    if (!ask_id || !a)
        return TROTH_INVALID;
    if (ask_id == h->store.ask) {
        int result = host_store_answered(h, a->ok);
        host_settle(h);
        return result;
    }
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        struct host_link *l = &h->link[i];
        for (unsigned t = 0; l->used && t < TROTH_ASK_TYPES; t++) {
            if (l->open[t] != ask_id)
                continue;
            if (t == TROTH_ASK_GATT || t == TROTH_ASK_PASSKEY_DISPLAY)
                return TROTH_INVALID;
            int result = answer(l, (enum troth_ask_type)t, a);
            host_settle(h);
            return result;
        }
    }
    return TROTH_STALE;
}
