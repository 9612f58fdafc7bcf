/* Security 2: SRP-6a and AES-256-GCM. */
#include "prov/security.h"

#include "base/check.h"
#include "base/wipe.h"
#include "prov/srp6a.h"

#define TRIES 64 /* of a random number whose public key begins with zero, as one in 256 does */

static bool usable(struct troth_security *s)
{
    const struct troth_security_config *c = &s->cfg;
    if (!s->device)
        return c->username.len && c->username.len <= TROTH_SECURITY_NAME_MAX && c->username.p &&
               (c->password.len == 0 || c->password.p) &&
               (c->patch == 1 || (c->patch == 0 && c->allow_patch_0));
    uint8_t v[TROTH_BIG];
    bool ok = c->salt.len && c->salt.len <= TROTH_SECURITY_SALT_MAX &&
              *(const uint8_t *)c->salt.p != 0 && srp_number(c->verifier.p, c->verifier.len, v) &&
              srp_number_ok(v);
    wipe(v, sizeof v);
    return ok;
}

/* The session key is 32 octets of K; the rest of the handshake is forgotten. */
static void establish(struct troth_security *s, size_t at, const uint8_t nonce[12])
{
    uint8_t key[32];
    memcpy(key, s->u.two.key + at, sizeof key);
    wipe(&s->u.two, sizeof s->u.two);
    memcpy(s->u.two.key, key, sizeof key);
    memcpy(s->u.two.nonce, nonce, 12);
    wipe(key, sizeof key);
    s->step = SECURITY_READY;
}

/* ---- device ---- */

/*
 * B begins with no zero, since clients in use disagree on what to hash then. K, M1 and M2 may: a b that
 * was chosen by them would tell of the password, a little each time, to whoever asks and then tries
 * passwords on what came back.
 */
static enum troth_security_fault choose(struct troth_security *s, const pb_S2Cmd0 *m,
                                        uint8_t big_b[TROTH_BIG])
{
    const struct troth_piece a = {m->client_pubkey.bytes, TROTH_BIG};
    uint8_t b[SRP_SECRET];
    bool good = true;
    srp_number(s->cfg.verifier.p, s->cfg.verifier.len, s->u.two.number);
    big_b[0] = 0;
    for (unsigned i = 0; i < TRIES && good && big_b[0] == 0; i++) {
        s->cfg.random(s->cfg.ctx, b, sizeof b);
        good = srp_device_public(s->u.two.number, b, big_b);
    }
    good = good && big_b[0] && srp_device_key(s->u.two.number, b, a.p, big_b, s->u.two.key);
    wipe(b, sizeof b);
    return good ? TROTH_SECURITY_FINE : TROTH_SECURITY_LOCAL;
}

/* What the client will prove, and what is answered: with all of K, and with what some make of it. */
static void expect(struct troth_security *s, const pb_S2Cmd0 *m, const uint8_t big_b[TROTH_BIG])
{
    const struct troth_piece name = {m->client_username.bytes, m->client_username.size};
    const struct troth_piece a = {m->client_pubkey.bytes, TROTH_BIG}, b = {big_b, TROTH_BIG};
    size_t zeros = srp_zeros(s->u.two.key, SRP_HASH / 2);
    const struct troth_piece key = {s->u.two.key, SRP_HASH};
    const struct troth_piece min = {s->u.two.key + zeros, SRP_HASH - zeros};
    srp_client_proof(&name, &s->cfg.salt, &a, &b, &key, s->u.two.proof);
    srp_device_proof(&a, s->u.two.proof, &key, s->u.two.answer);
    srp_client_proof(&name, &s->cfg.salt, &a, &b, &min, s->u.two.short_proof);
    srp_device_proof(&a, s->u.two.short_proof, &min, s->u.two.short_answer);
}

static enum troth_security_fault serve_cmd0(struct troth_security *s, pb_Sec2 *m)
{
    const pb_S2Cmd0 *c = &m->payload.sc0;
    uint8_t big_b[TROTH_BIG];
    VERIFY(m->which_payload == pb_Sec2_sc0_tag && c->client_username.size &&
               c->client_username.size <= TROTH_SECURITY_NAME_MAX &&
               SECURITY_IS(c->client_pubkey, TROTH_BIG),
           TROTH_SECURITY_MALFORMED);
    VERIFY(srp_number_ok(c->client_pubkey.bytes), TROTH_SECURITY_KEY);
    troth_security_end(s);
    enum troth_security_fault fault = choose(s, c, big_b);
    VERIFY(!fault, fault);
    expect(s, c, big_b);
    memset(m, 0, sizeof *m);
    m->msg = pb_RESP0;
    m->which_payload = pb_Sec2_sr0_tag;
    SECURITY_PUT(m->payload.sr0.device_pubkey, big_b, TROTH_BIG);
    SECURITY_PUT(m->payload.sr0.device_salt, s->cfg.salt.p, s->cfg.salt.len);
    s->step = SECURITY_STARTED;
    return TROTH_SECURITY_FINE;
}

/*
 * M1 is taken as a number, since the Android library drops its leading zeros; and those of K as well,
 * wherever it uses K: as the key of messages it begins behind them.
 */
static enum troth_security_fault serve_cmd1(struct troth_security *s, pb_Sec2 *m)
{
    uint8_t nonce[12] = {[11] = 1}, answer[SRP_HASH], proof[SRP_HASH] = {0};
    size_t len = m->payload.sc1.client_proof.size;
    VERIFY(m->which_payload == pb_Sec2_sc1_tag && s->step == SECURITY_STARTED && len &&
               len <= SRP_HASH,
           TROTH_SECURITY_MALFORMED);
    memcpy(proof + SRP_HASH - len, m->payload.sc1.client_proof.bytes, len);
    bool whole = equal_secret(proof, s->u.two.proof, SRP_HASH);
    VERIFY(whole || equal_secret(proof, s->u.two.short_proof, SRP_HASH), TROTH_SECURITY_PROOF);
    memcpy(answer, whole ? s->u.two.answer : s->u.two.short_answer, SRP_HASH);
    s->cfg.random(s->cfg.ctx, nonce, 8);
    memset(m, 0, sizeof *m);
    m->msg = pb_RESP1;
    m->which_payload = pb_Sec2_sr1_tag;
    SECURITY_PUT(m->payload.sr1.device_proof, answer, SRP_HASH);
    SECURITY_PUT(m->payload.sr1.device_nonce, nonce, sizeof nonce);
    s->cfg.patch = 1;
    establish(s, whole ? 0 : srp_zeros(s->u.two.key, SRP_HASH / 2), nonce);
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault serve(struct troth_security *s, pb_SessionData *m)
{
    switch (m->proto.sec2.msg) {
    case pb_CMD0:
        return serve_cmd0(s, &m->proto.sec2);
    case pb_CMD1:
        return serve_cmd1(s, &m->proto.sec2);
    default:
        return TROTH_SECURITY_MALFORMED;
    }
}

/* ---- client ---- */

/* A of 384 octets, since a device takes no other; a with its top bit set, as esp_prov's. */
static enum troth_security_fault hello(struct troth_security *s, pb_SessionData *m)
{
    uint8_t *a = s->u.two.secret, *open_a = s->u.two.number;
    for (unsigned i = 0; i < TRIES && open_a[0] == 0; i++) {
        s->cfg.random(s->cfg.ctx, a, SRP_SECRET);
        a[0] |= 0x80;
        VERIFY(srp_client_public(a, open_a), TROTH_SECURITY_LOCAL);
    }
    VERIFY(open_a[0], TROTH_SECURITY_LOCAL);
    m->which_proto = pb_SessionData_sec2_tag;
    m->proto.sec2.which_payload = pb_Sec2_sc0_tag;
    pb_S2Cmd0 *c = &m->proto.sec2.payload.sc0;
    SECURITY_PUT(c->client_username, s->cfg.username.p, s->cfg.username.len);
    SECURITY_PUT(c->client_pubkey, open_a, TROTH_BIG);
    return TROTH_SECURITY_FINE;
}

/* Other values of x that a verifier of another maker may stand for. */
static uint8_t other_dialects(const struct troth_security *s, const struct troth_piece *salt)
{
    uint8_t inner[SRP_HASH];
    uint8_t other = *(const uint8_t *)salt->p == 0 ? TROTH_SHORT_SALT : 0;
    srp_inner_hash(&s->cfg.username, &s->cfg.password, inner);
    if (inner[0] == 0)
        other |= TROTH_SHORT_INNER_HASH;
    wipe(inner, sizeof inner);
    return other & (uint8_t)~s->cfg.dialect;
}

static enum troth_security_fault next_resp0(struct troth_security *s, pb_Sec2 *m)
{
    const pb_S2Resp0 *r = &m->payload.sr0;
    const struct troth_piece salt = {r->device_salt.bytes, r->device_salt.size};
    const struct troth_piece wire_a = {s->u.two.number, TROTH_BIG};
    const struct troth_piece wire_b = {r->device_pubkey.bytes, r->device_pubkey.size};
    const struct troth_piece key = {s->u.two.key, SRP_HASH};
    uint8_t x[SRP_HASH], big_b[TROTH_BIG];
    VERIFY(m->msg == pb_RESP0 && m->which_payload == pb_Sec2_sr0_tag, TROTH_SECURITY_MALFORMED);
    s->status = (uint8_t)r->status;
    VERIFY(r->status == pb_SUCCESS, TROTH_SECURITY_STATUS);
    VERIFY(salt.len && wire_b.len, TROTH_SECURITY_MALFORMED);
    s->dialects = other_dialects(s, &salt);
    srp_number(wire_b.p, wire_b.len, big_b);
    srp_x(&s->cfg.username, &s->cfg.password, &salt, s->cfg.dialect, x);
    bool ok = srp_client_key(s->u.two.secret, s->u.two.number, big_b, x, s->u.two.key);
    wipe(x, sizeof x);
    VERIFY(ok, TROTH_SECURITY_KEY);
    srp_client_proof(&s->cfg.username, &salt, &wire_a, &wire_b, &key, s->u.two.proof);
    srp_device_proof(&wire_a, s->u.two.proof, &key, s->u.two.answer);
    wipe(s->u.two.secret, sizeof s->u.two.secret);
    memset(m, 0, sizeof *m);
    m->msg = pb_CMD1;
    m->which_payload = pb_Sec2_sc1_tag;
    SECURITY_PUT(m->payload.sc1.client_proof, s->u.two.proof, SRP_HASH);
    s->step = SECURITY_PROVING;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault next_resp1(struct troth_security *s, pb_Sec2 *m)
{
    const pb_S2Resp1 *r = &m->payload.sr1;
    VERIFY(m->msg == pb_RESP1 && m->which_payload == pb_Sec2_sr1_tag, TROTH_SECURITY_MALFORMED);
    s->status = (uint8_t)r->status;
    VERIFY(r->status == pb_SUCCESS, TROTH_SECURITY_STATUS);
    VERIFY(SECURITY_IS(r->device_proof, SRP_HASH) && SECURITY_IS(r->device_nonce, 12),
           TROTH_SECURITY_MALFORMED);
    VERIFY(equal_secret(r->device_proof.bytes, s->u.two.answer, SRP_HASH), TROTH_SECURITY_PROOF);
    establish(s, 0, r->device_nonce.bytes);
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault next(struct troth_security *s, pb_SessionData *m)
{
    return s->step == SECURITY_STARTED ? next_resp0(s, &m->proto.sec2)
                                       : next_resp1(s, &m->proto.sec2);
}

/* ---- messages ---- */

/* The nonce's last four octets count the messages of both directions; zero: none is left. */
static bool spent(const struct troth_security *s)
{
    static const uint8_t zero[4];
    return s->cfg.patch && memcmp(s->u.two.nonce + 8, zero, sizeof zero) == 0;
}

static void count(struct troth_security *s)
{
    for (size_t i = 12; s->cfg.patch && i-- > 8 && ++s->u.two.nonce[i] == 0;)
        ;
}

static enum troth_security_fault seal(struct troth_security *s, const uint8_t *in, size_t len,
                                      uint8_t *out, size_t *out_len)
{
    VERIFY(!spent(s), TROTH_SECURITY_WORN_OUT);
    troth_aes256_gcm_seal(s->u.two.key, s->u.two.nonce, in, len, out);
    count(s);
    *out_len = len + 16;
    return TROTH_SECURITY_FINE;
}

static enum troth_security_fault open(struct troth_security *s, const uint8_t *in, size_t len,
                                      uint8_t *out, size_t *out_len)
{
    VERIFY(!spent(s), TROTH_SECURITY_WORN_OUT);
    VERIFY(troth_aes256_gcm_open(s->u.two.key, s->u.two.nonce, in, len, out), TROTH_SECURITY_TAG);
    count(s);
    *out_len = len - 16;
    return TROTH_SECURITY_FINE;
}

const struct security_ops security_2 = {usable, serve, hello, next, seal, open};

int troth_security_credentials(const struct troth_piece *username,
                               const struct troth_piece *password, const struct troth_piece *salt,
                               uint8_t verifier[TROTH_BIG])
{
    uint8_t x[SRP_HASH];
    VERIFY(username->len && username->len <= TROTH_SECURITY_NAME_MAX && password->len &&
               salt->len && salt->len <= TROTH_SECURITY_SALT_MAX && *(const uint8_t *)salt->p,
           TROTH_INVALID);
    srp_inner_hash(username, password, x);
    bool agreed = x[0] != 0;
    srp_x(username, password, salt, SRP_RFC, x);
    bool ok = agreed && srp_verifier(x, verifier);
    wipe(x, sizeof x);
    VERIFY(agreed, TROTH_UNSUPPORTED);
    return ok ? TROTH_OK : TROTH_FAILED;
}
