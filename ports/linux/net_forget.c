/* Forgetting while nothing else runs. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/wipe.h"
#include "ports/linux/net_station.h"

#define WAIT_MS 6000

struct forgetting {
    bool left;
    char shortcoming[300], stays[300];
};

static void on_report(void *ctx, const struct troth_net_report *report)
{
    struct forgetting *f = ctx;
    if (report->type == TROTH_NET_LEFT)
        f->left = true;
}

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    struct forgetting *f = ctx;
    if (what == NET_SHORTCOMING)
        snprintf(f->shortcoming, sizeof f->shortcoming, "%s", words);
    if (what == NET_STAYS)
        snprintf(f->stays, sizeof f->stays, "%s", words);
}

static troth_ms now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (troth_ms)t.tv_sec * 1000 + (troth_ms)t.tv_nsec / 1000000;
}

/* Until it is here, then until it has left. */
static bool leave(struct net_backend *b, sd_event *loop, const bool *left)
{
    troth_ms end = now_ms() + WAIT_MS;
    bool asked = false;
    for (troth_ms now = now_ms(); now < end && !*left; now = now_ms()) {
        troth_ms at = net_backend_deadline(b);
        if (at <= now) {
            net_backend_tick(b, now);
            continue;
        }
        if (b->here && !asked) {
            asked = true;
            if (b->net.ops->leave(b->net.ctx, 1) != TROTH_OK)
                return false;
            continue;
        }
        if (sd_event_run(loop, ((at < end ? at : end) - now) * 1000) < 0)
            return false;
    }
    return asked && *left;
}

bool net_forget(const struct net_where *where, const struct troth_credentials *last, bool borrowed,
                const struct net_keep *keep, char *why, size_t cap)
{
    struct forgetting f = {.left = false};
    bool ok = false;
    sd_event *loop = NULL;
    struct troth_net_sink sink = {on_report, &f};
    if (sd_event_new(&loop) < 0) {
        snprintf(why, cap, "no memory for an event loop");
        return false;
    }
    struct net_config config = {.loop = loop,
                                .sink = &sink,
                                .notice = on_notice,
                                .ours = last,
                                .borrowed = borrowed,
                                .ctx = &f};
    if (keep)
        config.keep = *keep;
    struct net_backend *b = net_open(where, &config, why, cap);
    if (b) {
        ok = leave(b, loop, &f.left) && !b->unforgotten;
        if (ok)
            snprintf(why, cap, "%s", f.stays);
        else if (*f.shortcoming)
            snprintf(why, cap, "%s", f.shortcoming);
        else
            snprintf(why, cap, "%s does not answer", b->driver->name);
        net_backend_close(b);
    }
    sd_event_unref(loop);
    return ok;
}
