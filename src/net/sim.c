/*
 * The simulated network. A join is decided when it ends, not when it begins: a network may go away
 * meanwhile. No credentials are kept: whether the password was right is.
 */
#include <string.h>

#include <troth/net_sim.h>

#include "base/check.h"
#include "net/sim.h"

#define JOIN_MS    300
#define ATTACH_MS  1000
#define SCAN_MS    200
#define MISSING_MS 300  /* to find that no such network is there */
#define SEARCH_MS  2000 /* the same of Thread, channel by channel */

bool sim_away(const struct troth_net_sim *s, const struct troth_sim_network *n)
{
    troth_ms t = s->now - s->origin;
    if (n->down_ms == 0 && n->up_ms == 0)
        return false;
    return t >= n->down_ms && (n->up_ms == 0 || t < n->up_ms);
}

/* The strongest in range of that name. */
static const struct troth_sim_network *find(const struct troth_net_sim *s,
                                            const struct troth_ssid *ssid)
{
    const struct troth_sim_network *best = NULL;
    for (unsigned i = 0; i < s->count; i++) {
        const struct troth_sim_network *n = &s->networks[i];
        if (n->kind != TROTH_NET_THREAD && troth_ssid_equal(&n->ssid, ssid) && !sim_away(s, n) &&
            (!best || n->rssi > best->rssi))
            best = n;
    }
    return best;
}

static void observe(struct troth_net_sim *s, enum troth_sim_event_type type, uint32_t id,
                    const struct troth_ssid *ssid, const struct troth_sim_network *n,
                    enum troth_net_reason reason)
{
    struct troth_sim_event e = {type, id, ssid, n, reason};
    if (s->observe)
        s->observe(s->ctx, &e);
}

static bool same_password(const struct troth_password *a, const struct troth_password *b)
{
    if (a->len != b->len)
        return false;
    if (!troth_password_is_psk(a) || !troth_password_is_psk(b))
        return memcmp(a->b, b->b, a->len) == 0;
    for (unsigned i = 0; i < a->len; i++)
        if ((a->b[i] | 0x20) != (b->b[i] | 0x20)) /* hexadecimal digits, either case */
            return false;
    return true;
}

/* Can a station that asks for `asked` associate with a network of that security? */
static bool compatible(uint8_t asked, uint8_t network)
{
    switch (network) {
    case TROTH_WIFI_OPEN:
        return asked == TROTH_WIFI_OPEN;
    case TROTH_WIFI_WPA2_PSK:
    case TROTH_WIFI_WPA3_SAE:
    case TROTH_WIFI_WPA2_PSK_SHA256:
        return asked == network || asked == TROTH_WIFI_WPA2_WPA3;
    case TROTH_WIFI_WPA2_WPA3:
        return asked == TROTH_WIFI_WPA2_PSK || asked == TROTH_WIFI_WPA3_SAE ||
               asked == TROTH_WIFI_WPA2_WPA3;
    }
    return false;
}

static enum troth_net_reason judge(const struct troth_sim_network *n, const struct troth_wifi *w)
{
    if (!n)
        return TROTH_NET_NOT_FOUND;
    if (!compatible(w->security, n->security))
        return TROTH_NET_UNSUPPORTED_SECURITY;
    if (n->security != TROTH_WIFI_OPEN && !same_password(&n->password, &w->password))
        return n->wrong_as ? (enum troth_net_reason)n->wrong_as : TROTH_NET_WRONG_PASSWORD;
    if (n->no_address)
        return TROTH_NET_NO_ADDRESS;
    return TROTH_NET_OK;
}

/* Drops what is joined and what is being joined. */
static void abandon(struct troth_net_sim *s)
{
    uint32_t joining = s->joining;
    const struct troth_sim_network *joined = s->joined;
    s->joining = 0;
    s->joined = NULL;
    timer_stop(&s->join_timer);
    timer_stop(&s->lose_timer);
    timer_stop(&s->role_timer);
    if (joining)
        observe(s, TROTH_SIM_ABANDONED, joining, &s->ssid, s->target, TROTH_NET_OK);
    if (joined) {
        struct troth_ssid name = sim_name(joined);
        observe(s, TROTH_SIM_LEFT, s->attempt, &name, joined, TROTH_NET_OK);
    }
}

static int join(void *ctx, uint32_t attempt, const struct troth_credentials *c)
{
    struct troth_net_sim *s = ctx;
    bool thread = c->kind == TROTH_NET_THREAD;
    VERIFY(c->kind <= TROTH_NET_THREAD && s->net.kinds & 1u << c->kind, TROTH_UNSUPPORTED);
    VERIFY(attempt && troth_credentials_check(c) == TROTH_NET_OK, TROTH_INVALID);
    abandon(s);
    s->joining = attempt;
    if (thread) {
        s->target = sim_thread_find(s, &c->u.thread, &s->verdict);
        s->ssid = sim_thread_asked(s->target, &c->u.thread);
    } else {
        s->ssid = c->u.wifi.ssid;
        s->target = find(s, &s->ssid);
        s->verdict = judge(s->target, &c->u.wifi);
    }
    uint32_t ms = thread ? SEARCH_MS : MISSING_MS;
    if (s->target) {
        size_t i = (size_t)(s->target - s->networks);
        if (i < TROTH_SIM_FLAKY && s->joins[i] < s->target->flaky) {
            s->joins[i]++;
            s->verdict = TROTH_NET_TIMEOUT;
        }
        ms = s->target->join_ms ? s->target->join_ms : thread ? ATTACH_MS : JOIN_MS;
    }
    if (!s->target || !s->target->silent)
        timer_start(&s->join_timer, ms);
    observe(s, TROTH_SIM_JOINING, attempt, &s->ssid, s->target, TROTH_NET_OK);
    return TROTH_OK;
}

static int leave(void *ctx, uint32_t id)
{
    struct troth_net_sim *s = ctx;
    VERIFY(id, TROTH_INVALID);
    abandon(s);
    s->leaving = id;
    timer_start(&s->leave_timer, 1);
    return TROTH_OK;
}

static int scan(void *ctx, uint32_t id)
{
    struct troth_net_sim *s = ctx;
    VERIFY(id, TROTH_INVALID);
    VERIFY(!s->scanning, TROTH_BUSY);
    s->scanning = id;
    timer_start(&s->scan_timer, s->scan_ms ? s->scan_ms : SCAN_MS);
    return TROTH_OK;
}

static int status(void *ctx, uint32_t id)
{
    struct troth_net_sim *s = ctx;
    VERIFY(id, TROTH_INVALID);
    s->asking = id;
    timer_start(&s->ask_timer, 1);
    return TROTH_OK;
}

static const struct troth_net_ops ops = {join, leave, scan, status};

static uint8_t kinds_of(const struct troth_net_sim *s)
{
    uint8_t kinds = 0;
    for (unsigned i = 0; i < s->count; i++)
        kinds |= 1u << (s->networks[i].kind ? s->networks[i].kind : TROTH_NET_WIFI);
    return kinds ? kinds : 1u << TROTH_NET_WIFI;
}

void troth_net_sim_init(struct troth_net_sim *s, troth_ms now)
{
    ASSERT(s->sink && (s->networks || !s->count));
    struct troth_net_sim made = {.networks = s->networks,
                                 .count = s->count,
                                 .scan_ms = s->scan_ms,
                                 .sink = s->sink,
                                 .observe = s->observe,
                                 .ctx = s->ctx,
                                 .net = {&ops, s, kinds_of(s)},
                                 .origin = now,
                                 .now = now};
    *s = made;
}

const struct troth_net *troth_net_sim_net(const struct troth_net_sim *s)
{
    return &s->net;
}

const char *troth_net_sim_address(const struct troth_sim_network *n)
{
    if (n->address[0])
        return n->address;
    return n->kind == TROTH_NET_THREAD ? "fd00::10" : "192.0.2.10"; /* RFC 4193; RFC 5737 */
}

static struct troth_net_info info_of(const struct troth_net_sim *s)
{
    const struct troth_sim_network *n = s->joined;
    struct troth_net_info info = {.security = n->security, .channel = n->channel, .rssi = n->rssi};
    const char *address = troth_net_sim_address(n);
    memcpy(info.bssid, n->bssid, 6);
    memcpy(info.address, address, strlen(address));
    if (n->kind == TROTH_NET_THREAD) {
        info.role = s->role;
        info.thread = sim_thread_id(n, &info.channel);
    }
    return info;
}

static void join_ended(struct troth_net_sim *s)
{
    uint32_t id = s->joining;
    const struct troth_sim_network *n = s->target;
    enum troth_net_reason reason = n && sim_away(s, n) ? TROTH_NET_NOT_FOUND : s->verdict;
    s->joining = 0;
    if (reason != TROTH_NET_OK) {
        observe(s, TROTH_SIM_FAILED, id, &s->ssid, n, reason);
        troth_net_join_failed(s->sink, id, reason);
        return;
    }
    s->joined = n;
    s->attempt = id;
    s->role = n->role ? n->role : (uint8_t)TROTH_THREAD_CHILD;
    if (n->lose_ms)
        timer_start(&s->lose_timer, n->lose_ms);
    if (n->kind == TROTH_NET_THREAD && s->role == TROTH_THREAD_CHILD && n->router_ms)
        timer_start(&s->role_timer, n->router_ms);
    struct troth_net_info info = info_of(s);
    struct troth_ssid name = sim_name(n);
    observe(s, TROTH_SIM_JOINED, id, &name, n, TROTH_NET_OK);
    troth_net_joined(s->sink, id, &info);
}

static void role_changed(struct troth_net_sim *s)
{
    s->role = TROTH_THREAD_ROUTER;
    struct troth_net_info info = info_of(s);
    struct troth_ssid name = sim_name(s->joined);
    observe(s, TROTH_SIM_CHANGED, s->attempt, &name, s->joined, TROTH_NET_OK);
    troth_net_changed(s->sink, s->attempt, &info);
}

bool troth_net_sim_lose(struct troth_net_sim *s, enum troth_net_reason reason)
{
    const struct troth_sim_network *n = s->joined;
    VERIFY(n, false);
    struct troth_ssid name = sim_name(n);
    s->joined = NULL;
    timer_stop(&s->lose_timer);
    timer_stop(&s->role_timer);
    observe(s, TROTH_SIM_LOST, s->attempt, &name, n, reason);
    troth_net_lost(s->sink, s->attempt, reason);
    return true;
}

static void scan_ended(struct troth_net_sim *s)
{
    uint32_t id = s->scanning;
    for (unsigned i = 0; i < s->count; i++) {
        const struct troth_sim_network *n = &s->networks[i];
        struct troth_scan_result r = {.kind = TROTH_NET_WIFI,
                                      .ssid = n->ssid,
                                      .security = n->security,
                                      .channel = n->channel,
                                      .rssi = n->rssi};
        memcpy(r.bssid, n->bssid, 6);
        if (n->kind == TROTH_NET_THREAD)
            sim_thread_result(n, &r);
        if (!sim_away(s, n))
            troth_net_scan_result(s->sink, id, &r);
    }
    s->scanning = 0;
    observe(s, TROTH_SIM_SCANNED, id, NULL, NULL, TROTH_NET_OK);
    troth_net_scan_done(s->sink, id, TROTH_NET_OK);
}

void troth_net_sim_tick(struct troth_net_sim *s, troth_ms now)
{
    s->now = now;
    if (timer_due(&s->leave_timer, now))
        troth_net_left(s->sink, s->leaving);
    if (timer_due(&s->join_timer, now))
        join_ended(s);
    if (timer_due(&s->lose_timer, now) || (s->joined && sim_away(s, s->joined)))
        troth_net_sim_lose(s, TROTH_NET_LINK_LOST);
    if (timer_due(&s->role_timer, now))
        role_changed(s);
    if (timer_due(&s->scan_timer, now))
        scan_ended(s);
    if (timer_due(&s->ask_timer, now)) {
        struct troth_net_info info = {.rssi = 127};
        if (s->joined)
            info = info_of(s);
        troth_net_status(s->sink, s->asking, s->joined ? &info : NULL);
    }
}

troth_ms troth_net_sim_deadline(const struct troth_net_sim *s)
{
    troth_ms d = timer_deadline(&s->join_timer);
    d = earlier(d, timer_deadline(&s->lose_timer));
    d = earlier(d, timer_deadline(&s->leave_timer));
    d = earlier(d, timer_deadline(&s->scan_timer));
    d = earlier(d, timer_deadline(&s->ask_timer));
    d = earlier(d, timer_deadline(&s->role_timer));
    /* A joined network is up; when it goes away is known. */
    const struct troth_sim_network *n = s->joined;
    if (n && (n->down_ms || n->up_ms) && s->now - s->origin < n->down_ms)
        d = earlier(d, s->origin + n->down_ms);
    return d;
}
