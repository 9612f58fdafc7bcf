/*
 * The words every other header uses.
 *
 * Byte order: every multi-octet value that crosses a Bluetooth wire (addresses, keys, random
 * numbers, UUIDs) is kept in wire order, least significant octet first, everywhere in this API.
 * Only people see the reverse.
 */
#ifndef TROTH_TYPES_H
#define TROTH_TYPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Milliseconds on a clock that never goes back; its zero means nothing. */
typedef uint64_t troth_ms;
#define TROTH_NEVER UINT64_MAX

/* What our own functions answer. Codes of the wire (smp, att, hci) never mix with these. */
enum troth_result {
    TROTH_OK = 0,
    TROTH_BUSY = -1,        /* no room, or such a procedure is running: try again after an event */
    TROTH_INVALID = -2,     /* an argument is out of its documented range */
    TROTH_STATE = -3,       /* not in this state: not connected, no LTK, wrong role */
    TROTH_NOT_FOUND = -4,   /* no such link, bond, handle or ask */
    TROTH_STALE = -5,       /* the ask was withdrawn or answered already */
    TROTH_FULL = -6,        /* a table sized in config.h is full */
    TROTH_UNSUPPORTED = -7, /* the controller or this build cannot */
    TROTH_FAILED = -8,      /* a backend (crypto, store) said no */
};
const char *troth_result_words(int result);

enum troth_addr_type { TROTH_ADDR_PUBLIC = 0, TROTH_ADDR_RANDOM = 1 };

/* A device address, Vol 6 Part B 1.3. b[5] is the octet people read first. */
struct troth_addr {
    uint8_t type; /* enum troth_addr_type */
    uint8_t b[6];
};

/* A connection: never an HCI handle. Names one connection only: the next gets another number. */
typedef uint16_t troth_link;
#define TROTH_NO_LINK   0
#define TROTH_LINK_LAST 0xfffe /* what is above names no connection (troth/protocomm.h) */
/* For hosts that number them: after the last begins again. It may be in use. */
troth_link troth_link_next(troth_link last);

enum troth_role { TROTH_CENTRAL = 0, TROTH_PERIPHERAL = 1 };
/* In the Security Manager the central is the initiator: the same numbers, its own words. */
enum troth_side { TROTH_INITIATOR = 0, TROTH_RESPONDER = 1 };

/* What protects a link, or what a stored key would give it. key_size 0: not encrypted / no key. */
struct troth_level {
    uint8_t key_size; /* octets, 7 to 16 */
    bool mitm;        /* the key was made with MITM protection (authenticated) */
    bool sc;          /* the key was made by LE Secure Connections */
    bool bonded;      /* a bond stands behind the key */
};

/* A UUID of 2 or 16 octets, wire order. */
struct troth_uuid {
    uint8_t len;
    uint8_t b[16];
};
#define TROTH_UUID16(n)                                                                            \
    {                                                                                              \
        2,                                                                                         \
        {                                                                                          \
            (uint8_t)(n), (uint8_t)((n) >> 8)                                                      \
        }                                                                                          \
    }

#ifdef __cplusplus
}
#endif
#endif
