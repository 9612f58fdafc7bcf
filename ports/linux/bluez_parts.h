/* What bluez.c and bluez_objects.c share. */
#ifndef TROTH_PORTS_LINUX_BLUEZ_PARTS_H
#define TROTH_PORTS_LINUX_BLUEZ_PARTS_H

#include "ports/linux/bluez.h"

#define LISTENERS 8

struct bluez {
    sd_event *loop;
    sd_bus *bus;
    char wanted[BLUEZ_PATH]; /* the adapter's path; empty: any */
    char owner[64];          /* the unique name behind org.bluez; empty: nobody */
    sd_bus_slot *asking;     /* GetManagedObjects */
    sd_event_source *again;  /* ... was not answered in time */
    bool started, up;
    char why[BLUEZ_WHY]; /* the last reason not to be up */
    struct bluez_adapter adapter;
    struct bluez_device *devices;
    struct bluez_listener listener[LISTENERS];
};

#define TELL(b, function, ...)                                                                     \
    for (unsigned tell_ = 0; tell_ < LISTENERS; tell_++)                                           \
        if ((b)->listener[tell_].function)                                                         \
    (b)->listener[tell_].function((b)->listener[tell_].ctx, __VA_ARGS__)

/* ---- bluez_objects.c ---- */

/* Is it an object of the adapter's? */
bool bluez_below(const struct bluez *b, const char *path);
/* A GetManagedObjects reply. look: only to find the adapter, whose path is set. */
void bluez_each_object(struct bluez *b, sd_bus_message *m, bool look);
/* One object, at its path: as InterfacesAdded has it. True: it is the adapter. */
bool bluez_each_interface(struct bluez *b, sd_bus_message *m, bool look);
/* Properties that changed, m after the interface. */
void bluez_changed(struct bluez *b, const char *path, const char *interface, sd_bus_message *m);
void bluez_remove_device(struct bluez *b, const char *path);
void bluez_forget_devices(struct bluez *b);

#endif
