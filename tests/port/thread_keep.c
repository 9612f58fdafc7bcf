/*
 * A Thread device whose OpenThread has somebody else's network is given one, then another with a
 * wrong key, then all is erased: the power cut at every write of the store. Whenever it goes, when it
 * is back OpenThread has what is stored, or else what it had before, and nothing is kept of that any
 * more. And what an erase forgets, and what is not attempted where nothing can be kept.
 */
#include "support/thread_lamp.h"

#include "ports/linux/credentials.h"
#include "support/powercut_store.h"

#include <string.h>

static bool erasing, to_the_end;

/* ---- the power cut everywhere ---- */

static void run(void *context)
{
    (void)context;
    lamp.cutting = true;
    erasing = to_the_end = false;
    openthread.active = lamp_set_of(THEIRS);
    struct store *s = powercut_open();
    if (!s)
        return;
    lamp_power_on(s);
    lamp_give(WRONG); /* with theirs before */
    lamp_pass(10000);
    if (!powercut_happened())
        assert_true(lamp_has(THEIRS) && openthread.attached == 2);
    lamp_give(HEATH);
    lamp_pass(10000);
    lamp_give(WRONG); /* with ours before, and at once another */
    lamp_pass(2100);
    lamp_give(THIRD);
    openthread.refuse = 1;
    lamp_pass(10000);
    if (!powercut_happened()) {
        assert_true(lamp_has(HEATH));
        assert_int_equal(lamp.prov.online, true);
        erasing = true;
        troth_prov_erase(&lamp.prov, 1);
        lamp_pass(10000);
        to_the_end = !powercut_happened();
    }
    lamp_power_off();
}

static void check(void *context)
{
    struct troth_thread left = openthread.active;
    struct store *s = powercut_reopen();
    struct troth_credentials c;
    struct net_kept kept;
    (void)context;
    lamp.cutting = false;
    bool stored = credentials_load(s, NULL, &c) == TROTH_OK;
    /* What was told to be erased is forgotten there too, whatever is left to be done of it. */
    if (!left.len && !erasing)
        fail_msg("%s: OpenThread has none", powercut_where());
    lamp_power_on(s);
    lamp_pass(10000);
    if (stored    ? !lamp_has(HEATH) || !lamp.prov.online
        : erasing ? openthread.active.len
                  : !lamp_has(THEIRS) || openthread.thread.role == TROTH_THREAD_DETACHED)
        fail_msg("%s: %s, and OpenThread has another", powercut_where(),
                 stored ? "stored" : "nothing stored");
    if (credentials_kept_load(s, NULL, &kept) != TROTH_NOT_FOUND ||
        credentials_left_load(s, NULL, &c) != TROTH_NOT_FOUND)
        fail_msg("%s: it is kept still", powercut_where());
    lamp_power_off();
    openthread.active = left; /* for the next way the disk may have kept it */
}

static void test_what_was_there_is_there_again(void **state)
{
    (void)state;
    unsigned operations = powercut_story(run, check);
    assert_true(to_the_end);
    assert_true(operations > 60);
}

/* ---- what is forgotten ---- */

static void test_an_erase_forgets_what_is_ours_alone(void **state)
{
    (void)state;
    lamp_start(THEIRS, NULL); /* nothing was ever given */
    lamp_erase();
    assert_true(lamp_has(THEIRS) && !openthread.forgotten && !openthread.attached &&
                lamp.stays == 1);
    lamp_power_off();

    lamp_start(NULL, NULL);
    lamp_erase();
    assert_true(!openthread.forgotten && !lamp.stays);
    lamp_power_off();

    lamp_start(HEATH, HEATH);
    lamp_pass(1000);
    lamp_erase();
    assert_true(!openthread.active.len && openthread.forgotten == 1 && !lamp.stays);
    lamp_power_off();

    lamp_start(HEATH, HEATH); /* the same before it is joined */
    lamp_erase();
    assert_true(!openthread.active.len && openthread.forgotten == 1);
    lamp_power_off();

    lamp_start(HEATH, HEATH); /* another came in its place */
    lamp_pass(1000);
    openthread.active = lamp_set_of(WRONG); /* one network's name, another key */
    lamp_erase();
    assert_true(lamp_has(WRONG) && !openthread.forgotten && lamp.stays == 1);
    lamp_power_off();

    lamp_start(THEIRS, NULL); /* in the middle of the first attempt */
    lamp_give(WRONG);
    lamp_pass(1000);
    assert_true(lamp_has(WRONG));
    lamp_erase();
    assert_true(lamp_has(THEIRS) && !openthread.forgotten && lamp.stays);
    lamp_power_off();

    lamp_start(HEATH, HEATH); /* of another */
    lamp_pass(1000);
    lamp_give(WRONG);
    lamp_pass(1000);
    assert_true(lamp_has(WRONG));
    lamp_erase();
    assert_true(!openthread.active.len);
    lamp_power_off();
}

/* ---- an erase while OpenThread is away ---- */

static bool is_owed(void)
{
    struct troth_credentials c;
    return credentials_left_load(lamp.store, NULL, &c) == TROTH_OK;
}

static void erased_while_away(const char *active)
{
    lamp_start(active, HEATH);
    lamp_pass(1000);
    lamp_gone();
    assert_int_equal(troth_prov_erase(&lamp.prov, 1), TROTH_OK);
    lamp_pass(6000);
    assert_int_equal(lamp.prov.state, TROTH_PROV_IDLE);
    assert_true(lamp_has(active) && is_owed() && !lamp.settled);
}

static void test_an_erase_is_made_up_for(void **state)
{
    (void)state;
    erased_while_away(HEATH);
    lamp_back();
    assert_true(!openthread.active.len && openthread.forgotten == 1 && lamp.settled == 1 &&
                !is_owed());
    lamp_gone(); /* nothing more is to be done */
    openthread.active = lamp_set_of(THEIRS);
    lamp_back();
    assert_true(lamp_has(THEIRS) && openthread.forgotten == 1 && lamp.settled == 1);
    lamp_power_off();

    erased_while_away(HEATH); /* the device too begins anew, twice */
    lamp_restart();
    lamp_gone();
    lamp_restart();
    lamp_pass(10000);
    assert_true(!openthread.active.len && openthread.forgotten == 1 && lamp.settled == 1 &&
                !is_owed());
    lamp_power_off();

    erased_while_away(HEATH); /* somebody put another there meanwhile */
    openthread.active = lamp_set_of(THEIRS);
    lamp_back();
    assert_true(lamp_has(THEIRS) && !openthread.forgotten && lamp.stays == 1 && !is_owed());
    lamp_power_off();
}

static void test_a_network_joined_meanwhile_takes_its_place(void **state)
{
    (void)state;
    erased_while_away(HEATH);
    lamp_give(HEATH); /* the same: nothing to interrupt */
    lamp_back();
    assert_true(lamp_has(HEATH) && lamp.prov.online && !openthread.forgotten &&
                !openthread.attached && !is_owed());
    lamp_power_off();

    erased_while_away(HEATH);
    lamp_give(THIRD);
    lamp_back();
    assert_true(lamp_has(THIRD) && lamp.prov.online && !openthread.forgotten && !is_owed());
    lamp_gone();
    lamp_back();
    assert_true(lamp_has(THIRD) && !openthread.forgotten);
    lamp_power_off();

    erased_while_away(HEATH); /* which does not work: the old one does not come back either */
    lamp_give(WRONG);
    lamp_back();
    assert_true(!openthread.active.len && !is_owed());
    lamp_power_off();

    lamp.attempts = 5; /* nor in the pauses between attempts, which grow */
    erased_while_away(HEATH);
    lamp.attempts = 1;
    lamp_give(WRONG);
    thread_here(&openthread.thread, "wpan0");
    for (unsigned i = 0, tried = 0; i < 400; i++) {
        lamp_pass(100);
        tried |= lamp_has(WRONG);
        assert_false(tried && lamp_has(HEATH));
    }
    assert_true(!openthread.active.len && !is_owed());
    lamp_power_off();

    erased_while_away(HEATH); /* nor when the power goes in the middle */
    lamp_give(WRONG);
    thread_here(&openthread.thread, "wpan0");
    lamp_pass(1000);
    assert_true(lamp_has(WRONG) && is_owed());
    lamp_restart();
    lamp_pass(10000);
    assert_true(!openthread.active.len && !is_owed());
    lamp_power_off();
}

static void test_nothing_is_tried_where_nothing_can_be_kept(void **state)
{
    (void)state;
    lamp_start(THEIRS, NULL);
    lamp.full = true;
    lamp_give(HEATH);
    lamp_pass(10000);
    assert_int_equal(lamp.failed, TROTH_NET_NOT_STORED);
    assert_true(lamp_has(THEIRS) && !openthread.attached && !openthread.forgotten);
    assert_int_equal(openthread.thread.role, TROTH_THREAD_CHILD);
    lamp.full = false;
    lamp_give(HEATH);
    lamp_pass(1000);
    assert_true(lamp_has(HEATH) && lamp.prov.online);
    lamp_power_off();
}

/* Too long to be a dataset: it could not be given back. */
static void test_what_cannot_be_kept_is_not_overwritten(void **state)
{
    static const uint8_t many[300];
    (void)state;
    lamp_start(THEIRS, NULL);
    lamp_give(HEATH);
    openthread.used = 0;
    thread_dataset(&openthread.thread, many, sizeof many);
    lamp_pass(10000);
    assert_int_equal(lamp.failed, TROTH_NET_OTHER);
    assert_true(lamp_has(THEIRS) && !openthread.attached && !openthread.forgotten);
    lamp_power_off();
}

/* ---- what works and cannot be stored ---- */

static void joined_unsaved(const char *before)
{
    lamp_start(before, NULL);
    lamp.unsaved = true;
    lamp_give(HEATH);
    lamp_pass(1000);
    assert_true(lamp_has(HEATH) && lamp.prov.online && !lamp.prov.stored);
}

static bool has_again(const char *before)
{
    struct net_kept kept;
    return (before ? lamp_has(before) : !openthread.active.len) &&
           credentials_kept_load(lamp.store, NULL, &kept) == TROTH_NOT_FOUND;
}

static void test_what_was_there_outlives_what_could_not_be_stored(void **state)
{
    static const char *const befores[] = {THEIRS, NULL};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        joined_unsaved(befores[i]);
        lamp_restart();
        lamp_pass(10000);
        assert_true(has_again(befores[i]));
        lamp_power_off();

        joined_unsaved(befores[i]); /* then another that fails */
        lamp_give(WRONG);
        lamp_pass(1000);
        assert_true(lamp_has(WRONG));
        lamp_pass(9000);
        assert_true(lamp_has(HEATH) && lamp.prov.online); /* for this life */
        lamp_restart();
        lamp_pass(10000);
        assert_true(has_again(befores[i]));
        lamp_power_off();

        joined_unsaved(befores[i]); /* the power gone in its middle */
        lamp_give(WRONG);
        lamp_pass(1000);
        lamp_restart();
        lamp_pass(10000);
        assert_true(has_again(befores[i]));
        lamp_power_off();

        joined_unsaved(befores[i]);
        lamp_erase();
        assert_true(has_again(befores[i]));
        lamp_power_off();

        joined_unsaved(befores[i]); /* then another that is */
        lamp.unsaved = false;
        lamp_give(THIRD);
        lamp_pass(1000);
        assert_true(has_again(THIRD) && lamp.prov.stored);
        lamp_restart();
        lamp_pass(10000);
        assert_true(has_again(THIRD) && lamp.prov.online);
        lamp_power_off();
    }
    joined_unsaved(THEIRS); /* somebody put another there since */
    openthread.active = lamp_set_of(THIRD);
    lamp_give(WRONG);
    lamp_pass(10000);
    lamp_restart();
    lamp_pass(10000);
    assert_true(has_again(THIRD));
    lamp_power_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_there_is_there_again),
        cmocka_unit_test(test_an_erase_forgets_what_is_ours_alone),
        cmocka_unit_test(test_an_erase_is_made_up_for),
        cmocka_unit_test(test_a_network_joined_meanwhile_takes_its_place),
        cmocka_unit_test(test_nothing_is_tried_where_nothing_can_be_kept),
        cmocka_unit_test(test_what_cannot_be_kept_is_not_overwritten),
        cmocka_unit_test(test_what_was_there_outlives_what_could_not_be_stored),
    };
    return cmocka_run_group_tests(tests, powercut_folder, powercut_no_folder);
}
