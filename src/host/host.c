/* A host's entry points, and what happens between them: host_settle. */
#include "host/host.h"

static void gap_event(void *host, struct troth_event *e)
{
    host_emit(host, e);
}

void troth_host_init(struct troth_host *h, const struct troth_host_config *config)
{
    memset(h, 0, sizeof *h);
    h->config = *config;
    if (!h->config.name)
        h->config.name = "Troth";
    hci_init(&h->hci, config->send, config->ctx);
    gap_init(&h->gap, gap_event, host_random, h, &h->bonds);
    gatt_db_init(&h->db, h->config.name, h->config.appearance);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        h->link[i].bond = -1;
}

void host_random(void *host, uint8_t *out, size_t len)
{
    struct troth_host *h = host;
    h->config.random(h->config.ctx, out, len);
}

struct host_link *host_link_of(const struct troth_host *h, troth_link number)
{
    for (unsigned i = 0; number && i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used && h->link[i].number == number)
            return (struct host_link *)(uintptr_t)&h->link[i];
    return NULL;
}

struct host_link *host_link_of_handle(const struct troth_host *h, uint16_t handle)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used && h->link[i].handle == handle)
            return (struct host_link *)(uintptr_t)&h->link[i];
    return NULL;
}

/* ---- the controller comes and goes ---- */

static void end_one_link(struct troth_host *h, uint8_t status, bool *more)
{
    *more = true;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used) {
            host_link_end(&h->link[i], status);
            return;
        }
    *more = false;
}

static void fall(struct troth_host *h, uint8_t status)
{
    h->hci.state = HCI_DOWN;
    h->hci.open = 0;
    timer_stop(&h->hci.timer);
    h->ready = false;
    h->fall = status;
    gap_down(&h->gap, status);
}

void host_broken(struct troth_host *h, uint16_t opcode, uint8_t status)
{
    struct troth_event e = {.type = TROTH_EV_BROKEN};
    e.u.broken.hci_status = status;
    e.u.broken.opcode = opcode;
    host_emit(h, &e);
    fall(h, HCI_HARDWARE_FAILURE);
}

/* What we are called: the controller's public address, or a static random one of our own. */
static void identify(struct troth_host *h)
{
    struct troth_local *local = &h->config.local;
    bool need_static = !h->hci.has_public && !(local->static_addr.type == TROTH_ADDR_RANDOM &&
                                               bonds_identity_valid(&local->static_addr));
    bool need_irk = !local->present || host_privacy_needs_irk(h);
    if (need_irk)
        host_random(h, local->irk, sizeof local->irk);
    if (need_static) {
        uint8_t b[6];
        host_random(h, b, sizeof b);
        gap_static_address(&local->static_addr, b);
    }
    if (need_irk || need_static)
        h->store.local_due = true;
    local->present = true;
    h->identity = h->hci.has_public ? h->hci.public_addr : local->static_addr;
}

static void become_ready(struct troth_host *h)
{
    struct troth_event e = {.type = TROTH_EV_READY};
    h->ready = true;
    identify(h);
    host_privacy_up(h);
    gap_up(&h->gap, &h->identity);
    e.u.ready.identity = h->identity;
    e.u.ready.acl_len = h->hci.acl_len;
    e.u.ready.acl_count = h->hci.acl_count > 255 ? 255 : (uint8_t)h->hci.acl_count;
    e.u.ready.privacy = h->hci.resolving_size != 0;
    e.u.ready.own_addresses = troth_privacy(h);
    host_emit(h, &e);
}

/* One step of starting again or of falling; false: neither. */
static bool step_controller(struct troth_host *h)
{
    bool more;
    if (h->fall || h->start_due) {
        end_one_link(h, h->fall ? h->fall : HCI_LOCAL_HOST_ENDED, &more);
        if (more)
            return true;
        h->fall = 0;
        if (h->start_due) {
            h->start_due = false;
            h->ready = false;
            h->refusals = 0;
            gap_down(&h->gap, HCI_LOCAL_HOST_ENDED);
            if (!h->db.sealed)
                gatt_db_seal(&h->db);
            hci_start(&h->hci);
        }
        return true;
    }
    if (h->hci.state == HCI_UP && !h->ready) {
        become_ready(h);
        return true;
    }
    return hci_rise(&h->hci);
}

/* ---- between the entry points ---- */

static bool any_link(const struct troth_host *h)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used)
            return true;
    return false;
}

static bool next_command(struct troth_host *h, struct hci_command *c, troth_link *link)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].pending) {
            host_link_command(&h->link[i], c);
            *link = h->link[i].number;
            return true;
        }
    *link = TROTH_NO_LINK;
    if (h->refusals) {
        hci_put_disconnect(c, h->refuse[0], HCI_LOW_RESOURCES);
        host_refused(h, h->refuse[0]);
        return true;
    }
    h->gap.room = host_link_room(h);
    h->gap.linked = any_link(h);
    return gap_next(&h->gap, c);
}

static bool step_commands(struct troth_host *h)
{
    struct hci_command c;
    troth_link link;
    if (!h->ready || !hci_can_issue(&h->hci) || !next_command(h, &c, &link))
        return false;
    hci_issue(&h->hci, &c, link);
    wipe(&c, sizeof c);
    return true;
}

static bool step(struct troth_host *h)
{
    if (host_deliver(h) || step_controller(h))
        return true;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used && host_link_step(&h->link[i]))
            return true;
    return host_store_next(h) || step_commands(h) || host_pump(h);
}

void host_settle(struct troth_host *h)
{
    if (h->inside)
        return;
    h->inside = true;
    while (step(h))
        ;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used)
            smp_rest(&h->link[i].smp);
    h->inside = false;
}

/* ---- entry points ---- */

void troth_host_start(struct troth_host *h, troth_ms now)
{
    h->now = now;
    h->start_due = true;
    host_settle(h);
}

void troth_host_gone(struct troth_host *h, troth_ms now)
{
    ASSERT(!h->inside);
    h->now = now;
    fall(h, HCI_UNSPECIFIED_ERROR);
    host_settle(h);
}

int troth_host_rx(struct troth_host *h, const uint8_t *packet, size_t len, troth_ms now)
{
    ASSERT(!h->inside);
    h->now = now;
    int result = TROTH_INVALID;
    if (len && packet[0] == HCI_H4_EVENT)
        result = host_rx_event(h, packet + 1, len - 1);
    else if (len && packet[0] == HCI_H4_ACL)
        result = host_rx_acl(h, packet + 1, len - 1);
    host_settle(h);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        timer_settle(&h->link[i].smp.timer, now); /* saves a tick for each SMP packet */
    return result;
}

void troth_host_tick(struct troth_host *h, troth_ms now)
{
    ASSERT(!h->inside);
    h->now = now;
    if (timer_due(&h->hci.timer, now) && !hci_unanswered(&h->hci))
        host_broken(h, h->hci.open, HCI_OK);
    gap_tick(&h->gap, now);
    if (timer_due(&h->oob_timer, now))
        wipe(&h->own_oob, sizeof h->own_oob);
    host_settle(h);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        struct host_link *l = &h->link[i];
        if (!l->used)
            continue;
        smp_tick(&l->smp, now);
        host_settle(h);
        if (l->used)
            gatt_tick(&l->gatt, now);
        host_settle(h);
    }
}

troth_ms troth_host_deadline(const struct troth_host *h)
{
    troth_ms at = earlier(timer_deadline(&h->hci.timer), gap_deadline(&h->gap));
    at = earlier(at, timer_deadline(&h->oob_timer));
    at = earlier(at, host_attempts_deadline(h));
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (h->link[i].used)
            at = earlier(at,
                         earlier(smp_deadline(&h->link[i].smp), gatt_deadline(&h->link[i].gatt)));
    return at;
}
