#include "base/bytes.h"
#include "base/check.h"
#include "base/wipe.h"
#include "hci/hci.h"

void hci_init(struct hci *x, void (*send)(void *ctx, const uint8_t *packet, size_t len), void *ctx)
{
    memset(x, 0, sizeof *x);
    x->send = send;
    x->ctx = ctx;
}

bool hci_can_issue(const struct hci *x)
{
    return !x->open && x->credits;
}

void hci_issue(struct hci *x, const struct hci_command *c, troth_link link)
{
    ASSERT(hci_can_issue(x) && c->len <= sizeof c->p);
    uint8_t packet[4 + sizeof c->p];
    packet[0] = HCI_H4_COMMAND;
    put_le16(packet + 1, c->opcode);
    packet[3] = c->len;
    memcpy(packet + 4, c->p, c->len);
    x->open = c->opcode;
    x->open_link = link;
    x->credits--;
    timer_start(&x->timer, c->opcode == HCI_RESET ? HCI_RESET_TIMEOUT_MS : HCI_COMMAND_TIMEOUT_MS);
    x->send(x->ctx, packet, 4u + c->len);
    wipe(packet, sizeof packet); /* some carry keys */
}

/* Whose Command Status is the answer, Vol 4 Part E 7: another event tells the outcome. */
static bool ends_in_status(uint16_t opcode)
{
    return opcode == HCI_DISCONNECT || opcode == HCI_LE_CREATE_CONNECTION ||
           opcode == HCI_LE_CONNECTION_UPDATE || opcode == HCI_LE_ENABLE_ENCRYPTION;
}

bool hci_answered(struct hci *x, const struct hci_event *e)
{
    bool answer = x->open && e->u.command.opcode == x->open;
    /* Of the others one that says "pending" promises a Command Complete. */
    if (!e->u.command.complete && !e->u.command.status && !ends_in_status(x->open))
        answer = false;
    x->credits = e->u.command.credits;
    if (answer)
        x->open = 0;
    if (!x->open) {
        timer_stop(&x->timer);
        if (!x->credits)
            timer_start(&x->timer, HCI_CREDIT_TIMEOUT_MS);
    }
    return answer;
}
