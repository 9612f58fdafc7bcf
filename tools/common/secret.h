/* Secrets on their way into a program: from a prompt, from stdin, from a file; never from argv. */
#ifndef TROTH_TOOLS_SECRET_H
#define TROTH_TOOLS_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The first line of a file, without its newline; "-" is stdin, of which exactly one line is
 * consumed. Octets as they are. False: `why` is a sentence (unreadable, or longer than cap).
 */
bool secret_read(const char *path, uint8_t *out, size_t cap, size_t *len, char *why,
                 size_t why_cap);
/*
 * Asks on /dev/tty without echo and waits: for before the loop runs (inside it: agent_question).
 * False: no terminal, or the person gave up; `why` says so.
 */
bool secret_prompt(const char *prompt, uint8_t *out, size_t cap, size_t *len, char *why,
                   size_t why_cap);
/* Overwrites; the compiler may not leave it out. */
void secret_wipe(void *p, size_t n);

#endif
