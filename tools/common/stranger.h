/*
 * Whoever connects and then neither encrypts nor begins a session may not hold a link for ever:
 * when it has to be there, and what becomes of it then. No I/O.
 */
#ifndef TROTH_TOOLS_STRANGER_H
#define TROTH_TOOLS_STRANGER_H

#include <stdbool.h>

#include <troth/types.h>

enum stranger_must {
    STRANGER_NOTHING, /* the device serves whoever comes */
    STRANGER_ENCRYPT,
    STRANGER_SESSION, /* links are open, their session is what proves: somebody may have to type */
};
/* When a link that is up since now has to be looked at. */
troth_ms stranger_due(enum stranger_must must, troth_ms now);

struct stranger {
    bool trusted; /* encrypted, or of a session that is proven */
    bool pairing; /* which has an end of its own */
};
/*
 * True: it has to go. Else *due is when to look again; TROTH_NEVER: no more. A link that cannot be
 * ended now is looked at again if the caller sets *due with stranger_again.
 */
bool stranger_look(troth_ms *due, const struct stranger *s, troth_ms now);
troth_ms stranger_again(troth_ms now);

#endif
