/*
 * Networks: what a device is given to join one, and what a backend (wpa_supplicant, NetworkManager,
 * OpenThread, the simulated one) provides.
 *
 * Everything is asynchronous: an operation is started, its outcome is reported to the sink the
 * backend was given at its creation. Each operation carries an identity chosen by the caller and
 * its reports carry it back, so a late report is recognized and dropped.
 */
#ifndef TROTH_NET_H
#define TROTH_NET_H

#include <troth/config.h>
#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_net_kind { TROTH_NET_WIFI = 1, TROTH_NET_THREAD = 2 };

/* How a Wi-Fi network is protected: the bytes of the 8b84xxxx service. */
enum troth_wifi_security {
    TROTH_WIFI_OPEN = 0,
    TROTH_WIFI_WPA2_PSK = 1,
    TROTH_WIFI_WPA2_PSK_SHA256 = 2,
    TROTH_WIFI_WPA3_SAE = 3,
    TROTH_WIFI_WPA2_WPA3 = 6,
    TROTH_WIFI_OTHER = 0xfe, /* scan results only: a kind that cannot be joined */
    TROTH_WIFI_AUTO = 0xff,  /* open when the password is empty, else WPA2-PSK */
};

/* Any octets, NUL included: an SSID is not text. 1 to 32; 0: none. */
struct troth_ssid {
    uint8_t len;
    uint8_t b[32];
};

/*
 * By security:
 *   open                          ignored
 *   WPA2-PSK, -SHA256, WPA2/WPA3  a passphrase of 8 to 63 octets without control characters, or 64
 *                                 hexadecimal digits: the raw PSK
 *   WPA3-SAE                      1 to 64 octets, any: SAE knows no shortest password and no raw
 *                                 PSK, so 64 digits are a password
 * IEEE 802.11 J.4.1 names ASCII for a passphrase; access points take UTF-8, and so do we.
 */
struct troth_password {
    uint8_t len;
    uint8_t b[64];
};

struct troth_wifi {
    struct troth_ssid ssid;
    uint8_t security; /* enum troth_wifi_security */
    struct troth_password password;
};

/* A Thread operational dataset: its TLVs as they are. <troth/dataset.h> reads and makes them. */
struct troth_thread {
    uint8_t len; /* 1 to TROTH_DATASET_MAX; 0: none */
    uint8_t dataset[TROTH_DATASET_MAX];
};

/* UTF-8, 1 to 16 octets, no NUL behind them; 0: none. */
struct troth_thread_name {
    uint8_t len;
    uint8_t b[16];
};

/* What all may know of a Thread network. */
struct troth_thread_id {
    uint16_t pan_id;
    uint8_t ext_pan_id[8]; /* as people write it: b[0] first */
    struct troth_thread_name name;
};

enum troth_thread_role {
    TROTH_THREAD_DETACHED = 0, /* or attaching */
    TROTH_THREAD_CHILD = 1,    /* these three: attached */
    TROTH_THREAD_ROUTER = 2,
    TROTH_THREAD_LEADER = 3,
};
/* "child"; "(unknown)". */
const char *troth_thread_role_name(uint8_t role);

/* What lets a device into one network. A secret: wipe every copy. */
struct troth_credentials {
    uint8_t kind; /* enum troth_net_kind; 0: none */
    union {
        struct troth_wifi wifi;
        struct troth_thread thread;
    } u;
};

/* Why a network was not joined, or is no longer. The values cross the wire: docs/WIRE.md. */
enum troth_net_reason {
    TROTH_NET_OK = 0,
    TROTH_NET_WRONG_PASSWORD = 1, /* likely: see troth_net_reason_words */
    TROTH_NET_NOT_FOUND = 2,
    TROTH_NET_NO_ADDRESS = 3,
    TROTH_NET_TIMEOUT = 4,
    TROTH_NET_UNSUPPORTED_SECURITY = 5,
    TROTH_NET_LINK_LOST = 6,
    TROTH_NET_BACKEND_GONE = 7,
    TROTH_NET_OTHER = 8,
    TROTH_NET_NO_NETWORK_GIVEN = 9, /* no SSID, no dataset */
    TROTH_NET_BAD_PASSWORD = 10,    /* no password of such a network looks like this */
    TROTH_NET_NOT_STORED = 11,      /* the store refused or did not answer */
    TROTH_NET_BAD_DATASET = 12,     /* Thread: not to be read, or no key in it */
    TROTH_NET_WRONG_KEY = 13,       /* Thread: the network is there, and does not know the key */
};
/* "WRONG_PASSWORD"; "(unknown)". */
const char *troth_net_reason_name(uint8_t reason);
/* A sentence for people: what it means and what to do. */
const char *troth_net_reason_words(uint8_t reason);
/* The same where the network is, or shall be, one of this kind: Thread has no password, no DHCP. */
const char *troth_net_reason_words_for(uint8_t kind, uint8_t reason);
/* "WPA2-PSK"; "(unknown)". */
const char *troth_wifi_security_name(uint8_t security);

/*
 * Can these credentials work at all? TROTH_NET_OK, NO_NETWORK_GIVEN, BAD_PASSWORD, BAD_DATASET or
 * UNSUPPORTED_SECURITY. Contacts nobody.
 */
enum troth_net_reason troth_credentials_check(const struct troth_credentials *c);
enum troth_net_reason troth_wifi_check(const struct troth_wifi *w);
enum troth_net_reason troth_thread_check(const struct troth_thread *t);
/* AUTO becomes what it stands for; the password of an open network is wiped. */
void troth_wifi_resolve(struct troth_wifi *w);
/* The password is a raw PSK: 64 hexadecimal digits. */
bool troth_password_is_psk(const struct troth_password *p);

bool troth_ssid_equal(const struct troth_ssid *a, const struct troth_ssid *b);
/*
 * For people: UTF-8 as it is, everything else (control characters, those that turn the direction
 * of writing, broken sequences) as \xHH, a backslash doubled. cap at least TROTH_SSID_TEXT.
 */
#define TROTH_SSID_TEXT 129
char *troth_ssid_text(const struct troth_ssid *ssid, char *text, size_t cap);

/* A Thread network's name in the same way. cap at least TROTH_THREAD_NAME_TEXT. */
#define TROTH_THREAD_NAME_TEXT 65
char *troth_thread_name_text(const struct troth_thread_name *name, char *text, size_t cap);

/* ---- what a backend reports ---- */

struct troth_net_info {
    char address[46]; /* IP address as text, NUL-terminated; empty: none or not known */
    uint8_t bssid[6]; /* as people read it: b[0] first */
    uint8_t security; /* enum troth_wifi_security in use */
    uint8_t channel;  /* 0: not known */
    int8_t rssi;      /* dBm; 127: not known */

    /* of a Thread network, which has neither bssid nor security */
    uint8_t role; /* enum troth_thread_role */
    struct troth_thread_id thread;
};

struct troth_scan_result {
    uint8_t kind; /* enum troth_net_kind */
    uint8_t channel;
    int8_t rssi; /* dBm */

    /* Wi-Fi */
    struct troth_ssid ssid;
    uint8_t bssid[6];
    uint8_t security; /* enum troth_wifi_security */

    /* Thread: one router's beacon. A network may have several. */
    struct troth_thread_id thread;
    uint8_t ext_addr[8]; /* the router's, b[0] first */
    uint8_t lqi;         /* link quality, more is better; its scale is the radio's */
    uint8_t version;     /* of the protocol, 4: Thread 1.3; 0: not known */
    bool joinable;       /* the network lets commissioned devices join now */
};

enum troth_net_report_type {
    TROTH_NET_JOINED = 1,  /* .info; an address is there, the network is usable */
    TROTH_NET_JOIN_FAILED, /* .reason */
    TROTH_NET_LOST,        /* .reason; the network of this attempt is gone */
    TROTH_NET_LEFT,        /* answers leave */
    TROTH_NET_SCAN_RESULT, /* .result */
    TROTH_NET_SCAN_DONE,   /* .reason */
    TROTH_NET_STATUS,      /* answers status: .info, NULL when not joined */
    TROTH_NET_CHANGED,     /* .info: still joined, by the attempt, with another role or address */
};

struct troth_net_report {
    enum troth_net_report_type type;
    uint32_t id; /* of the operation: the attempt for JOINED, JOIN_FAILED, LOST, CHANGED */
    enum troth_net_reason reason;
    const struct troth_net_info *info;      /* valid during the call */
    const struct troth_scan_result *result; /* valid during the call */
};

/* Where a backend reports to. The application owns it; it outlives the backend. */
struct troth_net_sink {
    void (*report)(void *ctx, const struct troth_net_report *report);
    void *ctx;
};

/* For backends. */
void troth_net_joined(const struct troth_net_sink *s, uint32_t id,
                      const struct troth_net_info *info);
void troth_net_join_failed(const struct troth_net_sink *s, uint32_t id,
                           enum troth_net_reason reason);
void troth_net_lost(const struct troth_net_sink *s, uint32_t id, enum troth_net_reason reason);
void troth_net_left(const struct troth_net_sink *s, uint32_t id);
void troth_net_scan_result(const struct troth_net_sink *s, uint32_t id,
                           const struct troth_scan_result *result);
void troth_net_scan_done(const struct troth_net_sink *s, uint32_t id, enum troth_net_reason reason);
void troth_net_status(const struct troth_net_sink *s, uint32_t id,
                      const struct troth_net_info *info);
void troth_net_changed(const struct troth_net_sink *s, uint32_t id,
                       const struct troth_net_info *info);

/* ---- what a backend provides ---- */

/*
 * Each starts something and returns TROTH_OK, or an enum troth_result when it cannot be started
 * (TROTH_UNSUPPORTED: not this kind of network or security); then nothing is reported. Reports may
 * already come during the call. One user: the next join or leave abandons whatever was joined or
 * being joined, whose reports may then stay out or come late.
 */
struct troth_net_ops {
    /*
     * Until JOINED or JOIN_FAILED: for Thread, attached as child, router or leader, or not. One
     * attempt: no silent retries. c is copied, and wiped when done.
     */
    int (*join)(void *ctx, uint32_t attempt, const struct troth_credentials *c);
    /* Leaves, forgets the credentials, stays out. LEFT, also when nothing was joined. */
    int (*leave)(void *ctx, uint32_t id);
    /* Any number of SCAN_RESULT, of all its kinds, then SCAN_DONE. May be NULL. */
    int (*scan)(void *ctx, uint32_t id);
    /* STATUS. May be NULL. */
    int (*status)(void *ctx, uint32_t id);
};

struct troth_net {
    const struct troth_net_ops *ops;
    void *ctx;
    uint8_t kinds; /* 1 << enum troth_net_kind */
};

#ifdef __cplusplus
}
#endif
#endif
