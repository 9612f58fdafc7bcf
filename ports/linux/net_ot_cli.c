/* Commands and answers of ot-daemon. */
#include "ports/linux/net_ot_cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/wipe.h"

#define AGAIN_MS   2000
#define ANSWER_MS  5000
#define STATE_MS   2000 /* it is not heard while what somebody else asked is answered */
#define STRAY_MS   300  /* behind that answer ours may come */
#define GREETINGS  8
#define BACKOFF_MS 100 /* doubled */
#define TRIES      5

static struct ot_command *nth(struct ot_cli *c, unsigned n)
{
    return &c->queue[(c->at + n) % OT_COMMANDS];
}

static void close_socket(struct ot_cli *c)
{
    c->source = sd_event_source_disable_unref(c->source);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->ready = c->greets = c->sent = c->overlong = false;
    c->greetings = 0;
    c->got = 0;
    wipe(c->in, sizeof c->in);
    timer_stop(&c->answer_timer);
}

static void forget_commands(struct ot_cli *c)
{
    c->used = c->said = 0;
    wipe(c->queue, sizeof c->queue);
}

static void fall(struct ot_cli *c, const char *why)
{
    bool was = c->here, news = !c->trouble || strcmp(c->trouble, why) != 0;
    close_socket(c);
    forget_commands(c);
    c->here = false;
    c->tries = 0;
    c->inode = 0;
    c->trouble = why;
    timer_start(&c->again_timer, AGAIN_MS);
    if (was)
        c->down(c->ctx, why);
    else if (news)
        c->absent(c->ctx, why);
}

/* The first command and what has been said with it are over. */
static void end_first(struct ot_cli *c)
{
    for (unsigned i = 0; i <= c->said; i++)
        wipe(nth(c, i), sizeof *nth(c, i));
    c->at = (c->at + c->said + 1) % OT_COMMANDS;
    c->used -= c->said + 1;
    c->said = 0;
}

/* Taken by somebody else, or it restarts: again, unless that goes on. */
static void cut(struct ot_cli *c, const char *why)
{
    bool once = c->sent && c->ready && c->used > c->said && nth(c, c->said)->once;
    close_socket(c);
    if (++c->tries > TRIES || !c->here) {
        fall(c, why);
        return;
    }
    timer_start(&c->again_timer, BACKOFF_MS << (c->tries - 1));
    if (once) {
        ot_answer *answer = nth(c, c->said)->answer;
        end_first(c);
        answer(c->ctx, NULL, OT_CUT);
    }
    c->said = 0;
}

/* ---- out ---- */

static void say(struct ot_cli *c, const char *text, uint32_t wait_ms)
{
    size_t len = strlen(text);
    /* Shorter than any socket's buffer, and there is never a second one in it. */
    bool ok = send(c->fd, text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
    c->sent = true;
    /* not from here: who asks does not expect to be told in the middle of it */
    timer_start(&c->answer_timer, ok ? wait_ms : 1);
}

static void write_next(struct ot_cli *c)
{
    if (c->fd < 0) {
        if (c->here && !timer_running(&c->again_timer))
            timer_start(&c->again_timer, 1);
    } else if (c->sent) {
        return;
    } else if (!c->ready) {
        c->greetings++;
        c->stray = false;
        say(c, "state\n", STATE_MS);
    } else if (c->used > c->said) {
        say(c, nth(c, c->said)->text, nth(c, c->said)->wait_ms);
    } else { /* whoever wants to may have it */
        close_socket(c);
    }
}

static bool put(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, bool more,
                const char *format, va_list args)
{
    if (!c->here || c->used == OT_COMMANDS)
        return false;
    struct ot_command *q = nth(c, c->used);
    int n = vsnprintf(q->text, sizeof q->text - 1, format, args);
    if (n < 0 || (size_t)n >= sizeof q->text - 1)
        return false;
    q->text[n] = '\n';
    q->text[n + 1] = 0;
    q->answer = answer;
    q->wait_ms = wait_ms ? wait_ms : ANSWER_MS;
    q->more = more && c->used;
    q->once = false;
    c->used++;
    return true;
}

bool ot_cli_ask(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = put(c, answer, wait_ms, false, format, args);
    va_end(args);
    write_next(c);
    return ok;
}

bool ot_cli_then(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = put(c, answer, wait_ms, true, format, args);
    va_end(args);
    write_next(c);
    return ok;
}

bool ot_cli_once(struct ot_cli *c, ot_answer *answer, const char *command)
{
    bool ok = ot_cli_ask(c, answer, 0, "%s", command);
    if (ok)
        nth(c, c->used - 1)->once = true;
    return ok;
}

void ot_cli_look(struct ot_cli *c)
{
    write_next(c);
}

/* True: it is not the one that it was. */
static bool started_anew(struct ot_cli *c, uint32_t inode)
{
    uint32_t was = c->inode;
    if (inode)
        c->inode = inode;
    if (!c->here || !was || !inode || was == inode)
        return false;
    fall(c, "it was started anew");
    return true;
}

bool ot_cli_glance(struct ot_cli *c)
{
    struct ot_socket s = ot_socket_look(c->path);
    if (!s.inode) /* only its socket itself can tell */
        ot_cli_look(c);
    return !started_anew(c, s.inode) && s.taken && c->fd < 0;
}

/* ---- in ---- */

/* Only when "state" is answered is the session free of what others asked. */
static void take_greeting(struct ot_cli *c, const char *line, bool end)
{
    if (!end) {
        c->greets = c->state(c->ctx, line);
        return;
    }
    if (!c->greets) {
        if (!c->stray) /* once: others may follow it without end */
            timer_start(&c->answer_timer, STRAY_MS);
        c->stray = true;
        return;
    }
    if (started_anew(c, ot_socket_look(c->path).inode))
        return;
    c->sent = false;
    timer_stop(&c->answer_timer);
    c->ready = c->here = true;
    c->trouble = NULL;
    if (!c->used)
        c->tries = 0;
    c->up(c->ctx);
    write_next(c);
}

static void take_end(struct ot_cli *c, enum ot_end end)
{
    struct ot_command *q = nth(c, c->said);
    ot_answer *answer = q->answer;
    bool more = c->used > c->said + 1 && nth(c, c->said + 1)->more;
    c->sent = false;
    c->tries = 0;
    timer_stop(&c->answer_timer);
    if (more && (end == OT_DONE || !answer)) {
        c->said++;
    } else {
        while (c->used > c->said + 1 && nth(c, c->said + 1)->more)
            c->said++;
        end_first(c);
    }
    if (answer)
        answer(c->ctx, NULL, end);
    write_next(c);
}

static void take_line(struct ot_cli *c, char *line)
{
    while (!strncmp(line, "> ", 2)) /* its prompt */
        line += 2;
    if (!c->sent || !*line)
        return;
    bool done = !strcmp(line, "Done"), failed = !strncmp(line, "Error ", 6);
    if (!c->ready) {
        take_greeting(c, line, done || failed);
    } else if (done || failed) {
        take_end(c, done ? OT_DONE : !strncmp(line, "Error 23:", 9) ? OT_NOT_FOUND : OT_ERROR);
    } else if (nth(c, c->said)->answer) {
        nth(c, c->said)->answer(c->ctx, line, OT_LINE_CAME);
    }
}

static void take_octets(struct ot_cli *c, const char *octets, size_t len)
{
    int fd = c->fd;
    for (size_t i = 0; i < len && c->fd == fd; i++) {
        if (octets[i] == '\r')
            continue;
        if (octets[i] != '\n') {
            c->overlong = c->overlong || c->got == sizeof c->in - 1;
            if (!c->overlong)
                c->in[c->got++] = octets[i];
            continue;
        }
        c->in[c->got] = 0;
        c->got = 0;
        if (!c->overlong)
            take_line(c, c->in);
        c->overlong = false;
    }
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct ot_cli *c = context;
    char octets[2048];
    (void)source;
    (void)events;
    ssize_t n = recv(fd, octets, sizeof octets, MSG_DONTWAIT);
    if (n > 0)
        take_octets(c, octets, (size_t)n);
    else if (n == 0)
        cut(c, "it closed the connection");
    else if (errno != EAGAIN && errno != EINTR)
        cut(c, "its socket failed");
    wipe(octets, sizeof octets); /* a dataset may have been among them */
    return 0;
}

/* ---- coming and going ---- */

static const char *words_for(int error)
{
    if (error == EACCES || error == EPERM)
        return "its socket may not be used: run as root";
    if (error == ENOENT || error == ECONNREFUSED)
        return "ot-daemon does not run";
    return "its socket cannot be opened";
}

static void try_open(struct ot_cli *c)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, c->path, sizeof to.sun_path);
    timer_stop(&c->again_timer);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        sd_event_add_io(c->loop, &c->source, fd, EPOLLIN, on_readable, c) >= 0) {
        c->fd = fd;
        write_next(c);
        return;
    }
    const char *why = words_for(errno);
    if (fd >= 0)
        close(fd);
    cut(c, why);
}

void ot_cli_tick(struct ot_cli *c, troth_ms now)
{
    if (timer_due(&c->answer_timer, now)) {
        if (!c->ready && c->greetings < GREETINGS) {
            c->sent = false;
            write_next(c);
        } else if (!c->ready) {
            fall(c, "it does not answer");
        } else {
            cut(c, "it does not answer");
        }
    }
    if (timer_due(&c->again_timer, now) && c->fd < 0)
        try_open(c);
}

troth_ms ot_cli_deadline(const struct ot_cli *c)
{
    return earlier(timer_deadline(&c->answer_timer), timer_deadline(&c->again_timer));
}

void ot_cli_start(struct ot_cli *c)
{
    c->fd = -1;
    try_open(c);
}

void ot_cli_stop(struct ot_cli *c)
{
    close_socket(c);
    forget_commands(c);
    timer_stop(&c->again_timer);
}
