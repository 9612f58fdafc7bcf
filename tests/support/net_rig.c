/* A backend and what it reports. */
#include "support/net_rig.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void on_report(void *ctx, const struct troth_net_report *report)
{
    struct net_rig *r = ctx;
    if (report->result) {
        assert_true(r->finds < NET_RIG_REPORTS);
        r->found[r->finds++] = *report->result;
        return;
    }
    assert_true(r->reports < NET_RIG_REPORTS);
    r->report[r->reports++] = *report;
    r->had_info = report->info != NULL;
    if (report->info)
        r->info = *report->info;
}

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    struct net_rig *r = ctx;
    r->here += what == NET_HERE;
    r->gone += what == NET_GONE;
    r->shortcomings += what == NET_SHORTCOMING;
    r->stays += what == NET_STAYS;
    snprintf(r->words, sizeof r->words, "%s", words);
    assert_null(strstr(words, NET_RIG_SECRET));
}

static void on_settled(void *ctx)
{
    ((struct net_rig *)ctx)->settled++;
}

static bool get_address(void *ctx, char text[46])
{
    const struct net_rig *r = ctx;
    memcpy(text, r->address, 46);
    return *text != 0;
}

void net_rig_on_bus(struct net_rig *r, const char *service,
                    bool (*call)(void *, sd_bus_message *, const char *, const char *), void *ctx)
{
    r->bus.service = service;
    r->bus.call = call;
    r->bus.ctx = ctx;
    r->said = r->bus.said;
    assert_true(sd_event_new(&r->loop) >= 0);
    r->bus.loop = r->loop;
    bus_double_open(&r->bus);
}

void net_rig_off_bus(struct net_rig *r)
{
    net_rig_close(r);
    bus_double_close(&r->bus);
    sd_event_unref(r->loop);
}

void net_rig_open(struct net_rig *r, const char *network)
{
    struct net_where where;
    char why[300];
    struct net_config config = {.loop = r->loop,
                                .sink = &r->sink,
                                .join_ms = 18000,
                                .notice = on_notice,
                                .ours = r->more.ours,
                                .borrowed = r->more.borrowed,
                                .owed = r->more.owed,
                                .settled = on_settled,
                                .address = get_address,
                                .ctx = r};
    r->now = 1000000;
    r->sink = (struct troth_net_sink){on_report, r};
    assert_true(net_parse(&where, network, why, sizeof why));
    r->b = net_open(&where, &config, why, sizeof why);
    assert_non_null(r->b);
    r->net = net_backend_net(r->b);
}

void net_rig_close(struct net_rig *r)
{
    net_backend_close(r->b);
    r->b = NULL;
}

void net_rig_up(struct net_rig *r, const char *network)
{
    bus_double_up(&r->bus);
    net_rig_open(r, network);
    net_rig_until_here(r);
}

static bool due(const struct net_rig *r)
{
    return net_backend_deadline(r->b) <= r->now;
}

void net_rig_run(struct net_rig *r)
{
    bool more;
    do {
        while (due(r))
            net_backend_tick(r->b, r->now);
        more = r->serve && r->serve(r->server);
        bus_double_settle(&r->bus);
    } while (sd_event_run(r->loop, 0) > 0 || more || due(r));
}

void net_rig_pass(struct net_rig *r, unsigned ms)
{
    troth_ms end = r->now + ms;
    net_rig_run(r);
    for (troth_ms at; (at = net_backend_deadline(r->b)) <= end; net_rig_run(r))
        r->now = at > r->now ? at : r->now;
    r->now = end;
    net_rig_run(r);
}

static bool is_here(void *ctx)
{
    const struct net_rig *r = ctx;
    return r->here != 0;
}

void net_rig_until_here(struct net_rig *r)
{
    bus_double_until(&r->bus, is_here, r, "the service is seen");
    r->here = 0; /* the next time */
    net_rig_run(r);
}

static bool is_gone(void *ctx)
{
    const struct net_rig *r = ctx;
    return r->gone != 0;
}

void net_rig_until_gone(struct net_rig *r, const char *what)
{
    bus_double_until(&r->bus, is_gone, r, what);
}

struct troth_credentials net_rig_credentials(const char *ssid, uint8_t security,
                                             const char *password)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI};
    c.u.wifi.security = security;
    c.u.wifi.ssid.len = (uint8_t)strlen(ssid);
    memcpy(c.u.wifi.ssid.b, ssid, strlen(ssid));
    c.u.wifi.password.len = (uint8_t)strlen(password);
    memcpy(c.u.wifi.password.b, password, strlen(password));
    return c;
}

void net_rig_join(struct net_rig *r, uint32_t id, const char *ssid, uint8_t security)
{
    struct troth_credentials c =
        net_rig_credentials(ssid, security, security == TROTH_WIFI_OPEN ? "" : NET_RIG_SECRET);
    assert_int_equal(r->net->ops->join(r->net->ctx, id, &c), TROTH_OK);
    net_rig_run(r);
}

void net_rig_address(struct net_rig *r, const char *text)
{
    snprintf(r->address, sizeof r->address, "%s", text);
    net_backend_address_changed(r->b);
    net_rig_run(r);
}

void net_rig_reported(struct net_rig *r, enum troth_net_report_type type, uint32_t id,
                      enum troth_net_reason reason)
{
    if (r->reports <= r->seen)
        fail_msg("nothing is reported; said:\n%s", r->said);
    const struct troth_net_report *report = &r->report[r->seen++];
    assert_int_equal(report->type, type);
    assert_int_equal(report->id, id);
    assert_int_equal(report->reason, reason);
}

void net_rig_silence(struct net_rig *r)
{
    assert_int_equal(r->reports, r->seen);
}

void net_rig_forget(struct net_rig *r)
{
    r->reports = r->seen = 0;
    bus_double_forget(&r->bus);
}

unsigned net_rig_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    assert_non_null(d);
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}
