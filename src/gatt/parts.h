/* Within GATT: what its files offer one another about a link. */
#ifndef TROTH_GATT_PARTS_H
#define TROTH_GATT_PARTS_H

#include "gatt/access.h"
#include "gatt/db.h"
#include "gatt/gatt.h"

#define REMOTE_USER_TERMINATED 0x13 /* HCI, Vol 1 Part F 2.19 */

/* ---- ccc.c: Client Characteristic Configurations, Vol 3 Part G 3.3.3.3 ---- */

#define CCC_NOTIFY   1
#define CCC_INDICATE 2

uint16_t ccc_get(const struct gatt *g, uint16_t value_handle);
enum troth_att_error ccc_write(struct gatt *g, const struct db_attribute *a, const uint8_t *data,
                               uint16_t len);
/* A bond stands behind the link: takes what it kept, keeps what the link has. */
void ccc_bonded(struct gatt *g, const struct troth_bond_state *state);
/* The link went: nobody here is subscribed any longer. */
void ccc_clear(struct gatt *g);

/* ---- server.c: the server's half of struct att_ops ---- */

bool server_next(void *ctx, uint32_t from, struct att_attribute *at);
enum troth_att_error server_allows(void *ctx, uint16_t handle, uint8_t opcode);
bool server_value(void *ctx, uint16_t handle, struct att_value *v);
void server_ask(void *ctx, const struct att_access *access);
int server_write(void *ctx, const struct att_access *access);
void server_confirmed(void *ctx, bool by_peer);
/* The push way has room, or an indication is over: what is owed goes out. */
void server_push(struct gatt *g);

/* ---- signed.c: Signed Writes, Vol 3 Part C 10.4 ---- */

/* The server's: one arrived. */
void signed_rx(void *ctx, const uint8_t *pdu, size_t len);
/* The client's: the push way has room. */
void signed_room(struct gatt *g);

/* ---- client.c: the client's half, and its procedures ---- */

enum client_op {
    GATT_OP_NONE,
    GATT_OP_MTU,
    GATT_OP_DISCOVER,
    GATT_OP_READ,
    GATT_OP_WRITE,
    GATT_OP_SIGNED,
};
enum client_step {
    STEP_START, /* nothing was sent yet */
    STEP_MTU,
    STEP_SERVICES,
    STEP_SERVICES_BY_UUID,
    STEP_CHARACTERISTICS,
    STEP_DESCRIPTORS,
    STEP_READ,
    STEP_READ_BLOB,
    STEP_WRITE,
    STEP_PREPARE,
    STEP_EXECUTE,
    STEP_CANCEL, /* Execute Write that throws away, then the end that was decided before */
    /* of GATT_OP_SIGNED, which sends no request */
    STEP_KEEP,    /* its counter is being stored */
    STEP_SIGNED,  /* waits for room */
    STEP_COMMAND, /* likewise, begun on an encrypted link: not to be signed */
};

/* May a procedure begin? enum troth_result. */
int client_idle(const struct gatt *g);

void client_response(void *ctx, uint8_t request, struct in *body);
void client_refused(void *ctx, uint8_t request, uint8_t error);
void client_pushed(void *ctx, bool indication, uint16_t handle, const uint8_t *data, uint16_t len);
/* Sends the request of the step the procedure is at. */
void client_go(struct gatt *g, uint8_t step);
void client_room(struct gatt *g);
/* Ends the procedure: its one TROTH_EV_GATT_DONE. Nothing when none runs. */
void client_done(struct gatt *g, int result, uint8_t att_error);

/* ---- discovery.c ---- */

void discovery_start(struct gatt *g);
/* The request of the step: writes its PDU. */
void discovery_compose(const struct gatt *g, struct out *out);
/* A response to it; false: it makes no sense. */
bool discovery_response(struct gatt *g, struct in *body);
/* There is nothing (more) in the range, Error 0x0A. */
void discovery_exhausted(struct gatt *g);

#endif
