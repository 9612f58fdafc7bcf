/* What the examples share: being found, what a person reads, what a person types. */
#ifndef TROTH_EXAMPLES_COMMON_H
#define TROTH_EXAMPLES_COMMON_H

#include "ports/linux/runtime.h"

#define EXAMPLE_NAME "Security server"

/* Advertises EXAMPLE_NAME, or stops. */
void be_found(struct troth_host *host, bool on);

/* An event in lines on stdout: who, which keys, how it ended. The keys themselves never. */
void show_event(struct troth_host *host, const struct troth_event *event);
/* A runtime_config.notice. */
void show_notice(void *ctx, enum runtime_notice notice, const char *why, unsigned retry_ms);
/* Says on stderr that `what` was not done, unless result is TROTH_OK. */
void show_result(const char *what, int result);

/*
 * Lines of standard input, without their newline, one call a line; NULL once, at its end. False:
 * why is a sentence.
 */
bool take_lines(sd_event *loop, void (*line)(void *ctx, const char *text), void *ctx, char *why,
                size_t why_cap);

/*
 * Out-of-band data on its way: a file stands for the label, the NFC tag or the cable. Who reads it
 * can pair, so only its owner may. False: said on stderr.
 */
bool write_oob(const char *path, const struct troth_oob *oob);
bool read_oob(const char *path, struct troth_oob *oob);

#endif
