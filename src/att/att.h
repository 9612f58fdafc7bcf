/*
 * The Attribute Protocol on one link, Vol 3 Part F: the bearer (ATT_MTU, one request at a time
 * each way, 30 s), a server over somebody's attributes, and a client that sends one request.
 * It knows no services, permissions or procedures: GATT, above, provides struct att_ops.
 */
#ifndef TROTH_ATT_ATT_H
#define TROTH_ATT_ATT_H

#include "att/pdu.h"
#include "base/bytes.h"

#include <troth/gatt.h>
#include <troth/state/att.h>

#define ATT_TIMEOUT_MS 30000 /* transaction timeout, 3.3.3 */

/* The ways down, each with one slot. In the order of enum gatt_slot. */
enum att_way { ATT_WAY_RESPONSE, ATT_WAY_CONFIRMATION, ATT_WAY_REQUEST, ATT_WAY_PUSH };

struct att_attribute {
    uint16_t handle;
    uint16_t group_end; /* a grouping attribute's: the last handle of its group; else 0 */
    struct troth_uuid type;
};

/* A value the server has by itself. */
struct att_value {
    const uint8_t *data; /* small, or what outlives the call */
    uint16_t len;
    uint8_t small[20];
};

/* What is being done to an attribute's value. */
struct att_access {
    uint8_t opcode; /* of the PDU that causes it: ATT_READ_REQ, ATT_EXECUTE_WRITE_REQ ... */
    uint16_t handle;
    uint16_t offset;
    bool check;          /* Execute Write: would it be taken? */
    const uint8_t *data; /* a write's octets, valid until att_rx or att_access_done returns */
    uint16_t len;
};

/* An access whose end comes later, through att_access_done. Else an enum troth_att_error. */
#define ATT_LATER 0x100

struct att_ops {
    bool (*send)(void *ctx, enum att_way way, const uint8_t *pdu, size_t len);
    /* The bearer is dead: a request of ours timed out, or the peer broke the protocol. */
    void (*dead)(void *ctx);
    void (*mtu)(void *ctx); /* ATT_MTU is known */

    /* the server's */
    bool (*next)(void *ctx, uint32_t from, struct att_attribute *a); /* the first from there on */
    /* May opcode do its work on this attribute now? */
    enum troth_att_error (*allows)(void *ctx, uint16_t handle, uint8_t opcode);
    /* The value where the server has it by itself. False: read it with ask. */
    bool (*value)(void *ctx, uint16_t handle, struct att_value *v);
    void (*ask)(void *ctx, const struct att_access *a); /* a read; att_access_done follows */
    /* A write. A command's end is of no interest: it may answer ATT_LATER, and nothing follows. */
    int (*write)(void *ctx, const struct att_access *a);
    /* A Signed Write, signature and all. att_command does what it says, once that is due. */
    void (*signed_write)(void *ctx, const uint8_t *pdu, size_t len);
    void (*confirmed)(void *ctx, bool by_peer); /* our indication; false: it will never be */

    /* the client's */
    /* What follows the opcode of the response awaited. */
    void (*response)(void *ctx, uint8_t request, struct in *body);
    /* The request failed: by an Error Response, or, error 0, by a peer that does not make sense. */
    void (*refused)(void *ctx, uint8_t request, uint8_t error);
    void (*pushed)(void *ctx, bool indication, uint16_t handle, const uint8_t *data, uint16_t len);
};

void att_init(struct att *a, const struct att_ops *ops, void *ctx);
void att_rx(struct att *a, const uint8_t *pdu, size_t len);
/* The way is free again: sends what the bearer itself still owes there. */
void att_room(struct att *a, enum att_way way);
void att_tick(struct att *a, troth_ms now);
troth_ms att_deadline(const struct att *a);

/* Ends the access the server waits for. A read's value, from its offset on. */
void att_access_done(struct att *a, uint8_t error, const uint8_t *value, uint16_t len);

/* Does a command's work: a Signed Write's too, its signature taken off. */
void att_command(struct att *a, const uint8_t *pdu, size_t len);

/*
 * A request. An Error Response to it names a handle in from .. to (or none). False: no slot, or
 * one is open. One response or refused follows, unless the bearer dies first.
 */
bool att_request(struct att *a, const uint8_t *pdu, size_t len, uint16_t from, uint16_t to);
/* TROTH_BUSY: no slot, or an indication is unconfirmed. */
int att_push(struct att *a, const uint8_t *pdu, size_t len);

/* ---- within the layer ---- */

void att_die(struct att *a);
void att_mtu_set(struct att *a, uint16_t theirs);
void att_server_request(struct att *a, const uint8_t *pdu, size_t len);
void att_server_command(struct att *a, const uint8_t *pdu, size_t len);
void att_client_response(struct att *a, const uint8_t *pdu, size_t len, bool fits);
/* Ends the request being served, with what `out` holds, or with an Error Response. */
void att_respond(struct att *a, const struct out *out);
void att_error(struct att *a, uint8_t request, uint16_t handle, uint8_t error);
/* A response of this opcode is begun in a->response. */
struct out att_response(struct att *a, uint8_t opcode);
/* The writing requests: Write, Prepare, Execute. */
void att_write_request(struct att *a, struct in *in);
void att_prepare(struct att *a, const uint8_t *pdu, size_t len);
void att_execute(struct att *a, uint8_t flags);
void att_write_done(struct att *a, uint8_t error);
void att_queue_clear(struct att *a);

#endif
