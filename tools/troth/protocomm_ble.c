/* Messages over BLE: an endpoint is a characteristic, known by its description. */
#include "espressif.h"

#include "common/out.h"

#include <string.h>
#include <troth/wifi_gatt.h>

#define PLACES   16
#define AGAIN_MS 100
#define GONE_MS  500 /* some devices hang up after they refused */

static struct {
    struct place {
        uint16_t value, description; /* handles */
        uint8_t properties;
        char name[32]; /* empty: not read */
    } place[PLACES];
    unsigned count;
    struct troth_uuid service; /* while discovering: the one the next characteristics are in */
    uint16_t service_first[32], service_last[32];
    bool service_ours[32]; /* of 16 octets: may be a provisioning service */
    unsigned services;
    bool wifi_service;
    bool done, got;
    int result;
    uint8_t att_error;
    uint8_t *out;
    size_t cap, len;
    char why[160];
} ble;

/* ---- events ---- */

static void take_service(const struct troth_event *e)
{
    static const struct troth_uuid wifi = TROTH_WIFI_GATT_UUID(TROTH_WIFI_SERVICE);
    const struct troth_uuid *uuid = &e->u.service.uuid;
    bool is_wifi = uuid->len == 16 && !memcmp(uuid->b, wifi.b, 16);
    ble.wifi_service |= is_wifi;
    if (ble.services == 32)
        return;
    ble.service_first[ble.services] = e->u.service.first;
    ble.service_last[ble.services] = e->u.service.last;
    ble.service_ours[ble.services++] = uuid->len == 16 && !is_wifi;
}

static bool is_ours(uint16_t handle)
{
    for (unsigned i = 0; i < ble.services; i++)
        if (handle >= ble.service_first[i] && handle <= ble.service_last[i])
            return ble.service_ours[i];
    return false;
}

static void take_characteristic(const struct troth_event *e)
{
    const uint8_t both = TROTH_PROP_READ | TROTH_PROP_WRITE;
    if (ble.count == PLACES || !is_ours(e->u.characteristic.handle) ||
        (e->u.characteristic.properties & both) != both)
        return;
    ble.place[ble.count++].value = e->u.characteristic.value_handle;
}

/* A description belongs to the characteristic whose value is next before it. */
static void take_descriptor(const struct troth_event *e)
{
    struct place *nearest = NULL;
    const struct troth_uuid *uuid = &e->u.descriptor.uuid;
    if (uuid->len != 2 || uuid->b[0] != 0x01 || uuid->b[1] != 0x29)
        return;
    for (unsigned i = 0; i < ble.count; i++) {
        struct place *p = &ble.place[i];
        if (p->value < e->u.descriptor.handle && (!nearest || p->value > nearest->value))
            nearest = p;
    }
    if (nearest && !nearest->description)
        nearest->description = e->u.descriptor.handle;
}

static void take_value(const struct troth_event *e)
{
    ble.got = e->u.value.len <= ble.cap;
    ble.len = ble.got ? e->u.value.len : 0;
    if (ble.len)
        memcpy(ble.out, e->u.value.data, ble.len);
}

static void on_event(struct client *c, const struct troth_event *e)
{
    (void)c;
    switch (e->type) {
    case TROTH_EV_GATT_SERVICE:
        take_service(e);
        break;
    case TROTH_EV_GATT_CHARACTERISTIC:
        take_characteristic(e);
        break;
    case TROTH_EV_GATT_DESCRIPTOR:
        take_descriptor(e);
        break;
    case TROTH_EV_GATT_VALUE:
        take_value(e);
        break;
    case TROTH_EV_GATT_DONE:
        ble.done = true;
        ble.result = e->u.done.result;
        ble.att_error = e->u.done.att_error;
        break;
    default:
        break;
    }
}

static bool is_gone(const struct client *c)
{
    return c->disconnected;
}

static bool is_done(const struct client *c)
{
    return ble.done || c->disconnected;
}

enum procedure { DISCOVER, READ, WRITE };

static int start(struct client *c, enum procedure what, uint16_t handle, const uint8_t *in,
                 size_t len)
{
    const struct troth_gatt_peer *p = &c->gatt;
    return what == DISCOVER ? p->discover(p->ctx, NULL)
           : what == READ   ? p->read(p->ctx, handle)
                            : p->write(p->ctx, handle, in, (uint16_t)len);
}

/* One procedure, and its value, if it gives one, to out. */
static enum protocomm_sent run(struct client *c, enum procedure what, uint16_t handle,
                               const uint8_t *in, size_t len, uint8_t *out, size_t cap)
{
    int r;
    do {
        ble.done = ble.got = false;
        ble.out = out;
        ble.cap = cap;
        ble.len = 0;
        r = start(c, what, handle, in, len);
        if (r == TROTH_BUSY) /* the host's own procedure is running */
            client_wait(c, is_gone, AGAIN_MS);
    } while (r == TROTH_BUSY && !c->over && !c->disconnected);
    if (r == TROTH_OK)
        client_wait(c, is_done, 0); /* ATT has its own 30 s */
    if (c->over)
        return PROTOCOMM_LOST;
    if (r == TROTH_OK && ble.done)
        r = ble.result;
    if (r == TROTH_STATE) /* why the link went may come after that it went */
        client_wait(c, is_gone, GONE_MS);
    if (c->disconnected && (r == TROTH_STATE || !ble.done)) {
        client_left(c);
        return PROTOCOMM_LOST;
    }
    if (r == TROTH_OK)
        return PROTOCOMM_ANSWERED;
    if (r == TROTH_FAILED && ble.att_error == TROTH_ATT_PROCEDURE_IN_PROGRESS)
        snprintf(ble.why, sizeof ble.why,
                 "it is busy, or wants a pause after wrong secrets: try again in a minute");
    else if (r == TROTH_FAILED && ble.att_error == TROTH_ATT_WRITE_REQUEST_REJECTED)
        snprintf(ble.why, sizeof ble.why,
                 "it takes no requests now; one that is provisioned has to be reset first");
    else if (r == TROTH_FAILED)
        snprintf(ble.why, sizeof ble.why, "ATT error 0x%02x, %s", ble.att_error,
                 troth_att_error_name(ble.att_error));
    else
        snprintf(ble.why, sizeof ble.why, "%s", troth_result_words(r));
    return PROTOCOMM_REFUSED;
}

/* ---- endpoints ---- */

static const struct place *find(const char *endpoint)
{
    for (unsigned i = 0; i < ble.count; i++)
        if (!strcmp(ble.place[i].name, endpoint))
            return &ble.place[i];
    return NULL;
}

static bool read_name(struct client *c, struct place *p)
{
    uint8_t name[sizeof p->name - 1];
    enum protocomm_sent how = run(c, READ, p->description, NULL, 0, name, sizeof name);
    if (how == PROTOCOMM_LOST)
        return false;
    if (how == PROTOCOMM_ANSWERED && ble.got)
        memcpy(p->name, name, ble.len);
    return true;
}

bool protocomm_discover(struct client *c, struct protocomm_offer *offer)
{
    memset(&ble, 0, sizeof ble);
    memset(offer, 0, sizeof *offer);
    c->on_event = on_event;
    enum protocomm_sent how = run(c, DISCOVER, 0, NULL, 0, NULL, 0);
    if (how == PROTOCOMM_REFUSED)
        return client_fail(c, "the services of %s cannot be read: %s", client_peer(c), ble.why);
    for (unsigned i = 0; how == PROTOCOMM_ANSWERED && i < ble.count; i++)
        if (ble.place[i].description && !read_name(c, &ble.place[i]))
            return false;
    offer->wifi_service = ble.wifi_service;
    offer->protocomm = find("prov-session") && find("prov-config") && find("proto-ver");
    return how == PROTOCOMM_ANSWERED;
}

/* ---- messages ---- */

static enum protocomm_sent exchange(struct client *c, const char *endpoint, const uint8_t *in,
                                    size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    const struct place *p = find(endpoint);
    if (!p) {
        snprintf(ble.why, sizeof ble.why, "it has no endpoint %s", endpoint);
        return PROTOCOMM_REFUSED;
    }
    if (len > TROTH_VALUE_MAX) {
        snprintf(ble.why, sizeof ble.why, "%zu octets are too many for BLE", len);
        return PROTOCOMM_REFUSED;
    }
    enum protocomm_sent how = run(c, WRITE, p->value, in, len, NULL, 0);
    if (how != PROTOCOMM_ANSWERED)
        return how;
    how = run(c, READ, p->value, NULL, 0, out, cap);
    if (how == PROTOCOMM_ANSWERED && !ble.got) {
        snprintf(ble.why, sizeof ble.why, "its answer is too long");
        return PROTOCOMM_REFUSED;
    }
    *out_len = ble.len;
    return how;
}

static const char *last_why(void)
{
    return ble.why;
}

/* A handshake that begins anew is a new session; some devices have hung up before it. */
static bool again(struct client *c)
{
    struct protocomm_offer offer;
    client_wait(c, is_gone, GONE_MS);
    if (c->over || !c->disconnected)
        return !c->over;
    c->disconnected = c->encrypted = c->connect_failed = false;
    c->link = TROTH_NO_LINK;
    return client_connect(c) && security_encrypt(c) && protocomm_discover(c, &offer);
}

const struct protocomm_way *protocomm_ble_way(void)
{
    static const struct protocomm_way way = {.exchange = exchange, .why = last_why, .again = again};
    return &way;
}
