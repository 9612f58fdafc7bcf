/* troth provision: gives a device its network, asking for what is not given. */
#include "commands.h"
#include "http.h"
#include "provision.h"
#include "wifi.h"

#include "common/out.h"
#include "common/secret.h"

#include <stdlib.h>
#include <string.h>

#define LOOK_MS 4000

static uint8_t wanted_kind; /* enum troth_net_kind; 0: what the device is for */

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
        if (!d->connectable || !(d->protocomm || (d->wifi && wanted_kind != TROTH_NET_THREAD)))
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

/* Over the 8b84xxxx service. */
static bool by_wifi_service(struct client *c, struct credentials *k)
{
    if (!wifi_open(c))
        return false;
    tell_state(c);
    if (!security_demand(c) || !credentials_ask(k, c) || !wifi_provision(c, &k->wifi))
        return false;
    wifi_tell(c, "result");
    return true;
}

/* Which of the two protocols: its advertisement may tell, else its services. */
static bool by_ble(struct client *c, const char *who, struct protocomm_login *login,
                   struct provision_network *n)
{
    struct protocomm_offer offer;
    bool thread = wanted_kind == TROTH_NET_THREAD;
    if (!client_start(c) || !find(c, who) || !client_connect(c))
        return false;
    if (c->device.wifi && !thread && !provision_wants_protocomm())
        return by_wifi_service(c, &n->wifi);
    if (!security_encrypt(c) || !protocomm_discover(c, &offer))
        return false;
    if (offer.protocomm && (thread || provision_wants_protocomm() || !offer.wifi_service))
        return provision_by_protocomm(c, protocomm_ble_way(), login, wanted_kind, n);
    if (!thread && !provision_wants_protocomm())
        return by_wifi_service(c, &n->wifi);
    return client_fail(c,
                       "%s has no endpoints of Espressif's provisioning; is it in its "
                       "provisioning mode?",
                       client_peer(c));
}

/* ---- the commands ---- */

static int open_client(struct client *c, const struct cli *cli)
{
    int status = provision_options.way == PROVISION_HTTP ? client_open_without_radio(c, cli)
                                                         : client_open(c, cli);
    if (status == CLI_GO)
        provision_warn();
    return status;
}

static int work(const struct cli *cli, const char *operand, struct protocomm_login *login,
                struct provision_network *n)
{
    static struct client c;
    char name[96];
    int status = provision_login(cli, login, name, sizeof name);
    if (status == CLI_GO && provision_options.generate)
        return provision_generate(cli, login);
    if (status == CLI_GO && wanted_kind && provision_options.qr_kind &&
        wanted_kind != provision_options.qr_kind)
        status = cli_misuse(cli, "the QR code is of a device for %s",
                            wanted_kind == TROTH_NET_WIFI ? "Thread: say troth provision thread"
                                                          : "Wi-Fi: say troth provision wifi");
    if (status == CLI_GO && !wanted_kind)
        wanted_kind = provision_options.qr_kind;
    if (status == CLI_GO)
        status = provision_network(cli, wanted_kind, n);
    if (status == CLI_GO && provision_options.way == PROVISION_HTTP && operand)
        status = cli_misuse(cli, "'%s' is not expected: %s is the device", operand,
                            provision_options.http);
    if (status == CLI_GO)
        status = open_client(&c, cli);
    if (status != CLI_GO)
        return status;
    const char *who = operand                          ? operand
                      : provision_options.service_name ? provision_options.service_name
                      : *name                          ? name
                                                       : oob_device(&c);
    bool ok = provision_options.way == PROVISION_HTTP
                  ? provision_by_protocomm(&c, http_way(), login, wanted_kind, n)
                  : by_ble(&c, who, login, n);
    http_close();
    wifi_close(&c);
    client_close(&c);
    return ok ? CLI_DONE : CLI_FAILED;
}

static int run(const struct cli *cli, uint8_t kind, int argc, char **argv)
{
    static struct protocomm_login login;
    static struct provision_network network;
    char **operands;
    wanted_kind = kind;
    int status = cli_parse(cli, argc, argv, &operands);
    if (status == CLI_GO)
        status = provision_check(cli);
    if (status == CLI_GO)
        status = work(cli, operands[0], &login, &network);
    secret_wipe(&login, sizeof login);
    secret_wipe(&network, sizeof network);
    return status;
}

#define LINK_OPTIONS                                                                               \
    CLIENT_PAIRING_OPTIONS, CLIENT_NO_PAIR_OPTION, CLIENT_PLAINTEXT_OPTION, CLIENT_OPTIONS

static const char notes[] =
    "Secrets from stdin are taken a line each: first the session's (--pop-file,\n"
    "--sec2-password-file), then the network's, then the passkey, when the device asks.\n"
    "The options of Espressif's esp_prov are taken as they are: docs/ESP_PROV.md.";

static int cmd_wifi(int argc, char **argv)
{
    static const struct cli_option options[] = {
        PROVISION_WIFI_OPTIONS, PROVISION_SESSION_OPTIONS, LINK_OPTIONS, {0}};
    static const struct cli cli = {
        .program = "troth provision wifi",
        .operands = "[DEVICE]",
        .operands_max = 1,
        .about = "Gives a device, found by its address or its name, its Wi-Fi network. At a\n"
                 "terminal it asks for what is not given: the device, the network, the password,\n"
                 "the passkey. Finds out which protocol the device speaks: the 8b84xxxx service,\n"
                 "or Espressif's. With the former it pairs first, so that nobody near reads the\n"
                 "password, and with a bond only encrypts; the latter has a session of its own.",
        .options = options,
        .notes = notes,
        .examples =
            "troth provision wifi\n"
            "troth provision wifi 'Porch lamp' --ssid Meadow --password-file secret.txt\n"
            "pass wifi/meadow | troth provision wifi C0:FF:EE:00:00:01 --ssid Meadow --password -\n"
            "troth provision wifi PROV_F72E6B --pop-file label.txt\n"
            "troth provision wifi --http 192.168.4.1 --qr label.json --list",
    };
    return run(&cli, TROTH_NET_WIFI, argc, argv);
}

static int cmd_thread(int argc, char **argv)
{
    static const struct cli_option options[] = {
        PROVISION_THREAD_OPTIONS, PROVISION_SESSION_OPTIONS, LINK_OPTIONS, {0}};
    static const struct cli cli = {
        .program = "troth provision thread",
        .operands = "[DEVICE]",
        .operands_max = 1,
        .about = "Gives a device, found by its address or its name, its Thread network: an\n"
                 "operational dataset, or a network that the device sees and its key. At a\n"
                 "terminal it asks for what is not given.",
        .options = options,
        .notes = notes,
        .examples = "troth provision thread PROV_F72E6B\n"
                    "troth provision thread PROV_F72E6B --sec2-username threadprov \\\n"
                    "    --sec2-password-file label.txt --dataset home.hex\n"
                    "troth provision thread --qr label.json --network Home --network-key-file key",
    };
    return run(&cli, TROTH_NET_THREAD, argc, argv);
}

/* Without a word for the network: what the device is for, as esp_prov does. */
static int cmd_any(int argc, char **argv)
{
    static const struct cli_option options[] = {PROVISION_WIFI_OPTIONS,
                                                PROVISION_THREAD_OPTIONS,
                                                PROVISION_SESSION_OPTIONS,
                                                LINK_OPTIONS,
                                                {0}};
    static const struct cli cli = {
        .program = "troth provision",
        .operands = "[DEVICE]",
        .operands_max = 1,
        .about = "Gives a device the network it is for: see troth provision wifi and thread.",
        .options = options,
        .notes = notes,
    };
    return run(&cli, 0, argc, argv);
}

static bool is_help(const char *word)
{
    static const char *const all[] = {"--help", "-h", "--version", "-V"};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(word, all[i]))
            return true;
    return !strncmp(word, "--help=", 7);
}

static const struct cli_command networks[] = {
    {"wifi", cmd_wifi, "a Wi-Fi network"},
    {"thread", cmd_thread, "a Thread network"},
    {0},
};

int cmd_provision(int argc, char **argv)
{
    if (argc > 1 && *argv[1] == '-' && !is_help(argv[1]))
        return cmd_any(argc, argv);
    return cli_dispatch(
        "troth provision",
        "Gives a device its network: over the 8b84xxxx GATT service or by Espressif's protocol.\n"
        "Options without a command, as esp_prov has them, find out which network it is for.",
        networks,
        "troth provision wifi\n"
        "troth provision wifi 'Porch lamp' --ssid Meadow --password-file secret.txt\n"
        "troth provision thread PROV_F72E6B --dataset home.hex\n"
        "troth provision --transport ble --service_name PROV_F72E6B\n",
        argc, argv);
}
