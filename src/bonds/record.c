/* The records a port keeps, docs/WIRE.md "Bond records". */
#include <troth/bonds.h>

#include "base/bytes.h"
#include "base/crc32.h"
#include "base/wipe.h"

/*
 * The frame (magic to length, and the CRC) is the same in every version. A new minor version only
 * appends to the body; whatever an old reader must not misread takes a new major version.
 */
#define MAGIC  0x7254 /* "Tr" */
#define MAJOR  1
#define MINOR  0
#define HEADER 7
#define CRC    4

#define STATE_FIXED 29
_Static_assert(HEADER + STATE_FIXED + 4 * TROTH_MAX_CCC + CRC <= TROTH_RECORD_MAX,
               "TROTH_MAX_CCC client characteristic configurations do not fit one record");

enum key_flags {
    FLAG_SC = 0x01,
    FLAG_MITM = 0x02,
    FLAG_IRK = 0x04,
    FLAG_LTK = 0x08,  /* and 0x10: by the responder */
    FLAG_CSRK = 0x20, /* and 0x40: the peer's */
    FLAG_RESPONDER = 0x80,
};

static bool is_zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;
    while (n--)
        any |= *p++;
    return any == 0;
}

/* ---- the frame ------------------------------------------------------------------------------ */

static struct out record_start(enum troth_record kind, uint8_t *buffer, size_t cap)
{
    struct out out = out_of(buffer, cap);
    out_u16(&out, MAGIC);
    out_u8(&out, MAJOR);
    out_u8(&out, MINOR);
    out_u8(&out, (uint8_t)kind);
    out_u16(&out, 0); /* the length, known at the end */
    return out;
}

static int record_end(struct out *out)
{
    if (!out->bad)
        put_le16(out->p + HEADER - 2, (uint16_t)(out->len - HEADER));
    out_u32(out, out->bad ? 0 : crc32(out->p, out->len));
    if (!out->bad)
        return (int)out->len;
    wipe(out->p, out->len);
    return TROTH_INVALID;
}

/* The body of an undamaged record of this kind that we can read. */
static int record_open(struct in *body, uint8_t *minor, enum troth_record kind, const uint8_t *rec,
                       size_t len)
{
    if (len < HEADER + CRC)
        return TROTH_INVALID;
    struct in in = in_of(rec, len - CRC), crc = in_of(rec + len - CRC, CRC);
    if (in_u16(&in) != MAGIC || in_u32(&crc) != crc32(rec, len - CRC))
        return TROTH_INVALID;
    uint8_t major = in_u8(&in);
    *minor = in_u8(&in);
    uint8_t got = in_u8(&in);
    uint16_t length = in_u16(&in);
    if (length != in.left)
        return TROTH_INVALID;
    if (major != MAJOR)
        return TROTH_UNSUPPORTED;
    if (got != kind)
        return TROTH_INVALID;
    *body = in;
    return TROTH_OK;
}

/* Everything we know was there, and what we do not know a newer minor version appended. */
static bool record_read(const struct in *body, uint8_t minor)
{
    return minor > MINOR ? !body->bad : in_done(body);
}

/* ---- keys ----------------------------------------------------------------------------------- */

/* A static address: the two top bits set, the rest neither all 0 nor all 1, Vol 6 Part B 1.3.2.1. */
static bool is_static(const uint8_t b[6])
{
    static const uint8_t ones[5] = {0xff, 0xff, 0xff, 0xff, 0xff};
    bool lowest = b[5] == 0xc0 && is_zero(b, 5);
    bool highest = b[5] == 0xff && memcmp(b, ones, 5) == 0;
    return b[5] >= 0xc0 && !lowest && !highest;
}

static bool ltk_sound(const struct troth_ltk *ltk, const struct troth_bond_keys *k)
{
    return !ltk->present || (is_zero(ltk->key + k->key_size, 16u - k->key_size) &&
                             (!k->sc || (ltk->rand == 0 && ltk->ediv == 0)));
}

/* What no pairing leaves behind is not written and not believed. */
static bool keys_sound(const struct troth_bond_keys *k)
{
    bool identity = k->identity.type == TROTH_ADDR_PUBLIC ||
                    (k->identity.type == TROTH_ADDR_RANDOM && is_static(k->identity.b));
    return identity && k->key_size >= 7 && k->key_size <= 16 && k->local_side <= TROTH_RESPONDER &&
           ltk_sound(&k->ltk[0], k) && ltk_sound(&k->ltk[1], k) &&
           (!k->sc || (k->ltk[0].present && !k->ltk[1].present));
}

/* An IRK of zeros says "I have none", Vol 3 Part H 3.6.4. */
static bool has_irk(const struct troth_bond_keys *k)
{
    return k->has_irk && !is_zero(k->irk, 16);
}

/* What is absent is written as zeros, so one bond has one form. */
static void out_if(struct out *out, bool present, const uint8_t *p, size_t n)
{
    static const uint8_t none[16];
    out_bytes(out, present ? p : none, n);
}

int troth_bond_keys_encode(const struct troth_bond_keys *keys, uint8_t *out, size_t cap)
{
    if (!keys_sound(keys))
        return TROTH_INVALID;
    struct out o = record_start(TROTH_RECORD_KEYS, out, cap);
    uint8_t flags = (uint8_t)((keys->sc ? FLAG_SC : 0) | (keys->mitm ? FLAG_MITM : 0) |
                              (has_irk(keys) ? FLAG_IRK : 0) |
                              (keys->local_side == TROTH_RESPONDER ? FLAG_RESPONDER : 0));
    for (unsigned i = 0; i < 2; i++)
        flags |= (uint8_t)((keys->ltk[i].present ? FLAG_LTK << i : 0) |
                           (keys->has_csrk[i] ? FLAG_CSRK << i : 0));
    out_u8(&o, keys->identity.type);
    out_bytes(&o, keys->identity.b, 6);
    out_u8(&o, flags);
    out_u8(&o, keys->key_size);
    out_if(&o, has_irk(keys), keys->irk, 16);
    for (unsigned i = 0; i < 2; i++) {
        const struct troth_ltk *ltk = &keys->ltk[i];
        out_if(&o, ltk->present, ltk->key, 16);
        out_u64(&o, ltk->present ? ltk->rand : 0);
        out_u16(&o, ltk->present ? ltk->ediv : 0);
    }
    for (unsigned i = 0; i < 2; i++)
        out_if(&o, keys->has_csrk[i], keys->csrk[i], 16);
    return record_end(&o);
}

/* Absent is zeros: anything else was not written by us. */
static bool absent_is_zero(const struct troth_bond_keys *k)
{
    bool ok = k->has_irk || is_zero(k->irk, 16);
    for (unsigned i = 0; i < 2; i++)
        ok = ok && (k->has_csrk[i] || is_zero(k->csrk[i], 16)) &&
             (k->ltk[i].present ||
              (is_zero(k->ltk[i].key, 16) && k->ltk[i].rand == 0 && k->ltk[i].ediv == 0));
    return ok;
}

int troth_bond_keys_decode(struct troth_bond_keys *keys, const uint8_t *rec, size_t len)
{
    struct in in;
    uint8_t minor;

    memset(keys, 0, sizeof *keys);
    int result = record_open(&in, &minor, TROTH_RECORD_KEYS, rec, len);
    if (result != TROTH_OK)
        return result;
    keys->identity.type = in_u8(&in);
    in_copy(&in, keys->identity.b, 6);
    uint8_t flags = in_u8(&in);
    keys->key_size = in_u8(&in);
    keys->sc = flags & FLAG_SC;
    keys->mitm = flags & FLAG_MITM;
    keys->has_irk = flags & FLAG_IRK;
    keys->local_side = flags & FLAG_RESPONDER ? TROTH_RESPONDER : TROTH_INITIATOR;
    in_copy(&in, keys->irk, 16);
    for (unsigned i = 0; i < 2; i++) {
        keys->ltk[i].present = flags & FLAG_LTK << i;
        in_copy(&in, keys->ltk[i].key, 16);
        keys->ltk[i].rand = in_u64(&in);
        keys->ltk[i].ediv = in_u16(&in);
    }
    for (unsigned i = 0; i < 2; i++) {
        keys->has_csrk[i] = flags & FLAG_CSRK << i;
        in_copy(&in, keys->csrk[i], 16);
    }
    if (!record_read(&in, minor) || !keys_sound(keys) || !absent_is_zero(keys)) {
        wipe(keys, sizeof *keys);
        return TROTH_INVALID;
    }
    keys->has_irk = has_irk(keys);
    return TROTH_OK;
}

/* ---- state ---------------------------------------------------------------------------------- */

static bool ccc_sound(const struct troth_bond_state *s)
{
    for (unsigned i = 0; i < TROTH_MAX_CCC; i++) {
        if (s->ccc[i].handle == 0)
            continue;
        if (s->ccc[i].bits & ~3u)
            return false;
        for (unsigned j = 0; j < i; j++)
            if (s->ccc[j].handle == s->ccc[i].handle)
                return false;
    }
    return true;
}

int troth_bond_state_encode(const struct troth_bond_state *state, uint8_t *out, size_t cap)
{
    uint8_t count = 0;

    if (!ccc_sound(state))
        return TROTH_INVALID;
    for (unsigned i = 0; i < TROTH_MAX_CCC; i++)
        count += state->ccc[i].handle != 0;
    struct out o = record_start(TROTH_RECORD_STATE, out, cap);
    out_u32(&o, state->sign_counter[0]);
    out_u32(&o, state->sign_counter[1]);
    out_u32(&o, state->last_use);
    out_bytes(&o, state->db_hash, 16);
    out_u8(&o, count);
    for (unsigned i = 0; i < TROTH_MAX_CCC; i++) {
        if (state->ccc[i].handle) {
            out_u16(&o, state->ccc[i].handle);
            out_u16(&o, state->ccc[i].bits);
        }
    }
    return record_end(&o);
}

int troth_bond_state_decode(struct troth_bond_state *state, const uint8_t *rec, size_t len)
{
    struct in in;
    uint8_t minor;
    bool sound = true;

    memset(state, 0, sizeof *state);
    int result = record_open(&in, &minor, TROTH_RECORD_STATE, rec, len);
    if (result != TROTH_OK)
        return result;
    state->sign_counter[0] = in_u32(&in);
    state->sign_counter[1] = in_u32(&in);
    state->last_use = in_u32(&in);
    in_copy(&in, state->db_hash, 16);
    uint8_t count = in_u8(&in);
    /* A build with more room may have written more: the sign counters matter more than the rest. */
    for (unsigned i = 0; i < count; i++) {
        struct troth_ccc ccc = {.handle = in_u16(&in)};
        ccc.bits = in_u16(&in);
        sound = sound && ccc.handle != 0 && !(ccc.bits & ~3u);
        if (i < TROTH_MAX_CCC)
            state->ccc[i] = ccc;
    }
    if (record_read(&in, minor) && sound && ccc_sound(state))
        return TROTH_OK;
    memset(state, 0, sizeof *state);
    return TROTH_INVALID;
}

/* ---- our own identity ----------------------------------------------------------------------- */

static bool local_sound(const struct troth_local *l)
{
    const struct troth_addr *a = &l->static_addr;
    bool none = a->type == TROTH_ADDR_PUBLIC && is_zero(a->b, 6);
    return l->present && !is_zero(l->irk, 16) &&
           (none || (a->type == TROTH_ADDR_RANDOM && is_static(a->b)));
}

int troth_local_encode(const struct troth_local *local, uint8_t *out, size_t cap)
{
    if (!local_sound(local))
        return TROTH_INVALID;
    struct out o = record_start(TROTH_RECORD_LOCAL, out, cap);
    out_bytes(&o, local->irk, 16);
    out_u8(&o, local->static_addr.type);
    out_bytes(&o, local->static_addr.b, 6);
    return record_end(&o);
}

int troth_local_decode(struct troth_local *local, const uint8_t *rec, size_t len)
{
    struct in in;
    uint8_t minor;

    memset(local, 0, sizeof *local);
    int result = record_open(&in, &minor, TROTH_RECORD_LOCAL, rec, len);
    if (result != TROTH_OK)
        return result;
    in_copy(&in, local->irk, 16);
    local->static_addr.type = in_u8(&in);
    in_copy(&in, local->static_addr.b, 6);
    local->present = true;
    if (record_read(&in, minor) && local_sound(local))
        return TROTH_OK;
    wipe(local, sizeof *local);
    return TROTH_INVALID;
}
