/* The Attribute Protocol's memory of one link. Shape only: nothing here is API. */
#ifndef TROTH_STATE_ATT_H
#define TROTH_STATE_ATT_H

#include <troth/config.h>
#include <troth/timer.h>
#include <troth/types.h>

struct att_ops;

/* Read Multiple asks for values in turn, so its handles are kept: at most so many. */
#define ATT_MULTIPLE 16

/* What Prepare Writes built of one attribute: one contiguous run of its value. */
struct att_run {
    uint16_t handle, offset, len;
};

struct att_queue {
    uint8_t runs, writes; /* in use; Prepare Writes taken */
    uint16_t len;         /* octets in bytes */
    uint16_t torn;        /* this handle's parts overlap or leave a gap; 0: none does */
    struct att_run run[TROTH_PREPARED_WRITES];
    uint8_t bytes[TROTH_PREPARED_BYTES]; /* the runs' octets, one run after the other */
};

struct att {
    const struct att_ops *ops;
    void *ctx;
    uint16_t mtu;
    bool mtu_known; /* exchanged, by whichever side asked */
    bool dead;      /* no PDU is taken or sent any more */

    /* the server: one request at a time */
    uint8_t serving;               /* the request's opcode while its answer is not known */
    bool busy;                     /* a request is open: its response has not been handed down */
    uint16_t handle;               /* the attribute whose access is open */
    uint8_t multiple, multiple_at; /* Read Multiple: handles in all, and the one it is at */
    uint16_t filled;               /* ... octets of its response so far */
    uint16_t multiple_handle[ATT_MULTIPLE];
    uint8_t run_at; /* Execute Write: the run whose access is open */
    bool checking;  /* ... and whether it only checks */
    struct att_queue queue;
    uint16_t response_len; /* without the slot: waits in response */
    uint8_t response[TROTH_ATT_MTU];
    bool confirm_due; /* a confirmation waits for its slot */
    bool indicating;  /* our indication awaits its confirmation */
    struct timer indication_timer;

    /* the client: one request at a time */
    uint8_t awaiting;  /* the request's opcode, 0: none */
    uint16_t from, to; /* handles an Error Response to it may name */
    struct timer request_timer;
};

#endif
