/*
 * ot-daemon's command line, behind its socket: a command is a line, its answer any number of lines
 * and then "Done" or "Error NUMBER: WORDS". One command at a time; nothing waits.
 */
#ifndef TROTH_LINUX_NET_OT_CLI_H
#define TROTH_LINUX_NET_OT_CLI_H

#include <systemd/sd-event.h>

#include <troth/dataset.h>
#include <troth/timer.h>

#define OT_COMMAND  (20 + TROTH_DATASET_TEXT)
#define OT_COMMANDS 8
#define OT_LINE     1024

/* Each line, at last NULL: ok says whether the answer ended in Done. */
typedef void ot_answer(void *ctx, const char *line, bool ok);

struct ot_command {
    char text[OT_COMMAND]; /* perhaps a secret; wiped once written */
    ot_answer *answer;     /* NULL: none is wanted */
    uint32_t wait_ms;
};

struct ot_cli {
    sd_event *loop;
    char path[108];
    int fd; /* -1: not connected */
    sd_event_source *source;
    bool connected, sent;
    struct ot_command queue[OT_COMMANDS];
    unsigned at, used;
    char in[OT_LINE];
    size_t got;
    bool overlong; /* the line that comes is thrown away */
    struct timer answer_timer, again_timer;
    const char *trouble;

    void (*up)(void *ctx);
    void (*down)(void *ctx, const char *why);   /* commands are forgotten */
    void (*absent)(void *ctx, const char *why); /* when that is news */
    void *ctx;
};

/* path, loop, ctx and the arrows are filled in. */
void ot_cli_start(struct ot_cli *c);
void ot_cli_stop(struct ot_cli *c);
/* False: not connected, too many, too long. wait_ms 0: a few seconds. */
bool ot_cli_ask(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void ot_cli_tick(struct ot_cli *c, troth_ms now);
troth_ms ot_cli_deadline(const struct ot_cli *c);

#endif
