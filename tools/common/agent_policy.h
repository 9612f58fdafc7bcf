/*
 * Answers by rule, before a person is asked: an agent in front of an agent. Every question is told
 * in words, and how it was answered.
 */
#ifndef TROTH_TOOLS_AGENT_POLICY_H
#define TROTH_TOOLS_AGENT_POLICY_H

#include <systemd/sd-event.h>

#include <troth/agent.h>

#define POLICY_OPEN 8

struct agent_policy;

struct agent_policy_call {
    struct agent_policy *policy;
    struct troth_agent_call call; /* as it came; id 0: free */
    char peer[300];
    sd_event_source *timer;
};

struct agent_policy {
    sd_event *loop;
    bool yes, no, accept_just_works;
    const char *passkeys;         /* a file; NULL: none */
    unsigned within_s;            /* what nobody answers in time is refused; 0: no limit */
    const struct troth_agent *to; /* who is asked for the rest */
    struct troth_agent agent;     /* this one; io_cap is the caller's to fill in */
    struct agent_policy_call open[POLICY_OPEN];
};

/* Fills in .agent; the rest is the caller's. */
void agent_policy_init(struct agent_policy *p);
/* Cancels the timers. */
void agent_policy_end(struct agent_policy *p);

/*
 * The passkey for a peer from a file: a line of six digits for everybody, or lines "PEER DIGITS"
 * with an address, a name or *; # begins a comment. -1: none, and `why` is a sentence.
 */
int32_t agent_policy_passkey(const char *path, const char *peer, char *why, size_t why_cap);

#endif
