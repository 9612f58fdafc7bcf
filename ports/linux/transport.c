/* What all kinds of transport share: life and death, packets out of a stream, what is kept. */
#include "ports/linux/transport.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "ports/linux/transport_parts.h"

#define OUT_MAX (1u << 20) /* a controller that far behind reads no more */

/* ---- framing ---- */

int transport_h4_length(const uint8_t *b, size_t len)
{
    if (!len)
        return 0;
    switch (b[0]) {
    case H4_COMMAND:
    case H4_SCO:
        return len < 4 ? 0 : 4 + b[3];
    case H4_ACL:
        return len < 5 ? 0 : 5 + (b[3] | b[4] << 8);
    case H4_EVENT:
        return len < 3 ? 0 : 3 + b[2];
    case H4_ISO: /* two bits of the length are reserved */
        return len < 5 ? 0 : 5 + ((b[3] | b[4] << 8) & 0x3fff);
    }
    return -1;
}

/* ---- life and death ---- */

static void release(struct transport *t)
{
    if (t->busy || !t->closed)
        return;
    free(t->out);
    free(t);
}

void transport_unwatch(struct transport *t)
{
    t->io = sd_event_source_disable_unref(t->io);
    if (t->exclusive)
        ioctl(t->fd, TIOCNXCL);
    t->exclusive = false;
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
}

static void shut(struct transport *t)
{
    t->up = false;
    t->timer = sd_event_source_disable_unref(t->timer);
    transport_unwatch(t);
    if (t->addresses)
        freeaddrinfo(t->addresses);
    t->addresses = t->next = NULL;
}

void transport_close(struct transport *t)
{
    if (!t)
        return;
    shut(t);
    t->soon = sd_event_source_disable_unref(t->soon);
    t->closed = true;
    release(t);
}

/* From the loop only. */
static void tell_down(struct transport *t)
{
    if (t->dead || t->closed)
        return;
    t->dead = true;
    shut(t);
    t->h.down(t->h.ctx, t->why);
}

void transport_fail(struct transport *t, const char *format, ...)
{
    if (t->why[0])
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(t->why, sizeof t->why, format, ap);
    va_end(ap);
    if (t->io)
        sd_event_source_set_enabled(t->io, SD_EVENT_OFF);
    if (t->timer)
        sd_event_source_set_enabled(t->timer, SD_EVENT_OFF);
    if (t->soon)
        sd_event_source_set_enabled(t->soon, SD_EVENT_ONESHOT);
}

static void gone(struct transport *t, int error)
{
    bool local = t->where.kind == TRANSPORT_USER || t->where.kind == TRANSPORT_UART;
    if (local && (!error || error == EPIPE || error == EIO || error == ENODEV || error == ENXIO))
        transport_fail(t, "the controller at %s is gone: was it unplugged?", t->where.text);
    else if (error)
        transport_fail(t, "the controller at %s went away: %s", t->where.text, strerror(error));
    else
        transport_fail(t, "the controller at %s closed the connection%s", t->where.text,
                       t->in_len ? " in the middle of a packet" : "");
}

/* ---- the alarm ---- */

static int on_timer(sd_event_source *source, uint64_t usec, void *context)
{
    struct transport *t = context;
    (void)source;
    (void)usec;
    t->busy++;
    if (t->up)
        transport_fail(t,
                       "%s stopped in the middle of a packet: octets were lost; check its baud "
                       "rate and flow control",
                       t->where.text);
    else if (!t->why[0])
        t->ops->alarm(t);
    t->busy--;
    release(t);
    return 0;
}

void transport_alarm(struct transport *t, unsigned ms)
{
    uint64_t after = (uint64_t)ms * 1000;
    int r;
    if (!t->timer) {
        r = sd_event_add_time_relative(t->loop, &t->timer, CLOCK_MONOTONIC, after, 1000, on_timer,
                                       t);
    } else {
        sd_event_source_set_time_relative(t->timer, after);
        r = sd_event_source_set_enabled(t->timer, SD_EVENT_ONESHOT);
    }
    if (r < 0)
        transport_fail(t, "cannot wait for %s: %s", t->where.text, strerror(-r));
}

/* A stream's unfinished packet may not take for ever. */
static void mind_the_rest(struct transport *t)
{
    if (t->closed || t->why[0] || !t->ops->stall_ms)
        return;
    if (t->in_len)
        transport_alarm(t, t->ops->stall_ms);
    else if (t->timer)
        sd_event_source_set_enabled(t->timer, SD_EVENT_OFF);
}

/* ---- writing ---- */

static void write_out(struct transport *t)
{
    while (t->out_len) {
        size_t len = t->out_len;
        if (t->ops->packets) /* transport_send saw to it that they are whole */
            len = (size_t)transport_h4_length(t->out + t->out_at, len);
        ssize_t n = t->ops->write(t, t->out + t->out_at, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0) {
            gone(t, errno);
            return;
        }
        t->out_at += (size_t)n;
        t->out_len -= (size_t)n;
    }
    if (!t->out_len)
        t->out_at = 0;
    transport_watch(t, EPOLLIN | (t->out_len ? EPOLLOUT : 0));
}

void transport_send(struct transport *t, const uint8_t *h4, size_t len)
{
    if (!t->up || t->why[0])
        return;
    if (transport_h4_length(h4, len) != (int)len)
        return; /* nobody could tell where the next begins */
    if (t->out_at && t->out_at + t->out_len + len > t->out_cap) {
        memmove(t->out, t->out + t->out_at, t->out_len);
        t->out_at = 0;
    }
    if (t->out_len + len > t->out_cap) {
        size_t cap = (t->out_len + len) * 2 < 4096 ? 4096 : (t->out_len + len) * 2;
        uint8_t *more = t->out_len + len > OUT_MAX ? NULL : realloc(t->out, cap);
        if (!more) {
            transport_fail(t, "the controller at %s does not take what is sent to it",
                           t->where.text);
            return;
        }
        t->out = more;
        t->out_cap = cap;
    }
    memcpy(t->out + t->out_at + t->out_len, h4, len);
    t->out_len += len;
    write_out(t);
}

/* ---- reading ---- */

static void no_packet(struct transport *t, uint8_t type)
{
    if (t->where.kind == TRANSPORT_UART)
        transport_fail(t,
                       "octets from %s were lost or damaged, a packet begins with 0x%02x: check "
                       "its baud rate and flow control",
                       t->where.text, type);
    else
        transport_fail(t, "what %s sends is not HCI with H4 framing: a packet begins with 0x%02x",
                       t->where.text, type);
}

static void take_packets(struct transport *t)
{
    size_t at = 0;
    while (!t->closed && !t->why[0]) {
        int need = transport_h4_length(t->in + at, t->in_len - at);
        if (need < 0 || (t->in_len > at && t->in[at] == H4_COMMAND)) {
            no_packet(t, t->in[at]);
            break;
        }
        if (!need || (size_t)need > t->in_len - at)
            break;
        t->h.packet(t->h.ctx, t->in + at, (size_t)need);
        at += (size_t)need;
    }
    memmove(t->in, t->in + at, t->in_len - at);
    t->in_len -= at;
    mind_the_rest(t);
}

static void read_in(struct transport *t)
{
    ssize_t n = t->ops->read(t, t->in + t->in_len, sizeof t->in - t->in_len);
    if (n < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
            gone(t, errno);
    } else if (n == 0) {
        gone(t, 0);
    } else if (t->ops->packets) {
        t->h.packet(t->h.ctx, t->in, (size_t)n); /* whole as it is, or the host refuses it */
    } else {
        t->in_len += (size_t)n;
        take_packets(t);
    }
}

/* ---- the loop ---- */

static int on_io(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct transport *t = context;
    (void)source;
    (void)fd;
    t->busy++;
    if (!t->up) {
        t->ops->connecting(t);
    } else {
        if (events & EPOLLOUT)
            write_out(t);
        if (!t->closed && !t->why[0] && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
            read_in(t);
    }
    t->busy--;
    release(t);
    return 0;
}

void transport_watch(struct transport *t, uint32_t events)
{
    int r = t->io ? sd_event_source_set_io_events(t->io, events)
                  : sd_event_add_io(t->loop, &t->io, t->fd, events, on_io, t);
    if (r < 0)
        transport_fail(t, "cannot wait for %s: %s", t->where.text, strerror(-r));
}

void transport_is_up(struct transport *t)
{
    if (t->timer)
        sd_event_source_set_enabled(t->timer, SD_EVENT_OFF);
    transport_watch(t, EPOLLIN);
    if (t->why[0])
        return;
    t->up = true;
    t->h.up(t->h.ctx);
    if (!t->closed && t->in_len)
        take_packets(t);
}

static int soon(sd_event_source *source, void *context)
{
    struct transport *t = context;
    (void)source;
    t->busy++;
    if (!t->why[0] && t->fd < 0)
        t->ops->begin(t);
    /* begin may have failed at once; its transport_fail armed this source again */
    if (t->why[0])
        tell_down(t);
    t->busy--;
    release(t);
    return 0;
}

struct transport *transport_open(sd_event *loop, const struct transport_where *where,
                                 const struct transport_handlers *h)
{
    struct transport *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    t->loop = loop;
    t->where = *where;
    t->h = *h;
    t->ops = where->kind == TRANSPORT_USER   ? &transport_user
             : where->kind == TRANSPORT_UART ? &transport_uart
                                             : &transport_socket;
    t->fd = -1;
    if (sd_event_add_defer(loop, &t->soon, soon, t) < 0) {
        free(t);
        return NULL;
    }
    return t;
}
