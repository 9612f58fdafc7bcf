#include "fuzz/smp_stream.h"

#include "support/tester.h"

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static const struct troth_addr addresses[2] = {
    {TROTH_ADDR_RANDOM, {0x01, 0x34, 0x9c, 0x5e, 0x77, 0xc8}},
    {TROTH_ADDR_PUBLIC, {0x5a, 0x21, 0xee, 0x08, 0x70, 0x00}},
};

static void policy_flags(struct troth_policy *p, uint8_t a, uint8_t b)
{
    p->sc_only = a & 1;
    p->require_mitm = a & 2;
    p->refuse_pairing = (a & 0x0c) == 0x0c;
    p->accept_debug_keys = a & 0x10;
    p->stay_after_failure = a & 0x20;
    p->replace_weaker = a & 0x40;
    p->no_bonding = (a & 0x84) == 0x84;
    p->just_works = b % 3;
    p->min_key_size = (uint8_t)(7 + (b >> 2) % 10);
    p->exact = (b & 0xc0) == 0xc0;
    p->models = (b & 0xc0) == 0x80 ? 0x29 : 0;
    p->attempts = 255;
}

static void fake_bond(struct troth_bond *bond, const struct troth_addr *identity, uint8_t kind)
{
    bond->used = true;
    bond->keys.identity = *identity;
    bond->keys.key_size = (uint8_t)(7 + kind % 10);
    bond->keys.sc = kind & 0x10;
    bond->keys.mitm = kind & 0x20;
    bond->keys.local_side = kind >> 6 & 1;
    for (unsigned i = 0; i < (bond->keys.sc ? 1 : 2); i++) {
        bond->keys.ltk[i].present = true;
        memset(bond->keys.ltk[i].key, 0xb0 + (int)i, bond->keys.key_size);
        if (!bond->keys.sc)
            bond->keys.ltk[i].rand = bond->keys.ltk[i].ediv = (uint16_t)(0x1234 + i);
    }
}

void stream_open(struct stream *s, struct in *in)
{
    uint8_t h[STREAM_HEADER];
    in_copy(in, h, sizeof h);
    enum troth_side side = h[0] & 1;
    struct troth_policy p = {
        .features = {h[1] % 5, h[1] >> 7, h[2], (uint8_t)(7 + h[3] % 10), h[4] & 15, h[4] >> 4}};
    policy_flags(&p, h[5], h[6]);
    memset(s, 0, sizeof *s);
    smp_bench_init(&s->b, side, &p, addresses);
    s->b.has_bond = h[0] & 2;
    s->b.has_other = h[0] & 4;
    s->b.commit_ok = !(h[0] & 8);
    s->b.room = h[0] & 0x10 ? ROOM_SLOT : ROOM_ALWAYS;
    fake_bond(&s->b.bond, &addresses[!side], h[7]);
    fake_bond(&s->b.other, &(struct troth_addr){TROTH_ADDR_PUBLIC, {7, 7, 7, 1, 2, 3}}, h[7]);
}

/* ---- the chart, counted apart from the engine's ---- */

static unsigned expect_rows(const struct stream *s, uint8_t who, uint8_t rows[STREAM_CROSSED])
{
    unsigned n = 0;
    const uint8_t *req = s->feat[I], *rsp = s->feat[R];
    struct troth_features f[2] = {{req[1], req[2], req[3], req[4], req[5], req[6]},
                                  {rsp[1], rsp[2], rsp[3], rsp[4], rsp[5], rsp[6]}};
    bool sc = req[3] & rsp[3] & TROTH_AUTH_SC;
    enum troth_model model = troth_model_of(&f[I], &f[R]);
    bool passkey = model >= TROTH_PASSKEY_INITIATOR_INPUTS && model <= TROTH_PASSKEY_BOTH_INPUT;
    rows[n++] = who == I ? OP_PAIRING_REQUEST : OP_PAIRING_RESPONSE;
    if (sc)
        rows[n++] = OP_PUBLIC_KEY;
    for (unsigned i = 0; i < (sc && passkey ? 20 : 1); i++) {
        if (!sc || passkey || (model != TROTH_OOB && who == R))
            rows[n++] = OP_CONFIRM;
        rows[n++] = OP_RANDOM;
    }
    if (sc)
        rows[n++] = OP_DHKEY_CHECK;
    uint8_t dist = req[5 + who] & rsp[5 + who];
    if (!sc && (dist & TROTH_DIST_ENC)) {
        rows[n++] = OP_ENCRYPTION_INFO;
        rows[n++] = OP_CENTRAL_ID;
    }
    if (dist & TROTH_DIST_ID) {
        rows[n++] = OP_IDENTITY_INFO;
        rows[n++] = OP_IDENTITY_ADDR;
    }
    if (dist & TROTH_DIST_SIGN)
        rows[n++] = OP_SIGNING_INFO;
    return n;
}

static bool chart_complete(const struct stream *s)
{
    for (uint8_t who = 0; who < 2; who++) {
        uint8_t rows[STREAM_CROSSED];
        unsigned want = expect_rows(s, who, rows), at = 0;
        for (unsigned i = 0; i < s->count; i++)
            if (s->crossed[i].who == who && (at == want || s->crossed[i].op != rows[at++]))
                return false;
        if (at != want)
            return false;
    }
    return s->key_given && s->encrypted;
}

static void chart_start(struct stream *s)
{
    s->count = 0;
    memset(s->feat, 0, sizeof s->feat);
    s->key_given = s->encrypted = s->committed = s->stored = s->policy_changed = false;
}

static void crossed(struct stream *s, uint8_t who, const uint8_t *pdu, size_t len)
{
    uint8_t op = len ? pdu[0] : 0;
    if (op == 0 || op > OP_KEYPRESS || op == OP_FAILED || op == OP_KEYPRESS ||
        op == OP_SECURITY_REQUEST)
        return;
    if ((op == OP_PAIRING_REQUEST || op == OP_PAIRING_RESPONSE) && len == 7)
        memcpy(s->feat[who], pdu, 7);
    if (s->count < STREAM_CROSSED) {
        s->crossed[s->count].who = who;
        s->crossed[s->count++].op = op;
    }
}

/* ---- one operation ---- */

static void rx(struct stream *s, const uint8_t *pdu, size_t len)
{
    struct smp_bench *b = &s->b;
    bool begins = len && pdu[0] == OP_PAIRING_REQUEST && b->side == R && !smp_pairing(&b->smp);
    if (begins)
        chart_start(s);
    crossed(s, !b->side, pdu, len);
    smp_bench_rx(b, pdu, len);
}

static void answer(struct stream *s, struct in *in)
{
    enum troth_ask_type type = in_u8(in) % SMP_BENCH_ASKS;
    struct troth_answer a = {.ok = in_u8(in) & 1};
    a.reason = in_u8(in);
    switch (type) {
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_SECURITY_REQUEST: {
        uint8_t f[6];
        in_copy(in, f, 6);
        a.u.features = (struct troth_features){f[0], f[1], f[2], f[3], f[4], f[5]};
        break;
    }
    case TROTH_ASK_PASSKEY_INPUT:
        a.u.passkey = in_u32(in);
        break;
    case TROTH_ASK_OOB_DATA:
        a.u.oob.have_tk = in_u8(in) & 1;
        a.u.oob.have_sc = in_u8(in) & 1;
        in_copy(in, a.u.oob.confirm, 16);
        in_copy(in, a.u.oob.random, 16);
        in_copy(in, a.u.oob.tk, 16);
        break;
    case TROTH_ASK_DHKEY:
        in_copy(in, a.u.dhkey, 32);
        break;
    case TROTH_ASK_KEYPAIR:
        in_copy(in, a.u.keypair.private_key, 32);
        in_copy(in, a.u.keypair.public_key, 64);
        break;
    default:
        break;
    }
    smp_bench_answer(&s->b, type, &a);
}

static void draw(void *ctx, uint8_t *out, size_t len)
{
    struct smp_bench *b = ctx;
    draw_octets(&b->seed, out, len);
}

static void reconnect(struct stream *s, uint8_t reason)
{
    struct smp_bench *b = &s->b;
    smp_bench_disconnected(b, reason);
    never(b->commits, "a disconnection committed a bond");
    never(b->told[TROTH_EV_PAIRED], "a disconnection completed a pairing");
    const uint8_t *octet = (const uint8_t *)&b->smp;
    for (size_t i = 0; i < sizeof b->smp; i++)
        never(octet[i], "something is left after a disconnection");
    smp_bench_reconnect(b);
    chart_start(s);
}

static void operate(struct stream *s, struct in *in)
{
    struct smp_bench *b = &s->b;
    uint8_t buffer[80] = {0}, n;
    switch ((enum stream_op)(in_u8(in) % OPS)) {
    case DO_PDU:
        buffer[0] = in_u8(in) & 15;
        n = (uint8_t)tester_pdu_len(buffer[0]);
        n = n ? n : 2;
        in_copy(in, buffer + 1, n - 1u);
        rx(s, buffer, n);
        break;
    case DO_RAW:
        n = in_u8(in) % 80;
        in_copy(in, buffer, n);
        rx(s, buffer, n);
        break;
    case DO_DEFAULT:
        n = in_u8(in) % SMP_BENCH_ASKS;
        if (b->open[n])
            smp_bench_default(b, (enum troth_ask_type)n);
        break;
    case DO_ANSWER:
        answer(s, in);
        break;
    case DO_ROOM:
        smp_bench_room(b);
        break;
    case DO_ACKED:
        smp_bench_acked(b);
        break;
    case DO_STORED: {
        bool ok = in_u8(in) & 1;
        s->stored = s->committed && ok;
        smp_bench_stored(b, ok);
        break;
    }
    case DO_LTK:
        n = in_u8(in);
        if (n < 2) {
            const struct troth_ltk *k = &b->bond.keys.ltk[b->bond.keys.sc ? 0 : R];
            smp_bench_ltk_request(b, n ? k->rand : 0, n ? k->ediv : 0);
        } else {
            uint64_t rand = in_u64(in);
            smp_bench_ltk_request(b, rand, in_u16(in));
        }
        break;
    case DO_CHANGED: {
        uint8_t status = in_u8(in);
        bool on = in_u8(in) & 1;
        s->encrypted |= s->key_given && !status && on;
        smp_bench_encrypted(b, status, on, false);
        break;
    }
    case DO_REFUSED:
        smp_encryption_refused(&b->smp, in_u8(in));
        smp_bench_tick(b, 0);
        break;
    case DO_TICK: {
        troth_ms ms = in_u8(in);
        smp_bench_tick(b, 10 * ms * ms);
        break;
    }
    case DO_PAIR: {
        struct troth_features f;
        if (!in_u8(in)) {
            smp_bench_pair(b, NULL);
            break;
        }
        in_copy(in, buffer, 6);
        f = (struct troth_features){buffer[0], buffer[1], buffer[2],
                                    buffer[3], buffer[4], buffer[5]};
        smp_bench_pair(b, &f);
        break;
    }
    case DO_REQUEST:
        smp_bench_security_request(b, in_u8(in));
        break;
    case DO_ENCRYPT:
        smp_encrypt(&b->smp);
        break;
    case DO_CANCEL:
        smp_bench_cancel(b, in_u8(in));
        break;
    case DO_KEYPRESS:
        smp_bench_keypress(b, in_u8(in));
        break;
    case DO_SET_LTK: {
        uint8_t len = in_u8(in), flags = in_u8(in);
        in_copy(in, buffer, 16);
        smp_set_ltk(&b->smp, buffer, len, flags & 4 ? 1 : 0, flags & 8 ? 1 : 0, flags & 1,
                    flags & 2);
        break;
    }
    case DO_ROOM_MODE:
        b->room = in_u8(in) % 4;
        break;
    case DO_POLICY:
        n = in_u8(in);
        policy_flags(&b->policy, n, in_u8(in));
        s->policy_changed = true;
        break;
    case DO_RECONNECT:
        reconnect(s, in_u8(in));
        break;
    case DO_OOB: {
        struct troth_oob out;
        smp_own_oob_make(&b->own_oob, &out, draw, b);
        break;
    }
    case OPS:
        break;
    }
}

/* What came of it, in the order in which it came: PDUs, then the end. */
static void collect(struct stream *s)
{
    struct smp_bench *b = &s->b;
    struct smp_bench_pdu p;
    s->sent_count = 0;
    while (smp_bench_take(b, &p)) {
        never(p.b[0] == 0 || p.b[0] > OP_KEYPRESS || p.len != tester_pdu_len(p.b[0]),
              "a PDU that the specification does not have was sent");
        if (p.b[0] == OP_PAIRING_REQUEST)
            chart_start(s);
        crossed(s, b->side, p.b, p.len);
        s->sent[s->sent_count++] = p;
    }
    if (b->encrypts || b->ltk_given)
        s->key_given = true; /* bonds' keys too: what follows decides */
    never(b->commits > 1, "two commits at once");
    if (b->commits) {
        never(!chart_complete(s), "a bond was committed before its chart was complete");
        never(s->committed, "a bond was committed twice");
        s->committed = true;
    }
}

static void check_paired(struct stream *s)
{
    const struct smp_bench *b = &s->b;
    const struct smp_bench_event *e = smp_bench_last(b, TROTH_EV_PAIRED);
    never(!chart_complete(s), "PAIRED before its chart was complete");
    never(e->e.u.paired.stored && !s->stored, "PAIRED says stored, and the store did not");
    struct troth_level l = e->e.u.paired.level;
    never(l.sc != !!(s->feat[I][3] & s->feat[R][3] & TROTH_AUTH_SC), "PAIRED is wrong about SC");
    if (s->policy_changed)
        return;
    const struct troth_policy *p = &b->policy;
    never(p->refuse_pairing, "paired although pairing is refused");
    never(p->sc_only && !l.sc, "paired by legacy pairing although SC is demanded");
    never(p->require_mitm && !l.mitm, "paired without MITM protection although it is demanded");
    never(l.key_size < p->min_key_size, "paired with a key shorter than demanded");
    never(p->just_works == TROTH_JUST_WORKS_REFUSED && e->e.u.paired.model == TROTH_JUST_WORKS,
          "paired by Just Works although it is refused");
    struct troth_level old = {b->bond.keys.key_size, b->bond.keys.mitm, b->bond.keys.sc, true};
    never(b->has_bond && e->e.u.paired.stored && !p->replace_weaker && troth_level_weaker(&old, &l),
          "a bond was replaced by a weaker one");
}

bool stream_step(struct stream *s, struct in *in)
{
    struct smp_bench *b = &s->b;
    if (!in->left)
        return false;
    bool was = smp_pairing(&b->smp), protected = b->smp.level.key_size;
    uint8_t op = *in->p % OPS;
    operate(s, in);
    collect(s);

    unsigned paired = b->told[TROTH_EV_PAIRED], failed = b->told[TROTH_EV_PAIRING_FAILED];
    bool is = smp_pairing(&b->smp);
    if (paired)
        check_paired(s);
    s->paired += paired;
    s->failed += failed;
    never(b->wrong && strcmp(b->wrong, "too many secrets to remember") != 0, b->wrong);
    never(b->asked_twice, "an ask was opened while open");
    if (op != DO_RECONNECT) {
        never(was && is && paired + failed, "a pairing ended and runs");
        never(was && !is && paired + failed != 1, "a pairing did not end in one event");
        never(paired + failed > 1, "two pairings ended at once");
        never(!was && is && op != DO_PDU && op != DO_RAW && op != DO_PAIR && op != DO_ANSWER &&
                  op != DO_DEFAULT,
              "a pairing began by itself");
    }
    never(!protected && b->smp.level.key_size && op != DO_CHANGED,
          "a link became protected without an Encryption Change");
    never(is && smp_deadline(&b->smp) == TROTH_NEVER, "a pairing could wait for ever");
    if (!is) {
        for (unsigned i = 0; i < SMP_BENCH_ASKS; i++)
            never(b->open[i] && i != TROTH_ASK_SECURITY_REQUEST, "an ask outlived its pairing");
        if (was || paired + failed) {
            struct troth_ltk hand = b->smp.hand; /* may hold any octets: it is no pairing's */
            memset(&b->smp.hand, 0, sizeof hand);
            const char *left = smp_bench_leftover(b);
            never(left, left);
            b->smp.hand = hand;
            b->secrets = 0;
            b->wrong = NULL;
        }
    }
    smp_bench_clear(b);
    return true;
}

/* ---- an honest pairing ---- */

struct relay {
    struct stream *s;
    struct smp_bench *peer;
    void (*record)(void *ctx, const uint8_t *octets, size_t len);
    void *ctx;
    struct troth_oob oob[2]; /* by whose: 0 the stream's, 1 the peer's */
    bool encrypt, ltk_given, commit;
};

static void move(struct relay *r, const uint8_t *octets, size_t len)
{
    struct in in = in_of(octets, len);
    if (r->record)
        r->record(r->ctx, octets, len);
    unsigned committed = r->s->committed;
    bool given = r->s->key_given;
    stream_step(r->s, &in);
    r->commit |= r->s->committed && !committed;
    r->encrypt |= r->s->key_given && !given;
    for (unsigned i = 0; i < r->s->sent_count; i++)
        smp_bench_rx(r->peer, r->s->sent[i].b, r->s->sent[i].len);
}

/* What an honest user, store of OOB data or computer answers; false: not yet. */
static bool honest_answer(const struct relay *r, bool of_peer, unsigned type,
                          struct troth_answer *a)
{
    const struct smp_bench *b = of_peer ? r->peer : &r->s->b;
    const struct smp_bench *other = of_peer ? &r->s->b : r->peer;
    struct troth_ask ask = b->ask[type];
    uint8_t random[32];
    memset(a, 0, sizeof *a);
    switch (type) {
    case TROTH_ASK_PASSKEY_DISPLAY:
        return false;
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_SECURITY_REQUEST:
        a->u.features = b->policy.features;
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        a->u.passkey = 123456;
        if (ask.u.passkey.model == TROTH_PASSKEY_BOTH_INPUT)
            break;
        if (!other->open[TROTH_ASK_PASSKEY_DISPLAY])
            return false;
        a->u.passkey = other->ask[TROTH_ASK_PASSKEY_DISPLAY].u.passkey.passkey;
        break;
    case TROTH_ASK_OOB_DATA:
        a->u.oob = r->oob[!of_peer];
        a->u.oob.have_tk = true;
        memset(a->u.oob.tk, 0x5c, 16);
        break;
    case TROTH_ASK_DHKEY:
        ask.u.dhkey.private_key = b->ask_private;
        ask.u.dhkey.public_key = b->ask_public;
        smp_default_answer(&b->smp, &ask, a);
        break;
    case TROTH_ASK_KEYPAIR:
        memset(random, of_peer ? 0x33 : 0x71, sizeof random);
        ask.u.keypair.random = random;
        smp_default_answer(&b->smp, &ask, a);
        break;
    default:
        break;
    }
    a->ok = true;
    return true;
}

static size_t encode_answer(unsigned type, const struct troth_answer *a, uint8_t octets[128])
{
    struct out o = out_of(octets, 128);
    const struct troth_features *f = &a->u.features;
    out_u8(&o, DO_ANSWER);
    out_u8(&o, (uint8_t)type);
    out_u8(&o, a->ok);
    out_u8(&o, a->reason);
    switch (type) {
    case TROTH_ASK_PAIRING_REQUEST:
    case TROTH_ASK_SECURITY_REQUEST:
        out_u8(&o, f->io_cap);
        out_u8(&o, f->oob);
        out_u8(&o, f->auth_req);
        out_u8(&o, f->max_key_size);
        out_u8(&o, f->initiator_keys);
        out_u8(&o, f->responder_keys);
        break;
    case TROTH_ASK_PASSKEY_INPUT:
        out_u32(&o, a->u.passkey);
        break;
    case TROTH_ASK_OOB_DATA:
        out_u8(&o, a->u.oob.have_tk);
        out_u8(&o, a->u.oob.have_sc);
        out_bytes(&o, a->u.oob.confirm, 16);
        out_bytes(&o, a->u.oob.random, 16);
        out_bytes(&o, a->u.oob.tk, 16);
        break;
    case TROTH_ASK_DHKEY:
        out_bytes(&o, a->u.dhkey, 32);
        break;
    case TROTH_ASK_KEYPAIR:
        out_bytes(&o, a->u.keypair.private_key, 32);
        out_bytes(&o, a->u.keypair.public_key, 64);
        break;
    default:
        break;
    }
    return o.len;
}

static void move1(struct relay *r, uint8_t op, unsigned args, uint8_t a, uint8_t b)
{
    uint8_t octets[3] = {op, a, b};
    move(r, octets, 1 + args);
}

static bool answer_one(struct relay *r)
{
    struct troth_answer a;
    uint8_t octets[128];
    for (unsigned type = 1; type < SMP_BENCH_ASKS; type++) {
        if (r->s->b.open[type] && honest_answer(r, false, type, &a)) {
            move(r, octets, encode_answer(type, &a, octets));
            return true;
        }
        if (r->peer->open[type] && honest_answer(r, true, type, &a)) {
            smp_bench_answer(r->peer, (enum troth_ask_type)type, &a);
            return true;
        }
    }
    return false;
}

static bool transport_one(struct relay *r)
{
    struct smp_bench *b = &r->s->b, *p = r->peer;
    struct smp_bench_pdu pdu;
    if (smp_bench_take(p, &pdu)) {
        uint8_t octets[2 + sizeof pdu.b] = {DO_PDU};
        memcpy(octets + 1, pdu.b, pdu.len);
        move(r, octets, 1u + pdu.len);
    } else if (b->waiting) {
        move1(r, DO_ROOM, 0, 0, 0);
    } else if (p->waiting) {
        smp_bench_room(p);
    } else if (b->unacked) {
        move1(r, DO_ACKED, 0, 0, 0);
    } else if (p->unacked) {
        smp_bench_acked(p);
    } else {
        return false;
    }
    return true;
}

/* The controllers and the stores. */
static bool world_one(struct relay *r)
{
    struct smp_bench *p = r->peer;
    if (r->encrypt && r->s->b.side == I && !r->ltk_given) {
        smp_bench_ltk_request(p, 0, 0);
        r->ltk_given = true;
    } else if (p->encrypts && r->s->b.side == R && !r->ltk_given) {
        move1(r, DO_LTK, 1, 0, 0);
        r->ltk_given = true;
    } else if (r->ltk_given && !r->s->encrypted) {
        smp_bench_encrypted(p, 0, true, false); /* first: what the stream sends arrives at once */
        move1(r, DO_CHANGED, 2, 0, 1);
    } else if (r->commit) {
        r->commit = false;
        move1(r, DO_STORED, 1, 1, 0);
    } else if (p->commits) {
        p->commits = 0;
        smp_bench_stored(p, true);
    } else {
        return false;
    }
    return true;
}

void stream_pair(struct stream *s, struct smp_bench *peer,
                 void (*record)(void *ctx, const uint8_t *octets, size_t len), void *ctx)
{
    struct relay r = {.s = s, .peer = peer, .record = record, .ctx = ctx};
    struct smp_own_oob again;
    memset(peer->irk, 0x6b, sizeof peer->irk); /* every bench has the same */
    smp_own_oob_make(&peer->own_oob, &r.oob[1], draw, peer);
    uint64_t seed = s->b.seed; /* the operation draws the same */
    smp_own_oob_make(&again, &r.oob[0], draw, &s->b);
    s->b.seed = seed;
    move1(&r, DO_OOB, 0, 0, 0);
    if (s->b.side == I)
        move1(&r, DO_PAIR, 1, 0, 0);
    else
        smp_bench_pair(peer, NULL);
    for (unsigned i = 0; i < 1000; i++)
        if (!transport_one(&r) && !answer_one(&r) && !world_one(&r))
            break;
}

void stream_still_pairs(struct stream *s)
{
    struct smp_bench *b = &s->b;
    struct troth_policy plain = {.features = TROTH_FEATURES_DEFAULT, .attempts = 255};
    static struct smp_bench peer;
    if (b->smp.env)
        reconnect(s, 0x13);
    b->policy = plain;
    b->has_bond = b->has_other = false;
    b->commit_ok = true;
    b->room = ROOM_ALWAYS;
    smp_bench_init(&peer, (enum troth_side) !b->side, &plain, addresses);
    unsigned before = s->paired;
    stream_pair(s, &peer, NULL, NULL);
    never(s->paired != before + 1 || !peer.told[TROTH_EV_PAIRED],
          "the next, honest pairing does not work");
}
