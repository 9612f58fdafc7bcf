#include "common/window.h"

const char *window_policy_name(enum window_policy policy)
{
    static const char *const names[] = {
        [WINDOW_UNSAID] = "unsaid", [WINDOW_BOOT] = "boot",     [WINDOW_COMMAND] = "command",
        [WINDOW_LOST] = "lost",     [WINDOW_ALWAYS] = "always", [WINDOW_NEVER] = "never",
        [WINDOW_FOLLOW] = "joined"};
    return names[policy];
}

const char *window_why_words(enum window_why why)
{
    static const char *const words[] = {
        [WINDOW_BY_START] = "it starts",
        [WINDOW_BY_PROVISIONED] = "the device is provisioned",
        [WINDOW_BY_LOSS] = "the network is away for long",
        [WINDOW_BY_RETURN] = "the network is there again",
        [WINDOW_BY_ERASE] = "it was erased",
        [WINDOW_BY_COMMAND] = "it was asked to",
        [WINDOW_BY_TIME] = "its time is over",
    };
    return words[why];
}

/* ---- held ---- */

static troth_ms hold_ends(const struct window *w)
{
    switch (w->busy) {
    case WINDOW_SERVING:
        return w->hold_until;
    case WINDOW_ANSWERED:
        return w->answered_until < w->hold_until ? w->answered_until : w->hold_until;
    case WINDOW_NOBODY:
        break;
    }
    return 0;
}

static void look_at_hold(struct window *w, troth_ms now)
{
    w->held = w->held && now < hold_ends(w);
    if (!w->open)
        w->until = w->held ? hold_ends(w) : TROTH_NEVER;
}

/* It has just ended by itself, if it was open; since when it should have. */
static void hold(struct window *w, bool was_open, troth_ms since, troth_ms now)
{
    if (was_open && !w->open) {
        w->held = true;
        w->hold_until = since + WINDOW_HOLD_MS;
    }
    look_at_hold(w, now);
}

static void let_go(struct window *w, enum window_why why)
{
    if (!w->held)
        return;
    w->held = false;
    w->until = TROTH_NEVER;
    w->why = why;
}

void window_busy(struct window *w, enum window_busy busy, troth_ms now)
{
    if (busy == WINDOW_ANSWERED && w->busy != busy)
        w->answered_until = now + WINDOW_LINGER_MS;
    w->busy = busy;
    look_at_hold(w, now);
}

/* ---- open ---- */

static void settle(struct window *w, enum window_why why)
{
    bool open = !w->shut && (w->by_policy || w->by_command);
    if (open || !w->held)
        w->until = TROTH_NEVER;
    if (open && (!w->by_policy || w->policy_until != TROTH_NEVER)) {
        w->until = w->by_policy ? w->policy_until : 0;
        if (w->by_command && w->command_until > w->until)
            w->until = w->command_until;
    }
    if (open != w->open)
        w->why = why;
    w->open = open;
    w->held = w->held && !open;
}

static void by_policy(struct window *w, troth_ms now)
{
    w->by_policy = true;
    w->policy_until = w->time_ms ? now + w->time_ms : TROTH_NEVER;
}

static bool opens_for_the_unprovisioned(const struct window *w)
{
    return w->policy == WINDOW_BOOT || w->policy == WINDOW_LOST;
}

static void look_for_loss(struct window *w, troth_ms now)
{
    bool lost = w->policy == WINDOW_LOST && w->provisioned && !w->online;
    w->lost_at = lost ? now + w->lost_ms : TROTH_NEVER;
}

void window_start(struct window *w, bool provisioned, troth_ms now)
{
    w->by_command = w->shut = w->online = w->open = w->held = false;
    w->busy = WINDOW_NOBODY;
    w->provisioned = provisioned;
    w->by_policy = w->policy == WINDOW_ALWAYS;
    w->policy_until = w->command_until = TROTH_NEVER;
    if (opens_for_the_unprovisioned(w) && !provisioned)
        by_policy(w, now);
    look_for_loss(w, now);
    w->why = WINDOW_BY_START;
    settle(w, WINDOW_BY_START);
}

void window_provisioned(struct window *w)
{
    w->provisioned = w->online = true;
    w->lost_at = TROTH_NEVER;
    w->by_command = false;
    if (opens_for_the_unprovisioned(w))
        w->by_policy = false;
    let_go(w, WINDOW_BY_PROVISIONED);
    settle(w, WINDOW_BY_PROVISIONED);
}

void window_erased(struct window *w, bool anew, troth_ms now)
{
    w->provisioned = w->online = false;
    w->lost_at = TROTH_NEVER;
    if (!anew && (w->time_ms || !opens_for_the_unprovisioned(w)))
        return;
    w->shut = false;
    let_go(w, WINDOW_BY_ERASE);
    if (opens_for_the_unprovisioned(w))
        by_policy(w, now);
    settle(w, WINDOW_BY_ERASE);
}

void window_online(struct window *w, bool online, troth_ms now)
{
    bool was_open = w->open;
    if (online == w->online)
        return;
    w->online = online;
    look_for_loss(w, now);
    if (online && w->policy == WINDOW_LOST && w->provisioned)
        w->by_policy = false;
    settle(w, WINDOW_BY_RETURN);
    hold(w, was_open, now, now);
}

void window_follow(struct window *w, bool open)
{
    if (w->policy != WINDOW_FOLLOW)
        return;
    w->by_policy = open;
    w->policy_until = TROTH_NEVER;
    settle(w, WINDOW_BY_START);
}

bool window_command(struct window *w, bool open, troth_ms ms, troth_ms now)
{
    if (w->policy == WINDOW_NEVER)
        return !open;
    w->shut = !open;
    w->by_command = open;
    w->command_until = open ? now + ms : TROTH_NEVER;
    let_go(w, WINDOW_BY_COMMAND);
    settle(w, WINDOW_BY_COMMAND);
    return true;
}

troth_ms window_deadline(const struct window *w)
{
    troth_ms at = w->lost_at;
    if (w->by_policy && w->policy_until < at)
        at = w->policy_until;
    if (w->by_command && w->command_until < at)
        at = w->command_until;
    if (w->held && w->until < at)
        at = w->until;
    return at;
}

void window_tick(struct window *w, troth_ms now)
{
    enum window_why why = WINDOW_BY_TIME;
    bool was_open = w->open;
    troth_ms since = w->until;
    if (w->by_policy && now >= w->policy_until)
        w->by_policy = false;
    if (w->by_command && now >= w->command_until)
        w->by_command = false;
    if (now >= w->lost_at) {
        w->lost_at = TROTH_NEVER;
        by_policy(w, now);
        why = WINDOW_BY_LOSS;
    }
    settle(w, why);
    hold(w, was_open, since, now);
}
