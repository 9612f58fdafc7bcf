/* When new clients may come: each policy, commands over it, time; and that it says what opens it. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "common/window.h"

#define NOW 1000000u

static struct window make(enum window_policy policy, bool provisioned)
{
    struct window w = {.policy = policy, .lost_ms = 60000};
    window_start(&w, provisioned, NOW);
    return w;
}

static void assert_open(const struct window *w, troth_ms until)
{
    assert_true(w->open);
    assert_true(w->until == until);
}

static void assert_closed(const struct window *w, enum window_why why)
{
    assert_false(w->open);
    assert_int_equal(w->why, why);
}

static void at_start(void **state)
{
    static const struct {
        enum window_policy policy;
        bool fresh, provisioned;
    } all[] = {{WINDOW_BOOT, true, false},   {WINDOW_COMMAND, false, false},
               {WINDOW_LOST, true, false},   {WINDOW_ALWAYS, true, true},
               {WINDOW_NEVER, false, false}, {WINDOW_FOLLOW, false, false}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct window w = make(all[i].policy, false);
        assert_int_equal(w.open, all[i].fresh);
        w = make(all[i].policy, true);
        assert_int_equal(w.open, all[i].provisioned);
    }
}

static void until_provisioned(void **state)
{
    (void)state;
    for (int policy = WINDOW_BOOT; policy <= WINDOW_LOST; policy++) {
        struct window w = make((enum window_policy)policy, false);
        if (policy == WINDOW_COMMAND)
            window_command(&w, true, 5000, NOW);
        window_provisioned(&w);
        assert_closed(&w, WINDOW_BY_PROVISIONED);
        assert_true(window_deadline(&w) == TROTH_NEVER);
        window_erased(&w, NOW);
        assert_int_equal(w.open, policy != WINDOW_COMMAND);
    }
    struct window w = make(WINDOW_ALWAYS, false);
    window_provisioned(&w);
    assert_open(&w, TROTH_NEVER);
}

static void for_a_time(void **state)
{
    (void)state;
    struct window w = {.policy = WINDOW_BOOT, .time_ms = 5000};
    window_start(&w, false, NOW);
    assert_open(&w, NOW + 5000);
    assert_true(window_deadline(&w) == NOW + 5000);
    window_tick(&w, NOW + 4999);
    assert_true(w.open);
    window_tick(&w, NOW + 5000);
    assert_closed(&w, WINDOW_BY_TIME);
    window_erased(&w, NOW + 9000);
    assert_open(&w, NOW + 14000);
}

static void by_command(void **state)
{
    (void)state;
    struct window w = make(WINDOW_COMMAND, true);
    assert_true(window_command(&w, true, 3000, NOW));
    assert_open(&w, NOW + 3000);
    assert_true(window_command(&w, true, 9000, NOW + 1000)); /* again: anew */
    assert_open(&w, NOW + 10000);
    window_tick(&w, NOW + 10000);
    assert_closed(&w, WINDOW_BY_TIME);
    window_command(&w, true, 3000, NOW);
    assert_true(window_command(&w, false, 0, NOW));
    assert_closed(&w, WINDOW_BY_COMMAND);
    assert_true(window_deadline(&w) == TROTH_NEVER);
}

/* A command never shortens what the policy gives, and what a command closed stays so. */
static void command_over_policy(void **state)
{
    (void)state;
    struct window w = make(WINDOW_BOOT, false);
    window_command(&w, true, 3000, NOW);
    assert_open(&w, TROTH_NEVER);
    window_tick(&w, NOW + 3000);
    assert_open(&w, TROTH_NEVER);
    window_command(&w, false, 0, NOW);
    window_tick(&w, NOW + 1000000);
    assert_closed(&w, WINDOW_BY_COMMAND);
    window_erased(&w, NOW);
    assert_open(&w, TROTH_NEVER);

    w = make(WINDOW_ALWAYS, true);
    window_command(&w, false, 0, NOW);
    window_online(&w, true, NOW);
    window_provisioned(&w);
    assert_closed(&w, WINDOW_BY_COMMAND);
    window_command(&w, true, 1, NOW);
    assert_open(&w, TROTH_NEVER);

    w = (struct window){.policy = WINDOW_BOOT, .time_ms = 5000};
    window_start(&w, false, NOW);
    window_command(&w, true, 9000, NOW);
    assert_open(&w, NOW + 9000);
    window_tick(&w, NOW + 5000);
    assert_open(&w, NOW + 9000);
}

static void never(void **state)
{
    (void)state;
    struct window w = make(WINDOW_NEVER, false);
    assert_false(window_command(&w, true, 3000, NOW));
    window_erased(&w, NOW);
    window_online(&w, false, NOW);
    window_tick(&w, NOW + 10000000);
    assert_false(w.open);
    assert_true(window_command(&w, false, 0, NOW)); /* it is closed: done */
}

static void the_network_is_lost(void **state)
{
    (void)state;
    struct window w = make(WINDOW_LOST, true);
    assert_true(window_deadline(&w) == NOW + 60000); /* not there since the start */
    window_online(&w, true, NOW + 1000);
    assert_true(window_deadline(&w) == TROTH_NEVER);
    window_online(&w, false, NOW + 5000);
    window_online(&w, false, NOW + 6000); /* said twice, counted from the first */
    assert_true(window_deadline(&w) == NOW + 65000);
    window_tick(&w, NOW + 64999);
    assert_false(w.open);
    window_tick(&w, NOW + 65000);
    assert_open(&w, TROTH_NEVER);
    assert_int_equal(w.why, WINDOW_BY_LOSS);
    window_online(&w, true, NOW + 70000);
    assert_closed(&w, WINDOW_BY_RETURN);

    w = make(WINDOW_LOST, false); /* unprovisioned: there is none to lose */
    window_online(&w, true, NOW);
    assert_true(w.open);
    w = make(WINDOW_BOOT, true);
    window_tick(&w, NOW + 10000000);
    assert_false(w.open);
}

static void follows(void **state)
{
    (void)state;
    struct window w = make(WINDOW_FOLLOW, true);
    window_follow(&w, true);
    assert_open(&w, TROTH_NEVER);
    window_provisioned(&w);
    assert_true(w.open);
    window_follow(&w, false);
    assert_false(w.open);
    w = make(WINDOW_NEVER, false);
    window_follow(&w, true);
    assert_false(w.open);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_start),   cmocka_unit_test(until_provisioned),
        cmocka_unit_test(for_a_time), cmocka_unit_test(by_command),
        cmocka_unit_test(never),      cmocka_unit_test(command_over_policy),
        cmocka_unit_test(follows),    cmocka_unit_test(the_network_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
