/*
 * The control socket: whoever may connect to it, which its file decides, asks and is answered, a
 * line of JSON each. docs/WIRE.md. Nobody is waited for: who does not read loses the connection.
 */
#include "trothd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/listener.h"
#include "common/out.h"

#ifndef TROTH_VERSION
#define TROTH_VERSION "(development)"
#endif

#define CLIENTS 8
#define LINE    512

struct control_client {
    struct control *c;
    int fd; /* -1: none */
    sd_event_source *io;
    bool erasing; /* is answered when that has ended */
    char line[LINE];
    size_t len;
};

struct control {
    struct trothd *d;
    char path[108];
    int listener;
    sd_event_source *io;
    struct control_client clients[CLIENTS];
};

static void hang_up(struct control_client *who)
{
    who->io = sd_event_source_disable_unref(who->io);
    if (who->fd >= 0)
        close(who->fd);
    who->fd = -1;
    who->erasing = false;
    who->len = 0;
}

/* A line at once or not at all. */
static void answer(struct control_client *who, cJSON *j)
{
    char *text = cJSON_PrintUnformatted(j);
    size_t len = text ? strlen(text) : 0;
    bool sent = false;
    if (text && who->fd >= 0) {
        text[len] = '\n'; /* in the place of its NUL */
        sent = send(who->fd, text, len + 1, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)len + 1;
    }
    cJSON_free(text);
    cJSON_Delete(j);
    if (!sent)
        hang_up(who);
}

static void refuse(struct control_client *who, const char *why)
{
    answer(who, out_fields("ok:b error:s", false, why));
}

/* ---- what may be asked ---- */

static cJSON *network_fields(const struct trothd *d, const struct troth_prov_status *s)
{
    char name[TROTH_SSID_TEXT] = "";
    if (s->kind)
        troth_prov_network_text(s, name, sizeof name);
    const char *address = s->online && *s->info.address ? s->info.address : NULL;
    return out_fields("kind:s name:s address:s online:b stored:b by:s",
                      s->kind == TROTH_NET_THREAD ? "thread"
                      : s->kind                   ? "wifi"
                                                  : NULL,
                      *name ? name : NULL, address, s->online, s->stored, network_backend(d));
}

static cJSON *window_fields(const struct trothd *d)
{
    struct reach_state w;
    reach_state(d, &w);
    cJSON *j = out_fields("open:b policy:s why:s", w.open, window_policy_name(w.policy),
                          window_why_words(w.why));
    if (w.closing)
        cJSON_AddTrueToObject(j, "closing");
    if (w.left_s)
        cJSON_AddNumberToObject(j, "seconds", w.left_s);
    return j;
}

static cJSON *protocols(const struct trothd *d)
{
    static const struct {
        int bit;
        const char *name;
    } all[] = {{PROVISION_TROTH, "troth"}, {PROVISION_ESPRESSIF, "espressif"}};
    cJSON *list = cJSON_CreateArray();
    for (unsigned i = 0; i < 2; i++)
        if (d->options.provision.protocols & all[i].bit)
            cJSON_AddItemToArray(list, cJSON_CreateString(all[i].name));
    return list;
}

static void tell_status(struct control_client *who)
{
    struct trothd *d = who->c->d;
    const struct options *o = &d->options;
    struct troth_prov_status s;
    troth_prov_status(network_session(d), &s);
    bool why = s.reason != TROTH_NET_OK;
    answer(who,
           out_fields("ok:b version:s name:s state:s reason:s reason_text:s network:j window:j "
                      "bonds:u links:u radio:s provisioning:j",
                      true, TROTH_VERSION, d->name_pending ? NULL : o->name,
                      troth_prov_state_name((uint8_t)s.state),
                      why ? troth_net_reason_name((uint8_t)s.reason) : NULL,
                      why ? troth_net_reason_words_for(s.kind, (uint8_t)s.reason) : NULL,
                      network_fields(d, &s), window_fields(d), d->radio->bonds(d),
                      d->radio->links(d), o->on_bluez ? "bluez" : o->transport.text, protocols(d)));
}

static void set_window(struct control_client *who, const cJSON *open, const cJSON *seconds)
{
    char why[200];
    double s = cJSON_IsNumber(seconds) ? seconds->valuedouble : 0;
    if (!cJSON_IsBool(open) || (seconds && !(s >= 1 && s <= 86400)))
        refuse(who, "\"open\" is true or false, and \"seconds\" 1 to 86400");
    else if (!reach_command(who->c->d, cJSON_IsTrue(open), (unsigned)s, why, sizeof why))
        refuse(who, why);
    else
        answer(who, out_fields("ok:b window:j", true, window_fields(who->c->d)));
}

static void erase(struct control_client *who)
{
    struct trothd *d = who->c->d;
    who->erasing = true; /* before: the answer may come within the call */
    if (!d->forgetting.open && network_erase(d) == TROTH_OK)
        return;
    who->erasing = false;
    refuse(who, "another erase is under way: ask again when it is done");
}

void control_erased(struct trothd *d, bool stored, unsigned bonds, unsigned kept)
{
    for (unsigned i = 0; d->control && i < CLIENTS; i++) {
        struct control_client *who = &d->control->clients[i];
        if (!who->erasing)
            continue;
        who->erasing = false;
        if (!stored)
            refuse(who, "the store would not erase: the network and the bonds are kept");
        else if (kept)
            answer(who, out_fields("ok:b error:s bonds:u kept:u", false,
                                   "some bonds could not be removed and will be back: erase again "
                                   "when the store can be written",
                                   bonds, kept));
        else
            answer(who, out_fields("ok:b bonds:u", true, bonds));
    }
}

static void take(struct control_client *who, const char *line)
{
    cJSON *j = cJSON_Parse(line);
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(j, "do");
    const char *what = cJSON_IsString(item) ? item->valuestring : "";
    if (who->erasing)
        refuse(who, "the erase asked for is not done yet");
    else if (!strcmp(what, "status"))
        tell_status(who);
    else if (!strcmp(what, "window"))
        set_window(who, cJSON_GetObjectItemCaseSensitive(j, "open"),
                   cJSON_GetObjectItemCaseSensitive(j, "seconds"));
    else if (!strcmp(what, "erase"))
        erase(who);
    else
        refuse(who, "a line is one JSON object whose \"do\" is status, window or erase");
    cJSON_Delete(j);
}

/* ---- hearing ---- */

static int on_input(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct control_client *who = context;
    char *end;
    (void)source;
    (void)events;
    ssize_t n = read(fd, who->line + who->len, sizeof who->line - who->len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        hang_up(who);
        return 0;
    }
    who->len += (size_t)n;
    while (who->fd >= 0 && (end = memchr(who->line, '\n', who->len))) {
        char line[LINE];
        size_t len = (size_t)(end - who->line);
        memcpy(line, who->line, len);
        line[len] = 0;
        who->len -= len + 1;
        memmove(who->line, end + 1, who->len);
        take(who, line);
    }
    if (who->fd >= 0 && who->len == sizeof who->line) {
        refuse(who, "a line has at most 511 octets");
        hang_up(who);
    }
    return 0;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *context)
{
    static const char busy[] = "{\"ok\":false,\"error\":\"too many programs are connected: try "
                               "again\"}\n";
    struct control *c = context;
    struct control_client *who = NULL;
    (void)source;
    (void)events;
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client < 0)
        return 0;
    for (unsigned i = 0; i < CLIENTS && !who; i++)
        if (c->clients[i].fd < 0)
            who = &c->clients[i];
    if (!who || sd_event_add_io(c->d->loop, &who->io, client, EPOLLIN, on_input, who) < 0) {
        (void)!send(client, busy, sizeof busy - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
        close(client);
        return 0;
    }
    who->fd = client;
    return 0;
}

static int listen_at(struct control *c, const struct sockaddr_un *where)
{
    int r = listener_open(where, 0660, CLIENTS); /* this user's and this group's */
    if (r < 0)
        return -r;
    c->listener = r;
    memcpy(c->path, where->sun_path, sizeof c->path);
    r = sd_event_add_io(c->d->loop, &c->io, c->listener, EPOLLIN, on_connection, c);
    return r < 0 ? -r : 0;
}

bool control_open(struct trothd *d, char *why, size_t cap)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    if (!service_control_path(&d->options.service, where.sun_path, sizeof where.sun_path, why, cap))
        return !*why;
    struct control *c = calloc(1, sizeof *c);
    if (!c) {
        snprintf(why, cap, "no memory for a control socket");
        return false;
    }
    d->control = c;
    c->d = d;
    c->listener = -1;
    for (unsigned i = 0; i < CLIENTS; i++)
        c->clients[i] = (struct control_client){.c = c, .fd = -1};
    int error = listen_at(c, &where);
    if (error)
        snprintf(why, cap, "cannot listen at the control socket %s: %s", where.sun_path,
                 error == EADDRINUSE ? "another trothd does, or a file is in the way"
                                     : strerror(error));
    return !error;
}

void control_close(struct trothd *d)
{
    struct control *c = d->control;
    if (!c)
        return;
    for (unsigned i = 0; i < CLIENTS; i++)
        hang_up(&c->clients[i]);
    sd_event_source_disable_unref(c->io);
    if (c->listener >= 0)
        close(c->listener);
    if (*c->path)
        unlink(c->path);
    free(c);
    d->control = NULL;
}
