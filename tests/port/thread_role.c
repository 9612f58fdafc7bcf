/*
 * What OpenThread's role proves: it is attached to what is wanted, or leads a network of its own with
 * a key that nobody else knows.
 */
#include "support/thread_lamp.h"

#include "support/powercut_store.h"

/* It is attached to what is wanted already: nothing is interrupted. */
static void test_what_works_is_left_alone(void **state)
{
    (void)state;
    lamp_start(NULL, NULL);
    lamp_give(HEATH);
    lamp_pass(1000);
    assert_true(lamp.prov.online && openthread.attached == 1);
    lamp_give(HEATH);
    lamp_pass(1000);
    assert_true(lamp.prov.online && openthread.attached == 1);
    lamp_power_off();

    lamp.attempts = 3;
    lamp_start(HEATH, HEATH); /* it goes in the middle of an attempt, and comes up by itself */
    lamp.attempts = 1;
    thread_role(&openthread.thread, TROTH_THREAD_DETACHED);
    while (openthread.thread.step != THREAD_ATTACHING)
        lamp_pass(10);
    lamp_gone();
    while (!openthread.thread.base.waiting)
        lamp_pass(10);
    lamp_back();
    assert_true(lamp.prov.online && !openthread.attached);
    lamp_power_off();
}

static void fails_as_wrong(const char *after)
{
    for (unsigned i = 0; i < 100; i++) {
        lamp_pass(100);
        assert_false(lamp.prov.online);
    }
    assert_int_equal(lamp.failed, TROTH_NET_WRONG_KEY);
    assert_true(!after || lamp_has(after));
}

static void start_alone(const char *active)
{
    lamp_start(active, NULL);
    openthread.leads = openthread.deaf = true;
}

/* OpenThread founds a network of its own and leads it: no success, whenever that is seen. */
static void test_to_lead_by_a_wrong_key_is_no_success(void **state)
{
    (void)state;
    start_alone(THEIRS);
    lamp_give(WRONG);
    fails_as_wrong(THEIRS);
    lamp_power_off();

    start_alone(THEIRS); /* the same again, while it leads by it */
    lamp_give(WRONG);
    lamp_pass(1000);
    assert_int_equal(openthread.thread.role, TROTH_THREAD_LEADER);
    lamp_give(WRONG);
    fails_as_wrong(THEIRS);
    lamp_power_off();

    lamp.attempts = 3; /* by itself */
    start_alone(THEIRS);
    lamp.attempts = 1;
    lamp_give(WRONG);
    fails_as_wrong(NULL);
    lamp_pass(20000);
    assert_true(lamp_has(THEIRS) && !lamp.prov.online && openthread.attached == 4);
    lamp_power_off();

    start_alone(THEIRS); /* after a cut of power */
    lamp_give(WRONG);
    lamp_pass(1000);
    lamp_restart();
    openthread.leads = openthread.deaf = true;
    thread_role(&openthread.thread, TROTH_THREAD_LEADER);
    lamp_give(WRONG);
    fails_as_wrong(THEIRS);
    lamp_power_off();

    start_alone(WRONG); /* it had that dataset, and had not begun with it */
    thread_role(&openthread.thread, TROTH_THREAD_DETACHED);
    lamp_give(WRONG);
    lamp_pass(1000);
    lamp_give(WRONG);
    fails_as_wrong(WRONG);
    lamp_power_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_works_is_left_alone),
        cmocka_unit_test(test_to_lead_by_a_wrong_key_is_no_success),
    };
    return cmocka_run_group_tests(tests, powercut_folder, powercut_no_folder);
}
