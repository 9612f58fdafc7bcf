/* The provisioning session: its course, and each hole of the sample it must not have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/prov_bench.h"

/* ---- the plain course ---- */

static void test_at_first_idle_and_reachable(void **state)
{
    (void)state;
    power_on();
    expect("open(start) IDLE");
    pass(3600000);
    expect("");
    assert_true(status().window);
}

static void test_connect_joins_then_stores_then_says_connected(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    connect_to(1, "home");
    expect("CONNECTING attempt1 join:home");
    assert_int_equal(tried.u.wifi.security, TROTH_WIFI_WPA2_PSK);
    assert_int_equal(status().attempts_left, 3);
    join_ok();
    expect("save:home");
    assert_int_equal(status().state, TROTH_PROV_CONNECTING);
    stored(true);
    expect("stored CONNECTED");
    struct troth_prov_status s = status();
    assert_true(s.online && s.stored && !s.kept);
    assert_int_equal(s.kind, TROTH_NET_WIFI);
    assert_int_equal(s.attempts_left, 0);
    assert_false(remembers(&prov.fresh, sizeof prov.fresh, "sesame"));
    assert_true(troth_prov_deadline(&prov) == TROTH_NEVER);
    assert_ssid(s.ssid, "home");
    assert_string_equal(s.info.address, "192.0.2.1");
    pass(3600000);
    expect("");
}

static void test_at_start_stored_credentials_are_used(void **state)
{
    (void)state;
    joined_to_old();
    power_on();
    expect("open(start) CONNECTING attempt1 join:old");
    assert_memory_equal(&tried, &in_store, sizeof tried);
    assert_int_equal(status().attempts_left, 3);
    join_ok();
    expect("CONNECTED");
    assert_true(status().stored);
    in_store.u.wifi.security = TROTH_WIFI_AUTO; /* stored by somebody else */
    power_on();
    assert_int_equal(tried.u.wifi.security, TROTH_WIFI_WPA2_PSK);
}

static void test_at_start_retries_are_bounded_then_slow_for_ever(void **state)
{
    (void)state;
    joined_to_old();
    power_on();
    out[0] = 0;
    join_no(TROTH_NET_NOT_FOUND);
    expect("missed1(NOT_FOUND)2");
    assert_int_equal(status().reason, TROTH_NET_NOT_FOUND);
    pass(999);
    expect("");
    pass(1);
    expect("attempt2 join:old");
    join_no(TROTH_NET_NOT_FOUND);
    pass(2000);
    expect("missed2(NOT_FOUND)1 attempt3 join:old");
    join_no(TROTH_NET_TIMEOUT);
    expect("missed3(TIMEOUT)0 FAILED(NOT_FOUND)");
    for (int i = 4; i < 300; i++) {
        pass(59999);
        expect("");
        pass(1);
        out[0] = 0;
        join_no(TROTH_NET_NOT_FOUND);
        assert_int_equal(status().state, TROTH_PROV_FAILED);
        out[0] = 0;
    }
    pass(60000);
    out[0] = 0;
    join_ok();
    expect("CONNECTED");
}

static void test_damaged_stored_credentials_are_none(void **state)
{
    (void)state;
    joined_to_old();
    in_store.u.wifi.ssid.len = 77;
    power_on();
    expect("open(start) IDLE");
}

/* ---- the holes of the sample ---- */

static void test_hole_a_typo_does_not_strand_the_device(void **state)
{
    (void)state;
    joined_to_old();
    connect_to(2, "new");
    expect("CONNECTING attempt1 join:new");
    join_no(TROTH_NET_WRONG_PASSWORD);
    pass(1000);
    join_no(TROTH_NET_WRONG_PASSWORD);
    pass(2000);
    expect("missed1(WRONG_PASSWORD)2 attempt2 join:new missed2(WRONG_PASSWORD)1 attempt3 join:new");
    join_no(TROTH_NET_WRONG_PASSWORD);
    expect("missed3(WRONG_PASSWORD)0 FAILED(WRONG_PASSWORD) attempt1 join:old");
    assert_true(status().kept && status().returning && !status().online);
    assert_ssid(status().ssid, "old");
    assert_false(remembers(&prov.fresh, sizeof prov.fresh, "sesame"));
    join_ok();
    expect("kept");
    /* FAILED stays for its writer, who may read it late; the network is there nevertheless. */
    assert_int_equal(status().state, TROTH_PROV_FAILED);
    assert_int_equal(status().reason, TROTH_NET_WRONG_PASSWORD);
    assert_true(status().kept && !status().returning && status().online && status().stored);
    troth_prov_gone(&prov, 3); /* another one */
    expect("");
    troth_prov_gone(&prov, 2);
    expect("CONNECTED");
    assert_false(status().kept);
    assert_ssid(in_store.u.wifi.ssid, "old");
}

static void test_after_a_failure_whose_writer_left_the_status_moves_on(void **state)
{
    (void)state;
    joined_to_old();
    connect_to(2, "new");
    troth_prov_gone(&prov, 2);
    out[0] = 0;
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    expect("missed1(UNSUPPORTED_SECURITY)0 FAILED(UNSUPPORTED_SECURITY) attempt1 join:old");
    join_ok();
    expect("kept CONNECTED");
}

static void test_the_writer_leaves_before_the_earlier_network_is_back(void **state)
{
    (void)state;
    joined_to_old();
    connect_to(2, "new");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    out[0] = 0;
    troth_prov_gone(&prov, 2);
    expect("");
    join_ok();
    expect("kept CONNECTED");
}

static void test_a_failed_first_try_leaves_nothing_and_the_window_open(void **state)
{
    (void)state;
    config.close_ble_after_connect = true;
    power_on();
    out[0] = 0;
    connect_to(1, "new");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    expect("CONNECTING attempt1 join:new missed1(UNSUPPORTED_SECURITY)0 "
           "FAILED(UNSUPPORTED_SECURITY) leave");
    assert_false(status().kept);
    assert_int_equal(status().kind, 0);
    pass(3600000);
    expect("");
    assert_true(status().window);
    assert_int_equal(in_store.kind, 0);
    connect_to(1, "new");
    expect("CONNECTING attempt1 join:new");
}

static void test_hole_a_late_result_of_the_first_does_not_touch_the_second(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "first");
    uint32_t first = joining;
    out[0] = 0;
    connect_to(1, "second");
    expect("CONNECTING attempt1 join:second");
    net_says(TROTH_NET_JOIN_FAILED, first, TROTH_NET_WRONG_PASSWORD);
    net_says(TROTH_NET_JOINED, first, TROTH_NET_OK);
    net_says(TROTH_NET_LOST, first, TROTH_NET_LINK_LOST);
    net_says(TROTH_NET_LEFT, first, TROTH_NET_OK);
    expect("");
    join_ok();
    stored(true);
    expect("save:second stored CONNECTED");
    net_says(TROTH_NET_LOST, first, TROTH_NET_LINK_LOST);
    net_says(TROTH_NET_JOINED, joining, TROTH_NET_OK); /* twice */
    net_says(TROTH_NET_JOIN_FAILED, joining, TROTH_NET_OTHER);
    expect("");
}

static void test_hole_a_late_result_after_an_erase_changes_nothing(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "home");
    uint32_t first = joining;
    assert_int_equal(troth_prov_erase(&prov, 1), TROTH_OK);
    net_says(TROTH_NET_JOINED, first, TROTH_NET_OK);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    stored(true);
    out[0] = 0;
    net_says(TROTH_NET_JOINED, first, TROTH_NET_OK);
    net_says(TROTH_NET_JOIN_FAILED, first, TROTH_NET_OTHER);
    expect("");
    assert_int_equal(status().state, TROTH_PROV_IDLE);
}

static void test_a_result_after_its_attempt_timed_out_is_late(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "home");
    pass(20000);
    out[0] = 0;
    join_ok();
    expect("");
    pass(1000);
    expect("attempt2 join:home");
}

static void test_hole_without_any_event_it_does_not_stay_connecting(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    connect_to(1, "home");
    pass(19999);
    expect("CONNECTING attempt1 join:home");
    pass(1);
    expect("missed1(TIMEOUT)2");
    pass(21000);
    expect("attempt2 join:home missed2(TIMEOUT)1");
    pass(22000);
    expect("attempt3 join:home missed3(TIMEOUT)0 FAILED(TIMEOUT) leave");
}

static void test_the_hard_timeout_ends_a_try_of_many_attempts(void **state)
{
    (void)state;
    config.attempts = 100;
    config.try_ms = 30000;
    power_on();
    out[0] = 0;
    connect_to(1, "home");
    join_no(TROTH_NET_WRONG_PASSWORD);
    pass(29999);
    expect("CONNECTING attempt1 join:home missed1(WRONG_PASSWORD)99 attempt2 join:home "
           "missed2(TIMEOUT)98 attempt3 join:home");
    pass(1);
    expect("FAILED(WRONG_PASSWORD) leave");                 /* the most telling reason */
    assert_true(troth_prov_deadline(&prov) > now + 200000); /* but for the window nothing runs */
    connect_to(1, "home");
    out[0] = 0;
    pass(30000); /* the reason is this try's, not the one's before */
    expect("missed1(TIMEOUT)99 attempt2 join:home FAILED(TIMEOUT) leave");
}

static void test_the_hard_timeout_between_attempts(void **state)
{
    (void)state;
    config.try_ms = 1500;
    config.retry_ms = 2000;
    power_on();
    connect_to(1, "home");
    pass(10); /* the clock is known */
    join_no(TROTH_NET_NOT_FOUND);
    pass(0);
    assert_true(troth_prov_deadline(&prov) == now + 1490);
    out[0] = 0;
    pass(3600000);
    expect("FAILED(NOT_FOUND) leave");
}

static void test_hole_erase_leaves_forgets_says_idle_then_the_bonds_go(void **state)
{
    (void)state;
    joined_to_old();
    stage(2, "secret name", TROTH_WIFI_AUTO, "secret word");
    assert_int_equal(troth_prov_erase(&prov, 2), TROTH_OK);
    expect("leave erase");
    assert_int_equal(status().state, TROTH_PROV_CONNECTED); /* until it is true */
    assert_false(remembers(&prov, sizeof prov, "secret"));
    assert_false(remembers(&prov, sizeof prov, "sesame"));
    assert_false(remembers(&prov, sizeof prov, "old"));
    assert_int_equal(troth_prov_erase(&prov, 3), TROTH_BUSY);
    assert_int_equal(troth_prov_connect(&prov, 3), TROTH_BUSY);
    assert_false(status().stored);
    net_says(TROTH_NET_LEFT, joining, TROTH_NET_OK); /* of an earlier leave */
    stored(true);
    expect("");
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    expect("IDLE erased:2");
    assert_int_equal(in_store.kind, 0);
    assert_true(troth_prov_deadline(&prov) == TROTH_NEVER);
    pass(3600000);
    expect("");
    power_on();
    expect("open(start) IDLE");
}

static void test_erase_goes_on_when_the_backend_never_says_left(void **state)
{
    (void)state;
    joined_to_old();
    troth_prov_erase(&prov, 2);
    stored(true);
    troth_prov_gone(&prov, 2);
    pass(4999);
    expect("leave erase");
    pass(1);
    expect("IDLE erased:0"); /* the eraser left: nobody's bond goes last */
}

static void test_erase_when_there_is_nothing(void **state)
{
    (void)state;
    store_at_once = true;
    power_on();
    out[0] = 0;
    for (int i = 0; i < 2; i++) {
        troth_prov_erase(&prov, 2);
        expect("leave erase"); /* the second time too it waits for the network */
        net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
        expect("IDLE erased:2");
    }
    leave_result = TROTH_FAILED; /* no backend: nothing is joined */
    troth_prov_erase(&prov, 2);
    expect("leave erase IDLE erased:2");
}

static void test_erase_with_a_save_behind_the_one_in_flight(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "first");
    join_ok();
    connect_to(1, "second");
    join_ok(); /* its save waits for the first's */
    out[0] = 0;
    troth_prov_erase(&prov, 1);
    stored(true);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    stored(true);
    expect("leave erase IDLE erased:1");
    assert_int_equal(in_store.kind, 0);
}

static void test_erase_during_each_stage(void **state)
{
    enum { CONNECTING, BETWEEN, SAVING, REJOINING, LOST, ROLLBACK, STAGES };
    for (int at = 0; at < STAGES; at++) {
        fresh(state);
        joined_to_old();
        uint32_t saving = 0;
        switch (at) {
        case CONNECTING:
            connect_to(2, "new");
            break;
        case BETWEEN:
            connect_to(2, "new");
            join_no(TROTH_NET_NOT_FOUND);
            break;
        case SAVING:
            connect_to(2, "new");
            join_ok();
            saving = store_serial;
            break;
        case REJOINING:
            power_on();
            break;
        case LOST:
            net_lost();
            break;
        case ROLLBACK:
            connect_to(2, "new");
            join_no(TROTH_NET_UNSUPPORTED_SECURITY);
            break;
        }
        out[0] = 0;
        uint32_t before = joining;
        assert_int_equal(troth_prov_erase(&prov, 2), TROTH_OK);
        if (saving) {
            /* A save in flight ends first: the erase must be the last word. */
            expect("leave");
            in_store = to_store;
            troth_prov_stored(&prov, saving, true);
            expect("erase");
        } else {
            expect("leave erase");
        }
        net_says(TROTH_NET_JOINED, before, TROTH_NET_OK);
        net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
        stored(true);
        expect("IDLE erased:2");
        assert_int_equal(in_store.kind, 0);
        assert_false(remembers(&prov, sizeof prov, "sesame"));
        assert_false(status().kept || status().returning || status().online);
        assert_true(troth_prov_deadline(&prov) == TROTH_NEVER);
        pass(3600000);
        expect("");
    }
}

static void test_erase_that_the_store_refuses_is_told(void **state)
{
    (void)state;
    joined_to_old();
    connect_to(2, "new"); /* the attempts of a try are not those of the erase */
    join_no(TROTH_NET_TIMEOUT);
    pass(1000);
    out[0] = 0;
    troth_prov_erase(&prov, 2);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    expect("leave erase");
    stored(false);
    pass(1000);
    expect("erase");
    pass(10000); /* no answer at all */
    pass(1000);
    expect("erase");
    stored(false);
    expect("FAILED(NOT_STORED) unerased:2");
    pass(3600000);
    expect("");
    assert_int_equal(troth_prov_erase(&prov, 2), TROTH_OK); /* may be tried again */
    stored(true);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    expect("leave erase IDLE erased:2");
}

static void test_hole_loss_is_reported_and_rejoined(void **state)
{
    (void)state;
    joined_to_old();
    net_lost();
    expect("lost(LINK_LOST) CONNECTING(LINK_LOST)");
    assert_false(status().online);
    pass(1000);
    expect("attempt1 join:old");
    join_ok();
    expect("CONNECTED");
}

static void test_the_reason_of_a_loss_is_not_that_of_an_earlier_one(void **state)
{
    (void)state;
    config.attempts = 1;
    joined_to_old();
    net_lost();
    pass(1000);
    join_no(TROTH_NET_NOT_FOUND);
    pass(60000);
    join_ok();
    net_lost();
    pass(1000);
    out[0] = 0;
    join_no(TROTH_NET_TIMEOUT);
    expect("missed1(TIMEOUT)0 FAILED(TIMEOUT)");
}

static void test_loss_while_saving(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "home");
    join_ok();
    out[0] = 0;
    net_lost();
    expect("lost(LINK_LOST)");
    stored(true);
    pass(1000);
    expect("stored attempt1 join:home");
    join_ok();
    expect("CONNECTED");
}

static void test_loss_that_the_backend_missed_to_say(void **state)
{
    (void)state;
    joined_to_old();
    assert_int_equal(troth_prov_refresh(&prov), TROTH_OK);
    net_says(TROTH_NET_STATUS, asked + 1, TROTH_NET_OK); /* nobody's */
    expect("ask");
    struct troth_net_info other = {.rssi = -77};
    memset(other.address, 'x', sizeof other.address);
    troth_net_status(&sink, asked, &other);
    expect("info");
    assert_int_equal(status().info.rssi, -77);
    assert_int_equal(strlen(status().info.address), sizeof other.address - 1);
    troth_net_status(&sink, asked, NULL); /* twice */
    expect("");
    troth_prov_refresh(&prov);
    struct troth_net_report none = {.type = TROTH_NET_STATUS, .id = asked};
    sink.report(sink.ctx, &none);
    expect("ask lost(LINK_LOST) CONNECTING(LINK_LOST)");
    sink.report(sink.ctx, &none); /* again: nothing asked it */
    expect("");
}

static void test_hole_the_window_reopens_when_the_network_is_lost_for_long(void **state)
{
    (void)state;
    config.close_ble_after_connect = true;
    power_on();
    out[0] = 0;
    connect_to(1, "home");
    join_ok();
    stored(true);
    expect("CONNECTING attempt1 join:home save:home stored CONNECTED shut(join)");
    net_lost();
    pass(30000);
    join_ok(); /* back before it is long */
    out[0] = 0;
    pass(3600000);
    expect("");
    assert_false(status().window);
    net_lost();
    join_result = TROTH_FAILED; /* at once: the deadline is seldom the join's */
    pass(59999);
    assert_false(status().window);
    assert_true(troth_prov_deadline(&prov) == now + 1);
    pass(1);
    assert_true(status().window);
    join_result = TROTH_OK;
    static const struct troth_net_report ok = {.type = TROTH_NET_JOINED};
    at_once = &ok;
    pass(120000);
    assert_non_null(strstr(out, "CONNECTED shut(join)"));
    assert_false(status().window);
}

static void test_hole_the_window_reopens_on_request(void **state)
{
    (void)state;
    config.close_ble_after_connect = true;
    joined_to_old();
    assert_int_equal(troth_prov_open_window(&prov, 0), TROTH_OK);
    expect("open(request)");
    pass(299999);
    expect("");
    pass(1);
    expect("shut(expiry)");
    troth_prov_open_window(&prov, 5000);
    expect("open(request)");
    net_lost();
    out[0] = 0;
    pass(5000);
    assert_true(status().window); /* no network: it stays */
    out[0] = 0;
    join_ok();
    expect("CONNECTED shut(join)");
}

static void test_after_a_typo_the_window_stays_a_while(void **state)
{
    (void)state;
    config.close_ble_after_connect = true;
    joined_to_old();
    assert_false(status().window);
    connect_to(2, "new");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    expect("CONNECTING attempt1 join:new missed1(UNSUPPORTED_SECURITY)0 "
           "FAILED(UNSUPPORTED_SECURITY) open(failure) attempt1 join:old");
    join_ok();
    troth_prov_gone(&prov, 2);
    expect("kept CONNECTED");
    assert_true(status().window);
    pass(300000);
    expect("shut(expiry)");
}

static void test_after_an_erase_the_window_is_open(void **state)
{
    (void)state;
    config.close_ble_after_connect = true;
    joined_to_old();
    troth_prov_erase(&prov, 2);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    stored(true);
    expect("leave erase IDLE erased:2 open(erase)");
}

static void test_hole_binary_names_and_what_802_11_requires(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    stage(1, "aXb", TROTH_WIFI_AUTO, "");
    troth_prov_stage(&prov, 1)->u.wifi.ssid.b[1] = 0;
    troth_prov_connect(&prov, 1);
    assert_int_equal(tried.u.wifi.ssid.len, 3);
    assert_memory_equal(tried.u.wifi.ssid.b, "a\0b", 3);
    assert_int_equal(tried.u.wifi.security, TROTH_WIFI_OPEN);
    static const struct {
        const char *ssid;
        uint8_t security;
        const char *password, *out;
    } rows[] = {
        {"", TROTH_WIFI_AUTO, "", "FAILED(NO_NETWORK_GIVEN)"},
        {"n", TROTH_WIFI_WPA2_PSK, "", "FAILED(BAD_PASSWORD)"},
        {"n", TROTH_WIFI_WPA3_SAE, "", "FAILED(BAD_PASSWORD)"},
        {"n", TROTH_WIFI_AUTO, "7654321", "FAILED(BAD_PASSWORD)"},
        {"n", 4, "87654321", "FAILED(UNSUPPORTED_SECURITY)"},
        {"n", TROTH_WIFI_OPEN, "87654321", "CONNECTING attempt1 join:n"},
        {"n", TROTH_WIFI_WPA2_PSK, "87654321", "CONNECTING attempt1 join:n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        fresh(state);
        power_on();
        out[0] = 0;
        stage(1, rows[i].ssid, rows[i].security, rows[i].password);
        assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
        expect(rows[i].out);
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(test_at_first_idle_and_reachable),
        T(test_connect_joins_then_stores_then_says_connected),
        T(test_at_start_stored_credentials_are_used),
        T(test_at_start_retries_are_bounded_then_slow_for_ever),
        T(test_damaged_stored_credentials_are_none),
        T(test_hole_a_typo_does_not_strand_the_device),
        T(test_after_a_failure_whose_writer_left_the_status_moves_on),
        T(test_the_writer_leaves_before_the_earlier_network_is_back),
        T(test_a_failed_first_try_leaves_nothing_and_the_window_open),
        T(test_hole_a_late_result_of_the_first_does_not_touch_the_second),
        T(test_hole_a_late_result_after_an_erase_changes_nothing),
        T(test_a_result_after_its_attempt_timed_out_is_late),
        T(test_hole_without_any_event_it_does_not_stay_connecting),
        T(test_the_hard_timeout_ends_a_try_of_many_attempts),
        T(test_the_hard_timeout_between_attempts),
        T(test_hole_erase_leaves_forgets_says_idle_then_the_bonds_go),
        T(test_erase_goes_on_when_the_backend_never_says_left),
        T(test_erase_when_there_is_nothing),
        T(test_erase_with_a_save_behind_the_one_in_flight),
        T(test_erase_during_each_stage),
        T(test_erase_that_the_store_refuses_is_told),
        T(test_hole_loss_is_reported_and_rejoined),
        T(test_the_reason_of_a_loss_is_not_that_of_an_earlier_one),
        T(test_loss_while_saving),
        T(test_loss_that_the_backend_missed_to_say),
        T(test_hole_the_window_reopens_when_the_network_is_lost_for_long),
        T(test_hole_the_window_reopens_on_request),
        T(test_after_a_typo_the_window_stays_a_while),
        T(test_after_an_erase_the_window_is_open),
        T(test_hole_binary_names_and_what_802_11_requires),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
