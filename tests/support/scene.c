#include "support/tester.h"

#include "support/tester_crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static void fresh_tester(struct scene *s, enum troth_side side)
{
    static const uint8_t tk[16] = {0xc4, 0x1f, 0x7a, 0x90, 0x3e, 0x65, 0xb2, 0x08,
                                   0xd7, 0x4c, 0x81, 0xfb, 0x26, 0x59, 0xea, 0x13};
    struct tester *t = &s->t;
    const struct flow *f = s->flow;
    struct smp_bench *b = &s->b;
    tester_init(t, f, side, b->addr);
    tc_public_key(tester_private[0], s->own_public);
    smp_bench_secret(b, t->ltk[t->side], 16);
    smp_bench_secret(b, t->irk[t->side], 16);
    smp_bench_secret(b, t->csrk[t->side], 16);
    if (f->model == TROTH_OOB && !f->sc) {
        memcpy(t->tk, tk, 16);
        smp_bench_secret(b, tk, 16);
    }
    if (f->sc && f->f[t->side].oob == 1) {
        struct smp_own_oob *own = &b->own_oob;
        own->pinned = true;
        for (int i = 0; i < 32; i++)
            own->private_key[i] = (uint8_t)(tester_private[0][i] ^ 0x11);
        tc_public_key(own->private_key, own->public_key);
        memcpy(s->own_public, own->public_key, 64);
        tester_draw(t, own->random, 16);
        memcpy(t->r[side], own->random, 16);
        smp_bench_secret(b, own->private_key, 32);
        smp_bench_secret(b, own->random, 16);
    }
}

void scene_init(struct scene *s, const struct flow *flow, enum troth_side side,
                const struct troth_policy *policy)
{
    static const struct troth_addr addr[2] = {
        {TROTH_ADDR_RANDOM, {0x01, 0x34, 0x9c, 0x5e, 0x77, 0xc8}},
        {TROTH_ADDR_PUBLIC, {0x5a, 0x21, 0xee, 0x08, 0x70, 0x00}},
    };
    struct troth_policy p = {.min_key_size = 7};
    if (policy)
        p = *policy;
    else
        p.features = flow->f[side];
    memset(s, 0, sizeof *s);
    s->flow = flow;
    s->alter_row = CHART_MAX;
    smp_bench_init(&s->b, side, &p, addr);
    fresh_tester(s, side);
}

void scene_again(struct scene *s, const struct flow *flow)
{
    s->flow = flow;
    s->step = 0;
    s->started = s->ltk_asked = s->encrypted = s->stored = false;
    s->commits_seen = s->acks = 0;
    s->alter_row = CHART_MAX;
    s->b.policy.features = flow->f[s->b.side];
    s->b.secrets = 0;
    memset(&s->b.own_oob, 0, sizeof s->b.own_oob);
    smp_bench_clear(&s->b);
    fresh_tester(s, s->b.side);
}

/* What the engine's user types, once a passkey is there to type. */
static bool passkey_known(struct scene *s)
{
    const struct smp_bench *b = &s->b;
    bool engine_displays = (s->flow->model == TROTH_PASSKEY_INITIATOR_INPUTS && b->side == R) ||
                           (s->flow->model == TROTH_PASSKEY_RESPONDER_INPUTS && b->side == I);
    if (!tester_is_passkey(s->flow) || !engine_displays)
        return true;
    if (!b->asked[TROTH_ASK_PASSKEY_DISPLAY])
        return false;
    s->t.passkey = b->ask[TROTH_ASK_PASSKEY_DISPLAY].u.passkey.passkey;
    if (s->t.passkey > 999999)
        tester_blame(&s->t, "a passkey of more than six digits is displayed");
    if (b->ask[TROTH_ASK_PASSKEY_DISPLAY].u.passkey.model != s->flow->model)
        tester_blame(&s->t, "the displayed passkey's model is not the flow's");
    return true;
}

static bool finished(const struct smp_bench *b)
{
    return b->told[TROTH_EV_PAIRED] || b->told[TROTH_EV_PAIRING_FAILED];
}

static bool answerable(const struct smp_bench *b, unsigned type)
{
    return b->open[type] && type != TROTH_ASK_PASSKEY_DISPLAY;
}

struct next scene_next(struct scene *s)
{
    struct smp_bench *b = &s->b;
    struct tester *t = &s->t;
    struct smp_bench_pdu p;
    while (b->sent_count) {
        passkey_known(s);
        if (tester_is_passkey(s->flow) && !s->flow->sc)
            tester_passkey(t, t->tk);
        smp_bench_take(b, &p);
        tester_take(t, &p);
    }
    if (finished(b) || t->done_by_failed)
        return (struct next){ST_NONE, 0};

    bool mine = t->at < t->rows && t->chart[t->at].who == t->side;
    if (mine && t->chart[t->at].op >= OP_CONFIRM && t->chart[t->at].op != OP_PUBLIC_KEY &&
        !passkey_known(s))
        mine = false; /* our user has nothing to type yet */
    if (b->waiting)
        return (struct next){ST_ROOM, 0};
    if (b->unacked && !s->late_ack)
        return (struct next){ST_ACK, 0};
    /* The asks during which the peer may be one PDU ahead, DESIGN section 3. */
    bool may_be_ahead = true;
    for (unsigned i = 1; i < SMP_BENCH_ASKS; i++)
        if (answerable(b, i) && i != TROTH_ASK_KEYPAIR && i != TROTH_ASK_PASSKEY_INPUT &&
            i != TROTH_ASK_OOB_DATA && i != TROTH_ASK_COMPARE && i != TROTH_ASK_DHKEY)
            may_be_ahead = false;
    if (s->eager && mine && may_be_ahead)
        return (struct next){ST_PDU, 0};
    for (unsigned i = 1; i < SMP_BENCH_ASKS; i++)
        if (answerable(b, i) && !(i == TROTH_ASK_DHKEY && s->late_dhkey))
            return (struct next){ST_ANSWER, i};
    if (mine)
        return (struct next){ST_PDU, 0};
    if (answerable(b, TROTH_ASK_DHKEY))
        return (struct next){ST_ANSWER, TROTH_ASK_DHKEY};
    if (t->at == 0 && b->side == I && !s->started)
        return (struct next){ST_START, 0};
    if (t->at < t->rows && t->chart[t->at].op == ENCRYPTION) {
        if (b->side == R && !s->ltk_asked)
            return (struct next){ST_LTK, 0};
        if (b->side == R ? b->ltk_given > 0 : b->encrypts > 0)
            return (struct next){ST_ENCRYPT, 0};
        return (struct next){ST_NONE, 0};
    }
    if (b->unacked)
        return (struct next){ST_ACK, 0};
    if (b->commits > s->commits_seen)
        return (struct next){ST_STORED, 0};
    return (struct next){ST_NONE, 0};
}

void scene_answer(struct scene *s, enum troth_ask_type type, struct troth_answer *a)
{
    struct smp_bench *b = &s->b;
    struct tester *t = &s->t;
    const struct troth_ask *q = &b->ask[type];
    memset(a, 0, sizeof *a);
    a->ok = true;
    switch (type) {
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_SECURITY_REQUEST:
        if (q->u.pairing.side != b->side)
            tester_blame(t, "the ask's side is not ours");
        if (type == TROTH_ASK_PAIRING_REQUEST) {
            const struct troth_features *f = &q->u.pairing.features[I];
            if (f->io_cap != t->feat[I][1] || f->oob != t->feat[I][2] ||
                (f->auth_req & 0x3f) != (t->feat[I][3] & 0x3f) || f->max_key_size != t->feat[I][4])
                tester_blame(t, "the ask does not show the peer's features");
        }
        a->u.features = s->flow->f[b->side];
        break;
    case TROTH_ASK_VALIDATE:
    case TROTH_ASK_CONSENT:
        if (q->u.pairing.model != s->flow->model || q->u.pairing.sc != s->flow->sc)
            tester_blame(t, "the ask's model is not the flow's");
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        a->u.passkey = t->passkey;
        if (q->u.passkey.model != s->flow->model)
            tester_blame(t, "the passkey ask's model is not the flow's");
        break;
    case TROTH_ASK_COMPARE: {
        const uint8_t *na = t->nonce[I], *nb = t->nonce[R];
        a->ok = q->u.passkey.passkey == tc_g2(t->public_key[I], t->public_key[R], na, nb);
        if (!a->ok)
            tester_blame(t, "the number to compare is wrong");
        if (!a->ok)
            a->reason = TROTH_SMP_NUMERIC_COMPARISON_FAILED;
        break;
    }
    case TROTH_ASK_OOB_DATA:
        if (s->flow->sc) {
            uint8_t pk[64];
            tc_public_key(t->private_key, pk);
            a->u.oob.have_sc = true;
            memcpy(a->u.oob.random, t->r[t->side], 16);
            tc_f4(pk, pk, t->r[t->side], 0, a->u.oob.confirm);
            smp_bench_secret(b, t->r[t->side], 16);
        } else {
            a->u.oob.have_tk = true;
            memcpy(a->u.oob.tk, t->tk, 16);
        }
        break;
    case TROTH_ASK_KEYPAIR:
        memcpy(a->u.keypair.private_key, tester_private[0], 32);
        tc_public_key(tester_private[0], a->u.keypair.public_key);
        smp_bench_secret(b, tester_private[0], 32);
        break;
    case TROTH_ASK_DHKEY:
        tc_dhkey(b->ask_private, b->ask_public, a->u.dhkey);
        smp_bench_secret(b, a->u.dhkey, 32);
        break;
    default:
        break;
    }
}

void scene_do(struct scene *s, struct next n)
{
    struct smp_bench *b = &s->b;
    struct tester *t = &s->t;
    struct troth_answer a;
    uint8_t pdu[SMP_BENCH_PDU_MAX];
    s->step++;
    switch (n.what) {
    case ST_NONE:
        break;
    case ST_START:
        s->started = true;
        if (smp_bench_pair(b, s->own_features ? &s->flow->f[b->side] : NULL) != TROTH_OK)
            tester_blame(t, "troth_pair was refused");
        break;
    case ST_PDU: {
        if (tester_is_passkey(s->flow) && !s->flow->sc)
            tester_passkey(t, t->tk);
        unsigned at = t->at;
        size_t len = tester_build(t, pdu), honest = len;
        uint8_t copy[SMP_PDU_MAX];
        memcpy(copy, pdu, sizeof copy);
        if (s->alter && at == s->alter_row)
            s->alter(s, pdu, &len);
        /* The tester believes what it sent where that keeps it whole. */
        tester_sent(t, len == honest && pdu[0] == copy[0] ? pdu : copy, honest);
        smp_bench_rx(b, pdu, len);
        break;
    }
    case ST_ANSWER:
        scene_answer(s, n.ask, &a);
        if (smp_bench_answer(b, n.ask, &a) != TROTH_OK)
            tester_blame(t, "an answer to an open ask was refused");
        break;
    case ST_ROOM:
        smp_bench_room(b);
        break;
    case ST_LTK:
        s->ltk_asked = true;
        smp_bench_ltk_request(b, 0, 0);
        if (b->ltk_given != 1)
            tester_blame(t, "the LTK Request of this pairing was not answered with a key");
        else if (memcmp(b->ltk_key, t->key, 16))
            tester_blame(t, "the key given to the controller is wrong");
        break;
    case ST_ENCRYPT:
        if (b->side == I) {
            if (b->encrypts != 1 || b->encrypt_rand || b->encrypt_ediv)
                tester_blame(t, "encryption was not started once, with EDIV and Rand zero");
            if (memcmp(b->encrypt_key, t->key, 16))
                tester_blame(t, "the key encrypted with is wrong");
        }
        smp_bench_secret(b, t->key, 16);
        if (t->flow->sc)
            smp_bench_secret(b, t->mackey, 16);
        s->encrypted = true;
        t->at++;
        smp_bench_encrypted(b, 0, true, s->encrypted_before);
        break;
    case ST_ACK:
        /* Done is when the last thing we sent is known to have arrived, DESIGN section 3: ACKED. */
        if (t->at == t->rows && t->chart[t->at - 1].who == b->side && b->commits)
            tester_blame(t, "the bond was committed before the last PDU was acknowledged");
        s->acks++;
        smp_bench_acked(b);
        break;
    case ST_STORED:
        s->commits_seen = b->commits;
        s->stored = true;
        if (finished(b))
            tester_blame(t, "the end was told before the store had acknowledged");
        smp_bench_stored(b, !s->store_fails);
        break;
    }
}

bool scene_step(struct scene *s)
{
    struct next n = scene_next(s);
    if (n.what == ST_NONE)
        return false;
    scene_do(s, n);
    return true;
}

void scene_run(struct scene *s)
{
    for (unsigned i = 0; i < 1000 && scene_step(s); i++)
        ;
}

bool scene_run_to(struct scene *s, unsigned step)
{
    while (s->step < step)
        if (!scene_step(s))
            return false;
    return true;
}

const char *scene_where(struct scene *s)
{
    static char text[128];
    struct scene *copy = malloc(sizeof *copy); /* scene_next moves the tester */
    if (!copy)
        abort();
    memcpy(copy, s, sizeof *copy);
    static const char *const whats[] = {
        "nothing",           "start", "PDU",   "answer", "room", "LTK Request",
        "Encryption Change", "ack",   "stored"};
    struct next n = scene_next(copy);
    const struct tester *t = &copy->t;
    snprintf(text, sizeof text, "step %u, next %s%s%s, row %u %s by %c", s->step, whats[n.what],
             n.what == ST_ANSWER ? " to ask " : "",
             n.what == ST_ANSWER
                 ? (const char *[]){"0", "pairing request", "security request", "validate",
                                    "consent", "display", "passkey", "compare", "oob", "keypair",
                                    "dhkey", "store", "raise", "gatt"}[n.ask]
                 : "",
             t->at, t->at < t->rows ? tester_op_name(t->chart[t->at].op) : "end",
             t->at < t->rows && t->chart[t->at].who < 2 ? "IR"[t->chart[t->at].who] : '-');
    free(copy);
    return text;
}

static bool same_addr(const struct troth_addr *a, const struct troth_addr *b)
{
    return a->type == b->type && !memcmp(a->b, b->b, 6);
}

/* What a bond of this pairing must be, octet by octet. */
static const char *wrong_keys(const struct scene *s, const struct troth_bond_keys *k)
{
    const struct tester *t = &s->t;
    uint8_t x = t->side, us = !t->side;
    uint8_t ltk[16];
    bool mitm = s->flow->model != TROTH_JUST_WORKS;
    if (k->key_size != t->key_size || k->sc != s->flow->sc || k->mitm != mitm)
        return "the keys' level is wrong";
    if (k->local_side != us)
        return "the keys' side is wrong";
    if (!same_addr(&k->identity, t->dist[x] & TROTH_DIST_ID ? &t->identity[x] : &t->addr[x]))
        return "the keys' identity is wrong";
    if (k->has_irk != !!(t->dist[x] & TROTH_DIST_ID) ||
        (k->has_irk && memcmp(k->irk, t->irk[x], 16)))
        return "the IRK is wrong";
    if (s->flow->sc) {
        if (!k->ltk[0].present || memcmp(k->ltk[0].key, t->key, 16) || k->ltk[0].rand ||
            k->ltk[0].ediv)
            return "the LTK is wrong";
    } else {
        for (int i = 0; i < 2; i++) {
            if (k->ltk[i].present != !!(t->dist[i] & TROTH_DIST_ENC))
                return "an LTK is there that was not distributed, or the other way round";
            memcpy(ltk, t->ltk[i], 16);
            tester_shorten(ltk, t->key_size);
            if (k->ltk[i].present && (memcmp(k->ltk[i].key, ltk, 16) ||
                                      k->ltk[i].rand != t->rand[i] || k->ltk[i].ediv != t->ediv[i]))
                return "a distributed LTK is wrong";
        }
    }
    if (k->has_csrk[0] != !!(t->dist[us] & TROTH_DIST_SIGN) ||
        k->has_csrk[1] != !!(t->dist[x] & TROTH_DIST_SIGN))
        return "a CSRK is there that was not distributed, or the other way round";
    if ((k->has_csrk[0] && memcmp(k->csrk[0], t->csrk[us], 16)) ||
        (k->has_csrk[1] && memcmp(k->csrk[1], t->csrk[x], 16)))
        return "a CSRK is wrong";
    return NULL;
}

const char *scene_success(struct scene *s)
{
    struct smp_bench *b = &s->b;
    struct tester *t = &s->t;
    const struct flow *f = s->flow;
    scene_next(s); /* takes what was sent last */
    if (t->wrong)
        return t->wrong;
    if (b->wrong)
        return b->wrong;
    if (b->told[TROTH_EV_PAIRING_FAILED])
        return "it failed";
    if (b->told[TROTH_EV_PAIRED] != 1)
        return "PAIRED was not told once";
    if (t->at != t->rows)
        return "PAIRED was told before the chart's end";
    if (b->told[TROTH_EV_PAIRING] != 1)
        return "PAIRING was not told once";
    if (b->asked_twice)
        return "an ask was opened while open";
    bool own_pair = f->sc && !(f->model == TROTH_OOB && f->f[t->side].oob);
    if (b->asked[TROTH_ASK_KEYPAIR] != own_pair || b->asked[TROTH_ASK_DHKEY] != f->sc)
        return "not one key pair and one DHKey per pairing (A28)";
    const struct smp_bench_event *e = smp_bench_last(b, TROTH_EV_PAIRING);
    if (e->e.u.pairing.model != f->model || e->e.u.pairing.sc != f->sc ||
        e->e.u.pairing.side != b->side)
        return "PAIRING tells another model";
    for (int x = 0; x < 2; x++) {
        const struct troth_features *g = &e->e.u.pairing.features[x];
        if (g->io_cap != t->feat[x][1] || g->oob != t->feat[x][2] ||
            (g->auth_req & 0x3f) != (t->feat[x][3] & 0x3f) || g->max_key_size != t->feat[x][4] ||
            g->initiator_keys != t->feat[x][5] || g->responder_keys != t->feat[x][6])
            return "PAIRING tells other features than crossed";
    }
    e = smp_bench_last(b, TROTH_EV_PAIRED);
    bool bonding = t->feat[I][3] & t->feat[R][3] & TROTH_AUTH_BOND;
    bool rpa = t->addr[t->side].type == TROTH_ADDR_RANDOM && (t->addr[t->side].b[5] >> 6) == 1;
    bool store = bonding && (!rpa || (t->dist[t->side] & TROTH_DIST_ID));
    if (e->e.u.paired.model != f->model || e->e.u.paired.side != b->side)
        return "PAIRED tells another model";
    struct troth_level l = e->e.u.paired.level;
    if (l.key_size != t->key_size || l.sc != f->sc || l.mitm != (f->model != TROTH_JUST_WORKS))
        return "PAIRED tells a wrong level";
    if (e->e.u.paired.stored != store || l.bonded != store)
        return "PAIRED is wrong about what is stored";
    if (b->commits != store)
        return "the bond was not committed once, or committed where it must not be";
    const char *wrong = wrong_keys(s, &e->keys);
    if (wrong)
        return wrong;
    if (store && (wrong = wrong_keys(s, &b->committed)) != NULL)
        return wrong;
    if (b->forgets || b->disconnects || b->failed_sent)
        return "a success that forgot, disconnected or told the peer of a failure";
    if (smp_pairing(&b->smp))
        return "it ended and smp_pairing still says it runs";
    if (b->smp.level.key_size != t->key_size)
        return "the link's level is wrong after pairing";
    return smp_bench_leftover(b);
}
