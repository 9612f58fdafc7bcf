/* The parts of the iwd backend. */
#ifndef TROTH_LINUX_NET_IWD_H
#define TROTH_LINUX_NET_IWD_H

#include "ports/linux/net_bus.h"
#include "ports/linux/net_station.h"

#define IWD_PATH_MAX 192 /* an SSID is in it, in hexadecimal */
#define IWD_NETWORKS 64

#define IWD_I_STATION    IWD_SERVICE ".Station"
#define IWD_I_NETWORK    IWD_SERVICE ".Network"
#define IWD_I_KNOWN      IWD_SERVICE ".KnownNetwork"
#define IWD_I_DEVICE     IWD_SERVICE ".Device"
#define IWD_I_DIAGNOSTIC IWD_SERVICE ".StationDiagnostic"
#define IWD_AGENT        "/org/troth/iwd"

struct iwd_network {
    char path[IWD_PATH_MAX];
    int8_t rssi;
};

struct iwd_survey {
    char device[IWD_PATH_MAX], ifname[IFNAMSIZ];
    char connected[IWD_PATH_MAX]; /* the network in use; "" */
    bool up;                      /* its state is connected or roaming */
    bool powered_off;
    /* of the SSID asked for */
    char network[IWD_PATH_MAX]; /* in range; "" */
    bool unfit;                 /* in range, and protected otherwise only */
    char known[IWD_PATH_MAX];   /* "" */
};

struct net_iwd {
    struct net_backend b; /* first */
    struct net_bus bus;
    char wanted[IFNAMSIZ];
    char device[IWD_PATH_MAX]; /* "": none yet */
    sd_bus_slot *changes, *added, *removed, *agent;
    bool agent_known; /* to iwd */

    struct iwd_network *found; /* IWD_NETWORKS of them, of the scan for the user */
    unsigned founds;

    char trying[IWD_PATH_MAX]; /* the network of this attempt; "": a hidden one, or none */
    bool connecting;           /* its Connect is under way */
    bool reused;               /* with what iwd knew already */
    bool again;                /* that failed once */
    bool told;                 /* iwd has asked for the password, ours: it takes that one's place */
    bool connected;            /* it succeeded: iwd knows the network now */
    bool looked, scanning;     /* for it */
    char before[IWD_PATH_MAX]; /* the network in use before; "" */
    bool before_known;
    struct troth_wifi good; /* what worked last, or is stored; SSID of no length: none */
    bool proven;            /* it worked in this life */
    bool stale_known;       /* what iwd knew does not work, and it asks for nothing better */
};

/* ---- net_iwd_objects.c ---- */

bool iwd_survey(struct net_iwd *n, sd_bus_message *objects, const struct troth_wifi *asked,
                struct iwd_survey *s);
bool iwd_ask_objects(struct net_iwd *n, net_bus_answer *answer, uint32_t tag);
/* Reports what GetOrderedNetworks answered before, by the names it has in all its objects. */
void iwd_report_scan(struct net_iwd *n, sd_bus_message *objects);
/* Of GetDiagnostics. */
bool iwd_read_diagnostics(sd_bus_message *reply, struct troth_net_info *info);

/* ---- net_iwd_agent.c ---- */

/* Offers our agent at its path; it answers for the attempt's network only. */
bool iwd_agent_open(struct net_iwd *n);
void iwd_agent_register(struct net_iwd *n);

/* ---- net_iwd_join.c ---- */

const char *iwd_unfit(const struct troth_wifi *w);
void iwd_join(struct net_backend *b);
void iwd_undo(struct net_backend *b);
void iwd_restore(struct net_backend *b);
void iwd_keep(struct net_backend *b);
void iwd_leave(struct net_backend *b);
/* The station is connected, says a signal, or is no longer. */
void iwd_state(struct net_iwd *n, const char *state);
/* A scan for the attempt is over. */
void iwd_scanned(struct net_iwd *n);

#endif
