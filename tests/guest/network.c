/*
 * In the guest: one network backend by itself, driven by lines.
 *
 *   guest_network NETWORK [JOIN_MS]      as trothd --network
 *
 * Lines: join ID SECURITY SSID [PASSWORD], both as hexadecimal octets; leave ID; scan ID; status ID;
 * quit. What it reports are JSON lines.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ports/linux/net_backend.h"

static struct net_backend *backend;
static const struct troth_net *net;
static sd_event *loop;
static char line[1024];
static size_t used;

static void say_info(const struct troth_net_info *i)
{
    if (!i) {
        printf(", \"there\": false");
        return;
    }
    const uint8_t *b = i->bssid;
    printf(", \"there\": true, \"address\": \"%s\", \"bssid\": \"%02x:%02x:%02x:%02x:%02x:%02x\", "
           "\"security\": \"%s\", \"channel\": %u, \"rssi\": %d",
           i->address, b[0], b[1], b[2], b[3], b[4], b[5], troth_wifi_security_name(i->security),
           i->channel, i->rssi);
}

static void on_report(void *ctx, const struct troth_net_report *r)
{
    static const char *const names[] = {[TROTH_NET_JOINED] = "joined",
                                        [TROTH_NET_JOIN_FAILED] = "failed",
                                        [TROTH_NET_LOST] = "lost",
                                        [TROTH_NET_LEFT] = "left",
                                        [TROTH_NET_SCAN_RESULT] = "scan_result",
                                        [TROTH_NET_SCAN_DONE] = "scan_done",
                                        [TROTH_NET_STATUS] = "status",
                                        [TROTH_NET_CHANGED] = "changed"};
    (void)ctx;
    printf("{\"event\": \"%s\", \"id\": %u, \"reason\": \"%s\"", names[r->type], r->id,
           troth_net_reason_name((uint8_t)r->reason));
    if (r->type == TROTH_NET_JOINED || r->type == TROTH_NET_CHANGED || r->type == TROTH_NET_STATUS)
        say_info(r->info);
    if (r->result) {
        printf(", \"channel\": %u, \"rssi\": %d, \"security\": \"%s\", \"ssid\": \"",
               r->result->channel, r->result->rssi, troth_wifi_security_name(r->result->security));
        for (unsigned i = 0; i < r->result->ssid.len; i++)
            printf("%02x", r->result->ssid.b[i]);
        printf("\"");
    }
    printf("}\n");
}

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    static const char *const names[] = {[NET_HERE] = "here",
                                        [NET_GONE] = "gone",
                                        [NET_SHORTCOMING] = "shortcoming",
                                        [NET_STAYS] = "stays",
                                        [NET_SETTLED] = "settled"};
    (void)ctx;
    printf("{\"event\": \"%s\", \"words\": \"%s\"}\n", names[what], words);
}

static uint8_t octets(uint8_t *out, size_t cap, const char *hex)
{
    uint8_t n = 0;
    for (unsigned u; n < cap && sscanf(hex + 2 * n, "%2x", &u) == 1; n++)
        out[n] = (uint8_t)u;
    return n;
}

static void obey(char *text)
{
    char ssid[80] = "", password[160] = "";
    unsigned id, security;
    int r = TROTH_OK;
    if (sscanf(text, "join %u %u %70s %150s", &id, &security, ssid, password) >= 3) {
        struct troth_credentials c = {.kind = TROTH_NET_WIFI};
        c.u.wifi.security = (uint8_t)security;
        c.u.wifi.ssid.len = octets(c.u.wifi.ssid.b, sizeof c.u.wifi.ssid.b, ssid);
        c.u.wifi.password.len = octets(c.u.wifi.password.b, sizeof c.u.wifi.password.b, password);
        r = net->ops->join(net->ctx, id, &c);
    } else if (sscanf(text, "leave %u", &id) == 1) {
        r = net->ops->leave(net->ctx, id);
    } else if (sscanf(text, "scan %u", &id) == 1) {
        r = net->ops->scan(net->ctx, id);
    } else if (sscanf(text, "status %u", &id) == 1) {
        r = net->ops->status(net->ctx, id);
    } else {
        sd_event_exit(loop, 0);
        return;
    }
    if (r != TROTH_OK)
        printf("{\"event\": \"refused\", \"id\": %u, \"result\": %d}\n", id, r);
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *context)
{
    (void)source;
    (void)events;
    (void)context;
    ssize_t n = read(fd, line + used, sizeof line - 1 - used);
    if (n <= 0)
        return sd_event_exit(loop, 0);
    used += (size_t)n;
    line[used] = 0;
    for (char *end; (end = strchr(line, '\n'));) {
        *end = 0;
        obey(line);
        used -= (size_t)(end + 1 - line);
        memmove(line, end + 1, used + 1);
    }
    return 0;
}

static troth_ms now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (troth_ms)t.tv_sec * 1000 + (troth_ms)t.tv_nsec / 1000000;
}

int main(int argc, char **argv)
{
    struct net_where where;
    struct troth_net_sink sink = {on_report, NULL};
    char why[600] = "";
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2 || !net_parse(&where, argv[1], why, sizeof why) || sd_event_default(&loop) < 0) {
        fprintf(stderr, "guest_network: %s\n", why);
        return 2;
    }
    struct net_config config = {.loop = loop,
                                .sink = &sink,
                                .notice = on_notice,
                                .join_ms = argc > 2 ? (uint32_t)atoi(argv[2]) : 0};
    backend = net_open(&where, &config, why, sizeof why);
    if (!backend) {
        fprintf(stderr, "guest_network: %s\n", why);
        return 1;
    }
    net = net_backend_net(backend);
    printf("{\"event\": \"open\", \"text\": \"%s\"}\n", net_backend_text(backend));
    sd_event_add_io(loop, NULL, STDIN_FILENO, EPOLLIN, on_input, NULL);
    while (sd_event_get_state(loop) != SD_EVENT_FINISHED) {
        troth_ms now = now_ms(), at = net_backend_deadline(backend);
        if (at <= now) {
            net_backend_tick(backend, now);
            continue;
        }
        uint64_t wait = at == TROTH_NEVER ? UINT64_MAX : (at - now) * 1000;
        if (sd_event_run(loop, wait) < 0)
            break;
    }
    net_backend_close(backend);
    sd_event_unref(loop);
    return 0;
}
