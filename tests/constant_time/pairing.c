/*
 * Whole pairings with every secret of them poisoned: each flow, in both roles, to its end and to a
 * refusal. The peer, users, controller and store are the test's and see only what the engine hands
 * out; there, and in equal_secret's verdict, it is revealed.
 */
#include "constant_time/secret.h"
#include "support/tester.h"
#include "support/tester_crypto.h"

#include <stdio.h>
#include <string.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static struct scene s;
static struct smp_env inner; /* the bench's own */

/* ---- what leaves the engine ---- */

static bool send(void *link, const uint8_t *pdu, size_t len)
{
    reveal(pdu, len); /* the air carries it */
    return inner.send(link, pdu, len);
}

static void poison_passkey(void)
{
    poison(&s.b.smp.run.s.passkey, 4);
    poison(s.b.smp.run.s.tk, 4);
}

static void ask(void *link, struct troth_ask *a)
{
    if (a->type == TROTH_ASK_PASSKEY_DISPLAY) {
        reveal(&a->u.passkey.passkey, sizeof a->u.passkey.passkey);
        inner.ask(link, a);
        poison_passkey(); /* its owner reads it; in the engine it is a secret */
        return;
    }
    if (a->type == TROTH_ASK_COMPARE)
        reveal(&a->u.passkey.passkey, sizeof a->u.passkey.passkey);
    inner.ask(link, a);
    if (a->type == TROTH_ASK_DHKEY)
        reveal(s.b.ask_private, sizeof s.b.ask_private); /* the test computes it */
}

static void draw(void *link, uint8_t *out, size_t len)
{
    inner.random(link, out, len);
    if (len == 4)
        return; /* a passkey's: drawing again when out of range tells nothing of the next */
    poison(out, len);
    /*
     * Also what was typed, which has been found to be at most 999999: that it is, is public. No
     * value is computed from it before the nonce of its commitment is drawn.
     */
    if (s.b.asked[TROTH_ASK_PASSKEY_INPUT] && len == 16)
        poison_passkey();
}

static void encrypt(void *link, uint64_t rand, uint16_t ediv, const uint8_t ltk[16])
{
    inner.encrypt(link, rand, ediv, ltk);
    reveal(s.b.encrypt_key, 16); /* the controller's now */
}

static void ltk_reply(void *link, const uint8_t *ltk)
{
    inner.ltk_reply(link, ltk);
    reveal(s.b.ltk_key, 16);
}

static bool commit(void *link, const struct troth_bond_keys *keys)
{
    bool placed = inner.commit(link, keys);
    reveal(&s.b.committed, sizeof s.b.committed);
    return placed;
}

static void local(void *link, uint8_t irk[16], struct troth_addr *identity)
{
    inner.local(link, irk, identity);
    poison(irk, 16);
}

/* ---- what enters it ---- */

static void poison_answer(enum troth_ask_type type, struct troth_answer *a)
{
    switch (type) {
    case TROTH_ASK_OOB_DATA:
        poison(a->u.oob.random, 16);
        poison(a->u.oob.tk, 16);
        break;
    case TROTH_ASK_KEYPAIR:
        poison(a->u.keypair.private_key, 32);
        break;
    case TROTH_ASK_DHKEY:
        poison(a->u.dhkey, 32);
        break;
    default:
        break;
    }
}

static void start(const struct flow *f, enum troth_side side)
{
    scene_init(&s, f, side, NULL);
    inner = s.b.env;
    s.b.env.send = send;
    s.b.env.ask = ask;
    s.b.env.random = draw;
    s.b.env.encrypt = encrypt;
    s.b.env.ltk_reply = ltk_reply;
    s.b.env.commit = commit;
    s.b.env.local = local;
    poison(s.b.own_oob.private_key, 32);
    poison(s.b.own_oob.random, 16);
    /* What the peer distributes; that its IRK is not all zero is public, by one octet. */
    uint8_t x = s.t.side;
    poison(s.t.ltk[x], 16);
    poison(s.t.irk[x], 15);
    poison(s.t.csrk[x], 16);
}

static bool step(bool wrong_answer)
{
    struct next n = scene_next(&s);
    struct troth_answer a;
    if (n.what == ST_NONE)
        return false;
    if (n.what != ST_ANSWER) {
        scene_do(&s, n);
        return true;
    }
    s.step++;
    scene_answer(&s, n.ask, &a);
    if (wrong_answer && n.ask == TROTH_ASK_PASSKEY_INPUT)
        a.u.passkey ^= 0x0401;
    if (wrong_answer && n.ask == TROTH_ASK_DHKEY)
        a.u.dhkey[4] ^= 1;
    poison_answer(n.ask, &a);
    if (smp_bench_answer(&s.b, n.ask, &a) != TROTH_OK)
        tester_blame(&s.t, "an answer to an open ask was refused");
    return true;
}

static void run(bool wrong_answer)
{
    for (unsigned i = 0; i < 1000 && step(wrong_answer); i++)
        ;
    reveal(&s, sizeof s); /* the rest is the test's own looking */
}

static int failures;

static void blame(const char *wrong)
{
    if (!wrong)
        return;
    fprintf(stderr, "%s, %s: %s\n", s.flow->name, s.b.side == I ? "initiator" : "responder", wrong);
    failures++;
}

/* The bond of the pairing before, on a new connection: its keys encrypt. */
static void encrypt_with_bond(void)
{
    struct smp_bench *b = &s.b;
    struct troth_bond_keys *k = &b->bond.keys;
    const struct troth_ltk *ltk = &k->ltk[s.flow->sc ? 0 : R];
    smp_bench_disconnected(b, 0x13);
    smp_bench_reconnect(b);
    b->has_bond = b->bond.used = true;
    *k = b->committed;
    uint64_t rand = ltk->rand;
    uint16_t ediv = ltk->ediv;
    poison(k->ltk[0].key, 16);
    poison(k->ltk[1].key, 16);
    poison(k->irk, 16);
    poison(k->csrk, sizeof k->csrk);
    if (b->side == I) {
        smp_encrypt(&b->smp);
    } else {
        smp_bench_ltk_request(b, rand ^ 1, ediv);
        smp_bench_ltk_request(b, rand, ediv);
    }
    smp_bench_encrypted(b, 0, true, false);
    reveal(&s, sizeof s);
    blame(b->smp.level.key_size ? NULL : "the bond does not encrypt");
}

static void flip(struct scene *scene, uint8_t *pdu, size_t *len)
{
    (void)scene;
    pdu[*len - 1] ^= 0x80;
}

int main(int argc, char **argv)
{
    unsigned refused = 0;
    (void)argc;
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "usage: valgrind --error-exitcode=1 %s\n", argv[0]);
        return 2;
    }
    for (unsigned n = 0; n < 2 * FLOWS; n++) {
        const struct flow *f = &tester_flows[n / 2];
        enum troth_side side = n & 1;
        start(f, side);
        s.late_dhkey = true;
        run(false);
        blame(scene_success(&s));
        encrypt_with_bond();

        /* Refused: what is altered is found by a comparison of secrets. */
        static const uint8_t altered[] = {OP_CONFIRM, OP_RANDOM, OP_DHKEY_CHECK};
        for (unsigned k = 0; k < sizeof altered; k++) {
            start(f, side);
            s.t.silent = true;
            s.alter = flip;
            while (s.alter_row == CHART_MAX && step(false)) {
                scene_next(&s);
                if (s.t.at < s.t.rows && s.t.chart[s.t.at].op == altered[k] &&
                    s.t.chart[s.t.at].who == s.t.side)
                    s.alter_row = s.t.at;
            }
            run(false);
            refused += s.b.told[TROTH_EV_PAIRING_FAILED];
            blame(smp_bench_leftover(&s.b));
        }
        start(f, side);
        s.t.silent = true;
        run(true);
        refused += s.b.told[TROTH_EV_PAIRING_FAILED];
        blame(smp_bench_leftover(&s.b));
    }
    printf("%d flows, both sides; %u refusals\n", FLOWS, refused);
    if (refused < 60)
        blame("too few refusals: the alterations do not reach what compares");
    return failures != 0;
}
