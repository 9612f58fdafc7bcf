/*
 * A network backend, its service a double on a bus or elsewhere, its reports written down, in
 * simulated time.
 */
#ifndef TROTH_TEST_NET_RIG_H
#define TROTH_TEST_NET_RIG_H

#include "ports/linux/net_backend.h"
#include "support/bus_double.h"

#define NET_RIG_REPORTS 64
#define NET_RIG_SECRET  "open sesame"

struct net_rig {
    struct bus_double bus;
    bool (*serve)(void *server); /* a double elsewhere answers what has come; false: nothing had */
    void *server;
    const char *said; /* what the double was told */
    sd_event *loop;
    struct troth_net_sink sink;
    struct net_backend *b;
    const struct troth_net *net;
    troth_ms now;
    char address[46];
    struct troth_net_report report[NET_RIG_REPORTS];
    struct troth_net_info info; /* of the last report that had one */
    bool had_info;
    struct troth_scan_result found[NET_RIG_REPORTS];
    unsigned reports, seen, finds;
    unsigned here, gone, shortcomings, stays, settled;
    struct net_config more; /* ours, borrowed, owed: of the next backend */
    char words[600];
};

/* A loop, and a bus with a double of this service on it, which is down. */
void net_rig_on_bus(struct net_rig *r, const char *service,
                    bool (*call)(void *, sd_bus_message *, const char *, const char *), void *ctx);
/* The backend too. */
void net_rig_off_bus(struct net_rig *r);
void net_rig_open(struct net_rig *r, const char *network);
void net_rig_close(struct net_rig *r);
/* The service comes, and a backend is opened that sees it. */
void net_rig_up(struct net_rig *r, const char *network);
/* Whatever is due or on its way. */
void net_rig_run(struct net_rig *r);
void net_rig_pass(struct net_rig *r, unsigned ms);
void net_rig_until_here(struct net_rig *r);
void net_rig_until_gone(struct net_rig *r, const char *what);

struct troth_credentials net_rig_credentials(const char *ssid, uint8_t security,
                                             const char *password);
void net_rig_join(struct net_rig *r, uint32_t id, const char *ssid, uint8_t security);
void net_rig_address(struct net_rig *r, const char *text);
/* The next report is this. */
void net_rig_reported(struct net_rig *r, enum troth_net_report_type type, uint32_t id,
                      enum troth_net_reason reason);
void net_rig_silence(struct net_rig *r);
/* What was reported and said is forgotten: a long test begins anew. */
void net_rig_forget(struct net_rig *r);
/* File descriptors this program has. */
unsigned net_rig_fds(void);

#endif
