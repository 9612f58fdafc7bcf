/* The provisioning session: requests that cannot work or cross, stores and backends that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/prov_bench.h"

/* ---- requests that cannot work ---- */

static void test_connect_with_nothing_staged(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
    expect("FAILED(NO_NETWORK_GIVEN)");
    troth_prov_connect(&prov, 1);
    expect("FAILED(NO_NETWORK_GIVEN)"); /* told again: somebody waits for it */
    assert_false(status().kept);        /* there is nothing to keep */
}

static void test_a_useless_request_leaves_the_network_alone(void **state)
{
    (void)state;
    config.close_ble_after_connect = true;
    joined_to_old();
    stage(2, "new", TROTH_WIFI_WPA2_PSK, "short");
    troth_prov_connect(&prov, 2);
    expect("FAILED(BAD_PASSWORD) open(failure) kept");
    assert_true(status().online && status().kept);
    troth_prov_gone(&prov, 2);
    expect("CONNECTED");
}

static void test_a_useless_request_during_each_stage(void **state)
{
    joined_to_old();
    connect_to(2, "new");
    out[0] = 0;
    troth_prov_connect(&prov, 3); /* ends the try: the latest request wins */
    expect("FAILED(NO_NETWORK_GIVEN) attempt1 join:old");
    join_ok();
    expect("kept");
    troth_prov_gone(&prov, 3);
    expect("CONNECTED");

    connect_to(2, "new");
    join_ok();
    out[0] = 0;
    troth_prov_connect(&prov, 3); /* while saving: what worked is kept */
    expect("FAILED(NO_NETWORK_GIVEN)");
    assert_false(status().stored);
    stored(true);
    expect("stored");
    troth_prov_gone(&prov, 3);
    expect("CONNECTED");
    assert_ssid(status().ssid, "new");

    connect_to(2, "newer");
    join_ok();
    troth_prov_connect(&prov, 3);
    out[0] = 0;
    troth_prov_gone(&prov, 3); /* before it is stored: not yet */
    expect("");
    stored(true);
    expect("stored CONNECTED");

    fresh(state);
    joined_to_old();
    power_on();
    out[0] = 0;
    troth_prov_connect(&prov, 3); /* at start: the join goes on */
    expect("FAILED(NO_NETWORK_GIVEN)");
    join_no(TROTH_NET_NOT_FOUND);
    assert_int_equal(status().reason, TROTH_NET_NO_NETWORK_GIVEN);
    assert_int_equal(status().attempts_left, 0);
    pass(1000);
    out[0] = 0;
    join_ok();
    expect("");
    troth_prov_gone(&prov, 3);
    expect("CONNECTED");
}

static void test_a_kind_of_network_the_backend_lacks(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    struct troth_credentials *c = troth_prov_stage(&prov, 1);
    c->kind = TROTH_NET_THREAD;
    c->u.thread.len = 10;
    troth_prov_connect(&prov, 1);
    expect("FAILED(UNSUPPORTED_SECURITY)");
}

/* ---- the latest request wins ---- */

static void test_after_a_failure_the_next_try_is_a_new_one(void **state)
{
    (void)state;
    joined_to_old();
    connect_to(2, "new");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    out[0] = 0;
    connect_to(2, "newer"); /* while the old is being rejoined */
    assert_false(status().kept);
    join_ok();
    stored(true);
    expect("CONNECTING attempt1 join:newer save:newer stored CONNECTED");
    assert_false(status().kept || status().returning);
}

static void test_connect_while_saving_keeps_what_worked(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "first");
    join_ok();
    out[0] = 0;
    connect_to(1, "second");
    expect("CONNECTING attempt1 join:second");
    stored(true); /* of the first */
    expect("stored");
    assert_ssid(in_store.u.wifi.ssid, "first");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    expect("missed1(UNSUPPORTED_SECURITY)0 FAILED(UNSUPPORTED_SECURITY) attempt1 join:first");
}

static void test_the_second_works_before_the_first_is_saved(void **state)
{
    (void)state;
    power_on();
    connect_to(1, "first");
    join_ok();
    connect_to(1, "second");
    out[0] = 0;
    join_ok();
    expect(""); /* one store operation at a time */
    stored(true);
    expect("save:second");
    assert_int_equal(status().state, TROTH_PROV_CONNECTING);
    stored(true);
    expect("stored CONNECTED");
    assert_ssid(in_store.u.wifi.ssid, "second");
}

static void test_two_writers_do_not_see_each_others_staging(void **state)
{
    (void)state;
    power_on();
    stage(1, "one", TROTH_WIFI_AUTO, "password one");
    stage(2, "two", TROTH_WIFI_AUTO, "password two");
    troth_prov_connect(&prov, 1);
    assert_ssid(tried.u.wifi.ssid, "one");
    troth_prov_connect(&prov, 2);
    assert_ssid(tried.u.wifi.ssid, "two");
    troth_prov_gone(&prov, 2);
    out[0] = 0;
    troth_prov_connect(&prov, 2);
    assert_non_null(strstr(out, "FAILED(NO_NETWORK_GIVEN)"));
    troth_prov_connect(&prov, 1);
    assert_ssid(tried.u.wifi.ssid, "one");
}

static void test_staging_is_bounded_and_wiped_when_the_writer_goes(void **state)
{
    (void)state;
    power_on();
    for (troth_link w = 1; w <= TROTH_PROV_WRITERS; w++) {
        assert_true(troth_prov_can_stage(&prov, w));
        stage(w, "name", TROTH_WIFI_AUTO, "staged secret");
    }
    assert_false(troth_prov_can_stage(&prov, 99));
    assert_null(troth_prov_stage(&prov, 99));
    assert_true(troth_prov_can_stage(&prov, 1));
    for (troth_link w = 1; w <= TROTH_PROV_WRITERS; w++) {
        assert_true(remembers(&prov, sizeof prov, "staged secret"));
        troth_prov_gone(&prov, w);
    }
    assert_false(remembers(&prov, sizeof prov, "staged secret"));
    assert_non_null(troth_prov_stage(&prov, 99));
}

/* ---- the store ---- */

static void test_a_store_that_fails_or_is_silent_is_told(void **state)
{
    for (int silent = 0; silent < 2; silent++) {
        fresh(state);
        power_on();
        connect_to(1, "home");
        join_ok();
        out[0] = 0;
        if (silent)
            pass(10000);
        else
            stored(false);
        expect("unstored CONNECTED(NOT_STORED)");
        assert_true(status().online && !status().stored);
        assert_int_equal(troth_prov_stored(&prov, store_serial, true), TROTH_STALE);
        net_lost(); /* they worked: they are used while there is power */
        pass(1000);
        expect("lost(LINK_LOST) CONNECTING(LINK_LOST) attempt1 join:home");
        join_ok();
        expect("CONNECTED(NOT_STORED)");
    }
}

static void test_answers_of_the_store_to_nothing_are_stale(void **state)
{
    (void)state;
    power_on();
    assert_int_equal(troth_prov_stored(&prov, 0, true), TROTH_STALE);
    assert_int_equal(troth_prov_stored(&prov, 1, true), TROTH_STALE);
    connect_to(1, "home");
    join_ok();
    assert_int_equal(troth_prov_stored(&prov, store_serial + 1, true), TROTH_STALE);
    stored(true);
    assert_int_equal(troth_prov_stored(&prov, store_serial, true), TROTH_STALE);
}

static void test_without_a_store(void **state)
{
    (void)state;
    config.save = NULL;
    config.erase = NULL;
    power_on();
    out[0] = 0;
    connect_to(1, "home");
    join_ok();
    expect("CONNECTING attempt1 join:home stored CONNECTED");
    troth_prov_erase(&prov, 1);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    expect("leave IDLE erased:1");
}

/* The power is cut after each event of a change of networks, good or bad: never without one. */
static void test_power_loss_at_every_step_leaves_the_old_or_the_new(void **state)
{
    for (int works = 0; works < 2; works++) {
        for (int cut = 0; cut < 8; cut++) {
            fresh(state);
            joined_to_old();
            bool safe = false;
            for (int at = 0; at < cut; at++) {
                switch (at) {
                case 0:
                    stage(2, "new", TROTH_WIFI_AUTO, "open sesame");
                    break;
                case 1:
                    troth_prov_connect(&prov, 2);
                    break;
                case 2:
                    if (works)
                        join_ok();
                    else
                        join_no(TROTH_NET_UNSUPPORTED_SECURITY);
                    break;
                case 3:
                    if (works)
                        stored(true);
                    else
                        join_ok();
                    safe = works;
                    break;
                case 4:
                    troth_prov_gone(&prov, 2);
                    break;
                case 5:
                    net_lost();
                    break;
                case 6:
                    pass(1000);
                    break;
                }
            }
            power_on();
            assert_ssid(tried.u.wifi.ssid, safe ? "new" : "old");
            join_ok();
            assert_int_equal(status().state, TROTH_PROV_CONNECTED);
        }
    }
}

/* ---- backends ---- */

static void test_a_backend_that_is_gone(void **state)
{
    (void)state;
    power_on();
    join_result = TROTH_FAILED;
    out[0] = 0;
    connect_to(1, "home");
    expect("CONNECTING attempt1 join:home missed1(BACKEND_GONE)2");
    pass(3000);
    expect("attempt2 join:home missed2(BACKEND_GONE)1 attempt3 join:home missed3(BACKEND_GONE)0 "
           "FAILED(BACKEND_GONE) leave");
    join_result = TROTH_UNSUPPORTED;
    connect_to(1, "home");
    expect("CONNECTING attempt1 join:home missed1(UNSUPPORTED_SECURITY)0 "
           "FAILED(UNSUPPORTED_SECURITY) leave");
}

static void test_a_backend_that_reports_at_once(void **state)
{
    (void)state;
    static const struct troth_net_report ok = {.type = TROTH_NET_JOINED};
    static const struct troth_net_report no = {.type = TROTH_NET_JOIN_FAILED,
                                               .reason = TROTH_NET_UNSUPPORTED_SECURITY};
    store_at_once = true;
    power_on();
    out[0] = 0;
    at_once = &ok;
    connect_to(1, "home");
    expect("CONNECTING attempt1 join:home save:home stored CONNECTED");
    at_once = &no;
    connect_to(1, "new");
    expect("CONNECTING attempt1 join:new missed1(UNSUPPORTED_SECURITY)0 "
           "FAILED(UNSUPPORTED_SECURITY) attempt1 join:home missed1(UNSUPPORTED_SECURITY)2");
}

static void test_scan(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    assert_int_equal(troth_prov_scan(&prov), TROTH_OK);
    assert_int_equal(troth_prov_scan(&prov), TROTH_BUSY);
    struct troth_scan_result result = {.ssid = {3, {'n', 'e', 't'}}};
    struct troth_scan_result late = {.ssid = {4, {'l', 'a', 't', 'e'}}};
    troth_net_scan_result(&sink, scanned, &result);
    troth_net_scan_result(&sink, scanned + 1, &late);
    troth_net_scan_done(&sink, scanned + 1, TROTH_NET_OTHER);
    troth_net_scan_done(&sink, scanned, TROTH_NET_OK);
    assert_true(troth_prov_deadline(&prov) == TROTH_NEVER);
    troth_net_scan_result(&sink, scanned, &result);
    troth_net_scan_done(&sink, scanned, TROTH_NET_OK);
    expect("scan result:net scanned(OK)");
    troth_prov_scan(&prov);
    pass(30000);
    expect("scan scanned(TIMEOUT)");
    scan_result = TROTH_FAILED;
    troth_prov_scan(&prov);
    expect("scan scanned(BACKEND_GONE)");
    struct troth_net_ops bare = {.join = net_ops.join, .leave = net_ops.leave};
    struct troth_net without = {&bare, NULL, 1u << TROTH_NET_WIFI};
    config.net = &without;
    power_on();
    assert_int_equal(troth_prov_scan(&prov), TROTH_UNSUPPORTED);
    assert_int_equal(troth_prov_refresh(&prov), TROTH_UNSUPPORTED);
}

/* ---- calls from the callback ---- */

static void connect_again_when_failed(const struct troth_prov_event *e)
{
    if (e->type == TROTH_PROV_EV_STATE && e->state == TROTH_PROV_FAILED) {
        on_event = NULL;
        assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
    }
}

static void test_connect_from_the_callback_of_a_failure(void **state)
{
    (void)state;
    joined_to_old();
    on_event = connect_again_when_failed;
    connect_to(1, "new");
    out[0] = 0;
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    /* The rejoin the failure began is overtaken before it reaches the backend. */
    expect("missed1(UNSUPPORTED_SECURITY)0 FAILED(UNSUPPORTED_SECURITY) attempt1 CONNECTING "
           "attempt1 join:new");
    join_ok();
    stored(true);
    assert_int_equal(status().state, TROTH_PROV_CONNECTED);
}

static unsigned busy;
static void greedy(const struct troth_prov_event *e)
{
    (void)e;
    for (int i = 0; i < 20; i++)
        if (troth_prov_connect(&prov, 77) == TROTH_BUSY) /* nothing staged: an event each */
            busy++;
    on_event = NULL;
}

static void test_a_callback_that_asks_too_much_is_told_busy(void **state)
{
    (void)state;
    power_on();
    busy = 0;
    on_event = greedy;
    connect_to(1, "home");
    assert_true(busy > 0);
    connect_to(1, "home");
    join_ok();
    stored(true);
    assert_int_equal(status().state, TROTH_PROV_CONNECTED);
}

/* ---- with the simulated network ---- */

static void test_with_the_simulated_network(void **state)
{
    (void)state;
    struct troth_sim_network table[2] = {
        {.ssid = {3, "old"}, .security = 1, .password = {11, "open sesame"}, .rssi = -40},
        {.ssid = {3, "new"}, .security = 1, .password = {11, "Open Sesame"}, .rssi = -40},
    };
    struct troth_net_sim sim = {.networks = table, .count = 2, .sink = &sink};
    troth_net_sim_init(&sim, now);
    config.net = troth_net_sim_net(&sim);
    store_at_once = true;
    power_on();
    connect_to(1, "old");
    for (int i = 0; i < 2000; i++, now += 10) {
        if (i == 100)
            connect_to(1, "new"); /* mistyped */
        troth_net_sim_tick(&sim, now);
        troth_prov_tick(&prov, now);
    }
    expect("open(start) IDLE CONNECTING attempt1 save:old stored CONNECTED CONNECTING attempt1 "
           "missed1(WRONG_PASSWORD)2 attempt2 missed2(WRONG_PASSWORD)1 attempt3 "
           "missed3(WRONG_PASSWORD)0 FAILED(WRONG_PASSWORD) attempt1 kept");
    assert_ptr_equal(sim.joined, &table[0]);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(test_connect_with_nothing_staged),
        T(test_a_useless_request_leaves_the_network_alone),
        T(test_a_useless_request_during_each_stage),
        T(test_a_kind_of_network_the_backend_lacks),
        T(test_after_a_failure_the_next_try_is_a_new_one),
        T(test_connect_while_saving_keeps_what_worked),
        T(test_the_second_works_before_the_first_is_saved),
        T(test_two_writers_do_not_see_each_others_staging),
        T(test_staging_is_bounded_and_wiped_when_the_writer_goes),
        T(test_a_store_that_fails_or_is_silent_is_told),
        T(test_answers_of_the_store_to_nothing_are_stale),
        T(test_without_a_store),
        T(test_power_loss_at_every_step_leaves_the_old_or_the_new),
        T(test_a_backend_that_is_gone),
        T(test_a_backend_that_reports_at_once),
        T(test_scan),
        T(test_connect_from_the_callback_of_a_failure),
        T(test_a_callback_that_asks_too_much_is_told_busy),
        T(test_with_the_simulated_network),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
