/* iwd, doubled. */
#include "support/iwd_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what it answers ---- */

const char *iwd_rig_path(const struct iwd_network *n, bool known)
{
    static char path[2][200];
    char *out = path[known];
    size_t at = (size_t)snprintf(out, 200, "%s/", known ? IWD_PATH : IWD_DEVICE);
    for (const char *c = n->name; *c; c++)
        at += (size_t)snprintf(out + at, 200 - at, "%02x", (uint8_t)*c);
    snprintf(out + at, 200 - at, "_%s", n->type);
    return out;
}

static struct iwd_network *network_of(struct iwd_rig *r, const char *path, bool known)
{
    for (unsigned i = 0; i < 5; i++)
        if (r->network[i].name && !strcmp(path, iwd_rig_path(&r->network[i], known)))
            return &r->network[i];
    return NULL;
}

static void append_device(const struct iwd_rig *r, sd_bus_message *m)
{
    bus_double_object(m, IWD_DEVICE);
    bus_double_interface(m, IWD ".Device");
    sd_bus_message_append(m, "{sv}{sv}", "Name", "s", "wlan0", "Powered", "b", (int)r->powered);
    bus_double_end_interface(m);
    bus_double_interface(m, IWD ".Station");
    sd_bus_message_append(m, "{sv}{sv}", "State", "s", r->state, "Scanning", "b", 0);
    if (r->connected >= 0)
        sd_bus_message_append(m, "{sv}", "ConnectedNetwork", "o",
                              iwd_rig_path(&r->network[r->connected], false));
    bus_double_end_interface(m);
    bus_double_end_object(m);
}

static void reply_objects(const struct iwd_rig *r, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
    for (unsigned i = 0; i < 5; i++) {
        const struct iwd_network *n = &r->network[i];
        for (int known = 0; known < 2; known++) {
            if (!n->name || !(known ? n->known : n->visible))
                continue;
            bus_double_object(m, iwd_rig_path(n, known));
            bus_double_interface(m, known ? IWD ".KnownNetwork" : IWD ".Network");
            sd_bus_message_append(m, "{sv}{sv}", "Name", "s", n->name, "Type", "s", n->type);
            bus_double_end_interface(m);
            bus_double_end_object(m);
        }
    }
    if (!r->no_device)
        append_device(r, m);
    sd_bus_message_close_container(m);
    sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
}

static void reply_ordered(const struct iwd_rig *r, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "(on)");
    for (unsigned i = 0; i < 5; i++)
        if (r->network[i].visible)
            sd_bus_message_append(m, "(on)", iwd_rig_path(&r->network[i], false), -6000);
    sd_bus_message_close_container(m);
    sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
}

static bool on_call(void *ctx, sd_bus_message *m, const char *path, const char *member)
{
    struct iwd_rig *r = ctx;
    const char *text;
    if (r->error && (!strcmp(member, "Scan") || !strncmp(member, "Connect", 7) ||
                     !strcmp(member, "RegisterAgent") || !strcmp(member, "Forget"))) {
        sd_bus_reply_method_errorf(m, r->error, "no");
        r->error = NULL;
    } else if (!strcmp(member, "GetManagedObjects") && r->late) {
        r->late--;
        sd_bus_reply_method_errorf(m, "org.freedesktop.DBus.Error.NoReply", "late");
    } else if (!strcmp(member, "GetManagedObjects")) {
        reply_objects(r, m);
    } else if (!strcmp(member, "GetOrderedNetworks")) {
        reply_ordered(r, m);
    } else if (!strcmp(member, "RegisterAgent")) {
        sd_bus_message_read(m, "o", &text);
        snprintf(r->agent, sizeof r->agent, "%s", sd_bus_message_get_sender(m));
        snprintf(r->agent_path, sizeof r->agent_path, "%s", text);
        sd_bus_reply_method_return(m, NULL);
    } else if (!strcmp(member, "Connect") || !strcmp(member, "ConnectHiddenNetwork")) {
        sd_bus_message_unref(r->pending);
        r->pending = sd_bus_message_ref(m);
    } else if (!strcmp(member, "Forget")) {
        struct iwd_network *n = network_of(r, path, true);
        if (n)
            n->known = false;
        sd_bus_reply_method_return(m, NULL);
    } else if (!strcmp(member, "GetDiagnostics")) {
        if (r->diagnostics)
            sd_bus_reply_method_return(m, "a{sv}", 4, "ConnectedBss", "s", "02:00:00:00:00:09",
                                       "Frequency", "u", 2437, "RSSI", "n", -41, "Security", "s",
                                       r->security);
        else
            sd_bus_reply_method_errorf(m, "org.freedesktop.DBus.Error.UnknownMethod", "no");
    } else if (!strcmp(member, "Scan") || !strcmp(member, "Disconnect")) {
        sd_bus_reply_method_return(m, NULL);
    } else {
        return false;
    }
    return true;
}

static void changed(struct iwd_rig *r, const char *interface, const char *key, const char *types,
                    ...)
{
    sd_bus_message *m = NULL;
    va_list args;
    sd_bus_message_new_signal(r->net.bus.bus, &m, IWD_DEVICE, "org.freedesktop.DBus.Properties",
                              "PropertiesChanged");
    sd_bus_message_append(m, "s", interface);
    sd_bus_message_open_container(m, 'a', "{sv}");
    sd_bus_message_open_container(m, 'e', "sv");
    sd_bus_message_append(m, "s", key);
    sd_bus_message_open_container(m, 'v', types);
    va_start(args, types);
    sd_bus_message_appendv(m, types, args);
    va_end(args);
    for (unsigned i = 0; i < 3; i++)
        sd_bus_message_close_container(m);
    sd_bus_message_append(m, "as", 0);
    assert_true(sd_bus_send(NULL, m, NULL) >= 0);
    sd_bus_message_unref(m);
    net_rig_run(&r->net);
}

void iwd_rig_state(struct iwd_rig *r, const char *now)
{
    r->state = now;
    changed(r, IWD ".Station", "State", "s", now);
}

void iwd_rig_scanned(struct iwd_rig *r)
{
    changed(r, IWD ".Station", "Scanning", "b", 1);
    changed(r, IWD ".Station", "Scanning", "b", 0);
}

static int on_answer(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct iwd_rig *r = context;
    const char *text = "";
    (void)error;
    const sd_bus_error *e = sd_bus_message_get_error(m);
    r->answer[0] = r->refusal[0] = 0;
    if (e)
        snprintf(r->refusal, sizeof r->refusal, "%s", e->name);
    else if (sd_bus_message_read(m, "s", &text) >= 0)
        snprintf(r->answer, sizeof r->answer, "%s", text);
    r->answered = true;
    return 0;
}

static bool is_answered(void *ctx)
{
    return ((struct iwd_rig *)ctx)->answered;
}

void iwd_rig_ask(struct iwd_rig *r, sd_bus *by, const char *path)
{
    r->answered = false;
    assert_true(sd_bus_call_method_async(by, NULL, r->agent, r->agent_path, IWD ".Agent",
                                         "RequestPassphrase", on_answer, r, "o", path) >= 0);
    bus_double_until(&r->net.bus, is_answered, r, "the agent answers");
}

void iwd_rig_ends(struct iwd_rig *r, const char *error, int connected)
{
    assert_non_null(r->pending);
    if (connected >= 0) {
        r->connected = connected;
        r->network[connected].known = true;
        r->state = "connected";
    }
    if (error)
        sd_bus_reply_method_errorf(r->pending, error, "no");
    else
        sd_bus_reply_method_return(r->pending, NULL);
    r->pending = sd_bus_message_unref(r->pending);
    net_rig_run(&r->net);
}

/* ---- set-up ---- */

int iwd_rig_setup(void **state)
{
    struct iwd_rig *r = calloc(1, sizeof *r);
    *r = (struct iwd_rig){.state = "disconnected",
                          .connected = -1,
                          .powered = true,
                          .diagnostics = true,
                          .security = "WPA2-Personal"};
    r->network[0] = (struct iwd_network){"Home", "psk", true, false};
    r->network[1] = (struct iwd_network){"Open", "open", true, false};
    r->network[2] = (struct iwd_network){"Office", "8021x", true, false};
    r->network[3] = (struct iwd_network){"Hidden", "psk", false, false};
    r->network[4] = (struct iwd_network){"Old", "psk", true, false};
    net_rig_on_bus(&r->net, IWD, on_call, r);
    *state = r;
    return 0;
}

int iwd_rig_setup_open(void **state)
{
    iwd_rig_setup(state);
    struct iwd_rig *r = *state;
    net_rig_up(&r->net, "iwd");
    return 0;
}

int iwd_rig_teardown(void **state)
{
    struct iwd_rig *r = *state;
    sd_bus_message_unref(r->pending);
    net_rig_off_bus(&r->net);
    free(r);
    return 0;
}

void iwd_rig_joined(struct iwd_rig *r, uint32_t id, int network)
{
    net_rig_join(&r->net, id, r->network[network].name, TROTH_WIFI_WPA2_PSK);
    iwd_rig_ends(r, NULL, network);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, id, TROTH_NET_OK);
}
