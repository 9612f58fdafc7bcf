/* The NetworkManager backend against a double of NetworkManager on a bus of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bus_stranger.h"
#include "support/net_rig.h"

#define NM       "org.freedesktop.NetworkManager"
#define NM_PATH  "/org/freedesktop/NetworkManager"
#define DEVICE   NM_PATH "/Devices/2"
#define ACTIVE   NM_PATH "/ActiveConnection/1"
#define POINT    NM_PATH "/AccessPoint/"
#define SETTINGS NM_PATH "/Settings"

struct profile {
    bool used, ours, disk;
    const char *ssid;
};

struct point {
    const char *ssid;
    uint32_t flags, rsn;
};

struct rig {
    struct net_rig net;
    uint32_t state;
    int active; /* profile in use; -1 */
    int activating;
    struct profile profile[6];
    struct point point[6];
    char *settings;    /* of the last AddAndActivateConnection2 */
    bool slow;         /* what is deleted is listed for a while */
    const char *error; /* of the next activation: its name */
    unsigned late;     /* so often its objects are not told in time */
};

static struct rig *rig;

/* ---- the double ---- */

static void append_device(const struct rig *r, sd_bus_message *m)
{
    bus_double_object(m, DEVICE);
    bus_double_interface(m, NM ".Device");
    sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "DeviceType", "u", 2, "State", "u", r->state,
                          "Interface", "s", "wlan0", "ActiveConnection", "o",
                          r->active >= 0 ? ACTIVE : "/");
    bus_double_end_interface(m);
    bus_double_interface(m, NM ".Device.Wireless");
    sd_bus_message_append(m, "{sv}{sv}", "ActiveAccessPoint", "o",
                          r->state == 100 ? POINT "0" : "/", "AccessPoints", "ao", 6, POINT "0",
                          POINT "1", POINT "2", POINT "3", POINT "4", POINT "5");
    bus_double_end_interface(m);
    bus_double_end_object(m);
    bus_double_object(m, NM_PATH "/Devices/1"); /* of another kind */
    bus_double_interface(m, NM ".Device");
    sd_bus_message_append(m, "{sv}{sv}{sv}", "DeviceType", "u", 1, "State", "u", 100, "Interface",
                          "s", "eth0");
    bus_double_end_interface(m);
    bus_double_end_object(m);
}

static void append_point(const struct point *p, sd_bus_message *m, unsigned i)
{
    char path[80];
    snprintf(path, sizeof path, POINT "%u", i);
    bus_double_object(m, path);
    bus_double_interface(m, NM ".AccessPoint");
    sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}", "Flags", "u", p->flags, "RsnFlags", "u",
                          p->rsn, "Frequency", "u", 2437, "Strength", "y", 80, "HwAddress", "s",
                          "02:00:00:00:00:09");
    sd_bus_message_open_container(m, 'e', "sv");
    sd_bus_message_append(m, "s", "Ssid");
    sd_bus_message_open_container(m, 'v', "ay");
    sd_bus_message_append_array(m, 'y', p->ssid, strlen(p->ssid));
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
    bus_double_end_interface(m);
    bus_double_end_object(m);
}

static void reply_objects(const struct rig *r, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    char path[80];
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
    for (unsigned i = 0; i < 6; i++)
        if (r->point[i].ssid)
            append_point(&r->point[i], m, i);
    if (r->active >= 0) {
        snprintf(path, sizeof path, SETTINGS "/%d", r->active);
        bus_double_object(m, ACTIVE);
        bus_double_interface(m, NM ".Connection.Active");
        sd_bus_message_append(m, "{sv}", "Connection", "o", path);
        bus_double_end_interface(m);
        bus_double_end_object(m);
    }
    append_device(r, m);
    sd_bus_message_close_container(m);
    sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
}

static void reply_settings(const struct profile *p, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "{sa{sv}}");
    bus_double_interface(m, "802-11-wireless");
    sd_bus_message_open_container(m, 'e', "sv");
    sd_bus_message_append(m, "s", "ssid");
    sd_bus_message_open_container(m, 'v', "ay");
    sd_bus_message_append_array(m, 'y', p->ssid, strlen(p->ssid));
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
    bus_double_end_interface(m);
    bus_double_interface(m, "user");
    sd_bus_message_append(m, "{sv}", "data", "a{ss}", 1,
                          p->ours ? "org.troth.profile" : "com.example.note", "1");
    bus_double_end_interface(m);
    sd_bus_message_close_container(m);
    sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
}

static void reply_list(const struct rig *r, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    char path[80];
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "o");
    for (unsigned i = 0; i < 6; i++)
        if (r->profile[i].used) {
            snprintf(path, sizeof path, SETTINGS "/%u", i);
            sd_bus_message_append(m, "o", path);
        }
    sd_bus_message_close_container(m);
    sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
}

static bool refuses(struct rig *r, sd_bus_message *m)
{
    const char *name = r->error;
    r->error = NULL;
    if (name)
        sd_bus_reply_method_errorf(m, name, "802-11-wireless-security.psk: property is invalid");
    return name;
}

static void add(struct rig *r, sd_bus_message *m)
{
    char path[80];
    int i = 0;
    while (i < 5 && r->profile[i].used)
        i++;
    free(r->settings);
    r->settings = bus_double_text(m);
    r->profile[i] = (struct profile){.used = true, .ours = true, .ssid = "Home"};
    r->activating = i;
    snprintf(path, sizeof path, SETTINGS "/%d", i);
    sd_bus_reply_method_return(m, "ooa{sv}", path, ACTIVE, 0);
}

static bool on_call(void *ctx, sd_bus_message *m, const char *path, const char *member)
{
    struct rig *r = ctx;
    const char *at = strstr(path, SETTINGS "/");
    struct profile *p = at ? &r->profile[atoi(at + strlen(SETTINGS "/"))] : NULL;
    const char *wanted;
    if (!strcmp(member, "GetManagedObjects") && r->late) {
        r->late--;
        sd_bus_reply_method_errorf(m, "org.freedesktop.DBus.Error.NoReply", "late");
    } else if (!strcmp(member, "GetManagedObjects")) {
        reply_objects(r, m);
    } else if (!strcmp(member, "ListConnections")) {
        reply_list(r, m);
    } else if (!strcmp(member, "GetSettings")) {
        reply_settings(p, m);
    } else if (!strcmp(member, "AddAndActivateConnection2")) {
        if (!refuses(r, m))
            add(r, m);
    } else if (!strcmp(member, "ActivateConnection")) {
        if (refuses(r, m))
            return true;
        sd_bus_message_read(m, "o", &wanted);
        r->activating = atoi(strrchr(wanted, '/') + 1);
        sd_bus_reply_method_return(m, "o", ACTIVE);
    } else if (!strcmp(member, "Update2")) {
        p->disk = true;
        sd_bus_reply_method_return(m, "a{sv}", 0);
    } else if (!strcmp(member, "Delete")) {
        p->used = r->slow;
        sd_bus_reply_method_return(m, NULL);
    } else if (!strcmp(member, "RequestScan")) {
        if (!refuses(r, m))
            sd_bus_reply_method_return(m, NULL);
    } else {
        return false;
    }
    return true;
}

static void state(struct rig *r, uint32_t now, uint32_t reason)
{
    uint32_t old = r->state;
    r->state = now;
    if (now == 100)
        r->active = r->activating;
    if (now <= 30 || now == 120)
        r->active = -1;
    assert_true(sd_bus_emit_signal(r->net.bus.bus, DEVICE, NM ".Device", "StateChanged", "uuu", now,
                                   old, reason) >= 0);
    net_rig_run(&r->net);
}

/* What it goes through before it associates. */
static void prepare(struct rig *r)
{
    if (r->state > 30) {
        state(r, 110, 60);
        state(r, 30, 60);
    }
    state(r, 40, 0);
    state(r, 50, 0);
    state(r, 60, 0);
    state(r, 40, 0);
    state(r, 50, 0);
}

static void activate(struct rig *r)
{
    prepare(r);
    state(r, 70, 0);
    state(r, 100, 0);
}

/* ---- set-up ---- */

static int setup(void **state_)
{
    struct rig *r = calloc(1, sizeof *r);
    *r = (struct rig){.state = 30, .active = -1};
    r->point[0] = (struct point){"Home", 1, 0x100};
    r->point[1] = (struct point){"Sae", 1, 0x400};
    r->point[2] = (struct point){"Both", 1, 0x500};
    r->point[3] = (struct point){"Open", 0, 0};
    r->point[4] = (struct point){"Office", 1, 0x200};
    r->net.bus.service = NM;
    r->net.bus.call = on_call;
    r->net.bus.ctx = r;
    assert_true(sd_event_new(&r->net.loop) >= 0);
    r->net.bus.loop = r->net.loop;
    bus_double_open(&r->net.bus);
    *state_ = rig = r;
    return 0;
}

static int setup_open(void **state_)
{
    setup(state_);
    bus_double_up(&rig->net.bus);
    net_rig_open(&rig->net, "networkmanager");
    net_rig_until_here(&rig->net);
    return 0;
}

static int teardown(void **state_)
{
    struct rig *r = *state_;
    net_rig_close(&r->net);
    bus_double_close(&r->net.bus);
    sd_event_unref(r->net.loop);
    free(r->settings);
    free(r);
    return 0;
}

static bool heard(struct rig *r, const char *call)
{
    return bus_double_heard(&r->net.bus, call);
}

static void joined(struct rig *r, uint32_t id, const char *ssid)
{
    net_rig_join(&r->net, id, ssid, TROTH_WIFI_WPA2_PSK);
    activate(r);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, id, TROTH_NET_OK);
}

/* ---- tests ---- */

static void joins(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, "Home");
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
    assert_true(heard(r, "ActivateConnection "));
    assert_false(heard(r, "AddAndActivateConnection2"));
    activate(r);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    assert_false(heard(r, "Update2"));
}

static void each_kind(void **state_)
{
    struct rig *r = *state_;
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

static void failures(void **state_)
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
    struct rig *r = *state_;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_rig_join(&r->net, i + 1, "Home", TROTH_WIFI_WPA2_PSK);
        state(r, 120, 38); /* the end of the attempt before */
        net_rig_silence(&r->net);
        state(r, 30, 0);
        prepare(r);
        net_rig_silence(&r->net);
        state(r, cases[i].state, cases[i].reason);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].means);
        net_rig_run(&r->net);
        assert_false(r->profile[0].used);
        assert_false(r->profile[0].disk);
    }
}

static void deleted_slowly(void **state_)
{
    struct rig *r = *state_;
    r->slow = true;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    prepare(r);
    state(r, 60, 8);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    bus_double_forget(&r->net.bus);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(r->profile[0].used);
    assert_true(heard(r, "AddAndActivateConnection2 ")); /* not what is about to go */
    assert_false(heard(r, "ActivateConnection "));
}

static void refusals(void **state_)
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
    struct rig *r = *state_;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        r->error = cases[i].error;
        net_rig_join(&r->net, i + 1, "Home", TROTH_WIFI_WPA2_PSK);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].means);
        assert_true((strstr(r->net.words, "polkit") != NULL) == (i == 1));
    }
    assert_int_equal(r->net.shortcomings, 4);
}

static void sae_refused(void **state_)
{
    struct rig *r = *state_;
    sd_bus *supplicant = NULL;
    assert_true(sd_bus_open_system(&supplicant) >= 0);
    assert_true(sd_bus_request_name(supplicant, "fi.w1.wpa_supplicant1", 0) >= 0);
    net_rig_join(&r->net, 1, "Sae", TROTH_WIFI_WPA3_SAE);
    prepare(r);
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

static void out_of_time(void **state_)
{
    struct rig *r = *state_;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    prepare(r);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_TIMEOUT);
    net_rig_join(&r->net, 2, "Unseen", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NOT_FOUND);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    state(r, 30, 0);
    prepare(r);
    state(r, 70, 0);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 3, TROTH_NET_NO_ADDRESS);
}

static void old_is_kept(void **state_)
{
    struct rig *r = *state_;
    r->profile[0] = (struct profile){.used = true, .disk = true, .ssid = "Mine"};
    r->profile[1] = (struct profile){.used = true, .disk = true, .ours = true, .ssid = "Old"};
    r->state = 100;
    r->active = 0;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    prepare(r);
    state(r, 120, 7);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    state(r, 30, 0);
    assert_false(r->profile[2].used);
    r->activating = -1;
    net_rig_pass(&r->net, 4100);
    assert_int_equal(r->activating, 0);
    state(r, 40, 0);
    state(r, 100, 0);
    net_rig_silence(&r->net);
    assert_true(r->profile[1].used);
    joined(r, 2, "Home"); /* now Troth's old one goes, and only that */
    assert_true(r->profile[0].used);
    assert_false(r->profile[1].used);
}

static void found_at_start(void **state_)
{
    struct rig *r = *state_;
    r->profile[1] = (struct profile){.used = true, .disk = true, .ours = true, .ssid = "Home"};
    r->state = 100;
    r->active = 1;
    snprintf(r->net.address, sizeof r->net.address, "192.0.2.7");
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "nm:wlan0");
    net_rig_until_here(&r->net);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_false(heard(r, "Activate"));
    assert_true(r->profile[1].used);
}

static void found_at_start_stale(void **state_)
{
    struct rig *r = *state_;
    r->profile[1] = (struct profile){.used = true, .disk = true, .ours = true, .ssid = "Home"};
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_int_equal(r->activating, 1);
    prepare(r);
    state(r, 60, 8);
    net_rig_silence(&r->net);
    assert_int_equal(r->activating, 0);
    state(r, 120, 7);
    state(r, 30, 0);
    net_rig_silence(&r->net);
    activate(r);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_false(r->profile[1].used);
    assert_true(r->profile[0].disk);
}

static void losses(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, "Home");
    state(r, 30, 8);
    net_rig_pass(&r->net, 3000);
    r->activating = 0;
    state(r, 40, 0);
    state(r, 100, 0);
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net);
    state(r, 120, 8);
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
    joined(r, 2, "Home");
    net_rig_address(&r->net, "192.0.2.8");
    net_rig_reported(&r->net, TROTH_NET_CHANGED, 2, TROTH_NET_OK);
}

static bool is_gone(void *ctx)
{
    const struct rig *r = ctx;
    return r->net.gone != 0;
}

static void goes_and_returns(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, "Home");
    bus_double_down(&r->net.bus);
    bus_double_until(&r->net.bus, is_gone, r, "it is missed");
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_BACKEND_GONE);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 5100);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_BACKEND_GONE);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    r->state = 30;
    r->active = -1;
    bus_double_up(&r->net.bus);
    net_rig_until_here(&r->net);
    activate(r);
    net_rig_address(&r->net, "192.0.2.9");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    /* and the bus itself */
    r->net.gone = 0;
    bus_double_kill(&r->net.bus);
    bus_double_until(&r->net.bus, is_gone, r, "the bus is missed");
    net_rig_reported(&r->net, TROTH_NET_LOST, 3, TROTH_NET_BACKEND_GONE);
    bus_double_revive(&r->net.bus);
    bus_double_up(&r->net.bus);
    net_rig_pass(&r->net, 2100);
    net_rig_until_here(&r->net);
    joined(r, 4, "Home");
}

static void unmanaged(void **state_)
{
    struct rig *r = *state_;
    r->state = 10;
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "networkmanager");
    bus_double_until(&r->net.bus, is_gone, r, "it is said");
    assert_non_null(strstr(r->net.words, "nmcli device set"));
    state(r, 20, 2);
    assert_non_null(strstr(r->net.words, "rfkill"));
    assert_int_equal(r->net.here, 0);
    state(r, 30, 42);
    assert_int_equal(r->net.here, 1);
    state(r, 10, 3); /* taken away */
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_NOT_FOUND);
}

static void leaves(void **state_)
{
    struct rig *r = *state_;
    r->profile[0] = (struct profile){.used = true, .disk = true, .ssid = "Mine"};
    r->profile[2] = (struct profile){.used = true, .disk = true, .ours = true, .ssid = "Old"};
    r->profile[3] = (struct profile){.used = true, .disk = true, .ours = true, .ssid = "Older"};
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 1, TROTH_NET_OK);
    assert_true(r->profile[0].used);
    assert_false(r->profile[2].used || r->profile[3].used);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 2, TROTH_NET_OK);
}

static void abandoned(void **state_)
{
    struct rig *r = *state_;
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, NET_RIG_SECRET);
    for (uint32_t id = 1; id < 4; id++)
        assert_int_equal(r->net.net->ops->join(r->net.net->ctx, id, &c), TROTH_OK);
    net_rig_run(&r->net);
    unsigned used = 0;
    for (unsigned i = 0; i < 6; i++)
        used += r->profile[i].used;
    assert_int_equal(used, 1);
    activate(r);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    net_rig_silence(&r->net);
}

static void scans(void **state_)
{
    struct rig *r = *state_;
    static const uint8_t kinds[] = {TROTH_WIFI_WPA2_PSK, TROTH_WIFI_WPA3_SAE, TROTH_WIFI_WPA2_WPA3,
                                    TROTH_WIFI_OPEN, TROTH_WIFI_OTHER};
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    sd_bus_emit_signal(r->net.bus.bus, DEVICE, "org.freedesktop.DBus.Properties",
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

static void status(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, "Home");
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
static void strangers(void **state_)
{
    struct rig *r = *state_;
    const char *to = r->net.bus.client;
    sd_bus *other = bus_stranger();
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    prepare(r);
    bus_stranger_owner(other, to, NM, "");
    bus_stranger_says(other, to, DEVICE, NM ".Device", "StateChanged", "uuu", 120, 50, 7);
    bus_stranger_says(other, to, NM_PATH, NM, "DeviceRemoved", "o", DEVICE);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    state(r, 70, 0);
    state(r, 100, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    bus_stranger_owner(other, to, NM, sd_bus_get_unique_name(other, &to) < 0 ? "" : to);
    bus_stranger_says(other, r->net.bus.client, DEVICE, NM ".Device", "StateChanged", "uuu", 30,
                      100, 0);
    net_rig_pass(&r->net, 10000);
    net_rig_silence(&r->net);
    assert_int_equal(r->net.gone, 0);
    /* nor does the refusal of an SAE that is wpa_supplicant's to tell */
    net_rig_join(&r->net, 2, "Sae", TROTH_WIFI_WPA3_SAE);
    prepare(r);
    for (unsigned i = 0; i < 4; i++)
        bus_stranger_says(other, r->net.bus.client, "/fi/w1/wpa_supplicant1/Interfaces/0",
                          "org.freedesktop.DBus.Properties", "PropertiesChanged", "sa{sv}as",
                          "fi.w1.wpa_supplicant1.Interface", 1, "AuthStatusCode", "i", 1, 0);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    sd_bus_flush_close_unref(other);
}

/* While ours is tried, or after it was joined, a person activates another. */
static void another_is_activated(void **state_)
{
    struct rig *r = *state_;
    r->profile[4] = (struct profile){.used = true, .ssid = "Old"};
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    prepare(r);
    r->activating = 4;
    activate(r);
    net_rig_address(&r->net, "192.0.2.9");
    net_rig_pass(&r->net, 20000);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_OTHER);
    net_rig_silence(&r->net);
    assert_int_equal(r->active, 4); /* and what they chose stays */
    assert_false(heard(r, "ActivateConnection "));
    joined(r, 2, "Home");
    r->activating = 4;
    activate(r);
    net_rig_pass(&r->net, 20000);
    net_rig_reported(&r->net, TROTH_NET_LOST, 2, TROTH_NET_LINK_LOST);
}

/* It hung while it was asked which devices it has. */
static void hangs_at_first(void **state_)
{
    struct rig *r = *state_;
    r->late = 2;
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "networkmanager");
    net_rig_until_here(&r->net);
    joined(r, 1, "Home");
}

/* Somebody near has another network of the same name: an open one, or a company's. */
static void namesakes(void **state_)
{
    struct rig *r = *state_;
    r->point[4] = (struct point){"Home", 1, 0x200};
    r->point[5] = (struct point){"Home", 0, 0};
    joined(r, 1, "Home");
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA3_SAE);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_UNSUPPORTED_SECURITY);
}

static void nothing_is_left(void **state_)
{
    struct rig *r = *state_;
    unsigned fds = 0;
    for (uint32_t i = 0; i < 100; i++) {
        net_rig_join(&r->net, 2 * i + 1, "Home", TROTH_WIFI_WPA2_PSK);
        prepare(r);
        state(r, 120, i % 2 ? 7 : 8);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2 * i + 1,
                         i % 2 ? TROTH_NET_WRONG_PASSWORD : TROTH_NET_TIMEOUT);
        if (i % 10 == 9) { /* the service too */
            bus_double_down(&r->net.bus);
            net_rig_pass(&r->net, 3000);
            bus_double_up(&r->net.bus);
            net_rig_until_here(&r->net);
        } else {
            joined(r, 2 * i + 2, "Home");
        }
        net_rig_forget(&r->net);
        if (i == 9)
            fds = net_rig_fds();
    }
    assert_int_equal(net_rig_fds(), fds);
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, setup_open, teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
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
        T(losses),
        T(goes_and_returns),
        CLOSED(unmanaged),
        T(leaves),
        T(abandoned),
        T(scans),
        T(status),
        T(strangers),
        T(another_is_activated),
        T(namesakes),
        T(nothing_is_left),
        CLOSED(hangs_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
