/* The iwd backend against a double of iwd on a bus of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "support/bus_stranger.h"
#include "support/net_rig.h"

#define IWD    "net.connman.iwd"
#define PATH   "/net/connman/iwd"
#define DEVICE PATH "/0/3"

struct network {
    const char *name, *type;
    bool visible, known;
};

struct rig {
    struct net_rig net;
    const char *state;
    int connected; /* a network; -1 */
    bool powered, no_device, diagnostics;
    const char *security;
    struct network network[5];
    sd_bus_message *pending; /* a Connect that waits for its answer */
    char agent[64], agent_path[64], answer[80], refusal[80];
    const char *error; /* of the next call but the agent's */
    bool answered;
    unsigned late; /* so often its objects are not told in time */
};

/* ---- the double ---- */

static const char *path_of(const struct network *n, bool known)
{
    static char path[2][200];
    char *out = path[known];
    size_t at = (size_t)snprintf(out, 200, "%s/", known ? PATH : DEVICE);
    for (const char *c = n->name; *c; c++)
        at += (size_t)snprintf(out + at, 200 - at, "%02x", (uint8_t)*c);
    snprintf(out + at, 200 - at, "_%s", n->type);
    return out;
}

static struct network *network_of(struct rig *r, const char *path, bool known)
{
    for (unsigned i = 0; i < 5; i++)
        if (r->network[i].name && !strcmp(path, path_of(&r->network[i], known)))
            return &r->network[i];
    return NULL;
}

static void append_device(const struct rig *r, sd_bus_message *m)
{
    bus_double_object(m, DEVICE);
    bus_double_interface(m, IWD ".Device");
    sd_bus_message_append(m, "{sv}{sv}", "Name", "s", "wlan0", "Powered", "b", (int)r->powered);
    bus_double_end_interface(m);
    bus_double_interface(m, IWD ".Station");
    sd_bus_message_append(m, "{sv}{sv}", "State", "s", r->state, "Scanning", "b", 0);
    if (r->connected >= 0)
        sd_bus_message_append(m, "{sv}", "ConnectedNetwork", "o",
                              path_of(&r->network[r->connected], false));
    bus_double_end_interface(m);
    bus_double_end_object(m);
}

static void reply_objects(const struct rig *r, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "{oa{sa{sv}}}");
    for (unsigned i = 0; i < 5; i++) {
        const struct network *n = &r->network[i];
        for (int known = 0; known < 2; known++) {
            if (!n->name || !(known ? n->known : n->visible))
                continue;
            bus_double_object(m, path_of(n, known));
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

static void reply_ordered(const struct rig *r, sd_bus_message *call)
{
    sd_bus_message *m = NULL;
    sd_bus_message_new_method_return(call, &m);
    sd_bus_message_open_container(m, 'a', "(on)");
    for (unsigned i = 0; i < 5; i++)
        if (r->network[i].visible)
            sd_bus_message_append(m, "(on)", path_of(&r->network[i], false), -6000);
    sd_bus_message_close_container(m);
    sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
}

static bool on_call(void *ctx, sd_bus_message *m, const char *path, const char *member)
{
    struct rig *r = ctx;
    const char *text;
    if (r->error && (!strcmp(member, "Scan") || !strncmp(member, "Connect", 7) ||
                     !strcmp(member, "RegisterAgent"))) {
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
        struct network *n = network_of(r, path, true);
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

static void changed(struct rig *r, const char *interface, const char *key, const char *types, ...)
{
    sd_bus_message *m = NULL;
    va_list args;
    sd_bus_message_new_signal(r->net.bus.bus, &m, DEVICE, "org.freedesktop.DBus.Properties",
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

static void state(struct rig *r, const char *now)
{
    r->state = now;
    changed(r, IWD ".Station", "State", "s", now);
}

static void scanned(struct rig *r)
{
    changed(r, IWD ".Station", "Scanning", "b", 1);
    changed(r, IWD ".Station", "Scanning", "b", 0);
}

static int on_answer(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct rig *r = context;
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
    return ((struct rig *)ctx)->answered;
}

/* Somebody asks our agent. */
static void ask(struct rig *r, sd_bus *by, const char *path)
{
    r->answered = false;
    assert_true(sd_bus_call_method_async(by, NULL, r->agent, r->agent_path, IWD ".Agent",
                                         "RequestPassphrase", on_answer, r, "o", path) >= 0);
    bus_double_until(&r->net.bus, is_answered, r, "the agent answers");
}

/* The Connect that waits ends. */
static void ends(struct rig *r, const char *error, int connected)
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

static int setup(void **state_)
{
    struct rig *r = calloc(1, sizeof *r);
    *r = (struct rig){.state = "disconnected",
                      .connected = -1,
                      .powered = true,
                      .diagnostics = true,
                      .security = "WPA2-Personal"};
    r->network[0] = (struct network){"Home", "psk", true, false};
    r->network[1] = (struct network){"Open", "open", true, false};
    r->network[2] = (struct network){"Office", "8021x", true, false};
    r->network[3] = (struct network){"Hidden", "psk", false, false};
    r->network[4] = (struct network){"Old", "psk", true, false};
    r->net.bus.service = IWD;
    r->net.bus.call = on_call;
    r->net.bus.ctx = r;
    assert_true(sd_event_new(&r->net.loop) >= 0);
    r->net.bus.loop = r->net.loop;
    bus_double_open(&r->net.bus);
    *state_ = r;
    return 0;
}

static void open_backend(struct rig *r)
{
    bus_double_up(&r->net.bus);
    net_rig_open(&r->net, "iwd");
    net_rig_until_here(&r->net);
}

static int setup_open(void **state_)
{
    setup(state_);
    open_backend(*state_);
    return 0;
}

static int teardown(void **state_)
{
    struct rig *r = *state_;
    sd_bus_message_unref(r->pending);
    net_rig_close(&r->net);
    bus_double_close(&r->net.bus);
    sd_event_unref(r->net.loop);
    free(r);
    return 0;
}

static bool heard(struct rig *r, const char *call)
{
    return bus_double_heard(&r->net.bus, call);
}

static void joined(struct rig *r, uint32_t id, int network)
{
    net_rig_join(&r->net, id, r->network[network].name, TROTH_WIFI_WPA2_PSK);
    ends(r, NULL, network);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, id, TROTH_NET_OK);
}

/* ---- tests ---- */

static void joins(void **state_)
{
    struct rig *r = *state_;
    sd_bus *other = NULL;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    ask(r, r->net.bus.bus, path_of(&r->network[0], false));
    assert_string_equal(r->answer, NET_RIG_SECRET);
    ask(r, r->net.bus.bus, path_of(&r->network[4], false)); /* another network */
    assert_string_equal(r->refusal, IWD ".Agent.Error.Canceled");
    assert_true(sd_bus_open_system(&other) >= 0); /* somebody who is not iwd */
    sd_bus_attach_event(other, r->net.loop, 0);
    ask(r, other, path_of(&r->network[0], false));
    assert_string_equal(r->answer, "");
    assert_string_equal(r->refusal, IWD ".Agent.Error.Canceled");
    sd_bus_flush_close_unref(other);
    ends(r, NULL, 0);
    ask(r, r->net.bus.bus, path_of(&r->network[0], false)); /* too late */
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
static void joins_in_two_steps(void **state_)
{
    struct rig *r = *state_;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    r->connected = 0;
    r->state = "connecting";
    r->diagnostics = false;
    ends(r, NULL, -1);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_silence(&r->net);
    r->diagnostics = true;
    state(r, "connected");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_int_equal(r->net.info.channel, 6);
    /* and without an address from it */
    net_rig_join(&r->net, 2, "Old", TROTH_WIFI_WPA2_PSK);
    r->state = "connecting";
    r->connected = 4;
    ends(r, NULL, -1);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NO_ADDRESS);
}

static void failures(void **state_)
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
    struct rig *r = *state_;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        net_rig_join(&r->net, i + 1, cases[i].ssid, TROTH_WIFI_WPA2_PSK);
        ends(r, cases[i].error, -1);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i + 1, cases[i].means);
    }
    assert_false(heard(r, "Forget ")); /* it never knew them, or others gave it what it knows */
    net_rig_join(&r->net, 10, "Open", TROTH_WIFI_OPEN);
    ends(r, IWD ".Failed", -1);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 10, TROTH_NET_OTHER);
    net_rig_join(&r->net, 11, "Home", TROTH_WIFI_OPEN);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 11, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_join(&r->net, 12, "Office", TROTH_WIFI_WPA2_PSK);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 12, TROTH_NET_UNSUPPORTED_SECURITY);
    /* WPA2 where WPA3 was asked for: known only afterwards, and undone */
    net_rig_join(&r->net, 13, "Home", TROTH_WIFI_WPA3_SAE);
    ends(r, NULL, 0);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 13, TROTH_NET_UNSUPPORTED_SECURITY);
    net_rig_run(&r->net);
    assert_false(r->network[0].known);
}

static void hidden(void **state_)
{
    struct rig *r = *state_;
    net_rig_join(&r->net, 1, "Hidden", TROTH_WIFI_WPA2_PSK);
    assert_true(heard(r, "ConnectHiddenNetwork " DEVICE));
    ask(r, r->net.bus.bus, path_of(&r->network[3], false));
    assert_string_equal(r->answer, NET_RIG_SECRET);
    r->network[3].visible = true;
    ends(r, NULL, 3);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    /* seen meanwhile */
    r->network[0].visible = false;
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    r->network[0].visible = true;
    ends(r, IWD ".NotHidden", -1);
    ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.8");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
}

static void unfit(void **state_)
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
    struct rig *r = *state_;
    for (uint32_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct troth_credentials c =
            net_rig_credentials(cases[i].ssid, cases[i].security, cases[i].password);
        assert_int_equal(r->net.net->ops->join(r->net.net->ctx, i + 1, &c), TROTH_UNSUPPORTED);
        assert_int_equal(r->net.shortcomings, i + 1);
    }
    net_rig_run(&r->net);
    assert_false(heard(r, "Connect"));
}

static void out_of_time(void **state_)
{
    struct rig *r = *state_;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_TIMEOUT);
    assert_true(heard(r, "Disconnect "));
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    ends(r, NULL, 0);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NO_ADDRESS);
    net_rig_run(&r->net);
    assert_false(r->network[0].known); /* connected, but of no use */
}

static void old_is_kept(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, 4);
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
    snprintf(call, sizeof call, "Connect %s\n", path_of(&r->network[4], false));
    assert_true(heard(r, call));
    joined(r, 3, 0);
    net_rig_run(&r->net);
    assert_false(r->network[4].known);
}

static void another_password(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, 0);
    bus_double_forget(&r->net.bus);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK); /* the same: nothing to be done */
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    assert_false(heard(r, "Connect "));
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, "another one");
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 3, &c), TROTH_OK);
    net_rig_run(&r->net);
    assert_true(heard(r, "Forget "));
    ask(r, r->net.bus.bus, path_of(&r->network[0], false));
    assert_string_equal(r->answer, "another one");
    ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
}

static void found_at_start(void **state_)
{
    struct rig *r = *state_;
    r->network[0].known = true;
    open_backend(r);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    ends(r, IWD ".Failed", -1); /* with what it knew */
    net_rig_silence(&r->net);
    assert_true(heard(r, "Forget "));
    ask(r, r->net.bus.bus, path_of(&r->network[0], false));
    assert_string_equal(r->answer, NET_RIG_SECRET);
    ends(r, IWD ".Failed", -1);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
}

/* One it knows and does not see: it is looked for, and found by iwd itself. */
static void known_and_away(void **state_)
{
    struct rig *r = *state_;
    r->network[3].known = true;
    open_backend(r);
    net_rig_join(&r->net, 1, "Hidden", TROTH_WIFI_WPA2_PSK);
    assert_true(heard(r, "Scan "));
    scanned(r);
    net_rig_silence(&r->net);
    assert_false(heard(r, "ConnectHidden"));
    r->network[3].visible = true;
    r->connected = 3;
    snprintf(r->net.address, sizeof r->net.address, "192.0.2.7");
    state(r, "connected");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    r->network[3].visible = false;
    r->connected = -1;
    state(r, "disconnected");
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
    net_rig_join(&r->net, 2, "Hidden", TROTH_WIFI_WPA2_PSK);
    scanned(r);
    net_rig_pass(&r->net, 18010);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NOT_FOUND);
}

static void losses(void **state_)
{
    struct rig *r = *state_;
    joined(r, 1, 0);
    state(r, "roaming");
    net_rig_pass(&r->net, 10000);
    state(r, "connected");
    net_rig_silence(&r->net);
    state(r, "disconnected");
    net_rig_pass(&r->net, 3000);
    state(r, "connected");
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net);
    r->connected = 4; /* elsewhere */
    state(r, "connected");
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
}

static bool is_gone(void *ctx)
{
    return ((const struct rig *)ctx)->net.gone != 0;
}

static void goes_and_returns(void **state_)
{
    struct rig *r = *state_;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    r->pending = sd_bus_message_unref(r->pending);
    bus_double_down(&r->net.bus);
    bus_double_until(&r->net.bus, is_gone, r, "it is missed");
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_BACKEND_GONE);
    r->no_device = true;
    r->agent[0] = 0;
    r->net.gone = 0;
    bus_double_up(&r->net.bus);
    bus_double_until(&r->net.bus, is_gone, r, "it has no device yet");
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK); /* waits */
    r->no_device = false;
    sd_bus_emit_signal(r->net.bus.bus, "/", "org.freedesktop.DBus.ObjectManager", "InterfacesAdded",
                       "oa{sa{sv}}", DEVICE, 0);
    net_rig_until_here(&r->net);
    assert_string_not_equal(r->agent, ""); /* registered anew */
    ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
}

static void scans(void **state_)
{
    struct rig *r = *state_;
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    scanned(r);
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

static void leaves(void **state_)
{
    struct rig *r = *state_;
    r->network[4].known = true;
    joined(r, 1, 0);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 2, TROTH_NET_OK);
    assert_false(r->network[0].known);
    assert_true(r->network[4].known); /* not ours */
}

/* Somebody pretends to have iwd's name, and asks for the password. */
static void strangers(void **state_)
{
    struct rig *r = *state_;
    const char *name = "";
    sd_bus *other = bus_stranger();
    assert_true(sd_bus_get_unique_name(other, &name) >= 0);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    bus_stranger_owner(other, r->net.bus.client, IWD, name);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    assert_int_equal(r->net.gone, 0);
    sd_bus_attach_event(other, r->net.loop, 0);
    ask(r, other, path_of(&r->network[0], false));
    assert_string_equal(r->answer, "");
    assert_string_equal(r->refusal, IWD ".Agent.Error.Canceled");
    ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    bus_stranger_says(other, r->net.bus.client, DEVICE, "org.freedesktop.DBus.Properties",
                      "PropertiesChanged", "sa{sv}as", IWD ".Station", 1, "State", "s",
                      "disconnected", 0);
    r->no_device = true;
    bus_stranger_says(other, r->net.bus.client, "/", "org.freedesktop.DBus.ObjectManager",
                      "InterfacesRemoved", "oas", DEVICE, 1, IWD ".Device");
    net_rig_pass(&r->net, 10000);
    net_rig_silence(&r->net);
    assert_int_equal(r->net.gone, 0);
    sd_bus_flush_close_unref(other);
}

/* It hung while it was asked which devices it has. */
static void hangs_at_first(void **state_)
{
    struct rig *r = *state_;
    r->late = 2;
    open_backend(r);
    joined(r, 1, 0);
}

static void nothing_is_left(void **state_)
{
    struct rig *r = *state_;
    unsigned fds = 0;
    for (uint32_t i = 0; i < 100; i++) {
        net_rig_join(&r->net, 2 * i + 1, "Old", TROTH_WIFI_WPA2_PSK);
        ends(r, IWD ".Failed", -1);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2 * i + 1, TROTH_NET_WRONG_PASSWORD);
        if (i % 10 == 9) { /* the service too */
            bus_double_down(&r->net.bus);
            net_rig_pass(&r->net, 3000);
            bus_double_up(&r->net.bus);
            net_rig_until_here(&r->net);
            r->connected = -1;
        } else {
            joined(r, 2 * i + 2, 0);
            r->connected = -1;
            state(r, "disconnected");
        }
        net_rig_forget(&r->net);
        if (i == 9)
            fds = net_rig_fds();
    }
    assert_int_equal(net_rig_fds(), fds);
}

static void not_allowed(void **state_)
{
    struct rig *r = *state_;
    r->error = "org.freedesktop.DBus.Error.AccessDenied";
    open_backend(r);
    assert_int_equal(r->net.shortcomings, 1);
    assert_non_null(strstr(r->net.words, "netdev"));
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, setup_open, teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(joins),
        T(joins_in_two_steps),
        T(failures),
        T(hidden),
        T(unfit),
        T(out_of_time),
        T(old_is_kept),
        T(another_password),
        CLOSED(found_at_start),
        CLOSED(known_and_away),
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
