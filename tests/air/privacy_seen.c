/*
 * Private devices as they are seen: by strangers, by friends, while addresses change, and after a
 * bond went or the resolving list was too small.
 */
#include "private.h"

/* ---- being seen ---- */

static void rotates_on_air(bool by_controller)
{
    private(lamp, by_controller);
    lamp->config.rpa_timeout_s = 60;
    device_on(lamp);
    device_advertise(lamp);
    const uint8_t *irk = lamp->host->config.local.irk;
    struct troth_addr before = advertised(lamp), now = before;
    uint64_t began = world_now(w), changed = 0;
    unsigned changes = 0;
    assert_int_equal(troth_scan(stranger->host, true, false), TROTH_OK);
    while (world_now(w) < began + 600000) {
        world_run(w, 100);
        now.type = ear.advertiser.type;
        memcpy(now.b, ear.advertiser.a, 6);
        assert_true(bonds_rpa_matches(&now, irk));
        if (!troth_addr_equal(&now, &before)) {
            if (changes++)
                assert_in_range(world_now(w) - changed, 59000, 61000);
            changed = world_now(w);
        }
        before = now;
    }
    assert_in_range(changes, 9, 10);
    nobody_was_named();
    /* To its person it advertised all the time. */
    assert_int_equal(device_count(lamp, TROTH_EV_ADVERTISING), 1);
}

static void advertising_under_changing_addresses(void **state)
{
    (void)state;
    rotates_on_air(false);
}

static void advertising_under_changing_addresses_of_the_controller(void **state)
{
    (void)state;
    rotates_on_air(true);
}

static void asks_under_a_private_address(bool by_controller)
{
    private(phone, by_controller);
    device_on(phone);
    device_on(lamp); /* a stranger to it */
    device_advertise(lamp);
    assert_int_equal(troth_scan(phone->host, true, true), TROTH_OK);
    struct troth_addr last = {0}, now;
    for (int i = 0; i < 3; i++) {
        ear.requests = 0;
        world_run(w, 910000);
        assert_true(ear.requests);
        now.type = ear.asker.type;
        memcpy(now.b, ear.asker.a, 6);
        assert_true(bonds_rpa_matches(&now, phone->host->config.local.irk));
        assert_false(troth_addr_equal(&now, &last));
        last = now;
    }
    nobody_was_named();
    assert_int_equal(device_count(phone, TROTH_EV_SCANNING), 1);
}

static void active_scanning_does_not_tell_who_asks(void **state)
{
    (void)state;
    asks_under_a_private_address(false);
}

static void nor_does_the_controller(void **state)
{
    (void)state;
    asks_under_a_private_address(true);
}

/* Reports of a bonded peer name it, whoever resolved its address; a stranger's do not. */
static void who_is_bonded_is_recognised_in_reports(bool by_controller)
{
    private(phone, by_controller);
    private(lamp, true);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    world_run(w, 950000);
    phone->read = phone->logged;
    assert_int_equal(troth_scan(phone->host, true, false), TROTH_OK);
    const struct troth_event *e = expect(phone, TROTH_EV_REPORT);
    assert_true(e->u.report.bonded);
    assert_true(troth_addr_equal(&e->u.report.identity, &lamp->identity));
    assert_int_equal(troth_scan(phone->host, false, false), TROTH_OK);
    (void)advertised(lamp); /* asserts that the stranger recognises nobody */
}

static void the_host_recognises(void **state)
{
    (void)state;
    who_is_bonded_is_recognised_in_reports(false);
}

static void the_controller_recognises(void **state)
{
    (void)state;
    who_is_bonded_is_recognised_in_reports(true);
}

/* ---- changes while something is under way ---- */

static void the_address_changes_while_a_connection_is_being_created(bool by_controller)
{
    private(phone, by_controller);
    private(lamp, by_controller);
    phone->config.rpa_timeout_s = lamp->config.rpa_timeout_s = 30;
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    device_cut(lamp);
    assert_int_equal(troth_connect(phone->host, &lamp->identity, 0), TROTH_OK);
    const struct troth_addr nobody = {TROTH_ADDR_PUBLIC, {1, 1, 1, 1, 1, 1}};
    assert_int_equal(troth_connect(phone->host, &nobody, 0), TROTH_BUSY);
    world_run(w, 100000);
    expect_none(phone, TROTH_EV_CONNECT_FAILED);
    device_on(lamp);
    device_advertise(lamp);
    assert_true(expect(phone, TROTH_EV_CONNECTED)->u.connected.bonded);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
    part(phone, lamp);
    /* A stranger who does not answer: the attempt's time is its own, whatever changes meanwhile. */
    uint64_t began = world_now(w);
    phone->read = phone->logged;
    assert_int_equal(troth_connect(phone->host, &nobody, 50000), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x3e);
    assert_in_range(world_now(w) - began, 50000, 50020);
    assert_int_equal(device_count(phone, TROTH_EV_BROKEN), 0);
    nobody_was_named();
}

static void while_the_host_connects(void **state)
{
    (void)state;
    the_address_changes_while_a_connection_is_being_created(false);
}

static void while_the_controller_connects(void **state)
{
    (void)state;
    the_address_changes_while_a_connection_is_being_created(true);
}

/* ---- the list and the bonds ---- */

static void a_removed_bond_is_not_recognised(bool by_controller)
{
    private(phone, by_controller);
    private(lamp, by_controller);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_OK);
    expect(lamp, TROTH_EV_BOND_REMOVED);
    world_run(w, 1000);
    for (int i = 0; i < TROTH_MAX_BONDS; i++)
        assert_int_equal(lamp->host->gap.list.bond[i].state, 0);
    assert_int_equal(troth_connect(phone->host, &lamp->identity, 10000), TROTH_OK);
    expect(phone, TROTH_EV_CONNECTED);
    assert_false(expect(lamp, TROTH_EV_CONNECTED)->u.connected.bonded);
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0x06);
    nobody_was_named();
}

static void forgotten_by_the_host(void **state)
{
    (void)state;
    a_removed_bond_is_not_recognised(false);
}

static void forgotten_by_the_controller(void **state)
{
    (void)state;
    a_removed_bond_is_not_recognised(true);
}

/* A list of two: our own entry and one peer. Both peers are recognised, in turn. */
static void a_list_with_one_place(void **state)
{
    (void)state;
    private(phone, true);
    private(lamp, true);
    private(stranger, true);
    lamp->radio_config.resolving_size = 2;
    device_on(phone);
    device_on(lamp);
    expect_privacy(lamp, TROTH_PRIVACY_CONTROLLER);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    become_bonded(stranger, lamp);
    part(stranger, lamp);
    for (int i = 0; i < 3; i++) {
        world_run(w, 950000);
        reconnect_encrypted(phone, lamp);
        part(phone, lamp);
        reconnect_encrypted(stranger, lamp);
        part(stranger, lamp);
    }
    assert_int_equal(device_count(lamp, TROTH_EV_BROKEN), 0);
    nobody_was_named();
}

static void a_list_without_a_place_for_a_peer(void **state)
{
    (void)state;
    lamp->radio_config.resolving_size = 1;
    private(lamp, true);
    device_on(lamp);
    expect_privacy(lamp, TROTH_PRIVACY_HOST);
    /* An older controller, which would hear no bonded peer under its identity address. */
    phone->radio_config.commands_clear[39] = 1 << 2;
    private(phone, true);
    device_on(phone);
    expect_privacy(phone, TROTH_PRIVACY_HOST);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    reconnect_encrypted(phone, lamp);
    nobody_was_named();
}

static void after_power_off_all_is_as_it_was(void **state)
{
    (void)state;
    private(phone, true);
    private(lamp, true);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    become_bonded(phone, lamp);
    part(phone, lamp);
    device_cut(phone);
    device_cut(lamp);
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    reconnect_encrypted(phone, lamp);
    nobody_was_named();
}

/* Without privacy nothing is hidden and nothing is new: the identity is on the air. */
static void off_by_default(void **state)
{
    (void)state;
    device_on(phone);
    device_on(lamp);
    expect_privacy(lamp, TROTH_PRIVACY_OFF);
    device_advertise(lamp);
    struct troth_addr a = advertised(lamp);
    assert_true(troth_addr_equal(&a, &lamp->identity));
    device_connect(phone, lamp);
    assert_true(troth_addr_equal(&link_of(lamp)->peer, &phone->identity));
    world_run(w, 2000000);
    assert_int_equal(lamp->host->gap.list.bond[0].state, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(advertising_under_changing_addresses),
        TEST(advertising_under_changing_addresses_of_the_controller),
        TEST(active_scanning_does_not_tell_who_asks),
        TEST(nor_does_the_controller),
        TEST(the_host_recognises),
        TEST(the_controller_recognises),
        TEST(while_the_host_connects),
        TEST(while_the_controller_connects),
        TEST(forgotten_by_the_host),
        TEST(forgotten_by_the_controller),
        TEST(a_list_with_one_place),
        TEST(a_list_without_a_place_for_a_peer),
        TEST(after_power_off_all_is_as_it_was),
        TEST(off_by_default),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
