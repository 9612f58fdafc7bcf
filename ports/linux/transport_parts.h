/* What the files of the transport share: one transport's state, and what a kind provides. */
#ifndef TROTH_PORTS_LINUX_TRANSPORT_PARTS_H
#define TROTH_PORTS_LINUX_TRANSPORT_PARTS_H

#include <sys/types.h>

#include "ports/linux/transport.h"

enum { H4_COMMAND = 1, H4_ACL = 2, H4_SCO = 3, H4_EVENT = 4, H4_ISO = 5 };

#define H4_MAX (1 + 4 + 65535)

struct transport_ops {
    bool packets; /* the kernel keeps packets apart: one a read, one a write */
    /* In a stream an unfinished packet that gets no further for so long is the end; 0: never. */
    unsigned stall_ms;
    /* From the loop: begins to open. Ends, now or later, in transport_watch, _up or _fail. */
    void (*begin)(struct transport *t);
    /* The descriptor has something to say, and the transport is not up yet. */
    void (*connecting)(struct transport *t);
    /* The alarm rang. May be NULL when it is never set. */
    void (*alarm)(struct transport *t);
    ssize_t (*write)(struct transport *t, const uint8_t *octets, size_t len);
    ssize_t (*read)(struct transport *t, uint8_t *octets, size_t cap);
};

extern const struct transport_ops transport_socket, transport_user, transport_uart;

struct addrinfo;

struct transport {
    sd_event *loop;
    struct transport_where where;
    struct transport_handlers h;
    const struct transport_ops *ops;
    struct addrinfo *addresses, *next; /* TCP: still to be tried */
    unsigned tries;                    /* user channel, UART: alarms so far */
    int fd;
    bool exclusive; /* UART: the line is to be given back, others may have it open */
    sd_event_source *io;
    sd_event_source *timer; /* the alarm; once up, of stalled packets */
    sd_event_source *soon;  /* what must not happen during a call */
    bool up, dead, closed;
    unsigned busy; /* handlers that run */
    char why[600];
    size_t in_len;
    uint8_t in[H4_MAX];
    uint8_t *out;
    size_t out_at, out_len, out_cap;
};

/* Waits for these epoll events of t->fd. */
void transport_watch(struct transport *t, uint32_t events);
/* Once more for another descriptor: closes this one. */
void transport_unwatch(struct transport *t);
/* ops->alarm after so long; once. */
void transport_alarm(struct transport *t, unsigned ms);
/* It is open: tells, then takes what t->in holds already. */
void transport_is_up(struct transport *t);
/* The end, whatever the state; the loop will tell. Only the first reason counts. */
void transport_fail(struct transport *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
