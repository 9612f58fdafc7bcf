/* One attempt to attach, whichever way OpenThread is reached. */
#include "ports/linux/net_thread.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

static struct net_thread *of(struct net_backend *b)
{
    return (struct net_thread *)b;
}

/* ---- what is known ---- */

static void describe_to(const struct net_thread *t, struct troth_net_info *info)
{
    struct troth_dataset d;
    const struct troth_thread *asked = &t->base.dataset;
    *info = (struct troth_net_info){.rssi = 127, .role = t->role};
    if (troth_dataset_parse(&d, asked->dataset, asked->len, NULL) == TROTH_DATASET_FINE) {
        info->channel = (uint8_t)d.channel;
        info->thread.pan_id = d.pan_id;
        memcpy(info->thread.ext_pan_id, d.ext_pan_id, sizeof d.ext_pan_id);
        info->thread.name = d.name;
    }
    wipe(&d, sizeof d);
}

/* A beacon says the Extended PAN ID or, by Thread 1.3, nothing but where it comes from. */
static bool is_wanted(const struct net_thread *t, const struct troth_scan_result *r)
{
    static const uint8_t untold[sizeof r->thread.ext_pan_id];
    const struct troth_thread *asked = &t->base.dataset;
    uint8_t len;
    const uint8_t *id = troth_dataset_find(asked, TROTH_DATASET_EXT_PAN_ID, &len);
    if (memcmp(r->thread.ext_pan_id, untold, sizeof untold) != 0)
        return id && len == sizeof untold && !memcmp(id, r->thread.ext_pan_id, len);
    id = troth_dataset_find(asked, TROTH_DATASET_PAN_ID, &len);
    if (!id || len != 2 || (id[0] << 8 | id[1]) != r->thread.pan_id)
        return false;
    id = troth_dataset_find(asked, TROTH_DATASET_CHANNEL, &len);
    return !id || len != 3 || (id[1] << 8 | id[2]) == r->channel;
}

/* A member's dataset grows and changes with its network; the key and what names it stay. */
static bool is_same(const struct troth_thread *asked, const struct troth_thread *active)
{
    static const uint8_t types[] = {TROTH_DATASET_NETWORK_KEY, TROTH_DATASET_EXT_PAN_ID};
    for (unsigned i = 0; i < sizeof types; i++) {
        uint8_t len, other_len;
        const uint8_t *value = troth_dataset_find(asked, types[i], &len);
        const uint8_t *other = troth_dataset_find(active, types[i], &other_len);
        if (value && (!other || len != other_len || !equal_secret(value, other, len)))
            return false;
    }
    return active->len != 0;
}

static void hear(struct net_thread *t)
{
    if (t->listening)
        return;
    t->listening = true;
    t->service->listen(t);
}

static void attached(struct net_thread *t)
{
    struct troth_net_info info;
    t->step = THREAD_IDLE;
    describe_to(t, &info);
    station_linked(&t->base, &info);
}

/* ---- the service ---- */

void thread_here(struct net_thread *t, const char *ifname)
{
    char name[IFNAMSIZ]; /* it may be the station's own */
    snprintf(name, sizeof name, "%s", ifname);
    station_here(&t->base, name);
    if (t->had && !station_joining(&t->base)) /* it went in the middle of an attempt */
        timer_start(&t->base.restore_timer, 1);
}

void thread_gone(struct net_thread *t, const char *words)
{
    t->step = THREAD_IDLE;
    t->listening = false;
    t->role = TROTH_THREAD_DETACHED;
    station_gone(&t->base, words);
}

bool thread_role_of(const char *word, uint8_t *role)
{
    static const struct {
        const char *word;
        uint8_t role;
    } words[] = {
        {"disabled", TROTH_THREAD_DETACHED}, {"detached", TROTH_THREAD_DETACHED},
        {"child", TROTH_THREAD_CHILD},       {"router", TROTH_THREAD_ROUTER},
        {"leader", TROTH_THREAD_LEADER},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(word, words[i].word)) {
            *role = words[i].role;
            return true;
        }
    return false;
}

void thread_dataset(struct net_thread *t, const uint8_t *tlvs, size_t len)
{
    struct troth_thread active = {0};
    if (t->step != THREAD_READING)
        return;
    if (len && len <= sizeof active.dataset) {
        active.len = (uint8_t)len;
        memcpy(active.dataset, tlvs, len);
    }
    /* It came up with it by itself, as after a cut of power: nothing to interrupt. */
    bool same = is_same(&t->base.dataset, &active);
    if (same)
        t->whose = THREAD_OURS;
    else if (t->whose == THREAD_UNKNOWN && active.len)
        t->whose = THREAD_THEIRS;
    same = same && t->role != TROTH_THREAD_DETACHED;
    if (!same && !t->had) {
        t->before = active;
        t->had = true;
    }
    wipe(&active, sizeof active);
    if (same) {
        attached(t);
        return;
    }
    t->step = THREAD_LISTENING;
    hear(t);
}

void thread_unread(struct net_thread *t)
{
    if (t->step == THREAD_READING)
        station_failed(&t->base, TROTH_NET_OTHER);
}

void thread_heard(struct net_thread *t, struct troth_scan_result *result)
{
    if (t->step == THREAD_LISTENING && is_wanted(t, result))
        t->heard = true;
    station_scan_result(&t->base, result);
}

void thread_listened(struct net_thread *t, bool ok)
{
    t->listening = false;
    station_scan_done(&t->base, ok ? TROTH_NET_OK : TROTH_NET_OTHER);
    if (t->step != THREAD_LISTENING)
        return;
    t->base.hint = t->heard ? TROTH_NET_WRONG_KEY : ok ? TROTH_NET_NOT_FOUND : TROTH_NET_TIMEOUT;
    t->alone = ok && !t->heard;
    t->step = THREAD_ATTACHING;
    t->role = TROTH_THREAD_DETACHED; /* of the network before it */
    t->service->attach(t, &t->base.dataset);
}

void thread_role(struct net_thread *t, uint8_t role)
{
    t->role = role;
    if (t->step == THREAD_ATTACHING) {
        if (role == TROTH_THREAD_CHILD || role == TROTH_THREAD_ROUTER ||
            (role == TROTH_THREAD_LEADER && t->alone))
            attached(t);
    } else if (t->base.state == STATION_JOINED && role == TROTH_THREAD_DETACHED) {
        station_unlinked(&t->base, TROTH_NET_LINK_LOST);
    } else if (t->base.state == STATION_JOINED) {
        struct troth_net_info info = t->base.info;
        info.role = role;
        station_linked(&t->base, &info);
    }
}

void thread_refused(struct net_thread *t, enum troth_net_reason reason)
{
    if (t->step == THREAD_ATTACHING)
        station_failed(&t->base, reason);
}

void thread_forgotten(struct net_thread *t)
{
    station_left(&t->base);
}

/* ---- the station ---- */

static void join(struct net_backend *b)
{
    struct net_thread *t = of(b);
    t->heard = false;
    t->step = THREAD_READING;
    t->service->read(t);
}

static void undo(struct net_backend *b)
{
    struct net_thread *t = of(b);
    bool changed = t->step == THREAD_ATTACHING;
    t->step = THREAD_IDLE;
    if (changed)
        t->service->detach(t);
}

static void restore(struct net_backend *b)
{
    struct net_thread *t = of(b);
    if (!t->had)
        return;
    if (t->before.len)
        t->service->attach(t, &t->before);
    else
        t->service->forget(t);
    t->had = false;
    wipe(&t->before, sizeof t->before);
}

static void keep(struct net_backend *b)
{
    struct net_thread *t = of(b);
    t->whose = THREAD_OURS;
    t->had = false;
    wipe(&t->before, sizeof t->before);
}

/* What was there before us stays. */
static void leave(struct net_backend *b)
{
    struct net_thread *t = of(b);
    if (t->whose == THREAD_THEIRS) {
        restore(b);
        station_left(b);
        return;
    }
    t->whose = THREAD_UNKNOWN;
    t->had = false;
    wipe(&t->before, sizeof t->before);
    t->service->forget(t);
}

static void scan(struct net_backend *b)
{
    hear(of(b));
}

/* Its answer may still come, and ends what listens then. */
static void scan_late(struct net_backend *b)
{
    station_scan_done(b, TROTH_NET_TIMEOUT);
}

static void describe(struct net_backend *b)
{
    struct net_thread *t = of(b);
    struct troth_net_info info = b->info;
    info.role = t->role;
    station_described(b, &info);
}

static void tick(struct net_backend *b, troth_ms now)
{
    of(b)->service->tick(of(b), now);
}

static troth_ms deadline(const struct net_backend *b)
{
    const struct net_thread *t = (const struct net_thread *)b;
    return t->service->deadline(t);
}

static void close_it(struct net_backend *b)
{
    of(b)->service->close(of(b));
}

static const struct net_driver driver = {
    .name = "OpenThread",
    .kind = TROTH_NET_THREAD,
    .lost_ms = 30000, /* a mesh mends itself: another parent, another leader */
    .join = join,
    .undo = undo,
    .restore = restore,
    .keep = keep,
    .leave = leave,
    .scan = scan,
    .scan_late = scan_late,
    .describe = describe,
    .deadline = deadline,
    .tick = tick,
    .close = close_it,
};

bool thread_open(struct net_thread *t, const struct thread_service *service,
                 const struct net_config *config, const char *ifname)
{
    t->service = service;
    return station_open(&t->base, &driver, config, ifname);
}

void thread_close(struct net_thread *t)
{
    wipe(&t->before, sizeof t->before);
    station_close(&t->base);
}
