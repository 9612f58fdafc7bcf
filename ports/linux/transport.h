/*
 * A byte stream to a controller: HCI packets with H4 framing (Vol 4 Part A) over a socket, without
 * blocking, on an sd-event loop.
 *
 * Where it leads is one string: tcp:HOST:PORT or unix:PATH. A HOST that is a name is looked up when
 * the transport is opened, which may take a moment.
 */
#ifndef TROTH_PORTS_LINUX_TRANSPORT_H
#define TROTH_PORTS_LINUX_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

enum transport_kind { TRANSPORT_NONE = 0, TRANSPORT_TCP, TRANSPORT_UNIX };

struct transport_where {
    enum transport_kind kind;
    char host[256]; /* TCP; without the brackets of an IPv6 address */
    char port[6];
    char path[108]; /* Unix; a leading @ is the abstract name space */
    char text[272]; /* the string itself, for people */
};

/* False: `why` says in a sentence what is wrong with the string and gives an example. */
bool transport_parse(struct transport_where *w, const char *text, char *why, size_t why_cap);
/* For help texts. */
#define TRANSPORT_EXAMPLES "tcp:127.0.0.1:9000 or unix:/run/troth/air"

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
