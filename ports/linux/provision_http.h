/*
 * Protocomm over HTTP, device side: POST /ENDPOINT, the message as body both ways. One session at a
 * time, named by a cookie, or by its socket when the client keeps none:
 *
 *   - a request whose whole Cookie field is "session=NUMBER" of the session belongs to it
 *   - so does one without a Cookie on the socket that last belonged to it
 *   - any other begins a new session and ends the old one: Set-Cookie is in the response
 *
 * What protocomm refuses closes the socket without a response, as devices in use do; 503 says that
 * it is busy or wants a pause. A request a web page sends (Origin) is refused with 403, and so is one
 * that would begin a session where none may. At most four sockets, the least used goes; a request
 * must be there within ten seconds. The session is forgotten after five minutes without a request.
 *
 * Written here since these rules, who closes what and when, are most of it; a library would bring
 * the rest of HTTP and its own threads or loop.
 */
#ifndef TROTH_PORTS_LINUX_PROVISION_HTTP_H
#define TROTH_PORTS_LINUX_PROVISION_HTTP_H

#include <systemd/sd-event.h>

#include <troth/protocomm.h>

struct provision_http_config {
    sd_event *loop;
    const char *where; /* "127.0.0.1:8080", "[::1]:0": port 0 is any that is free */
    struct troth_protocomm *protocomm;
    troth_ms (*now)(void *ctx);
    bool (*admit)(void *ctx); /* a new session may begin, else 403; NULL: always */
    void *ctx;
};

struct provision_http;

/* Its limits, for a struct runtime_clock with itself as ctx. */
troth_ms provision_http_deadline(const void *h);
void provision_http_tick(void *h, troth_ms now);

/* False: `why` says what is wrong with such an address and port. */
bool provision_http_where(const char *where, char *why, size_t why_cap);
/* Listens. NULL: `why`. */
struct provision_http *provision_http_open(const struct provision_http_config *config, char *why,
                                           size_t why_cap);
/* As config.where, with the port it got. */
const char *provision_http_address(const struct provision_http *h);
/* Also from callbacks of protocomm: what h still does then ends with the call that led there. */
void provision_http_close(struct provision_http *h);

/* Sessions of HTTP are numbers from here on; below are links. */
#define PROVISION_HTTP_SESSION 0x10000u
/* Protocomm's response to such a session: its respond, with h as ctx. */
void provision_http_respond(void *h, uint32_t session, int result, const uint8_t *out, size_t len);

#endif
