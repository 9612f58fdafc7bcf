/* The client's procedures, Vol 3 Part G 4: one at a time, each a walk over request steps. */
#include "gatt/parts.h"

#include "base/check.h"

/* ---- begin and end ---- */

void client_done(struct gatt *g, int result, uint8_t att_error)
{
    struct gatt_client *c = &g->client;
    struct troth_event e = {.type = TROTH_EV_GATT_DONE};

    if (c->op == GATT_OP_NONE)
        return;
    c->op = GATT_OP_NONE;
    c->raising = c->unsent = false;
    e.u.done.result = result;
    e.u.done.att_error = att_error;
    e.u.done.handle = c->handle;
    g->env->event(g->link, &e);
}

/* A bond's keys exist, and the link does not use them: nobody has shown who is at its other end. */
static bool unproven(const struct gatt *g)
{
    return g->env->bond_state(g->link) && !g->env->level(g->link).key_size;
}

/* The procedure's own first step. */
static void enter(struct gatt *g)
{
    switch ((enum client_op)g->client.op) {
    case GATT_OP_NONE:
    case GATT_OP_SIGNED:
        return;
    case GATT_OP_MTU:
        client_go(g, STEP_MTU);
        return;
    case GATT_OP_DISCOVER:
        discovery_start(g);
        return;
    case GATT_OP_READ:
        client_go(g, STEP_READ);
        return;
    case GATT_OP_WRITE:
        client_go(g, g->client.len <= g->att.mtu - 3 ? STEP_WRITE : STEP_PREPARE);
        return;
    }
}

static void raise_security(struct gatt *g, uint8_t att_error)
{
    g->client.raising = true;
    g->client.att_error = att_error;
    g->env->raise(g->link, att_error);
}

/* A bonded peer is first made to prove itself; ATT_MTU is agreed before anything else is asked. */
static void begin(struct gatt *g)
{
    g->client.step = STEP_START;
    if (unproven(g))
        raise_security(g, TROTH_ATT_INSUFFICIENT_ENCRYPTION);
    else if (!g->att.mtu_known)
        client_go(g, STEP_MTU);
    else
        enter(g);
}

void gatt_secured(struct gatt *g, bool ok)
{
    struct gatt_client *c = &g->client;

    if (!g->up || !c->raising)
        return;
    c->raising = false;
    if (!ok || unproven(g))
        client_done(g, TROTH_FAILED, c->att_error);
    else if (c->step == STEP_START)
        begin(g);
    else
        client_go(g, c->step);
}

int client_idle(const struct gatt *g)
{
    VERIFY(g->up && !g->att.dead, TROTH_STATE);
    VERIFY(g->client.op == GATT_OP_NONE, TROTH_BUSY);
    return TROTH_OK;
}

static int start(struct gatt *g, enum client_op op, uint16_t handle)
{
    struct gatt_client *c = &g->client;

    c->op = (uint8_t)op;
    c->raised = false;
    c->handle = handle;
    c->offset = 0;
    begin(g);
    return TROTH_OK;
}

int gatt_exchange_mtu(struct gatt *g)
{
    int result = client_idle(g);

    VERIFY(result == TROTH_OK, result);
    VERIFY(!g->att.mtu_known, TROTH_STATE);
    return start(g, GATT_OP_MTU, 0);
}

int gatt_discover(struct gatt *g, const struct troth_uuid *service)
{
    int result = client_idle(g);

    VERIFY(result == TROTH_OK, result);
    VERIFY(!service || service->len == 2 || service->len == 16, TROTH_INVALID);
    g->client.uuid = service ? *service : (struct troth_uuid){0};
    return start(g, GATT_OP_DISCOVER, 0);
}

int gatt_read(struct gatt *g, uint16_t handle)
{
    int result = client_idle(g);

    VERIFY(result == TROTH_OK, result);
    VERIFY(handle, TROTH_INVALID);
    g->client.len = 0;
    return start(g, GATT_OP_READ, handle);
}

int gatt_write(struct gatt *g, uint16_t handle, const uint8_t *data, uint16_t len)
{
    int result = client_idle(g);

    VERIFY(result == TROTH_OK, result);
    VERIFY(handle && len <= sizeof g->client.value, TROTH_INVALID);
    if (len)
        memmove(g->client.value, data, len);
    g->client.len = len;
    return start(g, GATT_OP_WRITE, handle);
}

int gatt_write_command(struct gatt *g, uint16_t handle, const uint8_t *data, uint16_t len)
{
    uint8_t pdu[TROTH_ATT_MTU];
    struct out out = out_of(pdu, g->att.mtu);

    VERIFY(g->up && !g->att.dead && !unproven(g), TROTH_STATE);
    out_u8(&out, ATT_WRITE_CMD);
    out_u16(&out, handle);
    out_bytes(&out, data, len);
    VERIFY(handle && !out.bad, TROTH_INVALID);
    int result = att_push(&g->att, pdu, out.len);
    if (result == TROTH_BUSY)
        g->push_wanted = true;
    return result;
}

/* ---- requests ---- */

/* The octets of value the Prepare Write at offset carries. */
static uint16_t part(const struct gatt *g)
{
    uint16_t left = (uint16_t)(g->client.len - g->client.offset);
    uint16_t most = (uint16_t)(g->att.mtu - 5);
    return left < most ? left : most;
}

static void compose(const struct gatt *g, struct out *out)
{
    const struct gatt_client *c = &g->client;

    switch ((enum client_step)c->step) {
    case STEP_START:
    case STEP_KEEP:
    case STEP_SIGNED:
    case STEP_COMMAND:
        return;
    case STEP_MTU:
        out_u8(out, ATT_EXCHANGE_MTU_REQ);
        out_u16(out, TROTH_ATT_MTU);
        return;
    case STEP_SERVICES:
    case STEP_SERVICES_BY_UUID:
    case STEP_CHARACTERISTICS:
    case STEP_DESCRIPTORS:
        discovery_compose(g, out);
        return;
    case STEP_READ:
        out_u8(out, ATT_READ_REQ);
        out_u16(out, c->handle);
        return;
    case STEP_READ_BLOB:
        out_u8(out, ATT_READ_BLOB_REQ);
        out_u16(out, c->handle);
        out_u16(out, c->len);
        return;
    case STEP_WRITE:
        out_u8(out, ATT_WRITE_REQ);
        out_u16(out, c->handle);
        out_bytes(out, c->value, c->len);
        return;
    case STEP_PREPARE:
        out_u8(out, ATT_PREPARE_WRITE_REQ);
        out_u16(out, c->handle);
        out_u16(out, c->offset);
        out_bytes(out, c->value + c->offset, part(g));
        return;
    case STEP_EXECUTE:
    case STEP_CANCEL:
        out_u8(out, ATT_EXECUTE_WRITE_REQ);
        out_u8(out, c->step == STEP_EXECUTE);
        return;
    }
}

/* The handles an Error Response to this step may name. */
static void concerned(const struct gatt *g, uint16_t *from, uint16_t *to)
{
    *from = *to = g->client.handle;
    if (g->client.step == STEP_MTU) {
        *from = 0x0001;
        *to = 0xffff;
    } else if (g->client.op == GATT_OP_DISCOVER) {
        *from = g->client.from;
        *to = g->client.to;
    }
}

void client_go(struct gatt *g, uint8_t step)
{
    uint8_t pdu[TROTH_ATT_MTU];
    struct out out = out_of(pdu, g->att.mtu);
    uint16_t from, to;

    g->client.step = step;
    compose(g, &out);
    ASSERT(!out.bad);
    concerned(g, &from, &to);
    g->client.unsent = !att_request(&g->att, pdu, out.len, from, to);
}

void client_room(struct gatt *g)
{
    if (g->client.op != GATT_OP_NONE && g->client.unsent)
        client_go(g, g->client.step);
}

/* ---- responses ---- */

static void have_value(struct gatt *g)
{
    struct troth_event e = {.type = TROTH_EV_GATT_VALUE};

    e.u.value.handle = g->client.handle;
    e.u.value.data = g->client.value;
    e.u.value.len = g->client.len;
    g->env->event(g->link, &e);
    client_done(g, TROTH_OK, 0);
}

/* Vol 3 Part G 4.8.1, 4.8.3: a full response may not be all of it. */
static bool take_value(struct gatt *g, struct in *body)
{
    struct gatt_client *c = &g->client;
    size_t got = body->left;

    VERIFY(got <= sizeof c->value - c->len, false);
    in_copy(body, c->value + c->len, got);
    c->len = (uint16_t)(c->len + got);
    if (got == g->att.mtu - 1u && c->len < sizeof c->value)
        client_go(g, STEP_READ_BLOB);
    else
        have_value(g);
    return true;
}

/* Ends the procedure after the peer has been told to forget what it queued. */
static void wind_up(struct gatt *g, uint8_t att_error)
{
    g->client.result = TROTH_FAILED;
    g->client.att_error = att_error;
    client_go(g, STEP_CANCEL);
}

/* Vol 3 Part G 4.9.4, and 4.9.5's comparison: what the peer echoes is what it will write. */
static bool take_echo(struct gatt *g, struct in *body)
{
    struct gatt_client *c = &g->client;
    uint16_t len = part(g);
    bool same = in_u16(body) == c->handle && in_u16(body) == c->offset && body->left == len &&
                memcmp(in_bytes(body, len), c->value + c->offset, len) == 0;

    VERIFY(same, false);
    c->offset = (uint16_t)(c->offset + len);
    client_go(g, c->offset < c->len ? STEP_PREPARE : STEP_EXECUTE);
    return true;
}

static void mtu_agreed(struct gatt *g)
{
    if (g->client.op == GATT_OP_MTU)
        client_done(g, TROTH_OK, 0);
    else
        enter(g);
}

void client_response(void *ctx, uint8_t request, struct in *body)
{
    struct gatt *g = ctx;
    bool sound = true;

    (void)request;
    switch ((enum client_step)g->client.step) {
    case STEP_START:
    case STEP_KEEP:
    case STEP_SIGNED:
    case STEP_COMMAND:
        return;
    case STEP_MTU:
        att_mtu_set(&g->att, in_u16(body));
        mtu_agreed(g);
        return;
    case STEP_SERVICES:
    case STEP_SERVICES_BY_UUID:
    case STEP_CHARACTERISTICS:
    case STEP_DESCRIPTORS:
        sound = discovery_response(g, body);
        break;
    case STEP_READ:
    case STEP_READ_BLOB:
        sound = take_value(g, body);
        break;
    case STEP_PREPARE:
        if (!take_echo(g, body))
            wind_up(g, 0);
        return;
    case STEP_WRITE:
    case STEP_EXECUTE:
        client_done(g, TROTH_OK, 0);
        return;
    case STEP_CANCEL:
        client_done(g, g->client.result, g->client.att_error);
        return;
    }
    if (!sound)
        client_done(g, TROTH_FAILED, 0);
}

/* ---- refusals ---- */

static bool wants_security(uint8_t att_error)
{
    return att_error == TROTH_ATT_INSUFFICIENT_AUTHENTICATION ||
           att_error == TROTH_ATT_INSUFFICIENT_AUTHORIZATION ||
           att_error == TROTH_ATT_INSUFFICIENT_KEY_SIZE ||
           att_error == TROTH_ATT_INSUFFICIENT_ENCRYPTION;
}

/* The step that may be sent again once the link is more secure; STEP_START: none. */
static uint8_t retried(const struct gatt *g)
{
    switch (g->client.step) {
    case STEP_PREPARE: /* further parts: those before them are queued */
        return g->client.offset ? STEP_START : STEP_PREPARE;
    case STEP_EXECUTE: /* its refusal emptied the queue */
        return STEP_PREPARE;
    default:
        return g->client.step;
    }
}

void client_refused(void *ctx, uint8_t request, uint8_t error)
{
    struct gatt *g = ctx;
    struct gatt_client *c = &g->client;
    uint8_t again = retried(g);

    (void)request;
    if (c->op == GATT_OP_NONE)
        return;
    if (c->step == STEP_CANCEL) {
        client_done(g, c->result, c->att_error);
    } else if (c->step == STEP_MTU && error && c->op != GATT_OP_MTU) {
        g->att.mtu_known = true; /* it stays the default, Vol 3 Part G 4.3.1 */
        enter(g);
    } else if (c->op == GATT_OP_DISCOVER && error == TROTH_ATT_ATTRIBUTE_NOT_FOUND) {
        discovery_exhausted(g);
    } else if (c->step == STEP_READ_BLOB &&
               (error == TROTH_ATT_INVALID_OFFSET || error == TROTH_ATT_ATTRIBUTE_NOT_LONG)) {
        have_value(g);
    } else if (wants_security(error) && !c->raised && again != STEP_START) {
        c->raised = true;
        c->step = again;
        if (again == STEP_PREPARE)
            c->offset = 0;
        raise_security(g, error);
    } else if (c->step == STEP_PREPARE) {
        wind_up(g, error);
    } else {
        client_done(g, TROTH_FAILED, error);
    }
}

/* ---- what the peer's server sends unasked ---- */

void client_pushed(void *ctx, bool indication, uint16_t handle, const uint8_t *data, uint16_t len)
{
    struct gatt *g = ctx;
    struct troth_event e = {.type = TROTH_EV_GATT_NOTIFICATION};

    if (unproven(g))
        return;
    e.u.value.handle = handle;
    e.u.value.indication = indication;
    e.u.value.data = data;
    e.u.value.len = len;
    g->env->event(g->link, &e);
}
