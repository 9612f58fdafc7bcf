#include "att/pdu.h"

#include "base/bytes.h"

static const struct att_shape shapes[] = {
    {ATT_ERROR_RSP, ATT_RESPONSE, 5, 0, 0},
    {ATT_EXCHANGE_MTU_REQ, ATT_REQUEST, 3, 0, 0},
    {ATT_EXCHANGE_MTU_RSP, ATT_RESPONSE, 3, 0, 0},
    {ATT_FIND_INFORMATION_REQ, ATT_REQUEST, 5, 0, 0},
    {ATT_FIND_INFORMATION_RSP, ATT_RESPONSE, 6, 1, 0},
    {ATT_FIND_BY_TYPE_VALUE_REQ, ATT_REQUEST, 7, 1, 0},
    {ATT_FIND_BY_TYPE_VALUE_RSP, ATT_RESPONSE, 5, 4, 0},
    {ATT_READ_BY_TYPE_REQ, ATT_REQUEST, 7, 0, 21},
    {ATT_READ_BY_TYPE_RSP, ATT_RESPONSE, 4, 1, 0},
    {ATT_READ_REQ, ATT_REQUEST, 3, 0, 0},
    {ATT_READ_RSP, ATT_RESPONSE, 1, 1, 0},
    {ATT_READ_BLOB_REQ, ATT_REQUEST, 5, 0, 0},
    {ATT_READ_BLOB_RSP, ATT_RESPONSE, 1, 1, 0},
    {ATT_READ_MULTIPLE_REQ, ATT_REQUEST, 5, 2, 0},
    {ATT_READ_MULTIPLE_RSP, ATT_RESPONSE, 1, 1, 0},
    {ATT_READ_BY_GROUP_TYPE_REQ, ATT_REQUEST, 7, 0, 21},
    {ATT_READ_BY_GROUP_TYPE_RSP, ATT_RESPONSE, 6, 1, 0},
    {ATT_WRITE_REQ, ATT_REQUEST, 3, 1, 0},
    {ATT_WRITE_RSP, ATT_RESPONSE, 1, 0, 0},
    {ATT_PREPARE_WRITE_REQ, ATT_REQUEST, 5, 1, 0},
    {ATT_PREPARE_WRITE_RSP, ATT_RESPONSE, 5, 1, 0},
    {ATT_EXECUTE_WRITE_REQ, ATT_REQUEST, 2, 0, 0},
    {ATT_EXECUTE_WRITE_RSP, ATT_RESPONSE, 1, 0, 0},
    {ATT_NOTIFICATION, ATT_PUSH, 3, 1, 0},
    {ATT_INDICATION, ATT_PUSH, 3, 1, 0},
    {ATT_CONFIRMATION, ATT_CONFIRM, 1, 0, 0},
    {ATT_READ_MULTIPLE_VARIABLE_REQ, ATT_REQUEST, 5, 2, 0},
    {ATT_READ_MULTIPLE_VARIABLE_RSP, ATT_RESPONSE, 1, 1, 0},
    {ATT_MULTIPLE_NOTIFICATION, ATT_PUSH, 9, 1, 0},
    {ATT_WRITE_CMD, ATT_COMMAND, 3, 1, 0},
    {ATT_SIGNED_WRITE_CMD, ATT_COMMAND, 3 + ATT_SIGNATURE, 1, 0},
};

struct att_shape att_shape(uint8_t opcode)
{
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        if (shapes[i].opcode == opcode)
            return shapes[i];
    return (struct att_shape){.opcode = opcode, .type = ATT_UNKNOWN};
}

bool att_fits(const struct att_shape *shape, size_t len)
{
    if (len == shape->least || (shape->other && len == shape->other))
        return true;
    return shape->more && len > shape->least && (len - shape->least) % shape->more == 0;
}

struct troth_uuid att_uuid(const uint8_t *p, size_t n)
{
    struct troth_uuid u = {.len = (uint8_t)n};
    memcpy(u.b, p, n);
    return u;
}

/* 00000000-0000-1000-8000-00805F9B34FB with a 16-bit UUID in octets 12 and 13. */
static void widen(const struct troth_uuid *u, uint8_t out[16])
{
    static const uint8_t base[12] = {0xfb, 0x34, 0x9b, 0x5f, 0x80, 0x00,
                                     0x00, 0x80, 0x00, 0x10, 0x00, 0x00};
    memcpy(out, base, 12);
    out[12] = u->b[0];
    out[13] = u->b[1];
    out[14] = out[15] = 0;
}

bool att_uuid_equal(const struct troth_uuid *a, const struct troth_uuid *b)
{
    uint8_t wide[16];

    if (a->len == b->len)
        return memcmp(a->b, b->b, a->len) == 0;
    widen(a->len == 2 ? a : b, wide);
    return memcmp(wide, a->len == 2 ? b->b : a->b, 16) == 0;
}

bool att_uuid_is(const struct troth_uuid *a, uint16_t uuid16)
{
    struct troth_uuid u = TROTH_UUID16(uuid16);
    return att_uuid_equal(a, &u);
}
