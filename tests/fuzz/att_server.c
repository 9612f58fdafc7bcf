/*
 * The ATT server under any client: every request gets exactly one answer unless the bearer dies,
 * and no octet of a protected value leaves on a link that may not read it.
 */
#include "crypto/toolbox.h"
#include "fuzz/gatt_link.h"

enum { PUBLIC = 1, SECRET, STRICT, LONG };

static const struct troth_characteristic characteristics[] = {
    {TROTH_UUID16(0xfe01), PUBLIC,
     TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_WRITE_COMMAND | TROTH_PROP_NOTIFY, TROTH_OPEN,
     TROTH_OPEN, TROTH_OPEN, 7, "public"},
    {TROTH_UUID16(0xfe02), SECRET, TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_INDICATE,
     TROTH_ENCRYPTED, TROTH_ENCRYPTED, TROTH_ENCRYPTED, 0, NULL},
    {TROTH_UUID16(0xfe03), STRICT, TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_NOTIFY,
     TROTH_AUTHENTICATED_SC, TROTH_AUTHENTICATED, TROTH_AUTHENTICATED, 16, "strict"},
    {TROTH_UUID16(0xfe04), LONG, TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_SIGNED_WRITE,
     TROTH_OPEN, TROTH_OPEN, TROTH_OPEN, 7, NULL},
};

/* Values that are found wherever they leave: no fragment of one is anything else. */
static const uint8_t canary_secret[8] = {0xc1, 0xd2, 0xe3, 0xf4, 0xa5, 0xb6, 0x97, 0x88};
static const uint8_t canary_strict[8] = {0x3c, 0x4d, 0x5e, 0x6f, 0x70, 0x81, 0x92, 0xa3};

static enum troth_gatt_status access(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    (void)a;
    return TROTH_GATT_FAILED;
}

static const struct troth_service table = {TROTH_UUID16(0xfe00), characteristics, 4, access, NULL};

static bool holds(const uint8_t *pdu, size_t len, const uint8_t canary[8])
{
    for (size_t i = 0; i + 4 <= len; i++)
        for (size_t k = 0; k + 4 <= 8; k++)
            if (!memcmp(pdu + i, canary + k, 4))
                return true;
    return false;
}

static unsigned owed; /* requests without an answer */
static bool answered; /* an answer is ready */

static void look(struct gatt_link *l, enum gatt_slot slot, const uint8_t *pdu, size_t len)
{
    if (slot == GATT_SLOT_RESPONSE) {
        never(!owed, "an answer nobody asked for");
        owed--;
    }
    if (answered) { /* before the level fell: it waited for its slot */
        answered = slot != GATT_SLOT_RESPONSE;
        return;
    }
    never(!l->level.key_size && holds(pdu, len, canary_secret),
          "an encrypted value left on a plain link");
    bool strict = l->level.key_size == 16 && l->level.mitm && l->level.sc;
    never(!strict && holds(pdu, len, canary_strict), "an authenticated value left");
}

/*
 * A Signed Write as the bonded peer signs it. Its first octet repeats the counter, so that one can
 * tell, when it is delivered, that it is the first time and that the store has the counter.
 */
static void signed_write(struct gatt_link *l, uint16_t handle, uint8_t counter, uint8_t n)
{
    uint8_t pdu[64] = {0xd2, (uint8_t)handle, (uint8_t)(handle >> 8), counter};
    size_t len = 4u + n % 32;
    toolbox_sign(l->csrk, pdu, len, counter, pdu + len);
    struct in in = in_of(pdu, len + 12);
    gatt_link_rx(l, &in, len + 12);
}

static int last_signed; /* the counter of the last that was delivered */

static void look_signed(struct gatt_link *l, const struct troth_gatt_access *a)
{
    if (a->id != LONG || l->level.key_size || !a->len)
        return; /* a Write Command on an encrypted link needs no signature */
    never(a->data[0] <= last_signed, "a signed write was delivered twice");
    never(a->data[0] >= l->kept[1], "a signed write was delivered before its counter was safe");
    last_signed = a->data[0];
}

/* Vol 3 Part F 3.3: whatever is no command, response, push or confirmation; unknown ones too. */
static bool is_request(uint8_t opcode)
{
    if (opcode & 0x40)
        return false;
    bool odd = opcode & 1;
    bool known_odd = odd && opcode <= 0x23 && opcode != 0x15 && opcode != 0x1f;
    return !known_odd && opcode != 0x1e;
}

static void complete(struct gatt_link *l, uint8_t how)
{
    static uint8_t value[TROTH_VALUE_MAX];
    if (!l->access_open)
        return;
    l->access_open = false;
    enum troth_gatt_status status = (how & 0x0f) < 10 ? TROTH_GATT_OK : how & 7;
    if (status == TROTH_GATT_LATER)
        status = TROTH_GATT_BUSY;
    const uint8_t *canary = l->access.id == SECRET ? canary_secret : canary_strict;
    uint16_t len = l->access.id == LONG ? (uint16_t)(how << 2) : (uint16_t)(how >> 4);
    for (unsigned i = 0; i < len && i < sizeof value; i++)
        value[i] = l->access.id == SECRET || l->access.id == STRICT ? canary[i % 8] : 0x11;
    if (l->access.write)
        gatt_access_done(&l->g, status, NULL, 0);
    else
        gatt_access_done(&l->g, status, value, len > TROTH_VALUE_MAX ? TROTH_VALUE_MAX : len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gatt_link l;
    static struct troth_gatt_service service;
    struct in in = in_of(data, size);
    if (holds(data, size, canary_secret) || holds(data, size, canary_strict))
        return 0; /* a client that writes it will see it echoed */
    service = (struct troth_gatt_service){.table = &table};
    gatt_link_open(&l, &service, 1);
    uint16_t signable = gatt_db_value_handle(&l.db, &service, LONG);
    l.look = look;
    l.look_command = look_signed;
    last_signed = -1;
    uint8_t world = in_u8(&in);
    l.has_bond = world & 1;
    l.policy.min_key_size = world & 2 ? 7 : 16;
    owed = 0;
    answered = false;
    bool by_hand = world & 4;
    while (in.left && !l.disconnects) {
        uint8_t op = in_u8(&in);
        switch (op) {
        default: { /* a PDU of that length */
            uint8_t opcode = in.left ? *in.p : 0;
            bool request = op && in.left && is_request(opcode);
            bool waits = owed;
            owed += request;
            gatt_link_rx(&l, &in, op % 0x80);
            never(request && waits && !l.disconnects, "a second request did not end the bearer");
            never(request && !waits && owed && !l.access_open && !l.full[GATT_SLOT_RESPONSE] &&
                      !l.disconnects && opcode != 0x00,
                  "a request has no answer and nothing is waited for");
            break;
        }
        case 0x80:
            complete(&l, in_u8(&in));
            break;
        case 0x81:
            gatt_link_level(&l, in_u8(&in));
            answered |= l.g.att.response_len > 0;
            gatt_secured(&l.g, l.level.key_size);
            if (l.level.bonded && l.has_bond)
                gatt_bonded(&l.g);
            break;
        case 0x82: {
            uint8_t slot = in_u8(&in);
            l.full[slot % GATT_SLOTS] = slot & 0x80;
            if (!(slot & 0x80))
                gatt_room(&l.g, (enum gatt_slot)(slot % GATT_SLOTS));
            break;
        }
        case 0x83: {
            uint8_t id = in_u8(&in) % 5, n = in_u8(&in);
            uint8_t value[256];
            for (unsigned i = 0; i < n; i++)
                value[i] = id == SECRET   ? canary_secret[i % 8]
                           : id == STRICT ? canary_strict[i % 8]
                                          : 0x22;
            gatt_notify(&l.g, &service, id, value, n);
            break;
        }
        case 0x84: {
            troth_ms ms = in_u8(&in);
            gatt_link_tick(&l, ms * ms * 10);
            break;
        }
        case 0x86: {
            uint8_t counter = in_u8(&in);
            signed_write(&l, signable, counter, in_u8(&in));
            break;
        }
        case 0x87:
            gatt_link_stored(&l, in_u8(&in) & 1);
            break;
        case 0x88:
            gatt_signed_write(&l.g, signable, data, in_u8(&in) % (size < 32 ? 1 : 32));
            break;
        case 0x85: /* the peer leaves and returns */
            gatt_disconnected(&l.g);
            l.access_open = false;
            l.level = (struct troth_level){0};
            owed = 0;
            answered = false;
            gatt_init(&l.g, l.g.env, &l, &l.db);
            break;
        }
        while (!by_hand && l.access_open)
            complete(&l, 0x40);
    }
    gatt_disconnected(&l.g);
    return 0;
}
