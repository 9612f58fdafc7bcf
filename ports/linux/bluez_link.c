/* Facts: Linux, include/net/bluetooth/hci_sock.h, HCIGETCONNLIST. */
#include "ports/linux/bluez_link.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTO_HCI     1
#define GET_CONN_LIST _IOR('H', 212, int)
#define LE_LINK       0x80
#define LM_ENCRYPT    0x0004
#define LINKS         16

struct conn_info {
    uint16_t handle;
    uint8_t addr[6];
    uint8_t type, out;
    uint16_t state;
    uint32_t link_mode;
};

struct conn_list {
    uint16_t dev, count;
    struct conn_info conn[LINKS];
};

/* By its identity, or by the address that it was found by: the path keeps that. */
static bool is_it(const struct conn_info *conn, const struct bluez_device *device)
{
    unsigned b[6];
    const char *dev = strstr(device->path, "/dev_");
    if (!memcmp(conn->addr, device->addr.b, 6))
        return true;
    if (!dev ||
        sscanf(dev, "/dev_%2x_%2x_%2x_%2x_%2x_%2x", &b[5], &b[4], &b[3], &b[2], &b[1], &b[0]) != 6)
        return false;
    for (unsigned i = 0; i < 6; i++)
        if (conn->addr[i] != b[i])
            return false;
    return true;
}

enum bluez_link bluez_link(const struct bluez_adapter *adapter, const struct bluez_device *device)
{
    struct conn_list list = {.count = LINKS};
    enum bluez_link link = BLUEZ_LINK_UNKNOWN;
    unsigned index;
    const char *hci = adapter ? strrchr(adapter->path, '/') : NULL;
    if (!hci || sscanf(hci, "/hci%u", &index) != 1)
        return link;
    int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC, PROTO_HCI);
    if (fd < 0)
        return link;
    list.dev = (uint16_t)index;
    if (!ioctl(fd, GET_CONN_LIST, &list))
        for (unsigned i = 0; i < list.count && i < LINKS; i++)
            if (list.conn[i].type == LE_LINK && is_it(&list.conn[i], device))
                link =
                    list.conn[i].link_mode & LM_ENCRYPT ? BLUEZ_LINK_ENCRYPTED : BLUEZ_LINK_PLAIN;
    close(fd);
    return link;
}
