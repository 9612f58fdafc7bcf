/*
 * Who may ask whom: Security Requests, keypresses, consent, and what holds when nobody answers.
 */
#include "support/tally.h"
#include "support/tester.h"
#include "support/tester_crypto.h"
#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static struct scene s;
static const char *const sides[2] = {"initiator", "responder"};

static void expect_success(void)
{
    scene_run(&s);
    const char *wrong = scene_success(&s);
    TALLY(!wrong, "%s", wrong);
}

/* The PDU just sent. */
static const struct smp_bench_pdu *sent(uint8_t op)
{
    static struct smp_bench_pdu p;
    assert_true(smp_bench_take(&s.b, &p));
    assert_int_equal(p.b[0], op);
    assert_int_equal(p.len, tester_pdu_len(op));
    return &p;
}

/* --- nobody answers: the defaults --- */

static void test_defaults(void **state)
{
    static const uint8_t reason[] = {
        [TROTH_ASK_PASSKEY_INPUT] = TROTH_SMP_PASSKEY_ENTRY_FAILED,
        [TROTH_ASK_COMPARE] = TROTH_SMP_NUMERIC_COMPARISON_FAILED,
        [TROTH_ASK_OOB_DATA] = TROTH_SMP_OOB_NOT_AVAILABLE,
        [TROTH_ASK_CONSENT] = TROTH_SMP_UNSPECIFIED_REASON,
    };
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2; n++) {
        const struct flow *f = &tester_flows[n / 4];
        enum troth_side side = n & 1;
        scene_init(&s, f, side, NULL);
        if (n & 2)
            s.b.policy.just_works = TROTH_JUST_WORKS_ASKED;
        tally_case("%s, %s, nobody answers%s", f->name, sides[side], n & 2 ? ", consent" : "");
        unsigned refused = 0;
        for (unsigned i = 0; i < 300; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            if (next.what != ST_ANSWER) {
                scene_do(&s, next);
                continue;
            }
            if (next.ask == TROTH_ASK_PASSKEY_INPUT || next.ask == TROTH_ASK_COMPARE ||
                next.ask == TROTH_ASK_OOB_DATA || next.ask == TROTH_ASK_CONSENT)
                refused = next.ask;
            int result = smp_bench_default(&s.b, next.ask);
            TALLY(result == TROTH_OK, "the default answer is itself refused: %d", result);
        }
        if (!refused) {
            const char *wrong = scene_success(&s);
            TALLY(!wrong, "%s", wrong);
            TALLY(!(n & 2) || f->model != TROTH_JUST_WORKS, "consent was not asked for");
            continue;
        }
        TALLY((refused == TROTH_ASK_CONSENT) == ((n & 2) && f->model == TROTH_JUST_WORKS),
              "consent was asked where it should not be, or the other way round");
        const struct smp_bench_event *e = smp_bench_last(&s.b, TROTH_EV_PAIRING_FAILED);
        TALLY(e && s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "it did not fail once");
        if (e)
            TALLY(e->e.u.pairing_failed.reason == reason[refused] &&
                      e->e.u.pairing_failed.by == TROTH_BY_US,
                  "ask %u defaults to reason 0x%02x", refused, e->e.u.pairing_failed.reason);
        TALLY(s.b.failed_sent == 1 && s.b.failed_reason == reason[refused],
              "the peer was told 0x%02x", s.b.failed_reason);
        TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
    }
    tally_end("defaults", 52);
}

/* Just Works under each policy. */
static void test_just_works(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 2 * 2 * 5; n++) {
        const struct flow *f = &tester_flows[n & 1 ? 5 : 0];
        enum troth_side side = n / 2 % 2;
        unsigned what = n / 4;
        scene_init(&s, f, side, NULL);
        s.b.policy.just_works = what == 0   ? TROTH_JUST_WORKS_ALLOWED
                                : what == 4 ? TROTH_JUST_WORKS_REFUSED
                                            : TROTH_JUST_WORKS_ASKED;
        tally_case("%s, %s, policy case %u", f->name, sides[side], what);
        if (what < 2) {
            expect_success();
            TALLY(s.b.asked[TROTH_ASK_CONSENT] == what, "consent asked %u times",
                  s.b.asked[TROTH_ASK_CONSENT]);
            continue;
        }
        uint8_t want = TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
        for (unsigned i = 0; i < 100; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            if (next.what == ST_ANSWER && next.ask == TROTH_ASK_CONSENT) {
                struct troth_answer no = {.ok = false, .reason = 0};
                want = TROTH_SMP_UNSPECIFIED_REASON;
                if (what == 3)
                    no.reason = want = TROTH_SMP_REPEATED_ATTEMPTS;
                smp_bench_answer(&s.b, TROTH_ASK_CONSENT, &no);
                continue;
            }
            scene_do(&s, next);
        }
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1 && !s.b.told[TROTH_EV_PAIRED],
              "it was not refused");
        TALLY(s.b.failed_reason == want, "refused with 0x%02x instead of 0x%02x", s.b.failed_reason,
              want);
        TALLY(!s.b.encrypts && !s.b.ltk_given, "a key was given");
        TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
    }
    tally_end("just works policy", 20);
}

/* --- Security Request --- */

/* SM/PER/PIS/BV-01-C: not bonded, ours is answered by a pairing. */
static void test_per_pis_bv_01(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS; n++) {
        scene_init(&s, &tester_flows[n], R, NULL);
        tally_case("%s after our Security Request", s.flow->name);
        TALLY(smp_bench_security_request(&s.b, s.flow->f[R].auth_req) == TROTH_OK, "not sent");
        struct smp_bench_pdu p;
        TALLY(smp_bench_take(&s.b, &p) && p.len == 2 && p.b[0] == OP_SECURITY_REQUEST &&
                  p.b[1] == s.flow->f[R].auth_req,
              "not the Security Request asked for");
        expect_success();
        smp_bench_tick(&s.b, 40000);
        TALLY(!s.b.told[TROTH_EV_SECURITY_UNANSWERED], "told as unanswered");
    }
    tally_end("SM/PER/PIS/BV-01-C", FLOWS);
}

static void bond_of_flow(const struct flow *f, enum troth_side side)
{
    scene_init(&s, f, side, NULL);
    scene_run(&s);
    assert_null(scene_success(&s));
    struct troth_bond_keys keys = s.b.committed;
    smp_bench_reconnect(&s.b);
    s.b.has_bond = true;
    s.b.bond.used = true;
    s.b.bond.keys = keys;
}

/* SM/PER/PIS/BV-02-C: bonded, ours is answered by encryption with the bond's key. */
static void test_per_pis_bv_02(void **state)
{
    (void)state;
    for (unsigned n = 0; n < FLOWS; n++) {
        bond_of_flow(&tester_flows[n], R);
        assert_int_equal(smp_bench_security_request(&s.b, s.flow->f[R].auth_req), TROTH_OK);
        sent(OP_SECURITY_REQUEST);
        bool sc = s.flow->sc;
        smp_bench_ltk_request(&s.b, sc ? 0 : s.t.rand[R], sc ? 0 : s.t.ediv[R]);
        assert_int_equal(s.b.ltk_given, 1);
        assert_memory_equal(s.b.ltk_key, sc ? s.t.key : s.t.ltk[R], 16);
        smp_bench_encrypted(&s.b, 0, true, false);
        assert_int_equal(s.b.smp.level.key_size, 16);
        smp_bench_tick(&s.b, 40000);
        assert_int_equal(s.b.told[TROTH_EV_SECURITY_UNANSWERED], 0);
    }
}

/* Phones prompt for longer than 30 s: reported, and SMP lives on. */
static void test_security_request_unanswered(void **state)
{
    (void)state;
    scene_init(&s, &tester_flows[5], R, NULL);
    assert_int_equal(smp_bench_security_request(&s.b, TROTH_AUTH_BOND | TROTH_AUTH_SC), TROTH_OK);
    sent(OP_SECURITY_REQUEST);
    smp_bench_tick(&s.b, 29999);
    assert_int_equal(s.b.told[TROTH_EV_SECURITY_UNANSWERED], 0);
    smp_bench_tick(&s.b, 1);
    assert_int_equal(s.b.told[TROTH_EV_SECURITY_UNANSWERED], 1);
    assert_int_equal(s.b.told[TROTH_EV_PAIRING_FAILED], 0);
    smp_bench_tick(&s.b, 60000);
    assert_int_equal(s.b.told[TROTH_EV_SECURITY_UNANSWERED], 1);
    scene_run(&s);
    assert_null(scene_success(&s));
}

/* SM/CEN/PIS/BV-02-C, BV-03-C: not bonded, the peer asks, and asks again meanwhile. */
static void test_cen_pis(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2; n++) {
        const struct flow *f = &tester_flows[n / 2];
        uint8_t request[2] = {OP_SECURITY_REQUEST, f->f[R].auth_req};
        scene_init(&s, f, I, NULL);
        tally_case("%s after the peer's Security Request%s", f->name, n & 1 ? "s" : "");
        smp_bench_rx(&s.b, request, 2);
        s.started = true;
        TALLY(s.b.open[TROTH_ASK_SECURITY_REQUEST], "nobody was asked");
        TALLY(s.b.told[TROTH_EV_SECURITY_REQUESTED] == 1 &&
                  smp_bench_last(&s.b, TROTH_EV_SECURITY_REQUESTED)->e.u.auth_req == request[1],
              "SECURITY_REQUESTED was not told");
        TALLY(!s.b.encrypts, "encryption was started without a bond");
        for (unsigned i = 0; i < 300; i++) {
            if (!scene_step(&s))
                break;
            if ((n & 1) && smp_pairing(&s.b.smp) && s.t.at)
                smp_bench_rx(&s.b, request, 2);
        }
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "%s", wrong);
    }
    tally_end("SM/CEN/PIS/BV-02-C, BV-03-C", 26);
}

/* Bonded, and the bond is enough: it only encrypts. Not enough: somebody is asked. A12. */
static void test_cen_pis_bonded(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 256; n++) {
        const struct flow *f = &tester_flows[n / 256];
        uint8_t request[2] = {OP_SECURITY_REQUEST, (uint8_t)n};
        if (n % 256 == 0)
            bond_of_flow(f, I);
        else
            smp_bench_reconnect(&s.b);
        struct troth_bond before = s.b.bond;
        tally_case("%s bond, Security Request %02x", f->name, request[1]);
        smp_bench_rx(&s.b, request, 2);
        bool mitm = f->model != TROTH_JUST_WORKS;
        bool enough =
            (mitm || !(request[1] & TROTH_AUTH_MITM)) && (f->sc || !(request[1] & TROTH_AUTH_SC));
        TALLY(!s.b.forgets && !s.b.commits && !memcmp(&before, &s.b.bond, sizeof before),
              "a Security Request touched the bond");
        if (mitm || !(request[1] & TROTH_AUTH_MITM)) {
            if (enough)
                TALLY(s.b.encrypts == 1 && !s.b.open[TROTH_ASK_SECURITY_REQUEST],
                      "the bond is enough and was not used");
        } else {
            TALLY(!s.b.encrypts, "encryption with a key without the MITM protection asked for");
            TALLY(s.b.open[TROTH_ASK_SECURITY_REQUEST], "nobody was asked");
        }
        TALLY(!s.b.sent_total, "something was sent before anybody was asked");
    }
    tally_end("Security Request from a bonded peer", FLOWS * 256);
}

/* --- keypresses --- */

static void test_keypress(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 3 * 2 * 4 * 2; n++) {
        struct flow f = tester_flows[(n & 1 ? 7 : 1) + n / 16];
        enum troth_side side = n / 2 % 2;
        unsigned bits = n / 4 % 4;
        for (unsigned x = 0; x < 2; x++)
            if (bits >> x & 1)
                f.f[x].auth_req |= TROTH_AUTH_KEYPRESS;
        scene_init(&s, &f, side, NULL);
        tally_case("%s, %s, keypress bits %u", f.name, sides[side], bits);
        /* To the first Confirm's place: somebody types. */
        for (unsigned i = 0; i < 40; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_ANSWER && next.ask == TROTH_ASK_PASSKEY_INPUT)
                break;
            if (next.what == ST_PDU && s.t.chart[s.t.at].op == OP_CONFIRM)
                break;
            scene_do(&s, next);
        }
        TALLY(smp_pairing(&s.b.smp), "not there");
        bool allowed = bits == 3;
        if (s.b.open[TROTH_ASK_PASSKEY_INPUT]) {
            for (uint8_t type = 0; type < 5; type++) {
                int result = smp_bench_keypress(&s.b, type);
                TALLY((result == TROTH_OK) == allowed, "keypress %u: result %d", type, result);
                struct smp_bench_pdu p;
                bool got = smp_bench_take(&s.b, &p);
                TALLY(got == allowed, "keypress notifications without both bits, or none with");
                TALLY(!got || (p.len == 2 && p.b[0] == OP_KEYPRESS && p.b[1] == type),
                      "not the notification asked for");
                smp_bench_acked(&s.b);
            }
            TALLY(smp_bench_keypress(&s.b, 5) != TROTH_OK && !s.b.sent_count, "type 5 was sent");
        }
        if (allowed) {
            for (uint8_t type = 0; type < 5; type++) {
                smp_bench_rx(&s.b, (uint8_t[]){OP_KEYPRESS, type}, 2);
                TALLY(s.b.told[TROTH_EV_KEYPRESS] == type + 1u &&
                          smp_bench_last(&s.b, TROTH_EV_KEYPRESS)->e.u.keypress == type,
                      "the peer's keypress %u was not told", type);
            }
        }
        expect_success();
    }
    tally_end("keypress (PKE, SCPK/BV-01-C, BV-02-C)", 48);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_just_works),
        cmocka_unit_test(test_per_pis_bv_01),
        cmocka_unit_test(test_per_pis_bv_02),
        cmocka_unit_test(test_security_request_unanswered),
        cmocka_unit_test(test_cen_pis),
        cmocka_unit_test(test_cen_pis_bonded),
        cmocka_unit_test(test_keypress),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
