/* Encryption outside the charts: with a stored key, on request of either side. */
#include "bonds/bonds.h"
#include "smp/engine.h"

/* In legacy pairing a key is used while its distributor is the peripheral, 2.4.4.1. */
const struct troth_ltk *smp_bond_ltk(const struct smp *s, const struct troth_bond *b)
{
    if (!b)
        return NULL;
    uint8_t distributor =
        s->side == TROTH_INITIATOR ? (uint8_t)!b->keys.local_side : b->keys.local_side;
    const struct troth_ltk *k = &b->keys.ltk[b->keys.sc ? 0 : distributor];
    return k->present ? k : NULL;
}

static void event_level(struct smp *s, enum troth_event_type type, struct troth_level level)
{
    struct troth_event e = {.type = type};
    e.u.available = level;
    s->env->event(s->link, &e);
}

static void event_encrypted(struct smp *s, uint8_t hci_status)
{
    struct troth_event e = {.type = TROTH_EV_ENCRYPTED};
    e.u.encrypted.hci_status = hci_status;
    e.u.encrypted.level = s->level;
    s->env->event(s->link, &e);
}

/* The key at hand, and what it would give, whatever the policy thinks of it. NULL: there is none. */
static const struct troth_ltk *at_hand(const struct smp *s, struct troth_level *level)
{
    if (s->hand.present) {
        *level = s->hand_level;
        return &s->hand;
    }
    const struct troth_bond *b = s->env->bond(s->link);
    const struct troth_ltk *k = smp_bond_ltk(s, b);
    if (k)
        *level = bonds_level(&b->keys);
    return k;
}

struct troth_level smp_available(const struct smp *s)
{
    struct troth_level level;
    if (!at_hand(s, &level) || !smp_policy_takes(s->env->policy(s->link), &level))
        return (struct troth_level){0};
    return level;
}

int smp_set_ltk(struct smp *s, const uint8_t *ltk, uint8_t len, uint64_t rand, uint16_t ediv,
                bool mitm, bool sc)
{
    if (len < 7 || len > 16 || (sc && (rand || ediv)))
        return TROTH_INVALID;
    memset(&s->hand, 0, sizeof s->hand);
    memcpy(s->hand.key, ltk, len);
    s->hand.present = true;
    s->hand.rand = rand;
    s->hand.ediv = ediv;
    s->hand_level = (struct troth_level){len, mitm, sc, false};
    return TROTH_OK;
}

int smp_encrypt(struct smp *s)
{
    if (s->side != TROTH_INITIATOR)
        return TROTH_STATE;
    if (smp_busy(s) || s->encrypting)
        return TROTH_BUSY;
    struct troth_level level;
    const struct troth_ltk *k = at_hand(s, &level);
    if (!k)
        return TROTH_STATE;
    if (!smp_policy_takes(s->env->policy(s->link), &level)) {
        event_level(s, TROTH_EV_BOND_REFUSED, level);
        return TROTH_STATE;
    }
    s->encrypting = SMP_ENC_BOND;
    s->pending = level;
    s->env->encrypt(s->link, k->rand, k->ediv, k->key);
    return TROTH_OK;
}

int smp_security_request(struct smp *s, uint8_t auth_req)
{
    if (s->side != TROTH_RESPONDER || s->dead || s->leaving)
        return TROTH_STATE;
    if (smp_busy(s) || s->owed_reason)
        return TROTH_BUSY;
    const uint8_t known = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC | TROTH_AUTH_KEYPRESS;
    uint8_t pdu[2] = {SMP_SECURITY_REQUEST, auth_req & known};
    if (!s->env->send(s->link, pdu, sizeof pdu))
        return TROTH_BUSY;
    s->security_requested = true;
    timer_start(&s->timer, SMP_TIMEOUT_MS);
    return TROTH_OK;
}

static bool satisfies(const struct troth_level *level, uint8_t auth_req)
{
    return level->key_size && (level->mitm || !(auth_req & TROTH_AUTH_MITM)) &&
           (level->sc || !(auth_req & TROTH_AUTH_SC));
}

/* 2.4.6. It never removes a bond: anybody may send one (CVE-2025-62235). */
void smp_take_security_request(struct smp *s, uint8_t auth_req)
{
    struct troth_event e = {.type = TROTH_EV_SECURITY_REQUESTED};
    e.u.auth_req = auth_req;
    s->env->event(s->link, &e);

    if (s->encrypting || smp_asked(s, TROTH_ASK_SECURITY_REQUEST) || satisfies(&s->level, auth_req))
        return;
    struct troth_level level = smp_available(s);
    /* A bond made by legacy pairing is still the best we have to offer a peer that asks for SC. */
    bool bond_serves = satisfies(&level, auth_req & ~TROTH_AUTH_SC) && !s->level.key_size;
    if (bond_serves) {
        smp_encrypt(s);
        return;
    }
    if (s->env->policy(s->link)->refuse_pairing) {
        smp_send_failed(s, TROTH_SMP_PAIRING_NOT_SUPPORTED);
        return;
    }
    if (!s->env->admit(s->link)) {
        smp_send_failed(s, TROTH_SMP_REPEATED_ATTEMPTS);
        return;
    }
    struct troth_ask a = {.type = TROTH_ASK_SECURITY_REQUEST};
    a.u.pairing.side = TROTH_INITIATOR;
    a.u.pairing.features[TROTH_RESPONDER].auth_req = auth_req;
    a.u.pairing.bonded = s->env->bond(s->link) != NULL;
    smp_ask(s, &a);
}

/* ---- LTK requests, the peripheral's ---- */

static void reply(struct smp *s, enum smp_encrypting how, const struct troth_level *level,
                  const uint8_t key[16])
{
    s->encrypting = (uint8_t)how;
    s->pending = *level;
    s->env->ltk_reply(s->link, key);
}

static void refuse(struct smp *s)
{
    s->env->ltk_reply(s->link, NULL);
    event_encrypted(s, HCI_KEY_MISSING);
}

static void ltk_request_in_pairing(struct smp *s, uint64_t rand, uint16_t ediv)
{
    struct smp_run *r = &s->run;
    if (r->at->what == ENCRYPT && s->side == TROTH_RESPONDER && !(r->had & SMP_REPLIED) && !rand &&
        !ediv) {
        struct troth_level level = smp_run_level(s);
        r->had |= SMP_REPLIED;
        reply(s, SMP_ENC_PAIRING, &level, r->s.key);
        return;
    }
    /* No event follows a negative reply: the attempt ends here. */
    s->env->ltk_reply(s->link, NULL);
    smp_fail(s, TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
}

void smp_ltk_request(struct smp *s, uint64_t rand, uint16_t ediv)
{
    if (smp_busy(s)) {
        ltk_request_in_pairing(s, rand, ediv);
        return;
    }
    if (s->side != TROTH_RESPONDER) {
        s->env->ltk_reply(s->link, NULL);
        return;
    }
    if (s->security_requested) {
        s->security_requested = false;
        timer_stop(&s->timer);
    }
    const struct troth_bond *b = s->env->bond(s->link);
    const struct troth_ltk *k = smp_bond_ltk(s, b);
    struct troth_level level = {0};
    if (s->hand.present && s->hand.rand == rand && s->hand.ediv == ediv) {
        k = &s->hand;
        level = s->hand_level;
    } else if (k && k->rand == rand && k->ediv == ediv) {
        level = bonds_level(&b->keys);
    } else {
        refuse(s);
        return;
    }
    if (!smp_policy_takes(s->env->policy(s->link), &level)) {
        event_level(s, TROTH_EV_BOND_REFUSED, level);
        refuse(s);
        return;
    }
    reply(s, SMP_ENC_BOND, &level, k->key);
}

/* ---- outcomes ---- */

void smp_bond_lost(struct smp *s, uint8_t hci_status)
{
    if (hci_status != HCI_KEY_MISSING && hci_status != HCI_MIC_FAILURE)
        return;
    if (s->hand.present) /* it was not the bond's key */
        return;
    struct troth_event e = {.type = TROTH_EV_BOND_LOST};
    e.u.bond_lost.mismatch = hci_status == HCI_MIC_FAILURE;
    s->env->event(s->link, &e);
}

static void outcome_of_pairing(struct smp *s, uint8_t hci_status, bool on)
{
    if (!smp_busy(s))
        return;
    if (hci_status || !on) {
        smp_fail(s, TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
        return;
    }
    s->run.had |= SMP_HAD_ENCRYPTED;
    smp_proceed(s);
}

void smp_encryption_changed(struct smp *s, uint8_t hci_status, bool on)
{
    uint8_t how = s->encrypting;
    s->encrypting = SMP_ENC_NONE;
    if (!hci_status && on) {
        /* Only a key that we gave in this round protects anything (CVE-2024-5754). */
        if (how == SMP_ENC_NONE)
            return;
        s->level = s->pending;
    } else {
        s->level = (struct troth_level){0};
    }
    event_encrypted(s, hci_status);
    if (how == SMP_ENC_BOND && s->side == TROTH_INITIATOR)
        smp_bond_lost(s, hci_status);
    if (how == SMP_ENC_PAIRING)
        outcome_of_pairing(s, hci_status, on);
    else if (s->run.encrypted && !s->level.key_size)
        /* What protected the keys that were being distributed is gone. */
        smp_fail(s, TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
}

void smp_encryption_refused(struct smp *s, uint8_t hci_status)
{
    if (!s->encrypting)
        return;
    uint8_t how = s->encrypting;
    s->encrypting = SMP_ENC_NONE;
    event_encrypted(s, hci_status);
    if (how == SMP_ENC_PAIRING)
        outcome_of_pairing(s, hci_status, false);
}

void smp_unbonded(struct smp *s)
{
    s->level.bonded = s->pending.bonded = false;
}

void smp_stored(struct smp *s, bool ok)
{
    struct smp_run *r = &s->run;
    if (!smp_busy(s) || r->at->what != COMMIT || !r->entered)
        return;
    if (!ok) {
        uint8_t reason = smp_may_store(s);
        smp_fail(s, reason ? reason : TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
        return;
    }
    r->had |= SMP_HAD_STORED;
    smp_proceed(s);
}
