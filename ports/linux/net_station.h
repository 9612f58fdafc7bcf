/*
 * What the Wi-Fi backends share: one attempt at a time, its timers, the interface's address, what
 * is reported. A driver knows its service: it is told what is wanted, and tells what became of it.
 *
 *     idle -- join --> joining -- station_linked --> linked -- address --> joined
 *
 * Memory: a driver's struct begins with a struct net_backend; station_open is its first call and
 * station_close its last.
 */
#ifndef TROTH_LINUX_NET_STATION_H
#define TROTH_LINUX_NET_STATION_H

#include <troth/timer.h>

#include "ports/linux/net_backend.h"

struct net_address;

enum station_state { STATION_IDLE = 0, STATION_JOINING, STATION_LINKED, STATION_JOINED };

struct net_driver {
    const char *name; /* "wpa_supplicant" */
    uint8_t kind;     /* enum troth_net_kind; 0: Wi-Fi. A Thread network gives no address */
    uint32_t lost_ms; /* a link that comes back by then was not lost; 0: some seconds */
    /* Can these credentials be handed over at all? NULL or a sentence. */
    const char *(*unfit)(const struct troth_wifi *w);
    /* Begin to join b->asked. Ends in station_linked or station_failed. */
    void (*join)(struct net_backend *b);
    /* The attempt failed or was abandoned: what it added goes. */
    void (*undo)(struct net_backend *b);
    /* After a while without another join: what was there before it shall be used again. */
    void (*restore)(struct net_backend *b);
    /* It works: now it may last. */
    void (*keep)(struct net_backend *b);
    /* Ends in station_left. */
    void (*leave)(struct net_backend *b);
    /* station_scan_result, then station_scan_done. */
    void (*scan)(struct net_backend *b);
    /* The time of a scan is up: report what is known, end in station_scan_done. */
    void (*scan_late)(struct net_backend *b);
    /* Ends in station_described. */
    void (*describe)(struct net_backend *b);
    troth_ms (*deadline)(const struct net_backend *b);
    void (*tick)(struct net_backend *b, troth_ms now);
    void (*close)(struct net_backend *b); /* frees all, b too */
};

struct net_backend {
    const struct net_driver *driver;
    struct troth_net net;
    struct net_config cfg;
    char ifname[IFNAMSIZ];
    bool fixed;          /* the interface was named */
    bool here;           /* the service is, with the interface */
    const char *missing; /* what was said of its absence last */
    enum station_state state;
    uint32_t attempt;            /* of the join; 0 when idle */
    struct troth_wifi asked;     /* while joining; wiped after. Its SSID stays */
    struct troth_thread dataset; /* Thread: what is joined; a secret */
    enum troth_net_reason hint;  /* if the time runs out: why, most likely */
    bool waiting;                /* the join waits for the service */
    uint32_t leaving, scanning, asking;
    bool unforgotten; /* the last leave: the service did not say that it forgot */
    bool owed;        /* it is made up for: net_leave.c */
    bool borrowed;    /* what is joined, or was last: net_backend_borrows; of iwd */
    bool has_ours;    /* it was joined, in this life or before */
    struct troth_net_info info;
    enum troth_net_reason lost_as;
    struct net_address *address;
    char stale[46]; /* the address before this attempt */
    bool renewed;   /* it was announced again since */
    struct timer join_timer, here_timer, settle_timer, lost_timer, restore_timer, leave_timer,
        owed_timer, scan_timer, ask_timer;
};

/* False: no memory. */
bool station_open(struct net_backend *b, const struct net_driver *driver,
                  const struct net_config *config, const char *ifname);
void station_close(struct net_backend *b);

/* The service is there, for this interface; or gone, words saying how that was seen. */
void station_here(struct net_backend *b, const char *ifname);
void station_gone(struct net_backend *b, const char *words);

/* It runs and is of no use yet: said when it is news. words live for ever. */
void station_missing(struct net_backend *b, const char *words);

/* Associated and keyed. info: all but the address. Also when that happens again. */
void station_linked(struct net_backend *b, const struct troth_net_info *info);
/* No longer; it may come back by itself within seconds, which is no loss. */
void station_unlinked(struct net_backend *b, enum troth_net_reason reason);
void station_failed(struct net_backend *b, enum troth_net_reason reason);
void station_scan_result(struct net_backend *b, struct troth_scan_result *result);
void station_scan_done(struct net_backend *b, enum troth_net_reason reason);
/* NULL: not joined, says the service. */
void station_described(struct net_backend *b, const struct troth_net_info *info);
void station_notice(struct net_backend *b, enum net_notice what, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

bool station_joining(const struct net_backend *b); /* joining or linked */

/* ---- net_leave.c ---- */

void station_leave(struct net_backend *b, uint32_t id);
/* The service is there: what is owed is made up for, unless something else is wanted. */
void station_owed(struct net_backend *b);
void station_settle(struct net_backend *b); /* nothing is owed any more */
void station_left(struct net_backend *b);
troth_ms station_leave_deadline(const struct net_backend *b);
void station_leave_tick(struct net_backend *b, troth_ms now);

/* What is asked for again, password and all. */
bool station_same(const struct troth_wifi *a, const struct troth_wifi *b);

/* The channel of a frequency in MHz; 0: none known. */
uint8_t station_channel(unsigned mhz);

/* ---- the drivers; NULL: no memory, or `why` ---- */

struct net_backend *net_wpa_open(const struct net_where *where, const struct net_config *config,
                                 char *why, size_t cap);
struct net_backend *net_nm_open(const struct net_where *where, const struct net_config *config,
                                char *why, size_t cap);
struct net_backend *net_iwd_open(const struct net_where *where, const struct net_config *config,
                                 char *why, size_t cap);

#endif
