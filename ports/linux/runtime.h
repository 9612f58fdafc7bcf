/*
 * A host at work on Linux: transport, clock, random numbers, store and capture around one
 * struct troth_host, on an sd-event loop that the application owns and runs.
 *
 *     runtime_new        makes the host, loads our identity and the bonds
 *       ... the application looks at the bonds, registers its services on runtime_host(r)
 *     runtime_start      connects, brings the controller up; again and again if asked to retry
 *       ... events and asks come from the loop
 *     runtime_finish     disconnects politely
 *     runtime_free
 *
 * From any callback of the loop the host's API may be called; time is looked after. Outside the
 * host's own callbacks troth_host_rx and troth_host_tick stay the runtime's business.
 */
#ifndef TROTH_PORTS_LINUX_RUNTIME_H
#define TROTH_PORTS_LINUX_RUNTIME_H

#include <systemd/sd-event.h>

#include <troth/host.h>

#include "ports/linux/store.h"
#include "ports/linux/transport.h"

enum runtime_notice {
    RUNTIME_CONNECTED = 1,  /* the transport is there; bring-up begins */
    RUNTIME_LOST,           /* it is not, or no longer. Without retry: nothing more will happen */
    RUNTIME_STORE_FAILED,   /* a bond or our identity could not be made safe */
    RUNTIME_CAPTURE_FAILED, /* the capture is no longer written */
    RUNTIME_BAD_RECORD,     /* the store holds a record this program cannot use; it is left alone */
};

struct runtime_config {
    sd_event *loop;
    struct transport_where where;
    struct store *store; /* the caller's, outlives the runtime; NULL: nothing is kept */
    const char *capture; /* a btsnoop file to make; NULL: none */
    bool retry;          /* connect again whenever the transport is gone: 0.5 s to 30 s between */

    const char *name; /* Device Name, outlives the runtime; NULL: "Troth" */
    uint16_t appearance;
    struct troth_policy policy;
    bool privacy; /* as in struct troth_host_config */
    uint16_t rpa_timeout_s;

    void (*event)(void *ctx, const struct troth_event *event);
    /* As in struct troth_host_config; TROTH_ASK_STORE never gets here. May be NULL. */
    bool (*ask)(void *ctx, const struct troth_ask *ask);
    /* why: a sentence, valid during the call. retry_ms: when the next try begins; 0: none. */
    void (*notice)(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms);
    void *ctx;
};

struct runtime;

/*
 * NULL: `why` says why not (capture file, store, memory). RUNTIME_BAD_RECORD notices may come
 * during the call. config is copied.
 */
struct runtime *runtime_new(const struct runtime_config *config, char *why, size_t why_cap);
/* Closes everything at once; peers see a supervision timeout unless runtime_finish came first. */
void runtime_free(struct runtime *r);

struct troth_host *runtime_host(struct runtime *r);
troth_ms runtime_now(const struct runtime *r);
/* The kernel's, as troth_host_config.random wants it; ctx is not looked at. */
void runtime_random(void *ctx, uint8_t *out, size_t len);

/* Something else that lives by the clock (struct troth_prov, troth_net_sim, troth_wifi_client). */
struct runtime_clock {
    troth_ms (*deadline)(const void *ctx); /* 0: at once; TROTH_NEVER */
    void (*tick)(void *ctx, troth_ms now);
    void *ctx;
};
/* clock is copied. TROTH_FULL when there are too many (8). Removed by its ctx. */
int runtime_add_clock(struct runtime *r, const struct runtime_clock *clock);
void runtime_remove_clock(struct runtime *r, const void *ctx);

/* Begins to connect. Bring-up ends in TROTH_EV_READY or TROTH_EV_BROKEN, each time it is done. */
void runtime_start(struct runtime *r);

/*
 * Stops advertising and scanning, disconnects every link with an HCI reason (0: 0x13) and calls
 * done from the loop when all are gone, at most a second later. done must not be NULL; runtime_free
 * may be called from it.
 */
void runtime_finish(struct runtime *r, uint8_t reason, void (*done)(void *ctx), void *ctx);

/* Links that are up. */
unsigned runtime_links(const struct runtime *r);

#endif
