/*
 * When a device takes new clients: a policy, commands over it, and time. Pure: time comes in, and
 * whoever calls looks at what became of `open`, `held` and `until`.
 *
 * What ends by itself, by time or by the network's return, lets who is being served finish: the
 * window is not open to anybody new, and held for them. A command or an erase waits for nobody.
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

#define WINDOW_HOLD_MS   120000 /* at most: a join's usual 105 s and a little */
#define WINDOW_LINGER_MS 10000  /* for an outcome: clients in use ask for it every five seconds */

/* Whom it is held for. */
enum window_busy {
    WINDOW_NOBODY = 0, /* or nobody who has proven anything */
    WINDOW_ANSWERED,   /* a client whose attempt to join has ended: WINDOW_LINGER_MS to learn it */
    WINDOW_SERVING,    /* its attempt runs, or it has proven itself and may try again */
};

struct window {
    enum window_policy policy;
    troth_ms time_ms; /* how long the policy keeps it open; 0: for as long as it takes */
    troth_ms lost_ms;

    bool open;
    bool held;           /* not open, and not yet closed */
    enum window_why why; /* it is so */
    troth_ms until;      /* closes by itself then, or TROTH_NEVER */

    /* within */
    bool by_policy, by_command, shut;
    bool provisioned, online;
    enum window_busy busy;
    troth_ms policy_until, command_until, lost_at;
    troth_ms hold_until, answered_until;
};

/* w's first three are set. provisioned: a network is stored. */
void window_start(struct window *w, bool provisioned, troth_ms now);
/* New credentials have worked: what was open is no longer, unless it is so always. */
void window_provisioned(struct window *w);
/* anew: opens as the policy says. Else it was for another try of the same client: no more time. */
void window_erased(struct window *w, bool anew, troth_ms now);
void window_online(struct window *w, bool online, troth_ms now);
void window_follow(struct window *w, bool open);
/* Before each tick, and whenever it changes. */
void window_busy(struct window *w, enum window_busy busy, troth_ms now);
/*
 * A person's: a button, a command. Opens for ms, or for longer if the policy does anyhow; closes
 * until the next such command or an erase. False: the policy is never.
 */
bool window_command(struct window *w, bool open, troth_ms ms, troth_ms now);

troth_ms window_deadline(const struct window *w);
void window_tick(struct window *w, troth_ms now);

#endif
