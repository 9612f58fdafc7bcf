/*
 * Counting for parametrised tests: many cases, all of them run, and a summary by the check that
 * failed. A test ends with tally_end, which fails when a check did or when too little was tried.
 */
#ifndef TROTH_TESTS_SUPPORT_TALLY_H
#define TROTH_TESTS_SUPPORT_TALLY_H

#include <stdbool.h>

void tally_start(void);
/* A new case, and what to call it when a check of it fails. */
__attribute__((format(printf, 1, 2))) void tally_case(const char *fmt, ...);
/* Says whether it held. At most one failure per case is counted. */
#define TALLY(cond, ...) tally_check((cond), __FILE__, __LINE__, __VA_ARGS__)
__attribute__((format(printf, 4, 5))) bool tally_check(bool ok, const char *file, int line,
                                                       const char *fmt, ...);
void tally_end(const char *name, unsigned least_cases);

#endif
