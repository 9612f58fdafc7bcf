/* What a command line's tables look like: to a reader, to man, to a shell that completes. */
#ifndef TROTH_TOOLS_CLI_HELP_H
#define TROTH_TOOLS_CLI_HELP_H

#include "common/cli.h"

#ifndef TROTH_VERSION
#define TROTH_VERSION "(development)"
#endif

/*
 * form: NULL the help itself; "man" a page for man(1); "words" lines for completion, of fields with
 * tabs between: a word, what follows it (empty: nothing; FILE: a file; else choices with | between,
 * or anything), a line of help. CLI_DONE, or CLI_MISUSE: there is no such form.
 */
int cli_help(const struct cli *cli, const char *form);
int cli_commands_help(const char *program, const char *about, const struct cli_command *commands,
                      const char *examples, const char *form);

/* ---- of cli.c ---- */

void cli_choices_text(const struct cli_choice *choices, const char *between, char *text,
                      size_t cap);
/* What usage shows for an option's value. */
void cli_argument_text(const struct cli_option *o, char *text, size_t cap);
/* "program: SENTENCE (see program --help)"; CLI_MISUSE. */
int cli_no_command(const char *program, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
