/* Scans that are held and paged, resets, other networks, other writers: what takes several turns. */
#include "unit/protocomm_asks.h"

/* ---- scans ---- */

static void found_ap(const char *ssid, int8_t rssi, uint8_t security)
{
    struct troth_scan_result r = {.kind = WIFI,
                                  .channel = 1,
                                  .rssi = rssi,
                                  .security = security,
                                  .bssid = {2, 0, 0, 0, 0, 1}};
    r.ssid.len = (uint8_t)strlen(ssid);
    memcpy(r.ssid.b, ssid, r.ssid.len);
    troth_net_scan_result(&net_sink, scan_id, &r);
}
static void scan_over(void)
{
    unsigned was = response.count;
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(response.count, was + 1);
    opened();
}

static void wifi_scan(void **state)
{
    (void)state;
    up(2, WIFI);
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_BUSY);
    found_ap("net0", -40, TROTH_WIFI_WPA2_PSK);
    scan_over();
    response_is(vector("resp_wifi_scan_start_success"));
    turn(SCAN, vector("wifi_scan_status_req"), "08036a0408011001");
    turn(SCAN, "080472021001", vector("resp_wifi_scan_result_1"));
    /* more than are kept: the strongest, in order */
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_BUSY);
    for (unsigned i = 0; i < 20; i++) {
        char ssid[33];
        snprintf(ssid, sizeof ssid, "%032u", i);
        found_ap(ssid, (int8_t)(i % 2 ? -100 + (int)i : -50 - (int)i), TROTH_WIFI_WPA3_SAE);
    }
    found_ap("", -1, TROTH_WIFI_OPEN); /* hidden: nobody can pick it */
    found_ap("weakest", -120, TROTH_WIFI_OPEN);
    troth_net_scan_result(&net_sink, scan_id, &(struct troth_scan_result){.kind = THREAD});
    scan_over();
    assert_int_equal(query(ASK(SCAN_STATUS, WIFI, .start = 0)), TROTH_OK);
    assert_true(answer.u.scan.finished);
    assert_int_equal(answer.u.scan.count, 16);
    int8_t last = 0;
    for (uint32_t at = 0; at < 16; at += 4) {
        assert_int_equal(query(ASK(SCAN_PAGE, WIFI, .start = at, .count = 4)), TROTH_OK);
        assert_int_equal(response.len, 241); /* the most four can take: it fits 256, sealed */
        assert_int_equal(answer.u.page.count, 4);
        for (unsigned i = 0; i < 4; i++) {
            const struct troth_scan_result *r = &answer.u.page.result[i];
            assert_true(r->rssi <= last);
            last = r->rssi;
            assert_int_equal(r->ssid.len, 32);
            assert_int_equal(r->security, TROTH_WIFI_WPA3_SAE);
            assert_int_equal(answer.u.page.auth_mode[i], 6);
        }
    }
    assert_int_equal(last, -91);
    /* what is not there is no page, and none is empty */
    static const char *const none[] = {"0804720408101001",     "080472020810",
                                       "0804720408011010",     "08047200",
                                       "08047206ffffffff0f10", "0804720c08ffffffff0f10ffffffff0f"};
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++)
        assert_true(send_hex(SCAN, none[i], TROTH_FAILED));
}

static void held_scans(void **state)
{
    (void)state;
    up(2, WIFI);
    /* no longer than a transport waits */
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_BUSY);
    unsigned was = response.count;
    pass(24999);
    assert_int_equal(response.count, was);
    pass(1);
    assert_int_equal(response.count, was + 1);
    opened();
    response_is(vector("resp_wifi_scan_start_success"));
    assert_int_equal(query(ASK(SCAN_STATUS, WIFI, .start = 0)), TROTH_OK);
    assert_true(answer.u.scan.finished);
    pass(10000);
    /* not held: the status tells when */
    turn(SCAN, "08005200", vector("resp_wifi_scan_start_success"));
    assert_int_equal(query(ASK(SCAN_STATUS, WIFI, .start = 0)), TROTH_OK);
    assert_false(answer.u.scan.finished);
    turn(SCAN, "08005200", vector("resp_wifi_scan_start_success")); /* it runs: nothing new */
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(query(ASK(SCAN_STATUS, WIFI, .start = 0)), TROTH_OK);
    assert_true(answer.u.scan.finished);
    /* a scan that fails, later and at once */
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_BUSY);
    was = response.count;
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_BACKEND_GONE);
    assert_int_equal(response.count, was + 1);
    opened();
    response_is("080110055a00");
    scan_answer = TROTH_FAILED;
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_FAILED);
    assert_int_equal(answer.status, TROTH_PROTOCOMM_INTERNAL_ERROR);
    /* the client goes while it is held; the next finds a device in order */
    scan_answer = TROTH_OK;
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_BUSY);
    troth_protocomm_gone(&pc, 1);
    assert_int_equal(response.result, TROTH_STALE);
    session_up(2);
    assert_int_equal(query(ASK(SCAN, WIFI, .start = 0)), TROTH_BUSY); /* the same scan */
    found_ap("net0", -40, TROTH_WIFI_WPA2_PSK);
    scan_over();
    assert_int_equal(query(ASK(SCAN_PAGE, WIFI, .start = 0, .count = 1)), TROTH_OK);
}

static void thread_scan(void **state)
{
    (void)state;
    up(2, THREAD);
    assert_int_equal(query(ASK(SCAN, THREAD, .start = 0)), TROTH_BUSY);
    const struct troth_scan_result r = {
        .kind = THREAD,
        .channel = 15,
        .rssi = -50,
        .lqi = 9,
        .thread = {0x1234, {0xde, 0xad, 0, 0xbe, 0xef, 0, 0xca, 0xfe}, {10, "OpenThread"}},
        .ext_addr = {1, 1, 1, 1, 1, 1, 1, 1}};
    troth_net_scan_result(&net_sink, scan_id, &r);
    scan_over();
    response_is("08078a0100");
    turn(SCAN, vector("thread_scan_status_req"), "08099a010408011001");
    turn(SCAN, "080aa201021001", vector("resp_thread_scan_result_1"));
    assert_int_equal(query(ASK(SCAN_PAGE, THREAD, .start = 0, .count = 1)), TROTH_OK);
    assert_memory_equal(&answer.u.page.result[0].thread, &r.thread, sizeof r.thread);
    assert_int_equal(answer.u.page.result[0].lqi, 9);
    assert_int_equal(answer.u.page.result[0].rssi, -50);
}

/* ---- reset and reprovisioning ---- */

static void resets(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    turn(CTRL, vector("wifi_ctrl_reset"), vector("resp_ctrl_wifi_reset_success")); /* nothing to */
    turn(CTRL, vector("wifi_ctrl_reprov"), "080410057200"); /* it stops by itself */
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    turn(CTRL, vector("wifi_ctrl_reset"), "080210056200"); /* while it runs */
    for (unsigned n = 0; n < 3; n++) {
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_NOT_FOUND);
        pass(4000);
    }
    state_is(FAILED);
    unsigned was = response.count;
    assert_false(send_hex(CTRL, vector("wifi_ctrl_reset"), TROTH_OK));
    troth_net_left(&net_sink, leave_id);
    assert_int_equal(response.count, was + 1);
    opened();
    response_is(vector("resp_ctrl_wifi_reset_success"));
    state_is(CONNECTING);
    turn(CONFIG, vector("wifi_apply"), "08057a020805");
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    net_joined();
    turn(CTRL, vector("wifi_ctrl_reset"), "080210056200"); /* what works is not forgotten so */
    state_is(CONNECTED);
    /* an erase that takes longer than a transport waits */
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    for (unsigned n = 0; n < 3; n++) {
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_NOT_FOUND);
        pass(4000);
    }
    was = response.count;
    assert_false(send_hex(CTRL, vector("wifi_ctrl_reset"), TROTH_OK));
    pc.hold_timer.at = now + 100;
    pass(100);
    assert_int_equal(response.count, was + 1);
    opened();
    response_is("080210056200");
    troth_net_left(&net_sink, leave_id);
    assert_int_equal(response.count, was + 1);
    turn(CONFIG, vector("wifi_get_status"), vector("resp_wifi_status_connecting_min"));
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    net_joined();
    state_is(CONNECTED);
}

static void reprovisioning(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd"), net1 = wifi("net1", "passw0rd");
    device(2, WIFI);
    cfg.keep_running = true;
    device_start();
    session_up(1);
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    net_joined();
    state_is(CONNECTED);
    tolds = 0;
    pass(100000);
    assert_int_equal(tolds, 0); /* no stop */
    turn(CTRL, vector("wifi_ctrl_reprov"), vector("resp_ctrl_wifi_reprov_success"));
    state_is(CONNECTING); /* the network in use is not the answer any longer */
    assert_int_equal(set_and_apply(&net1), TROTH_OK);
    for (unsigned n = 0; n < 3; n++) {
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_NOT_FOUND);
        pass(4000);
    }
    /* The earlier network is joined again, and the status still tells of the one applied. */
    state_is(FAILED);
    net_joined();
    assert_true(prov.online);
    state_is(FAILED);
    session_up(2); /* also to whoever asks next */
    state_is(FAILED);
    assert_int_equal(answer.u.status.why, TROTH_PROTOCOMM_WHY_NOT_FOUND);
    up(2, THREAD);
    turn(CTRL, vector("thread_ctrl_reset"), vector("resp_ctrl_thread_reset_success"));
    pc.cfg.keep_running = true;
    turn(CTRL, vector("thread_ctrl_reprov"), vector("resp_ctrl_thread_reprov_success"));
}

/* Whoever does not ask is not waited for. */
static void stops_unasked(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    net_joined();
    tolds = 0;
    pass(29999);
    assert_int_equal(tolds, 0);
    pass(1);
    assert_int_equal(tolds, 1);
    assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_STOP);
}

/* A backend that knows the answer at once. */
static int joins_at_once(void *ctx, uint32_t id, const struct troth_credentials *c)
{
    int r = net_join(ctx, id, c);
    net_joined();
    return r;
}

static void stops_after_a_join_at_once(void **state)
{
    (void)state;
    static const struct troth_net_ops quick = {joins_at_once, net_leave, net_scan, NULL};
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    net.ops = &quick;
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    state_is(CONNECTED);
    tolds = 0;
    pass(1000);
    assert_int_equal(tolds, 1);
    assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_STOP);
}

/*
 * What was set goes with its session, and that may tell of the network that is joined: who then stops
 * provisioning is within the end of a session.
 */
static void stops_when_connected(void *ctx, const struct troth_prov_event *event)
{
    on_prov(ctx, event);
    if (event->type == TROTH_PROV_EV_STATE && event->state == TROTH_PROV_CONNECTED)
        troth_protocomm_stop(&pc);
}

static void stopped_by_the_end_of_a_session(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    net_joined();
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    for (unsigned n = 0; n < 3; n++) {
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_NOT_FOUND);
        pass(4000);
    }
    net_joined(); /* the network before; the status still tells of the failure */
    state_is(FAILED);
    assert_int_equal(prov.state, TROTH_PROV_FAILED);
    assert_false(send_hex(SCAN, vector("wifi_scan_start_default"), TROTH_OK));
    prov.cfg.event = stops_when_connected;
    unsigned was = response.count;
    tolds = 0;
    troth_protocomm_gone(&pc, pc.session);
    assert_int_equal(prov.state, TROTH_PROV_CONNECTED);
    assert_int_equal(response.count, was + 1);
    assert_int_equal(response.result, TROTH_STALE);
    assert_int_equal(tolds, 1);
    assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_ENDED);
}

/* What one client set and did not apply is not the next one's; another protocol's try is not ours. */
static void others(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    assert_int_equal(query(ASK(SET, WIFI, .credentials = &net0)), TROTH_OK);
    session_up(2);
    turn(CONFIG, vector("wifi_apply"), "08057a020805");
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    *troth_prov_stage(&prov, 7) = wifi("other", "passw0rd");
    assert_int_equal(troth_prov_connect(&prov, 7), TROTH_OK);
    net_joined();
    assert_int_equal(prov.state, TROTH_PROV_CONNECTED);
    state_is(FAILED); /* joined, but not to what was applied */
    /* nor when ours had been joined before */
    up(2, WIFI);
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    net_joined();
    *troth_prov_stage(&prov, 7) = wifi("other", "passw0rd");
    assert_int_equal(troth_prov_connect(&prov, 7), TROTH_OK);
    net_joined();
    state_is(FAILED);
    /* the same where nothing was applied is a fact */
    up(2, WIFI);
    *troth_prov_stage(&prov, 7) = wifi("other", "passw0rd");
    assert_int_equal(troth_prov_connect(&prov, 7), TROTH_OK);
    net_joined();
    state_is(CONNECTED);
    assert_memory_equal(answer.u.status.ssid.b, "other", 5);
}

static void other_tries(const char *ssid)
{
    *troth_prov_stage(&prov, 7) = wifi(ssid, "passw0rd");
    assert_int_equal(troth_prov_connect(&prov, 7), TROTH_OK);
}

static void fails_for_good(void)
{
    for (unsigned n = 0; n < 3; n++) {
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_NOT_FOUND);
        pass(4000);
    }
}

static void stops_after(uint32_t ms)
{
    tolds = 0;
    pass(ms - 1);
    assert_int_equal(tolds, 0);
    pass(1);
    assert_int_equal(tolds, 1);
    assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_STOP);
    pass(200000);
    assert_int_equal(tolds, 1);
}

/* A device is provisioned by whichever protocol: it stops, once. */
static void others_provision(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    other_tries("other");
    net_joined();
    stops_after(30000);
    troth_net_lost(&net_sink, join_id, TROTH_NET_LINK_LOST); /* and is back: nothing new */
    pass(1000);
    net_joined();
    pass(200000);
    assert_int_equal(tolds, 1);
    /* a client that asks learns of it, and is waited for no longer */
    up(2, WIFI);
    other_tries("other");
    net_joined();
    pass(10000);
    state_is(CONNECTED);
    stops_after(1000);
    /* after ours had failed, or while it ran */
    up(2, WIFI);
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    fails_for_good();
    other_tries("other");
    net_joined();
    stops_after(30000);
    up(2, WIFI);
    assert_int_equal(set_and_apply(&net0), TROTH_OK);
    other_tries("other");
    net_joined();
    stops_after(30000);
    /* one after the other: from the last on */
    up(2, WIFI);
    other_tries("other");
    net_joined();
    pass(20000);
    other_tries("another");
    tolds = 0;
    pass(15000);
    assert_int_equal(tolds, 0);
    net_joined();
    stops_after(30000);
}

/* Where nothing was provisioned, or what was is forgotten, there is nothing to stop for. */
static void does_not_stop(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    other_tries("other");
    fails_for_good();
    tolds = 0;
    pass(200000);
    assert_int_equal(tolds, 0);
    for (unsigned ours = 0; ours < 2; ours++) {
        up(2, WIFI);
        if (ours)
            assert_int_equal(set_and_apply(&net0), TROTH_OK);
        else
            other_tries("other");
        net_joined();
        assert_int_equal(troth_prov_erase(&prov, 7), TROTH_OK);
        troth_net_left(&net_sink, leave_id);
        assert_int_equal(prov.state, TROTH_PROV_IDLE);
        tolds = 0;
        pass(200000);
        assert_int_equal(tolds, 0);
    }
    /* what was stored is joined again: that was long ago */
    device(2, WIFI);
    device_start();
    const struct troth_prov_config p = {.net = &net, .event = on_prov};
    troth_prov_init(&prov, &p);
    troth_prov_start(&prov, &net0);
    net_joined();
    assert_int_equal(prov.state, TROTH_PROV_CONNECTED);
    pass(200000);
    assert_int_equal(tolds, 0);
    /* a device that keeps running */
    device(2, WIFI);
    cfg.keep_running = true;
    device_start();
    other_tries("other");
    net_joined();
    pass(200000);
    assert_int_equal(tolds, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wifi_scan),
        cmocka_unit_test(held_scans),
        cmocka_unit_test(thread_scan),
        cmocka_unit_test(resets),
        cmocka_unit_test(reprovisioning),
        cmocka_unit_test(stops_unasked),
        cmocka_unit_test(stops_after_a_join_at_once),
        cmocka_unit_test(stopped_by_the_end_of_a_session),
        cmocka_unit_test(others),
        cmocka_unit_test(others_provision),
        cmocka_unit_test(does_not_stop),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
