/* The PDUs of the Attribute Protocol, Vol 3 Part F 3.4. */
#ifndef TROTH_ATT_PDU_H
#define TROTH_ATT_PDU_H

#include <troth/types.h>

/* Opcodes, 3.4.8 */
enum att_opcode {
    ATT_ERROR_RSP = 0x01,
    ATT_EXCHANGE_MTU_REQ = 0x02,
    ATT_EXCHANGE_MTU_RSP = 0x03,
    ATT_FIND_INFORMATION_REQ = 0x04,
    ATT_FIND_INFORMATION_RSP = 0x05,
    ATT_FIND_BY_TYPE_VALUE_REQ = 0x06,
    ATT_FIND_BY_TYPE_VALUE_RSP = 0x07,
    ATT_READ_BY_TYPE_REQ = 0x08,
    ATT_READ_BY_TYPE_RSP = 0x09,
    ATT_READ_REQ = 0x0a,
    ATT_READ_RSP = 0x0b,
    ATT_READ_BLOB_REQ = 0x0c,
    ATT_READ_BLOB_RSP = 0x0d,
    ATT_READ_MULTIPLE_REQ = 0x0e,
    ATT_READ_MULTIPLE_RSP = 0x0f,
    ATT_READ_BY_GROUP_TYPE_REQ = 0x10,
    ATT_READ_BY_GROUP_TYPE_RSP = 0x11,
    ATT_WRITE_REQ = 0x12,
    ATT_WRITE_RSP = 0x13,
    ATT_PREPARE_WRITE_REQ = 0x16,
    ATT_PREPARE_WRITE_RSP = 0x17,
    ATT_EXECUTE_WRITE_REQ = 0x18,
    ATT_EXECUTE_WRITE_RSP = 0x19,
    ATT_NOTIFICATION = 0x1b,
    ATT_INDICATION = 0x1d,
    ATT_CONFIRMATION = 0x1e,
    ATT_READ_MULTIPLE_VARIABLE_REQ = 0x20,
    ATT_READ_MULTIPLE_VARIABLE_RSP = 0x21,
    ATT_MULTIPLE_NOTIFICATION = 0x23,
    ATT_WRITE_CMD = 0x52,
    ATT_SIGNED_WRITE_CMD = 0xd2,
};

/* Bit 6 of an opcode: a command, which is never answered (3.3.1). */
#define ATT_COMMAND_FLAG 0x40

#define ATT_MTU_DEFAULT 23  /* Vol 3 Part G 5.2.1 */
#define ATT_VALUE_MAX   512 /* 3.2.9 */
#define ATT_SIGNATURE   12  /* 3.3.1 */

/* Types, 3.3.1. What of them travels towards the server, and what towards the client. */
enum att_type {
    ATT_UNKNOWN = 0, /* not an opcode of the specification */
    ATT_REQUEST,
    ATT_RESPONSE,
    ATT_COMMAND,
    ATT_PUSH, /* a notification or an indication */
    ATT_CONFIRM,
};

/* The shape of a PDU: its length, opcode included, is `least`, or `least` plus any number of `more`. */
struct att_shape {
    uint8_t opcode;
    uint8_t type;  /* enum att_type */
    uint8_t least; /* octets */
    uint8_t more;  /* 0: exactly least */
    uint8_t other; /* another exact length, 0: none */
};

/* The shape of an opcode; type ATT_UNKNOWN when there is none. */
struct att_shape att_shape(uint8_t opcode);
/* A PDU of this length may have that shape. */
bool att_fits(const struct att_shape *shape, size_t len);

/* A UUID of n octets (2 or 16). */
struct troth_uuid att_uuid(const uint8_t *p, size_t n);
/* The same UUID, also across its two lengths (Vol 3 Part B 2.5.1). */
bool att_uuid_equal(const struct troth_uuid *a, const struct troth_uuid *b);
bool att_uuid_is(const struct troth_uuid *a, uint16_t uuid16);

#endif
