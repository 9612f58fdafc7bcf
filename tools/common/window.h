/*
 * When a device takes new clients: a policy, commands over it, and time. Pure: time comes in, and
 * whoever calls looks at what became of `open` and `until`.
 */
#ifndef TROTH_TOOLS_WINDOW_H
#define TROTH_TOOLS_WINDOW_H

#include <stdbool.h>

#include <troth/types.h>

enum window_policy {
    WINDOW_UNSAID = 0, /* the caller's to replace by one of these */
    WINDOW_BOOT,       /* from start, and after an erase, until provisioned */
    WINDOW_COMMAND,    /* by command alone */
    WINDOW_LOST,       /* as BOOT; also while the network is away for lost_ms */
    WINDOW_ALWAYS,
    WINDOW_NEVER,
    WINDOW_FOLLOW, /* as window_follow says */
};
const char *window_policy_name(enum window_policy policy);

enum window_why {
    WINDOW_BY_START,
    WINDOW_BY_PROVISIONED,
    WINDOW_BY_LOSS,
    WINDOW_BY_RETURN, /* of the network */
    WINDOW_BY_ERASE,
    WINDOW_BY_COMMAND,
    WINDOW_BY_TIME,
};
/* "it was asked to". */
const char *window_why_words(enum window_why why);

struct window {
    enum window_policy policy;
    troth_ms time_ms; /* how long the policy keeps it open; 0: for as long as it takes */
    troth_ms lost_ms;

    bool open;
    enum window_why why; /* it is so */
    troth_ms until;      /* open: closes by itself then, or TROTH_NEVER */

    /* within */
    bool by_policy, by_command, shut;
    bool provisioned, online;
    troth_ms policy_until, command_until, lost_at;
};

/* w's first three are set. provisioned: a network is stored. */
void window_start(struct window *w, bool provisioned, troth_ms now);
/* New credentials have worked: what was open is no longer, unless it is so always. */
void window_provisioned(struct window *w);
void window_erased(struct window *w, troth_ms now);
void window_online(struct window *w, bool online, troth_ms now);
void window_follow(struct window *w, bool open);
/*
 * A person's: a button, a command. Opens for ms, or for longer if the policy does anyhow; closes
 * until the next such command or an erase. False: the policy is never.
 */
bool window_command(struct window *w, bool open, troth_ms ms, troth_ms now);

troth_ms window_deadline(const struct window *w);
void window_tick(struct window *w, troth_ms now);

#endif
