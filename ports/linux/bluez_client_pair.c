/* A central over BlueZ: pairing, and what of it is certain. */
#include "ports/linux/bluez_client_parts.h"

#include <string.h>

#define CONNECT_USEC (15 * 1000000ull)
#define PAIR_USEC    (130 * 1000000ull) /* people type */
#define BOND_USEC    1000000            /* between Paired and Bonded, at most */

static sd_bus *bus(const struct bluez_client *c)
{
    return bluez_bus(c->cfg.bluez);
}

void bluez_client_end_pair(struct bluez_client *c)
{
    c->late = sd_event_source_disable_unref(c->late);
    c->pair = sd_bus_slot_unref(c->pair);
    c->barrier = sd_bus_slot_unref(c->barrier);
    c->pairing = c->handled = false;
}

static void told_paired(struct bluez_client *c)
{
    c->soon = sd_event_source_disable_unref(c->soon);
    bluez_client_end_pair(c);
    c->told_paired = c->made = true;
    bluez_client_tell(c, BLUEZ_CLIENT_PAIRED, NULL);
}

static int on_soon(sd_event_source *source, uint64_t now, void *ctx)
{
    (void)source;
    (void)now;
    told_paired(ctx);
    return 0;
}

static void soon(struct bluez_client *c)
{
    if (!c->soon)
        sd_event_add_time_relative(c->loop, &c->soon, CLOCK_MONOTONIC, BOND_USEC, 0, on_soon, c);
}

/*
 * A device may have asked for it by itself, and bluetoothd 5.66 never answers a Pair that comes
 * while it looks at the services: its property is what counts.
 */
void bluez_client_look_whether_paired(struct bluez_client *c, const struct bluez_device *d)
{
    if (!c->connected || c->was_paired || c->told_paired || !d->paired)
        return;
    if (d->bonded)
        told_paired(c);
    else
        soon(c);
}

bool bluez_client_is_asked(const struct bluez_client *c)
{
    const struct bluez_device *d = bluez_client_device(c);
    return c->pairing && c->handled && d && !d->paired;
}

bool bluez_client_made(const struct bluez_client *c, const struct troth_addr *addr)
{
    const struct bluez_device *d = bluez_device_of(c->cfg.bluez, addr);
    return c->made && d && !strcmp(d->path, c->path);
}

/* No link came of our Pair. */
static void tell_unreachable(struct bluez_client *c, const sd_bus_error *e)
{
    char why[BLUEZ_WHY];
    bluez_client_end_pair(c);
    c->connecting = false;
    bluez_client_tell(c, BLUEZ_CLIENT_CONNECT_FAILED, bluez_why("connect", e, why));
}

static int on_pair(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    const sd_bus_error *e = bluez_client_failure(m);
    char why[BLUEZ_WHY];
    (void)error;
    const struct bluez_device *d = bluez_client_device(c);
    bool paired = !e || bluez_is(e, "AlreadyExists");
    bluez_client_end_pair(c);
    if (c->connecting && !paired)
        tell_unreachable(c, e);
    else if (c->connecting)
        bluez_client_call_connect(c, CONNECT_USEC);
    else if (paired && d && !d->bonded)
        soon(c); /* its properties may come after its answer */
    else if (paired)
        told_paired(c);
    else
        bluez_client_tell(c, BLUEZ_CLIENT_PAIR_FAILED, bluez_why(NULL, e, why));
    return 0;
}

/* An error may be sd-bus's own, when time ran out: it says nothing of what bluetoothd has. */
static int on_handled(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct bluez_client *c = ctx;
    (void)error;
    c->barrier = sd_bus_slot_unref(c->barrier);
    c->handled = c->pairing && !bluez_client_failure(m);
    return 0;
}

/*
 * Pair, and a call after it whose answer tells that Pair was handled. A property, since bluetoothd's
 * own code answers for it, as for Pair; libdbus answers a Ping for it.
 */
static int call_pair(struct bluez_client *c)
{
    sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_call(bus(c), &m, BLUEZ, c->path, BLUEZ_DEVICE, "Pair");
    if (r >= 0)
        r = sd_bus_call_async(bus(c), &c->pair, m, on_pair, c, PAIR_USEC);
    sd_bus_message_unref(m);
    c->pairing = r >= 0;
    if (c->pairing)
        sd_bus_call_method_async(bus(c), &c->barrier, BLUEZ, c->path, BLUEZ_PROPERTIES, "Get",
                                 on_handled, c, "ss", BLUEZ_DEVICE, "Paired");
    return r < 0 ? TROTH_FAILED : TROTH_OK;
}

int bluez_client_pair(struct bluez_client *c)
{
    if (!c->connected)
        return TROTH_STATE;
    if (c->pairing)
        return TROTH_BUSY;
    if (c->told_paired || c->soon)
        return TROTH_OK;
    return call_pair(c);
}

static int on_late(sd_event_source *source, uint64_t now, void *ctx)
{
    static const sd_bus_error silent = {.name = "org.bluez.Error.ConnectionAttemptFailed"};
    struct bluez_client *c = ctx;
    (void)source;
    (void)now;
    bluez_client_send(c, c->path, BLUEZ_DEVICE, "CancelPairing");
    bluez_client_send(c, c->path, BLUEZ_DEVICE, "Disconnect");
    tell_unreachable(c, &silent);
    return 0;
}

int bluez_client_connect_pairing(struct bluez_client *c, const struct troth_addr *addr, unsigned ms)
{
    int r = bluez_client_begin(c, addr);
    if (r != TROTH_OK || c->was_connected || c->was_paired)
        return r == TROTH_OK ? bluez_client_call_connect(c, ms * 1000ull) : r;
    r = call_pair(c);
    c->connecting = r == TROTH_OK;
    if (c->connecting)
        sd_event_add_time_relative(c->loop, &c->late, CLOCK_MONOTONIC, ms * 1000ull, 0, on_late, c);
    return r;
}
