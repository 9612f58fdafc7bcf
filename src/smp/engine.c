/*
 * The engine: gate, run, fail, timer. What may come next is computed from the place in the script;
 * everything else is refused here, so no handler grants a permission and none can forget one.
 */
#include "smp/engine.h"

/* A person types six digits with mistakes; more is somebody keeping the timer from running out. */
#define KEYPRESSES_MAX 60

/* How long a link that is about to end waits for its Pairing Failed to be acknowledged. */
#define LEAVE_MS 2000

void smp_init(struct smp *s, const struct smp_env *env, void *link, enum troth_side side,
              const struct troth_addr addr[2])
{
    memset(s, 0, sizeof *s);
    s->env = env;
    s->link = link;
    s->side = (uint8_t)side;
    memcpy(s->addr, addr, sizeof s->addr);
}

struct troth_features smp_features_of(const uint8_t pdu[7])
{
    return (struct troth_features){pdu[1], pdu[2], pdu[3], pdu[4], pdu[5], pdu[6]};
}

static uint8_t kinds_of_keys(const struct troth_policy *p)
{
    const uint8_t kinds = TROTH_DIST_ENC | TROTH_DIST_ID;
    return smp_core_from(p, TROTH_CORE_6_3) ? kinds : kinds | TROTH_DIST_SIGN;
}

void smp_features_put(struct smp *s, uint8_t opcode, const struct troth_features *f)
{
    /* Bits reserved for future use are sent as 0, and so is CT2: there is no BR/EDR here. */
    const struct troth_policy *p = s->env->policy(s->link);
    uint8_t auth = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC | TROTH_AUTH_KEYPRESS;
    uint8_t keys = kinds_of_keys(p);
    uint8_t *pdu = s->run.feat[s->side];
    if (p->no_bonding) {
        auth &= (uint8_t)~TROTH_AUTH_BOND;
        keys = 0; /* what would be used only after this link */
    }
    pdu[0] = opcode;
    pdu[1] = f->io_cap;
    pdu[2] = f->oob;
    pdu[3] = f->auth_req & auth;
    pdu[4] = f->max_key_size;
    pdu[5] = f->initiator_keys & keys;
    pdu[6] = f->responder_keys & keys;
}

struct troth_level smp_run_level(const struct smp *s)
{
    const struct smp_run *r = &s->run;
    return (struct troth_level){r->key_size, r->model != TROTH_JUST_WORKS, r->sc, false};
}

uint8_t smp_combine(struct smp *s)
{
    struct smp_run *r = &s->run;
    const struct troth_policy *policy = s->env->policy(s->link);
    const uint8_t *req = r->feat[TROTH_INITIATOR], *rsp = r->feat[TROTH_RESPONDER];
    struct troth_features i = smp_features_of(req), p = smp_features_of(rsp);
    /* The responder may only take away, 3.6.1. */
    VERIFY(!((rsp[5] & ~req[5]) | (rsp[6] & ~req[6])), TROTH_SMP_INVALID_PARAMETERS);
    r->sc = req[3] & rsp[3] & TROTH_AUTH_SC;
    r->model = (uint8_t)troth_model_of(&i, &p);
    r->key_size = req[4] < rsp[4] ? req[4] : rsp[4];
    uint8_t kinds = kinds_of_keys(policy);
    if (r->sc)
        kinds &= (uint8_t)~TROTH_DIST_ENC;
    r->dist[TROTH_INITIATOR] = req[5] & rsp[5] & kinds;
    r->dist[TROTH_RESPONDER] = req[6] & rsp[6] & kinds;
    r->combined = true;

    /* Whoever carries our own address holds a mirror. */
    VERIFY(!troth_addr_equal(&s->addr[0], &s->addr[1]), TROTH_SMP_UNSPECIFIED_REASON);
    const enum troth_model model = (enum troth_model)r->model;
    /* First, for it alone drops the link, whatever else is refused. */
    r->expel = smp_policy_expels(policy, r->sc, model, req[3] & rsp[3] & TROTH_AUTH_BOND);
    VERIFY(!r->expel, TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    uint8_t reason = smp_policy_reason(policy, r->sc, model, r->key_size);
    if (reason)
        return reason;
    /* A bond is never replaced by a weaker one; say so before the peer drops its own. */
    const struct troth_bond *b = s->env->bond(s->link);
    if (b && !policy->replace_weaker) {
        struct troth_level old = {b->keys.key_size, b->keys.mitm, b->keys.sc, true};
        struct troth_level new = smp_run_level(s);
        VERIFY(!troth_level_weaker(&old, &new), TROTH_SMP_AUTHENTICATION_REQUIREMENTS);
    }
    return 0;
}

/* ---- ends ---- */

static void forget_run(struct smp *s)
{
    wipe(&s->run, sizeof s->run);
    timer_stop(&s->timer);
    s->security_requested = false;
}

void smp_ask(struct smp *s, struct troth_ask *a)
{
    s->open |= (uint16_t)(1u << a->type);
    s->env->ask(s->link, a);
}

void smp_withdraw(struct smp *s, enum troth_ask_type type)
{
    if (!smp_asked(s, type))
        return;
    s->open &= (uint16_t) ~(1u << type);
    s->env->withdraw(s->link, type);
}

static void withdraw_all(struct smp *s)
{
    for (unsigned type = 0; s->open; type++)
        smp_withdraw(s, (enum troth_ask_type)type);
}

void smp_send_failed(struct smp *s, uint8_t reason)
{
    uint8_t pdu[2] = {SMP_FAILED, reason};
    s->owed_reason = s->env->send(s->link, pdu, sizeof pdu) ? 0 : reason;
}

void smp_fail(struct smp *s, uint8_t reason, enum troth_step_side by)
{
    struct smp_run *r = &s->run;
    struct troth_event e = {.type = TROTH_EV_PAIRING_FAILED};
    e.u.pairing_failed.reason = reason;
    e.u.pairing_failed.by = by;
    e.u.pairing_failed.have_model = r->combined;
    e.u.pairing_failed.model = (enum troth_model)r->model;
    e.u.pairing_failed.side = (enum troth_side)s->side;
    e.u.pairing_failed.step = r->at->what;
    for (int x = 0; x < 2; x++)
        e.u.pairing_failed.features[x] = smp_features_of(r->feat[x]);
    const struct troth_policy *policy = s->env->policy(s->link);
    bool expel = r->expel;
    /* An encrypted link with no bond behind it is no place to stay. */
    bool leave = expel || (r->encrypted && !policy->stay_after_failure) ||
                 (by == TROTH_BY_TIMEOUT && !policy->stay_after_timeout);
    if (r->begun)
        s->env->attempted(s->link, false);
    if (r->at->what == COMMIT && r->entered)
        s->env->uncommit(s->link);

    withdraw_all(s);
    forget_run(s);
    if (s->encrypting == SMP_ENC_PAIRING)
        s->encrypting = SMP_ENC_NONE;
    if (by == TROTH_BY_US)
        smp_send_failed(s, reason);
    if (by == TROTH_BY_TIMEOUT)
        s->dead = true;
    s->env->event(s->link, &e);

    if (!leave || by == TROTH_BY_LINK)
        return;
    s->leave_reason = expel ? HCI_REMOTE_USER_ENDED : HCI_AUTHENTICATION_FAILURE;
    if (by == TROTH_BY_US) {
        s->leaving = true;
        timer_start(&s->timer, LEAVE_MS);
    } else {
        s->env->disconnect(s->link, s->leave_reason);
    }
}

static void leave(struct smp *s)
{
    s->leaving = false;
    timer_stop(&s->timer);
    s->env->disconnect(s->link, s->leave_reason);
}

static void complete(struct smp *s)
{
    struct smp_run *r = &s->run;
    struct troth_event e = {.type = TROTH_EV_PAIRED};
    e.u.paired.level = smp_run_level(s);
    e.u.paired.model = (enum troth_model)r->model;
    e.u.paired.side = (enum troth_side)s->side;
    e.u.paired.stored = r->had & SMP_HAD_STORED;
    e.u.paired.keys = &r->result;
    e.u.paired.distributed[0] = r->dist[0];
    e.u.paired.distributed[1] = r->dist[1];
    e.u.paired.bonding = r->feat[0][3] & r->feat[1][3] & TROTH_AUTH_BOND;
    s->level.bonded = e.u.paired.stored;
    e.u.paired.level.bonded = e.u.paired.stored;
    s->completed = e.u.paired.stored;
    s->env->attempted(s->link, true);
    struct troth_bond_keys keys = r->result;
    forget_run(s);
    r->result = keys;
    wipe(&keys, sizeof keys);
    s->telling = true;
    s->env->event(s->link, &e);
}

void smp_rest(struct smp *s)
{
    if (s->telling && !smp_busy(s))
        wipe(&s->run.result, sizeof s->run.result);
    s->telling = false;
}

/* ---- run ---- */

void smp_begin(struct smp *s)
{
    forget_run(s);
    smp_withdraw(s, TROTH_ASK_SECURITY_REQUEST);
    s->completed = false;
    s->run.at = smp_script_features;
    timer_start(&s->timer, SMP_TIMEOUT_MS);
}

/* Features have crossed: tell the application, go on with the model's own script. */
static void by_model(struct smp *s)
{
    struct smp_run *r = &s->run;
    struct troth_event e = {.type = TROTH_EV_PAIRING};
    e.u.pairing.side = (enum troth_side)s->side;
    e.u.pairing.features[0] = smp_features_of(r->feat[0]);
    e.u.pairing.features[1] = smp_features_of(r->feat[1]);
    e.u.pairing.model = (enum troth_model)r->model;
    e.u.pairing.sc = r->sc;
    s->env->event(s->link, &e);
    r->begun = true;
    r->at = smp_script_for(r->sc, (enum troth_model)r->model);
}

static enum troth_side sender(const struct smp_step *row)
{
    return row->dir == I2R ? TROTH_INITIATOR : TROTH_RESPONDER;
}

static bool is_pdu(const struct smp_step *row)
{
    return row->dir == I2R || row->dir == R2I;
}

/* The responder knows the model before its Pairing Response has left. */
static bool both_crossed(const struct smp_run *r)
{
    return r->crossed == (1u << TROTH_INITIATOR | 1u << TROTH_RESPONDER);
}

static bool skipped(const struct smp *s, const struct smp_step *row)
{
    if (row->dir == INIT)
        return s->side != TROTH_INITIATOR;
    if (row->dir == RESP)
        return s->side != TROTH_RESPONDER;
    return smp_is_key_row(row) && !(s->run.dist[sender(row)] & row->arg);
}

/* False: no room, the row stays put. */
static bool send_row(struct smp *s, const struct smp_step *row)
{
    uint8_t pdu[SMP_PDU_MAX];
    struct out out = out_of(pdu, smp_pdus[row->what].len);
    out_u8(&out, row->what);
    smp_pdus[row->what].put(s, row, &out);
    ASSERT(!out.bad && out.len == out.cap);
    bool sent = s->env->send(s->link, pdu, out.len);
    wipe(pdu, sizeof pdu);
    if (sent) {
        s->run.unacked = true;
        timer_start(&s->timer, SMP_TIMEOUT_MS);
    }
    return sent;
}

/* The peer's PDU for the row, already checked by the gate. False: the pairing ended. */
static bool take_row(struct smp *s, const struct smp_step *row, const uint8_t *pdu, size_t len)
{
    struct in in = in_of(pdu + 1, len - 1);
    uint8_t reason = smp_pdus[row->what].take(s, row, &in);
    if (reason)
        smp_fail(s, reason, TROTH_BY_US);
    return !reason;
}

void smp_proceed(struct smp *s)
{
    struct smp_run *r = &s->run;
    while (r->at) {
        const struct smp_step *row = r->at;
        if (skipped(s, row)) {
            r->at++;
            continue;
        }
        switch ((enum smp_dir)row->dir) {
        case I2R:
        case R2I:
            if (sender(row) != s->side) {
                if (!r->held_len)
                    return;
                uint8_t len = r->held_len;
                r->held_len = 0;
                if (!take_row(s, row, r->held, len))
                    return;
            } else if (!send_row(s, row)) {
                return;
            }
            r->at++;
            break;
        case LOCAL:
        case INIT:
        case RESP:
            if (smp_local_step(s) != SMP_READY)
                return;
            r->entered = false;
            r->at++;
            break;
        case AGAIN:
            r->at = ++r->round < 20 ? row - row->arg : row + 1;
            break;
        case THEN:
            if (row->what == BY_MODEL)
                by_model(s);
            else
                r->at = smp_script_keys;
            break;
        case FINISH:
            complete(s);
            return;
        }
    }
}

/* ---- gate ---- */

/*
 * The only row whose PDU the peer may send now, or NULL. At a local step that lets the peer be
 * ahead it is the next PDU, if it is the peer's and the slot for it is free.
 */
static const struct smp_step *expected(const struct smp *s)
{
    const struct smp_step *row = s->run.at;
    if (!is_pdu(row)) {
        if (row->dir >= AGAIN || !smp_may_be_ahead(row->what) || s->run.held_len)
            return NULL;
        while (row->dir == LOCAL)
            row++;
    }
    while (skipped(s, row))
        row++;
    return is_pdu(row) && sender(row) != s->side ? row : NULL;
}

static void take_keypress(struct smp *s, const uint8_t *pdu, size_t len)
{
    struct smp_run *r = &s->run;
    bool allowed = both_crossed(r) && smp_model_is_passkey(r->model) && !r->encrypted &&
                   (r->feat[0][3] & r->feat[1][3] & TROTH_AUTH_KEYPRESS) && len == 2 &&
                   pdu[1] <= 4 && r->keypresses < KEYPRESSES_MAX;
    if (!allowed) {
        smp_fail(s, TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
        return;
    }
    r->keypresses++;
    timer_start(&s->timer, SMP_TIMEOUT_MS);
    struct troth_event e = {.type = TROTH_EV_KEYPRESS};
    e.u.keypress = pdu[1];
    s->env->event(s->link, &e);
}

static void rx_running(struct smp *s, const uint8_t *pdu, size_t len)
{
    switch (pdu[0]) {
    case SMP_FAILED:
        /* Never answered: two Failed that cross would kill the next pairing. */
        smp_fail(s, len >= 2 ? pdu[1] : TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_PEER);
        return;
    case SMP_SECURITY_REQUEST:
        if (s->side == TROTH_INITIATOR)
            return; /* it crossed our Pairing Request, 2.4.6 */
        break;
    case SMP_KEYPRESS:
        take_keypress(s, pdu, len);
        return;
    default:
        break;
    }
    const struct smp_step *row = expected(s);
    if (!row || row->what != pdu[0]) {
        smp_fail(s, TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US);
        return;
    }
    if (len != smp_pdus[pdu[0]].len) {
        smp_fail(s, TROTH_SMP_INVALID_PARAMETERS, TROTH_BY_US);
        return;
    }
    struct smp_run *r = &s->run;
    memcpy(r->held, pdu, len);
    r->held_len = (uint8_t)len;
    smp_proceed(s);
}

static void rx_pairing_request(struct smp *s, const uint8_t *pdu, size_t len)
{
    smp_begin(s);
    const struct troth_bond *b = s->env->bond(s->link);
    if (b && !s->level.key_size) {
        /* It would have encrypted, had it still the key. */
        struct troth_event e = {.type = TROTH_EV_BOND_LOST};
        s->env->event(s->link, &e);
    }
    if (s->env->policy(s->link)->refuse_pairing)
        smp_fail(s, TROTH_SMP_PAIRING_NOT_SUPPORTED, TROTH_BY_US);
    else if (!s->env->admit(s->link))
        smp_fail(s, TROTH_SMP_REPEATED_ATTEMPTS, TROTH_BY_US);
    else
        rx_running(s, pdu, len);
}

static void rx_idle(struct smp *s, const uint8_t *pdu, size_t len)
{
    bool shut = s->env->policy(s->link)->refuse_pairing;
    uint8_t not_mine = shut ? TROTH_SMP_PAIRING_NOT_SUPPORTED : TROTH_SMP_COMMAND_NOT_SUPPORTED;
    switch (pdu[0]) {
    case SMP_PAIRING_REQUEST:
        if (s->side == TROTH_RESPONDER)
            rx_pairing_request(s, pdu, len);
        else
            smp_send_failed(s, not_mine);
        return;
    case SMP_SECURITY_REQUEST:
        if (s->side == TROTH_RESPONDER)
            smp_send_failed(s, not_mine);
        else if (len != smp_pdus[SMP_SECURITY_REQUEST].len)
            smp_send_failed(s, TROTH_SMP_INVALID_PARAMETERS);
        else
            smp_take_security_request(s, pdu[1]);
        return;
    case SMP_FAILED:
        if (s->security_requested && len == 2) {
            /* The central will not pair: our Security Request is answered. */
            smp_begin(s);
            smp_fail(s, pdu[1], TROTH_BY_PEER);
        } else if (s->completed && s->level.key_size && len == 2 &&
                   pdu[1] == TROTH_SMP_KEY_REJECTED) {
            s->completed = false;
            s->env->forget(s->link);
            smp_begin(s);
            smp_fail(s, TROTH_SMP_KEY_REJECTED, TROTH_BY_PEER);
        }
        return;
    default:
        if (shut)
            smp_send_failed(s, TROTH_SMP_PAIRING_NOT_SUPPORTED);
        return; /* else a stray: silence */
    }
}

void smp_rx(struct smp *s, const uint8_t *pdu, size_t len)
{
    if (s->dead || s->leaving || !len || pdu[0] == 0 || pdu[0] >= SMP_OPCODES)
        return; /* reserved opcodes change nothing, 3.3 */
    if (smp_busy(s))
        rx_running(s, pdu, len);
    else
        rx_idle(s, pdu, len);
}

void smp_room(struct smp *s)
{
    if (s->owed_reason)
        smp_send_failed(s, s->owed_reason);
    else if (smp_busy(s))
        smp_proceed(s);
}

void smp_acked(struct smp *s)
{
    s->run.unacked = false;
    if (s->leaving && !s->owed_reason)
        leave(s);
    else if (smp_busy(s))
        smp_proceed(s);
}

void smp_disconnected(struct smp *s, uint8_t hci_reason)
{
    if (s->encrypting == SMP_ENC_BOND && hci_reason == HCI_MIC_FAILURE)
        smp_bond_lost(s, hci_reason);
    smp_withdraw(s, TROTH_ASK_SECURITY_REQUEST);
    if (smp_busy(s))
        smp_fail(s, 0, TROTH_BY_LINK);
    wipe(s, sizeof *s);
}

void smp_tick(struct smp *s, troth_ms now)
{
    if (!timer_due(&s->timer, now))
        return;
    if (smp_busy(s)) {
        smp_fail(s, 0, TROTH_BY_TIMEOUT);
    } else if (s->leaving) {
        leave(s); /* a peer that acknowledges nothing does not stay on the encrypted link */
    } else if (s->security_requested) {
        s->security_requested = false;
        struct troth_event e = {.type = TROTH_EV_SECURITY_UNANSWERED};
        s->env->event(s->link, &e);
    }
}

troth_ms smp_deadline(const struct smp *s)
{
    return timer_deadline(&s->timer);
}

/* ---- the API's verbs ---- */

int smp_pair(struct smp *s, const struct troth_features *features)
{
    if (s->side != TROTH_INITIATOR || s->dead || s->leaving)
        return TROTH_STATE;
    if (smp_busy(s) || s->encrypting || s->owed_reason || s->telling || !s->env->admit(s->link))
        return TROTH_BUSY;
    if (!features)
        features = &s->env->policy(s->link)->features;
    if (!smp_features_valid(features))
        return TROTH_INVALID;
    smp_begin(s);
    smp_features_put(s, SMP_PAIRING_REQUEST, features);
    smp_proceed(s);
    return TROTH_OK;
}

int smp_cancel(struct smp *s, uint8_t reason)
{
    if (!smp_busy(s))
        return TROTH_STATE;
    if (reason == 0 || reason > TROTH_SMP_BUSY)
        return TROTH_INVALID;
    smp_fail(s, reason, TROTH_BY_US);
    return TROTH_OK;
}

int smp_keypress(struct smp *s, uint8_t type)
{
    const struct smp_run *r = &s->run;
    if (type > 4)
        return TROTH_INVALID;
    if (!smp_busy(s) || !both_crossed(r) || !smp_model_is_passkey(r->model) || r->encrypted ||
        !(r->feat[0][3] & r->feat[1][3] & TROTH_AUTH_KEYPRESS))
        return TROTH_STATE;
    uint8_t pdu[2] = {SMP_KEYPRESS, type};
    if (!s->env->send(s->link, pdu, sizeof pdu))
        return TROTH_BUSY;
    timer_start(&s->timer, SMP_TIMEOUT_MS);
    return TROTH_OK;
}

bool smp_pairing(const struct smp *s)
{
    return smp_busy(s);
}
