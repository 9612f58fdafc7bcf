/*
 * The Wi-Fi provisioning GATT service 8b84xxxx-f6fa-4e33-9a0c-e14d9f35f201, device side, over a
 * provisioning session. Its bytes are in docs/WIRE.md.
 *
 * A port registers troth_wifi_gatt_service with its GATT server (the library's or BlueZ's), with
 * the struct troth_wifi_gatt as ctx, and forwards the session's events, rooms and disconnections.
 */
#ifndef TROTH_WIFI_GATT_H
#define TROTH_WIFI_GATT_H

#include <troth/bonds.h>
#include <troth/gap.h>
#include <troth/gatt.h>
#include <troth/prov.h>
#include <troth/smp.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 8b84 `id` -f6fa-..., wire order. */
#define TROTH_WIFI_GATT_UUID(id)                                                                   \
    {                                                                                              \
        16,                                                                                        \
        {                                                                                          \
            0x01, 0xf2, 0x35, 0x9f, 0x4d, 0xe1, 0x0c, 0x9a, 0x33, 0x4e, 0xfa, 0xf6, (uint8_t)(id), \
                (uint8_t)((id) >> 8), 0x84, 0x8b                                                   \
        }                                                                                          \
    }

enum troth_wifi_gatt_id {
    TROTH_WIFI_SERVICE = 1,
    TROTH_WIFI_SSID = 2,
    TROTH_WIFI_PASSWORD = 3,
    TROTH_WIFI_SECURITY = 4,
    TROTH_WIFI_CONTROL = 5,
    TROTH_WIFI_STATUS = 6,
    TROTH_WIFI_DETAILS = 7, /* ours, optional */
};

enum troth_wifi_control { TROTH_WIFI_CONNECT = 1, TROTH_WIFI_ERASE = 2 };

/* Details: reason, joins left, flags, SSID length, SSID. */
#define TROTH_WIFI_DETAILS_MAX 36
enum troth_wifi_flag {
    TROTH_WIFI_ONLINE = 0x01,    /* joined to the network named */
    TROTH_WIFI_KEPT = 0x02,      /* the last request failed; the network named is kept */
    TROTH_WIFI_RETURNING = 0x04, /* ... and is being rejoined */
    TROTH_WIFI_STORED = 0x08,    /* its credentials survive power-off */
};

/* What a client must have done before it may touch any value or the CCC. */
enum troth_wifi_mode {
    TROTH_WIFI_MODE_NONE = 0,        /* nothing: for evaluation only */
    TROTH_WIFI_MODE_ENCRYPT = 1,     /* encryption by LE Secure Connections, Just Works or better */
    TROTH_WIFI_MODE_AUTH = 2,        /* ... with MITM protection: the device displays the passkey */
    TROTH_WIFI_MODE_ENCRYPT_ANY = 3, /* insecure: as ENCRYPT, legacy pairing accepted */
};

/* The service table; details adds 0007. Constant. */
const struct troth_service *troth_wifi_gatt_service(enum troth_wifi_mode mode, bool details);

/* Makes the policy demand what the mode promises; nothing else in it changes. */
void troth_wifi_gatt_policy(enum troth_wifi_mode mode, struct troth_policy *policy);
/* auth_req for troth_security_request on connection; 0: send none. */
uint8_t troth_wifi_gatt_security_request(enum troth_wifi_mode mode);
/* A bond of this level still serves in this mode. False: remove it, or ask the user. */
bool troth_wifi_gatt_bond_ok(enum troth_wifi_mode mode, const struct troth_level *level);
/* What troth_wifi_gatt_bond_ok needs, out of a bond. */
struct troth_level troth_wifi_gatt_bond_level(const struct troth_bond_keys *keys);

/*
 * Advertising: flags and the name, the service's UUID in the scan response. A name of up to 26
 * octets goes whole; a longer one is shortened at a UTF-8 character (the whole is the Device Name).
 * Sets on and connectable, leaves the interval.
 */
#define TROTH_WIFI_NAME_MAX 26
void troth_wifi_gatt_advertising(const char *name, struct troth_advertising *adv);

struct troth_wifi_gatt_config {
    struct troth_prov *prov;
    bool details; /* 0007 is in the table */
    /* To all subscribers, as troth_gatt_notify: TROTH_BUSY, then call troth_wifi_gatt_sent. */
    int (*notify)(void *ctx, enum troth_wifi_gatt_id id, const uint8_t *value, uint16_t len);
    /*
     * An ERASE is done and its IDLE handed to the host: forget all bonds now, last that of the link
     * `eraser` (TROTH_NO_LINK: it left meanwhile). May be NULL.
     */
    void (*forget_bonds)(void *ctx, troth_link eraser);
    void *ctx;
};

struct troth_wifi_gatt {
    struct troth_wifi_gatt_config cfg;
    bool pending_status, pending_details, pending_forget;
    troth_link eraser;
    uint8_t value[TROTH_WIFI_DETAILS_MAX];
};

void troth_wifi_gatt_init(struct troth_wifi_gatt *w, const struct troth_wifi_gatt_config *cfg);
/* Every event of the session goes here as well. */
void troth_wifi_gatt_event(struct troth_wifi_gatt *w, const struct troth_prov_event *event);
/* TROTH_EV_SENT: there may be room for what was BUSY. */
void troth_wifi_gatt_sent(struct troth_wifi_gatt *w);
/* TROTH_EV_DISCONNECTED. BlueZ, which names no link: TROTH_NO_LINK when the last device left. */
void troth_wifi_gatt_disconnected(struct troth_wifi_gatt *w, troth_link link);

#ifdef __cplusplus
}
#endif
#endif
