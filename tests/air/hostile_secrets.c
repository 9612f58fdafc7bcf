/* What is left of secrets in a host's memory once the link they crossed is gone (A21, D11). */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp;
static const char passphrase[] = "clover and rye, no barley";

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *access)
{
    (void)ctx;
    (void)access;
    return TROTH_GATT_OK;
}

static const struct troth_characteristic characteristics[] = {
    {.uuid = TROTH_UUID16(0xfff1), .id = 1, .properties = TROTH_PROP_WRITE}};
static const struct troth_service table = {TROTH_UUID16(0xfff0), characteristics, 1, on_access,
                                           NULL};
static struct troth_gatt_service service;

static void with_service(struct device *d)
{
    service = (struct troth_gatt_service){.table = &table};
    assert_int_equal(troth_gatt_register(d->host, &service), TROTH_OK);
}

static int begin(void **state)
{
    (void)state;
    w = world_new(11);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    lamp->before_start = with_service;
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

static bool holds(const struct device *d, const void *secret, size_t len)
{
    return memmem(d->host, sizeof *d->host, secret, len) != NULL;
}

static void part(void)
{
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    world_run(w, 1000);
}

static void a_written_passphrase_is_forgotten(void **state)
{
    (void)state;
    assert_int_equal(troth_gatt_write(phone->host, phone->link,
                                      (uint16_t)(service.first_handle + 2),
                                      (const uint8_t *)passphrase, sizeof passphrase - 1),
                     TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_OK);
    part();
    assert_false(holds(lamp, passphrase, sizeof passphrase - 1));  /* who received it */
    assert_false(holds(phone, passphrase, sizeof passphrase - 1)); /* who sent it */
}

/* Legacy, not bonding: the keys that crossed are nobody's. */
static void keys_of_a_pairing_that_does_not_bond_are_forgotten(void **state)
{
    (void)state;
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    f.auth_req = 0;
    f.initiator_keys = f.responder_keys = TROTH_DIST_ENC;
    assert_int_equal(troth_pair(phone->host, phone->link, &f), TROTH_OK);
    struct troth_bond_keys keys = *expect(phone, TROTH_EV_PAIRED)->u.paired.keys;
    expect(lamp, TROTH_EV_PAIRED);
    part();
    for (unsigned x = 0; x < 2; x++) {
        assert_true(keys.ltk[x].present);
        assert_false(holds(lamp, keys.ltk[x].key, 16));
        assert_false(holds(phone, keys.ltk[x].key, 16));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_written_passphrase_is_forgotten, begin, end),
        cmocka_unit_test_setup_teardown(keys_of_a_pairing_that_does_not_bond_are_forgotten, begin,
                                        end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
