/* The air as a server: one controller a connection, H4 over TCP or Unix sockets. Needs libsystemd
 * (sd-event) and ports/linux/btsnoop. */
#ifndef TROTH_AIR_SERVE_H
#define TROTH_AIR_SERVE_H

#include "air/air.h"

enum { AIR_SERVE_LISTEN_MAX = 16, AIR_SERVE_ADDRESS_MAX = 64 };

struct air_serve_config {
    const char *listen[AIR_SERVE_LISTEN_MAX]; /* "tcp:HOST:PORT" or "unix:PATH" */
    size_t listen_count;
    const char *status;  /* where a connection is answered by air_status_json; or NULL */
    const char *capture; /* directory for one btsnoop file a controller; or NULL */
    uint8_t address[AIR_SERVE_ADDRESS_MAX][6]; /* a connection takes the first that is free */
    size_t address_count;
    bool seeded; /* else randomness is the system's */
    uint64_t seed;
    uint32_t crossing_ms;
    struct air_rules *rules; /* or NULL */
    bool trace;              /* on stdout */
};

/* NULL, or what is wrong with "tcp:HOST:PORT" or "unix:PATH". */
const char *air_serve_check(const char *where);

/* Serves until SIGINT or SIGTERM: 0; 1 after a failure, told on stderr. Prints a line
 * "listening on WHERE" for each listener on stdout, with the port the kernel chose. */
int air_serve(const struct air_serve_config *cfg);

#endif
