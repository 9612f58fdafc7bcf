/* An agent's side of the asks: <troth/agent.h>. */
#include <troth/agent.h>

#include "base/wipe.h"

static void answer(void *host, uint32_t id, bool yes, uint32_t passkey)
{
    struct troth_answer a = {.ok = yes};
    if (yes)
        a.u.passkey = passkey;
    troth_answer(host, id, &a); /* TROTH_STALE: closed meanwhile */
    wipe(&a, sizeof a);
}

bool troth_agent_ask(const struct troth_agent *agent, struct troth_host *h,
                     const struct troth_ask *ask, const char *peer)
{
    struct troth_agent_call call = {.id = ask->id, .peer = peer, .answer = answer, .host = h};
    switch (ask->type) {
    case TROTH_ASK_PASSKEY_DISPLAY:
        call.type = TROTH_AGENT_DISPLAY;
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        call.type = TROTH_AGENT_PASSKEY;
        break;
    case TROTH_ASK_COMPARE:
        call.type = TROTH_AGENT_COMPARE;
        break;
    case TROTH_ASK_CONSENT:
        call.type = TROTH_AGENT_CONSENT;
        break;
    default:
        return false;
    }
    if (call.type == TROTH_AGENT_CONSENT) {
        call.model = ask->u.pairing.model;
    } else {
        call.passkey = ask->u.passkey.passkey;
        call.model = ask->u.passkey.model;
    }
    bool taken = agent->call(agent->ctx, &call);
    wipe(&call, sizeof call);
    return taken;
}

void troth_agent_event(const struct troth_agent *agent, const struct troth_event *event)
{
    if (event->type == TROTH_EV_WITHDRAWN)
        agent->closed(agent->ctx, event->u.ask_id);
}
