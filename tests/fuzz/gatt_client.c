/* The GATT client under any server: every procedure ends, once, and what it tells is in range. */
#include "fuzz/gatt_link.h"

static unsigned running; /* procedures begun and not done */

static void count(struct gatt_link *l, int result)
{
    if (result == TROTH_OK)
        running++;
    never(l->events[TROTH_EV_GATT_DONE] > running, "a procedure ended more than once");
}

static void procedure(struct gatt_link *l, struct in *in)
{
    struct troth_uuid uuid = TROTH_UUID16(0x180f);
    uint8_t what = in_u8(in);
    uint16_t handle = in_u16(in);
    size_t n = in_u8(in) * 2u;
    uint8_t *value;
    switch (what % 6) {
    case 0:
        count(l, gatt_exchange_mtu(&l->g));
        break;
    case 1:
        count(l, gatt_discover(&l->g, NULL));
        break;
    case 2:
        if (what & 0x80)
            uuid = (struct troth_uuid){16, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
        count(l, gatt_discover(&l->g, &uuid));
        break;
    case 3:
        count(l, gatt_read(&l->g, handle));
        break;
    default:
        value = take_exact(in, &n);
        if (what % 6 == 4)
            count(l, gatt_write(&l->g, handle, value, (uint16_t)n));
        else
            gatt_write_command(&l->g, handle, value, (uint16_t)n);
        free(value);
        break;
    }
}

/* What a server that means well answers to the last request; the fuzzer need not learn opcodes. */
static void respond(struct gatt_link *l, struct in *in, size_t n)
{
    uint8_t pdu[TROTH_ATT_MTU], request = l->last[GATT_SLOT_REQUEST][0];
    if (n > l->g.att.mtu - 1u)
        n = l->g.att.mtu - 1u;
    if (!l->sent[GATT_SLOT_REQUEST])
        return;
    size_t have = in->left < n ? in->left : n;
    pdu[0] = (uint8_t)(request + 1);
    in_copy(in, pdu + 1, have);
    /* A prepared write's echo, if the first octet says so. */
    if (request == 0x16 && have && (pdu[1] & 1)) {
        have = l->last_len[GATT_SLOT_REQUEST] - 1;
        memcpy(pdu + 1, l->last[GATT_SLOT_REQUEST] + 1, have);
    }
    struct in whole = in_of(pdu, have + 1);
    gatt_link_rx(l, &whole, have + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct gatt_link l;
    struct in in = in_of(data, size);
    gatt_link_open(&l, NULL, 0);
    uint8_t world = in_u8(&in);
    l.has_bond = world & 1;
    l.policy.min_key_size = 7;
    running = 0;
    while (in.left) {
        uint8_t op = in_u8(&in);
        unsigned raises = l.raises;
        if (op < 0x60)
            respond(&l, &in, op);
        else if (op < 0xa0)
            gatt_link_rx(&l, &in, op - 0x60);
        else if (op < 0xc0)
            procedure(&l, &in);
        else if (op < 0xc8) { /* an Error Response to what was asked */
            uint8_t e[5] = {0x01, l.last[GATT_SLOT_REQUEST][0], 0, 0, in_u8(&in)};
            put_le16(e + 2, in_u16(&in));
            if (op & 1)
                memcpy(e + 2, l.last[GATT_SLOT_REQUEST] + 1, 2);
            struct in whole = in_of(e, sizeof e);
            gatt_link_rx(&l, &whole, sizeof e);
        } else if (op < 0xd0) {
            gatt_link_level(&l, in_u8(&in));
            gatt_secured(&l.g, op & 1);
        } else if (op < 0xe0) {
            l.full[op % GATT_SLOTS] = op & 8;
            if (!(op & 8))
                gatt_room(&l.g, (enum gatt_slot)(op % GATT_SLOTS));
        } else if (op < 0xf0) {
            troth_ms ms = in_u8(&in);
            gatt_link_tick(&l, ms * ms * 10);
        }
        never(l.events[TROTH_EV_GATT_DONE] > running, "a procedure ended more than once");
        if (l.raises != raises && (world & 2))
            gatt_secured(&l.g, world & 4);
        never(l.events[TROTH_EV_GATT_DONE] < running && gatt_deadline(&l.g) == TROTH_NEVER &&
                  !l.g.client.unsent && !l.g.client.raising && !l.disconnects,
              "a procedure could wait for ever");
    }
    gatt_disconnected(&l.g);
    never(l.events[TROTH_EV_GATT_DONE] != running, "a procedure did not end with its link");
    return 0;
}
