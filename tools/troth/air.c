/* troth air: a radio made of software, for any host stack that speaks H4 over a socket. */
#include "air/serve.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "common/cli.h"

static struct air_serve_config config;
static struct air_rules *rules;

static bool is_place(const char *text, char *why, size_t cap)
{
    const char *wrong = air_serve_check(text);
    if (wrong)
        snprintf(why, cap, "cannot listen there: %s", wrong);
    return !wrong;
}

static bool parse_listen(void *target, const char *text, char *why, size_t cap)
{
    (void)target;
    if (!is_place(text, why, cap))
        return false;
    if (config.listen_count == AIR_SERVE_LISTEN_MAX) {
        snprintf(why, cap, "one too many; %d are possible", AIR_SERVE_LISTEN_MAX);
        return false;
    }
    config.listen[config.listen_count++] = text;
    return true;
}

static bool parse_status(void *target, const char *text, char *why, size_t cap)
{
    (void)target;
    config.status = text;
    return is_place(text, why, cap);
}

static bool parse_address(void *target, const char *text, char *why, size_t cap)
{
    uint8_t *next = config.address[config.address_count];
    (void)target;
    if (config.address_count == AIR_SERVE_ADDRESS_MAX) {
        snprintf(why, cap, "one too many; %d are possible", AIR_SERVE_ADDRESS_MAX);
        return false;
    }
    if (!air_address_parse(text, next)) {
        snprintf(why, cap, "that is no address; write it like C0:FF:EE:00:00:01");
        return false;
    }
    for (size_t i = 0; i < config.address_count; i++)
        if (!memcmp(config.address[i], next, 6)) {
            snprintf(why, cap, "given twice; no two devices share an address");
            return false;
        }
    config.address_count++;
    return true;
}

static bool parse_capture(void *target, const char *text, char *why, size_t cap)
{
    struct stat st;
    (void)target;
    config.capture = text;
    if (!stat(text, &st) && S_ISDIR(st.st_mode))
        return true;
    snprintf(why, cap, "a directory that exists is expected");
    return false;
}

static bool parse_hook(void *target, const char *text, char *why, size_t cap)
{
    char wrong[160];
    (void)target;
    if (air_rules_add(rules, text, wrong))
        return true;
    snprintf(why, cap, "%s", wrong);
    return false;
}

static bool parse_seed(void *target, const char *text, char *why, size_t cap)
{
    char *end;
    (void)target;
    errno = 0;
    config.seed = strtoull(text, &end, 0);
    config.seeded = true;
    if (*text >= '0' && *text <= '9' && !*end && !errno)
        return true;
    snprintf(why, cap, "a number is expected");
    return false;
}

static unsigned latency;

static const struct cli_option options[] = {
    {.name = "listen",
     .letter = 'l',
     .kind = CLI_PARSE,
     .parse = parse_listen,
     .argument = "WHERE",
     .help = "tcp:HOST:PORT (port 0: the kernel chooses) or\n"
             "unix:PATH; repeatable. Prints \"listening on ...\"\n"
             "when ready"},
    {.name = "address",
     .letter = 'a',
     .kind = CLI_PARSE,
     .parse = parse_address,
     .argument = "ADDRESS",
     .help = "public address AA:BB:CC:DD:EE:FF; repeatable. A\n"
             "connection takes the first that is free, else one is\n"
             "made"},
    {.name = "capture",
     .letter = 'c',
     .kind = CLI_PARSE,
     .parse = parse_capture,
     .argument = "DIR",
     .help = "one btsnoop file a controller, for Wireshark. It\n"
             "holds the keys and passphrases that cross: keep it\n"
             "to yourself"},
    {.name = "status",
     .letter = 's',
     .kind = CLI_PARSE,
     .parse = parse_status,
     .argument = "WHERE",
     .help = "answers a connection with what is on the air, as JSON"},
    {.name = "trace",
     .letter = 't',
     .kind = CLI_FLAG,
     .target = &config.trace,
     .help = "a line for every happening: advertises, connects ..."},
    {.name = "hook",
     .letter = 'k',
     .kind = CLI_PARSE,
     .parse = parse_hook,
     .argument = "RULE",
     .help = "disturbs what crosses; repeatable, see below"},
    {.name = "latency",
     .kind = CLI_NUMBER,
     .target = &latency,
     .min = 1,
     .max = 60000,
     .argument = "MS",
     .help = "how long a packet is in flight (1)"},
    {.name = "seed",
     .kind = CLI_PARSE,
     .parse = parse_seed,
     .argument = "N",
     .help = "repeatable randomness: never with real keys"},
    {0},
};

int cmd_air(int argc, char **argv)
{
    const struct cli cli = {
        .program = "troth air",
        .about = "Hosts virtual Bluetooth LE controllers. Each connection is one controller and\n"
                 "speaks HCI with H4 framing; all of them share one radio. Runs until SIGINT or\n"
                 "SIGTERM.",
        .options = options,
        .notes = air_rules_help(),
        .examples = "troth air --listen tcp:127.0.0.1:0 --trace\n"
                    "troth air --listen unix:/tmp/air --address C0:FF:EE:00:00:01 --capture caps\n"
                    "troth air --listen unix:/tmp/air --status unix:/tmp/air-status\n"
                    "troth air --listen unix:/tmp/air --hook 'drop smp 0x0c nth 2'",
    };
    rules = air_rules_new();
    int status = cli_parse(&cli, argc, argv, NULL);
    if (status == CLI_GO && !config.listen_count)
        status = cli_misuse(&cli, "say where hosts connect, for example --listen tcp:127.0.0.1:0");
    if (status == CLI_GO) {
        config.crossing_ms = latency;
        config.rules = air_rules_any(rules) ? rules : NULL; /* packets need not pass a hook then */
        status = air_serve(&config);
    }
    air_rules_free(rules);
    return status;
}
