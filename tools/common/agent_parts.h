/* What the agents' files share: the queue of questions (agent.c) and the ways to who answers. */
#ifndef TROTH_TOOLS_AGENT_PARTS_H
#define TROTH_TOOLS_AGENT_PARTS_H

#include "common/agent.h"

#include <termios.h>

#define AGENT_QUESTIONS 8
#define AGENT_LINE      512

enum question_kind {
    Q_NONE = 0,
    Q_DISPLAY = TROTH_AGENT_DISPLAY,
    Q_PASSKEY = TROTH_AGENT_PASSKEY,
    Q_COMPARE = TROTH_AGENT_COMPARE,
    Q_CONSENT = TROTH_AGENT_CONSENT,
    Q_TEXT,
};

struct question {
    enum question_kind kind;
    bool shown;
    unsigned tries;
    /* a pairing's */
    struct troth_agent_call call; /* its peer: the copy below */
    char peer[160];
    /* any other */
    char prompt[128];
    bool secret;
    void (*answer)(void *ctx, const char *line);
    void *ctx;
};

/* What a kind of agent is made of; what is NULL does nothing. */
struct agent_way {
    bool (*open)(struct agent *a, char *why, size_t cap);
    void (*close)(struct agent *a);
    void (*show)(struct agent *a, struct question *q);
    void (*gone)(struct agent *a, const struct question *q); /* was shown, and is withdrawn */
    /* One line of input came. */
    void (*line)(struct agent *a, char *line);
    /* An answer that is none, and may be given again. */
    void (*again)(struct agent *a, const char *expected);
    /* Answers without being shown; *passkey may be set. Instead of all the above. */
    bool (*decide)(struct agent *a, const struct troth_agent_call *call, uint32_t *passkey);
    bool any_text;    /* takes agent_question */
    bool displays;    /* always there, and takes no question */
    bool all_at_once; /* shows every question, not one after the other; hears what is unasked */
};
extern const struct agent_way agent_console, agent_step, agent_script, agent_automatic,
    agent_socket, agent_attached, agent_display;

struct agent_script; /* agent_script.c */

struct agent {
    struct agent_config cfg;
    const struct agent_way *way;
    struct troth_agent troth;
    char path[108];
    int listener;
    int in, out; /* -1: nobody */
    bool own_in; /* to be closed */
    bool ended;  /* in has nothing more */
    bool plain;  /* in is a file, which epoll does not watch */
    sd_event_source *listen_io, *io, *soon;
    bool quiet; /* echo is off */
    struct termios old;
    int io_cap; /* AGENT_ATTACHED: as told; -1 before */
    struct agent_script *script;
    char line[AGENT_LINE];
    size_t len;
    struct question queue[AGENT_QUESTIONS]; /* in order; the first that waits is being asked */
    unsigned count;
};

/* ---- agent.c ---- */

void agent_put(struct agent *a, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Whose answer is awaited; NULL: nobody's. */
struct question *agent_asked(struct agent *a);
/* Shows what waits to be shown, and listens for as long as something is asked. */
void agent_pump(struct agent *a);
/* Takes it off and answers it. line: of a Q_TEXT. */
void agent_settle(struct agent *a, struct question *q, bool ok, uint32_t passkey, const char *line);
/* Nobody will answer any more. */
void agent_settle_all(struct agent *a, const char *why);
/* The usual meaning of a line: yes, no, six digits. */
void agent_take_line(struct agent *a, char *line);
/* There is input. */
int agent_on_input(sd_event_source *source, int fd, uint32_t events, void *context);

/* ---- agent_console.c ---- */

void agent_echo(struct agent *a, bool on);

/* ---- agent_socket.c ---- */

void agent_hang_up(struct agent *a);

#endif
