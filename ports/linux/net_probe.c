/*
 * Who manages the Wi-Fi. NetworkManager is asked first: it may drive wpa_supplicant or iwd itself,
 * whose own interfaces are there too, and would undo what is done behind its back. Then iwd, then
 * wpa_supplicant by itself. None is started by asking.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <systemd/sd-bus.h>

#include "ports/linux/net_bus.h"
#include "ports/linux/net_station.h"
#include "ports/linux/net_wpa_ctrl.h"

#define ASK_US 1000000

/* Without starting anything: activation would make a service of a file lying around. */
static int ask(sd_bus *bus, const char *service, const char *path, const char *interface,
               const char *method, sd_bus_message **reply, const char *types, const char *text,
               const char *more)
{
    sd_bus_message *m = NULL;
    int r = sd_bus_message_new_method_call(bus, &m, service, path, interface, method);
    if (r >= 0 && types)
        r = sd_bus_message_append(m, types, text, more);
    if (r >= 0)
        r = sd_bus_message_set_auto_start(m, 0);
    if (r >= 0)
        r = sd_bus_call(bus, m, ASK_US, NULL, reply);
    sd_bus_message_unref(m);
    return r;
}

static bool running(sd_bus *bus, const char *service)
{
    sd_bus_message *reply = NULL;
    int yes = 0;
    if (ask(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
            "NameHasOwner", &reply, "s", service, NULL) < 0 ||
        sd_bus_message_read(reply, "b", &yes) < 0)
        yes = 0;
    sd_bus_message_unref(reply);
    return yes;
}

static uint32_t property(sd_bus *bus, const char *path, const char *name)
{
    sd_bus_message *reply = NULL;
    uint32_t value = 0;
    if (ask(bus, NM_SERVICE, path, "org.freedesktop.DBus.Properties", "Get", &reply, "ss",
            NM_DEVICE, name) < 0 ||
        sd_bus_message_read(reply, "v", "u", &value) < 0)
        value = 0;
    sd_bus_message_unref(reply);
    return value;
}

static bool same_interface(sd_bus *bus, const char *path, const char *ifname)
{
    sd_bus_message *reply = NULL;
    const char *name = "";
    if (!*ifname)
        return true;
    bool same = ask(bus, NM_SERVICE, path, "org.freedesktop.DBus.Properties", "Get", &reply, "ss",
                    NM_DEVICE, "Interface") >= 0 &&
                sd_bus_message_read(reply, "v", "s", &name) >= 0 && !strcmp(name, ifname);
    sd_bus_message_unref(reply);
    return same;
}

/* Has it a Wi-Fi device that it does not leave alone? */
static bool nm_manages(sd_bus *bus, const char *ifname)
{
    sd_bus_message *reply = NULL;
    const char *path;
    bool found = false;
    if (!running(bus, NM_SERVICE) ||
        ask(bus, NM_SERVICE, NM_PATH, NM_SERVICE, "GetDevices", &reply, NULL, NULL, NULL) < 0 ||
        sd_bus_message_enter_container(reply, 'a', "o") < 0)
        found = false;
    else
        while (!found && sd_bus_message_read(reply, "o", &path) > 0)
            found = property(bus, path, "DeviceType") == NM_TYPE_WIFI &&
                    property(bus, path, "State") > NM_UNMANAGED &&
                    same_interface(bus, path, ifname);
    sd_bus_message_unref(reply);
    return found;
}

static bool wpa_manages(const char *dir, const char *ifname, char *why, size_t cap)
{
    char first[IFNAMSIZ];
    snprintf(first, sizeof first, "%s", ifname);
    if (!*first && !wpa_ctrl_find(dir, first)) {
        snprintf(why, cap, "there is no socket of wpa_supplicant in %s", dir);
        return false;
    }
    int fd = wpa_ctrl_connect(dir, first);
    if (fd == -EACCES || fd == -EPERM)
        snprintf(why, cap, "%s/%s may not be used (be root, or of the group netdev)", dir, first);
    else if (fd < 0)
        snprintf(why, cap, "nobody answers at %s/%s", dir, first);
    else
        close(fd);
    return fd >= 0;
}

static bool ot_listens(const char *path)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof to.sun_path)
        return false;
    memcpy(to.sun_path, path, strlen(path));
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    bool yes = fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0;
    if (fd >= 0)
        close(fd);
    return yes;
}

/* The agent has the socket too, but on the bus it says by itself what happens. */
static bool probe_thread(struct net_where *where, char *why, size_t cap)
{
    sd_bus *bus = NULL;
    char service[80], path[160];
    const char *ifname = *where->ifname ? where->ifname : "wpan0";
    snprintf(service, sizeof service, "io.openthread.BorderRouter.%s", ifname);
    snprintf(path, sizeof path, "%s/openthread-%s.sock", *where->dir ? where->dir : "/run", ifname);
    bool agent = sd_bus_open_system(&bus) >= 0 && running(bus, service);
    sd_bus_close_unref(bus);
    where->choice = agent ? NET_OTBR : NET_OT;
    if (agent || ot_listens(path))
        return true;
    snprintf(why, cap,
             "nobody manages the Thread interface %s: there is no %s on the system bus, and nobody "
             "who lets us in at %s. Start otbr-agent or ot-daemon, or name it: --network otbr or "
             "ot waits for it",
             ifname, service, path);
    return false;
}

bool net_probe(struct net_where *where, char *why, size_t cap)
{
    if (where->choice == NET_THREAD)
        return probe_thread(where, why, cap);
    sd_bus *bus = NULL;
    char wpa[160];
    const char *dir = *where->dir ? where->dir : WPA_DIR;
    bool have_bus = sd_bus_open_system(&bus) >= 0;
    bool found = true;
    if (have_bus && nm_manages(bus, where->ifname))
        where->choice = NET_NETWORKMANAGER;
    else if (have_bus && running(bus, IWD_SERVICE))
        where->choice = NET_IWD;
    else if (wpa_manages(dir, where->ifname, wpa, sizeof wpa))
        where->choice = NET_WPA;
    else
        found = false;
    sd_bus_close_unref(bus);
    if (!found)
        snprintf(why, cap,
                 "nobody manages %s%s: NetworkManager and iwd %s, and %s. Start one of "
                 "them, or name it: --network wpa, networkmanager or iwd waits for it",
                 *where->ifname ? "the Wi-Fi interface " : "the Wi-Fi of this machine",
                 where->ifname,
                 have_bus ? "are not on the system bus (or leave the interface alone)"
                          : "cannot be asked, since there is no system bus",
                 wpa);
    return found;
}
