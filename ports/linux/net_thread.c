/* One attempt to attach, whichever way OpenThread is reached. */
#include "ports/linux/net_thread.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

#define AGAIN_MS 60000 /* what could not be put back is tried again */

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

/*
 * Of one network: a member's dataset grows and changes with it; the key and what names it stay. What
 * has no key, or cannot be read, is of no network that we know.
 */
static bool is_same(const struct troth_thread *asked, const struct troth_thread *active)
{
    static const uint8_t types[] = {TROTH_DATASET_NETWORK_KEY, TROTH_DATASET_EXT_PAN_ID};
    if (troth_dataset_parse(NULL, asked->dataset, asked->len, NULL) != TROTH_DATASET_FINE ||
        troth_dataset_parse(NULL, active->dataset, active->len, NULL) != TROTH_DATASET_FINE)
        return false;
    for (unsigned i = 0; i < sizeof types; i++) {
        uint8_t len, other_len;
        const uint8_t *value = troth_dataset_find(asked, types[i], &len);
        const uint8_t *other = troth_dataset_find(active, types[i], &other_len);
        if (value ? !other || len != other_len || !equal_secret(value, other, len) : i == 0)
            return false;
    }
    return true;
}

static bool is_equal(const struct troth_thread *a, const struct troth_thread *b)
{
    return a->len == b->len && equal_secret(a->dataset, b->dataset, a->len);
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
    if (t->had && !station_joining(&t->base)) /* it, or we, went in the middle of an attempt */
        timer_start(&t->base.restore_timer, 1);
}

void thread_gone(struct net_thread *t, const char *words)
{
    t->step = THREAD_IDLE;
    t->listening = t->putting = false;
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

/* ---- what is kept ---- */

/* joined: as net_keep's drop. */
static void let_go(struct net_thread *t, const struct troth_thread *joined)
{
    const struct net_keep *keep = &t->base.cfg.keep;
    t->had = t->putting = t->safe = false;
    wipe(&t->kept, sizeof t->kept);
    if (keep->drop)
        keep->drop(keep->ctx, joined);
    station_left(&t->base);
}

/*
 * Before the first octet of it is overwritten. Our own stored dataset over its own network needs
 * none of this: it would be tried again anyway.
 */
static bool keep_safe(struct net_thread *t)
{
    const struct net_keep *keep = &t->base.cfg.keep;
    const struct troth_thread *asked = &t->base.dataset;
    if (!t->kept.tried.len && (is_equal(&t->kept.before, asked) ||
                               (is_equal(&t->ours, asked) && is_same(asked, &t->kept.before))))
        return true;
    if (t->safe && is_equal(&t->kept.tried, asked))
        return true;
    t->kept.tried = *asked;
    t->safe = !keep->save || keep->save(keep->ctx, &t->kept);
    return t->safe;
}

/* Somebody put it there since our attempts: neither what was before them nor of them. */
static bool is_third(const struct net_thread *t, const struct troth_thread *active)
{
    const struct net_kept *k = &t->kept;
    return active->len && !is_equal(&k->before, active) && !is_same(&k->before, active) &&
           !is_equal(&k->over, active) && !is_same(&k->over, active) &&
           !is_equal(&k->tried, active) && !is_same(&k->tried, active);
}

static void put_back(struct net_thread *t)
{
    t->putting = true;
    t->role = TROTH_THREAD_DETACHED;
    if (t->kept.before.len)
        t->service->attach(t, &t->kept.before);
    else
        t->service->forget(t);
}

/* Of the same network it may be newer than what was kept, if it is not what we tried. */
static bool is_back(const struct net_thread *t, const struct troth_thread *active)
{
    const struct net_kept *k = &t->kept;
    if (is_equal(&k->before, active))
        return true;
    return k->before.len && is_same(&k->before, active) && !is_same(&k->tried, active) &&
           !is_same(&k->over, active);
}

/* ---- what is active ---- */

static void restore_over(struct net_thread *t, const struct troth_thread *active)
{
    t->step = THREAD_IDLE;
    if (!t->had)
        return;
    if (is_third(t, active)) {
        let_go(t, NULL);
    } else if (!is_back(t, active)) {
        put_back(t);
    } else if (active->len && t->role == TROTH_THREAD_DETACHED) {
        t->kept.before = *active;
        put_back(t); /* it was stopped for an attempt */
    } else {
        let_go(t, NULL);
    }
}

static void leave_over(struct net_thread *t, const struct troth_thread *active)
{
    t->step = THREAD_IDLE;
    if (active->len && (is_same(&t->ours, active) || (t->had && !is_third(t, active)))) {
        t->putting = t->had;
        t->service->forget(t);
        return;
    }
    if (active->len)
        station_notice(&t->base, NET_STAYS,
                       t->ours.len
                           ? "OpenThread has a network that is not the one Troth joined, and keeps "
                             "it: if it shall not, say ot-ctl factoryreset"
                           : "OpenThread has a network that nothing stored here shows to be "
                             "Troth's, and keeps it: if it shall not, say ot-ctl factoryreset");
    if (t->had)
        let_go(t, NULL);
    station_left(&t->base);
}

static void join_over(struct net_thread *t, const struct troth_thread *active)
{
    /* It came up with it by itself, as after a cut of power: nothing to interrupt. */
    if (is_same(&t->base.dataset, active) && t->role != TROTH_THREAD_DETACHED) {
        attached(t);
        return;
    }
    if (t->had && is_third(t, active))
        let_go(t, NULL);
    t->putting = false;
    if (!t->had) {
        t->kept.before = *active;
    } else if (!is_equal(&t->kept.before, active) &&
               !(is_equal(&t->kept.tried, active) && is_equal(&t->base.dataset, active))) {
        t->kept.over = *active;
        t->safe = false;
    }
    t->had = true;
    t->step = THREAD_LISTENING;
    hear(t);
}

void thread_dataset(struct net_thread *t, const uint8_t *tlvs, size_t len)
{
    struct troth_thread active = {0};
    if (len > sizeof active.dataset) {
        thread_unread(t);
        return;
    }
    active.len = (uint8_t)len;
    if (len)
        memcpy(active.dataset, tlvs, len);
    if (t->step == THREAD_READING)
        join_over(t, &active);
    else if (t->step == THREAD_RESTORING)
        restore_over(t, &active);
    else if (t->step == THREAD_LEAVING)
        leave_over(t, &active);
    wipe(&active, sizeof active);
}

void thread_unread(struct net_thread *t)
{
    enum thread_step step = t->step;
    if (step == THREAD_RESTORING || step == THREAD_LEAVING)
        thread_unforgotten(t);
    else if (step == THREAD_READING)
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
    if (!keep_safe(t)) {
        station_failed(&t->base, TROTH_NET_NOT_STORED);
        return;
    }
    t->putting = false;
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

void thread_taken(struct net_thread *t)
{
    if (t->putting)
        let_go(t, NULL);
}

void thread_refused(struct net_thread *t, enum troth_net_reason reason)
{
    if (t->step == THREAD_ATTACHING)
        station_failed(&t->base, reason);
    else if (t->putting)
        thread_unforgotten(t);
}

void thread_forgotten(struct net_thread *t)
{
    wipe(&t->ours, sizeof t->ours);
    if (t->putting)
        let_go(t, NULL);
    station_left(&t->base);
}

void thread_unforgotten(struct net_thread *t)
{
    t->step = THREAD_IDLE;
    t->putting = false;
    if (t->had)
        timer_start(&t->base.restore_timer, AGAIN_MS);
    t->base.unforgotten = true;
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
    if (!t->had || t->putting)
        return;
    t->step = THREAD_RESTORING;
    t->service->read(t);
}

static void keep(struct net_backend *b)
{
    struct net_thread *t = of(b);
    t->ours = b->dataset;
    let_go(t, &t->ours);
}

/* What was there before us stays. What is ours goes, even if the power is cut now. */
static void leave(struct net_backend *b)
{
    struct net_thread *t = of(b);
    struct net_kept *k = &t->kept;
    if (t->had && k->before.len && !is_same(&t->ours, &k->before)) {
        station_notice(b, NET_STAYS,
                       "OpenThread goes back to the network it had, which Troth did not join");
        restore(b);
        return;
    }
    if (t->had && k->tried.len) {
        if (!k->over.len)
            k->over = k->before;
        wipe(&k->before, sizeof k->before);
        if (b->cfg.keep.save)
            b->cfg.keep.save(b->cfg.keep.ctx, k);
    }
    t->step = THREAD_LEAVING;
    t->service->read(t);
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
    if (config->ours)
        t->ours = *config->ours;
    t->had = t->safe = config->keep.load && config->keep.load(config->keep.ctx, &t->kept);
    return station_open(&t->base, &driver, config, ifname);
}

void thread_close(struct net_thread *t)
{
    wipe(&t->ours, sizeof t->ours);
    wipe(&t->kept, sizeof t->kept);
    station_close(&t->base);
}
