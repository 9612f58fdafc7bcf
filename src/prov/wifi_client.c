/* The Wi-Fi provisioning service, client side. */
#include <string.h>

#include <troth/wifi_client.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/wipe.h"

enum step {
    DISCOVER,
    SUBSCRIBE,
    READ_STATUS,
    WRITE_SSID,
    WRITE_PASSWORD,
    WRITE_SECURITY,
    WRITE_CONTROL,
    FOLLOW, /* notifications; now and then a POLL */
    POLL,
    READ_DETAILS,
};

#define FOLLOW_MS 120000
#define POLL_MS   5000
#define AGAIN_MS  100   /* the link's GATT client was busy */
#define LOOK_MS   10000 /* the last look at most */

#define SEEN(state) (1u << (state))

/* ---- out ---- */

static void emit_status(struct troth_wifi_client *c)
{
    struct troth_wifi_client_event e = {
        .type = TROTH_WIFI_EV_STATUS, .op = (enum troth_wifi_op)c->op, .state = c->state};
    c->cfg.event(c->cfg.ctx, &e);
}

/* The single end of every operation. */
static void finish(struct troth_wifi_client *c)
{
    struct troth_wifi_client_event e = c->outcome;
    e.type = TROTH_WIFI_EV_DONE;
    e.op = (enum troth_wifi_op)c->op;
    e.state = c->state;
    e.details = c->details;
    wipe(&c->wifi, sizeof c->wifi);
    timer_stop(&c->follow_timer);
    timer_stop(&c->poll_timer);
    timer_stop(&c->again_timer);
    c->op = TROTH_WIFI_OP_NONE;
    c->asked = false;
    c->cfg.event(c->cfg.ctx, &e);
}

static void give_up(struct troth_wifi_client *c, enum troth_wifi_result result, uint8_t on)
{
    c->outcome.result = result;
    c->outcome.missing = on;
    finish(c);
}

/* ---- procedures ---- */

static uint8_t id_of(enum step step)
{
    switch (step) {
    case WRITE_SSID:
        return TROTH_WIFI_SSID;
    case WRITE_PASSWORD:
        return TROTH_WIFI_PASSWORD;
    case WRITE_SECURITY:
        return TROTH_WIFI_SECURITY;
    case WRITE_CONTROL:
        return TROTH_WIFI_CONTROL;
    case READ_DETAILS:
        return TROTH_WIFI_DETAILS;
    case DISCOVER:
        return TROTH_WIFI_SERVICE;
    case SUBSCRIBE:
    case READ_STATUS:
    case FOLLOW:
    case POLL:
        break;
    }
    return TROTH_WIFI_STATUS;
}

static int write_step(struct troth_wifi_client *c)
{
    uint16_t handle = c->handle[id_of((enum step)c->step)];
    const uint8_t *data;
    uint16_t len = 1;
    uint8_t control = c->op == TROTH_WIFI_OP_ERASE ? TROTH_WIFI_ERASE : TROTH_WIFI_CONNECT;
    const struct troth_gatt_peer *peer = c->cfg.peer;
    switch (c->step) {
    case WRITE_SSID:
        data = c->wifi.ssid.b;
        len = c->wifi.ssid.len;
        break;
    case WRITE_PASSWORD:
        data = c->wifi.password.b;
        len = c->wifi.password.len;
        break;
    case WRITE_SECURITY:
        data = &c->wifi.security;
        break;
    default:
        data = &control;
        c->asked = true;
        break;
    }
    return peer ? peer->write(peer->ctx, handle, data, len)
                : troth_gatt_write(c->cfg.host, c->cfg.link, handle, data, len);
}

static int discover(struct troth_wifi_client *c)
{
    static const struct troth_uuid service = TROTH_WIFI_GATT_UUID(TROTH_WIFI_SERVICE);
    const struct troth_gatt_peer *peer = c->cfg.peer;
    return peer ? peer->discover(peer->ctx, &service)
                : troth_gatt_discover_service(c->cfg.host, c->cfg.link, &service);
}

static int subscribe(struct troth_wifi_client *c)
{
    const struct troth_gatt_peer *peer = c->cfg.peer;
    return peer ? peer->subscribe(peer->ctx, c->status_ccc, 1)
                : troth_gatt_subscribe(c->cfg.host, c->cfg.link, c->status_ccc, 1);
}

static int read_value(struct troth_wifi_client *c, uint8_t id)
{
    const struct troth_gatt_peer *peer = c->cfg.peer;
    return peer ? peer->read(peer->ctx, c->handle[id])
                : troth_gatt_read(c->cfg.host, c->cfg.link, c->handle[id]);
}

static struct troth_level level_of(const struct troth_wifi_client *c)
{
    const struct troth_gatt_peer *peer = c->cfg.peer;
    return peer ? peer->level(peer->ctx) : troth_link_level(c->cfg.host, c->cfg.link);
}

static void act(struct troth_wifi_client *c)
{
    int r;
    if (c->running || c->op == TROTH_WIFI_OP_NONE)
        return;
    timer_stop(&c->again_timer);
    c->running = true; /* events may come before the call returns */
    c->got = false;
    switch ((enum step)c->step) {
    case DISCOVER:
        r = discover(c);
        break;
    case SUBSCRIBE:
        r = subscribe(c);
        break;
    case READ_STATUS:
    case POLL:
        r = read_value(c, TROTH_WIFI_STATUS);
        break;
    case READ_DETAILS:
        r = read_value(c, TROTH_WIFI_DETAILS);
        break;
    case FOLLOW:
        c->running = false;
        timer_start(&c->poll_timer, c->cfg.poll_ms);
        return;
    default:
        r = write_step(c);
        break;
    }
    if (r == TROTH_OK)
        return;
    c->running = false;
    if (r == TROTH_BUSY) {
        timer_start(&c->again_timer, AGAIN_MS);
    } else if (r == TROTH_STATE || r == TROTH_NOT_FOUND) {
        give_up(c, TROTH_WIFI_LINK_LOST, 0);
    } else {
        c->outcome.local = r;
        give_up(c, TROTH_WIFI_LOCAL, id_of((enum step)c->step));
    }
}

static void go(struct troth_wifi_client *c, enum step step)
{
    c->step = (uint8_t)step;
    act(c);
}

static void details_or_end(struct troth_wifi_client *c)
{
    timer_stop(&c->poll_timer);
    if (c->handle[TROTH_WIFI_DETAILS])
        go(c, READ_DETAILS);
    else
        finish(c);
}

/* ---- the status ---- */

/* Has the request come to its end? What a read says may be older than the request's effect. */
static void judge(struct troth_wifi_client *c, bool by_read)
{
    if (c->decided || !c->accepted)
        return;
    if (c->op == TROTH_WIFI_OP_PROVISION) {
        c->decided = c->state == TROTH_PROV_FAILED || c->state == TROTH_PROV_CONNECTED;
    } else if (c->op == TROTH_WIFI_OP_ERASE) {
        c->decided = c->state == TROTH_PROV_IDLE ||
                     (c->state == TROTH_PROV_FAILED && (!by_read || c->last_look));
    }
    if (c->decided && c->state == TROTH_PROV_FAILED)
        c->outcome.result = TROTH_WIFI_DEVICE_FAILED;
}

static void status_came(struct troth_wifi_client *c, const uint8_t *data, uint16_t len,
                        bool by_read)
{
    if (len < 1 || data[0] > TROTH_PROV_FAILED) {
        if (by_read && c->op != TROTH_WIFI_OP_NONE)
            c->outcome.result = TROTH_WIFI_STRANGE_STATUS;
        return;
    }
    bool news = !by_read || data[0] != c->state;
    c->state = data[0];
    if (c->asked)
        c->since |= (uint8_t)SEEN(c->state);
    judge(c, by_read);
    if (news)
        emit_status(c);
}

static void details_came(struct troth_wifi_client *c, const uint8_t *data, uint16_t len)
{
    struct in in = in_of(data, len);
    struct troth_wifi_details d = {.known = true};
    d.reason = in_u8(&in);
    d.left = in_u8(&in);
    d.flags = in_u8(&in);
    d.ssid.len = in_u8(&in);
    if (d.ssid.len > sizeof d.ssid.b)
        return;
    in_copy(&in, d.ssid.b, d.ssid.len);
    if (!in.bad) /* a later version may append */
        c->details = d;
}

/* ---- discovery ---- */

static uint8_t our_id(const struct troth_uuid *uuid)
{
    struct troth_uuid base = TROTH_WIFI_GATT_UUID(0);
    if (uuid->len != 16 || uuid->b[13])
        return 0;
    base.b[12] = uuid->b[12];
    return memcmp(base.b, uuid->b, 16) == 0 && uuid->b[12] <= TROTH_WIFI_DETAILS ? uuid->b[12] : 0;
}

static void discovered(struct troth_wifi_client *c, const struct troth_event *e)
{
    if (e->type == TROTH_EV_GATT_SERVICE) {
        /* Of two such services the first. */
        c->in_service = !c->found && our_id(&e->u.service.uuid) == TROTH_WIFI_SERVICE;
        c->found |= c->in_service;
        return;
    }
    if (!c->in_service)
        return;
    if (e->type == TROTH_EV_GATT_CHARACTERISTIC) {
        uint8_t id = our_id(&e->u.characteristic.uuid);
        uint16_t value = e->u.characteristic.value_handle, status = c->handle[TROTH_WIFI_STATUS];
        if (status && value > status && value < c->after_status)
            c->after_status = value;
        if (id <= TROTH_WIFI_SERVICE || c->handle[id])
            return;
        c->handle[id] = value;
        c->can_notify |=
            id == TROTH_WIFI_STATUS && (e->u.characteristic.properties & TROTH_PROP_NOTIFY);
        return;
    }
    /* Descriptors come with their characteristic or after all of them: handles tell whose one is. */
    uint16_t handle = e->u.descriptor.handle;
    if (c->can_notify && handle > c->handle[TROTH_WIFI_STATUS] && handle < c->after_status &&
        e->u.descriptor.uuid.len == 2 && get_le16(e->u.descriptor.uuid.b) == 0x2902)
        c->status_ccc = e->u.descriptor.handle;
}

static void discovery_ended(struct troth_wifi_client *c)
{
    static const uint8_t needed[] = {TROTH_WIFI_SSID, TROTH_WIFI_PASSWORD, TROTH_WIFI_CONTROL,
                                     TROTH_WIFI_STATUS};
    if (!c->found) {
        give_up(c, TROTH_WIFI_NO_SERVICE, TROTH_WIFI_SERVICE);
        return;
    }
    for (size_t i = 0; i < sizeof needed; i++)
        if (!c->handle[needed[i]]) {
            give_up(c, TROTH_WIFI_NO_CHARACTERISTIC, needed[i]);
            return;
        }
    go(c, c->status_ccc ? SUBSCRIBE : READ_STATUS);
}

/* ---- a procedure is over ---- */

static void step_done(struct troth_wifi_client *c)
{
    switch ((enum step)c->step) {
    case DISCOVER:
        discovery_ended(c);
        return;
    case SUBSCRIBE:
        go(c, READ_STATUS);
        return;
    case READ_STATUS:
        if (c->outcome.result != TROTH_WIFI_DONE || !c->got) {
            give_up(c, TROTH_WIFI_STRANGE_STATUS, TROTH_WIFI_STATUS);
            return;
        }
        if (c->op == TROTH_WIFI_OP_OPEN)
            c->opened = true;
        details_or_end(c);
        return;
    case WRITE_SSID:
        go(c, WRITE_PASSWORD);
        return;
    case WRITE_PASSWORD:
        wipe(&c->wifi.password, sizeof c->wifi.password);
        go(c, c->handle[TROTH_WIFI_SECURITY] ? WRITE_SECURITY : WRITE_CONTROL);
        return;
    case WRITE_SECURITY:
        go(c, WRITE_CONTROL);
        return;
    case WRITE_CONTROL:
        c->accepted = true;
        /* What came before the acknowledgement counts if it cannot be from before the request. */
        if ((c->since & SEEN(TROTH_PROV_FAILED)) && c->state == TROTH_PROV_FAILED)
            judge(c, false);
        else if (c->since & (c->op == TROTH_WIFI_OP_ERASE ? SEEN(TROTH_PROV_IDLE)
                                                          : SEEN(TROTH_PROV_CONNECTING)))
            judge(c, false);
        break;
    case POLL:
        if (c->outcome.result == TROTH_WIFI_STRANGE_STATUS) {
            give_up(c, TROTH_WIFI_STRANGE_STATUS, TROTH_WIFI_STATUS);
            return;
        }
        if (c->last_look && !c->decided) {
            give_up(c, TROTH_WIFI_TIMED_OUT, 0);
            return;
        }
        break;
    case READ_DETAILS:
        finish(c);
        return;
    case FOLLOW:
        break;
    }
    if (c->decided)
        details_or_end(c);
    else
        go(c, c->last_look ? POLL : FOLLOW);
}

static void procedure_done(struct troth_wifi_client *c, const struct troth_event *e)
{
    int r = e->u.done.result;
    c->running = false;
    if (c->op == TROTH_WIFI_OP_NONE)
        return; /* it outlived its operation */
    bool nothing = c->step == DISCOVER && r == TROTH_FAILED &&
                   e->u.done.att_error == TROTH_ATT_ATTRIBUTE_NOT_FOUND;
    if (r == TROTH_OK || nothing || (r == TROTH_FAILED && c->step == READ_DETAILS)) {
        step_done(c);
    } else if (r == TROTH_FAILED) {
        c->outcome.att_error = e->u.done.att_error;
        give_up(c, TROTH_WIFI_REFUSED, id_of((enum step)c->step));
    } else if (c->decided) {
        finish(c); /* all but the details is known */
    } else if (r == TROTH_STATE || r == TROTH_NOT_FOUND) {
        give_up(c, TROTH_WIFI_LINK_LOST, 0);
    } else {
        c->outcome.local = r;
        give_up(c, TROTH_WIFI_LOCAL, id_of((enum step)c->step));
    }
}

/* ---- in ---- */

void troth_wifi_client_feed(struct troth_wifi_client *c, const struct troth_event *e)
{
    if (e->link != c->cfg.link)
        return;
    switch (e->type) {
    case TROTH_EV_GATT_SERVICE:
    case TROTH_EV_GATT_CHARACTERISTIC:
    case TROTH_EV_GATT_DESCRIPTOR:
        if (c->running && c->op == TROTH_WIFI_OP_OPEN && c->step == DISCOVER)
            discovered(c, e);
        break;
    case TROTH_EV_GATT_VALUE:
        if (!c->running || c->op == TROTH_WIFI_OP_NONE)
            break;
        c->got = true;
        if (c->step == READ_STATUS || c->step == POLL)
            status_came(c, e->u.value.data, e->u.value.len, true);
        else if (c->step == READ_DETAILS)
            details_came(c, e->u.value.data, e->u.value.len);
        break;
    case TROTH_EV_GATT_NOTIFICATION:
        if (!c->handle[TROTH_WIFI_STATUS] || e->u.value.handle != c->handle[TROTH_WIFI_STATUS])
            break;
        status_came(c, e->u.value.data, e->u.value.len, false);
        if (c->op != TROTH_WIFI_OP_NONE && c->decided && !c->running && c->step == FOLLOW)
            details_or_end(c);
        break;
    case TROTH_EV_GATT_DONE:
        if (c->running)
            procedure_done(c, e);
        break;
    case TROTH_EV_DISCONNECTED:
        c->running = false;
        c->opened = false;
        if (c->op != TROTH_WIFI_OP_NONE && c->decided)
            finish(c);
        else if (c->op != TROTH_WIFI_OP_NONE)
            give_up(c, TROTH_WIFI_LINK_LOST, 0);
        break;
    default:
        break;
    }
}

void troth_wifi_client_tick(struct troth_wifi_client *c, troth_ms now)
{
    if (timer_due(&c->again_timer, now))
        act(c);
    if (timer_due(&c->poll_timer, now) && c->step == FOLLOW)
        go(c, POLL);
    if (!timer_due(&c->follow_timer, now) || c->op == TROTH_WIFI_OP_NONE)
        return;
    bool look = (c->step == FOLLOW || c->step == POLL) && !c->last_look;
    if (look) {
        c->last_look = true;
        timer_stop(&c->poll_timer);
        timer_start(&c->follow_timer, LOOK_MS);
        if (c->step == FOLLOW)
            go(c, POLL);
    } else if (c->decided) {
        finish(c);
    } else {
        give_up(c, TROTH_WIFI_TIMED_OUT, 0);
    }
}

troth_ms troth_wifi_client_deadline(const struct troth_wifi_client *c)
{
    troth_ms d = timer_deadline(&c->follow_timer);
    d = earlier(d, timer_deadline(&c->poll_timer));
    return earlier(d, timer_deadline(&c->again_timer));
}

static int begin(struct troth_wifi_client *c, enum troth_wifi_op op, enum step step)
{
    c->op = (uint8_t)op;
    c->asked = c->accepted = c->decided = c->last_look = false;
    c->since = 0;
    memset(&c->outcome, 0, sizeof c->outcome);
    memset(&c->details, 0, sizeof c->details);
    timer_start(&c->follow_timer, c->cfg.follow_ms);
    go(c, step);
    return TROTH_OK;
}

void troth_wifi_client_init(struct troth_wifi_client *c, const struct troth_wifi_client_config *cfg)
{
    ASSERT(cfg->event);
    memset(c, 0, sizeof *c);
    c->cfg = *cfg;
    c->state = TROTH_WIFI_STATE_UNKNOWN;
    if (!c->cfg.follow_ms)
        c->cfg.follow_ms = FOLLOW_MS;
    if (!c->cfg.poll_ms)
        c->cfg.poll_ms = POLL_MS;
}

int troth_wifi_client_open(struct troth_wifi_client *c)
{
    VERIFY(c->op == TROTH_WIFI_OP_NONE && !c->running, TROTH_BUSY);
    c->opened = c->found = c->in_service = false;
    c->can_notify = false;
    c->after_status = 0xffff;
    c->status_ccc = 0;
    memset(c->handle, 0, sizeof c->handle);
    return begin(c, TROTH_WIFI_OP_OPEN, DISCOVER);
}

int troth_wifi_client_status(struct troth_wifi_client *c)
{
    VERIFY(c->op == TROTH_WIFI_OP_NONE && !c->running, TROTH_BUSY);
    VERIFY(c->opened, TROTH_STATE);
    return begin(c, TROTH_WIFI_OP_STATUS, READ_STATUS);
}

int troth_wifi_client_provision(struct troth_wifi_client *c, const struct troth_wifi *wifi)
{
    VERIFY(c->op == TROTH_WIFI_OP_NONE && !c->running, TROTH_BUSY);
    VERIFY(c->opened, TROTH_STATE);
    VERIFY(troth_wifi_check(wifi) == TROTH_NET_OK, TROTH_INVALID);
    /* Without a Security characteristic the device finds out by itself, or not at all. */
    VERIFY(c->handle[TROTH_WIFI_SECURITY] || wifi->security == TROTH_WIFI_AUTO, TROTH_UNSUPPORTED);
    struct troth_level level = level_of(c);
    VERIFY(level.key_size || c->cfg.allow_plaintext, TROTH_FAILED);
    VERIFY(level.mitm || !c->cfg.require_mitm, TROTH_FAILED);
    c->wifi = *wifi;
    return begin(c, TROTH_WIFI_OP_PROVISION, WRITE_SSID);
}

int troth_wifi_client_erase(struct troth_wifi_client *c)
{
    VERIFY(c->op == TROTH_WIFI_OP_NONE && !c->running, TROTH_BUSY);
    VERIFY(c->opened, TROTH_STATE);
    return begin(c, TROTH_WIFI_OP_ERASE, WRITE_CONTROL);
}

void troth_wifi_client_close(struct troth_wifi_client *c)
{
    struct troth_wifi_client_config cfg = c->cfg;
    wipe(c, sizeof *c);
    troth_wifi_client_init(c, &cfg);
}
