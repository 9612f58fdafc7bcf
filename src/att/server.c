/* The server: finding and reading attributes, Vol 3 Part F 3.4.3 and 3.4.4. write.c does the rest. */
#include "att/att.h"

#define PRIMARY_SERVICE   0x2800
#define SECONDARY_SERVICE 0x2801

static uint16_t least(size_t a, size_t b)
{
    return (uint16_t)(a < b ? a : b);
}

static size_t room(const struct out *out)
{
    return out->cap - out->len;
}

/* Ends a request that found nothing, or sends what it found. header: octets before the first. */
static void found(struct att *a, const struct out *out, size_t header, uint16_t from)
{
    if (out->len == header)
        att_error(a, a->serving, from, TROTH_ATT_ATTRIBUTE_NOT_FOUND);
    else
        att_respond(a, out);
}

/* Starting and Ending Handle; false: the request is answered (3.4.3.1). */
static bool take_range(struct att *a, struct in *in, uint16_t *from, uint16_t *to)
{
    *from = in_u16(in);
    *to = in_u16(in);
    if (*from && *from <= *to)
        return true;
    att_error(a, a->serving, *from, TROTH_ATT_INVALID_HANDLE);
    return false;
}

/* The next attribute in from .. to. */
static bool walk(struct att *a, uint32_t from, uint16_t to, struct att_attribute *at)
{
    return from <= to && a->ops->next(a->ctx, from, at) && at->handle <= to;
}

/* ... of this type. */
static bool walk_type(struct att *a, uint32_t from, uint16_t to, const struct troth_uuid *type,
                      struct att_attribute *at)
{
    while (walk(a, from, to, at)) {
        if (att_uuid_equal(&at->type, type))
            return true;
        from = at->handle + 1u;
    }
    return false;
}

/* 3.4.2 */
static void exchange_mtu(struct att *a, struct in *in)
{
    uint16_t theirs = in_u16(in);
    struct out out = att_response(a, ATT_EXCHANGE_MTU_RSP);

    out_u16(&out, TROTH_ATT_MTU);
    att_respond(a, &out);
    att_mtu_set(a, theirs);
}

/* 3.4.3.1 */
static void find_information(struct att *a, struct in *in)
{
    struct att_attribute at;
    uint16_t from, to;
    uint8_t size = 0;

    if (!take_range(a, in, &from, &to))
        return;
    struct out out = att_response(a, ATT_FIND_INFORMATION_RSP);
    for (uint32_t h = from; walk(a, h, to, &at); h = at.handle + 1u) {
        if (!size) {
            size = at.type.len;
            out_u8(&out, size == 2 ? 1 : 2);
        }
        if (at.type.len != size || room(&out) < 2u + size)
            break;
        out_u16(&out, at.handle);
        out_bytes(&out, at.type.b, size);
    }
    found(a, &out, 1, from);
}

/* 3.4.3.3. Only values the server has by itself are compared: no read is worth asking for here. */
static void find_by_type_value(struct att *a, struct in *in)
{
    struct att_attribute at;
    struct att_value v;
    uint16_t from, to;

    if (!take_range(a, in, &from, &to))
        return;
    struct troth_uuid type = att_uuid(in_bytes(in, 2), 2);
    struct out out = att_response(a, ATT_FIND_BY_TYPE_VALUE_RSP);
    for (uint32_t h = from; room(&out) >= 4 && walk_type(a, h, to, &type, &at);
         h = at.handle + 1u) {
        if (a->ops->allows(a->ctx, at.handle, a->serving) ||
            !a->ops->value(a->ctx, at.handle, &v) || v.len != in->left ||
            memcmp(v.data, in->p, v.len) != 0)
            continue;
        out_u16(&out, at.handle);
        out_u16(&out, at.group_end ? at.group_end : at.handle);
    }
    found(a, &out, 1, from);
}

static void ask_read(struct att *a, uint16_t handle, uint16_t offset)
{
    struct att_access access = {.opcode = a->serving, .handle = handle, .offset = offset};

    a->handle = handle;
    a->ops->ask(a->ctx, &access);
}

/* 3.4.4.1: one entry's value is at most 253 octets. */
static uint16_t entry_value(const struct att *a, size_t len)
{
    return least(len, least(a->mtu - 4u, 253));
}

static void read_by_type(struct att *a, struct in *in)
{
    struct att_attribute at;
    struct att_value v;
    uint16_t from, to, size = 0;

    if (!take_range(a, in, &from, &to))
        return;
    struct troth_uuid type = att_uuid(in->p, in->left);
    struct out out = att_response(a, ATT_READ_BY_TYPE_RSP);
    for (uint32_t h = from; walk_type(a, h, to, &type, &at); h = at.handle + 1u) {
        bool first = out.len == 1;
        uint8_t error = a->ops->allows(a->ctx, at.handle, a->serving);

        if (first && error) {
            att_error(a, a->serving, at.handle, error);
            return;
        }
        if (error)
            break;
        if (!a->ops->value(a->ctx, at.handle, &v)) {
            if (!first) /* it begins the next response */
                break;
            ask_read(a, at.handle, 0);
            return;
        }
        uint16_t len = entry_value(a, v.len);
        if (first) {
            size = v.len;
            out_u8(&out, (uint8_t)(2 + len));
        }
        if (v.len != size || room(&out) < 2u + len)
            break;
        out_u16(&out, at.handle);
        out_bytes(&out, v.data, len);
    }
    found(a, &out, 1, from);
}

/* 3.4.4.9 */
static void read_by_group_type(struct att *a, struct in *in)
{
    struct att_attribute at;
    struct att_value v;
    uint16_t from, to, size = 0;

    if (!take_range(a, in, &from, &to))
        return;
    struct troth_uuid type = att_uuid(in->p, in->left);
    if (!att_uuid_is(&type, PRIMARY_SERVICE) && !att_uuid_is(&type, SECONDARY_SERVICE)) {
        att_error(a, a->serving, from, TROTH_ATT_UNSUPPORTED_GROUP_TYPE);
        return;
    }
    struct out out = att_response(a, ATT_READ_BY_GROUP_TYPE_RSP);
    for (uint32_t h = from; walk_type(a, h, to, &type, &at); h = at.handle + 1u) {
        if (!a->ops->value(a->ctx, at.handle, &v))
            continue;
        if (!size) {
            size = v.len;
            out_u8(&out, (uint8_t)(4 + size));
        }
        if (v.len != size || room(&out) < 4u + size)
            break;
        out_u16(&out, at.handle);
        out_u16(&out, at.group_end);
        out_bytes(&out, v.data, v.len);
    }
    found(a, &out, 1, from);
}

/* An attribute that exists and lets the request do its work; else the request is answered. */
static bool admit(struct att *a, uint16_t handle)
{
    struct att_attribute at;
    uint8_t error = TROTH_ATT_INVALID_HANDLE;

    if (handle && a->ops->next(a->ctx, handle, &at) && at.handle == handle)
        error = a->ops->allows(a->ctx, handle, a->serving);
    if (error)
        att_error(a, a->serving, handle, error);
    return !error;
}

static void respond_value(struct att *a, const uint8_t *value, size_t len)
{
    struct out out = att_response(a, a->serving + 1);
    out_bytes(&out, value, least(len, room(&out)));
    att_respond(a, &out);
}

/* 3.4.4.3 and, with an offset, 3.4.4.5 */
static void read_value(struct att *a, struct in *in)
{
    uint16_t handle = in_u16(in);
    uint16_t offset = a->serving == ATT_READ_BLOB_REQ ? in_u16(in) : 0;
    struct att_value v;

    if (!admit(a, handle))
        return;
    if (offset <= ATT_VALUE_MAX && !a->ops->value(a->ctx, handle, &v))
        ask_read(a, handle, offset);
    else if (offset > ATT_VALUE_MAX || offset > v.len)
        att_error(a, a->serving, handle, TROTH_ATT_INVALID_OFFSET);
    else
        respond_value(a, v.data + offset, v.len - offset);
}

/* 3.4.4.8, 3.4.4.12: false, no more fits. */
static bool multiple_put(struct att *a, const uint8_t *value, uint16_t len)
{
    struct out out = {a->response, a->mtu, a->filled, false};

    if (a->serving == ATT_READ_MULTIPLE_VARIABLE_REQ) {
        if (room(&out) < 2)
            return false;
        out_u16(&out, len);
    }
    out_bytes(&out, value, least(len, room(&out)));
    a->filled = (uint16_t)out.len;
    return room(&out) > 0;
}

static void multiple_go(struct att *a)
{
    struct att_value v;

    for (; a->multiple_at < a->multiple; a->multiple_at++) {
        uint16_t handle = a->multiple_handle[a->multiple_at];
        if (!a->ops->value(a->ctx, handle, &v)) {
            ask_read(a, handle, 0);
            return;
        }
        if (!multiple_put(a, v.data, v.len))
            break;
    }
    struct out out = {a->response, a->mtu, a->filled, false};
    att_respond(a, &out);
}

/* 3.4.4.7, 3.4.4.11. All are admitted before one is read. */
static void read_multiple(struct att *a, struct in *in)
{
    size_t count = in->left / 2;

    if (count > ATT_MULTIPLE) {
        att_error(a, a->serving, 0, TROTH_ATT_INSUFFICIENT_RESOURCES);
        return;
    }
    for (size_t i = 0; i < count; i++) {
        a->multiple_handle[i] = in_u16(in);
        if (!admit(a, a->multiple_handle[i]))
            return;
    }
    struct out out = att_response(a, a->serving + 1);
    a->filled = (uint16_t)out.len;
    a->multiple = (uint8_t)count;
    a->multiple_at = 0;
    multiple_go(a);
}

void att_server_request(struct att *a, const uint8_t *pdu, size_t len)
{
    struct in in = in_of(pdu, len);

    a->serving = in_u8(&in);
    switch (a->serving) {
    case ATT_EXCHANGE_MTU_REQ:
        exchange_mtu(a, &in);
        return;
    case ATT_FIND_INFORMATION_REQ:
        find_information(a, &in);
        return;
    case ATT_FIND_BY_TYPE_VALUE_REQ:
        find_by_type_value(a, &in);
        return;
    case ATT_READ_BY_TYPE_REQ:
        read_by_type(a, &in);
        return;
    case ATT_READ_BY_GROUP_TYPE_REQ:
        read_by_group_type(a, &in);
        return;
    case ATT_READ_REQ:
    case ATT_READ_BLOB_REQ:
        read_value(a, &in);
        return;
    case ATT_READ_MULTIPLE_REQ:
    case ATT_READ_MULTIPLE_VARIABLE_REQ:
        read_multiple(a, &in);
        return;
    case ATT_WRITE_REQ:
        if (admit(a, get_le16(in.p)))
            att_write_request(a, &in);
        return;
    case ATT_PREPARE_WRITE_REQ:
        if (admit(a, get_le16(in.p)))
            att_prepare(a, pdu, len);
        return;
    case ATT_EXECUTE_WRITE_REQ:
        att_execute(a, in_u8(&in));
        return;
    }
}

/* 3.4.5.3, 3.4.5.4. Nothing is ever answered. */
void att_server_command(struct att *a, const uint8_t *pdu, size_t len)
{
    if (pdu[0] == ATT_SIGNED_WRITE_CMD)
        a->ops->signed_write(a->ctx, pdu, len);
    else
        att_command(a, pdu, len);
}

void att_command(struct att *a, const uint8_t *pdu, size_t len)
{
    struct att_attribute at;
    uint16_t handle = get_le16(pdu + 1);

    if (a->dead || len - 3 > ATT_VALUE_MAX || !handle || !a->ops->next(a->ctx, handle, &at) ||
        at.handle != handle || a->ops->allows(a->ctx, handle, pdu[0]))
        return;
    a->ops->write(a->ctx, &(struct att_access){.opcode = pdu[0],
                                               .handle = handle,
                                               .data = pdu + 3,
                                               .len = (uint16_t)(len - 3)});
}

/* ---- the answers to ask_read, and to a write that answered ATT_LATER ---- */

static void read_done(struct att *a, const uint8_t *value, uint16_t len)
{
    struct out out;

    switch (a->serving) {
    case ATT_READ_BY_TYPE_REQ:
        len = entry_value(a, len);
        out = att_response(a, ATT_READ_BY_TYPE_RSP);
        out_u8(&out, (uint8_t)(2 + len));
        out_u16(&out, a->handle);
        out_bytes(&out, value, len);
        att_respond(a, &out);
        return;
    case ATT_READ_REQ:
    case ATT_READ_BLOB_REQ:
        respond_value(a, value, len);
        return;
    case ATT_READ_MULTIPLE_REQ:
    case ATT_READ_MULTIPLE_VARIABLE_REQ:
        a->multiple_at = multiple_put(a, value, len) ? a->multiple_at + 1 : a->multiple;
        multiple_go(a);
        return;
    }
}

void att_access_done(struct att *a, uint8_t error, const uint8_t *value, uint16_t len)
{
    if (a->dead || !a->serving)
        return;
    if (a->serving == ATT_WRITE_REQ || a->serving == ATT_EXECUTE_WRITE_REQ)
        att_write_done(a, error);
    else if (error)
        att_error(a, a->serving, a->handle, error);
    else
        read_done(a, value, len);
}
