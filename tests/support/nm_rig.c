/* NetworkManager, doubled. */
#include "support/nm_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define ACTIVE   NM_PATH "/ActiveConnection/1"
#define POINT    NM_PATH "/AccessPoint/"
#define SETTINGS NM_PATH "/Settings"

/* ---- what it answers ---- */

static void append_device(const struct nm_rig *r, sd_bus_message *m)
{
    bus_double_object(m, NM_DEVICE);
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

static void append_point(const struct nm_point *p, sd_bus_message *m, unsigned i)
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

static void reply_objects(const struct nm_rig *r, sd_bus_message *call)
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

static void reply_settings(const struct nm_profile *p, sd_bus_message *call)
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

static void reply_list(const struct nm_rig *r, sd_bus_message *call)
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

static bool refuses(struct nm_rig *r, sd_bus_message *m)
{
    const char *name = r->error;
    r->error = NULL;
    if (name)
        sd_bus_reply_method_errorf(m, name, "802-11-wireless-security.psk: property is invalid");
    return name;
}

static void add(struct nm_rig *r, sd_bus_message *m)
{
    char path[80];
    int i = 0;
    while (i < 5 && r->profile[i].used)
        i++;
    free(r->settings);
    r->settings = bus_double_text(m);
    r->profile[i] = (struct nm_profile){.used = true, .ours = true, .ssid = "Home"};
    r->activating = i;
    snprintf(path, sizeof path, SETTINGS "/%d", i);
    sd_bus_reply_method_return(m, "ooa{sv}", path, ACTIVE, 0);
}

static bool on_call(void *ctx, sd_bus_message *m, const char *path, const char *member)
{
    struct nm_rig *r = ctx;
    const char *at = strstr(path, SETTINGS "/");
    struct nm_profile *p = at ? &r->profile[atoi(at + strlen(SETTINGS "/"))] : NULL;
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

void nm_rig_state(struct nm_rig *r, uint32_t now, uint32_t reason)
{
    uint32_t old = r->state;
    r->state = now;
    if (now == 100)
        r->active = r->activating;
    if (now <= 30 || now == 120)
        r->active = -1;
    assert_true(sd_bus_emit_signal(r->net.bus.bus, NM_DEVICE, NM ".Device", "StateChanged", "uuu",
                                   now, old, reason) >= 0);
    net_rig_run(&r->net);
}

/* What it goes through before it associates. */
void nm_rig_prepare(struct nm_rig *r)
{
    if (r->state > 30) {
        nm_rig_state(r, 110, 60);
        nm_rig_state(r, 30, 60);
    }
    nm_rig_state(r, 40, 0);
    nm_rig_state(r, 50, 0);
    nm_rig_state(r, 60, 0);
    nm_rig_state(r, 40, 0);
    nm_rig_state(r, 50, 0);
}

void nm_rig_activate(struct nm_rig *r)
{
    nm_rig_prepare(r);
    nm_rig_state(r, 70, 0);
    nm_rig_state(r, 100, 0);
}

/* ---- set-up ---- */

int nm_rig_setup(void **state)
{
    struct nm_rig *r = calloc(1, sizeof *r);
    *r = (struct nm_rig){.state = 30, .active = -1};
    r->point[0] = (struct nm_point){"Home", 1, 0x100};
    r->point[1] = (struct nm_point){"Sae", 1, 0x400};
    r->point[2] = (struct nm_point){"Both", 1, 0x500};
    r->point[3] = (struct nm_point){"Open", 0, 0};
    r->point[4] = (struct nm_point){"Office", 1, 0x200};
    net_rig_on_bus(&r->net, NM, on_call, r);
    *state = r;
    return 0;
}

int nm_rig_setup_open(void **state)
{
    nm_rig_setup(state);
    struct nm_rig *r = *state;
    net_rig_up(&r->net, "networkmanager");
    return 0;
}

int nm_rig_teardown(void **state)
{
    struct nm_rig *r = *state;
    net_rig_off_bus(&r->net);
    free(r->settings);
    free(r);
    return 0;
}

void nm_rig_joined(struct nm_rig *r, uint32_t id, const char *ssid)
{
    net_rig_join(&r->net, id, ssid, TROTH_WIFI_WPA2_PSK);
    nm_rig_activate(r);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, id, TROTH_NET_OK);
}
