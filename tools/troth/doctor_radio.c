/* The doctor's checks of adapters: are there any, are they blocked, who holds them, serial lines. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CAN_LE     0x0200 /* management settings */
#define CAN_SECURE 0x0800

static void check_kernel(struct doctor *d)
{
    char release[128], path[256];
    if (doctor_exists(d, "/sys/class/bluetooth")) {
        doctor_say(d, DOCTOR_GOOD, NULL, "the kernel has Bluetooth");
        return;
    }
    if (!doctor_read(d, release, sizeof release, "/proc/sys/kernel/osrelease"))
        *release = 0;
    snprintf(path, sizeof path, "/lib/modules/%s/kernel/net/bluetooth", release);
    if (*release && doctor_exists(d, path))
        doctor_say(d, DOCTOR_BAD, "sudo modprobe bluetooth",
                   "the kernel's Bluetooth is not loaded: no adapter has been seen");
    else
        doctor_say(d, DOCTOR_BAD, NULL,
                   "this kernel (%s) has no Bluetooth; in a container or a virtual machine the "
                   "adapter belongs to the host, and the air works as everywhere",
                   *release ? release : "unknown");
}

static void check_adapters(struct doctor *d)
{
    if (!d->adapters && doctor_exists(d, "/sys/class/bluetooth"))
        doctor_say(d, DOCTOR_BAD, NULL,
                   "there is no Bluetooth adapter here; plug one in, or on a Raspberry Pi see that "
                   "config.txt has no dtoverlay=disable-bt");
    for (unsigned i = 0; i < d->adapters; i++) {
        const struct doctor_adapter *a = &d->adapter[i];
        if (!a->have_info) {
            doctor_say(d, DOCTOR_WARN, NULL, "hci%u is there, and the kernel tells nothing of it",
                       a->index);
            continue;
        }
        bool no_address = !strcmp(a->address, "00:00:00:00:00:00");
        if (no_address && a->up)
            doctor_say(d, DOCTOR_WARN, NULL,
                       "hci%u has no public address; our own host uses a random one", a->index);
        if (a->have_settings && !(a->supported & CAN_LE)) {
            doctor_say(d, DOCTOR_BAD, NULL,
                       "hci%u has no Bluetooth LE: it is too old for anything Troth does",
                       a->index);
            continue;
        }
        if (a->have_settings && !(a->supported & CAN_SECURE))
            doctor_say(d, DOCTOR_WARN, NULL,
                       "hci%u under BlueZ has no LE Secure Connections; our own host makes them "
                       "itself, on any adapter",
                       a->index);
        doctor_say(d, DOCTOR_GOOD, NULL, "hci%u, %s, %s, is %s", a->index,
                   no_address ? "address not known before it is up" : a->address,
                   a->usb ? "on USB" : "not on USB", a->up ? "up" : "down");
    }
}

static bool tell_block(struct doctor *d, const char *name, void *ctx)
{
    char type[32], soft[8], hard[8], what[64];
    bool *any = ctx;
    if (!doctor_read(d, type, sizeof type, "/sys/class/rfkill/%s/type", name) ||
        (strcmp(type, "bluetooth") && strcmp(type, "wlan")))
        return true;
    if (!doctor_read(d, what, sizeof what, "/sys/class/rfkill/%s/name", name))
        snprintf(what, sizeof what, "%s", name);
    doctor_read(d, soft, sizeof soft, "/sys/class/rfkill/%s/soft", name);
    doctor_read(d, hard, sizeof hard, "/sys/class/rfkill/%s/hard", name);
    bool wlan = *type == 'w';
    if (*hard == '1')
        doctor_say(d, DOCTOR_BAD, NULL,
                   "%s (%s) is switched off by hardware: a switch, a key, or the firmware's "
                   "set-up; no command can change that",
                   what, type);
    else if (*soft == '1')
        doctor_say(d, DOCTOR_BAD,
                   wlan ? "sudo rfkill unblock wlan" : "sudo rfkill unblock bluetooth",
                   "%s (%s) is blocked by rfkill", what, type);
    *any |= *hard == '1' || *soft == '1';
    return true;
}

static void check_rfkill(struct doctor *d)
{
    bool any = false;
    if (!doctor_each(d, "/sys/class/rfkill", tell_block, &any))
        return;
    if (!any)
        doctor_say(d, DOCTOR_GOOD, NULL, "rfkill blocks nothing");
}

/* ---- who holds it ---- */

struct holders {
    char inode[64][16];
    unsigned inodes;
    char text[256];
    int bluetoothd;
    int pid; /* being looked at */
    char comm[32];
    bool told;
};

static bool look_at_fd(struct doctor *d, const char *name, void *ctx)
{
    struct holders *h = ctx;
    char path[512], link[64];
    if (!doctor_path(d, path, sizeof path, "/proc/%d/fd/%s", h->pid, name))
        return true;
    ssize_t n = readlink(path, link, sizeof link - 1);
    if (n <= 0)
        return true;
    link[n] = 0;
    for (unsigned i = 0; i < h->inodes; i++) {
        char socket[40];
        snprintf(socket, sizeof socket, "socket:[%s]", h->inode[i]);
        if (!strcmp(link, socket))
            h->told = true;
    }
    return !h->told;
}

static bool look_at_process(struct doctor *d, const char *name, void *ctx)
{
    struct holders *h = ctx;
    char dir[64];
    h->pid = atoi(name);
    if (h->pid <= 0 || h->pid == h->bluetoothd || (!*d->root && h->pid == getpid()))
        return true;
    if (!doctor_read(d, h->comm, sizeof h->comm, "/proc/%d/comm", h->pid))
        return true;
    snprintf(dir, sizeof dir, "/proc/%d/fd", h->pid);
    h->told = false;
    doctor_each(d, dir, look_at_fd, h);
    if (h->told) {
        size_t len = strlen(h->text);
        snprintf(h->text + len, sizeof h->text - len, "%s%s (process %d)", len ? ", " : "", h->comm,
                 h->pid);
    }
    return true;
}

/* Programs other than bluetoothd with an HCI socket: /proc/net/hci has their inodes. */
static void find_holders(struct doctor *d, struct holders *h)
{
    char table[8192], *rest, *line;
    memset(h, 0, sizeof *h);
    h->bluetoothd = d->bluetoothd;
    if (!doctor_read(d, table, sizeof table, "/proc/net/hci"))
        return;
    line = strtok_r(table, "\n", &rest); /* sk RefCnt Rmem Wmem User Inode Parent */
    while (line && (line = strtok_r(NULL, "\n", &rest)) && h->inodes < 64)
        if (sscanf(line, "%*s %*s %*s %*s %*s %15s", h->inode[h->inodes]) == 1)
            h->inodes++;
    if (h->inodes)
        doctor_each(d, "/proc", look_at_process, h);
}

static void tell_own_host(struct doctor *d, const struct doctor_adapter *a)
{
    char mend[256], self[200];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    if (d->bluetoothd) {
        snprintf(mend, sizeof mend, "sudo systemctl stop bluetooth");
        doctor_say(
            d, DOCTOR_NOTE, mend,
            "hci%u belongs to bluetoothd (process %d): use it over BlueZ, or stop bluetoothd "
            "for our own host on hci:%u",
            a->index, d->bluetoothd, a->index);
    } else if (!d->can_user_channel) {
        snprintf(mend, sizeof mend, "sudo setcap cap_net_admin,cap_net_raw+ep %s",
                 n > 0 ? self : "/usr/bin/troth");
        doctor_say(d, DOCTOR_WARN, mend,
                   "our own host on hci:%u needs CAP_NET_ADMIN, which this process has not: use "
                   "sudo, or give it to the program (who can run it can then use the radio)",
                   a->index);
    } else {
        d->own_host++;
        doctor_say(d, DOCTOR_GOOD, NULL, "our own host can take hci:%u", a->index);
    }
}

static void check_holders(struct doctor *d)
{
    struct holders h;
    if (!d->adapters)
        return;
    find_holders(d, &h);
    for (unsigned i = 0; i < d->adapters; i++) {
        const struct doctor_adapter *a = &d->adapter[i];
        if (a->soft_block || a->hard_block)
            continue; /* said */
        if (d->managed_known && !a->managed && a->up) {
            d->held++;
            doctor_say(d, *h.text ? DOCTOR_NOTE : DOCTOR_WARN, NULL,
                       "hci%u is held through the user channel by another host%s%s; end that "
                       "program before another can have it",
                       a->index, *h.text ? ": one of " : "", h.text);
        } else if (d->managed_known && !a->managed)
            doctor_say(d, DOCTOR_WARN, NULL,
                       "hci%u is not set up: its firmware may be missing, see dmesg", a->index);
        else
            tell_own_host(d, a);
    }
    if (*h.text)
        doctor_say(d, DOCTOR_NOTE, NULL, "programs that have HCI sockets open: %s", h.text);
}

/* ---- serial lines, for uart: ---- */

struct lines {
    unsigned count, shut;
    char text[256];
};

static bool look_at_line(struct doctor *d, const char *name, void *ctx)
{
    static const char *const kinds[] = {"ttyAMA", "ttyUSB", "ttyACM", "serial"};
    struct lines *l = ctx;
    char path[300];
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strncmp(name, kinds[i], strlen(kinds[i])))
            continue;
        snprintf(path, sizeof path, "/dev/%.250s", name);
        int r = doctor_access(d, path, R_OK | W_OK);
        if (r == ENOENT || r == ENOTDIR)
            continue;
        size_t len = strlen(l->text);
        snprintf(l->text + len, sizeof l->text - len, "%s%s", len ? ", " : "", path);
        l->count++;
        l->shut += r != 0;
    }
    return true;
}

static void check_serial(struct doctor *d)
{
    struct lines l = {0};
    char cmdline[1024];
    doctor_each(d, "/dev", look_at_line, &l);
    if (!l.count)
        return;
    if (l.shut)
        doctor_say(d, DOCTOR_NOTE, "sudo usermod -aG dialout $USER",
                   "serial lines for uart:DEV: %s; not all of them are open to this user (log in "
                   "anew after the command)",
                   l.text);
    else
        doctor_say(d, DOCTOR_NOTE, NULL, "serial lines for uart:DEV: %s", l.text);
    if (doctor_read(d, cmdline, sizeof cmdline, "/proc/cmdline") &&
        (strstr(cmdline, "console=ttyAMA") || strstr(cmdline, "console=serial")))
        doctor_say(d, DOCTOR_WARN, "sudo raspi-config nonint do_serial_cons 1",
                   "the kernel's console is on a serial line: a controller cannot share it");
}

const struct doctor_check doctor_radio[] = {
    {"radio", "kernel", check_kernel}, {"radio", "adapters", check_adapters},
    {"radio", "rfkill", check_rfkill}, {"radio", "holders", check_holders},
    {"radio", "serial", check_serial}, {0},
};
