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

#define AGAIN_MS  2000
#define ANSWER_MS 5000

static void close_socket(struct ot_cli *c)
{
    c->source = sd_event_source_disable_unref(c->source);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->connected = c->sent = c->overlong = false;
    c->used = 0;
    c->got = 0;
    wipe(c->queue, sizeof c->queue);
    wipe(c->in, sizeof c->in);
    timer_stop(&c->answer_timer);
}

static void fall(struct ot_cli *c, const char *why)
{
    bool was = c->connected;
    close_socket(c);
    timer_start(&c->again_timer, AGAIN_MS);
    c->trouble = why;
    if (was)
        c->down(c->ctx, why);
}

/* ---- out ---- */

static void write_next(struct ot_cli *c)
{
    if (!c->used || c->sent || c->fd < 0)
        return;
    struct ot_command *q = &c->queue[c->at];
    size_t len = strlen(q->text);
    /* Shorter than any socket's buffer, and there is never a second one in it. */
    bool ok = send(c->fd, q->text, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len;
    wipe(q->text, sizeof q->text);
    c->sent = true;
    /* not from here: who asks does not expect to be told in the middle of it */
    timer_start(&c->answer_timer, ok ? q->wait_ms : 1);
}

bool ot_cli_ask(struct ot_cli *c, ot_answer *answer, uint32_t wait_ms, const char *format, ...)
{
    va_list args;
    if (!c->connected || c->used == OT_COMMANDS)
        return false;
    struct ot_command *q = &c->queue[(c->at + c->used) % OT_COMMANDS];
    va_start(args, format);
    int n = vsnprintf(q->text, sizeof q->text - 1, format, args);
    va_end(args);
    if (n < 0 || (size_t)n >= sizeof q->text - 1)
        return false;
    q->text[n] = '\n';
    q->text[n + 1] = 0;
    q->answer = answer;
    q->wait_ms = wait_ms ? wait_ms : ANSWER_MS;
    c->used++;
    write_next(c);
    return true;
}

/* ---- in ---- */

static void take_line(struct ot_cli *c, char *line)
{
    while (!strncmp(line, "> ", 2)) /* its prompt */
        line += 2;
    if (!c->used || !c->sent || !*line)
        return;
    ot_answer *answer = c->queue[c->at].answer;
    bool done = !strcmp(line, "Done"), failed = !strncmp(line, "Error ", 6);
    if (!done && !failed) {
        if (answer)
            answer(c->ctx, line, true);
        return;
    }
    c->at = (c->at + 1) % OT_COMMANDS;
    c->used--;
    c->sent = false;
    timer_stop(&c->answer_timer);
    if (answer)
        answer(c->ctx, NULL, done);
    write_next(c);
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
        fall(c, "it closed the connection");
    else if (errno != EAGAIN && errno != EINTR)
        fall(c, "its socket failed");
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
        c->connected = true;
        c->trouble = NULL;
        c->up(c->ctx);
        return;
    }
    const char *why = words_for(errno);
    bool news = !c->trouble || strcmp(c->trouble, why) != 0;
    if (fd >= 0)
        close(fd);
    c->trouble = why;
    timer_start(&c->again_timer, AGAIN_MS);
    if (news)
        c->absent(c->ctx, why);
}

void ot_cli_tick(struct ot_cli *c, troth_ms now)
{
    if (timer_due(&c->answer_timer, now))
        fall(c, "it does not answer");
    if (timer_due(&c->again_timer, now))
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
    timer_stop(&c->again_timer);
}
