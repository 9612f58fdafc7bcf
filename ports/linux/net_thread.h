/*
 * What the two Thread backends share, on top of net_station.h: OpenThread's agent on the bus and
 * ot-daemon behind its socket do the same things by other words.
 *
 *     a join     reads the dataset that is active there, listens for the network, keeps what is
 *                active where that outlives us (struct net_keep), hands over the new one, follows
 *                the role
 *     after it   what was active is put back, in this life or the next; or, when the new one works
 *                and is stored, kept no longer
 *     a leave    reads what is active, forgets what Troth put there, leaves what it did not
 *
 * A Thread device whose key nobody knows founds a network of its own and leads it. So where routers
 * of the wanted network were heard, or nobody could listen, to lead is no success yet: should it
 * stay so, the key is wrong.
 */
#ifndef TROTH_LINUX_NET_THREAD_H
#define TROTH_LINUX_NET_THREAD_H

#include <troth/dataset.h>

#include "ports/linux/net_station.h"
#include "ports/linux/net_thread_keep.h"

struct net_thread;

/* What OpenThread is asked for, however it is reached. */
struct thread_service {
    const char *name;
    /* Ends in thread_dataset or thread_unread. */
    void (*read)(struct net_thread *t);
    /* Takes this one in place of the active dataset, at once or not at all: thread_taken or
       thread_refused; and starts: thread_role. */
    void (*attach)(struct net_thread *t, const struct troth_thread *dataset);
    void (*detach)(struct net_thread *t);
    /* Detaches, forgets the dataset. Ends in thread_forgotten or thread_unforgotten. */
    void (*forget)(struct net_thread *t);
    /* thread_heard, then thread_listened. */
    void (*listen)(struct net_thread *t);
    void (*tick)(struct net_thread *t, troth_ms now);
    troth_ms (*deadline)(const struct net_thread *t);
    void (*close)(struct net_thread *t); /* frees all but what thread_close did */
};

enum thread_step {
    THREAD_IDLE = 0,
    THREAD_READING, /* of a join: these three */
    THREAD_LISTENING,
    THREAD_ATTACHING,
    THREAD_RESTORING, /* what is active is asked for, to put back what was */
    THREAD_LEAVING,   /* ... to forget it if it is ours */
};

struct net_thread {
    struct net_backend base; /* first */
    const struct thread_service *service;
    enum thread_step step;
    bool listening;           /* a scan runs, for a join or a client */
    bool heard;               /* others of the wanted network */
    bool alone;               /* nobody of it, though it was listened for: to lead is success */
    uint8_t role;             /* enum troth_thread_role, the last told */
    struct troth_thread ours; /* what Troth joined last, perhaps in a life before; a secret */
    bool attempted; /* it was handed a dataset that has not worked, and did not go since */
    bool putting;   /* what was kept is being put back, or what is active forgotten */
    struct thread_keep keep;
};

/* As station_open: the first call and the last. t is all zero before. */
bool thread_open(struct net_thread *t, const struct thread_service *service,
                 const struct net_config *config, const char *ifname);
void thread_close(struct net_thread *t);

/* ---- what the service tells ---- */

/* As station_here and station_gone. */
void thread_here(struct net_thread *t, const char *ifname);
void thread_gone(struct net_thread *t, const char *words);
/* The active dataset; len 0: there is none. */
void thread_dataset(struct net_thread *t, const uint8_t *tlvs, size_t len);
/* It does not say which. */
void thread_unread(struct net_thread *t);
void thread_role(struct net_thread *t, uint8_t role);
/* "disabled", "detached", "child", "router", "leader", as OpenThread writes them. False: no role. */
bool thread_role_of(const char *word, uint8_t *role);
/* What attach gave it is its active dataset, and it starts. */
void thread_taken(struct net_thread *t);
/* It will not take the dataset, or not start. */
void thread_refused(struct net_thread *t, enum troth_net_reason reason);
void thread_forgotten(struct net_thread *t);
/* It may have its dataset still. */
void thread_unforgotten(struct net_thread *t);
void thread_heard(struct net_thread *t, struct troth_scan_result *result);
void thread_listened(struct net_thread *t, bool ok);

/* The backends; NULL: no memory, or `why`. */
struct net_backend *net_otbr_open(const struct net_where *where, const struct net_config *config,
                                  char *why, size_t cap);
struct net_backend *net_ot_open(const struct net_where *where, const struct net_config *config,
                                char *why, size_t cap);

#endif
