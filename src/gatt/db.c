#include "gatt/db.h"

#include "gatt/gatt.h"

#include "base/check.h"

#define PUSHED (TROTH_PROP_NOTIFY | TROTH_PROP_INDICATE)
#define KNOWN_PROPERTIES                                                                           \
    (TROTH_PROP_READ | TROTH_PROP_WRITE_COMMAND | TROTH_PROP_WRITE | PUSHED |                      \
     TROTH_PROP_SIGNED_WRITE)

/* Vol 3 Part C 12 */
static const struct troth_characteristic gap_characteristics[] = {
    {.uuid = TROTH_UUID16(UUID_DEVICE_NAME), .id = GAP_NAME, .properties = TROTH_PROP_READ},
    {.uuid = TROTH_UUID16(UUID_APPEARANCE), .id = GAP_APPEARANCE, .properties = TROTH_PROP_READ},
};
static const struct troth_service gap = {
    .uuid = TROTH_UUID16(UUID_GAP), .characteristics = gap_characteristics, .count = 2};

/* Vol 3 Part G 7 */
static const struct troth_characteristic gatt_characteristics[] = {
    {.uuid = TROTH_UUID16(UUID_SERVICE_CHANGED),
     .id = GATT_SERVICE_CHANGED,
     .properties = TROTH_PROP_INDICATE},
    {.uuid = TROTH_UUID16(UUID_DATABASE_HASH),
     .id = GATT_DATABASE_HASH,
     .properties = TROTH_PROP_READ},
    {.uuid = TROTH_UUID16(UUID_SERVER_SUPPORTED_FEATURES),
     .id = GATT_SERVER_FEATURES,
     .properties = TROTH_PROP_READ},
};
static const struct troth_service gatt = {
    .uuid = TROTH_UUID16(UUID_GATT), .characteristics = gatt_characteristics, .count = 3};

/* ---- attributes of a table ---- */

/* Declaration, value, and the descriptors it implies. */
static uint8_t attributes_of(const struct troth_characteristic *c)
{
    return (uint8_t)(2 + ((c->properties & PUSHED) != 0) + (c->description != NULL));
}

static uint16_t attributes_in(const struct troth_service *table)
{
    uint16_t n = 1;
    for (size_t i = 0; i < table->count; i++)
        n = (uint16_t)(n + attributes_of(&table->characteristics[i]));
    return n;
}

/* The attribute `at` places after its service's declaration. */
static void locate(const struct troth_gatt_service *s, uint16_t at, struct db_attribute *a)
{
    const struct troth_characteristic *c = s->table->characteristics;
    uint16_t base = 1; /* of the characteristic's declaration */

    if (!at)
        return;
    for (; at >= base + attributes_of(c); c++)
        base = (uint16_t)(base + attributes_of(c));
    a->c = c;
    a->value_handle = (uint16_t)(s->first_handle + base + 1);
    at = (uint16_t)(at - base);
    if (at < 2)
        a->kind = at ? DB_VALUE : DB_DECLARATION;
    else
        a->kind = at == 2 && (c->properties & PUSHED) ? DB_CCC : DB_DESCRIPTION;
}

bool db_next(const struct gatt_db *db, uint32_t from, struct db_attribute *a)
{
    for (size_t i = 0; i < db->count; i++) {
        const struct troth_gatt_service *s = db->service[i];
        uint32_t end = s->first_handle + attributes_in(s->table) - 1u;

        if (from > end)
            continue;
        if (from < s->first_handle)
            from = s->first_handle;
        *a = (struct db_attribute){.handle = (uint16_t)from,
                                   .service_end = (uint16_t)end,
                                   .kind = DB_SERVICE,
                                   .builtin = i < 2,
                                   .service = s};
        locate(s, (uint16_t)(from - s->first_handle), a);
        return true;
    }
    return false;
}

bool db_at(const struct gatt_db *db, uint16_t handle, struct db_attribute *a)
{
    return handle && db_next(db, handle, a) && a->handle == handle;
}

struct troth_uuid db_type(const struct db_attribute *a)
{
    switch (a->kind) {
    case DB_SERVICE:
        return (struct troth_uuid)TROTH_UUID16(UUID_PRIMARY_SERVICE);
    case DB_DECLARATION:
        return (struct troth_uuid)TROTH_UUID16(UUID_CHARACTERISTIC);
    case DB_VALUE:
        return a->c->uuid;
    case DB_CCC:
        return (struct troth_uuid)TROTH_UUID16(UUID_CCC);
    case DB_DESCRIPTION:
        break;
    }
    return (struct troth_uuid)TROTH_UUID16(UUID_USER_DESCRIPTION);
}

/* ---- values the table gives ---- */

static void give_text(struct att_value *v, const char *text)
{
    v->data = (const uint8_t *)text;
    v->len = (uint16_t)strlen(text);
}

/* Vol 3 Part G 3.3.1 */
static void give_declaration(const struct db_attribute *a, struct att_value *v)
{
    struct out out = out_of(v->small, sizeof v->small);
    out_u8(&out, a->c->properties);
    out_u16(&out, a->value_handle);
    out_bytes(&out, a->c->uuid.b, a->c->uuid.len);
    v->data = v->small;
    v->len = (uint16_t)out.len;
}

static void give_builtin(const struct gatt_db *db, const struct db_attribute *a,
                         struct att_value *v)
{
    memset(v->small, 0, sizeof v->small);
    v->data = v->small;
    v->len = 0;
    if (a->service == &db->builtin[0] && a->c->id == GAP_NAME) {
        give_text(v, db->name);
    } else if (a->service == &db->builtin[0]) {
        put_le16(v->small, db->appearance);
        v->len = 2;
    } else if (a->c->id == GATT_DATABASE_HASH) {
        v->data = db->hash;
        v->len = sizeof db->hash;
    } else if (a->c->id == GATT_SERVER_FEATURES) { /* no bit of 7.4 is ours */
        v->len = 1;
    }
}

bool db_value(const struct gatt_db *db, const struct db_attribute *a, struct att_value *v)
{
    switch (a->kind) {
    case DB_SERVICE:
        v->data = a->service->table->uuid.b;
        v->len = a->service->table->uuid.len;
        return true;
    case DB_DECLARATION:
        give_declaration(a, v);
        return true;
    case DB_VALUE:
        if (!a->builtin)
            return false;
        give_builtin(db, a, v);
        return true;
    case DB_CCC:
        return false;
    case DB_DESCRIPTION:
        give_text(v, a->c->description);
        return true;
    }
    return false;
}

/* ---- registration ---- */

static bool uuid_sound(const struct troth_uuid *u)
{
    return u->len == 2 || u->len == 16;
}

static bool sound(const struct troth_characteristic *c)
{
    VERIFY(uuid_sound(&c->uuid), false);
    VERIFY(c->properties && !(c->properties & ~KNOWN_PROPERTIES), false);
    VERIFY(c->read <= TROTH_AUTHENTICATED_SC && c->write <= TROTH_AUTHENTICATED_SC &&
               c->subscribe <= TROTH_AUTHENTICATED_SC,
           false);
    /* A signature is no encryption. */
    VERIFY(!(c->properties & TROTH_PROP_SIGNED_WRITE) || c->write == TROTH_OPEN, false);
    VERIFY(!c->key_size || (c->key_size >= 7 && c->key_size <= 16), false);
    VERIFY(!c->description || strlen(c->description) <= ATT_VALUE_MAX, false);
    return true;
}

/* Every id once, every field in its range, and somebody to read and write the values. */
static bool table_sound(const struct troth_service *t)
{
    VERIFY(t && uuid_sound(&t->uuid), false);
    VERIFY(!t->count || (t->characteristics && t->access), false);
    for (size_t i = 0; i < t->count; i++) {
        VERIFY(sound(&t->characteristics[i]), false);
        for (size_t j = 0; j < i; j++)
            VERIFY(t->characteristics[i].id != t->characteristics[j].id, false);
    }
    return true;
}

static int append(struct gatt_db *db, struct troth_gatt_service *service)
{
    uint32_t after = (uint32_t)db->next_handle + attributes_in(service->table);

    VERIFY(db->count < sizeof db->service / sizeof *db->service && after <= UINT16_MAX, TROTH_FULL);
    service->first_handle = db->next_handle;
    db->next_handle = (uint16_t)after;
    db->service[db->count++] = service;
    return TROTH_OK;
}

void gatt_db_init(struct gatt_db *db, const char *name, uint16_t appearance)
{
    memset(db, 0, sizeof *db);
    db->name = name ? name : "";
    db->appearance = appearance;
    db->next_handle = 1;
    db->builtin[0].table = &gap;
    db->builtin[1].table = &gatt;
    append(db, &db->builtin[0]);
    append(db, &db->builtin[1]);
}

int gatt_db_add(struct gatt_db *db, struct troth_gatt_service *service)
{
    VERIFY(!db->sealed, TROTH_STATE);
    VERIFY(service && table_sound(service->table), TROTH_INVALID);
    for (size_t i = 0; i < db->count; i++)
        VERIFY(db->service[i] != service, TROTH_INVALID);
    return append(db, service);
}

bool db_find(const struct gatt_db *db, const struct troth_gatt_service *service, uint8_t id,
             struct db_attribute *a)
{
    for (uint32_t h = service->first_handle; db_next(db, h, a) && a->service == service;
         h = a->handle + 1u)
        if (a->kind == DB_VALUE && a->c->id == id)
            return true;
    return false;
}

uint16_t gatt_db_value_handle(const struct gatt_db *db, const struct troth_gatt_service *service,
                              uint8_t id)
{
    struct db_attribute a;
    return db_find(db, service, id, &a) ? a.handle : 0;
}
