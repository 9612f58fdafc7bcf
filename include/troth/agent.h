/*
 * An agent: whom a pairing can ask, and what the IO capability promises of it. One struct for every
 * host, the library's own and one that another program runs: an application fills it in and hands
 * every ask and every event to the two functions below, or to those of the other host.
 */
#ifndef TROTH_AGENT_H
#define TROTH_AGENT_H

#include <troth/event.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_agent_call_type {
    TROTH_AGENT_DISPLAY = 1, /* show .passkey until closed; nothing is answered */
    TROTH_AGENT_PASSKEY,     /* answer .passkey, typed by a person */
    TROTH_AGENT_COMPARE,     /* do both sides show .passkey? */
    TROTH_AGENT_CONSENT,     /* Just Works: shall we pair with this peer? */
};

struct troth_agent_call {
    enum troth_agent_call_type type;
    uint32_t id;            /* of this host, while it is open */
    uint32_t passkey;       /* DISPLAY, COMPARE: 0 to 999999, always shown as six digits */
    enum troth_model model; /* PASSKEY: whether the other side displays it */
    const char *peer;       /* how a person knows the other side; valid during the call */
    /*
     * Answers, now or later and from anywhere but a signal handler: once. yes false: the pairing
     * fails. A late answer does nothing. host is what the function wants.
     */
    void (*answer)(void *host, uint32_t id, bool yes, uint32_t passkey);
    void *host;
};

struct troth_agent {
    uint8_t io_cap; /* enum troth_io_cap: goes into the policy's features */
    /* True: it is shown, it is or will be answered. False: nobody is there, which is a no. */
    bool (*call)(void *ctx, const struct troth_agent_call *call);
    /* What was called under this id is over: take it off the display, ask no longer. */
    void (*closed)(void *ctx, uint32_t id);
    void *ctx;
};

/* For the host's ask callback, whose answer this is. False: no question for an agent. */
bool troth_agent_ask(const struct troth_agent *agent, struct troth_host *h,
                     const struct troth_ask *ask, const char *peer);
/* For the host's event callback. */
void troth_agent_event(const struct troth_agent *agent, const struct troth_event *event);

#ifdef __cplusplus
}
#endif
#endif
