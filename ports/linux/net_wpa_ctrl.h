/*
 * A client of wpa_supplicant's control socket: one request under way at a time, events between.
 *
 * A datagram socket says nothing when the other end goes, so it is asked again and again; while
 * there is none it is looked for. The socket is connected before it has a name: nobody else can
 * send it anything.
 */
#ifndef TROTH_LINUX_NET_WPA_CTRL_H
#define TROTH_LINUX_NET_WPA_CTRL_H

#include <net/if.h>

#include <systemd/sd-event.h>

#include <troth/timer.h>

#define WPA_REQUESTS 160 /* for each block there may be two at once */
#define WPA_REQUEST  256

/* reply: without its line end; tag: of the request. Not called for what was asked before a loss. */
typedef void wpa_reply(void *ctx, uint32_t tag, const char *reply);

struct wpa_request {
    char text[WPA_REQUEST];
    wpa_reply *reply; /* may be NULL */
    uint32_t tag;
};

struct wpa_ctrl {
    sd_event *loop;
    const char *dir, *wanted; /* wanted: the interface; empty: the first socket there */
    char ifname[IFNAMSIZ];
    int fd;
    sd_event_source *source;
    bool attached;
    struct wpa_request queue[WPA_REQUESTS]; /* wiped once sent: passphrases */
    unsigned at, used;
    bool sent; /* the first */
    struct timer reply_timer, ping_timer, again_timer;
    const char *trouble; /* why the socket cannot be used, last */

    void (*up)(void *ctx);                          /* attached */
    void (*down)(void *ctx, const char *why);       /* and queue emptied */
    void (*event)(void *ctx, const char *event);    /* without its level */
    void (*trouble_is)(void *ctx, const char *why); /* it changed */
    void *ctx;
};

/* The rest of the struct is filled in. Tries at once; what comes of it comes from the loop. */
void wpa_ctrl_start(struct wpa_ctrl *c);
void wpa_ctrl_stop(struct wpa_ctrl *c);
/* False: full, or not attached. */
bool wpa_ctrl_ask(struct wpa_ctrl *c, wpa_reply *reply, uint32_t tag, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
void wpa_ctrl_tick(struct wpa_ctrl *c, troth_ms now);
troth_ms wpa_ctrl_deadline(const struct wpa_ctrl *c);

/* The first socket of a directory that answers to an interface; false: errno says why not. */
bool wpa_ctrl_find(const char *dir, char ifname[IFNAMSIZ]);
/* Connected to that socket, with a name of its own; or -errno. */
int wpa_ctrl_connect(const char *dir, const char *ifname);

#endif
