/* The policy: what a host demands of a pairing, what it does to who asks too often, and how it ends. */
#include "phone_and_lamp.h"

static int begin_with_a_display(void **state)
{
    begin(state);
    phone->config.policy.attempts = lamp->config.policy.attempts = 0;
    lamp->config.policy.features.io_cap = TROTH_DISPLAY_ONLY;
    phone->config.policy.features.io_cap = TROTH_KEYBOARD_DISPLAY;
    lamp->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    return 0;
}

static void wrong_passkey(void)
{
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    pair();
    const struct troth_ask *a = expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    struct troth_answer answer = {.ok = true};
    answer.u.passkey = (lamp->shown + 1) % 1000000;
    assert_int_equal(troth_answer(phone->host, a->id, &answer), TROTH_OK);
    phone->asked[TROTH_ASK_PASSKEY_INPUT].id = 0;
    expect(phone, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                     TROTH_SMP_CONFIRM_VALUE_FAILED);
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
}

/* ---- accept only the specified authentication ---- */

/* A device set up for OOB and an iPhone, which has none: Just Works results. */
static void only_the_specified_authentication(void **state)
{
    (void)state;
    lamp->config.policy.exact = true;
    lamp->config.policy.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    meet();
    pair();
    expect_failed(lamp, phone, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    assert_int_equal(expect(phone, TROTH_EV_DISCONNECTED)->u.hci_status, 0x13);
    expect(lamp, TROTH_EV_DISCONNECTED);
    assert_null(troth_bonds_get(lamp->host, 0));
    assert_null(troth_bonds_get(phone->host, 0));
}

static void switched_off_the_same_pairs_by_just_works(void **state)
{
    (void)state;
    lamp->config.policy.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    meet();
    pair();
    const struct troth_event *e = expect(lamp, TROTH_EV_PAIRED);
    assert_int_equal(e->u.paired.model, TROTH_JUST_WORKS);
    assert_true(e->u.paired.bonding && e->u.paired.stored && !e->u.paired.level.mitm);
}

static void the_specified_authentication_is_taken(void **state)
{
    (void)state;
    lamp->config.policy.exact = true;
    meet();
    pair();
    const struct troth_event *e = expect(lamp, TROTH_EV_PAIRED);
    assert_true(e->u.paired.level.mitm && e->u.paired.level.sc);
    assert_int_equal(e->u.paired.distributed[TROTH_INITIATOR], TROTH_DIST_ID);
    assert_int_equal(e->u.paired.distributed[TROTH_RESPONDER], TROTH_DIST_ID);
}

/* More is not what was specified either, and bonding is part of it. */
static void no_less_and_no_more(void **state)
{
    (void)state;
    lamp->config.policy.exact = true;
    lamp->config.policy.features.auth_req = TROTH_AUTH_SC | TROTH_AUTH_BOND;
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    meet();
    pair();
    expect_failed(lamp, phone, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    expect(lamp, TROTH_EV_DISCONNECTED);
    expect(phone, TROTH_EV_DISCONNECTED);
    device_connect(phone, lamp);
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    f.auth_req = TROTH_AUTH_SC; /* no bonding */
    assert_int_equal(troth_pair(phone->host, phone->link, &f), TROTH_OK);
    expect_failed(lamp, phone, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
}

static void the_central_may_insist_as_well(void **state)
{
    (void)state;
    phone->config.policy.exact = true;
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    lamp->config.policy.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    meet();
    pair();
    expect_failed(phone, lamp, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    assert_int_equal(expect(lamp, TROTH_EV_DISCONNECTED)->u.hci_status, 0x13);
}

/* ---- models, bonding, one link's own policy ---- */

static void a_model_that_is_not_allowed(void **state)
{
    (void)state;
    lamp->config.policy.models = TROTH_MODEL_BIT(TROTH_NUMERIC_COMPARISON);
    meet();
    pair();
    expect_failed(lamp, phone, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    struct troth_policy p = lamp->config.policy;
    p.models |= TROTH_MODEL_BIT(TROTH_PASSKEY_INITIATOR_INPUTS);
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_OK);
    pair();
    expect(lamp, TROTH_EV_PAIRED);
}

static void without_bonding_nothing_is_kept(void **state)
{
    (void)state;
    lamp->config.policy.no_bonding = true;
    meet();
    pair();
    const struct troth_event *e = expect(lamp, TROTH_EV_PAIRED);
    assert_true(!e->u.paired.bonding && !e->u.paired.stored);
    assert_int_equal(e->u.paired.distributed[TROTH_INITIATOR], 0);
    assert_int_equal(e->u.paired.distributed[TROTH_RESPONDER], 0);
    expect(phone, TROTH_EV_PAIRED);
    assert_null(troth_bonds_get(lamp->host, 0));
    assert_null(troth_bonds_get(phone->host, 0));
    assert_int_equal(troth_link_level(lamp->host, lamp->link).key_size, 16);
}

static void one_link_has_its_own(void **state)
{
    (void)state;
    meet();
    struct troth_policy p = *troth_policy(lamp->host);
    p.refuse_pairing = true;
    assert_int_equal(troth_set_link_policy(lamp->host, lamp->link, &p), TROTH_OK);
    assert_true(troth_link_policy(lamp->host, lamp->link)->refuse_pairing);
    assert_false(troth_policy(lamp->host)->refuse_pairing);
    pair();
    expect_failed(lamp, phone, TROTH_SMP_PAIRING_NOT_SUPPORTED);
    assert_int_equal(troth_set_link_policy(lamp->host, lamp->link, NULL), TROTH_OK);
    pair();
    expect(lamp, TROTH_EV_PAIRED);

    p.min_key_size = 17;
    assert_int_equal(troth_set_link_policy(lamp->host, lamp->link, &p), TROTH_INVALID);
    assert_int_equal(troth_set_link_policy(lamp->host, 999, NULL), TROTH_NOT_FOUND);
    p = lamp->config.policy;
    p.fixed_passkey = true;
    p.passkey = 1000000;
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_INVALID);
    p = lamp->config.policy;
    p.exact = p.no_bonding = true; /* and BOND is specified: nobody could ever pair */
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_INVALID);
    p.features.auth_req &= (uint8_t)~TROTH_AUTH_BOND;
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_OK);
}

static void it_ends_with_its_link(void **state)
{
    (void)state;
    meet();
    struct troth_policy p = *troth_policy(lamp->host);
    p.refuse_pairing = true;
    assert_int_equal(troth_set_link_policy(lamp->host, lamp->link, &p), TROTH_OK);
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_connect(phone, lamp);
    pair();
    expect(lamp, TROTH_EV_PAIRED);
}

/* ---- the Core version ---- */

static uint8_t response_of(uint8_t core)
{
    lamp->config.policy.core = core;
    lamp->config.policy.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    lamp->config.policy.features.responder_keys |= TROTH_DIST_SIGN;
    phone->config.policy.features.responder_keys |= TROTH_DIST_SIGN;
    phone->config.policy.core = TROTH_CORE_5_3;
    meet();
    pair();
    const struct troth_event *e = expect(phone, TROTH_EV_PAIRING);
    const struct troth_features *f = &e->u.pairing.features[TROTH_RESPONDER];
    assert_int_equal(!(f->responder_keys & TROTH_DIST_SIGN), core >= TROTH_CORE_6_3);
    uint8_t auth_req = f->auth_req;
    expect(lamp, TROTH_EV_PAIRED);
    e = expect(phone, TROTH_EV_PAIRED);
    assert_int_equal(e->u.paired.keys->has_csrk[1], core < TROTH_CORE_6_3);
    return auth_req;
}

static void until_6_1_the_response_asks_for_mitm_all_the_same(void **state)
{
    (void)state;
    assert_true(response_of(TROTH_CORE_6_1) & TROTH_AUTH_MITM);
}

static void from_6_2_it_does_not_ask_for_what_cannot_be(void **state)
{
    (void)state;
    assert_false(response_of(TROTH_CORE_6_2) & TROTH_AUTH_MITM);
}

static void from_6_3_nobody_signs(void **state)
{
    (void)state;
    assert_false(response_of(TROTH_CORE_6_3) & TROTH_AUTH_MITM);
}

/* ---- repeated attempts ---- */

static void who_fails_often_waits(void **state)
{
    (void)state;
    meet();
    for (int i = 0; i < 3; i++)
        wrong_passkey();
    /* The third failure begins the first wait, for both ends. */
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_BUSY);
    assert_in_range(troth_pairing_wait(lamp->host, lamp->link), 1, 1000);
    assert_in_range(troth_pairing_wait(phone->host, phone->link), 1, 1000);
    world_run(w, 1100);
    assert_int_equal(troth_pairing_wait(phone->host, phone->link), 0);
    pair();
    expect(lamp, TROTH_EV_PAIRED);
    expect(phone, TROTH_EV_PAIRED);
    wrong_passkey(); /* what succeeded once begins anew */
    wrong_passkey();
    pair();
    expect(lamp, TROTH_EV_PAIRED);
}

/* A guesser does not count its own tries: only the lamp's rules hold it up. */
static void waits_never_shrink(void **state)
{
    (void)state;
    phone->config.policy.attempts = 255;
    meet();
    troth_ms last = 0;
    for (int i = 0; i < 20; i++) {
        wrong_passkey();
        troth_ms wait = troth_pairing_wait(lamp->host, lamp->link);
        assert_true(wait >= last && wait <= TROTH_ATTEMPTS_WAIT_MAX_MS);
        assert_true(i < 3 || wait > 1000);
        if (wait) {
            /* Too early: told so, and not held up any longer for it. A new link changes nothing. */
            pair();
            expect_failed(lamp, phone, TROTH_SMP_REPEATED_ATTEMPTS);
            device_disconnect(phone);
            expect(lamp, TROTH_EV_DISCONNECTED);
            world_run(w, wait / 2);
            device_connect(phone, lamp);
            assert_true(troth_pairing_wait(lamp->host, lamp->link) <= wait - wait / 2);
            world_run(w, wait);
        }
        last = wait;
    }
    assert_in_range(last, TROTH_ATTEMPTS_WAIT_MAX_MS - 10, TROTH_ATTEMPTS_WAIT_MAX_MS);
    pair(); /* a right user still gets in */
    expect(lamp, TROTH_EV_PAIRED);
}

/* New addresses are no new chances; a peer with a bond is not held up by strangers. */
static void addresses_do_not_help(void **state)
{
    (void)state;
    struct device *owner = world_device(w, "owner");
    owner->config.policy.features = phone->config.policy.features;
    owner->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    device_on(owner);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(owner, lamp);
    assert_int_equal(troth_pair(owner->host, owner->link, NULL), TROTH_OK);
    expect(owner, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    device_disconnect(owner);
    expect(lamp, TROTH_EV_DISCONNECTED);

    phone->config.policy.attempts = 255;
    for (uint8_t i = 1; i <= 18; i++) {
        phone->radio_config.has_address = true;
        memcpy(phone->radio_config.address, (uint8_t[6]){i, 1, 2, 3, 4, 5}, 6);
        device_on(phone);
        device_connect(phone, lamp);
        world_run(w, troth_pairing_wait(lamp->host, lamp->link));
        wrong_passkey();
        /* A peer may fail three times, all strangers together twelve. */
        assert_int_equal(troth_pairing_wait(lamp->host, lamp->link) > 0, i >= 12);
        device_cut(phone);
        expect(lamp, TROTH_EV_DISCONNECTED);
    }
    phone->radio_config.address[0]++;
    device_on(phone);
    device_connect(phone, lamp);
    assert_true(troth_pairing_wait(lamp->host, lamp->link) > 0);
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_connect(owner, lamp);
    assert_int_equal(troth_pairing_wait(lamp->host, lamp->link), 0);
    owner->say[TROTH_ASK_VALIDATE] = SAY_YES; /* a bonded central would rather not */
    assert_int_equal(troth_pair(owner->host, owner->link, NULL), TROTH_OK);
    expect(lamp, TROTH_EV_PAIRED);
}

/* In Just Works there is nothing to guess: who breaks it off holds up nobody else. */
static void just_works_broken_off_is_no_guess(void **state)
{
    (void)state;
    lamp->config.policy.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    device_on(lamp);
    device_advertise(lamp);
    for (uint8_t i = 1; i <= 14; i++) {
        phone->radio_config.has_address = true;
        memcpy(phone->radio_config.address, (uint8_t[6]){i, 1, 2, 3, 4, 5}, 6);
        device_on(phone);
        device_connect(phone, lamp);
        pair();
        expect(phone, TROTH_EV_PAIRING);
        assert_int_equal(
            troth_pairing_cancel(phone->host, phone->link, TROTH_SMP_UNSPECIFIED_REASON), TROTH_OK);
        expect(lamp, TROTH_EV_PAIRING_FAILED);
        assert_int_equal(troth_pairing_wait(lamp->host, lamp->link), 0);
        device_cut(phone);
        expect(lamp, TROTH_EV_DISCONNECTED);
    }
}

/* ---- a timeout ---- */

static void a_timeout_drops_the_link(void **state)
{
    (void)state;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    meet();
    pair();
    expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.by, TROTH_BY_TIMEOUT);
    expect(lamp, TROTH_EV_DISCONNECTED);
    expect(phone, TROTH_EV_DISCONNECTED);
}

static void or_leaves_it_up_without_smp(void **state)
{
    (void)state;
    lamp->config.policy.stay_after_timeout = phone->config.policy.stay_after_timeout = true;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    meet();
    pair();
    expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    expect(phone, TROTH_EV_PAIRING_FAILED);
    world_run(w, 20000);
    expect_none(lamp, TROTH_EV_DISCONNECTED);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_STATE);
}

/* ---- insecure, by name only ---- */

static void a_fixed_passkey(void **state)
{
    (void)state;
    lamp->config.policy.fixed_passkey = true;
    lamp->config.policy.passkey = 123;
    meet();
    for (int i = 0; i < 2; i++) {
        pair();
        expect(lamp, TROTH_EV_PAIRED);
        expect(phone, TROTH_EV_PAIRED);
        assert_int_equal(lamp->shown, 123);
    }
}

static void debug_keys_only_for_who_takes_them(void **state)
{
    (void)state;
    phone->config.policy.use_debug_keys = true;
    meet();
    pair();
    expect_failed(lamp, phone, TROTH_SMP_DHKEY_CHECK_FAILED);
    struct troth_policy p = lamp->config.policy;
    p.accept_debug_keys = true;
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_OK);
    pair();
    expect(lamp, TROTH_EV_PAIRED);
}

static void each_is_named(void **state)
{
    (void)state;
    struct troth_policy p = {.features = TROTH_FEATURES_DEFAULT};
    assert_null(troth_policy_insecure(&p, 0));
    p.fixed_passkey = p.replace_weaker = true;
    assert_non_null(troth_policy_insecure(&p, 0));
    assert_non_null(troth_policy_insecure(&p, 1));
    assert_null(troth_policy_insecure(&p, 2));
    p.use_debug_keys = p.accept_debug_keys = true;
    p.attempts = 255;
    assert_non_null(troth_policy_insecure(&p, 4));
    assert_null(troth_policy_insecure(&p, 5));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin_with_a_display, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(only_the_specified_authentication),
        TEST(switched_off_the_same_pairs_by_just_works),
        TEST(the_specified_authentication_is_taken),
        TEST(no_less_and_no_more),
        TEST(the_central_may_insist_as_well),
        TEST(a_model_that_is_not_allowed),
        TEST(without_bonding_nothing_is_kept),
        TEST(one_link_has_its_own),
        TEST(it_ends_with_its_link),
        TEST(until_6_1_the_response_asks_for_mitm_all_the_same),
        TEST(from_6_2_it_does_not_ask_for_what_cannot_be),
        TEST(from_6_3_nobody_signs),
        TEST(who_fails_often_waits),
        TEST(waits_never_shrink),
        TEST(addresses_do_not_help),
        TEST(just_works_broken_off_is_no_guess),
        TEST(a_timeout_drops_the_link),
        TEST(or_leaves_it_up_without_smp),
        TEST(a_fixed_passkey),
        TEST(debug_keys_only_for_who_takes_them),
        TEST(each_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
