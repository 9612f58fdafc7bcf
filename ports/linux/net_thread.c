/* One attempt to attach, whichever way OpenThread is reached. */
#include "ports/linux/net_thread.h"

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

static bool is_wanted(const struct net_thread *t, const struct troth_thread_id *id)
{
    uint8_t len;
    const uint8_t *ext = troth_dataset_find(&t->base.dataset, TROTH_DATASET_EXT_PAN_ID, &len);
    return ext && len == sizeof id->ext_pan_id && !memcmp(ext, id->ext_pan_id, len);
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
    station_here(&t->base, ifname);
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
    const struct troth_thread *asked = &t->base.dataset;
    if (t->step != THREAD_READING)
        return;
    /* It came up with it by itself, as after a cut of power: nothing to interrupt. */
    if (t->role != TROTH_THREAD_DETACHED && len == asked->len &&
        equal_secret(tlvs, asked->dataset, len)) {
        attached(t);
        return;
    }
    if (!t->had && len <= sizeof t->before.dataset) {
        t->before.len = (uint8_t)len;
        if (len)
            memcpy(t->before.dataset, tlvs, len);
        t->had = true;
    }
    t->step = THREAD_LISTENING;
    hear(t);
}

void thread_heard(struct net_thread *t, struct troth_scan_result *result)
{
    if (t->step == THREAD_LISTENING && is_wanted(t, &result->thread))
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
    t->step = THREAD_ATTACHING;
    t->role = TROTH_THREAD_DETACHED; /* of the network before it */
    t->service->attach(t, &t->base.dataset);
}

void thread_role(struct net_thread *t, uint8_t role)
{
    t->role = role;
    if (t->step == THREAD_ATTACHING) {
        if (role == TROTH_THREAD_CHILD || role == TROTH_THREAD_ROUTER ||
            (role == TROTH_THREAD_LEADER && !t->heard))
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
    t->had = false;
    wipe(&t->before, sizeof t->before);
}

static void leave(struct net_backend *b)
{
    struct net_thread *t = of(b);
    keep(b);
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
