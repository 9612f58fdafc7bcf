/*
 * A controller's byte stream: whole HCI packets with their H4 type (Vol 4 Part A), in and out,
 * without blocking, on an sd-event loop.
 *
 * Where it leads is one string:
 *
 *     hci:N                 adapter hciN of this machine, all of it (HCI_CHANNEL_USER); hciN too
 *     uart:DEV,BAUD[,flow]  a controller behind a serial line, H4; flow: RTS and CTS are wired
 *     unix:PATH, tcp:HOST:PORT   H4 over a socket: the air, or somebody's virtual controller. A
 *                                HOST that is a name is looked up when the transport is opened,
 *                                which may take a moment.
 *
 * A file a kind: transport_user.c, transport_uart.c, transport_socket.c.
 */
#ifndef TROTH_PORTS_LINUX_TRANSPORT_H
#define TROTH_PORTS_LINUX_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

enum transport_kind {
    TRANSPORT_NONE = 0,
    TRANSPORT_TCP,
    TRANSPORT_UNIX,
    TRANSPORT_USER, /* the kernel's user channel */
    TRANSPORT_UART,
};

struct transport_where {
    enum transport_kind kind;
    char host[256];   /* TCP; without the brackets of an IPv6 address */
    char port[6];     /* TCP */
    char path[108];   /* Unix; a leading @ is the abstract name space. UART: the device */
    uint16_t adapter; /* user channel: the N of hciN */
    unsigned baud;    /* UART */
    bool flow;        /* UART: RTS and CTS */
    char text[272];   /* the string itself, for people */
};

/* False: `why` says in a sentence what is wrong with the string and gives an example. */
bool transport_parse(struct transport_where *w, const char *text, char *why, size_t why_cap);
/* For help texts. */
#define TRANSPORT_EXAMPLES "hci:0, uart:DEV,BAUD[,flow], unix:PATH, tcp:HOST:PORT"

/* May ACL come before the Encryption Change it belongs after? (USB: another endpoint.) */
bool transport_acl_overtakes(const struct transport_where *w);

struct transport;

struct transport_handlers {
    void (*up)(void *ctx); /* connected; send from now on */
    /* One whole packet, type octet first; valid during the call. */
    void (*packet)(void *ctx, const uint8_t *h4, size_t len);
    /*
     * Never came up, or is gone: the peer closed it, it broke, or what came was no H4. Told once;
     * then nothing more comes and transport_close is all that may be called, here or later.
     */
    void (*down)(void *ctx, const char *why);
    void *ctx;
};

/*
 * Starts connecting; all handlers run from the loop, none during this call. NULL: out of memory.
 * The loop, and h, which is copied, belong to the caller.
 */
struct transport *transport_open(sd_event *loop, const struct transport_where *where,
                                 const struct transport_handlers *h);
/* Takes the whole packet, keeps what cannot be written yet. Nothing happens before up. */
void transport_send(struct transport *t, const uint8_t *h4, size_t len);
/* Closes and frees; no handler is called. May be called from a handler. NULL is fine. */
void transport_close(struct transport *t);

/* Length of the H4 packet that starts here: 0 when more octets are needed to tell, -1: no H4. */
int transport_h4_length(const uint8_t *bytes, size_t len);

#endif
