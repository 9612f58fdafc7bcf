/*
 * ATT and GATT of one link: a server over the host's database, and a client. The host gives each
 * link a struct gatt_env and calls the functions below.
 *
 * None of the env's functions may call back into this gatt; what they cause comes later through
 * gatt_rx, gatt_access_done and the other entry points.
 */
#ifndef TROTH_GATT_GATT_H
#define TROTH_GATT_GATT_H

#include <troth/event.h>
#include <troth/state/gatt.h>

#define GATT_DISCOVERY_ITEMS 16 /* events one response of discovery gives, at most */

/* The four ways out of a link, each with one reserved slot in L2CAP. */
enum gatt_slot {
    GATT_SLOT_RESPONSE,     /* responses and errors */
    GATT_SLOT_CONFIRMATION, /* Handle Value Confirmation */
    GATT_SLOT_REQUEST,      /* the client's requests */
    GATT_SLOT_PUSH,         /* notifications, indications, commands */
    GATT_SLOTS,
};

struct gatt_env {
    /* One PDU on CID 4. False: the slot is taken; gatt_room comes when it is free again. */
    bool (*send)(void *link, enum gatt_slot slot, const uint8_t *pdu, size_t len);
    void (*event)(void *link, struct troth_event *e); /* the env fills in the link */
    /* TROTH_ASK_GATT or TROTH_ASK_RAISE; the env fills in id, link (and access.token). */
    void (*ask)(void *link, struct troth_ask *a);
    void (*withdraw)(void *link, enum troth_ask_type type);
    struct troth_level (*level)(void *link);
    const struct troth_policy *(*policy)(void *link);
    void (*disconnect)(void *link, uint8_t hci_reason);
    /*
     * The client needs more security than the link has (error 0x05, 0x08, 0x0C, 0x0F). The host
     * encrypts with the bond, or asks and pairs; gatt_secured follows, always.
     */
    void (*raise)(void *link, uint8_t att_error);
    /* The bond's CCCs, hash and sign counters, NULL without a bond; persist: they changed. */
    struct troth_bond_state *(*bond_state)(void *link);
    void (*persist)(void *link);
    /*
     * The CSRK we ([0]) or the bonded peer ([1]) signs with, 16 octets, NULL when there is none that
     * the policy would take.
     */
    const uint8_t *(*csrk)(void *link, unsigned whose);
    /*
     * The bond's sign counter of that index as the store is known to hold it. It follows persist;
     * gatt_unkept comes when the store would not.
     */
    uint32_t (*sign_kept)(void *link, unsigned whose);
};

/* ---- the database, one per host ---- */

/* Adds the built-in GAP and GATT services; name outlives the db. */
void gatt_db_init(struct gatt_db *db, const char *name, uint16_t appearance);
/* TROTH_OK, TROTH_FULL, or TROTH_INVALID for a table that contradicts itself. */
int gatt_db_add(struct gatt_db *db, struct troth_gatt_service *service);
/* Computes the hash (Vol 3 Part G 7.3.1); no service is added after it. */
void gatt_db_seal(struct gatt_db *db);
/* The value handle of a service's characteristic, 0 if there is none such. */
uint16_t gatt_db_value_handle(const struct gatt_db *db, const struct troth_gatt_service *service,
                              uint8_t id);

/* ---- a link ---- */

void gatt_init(struct gatt *g, const struct gatt_env *env, void *link, struct gatt_db *db);
void gatt_rx(struct gatt *g, const uint8_t *pdu, size_t len);
void gatt_room(struct gatt *g, enum gatt_slot slot);
/*
 * The answer to the TROTH_ASK_GATT that is open; TROTH_GATT_LATER and late answers are ignored. An
 * ask whose access is a command is never open: nobody answers it. value only for a read.
 */
void gatt_access_done(struct gatt *g, enum troth_gatt_status status, const uint8_t *value,
                      uint16_t len);
/* What env->raise was asked for: true, the link's security has risen. */
void gatt_secured(struct gatt *g, bool ok);
/*
 * The link became encrypted with a bond behind it (a new one too): restore CCCs, compare the hash.
 * CCCs reach the bond from then on; what this link wrote earlier wins over what was stored.
 */
void gatt_bonded(struct gatt *g);
/* The bond behind the link is gone, or another's place now: its signatures say nothing more. */
void gatt_unbonded(struct gatt *g);
/* The bond's state was not stored. */
void gatt_unkept(struct gatt *g);
/* One thing that waited for the store; false: nothing does, or not yet. */
bool gatt_step(struct gatt *g);
void gatt_disconnected(struct gatt *g);
void gatt_tick(struct gatt *g, troth_ms now);
troth_ms gatt_deadline(const struct gatt *g);

/*
 * Server push to this link; id of the service. TROTH_NOT_FOUND: not subscribed, or the link's
 * security does not suffice. TROTH_BUSY: no room, or an indication is unconfirmed; TROTH_EV_SENT
 * follows.
 */
int gatt_notify(struct gatt *g, const struct troth_gatt_service *service, uint8_t id,
                const uint8_t *value, uint16_t len);
bool gatt_subscribed(const struct gatt *g, const struct troth_gatt_service *service, uint8_t id);

/*
 * Client procedures: enum troth_result, then one TROTH_EV_GATT_DONE. With a bond behind a link that
 * is not encrypted yet, env->raise comes first. gatt_exchange_mtu: TROTH_STATE when it was done.
 */
int gatt_exchange_mtu(struct gatt *g);
int gatt_discover(struct gatt *g, const struct troth_uuid *service /* NULL: all */);
int gatt_read(struct gatt *g, uint16_t handle);
int gatt_write(struct gatt *g, uint16_t handle, const uint8_t *data, uint16_t len);
int gatt_write_command(struct gatt *g, uint16_t handle, const uint8_t *data, uint16_t len);
int gatt_signed_write(struct gatt *g, uint16_t handle, const uint8_t *data, uint16_t len);

#endif
