/*
 * The agents of both programs: whom a pairing can ask (<troth/agent.h>); and other questions on a
 * terminal, all from the sd-event loop, without blocking it.
 *
 *   AGENT_TERMINAL  /dev/tty, whatever stdin and stdout are. Lines, no raw mode
 *   AGENT_STDIN     prompts on stderr, answers from stdin, one a line, in order
 *   AGENT_STEP      for tests: shows each call with all it says and waits for Enter
 *   AGENT_SCRIPT    for tests: answers from a file, in order; the unexpected is a no and an error
 *   AGENT_YES       says yes to comparisons and consents, unseen; types nothing
 *   AGENT_REFUSE    says no to everything
 *   AGENT_SOCKET    listens on a Unix socket (mode 0600) that only this user can connect to; one
 *                   agent at a time. Lines:
 *                       display passkey 012345        (nothing to answer)
 *                       compare 012345 ?              yes | no
 *                       type passkey ?                012345 | no
 *                       confirm pairing ?             yes | no
 *                       withdrawn                     the question before is void
 *   AGENT_ATTACHED  the same socket, with JSON lines and an IO capability: docs/WIRE.md
 *   AGENT_DISPLAY   shows passkeys by means of its owner's and answers nothing
 *   AGENT_NONE      nobody: every question is refused
 *
 * A passkey goes there and nowhere else.
 */
#ifndef TROTH_TOOLS_AGENT_H
#define TROTH_TOOLS_AGENT_H

#include <systemd/sd-event.h>

#include <troth/agent.h>

enum agent_kind {
    AGENT_NONE,
    AGENT_TERMINAL,
    AGENT_STDIN,
    AGENT_STEP,
    AGENT_SCRIPT,
    AGENT_YES,
    AGENT_REFUSE,
    AGENT_SOCKET,
    AGENT_ATTACHED,
    AGENT_DISPLAY,
};

/* "terminal", "step", "script:FILE", "refuse", "none", "unix:PATH". */
#define AGENT_WORDS "terminal, none, refuse, step, script:FILE or unix:PATH"
bool agent_parse(const char *text, enum agent_kind *kind, const char **path);

struct agent_config {
    sd_event *loop;
    enum agent_kind kind;
    const char *path; /* AGENT_SCRIPT: the file. AGENT_SOCKET, AGENT_ATTACHED: the socket */
    const char *name; /* AGENT_ATTACHED: of this device, told to who attaches */
    /* Said by out_error when a question finds nobody: names the option that helps. May be NULL. */
    const char *nobody;
    /* AGENT_ATTACHED: somebody came or left. May be NULL. */
    void (*attached)(void *ctx, bool here);
    /* AGENT_DISPLAY: six digits to show, valid during the call; NULL: no longer. NULL: they stand
       somewhere already. */
    void (*display)(void *ctx, const char *passkey, const char *peer);
    void *ctx;
};

struct agent;

/* NULL: `why` is a sentence. */
struct agent *agent_open(const struct agent_config *config, char *why, size_t why_cap);
void agent_close(struct agent *a); /* restores the terminal */

/* Somebody would see a question now. Always true on a terminal. */
bool agent_present(const struct agent *a);
/* What who is attached can do: enum troth_io_cap; -1 when nobody is, and of any other kind. */
int agent_io_cap(const struct agent *a);
/* AGENT_SCRIPT: every call so far was the expected one; at_end: and none is left over. */
bool agent_script_kept(const struct agent *a, bool at_end);
/* stdin is a terminal and /dev/tty can be opened: somebody sits there. */
bool agent_have_terminal(void);

/* The struct that any host can be given; its io_cap is the program's to say. a's own memory. */
const struct troth_agent *agent_troth(struct agent *a);

/*
 * For the host's ask callback: takes PASSKEY_DISPLAY, PASSKEY_INPUT, COMPARE and CONSENT and
 * answers them with troth_answer. `peer` is how a person knows the other side. False: not its kind,
 * or nobody is there; the ask's default (no) then holds. a may be NULL: nobody.
 */
bool agent_ask(struct agent *a, struct troth_host *host, const struct troth_ask *ask,
               const char *peer);
/* For the host's event callback: closes what is withdrawn. a may be NULL. */
void agent_event(struct agent *a, const struct troth_event *event);

/*
 * Any other question, for example a password. answer: the line without its newline, valid and
 * wiped after the call; NULL: no answer will come (end of input, or cancelled by agent_cancel).
 * Questions wait for each other. secret: typed without echo. Only where a person reads.
 * TROTH_STATE: nobody is there; TROTH_FULL: too many questions.
 */
int agent_question(struct agent *a, const char *prompt, bool secret,
                   void (*answer)(void *ctx, const char *line), void *ctx);
/* Drops all questions of this ctx, without a call. */
void agent_cancel(struct agent *a, const void *ctx);

/* "012345", blanks allowed: 0 to 999999, or -1. */
int32_t agent_passkey(const char *text);

#endif
