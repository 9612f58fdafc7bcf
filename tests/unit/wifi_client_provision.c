/* The provisioning client: credentials given, and everything that can happen to that. */
#include "unit/wifi_client_peer.h"

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

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
