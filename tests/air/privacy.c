/*
 * Private addresses made by the host and by the controller, in both roles, across reconnections and
 * pairings. Nothing that crosses the air tells who is who.
 */
#include "private.h"

/* ---- both ways, both roles, rotation across reconnections ---- */

static void run_across_rotations(bool phone_by_controller, bool lamp_by_controller)
{
    private(phone, phone_by_controller);
    private(lamp, lamp_by_controller);
    device_on(phone);
    device_on(lamp);
    expect_privacy(phone, phone_by_controller ? TROTH_PRIVACY_CONTROLLER : TROTH_PRIVACY_HOST);
    expect_privacy(lamp, lamp_by_controller ? TROTH_PRIVACY_CONTROLLER : TROTH_PRIVACY_HOST);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    assert_int_equal(ear.identities, 2);
    struct troth_addr of_phone = link_of(phone)->local, of_lamp = link_of(lamp)->local;
    part(phone, lamp);
    for (int i = 0; i < 4; i++) {
        world_run(w, 900000);
        reconnect_encrypted(phone, lamp);
        assert_false(troth_addr_equal(&link_of(phone)->local, &of_phone));
        assert_false(troth_addr_equal(&link_of(lamp)->local, &of_lamp));
        of_phone = link_of(phone)->local;
        of_lamp = link_of(lamp)->local;
        assert_true(bonds_rpa_matches(&of_phone, phone->host->config.local.irk));
        assert_true(bonds_rpa_matches(&of_lamp, lamp->host->config.local.irk));
        if (i & 1)
            world_run(w, 2000000); /* the link keeps them, however long it lasts */
        assert_true(troth_addr_equal(&link_of(phone)->local, &of_phone));
        part(i & 2 ? phone : lamp, i & 2 ? lamp : phone);
    }
    nobody_was_named();
    assert_int_equal(ear.identities, 2);
    assert_int_equal(device_count(phone, TROTH_EV_BROKEN) + device_count(lamp, TROTH_EV_BROKEN), 0);
}

static void made_by_both_hosts(void **state)
{
    (void)state;
    run_across_rotations(false, false);
}

static void made_by_both_controllers(void **state)
{
    (void)state;
    run_across_rotations(true, true);
}

static void made_by_a_controller_and_a_host(void **state)
{
    (void)state;
    run_across_rotations(true, false);
}

static void made_by_a_host_and_a_controller(void **state)
{
    (void)state;
    run_across_rotations(false, true);
}

/* A device without a public address: its static one is not shown either. */
static void a_static_identity_is_as_secret(void **state)
{
    (void)state;
    static const uint16_t no_address[] = {0x1009};
    lamp->radio_config.unknown = no_address;
    lamp->radio_config.unknown_count = 1;
    run_across_rotations(true, true);
    assert_int_equal(lamp->identity.type, TROTH_ADDR_RANDOM);
}

/*
 * Both have had several new addresses since this link began; f5, f6 and c1 take those it began with,
 * and the identities that cross are the identities.
 */
static void pair_on_an_old_link(bool by_controller, bool sc)
{
    private(phone, by_controller);
    private(lamp, by_controller);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    connect_as_stranger(phone, lamp);
    const struct troth_addr began = link_of(lamp)->local;
    world_run(w, 2000000);
    const struct troth_addr now = advertised(lamp);
    assert_false(troth_addr_equal(&now, &began));
    as_the_air_heard(phone, lamp);
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    if (!sc)
        f.auth_req &= (uint8_t)~TROTH_AUTH_SC;
    assert_int_equal(troth_pair(phone->host, phone->link, &f), TROTH_OK);
    const struct troth_event *e = expect(phone, TROTH_EV_PAIRED);
    assert_int_equal(e->u.paired.level.sc, sc);
    assert_true(troth_addr_equal(&e->u.paired.keys->identity, &lamp->identity));
    e = expect(lamp, TROTH_EV_PAIRED);
    assert_true(troth_addr_equal(&e->u.paired.keys->identity, &phone->identity));
    world_run(w, 1000);
    part(phone, lamp);
    reconnect_encrypted(phone, lamp);
    nobody_was_named();
    assert_int_equal(ear.identities, 2);
}

static void secure_connections_on_an_old_link(void **state)
{
    (void)state;
    pair_on_an_old_link(false, true);
}

static void secure_connections_on_an_old_link_of_controllers(void **state)
{
    (void)state;
    pair_on_an_old_link(true, true);
}

static void legacy_pairing_on_an_old_link(void **state)
{
    (void)state;
    pair_on_an_old_link(false, false);
}

static void legacy_pairing_on_an_old_link_of_controllers(void **state)
{
    (void)state;
    pair_on_an_old_link(true, false);
}

/* ---- one of the two is private ---- */

static void one_is_private(bool the_phone, bool by_controller)
{
    private(the_phone ? phone : lamp, by_controller);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    for (int i = 0; i < 3; i++) {
        world_run(w, 1000000);
        reconnect_encrypted(phone, lamp);
        part(phone, lamp);
    }
    nobody_was_named();
}

/*
 * Every Troth gives an IRK. One that is not private goes by its identity address all the same, and
 * the controller of one that is must hear it: device privacy mode.
 */
static void a_private_central_and_one_that_is_not(void **state)
{
    (void)state;
    one_is_private(true, true);
}

static void a_private_peripheral_and_one_that_is_not(void **state)
{
    (void)state;
    one_is_private(false, true);
}

static void a_host_private_central_and_one_that_is_not(void **state)
{
    (void)state;
    one_is_private(true, false);
}

static void a_host_private_peripheral_and_one_that_is_not(void **state)
{
    (void)state;
    one_is_private(false, false);
}

/* A peer that gives no IRK is in the list all the same: for the address that we have with it. */
static void a_bonded_peer_without_an_irk(void **state)
{
    (void)state;
    private(phone, true);
    lamp->config.policy.features.responder_keys = TROTH_DIST_ENC;
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    assert_false(troth_bonds_get(phone->host, 0)->keys.has_irk);
    struct troth_addr last = {0};
    for (int i = 0; i < 3; i++) {
        world_run(w, 1000000);
        reconnect_encrypted(phone, lamp);
        const struct host_link *l = link_of(phone);
        assert_false(troth_addr_equal(&l->local, &phone->host->gap.own));
        assert_false(troth_addr_equal(&l->local, &last));
        last = l->local;
        part(phone, lamp);
    }
    nobody_was_named();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(made_by_both_hosts),
        TEST(made_by_both_controllers),
        TEST(made_by_a_controller_and_a_host),
        TEST(made_by_a_host_and_a_controller),
        TEST(a_static_identity_is_as_secret),
        TEST(secure_connections_on_an_old_link),
        TEST(secure_connections_on_an_old_link_of_controllers),
        TEST(legacy_pairing_on_an_old_link),
        TEST(legacy_pairing_on_an_old_link_of_controllers),
        TEST(a_private_central_and_one_that_is_not),
        TEST(a_private_peripheral_and_one_that_is_not),
        TEST(a_host_private_central_and_one_that_is_not),
        TEST(a_host_private_peripheral_and_one_that_is_not),
        TEST(a_bonded_peer_without_an_irk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
