/* The agents: questions in a queue, and who answers them. */
#include "common/agent_parts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/out.h"

#define TRIES 3 /* at a terminal, before "no" is understood */

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

bool agent_parse(const char *text, enum agent_kind *kind, const char **path)
{
    static const struct {
        const char *word;
        enum agent_kind kind;
    } all[] = {{"terminal", AGENT_TERMINAL}, {"none", AGENT_NONE},      {"refuse", AGENT_REFUSE},
               {"step", AGENT_STEP},         {"script:", AGENT_SCRIPT}, {"unix:", AGENT_SOCKET}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        size_t len = strlen(all[i].word);
        bool named = all[i].word[len - 1] == ':';
        if (named ? strncmp(text, all[i].word, len) || !text[len] : strcmp(text, all[i].word) != 0)
            continue;
        *kind = all[i].kind;
        *path = named ? text + len : NULL;
        return true;
    }
    return false;
}

bool agent_present(const struct agent *a)
{
    if (!a || a->cfg.kind == AGENT_NONE)
        return false;
    return a->way->decide || a->way->displays ||
           (a->out >= 0 && !a->ended && (a->cfg.kind != AGENT_ATTACHED || a->io_cap >= 0));
}

int agent_io_cap(const struct agent *a)
{
    return a && a->cfg.kind == AGENT_ATTACHED ? a->io_cap : -1;
}

void agent_put(struct agent *a, const char *format, ...)
{
    char text[1024];
    va_list ap;
    va_start(ap, format);
    int n = vsnprintf(text, sizeof text, format, ap);
    va_end(ap);
    size_t len = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    if (a->listener >= 0 && a->out >= 0)
        (void)!send(a->out, text, len, MSG_NOSIGNAL | MSG_DONTWAIT);
    else if (a->out >= 0)
        (void)!write(a->out, text, len);
    wipe(text, sizeof text); /* a passkey may have been in it */
}

/* ---- the queue ---- */

static bool waits(const struct agent *a, const struct question *q)
{
    return q->kind != Q_DISPLAY || a->cfg.kind == AGENT_STEP;
}

struct question *agent_asked(struct agent *a)
{
    for (unsigned i = 0; i < a->count; i++)
        if (waits(a, &a->queue[i]))
            return &a->queue[i];
    return NULL;
}

void agent_pump(struct agent *a)
{
    struct question *q = agent_asked(a);
    for (unsigned i = 0; agent_present(a) && i < a->count; i++) {
        struct question *one = &a->queue[i];
        if (one->shown || (waits(a, one) && one != q && !a->way->all_at_once))
            continue;
        one->shown = true;
        a->way->show(a, one);
    }
    if (!a->soon || a->way->all_at_once || a->listener >= 0)
        return;
    bool listen = q && !a->ended;
    if (a->io)
        sd_event_source_set_enabled(a->io, listen ? SD_EVENT_ON : SD_EVENT_OFF);
    if (q && (a->ended || a->plain || memchr(a->line, '\n', a->len)))
        sd_event_source_set_enabled(a->soon, SD_EVENT_ONESHOT);
}

static struct question *enqueue(struct agent *a, enum question_kind kind)
{
    if (a->count == AGENT_QUESTIONS)
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
        agent_echo(a, true);
    return gone;
}

void agent_settle(struct agent *a, struct question *q, bool ok, uint32_t passkey, const char *line)
{
    struct question gone = dequeue(a, q);
    if (gone.kind == Q_TEXT)
        gone.answer(gone.ctx, ok ? line : NULL);
    else if (gone.kind != Q_DISPLAY)
        gone.call.answer(gone.call.host, gone.call.id, ok, passkey);
    wipe(&gone, sizeof gone);
}

void agent_settle_all(struct agent *a, const char *why)
{
    struct question *q;
    while ((q = agent_asked(a))) {
        if (why)
            out_error("%s", why);
        why = NULL;
        agent_settle(a, q, false, 0, NULL);
    }
}

static bool is_yes(const struct agent *a, const char *s)
{
    return !strcasecmp(s, "yes") || !strcasecmp(s, "y") || (a->cfg.kind == AGENT_STEP && !*s);
}

static bool is_no(const char *s)
{
    return !strcasecmp(s, "no") || !strcasecmp(s, "n");
}

/* An answer that is none: a person may try again, a script had its chance. */
static void misunderstood(struct agent *a, struct question *q, const char *expected)
{
    if (a->cfg.kind != AGENT_STDIN && ++q->tries < TRIES) {
        a->way->again(a, expected);
        q->shown = false;
        return;
    }
    out_error("the answer is not %s; taken as no", expected);
    agent_settle(a, q, false, 0, NULL);
}

void agent_take_line(struct agent *a, char *line)
{
    struct question *q = agent_asked(a);
    if (!q)
        return;
    if (q->kind == Q_TEXT) {
        agent_settle(a, q, true, 0, line);
    } else if (q->kind == Q_DISPLAY || is_no(line)) {
        agent_settle(a, q, false, 0, NULL);
    } else if (q->kind == Q_PASSKEY) {
        int32_t passkey = agent_passkey(line);
        if (passkey >= 0)
            agent_settle(a, q, true, (uint32_t)passkey, NULL);
        else
            misunderstood(a, q, "six digits");
    } else if (is_yes(a, line)) {
        agent_settle(a, q, true, 0, NULL);
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
    if (!end || (!a->way->all_at_once && !agent_asked(a)))
        return false;
    char line[AGENT_LINE + 1];
    size_t whole = (size_t)(end - a->line) + 1;
    memcpy(line, a->line, whole);
    line[whole] = 0;
    size_t n = strlen(line);
    while (n && line[n - 1] == '\r')
        line[--n] = 0;
    memmove(a->line, a->line + whole, a->len - whole);
    a->len -= whole;
    wipe(a->line + a->len, sizeof a->line - a->len);
    a->way->line(a, line);
    wipe(line, sizeof line);
    return true;
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
    } else if (a->listener >= 0) {
        agent_hang_up(a);
    } else if (a->own_in && n == 0 && agent_asked(a)) {
        agent_settle(a, agent_asked(a), false, 0, NULL); /* Ctrl-D: no to this one */
    } else {
        a->ended = true;
    }
}

int agent_on_input(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct agent *a = context;
    (void)source;
    (void)fd;
    (void)events;
    hear(a);
    if (a->cfg.kind == AGENT_SOCKET && !agent_asked(a))
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
        agent_settle_all(a, a->own_in
                                ? "the terminal is gone, and there is a question; taken as no"
                                : "standard input is at its end, and there is a question; taken "
                                  "as no");
    agent_pump(a);
    if ((a->way->all_at_once || agent_asked(a)) && memchr(a->line, '\n', a->len))
        sd_event_source_set_enabled(a->soon, SD_EVENT_ONESHOT);
    return 0;
}

/* ---- opening and closing ---- */

static const struct agent_way nobody;

static const struct agent_way *const ways[] = {
    [AGENT_NONE] = &nobody,
    [AGENT_TERMINAL] = &agent_console,
    [AGENT_STDIN] = &agent_console,
    [AGENT_STEP] = &agent_step,
    [AGENT_SCRIPT] = &agent_script,
    [AGENT_YES] = &agent_automatic,
    [AGENT_REFUSE] = &agent_automatic,
    [AGENT_SOCKET] = &agent_socket,
    [AGENT_ATTACHED] = &agent_attached,
    [AGENT_DISPLAY] = &agent_display,
};

static bool on_call(void *ctx, const struct troth_agent_call *call);
static void on_closed(void *ctx, uint32_t id);

struct agent *agent_open(const struct agent_config *config, char *why, size_t why_cap)
{
    struct agent *a = calloc(1, sizeof *a);
    bool ok = true;
    if (!a) {
        snprintf(why, why_cap, "no memory for an agent");
        return NULL;
    }
    a->cfg = *config;
    a->way = ways[config->kind];
    a->in = a->out = a->listener = -1;
    a->io_cap = -1;
    a->troth = (struct troth_agent){
        .io_cap = TROTH_NO_INPUT_NO_OUTPUT, .call = on_call, .closed = on_closed, .ctx = a};
    if (sd_event_add_defer(config->loop, &a->soon, on_soon, a) < 0) {
        snprintf(why, why_cap, "the event loop takes no more sources");
        ok = false;
    } else {
        sd_event_source_set_enabled(a->soon, SD_EVENT_OFF);
        ok = !a->way->open || a->way->open(a, why, why_cap);
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
    agent_echo(a, true);
    sd_event_source_disable_unref(a->listen_io);
    sd_event_source_disable_unref(a->io);
    sd_event_source_disable_unref(a->soon);
    if (a->way->close)
        a->way->close(a);
    wipe(a, sizeof *a);
    free(a);
}

/* ---- questions ---- */

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    struct agent *a = ctx;
    if (a->way->decide) {
        uint32_t passkey = 0;
        bool yes = a->way->decide(a, call, &passkey);
        if (call->type != TROTH_AGENT_DISPLAY)
            call->answer(call->host, call->id, yes, passkey);
        return true;
    }
    if (a->way->displays && call->type != TROTH_AGENT_DISPLAY)
        return false;
    struct question *q = agent_present(a) ? enqueue(a, (enum question_kind)call->type) : NULL;
    if (!q) {
        if (a->cfg.nobody)
            out_error("%s", a->cfg.nobody);
        return false;
    }
    q->call = *call;
    snprintf(q->peer, sizeof q->peer, "%s", call->peer);
    q->call.peer = NULL; /* questions move in their queue */
    agent_pump(a);
    return true;
}

static void drop(struct agent *a, struct question *q)
{
    struct question gone = dequeue(a, q);
    if (gone.shown && a->way->gone)
        a->way->gone(a, &gone);
    wipe(&gone, sizeof gone);
}

static void on_closed(void *ctx, uint32_t id)
{
    struct agent *a = ctx;
    for (unsigned i = 0; i < a->count;)
        if (a->queue[i].kind != Q_TEXT && a->queue[i].call.id == id)
            drop(a, &a->queue[i]);
        else
            i++;
    agent_pump(a);
}

const struct troth_agent *agent_troth(struct agent *a)
{
    return &a->troth;
}

bool agent_ask(struct agent *a, struct troth_host *host, const struct troth_ask *ask,
               const char *peer)
{
    return a && troth_agent_ask(&a->troth, host, ask, peer);
}

void agent_event(struct agent *a, const struct troth_event *e)
{
    if (a)
        troth_agent_event(&a->troth, e);
}

int agent_question(struct agent *a, const char *prompt, bool secret,
                   void (*answer)(void *ctx, const char *line), void *ctx)
{
    if (!agent_present(a) || !a->way->any_text)
        return TROTH_STATE;
    struct question *q = enqueue(a, Q_TEXT);
    if (!q)
        return TROTH_FULL;
    snprintf(q->prompt, sizeof q->prompt, "%s", prompt);
    q->secret = secret;
    q->answer = answer;
    q->ctx = ctx;
    agent_pump(a);
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
    agent_pump(a);
}
