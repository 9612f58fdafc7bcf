/*
 * The agent: whom a pairing can ask. It shows passkeys, asks for them, compares, consents; and asks
 * other questions on a terminal, all from the sd-event loop, without blocking it.
 *
 *   AGENT_TERMINAL  /dev/tty, whatever stdin and stdout are. Lines, no raw mode
 *   AGENT_STDIN     prompts on stderr, answers from stdin, one a line, in order
 *   AGENT_SOCKET    listens on a Unix socket (mode 0600) that only this user can connect to; one
 *                   agent at a time. Lines:
 *                       display passkey 012345        (nothing to answer)
 *                       compare 012345 ?              yes | no
 *                       type passkey ?                012345 | no
 *                       confirm pairing ?             yes | no
 *                       withdrawn                     the question before is void
 *   AGENT_NONE      nobody: every question is refused
 *
 * A passkey goes there and nowhere else.
 */
#ifndef TROTH_TOOLS_AGENT_H
#define TROTH_TOOLS_AGENT_H

#include <systemd/sd-event.h>

#include <troth/event.h>

enum agent_kind { AGENT_NONE, AGENT_TERMINAL, AGENT_STDIN, AGENT_SOCKET };

struct agent_config {
    sd_event *loop;
    enum agent_kind kind;
    const char *path; /* AGENT_SOCKET */
    /* Said by out_error when a question finds nobody: names the option that helps. May be NULL. */
    const char *nobody;
};

struct agent;

/* NULL: `why` is a sentence. */
struct agent *agent_open(const struct agent_config *config, char *why, size_t why_cap);
void agent_close(struct agent *a); /* restores the terminal */

/* Somebody would see a question now. Always true on a terminal. */
bool agent_present(const struct agent *a);
/* stdin is a terminal and /dev/tty can be opened: somebody sits there. */
bool agent_have_terminal(void);

/*
 * For the host's ask callback: takes PASSKEY_DISPLAY, PASSKEY_INPUT, COMPARE and CONSENT and
 * answers them with troth_answer. `peer` is how a person knows the other side. False: not its kind,
 * or nobody is there; the ask's default (no) then holds. a may be NULL: nobody.
 */
bool agent_ask(struct agent *a, struct troth_host *host, const struct troth_ask *ask,
               const char *peer);
/* For the host's event callback: closes what is withdrawn, and displays whose pairing is over. */
void agent_event(struct agent *a, const struct troth_event *event);

/*
 * Any other question, for example a password. answer: the line without its newline, valid and
 * wiped after the call; NULL: no answer will come (end of input, or cancelled by agent_cancel).
 * Questions wait for each other. secret: typed without echo. Not for AGENT_SOCKET.
 * TROTH_STATE: nobody is there; TROTH_FULL: too many questions.
 */
int agent_question(struct agent *a, const char *prompt, bool secret,
                   void (*answer)(void *ctx, const char *line), void *ctx);
/* Drops all questions of this ctx, without a call. */
void agent_cancel(struct agent *a, const void *ctx);

/* "012345", blanks allowed: 0 to 999999, or -1. */
int32_t agent_passkey(const char *text);

#endif
