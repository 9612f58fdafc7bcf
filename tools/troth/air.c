/* troth air: a radio made of software, for any host stack that speaks H4 over a socket. */
#include "air/serve.h"

#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int cmd_air(int argc, char **argv);

static void help(void)
{
    printf("Usage: troth air --listen WHERE [options]\n"
           "\n"
           "Hosts virtual Bluetooth LE controllers. Each connection is one controller and speaks\n"
           "HCI with H4 framing; all of them share one radio. Runs until SIGINT or SIGTERM.\n"
           "\n"
           "  -l, --listen WHERE     tcp:HOST:PORT (port 0: the kernel chooses) or unix:PATH;\n"
           "                         repeatable. Prints \"listening on ...\" when ready\n"
           "  -a, --address ADDRESS  public address AA:BB:CC:DD:EE:FF; repeatable. A connection\n"
           "                         takes the first that is free, else one is made\n"
           "  -c, --capture DIR      one btsnoop file a controller, for Wireshark. It holds the\n"
           "                         keys and passphrases that cross: keep it to yourself\n"
           "  -s, --status WHERE     answers a connection with what is on the air, as JSON\n"
           "  -t, --trace            a line for every happening: advertises, connects, ...\n"
           "  -k, --hook RULE        disturbs what crosses; repeatable, see below\n"
           "      --latency MS       how long a packet is in flight (default 1)\n"
           "      --seed N           repeatable randomness: never with real keys\n"
           "  -h, --help\n"
           "\n"
           "Examples:\n"
           "  troth air --listen tcp:127.0.0.1:0 --trace\n"
           "  troth air --listen unix:/tmp/air --address C0:FF:EE:00:00:01 --capture captures\n"
           "  troth air --listen unix:/tmp/air --status unix:/tmp/air-status\n"
           "  troth air --listen unix:/tmp/air --hook 'drop smp 0x0c nth 2'\n"
           "\n%s",
           air_rules_help());
}

__attribute__((format(printf, 1, 2))) static int misuse(const char *fmt, ...)
{
    va_list ap;
    fprintf(stderr, "troth air: ");
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fprintf(stderr, "\n");
    return 2;
}

static bool whole_number(const char *text, unsigned long long max, unsigned long long *value)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9')
        return false;
    *value = strtoull(text, &end, 0);
    return !*end && !errno && *value <= max;
}

enum { OPT_LATENCY = 256, OPT_SEED };

static const struct option options[] = {
    {"listen", required_argument, NULL, 'l'},
    {"address", required_argument, NULL, 'a'},
    {"capture", required_argument, NULL, 'c'},
    {"status", required_argument, NULL, 's'},
    {"trace", no_argument, NULL, 't'},
    {"hook", required_argument, NULL, 'k'},
    {"latency", required_argument, NULL, OPT_LATENCY},
    {"seed", required_argument, NULL, OPT_SEED},
    {"help", no_argument, NULL, 'h'},
    {0},
};

/* -1: serve; else the exit status. */
static int parse(int argc, char **argv, struct air_serve_config *cfg)
{
    const char *wrong;
    char why[160];
    struct stat st;
    unsigned long long n;
    optind = 0;
    opterr = 0;
    for (int opt; (opt = getopt_long(argc, argv, "+:l:a:c:s:tk:h", options, NULL)) >= 0;) {
        switch (opt) {
        case 'l':
        case 's':
            wrong = air_serve_check(optarg);
            if (wrong)
                return misuse("cannot listen on \"%s\": %s", optarg, wrong);
            if (opt == 's')
                cfg->status = optarg;
            else if (cfg->listen_count < AIR_SERVE_LISTEN_MAX)
                cfg->listen[cfg->listen_count++] = optarg;
            else
                return misuse("too many --listen options; 16 are possible");
            break;
        case 'a':
            if (cfg->address_count == AIR_SERVE_ADDRESS_MAX)
                return misuse("too many --address options; 64 are possible");
            if (!air_address_parse(optarg, cfg->address[cfg->address_count]))
                return misuse("\"%s\" is no address; write it like C0:FF:EE:00:00:01", optarg);
            for (size_t i = 0; i < cfg->address_count; i++)
                if (!memcmp(cfg->address[i], cfg->address[cfg->address_count], 6))
                    return misuse("address %s is given twice; no two devices share one", optarg);
            cfg->address_count++;
            break;
        case 'c':
            if (stat(optarg, &st) || !S_ISDIR(st.st_mode))
                return misuse("--capture needs a directory that exists; \"%s\" is none", optarg);
            cfg->capture = optarg;
            break;
        case 't':
            cfg->trace = true;
            break;
        case 'k':
            if (!air_rules_add(cfg->rules, optarg, why))
                return misuse("%s", why);
            break;
        case OPT_LATENCY:
            if (!whole_number(optarg, 60000, &n) || !n)
                return misuse("--latency is in milliseconds, from 1 to 60000, not \"%s\"", optarg);
            cfg->crossing_ms = (uint32_t)n;
            break;
        case OPT_SEED:
            if (!whole_number(optarg, UINT64_MAX, &n))
                return misuse("--seed is a number, not \"%s\"", optarg);
            cfg->seed = n;
            cfg->seeded = true;
            break;
        case 'h':
            help();
            return 0;
        case ':':
            return misuse("option %s needs a value; see troth air --help", argv[optind - 1]);
        default:
            return misuse("there is no option %s; see troth air --help", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return misuse("\"%s\" is not expected here; see troth air --help", argv[optind]);
    if (!cfg->listen_count)
        return misuse("say where hosts connect, for example --listen tcp:127.0.0.1:0");
    return -1;
}

int cmd_air(int argc, char **argv)
{
    struct air_serve_config cfg = {.rules = air_rules_new()};
    struct air_rules *rules = cfg.rules;
    int status = parse(argc, argv, &cfg);
    if (status < 0) {
        if (!air_rules_any(rules)) /* packets need not pass a hook then */
            cfg.rules = NULL;
        status = air_serve(&cfg);
    }
    air_rules_free(rules);
    return status;
}
