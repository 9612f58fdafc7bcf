/*
 * Secrets as valgrind's memcheck sees them: poisoned octets are "undefined", so that whatever
 * branches or indexes on one of them, or on what was computed from it, is reported.
 *
 * reveal() is for what the outside gets to know: PDUs, verdicts, numbers on a display.
 */
#ifndef TROTH_TESTS_CONSTANT_TIME_SECRET_H
#define TROTH_TESTS_CONSTANT_TIME_SECRET_H

#include <stddef.h>
#include <valgrind/memcheck.h>

static inline void poison(const void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_UNDEFINED(p, n);
}

static inline void reveal(const void *p, size_t n)
{
    (void)VALGRIND_MAKE_MEM_DEFINED(p, n);
}

#endif
