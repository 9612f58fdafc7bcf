/* Agents on a Unix socket: plain lines for a program, JSON lines for who attaches. */
#include "common/agent_parts.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "common/listener.h"
#include "common/out.h"
#include "common/words_pairing.h"

void agent_hang_up(struct agent *a)
{
    bool was = agent_present(a);
    a->io = sd_event_source_disable_unref(a->io);
    if (a->out >= 0)
        close(a->out);
    a->in = a->out = -1;
    a->io_cap = -1;
    a->len = 0;
    /* Nobody has seen the rest of it: what is open is closed, what is displayed is gone. */
    agent_settle_all(a, "the agent left with a question open; taken as no");
    for (unsigned i = 0; i < a->count; i++)
        a->queue[i].shown = false;
    if (was && a->cfg.attached)
        a->cfg.attached(a->cfg.ctx, false);
}

/* ---- listening ---- */

static bool ours(int fd)
{
    struct ucred who;
    socklen_t len = sizeof who;
    return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) &&
           (who.uid == geteuid() || who.uid == 0);
}

static void turn_away(const struct agent *a, int client, const char *why)
{
    char text[128];
    int len = snprintf(text, sizeof text,
                       a->cfg.kind == AGENT_ATTACHED ? "{\"error\":\"%s\"}\n" : "%s\n", why);
    (void)!send(client, text, (size_t)len, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(client);
}

static void hello(struct agent *a);

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct agent *a = context;
    (void)source;
    (void)events;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return 0;
    if (a->out >= 0 || !ours(client)) {
        turn_away(a, client,
                  ours(client) ? "busy"
                               : "only the user who runs the device, or root, answers for it");
        return 0;
    }
    if (sd_event_add_io(a->cfg.loop, &a->io, client, EPOLLIN, agent_on_input, a) < 0) {
        close(client);
        return 0;
    }
    a->in = a->out = client;
    if (a->cfg.kind == AGENT_ATTACHED)
        hello(a);
    agent_pump(a);
    return 0;
}

static bool open_socket(struct agent *a, char *why, size_t cap)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!a->cfg.path || !*a->cfg.path || strlen(a->cfg.path) >= sizeof where.sun_path) {
        snprintf(why, cap, "the agent's socket needs a path of 1 to %zu octets",
                 sizeof where.sun_path - 1);
        return false;
    }
    snprintf(where.sun_path, sizeof where.sun_path, "%s", a->cfg.path);
    int r = listener_open(&where, 0600, 4); /* this user's alone */
    if (r >= 0) {
        a->listener = r;
        memcpy(a->path, where.sun_path, sizeof a->path);
        r = sd_event_add_io(a->cfg.loop, &a->listen_io, a->listener, EPOLLIN, on_connection, a);
    }
    if (r < 0)
        snprintf(why, cap, "cannot listen for an agent at %s: %s", a->cfg.path,
                 r == -EADDRINUSE ? "another program does, or a file is in the way" : strerror(-r));
    return r >= 0;
}

static void close_socket(struct agent *a)
{
    if (a->out >= 0)
        close(a->out);
    if (a->listener >= 0)
        close(a->listener);
    if (a->path[0])
        unlink(a->path);
}

/* ---- plain lines ---- */

static void show(struct agent *a, struct question *q)
{
    switch (q->kind) {
    case Q_DISPLAY:
        agent_put(a, "display passkey %06u\n", (unsigned)q->call.passkey);
        break;
    case Q_PASSKEY:
        agent_put(a, "type passkey ?\n");
        break;
    case Q_COMPARE:
        agent_put(a, "compare %06u ?\n", (unsigned)q->call.passkey);
        break;
    case Q_CONSENT:
        agent_put(a, "confirm pairing ?\n");
        break;
    case Q_TEXT:
    case Q_NONE:
        break;
    }
}

static void gone(struct agent *a, const struct question *q)
{
    (void)q;
    agent_put(a, "withdrawn\n");
}

static void again(struct agent *a, const char *expected)
{
    agent_put(a, "expected %s\n", expected);
}

const struct agent_way agent_socket = {
    .open = open_socket,
    .close = close_socket,
    .show = show,
    .gone = gone,
    .line = agent_take_line,
    .again = again,
};

/* ---- JSON lines, docs/WIRE.md ---- */

static void put_json(struct agent *a, cJSON *j)
{
    char *text = cJSON_PrintUnformatted(j);
    if (text) {
        agent_put(a, "%s\n", text);
        explicit_bzero(text, strlen(text)); /* a passkey may have been in it */
    }
    cJSON_free(text);
    cJSON_Delete(j);
}

static void hello(struct agent *a)
{
    put_json(a, out_fields("troth_agent:i name:s", 1, a->cfg.name));
}

static void complain(struct agent *a, const char *what)
{
    put_json(a, out_fields("error:s", what));
}

static void show_json(struct agent *a, struct question *q)
{
    static const char *const calls[] = {[Q_DISPLAY] = "display",
                                        [Q_PASSKEY] = "passkey",
                                        [Q_COMPARE] = "compare",
                                        [Q_CONSENT] = "consent"};
    char digits[8];
    bool number = q->kind == Q_DISPLAY || q->kind == Q_COMPARE;
    snprintf(digits, sizeof digits, "%06u", (unsigned)(q->call.passkey % 1000000));
    put_json(a, out_fields("call:s id:u peer:s model:s passkey:s", calls[q->kind],
                           (unsigned)q->call.id, q->peer, troth_model_name((uint8_t)q->call.model),
                           number ? digits : NULL));
    explicit_bzero(digits, sizeof digits);
}

static void gone_json(struct agent *a, const struct question *q)
{
    put_json(a, out_fields("closed:u", (unsigned)q->call.id));
}

static struct question *open_call(struct agent *a, const cJSON *id)
{
    for (unsigned i = 0; cJSON_IsNumber(id) && i < a->count; i++)
        if (a->queue[i].kind != Q_DISPLAY && (double)a->queue[i].call.id == id->valuedouble)
            return &a->queue[i];
    return NULL;
}

static void take_answer(struct agent *a, const cJSON *j)
{
    struct question *q = open_call(a, cJSON_GetObjectItemCaseSensitive(j, "id"));
    const cJSON *yes = cJSON_GetObjectItemCaseSensitive(j, "yes");
    const cJSON *passkey = cJSON_GetObjectItemCaseSensitive(j, "passkey");
    int32_t value = cJSON_IsString(passkey) ? agent_passkey(passkey->valuestring) : -1;
    if (!q) /* closed meanwhile, or never called: as harmless as a late answer */
        return;
    if (cJSON_IsFalse(yes))
        agent_settle(a, q, false, 0, NULL);
    else if (q->kind == Q_PASSKEY && value >= 0)
        agent_settle(a, q, true, (uint32_t)value, NULL);
    else if (q->kind != Q_PASSKEY && cJSON_IsTrue(yes))
        agent_settle(a, q, true, 0, NULL);
    else
        complain(a, q->kind == Q_PASSKEY ? "expected \"passkey\" of six digits, or \"yes\":false"
                                         : "expected \"yes\": true or false");
}

static void take_io(struct agent *a, const cJSON *io)
{
    uint8_t cap;
    if (a->io_cap >= 0) {
        complain(a, "the IO capability was told already");
    } else if (!cJSON_IsString(io) || !pairing_io_cap_parse(io->valuestring, &cap)) {
        complain(a, "\"io\" is one of " PAIRING_IO_CAPS);
    } else {
        a->io_cap = cap;
        if (a->cfg.attached)
            a->cfg.attached(a->cfg.ctx, true);
    }
}

static void take_json(struct agent *a, char *line)
{
    cJSON *j = cJSON_Parse(line);
    const cJSON *io = cJSON_GetObjectItemCaseSensitive(j, "io");
    if (!cJSON_IsObject(j))
        complain(a, "a line is one JSON object");
    else if (io)
        take_io(a, io);
    else if (a->io_cap < 0)
        complain(a, "tell \"io\" first");
    else
        take_answer(a, j);
    cJSON_Delete(j);
}

const struct agent_way agent_attached = {
    .open = open_socket,
    .close = close_socket,
    .show = show_json,
    .gone = gone_json,
    .line = take_json,
    .all_at_once = true,
};
