/*
 * OpenThread's ot-daemon (and otbr-agent, which has the same socket) by its command line:
 * /run/openthread-IFACE.sock. It tells nothing by itself, so the role is asked for.
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
#define LOOK_MS      5000
#define LISTEN_MS    20000

struct ot {
    struct net_thread thread; /* first */
    struct ot_cli cli;
    struct timer look_timer;
    bool first;      /* the role was not asked for since it came */
    bool looking;    /* ... is being asked for */
    bool started;    /* with our dataset: roles are of that network, not of the one before */
    bool forgetting; /* factoryreset was said: it goes and comes back */
    uint8_t role;
    struct ot_table table;
    struct troth_thread dataset; /* as it is read; a secret */
};

static struct ot *of(struct net_thread *t)
{
    return (struct ot *)t;
}

/* ---- the role ---- */

static void on_state(void *ctx, const char *line, bool ok)
{
    struct ot *o = ctx;
    if (line) {
        thread_role_of(line, &o->role);
        return;
    }
    o->looking = false;
    if (ok && (o->thread.step != THREAD_ATTACHING || o->started))
        thread_role(&o->thread, o->role);
    if (o->first) {
        o->first = false;
        thread_here(&o->thread, o->thread.base.ifname);
    }
}

static void look(struct ot *o)
{
    timer_start(&o->look_timer, o->thread.step == THREAD_ATTACHING ? ATTACHING_MS : LOOK_MS);
    if (!o->looking)
        o->looking = ot_cli_ask(&o->cli, on_state, 0, "state");
}

/* ---- coming and going ---- */

static void up(void *ctx)
{
    struct ot *o = ctx;
    o->first = true;
    o->role = TROTH_THREAD_DETACHED;
    look(o);
}

static void down(void *ctx, const char *why)
{
    struct ot *o = ctx;
    timer_stop(&o->look_timer);
    o->looking = false;
    if (o->forgetting) {
        o->forgetting = false;
        thread_forgotten(&o->thread);
    }
    thread_gone(&o->thread, why);
}

static void absent(void *ctx, const char *why)
{
    struct ot *o = ctx;
    station_notice(&o->thread.base, NET_GONE,
                   "there is no OpenThread behind %s (%s); waiting for it", o->cli.path, why);
}

/* ---- what is asked for ---- */

static void on_dataset(void *ctx, const char *line, bool ok)
{
    struct ot *o = ctx;
    if (line) {
        if (troth_dataset_from_text(&o->dataset, line, strlen(line)) != TROTH_DATASET_FINE)
            o->dataset.len = 0;
        return;
    }
    thread_dataset(&o->thread, o->dataset.dataset, ok ? o->dataset.len : 0); /* an error: none */
    wipe(&o->dataset, sizeof o->dataset);
}

static void read_dataset(struct net_thread *t)
{
    struct ot *o = of(t);
    o->dataset.len = 0;
    ot_cli_ask(&o->cli, on_dataset, 0, "dataset active -x");
}

static void refused(struct ot *o, const char *what, enum troth_net_reason reason)
{
    station_notice(&o->thread.base, NET_SHORTCOMING, "OpenThread refused to %s", what);
    thread_refused(&o->thread, reason);
}

static void on_set(void *ctx, const char *line, bool ok)
{
    if (!line && !ok)
        refused(ctx, "take the dataset", TROTH_NET_BAD_DATASET);
}

static void on_start(void *ctx, const char *line, bool ok)
{
    struct ot *o = ctx;
    if (line)
        return;
    o->started = ok;
    if (!ok)
        refused(o, "start", TROTH_NET_OTHER);
    else
        timer_start(&o->look_timer, ATTACHING_MS);
}

static void attach(struct net_thread *t, const struct troth_thread *dataset)
{
    struct ot *o = of(t);
    char text[TROTH_DATASET_TEXT];
    troth_dataset_to_text(dataset, text, sizeof text);
    o->started = false;
    ot_cli_ask(&o->cli, NULL, 0, "thread stop");
    ot_cli_ask(&o->cli, on_set, 0, "dataset set active %s", text);
    ot_cli_ask(&o->cli, NULL, 0, "ifconfig up");
    ot_cli_ask(&o->cli, on_start, 0, "thread start");
    wipe(text, sizeof text);
}

static void detach(struct net_thread *t)
{
    ot_cli_ask(&of(t)->cli, NULL, 0, "thread stop");
}

static void on_forgotten(void *ctx, const char *line, bool ok)
{
    struct ot *o = ctx;
    (void)ok;
    if (line)
        return;
    o->forgetting = false;
    thread_forgotten(&o->thread);
}

/* There is no gentler word that forgets a dataset; it restarts, and the socket with it. */
static void forget(struct net_thread *t)
{
    struct ot *o = of(t);
    detach(t);
    o->forgetting = ot_cli_ask(&o->cli, on_forgotten, 0, "factoryreset");
}

/* ---- listening ---- */

static void on_heard(void *ctx, const char *line, bool ok)
{
    struct ot *o = ctx;
    struct troth_scan_result result;
    if (!line)
        thread_listened(&o->thread, ok);
    else if (ot_table_line(&o->table, line, &result))
        thread_heard(&o->thread, &result);
}

/* Discovery hears names and Extended PAN IDs; it needs its interface up. */
static void hear(struct net_thread *t)
{
    struct ot *o = of(t);
    memset(&o->table, 0, sizeof o->table);
    ot_cli_ask(&o->cli, NULL, 0, "ifconfig up");
    ot_cli_ask(&o->cli, on_heard, LISTEN_MS, "discover");
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
    o->cli = (struct ot_cli){
        .loop = config->loop, .fd = -1, .up = up, .down = down, .absent = absent, .ctx = o};
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
