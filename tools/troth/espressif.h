/*
 * A device that speaks Espressif's provisioning: the session, and what is done in it. One device at
 * a time. Every function that returns false has said why in one sentence.
 */
#ifndef TROTH_TOOLS_ESPRESSIF_H
#define TROTH_TOOLS_ESPRESSIF_H

#include "client.h"

#include <troth/protocomm_client.h>
#include <troth/protocomm_security.h>

#define PROTOCOMM_MAX 4096 /* octets of a message, either way */

enum protocomm_sent {
    PROTOCOMM_ANSWERED,
    PROTOCOMM_REFUSED, /* the device gave no answer: why() */
    PROTOCOMM_LOST,    /* there is no device any longer; it was said */
};

/* What carries the messages. */
struct protocomm_way {
    enum protocomm_sent (*exchange)(struct client *c, const char *endpoint, const uint8_t *in,
                                    size_t len, uint8_t *out, size_t cap, size_t *out_len);
    const char *(*why)(void);        /* after REFUSED: a clause */
    bool (*again)(struct client *c); /* what comes next is a new session; false: there is none */
    bool http;
};

/* What a session is begun with. */
#define PROTOCOMM_SECRET_MAX 128
struct protocomm_secret {
    bool given, typed; /* typed: by a person, who may type it again */
    uint16_t len;
    uint8_t b[PROTOCOMM_SECRET_MAX];
};
struct protocomm_login {
    int scheme;      /* asked for by name; -1: what the device says */
    const char *ver; /* --proto_ver; NULL: any */
    struct protocomm_secret pop, username, password; /* wipe */
};

struct protocomm {
    struct client *c;
    const struct protocomm_way *way;
    struct protocomm_login *login;
    struct troth_proto_ver ver;
    struct troth_security security;
    uint8_t kind; /* enum troth_net_kind of what is done */
    bool tried;   /* a network was applied and not joined: `why`, enum troth_protocomm_why */
    uint8_t why;
};

/* Asks what the device is, ->ver, and whether its security will do. */
bool protocomm_look(struct protocomm *p);
/* The handshake, asking the person for what is missing, and again when the device refuses it. */
bool protocomm_begin(struct protocomm *p);
/* A message to any endpoint, sealed, and its answer. */
bool protocomm_send(struct protocomm *p, const char *endpoint, const uint8_t *in, size_t len,
                    uint8_t *out, size_t cap, size_t *out_len);
/* False also when the device refuses: answer->status tells, and it was not said. */
bool protocomm_ask(struct protocomm *p, const struct troth_protocomm_ask *ask,
                   struct troth_protocomm_answer *answer);
void protocomm_end(struct protocomm *p);

/* ---- BLE ---- */

/* What the connected device offers. */
struct protocomm_offer {
    bool wifi_service; /* 8b84xxxx */
    bool protocomm;
};
bool protocomm_discover(struct client *c, struct protocomm_offer *offer);
const struct protocomm_way *protocomm_ble_way(void);

/* ---- steps ---- */

#define PROTOCOMM_NETWORKS 64
struct protocomm_networks {
    unsigned count;
    struct troth_scan_result list[PROTOCOMM_NETWORKS];
    uint32_t auth_mode[PROTOCOMM_NETWORKS];
};
/* The networks the device sees, and their table for people on `to`. */
bool protocomm_scan(struct protocomm *p, struct protocomm_networks *all);
void protocomm_scan_tell(const struct protocomm *p, const struct protocomm_networks *all);
/* ... of which a person picks one; 0 looks again. */
bool protocomm_pick(struct protocomm *p, struct troth_scan_result *picked);

bool protocomm_custom(struct protocomm *p, const uint8_t *data, size_t len);
/* RESET or REPROV. */
bool protocomm_control(struct protocomm *p, uint8_t op);
/* TRY_AGAIN: the network was not joined, which was said, and the device takes another. */
enum protocomm_outcome { PROTOCOMM_JOINED, PROTOCOMM_FAILED, PROTOCOMM_TRY_AGAIN };
/*
 * Sets, applies and follows it to its end. again: whether a person would give other credentials
 * after a failure for that reason; NULL: nobody would.
 */
enum protocomm_outcome protocomm_join(struct protocomm *p, const struct troth_credentials *k,
                                      bool (*again)(const void *ctx, uint8_t why),
                                      const void *ctx);

#endif
