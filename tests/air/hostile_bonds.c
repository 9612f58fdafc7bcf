/*
 * Somebody with a stack of its own against the bonds of a device. "mallory" claims the phone's
 * identity address in key distribution: that is one line in a hostile stack.
 */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp, *mallory;

static int begin(void **state)
{
    (void)state;
    w = world_new(7);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    mallory = world_device(w, "mallory");
    lamp->config.policy.features.io_cap = TROTH_DISPLAY_ONLY;
    phone->config.policy.features.io_cap = TROTH_KEYBOARD_DISPLAY;
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    device_on(phone);
    device_on(lamp);
    device_on(mallory);
    device_advertise(lamp);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

/* Raw octets of an SMP PDU from d, whatever its own host thinks. */
static void raw_smp(struct device *d, const uint8_t *pdu, uint8_t len)
{
    uint8_t b[64] = {0x02};
    uint16_t handle = 0;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->host->link[i].used && d->host->link[i].number == d->link)
            handle = d->host->link[i].handle;
    b[1] = (uint8_t)handle;
    b[2] = (uint8_t)(handle >> 8);
    b[3] = (uint8_t)(len + 4);
    b[5] = len;
    b[7] = 0x06;
    memcpy(b + 9, pdu, len);
    assert_int_equal(air_rx(d->radio, b, (size_t)len + 9, world_now(w)), AIR_OK);
    world_run(w, 500);
}

static void claim_to_be_the_phone(void)
{
    mallory->host->identity = phone->identity;
    memcpy(mallory->host->config.local.irk, phone->host->config.local.irk, 16);
}

static bool lamp_has_authenticated_bond(void)
{
    const struct troth_bond *b = troth_bonds_find(lamp->host, &phone->identity);
    return b && b->keys.mitm && b->keys.sc;
}

static void the_phone_is_bonded(void)
{
    device_connect(phone, lamp);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    expect(phone, TROTH_EV_PAIRED);
    world_run(w, 1000);
    assert_true(lamp_has_authenticated_bond());
}

/*
 * A pairing without bonding may claim any identity, since nothing is stored; Key Rejected after it
 * must not remove that identity's bond (A11, A12).
 */
static void who_bonded_nothing_removes_nothing(void **state)
{
    (void)state;
    static const uint8_t key_rejected[] = {0x05, 0x0f};
    the_phone_is_bonded();
    device_connect(mallory, lamp);
    claim_to_be_the_phone();
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    f.auth_req = TROTH_AUTH_SC; /* Just Works, no bonding */
    assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
    expect(mallory, TROTH_EV_PAIRED);
    assert_false(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    raw_smp(mallory, key_rejected, sizeof key_rejected);
    assert_true(lamp_has_authenticated_bond());
    assert_int_equal(device_count(lamp, TROTH_EV_BOND_REMOVED), 0);
}

/* mallory took the name first; once the phone's authenticated pairing replaced that bond it is not
 * mallory's to reject. */
static void a_replaced_bond_is_not_the_old_owners_to_remove(void **state)
{
    (void)state;
    static const uint8_t key_rejected[] = {0x05, 0x0f};
    device_connect(mallory, lamp);
    claim_to_be_the_phone();
    assert_int_equal(troth_pair(mallory->host, mallory->link, NULL), TROTH_OK);
    expect(mallory, TROTH_EV_PAIRED);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    the_phone_is_bonded();
    raw_smp(mallory, key_rejected, sizeof key_rejected);
    assert_true(lamp_has_authenticated_bond());
}

/* Answers the STORE ask that is open, now or as soon as one comes. */
static void store_says(bool ok)
{
    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_STORE);
    uint32_t id = a->id;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    assert_int_equal(troth_answer(lamp->host, id, &(struct troth_answer){.ok = ok}), TROTH_OK);
}

/* Both links stand at COMMIT with one identity; the first in the table is asked about. */
static void both_at_commit(struct device *first, struct device *second)
{
    world_run(w, 1000);
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    device_connect(first, lamp);
    device_connect(second, lamp);
    claim_to_be_the_phone();
    assert_int_equal(troth_pair(first->host, first->link, NULL), TROTH_OK);
    expect(first, TROTH_EV_PAIRED);
    world_run(w, 500);
    assert_int_equal(troth_pair(second->host, second->link, NULL), TROTH_OK);
    expect(second, TROTH_EV_PAIRED);
    world_run(w, 500);
}

/* Two links race; the weaker comes last: refused at commit (DESIGN, section 4). */
static void a_race_does_not_replace_with_a_weaker_bond(void **state)
{
    (void)state;
    both_at_commit(phone, mallory);
    for (unsigned i = 0; i < 4 && lamp->asked[TROTH_ASK_STORE].id; i++) {
        store_says(true);
        world_run(w, 100);
    }
    assert_true(lamp_has_authenticated_bond());
}

/* The second link fails while the first one's bond is being stored. */
static void a_failing_commit_leaves_the_other_alone(void **state)
{
    (void)state;
    static const uint8_t failed[] = {0x05, 0x08};
    both_at_commit(phone, mallory);
    raw_smp(mallory, failed, sizeof failed);
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    for (unsigned i = 0; i < 4 && lamp->asked[TROTH_ASK_STORE].id; i++) {
        store_says(true);
        world_run(w, 100);
    }
    assert_true(lamp_has_authenticated_bond());
}

/* As before, and the store answers at once from then on: what is left of mallory's keys, wiped, is
 * not offered to it. */
static void a_failed_pairing_is_not_stored(void **state)
{
    (void)state;
    static const uint8_t failed[] = {0x05, 0x08};
    both_at_commit(phone, mallory);
    lamp->say[TROTH_ASK_STORE] = SAY_DEFAULT;
    raw_smp(mallory, failed, sizeof failed);
    for (size_t i = 0; i < sizeof lamp->store / sizeof lamp->store[0]; i++)
        if (lamp->store[i].used && lamp->store[i].kind == TROTH_RECORD_KEYS)
            assert_true(troth_addr_equal(&lamp->store[i].identity, &phone->identity));
}

/*
 * The phone's link comes after mallory's in the table, its bond was asked about first, and the
 * store refuses it.
 */
static void a_store_that_refuses_one_of_two_does_not_trap(void **state)
{
    (void)state;
    device_connect(mallory, lamp); /* the first place */
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    device_connect(phone, lamp);
    claim_to_be_the_phone();
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(phone, TROTH_EV_PAIRED);
    world_run(w, 500);
    assert_int_equal(troth_pair(mallory->host, mallory->link, NULL), TROTH_OK);
    expect(mallory, TROTH_EV_PAIRED);
    world_run(w, 500);
    store_says(false);
    world_run(w, 100);
}

static void a_removal_the_store_refused_is_not_reported_done(void **state)
{
    (void)state;
    the_phone_is_bonded();
    lamp->store_refuses = true;
    troth_bonds_remove(lamp->host, &phone->identity);
    world_run(w, 1000);
    bool told = device_count(lamp, TROTH_EV_BOND_REMOVED) != 0;
    device_cut(lamp);
    lamp->store_refuses = false;
    device_on(lamp);
    bool back = troth_bonds_find(lamp->host, &phone->identity) != NULL;
    assert_false(told && back);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(who_bonded_nothing_removes_nothing, begin, end),
        cmocka_unit_test_setup_teardown(a_replaced_bond_is_not_the_old_owners_to_remove, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_race_does_not_replace_with_a_weaker_bond, begin, end),
        cmocka_unit_test_setup_teardown(a_failing_commit_leaves_the_other_alone, begin, end),
        cmocka_unit_test_setup_teardown(a_failed_pairing_is_not_stored, begin, end),
        cmocka_unit_test_setup_teardown(a_store_that_refuses_one_of_two_does_not_trap, begin, end),
        cmocka_unit_test_setup_teardown(a_removal_the_store_refused_is_not_reported_done, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
