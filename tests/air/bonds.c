/* Bonds as the store sees them: kept at the end or not at all. */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp;

static int begin(void **state)
{
    (void)state;
    w = world_new(7);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void pair(void)
{
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
}

static unsigned records(const struct device *d)
{
    unsigned n = 0;
    for (size_t i = 0; i < sizeof d->store / sizeof d->store[0]; i++)
        n += d->store[i].used && d->store[i].kind != TROTH_RECORD_LOCAL;
    return n;
}

static void paired_comes_after_the_store(void **state)
{
    (void)state;
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    pair();
    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_STORE);
    assert_int_equal(a->u.store.kind, TROTH_RECORD_KEYS);
    world_run(w, 5000);
    expect_none(lamp, TROTH_EV_PAIRED);
    assert_null(troth_bonds_get(lamp->host, 0));
    uint32_t keys = a->id;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    assert_int_equal(troth_answer(lamp->host, keys, &(struct troth_answer){.ok = true}), TROTH_OK);
    a = expect_ask(lamp, TROTH_ASK_STORE);
    assert_int_equal(a->u.store.kind, TROTH_RECORD_STATE);
    expect_none(lamp, TROTH_EV_PAIRED);
    assert_int_equal(troth_answer(lamp->host, keys, &(struct troth_answer){.ok = true}),
                     TROTH_STALE);
    assert_int_equal(troth_answer(lamp->host, a->id, &(struct troth_answer){.ok = true}), TROTH_OK);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    assert_non_null(troth_bonds_find(lamp->host, &phone->identity));
}

static void a_store_that_refuses_leaves_no_bond(void **state)
{
    (void)state;
    lamp->store_refuses = true;
    pair();
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    world_run(w, 2000);
    assert_null(troth_bonds_get(lamp->host, 0));
    assert_int_equal(records(lamp), 0);
    assert_int_equal(device_count(lamp, TROTH_EV_PAIRED), 0);
}

static void a_store_that_refuses_keeps_the_old_bond(void **state)
{
    (void)state;
    pair();
    expect(lamp, TROTH_EV_PAIRED);
    expect(phone, TROTH_EV_PAIRED);
    world_run(w, 1000);
    struct troth_bond_keys old = troth_bonds_get(lamp->host, 0)->keys;
    lamp->store_refuses = true;
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES; /* by default a bonded central does not pair again */
    pair();
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    world_run(w, 1000);
    assert_memory_equal(&old, &troth_bonds_get(lamp->host, 0)->keys, sizeof old);
    assert_int_equal(records(lamp), 2);
    assert_int_equal(device_count(lamp, TROTH_EV_BOND_REMOVED), 0);
}

/* The keys were stored, the state was not: the store is given the old keys again. */
static void half_a_bond_is_taken_back(void **state)
{
    (void)state;
    pair();
    expect(lamp, TROTH_EV_PAIRED);
    expect(phone, TROTH_EV_PAIRED);
    world_run(w, 1000);
    struct troth_bond_keys old = troth_bonds_get(lamp->host, 0)->keys, now;
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES;
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    pair();
    /* Other questions of state may come before. */
    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_STORE);
    while (a->u.store.kind != TROTH_RECORD_KEYS) {
        uint32_t id = a->id;
        lamp->asked[TROTH_ASK_STORE].id = 0;
        troth_answer(lamp->host, id, &(struct troth_answer){.ok = true});
        a = expect_ask(lamp, TROTH_ASK_STORE);
    }
    uint32_t id = a->id;
    for (size_t i = 0; i < sizeof lamp->store / sizeof lamp->store[0]; i++)
        if (lamp->store[i].used && lamp->store[i].kind == TROTH_RECORD_KEYS)
            lamp->store[i].bytes[20] ^= 1; /* as good as overwritten */
    lamp->asked[TROTH_ASK_STORE].id = 0;
    troth_answer(lamp->host, id, &(struct troth_answer){.ok = true});
    a = expect_ask(lamp, TROTH_ASK_STORE);
    assert_int_equal(a->u.store.kind, TROTH_RECORD_STATE);
    lamp->say[TROTH_ASK_STORE] = SAY_DEFAULT;
    troth_answer(lamp->host, a->id, &(struct troth_answer){.ok = false});
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    world_run(w, 1000);
    bool found = false;
    for (size_t i = 0; i < sizeof lamp->store / sizeof lamp->store[0]; i++)
        if (lamp->store[i].used && lamp->store[i].kind == TROTH_RECORD_KEYS) {
            found = true;
            assert_int_equal(troth_bond_keys_decode(&now, lamp->store[i].bytes, lamp->store[i].len),
                             TROTH_OK);
            assert_memory_equal(now.ltk[0].key, old.ltk[0].key, 16);
        }
    assert_true(found);
    assert_memory_equal(&old, &troth_bonds_get(lamp->host, 0)->keys, sizeof old);
}

static void a_link_lost_while_storing_leaves_no_bond(void **state)
{
    (void)state;
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    pair();
    expect(phone, TROTH_EV_PAIRED);
    world_run(w, 1000);
    uint32_t id = lamp->asked[TROTH_ASK_STORE].id;
    assert_int_equal(lamp->asked[TROTH_ASK_STORE].u.store.kind, TROTH_RECORD_KEYS);
    lamp->say[TROTH_ASK_STORE] = SAY_DEFAULT;
    device_cut(phone);
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    expect(lamp, TROTH_EV_DISCONNECTED);
    assert_int_equal(troth_answer(lamp->host, id, &(struct troth_answer){.ok = true}), TROTH_STALE);
    assert_null(troth_bonds_get(lamp->host, 0));
    /* Whatever the store made of the question, it has been told to forget. */
    assert_true(lamp->asked[TROTH_ASK_STORE].u.store.remove);
    assert_int_equal(device_count(lamp, TROTH_EV_BOND_REMOVED), 0);
}

static void removing_and_pairing_again(void **state)
{
    (void)state;
    pair();
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    world_run(w, 1000);
    assert_int_equal(records(lamp), 2);
    assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_OK);
    assert_true(troth_addr_equal(&expect(lamp, TROTH_EV_BOND_REMOVED)->u.addr, &phone->identity));
    assert_int_equal(records(lamp), 0);
    assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_NOT_FOUND);
    assert_int_equal(troth_link_level(lamp->host, lamp->link).key_size, 16); /* it stays up */

    /* The phone does not know yet; it finds out, and does not pair by itself. */
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_connect(phone, lamp);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0x06);
    assert_false(expect(phone, TROTH_EV_BOND_LOST)->u.bond_lost.mismatch);
    world_run(w, 5000);
    assert_false(troth_is_pairing(phone->host, phone->link));
    assert_non_null(troth_bonds_get(phone->host, 0)); /* its person decides */

    /* The person does; the phone is new to the lamp, and they pair. */
    assert_int_equal(troth_bonds_remove(phone->host, &lamp->identity), TROTH_OK);
    if (device_count(phone, TROTH_EV_DISCONNECTED) > 1)
        device_connect(phone, lamp);
    pair();
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.stored);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
}

static void many_changes_make_few_writes(void **state)
{
    (void)state;
    pair();
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    world_run(w, 1000);
    unsigned before = lamp->stores;
    for (unsigned i = 0; i < 20; i++) {
        device_disconnect(phone);
        expect(lamp, TROTH_EV_DISCONNECTED);
        device_connect(phone, lamp);
        assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
        expect(phone, TROTH_EV_ENCRYPTED);
        expect(lamp, TROTH_EV_ENCRYPTED);
    }
    assert_true(lamp->stores - before <= 1); /* it is the newest already */
}

static void a_full_table_forgets_the_least_recently_used(void **state)
{
    (void)state;
    device_cut(lamp);
    struct troth_bond_keys keys = {.key_size = 16, .sc = true};
    struct troth_bond_state st = {.last_use = 0};
    keys.ltk[0].present = true;
    for (unsigned i = 0; i < TROTH_MAX_BONDS; i++) {
        keys.identity = (struct troth_addr){TROTH_ADDR_PUBLIC, {(uint8_t)i, 0, 0, 0, 0, 1}};
        st.last_use = 100 + (i + 5) % TROTH_MAX_BONDS; /* the oldest is TROTH_MAX_BONDS - 5 */
        struct record *r = &lamp->store[2 * i];
        r[0].used = r[1].used = true;
        r[0].kind = TROTH_RECORD_KEYS;
        r[1].kind = TROTH_RECORD_STATE;
        r[0].identity = r[1].identity = keys.identity;
        r[0].len = (uint16_t)troth_bond_keys_encode(&keys, r[0].bytes, TROTH_RECORD_MAX);
        r[1].len = (uint16_t)troth_bond_state_encode(&st, r[1].bytes, TROTH_RECORD_MAX);
    }
    device_on(lamp);
    device_advertise(lamp);
    world_run(w, 10000);
    expect(phone, TROTH_EV_DISCONNECTED);
    device_connect(phone, lamp);
    pair();
    const struct troth_event *e = expect(lamp, TROTH_EV_BOND_REMOVED);
    assert_int_equal(e->u.addr.b[0], TROTH_MAX_BONDS - 5);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    assert_int_equal(records(lamp), 2 * TROTH_MAX_BONDS);
    assert_non_null(troth_bonds_find(lamp->host, &phone->identity));
    device_cut(lamp);
    device_on(lamp);
    assert_non_null(troth_bonds_find(lamp->host, &phone->identity));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(paired_comes_after_the_store, begin, end),
        cmocka_unit_test_setup_teardown(a_store_that_refuses_leaves_no_bond, begin, end),
        cmocka_unit_test_setup_teardown(a_store_that_refuses_keeps_the_old_bond, begin, end),
        cmocka_unit_test_setup_teardown(half_a_bond_is_taken_back, begin, end),
        cmocka_unit_test_setup_teardown(a_link_lost_while_storing_leaves_no_bond, begin, end),
        cmocka_unit_test_setup_teardown(removing_and_pairing_again, begin, end),
        cmocka_unit_test_setup_teardown(many_changes_make_few_writes, begin, end),
        cmocka_unit_test_setup_teardown(a_full_table_forgets_the_least_recently_used, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
