/* The iwd backend joins, or does not, against a double of iwd. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/iwd_rig.h"

static void joins(void **state)
{
    struct iwd_rig *r = *state;
    sd_bus *other = NULL;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    iwd_rig_ask(r, r->net.bus.bus, iwd_rig_path(&r->network[0], false));
    assert_string_equal(r->answer, NET_RIG_SECRET);
    iwd_rig_ask(r, r->net.bus.bus, iwd_rig_path(&r->network[4], false)); /* another network */
    assert_string_equal(r->refusal, IWD ".Agent.Error.Canceled");
    assert_true(sd_bus_open_system(&other) >= 0); /* somebody who is not iwd */
    sd_bus_attach_event(other, r->net.loop, 0);
    iwd_rig_ask(r, other, iwd_rig_path(&r->network[0], false));
    assert_string_equal(r->answer, "");
    assert_string_equal(r->refusal, IWD ".Agent.Error.Canceled");
    sd_bus_flush_close_unref(other);
    iwd_rig_ends(r, NULL, 0);
    iwd_rig_ask(r, r->net.bus.bus, iwd_rig_path(&r->network[0], false)); /* too late */
    assert_string_equal(r->answer, "");
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_int_equal(r->net.info.channel, 6);
    assert_int_equal(r->net.info.rssi, -41);
    assert_int_equal(r->net.info.security, TROTH_WIFI_WPA2_PSK);
    assert_int_equal(r->net.info.bssid[5], 9);
}

/* With its own DHCP it says connected when it has an address. */
static void joins_in_two_steps(void **state)
{
    struct iwd_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    r->connected = 0;
    r->state = "connecting";
    r->diagnostics = false;
    iwd_rig_ends(r, NULL, -1);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_silence(&r->net);
    r->diagnostics = true;
    iwd_rig_state(r, "connected");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_int_equal(r->net.info.channel, 6);
    /* and without an address from it */
    net_rig_join(&r->net, 2, "Old", TROTH_WIFI_WPA2_PSK);
    r->state = "connecting";
    r->connected = 4;
    iwd_rig_ends(r, NULL, -1);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NO_ADDRESS);
}

static void failures(void **state)
{
    static const struct {
        const char *ssid, *error;
        enum troth_net_reason means;
    } cases[] = {
        {"Home", IWD ".Failed", TROTH_NET_WRONG_PASSWORD},
        {"Home", IWD ".InvalidFormat", TROTH_NET_BAD_PASSWORD},
        {"Home", IWD ".NotSupported", TROTH_NET_UNSUPPORTED_SECURITY},
        {"Home", IWD ".Aborted", TROTH_NET_OTHER},
        {"Home", IWD ".Busy", TROTH_NET_OTHER},
        {"Hidden", IWD ".NotFound", TROTH_NET_NOT_FOUND},
    };
    struct iwd_rig *r = *state;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_rig_join(&r->net, i + 1, cases[i].ssid, TROTH_WIFI_WPA2_PSK);
        iwd_rig_ends(r, cases[i].error, -1);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].means);
    }
    assert_false(bus_double_heard(
        &r->net.bus, "Forget ")); /* it never knew them, or others gave it what it knows */
    net_rig_join(&r->net, 10, "Open", TROTH_WIFI_OPEN);
    iwd_rig_ends(r, IWD ".Failed", -1);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 10, TROTH_NET_OTHER);
    net_rig_join(&r->net, 11, "Home", TROTH_WIFI_OPEN);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 11, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_join(&r->net, 12, "Office", TROTH_WIFI_WPA2_PSK);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 12, TROTH_NET_UNSUPPORTED_SECURITY);
    /* WPA2 where WPA3 was asked for: known only afterwards, and undone */
    net_rig_join(&r->net, 13, "Home", TROTH_WIFI_WPA3_SAE);
    iwd_rig_ends(r, NULL, 0);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 13, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_run(&r->net);
    assert_false(r->network[0].known);
}

static void hidden(void **state)
{
    struct iwd_rig *r = *state;
    net_rig_join(&r->net, 1, "Hidden", TROTH_WIFI_WPA2_PSK);
    assert_true(bus_double_heard(&r->net.bus, "ConnectHiddenNetwork " IWD_DEVICE));
    iwd_rig_ask(r, r->net.bus.bus, iwd_rig_path(&r->network[3], false));
    assert_string_equal(r->answer, NET_RIG_SECRET);
    r->network[3].visible = true;
    iwd_rig_ends(r, NULL, 3);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    /* seen meanwhile */
    r->network[0].visible = false;
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    r->network[0].visible = true;
    iwd_rig_ends(r, IWD ".NotHidden", -1);
    iwd_rig_ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.8");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
}

static void unfit(void **state)
{
    static const struct {
        const char *ssid, *password;
        uint8_t security;
    } cases[] = {
        {"\xff", NET_RIG_SECRET, TROTH_WIFI_WPA2_PSK},
        {"Home", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
         TROTH_WIFI_WPA2_PSK},
        {"Home", "gr\xc3\xbc\xc3\x9f Gott", TROTH_WIFI_WPA2_PSK},
        {"Home", "short", TROTH_WIFI_WPA3_SAE},
    };
    struct iwd_rig *r = *state;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct troth_credentials c =
            net_rig_credentials(cases[i].ssid, cases[i].security, cases[i].password);
        assert_int_equal(r->net.net->ops->join(r->net.net->ctx, i + 1, &c), TROTH_UNSUPPORTED);
        assert_int_equal(r->net.shortcomings, i + 1);
    }
    net_rig_run(&r->net);
    assert_false(bus_double_heard(&r->net.bus, "Connect"));
}

static void out_of_time(void **state)
{
    struct iwd_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_TIMEOUT);
    assert_true(bus_double_heard(&r->net.bus, "Disconnect "));
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    iwd_rig_ends(r, NULL, 0);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NO_ADDRESS);
    net_rig_run(&r->net);
    assert_false(r->network[0].known); /* connected, but of no use */
}

static void old_is_kept(void **state)
{
    struct iwd_rig *r = *state;
    iwd_rig_joined(r, 1, 4);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    r->connected = -1;
    r->state = "connecting";
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_TIMEOUT);
    assert_true(r->network[4].known);
    r->state = "disconnected";
    bus_double_forget(&r->net.bus);
    net_rig_pass(&r->net, 4100); /* the one before, since a Disconnect stops its own search */
    char call[220];
    snprintf(call, sizeof call, "Connect %s\n", iwd_rig_path(&r->network[4], false));
    assert_true(bus_double_heard(&r->net.bus, call));
    iwd_rig_joined(r, 3, 0);
    net_rig_run(&r->net);
    assert_false(r->network[4].known);
}

static void another_password(void **state)
{
    struct iwd_rig *r = *state;
    iwd_rig_joined(r, 1, 0);
    bus_double_forget(&r->net.bus);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK); /* the same: nothing to be done */
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    assert_false(bus_double_heard(&r->net.bus, "Connect "));
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, "another one");
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 3, &c), TROTH_OK);
    net_rig_run(&r->net);
    assert_true(bus_double_heard(&r->net.bus, "Forget "));
    iwd_rig_ask(r, r->net.bus.bus, iwd_rig_path(&r->network[0], false));
    assert_string_equal(r->answer, "another one");
    iwd_rig_ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
}

/* One it knows and does not see: it is looked for, and found by iwd itself. */
static void known_and_away(void **state)
{
    struct iwd_rig *r = *state;
    r->network[3].known = true;
    net_rig_up(&r->net, "iwd");
    net_rig_join(&r->net, 1, "Hidden", TROTH_WIFI_WPA2_PSK);
    assert_true(bus_double_heard(&r->net.bus, "Scan "));
    iwd_rig_scanned(r);
    net_rig_silence(&r->net);
    assert_false(bus_double_heard(&r->net.bus, "ConnectHidden"));
    r->network[3].visible = true;
    r->connected = 3;
    snprintf(r->net.address, sizeof r->net.address, "192.0.2.7");
    iwd_rig_state(r, "connected");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    r->network[3].visible = false;
    r->connected = -1;
    iwd_rig_state(r, "disconnected");
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
    net_rig_join(&r->net, 2, "Hidden", TROTH_WIFI_WPA2_PSK);
    iwd_rig_scanned(r);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NOT_FOUND);
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, iwd_rig_setup_open, iwd_rig_teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, iwd_rig_setup, iwd_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(joins),
        T(joins_in_two_steps),
        T(failures),
        T(hidden),
        T(unfit),
        T(out_of_time),
        T(old_is_kept),
        T(another_password),
        CLOSED(known_and_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
