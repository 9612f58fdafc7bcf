/* H4 over TCP and Unix sockets, without blocking. */
#include "ports/linux/transport.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { H4_COMMAND = 1, H4_ACL = 2, H4_SCO = 3, H4_EVENT = 4, H4_ISO = 5 };

#define H4_MAX  (1 + 4 + 65535)
#define OUT_MAX (1u << 20) /* a controller that far behind reads no more */

struct transport {
    sd_event *loop;
    struct transport_where where;
    struct transport_handlers h;
    struct addrinfo *addresses, *next; /* TCP: still to be tried */
    int fd;
    sd_event_source *io;
    sd_event_source *soon; /* what must not happen during a call */
    bool up, dead, closed;
    unsigned busy; /* handlers that run */
    char why[400];
    size_t in_len;
    uint8_t in[H4_MAX];
    uint8_t *out;
    size_t out_at, out_len, out_cap;
};

/* ---- where it leads ---- */

static bool bad(char *why, size_t cap, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool bad(char *why, size_t cap, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(why, cap, format, ap);
    va_end(ap);
    return false;
}

static bool parse_tcp(struct transport_where *w, const char *rest, char *why, size_t cap)
{
    const char *host = rest, *colon = strrchr(rest, ':');
    size_t len;
    if (*rest == '[') {
        const char *end = strchr(rest, ']');
        if (!end)
            return bad(why, cap, "'%s' opens a bracket and does not close it, as in tcp:[::1]:9000",
                       w->text);
        host = rest + 1;
        len = (size_t)(end - host);
        colon = end[1] == ':' ? end + 1 : NULL;
    } else {
        if (colon && memchr(rest, ':', (size_t)(colon - rest)))
            return bad(why, cap, "'%s': an IPv6 address needs brackets, as in tcp:[::1]:9000",
                       w->text);
        len = colon ? (size_t)(colon - rest) : strlen(rest);
    }
    if (!len)
        return bad(why, cap, "'%s' names no host, as tcp:127.0.0.1:9000 does", w->text);
    if (len >= sizeof w->host)
        return bad(why, cap, "the host in '%.40s...' is too long", w->text);
    if (!colon || !colon[1])
        return bad(why, cap, "'%s' names no port, as tcp:127.0.0.1:9000 does", w->text);
    char *end;
    unsigned long port = strtoul(colon + 1, &end, 10);
    if (colon[1] < '0' || colon[1] > '9' || *end || port < 1 || port > 65535)
        return bad(why, cap, "'%s' is no port: a number from 1 to 65535", colon + 1);
    memcpy(w->host, host, len);
    w->host[len] = 0;
    snprintf(w->port, sizeof w->port, "%lu", port);
    w->kind = TRANSPORT_TCP;
    return true;
}

static bool parse_unix(struct transport_where *w, const char *rest, char *why, size_t cap)
{
    if (!*rest)
        return bad(why, cap, "'%s' names no path, as unix:/run/troth/air does", w->text);
    if (strlen(rest) >= sizeof w->path)
        return bad(why, cap, "the path of a Unix socket has at most %zu octets, this one %zu",
                   sizeof w->path - 1, strlen(rest));
    snprintf(w->path, sizeof w->path, "%s", rest);
    w->kind = TRANSPORT_UNIX;
    return true;
}

bool transport_parse(struct transport_where *w, const char *text, char *why, size_t why_cap)
{
    static const char *const later[] = {"uart:", "hci:", "bluez:"};

    memset(w, 0, sizeof *w);
    if (strlen(text) >= sizeof w->text)
        return bad(why, why_cap, "'%.40s...' is too long for a transport", text);
    snprintf(w->text, sizeof w->text, "%s", text);
    if (strncmp(text, "tcp:", 4) == 0)
        return parse_tcp(w, text + 4, why, why_cap);
    if (strncmp(text, "unix:", 5) == 0)
        return parse_unix(w, text + 5, why, why_cap);
    for (size_t i = 0; i < sizeof later / sizeof *later; i++)
        if (strncmp(text, later[i], strlen(later[i])) == 0)
            return bad(why, why_cap,
                       "%s transports are not in this version of troth; use " TRANSPORT_EXAMPLES,
                       later[i]);
    return bad(why, why_cap, "'%s' is no transport: write " TRANSPORT_EXAMPLES, text);
}

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

static void shut(struct transport *t)
{
    t->up = false;
    t->io = sd_event_source_disable_unref(t->io);
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
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

static int soon(sd_event_source *source, void *context);

/* From anywhere: the loop will tell. */
static void fail(struct transport *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void fail(struct transport *t, const char *format, ...)
{
    if (t->why[0])
        return;
    va_list ap;
    va_start(ap, format);
    vsnprintf(t->why, sizeof t->why, format, ap);
    va_end(ap);
    if (t->io)
        sd_event_source_set_enabled(t->io, SD_EVENT_OFF);
    if (t->soon)
        sd_event_source_set_enabled(t->soon, SD_EVENT_ONESHOT);
}

static void cannot_connect(struct transport *t, int error)
{
    if (error == ENOENT || error == ECONNREFUSED)
        fail(t, "nothing listens at %s: start the air (troth air --listen %s) or correct it",
             t->where.text, t->where.text);
    else
        fail(t, "cannot connect to %s: %s", t->where.text, strerror(error));
}

/* ---- writing ---- */

static void watch(struct transport *t)
{
    if (t->io)
        sd_event_source_set_io_events(t->io, EPOLLIN | (t->out_len ? EPOLLOUT : 0));
}

static void write_out(struct transport *t)
{
    while (t->out_len) {
        ssize_t n = send(t->fd, t->out + t->out_at, t->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            break;
        if (n < 0) {
            fail(t, "the controller at %s went away: %s", t->where.text, strerror(errno));
            return;
        }
        t->out_at += (size_t)n;
        t->out_len -= (size_t)n;
    }
    if (!t->out_len)
        t->out_at = 0;
    watch(t);
}

void transport_send(struct transport *t, const uint8_t *h4, size_t len)
{
    if (!t->up || t->why[0])
        return;
    if (t->out_at && t->out_at + t->out_len + len > t->out_cap) {
        memmove(t->out, t->out + t->out_at, t->out_len);
        t->out_at = 0;
    }
    if (t->out_len + len > t->out_cap) {
        size_t cap = (t->out_len + len) * 2 < 4096 ? 4096 : (t->out_len + len) * 2;
        uint8_t *more = t->out_len + len > OUT_MAX ? NULL : realloc(t->out, cap);
        if (!more) {
            fail(t, "the controller at %s does not take what is sent to it", t->where.text);
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

static void take_packets(struct transport *t)
{
    size_t at = 0;
    while (!t->closed && !t->why[0]) {
        int need = transport_h4_length(t->in + at, t->in_len - at);
        if (need < 0 || (t->in_len > at && t->in[at] == H4_COMMAND)) {
            fail(t, "what %s sends is not HCI with H4 framing: a packet begins with 0x%02x",
                 t->where.text, t->in[at]);
            break;
        }
        if (!need || (size_t)need > t->in_len - at)
            break;
        t->h.packet(t->h.ctx, t->in + at, (size_t)need);
        at += (size_t)need;
    }
    memmove(t->in, t->in + at, t->in_len - at);
    t->in_len -= at;
}

static void read_in(struct transport *t)
{
    ssize_t n = recv(t->fd, t->in + t->in_len, sizeof t->in - t->in_len, MSG_DONTWAIT);
    if (n > 0) {
        t->in_len += (size_t)n;
        take_packets(t);
    } else if (n == 0) {
        fail(t, "the controller at %s closed the connection%s", t->where.text,
             t->in_len ? " in the middle of a packet" : "");
    } else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
        fail(t, "the controller at %s went away: %s", t->where.text, strerror(errno));
    }
}

/* ---- connecting ---- */

static void try_next(struct transport *t, int error);

static void connected(struct transport *t)
{
    t->up = true;
    watch(t);
    t->h.up(t->h.ctx);
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct transport *t = context;
    (void)source;
    t->busy++;
    if (!t->up) {
        int error = 0;
        socklen_t len = sizeof error;
        if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len))
            error = errno;
        if (error)
            try_next(t, error);
        else
            connected(t);
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

static void try_one(struct transport *t, int family, const struct sockaddr *to, socklen_t len)
{
    int one = 1;
    t->fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (t->fd < 0) {
        try_next(t, errno);
        return;
    }
    if (family != AF_UNIX)
        setsockopt(t->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(t->fd, to, len) && errno != EINPROGRESS) {
        try_next(t, errno);
        return;
    }
    int r = sd_event_add_io(t->loop, &t->io, t->fd, EPOLLOUT, on_io, t);
    if (r < 0)
        fail(t, "cannot wait for %s: %s", t->where.text, strerror(-r));
}

/* The next address of the host; when there is none, `error` was the last word. */
static void try_next(struct transport *t, int error)
{
    t->io = sd_event_source_disable_unref(t->io);
    if (t->fd >= 0)
        close(t->fd);
    t->fd = -1;
    if (!t->next) {
        cannot_connect(t, error);
        return;
    }
    const struct addrinfo *a = t->next;
    t->next = a->ai_next;
    try_one(t, a->ai_family, a->ai_addr, a->ai_addrlen);
}

static void begin(struct transport *t)
{
    if (t->where.kind == TRANSPORT_UNIX) {
        struct sockaddr_un to = {.sun_family = AF_UNIX};
        size_t len = strlen(t->where.path);
        memcpy(to.sun_path, t->where.path, len);
        if (to.sun_path[0] == '@')
            to.sun_path[0] = 0;
        else
            len++;
        try_one(t, AF_UNIX, (const struct sockaddr *)&to,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len));
        return;
    }
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int r = getaddrinfo(t->where.host, t->where.port, &hints, &t->addresses);
    if (r) {
        t->addresses = NULL;
        fail(t, "cannot find the host of %s: %s", t->where.text,
             r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
        return;
    }
    t->next = t->addresses;
    try_next(t, EHOSTUNREACH);
}

static int soon(sd_event_source *source, void *context)
{
    struct transport *t = context;
    (void)source;
    t->busy++;
    if (!t->why[0] && t->fd < 0)
        begin(t);
    /* begin may have failed at once; its fail() armed this source again */
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
    t->fd = -1;
    if (sd_event_add_defer(loop, &t->soon, soon, t) < 0) {
        free(t);
        return NULL;
    }
    return t;
}
