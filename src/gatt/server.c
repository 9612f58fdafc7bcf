/* The server: attributes and accesses for ATT, and what goes to a client unasked. */
#include "gatt/parts.h"

#include "base/check.h"

bool server_next(void *ctx, uint32_t from, struct att_attribute *at)
{
    const struct gatt *g = ctx;
    struct db_attribute a;

    VERIFY(db_next(g->db, from, &a), false);
    at->handle = a.handle;
    at->group_end = a.kind == DB_SERVICE ? a.service_end : 0;
    at->type = db_type(&a);
    return true;
}

enum troth_att_error server_allows(void *ctx, uint16_t handle, uint8_t opcode)
{
    const struct gatt *g = ctx;
    struct db_attribute a;

    VERIFY(db_at(g->db, handle, &a), TROTH_ATT_INVALID_HANDLE);
    return access_allows(g, &a, opcode);
}

bool server_value(void *ctx, uint16_t handle, struct att_value *v)
{
    const struct gatt *g = ctx;
    struct db_attribute a;

    VERIFY(db_at(g->db, handle, &a), false);
    if (a.kind != DB_CCC)
        return db_value(g->db, &a, v);
    put_le16(v->small, ccc_get(g, a.value_handle));
    v->data = v->small;
    v->len = 2;
    return true;
}

/* ---- what only the application can do ---- */

static void ask(struct gatt *g, const struct db_attribute *a, const struct att_access *access,
                bool write)
{
    struct troth_ask question = {.type = TROTH_ASK_GATT};
    struct troth_gatt_access *to = &question.u.gatt.access;

    question.u.gatt.service = a->service;
    to->id = a->c->id;
    to->write = write;
    to->prepared = access->opcode == ATT_EXECUTE_WRITE_REQ;
    to->command = (access->opcode & ATT_COMMAND_FLAG) != 0;
    to->check = access->check;
    to->offset = access->offset;
    to->data = access->data;
    to->len = access->len;
    if (!to->command)
        g->asked = true;
    g->env->ask(g->link, &question);
}

void server_ask(void *ctx, const struct att_access *access)
{
    struct gatt *g = ctx;
    struct db_attribute a;

    ASSERT(db_at(g->db, access->handle, &a) && a.kind == DB_VALUE);
    ask(g, &a, access, false);
}

int server_write(void *ctx, const struct att_access *access)
{
    struct gatt *g = ctx;
    struct db_attribute a;

    ASSERT(db_at(g->db, access->handle, &a));
    if (a.kind == DB_CCC)
        return ccc_write(g, &a, access->data, access->len);
    VERIFY(a.kind == DB_VALUE && !a.builtin, TROTH_ATT_WRITE_NOT_PERMITTED);
    ask(g, &a, access, true);
    return ATT_LATER;
}

static uint8_t error_of(enum troth_gatt_status status, bool write)
{
    switch (status) {
    case TROTH_GATT_OK:
        return TROTH_ATT_OK;
    case TROTH_GATT_INVALID_OFFSET:
        return TROTH_ATT_INVALID_OFFSET;
    case TROTH_GATT_INVALID_LENGTH:
        return TROTH_ATT_INVALID_LENGTH;
    case TROTH_GATT_NOT_ALLOWED:
        return TROTH_ATT_VALUE_NOT_ALLOWED;
    case TROTH_GATT_BUSY:
        return TROTH_ATT_PROCEDURE_IN_PROGRESS;
    case TROTH_GATT_REFUSED:
        return write ? TROTH_ATT_WRITE_REQUEST_REJECTED : TROTH_ATT_UNLIKELY_ERROR;
    case TROTH_GATT_NO_RESOURCES:
        return TROTH_ATT_INSUFFICIENT_RESOURCES;
    case TROTH_GATT_INVALID_PDU:
        return TROTH_ATT_INVALID_PDU;
    case TROTH_GATT_LATER:
    case TROTH_GATT_FAILED:
        break;
    }
    return TROTH_ATT_UNLIKELY_ERROR;
}

void gatt_access_done(struct gatt *g, enum troth_gatt_status status, const uint8_t *value,
                      uint16_t len)
{
    if (!g->asked || status == TROTH_GATT_LATER)
        return;
    bool write = g->att.serving == ATT_WRITE_REQ || g->att.serving == ATT_EXECUTE_WRITE_REQ;
    uint8_t error = error_of(status, write);
    /* What was asked for on a protected link does not leave on one that no longer is. */
    if (!write && !error)
        error = (uint8_t)server_allows(g, g->att.handle, g->att.serving);
    g->asked = false;
    att_access_done(&g->att, error, value, value ? len : 0);
}

/* ---- pushing ---- */

static int push(struct gatt *g, uint8_t opcode, uint16_t handle, const uint8_t *value, uint16_t len)
{
    uint8_t pdu[TROTH_ATT_MTU];
    struct out out = out_of(pdu, g->att.mtu);

    out_u8(&out, opcode);
    out_u16(&out, handle);
    out_bytes(&out, value, len < g->att.mtu - 3 ? len : g->att.mtu - 3u);
    return att_push(&g->att, pdu, out.len);
}

bool gatt_subscribed(const struct gatt *g, const struct troth_gatt_service *service, uint8_t id)
{
    struct db_attribute a;
    return g->up && db_find(g->db, service, id, &a) && ccc_get(g, a.handle);
}

int gatt_notify(struct gatt *g, const struct troth_gatt_service *service, uint8_t id,
                const uint8_t *value, uint16_t len)
{
    struct db_attribute a;

    VERIFY(g->up, TROTH_STATE);
    VERIFY(db_find(g->db, service, id, &a), TROTH_NOT_FOUND);
    uint16_t bits = ccc_get(g, a.handle);
    VERIFY(bits && !access_pushes(g, a.c), TROTH_NOT_FOUND);
    int result =
        push(g, bits & CCC_NOTIFY ? ATT_NOTIFICATION : ATT_INDICATION, a.handle, value, len);
    if (result == TROTH_BUSY)
        g->push_wanted = true;
    return result;
}

/* Whole-range Service Changed, Vol 3 Part G 7.1. */
static void indicate_changed(struct gatt *g)
{
    static const uint8_t all[] = {0x01, 0x00, 0xff, 0xff};
    uint16_t handle = gatt_db_value_handle(g->db, &g->db->builtin[1], GATT_SERVICE_CHANGED);

    if (push(g, ATT_INDICATION, handle, all, sizeof all) != TROTH_OK)
        return;
    g->changed_due = false;
    g->changing = true;
}

void server_push(struct gatt *g)
{
    struct troth_event e = {.type = TROTH_EV_SENT};

    if (g->changed_due && !g->att.indicating)
        indicate_changed(g);
    if (!g->push_wanted)
        return;
    g->push_wanted = false;
    g->env->event(g->link, &e);
}

static void hash_seen(struct gatt *g)
{
    struct troth_bond_state *state = g->env->bond_state(g->link);

    if (!state || memcmp(state->db_hash, g->db->hash, sizeof state->db_hash) == 0)
        return;
    memcpy(state->db_hash, g->db->hash, sizeof state->db_hash);
    g->env->persist(g->link);
}

void server_confirmed(void *ctx, bool by_peer)
{
    struct gatt *g = ctx;
    struct troth_event e = {.type = TROTH_EV_INDICATED};

    if (!g->changing) {
        e.u.indicated = by_peer;
        g->env->event(g->link, &e);
    } else if (by_peer) { /* until it knows, the next connection tells it again */
        hash_seen(g);
    }
    g->changing = false;
    if (by_peer)
        server_push(g);
}

/* The database the peer knows is another one: tell it, Vol 3 Part G 2.5.2. */
void gatt_bonded(struct gatt *g)
{
    static const uint8_t fresh[16];
    const struct troth_bond_state *state = g->up ? g->env->bond_state(g->link) : NULL;
    uint16_t handle = gatt_db_value_handle(g->db, &g->db->builtin[1], GATT_SERVICE_CHANGED);

    if (!state)
        return;
    ccc_bonded(g, state);
    if (memcmp(state->db_hash, g->db->hash, sizeof state->db_hash) == 0)
        return;
    if (memcmp(state->db_hash, fresh, sizeof fresh) == 0 || !(ccc_get(g, handle) & CCC_INDICATE)) {
        hash_seen(g);
        return;
    }
    if (g->changing)
        return;
    g->changed_due = true;
    if (!g->att.indicating)
        indicate_changed(g);
}
