/* A service table at work on the bus: registered, read, written, subscribed to. */
#include "ports/linux/bluez_gatt_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- meanings to errors ---- */

const char *bluez_gatt_error(enum troth_gatt_status status, bool write, const char **message)
{
    /*
     * bluetoothd knows few names. "Failed" with a number from 0x80 to 0x9F is an application error
     * with that number: 0x80 and the low five bits of the code the library's own host would send.
     * A name it does not know is 0x0E, Unlikely Error.
     */
    static const struct {
        const char *name, *message;
    } errors[] = {
        [TROTH_GATT_INVALID_OFFSET] = {"org.bluez.Error.InvalidOffset", "Invalid offset"},
        [TROTH_GATT_INVALID_LENGTH] = {"org.bluez.Error.InvalidValueLength", "Invalid length"},
        [TROTH_GATT_NOT_ALLOWED] = {"org.bluez.Error.Failed", "0x93"},
        [TROTH_GATT_BUSY] = {"org.bluez.Error.InProgress", "In progress"},
        [TROTH_GATT_REFUSED] = {"org.bluez.Error.Failed", "0x9c"},
        [TROTH_GATT_NO_RESOURCES] = {"org.bluez.Error.Failed", "0x91"},
        [TROTH_GATT_INVALID_PDU] = {"org.bluez.Error.Failed", "0x84"},
    };
    bool known = (size_t)status < sizeof errors / sizeof *errors && errors[status].name;
    if (!known || (status == TROTH_GATT_REFUSED && !write)) {
        *message = "Unlikely error";
        return "org.troth.Error.Unlikely";
    }
    *message = errors[status].message;
    return errors[status].name;
}

static int answer(sd_bus_message *call, bool write, enum troth_gatt_status status,
                  const uint8_t *value, uint16_t len)
{
    sd_bus_message *reply = NULL;
    const char *message;
    if (status != TROTH_GATT_OK) {
        const char *name = bluez_gatt_error(status, write, &message);
        return sd_bus_reply_method_errorf(call, name, "%s", message);
    }
    if (write)
        return sd_bus_reply_method_return(call, NULL);
    int r = sd_bus_message_new_method_return(call, &reply);
    if (r >= 0)
        r = sd_bus_message_append_array(reply, 'y', value, len);
    if (r >= 0)
        r = sd_bus_send(NULL, reply, NULL);
    sd_bus_message_unref(reply);
    return r;
}

/* ---- what an access may say of itself ---- */

struct options {
    const char *device;
    uint16_t offset;
    bool command, authorize;
};

static int read_options(sd_bus_message *m, struct options *o)
{
    const char *name, *type, *text;
    int flag, r = sd_bus_message_enter_container(m, 'a', "{sv}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        r = sd_bus_message_read_basic(m, 's', &name);
        if (r >= 0)
            r = sd_bus_message_peek_type(m, NULL, &type);
        if (r < 0)
            break;
        if (!strcmp(name, "device") && !strcmp(type, "o")) {
            r = sd_bus_message_read(m, "v", "o", &o->device);
        } else if (!strcmp(name, "offset") && !strcmp(type, "q")) {
            r = sd_bus_message_read(m, "v", "q", &o->offset);
        } else if (!strcmp(name, "prepare-authorize") && !strcmp(type, "b")) {
            r = sd_bus_message_read(m, "v", "b", &flag);
            o->authorize = r >= 0 && flag;
        } else if (!strcmp(name, "type") && !strcmp(type, "s")) {
            r = sd_bus_message_read(m, "v", "s", &text);
            o->command = r >= 0 && !strcmp(text, "command");
        } else {
            r = sd_bus_message_skip(m, "v");
        }
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    return r < 0 ? r : sd_bus_message_exit_container(m);
}

/* Whoever else may reach this bus name is not bluetoothd: only it has asked the peer to pair. */
static bool from_bluez(const struct bluez_gatt *g, sd_bus_message *m)
{
    const char *owner = bluez_owner(g->cfg.bluez), *sender = sd_bus_message_get_sender(m);
    return owner && sender && !strcmp(owner, sender);
}

static int refuse_stranger(sd_bus_error *error)
{
    return sd_bus_error_set(error, "org.bluez.Error.NotAuthorized", "only bluetoothd may");
}

static struct pending *free_place(struct bluez_gatt *g)
{
    for (unsigned i = 0; i < BLUEZ_GATT_PENDING; i++)
        if (!g->pending[i].token)
            return &g->pending[i];
    return NULL;
}

static int access_value(struct object *o, sd_bus_message *m, struct troth_gatt_access *a,
                        const struct options *options)
{
    struct bluez_gatt *g = o->g;
    struct pending *p = free_place(g);
    if (!p)
        return answer(m, a->write, TROTH_GATT_BUSY, NULL, 0);
    a->id = o->c->id;
    a->link =
        options->device && g->cfg.link ? g->cfg.link(g->cfg.ctx, options->device) : TROTH_NO_LINK;
    if (a->link == TROTH_NO_LINK && options->device && g->cfg.link)
        return answer(m, a->write, TROTH_GATT_NO_RESOURCES, NULL, 0);
    a->offset = options->offset;
    a->command = options->command;
    /* Pieces of a long write come put together; what begins elsewhere than at 0 keeps its place. */
    a->prepared = a->write && options->offset;
    a->token = ++g->token ? g->token : ++g->token;
    /* Before the call: troth_gatt_complete may be called within it. */
    *p = (struct pending){a->token, a->link, a->write, a->id, sd_bus_message_ref(m)};
    enum troth_gatt_status status = o->service->table->access(o->service->ctx, a);
    if (status == TROTH_GATT_LATER || p->token != a->token)
        return 1;
    p->token = 0;
    p->call = sd_bus_message_unref(p->call);
    return answer(m, a->write, status, a->value, a->value_len);
}

int bluez_gatt_on_read(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct object *o = context;
    struct troth_gatt_access a = {.write = false};
    struct options options = {.device = NULL};
    if (!from_bluez(o->g, m))
        return refuse_stranger(error);
    if (!(o->c->properties & TROTH_PROP_READ))
        return sd_bus_error_set(error, "org.bluez.Error.NotPermitted", "Not readable");
    int r = read_options(m, &options);
    return r < 0 ? r : access_value(o, m, &a, &options);
}

int bluez_gatt_on_write(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct object *o = context;
    struct troth_gatt_access a = {.write = true};
    struct options options = {.device = NULL};
    const void *data;
    size_t len;
    if (!from_bluez(o->g, m))
        return refuse_stranger(error);
    if (!(o->c->properties & (TROTH_PROP_WRITE | TROTH_PROP_WRITE_COMMAND)))
        return sd_bus_error_set(error, "org.bluez.Error.NotPermitted", "Not writable");
    int r = sd_bus_message_read_array(m, 'y', &data, &len);
    if (r >= 0)
        r = read_options(m, &options);
    if (r < 0)
        return r;
    if (options.authorize) /* of a Prepare Write: the write itself is still to come */
        return answer(m, true, TROTH_GATT_OK, NULL, 0);
    if (len > TROTH_VALUE_MAX)
        return answer(m, true, TROTH_GATT_INVALID_LENGTH, NULL, 0);
    a.data = len ? data : (const uint8_t *)"";
    a.len = (uint16_t)len;
    return access_value(o, m, &a, &options);
}

static void set_subscribed(struct object *o, bool anyone)
{
    if (o->subscribed == anyone)
        return;
    o->subscribed = anyone;
    if (o->service->table->subscribed)
        o->service->table->subscribed(o->service->ctx, o->c->id, anyone);
}

int bluez_gatt_on_start_notify(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct object *o = context;
    if (!from_bluez(o->g, m))
        return refuse_stranger(error);
    set_subscribed(o, true);
    return sd_bus_reply_method_return(m, NULL);
}

int bluez_gatt_on_stop_notify(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct object *o = context;
    if (!from_bluez(o->g, m))
        return refuse_stranger(error);
    set_subscribed(o, false);
    return sd_bus_reply_method_return(m, NULL);
}

/* An indication was confirmed; nothing waits for it. */
int bluez_gatt_on_confirm(sd_bus_message *m, void *context, sd_bus_error *error)
{
    (void)context;
    (void)error;
    return sd_bus_reply_method_return(m, NULL);
}

int bluez_gatt_on_read_description(sd_bus_message *m, void *context, sd_bus_error *error)
{
    const struct object *o = context;
    struct options options = {.device = NULL};
    if (!from_bluez(o->g, m))
        return refuse_stranger(error);
    int r = read_options(m, &options);
    if (r < 0)
        return r;
    size_t len = strlen(o->c->description);
    if (options.offset > len)
        return answer(m, false, TROTH_GATT_INVALID_OFFSET, NULL, 0);
    return answer(m, false, TROTH_GATT_OK, (const uint8_t *)o->c->description + options.offset,
                  (uint16_t)(len - options.offset));
}

/* ---- registering ---- */

static void tell(struct bluez_gatt *g, const char *why)
{
    if (g->cfg.registered)
        g->cfg.registered(g->cfg.ctx, why);
}

static int on_registered(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bluez_gatt *g = context;
    const sd_bus_error *e = sd_bus_message_get_error(m);
    char why[BLUEZ_WHY];
    (void)error;
    g->registering = sd_bus_slot_unref(g->registering);
    g->registered = !e || bluez_is(e, "AlreadyExists");
    tell(g, g->registered ? NULL : bluez_why("register the services with bluetoothd", e, why));
    return 0;
}

static void enroll(struct bluez_gatt *g)
{
    const struct bluez_adapter *a = bluez_adapter(g->cfg.bluez);
    if (!a || !a->gatt || g->registered || g->registering || !g->count)
        return;
    sd_bus_call_method_async(bluez_bus(g->cfg.bluez), &g->registering, BLUEZ, a->path, MANAGER,
                             "RegisterApplication", on_registered, g, "oa{sv}", ROOT, 0);
}

static void on_up(void *ctx)
{
    enroll(ctx);
}

static void on_adapter(void *ctx, const struct bluez_adapter *adapter)
{
    (void)adapter;
    enroll(ctx);
}

/* Its registrations went with bluetoothd, and so did whoever was subscribed or waits. */
static void on_down(void *ctx, const char *why)
{
    struct bluez_gatt *g = ctx;
    (void)why;
    g->registered = false;
    g->registering = sd_bus_slot_unref(g->registering);
    for (unsigned i = 0; i < BLUEZ_GATT_PENDING; i++) {
        g->pending[i].token = 0;
        g->pending[i].call = sd_bus_message_unref(g->pending[i].call);
    }
    for (unsigned i = 0; i < g->count; i++)
        for (unsigned k = 0; k < g->served[i].count; k++)
            set_subscribed(&g->served[i].objects[k], false);
}

struct bluez_gatt *bluez_gatt_new(const struct bluez_gatt_config *config)
{
    struct bluez_gatt *g = calloc(1, sizeof *g);
    if (!g)
        return NULL;
    g->cfg = *config;
    struct bluez_listener listener = {
        .up = on_up, .down = on_down, .adapter = on_adapter, .ctx = g};
    if (bluez_listen(config->bluez, &listener) == TROTH_OK &&
        sd_bus_add_object_manager(bluez_bus(config->bluez), &g->manager, ROOT) >= 0)
        return g;
    bluez_gatt_free(g);
    return NULL;
}

void bluez_gatt_free(struct bluez_gatt *g)
{
    if (!g)
        return;
    const struct bluez_adapter *a = bluez_adapter(g->cfg.bluez);
    bluez_ignore(g->cfg.bluez, g);
    if (a && g->registered)
        sd_bus_call_method_async(bluez_bus(g->cfg.bluez), NULL, BLUEZ, a->path, MANAGER,
                                 "UnregisterApplication", NULL, NULL, "o", ROOT);
    for (unsigned i = 0; i < BLUEZ_GATT_PENDING; i++)
        if (g->pending[i].token) {
            answer(g->pending[i].call, g->pending[i].write, TROTH_GATT_FAILED, NULL, 0);
            sd_bus_message_unref(g->pending[i].call);
        }
    for (unsigned i = 0; i < g->count; i++) {
        struct served *s = &g->served[i];
        for (unsigned k = 0; s->objects && k < s->count; k++) {
            sd_bus_slot_unref(s->objects[k].slot);
            sd_bus_slot_unref(s->objects[k].descriptor);
        }
        sd_bus_slot_unref(s->slot);
        free(s->objects);
    }
    sd_bus_slot_unref(g->registering);
    sd_bus_slot_unref(g->manager);
    free(g);
}

static const char *cannot(const struct troth_characteristic *c)
{
    if (c->key_size)
        return "demands a key size, which BlueZ cannot hold a service to";
    if (c->properties & TROTH_PROP_SIGNED_WRITE)
        return "takes signed writes, which BlueZ does not tell from others";
    if (c->properties & TROTH_PROP_WRITE_COMMAND && c->properties & TROTH_PROP_WRITE)
        return "has write and write without response, where BlueZ swallows every error: choose one";
    return NULL;
}

int bluez_gatt_serve(struct bluez_gatt *g, struct troth_gatt_service *service, char *why,
                     size_t cap)
{
    const struct troth_service *table = service->table;
    struct served *s = &g->served[g->count];
    char uuid[37];
    for (unsigned i = 0; i < table->count; i++) {
        const char *fault = cannot(&table->characteristics[i]);
        if (fault) {
            snprintf(why, cap, "characteristic %s %s",
                     bluez_uuid_text(&table->characteristics[i].uuid, uuid), fault);
            return TROTH_UNSUPPORTED;
        }
    }
    snprintf(why, cap, "too many services for one program");
    if (g->count == BLUEZ_GATT_SERVICES)
        return TROTH_FULL;
    s->g = g;
    s->service = service;
    s->count = table->count;
    s->objects = calloc(table->count, sizeof *s->objects);
    snprintf(s->path, sizeof s->path, ROOT "/s%u", g->count);
    g->count++;
    int r = s->objects ? bluez_gatt_add_objects(s) : -ENOMEM;
    if (r < 0) {
        snprintf(why, cap, "cannot put a service on the bus: %s", strerror(-r));
        return TROTH_FAILED;
    }
    *why = 0;
    return TROTH_OK;
}

/* ---- what the application says ---- */

int bluez_gatt_complete(struct bluez_gatt *g, uint32_t token, enum troth_gatt_status status,
                        const uint8_t *value, uint16_t len)
{
    for (unsigned i = 0; token && i < BLUEZ_GATT_PENDING; i++) {
        struct pending *p = &g->pending[i];
        if (p->token != token)
            continue;
        p->token = 0;
        answer(p->call, p->write, status, value, len);
        p->call = sd_bus_message_unref(p->call);
        return TROTH_OK;
    }
    return TROTH_STALE;
}

void bluez_gatt_gone(struct bluez_gatt *g, troth_link link)
{
    for (unsigned i = 0; i < BLUEZ_GATT_PENDING; i++) {
        struct pending *p = &g->pending[i];
        if (!p->token || p->link != link)
            continue;
        p->token = 0;
        answer(p->call, p->write, TROTH_GATT_FAILED, NULL, 0); /* the bus counts what is open */
        p->call = sd_bus_message_unref(p->call);
    }
}

/*
 * To bluetoothd alone: a signal to all would show the value to every user of the machine, whatever
 * the characteristic's permissions.
 */
static int send_value(struct bluez_gatt *g, const struct object *o, const uint8_t *value,
                      uint16_t len)
{
    sd_bus_message *m = NULL;
    const char *owner = bluez_owner(g->cfg.bluez);
    if (!owner)
        return TROTH_STATE;
    int r = sd_bus_message_new_signal(bluez_bus(g->cfg.bluez), &m, o->path, BLUEZ_PROPERTIES,
                                      "PropertiesChanged");
    if (r >= 0)
        r = sd_bus_message_set_destination(m, owner);
    if (r >= 0)
        r = sd_bus_message_append(m, "s", CHARACTERISTIC);
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'a', "{sv}");
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(m, "s", "Value");
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'v', "ay");
    if (r >= 0)
        r = sd_bus_message_append_array(m, 'y', value, len);
    for (int i = 0; r >= 0 && i < 3; i++)
        r = sd_bus_message_close_container(m);
    if (r >= 0)
        r = sd_bus_message_append(m, "as", 0);
    if (r >= 0)
        r = sd_bus_send(NULL, m, NULL);
    sd_bus_message_unref(m);
    return r < 0 ? TROTH_FAILED : TROTH_OK;
}

int bluez_gatt_notify(struct bluez_gatt *g, const struct troth_gatt_service *service, uint8_t id,
                      const uint8_t *value, uint16_t len)
{
    for (unsigned i = 0; i < g->count; i++)
        for (unsigned k = 0; k < g->served[i].count; k++) {
            const struct object *o = &g->served[i].objects[k];
            if (o->service == service && o->c->id == id)
                return o->subscribed && g->registered ? send_value(g, o, value, len) : TROTH_OK;
        }
    return TROTH_NOT_FOUND;
}
