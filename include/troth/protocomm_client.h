/*
 * Espressif's unified provisioning, client side: the plain requests to a device's endpoints and what
 * its responses say. Sessions are <troth/protocomm_security.h>'s; a transport carries the octets.
 *
 * Understood are devices of ESP-IDF 4.4 and later, Wi-Fi and Thread.
 */
#ifndef TROTH_PROTOCOMM_CLIENT_H
#define TROTH_PROTOCOMM_CLIENT_H

#include <troth/net.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- proto-ver: any octets ask for it, without a session ---- */

#define TROTH_PROTO_VER_UNSET 0xff

struct troth_proto_ver {
    char ver[32];    /* "netprov-v1.2"; a reply that is no JSON is itself the version */
    uint8_t sec_ver; /* as told; TROTH_PROTO_VER_UNSET: devices before ESP-IDF 5.0 do not */
    uint8_t patch;   /* sec_patch_ver; 0 where it is not told */
    bool no_sec, no_pop, wifi_prov, wifi_scan, thread_prov, thread_scan; /* its capabilities */
    /* What follows from all that. */
    uint8_t scheme; /* of security, 0, 1, 2 or one this version does not know */
    uint8_t kind;   /* enum troth_net_kind */
    bool can_scan;
};
/* TROTH_INVALID: neither JSON with what is expected, nor printable text. */
int troth_proto_ver_read(const uint8_t *in, size_t len, struct troth_proto_ver *out);

/* ---- requests and responses ---- */

enum troth_protocomm_op {
    TROTH_PROTOCOMM_OP_SET, /* .credentials, to be applied */
    TROTH_PROTOCOMM_OP_APPLY,
    TROTH_PROTOCOMM_OP_STATUS,      /* answer: .status */
    TROTH_PROTOCOMM_OP_SCAN,        /* .group_channels; answered when the scan is over */
    TROTH_PROTOCOMM_OP_SCAN_STATUS, /* answer: .scan */
    TROTH_PROTOCOMM_OP_SCAN_PAGE,   /* .page; answer: .page */
    TROTH_PROTOCOMM_OP_RESET,       /* after a failure: forget, begin again */
    TROTH_PROTOCOMM_OP_REPROV,      /* after a success: another network */
};

/* Entries of one page: what fits a message of 256 octets, the most that some devices take. */
#define TROTH_PROTOCOMM_PAGE 4

struct troth_protocomm_ask {
    uint8_t op;                                  /* enum troth_protocomm_op */
    uint8_t kind;                                /* enum troth_net_kind */
    const struct troth_credentials *credentials; /* SET */
    uint8_t group_channels; /* SCAN, Wi-Fi: channels between pauses that keep an access point up: 5
                               over HTTP; 0: none */
    uint32_t start, count;  /* SCAN_PAGE; count 1 to TROTH_PROTOCOMM_PAGE */
};

/* Status of a response. */
enum troth_protocomm_status {
    TROTH_PROTOCOMM_SUCCESS = 0,
    TROTH_PROTOCOMM_INVALID_SCHEME,
    TROTH_PROTOCOMM_INVALID_PROTO,
    TROTH_PROTOCOMM_TOO_MANY_SESSIONS,
    TROTH_PROTOCOMM_INVALID_ARGUMENT,
    TROTH_PROTOCOMM_INTERNAL_ERROR,
    TROTH_PROTOCOMM_CRYPTO_ERROR,
    TROTH_PROTOCOMM_INVALID_SESSION,
};
/* "INVALID_ARGUMENT"; "(unknown)". */
const char *troth_protocomm_status_name(uint32_t status);

/* WifiStationState and ThreadNetworkState */
enum troth_protocomm_state {
    TROTH_PROTOCOMM_CONNECTED = 0, /* Thread: attached */
    TROTH_PROTOCOMM_CONNECTING = 1,
    TROTH_PROTOCOMM_DISCONNECTED = 2,
    TROTH_PROTOCOMM_CONNECTION_FAILED = 3,
};
enum troth_protocomm_why { /* of CONNECTION_FAILED */
                           TROTH_PROTOCOMM_WHY_UNTOLD = 0,
                           TROTH_PROTOCOMM_WHY_AUTH,
                           TROTH_PROTOCOMM_WHY_NOT_FOUND,
                           TROTH_PROTOCOMM_WHY_DATASET,
                           TROTH_PROTOCOMM_WHY_OTHER, /* a number this version does not know */
};
/* A sentence for people: what it means and what to do. */
const char *troth_protocomm_why_words(uint8_t kind, uint8_t why);

struct troth_protocomm_answer {
    uint32_t status; /* enum troth_protocomm_status, checked before all else */
    union {
        struct {
            uint32_t state;      /* enum troth_protocomm_state */
            uint8_t why;         /* enum troth_protocomm_why */
            bool attempt_failed; /* while CONNECTING: */
            uint32_t attempts_left;
            struct troth_ssid ssid;     /* when CONNECTED, with: */
            struct troth_net_info info; /* address, bssid, security, channel, thread */
            uint32_t auth_mode;         /* WifiAuthMode, which knows more than security */
        } status;
        struct {
            bool finished;
            uint32_t count;
        } scan;
        struct {
            uint8_t count;
            struct troth_scan_result result[TROTH_PROTOCOMM_PAGE];
            uint32_t auth_mode[TROTH_PROTOCOMM_PAGE];
        } page;
    } u;
};
/* "WPA2-PSK"; "(unknown)". */
const char *troth_wifi_auth_mode_name(uint32_t auth_mode);

/* The name of the endpoint an operation goes to. */
const char *troth_protocomm_op_endpoint(uint8_t op);
/*
 * TROTH_INVALID: what is asked is out of range, or cap is too small. TROTH_UNSUPPORTED: such
 * credentials do not fit the protocol: a raw PSK, a password of 64 octets.
 */
int troth_protocomm_ask(const struct troth_protocomm_ask *ask, uint8_t *out, size_t cap,
                        size_t *out_len);
/*
 * The response to what was asked. TROTH_INVALID: it is none. TROTH_FAILED: the device refuses:
 * answer->status. A page has 1 to ask->count entries.
 */
int troth_protocomm_read(const struct troth_protocomm_ask *ask, const uint8_t *in, size_t len,
                         struct troth_protocomm_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
