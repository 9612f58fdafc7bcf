/*
 * The simulated network backend: Wi-Fi and Thread networks from a table, with the ways real ones
 * fail. No I/O, no clock, no heap: like a host it is given the time and says when it wants it next.
 *
 * A row is an access point, or one router of a Thread network. Which kinds the backend has follows
 * from the table; an empty one is Wi-Fi's.
 *
 * It keeps its own truth about what is joined and tells it to an observer, so that a test or a
 * demonstration need not believe the device.
 */
#ifndef TROTH_NET_SIM_H
#define TROTH_NET_SIM_H

#include <troth/net.h>
#include <troth/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_sim_network {
    uint8_t kind; /* enum troth_net_kind; 0: Wi-Fi */
    int8_t rssi;

    /* Wi-Fi */
    struct troth_ssid ssid;
    uint8_t bssid[6];
    uint8_t security; /* enum troth_wifi_security, not AUTO */
    uint8_t channel;
    /* 64 digits: a raw PSK, which then matches only itself. A PSK given for a passphrase does not. */
    struct troth_password password;

    /*
     * Thread: the network's own dataset, with Channel, PAN ID, Extended PAN ID, Network Name and
     * Network Key. Who attaches must have the key, and as much of channel, PAN ID and Extended PAN
     * ID as it gives must be right.
     */
    struct troth_thread dataset;
    uint8_t ext_addr[8]; /* the router's */
    uint8_t lqi, version;
    bool joinable;
    uint8_t role;       /* enum troth_thread_role of who attaches; 0: child */
    uint32_t router_ms; /* a child becomes router so long after it attached; 0: never */

    char address[46]; /* given to who joins; empty: "192.0.2.10", "fd00::10" */
    uint32_t join_ms; /* until JOINED or JOIN_FAILED; 0: 300, Thread 1000 */

    /* how it misbehaves */
    uint8_t wrong_as;        /* reason told for a wrong password or key; 0: the right one */
    bool no_address;         /* joins end in NO_ADDRESS */
    bool silent;             /* joins are never answered */
    uint8_t flaky;           /* the first so many joins end in TIMEOUT */
    uint32_t lose_ms;        /* the link is lost so long after it was joined; 0: never */
    uint32_t down_ms, up_ms; /* away from down_ms until up_ms after the start; up_ms 0: for good.
                                Both 0: never away */
};

enum troth_sim_event_type {
    TROTH_SIM_JOINING, /* a join began */
    TROTH_SIM_JOINED,
    TROTH_SIM_FAILED,    /* .reason */
    TROTH_SIM_ABANDONED, /* another join, or a leave, came first */
    TROTH_SIM_LOST,      /* .reason */
    TROTH_SIM_LEFT,      /* a joined network was left */
    TROTH_SIM_SCANNED,
    TROTH_SIM_CHANGED, /* the role in the network joined */
};

struct troth_sim_event {
    enum troth_sim_event_type type;
    uint32_t id; /* of the attempt or scan */
    /* Asked for or joined; NULL for a scan. Of Thread the network's name, empty: not known. */
    const struct troth_ssid *ssid;
    const struct troth_sim_network *network; /* the one in range that is meant, or NULL */
    enum troth_net_reason reason;
};

#define TROTH_SIM_FLAKY 32 /* networks whose flaky counter is kept */

struct troth_net_sim {
    const struct troth_sim_network *networks;
    unsigned count;
    uint32_t scan_ms; /* how long a scan takes; 0: 200 */
    const struct troth_net_sink *sink;
    void (*observe)(void *ctx, const struct troth_sim_event *event); /* may be NULL */
    void *ctx;

    /* the simulator's */
    struct troth_net net;
    troth_ms origin, now;
    uint8_t joins[TROTH_SIM_FLAKY];
    uint32_t joining; /* attempt; 0: none */
    struct troth_ssid ssid;
    const struct troth_sim_network *target; /* NULL: none of that name in range */
    enum troth_net_reason verdict;          /* what the join in flight will end in */
    uint32_t attempt;                       /* of the network joined */
    const struct troth_sim_network *joined; /* NULL: none */
    uint8_t role;                           /* enum troth_thread_role there */
    uint32_t leaving, scanning, asking;     /* operations in flight; 0: none */
    struct timer join_timer, lose_timer, leave_timer, scan_timer, ask_timer, role_timer;
};

/* The fields before "the simulator's" are set by the caller; the table outlives the simulator. */
void troth_net_sim_init(struct troth_net_sim *s, troth_ms now);
const struct troth_net *troth_net_sim_net(const struct troth_net_sim *s);
void troth_net_sim_tick(struct troth_net_sim *s, troth_ms now);
troth_ms troth_net_sim_deadline(const struct troth_net_sim *s);
/* The address who joins it is given. */
const char *troth_net_sim_address(const struct troth_sim_network *n);
/* Cuts the link now, as if the access point had gone silent. False: nothing was joined. */
bool troth_net_sim_lose(struct troth_net_sim *s, enum troth_net_reason reason);

#ifdef __cplusplus
}
#endif
#endif
