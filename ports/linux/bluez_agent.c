#include "ports/linux/bluez_agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troth/smp.h>

#include "base/wipe.h"

#define MANAGER_PATH "/org/bluez"
#define MANAGER      "org.bluez.AgentManager1"
#define AGENT        "org.bluez.Agent1"
#define REJECTED     "org.bluez.Error.Rejected"
#define CANCELED     "org.bluez.Error.Canceled"

#define OPEN 4 /* bluetoothd awaits one answer of an agent at a time; displays stay beside it */

struct open_call {
    uint32_t id; /* 0: free */
    enum troth_agent_call_type type;
    sd_bus_message *request; /* NULL: a display, which has no answer */
    char device[BLUEZ_PATH];
};

struct bluez_agent {
    struct bluez *bluez;
    struct bluez_agent_config cfg;
    sd_bus_slot *object, *registering, *making_default;
    bool up, registered;
    uint32_t last_id;
    struct open_call open[OPEN];
};

const char *bluez_agent_io_cap(uint8_t io_cap)
{
    static const char *const names[] = {[TROTH_DISPLAY_ONLY] = "DisplayOnly",
                                        [TROTH_DISPLAY_YES_NO] = "DisplayYesNo",
                                        [TROTH_KEYBOARD_ONLY] = "KeyboardOnly",
                                        [TROTH_NO_INPUT_NO_OUTPUT] = "NoInputNoOutput",
                                        [TROTH_KEYBOARD_DISPLAY] = "KeyboardDisplay"};
    return io_cap < sizeof names / sizeof *names ? names[io_cap] : "NoInputNoOutput";
}

static void tell(struct bluez_agent *a, struct bluez_agent_news news)
{
    if (a->cfg.told)
        a->cfg.told(a->cfg.ctx, &news);
}

#define NAME_MAX_SHOWN 96 /* octets: the address after it must not be pushed out of sight */

/* A name from the air: nothing that could disturb a terminal, cut between characters. */
static void plain_name(const char *name, char text[NAME_MAX_SHOWN + 1])
{
    size_t n = strnlen(name, NAME_MAX_SHOWN + 1);
    if (n > NAME_MAX_SHOWN)
        for (n = NAME_MAX_SHOWN; n && (name[n] & 0xc0) == 0x80; n--)
            ;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)name[i], next = (unsigned char)name[i + 1];
        bool control = c < 0x20 || c == 0x7f || (c == 0xc2 && next >= 0x80 && next < 0xa0);
        text[i] = control ? '?' : (char)c;
        if (control && c == 0xc2)
            text[++i] = '?';
    }
    text[n] = 0;
}

/* How a person knows a device: the address is last, whatever the name pretends. */
static const char *peer_text(struct bluez_agent *a, const char *path, char *text, size_t cap)
{
    const struct bluez_device *d = bluez_device_at(a->bluez, path);
    char addr[18], name[NAME_MAX_SHOWN + 1];
    if (!d) {
        snprintf(text, cap, "a device unknown to BlueZ (%s)", path);
    } else if (d->named) {
        plain_name(d->name, name);
        snprintf(text, cap, "%s (%s)", name, troth_addr_text(&d->addr, addr));
    } else {
        snprintf(text, cap, "%s", troth_addr_text(&d->addr, addr));
    }
    return text;
}

/* ---- what is open ---- */

static void settle(struct open_call *o, const char *error, const char *words)
{
    sd_bus_message *request = o->request;
    memset(o, 0, sizeof *o);
    if (!request)
        return;
    sd_bus_reply_method_errorf(request, error, "%s", words);
    sd_bus_message_unref(request);
}

static void close_call(struct bluez_agent *a, struct open_call *o, const char *error,
                       const char *words)
{
    const struct troth_agent *to = a->cfg.agent;
    uint32_t id = o->id;
    settle(o, error, words);
    if (to->closed)
        to->closed(to->ctx, id);
}

static void close_all(struct bluez_agent *a, const char *device)
{
    for (unsigned i = 0; i < OPEN; i++)
        if (a->open[i].id && (!device || !strcmp(a->open[i].device, device)))
            close_call(a, &a->open[i], CANCELED, "it is over");
}

static struct open_call *find(struct bluez_agent *a, uint32_t id)
{
    for (unsigned i = 0; i < OPEN; i++)
        if (id && a->open[i].id == id)
            return &a->open[i];
    return NULL;
}

/* The agent's answer: once, and late ones do nothing. */
static void answer(void *ctx, uint32_t id, bool yes, uint32_t passkey)
{
    struct bluez_agent *a = ctx;
    struct open_call *o = find(a, id);
    if (!o || !o->request)
        return;
    if (!yes || (o->type == TROTH_AGENT_PASSKEY && passkey > 999999)) {
        settle(o, REJECTED, "refused");
        return;
    }
    sd_bus_message *request = o->request;
    bool typed = o->type == TROTH_AGENT_PASSKEY;
    memset(o, 0, sizeof *o);
    if (typed)
        sd_bus_reply_method_return(request, "u", passkey);
    else
        sd_bus_reply_method_return(request, NULL);
    sd_bus_message_unref(request);
}

static struct open_call *open_call(struct bluez_agent *a, const char *device,
                                   sd_bus_message *request)
{
    for (unsigned i = 0; i < OPEN; i++) {
        struct open_call *o = &a->open[i];
        if (o->id)
            continue;
        if (!++a->last_id)
            a->last_id = 1;
        o->id = a->last_id;
        o->request = sd_bus_message_ref(request);
        snprintf(o->device, sizeof o->device, "%s", device);
        return o;
    }
    return NULL;
}

void bluez_agent_service(struct bluez_agent *a, uint32_t id, bool yes)
{
    answer(a, id, yes, 0);
}

/* Puts a question. request NULL: a display. False: nobody takes it. */
static bool put(struct bluez_agent *a, enum troth_agent_call_type type, const char *device,
                uint32_t passkey, sd_bus_message *request)
{
    char peer[300];
    struct open_call *o = open_call(a, device, request);
    if (!o)
        return false;
    uint32_t id = o->id;
    o->type = type;
    struct troth_agent_call call = {
        .type = type,
        .id = id,
        .passkey = passkey,
        .model = type == TROTH_AGENT_COMPARE   ? TROTH_NUMERIC_COMPARISON
                 : type == TROTH_AGENT_CONSENT ? TROTH_JUST_WORKS
                 : type == TROTH_AGENT_DISPLAY ? TROTH_PASSKEY_BOTH_INPUT
                                               : TROTH_PASSKEY_RESPONDER_INPUTS,
        .peer = peer_text(a, device, peer, sizeof peer),
        .answer = answer,
        .host = a,
    };
    bool taken = a->cfg.agent->call(a->cfg.agent->ctx, &call);
    wipe(&call, sizeof call);
    if (taken)
        return true;
    if ((o = find(a, id))) {
        sd_bus_message_unref(o->request);
        memset(o, 0, sizeof *o);
    }
    return false;
}

static int ask(struct bluez_agent *a, enum troth_agent_call_type type, const char *device,
               uint32_t passkey, sd_bus_message *request)
{
    if (put(a, type, device, passkey, request))
        return 1;
    return sd_bus_reply_method_errorf(request, REJECTED, "nobody is there to answer");
}

/* ---- org.bluez.Agent1 ---- */

/* Whoever else is on the bus has no business here. */
static bool is_bluetoothd(struct bluez_agent *a, sd_bus_message *m)
{
    const char *owner = bluez_owner(a->bluez), *sender = sd_bus_message_get_sender(m);
    return owner && sender && !strcmp(owner, sender);
}

static int refuse_stranger(sd_bus_message *m)
{
    return sd_bus_reply_method_errorf(m, SD_BUS_ERROR_ACCESS_DENIED,
                                      "only bluetoothd asks this agent");
}

static int on_release(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    (void)error;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    a->registered = false;
    close_all(a, NULL);
    tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_RELEASED});
    return sd_bus_reply_method_return(m, NULL);
}

static int on_cancel(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    (void)error;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    close_all(a, NULL);
    tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_CANCELLED});
    return sd_bus_reply_method_return(m, NULL);
}

static int on_request_pin(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    char peer[300];
    const char *device;
    (void)error;
    int r = sd_bus_message_read(m, "o", &device);
    if (r < 0)
        return r;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_NO_PIN,
                                      .peer = peer_text(a, device, peer, sizeof peer)});
    return sd_bus_reply_method_errorf(m, REJECTED, "no PIN codes: LE has none");
}

static int on_display_pin(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    char peer[300];
    const char *device, *pin;
    (void)error;
    int r = sd_bus_message_read(m, "os", &device, &pin);
    if (r < 0)
        return r;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_PIN,
                                      .pin = pin,
                                      .peer = peer_text(a, device, peer, sizeof peer)});
    return sd_bus_reply_method_return(m, NULL);
}

static const struct open_call *displayed(struct bluez_agent *a, const char *device)
{
    for (unsigned i = 0; i < OPEN; i++)
        if (a->open[i].id && a->open[i].type == TROTH_AGENT_DISPLAY &&
            !strcmp(a->open[i].device, device))
            return &a->open[i];
    return NULL;
}

/* Comes again for every digit typed over there. */
static int on_display_passkey(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    char peer[300];
    const char *device;
    uint32_t passkey;
    uint16_t entered;
    (void)error;
    int r = sd_bus_message_read(m, "ouq", &device, &passkey, &entered);
    if (r < 0)
        return r;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    if (!entered)
        close_all(a, device); /* of a pairing before this one */
    if (!displayed(a, device) && !put(a, TROTH_AGENT_DISPLAY, device, passkey, NULL))
        return sd_bus_reply_method_errorf(m, REJECTED, "nobody would see it");
    if (entered)
        tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_ENTERED,
                                          .entered = entered,
                                          .peer = peer_text(a, device, peer, sizeof peer)});
    return sd_bus_reply_method_return(m, NULL);
}

static int on_request_passkey(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    const char *device;
    (void)error;
    int r = sd_bus_message_read(m, "o", &device);
    if (r < 0)
        return r;
    return is_bluetoothd(a, m) ? ask(a, TROTH_AGENT_PASSKEY, device, 0, m) : refuse_stranger(m);
}

static int on_request_confirmation(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    const char *device;
    uint32_t passkey;
    (void)error;
    int r = sd_bus_message_read(m, "ou", &device, &passkey);
    if (r < 0)
        return r;
    return is_bluetoothd(a, m) ? ask(a, TROTH_AGENT_COMPARE, device, passkey, m)
                               : refuse_stranger(m);
}

static int on_request_authorization(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    const char *device;
    (void)error;
    int r = sd_bus_message_read(m, "o", &device);
    if (r < 0)
        return r;
    return is_bluetoothd(a, m) ? ask(a, TROTH_AGENT_CONSENT, device, 0, m) : refuse_stranger(m);
}

static int on_authorize_service(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    const char *device, *uuid;
    char peer[300];
    (void)error;
    int r = sd_bus_message_read(m, "os", &device, &uuid);
    if (r < 0)
        return r;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    struct open_call *o = a->cfg.service ? open_call(a, device, m) : NULL;
    if (!o)
        return sd_bus_reply_method_errorf(m, REJECTED, "this service is not allowed");
    uint32_t id = o->id;
    enum bluez_agent_service may =
        a->cfg.service(a->cfg.ctx, peer_text(a, device, peer, sizeof peer), uuid, id);
    if (may != BLUEZ_SERVICE_LATER)
        answer(a, id, may == BLUEZ_SERVICE_YES, 0);
    return 1;
}

static const sd_bus_vtable vtable[] = {
    SD_BUS_VTABLE_START(0),
    SD_BUS_METHOD("Release", "", "", on_release, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestPinCode", "o", "s", on_request_pin, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("DisplayPinCode", "os", "", on_display_pin, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestPasskey", "o", "u", on_request_passkey, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("DisplayPasskey", "ouq", "", on_display_passkey, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestConfirmation", "ou", "", on_request_confirmation,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("RequestAuthorization", "o", "", on_request_authorization,
                  SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("AuthorizeService", "os", "", on_authorize_service, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_METHOD("Cancel", "", "", on_cancel, SD_BUS_VTABLE_UNPRIVILEGED),
    SD_BUS_VTABLE_END,
};

/* ---- registration ---- */

static const char *path_of(const struct bluez_agent *a)
{
    return a->cfg.path ? a->cfg.path : "/org/troth/agent";
}

static int on_default(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    const sd_bus_error *e = sd_bus_message_get_error(m);
    char why[BLUEZ_WHY];
    (void)error;
    a->making_default = sd_bus_slot_unref(a->making_default);
    tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REGISTERED,
                                      .is_default = !e,
                                      .why = e ? bluez_why("be the default agent", e, why) : NULL});
    return 0;
}

static int on_registered(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    const sd_bus_error *e = sd_bus_message_get_error(m);
    char why[BLUEZ_WHY];
    (void)error;
    a->registering = sd_bus_slot_unref(a->registering);
    if (e) {
        tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REFUSED,
                                          .why = bluez_why("register an agent", e, why)});
        return 0;
    }
    a->registered = true;
    if (!a->cfg.as_default) {
        tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REGISTERED});
        return 0;
    }
    sd_bus_call_method_async(bluez_bus(a->bluez), &a->making_default, BLUEZ, MANAGER_PATH, MANAGER,
                             "RequestDefaultAgent", on_default, a, "o", path_of(a));
    return 0;
}

static void drop_calls(struct bluez_agent *a)
{
    a->registering = sd_bus_slot_unref(a->registering);
    a->making_default = sd_bus_slot_unref(a->making_default);
}

static void enlist(struct bluez_agent *a)
{
    drop_calls(a);
    int r = sd_bus_call_method_async(bluez_bus(a->bluez), &a->registering, BLUEZ, MANAGER_PATH,
                                     MANAGER, "RegisterAgent", on_registered, a, "os", path_of(a),
                                     bluez_agent_io_cap(a->cfg.agent->io_cap));
    if (r < 0)
        tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REFUSED, .why = strerror(-r)});
}

static void leave(struct bluez_agent *a)
{
    sd_bus_message *m = NULL;
    drop_calls(a);
    /* A registration on its way is taken back as well: bluetoothd takes them in order. */
    if (a->up &&
        sd_bus_message_new_method_call(bluez_bus(a->bluez), &m, BLUEZ, MANAGER_PATH, MANAGER,
                                       "UnregisterAgent") >= 0 &&
        sd_bus_message_append(m, "o", path_of(a)) >= 0 &&
        sd_bus_message_set_expect_reply(m, 0) >= 0)
        sd_bus_send(bluez_bus(a->bluez), m, NULL);
    sd_bus_message_unref(m);
    a->registered = false;
}

void bluez_agent_refresh(struct bluez_agent *a)
{
    if (!a->up)
        return;
    leave(a);
    enlist(a);
}

static void on_up(void *ctx)
{
    struct bluez_agent *a = ctx;
    a->up = true;
    enlist(a);
}

static void on_down(void *ctx, const char *why)
{
    struct bluez_agent *a = ctx;
    (void)why;
    a->up = a->registered = false;
    drop_calls(a);
    close_all(a, NULL);
}

/* A display has no other end. */
static void on_device(void *ctx, const struct bluez_device *d, unsigned news)
{
    struct bluez_agent *a = ctx;
    bool over = (news & BLUEZ_GONE) || ((news & BLUEZ_PAIRING) && d->paired) ||
                ((news & BLUEZ_CONNECTION) && !d->connected);
    if (over)
        close_all(a, d->path);
}

struct bluez_agent *bluez_agent_new(struct bluez *b, const struct bluez_agent_config *config,
                                    char *why, size_t why_cap)
{
    struct bluez_agent *a = calloc(1, sizeof *a);
    int r = a ? 0 : -ENOMEM;
    if (a) {
        a->bluez = b;
        a->cfg = *config;
        r = sd_bus_add_object_vtable(bluez_bus(b), &a->object, path_of(a), AGENT, vtable, a);
    }
    struct bluez_listener listener = {.up = on_up, .down = on_down, .device = on_device, .ctx = a};
    if (r >= 0 && bluez_listen(b, &listener) != TROTH_OK)
        r = -ENOBUFS;
    if (r < 0) {
        snprintf(why, why_cap, "an agent for BlueZ could not be made: %s", strerror(-r));
        if (a)
            sd_bus_slot_unref(a->object);
        free(a);
        return NULL;
    }
    if (bluez_adapter(b))
        on_up(a);
    return a;
}

void bluez_agent_free(struct bluez_agent *a)
{
    if (!a)
        return;
    bluez_ignore(a->bluez, a);
    for (unsigned i = 0; i < OPEN; i++)
        if (a->open[i].id)
            close_call(a, &a->open[i], REJECTED, "the agent leaves");
    leave(a);
    sd_bus_flush(bluez_bus(a->bluez));
    sd_bus_slot_unref(a->object);
    free(a);
}
