/*
 * Networks of iwd. It keeps a network when it has worked, and goes back to those it knows by
 * itself. What it knows of a name is one password. Another one for the same name: if the first is
 * Troth's, iwd must forget it, and Troth's own store still has it. If it is somebody else's, it is
 * tried as it is. When it fails iwd asks for the password with the next try, ours; it replaces the
 * first if it works, and else leaves it alone. Only when iwd does not ask must it forget.
 */
#include "ports/linux/net_iwd.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

#define CONNECT_S 60

static bool current(const struct net_iwd *n, uint32_t tag)
{
    return station_joining(&n->b) && tag == n->b.attempt;
}

static void broken(struct net_iwd *n)
{
    station_failed(&n->b, TROTH_NET_OTHER);
}

/* 8 to 63 printable characters of ASCII: it takes the standard at its word. */
static bool is_passphrase(const struct troth_password *w)
{
    for (unsigned i = 0; i < w->len; i++)
        if (w->b[i] < ' ' || w->b[i] > '~')
            return false;
    return w->len >= 8 && w->len <= 63;
}

const char *iwd_unfit(const struct troth_wifi *w)
{
    if (!net_bus_is_text(w->ssid.b, w->ssid.len))
        return "iwd knows names in UTF-8 only, and this network's is not: use wpa_supplicant";
    if (w->security == TROTH_WIFI_OPEN ||
        (w->security == TROTH_WIFI_AUTO && w->password.len == 0) || is_passphrase(&w->password))
        return NULL;
    if (w->security != TROTH_WIFI_WPA3_SAE && troth_password_is_psk(&w->password))
        return "iwd takes no raw key of 64 digits from others: give the password, or use "
               "wpa_supplicant or NetworkManager";
    return "iwd takes passwords of 8 to 63 characters of ASCII only: change the network's, or use "
           "wpa_supplicant";
}

static void disconnect(struct net_iwd *n)
{
    net_bus_ask(&n->bus, NULL, 0, n->device, IWD_I_STATION, "Disconnect", NULL);
}

static void forget(struct net_iwd *n, net_bus_answer *answer, uint32_t tag, const char *known)
{
    if (!net_bus_ask(&n->bus, answer, tag, known, IWD_I_KNOWN, "Forget", NULL) && answer)
        broken(n);
}

/* The path of what iwd knows of a name, as it makes it. */
static void known_path(const struct troth_ssid *ssid, bool open, char path[IWD_PATH_MAX])
{
    size_t at = (size_t)snprintf(path, IWD_PATH_MAX, "/net/connman/iwd/");
    for (unsigned i = 0; i < ssid->len; i++)
        at += (size_t)snprintf(path + at, IWD_PATH_MAX - at, "%02x", ssid->b[i]);
    snprintf(path + at, IWD_PATH_MAX - at, open ? "_open" : "_psk");
}

static bool is_same_profile(const struct troth_wifi *a, const struct troth_wifi *b)
{
    return troth_ssid_equal(&a->ssid, &b->ssid) &&
           (a->security == TROTH_WIFI_OPEN) == (b->security == TROTH_WIFI_OPEN);
}

/* What iwd knows by the name that is asked for is of Troth's making. */
static bool is_ours(const struct net_iwd *n)
{
    return n->good.ssid.len && !n->b.borrowed && is_same_profile(&n->good, &n->b.asked);
}

static void say_replaced(struct net_iwd *n)
{
    if (!is_ours(n))
        station_notice(&n->b, NET_SHORTCOMING,
                       "iwd knew this network with another password, which does not work: it is "
                       "replaced by the one given");
}

/* ---- connected ---- */

static void on_diagnostics(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    struct troth_net_info info;
    if (n->b.state == STATION_IDLE || tag != n->b.attempt)
        return;
    if (!iwd_read_diagnostics(reply, &info))
        info.security = n->b.asked.security;
    /* it takes the best of both, and does not ask whether WPA2 was wanted */
    if (station_joining(&n->b) && n->b.asked.security == TROTH_WIFI_WPA3_SAE &&
        info.security != TROTH_WIFI_WPA3_SAE)
        station_failed(&n->b, TROTH_NET_UNSUPPORTED_SECURITY);
    else
        station_linked(&n->b, &info);
}

static void linked(struct net_iwd *n)
{
    net_bus_ask(&n->bus, on_diagnostics, n->b.attempt, n->device, IWD_I_DIAGNOSTIC,
                "GetDiagnostics", NULL);
}

static void on_where(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    struct troth_wifi w = {.ssid = n->b.asked.ssid, .security = n->b.asked.security};
    struct iwd_survey s;
    if (n->b.state == STATION_IDLE || tag != n->b.attempt || n->connecting)
        return;
    if (iwd_survey(n, reply, &w, &s) && s.up && s.network[0] && !strcmp(s.connected, s.network))
        linked(n);
    else if (n->b.state == STATION_JOINED)
        station_unlinked(&n->b, TROTH_NET_LINK_LOST);
}

/* ---- connecting ---- */

static void start(struct net_iwd *n);

static enum troth_net_reason reason_of(const struct net_iwd *n, const char *error)
{
    const char *name = !strncmp(error, IWD_SERVICE ".", 16) ? error + 16 : error;
    if (!strcmp(name, "NotFound"))
        return TROTH_NET_NOT_FOUND;
    if (!strcmp(name, "InvalidFormat"))
        return TROTH_NET_BAD_PASSWORD;
    if (!strcmp(name, "NotSupported") || !strcmp(name, "NotConfigured"))
        return TROTH_NET_UNSUPPORTED_SECURITY;
    /* it found the network and was refused; of a protected one it says no more */
    if (!strcmp(name, "Failed") && n->b.asked.security != TROTH_WIFI_OPEN)
        return TROTH_NET_WRONG_PASSWORD;
    return strstr(name, "NoReply") || strstr(name, "Timeout") ? TROTH_NET_TIMEOUT : TROTH_NET_OTHER;
}

static void on_connected(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    const char *error = net_bus_error(reply);
    if (!current(n, tag))
        return;
    n->connecting = false;
    if (!*error) { /* if it asks for the address itself, it says connected when it has one */
        n->connected = true;
        if (n->reused && n->told) {
            n->reused = false;
            say_replaced(n);
        }
        n->b.hint = TROTH_NET_NO_ADDRESS;
        iwd_ask_objects(n, on_where, tag);
        return;
    }
    if (strstr(error, ".NotHidden")) { /* come into range meanwhile */
        start(n);
        return;
    }
    enum troth_net_reason reason = reason_of(n, error);
    if (reason == TROTH_NET_WRONG_PASSWORD && n->reused && !n->told && !(n->proven && is_ours(n))) {
        n->stale_known = n->again; /* it was to ask, and did not */
        n->again = true;
        n->b.hint = reason;
        start(n);
        return;
    }
    station_failed(&n->b, reason);
}

static void send_connect(struct net_iwd *n, sd_bus_message *m)
{
    n->connecting = true;
    if (!net_bus_send(&n->bus, m, on_connected, n->b.attempt, CONNECT_S))
        broken(n);
}

static void connect_to(struct net_iwd *n, const char *network)
{
    snprintf(n->trying, sizeof n->trying, "%s", network);
    send_connect(n, net_bus_message(&n->bus, network, IWD_I_NETWORK, "Connect"));
}

static void connect_hidden(struct net_iwd *n)
{
    char name[33];
    sd_bus_message *m = net_bus_message(&n->bus, n->device, IWD_I_STATION, "ConnectHiddenNetwork");
    snprintf(name, sizeof name, "%.*s", n->b.asked.ssid.len, (const char *)n->b.asked.ssid.b);
    n->trying[0] = 0;
    if (m && sd_bus_message_append(m, "s", name) < 0)
        m = sd_bus_message_unref(m);
    send_connect(n, m);
}

static void on_forgotten(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    (void)reply;
    if (current(n, tag))
        start(n);
}

static void on_scan(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    const char *error = net_bus_error(reply);
    if (!current(n, tag) || !*error || strstr(error, "InProgress") || strstr(error, "Busy"))
        return; /* the signal comes */
    iwd_scanned(n);
}

static void look_for(struct net_iwd *n)
{
    n->looked = n->scanning = true;
    if (!net_bus_ask(&n->bus, on_scan, n->b.attempt, n->device, IWD_I_STATION, "Scan", NULL))
        broken(n);
}

static void on_surveyed(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    struct iwd_survey s;
    if (!current(n, tag))
        return;
    if (!iwd_survey(n, reply, &n->b.asked, &s)) {
        broken(n);
        return;
    }
    bool fits = !n->stale_known && (!is_ours(n) || station_same(&n->good, &n->b.asked));
    n->reused = s.known[0] && fits;
    if (!n->before_known) {
        n->before_known = true;
        snprintf(n->before, sizeof n->before, "%s", s.connected);
    }
    if (n->reused && s.up && s.network[0] && !strcmp(s.connected, s.network)) {
        snprintf(n->trying, sizeof n->trying, "%s", s.network);
        linked(n); /* joined before we came: nothing to be torn down */
    } else if (s.known[0] && !fits) {
        if (n->stale_known)
            say_replaced(n);
        forget(n, on_forgotten, tag, s.known);
    } else if (s.network[0]) {
        connect_to(n, s.network);
    } else if (s.unfit) {
        station_failed(&n->b, TROTH_NET_UNSUPPORTED_SECURITY);
    } else if (!s.known[0]) {
        connect_hidden(n); /* it looks for it, and takes it though it be visible */
    } else if (!n->looked) {
        look_for(n);
    } else { /* one it knows it goes on looking for by itself */
        n->b.hint = TROTH_NET_NOT_FOUND;
    }
}

static void start(struct net_iwd *n)
{
    if (!iwd_ask_objects(n, on_surveyed, n->b.attempt))
        broken(n);
}

void iwd_scanned(struct net_iwd *n)
{
    n->scanning = false;
    if (station_joining(&n->b) && n->looked && !n->connecting)
        start(n);
}

void iwd_join(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    n->trying[0] = 0;
    n->connecting = n->connected = n->reused = n->looked = false;
    n->again = n->told = n->stale_known = false;
    start(n);
}

/* ---- states ---- */

void iwd_state(struct net_iwd *n, const char *state)
{
    if (!strcmp(state, "connected"))
        iwd_ask_objects(n, on_where, n->b.attempt);
    else if (strcmp(state, "roaming") != 0)
        station_unlinked(&n->b, TROTH_NET_LINK_LOST);
}

/* ---- afterwards ---- */

void iwd_undo(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    char known[IWD_PATH_MAX];
    bool open = b->asked.security == TROTH_WIFI_OPEN;
    if (n->connecting)
        disconnect(n);
    if ((n->connecting || n->connected) && !n->reused) { /* it would keep it */
        known_path(&b->asked.ssid, open, known);
        forget(n, NULL, 0, known);
    }
    n->connecting = false;
    n->trying[0] = 0;
}

static void on_restoring(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    struct iwd_survey s;
    (void)tag;
    if (n->b.state != STATION_IDLE)
        return;
    if (n->before[0] && iwd_survey(n, reply, NULL, &s) && !s.connected[0])
        net_bus_ask(&n->bus, NULL, 0, n->before, IWD_I_NETWORK, "Connect", NULL);
    n->before_known = false;
}

/* It goes back by itself, unless an attempt had to be cut short. */
void iwd_restore(struct net_backend *b)
{
    iwd_ask_objects((struct net_iwd *)b, on_restoring, 0);
}

void iwd_keep(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    bool borrowed = n->reused && !is_ours(n);
    char known[IWD_PATH_MAX];
    if (n->good.ssid.len && !b->borrowed && !is_same_profile(&n->good, &b->asked)) {
        known_path(&n->good.ssid, n->good.security == TROTH_WIFI_OPEN, known);
        forget(n, NULL, 0, known); /* Troth's network before */
    }
    n->good = b->asked;
    n->proven = true;
    n->before_known = false;
    b->borrowed = borrowed;
}

static void gone(struct net_iwd *n)
{
    wipe(&n->good, sizeof n->good);
    n->b.borrowed = n->proven = false;
    station_left(&n->b);
}

static void on_left(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_iwd *n = ctx;
    const char *error = net_bus_error(reply);
    if (!n->b.leaving || tag != n->b.leaving)
        return;
    if (!*error || strstr(error, "NotFound") || strstr(error, ".Unknown")) { /* nobody knows it */
        gone(n);
        return;
    }
    station_notice(&n->b, NET_SHORTCOMING, "iwd did not forget the network: %s",
                   net_bus_error_text(reply));
    n->b.unforgotten = true;
    station_left(&n->b);
}

void iwd_leave(struct net_backend *b)
{
    struct net_iwd *n = (struct net_iwd *)b;
    char known[IWD_PATH_MAX];
    n->trying[0] = 0;
    n->before_known = false;
    if (n->good.ssid.len && b->borrowed)
        station_notice(
            b, NET_STAYS,
            "iwd knew the network before Troth joined it, and keeps it: if it shall not, "
            "say iwctl known-networks NAME forget");
    if (!n->good.ssid.len || b->borrowed) {
        gone(n);
        return;
    }
    known_path(&n->good.ssid, n->good.security == TROTH_WIFI_OPEN, known);
    if (!net_bus_ask(&n->bus, on_left, b->leaving, known, IWD_I_KNOWN, "Forget", NULL)) {
        b->unforgotten = true;
        station_left(b);
    }
}
