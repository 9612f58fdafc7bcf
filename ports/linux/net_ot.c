/*
 * OpenThread's ot-daemon (and otbr-agent, which has the same socket) by its command line:
 * /run/openthread-IFACE.sock. It tells nothing by itself, so the role is asked for: often while
 * attaching, seldom once attached, and not while nothing is joined. Who uses its command line then is
 * left alone for a while.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"
#include "ports/linux/net_ot_cli.h"
#include "ports/linux/net_ot_table.h"
#include "ports/linux/net_thread.h"

#define OT_DIR       "/run"
#define DEFAULT_IF   "wpan0"
#define ATTACHING_MS 500
#define GLANCE_MS    2000 /* does it run? nobody is disturbed by that */
#define LOOK_MS      10000
#define POLITE_MS    60000 /* the role is asked for all the same */
#define LISTEN_MS    20000
#define FORGETTING   3

struct ot {
    struct net_thread thread; /* first */
    struct ot_cli cli;
    struct timer look_timer;
    unsigned waited;     /* ms since the role was told */
    bool started;        /* with our dataset: roles are of that network, not of the one before */
    unsigned forgetting; /* factoryreset is to be said so often, or what came of it to be seen */
    bool reset;          /* it was said: it goes and comes back */
    uint8_t role;
    struct ot_table table;
    struct troth_thread dataset; /* as it is read; a secret */
};

static struct ot *of(struct net_thread *t)
{
    return (struct ot *)t;
}

/* ---- the role ---- */

static bool on_state(void *ctx, const char *line)
{
    struct ot *o = ctx;
    return thread_role_of(line, &o->role);
}

static void look(struct ot *o)
{
    bool attaching = o->thread.step == THREAD_ATTACHING;
    timer_start(&o->look_timer, attaching ? ATTACHING_MS : GLANCE_MS);
    if (attaching) {
        ot_cli_look(&o->cli);
        return;
    }
    bool taken = ot_cli_glance(&o->cli);
    o->waited += GLANCE_MS;
    if (o->thread.base.state == STATION_JOINED && o->waited >= (taken ? POLITE_MS : LOOK_MS))
        ot_cli_look(&o->cli);
}

/* ---- coming and going ---- */

static void up(void *ctx)
{
    struct ot *o = ctx;
    o->waited = 0;
    if (o->thread.step != THREAD_ATTACHING || o->started)
        thread_role(&o->thread, o->role);
    if (!timer_running(&o->look_timer))
        timer_start(&o->look_timer, GLANCE_MS);
    if (!o->thread.base.here)
        thread_here(&o->thread, o->thread.base.ifname);
}

static void down(void *ctx, const char *why)
{
    struct ot *o = ctx;
    timer_stop(&o->look_timer);
    if (o->forgetting && o->reset)
        thread_forgotten(&o->thread);
    o->forgetting = 0;
    thread_gone(&o->thread, why);
}

static void absent(void *ctx, const char *why)
{
    struct ot *o = ctx;
    station_notice(&o->thread.base, NET_GONE,
                   "there is no OpenThread behind %s (%s); waiting for it", o->cli.path, why);
}

/* ---- what is asked for ---- */

/* It was read whole, or there is none: else what is there is not known. */
static bool take_dataset(struct ot *o, const char *line, enum ot_end end)
{
    if (!line)
        return end == OT_NOT_FOUND || (end == OT_DONE && o->dataset.len);
    if (troth_dataset_from_text(&o->dataset, line, strlen(line)) != TROTH_DATASET_FINE)
        o->dataset.len = 0;
    return false;
}

static void on_dataset(void *ctx, const char *line, enum ot_end end)
{
    struct ot *o = ctx;
    bool known = take_dataset(o, line, end);
    if (line)
        return;
    if (known) {
        thread_dataset(&o->thread, o->dataset.dataset, o->dataset.len);
    } else {
        station_notice(&o->thread.base, NET_SHORTCOMING, "OpenThread refused to tell its dataset");
        thread_unread(&o->thread);
    }
    wipe(&o->dataset, sizeof o->dataset);
}

static void read_dataset(struct net_thread *t)
{
    struct ot *o = of(t);
    o->dataset.len = 0;
    o->forgetting = 0; /* something else begins */
    ot_cli_ask(&o->cli, on_dataset, 0, "dataset active -x");
}

static void refused(struct ot *o, const char *what, enum troth_net_reason reason)
{
    station_notice(&o->thread.base, NET_SHORTCOMING, "OpenThread refused to %s", what);
    thread_refused(&o->thread, reason);
}

static void on_set(void *ctx, const char *line, enum ot_end end)
{
    struct ot *o = ctx;
    if (!line && end != OT_DONE)
        refused(o, "take the dataset", TROTH_NET_BAD_DATASET);
}

static void on_start(void *ctx, const char *line, enum ot_end end)
{
    struct ot *o = ctx;
    if (line)
        return;
    o->started = end == OT_DONE;
    if (!o->started) {
        refused(o, "start", TROTH_NET_OTHER);
        return;
    }
    timer_start(&o->look_timer, ATTACHING_MS);
    thread_taken(&o->thread);
}

static void attach(struct net_thread *t, const struct troth_thread *dataset)
{
    struct ot *o = of(t);
    char text[TROTH_DATASET_TEXT];
    troth_dataset_to_text(dataset, text, sizeof text);
    o->started = false;
    ot_cli_ask(&o->cli, NULL, 0, "thread stop");
    ot_cli_then(&o->cli, on_set, 0, "dataset set active %s", text);
    ot_cli_then(&o->cli, NULL, 0, "ifconfig up");
    ot_cli_then(&o->cli, on_start, 0, "thread start");
    wipe(text, sizeof text);
}

static void detach(struct net_thread *t)
{
    ot_cli_ask(&of(t)->cli, NULL, 0, "thread stop");
}

static void say_reset(struct ot *o);

static bool is_awaited(const struct ot *o)
{
    return o->thread.base.leaving || o->thread.putting;
}

/*
 * It says nothing when it is done, and nothing when somebody else took its session before. What is
 * there when nobody waits any more, or something else has begun, may be another's.
 */
static void on_checked(void *ctx, const char *line, enum ot_end end)
{
    struct ot *o = ctx;
    bool known = take_dataset(o, line, end);
    if (line)
        return;
    bool gone = known && !o->dataset.len;
    wipe(&o->dataset, sizeof o->dataset);
    if (!o->forgetting)
        return;
    if (!gone && is_awaited(o) && --o->forgetting) {
        say_reset(o);
        return;
    }
    o->forgetting = 0;
    if (gone)
        thread_forgotten(&o->thread);
    else
        thread_unforgotten(&o->thread);
}

static void on_reset(void *ctx, const char *line, enum ot_end end)
{
    struct ot *o = ctx;
    if (line)
        return;
    o->reset = end == OT_CUT;
    o->dataset.len = 0;
    ot_cli_ask(&o->cli, on_checked, 0, "dataset active -x");
}

static void say_reset(struct ot *o)
{
    o->reset = false;
    ot_cli_ask(&o->cli, NULL, 0, "thread stop");
    ot_cli_once(&o->cli, on_reset, "factoryreset");
}

/* There is no gentler word that forgets a dataset; it restarts, and the socket with it. */
static void forget(struct net_thread *t)
{
    struct ot *o = of(t);
    o->forgetting = FORGETTING;
    say_reset(o);
}

/* ---- listening ---- */

static void on_heard(void *ctx, const char *line, enum ot_end end)
{
    struct ot *o = ctx;
    struct troth_scan_result result;
    if (!line)
        thread_listened(&o->thread, end == OT_DONE);
    else if (ot_table_line(&o->table, line, &result))
        thread_heard(&o->thread, &result);
}

/* Discovery hears names and Extended PAN IDs; it needs its interface up. */
static void hear(struct net_thread *t)
{
    struct ot *o = of(t);
    memset(&o->table, 0, sizeof o->table);
    ot_cli_ask(&o->cli, NULL, 0, "ifconfig up");
    ot_cli_then(&o->cli, on_heard, LISTEN_MS, "discover");
}

/* ---- life ---- */

static void tick(struct net_thread *t, troth_ms now)
{
    struct ot *o = of(t);
    ot_cli_tick(&o->cli, now);
    if (timer_due(&o->look_timer, now))
        look(o);
}

static troth_ms deadline(const struct net_thread *t)
{
    const struct ot *o = (const struct ot *)t;
    return earlier(ot_cli_deadline(&o->cli), timer_deadline(&o->look_timer));
}

static void close_it(struct net_thread *t)
{
    struct ot *o = of(t);
    ot_cli_stop(&o->cli);
    thread_close(t);
    wipe(o, sizeof *o);
    free(o);
}

static const struct thread_service service = {
    .name = "ot-daemon",
    .read = read_dataset,
    .attach = attach,
    .detach = detach,
    .forget = forget,
    .listen = hear,
    .tick = tick,
    .deadline = deadline,
    .close = close_it,
};

struct net_backend *net_ot_open(const struct net_where *where, const struct net_config *config,
                                char *why, size_t cap)
{
    struct ot *o = calloc(1, sizeof *o);
    const char *ifname = *where->ifname ? where->ifname : DEFAULT_IF;
    if (!o || !thread_open(&o->thread, &service, config, ifname)) {
        free(o);
        snprintf(why, cap, "no memory for a network backend");
        return NULL;
    }
    o->cli = (struct ot_cli){.loop = config->loop,
                             .fd = -1,
                             .state = on_state,
                             .up = up,
                             .down = down,
                             .absent = absent,
                             .ctx = o};
    int n = snprintf(o->cli.path, sizeof o->cli.path, "%s/openthread-%s.sock",
                     *where->dir ? where->dir : OT_DIR, ifname);
    if (n < 0 || (size_t)n >= sizeof o->cli.path) {
        snprintf(why, cap, "the path of OpenThread's socket is too long");
        close_it(&o->thread);
        return NULL;
    }
    ot_cli_start(&o->cli);
    return &o->thread.base;
}
