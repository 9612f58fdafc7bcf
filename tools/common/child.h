/*
 * A program that is run for us: no shell, no descriptor but its three, no signal blocked or ignored.
 * What it reads and says is limited by size, itself by time, and it is always reaped.
 */
#ifndef TROTH_TOOLS_CHILD_H
#define TROTH_TOOLS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <systemd/sd-event.h>

struct child;

struct child_order {
    const char *const *argv; /* argv[0] is looked for in PATH if it has no slash; NULL ends it */
    int input;       /* it reads this from where it stands; -1: nothing. Stays the caller's */
    uint8_t *output; /* what it says comes here; NULL: goes nowhere */
    size_t room;
    bool errors; /* its standard error is ours; else it goes nowhere */
    bool group;  /* it leads one, which is killed whole; else who interrupts us, interrupts it */
    unsigned ms; /* then it is killed */
};

struct child {     /* begin with zeros; the first part is to be read, when it has come to its end */
    size_t len;    /* of output */
    bool too_long; /* there was more than room */
    bool late;     /* it, or who holds its output, had not come to an end in time */
    int status;    /* of its exit; 128 and the signal's number */
    int signal;    /* that ended it; 0: none */
    int error;     /* errno of one that could not be started */
    pid_t pid;     /* 0: none runs */
    /* child.c's */
    struct child_order order; /* argv and input: while it is started */
    int fd;                   /* its output; -1: none, or read to the end */
    bool ended;
    void (*done)(void *ctx);
    void *ctx;
    sd_event_source *on_fd, *on_end, *on_time;
};

/* A file that holds these octets, to be read: not a pipe, so who does not read it holds nothing up.
 * -1: errno. */
int child_input(const void *octets, size_t len);

/*
 * Starts it; when it and its output have come to an end, done is called from the loop, once, and may
 * start it again. What is too long is dropped, and it runs on. False: `why` is a sentence. Blocks
 * SIGCHLD, as sd-event wants it.
 */
bool child_start(struct child *c, const struct child_order *order, sd_event *loop,
                 void (*done)(void *ctx), void *ctx, char *why, size_t why_cap);
/* Of one that was started, if it runs: waits so long for its end, then kills it. done stays away. */
void child_finish(struct child *c, unsigned ms);
/* Starts it and waits. What is too long kills it at once. False: it did not run, `why` is a
 * sentence. */
bool child_run(struct child *c, const struct child_order *order, char *why, size_t why_cap);

/* It came to an end by itself, with status 0, and has said all. */
bool child_did_well(const struct child *c);
/* How it came to its end, after "the display command": "failed with status 1". */
void child_words(const struct child *c, char *text, size_t cap);

#endif
