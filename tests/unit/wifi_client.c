/* The provisioning client: what it finds on a device, its status, its erasing, its words. */
#include "unit/wifi_client_peer.h"

/* ---- opening ---- */

static void test_open(void **state)
{
    (void)state;
    assert_int_equal(troth_wifi_client_open(&client), TROTH_OK);
    expect("discover:0001");
    struct troth_wifi w = home(TROTH_WIFI_AUTO, "open sesame");
    assert_int_equal(troth_wifi_client_open(&client), TROTH_BUSY);
    assert_int_equal(troth_wifi_client_status(&client), TROTH_BUSY);
    assert_int_equal(troth_wifi_client_erase(&client), TROTH_BUSY);
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_BUSY);
    the_service(false);
    ok();
    expect("subscribe:21=1");
    ok();
    expect("read:20");
    value("\3", 1);
    expect("[CONNECTED] DONE");
    assert_int_equal(last.state, TROTH_PROV_CONNECTED);
    assert_true(troth_wifi_client_deadline(&client) == TROTH_NEVER);
}

static void test_open_without_the_service(void **state)
{
    (void)state;
    troth_wifi_client_open(&client);
    ok();
    expect("discover:0001 NO_SERVICE");
    troth_wifi_client_open(&client);
    done(TROTH_FAILED, TROTH_ATT_ATTRIBUTE_NOT_FOUND);
    expect("discover:0001 NO_SERVICE");
    troth_wifi_client_open(&client);
    a_service(2); /* another one of that family */
    for (uint8_t id = 2; id <= 6; id++)
        a_characteristic(id, TROTH_PROP_WRITE, 0);
    ok();
    expect("discover:0001 NO_SERVICE");
    assert_int_equal(troth_wifi_client_status(&client), TROTH_STATE);
    assert_int_equal(troth_wifi_client_erase(&client), TROTH_STATE);
    struct troth_wifi w = home(TROTH_WIFI_AUTO, "open sesame");
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_STATE);
}

static void test_open_with_a_characteristic_missing(void **state)
{
    (void)state;
    for (uint8_t without = 2; without <= 6; without++) {
        fresh(state);
        troth_wifi_client_open(&client);
        a_service(1);
        for (uint8_t id = 2; id <= 6; id++)
            if (id != without)
                a_characteristic(id, TROTH_PROP_WRITE | TROTH_PROP_READ, 0);
        ok();
        if (without == TROTH_WIFI_SECURITY) {
            expect("discover:0001 read:20");
            value("\0", 1);
            struct troth_wifi w = home(TROTH_WIFI_WPA3_SAE, "open sesame");
            assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_UNSUPPORTED);
            w.security = TROTH_WIFI_AUTO;
            assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_OK);
            ok();
            ok();
            expect("[IDLE] DONE write:12=home write:14=open sesame write:18=01");
        } else {
            expect("discover:0001 NO_CHARACTERISTIC");
            assert_int_equal(last.missing, without);
            assert_string_not_equal(troth_wifi_characteristic_name(without), "(unknown)");
        }
    }
}

static void test_of_two_services_the_first(void **state)
{
    (void)state;
    troth_wifi_client_open(&client);
    the_service(false);
    a_service(1);
    for (uint8_t id = 2; id <= 6; id++)
        a_characteristic(id, TROTH_PROP_WRITE | TROTH_PROP_NOTIFY, 100);
    a_descriptor(0x2902, 199);
    ok();
    ok();
    expect("discover:0001 subscribe:21=1 read:20");
}

static void test_the_status_s_descriptor_is_told_from_those_of_others(void **state)
{
    /* Each with its characteristic, or all after all characteristics. */
    for (int after = 0; after < 2; after++) {
        fresh(state);
        troth_wifi_client_open(&client);
        a_service(1);
        for (int turn = 0; turn <= after; turn++) {
            for (uint8_t id = 2; id <= 7; id++) {
                uint16_t at = (uint16_t)(100 + 4 * id);
                if (turn == 0)
                    a_characteristic(id, TROTH_PROP_WRITE | TROTH_PROP_NOTIFY | TROTH_PROP_READ,
                                     (uint16_t)(at - 2 * id - 8));
                if (turn == after) {
                    a_descriptor(0x2901, (uint16_t)(at + 1));
                    a_descriptor(0x2902, (uint16_t)(at + 2));
                }
            }
        }
        ok();
        expect("discover:0001 subscribe:126=1");
    }
    fresh(state); /* without Notify there is nothing to subscribe to */
    troth_wifi_client_open(&client);
    a_service(1);
    for (uint8_t id = 2; id <= 6; id++)
        a_characteristic(id, TROTH_PROP_WRITE | TROTH_PROP_READ, 0);
    a_descriptor(0x2902, 21);
    ok();
    expect("discover:0001 read:20");
}

static void test_open_that_is_refused(void **state)
{
    (void)state;
    troth_wifi_client_open(&client);
    the_service(false);
    ok();
    done(TROTH_FAILED, TROTH_ATT_INSUFFICIENT_AUTHENTICATION);
    expect("discover:0001 subscribe:21=1 REFUSED");
    assert_int_equal(last.att_error, TROTH_ATT_INSUFFICIENT_AUTHENTICATION);
    assert_int_equal(last.missing, TROTH_WIFI_STATUS);
}

static void test_a_strange_status(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        uint16_t len;
    } rows[] = {{"", 0}, {"\5", 1}, {"\xff", 1}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fresh(state);
        troth_wifi_client_open(&client);
        the_service(false);
        ok();
        ok();
        value(rows[i].octets, rows[i].len);
        expect("discover:0001 subscribe:21=1 read:20 STRANGE_STATUS");
    }
    fresh(state);
    open_it(false);
    notified(20, 9); /* is ignored: nothing asked for it */
    expect("");
    provision_accepted();
    pass(5000);
    value("\x7f", 1);
    expect("read:20 STRANGE_STATUS");
    troth_wifi_client_status(&client);
    ok(); /* a read without a value */
    expect("read:20 STRANGE_STATUS");
}

static void test_opened_again_it_forgets_what_it_found(void **state)
{
    (void)state;
    open_it(true);
    troth_wifi_client_open(&client);
    ok();
    expect("discover:0001 NO_SERVICE");
    assert_int_equal(troth_wifi_client_status(&client), TROTH_STATE);
    troth_wifi_client_open(&client);
    a_service(1);
    for (uint8_t id = 2; id <= 6; id++)
        a_characteristic(id, TROTH_PROP_WRITE | TROTH_PROP_READ, 100);
    ok();
    value("\1", 1);
    expect("discover:0001 read:120 [PROVISIONED] DONE");
    troth_wifi_client_close(&client);
    assert_int_equal(troth_wifi_client_status(&client), TROTH_STATE);
    open_it(false);
}

static void test_other_uuids_are_not_ours(void **state)
{
    (void)state;
    troth_wifi_client_open(&client);
    a_service(1);
    struct troth_event e = {.type = TROTH_EV_GATT_CHARACTERISTIC, .link = LINK};
    e.u.characteristic.value_handle = 99;
    e.u.characteristic.properties = TROTH_PROP_NOTIFY;
    for (int i = 0; i < 16; i++) { /* the status's, but for one octet */
        e.u.characteristic.uuid = uuid_of(TROTH_WIFI_STATUS);
        e.u.characteristic.uuid.b[i] ^= 0x80;
        troth_wifi_client_feed(&client, &e);
    }
    e.u.characteristic.uuid = uuid_of(TROTH_WIFI_STATUS);
    e.u.characteristic.uuid.len = 2;
    troth_wifi_client_feed(&client, &e);
    e.u.characteristic.uuid = uuid_of(TROTH_WIFI_SERVICE);
    troth_wifi_client_feed(&client, &e);
    for (size_t i = 0; i < sizeof client.handle / sizeof *client.handle; i++)
        assert_int_equal(client.handle[i], 0);
    the_service(false);
    ok();
    assert_int_equal(client.handle[TROTH_WIFI_STATUS], 0); /* a second service: not looked at */
}

/* ---- status and erase ---- */

static void test_status(void **state)
{
    (void)state;
    open_it(true);
    troth_wifi_client_status(&client);
    value("\3", 1);
    value("\0\0\x09\4home", 8);
    expect("read:20 [CONNECTED] read:22 DONE");
    assert_int_equal(last.details.flags, TROTH_WIFI_ONLINE | TROTH_WIFI_STORED);
    notified(20, 2); /* told without any operation */
    expect("[CONNECTING]");
}

static void test_erase(void **state)
{
    (void)state;
    open_it(false);
    assert_int_equal(troth_wifi_client_erase(&client), TROTH_OK);
    expect("write:18=02");
    ok();
    notified(20, 0);
    expect("[IDLE] DONE");

    troth_wifi_client_erase(&client); /* IDLE comes before the acknowledgement */
    notified(20, 0);
    ok();
    expect("write:18=02 [IDLE] DONE");

    troth_wifi_client_erase(&client);
    ok();
    notified(20, 4);
    expect("write:18=02 [FAILED] DEVICE_FAILED");

    troth_wifi_client_erase(&client);
    ok();
    pass(5000);
    value("\4", 1); /* still the status before: the store takes its time */
    expect("write:18=02 read:20");
    pass(5000);
    value("\0", 1);
    expect("read:20 [IDLE] DONE");

    troth_wifi_client_erase(&client);
    ok();
    out[0] = 0;
    disconnected();
    expect("LINK_LOST");
    assert_non_null(strstr(troth_wifi_client_words(&last), "may have erased"));
}

static void status_again(void)
{
    on_done = NULL;
    assert_int_equal(troth_wifi_client_status(&client), TROTH_OK);
}

static void test_the_next_operation_from_the_callback(void **state)
{
    (void)state;
    open_it(false);
    on_done = status_again;
    troth_wifi_client_status(&client);
    value("\0", 1);
    expect("read:20 DONE read:20");
    value("\0", 1);
    expect("DONE");
}

static void test_every_result_has_words(void **state)
{
    (void)state;
    for (uint8_t op = 0; op <= TROTH_WIFI_OP_ERASE; op++)
        for (uint8_t r = 0; r <= TROTH_WIFI_LOCAL; r++)
            for (uint8_t s = 0; s <= 5; s++) {
                struct troth_wifi_client_event e = {.type = TROTH_WIFI_EV_DONE,
                                                    .op = (enum troth_wifi_op)op,
                                                    .result = (enum troth_wifi_result)r,
                                                    .state = s};
                assert_true(strlen(troth_wifi_client_words(&e)) >= 4);
                assert_string_not_equal(troth_wifi_result_name(r), "(unknown)");
            }
    assert_string_equal(troth_wifi_result_name(99), "(unknown)");
    assert_string_equal(troth_wifi_characteristic_name(99), "(unknown)");
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(test_open),
        T(test_open_without_the_service),
        T(test_open_with_a_characteristic_missing),
        T(test_of_two_services_the_first),
        T(test_the_status_s_descriptor_is_told_from_those_of_others),
        T(test_open_that_is_refused),
        T(test_a_strange_status),
        T(test_opened_again_it_forgets_what_it_found),
        T(test_other_uuids_are_not_ours),
        T(test_status),
        T(test_erase),
        T(test_the_next_operation_from_the_callback),
        T(test_every_result_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
