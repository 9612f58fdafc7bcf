/*
 * Espressif's unified provisioning, device side: named endpoints, one session, messages in protocol
 * buffers. What it is asked it does through a provisioning session (<troth/prov.h>), which others
 * may use at the same time. Its bytes are in docs/WIRE.md.
 *
 * No I/O and no clock: a transport (GATT, HTTP) hands over a request, the name of its endpoint and
 * of its session, and gets one response, at once or later. Callbacks come before the call that
 * caused them returns; any function here but troth_protocomm_request may be called from them.
 *
 * What it promises:
 *   - Once a network was applied, no status says "connected" of another.
 *   - A try that failed is told until the next is applied, whatever became of the earlier network.
 *   - Secrets and what was set but not applied are wiped with the session.
 */
#ifndef TROTH_PROTOCOMM_H
#define TROTH_PROTOCOMM_H

#include <troth/config.h>
#include <troth/protocomm_security.h>
#include <troth/prov.h>
#include <troth/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROTH_PROTOCOMM_VERSION_MAX 512 /* octets of proto-ver's reply */

/* Endpoints, in the order of their characteristics: FF4F, FF50 ... Those of the application follow. */
enum troth_protocomm_endpoint {
    TROTH_PROTOCOMM_CTRL = 0,    /* prov-ctrl */
    TROTH_PROTOCOMM_SCAN = 1,    /* prov-scan */
    TROTH_PROTOCOMM_SESSION = 2, /* prov-session */
    TROTH_PROTOCOMM_CONFIG = 3,  /* prov-config */
    TROTH_PROTOCOMM_VERSION = 4, /* proto-ver */
    TROTH_PROTOCOMM_APP = 5,     /* the application's first */
};
#define TROTH_PROTOCOMM_UUID16 0xff4f /* of endpoint 0 */

/* The session protocomm stages credentials as. No connection has this number. */
#define TROTH_PROTOCOMM_WRITER 0xffff

/*
 * Handles a request of an application's endpoint: octets in, which are valid during the call, and
 * up to *out_len octets out. TROTH_OK: out_len is the response's. TROTH_PROTOCOMM_LATER:
 * troth_protocomm_complete will give it, under this serial. Anything else: the request failed.
 */
#define TROTH_PROTOCOMM_LATER 1
typedef int (*troth_protocomm_handler)(void *ctx, uint32_t serial, const uint8_t *in, size_t len,
                                       uint8_t *out, size_t *out_len);

enum troth_protocomm_event_type {
    TROTH_PROTOCOMM_EV_SESSION = 1, /* .session: the client has proven itself; 0: anybody may */
    TROTH_PROTOCOMM_EV_FAULT,       /* .fault ended it; with PROOF: .failures in a row, .wait_ms */
    TROTH_PROTOCOMM_EV_ENDED,       /* the session is over, for whatever reason */
    /*
     * Provisioned, whichever protocol did it, and the client knows it or does not ask: stop being
     * reachable. Once for each network that was applied and joined; never with keep_running.
     */
    TROTH_PROTOCOMM_EV_STOP,
};
struct troth_protocomm_event {
    enum troth_protocomm_event_type type;
    uint32_t session;
    enum troth_security_fault fault;
    uint32_t failures, wait_ms;
};

struct troth_protocomm_config {
    struct troth_security_config security; /* a device's */
    struct troth_prov *prov;
    uint8_t kind; /* enum troth_net_kind: a device speaks of one */
    /*
     * Members of proto-ver's object beside "prov", as JSON text without the braces, or NULL:
     * "\"rmaker\":{\"ver\":\"1.0\",\"cap\":[\"claim\"]}"
     */
    const char *info;
    bool keep_running;       /* no EV_STOP; the client may ask to be provisioned again (reprov) */
    uint32_t stop_ms;        /* 30 000: after success, when nobody asks for the status */
    uint32_t cleanup_ms;     /* 1 000: after the client was told of it */
    uint32_t hold_ms;        /* 25 000: responses to a scan or reset are held so long at most */
    uint32_t backoff_ms;     /* 1 000: no handshake after three wrong proofs; doubles each time */
    uint32_t backoff_max_ms; /* 60 000 */
    /*
     * The one response to a request. TROTH_OK: the octets, valid during the call. Else none, and
     * the transport says so in its way: TROTH_NOT_FOUND: no such endpoint; TROTH_STATE: no session,
     * or another's; TROTH_BUSY: another request is open, or the back-off runs; TROTH_STALE: its
     * session ended first; TROTH_INVALID: empty or too long; TROTH_FAILED: all else.
     */
    void (*respond)(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len);
    void (*event)(void *ctx, const struct troth_protocomm_event *event); /* may be NULL */
    void *ctx;
};

struct troth_protocomm_app {
    const char *name;
    troth_protocomm_handler handle;
    void *ctx;
};

struct troth_protocomm {
    struct troth_protocomm_config cfg;
    struct troth_protocomm_app app[TROTH_PROTOCOMM_APPS];
    uint8_t apps;
    struct troth_security security;
    bool here; /* a session is: `session` */
    uint32_t session;

    /* the open request */
    bool open;     /* it has no response yet */
    bool handling; /* its handler runs */
    bool answered; /* ... and its response came meanwhile */
    int answer;
    uint32_t serial;
    size_t out_len;
    uint8_t in[TROTH_PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD];
    uint8_t out[TROTH_PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD];

    uint32_t failures; /* wrong proofs in a row */
    struct timer backoff_timer;

    /* what the client did, and what came of it */
    uint8_t view;       /* what a status tells */
    uint8_t reason;     /* enum troth_net_reason, when it tells of a failure */
    bool set;           /* credentials wait to be applied */
    bool hidden;        /* what is joined is not the client's (reprov) */
    bool others;        /* another's try runs */
    bool stopping;      /* EV_STOP is due: stop_timer */
    uint32_t resetting; /* serial of the request held until the erase is done; 0: none */
    struct timer stop_timer;

    bool scanning, scan_fresh;
    uint32_t scan_held; /* serial of the request; 0: none */
    uint8_t scan_msg;
    uint8_t results;
    struct troth_scan_result result[TROTH_PROTOCOMM_RESULTS];
    struct timer hold_timer;
};

/*
 * TROTH_INVALID: the security's configuration cannot work, or the backend has no such network.
 * TROTH_FULL: TROTH_PROTOCOMM_MAX is too small for security 2's handshake.
 */
int troth_protocomm_init(struct troth_protocomm *pc, const struct troth_protocomm_config *cfg);
/* Another endpoint, the next number. The name outlives pc. TROTH_INVALID: taken; TROTH_FULL. */
int troth_protocomm_endpoint(struct troth_protocomm *pc, const char *name,
                             troth_protocomm_handler handle, void *ctx);

/* How many endpoints there are, and their names; NULL: no such. */
unsigned troth_protocomm_endpoints(const struct troth_protocomm *pc);
const char *troth_protocomm_endpoint_name(const struct troth_protocomm *pc, unsigned endpoint);
/* By name of len octets; TROTH_NOT_FOUND. */
int troth_protocomm_find(const struct troth_protocomm *pc, const char *name, size_t len);

/*
 * A request. session: the transport's name for who asks (a connection, a cookie). Ends in exactly
 * one respond, in the call or later. Only one request is open at a time.
 */
void troth_protocomm_request(struct troth_protocomm *pc, uint32_t session, unsigned endpoint,
                             const uint8_t *in, size_t len, troth_ms now);
/* TROTH_STALE: nothing waits for it. result: TROTH_OK, or the request failed. out is copied. */
int troth_protocomm_complete(struct troth_protocomm *pc, uint32_t serial, int result,
                             const uint8_t *out, size_t len);
/* The session's transport is gone (disconnected, cookie forgotten). Others' are ignored. */
void troth_protocomm_gone(struct troth_protocomm *pc, uint32_t session);
/* Ends the session and all that waits, and wipes: provisioning stops. */
void troth_protocomm_stop(struct troth_protocomm *pc);

/* Every event of the provisioning session goes here as well. */
void troth_protocomm_prov_event(struct troth_protocomm *pc, const struct troth_prov_event *event);
void troth_protocomm_tick(struct troth_protocomm *pc, troth_ms now);
troth_ms troth_protocomm_deadline(const struct troth_protocomm *pc);

#ifdef __cplusplus
}
#endif
#endif
