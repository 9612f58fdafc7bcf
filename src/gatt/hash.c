/* The Database Hash, Vol 3 Part G 7.3.1. */
#include "crypto/toolbox.h"
#include "gatt/db.h"
#include "gatt/gatt.h"

/* Declarations count with their values; descriptors a client may configure, without. */
enum share { NOTHING, TYPE_ONLY, WHOLE };

static enum share share_of(const struct troth_uuid *type)
{
    static const uint16_t whole[] = {UUID_PRIMARY_SERVICE, UUID_SECONDARY_SERVICE, UUID_INCLUDE,
                                     UUID_CHARACTERISTIC, UUID_EXTENDED_PROPERTIES};
    static const uint16_t type_only[] = {UUID_USER_DESCRIPTION, UUID_CCC, UUID_SCC,
                                         UUID_PRESENTATION_FORMAT, UUID_AGGREGATE_FORMAT};

    for (size_t i = 0; i < sizeof whole / sizeof *whole; i++)
        if (att_uuid_is(type, whole[i]))
            return WHOLE;
    for (size_t i = 0; i < sizeof type_only / sizeof *type_only; i++)
        if (att_uuid_is(type, type_only[i]))
            return TYPE_ONLY;
    return NOTHING;
}

void hash_attribute(struct cmac *c, uint16_t handle, const struct troth_uuid *type,
                    const uint8_t *value, size_t len)
{
    enum share share = share_of(type);
    uint8_t le[2];

    if (share == NOTHING)
        return;
    put_le16(le, handle);
    cmac_feed(c, le, 2);
    cmac_feed(c, type->b, type->len);
    if (share == WHOLE)
        cmac_feed(c, value, len);
}

void gatt_db_seal(struct gatt_db *db)
{
    static const uint8_t zero[16];
    struct db_attribute a;
    struct cmac c;
    uint8_t mac[16];

    cmac_start(&c, zero);
    for (uint32_t h = 1; db_next(db, h, &a); h = a.handle + 1u) {
        struct troth_uuid type = db_type(&a);
        struct att_value v = {0};
        if (a.kind != DB_VALUE) /* a value's UUID is the application's: never a declaration */
            db_value(db, &a, &v);
        if (a.kind != DB_VALUE)
            hash_attribute(&c, a.handle, &type, v.data, v.len);
    }
    cmac_end(&c, mac);
    bytes_reverse(db->hash, mac, 16); /* the wire's order, Vol 3 Part F 3.3.1 */
    db->sealed = true;
}
