/* Our private addresses, made by the host: what pauses for them, and when. */
#include "gap_radio.h"

static void an_address_comes_before_anything_is_on_air(void **state)
{
    (void)state;
    begin(false);
    up();
    assert_int_equal(troth_privacy(&b.host), TROTH_PRIVACY_HOST);
    advertise(true);
    assert_int_equal(troth_scan(&b.host, true, true), TROTH_OK);
    expect_tx(&b, "01 05 20 06 __ __ __ __ __ __");
    settle();
    assert_true(ours(radio.random));
    assert_true(radio.adv && radio.scan);
    assert_int_equal(radio.adv_own, 1);
    assert_int_equal(radio.scan_own, 1);
}

static void it_is_replaced_to_the_millisecond(void **state)
{
    (void)state;
    static const struct {
        uint16_t asked, means;
    } t[] = {{0, 900}, {1, 1}, {3600, 3600}, {3601, 3600}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        begin(false);
        b.config.rpa_timeout_s = t[i].asked;
        troth_host_init(&b.host, &b.config);
        up();
        advertise(true);
        assert_int_equal(troth_scan(&b.host, true, false), TROTH_OK);
        settle();
        b.events_seen = b.events;
        time_goes_by(t[i].means * 1000u - 1);
        expect_no_tx(&b);
        assert_true(troth_host_deadline(&b.host) == b.now + 1);
        time_goes_by(1);
        expect_tx(&b, "01 0a 20 01 00");
        answer();
        expect_tx(&b, "01 0c 20 02 00 00");
        answer();
        expect_tx(&b, "01 05 20 06 __ __ __ __ __ __");
        answer();
        expect_tx(&b, "01 0c 20 02 01 01");
        answer();
        expect_tx(&b, "01 0a 20 01 01");
        settle();
        assert_true(ours(radio.random));
        expect_no_event(&b); /* nobody sees the pause */
        time_goes_by(t[i].means * 1000u);
        settle();
        assert_int_equal(radio.randoms, 3);
    }
}

static void who_asks_for_silence_in_the_pause_gets_it_told(void **state)
{
    (void)state;
    begin(false);
    up();
    advertise(true);
    settle();
    b.events_seen = b.events;
    time_goes_by(900000);
    answer();
    expect_no_event(&b);
    advertise(false);
    assert_false(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    settle();
    assert_false(radio.adv);
    expect_no_event(&b);
}

static void what_is_not_used_is_not_replaced(void **state)
{
    (void)state;
    begin(false);
    up();
    settle();
    time_goes_by(HOUR_MS);
    expect_no_tx(&b);
    advertise(true); /* but before it is used it is */
    expect_tx(&b, "01 05 20 06 __ __ __ __ __ __");
    settle();
    assert_int_equal(radio.randoms, 2);
}

static void a_link_keeps_the_address_it_began_with(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    advertise(true);
    settle();
    uint8_t first[6];
    memcpy(first, radio.random, 6);
    connected(&peer, 1);
    settle();
    time_goes_by(900000);
    settle();
    assert_memory_not_equal(radio.random, first, 6);
    assert_memory_equal(b.host.link[0].local.b, first, 6);
    assert_memory_equal(b.host.link[0].smp.addr[TROTH_RESPONDER].b, first, 6);
}

/* The connection was made before the controller heard that advertising shall stop. */
static void a_link_made_during_the_change_began_with_the_old_one(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    advertise(true);
    settle();
    uint8_t first[6];
    memcpy(first, radio.random, 6);
    time_goes_by(900000);
    answer(); /* advertising is off */
    expect_tx(&b, "01 0a 20 01 00");
    expect_tx(&b, "01 05 20 06 __ __ __ __ __ __"); /* given, not acknowledged */
    connected(&peer, 1);
    assert_memory_equal(b.host.link[0].local.b, first, 6);
    settle();
    assert_memory_not_equal(b.host.gap.own.b, first, 6);
}

/* Or before it heard so: what it then stops had ended, and begins again. */
static void a_link_made_before_the_change_began_with_the_old_one(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    advertise(true);
    settle();
    uint8_t first[6];
    memcpy(first, radio.random, 6);
    time_goes_by(900000);
    expect_tx(&b, "01 0a 20 01 00");
    connected(&peer, 1);
    assert_memory_equal(b.host.link[0].local.b, first, 6);
    answer();
    expect_tx(&b, "01 05 20 06 __ __ __ __ __ __");
    settle();
    assert_true(radio.adv && b.host.gap.adv_on);
    assert_int_equal(radio.randoms, 2);
}

static void all_links_taken(void **state)
{
    (void)state;
    begin(false);
    up();
    advertise(true);
    settle();
    for (uint8_t i = 0; i < TROTH_MAX_LINKS; i++) {
        radio.adv = false;
        bench_link(&b, (uint8_t)(0x40 + i), true);
        settle();
    }
    assert_false(radio.adv);
    time_goes_by(900000);
    expect_no_tx(&b);
    rx(&b, "04 05 04 00 41 00 13");
    expect_tx(&b, "01 05 20 06 __ __ __ __ __ __");
    settle();
    assert_true(radio.adv);
    assert_int_equal(radio.randoms, 2);
}

static void a_connection_attempt_begins_again_under_the_new_address(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    settle();
    assert_int_equal(troth_connect(&b.host, &peer, 1000000), TROTH_OK);
    settle();
    radio.holds_cancel = true;
    time_goes_by(900000);
    expect_tx(&b, "01 0e 20 00");
    settle();
    expect_no_tx(&b); /* not before the attempt is known to be over */
    cancelled();
    expect_tx(&b, "01 05 20 06 __ __ __ __ __ __");
    settle();
    assert_int_equal(radio.creates, 2);
    expect_no_event(&b);
    /* The attempt's time is one: a hundred seconds are left, and not one more. */
    radio.holds_cancel = false;
    b.events_seen = b.events;
    time_goes_by(99999);
    expect_no_tx(&b);
    time_goes_by(1);
    settle();
    assert_int_equal(expect_event(&b, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x3e);
    expect_no_event(&b);
}

static void the_peer_answers_before_the_attempt_is_cancelled(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    settle();
    uint8_t first[6];
    memcpy(first, radio.random, 6);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    settle();
    time_goes_by(900000);
    expect_tx(&b, "01 0e 20 00");
    connected(&peer, 0);
    expect_event(&b, TROTH_EV_CONNECTED);
    assert_memory_equal(b.host.link[0].local.b, first, 6);
    rx(&b, "04 0e 04 01 0e 20 0c");
    expect_no_tx(&b);
    expect_no_event(&b);
}

static void who_cancels_during_the_change_hears_of_it_once(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    settle();
    assert_int_equal(troth_connect(&b.host, &peer, 5000000), TROTH_OK);
    settle();
    radio.holds_cancel = true;
    time_goes_by(900000);
    settle();
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_OK);
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_STATE);
    expect_no_event(&b);
    cancelled();
    settle();
    assert_int_equal(expect_event(&b, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x44);
    assert_int_equal(radio.creates, 1);
    time_goes_by(HOUR_MS);
    expect_no_event(&b);
}

static void a_cancel_whose_end_never_comes_does_not_end_the_attempt(void **state)
{
    (void)state;
    const struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(false);
    up();
    settle();
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    settle();
    radio.holds_cancel = true;
    time_goes_by(900000);
    settle();
    radio.initiating = false;
    time_goes_by(2000);
    settle();
    assert_int_equal(radio.creates, 2);
    expect_no_event(&b);
}

/* After a change the peer may have another address too: it is looked for again. */
static void a_peer_found_by_scanning_is_looked_for_again(void **state)
{
    (void)state;
    begin(false);
    bond(3, true);
    up();
    settle();
    const struct troth_addr peer = peer_of(3), old = rpa_of(3, 1), new = rpa_of(3, 2);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    settle();
    assert_true(radio.scan && !radio.active);
    heard(&old);
    settle();
    assert_memory_equal(radio.init_peer + 1, old.b, 6);
    time_goes_by(900000);
    settle();
    assert_true(radio.scan);
    heard(&new);
    settle();
    assert_memory_equal(radio.init_peer + 1, new.b, 6);
    expect_no_event(&b);
}

static void a_refused_address_is_not_used(void **state)
{
    (void)state;
    begin(false);
    radio.refuses = 0x2005;
    radio.after = 1;
    radio.with = 0x1f;
    up();
    advertise(true);
    settle();
    uint8_t first[6];
    memcpy(first, radio.random, 6);
    b.events_seen = b.events;
    time_goes_by(900000);
    settle();
    assert_int_equal(expect_event(&b, TROTH_EV_BROKEN)->u.broken.opcode, 0x2005);
    expect_no_event(&b);
    assert_memory_equal(b.host.gap.own.b, first, 6);
    assert_true(radio.adv);
    time_goes_by(900000); /* next time */
    radio.refuses = 0;
    settle();
    assert_int_equal(radio.randoms, 2);
}

/* An IRK of zeros is no privacy: anybody would recognise us. */
static void a_zero_irk_of_ours_is_replaced_and_stored(void **state)
{
    (void)state;
    begin(false);
    memset(b.config.local.irk, 0, 16);
    troth_host_init(&b.host, &b.config);
    b.take[TROTH_ASK_STORE] = true;
    troth_host_start(&b.host, b.now);
    while (!b.events)
        bench_reply(&b);
    assert_int_equal(b.ask[0].u.store.kind, TROTH_RECORD_LOCAL);
    assert_false(zero(b.host.config.local.irk, 16));

    begin(false);
    b.config.privacy = false; /* and without privacy it is left alone */
    memset(b.config.local.irk, 0, 16);
    troth_host_init(&b.host, &b.config);
    bench_up(&b);
    assert_true(zero(b.host.config.local.irk, 16));
}

/* Vol 6 Part B 1.3.2.2: whatever is drawn. */
static void addresses_are_made_of_any_random_octets(void **state)
{
    (void)state;
    static const uint8_t irk[16] = {0x11, 2, 3};
    for (unsigned v = 0; v < 256; v++) {
        const uint8_t random[3] = {(uint8_t)v, (uint8_t)v, (uint8_t)v};
        struct troth_addr a;
        gap_private_address(&a, irk, random);
        assert_true(troth_addr_is_rpa(&a) && bonds_rpa_matches(&a, irk));
        uint32_t bits = (uint32_t)(a.b[3] | a.b[4] << 8 | (a.b[5] & 0x3f) << 16);
        assert_true(bits != 0 && bits != 0x3fffff);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_comes_before_anything_is_on_air),
        cmocka_unit_test(it_is_replaced_to_the_millisecond),
        cmocka_unit_test(who_asks_for_silence_in_the_pause_gets_it_told),
        cmocka_unit_test(what_is_not_used_is_not_replaced),
        cmocka_unit_test(a_link_keeps_the_address_it_began_with),
        cmocka_unit_test(a_link_made_during_the_change_began_with_the_old_one),
        cmocka_unit_test(a_link_made_before_the_change_began_with_the_old_one),
        cmocka_unit_test(all_links_taken),
        cmocka_unit_test(addresses_are_made_of_any_random_octets),
        cmocka_unit_test(a_connection_attempt_begins_again_under_the_new_address),
        cmocka_unit_test(the_peer_answers_before_the_attempt_is_cancelled),
        cmocka_unit_test(who_cancels_during_the_change_hears_of_it_once),
        cmocka_unit_test(a_cancel_whose_end_never_comes_does_not_end_the_attempt),
        cmocka_unit_test(a_peer_found_by_scanning_is_looked_for_again),
        cmocka_unit_test(a_refused_address_is_not_used),
        cmocka_unit_test(a_zero_irk_of_ours_is_replaced_and_stored),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
