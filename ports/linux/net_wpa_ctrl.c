/* wpa_supplicant's control socket. */
#include "ports/linux/net_wpa_ctrl.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/wipe.h"

#define REPLY_MS 10000 /* SAVE_CONFIG on a slow card */
#define PING_MS  10000
#define AGAIN_MS 1000
#define LARGEST  8192

static void ask_next(struct wpa_ctrl *c);

/* ---- finding it ---- */

static bool is_interface(const char *name)
{
    return name[0] != '.' && strcmp(name, "global") != 0 && strncmp(name, "p2p-dev-", 8) != 0 &&
           strlen(name) < IFNAMSIZ;
}

bool wpa_ctrl_find(const char *dir, char ifname[IFNAMSIZ])
{
    DIR *d = opendir(dir);
    bool found = false;
    if (!d)
        return false;
    for (struct dirent *e = readdir(d); e; e = readdir(d))
        /* the first by name: the same one each time */
        if (is_interface(e->d_name) && (!found || strcmp(e->d_name, ifname) < 0)) {
            found = true;
            snprintf(ifname, IFNAMSIZ, "%.15s", e->d_name);
        }
    closedir(d);
    if (!found)
        errno = ENOENT;
    return found;
}

int wpa_ctrl_connect(const char *dir, const char *ifname)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX}, own = {.sun_family = AF_UNIX};
    int n = snprintf(to.sun_path, sizeof to.sun_path, "%s/%s", dir, ifname);
    if (n < 0 || (size_t)n >= sizeof to.sun_path)
        return -ENAMETOOLONG;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    /* A family and no more asks the kernel for an abstract name: none like it, and no file. */
    if (connect(fd, (const struct sockaddr *)&to, sizeof to) == 0 &&
        bind(fd, (const struct sockaddr *)&own, sizeof(sa_family_t)) == 0)
        return fd;
    int why = errno;
    close(fd);
    return -why;
}

/* ---- coming and going ---- */

static void close_socket(struct wpa_ctrl *c)
{
    c->source = sd_event_source_disable_unref(c->source);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->attached = c->sent = false;
    c->used = 0;
    wipe(c->queue, sizeof c->queue);
    timer_stop(&c->reply_timer);
    timer_stop(&c->ping_timer);
}

static void down(struct wpa_ctrl *c, const char *why)
{
    bool was = c->attached;
    close_socket(c);
    timer_start(&c->again_timer, AGAIN_MS);
    if (was)
        c->down(c->ctx, why);
}

static void trouble(struct wpa_ctrl *c, const char *why)
{
    bool news = why && (!c->trouble || strcmp(c->trouble, why) != 0);
    c->trouble = why;
    if (news)
        c->trouble_is(c->ctx, why);
}

static bool push(struct wpa_ctrl *c, wpa_reply *reply, uint32_t tag, const char *text)
{
    if (c->used == WPA_REQUESTS)
        return false;
    struct wpa_request *q = &c->queue[(c->at + c->used++) % WPA_REQUESTS];
    snprintf(q->text, sizeof q->text, "%s", text);
    q->reply = reply;
    q->tag = tag;
    ask_next(c);
    return true;
}

static void on_attached(struct wpa_ctrl *c, const char *reply)
{
    if (strcmp(reply, "OK") != 0) {
        down(c, "it refused to report events");
        return;
    }
    c->attached = true;
    trouble(c, NULL);
    timer_start(&c->ping_timer, PING_MS);
    c->up(c->ctx);
}

static void on_message(struct wpa_ctrl *c, char *text)
{
    if (text[0] == '<') { /* "<3>CTRL-EVENT-..." */
        char *event = strchr(text, '>');
        if (event && c->attached && !strncmp(event + 1, "CTRL-EVENT-TERMINATING", 22))
            down(c, "it was stopped");
        else if (event && c->attached)
            c->event(c->ctx, event + 1);
        return;
    }
    if (!c->used || !c->sent)
        return;
    wpa_reply *reply = c->queue[c->at].reply;
    uint32_t tag = c->queue[c->at].tag;
    c->at = (c->at + 1) % WPA_REQUESTS;
    c->used--;
    c->sent = false;
    timer_stop(&c->reply_timer);
    int fd = c->fd;
    if (!c->attached)
        on_attached(c, text);
    else if (reply)
        reply(c->ctx, tag, text);
    if (c->fd == fd)
        ask_next(c);
}

static int on_readable(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct wpa_ctrl *c = context;
    char text[LARGEST + 1];
    (void)source;
    (void)events;
    ssize_t n = recv(fd, text, LARGEST, MSG_DONTWAIT);
    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            down(c, "its socket failed");
        return 0;
    }
    while (n && text[n - 1] == '\n')
        n--;
    text[n] = 0;
    on_message(c, text);
    return 0;
}

static void try_open(struct wpa_ctrl *c)
{
    static const char *const forbidden =
        "its socket may not be used: run as root, or be a member of the group of "
        "ctrl_interface_group (netdev with Debian)";
    static const char *const absent =
        "there is no socket of its: it does not run, runs for another interface, or has no "
        "ctrl_interface in its configuration";
    timer_stop(&c->again_timer);
    snprintf(c->ifname, sizeof c->ifname, "%s", c->wanted);
    int fd = -1;
    if (!*c->wanted && !wpa_ctrl_find(c->dir, c->ifname))
        fd = -errno;
    else
        fd = wpa_ctrl_connect(c->dir, c->ifname);
    if (fd < 0) {
        trouble(c, fd == -EACCES || fd == -EPERM ? forbidden : absent);
        timer_start(&c->again_timer, AGAIN_MS);
        return;
    }
    c->fd = fd;
    if (sd_event_add_io(c->loop, &c->source, fd, EPOLLIN, on_readable, c) < 0) {
        down(c, "the event loop takes no more sources");
        return;
    }
    push(c, NULL, 0, "ATTACH");
}

/* ---- asking ---- */

static void ask_next(struct wpa_ctrl *c)
{
    if (!c->used || c->sent || c->fd < 0)
        return;
    struct wpa_request *q = &c->queue[c->at];
    size_t len = strlen(q->text);
    ssize_t n = send(c->fd, q->text, len, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == ENOBUFS)) { /* its queue is full: soon again */
        timer_start(&c->ping_timer, 50);
        if (!timer_running(&c->reply_timer)) /* but not for ever */
            timer_start(&c->reply_timer, REPLY_MS);
        return;
    }
    wipe(q->text, sizeof q->text);
    c->sent = true;
    /* not from here: who asks does not expect to be told in the middle of it */
    timer_start(&c->reply_timer, n < 0 ? 1 : REPLY_MS);
}

bool wpa_ctrl_ask(struct wpa_ctrl *c, wpa_reply *reply, uint32_t tag, const char *format, ...)
{
    char text[WPA_REQUEST];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    bool ok = c->attached && n > 0 && (size_t)n < sizeof text && push(c, reply, tag, text);
    wipe(text, sizeof text);
    return ok;
}

void wpa_ctrl_tick(struct wpa_ctrl *c, troth_ms now)
{
    if (timer_due(&c->reply_timer, now))
        down(c, "it does not answer");
    if (timer_due(&c->ping_timer, now) && c->fd >= 0) {
        timer_start(&c->ping_timer, PING_MS);
        if (!c->used)
            push(c, NULL, 0, "PING");
        else
            ask_next(c);
    }
    if (timer_due(&c->again_timer, now))
        try_open(c);
}

troth_ms wpa_ctrl_deadline(const struct wpa_ctrl *c)
{
    troth_ms d = timer_deadline(&c->reply_timer);
    d = earlier(d, timer_deadline(&c->ping_timer));
    return earlier(d, timer_deadline(&c->again_timer));
}

void wpa_ctrl_start(struct wpa_ctrl *c)
{
    c->fd = -1;
    try_open(c);
}

void wpa_ctrl_stop(struct wpa_ctrl *c)
{
    if (c->attached)
        send(c->fd, "DETACH", 6, MSG_DONTWAIT | MSG_NOSIGNAL);
    close_socket(c);
    timer_stop(&c->again_timer);
}
