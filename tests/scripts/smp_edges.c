/*
 * What happens once in a while and must not go wrong then: links that are about to end, asks that
 * come too early, LTK Requests out of place, OOB data that strangers reach for.
 */
#include "support/tester.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static struct scene s;

static void expect_success(void)
{
    scene_run(&s);
    const char *wrong = scene_success(&s);
    if (wrong)
        fail_msg("%s: %s", s.flow->name, wrong);
}

static void drop_sent(void)
{
    struct smp_bench_pdu p;
    while (smp_bench_take(&s.b, &p))
        ;
}

/* A bonded link, as it is after reconnection. */
static void bonded(const struct flow *f, enum troth_side side)
{
    scene_init(&s, f, side, NULL);
    expect_success();
    struct troth_bond_keys keys = s.b.committed;
    smp_bench_reconnect(&s.b);
    s.b.has_bond = true;
    s.b.bond.used = true;
    s.b.bond.keys = keys;
}

static void fail_past_encrypt(enum troth_side side)
{
    scene_init(&s, &tester_flows[5], side, NULL);
    while (!s.encrypted)
        assert_true(scene_step(&s));
    drop_sent();
    smp_bench_acked(&s.b);
    assert_int_equal(smp_bench_cancel(&s.b, TROTH_SMP_UNSPECIFIED_REASON), TROTH_OK);
    assert_int_equal(s.b.failed_sent, 1);
    assert_int_equal(s.b.disconnects, 0); /* first it should hear why */
}

static void test_leaving_is_bounded(void **state)
{
    static const uint8_t request[] = {OP_PAIRING_REQUEST, 3, 0, 9, 16, 0, 0};
    static const uint8_t security[] = {OP_SECURITY_REQUEST, 9};
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        fail_past_encrypt(side);
        smp_bench_acked(&s.b);
        assert_int_equal(s.b.disconnects, 1);
        assert_int_equal(smp_deadline(&s.b.smp), TROTH_NEVER);

        fail_past_encrypt(side); /* and now the peer acknowledges nothing */
        smp_bench_rx(&s.b, side == R ? request : security, side == R ? 7 : 2);
        assert_false(smp_pairing(&s.b.smp)); /* nor does a new pairing keep the link */
        assert_false(smp_bench_any_open(&s.b));
        assert_int_equal(side == R ? smp_bench_security_request(&s.b, 1)
                                   : smp_bench_pair(&s.b, NULL),
                         TROTH_STATE);
        smp_bench_tick(&s.b, 1999);
        assert_int_equal(s.b.disconnects, 0);
        smp_bench_tick(&s.b, 1);
        assert_int_equal(s.b.disconnects, 1);
        assert_int_equal(s.b.disconnect_reason, 0x05);
        smp_bench_acked(&s.b);
        smp_bench_tick(&s.b, 60000);
        assert_int_equal(s.b.disconnects, 1);
    }
}

/* The link is being encrypted when the yes comes: it may come again. */
static void test_an_answer_too_early_may_be_given_again(void **state)
{
    (void)state;
    const uint8_t key[16] = {1, 2, 3};
    struct troth_answer yes = {.ok = true, .u.features = tester_flows[5].f[I]};
    scene_init(&s, &tester_flows[5], I, NULL);
    smp_bench_rx(&s.b, (uint8_t[]){OP_SECURITY_REQUEST, 9}, 2);
    assert_true(s.b.open[TROTH_ASK_SECURITY_REQUEST]);
    assert_int_equal(smp_set_ltk(&s.b.smp, key, 16, 0, 0, false, false), TROTH_OK);
    assert_int_equal(smp_encrypt(&s.b.smp), TROTH_OK);
    assert_int_equal(smp_bench_answer(&s.b, TROTH_ASK_SECURITY_REQUEST, &yes), TROTH_BUSY);
    smp_bench_encrypted(&s.b, 0, true, false);
    assert_int_equal(s.b.sent_total, 0);
    assert_int_equal(smp_bench_answer(&s.b, TROTH_ASK_SECURITY_REQUEST, &yes), TROTH_OK);
    assert_true(smp_pairing(&s.b.smp));
    assert_int_equal(smp_bench_answer(&s.b, TROTH_ASK_SECURITY_REQUEST, &yes), TROTH_STALE);
}

/* Encryption has begun: what the peer would have is on its way, whatever it asks for. */
static void test_a_security_request_while_encrypting(void **state)
{
    (void)state;
    bonded(&tester_flows[5], I); /* just works */
    assert_int_equal(smp_encrypt(&s.b.smp), TROTH_OK);
    uint8_t more[] = {OP_SECURITY_REQUEST, TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC};
    smp_bench_rx(&s.b, more, 2);
    assert_int_equal(s.b.told[TROTH_EV_SECURITY_REQUESTED], 1);
    assert_false(smp_bench_any_open(&s.b));
    assert_int_equal(s.b.encrypts, 1);
    assert_int_equal(s.b.sent_total, 0);
}

/* Who carries our own address is a mirror. */
static void test_a_peer_with_our_own_address(void **state)
{
    static const uint8_t request[] = {OP_PAIRING_REQUEST, 3, 0, 9, 16, 0, 0};
    static const uint8_t response[] = {OP_PAIRING_RESPONSE, 3, 0, 9, 16, 0, 0};
    const struct troth_addr one = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    const struct troth_addr both[2] = {one, one};
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        smp_bench_init(&s.b, side, NULL, both);
        if (side == I)
            assert_int_equal(smp_bench_pair(&s.b, NULL), TROTH_OK);
        smp_bench_rx(&s.b, side == I ? response : request, 7);
        if (side == R)
            smp_bench_default(&s.b, TROTH_ASK_PAIRING_REQUEST);
        assert_int_equal(s.b.failed_sent, 1);
        assert_false(smp_pairing(&s.b.smp));
    }
}

/* ---- LTK Requests ---- */

static void test_a_second_ltk_request(void **state)
{
    (void)state;
    for (unsigned n = 0; n < FLOWS; n++) {
        scene_init(&s, &tester_flows[n], R, NULL);
        while (!s.ltk_asked)
            assert_true(scene_step(&s));
        assert_int_equal(s.b.ltk_given, 1);
        smp_bench_ltk_request(&s.b, 0, 0);
        assert_int_equal(s.b.ltk_given, 1);
        assert_int_equal(s.b.ltk_denied, 1);
        assert_int_equal(s.b.told[TROTH_EV_PAIRING_FAILED], 1);
        assert_false(smp_pairing(&s.b.smp));
    }
}

/* No central has one: LE Long Term Key Request is the peripheral's, Vol 4 Part E 7.7.65.5. */
static void test_an_ltk_request_to_an_initiator(void **state)
{
    (void)state;
    bonded(&tester_flows[5], I);
    smp_bench_ltk_request(&s.b, 0, 0);
    assert_int_equal(s.b.ltk_given, 0);
    assert_int_equal(s.b.ltk_denied, 1);
    assert_int_equal(s.b.events, 0);
}

static void test_a_security_request_for_more_than_the_bond_has(void **state)
{
    (void)state;
    bonded(&tester_flows[1], I); /* legacy passkey */
    assert_int_equal(smp_encrypt(&s.b.smp), TROTH_OK);
    smp_bench_encrypted(&s.b, 0, true, false);
    assert_true(s.b.smp.level.bonded && s.b.smp.level.mitm && !s.b.smp.level.sc);
    uint8_t more[] = {OP_SECURITY_REQUEST, TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC};
    smp_bench_rx(&s.b, more, 2);
    assert_int_equal(s.b.encrypts, 1); /* again would give no more */
    assert_true(s.b.open[TROTH_ASK_SECURITY_REQUEST]);
}

static void test_a_secure_connections_key_has_no_name(void **state)
{
    (void)state;
    const uint8_t key[16] = {1};
    scene_init(&s, &tester_flows[5], I, NULL);
    assert_int_equal(smp_set_ltk(&s.b.smp, key, 16, 1, 0, true, true), TROTH_INVALID);
    assert_int_equal(smp_set_ltk(&s.b.smp, key, 16, 0, 1, true, true), TROTH_INVALID);
    assert_int_equal(smp_available(&s.b.smp).key_size, 0);
    assert_int_equal(smp_set_ltk(&s.b.smp, key, 16, 0, 0, true, true), TROTH_OK);
    assert_int_equal(smp_available(&s.b.smp).key_size, 16);
}

/* ---- key sizes ---- */

static void alter_to_full_length(struct scene *scene, uint8_t *pdu, size_t *len)
{
    (void)scene;
    (void)len;
    memset(pdu + 1, 0xa5, 16);
}

/* 2.3.4: the peer distributes 16 octets, the pairing negotiated 7. */
static void test_a_received_ltk_is_shortened(void **state)
{
    static const uint8_t want[16] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        struct flow f = tester_flows[0];
        f.f[!side].max_key_size = 7;
        scene_init(&s, &f, side, NULL);
        bool altered = false;
        for (unsigned i = 0; i < 200; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            if (next.what == ST_PDU && s.t.chart[s.t.at].op == OP_ENCRYPTION_INFO) {
                s.alter = alter_to_full_length;
                s.alter_row = s.t.at;
                altered = true;
            }
            scene_do(&s, next);
        }
        assert_true(altered);
        assert_int_equal(s.b.commits, 1);
        assert_memory_equal(s.b.committed.ltk[!side].key, want, 16);
    }
}

/* ---- our OOB data ---- */

/* Where the peer shows what it knows of our data is its DHKey Check. */
static bool to_dhkey_check(void)
{
    for (unsigned i = 0; i < 300; i++) {
        struct next next = scene_next(&s);
        if (next.what == ST_NONE)
            return false;
        if (next.what == ST_PDU && s.t.chart[s.t.at].op == OP_DHKEY_CHECK)
            return true;
        scene_do(&s, next);
    }
    return false;
}

static void alter_check(struct scene *scene, uint8_t *pdu, size_t *len)
{
    (void)scene;
    (void)len;
    pdu[1] ^= 1;
}

static void test_own_oob_data_are_spent_by_a_check(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 6; n++) {
        const struct flow *f = &tester_flows[10 + n / 2];
        enum troth_side side = n & 1;
        if (!f->f[!side].oob)
            continue;
        for (unsigned what = 0; what < 5; what++) {
            scene_init(&s, f, side, NULL);
            s.t.silent = true;
            assert_true(to_dhkey_check());
            assert_true(s.b.own_oob.pinned);
            struct smp_own_oob *own = &s.b.own_oob;
            switch (what) {
            case 0: /* a stranger who set the flag goes away: the data wait for their owner */
                smp_bench_rx(&s.b, (uint8_t[]){OP_FAILED, 8}, 2);
                assert_true(own->pinned);
                break;
            case 1:
                smp_bench_disconnected(&s.b, 0x13);
                assert_true(own->pinned);
                break;
            case 2: /* one guess */
                s.alter = alter_check;
                s.alter_row = s.t.at;
                scene_step(&s);
                assert_int_equal(s.b.failed_reason, TROTH_SMP_DHKEY_CHECK_FAILED);
                assert_false(own->pinned);
                for (unsigned i = 0; i < 32; i++)
                    assert_int_equal(own->private_key[i], 0);
                break;
            case 3: /* spent or expired meanwhile: never two pairings */
                memset(own, 0, sizeof *own);
                scene_step(&s);
                assert_int_equal(s.b.failed_reason, TROTH_SMP_OOB_NOT_AVAILABLE);
                assert_int_equal(s.b.told[TROTH_EV_PAIRING_FAILED], 1);
                break;
            default: /* made anew meanwhile: the new ones are not this pairing's to spend */
                own->public_key[0] ^= 1;
                scene_step(&s);
                assert_int_equal(s.b.failed_reason, TROTH_SMP_OOB_NOT_AVAILABLE);
                assert_true(own->pinned);
                break;
            }
        }
    }
}

/* {1,1}: the peer's own commitment does not open: it is not who gave us its data. */
static void test_own_oob_data_are_spent_by_a_wrong_commitment(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        scene_init(&s, &tester_flows[10], side, NULL);
        s.t.silent = true;
        for (unsigned i = 0; i < 300; i++) {
            struct next next = scene_next(&s);
            if (next.what == ST_NONE)
                break;
            if (next.what == ST_ANSWER && next.ask == TROTH_ASK_OOB_DATA) {
                struct troth_answer a;
                assert_true(s.b.own_oob.pinned);
                scene_answer(&s, next.ask, &a);
                a.u.oob.confirm[0] ^= 1;
                smp_bench_answer(&s.b, next.ask, &a);
                continue;
            }
            scene_do(&s, next);
        }
        assert_int_equal(s.b.failed_reason, TROTH_SMP_CONFIRM_VALUE_FAILED);
        assert_false(s.b.own_oob.pinned);
    }
}

static void alter_to_ours(struct scene *scene, uint8_t *pdu, size_t *len)
{
    memcpy(pdu + 1, scene->t.nonce[I], 16);
    (void)len;
}

/* A responder whose Random is ours, where no commitment would give it away. */
static void test_our_own_random_comes_back(void **state)
{
    (void)state;
    unsigned tried = 0;
    for (unsigned n = 0; n < FLOWS; n++) {
        const struct flow *f = &tester_flows[n];
        if (!f->sc || f->model != TROTH_OOB || f->f[I].oob)
            continue;
        scene_init(&s, f, I, NULL);
        for (struct next next; (next = scene_next(&s)).what != ST_NONE && !s.b.failed_sent;) {
            if (next.what == ST_PDU && s.t.chart[s.t.at].op == OP_RANDOM) {
                s.alter = alter_to_ours;
                s.alter_row = s.t.at;
                s.t.silent = true;
                tried++;
            }
            scene_do(&s, next);
        }
        assert_int_equal(s.b.failed_sent, 1);
        assert_int_equal(s.b.failed_reason, TROTH_SMP_CONFIRM_VALUE_FAILED);
    }
    assert_int_equal(tried, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_leaving_is_bounded),
        cmocka_unit_test(test_an_answer_too_early_may_be_given_again),
        cmocka_unit_test(test_a_security_request_while_encrypting),
        cmocka_unit_test(test_a_peer_with_our_own_address),
        cmocka_unit_test(test_a_second_ltk_request),
        cmocka_unit_test(test_an_ltk_request_to_an_initiator),
        cmocka_unit_test(test_a_security_request_for_more_than_the_bond_has),
        cmocka_unit_test(test_a_secure_connections_key_has_no_name),
        cmocka_unit_test(test_a_received_ltk_is_shortened),
        cmocka_unit_test(test_own_oob_data_are_spent_by_a_check),
        cmocka_unit_test(test_own_oob_data_are_spent_by_a_wrong_commitment),
        cmocka_unit_test(test_our_own_random_comes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
