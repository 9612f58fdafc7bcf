/* One attempt at a time, whoever carries it out. */
#include "ports/linux/net_station.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/check.h"
#include "base/wipe.h"
#include "ports/linux/net_address.h"

#define JOIN_MS    19000
#define HERE_MS    5000 /* a join waits so long for a service that is away */
#define SETTLE_MS  4000 /* an address that was there before is believed after this */
#define LOST_MS    4000 /* a link that comes back by then was not lost */
#define RESTORE_MS 4000 /* a failed attempt is often followed by another */
#define SCAN_MS    12000
#define ASK_MS     3000

/* ---- small things ---- */

void station_notice(struct net_backend *b, enum net_notice what, const char *format, ...)
{
    char words[400];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    if (b->cfg.notice)
        b->cfg.notice(b->cfg.ctx, what, words);
}

static bool is_thread(const struct net_backend *b)
{
    return b->driver->kind == TROTH_NET_THREAD;
}

static uint32_t lost_ms(const struct net_backend *b)
{
    return b->driver->lost_ms ? b->driver->lost_ms : LOST_MS;
}

bool station_joining(const struct net_backend *b)
{
    return b->state == STATION_JOINING || b->state == STATION_LINKED;
}

bool station_same(const struct troth_wifi *a, const struct troth_wifi *b)
{
    return troth_ssid_equal(&a->ssid, &b->ssid) && a->security == b->security &&
           a->password.len == b->password.len &&
           memcmp(a->password.b, b->password.b, a->password.len) == 0;
}

/* IEEE 802.11, Annex E. */
uint8_t station_channel(unsigned mhz)
{
    if (mhz == 2484)
        return 14;
    if (mhz >= 2412 && mhz <= 2472)
        return (uint8_t)((mhz - 2407) / 5);
    if (mhz >= 5955 && mhz <= 7115)
        return (uint8_t)((mhz - 5950) / 5);
    if (mhz >= 5160 && mhz <= 5885)
        return (uint8_t)((mhz - 5000) / 5);
    return 0;
}

static bool get_address(struct net_backend *b, char text[46])
{
    if (b->cfg.address)
        return b->cfg.address(b->cfg.ctx, text);
    return net_address_get(b->ifname, text);
}

static void forget_attempt(struct net_backend *b)
{
    b->state = STATION_IDLE;
    b->waiting = false;
    wipe(&b->asked.password, sizeof b->asked.password);
    timer_stop(&b->join_timer);
    timer_stop(&b->here_timer);
    timer_stop(&b->settle_timer);
    timer_stop(&b->lost_timer);
}

/* ---- the end of a join ---- */

void station_failed(struct net_backend *b, enum troth_net_reason reason)
{
    uint32_t attempt = b->attempt;
    bool began = !b->waiting;
    if (!station_joining(b))
        return;
    forget_attempt(b);
    if (began && b->here)
        b->driver->undo(b);
    timer_start(&b->restore_timer, RESTORE_MS);
    troth_net_join_failed(b->cfg.sink, attempt, reason);
}

static void joined(struct net_backend *b)
{
    uint32_t attempt = b->attempt;
    b->driver->keep(b);
    forget_attempt(b);
    station_settle(b);
    b->has_ours = true;
    b->state = STATION_JOINED;
    struct troth_net_info info = b->info;
    troth_net_joined(b->cfg.sink, attempt, &info);
}

static void lost(struct net_backend *b, enum troth_net_reason reason)
{
    uint32_t attempt = b->attempt;
    forget_attempt(b);
    troth_net_lost(b->cfg.sink, attempt, reason);
}

/* ---- the address ---- */

/* Of the network before, perhaps: believed when announced again, or when it stays. */
static void look_joining(struct net_backend *b, const char *now)
{
    bool same = *now && !strcmp(now, b->stale);
    if (!is_thread(b) && (!*now || (same && !b->renewed && timer_running(&b->settle_timer))))
        return;
    snprintf(b->info.address, sizeof b->info.address, "%s", now);
    joined(b);
}

static void look_joined(struct net_backend *b, const char *now)
{
    if (!*now && is_thread(b))
        return;
    if (!*now) {
        if (!timer_running(&b->lost_timer)) {
            b->lost_as = TROTH_NET_NO_ADDRESS;
            timer_start(&b->lost_timer, lost_ms(b));
        }
        return;
    }
    if (b->lost_as == TROTH_NET_NO_ADDRESS)
        timer_stop(&b->lost_timer);
    if (!strcmp(now, b->info.address))
        return;
    snprintf(b->info.address, sizeof b->info.address, "%s", now);
    struct troth_net_info info = b->info;
    troth_net_changed(b->cfg.sink, b->attempt, &info);
}

static void look(struct net_backend *b)
{
    char now[46] = "";
    if (b->state != STATION_LINKED && b->state != STATION_JOINED)
        return;
    if (!get_address(b, now))
        *now = 0;
    if (b->state == STATION_LINKED)
        look_joining(b, now);
    else
        look_joined(b, now);
}

static void on_address(void *ctx, bool renewed)
{
    struct net_backend *b = ctx;
    if (renewed && station_joining(b))
        b->renewed = true;
    look(b);
}

void net_backend_address_changed(struct net_backend *b)
{
    on_address(b, true);
}

/* ---- what the driver tells ---- */

void station_linked(struct net_backend *b, const struct troth_net_info *info)
{
    char address[46];
    if (b->state == STATION_IDLE)
        return;
    memcpy(address, b->info.address, sizeof address);
    bool news = b->state == STATION_JOINED && b->info.role != info->role;
    b->info = *info;
    memcpy(b->info.address, address, sizeof address);
    if (b->state == STATION_JOINING) {
        b->state = STATION_LINKED;
        timer_start(&b->settle_timer, SETTLE_MS);
    } else if (b->lost_as != TROTH_NET_NO_ADDRESS) {
        timer_stop(&b->lost_timer);
    }
    look(b);
    if (news) {
        struct troth_net_info now = b->info;
        troth_net_changed(b->cfg.sink, b->attempt, &now);
    }
}

void station_unlinked(struct net_backend *b, enum troth_net_reason reason)
{
    if (b->state == STATION_LINKED) {
        b->state = STATION_JOINING;
        timer_stop(&b->settle_timer);
    } else if (b->state == STATION_JOINED) {
        if (!timer_running(&b->lost_timer) || b->lost_as == TROTH_NET_NO_ADDRESS)
            timer_start(&b->lost_timer, lost_ms(b));
        b->lost_as = reason;
    }
}

static void begin(struct net_backend *b)
{
    b->waiting = false;
    timer_stop(&b->here_timer);
    b->renewed = false;
    if (!get_address(b, b->stale))
        b->stale[0] = 0;
    b->driver->join(b);
}

void station_here(struct net_backend *b, const char *ifname)
{
    bool news = !b->here || strcmp(b->ifname, ifname) != 0;
    b->here = true;
    b->missing = NULL;
    snprintf(b->ifname, sizeof b->ifname, "%s", ifname);
    if (b->address)
        net_address_of(b->address, ifname);
    if (news)
        station_notice(b, NET_HERE, "%s manages %s", b->driver->name, ifname);
    if (b->waiting)
        begin(b);
    if (b->leaving)
        b->driver->leave(b);
    else
        station_owed(b);
}

void station_gone(struct net_backend *b, const char *words)
{
    bool was = b->here;
    b->here = false;
    if (was)
        station_notice(b, NET_GONE, "%s is gone (%s); waiting for it", b->driver->name, words);
    timer_stop(&b->restore_timer);
    if (station_joining(b) && !b->waiting)
        station_failed(b, TROTH_NET_BACKEND_GONE);
    if (b->state == STATION_JOINED)
        lost(b, TROTH_NET_BACKEND_GONE);
    if (b->scanning)
        station_scan_done(b, TROTH_NET_BACKEND_GONE);
    if (b->asking)
        station_described(b, NULL);
}

void station_missing(struct net_backend *b, const char *words)
{
    if (b->missing != words)
        station_notice(b, NET_GONE, "%s", words);
    b->missing = words;
}

void station_scan_result(struct net_backend *b, struct troth_scan_result *result)
{
    result->kind = is_thread(b) ? TROTH_NET_THREAD : TROTH_NET_WIFI;
    /* a hidden one has no name to choose it by */
    if (b->scanning && (is_thread(b) || result->ssid.len))
        troth_net_scan_result(b->cfg.sink, b->scanning, result);
}

void station_scan_done(struct net_backend *b, enum troth_net_reason reason)
{
    uint32_t id = b->scanning;
    if (!id)
        return;
    b->scanning = 0;
    timer_stop(&b->scan_timer);
    troth_net_scan_done(b->cfg.sink, id, reason);
}

void station_described(struct net_backend *b, const struct troth_net_info *info)
{
    uint32_t id = b->asking;
    struct troth_net_info full = {.rssi = 127};
    if (!id)
        return;
    b->asking = 0;
    timer_stop(&b->ask_timer);
    if (info)
        full = *info;
    if (b->state == STATION_JOINED)
        memcpy(full.address, b->info.address, sizeof full.address);
    troth_net_status(b->cfg.sink, id, info && b->state == STATION_JOINED ? &full : NULL);
}

/* ---- what is wanted ---- */

static void abandon(struct net_backend *b)
{
    bool undo = station_joining(b) && !b->waiting && b->here;
    forget_attempt(b);
    timer_stop(&b->restore_timer);
    if (undo)
        b->driver->undo(b);
}

static int join(void *ctx, uint32_t attempt, const struct troth_credentials *c)
{
    struct net_backend *b = ctx;
    VERIFY(b->net.kinds & 1u << c->kind, TROTH_UNSUPPORTED);
    VERIFY(attempt && troth_credentials_check(c) == TROTH_NET_OK, TROTH_INVALID);
    const char *unfit = b->driver->unfit ? b->driver->unfit(&c->u.wifi) : NULL;
    if (unfit) {
        station_notice(b, NET_SHORTCOMING, "%s", unfit);
        return TROTH_UNSUPPORTED;
    }
    abandon(b);
    b->leaving = 0;
    b->attempt = attempt;
    if (is_thread(b)) {
        b->dataset = c->u.thread;
    } else {
        b->asked = c->u.wifi;
        troth_wifi_resolve(&b->asked);
    }
    b->hint = TROTH_NET_TIMEOUT;
    b->info = (struct troth_net_info){.rssi = 127};
    b->state = STATION_JOINING;
    b->waiting = true;
    timer_start(&b->join_timer, b->cfg.join_ms ? b->cfg.join_ms : JOIN_MS);
    timer_start(&b->here_timer, HERE_MS);
    if (b->here)
        begin(b);
    return TROTH_OK;
}

static int leave(void *ctx, uint32_t id)
{
    struct net_backend *b = ctx;
    VERIFY(id, TROTH_INVALID);
    abandon(b);
    station_leave(b, id);
    return TROTH_OK;
}

static int scan(void *ctx, uint32_t id)
{
    struct net_backend *b = ctx;
    VERIFY(id, TROTH_INVALID);
    VERIFY(b->here, TROTH_NOT_FOUND);
    VERIFY(!b->scanning, TROTH_BUSY);
    b->scanning = id;
    timer_start(&b->scan_timer, SCAN_MS);
    b->driver->scan(b);
    return TROTH_OK;
}

static int status(void *ctx, uint32_t id)
{
    struct net_backend *b = ctx;
    VERIFY(id, TROTH_INVALID);
    b->asking = id;
    timer_start(&b->ask_timer, b->here && b->state == STATION_JOINED ? ASK_MS : 1);
    if (b->here && b->state == STATION_JOINED)
        b->driver->describe(b);
    return TROTH_OK;
}

/* ---- time ---- */

void net_backend_tick(void *backend, troth_ms now)
{
    struct net_backend *b = backend;
    if (timer_due(&b->here_timer, now) && b->waiting)
        station_failed(b, TROTH_NET_BACKEND_GONE);
    if (timer_due(&b->join_timer, now))
        station_failed(b, b->state == STATION_LINKED ? TROTH_NET_NO_ADDRESS : b->hint);
    if (timer_due(&b->settle_timer, now))
        look(b);
    if (timer_due(&b->lost_timer, now) && b->state == STATION_JOINED)
        lost(b, b->lost_as);
    if (timer_due(&b->restore_timer, now) && b->here)
        b->driver->restore(b);
    station_leave_tick(b, now);
    if (timer_due(&b->scan_timer, now) && b->scanning)
        b->driver->scan_late(b);
    if (timer_due(&b->ask_timer, now))
        station_described(b, b->state == STATION_JOINED ? &b->info : NULL);
    b->driver->tick(b, now);
}

troth_ms net_backend_deadline(const void *backend)
{
    const struct net_backend *b = backend;
    troth_ms d = timer_deadline(&b->join_timer);
    d = earlier(d, timer_deadline(&b->here_timer));
    d = earlier(d, timer_deadline(&b->settle_timer));
    d = earlier(d, timer_deadline(&b->lost_timer));
    d = earlier(d, timer_deadline(&b->restore_timer));
    d = earlier(d, station_leave_deadline(b));
    d = earlier(d, timer_deadline(&b->scan_timer));
    d = earlier(d, timer_deadline(&b->ask_timer));
    return earlier(d, b->driver->deadline(b));
}

/* ---- life ---- */

static const struct troth_net_ops ops = {join, leave, scan, status};

bool station_open(struct net_backend *b, const struct net_driver *driver,
                  const struct net_config *config, const char *ifname)
{
    b->driver = driver;
    b->cfg = *config;
    b->net = (struct troth_net){&ops, b, 1u << (driver->kind ? driver->kind : TROTH_NET_WIFI)};
    b->fixed = *ifname != 0;
    b->owed = config->owed;
    b->has_ours = config->ours != NULL;
    b->info.rssi = 127;
    snprintf(b->ifname, sizeof b->ifname, "%s", ifname);
    if (config->address)
        return true;
    b->address = net_address_open(config->loop, on_address, b);
    if (b->address)
        net_address_of(b->address, ifname);
    return b->address != NULL;
}

void station_close(struct net_backend *b)
{
    net_address_close(b->address);
    wipe(b, sizeof *b);
}

const struct troth_net *net_backend_net(const struct net_backend *b)
{
    return &b->net;
}

void net_backend_close(struct net_backend *b)
{
    if (b)
        b->driver->close(b);
}

const char *net_backend_text(const struct net_backend *b)
{
    static char text[64];
    snprintf(text, sizeof text, "%s%s%s", b->driver->name, *b->ifname ? " on " : "", b->ifname);
    return text;
}
