#include "faults/person.h"

#include "crypto/toolbox.h"

#include <string.h>

#define BOTH_TYPE 314159 /* where neither side shows anything */

/* ---- P-256, remembered: pure functions ---- */

static const uint8_t private_keys[2][32] = {
    {0x5a, 0x31, 0x0c, 0xf2, 0x97, 0xd8, 0x46, 0x1b, 0xe3, 0x7f, 0x20,
     0x8d, 0xc9, 0x54, 0xab, 0x16, 0x72, 0x3e, 0xd0, 0x89, 0x65, 0xfb,
     0x1c, 0xa7, 0x04, 0xe8, 0x93, 0x5d, 0xbf, 0x28, 0x76, 0x3f},
    {0x17, 0xee, 0x62, 0x8b, 0x39, 0xc4, 0xd5, 0x70, 0x0a, 0x9f, 0xb3,
     0x4d, 0x21, 0xf6, 0x58, 0xac, 0x83, 0x1e, 0x97, 0x40, 0xdb, 0x6c,
     0x35, 0xe9, 0xba, 0x02, 0x7d, 0xc8, 0x14, 0xa1, 0x5f, 0x2b},
};

const uint8_t *person_private_key(uint8_t side)
{
    return private_keys[side];
}

static const uint8_t *public_key(uint8_t side)
{
    static uint8_t keys[2][64];
    static bool made[2];
    if (!made[side])
        made[side] = toolbox_public_key(private_keys[side], keys[side]);
    return made[side] ? keys[side] : NULL;
}

static const uint8_t *shared_key(const uint8_t private_key[32], const uint8_t peer[64])
{
    static struct {
        bool ok;
        uint8_t private_key[32], peer[64], dhkey[32];
    } known[64], *k;
    static unsigned count;
    for (unsigned i = 0; i < 64; i++) {
        k = &known[i];
        if (k->ok && !memcmp(k->private_key, private_key, 32) && !memcmp(k->peer, peer, 64))
            return k->dhkey;
    }
    k = &known[count++ % 64];
    memcpy(k->private_key, private_key, 32);
    memcpy(k->peer, peer, 64);
    k->ok = toolbox_dhkey(private_key, peer, k->dhkey);
    return k->ok ? k->dhkey : NULL;
}

/* ---- the person ---- */

void person_begins(struct half *h)
{
    h->typing = h->comparing = 0;
    h->shows = false;
    if (duo.flow->sc && duo.flow->f[!h->side].oob &&
        troth_oob_make(&h->host, &h->mine, duo.now) != TROTH_OK)
        duo.wrong = "no OOB data could be made";
    h->mine.have_tk = !duo.flow->sc;
    memset(h->mine.tk, 0x5c, sizeof h->mine.tk);
}

static void answer(struct half *h, uint32_t *ask, const struct troth_answer *a)
{
    uint32_t id = *ask;
    *ask = 0;
    if (troth_answer(&h->host, id, a) != TROTH_OK && !duo.wrong)
        duo.wrong = "an answer to an open ask was refused";
}

void person_looks(struct half *h)
{
    const struct half *other = &duo.half[!h->side];
    struct troth_answer a = {.ok = true};
    if (h->typing && (other->shows || duo.flow->model == TROTH_PASSKEY_BOTH_INPUT)) {
        a.u.passkey = other->shows ? other->shown : BOTH_TYPE;
        answer(h, &h->typing, &a);
    }
    if (h->comparing && other->shows) {
        a.ok = other->shown == h->compared;
        answer(h, &h->comparing, &a);
    }
    if (h->storing && duo.now >= h->stored_at) {
        a.ok = true;
        answer(h, &h->storing, &a);
    }
}

troth_ms person_deadline(const struct half *h)
{
    return h->storing ? h->stored_at : TROTH_NEVER;
}

static bool give_keypair(struct half *h, const struct troth_ask *q)
{
    struct troth_answer a = {.ok = true};
    uint32_t id = q->id;
    const uint8_t *public = public_key(h->side);
    if (!public)
        return false;
    memcpy(a.u.keypair.private_key, private_keys[h->side], 32);
    memcpy(a.u.keypair.public_key, public, 64);
    answer(h, &id, &a);
    return true;
}

static bool give_dhkey(struct half *h, const struct troth_ask *q)
{
    struct troth_answer a = {.ok = true};
    uint32_t id = q->id;
    const uint8_t *dhkey = shared_key(q->u.dhkey.private_key, q->u.dhkey.public_key);
    if (!dhkey)
        return false;
    memcpy(a.u.dhkey, dhkey, 32);
    memcpy(h->dhkey, dhkey, 32);
    h->have_dhkey = true;
    answer(h, &id, &a);
    return true;
}

static bool say(struct half *h, const struct troth_ask *q, struct troth_answer a)
{
    uint32_t id = q->id;
    a.ok = true;
    answer(h, &id, &a);
    return true;
}

/* What a person fetched may be of the wrong kind: a fault changed what is asked for. */
static bool give_oob(struct half *h, const struct troth_ask *q)
{
    struct troth_answer a = {.ok = true};
    a.u.oob = duo.half[!h->side].mine;
    return troth_answer(&h->host, q->id, &a) == TROTH_OK; /* else the default: no */
}

bool person_ask(void *half, const struct troth_ask *q)
{
    struct half *h = half;
    struct troth_answer a = {0};
    switch (q->type) {
    case TROTH_ASK_SECURITY_REQUEST:
        h->begun++;
        return false; /* the default pairs */
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_VALIDATE:
        a.u.features = duo.flow->f[h->side];
        return say(h, q, a);
    case TROTH_ASK_PASSKEY_DISPLAY:
        h->shows = true;
        h->shown = q->u.passkey.passkey;
        return true;
    case TROTH_ASK_PASSKEY_INPUT:
        h->typing = q->id;
        return true;
    case TROTH_ASK_COMPARE:
        h->shows = true;
        h->shown = h->compared = q->u.passkey.passkey;
        h->comparing = q->id;
        return true;
    case TROTH_ASK_OOB_DATA:
        return give_oob(h, q);
    case TROTH_ASK_KEYPAIR:
        return give_keypair(h, q);
    case TROTH_ASK_DHKEY:
        return give_dhkey(h, q);
    case TROTH_ASK_STORE: /* takes its time */
        h->storing = q->id;
        h->stored_at = duo.now + duo.store_ms;
        return true;
    default:
        return false; /* what nobody answers has its default */
    }
}

void person_event(struct half *h, const struct troth_event *e)
{
    /* The prompts close; each ask is withdrawn, or answered, or gone with its link. */
    if (e->type == TROTH_EV_PAIRING_FAILED || e->type == TROTH_EV_PAIRED ||
        e->type == TROTH_EV_DISCONNECTED) {
        h->typing = h->comparing = 0;
        h->shows = false;
    }
    if (e->type != TROTH_EV_WITHDRAWN)
        return;
    if (h->typing == e->u.ask_id)
        h->typing = 0;
    if (h->comparing == e->u.ask_id)
        h->comparing = 0;
}
