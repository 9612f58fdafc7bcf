/* The resolving list: it is what the bonds are, and serves what is on air. */
#include "gap_radio.h"

#define Z6  " 00 00 00 00 00 00"
#define Z16 " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00"
#define X16 " 42 42 42 42 42 42 42 42 42 42 42 42 42 42 42 42"
#define N16 " 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03 03"

static void the_list_begins_like_this(void **state)
{
    (void)state;
    begin(true);
    bond(3, true);
    bond(4, false);
    up();
    assert_int_equal(troth_privacy(&b.host), TROTH_PRIVACY_CONTROLLER);
    static const char *const commands[] = {
        "01 05 20 06 __ __ __ __ __ __",
        "01 2e 20 02 84 03",
        "01 27 20 27 00" Z6 Z16 X16,
        "01 27 20 27 00 03 08 07 06 05 04" N16 X16,
        "01 27 20 27 00 04 08 07 06 05 04" Z16 X16,
        "01 4e 20 08 00 03 08 07 06 05 04 01",
        "01 2d 20 01 01",
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        expect_tx(&b, commands[i]);
        expect_no_tx(&b);
        answer();
    }
    expect_no_tx(&b);
    advertise(true);
    expect_tx(&b, "01 06 20 0f a0 00 a0 00 00 03 00" Z6 " 07 00"); /* of our own entry */
    settle();
    assert_true(radio.adv);
    time_goes_by(HOUR_MS); /* the controller's business */
    expect_no_tx(&b);
}

static void strangers_are_asked_under_a_fresh_address_too(void **state)
{
    (void)state;
    const struct troth_addr stranger = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    begin(true);
    bond(3, true);
    up();
    settle();
    assert_int_equal(troth_scan(&b.host, true, true), TROTH_OK);
    settle();
    assert_int_equal(radio.randoms, 1);
    time_goes_by(900000);
    settle();
    assert_int_equal(radio.randoms, 2);
    assert_int_equal(troth_scan(&b.host, false, false), TROTH_OK);
    settle();
    const struct troth_addr friend = peer_of(3);
    assert_int_equal(troth_connect(&b.host, &friend, 0), TROTH_OK);
    settle();
    time_goes_by(900000);
    expect_no_tx(&b); /* the list serves this one */
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_OK);
    settle();
    assert_int_equal(troth_connect(&b.host, &stranger, 0), TROTH_OK);
    settle();
    assert_int_equal(radio.randoms, 3);
    assert_true(radio.initiating);
}

static void a_listed_peer_is_connected_without_scanning(void **state)
{
    (void)state;
    begin(true);
    bond(3, true);
    bond(4, false);
    up();
    settle();
    for (uint8_t n = 3; n <= 4; n++) {
        const struct troth_addr peer = peer_of(n);
        assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
        settle();
        assert_true(radio.initiating && !radio.scan);
        assert_int_equal(radio.init_peer[0], 0);
        assert_memory_equal(radio.init_peer + 1, peer.b, 6);
        assert_int_equal(troth_connect_cancel(&b.host), TROTH_OK);
        settle();
    }
    /* Asked for under an address that was heard, it is still the identity the controller knows. */
    const struct troth_addr heard_as = rpa_of(3, 9);
    assert_int_equal(troth_connect(&b.host, &heard_as, 0), TROTH_OK);
    settle();
    const struct troth_addr peer = peer_of(3);
    assert_memory_equal(radio.init_peer + 1, peer.b, 6);
}

/* Five entries, ours among them; the most recently used have the rest. */
static void more_bonds_than_the_list_has_places(void **state)
{
    (void)state;
    begin(true);
    for (uint8_t n = 1; n <= 7; n++)
        bond(n, n != 7); /* the last one gives no IRK: it needs no place */
    up();
    settle();
    assert_int_equal(radio.entries, 5);
    for (uint8_t n = 1; n <= 7; n++) {
        uint8_t who[7] = {0, n, 8, 7, 6, 5, 4};
        assert_true((entry_of(who) != NULL) == (n >= 3 && n <= 6));
    }
    /* One that has none is found by scanning. */
    const struct troth_addr peer = peer_of(1), heard_as = rpa_of(1, 7);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    settle();
    assert_true(radio.scan && !radio.initiating);
    heard(&heard_as);
    settle();
    assert_memory_equal(radio.init_peer + 1, heard_as.b, 6);
    /* It is used: it takes the place of the one used least, whatever is on air meanwhile. */
    advertise(true);
    settle();
    bonds_touch(&b.host.bonds, bonds_find(&b.host.bonds, &peer));
    time_goes_by(1);
    settle();
    assert_true(radio.adv);
    uint8_t first[7] = {0, 1, 8, 7, 6, 5, 4}, third[7] = {0, 3, 8, 7, 6, 5, 4};
    assert_non_null(entry_of(first));
    assert_null(entry_of(third));
    assert_int_equal(radio.creates, 2); /* once more, and now by its identity */
    assert_memory_equal(radio.init_peer + 1, peer.b, 6);
}

static void a_bond_that_goes_leaves_the_list_and_a_new_key_replaces_the_old(void **state)
{
    (void)state;
    begin(true);
    bond(3, true);
    bond(4, true);
    up();
    advertise(true);
    settle();
    const struct troth_addr gone = peer_of(3), changed = peer_of(4);
    uint8_t who3[7] = {0, 3, 8, 7, 6, 5, 4}, who4[7] = {0, 4, 8, 7, 6, 5, 4};
    b.sends = b.sends_seen = 0;
    b.events_seen = b.events;
    assert_int_equal(troth_bonds_remove(&b.host, &gone), TROTH_OK);
    expect_tx(&b, "01 0a 20 01 00");
    answer();
    expect_tx(&b, "01 28 20 07 00 03 08 07 06 05 04");
    settle();
    assert_null(entry_of(who3));
    assert_true(radio.adv);
    expect_event(&b, TROTH_EV_BOND_REMOVED);
    expect_no_event(&b);

    int i = bonds_find(&b.host.bonds, &changed);
    memset(b.host.bonds.bond[i].keys.irk, 0x99, 16);
    bonds_made(&b.host.bonds, i);
    time_goes_by(1);
    settle();
    assert_int_equal(entry_of(who4)->peer_irk[0], 0x99);
    assert_true(entry_of(who4)->device_mode);
}

static void one_irk_is_listed_once(void **state)
{
    (void)state;
    begin(true);
    bond(3, true);
    bond(4, true);
    const struct troth_addr second = peer_of(4);
    int i = bonds_find(&b.host.bonds, &second);
    memset(b.host.bonds.bond[i].keys.irk, 3, 16);
    up();
    settle();
    assert_int_equal(radio.entries, 2);
    /* The one used last, and it is the one that is recognised. */
    assert_int_equal(radio.list[1].who[1], 4);
    const struct troth_addr a = rpa_of(3, 5), first = peer_of(3);
    assert_int_equal(bonds_resolve(&b.host.bonds, &a), i);
    /* Or the one that is authenticated: the other's owner cannot stand in its way. */
    int k = bonds_find(&b.host.bonds, &first);
    b.host.bonds.bond[k].keys.mitm = true;
    bonds_made(&b.host.bonds, k);
    assert_int_equal(bonds_resolve(&b.host.bonds, &a), k);
    time_goes_by(1);
    settle();
    assert_int_equal(radio.entries, 2);
    assert_int_equal(radio.list[1].who[1], 3);
}

static void a_controller_without_what_it_takes(void **state)
{
    (void)state;
    begin(true);
    b.resolving_size = 1;
    up();
    assert_int_equal(troth_privacy(&b.host), TROTH_PRIVACY_HOST);
    settle();
    assert_int_equal(radio.entries, 0);

    static const uint16_t refusals[] = {0x2027, 0x202d, 0x202e};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        begin(true);
        bond(3, true);
        radio.refuses = refusals[i];
        radio.with = 0x01;
        up();
        advertise(true);
        settle();
        assert_int_equal(troth_privacy(&b.host), TROTH_PRIVACY_HOST);
        assert_true(radio.adv);
        assert_int_equal(radio.adv_own, 1);
        expect_event(&b, TROTH_EV_ADVERTISING);
        time_goes_by(900000);
        settle();
        assert_int_equal(radio.randoms, 2);
    }
}

/* A refused entry, or one whose mode is refused, is the host's; the others are not. */
static void a_controller_that_refuses_a_peer(void **state)
{
    (void)state;
    static const struct {
        uint16_t opcode;
        unsigned after;
    } t[] = {{0x2027, 1}, {0x204e, 0}};
    for (size_t i = 0; i < sizeof t / sizeof t[0]; i++) {
        begin(true);
        bond(3, true);
        bond(4, true);
        radio.refuses = t[i].opcode;
        radio.after = t[i].after;
        radio.with = 0x12;
        up();
        settle();
        radio.refuses = 0;
        assert_int_equal(troth_privacy(&b.host), TROTH_PRIVACY_CONTROLLER);
        assert_int_equal(radio.entries, 2);
        assert_int_equal(radio.list[1].who[1], 4);
        const struct troth_addr peer = peer_of(3), heard_as = rpa_of(3, 1);
        assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
        settle();
        assert_true(radio.scan);
        heard(&heard_as);
        settle();
        assert_memory_equal(radio.init_peer + 1, heard_as.b, 6);
        time_goes_by(HOUR_MS);
        settle();
        assert_int_equal(radio.entries, 2); /* and it is not asked again */
    }
}

static void reset_empties_the_list(void **state)
{
    (void)state;
    begin(true);
    bond(3, true);
    up();
    advertise(true);
    settle();
    troth_host_gone(&b.host, b.now);
    memset(&radio, 0, sizeof radio);
    b.events = b.events_seen = b.sends = 0;
    troth_host_start(&b.host, b.now);
    while (!b.host.ready)
        bench_reply(&b);
    settle();
    assert_int_equal(radio.entries, 2);
    assert_true(radio.resolving && radio.adv);
}

static void reports_name_the_bond(void **state)
{
    (void)state;
    begin(false);
    bond(3, true);
    up();
    assert_int_equal(troth_scan(&b.host, true, true), TROTH_OK);
    settle();
    b.events_seen = b.events;
    const struct troth_addr friend = rpa_of(3, 1), stranger = rpa_of(5, 1), is = peer_of(3);
    heard(&friend);
    const struct troth_event *e = expect_event(&b, TROTH_EV_REPORT);
    assert_true(e->u.report.bonded && troth_addr_equal(&e->u.report.identity, &is));
    assert_true(troth_addr_equal(&e->u.report.addr, &friend));
    heard(&stranger);
    e = expect_event(&b, TROTH_EV_REPORT);
    assert_true(!e->u.report.bonded && troth_addr_equal(&e->u.report.identity, &stranger));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_list_begins_like_this),
        cmocka_unit_test(strangers_are_asked_under_a_fresh_address_too),
        cmocka_unit_test(a_listed_peer_is_connected_without_scanning),
        cmocka_unit_test(more_bonds_than_the_list_has_places),
        cmocka_unit_test(a_bond_that_goes_leaves_the_list_and_a_new_key_replaces_the_old),
        cmocka_unit_test(one_irk_is_listed_once),
        cmocka_unit_test(a_controller_without_what_it_takes),
        cmocka_unit_test(a_controller_that_refuses_a_peer),
        cmocka_unit_test(reset_empties_the_list),
        cmocka_unit_test(reports_name_the_bond),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
