/* org.bluez.Agent1: each method, and which of its questions are open. */
#include "ports/linux/bluez_agent_parts.h"

#include <stdio.h>
#include <string.h>

#include <troth/smp.h>

#include "base/wipe.h"

#define REJECTED "org.bluez.Error.Rejected"
#define CANCELED "org.bluez.Error.Canceled"

static const char *peer_text(struct bluez_agent *a, const char *path, char text[BLUEZ_PEER])
{
    const struct bluez_device *d = bluez_device_at(a->bluez, path);
    if (d)
        return bluez_peer_text(d, text);
    snprintf(text, BLUEZ_PEER, "a device unknown to BlueZ (%s)", path);
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

void bluez_agent_close_all(struct bluez_agent *a, const char *device)
{
    for (unsigned i = 0; i < OPEN; i++)
        if (a->open[i].id && (!device || !strcmp(a->open[i].device, device)))
            close_call(a, &a->open[i], CANCELED, "it is over");
}

void bluez_agent_refuse_all(struct bluez_agent *a)
{
    for (unsigned i = 0; i < OPEN; i++)
        if (a->open[i].id)
            close_call(a, &a->open[i], REJECTED, "the agent leaves");
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
    char peer[BLUEZ_PEER];
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
        .peer = peer_text(a, device, peer),
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
    bluez_agent_close_all(a, NULL);
    bluez_agent_tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_RELEASED});
    return sd_bus_reply_method_return(m, NULL);
}

static int on_cancel(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    (void)error;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    bluez_agent_close_all(a, NULL);
    bluez_agent_tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_CANCELLED});
    return sd_bus_reply_method_return(m, NULL);
}

static int on_request_pin(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    char peer[BLUEZ_PEER];
    const char *device;
    (void)error;
    int r = sd_bus_message_read(m, "o", &device);
    if (r < 0)
        return r;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    bluez_agent_tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_NO_PIN,
                                                  .peer = peer_text(a, device, peer)});
    return sd_bus_reply_method_errorf(m, REJECTED, "no PIN codes: LE has none");
}

static int on_display_pin(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_agent *a = ctx;
    char peer[BLUEZ_PEER];
    const char *device, *pin;
    (void)error;
    int r = sd_bus_message_read(m, "os", &device, &pin);
    if (r < 0)
        return r;
    if (!is_bluetoothd(a, m))
        return refuse_stranger(m);
    bluez_agent_tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_PIN,
                                                  .pin = pin,
                                                  .peer = peer_text(a, device, peer)});
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
    char peer[BLUEZ_PEER];
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
        bluez_agent_close_all(a, device); /* of a pairing before this one */
    if (!displayed(a, device) && !put(a, TROTH_AGENT_DISPLAY, device, passkey, NULL))
        return sd_bus_reply_method_errorf(m, REJECTED, "nobody would see it");
    if (entered)
        bluez_agent_tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_ENTERED,
                                                      .entered = entered,
                                                      .peer = peer_text(a, device, peer)});
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
    char peer[BLUEZ_PEER];
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
    enum bluez_agent_service may = a->cfg.service(a->cfg.ctx, peer_text(a, device, peer), uuid, id);
    if (may != BLUEZ_SERVICE_LATER)
        answer(a, id, may == BLUEZ_SERVICE_YES, 0);
    return 1;
}

const sd_bus_vtable bluez_agent_vtable[] = {
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
