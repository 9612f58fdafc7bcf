#include "faults/duo.h"

#include "air/air.h"
#include "air/internal.h"
#include "faults/person.h"
#include "host/host.h"
#include "smp/script.h"

#include <stdlib.h>
#include <string.h>

#define HORIZON_MS 150000
#define STEPS_MAX  4000

struct duo duo;

static enum air_verdict hook(void *ctx, struct air_crossing *x)
{
    return (enum air_verdict)duo_hook(ctx, x);
}

/* ---- a host's arrows ---- */

/* A Pairing Request that finds the responder idle begins a pairing; a Pairing Failed ends one. */
static void look_at(struct half *h, const uint8_t *h4, size_t len)
{
    const struct host_link *l = duo_link(h);
    if (!l || len <= 9 || h4[0] != 0x02 || get_le16(h4 + 7) != 0x0006)
        return;
    bool busy = l->smp.run.at != NULL;
    if (h4[9] == SMP_PAIRING_REQUEST && h->side == TROTH_RESPONDER && !busy)
        h->begun++;
    h->told = busy && h4[9] == SMP_FAILED;
}

static void to_host(void *ctx, const uint8_t *h4, size_t len)
{
    struct half *h = ctx;
    if (duo.packets++ == duo.fault.at && duo.fault.class > FAULT_LATE)
        duo_do(&duo.fault);
    look_at(h, h4, len);
    /* Exactly as long as it is, so that reading past its end is seen. */
    uint8_t *exact = malloc(len);
    if (!exact)
        abort();
    memcpy(exact, h4, len);
    troth_host_rx(&h->host, exact, len, duo.now);
    free(exact);
}

static void to_controller(void *ctx, const uint8_t *packet, size_t len)
{
    struct half *h = ctx;
    unsigned opcode = len >= 3 && packet[0] == 0x01 ? get_le16(packet + 1) : 0;
    if (opcode == 0x2019 || opcode == 0x201a) { /* LE Enable Encryption, LTK Request Reply */
        memcpy(h->key, packet + len - 16, 16);
        h->key_given = true;
    }
    if (air_rx(h->radio, packet, len, duo.now) != AIR_OK)
        duo.wrong = "the host sent its controller something malformed";
}

static void draw(void *ctx, uint8_t *out, size_t len)
{
    struct half *h = ctx;
    for (size_t i = 0; i < len; i++) {
        h->random ^= h->random << 13;
        h->random ^= h->random >> 7;
        h->random ^= h->random << 17;
        out[i] = (uint8_t)(h->random >> 32);
    }
}

static void event(void *ctx, const struct troth_event *e)
{
    struct half *h = ctx;
    switch (e->type) {
    case TROTH_EV_READY:
        h->identity = e->u.ready.identity;
        break;
    case TROTH_EV_BROKEN:
        duo.wrong = "a host gave up its controller";
        break;
    case TROTH_EV_CONNECTED:
        h->link = e->link;
        h->connected = true;
        break;
    case TROTH_EV_DISCONNECTED:
        h->connected = false;
        break;
    case TROTH_EV_PAIRING:
        memcpy(h->view.features, e->u.pairing.features, sizeof h->view.features);
        h->view.model = e->u.pairing.model;
        h->view.sc = e->u.pairing.sc;
        break;
    case TROTH_EV_PAIRING_FAILED:
        /* What the peer rejects afterwards was never finished. */
        if (h->paired && h->failed + h->paired == h->begun)
            h->paired--;
        h->failed++;
        break;
    case TROTH_EV_ENCRYPTED:
        if (e->u.encrypted.hci_status || !e->u.encrypted.level.key_size)
            break;
        h->encrypted++;
        h->encrypted_level = e->u.encrypted.level;
        h->encrypted_view = h->view;
        memcpy(h->encrypted_key, h->key, 16);
        break;
    case TROTH_EV_PAIRED:
        h->paired++;
        h->done.level = e->u.paired.level;
        h->done.model = e->u.paired.model;
        memcpy(h->done.distributed, e->u.paired.distributed, 2);
        h->done.stored = e->u.paired.stored;
        h->done.encrypted = troth_link_level(&h->host, h->link).key_size != 0;
        h->done.keys = *e->u.paired.keys;
        h->done.view = h->view;
        break;
    default:
        break;
    }
    person_event(h, e);
}

/* ---- time ---- */

struct host_link *duo_link(struct half *h)
{
    return host_link_of(&h->host, h->link);
}

/* What the controller makes of the host's connection. */
static bool air_encrypts(const struct half *h)
{
    for (const struct link *l = h->radio->air->links; l; l = l->next)
        for (int x = 0; x < 2; x++)
            if (l->end[x].c == h->radio && l->end[x].up)
                return l->end[x].tx_on && l->end[x].rx_on;
    return false;
}

static bool all_zero(const void *p, size_t n)
{
    const uint8_t *b = p;
    uint8_t any = 0;
    while (n--)
        any |= *b++;
    return !any;
}

/* What must be true at every step. */
static void watch(void)
{
    bool settled = air_deadline(duo.air) > duo.now; /* the hosts were told all there is to tell */
    for (unsigned x = 0; x < 2 && !duo.wrong; x++) {
        struct half *h = &duo.half[x];
        const struct host_link *l = duo_link(h);
        if (!l)
            continue;
        if (!l->smp.run.at && !all_zero(&l->smp.run, sizeof l->smp.run))
            duo.wrong = "an idle Security Manager remembers something of the pairing";
        if (settled && l->smp.level.key_size && !(duo.allows & ALLOW_BELIEVED) && !air_encrypts(h))
            duo.wrong = "a link that is not encrypted is taken for encrypted";
        if (!l->smp.level.key_size)
            continue;
        if (!h->key_given)
            duo.wrong = "a link is taken for encrypted for which no key was given";
    }
}

bool duo_step(void)
{
    if (duo.pairing_due) {
        duo.pairing_due = false;
        struct half *i = &duo.half[TROTH_INITIATOR];
        if (troth_pair(&i->host, i->link, NULL) == TROTH_OK)
            i->begun++;
        return true;
    }
    uint64_t next = air_deadline(duo.air);
    for (unsigned x = 0; x < 2; x++)
        next = earlier(
            next, earlier(troth_host_deadline(&duo.half[x].host), person_deadline(&duo.half[x])));
    if (next > duo.horizon)
        return false;
    if (next > duo.now)
        duo.now = next;
    air_tick(duo.air, duo.now);
    for (unsigned x = 0; x < 2; x++) {
        struct half *h = &duo.half[x];
        if (troth_host_deadline(&h->host) <= duo.now)
            troth_host_tick(&h->host, duo.now);
        person_looks(h);
    }
    watch();
    return true;
}

bool duo_rest(void)
{
    duo.horizon = duo.now + HORIZON_MS;
    for (unsigned n = 0; n < STEPS_MAX; n++)
        if (!duo_step())
            return true;
    return false;
}

bool duo_part(void)
{
    for (unsigned x = 0; x < 2; x++) {
        struct half *h = &duo.half[x];
        if (h->connected)
            troth_disconnect(&h->host, h->link, 0);
    }
    return duo_rest() && !duo.half[0].connected && !duo.half[1].connected;
}

void duo_forget_bonds(void)
{
    for (unsigned x = 0; x < 2; x++) {
        const struct troth_bond *b;
        for (unsigned n = 0; n < TROTH_MAX_BONDS && (b = troth_bonds_get(&duo.half[x].host, 0));
             n++) {
            struct troth_addr identity = b->keys.identity;
            troth_bonds_remove(&duo.half[x].host, &identity);
            duo_rest();
        }
    }
}

/* ---- beginning ---- */

static void host_on(struct half *h, uint8_t side)
{
    memset(h, 0, sizeof *h);
    h->side = side;
    h->random = 0x9e3779b97f4a7c15u + side;
    h->radio = air_attach(duo.air, NULL, to_host, h);
    struct troth_host_config config = {
        .send = to_controller,
        .event = event,
        .ask = person_ask,
        .random = draw,
        .ctx = h,
        .policy = {.features = TROTH_FEATURES_DEFAULT, .min_key_size = 7, .attempts = 255},
    };
    troth_host_init(&h->host, &config);
    troth_host_start(&h->host, duo.now);
}

void duo_on(void)
{
    struct air_config config = {.seed = 1, .hook = hook};
    memset(&duo, 0, sizeof duo);
    duo.now = 1;
    duo.air = air_new(&config);
    host_on(&duo.half[TROTH_INITIATOR], TROTH_INITIATOR);
    host_on(&duo.half[TROTH_RESPONDER], TROTH_RESPONDER);
    duo_rest();
}

/* Only until it is connected: what nobody waits for need not be simulated. */
static bool advertise(bool on)
{
    struct troth_advertising adv = {.on = on, .connectable = true};
    return troth_advertise(&duo.half[TROTH_RESPONDER].host, &adv) == TROTH_OK;
}

bool duo_connect(const struct flow *flow)
{
    struct half *i = &duo.half[TROTH_INITIATOR], *r = &duo.half[TROTH_RESPONDER];
    duo.flow = flow;
    duo.fault = (struct fault){0};
    duo.silence = 0;
    duo.allows = 0;
    duo.hit = false;
    for (unsigned x = 0; x < 2; x++) {
        struct half *h = &duo.half[x];
        struct troth_policy policy = h->host.config.policy;
        policy.features = flow->f[x];
        if (troth_set_policy(&h->host, &policy) != TROTH_OK)
            return false;
        person_begins(h);
        size_t from = offsetof(struct half, begun);
        memset((uint8_t *)h + from, 0, sizeof *h - from);
    }
    if (!advertise(true) || troth_connect(&i->host, &r->identity, 0) != TROTH_OK)
        return false;
    duo.horizon = duo.now + HORIZON_MS;
    for (unsigned n = 0; n < STEPS_MAX && !(i->connected && r->connected); n++)
        duo_step();
    if (!i->connected || !r->connected || !advertise(false) || !duo_rest())
        return false;
    duo.packets = duo.crossings = 0;
    duo.pairing_due = true;
    return true;
}
