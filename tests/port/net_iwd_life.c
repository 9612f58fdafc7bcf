/* Over iwd, a double: what is lost, left, scanned, and who else speaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/bus_stranger.h"
#include "support/iwd_rig.h"

static void losses(void **state)
{
    struct iwd_rig *r = *state;
    iwd_rig_joined(r, 1, 0);
    iwd_rig_state(r, "roaming");
    net_rig_pass(&r->net, 10000);
    iwd_rig_state(r, "connected");
    net_rig_silence(&r->net);
    iwd_rig_state(r, "disconnected");
    net_rig_pass(&r->net, 3000);
    iwd_rig_state(r, "connected");
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net);
    r->connected = 4; /* elsewhere */
    iwd_rig_state(r, "connected");
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
}

static void goes_and_returns(void **state)
{
    struct iwd_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    r->pending = sd_bus_message_unref(r->pending);
    bus_double_down(&r->net.bus);
    net_rig_until_gone(&r->net, "it is missed");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_BACKEND_GONE);
    r->no_device = true;
    r->agent[0] = 0;
    r->net.gone = 0;
    bus_double_up(&r->net.bus);
    net_rig_until_gone(&r->net, "it has no device yet");
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK); /* waits */
    r->no_device = false;
    sd_bus_emit_signal(r->net.bus.bus, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                       "oa{sa{sv}}", IWD_DEVICE, 0);
    net_rig_until_here(&r->net);
    assert_string_not_equal(r->agent, ""); /* registered anew */
    iwd_rig_ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
}

static void scans(void **state)
{
    struct iwd_rig *r = *state;
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    iwd_rig_scanned(r);
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 1, TROTH_NET_OK);
    assert_int_equal(r->net.finds, 4);
    assert_int_equal(r->net.found[0].security, TROTH_WIFI_WPA2_WPA3);
    assert_int_equal(r->net.found[0].rssi, -60);
    assert_int_equal(r->net.found[1].security, TROTH_WIFI_OPEN);
    assert_int_equal(r->net.found[2].security, TROTH_WIFI_OTHER);
    r->error = IWD ".Busy";
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 2, TROTH_NET_OK);
}

static void leaves(void **state)
{
    struct iwd_rig *r = *state;
    r->network[4].known = true;
    iwd_rig_joined(r, 1, 0);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 2, TROTH_NET_OK);
    assert_false(r->network[0].known);
    assert_true(r->network[4].known); /* not ours */
}

/* Somebody pretends to have iwd's name, and asks for the password. */
static void strangers(void **state)
{
    struct iwd_rig *r = *state;
    const char *name = "";
    sd_bus *other = bus_stranger();
    assert_true(sd_bus_get_unique_name(other, &name) >= 0);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    bus_stranger_owner(other, r->net.bus.client, IWD, name);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    assert_int_equal(r->net.gone, 0);
    sd_bus_attach_event(other, r->net.loop, 0);
    iwd_rig_ask(r, other, iwd_rig_path(&r->network[0], false));
    assert_string_equal(r->answer, "");
    assert_string_equal(r->refusal, IWD ".Agent.Error.Canceled");
    iwd_rig_ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    bus_stranger_says(other, r->net.bus.client, IWD_DEVICE, "org.freedesktop.DBus.Properties",
                      "PropertiesChanged", "sa{sv}as", IWD ".Station", 1, "State", "s",
                      "disconnected", 0);
    r->no_device = true;
    bus_stranger_says(other, r->net.bus.client, "/", "org.freedesktop.DBus.ObjectManager",
                      "InterfacesRemoved", "oas", IWD_DEVICE, 1, IWD ".Device");
    net_rig_pass(&r->net, 10000);
    net_rig_silence(&r->net);
    assert_int_equal(r->net.gone, 0);
    sd_bus_flush_close_unref(other);
}

static void nothing_is_left(void **state)
{
    struct iwd_rig *r = *state;
    unsigned fds = 0;
    for (uint32_t i = 0; i < 100; i++) {
        net_rig_join(&r->net, 2 * i + 1, "Old", TROTH_WIFI_WPA2_PSK);
        iwd_rig_ends(r, IWD ".Failed", -1);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2 * i + 1, TROTH_NET_WRONG_PASSWORD);
        if (i % 10 == 9) { /* the service too */
            bus_double_down(&r->net.bus);
            net_rig_pass(&r->net, 3000);
            bus_double_up(&r->net.bus);
            net_rig_until_here(&r->net);
            r->connected = -1;
        } else {
            iwd_rig_joined(r, 2 * i + 2, 0);
            r->connected = -1;
            iwd_rig_state(r, "disconnected");
        }
        net_rig_forget(&r->net);
        if (i == 9)
            fds = net_rig_fds();
    }
    assert_int_equal(net_rig_fds(), fds);
}

/* It hung while it was asked which devices it has. */
static void hangs_at_first(void **state)
{
    struct iwd_rig *r = *state;
    r->late = 2;
    net_rig_up(&r->net, "iwd");
    iwd_rig_joined(r, 1, 0);
}

static void not_allowed(void **state)
{
    struct iwd_rig *r = *state;
    r->error = "org.freedesktop.DBus.Error.AccessDenied";
    net_rig_up(&r->net, "iwd");
    assert_int_equal(r->net.shortcomings, 1);
    assert_non_null(strstr(r->net.words, "netdev"));
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, iwd_rig_setup_open, iwd_rig_teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, iwd_rig_setup, iwd_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(losses),
        T(goes_and_returns),
        T(scans),
        T(leaves),
        T(strangers),
        T(nothing_is_left),
        CLOSED(hangs_at_first),
        CLOSED(not_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
