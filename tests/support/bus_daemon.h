/* A D-Bus daemon of the test's own, in a folder of its own; it ends with the test. */
#ifndef TROTH_TESTS_SUPPORT_BUS_DAEMON_H
#define TROTH_TESTS_SUPPORT_BUS_DAEMON_H

#include <stdbool.h>

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

struct bus_daemon {
    int pid; /* 0: it does not run */
    char dir[64];
};

/* Starts it; DBUS_SYSTEM_BUS_ADDRESS then names it. */
void bus_daemon_open(struct bus_daemon *d);
void bus_daemon_close(struct bus_daemon *d);
/* It ends, and is there again at the same place. */
void bus_daemon_kill(struct bus_daemon *d);
void bus_daemon_revive(struct bus_daemon *d);

/* Runs the loop until truth; when nothing comes for some seconds the test fails, with `said`. */
void bus_until(sd_event *loop, bool (*truth)(void *ctx), void *ctx, const char *what,
               const char *said);
/* To a client and back: messages keep their order, so all that was before it has arrived. */
void bus_round_trip(sd_bus *bus, const char *client, const char *said);

#endif
