#include "http.h"

#include "common/secret.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_MS 10000
#define ANSWER_MS  30000
#define HEAD_MAX   4096

static struct {
    char host[256], port[6], authority[272];
    char cookie[128]; /* as the device set it; empty: none */
    int fd;           /* -1: not connected */
    sd_event_source *source;
    bool ready; /* what was waited for is there */
    char why[160];
} http = {.fd = -1};

/* ---- where ---- */

bool http_parse(const char *where, char *why, size_t cap)
{
    const char *host = where, *end, *colon;
    if (*where == '[') {
        host++;
        end = strchr(host, ']');
        colon = end && end[1] == ':' ? end + 1 : NULL;
        if (!end || (end[1] && !colon))
            end = host;
    } else {
        colon = strrchr(where, ':');
        end = colon ? colon : where + strlen(where);
    }
    size_t n = (size_t)(end - host);
    unsigned long port = 80;
    char *rest;
    if (colon) {
        port = isdigit((unsigned char)colon[1]) ? strtoul(colon + 1, &rest, 10) : 0;
        if (!port || port > 65535 || *rest)
            n = 0;
    }
    for (const char *p = host; p < end; p++)
        if (!isalnum((unsigned char)*p) && !strchr("-._:%", *p))
            n = 0;
    if (!n || n >= sizeof http.host || (*where != '[' && memchr(host, ':', n))) {
        snprintf(why, cap, "write it like 192.168.4.1, 192.168.4.1:80 or [fe80::1%%wlan0]:80");
        return false;
    }
    memcpy(http.host, host, n);
    http.host[n] = 0;
    snprintf(http.port, sizeof http.port, "%lu", port);
    snprintf(http.authority, sizeof http.authority, "%s%s%s:%s", *where == '[' ? "[" : "",
             http.host, *where == '[' ? "]" : "", http.port);
    return true;
}

/* ---- the socket ---- */

static int on_ready(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    (void)source;
    (void)fd;
    (void)events;
    (void)ctx;
    http.ready = true;
    return 0;
}

static bool is_ready(const struct client *c)
{
    (void)c;
    return http.ready;
}

/* False: the time is over, or the command is. */
static bool await(struct client *c, uint32_t events, troth_ms end)
{
    troth_ms now = runtime_now(c->runtime);
    http.ready = false;
    if (now >= end)
        return false;
    sd_event_source_set_io_events(http.source, events);
    sd_event_source_set_enabled(http.source, SD_EVENT_ONESHOT);
    return client_wait(c, is_ready, (unsigned)(end - now));
}

static void hang_up(void)
{
    http.source = sd_event_source_disable_unref(http.source);
    if (http.fd >= 0)
        close(http.fd);
    http.fd = -1;
}

void http_close(void)
{
    hang_up();
    secret_wipe(http.cookie, sizeof http.cookie);
}

/* 0 or errno. */
static int try_address(struct client *c, const struct addrinfo *a)
{
    int error = 0, one = 1;
    socklen_t len = sizeof error;
    http.fd = socket(a->ai_family, a->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);
    if (http.fd < 0)
        return errno;
    setsockopt(http.fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(http.fd, a->ai_addr, a->ai_addrlen) < 0)
        error = errno;
    if (sd_event_add_io(c->loop, &http.source, http.fd, 0, on_ready, NULL) < 0)
        error = ENOMEM;
    if (error == EINPROGRESS) {
        error = await(c, EPOLLOUT, runtime_now(c->runtime) + CONNECT_MS) ? 0 : ETIMEDOUT;
        if (!error && getsockopt(http.fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
            error = errno;
    }
    if (error)
        hang_up();
    return error;
}

static bool dial(struct client *c)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *all;
    int error = getaddrinfo(http.host, http.port, &hints, &all);
    if (error)
        return client_fail(c, "%s is not known: %s", http.host, gai_strerror(error));
    error = EHOSTUNREACH;
    for (const struct addrinfo *a = all; a && error && !c->over; a = a->ai_next)
        error = try_address(c, a);
    freeaddrinfo(all);
    if (!error)
        return true;
    return client_fail(c,
                       "%s does not answer: %s; is this computer on the device's network, and is "
                       "the device in its provisioning mode?",
                       http.authority, strerror(error));
}

/* A socket kept from the request before: still there, and nothing unasked on it. */
static bool is_usable(void)
{
    char octet;
    return http.fd >= 0 && recv(http.fd, &octet, 1, MSG_PEEK | MSG_DONTWAIT) < 0 &&
           (errno == EAGAIN || errno == EWOULDBLOCK);
}

static bool put_all(struct client *c, const char *p, size_t len, troth_ms end)
{
    while (len) {
        ssize_t n = send(http.fd, p, len, MSG_NOSIGNAL);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno != EAGAIN)
            return false;
        if (n < 0 && !await(c, EPOLLOUT, end))
            return false;
        if (n > 0) {
            p += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* ---- the answer ---- */

struct answer {
    char octets[HEAD_MAX + PROTOCOMM_MAX];
    size_t len, body; /* body: where it begins; 0: the head is not whole */
    unsigned status;
    bool has_length, close, chunked;
    size_t length;
};

/* A header's value when the line is this header's, else NULL. Lines end with a NUL here. */
static char *header(char *line, const char *name)
{
    size_t n = strlen(name);
    if (strncasecmp(line, name, n) || line[n] != ':')
        return NULL;
    line += n + 1;
    return line + strspn(line, " \t");
}

static void take_cookie(const char *value)
{
    size_t n = strcspn(value, "; \t");
    if (n && n < sizeof http.cookie) {
        memcpy(http.cookie, value, n);
        http.cookie[n] = 0;
    }
}

static bool take_header(struct answer *a, char *line)
{
    char *value, *end;
    if ((value = header(line, "Set-Cookie"))) {
        take_cookie(value);
    } else if ((value = header(line, "Content-Length"))) {
        unsigned long n = isdigit((unsigned char)*value) ? strtoul(value, &end, 10) : ULONG_MAX;
        if (n > PROTOCOMM_MAX || end[strspn(end, " \t")])
            return false;
        a->has_length = true;
        a->length = n;
    } else if ((value = header(line, "Connection"))) {
        a->close = !strncasecmp(value, "close", 5);
    } else if ((value = header(line, "Transfer-Encoding"))) {
        a->chunked = true;
    }
    return true;
}

/* The head, once it is whole. False: it is none of HTTP. */
static bool take_head(struct answer *a)
{
    char *end = memmem(a->octets, a->len, "\r\n\r\n", 4), *line = a->octets;
    if (!end)
        return a->len < HEAD_MAX;
    a->body = (size_t)(end - a->octets) + 4;
    if (memchr(a->octets, 0, a->body) || strncmp(line, "HTTP/1.", 7) ||
        !isdigit((unsigned char)line[7]) || line[8] != ' ')
        return false;
    a->close = line[7] == '0';
    a->status = (unsigned)strtoul(line + 9, NULL, 10);
    end[2] = 0;
    for (;;) {
        char *next = strstr(line, "\r\n");
        if (!next || next > end)
            return a->status >= 100 && a->status < 600;
        *next = 0;
        if (!take_header(a, line))
            return false;
        line = next + 2;
    }
}

static bool is_whole(const struct answer *a)
{
    return a->body && a->has_length && a->len - a->body >= a->length;
}

static enum protocomm_sent refused(const char *format, ...) __attribute__((format(printf, 1, 2)));

static enum protocomm_sent refused(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(http.why, sizeof http.why, format, args);
    va_end(args);
    hang_up();
    return PROTOCOMM_REFUSED;
}

static enum protocomm_sent get(struct client *c, struct answer *a, troth_ms end)
{
    while (!is_whole(a)) {
        ssize_t n = recv(http.fd, a->octets + a->len, sizeof a->octets - a->len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && errno == EAGAIN) {
            if (await(c, EPOLLIN, end))
                continue;
            if (!c->over)
                client_fail(c, "the device at %s did not answer in time", http.authority);
            hang_up();
            return PROTOCOMM_LOST;
        }
        if (n <= 0 && !a->len)
            return refused("the device closed the connection without an answer");
        if (n <= 0 && a->body && !a->has_length && !a->chunked) { /* it ends with the socket */
            a->length = a->len - a->body;
            a->has_length = a->close = true;
            continue;
        }
        if (n <= 0)
            return refused("the device's answer ends in its middle");
        a->len += (size_t)n;
        if ((!a->body && !take_head(a)) || a->chunked || a->len == sizeof a->octets)
            return refused("the device's answer is not what HTTP has, or too long");
    }
    return PROTOCOMM_ANSWERED;
}

static enum protocomm_sent exchange(struct client *c, const char *endpoint, const uint8_t *in,
                                    size_t len, uint8_t *out, size_t cap, size_t *out_len)
{
    static struct answer a;
    char request[1024 + PROTOCOMM_MAX];
    troth_ms end = runtime_now(c->runtime) +
                   (client_options.timeout ? client_options.timeout * 1000 : ANSWER_MS);
    int n = snprintf(request, sizeof request - PROTOCOMM_MAX,
                     "POST /%s HTTP/1.1\r\nHost: %s\r\nContent-Type: "
                     "application/x-www-form-urlencoded\r\nAccept: text/plain\r\n%s%s%s"
                     "Content-Length: %zu\r\n\r\n",
                     endpoint, http.authority, *http.cookie ? "Cookie: " : "", http.cookie,
                     *http.cookie ? "\r\n" : "", len);
    if (!is_usable())
        hang_up();
    if (http.fd < 0 && !dial(c))
        return PROTOCOMM_LOST;
    memcpy(request + n, in, len);
    bool sent = put_all(c, request, (size_t)n + len, end);
    secret_wipe(request, sizeof request);
    if (c->over)
        return PROTOCOMM_LOST;
    if (!sent)
        return refused("the device closed the connection while the request was sent");
    memset(&a, 0, sizeof a);
    enum protocomm_sent how = get(c, &a, end);
    if (how != PROTOCOMM_ANSWERED)
        return how;
    if (a.status == 503)
        return refused("it is busy, or wants a pause after wrong secrets: try again in a minute");
    if (a.status != 200)
        return refused("the device answered with HTTP status %u", a.status);
    if (a.length > cap)
        return refused("the device's answer is too long");
    memcpy(out, a.octets + a.body, a.length);
    *out_len = a.length;
    if (a.close || a.len > a.body + a.length)
        hang_up();
    secret_wipe(&a, sizeof a);
    return PROTOCOMM_ANSWERED;
}

static const char *last_why(void)
{
    return http.why;
}

/* Without the cookie a request begins a new session. */
static bool again(struct client *c)
{
    (void)c;
    http_close();
    return true;
}

const struct protocomm_way *http_way(void)
{
    static const struct protocomm_way way = {
        .exchange = exchange, .why = last_why, .again = again, .http = true};
    return &way;
}
