/* The parts of the NetworkManager backend. */
#ifndef TROTH_LINUX_NET_NM_H
#define TROTH_LINUX_NET_NM_H

#include "ports/linux/net_bus.h"
#include "ports/linux/net_station.h"

#define NM_PATH_MAX 96
#define NM_PROFILES 128

#define NM_SETTINGS      NM_PATH "/Settings"
#define NM_I_SETTINGS    NM_SERVICE ".Settings"
#define NM_I_CONNECTION  NM_SERVICE ".Settings.Connection"
#define NM_I_ACTIVE      NM_SERVICE ".Connection.Active"
#define NM_I_WIRELESS    NM_SERVICE ".Device.Wireless"
#define NM_I_ACCESSPOINT NM_SERVICE ".AccessPoint"
#define NM_ROOT          "/org/freedesktop" /* of its ObjectManager */

enum {
    NM_UNAVAILABLE = 20,
    NM_DISCONNECTED = 30,
    NM_PREPARE = 40,
    NM_NEED_AUTH = 60,
    NM_IP_CONFIG = 70,
    NM_ACTIVATED = 100,
    NM_DEACTIVATING = 110,
    NM_FAILED = 120
};

struct nm_access_point {
    struct troth_ssid ssid;
    uint8_t bssid[6], security, channel;
    int8_t rssi;
};

/* What one look at all its objects says of our device. */
struct nm_survey {
    char device[NM_PATH_MAX];
    char ifname[IFNAMSIZ];
    uint32_t state;
    bool unavailable;               /* there is one, which it cannot use now */
    char active[NM_PATH_MAX];       /* the device's active connection, or "/" */
    char profile[NM_PATH_MAX];      /* that connection's profile; "" */
    struct nm_access_point current; /* SSID of no length: none */
    bool visible;                   /* the asked SSID is in range */
    bool fits;                      /* ... protected as asked, though namesakes may not be */
};

struct nm_profile {
    char path[NM_PATH_MAX];
    bool ours;
    struct troth_ssid ssid;
};

struct net_nm {
    struct net_backend b; /* first */
    struct net_bus bus;
    char wanted[IFNAMSIZ];
    char device[NM_PATH_MAX]; /* "": none yet */
    sd_bus_slot *states, *changes, *devices, *supplicant, *whose;
    char status_by[64];  /* who told of an AuthStatusCode */
    int32_t status_code; /* ... and which */

    struct nm_profile *profile; /* NM_PROFILES of them */
    unsigned profiles, asked;
    void (*listed)(struct net_nm *n);

    char trying[NM_PATH_MAX]; /* the profile of this attempt; "" */
    bool created;             /* for it */
    bool started;             /* the device prepares it: from there on its states are about it */
    char dropped[4][NM_PATH_MAX]; /* profiles that were deleted, and may be listed still */
    unsigned drops;
    unsigned refusals;        /* of SAE, as wpa_supplicant tells */
    char before[NM_PATH_MAX]; /* what was in use before; "" */
    bool have_before;
    bool hidden;            /* the SSID asked for is not to be seen */
    struct troth_wifi good; /* what worked last; SSID of no length: none */
    bool stale_profile;     /* the profile found at first had another password */
};

/* ---- net_nm_objects.c ---- */

/* asked: a network to look for, or NULL. */
bool nm_survey(struct net_nm *n, sd_bus_message *objects, const struct troth_wifi *asked,
               struct nm_survey *s);
void nm_report_scan(struct net_nm *n, sd_bus_message *objects);
bool nm_ask_objects(struct net_nm *n, net_bus_answer *answer, uint32_t tag);

/* ---- net_nm_profile.c ---- */

/* Of GetSettings: is it Troth's own, and for which SSID? */
void nm_read_profile(sd_bus_message *settings, struct nm_profile *p);
/* Appends the settings of a new profile, a{sa{sv}}. */
int nm_write_profile(sd_bus_message *m, const struct troth_wifi *w, const char *ifname,
                     bool hidden);
const char *nm_unfit(const struct troth_wifi *w);
/* An enum NMDeviceStateReason as a reason; TROTH_NET_TIMEOUT: it says nothing. */
enum troth_net_reason nm_reason(uint32_t reason);

/* ---- net_nm_join.c ---- */

void nm_join(struct net_backend *b);
void nm_undo(struct net_backend *b);
void nm_restore(struct net_backend *b);
void nm_keep(struct net_backend *b);
void nm_leave(struct net_backend *b);
/* The device of the attempt, or of what is joined, has another state. */
void nm_state(struct net_nm *n, uint32_t now, uint32_t old, uint32_t reason);
/* wpa_supplicant, behind NetworkManager, was refused with this status code. */
void nm_auth_status(struct net_nm *n, int32_t code);

#endif
