/* When new clients may come: each policy, commands over it, time; who may finish after it. */
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
    assert_false(w->open || w->held);
    assert_int_equal(w->why, why);
    assert_true(w->until == TROTH_NEVER);
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
        window_erased(&w, true, NOW);
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
    window_erased(&w, true, NOW + 9000);
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
    window_erased(&w, true, NOW);
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
    window_erased(&w, true, NOW);
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

/* ---- who is being served when it ends ---- */

#define OVER (NOW + 3000)

static void assert_held(const struct window *w, troth_ms until)
{
    assert_false(w->open);
    assert_true(w->held);
    assert_true(w->until == until);
    assert_true(window_deadline(w) == until);
}

/* Opened for three seconds, which are over with somebody there. */
static struct window end_with(enum window_policy policy, enum window_busy busy)
{
    struct window w = {.policy = policy, .time_ms = 3000, .lost_ms = 60000};
    window_start(&w, false, NOW);
    if (!w.open)
        window_command(&w, true, 3000, NOW);
    window_busy(&w, busy, NOW + 2000);
    window_tick(&w, OVER - 1);
    assert_open(&w, OVER);
    window_tick(&w, OVER);
    return w;
}

static const enum window_policy timed[] = {WINDOW_BOOT, WINDOW_COMMAND, WINDOW_LOST, WINDOW_FOLLOW};
#define FOR_TIMED(policy)                                                                          \
    for (const enum window_policy *policy = timed; policy < timed + sizeof timed / sizeof *timed;  \
         policy++)

static void held_while_served(void **state)
{
    (void)state;
    FOR_TIMED(policy)
    {
        struct window w = end_with(*policy, WINDOW_SERVING);
        assert_held(&w, OVER + WINDOW_HOLD_MS);
        assert_int_equal(w.why, WINDOW_BY_TIME);
        window_tick(&w, OVER + 5000);
        window_online(&w, true, OVER + 5000); /* what networks do changes nothing */
        window_online(&w, false, OVER + 6000);
        assert_held(&w, OVER + WINDOW_HOLD_MS);
        window_busy(&w, WINDOW_NOBODY, OVER + 9000);
        assert_closed(&w, WINDOW_BY_TIME);
        window_busy(&w, WINDOW_SERVING, OVER + 9001); /* too late */
        window_tick(&w, OVER + 9001);
        assert_closed(&w, WINDOW_BY_TIME);
        assert_true(window_deadline(&w) == TROTH_NEVER);
    }
}

static void closes_at_once_with_nobody(void **state)
{
    (void)state;
    FOR_TIMED(policy)
    {
        struct window w = end_with(*policy, WINDOW_NOBODY);
        assert_closed(&w, WINDOW_BY_TIME);
        assert_true(window_deadline(&w) == TROTH_NEVER);
    }
}

/* The bound counts from the end of the window's time, however late anybody looks. */
static void held_at_most(void **state)
{
    (void)state;
    struct window w = end_with(WINDOW_BOOT, WINDOW_SERVING);
    window_busy(&w, WINDOW_SERVING, OVER + WINDOW_HOLD_MS - 1);
    window_tick(&w, OVER + WINDOW_HOLD_MS - 1);
    assert_held(&w, OVER + WINDOW_HOLD_MS);
    window_tick(&w, OVER + WINDOW_HOLD_MS);
    assert_closed(&w, WINDOW_BY_TIME);

    w = (struct window){.policy = WINDOW_COMMAND};
    window_start(&w, false, NOW);
    window_command(&w, true, 3000, NOW);
    window_busy(&w, WINDOW_SERVING, NOW);
    window_tick(&w, OVER + 7000);
    assert_held(&w, OVER + WINDOW_HOLD_MS);
    window_command(&w, true, 3000, NOW);
    window_tick(&w, OVER + WINDOW_HOLD_MS);
    assert_closed(&w, WINDOW_BY_TIME);
}

static void a_moment_for_the_outcome(void **state)
{
    (void)state;
    struct window w = end_with(WINDOW_COMMAND, WINDOW_SERVING);
    troth_ms answered = OVER + 1000;
    window_busy(&w, WINDOW_ANSWERED, answered);
    window_busy(&w, WINDOW_ANSWERED, answered + 5000); /* counted from the first */
    assert_held(&w, answered + WINDOW_LINGER_MS);
    window_tick(&w, answered + WINDOW_LINGER_MS - 1);
    assert_true(w.held);
    window_tick(&w, answered + WINDOW_LINGER_MS);
    assert_closed(&w, WINDOW_BY_TIME);

    /* the outcome came shortly before the end; long before */
    w = end_with(WINDOW_COMMAND, WINDOW_ANSWERED);
    assert_held(&w, NOW + 2000 + WINDOW_LINGER_MS);
    w = make(WINDOW_COMMAND, false);
    window_command(&w, true, 60000, NOW);
    window_busy(&w, WINDOW_ANSWERED, NOW);
    window_tick(&w, NOW + 60000);
    assert_closed(&w, WINDOW_BY_TIME);
}

/* It failed, and the client tries again: within the one bound. */
static void tries_again(void **state)
{
    (void)state;
    struct window w = end_with(WINDOW_BOOT, WINDOW_SERVING);
    troth_ms now = OVER;
    for (unsigned i = 0; i < 2; i++) {
        window_busy(&w, WINDOW_ANSWERED, now += 20000);
        assert_held(&w, now + WINDOW_LINGER_MS);
        window_busy(&w, WINDOW_SERVING, now += 9000);
        assert_held(&w, OVER + WINDOW_HOLD_MS);
    }
    window_erased(&w, false, now); /* what failed is forgotten for it */
    assert_held(&w, OVER + WINDOW_HOLD_MS);
    window_busy(&w, WINDOW_ANSWERED, OVER + WINDOW_HOLD_MS - 1000);
    assert_held(&w, OVER + WINDOW_HOLD_MS);
    window_tick(&w, OVER + WINDOW_HOLD_MS);
    assert_closed(&w, WINDOW_BY_TIME);
}

/* No time is won by forgetting what failed; an erase begins anew. */
static void a_reset_gives_no_time(void **state)
{
    (void)state;
    struct window w = {.policy = WINDOW_BOOT, .time_ms = 3000};
    window_start(&w, false, NOW);
    window_erased(&w, false, NOW + 2000);
    assert_open(&w, OVER);
    window_tick(&w, OVER);
    window_erased(&w, false, OVER); /* it hung up before it was done */
    assert_closed(&w, WINDOW_BY_TIME);
    window_erased(&w, true, OVER);
    assert_open(&w, OVER + 3000);
    w = make(WINDOW_BOOT, true); /* where the policy knows no time there is none to win */
    window_erased(&w, false, NOW);
    assert_open(&w, TROTH_NEVER);
}

static void what_waits_for_nobody(void **state)
{
    (void)state;
    struct window w = make(WINDOW_COMMAND, false);
    window_command(&w, true, 3000, NOW);
    window_busy(&w, WINDOW_SERVING, NOW);
    window_command(&w, false, 0, NOW);
    assert_closed(&w, WINDOW_BY_COMMAND);

    w = end_with(WINDOW_BOOT, WINDOW_SERVING);
    window_command(&w, false, 0, OVER + 1);
    assert_closed(&w, WINDOW_BY_COMMAND);
    window_busy(&w, WINDOW_SERVING, OVER + 2);
    assert_closed(&w, WINDOW_BY_COMMAND);

    w = end_with(WINDOW_COMMAND, WINDOW_SERVING);
    window_erased(&w, true, OVER + 1);
    assert_closed(&w, WINDOW_BY_ERASE);
    w = end_with(WINDOW_BOOT, WINDOW_SERVING);
    window_erased(&w, true, OVER + 1);
    assert_open(&w, OVER + 3001);

    w = end_with(WINDOW_COMMAND, WINDOW_SERVING);
    window_provisioned(&w);
    assert_closed(&w, WINDOW_BY_PROVISIONED);
}

static void opened_while_held(void **state)
{
    (void)state;
    struct window w = end_with(WINDOW_COMMAND, WINDOW_SERVING);
    window_command(&w, true, 3000, OVER + 1000);
    assert_open(&w, OVER + 4000);
    assert_false(w.held);
    window_tick(&w, OVER + 4000);
    assert_held(&w, OVER + 4000 + WINDOW_HOLD_MS);
    w = end_with(WINDOW_FOLLOW, WINDOW_SERVING);
    window_follow(&w, true);
    assert_open(&w, TROTH_NEVER);
    assert_false(w.held);
}

/* Who is at it when the network returns by itself, or by what it gave, is not cut off either. */
static void held_when_the_network_returns(void **state)
{
    (void)state;
    struct window w = make(WINDOW_LOST, true);
    window_tick(&w, NOW + 60000);
    assert_open(&w, TROTH_NEVER);
    window_busy(&w, WINDOW_SERVING, NOW + 60000);
    window_online(&w, true, NOW + 61000);
    assert_held(&w, NOW + 61000 + WINDOW_HOLD_MS);
    window_busy(&w, WINDOW_NOBODY, NOW + 62000);
    assert_closed(&w, WINDOW_BY_RETURN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(at_start),
        cmocka_unit_test(until_provisioned),
        cmocka_unit_test(for_a_time),
        cmocka_unit_test(by_command),
        cmocka_unit_test(never),
        cmocka_unit_test(command_over_policy),
        cmocka_unit_test(follows),
        cmocka_unit_test(the_network_is_lost),
        cmocka_unit_test(held_while_served),
        cmocka_unit_test(closes_at_once_with_nobody),
        cmocka_unit_test(held_at_most),
        cmocka_unit_test(a_moment_for_the_outcome),
        cmocka_unit_test(tries_again),
        cmocka_unit_test(a_reset_gives_no_time),
        cmocka_unit_test(what_waits_for_nobody),
        cmocka_unit_test(opened_while_held),
        cmocka_unit_test(held_when_the_network_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
