/*
 * What must be refused, at every row of every script, as either side: the walk of support/harm.h
 * with one harm after the other.
 */
#include "support/harm.h"
#include "support/tally.h"
#include "support/tester_crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

/* --- every other defined opcode --- */

static void harm_opcodes(void)
{
    uint8_t pdu[SMP_PDU_MAX];
    for (uint8_t op = 1; op <= OP_KEYPRESS; op++) {
        if (op == harm_due())
            continue;
        memset(pdu, 0x3c, sizeof pdu);
        pdu[0] = op;
        if (op == OP_PAIRING_REQUEST || op == OP_PAIRING_RESPONSE) {
            memset(pdu + 1, 0, 6);
            pdu[4] = 16;
        }
        if (op == OP_FAILED || op == OP_KEYPRESS)
            pdu[1] = 2;
        if (op == OP_SECURITY_REQUEST && saved.b.side == I) {
            harm_begin("Security Request is ignored", 0);
            smp_bench_rx(&s.b, pdu, 2);
            TALLY(!memcmp(&s.b.smp, &saved.b.smp, sizeof s.b.smp) && s.b.events == saved.b.events &&
                      s.b.sent_total == saved.b.sent_total,
                  "a Security Request while pairing changed something");
            continue;
        }
        harm_begin("opcode", op);
        smp_bench_rx(&s.b, pdu, tester_pdu_len(op));
        if (op == OP_FAILED)
            harm_expect_failed((struct verdict){0, TROTH_BY_PEER, 2});
        else
            harm_expect_failed((struct verdict){TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US, ANY});
    }
}

static void test_every_other_opcode(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_opcodes);
    tally_end("every other opcode at every row", 10000);
}

/* CEN/JW/BV-05, SCJW/BI-01, SCPK/BI-01, BI-04, SCOB/BI-01, BI-02: every reason, at every row. */
static void harm_peer_failed(void)
{
    static const uint8_t reasons[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09,
                                      0x0a, 0x0b, 0x0c, 0x0d, 0x0e, 0x0f, 0x10, 0x11, 0xff};
    for (size_t i = 0; i < sizeof reasons; i++) {
        harm_begin("Pairing Failed", reasons[i]);
        smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, reasons[i]}, 2);
        harm_expect_failed((struct verdict){0, TROTH_BY_PEER, reasons[i]});
    }
}

static void test_peer_fails(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_peer_failed);
    tally_end("Pairing Failed, every reason, at every row", 10000);
}

/* --- every wrong length --- */

static void harm_lengths(void)
{
    uint8_t pdu[SMP_BENCH_PDU_MAX];
    if (!harm_due())
        return;
    for (unsigned len = 1; len <= 80; len++) {
        if (len == tester_pdu_len(harm_due()))
            continue;
        harm_begin("length", len);
        memset(pdu, 0, sizeof pdu);
        tester_build(&s.t, pdu);
        smp_bench_rx(&s.b, pdu, len);
        harm_expect_failed((struct verdict){TROTH_SMP_INVALID_PARAMETERS, TROTH_BY_US, ANY});
    }
}

static void test_every_length(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_lengths);
    tally_end("every wrong length at every row", 20000);
}

/* --- reserved opcodes change nothing --- */

static void harm_reserved(void)
{
    static const uint8_t lens[] = {1, 2, 7, 17, 65, 80};
    uint8_t pdu[SMP_BENCH_PDU_MAX] = {0};
    for (unsigned op = 0; op < 256; op = op ? op + 1 : OP_KEYPRESS + 1) {
        harm_begin("reserved opcode", op);
        pdu[0] = (uint8_t)op;
        smp_bench_rx(&s.b, pdu, lens[op % sizeof lens]);
        TALLY(!memcmp(&s.b.smp, &saved.b.smp, sizeof s.b.smp) && s.b.events == saved.b.events &&
                  s.b.sent_total == saved.b.sent_total &&
                  !memcmp(s.b.open, saved.b.open, sizeof s.b.open),
              "a reserved opcode changed something");
    }
    harm_begin("no octet at all", 0);
    smp_bench_rx(&s.b, pdu, 0);
    TALLY(!s.b.told[TROTH_EV_PAIRED] && s.b.told[TROTH_EV_PAIRING_FAILED] <= 1, "an empty PDU");
}

static void test_reserved(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_reserved);
    tally_end("reserved opcodes at every row", 100000);
}

/* --- disconnection, timeout, cancellation --- */

static void harm_endings(void)
{
    harm_begin("disconnection", 0);
    smp_bench_disconnected(&s.b, 0x13);
    harm_expect_failed((struct verdict){0, TROTH_BY_LINK, 0});

    harm_begin("timeout", 0);
    smp_bench_tick(&s.b, 29999);
    TALLY(!harm_gone(), "it ended before 30 s (3.4)");
    smp_bench_tick(&s.b, 1);
    harm_expect_failed((struct verdict){0, TROTH_BY_TIMEOUT, 0});

    harm_begin("timeout, one late tick", 0);
    smp_bench_tick(&s.b, 1000000);
    harm_expect_failed((struct verdict){0, TROTH_BY_TIMEOUT, 0});

    harm_begin("cancelled", 0);
    TALLY(smp_bench_cancel(&s.b, TROTH_SMP_PASSKEY_ENTRY_FAILED) == TROTH_OK,
          "it cannot be cancelled");
    harm_expect_failed((struct verdict){TROTH_SMP_PASSKEY_ENTRY_FAILED, TROTH_BY_US,
                                        TROTH_SMP_PASSKEY_ENTRY_FAILED});

    harm_begin("second troth_pair", 0);
    int result = smp_bench_pair(&s.b, NULL);
    TALLY(result == (s.b.side == I ? TROTH_BUSY : TROTH_STATE), "troth_pair while pairing says %d",
          result);
    TALLY(s.b.events == saved.b.events && s.b.sent_total == saved.b.sent_total,
          "troth_pair while pairing had an effect");
}

static void test_endings(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_endings);
    tally_end("disconnection, timeout, cancellation at every row (PROT/BV-01, BV-02)", 3000);
}

/* --- the user says no --- */

static void harm_no(void)
{
    static const uint8_t own[] = {
        [TROTH_ASK_PAIRING_REQUEST] = 0,
        [TROTH_ASK_PASSKEY_INPUT] = TROTH_SMP_PASSKEY_ENTRY_FAILED,
        [TROTH_ASK_COMPARE] = TROTH_SMP_NUMERIC_COMPARISON_FAILED,
        [TROTH_ASK_OOB_DATA] = TROTH_SMP_OOB_NOT_AVAILABLE,
        [TROTH_ASK_DHKEY] = 0,
    };
    struct troth_answer a;
    for (unsigned type = 1; type <= TROTH_ASK_DHKEY; type++) {
        if (!saved.b.open[type] || type == TROTH_ASK_PASSKEY_DISPLAY)
            continue;
        harm_begin("no to ask", type);
        memset(&a, 0, sizeof a);
        TALLY(smp_bench_answer(&s.b, type, &a) == TROTH_OK, "no is no answer");
        harm_expect_failed((struct verdict){own[type] ? own[type] : ANY, TROTH_BY_US, ANY});
        harm_begin("no, because 0x09, to ask", type);
        a.reason = TROTH_SMP_REPEATED_ATTEMPTS;
        TALLY(smp_bench_answer(&s.b, type, &a) == TROTH_OK, "no is no answer");
        harm_expect_failed((struct verdict){TROTH_SMP_REPEATED_ATTEMPTS, TROTH_BY_US, ANY});
    }
    if (saved.b.open[TROTH_ASK_PASSKEY_INPUT]) {
        harm_begin("a passkey of seven digits", 0);
        memset(&a, 0, sizeof a);
        a.ok = true;
        a.u.passkey = 1000000;
        TALLY(smp_bench_answer(&s.b, TROTH_ASK_PASSKEY_INPUT, &a) == TROTH_INVALID,
              "1000000 is taken for a passkey");
        TALLY(!memcmp(&s.b.smp, &saved.b.smp, sizeof s.b.smp), "an invalid answer had an effect");
        s.t.silent = false;
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "after an invalid answer: %s", wrong);
    }
}

/* An answer to what is not open has no effect, whatever it says: TROTH_STALE, smp.h. */
static void harm_unasked(void)
{
    struct troth_answer a;
    for (unsigned n = 0; n < 2 * SMP_BENCH_ASKS; n++) {
        unsigned type = n / 2;
        if (saved.b.open[type] && type != TROTH_ASK_PASSKEY_DISPLAY)
            continue;
        harm_begin(n & 1 ? "yes to the closed ask" : "no to the closed ask", type);
        memset(&a, 0, sizeof a);
        a.ok = n & 1;
        if (type == TROTH_ASK_PAIRING_REQUEST || type == TROTH_ASK_SECURITY_REQUEST)
            a.u.features = s.flow->f[s.b.side];
        bool open = s.b.open[type];
        int result = smp_bench_answer(&s.b, type, &a);
        s.b.open[type] = open;
        TALLY(s.b.events == saved.b.events && s.b.sent_total == saved.b.sent_total &&
                  !memcmp(&s.b.smp, &saved.b.smp, sizeof s.b.smp),
              "an answer to a closed ask had an effect");
        TALLY(result == TROTH_STALE || result == TROTH_INVALID,
              "an answer to a closed ask is %d, not TROTH_STALE", result);
    }
}

static void test_unasked(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_unasked);
    tally_end("answers to closed asks at every row", 20000);
}

static void test_no(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_no);
    tally_end("no to every ask", 100);
}

/* --- values --- */

enum value_kind {
    V_ZERO,
    V_ONES,
    V_OURS, /* the engine's last value of this kind */
    V_LAST, /* our own of the round before */
    V_FLIP_LOW,
    V_FLIP_MID,
    V_FLIP_HIGH,
    V_KINDS,
};

static uint8_t last_ours[2][16], last_own[2][16]; /* confirm, random */

static void alter_value(struct scene *scene, uint8_t *pdu, size_t *len)
{
    int which = pdu[0] == OP_RANDOM;
    (void)len;
    switch ((enum value_kind)scene->alter_arg) {
    case V_ZERO:
        memset(pdu + 1, 0, 16);
        break;
    case V_ONES:
        memset(pdu + 1, 0xff, 16);
        break;
    case V_OURS:
        memcpy(pdu + 1, last_ours[which], 16);
        break;
    case V_LAST:
        memcpy(pdu + 1, last_own[which], 16);
        break;
    case V_FLIP_LOW:
        pdu[1] ^= 1;
        break;
    case V_FLIP_MID:
        pdu[9] ^= 0x10;
        break;
    default:
        pdu[16] ^= 0x80;
        break;
    }
}

static bool opens(void)
{
    if (!s.flow->sc)
        return true;
    if (s.flow->model == TROTH_OOB)
        return false;
    return s.flow->model >= TROTH_PASSKEY_INITIATOR_INPUTS &&
                   s.flow->model <= TROTH_PASSKEY_BOTH_INPUT
               ? true
               : s.t.side == R;
}

static void harm_values(void)
{
    const struct tester *t = &saved.t;
    uint8_t op = harm_due();
    if (harm_next.what != ST_PDU || (op != OP_CONFIRM && op != OP_RANDOM && op != OP_DHKEY_CHECK))
        return;
    uint8_t engine = !t->side;
    memcpy(last_ours[0], t->confirm[engine], 16);
    memcpy(last_ours[1], t->nonce[engine], 16);
    memcpy(last_own[0], t->confirm[t->side], 16);
    memcpy(last_own[1], t->last_nonce, 16);
    bool sent_confirm = false, sent_random = false, had = false;
    for (unsigned i = 0; i < t->at; i++) {
        if (t->chart[i].who == engine)
            sent_confirm |= t->chart[i].op == OP_CONFIRM;
        if (t->chart[i].who == engine)
            sent_random |= t->chart[i].op == OP_RANDOM;
        had |= t->chart[i].who == t->side && t->chart[i].op == OP_RANDOM;
    }
    for (unsigned kind = 0; kind < V_KINDS; kind++) {
        bool check = op == OP_DHKEY_CHECK;
        if (kind == V_OURS && (check || !(op == OP_CONFIRM ? sent_confirm : sent_random)))
            continue;
        if (kind == V_LAST && (check || !had || t->round == 0))
            continue;
        harm_begin(op == OP_CONFIRM  ? "Confirm altered"
                   : op == OP_RANDOM ? "Random altered"
                                     : "DHKey Check altered",
                   kind);
        s.alter = alter_value;
        s.alter_arg = kind;
        s.alter_row = s.t.at;
        scene_do(&s, (struct next){ST_PDU, 0});
        bool must_fail = op != OP_RANDOM || opens();
        if (!must_fail) {
            /* Any value is a legal nonce: the pairing goes on with it, from both ends. */
            s.t.silent = false;
            scene_run(&s);
            const char *wrong = scene_success(&s);
            if (kind != V_OURS || s.b.told[TROTH_EV_PAIRED])
                TALLY(!wrong, "an uncommitted nonce of another value: %s", wrong);
            continue;
        }
        for (unsigned i = 0; i < 8 && !harm_gone(); i++) /* held, or believed until opened */
            scene_step(&s);
        harm_expect_failed((struct verdict){op == OP_DHKEY_CHECK ? TROTH_SMP_DHKEY_CHECK_FAILED
                                                                 : TROTH_SMP_CONFIRM_VALUE_FAILED,
                                            TROTH_BY_US, ANY});
    }
}

static void test_values(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_values);
    tally_end("altered values at every row (JW/BI, PKE/BI, SCPK/BI, SCOB/BI)", 1500);
}

/* Every bit of one Confirm, one Random and one DHKey Check of each flow. */
static void alter_bit(struct scene *scene, uint8_t *pdu, size_t *len)
{
    (void)len;
    pdu[1 + scene->alter_arg / 8] ^= (uint8_t)(1 << scene->alter_arg % 8);
}

static uint8_t bit_op;
static bool bit_done;
static void harm_bits(void)
{
    if (harm_next.what != ST_PDU || harm_due() != bit_op || bit_done)
        return;
    bit_done = true;
    for (unsigned bit = 0; bit < 128; bit++) {
        harm_begin("bit", bit);
        if (bit_op == OP_RANDOM && !opens())
            return;
        s.alter = alter_bit;
        s.alter_arg = bit;
        s.alter_row = s.t.at;
        for (unsigned i = 0; i < 6 && !harm_gone(); i++)
            scene_step(&s);
        harm_expect_failed((struct verdict){ANY, TROTH_BY_US, ANY});
    }
}

static void test_every_bit(void **state)
{
    static const uint8_t ops[] = {OP_CONFIRM, OP_RANDOM, OP_DHKEY_CHECK};
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 3; n++) {
        bit_op = ops[n % 3];
        bit_done = false;
        harm_walk_flow(&tester_flows[n / 6], n / 3 % 2, false, harm_bits);
    }
    tally_end("every bit of the proofs", 5000);
}

/* --- the controller says things --- */

/* After something odd from the controller, either the pairing survives it or it failed whole. */
static void expect_sound(void)
{
    s.t.silent = false;
    for (unsigned i = 0; i < 300 && !harm_gone(); i++)
        if (!scene_step(&s))
            break;
    if (s.b.told[TROTH_EV_PAIRING_FAILED]) {
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1 && !s.b.told[TROTH_EV_PAIRED],
              "more than one end");
        TALLY(!smp_bench_any_open(&s.b), "an ask was not withdrawn");
        TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
        TALLY(s.b.commits == saved.b.commits, "a bond of a failed pairing");
        return;
    }
    const char *wrong = scene_success(&s);
    TALLY(!wrong, "it survived, but: %s", wrong);
}

static void harm_controller(void)
{
    static const struct {
        uint64_t rand;
        uint16_t ediv;
    } names[] = {{0, 0}, {1, 0}, {0, 1}, {0x8877665544332211u, 0xaabb}};
    bool encrypt_row = saved.t.at < saved.t.rows && saved.t.chart[saved.t.at].op == ENCRYPTION;
    for (unsigned i = 0; i < 4; i++) {
        if (harm_next.what == ST_LTK && i == 0)
            continue; /* that is the one */
        if (harm_next.what == ST_ENCRYPT && saved.b.side == R)
            continue; /* answered already: the controller does not ask twice */
        harm_begin("LTK Request", i);
        smp_bench_ltk_request(&s.b, names[i].rand, names[i].ediv);
        TALLY(s.b.ltk_given == saved.b.ltk_given, "a key was given: A15, A16");
        if (s.b.side == R)
            TALLY(s.b.ltk_denied == 1, "the LTK Request was answered %u times", s.b.ltk_denied);
        if (!harm_gone())
            expect_sound();
        else
            harm_expect_failed((struct verdict){
                s.b.failed_sent ? ANY : 0,
                smp_bench_last(&s.b, TROTH_EV_PAIRING_FAILED)->e.u.pairing_failed.by,
                smp_bench_last(&s.b, TROTH_EV_PAIRING_FAILED)->e.u.pairing_failed.reason});
    }
    static const uint8_t statuses[] = {0, 0x06, 0x3d, 0x08, 0x1f};
    for (unsigned i = 0; i < 5 * 2 * 2; i++) {
        uint8_t status = statuses[i % 5];
        bool on = i / 5 % 2, refresh = i / 10;
        if (refresh && !on)
            continue;
        if (encrypt_row && status == 0 && on && harm_next.what == ST_ENCRYPT)
            continue; /* that is the one */
        harm_begin(refresh ? "Key Refresh"
                   : on    ? "Encryption Change on"
                           : "Encryption Change off",
                   status);
        smp_bench_encrypted(&s.b, status, on, refresh);
        TALLY(s.b.smp.level.key_size <= saved.b.smp.level.key_size, "an unsolicited event raised "
                                                                    "the level: A17");
        if (!on && !status)
            TALLY(s.b.smp.level.key_size == 0, "the link has a level with encryption off");
        TALLY(s.b.sent_total == saved.b.sent_total + s.b.failed_sent,
              "an unsolicited event moved the script");
        if (harm_next.what == ST_ENCRYPT && status) {
            TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "failed encryption is not a failure");
        }
        if (saved.encrypted && !s.b.smp.level.key_size && !harm_gone()) {
            /* A17, A27: no key is taken on a link that is not encrypted by this pairing */
            scene_run(&s);
            TALLY(!s.b.told[TROTH_EV_PAIRED], "PAIRED over a link whose level had gone to none");
            continue;
        }
        if (!harm_gone())
            expect_sound();
        else
            harm_expect_failed((struct verdict){
                s.b.failed_sent ? ANY : 0,
                smp_bench_last(&s.b, TROTH_EV_PAIRING_FAILED)->e.u.pairing_failed.by,
                smp_bench_last(&s.b, TROTH_EV_PAIRING_FAILED)->e.u.pairing_failed.reason});
    }
    harm_begin("room that nobody waits for", 0);
    smp_bench_room(&s.b);
    smp_bench_tick(&s.b, 1);
    TALLY(s.b.sent_total == saved.b.sent_total && s.b.events == saved.b.events, "it has an effect");
    expect_sound();
    if (harm_next.what == ST_ENCRYPT && saved.b.side == I) {
        harm_begin("Enable Encryption refused", 0x0c);
        smp_encryption_refused(&s.b.smp, 0x0c);
        smp_bench_tick(&s.b, 0);
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "a refused command is not a failure");
        TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
    }
}

static void test_controller(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_controller);
    tally_end("LTK Request, Encryption Change, Key Refresh at every row (A15 to A18)", 15000);
}

/* --- an end without room to tell of it --- */

static void harm_no_room(void)
{
    uint8_t pdu[2] = {OP_DHKEY_CHECK, 0}; /* of no right length anywhere */
    harm_begin("no room for Pairing Failed", 0);
    s.b.room = ROOM_NONE;
    smp_bench_rx(&s.b, pdu, 2);
    TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "it waits for room to fail");
    TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
    TALLY(s.b.sent_total == saved.b.sent_total, "something was sent without room");
    s.b.room = ROOM_ALWAYS;
    smp_bench_room(&s.b);
    TALLY(s.b.failed_sent == 1, "Pairing Failed was not sent when there was room");
    smp_bench_room(&s.b);
    harm_expect_failed((struct verdict){ANY, TROTH_BY_US, ANY});
}

static void test_failing_without_room(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_no_room);
    tally_end("failing without room", 800);
}

/* One PDU may be ahead, a second may not; and what is held is no better than what is not. */
static void harm_ahead(void)
{
    uint8_t pdu[SMP_PDU_MAX], op = harm_due();
    if (harm_next.what != ST_PDU || !smp_bench_any_open(&saved.b))
        return;
    bool blocked = false;
    for (unsigned i = 1; i < TROTH_ASK_DHKEY; i++)
        blocked |= saved.b.open[i] && i != TROTH_ASK_PASSKEY_DISPLAY;
    if (!blocked && !(saved.b.open[TROTH_ASK_DHKEY] && op == OP_DHKEY_CHECK))
        return;
    harm_begin("one ahead", op);
    s.t.silent = false;
    scene_do(&s, harm_next);
    TALLY(!harm_gone() && s.b.sent_total == saved.b.sent_total, "the one ahead is not held");
    for (unsigned other = 1; other <= OP_KEYPRESS; other++) {
        if (other == OP_SECURITY_REQUEST && saved.b.side == I)
            continue;
        harm_begin("one ahead, then another", other);
        scene_do(&s, harm_next);
        memset(pdu, 0, sizeof pdu);
        pdu[0] = (uint8_t)other;
        pdu[1] = 3;
        pdu[4] = 16;
        smp_bench_rx(&s.b, pdu, tester_pdu_len((uint8_t)other));
        if (other == OP_FAILED)
            harm_expect_failed((struct verdict){0, TROTH_BY_PEER, 3});
        else
            harm_expect_failed((struct verdict){ANY, TROTH_BY_US, ANY});
    }
    harm_begin("one ahead, disconnection", op);
    scene_do(&s, harm_next);
    smp_bench_disconnected(&s.b, 0x08);
    harm_expect_failed((struct verdict){0, TROTH_BY_LINK, 0});
    harm_begin("one ahead, timeout", op);
    scene_do(&s, harm_next);
    smp_bench_tick(&s.b, 30000);
    harm_expect_failed((struct verdict){0, TROTH_BY_TIMEOUT, 0});
    for (unsigned type = 1; type < TROTH_ASK_DHKEY; type++) {
        if (!saved.b.open[type] || type == TROTH_ASK_PASSKEY_DISPLAY)
            continue;
        harm_begin("one ahead, no to ask", type);
        scene_do(&s, harm_next);
        smp_bench_answer(&s.b, type, &(struct troth_answer){0});
        harm_expect_failed((struct verdict){ANY, TROTH_BY_US, ANY});
    }
}

static void test_ahead(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2; n++)
        harm_walk_flow(&tester_flows[n / 2], n & 1, true, harm_ahead);
    tally_end("one PDU ahead", 150);
}

/* A bond stands behind the key, or it does not: never after a failure. */
static void harm_level(void)
{
    harm_begin("the level after a failure", 0);
    s.b.policy.stay_after_failure = true;
    smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, 8}, 2);
    TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "it did not fail");
    TALLY(!s.b.smp.level.bonded, "level.bonded after a failure, and no bond stands behind the key");
}

static void test_level_after_failure(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_level);
    tally_end("level after a failure", 800);
}

/* The sends of `keys` go out only on the link this pairing encrypted. */
static void test_keys_wait_for_encryption(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2; n++) {
        scene_init(&s, &tester_flows[n / 2], n & 1, NULL);
        s.late_ack = true;
        tally_case("%s, %s", s.flow->name, harm_sides[n & 1]);
        for (unsigned i = 0; i < 300; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_ENCRYPT)
                break;
            scene_do(&s, next);
        }
        unsigned sent = s.b.sent_total;
        smp_bench_room(&s.b);
        smp_bench_acked(&s.b);
        smp_bench_tick(&s.b, 100);
        TALLY(s.b.sent_total == sent && !harm_gone(), "keys were sent before encryption");
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "%s", wrong);
    }
    tally_end("keys wait for encryption", 26);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_other_opcode),
        cmocka_unit_test(test_peer_fails),
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_reserved),
        cmocka_unit_test(test_endings),
        cmocka_unit_test(test_no),
        cmocka_unit_test(test_unasked),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_every_bit),
        cmocka_unit_test(test_controller),
        cmocka_unit_test(test_failing_without_room),
        cmocka_unit_test(test_ahead),
        cmocka_unit_test(test_level_after_failure),
        cmocka_unit_test(test_keys_wait_for_encryption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
