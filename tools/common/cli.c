/* Command lines from tables. */
#include "common/cli.h"
#include "common/cli_help.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <troth/smp.h>
#include <troth/wifi_gatt.h>

const struct cli_choice cli_io_caps[] = {
    {"display-only", TROTH_DISPLAY_ONLY},
    {"display-yes-no", TROTH_DISPLAY_YES_NO},
    {"keyboard-only", TROTH_KEYBOARD_ONLY},
    {"none", TROTH_NO_INPUT_NO_OUTPUT},
    {"keyboard-display", TROTH_KEYBOARD_DISPLAY},
    /* as the specification writes them */
    {"DisplayOnly", TROTH_DISPLAY_ONLY},
    {"DisplayYesNo", TROTH_DISPLAY_YES_NO},
    {"KeyboardOnly", TROTH_KEYBOARD_ONLY},
    {"NoInputNoOutput", TROTH_NO_INPUT_NO_OUTPUT},
    {"no-input-no-output", TROTH_NO_INPUT_NO_OUTPUT},
    {"KeyboardDisplay", TROTH_KEYBOARD_DISPLAY},
    {NULL, 0},
};

const struct cli_choice cli_wifi_securities[] = {
    {"auto", TROTH_WIFI_AUTO},
    {"open", TROTH_WIFI_OPEN},
    {"wpa2", TROTH_WIFI_WPA2_PSK},
    {"wpa2-sha256", TROTH_WIFI_WPA2_PSK_SHA256},
    {"wpa3", TROTH_WIFI_WPA3_SAE},
    {"wpa2-wpa3", TROTH_WIFI_WPA2_WPA3},
    {"wpa2-psk", TROTH_WIFI_WPA2_PSK},
    {"wpa2-psk-sha256", TROTH_WIFI_WPA2_PSK_SHA256},
    {"wpa3-sae", TROTH_WIFI_WPA3_SAE},
    {"sae", TROTH_WIFI_WPA3_SAE},
    {NULL, 0},
};

const struct cli_choice cli_wifi_modes[] = {
    {"none", TROTH_WIFI_MODE_NONE},          {"encrypt", TROTH_WIFI_MODE_ENCRYPT},
    {"authenticate", TROTH_WIFI_MODE_AUTH},  {"encrypt-any", TROTH_WIFI_MODE_ENCRYPT_ANY},
    {"encrypted", TROTH_WIFI_MODE_ENCRYPT},  {"auth", TROTH_WIFI_MODE_AUTH},
    {"authenticated", TROTH_WIFI_MODE_AUTH}, {NULL, 0},
};

/* ---- what was wrong ---- */

static int vmisuse(const char *program, const char *format, va_list ap)
{
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, ap);
    fprintf(stderr, " (see %s --help)\n", program);
    return CLI_MISUSE;
}

int cli_misuse(const struct cli *cli, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int status = vmisuse(cli->program, format, ap);
    va_end(ap);
    return status;
}

/* ---- values ---- */

static bool set_number(const struct cli_option *o, const char *text, char *why, size_t cap)
{
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || errno || value < o->min || value > o->max) {
        snprintf(why, cap, "a number from %u to %u is expected", o->min, o->max);
        return false;
    }
    *(unsigned *)o->target = (unsigned)value;
    return true;
}

static bool set_yes_no(const struct cli_option *o, const char *text, char *why, size_t cap)
{
    bool yes =
        !strcmp(text, "yes") || !strcmp(text, "true") || !strcmp(text, "on") || !strcmp(text, "1");
    bool no =
        !strcmp(text, "no") || !strcmp(text, "false") || !strcmp(text, "off") || !strcmp(text, "0");
    if (!yes && !no) {
        snprintf(why, cap, "yes or no is expected");
        return false;
    }
    *(bool *)o->target = yes;
    return true;
}

static bool set_choice(const struct cli_option *o, const char *text, char *why, size_t cap)
{
    char all[300];
    for (const struct cli_choice *c = o->choices; c->word; c++)
        if (strcasecmp(c->word, text) == 0) {
            *(int *)o->target = c->value;
            return true;
        }
    cli_choices_text(o->choices, ", ", all, sizeof all);
    snprintf(why, cap, "one of %s is expected", all);
    return false;
}

bool cli_set(const struct cli_option *o, const char *text, char *why, size_t cap)
{
    struct cli_list *list;
    switch (o->kind) {
    case CLI_FLAG:
    case CLI_YES_NO:
        return set_yes_no(o, text, why, cap);
    case CLI_TEXT:
        if (!*text) {
            snprintf(why, cap, "it may not be empty");
            return false;
        }
        *(const char **)o->target = text;
        return true;
    case CLI_NUMBER:
        return set_number(o, text, why, cap);
    case CLI_CHOICE:
        return set_choice(o, text, why, cap);
    case CLI_LIST:
        list = o->target;
        if (list->count == CLI_LIST_MAX) {
            snprintf(why, cap, "it may be given at most %d times", CLI_LIST_MAX);
            return false;
        }
        list->text[list->count++] = text;
        return true;
    case CLI_PARSE:
        return o->parse(o->target, text, why, cap);
    case CLI_END:
        break;
    }
    return false;
}

const struct cli_option *cli_find(const struct cli_option *options, const char *name)
{
    for (const struct cli_option *o = options; o && o->kind; o++)
        if (strcmp(o->name, name) == 0)
            return o;
    return NULL;
}

/* ---- parsing ---- */

#define OPTIONS_MAX 128
enum { LONG_BASE = 256 };

struct getopt_tables {
    struct option longs[OPTIONS_MAX + 3];
    char shorts[2 * OPTIONS_MAX + 8];
    unsigned count;
};

static void make_tables(struct getopt_tables *t, const struct cli_option *options)
{
    char *s = t->shorts;
    memset(t, 0, sizeof *t);
    *s++ = ':'; /* we say what is wrong, not getopt */
    for (const struct cli_option *o = options; o && o->kind && t->count < OPTIONS_MAX; o++) {
        t->longs[t->count] =
            (struct option){o->name, o->kind == CLI_FLAG ? no_argument : required_argument, NULL,
                            LONG_BASE + (int)t->count};
        t->count++;
        if (o->letter) {
            *s++ = o->letter;
            if (o->kind != CLI_FLAG)
                *s++ = ':';
        }
    }
    t->longs[t->count] = (struct option){"help", optional_argument, NULL, 'h'};
    t->longs[t->count + 1] = (struct option){"version", no_argument, NULL, 'V'};
    memcpy(s, "hV", 3);
}

static const struct cli_option *by_code(const struct cli *cli, int code)
{
    if (code >= LONG_BASE)
        return &cli->options[code - LONG_BASE];
    for (const struct cli_option *o = cli->options; o && o->kind; o++)
        if (o->letter == code)
            return o;
    return NULL;
}

static int unknown(const struct cli *cli, const char *word)
{
    if (strncmp(word, "--", 2) != 0)
        return cli_misuse(cli, "there is no option -%c", optopt);
    int len = (int)strcspn(word, "=");
    if (optopt >= LONG_BASE || optopt == 'V')
        return cli_misuse(cli, "%.*s takes no value", len, word);
    if (len > 2)
        for (const struct cli_option *o = cli->options; o && o->kind; o++)
            if (strncmp(o->name, word + 2, (size_t)len - 2) == 0)
                return cli_misuse(cli, "%.*s may mean more than one option; write it out", len,
                                  word);
    return cli_misuse(cli, "there is no option %.*s", len, word);
}

static int missing(const struct cli *cli)
{
    const struct cli_option *o = by_code(cli, optopt);
    char argument[128];
    cli_argument_text(o, argument, sizeof argument);
    return cli_misuse(cli, "--%s needs a value: %s", o->name, argument);
}

static int take(const struct cli *cli, const struct cli_option *o)
{
    char why[512];
    if (o->kind == CLI_FLAG) {
        *(bool *)o->target = true;
        return CLI_GO;
    }
    if (cli_set(o, optarg, why, sizeof why))
        return CLI_GO;
    return cli_misuse(cli, "--%s %s: %s", o->name, optarg, why);
}

static int check_operands(const struct cli *cli, char **rest)
{
    unsigned n = 0;
    while (rest[n])
        n++;
    if (!cli->operands && n)
        return cli_misuse(cli, "'%s' is not expected here", rest[0]);
    if (n < cli->operands_min)
        return cli_misuse(cli, "%s is missing", cli->operands);
    if (cli->operands && n > cli->operands_max)
        return cli_misuse(cli, "'%s' is one too many", rest[cli->operands_max]);
    return CLI_GO;
}

int cli_parse(const struct cli *cli, int argc, char **argv, char ***operands)
{
    struct getopt_tables tables;
    int code, status = CLI_GO;

    make_tables(&tables, cli->options);
    opterr = 0;
    optind = 0; /* glibc: start afresh */
    while (status == CLI_GO) {
        code = getopt_long(argc, argv, tables.shorts, tables.longs, NULL);
        if (code < 0)
            break;
        if (code == 'h' && !by_code(cli, 'h')) {
            status = cli_help(cli, optarg);
        } else if (code == 'V' && !by_code(cli, 'V')) {
            printf("%s " TROTH_VERSION "\n", cli->program);
            status = CLI_DONE;
        } else if (code == '?') {
            status = unknown(cli, argv[optind - 1]);
        } else if (code == ':') {
            status = missing(cli);
        } else {
            status = take(cli, by_code(cli, code));
        }
    }
    if (status == CLI_GO)
        status = check_operands(cli, argv + optind);
    if (operands)
        *operands = argv + optind;
    return status;
}

/* ---- the start ---- */

void cli_standard_files(void)
{
    /* The lowest free number is taken, so in this order each gets its own. */
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 &&
            open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
            _exit(CLI_FAILED);
}

/* ---- commands ---- */

int cli_no_command(const char *program, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    int status = vmisuse(program, format, ap);
    va_end(ap);
    return status;
}

/* "help NAME ..." is "NAME ... --help". */
static int help_on(const char *program, const struct cli_command *commands, int argc, char **argv)
{
    char help[] = "--help", *words[8];
    int n = 0;
    while (n < argc && n < 6) {
        words[n] = argv[n];
        n++;
    }
    words[n] = help;
    words[n + 1] = NULL;
    for (const struct cli_command *c = commands; c->name; c++)
        if (strcmp(c->name, argv[0]) == 0)
            return c->run(n + 1, words);
    return cli_no_command(program, "there is no command '%s'", argv[0]);
}

int cli_dispatch(const char *program, const char *about, const struct cli_command *commands,
                 const char *examples, int argc, char **argv)
{
    if (argc < 2)
        return cli_no_command(program, "a command is missing");
    const char *word = argv[1];
    if (!strcmp(word, "help") && argc > 2)
        return help_on(program, commands, argc - 2, argv + 2);
    if (!strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help"))
        return cli_commands_help(program, about, commands, examples, NULL);
    if (!strncmp(word, "--help=", 7))
        return cli_commands_help(program, about, commands, examples, word + 7);
    if (!strcmp(word, "--version") || !strcmp(word, "-V") || !strcmp(word, "version")) {
        printf("%s " TROTH_VERSION "\n", program);
        return CLI_DONE;
    }
    for (const struct cli_command *c = commands; c->name; c++)
        if (strcmp(c->name, word) == 0)
            return c->run(argc - 1, argv + 1);
    if (*word == '-')
        return cli_no_command(program, "there is no option %s before the command", word);
    return cli_no_command(program, "there is no command '%s'", word);
}
