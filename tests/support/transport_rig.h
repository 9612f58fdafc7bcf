/* A transport with its far end in the test's hands: what it told, what comes out, what goes in. */
#ifndef TROTH_TESTS_SUPPORT_TRANSPORT_RIG_H
#define TROTH_TESTS_SUPPORT_TRANSPORT_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ports/linux/transport.h"

#define RIG_PACKETS 64

struct rig {
    char dir[40], path[80], where[120]; /* of the test: a folder, what is in it, its transport */
    sd_event *loop;
    struct transport *t; /* NULL: closed, as on down */
    int far;             /* the controller's end, which does not block; -1 */
    unsigned ups, downs, packets;
    uint8_t types[RIG_PACKETS];
    size_t lengths[RIG_PACKETS];
    bool close_on_packet;
    char why[600];
};

struct rig *rig_new(void); /* path is in dir and nothing is there; NULL */
void rig_hang_up(struct rig *r);
void rig_free(struct rig *r);

/* As where says; nothing is told during the call. */
void rig_open(struct rig *r);
/* Until nothing is left to do for a moment. */
void rig_run(struct rig *r);
void rig_give(const struct rig *r, const void *octets, size_t len);
/* What the controller was sent and has not read. */
size_t rig_sent(const struct rig *r, uint8_t *out, size_t cap);
/* More is sent, in so many packets of 1000 octets, than fits on the way: all arrives, in order. */
void rig_crowd(struct rig *r, unsigned count);

#endif
