/*
 * Out-of-band data as they travel: one side's block of advertising data structures (Core
 * Specification Supplement Part A 1.8, 1.16, 1.17; the payload of an NFC record of the type
 * "application/vnd.bluetooth.le.oob"), and the same on one line of text for a QR code or a file.
 *
 * A block is for one pairing. Whoever reads it can pass for its maker's partner: it goes over a
 * channel that others can neither read (TK) nor change (all of it).
 */
#ifndef TROTH_OOB_H
#define TROTH_OOB_H

#include <troth/smp.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROTH_AD_SM_TK      0x10 /* 16 octets */
#define TROTH_AD_LE_ADDRESS 0x1b /* 6 octets and the type */
#define TROTH_AD_LE_ROLE    0x1c /* enum troth_oob_role */
#define TROTH_AD_SC_CONFIRM 0x22 /* 16 octets */
#define TROTH_AD_SC_RANDOM  0x23 /* 16 octets */

enum troth_oob_role {
    TROTH_OOB_PERIPHERAL = 0,
    TROTH_OOB_CENTRAL = 1,
    TROTH_OOB_PERIPHERAL_PREFERRED = 2, /* both roles */
    TROTH_OOB_CENTRAL_PREFERRED = 3,
};

#define TROTH_OOB_NAME_MAX 29

struct troth_oob_block {
    struct troth_addr addr; /* whose it is, as the air will carry it; identifies the maker */
    uint8_t role;           /* enum troth_oob_role */
    struct troth_oob oob;   /* may hold neither: then the block only names its maker */
    bool has_flags;
    uint8_t flags; /* TROTH_AD_FLAGS */
    uint8_t name_len;
    bool name_short;
    uint8_t name[TROTH_OOB_NAME_MAX]; /* UTF-8 as it came, no NUL */
};

/* What is wrong with a block. The words say what to do. */
enum troth_oob_fault {
    TROTH_OOB_FINE = 0,
    TROTH_OOB_NO_PREFIX,  /* the text is no such block */
    TROTH_OOB_DIGIT,      /* a character that is no hexadecimal digit */
    TROTH_OOB_SUM,        /* the check sum is absent or another */
    TROTH_OOB_TOO_LONG,   /* more than TROTH_OOB_BLOCK_MAX octets */
    TROTH_OOB_CUT,        /* a structure is longer than what is left, or empty */
    TROTH_OOB_SIZE,       /* a structure of a known type has another length */
    TROTH_OOB_VALUE,      /* an address, a role that is none */
    TROTH_OOB_TWICE,      /* a known type came again */
    TROTH_OOB_NO_ADDRESS, /* both are mandatory */
    TROTH_OOB_NO_ROLE,
    TROTH_OOB_HALF, /* of confirmation and random only one */
};
const char *troth_oob_fault_words(enum troth_oob_fault fault);

#define TROTH_OOB_BLOCK_MAX 160 /* octets; what we make is shorter */

/* Octets written, or TROTH_INVALID: out of range, or cap is too small. */
int troth_oob_encode(const struct troth_oob_block *block, uint8_t *out, size_t cap);
/*
 * Of exactly these octets. Structures of other types are skipped. Anything but TROTH_OOB_FINE leaves
 * block all zero.
 */
enum troth_oob_fault troth_oob_decode(struct troth_oob_block *block, const uint8_t *data,
                                      size_t len);

/*
 * "BLE-OOB:", the block's octets and ".", the CRC-32 of the octets, in upper case hexadecimal: a QR
 * code's alphanumeric mode. No newline.
 */
#define TROTH_OOB_PREFIX   "BLE-OOB:"
#define TROTH_OOB_TEXT_MAX (8 + 2 * TROTH_OOB_BLOCK_MAX + 1 + 8 + 1)
/* Characters before the NUL, or TROTH_INVALID. */
int troth_oob_to_text(const struct troth_oob_block *block, char *text, size_t cap);
/* Of exactly these characters; digits of either case. */
enum troth_oob_fault troth_oob_from_text(struct troth_oob_block *block, const char *text,
                                         size_t len);

#ifdef __cplusplus
}
#endif
#endif
