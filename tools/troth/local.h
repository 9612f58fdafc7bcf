/* The device on this machine, asked over its control socket: docs/WIRE.md. */
#ifndef TROTH_TOOLS_LOCAL_H
#define TROTH_TOOLS_LOCAL_H

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "common/cli.h"

#define LOCAL_PATH "/run/troth/control"

extern bool local_wanted;
/* For a table of options. */
#define LOCAL_OPTION                                                                               \
    {                                                                                              \
        .name = "local", .kind = CLI_FLAG, .target = &local_wanted,                                \
        .help = "the trothd of this machine, not over the air: at\n"                               \
                "its control socket PATH (" LOCAL_PATH ")"                                         \
    }

/* CLI_GO, or a misuse: the operands of a command that takes a DEVICE, or with --local a PATH. */
int local_operands(const struct cli *cli, char **operands);

/*
 * Asks; request is taken. The answer, which the caller deletes; NULL: refused or nobody there, and
 * a sentence was said.
 */
cJSON *local_ask(const char *path, cJSON *request);

/* The commands' --local: the exit status. path NULL: the usual one. */
int local_status(const char *path);
int local_erase(const char *path);
/* A line about a reply's window. */
void local_tell_window(const cJSON *window, const char *event);

#endif
