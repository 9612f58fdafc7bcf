/* Signals by somebody else. */
#include "support/bus_stranger.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

#define BUS "org.freedesktop.DBus"

sd_bus *bus_stranger(void)
{
    sd_bus *bus = NULL;
    assert_true(sd_bus_open_system(&bus) >= 0);
    return bus;
}

void bus_stranger_says(sd_bus *stranger, const char *to, const char *path, const char *interface,
                       const char *member, const char *types, ...)
{
    sd_bus_message *m = NULL;
    va_list args;
    assert_true(sd_bus_message_new_signal(stranger, &m, path, interface, member) >= 0);
    assert_true(sd_bus_message_set_destination(m, to) >= 0);
    va_start(args, types);
    assert_true(sd_bus_message_appendv(m, types, args) >= 0);
    va_end(args);
    assert_true(sd_bus_send(stranger, m, NULL) >= 0);
    sd_bus_message_unref(m);
    /* The bus answers in order: by then it has taken the signal. */
    assert_true(sd_bus_call_method(stranger, BUS, "/org/freedesktop/DBus", BUS, "GetId", NULL, NULL,
                                   NULL) >= 0);
}

void bus_stranger_owner(sd_bus *stranger, const char *to, const char *name, const char *owner)
{
    bus_stranger_says(stranger, to, "/org/freedesktop/DBus", BUS, "NameOwnerChanged", "sss", name,
                      ":1.0", owner);
}
