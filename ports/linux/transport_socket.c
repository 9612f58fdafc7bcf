/* H4 over TCP and Unix sockets. */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ports/linux/transport_parts.h"

static void cannot_connect(struct transport *t, int error)
{
    if (error == ENOENT || error == ECONNREFUSED)
        transport_fail(t,
                       "nothing listens at %s: start the air (troth air --listen %s) or correct it",
                       t->where.text, t->where.text);
    else
        transport_fail(t, "cannot connect to %s: %s", t->where.text, strerror(error));
}

static void try_next(struct transport *t, int error);

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
    if (connect(t->fd, to, len) && errno != EINPROGRESS)
        try_next(t, errno);
    else
        transport_watch(t, EPOLLOUT);
}

/* The next address of the host; when there is none, `error` was the last word. */
static void try_next(struct transport *t, int error)
{
    transport_unwatch(t);
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
        transport_fail(t, "cannot find the host of %s: %s", t->where.text,
                       r == EAI_SYSTEM ? strerror(errno) : gai_strerror(r));
        return;
    }
    t->next = t->addresses;
    try_next(t, EHOSTUNREACH);
}

static void connecting(struct transport *t)
{
    int error = 0;
    socklen_t len = sizeof error;
    if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &len))
        error = errno;
    if (error)
        try_next(t, error);
    else
        transport_is_up(t);
}

static ssize_t put(struct transport *t, const uint8_t *octets, size_t len)
{
    return send(t->fd, octets, len, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static ssize_t take(struct transport *t, uint8_t *octets, size_t cap)
{
    return recv(t->fd, octets, cap, MSG_DONTWAIT);
}

const struct transport_ops transport_socket = {
    .begin = begin,
    .connecting = connecting,
    .write = put,
    .read = take,
};
