/* Packets in: to whom each belongs. The controller's are believed no more than the peer's. */
#include "host/host.h"

static void connected(struct troth_host *h, const struct hci_event *e)
{
    uint8_t status = e->u.connected.status;
    enum troth_role role = (enum troth_role)e->u.connected.role;
    if (!status && host_link_of_handle(h, e->u.connected.handle))
        return; /* no controller has it twice */
    gap_connection(&h->gap, role, status);
    if (!status)
        host_link_begin(h, e);
    gap_room(&h->gap, host_link_room(h));
}

static void encryption_changed(struct troth_host *h, const struct hci_event *e)
{
    struct host_link *l = host_link_of_handle(h, e->u.encryption.handle);
    if (!l)
        return;
    smp_encryption_changed(&l->smp, e->u.encryption.status, e->u.encryption.on);
    host_settle(h);
    if (l->used)
        host_link_release(l);
}

static void parameters_changed(struct troth_host *h, const struct hci_event *e)
{
    struct host_link *l = host_link_of_handle(h, e->u.updated.handle);
    if (!l)
        return;
    if (!e->u.updated.status) {
        l->interval = e->u.updated.interval;
        l->latency = e->u.updated.latency;
        l->timeout = e->u.updated.timeout;
    }
    struct troth_event out = {.type = TROTH_EV_PARAMETERS};
    out.u.parameters.hci_status = e->u.updated.status;
    out.u.parameters.interval = l->interval;
    out.u.parameters.latency = l->latency;
    out.u.parameters.timeout = l->timeout;
    host_emit_link(l, &out);
}

static void completed_packets(struct troth_host *h, const struct hci_event *e)
{
    for (unsigned i = 0; i < e->u.completed.count; i++) {
        const uint8_t *p = e->u.completed.entries + (size_t)4 * i;
        hci_acl_completed(&h->hci, get_le16(p), get_le16(p + 2));
    }
}

static void answered(struct troth_host *h, const struct hci_event *e)
{
    uint16_t opcode = e->u.command.opcode;
    troth_link number = h->hci.open_link;
    if (!hci_answered(&h->hci, e))
        return;
    if (h->hci.state == HCI_RISING) {
        if (!hci_rise_answer(&h->hci, e))
            host_broken(h, opcode, e->u.command.status);
    } else if (number) {
        struct host_link *l = host_link_of(h, number);
        if (l)
            host_link_answered(l, opcode, e->u.command.status);
    } else {
        gap_answered(&h->gap, opcode, e->u.command.status);
    }
}

int host_rx_event(struct troth_host *h, const uint8_t *p, size_t len)
{
    struct hci_event e;
    struct host_link *l;
    VERIFY(hci_take_event(p, len, &e), TROTH_INVALID);
    if (h->hci.state == HCI_DOWN || h->fall)
        return TROTH_OK;
    if (e.type == HCI_EV_COMMAND) {
        answered(h, &e);
        return TROTH_OK;
    }
    if (h->hci.state == HCI_RISING)
        return TROTH_OK; /* from before the Reset */

    switch (e.type) {
    case HCI_EV_HARDWARE_ERROR:
        host_broken(h, 0, HCI_HARDWARE_FAILURE);
        break;
    case HCI_EV_CONNECTED:
        connected(h, &e);
        break;
    case HCI_EV_DISCONNECTED:
        if (!e.u.disconnected.status)
            host_refused(h, e.u.disconnected.handle);
        l = host_link_of_handle(h, e.u.disconnected.handle);
        if (l && !e.u.disconnected.status)
            host_link_end(l, e.u.disconnected.reason);
        break;
    case HCI_EV_ENCRYPTION_CHANGED:
        encryption_changed(h, &e);
        break;
    case HCI_EV_LTK_REQUEST:
        l = host_link_of_handle(h, e.u.ltk_request.handle);
        if (l)
            smp_ltk_request(&l->smp, e.u.ltk_request.rand, e.u.ltk_request.ediv);
        break;
    case HCI_EV_COMPLETED_PACKETS:
        completed_packets(h, &e);
        break;
    case HCI_EV_UPDATED:
        parameters_changed(h, &e);
        break;
    case HCI_EV_PARAMETER_REQUEST:
        l = host_link_of_handle(h, e.u.parameter_request.handle);
        if (!l)
            break;
        l->reply = e.u.parameter_request.params;
        l->pending &= (uint8_t) ~(HOST_PARAMS_REPLY | HOST_PARAMS_NEGATIVE);
        l->pending |= hci_params_sane(&l->reply) ? HOST_PARAMS_REPLY : HOST_PARAMS_NEGATIVE;
        break;
    case HCI_EV_REPORTS: {
        struct hci_report r;
        while (hci_take_report(&e, &r)) {
            gap_report(&h->gap, &r);
            host_settle(h); /* one event may carry more reports than the ring has room for */
            if (h->hci.state != HCI_UP)
                break;
        }
        break;
    }
    default:
        break;
    }
    return TROTH_OK;
}

int host_rx_acl(struct troth_host *h, const uint8_t *p, size_t len)
{
    struct in in = in_of(p, len);
    uint16_t head = in_u16(&in);
    uint16_t dlen = in_u16(&in);
    VERIFY(!in.bad && in.left == dlen, TROTH_INVALID);
    uint8_t boundary = head >> 12 & 3;
    /* Point-to-point; a first fragment (00 some controllers say, 10 all should) or a continuing. */
    VERIFY(head >> 14 == 0 && boundary != 3, TROTH_INVALID);
    struct host_link *l = host_link_of_handle(h, head & 0x0fff);
    if (l && !h->fall)
        host_link_acl(l, boundary != 1, in.p, in.left);
    return TROTH_OK;
}
