/*
 * The command line as tables: options, subcommands, help. Parsing, usage texts, the configuration
 * file (config.h) and "what was wrong" all come from the same table.
 *
 * Exit statuses: 0 done, 1 failed, 2 used wrongly.
 */
#ifndef TROTH_TOOLS_CLI_H
#define TROTH_TOOLS_CLI_H

#include <stdbool.h>
#include <stddef.h>

enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_MISUSE = 2 };

enum cli_kind {
    CLI_END = 0,
    CLI_FLAG,   /* bool *: true. In a configuration file: yes or no */
    CLI_TEXT,   /* const char **: any non-empty text */
    CLI_NUMBER, /* unsigned *: min to max */
    CLI_YES_NO, /* bool *: yes or no */
    CLI_CHOICE, /* int *: one of `choices` */
    CLI_LIST,   /* struct cli_list *: appended; the option may be repeated */
    CLI_PARSE,  /* void *: `parse` decides */
};

struct cli_choice { /* ends with word NULL. Several words may mean the same; the first is shown */
    const char *word;
    int value;
};

#define CLI_LIST_MAX 16
struct cli_list {
    unsigned count;
    const char *text[CLI_LIST_MAX];
};

struct cli_option {   /* a table ends with an all-zero entry */
    const char *name; /* long name, without the dashes; the key in a configuration file */
    char letter;      /* short name; 0: none */
    enum cli_kind kind;
    void *target;
    const char *argument; /* as usage names it: "FILE"; NULL for flags, and for choices: made */
    const char *help;     /* one or more lines; NULL: the option works and is not shown */
    const struct cli_choice *choices;
    unsigned min, max; /* CLI_NUMBER */
    /* CLI_PARSE: false, and `why` is a sentence that completes "--name VALUE: ..." */
    bool (*parse)(void *target, const char *text, char *why, size_t why_cap);
    bool not_in_config; /* makes no sense in a file: --config itself */
};

struct cli {
    const char *program;  /* "troth scan": before every sentence */
    const char *operands; /* as usage shows them: "[DEVICE]"; NULL: none are taken */
    unsigned operands_min, operands_max;
    const char *about;                /* a short paragraph */
    const struct cli_option *options; /* --help and --version are always there */
    const char *examples;             /* lines; NULL: none */
    const char *notes;                /* further paragraphs after the options; NULL: none */
};

#define CLI_GO (-1)
/*
 * CLI_GO: go on; *operands points to the operands in argv (NULL-terminated; argv is reordered).
 * Else the exit status to leave with: --help and --version were served, or the one sentence that
 * says what was wrong was written to stderr. operands may be NULL when none are taken.
 */
int cli_parse(const struct cli *cli, int argc, char **argv, char ***operands);

/* One value by its table entry: false, and `why` has the sentence without the option's name. */
bool cli_set(const struct cli_option *option, const char *text, char *why, size_t why_cap);
const struct cli_option *cli_find(const struct cli_option *options, const char *name);

/* "troth scan: SENTENCE" and where to read more, on stderr. Returns CLI_MISUSE. */
int cli_misuse(const struct cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/*
 * First in main: a file opened later must not become standard output. Input that is closed is then
 * empty; output that is closed fails, which out_finish tells.
 */
void cli_standard_files(void);

struct cli_command { /* a table ends with name NULL */
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the command's name */
    const char *help;                  /* one line */
};
/* Runs the command argv[1] names; serves help and version. about, examples: as in struct cli. */
int cli_dispatch(const char *program, const char *about, const struct cli_command *commands,
                 const char *examples, int argc, char **argv);

/* IO capabilities, security modes: the words both programs take. */
extern const struct cli_choice cli_io_caps[];         /* enum troth_io_cap */
extern const struct cli_choice cli_wifi_securities[]; /* enum troth_wifi_security */
extern const struct cli_choice cli_wifi_modes[];      /* enum troth_wifi_mode */

#endif
