/* iwd asks its agents for passphrases. Ours has one answer, for the network of the attempt. */
#include "ports/linux/net_iwd.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

static int refuse(sd_bus_message *m)
{
    return sd_bus_reply_method_errorf(m, IWD_SERVICE ".Agent.Error.Canceled", "Not ours");
}

static bool from_iwd(const struct net_iwd *n, sd_bus_message *m)
{
    const char *sender = sd_bus_message_get_sender(m);
    return sender && n->bus.owner[0] && !strcmp(sender, n->bus.owner);
}

/* A network's path ends in its SSID in hexadecimal, "_" and its type. */
static bool is_asked(const struct net_iwd *n, const char *path)
{
    char expected[IWD_PATH_MAX];
    size_t at = (size_t)snprintf(expected, sizeof expected, "%.100s/", n->device);
    for (unsigned i = 0; i < n->b.asked.ssid.len; i++)
        at += (size_t)snprintf(expected + at, sizeof expected - at, "%02x", n->b.asked.ssid.b[i]);
    snprintf(expected + at, sizeof expected - at, "_psk");
    return n->connecting && station_joining(&n->b) && !strcmp(path, expected);
}

static int on_request(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_iwd *n = context;
    const char *path;
    char passphrase[65];
    (void)error;
    if (!from_iwd(n, m) || sd_bus_message_read(m, "o", &path) < 0 || !is_asked(n, path))
        return refuse(m);
    const struct troth_password *w = &n->b.asked.password;
    sd_bus_message *reply = NULL;
    snprintf(passphrase, sizeof passphrase, "%.*s", w->len, (const char *)w->b);
    int r = sd_bus_message_new_method_return(m, &reply);
    if (r >= 0)
        r = sd_bus_message_sensitive(reply);
    if (r >= 0)
        r = sd_bus_message_append(reply, "s", passphrase);
    wipe(passphrase, sizeof passphrase);
    if (r >= 0)
        r = sd_bus_send(n->bus.bus, reply, NULL);
    n->told |= r >= 0;
    sd_bus_message_unref(reply);
    return r < 0 ? r : 1;
}

static int on_other(sd_bus_message *m, void *context, sd_bus_error *error)
{
    (void)context;
    (void)error;
    return refuse(m);
}

static int on_release(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_iwd *n = context;
    (void)error;
    if (from_iwd(n, m))
        n->agent_known = false;
    return sd_bus_reply_method_return(m, NULL);
}

static int on_cancel(sd_bus_message *m, void *context, sd_bus_error *error)
{
    (void)context;
    (void)error;
    return sd_bus_reply_method_return(m, NULL);
}

static const sd_bus_vtable agent[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Release", NULL, NULL, on_release, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestPassphrase", "o", "s", on_request, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestPrivateKeyPassphrase", "o", "s", on_other, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestUserNameAndPassword", "o", "ss", on_other, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestUserPassword", "os", "s", on_other, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Cancel", "s", NULL, on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

bool iwd_agent_open(struct net_iwd *n)
{
    n->agent = sd_bus_slot_unref(n->agent);
    return sd_bus_add_object_vtable(n->bus.bus, &n->agent, IWD_AGENT, IWD_SERVICE ".Agent", agent,
                                    n) >= 0;
}

static void on_registered(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    (void)tag;
    n->agent_known = !*net_bus_error(reply);
    if (!n->agent_known)
        station_notice(&n->b, NET_SHORTCOMING,
                       "iwd does not take passwords from trothd (%s): run it as root, or as a "
                       "member of the group netdev",
                       net_bus_error_text(reply));
}

void iwd_agent_register(struct net_iwd *n)
{
    net_bus_ask(&n->bus, on_registered, 0, "/net/connman/iwd", IWD_SERVICE ".AgentManager",
                "RegisterAgent", "o", IWD_AGENT);
}
