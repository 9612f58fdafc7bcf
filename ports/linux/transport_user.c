/*
 * HCI_CHANNEL_USER: one of the kernel's adapters, all of it. The kernel wants CAP_NET_ADMIN, an
 * adapter that is down and nobody else at it; its driver stays in place, so that firmware, USB and
 * suspension are its business.
 *
 * The interface is the kernel's, small and frozen; it is written down here because its header is
 * in a library that Troth has no other use for.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "ports/linux/transport_parts.h"

#define BTPROTO_HCI      1
#define HCI_CHANNEL_USER 1

#define HCIDEVDOWN    _IOW('H', 202, int)
#define HCIGETDEVLIST _IOR('H', 210, int)
#define HCIGETDEVINFO _IOR('H', 211, int)

#define HCI_FLAG_UP 0x01u /* bit 0 of hci_adapter.flags */

struct hci_address {
    sa_family_t family;
    uint16_t device;
    uint16_t channel;
};

struct hci_adapter_list {
    uint16_t count;
    struct {
        uint16_t id;
        uint32_t flags;
    } adapter[16];
};

struct hci_adapter {
    uint16_t id;
    char name[8];
    uint8_t addr[6];
    uint32_t flags;
    uint8_t type; /* the bus in the lower four bits */
    uint8_t features[8];
    uint32_t packet_type, link_policy, link_mode;
    uint16_t acl_mtu, acl_packets, sco_mtu, sco_packets;
    uint32_t statistics[10];
};

_Static_assert(sizeof(struct hci_address) == 6, "struct sockaddr_hci");
_Static_assert(sizeof(struct hci_adapter) == 92, "struct hci_dev_info");

/* An adapter that was plugged in a moment ago is being set up by the kernel: firmware, address. */
#define SETUP_MS    200
#define SETUP_TRIES 50

static bool is_up(const struct transport *t)
{
    struct hci_adapter info = {.id = t->where.adapter};
    return ioctl(t->fd, HCIGETDEVINFO, &info) == 0 && info.flags & HCI_FLAG_UP;
}

/* bluetoothd cannot be without the system bus. */
static bool bluetoothd_runs(void)
{
    sd_bus *bus = NULL;
    bool runs = false;
    if (sd_bus_open_system(&bus) >= 0) {
        sd_bus_set_method_call_timeout(bus, 1000000);
        runs = sd_bus_get_name_creds(bus, "org.bluez", 0, NULL) >= 0;
    }
    sd_bus_flush_close_unref(bus);
    return runs;
}

/* ---- refusals ---- */

static void no_such_adapter(struct transport *t)
{
    struct hci_adapter_list list = {.count = sizeof list.adapter / sizeof *list.adapter};
    char names[16 * 10] = "";
    size_t at = 0;
    if (ioctl(t->fd, HCIGETDEVLIST, &list))
        list.count = 0;
    for (unsigned i = list.count; i--;) /* the newest is the first */
        at += (size_t)snprintf(names + at, sizeof names - at, "%shci%u", at ? ", " : "",
                               (unsigned)list.adapter[i].id);
    if (list.count)
        transport_fail(t, "there is no adapter hci%u; there is %s", (unsigned)t->where.adapter,
                       names);
    else
        transport_fail(t,
                       "there is no adapter hci%u, nor any other: is it plugged in, and does "
                       "`dmesg | grep -i bluetooth` miss its firmware?",
                       (unsigned)t->where.adapter);
}

static void not_permitted(struct transport *t)
{
    char program[300];
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = 0;
    transport_fail(t,
                   "to have hci%u for itself, %s needs CAP_NET_ADMIN: run it as root, or `sudo "
                   "setcap cap_net_admin+ep %s`, or AmbientCapabilities=CAP_NET_ADMIN in its "
                   "systemd unit",
                   (unsigned)t->where.adapter, n > 0 ? "this program" : "it",
                   n > 0 ? program : "PROGRAM");
}

static void bluetoothd_holds(struct transport *t)
{
    unsigned n = t->where.adapter;
    transport_fail(
        t,
        "bluetoothd holds hci%u. Either work through it (bluez:hci%u), or stop it: `sudo "
        "systemctl disable --now bluetooth`; or, for bluetoothd to keep its other "
        "adapters, AutoEnable=false under [Policy] in /etc/bluetooth/main.conf, `sudo "
        "systemctl restart bluetooth`, and this one off: `sudo btmgmt -i hci%u power "
        "off`",
        n, n, n);
}

static void refused(struct transport *t, int error)
{
    unsigned n = t->where.adapter;
    switch (error) {
    case ENODEV:
        no_such_adapter(t);
        break;
    case EPERM:
    case EACCES:
        not_permitted(t);
        break;
    case EUSERS:
        transport_fail(t, "another program has hci%u for itself; end it", n);
        break;
    case EBUSY:
        if (is_up(t))
            transport_fail(t, "somebody turns hci%u on again and again; end that program", n);
        else
            transport_fail(t,
                           "hci%u is still being set up by the kernel: see `dmesg | grep -i "
                           "bluetooth`, or plug it in again",
                           n);
        break;
    case ERFKILL:
        transport_fail(t,
                       "hci%u is switched off by rfkill: `sudo rfkill unblock bluetooth`; if "
                       "`rfkill` says hard blocked, a switch or key of this machine does it",
                       n);
        break;
    default:
        transport_fail(t,
                       "the kernel cannot start hci%u: %s; plug it in again, or see `dmesg | "
                       "grep -i bluetooth`",
                       n, strerror(error));
    }
}

/* ---- opening ---- */

static void try_bind(struct transport *t)
{
    struct hci_address to = {AF_BLUETOOTH, t->where.adapter, HCI_CHANNEL_USER};
    if (bind(t->fd, (const struct sockaddr *)&to, sizeof to) == 0) {
        transport_watch(t, EPOLLIN);
        transport_is_up(t);
        return;
    }
    int error = errno;
    if (error != EBUSY || t->tries++ >= SETUP_TRIES) {
        refused(t, error);
        return;
    }
    if (is_up(t)) {
        if (bluetoothd_runs()) {
            bluetoothd_holds(t);
            return;
        }
        if (ioctl(t->fd, HCIDEVDOWN, (long)t->where.adapter)) {
            refused(t, errno == EBUSY ? EUSERS : errno);
            return;
        }
    }
    transport_alarm(t, t->tries == 1 ? 0 : SETUP_MS);
}

static void begin(struct transport *t)
{
    t->fd = socket(AF_BLUETOOTH, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, BTPROTO_HCI);
    if (t->fd >= 0) {
        try_bind(t);
        return;
    }
    if (errno == EAFNOSUPPORT || errno == EPROTONOSUPPORT || errno == EPERM || errno == EACCES)
        transport_fail(t, "this kernel has no Bluetooth, or does not let us use it: try `sudo "
                          "modprobe bluetooth`; a systemd unit with RestrictAddressFamilies= has "
                          "to name AF_BLUETOOTH there");
    else
        transport_fail(t, "cannot open %s: %s", t->where.text, strerror(errno));
}

/* Nothing is watched before bind. */
static void connecting(struct transport *t)
{
    (void)t;
}

static ssize_t put(struct transport *t, const uint8_t *octets, size_t len)
{
    return send(t->fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t take(struct transport *t, uint8_t *octets, size_t cap)
{
    return recv(t->fd, octets, cap, MSG_DONTWAIT);
}

const struct transport_ops transport_user = {
    .packets = true,
    .begin = begin,
    .connecting = connecting,
    .alarm = try_bind,
    .write = put,
    .read = take,
};
