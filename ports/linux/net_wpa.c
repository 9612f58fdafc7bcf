/* wpa_supplicant as a network backend: its events, scans and status. */
#include "ports/linux/net_wpa.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

/* ---- how the link is ---- */

static void on_signal(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    const char *rssi = wpa_value(reply, "RSSI");
    long dbm = rssi ? strtol(rssi, NULL, 10) : 127;
    if (dbm >= -127 && dbm <= 0)
        w->info.rssi = (int8_t)dbm;
    if (w->b.asking && tag == w->b.asking)
        station_described(&w->b, &w->info);
    else if (w->b.attempt == tag)
        station_linked(&w->b, &w->info);
}

static void on_status(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    char id[12];
    snprintf(id, sizeof id, "%d", w->trying);
    bool there = wpa_value_is(reply, "wpa_state", "COMPLETED") && wpa_value_is(reply, "id", id);
    if (there) {
        wpa_status_info(&w->info, reply);
        wpa_ctrl_ask(&w->ctrl, on_signal, tag, "SIGNAL_POLL");
    } else if (w->b.asking && tag == w->b.asking) {
        station_described(&w->b, NULL);
    }
}

void wpa_look(struct net_wpa *w)
{
    wpa_ctrl_ask(&w->ctrl, on_status, w->b.attempt, "STATUS");
}

static void describe(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    wpa_ctrl_ask(&w->ctrl, on_status, b->asking, "STATUS");
}

/* Its configuration is text: what is behind a NUL would be lost. */
static const char *unfit(const struct troth_wifi *w)
{
    if (w->security != TROTH_WIFI_OPEN && memchr(w->password.b, 0, w->password.len))
        return "wpa_supplicant takes no password with a NUL octet in it: change the network's";
    return NULL;
}

/* ---- scans ---- */

static void on_results(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    if (!w->b.scanning || tag != w->b.scanning)
        return;
    for (const char *at = reply; *at;) {
        size_t len = strcspn(at, "\n");
        struct troth_scan_result r;
        if (wpa_scan_line(&r, at, len))
            station_scan_result(&w->b, &r);
        at += len + (at[len] == '\n');
    }
    station_scan_done(&w->b, TROTH_NET_OK);
}

static void results(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    if (!wpa_ctrl_ask(&w->ctrl, on_results, b->scanning, "SCAN_RESULTS"))
        station_scan_done(b, TROTH_NET_OTHER);
}

static void on_scan(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    if (!w->b.scanning || tag != w->b.scanning)
        return;
    if (strcmp(reply, "OK") != 0 && strcmp(reply, "FAIL-BUSY") != 0) /* busy: one is under way */
        station_scan_done(&w->b, TROTH_NET_OTHER);
}

static void scan(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    if (!wpa_ctrl_ask(&w->ctrl, on_scan, b->scanning, "SCAN TYPE=ONLY"))
        station_scan_done(b, TROTH_NET_OTHER);
}

/* ---- events ---- */

/* The number behind " key="; -1: none. */
static int number(const char *event, const char *key)
{
    const char *at = strstr(event, key);
    return at ? (int)strtol(at + strlen(key), NULL, 10) : -1;
}

/* Behind the SSID, which says what it likes. */
static bool ends(const char *event, const char *words)
{
    size_t len = strlen(event), n = strlen(words);
    return len >= n && !strcmp(event + len - n, words);
}

static void refused(struct net_wpa *w)
{
    if (!wpa_try_afresh(w))
        station_failed(&w->b, TROTH_NET_WRONG_PASSWORD);
}

/* Is a network of that name there after all, protected otherwise? */
static void on_in_range(void *ctx, uint32_t tag, const char *reply)
{
    struct net_wpa *w = ctx;
    enum troth_net_reason reason = TROTH_NET_NOT_FOUND;
    if (!station_joining(&w->b) || tag != w->b.attempt)
        return;
    for (const char *at = reply; *at;) {
        size_t len = strcspn(at, "\n");
        struct troth_scan_result r;
        if (wpa_scan_line(&r, at, len) && troth_ssid_equal(&r.ssid, &w->b.asked.ssid))
            reason = TROTH_NET_UNSUPPORTED_SECURITY;
        at += len + (at[len] == '\n');
    }
    station_failed(&w->b, reason);
}

/* One scan misses a network easily. */
static void not_found(struct net_wpa *w)
{
    if (w->trying < 0 || !w->selected || w->checked)
        return;
    if (w->b.hint == TROTH_NET_TIMEOUT)
        w->b.hint = TROTH_NET_NOT_FOUND;
    if (w->b.hint == TROTH_NET_NOT_FOUND && ++w->misses >= 2) {
        w->checked = true;
        wpa_ctrl_ask(&w->ctrl, on_in_range, w->b.attempt, "SCAN_RESULTS");
    }
}

static void joining_event(struct net_wpa *w, const char *event)
{
    bool sae =
        w->b.asked.security == TROTH_WIFI_WPA3_SAE || w->b.asked.security == TROTH_WIFI_WPA2_WPA3;
    if (!strncmp(event, "CTRL-EVENT-SSID-TEMP-DISABLED ", 30)) {
        if (number(event, " id=") != w->trying)
            return;
        if (ends(event, " reason=WRONG_KEY") || w->b.hint == TROTH_NET_WRONG_PASSWORD)
            refused(w);
    } else if (!strncmp(event, "CTRL-EVENT-AUTH-REJECT ", 23)) {
        /* IEEE 802.11, 12.4.5: a confirm, the second message of SAE, that does not match */
        int status = number(event, "status_code=");
        if (sae && number(event, "auth_type=") == 3 && number(event, "auth_transaction=") == 2 &&
            (status == 1 || status == 15))
            refused(w);
    } else if (!strncmp(event, "CTRL-EVENT-ASSOC-REJECT ", 24)) {
        int status = number(event, "status_code=");
        if (status >= 40 && status <= 46) /* ciphers, key managements: nothing in common */
            w->b.hint = TROTH_NET_UNSUPPORTED_SECURITY;
    } else if (!strncmp(event, "CTRL-EVENT-NETWORK-NOT-FOUND", 28)) {
        not_found(w);
    }
}

static void on_event(void *ctx, const char *event)
{
    struct net_wpa *w = ctx;
    struct net_backend *b = &w->b;
    if (!strncmp(event, "CTRL-EVENT-SCAN-RESULTS", 23)) {
        if (b->scanning)
            results(b);
    } else if (b->state == STATION_IDLE) {
        return;
    } else if (!strncmp(event, "CTRL-EVENT-CONNECTED ", 21)) {
        if (w->trying >= 0 && number(event, "[id=") == w->trying)
            wpa_look(w);
        else if (b->state == STATION_JOINED)
            station_unlinked(b, TROTH_NET_LINK_LOST);
    } else if (!strncmp(event, "CTRL-EVENT-DISCONNECTED", 23)) {
        station_unlinked(b, TROTH_NET_LINK_LOST);
    } else if (station_joining(b)) {
        joining_event(w, event);
    }
}

/* ---- coming and going ---- */

static void on_up(void *ctx)
{
    struct net_wpa *w = ctx;
    station_here(&w->b, w->ctrl.ifname);
}

static void on_down(void *ctx, const char *why)
{
    struct net_wpa *w = ctx;
    w->trying = w->marker = -1; /* numbers of blocks are its own */
    w->have_before = w->selected = false;
    station_gone(&w->b, why);
}

static void on_trouble(void *ctx, const char *why)
{
    struct net_wpa *w = ctx;
    station_notice(&w->b, NET_GONE, "wpa_supplicant cannot be used yet: %s (%s/%s)", why, w->dir,
                   *w->wanted ? w->wanted : "...");
}

static void tick(struct net_backend *b, troth_ms now)
{
    wpa_ctrl_tick(&((struct net_wpa *)b)->ctrl, now);
}

static troth_ms deadline(const struct net_backend *b)
{
    return wpa_ctrl_deadline(&((const struct net_wpa *)b)->ctrl);
}

static void close_wpa(struct net_backend *b)
{
    struct net_wpa *w = (struct net_wpa *)b;
    wpa_ctrl_stop(&w->ctrl);
    station_close(b);
    wipe(w, sizeof *w);
    free(w);
}

static const struct net_driver driver = {
    .name = "wpa_supplicant",
    .unfit = unfit,
    .join = wpa_join,
    .undo = wpa_undo,
    .restore = wpa_restore,
    .keep = wpa_keep,
    .leave = wpa_leave,
    .scan = scan,
    .scan_late = results,
    .describe = describe,
    .deadline = deadline,
    .tick = tick,
    .close = close_wpa,
};

struct net_backend *net_wpa_open(const struct net_where *where, const struct net_config *config,
                                 char *why, size_t cap)
{
    struct net_wpa *w = calloc(1, sizeof *w);
    if (!w || !station_open(&w->b, &driver, config, where->ifname)) {
        snprintf(why, cap, "no memory for a network");
        free(w);
        return NULL;
    }
    w->trying = w->marker = -1;
    snprintf(w->dir, sizeof w->dir, "%s", *where->dir ? where->dir : WPA_DIR);
    snprintf(w->wanted, sizeof w->wanted, "%s", where->ifname);
    w->ctrl = (struct wpa_ctrl){.loop = config->loop,
                                .dir = w->dir,
                                .wanted = w->wanted,
                                .up = on_up,
                                .down = on_down,
                                .event = on_event,
                                .trouble_is = on_trouble,
                                .ctx = w};
    wpa_ctrl_start(&w->ctrl);
    snprintf(w->b.ifname, sizeof w->b.ifname, "%s", w->ctrl.ifname);
    return &w->b;
}
