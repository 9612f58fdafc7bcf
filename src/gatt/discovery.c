/*
 * Discovery, Vol 3 Part G 4.4 to 4.7: primary services, then, service by service, characteristics
 * and the descriptors between them. Every response must carry the search forward, so that no peer
 * can keep it going; one response gives at most GATT_DISCOVERY_ITEMS events, and the rest is asked
 * for again.
 */
#include "gatt/parts.h"

#include "base/check.h"

#define RANGES (TROTH_VALUE_MAX / 4 < 255 ? TROTH_VALUE_MAX / 4 : 255)

void discovery_start(struct gatt *g)
{
    struct gatt_client *c = &g->client;

    c->from = 0x0001;
    c->to = 0xffff;
    c->services = c->service = 0;
    client_go(g, c->uuid.len ? STEP_SERVICES_BY_UUID : STEP_SERVICES);
}

void discovery_compose(const struct gatt *g, struct out *out)
{
    const struct gatt_client *c = &g->client;
    static const uint8_t opcode[] = {[STEP_SERVICES] = ATT_READ_BY_GROUP_TYPE_REQ,
                                     [STEP_SERVICES_BY_UUID] = ATT_FIND_BY_TYPE_VALUE_REQ,
                                     [STEP_CHARACTERISTICS] = ATT_READ_BY_TYPE_REQ,
                                     [STEP_DESCRIPTORS] = ATT_FIND_INFORMATION_REQ};

    out_u8(out, opcode[c->step]);
    out_u16(out, c->from);
    out_u16(out, c->to);
    if (c->step == STEP_DESCRIPTORS)
        return;
    out_u16(out, c->step == STEP_CHARACTERISTICS ? UUID_CHARACTERISTIC : UUID_PRIMARY_SERVICE);
    if (c->step == STEP_SERVICES_BY_UUID)
        out_bytes(out, c->uuid.b, c->uuid.len);
}

/* ---- one item of a response; false: it makes no sense ---- */

static bool take_service(struct gatt *g, struct in *item)
{
    struct gatt_client *c = &g->client;
    struct troth_event e = {.type = TROTH_EV_GATT_SERVICE};
    uint16_t first = in_u16(item), last = in_u16(item);

    VERIFY(first >= c->from && last >= first, false);
    e.u.service.first = first;
    e.u.service.last = last;
    e.u.service.uuid = item->left ? att_uuid(item->p, item->left) : c->uuid;
    g->env->event(g->link, &e);
    put_le16(c->value + 4 * c->services, first);
    put_le16(c->value + 4 * c->services + 2, last);
    c->services++;
    c->edge = last;
    return true;
}

static bool take_characteristic(struct gatt *g, struct in *item)
{
    struct gatt_client *c = &g->client;
    struct troth_event e = {.type = TROTH_EV_GATT_CHARACTERISTIC};
    uint16_t handle = in_u16(item);
    uint8_t properties = in_u8(item);
    uint16_t value_handle = in_u16(item);

    VERIFY(handle >= c->from && value_handle > handle && value_handle <= c->to, false);
    e.u.characteristic.handle = handle;
    e.u.characteristic.value_handle = value_handle;
    e.u.characteristic.properties = properties;
    e.u.characteristic.uuid = att_uuid(item->p, item->left);
    g->env->event(g->link, &e);
    if (!c->gap && c->declared && handle > c->edge + 1)
        c->gap = (uint16_t)(c->edge + 1);
    c->declared = true;
    c->edge = value_handle;
    return true;
}

/* A declaration is known already, and the attribute after one is its value, 3.3.2. */
static bool take_descriptor(struct gatt *g, struct in *item)
{
    struct gatt_client *c = &g->client;
    struct troth_event e = {.type = TROTH_EV_GATT_DESCRIPTOR};
    uint16_t handle = in_u16(item);
    struct troth_uuid type = att_uuid(item->p, item->left);

    VERIFY(handle >= c->from && handle <= c->to, false);
    c->edge = handle;
    bool value = c->declared;
    c->declared = att_uuid_is(&type, UUID_CHARACTERISTIC);
    if (value || c->declared || att_uuid_is(&type, UUID_PRIMARY_SERVICE) ||
        att_uuid_is(&type, UUID_SECONDARY_SERVICE) || att_uuid_is(&type, UUID_INCLUDE))
        return true;
    e.u.descriptor.handle = handle;
    e.u.descriptor.uuid = type;
    g->env->event(g->link, &e);
    return true;
}

static bool take_item(struct gatt *g, struct in *item)
{
    switch (g->client.step) {
    case STEP_CHARACTERISTICS:
        return take_characteristic(g, item);
    case STEP_DESCRIPTORS:
        return take_descriptor(g, item);
    default:
        return take_service(g, item);
    }
}

/* ---- responses ---- */

/* Octets of one item, 0 when the response gives no length it may have. */
static size_t item_size(const struct gatt *g, struct in *body)
{
    uint8_t told;

    switch (g->client.step) {
    case STEP_SERVICES:
        told = in_u8(body);
        return told == 6 || told == 20 ? told : 0;
    case STEP_CHARACTERISTICS:
        told = in_u8(body);
        return told == 7 || told == 21 ? told : 0;
    case STEP_DESCRIPTORS:
        told = in_u8(body);
        return told == 1 ? 4 : told == 2 ? 18 : 0;
    default:
        return 4;
    }
}

/* The next service that can hold a characteristic; none: that was all. */
static void next_service(struct gatt *g)
{
    struct gatt_client *c = &g->client;

    while (c->service < c->services) {
        const uint8_t *range = c->value + 4 * c->service++;
        uint16_t first = get_le16(range), last = get_le16(range + 2);
        if (first == last)
            continue;
        c->from = (uint16_t)(first + 1);
        c->to = last;
        c->gap = 0;
        c->declared = false;
        client_go(g, STEP_CHARACTERISTICS);
        return;
    }
    client_done(g, TROTH_OK, 0);
}

void discovery_exhausted(struct gatt *g)
{
    struct gatt_client *c = &g->client;

    if (c->step == STEP_CHARACTERISTICS) {
        /* What follows the last value belongs to it; before the first there are only includes. */
        if (!c->gap && c->declared && c->edge < c->to)
            c->gap = (uint16_t)(c->edge + 1);
        c->declared = false;
        if (c->gap) {
            c->from = c->gap;
            client_go(g, STEP_DESCRIPTORS);
            return;
        }
    }
    next_service(g);
}

bool discovery_response(struct gatt *g, struct in *body)
{
    struct gatt_client *c = &g->client;
    size_t size = item_size(g, body);

    VERIFY(size && body->left && body->left % size == 0, false);
    for (size_t i = 0; i < GATT_DISCOVERY_ITEMS && body->left; i++) {
        if (c->step <= STEP_SERVICES_BY_UUID && c->services == RANGES) {
            client_done(g, TROTH_FULL, 0);
            return true;
        }
        struct in item = in_of(in_bytes(body, size), size);
        VERIFY(take_item(g, &item), false);
        /* Whatever comes next must lie behind this one. */
        c->from = (uint16_t)(c->edge + 1);
        if (c->edge >= c->to) {
            VERIFY(!body->left, false);
            discovery_exhausted(g);
            return true;
        }
    }
    client_go(g, c->step);
    return true;
}
