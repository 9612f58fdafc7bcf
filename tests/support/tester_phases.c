#include "support/tester_bed.h"

/* ---- phase 1 ---- */

static uint8_t reported(enum troth_model model)
{
    switch (model) {
    case TROTH_JUST_WORKS:
        return M_JUST_WORKS;
    case TROTH_PASSKEY_INITIATOR_INPUTS:
        return M_PASSKEY_I;
    case TROTH_PASSKEY_RESPONDER_INPUTS:
        return M_PASSKEY_R;
    case TROTH_PASSKEY_BOTH_INPUT:
        return M_PASSKEY_BOTH;
    case TROTH_NUMERIC_COMPARISON:
        return M_COMPARE;
    case TROTH_OOB:
        return M_OOB;
    }
    return M_ANY;
}

static bool take_features(struct bed *b, uint8_t opcode)
{
    struct peer *p = &b->p;
    const struct feat *f = &b->iut;
    const uint8_t *body = peer_expect(p, opcode);
    if (!body)
        return false;
    uint8_t *pdu = p->feat[b->role], auth = f->auth, keys[2];
    for (int x = 0; x < 2; x++) /* from 6.3 SIGN is reserved */
        keys[x] = f->keys[x] & (b->core >= TROTH_CORE_6_3 ? (uint8_t)~SIGN : 0xff);
    pdu[0] = opcode;
    memcpy(pdu + 1, body, 6);
    assert_int_equal(pdu[1], f->io);
    assert_int_equal(pdu[2], f->oob);
    assert_int_equal(pdu[4], f->max_key);
    if (opcode == LT_RESPONSE) {
        const struct feat *o = &p->offer;
        bool sc = o->auth & auth & SC;
        /* From 6.2 MITM is not claimed where nothing can come of it. */
        if (b->core >= TROTH_CORE_6_2 && peer_method(o, f) == M_JUST_WORKS)
            auth &= (uint8_t)~MITM;
        for (int x = 0; x < 2; x++) {
            keys[x] &= o->keys[x];
            if (sc) { /* EncKey is ignored then, 3.6.1 */
                keys[x] &= (uint8_t)~ENC;
                assert_int_equal(pdu[5 + x] & ENC & ~o->keys[x], 0);
                pdu[5 + x] &= (uint8_t)~ENC;
            }
        }
    }
    assert_int_equal(pdu[3], auth); /* and so no reserved bit */
    assert_int_equal(pdu[5], keys[0]);
    assert_int_equal(pdu[6], keys[1]);
    memcpy(pdu + 1, body, 6); /* as it crossed */
    return true;
}

bool bed_request(struct bed *b)
{
    if (b->role == PER) {
        peer_send_features(&b->p, LT_REQUEST);
        return true;
    }
    /* It may have been sent on a Security Request. */
    if (!troth_is_pairing(&b->u.host, b->u.link))
        assert_int_equal(troth_pair(&b->u.host, b->u.link, NULL), TROTH_OK);
    return take_features(b, LT_REQUEST);
}

bool bed_features(struct bed *b)
{
    struct peer *p = &b->p;
    if (!bed_request(b))
        return false;
    if (b->role == CEN) {
        struct feat own = p->offer;
        for (int x = 0; x < 2; x++)
            p->offer.keys[x] &= p->feat[CEN][5 + x];
        peer_send_features(p, LT_RESPONSE);
        p->offer = own;
    } else if (!take_features(b, LT_RESPONSE)) {
        return false;
    }
    peer_combine(p);
    if (b->method != M_ANY)
        assert_int_equal(p->method, b->method);
    if (peer_refused(p))
        return false;
    assert_int_equal(b->u.told[TROTH_EV_PAIRING], 1);
    const struct troth_event *e = &b->u.last[TROTH_EV_PAIRING];
    assert_int_equal(reported(e->u.pairing.model), p->method);
    assert_int_equal(e->u.pairing.sc, p->sc);
    return true;
}

/* ---- phase 2 ---- */

bool bed_public_keys(struct bed *b)
{
    return peer_public_key(&b->p, CEN) && peer_public_key(&b->p, PER);
}

static void keypresses(struct bed *b)
{
    struct peer *p = &b->p;
    static const uint8_t seen[] = {0, 1, 2, 1, 3, 1, 4}; /* start, digits, erased, cleared, done */
    bool both = p->feat[CEN][3] & p->feat[PER][3] & KEYPRESS;
    bool types =
        p->method == M_PASSKEY_BOTH || p->method == (b->role == CEN ? M_PASSKEY_I : M_PASSKEY_R);
    for (unsigned i = 0; both && i < sizeof seen; i++) {
        b->u.told[TROTH_EV_KEYPRESS] = 0;
        peer_send(p, LT_KEYPRESS, &seen[i], 1);
        assert_int_equal(b->u.told[TROTH_EV_KEYPRESS], 1);
        assert_int_equal(b->u.last[TROTH_EV_KEYPRESS].u.keypress, seen[i]);
    }
    for (unsigned i = 0; types && i < sizeof seen; i++) {
        int result = troth_keypress(&b->u.host, b->u.link, seen[i]);
        assert_int_equal(result, both ? TROTH_OK : TROTH_STATE);
        if (both)
            assert_int_equal(*peer_expect(p, LT_KEYPRESS), seen[i]);
    }
    if (!both && types)
        peer_silent(p);
}

static void give_oob(struct bed *b)
{
    struct peer *p = &b->p;
    struct troth_answer a = {.ok = true};
    if (!p->sc) {
        memcpy(p->tk, p->oob_tk, 16);
        a.u.oob.have_tk = true;
        memcpy(a.u.oob.tk, p->tk, 16);
        if (b->other_oob)
            a.u.oob.tk[7] ^= 0x80;
    } else {
        a.u.oob.have_sc = true;
        memcpy(a.u.oob.random, p->oob_random[p->me], 16);
        memcpy(a.u.oob.confirm, p->oob_confirm[p->me], 16);
        if (b->other_oob) {
            a.u.oob.random[3] ^= 0x01; /* data of some other device: both values differ */
            a.u.oob.confirm[3] ^= 0x01;
        }
    }
    upper_say(&b->u, TROTH_ASK_OOB_DATA, &a);
}

void bed_secret(struct bed *b)
{
    struct peer *p = &b->p;
    struct upper *u = &b->u;
    lower_run(&p->l);
    if (p->method == M_OOB) {
        if (!p->sc || b->iut.oob)
            give_oob(b);
        return;
    }
    if (!peer_is_passkey(p->method))
        return;
    bool shows = p->method == (b->role == CEN ? M_PASSKEY_R : M_PASSKEY_I);
    if (b->keypresses)
        keypresses(b);
    if (shows) {
        assert_int_equal(u->asked[TROTH_ASK_PASSKEY_DISPLAY], 1);
        assert_int_equal(u->asked[TROTH_ASK_PASSKEY_INPUT], 0);
        assert_in_range(u->shown, 0, 999999);
        p->passkey = u->shown;
    } else {
        assert_int_equal(u->asked[TROTH_ASK_PASSKEY_DISPLAY], 0);
        upper_type(u, p->passkey);
    }
    if (p->harm == WRONG_PASSKEY)
        p->passkey ^= 1u << p->harm_round; /* it need not be a number of six digits */
    if (!p->sc)
        for (int i = 0; i < 4; i++)
            p->tk[i] = (uint8_t)(p->passkey >> (8 * i));
}

/* Commitments and what opens them, each side in turn. */
static bool one_round(struct bed *b)
{
    struct peer *p = &b->p;
    bool both = !p->sc || peer_is_passkey(p->method), one = p->method != M_OOB;
    if (both && !peer_confirm(p, CEN))
        return false;
    if ((both || one) && !peer_confirm(p, PER))
        return false;
    if (!peer_random(p, CEN) || !peer_random(p, PER))
        return false;
    if (p->round <= 1)
        memcpy(b->sent_random, p->nonce[b->role], 16);
    return !peer_refused(p);
}

static void compare(struct bed *b)
{
    struct troth_answer yes = {.ok = true};
    lower_run(&b->p.l);
    if (b->p.method != M_COMPARE) {
        assert_int_equal(b->u.asked[TROTH_ASK_COMPARE], 0);
        return;
    }
    assert_int_equal(b->u.asked[TROTH_ASK_COMPARE], 1);
    assert_int_equal(b->u.ask[TROTH_ASK_COMPARE].u.passkey.passkey, peer_number(&b->p));
    peer_silent(&b->p); /* nothing before the person has answered */
    upper_say(&b->u, TROTH_ASK_COMPARE, &yes);
}

bool bed_authenticate(struct bed *b)
{
    struct peer *p = &b->p;
    if (p->sc && !bed_public_keys(b))
        return false;
    if (peer_refused(p))
        return false;
    bed_secret(b);
    unsigned rounds = p->sc && peer_is_passkey(p->method) ? 20 : 1;
    for (unsigned i = 0; i < rounds; i++)
        if (!one_round(b))
            return false;
    peer_make_key(p);
    if (p->sc) {
        compare(b);
        if (!peer_dhkey_check(p, CEN) || !peer_dhkey_check(p, PER))
            return false;
    }
    return true;
}

void bed_encrypt(struct bed *b)
{
    static const uint8_t zero[8] = {0};
    struct lower *l = &b->p.l;
    lower_run(l);
    if (b->role == CEN) {
        assert_int_equal(l->starts, 1);
        assert_memory_equal(l->start_rand, zero, 8);
        assert_memory_equal(l->start_ediv, zero, 2);
        assert_memory_equal(l->start_key, b->p.key, 16);
    } else {
        assert_int_equal(l->replies, 0);
        lower_ltk_request(l, zero, zero);
        assert_int_equal(l->replies, 1);
        assert_memory_equal(l->reply_key, b->p.key, 16);
    }
    assert_int_equal(l->negatives, 0);
    lower_encrypted(l);
    assert_int_equal(b->u.told[TROTH_EV_ENCRYPTED], 1);
    assert_int_equal(b->u.last[TROTH_EV_ENCRYPTED].u.encrypted.hci_status, 0);
}

/* ---- phase 3 ---- */

void bed_keys(struct bed *b)
{
    peer_keys(&b->p, PER);
    peer_keys(&b->p, CEN);
    peer_silent(&b->p);
}

static void check_keys(const struct bed *b)
{
    const struct peer *p = &b->p;
    const struct troth_bond_keys *k = &b->u.keys;
    const struct lt_keys *theirs = &p->keys[p->me];
    assert_int_equal(k->has_irk, (p->dist[p->me] & ID) != 0);
    if (k->has_irk) {
        assert_memory_equal(k->irk, theirs->irk, 16);
        assert_int_equal(k->identity.type, theirs->identity[0]);
        assert_memory_equal(k->identity.b, theirs->identity + 1, 6);
    }
    for (int x = 0; x < 2; x++) {
        bool ours = x == (int)b->role;
        assert_int_equal(k->has_csrk[!ours], (p->dist[x] & SIGN) != 0);
        if (p->dist[x] & SIGN)
            assert_memory_equal(k->csrk[!ours], p->keys[x].csrk, 16);
        if (p->sc)
            continue;
        assert_int_equal(k->ltk[x].present, (p->dist[x] & ENC) != 0);
        if (p->dist[x] & ENC)
            assert_memory_equal(k->ltk[x].key, p->keys[x].ltk, 16);
    }
    if (p->sc)
        assert_memory_equal(k->ltk[0].key, p->key, 16);
}

void bed_paired(struct bed *b)
{
    const struct peer *p = &b->p;
    bool bonding = p->feat[CEN][3] & p->feat[PER][3] & BOND;
    assert_null(p->l.wrong);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 0);
    assert_int_equal(b->u.told[TROTH_EV_PAIRED], 1);
    const struct troth_event *e = &b->u.last[TROTH_EV_PAIRED];
    struct troth_level now = troth_link_level(&b->u.host, b->u.link);
    assert_int_equal(e->u.paired.level.sc, p->sc);
    assert_int_equal(e->u.paired.level.mitm, p->method != M_JUST_WORKS);
    assert_int_equal(e->u.paired.level.key_size, p->key_size);
    assert_int_equal(reported(e->u.paired.model), p->method);
    assert_int_equal(e->u.paired.stored, bonding);
    assert_int_equal(upper_bonds(&b->u), bonding);
    assert_int_equal(now.key_size, p->key_size);
    assert_int_equal(now.mitm, p->method != M_JUST_WORKS);
    assert_int_equal(now.sc, p->sc);
    check_keys(b);
}

void bed_pair(struct bed *b)
{
    bool may_fail = b->p.may_fail;
    b->p.may_fail = false;
    assert_true(bed_features(b));
    assert_true(bed_authenticate(b));
    bed_encrypt(b);
    bed_keys(b);
    bed_paired(b);
    b->p.may_fail = may_fail;
}

void bed_encrypt_bonded(struct bed *b)
{
    static const uint8_t zero[8] = {0};
    struct lower *l = &b->p.l;
    /* Legacy: the key that the peripheral of this link distributed, 2.4.4.1. */
    const struct lt_keys *k = &b->p.keys[PER];
    const uint8_t *key = b->p.sc ? b->p.key : k->ltk;
    const uint8_t *rand = b->p.sc ? zero : k->rand, *ediv = b->p.sc ? zero : k->ediv;
    unsigned before = b->u.told[TROTH_EV_ENCRYPTED];
    if (b->role == CEN) {
        lower_run(l);
        if (!l->starts)
            assert_int_equal(troth_encrypt(&b->u.host, b->u.link), TROTH_OK);
        lower_run(l);
        assert_int_equal(l->starts, 1);
        assert_memory_equal(l->start_rand, rand, 8);
        assert_memory_equal(l->start_ediv, ediv, 2);
        assert_memory_equal(l->start_key, key, 16);
    } else {
        unsigned replies = l->replies;
        lower_ltk_request(l, rand, ediv);
        assert_int_equal(l->replies, replies + 1);
        assert_memory_equal(l->reply_key, key, 16);
    }
    assert_int_equal(l->negatives, 0);
    lower_encrypted(l);
    assert_int_equal(b->u.told[TROTH_EV_ENCRYPTED], before + 1);
    assert_int_equal(b->u.last[TROTH_EV_ENCRYPTED].u.encrypted.hci_status, 0);
    assert_int_equal(troth_link_level(&b->u.host, b->u.link).key_size, b->p.key_size);
}
