/* SMP PDUs into steps of a chapter. Of keys only their names are kept. */
#include "explain_parts.h"

#include "crypto/toolbox.h"
#include "smp/script.h"

#include <stdio.h>
#include <string.h>

static const uint8_t lengths[SMP_OPCODES] = {
    [SMP_PAIRING_REQUEST] = 7,
    [SMP_PAIRING_RESPONSE] = 7,
    [SMP_CONFIRM] = 17,
    [SMP_RANDOM] = 17,
    [SMP_FAILED] = 2,
    [SMP_ENCRYPTION_INFORMATION] = 17,
    [SMP_CENTRAL_IDENTIFICATION] = 11,
    [SMP_IDENTITY_INFORMATION] = 17,
    [SMP_IDENTITY_ADDRESS] = 8,
    [SMP_SIGNING_INFORMATION] = 17,
    [SMP_SECURITY_REQUEST] = 2,
    [SMP_PUBLIC_KEY] = 65,
    [SMP_DHKEY_CHECK] = 17,
    [SMP_KEYPRESS] = 2,
};

static bool is_key(uint8_t opcode)
{
    return opcode >= SMP_ENCRYPTION_INFORMATION && opcode <= SMP_SIGNING_INFORMATION;
}

static const char *label_of(uint8_t opcode)
{
    switch (opcode) {
    case SMP_ENCRYPTION_INFORMATION:
        return "Encryption Information (LTK)";
    case SMP_IDENTITY_INFORMATION:
        return "Identity Information (IRK)";
    case SMP_SIGNING_INFORMATION:
        return "Signing Information (CSRK)";
    default:
        return opcode && opcode < SMP_OPCODES ? troth_smp_step_words(opcode)
                                              : "unknown SMP command";
    }
}

static struct tale_step *add_pdu(struct tale *t, struct chapter *c, const struct capture_fact *f,
                                 enum out_tone tone)
{
    uint8_t opcode = f->have ? f->pdu[0] : 0;
    struct tale_step *s = tale_add_step(t, c, f, f->by_host ? TALE_FROM_HOST : TALE_FROM_PEER, tone,
                                        label_of(opcode));
    if (!opcode || opcode >= SMP_OPCODES)
        snprintf(s->detail, sizeof s->detail, "opcode 0x%02x is reserved: it is ignored", opcode);
    else if (f->len != lengths[opcode])
        snprintf(s->detail, sizeof s->detail, "malformed: %zu octets, and %u are due", f->len,
                 lengths[opcode]);
    else if (f->lost)
        snprintf(s->detail, sizeof s->detail, "cut short by the capture");
    return s;
}

static bool right_length(const struct capture_fact *f)
{
    return f->have && f->pdu[0] && f->pdu[0] < SMP_OPCODES && f->len == lengths[f->pdu[0]];
}

/* All of it was captured. */
static bool whole(const struct capture_fact *f)
{
    return right_length(f) && f->have == f->len;
}

static void take_features(struct chapter *c, enum troth_side side, const uint8_t *pdu)
{
    c->features[side] = (struct troth_features){pdu[1], pdu[2], pdu[3], pdu[4], pdu[5], pdu[6]};
    c->crossed[side] = true;
}

/* The features were not captured whole: what follows cannot be known, as if they were not there. */
static void lose_chart(struct chapter *c)
{
    c->at = NULL;
    c->headless = true;
}

/* A pairing starts, unless one runs: then it is out of turn, and the answer tells what it does. */
static void take_request(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    if (c && c->kind == CHAPTER_PAIRING) {
        struct tale_step *s = add_pdu(t, c, f, OUT_WARN);
        snprintf(s->detail, sizeof s->detail, "out of turn: this pairing is still running");
        c->out_of_turn = true;
        tale_finish(c, CHAPTER_RESTARTED);
        c = tale_begin(t, l, CHAPTER_PAIRING, f);
        c->out_of_turn = true;
    } else if (c && c->kind == CHAPTER_DEMAND) {
        c->kind = CHAPTER_PAIRING;
    } else {
        if (c)
            tale_finish(c, CHAPTER_CUT);
        c = tale_begin(t, l, CHAPTER_PAIRING, f);
    }
    c->at = smp_script_features;
    struct tale_step *s = add_pdu(t, c, f, OUT_PLAIN);
    c->malformed |= !right_length(f);
    if (whole(f)) {
        take_features(c, TROTH_INITIATOR, f->pdu);
        features_words(&c->features[TROTH_INITIATOR], s->detail);
        chart_advance(c, smp_script_features);
    } else if (right_length(f)) {
        lose_chart(c);
    }
}

/*
 * The last chapter, if what it gave the link is all that a Security Request asks for now: one that
 * crossed the encryption, say. Nobody owes an answer then. What a stored key is worth is not on the
 * air and counts as enough.
 */
static struct chapter *satisfied(const struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_last(l);
    bool mitm = f->have > 1 && (f->pdu[1] & TROTH_AUTH_MITM);
    if (!c || c->end != CHAPTER_SUCCEEDED || (c->combined && mitm && !c->account.authenticated))
        return NULL;
    return c;
}

static void take_security_request(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    if (!c)
        c = satisfied(l, f);
    if (!c)
        c = tale_begin(t, l, CHAPTER_DEMAND, f);
    struct tale_step *s = add_pdu(t, c, f, c->end == CHAPTER_OPEN ? OUT_PLAIN : OUT_DIM);
    c->asked |= c->kind == CHAPTER_DEMAND;
    c->malformed |= !right_length(f);
    if (!whole(f))
        return;
    if (c->end == CHAPTER_OPEN)
        c->auth_req = f->pdu[1];
    snprintf(s->detail, sizeof s->detail, "%s, %s, %s",
             f->pdu[1] & TROTH_AUTH_BOND ? "bonding" : "no bonding",
             f->pdu[1] & TROTH_AUTH_MITM ? "MITM" : "no MITM",
             f->pdu[1] & TROTH_AUTH_SC ? "SC" : "no SC");
}

/* Where it stood: what a person or its data was asked for, or the last message. */
static const char *refused_step(const struct chapter *c, uint8_t reason)
{
    uint8_t local = chart_local(c);
    bool person = reason == TROTH_SMP_PASSKEY_ENTRY_FAILED ||
                  reason == TROTH_SMP_OOB_NOT_AVAILABLE || reason == TROTH_SMP_UNSPECIFIED_REASON ||
                  reason == TROTH_SMP_NUMERIC_COMPARISON_FAILED;
    if (local && person)
        return troth_smp_step_words(local);
    for (unsigned i = c->count; i-- > 0;) {
        const struct tale_step *s = &c->steps[i];
        /* A Security Request that crossed the Pairing Request is nothing anyone refuses. */
        if (c->at && !strcmp(s->label, troth_smp_step_words(SMP_SECURITY_REQUEST)))
            continue;
        if (s->lane == TALE_FROM_HOST || s->lane == TALE_FROM_PEER)
            return s->label;
        if (s->lane == TALE_BOTH)
            return troth_smp_step_words(SMP_RANDOM);
    }
    return "its beginning";
}

static void take_failed(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    struct chapter *before = tale_last(l);
    uint8_t reason = f->have > 1 ? f->pdu[1] : TROTH_SMP_UNSPECIFIED_REASON;
    enum troth_side side;
    bool know = tale_side_of(l, f->by_host, &side);
    if (!c && before && before->kind == CHAPTER_PAIRING &&
        (before->end != CHAPTER_SUCCEEDED || reason == TROTH_SMP_KEY_REJECTED)) {
        c = before; /* two that crossed, or the keys are rejected afterwards */
    } else if (!c) {
        c = tale_begin(t, l, CHAPTER_PAIRING, f);
        c->headless = true;
    }
    const char *step = refused_step(c, reason);
    struct tale_step *s = add_pdu(t, c, f, OUT_BAD);
    if (whole(f))
        snprintf(s->detail, sizeof s->detail, "%s (0x%02x)", troth_smp_reason_name(reason), reason);
    if (c->end != CHAPTER_OPEN && c->end != CHAPTER_SUCCEEDED)
        return;
    c->key_rejected = c->end == CHAPTER_SUCCEEDED;
    c->kind = CHAPTER_PAIRING;
    c->reason = reason;
    c->know_by = know;
    c->by = (uint8_t)side;
    c->step = step;
    tale_finish(c, CHAPTER_REFUSED);
}

/* One line for all rounds of Passkey Entry. */
static bool fold_round(struct tale *t, struct chapter *c, const struct capture_fact *f)
{
    uint8_t opcode = f->pdu[0];
    bool passkey = c->combined && c->account.sc &&
                   c->account.model >= TROTH_PASSKEY_INITIATOR_INPUTS &&
                   c->account.model <= TROTH_PASSKEY_BOTH_INPUT;
    if (!passkey || (opcode != SMP_CONFIRM && opcode != SMP_RANDOM))
        return false;
    struct tale_step *s = c->count ? &c->steps[c->count - 1] : NULL;
    if (!s || s->lane != TALE_BOTH)
        s = tale_add_step(t, c, f, TALE_BOTH, OUT_PLAIN, "Pairing Confirm, Pairing Random");
    c->last = f->us - t->first_us;
    if (c->round < 20)
        snprintf(s->detail, sizeof s->detail, "%u of 20 rounds", c->round);
    else
        snprintf(s->detail, sizeof s->detail, "20 rounds, in %.1f s",
                 (double)(c->last - s->us) / 1e6);
    return true;
}

static void look_at_public_key(struct chapter *c, const struct capture_fact *f, struct tale_step *s)
{
    if (toolbox_is_debug_key(f->pdu + 1)) {
        c->debug_key = true;
        s->tone = OUT_WARN;
        snprintf(s->detail, sizeof s->detail, "the debug key: whoever records this can read along");
    }
}

static void look_at_keypress(const struct capture_fact *f, struct tale_step *s)
{
    static const char *const types[] = {"started", "digit entered", "digit erased", "cleared",
                                        "completed"};
    if (f->pdu[1] < sizeof types / sizeof *types)
        snprintf(s->detail, sizeof s->detail, "%s", types[f->pdu[1]]);
}

static void look_at_identity(struct chapter *c, enum troth_side side, const struct capture_fact *f,
                             struct tale_step *s)
{
    char text[48];
    struct capture_address a = {.known = true, .type = f->pdu[1] & 1};
    memcpy(a.b, f->pdu + 2, 6);
    c->identity[side] = a;
    c->know_identity[side] = true;
    snprintf(s->detail, sizeof s->detail, "%s", address_words(&a, text));
}

static uint8_t dist_bit(uint8_t opcode)
{
    return opcode == SMP_SIGNING_INFORMATION    ? TROTH_DIST_SIGN
           : opcode >= SMP_IDENTITY_INFORMATION ? TROTH_DIST_ID
                                                : TROTH_DIST_ENC;
}

/* Every other PDU: the chart says whether it is its turn. */
static void take_charted(struct tale *t, struct tale_link *l, struct chapter *c,
                         const struct capture_fact *f)
{
    uint8_t opcode = f->pdu[0];
    enum troth_side side;
    bool know = tale_side_of(l, f->by_host, &side);
    /* A key that overtook its Encryption Change: two ways lead out of a controller. */
    bool early = is_key(opcode) && c->encrypting && chart_at_encrypt(c);
    if (early)
        c->early = c->encrypted = true;
    const struct smp_step *row = chart_next(c);
    bool turn = row && know && row->what == opcode &&
                side == (row->dir == I2R ? TROTH_INITIATOR : TROTH_RESPONDER);
    if (turn && right_length(f)) {
        if (opcode == SMP_PAIRING_RESPONSE && whole(f)) {
            take_features(c, TROTH_RESPONDER, f->pdu);
            chart_combine(c);
        }
        if (opcode == SMP_PAIRING_RESPONSE && !whole(f))
            lose_chart(c);
        else
            chart_advance(c, row);
        if (fold_round(t, c, f))
            return;
    }
    struct tale_step *s = add_pdu(t, c, f, OUT_PLAIN);
    if (!right_length(f)) {
        s->tone = OUT_BAD;
        c->malformed = true;
    }
    if (!whole(f))
        return;
    if (is_key(opcode) && know)
        c->gave[side] |= dist_bit(opcode);
    if (opcode == SMP_PAIRING_RESPONSE && turn)
        features_words(&c->features[TROTH_RESPONDER], s->detail);
    else if (opcode == SMP_PUBLIC_KEY)
        look_at_public_key(c, f, s);
    else if (opcode == SMP_IDENTITY_ADDRESS)
        look_at_identity(c, side, f, s);
    else if (opcode == SMP_KEYPRESS)
        look_at_keypress(f, s);
    if (!turn && !c->headless && opcode != SMP_KEYPRESS && c->at) {
        s->tone = OUT_WARN;
        c->out_of_turn = true;
        if (!*s->detail && row)
            snprintf(s->detail, sizeof s->detail, "out of turn: %s was due",
                     troth_smp_step_words(row->what));
        else if (!*s->detail)
            snprintf(s->detail, sizeof s->detail, "out of turn");
    }
}

void tale_smp(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    uint8_t opcode = f->have ? f->pdu[0] : 0;
    struct chapter *c = tale_running(l);
    if (opcode == SMP_PAIRING_REQUEST) {
        take_request(t, l, f);
        return;
    }
    if (opcode == SMP_SECURITY_REQUEST) {
        take_security_request(t, l, f);
        return;
    }
    if (opcode == SMP_FAILED) {
        take_failed(t, l, f);
        return;
    }
    if (!opcode || opcode >= SMP_OPCODES) {
        if (c)
            add_pdu(t, c, f, OUT_WARN);
        return;
    }
    struct chapter *before = tale_last(l);
    bool over = before && (before->end == CHAPTER_TIMED_OUT || is_key(opcode) ||
                           (before->end == CHAPTER_REFUSED && before->kind == CHAPTER_PAIRING));
    if (!c && over) {
        struct tale_step *s = add_pdu(t, before, f, OUT_WARN);
        if (before->end == CHAPTER_REFUSED) {
            s->tone = OUT_DIM;
            snprintf(s->detail, sizeof s->detail, "crossed the Pairing Failed: it is ignored");
        } else if (before->end == CHAPTER_TIMED_OUT)
            snprintf(s->detail, sizeof s->detail, "too late: 30 seconds were over, it is ignored");
        else if (before->headless)
            s->tone = OUT_PLAIN;
        return;
    }
    if (!c || c->kind != CHAPTER_PAIRING) {
        if (c)
            tale_finish(c, c->kind == CHAPTER_DEMAND ? CHAPTER_UNANSWERED : CHAPTER_CUT);
        c = tale_begin(t, l, CHAPTER_PAIRING, f);
        c->headless = true;
    }
    take_charted(t, l, c, f);
    chart_complete(c);
}
