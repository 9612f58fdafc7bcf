/*
 * Another user of the bus, who says what is not so. A signal may be addressed to one connection,
 * which then gets it whatever it asked the bus for: the system bus lets everybody do that.
 */
#ifndef TROTH_TEST_BUS_STRANGER_H
#define TROTH_TEST_BUS_STRANGER_H

#include <systemd/sd-bus.h>

/* On the bus of DBUS_SYSTEM_BUS_ADDRESS, on no loop. The caller closes it. */
sd_bus *bus_stranger(void);
/* To the connection `to`; it is on its way there when this returns. */
void bus_stranger_says(sd_bus *stranger, const char *to, const char *path, const char *interface,
                       const char *member, const char *types, ...);
/* As the bus would tell it: the name has another owner; "" nobody. */
void bus_stranger_owner(sd_bus *stranger, const char *to, const char *name, const char *owner);

#endif
