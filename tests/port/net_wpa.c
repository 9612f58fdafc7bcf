/* The wpa_supplicant backend joins, or does not, against a double of its socket. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/wpa_rig.h"

static void joins(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(wpa_double_heard(&r->wpa, "SET_NETWORK 0 ssid 486f6d65"));
    assert_true(wpa_double_heard(&r->wpa, "SET_NETWORK 0 scan_ssid 1"));
    assert_true(wpa_double_heard(&r->wpa, "SET_NETWORK 0 psk \"" NET_RIG_SECRET "\""));
    assert_true(wpa_double_heard(&r->wpa, "SELECT_NETWORK 0"));
    assert_string_equal(r->wpa.network[0].id_str, "\"troth-trying\"");
    wpa_rig_connected(r, 0);
    net_rig_silence(&r->net);
    assert_false(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_string_equal(r->net.info.address, "192.0.2.7");
    assert_int_equal(r->net.info.channel, 6);
    assert_int_equal(r->net.info.rssi, -40);
    assert_int_equal(r->net.info.bssid[5], 9);
    assert_true(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
    assert_string_equal(r->wpa.network[0].id_str, "\"troth\"");
}

static void each_kind(void **state)
{
    static const struct {
        uint8_t security;
        const char *password, *line[3];
    } kinds[] = {
        {TROTH_WIFI_OPEN, "", {"key_mgmt NONE", "auth_alg OPEN", "ieee80211w 0"}},
        {TROTH_WIFI_WPA2_PSK,
         NET_RIG_SECRET,
         {"key_mgmt WPA-PSK WPA-PSK-SHA256", "proto RSN", "ieee80211w 1"}},
        {TROTH_WIFI_WPA2_PSK_SHA256,
         NET_RIG_SECRET,
         {"key_mgmt WPA-PSK-SHA256", "proto RSN", "ieee80211w 1"}},
        {TROTH_WIFI_WPA3_SAE, "a\"b", {"key_mgmt SAE", "sae_password 612262", "ieee80211w 2"}},
        {TROTH_WIFI_WPA2_WPA3,
         NET_RIG_SECRET,
         {"key_mgmt WPA-PSK WPA-PSK-SHA256 SAE", "ieee80211w 1", "psk \"" NET_RIG_SECRET "\""}},
        {TROTH_WIFI_WPA2_PSK,
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF",
         {"psk 0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF", "proto RSN",
          "ieee80211w 1"}},
    };
    struct wpa_rig *r = *state;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct troth_credentials c =
            net_rig_credentials("Home", kinds[i].security, kinds[i].password);
        wpa_double_forget(&r->wpa);
        assert_int_equal(r->net.net->ops->join(r->net.net->ctx, i + 1, &c), TROTH_OK);
        net_rig_run(&r->net);
        for (unsigned k = 0; k < 3; k++) {
            char line[160];
            snprintf(line, sizeof line, "SET_NETWORK 0 %s", kinds[i].line[k]);
            if (!wpa_double_heard(&r->wpa, line))
                fail_msg("not heard: %s, but\n%s", line, r->wpa.said);
        }
        wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" reason=WRONG_KEY");
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, TROTH_NET_WRONG_PASSWORD);
    }
    /* the other way of writing an SSID: any octets */
    struct troth_credentials c = net_rig_credentials("\xff\n\"\\", TROTH_WIFI_OPEN, "");
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 9, &c), TROTH_OK);
    net_rig_run(&r->net);
    assert_true(wpa_double_heard(&r->wpa, "SET_NETWORK 0 ssid ff0a225c"));
}

static void refusals(void **state)
{
    static const struct {
        const char *command;
        uint8_t security;
        enum troth_net_reason reason;
    } cases[] = {
        {"ADD_NETWORK", TROTH_WIFI_WPA2_PSK, TROTH_NET_OTHER},
        {" key_mgmt ", TROTH_WIFI_WPA3_SAE, TROTH_NET_UNSUPPORTED_SECURITY},
        {" ieee80211w ", TROTH_WIFI_WPA3_SAE, TROTH_NET_UNSUPPORTED_SECURITY},
        {" psk ", TROTH_WIFI_WPA2_PSK, TROTH_NET_BAD_PASSWORD},
        {" sae_password ", TROTH_WIFI_WPA3_SAE, TROTH_NET_BAD_PASSWORD},
        {" ssid ", TROTH_WIFI_WPA2_PSK, TROTH_NET_OTHER},
        {"SELECT_NETWORK", TROTH_WIFI_WPA2_PSK, TROTH_NET_OTHER},
    };
    struct wpa_rig *r = *state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        r->wpa.refuse = cases[i].command;
        net_rig_join(&r->net, i + 1, "Home", cases[i].security);
        r->wpa.refuse = NULL;
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].reason);
        net_rig_run(&r->net);
        assert_false(r->wpa.network[0].used);
    }
    r->wpa.refuse = "SAVE_CONFIG"; /* it works all the same, and is said */
    wpa_rig_joined(r, 20, "Home", 0);
    assert_int_equal(r->net.shortcomings, 1);
    assert_non_null(strstr(r->net.words, "update_config=1"));
}

static void wrong_password(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=5 ssid=\"Other\" reason=WRONG_KEY");
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" auth_failures=1 duration=10 "
                     "reason=CONN_FAILED");
    wpa_rig_event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=2 "
                     "status_code=15"); /* of SAE, which was not asked for */
    net_rig_silence(&r->net);
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" auth_failures=1 duration=10 "
                     "reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    assert_true(wpa_double_heard(&r->wpa, "REMOVE_NETWORK 0"));
    assert_false(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
}

static void wrong_password_sae(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA3_SAE);
    wpa_rig_event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=1 "
                     "status_code=76"); /* try again with a token */
    wpa_rig_event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=1 "
                     "status_code=1");
    wpa_rig_event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=0 auth_transaction=2 "
                     "status_code=1");
    net_rig_silence(&r->net);
    wpa_rig_event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=2 "
                     "status_code=1");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
}

static void not_found(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    net_rig_silence(&r->net);
    wpa_rig_event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_NOT_FOUND);
    /* there, and protected otherwise */
    r->wpa.results = "bssid / frequency / signal level / flags / ssid\n"
                     "02:00:00:00:00:09\t2412\t-30\t[WPA2-SAE-CCMP][ESS]\tHome\n";
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    wpa_rig_event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_UNSUPPORTED_SECURITY);
}

static void out_of_time(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 17990);
    net_rig_silence(&r->net);
    net_rig_pass(&r->net, 20);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_TIMEOUT);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NOT_FOUND);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:09 status_code=43");
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 3, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_join(&r->net, 4, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, 0);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 4, TROTH_NET_NO_ADDRESS);
    net_rig_join(&r->net, 5, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, 0);
    wpa_rig_event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 5, TROTH_NET_TIMEOUT);
}

static void old_is_kept(void **state)
{
    struct wpa_rig *r = *state;
    r->wpa.network[0] = (struct wpa_double_network){.used = true, .current = true, .ssid = "Mine"};
    r->wpa.network[1] = (struct wpa_double_network){.used = true, .ssid = "Other"};
    r->wpa.network[2] =
        (struct wpa_double_network){.used = true, .disabled = true, .ssid = "Never"};
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(r->wpa.network[0].disabled);
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=3 ssid=\"Home\" reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    assert_string_equal(r->wpa.network[3].id_str, "\"troth-trying\""); /* for one who is killed */
    net_rig_pass(&r->net,
                 3000); /* another attempt in the meantime does not make it the state before */
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=3 ssid=\"Home\" reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_WRONG_PASSWORD);
    net_rig_pass(&r->net, 4100);
    assert_true(wpa_double_heard(&r->wpa, "SELECT_NETWORK 0"));
    assert_true(wpa_double_heard(&r->wpa, "ENABLE_NETWORK 1 no-connect"));
    assert_false(r->wpa.network[0].disabled);
    assert_false(r->wpa.network[1].disabled);
    assert_true(r->wpa.network[2].disabled);
    assert_false(r->wpa.network[3].used);
    assert_false(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
    /* and what works does not switch them off for good */
    wpa_rig_joined(r, 3, "Home", 3);
    assert_false(r->wpa.network[0].disabled);
    assert_true(r->wpa.network[2].disabled);
}

/* More of other people's than fit into a small queue of requests. */
static void many_others(void **state)
{
    struct wpa_rig *r = *state;
    for (unsigned i = 0; i < 60; i++) {
        r->wpa.network[i] = (struct wpa_double_network){.used = true, .disabled = i == 7};
        snprintf(r->wpa.network[i].ssid, sizeof r->wpa.network[i].ssid, "Mine %u", i);
    }
    r->wpa.network[0].current = true;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(r->wpa.network[59].disabled);
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=60 ssid=\"Home\" reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    net_rig_pass(&r->net, 4100);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(r->wpa.network[i].disabled, i == 7);
    assert_false(r->wpa.network[60].used);
    wpa_rig_joined(r, 2, "Home", 60);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(r->wpa.network[i].disabled, i == 7);
    assert_true(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
}

/* Killed in the middle of an attempt: whom it switched off shall not stay so, least of all saved. */
static void killed_before(void **state)
{
    struct wpa_rig *r = *state;
    for (unsigned can = 0; can < 2; can++) {
        memset(r->wpa.network, 0, sizeof r->wpa.network);
        r->wpa.saved[0] = (struct wpa_double_network){.used = true, .ssid = "Mine"};
        r->wpa.network[0] = r->wpa.saved[0];
        r->wpa.network[0].disabled = true;
        r->wpa.network[1] = (struct wpa_double_network){
            .used = true, .current = true, .ssid = "Home", .id_str = "\"troth-trying\""};
        r->wpa.can_reconfigure = can;
        wpa_rig_joined(r, can + 1, "Home", 1);
        assert_int_equal(r->wpa.network[0].disabled, !can);
        assert_string_equal(r->wpa.network[1].id_str, "\"troth\"");
        assert_true(wpa_double_heard(&r->wpa, "RECONFIGURE"));
        assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, can + 10), TROTH_OK);
        net_rig_run(&r->net);
        net_rig_reported(&r->net, TROTH_NET_LEFT, can + 10, TROTH_NET_OK);
    }
}

/* An SSID is in some events, and says what it likes. */
static void names_in_events(void **state)
{
    struct wpa_rig *r = *state;
    const char *name = "a reason=WRONG_KEY id=9";
    net_rig_join(&r->net, 1, name, TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(
        r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"a reason=WRONG_KEY id=9\" auth_failures=1 "
           "duration=10 reason=CONN_FAILED");
    net_rig_silence(&r->net);
    wpa_rig_event(
        r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"a reason=WRONG_KEY id=9\" auth_failures=2 "
           "duration=10 reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
}

static void ours_is_replaced(void **state)
{
    struct wpa_rig *r = *state;
    wpa_rig_joined(r, 1, "Home", 0);
    r->net.address[0] = 0;
    net_rig_join(&r->net, 2, "Away", TROTH_WIFI_WPA2_PSK);
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=1 ssid=\"Away\" reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_WRONG_PASSWORD);
    assert_true(r->wpa.network[0].used);
    r->wpa.status = "wpa_state=DISCONNECTED\n";
    wpa_double_forget(&r->wpa);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK); /* what worked: its block again */
    assert_true(wpa_double_heard(&r->wpa, "SELECT_NETWORK 0"));
    assert_false(wpa_double_heard(&r->wpa, "ADD_NETWORK"));
    wpa_rig_connected(r, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    assert_false(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
    wpa_rig_joined(r, 4, "Away", 1);
    assert_false(r->wpa.network[0].used);
    assert_true(r->wpa.network[1].used);
}

static void another_password(void **state)
{
    struct wpa_rig *r = *state;
    wpa_rig_joined(r, 1, "Home", 0);
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, "another one");
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 2, &c), TROTH_OK);
    net_rig_run(&r->net);
    assert_true(wpa_double_heard(&r->wpa, "SET_NETWORK 1 psk \"another one\""));
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=1 ssid=\"Home\" reason=WRONG_KEY");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_WRONG_PASSWORD);
    net_rig_pass(&r->net, 4100);
    assert_true(r->wpa.network[0].used);
    assert_false(r->wpa.network[1].used);
}

static void found_at_start(void **state)
{
    struct wpa_rig *r = *state;
    r->wpa.network[4] = (struct wpa_double_network){
        .used = true, .current = true, .ssid = "Home", .id_str = "\"troth\""};
    r->wpa.network[5] =
        (struct wpa_double_network){.used = true, .ssid = "Half", .id_str = "\"troth-trying\""};
    snprintf(r->net.address, sizeof r->net.address, "192.0.2.7");
    r->wpa.status = "id=4\nwpa_state=COMPLETED\nkey_mgmt=SAE\nfreq=2412\n";
    wpa_rig_open(r);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_false(r->wpa.network[5].used);
    net_rig_pass(&r->net, 4100); /* the address is from before: static, or still good */
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_int_equal(r->net.info.security, TROTH_WIFI_WPA3_SAE);
    assert_false(wpa_double_heard(&r->wpa, "SELECT_NETWORK 4"));
    assert_false(wpa_double_heard(&r->wpa, "ADD_NETWORK"));
    assert_false(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
}

static void found_at_start_stale(void **state)
{
    struct wpa_rig *r = *state;
    r->wpa.network[4] =
        (struct wpa_double_network){.used = true, .ssid = "Home", .id_str = "\"troth\""};
    wpa_rig_open(r);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(wpa_double_heard(&r->wpa, "SELECT_NETWORK 4"));
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=4 ssid=\"Home\" reason=WRONG_KEY");
    net_rig_silence(&r->net); /* its password was another: a fresh block, in the same attempt */
    assert_true(wpa_double_heard(&r->wpa, "SELECT_NETWORK 0"));
    wpa_rig_connected(r, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_false(r->wpa.network[4].used);
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, wpa_rig_setup_open, wpa_rig_teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, wpa_rig_setup, wpa_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(joins),
        T(each_kind),
        T(refusals),
        T(wrong_password),
        T(wrong_password_sae),
        T(not_found),
        T(out_of_time),
        T(old_is_kept),
        T(many_others),
        T(killed_before),
        T(names_in_events),
        T(ours_is_replaced),
        T(another_password),
        CLOSED(found_at_start),
        CLOSED(found_at_start_stale),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
