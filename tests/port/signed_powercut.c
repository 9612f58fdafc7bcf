/*
 * Signed Writes with the power cut at every write of a store: first of the phone's that signs, then
 * of the lamp's that verifies. They pair, sign, pair again and sign. Whenever the power goes, the
 * store holds no key beside a counter that was used with it: none is sent a second time, and none
 * that was delivered is delivered again.
 */
#include "support/powercut_store.h"

#include <string.h>

enum { SIGNER, VERIFIER };
static int whose;

/* By pairing: the phone's CSRK, and the least counter that was used with it by nobody yet. */
static struct {
    unsigned pairings;
    struct {
        uint8_t csrk[16];
        uint32_t sent, delivered;
    } of[3];
    uint32_t on_air[256]; /* the counter each value was signed with */
} told;

static enum troth_gatt_status take(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    assert_int_equal(a->len, 1);
    told.of[told.pairings].delivered = told.on_air[a->data[0]] + 1;
    return TROTH_GATT_OK;
}

static const struct troth_characteristic one = {
    .uuid = TROTH_UUID16(0xaa01), .id = 1, .properties = TROTH_PROP_SIGNED_WRITE};
static const struct troth_service table = {TROTH_UUID16(0xaa00), &one, 1, take, NULL};
static struct troth_gatt_service service;

static void serve(struct device *d)
{
    service = (struct troth_gatt_service){.table = &table};
    assert_int_equal(troth_gatt_register(d->host, &service), TROTH_OK);
}

static enum air_verdict listen(void *ctx, struct air_crossing *c)
{
    (void)ctx;
    if (c->kind == AIR_ACL && c->whole && c->len > 12 && c->bytes[2] == 4 && c->bytes[4] == 0xd2) {
        uint32_t counter = c->bytes[8] | (uint32_t)c->bytes[9] << 8;
        assert_true(counter >= told.of[told.pairings].sent);
        told.of[told.pairings].sent = counter + 1;
        told.on_air[c->bytes[7]] = counter;
    }
    return AIR_PASS;
}

/* Whatever fails, the next step is tried: the power being out, nothing of it may count. */
static void pair_and_sign(struct world *w, struct device *phone, struct device *lamp, uint8_t value)
{
    unsigned before = device_count(phone, TROTH_EV_PAIRED);
    troth_encrypt(phone->host, phone->link);
    world_run(w, 200);
    troth_pair(phone->host, phone->link, NULL);
    world_run(w, 3000);
    if (device_count(phone, TROTH_EV_PAIRED) != before) {
        const struct troth_bond *b = troth_bonds_find(phone->host, &lamp->identity);
        assert_true(b && b->keys.has_csrk[0]);
        memcpy(told.of[++told.pairings].csrk, b->keys.csrk[0], 16);
    }
    troth_disconnect(phone->host, phone->link, 0);
    world_run(w, 200);
    device_connect(phone, lamp);
    for (uint8_t end = value + 4; value < end; value++) {
        troth_gatt_signed_write(phone->host, phone->link, (uint16_t)(service.first_handle + 2),
                                &value, 1);
        world_run(w, 100);
    }
}

static void run(void *context)
{
    (void)context;
    memset(&told, 0, sizeof told);
    struct store *s = powercut_open();
    if (!s)
        return;
    struct world *w = world_new(9);
    struct device *phone = world_device(w, "phone"), *lamp = world_device(w, "lamp");
    air_set_hook(world_air(w), listen, NULL);
    phone->config.policy.features.initiator_keys |= TROTH_DIST_SIGN;
    lamp->config.policy.features.initiator_keys |= TROTH_DIST_SIGN;
    phone->say[TROTH_ASK_VALIDATE] = SAY_YES; /* a bond is to be replaced */
    lamp->before_start = serve;
    powercut_keep(whose == SIGNER ? phone : lamp, s);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    pair_and_sign(w, phone, lamp, 0x10);
    pair_and_sign(w, phone, lamp, 0x20);
    world_free(w);
    store_close(s);
}

struct found {
    bool keys, state;
    struct troth_bond_keys k;
    struct troth_bond_state s;
};

static int look(void *context, const struct troth_addr *identity, int kind, const uint8_t *rec,
                size_t len)
{
    struct found *f = context;
    (void)identity;
    if (kind == TROTH_RECORD_KEYS) {
        assert_int_equal(troth_bond_keys_decode(&f->k, rec, len), TROTH_OK);
        f->keys = true;
    } else if (kind == TROTH_RECORD_STATE) {
        assert_int_equal(troth_bond_state_decode(&f->s, rec, len), TROTH_OK);
        f->state = true;
    }
    return 0;
}

static void check(void *context)
{
    (void)context;
    struct store *s = powercut_reopen();
    struct found f = {0};
    assert_int_equal(store_each(s, look, &f), 0);
    store_close(s);
    for (unsigned i = 1; i <= told.pairings; i++) {
        uint32_t used = whose == SIGNER ? told.of[i].sent : told.of[i].delivered;
        /* Keys without a state sign nothing (troth_bonds_load). */
        if (f.keys && f.state && memcmp(f.k.csrk[whose], told.of[i].csrk, 16) == 0 &&
            f.s.sign_counter[whose] < used)
            fail_msg("%s: counter %u would be used again, %u is the next", powercut_where(),
                     f.s.sign_counter[whose], used);
    }
}

static void at_every_write(int who)
{
    whose = who;
    unsigned operations = powercut_story(run, check);
    /* It ran through once, and everything in it happened. */
    assert_int_equal(told.pairings, 2);
    for (unsigned i = 1; i <= 2; i++) {
        assert_int_equal(told.of[i].sent, 4);
        assert_int_equal(told.of[i].delivered, 4);
    }
    assert_true(operations > 60);
}

static void of_who_signs(void **state)
{
    (void)state;
    at_every_write(SIGNER);
}

static void of_who_verifies(void **state)
{
    (void)state;
    at_every_write(VERIFIER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(of_who_signs),
                                       cmocka_unit_test(of_who_verifies)};
    return cmocka_run_group_tests(tests, powercut_folder, powercut_no_folder);
}
