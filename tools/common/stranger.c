#include "stranger.h"

#define ENCRYPT_MS 40000 /* longer than a pairing's own limit of 30 s */
#define SESSION_MS 120000
#define AGAIN_MS   1000

troth_ms stranger_due(enum stranger_must must, troth_ms now)
{
    switch (must) {
    case STRANGER_ENCRYPT:
        return now + ENCRYPT_MS;
    case STRANGER_SESSION:
        return now + SESSION_MS;
    case STRANGER_NOTHING:
        break;
    }
    return TROTH_NEVER;
}

troth_ms stranger_again(troth_ms now)
{
    return now + AGAIN_MS;
}

bool stranger_look(troth_ms *due, const struct stranger *s, troth_ms now)
{
    if (*due > now)
        return false;
    *due = s->pairing && !s->trusted ? stranger_again(now) : TROTH_NEVER;
    return !s->trusted && !s->pairing;
}
