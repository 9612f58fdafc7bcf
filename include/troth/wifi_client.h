/*
 * The Wi-Fi provisioning GATT service 8b84xxxx, the other side: finds it on a connected peer, sends
 * credentials, follows the status, and says in words what came of it. Works with any device that
 * has the five characteristics of the service; uses our Details characteristic where it is there.
 *
 * No I/O, no clock: it calls the GATT client (<troth/gatt.h>) and is fed that link's events.
 * Operations run one at a time. Each ends in exactly one DONE event, from which the next may be
 * started.
 */
#ifndef TROTH_WIFI_CLIENT_H
#define TROTH_WIFI_CLIENT_H

#include <troth/event.h>
#include <troth/prov.h>
#include <troth/wifi_gatt.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_wifi_op {
    TROTH_WIFI_OP_NONE,
    TROTH_WIFI_OP_OPEN,      /* discover, subscribe, read the status */
    TROTH_WIFI_OP_STATUS,    /* read the status, and the details if there */
    TROTH_WIFI_OP_PROVISION, /* write all, CONNECT, follow the status to CONNECTED or FAILED */
    TROTH_WIFI_OP_ERASE,     /* ERASE, follow the status to IDLE */
};

enum troth_wifi_result {
    TROTH_WIFI_DONE = 0,
    TROTH_WIFI_NO_SERVICE,        /* the peer has no such service */
    TROTH_WIFI_NO_CHARACTERISTIC, /* .missing: an enum troth_wifi_gatt_id */
    TROTH_WIFI_REFUSED,           /* .att_error, on .missing */
    TROTH_WIFI_DEVICE_FAILED,     /* the status became FAILED; .reason if the device tells */
    TROTH_WIFI_STRANGE_STATUS,    /* a status no version of the service has, or an empty one */
    TROTH_WIFI_TIMED_OUT,         /* the status did not move to an end in time */
    TROTH_WIFI_LINK_LOST,
    TROTH_WIFI_LOCAL, /* our own GATT client refused: .local, an enum troth_result */
};

struct troth_wifi_details {
    bool known;             /* the device has the characteristic and it was read */
    uint8_t reason;         /* enum troth_net_reason, or one this version does not know */
    uint8_t left;           /* joins before it gives up */
    uint8_t flags;          /* enum troth_wifi_flag */
    struct troth_ssid ssid; /* the network joined or kept */
};

struct troth_wifi_client_event {
    enum {
        TROTH_WIFI_EV_STATUS, /* .state is news */
        TROTH_WIFI_EV_DONE,   /* .op is over: .result */
    } type;
    enum troth_wifi_op op;
    enum troth_wifi_result result;
    uint8_t state; /* enum troth_prov_state, the last seen; 0xff: none yet */
    uint8_t att_error;
    uint8_t missing;
    int local;
    struct troth_wifi_details details;
};
#define TROTH_WIFI_STATE_UNKNOWN 0xff

/* "DEVICE_FAILED"; "(unknown)". */
const char *troth_wifi_result_name(uint8_t result);
/* A sentence for people about a DONE event: what happened and what to do. */
const char *troth_wifi_client_words(const struct troth_wifi_client_event *event);
/* After DEVICE_FAILED: what became of the earlier network; NULL: there was none or nobody says. */
const char *troth_wifi_client_kept_words(const struct troth_wifi_client_event *event);
/* "SSID"; "(unknown)". */
const char *troth_wifi_characteristic_name(uint8_t id);

struct troth_wifi_client_config {
    struct troth_host *host;
    troth_link link; /* of the events that are fed */
    const struct troth_gatt_peer *peer; /* NULL: host's. Else another host's, and host is not used */
    void (*event)(void *ctx, const struct troth_wifi_client_event *event);
    void *ctx;
    uint32_t follow_ms; /* one operation at most; 0: 120 000 */
    uint32_t poll_ms;   /* the status is also read so often, for lost notifications; 0: 5 000 */
    bool require_mitm;    /* credentials go over authenticated links only */
    bool allow_plaintext; /* insecure: they may go over a link that is not encrypted */
};

struct troth_wifi_client {
    struct troth_wifi_client_config cfg;
    bool opened;
    uint8_t op, step;
    bool running;   /* a GATT procedure of ours is in flight */
    bool asked;     /* the request is on its way: statuses count */
    bool accepted;  /* ... and was acknowledged */
    bool decided;   /* its outcome is known */
    bool last_look; /* the time is over; the status is read once more */
    bool got;       /* the value of the running read came */
    uint8_t since;  /* states seen since the request: 1 << state */
    uint8_t state;
    bool found, in_service, can_notify;      /* while discovering */
    uint16_t after_status;                   /* the next characteristic's value, or 0xffff */
    uint16_t handle[TROTH_WIFI_DETAILS + 1]; /* of values, by id; 0: absent */
    uint16_t status_ccc;
    bool subscribed;
    struct troth_wifi wifi; /* to be sent; wiped when sent or given up */
    struct troth_wifi_client_event outcome;
    struct troth_wifi_details details;
    struct timer follow_timer, poll_timer, again_timer;
};

/* For one link. cfg is copied. */
void troth_wifi_client_init(struct troth_wifi_client *c,
                            const struct troth_wifi_client_config *cfg);
/*
 * Operations. TROTH_BUSY: one runs; TROTH_STATE: not opened. PROVISION copies the credentials;
 * TROTH_INVALID when troth_wifi_check finds that they cannot work. TROTH_FAILED: the link is not
 * protected as cfg demands, whatever the device would take; encrypt it or pair first.
 */
int troth_wifi_client_open(struct troth_wifi_client *c);
int troth_wifi_client_status(struct troth_wifi_client *c);
int troth_wifi_client_provision(struct troth_wifi_client *c, const struct troth_wifi *wifi);
int troth_wifi_client_erase(struct troth_wifi_client *c);
/* Every event of the host; those of other links are ignored. */
void troth_wifi_client_feed(struct troth_wifi_client *c, const struct troth_event *event);
void troth_wifi_client_tick(struct troth_wifi_client *c, troth_ms now);
troth_ms troth_wifi_client_deadline(const struct troth_wifi_client *c);
/* Wipes what is left of the secrets, without an event. */
void troth_wifi_client_close(struct troth_wifi_client *c);

#ifdef __cplusplus
}
#endif
#endif
