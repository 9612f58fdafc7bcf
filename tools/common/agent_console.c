/* Agents on a console: a terminal, standard input, and the one that stops at each call. */
#include "common/agent_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

void agent_echo(struct agent *a, bool on)
{
    struct termios t;
    if (on == !a->quiet || a->in < 0)
        return;
    if (on) {
        tcsetattr(a->in, TCSANOW, &a->old);
        a->quiet = false;
    } else if (tcgetattr(a->in, &a->old) == 0) {
        t = a->old;
        t.c_lflag &= ~(tcflag_t)ECHO;
        t.c_lflag |= ECHONL;
        tcsetattr(a->in, TCSAFLUSH, &t);
        a->quiet = true;
    }
}

/* What was typed before the question is no answer to it. */
static void prepare(struct agent *a, const struct question *q)
{
    if (!a->own_in || (q->kind == Q_DISPLAY && a->cfg.kind != AGENT_STEP))
        return;
    a->len = 0;
    tcflush(a->in, TCIFLUSH);
    agent_echo(a, !(q->kind == Q_TEXT && q->secret));
}

static void end_prompt(struct agent *a, const struct question *q)
{
    if (!a->own_in && (q->kind != Q_DISPLAY || a->cfg.kind == AGENT_STEP) && !isatty(a->in))
        agent_put(a, "\n"); /* no echo will end the line */
}

static void show(struct agent *a, struct question *q)
{
    unsigned high = q->call.passkey / 1000, low = q->call.passkey % 1000;
    prepare(a, q);
    switch (q->kind) {
    case Q_DISPLAY:
        agent_put(a, "Passkey: %03u %03u   (type it on %s)\n", high, low, q->peer);
        break;
    case Q_PASSKEY:
        if (q->call.model == TROTH_PASSKEY_BOTH_INPUT)
            agent_put(a, "Choose six digits and type the same here and on %s: ", q->peer);
        else
            agent_put(a, "Passkey that %s displays (six digits): ", q->peer);
        break;
    case Q_COMPARE:
        agent_put(a, "Does %s show %03u %03u as well? [yes/no] ", q->peer, high, low);
        break;
    case Q_CONSENT:
        agent_put(a, "Pair with %s? Nothing proves who it is. [yes/no] ", q->peer);
        break;
    case Q_TEXT:
        agent_put(a, "%s: ", q->prompt);
        break;
    case Q_NONE:
        break;
    }
    end_prompt(a, q);
}

static void gone(struct agent *a, const struct question *q)
{
    if (q->kind != Q_DISPLAY)
        agent_put(a, "\n(no longer asked)\n");
}

static void again(struct agent *a, const char *expected)
{
    agent_put(a, "Please answer with %s.\n", expected);
}

static bool open_console(struct agent *a, char *why, size_t cap)
{
    bool terminal =
        a->cfg.kind == AGENT_TERMINAL || (a->cfg.kind == AGENT_STEP && agent_have_terminal());
    if (terminal) {
        a->in = a->out = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        a->own_in = true;
        if (a->in < 0) {
            snprintf(why, cap, "there is no terminal to ask on");
            return false;
        }
    } else {
        a->in = STDIN_FILENO;
        a->out = STDERR_FILENO;
    }
    int r = sd_event_add_io(a->cfg.loop, &a->io, a->in, EPOLLIN, agent_on_input, a);
    a->plain = r == -EPERM;
    if (r < 0 && !a->plain) {
        snprintf(why, cap, "cannot wait for answers: %s", strerror(-r));
        return false;
    }
    if (a->io)
        sd_event_source_set_enabled(a->io, SD_EVENT_OFF);
    return true;
}

static void close_console(struct agent *a)
{
    if (a->own_in && a->in >= 0)
        close(a->in);
}

const struct agent_way agent_console = {
    .open = open_console,
    .close = close_console,
    .show = show,
    .gone = gone,
    .line = agent_take_line,
    .again = again,
    .any_text = true,
};

/* ---- one step at a time ---- */

static void show_step(struct agent *a, struct question *q)
{
    static const char *const calls[] = {[Q_DISPLAY] = "display passkey",
                                        [Q_PASSKEY] = "type passkey",
                                        [Q_COMPARE] = "compare",
                                        [Q_CONSENT] = "consent to Just Works"};
    static const char *const ends[] = {[Q_DISPLAY] = "Enter goes on",
                                       [Q_PASSKEY] = "six digits, or no",
                                       [Q_COMPARE] = "Enter says yes, no says no",
                                       [Q_CONSENT] = "Enter says yes, no says no"};
    if (q->kind == Q_TEXT || q->kind == Q_NONE) {
        show(a, q);
        return;
    }
    prepare(a, q);
    agent_put(a, "CALL  %s\n      id     %u\n      peer   %s\n      model  %s\n", calls[q->kind],
              (unsigned)q->call.id, q->peer, troth_model_name((uint8_t)q->call.model));
    if (q->kind == Q_DISPLAY || q->kind == Q_COMPARE)
        agent_put(a, "      value  %06u\n", (unsigned)q->call.passkey);
    agent_put(a, "      (%s) ", ends[q->kind]);
    end_prompt(a, q);
}

static void gone_step(struct agent *a, const struct question *q)
{
    agent_put(a, "\nCLOSED id %u\n", (unsigned)q->call.id);
}

const struct agent_way agent_step = {
    .open = open_console,
    .close = close_console,
    .show = show_step,
    .gone = gone_step,
    .line = agent_take_line,
    .again = again,
    .any_text = true,
};
