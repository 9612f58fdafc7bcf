/* The doctor's checks of BlueZ: the bus, bluetoothd, whether we may talk to it, its settings. */
#include "doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAIN_CONF "/etc/bluetooth/main.conf"
#define RESTART   " && sudo systemctl restart bluetooth"

static void check_bus(struct doctor *d)
{
    if (d->bus)
        doctor_say(d, DOCTOR_GOOD, NULL, "the D-Bus system bus can be reached");
    else
        doctor_say(d, d->bluetoothd ? DOCTOR_BAD : DOCTOR_NOTE, "sudo systemctl start dbus",
                   "the D-Bus system bus cannot be reached (%s): no BlueZ, NetworkManager or iwd "
                   "without it; our own host and wpa_supplicant need none",
                   d->bus_why);
}

/* ---- bluetoothd ---- */

static const char *const daemons[] = {"/usr/libexec/bluetooth/bluetoothd",
                                      "/usr/lib/bluetooth/bluetoothd", "/usr/sbin/bluetoothd"};

static const char *installed(struct doctor *d)
{
    for (size_t i = 0; i < sizeof daemons / sizeof *daemons; i++)
        if (doctor_exists(d, daemons[i]))
            return daemons[i];
    return NULL;
}

static void check_version(struct doctor *d)
{
    char version[64];
    const char *path = installed(d);
    if (!path) {
        doctor_say(d, DOCTOR_NOTE, "sudo apt install bluez",
                   "bluetoothd is not installed: fine for our own host, needed over BlueZ");
        return;
    }
    if (!doctor_ask_program(d, version, sizeof version, path, "--version")) {
        doctor_say(d, DOCTOR_WARN, NULL, "%s is there and does not tell its version", path);
        return;
    }
    double number = strtod(version, NULL);
    if (number < 5.55) /* LEAdvertisingManager1 and AcquireNotify as we use them */
        doctor_say(d, DOCTOR_WARN, "sudo apt install bluez",
                   "bluetoothd is %s; Troth is tried with 5.66, and before 5.55 much differs",
                   version);
    else
        doctor_say(d, DOCTOR_GOOD, NULL, "bluetoothd is %s", version);
}

struct seen {
    unsigned adapters, ready;
};

static int take_powered(sd_bus_message *m, const char *path, struct doctor *d)
{
    const char *name;
    int powered = -1, r;
    if ((r = sd_bus_message_enter_container(m, 'a', "{sv}")) < 0)
        return r;
    while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
        if ((r = sd_bus_message_read(m, "s", &name)) < 0)
            return r;
        r = strcmp(name, "Powered") ? sd_bus_message_skip(m, "v")
                                    : sd_bus_message_read(m, "v", "b", &powered);
        if (r < 0 || (r = sd_bus_message_exit_container(m)) < 0)
            return r;
    }
    const char *hci = strrchr(path, '/') + 1;
    char mend[128];
    snprintf(mend, sizeof mend, "bluetoothctl power on");
    if (powered == 0)
        doctor_say(d, DOCTOR_BAD, mend, "BlueZ has %s, and it is not powered", hci);
    else
        doctor_say(d, DOCTOR_GOOD, NULL, "BlueZ has %s, and it is powered", hci);
    d->over_bluez += powered != 0;
    return sd_bus_message_exit_container(m);
}

/* a{sa{sv}} of one object. */
static int take_object(sd_bus_message *m, const char *path, struct doctor *d, struct seen *seen)
{
    const char *interface;
    bool adapter = false, gatt = false, advertising = false;
    int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
        if ((r = sd_bus_message_read(m, "s", &interface)) < 0)
            return r;
        bool this = !strcmp(interface, "org.bluez.Adapter1");
        adapter |= this;
        gatt |= !strcmp(interface, "org.bluez.GattManager1");
        advertising |= !strcmp(interface, "org.bluez.LEAdvertisingManager1");
        r = this ? take_powered(m, path, d) : sd_bus_message_skip(m, "a{sv}");
        if (r >= 0)
            r = sd_bus_message_exit_container(m);
    }
    if (r < 0)
        return r;
    seen->adapters += adapter;
    seen->ready += adapter && gatt && advertising;
    if (adapter && (!gatt || !advertising))
        doctor_say(d, DOCTOR_WARN, NULL,
                   "%s under BlueZ has no %s: trothd cannot be a device on it (an old kernel, or "
                   "LE is off)",
                   strrchr(path, '/') + 1, gatt ? "LE advertising" : "GATT server");
    return sd_bus_message_exit_container(m);
}

static int take_objects(sd_bus_message *m, struct doctor *d, struct seen *seen)
{
    const char *path;
    int r = sd_bus_message_enter_container(m, 'a', "{oa{sa{sv}}}");
    while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "oa{sa{sv}}")) > 0) {
        if ((r = sd_bus_message_read(m, "o", &path)) < 0 || (r = take_object(m, path, d, seen)) < 0)
            return r;
        r = sd_bus_message_exit_container(m);
    }
    return r;
}

static void tell_not_running(struct doctor *d)
{
    enum doctor_verdict v = d->own_host || d->held || !d->adapters ? DOCTOR_NOTE : DOCTOR_BAD;
    if (d->bluetoothd)
        doctor_say(d, d->bus ? DOCTOR_BAD : DOCTOR_NOTE, "sudo systemctl restart bluetooth",
                   "bluetoothd runs (process %d) and is not on this bus", d->bluetoothd);
    else if (installed(d))
        doctor_say(d, v, "sudo systemctl enable --now bluetooth",
                   "bluetoothd is installed and does not run: nothing works over BlueZ");
}

static void check_objects(struct doctor *d)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    sd_bus_message *reply = NULL;
    struct seen seen = {0};
    d->uses_bluez = doctor_owned(d, "org.bluez");
    if (!d->uses_bluez) {
        tell_not_running(d);
        return;
    }
    int r = sd_bus_call_method(d->bus, "org.bluez", "/", "org.freedesktop.DBus.ObjectManager",
                               "GetManagedObjects", &error, &reply, NULL);
    if (r >= 0)
        r = take_objects(reply, d, &seen);
    if (r < 0 && sd_bus_error_has_name(&error, SD_BUS_ERROR_ACCESS_DENIED))
        doctor_say(d, DOCTOR_BAD, "sudo usermod -aG bluetooth $USER",
                   "the bus's policy does not let this user talk to bluetoothd: use sudo, or log "
                   "in anew after the command; see /usr/share/dbus-1/system.d/bluetooth.conf");
    else if (r < 0)
        doctor_say(d, DOCTOR_BAD, "sudo systemctl restart bluetooth",
                   "bluetoothd is on the bus and does not answer: %s",
                   error.message ? error.message : strerror(-r));
    else if (!seen.adapters)
        doctor_say(d, d->adapters ? DOCTOR_WARN : DOCTOR_NOTE, NULL,
                   "bluetoothd runs and has no adapter%s",
                   d->adapters ? ": another program holds it, or it is still being set up" : "");
    sd_bus_message_unref(reply);
    sd_bus_error_free(&error);
}

static void check_agent_rights(struct doctor *d)
{
    if (!d->uses_bluez)
        return;
    if (doctor_is_root(d))
        doctor_say(d, DOCTOR_GOOD, NULL,
                   "as root this can be the default agent, which answers pairings from outside");
    else
        doctor_say(d, DOCTOR_NOTE, NULL,
                   "this user's agents answer pairings from outside as far as the bus's policy "
                   "lets bluetoothd call them; where it does not: sudo troth agent --bluez");
}

/* ---- main.conf ---- */

struct setting {
    const char *section, *key;
    const char *value; /* the one that makes trouble, or NULL: any but `fine` */
    const char *fine;
    enum doctor_verdict verdict;
    const char *put; /* what to set instead */
    const char *words;
};

static const struct setting settings[] = {
    {"General", "ControllerMode", "bredr", NULL, DOCTOR_BAD, "dual",
     "LE is switched off: nothing of Troth works over BlueZ"},
    {"General", "JustWorksRepairing", "always", NULL, DOCTOR_WARN, "confirm",
     "any passer-by can replace a bond by an unauthenticated one"},
    {"General", "JustWorksRepairing", "never", NULL, DOCTOR_NOTE, "confirm",
     "a phone that forgot its bond cannot pair again by Just Works before the bond is removed "
     "here"},
    {"General", "JustWorksRepairing", NULL, "confirm", DOCTOR_NOTE, "confirm",
     "a phone that forgot its bond cannot pair again by Just Works before the bond is removed "
     "here (the default is never)"},
    {"General", "AlwaysPairable", "true", NULL, DOCTOR_WARN, "false",
     "pairing is accepted at any time, whatever the pairing window of trothd says"},
    {"General", "PairableTimeout", NULL, "0", DOCTOR_NOTE, "0",
     "pairing closes by itself after so many seconds, for trothd's window as well"},
    {"General", "Privacy", "network", NULL, DOCTOR_WARN, "device",
     "devices that gave an identity key and show their address are not found"},
    {"General", "Privacy", "device", NULL, DOCTOR_NOTE, "off",
     "this machine's address changes: a device knows it again only by its bond"},
    {"General", "SecureConnections", "off", NULL, DOCTOR_BAD, "on",
     "only legacy pairing is left, which a listener can break"},
    {"General", "ReverseServiceDiscovery", NULL, "false", DOCTOR_NOTE, "false",
     "BlueZ looks at the services of a phone that connects, which makes pairing pop-ups there; an "
     "application cannot change it (the default is true)"},
    {"General", "TemporaryTimeout", "0", NULL, DOCTOR_NOTE, "30",
     "devices that were only seen are never forgotten"},
    {"Policy", "AutoEnable", NULL, "false", DOCTOR_NOTE, "false",
     "bluetoothd takes and powers every adapter as it comes, so our own host (hci:N) races with "
     "it (the default is true)"},
    {"GATT", "Cache", "always", NULL, DOCTOR_NOTE, "yes",
     "a device whose services changed is remembered as it was"},
};

struct conf {
    char text[16384];
    bool there;
};

/* The value of a key, or false: it is not set there. */
static bool get(const struct conf *conf, const char *section, const char *key, char *value,
                size_t cap)
{
    char in[64] = "";
    bool found = false;
    for (const char *p = conf->text; *p; p += strcspn(p, "\n"), p += *p == '\n') {
        char line[256];
        p += strspn(p, " \t");
        snprintf(line, sizeof line, "%.*s", (int)strcspn(p, "\n"), p);
        char *end = line + strlen(line);
        while (end > line && strchr(" \t\r", end[-1]))
            *--end = 0;
        if (sscanf(line, "[%63[^]]", in) == 1 || *line == '#' || *line == ';')
            continue;
        char *is = strchr(line, '=');
        if (!is || strcmp(in, section))
            continue;
        *is = 0;
        line[strcspn(line, " \t")] = 0;
        if (strcmp(line, key))
            continue;
        snprintf(value, cap, "%s", is + 1 + strspn(is + 1, " \t"));
        found = true;
    }
    return found;
}

static void look(struct doctor *d, const struct conf *conf, const struct setting *s)
{
    char value[64] = "", mend[400];
    bool set = get(conf, s->section, s->key, value, sizeof value);
    if (s->value) {
        if (!set || strcasecmp(value, s->value))
            return;
    } else if (set) { /* other values have rows of their own, or are the default said aloud */
        if (!strcasecmp(value, s->fine))
            return;
        for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
            if (settings[i].value && !strcmp(settings[i].key, s->key) &&
                !strcasecmp(settings[i].value, value))
                return;
    } else if (!strstr(s->words, "the default is")) {
        return;
    }
    char section[40];
    snprintf(section, sizeof section, "\n[%s]", s->section);
    if (strstr(conf->text, section))
        snprintf(mend, sizeof mend,
                 "sudo sed -i -e '/^[# ]*%s *=/d' -e '/^\\[%s\\]/a %s = %s' " MAIN_CONF RESTART,
                 s->key, s->section, s->key, s->put);
    else
        snprintf(mend, sizeof mend,
                 "printf '\\n[%s]\\n%s = %s\\n' | sudo tee -a " MAIN_CONF RESTART, s->section,
                 s->key, s->put);
    doctor_say(d, s->verdict, mend, "%s%s%s in main.conf%s: %s", s->key, set ? " = " : "", value,
               set ? "" : " is not set", s->words);
}

static void check_settings(struct doctor *d)
{
    static struct conf conf;
    char cmdline[1024];
    if (!installed(d) && !d->bluetoothd)
        return;
    conf.text[0] = '\n';
    conf.there = doctor_read(d, conf.text + 1, sizeof conf.text - 1, MAIN_CONF);
    if (!conf.there && doctor_exists(d, MAIN_CONF))
        doctor_say(d, DOCTOR_NOTE, "sudo troth doctor", "%s cannot be read by this user",
                   MAIN_CONF);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++)
        look(d, &conf, &settings[i]);
    if (!d->bluetoothd ||
        !doctor_read(d, cmdline, sizeof cmdline, "/proc/%d/cmdline", d->bluetoothd))
        return;
    /* Its words are parted by zero octets. */
    for (const char *p = cmdline; p < cmdline + sizeof cmdline - 1 && *p; p += strlen(p) + 1)
        if (!strncmp(p, "-f", 2) || !strncmp(p, "--configfile", 12))
            doctor_say(d, DOCTOR_NOTE, NULL,
                       "bluetoothd was started with another configuration file (%s): what is said "
                       "of main.conf does not hold",
                       p);
}

static void check_ways(struct doctor *d)
{
    if (d->adapters && !d->own_host && !d->over_bluez && !d->held && !d->count[DOCTOR_BAD])
        doctor_say(
            d, DOCTOR_BAD, NULL,
            "neither our own host nor BlueZ can use an adapter for this user, as said above");
}

const struct doctor_check doctor_bluez[] = {
    {"bluez", "bus", check_bus},
    {"bluez", "version", check_version},
    {"bluez", "objects", check_objects},
    {"bluez", "agents", check_agent_rights},
    {"bluez", "settings", check_settings},
    {"bluez", "ways", check_ways},
    {0},
};
