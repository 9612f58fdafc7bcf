/*
 * A host: the layers of one Bluetooth controller. Bytes in, time in; bytes, events and asks out.
 *
 * It does no I/O, keeps no thread, allocates nothing and has no globals: a process may own
 * hundreds. It is not reentrant: one host is driven from one thread at a time.
 *
 * Entry points deliver all events and asks before they return. From a callback the API may be
 * called (it only appends, or returns TROTH_BUSY); troth_host_rx and troth_host_tick may not.
 */
#ifndef TROTH_HOST_H
#define TROTH_HOST_H

#include <troth/config.h>
#include <troth/event.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_host_config {
    /*
     * One whole H4 packet (type octet first) to the controller. Takes it all: a port that cannot
     * write at once keeps it. Must not call back into the host.
     */
    void (*send)(void *ctx, const uint8_t *packet, size_t len);
    void (*event)(void *ctx, const struct troth_event *event);
    /* True: it is or will be answered with troth_answer. False: the ask's default holds. NULL: all. */
    bool (*ask)(void *ctx, const struct troth_ask *ask);
    /* Cryptographically secure random octets. */
    void (*random)(void *ctx, uint8_t *out, size_t len);
    void *ctx;

    const char *name;    /* Device Name, UTF-8, outlives the host; NULL: "Troth" */
    uint16_t appearance; /* 0x1800 Appearance */
    struct troth_policy policy;
    struct troth_local local; /* our IRK and static address; made, and asked to be stored, if absent */
    bool acl_before_encryption; /* USB: ACL may overtake its Encryption Change; hold it */

    /*
     * LE privacy, Vol 3 Part C 10.7: advertising, active scanning and connecting carry resolvable
     * private addresses made from our IRK, a new one every rpa_timeout_s; only a peer that pairs
     * learns the identity address. Who makes them, this host or the controller's resolving list, is
     * chosen by what the controller can do (TROTH_EV_READY tells). Off: the identity address is on
     * the air. Peers' private addresses are resolved either way. An IRK of zeros, which means no
     * privacy, is replaced by a new one first.
     */
    bool privacy;
    uint16_t rpa_timeout_s; /* 1 to 3600; 0: 900, more: 3600. Vol 4 Part E 7.8.45 */
};

struct troth_host; /* <troth/state.h> has its size */

/* Makes a host of the memory. config is copied, what it points to is not. */
void troth_host_init(struct troth_host *h, const struct troth_host_config *config);
/* Brings the controller up: ends in TROTH_EV_READY or TROTH_EV_BROKEN. May be called again. */
void troth_host_start(struct troth_host *h, troth_ms now);
/*
 * The controller is no longer there: every link ends (0x1F), what was wanted stays wanted.
 * troth_host_start brings it up again when it returns. Not from a callback.
 */
void troth_host_gone(struct troth_host *h, troth_ms now);
/* One whole H4 packet from the controller. TROTH_INVALID: malformed, dropped. */
int troth_host_rx(struct troth_host *h, const uint8_t *packet, size_t len, troth_ms now);
/* Time passes: call at or after troth_host_deadline. */
void troth_host_tick(struct troth_host *h, troth_ms now);
/* When to tick next; 0: at once; TROTH_NEVER: only after the next call in. */
troth_ms troth_host_deadline(const struct troth_host *h);

/* Replaces the policy for pairings and accesses from now on. */
int troth_set_policy(struct troth_host *h, const struct troth_policy *policy);
const struct troth_policy *troth_policy(const struct troth_host *h);
/* For one link, as long as it lasts; NULL: the host's again. TROTH_INVALID: out of range. */
int troth_set_link_policy(struct troth_host *h, troth_link link, const struct troth_policy *policy);
const struct troth_policy *troth_link_policy(const struct troth_host *h, troth_link link);

#ifdef __cplusplus
}
#endif
#endif
