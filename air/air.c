/* The world: controllers come and go, time passes, what is due happens. */
#include "air/internal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct job *air_job(size_t len, void (*run)(struct air *, struct job *))
{
    struct job *job = calloc(1, sizeof *job + len);
    ASSERT(job); /* a tool on a desktop: there is no way on without memory */
    job->len = len;
    job->run = run;
    return job;
}

void jobs_add(struct jobs *jobs, struct job *job)
{
    job->next = NULL;
    if (jobs->tail)
        jobs->tail->next = job;
    else
        jobs->head = job;
    jobs->tail = job;
}

struct job *jobs_take(struct jobs *jobs)
{
    struct job *job = jobs->head;
    if (job) {
        jobs->head = job->next;
        if (!jobs->head)
            jobs->tail = NULL;
        job->next = NULL;
    }
    return job;
}

void jobs_free(struct jobs *jobs)
{
    for (struct job *job; (job = jobs_take(jobs));)
        free(job);
}

/* Sorted by time, then by order of scheduling: that is what makes runs repeatable. */
void air_schedule(struct air *air, struct job *job, uint64_t at)
{
    job->at = at > air->now ? at : air->now;
    job->seq = air->seq++;
    if (!air->jobs.tail || air->jobs.tail->at <= job->at) {
        jobs_add(&air->jobs, job);
        return;
    }
    struct job **where = &air->jobs.head;
    while ((*where)->at <= job->at)
        where = &(*where)->next;
    job->next = *where;
    *where = job;
}

/* Forgets the jobs that `match`. */
static void jobs_forget(struct air *air, bool (*match)(const struct job *, const void *),
                        const void *arg)
{
    struct jobs kept = {0};
    for (struct job *job; (job = jobs_take(&air->jobs));) {
        if (match(job, arg))
            free(job);
        else
            jobs_add(&kept, job);
    }
    air->jobs = kept;
}

static bool is_job(const struct job *job, const void *arg)
{
    return job == arg;
}

void air_unschedule(struct air *air, struct job *job)
{
    jobs_forget(air, is_job, job);
}

static bool is_controllers(const struct job *job, const void *arg)
{
    return job->c == arg;
}

static bool is_for_host(const struct job *job, const void *arg)
{
    const struct air_controller *c = arg;
    return job->c == c && job->run == air_run_to_host && job != c->response;
}

void air_flush_host(struct air_controller *c)
{
    jobs_forget(c->air, is_for_host, c);
}

/* splitmix64 */
static void prng(struct air *air, uint8_t *dst, size_t n)
{
    while (n) {
        uint64_t z = air->prng += 0x9E3779B97F4A7C15u;
        z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
        z = (z ^ z >> 27) * 0x94D049BB133111EBu;
        z ^= z >> 31;
        size_t part = n < 8 ? n : 8;
        for (size_t i = 0; i < part; i++)
            *dst++ = (uint8_t)(z >> (8 * i));
        n -= part;
    }
}

void air_random(struct air *air, uint8_t *dst, size_t n)
{
    if (air->cfg.random)
        air->cfg.random(air->cfg.random_ctx, dst, n);
    else
        prng(air, dst, n);
}

uint32_t air_random_below(struct air *air, uint32_t n)
{
    uint8_t b[4];
    air_random(air, b, 4);
    struct in in = in_of(b, 4);
    return in_u32(&in) % n;
}

void air_trace(struct air *air, const struct air_controller *c, const char *fmt, ...)
{
    if (!air->cfg.trace)
        return;
    char line[320];
    int n = c ? snprintf(line, sizeof line, "%s: ", c->name) : 0;
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(line + n, sizeof line - (size_t)n, fmt, ap);
    va_end(ap);
    air->cfg.trace(air->cfg.trace_ctx, line);
}

struct air *air_new(const struct air_config *cfg)
{
    struct air *air = calloc(1, sizeof *air);
    if (!air)
        return NULL;
    if (cfg)
        air->cfg = *cfg;
    if (!air->cfg.crossing_ms)
        air->cfg.crossing_ms = 1;
    if (!air->cfg.rssi)
        air->cfg.rssi = -50;
    air->prng = air->cfg.seed;
    return air;
}

void air_free(struct air *air)
{
    if (!air)
        return;
    air->cfg.trace = NULL;
    while (air->controllers)
        air_detach(air->controllers);
    for (struct link *l = air->links; l; l = l->next)
        l->end[CENTRAL].up = l->end[PERIPHERAL].up = false;
    link_sweep(air);
    jobs_free(&air->jobs);
    free(air);
}

void air_set_hook(struct air *air, air_hook *hook, void *ctx)
{
    air->cfg.hook = hook;
    air->cfg.hook_ctx = ctx;
}

static bool address_taken(const struct air *air, const uint8_t address[6])
{
    for (const struct air_controller *c = air->controllers; c; c = c->next)
        if (memcmp(c->address, address, 6) == 0)
            return true;
    return false;
}

struct air_controller *air_attach(struct air *air, const struct air_controller_config *cfg,
                                  void (*to_host)(void *ctx, const uint8_t *h4, size_t len),
                                  void *ctx)
{
    static const struct air_controller_config plain = {0};
    if (!cfg)
        cfg = &plain;
    if (cfg->has_address && address_taken(air, cfg->address))
        return NULL;
    struct air_controller *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->air = air;
    c->number = ++air->attached;
    c->to_host = to_host;
    c->ctx = ctx;
    if (cfg->has_address) {
        memcpy(c->address, cfg->address, 6);
    } else {
        /*
         * Locally administered, so no manufacturer's device has it; the first that is free, so that
         * a host that goes and comes again is the same device to those bonded with it.
         */
        uint32_t n = 0;
        do {
            n++;
            uint8_t made[6] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), 0xA1, 0x70, 0x02};
            memcpy(c->address, made, 6);
        } while (address_taken(air, c->address));
    }
    if (cfg->name)
        snprintf(c->name, sizeof c->name, "%s", cfg->name);
    else
        snprintf(c->name, sizeof c->name, "controller %u", c->number);
    air_controller_claims(c, cfg);
    air_controller_defaults(c);
    struct air_controller **end = &air->controllers;
    while (*end)
        end = &(*end)->next;
    *end = c;
    char text[18];
    air_address_text(c->address, text);
    air_trace(air, c, "is powered, address %s", text);
    return c;
}

void air_detach(struct air_controller *c)
{
    struct air *air = c->air;
    air_trace(air, c, "loses power");
    controller_links_down(c);
    jobs_forget(air, is_controllers, c);
    struct air_controller **where = &air->controllers;
    while (*where != c)
        where = &(*where)->next;
    *where = c->next;
    link_sweep(air);
    free(c);
}

int air_rx(struct air_controller *c, const uint8_t *h4, size_t len, uint64_t now)
{
    struct air *air = c->air;
    if (now > air->now)
        air->now = now;
    struct in in = in_of(h4, len);
    uint8_t type = in_u8(&in);
    uint16_t word = in_u16(&in);
    if (type == 0x01) {
        size_t n = in_u8(&in);
        VERIFY(!in.bad && n == in.left, AIR_BAD_PACKET);
        return air_command(c, word, in.p, n);
    }
    if (type == 0x02) {
        size_t n = in_u16(&in);
        VERIFY(!in.bad && n == in.left, AIR_BAD_PACKET);
        return air_acl(c, word, in.p, n);
    }
    return AIR_BAD_PACKET;
}

void air_tick(struct air *air, uint64_t now)
{
    if (air->ticking) /* from a to_host callback: the outer call goes on */
        return;
    air->ticking = true;
    /* Only what was there at the start, so that two hosts that answer each other at once cannot
     * keep this loop running for ever. */
    uint64_t end = air->seq;
    while (air->jobs.head && air->jobs.head->at <= now && air->jobs.head->seq < end) {
        struct job *job = jobs_take(&air->jobs);
        if (job->at > air->now)
            air->now = job->at;
        job->run(air, job);
    }
    if (!air->jobs.head || air->jobs.head->at > now) {
        if (now > air->now)
            air->now = now;
    }
    link_sweep(air);
    air->ticking = false;
}

uint64_t air_deadline(const struct air *air)
{
    return air->jobs.head ? air->jobs.head->at : AIR_NEVER;
}

const char *air_controller_name(const struct air_controller *c)
{
    return c->name;
}

unsigned air_controller_number(const struct air_controller *c)
{
    return c->number;
}

void air_controller_address(const struct air_controller *c, uint8_t address[6])
{
    memcpy(address, c->address, 6);
}
