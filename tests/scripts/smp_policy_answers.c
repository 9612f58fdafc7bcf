/*
 * What the application says: late, unasked, where it does not apply, or what no answer is.
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

/* An ask that is not open: TROTH_STALE and no effect, smp.h. */
static void test_security_request_unasked(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 2 * 4; n++) {
        enum troth_side side = n & 1;
        struct troth_answer a = {.ok = true, .u.features = tester_flows[0].f[side]};
        scene_init(&s, &tester_flows[0], side, NULL);
        unsigned what = n / 2;
        tally_case("%s, SECURITY_REQUEST answered %s", harm_sides[side],
                   what == 0   ? "and never asked"
                   : what == 1 ? "after a timeout"
                   : what == 2 ? "twice, the pairing over"
                               : "while pairing");
        if (what)
            scene_step(&s);
        if (what == 1)
            smp_bench_tick(&s.b, 30000);
        if (what == 2)
            scene_run(&s);
        unsigned sent = s.b.sent_total, events = s.b.events;
        int result = smp_bench_answer(&s.b, TROTH_ASK_SECURITY_REQUEST, &a);
        TALLY(result == TROTH_STALE, "the answer is %d, not TROTH_STALE", result);
        TALLY(s.b.sent_total == sent && s.b.events == events, "it had an effect");
    }
    tally_end("unasked", 8);
}

/* The timer starts again with every PDU we send: 29.999 s after each, all goes on (3.4). */
static void test_slow_peer(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2; n++) {
        scene_init(&s, &tester_flows[n / 2], n & 1, NULL);
        tally_case("%s, %s, everything as late as may be", s.flow->name, harm_sides[n & 1]);
        unsigned sent = 0;
        for (unsigned i = 0; i < 400; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            if (s.b.sent_total != sent && next.what != ST_STORED)
                smp_bench_tick(&s.b, 29999);
            sent = s.b.sent_total;
            scene_do(&s, next);
        }
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "%s", wrong);
        unsigned events = s.b.events;
        TALLY(smp_deadline(&s.b.smp) == TROTH_NEVER, "a timer runs after the end");
        smp_bench_tick(&s.b, 1000000);
        TALLY(s.b.events == events, "something is told long after the end");
    }
    tally_end("slow peers", 26);
}

/* The verbs where they do not apply. */
static void test_verbs(void **state)
{
    static const struct troth_features odd[] = {
        {5, 0, 1, 16, 0, 0}, {3, 2, 1, 16, 0, 0}, {3, 0, 1, 6, 0, 0},
        {3, 0, 1, 17, 0, 0}, {3, 0, 1, 0, 0, 0},  {0xff, 0, 1, 16, 0, 0},
    };
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 2; n++) {
        scene_init(&s, &tester_flows[5], n, NULL);
        tally_case("idle %s", harm_sides[n]);
        TALLY(smp_bench_cancel(&s.b, 8) == TROTH_STATE, "cancel");
        TALLY(smp_bench_keypress(&s.b, 0) == TROTH_STATE, "keypress");
        TALLY(smp_encrypt(&s.b.smp) == TROTH_STATE, "encrypt without a key");
        TALLY(!smp_pairing(&s.b.smp) && !smp_available(&s.b.smp).key_size, "idle");
        if (n == R)
            TALLY(smp_bench_pair(&s.b, NULL) == TROTH_STATE, "a peripheral sends Pairing Request");
        else
            TALLY(smp_bench_security_request(&s.b, 1) == TROTH_STATE,
                  "a central sends Security Request");
        for (unsigned i = 0; n == I && i < sizeof odd / sizeof odd[0]; i++)
            TALLY(smp_bench_pair(&s.b, &odd[i]) == TROTH_INVALID, "features %u are taken", i);
        TALLY(!s.b.sent_total && !s.b.events, "something came of it");
    }
    for (unsigned n = 0; n < 2 * 18; n++) { /* an LTK by hand */
        uint8_t key[16], len = (uint8_t)(n / 2);
        memset(key, 0x6d, sizeof key);
        scene_init(&s, &tester_flows[5], n & 1, NULL);
        tally_case("%s, an LTK by hand of %u octets", harm_sides[n & 1], len);
        int result = smp_set_ltk(&s.b.smp, key, len < 16 ? len : 16, 0x1122, 0x33, true, false);
        if (len < 7) {
            TALLY(result == TROTH_INVALID, "taken");
            continue;
        }
        if (len > 16)
            continue;
        TALLY(result == TROTH_OK, "refused: %d", result);
        uint8_t want[16] = {0};
        memcpy(want, key, len);
        if ((n & 1) == I) {
            TALLY(smp_encrypt(&s.b.smp) == TROTH_OK, "not used");
            TALLY(s.b.encrypt_rand == 0x1122 && s.b.encrypt_ediv == 0x33 &&
                      !memcmp(s.b.encrypt_key, want, 16),
                  "another key is used");
        } else {
            smp_bench_ltk_request(&s.b, 0, 0);
            TALLY(!s.b.ltk_given && s.b.ltk_denied == 1, "given for another name");
            smp_bench_ltk_request(&s.b, 0x1122, 0x33);
            TALLY(s.b.ltk_given == 1 && !memcmp(s.b.ltk_key, want, 16), "not given");
        }
        smp_bench_encrypted(&s.b, 0, true, false);
        struct troth_level l = s.b.smp.level;
        TALLY(l.key_size == len && l.mitm && !l.sc && !l.bonded, "the level is wrong");
        smp_bench_reconnect(&s.b);
        TALLY(!smp_available(&s.b.smp).key_size, "it outlives the link");
    }
    tally_end("verbs", 30);
}

/* Initiator: the application does not want what the Security Request asks for. */
static void test_security_request_refused(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 2 * 2; n++) {
        scene_init(&s, &tester_flows[5], I, NULL);
        tally_case("Security Request, case %u", n);
        smp_bench_rx(&s.b, (uint8_t[]){OP_SECURITY_REQUEST, 0x0d}, 2);
        TALLY(s.b.open[TROTH_ASK_SECURITY_REQUEST], "nobody was asked");
        if (n & 1) { /* asked again while the first is open */
            smp_bench_rx(&s.b, (uint8_t[]){OP_SECURITY_REQUEST, 0x0d}, 2);
            TALLY(!s.b.asked_twice, "the ask is opened twice");
        }
        if (n & 2) {
            smp_bench_disconnected(&s.b, 0x13);
            TALLY(!smp_bench_any_open(&s.b), "the ask outlives the link");
            continue;
        }
        struct troth_answer no = {.ok = false};
        TALLY(smp_bench_answer(&s.b, TROTH_ASK_SECURITY_REQUEST, &no) == TROTH_OK,
              "no is no answer");
        TALLY(s.b.sent_total == s.b.failed_sent && s.b.failed_sent <= 1 && !s.b.encrypts,
              "something else than Pairing Failed was sent");
        TALLY(!smp_pairing(&s.b.smp) && !s.b.told[TROTH_EV_PAIRING_FAILED],
              "a failure without a pairing");
        harm_drop_sent();
        smp_bench_clear(&s.b);
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "and a pairing after it: %s", wrong);
    }
    tally_end("Security Request refused", 4);
}

/* --- answers that are none --- */

/* Runs an honest world until an ask of this type is open. */
static bool until_ask(enum troth_ask_type type)
{
    for (unsigned i = 0; i < 300; i++) {
        struct next next = scene_next(&s);
        if (next.what == ST_NONE)
            return false;
        if (next.what == ST_ANSWER && next.ask == type)
            return true;
        scene_do(&s, next);
    }
    return false;
}

/* TROTH_INVALID, the ask stays open, and the right answer still does. smp.h */
static void expect_invalid(enum troth_ask_type type, const struct troth_answer *a, const char *what)
{
    static struct smp before;
    memcpy(&before, &s.b.smp, sizeof before);
    int result = smp_bench_answer(&s.b, type, a);
    TALLY(result == TROTH_INVALID, "%s: %d, not TROTH_INVALID", what, result);
    TALLY(s.b.open[type] && !memcmp(&before, &s.b.smp, sizeof before), "%s: it had an effect",
          what);
    struct scene keep;
    memcpy(&keep, &s, sizeof keep);
    scene_run(&s);
    const char *wrong = scene_success(&s);
    TALLY(!wrong, "%s, then the right answer: %s", what, wrong);
    memcpy(&s, &keep, sizeof s);
}

static void test_invalid_answers(void **state)
{
    static const struct troth_features odd[] = {
        {5, 0, 1, 16, 0, 0}, {3, 2, 1, 16, 0, 0}, {3, 0, 1, 6, 0, 0},
        {3, 0, 1, 17, 0, 0}, {3, 0, 1, 0, 0, 0},  {0xff, 0, 1, 16, 0, 0},
    };
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 6 * 2; n++) {
        struct troth_answer a = {.ok = true};
        a.u.features = odd[n % 6];
        bool asked = n / 6;
        scene_init(&s, &tester_flows[5], asked ? I : R, NULL);
        tally_case("features %u for a %s Request", n % 6, asked ? "Security" : "Pairing");
        if (asked) {
            s.started = true;
            smp_bench_rx(&s.b, (uint8_t[]){OP_SECURITY_REQUEST, 1}, 2);
        }
        enum troth_ask_type type = asked ? TROTH_ASK_SECURITY_REQUEST : TROTH_ASK_PAIRING_REQUEST;
        if (TALLY(until_ask(type), "nobody asks"))
            expect_invalid(type, &a, "features out of range");
    }
    for (unsigned n = 0; n < FLOWS * 2; n++) { /* the wrong kind of OOB data, or none */
        const struct flow *f = &tester_flows[n / 2];
        if (f->model != TROTH_OOB || !f->f[n & 1].oob)
            continue;
        for (unsigned what = 0; what < 2; what++) {
            struct troth_answer a = {.ok = true};
            a.u.oob.have_tk = what && f->sc;
            a.u.oob.have_sc = what && !f->sc;
            scene_init(&s, f, n & 1, NULL);
            tally_case("%s, %s, %s", f->name, harm_sides[n & 1],
                       what ? "OOB data of the other kind" : "no OOB data");
            if (TALLY(until_ask(TROTH_ASK_OOB_DATA), "nobody asks"))
                expect_invalid(TROTH_ASK_OOB_DATA, &a, "OOB data that are none");
        }
    }
    for (unsigned n = 0; n < 3 * 2; n++) {
        static const enum troth_ask_type types[] = {TROTH_ASK_NONE, TROTH_ASK_GATT, 250};
        struct troth_answer a = {.ok = true};
        scene_init(&s, &tester_flows[6], n & 1, NULL);
        scene_run_to(&s, 3);
        struct smp before;
        memcpy(&before, &s.b.smp, sizeof before);
        tally_case("an answer to ask %u", (unsigned)types[n / 2]);
        int result = smp_answer(&s.b.smp, types[n / 2], &a);
        TALLY(result == TROTH_INVALID || result == TROTH_STALE, "it is %d", result);
        TALLY(!memcmp(&before, &s.b.smp, sizeof before), "it had an effect");
    }
    /* A pair whose public key is not its private key's, or no point at all: no pairing with it. */
    for (unsigned n = 0; n < 2 * 2; n++) {
        struct troth_answer a;
        scene_init(&s, &tester_flows[5], n & 1, NULL);
        s.t.silent = true;
        tally_case("a key pair that is none, %s", harm_sides[n & 1]);
        if (!TALLY(until_ask(TROTH_ASK_KEYPAIR), "nobody asks"))
            continue;
        scene_answer(&s, TROTH_ASK_KEYPAIR, &a);
        memset(n & 2 ? a.u.keypair.public_key : a.u.keypair.private_key, 0,
               n & 2 ? sizeof a.u.keypair.public_key : sizeof a.u.keypair.private_key);
        smp_bench_answer(&s.b, TROTH_ASK_KEYPAIR, &a);
        scene_run(&s);
        TALLY(!s.b.told[TROTH_EV_PAIRED], "PAIRED with a key pair that is none");
    }
    tally_end("answers that are none", 30);
}

/* --- OOB data of our own --- */

static void draw_oob(void *ctx, uint8_t *out, size_t len)
{
    uint8_t *next = ctx;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(*next = (uint8_t)(*next * 13 + 101));
}

/* What we give away is what the pairing then uses: SCOB/BV-01-C, BV-02-C. */
static void test_own_oob(void **state)
{
    (void)state;
    tally_start();
    uint8_t seed = 1, last[16] = {0};
    for (unsigned n = 0; n < 6; n++) {
        const struct flow *f = &tester_flows[10 + n / 2];
        enum troth_side side = n & 1;
        if (!f->f[!side].oob)
            continue;
        scene_init(&s, f, side, NULL);
        struct smp_own_oob *own = &s.b.own_oob;
        struct troth_oob out;
        uint8_t pk[64], want[16];
        memset(own, 0, sizeof *own);
        memset(&out, 0, sizeof out);
        tally_case("%s, %s, made by smp_own_oob_make", f->name, harm_sides[side]);
        TALLY(smp_own_oob_make(own, &out, draw_oob, &seed) == TROTH_OK && own->pinned, "not made");
        tc_public_key(own->private_key, pk);
        TALLY(!memcmp(pk, own->public_key, 64), "the pair is none");
        tc_f4(pk, pk, out.random, 0, want);
        TALLY(out.have_sc && !memcmp(want, out.confirm, 16), "the confirm is not f4(X, X, r, 0)");
        TALLY(!memcmp(out.random, own->random, 16), "another random is kept");
        TALLY(memcmp(out.random, last, 16) != 0, "the random came before");
        memcpy(last, out.random, 16);
        memcpy(s.t.r[side], out.random, 16);
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "%s", wrong);
        TALLY(!memcmp(s.t.public_key[side], pk, 64), "another key was used");
    }
    tally_end("OOB data of our own", 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_security_request_unasked),
        cmocka_unit_test(test_slow_peer),
        cmocka_unit_test(test_verbs),
        cmocka_unit_test(test_security_request_refused),
        cmocka_unit_test(test_invalid_answers),
        cmocka_unit_test(test_own_oob),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
