#include "air/serve.h"
#include "ports/linux/btsnoop.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

enum {
    IN_MAX = 5 + 65535,        /* the largest H4 packet */
    OUT_MAX = 4 * 1024 * 1024, /* a host that reads nothing is not waited for */
    TICKS_AT_ONCE = 1000,
};

struct listener {
    struct server *server;
    int fd;
    bool status;             /* answers with the status instead of a controller */
    struct sockaddr_un path; /* to unlink; empty: none */
    sd_event_source *source;
};

struct client {
    struct client *next;
    struct server *server;
    int fd;
    bool dead;
    bool waits_to_write;
    sd_event_source *source;
    struct air_controller *c;
    struct btsnoop *capture;
    uint8_t in[IN_MAX];
    size_t in_len;
    uint8_t *out;
    size_t out_len, out_cap;
};

struct server {
    const struct air_serve_config *cfg;
    struct air *air;
    sd_event *event;
    sd_event_source *timer;
    uint64_t started; /* CLOCK_MONOTONIC, microseconds */
    struct listener listeners[AIR_SERVE_LISTEN_MAX + 1];
    size_t listener_count;
    struct client *clients;
};

static uint64_t clock_us(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 1000000u + (uint64_t)t.tv_nsec / 1000u;
}

static uint64_t air_time(const struct server *s)
{
    return (clock_us(CLOCK_MONOTONIC) - s->started) / 1000;
}

static void complain(const struct client *client, const char *what)
{
    fprintf(stderr, "troth air: %s: %s\n", air_controller_name(client->c), what);
}

static void capture(struct client *client, bool to_host, const uint8_t *h4, size_t len)
{
    if (!client->capture ||
        !btsnoop_write(client->capture, to_host, h4, len, clock_us(CLOCK_REALTIME)))
        return;
    complain(client, "the capture cannot be written and ends here");
    btsnoop_close(client->capture);
    client->capture = NULL;
}

/* Sockets */

static void client_flush(struct client *client)
{
    size_t done = 0;
    while (!client->dead && done < client->out_len) {
        ssize_t n = send(client->fd, client->out + done, client->out_len - done,
                         MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n > 0)
            done += (size_t)n;
        else if (errno == EAGAIN || errno == EWOULDBLOCK)
            break;
        else if (errno != EINTR)
            client->dead = true;
    }
    memmove(client->out, client->out + done, client->out_len - done);
    client->out_len -= done;
    bool wait = client->out_len > 0 && !client->dead;
    if (wait != client->waits_to_write)
        sd_event_source_set_io_events(client->source, wait ? EPOLLIN | EPOLLOUT : EPOLLIN);
    client->waits_to_write = wait;
}

static void to_host(void *ctx, const uint8_t *h4, size_t len)
{
    struct client *client = ctx;
    if (client->dead)
        return;
    capture(client, true, h4, len);
    if (client->out_len + len > client->out_cap) {
        size_t cap = (client->out_len + len) * 2;
        uint8_t *more = cap <= OUT_MAX ? realloc(client->out, cap) : NULL;
        if (!more) {
            complain(client, "the host does not read what it is sent; closed");
            client->dead = true;
            return;
        }
        client->out = more;
        client->out_cap = cap;
    }
    memcpy(client->out + client->out_len, h4, len);
    client->out_len += len;
}

static void client_free(struct client *client)
{
    struct client **where = &client->server->clients;
    while (*where != client)
        where = &(*where)->next;
    *where = client->next;
    if (client->c)
        air_detach(client->c);
    sd_event_source_disable_unref(client->source);
    close(client->fd);
    if (btsnoop_close(client->capture))
        fprintf(stderr, "troth air: a capture could not be finished: %s\n", strerror(errno));
    free(client->out);
    free(client);
}

/* Everything due happens, buffers go out, the dead are buried, the alarm is set. */
static void pump(struct server *s)
{
    uint64_t now = air_time(s);
    for (int i = 0; i < TICKS_AT_ONCE && air_deadline(s->air) <= now; i++)
        air_tick(s->air, now);
    for (struct client *client = s->clients, *next; client; client = next) {
        next = client->next;
        if (client->out_len)
            client_flush(client);
        if (client->dead)
            client_free(client);
    }
    uint64_t deadline = air_deadline(s->air);
    if (deadline == AIR_NEVER) {
        sd_event_source_set_enabled(s->timer, SD_EVENT_OFF);
    } else {
        sd_event_source_set_time(s->timer, s->started + deadline * 1000);
        sd_event_source_set_enabled(s->timer, SD_EVENT_ONESHOT);
    }
}

static int on_time(sd_event_source *source, uint64_t usec, void *ctx)
{
    (void)source, (void)usec;
    pump(ctx);
    return 0;
}

/* The length of the packet that begins here; 0: not known yet; -1: this is no packet. */
static long packet_length(const uint8_t *p, size_t len)
{
    if (len && p[0] != 0x01 && p[0] != 0x02)
        return -1;
    if (len < 4 || (p[0] == 0x02 && len < 5))
        return 0;
    return p[0] == 0x01 ? 4 + p[3] : 5 + (p[3] | p[4] << 8);
}

static void client_packets(struct client *client)
{
    size_t at = 0;
    while (!client->dead && at < client->in_len) {
        const uint8_t *p = client->in + at;
        long n = packet_length(p, client->in_len - at);
        if (n == 0 || (n > 0 && (size_t)n > client->in_len - at))
            break;
        if (n > 0)
            capture(client, false, p, (size_t)n);
        if (n < 0 || air_rx(client->c, p, (size_t)n, air_time(client->server))) {
            char text[120];
            snprintf(text, sizeof text,
                     "packet type 0x%02X is neither an HCI command (01) nor ACL data (02); closed",
                     p[0]);
            complain(client, text);
            client->dead = true;
            break;
        }
        at += (size_t)n;
    }
    memmove(client->in, client->in + at, client->in_len - at);
    client->in_len -= at;
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    (void)source;
    struct client *client = ctx;
    struct server *s = client->server;
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        ssize_t n = recv(fd, client->in + client->in_len, IN_MAX - client->in_len, MSG_DONTWAIT);
        if (n > 0) {
            client->in_len += (size_t)n;
            client_packets(client);
        } else if (n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
            client->dead = true;
        }
    }
    if (events & EPOLLOUT)
        client_flush(client);
    pump(s); /* may free the client */
    return 0;
}

static void answer_status(const struct server *s, int fd)
{
    struct timeval second = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &second, sizeof second);
    char *text = air_status_json(s->air);
    size_t len = text ? strlen(text) : 0;
    for (size_t at = 0; at < len;) {
        ssize_t n = send(fd, text + at, len - at, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        at += (size_t)n;
    }
    if (len)
        send(fd, "\n", 1, MSG_NOSIGNAL);
    free(text);
    close(fd);
}

static void client_capture(struct client *client)
{
    const char *dir = client->server->cfg->capture;
    if (!dir)
        return;
    uint8_t address[6];
    char text[18], path[512];
    air_controller_address(client->c, address);
    air_address_text(address, text);
    for (char *p = text; *p; p++)
        if (*p == ':')
            *p = '-';
    snprintf(path, sizeof path, "%s/%02u-%s.btsnoop", dir, air_controller_number(client->c), text);
    client->capture = btsnoop_open(path);
    if (!client->capture)
        fprintf(stderr, "troth air: %s cannot be written: %s\n", path, btsnoop_why(errno));
}

static bool client_attach(struct client *client)
{
    struct server *s = client->server;
    for (size_t i = 0; i < s->cfg->address_count && !client->c; i++) {
        struct air_controller_config cfg = {.has_address = true};
        memcpy(cfg.address, s->cfg->address[i], 6);
        client->c = air_attach(s->air, &cfg, to_host, client);
    }
    if (!client->c)
        client->c = air_attach(s->air, NULL, to_host, client);
    return client->c != NULL;
}

static int on_listener(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    (void)source, (void)events;
    struct listener *l = ctx;
    struct server *s = l->server;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    if (peer < 0)
        return 0;
    if (l->status) {
        answer_status(s, peer);
        return 0;
    }
    int on = 1;
    setsockopt(peer, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* no matter if it is no TCP */
    struct client *client = calloc(1, sizeof *client);
    if (!client) {
        close(peer);
        return 0;
    }
    client->server = s;
    client->fd = peer;
    client->next = s->clients;
    s->clients = client;
    if (!client_attach(client) ||
        sd_event_add_io(s->event, &client->source, peer, EPOLLIN, on_client, client) < 0)
        client->dead = true;
    else
        client_capture(client);
    pump(s);
    return 0;
}

/* Listening */

const char *air_serve_check(const char *where)
{
    if (strncmp(where, "unix:", 5) == 0) {
        if (!where[5])
            return "a path follows unix:";
        if (strlen(where + 5) >= sizeof((struct sockaddr_un *)0)->sun_path)
            return "the path is longer than a Unix socket's may be (107 characters)";
        return NULL;
    }
    if (strncmp(where, "tcp:", 4) != 0)
        return "it is neither tcp:HOST:PORT nor unix:PATH";
    const char *colon = strrchr(where + 4, ':');
    if (!colon || colon == where + 4 || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
        atoi(colon + 1) > 65535)
        return "it is tcp:HOST:PORT, with a port from 0 (any) to 65535";
    return NULL;
}

static int fail(const char *where, const char *what)
{
    fprintf(stderr, "troth air: cannot listen on %s: %s\n", where, what);
    return -1;
}

static int listen_unix(struct listener *l, const char *where)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct stat st;
    snprintf(a.sun_path, sizeof a.sun_path, "%s", where + 5);
    if (lstat(a.sun_path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode))
            return fail(where, "there is a file of that name, and it is no socket");
        int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        bool alive = connect(probe, (struct sockaddr *)&a, sizeof a) == 0 || errno != ECONNREFUSED;
        close(probe);
        if (alive)
            return fail(where, "somebody else listens there; stop it or choose another path");
        unlink(a.sun_path); /* left behind by one that was killed */
    }
    l->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd < 0 || bind(l->fd, (struct sockaddr *)&a, sizeof a))
        return fail(where, strerror(errno));
    l->path = a;
    if (listen(l->fd, 64))
        return fail(where, strerror(errno));
    printf("listening on %s\n", where);
    return 0;
}

static int listen_tcp(struct listener *l, const char *where)
{
    char host[256];
    const char *colon = strrchr(where, ':');
    snprintf(host, sizeof host, "%.*s", (int)(colon - where - 4), where + 4);
    char *name = host;
    size_t n = strlen(host);
    if (host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = 0;
        name++;
    }
    struct addrinfo want = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;
    int error = getaddrinfo(name, colon + 1, &want, &found);
    if (error)
        return fail(where, gai_strerror(error));
    int on = 1;
    l->fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (l->fd >= 0)
        setsockopt(l->fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    bool bad = l->fd < 0 || bind(l->fd, found->ai_addr, found->ai_addrlen) || listen(l->fd, 64);
    freeaddrinfo(found);
    if (bad)
        return fail(where, strerror(errno));
    struct sockaddr_storage bound;
    socklen_t len = sizeof bound;
    char numeric[64] = "?", port[16] = "?";
    getsockname(l->fd, (struct sockaddr *)&bound, &len);
    getnameinfo((struct sockaddr *)&bound, len, numeric, sizeof numeric, port, sizeof port,
                NI_NUMERICHOST | NI_NUMERICSERV);
    printf(strchr(numeric, ':') ? "listening on tcp:[%s]:%s\n" : "listening on tcp:%s:%s\n",
           numeric, port);
    return 0;
}

static int listener_add(struct server *s, const char *where, bool status)
{
    struct listener *l = &s->listeners[s->listener_count++];
    l->server = s;
    l->fd = -1;
    l->status = status;
    if (status)
        printf("status: ");
    if (strncmp(where, "unix:", 5) == 0 ? listen_unix(l, where) : listen_tcp(l, where))
        return -1;
    fflush(stdout);
    if (sd_event_add_io(s->event, &l->source, l->fd, EPOLLIN, on_listener, l) < 0)
        return fail(where, "out of resources");
    return 0;
}

static void trace(void *ctx, const char *line)
{
    struct server *s = ctx;
    uint64_t ms = air_time(s);
    printf("air %4llu.%03u  %s\n", (unsigned long long)(ms / 1000), (unsigned)(ms % 1000), line);
    fflush(stdout);
}

static void system_random(void *ctx, uint8_t *dst, size_t n)
{
    (void)ctx;
    while (n) {
        ssize_t got = getrandom(dst, n, 0);
        if (got < 0 && errno != EINTR)
            abort();
        if (got > 0) {
            dst += got;
            n -= (size_t)got;
        }
    }
}

static int serve(struct server *s)
{
    const struct air_serve_config *cfg = s->cfg;
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (sd_event_new(&s->event) < 0 ||
        sd_event_add_signal(s->event, NULL, SIGINT, NULL, NULL) < 0 ||
        sd_event_add_signal(s->event, NULL, SIGTERM, NULL, NULL) < 0 ||
        sd_event_add_time(s->event, &s->timer, CLOCK_MONOTONIC, 0, 1, on_time, s) < 0) {
        fprintf(stderr, "troth air: the event loop cannot be set up\n");
        return 1;
    }
    for (size_t i = 0; i < cfg->listen_count; i++)
        if (listener_add(s, cfg->listen[i], false))
            return 1;
    if (cfg->status && listener_add(s, cfg->status, true))
        return 1;
    sd_notify(0, "READY=1");
    int r = sd_event_loop(s->event);
    if (r < 0)
        fprintf(stderr, "troth air: the event loop failed: %s\n", strerror(-r));
    return r < 0;
}

int air_serve(const struct air_serve_config *cfg)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s)
        return 1;
    s->cfg = cfg;
    s->started = clock_us(CLOCK_MONOTONIC);
    struct air_config air_cfg = {
        .seed = cfg->seed,
        .random = cfg->seeded ? NULL : system_random,
        .crossing_ms = cfg->crossing_ms,
        .hook = cfg->rules ? air_rules_hook : NULL,
        .hook_ctx = cfg->rules,
        .trace = cfg->trace ? trace : NULL,
        .trace_ctx = s,
    };
    int status = 1;
    if ((s->air = air_new(&air_cfg)))
        status = serve(s);
    else
        fprintf(stderr, "troth air: out of memory\n");
    while (s->clients)
        client_free(s->clients);
    for (size_t i = 0; i < s->listener_count; i++) {
        struct listener *l = &s->listeners[i];
        sd_event_source_disable_unref(l->source);
        if (l->fd >= 0)
            close(l->fd);
        if (l->path.sun_path[0])
            unlink(l->path.sun_path);
    }
    sd_event_source_disable_unref(s->timer);
    sd_event_unref(s->event);
    air_free(s->air);
    free(s);
    return status;
}
