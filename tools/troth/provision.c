/* troth provision wifi: gives a device its network, asking for what is not given. */
#include "commands.h"
#include "credentials.h"
#include "wifi.h"

#include "common/out.h"
#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 4000

static struct credentials_options given = {.security = TROTH_WIFI_AUTO};

static const struct cli_option options[] = {
    {.name = "ssid",
     .kind = CLI_TEXT,
     .target = &given.ssid,
     .argument = "NAME",
     .help = "the network's name"},
    {.name = "ssid-hex",
     .kind = CLI_TEXT,
     .target = &given.ssid_hex,
     .argument = "HEX",
     .help = "... as octets, when it is not text"},
    {.name = "password-file",
     .kind = CLI_TEXT,
     .target = &given.password_file,
     .argument = "FILE",
     .help = "its first line is the password"},
    {.name = "password",
     .kind = CLI_TEXT,
     .target = &given.password,
     .argument = "-",
     .help = "the password is the first line of stdin"},
    {.name = "security",
     .kind = CLI_CHOICE,
     .target = &given.security,
     .choices = cli_wifi_securities,
     .help = "how the network is protected (default: auto)"},
    CLIENT_PAIRING_OPTIONS,
    CLIENT_NO_PAIR_OPTION,
    CLIENT_PLAINTEXT_OPTION,
    CLIENT_OPTIONS,
    {0},
};

static const struct cli cli = {
    .program = "troth provision wifi",
    .operands = "[DEVICE]",
    .operands_max = 1,
    .about = "Gives a device, found by its address or its name, its Wi-Fi network. At a\n"
             "terminal it asks for what is not given: the device, the network, the password,\n"
             "the passkey. Pairs first, so that nobody near reads the password; with a bond it\n"
             "only encrypts.",
    .options = options,
    .notes = "With --password - and --passkey -, the password is the first line of stdin and\n"
             "the passkey the next, read when the device asks for it.",
    .examples =
        "troth provision wifi\n"
        "troth provision wifi 'Porch lamp' --ssid Meadow --password-file secret.txt\n"
        "pass wifi/meadow | troth provision wifi C0:FF:EE:00:00:01 --ssid Meadow --password -",
};

/* ---- which device ---- */

static unsigned list(struct client *c)
{
    unsigned shown = 0;
    devices_sort(&c->devices);
    for (unsigned i = 0; i < c->devices.count; i++) {
        const struct device *d = &c->devices.list[i];
        if (!device_is_shown(d))
            break;
        if (!shown++)
            devices_head(stderr, true);
        devices_row(stderr, d, shown);
    }
    return shown;
}

/* Those that can be picked come first, so that their number is their place. */
static void keep_shown(struct devices *all)
{
    unsigned kept = 0;
    for (unsigned i = 0; i < all->count; i++) {
        if (device_is_shown(&all->list[i]))
            all->list[kept++] = all->list[i];
    }
    all->count = kept;
}

static bool pick(struct client *c)
{
    for (;;) {
        char line[32], *end;
        c->devices.count = 0;
        out_event(OUT_PLAIN, "looking", NULL, "looking for devices");
        if (!client_scan(c, NULL, LOOK_MS))
            return false;
        keep_shown(&c->devices);
        unsigned shown = list(c);
        if (!shown)
            out_hint("No device was found; is it switched on, near, and advertising?");
        for (;;) {
            if (!client_ask(c, "Select a device by number (0 looks again)", false, line,
                            sizeof line))
                return false;
            unsigned long n = strtoul(line, &end, 10);
            if (end == line || *end || n > shown) {
                out_hint("A number from 0 to %u is expected.", shown);
                continue;
            }
            if (!n)
                break;
            c->device = c->devices.list[n - 1];
            return true;
        }
    }
}

/* Without a person: the one that is there, if it is the only one. */
static bool find_only(struct client *c)
{
    const struct device *only = NULL;
    unsigned ms = client_options.timeout ? client_options.timeout * 1000 : LOOK_MS;
    out_event(OUT_PLAIN, "looking", NULL, "looking for a device to provision");
    if (!client_scan(c, NULL, ms))
        return false;
    for (unsigned i = 0; i < c->devices.count; i++) {
        const struct device *d = &c->devices.list[i];
        if (!d->wifi || !d->connectable)
            continue;
        if (only)
            return client_fail(c,
                               "more than one device waits for its network: name one of those that "
                               "troth scan lists");
        only = d;
    }
    if (!only)
        return client_fail(c,
                           "no device to provision was found in %u s: is it switched on, near and "
                           "in its provisioning mode? troth scan --all lists what is there",
                           ms / 1000);
    c->device = *only;
    return true;
}

static bool find(struct client *c, const char *who)
{
    if (who)
        return client_find(c, who);
    return client_interactive() ? pick(c) : find_only(c);
}

/* ---- the whole ---- */

static void tell_state(const struct client *c)
{
    const struct troth_wifi_client_event *e = wifi_outcome();
    char ssid[TROTH_SSID_TEXT] = "";
    if (e->details.known && e->details.ssid.len)
        troth_ssid_text(&e->details.ssid, ssid, sizeof ssid);
    out_event(OUT_PLAIN, "state",
              out_fields("state:s ssid:s", troth_prov_state_name(e->state), *ssid ? ssid : NULL),
              "%s: %s%s%s%s%s", client_peer(c), troth_prov_state_name(e->state),
              *ssid ? ", \"" : "", ssid, *ssid ? "\"" : "",
              e->state == TROTH_PROV_IDLE ? ", no network yet" : "");
}

static bool provision(struct client *c, const char *who, struct credentials *k)
{
    if (!client_start(c) || !find(c, who) || !client_connect(c) || !wifi_open(c))
        return false;
    tell_state(c);
    return security_demand(c) && credentials_ask(k, c) && wifi_provision(c, &k->wifi);
}

static int cmd_wifi(int argc, char **argv)
{
    static struct client c;
    static struct credentials k;
    char **operands;
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    status = credentials_read(&k, &cli, &given);
    if (status == CLI_GO)
        status = client_open(&c, &cli);
    if (status == CLI_GO) {
        bool ok = provision(&c, operands[0] ? operands[0] : oob_device(&c), &k);
        if (ok)
            wifi_tell(&c, "result");
        wifi_close(&c);
        client_close(&c);
        status = ok ? CLI_DONE : CLI_FAILED;
    }
    secret_wipe(&k, sizeof k);
    return status;
}

static const struct cli_command protocols[] = {
    {"wifi", cmd_wifi, "a Wi-Fi network, by the 8b84xxxx GATT service"},
    {0},
};

int cmd_provision(int argc, char **argv)
{
    return cli_dispatch(
        "troth provision", "Gives a device its network.", protocols,
        "troth provision wifi\n"
        "troth provision wifi 'Porch lamp' --ssid Meadow --password-file secret.txt\n",
        argc, argv);
}
