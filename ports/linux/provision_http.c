/* Protocomm over HTTP. */
#include "ports/linux/provision_http.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/wipe.h"
#include "ports/linux/http_request.h"

#define SOCKETS    4
#define REQUEST_MS 10000  /* from a request's first octet to its last; to write a response */
#define IDLE_MS    60000  /* a socket between two requests */
#define FORGET_MS  300000 /* a session without a request */
#define COOKIE_MAX 20
#define OUT_MAX    (256 + TROTH_PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD)

struct connection {
    struct provision_http *h; /* NULL: unused */
    int fd;
    sd_event_source *io;
    struct timer limit; /* then it is dropped */
    uint32_t session;   /* it last belonged to; 0: none */
    uint64_t used;      /* when, in connections and requests */
    bool waits;         /* for protocomm */
    bool fresh;         /* the response names its session */
    bool continued, last;
    bool dead; /* closed by the loop, never within a call */
    size_t in_len, out_at, out_len;
    char in[HTTP_HEAD_MAX + HTTP_BODY_MAX];
    char out[OUT_MAX];
};

struct provision_http {
    struct provision_http_config cfg;
    int fd;
    sd_event_source *io;
    struct timer forget; /* then the session is over */
    char address[80];
    uint32_t session; /* 0: none */
    uint64_t uses;
    struct connection *serving; /* its request is being handed to protocomm */
    unsigned inside;            /* calls that still use this */
    bool closed;                /* within one of them: the last sees to it */
    struct connection connection[SOCKETS];
};

/* ---- connections ---- */

static void drop(struct connection *c)
{
    sd_event_source_disable_unref(c->io);
    close(c->fd);
    wipe(c, sizeof *c);
}

static void watch(struct connection *c)
{
    sd_event_source_set_io_events(c->io, c->dead || c->out_len ? EPOLLOUT : c->waits ? 0 : EPOLLIN);
}

static void kill_soon(struct connection *c)
{
    c->dead = true;
    watch(c);
}

/* ---- responses ---- */

static const char *phrase(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 411:
        return "Length Required";
    case 413:
        return "Content Too Large";
    case 431:
        return "Request Header Fields Too Large";
    case 501:
        return "Not Implemented";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    }
    return "Bad Request";
}

static void answer(struct connection *c, int status, const uint8_t *body, size_t len)
{
    char cookie[64] = "";
    if (c->fresh)
        snprintf(cookie, sizeof cookie, "Set-Cookie: session=%u\r\n", c->session);
    int n =
        snprintf(c->out, sizeof c->out,
                 "HTTP/1.1 %d %s\r\nContent-Type: application/octet-stream\r\n"
                 "Content-Length: %zu\r\n%s%s%s%s\r\n",
                 status, phrase(status), len, cookie, status == 405 ? "Allow: POST\r\n" : "",
                 status == 503 ? "Retry-After: 1\r\n" : "", c->last ? "Connection: close\r\n" : "");
    if (len > sizeof c->out - (size_t)n) { /* protocomm has no such message */
        kill_soon(c);
        return;
    }
    if (len)
        memcpy(c->out + n, body, len);
    c->out_at = 0;
    c->out_len = (size_t)n + len;
    c->fresh = false;
    c->waits = false;
    timer_start(&c->limit, REQUEST_MS);
    watch(c);
}

/*
 * Of two connections that share the session the one being served is meant, but what was held before
 * ends when another comes.
 */
static struct connection *meant(struct provision_http *h, uint32_t session, int result)
{
    struct connection *held = NULL, *s = h->serving;
    for (unsigned i = 0; i < SOCKETS; i++) {
        struct connection *c = &h->connection[i];
        if (c->h && c->waits && c != s && c->session == session)
            held = c;
    }
    if (s && s->waits && s->session == session && !(held && result == TROTH_STALE))
        return s;
    return held;
}

void provision_http_respond(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len)
{
    struct connection *c = meant(ctx, session, result);
    if (!c)
        return; /* it did not wait */
    if (result == TROTH_OK)
        answer(c, 200, out, len);
    else if (result == TROTH_BUSY)
        answer(c, 503, NULL, 0);
    else
        kill_soon(c);
}

/* ---- requests ---- */

static void forget_session(struct provision_http *h)
{
    uint32_t old = h->session;
    h->session = 0;
    timer_stop(&h->forget);
    if (old)
        troth_protocomm_gone(h->cfg.protocomm, old);
}

static void leave(struct provision_http *h)
{
    if (!--h->inside && h->closed)
        provision_http_close(h);
}

static bool belongs(const struct connection *c, const struct http_request *r)
{
    char cookie[COOKIE_MAX + 1];
    if (!c->h->session)
        return false;
    if (!r->cookie)
        return c->session == c->h->session;
    int len = snprintf(cookie, sizeof cookie, "session=%u", c->h->session);
    return r->cookie_len == (size_t)len && !memcmp(r->cookie, cookie, r->cookie_len);
}

/* A number nobody guesses who would like to end, or to use, another's session. */
static bool new_session(struct provision_http *h)
{
    uint32_t id = 0;
    forget_session(h);
    if (h->closed)
        return false;
    while (id < PROVISION_HTTP_SESSION) {
        ssize_t n = getrandom(&id, sizeof id, 0);
        if (n != (ssize_t)sizeof id && errno != EINTR)
            return false;
    }
    h->session = id;
    return true;
}

static void handle(struct connection *c, const struct http_request *r)
{
    struct provision_http *h = c->h;
    int endpoint = troth_protocomm_find(h->cfg.protocomm, r->path + 1, r->path_len - 1);
    c->last = r->close;
    if (r->origin || endpoint < 0) {
        answer(c, r->origin ? 403 : 404, NULL, 0);
        return;
    }
    if (!belongs(c, r)) {
        if (h->cfg.admit && !h->cfg.admit(h->cfg.ctx)) {
            answer(c, 403, NULL, 0);
            return;
        }
        if (!new_session(h)) {
            kill_soon(c);
            return;
        }
        c->fresh = true;
    }
    c->session = h->session;
    c->used = ++h->uses;
    c->waits = true;
    timer_stop(&c->limit);
    timer_start(&h->forget, FORGET_MS);
    h->serving = c;
    troth_protocomm_request(h->cfg.protocomm, c->session, (unsigned)endpoint, r->body, r->body_len,
                            h->cfg.now(h->cfg.ctx));
    h->serving = NULL;
}

static void take(struct connection *c)
{
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    while (c->in_len && !c->waits && !c->out_len && !c->dead) {
        struct http_request r;
        int status = http_request_read(&r, c->in, c->in_len);
        if (status == HTTP_MORE) {
            if (!r.expects || c->continued)
                break;
            c->continued = true;
            memcpy(c->out, go_on, sizeof go_on - 1);
            c->out_at = 0;
            c->out_len = sizeof go_on - 1;
        } else if (status == HTTP_WHOLE) {
            c->continued = false;
            handle(c, &r);
            size_t rest = c->in_len - r.len;
            memmove(c->in, c->in + r.len, rest);
            wipe(c->in + rest, r.len);
            c->in_len = rest;
        } else {
            c->last = true;
            answer(c, status, NULL, 0);
        }
    }
    watch(c);
}

/* ---- sockets ---- */

/* False: it is gone. */
static bool write_out(struct connection *c)
{
    ssize_t n = send(c->fd, c->out + c->out_at, c->out_len, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR;
    c->out_at += (size_t)n;
    c->out_len -= (size_t)n;
    if (c->out_len)
        return true;
    wipe(c->out, c->out_at);
    if (!c->continued)
        timer_start(&c->limit, c->in_len ? REQUEST_MS : IDLE_MS);
    return !c->last;
}

static bool read_in(struct connection *c)
{
    ssize_t n = recv(c->fd, c->in + c->in_len, sizeof c->in - c->in_len, MSG_DONTWAIT);
    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    if (!c->in_len)
        timer_start(&c->limit, REQUEST_MS);
    c->in_len += (size_t)n;
    return true;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct connection *c = context;
    struct provision_http *h = c->h;
    bool alive = !c->dead;
    (void)source;
    (void)fd;
    h->inside++;
    if (alive && events & EPOLLOUT && c->out_len)
        alive = write_out(c);
    else if (alive && events & EPOLLIN && !c->waits)
        alive = read_in(c);
    else if (events & (EPOLLHUP | EPOLLERR))
        alive = false;
    if (alive)
        take(c);
    else
        drop(c);
    leave(h);
    return 0;
}

/* A place: an unused one, else that of whoever is least missed. */
static struct connection *place(struct provision_http *h)
{
    struct connection *least = NULL;
    for (unsigned i = 0; i < SOCKETS; i++) {
        struct connection *c = &h->connection[i];
        if (!c->h)
            return c;
        bool ours = h->session && c->session == h->session;
        bool least_ours = least && h->session && least->session == h->session;
        if (!c->waits &&
            (!least || ours < least_ours || (ours == least_ours && c->used < least->used)))
            least = c;
    }
    if (least)
        drop(least);
    return least;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct provision_http *h = context;
    (void)source;
    (void)events;
    int got = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    struct connection *c = got < 0 ? NULL : place(h);
    if (!c) {
        if (got >= 0)
            close(got);
        return 0;
    }
    c->h = h;
    c->fd = got;
    c->used = ++h->uses;
    timer_start(&c->limit, REQUEST_MS);
    if (sd_event_add_io(h->cfg.loop, &c->io, got, EPOLLIN, on_io, c) < 0)
        drop(c);
    return 0;
}

/* ---- time ---- */

troth_ms provision_http_deadline(const void *http)
{
    const struct provision_http *h = http;
    troth_ms at = timer_deadline(&h->forget);
    for (unsigned i = 0; i < SOCKETS; i++)
        if (h->connection[i].h)
            at = earlier(at, timer_deadline(&h->connection[i].limit));
    return at;
}

void provision_http_tick(void *http, troth_ms now)
{
    struct provision_http *h = http;
    for (unsigned i = 0; i < SOCKETS; i++)
        if (h->connection[i].h && timer_due(&h->connection[i].limit, now))
            drop(&h->connection[i]);
    h->inside++;
    if (timer_due(&h->forget, now))
        forget_session(h);
    leave(h);
}

/* ---- opening ---- */

static struct addrinfo *find(const char *where, char *why, size_t cap)
{
    char host[64];
    const char *colon = strrchr(where, ':'), *from = where, *to = colon;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found = NULL;
    if (colon && *where == '[' && colon > where + 1 && colon[-1] == ']') {
        from++;
        to--;
    }
    size_t len = colon ? (size_t)(to - from) : 0,
           digits = colon ? strspn(colon + 1, "0123456789") : 0;
    bool port = digits && digits <= 5 && !colon[1 + digits] && atoi(colon + 1) <= 65535;
    if (len && len < sizeof host && port) {
        memcpy(host, from, len);
        host[len] = 0;
        if (getaddrinfo(host, colon + 1, &hints, &found))
            found = NULL;
    }
    if (!found)
        snprintf(why, cap, "an address and a port are expected, as in 127.0.0.1:8080 or [::1]:0");
    return found;
}

bool provision_http_where(const char *where, char *why, size_t why_cap)
{
    struct addrinfo *found = find(where, why, why_cap);
    if (found)
        freeaddrinfo(found);
    return found != NULL;
}

static bool name_it(struct provision_http *h)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;
    char host[64], port[8];
    if (getsockname(h->fd, (struct sockaddr *)&at, &len) ||
        getnameinfo((struct sockaddr *)&at, len, host, sizeof host, port, sizeof port,
                    NI_NUMERICHOST | NI_NUMERICSERV))
        return false;
    snprintf(h->address, sizeof h->address, at.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host,
             port);
    return true;
}

static bool listen_at(struct provision_http *h, const struct addrinfo *at)
{
    int one = 1;
    h->fd = socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    return h->fd >= 0 && !setsockopt(h->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) &&
           !bind(h->fd, at->ai_addr, at->ai_addrlen) && !listen(h->fd, SOCKETS) && name_it(h);
}

struct provision_http *provision_http_open(const struct provision_http_config *config, char *why,
                                           size_t why_cap)
{
    struct addrinfo *at = find(config->where, why, why_cap);
    if (!at)
        return NULL;
    struct provision_http *h = calloc(1, sizeof *h);
    if (!h) {
        freeaddrinfo(at);
        snprintf(why, why_cap, "no memory for HTTP");
        return NULL;
    }
    h->cfg = *config;
    bool listens = listen_at(h, at);
    int error = errno;
    freeaddrinfo(at);
    int r = listens ? sd_event_add_io(config->loop, &h->io, h->fd, EPOLLIN, on_connect, h) : -error;
    if (r < 0) {
        snprintf(why, why_cap, "cannot listen for HTTP at %s: %s", config->where, strerror(-r));
        provision_http_close(h);
        return NULL;
    }
    return h;
}

const char *provision_http_address(const struct provision_http *h)
{
    return h->address;
}

void provision_http_close(struct provision_http *h)
{
    if (!h)
        return;
    forget_session(h);
    h->io = sd_event_source_disable_unref(h->io);
    if (h->fd >= 0)
        close(h->fd);
    h->fd = -1;
    h->closed = true;
    for (unsigned i = 0; i < SOCKETS; i++) {
        if (h->connection[i].h && h->inside)
            h->connection[i].dead = true;
        else if (h->connection[i].h)
            drop(&h->connection[i]);
    }
    if (h->inside)
        return;
    wipe(h, sizeof *h);
    free(h);
}
