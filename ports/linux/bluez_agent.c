/* An agent of bluetoothd's: registered whenever that is there. */
#include "ports/linux/bluez_agent_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troth/smp.h>

#define MANAGER_PATH "/org/bluez"
#define MANAGER      "org.bluez.AgentManager1"
#define AGENT        "org.bluez.Agent1"

const char *bluez_agent_io_cap(uint8_t io_cap)
{
    static const char *const names[] = {[TROTH_DISPLAY_ONLY] = "DisplayOnly",
                                        [TROTH_DISPLAY_YES_NO] = "DisplayYesNo",
                                        [TROTH_KEYBOARD_ONLY] = "KeyboardOnly",
                                        [TROTH_NO_INPUT_NO_OUTPUT] = "NoInputNoOutput",
                                        [TROTH_KEYBOARD_DISPLAY] = "KeyboardDisplay"};
    return io_cap < sizeof names / sizeof *names ? names[io_cap] : "NoInputNoOutput";
}

void bluez_agent_tell(struct bluez_agent *a, struct bluez_agent_news news)
{
    if (a->cfg.told)
        a->cfg.told(a->cfg.ctx, &news);
}

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
    bluez_agent_tell(
        a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REGISTERED,
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
        bluez_agent_tell(a,
                         (struct bluez_agent_news){.type = BLUEZ_AGENT_REFUSED,
                                                   .why = bluez_why("register an agent", e, why)});
        return 0;
    }
    a->registered = true;
    if (!a->cfg.as_default) {
        bluez_agent_tell(a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REGISTERED});
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
        bluez_agent_tell(
            a, (struct bluez_agent_news){.type = BLUEZ_AGENT_REFUSED, .why = strerror(-r)});
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
    bluez_agent_close_all(a, NULL);
}

/* A display has no other end. */
static void on_device(void *ctx, const struct bluez_device *d, unsigned news)
{
    struct bluez_agent *a = ctx;
    bool over = (news & BLUEZ_GONE) || ((news & BLUEZ_PAIRING) && d->paired) ||
                ((news & BLUEZ_CONNECTION) && !d->connected);
    if (over)
        bluez_agent_close_all(a, d->path);
}

struct bluez_agent *bluez_agent_new(struct bluez *b, const struct bluez_agent_config *config,
                                    char *why, size_t why_cap)
{
    struct bluez_agent *a = calloc(1, sizeof *a);
    int r = a ? 0 : -ENOMEM;
    if (a) {
        a->bluez = b;
        a->cfg = *config;
        r = sd_bus_add_object_vtable(bluez_bus(b), &a->object, path_of(a), AGENT,
                                     bluez_agent_vtable, a);
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
    bluez_agent_refuse_all(a);
    leave(a);
    sd_bus_flush(bluez_bus(a->bluez));
    sd_bus_slot_unref(a->object);
    free(a);
}
