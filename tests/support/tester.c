#include "support/tester.h"

#include "support/tester_crypto.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

const uint8_t tester_private[2][32] = {
    {0x21, 0x8c, 0x44, 0xe0, 0x3b, 0x97, 0x5d, 0xfa, 0x06, 0x71, 0xc2,
     0x1e, 0x88, 0x3f, 0xa9, 0x54, 0xd6, 0x0b, 0x92, 0x67, 0xf5, 0x2d,
     0x18, 0xbe, 0x73, 0x40, 0xcc, 0x85, 0x1a, 0xe7, 0x39, 0x5b},
    {0x9d, 0x12, 0x6b, 0x30, 0xf8, 0xa4, 0x57, 0xc1, 0x2e, 0x83, 0x0f,
     0xd9, 0x64, 0xb5, 0x1c, 0x70, 0xe3, 0x48, 0x96, 0x2f, 0xaa, 0x05,
     0xdc, 0x7e, 0x31, 0x8f, 0x53, 0xc6, 0x0a, 0xbd, 0x72, 0x44},
};

#define ALL (TROTH_DIST_ENC | TROTH_DIST_ID | TROTH_DIST_SIGN)
#define B   TROTH_AUTH_BOND
#define M   TROTH_AUTH_MITM
#define S   TROTH_AUTH_SC
#define SIDES(io_i, oob_i, auth_i, io_r, oob_r, auth_r)                                            \
    {                                                                                              \
        {io_i, oob_i, auth_i, 16, ALL, ALL},                                                       \
        {                                                                                          \
            io_r, oob_r, auth_r, 16, ALL, ALL                                                      \
        }                                                                                          \
    }

const struct flow tester_flows[FLOWS] = {
    {"legacy just works", SIDES(TROTH_NO_INPUT_NO_OUTPUT, 0, B, TROTH_NO_INPUT_NO_OUTPUT, 0, B),
     false, TROTH_JUST_WORKS},
    {"legacy passkey, initiator inputs",
     SIDES(TROTH_KEYBOARD_ONLY, 0, B | M, TROTH_DISPLAY_ONLY, 0, B | M), false,
     TROTH_PASSKEY_INITIATOR_INPUTS},
    {"legacy passkey, responder inputs",
     SIDES(TROTH_DISPLAY_ONLY, 0, B | M, TROTH_KEYBOARD_ONLY, 0, B | M), false,
     TROTH_PASSKEY_RESPONDER_INPUTS},
    {"legacy passkey, both input",
     SIDES(TROTH_KEYBOARD_ONLY, 0, B | M | S, TROTH_KEYBOARD_ONLY, 0, B), false,
     TROTH_PASSKEY_BOTH_INPUT},
    {"legacy OOB", SIDES(TROTH_DISPLAY_YES_NO, 1, B | M, TROTH_KEYBOARD_ONLY, 1, B | M), false,
     TROTH_OOB},
    {"SC just works", SIDES(TROTH_NO_INPUT_NO_OUTPUT, 0, B | S, TROTH_DISPLAY_YES_NO, 0, B | S),
     true, TROTH_JUST_WORKS},
    {"SC numeric comparison",
     SIDES(TROTH_DISPLAY_YES_NO, 0, B | M | S, TROTH_KEYBOARD_DISPLAY, 0, B | S), true,
     TROTH_NUMERIC_COMPARISON},
    {"SC passkey, initiator inputs",
     SIDES(TROTH_KEYBOARD_ONLY, 0, B | M | S, TROTH_DISPLAY_ONLY, 0, B | M | S), true,
     TROTH_PASSKEY_INITIATOR_INPUTS},
    {"SC passkey, responder inputs",
     SIDES(TROTH_DISPLAY_YES_NO, 0, B | S, TROTH_KEYBOARD_ONLY, 0, B | M | S), true,
     TROTH_PASSKEY_RESPONDER_INPUTS},
    {"SC passkey, both input",
     SIDES(TROTH_KEYBOARD_ONLY, 0, B | M | S, TROTH_KEYBOARD_ONLY, 0, B | M | S), true,
     TROTH_PASSKEY_BOTH_INPUT},
    {"SC OOB {1,1}",
     SIDES(TROTH_NO_INPUT_NO_OUTPUT, 1, B | M | S, TROTH_NO_INPUT_NO_OUTPUT, 1, B | M | S), true,
     TROTH_OOB},
    {"SC OOB {1,0}", SIDES(TROTH_DISPLAY_ONLY, 1, B | M | S, TROTH_DISPLAY_ONLY, 0, B | M | S),
     true, TROTH_OOB},
    {"SC OOB {0,1}", SIDES(TROTH_KEYBOARD_DISPLAY, 0, B | M | S, TROTH_KEYBOARD_DISPLAY, 1, B | S),
     true, TROTH_OOB},
};

static const struct {
    uint8_t len;
    const char *name;
} pdus[] = {
    [OP_PAIRING_REQUEST] = {7, "Pairing Request"},
    [OP_PAIRING_RESPONSE] = {7, "Pairing Response"},
    [OP_CONFIRM] = {17, "Pairing Confirm"},
    [OP_RANDOM] = {17, "Pairing Random"},
    [OP_FAILED] = {2, "Pairing Failed"},
    [OP_ENCRYPTION_INFO] = {17, "Encryption Information"},
    [OP_CENTRAL_ID] = {11, "Central Identification"},
    [OP_IDENTITY_INFO] = {17, "Identity Information"},
    [OP_IDENTITY_ADDR] = {8, "Identity Address Information"},
    [OP_SIGNING_INFO] = {17, "Signing Information"},
    [OP_SECURITY_REQUEST] = {2, "Security Request"},
    [OP_PUBLIC_KEY] = {65, "Pairing Public Key"},
    [OP_DHKEY_CHECK] = {17, "Pairing DHKey Check"},
    [OP_KEYPRESS] = {2, "Keypress Notification"},
};

unsigned tester_pdu_len(uint8_t opcode)
{
    return opcode <= OP_KEYPRESS ? pdus[opcode].len : 0;
}

const char *tester_op_name(uint8_t opcode)
{
    return opcode >= 1 && opcode <= OP_KEYPRESS ? pdus[opcode].name
           : opcode == ENCRYPTION               ? "encryption"
                                                : "reserved opcode";
}

bool tester_is_passkey(const struct flow *f)
{
    return f->model == TROTH_PASSKEY_INITIATOR_INPUTS ||
           f->model == TROTH_PASSKEY_RESPONDER_INPUTS || f->model == TROTH_PASSKEY_BOTH_INPUT;
}

/* --- the chart --- */

static void row(struct tester *t, uint8_t who, uint8_t op)
{
    if (t->rows == CHART_MAX)
        abort();
    t->chart[t->rows].who = who;
    t->chart[t->rows].op = op;
    t->rows++;
}

static void chart_keys(struct tester *t)
{
    static const uint8_t sender[2] = {R, I}; /* 3.6.1: the responder first */
    for (int i = 0; i < 2; i++) {
        uint8_t x = sender[i];
        if (t->dist[x] & TROTH_DIST_ENC) {
            row(t, x, OP_ENCRYPTION_INFO);
            row(t, x, OP_CENTRAL_ID);
        }
        if (t->dist[x] & TROTH_DIST_ID) {
            row(t, x, OP_IDENTITY_INFO);
            row(t, x, OP_IDENTITY_ADDR);
        }
        if (t->dist[x] & TROTH_DIST_SIGN)
            row(t, x, OP_SIGNING_INFO);
    }
}

/* Features have crossed: figures C.1 to C.12 of appendix C, by the flow's model. */
static void chart_rest(struct tester *t)
{
    const struct flow *f = t->flow;
    if (!f->sc) {
        row(t, I, OP_CONFIRM);
        row(t, R, OP_CONFIRM);
        row(t, I, OP_RANDOM);
        row(t, R, OP_RANDOM);
    } else {
        row(t, I, OP_PUBLIC_KEY);
        row(t, R, OP_PUBLIC_KEY);
        if (tester_is_passkey(f)) {
            for (int i = 0; i < 20; i++) {
                row(t, I, OP_CONFIRM);
                row(t, R, OP_CONFIRM);
                row(t, I, OP_RANDOM);
                row(t, R, OP_RANDOM);
            }
        } else {
            if (f->model != TROTH_OOB)
                row(t, R, OP_CONFIRM);
            row(t, I, OP_RANDOM);
            row(t, R, OP_RANDOM);
        }
        row(t, I, OP_DHKEY_CHECK);
        row(t, R, OP_DHKEY_CHECK);
    }
    row(t, 0xff, ENCRYPTION);
    chart_keys(t);
}

/* --- values --- */

void tester_draw(struct tester *t, uint8_t *out, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        t->seed = t->seed * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(t->seed >> 56);
    }
}

static void fresh_nonce(struct tester *t)
{
    memcpy(t->last_nonce, t->nonce[t->side], 16);
    if (t->nonce_fill >= 0)
        memset(t->nonce[t->side], t->nonce_fill, 16);
    else
        tester_draw(t, t->nonce[t->side], 16);
}

void tester_shorten(uint8_t key[16], uint8_t size)
{
    memset(key + size, 0, (size_t)(16 - size));
}

void tester_passkey(const struct tester *t, uint8_t out[16])
{
    memset(out, 0, 16);
    for (int i = 0; i < 4; i++)
        out[i] = (uint8_t)(t->passkey >> (8 * i));
}

/* x's commitment, made of x's nonce. */
static void confirm_of(const struct tester *t, uint8_t x, uint8_t out[16])
{
    const uint8_t *mine = t->public_key[x], *other = t->public_key[!x];
    if (!t->flow->sc)
        tc_c1(t->tk, t->nonce[x], t->feat[I], t->feat[R], &t->addr[I], &t->addr[R], out);
    else if (tester_is_passkey(t->flow))
        tc_f4(mine, other, t->nonce[x], (uint8_t)(0x80 | (t->passkey >> t->round & 1)), out);
    else
        tc_f4(mine, other, t->nonce[x], 0, out);
}

/* The random of y that x uses: 2.3.5.6.5. */
static void r_of(const struct tester *t, uint8_t y, uint8_t out[16])
{
    memset(out, 0, 16);
    if (tester_is_passkey(t->flow))
        tester_passkey(t, out);
    else if (t->flow->model == TROTH_OOB && t->feat[!y][2] == 1)
        memcpy(out, t->r[y], 16);
}

static void check_of(const struct tester *t, uint8_t x, uint8_t out[16])
{
    uint8_t r[16];
    r_of(t, !x, r);
    tc_f6(t->mackey, t->nonce[x], t->nonce[!x], r, t->feat[x] + 1, &t->addr[x], &t->addr[!x], out);
}

static void make_keys(struct tester *t)
{
    if (t->flow->sc)
        tc_f5(t->dhkey, t->nonce[I], t->nonce[R], &t->addr[I], &t->addr[R], t->mackey, t->key);
    else
        tc_s1(t->tk, t->nonce[R], t->nonce[I], t->key);
    tester_shorten(t->key, t->key_size);
    t->keys_made = true;
}

void tester_blame(struct tester *t, const char *what)
{
    if (!t->wrong && !t->silent)
        t->wrong = what;
}

/* --- one PDU that crossed, whoever sent it --- */

static void crossed(struct tester *t, uint8_t op, const uint8_t *body)
{
    uint8_t x = t->chart[t->at].who, want[16];
    bool theirs = x != t->side;
    t->at++;
    switch (op) {
    case OP_PAIRING_REQUEST:
    case OP_PAIRING_RESPONSE: {
        const struct troth_features *f = &t->flow->f[x];
        t->feat[x][0] = op;
        memcpy(t->feat[x] + 1, body, 6);
        if (theirs) {
            if (body[0] != f->io_cap || body[1] != f->oob || body[3] != f->max_key_size)
                tester_blame(t, "the features sent are not those configured");
            if (body[2] & 0xc0)
                tester_blame(t, "AuthReq has reserved bits set (3.5.1)");
            if ((body[2] & 0x0d) != (f->auth_req & 0x0d))
                tester_blame(t, "AuthReq sent is not as configured");
            if ((body[4] | body[5]) & 0xf8)
                tester_blame(t, "key distribution has LinkKey or reserved bits set");
        }
        if (op == OP_PAIRING_REQUEST) {
            if (theirs && (body[4] != f->initiator_keys || body[5] != f->responder_keys))
                tester_blame(t, "key distribution requested is not as configured");
            break;
        }
        for (int k = 0; theirs && k < 2; k++) {
            uint8_t configured = k ? f->responder_keys : f->initiator_keys;
            if (body[4 + k] & ~t->feat[I][5 + k])
                tester_blame(t, "the response has a key the request lacked (3.6.1)");
            else if ((body[4 + k] ^ (t->feat[I][5 + k] & configured)) &
                     (t->flow->sc ? ALL & ~TROTH_DIST_ENC : ALL))
                tester_blame(t, "key distribution in the response is not what both want");
        }
        for (int k = 0; k < 2; k++)
            t->dist[k] = (uint8_t)(t->feat[I][5 + k] & t->feat[R][5 + k] &
                                   (t->flow->sc ? TROTH_DIST_ID | TROTH_DIST_SIGN : ALL));
        t->key_size = t->feat[I][4] < t->feat[R][4] ? t->feat[I][4] : t->feat[R][4];
        if (t->key_size > 16)
            t->key_size = 16; /* nobody honest gets here */
        chart_rest(t);
        break;
    }
    case OP_PUBLIC_KEY:
        memcpy(t->public_key[x], body, 64);
        t->have_key[x] = true;
        if (t->have_key[!x])
            tc_dhkey(t->private_key, t->public_key[!t->side], t->dhkey);
        break;
    case OP_CONFIRM:
        memcpy(t->confirm[x], body, 16);
        break;
    case OP_RANDOM:
        memcpy(t->nonce[x], body, 16);
        if (theirs) {
            if (!t->flow->sc || tester_is_passkey(t->flow) ||
                (t->flow->model != TROTH_OOB && x == R)) {
                confirm_of(t, x, want);
                if (memcmp(want, t->confirm[x], 16))
                    tester_blame(t, "the Random sent does not open the Confirm sent");
            }
        }
        if (t->flow->sc && tester_is_passkey(t->flow) && x == R)
            t->round++;
        if (x == R && t->chart[t->at].op != OP_CONFIRM)
            make_keys(t);
        break;
    case OP_DHKEY_CHECK:
        if (theirs) {
            check_of(t, x, want);
            if (memcmp(want, body, 16))
                tester_blame(t, "the DHKey Check sent is wrong");
        }
        break;
    case OP_ENCRYPTION_INFO:
        memcpy(t->ltk[x], body, 16);
        for (int i = t->key_size; theirs && i < 16; i++)
            if (body[i])
                tester_blame(t, "the LTK distributed is longer than the key size (2.4.2.1)");
        break;
    case OP_CENTRAL_ID:
        t->ediv[x] = (uint16_t)(body[0] | body[1] << 8);
        t->rand[x] = 0;
        for (int i = 7; i >= 0; i--)
            t->rand[x] = t->rand[x] << 8 | body[2 + i];
        break;
    case OP_IDENTITY_INFO:
        memcpy(t->irk[x], body, 16);
        break;
    case OP_IDENTITY_ADDR:
        t->identity[x].type = body[0];
        memcpy(t->identity[x].b, body + 1, 6);
        break;
    case OP_SIGNING_INFO:
        memcpy(t->csrk[x], body, 16);
        break;
    }
}

size_t tester_build(struct tester *t, uint8_t pdu[SMP_PDU_MAX])
{
    uint8_t x = t->side, op = t->chart[t->at].op, *body = pdu + 1;
    const struct troth_features *f = &t->flow->f[x];
    memset(pdu, 0, SMP_PDU_MAX);
    pdu[0] = op;
    switch (op) {
    case OP_PAIRING_REQUEST:
    case OP_PAIRING_RESPONSE:
        body[0] = f->io_cap;
        body[1] = f->oob;
        body[2] = f->auth_req | t->auth_rfu;
        body[3] = f->max_key_size;
        body[4] = f->initiator_keys;
        body[5] = f->responder_keys;
        if (op == OP_PAIRING_RESPONSE) {
            body[4] &= t->feat[I][5];
            body[5] &= t->feat[I][6];
        }
        break;
    case OP_PUBLIC_KEY:
        tc_public_key(t->private_key, body);
        break;
    case OP_CONFIRM:
        fresh_nonce(t);
        confirm_of(t, x, body);
        break;
    case OP_RANDOM:
        if (t->at == 0 || t->flow->model == TROTH_OOB || t->chart[t->at - 1].who != t->side)
            if (t->flow->sc &&
                (t->flow->model == TROTH_OOB || (x == I && !tester_is_passkey(t->flow))))
                fresh_nonce(t); /* no commitment of ours came before it */
        memcpy(body, t->nonce[x], 16);
        break;
    case OP_DHKEY_CHECK:
        check_of(t, x, body);
        break;
    case OP_ENCRYPTION_INFO:
        memcpy(body, t->ltk[x], 16);
        tester_shorten(body, t->key_size);
        break;
    case OP_CENTRAL_ID:
        body[0] = (uint8_t)t->ediv[x];
        body[1] = (uint8_t)(t->ediv[x] >> 8);
        for (int i = 0; i < 8; i++)
            body[2 + i] = (uint8_t)(t->rand[x] >> (8 * i));
        break;
    case OP_IDENTITY_INFO:
        memcpy(body, t->irk[x], 16);
        break;
    case OP_IDENTITY_ADDR:
        body[0] = t->identity[x].type;
        memcpy(body + 1, t->identity[x].b, 6);
        break;
    case OP_SIGNING_INFO:
        memcpy(body, t->csrk[x], 16);
        break;
    }
    return tester_pdu_len(op);
}

void tester_sent(struct tester *t, const uint8_t *pdu, size_t len)
{
    uint8_t op = t->chart[t->at].op, body[SMP_PDU_MAX] = {0};
    if (len > 1)
        memcpy(body, pdu + 1, len - 1 < 64 ? len - 1 : 64);
    crossed(t, op, body);
}

/* A PDU of the side under test. */
void tester_take(struct tester *t, const struct smp_bench_pdu *p)
{
    if (p->b[0] == OP_FAILED) {
        t->done_by_failed = true;
        t->failed_reason = p->b[1];
        if (p->len != 2)
            tester_blame(t, "Pairing Failed of a wrong length");
        return;
    }
    if (t->done_by_failed)
        tester_blame(t, "a PDU was sent after Pairing Failed");
    else if (t->at == t->rows || t->chart[t->at].who != !t->side)
        tester_blame(t, "a PDU was sent out of turn");
    else if (p->b[0] != t->chart[t->at].op)
        tester_blame(t, "a PDU was sent that the chart does not have there");
    else if (p->len != tester_pdu_len(p->b[0]))
        tester_blame(t, "a PDU of a wrong length was sent");
    else
        crossed(t, p->b[0], p->b + 1);
}

void tester_init(struct tester *t, const struct flow *f, enum troth_side side,
                 const struct troth_addr addr[2])
{
    memset(t, 0, sizeof *t);
    t->flow = f;
    t->side = !side;
    t->addr[I] = addr[I];
    t->addr[R] = addr[R];
    t->seed = 0x7e57e4 + (uint64_t)side;
    t->nonce_fill = -1;
    t->passkey = 905816;
    memcpy(t->private_key, tester_private[1], 32);
    tester_draw(t, t->ltk[t->side], 16);
    tester_draw(t, t->irk[t->side], 16);
    tester_draw(t, t->csrk[t->side], 16);
    tester_draw(t, (uint8_t *)&t->ediv[t->side], 2);
    tester_draw(t, (uint8_t *)&t->rand[t->side], 8);
    tester_draw(t, t->r[t->side], 16);
    t->identity[t->side] = t->addr[t->side];
    if (t->addr[t->side].type == TROTH_ADDR_RANDOM && t->addr[t->side].b[5] >> 6 != 3)
        t->identity[t->side] = (struct troth_addr){TROTH_ADDR_PUBLIC, {7, 7, 7, 1, 2, 3}};
    row(t, I, OP_PAIRING_REQUEST);
    row(t, R, OP_PAIRING_RESPONSE);
}
