/* The doctor's checks of the rest: versions, random numbers and ciphers, the clock, the store. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RELEASED 1735689600 /* 2025-01-01: no clock that was ever set is before it */

static void check_versions(struct doctor *d)
{
    char kernel[128], crypto[128];
    unsigned major = 0, minor = 0;
    doctor_versions(d, kernel, sizeof kernel, crypto, sizeof crypto);
    sscanf(kernel, "%u.%u", &major, &minor);
    if (major && (major < 5 || (major == 5 && minor < 4)))
        doctor_say(d, DOCTOR_WARN, "sudo apt full-upgrade",
                   "Linux %s is older than what Troth is tried with (5.4 and newer)", kernel);
    doctor_say(d, DOCTOR_GOOD, NULL, "troth %s, Linux %s, %s", TROTH_VERSION, kernel, crypto);
}

static void check_capabilities(struct doctor *d)
{
    bool admin = doctor_capability(d, 12), raw = doctor_capability(d, 13);
    bool in = false, exists;
    doctor_say(d, DOCTOR_NOTE, NULL, "this process has %s and %s",
               admin ? "CAP_NET_ADMIN" : "no CAP_NET_ADMIN",
               raw ? "CAP_NET_RAW" : "no CAP_NET_RAW");
    if (doctor_is_root(d))
        return;
    in = doctor_in_group(d, "bluetooth", &exists);
    if (exists)
        doctor_say(d, DOCTOR_NOTE, in ? NULL : "sudo usermod -aG bluetooth $USER",
                   "this user is %sin the group bluetooth%s", in ? "" : "not ",
                   in ? "" : "; some systems let only that group talk to bluetoothd");
    in = doctor_in_group(d, "netdev", &exists);
    if (exists)
        doctor_say(d, DOCTOR_NOTE, in ? NULL : "sudo usermod -aG netdev $USER",
                   "this user is %sin the group netdev%s", in ? "" : "not ",
                   in ? "" : "; it may use wpa_supplicant's control sockets");
}

/* What BlueZ's LE Secure Connections need of the kernel; our own host brings its own. */
static void check_ciphers(struct doctor *d)
{
    static char text[65536];
    if (!d->adapters || !doctor_read(d, text, sizeof text, "/proc/crypto"))
        return;
    if (strlen(text) > sizeof text - 16)
        return; /* too long to be sure */
    bool cmac = strstr(text, "cmac(aes"), ecdh = strstr(text, "ecdh");
    if (cmac && ecdh)
        return;
    doctor_say(d, DOCTOR_NOTE, "sudo modprobe -a cmac ecdh_generic",
               "the kernel has not loaded %s yet; BlueZ needs it for LE Secure Connections and "
               "loads it by itself where the module is there",
               cmac ? "ecdh" : "cmac(aes)");
}

static void check_modules(struct doctor *d)
{
    static const struct {
        const char *path, *module, *words;
    } wanted[] = {
        {"/dev/uhid", "uhid", "keyboards and mice over LE"},
        {"/dev/rfkill", "rfkill", "what blocks the radios cannot be seen or changed"},
    };
    if (!d->adapters)
        return;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char mend[64];
        if (doctor_exists(d, wanted[i].path))
            continue;
        snprintf(mend, sizeof mend, "sudo modprobe %s", wanted[i].module);
        doctor_say(d, DOCTOR_NOTE, mend, "there is no %s: %s", wanted[i].path, wanted[i].words);
    }
}

static void check_clock(struct doctor *d)
{
    if (doctor_now(d) < RELEASED)
        doctor_say(d, DOCTOR_WARN, "sudo timedatectl set-ntp true",
                   "the clock is not set: when bonds were used is recorded wrongly, and Wi-Fi with "
                   "certificates fails; pairing itself does not mind");
    else
        doctor_say(d, DOCTOR_GOOD, NULL, "the clock is set");
}

/* The directory itself, or the nearest that is there. */
static int can_write(struct doctor *d, char *dir)
{
    while (doctor_access(d, dir, F_OK) == ENOENT) {
        char *slash = strrchr(dir, '/');
        if (!slash || slash == dir)
            return ENOENT;
        *slash = 0;
    }
    return doctor_access(d, dir, W_OK | X_OK);
}

static void check_store(struct doctor *d)
{
    char dir[512], nearest[512], mend[600];
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME"),
               *state = getenv("STATE_DIRECTORY");
    if (state && *state)
        snprintf(dir, sizeof dir, "%.*s", (int)strcspn(state, ":"), state);
    else if (xdg && *xdg == '/')
        snprintf(dir, sizeof dir, "%s/troth", xdg);
    else if (doctor_is_root(d) || !home || *home != '/')
        snprintf(dir, sizeof dir, "/var/lib/troth");
    else
        snprintf(dir, sizeof dir, "%s/.local/state/troth", home);
    snprintf(nearest, sizeof nearest, "%s", dir);
    int r = can_write(d, nearest);
    snprintf(mend, sizeof mend, "sudo install -d -m 700 -o $USER %s", dir);
    if (r)
        doctor_say(d, DOCTOR_BAD, mend, "bonds cannot be kept in %s: %s: %s", dir, nearest,
                   strerror(r));
    else
        doctor_say(d, DOCTOR_GOOD, NULL, "bonds can be kept in %s", dir);
}

const struct doctor_check doctor_machine[] = {
    {"machine", "versions", check_versions},
    {"machine", "capabilities", check_capabilities},
    {"machine", "ciphers", check_ciphers},
    {"machine", "modules", check_modules},
    {"machine", "clock", check_clock},
    {"machine", "store", check_store},
    {0},
};
