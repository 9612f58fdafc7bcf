/*
 * Comes before every source of the core in this build. A comparison of secrets has to say its
 * outcome at some point: that the values match is public, how long it took to find out must tell
 * nothing more. So the one bit that equal_secret returns is revealed, here and nowhere else;
 * equal_secret itself is the real one, and any other comparison of secrets is reported.
 */
#ifndef TROTH_TESTS_CONSTANT_TIME_VERDICT_H
#define TROTH_TESTS_CONSTANT_TIME_VERDICT_H

#include "base/wipe.h"
#include "constant_time/secret.h"

static inline bool verdict(bool equal)
{
    reveal(&equal, sizeof equal);
    return equal;
}

#define equal_secret(a, b, n) verdict(equal_secret(a, b, n))

#endif
