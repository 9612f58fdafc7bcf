/*
 * Every pairing that shall succeed, from both sides, against a tester that shares nothing with
 * the engine but the specification.
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

/* --- every flow --- */

static void test_every_flow(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 128; n++) {
        const struct flow *f = &tester_flows[n / 256];
        enum troth_side side = n / 128 % 2;
        scene_init(&s, f, side, NULL);
        s.eager = n & 1;
        s.late_dhkey = n & 2;
        s.late_ack = n & 4;
        s.b.room = n & 8 ? ROOM_SLOT : ROOM_ALWAYS;
        s.encrypted_before = n & 16;
        if (n & 32)
            s.t.auth_rfu = 0xe0; /* reserved, and CT2 which we do not have */
        if (n & 64) {            /* the policy offers something else; the application decides */
            s.own_features = true;
            s.b.policy.features =
                (struct troth_features){TROTH_DISPLAY_YES_NO, 0, TROTH_AUTH_MITM, 9, 0, 0};
        }
        tally_case("%s, %s%s%s%s%s%s%s%s", f->name, sides[side], n & 1 ? ", eager" : "",
                   n & 2 ? ", late DHKey" : "", n & 4 ? ", late ack" : "",
                   n & 8 ? ", one slot" : "", n & 16 ? ", refresh" : "", n & 32 ? ", RFU bits" : "",
                   n & 64 ? ", own features" : "");
        expect_success();
    }
    tally_end("every flow (JW, PKE, OOB, SCJW, SCPK, SCOB BV)", 3328);
}

/* A nonce is any value at all: zero and all ones too. */
static void test_nonce_values(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2; n++) {
        scene_init(&s, &tester_flows[n / 4], n % 2, NULL);
        s.t.nonce_fill = n & 2 ? 0xff : 0;
        tally_case("%s, %s, every nonce %02x", s.flow->name, sides[n % 2], s.t.nonce_fill);
        expect_success();
    }
    tally_end("nonce values", 52);
}

static void test_key_sizes(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2 * 10; n++) {
        struct flow f = tester_flows[n / 40];
        enum troth_side side = n / 20 % 2;
        f.f[n / 10 % 2].max_key_size = (uint8_t)(7 + n % 10);
        scene_init(&s, &f, side, NULL);
        tally_case("%s, %s, size %u by the %s", f.name, sides[side], 7 + n % 10, sides[n / 10 % 2]);
        expect_success();
        /* EKS/BV: with the key that was kept, and no longer one. */
        smp_bench_reconnect(&s.b);
        s.b.has_bond = true;
        s.b.bond.used = true;
        s.b.bond.keys = s.b.committed;
        if (side == I) {
            const struct troth_ltk *k = &s.b.committed.ltk[f.sc ? 0 : R];
            TALLY(smp_encrypt(&s.b.smp) == TROTH_OK && s.b.encrypts == 1,
                  "a bonded central does not encrypt");
            TALLY(!memcmp(s.b.encrypt_key, k->key, 16) && s.b.encrypt_rand == k->rand &&
                      s.b.encrypt_ediv == k->ediv,
                  "it encrypts with another key");
        } else {
            uint64_t rand = f.sc ? 0 : s.t.rand[R];
            uint16_t ediv = f.sc ? 0 : s.t.ediv[R];
            uint8_t want[16] = {0};
            memcpy(want, f.sc ? s.t.key : s.t.ltk[R], s.t.key_size);
            /* Not the right name: SC has none, legacy matches exactly. */
            smp_bench_ltk_request(&s.b, rand ^ 1, ediv);
            smp_bench_ltk_request(&s.b, rand, ediv ^ 0x8000);
            TALLY(s.b.ltk_given == 0 && s.b.ltk_denied == 2,
                  "a key was given for another EDIV or Rand");
            TALLY(s.b.smp.level.key_size == 0, "the link has a level after a negative reply");
            smp_bench_clear(&s.b); /* each failed start was an ENCRYPTED of its own */
            smp_bench_ltk_request(&s.b, rand, ediv);
            TALLY(s.b.ltk_given == 1 && !memcmp(s.b.ltk_key, want, 16),
                  "the bonded key is not given for its EDIV and Rand");
        }
        smp_bench_encrypted(&s.b, 0, true, false);
        struct troth_level l = s.b.smp.level;
        TALLY(l.bonded && l.key_size == s.t.key_size && l.sc == f.sc &&
                  l.mitm == (f.model != TROTH_JUST_WORKS),
              "the level after re-encryption is wrong");
        if (side == R) { /* KDU/BV-07: again on the encrypted link */
            smp_bench_ltk_request(&s.b, f.sc ? 0 : s.t.rand[R], f.sc ? 0 : s.t.ediv[R]);
            smp_bench_encrypted(&s.b, 0, true, true);
            TALLY(s.b.ltk_given == 2 && s.b.smp.level.key_size == s.t.key_size,
                  "a key refresh with the bonded key does not work");
        }
        TALLY(!s.b.told[TROTH_EV_PAIRED] && !s.b.told[TROTH_EV_PAIRING_FAILED] &&
                  s.b.told[TROTH_EV_ENCRYPTED] == (side == R ? 2 : 1),
              "re-encryption tells %u PAIRED, %u PAIRING_FAILED, %u ENCRYPTED",
              s.b.told[TROTH_EV_PAIRED], s.b.told[TROTH_EV_PAIRING_FAILED],
              s.b.told[TROTH_EV_ENCRYPTED]);
    }
    tally_end("key sizes and re-encryption (EKS/BV-01, BV-02, KDU/BV-07)", 520);
}

/* Only what both agreed on, in the specification's order. */
static void test_distribution(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 16 * 16 * 16 * 4; n++) {
        enum troth_side side = n & 1;
        struct flow f = tester_flows[n & 2 ? 5 : 0];
        f.f[I].initiator_keys = n >> 2 & 7;
        f.f[I].responder_keys = n >> 5 & 7;
        f.f[R].initiator_keys = n >> 8 & 7;
        f.f[R].responder_keys = n >> 11 & 7;
        if (side == R && (n & 4)) { /* the peer would like a link key too */
            f.f[I].initiator_keys |= TROTH_DIST_LINK;
            f.f[I].responder_keys |= TROTH_DIST_LINK;
        }
        scene_init(&s, &f, side, NULL);
        s.late_ack = n >> 5 & 1;
        tally_case("%s, %s, requested %x %x, wanted %x %x", f.name, sides[side],
                   f.f[I].initiator_keys, f.f[I].responder_keys, f.f[R].initiator_keys,
                   f.f[R].responder_keys);
        scene_run(&s);
        const char *wrong = scene_success(&s);
        bool legacy_keyless = !f.sc && !((s.t.dist[I] | s.t.dist[R]) & TROTH_DIST_ENC);
        if (legacy_keyless && wrong && (strstr(wrong, "stored") || strstr(wrong, "committed")) &&
            s.b.commits <= 1 && !smp_bench_leftover(&s.b))
            continue; /* whether a bond without an LTK is one, the design does not say */
        TALLY(!wrong, "%s", wrong);
    }
    tally_end("key distribution (KDU/BV-01 to BV-11)", 16384);
}

/* --- what is kept --- */

static void test_not_bonding(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 3 * 2; n++) {
        struct flow f = tester_flows[n / 12];
        enum troth_side side = n & 1;
        unsigned who = n / 4 % 3 + 1;
        for (unsigned x = 0; x < 2; x++) {
            if (who >> x & 1)
                f.f[x].auth_req &= (uint8_t)~TROTH_AUTH_BOND;
            if (n & 2)
                f.f[x].initiator_keys = f.f[x].responder_keys = 0;
        }
        scene_init(&s, &f, side, NULL);
        tally_case("%s, %s, not bonding: %u", f.name, sides[side], who);
        expect_success();
    }
    tally_end("without bonding", 156);
}

static void test_peer_addresses(void **state)
{
    static const struct {
        const char *name;
        uint8_t type, top;
    } kinds[] = {{"public", 0, 0x10}, {"static", 1, 0xd3}, {"resolvable", 1, 0x52}};
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 3 * 2 * 3; n++) {
        struct flow f = tester_flows[n / 36];
        enum troth_side side = n & 1, x = !side;
        unsigned kind = n / 2 % 3, identity = n / 12 % 3;
        bool gives = n / 6 & 1;
        if (!gives) {
            f.f[I].initiator_keys &= (uint8_t)~TROTH_DIST_ID;
            f.f[I].responder_keys &= (uint8_t)~TROTH_DIST_ID;
        }
        scene_init(&s, &f, side, NULL);
        struct troth_addr addr[2] = {s.b.addr[I], s.b.addr[R]};
        addr[x].type = kinds[kind].type;
        addr[x].b[5] = kinds[kind].top;
        struct troth_policy p = s.b.policy;
        smp_bench_init(&s.b, side, &p, addr);
        scene_again(&s, &f);
        if (identity == 1)
            s.t.identity[x] = (struct troth_addr){TROTH_ADDR_PUBLIC, {9, 8, 7, 6, 5, 0x54}};
        if (identity == 2)
            s.t.identity[x] = (struct troth_addr){TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 0xff}};
        if (!identity && kind == 2)
            s.t.identity[x] = (struct troth_addr){TROTH_ADDR_PUBLIC, {0, 0, 0, 0, 0, 0}};
        tally_case("%s, %s, peer on a %s address, %s", f.name, sides[side], kinds[kind].name,
                   gives ? "gives its identity" : "gives none");
        expect_success();
    }
    tally_end("peer addresses", 468);
}

static void test_failing_store(void **state)
{
    (void)state;
    unsigned as_failure = 0;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2; n++) {
        scene_init(&s, &tester_flows[n / 4], n & 1, NULL);
        bool placed = n & 2;
        s.b.commit_ok = placed;
        s.store_fails = true;
        tally_case("%s, %s, %s", s.flow->name, sides[n & 1],
                   placed ? "the store fails" : "there is no place");
        if (!placed)
            s.commits_seen = 1; /* nobody acknowledges what had no place */
        scene_run(&s);
        unsigned paired = s.b.told[TROTH_EV_PAIRED], failed = s.b.told[TROTH_EV_PAIRING_FAILED];
        TALLY(s.b.commits == 1, "%u commits", s.b.commits);
        TALLY(paired + failed == 1, "PAIRED %u times, PAIRING_FAILED %u times", paired, failed);
        as_failure += failed;
        const struct smp_bench_event *e = smp_bench_last(&s.b, TROTH_EV_PAIRED);
        TALLY(!e || (!e->e.u.paired.stored && !e->e.u.paired.level.bonded),
              "a bond that was not stored is told as stored");
        TALLY(!s.b.smp.level.bonded, "the link's level says bonded");
        TALLY(!smp_bench_leftover(&s.b), "%s", smp_bench_leftover(&s.b));
        TALLY(!smp_pairing(&s.b.smp), "it does not end");
    }
    printf("a failing store is told as %s\n", as_failure ? "PAIRING_FAILED" : "PAIRED, not stored");
    tally_end("failing store", 52);
}

/* --- transmission --- */

static size_t record(struct smp_bench_pdu *out, size_t cap)
{
    size_t n = 0;
    for (unsigned i = 0; i < 1000; i++) {
        for (unsigned k = 0; k < s.b.sent_count && n < cap; k++)
            out[n++] = s.b.sent[(s.b.sent_from + k) % SMP_BENCH_SENT];
        if (!scene_step(&s))
            break;
    }
    return n;
}

/* No room at any one send: the row stays put and runs again, and nothing is lost or doubled. */
static void test_no_room(void **state)
{
    static struct smp_bench_pdu want[128], got[128];
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2; n++) {
        const struct flow *f = &tester_flows[n / 4];
        enum troth_side side = n & 1;
        scene_init(&s, f, side, NULL);
        s.eager = n & 2;
        size_t sends = record(want, 128);
        tally_case("%s, %s, with room", f->name, sides[side]);
        TALLY(!scene_success(&s), "%s", scene_success(&s));
        for (unsigned miss = 0; miss < sends; miss++) {
            scene_init(&s, f, side, NULL);
            s.eager = n & 2;
            s.b.room = ROOM_MISS;
            s.b.miss_at = miss;
            tally_case("%s, %s, no room at send %u", f->name, sides[side], miss);
            size_t again = record(got, 128);
            const char *wrong = scene_success(&s);
            TALLY(!wrong, "%s", wrong);
            bool same = again == sends; /* values may be drawn anew: nobody has seen the first */
            for (size_t i = 0; same && i < sends; i++)
                same = want[i].len == got[i].len && want[i].b[0] == got[i].b[0];
            TALLY(same, "other PDUs were sent than with room");
        }
    }
    tally_end("no room at every send", 600);
}

/* --- repetition --- */

/* PKE/BV-05, SCPK/BV-05: passkeys differ. SCJW, OOB/BV-10, BV-11: so do nonces. */
static void test_repetition(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2; n++) {
        const struct flow *f = &tester_flows[n / 2];
        uint32_t passkey[5] = {0};
        uint8_t nonce[5][16];
        scene_init(&s, f, n & 1, NULL);
        for (unsigned i = 0; i < 5; i++) {
            if (i)
                scene_again(&s, f);
            s.encrypted_before = i > 0;
            tally_case("%s, %s, pairing %u on one link", f->name, sides[n & 1], i + 1);
            expect_success();
            memcpy(nonce[i], s.t.nonce[n & 1], 16);
            passkey[i] = s.t.passkey;
            for (unsigned k = 0; k < i; k++) {
                TALLY(memcmp(nonce[i], nonce[k], 16) != 0, "a nonce came twice");
                TALLY(passkey[i] != passkey[k] || !s.b.asked[TROTH_ASK_PASSKEY_DISPLAY],
                      "a passkey came twice");
            }
        }
    }
    tally_end("five pairings in a row", 130);
}

/* Our OOB data serve one pairing, and the keys they pin are the ones used. */
static void test_oob_once(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 6; n++) {
        const struct flow *f = &tester_flows[10 + n / 2];
        enum troth_side side = n & 1;
        scene_init(&s, f, side, NULL);
        bool ours = f->f[!side].oob == 1;
        struct smp_own_oob own = s.b.own_oob;
        tally_case("%s, %s", f->name, sides[side]);
        expect_success();
        if (!ours)
            continue;
        TALLY(!memcmp(s.t.public_key[side], own.public_key, 64), "the pinned key is not used");
        TALLY(!s.b.own_oob.pinned, "our OOB data can be used twice");
        for (unsigned i = 0; i < 32; i++)
            TALLY(!s.b.own_oob.private_key[i], "the pinned private key is left");
    }
    tally_end("OOB once", 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_flow),    cmocka_unit_test(test_nonce_values),
        cmocka_unit_test(test_key_sizes),     cmocka_unit_test(test_distribution),
        cmocka_unit_test(test_not_bonding),   cmocka_unit_test(test_peer_addresses),
        cmocka_unit_test(test_failing_store), cmocka_unit_test(test_no_room),
        cmocka_unit_test(test_repetition),    cmocka_unit_test(test_oob_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
