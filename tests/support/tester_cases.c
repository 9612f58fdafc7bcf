#include "support/tester_cases.h"

#include <stdlib.h>

#define RUNS 400

static const struct {
    const char *text;
    uint8_t core;
} cores[] = {{"5.3", TROTH_CORE_5_3}, {"5.4", TROTH_CORE_5_4}, {"6.0", TROTH_CORE_6_0},
             {"6.1", TROTH_CORE_6_1}, {"6.2", TROTH_CORE_6_2}, {"6.3", TROTH_CORE_6_3}};

/* Both ends of each range, as indices into cores. */
static const uint8_t ends[][2] = {
    [ANY_CORE] = {0, 5}, [TO_5_4] = {0, 1},   [TO_6_1] = {0, 3},
    [TO_6_2] = {0, 4},   [FROM_5_3] = {0, 5}, [FROM_6_0] = {2, 5},
    [FROM_6_2] = {4, 5}, [FROM_6_3] = {5, 5}, [ONLY_6_2] = {4, 5},
};

struct run {
    const struct conformance_case *c;
    bool oob;
    uint8_t end;         /* index into cores */
    const char *reason;  /* why it does not apply */
    const char *profile; /* in words */
    const char *result;
    char name[64];
};

static struct run runs[RUNS];
static unsigned count;

static const char *const derivation = "derivation by vector";

static void add(const struct conformance_case *c, bool oob, uint8_t end, const char *reason)
{
    if (count == RUNS)
        abort();
    struct run *r = &runs[count++];
    *r = (struct run){c, oob, end, reason, oob ? "OOB" : "no OOB", "FAIL", {0}};
    if (c->profiles == NO_PROFILE)
        r->profile = "any";
    snprintf(r->name, sizeof r->name, "%s, %s, Core %s", c->id, r->profile, cores[end].text);
}

static void add_all(const struct conformance_case *c)
{
    const uint8_t *e = ends[c->versions];
    for (int oob = 1; oob >= 0; oob--) {
        const char *reason = NULL;
        if (oob && c->profiles == WITHOUT_OOB)
            reason = "for an implementation without OOB data";
        if (!oob && c->profiles == WITH_OOB)
            reason = "for an implementation with OOB data";
        if (!oob && c->profiles == NO_PROFILE)
            continue;
        for (int i = 0; i < (e[0] == e[1] ? 1 : 2); i++)
            add(c, oob, e[i],
                reason                              ? reason
                : c->versions == ONLY_6_2 && i == 1 ? "Core 6.3 has no signed data"
                                                    : NULL);
    }
}

static void run(void **state)
{
    struct run *r = *state;
    if (r->reason) {
        print_message("%s: n/a: %s\n", r->name, r->reason);
        r->result = "n/a";
        skip();
    }
    struct bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    *state = b; /* tear_down frees it, whatever happens */
    bed_init(b, r->oob, cores[r->end].core);
    r->c->run(b);
    assert_null(b->p.l.wrong);
    r->result = r->c->profiles == NO_PROFILE ? derivation : "pass";
    print_message("%s: %s\n", r->name, r->result);
}

static int tear_down(void **state)
{
    uintptr_t at = (uintptr_t)*state;
    if (at < (uintptr_t)runs || at >= (uintptr_t)(runs + RUNS))
        free(*state);
    return 0;
}

static void write_table(void)
{
    const char *path = getenv("TROTH_CONFORMANCE_TABLE");
    if (!path || !*path)
        return;
    FILE *f = fopen(path, "a");
    if (!f) {
        perror(path);
        abort();
    }
    for (unsigned i = 0; i < count; i++)
        fprintf(f, "| %s | %s | %s | %s%s%s |\n", runs[i].c->id, runs[i].profile,
                cores[runs[i].end].text, runs[i].result, runs[i].reason ? ": " : "",
                runs[i].reason ? runs[i].reason : "");
    if (fclose(f))
        abort();
}

int conformance_run(const char *group, const struct conformance_case *cases, unsigned n)
{
    static struct CMUnitTest tests[RUNS];
    for (unsigned i = 0; i < n; i++)
        add_all(&cases[i]);
    for (unsigned i = 0; i < count; i++)
        tests[i] = (struct CMUnitTest){runs[i].name, run, NULL, tear_down, &runs[i]};
    int failed = _cmocka_run_group_tests(group, tests, count, NULL, NULL);
    write_table();
    return failed;
}
