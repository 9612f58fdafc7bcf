/* What the kernel says of an adapter: HCIGETDEVINFO and the management interface, neither of which
 * needs a capability. Facts: Linux, include/net/bluetooth/{hci_sock,mgmt}.h. */
#include "doctor.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define PROTO_HCI       1
#define CHANNEL_CONTROL 3
#define NO_INDEX        0xffff
#define GET_DEV_INFO    _IOR('H', 211, int)
#define FLAG_UP         0x01
#define FLAG_RAW        0x40
#define BUS_USB         1

#define MGMT_READ_INDEX_LIST 0x0003
#define MGMT_READ_INFO       0x0004
#define MGMT_COMPLETE        0x0001
#define MGMT_STATUS          0x0002

struct dev_info {
    uint16_t id;
    char name[8];
    uint8_t addr[6];
    uint32_t flags;
    uint8_t type;
    uint8_t rest[3 + 8 + 3 * 4 + 4 * 2 + 10 * 4 + 16];
};

struct sockaddr_bt {
    sa_family_t family;
    uint16_t dev, channel;
};

static int hci_socket(bool control)
{
    int fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, PROTO_HCI);
    struct sockaddr_bt where = {AF_BLUETOOTH, NO_INDEX, CHANNEL_CONTROL};
    if (fd >= 0 && control && bind(fd, (const struct sockaddr *)&where, sizeof where)) {
        close(fd);
        return -1;
    }
    return fd;
}

/* One command; its return parameters. -1: no answer, or a refusal. */
static int mgmt(int fd, uint16_t opcode, uint16_t index, uint8_t *reply, size_t cap)
{
    uint8_t p[512] = {
        (uint8_t)opcode, (uint8_t)(opcode >> 8), (uint8_t)index, (uint8_t)(index >> 8), 0, 0};
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    if (write(fd, p, 6) != 6)
        return -1;
    while (poll(&wait, 1, 2000) > 0) {
        ssize_t n = read(fd, p, sizeof p);
        if (n < 9 || p[6] != (opcode & 0xff) || p[7] != opcode >> 8 || p[1] ||
            (p[0] != MGMT_COMPLETE && p[0] != MGMT_STATUS))
            continue; /* another's event */
        size_t len = (size_t)n - 9;
        if (p[0] == MGMT_STATUS || p[8] || len > cap)
            return -1;
        memcpy(reply, p + 9, len);
        return (int)len;
    }
    return -1;
}

static void ask_kernel(struct doctor *d)
{
    uint8_t list[256];
    int fd = hci_socket(true);
    int n = fd < 0 ? -1 : mgmt(fd, MGMT_READ_INDEX_LIST, NO_INDEX, list, sizeof list);
    d->managed_known = n >= 2;
    for (unsigned i = 0; i < d->adapters; i++) {
        struct doctor_adapter *a = &d->adapter[i];
        for (int at = 2; at + 2 <= n; at += 2)
            a->managed |= (list[at] | list[at + 1] << 8) == a->index;
        uint8_t info[280];
        if (a->managed && mgmt(fd, MGMT_READ_INFO, a->index, info, sizeof info) >= 17) {
            const uint8_t *s = info + 9;
            a->have_settings = true;
            a->supported =
                (uint32_t)s[0] | (uint32_t)s[1] << 8 | (uint32_t)s[2] << 16 | (uint32_t)s[3] << 24;
            a->current =
                (uint32_t)s[4] | (uint32_t)s[5] << 8 | (uint32_t)s[6] << 16 | (uint32_t)s[7] << 24;
        }
    }
    if (fd >= 0)
        close(fd);
    fd = hci_socket(false);
    for (unsigned i = 0; fd >= 0 && i < d->adapters; i++) {
        struct doctor_adapter *a = &d->adapter[i];
        struct dev_info info = {.id = a->index};
        if (ioctl(fd, GET_DEV_INFO, &info))
            continue;
        a->have_info = true;
        a->up = info.flags & FLAG_UP;
        a->raw = info.flags & FLAG_RAW;
        a->usb = (info.type & 0x0f) == BUS_USB;
        const uint8_t *b = info.addr;
        snprintf(a->address, sizeof a->address, "%02X:%02X:%02X:%02X:%02X:%02X", b[5], b[4], b[3],
                 b[2], b[1], b[0]);
    }
    if (fd >= 0)
        close(fd);
}

/* A test's machine: root/doctor/hciN has words, "C0:FF:EE:00:00:01 up usb managed 0x... 0x...". */
static void ask_files(struct doctor *d)
{
    char text[256], *rest, *word;
    d->managed_known = true;
    for (unsigned i = 0; i < d->adapters; i++) {
        struct doctor_adapter *a = &d->adapter[i];
        if (!doctor_read(d, text, sizeof text, "/doctor/hci%u", a->index))
            continue;
        a->have_info = true;
        for (word = strtok_r(text, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
            a->up |= !strcmp(word, "up");
            a->raw |= !strcmp(word, "raw");
            a->usb |= !strcmp(word, "usb");
            a->managed |= !strcmp(word, "managed");
            if (!strncmp(word, "0x", 2)) {
                uint32_t value = (uint32_t)strtoul(word, NULL, 16);
                if (a->have_settings)
                    a->current = value;
                else
                    a->supported = value;
                a->have_settings = true;
            } else if (strchr(word, ':')) {
                snprintf(a->address, sizeof a->address, "%s", word);
            }
        }
    }
}

static bool take_rfkill(struct doctor *d, const char *name, void *ctx)
{
    struct doctor_adapter *a = ctx;
    char value[8];
    int number;
    if (sscanf(name, "rfkill%d", &number) != 1)
        return true;
    a->has_rfkill = true;
    a->rfkill = number;
    a->soft_block =
        doctor_read(d, value, sizeof value, "/sys/class/rfkill/%s/soft", name) && *value == '1';
    a->hard_block =
        doctor_read(d, value, sizeof value, "/sys/class/rfkill/%s/hard", name) && *value == '1';
    return true;
}

static bool take_adapter(struct doctor *d, const char *name, void *ctx)
{
    unsigned index;
    char end, dir[64];
    (void)ctx;
    if (sscanf(name, "hci%u%c", &index, &end) != 1) /* hci0:64 is a connection */
        return true;
    struct doctor_adapter *a = &d->adapter[d->adapters++];
    a->index = (uint16_t)index;
    snprintf(dir, sizeof dir, "/sys/class/bluetooth/hci%u", index);
    doctor_each(d, dir, take_rfkill, a);
    return d->adapters < DOCTOR_ADAPTERS;
}

void doctor_look_at_adapters(struct doctor *d)
{
    doctor_each(d, "/sys/class/bluetooth", take_adapter, NULL);
    if (!d->adapters)
        return; /* a socket would load the kernel's module */
    if (*d->root)
        ask_files(d);
    else
        ask_kernel(d);
}
