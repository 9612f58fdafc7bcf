#include "support/world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_MS 60000

struct world {
    struct air *air;
    uint64_t now;
    struct device *device[WORLD_DEVICES];
    unsigned devices;
};

/* ---- a device's arrows ---- */

static void send(void *ctx, const uint8_t *packet, size_t len)
{
    struct device *d = ctx;
    if (d->radio)
        assert_int_equal(air_rx(d->radio, packet, len, d->world->now), AIR_OK);
}

static void to_host(void *ctx, const uint8_t *h4, size_t len)
{
    struct device *d = ctx;
    troth_host_rx(d->host, h4, len, d->world->now);
}

static void draw(void *ctx, uint8_t *out, size_t len)
{
    struct device *d = ctx;
    for (size_t i = 0; i < len; i++) {
        d->random ^= d->random << 13;
        d->random ^= d->random >> 7;
        d->random ^= d->random << 17;
        out[i] = (uint8_t)(d->random >> 32);
    }
}

static void event(void *ctx, const struct troth_event *e)
{
    struct device *d = ctx;
    assert_true(d->logged < WORLD_LOG);
    struct recorded *r = &d->log[d->logged++];
    r->event = *e;
    r->at = d->world->now;
    switch (e->type) {
    case TROTH_EV_CONNECTED:
        d->link = e->link;
        break;
    case TROTH_EV_READY:
        d->identity = e->u.ready.identity;
        break;
    case TROTH_EV_REPORT:
        memcpy(r->data, e->u.report.data, e->u.report.len);
        r->event.u.report.data = r->data;
        break;
    case TROTH_EV_PAIRED:
        r->keys = *e->u.paired.keys;
        r->event.u.paired.keys = &r->keys;
        break;
    case TROTH_EV_GATT_VALUE:
    case TROTH_EV_GATT_NOTIFICATION:
        if (e->u.value.len)
            memcpy(r->data, e->u.value.data, e->u.value.len);
        r->event.u.value.data = r->data;
        break;
    case TROTH_EV_WITHDRAWN:
        for (unsigned t = 0; t < TROTH_ASK_TYPES; t++)
            if (d->asked[t].id == e->u.ask_id) {
                d->asked[t].id = 0;
                if (t == TROTH_ASK_PASSKEY_DISPLAY)
                    d->showing = false;
            }
        break;
    default:
        break;
    }
    if (d->on_event)
        d->on_event(d, e);
}

/* ---- its store ---- */

static struct record *record_of(struct device *d, enum troth_record kind,
                                const struct troth_addr *identity)
{
    struct record *unused = NULL;
    for (size_t i = 0; i < sizeof d->store / sizeof d->store[0]; i++) {
        struct record *r = &d->store[i];
        if (!r->used)
            unused = r;
        else if (r->kind == kind &&
                 (kind == TROTH_RECORD_LOCAL || troth_addr_equal(&r->identity, identity)))
            return r;
    }
    return unused;
}

static bool keep(struct device *d, const struct troth_ask *a)
{
    struct record *r;
    d->stores++;
    if (d->store_refuses)
        return false;
    if (a->u.store.remove) {
        for (int kind = TROTH_RECORD_KEYS; kind <= TROTH_RECORD_STATE; kind++) {
            r = record_of(d, (enum troth_record)kind, &a->u.store.identity);
            if (r)
                r->used = false;
        }
        return true;
    }
    r = record_of(d, a->u.store.kind, &a->u.store.identity);
    if (!r)
        return false;
    r->used = true;
    r->kind = a->u.store.kind;
    r->identity = a->u.store.identity;
    r->len = a->u.store.len;
    memcpy(r->bytes, a->u.store.record, r->len);
    return true;
}

static void load(struct device *d)
{
    d->config.local.present = false;
    for (size_t i = 0; i < sizeof d->store / sizeof d->store[0]; i++) {
        const struct record *r = &d->store[i];
        if (r->used && r->kind == TROTH_RECORD_LOCAL)
            assert_int_equal(troth_local_decode(&d->config.local, r->bytes, r->len), TROTH_OK);
    }
    troth_host_init(d->host, &d->config);
    for (size_t i = 0; i < sizeof d->store / sizeof d->store[0]; i++) {
        const struct record *r = &d->store[i];
        struct troth_bond_keys keys;
        struct troth_bond_state state;
        if (!r->used || r->kind != TROTH_RECORD_KEYS)
            continue;
        assert_int_equal(troth_bond_keys_decode(&keys, r->bytes, r->len), TROTH_OK);
        const struct record *s = record_of(d, TROTH_RECORD_STATE, &r->identity);
        bool has = s && s->used;
        if (has)
            assert_int_equal(troth_bond_state_decode(&state, s->bytes, s->len), TROTH_OK);
        assert_int_equal(troth_bonds_load(d->host, &keys, has ? &state : NULL), TROTH_OK);
    }
}

/* ---- its person ---- */

static bool ask(void *ctx, const struct troth_ask *a)
{
    struct device *d = ctx;
    struct troth_answer answer = d->answer[a->type];
    d->asked[a->type] = *a;
    d->asks[a->type]++;
    if (a->type == TROTH_ASK_PASSKEY_DISPLAY || a->type == TROTH_ASK_COMPARE) {
        d->showing = true;
        d->shown = a->u.passkey.passkey;
    }
    switch (d->say[a->type]) {
    case SAY_DEFAULT:
        if (a->type == TROTH_ASK_STORE) {
            answer.ok = (!d->also_store || d->also_store(d, a)) && keep(d, a);
            assert_int_equal(troth_answer(d->host, a->id, &answer), TROTH_OK);
            return true;
        }
        return a->type == TROTH_ASK_PASSKEY_DISPLAY;
    case SAY_YES:
    case SAY_NO:
        answer.ok = d->say[a->type] == SAY_YES;
        answer.reason = answer.ok ? 0 : d->reason;
        troth_answer(d->host, a->id, &answer);
        return true;
    case SAY_LATER:
    case SAY_WHAT_IS_SHOWN:
        return true;
    }
    return false;
}

/* Reads from another device's display, once it shows something. */
static bool type_what_is_shown(struct device *d)
{
    struct troth_ask *a = &d->asked[TROTH_ASK_PASSKEY_INPUT];
    if (d->say[TROTH_ASK_PASSKEY_INPUT] != SAY_WHAT_IS_SHOWN || !a->id)
        return false;
    for (unsigned i = 0; i < d->world->devices; i++) {
        const struct device *other = d->world->device[i];
        if (other == d || !other->showing)
            continue;
        struct troth_answer answer = {.ok = true};
        answer.u.passkey = other->shown;
        uint32_t id = a->id;
        a->id = 0;
        assert_int_equal(troth_answer(d->host, id, &answer), TROTH_OK);
        return true;
    }
    return false;
}

/* ---- the world ---- */

struct world *world_new(uint64_t seed)
{
    struct world *w = calloc(1, sizeof *w);
    struct air_config config = {.seed = seed};
    assert_non_null(w);
    w->now = 1;
    w->air = air_new(&config);
    assert_non_null(w->air);
    return w;
}

void world_free(struct world *w)
{
    for (unsigned i = 0; i < w->devices; i++) {
        if (w->device[i]->radio)
            air_detach(w->device[i]->radio);
        free(w->device[i]->host);
        free(w->device[i]->log);
        free(w->device[i]);
    }
    air_free(w->air);
    free(w);
}

struct air *world_air(struct world *w)
{
    return w->air;
}
uint64_t world_now(const struct world *w)
{
    return w->now;
}

/* Does what is due until the next moment something is; false: nothing will be before `end`. */
static bool world_step(struct world *w, uint64_t end)
{
    uint64_t next = air_deadline(w->air);
    for (unsigned i = 0; i < w->devices; i++)
        if (w->device[i]->radio) {
            uint64_t at = troth_host_deadline(w->device[i]->host);
            next = at < next ? at : next;
        }
    if (next > end)
        return false;
    if (next > w->now)
        w->now = next;
    air_tick(w->air, w->now);
    for (unsigned i = 0; i < w->devices; i++) {
        struct device *d = w->device[i];
        if (d->radio && troth_host_deadline(d->host) <= w->now)
            troth_host_tick(d->host, w->now);
        if (d->radio)
            type_what_is_shown(d);
    }
    return true;
}

void world_run(struct world *w, uint64_t ms)
{
    uint64_t end = w->now + ms;
    while (world_step(w, end))
        ;
    w->now = end;
}

struct device *world_device(struct world *w, const char *name)
{
    assert_true(w->devices < WORLD_DEVICES);
    struct device *d = calloc(1, sizeof *d);
    assert_non_null(d);
    d->host = calloc(1, sizeof *d->host);
    d->log = calloc(WORLD_LOG, sizeof *d->log);
    assert_true(d->host && d->log);
    d->world = w;
    d->name = name;
    d->random = 0x9e3779b97f4a7c15u + w->devices;
    d->radio_config.name = name;
    d->config.send = send;
    d->config.event = event;
    d->config.ask = ask;
    d->config.random = draw;
    d->config.ctx = d;
    d->config.name = name;
    d->config.policy.features = (struct troth_features)TROTH_FEATURES_DEFAULT;
    w->device[w->devices++] = d;
    return d;
}

void device_plug(struct device *d)
{
    d->radio = air_attach(d->world->air, &d->radio_config, to_host, d);
    assert_non_null(d->radio);
    if (!d->radio_config.has_address) { /* the same radio every time it is switched on */
        air_controller_address(d->radio, d->radio_config.address);
        d->radio_config.has_address = true;
    }
}

void device_on(struct device *d)
{
    assert_null(d->radio);
    load(d);
    device_plug(d);
    if (d->before_start)
        d->before_start(d);
    troth_host_start(d->host, d->world->now);
    expect(d, TROTH_EV_READY);
}

void device_cut(struct device *d)
{
    assert_non_null(d->radio);
    air_detach(d->radio);
    d->radio = NULL;
    d->link = TROTH_NO_LINK;
    d->showing = false;
    memset(d->asked, 0, sizeof d->asked);
}

/* ---- what tests say ---- */

static void tell(const struct device *d, enum troth_event_type type)
{
    fprintf(stderr, "%s: event %d did not come; since the last one looked at:", d->name, (int)type);
    for (unsigned i = d->read; i < d->logged; i++)
        fprintf(stderr, " %d", (int)d->log[i].event.type);
    fprintf(stderr, "\n");
}

const struct troth_event *expect(struct device *d, enum troth_event_type type)
{
    uint64_t end = d->world->now + PATIENCE_MS;
    unsigned i = d->read;
    for (;;) {
        for (; i < d->logged; i++)
            if (d->log[i].event.type == type) {
                d->read = i + 1;
                return &d->log[i].event;
            }
        if (!world_step(d->world, end))
            break;
    }
    tell(d, type);
    fail();
    return NULL;
}

const struct troth_ask *expect_ask(struct device *d, enum troth_ask_type type)
{
    uint64_t end = d->world->now + PATIENCE_MS;
    while (!d->asked[type].id)
        if (!world_step(d->world, end))
            fail_msg("%s: ask %d did not come", d->name, (int)type);
    return &d->asked[type];
}

void expect_none(struct device *d, enum troth_event_type type)
{
    for (unsigned i = d->read; i < d->logged; i++)
        assert_int_not_equal(d->log[i].event.type, type);
}

unsigned device_count(const struct device *d, enum troth_event_type type)
{
    unsigned n = 0;
    for (unsigned i = 0; i < d->logged; i++)
        n += d->log[i].event.type == type;
    return n;
}

void device_advertise(struct device *d)
{
    struct troth_advertising adv = {.on = true, .connectable = true};
    const uint8_t flags = 0x06;
    assert_true(troth_ad_put(adv.data, &adv.data_len, 31, TROTH_AD_FLAGS, &flags, 1));
    assert_true(troth_ad_put(adv.data, &adv.data_len, 31, TROTH_AD_NAME_COMPLETE, d->name,
                             (uint8_t)strlen(d->name)));
    assert_int_equal(troth_advertise(d->host, &adv), TROTH_OK);
    const struct troth_event *e = expect(d, TROTH_EV_ADVERTISING);
    assert_true(e->u.on);
}

void device_connect(struct device *central, struct device *peripheral)
{
    assert_int_equal(troth_connect(central->host, &peripheral->identity, 10000), TROTH_OK);
    expect(central, TROTH_EV_CONNECTED);
    expect(peripheral, TROTH_EV_CONNECTED);
}

void device_disconnect(struct device *d)
{
    assert_int_equal(troth_disconnect(d->host, d->link, 0), TROTH_OK);
    expect(d, TROTH_EV_DISCONNECTED);
}
