/* The provisioning client against a GATT client that does as it is told: the peer is this file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/wifi_client.h>

#define LINK 7

static char out[32768]; /* procedures asked for and events told, in order */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t at = strlen(out);
    va_list args;
    va_start(args, format);
    if (at)
        out[at++] = ' ';
    vsnprintf(out + at, sizeof out - at, format, args);
    va_end(args);
}

static void expect_at(int line, const char *words)
{
    if (strcmp(out, words) != 0)
        fail_msg("line %d:\n  expected %s\n  got      %s", line, words, out);
    out[0] = 0;
}
#define expect(words) expect_at(__LINE__, words)

/* ---- the GATT client, replaced ---- */

static int gatt_result;

static int asked(void)
{
    return gatt_result;
}

int troth_gatt_discover_service(struct troth_host *h, troth_link link,
                                const struct troth_uuid *uuid)
{
    (void)h;
    assert_int_equal(link, LINK);
    assert_int_equal(uuid->len, 16);
    note("discover:%02x%02x", uuid->b[13], uuid->b[12]);
    return asked();
}

int troth_gatt_read(struct troth_host *h, troth_link link, uint16_t handle)
{
    (void)h;
    (void)link;
    note("read:%u", handle);
    return asked();
}

static struct troth_level link_level = {.key_size = 16};

struct troth_level troth_link_level(const struct troth_host *h, troth_link link)
{
    (void)h;
    (void)link;
    return link_level;
}

int troth_gatt_write(struct troth_host *h, troth_link link, uint16_t handle, const uint8_t *data,
                     uint16_t len)
{
    (void)h;
    (void)link;
    if (handle == 12 || handle == 14)
        note("write:%u=%.*s", handle, len, (const char *)data);
    else
        note("write:%u=%02x", handle, data[0]);
    return asked();
}

int troth_gatt_subscribe(struct troth_host *h, troth_link link, uint16_t ccc, uint16_t bits)
{
    (void)h;
    (void)link;
    note("subscribe:%u=%u", ccc, bits);
    return asked();
}

const char *troth_att_error_words(uint8_t error)
{
    (void)error;
    return "an ATT error";
}

/* ---- the client's side ---- */

static struct troth_wifi_client client;
static struct troth_wifi_client_event last;
static void (*on_done)(void);
static troth_ms now;

static void event(void *ctx, const struct troth_wifi_client_event *e)
{
    (void)ctx;
    if (e->type == TROTH_WIFI_EV_STATUS) {
        note("[%s]", troth_prov_state_name(e->state));
        return;
    }
    last = *e;
    note("%s", troth_wifi_result_name(e->result));
    assert_true(strlen(troth_wifi_client_words(e)) > 3);
    if (on_done)
        on_done();
}

static int fresh(void **state)
{
    (void)state;
    struct troth_wifi_client_config cfg = {.link = LINK, .event = event};
    memset(&client, 0xa5, sizeof client);
    troth_wifi_client_init(&client, &cfg);
    memset(&last, 0, sizeof last);
    out[0] = 0;
    gatt_result = TROTH_OK;
    link_level = (struct troth_level){.key_size = 16, .mitm = true, .sc = true};
    on_done = NULL;
    now = 5000;
    return 0;
}

static void pass(uint32_t ms)
{
    troth_ms end = now + ms;
    for (;;) {
        troth_ms d = troth_wifi_client_deadline(&client);
        if (d > end)
            break;
        if (d > now)
            now = d;
        troth_wifi_client_tick(&client, now);
    }
    now = end;
    troth_wifi_client_tick(&client, now);
}

/* ---- the peer's side ---- */

static void done(int result, uint8_t att_error)
{
    struct troth_event e = {.type = TROTH_EV_GATT_DONE, .link = LINK};
    e.u.done.result = result;
    e.u.done.att_error = att_error;
    troth_wifi_client_feed(&client, &e);
}

static void ok(void)
{
    done(TROTH_OK, 0);
}

static void value(const char *octets, uint16_t len)
{
    struct troth_event e = {.type = TROTH_EV_GATT_VALUE, .link = LINK};
    e.u.value.data = (const uint8_t *)octets;
    e.u.value.len = len;
    troth_wifi_client_feed(&client, &e);
    ok();
}

static void notified(uint16_t handle, char state)
{
    struct troth_event e = {.type = TROTH_EV_GATT_NOTIFICATION, .link = LINK};
    e.u.value.handle = handle;
    e.u.value.data = (const uint8_t *)&state;
    e.u.value.len = 1;
    troth_wifi_client_feed(&client, &e);
}

static void disconnected(void)
{
    struct troth_event e = {.type = TROTH_EV_DISCONNECTED, .link = LINK};
    troth_wifi_client_feed(&client, &e);
}

static struct troth_uuid uuid_of(uint8_t id)
{
    struct troth_uuid u = TROTH_WIFI_GATT_UUID(0);
    u.b[12] = id;
    return u;
}

static void a_service(uint8_t id)
{
    struct troth_event e = {.type = TROTH_EV_GATT_SERVICE, .link = LINK};
    e.u.service.uuid = uuid_of(id);
    troth_wifi_client_feed(&client, &e);
}

/* Characteristic id: its value at 10 + id + base, a CCC behind it where it notifies. */
static void a_characteristic(uint8_t id, uint8_t properties, uint16_t base)
{
    struct troth_event e = {.type = TROTH_EV_GATT_CHARACTERISTIC, .link = LINK};
    e.u.characteristic.uuid = uuid_of(id);
    e.u.characteristic.properties = properties;
    e.u.characteristic.value_handle = (uint16_t)(base + 2 * id + 8);
    troth_wifi_client_feed(&client, &e);
}

static void a_descriptor(uint16_t uuid, uint16_t handle)
{
    struct troth_event e = {.type = TROTH_EV_GATT_DESCRIPTOR, .link = LINK};
    e.u.descriptor.uuid = (struct troth_uuid)TROTH_UUID16(uuid);
    e.u.descriptor.handle = handle;
    troth_wifi_client_feed(&client, &e);
}

/* SSID 12, Password 14, Security 16, Control 18, Status 20 (CCC 21), Details 22 (CCC 23). */
static void the_service(bool details)
{
    a_service(1);
    for (uint8_t id = 2; id <= 5; id++)
        a_characteristic(id, TROTH_PROP_WRITE, 0);
    a_characteristic(6, TROTH_PROP_READ | TROTH_PROP_NOTIFY, 0);
    a_descriptor(0x2902, 21);
    if (details) {
        a_characteristic(7, TROTH_PROP_READ | TROTH_PROP_NOTIFY, 0);
        a_descriptor(0x2902, 23);
    }
}

static void open_it(bool details)
{
    assert_int_equal(troth_wifi_client_open(&client), TROTH_OK);
    the_service(details);
    ok();
    ok();
    value("\0", 1);
    if (details)
        value("\0\0\0\0", 4);
    assert_int_equal(last.result, TROTH_WIFI_DONE);
    out[0] = 0;
}

static struct troth_wifi home(uint8_t security, const char *password)
{
    struct troth_wifi w = {.ssid = {4, {'h', 'o', 'm', 'e'}}, .security = security};
    w.password.len = (uint8_t)strlen(password);
    memcpy(w.password.b, password, strlen(password));
    return w;
}

static void provision(void)
{
    struct troth_wifi w = home(TROTH_WIFI_AUTO, "open sesame");
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_OK);
}

static void provision_accepted(void)
{
    provision();
    for (int i = 0; i < 4; i++)
        ok();
    out[0] = 0;
}

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

/* ---- provisioning ---- */

static void test_provision_a_device_like_the_sample(void **state)
{
    (void)state;
    open_it(false);
    provision();
    expect("write:12=home");
    ok();
    expect("write:14=open sesame");
    ok();
    expect("write:16=ff");
    ok();
    expect("write:18=01");
    ok();
    expect("");
    notified(20, 2);
    notified(20, 3);
    expect("[CONNECTING] [CONNECTED] DONE");
    assert_int_equal(last.op, TROTH_WIFI_OP_PROVISION);
    assert_false(last.details.known);
}

static void test_statuses_before_the_acknowledgement(void **state)
{
    (void)state;
    open_it(false);
    provision();
    ok();
    ok();
    ok();
    out[0] = 0;
    notified(20, 2);
    notified(20, 3);
    expect("[CONNECTING] [CONNECTED]");
    ok();
    expect("DONE");

    provision();
    ok();
    ok();
    ok();
    out[0] = 0;
    notified(20, 4); /* a request that cannot work fails at once */
    ok();
    expect("[FAILED] DEVICE_FAILED");

    provision();
    ok();
    ok();
    ok();
    out[0] = 0;
    notified(20, 3); /* of the network before: no CONNECTING since the request */
    ok();
    expect("[CONNECTED]");
    notified(20, 2);
    notified(20, 4);
    expect("[CONNECTING] [FAILED] DEVICE_FAILED");
}

static void test_a_status_before_the_request_does_not_count(void **state)
{
    (void)state;
    open_it(false);
    provision();
    notified(20, 4);
    ok();
    ok();
    ok();
    ok();
    expect("write:12=home [FAILED] write:14=open sesame write:16=ff write:18=01");
    notified(20, 2);
    notified(20, 3);
    expect("[CONNECTING] [CONNECTED] DONE");
}

static void test_a_failure_without_reason_still_has_words(void **state)
{
    (void)state;
    open_it(false);
    provision_accepted();
    notified(20, 2);
    notified(20, 4);
    expect("[CONNECTING] [FAILED] DEVICE_FAILED");
    assert_non_null(strstr(troth_wifi_client_words(&last), "password"));
    assert_null(troth_wifi_client_kept_words(&last));
}

static void test_a_failure_with_details(void **state)
{
    (void)state;
    open_it(true);
    provision_accepted();
    notified(20, 2);
    notified(20, 4);
    expect("[CONNECTING] [FAILED] read:22");
    value("\1\0\x0e\3old", 7);
    expect("DEVICE_FAILED");
    assert_true(last.details.known);
    assert_int_equal(last.details.reason, TROTH_NET_WRONG_PASSWORD);
    assert_string_equal(troth_wifi_client_words(&last),
                        troth_net_reason_words(TROTH_NET_WRONG_PASSWORD));
    assert_int_equal(last.details.ssid.len, 3);
    assert_memory_equal(last.details.ssid.b, "old", 3);
    assert_non_null(strstr(troth_wifi_client_kept_words(&last), "rejoining"));
    last.details.flags |= TROTH_WIFI_ONLINE;
    assert_null(strstr(troth_wifi_client_kept_words(&last), "rejoining"));
}

static void test_details_that_cannot_be_had_are_done_without(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        uint16_t len;
        bool known;
    } rows[] = {
        {"", 0, false},
        {"\1\0\0", 3, false},
        {"\1\0\0\4abc", 7, false},
        {"\1\0\0\x20"
         "12345678901234567890123456789012",
         36, true},
        {"\1\0\0\x21"
         "123456789012345678901234567890123",
         37, false},
        {"\1\0\0\0", 4, true},
        {"\1\0\0\3abcmore", 11, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fresh(state);
        open_it(true);
        provision_accepted();
        notified(20, 4);
        value(rows[i].octets, rows[i].len);
        assert_int_equal(last.result, TROTH_WIFI_DEVICE_FAILED);
        assert_int_equal(last.details.known, rows[i].known);
    }
    fresh(state);
    open_it(true);
    provision_accepted();
    notified(20, 3);
    done(TROTH_FAILED, TROTH_ATT_UNLIKELY_ERROR);
    assert_int_equal(last.result, TROTH_WIFI_DONE);
    provision_accepted();
    notified(20, 3);
    disconnected();
    assert_int_equal(last.result, TROTH_WIFI_DONE);
    assert_int_equal(last.op, TROTH_WIFI_OP_PROVISION);
}

static void test_lost_notifications_are_made_up_by_reading(void **state)
{
    (void)state;
    open_it(false);
    provision_accepted();
    pass(5000);
    expect("read:20");
    value("\2", 1);
    expect("[CONNECTING]");
    pass(5000);
    value("\2", 1); /* no news */
    pass(5000);
    expect("read:20 read:20");
    value("\3", 1);
    expect("[CONNECTED] DONE");
}

static void test_how_often_it_reads_is_the_callers(void **state)
{
    (void)state;
    client.cfg.poll_ms = 0;
    struct troth_wifi_client_config cfg = client.cfg;
    cfg.poll_ms = 700;
    cfg.follow_ms = 1000;
    troth_wifi_client_init(&client, &cfg);
    open_it(false);
    provision_accepted();
    pass(699);
    expect("");
    pass(1);
    expect("read:20");
    value("\2", 1);
    out[0] = 0;
    pass(300); /* the last look */
    expect("read:20");
    notified(20, 3); /* the outcome comes while looking */
    expect("[CONNECTED]");
    pass(10000); /* the read is never answered */
    expect("DONE");
    done(TROTH_OK, 0);
    assert_true(troth_wifi_client_deadline(&client) == TROTH_NEVER);
}

static void test_the_last_look_of_a_busy_link(void **state)
{
    (void)state;
    open_it(false);
    provision_accepted();
    gatt_result = TROTH_BUSY;
    pass(120000 + 10000);
    assert_int_equal(last.result, TROTH_WIFI_TIMED_OUT);
    assert_true(troth_wifi_client_deadline(&client) == TROTH_NEVER);
}

static void test_the_outcome_comes_while_reading(void **state)
{
    (void)state;
    open_it(true);
    provision_accepted();
    pass(5000);
    notified(20, 2);
    notified(20, 4);
    expect("read:20 [CONNECTING] [FAILED]");
    value("\4", 1);
    expect("read:22");
    value("\1\0\0\0", 4);
    expect("DEVICE_FAILED");
}

static void test_a_device_that_tells_no_end(void **state)
{
    (void)state;
    open_it(false);
    provision_accepted();
    for (int i = 0; i < 23; i++) {
        pass(5000);
        value("\2", 1);
    }
    out[0] = 0;
    pass(5000); /* 120 s: a last look */
    expect("read:20");
    value("\2", 1);
    expect("TIMED_OUT");

    provision_accepted();
    for (int i = 0; i < 23; i++) {
        pass(5000);
        value("\2", 1);
    }
    pass(5000);
    out[0] = 0;
    value("\3", 1); /* just in time */
    expect("[CONNECTED] DONE");
}

static void test_a_peer_that_answers_nothing(void **state)
{
    (void)state;
    troth_wifi_client_open(&client);
    pass(119999);
    expect("discover:0001");
    pass(1);
    expect("TIMED_OUT");
    assert_int_equal(troth_wifi_client_open(&client), TROTH_BUSY); /* its procedure still runs */
    done(TROTH_STATE, 0);
    expect("");
    assert_int_equal(troth_wifi_client_open(&client), TROTH_OK);
    /* The last look is bounded too. */
    fresh(state);
    open_it(false);
    provision_accepted();
    pass(5000);
    pass(200000);
    expect("read:20 TIMED_OUT");
}

static void test_refusals_name_what_was_refused(void **state)
{
    (void)state;
    static const struct {
        int at;
        uint8_t error, on;
        const char *says;
    } rows[] = {
        {0, TROTH_ATT_INVALID_OFFSET, TROTH_WIFI_SSID, "ATT_MTU"},
        {0, TROTH_ATT_INVALID_LENGTH, TROTH_WIFI_SSID, "too long"},
        {0, TROTH_ATT_INSUFFICIENT_RESOURCES, TROTH_WIFI_SSID, "too many"},
        {1, TROTH_ATT_INSUFFICIENT_ENCRYPTION, TROTH_WIFI_PASSWORD, "an ATT error"},
        {2, TROTH_ATT_VALUE_NOT_ALLOWED, TROTH_WIFI_SECURITY, "security"},
        {3, TROTH_ATT_PROCEDURE_IN_PROGRESS, TROTH_WIFI_CONTROL, "busy"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fresh(state);
        open_it(false);
        provision();
        for (int n = 0; n < rows[i].at; n++)
            ok();
        done(TROTH_FAILED, rows[i].error);
        assert_int_equal(last.result, TROTH_WIFI_REFUSED);
        assert_int_equal(last.att_error, rows[i].error);
        assert_int_equal(last.missing, rows[i].on);
        assert_non_null(strstr(troth_wifi_client_words(&last), rows[i].says));
    }
}

/* Whatever the device would take: a stranger asks for nothing. */
static void test_credentials_need_a_protected_link(void **state)
{
    (void)state;
    struct troth_wifi w = home(TROTH_WIFI_WPA2_PSK, "long enough");
    open_it(false);
    link_level = (struct troth_level){0};
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_FAILED);
    link_level = (struct troth_level){.key_size = 16, .sc = true};
    client.cfg.require_mitm = true;
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_FAILED);
    expect("");
    link_level.mitm = true;
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_OK);
}

static void test_and_in_clear_only_if_asked_to(void **state)
{
    (void)state;
    struct troth_wifi w = home(TROTH_WIFI_WPA2_PSK, "long enough");
    open_it(false);
    link_level = (struct troth_level){0};
    client.cfg.allow_plaintext = true;
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_OK);
}

static void test_credentials_that_cannot_work_are_not_sent(void **state)
{
    (void)state;
    open_it(false);
    struct troth_wifi w = home(TROTH_WIFI_WPA2_PSK, "short");
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_INVALID);
    w.ssid.len = 0;
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_INVALID);
    expect("");
    w = home(TROTH_WIFI_OPEN, "");
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_OK);
    ok();
    ok(); /* the empty password is written: another may be staged */
    expect("write:12=home write:14= write:16=00");
}

static bool remembers(const char *secret)
{
    for (size_t i = 0; i + strlen(secret) <= sizeof client; i++)
        if (memcmp((const char *)&client + i, secret, strlen(secret)) == 0)
            return true;
    return false;
}

static void test_the_password_is_wiped_however_it_ends(void **state)
{
    for (int end = 0; end < 5; end++) {
        fresh(state);
        open_it(false);
        provision();
        assert_true(remembers("sesame"));
        switch (end) {
        case 0:
            ok();
            ok(); /* sent */
            break;
        case 1:
            done(TROTH_FAILED, TROTH_ATT_UNLIKELY_ERROR);
            break;
        case 2:
            disconnected();
            break;
        case 3:
            pass(120000);
            break;
        case 4:
            troth_wifi_client_close(&client);
            break;
        }
        assert_false(remembers("sesame"));
    }
}

/* ---- the link, and our own side ---- */

static void test_a_lost_link_ends_the_operation_at_every_step(void **state)
{
    for (int at = 0; at < 5; at++) {
        for (int how = 0; how < 2; how++) {
            fresh(state);
            open_it(false);
            provision();
            for (int i = 0; i < at; i++)
                ok();
            out[0] = 0;
            if (how && at < 4) {
                done(TROTH_STATE, 0);
                expect("LINK_LOST");
                disconnected();
                expect("");
            } else {
                disconnected();
                expect("LINK_LOST");
            }
            pass(300000);
            expect("");
            assert_int_equal(troth_wifi_client_status(&client), TROTH_STATE);
        }
    }
}

static void test_a_busy_link_is_tried_again(void **state)
{
    (void)state;
    gatt_result = TROTH_BUSY;
    troth_wifi_client_open(&client);
    pass(99);
    expect("discover:0001");
    gatt_result = TROTH_OK;
    pass(1);
    expect("discover:0001");
    the_service(false);
    ok();
    expect("subscribe:21=1");
    /* for ever: until the time is over */
    fresh(state);
    gatt_result = TROTH_BUSY;
    troth_wifi_client_open(&client);
    pass(200000);
    assert_int_equal(last.result, TROTH_WIFI_TIMED_OUT);
}

static void test_our_own_refusals(void **state)
{
    (void)state;
    gatt_result = TROTH_INVALID;
    troth_wifi_client_open(&client);
    expect("discover:0001 LOCAL");
    assert_int_equal(last.local, TROTH_INVALID);
    gatt_result = TROTH_NOT_FOUND;
    troth_wifi_client_open(&client);
    expect("discover:0001 LINK_LOST");
    gatt_result = TROTH_OK;
    troth_wifi_client_open(&client);
    done(TROTH_FULL, 0);
    expect("discover:0001 LOCAL");
    assert_int_equal(last.local, TROTH_FULL);
    assert_int_equal(last.missing, TROTH_WIFI_SERVICE);
    troth_wifi_client_open(&client);
    done(TROTH_FAILED, TROTH_ATT_UNLIKELY_ERROR);
    expect("discover:0001 REFUSED");
}

static void test_events_of_others_are_ignored(void **state)
{
    (void)state;
    open_it(false);
    ok(); /* a procedure of somebody else on this link */
    notified(22, 3);
    struct troth_event other = {.type = TROTH_EV_DISCONNECTED, .link = LINK + 1};
    troth_wifi_client_feed(&client, &other);
    provision();
    troth_wifi_client_feed(&client, &other);
    expect("write:12=home");
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
        T(test_provision_a_device_like_the_sample),
        T(test_statuses_before_the_acknowledgement),
        T(test_a_status_before_the_request_does_not_count),
        T(test_a_failure_without_reason_still_has_words),
        T(test_a_failure_with_details),
        T(test_details_that_cannot_be_had_are_done_without),
        T(test_lost_notifications_are_made_up_by_reading),
        T(test_how_often_it_reads_is_the_callers),
        T(test_the_last_look_of_a_busy_link),
        T(test_the_outcome_comes_while_reading),
        T(test_a_device_that_tells_no_end),
        T(test_a_peer_that_answers_nothing),
        T(test_refusals_name_what_was_refused),
        T(test_credentials_need_a_protected_link),
        T(test_and_in_clear_only_if_asked_to),
        T(test_credentials_that_cannot_work_are_not_sent),
        T(test_the_password_is_wiped_however_it_ends),
        T(test_a_lost_link_ends_the_operation_at_every_step),
        T(test_a_busy_link_is_tried_again),
        T(test_our_own_refusals),
        T(test_events_of_others_are_ignored),
        T(test_status),
        T(test_erase),
        T(test_the_next_operation_from_the_callback),
        T(test_every_result_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
