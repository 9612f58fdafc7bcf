/*
 * A private bus with a double of one service on it, on the test's own loop. What is called is
 * written down and handed to the test, which answers.
 */
#ifndef TROTH_TEST_BUS_DOUBLE_H
#define TROTH_TEST_BUS_DOUBLE_H

#include <stdbool.h>

#include <systemd/sd-bus.h>

#include "support/bus_daemon.h"

struct bus_double {
    sd_event *loop;
    const char *service;
    /* A method call. True: answered, or never to be. */
    bool (*call)(void *ctx, sd_bus_message *m, const char *path, const char *member);
    void *ctx;
    sd_bus *bus; /* NULL: the service is down */
    struct bus_daemon daemon;
    char client[64];  /* who called last */
    char said[16384]; /* "member path" and a newline for each call */
};

/* The bus, which DBUS_SYSTEM_BUS_ADDRESS then names; the service comes by bus_double_up. */
void bus_double_open(struct bus_double *d);
void bus_double_close(struct bus_double *d);
void bus_double_up(struct bus_double *d);
void bus_double_down(struct bus_double *d);
/* The daemon itself ends, and is there again at the same place. */
void bus_double_kill(struct bus_double *d);
void bus_double_revive(struct bus_double *d);
/* Runs the loop until truth, or fails after some seconds. */
void bus_double_until(struct bus_double *d, bool (*truth)(void *ctx), void *ctx, const char *what);
/* Until everything on its way has arrived, and what it led to. */
void bus_double_settle(struct bus_double *d);
bool bus_double_heard(const struct bus_double *d, const char *call);
void bus_double_forget(struct bus_double *d);

/* "a{sv}" of one interface, for GetManagedObjects and the like: {key, types, value} by append. */
void bus_double_object(sd_bus_message *m, const char *path);
void bus_double_interface(sd_bus_message *m, const char *interface);
void bus_double_end_interface(sd_bus_message *m);
void bus_double_end_object(sd_bus_message *m);

/* All a message carries, as text, for looking into it. The caller frees it. */
char *bus_double_text(sd_bus_message *m);

#endif
