/* GATT's memory: the database of a host, the state of a link. Shape only: nothing here is API. */
#ifndef TROTH_STATE_GATT_H
#define TROTH_STATE_GATT_H

#include <troth/bonds.h>
#include <troth/config.h>
#include <troth/gatt.h>
#include <troth/state/att.h>

struct gatt_env;

struct gatt_db {
    const char *name;
    uint16_t appearance;
    bool sealed;
    uint8_t count;                        /* of services, the built-in ones included */
    uint16_t next_handle;                 /* the first free one; 0: none is left */
    uint8_t hash[16];                     /* Database Hash, wire order */
    struct troth_gatt_service builtin[2]; /* GAP and GATT: the server answers for them itself */
    struct troth_gatt_service *service[TROTH_MAX_SERVICES + 2]; /* in handle order */
};

/* The client's one procedure. */
struct gatt_client {
    uint8_t op;                /* GATT_OP_... */
    uint8_t step;              /* the request it is at */
    bool unsent;               /* the request waits for its slot */
    bool raising;              /* waits for gatt_secured */
    bool raised;               /* security was raised once for a refusal */
    uint8_t att_error;         /* of the refusal, or of what is being wound up */
    int8_t result;             /* ... its result */
    uint16_t handle;           /* read and write: the attribute */
    uint16_t len, offset;      /* of value */
    uint16_t from, to;         /* discovery: handles still to look at */
    uint16_t gap;              /* ... first handle that may be a descriptor; 0: none so far */
    uint16_t edge;             /* ... last handle accounted for */
    bool declared;             /* ... the attribute before was a characteristic declaration */
    uint8_t services, service; /* ... found, and being looked into */
    uint32_t counter;          /* signed write: its own */
    struct troth_uuid uuid;    /* ... of the service looked for; len 0: all */
    /* A long value, or discovery's service ranges: first and last handle of each. */
    uint8_t value[TROTH_VALUE_MAX];
};

struct gatt {
    const struct gatt_env *env;
    void *link;
    const struct gatt_db *db;
    struct att att;
    struct gatt_client client;
    struct troth_ccc ccc[TROTH_MAX_CCC]; /* by value handle; bits 0 is a client's word too */
    /* Signed Writes that were verified, until the store holds their counters: signed.c's. */
    uint16_t signed_len, signed_done;
    uint8_t signed_write[TROTH_ATT_MTU];
    bool up;                             /* between gatt_init and gatt_disconnected */
    bool asked;       /* a TROTH_ASK_GATT that gatt_access_done answers is open */
    bool bonded;      /* gatt_bonded was called */
    bool push_wanted; /* TROTH_BUSY was answered: TROTH_EV_SENT is owed */
    bool changed_due; /* Service Changed is still to be indicated */
    bool changing;    /* the outstanding indication is Service Changed */
};

#endif
