/* The agent: questions in a queue, and three ways to a person. */
#include "common/agent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <termios.h>
#include <unistd.h>

#include <troth/host.h>

#include "base/wipe.h"
#include "common/out.h"

#define QUESTIONS 8
#define LINE      256
#define TRIES     3 /* at a terminal, before "no" is understood */

enum question_kind { Q_NONE = 0, Q_DISPLAY, Q_PASSKEY, Q_COMPARE, Q_CONSENT, Q_TEXT };

struct question {
    enum question_kind kind;
    bool shown;
    unsigned tries;
    /* a pairing's */
    struct troth_host *host;
    uint32_t ask_id;
    troth_link link;
    uint32_t passkey;
    enum troth_model model;
    char peer[64];
    /* any other */
    char prompt[128];
    bool secret;
    void (*answer)(void *ctx, const char *line);
    void *ctx;
};

struct agent {
    struct agent_config cfg;
    char path[108];
    int listener;
    int in, out; /* -1: nobody */
    bool own_in; /* to be closed */
    bool ended;  /* in has nothing more */
    bool plain;  /* in is a file, which epoll does not watch */
    sd_event_source *listen_io, *io, *soon;
    bool quiet; /* echo is off */
    struct termios old;
    char line[LINE];
    size_t len;
    struct question queue[QUESTIONS]; /* in order; the first that is no display is being asked */
    unsigned count;
};

int32_t agent_passkey(const char *text)
{
    int32_t value = 0;
    unsigned digits = 0;
    for (; *text; text++) {
        if (*text == ' ' || *text == '\t')
            continue;
        if (*text < '0' || *text > '9' || ++digits > 6)
            return -1;
        value = value * 10 + (*text - '0');
    }
    return digits == 6 ? value : -1;
}

bool agent_have_terminal(void)
{
    int fd = isatty(STDIN_FILENO) ? open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY) : -1;
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

bool agent_present(const struct agent *a)
{
    return a && a->out >= 0 && !a->ended;
}

/* ---- saying ---- */

static void put(struct agent *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void put(struct agent *a, const char *format, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (a->cfg.kind == AGENT_SOCKET) {
        if (a->out >= 0)
            (void)!send(a->out, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    } else if (a->out >= 0) {
        (void)!write(a->out, text, len);
    }
    wipe(text, sizeof text); /* a passkey may have been in it */
}

static void show_person(struct agent *a, const struct question *q)
{
    unsigned high = q->passkey / 1000, low = q->passkey % 1000;
    switch (q->kind) {
    case Q_DISPLAY:
        put(a, "Passkey: %03u %03u   (type it on %s)\n", high, low, q->peer);
        break;
    case Q_PASSKEY:
        if (q->model == TROTH_PASSKEY_BOTH_INPUT)
            put(a, "Choose six digits and type the same here and on %s: ", q->peer);
        else
            put(a, "Passkey that %s displays (six digits): ", q->peer);
        break;
    case Q_COMPARE:
        put(a, "Does %s show %03u %03u as well? [yes/no] ", q->peer, high, low);
        break;
    case Q_CONSENT:
        put(a, "Pair with %s? Nothing proves who it is. [yes/no] ", q->peer);
        break;
    case Q_TEXT:
        put(a, "%s: ", q->prompt);
        break;
    case Q_NONE:
        break;
    }
}

static void show_socket(struct agent *a, const struct question *q)
{
    switch (q->kind) {
    case Q_DISPLAY:
        put(a, "display passkey %06u\n", (unsigned)q->passkey);
        break;
    case Q_PASSKEY:
        put(a, "type passkey ?\n");
        break;
    case Q_COMPARE:
        put(a, "compare %06u ?\n", (unsigned)q->passkey);
        break;
    case Q_CONSENT:
        put(a, "confirm pairing ?\n");
        break;
    case Q_TEXT:
    case Q_NONE:
        break;
    }
}

static void echo(struct agent *a, bool on)
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

/* ---- the queue ---- */

static struct question *asked(struct agent *a)
{
    for (unsigned i = 0; i < a->count; i++)
        if (a->queue[i].kind != Q_DISPLAY)
            return &a->queue[i];
    return NULL;
}

/* Shows what waits to be shown, and listens for as long as something is asked. */
static void pump(struct agent *a)
{
    struct question *q = asked(a);
    for (unsigned i = 0; agent_present(a) && i < a->count; i++) {
        struct question *one = &a->queue[i];
        if (one->shown || (one->kind != Q_DISPLAY && one != q))
            continue;
        one->shown = true;
        if (a->cfg.kind == AGENT_TERMINAL && one->kind != Q_DISPLAY) {
            a->len = 0; /* what was typed before the question is no answer to it */
            tcflush(a->in, TCIFLUSH);
            echo(a, !(one->kind == Q_TEXT && one->secret));
        }
        if (a->cfg.kind == AGENT_SOCKET)
            show_socket(a, one);
        else
            show_person(a, one);
        if (a->cfg.kind == AGENT_STDIN && one->kind != Q_DISPLAY && !isatty(a->in))
            put(a, "\n"); /* no echo will end the line */
    }
    if (a->cfg.kind == AGENT_SOCKET)
        return;
    bool listen = q && !a->ended;
    if (a->io)
        sd_event_source_set_enabled(a->io, listen ? SD_EVENT_ON : SD_EVENT_OFF);
    if (listen && (a->plain || memchr(a->line, '\n', a->len)))
        sd_event_source_set_enabled(a->soon, SD_EVENT_ONESHOT);
    if (a->ended && q)
        sd_event_source_set_enabled(a->soon, SD_EVENT_ONESHOT);
}

static struct question *enqueue(struct agent *a, enum question_kind kind)
{
    if (a->count == QUESTIONS)
        return NULL;
    struct question *q = &a->queue[a->count++];
    memset(q, 0, sizeof *q);
    q->kind = kind;
    return q;
}

static struct question dequeue(struct agent *a, struct question *q)
{
    struct question gone = *q;
    unsigned i = (unsigned)(q - a->queue);
    memmove(q, q + 1, (a->count - i - 1) * sizeof *q);
    wipe(&a->queue[--a->count], sizeof *q);
    if (gone.kind != Q_DISPLAY && gone.shown)
        echo(a, true);
    return gone;
}

/* Takes it off and answers it. line NULL: no. False in ok: no as well. */
static void settle(struct agent *a, struct question *q, bool ok, uint32_t passkey, const char *line)
{
    struct question gone = dequeue(a, q);
    struct troth_answer answer = {.ok = ok};
    if (gone.kind == Q_TEXT) {
        gone.answer(gone.ctx, ok ? line : NULL);
    } else if (gone.kind != Q_DISPLAY) {
        if (ok)
            answer.u.passkey = passkey;
        troth_answer(gone.host, gone.ask_id, &answer); /* STALE: withdrawn meanwhile */
    }
    wipe(&gone, sizeof gone);
    wipe(&answer, sizeof answer);
}

/* Nobody will answer any more. */
static void settle_all(struct agent *a, const char *why)
{
    struct question *q;
    while ((q = asked(a))) {
        if (why)
            out_error("%s", why);
        why = NULL;
        settle(a, q, false, 0, NULL);
    }
}

static bool is_yes(const char *s)
{
    return !strcasecmp(s, "yes") || !strcasecmp(s, "y");
}

static bool is_no(const char *s)
{
    return !strcasecmp(s, "no") || !strcasecmp(s, "n");
}

/* An answer that is none: a person may try again, a script had its chance. */
static void misunderstood(struct agent *a, struct question *q, const char *expected)
{
    if (a->cfg.kind != AGENT_STDIN && ++q->tries < TRIES) {
        if (a->cfg.kind == AGENT_SOCKET)
            put(a, "expected %s\n", expected);
        else
            put(a, "Please answer with %s.\n", expected);
        q->shown = false;
        return;
    }
    out_error("the answer is not %s; taken as no", expected);
    settle(a, q, false, 0, NULL);
}

static void take_line(struct agent *a, char *line)
{
    struct question *q = asked(a);
    if (!q)
        return;
    if (q->kind == Q_TEXT) {
        settle(a, q, true, 0, line);
    } else if (is_no(line)) {
        settle(a, q, false, 0, NULL);
    } else if (q->kind == Q_PASSKEY) {
        int32_t passkey = agent_passkey(line);
        if (passkey >= 0)
            settle(a, q, true, (uint32_t)passkey, NULL);
        else
            misunderstood(a, q, "six digits");
    } else if (is_yes(line)) {
        settle(a, q, true, 0, NULL);
    } else {
        misunderstood(a, q, "yes or no");
    }
}

/* ---- hearing ---- */

/* One whole line at most: the next may be the answer to the next question. */
static bool take_buffered(struct agent *a)
{
    char *end = memchr(a->line, '\n', a->len);
    if (!end && (a->len == sizeof a->line || (a->ended && a->len)))
        end = a->line + a->len - 1; /* too long, or a last line without its end */
    else if (end)
        *end = 0;
    if (!end || !asked(a))
        return false;
    char line[LINE + 1];
    size_t whole = (size_t)(end - a->line) + 1;
    memcpy(line, a->line, whole);
    line[whole] = 0;
    size_t n = strlen(line);
    while (n && line[n - 1] == '\r')
        line[--n] = 0;
    memmove(a->line, a->line + whole, a->len - whole);
    a->len -= whole;
    wipe(a->line + a->len, sizeof a->line - a->len);
    take_line(a, line);
    wipe(line, sizeof line);
    return true;
}

static void hang_up(struct agent *a)
{
    a->io = sd_event_source_disable_unref(a->io);
    if (a->out >= 0)
        close(a->out);
    a->in = a->out = -1;
    a->len = 0;
    for (unsigned i = 0; i < a->count; i++)
        a->queue[i].shown = false;
    settle_all(a, "the agent left with a question open; taken as no");
}

static void hear(struct agent *a)
{
    if (a->ended || a->in < 0)
        return;
    ssize_t n = read(a->in, a->line + a->len, sizeof a->line - a->len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n > 0) {
        a->len += (size_t)n;
    } else if (a->cfg.kind == AGENT_SOCKET) {
        hang_up(a);
    } else if (a->cfg.kind == AGENT_TERMINAL && n == 0 && asked(a)) {
        settle(a, asked(a), false, 0, NULL); /* Ctrl-D: no to this one */
    } else {
        a->ended = true;
    }
}

static int on_input(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct agent *a = context;
    (void)source;
    (void)fd;
    (void)events;
    hear(a);
    if (a->cfg.kind == AGENT_SOCKET && !asked(a))
        a->len = 0; /* unasked */
    sd_event_source_set_enabled(a->soon, SD_EVENT_ONESHOT);
    return 0;
}

static int on_soon(sd_event_source *source, void *context)
{
    struct agent *a = context;
    (void)source;
    if (a->plain && !memchr(a->line, '\n', a->len) && a->len < sizeof a->line)
        hear(a);
    if (!take_buffered(a) && a->ended)
        settle_all(a, a->cfg.kind == AGENT_STDIN
                          ? "standard input is at its end, and there is a question; taken as no"
                          : "the terminal is gone, and there is a question; taken as no");
    pump(a);
    if (asked(a) && memchr(a->line, '\n', a->len))
        sd_event_source_set_enabled(a->soon, SD_EVENT_ONESHOT);
    return 0;
}

/* ---- the socket ---- */

static bool ours(int fd)
{
    struct ucred who;
    socklen_t len = sizeof who;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) &&
           (who.uid == geteuid() || who.uid == 0);
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct agent *a = context;
    (void)source;
    (void)events;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return 0;
    if (a->out >= 0 || !ours(client)) {
        (void)!send(client, "busy\n", 5, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(client);
        return 0;
    }
    if (sd_event_add_io(a->cfg.loop, &a->io, client, EPOLLIN, on_input, a) < 0) {
        close(client);
        return 0;
    }
    a->in = a->out = client;
    pump(a);
    return 0;
}

/* A socket nobody listens at any more is left behind by a power cut: make way. */
static void remove_stale(const struct sockaddr_un *where)
{
    struct stat st;
    if (lstat(where->sun_path, &st) || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)where, sizeof *where) && errno == ECONNREFUSED)
        unlink(where->sun_path);
    close(fd);
}

static bool open_socket(struct agent *a, char *why, size_t cap)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!a->cfg.path || !*a->cfg.path || strlen(a->cfg.path) >= sizeof where.sun_path) {
        snprintf(why, cap, "the agent's socket needs a path of 1 to %zu octets",
                 sizeof where.sun_path - 1);
        return false;
    }
    snprintf(where.sun_path, sizeof where.sun_path, "%s", a->cfg.path);
    remove_stale(&where);
    a->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    mode_t mask = umask(0177); /* from its first moment on: this user's alone */
    int r = a->listener < 0 ? -1 : bind(a->listener, (const struct sockaddr *)&where, sizeof where);
    int error = errno;
    umask(mask);
    if (!r) {
        memcpy(a->path, where.sun_path, sizeof a->path);
        r = listen(a->listener, 4);
        error = errno;
    }
    if (!r && (r = sd_event_add_io(a->cfg.loop, &a->listen_io, a->listener, EPOLLIN, on_connection,
                                   a)) < 0)
        error = -r;
    if (r < 0)
        snprintf(why, cap, "cannot listen for an agent at %s: %s", a->cfg.path,
                 error == EADDRINUSE ? "another program does, or a file is in the way"
                                     : strerror(error));
    return r >= 0;
}

/* ---- opening and closing ---- */

static bool open_person(struct agent *a, char *why, size_t cap)
{
    if (a->cfg.kind == AGENT_TERMINAL) {
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
    int r = sd_event_add_io(a->cfg.loop, &a->io, a->in, EPOLLIN, on_input, a);
    a->plain = r == -EPERM;
    if (r < 0 && !a->plain) {
        snprintf(why, cap, "cannot wait for answers: %s", strerror(-r));
        return false;
    }
    if (a->io)
        sd_event_source_set_enabled(a->io, SD_EVENT_OFF);
    return true;
}

struct agent *agent_open(const struct agent_config *config, char *why, size_t why_cap)
{
    struct agent *a = calloc(1, sizeof *a);
    bool ok = true;
    if (!a) {
        snprintf(why, why_cap, "no memory for an agent");
        return NULL;
    }
    a->cfg = *config;
    a->in = a->out = a->listener = -1;
    if (sd_event_add_defer(config->loop, &a->soon, on_soon, a) < 0) {
        snprintf(why, why_cap, "the event loop takes no more sources");
        ok = false;
    } else {
        sd_event_source_set_enabled(a->soon, SD_EVENT_OFF);
        if (config->kind == AGENT_SOCKET)
            ok = open_socket(a, why, why_cap);
        else if (config->kind != AGENT_NONE)
            ok = open_person(a, why, why_cap);
    }
    if (ok)
        return a;
    agent_close(a);
    return NULL;
}

void agent_close(struct agent *a)
{
    if (!a)
        return;
    echo(a, true);
    sd_event_source_disable_unref(a->listen_io);
    sd_event_source_disable_unref(a->io);
    sd_event_source_disable_unref(a->soon);
    if (a->cfg.kind == AGENT_SOCKET) {
        if (a->out >= 0)
            close(a->out);
        if (a->listener >= 0)
            close(a->listener);
        if (a->path[0])
            unlink(a->path);
    } else if (a->own_in && a->in >= 0) {
        close(a->in);
    }
    wipe(a, sizeof *a);
    free(a);
}

/* ---- questions ---- */

bool agent_ask(struct agent *a, struct troth_host *host, const struct troth_ask *ask,
               const char *peer)
{
    static const enum question_kind kinds[] = {
        [TROTH_ASK_PASSKEY_DISPLAY] = Q_DISPLAY,
        [TROTH_ASK_PASSKEY_INPUT] = Q_PASSKEY,
        [TROTH_ASK_COMPARE] = Q_COMPARE,
        [TROTH_ASK_CONSENT] = Q_CONSENT,
    };
    if ((size_t)ask->type >= sizeof kinds / sizeof *kinds || !kinds[ask->type])
        return false;
    struct question *q = agent_present(a) ? enqueue(a, kinds[ask->type]) : NULL;
    if (!q) {
        if (a && a->cfg.nobody)
            out_error("%s", a->cfg.nobody);
        return false;
    }
    q->host = host;
    q->ask_id = ask->id;
    q->link = ask->link;
    if (ask->type == TROTH_ASK_CONSENT) {
        q->model = ask->u.pairing.model;
    } else {
        q->passkey = ask->u.passkey.passkey;
        q->model = ask->u.passkey.model;
    }
    snprintf(q->peer, sizeof q->peer, "%s", peer);
    pump(a);
    return true;
}

static void drop(struct agent *a, struct question *q)
{
    struct question gone = dequeue(a, q);
    if (gone.shown && a->cfg.kind == AGENT_SOCKET)
        put(a, "withdrawn\n");
    else if (gone.shown && gone.kind != Q_DISPLAY)
        put(a, "\n(no longer asked)\n");
    wipe(&gone, sizeof gone);
}

void agent_event(struct agent *a, const struct troth_event *e)
{
    if (!a)
        return;
    bool over = e->type == TROTH_EV_PAIRED || e->type == TROTH_EV_PAIRING_FAILED ||
                e->type == TROTH_EV_DISCONNECTED;
    for (unsigned i = 0; i < a->count;) {
        struct question *q = &a->queue[i];
        bool pairing = q->kind != Q_TEXT;
        if (pairing && ((over && q->link == e->link) ||
                        (e->type == TROTH_EV_WITHDRAWN && q->ask_id == e->u.ask_id)))
            drop(a, q);
        else
            i++;
    }
    pump(a);
}

int agent_question(struct agent *a, const char *prompt, bool secret,
                   void (*answer)(void *ctx, const char *line), void *ctx)
{
    if (!agent_present(a) || a->cfg.kind == AGENT_SOCKET)
        return TROTH_STATE;
    struct question *q = enqueue(a, Q_TEXT);
    if (!q)
        return TROTH_FULL;
    snprintf(q->prompt, sizeof q->prompt, "%s", prompt);
    q->secret = secret;
    q->answer = answer;
    q->ctx = ctx;
    pump(a);
    return TROTH_OK;
}

void agent_cancel(struct agent *a, const void *ctx)
{
    if (!a)
        return;
    for (unsigned i = 0; i < a->count;)
        if (a->queue[i].kind == Q_TEXT && a->queue[i].ctx == ctx)
            drop(a, &a->queue[i]);
        else
            i++;
    pump(a);
}
