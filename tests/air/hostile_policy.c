/* Ways round the policy: who guesses, who is to be dropped, who speaks too early. */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *mallory, *lamp;

static int begin(void **state)
{
    (void)state;
    w = world_new(29);
    mallory = world_device(w, "mallory");
    lamp = world_device(w, "lamp");
    lamp->config.policy.features.io_cap = TROTH_DISPLAY_ONLY;
    lamp->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    mallory->config.policy.attempts = 255;
    mallory->say[TROTH_ASK_VALIDATE] = SAY_YES;
    mallory->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void meet(void)
{
    device_on(mallory);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(mallory, lamp);
}

static struct troth_features with(uint8_t io_cap)
{
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    f.io_cap = io_cap;
    return f;
}

static void wrong_passkey(void)
{
    const struct troth_features f = with(TROTH_KEYBOARD_ONLY);
    assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
    const struct troth_ask *a = expect_ask(mallory, TROTH_ASK_PASSKEY_INPUT);
    struct troth_answer answer = {.ok = true};
    answer.u.passkey = (lamp->shown + 1) % 1000000;
    assert_int_equal(troth_answer(mallory->host, a->id, &answer), TROTH_OK);
    mallory->asked[TROTH_ASK_PASSKEY_INPUT].id = 0;
    expect(mallory, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                     TROTH_SMP_CONFIRM_VALUE_FAILED);
}

static void just_works(void)
{
    const struct troth_features f = with(TROTH_NO_INPUT_NO_OUTPUT);
    assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
    expect(mallory, TROTH_EV_PAIRED);
    assert_false(expect(lamp, TROTH_EV_PAIRED)->u.paired.level.mitm);
}

/* ---- repeated attempts ---- */

/* A success that proves nothing is no licence for more guesses. */
static void just_works_between_guesses(void **state)
{
    (void)state;
    meet();
    for (int i = 0; i < 3; i++) {
        wrong_passkey();
        if (i < 2)
            just_works();
    }
    assert_true(troth_pairing_wait(lamp->host, lamp->link) > 0);
}

/* Where there was nothing to guess it begins anew, as anywhere. */
static void just_works_clears_its_own_failures(void **state)
{
    (void)state;
    lamp->config.policy.just_works = TROTH_JUST_WORKS_ASKED;
    meet();
    const struct troth_features f = with(TROTH_NO_INPUT_NO_OUTPUT);
    for (int i = 0; i < 6; i++) {
        lamp->say[TROTH_ASK_CONSENT] = i % 3 == 2 ? SAY_YES : SAY_NO;
        if (i % 3 == 2) {
            just_works();
        } else {
            assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
            expect(mallory, TROTH_EV_PAIRING_FAILED);
        }
        assert_int_equal(troth_pairing_wait(lamp->host, lamp->link), 0);
    }
}

/* Nor is a bond that anybody gets: those who have one wait with the strangers. */
static void a_new_identity_for_each_guess(void **state)
{
    (void)state;
    device_on(lamp);
    device_advertise(lamp);
    for (uint8_t i = 1; i <= 14; i++) {
        mallory->radio_config.has_address = true;
        memcpy(mallory->radio_config.address, (uint8_t[6]){i, 1, 2, 3, 4, 5}, 6);
        memset(mallory->store, 0, sizeof mallory->store);
        device_on(mallory);
        device_connect(mallory, lamp);
        world_run(w, troth_pairing_wait(lamp->host, lamp->link));
        just_works();
        wrong_passkey();
        assert_int_equal(troth_pairing_wait(lamp->host, lamp->link) > 0, i >= 12);
        device_cut(mallory);
        expect(lamp, TROTH_EV_DISCONNECTED);
    }
}

static void guess_under(uint8_t i)
{
    mallory->radio_config.has_address = true;
    memcpy(mallory->radio_config.address, (uint8_t[6]){i, 1, 2, 3, 4, 5}, 6);
    device_on(mallory);
    device_connect(mallory, lamp);
    mallory->logged = mallory->read = lamp->logged = lamp->read = 0;
    wrong_passkey();
}

/* Four times the most that one peer may is a number too. */
static void a_large_limit_is_one(void **state)
{
    (void)state;
    lamp->config.policy.attempts = 64;
    device_on(lamp);
    device_advertise(lamp);
    for (unsigned i = 0; i < 256; i++) {
        guess_under((uint8_t)i);
        assert_int_equal(troth_pairing_wait(lamp->host, lamp->link) > 0, i >= 255);
        device_cut(mallory);
        expect(lamp, TROTH_EV_DISCONNECTED);
    }
}

static void and_its_waits_grow(void **state)
{
    (void)state;
    lamp->config.policy.attempts = 254;
    meet();
    troth_ms wait = 0;
    for (unsigned i = 0; i < 254 + 10; i++) {
        mallory->logged = mallory->read = lamp->logged = lamp->read = 0;
        world_run(w, wait);
        wrong_passkey();
        wait = troth_pairing_wait(lamp->host, lamp->link);
        assert_int_equal(wait > 0, i >= 253);
    }
    assert_in_range(wait, TROTH_ATTEMPTS_WAIT_MAX_MS - 10, TROTH_ATTEMPTS_WAIT_MAX_MS);
}

/* ---- accept only the specified authentication ---- */

/* Whatever else the policy has against the pairing: the peer does not stay. */
static void also_what_is_refused_otherwise_is_dropped(void **state)
{
    for (int i = 0; i < 4; i++) {
        if (i) {
            end(state);
            begin(state);
        }
        struct troth_policy *p = &lamp->config.policy;
        p->exact = true;
        p->require_mitm = i == 0;
        p->models = i == 1 ? TROTH_MODEL_BIT(TROTH_PASSKEY_INITIATOR_INPUTS) : 0;
        p->just_works = i == 2 ? TROTH_JUST_WORKS_REFUSED : TROTH_JUST_WORKS_ALLOWED;
        meet();
        struct troth_features f = with(TROTH_NO_INPUT_NO_OUTPUT);
        f.max_key_size = i == 3 ? 7 : 16;
        assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
        assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                         TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
        assert_int_equal(expect(mallory, TROTH_EV_DISCONNECTED)->u.hci_status, 0x13);
    }
}

/* ---- who speaks too early ---- */

/* No Keypress Notification before the Pairing Response, from either side. */
static void no_keypress_before_the_features_crossed(void **state)
{
    (void)state;
    lamp->say[TROTH_ASK_VALIDATE] = SAY_LATER;
    lamp->config.policy.features.auth_req |= TROTH_AUTH_KEYPRESS;
    meet();
    struct troth_features f = with(TROTH_KEYBOARD_ONLY);
    f.auth_req |= TROTH_AUTH_KEYPRESS;
    assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_VALIDATE);
    assert_int_equal(troth_keypress(lamp->host, lamp->link, 0), TROTH_STATE);
    struct troth_answer yes = {.ok = true};
    assert_int_equal(troth_answer(lamp->host, a->id, &yes), TROTH_OK);
    expect_ask(mallory, TROTH_ASK_PASSKEY_INPUT);
    assert_int_equal(troth_keypress(mallory->host, mallory->link, 0), TROTH_OK);
    expect(lamp, TROTH_EV_KEYPRESS);
}

/* ---- what the API promises ---- */

static void a_reason_that_is_none(void **state)
{
    (void)state;
    lamp->say[TROTH_ASK_VALIDATE] = SAY_LATER;
    meet();
    assert_int_equal(troth_pair(mallory->host, mallory->link, NULL), TROTH_OK);
    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_VALIDATE);
    struct troth_answer no = {.reason = TROTH_SMP_BUSY + 1};
    assert_int_equal(troth_answer(lamp->host, a->id, &no), TROTH_INVALID);
    no.reason = TROTH_SMP_BUSY;
    assert_int_equal(troth_answer(lamp->host, a->id, &no), TROTH_OK);
    assert_int_equal(expect(mallory, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                     TROTH_SMP_BUSY);
}

static void a_pair_that_is_none_replaces_none(void **state)
{
    (void)state;
    device_on(lamp);
    struct troth_oob ours;
    struct troth_oob_pair before, after, none = {.random = {1}};
    assert_int_equal(troth_oob_make(lamp->host, &ours, world_now(w)), TROTH_OK);
    assert_int_equal(troth_oob_keep(lamp->host, &before), TROTH_OK);
    assert_int_equal(troth_oob_restore(lamp->host, &none, 1000, world_now(w)), TROTH_INVALID);
    assert_int_equal(troth_oob_keep(lamp->host, &after), TROTH_OK);
    assert_memory_equal(&before, &after, sizeof before);
}

/* "A bond stands behind the key": not once it was removed. */
static void a_removed_bond_stands_behind_nothing(void **state)
{
    (void)state;
    meet();
    just_works();
    assert_true(troth_link_level(lamp->host, lamp->link).bonded);
    assert_int_equal(troth_bonds_remove(lamp->host, &mallory->identity), TROTH_OK);
    const struct troth_level level = troth_link_level(lamp->host, lamp->link);
    assert_int_equal(level.key_size, 16);
    assert_false(level.bonded);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(just_works_between_guesses),
        TEST(just_works_clears_its_own_failures),
        TEST(a_new_identity_for_each_guess),
        TEST(a_large_limit_is_one),
        TEST(and_its_waits_grow),
        TEST(also_what_is_refused_otherwise_is_dropped),
        TEST(no_keypress_before_the_features_crossed),
        TEST(a_reason_that_is_none),
        TEST(a_pair_that_is_none_replaces_none),
        TEST(a_removed_bond_stands_behind_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
