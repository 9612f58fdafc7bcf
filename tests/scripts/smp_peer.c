/*
 * A peer that lies: public keys, passkeys, OOB data, features, identities, keypresses.
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

/* --- public keys --- */

static uint8_t bad_key[64];
static void offer_key(const char *what, unsigned arg, unsigned reason)
{
    harm_begin(what, arg);
    uint8_t pdu[SMP_PDU_MAX] = {OP_PUBLIC_KEY};
    memcpy(pdu + 1, bad_key, 64);
    smp_bench_rx(&s.b, pdu, 65);
    if (s.b.open[TROTH_ASK_KEYPAIR]) { /* it came ahead */
        struct troth_answer a;
        scene_answer(&s, TROTH_ASK_KEYPAIR, &a);
        smp_bench_answer(&s.b, TROTH_ASK_KEYPAIR, &a);
    }
    TALLY(!s.b.asked[TROTH_ASK_DHKEY], "a DHKey is asked for with an invalid key");
    harm_expect_failed((struct verdict){reason, TROTH_BY_US, ANY});
}

static void big(const char *hex, uint8_t out[32])
{
    for (unsigned i = 0; i < 32; i++) {
        unsigned v = 0;
        sscanf(hex + 2 * i, "%2x", &v);
        out[31 - i] = (uint8_t)v;
    }
}

static void harm_keys(void)
{
    static const char p[] = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
    uint8_t good[64], own[64], prime[32];
    if (harm_next.what != ST_PDU || harm_due() != OP_PUBLIC_KEY)
        return;
    tc_public_key(tester_private[1], good);
    memcpy(own, saved.own_public, 64);
    big(p, prime);
    for (unsigned bit = 0; bit < 512; bit += saved.flow == &tester_flows[5] ? 1 : 37) {
        memcpy(bad_key, good, 64);
        bad_key[bit / 8] ^= (uint8_t)(1 << bit % 8);
        offer_key("public key with a bit flipped", bit, TROTH_SMP_DHKEY_CHECK_FAILED);
    }
    memset(bad_key, 0, 64);
    offer_key("(0, 0)", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memcpy(bad_key, good, 32);
    offer_key("y = 0", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memset(bad_key, 0xff, 64);
    offer_key("all ones", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memcpy(bad_key, prime, 32);
    memcpy(bad_key + 32, good + 32, 32);
    offer_key("x = p", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memcpy(bad_key, good, 32);
    memcpy(bad_key + 32, prime, 32);
    offer_key("y = p", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memcpy(bad_key, good + 32, 32);
    memcpy(bad_key + 32, good, 32);
    offer_key("x and y exchanged", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memset(bad_key, 0, 32);
    memset(bad_key + 32, 0x42, 32);
    offer_key("x = 0", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    memcpy(bad_key, own, 64); /* A2 */
    offer_key("our own key", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    tc_negate(own, bad_key);
    offer_key("our own X, -Y", 0, TROTH_SMP_DHKEY_CHECK_FAILED);
    static const char x[] = "20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6";
    static const char y[] = "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b";
    big(x, bad_key);
    big(y, bad_key + 32);
    offer_key("the debug key", 0, ANY);
}

static void test_public_keys(void **state)
{
    (void)state;
    tally_start();
    harm_walk(harm_keys);
    tally_end("invalid and reflected public keys (KDU/BI-01, BI-04; A1, A2, A24)", 1000);
}

static void test_debug_key_allowed(void **state)
{
    static const char a[] = "3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd";
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 16; n++) {
        scene_init(&s, &tester_flows[5 + n / 2], n & 1, NULL);
        s.b.policy.accept_debug_keys = true;
        big(a, s.t.private_key);
        tally_case("%s, %s, the debug key, allowed", s.flow->name, harm_sides[n & 1]);
        scene_run(&s);
        const char *wrong = scene_success(&s);
        TALLY(!wrong, "%s", wrong);
    }
    /* Allowed or not, one's own key is no key: both sides using the debug pair are refused. */
    for (unsigned n = 0; n < 2; n++) {
        scene_init(&s, &tester_flows[5], n, NULL);
        s.b.policy.accept_debug_keys = true;
        memcpy(s.t.private_key, tester_private[0], 32);
        tally_case("the same key on both sides, %s", harm_sides[n]);
        s.t.silent = true;
        scene_run(&s);
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1 && !s.b.told[TROTH_EV_PAIRED],
              "one's own key is accepted");
    }
    tally_end("debug key", 18);
}

/* --- the passkey --- */

static void alter_zero_confirm(struct scene *scene, uint8_t *pdu, size_t *len)
{
    (void)scene;
    (void)len;
    memset(pdu + 1, 0, 16);
}

static void test_passkey(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 3 * 2 * 22; n++) {
        const struct flow *f = &tester_flows[7 + n / 44];
        enum troth_side side = n / 22 % 2;
        unsigned what = n % 22;
        scene_init(&s, f, side, NULL);
        saved = s;
        s.t.silent = true;
        if (what < 20) { /* SCPK/BI-03, BI-05: wrong in one bit, found in its round */
            tally_case("%s, %s, passkeys differ in bit %u", f->name, harm_sides[side], what);
            unsigned confirms = 0;
            for (unsigned i = 0; i < 300 && !harm_gone(); i++) {
                struct next next = scene_next(&s);
                if (next.what == ST_NONE)
                    break;
                if (next.what == ST_PDU && s.t.chart[s.t.at].op == OP_CONFIRM) {
                    confirms++;
                    uint32_t right = s.t.passkey;
                    s.t.passkey ^= 1u << what;
                    scene_do(&s, next);
                    s.t.passkey = right;
                    continue;
                }
                if (next.what == ST_ANSWER && next.ask == TROTH_ASK_PASSKEY_INPUT)
                    TALLY(s.t.round == 0, "the passkey is asked for in round %u", s.t.round);
                scene_do(&s, next);
            }
            TALLY(confirms == what + 1, "it failed in round %u", confirms);
            harm_expect_failed((struct verdict){TROTH_SMP_CONFIRM_VALUE_FAILED, TROTH_BY_US, ANY});
        } else { /* a peer that knows no passkey commits to nothing, for all twenty rounds */
            tally_case("%s, %s, all-zero Confirms%s", f->name, harm_sides[side],
                       what == 20 ? "" : " and Randoms");
            for (unsigned i = 0; i < 400 && !harm_gone(); i++) {
                struct next next = scene_next(&s);
                if (next.what == ST_NONE)
                    break;
                uint8_t op = next.what == ST_PDU ? s.t.chart[s.t.at].op : 0;
                bool zero = op == OP_CONFIRM || (what == 21 && op == OP_RANDOM);
                s.alter = zero ? alter_zero_confirm : NULL;
                s.alter_row = s.t.at;
                scene_do(&s, next);
            }
            TALLY(s.t.round <= 1, "it went to round %u", s.t.round);
            harm_expect_failed((struct verdict){TROTH_SMP_CONFIRM_VALUE_FAILED, TROTH_BY_US, ANY});
        }
    }
    /* A 21st round is not a row. */
    for (unsigned n = 0; n < 6; n++) {
        scene_init(&s, &tester_flows[7 + n / 2], n & 1, NULL);
        for (unsigned i = 0; i < 300; i++) {
            struct next next = scene_next(&s);
            if (s.t.round == 20 && (next.what == ST_PDU || next.what == ST_NONE))
                break;
            scene_do(&s, next);
        }
        saved = s;
        tally_case("%s, %s, a 21st round", s.flow->name, harm_sides[n & 1]);
        TALLY(s.t.round == 20 && smp_pairing(&s.b.smp), "there are not twenty rounds");
        uint8_t confirm[17] = {OP_CONFIRM, 7, 7, 7};
        s.t.silent = true;
        smp_bench_rx(&s.b, confirm, 17);
        harm_expect_failed((struct verdict){TROTH_SMP_UNSPECIFIED_REASON, TROTH_BY_US, ANY});
    }
    /* PKE/BI-01, BI-03: legacy. */
    for (unsigned n = 0; n < 6 * 20; n++) {
        scene_init(&s, &tester_flows[1 + n / 40], n & 1, NULL);
        saved = s;
        s.t.silent = true;
        tally_case("%s, %s, another passkey", s.flow->name, harm_sides[n & 1]);
        for (unsigned i = 0; i < 300 && !harm_gone(); i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            uint32_t right = s.t.passkey;
            if (next.what == ST_PDU)
                s.t.passkey ^= 1u << n / 2 % 20;
            scene_do(&s, next);
            s.t.passkey = right;
        }
        harm_expect_failed((struct verdict){TROTH_SMP_CONFIRM_VALUE_FAILED, TROTH_BY_US, ANY});
    }
    tally_end("passkeys (PKE/BI-01, BI-03, SCPK/BI-02 to BI-05; A4, A6)", 250);
}

/* OOB/BI-01, BI-02, SCOB/BI-03, BI-04: the data differ in a bit, on whichever side has them. */
static void test_oob_data(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 4 * 2 * 3 * 128; n++) {
        static const uint8_t flows[] = {4, 10, 11, 12};
        const struct flow *f = &tester_flows[flows[n / 768]];
        enum troth_side side = n & 1;
        unsigned what = n / 256 % 3, bit = n / 2 % 128;
        scene_init(&s, f, side, NULL);
        saved = s;
        s.t.silent = true;
        if (what < 2 ? f->f[side].oob == 0 : f->f[!side].oob == 0)
            continue;
        if (!f->sc && what)
            continue;
        tally_case("%s, %s, OOB %s differs in bit %u", f->name, harm_sides[side],
                   what == 0   ? "random or TK"
                   : what == 1 ? "confirm"
                               : "random at the peer's",
                   bit);
        if (what == 2)
            s.t.r[side][bit / 8] ^= (uint8_t)(1 << bit % 8);
        for (unsigned i = 0; i < 300 && !harm_gone(); i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            if (next.what == ST_ANSWER && next.ask == TROTH_ASK_OOB_DATA && what < 2) {
                struct troth_answer a;
                scene_answer(&s, next.ask, &a);
                uint8_t *v = !f->sc ? a.u.oob.tk : what ? a.u.oob.confirm : a.u.oob.random;
                v[bit / 8] ^= (uint8_t)(1 << bit % 8);
                smp_bench_answer(&s.b, next.ask, &a);
                continue;
            }
            scene_do(&s, next);
        }
        /* What only the peer can check against, we find in its DHKey Check. */
        unsigned reason = what == 2 ? TROTH_SMP_DHKEY_CHECK_FAILED : TROTH_SMP_CONFIRM_VALUE_FAILED;
        harm_expect_failed((struct verdict){reason, TROTH_BY_US, ANY});
    }
    tally_end("OOB data that differ", 1500);
}

/* The peer claims to have OOB data that we never gave away. */
static void test_oob_never_given(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 6; n++) {
        const struct flow *f = &tester_flows[10 + n / 2];
        enum troth_side side = n & 1;
        if (!f->f[!side].oob)
            continue;
        scene_init(&s, f, side, NULL);
        memset(&s.b.own_oob, 0, sizeof s.b.own_oob);
        memset(s.t.r[side], 0, 16); /* it guesses zeros */
        saved = s;
        s.t.silent = true;
        tally_case("%s, %s, no OOB data of ours", f->name, harm_sides[side]);
        scene_run(&s);
        TALLY(!s.b.told[TROTH_EV_PAIRED] ||
                  !smp_bench_last(&s.b, TROTH_EV_PAIRED)->e.u.paired.level.mitm,
              "paired as authenticated with OOB data that never existed");
        TALLY(s.b.told[TROTH_EV_PAIRING_FAILED] == 1, "it was not refused");
    }
    tally_end("OOB data never given", 4);
}

/* --- features and keys that are no such --- */

static uint8_t field_at, field_value;
static void alter_field(struct scene *scene, uint8_t *pdu, size_t *len)
{
    (void)scene;
    (void)len;
    pdu[field_at] = field_value;
}

static void test_features(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < 2 * 2 * 3 * 256; n++) {
        enum troth_side side = n & 1;
        const struct flow *f = &tester_flows[n & 2 ? 5 : 0];
        unsigned field = n / 4 % 3, value = n / 12;
        static const uint8_t at[] = {1, 2, 4};
        static const char *const names[] = {"IO capability", "OOB flag", "key size"};
        bool bad = field == 0 ? value > 4 : field == 1 ? value > 1 : value < 7 || value > 16;
        if (!bad)
            continue;
        scene_init(&s, f, side, NULL);
        while (s.t.chart[s.t.at].who == side && scene_step(&s) && !s.b.sent_count)
            ;
        scene_next(&s);
        memcpy(&saved, &s, sizeof saved);
        s.t.silent = true;
        s.alter = alter_field;
        s.alter_row = s.t.at;
        field_at = at[field];
        field_value = (uint8_t)value;
        tally_case("%s, %s, %s %u", f->name, harm_sides[side], names[field], value);
        uint8_t pdu[SMP_PDU_MAX];
        tester_build(&s.t, pdu);
        pdu[field_at] = field_value;
        smp_bench_rx(&s.b, pdu, 7);
        if (s.b.open[TROTH_ASK_PAIRING_REQUEST])
            smp_bench_default(&s.b, TROTH_ASK_PAIRING_REQUEST);
        if (s.b.open[TROTH_ASK_VALIDATE])
            smp_bench_default(&s.b, TROTH_ASK_VALIDATE);
        harm_expect_failed((struct verdict){TROTH_SMP_INVALID_PARAMETERS, TROTH_BY_US, ANY});
    }
    /* A response may not have what the request lacked. */
    for (unsigned n = 0; n < 8 * 8 * 16 * 16; n++) {
        struct flow f = tester_flows[n & 1 ? 5 : 0];
        f.f[I].initiator_keys = n & 7;
        f.f[I].responder_keys = n >> 3 & 7;
        uint8_t a = n >> 6 & 15, b = n >> 10 & 15;
        bool more = (a & ~f.f[I].initiator_keys) || (b & ~f.f[I].responder_keys);
        if (!more)
            continue;
        scene_init(&s, &f, I, NULL);
        scene_step(&s);
        scene_next(&s);
        memcpy(&saved, &s, sizeof saved);
        s.t.silent = true;
        tally_case("requested %x %x, response %x %x", f.f[I].initiator_keys, f.f[I].responder_keys,
                   a, b);
        uint8_t pdu[SMP_PDU_MAX];
        tester_build(&s.t, pdu);
        pdu[5] = a;
        pdu[6] = b;
        smp_bench_rx(&s.b, pdu, 7);
        if (s.b.open[TROTH_ASK_VALIDATE])
            smp_bench_default(&s.b, TROTH_ASK_VALIDATE);
        harm_count++;
        harm_expect_failed((struct verdict){TROTH_SMP_INVALID_PARAMETERS, TROTH_BY_US, ANY});
    }
    tally_end("features out of range", 10000);
}

/* Identity addresses that are none, and an IRK of zeros. A23. */
static void test_identities(void **state)
{
    (void)state;
    unsigned zero_irk_failed = 0;
    tally_start();
    for (unsigned n = 0; n < 2 * 2 * (256 + 4); n++) {
        enum troth_side side = n & 1;
        const struct flow *f = &tester_flows[n & 2 ? 5 : 0];
        unsigned what = n / 4;
        scene_init(&s, f, side, NULL);
        uint8_t x = s.t.side;
        struct troth_addr *id = &s.t.identity[x];
        bool fine = false;
        if (what < 256) {
            *id = (struct troth_addr){(uint8_t)what, {1, 2, 3, 4, 5, 0xc6}};
            fine = what < 2;
        } else {
            *id = (struct troth_addr){TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 6}};
            id->b[5] = (uint8_t)((what - 256) << 6 | 5);
            fine = what == 259;
        }
        tally_case("%s, %s, identity address type %u, top %02x", f->name, harm_sides[side],
                   id->type, id->b[5]);
        s.t.silent = !fine;
        saved = s;
        scene_run(&s);
        if (fine) {
            const char *wrong = scene_success(&s);
            TALLY(!wrong, "%s", wrong);
            continue;
        }
        harm_count++;
        harm_expect_failed((struct verdict){ANY, TROTH_BY_US, ANY});
    }
    for (unsigned n = 0; n < FLOWS * 2; n++) {
        scene_init(&s, &tester_flows[n / 2], n & 1, NULL);
        memset(s.t.irk[s.t.side], 0, 16);
        tally_case("%s, %s, the peer's IRK is all zero", s.flow->name, harm_sides[n & 1]);
        scene_run(&s);
        if (s.b.told[TROTH_EV_PAIRING_FAILED]) {
            zero_irk_failed++;
            TALLY(!s.b.commits, "a bond was kept");
            continue;
        }
        TALLY(s.b.told[TROTH_EV_PAIRED] == 1 && s.b.commits == 1, "neither paired nor refused");
        TALLY(!s.b.committed.has_irk, "an IRK of zeros is kept as one that resolves");
    }
    printf("an IRK of zeros: %s\n", zero_irk_failed ? "refused" : "taken as no privacy");
    tally_end("identities", 1000);
}

/* The rows for keypresses while pairing: passkey models, both bits, types 0 to 4, and not forever. */
static void test_keypress_rules(void **state)
{
    (void)state;
    tally_start();
    for (unsigned n = 0; n < FLOWS * 2 * 2; n++) {
        struct flow f = tester_flows[n / 4];
        enum troth_side side = n & 1;
        bool both = n & 2;
        f.f[I].auth_req |= TROTH_AUTH_KEYPRESS;
        if (both)
            f.f[R].auth_req |= TROTH_AUTH_KEYPRESS;
        bool passkey =
            f.model >= TROTH_PASSKEY_INITIATOR_INPUTS && f.model <= TROTH_PASSKEY_BOTH_INPUT;
        scene_init(&s, &f, side, NULL);
        for (unsigned i = 0; i < 60; i++) { /* to the first value that rests on the passkey */
            struct next next = scene_next(&s);
            uint8_t op = next.what == ST_PDU ? s.t.chart[s.t.at].op : 0;
            if (op == OP_CONFIRM || op == OP_RANDOM ||
                (next.what == ST_ANSWER && next.ask == TROTH_ASK_PASSKEY_INPUT))
                break;
            scene_do(&s, next);
        }
        harm_next = scene_next(&s);
        memcpy(&saved, &s, sizeof saved);
        saved.flow = &f;
        for (unsigned type = 0; type < 256; type++) {
            harm_begin(both ? "keypress, both bits" : "keypress, one bit", type);
            smp_bench_rx(&s.b, (uint8_t[]){OP_KEYPRESS, (uint8_t)type}, 2);
            if (passkey && both && type < 5) {
                TALLY(s.b.told[TROTH_EV_KEYPRESS] == 1 && !harm_gone(), "not told");
                scene_run(&s);
                s.t.silent = false;
                const char *wrong = scene_success(&s);
                TALLY(!wrong, "after a keypress: %s", wrong);
            } else {
                TALLY(!s.b.told[TROTH_EV_KEYPRESS], "told");
                harm_expect_failed((struct verdict){ANY, TROTH_BY_US, ANY});
            }
        }
        if (!passkey || !both)
            continue;
        harm_begin("keypresses restart the timer", 0);
        smp_bench_tick(&s.b, 20000);
        smp_bench_rx(&s.b, (uint8_t[]){OP_KEYPRESS, 1}, 2);
        smp_bench_tick(&s.b, 20000);
        TALLY(!harm_gone(), "a keypress does not restart the timer (3.5.8)");
        smp_bench_tick(&s.b, 10000);
        harm_expect_failed((struct verdict){0, TROTH_BY_TIMEOUT, 0});
        harm_begin("keypresses without end", 0);
        unsigned i = 0;
        for (; i < 1000 && !harm_gone(); i++) {
            s.b.events = s.b.rested = 0; /* no room for so many */
            smp_bench_tick(&s.b, 29000);
            smp_bench_rx(&s.b, (uint8_t[]){OP_KEYPRESS, 1}, 2);
        }
        TALLY(harm_gone() && i >= 6, "%u keypresses keep a pairing alive", i);
    }
    tally_end("keypress rules", 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_public_keys),     cmocka_unit_test(test_debug_key_allowed),
        cmocka_unit_test(test_passkey),         cmocka_unit_test(test_oob_data),
        cmocka_unit_test(test_oob_never_given), cmocka_unit_test(test_features),
        cmocka_unit_test(test_identities),      cmocka_unit_test(test_keypress_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
