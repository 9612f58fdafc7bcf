/* When a link of whoever neither encrypts nor proves anything has to go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/stranger.h"

#define NOW 5000000

static void when(void **state)
{
    (void)state;
    assert_true(stranger_due(STRANGER_ENCRYPT, NOW) == NOW + 40000);
    assert_true(stranger_due(STRANGER_SESSION, NOW) == NOW + 120000);
    assert_true(stranger_due(STRANGER_NOTHING, NOW) == TROTH_NEVER);
}

static void nobody_goes_early(void **state)
{
    (void)state;
    struct stranger s = {.trusted = false};
    troth_ms due = stranger_due(STRANGER_SESSION, NOW);
    assert_false(stranger_look(&due, &s, NOW));
    assert_false(stranger_look(&due, &s, NOW + 119999));
    assert_true(due == NOW + 120000);
    assert_true(stranger_look(&due, &s, NOW + 120000));
    due = TROTH_NEVER;
    assert_false(stranger_look(&due, &s, NOW + 999999999));
}

static void the_trusted_stay(void **state)
{
    (void)state;
    for (unsigned pairing = 0; pairing < 2; pairing++) {
        struct stranger s = {.trusted = true, .pairing = pairing};
        troth_ms due = NOW;
        assert_false(stranger_look(&due, &s, NOW));
        assert_true(due == TROTH_NEVER);
    }
}

static void pairings_end_first(void **state)
{
    (void)state;
    struct stranger s = {.pairing = true};
    troth_ms due = NOW;
    assert_false(stranger_look(&due, &s, NOW));
    assert_true(due == NOW + 1000);
    assert_false(stranger_look(&due, &s, NOW + 999));
    s.pairing = false;
    assert_true(stranger_look(&due, &s, NOW + 1000));
    assert_true(stranger_again(NOW) == NOW + 1000); /* for a host that is busy */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(when),
        cmocka_unit_test(nobody_goes_early),
        cmocka_unit_test(the_trusted_stay),
        cmocka_unit_test(pairings_end_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
