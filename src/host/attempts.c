/*
 * Repeated attempts, Vol 3 Part H 2.3.6: after failed pairings a peer waits, twice as long each
 * time. Peers without an authenticated bond also share one count, since an address costs nothing,
 * nor does a bond by Just Works; the others are not held up by what strangers do.
 */
#include "host/host.h"

#define ALLOWED_DEFAULT 3
#define NO_LIMIT        255
#define STRANGERS       4 /* times what one peer may */
#define WAIT_FIRST_MS   1000
#define WAIT_DOUBLINGS  10

static unsigned allowed(const struct host_link *l)
{
    uint8_t n = host_policy(l)->attempts;
    return n ? n : ALLOWED_DEFAULT;
}

static const struct troth_addr *name_of(const struct host_link *l)
{
    return l->bond < 0 ? &l->peer : &l->host->bonds.bond[l->bond].keys.identity;
}

static bool is_stranger(const struct host_link *l)
{
    return l->bond < 0 || !l->host->bonds.bond[l->bond].keys.mitm;
}

/* After as long a time without a failure as the longest wait, all is forgotten. */
static bool counts(const struct host_attempts *a, troth_ms now)
{
    return a->failures && now < a->until + TROTH_ATTEMPTS_WAIT_MAX_MS;
}

static int entry_of(const struct host_link *l)
{
    const struct troth_host *h = l->host;
    for (int i = 0; i < TROTH_MAX_ATTEMPTS; i++)
        if (counts(&h->attempts[i].tries, h->now) &&
            troth_addr_equal(&h->attempts[i].peer, name_of(l)))
            return i;
    return -1;
}

/* Its own, else a free one, else the one that would be free soonest. */
static int entry_for(const struct host_link *l)
{
    const struct troth_host *h = l->host;
    int best = entry_of(l);
    for (int i = 0; i < TROTH_MAX_ATTEMPTS && best < 0; i++)
        if (!counts(&h->attempts[i].tries, h->now))
            best = i;
    if (best >= 0)
        return best;
    best = 0;
    for (int i = 1; i < TROTH_MAX_ATTEMPTS; i++)
        if (h->attempts[i].tries.until < h->attempts[best].tries.until)
            best = i;
    return best;
}

static void count(struct host_attempts *a, unsigned limit, troth_ms now)
{
    if (!counts(a, now))
        a->failures = 0;
    if (a->failures < UINT16_MAX)
        a->failures++;
    a->until = now;
    if (a->failures < limit)
        return;
    unsigned doublings = a->failures - limit;
    troth_ms wait = (troth_ms)WAIT_FIRST_MS
                    << (doublings < WAIT_DOUBLINGS ? doublings : WAIT_DOUBLINGS);
    a->until += wait < TROTH_ATTEMPTS_WAIT_MAX_MS ? wait : TROTH_ATTEMPTS_WAIT_MAX_MS;
}

static troth_ms left(const struct host_attempts *a, troth_ms now)
{
    return a->failures && a->until > now ? a->until - now : 0;
}

troth_ms host_attempts_wait(const struct host_link *l)
{
    const struct troth_host *h = l->host;
    if (allowed(l) == NO_LIMIT)
        return 0;
    int i = entry_of(l);
    troth_ms own = i < 0 ? 0 : left(&h->attempts[i].tries, h->now);
    troth_ms shared = is_stranger(l) ? left(&h->strangers, h->now) : 0;
    return own > shared ? own : shared;
}

void host_attempted(struct host_link *l, bool ok)
{
    struct troth_host *h = l->host;
    if (ok) {
        /*
         * Its own count only: one success is no licence for the next thousand addresses. And one by
         * Just Works, which anybody has, is none for the next guess.
         */
        int i = entry_of(l);
        if (i >= 0 && (l->smp.level.mitm || !h->attempts[i].tries.guessed))
            memset(&h->attempts[i], 0, sizeof h->attempts[i]);
        return;
    }
    unsigned limit = allowed(l);
    if (limit == NO_LIMIT)
        return;
    int i = entry_for(l);
    if (entry_of(l) < 0)
        memset(&h->attempts[i], 0, sizeof h->attempts[i]);
    h->attempts[i].peer = *name_of(l);
    h->attempts[i].tries.guessed |= l->smp.run.model != TROTH_JUST_WORKS;
    count(&h->attempts[i].tries, limit, h->now);
    /* Just Works has nothing to guess: who breaks it off shall not hold up all the others. */
    if (is_stranger(l) && l->smp.run.model != TROTH_JUST_WORKS)
        count(&h->strangers, limit * STRANGERS, h->now);
}

troth_ms host_attempts_deadline(const struct troth_host *h)
{
    troth_ms at = left(&h->strangers, h->now) ? h->strangers.until : TROTH_NEVER;
    for (int i = 0; i < TROTH_MAX_ATTEMPTS; i++)
        if (left(&h->attempts[i].tries, h->now) && h->attempts[i].tries.until < at)
            at = h->attempts[i].tries.until;
    return at;
}
