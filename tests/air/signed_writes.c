/* Signed Writes between two whole hosts: the keys, the counters, the store, and who listens in. */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp;

/* What the lamp's handler was given. */
static struct {
    unsigned count;
    uint8_t octet[32];
} taken;

static enum troth_gatt_status switch_it(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    assert_true(a->write && a->command && a->len == 1 && taken.count < 32);
    taken.octet[taken.count++] = a->data[0];
    return TROTH_GATT_OK;
}

static const struct troth_characteristic switches[] = {
    {.uuid = TROTH_UUID16(0xaa01), .id = 1, .properties = TROTH_PROP_SIGNED_WRITE},
};
static const struct troth_service lighting = {TROTH_UUID16(0xaa00), switches, 1, switch_it, NULL};
static struct troth_gatt_service service;

static void serve(struct device *d)
{
    service = (struct troth_gatt_service){.table = &lighting};
    assert_int_equal(troth_gatt_register(d->host, &service), TROTH_OK);
}

/* What somebody between them sees, and does. */
static struct {
    unsigned signatures, commands; /* seen: Signed Writes, Write Commands */
    uint32_t counter[32];          /* of the signed ones */
    uint8_t kept[64];              /* one of them */
    size_t kept_len;
    bool drop;       /* lose what is kept */
    unsigned replay; /* so many of the next writes are made the kept one */
} air;

static bool is_write(const struct air_crossing *c)
{
    return c->kind == AIR_ACL && c->whole && c->len > 4 && c->bytes[2] == 4 &&
           (c->bytes[4] == 0xd2 || c->bytes[4] == 0x52);
}

static enum air_verdict listen(void *ctx, struct air_crossing *c)
{
    (void)ctx;
    if (!is_write(c))
        return AIR_PASS;
    if (c->bytes[4] == 0x52) {
        air.commands++;
    } else {
        assert_false(c->encrypted);
        air.counter[air.signatures++] = (uint32_t)c->bytes[8] | (uint32_t)c->bytes[9] << 8 |
                                        (uint32_t)c->bytes[10] << 16 | (uint32_t)c->bytes[11] << 24;
    }
    if (air.replay) {
        air.replay--;
        assert_true(air.kept_len && air.kept_len <= c->cap);
        memcpy(c->bytes, air.kept, air.kept_len);
        c->len = air.kept_len;
    } else if (!air.kept_len) {
        air.kept_len = c->len;
        memcpy(air.kept, c->bytes, c->len);
        return air.drop ? AIR_DROP : AIR_PASS;
    }
    return AIR_PASS;
}

static int begin(void **state)
{
    (void)state;
    memset(&taken, 0, sizeof taken);
    memset(&air, 0, sizeof air);
    w = world_new(21);
    air_set_hook(world_air(w), listen, NULL);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    lamp->before_start = serve;
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void signs(struct device *d)
{
    d->config.policy.features.initiator_keys |= TROTH_DIST_SIGN;
    d->config.policy.features.responder_keys |= TROTH_DIST_SIGN;
}

static void all_on(void)
{
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
}

static void pair(void)
{
    device_connect(phone, lamp);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
}

/* Bonded with signing keys both ways, on a new link that is not encrypted. */
static void bonded_in_clear(void)
{
    signs(phone);
    signs(lamp);
    all_on();
    pair();
    device_disconnect(phone);
    device_connect(phone, lamp);
}

static int sign(uint8_t octet)
{
    return troth_gatt_signed_write(phone->host, phone->link, (uint16_t)(service.first_handle + 2),
                                   &octet, 1);
}

static void signed_and_sent(uint8_t octet)
{
    assert_int_equal(sign(octet), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_OK);
    world_run(w, 100);
}

/* What d's store says, not what its memory does. */
static uint32_t stored(struct device *d, unsigned whose)
{
    for (size_t i = 0; i < sizeof d->store / sizeof d->store[0]; i++) {
        struct troth_bond_state state;
        if (!d->store[i].used || d->store[i].kind != TROTH_RECORD_STATE)
            continue;
        assert_int_equal(troth_bond_state_decode(&state, d->store[i].bytes, d->store[i].len), 0);
        return state.sign_counter[whose];
    }
    fail();
    return 0;
}

/* ---- the keys ---- */

static void keys(bool sc, uint8_t initiator, uint8_t responder, enum troth_core core)
{
    begin(NULL);
    for (int i = 0; i < 2; i++) {
        struct troth_policy *p = &(i ? lamp : phone)->config.policy;
        p->features.initiator_keys |= initiator;
        p->features.responder_keys |= responder;
        if (!sc)
            p->features.auth_req &= (uint8_t)~TROTH_AUTH_SC;
        p->core = (uint8_t)core;
    }
    all_on();
    pair();
    const struct troth_bond_keys *p = &troth_bonds_get(phone->host, 0)->keys;
    const struct troth_bond_keys *l = &troth_bonds_get(lamp->host, 0)->keys;
    bool known = core < TROTH_CORE_6_3;
    assert_int_equal(p->sc, sc);
    assert_int_equal(p->has_csrk[0], known && initiator);
    assert_int_equal(l->has_csrk[1], known && initiator);
    assert_int_equal(l->has_csrk[0], known && responder);
    assert_int_equal(p->has_csrk[1], known && responder);
    assert_memory_equal(p->csrk[0], l->csrk[1], 16);
    assert_memory_equal(p->csrk[1], l->csrk[0], 16);
    if (p->has_csrk[0] && p->has_csrk[1])
        assert_memory_not_equal(p->csrk[0], p->csrk[1], 16);
    end(NULL);
}

/* SM/CEN/KDU and SM/PER/KDU with SignKey alone, both, and not at all: which is the default. */
static void only_what_both_ask_for_is_distributed(void **state)
{
    (void)state;
    for (int sc = 0; sc < 2; sc++)
        for (int ways = 0; ways < 4; ways++)
            for (int core = 0; core < 2; core++)
                keys(sc, ways & 1 ? TROTH_DIST_SIGN : 0, ways & 2 ? TROTH_DIST_SIGN : 0,
                     core ? TROTH_CORE_6_3 : TROTH_CORE_6_2);
}

/* ---- the story ---- */

static void a_bonded_phone_signs(void **state)
{
    (void)state;
    bonded_in_clear();
    signed_and_sent('1');
    signed_and_sent('0');
    assert_int_equal(taken.count, 2);
    assert_memory_equal(taken.octet, "10", 2);
    assert_int_equal(air.signatures, 2);
    assert_int_equal(air.counter[0], 0);
    assert_int_equal(air.counter[1], 1);
    assert_int_equal(stored(phone, 0), 2);
    assert_int_equal(stored(lamp, 1), 2);
    assert_int_equal(troth_link_level(lamp->host, lamp->link).key_size, 0);
    assert_int_equal(device_count(phone, TROTH_EV_ENCRYPTED), 1); /* the pairing's */

    /* Encrypted, the same call and the same characteristic, and no counter is spent. */
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    expect(phone, TROTH_EV_ENCRYPTED);
    signed_and_sent('e');
    assert_int_equal(taken.octet[2], 'e');
    assert_int_equal(air.commands, 1);
    assert_int_equal(air.signatures, 2);
    assert_int_equal(stored(phone, 0), 2);
}

static void who_may_not_sign(void **state)
{
    (void)state;
    signs(lamp); /* the phone asks for no signing keys */
    all_on();
    device_connect(phone, lamp);
    assert_int_equal(sign('x'), TROTH_STATE); /* no bond */
    device_disconnect(phone);
    pair();
    device_disconnect(phone);
    device_connect(phone, lamp);
    assert_int_equal(sign('x'), TROTH_STATE); /* no key */
    assert_int_equal(troth_gatt_signed_write(phone->host, 77, 3, NULL, 0), TROTH_NOT_FOUND);
    world_run(w, 1000);
    assert_int_equal(air.signatures + air.commands + taken.count, 0);
}

/* Core 6.3 removed it: a bond of before is of no use for it, on either side. */
static void under_6_3_nothing_is_signed(void **state)
{
    (void)state;
    bonded_in_clear();
    struct troth_policy p = phone->config.policy;
    p.core = TROTH_CORE_6_3;
    assert_int_equal(troth_set_policy(phone->host, &p), TROTH_OK);
    assert_int_equal(sign('x'), TROTH_UNSUPPORTED);
    p.core = TROTH_CORE_6_2;
    assert_int_equal(troth_set_policy(phone->host, &p), TROTH_OK);
    p = lamp->config.policy;
    p.core = TROTH_CORE_6_3;
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_OK);
    signed_and_sent('x');
    assert_int_equal(air.signatures, 1);
    assert_int_equal(taken.count, 0);
}

/* A key that the policy would not encrypt with verifies nothing either. */
static void a_bond_beneath_the_policy_signs_nothing(void **state)
{
    (void)state;
    bonded_in_clear();
    struct troth_policy p = lamp->config.policy;
    p.require_mitm = true;
    assert_int_equal(troth_set_policy(lamp->host, &p), TROTH_OK);
    signed_and_sent('x');
    assert_int_equal(taken.count, 0);
    assert_int_equal(troth_set_policy(phone->host, &p), TROTH_OK);
    assert_int_equal(sign('x'), TROTH_STATE);
}

/* ---- those who listen ---- */

/* SM/SIGN/BI-02-C */
static void a_replay_is_not_heard(void **state)
{
    (void)state;
    bonded_in_clear();
    signed_and_sent('a'); /* SC1 */
    air.replay = 2;
    signed_and_sent('b'); /* SC1 again, whatever the phone said */
    signed_and_sent('c'); /* and again */
    signed_and_sent('d');
    assert_int_equal(taken.count, 2);
    assert_memory_equal(taken.octet, "ad", 2);
    /* Nor on another day. */
    device_cut(lamp);
    expect(phone, TROTH_EV_DISCONNECTED);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    air.replay = 1;
    signed_and_sent('e');
    assert_int_equal(taken.count, 2);
    signed_and_sent('f');
    assert_int_equal(taken.count, 3);
}

/* SM/SIGN/BI-01-C, and a good one that was never delivered, on an encrypted link. */
static void what_was_signed_is_not_heard_where_encrypted(void **state)
{
    (void)state;
    bonded_in_clear();
    air.drop = true;
    signed_and_sent('a');
    assert_int_equal(taken.count, 0);
    air.kept[8 + 4] ^= 1; /* of its MAC */
    air.replay = 1;
    signed_and_sent('b');
    assert_int_equal(taken.count, 0);
    air.kept[8 + 4] ^= 1;

    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    expect(phone, TROTH_EV_ENCRYPTED);
    air.replay = 1;
    signed_and_sent('c');
    assert_int_equal(air.commands, 1);
    assert_int_equal(taken.count, 0);
    assert_int_equal(stored(lamp, 1), 0);

    /* In clear its time would have come: it was fresh all along. */
    device_disconnect(phone);
    device_connect(phone, lamp);
    air.replay = 1;
    signed_and_sent('d');
    assert_int_equal(taken.count, 1);
    assert_int_equal(taken.octet[0], 'a');
}

/* ---- the store ---- */

static void answer_store(struct device *d, bool ok)
{
    struct troth_answer a = {.ok = ok};
    uint32_t id = expect_ask(d, TROTH_ASK_STORE)->id;
    d->asked[TROTH_ASK_STORE].id = 0;
    assert_int_equal(troth_answer(d->host, id, &a), TROTH_OK);
    world_run(w, 100);
}

static void nothing_leaves_before_its_counter_is_safe(void **state)
{
    (void)state;
    bonded_in_clear();
    phone->asked[TROTH_ASK_STORE].id = 0;
    phone->say[TROTH_ASK_STORE] = SAY_LATER;
    assert_int_equal(sign('a'), TROTH_OK);
    expect_ask(phone, TROTH_ASK_STORE);
    world_run(w, 5000);
    assert_int_equal(air.signatures, 0);
    assert_int_equal(sign('b'), TROTH_BUSY);
    expect_none(phone, TROTH_EV_GATT_DONE);
    answer_store(phone, true);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_OK);
    assert_int_equal(air.signatures, 1);

    assert_int_equal(sign('b'), TROTH_OK);
    answer_store(phone, false);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_FAILED);
    assert_int_equal(air.signatures, 1);

    assert_int_equal(sign('c'), TROTH_OK);
    answer_store(phone, true);
    assert_int_equal(air.counter[1], 2); /* that of 'b' is spent */
    assert_memory_equal(taken.octet, "ac", 2);
}

/* The power goes while the store is at it: the counter of before must not leave a second time. */
static void a_cut_costs_a_counter_at_most(void **state)
{
    (void)state;
    bonded_in_clear();
    signed_and_sent('a');
    phone->say[TROTH_ASK_STORE] = SAY_LATER;
    phone->asked[TROTH_ASK_STORE].id = 0;
    assert_int_equal(sign('b'), TROTH_OK);
    expect_ask(phone, TROTH_ASK_STORE);
    device_cut(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    phone->say[TROTH_ASK_STORE] = SAY_DEFAULT;
    device_on(phone);
    device_connect(phone, lamp);
    signed_and_sent('c');
    assert_int_equal(air.counter[1], 1);
    assert_memory_equal(taken.octet, "ac", 2);
}

static void nothing_is_delivered_before_its_counter_is_safe(void **state)
{
    (void)state;
    bonded_in_clear();
    lamp->say[TROTH_ASK_STORE] = SAY_LATER;
    lamp->asked[TROTH_ASK_STORE].id = 0;
    signed_and_sent('a');
    signed_and_sent('b');
    expect_ask(lamp, TROTH_ASK_STORE);
    world_run(w, 5000);
    assert_int_equal(taken.count, 0);
    answer_store(lamp, true); /* it held a's counter */
    assert_int_equal(taken.count, 1);
    answer_store(lamp, true); /* and now b's */
    assert_int_equal(taken.count, 2);
    signed_and_sent('c');
    answer_store(lamp, false);
    assert_int_equal(taken.count, 2); /* what could come again is not delivered now */

    /* Cut before the store has it: it was never delivered, and may come, once. */
    air.kept_len = 0;
    signed_and_sent('d');
    device_cut(lamp);
    expect(phone, TROTH_EV_DISCONNECTED);
    lamp->say[TROTH_ASK_STORE] = SAY_DEFAULT;
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    air.replay = 2;
    signed_and_sent('x');
    signed_and_sent('x');
    assert_int_equal(taken.count, 3);
    assert_int_equal(taken.octet[2], 'd');
}

/* ---- the end of a key ---- */

static void the_last_counter(void **state)
{
    (void)state;
    bonded_in_clear();
    device_cut(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    for (size_t i = 0; i < sizeof phone->store / sizeof phone->store[0]; i++) {
        struct record *r = &phone->store[i];
        struct troth_bond_state s;
        if (!r->used || r->kind != TROTH_RECORD_STATE)
            continue;
        assert_int_equal(troth_bond_state_decode(&s, r->bytes, r->len), TROTH_OK);
        s.sign_counter[0] = UINT32_MAX - 1;
        r->len = (uint16_t)troth_bond_state_encode(&s, r->bytes, sizeof r->bytes);
    }
    device_on(phone);
    device_connect(phone, lamp);
    signed_and_sent('z');
    assert_int_equal(taken.count, 1);
    assert_int_equal(sign('!'), TROTH_FULL);
    device_cut(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_on(phone);
    device_connect(phone, lamp);
    assert_int_equal(sign('!'), TROTH_FULL);

    /* Pairing again makes another key. */
    uint8_t old[16];
    memcpy(old, troth_bonds_get(phone->host, 0)->keys.csrk[0], 16);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    expect(phone, TROTH_EV_ENCRYPTED);
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES; /* a bonded central is asked before it replaces */
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    assert_memory_not_equal(old, troth_bonds_get(phone->host, 0)->keys.csrk[0], 16);
    device_disconnect(phone);
    device_connect(phone, lamp);
    /* What the store held of the old one lets nothing of the new one go. */
    phone->say[TROTH_ASK_STORE] = SAY_LATER;
    phone->asked[TROTH_ASK_STORE].id = 0;
    assert_int_equal(sign('0'), TROTH_OK);
    expect_ask(phone, TROTH_ASK_STORE);
    world_run(w, 1000);
    assert_int_equal(taken.count, 1);
    answer_store(phone, true);
    assert_int_equal(taken.count, 2);
    assert_int_equal(air.counter[air.signatures - 1], 0);
}

static void a_removed_bond_signs_nothing(void **state)
{
    (void)state;
    bonded_in_clear();
    phone->say[TROTH_ASK_STORE] = SAY_LATER;
    phone->asked[TROTH_ASK_STORE].id = 0;
    assert_int_equal(sign('a'), TROTH_OK);
    assert_int_equal(troth_bonds_remove(phone->host, &lamp->identity), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_STATE);
    assert_int_equal(sign('b'), TROTH_STATE);
    assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_OK);
    world_run(w, 1000);
    assert_int_equal(air.signatures + taken.count, 0);
}

/* A state lost or damaged: which counters were used is not known any more, so none is. */
static void a_bond_without_its_counters_signs_nothing(void **state)
{
    (void)state;
    bonded_in_clear();
    signed_and_sent('a');
    device_cut(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    for (size_t i = 0; i < sizeof phone->store / sizeof phone->store[0]; i++)
        if (phone->store[i].kind == TROTH_RECORD_STATE)
            phone->store[i].used = false;
    device_on(phone);
    device_connect(phone, lamp);
    assert_int_equal(sign('b'), TROTH_STATE);
    assert_true(troth_has_ltk(phone->host, phone->link)); /* it encrypts all the same */
}

/* ---- a bond put back ---- */

static uint8_t old_csrk[16];
static uint32_t least;
static unsigned refuse_states;

/* After every single write of the lamp's store: the old keys never stand beside younger counters. */
static bool look(struct device *d, const struct troth_ask *a)
{
    static uint8_t csrk[16];
    static uint32_t counter;
    struct troth_bond_keys k;
    struct troth_bond_state s;
    (void)d;
    if (a->u.store.remove || a->u.store.kind == TROTH_RECORD_LOCAL)
        return true;
    if (a->u.store.kind == TROTH_RECORD_KEYS) {
        assert_int_equal(troth_bond_keys_decode(&k, a->u.store.record, a->u.store.len), TROTH_OK);
        memcpy(csrk, k.csrk[1], 16);
    } else {
        assert_int_equal(troth_bond_state_decode(&s, a->u.store.record, a->u.store.len), TROTH_OK);
        /* What is refused may be there, or not: the worse of the two is. */
        if (!refuse_states || s.sign_counter[1] < counter)
            counter = s.sign_counter[1];
    }
    if (memcmp(csrk, old_csrk, 16) == 0 && counter < least)
        fail_msg("the old key with counter %u; %u was used", counter, least - 1);
    if (refuse_states && a->u.store.kind == TROTH_RECORD_STATE) {
        refuse_states--;
        return false;
    }
    return true;
}

static void a_failed_pairing(unsigned refusals)
{
    begin(NULL);
    lamp->also_store = look;
    memset(old_csrk, 0xee, 16);
    least = 0;
    bonded_in_clear();
    for (uint8_t i = 0; i < 5; i++)
        signed_and_sent(i);
    memcpy(old_csrk, troth_bonds_get(lamp->host, 0)->keys.csrk[1], 16);
    least = 5;
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    expect(phone, TROTH_EV_ENCRYPTED);
    expect(lamp, TROTH_EV_ENCRYPTED);
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES;
    refuse_states = refusals;
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(lamp, TROTH_EV_PAIRING_FAILED);
    world_run(w, 5000);
    assert_int_equal(refuse_states, 0);
}

static void a_failed_pairing_puts_back_no_counter(void **state)
{
    (void)state;
    a_failed_pairing(1);
    assert_memory_equal(old_csrk, troth_bonds_get(lamp->host, 0)->keys.csrk[1], 16);
    assert_int_equal(stored(lamp, 1), 5);
    end(NULL);
    /* The counters cannot be put back: then the old key is not either. */
    a_failed_pairing(2);
    const struct troth_bond_keys *k = &troth_bonds_get(lamp->host, 0)->keys;
    assert_false(k->has_csrk[0] || k->has_csrk[1]);
    end(NULL);
}

#define T(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_what_both_ask_for_is_distributed),
        T(a_bonded_phone_signs),
        T(who_may_not_sign),
        T(under_6_3_nothing_is_signed),
        T(a_bond_beneath_the_policy_signs_nothing),
        T(a_replay_is_not_heard),
        T(what_was_signed_is_not_heard_where_encrypted),
        T(nothing_leaves_before_its_counter_is_safe),
        T(a_cut_costs_a_counter_at_most),
        T(nothing_is_delivered_before_its_counter_is_safe),
        T(the_last_counter),
        T(a_removed_bond_signs_nothing),
        T(a_bond_without_its_counters_signs_nothing),
        cmocka_unit_test(a_failed_pairing_puts_back_no_counter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
