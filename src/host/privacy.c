/* Whether our addresses are private, and who makes them. */
#include "host/host.h"

/* The supported commands it takes: Add and Remove Device, Enable, Timeout, Set Privacy Mode. */
static const struct {
    uint8_t octet, bit;
} list_commands[] = {{34, 3}, {34, 4}, {35, 1}, {35, 2}, {39, 2}};

/* Our own entry takes one place. A list that hears no identity addresses is none to us. */
static bool list_serves(const struct hci *x)
{
    bool all = x->resolving_size >= 2;
    for (unsigned i = 0; i < sizeof list_commands / sizeof list_commands[0]; i++)
        all = all && hci_supports(x, list_commands[i].octet, list_commands[i].bit);
    return all;
}

bool host_privacy_needs_irk(const struct troth_host *h)
{
    uint8_t any = 0;
    for (unsigned i = 0; i < sizeof h->config.local.irk; i++)
        any |= h->config.local.irk[i];
    return h->config.privacy && !any;
}

void host_privacy_up(struct troth_host *h)
{
    struct gap_privacy *p = &h->gap.privacy;
    uint16_t s = h->config.rpa_timeout_s;
    p->by = TROTH_PRIVACY_OFF;
    if (h->config.privacy)
        p->by = list_serves(&h->hci) ? TROTH_PRIVACY_CONTROLLER : TROTH_PRIVACY_HOST;
    p->list_size = h->hci.resolving_size;
    p->timeout_s = !s ? 900 : s > 3600 ? 3600 : s;
    p->irk = h->config.local.irk;
}

enum troth_privacy troth_privacy(const struct troth_host *h)
{
    return (enum troth_privacy)h->gap.privacy.by;
}
