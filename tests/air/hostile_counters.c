/* A bond whose counters were lost: nothing brings them back at nought. */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp;
static unsigned taken;

static enum troth_gatt_status switch_it(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    (void)a;
    taken++;
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

/* The first Signed Write is kept, and comes again in place of a later one. */
static struct {
    uint8_t kept[64];
    size_t len;
    bool replay;
} air;

static enum air_verdict listen(void *ctx, struct air_crossing *c)
{
    (void)ctx;
    if (c->kind != AIR_ACL || !c->whole || c->len < 5 || c->bytes[2] != 4 || c->bytes[4] != 0xd2)
        return AIR_PASS;
    if (!air.len) {
        air.len = c->len;
        memcpy(air.kept, c->bytes, c->len);
    } else if (air.replay) {
        memcpy(c->bytes, air.kept, air.len);
        c->len = air.len;
    }
    return AIR_PASS;
}

static int begin(void **state)
{
    (void)state;
    taken = 0;
    memset(&air, 0, sizeof air);
    w = world_new(31);
    air_set_hook(world_air(w), listen, NULL);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    lamp->before_start = serve;
    for (int i = 0; i < 2; i++) {
        struct troth_features *f = &(i ? lamp : phone)->config.policy.features;
        f->initiator_keys |= TROTH_DIST_SIGN;
        f->responder_keys |= TROTH_DIST_SIGN;
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static int sign(void)
{
    const uint8_t on = 1;
    return troth_gatt_signed_write(phone->host, phone->link, (uint16_t)(service.first_handle + 2),
                                   &on, 1);
}

static void one_write(void)
{
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_connect(phone, lamp);
    assert_int_equal(sign(), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_GATT_DONE)->u.done.result, TROTH_OK);
    world_run(w, 100);
    assert_int_equal(taken, 1);
}

static void both_off(void)
{
    device_cut(phone);
    device_cut(lamp);
    world_run(w, 10000);
}

static void connected_again(void)
{
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
}

/* d's state record is lost; the bond is used all the same, which writes another one. */
static void loses_its_state(struct device *d)
{
    both_off();
    for (size_t i = 0; i < sizeof d->store / sizeof d->store[0]; i++)
        if (d->store[i].kind == TROTH_RECORD_STATE)
            d->store[i].used = false;
    connected_again();
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    expect(lamp, TROTH_EV_ENCRYPTED);
    world_run(w, 1000);
    both_off();
    connected_again();
}

static void no_counter_is_used_again(void **state)
{
    (void)state;
    one_write();
    loses_its_state(phone);
    int result = sign();
    assert_true(result == TROTH_STATE || result == TROTH_FULL);
}

static void and_none_is_taken_again(void **state)
{
    (void)state;
    one_write();
    loses_its_state(lamp);
    air.replay = true;
    assert_int_equal(sign(), TROTH_OK);
    expect(phone, TROTH_EV_GATT_DONE);
    world_run(w, 100);
    assert_int_equal(taken, 1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_counter_is_used_again),
        TEST(and_none_is_taken_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
