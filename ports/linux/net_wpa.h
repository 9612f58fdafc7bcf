/* The parts of the wpa_supplicant backend. */
#ifndef TROTH_LINUX_NET_WPA_H
#define TROTH_LINUX_NET_WPA_H

#include "ports/linux/net_station.h"
#include "ports/linux/net_wpa_ctrl.h"
#include "ports/linux/net_wpa_text.h"

#define WPA_BLOCKS 64

/* id_str of a block: Troth's own, and one that has not worked yet. */
#define WPA_OURS   "\"troth\""
#define WPA_TRYING "\"troth-trying\""

struct wpa_block {
    struct wpa_listed is;
    bool ours, trying;
};

struct net_wpa {
    struct net_backend b; /* first */
    struct wpa_ctrl ctrl;
    char dir[80], wanted[IFNAMSIZ];

    struct wpa_block block[WPA_BLOCKS]; /* as listed last */
    unsigned blocks, asked;
    void (*listed)(struct net_wpa *w);

    /* what was enabled and in use before the first join that changed it */
    struct wpa_listed before[WPA_BLOCKS];
    unsigned befores;
    bool have_before;
    bool read_anew; /* its configuration was, for this attempt */
    int marker;     /* a block that failed, kept while others are off on its behalf; -1: none */

    int trying;    /* the block of this attempt; -1: none yet */
    bool reused;   /* it was there already */
    bool selected; /* others were switched off for it */
    unsigned step, misses;
    bool checked;           /* what is in range was looked at */
    struct troth_wifi good; /* what worked last; kind of nothing: SSID of no length */
    bool stale_block;       /* the block found at first had another password */
    struct troth_net_info info;
};

/* ---- net_wpa_join.c ---- */

void wpa_join(struct net_backend *b);
void wpa_undo(struct net_backend *b);
void wpa_restore(struct net_backend *b);
void wpa_keep(struct net_backend *b);
void wpa_leave(struct net_backend *b);
/* The block in use refused the password; true: a fresh one is tried instead. */
bool wpa_try_afresh(struct net_wpa *w);

/* ---- net_wpa.c ---- */

/* A STATUS and a SIGNAL_POLL, then station_linked if the attempt's block is in use. */
void wpa_look(struct net_wpa *w);

#endif
