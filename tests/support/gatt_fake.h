/*
 * A link without a host: GATT over a fake environment that writes everything down. PDUs are hex
 * strings, so that a test reads as the transcript it is. Every PDU received lives in an allocation
 * of its exact size that is gone after the call: reading past or keeping it does not pass.
 */
#ifndef TROTH_TESTS_GATT_FAKE_H
#define TROTH_TESTS_GATT_FAKE_H

#include "gatt/gatt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <troth/state/gatt.h>

#define FAKE_LOG 200

struct fake_pdu {
    enum gatt_slot slot;
    uint8_t b[600];
    size_t len;
};

struct fake {
    struct gatt g;
    struct gatt_db db;
    struct troth_level level;
    struct troth_policy policy;
    struct troth_bond_state bond;
    bool has_bond, has_csrk; /* the peer's */
    uint8_t csrk[16];
    bool has_own_csrk;
    uint8_t own_csrk[16];
    uint32_t sign_kept[2];
    bool full[GATT_SLOTS]; /* the slot refuses */
    bool by_hand;          /* asks are not answered through the table's access */

    struct fake_pdu sent[FAKE_LOG];
    unsigned sent_n, sent_at;
    struct troth_event event[FAKE_LOG];
    uint8_t event_data[FAKE_LOG][520];
    unsigned event_n, event_at;
    unsigned event_copied;
    struct troth_ask ask[FAKE_LOG];
    uint8_t ask_data[FAKE_LOG][520];
    unsigned ask_n, ask_at, ask_done;
    unsigned persists, withdrawn, raises, disconnects;
    uint8_t raise_error, reason;
    unsigned persists_at_ask; /* as they were when the last ask came */
};

/* The link, unencrypted, over a fresh database with these tables added and sealed. */
void fake_open(struct fake *f, struct troth_gatt_service *services, size_t count);
/* The same database and bond, another connection. */
void fake_reconnect(struct fake *f);
void fake_rx(struct fake *f, const char *hex);
void fake_rx_bytes(struct fake *f, const uint8_t *pdu, size_t len);
/* Answers asks as a host would, after any other entry point. */
void fake_drain(struct fake *f);
/* The next PDU sent is this one. */
void fake_sent(struct fake *f, const char *hex);
/* ... and nothing is sent after it. */
void fake_silent(struct fake *f);
/* The next PDU sent, whatever it is. */
const struct fake_pdu *fake_next(struct fake *f);
/* in arrives, exactly out goes. */
void fake_turn(struct fake *f, const char *in, const char *out);
/* The next event, which is of this type. */
const struct troth_event *fake_event(struct fake *f, enum troth_event_type type);
void fake_no_event(struct fake *f);
/* The next ask. */
const struct troth_ask *fake_ask(struct fake *f);
void fake_no_ask(struct fake *f);
/* The store has the bond's state, as it is now, and says so. */
void fake_kept(struct fake *f);
/* Forgets what was written down so far. */
void fake_forget(struct fake *f);
/* The procedure ended, once, like this. */
void fake_done(struct fake *f, int result, uint8_t att_error);
size_t fake_unhex(const char *hex, uint8_t *out, size_t cap);

extern const struct gatt_env fake_env;

#endif
