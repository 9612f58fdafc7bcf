/*
 * Reassembly of fragments against a reassembler written anew, signalling, and the way out: what is
 * queued comes out whole, in order, in fragments that fit.
 */
#include "fuzz/fuzz.h"
#include "l2cap/l2cap.h"

static struct {
    uint8_t octets[70000];
    size_t len;
    bool open;
} model;

/* True: a PDU is complete in model.octets. */
static bool model_rx(bool first, const uint8_t *data, size_t len)
{
    if (first) {
        model.open = true;
        model.len = 0;
    }
    if (!model.open)
        return false;
    if (model.len + len > sizeof model.octets) {
        model.open = false;
        return false;
    }
    memcpy(model.octets + model.len, data, len);
    model.len += len;
    if (model.len < 4)
        return false;
    size_t want = 4u + get_le16(model.octets);
    if (model.len < want)
        return false;
    model.open = false;
    return model.len == want && want <= L2CAP_HEADER + L2CAP_MTU;
}

static struct hci hci;
static uint8_t air[2048];
static size_t air_len;

static void send(void *ctx, const uint8_t *packet, size_t len)
{
    (void)ctx;
    never(len < HCI_ACL_HEADER || packet[0] != HCI_H4_ACL, "not an ACL packet");
    size_t n = get_le16(packet + 3);
    never(n != len - HCI_ACL_HEADER, "an ACL packet's length is wrong");
    never(n > hci.acl_len, "a fragment is longer than the controller takes");
    never((get_le16(packet + 1) & 0xfff) != 0x40, "an ACL packet of another connection");
    bool first = (packet[2] & 0x30) == 0;
    never(first != (air_len == 0), "first and continuing fragments are mixed up");
    never(air_len + n > sizeof air, "more was sent than was queued");
    memcpy(air + air_len, packet + HCI_ACL_HEADER, n);
    air_len += n;
}

static const uint16_t slot_mtu[L2CAP_SLOTS] = {
    [L2CAP_SMP] = L2CAP_SMP_MTU,      [L2CAP_ATT_RESPONSE] = TROTH_ATT_MTU,
    [L2CAP_ATT_CONFIRMATION] = 1,     [L2CAP_ATT_REQUEST] = TROTH_ATT_MTU,
    [L2CAP_ATT_PUSH] = TROTH_ATT_MTU, [L2CAP_SIGNALLING] = L2CAP_SIGNAL_MTU,
};

static struct {
    uint8_t octets[TROTH_ATT_MTU];
    size_t len;
} queued[L2CAP_SLOTS];

static void flush_one(struct l2cap *l)
{
    enum l2cap_slot freed;
    if (!l2cap_fragment(l, &hci, 0, &freed) || freed == L2CAP_SLOTS)
        return;
    never(air_len < 4 || get_le16(air) != air_len - 4, "the PDU that left has a wrong length");
    if (queued[freed].len != SIZE_MAX)
        never(air_len - 4 != queued[freed].len ||
                  memcmp(air + 4, queued[freed].octets, queued[freed].len) != 0,
              "another PDU left than was queued");
    air_len = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct l2cap l;
    struct in in = in_of(data, size);
    l2cap_init(&l);
    memset(&model, 0, sizeof model.open);
    model.open = false;
    air_len = 0;
    hci_init(&hci, send, NULL);
    hci.acl_len = (uint16_t)(1 + in_u8(&in) % 64);
    hci.acl_count = (uint16_t)(1 + in_u8(&in) % 4);
    hci.state = HCI_UP;
    hci_acl_open(&hci, 0, 0x40);
    while (in.left) {
        uint8_t op = in_u8(&in);
        struct l2cap_pdu pdu;
        struct troth_conn_params params;
        size_t n = in_u8(&in);
        switch (op & 7) {
        default: { /* a fragment */
            uint8_t *p = take_exact(&in, &n);
            bool want = model_rx(op & 8, p, n), got = l2cap_rx(&l, op & 8, p, n, &pdu);
            free(p);
            never(want != got, "a PDU is complete, or not, unlike its octets");
            if (!got)
                break;
            never(pdu.cid != get_le16(model.octets + 2) || pdu.len != model.len - 4 ||
                      memcmp(pdu.data, model.octets + 4, pdu.len) != 0,
                  "the PDU is not what its fragments were");
            if (pdu.cid == L2CAP_CID_SIGNALLING) {
                bool was_free = l2cap_slot_free(&l, L2CAP_SIGNALLING);
                enum l2cap_signal r =
                    l2cap_signal_rx(&l, (enum troth_role)(op >> 4 & 1), pdu.data, pdu.len, &params);
                never(r == L2CAP_SIGNAL_UPDATE && !hci_params_sane(&params),
                      "parameters out of range were accepted");
                if (was_free && !l2cap_slot_free(&l, L2CAP_SIGNALLING))
                    queued[L2CAP_SIGNALLING].len = SIZE_MAX; /* its own answer */
            }
            break;
        }
        case 5: { /* a PDU out */
            enum l2cap_slot slot = (enum l2cap_slot)(op >> 4) % L2CAP_SLOTS;
            n %= slot_mtu[slot] + 1u;
            uint8_t *p = take_exact(&in, &n);
            bool was_free = l2cap_slot_free(&l, slot);
            bool taken = l2cap_queue(&l, slot, p, n);
            never(taken != was_free, "a slot that is taken took a PDU, or a free one did not");
            if (taken) {
                memcpy(queued[slot].octets, p, n);
                queued[slot].len = n;
            }
            free(p);
            break;
        }
        case 6:
            flush_one(&l);
            break;
        case 7:
            if (op & 8)
                hci_acl_completed(&hci, 0x40, (uint16_t)(n % 5));
            else if (n & 1)
                l2cap_smp_acked(&l, &hci, 0);
            else if (l2cap_ask_params(&l, &(struct troth_conn_params){24, 40, 0, 200}))
                queued[L2CAP_SIGNALLING].len = SIZE_MAX;
            break;
        }
    }
    for (unsigned i = 0; i < 2000 && l.queued; i++) {
        hci_acl_completed(&hci, 0x40, 1);
        flush_one(&l);
    }
    never(l.queued, "what was queued never leaves");
    return 0;
}
