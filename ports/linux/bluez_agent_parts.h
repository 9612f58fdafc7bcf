/* What bluez_agent.c and bluez_agent_calls.c share. */
#ifndef TROTH_PORTS_LINUX_BLUEZ_AGENT_PARTS_H
#define TROTH_PORTS_LINUX_BLUEZ_AGENT_PARTS_H

#include "ports/linux/bluez_agent.h"

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

void bluez_agent_tell(struct bluez_agent *a, struct bluez_agent_news news);

/* ---- bluez_agent_calls.c ---- */

extern const sd_bus_vtable bluez_agent_vtable[];

/* What is open, of this device (NULL: of all), is over. */
void bluez_agent_close_all(struct bluez_agent *a, const char *device);
/* We leave: nothing that is open is allowed. */
void bluez_agent_refuse_all(struct bluez_agent *a);

#endif
