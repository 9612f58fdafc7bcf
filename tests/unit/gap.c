/* GAP: what is wanted of the air reaches the controller, whatever it refuses meanwhile. */
#include "gap/gap.h"

#include <string.h>

#include "bonds/bonds.h"
#include "crypto/toolbox.h"
#include "support/bench.h"

static struct bench b;

#define NOTHING31                                                                                  \
    " 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "  \
    "00"

static void up(void)
{
    bench_init(&b);
    bench_up(&b);
}

/* Advertising data of three octets, no scan response. */
static void advertise(bool on)
{
    struct troth_advertising adv = {.on = on, .connectable = true};
    uint8_t flags = 6;
    troth_ad_put(adv.data, &adv.data_len, 31, TROTH_AD_FLAGS, &flags, 1);
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_OK);
}

static void advertising_begins_like_this(void **state)
{
    (void)state;
    up();
    advertise(true);
    expect_tx(&b, "01 06 20 0f a0 00 a0 00 00 00 00 00 00 00 00 00 00 07 00");
    bench_reply(&b);
    expect_tx(&b,
              "01 08 20 20 03 02 01 06 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
              "00 00 00 00 00 00 00 00 00");
    bench_reply(&b);
    expect_tx(&b, "01 09 20 20 00" NOTHING31);
    bench_reply(&b);
    expect_tx(&b, "01 0a 20 01 01");
    expect_no_event(&b);
    bench_reply(&b);
    assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    expect_no_tx(&b);

    advertise(true); /* the same again: new data may go out while on air */
    expect_tx(&b,
              "01 08 20 20 __ __ __ __ 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
              "00 00 00 00 00 00 00 00 00");
    bench_reply_all(&b);
    advertise(false);
    assert_int_equal(b.sent[b.sends - 1].octets[4], 0);
    bench_reply_all(&b);
    assert_false(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    expect_no_event(&b);
}

static void a_new_interval_pauses_and_resumes(void **state)
{
    (void)state;
    up();
    advertise(true);
    bench_reply_all(&b);
    expect_event(&b, TROTH_EV_ADVERTISING);
    b.sends_seen = b.sends;
    struct troth_advertising adv = {.on = true, .connectable = true, .interval_ms = 20};
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_OK);
    expect_tx(&b, "01 0a 20 01 00");
    bench_reply(&b);
    expect_tx(&b, "01 06 20 0f 20 00 20 00 00 00 00 00 00 00 00 00 00 07 00");
    bench_reply_all(&b);
    assert_false(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    adv.interval_ms = 19;
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_INVALID);
    adv.interval_ms = 0;
    adv.data_len = 32;
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_INVALID);
}

static void it_advertises_again_while_a_link_is_free(void **state)
{
    (void)state;
    up();
    advertise(true);
    bench_reply_all(&b);
    for (uint8_t i = 0; i < TROTH_MAX_LINKS; i++) {
        assert_true(b.host.gap.adv_on);
        bench_link(&b, (uint8_t)(0x40 + i), true);
        bench_reply_all(&b);
    }
    assert_false(b.host.gap.adv_on);
    b.events_seen = b.events;
    rx(&b, "04 05 04 00 41 00 13");
    expect_event(&b, TROTH_EV_DISCONNECTED);
    bench_reply_all(&b);
    assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
}

static void a_refusal_is_reported_and_not_repeated_for_ever(void **state)
{
    (void)state;
    up();
    advertise(true);
    bench_reply(&b);
    bench_reply(&b);
    bench_reply(&b);
    rx(&b, "04 0e 04 01 0a 20 0d");
    const struct troth_event *e = expect_event(&b, TROTH_EV_BROKEN);
    assert_int_equal(e->u.broken.opcode, 0x200a);
    assert_int_equal(e->u.broken.hci_status, 0x0d);
    b.sends_seen = b.sends;
    tick(&b, 100000);
    expect_no_tx(&b);
    advertise(true); /* asked for again, it tries again */
    bench_reply_all(&b);
    assert_true(b.host.gap.adv_on);
}

static void a_random_address_comes_before_everything(void **state)
{
    (void)state;
    bench_init(&b);
    b.no_public = true;
    bench_up(&b);
    /* bench_up has seen the command already */
    assert_true(b.host.gap.random_set);
    assert_int_equal(b.host.identity.type, TROTH_ADDR_RANDOM);
    advertise(true);
    bench_reply_all(&b);
    assert_true(b.host.gap.adv_on);
    for (unsigned i = 0; i < b.sends; i++)
        if (b.sent[i].octets[1] == 0x06)
            assert_int_equal(b.sent[i].octets[9], 1); /* Own_Address_Type */
}

static void an_identity_is_made_and_stored_when_there_is_none(void **state)
{
    (void)state;
    bench_init(&b);
    b.no_public = true;
    b.config.local.present = false;
    troth_host_init(&b.host, &b.config);
    b.take[TROTH_ASK_STORE] = true;
    troth_host_start(&b.host, b.now);
    bench_reply_all(&b);
    assert_int_equal(b.asks, 1);
    assert_int_equal(b.ask[0].type, TROTH_ASK_STORE);
    assert_int_equal(b.ask[0].u.store.kind, TROTH_RECORD_LOCAL);
    const struct troth_event *e = expect_event(&b, TROTH_EV_READY);
    assert_true(bonds_identity_valid(&e->u.ready.identity));
    assert_int_equal(e->u.ready.identity.type, TROTH_ADDR_RANDOM);
}

static void connecting_and_cancelling(void **state)
{
    (void)state;
    struct troth_addr peer = {TROTH_ADDR_PUBLIC, {0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0x40}};
    const char *create = "01 0d 20 19 60 00 60 00 00 00 b0 b1 b2 b3 b4 40 00 18 00 28 00 00 00 90 "
                         "01 00 00 00 00";
    up();
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_STATE);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    expect_tx(&b, create);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_BUSY);
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_OK); /* before it is even answered */
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_STATE);
    expect_no_tx(&b);
    rx(&b, "04 0f 04 00 01 0d 20");
    expect_tx(&b, "01 0e 20 00");
    rx(&b, "04 0e 04 01 0e 20 00");
    rx(&b, "04 3e 13 01 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    assert_int_equal(expect_event(&b, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x44);

    /* Refused at once. */
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    expect_tx(&b, create);
    rx(&b, "04 0f 04 0b 01 0d 20");
    assert_int_equal(expect_event(&b, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x0b);

    /* Time runs out; the peer answers while the cancel is on its way: connected. */
    assert_int_equal(troth_connect(&b.host, &peer, 3000), TROTH_OK);
    expect_tx(&b, create);
    rx(&b, "04 0f 04 00 01 0d 20");
    tick(&b, 3000);
    expect_tx(&b, "01 0e 20 00");
    rx(&b, "04 3e 13 01 00 40 00 00 00 b0 b1 b2 b3 b4 40 18 00 00 00 90 01 00");
    assert_int_equal(expect_event(&b, TROTH_EV_CONNECTED)->u.connected.role, TROTH_CENTRAL);
    rx(&b, "04 0e 04 01 0e 20 0c");
    expect_no_event(&b);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_STATE); /* connected already */

    /* A cancel whose end never comes. */
    peer.b[0] = 1;
    assert_int_equal(troth_connect(&b.host, &peer, 3000), TROTH_OK);
    rx(&b, "04 0f 04 00 01 0d 20");
    tick(&b, 3000);
    rx(&b, "04 0e 04 01 0e 20 00");
    tick(&b, 2000);
    assert_int_equal(expect_event(&b, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x3e);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
}

static void scanning_stops_for_connecting(void **state)
{
    (void)state;
    struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    up();
    assert_int_equal(troth_scan(&b.host, true, true), TROTH_OK);
    expect_tx(&b, "01 0b 20 07 01 60 00 60 00 00 00");
    bench_reply(&b);
    expect_tx(&b, "01 0c 20 02 01 01");
    bench_reply(&b);
    assert_true(expect_event(&b, TROTH_EV_SCANNING)->u.on);
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    expect_tx(&b, "01 0c 20 02 00 00");
    bench_reply(&b);
    assert_false(expect_event(&b, TROTH_EV_SCANNING)->u.on);
    expect_tx(&b,
              "01 0d 20 19 60 00 60 00 00 00 01 02 03 04 05 06 00 18 00 28 00 00 00 90 01 00 00 "
              "00 00");
    rx(&b, "04 0f 04 09 01 0d 20");
    expect_event(&b, TROTH_EV_CONNECT_FAILED);
    expect_tx(&b, "01 0c 20 02 01 01"); /* and it goes on */
}

static void a_controller_that_does_not_connect_while_advertising(void **state)
{
    (void)state;
    struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    up();
    advertise(true);
    bench_reply_all(&b);
    b.sends_seen = b.sends;
    assert_int_equal(troth_connect(&b.host, &peer, 0), TROTH_OK);
    rx(&b, "04 0f 04 0c 01 0d 20");
    b.sends_seen++;
    expect_tx(&b, "01 0a 20 01 00");
    bench_reply(&b);
    expect_tx(&b,
              "01 0d 20 19 60 00 60 00 00 00 01 02 03 04 05 06 00 18 00 28 00 00 00 90 01 00 00 "
              "00 00");
    rx(&b, "04 0f 04 00 01 0d 20");
    expect_no_tx(&b);
    assert_int_equal(troth_connect_cancel(&b.host), TROTH_OK);
    rx(&b, "04 0e 04 01 0e 20 00");
    rx(&b, "04 3e 13 01 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    bench_reply_all(&b);
    assert_true(b.host.gap.adv_on);
}

/* A resolvable private address under this IRK. */
static struct troth_addr rpa(const uint8_t irk[16], uint8_t salt)
{
    struct troth_addr a = {TROTH_ADDR_RANDOM, {0, 0, 0, salt, 0x22, 0x73}};
    toolbox_ah(irk, a.b + 3, a.b);
    return a;
}

static void report(const struct troth_addr *a)
{
    uint8_t e[] = {0x04,    0x3e,    0x0c,    0x02,    0x01,    0x00, a->type, a->b[0],
                   a->b[1], a->b[2], a->b[3], a->b[4], a->b[5], 0x00, 0xc8};
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
}

static void a_bonded_peer_is_found_under_its_private_address(void **state)
{
    (void)state;
    struct troth_bond_keys keys = {
        .identity = {TROTH_ADDR_PUBLIC, {9, 8, 7, 6, 5, 4}}, .key_size = 16, .has_irk = true};
    uint8_t other_irk[16] = {1};
    memset(keys.irk, 0x77, 16);
    bench_init(&b);
    assert_int_equal(troth_bonds_load(&b.host, &keys, NULL), TROTH_OK);
    bench_up(&b);
    assert_int_equal(troth_connect(&b.host, &keys.identity, 5000), TROTH_OK);
    expect_tx(&b, "01 0b 20 07 00 60 00 60 00 00 00");
    bench_reply(&b);
    expect_tx(&b, "01 0c 20 02 01 00"); /* duplicates are not filtered */
    bench_reply(&b);
    struct troth_addr stranger = rpa(other_irk, 1), friend = rpa(keys.irk, 2);
    report(&stranger);
    expect_no_tx(&b);
    report(&friend);
    expect_no_event(&b); /* nobody asked to see reports */
    expect_tx(&b, "01 0c 20 02 00 00");
    bench_reply(&b);
    expect_tx(&b,
              "01 0d 20 19 60 00 60 00 00 01 __ __ __ 02 22 73 00 18 00 28 00 00 00 90 01 00 00 "
              "00 00");
    rx(&b, "04 0f 04 00 01 0d 20");
    uint8_t e[] = {0x04, 0x3e,        0x13,        0x01,        0x00, 0x40, 0x00, 0x00,
                   0x01, friend.b[0], friend.b[1], friend.b[2], 0x02, 0x22, 0x73, 0x18,
                   0x00, 0x00,        0x00,        0x90,        0x01, 0x00};
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
    const struct troth_event *c = expect_event(&b, TROTH_EV_CONNECTED);
    assert_true(c->u.connected.bonded);
    assert_true(troth_addr_equal(&c->u.connected.identity, &keys.identity));
    assert_true(troth_addr_equal(&c->u.connected.peer, &friend));
    /* The addresses of the air, not the identities, go into the Security Manager. */
    assert_true(troth_addr_equal(&b.host.link[0].smp.addr[TROTH_RESPONDER], &friend));
}

static void enhanced_connection_complete_tells_the_addresses_of_the_air(void **state)
{
    (void)state;
    up();
    rx(&b, "04 3e 1f 0a 00 41 00 01 02 b0 b1 b2 b3 b4 b5 11 12 13 14 15 56 21 22 23 24 25 66 18 00 "
           "00 00 90 01 00");
    const struct troth_event *e = expect_event(&b, TROTH_EV_CONNECTED);
    assert_int_equal(e->u.connected.peer.type, TROTH_ADDR_RANDOM);
    assert_int_equal(e->u.connected.peer.b[5], 0x66);
    const struct troth_addr *addr = b.host.link[0].smp.addr;
    assert_int_equal(addr[TROTH_INITIATOR].b[5], 0x66);
    assert_int_equal(addr[TROTH_RESPONDER].b[5], 0x56);
    assert_int_equal(addr[TROTH_RESPONDER].type, TROTH_ADDR_RANDOM);
}

/* ---- leaves ---- */

static void advertising_data(void **state)
{
    (void)state;
    uint8_t data[31], len = 0, n;
    assert_true(troth_ad_put(data, &len, 31, 0x01, "\6", 1));
    assert_true(troth_ad_put(data, &len, 31, 0xff, NULL, 0));
    assert_true(troth_ad_put(data, &len, 31, 0x09, "0123456789012345678901234", 24));
    assert_int_equal(len, 31);
    assert_false(troth_ad_put(data, &len, 31, 0x09, "", 0));
    assert_int_equal(*troth_ad_find(data, len, 0x01, &n), 6);
    assert_non_null(troth_ad_find(data, len, 0xff, &n));
    assert_int_equal(n, 0);
    assert_non_null(troth_ad_find(data, len, 0x09, &n));
    assert_int_equal(n, 24);
    assert_null(troth_ad_find(data, len, 0x08, &n));
    for (uint8_t cut = 0; cut < 31; cut++) /* a structure that is cut is not found */
        assert_null(troth_ad_find(data, cut, 0x09, &n));
    assert_null(troth_ad_find((const uint8_t *)"\0\2\1\6", 4, 0x01, &n));
    assert_null(troth_ad_find((const uint8_t *)"\377\1\6", 3, 0x01, &n));
}

static void address_texts(void **state)
{
    (void)state;
    struct troth_addr a = {TROTH_ADDR_RANDOM, {0}};
    char text[18];
    assert_true(troth_addr_parse(&a, "c0:1b:2C:3d:4E:5f"));
    assert_int_equal(a.type, TROTH_ADDR_RANDOM);
    assert_string_equal(troth_addr_text(&a, text), "C0:1B:2C:3D:4E:5F");
    static const char *const bad[] = {"",
                                      "C0",
                                      "C0:",
                                      "C0:1B:2C:3D:4E:5",
                                      "C0:1B:2C:3D:4E:5F:",
                                      "C0:1B:2C:3D:4E:5G",
                                      "C0-1B-2C-3D-4E-5F",
                                      "C0:1B:2C:3D:4E",
                                      "C0:1B:2C:3D:4E:5F ",
                                      " C0:1B:2C:3D:4E:5F"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(troth_addr_parse(&a, bad[i]));
    assert_int_equal(a.b[5], 0xc0);
    assert_false(troth_addr_is_rpa(&a));
    a.b[5] = 0x7f;
    assert_true(troth_addr_is_rpa(&a));
    a.type = TROTH_ADDR_PUBLIC;
    assert_false(troth_addr_is_rpa(&a));
    for (unsigned v = 0; v < 256; v++) {
        uint8_t octets[6];
        memset(octets, (int)v, 6);
        gap_static_address(&a, octets);
        assert_true(bonds_identity_valid(&a));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(advertising_begins_like_this),
        cmocka_unit_test(a_new_interval_pauses_and_resumes),
        cmocka_unit_test(it_advertises_again_while_a_link_is_free),
        cmocka_unit_test(a_refusal_is_reported_and_not_repeated_for_ever),
        cmocka_unit_test(a_random_address_comes_before_everything),
        cmocka_unit_test(an_identity_is_made_and_stored_when_there_is_none),
        cmocka_unit_test(connecting_and_cancelling),
        cmocka_unit_test(scanning_stops_for_connecting),
        cmocka_unit_test(a_controller_that_does_not_connect_while_advertising),
        cmocka_unit_test(a_bonded_peer_is_found_under_its_private_address),
        cmocka_unit_test(enhanced_connection_complete_tells_the_addresses_of_the_air),
        cmocka_unit_test(advertising_data),
        cmocka_unit_test(address_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
