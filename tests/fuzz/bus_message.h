/* D-Bus messages made of octets, in memory: what a service says of its objects, and what it never would. */
#ifndef TROTH_TESTS_FUZZ_BUS_MESSAGE_H
#define TROTH_TESTS_FUZZ_BUS_MESSAGE_H

#include <systemd/sd-bus.h>

#include "base/bytes.h"

/* What a service has: each list ends with NULL. */
struct bus_words {
    const char *const *paths, *const *interfaces;
    const char *const *properties; /* a name, then its type, ... */
    const char *const *texts;      /* that mean something */
};

/* A bus with nobody on it. */
sd_bus *bus_in_memory(void);
const char *bus_pick(struct in *in, const char *const *list);
/* Valid until the next. */
const char *bus_text(struct in *in, const struct bus_words *w);

sd_bus_message *bus_begin(void);
void bus_seal(sd_bus_message *m);
/* a{sv}; oa{sa{sv}}; a{oa{sa{sv}}} */
void bus_put_properties(sd_bus_message *m, struct in *in, const struct bus_words *w);
void bus_put_object(sd_bus_message *m, struct in *in, const struct bus_words *w);
void bus_put_objects(sd_bus_message *m, struct in *in, const struct bus_words *w);

#endif
