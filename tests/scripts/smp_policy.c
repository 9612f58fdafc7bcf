/*
 * What a host demands, what a bond is worth, and what comes when no pairing runs.
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

/* --- policy --- */

static void test_policy(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 3; n++) {
        const struct flow *f = &tester_flows[n / 6];
        enum troth_side side = n & 1;
        unsigned what = n / 2 % 3;
        scene_init(&s, f, side, NULL);
        s.b.policy.sc_only = what == 0;
        s.b.policy.require_mitm = what == 1;
        s.b.policy.refuse_pairing = what == 2;
        tally_case("%s, %s, %s", f->name, harm_sides[side],
                   what == 0   ? "sc_only"
                   : what == 1 ? "require_mitm"
                               : "refuse_pairing");
        if (what == 2) {
            if (side == I) /* a central that pairs on its own is not refused by itself */
                continue;
            struct next next = scene_next(&s);
            saved = s;
            scene_do(&s, next);
            TALLY(s.b.failed_sent == 1 && s.b.failed_reason == TROTH_SMP_PAIRING_NOT_SUPPORTED,
                  "not answered with 0x05");
            TALLY(!smp_bench_any_open(&s.b) && !s.b.told[TROTH_EV_PAIRING], "somebody was asked");
            TALLY(!smp_pairing(&s.b.smp) && !smp_bench_leftover(&s.b), "something runs");
            continue;
        }
        bool refused = what == 0 ? !f->sc : f->model == TROTH_JUST_WORKS;
        if (refused) {
            s.b.policy.just_works = TROTH_JUST_WORKS_ALLOWED;
            struct troth_policy keep = s.b.policy;
            s.t.silent = true;
            saved = s;
            scene_run(&s);
            TALLY(s.t.at <= 2, "it was refused only at row %u", s.t.at);
            keep.sc_only = keep.require_mitm = false;
            s.b.policy = keep;
            harm_expect_failed(
                (struct verdict){TROTH_SMP_AUTHENTICATION_REQUIREMENTS, TROTH_BY_US, ANY});
        } else {
            scene_run(&s);
            const char *wrong = scene_success(&s);
            TALLY(!wrong, "%s", wrong);
        }
    }
    tally_end("policy", 70);
}

/* A10: a bond is not replaced by a weaker one. Weaker: lower in any of mitm, sc, size. */
static void test_weaker_bond(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 8 * 4; n++) {
        struct flow f = tester_flows[n / 64];
        enum troth_side side = n & 1;
        bool mitm = n & 2, sc = n & 4, big_key = n & 8;
        unsigned what = n / 16 % 4;
        f.f[!side].max_key_size = 12;
        scene_init(&s, &f, side, NULL);
        struct troth_bond old = {.used = true};
        old.keys.identity = s.t.identity[s.t.side];
        old.keys.mitm = mitm;
        old.keys.sc = sc;
        old.keys.key_size = big_key ? 16 : 12;
        memset(old.keys.ltk[0].key, 0x5c, 12);
        old.keys.ltk[0].present = true;
        /* A11: Just Works that claims, over an unknown address, an identity that has a bond. */
        bool claims = what == 1 && f.model == TROTH_JUST_WORKS;
        bool weaker = (mitm && f.model == TROTH_JUST_WORKS) || (sc && !f.sc) || big_key;
        tally_case("%s, %s, over a bond mitm %d sc %d size %u, %s", f.name, harm_sides[side], mitm,
                   sc, old.keys.key_size,
                   what == 0   ? "known"
                   : what == 1 ? "found at the identity"
                   : what == 2 ? "replace_weaker"
                               : "another's");
        if (what == 0 || what == 2) {
            s.b.has_bond = true;
            s.b.bond = old;
        } else {
            /* The peer is on a private address; whom it claims to be comes out at the end. */
            if (what == 3)
                old.keys.identity.b[0] ^= 1;
            struct troth_addr addr[2] = {s.b.addr[I], s.b.addr[R]};
            addr[!side] = (struct troth_addr){TROTH_ADDR_RANDOM, {4, 4, 4, 4, 4, 0x44}};
            struct troth_addr identity = s.t.identity[s.t.side];
            struct troth_policy p = s.b.policy;
            smp_bench_init(&s.b, side, &p, addr);
            scene_again(&s, &f);
            s.t.identity[s.t.side] = identity;
            s.b.has_other = true;
            s.b.other = old;
        }
        s.b.policy.replace_weaker = what == 2;
        if (!weaker || what >= 2) {
            scene_run(&s);
            if (claims && s.b.told[TROTH_EV_PAIRING_FAILED]) {
                TALLY(s.b.failed_reason == TROTH_SMP_KEY_REJECTED && !s.b.commits,
                      "refused with 0x%02x", s.b.failed_reason);
                continue;
            }
            const char *wrong = scene_success(&s);
            TALLY(!wrong, "%s, reason 0x%02x", wrong, s.b.failed_reason);
            continue;
        }
        s.t.silent = true;
        memcpy(&saved, &s, sizeof saved);
        scene_run(&s);
        if (what == 0)
            TALLY(s.t.at <= 2, "it was refused only at row %u", s.t.at);
        s.b.has_bond = s.b.has_other = false; /* for the pairing after it */
        s.flow = &f;
        harm_count++;
        s.b.policy.stay_after_failure = false;
        harm_expect_failed((struct verdict){what == 0 ? TROTH_SMP_AUTHENTICATION_REQUIREMENTS
                                                      : TROTH_SMP_KEY_REJECTED,
                                            TROTH_BY_US, ANY});
    }
    tally_end("weaker bonds (A10, A11)", 800);
}

/* --- outside the script --- */

static void test_idle(void **state)
{
    (void)state;
    uint8_t pdu[SMP_BENCH_PDU_MAX];
    tally_start();
    for (unsigned n = 0; n < 256 * 2 * 2; n++) {
        uint8_t op = (uint8_t)n;
        enum troth_side side = n / 256 % 2;
        bool refuse = n / 512;
        bool reserved = op == 0 || op > OP_KEYPRESS;
        scene_init(&s, &tester_flows[5], side, NULL);
        s.b.policy.refuse_pairing = refuse;
        memcpy(&saved, &s, sizeof saved);
        memset(pdu, 0x11, sizeof pdu);
        pdu[0] = op;
        if (op == OP_PAIRING_REQUEST)
            memcpy(pdu + 1, "\x03\x00\x09\x10\x03\x03", 6);
        if (op == OP_FAILED || op == OP_KEYPRESS || op == OP_SECURITY_REQUEST)
            pdu[1] = 1;
        tally_case("idle %s, opcode %02x%s", harm_sides[side], op,
                   refuse ? ", pairing refused" : "");
        smp_bench_rx(&s.b, pdu, reserved ? 5 : tester_pdu_len(op));
        unsigned sent = s.b.sent_total, reason = s.b.failed_reason;
        bool quiet = !sent && !s.b.events && !smp_bench_any_open(&s.b) &&
                     !memcmp(&s.b.smp, &saved.b.smp, sizeof s.b.smp);
        if (reserved || op == OP_FAILED) {
            TALLY(quiet, "not ignored");
        } else if (refuse) {
            TALLY(sent == 1 && s.b.failed_sent == 1 && reason == TROTH_SMP_PAIRING_NOT_SUPPORTED,
                  "opcode %02x is not answered with 0x05: sent %u, 0x%02x", op, sent, reason);
            TALLY(!smp_bench_any_open(&s.b), "opcode %02x opens an ask", op);
        } else if (op == OP_PAIRING_REQUEST && side == R) {
            TALLY(s.b.open[TROTH_ASK_PAIRING_REQUEST] && smp_pairing(&s.b.smp), "not started");
        } else if (op == OP_SECURITY_REQUEST && side == I) {
            TALLY(s.b.told[TROTH_EV_SECURITY_REQUESTED] == 1, "not told");
        } else if (op == OP_PAIRING_REQUEST || op == OP_SECURITY_REQUEST) {
            TALLY(sent == 1 && s.b.failed_sent == 1 && reason == TROTH_SMP_COMMAND_NOT_SUPPORTED,
                  "opcode %02x is not answered with 0x07: sent %u, 0x%02x", op, sent, reason);
            TALLY(!s.b.events && !smp_bench_any_open(&s.b), "told or asked");
        } else {
            TALLY(quiet, "opcode %02x is not met with silence", op);
        }
        bool asked = op == OP_PAIRING_REQUEST && side == R; /* a pairing refused may be told of */
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] <= asked, "a failure without a pairing");
        if (!smp_pairing(&s.b.smp) && !smp_bench_any_open(&s.b)) {
            s.b.policy.refuse_pairing = false;
            harm_drop_sent();
            smp_bench_acked(&s.b);
            harm_expect_next_pairing();
        }
    }
    /* Malformed, and nothing runs: nothing starts. */
    for (unsigned n = 0; n < 14 * 81 * 2; n++) {
        uint8_t op = (uint8_t)(1 + n % 14);
        unsigned len = n / 14 % 81;
        enum troth_side side = n / 1134;
        if (len == tester_pdu_len(op))
            continue;
        scene_init(&s, &tester_flows[0], side, NULL);
        memset(pdu, 1, sizeof pdu);
        pdu[0] = op;
        tally_case("idle %s, opcode %02x of length %u", harm_sides[side], op, len);
        smp_bench_rx(&s.b, pdu, len);
        TALLY(!smp_bench_any_open(&s.b) && !smp_pairing(&s.b.smp),
              "a malformed PDU started something");
        bool asked = op == OP_PAIRING_REQUEST && side == R;
        TALLY(s.b.events <= asked, "a malformed PDU was told of");
        TALLY(!s.b.events || s.b.told[TROTH_EV_PAIRING_FAILED], "told as something else");
        TALLY(s.b.sent_total == s.b.failed_sent && s.b.failed_sent <= 1, "answered with more");
        TALLY(op != OP_FAILED || !s.b.sent_total, "Pairing Failed was answered");
    }
    tally_end("idle", 3000);
}

/* KDU/BI-02, BI-03: the peer rejects a key just after the end. */
static void test_key_rejected(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 256; n++) {
        static struct scene done;
        uint8_t reason = (uint8_t)n;
        if (reason == 0) {
            scene_init(&s, &tester_flows[n / 512], n / 256 % 2, NULL);
            scene_run(&s);
            assert_null(scene_success(&s));
            memcpy(&done, &s, sizeof done);
        }
        memcpy(&s, &done, sizeof s);
        unsigned events = s.b.events;
        tally_case("%s, %s, Pairing Failed %02x after the end", s.flow->name, harm_sides[s.b.side],
                   reason);
        smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, reason}, 2);
        TALLY(s.b.sent_total == done.b.sent_total, "it was answered");
        if (reason != TROTH_SMP_KEY_REJECTED) {
            TALLY(s.b.events == events && !s.b.forgets, "not ignored");
            continue;
        }
        TALLY(s.b.forgets == 1, "the bond was not removed");
        TALLY(s.b.events == events + 1, "%u events tell of it", s.b.events - events);
        smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, reason}, 2);
        TALLY(s.b.forgets == 1 && s.b.events == events + 1, "a second one has an effect");
        memcpy(&s, &done, sizeof s);
        smp_bench_reconnect(&s.b);
        smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, reason}, 2);
        TALLY(!s.b.forgets && !s.b.events, "it counts on the next connection too");
        memcpy(&s, &done, sizeof s);
        smp_bench_encrypted(&s.b, 0, false, false);
        unsigned told = s.b.events;
        smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, reason}, 2);
        TALLY(!s.b.forgets && s.b.events == told, "it counts on a link that is not encrypted");
    }
    tally_end("Key Rejected after the end", 6000);
}

/* The last row: the bond is with the store. Whatever happens, there is one end. */
static void test_while_storing(void **state)
{
    (void)state;
    uint8_t pdu[SMP_BENCH_PDU_MAX];
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 20 * 2; n++) {
        enum troth_side side = n & 1;
        unsigned what = n / 4 % 20;
        bool ok = n & 2;
        scene_init(&s, &tester_flows[n / 80], side, NULL);
        while (scene_next(&s).what != ST_STORED)
            if (!scene_step(&s))
                fail_msg("%s never stores", s.flow->name);
        memcpy(&saved, &s, sizeof saved);
        harm_next = scene_next(&s);
        harm_begin(ok ? "while storing, stored" : "while storing, not stored", what);
        memset(pdu, 0, sizeof pdu);
        pdu[0] = (uint8_t)what;
        pdu[1] = what == OP_FAILED ? 0x0f : 3;
        pdu[4] = 16;
        if (what <= OP_KEYPRESS)
            smp_bench_rx(&s.b, pdu, what ? tester_pdu_len((uint8_t)what) : 1);
        else if (what == 15)
            smp_bench_disconnected(&s.b, 0x13);
        else if (what == 16)
            smp_bench_tick(&s.b, 30000);
        else if (what == 17)
            smp_bench_cancel(&s.b, 8);
        else if (what == 18)
            smp_bench_ltk_request(&s.b, 0, 0);
        else
            smp_bench_acked(&s.b);
        bool failed = s.b.told[TROTH_EV_PAIRING_FAILED];
        smp_bench_stored(&s.b, ok);
        harm_drop_sent();
        TALLY(s.b.told[TROTH_EV_PAIRED] + s.b.told[TROTH_EV_PAIRING_FAILED] == 1,
              "case %u: PAIRED %u, PAIRING_FAILED %u", what, s.b.told[TROTH_EV_PAIRED],
              s.b.told[TROTH_EV_PAIRING_FAILED]);
        TALLY(s.b.commits == 1, "committed %u times", s.b.commits);
        if (failed && ok)
            TALLY(s.b.uncommits == 1, "case %u: the pairing failed and its bond stays", what);
        if (!smp_pairing(&s.b.smp))
            TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
    }
    tally_end("while storing", 1000);
}

/* --- bonds and encryption --- */

/* A bonded link, as it is after reconnection. */
static void bonded(const struct flow *f, enum troth_side side)
{
    scene_init(&s, f, side, NULL);
    scene_run(&s);
    const char *wrong = scene_success(&s);
    if (wrong)
        fail_msg("%s: %s", f->name, wrong);
    struct troth_bond_keys keys = s.b.committed;
    smp_bench_reconnect(&s.b);
    s.b.has_bond = true;
    s.b.bond.used = true;
    s.b.bond.keys = keys;
    s.b.secrets = 0;
}

static void ask_for_ltk(void)
{
    bool sc = s.flow->sc;
    smp_bench_ltk_request(&s.b, sc ? 0 : s.t.rand[R], sc ? 0 : s.t.ediv[R]);
}

/* A key is refused like a pairing is: sc_only, require_mitm, the least size. */
static void test_weak_keys(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 4; n++) {
        struct flow f = tester_flows[n / 8];
        enum troth_side side = n & 1;
        unsigned what = n / 2 % 4;
        f.f[I].max_key_size = 15;
        bonded(&f, side);
        s.b.policy.sc_only = what == 1;
        s.b.policy.require_mitm = what == 2;
        s.b.policy.min_key_size = what == 3 ? 16 : 7;
        bool good = what == 0 || (what == 1 && f.sc) || (what == 2 && f.model != TROTH_JUST_WORKS);
        tally_case("%s, %s, policy case %u", f.name, harm_sides[side], what);
        if (side == R) {
            ask_for_ltk();
            TALLY(s.b.ltk_given == good && s.b.ltk_denied == !good,
                  good ? "a good key is denied" : "a key weaker than the policy is given");
        } else {
            int result = smp_encrypt(&s.b.smp);
            TALLY((result == TROTH_OK) == good && s.b.encrypts == good,
                  good ? "a good key is not used" : "a key weaker than the policy is used");
            TALLY(good || result == TROTH_STATE, "smp_encrypt says %d", result);
            TALLY((smp_available(&s.b.smp).key_size != 0) == good, "smp_available disagrees");
        }
        TALLY(!s.b.forgets && !s.b.sent_total, "the bond was removed, or something sent");
    }
    tally_end("keys weaker than the policy", 104);
}

/* "The peer lost its bond", section 4; and a bonded central only encrypts (A9). */
static void test_bond_lost(void **state)
{
    static const uint8_t statuses[] = {0x06, 0x3d, 0x08, 0x1f, 0x05};
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 5 * 2; n++) {
        uint8_t status = statuses[n / 2 % 5];
        bool by_link = n & 1;
        bonded(&tester_flows[n / 10], I);
        tally_case("%s, encryption ends in %s %02x", s.flow->name,
                   by_link ? "Disconnection" : "Encryption Change", status);
        TALLY(smp_encrypt(&s.b.smp) == TROTH_OK, "it does not encrypt");
        if (by_link) {
            smp_bench_disconnected(&s.b, status);
        } else {
            smp_bench_encrypted(&s.b, status, false, false);
            TALLY(s.b.told[TROTH_EV_ENCRYPTED] == 1 &&
                      smp_bench_last(&s.b, TROTH_EV_ENCRYPTED)->e.u.encrypted.hci_status == status,
                  "ENCRYPTED does not tell the failure");
            TALLY(s.b.smp.level.key_size == 0, "the link has a level");
            if (status == 0x3d) /* a MIC failure takes the link with it, Vol 1 Part F 2 */
                smp_bench_disconnected(&s.b, status);
        }
        /* 0x06 is an answer about keys; 0x3D is how a wrong key shows. */
        bool lost = status == 0x3d || (status == 0x06 && !by_link);
        const struct smp_bench_event *e = smp_bench_last(&s.b, TROTH_EV_BOND_LOST);
        TALLY(s.b.told[TROTH_EV_BOND_LOST] == lost, "BOND_LOST %u times",
              s.b.told[TROTH_EV_BOND_LOST]);
        if (lost && e)
            TALLY(e->e.u.bond_lost.mismatch == (status == 0x3d), "BOND_LOST says the other");
        TALLY(!s.b.sent_total, "it pairs again on its own");
        TALLY(!s.b.forgets, "it removes the bond on its own");
    }
    for (unsigned n = 0; n < FLOWS * 2; n++) {
        bool encrypted = n & 1;
        bonded(&tester_flows[n / 2], R);
        tally_case("%s, the bonded peer pairs again, link %sencrypted", s.flow->name,
                   encrypted ? "" : "not ");
        if (encrypted) {
            ask_for_ltk();
            smp_bench_encrypted(&s.b, 0, true, false);
        }
        struct troth_bond bond = s.b.bond;
        scene_again(&s, s.flow);
        s.encrypted_before = encrypted;
        scene_step(&s);
        TALLY(s.b.told[TROTH_EV_BOND_LOST] == !encrypted, "BOND_LOST %u times",
              s.b.told[TROTH_EV_BOND_LOST]);
        TALLY(s.b.ask[TROTH_ASK_PAIRING_REQUEST].u.pairing.bonded, "the ask hides the bond");
        TALLY(!memcmp(&bond, &s.b.bond, sizeof bond) && !s.b.forgets, "the bond was touched");
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "%s", wrong);
    }
    tally_end("bonds that one side lost", 150);
}

/* Two links may race: a stronger bond appears while this pairing goes on. */
static void test_race(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2; n++) {
        struct flow f = tester_flows[n / 4];
        enum troth_side side = n & 1;
        bool late = n & 2; /* after the identity came, before the commit */
        f.f[!side].max_key_size = 15;
        scene_init(&s, &f, side, NULL);
        s.late_ack = true;
        s.t.silent = true;
        harm_count = 0;
        tally_case("%s, %s, a stronger bond appears %s", f.name, harm_sides[side],
                   late ? "before the commit" : "before the identity");
        for (unsigned i = 0; i < 300; i++) {
            struct next next = scene_next(&s);
            uint8_t row = s.t.at < s.t.rows ? s.t.chart[s.t.at].op : 0xff;
            bool mine = row != 0xff && s.t.chart[s.t.at].who == s.t.side;
            if (late ? next.what == ST_ACK || (mine && row == OP_SIGNING_INFO)
                     : mine && row == OP_IDENTITY_INFO)
                break;
            if (next.what == ST_NONE)
                break;
            scene_do(&s, next);
        }
        if (late && !s.encrypted)
            while (!s.encrypted || s.t.chart[s.t.at].op != OP_SIGNING_INFO ||
                   s.t.chart[s.t.at].who != s.t.side)
                if (!scene_step(&s))
                    break;
        memcpy(&saved, &s, sizeof saved);
        s.b.has_other = true;
        s.b.other.used = true;
        s.b.other.keys.identity = s.t.identity[s.t.side];
        s.b.other.keys.key_size = 16;
        s.b.other.keys.sc = true;
        s.b.other.keys.mitm = true;
        s.b.bond = s.b.other;
        s.b.has_bond = true;
        scene_run(&s);
        TALLY(!s.b.commits, "a weaker bond was committed");
        s.b.has_bond = s.b.has_other = false;
        harm_expect_failed((struct verdict){TROTH_SMP_KEY_REJECTED, TROTH_BY_US, ANY});
    }
    tally_end("racing bonds", 52);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_policy),        cmocka_unit_test(test_weaker_bond),
        cmocka_unit_test(test_idle),          cmocka_unit_test(test_key_rejected),
        cmocka_unit_test(test_while_storing), cmocka_unit_test(test_weak_keys),
        cmocka_unit_test(test_bond_lost),     cmocka_unit_test(test_race),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
