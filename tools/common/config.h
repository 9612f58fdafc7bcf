/*
 * Configuration files: "key = value" lines, '#' and ';' start a comment line, [section] lines are
 * allowed and mean nothing. The keys are the long options of the program's own table.
 */
#ifndef TROTH_TOOLS_CONFIG_H
#define TROTH_TOOLS_CONFIG_H

#include "common/cli.h"

/*
 * Sets the options that a file names, then those that the files PATH.d/NAME.conf name, by their names'
 * order: what comes later wins. False: `why` is a sentence that begins with FILE:LINE:, or says
 * why the file cannot be read. Texts stay allocated until the program ends.
 */
bool config_read(const char *path, const struct cli_option *options, char *why, size_t why_cap);

#endif
