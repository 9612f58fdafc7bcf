/* The attribute database: service tables seen as attributes. Nothing is stored: every walk counts. */
#ifndef TROTH_GATT_DB_H
#define TROTH_GATT_DB_H

#include "att/att.h"

#include <troth/state/gatt.h>

/* Vol 3 Part G 3.4, and Assigned Numbers */
enum {
    UUID_GAP = 0x1800,
    UUID_GATT = 0x1801,
    UUID_PRIMARY_SERVICE = 0x2800,
    UUID_SECONDARY_SERVICE = 0x2801,
    UUID_INCLUDE = 0x2802,
    UUID_CHARACTERISTIC = 0x2803,
    UUID_EXTENDED_PROPERTIES = 0x2900,
    UUID_USER_DESCRIPTION = 0x2901,
    UUID_CCC = 0x2902,
    UUID_SCC = 0x2903,
    UUID_PRESENTATION_FORMAT = 0x2904,
    UUID_AGGREGATE_FORMAT = 0x2905,
    UUID_DEVICE_NAME = 0x2a00,
    UUID_APPEARANCE = 0x2a01,
    UUID_SERVICE_CHANGED = 0x2a05,
    UUID_DATABASE_HASH = 0x2b2a,
    UUID_SERVER_SUPPORTED_FEATURES = 0x2b3a,
};

/* Of the built-in services: ids of their characteristics. */
enum { GAP_NAME = 1, GAP_APPEARANCE };
enum { GATT_SERVICE_CHANGED = 1, GATT_DATABASE_HASH, GATT_SERVER_FEATURES };

enum db_kind { DB_SERVICE, DB_DECLARATION, DB_VALUE, DB_CCC, DB_DESCRIPTION };

struct db_attribute {
    uint16_t handle;
    uint16_t value_handle; /* of its characteristic */
    uint16_t service_end;
    enum db_kind kind;
    bool builtin; /* the server answers for the value itself */
    const struct troth_gatt_service *service;
    const struct troth_characteristic *c; /* NULL for DB_SERVICE */
};

/* The first attribute from there on. */
bool db_next(const struct gatt_db *db, uint32_t from, struct db_attribute *a);
bool db_at(const struct gatt_db *db, uint16_t handle, struct db_attribute *a);
struct troth_uuid db_type(const struct db_attribute *a);
/* The value where the table itself gives it: declarations, descriptions, the built-in services. */
bool db_value(const struct gatt_db *db, const struct db_attribute *a, struct att_value *v);
/* The attribute of a registered service's characteristic. */
bool db_find(const struct gatt_db *db, const struct troth_gatt_service *service, uint8_t id,
             struct db_attribute *a);

/* hash.c: one attribute's part in the Database Hash, Vol 3 Part G 7.3.1. */
struct cmac;
void hash_attribute(struct cmac *c, uint16_t handle, const struct troth_uuid *type,
                    const uint8_t *value, size_t len);

#endif
