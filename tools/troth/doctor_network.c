/* The doctor's checks of what trothd joins networks with: Wi-Fi interfaces, who drives them, Thread. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct names {
    unsigned count, closed;
    char text[256];
};

static void add(struct names *all, const char *name)
{
    size_t len = strlen(all->text);
    snprintf(all->text + len, sizeof all->text - len, "%s%s", len ? ", " : "", name);
    all->count++;
}

static bool take_interface(struct doctor *d, const char *name, void *ctx)
{
    char path[300];
    snprintf(path, sizeof path, "/sys/class/net/%.200s/phy80211", name);
    if (doctor_exists(d, path))
        add(ctx, name);
    return true;
}

static void check_interfaces(struct doctor *d)
{
    struct names all = {0};
    doctor_each(d, "/sys/class/net", take_interface, &all);
    if (all.count)
        doctor_say(d, DOCTOR_GOOD, NULL, "Wi-Fi interfaces: %s", all.text);
    else
        doctor_say(d, DOCTOR_NOTE, NULL,
                   "there is no Wi-Fi interface: trothd has only its simulated network "
                   "(--network sim:FILE) to join");
}

/* ---- wpa_supplicant ---- */

#define CONTROL "/run/wpa_supplicant"

static bool take_socket(struct doctor *d, const char *name, void *ctx)
{
    struct names *all = ctx;
    char path[300];
    if (!strncmp(name, "p2p-dev-", 8) || !strcmp(name, "global"))
        return true;
    snprintf(path, sizeof path, CONTROL "/%.200s", name);
    add(all, name);
    all->closed += doctor_access(d, path, W_OK) != 0;
    return true;
}

static void check_wpa_supplicant(struct doctor *d)
{
    struct names all = {0};
    char version[128], group[64];
    int pid = doctor_process(d, "wpa_supplicant");
    bool there =
        doctor_exists(d, "/sbin/wpa_supplicant") || doctor_exists(d, "/usr/sbin/wpa_supplicant");
    if (!there && !pid)
        return;
    if (!doctor_ask_program(d, version, sizeof version, "/sbin/wpa_supplicant", "-v"))
        snprintf(version, sizeof version, "wpa_supplicant");
    if (!pid) {
        doctor_say(d, DOCTOR_NOTE, NULL, "%s is installed and does not run", version);
        return;
    }
    int r = doctor_access(d, CONTROL, R_OK | X_OK);
    if (r == ENOENT) {
        if (doctor_owned(d, "org.freedesktop.NetworkManager"))
            return; /* it drives it over D-Bus */
        doctor_say(d, DOCTOR_WARN,
                   "sudo sed -i '1i ctrl_interface=DIR=" CONTROL " GROUP=netdev' "
                   "/etc/wpa_supplicant/wpa_supplicant.conf",
                   "%s runs without a control socket in " CONTROL ", so trothd cannot use it",
                   version);
        return;
    }
    snprintf(group, sizeof group, "sudo usermod -aG netdev $USER");
    if (!r)
        doctor_each(d, CONTROL, take_socket, &all);
    if (r == EACCES || all.closed) {
        doctor_say(d, DOCTOR_WARN, group,
                   "%s runs, and its control sockets are not open to this user (log in anew after "
                   "the command)",
                   version);
        return;
    }
    if (!all.count)
        return;
    d->wifi++;
    doctor_say(d, DOCTOR_GOOD, NULL, "%s can be driven: %s", version, all.text);
}

/* ---- over the bus ---- */

static void check_network_manager(struct doctor *d)
{
    char version[64] = "", why[128] = "";
    if (!doctor_owned(d, "org.freedesktop.NetworkManager"))
        return;
    if (!doctor_property(d, "org.freedesktop.NetworkManager", "/org/freedesktop/NetworkManager",
                         "org.freedesktop.NetworkManager", "Version", version, sizeof version, why,
                         sizeof why)) {
        doctor_say(d, DOCTOR_WARN, NULL, "NetworkManager runs and does not answer us: %s", why);
        return;
    }
    d->wifi++;
    doctor_say(d, DOCTOR_GOOD, NULL, "NetworkManager %s runs", version);
    if (!doctor_is_root(d))
        doctor_say(d, DOCTOR_NOTE, "nmcli general permissions",
                   "whether this user may add networks is for polkit to say");
}

static void check_iwd(struct doctor *d)
{
    char version[64];
    bool there = doctor_exists(d, "/usr/libexec/iwd");
    if (!doctor_owned(d, "net.connman.iwd")) {
        if (there)
            doctor_say(d, DOCTOR_NOTE, NULL, "iwd is installed and does not run");
        return;
    }
    if (!doctor_ask_program(d, version, sizeof version, "/usr/libexec/iwd", "--version"))
        snprintf(version, sizeof version, "of unknown version");
    d->wifi++;
    doctor_say(d, DOCTOR_GOOD, NULL, "iwd %s runs", version);
}

static void check_rivals(struct doctor *d)
{
    bool nm = doctor_owned(d, "org.freedesktop.NetworkManager");
    bool iwd = doctor_owned(d, "net.connman.iwd");
    if (nm && iwd)
        doctor_say(d, DOCTOR_NOTE, NULL,
                   "NetworkManager and iwd both run: unless NetworkManager's wifi.backend is iwd "
                   "they fight over the interface");
    if (iwd && doctor_process(d, "wpa_supplicant") && !nm)
        doctor_say(d, DOCTOR_WARN, "sudo systemctl disable --now wpa_supplicant",
                   "iwd and wpa_supplicant both run: only one can drive an interface");
}

/* ---- Thread ---- */

static bool take_thread_socket(struct doctor *d, const char *name, void *ctx)
{
    char path[300];
    struct names *all = ctx;
    const char *dot = strrchr(name, '.');
    if (strncmp(name, "openthread-", 11) || !dot || strcmp(dot, ".sock"))
        return true;
    snprintf(path, sizeof path, "/run/%.200s", name);
    add(all, path);
    all->closed += doctor_access(d, path, W_OK) != 0;
    return true;
}

static void check_thread(struct doctor *d)
{
    static const char agent[] = "io.openthread.BorderRouter.wpan0";
    struct names all = {0};
    if (doctor_owned(d, agent))
        doctor_say(d, DOCTOR_GOOD, NULL, "OpenThread's border router agent runs (wpan0)");
    doctor_each(d, "/run", take_thread_socket, &all);
    if (all.count && all.closed)
        doctor_say(d, DOCTOR_WARN, "sudo troth doctor",
                   "ot-daemon runs, and its socket is not open to this user: %s", all.text);
    else if (all.count)
        doctor_say(d, DOCTOR_GOOD, NULL, "ot-daemon runs: %s", all.text);
}

const struct doctor_check doctor_network[] = {
    {"network", "interfaces", check_interfaces},
    {"network", "wpa_supplicant", check_wpa_supplicant},
    {"network", "networkmanager", check_network_manager},
    {"network", "iwd", check_iwd},
    {"network", "rivals", check_rivals},
    {"network", "thread", check_thread},
    {0},
};
