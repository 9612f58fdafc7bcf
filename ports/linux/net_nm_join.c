/*
 * Profiles, activated. A new network is a volatile profile, which NetworkManager forgets by itself
 * if we are stopped in the middle; it goes to disk when it has worked, and only then do Troth's
 * older ones go. Other people's profiles are left alone.
 */
#include "ports/linux/net_nm.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

#define TO_DISK 1u /* NM_SETTINGS_UPDATE2_FLAG_TO_DISK */

static bool current(const struct net_nm *n, uint32_t tag)
{
    return n->b.leaving ? tag == n->b.leaving : station_joining(&n->b) && tag == n->b.attempt;
}

static void broken(struct net_nm *n)
{
    if (n->b.leaving)
        station_left(&n->b);
    else
        station_failed(&n->b, TROTH_NET_OTHER);
}

/* What a refusal says is for whoever looks after the machine. */
static void refused(struct net_nm *n, sd_bus_message *reply)
{
    const char *name = net_bus_error(reply), *text = net_bus_error_text(reply);
    if (strstr(name, "PermissionDenied") || strstr(name, "AccessDenied"))
        station_notice(&n->b, NET_SHORTCOMING,
                       "NetworkManager does not let trothd change networks: run it as root, or "
                       "allow its user org.freedesktop.NetworkManager.network-control and "
                       ".settings.modify.system by a rule of polkit");
    else
        station_notice(&n->b, NET_SHORTCOMING, "NetworkManager refuses: %s", text);
    if (strstr(name, "InvalidProperty") && strstr(text, "psk"))
        station_failed(&n->b, TROTH_NET_BAD_PASSWORD);
    else if (strstr(name, "InvalidProperty") || strstr(name, "IncompatibleConnection"))
        station_failed(&n->b, TROTH_NET_UNSUPPORTED_SECURITY);
    else
        station_failed(&n->b, TROTH_NET_OTHER);
}

/* ---- Troth's profiles ---- */

static void ask_profile(struct net_nm *n);

static void on_settings(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    if (!current(n, tag) || n->asked >= n->profiles)
        return;
    nm_read_profile(reply, &n->profile[n->asked++]);
    ask_profile(n);
}

static void ask_profile(struct net_nm *n)
{
    uint32_t tag = n->b.leaving ? n->b.leaving : n->b.attempt;
    if (n->asked == n->profiles)
        n->listed(n);
    else if (!net_bus_ask(&n->bus, on_settings, tag, n->profile[n->asked].path, NM_I_CONNECTION,
                          "GetSettings", NULL))
        broken(n);
}

static void on_list(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    const char *path;
    if (!current(n, tag))
        return;
    n->profiles = n->asked = 0;
    if (*net_bus_error(reply) || sd_bus_message_enter_container(reply, 'a', "o") < 0) {
        broken(n);
        return;
    }
    while (sd_bus_message_read(reply, "o", &path) > 0)
        if (n->profiles < NM_PROFILES && strlen(path) < NM_PATH_MAX) {
            struct nm_profile *p = &n->profile[n->profiles++];
            *p = (struct nm_profile){.ours = false};
            snprintf(p->path, sizeof p->path, "%s", path);
        }
    ask_profile(n);
}

static void list(struct net_nm *n, uint32_t tag, void (*then)(struct net_nm *n))
{
    n->listed = then;
    if (!net_bus_ask(&n->bus, on_list, tag, NM_SETTINGS, NM_I_SETTINGS, "ListConnections", NULL))
        broken(n);
}

static void drop(struct net_nm *n, const char *path)
{
    snprintf(n->dropped[n->drops++ % 4], NM_PATH_MAX, "%s", path);
    net_bus_ask(&n->bus, NULL, 0, path, NM_I_CONNECTION, "Delete", NULL);
}

/* ---- the attempt ---- */

static void on_described(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    struct nm_survey s;
    struct troth_net_info info = {.rssi = 127};
    if (n->b.state == STATION_IDLE || tag != n->b.attempt)
        return;
    if (!nm_survey(n, reply, NULL, &s) || s.state != NM_ACTIVATED)
        return;                              /* its next state is on its way */
    if (strcmp(s.profile, n->trying) != 0) { /* somebody chose another meanwhile */
        station_unlinked(&n->b, TROTH_NET_LINK_LOST);
        station_failed(&n->b, TROTH_NET_OTHER);
        return;
    }
    if (s.current.ssid.len) {
        memcpy(info.bssid, s.current.bssid, 6);
        info.security = s.current.security;
        info.channel = s.current.channel;
        info.rssi = s.current.rssi;
    } else { /* the access point's object can be late */
        info.security = n->b.asked.security;
    }
    station_linked(&n->b, &info);
}

static void linked(struct net_nm *n)
{
    nm_ask_objects(n, on_described, n->b.attempt);
}

static void on_activated(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    if (!current(n, tag))
        return;
    if (*net_bus_error(reply))
        refused(n, reply);
}

static void on_added(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    const char *profile = "", *active = "";
    bool ok = !*net_bus_error(reply) && sd_bus_message_read(reply, "oo", &profile, &active) >= 0;
    if (!current(n, tag)) {
        if (ok) /* nobody wants it any more */
            drop(n, profile);
        return;
    }
    if (!ok) {
        refused(n, reply);
        return;
    }
    snprintf(n->trying, sizeof n->trying, "%s", profile);
    n->created = true;
}

static void add(struct net_nm *n)
{
    sd_bus_message *m = net_bus_message(&n->bus, NM_PATH, NM_SERVICE, "AddAndActivateConnection2");
    n->created = n->started = false;
    n->trying[0] = 0;
    int r = m ? sd_bus_message_sensitive(m) : -1;
    if (r >= 0)
        r = nm_write_profile(m, &n->b.asked, n->b.ifname, n->hidden);
    if (r >= 0)
        r = sd_bus_message_append(m, "ooa{sv}", n->device, "/", 1, "persist", "s", "volatile");
    if (r < 0)
        m = sd_bus_message_unref(m);
    if (!net_bus_send(&n->bus, m, on_added, n->b.attempt, 0))
        broken(n);
}

static void activate(struct net_nm *n, net_bus_answer *answer, uint32_t tag, const char *profile)
{
    if (!net_bus_ask(&n->bus, answer, tag, NM_PATH, NM_SERVICE, "ActivateConnection", "ooo",
                     profile, n->device, "/") &&
        answer)
        broken(n);
}

static bool is_dropped(const struct net_nm *n, const char *path)
{
    for (unsigned i = 0; i < 4; i++)
        if (!strcmp(n->dropped[i], path))
            return true;
    return false;
}

/* As with the blocks of wpa_supplicant: what has worked, or at first what may. */
static const struct nm_profile *reusable(const struct net_nm *n)
{
    bool known = n->good.ssid.len != 0;
    if (known ? !station_same(&n->good, &n->b.asked) : n->stale_profile)
        return NULL;
    for (unsigned i = 0; i < n->profiles; i++)
        if (n->profile[i].ours && troth_ssid_equal(&n->profile[i].ssid, &n->b.asked.ssid) &&
            !is_dropped(n, n->profile[i].path))
            return &n->profile[i];
    return NULL;
}

static void on_surveyed(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    const struct troth_wifi *w = &n->b.asked;
    struct nm_survey s;
    if (!current(n, tag))
        return;
    if (!nm_survey(n, reply, w, &s)) {
        broken(n);
        return;
    }
    if (!n->have_before) {
        n->have_before = true;
        snprintf(n->before, sizeof n->before, "%s", s.profile);
    }
    n->hidden = !s.visible;
    if (n->hidden) /* it takes 25 s to say so */
        n->b.hint = TROTH_NET_NOT_FOUND;
    if (s.visible && !s.fits) {
        station_failed(&n->b, TROTH_NET_UNSUPPORTED_SECURITY);
        return;
    }
    const struct nm_profile *p = reusable(n);
    if (!p) {
        add(n);
        return;
    }
    snprintf(n->trying, sizeof n->trying, "%s", p->path);
    n->created = false;
    if (s.state == NM_ACTIVATED && !strcmp(s.profile, n->trying)) {
        n->started = true;
        linked(n); /* joined before we came: nothing to be torn down */
    } else {
        activate(n, on_activated, n->b.attempt, n->trying);
    }
}

static void on_profiles(struct net_nm *n)
{
    if (!nm_ask_objects(n, on_surveyed, n->b.attempt))
        broken(n);
}

void nm_join(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    n->trying[0] = 0;
    n->created = n->started = false;
    n->refusals = 0;
    list(n, b->attempt, on_profiles);
}

/* The profile found at first may be older than what is asked for. */
static bool try_afresh(struct net_nm *n)
{
    if (n->created || !n->trying[0] || n->good.ssid.len)
        return false;
    n->stale_profile = true;
    n->refusals = 0;
    add(n);
    return true;
}

void nm_state(struct net_nm *n, uint32_t now, uint32_t old, uint32_t reason)
{
    enum troth_net_reason why = nm_reason(reason);
    if (n->b.state == STATION_JOINED) {
        if (now == NM_ACTIVATED)
            linked(n);
        else if (now >= NM_DEACTIVATING || now <= NM_DISCONNECTED)
            station_unlinked(&n->b, TROTH_NET_LINK_LOST);
        return;
    }
    if (!station_joining(&n->b))
        return;
    if (now == NM_PREPARE && old <= NM_DISCONNECTED)
        n->started = true;
    if (!n->started) /* the end of what was before */
        return;
    if (now == NM_IP_CONFIG)
        n->b.hint = TROTH_NET_NO_ADDRESS;
    if (now == NM_ACTIVATED) {
        linked(n);
    } else if (now == NM_NEED_AUTH && old > NM_DISCONNECTED && why == TROTH_NET_TIMEOUT) {
        /* it was let go in the handshake, and looks for somebody with another password */
        if (!try_afresh(n))
            station_failed(&n->b, TROTH_NET_WRONG_PASSWORD);
    } else if (now == NM_FAILED) {
        bool sae = n->b.asked.security == TROTH_WIFI_WPA3_SAE;
        if (sae && why == TROTH_NET_TIMEOUT)
            why = TROTH_NET_WRONG_PASSWORD; /* it was found, and would not associate */
        if (why != TROTH_NET_WRONG_PASSWORD || !try_afresh(n))
            station_failed(&n->b, why);
    }
}

/*
 * NetworkManager waits 25 s for SAE whatever happens; wpa_supplicant tells at once. IEEE 802.11,
 * 12.4.5: a confirm that does not match.
 */
void nm_auth_status(struct net_nm *n, int32_t code)
{
    bool sae =
        n->b.asked.security == TROTH_WIFI_WPA3_SAE || n->b.asked.security == TROTH_WIFI_WPA2_WPA3;
    if (!n->started || !station_joining(&n->b) || !sae || (code != 1 && code != 15))
        return;
    n->b.hint = TROTH_NET_WRONG_PASSWORD;
    if (++n->refusals >= 2 && !try_afresh(n))
        station_failed(&n->b, TROTH_NET_WRONG_PASSWORD);
}

/* ---- afterwards ---- */

void nm_undo(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    if (n->created)
        drop(n, n->trying);
    n->created = n->started = false;
    n->trying[0] = 0;
}

static void on_restoring(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    struct nm_survey s;
    (void)tag;
    if (n->b.state != STATION_IDLE || !nm_survey(n, reply, NULL, &s))
        return;
    if (s.state == NM_DISCONNECTED || s.state == NM_FAILED)
        activate(n, NULL, 0, n->before);
    n->have_before = false;
}

/* It chooses among its profiles itself; unless it has nothing better, the one before. */
void nm_restore(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    if (n->have_before && n->before[0])
        nm_ask_objects(n, on_restoring, 0);
    else
        n->have_before = false;
}

static void on_kept(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    (void)tag;
    if (*net_bus_error(reply))
        station_notice(&n->b, NET_SHORTCOMING,
                       "NetworkManager does not save the profile (%s): it knows this network only "
                       "while it runs",
                       net_bus_error_text(reply));
}

void nm_keep(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    n->good = b->asked;
    n->have_before = false;
    if (n->created) /* no settings: as they are */
        net_bus_ask(&n->bus, on_kept, 0, n->trying, NM_I_CONNECTION, "Update2", "a{sa{sv}}ua{sv}",
                    0, TO_DISK, 0);
    n->created = false;
    for (unsigned i = 0; i < n->profiles; i++)
        if (n->profile[i].ours && strcmp(n->profile[i].path, n->trying) != 0)
            drop(n, n->profile[i].path);
}

static void on_gone(void *ctx, uint32_t tag, sd_bus_message *reply)
{
    struct net_nm *n = ctx;
    (void)reply;
    if (current(n, tag))
        station_left(&n->b);
}

static void on_leaving(struct net_nm *n)
{
    uint32_t tag = n->b.leaving;
    const char *last = NULL;
    for (unsigned i = 0; i < n->profiles; i++)
        if (n->profile[i].ours) {
            if (last)
                drop(n, last);
            last = n->profile[i].path;
        }
    /* calls are answered in their order: the last answer is that of all */
    if (!last || !net_bus_ask(&n->bus, on_gone, tag, last, NM_I_CONNECTION, "Delete", NULL))
        station_left(&n->b);
}

void nm_leave(struct net_backend *b)
{
    struct net_nm *n = (struct net_nm *)b;
    wipe(&n->good, sizeof n->good);
    n->stale_profile = n->have_before = false;
    n->before[0] = n->trying[0] = 0;
    list(n, b->leaving, on_leaving);
}
