/* The NetworkManager backend joins, or does not, against a double of NetworkManager. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/nm_rig.h"

static void joins(void **state)
{
    struct nm_rig *r = *state;
    nm_rig_joined(r, 1, "Home");
    static const char *const parts[] = {"\"wpa-psk\"",           "\"" NET_RIG_SECRET "\"",
                                        "\"org.troth.profile\"", "\"volatile\"",
                                        "\"802-11-wireless\"",   "\"wlan0\"",
                                        "\"Troth: Home\""};
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!strstr(r->settings, parts[i]))
            fail_msg("%s is not in %s", parts[i], r->settings);
    assert_null(strstr(r->settings, "\"hidden\""));
    assert_int_equal(r->net.info.channel, 6);
    assert_int_equal(r->net.info.rssi, -60);
    assert_int_equal(r->net.info.security, TROTH_WIFI_WPA2_PSK);
    assert_int_equal(r->net.info.bssid[5], 9);
    assert_true(r->profile[0].disk);
    /* again: the same profile, and no other */
    r->state = 30;
    r->active = -1;
    bus_double_forget(&r->net.bus);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(bus_double_heard(&r->net.bus, "ActivateConnection "));
    assert_false(bus_double_heard(&r->net.bus, "AddAndActivateConnection2"));
    nm_rig_activate(r);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    assert_false(bus_double_heard(&r->net.bus, "Update2"));
}

static void each_kind(void **state)
{
    struct nm_rig *r = *state;
    net_rig_join(&r->net, 1, "Sae", TROTH_WIFI_WPA3_SAE);
    assert_non_null(strstr(r->settings, "\"sae\""));
    net_rig_join(&r->net, 2, "Both", TROTH_WIFI_WPA2_WPA3);
    assert_non_null(strstr(r->settings, "\"wpa-psk\""));
    net_rig_join(&r->net, 3, "Open", TROTH_WIFI_OPEN);
    assert_null(strstr(r->settings, "security"));
    net_rig_join(&r->net, 4, "Unseen", TROTH_WIFI_WPA2_PSK);
    assert_non_null(strstr(r->settings, "\"hidden\""));
    net_rig_join(&r->net, 5, "Home", TROTH_WIFI_OPEN);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 5, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_join(&r->net, 6, "Home", TROTH_WIFI_WPA3_SAE);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 6, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_join(&r->net, 7, "Office", TROTH_WIFI_WPA2_PSK);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 7, TROTH_NET_UNSUPPORTED_SECURITY);
    for (unsigned i = 0; i < 6; i++)
        assert_false(r->profile[i].used);
    struct troth_credentials c =
        net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, "\xff\xff latin-1");
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 8, &c), TROTH_UNSUPPORTED);
    assert_int_equal(r->net.shortcomings, 1);
}

static void failures(void **state)
{
    static const struct {
        uint32_t state, reason;
        enum troth_net_reason means;
    } cases[] = {
        {60, 8, TROTH_NET_WRONG_PASSWORD}, {120, 7, TROTH_NET_WRONG_PASSWORD},
        {120, 5, TROTH_NET_NO_ADDRESS},    {120, 16, TROTH_NET_NO_ADDRESS},
        {120, 17, TROTH_NET_NO_ADDRESS},   {120, 53, TROTH_NET_NOT_FOUND},
        {120, 11, TROTH_NET_TIMEOUT},      {120, 9, TROTH_NET_UNSUPPORTED_SECURITY},
        {120, 39, TROTH_NET_OTHER},
    };
    struct nm_rig *r = *state;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_rig_join(&r->net, i + 1, "Home", TROTH_WIFI_WPA2_PSK);
        nm_rig_state(r, 120, 38); /* the end of the attempt before */
        net_rig_silence(&r->net);
        nm_rig_state(r, 30, 0);
        nm_rig_prepare(r);
        net_rig_silence(&r->net);
        nm_rig_state(r, cases[i].state, cases[i].reason);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].means);
        net_rig_run(&r->net);
        assert_false(r->profile[0].used);
        assert_false(r->profile[0].disk);
    }
}

static void deleted_slowly(void **state)
{
    struct nm_rig *r = *state;
    r->slow = true;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    nm_rig_prepare(r);
    nm_rig_state(r, 60, 8);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    bus_double_forget(&r->net.bus);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(r->profile[0].used);
    assert_true(
        bus_double_heard(&r->net.bus, "AddAndActivateConnection2 ")); /* not what is about to go */
    assert_false(bus_double_heard(&r->net.bus, "ActivateConnection "));
}

static void refusals(void **state)
{
    static const struct {
        const char *error;
        enum troth_net_reason means;
    } cases[] = {
        {NM ".InvalidProperty", TROTH_NET_BAD_PASSWORD},
        {NM ".Settings.PermissionDenied", TROTH_NET_OTHER},
        {NM ".Device.IncompatibleConnection", TROTH_NET_UNSUPPORTED_SECURITY},
        {NM ".UnknownDevice", TROTH_NET_OTHER},
    };
    struct nm_rig *r = *state;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r->error = cases[i].error;
        net_rig_join(&r->net, i + 1, "Home", TROTH_WIFI_WPA2_PSK);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].means);
        assert_true((strstr(r->net.words, "polkit") != NULL) == (i == 1));
    }
    assert_int_equal(r->net.shortcomings, 4);
}

static void sae_refused(void **state)
{
    struct nm_rig *r = *state;
    sd_bus *supplicant = NULL;
    assert_true(sd_bus_open_system(&supplicant) >= 0);
    assert_true(sd_bus_request_name(supplicant, "fi.w1.wpa_supplicant1", 0) >= 0);
    net_rig_join(&r->net, 1, "Sae", TROTH_WIFI_WPA3_SAE);
    nm_rig_prepare(r);
    for (unsigned i = 0; i < 4; i++) {
        net_rig_silence(&r->net);
        sd_bus_emit_signal(supplicant, "/fi/w1/wpa_supplicant1/Interfaces/0",
                           "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
                           "fi.w1.wpa_supplicant1.Interface", 1, "AuthStatusCode", "i",
                           i == 0   ? 0
                           : i == 1 ? 76
                                    : 1,
                           0);
        sd_bus_flush(supplicant);
        /* by way of the daemon: it has it when it answers us, and hands it on before our ping */
        sd_bus_call_method(supplicant, "org.freedesktop.DBus", "/", "org.freedesktop.DBus.Peer",
                           "Ping", NULL, NULL, NULL);
        net_rig_run(&r->net);
    }
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    sd_bus_flush_close_unref(supplicant);
}

static void out_of_time(void **state)
{
    struct nm_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    nm_rig_prepare(r);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_TIMEOUT);
    net_rig_join(&r->net, 2, "Unseen", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NOT_FOUND);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    nm_rig_state(r, 30, 0);
    nm_rig_prepare(r);
    nm_rig_state(r, 70, 0);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 3, TROTH_NET_NO_ADDRESS);
}

static void old_is_kept(void **state)
{
    struct nm_rig *r = *state;
    r->profile[0] = (struct nm_profile){.used = true, .disk = true, .ssid = "Mine"};
    r->profile[1] = (struct nm_profile){.used = true, .disk = true, .ours = true, .ssid = "Old"};
    r->state = 100;
    r->active = 0;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    nm_rig_prepare(r);
    nm_rig_state(r, 120, 7);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    nm_rig_state(r, 30, 0);
    assert_false(r->profile[2].used);
    r->activating = -1;
    net_rig_pass(&r->net, 4100);
    assert_int_equal(r->activating, 0);
    nm_rig_state(r, 40, 0);
    nm_rig_state(r, 100, 0);
    net_rig_silence(&r->net);
    assert_true(r->profile[1].used);
    nm_rig_joined(r, 2, "Home"); /* now Troth's old one goes, and only that */
    assert_true(r->profile[0].used);
    assert_false(r->profile[1].used);
}

static void found_at_start(void **state)
{
    struct nm_rig *r = *state;
    r->profile[1] = (struct nm_profile){.used = true, .disk = true, .ours = true, .ssid = "Home"};
    r->state = 100;
    r->active = 1;
    snprintf(r->net.address, sizeof r->net.address, "192.0.2.7");
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "nm:wlan0");
    net_rig_until_here(&r->net);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_false(bus_double_heard(&r->net.bus, "Activate"));
    assert_true(r->profile[1].used);
}

static void found_at_start_stale(void **state)
{
    struct nm_rig *r = *state;
    r->profile[1] = (struct nm_profile){.used = true, .disk = true, .ours = true, .ssid = "Home"};
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_int_equal(r->activating, 1);
    nm_rig_prepare(r);
    nm_rig_state(r, 60, 8);
    net_rig_silence(&r->net);
    assert_int_equal(r->activating, 0);
    nm_rig_state(r, 120, 7);
    nm_rig_state(r, 30, 0);
    net_rig_silence(&r->net);
    nm_rig_activate(r);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_false(r->profile[1].used);
    assert_true(r->profile[0].disk);
}

/* Somebody near has another network of the same name: an open one, or a company's. */
static void namesakes(void **state)
{
    struct nm_rig *r = *state;
    r->point[4] = (struct nm_point){"Home", 1, 0x200};
    r->point[5] = (struct nm_point){"Home", 0, 0};
    nm_rig_joined(r, 1, "Home");
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA3_SAE);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_UNSUPPORTED_SECURITY);
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, nm_rig_setup_open, nm_rig_teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, nm_rig_setup, nm_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(joins),
        T(each_kind),
        T(failures),
        T(deleted_slowly),
        T(refusals),
        T(sae_refused),
        T(out_of_time),
        T(old_is_kept),
        CLOSED(found_at_start),
        T(found_at_start_stale),
        T(namesakes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
