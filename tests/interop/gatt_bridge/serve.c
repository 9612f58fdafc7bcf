/* The device's side: one central at a time, as small devices have it. */
#include <string.h>

#include "bridge.h"

static struct {
    struct troth_service table;
    struct troth_gatt_service service;
    struct troth_characteristic characteristics[PLACES];
    struct {
        uint8_t b[VALUE_MAX];
        size_t len;
    } value[PLACES]; /* until the next write or the end of the link */
    troth_link link; /* TROTH_NO_LINK: none */
    bool asking;     /* a write waits for its answer on the pipe */
    uint8_t id;
    uint32_t token;
    unsigned hangups; /* answers of the pipe that belong to a link that is gone */
} s;

static const char *const *names;

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    if (!a->write) {
        if (a->offset > s.value[a->id].len)
            return TROTH_GATT_INVALID_OFFSET;
        a->value = s.value[a->id].b + a->offset;
        a->value_len = (uint16_t)(s.value[a->id].len - a->offset);
        return TROTH_GATT_OK;
    }
    if (a->offset)
        return TROTH_GATT_INVALID_OFFSET;
    if (a->check)
        return TROTH_GATT_OK;
    if (s.asking)
        return TROTH_GATT_BUSY;
    s.asking = true;
    s.id = a->id;
    s.token = a->token;
    say_request(names[a->id], a->data, a->len);
    return TROTH_GATT_LATER;
}

static void advertise(struct bridge *b, bool on)
{
    /* Flags; one service; what Bluedroid puts after it: power, interval range. */
    static const uint8_t flags = 0x06, power = 0xeb, range[] = {0x06, 0x00, 0x10, 0x00};
    struct troth_advertising adv = {.on = on, .connectable = true, .interval_ms = 20};
    bool fits = troth_ad_put(adv.data, &adv.data_len, 31, TROTH_AD_FLAGS, &flags, 1) &&
                troth_ad_put(adv.data, &adv.data_len, 31, TROTH_AD_UUID128_ALL, b->service.b, 16) &&
                (!b->tx_power || (troth_ad_put(adv.data, &adv.data_len, 31, 0x0a, &power, 1) &&
                                  troth_ad_put(adv.data, &adv.data_len, 31, 0x12, range, 4))) &&
                troth_ad_put(adv.scan_response, &adv.scan_response_len, 31, TROTH_AD_NAME_COMPLETE,
                             b->name, (uint8_t)strlen(b->name));
    if (!fits || troth_advertise(b->host, &adv) != TROTH_OK)
        fail(b, "cannot advertise");
}

static bool open_service(struct bridge *b)
{
    names = b->endpoints;
    s.link = TROTH_NO_LINK;
    for (unsigned i = 0; i < b->count; i++) {
        struct troth_characteristic *c = &s.characteristics[i];
        c->uuid = b->service;
        c->uuid.b[12] = (uint8_t)(0x4f + i);
        c->uuid.b[13] = 0xff;
        c->id = (uint8_t)i;
        c->properties = TROTH_PROP_READ | TROTH_PROP_WRITE;
        if (b->notify)
            c->properties |= TROTH_PROP_NOTIFY;
        c->read = c->write = b->encrypt ? TROTH_ENCRYPTED : TROTH_OPEN;
        c->description = b->endpoints[i];
    }
    s.table =
        (struct troth_service){b->service, s.characteristics, (uint8_t)b->count, on_access, NULL};
    s.service.table = &s.table;
    s.service.ctx = b;
    return troth_gatt_register(b->host, &s.service) == TROTH_OK;
}

static void on_event(struct bridge *b, const struct troth_event *e)
{
    switch ((int)e->type) {
    case TROTH_EV_READY:
        advertise(b, true);
        break;
    case TROTH_EV_ADVERTISING:
        if (e->u.on)
            note("advertising");
        break;
    case TROTH_EV_CONNECTED:
        s.link = e->link;
        advertise(b, false);
        break;
    case TROTH_EV_ENCRYPTED:
        note("encrypted %u", (unsigned)e->u.encrypted.hci_status);
        break;
    case TROTH_EV_DISCONNECTED:
        note("disconnected");
        s.link = TROTH_NO_LINK;
        memset(s.value, 0, sizeof s.value);
        s.hangups += s.asking; /* its answer is still to come */
        s.asking = false;
        s.hangups++;
        say("{\"event\": \"disconnect\"}");
        advertise(b, true);
        break;
    default:
        break;
    }
}

/* The pipe answers in turn. */
static void on_message(struct bridge *b, const struct message *m)
{
    if (s.hangups) {
        s.hangups--;
        return;
    }
    if (!s.asking) {
        fail(b, "an answer to nothing");
        return;
    }
    enum troth_gatt_status how = TROTH_GATT_OK;
    s.asking = false;
    if (!m->has_value)
        how = !strcmp(m->error, "0x04")   ? TROTH_GATT_INVALID_PDU
              : !strcmp(m->error, "0x0d") ? TROTH_GATT_INVALID_LENGTH
                                          : TROTH_GATT_FAILED; /* 0x0E, and for 0x85 as well */
    memcpy(s.value[s.id].b, m->value, m->len);
    s.value[s.id].len = m->len;
    troth_gatt_complete(b->host, s.token, how, NULL, 0);
    if (m->closed)
        troth_disconnect(b->host, s.link, 0);
}

static bool on_ask(struct bridge *b, const struct troth_ask *ask)
{
    (void)b;
    (void)ask;
    return false; /* what asks default to: Just Works */
}

const struct side serving = {open_service, on_event, on_ask, on_message};
