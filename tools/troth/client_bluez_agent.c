/* bluetoothd's questions about a pairing as the library's asks. */
#include "client_bluez.h"

#include "common/out.h"

#include <string.h>

static enum troth_ask_type type_of(const struct troth_agent_call *call)
{
    static const enum troth_ask_type all[] = {[TROTH_AGENT_DISPLAY] = TROTH_ASK_PASSKEY_DISPLAY,
                                              [TROTH_AGENT_PASSKEY] = TROTH_ASK_PASSKEY_INPUT,
                                              [TROTH_AGENT_COMPARE] = TROTH_ASK_COMPARE,
                                              [TROTH_AGENT_CONSENT] = TROTH_ASK_CONSENT};
    return all[call->type];
}

static struct troth_agent_call *open_call(struct bluez_side *s, uint32_t id)
{
    for (unsigned i = 0; i < QUESTIONS; i++)
        if (s->open[i].id == id)
            return &s->open[i];
    return NULL;
}

/*
 * While we are here bluetoothd's other pairings ask us as well. What is last in parentheses is the
 * address; what is before it anybody may call himself.
 */
static bool is_of_ours(struct bluez_side *s, const char *peer)
{
    const struct bluez_device *d = bluez_client_device(s->client);
    char addr[18];
    const char *open = strrchr(peer, '(');
    if (!d)
        return false;
    troth_addr_text(&d->addr, addr);
    return open ? !strncmp(open + 1, addr, strlen(addr)) && !strcmp(open + 1 + strlen(addr), ")")
                : !strcmp(peer, addr);
}

/* The device asked for security before we did. As own host: Just Works needs no person's word. */
static bool consent(struct bluez_side *s, const struct troth_agent_call *call)
{
    bool yes = !client_options.no && !client_options.policy.require_mitm;
    if (client_options.policy.require_mitm)
        client_fail(s->c,
                    "%s would pair by Just Works, which proves nobody's identity, and "
                    "--require-mitm refuses that",
                    client_peer(s->c));
    s->asked = false;
    call->answer(call->host, call->id, yes, 0);
    return true;
}

static bool may_pair(struct bluez_side *s)
{
    if (!client_options.no_pair)
        return true;
    return client_fail(s->c, "%s wants to be paired with, and --no-pair forbids it",
                       client_peer(s->c));
}

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    struct bluez_side *s = ctx;
    struct troth_agent_call *o = open_call(s, 0);
    if (!o || !is_of_ours(s, call->peer)) {
        out_event(OUT_WARN, "warning", NULL,
                  "%s wants to pair with this machine meanwhile, and was refused", call->peer);
        return false;
    }
    if (!may_pair(s))
        return false;
    if (call->type == TROTH_AGENT_CONSENT)
        return consent(s, call);
    *o = *call;
    o->peer = NULL;
    s->asked = bluez_client_is_asked(s->client) && !s->pin;
    s->elsewhere |= !s->asked;
    s->model = call->type == TROTH_AGENT_COMPARE   ? TROTH_NUMERIC_COMPARISON
               : call->type == TROTH_AGENT_PASSKEY ? TROTH_PASSKEY_INITIATOR_INPUTS
                                                   : TROTH_PASSKEY_RESPONDER_INPUTS;
    struct troth_ask ask = {.id = call->id, .type = type_of(call), .link = BLUEZ_CLIENT_LINK};
    if (call->type != TROTH_AGENT_CONSENT) {
        ask.u.passkey.passkey = call->passkey;
        ask.u.passkey.model = s->model;
    }
    if (!security_ask(s->c, &ask)) {
        if ((o = open_call(s, call->id)))
            memset(o, 0, sizeof *o);
        return false;
    }
    return true;
}

static void on_closed(void *ctx, uint32_t id)
{
    struct bluez_side *s = ctx;
    struct agent *all[] = {s->c->agent, s->c->typist};
    struct troth_agent_call *o = open_call(s, id);
    const struct bluez_device *d = bluez_client_device(s->client);
    if (!d || !d->paired) /* that pairing failed: the next has to ask again to prove anything */
        s->asked = false;
    if (o)
        memset(o, 0, sizeof *o);
    for (size_t i = 0; i < 2; i++)
        if (all[i] && agent_troth(all[i])->closed)
            agent_troth(all[i])->closed(agent_troth(all[i])->ctx, id);
}

static void answer_call(struct bluez_side *s, uint32_t id, bool yes, uint32_t passkey)
{
    struct troth_agent_call *o = id ? open_call(s, id) : NULL;
    if (!o)
        return;
    struct troth_agent_call call = *o;
    memset(o, 0, sizeof *o);
    s->said_no = !yes;
    s->asked = s->asked && yes;
    call.answer(call.host, id, yes, passkey);
}

void client_bluez_answer(struct client *c, uint32_t ask_id, const struct troth_answer *answer)
{
    answer_call(c->bluez_side, ask_id, answer->ok, answer->u.passkey);
}

static void by_agent(void *host, uint32_t id, bool yes, uint32_t passkey)
{
    answer_call(host, id, yes, passkey);
}

bool client_bluez_put(struct client *c, struct agent *agent, const struct troth_ask *ask)
{
    struct troth_agent_call *o = open_call(c->bluez_side, ask->id);
    if (!agent || !o)
        return false;
    struct troth_agent_call call = *o;
    if (call.type == TROTH_AGENT_DISPLAY)
        memset(o, 0, sizeof *o); /* nothing is answered */
    call.peer = client_peer(c);
    call.answer = by_agent;
    call.host = c->bluez_side;
    return agent_troth(agent)->call(agent_troth(agent)->ctx, &call);
}

void client_bluez_told(void *ctx, const struct bluez_agent_news *news)
{
    struct bluez_side *s = ctx;
    switch (news->type) {
    case BLUEZ_AGENT_REFUSED:
        client_fail(s->c, "%s", news->why);
        break;
    case BLUEZ_AGENT_REGISTERED:
        s->c->ready = true;
        if (news->why && client_options.verbose)
            out_event(OUT_WARN, "warning", NULL, "%s", news->why);
        break;
    case BLUEZ_AGENT_PIN:
    case BLUEZ_AGENT_NO_PIN: /* whoever wanted it */
        s->elsewhere |= s->asked;
        s->asked = false;
        s->pin = true;
        break;
    case BLUEZ_AGENT_ENTERED:
        if (client_options.verbose)
            out_event(OUT_DIM, "keypress", out_fields("entered:u", news->entered),
                      "%u digits are typed on the device", news->entered);
        break;
    default:
        break;
    }
}

void client_bluez_bridge(struct bluez_side *s)
{
    s->bridge = (struct troth_agent){
        .io_cap = s->c->io_cap, .call = on_call, .closed = on_closed, .ctx = s};
}
