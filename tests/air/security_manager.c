/*
 * The Security Manager as an application meets it, property by property and call by call: what
 * docs/SECURITY_MANAGER.md says is shown here. Its events are security_manager_events.c's.
 */
#include "phone_and_lamp.h"

static struct troth_answer yes_with(const struct device *d)
{
    struct troth_answer a = {.ok = true};
    a.u.features = d->config.policy.features;
    return a;
}

/* ---- pairing features ---- */

static void the_defaults(void **state)
{
    (void)state;
    meet();
    pair();
    const struct troth_event *e = expect(lamp, TROTH_EV_PAIRING);
    for (int x = 0; x < 2; x++) {
        const struct troth_features *f = &e->u.pairing.features[x];
        assert_int_equal(f->io_cap, TROTH_NO_INPUT_NO_OUTPUT);
        assert_int_equal(f->oob, 0);
        assert_int_equal(f->auth_req, TROTH_AUTH_BOND | TROTH_AUTH_SC);
        assert_int_equal(f->max_key_size, 16);
        assert_int_equal(f->initiator_keys, TROTH_DIST_ENC | TROTH_DIST_ID);
        assert_int_equal(f->responder_keys, TROTH_DIST_ENC | TROTH_DIST_ID);
    }
    e = expect(phone, TROTH_EV_PAIRED);
    assert_true(e->u.paired.level.sc && e->u.paired.bonding && e->u.paired.stored);
    assert_false(e->u.paired.level.mitm);
}

/* Our own, in place of the policy's: on either side, and out of their range on neither. */
static void features_of_ones_own(void **state)
{
    (void)state;
    lamp->say[TROTH_ASK_PAIRING_REQUEST] = SAY_LATER;
    lamp->config.policy.min_key_size = phone->config.policy.min_key_size = 7;
    meet();
    struct troth_features f = {TROTH_DISPLAY_YES_NO, 0, TROTH_AUTH_BOND, 12, TROTH_DIST_ID, 0};
    struct troth_features wrong = f;
    wrong.max_key_size = 6;
    assert_int_equal(troth_pair(phone->host, phone->link, &wrong), TROTH_INVALID);
    wrong.max_key_size = 17;
    assert_int_equal(troth_pair(phone->host, phone->link, &wrong), TROTH_INVALID);
    wrong = f;
    wrong.io_cap = 5;
    assert_int_equal(troth_pair(phone->host, phone->link, &wrong), TROTH_INVALID);
    assert_int_equal(troth_pair(phone->host, phone->link, &f), TROTH_OK);

    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_PAIRING_REQUEST);
    assert_memory_equal(&a->u.pairing.features[I], &f, sizeof f);
    assert_int_equal(a->u.pairing.side, R);
    assert_false(a->u.pairing.bonded);
    struct troth_answer answer = yes_with(lamp);
    answer.u.features.max_key_size = 10;
    assert_int_equal(troth_answer(lamp->host, a->id, &answer), TROTH_OK);
    const struct troth_event *e = expect(phone, TROTH_EV_PAIRED);
    assert_false(e->u.paired.level.sc);
    assert_int_equal(e->u.paired.level.key_size, 10);
    assert_int_equal(e->u.paired.distributed[I], TROTH_DIST_ID);
    assert_int_equal(e->u.paired.distributed[R], 0);
}

/* ---- an LTK by hand ---- */

static const uint8_t by_hand[17] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17};

static int set(struct device *d, uint8_t len, uint64_t rand, uint16_t ediv, bool sc)
{
    uint8_t ltk[17];
    memset(ltk, d == phone ? 0x11 : 0x22, sizeof ltk); /* what lies beyond its length is not it */
    memcpy(ltk, by_hand, len);
    return troth_set_ltk(d->host, d->link, ltk, len, rand, ediv, true, sc);
}

static void a_key_of_any_length(void **state)
{
    (void)state;
    lamp->config.policy.min_key_size = phone->config.policy.min_key_size = 7;
    meet();
    for (uint8_t len = 6; len <= 17; len++) {
        bool sound = len >= 7 && len <= 16;
        assert_int_equal(set(phone, len, 0x1122334455667788, 0xabcd, false),
                         sound ? TROTH_OK : TROTH_INVALID);
        assert_int_equal(set(lamp, len, 0x1122334455667788, 0xabcd, false),
                         sound ? TROTH_OK : TROTH_INVALID);
        assert_int_equal(troth_has_ltk(phone->host, phone->link), sound);
        if (!sound) {
            assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_STATE);
            continue;
        }
        assert_int_equal(troth_available_level(phone->host, phone->link).key_size, len);
        encrypted();
        struct troth_level l = troth_link_level(lamp->host, lamp->link);
        assert_int_equal(l.key_size, len);
        assert_true(l.mitm && !l.sc && !l.bonded);
        meet_again();
        assert_false(troth_has_ltk(phone->host, phone->link)); /* it went with its link */
        if (len == 16)
            break;
    }
    assert_int_equal(set(phone, 17, 0, 0, true), TROTH_INVALID);
    /* A key of Secure Connections is named by zeros. */
    assert_int_equal(set(phone, 16, 1, 0, true), TROTH_INVALID);
    assert_int_equal(set(phone, 16, 0, 1, true), TROTH_INVALID);
    assert_int_equal(set(phone, 16, 0, 0, true), TROTH_OK);
    assert_true(troth_available_level(phone->host, phone->link).sc);
}

static void too_short_for_the_policy(void **state)
{
    (void)state;
    meet();
    assert_int_equal(set(phone, 15, 0, 0, true), TROTH_OK);
    assert_false(troth_has_ltk(phone->host, phone->link));
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_STATE);
    assert_int_equal(expect(phone, TROTH_EV_BOND_REFUSED)->u.available.key_size, 15);
}

static void a_key_by_hand_wins_over_the_bonds(void **state)
{
    (void)state;
    meet();
    paired();
    meet_again();
    assert_int_equal(set(phone, 16, 0, 0, true), TROTH_OK);
    assert_int_equal(set(lamp, 16, 0, 0, true), TROTH_OK);
    assert_true(troth_available_level(phone->host, phone->link).mitm); /* the bond's has none */
    encrypted();
    assert_true(troth_link_level(phone->host, phone->link).mitm);
    assert_false(troth_link_level(phone->host, phone->link).bonded);
    /* On the next link it is the bond's again. */
    meet_again();
    assert_false(troth_available_level(phone->host, phone->link).mitm);
    encrypted();
    assert_true(troth_link_level(phone->host, phone->link).bonded);
    /* And by the phone alone it does not fit the lamp's. */
    meet_again();
    assert_int_equal(set(phone, 16, 0, 0, true), TROTH_OK);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_DISCONNECTED)->u.hci_status, 0x3d);
    assert_int_equal(device_count(phone, TROTH_EV_BOND_LOST), 0); /* it was not the bond's key */
}

/* ---- start encryption ---- */

static void start_encryption(void **state)
{
    (void)state;
    with_a_passkey();
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    meet();
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_STATE); /* no LTK */
    assert_int_equal(troth_encrypt(phone->host, 999), TROTH_NOT_FOUND);
    pair();
    expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_BUSY);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_BUSY);
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    meet_again();
    assert_true(troth_available_level(lamp->host, lamp->link).mitm);      /* it has one, and */
    assert_int_equal(troth_encrypt(lamp->host, lamp->link), TROTH_STATE); /* is no central */
    assert_int_equal(troth_pair(lamp->host, lamp->link, NULL), TROTH_STATE);
    assert_int_equal(troth_security_request(phone->host, phone->link, 1), TROTH_STATE);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_BUSY);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_BUSY);
    const struct troth_event *e = expect(phone, TROTH_EV_ENCRYPTED);
    assert_int_equal(e->u.encrypted.hci_status, 0);
    assert_int_equal(e->u.encrypted.level.key_size, 16);
    assert_true(e->u.encrypted.level.mitm && e->u.encrypted.level.sc);
}

/* The one error a peripheral sees: a key it does not possess. */
static void a_key_only_one_side_has(void **state)
{
    (void)state;
    meet();
    assert_int_equal(set(phone, 16, 0, 0, true), TROTH_OK);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    const struct troth_event *e = expect(lamp, TROTH_EV_ENCRYPTED);
    assert_int_equal(e->u.encrypted.hci_status, 0x06);
    assert_int_equal(e->u.encrypted.level.key_size, 0);
    e = expect(phone, TROTH_EV_ENCRYPTED);
    assert_int_equal(e->u.encrypted.hci_status, 0x06);
    assert_int_equal(e->u.encrypted.level.key_size, 0);
    world_run(w, 1000);
    expect_none(phone, TROTH_EV_BOND_LOST); /* there never was one */
}

/* ---- Security Request ---- */

static void a_security_request_is_served(void **state)
{
    (void)state;
    meet();
    /* No LTK: with nobody listening the central pairs with its defaults. */
    assert_int_equal(troth_security_request(lamp->host, lamp->link, TROTH_AUTH_BOND), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_SECURITY_REQUESTED)->u.auth_req, TROTH_AUTH_BOND);
    assert_int_equal(expect(phone, TROTH_EV_PAIRED)->u.paired.side, I);
    expect(lamp, TROTH_EV_PAIRED);
    /* An LTK that satisfies it: the central encrypts, and asks nobody. */
    meet_again();
    unsigned asks = phone->asks[TROTH_ASK_SECURITY_REQUEST];
    assert_int_equal(troth_security_request(lamp->host, lamp->link, TROTH_AUTH_BOND), TROTH_OK);
    assert_int_equal(expect(lamp, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
    assert_int_equal(phone->asks[TROTH_ASK_SECURITY_REQUEST], asks);
    assert_int_equal(device_count(phone, TROTH_EV_PAIRED), 1);
}

static void a_security_request_is_somebodys_to_answer(void **state)
{
    (void)state;
    phone->say[TROTH_ASK_SECURITY_REQUEST] = SAY_LATER;
    meet();
    const uint8_t all = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC | TROTH_AUTH_KEYPRESS;
    assert_int_equal(troth_security_request(lamp->host, lamp->link, all), TROTH_OK);
    const struct troth_ask *a = expect_ask(phone, TROTH_ASK_SECURITY_REQUEST);
    assert_int_equal(a->u.pairing.features[R].auth_req, all);
    struct troth_answer no = {.ok = false, .reason = TROTH_SMP_PAIRING_NOT_SUPPORTED};
    assert_int_equal(troth_answer(phone->host, a->id, &no), TROTH_OK);
    const struct troth_event *e = expect(lamp, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(e->u.pairing_failed.reason, TROTH_SMP_PAIRING_NOT_SUPPORTED);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_PEER);
    phone->asked[TROTH_ASK_SECURITY_REQUEST].id = 0;

    /* With its features ... */
    assert_int_equal(troth_security_request(lamp->host, lamp->link, 1), TROTH_OK);
    a = expect_ask(phone, TROTH_ASK_SECURITY_REQUEST);
    struct troth_answer yes = yes_with(phone);
    yes.u.features.auth_req = TROTH_AUTH_SC; /* no bond, say */
    assert_int_equal(troth_answer(phone->host, a->id, &yes), TROTH_OK);
    e = expect(lamp, TROTH_EV_PAIRED);
    assert_false(e->u.paired.bonding || e->u.paired.stored);
    phone->asked[TROTH_ASK_SECURITY_REQUEST].id = 0;

    /* ... or by pairing at once, which closes the question. */
    meet_again();
    assert_int_equal(troth_security_request(lamp->host, lamp->link, 1), TROTH_OK);
    uint32_t id = expect_ask(phone, TROTH_ASK_SECURITY_REQUEST)->id;
    pair();
    expect(phone, TROTH_EV_PAIRED);
    assert_int_equal(troth_answer(phone->host, id, &no), TROTH_STALE);
}

/* ---- cancelling ---- */

static void cancelled_for_every_reason(void **state)
{
    (void)state;
    with_a_passkey();
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    meet();
    for (int side = 0; side < 2; side++) {
        struct device *one = side ? lamp : phone, *other = side ? phone : lamp;
        assert_int_equal(troth_pairing_cancel(one->host, one->link, 1), TROTH_STATE);
        for (unsigned reason = 0x01; reason <= TROTH_SMP_BUSY; reason++) {
            pair();
            expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
            assert_int_equal(troth_pairing_cancel(one->host, one->link, 0), TROTH_INVALID);
            assert_int_equal(troth_pairing_cancel(one->host, one->link, 0x11), TROTH_INVALID);
            assert_true(troth_is_pairing(one->host, one->link));
            assert_int_equal(troth_pairing_cancel(one->host, one->link, (uint8_t)reason), TROTH_OK);
            expect_failed(one, other, (uint8_t)reason);
            world_run(w, 100);
        }
    }
    /* The prompts were withdrawn each time, and the link is none the worse. */
    assert_int_equal(device_count(phone, TROTH_EV_WITHDRAWN), 2 * TROTH_SMP_BUSY);
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    paired();
}

/* ---- keypresses ---- */

static int press(struct device *d, uint8_t type)
{
    return troth_keypress(d->host, d->link, type);
}

static void keypresses(void **state)
{
    (void)state;
    with_a_passkey();
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    phone->config.policy.features.auth_req |= TROTH_AUTH_KEYPRESS;
    lamp->config.policy.features.auth_req |= TROTH_AUTH_KEYPRESS;
    meet();
    assert_int_equal(press(phone, 0), TROTH_STATE); /* nobody types */
    pair();
    expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    expect_ask(lamp, TROTH_ASK_PASSKEY_DISPLAY);
    for (uint8_t type = 0; type <= 4; type++) {
        assert_int_equal(press(phone, type), TROTH_OK);
        assert_int_equal(expect(lamp, TROTH_EV_KEYPRESS)->u.keypress, type);
        assert_int_equal(press(lamp, type), TROTH_OK);
        assert_int_equal(expect(phone, TROTH_EV_KEYPRESS)->u.keypress, type);
    }
    assert_int_equal(press(phone, 5), TROTH_INVALID);
    assert_int_equal(press(lamp, 5), TROTH_INVALID);
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    expect(phone, TROTH_EV_PAIRED);
    assert_int_equal(press(phone, 0), TROTH_STATE);
}

static void keypresses_need_both_bits(void **state)
{
    (void)state;
    for (int who = 0; who < 3; who++) {
        begin(NULL);
        with_a_passkey();
        phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
        if (who)
            (who == 1 ? phone : lamp)->config.policy.features.auth_req |= TROTH_AUTH_KEYPRESS;
        meet();
        pair();
        expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
        assert_int_equal(press(phone, 0), TROTH_STATE);
        assert_int_equal(press(lamp, 0), TROTH_STATE);
        world_run(w, 1000);
        expect_none(lamp, TROTH_EV_KEYPRESS);
        assert_true(troth_is_pairing(phone->host, phone->link));
        end(NULL);
    }
}

/* ---- what may be asked of a link, through a life ---- */

struct answers {
    bool encrypted, mitm, sc, bonded, has_ltk, pairing;
    uint8_t key_size;
};

static void now(struct device *d, struct answers a)
{
    struct troth_level l = troth_link_level(d->host, d->link);
    struct troth_level available = troth_available_level(d->host, d->link);
    assert_int_equal(l.key_size, a.encrypted ? a.key_size : 0);
    assert_int_equal(l.mitm, a.encrypted && a.mitm);
    assert_int_equal(l.sc, a.encrypted && a.sc);
    assert_int_equal(troth_is_bonded(d->host, d->link), a.bonded);
    assert_int_equal(troth_has_ltk(d->host, d->link), a.has_ltk);
    assert_int_equal(available.key_size, a.has_ltk ? a.key_size : 0);
    assert_int_equal(available.mitm, a.has_ltk && a.mitm);
    assert_int_equal(available.sc, a.has_ltk && a.sc);
    assert_int_equal(troth_is_pairing(d->host, d->link), a.pairing);
}

static void both_now(struct answers a)
{
    now(phone, a);
    now(lamp, a);
}

static void a_whole_life(void **state)
{
    (void)state;
    const struct answers nothing = {0};
    const struct answers pairing = {.pairing = true};
    const struct answers done = {true, true, true, true, true, false, 16};
    const struct answers bonded = {false, true, true, true, true, false, 16};
    with_a_passkey();
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_LATER;
    meet();
    both_now(nothing);
    pair();
    expect_ask(phone, TROTH_ASK_PASSKEY_INPUT);
    both_now(pairing);
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    both_now(done);
    troth_link gone = phone->link;
    device_disconnect(phone);
    assert_false(troth_is_bonded(phone->host, gone) || troth_has_ltk(phone->host, gone));
    assert_int_equal(troth_link_level(phone->host, gone).key_size, 0);
    device_connect(phone, lamp);
    both_now(bonded);
    encrypted();
    both_now(done);
    /* The lamp forgets: its link stays up, and the phone does not know yet. */
    assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_OK);
    expect(lamp, TROTH_EV_BOND_REMOVED);
    assert_false(troth_is_bonded(lamp->host, lamp->link) || troth_has_ltk(lamp->host, lamp->link));
    assert_int_equal(troth_link_level(lamp->host, lamp->link).key_size, 16);
    now(phone, done);
    meet_again();
    now(phone, bonded);
    now(lamp, nothing);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0x06);
    expect(phone, TROTH_EV_BOND_LOST);
    now(phone, bonded); /* whether it forgets too is its owner's to say */
    assert_int_equal(troth_bonds_remove(phone->host, &lamp->identity), TROTH_OK);
    both_now(nothing);
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_defaults),
        T(features_of_ones_own),
        T(a_key_of_any_length),
        T(too_short_for_the_policy),
        T(a_key_by_hand_wins_over_the_bonds),
        T(start_encryption),
        T(a_key_only_one_side_has),
        T(a_security_request_is_served),
        T(a_security_request_is_somebodys_to_answer),
        T(cancelled_for_every_reason),
        T(keypresses),
        cmocka_unit_test(keypresses_need_both_bits),
        T(a_whole_life),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
