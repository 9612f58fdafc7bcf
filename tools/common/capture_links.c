#include "common/capture_links.h"

#include "base/bytes.h"

#include <stdlib.h>
#include <string.h>

#define ADAPTERS 16
#define HANDLES  0x1000
#define PDU_KEPT 72 /* longer than any SMP PDU: the longest has 65 octets */

enum { CID_ATT = 4, CID_LE_SIGNALLING = 5, CID_SMP = 6 };

enum {
    EV_CONNECTION_COMPLETE = 0x03,
    EV_DISCONNECTED = 0x05,
    EV_ENCRYPTION_CHANGE = 0x08,
    EV_COMMAND_COMPLETE = 0x0e,
    EV_COMMAND_STATUS = 0x0f,
    EV_KEY_REFRESH = 0x30,
    EV_LE = 0x3e,
    EV_ENCRYPTION_CHANGE_V2 = 0x59,
    LE_CONNECTED = 0x01,
    LE_LTK_REQUEST = 0x05,
    LE_ENHANCED_CONNECTED = 0x0a,
    LE_ENHANCED_CONNECTED_V2 = 0x29,
};

enum {
    OP_DISCONNECT = 0x0406,
    OP_RESET = 0x0c03,
    OP_READ_BD_ADDR = 0x1009,
    OP_SET_RANDOM_ADDRESS = 0x2005,
    OP_SET_ADVERTISING = 0x2006,
    OP_CREATE_CONNECTION = 0x200d,
    OP_ENABLE_ENCRYPTION = 0x2019,
    OP_LTK_REPLY = 0x201a,
    OP_LTK_NEGATIVE = 0x201b,
    OP_SET_ADVERTISING_SET_ADDRESS = 0x2035,
    OP_SET_EXTENDED_ADVERTISING = 0x2036,
    OP_EXTENDED_CREATE_CONNECTION = 0x2043,
    OP_EXTENDED_CREATE_CONNECTION_V2 = 0x2085,
};

/* One direction's L2CAP PDU in the making. */
struct partial {
    bool running;
    size_t got;  /* octets that crossed, its header included */
    size_t have; /* of them kept, without a gap: what is in b */
    bool gap;
    uint8_t b[4 + PDU_KEPT];
};

struct link {
    struct capture_link link;
    struct partial partial[2]; /* by to_host */
};

struct adapter {
    uint16_t index;
    uint8_t public[6], random[6];
    bool have_public, have_random;
    uint8_t own_type[2]; /* by enum troth_role: as advertising and connecting were told */
    bool classic[HANDLES];
    struct link *links[HANDLES];
};

struct capture_links {
    capture_sink *sink;
    void *ctx;
    uint64_t seen, skipped;
    unsigned count;
    struct adapter *adapters[ADAPTERS];
    uint16_t enabling[ADAPTERS]; /* the handle Enable Encryption was last sent for */
    bool memory_gone;
};

/* ---- links ---- */

static struct adapter *adapter_of(struct capture_links *l, uint16_t index, unsigned *at)
{
    for (*at = 0; *at < l->count; ++*at)
        if (l->adapters[*at]->index == index)
            return l->adapters[*at];
    if (l->count == ADAPTERS) {
        l->skipped++;
        return NULL;
    }
    struct adapter *a = calloc(1, sizeof *a);
    if (!a) {
        l->memory_gone = true;
        return NULL;
    }
    a->index = index;
    l->adapters[l->count++] = a;
    return a;
}

static void tell(struct capture_links *l, struct link *k, const struct capture_packet *p,
                 struct capture_fact f)
{
    f.record = p->number;
    f.us = p->us;
    l->sink(l->ctx, &k->link, &f);
}

static void drop(struct adapter *a, uint16_t handle)
{
    struct link *k = a->links[handle];
    if (k)
        explicit_bzero(k->partial, sizeof k->partial);
    free(k);
    a->links[handle] = NULL;
    a->classic[handle] = false;
}

/* Ends what held the handle: a new connection has it now, or the controller was reset. */
static void replace(struct capture_links *l, struct adapter *a, uint16_t handle,
                    const struct capture_packet *p)
{
    if (a->links[handle])
        tell(l, a->links[handle], p, (struct capture_fact){.what = CAPTURE_RESET});
    drop(a, handle);
}

static struct link *new_link(struct capture_links *l, struct adapter *a, uint16_t handle,
                             const struct capture_packet *p)
{
    struct link *k = calloc(1, sizeof *k);
    if (!k) {
        l->memory_gone = true;
        return NULL;
    }
    k->link = (struct capture_link){.adapter = a->index, .handle = handle, .us = p->us};
    a->links[handle] = k;
    l->seen++;
    return k;
}

/* The link of a handle; with `make`, one that is older than the capture if there is none. */
static struct link *link_of(struct capture_links *l, struct adapter *a, uint16_t handle, bool make,
                            const struct capture_packet *p)
{
    handle &= HANDLES - 1;
    if (a->classic[handle])
        return NULL;
    if (a->links[handle] || !make)
        return a->links[handle];
    return new_link(l, a, handle, p);
}

static void learn_role(struct link *k, enum troth_role role)
{
    if (!k->link.know_role) {
        k->link.know_role = true;
        k->link.role = (uint8_t)role;
    }
}

/* ---- commands ---- */

static struct capture_address own_address(const struct adapter *a, enum troth_role role)
{
    struct capture_address own = {.type = a->own_type[role] & 1};
    own.known = own.type ? a->have_random : a->have_public;
    memcpy(own.b, own.type ? a->random : a->public, 6);
    return own;
}

static void take_random(struct adapter *a, struct in *in)
{
    in_copy(in, a->random, 6);
    a->have_random = !in->bad;
}

/* The octet at offset `at` of the parameters: which of its own addresses the host wants on air. */
static void take_own_type(struct adapter *a, enum troth_role role, struct in *in, size_t at)
{
    in_bytes(in, at);
    uint8_t type = in_u8(in);
    if (!in->bad)
        a->own_type[role] = type;
}

/* Which key: Random and EDIV of zero name that of Secure Connections (or an STK). */
static bool names_legacy_key(struct in *in)
{
    uint64_t random = in_u64(in);
    uint16_t ediv = in_u16(in);
    return random || ediv;
}

static void take_enable(struct capture_links *l, struct adapter *a, unsigned at, struct in *in,
                        const struct capture_packet *p)
{
    uint16_t handle = in_u16(in);
    bool legacy = names_legacy_key(in);
    struct link *k = in->bad ? NULL : link_of(l, a, handle, true, p);
    if (!k)
        return;
    l->enabling[at] = handle;
    learn_role(k, TROTH_CENTRAL);
    tell(l, k, p, (struct capture_fact){.what = CAPTURE_ENABLE, .by_host = true, .legacy = legacy});
}

static void take_ltk_answer(struct capture_links *l, struct adapter *a, struct in *in,
                            const struct capture_packet *p, enum capture_what what)
{
    struct link *k = link_of(l, a, in_u16(in), false, p);
    if (!k || in->bad)
        return;
    learn_role(k, TROTH_PERIPHERAL);
    tell(l, k, p, (struct capture_fact){.what = what, .by_host = true});
}

static void take_disconnect(struct capture_links *l, struct adapter *a, struct in *in,
                            const struct capture_packet *p)
{
    struct link *k = link_of(l, a, in_u16(in), false, p);
    uint8_t reason = in_u8(in);
    if (k && !in->bad)
        tell(l, k, p,
             (struct capture_fact){.what = CAPTURE_DISCONNECT, .by_host = true, .code = reason});
}

static void take_command(struct capture_links *l, struct adapter *a, unsigned at, struct in *in,
                         const struct capture_packet *p)
{
    uint16_t opcode = in_u16(in);
    in_u8(in);
    switch (opcode) {
    case OP_SET_RANDOM_ADDRESS:
        take_random(a, in);
        break;
    case OP_SET_ADVERTISING_SET_ADDRESS:
        in_u8(in);
        take_random(a, in);
        break;
    case OP_SET_ADVERTISING:
        take_own_type(a, TROTH_PERIPHERAL, in, 5);
        break;
    case OP_SET_EXTENDED_ADVERTISING:
        take_own_type(a, TROTH_PERIPHERAL, in, 10);
        break;
    case OP_CREATE_CONNECTION:
        take_own_type(a, TROTH_CENTRAL, in, 12);
        break;
    case OP_EXTENDED_CREATE_CONNECTION:
        take_own_type(a, TROTH_CENTRAL, in, 1);
        break;
    case OP_EXTENDED_CREATE_CONNECTION_V2:
        take_own_type(a, TROTH_CENTRAL, in, 3);
        break;
    case OP_ENABLE_ENCRYPTION:
        take_enable(l, a, at, in, p);
        break;
    case OP_LTK_REPLY:
        take_ltk_answer(l, a, in, p, CAPTURE_LTK_REPLY);
        break;
    case OP_LTK_NEGATIVE:
        take_ltk_answer(l, a, in, p, CAPTURE_LTK_NEGATIVE);
        break;
    case OP_DISCONNECT:
        take_disconnect(l, a, in, p);
        break;
    default:
        break;
    }
}

/* ---- events ---- */

/* Vol 4 Part E 7.7.65.1, .10 and .40 */
static void take_connected(struct capture_links *l, struct adapter *a, struct in *in, bool enhanced,
                           const struct capture_packet *p)
{
    static const uint8_t none[6];
    struct capture_address peer = {.known = true};
    uint8_t status = in_u8(in), local_rpa[6] = {0};
    uint16_t handle = in_u16(in) & (HANDLES - 1);
    uint8_t role = in_u8(in);
    peer.type = in_u8(in);
    in_copy(in, peer.b, 6);
    if (enhanced)
        in_copy(in, local_rpa, 6);
    if (in->bad || status || role > TROTH_PERIPHERAL)
        return;
    replace(l, a, handle, p);
    struct link *k = new_link(l, a, handle, p);
    if (!k)
        return;
    k->link.connected = true;
    k->link.peer = peer;
    learn_role(k, (enum troth_role)role);
    k->link.host = own_address(a, (enum troth_role)role);
    if (memcmp(local_rpa, none, 6) != 0) {
        k->link.host = (struct capture_address){.known = true, .type = 1};
        memcpy(k->link.host.b, local_rpa, 6);
    }
    tell(l, k, p, (struct capture_fact){.what = CAPTURE_CONNECTED});
}

static void take_le_event(struct capture_links *l, struct adapter *a, struct in *in,
                          const struct capture_packet *p)
{
    uint8_t sub = in_u8(in);
    if (sub == LE_CONNECTED || sub == LE_ENHANCED_CONNECTED || sub == LE_ENHANCED_CONNECTED_V2) {
        take_connected(l, a, in, sub != LE_CONNECTED, p);
    } else if (sub == LE_LTK_REQUEST) {
        uint16_t handle = in_u16(in);
        bool legacy = names_legacy_key(in);
        struct link *k = in->bad ? NULL : link_of(l, a, handle, true, p);
        if (!k)
            return;
        learn_role(k, TROTH_PERIPHERAL);
        tell(l, k, p, (struct capture_fact){.what = CAPTURE_LTK_REQUEST, .legacy = legacy});
    }
}

static void take_disconnected(struct capture_links *l, struct adapter *a, struct in *in,
                              const struct capture_packet *p)
{
    uint8_t status = in_u8(in);
    uint16_t handle = in_u16(in) & (HANDLES - 1);
    uint8_t reason = in_u8(in);
    if (in->bad || status)
        return;
    if (a->links[handle])
        tell(l, a->links[handle], p,
             (struct capture_fact){.what = CAPTURE_DISCONNECTED, .code = reason});
    drop(a, handle);
}

/* Encryption Change tells on or off; a refresh is on when it worked. */
static void take_encryption(struct capture_links *l, struct adapter *a, struct in *in, bool refresh,
                            const struct capture_packet *p)
{
    uint8_t status = in_u8(in);
    struct link *k = link_of(l, a, in_u16(in), false, p);
    bool on = refresh || in_u8(in);
    if (k && !in->bad)
        tell(l, k, p,
             (struct capture_fact){.what = CAPTURE_ENCRYPTION,
                                   .code = status,
                                   .on = on && !status,
                                   .refresh = refresh});
}

static void take_reset(struct capture_links *l, struct adapter *a, const struct capture_packet *p)
{
    for (unsigned handle = 0; handle < HANDLES; handle++)
        replace(l, a, (uint16_t)handle, p);
}

static void take_command_outcome(struct capture_links *l, struct adapter *a, unsigned at,
                                 struct in *in, bool complete, const struct capture_packet *p)
{
    uint8_t status = complete ? 0 : in_u8(in);
    in_u8(in);
    uint16_t opcode = in_u16(in);
    if (complete)
        status = in_u8(in);
    if (in->bad)
        return;
    if (opcode == OP_READ_BD_ADDR && !status && complete) {
        in_copy(in, a->public, 6);
        a->have_public = !in->bad;
    } else if (opcode == OP_RESET && !status) {
        take_reset(l, a, p);
    } else if (opcode == OP_ENABLE_ENCRYPTION && status) {
        struct link *k = link_of(l, a, l->enabling[at], false, p);
        if (k)
            tell(l, k, p, (struct capture_fact){.what = CAPTURE_ENABLE_REFUSED, .code = status});
    }
}

static void take_event(struct capture_links *l, struct adapter *a, unsigned at, struct in *in,
                       const struct capture_packet *p)
{
    uint8_t code = in_u8(in);
    in_u8(in);
    switch (code) {
    case EV_CONNECTION_COMPLETE: { /* BR/EDR: its handle is none of ours */
        uint8_t status = in_u8(in);
        uint16_t handle = in_u16(in) & (HANDLES - 1);
        if (in->bad || status)
            break;
        replace(l, a, handle, p);
        a->classic[handle] = true;
        break;
    }
    case EV_DISCONNECTED:
        take_disconnected(l, a, in, p);
        break;
    case EV_ENCRYPTION_CHANGE:
    case EV_ENCRYPTION_CHANGE_V2:
        take_encryption(l, a, in, false, p);
        break;
    case EV_KEY_REFRESH:
        take_encryption(l, a, in, true, p);
        break;
    case EV_COMMAND_COMPLETE:
    case EV_COMMAND_STATUS:
        take_command_outcome(l, a, at, in, code == EV_COMMAND_COMPLETE, p);
        break;
    case EV_LE:
        take_le_event(l, a, in, p);
        break;
    default:
        break;
    }
}

/* ---- data ---- */

static void add_octets(struct partial *r, const uint8_t *b, size_t have, size_t claimed)
{
    size_t room = sizeof r->b - r->have, n = have < room ? have : room;
    if (!r->gap && n) {
        memcpy(r->b + r->have, b, n);
        r->have += n;
    }
    r->got += claimed;
    r->gap |= have < claimed;
}

static void take_pdu(struct capture_links *l, struct link *k, struct partial *r, size_t len,
                     const struct capture_packet *p)
{
    uint16_t cid = get_le16(r->b + 2);
    const uint8_t *pdu = r->b + 4;
    size_t have = r->have - 4;
    if (have > len)
        have = len;
    struct capture_fact f = {.what = CAPTURE_SMP, .by_host = !p->to_host, .pdu = pdu, .len = len};
    f.have = have;
    f.lost = have < len && have < PDU_KEPT;
    if (cid == CID_SMP && len) {
        if (have && (pdu[0] == 0x01 || pdu[0] == 0x02 || pdu[0] == 0x0b)) {
            bool central = f.by_host == (pdu[0] == 0x01);
            learn_role(k, central ? TROTH_CENTRAL : TROTH_PERIPHERAL);
        }
        tell(l, k, p, f);
    } else if (cid == CID_ATT && len == 5 && have == 5 && pdu[0] == 0x01 &&
               (pdu[4] == 0x05 || pdu[4] == 0x0c || pdu[4] == 0x0f)) {
        f = (struct capture_fact){.what = CAPTURE_ATT_REFUSED};
        f.by_host = !p->to_host;
        f.code = pdu[4];
        tell(l, k, p, f);
    }
}

/* Vol 4 Part E 5.4.2 and Vol 3 Part A 3.1 */
static void take_acl(struct capture_links *l, struct adapter *a, struct in *in,
                     const struct capture_packet *p)
{
    uint16_t header = in_u16(in), claimed = in_u16(in);
    unsigned boundary = header >> 12 & 3;
    uint16_t handle = header & (HANDLES - 1);
    if (in->bad || a->classic[handle] || (!claimed && boundary == 1))
        return;
    size_t have = in->left < claimed ? in->left : claimed;
    /* Only an LE link's fixed channels make a link that is older than the capture. */
    uint16_t cid = boundary != 1 && have >= 4 ? get_le16(in->p + 2) : 0;
    struct link *k = link_of(l, a, handle, cid >= CID_ATT && cid <= CID_SMP, p);
    if (!k)
        return;
    struct partial *r = &k->partial[p->to_host];
    if (boundary != 1)
        *r = (struct partial){.running = true};
    else if (!r->running)
        return; /* its beginning was not captured */
    add_octets(r, in->p, have, claimed);
    if (r->have < 4) {
        r->running = !r->gap;
        return;
    }
    size_t len = get_le16(r->b);
    if (r->got < 4 + len)
        return;
    take_pdu(l, k, r, len, p);
    explicit_bzero(r, sizeof *r);
}

/* ---- the whole ---- */

struct capture_links *capture_links_new(capture_sink *sink, void *ctx)
{
    struct capture_links *l = calloc(1, sizeof *l);
    if (l) {
        l->sink = sink;
        l->ctx = ctx;
    }
    return l;
}

bool capture_links_packet(struct capture_links *l, const struct capture_packet *p)
{
    unsigned at;
    if (p->kind == CAPTURE_OTHER)
        return true;
    struct adapter *a = adapter_of(l, p->adapter, &at);
    struct in in = in_of(p->data, p->len);
    if (!a)
        return !l->memory_gone;
    switch (p->kind) {
    case CAPTURE_COMMAND:
        take_command(l, a, at, &in, p);
        break;
    case CAPTURE_EVENT:
        take_event(l, a, at, &in, p);
        break;
    case CAPTURE_ACL:
        take_acl(l, a, &in, p);
        break;
    case CAPTURE_ADAPTER:
        in_copy(&in, a->public, 6);
        a->have_public = !in.bad;
        break;
    case CAPTURE_OTHER:
        break;
    }
    return !l->memory_gone;
}

void capture_links_each(struct capture_links *l, void (*each)(void *ctx, struct capture_link *))
{
    for (unsigned i = 0; i < l->count; i++)
        for (unsigned handle = 0; handle < HANDLES; handle++)
            if (l->adapters[i]->links[handle])
                each(l->ctx, &l->adapters[i]->links[handle]->link);
}

uint64_t capture_links_seen(const struct capture_links *l)
{
    return l->seen;
}

uint64_t capture_links_skipped(const struct capture_links *l)
{
    return l->skipped;
}

void capture_links_free(struct capture_links *l)
{
    if (!l)
        return;
    for (unsigned i = 0; i < l->count; i++) {
        for (unsigned handle = 0; handle < HANDLES; handle++)
            drop(l->adapters[i], (uint16_t)handle);
        free(l->adapters[i]);
    }
    free(l);
}
