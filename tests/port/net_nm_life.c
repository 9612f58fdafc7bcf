/* Over NetworkManager, a double: what is lost, left, scanned, and who else speaks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/bus_stranger.h"
#include "support/nm_rig.h"

static void losses(void **state)
{
    struct nm_rig *r = *state;
    nm_rig_joined(r, 1, "Home");
    nm_rig_state(r, 30, 8);
    net_rig_pass(&r->net, 3000);
    r->activating = 0;
    nm_rig_state(r, 40, 0);
    nm_rig_state(r, 100, 0);
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net);
    nm_rig_state(r, 120, 8);
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
    nm_rig_joined(r, 2, "Home");
    net_rig_address(&r->net, "192.0.2.8");
    net_rig_reported(&r->net, TROTH_NET_CHANGED, 2, TROTH_NET_OK);
}

static void goes_and_returns(void **state)
{
    struct nm_rig *r = *state;
    nm_rig_joined(r, 1, "Home");
    bus_double_down(&r->net.bus);
    net_rig_until_gone(&r->net, "it is missed");
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_BACKEND_GONE);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 5100);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_BACKEND_GONE);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    r->state = 30;
    r->active = -1;
    bus_double_up(&r->net.bus);
    net_rig_until_here(&r->net);
    nm_rig_activate(r);
    net_rig_address(&r->net, "192.0.2.9");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    /* and the bus itself */
    r->net.gone = 0;
    bus_double_kill(&r->net.bus);
    net_rig_until_gone(&r->net, "the bus is missed");
    net_rig_reported(&r->net, TROTH_NET_LOST, 3, TROTH_NET_BACKEND_GONE);
    bus_double_revive(&r->net.bus);
    bus_double_up(&r->net.bus);
    net_rig_pass(&r->net, 2100);
    net_rig_until_here(&r->net);
    nm_rig_joined(r, 4, "Home");
}

static void unmanaged(void **state)
{
    struct nm_rig *r = *state;
    r->state = 10;
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "networkmanager");
    net_rig_until_gone(&r->net, "it is said");
    assert_non_null(strstr(r->net.words, "nmcli device set"));
    nm_rig_state(r, 20, 2);
    assert_non_null(strstr(r->net.words, "rfkill"));
    assert_int_equal(r->net.here, 0);
    nm_rig_state(r, 30, 42);
    assert_int_equal(r->net.here, 1);
    nm_rig_state(r, 10, 3); /* taken away */
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_NOT_FOUND);
}

static void leaves(void **state)
{
    struct nm_rig *r = *state;
    r->profile[0] = (struct nm_profile){.used = true, .disk = true, .ssid = "Mine"};
    r->profile[2] = (struct nm_profile){.used = true, .disk = true, .ours = true, .ssid = "Old"};
    r->profile[3] = (struct nm_profile){.used = true, .disk = true, .ours = true, .ssid = "Older"};
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 1, TROTH_NET_OK);
    assert_true(r->profile[0].used);
    assert_false(r->profile[2].used || r->profile[3].used);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 2, TROTH_NET_OK);
}

static void abandoned(void **state)
{
    struct nm_rig *r = *state;
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, NET_RIG_SECRET);
    for (uint32_t id = 1; id < 4; id++)
        assert_int_equal(r->net.net->ops->join(r->net.net->ctx, id, &c), TROTH_OK);
    net_rig_run(&r->net);
    unsigned used = 0;
    for (unsigned i = 0; i < 6; i++)
        used += r->profile[i].used;
    assert_int_equal(used, 1);
    nm_rig_activate(r);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    net_rig_silence(&r->net);
}

static void scans(void **state)
{
    struct nm_rig *r = *state;
    static const uint8_t kinds[] = {TROTH_WIFI_WPA2_PSK, TROTH_WIFI_WPA3_SAE, TROTH_WIFI_WPA2_WPA3,
                                    TROTH_WIFI_OPEN, TROTH_WIFI_OTHER};
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    sd_bus_emit_signal(r->net.bus.bus, NM_DEVICE, "org.freedesktop.DBus.Properties",
                       "PropertiesChanged", "sa{sv}as", NM ".Device.Wireless", 1, "LastScan", "x",
                       (int64_t)1, 0);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 1, TROTH_NET_OK);
    assert_int_equal(r->net.finds, 5);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(r->net.found[i].security, kinds[i]);
    r->error = NM ".Device.NotAllowed"; /* it has just scanned */
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 2, TROTH_NET_OK);
    assert_int_equal(r->net.finds, 10);
}

static void status(void **state)
{
    struct nm_rig *r = *state;
    nm_rig_joined(r, 1, "Home");
    r->net.net->ops->status(r->net.net->ctx, 2);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_STATUS, 2, TROTH_NET_OK);
    assert_true(r->net.had_info);
    assert_string_equal(r->net.info.address, "192.0.2.7");
    r->active = 3; /* somebody joined another */
    r->net.net->ops->status(r->net.net->ctx, 3);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_STATUS, 3, TROTH_NET_OK);
    assert_false(r->net.had_info);
}

/* What another user of the machine says is nobody's word but theirs. */
static void strangers(void **state)
{
    struct nm_rig *r = *state;
    const char *to = r->net.bus.client;
    sd_bus *other = bus_stranger();
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    nm_rig_prepare(r);
    bus_stranger_owner(other, to, NM, "");
    bus_stranger_says(other, to, NM_DEVICE, NM ".Device", "StateChanged", "uuu", 120, 50, 7);
    bus_stranger_says(other, to, NM_PATH, NM, "DeviceRemoved", "o", NM_DEVICE);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    nm_rig_state(r, 70, 0);
    nm_rig_state(r, 100, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    bus_stranger_owner(other, to, NM, sd_bus_get_unique_name(other, &to) < 0 ? "" : to);
    bus_stranger_says(other, r->net.bus.client, NM_DEVICE, NM ".Device", "StateChanged", "uuu", 30,
                      100, 0);
    net_rig_pass(&r->net, 10000);
    net_rig_silence(&r->net);
    assert_int_equal(r->net.gone, 0);
    /* nor does the refusal of an SAE that is wpa_supplicant's to tell */
    net_rig_join(&r->net, 2, "Sae", TROTH_WIFI_WPA3_SAE);
    nm_rig_prepare(r);
    for (unsigned i = 0; i < 4; i++)
        bus_stranger_says(other, r->net.bus.client, "/fi/w1/wpa_supplicant1/Interfaces/0",
                          "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
                          "fi.w1.wpa_supplicant1.Interface", 1, "AuthStatusCode", "i", 1, 0);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    sd_bus_flush_close_unref(other);
}

/* While ours is tried, or after it was joined, a person activates another. */
static void another_is_activated(void **state)
{
    struct nm_rig *r = *state;
    r->profile[4] = (struct nm_profile){.used = true, .ssid = "Old"};
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    nm_rig_prepare(r);
    r->activating = 4;
    nm_rig_activate(r);
    net_rig_address(&r->net, "192.0.2.9");
    net_rig_pass(&r->net, 20000);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_OTHER);
    net_rig_silence(&r->net);
    assert_int_equal(r->active, 4); /* and what they chose stays */
    assert_false(bus_double_heard(&r->net.bus, "ActivateConnection "));
    nm_rig_joined(r, 2, "Home");
    r->activating = 4;
    nm_rig_activate(r);
    net_rig_pass(&r->net, 20000);
    net_rig_reported(&r->net, TROTH_NET_LOST, 2, TROTH_NET_LINK_LOST);
}

static void nothing_is_left(void **state)
{
    struct nm_rig *r = *state;
    unsigned fds = 0;
    for (uint32_t i = 0; i < 100; i++) {
        net_rig_join(&r->net, 2 * i + 1, "Home", TROTH_WIFI_WPA2_PSK);
        nm_rig_prepare(r);
        nm_rig_state(r, 120, i % 2 ? 7 : 8);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2 * i + 1,
                         i % 2 ? TROTH_NET_WRONG_PASSWORD : TROTH_NET_TIMEOUT);
        if (i % 10 == 9) { /* the service too */
            bus_double_down(&r->net.bus);
            net_rig_pass(&r->net, 3000);
            bus_double_up(&r->net.bus);
            net_rig_until_here(&r->net);
        } else {
            nm_rig_joined(r, 2 * i + 2, "Home");
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
    struct nm_rig *r = *state;
    r->late = 2;
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "networkmanager");
    net_rig_until_here(&r->net);
    nm_rig_joined(r, 1, "Home");
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, nm_rig_setup_open, nm_rig_teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, nm_rig_setup, nm_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(losses),          T(goes_and_returns),    CLOSED(unmanaged),
        T(leaves),          T(abandoned),           T(scans),
        T(status),          T(strangers),           T(another_is_activated),
        T(nothing_is_left), CLOSED(hangs_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
