#include "support/tester_peer.h"

#include "support/tester_crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static const uint8_t lengths[] = {0, 7, 7, 17, 17, 2, 17, 11, 17, 8, 17, 2, 65, 17, 2};
static const char *const names[] = {"0x00",
                                    "Pairing Request",
                                    "Pairing Response",
                                    "Confirm",
                                    "Random",
                                    "Failed",
                                    "Encryption Information",
                                    "Central Identification",
                                    "Identity Information",
                                    "Identity Address Information",
                                    "Signing Information",
                                    "Security Request",
                                    "Public Key",
                                    "DHKey Check",
                                    "Keypress Notification"};

static const char *name_of(uint8_t opcode)
{
    return opcode < sizeof lengths ? names[opcode] : "a reserved opcode";
}

void peer_draw(struct peer *p, void *out, size_t n)
{
    uint8_t *b = out;
    for (size_t i = 0; i < n; i++) {
        p->seed = p->seed * 6364136223846793005u + 1442695040888963407u;
        b[i] = (uint8_t)(p->seed >> 56);
    }
}

void peer_init(struct peer *p, uint8_t seed, uint8_t addr_type)
{
    static const uint8_t bd_addr[6] = {0x31, 0x92, 0x07, 0xd4, 0x5b, 0x00};
    const uint8_t peer[7] = {addr_type, 0x4e, 0xa0, 0x13, 0x66, 0xf9, 0xd1};
    memset(p, 0, sizeof *p);
    p->seed = seed;
    memcpy(p->l.bd_addr, bd_addr, 6);
    memcpy(p->l.peer, peer, 7);
    peer_draw(p, p->oob_tk, 16);
}

void peer_again(struct peer *p, enum lt_role me)
{
    p->me = (uint8_t)me;
    p->method = M_ANY;
    p->have_public[0] = p->have_public[1] = p->committed = false;
    p->round = 0;
    p->failed = p->may_fail = false;
    memset(p->tk, 0, sizeof p->tk);
    memset(p->keys, 0, sizeof p->keys);
    peer_draw(p, p->private_key, 32);
    p->private_key[31] &= 0x7f; /* below the order of the curve */
    p->passkey = 0;
    peer_draw(p, &p->passkey, 3);
    p->passkey %= 1000000;
    struct lt_keys *k = &p->keys[me];
    peer_draw(p, k, sizeof *k);
    memcpy(k->identity, p->l.peer, 7);
}

/* ---- features ---- */

bool peer_is_passkey(uint8_t method)
{
    return method == M_PASSKEY_I || method == M_PASSKEY_R || method == M_PASSKEY_BOTH;
}

/* Tables 2.6, 2.7 and 2.8, here [initiator][responder]. */
enum lt_method peer_method(const struct feat *i, const struct feat *r)
{
    enum { JW = M_JUST_WORKS, PI = M_PASSKEY_I, PR = M_PASSKEY_R, PB = M_PASSKEY_BOTH };
    static const uint8_t legacy[5][5] = {
        {JW, JW, PR, JW, PR}, {JW, JW, PR, JW, PR}, {PI, PI, PB, JW, PI},
        {JW, JW, JW, JW, JW}, {PI, PI, PR, JW, PR},
    };
    bool sc = (i->auth & SC) && (r->auth & SC);
    if (sc ? i->oob || r->oob : i->oob && r->oob)
        return M_OOB;
    if (!(i->auth & MITM) && !(r->auth & MITM))
        return M_JUST_WORKS;
    bool i_compares = i->io == IO_YES_NO || i->io == IO_KEYBOARD_DISPLAY;
    bool r_compares = r->io == IO_YES_NO || r->io == IO_KEYBOARD_DISPLAY;
    if (sc && i_compares && r_compares)
        return M_COMPARE;
    return (enum lt_method)legacy[i->io][r->io];
}

void peer_send_features(struct peer *p, uint8_t opcode)
{
    const struct feat *f = &p->offer;
    const uint8_t body[6] = {f->io, f->oob, f->auth, f->max_key, f->keys[0], f->keys[1]};
    p->feat[p->me][0] = opcode;
    memcpy(p->feat[p->me] + 1, body, 6);
    peer_send(p, opcode, body, 6);
}

static struct feat feat_of(const uint8_t pdu[7])
{
    return (struct feat){pdu[1], pdu[2], pdu[3], pdu[4], {pdu[5], pdu[6]}};
}

void peer_combine(struct peer *p)
{
    const struct feat i = feat_of(p->feat[CEN]), r = feat_of(p->feat[PER]);
    p->sc = i.auth & r.auth & SC;
    p->method = (uint8_t)peer_method(&i, &r);
    p->key_size = i.max_key < r.max_key ? i.max_key : r.max_key;
    for (int x = 0; x < 2; x++)
        p->dist[x] = i.keys[x] & r.keys[x] & (p->sc ? ID | SIGN : ENC | ID | SIGN);
}

/* ---- PDUs ---- */

void peer_send(struct peer *p, uint8_t opcode, const void *body, size_t n)
{
    uint8_t pdu[LT_PDU_MAX] = {opcode};
    memcpy(pdu + 1, body, n);
    p->sent_last = opcode;
    lower_send(&p->l, 0x0006, pdu, 1 + n);
}

const uint8_t *peer_expect(struct peer *p, uint8_t opcode)
{
    static struct lt_pdu pdu;
    lower_run(&p->l);
    if (!lower_take(&p->l.smp, &pdu))
        fail_msg("%s did not come", name_of(opcode));
    if (pdu.b[0] == LT_FAILED && opcode != LT_FAILED) {
        if (!p->may_fail || pdu.len != 2)
            fail_msg("Pairing Failed 0x%02x came, not %s", pdu.b[1], name_of(opcode));
        p->failed = true;
        p->reason = pdu.b[1];
        return NULL;
    }
    if (pdu.b[0] != opcode)
        fail_msg("%s (0x%02x) came, not %s", name_of(pdu.b[0]), pdu.b[0], name_of(opcode));
    assert_int_equal(pdu.len, lengths[opcode]);
    return pdu.b + 1;
}

void peer_expect_failed(struct peer *p, uint8_t reason)
{
    if (!p->failed) {
        p->reason = peer_expect(p, LT_FAILED)[0];
        p->failed = true;
    }
    if (reason)
        assert_int_equal(p->reason, reason);
    assert_in_range(p->reason, 0x01, 0x10);
    peer_silent(p);
}

bool peer_refused(struct peer *p)
{
    lower_run(&p->l);
    const struct lt_channel *c = &p->l.smp;
    if (!p->may_fail || !c->count || c->pdu[c->from].b[0] != LT_FAILED)
        return false;
    peer_expect(p, LT_REQUEST);
    return true;
}

void peer_silent(struct peer *p)
{
    struct lt_pdu pdu;
    lower_run(&p->l);
    if (lower_take(&p->l.smp, &pdu))
        fail_msg("%s (0x%02x 0x%02x) came, where nothing may", name_of(pdu.b[0]), pdu.b[0],
                 pdu.b[1]);
}

/* ---- values ---- */

static void number_octets(uint32_t n, uint8_t out[16])
{
    memset(out, 0, 16);
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(n >> (8 * i));
}

/* The commitment of `who` to its nonce, 2.3.5.5 and 2.3.5.6. */
static void commitment(const struct peer *p, uint8_t who, uint8_t out[16])
{
    uint8_t z = 0;
    if (!p->sc) {
        tc_c1(p->tk, p->nonce[who], p->feat[CEN], p->feat[PER], p->l.addr[CEN], p->l.addr[PER],
              out);
        return;
    }
    if (peer_is_passkey(p->method))
        z = (uint8_t)(0x80 | (p->passkey >> p->round & 1));
    tc_f4(p->public_key[who], p->public_key[!who], p->nonce[who], z, out);
}

/* The r that `who` puts into its DHKey Check: the other side's secret, 2.3.5.6.5. */
static void check_value(const struct peer *p, uint8_t who, uint8_t out[16])
{
    uint8_t r[16] = {0};
    if (peer_is_passkey(p->method))
        number_octets(p->passkey, r);
    else if (p->method == M_OOB && p->feat[who][2])
        memcpy(r, p->oob_random[!who], 16);
    tc_f6(p->mackey, p->nonce[who], p->nonce[!who], r, p->feat[who] + 1, p->l.addr[who],
          p->l.addr[!who], out);
}

bool peer_public_key(struct peer *p, uint8_t who)
{
    uint8_t *key = p->public_key[who];
    if (who != p->me) {
        const uint8_t *body = peer_expect(p, LT_PUBLIC_KEY);
        if (!body)
            return false;
        memcpy(key, body, 64);
        p->have_public[who] = true;
        assert_memory_not_equal(key, key + 32, 32);
        if (p->feat[p->me][2] && p->method == M_OOB) {
            uint8_t want[16];
            tc_f4(key, key, p->oob_random[who], 0, want);
            assert_memory_equal(want, p->oob_confirm[who], 16);
        }
    } else {
        tc_public_key(p->private_key, key);
        if (p->harm == KEY_Y_ZERO || p->harm == KEY_ZERO)
            memset(key + 32, 0, 32);
        if (p->harm == KEY_ZERO)
            memset(key, 0, 32);
        if (p->harm == KEY_Y_BIT)
            key[32 + p->harm_round] ^= 0x04;
        if (p->harm == KEY_YOURS || p->harm == KEY_YOUR_X) {
            assert_true(p->have_public[!who]);
            memcpy(key, p->public_key[!who], 64);
            if (p->harm == KEY_YOUR_X)
                tc_negate(p->public_key[!who], key);
        }
        p->have_public[who] = true;
        peer_send(p, LT_PUBLIC_KEY, key, 64);
    }
    if (p->have_public[!who]) {
        memset(p->dhkey, 0, 32);
        if (!p->zero_dhkey)
            tc_dhkey(p->private_key, p->public_key[!p->me], p->dhkey);
    }
    return true;
}

bool peer_confirm(struct peer *p, uint8_t who)
{
    uint8_t value[16];
    if (who != p->me) {
        const uint8_t *body = peer_expect(p, LT_CONFIRM);
        if (!body)
            return false;
        memcpy(p->confirm[who], body, 16);
        return true;
    }
    peer_draw(p, p->nonce[who], 16);
    p->committed = true;
    commitment(p, who, value);
    if (p->harm == WRONG_CONFIRM && p->round == p->harm_round)
        value[9] ^= 0x10;
    if (p->harm == REFLECT)
        memcpy(value, p->confirm[!who], 16);
    memcpy(p->confirm[who], value, 16);
    peer_send(p, LT_CONFIRM, value, 16);
    return true;
}

bool peer_random(struct peer *p, uint8_t who)
{
    uint8_t want[16];
    if (who != p->me) {
        const uint8_t *body = peer_expect(p, LT_RANDOM);
        if (!body)
            return false;
        memcpy(p->nonce[who], body, 16);
        bool opens = !p->sc || peer_is_passkey(p->method) || (p->method != M_OOB && who == PER);
        /* Under another passkey nobody can tell. */
        if (opens && p->harm != WRONG_PASSKEY) {
            commitment(p, who, want);
            assert_memory_equal(want, p->confirm[who], 16);
        }
    } else {
        if (!p->committed)
            peer_draw(p, p->nonce[who], 16);
        p->committed = false;
        if (p->harm == REFLECT || p->harm == REFLECT_RANDOM)
            memcpy(p->nonce[who], p->nonce[!who], 16);
        peer_send(p, LT_RANDOM, p->nonce[who], 16);
    }
    if (who == PER && peer_is_passkey(p->method))
        p->round++;
    return true;
}

bool peer_dhkey_check(struct peer *p, uint8_t who)
{
    uint8_t value[16];
    if (who != p->me) {
        const uint8_t *body = peer_expect(p, LT_DHKEY_CHECK);
        if (!body)
            return false;
        check_value(p, who, value);
        assert_memory_equal(body, value, 16);
        return true;
    }
    check_value(p, who, value);
    peer_send(p, LT_DHKEY_CHECK, value, 16);
    return true;
}

void peer_make_key(struct peer *p)
{
    if (p->sc)
        tc_f5(p->dhkey, p->nonce[CEN], p->nonce[PER], p->l.addr[CEN], p->l.addr[PER], p->mackey,
              p->full_key);
    else
        tc_s1(p->tk, p->nonce[PER], p->nonce[CEN], p->full_key);
    memset(p->key, 0, 16);
    memcpy(p->key, p->full_key, p->key_size);
}

uint32_t peer_number(const struct peer *p)
{
    return tc_g2(p->public_key[CEN], p->public_key[PER], p->nonce[CEN], p->nonce[PER]);
}

void peer_make_oob(struct peer *p)
{
    uint8_t key[64];
    peer_draw(p, p->oob_random[p->me], 16);
    tc_public_key(p->private_key, key);
    tc_f4(key, key, p->oob_random[p->me], 0, p->oob_confirm[p->me]);
}

/* ---- key distribution, 3.6 ---- */

static void key_pdu(struct peer *p, uint8_t who, uint8_t opcode, uint8_t *at, size_t n)
{
    if (who == p->me)
        peer_send(p, opcode, at, n);
    else
        memcpy(at, peer_expect(p, opcode), n);
}

void peer_keys(struct peer *p, uint8_t who)
{
    struct lt_keys *k = &p->keys[who];
    static const uint8_t zero[16] = {0};
    uint8_t central_id[10];
    assert_true(p->l.encrypted);
    if (p->dist[who] & ENC) {
        if (who == p->me)
            memset(k->ltk + p->key_size, 0, 16u - p->key_size);
        key_pdu(p, who, LT_ENC_INFO, k->ltk, 16);
        memcpy(central_id, k->ediv, 2);
        memcpy(central_id + 2, k->rand, 8);
        key_pdu(p, who, LT_CENTRAL_ID, central_id, 10);
        memcpy(k->ediv, central_id, 2);
        memcpy(k->rand, central_id + 2, 8);
        assert_memory_equal(k->ltk + p->key_size, zero, 16u - p->key_size);
        assert_memory_not_equal(k->ltk, zero, p->key_size);
    }
    if (p->dist[who] & ID) {
        key_pdu(p, who, LT_ID_INFO, k->irk, 16);
        key_pdu(p, who, LT_ID_ADDR, k->identity, 7);
        assert_memory_not_equal(k->irk, zero, 16);
        assert_in_range(k->identity[0], 0, 1);
        if (k->identity[0] == 1) /* static, Vol 6 Part B 1.3.2.1 */
            assert_int_equal(k->identity[6] & 0xc0, 0xc0);
    }
    if (p->dist[who] & SIGN) {
        key_pdu(p, who, LT_SIGN_INFO, k->csrk, 16);
        assert_memory_not_equal(k->csrk, zero, 16);
    }
}
