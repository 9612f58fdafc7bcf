/* The networks a device sees, and which of them is meant. */
#include "protocomm_parts.h"

#include "common/out.h"

#include <stdlib.h>
#include <string.h>

#define SCAN_MS       30000
#define SCAN_AGAIN    500
#define HTTP_CHANNELS 5 /* between pauses that keep the device's own access point up */

static bool refused(struct protocomm *p, const struct troth_protocomm_answer *a)
{
    return protocomm_failed(p, troth_protocomm_status_name(a->status),
                            "the device did not scan: %s", troth_protocomm_status_name(a->status));
}

static bool scan_over(struct protocomm *p, unsigned *count)
{
    struct troth_protocomm_ask ask = {.op = TROTH_PROTOCOMM_OP_SCAN_STATUS, .kind = p->kind};
    struct troth_protocomm_answer a;
    troth_ms end = runtime_now(p->c->runtime) + SCAN_MS;
    for (;;) {
        if (!protocomm_ask(p, &ask, &a))
            return refused(p, &a);
        *count = a.u.scan.count;
        if (a.u.scan.finished)
            return true;
        if (runtime_now(p->c->runtime) >= end)
            return protocomm_failed(p, "TIMED_OUT", "the device does not finish its scan");
        if (!protocomm_pause(p, SCAN_AGAIN))
            return false;
    }
}

static bool fetch(struct protocomm *p, struct protocomm_networks *all, unsigned count)
{
    struct troth_protocomm_ask ask = {.op = TROTH_PROTOCOMM_OP_SCAN_PAGE, .kind = p->kind};
    struct troth_protocomm_answer a;
    if (count > PROTOCOMM_NETWORKS)
        count = PROTOCOMM_NETWORKS;
    while (all->count < count) {
        unsigned left = count - all->count;
        ask.start = all->count;
        ask.count = left < TROTH_PROTOCOMM_PAGE ? left : TROTH_PROTOCOMM_PAGE;
        if (!protocomm_ask(p, &ask, &a))
            return refused(p, &a);
        for (unsigned i = 0; i < a.u.page.count; i++) {
            all->list[all->count] = a.u.page.result[i];
            all->auth_mode[all->count++] = a.u.page.auth_mode[i];
        }
    }
    return true;
}

bool protocomm_scan(struct protocomm *p, struct protocomm_networks *all)
{
    struct troth_protocomm_ask ask = {
        .op = TROTH_PROTOCOMM_OP_SCAN,
        .kind = p->kind,
        .group_channels = p->way->http && p->kind == TROTH_NET_WIFI ? HTTP_CHANNELS : 0};
    struct troth_protocomm_answer a;
    unsigned count = 0;
    troth_ms begun = runtime_now(p->c->runtime);
    all->count = 0;
    if (!p->ver.can_scan)
        return protocomm_failed(p, "NO_SCAN", "this device cannot scan: name the network");
    out_event(OUT_PLAIN, "scanning", NULL, "the device looks for %s networks",
              p->kind == TROTH_NET_THREAD ? "Thread" : "Wi-Fi");
    if (!protocomm_ask(p, &ask, &a))
        return refused(p, &a);
    if (!scan_over(p, &count) || !fetch(p, all, count))
        return false;
    double seconds = (double)(runtime_now(p->c->runtime) - begun) / 1000;
    out_event(OUT_PLAIN, "scanned", out_fields("networks:u", all->count),
              "it took %.1f s and found %u", seconds, all->count);
    return true;
}

/* ---- the table ---- */

static char *hex(const uint8_t *b, size_t len, char *text)
{
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", b[i]);
    return text;
}

/* A UTF-8 text in so many columns, near enough. */
static void column(FILE *to, const char *text, int columns)
{
    int n = 0;
    for (const char *p = text; *p; p++)
        n += (*p & 0xc0) != 0x80;
    fprintf(to, "%s%*s ", text, columns > n ? columns - n : 0, "");
}

static void row(FILE *to, const struct troth_scan_result *n, uint32_t auth_mode)
{
    char name[TROTH_SSID_TEXT], a[17], b[17];
    if (n->kind == TROTH_NET_THREAD) {
        fprintf(to, "%-8u %-18s ", n->thread.pan_id, hex(n->thread.ext_pan_id, 8, a));
        column(to, troth_thread_name_text(&n->thread.name, name, sizeof name), 18);
        fprintf(to, "%-18s %-4u %-4d %u\n", hex(n->ext_addr, 8, b), n->channel, n->rssi, n->lqi);
        return;
    }
    column(to, troth_ssid_text(&n->ssid, name, sizeof name), 33);
    fprintf(to, "%-13s %-4u %-4d %s\n", hex(n->bssid, 6, a), n->channel, n->rssi,
            troth_wifi_auth_mode_name(auth_mode));
}

static void table(FILE *to, uint8_t kind, const struct protocomm_networks *all)
{
    fprintf(
        to, "%s%s%s\n", out_sgr(OUT_DIM, to),
        kind == TROTH_NET_THREAD
            ? "S.N. PAN ID   EXT PAN ID         NAME               EXT ADDR           CHN  RSSI "
              "LQI"
            : "S.N. SSID                              BSSID         CHN  RSSI AUTH",
        out_sgr_end(to));
    for (unsigned i = 0; i < all->count; i++) {
        fprintf(to, "[%2u] ", i + 1);
        row(to, &all->list[i], all->auth_mode[i]);
    }
}

static void tell_one(const struct troth_scan_result *n, uint32_t auth_mode)
{
    char name[TROTH_SSID_TEXT], a[17], b[17];
    cJSON *j;
    if (n->kind == TROTH_NET_THREAD)
        j = out_fields("network:s pan_id:u ext_pan_id:s ext_addr:s channel:u rssi:i lqi:u",
                       troth_thread_name_text(&n->thread.name, name, sizeof name),
                       (unsigned)n->thread.pan_id, hex(n->thread.ext_pan_id, 8, a),
                       hex(n->ext_addr, 8, b), (unsigned)n->channel, (int)n->rssi,
                       (unsigned)n->lqi);
    else
        j = out_fields("network:s bssid:s channel:u rssi:i auth:s",
                       troth_ssid_text(&n->ssid, name, sizeof name), hex(n->bssid, 6, a),
                       (unsigned)n->channel, (int)n->rssi, troth_wifi_auth_mode_name(auth_mode));
    out_result("network", j, "%s", name);
}

void protocomm_scan_tell(const struct protocomm *p, const struct protocomm_networks *all)
{
    if (!out_is_json()) {
        table(stdout, p->kind, all);
        return;
    }
    for (unsigned i = 0; i < all->count; i++)
        tell_one(&all->list[i], all->auth_mode[i]);
}

bool protocomm_pick(struct protocomm *p, struct troth_scan_result *picked)
{
    static struct protocomm_networks all;
    for (;;) {
        char line[32], *end;
        unsigned long n;
        if (!protocomm_scan(p, &all))
            return false;
        table(stderr, p->kind, &all);
        if (!all.count && p->kind == TROTH_NET_WIFI)
            out_hint("None in reach tells its name; --ssid NAME is for one that hides it.");
        for (;;) {
            if (!client_ask(p->c, "Select a network by number (0 to rescan)", false, line,
                            sizeof line))
                return false;
            n = strtoul(line, &end, 10);
            if (end != line && !*end && n <= all.count)
                break;
            out_hint("A number from 0 to %u is expected.", all.count);
        }
        if (n) {
            *picked = all.list[n - 1];
            return true;
        }
    }
}
