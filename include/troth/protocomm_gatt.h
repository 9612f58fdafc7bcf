/*
 * Protocomm over GATT, device side: one characteristic an endpoint, told apart by their user
 * descriptions. A request is written, long or not, and its response read from the same
 * characteristic. Its bytes are in docs/WIRE.md.
 *
 * A port registers `service` with its GATT server (the library's or BlueZ's), with the struct
 * troth_protocomm_gatt as ctx, and forwards disconnections. A session of protocomm is a link.
 */
#ifndef TROTH_PROTOCOMM_GATT_H
#define TROTH_PROTOCOMM_GATT_H

#include <troth/gap.h>
#include <troth/gatt.h>
#include <troth/protocomm.h>

#ifdef __cplusplus
extern "C" {
#endif

/* 021a9004-0382-4aea-bff4-6b3f1c5adfb4, wire order: what devices in use have. */
#define TROTH_PROTOCOMM_GATT_UUID                                                                  \
    {                                                                                              \
        16,                                                                                        \
        {                                                                                          \
            0xb4, 0xdf, 0x5a, 0x1c, 0x3f, 0x6b, 0xf4, 0xbf, 0xea, 0x4a, 0x82, 0x03, 0x04, 0x90,    \
                0x1a, 0x02                                                                         \
        }                                                                                          \
    }

#define TROTH_PROTOCOMM_GATT_NAME_MAX  29 /* octets of a name that is advertised whole */
#define TROTH_PROTOCOMM_GATT_ENDPOINTS (TROTH_PROTOCOMM_APP + TROTH_PROTOCOMM_APPS)

struct troth_protocomm_gatt_config {
    struct troth_protocomm *protocomm; /* with all its endpoints; its sessions are below 0x10000 */
    const struct troth_uuid *service;  /* 16 octets; NULL: TROTH_PROTOCOMM_GATT_UUID */
    /*
     * Of every value; descriptions are open. TROTH_OPEN is what phone apps expect: the session
     * protects what it carries, and no prompt to pair comes up.
     */
    enum troth_permission permission;
    /* As troth_gatt_complete. TROTH_BUSY: call troth_protocomm_gatt_sent later. */
    int (*complete)(void *ctx, uint32_t token, enum troth_gatt_status status);
    troth_ms (*now)(void *ctx);
    void *ctx;
};

struct troth_protocomm_gatt_value { /* a response; read by the link it is for alone */
    troth_link link;
    uint16_t len;
    uint8_t b[TROTH_PROTOCOMM_GATT_MAX];
};

struct troth_protocomm_gatt {
    struct troth_protocomm_gatt_config cfg;
    struct troth_service service; /* made by init */
    struct troth_characteristic characteristics[TROTH_PROTOCOMM_GATT_ENDPOINTS];
    struct troth_protocomm_gatt_value value[TROTH_PROTOCOMM_GATT_ENDPOINTS];
    bool closed;

    /* the write being served */
    bool serving, answered;
    troth_link server;
    uint8_t served;
    enum troth_gatt_status status;

    /* the write whose response waits for protocomm */
    bool held;
    troth_link holder;
    uint8_t held_id;
    uint32_t token;
    bool completing, owed; /* ... or for the host */
    enum troth_gatt_status owed_status;
};

/* The numbers of the characteristics are those of the endpoints. */
void troth_protocomm_gatt_init(struct troth_protocomm_gatt *g,
                               const struct troth_protocomm_gatt_config *cfg);
/* Protocomm's response to a link: its respond, with g as ctx. */
void troth_protocomm_gatt_respond(void *g, uint32_t session, int result, const uint8_t *out,
                                  size_t len);
/* There may be room for what was BUSY. */
void troth_protocomm_gatt_sent(struct troth_protocomm_gatt *g);
/* TROTH_EV_DISCONNECTED: ends the session, wipes the responses. BlueZ, which names no link: 0. */
void troth_protocomm_gatt_disconnected(struct troth_protocomm_gatt *g, troth_link link);
/*
 * Provisioning stopped (or begins again): requests are refused, responses wiped. A service cannot
 * be taken out of a host. Open at first.
 */
void troth_protocomm_gatt_close(struct troth_protocomm_gatt *g, bool closed);

/*
 * Advertising: flags and the service's UUID, which must be the only one since clients take the
 * first; the name in the scan response, shortened at a UTF-8 character if it is too long. Sets on
 * and connectable, leaves the interval.
 */
void troth_protocomm_gatt_advertising(const struct troth_protocomm_gatt *g, const char *name,
                                      struct troth_advertising *adv);

#ifdef __cplusplus
}
#endif
#endif
