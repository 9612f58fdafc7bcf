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
    /* it, or we, went in the middle of an attempt; a leave sees to that too */
    if (t->keep.had && !station_joining(&t->base) && !t->base.leaving)
        timer_start(&t->base.restore_timer, 1);
}

void thread_gone(struct net_thread *t, const char *words)
{
    t->step = THREAD_IDLE;
    t->listening = t->putting = t->attempted = false;
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

static void let_go(struct net_thread *t, const struct troth_thread *joined)
{
    t->putting = t->attempted = false;
    thread_keep_drop(&t->keep, joined);
    station_left(&t->base);
}

static void put_back(struct net_thread *t)
{
    t->putting = true;
    t->role = TROTH_THREAD_DETACHED;
    if (t->keep.kept.before.len)
        t->service->attach(t, &t->keep.kept.before);
    else
        t->service->forget(t);
}

/* ---- what is active ---- */

static void restore_over(struct net_thread *t, const struct troth_thread *active)
{
    t->step = THREAD_IDLE;
    if (!t->keep.had)
        return;
    if (thread_keep_third(&t->keep, active)) {
        let_go(t, NULL);
    } else if (!thread_keep_back(&t->keep, active)) {
        put_back(t);
    } else if (active->len && t->role == TROTH_THREAD_DETACHED) {
        t->keep.kept.before = *active;
        put_back(t); /* it was stopped for an attempt */
    } else {
        let_go(t, NULL);
    }
}

static void leave_over(struct net_thread *t, const struct troth_thread *active)
{
    t->step = THREAD_IDLE;
    bool attempted = t->keep.had && !thread_keep_third(&t->keep, active);
    if (active->len && (thread_same(&t->ours, active) || attempted)) {
        t->putting = t->keep.had;
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
    if (t->keep.had)
        let_go(t, NULL);
    station_left(&t->base);
}

/* Its role is what became of attempts of ours that did not succeed: it may lead with a wrong key. */
static bool is_of_attempt(const struct net_thread *t, const struct troth_thread *active)
{
    return t->attempted || (t->keep.had && thread_same(&t->keep.kept.tried, active));
}

static void join_over(struct net_thread *t, const struct troth_thread *active)
{
    /* It came up with it by itself, as after a cut of power: nothing to interrupt. */
    if (thread_same(&t->base.dataset, active) && t->role != TROTH_THREAD_DETACHED &&
        !is_of_attempt(t, active)) {
        attached(t);
        return;
    }
    thread_keep_look(&t->keep);
    if (t->keep.had && thread_keep_third(&t->keep, active))
        let_go(t, NULL);
    t->putting = false;
    thread_keep_found(&t->keep, active, &t->base.dataset,
                      t->base.owed && thread_same(&t->ours, active));
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
    if (!thread_keep_safe(&t->keep, &t->base.dataset, &t->ours)) {
        station_failed(&t->base, TROTH_NET_NOT_STORED);
        return;
    }
    t->putting = false;
    t->attempted = true;
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
    if (t->keep.had && !t->base.owed) /* what is owed has a timer of its own */
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
    if (!t->keep.had || t->putting)
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
    const struct troth_thread *before = &t->keep.kept.before;
    thread_keep_look(&t->keep);
    if (t->keep.had && before->len && !thread_same(&t->ours, before)) {
        station_notice(b, NET_STAYS,
                       "OpenThread goes back to the network it had, which Troth did not join");
        restore(b);
        return;
    }
    thread_keep_leave(&t->keep);
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
    if (config->ours && config->ours->kind == TROTH_NET_THREAD)
        t->ours = config->ours->u.thread;
    thread_keep_open(&t->keep, &config->keep);
    return station_open(&t->base, &driver, config, ifname);
}

void thread_close(struct net_thread *t)
{
    wipe(&t->ours, sizeof t->ours);
    thread_keep_close(&t->keep);
    station_close(&t->base);
}
