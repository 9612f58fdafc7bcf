/*
 * Networks of a Linux machine: whoever manages its Wi-Fi (wpa_supplicant, NetworkManager, iwd) or
 * its Thread radio (OpenThread's border router agent or daemon) as a struct troth_net. docs/NETWORKS.md says what each can and what it needs.
 *
 *     net_parse            "auto", "wpa:wlan0", "networkmanager", "iwd:wlan0"
 *     net_open             looks who is there; then everything comes from the loop
 *     net_backend_close
 *
 * The machine's own configuration stays: a network that was there before is used again when a new
 * one cannot be joined, and what Troth adds is kept only once it has worked. A service that goes
 * away is waited for.
 */
#ifndef TROTH_LINUX_NET_BACKEND_H
#define TROTH_LINUX_NET_BACKEND_H

#include <net/if.h>

#include <systemd/sd-event.h>

#include <troth/net.h>

enum net_choice { NET_AUTO, NET_WPA, NET_NETWORKMANAGER, NET_IWD, NET_OTBR, NET_OT, NET_THREAD };

struct net_where {
    enum net_choice choice;
    char ifname[IFNAMSIZ]; /* empty: the first that the service manages */
    char dir[80];          /* wpa, ot: where its sockets are; empty: the usual place */
};

#define WPA_DIR "/run/wpa_supplicant"
#define NET_EXAMPLES                                                                               \
    "auto, wpa[:IFACE], networkmanager[:IFACE] or iwd[:IFACE]; for Thread thread[:IFACE], "        \
    "otbr[:IFACE] or ot[:IFACE]; wpa:/DIR/IFACE and ot:/DIR/IFACE if its sockets are elsewhere; "  \
    "or "                                                                                          \
    "sim:FILE, a file of simulated networks"

/* False: `why` says what is wrong. */
bool net_parse(struct net_where *where, const char *text, char *why, size_t cap);

/* Whoever it is, it joins Thread networks. */
bool net_is_thread(const struct net_where *where);

enum net_notice {
    NET_HERE = 1,    /* the service is there, with an interface */
    NET_GONE,        /* it is not, or no longer; it is waited for */
    NET_SHORTCOMING, /* something was not done as it should be, and what to do about it */
    NET_STAYS,       /* what is not Troth's was left alone */
    NET_SETTLED      /* what a service missed while it was away is done */
};

/* Thread, where a service knows one dataset: what an attempt overwrites there. Secrets. */
struct net_kept {
    struct troth_thread before; /* to be there again unless the attempt succeeds; len 0: none was */
    struct troth_thread over;  /* there when the attempt began: of one that failed; len 0: before */
    struct troth_thread tried; /* put in its place */
};

/* Where that outlives the program, whose power may go at any moment. */
struct net_keep {
    /* It is safe when this returns true; it takes the place of what was kept. False: the attempt
       fails with NOT_STORED, and nothing is touched. */
    bool (*save)(void *ctx, const struct net_kept *kept);
    /* Of an attempt that a program before this one did not end. False: nothing is kept. */
    bool (*load)(void *ctx, struct net_kept *kept);
    /* joined: this works now. When it is stored, not earlier, nothing is kept any more.
       NULL: at once, what was kept is there again or not wanted. */
    void (*drop)(void *ctx, const struct troth_thread *joined);
    void *ctx;
};

struct net_config {
    sd_event *loop;
    const struct troth_net_sink *sink; /* outlives the backend */
    uint32_t join_ms;                  /* then a join has failed, address included */
    /* words: a sentence, valid during the call, without secrets. May be NULL. */
    void (*notice)(void *ctx, enum net_notice what, const char *words);
    /* What Troth joined before, as it is stored; NULL: nothing. Copied. */
    const struct troth_credentials *ours;
    bool borrowed; /* of ours: as net_backend_borrows said; only iwd has such */
    bool owed;     /* ours is stored no longer, only left to be forgotten by the service */
    /* What was owed is done. May be NULL: then nothing is made up for, and nothing said. */
    void (*settled)(void *ctx);
    struct net_keep keep; /* Thread; all NULL: it outlives nothing */
    /* For tests: the address of the interface, false: none. NULL: the kernel's. */
    bool (*address)(void *ctx, char text[46]);
    void *ctx;
};

struct net_backend;

/*
 * NULL: `why` says what is missing and how to mend it. With NET_AUTO it looks, for a few seconds at
 * most, who manages the Wi-Fi; otherwise the service may still come. config is copied.
 */
struct net_backend *net_open(const struct net_where *where, const struct net_config *config,
                             char *why, size_t cap);
void net_backend_close(struct net_backend *b);

const struct troth_net *net_backend_net(const struct net_backend *b);
/* "NetworkManager on wlan0"; valid until the next call. */
const char *net_backend_text(const struct net_backend *b);

/*
 * A leave has not ended, or not in the service's forgetting: that is made up for when the service is
 * there, in this life or the next (config.owed), unless a network is joined before.
 */
bool net_backend_owes(const struct net_backend *b);
/* The service knew what is joined before Troth came: it is not Troth's to be forgotten. */
bool net_backend_borrows(const struct net_backend *b);

/* It lives by the clock: as troth_net_sim_deadline and _tick. Milliseconds of CLOCK_MONOTONIC. */
troth_ms net_backend_deadline(const void *backend);
void net_backend_tick(void *backend, troth_ms now);
/* For tests: config.address may say something else now. */
void net_backend_address_changed(struct net_backend *b);

/*
 * Leaves, and forgets what Troth added, while nothing else runs; waits some seconds at most. last:
 * what was stored, or NULL: then nothing that is known by it alone is forgotten; borrowed: as
 * net_backend_borrows said of it. Of an attempt that was cut short (keep, or NULL) what was there
 * before is put back. False: it may know the network still, `why` says what is wrong. True: `why` is
 * empty, or a sentence on what was left alone.
 */
bool net_forget(const struct net_where *where, const struct troth_credentials *last, bool borrowed,
                const struct net_keep *keep, char *why, size_t cap);

/*
 * Who manages the Wi-Fi now, by looking: the order of NET_AUTO; who the Thread radio, with
 * NET_THREAD: the agent on the bus, then a socket. False: nobody, `why` says so.
 */
bool net_probe(struct net_where *where, char *why, size_t cap);

#endif
