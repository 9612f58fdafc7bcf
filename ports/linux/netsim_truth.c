/* The simulated network's truth, for whoever does not want to believe the device. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include <troth/dataset.h>

#include "base/wipe.h"
#include "ports/linux/netsim_file.h"

#define LOOK_MS 20 /* between two looks for the file joins wait for */

static void add_ssid(cJSON *to, const struct troth_ssid *ssid)
{
    char text[TROTH_SSID_TEXT], digits[65] = "";
    for (unsigned i = 0; i < ssid->len; i++)
        snprintf(digits + 2 * i, 3, "%02x", ssid->b[i]);
    cJSON_AddStringToObject(to, "ssid", troth_ssid_text(ssid, text, sizeof text));
    cJSON_AddStringToObject(to, "ssid_hex", digits);
}

static void add_wifi(cJSON *joined, const struct troth_sim_network *net)
{
    const uint8_t *b = net->bssid;
    char bssid[18];
    snprintf(bssid, sizeof bssid, "%02X:%02X:%02X:%02X:%02X:%02X", b[0], b[1], b[2], b[3], b[4],
             b[5]);
    add_ssid(joined, &net->ssid);
    cJSON_AddStringToObject(joined, "security", troth_wifi_security_name(net->security));
    cJSON_AddStringToObject(joined, "bssid", bssid);
}

static void add_digits(cJSON *to, const char *key, const char *prefix, const uint8_t *b, size_t n)
{
    char text[2 + 2 * 8 + 1];
    int at = snprintf(text, sizeof text, "%s", prefix);
    for (size_t i = 0; i < n; i++)
        at += snprintf(text + at, sizeof text - (size_t)at, "%02x", b[i]);
    cJSON_AddStringToObject(to, key, text);
}

static void add_thread(cJSON *joined, const struct netsim *n, const struct troth_sim_network *net)
{
    struct troth_dataset d;
    struct troth_ssid name = {.len = 0};
    troth_dataset_parse(&d, net->dataset.dataset, net->dataset.len, NULL);
    name.len = d.name.len;
    memcpy(name.b, d.name.b, d.name.len);
    add_ssid(joined, &name);
    cJSON_AddStringToObject(joined, "role", troth_thread_role_name(n->sim.role));
    cJSON_AddNumberToObject(joined, "channel", d.channel);
    add_digits(joined, "pan_id", "0x", (uint8_t[]){(uint8_t)(d.pan_id >> 8), (uint8_t)d.pan_id}, 2);
    add_digits(joined, "ext_pan_id", "", d.ext_pan_id, 8);
    add_digits(joined, "ext_addr", "", net->ext_addr, 8);
    wipe(&d, sizeof d);
}

static void add_joined(cJSON *root, const struct netsim *n)
{
    const struct troth_sim_network *net = n->sim.joined;
    if (!net) {
        cJSON_AddNullToObject(root, "joined");
        return;
    }
    cJSON *joined = cJSON_AddObjectToObject(root, "joined");
    bool thread = net->kind == TROTH_NET_THREAD;
    cJSON_AddStringToObject(joined, "kind", thread ? "thread" : "wifi");
    if (thread)
        add_thread(joined, n, net);
    else
        add_wifi(joined, net);
    cJSON_AddStringToObject(joined, "ip", troth_net_sim_address(net));
    cJSON_AddNumberToObject(joined, "attempt", n->sim.attempt);
    cJSON_AddNumberToObject(joined, "since", (double)n->since);
}

static void add_attempts(cJSON *root, const struct netsim *n)
{
    cJSON *all = cJSON_AddArrayToObject(root, "attempts");
    unsigned first = n->attempt_count > NETSIM_ATTEMPTS ? n->attempt_count - NETSIM_ATTEMPTS : 0;
    for (unsigned i = first; i < n->attempt_count; i++) {
        const struct netsim_attempt *a = &n->attempts[i % NETSIM_ATTEMPTS];
        cJSON *one = cJSON_CreateObject();
        cJSON_AddNumberToObject(one, "attempt", a->id);
        add_ssid(one, &a->ssid);
        cJSON_AddStringToObject(one, "result", a->result);
        if (a->reason)
            cJSON_AddStringToObject(one, "reason", troth_net_reason_name(a->reason));
        else
            cJSON_AddNullToObject(one, "reason");
        cJSON_AddNumberToObject(one, "at", (double)a->at);
        cJSON_AddItemToArray(all, one);
    }
}

/* Written beside, then renamed over: a reader sees the old or the new. */
static int replace(const char *path, const char *text)
{
    size_t size = strlen(path) + 5;
    char *beside = malloc(size);
    if (!beside)
        return ENOMEM;
    snprintf(beside, size, "%s.new", path);
    FILE *f = fopen(beside, "wb");
    int error = f ? 0 : errno;
    if (f && (fputs(text, f) < 0 || fputc('\n', f) < 0))
        error = errno ? errno : EIO;
    if (f && fclose(f) != 0 && !error)
        error = errno;
    if (!error && rename(beside, path) != 0)
        error = errno;
    if (error && f)
        unlink(beside);
    free(beside);
    return error;
}

static void tell(struct netsim *n)
{
    if (!n->state_path)
        return;
    cJSON *root = cJSON_CreateObject();
    add_joined(root, n);
    add_attempts(root, n);
    cJSON_AddNumberToObject(root, "scans", n->scans);
    char *text = cJSON_Print(root);
    n->state_errno = text ? replace(n->state_path, text) : ENOMEM;
    cJSON_free(text);
    cJSON_Delete(root);
}

static struct netsim_attempt *find(struct netsim *n, uint32_t id)
{
    unsigned kept = n->attempt_count < NETSIM_ATTEMPTS ? n->attempt_count : NETSIM_ATTEMPTS;
    for (unsigned i = 0; i < kept; i++)
        if (n->attempts[i].id == id)
            return &n->attempts[i];
    return NULL;
}

static void observe(void *ctx, const struct troth_sim_event *e)
{
    static const char *const results[] = {"joining", "joined", "failed", "abandoned",
                                          "lost",    "left",   NULL,     "joined"};
    struct netsim *n = ctx;
    long long now = (long long)time(NULL);
    if (e->type == TROTH_SIM_SCANNED) {
        n->scans++;
        tell(n);
        return;
    }
    struct netsim_attempt *a = e->type == TROTH_SIM_JOINING ? NULL : find(n, e->id);
    if (!a) {
        a = &n->attempts[n->attempt_count++ % NETSIM_ATTEMPTS];
        a->id = e->id;
        a->ssid = *e->ssid;
    }
    a->result = results[e->type];
    a->reason = e->reason;
    a->at = now;
    if (e->type == TROTH_SIM_JOINED)
        n->since = now;
    tell(n);
}

void netsim_start(struct netsim *n, const struct troth_net_sink *sink, const char *state_path,
                  troth_ms now)
{
    n->state_path = state_path ? strdup(state_path) : NULL;
    n->state_errno = state_path && !n->state_path ? ENOMEM : 0;
    n->sim = (struct troth_net_sim){.networks = n->networks,
                                    .count = n->count,
                                    .scan_ms = n->scan_ms,
                                    .sink = sink,
                                    .observe = observe,
                                    .ctx = n};
    troth_net_sim_init(&n->sim, now);
    tell(n);
}

static bool waits(const struct netsim *n)
{
    return *n->join_after && n->sim.joining && access(n->join_after, F_OK) != 0;
}

void netsim_tick(struct netsim *n, troth_ms now)
{
    n->look_at = now + LOOK_MS;
    if (!waits(n))
        troth_net_sim_tick(&n->sim, now);
}

troth_ms netsim_deadline(const struct netsim *n)
{
    return waits(n) ? n->look_at : troth_net_sim_deadline(&n->sim);
}

void netsim_close(struct netsim *n)
{
    free(n->state_path);
    wipe(n, sizeof *n);
}
