/* The campaign: every fault has a number, and the same number is the same run. */
#ifndef TESTS_FAULTS_CAMPAIGN_H
#define TESTS_FAULTS_CAMPAIGN_H

#include "faults/fault.h"

#define KINDS_MAX 64 /* of findings */

/* What became of the runs of one class in one place. */
struct score {
    unsigned long runs, both, one, none, next, findings;
};

/* Counted by the workers, each in its own. */
struct tally_of_faults {
    unsigned long done, findings;
    struct score score[FAULT_CLASSES][PLACES];
    struct {
        const char *what;
        unsigned long count, first; /* run */
    } kind[KINDS_MAX];
    unsigned long run; /* the one that is under way */
    char where[160];   /* ... in words */
};

struct campaign {
    unsigned every; /* 1: all; n: each n-th run */
    unsigned worker, workers;
    unsigned long after; /* only runs with a greater number; numbers begin at 1 */
    unsigned long only;  /* this run alone; 0: as above */
    bool next;           /* try the next pairing after every run */
    bool dry;            /* count, do not run */
    void (*begin)(void); /* before each run; may be NULL */
    void (*finding)(unsigned long run, const char *where, const char *what);
    struct tally_of_faults *tally;
};

/* False: an honest pairing fails already, and says why through c->finding. */
bool campaign_run(const struct campaign *c);
/* Runs wanted of this campaign by all its workers; call it dry first. */
unsigned long campaign_total(const struct tally_of_faults *t);

#endif
