/*
 * The client's side, as strict as the strictest of phone apps: one advertised service of 128 bits,
 * whose characteristics can all be read and written and all have a description.
 */
#include <stdio.h>
#include <string.h>

#include "bridge.h"

#define CONNECT_MS 10000
#define SEEN       8

enum step { RESTING, SEARCHING, CONNECTING, DISCOVERING, NAMING, READY, WRITING, READING };

static struct {
    enum step step;
    troth_link link;
    struct seen { /* what an advertisement and its scan response told */
        struct troth_addr addr;
        struct troth_uuid uuid;
        unsigned uuids;
        bool named;
    } seen[SEEN];
    unsigned seen_count;
    struct place {
        uint16_t value, description;
        char name[NAME_MAX + 1];
    } place[PLACES];
    unsigned count, naming;
    bool wanted; /* the request is to be answered */
    bool hanging_up;
    struct message request;
    const struct place *at;
    uint8_t value[VALUE_MAX];
    size_t len;
} c;

static void search(struct bridge *b)
{
    c.step = SEARCHING;
    c.seen_count = 0;
    if (troth_scan(b->host, true, true) != TROTH_OK)
        fail(b, "cannot scan");
}

/* ---- finding ---- */

static struct seen *seen_of(const struct troth_addr *addr)
{
    for (unsigned i = 0; i < c.seen_count; i++)
        if (troth_addr_equal(&c.seen[i].addr, addr))
            return &c.seen[i];
    if (c.seen_count == SEEN)
        return NULL;
    memset(&c.seen[c.seen_count], 0, sizeof *c.seen);
    c.seen[c.seen_count].addr = *addr;
    return &c.seen[c.seen_count++];
}

static void take_report(struct bridge *b, const struct troth_event *e)
{
    struct seen *s = seen_of(&e->u.report.addr);
    uint8_t len;
    if (!s || c.step != SEARCHING)
        return;
    const uint8_t *uuid =
        troth_ad_find(e->u.report.data, e->u.report.len, TROTH_AD_UUID128_ALL, &len);
    if (uuid && len >= 16) {
        s->uuids = len / 16;
        s->uuid.len = 16;
        memcpy(s->uuid.b, uuid, 16);
    }
    const uint8_t *name =
        troth_ad_find(e->u.report.data, e->u.report.len, TROTH_AD_NAME_COMPLETE, &len);
    if (name && len == strlen(b->name) && !memcmp(name, b->name, len))
        s->named = true;
    if (!s->named || !s->uuids)
        return;
    if (s->uuids != 1) {
        fail(b, "%u services are advertised", s->uuids);
        return;
    }
    b->service = s->uuid;
    c.step = CONNECTING;
    troth_scan(b->host, false, false);
    if (troth_connect(b->host, &s->addr, CONNECT_MS) != TROTH_OK)
        fail(b, "cannot connect");
}

/* ---- its service ---- */

static void take_characteristic(struct bridge *b, const struct troth_event *e)
{
    const uint8_t both = TROTH_PROP_READ | TROTH_PROP_WRITE;
    if ((e->u.characteristic.properties & both) != both)
        fail(b, "characteristic %04x cannot be read and written", e->u.characteristic.handle);
    else if (c.count == PLACES)
        fail(b, "too many characteristics");
    else
        c.place[c.count++] = (struct place){.value = e->u.characteristic.value_handle};
}

static void take_descriptor(const struct troth_event *e)
{
    struct place *owner = NULL;
    const struct troth_uuid *u = &e->u.descriptor.uuid;
    if (u->len != 2 || u->b[0] != 0x01 || u->b[1] != 0x29)
        return;
    for (unsigned i = 0; i < c.count; i++)
        if (c.place[i].value < e->u.descriptor.handle)
            owner = &c.place[i];
    if (owner)
        owner->description = e->u.descriptor.handle;
}

static void start_request(struct bridge *b);

static void name_next(struct bridge *b)
{
    if (c.naming == c.count) {
        c.step = READY;
        start_request(b);
    } else if (!c.place[c.naming].description) {
        fail(b, "the characteristic at %04x has no description", c.place[c.naming].value);
    } else if (troth_gatt_read(b->host, c.link, c.place[c.naming].description) != TROTH_OK) {
        fail(b, "cannot read a description");
    }
}

/* ---- requests ---- */

static void answer_error(struct bridge *b, const char *why, bool closed)
{
    (void)b;
    c.wanted = false;
    say_error(why, closed);
}

static void start_request(struct bridge *b)
{
    if (!c.wanted || c.step != READY)
        return;
    c.at = NULL;
    for (unsigned i = 0; i < c.count; i++)
        if (!strcmp(c.place[i].name, c.request.endpoint))
            c.at = &c.place[i];
    if (!c.at) {
        answer_error(b, "no such characteristic", false);
        return;
    }
    int r =
        troth_gatt_write(b->host, c.link, c.at->value, c.request.value, (uint16_t)c.request.len);
    if (r == TROTH_OK)
        c.step = WRITING;
    else
        answer_error(b, troth_result_words(r), false);
}

static void take_done(struct bridge *b, const struct troth_event *e)
{
    char error[8];
    int result = e->u.done.result;
    if (result == TROTH_STATE) /* the link went: its own event tells */
        return;
    if (c.step == DISCOVERING && result == TROTH_OK) {
        c.step = NAMING;
        c.naming = 0;
        name_next(b);
    } else if (c.step == NAMING && result == TROTH_OK) {
        memcpy(c.place[c.naming].name, c.value, c.len <= NAME_MAX ? c.len : NAME_MAX);
        c.naming++;
        name_next(b);
    } else if (c.step == WRITING && result == TROTH_OK) {
        c.step = READING;
        c.len = 0;
        troth_gatt_read(b->host, c.link, c.at->value);
    } else if (c.step == READING && result == TROTH_OK) {
        c.step = READY;
        c.wanted = false;
        say_value(c.value, c.len);
    } else if (c.step == WRITING || c.step == READING) {
        c.step = READY;
        snprintf(error, sizeof error, "0x%02x", e->u.done.att_error);
        answer_error(b, error, false);
    } else {
        fail(b, "the service cannot be read: 0x%02x", e->u.done.att_error);
    }
}

static void gone(struct bridge *b)
{
    note("disconnected");
    c.step = RESTING;
    c.link = TROTH_NO_LINK;
    if (c.hanging_up)
        say("{}");
    else if (c.wanted)
        answer_error(b, "disconnected", true);
    c.hanging_up = false;
}

/* ---- events ---- */

static void on_event(struct bridge *b, const struct troth_event *e)
{
    switch ((int)e->type) {
    case TROTH_EV_READY:
        search(b);
        break;
    case TROTH_EV_REPORT:
        take_report(b, e);
        break;
    case TROTH_EV_CONNECTED:
        c.link = e->link;
        c.count = 0;
        c.step = DISCOVERING;
        if (troth_gatt_discover_service(b->host, c.link, &b->service) != TROTH_OK)
            fail(b, "cannot discover");
        break;
    case TROTH_EV_CONNECT_FAILED:
        search(b);
        break;
    case TROTH_EV_ENCRYPTED:
        note("encrypted %u", (unsigned)e->u.encrypted.hci_status);
        break;
    case TROTH_EV_GATT_CHARACTERISTIC:
        take_characteristic(b, e);
        break;
    case TROTH_EV_GATT_DESCRIPTOR:
        take_descriptor(e);
        break;
    case TROTH_EV_GATT_VALUE:
        c.len = e->u.value.len <= sizeof c.value ? e->u.value.len : sizeof c.value;
        memcpy(c.value, e->u.value.data, c.len);
        break;
    case TROTH_EV_GATT_DONE:
        take_done(b, e);
        break;
    case TROTH_EV_DISCONNECTED:
        gone(b);
        break;
    default:
        break;
    }
}

/* A refusal for lack of security, and whoever asks for it unasked. */
static bool on_ask(struct bridge *b, const struct troth_ask *ask)
{
    struct troth_answer answer = {.ok = b->encrypt};
    answer.u.features = troth_policy(b->host)->features;
    if (ask->type != TROTH_ASK_RAISE && ask->type != TROTH_ASK_SECURITY_REQUEST)
        return false;
    return troth_answer(b->host, ask->id, &answer) == TROTH_OK;
}

static void on_message(struct bridge *b, const struct message *m)
{
    if (m->disconnect && c.link == TROTH_NO_LINK) {
        say("{}");
    } else if (m->disconnect) {
        c.hanging_up = true;
        troth_disconnect(b->host, c.link, 0);
    } else {
        c.request = *m;
        c.wanted = true;
        if (c.step == RESTING)
            search(b);
        start_request(b);
    }
}

static bool open_client(struct bridge *b)
{
    (void)b;
    c.link = TROTH_NO_LINK;
    c.step = SEARCHING; /* once the controller is ready */
    return true;
}

const struct side connecting = {open_client, on_event, on_ask, on_message};
