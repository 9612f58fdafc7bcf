/* What must be true after every run, docs/FAULTS.md. */
#ifndef TESTS_FAULTS_JUDGE_H
#define TESTS_FAULTS_JUDGE_H

#include "faults/duo.h"

/* NULL, or the first promise that was broken. The hosts rest; allows: ALLOW_... */
const char *judge_run(unsigned allows);
/* ... and the connection is over. */
const char *judge_parted(void);
/* What no memory of an idle host may hold: for states not met before. */
const char *judge_memory(void);
/* Both sides finished, and agree about everything. */
const char *judge_success(void);

#endif
