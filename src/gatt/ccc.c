#include "gatt/parts.h"

#include "base/check.h"

static struct troth_ccc *slot_of(struct gatt *g, uint16_t value_handle)
{
    for (size_t i = 0; i < TROTH_MAX_CCC; i++)
        if (g->ccc[i].handle == value_handle)
            return &g->ccc[i];
    return NULL;
}

uint16_t ccc_get(const struct gatt *g, uint16_t value_handle)
{
    for (size_t i = 0; i < TROTH_MAX_CCC; i++)
        if (g->ccc[i].handle == value_handle)
            return g->ccc[i].bits;
    return 0;
}

static uint16_t supported(const struct troth_characteristic *c)
{
    return (uint16_t)((c->properties & TROTH_PROP_NOTIFY ? CCC_NOTIFY : 0) |
                      (c->properties & TROTH_PROP_INDICATE ? CCC_INDICATE : 0));
}

static void tell(struct gatt *g, const struct db_attribute *a, uint16_t bits)
{
    struct troth_event e = {.type = TROTH_EV_SUBSCRIBED};

    if (a->builtin)
        return;
    e.u.subscribed.service = a->service;
    e.u.subscribed.id = a->c->id;
    e.u.subscribed.bits = bits;
    g->env->event(g->link, &e);
}

/* Into the bond, once this link has shown that it is the bond's. */
static void keep(struct gatt *g)
{
    struct troth_bond_state *state = g->bonded ? g->env->bond_state(g->link) : NULL;
    struct troth_ccc kept[TROTH_MAX_CCC] = {{0, 0}};
    size_t n = 0;

    if (!state)
        return;
    for (size_t i = 0; i < TROTH_MAX_CCC; i++)
        if (g->ccc[i].bits)
            kept[n++] = g->ccc[i];
    if (memcmp(kept, state->ccc, sizeof kept) == 0)
        return;
    memcpy(state->ccc, kept, sizeof kept);
    g->env->persist(g->link);
}

/* A slot for this handle: its own, a free one, or one that holds nothing. */
static struct troth_ccc *claim(struct gatt *g, uint16_t value_handle)
{
    struct troth_ccc *slot = slot_of(g, value_handle);

    if (!slot)
        slot = slot_of(g, 0);
    for (size_t i = 0; !slot && i < TROTH_MAX_CCC; i++)
        if (!g->ccc[i].bits)
            slot = &g->ccc[i];
    return slot;
}

enum troth_att_error ccc_write(struct gatt *g, const struct db_attribute *a, const uint8_t *data,
                               uint16_t len)
{
    VERIFY(len == 2, TROTH_ATT_INVALID_LENGTH);
    uint16_t bits = get_le16(data);
    VERIFY(!(bits & ~supported(a->c)), TROTH_ATT_VALUE_NOT_ALLOWED);

    uint16_t before = ccc_get(g, a->value_handle);
    struct troth_ccc *slot = claim(g, a->value_handle);
    VERIFY(slot || !bits, TROTH_ATT_INSUFFICIENT_RESOURCES);
    if (slot) /* a zero is remembered too, so that what the bond kept does not undo it */
        *slot = (struct troth_ccc){a->value_handle, bits};
    if (bits == before)
        return TROTH_ATT_OK;
    tell(g, a, bits);
    keep(g);
    return TROTH_ATT_OK;
}

/* What the bond kept and this link has not written; a handle that means something else is dropped. */
static void restore(struct gatt *g, const struct troth_ccc *kept)
{
    struct db_attribute a;

    if (!kept->bits || !db_at(g->db, kept->handle, &a) || a.kind != DB_VALUE ||
        (kept->bits & ~supported(a.c)) || slot_of(g, kept->handle))
        return;
    struct troth_ccc *slot = claim(g, kept->handle);
    if (!slot)
        return;
    *slot = *kept;
    tell(g, &a, kept->bits);
}

void ccc_bonded(struct gatt *g, const struct troth_bond_state *state)
{
    for (size_t i = 0; i < TROTH_MAX_CCC; i++)
        restore(g, &state->ccc[i]);
    g->bonded = true;
    keep(g);
}

void ccc_clear(struct gatt *g)
{
    struct db_attribute a;

    for (size_t i = 0; i < TROTH_MAX_CCC; i++)
        if (g->ccc[i].bits && db_at(g->db, g->ccc[i].handle, &a))
            tell(g, &a, 0);
    memset(g->ccc, 0, sizeof g->ccc);
}
