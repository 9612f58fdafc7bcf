/* Two whole hosts and the air between them. */
#include "support/world.h"

#include <string.h>

static void advertise_scan_connect_disconnect(void **state)
{
    (void)state;
    struct world *w = world_new(1);
    struct device *phone = world_device(w, "phone"), *lamp = world_device(w, "lamp");
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);

    assert_int_equal(troth_scan(phone->host, true, true), TROTH_OK);
    assert_true(expect(phone, TROTH_EV_SCANNING)->u.on);
    const struct troth_event *r = expect(phone, TROTH_EV_REPORT);
    uint8_t len;
    const uint8_t *name =
        troth_ad_find(r->u.report.data, r->u.report.len, TROTH_AD_NAME_COMPLETE, &len);
    assert_non_null(name);
    assert_int_equal(len, 4);
    assert_memory_equal(name, "lamp", 4);
    assert_true(r->u.report.connectable);
    assert_true(troth_addr_equal(&r->u.report.addr, &lamp->identity));
    assert_int_equal(troth_scan(phone->host, false, false), TROTH_OK);
    assert_false(expect(phone, TROTH_EV_SCANNING)->u.on);

    device_connect(phone, lamp);
    assert_int_not_equal(phone->link, TROTH_NO_LINK);
    world_run(w, 1000);
    expect_none(phone, TROTH_EV_DISCONNECTED);

    /* A second link is free, so advertising goes on beside this one. */
    assert_true(expect(lamp, TROTH_EV_ADVERTISING)->u.on);

    device_disconnect(phone);
    assert_int_equal(expect(lamp, TROTH_EV_DISCONNECTED)->u.hci_status, 0x13);
    troth_link before = lamp->link;
    device_connect(phone, lamp);
    assert_int_not_equal(lamp->link, before);
    world_free(w);
}

static void pair_bond_cut_reconnect(void **state)
{
    (void)state;
    struct world *w = world_new(2);
    struct device *phone = world_device(w, "phone"), *lamp = world_device(w, "lamp");
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);

    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    const struct troth_event *p = expect(phone, TROTH_EV_PAIRED);
    assert_true(p->u.paired.stored);
    assert_true(p->u.paired.level.sc);
    assert_int_equal(p->u.paired.level.key_size, 16);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    assert_true(troth_is_bonded(phone->host, phone->link));
    assert_true(troth_link_level(lamp->host, lamp->link).bonded);

    device_cut(phone);
    assert_int_equal(expect(lamp, TROTH_EV_DISCONNECTED)->u.hci_status, 0x08);
    device_on(phone);
    device_connect(phone, lamp);
    assert_true(troth_is_bonded(phone->host, phone->link));
    assert_true(troth_has_ltk(phone->host, phone->link));
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    const struct troth_event *e = expect(phone, TROTH_EV_ENCRYPTED);
    assert_int_equal(e->u.encrypted.hci_status, 0);
    assert_true(e->u.encrypted.level.bonded);
    assert_int_equal(expect(lamp, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
    world_free(w);
}

static void a_connection_that_nobody_answers_times_out(void **state)
{
    (void)state;
    struct world *w = world_new(3);
    struct device *phone = world_device(w, "phone");
    struct troth_addr nobody = {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 0xc6}};
    device_on(phone);
    uint64_t began = world_now(w);
    assert_int_equal(troth_connect(phone->host, &nobody, 5000), TROTH_OK);
    assert_int_equal(troth_connect(phone->host, &nobody, 5000), TROTH_BUSY);
    assert_int_equal(expect(phone, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x3e);
    assert_in_range(world_now(w) - began, 5000, 5100);
    assert_int_equal(troth_connect(phone->host, &nobody, 0), TROTH_OK);
    world_run(w, 100);
    assert_int_equal(troth_connect_cancel(phone->host), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x44);
    world_free(w);
}

static void a_controller_that_goes_and_returns(void **state)
{
    (void)state;
    struct world *w = world_new(4);
    struct device *phone = world_device(w, "phone"), *lamp = world_device(w, "lamp");
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);

    air_detach(lamp->radio);
    lamp->radio = NULL;
    troth_host_gone(lamp->host, world_now(w));
    assert_int_equal(expect(lamp, TROTH_EV_DISCONNECTED)->u.hci_status, 0x1f);
    assert_int_equal(device_count(lamp, TROTH_EV_BROKEN), 0);
    expect(phone, TROTH_EV_DISCONNECTED);

    /* It returns, and what was wanted still is. */
    device_plug(lamp);
    troth_host_start(lamp->host, world_now(w));
    expect(lamp, TROTH_EV_READY);
    device_connect(phone, lamp);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advertise_scan_connect_disconnect),
        cmocka_unit_test(pair_bond_cut_reconnect),
        cmocka_unit_test(a_connection_that_nobody_answers_times_out),
        cmocka_unit_test(a_controller_that_goes_and_returns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
