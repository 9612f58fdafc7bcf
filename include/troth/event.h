/*
 * The arrows out of a host: events (facts) and asks (questions).
 *
 * Both are delivered in order, after the core has come to rest and before the entry point that
 * caused them returns, so that any API may be called from the callback. Pointers in them are
 * valid during the callback only.
 */
#ifndef TROTH_EVENT_H
#define TROTH_EVENT_H

#include <troth/bonds.h>
#include <troth/gap.h>
#include <troth/gatt.h>
#include <troth/smp.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_event_type {
    TROTH_EV_NONE = 0,
    /* the controller */
    TROTH_EV_READY,  /* bring-up is done: .ready */
    TROTH_EV_BROKEN, /* bring-up failed or the controller reported an error: .broken */
    /* GAP */
    TROTH_EV_ADVERTISING, /* .on: started or stopped on air */
    TROTH_EV_SCANNING,    /* .on */
    TROTH_EV_REPORT,
    TROTH_EV_CONNECTED,
    TROTH_EV_CONNECT_FAILED, /* .hci_status */
    TROTH_EV_DISCONNECTED,   /* .hci_status is the reason; the last event of its link */
    TROTH_EV_PARAMETERS,
    /* the Security Manager */
    TROTH_EV_PAIRING,        /* features have crossed: who asked for what, and the model */
    TROTH_EV_PAIRED,         /* done, and stored if bonded: .paired */
    TROTH_EV_PAIRING_FAILED, /* .pairing_failed */
    TROTH_EV_SECURITY_REQUESTED,  /* central: the peer asked; .auth_req */
    TROTH_EV_SECURITY_UNANSWERED, /* peripheral: 30 s passed after our Security Request */
    TROTH_EV_KEYPRESS,            /* .keypress */
    TROTH_EV_ENCRYPTED,           /* .encrypted: encryption changed, refreshed or failed to start */
    TROTH_EV_BOND_LOST, /* the peer no longer has (or never honoured) the bond: .bond_lost */
    TROTH_EV_BOND_REFUSED,  /* a stored key is weaker than the policy demands: .available */
    TROTH_EV_BOND_REMOVED,  /* .addr */
    TROTH_EV_BOND_NOT_REMOVED, /* .addr: the store would not; it is back at the next start */
    TROTH_EV_WITHDRAWN,     /* an ask is void: close its prompt; .ask_id */
    /* GATT */
    TROTH_EV_MTU,  /* .mtu */
    TROTH_EV_SENT, /* room again after TROTH_BUSY */
    TROTH_EV_INDICATED, /* .indicated: confirmed or not */
    TROTH_EV_SUBSCRIBED, /* .subscribed: this peer's subscription changed, was restored or ended */
    TROTH_EV_GATT_SERVICE,
    TROTH_EV_GATT_CHARACTERISTIC,
    TROTH_EV_GATT_DESCRIPTOR,
    TROTH_EV_GATT_VALUE,        /* a read's value, whole */
    TROTH_EV_GATT_NOTIFICATION, /* .value, indications included */
    TROTH_EV_GATT_DONE,
};

enum troth_step_side { TROTH_BY_US = 0, TROTH_BY_PEER = 1, TROTH_BY_TIMEOUT = 2, TROTH_BY_LINK = 3 };

struct troth_event {
    enum troth_event_type type;
    troth_link link; /* TROTH_NO_LINK where none is concerned */
    union {
        bool on;
        uint8_t hci_status;
        uint8_t auth_req;
        uint8_t keypress;
        uint16_t mtu;
        uint32_t ask_id;
        bool indicated;
        struct troth_addr addr;
        struct troth_level available;
        struct {
            struct troth_addr identity; /* ours */
            uint16_t acl_len;
            uint8_t acl_count;
            bool privacy; /* the controller resolves addresses */
            enum troth_privacy own_addresses; /* who makes our private addresses */
        } ready;
        struct {
            uint8_t hci_status; /* 0: the controller did not answer, or not sensibly */
            uint16_t opcode;    /* the command that failed, or 0 */
        } broken;
        struct {
            struct troth_addr addr; /* as the air carried it, unless the controller resolved it */
            struct troth_addr identity; /* the bond's, when bonded; else addr */
            bool bonded;
            int8_t rssi; /* dBm; 127 unknown */
            bool connectable, scannable, scan_response, directed;
            const uint8_t *data;
            uint8_t len;
        } report;
        struct {
            enum troth_role role;          /* ours */
            struct troth_addr peer;        /* as the air carried it */
            struct troth_addr identity;    /* the bond's, when bonded; else peer */
            bool bonded;
            uint16_t interval, latency, timeout;
        } connected;
        struct {
            uint8_t hci_status;
            uint16_t interval, latency, timeout;
        } parameters;
        struct {
            enum troth_side side; /* ours */
            struct troth_features features[2]; /* by enum troth_side, as they crossed */
            enum troth_model model;
            bool sc;
        } pairing;
        struct {
            struct troth_level level;
            enum troth_model model;
            enum troth_side side; /* ours */
            /*
             * The keys, valid during the callback: .has_* and .present tell what is absent. What
             * does not apply is not there at all: our own IRK and identity are troth_local's.
             */
            const struct troth_bond_keys *keys;
            uint8_t distributed[2]; /* TROTH_DIST_... by enum troth_side: what each side gave */
            bool bonding;           /* both sides asked for it */
            bool stored;   /* false when not bonding, or the peer gave no identity under an RPA */
        } paired;
        struct {
            uint8_t reason; /* enum troth_smp_reason; 0 for a timeout or a lost link */
            enum troth_step_side by;
            bool have_model;
            enum troth_model model;
            enum troth_side side; /* ours */
            struct troth_features features[2];
            uint8_t step; /* what was being done: troth_smp_step_words */
        } pairing_failed;
        struct {
            uint8_t hci_status;
            struct troth_level level; /* after it */
        } encrypted;
        struct {
            bool mismatch; /* 0x3D: both have a key, and they differ; else the peer has none */
        } bond_lost;
        struct {
            uint16_t first, last;
            struct troth_uuid uuid;
        } service;
        struct {
            uint16_t handle, value_handle;
            uint8_t properties;
            struct troth_uuid uuid;
        } characteristic;
        struct {
            uint16_t handle;
            struct troth_uuid uuid;
        } descriptor;
        struct {
            const struct troth_gatt_service *service;
            uint8_t id;    /* of the characteristic */
            uint16_t bits; /* 1 notify, 2 indicate; 0: neither any longer */
        } subscribed;
        struct {
            uint16_t handle;
            bool indication;
            const uint8_t *data;
            uint16_t len;
        } value;
        struct {
            int result;        /* TROTH_OK; TROTH_FAILED: see error; TROTH_STATE: the link went */
            uint8_t att_error; /* enum troth_att_error when the peer refused */
            uint16_t handle;
        } done;
    } u;
};

enum troth_ask_type {
    TROTH_ASK_NONE = 0,
    /*
     * Responder: a Pairing Request came. .pairing.features[TROTH_INITIATOR] is theirs; answer ok with
     * our features, or no with a reason. Default: the policy's features.
     */
    TROTH_ASK_PAIRING_REQUEST,
    /* Initiator: a Security Request came and no bond serves it. As above. Default: the policy's. */
    TROTH_ASK_SECURITY_REQUEST,
    /*
     * The combined features, on the responder before its Pairing Response leaves: ok, or no with a
     * reason. Default: ok, but a bonded central does not trade its bond for something unproven.
     */
    TROTH_ASK_VALIDATE,
    /* Just Works under TROTH_JUST_WORKS_ASKED. Default: no (0x08). */
    TROTH_ASK_CONSENT,
    TROTH_ASK_PASSKEY_DISPLAY, /* show .passkey; no answer is awaited */
    TROTH_ASK_PASSKEY_INPUT,   /* answer .passkey. Default: no (0x01) */
    TROTH_ASK_COMPARE,         /* do both show .passkey? Default: no (0x0C) */
    TROTH_ASK_OOB_DATA,        /* answer .oob. Default: no (0x02) */
    TROTH_ASK_KEYPAIR,         /* answer .keypair. Default: the linked backend, at once */
    TROTH_ASK_DHKEY,           /* answer .dhkey. Default: the linked backend, at once */
    TROTH_ASK_STORE,           /* make .store safe. Default: ok, for hosts that keep nothing */
    TROTH_ASK_RAISE, /* client: a procedure needs more security. ok pairs. Default: no */
    TROTH_ASK_GATT,  /* internal: an access to a service table */
};

struct troth_ask {
    uint32_t id; /* for troth_answer */
    enum troth_ask_type type;
    troth_link link;
    union {
        struct {
            enum troth_side side; /* ours */
            struct troth_features features[2];
            enum troth_model model; /* VALIDATE, CONSENT */
            bool sc;                /* VALIDATE, CONSENT */
            bool bonded;            /* a bond with this peer exists */
        } pairing;
        struct {
            uint32_t passkey; /* 0 to 999999: always shown as six digits */
            enum troth_model model;
        } passkey;
        struct {
            const uint8_t *private_key; /* 32, wire order */
            const uint8_t *public_key;  /* the peer's, 64 */
        } dhkey;
        struct {
            const uint8_t *random; /* 32 octets to make it from */
        } keypair;
        struct {
            enum troth_record kind;
            struct troth_addr identity; /* ignored for TROTH_RECORD_LOCAL */
            bool remove;                /* all records of this identity */
            const uint8_t *record;
            uint16_t len;
        } store;
        struct {
            uint8_t att_error;
            bool bonded;
        } raise;
        struct {
            struct troth_gatt_access access;
            const struct troth_gatt_service *service;
        } gatt;
    } u;
};

struct troth_answer {
    bool ok;
    uint8_t reason; /* when not ok: enum troth_smp_reason for the peer; 0: the ask's own */
    union {
        struct troth_features features;
        uint32_t passkey;
        struct troth_oob oob;
        struct {
            uint8_t private_key[32], public_key[64]; /* wire order */
        } keypair;
        uint8_t dhkey[32];
    } u;
};

/*
 * TROTH_STALE: withdrawn, answered or never asked. TROTH_INVALID: not an answer to this question;
 * TROTH_BUSY: not now. After these two the question is still open, but TROTH_ASK_RAISE, which any
 * answer ends.
 */
int troth_answer(struct troth_host *h, uint32_t ask_id, const struct troth_answer *answer);

#ifdef __cplusplus
}
#endif
#endif
