#include "gatt/access.h"

#include "gatt/gatt.h"

enum troth_att_error access_error(const struct troth_level *level,
                                  const struct troth_policy *policy, uint8_t permission,
                                  uint8_t key_size, bool bonded)
{
    uint8_t least = key_size ? key_size : policy->min_key_size;

    if (permission == TROTH_OPEN)
        return TROTH_ATT_OK;
    if (!level->key_size)
        return bonded ? TROTH_ATT_INSUFFICIENT_ENCRYPTION : TROTH_ATT_INSUFFICIENT_AUTHENTICATION;
    if (permission >= TROTH_AUTHENTICATED && !level->mitm)
        return TROTH_ATT_INSUFFICIENT_AUTHENTICATION;
    if ((permission >= TROTH_AUTHENTICATED_SC || policy->sc_only) && !level->sc)
        return TROTH_ATT_INSUFFICIENT_AUTHENTICATION;
    if (!least || permission >= TROTH_AUTHENTICATED_SC)
        least = 16;
    return level->key_size < least ? TROTH_ATT_INSUFFICIENT_KEY_SIZE : TROTH_ATT_OK;
}

static enum troth_att_error on_this_link(const struct gatt *g, uint8_t permission, uint8_t key_size)
{
    struct troth_level level = g->env->level(g->link);

    return access_error(&level, g->env->policy(g->link), permission, key_size,
                        g->env->bond_state(g->link) != NULL);
}

/* The property a write's opcode needs; 0: the opcode does not write. */
static uint8_t write_property(uint8_t opcode)
{
    switch (opcode) {
    case ATT_WRITE_REQ:
    case ATT_PREPARE_WRITE_REQ:
    case ATT_EXECUTE_WRITE_REQ:
        return TROTH_PROP_WRITE;
    case ATT_WRITE_CMD:
        return TROTH_PROP_WRITE_COMMAND;
    case ATT_SIGNED_WRITE_CMD:
        return TROTH_PROP_SIGNED_WRITE;
    }
    return 0;
}

/*
 * Vol 3 Part G 4.9.2: on an encrypted link a Write Without Response is used where a signed one
 * would be, and whose link it is stands as firm: the bond's key protects it.
 */
static bool instead_of_signed(const struct gatt *g, const struct db_attribute *a, uint8_t opcode)
{
    struct troth_level level = g->env->level(g->link);

    return opcode == ATT_WRITE_CMD && a->c->properties & TROTH_PROP_SIGNED_WRITE &&
           level.key_size && level.bonded;
}

enum troth_att_error access_allows(const struct gatt *g, const struct db_attribute *a,
                                   uint8_t opcode)
{
    uint8_t property = write_property(opcode);

    switch (a->kind) {
    case DB_SERVICE:
    case DB_DECLARATION:
    case DB_DESCRIPTION:
        return property ? TROTH_ATT_WRITE_NOT_PERMITTED : TROTH_ATT_OK;
    case DB_CCC: /* written at once or not at all, Vol 3 Part G 3.3.3.3 */
        if (property && opcode != ATT_WRITE_REQ)
            return TROTH_ATT_WRITE_NOT_PERMITTED;
        return on_this_link(g, a->c->subscribe, a->c->key_size);
    case DB_VALUE:
        break;
    }
    if (!property && !(a->c->properties & TROTH_PROP_READ))
        return TROTH_ATT_READ_NOT_PERMITTED;
    if (property && !(a->c->properties & property) && !instead_of_signed(g, a, opcode))
        return TROTH_ATT_WRITE_NOT_PERMITTED;
    return on_this_link(g, property ? a->c->write : a->c->read, a->c->key_size);
}

enum troth_att_error access_pushes(const struct gatt *g, const struct troth_characteristic *c)
{
    return on_this_link(g, c->subscribe, c->key_size);
}
