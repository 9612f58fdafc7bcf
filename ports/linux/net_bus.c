/* One service on the system bus. */
#include "ports/linux/net_bus.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "net/utf8.h"

#define AGAIN_MS 2000
#define CALL_S   20

static void forget_calls(struct net_bus *b)
{
    for (unsigned i = 0; i < NET_BUS_CALLS; i++) {
        sd_bus_slot_unref(b->call[i].slot);
        b->call[i] = (struct net_bus_call){0};
    }
}

static void close_bus(struct net_bus *b)
{
    b->owner[0] = 0;
    forget_calls(b);
    b->watch = sd_bus_slot_unref(b->watch);
    if (b->bus)
        sd_bus_detach_event(b->bus);
    b->bus = sd_bus_close_unref(b->bus);
}

static void absent(struct net_bus *b, const char *why)
{
    bool news = why && (!b->trouble || strcmp(why, b->trouble) != 0);
    b->trouble = why;
    if (news)
        b->absent(b->ctx, why);
}

static void gone(struct net_bus *b, const char *why)
{
    bool was = b->owner[0];
    b->owner[0] = 0;
    forget_calls(b);
    if (was) {
        b->trouble = why;
        b->down(b->ctx, why);
    } else {
        absent(b, why);
    }
}

static void owner_is(struct net_bus *b, const char *owner)
{
    if (!strcmp(owner, b->owner) && *owner)
        return;
    if (b->owner[0] || !*owner) /* also when another took over */
        gone(b, b->owner[0] ? "it was stopped" : "it does not run");
    if (!*owner)
        return;
    snprintf(b->owner, sizeof b->owner, "%s", owner);
    b->trouble = NULL;
    b->up(b->ctx);
}

static int on_owner_changed(sd_bus_message *m, void *context, sd_bus_error *error)
{
    const char *name, *old, *new, *sender = sd_bus_message_get_sender(m);
    (void)error;
    if (sender && !strcmp(sender, NET_BUS) && sd_bus_message_read(m, "sss", &name, &old, &new) >= 0)
        owner_is(context, new);
    return 0;
}

static int on_owner(sd_bus_message *m, void *context, sd_bus_error *error)
{
    const char *owner = "";
    (void)error;
    if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "s", &owner) < 0)
        owner = "";
    owner_is(context, owner);
    return 0;
}

/* The bus went away; not torn down from within one of its own callbacks. */
static int on_disconnected(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_bus *b = context;
    (void)m;
    (void)error;
    gone(b, "the system bus was stopped");
    timer_start(&b->again_timer, AGAIN_MS);
    return 0;
}

static void open_bus(struct net_bus *b)
{
    char match[256] = "type='signal',sender='" NET_BUS "',interface='" NET_BUS
                      "',member='NameOwnerChanged',arg0='";
    strncat(match, b->service, 80);
    strcat(match, "'");
    close_bus(b);
    timer_stop(&b->again_timer);
    if (sd_bus_open_system(&b->bus) >= 0 && sd_bus_attach_event(b->bus, b->loop, 0) >= 0 &&
        sd_bus_match_signal_async(b->bus, NULL, "org.freedesktop.DBus.Local", NULL,
                                  "org.freedesktop.DBus.Local", "Disconnected", on_disconnected,
                                  NULL, b) >= 0 &&
        sd_bus_add_match_async(b->bus, &b->watch, match, on_owner_changed, NULL, b) >= 0 &&
        sd_bus_call_method_async(b->bus, NULL, NET_BUS, NET_BUS_PATH, NET_BUS, "GetNameOwner",
                                 on_owner, b, "s", b->service) >= 0)
        return;
    close_bus(b);
    absent(b, "there is no system bus");
    timer_start(&b->again_timer, AGAIN_MS);
}

void net_bus_start(struct net_bus *b)
{
    open_bus(b);
}

void net_bus_stop(struct net_bus *b)
{
    if (b->bus)
        sd_bus_flush(b->bus); /* what was undone last; local, and its end reads it */
    close_bus(b);
}

void net_bus_tick(struct net_bus *b, troth_ms now)
{
    if (timer_due(&b->again_timer, now))
        open_bus(b);
}

troth_ms net_bus_deadline(const struct net_bus *b)
{
    return timer_deadline(&b->again_timer);
}

sd_bus_slot *net_bus_watch(struct net_bus *b, const char *rule, sd_bus_message_handler_t handler,
                           void *ctx)
{
    sd_bus_slot *slot = NULL;
    char match[400];
    int n = snprintf(match, sizeof match, "type='signal',sender='%s',%s", b->owner, rule);
    if (n > 0 && (size_t)n < sizeof match)
        sd_bus_add_match_async(b->bus, &slot, match, handler, NULL, ctx);
    return slot;
}

/* ---- calls ---- */

static int on_answer(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct net_bus_call *c = context, was = *c;
    (void)error;
    *c = (struct net_bus_call){0};
    was.answer(was.bus->ctx, was.tag, m);
    sd_bus_slot_unref(was.slot);
    return 0;
}

sd_bus_message *net_bus_message(struct net_bus *b, const char *path, const char *interface,
                                const char *method)
{
    sd_bus_message *m = NULL;
    if (!b->bus ||
        sd_bus_message_new_method_call(b->bus, &m, b->service, path, interface, method) < 0)
        return NULL;
    sd_bus_message_set_auto_start(m, 0);
    return m;
}

bool net_bus_send(struct net_bus *b, sd_bus_message *m, net_bus_answer *answer, uint32_t tag,
                  uint32_t seconds)
{
    struct net_bus_call *c = NULL;
    int r = -1;
    if (m && !answer) {
        r = sd_bus_message_set_expect_reply(m, 0);
        if (r >= 0)
            r = sd_bus_send(b->bus, m, NULL);
    } else if (m) {
        for (unsigned i = 0; i < NET_BUS_CALLS && !c; i++)
            if (!b->call[i].answer)
                c = &b->call[i];
        if (c) {
            *c = (struct net_bus_call){b, answer, tag, NULL};
            r = sd_bus_call_async(b->bus, &c->slot, m, on_answer, c,
                                  (uint64_t)(seconds ? seconds : CALL_S) * 1000000);
            if (r < 0)
                *c = (struct net_bus_call){0};
        }
    }
    sd_bus_message_unref(m);
    return r >= 0;
}

bool net_bus_ask(struct net_bus *b, net_bus_answer *answer, uint32_t tag, const char *path,
                 const char *interface, const char *method, const char *types, ...)
{
    sd_bus_message *m = net_bus_message(b, path, interface, method);
    va_list args;
    int r = 0;
    if (m && types) {
        va_start(args, types);
        r = sd_bus_message_appendv(m, types, args);
        va_end(args);
    }
    if (r < 0)
        m = sd_bus_message_unref(m);
    return net_bus_send(b, m, answer, tag, 0);
}

const char *net_bus_error(sd_bus_message *reply)
{
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    return e && e->name ? e->name : "";
}

bool net_bus_late(sd_bus_message *reply)
{
    return sd_bus_message_is_method_error(reply, SD_BUS_ERROR_NO_REPLY) ||
           sd_bus_message_is_method_error(reply, SD_BUS_ERROR_TIMEOUT);
}

const char *net_bus_error_text(sd_bus_message *reply)
{
    const sd_bus_error *e = sd_bus_message_get_error(reply);
    return !e ? "" : e->message && *e->message ? e->message : e->name;
}

/* ---- dictionaries ---- */

bool net_bus_each(sd_bus_message *m, void (*take)(void *ctx, const char *key, sd_bus_message *m),
                  void *ctx)
{
    const char *key, *types;
    char type;
    if (sd_bus_message_enter_container(m, 'a', "{sv}") < 0)
        return false;
    while (sd_bus_message_enter_container(m, 'e', "sv") > 0) {
        if (sd_bus_message_read(m, "s", &key) < 0 ||
            sd_bus_message_peek_type(m, &type, &types) < 0 ||
            sd_bus_message_enter_container(m, 'v', types) < 0)
            return false;
        take(ctx, key, m);
        while (!sd_bus_message_at_end(m, 0))
            if (sd_bus_message_skip(m, NULL) < 0)
                return false;
        if (sd_bus_message_exit_container(m) < 0 || sd_bus_message_exit_container(m) < 0)
            return false;
    }
    return sd_bus_message_exit_container(m) >= 0;
}

/* The interfaces of one object. */
static bool each_interface(sd_bus_message *m, const char *path,
                           void (*take)(void *ctx, const char *path, const char *interface,
                                        sd_bus_message *m),
                           void *ctx)
{
    const char *interface;
    if (sd_bus_message_enter_container(m, 'a', "{sa{sv}}") < 0)
        return false;
    while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
        if (sd_bus_message_read(m, "s", &interface) < 0)
            return false;
        take(ctx, path, interface, m);
        if (!sd_bus_message_at_end(m, 0) && sd_bus_message_skip(m, "a{sv}") < 0)
            return false;
        if (sd_bus_message_exit_container(m) < 0)
            return false;
    }
    return sd_bus_message_exit_container(m) >= 0;
}

bool net_bus_objects(sd_bus_message *m,
                     void (*take)(void *ctx, const char *path, const char *interface,
                                  sd_bus_message *m),
                     void *ctx)
{
    const char *path;
    if (sd_bus_message_rewind(m, 1) < 0 ||
        sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}") < 0)
        return false;
    while (sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}") > 0) {
        if (sd_bus_message_read(m, "o", &path) < 0 || !each_interface(m, path, take, ctx) ||
            sd_bus_message_exit_container(m) < 0)
            return false;
    }
    return sd_bus_message_exit_container(m) >= 0;
}

static char type_of(sd_bus_message *m)
{
    char type = 0;
    const char *types;
    return sd_bus_message_peek_type(m, &type, &types) > 0 ? type : 0;
}

uint32_t net_bus_u32(sd_bus_message *m, uint32_t otherwise)
{
    uint32_t u;
    uint8_t y;
    if (type_of(m) == 'u' && sd_bus_message_read(m, "u", &u) >= 0)
        return u;
    if (type_of(m) == 'y' && sd_bus_message_read(m, "y", &y) >= 0)
        return y;
    return otherwise;
}

const char *net_bus_string(sd_bus_message *m)
{
    const char *s;
    char type = type_of(m);
    if ((type == 's' || type == 'o') && sd_bus_message_read_basic(m, type, &s) >= 0)
        return s;
    return "";
}

bool net_bus_bool(sd_bus_message *m)
{
    int yes = 0;
    return type_of(m) == 'b' && sd_bus_message_read(m, "b", &yes) >= 0 && yes;
}

bool net_bus_is_text(const uint8_t *octets, size_t len)
{
    uint32_t c = 0;
    for (size_t n; len; octets += n, len -= n) {
        n = utf8_take(octets, len, &c);
        if (n == 0 || c == 0)
            return false;
    }
    return true;
}
