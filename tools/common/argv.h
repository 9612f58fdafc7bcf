/* A command as one text, and its words: for running it without a shell. */
#ifndef TROTH_TOOLS_ARGV_H
#define TROTH_TOOLS_ARGV_H

#include <stdbool.h>
#include <stddef.h>

#define ARGV_WORDS 32
#define ARGV_TEXT  1024

struct argv {
    char text[ARGV_TEXT];
    char *word[ARGV_WORDS + 1]; /* ends with NULL; points into text */
};

/*
 * Blanks divide; 'so' and "so" keep them, a backslash keeps what follows (not within ''). Nothing
 * is expanded. False: `why` completes "--name VALUE: ...".
 */
bool argv_split(struct argv *a, const char *command, char *why, size_t why_cap);
/* Its first word is a program that may be run, looked for in PATH when it has no slash. */
bool argv_runs(const struct argv *a, char *why, size_t why_cap);

#endif
