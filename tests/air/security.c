/* GATT above the Security Manager: a read that needs more security, and what becomes of it. */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp;
static unsigned told;
static bool anyone;

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *access)
{
    (void)ctx;
    static const uint8_t value[] = "secret";
    access->value = value;
    access->value_len = 6;
    return TROTH_GATT_OK;
}

static void on_subscribed(void *ctx, uint8_t id, bool some)
{
    (void)ctx;
    (void)id;
    told++;
    anyone = some;
}

static const struct troth_characteristic characteristics[] = {
    {.uuid = TROTH_UUID16(0xfff1),
     .id = 1,
     .properties = TROTH_PROP_READ | TROTH_PROP_NOTIFY,
     .read = TROTH_ENCRYPTED,
     .subscribe = TROTH_ENCRYPTED},
    {.uuid = TROTH_UUID16(0xfff2),
     .id = 2,
     .properties = TROTH_PROP_READ,
     .read = TROTH_AUTHENTICATED_SC},
};
static const struct troth_service table = {TROTH_UUID16(0xfff0), characteristics, 2, on_access,
                                           on_subscribed};
static struct troth_gatt_service service;

static void with_service(struct device *d)
{
    service = (struct troth_gatt_service){.table = &table};
    assert_int_equal(troth_gatt_register(d->host, &service), TROTH_OK);
}

static int begin(void **state)
{
    (void)state;
    told = 0;
    anyone = false;
    w = world_new(11);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    lamp->before_start = with_service;
    lamp->config.policy.features.io_cap = TROTH_DISPLAY_ONLY;
    phone->config.policy.features.io_cap = TROTH_KEYBOARD_DISPLAY;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
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

static uint16_t value_handle(uint8_t id)
{
    return (uint16_t)(service.first_handle + (id == 1 ? 2 : 5));
}

static const struct troth_event *read_it(uint8_t id)
{
    assert_int_equal(troth_gatt_read(phone->host, phone->link, value_handle(id)), TROTH_OK);
    return expect(phone, TROTH_EV_GATT_DONE);
}

static void nobody_says_yes(void **state)
{
    (void)state;
    const struct troth_event *e = read_it(1);
    assert_int_equal(e->u.done.result, TROTH_FAILED);
    assert_int_not_equal(e->u.done.att_error, 0);
    assert_int_equal(phone->asks[TROTH_ASK_RAISE], 1);
    assert_int_equal(device_count(phone, TROTH_EV_PAIRING), 0);
}

static void the_link_goes_while_somebody_thinks(void **state)
{
    (void)state;
    phone->say[TROTH_ASK_RAISE] = SAY_LATER;
    assert_int_equal(troth_gatt_read(phone->host, phone->link, value_handle(1)), TROTH_OK);
    uint32_t id = expect_ask(phone, TROTH_ASK_RAISE)->id;
    device_disconnect(lamp);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_STATE);
    assert_int_equal(expect(phone, TROTH_EV_WITHDRAWN)->u.ask_id, id);
    expect(phone, TROTH_EV_DISCONNECTED);
    assert_int_equal(troth_answer(phone->host, id, &(struct troth_answer){.ok = true}),
                     TROTH_STALE);
}

static void yes_pairs_and_reads(void **state)
{
    (void)state;
    phone->say[TROTH_ASK_RAISE] = SAY_YES;
    const struct troth_event *e = read_it(1);
    assert_int_equal(e->u.done.result, TROTH_OK);
    assert_true(troth_link_level(phone->host, phone->link).sc);
    assert_int_equal(device_count(phone, TROTH_EV_GATT_VALUE), 1);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);

    /* Next time there is a key, and nobody is asked. */
    device_cut(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_on(phone);
    device_connect(phone, lamp);
    e = read_it(1);
    assert_int_equal(e->u.done.result, TROTH_OK);
    assert_int_equal(phone->asks[TROTH_ASK_RAISE], 1);
    assert_true(troth_link_level(phone->host, phone->link).bonded);
}

static void a_passkey_raises_it_to_the_top(void **state)
{
    (void)state;
    struct troth_features f = phone->config.policy.features;
    f.auth_req |= TROTH_AUTH_MITM;
    assert_int_equal(troth_pair(phone->host, phone->link, &f), TROTH_OK);
    const struct troth_event *p = expect(phone, TROTH_EV_PAIRED);
    assert_true(p->u.paired.level.mitm && p->u.paired.level.sc);
    assert_int_equal(read_it(2)->u.done.result, TROTH_OK);
    /* The prompt on the lamp's display was closed. */
    assert_true(device_count(lamp, TROTH_EV_WITHDRAWN) >= 1);
    assert_false(lamp->showing);
}

static void a_subscription_survives_the_bonds_reconnection(void **state)
{
    (void)state;
    phone->say[TROTH_ASK_RAISE] = SAY_YES;
    assert_int_equal(
        troth_gatt_subscribe(phone->host, phone->link, (uint16_t)(value_handle(1) + 1), 1),
        TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_OK);
    assert_int_equal(told, 1);
    assert_true(anyone);
    assert_int_equal(troth_gatt_notify(lamp->host, &service, 1, (const uint8_t *)"on", 2),
                     TROTH_OK);
    const struct troth_event *n = expect(phone, TROTH_EV_GATT_NOTIFICATION);
    assert_int_equal(n->u.value.len, 2);
    assert_memory_equal(n->u.value.data, "on", 2);
    world_run(w, 1000);

    device_cut(lamp);
    expect(phone, TROTH_EV_DISCONNECTED);
    told = 0;
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    assert_int_equal(troth_gatt_notify(lamp->host, &service, 1, (const uint8_t *)"no", 2),
                     TROTH_OK);
    world_run(w, 1000);
    expect_none(phone, TROTH_EV_GATT_NOTIFICATION); /* not before it is encrypted */
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    expect(phone, TROTH_EV_ENCRYPTED);
    world_run(w, 1000);
    assert_int_equal(told, 1);
    assert_true(anyone);
    assert_int_equal(troth_gatt_notify(lamp->host, &service, 1, (const uint8_t *)"up", 2),
                     TROTH_OK);
    n = expect(phone, TROTH_EV_GATT_NOTIFICATION);
    assert_memory_equal(n->u.value.data, "up", 2);
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    assert_false(anyone);
}

static void different_keys_are_told_apart_from_no_key(void **state)
{
    (void)state;
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    struct troth_bond_keys keys = troth_bonds_get(phone->host, 0)->keys;
    device_cut(phone);
    for (size_t i = 0; i < sizeof phone->store / sizeof phone->store[0]; i++)
        if (phone->store[i].used && phone->store[i].kind == TROTH_RECORD_KEYS) {
            keys.ltk[0].key[0] ^= 1;
            phone->store[i].len =
                (uint16_t)troth_bond_keys_encode(&keys, phone->store[i].bytes, TROTH_RECORD_MAX);
        }
    device_on(phone);
    device_connect(phone, lamp);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_true(expect(phone, TROTH_EV_BOND_LOST)->u.bond_lost.mismatch);
    assert_int_equal(expect(phone, TROTH_EV_DISCONNECTED)->u.hci_status, 0x3d);
    assert_non_null(troth_bonds_get(phone->host, 0));
}

static void parameters(void **state)
{
    (void)state;
    struct troth_conn_params p = {80, 80, 0, 500};
    assert_int_equal(troth_update_params(lamp->host, lamp->link, &p), TROTH_OK);
    assert_int_equal(expect(lamp, TROTH_EV_PARAMETERS)->u.parameters.interval, 80);
    assert_int_equal(expect(phone, TROTH_EV_PARAMETERS)->u.parameters.interval, 80);
    p.interval_min = p.interval_max = 24;
    assert_int_equal(troth_update_params(phone->host, phone->link, &p), TROTH_OK);
    assert_int_equal(expect(lamp, TROTH_EV_PARAMETERS)->u.parameters.interval, 24);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nobody_says_yes, begin, end),
        cmocka_unit_test_setup_teardown(the_link_goes_while_somebody_thinks, begin, end),
        cmocka_unit_test_setup_teardown(yes_pairs_and_reads, begin, end),
        cmocka_unit_test_setup_teardown(a_passkey_raises_it_to_the_top, begin, end),
        cmocka_unit_test_setup_teardown(a_subscription_survives_the_bonds_reconnection, begin, end),
        cmocka_unit_test_setup_teardown(different_keys_are_told_apart_from_no_key, begin, end),
        cmocka_unit_test_setup_teardown(parameters, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
