/*
 * GATT, Vol 3 Parts F and G: service tables we serve, and procedures we run on a peer.
 *
 * A service table is declarative and knows nothing of its host: the library's own GATT server and
 * BlueZ serve the same one. Client Characteristic Configurations, handles, Device Name and the
 * database hash are implicit.
 */
#ifndef TROTH_GATT_H
#define TROTH_GATT_H

#include <troth/config.h>
#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_host;

/* Who may: each level includes those above it. */
enum troth_permission {
    TROTH_OPEN = 0,
    TROTH_ENCRYPTED,        /* any encryption of at least the key size */
    TROTH_AUTHENTICATED,    /* a key made with MITM protection */
    TROTH_AUTHENTICATED_SC, /* ... by LE Secure Connections, 16 octets */
};

/* Characteristic properties, Vol 3 Part G 3.3.1.1 */
#define TROTH_PROP_READ          0x02
#define TROTH_PROP_WRITE_COMMAND 0x04
#define TROTH_PROP_WRITE         0x08
#define TROTH_PROP_NOTIFY        0x10
#define TROTH_PROP_INDICATE      0x20
/*
 * Signed writes: from a bonded peer that gave us its CSRK, over a link that is not encrypted. A
 * signature is no encryption: `write` must be TROTH_OPEN. On an encrypted link of a bonded peer a
 * Write Command does the same (Vol 3 Part G 4.9.2). A write is delivered once TROTH_ASK_STORE has
 * its sign counter, and never twice.
 */
#define TROTH_PROP_SIGNED_WRITE  0x40

/* What a handler means; each host turns it into its own error. */
enum troth_gatt_status {
    TROTH_GATT_OK = 0,
    TROTH_GATT_LATER,          /* troth_gatt_complete will be called */
    TROTH_GATT_INVALID_OFFSET, /* 0x07 */
    TROTH_GATT_INVALID_LENGTH, /* 0x0D */
    TROTH_GATT_NOT_ALLOWED,    /* 0x13 Value Not Allowed */
    TROTH_GATT_BUSY,           /* 0xFE Procedure Already in Progress */
    TROTH_GATT_REFUSED,        /* 0xFC Write Request Rejected; a read: 0x0E */
    TROTH_GATT_NO_RESOURCES,   /* 0x11 */
    TROTH_GATT_FAILED,         /* 0x0E Unlikely Error */
    TROTH_GATT_INVALID_PDU,    /* 0x04 Invalid PDU: the service has no use for such octets */
};

/* One access to one characteristic's value. */
struct troth_gatt_access {
    troth_link link;      /* TROTH_NO_LINK when the host cannot tell (BlueZ) */
    uint32_t token;       /* names this access for troth_gatt_complete */
    uint8_t id;           /* the characteristic's */
    bool write;
    bool prepared;        /* a write assembled from Prepare Writes: offset and whole run */
    bool command;         /* without response: the status is ignored */
    bool check;           /* Execute Write asks first whether all would be taken: change nothing */
    uint16_t offset;      /* of the value */
    const uint8_t *data;  /* a write's octets, valid during the call */
    uint16_t len;
    /* A read's answer: point to octets that stay valid until the call returns, from offset on. */
    const uint8_t *value;
    uint16_t value_len;
};

struct troth_characteristic {
    struct troth_uuid uuid;
    uint8_t id;          /* the application's own number, unique within its service */
    uint8_t properties;  /* TROTH_PROP_... */
    uint8_t read;        /* enum troth_permission */
    uint8_t write;       /* enum troth_permission */
    uint8_t subscribe;   /* enum troth_permission, of the CCC */
    uint8_t key_size;    /* own host only: least key size for any of these; 0: the policy's */
    const char *description; /* Characteristic User Description, or NULL */
};

struct troth_service {
    struct troth_uuid uuid;
    const struct troth_characteristic *characteristics;
    uint8_t count;
    /*
     * Reads and writes of values, delivered with the core at rest: any API may be called. Returns
     * an enum troth_gatt_status. A read gives value/value_len from access->offset on.
     */
    enum troth_gatt_status (*access)(void *ctx, struct troth_gatt_access *access);
    /* Someone now is / nobody is any longer subscribed to characteristic id; may be NULL. */
    void (*subscribed)(void *ctx, uint8_t id, bool anyone);
};

/*
 * A service table registered with a host. The application owns it; it must outlive the host.
 * The rest is the server's.
 */
struct troth_gatt_service {
    const struct troth_service *table;
    void *ctx;
    uint16_t first_handle; /* the server's: of the service declaration */
};

/* Before bring-up, in the order of the handles. TROTH_FULL: raise TROTH_MAX_SERVICES. */
int troth_gatt_register(struct troth_host *h, struct troth_gatt_service *service);
/* Completes an access answered LATER. TROTH_STALE: the link is gone or it was withdrawn. */
int troth_gatt_complete(struct troth_host *h, uint32_t token, enum troth_gatt_status status,
                        const uint8_t *value, uint16_t len);
/*
 * Sends the value to every subscriber: by notification, or by indication where only that is
 * subscribed. Truncated to each link's ATT_MTU - 3. TROTH_BUSY: some link had no room; nothing
 * was sent there, try again after TROTH_EV_SENT.
 */
int troth_gatt_notify(struct troth_host *h, const struct troth_gatt_service *service, uint8_t id,
                      const uint8_t *value, uint16_t len);

/* ---- the client ---- */

/* ATT error codes, Vol 3 Part F 3.4.1.1 */
enum troth_att_error {
    TROTH_ATT_OK = 0,
    TROTH_ATT_INVALID_HANDLE = 0x01,
    TROTH_ATT_READ_NOT_PERMITTED = 0x02,
    TROTH_ATT_WRITE_NOT_PERMITTED = 0x03,
    TROTH_ATT_INVALID_PDU = 0x04,
    TROTH_ATT_INSUFFICIENT_AUTHENTICATION = 0x05,
    TROTH_ATT_REQUEST_NOT_SUPPORTED = 0x06,
    TROTH_ATT_INVALID_OFFSET = 0x07,
    TROTH_ATT_INSUFFICIENT_AUTHORIZATION = 0x08,
    TROTH_ATT_PREPARE_QUEUE_FULL = 0x09,
    TROTH_ATT_ATTRIBUTE_NOT_FOUND = 0x0a,
    TROTH_ATT_ATTRIBUTE_NOT_LONG = 0x0b,
    TROTH_ATT_INSUFFICIENT_KEY_SIZE = 0x0c,
    TROTH_ATT_INVALID_LENGTH = 0x0d,
    TROTH_ATT_UNLIKELY_ERROR = 0x0e,
    TROTH_ATT_INSUFFICIENT_ENCRYPTION = 0x0f,
    TROTH_ATT_UNSUPPORTED_GROUP_TYPE = 0x10,
    TROTH_ATT_INSUFFICIENT_RESOURCES = 0x11,
    TROTH_ATT_DATABASE_OUT_OF_SYNC = 0x12,
    TROTH_ATT_VALUE_NOT_ALLOWED = 0x13,
    TROTH_ATT_WRITE_REQUEST_REJECTED = 0xfc,
    TROTH_ATT_CCC_IMPROPER = 0xfd,
    TROTH_ATT_PROCEDURE_IN_PROGRESS = 0xfe,
    TROTH_ATT_OUT_OF_RANGE = 0xff,
};
const char *troth_att_error_name(uint8_t error);
const char *troth_att_error_words(uint8_t error);

/*
 * Procedures: one at a time on a link (TROTH_BUSY otherwise), each ending in exactly one
 * TROTH_EV_GATT_DONE with its result, also when the link goes. A refusal for lack of security
 * raises the link's security and retries once, as DESIGN.md says.
 */
/*
 * Everything the peer has: all its SERVICE events, then of each service its CHARACTERISTIC events
 * and after them its DESCRIPTOR events. A handle tells what belongs where. DONE with TROTH_FULL: it
 * has more than 128 services.
 */
int troth_gatt_discover(struct troth_host *h, troth_link link);
/* Only the primary services of this UUID. */
int troth_gatt_discover_service(struct troth_host *h, troth_link link,
                                const struct troth_uuid *uuid);
/* The whole value, long or not: one TROTH_EV_GATT_VALUE. */
int troth_gatt_read(struct troth_host *h, troth_link link, uint16_t handle);
/* data is copied. Longer than ATT_MTU - 3: by prepared writes. len up to TROTH_VALUE_MAX. */
int troth_gatt_write(struct troth_host *h, troth_link link, uint16_t handle, const uint8_t *data,
                     uint16_t len);
/* Write Command: no procedure, no answer. TROTH_BUSY: no room now. */
int troth_gatt_write_command(struct troth_host *h, troth_link link, uint16_t handle,
                             const uint8_t *data, uint16_t len);
/*
 * Signed Write Command (Vol 3 Part C 10.4, Part G 4.9.2), for what has TROTH_PROP_SIGNED_WRITE: one
 * procedure like those above, whose DONE says that the write was handed to the controller; no answer
 * ever tells whether it was taken. It leaves once TROTH_ASK_STORE has the sign counter that follows
 * its own, so no counter is ever used twice; a write lost by a cut of power costs its counter.
 *
 * On an encrypted link it goes as a Write Command, unsigned, as the specification wants it. Else
 * TROTH_STATE: there is no bond in which this peer got our CSRK (pair with TROTH_DIST_SIGN among our
 * keys), or the policy no longer takes its level, or its counters were lost with its state.
 * TROTH_FULL: every counter of this CSRK is used; only pairing again gives another.
 * TROTH_UNSUPPORTED: under TROTH_CORE_6_3 nothing is signed. TROTH_INVALID: longer than ATT_MTU - 15.
 * DONE with TROTH_FAILED: the store would not keep the counter; with TROTH_STATE: the link, its bond
 * or its encryption went first. Nothing was sent then.
 */
int troth_gatt_signed_write(struct troth_host *h, troth_link link, uint16_t handle,
                            const uint8_t *data, uint16_t len);
/* Writes a Client Characteristic Configuration: bits 1 notify, 2 indicate. */
int troth_gatt_subscribe(struct troth_host *h, troth_link link, uint16_t ccc_handle,
                         uint16_t bits);

/*
 * The same procedures on a peer that is connected through another host (BlueZ): the same results,
 * and the same events for whoever runs them. What is written over a struct troth_gatt_peer works
 * over both.
 */
struct troth_gatt_peer {
    int (*discover)(void *ctx, const struct troth_uuid *service); /* NULL: everything */
    int (*read)(void *ctx, uint16_t handle);
    int (*write)(void *ctx, uint16_t handle, const uint8_t *data, uint16_t len);
    int (*subscribe)(void *ctx, uint16_t ccc_handle, uint16_t bits);
    /* What is known of the link's protection: key_size 0 is not encrypted, mitm false not proven. */
    struct troth_level (*level)(void *ctx);
    void *ctx;
};

#ifdef __cplusplus
}
#endif
#endif
