/*
 * ot-daemon's command line, behind its socket: a command is a line, its answer any number of lines
 * and then "Done" or "Error NUMBER: WORDS". One command at a time; nothing waits.
 *
 * The daemon has one session, and who comes next takes it. So there is a connection while there is
 * something to ask, none else; and one that is taken away in the middle is made again, soon, and
 * what it was about begins anew. What was asked in a session before it may still be answered in ours
 * and ours not be heard meanwhile, so a connection begins with "state", until it is answered.
 *
 * Whether the daemon runs, and somebody else is in its session, the kernel tells without disturbing
 * anybody.
 */
#ifndef TROTH_LINUX_NET_OT_CLI_H
#define TROTH_LINUX_NET_OT_CLI_H

#include <systemd/sd-event.h>

#include <troth/dataset.h>
#include <troth/timer.h>

#define OT_COMMAND  (20 + TROTH_DATASET_TEXT)
#define OT_COMMANDS 16
#define OT_LINE     1024

enum ot_end {
    OT_LINE_CAME = 0, /* and more comes */
    OT_DONE,
    OT_ERROR,
    OT_NOT_FOUND, /* Error 23: NotFound */
    OT_CUT,       /* of ot_cli_once: the connection ended first */
};

/* Each line, then NULL with how it ended. */
typedef void ot_answer(void *ctx, const char *line, enum ot_end end);

struct ot_command {
    char text[OT_COMMAND]; /* perhaps a secret; wiped when it will not be said again */
    ot_answer *answer;     /* NULL: none is wanted */
    uint32_t wait_ms;
    bool more; /* belongs to the one before it: they are said one after the other, or anew */
    bool once; /* never said twice */
};

struct ot_cli {
    sd_event *loop;
    char path[108];
    int fd; /* -1: not connected */
    sd_event_source *source;
    bool here;          /* it was there when it was last looked for */
    bool ready, greets; /* the session is ours alone: "state" was answered; is being answered */
    bool stray;         /* an answer that was not ours ended since it was said */
    unsigned greetings; /* how often it was said */
    bool sent;
    struct ot_command queue[OT_COMMANDS];
    unsigned at, used, said; /* said: of the first ones, answered and perhaps to be said anew */
    unsigned tries;          /* connections in a row that led to nothing */
    char in[OT_LINE];
    size_t got;
    bool overlong; /* the line that comes is thrown away */
    struct timer answer_timer, again_timer;
    const char *trouble;
    uint32_t inode; /* of its socket, another when it was started anew; 0: not seen */

    /* A line in answer to "state"; false: it is no role, so it answers something else. */
    bool (*state)(void *ctx, const char *line);
    void (*up)(void *ctx);                      /* a session began, after state */
    void (*down)(void *ctx, const char *why);   /* it runs no longer; commands are forgotten */
    void (*absent)(void *ctx, const char *why); /* when that is news */
    void *ctx;
};

/* path, loop, ctx and the arrows are filled in. */
void ot_cli_start(struct ot_cli *c);
void ot_cli_stop(struct ot_cli *c);
/* False: it is not there, too many, too long. wait_ms 0: a few seconds. */
bool ot_cli_ask(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The same, behind the one asked before it: should it have to be said again, so is that. After an
   error that somebody was told, what belongs to it is not said at all. */
bool ot_cli_then(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* What ends the session by being done. */
bool ot_cli_once(struct ot_cli *c, ot_answer *answer, const char *command);
/* Asks for the state, now. */
void ot_cli_look(struct ot_cli *c);
/* Sees whether it runs, without a session. True: somebody is in one. */
bool ot_cli_glance(struct ot_cli *c);
void ot_cli_tick(struct ot_cli *c, troth_ms now);
troth_ms ot_cli_deadline(const struct ot_cli *c);

/* ---- net_ot_socket.c ---- */

struct ot_socket {
    uint32_t inode; /* of who listens there; 0: nobody in this network namespace, or not known */
    bool taken;     /* and somebody is connected */
};

struct ot_socket ot_socket_look(const char *path);

#endif
