/* What runtime.c and runtime_store.c share. */
#ifndef TROTH_PORTS_LINUX_RUNTIME_PARTS_H
#define TROTH_PORTS_LINUX_RUNTIME_PARTS_H

#include <troth/state.h>

#include "ports/linux/btsnoop.h"
#include "ports/linux/runtime.h"

#define CLOCKS 8

struct runtime {
    struct runtime_config cfg;
    struct transport *transport;
    bool up;     /* the transport is */
    bool broken; /* the controller failed: start over from the loop */
    char broke[600];
    unsigned retry_ms;
    troth_ms ready_at;   /* 0: it is not */
    uint32_t stored_ask; /* an answer the host had no room for; 0: none */
    bool stored_ok;
    struct btsnoop *capture;
    sd_event_source *timer, *again, *finish, *finish_late;
    void (*done)(void *ctx);
    void *done_ctx;
    struct runtime_clock clock[CLOCKS];
    troth_link link[TROTH_MAX_LINKS];
    struct troth_host host;
};

void runtime_tell(struct runtime *r, enum runtime_notice what, const char *why, unsigned retry_ms);

/* ---- runtime_store.c ---- */

/* A TROTH_ASK_STORE. */
void runtime_store_answer(struct runtime *r, const struct troth_ask *ask);
/* First our own identity into local; then, with NULL, the bonds into the host. False: store_why. */
bool runtime_load(struct runtime *r, struct troth_local *local);

#endif
