/* Checks that could be deleted with no other test turning red. */
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *phone, *lamp, *mallory;

static int begin(void **state)
{
    (void)state;
    w = world_new(7);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    mallory = world_device(w, "mallory");
    return 0;
}

static void all_on(void)
{
    device_on(phone);
    device_on(lamp);
    device_on(mallory);
    device_advertise(lamp);
}

static int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static void the_phone_is_bonded(void)
{
    device_connect(phone, lamp);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.stored);
    world_run(w, 1000);
}

/* CVE-2021-3436: as strong as the bond there is, under another address; nobody vouches for it. */
static void a_claimed_identity_replaces_no_bond(void **state)
{
    (void)state;
    all_on();
    the_phone_is_bonded();
    struct troth_bond_keys old = troth_bonds_find(lamp->host, &phone->identity)->keys;
    device_connect(mallory, lamp);
    mallory->host->identity = phone->identity; /* what a hostile stack distributes */
    assert_int_equal(troth_pair(mallory->host, mallory->link, NULL), TROTH_OK);
    assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason, 0x0f);
    world_run(w, 1000);
    assert_memory_equal(&troth_bonds_find(lamp->host, &phone->identity)->keys, &old, sizeof old);
    assert_int_equal(troth_bonds_find(lamp->host, &mallory->identity) == NULL, true);
}

/*
 * A passkey alone does not let a bonded central pair again: the link must have been encrypted with
 * the bond, or whoever has taken the device's place is paired with.
 */
static void a_bonded_central_does_not_pair_on_a_link_in_clear(void **state)
{
    (void)state;
    lamp->config.policy.features.io_cap = TROTH_DISPLAY_ONLY;
    phone->config.policy.features.io_cap = TROTH_KEYBOARD_DISPLAY;
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    all_on();
    the_phone_is_bonded();
    assert_int_equal(troth_bonds_remove(lamp->host, &phone->identity), TROTH_OK);
    device_disconnect(phone);
    expect(lamp, TROTH_EV_DISCONNECTED);
    device_connect(phone, lamp);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.by, TROTH_BY_US);
    assert_non_null(troth_bonds_find(phone->host, &lamp->identity));
    world_run(w, 1000);
    assert_int_equal(phone->asks[TROTH_ASK_PASSKEY_INPUT], 1); /* of the first pairing */
    /* A Security Request on such a link pairs no more than a call does. */
    if (device_count(phone, TROTH_EV_DISCONNECTED) == 1)
        device_disconnect(phone);
    world_run(w, 1000);
    device_connect(phone, lamp);
    troth_security_request(lamp->host, lamp->link,
                           TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC);
    world_run(w, 5000);
    assert_int_equal(phone->asks[TROTH_ASK_PASSKEY_INPUT], 1);
    assert_int_equal(device_count(phone, TROTH_EV_PAIRED), 1);
}

/* A full table makes room with the oldest bond, but not with that of somebody who is here. */
static void a_connected_peers_bond_keeps_its_place(void **state)
{
    (void)state;
    struct troth_bond_keys keys = {.key_size = 16, .sc = true};
    struct troth_bond_state st = {.last_use = 0};
    keys.ltk[0].present = true;
    for (unsigned i = 0; i < TROTH_MAX_BONDS - 1; i++) {
        keys.identity = (struct troth_addr){TROTH_ADDR_PUBLIC, {(uint8_t)i, 0, 0, 0, 0, 1}};
        st.last_use = 100 + i;
        struct record *r = &lamp->store[2 * i];
        r[0].used = r[1].used = true;
        r[0].kind = TROTH_RECORD_KEYS;
        r[1].kind = TROTH_RECORD_STATE;
        r[0].identity = r[1].identity = keys.identity;
        r[0].len = (uint16_t)troth_bond_keys_encode(&keys, r[0].bytes, TROTH_RECORD_MAX);
        r[1].len = (uint16_t)troth_bond_state_encode(&st, r[1].bytes, TROTH_RECORD_MAX);
    }
    all_on();
    the_phone_is_bonded();
    for (unsigned i = 0; i < TROTH_MAX_BONDS; i++)
        if (troth_addr_equal(&lamp->host->bonds.bond[i].keys.identity, &phone->identity))
            lamp->host->bonds.bond[i].state.last_use = 0; /* the oldest of all */
    device_connect(mallory, lamp);
    assert_int_equal(troth_pair(mallory->host, mallory->link, NULL), TROTH_OK);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    assert_non_null(troth_bonds_find(lamp->host, &phone->identity));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_claimed_identity_replaces_no_bond, begin, end),
        cmocka_unit_test_setup_teardown(a_bonded_central_does_not_pair_on_a_link_in_clear, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_connected_peers_bond_keeps_its_place, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
