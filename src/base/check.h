/*
 * Two kinds of wrong. VERIFY: the peer's, the controller's or the user's fault; refuse and carry
 * on. ASSERT: ours; there is no way to carry on with a broken invariant.
 */
#ifndef TROTH_BASE_CHECK_H
#define TROTH_BASE_CHECK_H

/* Leave the function with `result` when the outside broke a rule. */
#define VERIFY(cond, result)                                                                       \
    do {                                                                                           \
        if (!(cond))                                                                               \
            return result;                                                                         \
    } while (0)

#define ASSERT(cond)                                                                               \
    do {                                                                                           \
        if (!(cond))                                                                               \
            __builtin_trap();                                                                      \
    } while (0)

#endif
