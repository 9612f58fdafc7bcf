/* One host on an sd-event loop, with what Linux gives it. */
#include "ports/linux/runtime_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/wipe.h"

#define RETRY_FIRST 500u
#define RETRY_MOST  30000u
#define WELL_MS     10000u /* at work for so long, a controller is trusted again */
#define FINISH_MS   1000u

/* ---- what the host needs from the system ---- */

static troth_ms now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (troth_ms)t.tv_sec * 1000 + (troth_ms)t.tv_nsec / 1000000;
}

troth_ms runtime_now(const struct runtime *r)
{
    (void)r;
    return now_ms();
}

void runtime_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    while (len) {
        ssize_t n = getrandom(out, len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) /* keys from anything else would be worse than none */
            abort();
        out += n;
        len -= (size_t)n;
    }
}

void runtime_tell(struct runtime *r, enum runtime_notice what, const char *why, unsigned retry_ms)
{
    if (r->cfg.notice)
        r->cfg.notice(r->cfg.ctx, what, why, retry_ms);
}

static void capture(struct runtime *r, bool to_host, const uint8_t *h4, size_t len)
{
    struct timespec t;
    if (!r->capture)
        return;
    clock_gettime(CLOCK_REALTIME, &t);
    uint64_t us = (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
    if (btsnoop_write(r->capture, to_host, h4, len, us) == 0)
        return;
    char why[400];
    snprintf(why, sizeof why, "the capture %s ends here: %s", r->cfg.capture, strerror(errno));
    btsnoop_close(r->capture);
    r->capture = NULL;
    runtime_tell(r, RUNTIME_CAPTURE_FAILED, why, 0);
}

static void on_send(void *ctx, const uint8_t *packet, size_t len)
{
    struct runtime *r = ctx;
    if (!r->up)
        return;
    capture(r, false, packet, len);
    transport_send(r->transport, packet, len);
}

/* ---- events and asks ---- */

static int on_finished(sd_event_source *source, void *context)
{
    struct runtime *r = context;
    (void)source;
    sd_event_source_set_enabled(r->finish, SD_EVENT_OFF);
    sd_event_source_set_enabled(r->finish_late, SD_EVENT_OFF);
    void (*done)(void *ctx) = r->done;
    r->done = NULL;
    if (done)
        done(r->done_ctx);
    return 0;
}

static int on_finish_late(sd_event_source *source, uint64_t usec, void *context)
{
    (void)usec;
    return on_finished(source, context);
}

static void check_finished(struct runtime *r)
{
    if (r->done && !runtime_links(r))
        sd_event_source_set_enabled(r->finish, SD_EVENT_ONESHOT);
}

unsigned runtime_links(const struct runtime *r)
{
    unsigned n = 0;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        n += r->link[i] != TROTH_NO_LINK;
    return n;
}

static void replace_link(struct runtime *r, troth_link from, troth_link to)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (r->link[i] == from) {
            r->link[i] = to;
            return;
        }
}

static void say_broken(struct runtime *r, const struct troth_event *e)
{
    char command[40] = "";
    if (e->u.broken.opcode)
        snprintf(command, sizeof command, " (command 0x%04x)", (unsigned)e->u.broken.opcode);
    snprintf(r->broke, sizeof r->broke, "the controller at %s failed%s: %s", r->cfg.where.text,
             command,
             e->u.broken.hci_status ? troth_hci_words(e->u.broken.hci_status)
                                    : "it does not answer, or not as a controller does");
}

static void on_event(void *ctx, const struct troth_event *e)
{
    struct runtime *r = ctx;
    switch ((int)e->type) {
    case TROTH_EV_CONNECTED:
        replace_link(r, TROTH_NO_LINK, e->link);
        break;
    case TROTH_EV_DISCONNECTED:
        replace_link(r, e->link, TROTH_NO_LINK);
        break;
    case TROTH_EV_READY:
        r->ready_at = now_ms();
        break;
    case TROTH_EV_BROKEN:
        if (!r->broken)
            say_broken(r, e);
        r->broken = true;
        break;
    }
    r->cfg.event(r->cfg.ctx, e);
    check_finished(r);
}

static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    struct runtime *r = ctx;
    if (ask->type == TROTH_ASK_STORE) {
        runtime_store_answer(r, ask);
        return true;
    }
    return r->cfg.ask && r->cfg.ask(r->cfg.ctx, ask);
}

/* ---- the transport ---- */

/* How long until the next try: longer each time, unless it was at work for a while. 0: none. */
static unsigned next_wait(struct runtime *r)
{
    if (r->ready_at && now_ms() - r->ready_at >= WELL_MS)
        r->retry_ms = RETRY_FIRST;
    r->ready_at = 0;
    unsigned wait = r->cfg.retry && !r->done ? r->retry_ms : 0;
    if (!wait)
        return 0;
    r->retry_ms = r->retry_ms * 2 < RETRY_MOST ? r->retry_ms * 2 : RETRY_MOST;
    sd_event_source_set_time_relative(r->again, (uint64_t)wait * 1000);
    sd_event_source_set_enabled(r->again, SD_EVENT_ONESHOT);
    return wait;
}

static void lost(struct runtime *r, const char *why)
{
    char kept[600];
    snprintf(kept, sizeof kept, "%s", why);
    transport_close(r->transport);
    r->transport = NULL;
    if (r->up) {
        r->up = false;
        troth_host_gone(&r->host, now_ms());
    }
    r->broken = false;
    runtime_tell(r, RUNTIME_LOST, kept, next_wait(r));
    check_finished(r);
}

/*
 * It failed while its transport still stands. Once after it was ready, Reset alone may help, and an
 * adapter that is not let go is not snatched by somebody else; after that all is opened anew.
 */
static void failed(struct runtime *r)
{
    if (!r->ready_at) {
        lost(r, r->broke);
        return;
    }
    r->broken = false;
    troth_host_gone(&r->host, now_ms());
    runtime_tell(r, RUNTIME_LOST, r->broke, next_wait(r));
    check_finished(r);
}

static void on_up(void *ctx)
{
    struct runtime *r = ctx;
    r->up = true;
    runtime_tell(r, RUNTIME_CONNECTED, r->cfg.where.text, 0);
    troth_host_start(&r->host, now_ms());
}

static void on_down(void *ctx, const char *why)
{
    lost(ctx, why);
}

static void on_packet(void *ctx, const uint8_t *h4, size_t len)
{
    struct runtime *r = ctx;
    capture(r, true, h4, len);
    troth_host_rx(&r->host, h4, len, now_ms());
}

static void open_transport(struct runtime *r)
{
    struct transport_handlers h = {on_up, on_packet, on_down, r};
    r->transport = transport_open(r->cfg.loop, &r->cfg.where, &h);
    if (!r->transport)
        lost(r, "no memory for a transport");
}

static int on_again(sd_event_source *source, uint64_t usec, void *context)
{
    struct runtime *r = context;
    (void)source;
    (void)usec;
    if (r->transport)
        on_up(r);
    else
        open_transport(r);
    return 0;
}

/* ---- time ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
    struct runtime *r = context;
    troth_ms now = now_ms();
    (void)source;
    (void)usec;
    if (r->broken && r->cfg.retry && r->transport) {
        failed(r);
        return 0;
    }
    if (r->stored_ask) {
        struct troth_answer answer = {.ok = r->stored_ok};
        uint32_t id = r->stored_ask;
        r->stored_ask = 0;
        troth_answer(&r->host, id, &answer);
    }
    if (troth_host_deadline(&r->host) <= now)
        troth_host_tick(&r->host, now);
    for (unsigned i = 0; i < CLOCKS; i++) {
        const struct runtime_clock *c = &r->clock[i];
        if (c->tick && c->deadline(c->ctx) <= now)
            c->tick(c->ctx, now);
    }
    return 0;
}

/* Before the loop sleeps: whoever called what meanwhile, the next deadline is known here. */
static int on_prepare(sd_event_source *source, void *context)
{
    const struct runtime *r = context;
    troth_ms at = troth_host_deadline(&r->host);
    for (unsigned i = 0; i < CLOCKS; i++)
        if (r->clock[i].tick) {
            troth_ms mine = r->clock[i].deadline(r->clock[i].ctx);
            at = mine < at ? mine : at;
        }
    if ((r->broken && r->cfg.retry) || r->stored_ask)
        at = 0;
    return sd_event_source_set_time(source, at > UINT64_MAX / 1000 ? UINT64_MAX : at * 1000);
}

int runtime_add_clock(struct runtime *r, const struct runtime_clock *clock)
{
    for (unsigned i = 0; i < CLOCKS; i++)
        if (!r->clock[i].tick) {
            r->clock[i] = *clock;
            return TROTH_OK;
        }
    return TROTH_FULL;
}

void runtime_remove_clock(struct runtime *r, const void *ctx)
{
    for (unsigned i = 0; i < CLOCKS; i++)
        if (r->clock[i].ctx == ctx)
            r->clock[i] = (struct runtime_clock){0};
}

/* ---- life ---- */

static bool add_sources(struct runtime *r)
{
    sd_event *loop = r->cfg.loop;
    return sd_event_add_time(loop, &r->timer, CLOCK_MONOTONIC, UINT64_MAX, 1, on_timer, r) >= 0 &&
           sd_event_source_set_enabled(r->timer, SD_EVENT_ON) >= 0 &&
           sd_event_source_set_prepare(r->timer, on_prepare) >= 0 &&
           sd_event_add_time(loop, &r->again, CLOCK_MONOTONIC, UINT64_MAX, 1, on_again, r) >= 0 &&
           sd_event_source_set_enabled(r->again, SD_EVENT_OFF) >= 0 &&
           sd_event_add_defer(loop, &r->finish, on_finished, r) >= 0 &&
           sd_event_source_set_enabled(r->finish, SD_EVENT_OFF) >= 0 &&
           sd_event_add_time(loop, &r->finish_late, CLOCK_MONOTONIC, UINT64_MAX, 1, on_finish_late,
                             r) >= 0 &&
           sd_event_source_set_enabled(r->finish_late, SD_EVENT_OFF) >= 0;
}

struct runtime *runtime_new(const struct runtime_config *config, char *why, size_t why_cap)
{
    struct runtime *r = calloc(1, sizeof *r);
    if (!r) {
        snprintf(why, why_cap, "no memory for a host");
        return NULL;
    }
    r->cfg = *config;
    r->retry_ms = RETRY_FIRST;
    struct troth_host_config host = {
        .send = on_send,
        .event = on_event,
        .ask = on_ask,
        .random = runtime_random,
        .ctx = r,
        .name = config->name,
        .appearance = config->appearance,
        .policy = config->policy,
        .privacy = config->privacy,
        .rpa_timeout_s = config->rpa_timeout_s,
        .acl_before_encryption = transport_acl_overtakes(&config->where),
    };
    if (!add_sources(r)) {
        snprintf(why, why_cap, "the event loop takes no more sources");
    } else if (config->capture && !(r->capture = btsnoop_open(config->capture))) {
        snprintf(why, why_cap, "cannot write the capture %s: %s", config->capture,
                 btsnoop_why(errno));
    } else if (!runtime_load(r, &host.local)) {
        snprintf(why, why_cap, "%s", store_why(config->store));
    } else {
        troth_host_init(&r->host, &host);
        wipe(&host.local, sizeof host.local);
        if (runtime_load(r, NULL))
            return r;
        snprintf(why, why_cap, "%s", store_why(config->store));
    }
    runtime_free(r);
    return NULL;
}

void runtime_free(struct runtime *r)
{
    if (!r)
        return;
    transport_close(r->transport);
    sd_event_source_disable_unref(r->timer);
    sd_event_source_disable_unref(r->again);
    sd_event_source_disable_unref(r->finish);
    sd_event_source_disable_unref(r->finish_late);
    btsnoop_close(r->capture);
    wipe(r, sizeof *r); /* keys */
    free(r);
}

struct troth_host *runtime_host(struct runtime *r)
{
    return &r->host;
}

void runtime_start(struct runtime *r)
{
    open_transport(r);
}

void runtime_finish(struct runtime *r, uint8_t reason, void (*done)(void *ctx), void *ctx)
{
    struct troth_advertising silence = {0};
    r->done = done;
    r->done_ctx = ctx;
    sd_event_source_set_enabled(r->again, SD_EVENT_OFF);
    if (r->up) {
        troth_advertise(&r->host, &silence);
        troth_scan(&r->host, false, false);
        troth_connect_cancel(&r->host);
        for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
            if (r->link[i] != TROTH_NO_LINK)
                troth_disconnect(&r->host, r->link[i], reason);
        sd_event_source_set_time_relative(r->finish_late, (uint64_t)FINISH_MS * 1000);
        sd_event_source_set_enabled(r->finish_late, SD_EVENT_ONESHOT);
    }
    if (!r->up || !runtime_links(r))
        sd_event_source_set_enabled(r->finish, SD_EVENT_ONESHOT);
}
