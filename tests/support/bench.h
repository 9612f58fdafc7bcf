/*
 * One host on a bench: a controller of literal octets in front of it, everything it says recorded.
 * Octets are written as text, "04 0e 04 01 03 0c 00"; "__" in what is expected matches any octet.
 */
#ifndef TESTS_SUPPORT_BENCH_H
#define TESTS_SUPPORT_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <troth/state.h>

#define BENCH_LOG 256

struct bench {
    struct troth_host host;
    struct troth_host_config config;
    troth_ms now;
    uint8_t next_random; /* random octets count up from here */

    struct {
        uint8_t octets[600];
        size_t len;
    } sent[BENCH_LOG];
    unsigned sends, sends_seen;

    struct troth_event event[BENCH_LOG];
    unsigned events, events_seen;
    struct troth_ask ask[BENCH_LOG];
    unsigned asks;
    bool take[TROTH_ASK_TYPES]; /* asks to be taken and left open */
    void (*on_event)(struct bench *b, const struct troth_event *e); /* may be NULL */
    void *context;

    /* what the controller does at bring-up */
    const uint16_t *unknown; /* commands it refuses as unknown, ending in 0 */
    bool no_public, shared_buffers, no_buffers;
    uint16_t acl_len;
    uint8_t acl_count;
    uint8_t resolving_size;
    uint64_t features;
};

void bench_init(struct bench *b);
/* Brings it up against a controller as described above; the traffic is then forgotten. */
void bench_up(struct bench *b);
/* Answers the command that was sent last as that controller would. */
void bench_reply(struct bench *b);
void bench_reply_all(struct bench *b); /* until none waits for an answer */

int rx(struct bench *b, const char *text);
void tick(struct bench *b, troth_ms ms);
/* The next packet sent, in order, is this. */
void expect_tx(struct bench *b, const char *text);
void expect_no_tx(struct bench *b);
/* The next event, in order, is of this type. */
const struct troth_event *expect_event(struct bench *b, enum troth_event_type type);
void expect_no_event(struct bench *b);

/* A connection of this handle; NO events left unseen. peripheral: we are. */
troth_link bench_link(struct bench *b, uint8_t handle, bool peripheral);

#endif
