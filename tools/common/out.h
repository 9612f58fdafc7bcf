/*
 * What a program says. For people: one line a happening, in colour only on a terminal and never
 * under NO_COLOR. With --json: one object a line on stdout, {"event": ..., fields, "text": ...},
 * the text being the same line. Secrets have no business in either.
 *
 * One program, one output: the state is global.
 */
#ifndef TROTH_TOOLS_OUT_H
#define TROTH_TOOLS_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cjson/cJSON.h>

enum out_tone { OUT_PLAIN, OUT_GOOD, OUT_WARN, OUT_BAD, OUT_DIM };

/* Where event lines go for people: stdout for a daemon, stderr for a command (progress). */
void out_init(const char *program, bool json, FILE *events);
bool out_is_json(void);
/* From now on into systemd's journal, if stdout goes there: with fields. Not with --json. */
void out_to_journal(void);

/*
 * "key:T key:T", T one of s (const char *; NULL leaves the key out), i (int), u (unsigned),
 * b (int: bool), x (unsigned: "0x1f"), j (cJSON *, taken).
 */
cJSON *out_fields(const char *keys, ...);

/* A happening. fields, which may be NULL, are taken and freed. */
void out_event(enum out_tone tone, const char *event, cJSON *fields, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* A result: as above, and for people a line on stdout. */
void out_result(const char *event, cJSON *fields, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* What went wrong: "program: sentence" on stderr; with --json also {"event": "error"}. */
void out_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Only for people: an aside or a hint on stderr. Nothing with --json. */
void out_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * Last in main: the status to exit with. Not 0 when something did not reach stdout, which is said
 * unless another failure was.
 */
int out_finish(int status);

/* A heading or an emphasised word for stdout tables: "" when there is no colour. */
const char *out_sgr(enum out_tone tone, FILE *where);
const char *out_sgr_end(FILE *where);

/*
 * Octets from the air for people: UTF-8 as it is, everything that could disturb a terminal as
 * \xHH, a backslash doubled. At most cap - 1 octets, cut between characters.
 */
char *out_printable(const uint8_t *bytes, size_t len, char *text, size_t cap);

#endif
