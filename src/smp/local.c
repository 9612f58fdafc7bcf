/* The local steps of the scripts: what each begins, and what it waits for. */
#include "smp/engine.h"

static void ask(struct smp *s, enum troth_ask_type type)
{
    const struct smp_run *r = &s->run;
    struct troth_ask a = {.type = type};
    a.u.pairing.side = (enum troth_side)s->side;
    a.u.pairing.features[0] = smp_features_of(r->feat[0]);
    a.u.pairing.features[1] = smp_features_of(r->feat[1]);
    a.u.pairing.model = (enum troth_model)r->model;
    a.u.pairing.sc = r->sc;
    a.u.pairing.bonded = s->env->bond(s->link) != NULL;
    smp_ask(s, &a);
}

static void ask_number(struct smp *s, enum troth_ask_type type, uint32_t number)
{
    struct troth_ask a = {.type = type};
    a.u.passkey.passkey = number;
    a.u.passkey.model = (enum troth_model)s->run.model;
    smp_ask(s, &a);
}

/* 0 to 999999, each as likely as the next. */
static uint32_t draw_passkey(struct smp *s)
{
    const uint32_t fair = 4294000000u; /* the largest multiple of 10^6 below 2^32 */
    for (;;) {
        uint8_t b[4];
        s->env->random(s->link, b, sizeof b);
        struct in in = in_of(b, sizeof b);
        uint32_t v = in_u32(&in);
        if (v < fair)
            return v % 1000000;
    }
}

static void take_passkey(struct smp *s, uint32_t passkey)
{
    struct smp_run *r = &s->run;
    r->s.passkey = passkey;
    if (!r->sc) {
        struct out o = out_of(r->s.tk, sizeof r->s.tk); /* 2.3.5.3 */
        out_u32(&o, passkey);
    }
    r->had |= SMP_HAD_SECRET;
}

/* Whether Just Works needs a person's consent; if not it is given. */
static bool consent(struct smp *s, uint8_t had)
{
    if (s->env->policy(s->link)->just_works == TROTH_JUST_WORKS_ASKED) {
        ask(s, TROTH_ASK_CONSENT);
        return true;
    }
    s->run.had |= had;
    return false;
}

/*
 * Who merely sets the OOB flag does not spend what we gave to somebody else: a pairing that ends
 * before the peer has shown what it knows has revealed nothing, for our random never crosses and
 * what crosses is fresh each time. Whoever shows it, right or wrong, spends it: one guess a pair,
 * and never two pairings (2.3.5.6.4).
 */
bool smp_spend_own_oob(struct smp *s)
{
    struct smp_own_oob *own = s->env->own_oob(s->link);
    if (!s->run.own_oob)
        return true;
    if (!own->pinned || memcmp(own->public_key, s->run.public_key[s->side], 64) != 0)
        return false;
    wipe(own, sizeof *own);
    return true;
}

static void enter_keypair(struct smp *s)
{
    struct smp_run *r = &s->run;
    struct smp_own_oob *own = s->env->own_oob(s->link);
    if (r->model == TROTH_OOB && r->feat[smp_peer(s)][2]) {
        /* The peer checks us against data we gave away: that pair, or none. */
        if (!own->pinned) {
            smp_fail(s, TROTH_SMP_OOB_NOT_AVAILABLE, TROTH_BY_US);
            return;
        }
        memcpy(r->s.private_key, own->private_key, 32);
        memcpy(r->public_key[s->side], own->public_key, 64);
        memcpy(r->s.r[s->side], own->random, 16);
        r->own_oob = true;
        r->had |= SMP_HAD_KEYPAIR;
        return;
    }
    if (s->env->policy(s->link)->use_debug_keys)
        memcpy(r->s.private_key, toolbox_debug_private_key, 32);
    else
        s->env->random(s->link, r->s.private_key, 32);
    struct troth_ask a = {.type = TROTH_ASK_KEYPAIR};
    a.u.keypair.random = r->s.private_key;
    smp_ask(s, &a);
}

static void enter_dhkey(struct smp *s)
{
    struct troth_ask a = {.type = TROTH_ASK_DHKEY};
    a.u.dhkey.private_key = s->run.s.private_key;
    a.u.dhkey.public_key = s->run.public_key[smp_peer(s)];
    smp_ask(s, &a);
}

/* Which side's person types, of a passkey model. */
static bool we_type(const struct smp *s)
{
    switch (s->run.model) {
    case TROTH_PASSKEY_INITIATOR_INPUTS:
        return s->side == TROTH_INITIATOR;
    case TROTH_PASSKEY_RESPONDER_INPUTS:
        return s->side == TROTH_RESPONDER;
    default:
        return true;
    }
}

static void enter_secret(struct smp *s)
{
    struct smp_run *r = &s->run;
    if (r->model == TROTH_JUST_WORKS) {
        consent(s, SMP_HAD_SECRET); /* TK = 0 */
    } else if (r->model == TROTH_OOB) {
        /* In legacy pairing both hold the TK; in Secure Connections only who set the flag does. */
        if (!r->sc || r->feat[s->side][2])
            ask(s, TROTH_ASK_OOB_DATA);
        else
            r->had |= SMP_HAD_SECRET;
    } else if (we_type(s)) {
        ask_number(s, TROTH_ASK_PASSKEY_INPUT, 0);
    } else {
        const struct troth_policy *p = s->env->policy(s->link);
        take_passkey(s, p->fixed_passkey ? p->passkey : draw_passkey(s));
        ask_number(s, TROTH_ASK_PASSKEY_DISPLAY, r->s.passkey);
    }
}

static void enter_verify_user(struct smp *s)
{
    struct smp_run *r = &s->run;
    if (r->model == TROTH_JUST_WORKS) {
        consent(s, SMP_HAD_USER);
        return;
    }
    ask_number(s, TROTH_ASK_COMPARE,
               toolbox_g2(r->public_key[TROTH_INITIATOR], r->public_key[TROTH_RESPONDER],
                          r->s.nonce[TROTH_INITIATOR], r->s.nonce[TROTH_RESPONDER]));
}

/* The DHKey is there: MacKey and LTK, 2.3.5.6.5. */
static void derive(struct smp *s)
{
    struct smp_run *r = &s->run;
    toolbox_f5(r->s.dhkey, r->s.nonce[TROTH_INITIATOR], r->s.nonce[TROTH_RESPONDER],
               &s->addr[TROTH_INITIATOR], &s->addr[TROTH_RESPONDER], r->s.mackey, r->s.key);
    smp_shorten(r->s.key, r->key_size);
    wipe(r->s.dhkey, sizeof r->s.dhkey);
    wipe(r->s.private_key, sizeof r->s.private_key);
}

static void enter_encrypt(struct smp *s)
{
    struct smp_run *r = &s->run;
    smp_withdraw(s, TROTH_ASK_PASSKEY_DISPLAY);
    if (!r->sc) {
        toolbox_s1(r->s.tk, r->s.nonce[TROTH_RESPONDER], r->s.nonce[TROTH_INITIATOR], r->s.key);
        smp_shorten(r->s.key, r->key_size);
    }
    if (s->side == TROTH_INITIATOR) {
        r->had |= SMP_REPLIED;
        s->encrypting = SMP_ENC_PAIRING;
        s->pending = smp_run_level(s);
        s->env->encrypt(s->link, 0, 0, r->s.key);
    }
}

static void enter_commit(struct smp *s)
{
    struct smp_run *r = &s->run;
    bool nameable = smp_result(s);
    if (!(r->feat[0][3] & r->feat[1][3] & TROTH_AUTH_BOND) || !nameable)
        return; /* paired, and nothing to keep */
    uint8_t reason = smp_may_store(s);
    if (reason)
        smp_fail(s, reason, TROTH_BY_US);
    else if (!s->env->commit(s->link, &r->result))
        smp_fail(s, TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
    else
        r->entered = true;
}

static void enter(struct smp *s, uint8_t what)
{
    switch (what) {
    case ACCEPT:
        ask(s, TROTH_ASK_PAIRING_REQUEST);
        break;
    case VALIDATE:
        ask(s, TROTH_ASK_VALIDATE);
        break;
    case KEYPAIR:
        enter_keypair(s);
        break;
    case DHKEY:
        enter_dhkey(s);
        break;
    case SECRET:
        enter_secret(s);
        break;
    case VERIFY_USER:
        enter_verify_user(s);
        break;
    case ENCRYPT:
        enter_encrypt(s);
        break;
    default:
        break;
    }
}

enum smp_wait smp_local_step(struct smp *s)
{
    /* What each step waits for among the answers; 0: nothing, or not an answer. */
    static const uint16_t waits[SMP_LOCALS] = {
        [ACCEPT] = SMP_HAD_PAIR,       [VALIDATE] = SMP_HAD_VALID,   [KEYPAIR] = SMP_HAD_KEYPAIR,
        [SECRET] = SMP_HAD_SECRET,     [VERIFY_USER] = SMP_HAD_USER, [DHKEY_READY] = SMP_HAD_DHKEY,
        [ENCRYPT] = SMP_HAD_ENCRYPTED,
    };
    struct smp_run *r = &s->run;
    uint8_t what = r->at->what;
    bool first = !r->entered;

    if (what == COMMIT) {
        /* `entered` says here that the store has been asked. */
        if (first)
            enter_commit(s);
        if (!r->at)
            return SMP_ENDED;
        return r->entered && !(r->had & SMP_HAD_STORED) ? SMP_WAITING : SMP_READY;
    }
    if (first) {
        r->entered = true;
        enter(s, what);
        if (!r->at)
            return SMP_ENDED;
    }
    if (what == ACKED)
        return r->unacked ? SMP_WAITING : SMP_READY;
    if ((r->had & waits[what]) != waits[what])
        return SMP_WAITING;
    if (what == DHKEY_READY)
        derive(s);
    if (what == ENCRYPT)
        r->encrypted = true;
    return SMP_READY;
}

/* ---- answers ---- */

static uint8_t default_reason(enum troth_ask_type type)
{
    switch (type) {
    case TROTH_ASK_PASSKEY_INPUT:
        return TROTH_SMP_PASSKEY_ENTRY_FAILED;
    case TROTH_ASK_COMPARE:
        return TROTH_SMP_NUMERIC_COMPARISON_FAILED;
    case TROTH_ASK_OOB_DATA:
        return TROTH_SMP_OOB_NOT_AVAILABLE;
    case TROTH_ASK_DHKEY:
        return TROTH_SMP_DHKEY_CHECK_FAILED;
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_SECURITY_REQUEST:
    case TROTH_ASK_VALIDATE:
        return TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
    default:
        return TROTH_SMP_UNSPECIFIED_REASON;
    }
}

/* The responder answers with its own features; it may only take away from the request's keys. */
static int answer_request(struct smp *s, const struct troth_answer *a)
{
    if (!smp_features_valid(&a->u.features))
        return TROTH_INVALID;
    struct smp_run *r = &s->run;
    uint8_t *ours = r->feat[TROTH_RESPONDER];
    smp_features_put(s, SMP_PAIRING_RESPONSE, &a->u.features);
    ours[5] &= r->feat[TROTH_INITIATOR][5];
    ours[6] &= r->feat[TROTH_INITIATOR][6];
    uint8_t reason = smp_combine(s);
    if (r->model == TROTH_JUST_WORKS && smp_core_from(s->env->policy(s->link), TROTH_CORE_6_2))
        ours[3] &= (uint8_t)~TROTH_AUTH_MITM; /* none can come of it */
    if (reason)
        smp_fail(s, reason, TROTH_BY_US);
    else
        r->had |= SMP_HAD_PAIR;
    return TROTH_OK;
}

static int answer_oob(struct smp *s, const struct troth_oob *oob)
{
    struct smp_run *r = &s->run;
    if (r->sc ? !oob->have_sc : !oob->have_tk)
        return TROTH_INVALID;
    if (r->sc) {
        memcpy(r->s.r[smp_peer(s)], oob->random, 16);
        memcpy(r->confirm[smp_peer(s)], oob->confirm, 16);
    } else {
        memcpy(r->s.tk, oob->tk, 16);
    }
    r->had |= SMP_HAD_SECRET;
    return TROTH_OK;
}

/* A yes to what was asked. TROTH_INVALID: no such answer exists, nothing changed. */
static int take_answer(struct smp *s, enum troth_ask_type type, const struct troth_answer *a)
{
    struct smp_run *r = &s->run;
    switch (type) {
    case TROTH_ASK_SECURITY_REQUEST:
        return smp_pair(s, &a->u.features);
    case TROTH_ASK_PAIRING_REQUEST:
        return answer_request(s, a);
    case TROTH_ASK_VALIDATE:
        r->had |= SMP_HAD_VALID;
        break;
    case TROTH_ASK_CONSENT:
        r->had |= r->sc ? SMP_HAD_USER : SMP_HAD_SECRET;
        break;
    case TROTH_ASK_COMPARE:
        r->had |= SMP_HAD_USER;
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        if (a->u.passkey > 999999)
            return TROTH_INVALID;
        take_passkey(s, a->u.passkey);
        break;
    case TROTH_ASK_OOB_DATA:
        return answer_oob(s, &a->u.oob);
    case TROTH_ASK_KEYPAIR:
        memcpy(r->s.private_key, a->u.keypair.private_key, 32);
        memcpy(r->public_key[s->side], a->u.keypair.public_key, 64);
        r->had |= SMP_HAD_KEYPAIR;
        break;
    case TROTH_ASK_DHKEY:
        memcpy(r->s.dhkey, a->u.dhkey, 32);
        r->had |= SMP_HAD_DHKEY;
        break;
    default:
        return TROTH_INVALID;
    }
    return TROTH_OK;
}

int smp_answer(struct smp *s, enum troth_ask_type type, const struct troth_answer *a)
{
    if (!smp_asked(s, type))
        return TROTH_STALE;
    if (type == TROTH_ASK_PASSKEY_DISPLAY || (!a->ok && a->reason > TROTH_SMP_BUSY))
        return TROTH_INVALID; /* nothing was asked; no such reason */
    const uint16_t bit = (uint16_t)(1u << type);
    s->open &= (uint16_t)~bit;
    if (!a->ok) {
        uint8_t reason = a->reason ? a->reason : default_reason(type);
        if (smp_busy(s))
            smp_fail(s, reason, TROTH_BY_US);
        else
            smp_send_failed(s, reason);
        return TROTH_OK;
    }
    int result = take_answer(s, type, a);
    if (result != TROTH_OK) /* not now, or not so: it may be answered again */
        s->open |= bit;
    else
        smp_proceed(s);
    return result;
}

/*
 * A bonded central does not quietly trade its bond for something unproven: the new pairing must
 * have MITM protection and the link must be encrypted already.
 */
static bool bonded_central_takes(const struct smp *s, const struct troth_ask *ask)
{
    if (s->side != TROTH_INITIATOR || !ask->u.pairing.bonded)
        return true;
    if (!s->level.key_size)
        return false;
    if (ask->type == TROTH_ASK_VALIDATE)
        return ask->u.pairing.model != TROTH_JUST_WORKS;
    return s->env->policy(s->link)->features.auth_req & TROTH_AUTH_MITM;
}

void smp_default_answer(const struct smp *s, const struct troth_ask *ask, struct troth_answer *a)
{
    memset(a, 0, sizeof *a);
    switch (ask->type) {
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_SECURITY_REQUEST:
    case TROTH_ASK_VALIDATE:
        a->u.features = s->env->policy(s->link)->features;
        a->ok = bonded_central_takes(s, ask);
        break;
    case TROTH_ASK_KEYPAIR:
        memcpy(a->u.keypair.private_key, ask->u.keypair.random, 32);
        a->ok = toolbox_public_key(a->u.keypair.private_key, a->u.keypair.public_key);
        break;
    case TROTH_ASK_DHKEY:
        a->ok = toolbox_dhkey(ask->u.dhkey.private_key, ask->u.dhkey.public_key, a->u.dhkey);
        break;
    case TROTH_ASK_PASSKEY_DISPLAY:
    case TROTH_ASK_STORE:
        a->ok = true;
        break;
    default:
        break; /* nobody said yes */
    }
}

int smp_own_oob_make(struct smp_own_oob *own, struct troth_oob *out,
                     void (*draw)(void *ctx, uint8_t *out, size_t len), void *ctx)
{
    wipe(own, sizeof *own);
    memset(out, 0, sizeof *out);
    draw(ctx, own->private_key, 32);
    draw(ctx, own->random, 16);
    if (!toolbox_public_key(own->private_key, own->public_key))
        return TROTH_FAILED;
    own->pinned = true;
    out->have_sc = true;
    memcpy(out->random, own->random, 16);
    toolbox_f4(own->public_key, own->public_key, own->random, 0, out->confirm);
    return TROTH_OK;
}

bool smp_own_oob_restore(struct smp_own_oob *own, const struct troth_oob_pair *pair)
{
    struct smp_own_oob kept = {.pinned = true};
    memcpy(kept.private_key, pair->private_key, 32);
    memcpy(kept.random, pair->random, 16);
    bool sound = toolbox_public_key(kept.private_key, kept.public_key);
    if (sound)
        *own = kept;
    wipe(&kept, sizeof kept);
    return sound;
}
