/* The host's edges: what links, asks, keys and the controller do at the wrong moment. */
#include <troth/protocomm.h>

#include "host/host.h"
#include "support/bench.h"

#include <string.h>

static struct bench b;

static const uint8_t ltk[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void up(void)
{
    bench_init(&b);
    bench_up(&b);
}

/* Every packet sent since that begins so, "__" not among it. */
static unsigned sent(const uint8_t *head, size_t len)
{
    unsigned n = 0;
    for (; b.sends_seen < b.sends; b.sends_seen++)
        n += b.sent[b.sends_seen].len >= len && !memcmp(b.sent[b.sends_seen].octets, head, len);
    return n;
}

static const struct troth_ask *last_ask(enum troth_ask_type type)
{
    for (unsigned i = b.asks; i-- > 0;)
        if (b.ask[i].type == type)
            return &b.ask[i];
    fail_msg("ask %d did not come", (int)type);
    return NULL;
}

/* ---- connections without a place ---- */

static void too_many(void)
{
    up();
    for (unsigned i = 1; i <= TROTH_MAX_LINKS; i++)
        bench_link(&b, (uint8_t)i, true);
    while (b.host.hci.open)
        bench_reply(&b);
    b.sends_seen = b.sends;
    /* They come faster than commands go. */
    rx(&b, "04 3e 13 01 00 51 00 01 00 b0 b1 b2 b3 b4 51 18 00 00 00 90 01 00");
    rx(&b, "04 3e 13 01 00 52 00 01 00 b0 b1 b2 b3 b4 52 18 00 00 00 90 01 00");
    rx(&b, "04 3e 13 01 00 53 00 01 00 b0 b1 b2 b3 b4 53 18 00 00 00 90 01 00");
    rx(&b, "04 3e 13 01 00 53 00 01 00 b0 b1 b2 b3 b4 53 18 00 00 00 90 01 00"); /* twice */
    expect_tx(&b, "01 06 04 03 51 00 14");
    expect_no_tx(&b);
}

static void each_surplus_connection_is_ended(void **state)
{
    (void)state;
    too_many();
    rx(&b, "04 0f 04 00 01 06 04");
    expect_tx(&b, "01 06 04 03 52 00 14");
    rx(&b, "04 0f 04 00 01 06 04");
    expect_tx(&b, "01 06 04 03 53 00 14");
    rx(&b, "04 0f 04 00 01 06 04");
    expect_no_tx(&b);
    expect_no_event(&b);
}

/* Its handle may be another's by then. */
static void what_ended_by_itself_is_not_ended_again(void **state)
{
    (void)state;
    too_many();
    rx(&b, "04 05 04 00 52 00 13");
    rx(&b, "04 05 04 00 01 00 13"); /* a place is free again */
    bench_link(&b, 0x52, true);
    rx(&b, "04 0f 04 00 01 06 04");
    expect_tx(&b, "01 06 04 03 53 00 14");
    rx(&b, "04 0f 04 00 01 06 04");
    expect_no_tx(&b);
}

/* ---- their numbers ---- */

static void ends(uint8_t handle)
{
    const uint8_t e[] = {0x04, 0x05, 0x04, 0x00, handle, 0x00, 0x13};
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
    b.events_seen = b.events;
}

/* Not those that mean something else, and none that is in use. */
static void after_the_last_number_comes_the_first_free(void **state)
{
    (void)state;
    up();
    assert_int_equal(bench_link(&b, 1, true), 1);
    b.host.last_link = TROTH_LINK_LAST - 1;
    assert_int_equal(bench_link(&b, 2, true), TROTH_LINK_LAST);
    ends(2);
    assert_int_equal(bench_link(&b, 2, true), 2);
    assert_int_equal(troth_link_next(TROTH_NO_LINK), 1);
    assert_int_equal(troth_link_next(TROTH_LINK_LAST), 1);
    assert_int_equal(troth_link_next(TROTH_PROTOCOMM_WRITER), 1);
}

/* ---- the controller ---- */

static void after_a_hardware_error_nothing_connects(void **state)
{
    (void)state;
    up();
    rx(&b, "04 10 01 42");
    expect_event(&b, TROTH_EV_BROKEN);
    rx(&b, "04 3e 13 01 00 40 00 01 00 b0 b1 b2 b3 b4 b5 18 00 00 00 90 01 00");
    expect_no_event(&b);
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        assert_false(b.host.link[i].used);
}

/* ---- asks ---- */

/* One open of each type: the older one's prompt closes, and its answer is stale. */
static void an_ask_opened_again_withdraws_the_older(void **state)
{
    (void)state;
    up();
    b.take[TROTH_ASK_RAISE] = true;
    bench_link(&b, 1, false);
    struct troth_ask a = {.type = TROTH_ASK_RAISE};
    host_ask(&b.host.link[0], &a);
    host_settle(&b.host);
    uint32_t first = last_ask(TROTH_ASK_RAISE)->id;
    expect_no_event(&b);
    host_ask(&b.host.link[0], &a);
    host_settle(&b.host);
    assert_int_equal(expect_event(&b, TROTH_EV_WITHDRAWN)->u.ask_id, first);
    struct troth_answer no = {.ok = false};
    assert_int_equal(troth_answer(&b.host, first, &no), TROTH_STALE);
    assert_int_equal(troth_answer(&b.host, last_ask(TROTH_ASK_RAISE)->id, &no), TROTH_OK);
    expect_no_event(&b);
}

/* A yes that comes while the link is being encrypted is not lost: it is said again. */
static void a_busy_answer_leaves_the_ask_open(void **state)
{
    (void)state;
    up();
    b.take[TROTH_ASK_SECURITY_REQUEST] = true;
    troth_link link = bench_link(&b, 1, false);
    rx(&b, "02 01 20 06 00 02 00 06 00 0b 09");
    expect_event(&b, TROTH_EV_SECURITY_REQUESTED);
    uint32_t id = last_ask(TROTH_ASK_SECURITY_REQUEST)->id;
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, false, false), TROTH_OK);
    assert_int_equal(troth_encrypt(&b.host, link), TROTH_OK);
    struct troth_answer yes = {.ok = true,
                               .u.features = (struct troth_features)TROTH_FEATURES_DEFAULT};
    assert_int_equal(troth_answer(&b.host, id, &yes), TROTH_BUSY);
    rx(&b, "04 0f 04 00 01 19 20");
    rx(&b, "04 08 04 00 01 00 01");
    expect_event(&b, TROTH_EV_ENCRYPTED);
    assert_int_equal(troth_answer(&b.host, id, &yes), TROTH_OK);
    assert_true(troth_is_pairing(&b.host, link));
    assert_int_equal(troth_answer(&b.host, id, &yes), TROTH_STALE);
}

static void encrypt_at_once(struct bench *bench, const struct troth_event *e)
{
    if (e->type == TROTH_EV_SECURITY_REQUESTED)
        assert_int_equal(troth_encrypt(&bench->host, e->link), TROTH_OK);
}

/* Nobody takes it, and its default cannot begin: it does not stay open for ever. */
static void a_busy_default_closes_the_ask(void **state)
{
    (void)state;
    up();
    troth_link link = bench_link(&b, 1, false);
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, false, false), TROTH_OK);
    b.host.config.policy.min_key_size = 0;
    b.on_event = encrypt_at_once;
    rx(&b, "02 01 20 06 00 02 00 06 00 0b 0d"); /* more than that key gives */
    assert_int_equal(b.host.link[0].open[TROTH_ASK_SECURITY_REQUEST], 0);
    assert_int_equal(b.host.link[0].smp.open, 0);
}

/* ---- a GATT client that needs more security ---- */

static troth_link reading(void)
{
    up();
    b.take[TROTH_ASK_RAISE] = true;
    return bench_link(&b, 1, false);
}

static void refuse_the_read(troth_link link, uint8_t error)
{
    uint8_t e[] = {0x02, 0x01, 0x20, 9, 0, 5, 0, 4, 0, 0x01, 0x0a, 0x03, 0x00, error};
    assert_int_equal(troth_gatt_read(&b.host, link, 3), TROTH_OK);
    if (b.sent[b.sends - 1].octets[9] == 0x02) /* Exchange MTU goes first */
        rx(&b, "02 01 20 07 00 03 00 04 00 03 17 00");
    rx(&b, "04 13 05 01 01 00 04 00");
    assert_int_equal(b.sent[b.sends - 1].octets[9], 0x0a);
    b.sends_seen = b.sends;
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
}

/* 0x05 on a link without encryption also means: not authenticated enough. */
static void insufficient_authentication_asks_for_mitm(void **state)
{
    (void)state;
    static const uint8_t errors[] = {0x05, 0x0f};
    for (unsigned i = 0; i < 2; i++) {
        troth_link link = reading();
        refuse_the_read(link, errors[i]);
        assert_int_equal(last_ask(TROTH_ASK_RAISE)->u.raise.att_error, errors[i]);
        assert_int_equal(troth_answer(&b.host, last_ask(TROTH_ASK_RAISE)->id,
                                      &(struct troth_answer){.ok = true}),
                         TROTH_OK);
        expect_tx(&b, errors[i] == 0x05 ? "02 01 00 0b 00 07 00 06 00 01 __ 00 0d 10 __ __"
                                        : "02 01 00 0b 00 07 00 06 00 01 __ 00 09 10 __ __");
    }
}

/* What the key gives is not enough: using it again gives no more, and would never end. */
static void an_encrypted_link_is_not_encrypted_again(void **state)
{
    (void)state;
    static const uint8_t enable_encryption[] = {0x01, 0x19, 0x20};
    troth_link link = reading();
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, false, true), TROTH_OK);
    assert_int_equal(troth_encrypt(&b.host, link), TROTH_OK);
    assert_int_equal(sent(enable_encryption, 3), 1);
    rx(&b, "04 0f 04 00 01 19 20");
    rx(&b, "04 08 04 00 01 00 01");
    refuse_the_read(link, 0x05);
    assert_int_equal(sent(enable_encryption, 3), 0);
    last_ask(TROTH_ASK_RAISE);
}

/* The procedure that wished for it is gone: nothing is owed to it, and the next may wish. */
static void a_withdrawn_wish_is_forgotten(void **state)
{
    (void)state;
    troth_link link = reading();
    refuse_the_read(link, 0x05);
    uint32_t id = last_ask(TROTH_ASK_RAISE)->id;
    assert_int_equal(b.host.link[0].raise, RAISE_ASKED);
    host_gatt_env.withdraw(&b.host.link[0], TROTH_ASK_RAISE);
    assert_int_equal(b.host.link[0].raise, RAISE_NONE);
    host_settle(&b.host);
    assert_int_equal(troth_answer(&b.host, id, &(struct troth_answer){.ok = true}), TROTH_STALE);
    assert_false(troth_is_pairing(&b.host, link));
}

/* ---- keys ---- */

/* A key by hand proves nothing about the bond of the address it is used with. */
static void a_key_by_hand_is_not_the_bond(void **state)
{
    (void)state;
    bench_init(&b);
    struct troth_bond_keys keys = {
        .identity = {TROTH_ADDR_PUBLIC, {0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 1}},
        .key_size = 16,
        .sc = true};
    keys.ltk[0].present = true;
    assert_int_equal(troth_bonds_load(&b.host, &keys, NULL), TROTH_OK);
    bench_up(&b);
    troth_link link = bench_link(&b, 1, true);
    assert_true(troth_is_bonded(&b.host, link));
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 7, 7, true, false), TROTH_OK);
    rx(&b, "04 3e 0d 05 01 00 07 00 00 00 00 00 00 00 07 00");
    bench_reply(&b);
    rx(&b, "04 08 04 00 01 00 01");
    assert_false(expect_event(&b, TROTH_EV_ENCRYPTED)->u.encrypted.level.bonded);
    assert_int_equal(troth_link_level(&b.host, link).key_size, 16);
    assert_int_equal(troth_bonds_get(&b.host, 0)->state.last_use, 0); /* not used */
    assert_false(b.host.link[0].gatt.bonded);                         /* nor restored */
}

/* ---- our OOB data ---- */

static void own_oob_data_expire(void **state)
{
    (void)state;
    for (unsigned late = 0; late < 2; late++) {
        struct troth_oob ours;
        up();
        bench_link(&b, 1, true);
        assert_int_equal(troth_oob_make(&b.host, &ours, b.now), TROTH_OK);
        tick(&b, late ? 600000 : 599999);
        rx(&b, "02 01 20 0b 00 07 00 06 00 01 03 01 09 10 00 00"); /* it says it has them */
        expect_event(&b, TROTH_EV_PAIRING);
        if (late)
            assert_int_equal(expect_event(&b, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                             TROTH_SMP_OOB_NOT_AVAILABLE);
        else
            expect_no_event(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_surplus_connection_is_ended),
        cmocka_unit_test(what_ended_by_itself_is_not_ended_again),
        cmocka_unit_test(after_the_last_number_comes_the_first_free),
        cmocka_unit_test(after_a_hardware_error_nothing_connects),
        cmocka_unit_test(an_ask_opened_again_withdraws_the_older),
        cmocka_unit_test(a_busy_answer_leaves_the_ask_open),
        cmocka_unit_test(a_busy_default_closes_the_ask),
        cmocka_unit_test(insufficient_authentication_asks_for_mitm),
        cmocka_unit_test(an_encrypted_link_is_not_encrypted_again),
        cmocka_unit_test(a_withdrawn_wish_is_forgotten),
        cmocka_unit_test(a_key_by_hand_is_not_the_bond),
        cmocka_unit_test(own_oob_data_expire),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
