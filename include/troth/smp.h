/*
 * The LE Security Manager, Vol 3 Part H: pairing, encryption, what a bond gives.
 * The same functions serve both roles; one host may be central on one link and peripheral on another.
 */
#ifndef TROTH_SMP_H
#define TROTH_SMP_H

#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_host;

/* IO capabilities, 2.3.2 */
enum troth_io_cap {
    TROTH_DISPLAY_ONLY = 0,
    TROTH_DISPLAY_YES_NO = 1,
    TROTH_KEYBOARD_ONLY = 2,
    TROTH_NO_INPUT_NO_OUTPUT = 3,
    TROTH_KEYBOARD_DISPLAY = 4,
};

/* Association models, 2.3.5.1. Passkey Entry is three: who types. */
enum troth_model {
    TROTH_JUST_WORKS = 0,
    TROTH_PASSKEY_INITIATOR_INPUTS = 1, /* the responder displays */
    TROTH_PASSKEY_RESPONDER_INPUTS = 2, /* the initiator displays */
    TROTH_PASSKEY_BOTH_INPUT = 3,
    TROTH_NUMERIC_COMPARISON = 4,
    TROTH_OOB = 5,
};

/* Pairing Failed reasons, 3.5.5 */
enum troth_smp_reason {
    TROTH_SMP_PASSKEY_ENTRY_FAILED = 0x01,
    TROTH_SMP_OOB_NOT_AVAILABLE = 0x02,
    TROTH_SMP_AUTHENTICATION_REQUIREMENTS = 0x03,
    TROTH_SMP_CONFIRM_VALUE_FAILED = 0x04,
    TROTH_SMP_PAIRING_NOT_SUPPORTED = 0x05,
    TROTH_SMP_ENCRYPTION_KEY_SIZE = 0x06,
    TROTH_SMP_COMMAND_NOT_SUPPORTED = 0x07,
    TROTH_SMP_UNSPECIFIED_REASON = 0x08,
    TROTH_SMP_REPEATED_ATTEMPTS = 0x09,
    TROTH_SMP_INVALID_PARAMETERS = 0x0a,
    TROTH_SMP_DHKEY_CHECK_FAILED = 0x0b,
    TROTH_SMP_NUMERIC_COMPARISON_FAILED = 0x0c,
    TROTH_SMP_BR_EDR_PAIRING_IN_PROGRESS = 0x0d,
    TROTH_SMP_CTKD_NOT_ALLOWED = 0x0e,
    TROTH_SMP_KEY_REJECTED = 0x0f,
    TROTH_SMP_BUSY = 0x10,
};

/* "KEYBOARD_DISPLAY", "PASSKEY_ENTRY_INIT_INPUTS", "CONFIRM_VALUE_FAILED"; "(unknown)" otherwise. */
const char *troth_io_cap_name(uint8_t io_cap);
const char *troth_model_name(uint8_t model);
const char *troth_smp_reason_name(uint8_t reason);
/* A sentence for people: what it means and what to do about it. */
const char *troth_smp_reason_words(uint8_t reason);
/* What was being done when a pairing failed: "Pairing Confirm", "comparing the numbers". */
const char *troth_smp_step_words(uint8_t step);

/* As it is shown and typed, always six digits: 123 is "000123". Beyond 999999: empty. */
void troth_passkey_text(uint32_t passkey, char text[7]);

/* AuthReq bits, 3.5.1 */
#define TROTH_AUTH_BOND     0x01
#define TROTH_AUTH_MITM     0x04
#define TROTH_AUTH_SC       0x08
#define TROTH_AUTH_KEYPRESS 0x10
#define TROTH_AUTH_CT2      0x20

/* Key distribution bits, 3.6.1 */
#define TROTH_DIST_ENC  0x01
#define TROTH_DIST_ID   0x02
#define TROTH_DIST_SIGN 0x04
#define TROTH_DIST_LINK 0x08

/* Pairing features as they cross in Pairing Request and Pairing Response, 3.5.1, 3.5.2. */
struct troth_features {
    uint8_t io_cap;         /* enum troth_io_cap */
    uint8_t oob;            /* 1: we hold the peer's OOB data */
    uint8_t auth_req;       /* TROTH_AUTH_... */
    uint8_t max_key_size;   /* 7 to 16 */
    uint8_t initiator_keys; /* TROTH_DIST_... the initiator shall distribute */
    uint8_t responder_keys; /* ... the responder */
};

/*
 * The defaults: NoInputNoOutput, bonding, no MITM, Secure Connections, no keypress, 16 octets,
 * encryption and identity keys both ways.
 */
#define TROTH_FEATURES_DEFAULT                                                                     \
    {                                                                                              \
        TROTH_NO_INPUT_NO_OUTPUT, 0, TROTH_AUTH_BOND | TROTH_AUTH_SC, 16,                          \
            TROTH_DIST_ENC | TROTH_DIST_ID, TROTH_DIST_ENC | TROTH_DIST_ID                         \
    }

/* Which association model two sets of features give (2.3.5.1, tables 2.6 to 2.8). Pure. */
enum troth_model troth_model_of(const struct troth_features *initiator,
                                const struct troth_features *responder);

/*
 * The Core Specification versions whose Security Manager rules differ, by their assigned number.
 * From 6.2 a responder leaves MITM out of its Pairing Response where no MITM protection can come
 * of it; from 6.3 there is no CSRK and no signed write: SIGN is a reserved bit.
 */
enum troth_core {
    TROTH_CORE_5_3 = 0x0c,
    TROTH_CORE_5_4 = 0x0d,
    TROTH_CORE_6_0 = 0x0e,
    TROTH_CORE_6_1 = 0x0f,
    TROTH_CORE_6_2 = 0x10,
    TROTH_CORE_6_3 = 0x11,
};

enum troth_just_works {
    TROTH_JUST_WORKS_ALLOWED = 0,
    TROTH_JUST_WORKS_ASKED,   /* TROTH_ASK_CONSENT */
    TROTH_JUST_WORKS_REFUSED, /* 0x03 */
};

#define TROTH_MODEL_BIT(model) (1u << (model))

/*
 * What a host demands of every pairing and every key: set at creation (troth_host_config), replaced
 * by troth_set_policy, and for one link by troth_set_link_policy. Zeroed but for its features it is
 * the strict one: 16 octets, nothing insecure.
 */
struct troth_policy {
    struct troth_features features; /* what we offer unless the application answers otherwise */
    uint8_t core;         /* enum troth_core: whose rules hold; 0 means 6.2 */

    /* The least level of a pairing, and of a key that shall protect a link. */
    bool sc_only;         /* refuse legacy pairing and legacy keys */
    bool require_mitm;    /* refuse a pairing, and a key, without MITM protection */
    uint8_t min_key_size; /* 7 to 16; 0 means 16 */

    bool refuse_pairing;  /* pairing is not supported now (0x05): the pairing window is shut */
    bool no_bonding;      /* pair, but keep nothing: the bondable window is shut */
    uint8_t models;       /* allowed association models, TROTH_MODEL_BIT; 0 means all; else 0x03 */
    uint8_t just_works;   /* enum troth_just_works */
    /*
     * Accept only the specified authentication: what a pairing would result in (bonding of both,
     * MITM of the model, SC of both) must be the BOND, MITM and SC bits of features.auth_req, no
     * less and no more; else 0x03, then the link is dropped with 0x13. With no_bonding, BOND among
     * them could never be: TROTH_INVALID.
     */
    bool exact;
    /*
     * Repeated attempts, 2.3.6: how many pairings with one peer may fail before it has to wait (a
     * second, then twice as long each time, up to TROTH_ATTEMPTS_WAIT_MAX_MS; 0x09 meanwhile).
     * Peers without an authenticated bond also share one count, four times as large, of failures
     * in which something could be guessed: neither a new address nor Just Works is a new chance.
     * 0 means 3; 255: no limit (insecure).
     */
    uint8_t attempts;

    bool stay_after_failure; /* do not disconnect when a pairing fails after encryption */
    bool stay_after_timeout; /* do not disconnect when a pairing times out, SMP being dead there */

    /* Insecure, each of them: for benches and sniffers. troth_policy_insecure names them. */
    bool fixed_passkey;      /* display `passkey` instead of a random one */
    uint32_t passkey;        /* 0 to 999999 */
    bool use_debug_keys;     /* our own key pair is the specification's: sniffers can read along */
    bool accept_debug_keys;  /* the specification's debug key pair is taken from a peer */
    bool replace_weaker;     /* a bond may be replaced by a weaker one */
};

#define TROTH_ATTEMPTS_WAIT_MAX_MS 600000

/*
 * The i-th insecure choice of a policy in words, "a fixed passkey"; NULL past the last. For the
 * line a device prints when it starts.
 */
const char *troth_policy_insecure(const struct troth_policy *policy, unsigned i);

/* LE Secure Connections OOB data, Vol 3 Part H 2.3.5.6.4. Wire order. One use only. */
struct troth_oob {
    bool have_sc;
    uint8_t confirm[16]; /* the peer's Ca/Cb */
    uint8_t random[16];  /* the peer's ra/rb */
    bool have_tk;
    uint8_t tk[16]; /* legacy: the same on both sides */
};

/*
 * Pairing Request (central). features NULL: the policy's. Answers come as events.
 * TROTH_STATE: not central, or SMP is dead on this link after a timeout; TROTH_BUSY: one is running,
 * its TROTH_EV_PAIRED is being delivered, or the peer has to wait (troth_pairing_wait).
 */
int troth_pair(struct troth_host *h, troth_link link, const struct troth_features *features);
/* Security Request (peripheral). auth_req: TROTH_AUTH_... */
int troth_security_request(struct troth_host *h, troth_link link, uint8_t auth_req);
/* Encrypt with the LTK at hand (central). TROTH_STATE: none is. Ends in TROTH_EV_ENCRYPTED. */
int troth_encrypt(struct troth_host *h, troth_link link);
/* End the running pairing with a reason for the peer. TROTH_STATE: none is running. */
int troth_pairing_cancel(struct troth_host *h, troth_link link, uint8_t reason);
/* Passkey Entry, both sides having set the bit: type 0 (started) to 4 (completed), 3.5.8. */
int troth_keypress(struct troth_host *h, troth_link link, uint8_t type);
/*
 * An LTK by hand, 7 to 16 octets in wire order, for debugging or keys from elsewhere; lasts as
 * long as the link. rand and ediv are zero for Secure Connections.
 */
int troth_set_ltk(struct troth_host *h, troth_link link, const uint8_t *ltk, uint8_t len,
                  uint64_t rand, uint16_t ediv, bool mitm, bool sc);

/* What protects the link now; key_size 0 when nothing does. */
struct troth_level troth_link_level(const struct troth_host *h, troth_link link);
/* What the LTK at hand would give; key_size 0 when there is none. */
struct troth_level troth_available_level(const struct troth_host *h, troth_link link);
bool troth_is_bonded(const struct troth_host *h, troth_link link);
bool troth_has_ltk(const struct troth_host *h, troth_link link);
/* A pairing is running on this link. */
bool troth_is_pairing(const struct troth_host *h, troth_link link);

/*
 * How long the peer of this link has to wait after failed pairings before the next may begin, in
 * milliseconds; 0: no wait. troth_pair answers TROTH_BUSY meanwhile.
 */
troth_ms troth_pairing_wait(const struct troth_host *h, troth_link link);

/* Our OOB data for the next pairing: makes and pins a key pair until used or expired. */
int troth_oob_make(struct troth_host *h, struct troth_oob *ours, troth_ms now);

/*
 * The pinned pair, for a program whose pairing happens in a later process: secret, and to be given
 * back at most once. troth_oob_keep: TROTH_NOT_FOUND, none is pinned. troth_oob_restore pins it for
 * the rest of its life, at most that of a new one; TROTH_INVALID: no key pair, or no life, and what
 * was pinned still is.
 */
struct troth_oob_pair {
    uint8_t private_key[32], random[16]; /* wire order */
};
int troth_oob_keep(const struct troth_host *h, struct troth_oob_pair *out);
int troth_oob_restore(struct troth_host *h, const struct troth_oob_pair *pair, troth_ms life,
                      troth_ms now);

#ifdef __cplusplus
}
#endif
#endif
