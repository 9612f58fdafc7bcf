/*
 * A table of qualification cases: each is run in every profile and at both ends of its range of
 * Core versions, as a test named "SM/PER/KDU/BI-04-C, OOB, Core 6.3". What does not apply is
 * skipped with its reason. With TROTH_CONFORMANCE_TABLE in the environment a row for each is
 * appended to that file.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_CASES_H
#define TROTH_TESTS_SUPPORT_TESTER_CASES_H

#include "support/tester_bed.h"

enum case_versions {
    ANY_CORE, /* 5.3 and 6.3 */
    TO_5_4,
    TO_6_1,
    TO_6_2,
    FROM_5_3,
    FROM_6_0,
    FROM_6_2,
    FROM_6_3,
    ONLY_6_2, /* from 6.2, and 6.3 has no signed data */
};

enum case_profiles {
    ANY_PROFILE,
    WITH_OOB,
    WITHOUT_OOB,
    NO_PROFILE, /* a derivation: no link at all */
};

struct conformance_case {
    const char *id;
    void (*run)(struct bed *b); /* on a bed made by bed_init */
    enum case_versions versions;
    enum case_profiles profiles;
};

/* All of them; what main returns. */
int conformance_run(const char *group, const struct conformance_case *cases, unsigned count);
#define CONFORMANCE(group, cases) conformance_run(group, cases, sizeof cases / sizeof cases[0])

#endif
