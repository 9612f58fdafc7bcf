/*
 * What bluetoothd does not tell of a link and the kernel does: whether it is encrypted. Asked of the
 * kernel's list of connections, for which no capability is needed.
 */
#ifndef TROTH_PORTS_LINUX_BLUEZ_LINK_H
#define TROTH_PORTS_LINUX_BLUEZ_LINK_H

#include "ports/linux/bluez.h"

enum bluez_link {
    BLUEZ_LINK_UNKNOWN, /* the kernel cannot be asked, as in a sandbox, or knows no such link */
    BLUEZ_LINK_PLAIN,
    BLUEZ_LINK_ENCRYPTED,
};

enum bluez_link bluez_link(const struct bluez_adapter *adapter, const struct bluez_device *device);

#endif
