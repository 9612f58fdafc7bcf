/* Options, the configuration file, and what of them makes no sense together. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include "common/cli.h"
#include "common/config.h"
#include "ports/linux/bluez.h"

static bool parse_transport(void *target, const char *text, char *why, size_t cap)
{
    struct options *o = target;
    o->on_bluez = bluez_parse(text, &o->bluez_adapter);
    return o->on_bluez || transport_parse(&o->transport, text, why, cap);
}

static bool parse_name(void *target, const char *text, char *why, size_t cap)
{
    if (!*text || strlen(text) > 248) { /* Vol 3 Part C 12.1 */
        snprintf(why, cap, "a device name has 1 to 248 octets");
        return false;
    }
    *(const char **)target = text;
    return true;
}

static bool parse_agent(void *target, const char *text, char *why, size_t cap)
{
    struct options *o = target;
    o->agent_given = true;
    if (agent_parse(text, &o->agent, &o->agent_path))
        return true;
    snprintf(why, cap, AGENT_WORDS " is expected");
    return false;
}

static bool parse_network(void *target, const char *text, char *why, size_t cap)
{
    struct options *o = target;
    if (!strncmp(text, "sim:", 4)) {
        o->network = NETWORK_SIM;
        o->network_file = text + 4;
        if (!text[4])
            snprintf(why, cap, "sim:FILE is expected, a file of simulated networks");
        return text[4] != 0;
    }
    o->network = NETWORK_LINUX;
    return net_parse(&o->network_where, text, why, cap);
}

static bool parse_seal_key(void *target, const char *text, char *why, size_t cap)
{
    if (!seal_is_place(text)) {
        snprintf(why, cap, SEAL_WORDS " is expected");
        return false;
    }
    *(const char **)target = text;
    return true;
}

static struct options scratch; /* what the table fills */

static const struct options defaults = {
    .security = -1,
    .io_cap = -1,
    .keep_ble = true,
    .details = true,
    .attempts = 3,
    .attempt_s = 20,
    .retry = true,
    .provision = PROVISION_DEFAULTS,
    .service = SERVICE_DEFAULTS,
};

static const struct cli_option table[] = {
    {.name = "transport",
     .letter = 't',
     .kind = CLI_PARSE,
     .parse = parse_transport,
     .target = &scratch,
     .argument = "WHERE",
     .help = "the controller: " TRANSPORT_EXAMPLES ";\n"
             "bluez or bluez:hci0: bluetoothd has it, and carries\n"
             "this device"},
    {.name = "network",
     .letter = 'n',
     .kind = CLI_PARSE,
     .parse = parse_network,
     .target = &scratch,
     .argument = "WHO",
     .help = "who joins networks:\n"
             "wpa, networkmanager, iwd   what manages the Wi-Fi;\n"
             "              with :IFACE its interface, wlan0\n"
             "auto          whichever of these does\n"
             "otbr, ot      OpenThread, on the bus or its socket;\n"
             "thread        whichever of these is there\n"
             "sim:FILE      nobody: simulated networks"},
    {.name = "name",
     .kind = CLI_PARSE,
     .parse = parse_name,
     .target = &scratch.name,
     .argument = "NAME",
     .help = "the name it advertises (Troth; with\n"
             "--provision espressif PROV_ and six digits of the\n"
             "address)"},
    {.name = "security",
     .letter = 's',
     .kind = CLI_CHOICE,
     .choices = cli_wifi_modes,
     .target = &scratch.security,
     .argument = "MODE",
     .help = "what a client must do before it may provision:\n"
             "none          nothing: plaintext, for evaluation only;\n"
             "              but the default with --provision\n"
             "              espressif, whose sessions protect\n"
             "              themselves (--sec-ver)\n"
             "encrypt       pair by LE Secure Connections (default)\n"
             "authenticate  ... with a passkey or a comparison\n"
             "encrypt-any   insecure: legacy pairing will do"},
    {.name = "io-cap",
     .kind = CLI_CHOICE,
     .choices = cli_io_caps,
     .target = &scratch.io_cap,
     .argument = "CAP",
     .help = "display-only, display-yes-no, keyboard-only,\n"
             "keyboard-display or none (default: display-only\n"
             "with an agent, else none)"},
    {.name = "agent",
     .letter = 'a',
     .kind = CLI_PARSE,
     .parse = parse_agent,
     .target = &scratch,
     .argument = "WHO",
     .help = "who sees passkeys and answers: terminal, none,\n"
             "unix:PATH, a socket for one program; for tests\n"
             "refuse, step and script:FILE (default: terminal\n"
             "if there is one, else none)"},
    {.name = "agent-socket",
     .kind = CLI_TEXT,
     .target = &scratch.agent_socket,
     .argument = "PATH",
     .help = "a socket where troth agent may attach and answer\n"
             "instead; with its own IO capability"},
    {.name = "oob-file",
     .kind = CLI_TEXT,
     .target = &scratch.oob_file,
     .argument = "FILE",
     .help = "keep a fresh out-of-band block there while the\n"
             "pairing window is open, mode 0600"},
    {.name = "peer-oob",
     .kind = CLI_TEXT,
     .target = &scratch.peer_oob,
     .argument = "FILE",
     .help = "a client's out-of-band block, looked for there\n"
             "whenever one wants to pair"},
    POLICY_OPTIONS(scratch.policy),
    PROVISION_OPTIONS(scratch.provision),
    SERVICE_OPTIONS(scratch.service),
    {.name = "factory-reset",
     .kind = CLI_FLAG,
     .target = &scratch.factory_reset,
     .not_in_config = true,
     .help = "forget the network and all bonds, and end; needs\n"
             "no controller. With --network whoever joined it\n"
             "forgets it too, and keeps what Troth did not add"},
    {.name = "store",
     .kind = CLI_TEXT,
     .target = &scratch.store,
     .argument = "PATH",
     .help = "bonds and credentials (default: trothd.db in\n"
             "$STATE_DIRECTORY, or troth/trothd.db in the XDG\n"
             "state directory; /var/lib/troth for root)"},
    {.name = "seal-key",
     .kind = CLI_PARSE,
     .parse = parse_seal_key,
     .target = &scratch.seal_key,
     .argument = "PLACE",
     .help = "the key that seals network credentials in the\n"
             "store: " SEAL_WORDS},
    {.name = "keep-ble",
     .kind = CLI_YES_NO,
     .target = &scratch.keep_ble,
     .help = "advertise although a network is joined (yes)"},
    {.name = "attempts",
     .kind = CLI_NUMBER,
     .target = &scratch.attempts,
     .min = 1,
     .max = 20,
     .help = "joins before new credentials have failed (3)"},
    {.name = "timeout",
     .kind = CLI_NUMBER,
     .target = &scratch.attempt_s,
     .min = 1,
     .max = 600,
     .argument = "SECONDS",
     .help = "how long one join may take (20)"},
    {.name = "details",
     .kind = CLI_YES_NO,
     .target = &scratch.details,
     .help = "serve the characteristic that says why (yes)"},
    {.name = "retry",
     .kind = CLI_YES_NO,
     .target = &scratch.retry,
     .help = "connect again when the controller goes (yes)"},
    {.name = "json",
     .kind = CLI_FLAG,
     .target = &scratch.json,
     .help = "one JSON object a line, for machines"},
    {.name = "capture",
     .kind = CLI_TEXT,
     .target = &scratch.capture,
     .argument = "FILE",
     .help = "write what crosses the HCI, as btsnoop; keys and\n"
             "passphrases are in it: keep it to yourself"},
    {.name = "config",
     .letter = 'c',
     .kind = CLI_TEXT,
     .target = &scratch.config,
     .argument = "FILE",
     .not_in_config = true,
     .help = "\"option = value\" lines; the command line wins"},
    {0},
};

static const struct cli cli = {
    .program = "trothd",
    .about = "The device: advertises, pairs, takes network credentials over the 8b84xxxx service,\n"
             "joins the network, remembers. Runs until SIGTERM or SIGINT.",
    .options = table,
    .examples = "trothd --transport unix:/tmp/air --network sim:networks.conf\n"
                "trothd --transport hci:0 --network auto\n"
                "trothd --transport tcp:127.0.0.1:9000 --network sim:networks.conf \\\n"
                "       --security authenticate --name 'Porch lamp'\n"
                "trothd --transport unix:/tmp/air --network sim:networks.conf \\\n"
                "       --security authenticate --agent none --oob-file lamp.oob\n"
                "trothd --config /etc/troth/trothd.conf --json",
    .notes =
        "Passkeys go to the agent and nowhere else, never to these lines. On the socket of\n"
        "--agent unix:PATH trothd writes these lines; all but the first and the last are answered\n"
        "by a line:\n"
        "  display passkey 012345\n"
        "  compare 012345 ?        yes or no\n"
        "  type passkey ?          six digits, or no\n"
        "  confirm pairing ?       yes or no\n"
        "  withdrawn               the line before is void\n"
        "--agent-socket speaks JSON lines, for troth agent. The script of --agent script:FILE: "
        "troth\n"
        "agent --help.",
};

static int check_policy(const struct options *o, bool otherwise)
{
    bool legacy = o->security == TROTH_WIFI_MODE_NONE || o->security == TROTH_WIFI_MODE_ENCRYPT_ANY;
    if (o->policy.legacy_only && (!legacy || o->policy.sc_only))
        return cli_misuse(&cli, "--insecure-legacy-only goes with --security encrypt-any or none, "
                                "and not with --sc-only: nobody else could pair");
    if ((o->oob_file && !strcmp(o->oob_file, "-")) || (o->peer_oob && !strcmp(o->peer_oob, "-")))
        return cli_misuse(&cli, "--oob-file and --peer-oob name files: a device writes and reads "
                                "them again and again");
    if (o->oob_file && o->peer_oob && !strcmp(o->oob_file, o->peer_oob))
        return cli_misuse(&cli, "--oob-file is written and --peer-oob is read: name two files");
    if (o->policy.require_mitm && !otherwise && o->io_cap == TROTH_NO_INPUT_NO_OUTPUT)
        return cli_misuse(&cli, "--require-mitm needs somebody to show, to type or to compare: "
                                "choose another --agent and --io-cap, or give --oob-file FILE");
    return CLI_GO;
}

/* Who can see and type decides what may be promised. */
static int check_agent(struct options *o)
{
    static const char *const way_out =
        "run it on a terminal, or give --display-command COMMAND, or --agent-socket PATH for troth "
        "agent, or --agent unix:PATH and a program that shows passkeys there";
    if (!o->agent_given)
        o->agent = agent_have_terminal() && !o->service.display_command ? AGENT_TERMINAL
                                                                        : AGENT_NONE;
    char fault[600];
    const char *wrong = service_settle(o, fault, sizeof fault);
    if (wrong)
        return cli_misuse(&cli, "%s", wrong);
    bool otherwise = o->agent_socket || o->oob_file || o->peer_oob;
    if (o->agent == AGENT_NONE) {
        if (o->security == TROTH_WIFI_MODE_AUTH && !otherwise)
            return cli_misuse(&cli,
                              "in authenticate mode somebody must see the passkey, and there is no "
                              "agent: %s, or choose --security encrypt",
                              way_out);
        if (o->io_cap >= 0 && o->io_cap != TROTH_NO_INPUT_NO_OUTPUT)
            return cli_misuse(&cli,
                              "an IO capability promises a person, and there is no agent: %s, or "
                              "say --io-cap none",
                              way_out);
        o->io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    }
    if (o->io_cap < 0)
        o->io_cap = TROTH_DISPLAY_ONLY;
    if (o->security == TROTH_WIFI_MODE_AUTH && !otherwise && o->io_cap == TROTH_NO_INPUT_NO_OUTPUT)
        return cli_misuse(&cli, "with --io-cap none nothing can be authenticated: choose another, "
                                "or --security encrypt");
    return check_policy(o, otherwise);
}

/* Espressif's apps want no pairing: the session protects. Beside 8b84xxxx its rule counts. */
static int check_provision(struct options *o)
{
    bool espressif = o->provision.protocols & PROVISION_ESPRESSIF;
    char why[512];
    if (!provision_settle(&o->provision, &o->name, why, sizeof why))
        return cli_misuse(&cli, "%s", why);
    const char *wrong = provision_check(&o->provision, o->security);
    if (wrong)
        return cli_misuse(&cli, "%s", wrong);
    if (o->security < 0)
        o->security = o->provision.protocols == PROVISION_ESPRESSIF ? TROTH_WIFI_MODE_NONE
                                                                    : TROTH_WIFI_MODE_ENCRYPT;
    if (!o->name && !espressif)
        o->name = "Troth";
    return CLI_GO;
}

static int parse(struct options *o, int argc, char **argv)
{
    scratch = *o;
    int status = cli_parse(&cli, argc, argv, NULL);
    *o = scratch;
    return status;
}

int options_read(struct options *o, int argc, char **argv)
{
    char why[700];

    *o = defaults;
    int status = parse(o, argc, argv);
    if (status != CLI_GO)
        return status;
    if (o->config) {
        /* The file over the defaults, the command line over both. */
        scratch = defaults;
        if (!config_read(o->config, table, why, sizeof why)) {
            fprintf(stderr, "trothd: %s\n", why);
            return CLI_MISUSE;
        }
        *o = scratch;
        status = parse(o, argc, argv);
    }
    if (status == CLI_GO && o->factory_reset)
        return status;
    if (status == CLI_GO && o->transport.kind == TRANSPORT_NONE && !o->on_bluez)
        status = cli_misuse(&cli, "--transport is missing: " TRANSPORT_EXAMPLES ", or bluez:hci0");
    if (status == CLI_GO && o->network == NETWORK_NONE)
        status = cli_misuse(&cli, "--network is missing: " NET_EXAMPLES);
    if (status == CLI_GO)
        status = check_provision(o);
    if (status == CLI_GO)
        status = check_agent(o);
    const char *cannot = status == CLI_GO && o->on_bluez ? radio_bluez_check(o) : NULL;
    return cannot ? cli_misuse(&cli, "%s", cannot) : status;
}
