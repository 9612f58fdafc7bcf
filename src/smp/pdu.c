/*
 * One row an opcode: exact length, put, take. Bodies test no state and branch on no role; whatever
 * has two sides is indexed by the sender's.
 */
#include "bonds/bonds.h"
#include "smp/engine.h"

/* The commitment of side x, over what it has committed to. */
static void commitment(const struct smp *s, uint8_t x, uint8_t out[16])
{
    const struct smp_run *r = &s->run;
    uint8_t y = (uint8_t)!x;
    if (!r->sc)
        toolbox_c1(r->s.tk, r->s.nonce[x], r->feat[TROTH_INITIATOR], r->feat[TROTH_RESPONDER],
                   &s->addr[TROTH_INITIATOR], &s->addr[TROTH_RESPONDER], out);
    else if (r->model == TROTH_OOB)
        toolbox_f4(r->public_key[x], r->public_key[x], r->s.r[x], 0, out);
    else if (smp_model_is_passkey(r->model))
        toolbox_f4(r->public_key[x], r->public_key[y], r->s.nonce[x],
                   (uint8_t)(0x80 | (r->s.passkey >> r->round & 1)), out);
    else
        toolbox_f4(r->public_key[x], r->public_key[y], r->s.nonce[x], 0, out);
}

/* f6 of sender x, 2.3.5.6.5. */
static void check_value(const struct smp *s, uint8_t x, uint8_t out[16])
{
    const struct smp_run *r = &s->run;
    uint8_t y = (uint8_t)!x;
    uint8_t secret[16] = {0};
    if (r->model == TROTH_OOB) {
        if (r->feat[x][2]) /* x holds y's random */
            memcpy(secret, r->s.r[y], 16);
    } else if (smp_model_is_passkey(r->model)) {
        struct out o = out_of(secret, sizeof secret);
        out_u32(&o, r->s.passkey);
    }
    toolbox_f6(r->s.mackey, r->s.nonce[x], r->s.nonce[y], secret, &r->feat[x][1], &s->addr[x],
               &s->addr[y], out);
    wipe(secret, sizeof secret);
}

static void put_features(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    out_bytes(out, &s->run.feat[s->side][1], 6);
    s->run.crossed |= (uint8_t)(1u << s->side);
}

static uint8_t take_features(struct smp *s, const struct smp_step *row, struct in *in)
{
    uint8_t *feat = s->run.feat[smp_peer(s)];
    feat[0] = row->what;
    in_copy(in, feat + 1, 6);
    s->run.crossed |= (uint8_t)(1u << smp_peer(s));
    struct troth_features f = smp_features_of(feat);
    VERIFY(smp_features_valid(&f), TROTH_SMP_INVALID_PARAMETERS);
    if (row->what == SMP_PAIRING_RESPONSE)
        return smp_combine(s);
    return 0;
}

static void put_confirm(struct smp *s, const struct smp_step *row, struct out *out)
{
    struct smp_run *r = &s->run;
    if (row->arg & DRAWS)
        s->env->random(s->link, r->s.nonce[s->side], 16);
    commitment(s, s->side, r->confirm[s->side]);
    out_bytes(out, r->confirm[s->side], 16);
}

static uint8_t take_confirm(struct smp *s, const struct smp_step *row, struct in *in)
{
    struct smp_run *r = &s->run;
    uint8_t x = smp_peer(s);
    in_copy(in, r->confirm[x], 16);
    /* An echo of our own commitment needs no secret to open later. */
    VERIFY(!(row->arg & MIRROR) || !equal_secret(r->confirm[x], r->confirm[s->side], 16),
           TROTH_SMP_CONFIRM_VALUE_FAILED);
    return 0;
}

static void put_random(struct smp *s, const struct smp_step *row, struct out *out)
{
    if (row->arg & DRAWS)
        s->env->random(s->link, s->run.s.nonce[s->side], 16);
    out_bytes(out, s->run.s.nonce[s->side], 16);
}

static uint8_t take_random(struct smp *s, const struct smp_step *row, struct in *in)
{
    struct smp_run *r = &s->run;
    uint8_t x = smp_peer(s);
    in_copy(in, r->s.nonce[x], 16);
    VERIFY(!(row->arg & MIRROR) || !equal_secret(r->s.nonce[x], r->s.nonce[s->side], 16),
           TROTH_SMP_CONFIRM_VALUE_FAILED);
    if (!(row->arg & OPENS))
        return 0;
    /* Out of band, a commitment came to us only if we said so. */
    if (r->sc && r->model == TROTH_OOB && !r->feat[s->side][2])
        return 0;
    uint8_t expected[16];
    commitment(s, x, expected);
    bool good = equal_secret(expected, r->confirm[x], 16);
    wipe(expected, sizeof expected);
    if (!good)
        smp_spend_own_oob(s);
    return good ? 0 : TROTH_SMP_CONFIRM_VALUE_FAILED;
}

static void put_public_key(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    out_bytes(out, s->run.public_key[s->side], 64);
}

static uint8_t take_public_key(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    struct smp_run *r = &s->run;
    uint8_t *theirs = r->public_key[smp_peer(s)];
    in_copy(in, theirs, 64);
    /* The same X is our own key or its negative: a reflection (CVE-2020-26558). */
    VERIFY(memcmp(theirs, r->public_key[s->side], 32) != 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    VERIFY(toolbox_public_key_valid(theirs), TROTH_SMP_DHKEY_CHECK_FAILED);
    VERIFY(s->env->policy(s->link)->accept_debug_keys || !toolbox_is_debug_key(theirs),
           TROTH_SMP_DHKEY_CHECK_FAILED);
    return 0;
}

static void put_dhkey_check(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    uint8_t value[16];
    check_value(s, s->side, value);
    out_bytes(out, value, 16);
    wipe(value, sizeof value);
}

static uint8_t take_dhkey_check(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    uint8_t theirs[16], expected[16];
    in_copy(in, theirs, 16);
    check_value(s, smp_peer(s), expected);
    bool good = equal_secret(theirs, expected, 16);
    wipe(expected, sizeof expected);
    bool ours = smp_spend_own_oob(s);
    VERIFY(good, TROTH_SMP_DHKEY_CHECK_FAILED);
    return ours ? 0 : TROTH_SMP_OOB_NOT_AVAILABLE;
}

/* ---- key distribution, 3.6 ---- */

static void put_encryption_information(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    struct smp_run *r = &s->run;
    s->env->random(s->link, r->s.ltk[s->side], 16);
    smp_shorten(r->s.ltk[s->side], r->key_size);
    out_bytes(out, r->s.ltk[s->side], 16);
}

static uint8_t take_encryption_information(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    struct smp_run *r = &s->run;
    in_copy(in, r->s.ltk[smp_peer(s)], 16);
    smp_shorten(r->s.ltk[smp_peer(s)], r->key_size);
    return 0;
}

static void put_central_identification(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    struct smp_run *r = &s->run;
    uint8_t fresh[10];
    s->env->random(s->link, fresh, sizeof fresh);
    struct in in = in_of(fresh, sizeof fresh);
    r->s.ediv[s->side] = in_u16(&in);
    r->s.rand[s->side] = in_u64(&in);
    out_bytes(out, fresh, sizeof fresh);
}

static uint8_t take_central_identification(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    s->run.s.ediv[smp_peer(s)] = in_u16(in);
    s->run.s.rand[smp_peer(s)] = in_u64(in);
    return 0;
}

static void put_identity_information(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    uint8_t irk[16];
    struct troth_addr identity;
    s->env->local(s->link, irk, &identity);
    out_bytes(out, irk, 16);
    wipe(irk, sizeof irk);
}

static uint8_t take_identity_information(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    in_copy(in, s->run.s.irk, 16);
    return 0;
}

static void put_identity_address(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    uint8_t irk[16];
    struct troth_addr identity;
    s->env->local(s->link, irk, &identity);
    wipe(irk, sizeof irk);
    out_u8(out, identity.type);
    out_bytes(out, identity.b, 6);
}

static uint8_t take_identity_address(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    struct troth_addr *a = &s->run.identity;
    a->type = in_u8(in);
    in_copy(in, a->b, 6);
    VERIFY(bonds_identity_valid(a), TROTH_SMP_INVALID_PARAMETERS);
    return 0;
}

static void put_signing_information(struct smp *s, const struct smp_step *row, struct out *out)
{
    (void)row;
    s->env->random(s->link, s->run.s.csrk[s->side], 16);
    out_bytes(out, s->run.s.csrk[s->side], 16);
}

static uint8_t take_signing_information(struct smp *s, const struct smp_step *row, struct in *in)
{
    (void)row;
    in_copy(in, s->run.s.csrk[smp_peer(s)], 16);
    return 0;
}

const struct smp_pdu smp_pdus[SMP_OPCODES] = {
    [SMP_PAIRING_REQUEST] = {7, put_features, take_features},
    [SMP_PAIRING_RESPONSE] = {7, put_features, take_features},
    [SMP_CONFIRM] = {17, put_confirm, take_confirm},
    [SMP_RANDOM] = {17, put_random, take_random},
    [SMP_FAILED] = {2, NULL, NULL},
    [SMP_ENCRYPTION_INFORMATION] = {17, put_encryption_information, take_encryption_information},
    [SMP_CENTRAL_IDENTIFICATION] = {11, put_central_identification, take_central_identification},
    [SMP_IDENTITY_INFORMATION] = {17, put_identity_information, take_identity_information},
    [SMP_IDENTITY_ADDRESS] = {8, put_identity_address, take_identity_address},
    [SMP_SIGNING_INFORMATION] = {17, put_signing_information, take_signing_information},
    [SMP_SECURITY_REQUEST] = {2, NULL, NULL},
    [SMP_PUBLIC_KEY] = {65, put_public_key, take_public_key},
    [SMP_DHKEY_CHECK] = {17, put_dhkey_check, take_dhkey_check},
    [SMP_KEYPRESS] = {2, NULL, NULL},
};
