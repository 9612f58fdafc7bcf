/* Security 1: X25519 and one AES-256-CTR stream for both directions. */
#include "prov/security.h"

#include "base/check.h"
#include "base/wipe.h"

static bool usable(struct troth_security *s)
{
    return s->cfg.pop.len == 0 || s->cfg.pop.p;
}

static bool key_pair(struct troth_security *s)
{
    s->cfg.random(s->cfg.ctx, s->u.one.own_private, sizeof s->u.one.own_private);
    return troth_x25519_public_key(s->u.one.own_private, s->u.one.own);
}

/* The key is the shared secret, with the proof of possession's hash over it; then our own is done. */
static enum troth_security_fault agree(struct troth_security *s, const uint8_t random[16])
{
    struct troth_ctr *stream = &s->u.one.stream;
    uint8_t pop[32];
    bool ok = troth_x25519(s->u.one.own_private, s->u.one.peer, stream->key);
    wipe(s->u.one.own_private, sizeof s->u.one.own_private);
    VERIFY(ok, TROTH_SECURITY_KEY);
    if (s->cfg.pop.len) {
        troth_sha256(&s->cfg.pop, 1, pop);
        for (size_t i = 0; i < sizeof pop; i++)
            stream->key[i] ^= pop[i];
        wipe(pop, sizeof pop);
    }
    memcpy(stream->counter, random, sizeof stream->counter);
    stream->used = 0;
    return TROTH_SECURITY_FINE;
}

/* The next 32 octets of the stream over `key` are `proof`. */
static bool proven(struct troth_security *s, const uint8_t key[32], const uint8_t proof[32])
{
    uint8_t expected[32];
    troth_aes256_ctr(&s->u.one.stream, key, expected, sizeof expected);
    bool ok = equal_secret(expected, proof, sizeof expected);
    wipe(expected, sizeof expected);
    return ok;
}

/* ---- device ---- */

static enum troth_security_fault serve_cmd0(struct troth_security *s, pb_Sec1 *m)
{
    uint8_t random[16];
    VERIFY(m->which_payload == pb_Sec1_sc0_tag && SECURITY_IS(m->payload.sc0.client_pubkey, 32),
           TROTH_SECURITY_MALFORMED);
    troth_security_end(s);
    memcpy(s->u.one.peer, m->payload.sc0.client_pubkey.bytes, 32);
    VERIFY(key_pair(s), TROTH_SECURITY_LOCAL);
    s->cfg.random(s->cfg.ctx, random, sizeof random);
    enum troth_security_fault fault = agree(s, random);
    VERIFY(!fault, fault);
    memset(m, 0, sizeof *m);
    m->msg = pb_RESP0;
    m->which_payload = pb_Sec1_sr0_tag;
    SECURITY_PUT(m->payload.sr0.device_pubkey, s->u.one.own, 32);
    SECURITY_PUT(m->payload.sr0.device_random, random, sizeof random);
    s->step = SECURITY_STARTED;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault serve_cmd1(struct troth_security *s, pb_Sec1 *m)
{
    VERIFY(m->which_payload == pb_Sec1_sc1_tag && s->step == SECURITY_STARTED &&
               SECURITY_IS(m->payload.sc1.client_verify_data, 32),
           TROTH_SECURITY_MALFORMED);
    VERIFY(proven(s, s->u.one.own, m->payload.sc1.client_verify_data.bytes), TROTH_SECURITY_PROOF);
    memset(m, 0, sizeof *m);
    m->msg = pb_RESP1;
    m->which_payload = pb_Sec1_sr1_tag;
    m->payload.sr1.device_verify_data.size = 32;
    troth_aes256_ctr(&s->u.one.stream, s->u.one.peer, m->payload.sr1.device_verify_data.bytes, 32);
    s->step = SECURITY_READY;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault serve(struct troth_security *s, pb_SessionData *m)
{
    switch (m->proto.sec1.msg) {
    case pb_CMD0:
        return serve_cmd0(s, &m->proto.sec1);
    case pb_CMD1:
        return serve_cmd1(s, &m->proto.sec1);
    default:
        return TROTH_SECURITY_MALFORMED;
    }
}

/* ---- client ---- */

static enum troth_security_fault hello(struct troth_security *s, pb_SessionData *m)
{
    VERIFY(key_pair(s), TROTH_SECURITY_LOCAL);
    m->which_proto = pb_SessionData_sec1_tag;
    m->proto.sec1.which_payload = pb_Sec1_sc0_tag;
    SECURITY_PUT(m->proto.sec1.payload.sc0.client_pubkey, s->u.one.own, 32);
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault next_resp0(struct troth_security *s, pb_Sec1 *m)
{
    const pb_S1Resp0 *r = &m->payload.sr0;
    VERIFY(m->msg == pb_RESP0 && m->which_payload == pb_Sec1_sr0_tag, TROTH_SECURITY_MALFORMED);
    s->status = (uint8_t)r->status;
    VERIFY(r->status == pb_SUCCESS, TROTH_SECURITY_STATUS);
    VERIFY(SECURITY_IS(r->device_pubkey, 32) && SECURITY_IS(r->device_random, 16),
           TROTH_SECURITY_MALFORMED);
    memcpy(s->u.one.peer, r->device_pubkey.bytes, 32);
    enum troth_security_fault fault = agree(s, r->device_random.bytes);
    VERIFY(!fault, fault);
    memset(m, 0, sizeof *m);
    m->msg = pb_CMD1;
    m->which_payload = pb_Sec1_sc1_tag;
    m->payload.sc1.client_verify_data.size = 32;
    troth_aes256_ctr(&s->u.one.stream, s->u.one.peer, m->payload.sc1.client_verify_data.bytes, 32);
    s->step = SECURITY_PROVING;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault next_resp1(struct troth_security *s, pb_Sec1 *m)
{
    const pb_S1Resp1 *r = &m->payload.sr1;
    VERIFY(m->msg == pb_RESP1 && m->which_payload == pb_Sec1_sr1_tag, TROTH_SECURITY_MALFORMED);
    s->status = (uint8_t)r->status;
    VERIFY(r->status == pb_SUCCESS, TROTH_SECURITY_STATUS);
    VERIFY(SECURITY_IS(r->device_verify_data, 32), TROTH_SECURITY_MALFORMED);
    VERIFY(proven(s, s->u.one.own, r->device_verify_data.bytes), TROTH_SECURITY_PROOF);
    s->step = SECURITY_READY;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault next(struct troth_security *s, pb_SessionData *m)
{
    return s->step == SECURITY_STARTED ? next_resp0(s, &m->proto.sec1)
                                       : next_resp1(s, &m->proto.sec1);
}

/* ---- messages ---- */

static enum troth_security_fault crypt(struct troth_security *s, const uint8_t *in, size_t len,
                                       uint8_t *out, size_t *out_len)
{
    if (len)
        troth_aes256_ctr(&s->u.one.stream, in, out, len);
    *out_len = len;
    return TROTH_SECURITY_FINE;
}

const struct security_ops security_1 = {usable, serve, hello, next, crypt, crypt};
