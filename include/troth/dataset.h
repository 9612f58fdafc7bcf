/*
 * Thread operational datasets (Thread specification, Mesh Commissioning Protocol): TLVs as a
 * commissioner makes them and clients carry them, here read, checked, shown and made.
 *
 * The octets are the dataset: what reads them keeps nothing and loses nothing, unknown types
 * included. A dataset holds the network key: wipe every copy.
 */
#ifndef TROTH_DATASET_H
#define TROTH_DATASET_H

#include <troth/net.h>

#ifdef __cplusplus
extern "C" {
#endif

enum troth_dataset_type {
    TROTH_DATASET_CHANNEL = 0,
    TROTH_DATASET_PAN_ID = 1,
    TROTH_DATASET_EXT_PAN_ID = 2,
    TROTH_DATASET_NETWORK_NAME = 3,
    TROTH_DATASET_PSKC = 4,
    TROTH_DATASET_NETWORK_KEY = 5,
    TROTH_DATASET_MESH_LOCAL_PREFIX = 7,
    TROTH_DATASET_SECURITY_POLICY = 12,
    TROTH_DATASET_ACTIVE_TIMESTAMP = 14,
    TROTH_DATASET_PENDING_TIMESTAMP = 51,
    TROTH_DATASET_DELAY_TIMER = 52,
    TROTH_DATASET_CHANNEL_MASK = 53,
    TROTH_DATASET_DOMAIN_NAME = 59,
    TROTH_DATASET_WAKEUP_CHANNEL = 74,
};
/* "Network Key"; "(unknown)". */
const char *troth_dataset_type_name(uint8_t type);

/* What is wrong with a dataset. The words say what to do. */
enum troth_dataset_fault {
    TROTH_DATASET_FINE = 0,
    TROTH_DATASET_EMPTY,
    TROTH_DATASET_TOO_LONG, /* more than TROTH_DATASET_MAX octets */
    TROTH_DATASET_CUT,      /* ends within a TLV */
    TROTH_DATASET_SIZE,     /* a TLV of a known type has another length */
    TROTH_DATASET_TWICE,    /* a type came again */
    TROTH_DATASET_BAD_CHANNEL,
    TROTH_DATASET_BAD_PAN_ID,
    TROTH_DATASET_BAD_NAME,
    TROTH_DATASET_BAD_PREFIX,
    TROTH_DATASET_BAD_POLICY,
    TROTH_DATASET_BAD_MASK,
    TROTH_DATASET_NO_KEY, /* without a network key nothing can be joined */
    TROTH_DATASET_ODD,    /* the text has an odd number of digits */
    TROTH_DATASET_DIGIT,  /* a character that is no hexadecimal digit */
};
const char *troth_dataset_fault_words(enum troth_dataset_fault fault);

/* What a dataset says, decoded. Octet strings as people write them: b[0] first. */
struct troth_dataset {
    bool has_channel, has_pan_id, has_ext_pan_id, has_pskc, has_network_key, has_mesh_local_prefix,
        has_security_policy, has_active_timestamp, has_channel_mask; /* the name: its length */
    uint8_t channel_page;                                            /* 0: 2.4 GHz */
    uint16_t channel;
    uint16_t pan_id;
    uint8_t ext_pan_id[8];
    struct troth_thread_name name;
    uint8_t pskc[16];
    uint8_t network_key[16];
    uint8_t mesh_local_prefix[8];
    uint16_t rotation_hours;
    uint8_t policy_flags_len; /* 1 or 2 */
    uint8_t policy_flags[2];
    uint64_t seconds; /* of the Active Timestamp: 48 bits */
    uint16_t ticks;   /* 15 bits, 1/32768 s */
    bool authoritative;
    uint32_t channel_mask; /* of page 0, bit n: channel n */
};

/*
 * Structure and lengths of exactly these octets, and what they say. Anything but FINE leaves d all
 * zero. d and type may be NULL; *type is the TLV a fault is about, where it is about one.
 */
enum troth_dataset_fault troth_dataset_parse(struct troth_dataset *d, const uint8_t *tlvs,
                                             size_t len, uint8_t *type);
/*
 * Can a device attach with it? As parse; then the ranges of what is there, and that there is a
 * network key. Channel and PAN ID only save the search.
 */
enum troth_dataset_fault troth_dataset_check(const uint8_t *tlvs, size_t len, uint8_t *type);

/* The value of the first TLV of a type, or NULL. Of a dataset that parses. */
const uint8_t *troth_dataset_find(const struct troth_thread *t, uint8_t type, uint8_t *len);
/* Sets one TLV: in its place, or at the end. TROTH_FULL: no room, nothing changed. */
int troth_dataset_put(struct troth_thread *t, uint8_t type, const void *value, uint8_t len);
/*
 * Sets what d has; the other TLVs of t, unknown ones too, stay as they are. t->len 0: a new one.
 * TROTH_INVALID: out of range; TROTH_FULL. Then t is as it was.
 */
int troth_dataset_build(struct troth_thread *t, const struct troth_dataset *d);
/*
 * What a client sends when a person picked a scanned network and typed its key: Channel, PAN ID,
 * Extended PAN ID, Network Name, Network Key. TROTH_INVALID: the result is no Thread network's.
 */
int troth_dataset_pick(struct troth_thread *t, const struct troth_scan_result *network,
                       const uint8_t network_key[16]);

/*
 * One line for each TLV, in their order: its name and what it says, both valid during the call.
 * Network Key, PSKc and what is unknown read "(hidden)" unless secrets. Of a dataset that parses.
 */
void troth_dataset_print(const struct troth_thread *t, bool secrets,
                         void (*line)(void *ctx, const char *name, const char *value), void *ctx);

/* Hexadecimal, as every Thread tool shows and takes datasets. */
#define TROTH_DATASET_TEXT (2 * TROTH_DATASET_MAX + 1)
/* Of exactly these characters; digits of either case. The octets may still be no dataset. */
enum troth_dataset_fault troth_dataset_from_text(struct troth_thread *t, const char *text,
                                                 size_t len);
/* Characters before the NUL, or TROTH_INVALID: cap is too small. */
int troth_dataset_to_text(const struct troth_thread *t, char *text, size_t cap);

/*
 * The PSKc of a commissioner's passphrase: PBKDF2 (RFC 8018) with AES-CMAC-PRF-128 (RFC 4615),
 * salt "Thread", the Extended PAN ID and the name: some 30 000 AES blocks, all within this call.
 * TROTH_INVALID: the passphrase is not 6 to 255 octets, or there is no name.
 */
#define TROTH_PSKC_ITERATIONS 16384
int troth_dataset_pskc(const char *passphrase, size_t len, const uint8_t ext_pan_id[8],
                       const struct troth_thread_name *name, uint8_t pskc[16]);

#ifdef __cplusplus
}
#endif
#endif
