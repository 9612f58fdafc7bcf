/* The store and the table at their edges: full lists, late answers, who makes room. */
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
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES; /* by default a bonded central does not pair again */
    device_on(phone);
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void lamp_on(void)
{
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
}

static void pair(void)
{
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
}

static void paired(void)
{
    pair();
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.stored);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    world_run(w, 1000);
}

static unsigned records(void)
{
    unsigned n = 0;
    for (size_t i = 0; i < sizeof lamp->store / sizeof lamp->store[0]; i++)
        n += lamp->store[i].used && lamp->store[i].kind != TROTH_RECORD_LOCAL;
    return n;
}

/* The keys may be in the store already when the pairing fails, and the list of removals is full. */
static void a_full_list_still_takes_back_a_failed_commit(void **state)
{
    (void)state;
    lamp_on();
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    pair();
    const struct troth_ask *a = expect_ask(lamp, TROTH_ASK_STORE);
    assert_int_equal(a->u.store.kind, TROTH_RECORD_KEYS);
    struct host_store *s = &lamp->host->store;
    for (s->removals = 0; s->removals < TROTH_MAX_BONDS; s->removals++)
        s->removal[s->removals].identity =
            (struct troth_addr){TROTH_ADDR_PUBLIC, {s->removals, 0, 0, 0, 0, 1}};
    lamp->say[TROTH_ASK_STORE] = SAY_DEFAULT;
    assert_int_equal(troth_answer(lamp->host, a->id, &(struct troth_answer){.ok = false}),
                     TROTH_OK);
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    world_run(w, 1000);
    a = &lamp->asked[TROTH_ASK_STORE]; /* the last of them is the peer's */
    assert_true(a->u.store.remove);
    assert_true(troth_addr_equal(&a->u.store.identity, &phone->identity));
    assert_int_equal(device_count(lamp, TROTH_EV_BOND_REMOVED), TROTH_MAX_BONDS);
}

/* A question about a bond that is being removed is void: its record does not come back. */
static void a_removed_bonds_question_is_void(void **state)
{
    (void)state;
    for (int kind = TROTH_RECORD_KEYS; kind <= TROTH_RECORD_STATE; kind++) {
        if (kind == TROTH_RECORD_KEYS)
            lamp_on();
        else
            assert_int_equal(troth_bonds_remove(phone->host, &lamp->identity), TROTH_OK);
        paired();
        lamp->say[TROTH_ASK_STORE] = SAY_LATER;
        lamp->asked[TROTH_ASK_STORE].id = 0;
        lamp->host->bonds.dirty[0] = (uint8_t)(1 << kind);
        troth_advertise(lamp->host, &(struct troth_advertising){.on = false}); /* it settles */
        uint32_t id = expect_ask(lamp, TROTH_ASK_STORE)->id;
        assert_int_equal(lamp->asked[TROTH_ASK_STORE].u.store.kind, kind);
        lamp->say[TROTH_ASK_STORE] = SAY_DEFAULT;
        assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_OK);
        expect(lamp, TROTH_EV_BOND_REMOVED);
        assert_int_equal(troth_answer(lamp->host, id, &(struct troth_answer){.ok = true}),
                         TROTH_STALE);
        world_run(w, 1000);
        assert_int_equal(records(), 0);
    }
}

/* New keys count from the beginning (Vol 3 Part H 2.4.5); what was subscribed to stays. */
static void pairing_again_begins_new_counters(void **state)
{
    (void)state;
    lamp_on();
    paired();
    struct troth_bond_state *st = &lamp->host->bonds.bond[0].state;
    st->sign_counter[0] = 7;
    st->sign_counter[1] = 9;
    paired();
    st = &lamp->host->bonds.bond[0].state;
    assert_int_equal(st->sign_counter[0], 0);
    assert_int_equal(st->sign_counter[1], 0);
    for (size_t i = 0; i < sizeof lamp->store / sizeof lamp->store[0]; i++) {
        const struct record *r = &lamp->store[i];
        struct troth_bond_state kept;
        if (!r->used || r->kind != TROTH_RECORD_STATE)
            continue;
        assert_int_equal(troth_bond_state_decode(&kept, r->bytes, r->len), TROTH_OK);
        assert_int_equal(kept.sign_counter[0], 0);
        assert_int_equal(kept.sign_counter[1], 0);
    }
}

/* A table full of people who were authenticated: Just Works gets no place in it. */
static void strangers_do_not_push_out_the_authenticated(void **state)
{
    (void)state;
    struct troth_bond_keys keys = {.key_size = 16, .sc = true, .mitm = true};
    keys.ltk[0].present = true;
    for (unsigned i = 0; i < TROTH_MAX_BONDS; i++) {
        struct record *r = &lamp->store[i];
        keys.identity = (struct troth_addr){TROTH_ADDR_PUBLIC, {(uint8_t)i, 0, 0, 0, 0, 1}};
        r->used = true;
        r->kind = TROTH_RECORD_KEYS;
        r->identity = keys.identity;
        r->len = (uint16_t)troth_bond_keys_encode(&keys, r->bytes, TROTH_RECORD_MAX);
    }
    lamp_on();
    pair();
    assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                     TROTH_SMP_UNSPECIFIED_REASON);
    world_run(w, 5000);
    assert_int_equal(device_count(lamp, TROTH_EV_BOND_REMOVED), 0);
    assert_int_equal(records(), TROTH_MAX_BONDS);
    assert_non_null(troth_bonds_get(lamp->host, TROTH_MAX_BONDS - 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_full_list_still_takes_back_a_failed_commit, begin, end),
        cmocka_unit_test_setup_teardown(a_removed_bonds_question_is_void, begin, end),
        cmocka_unit_test_setup_teardown(pairing_again_begins_new_counters, begin, end),
        cmocka_unit_test_setup_teardown(strangers_do_not_push_out_the_authenticated, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
