/* A bond that would share an entry of the resolving list with us. */
#include "gap_radio.h"

/*
 * A peer may distribute an identity of zeros, to be known by its IRK alone. Our own entry has that
 * address: it is not added twice, and does not go with the peer's bond.
 */
static void a_peer_whose_identity_is_zeros(void **state)
{
    (void)state;
    const struct troth_addr nobody = {TROTH_ADDR_PUBLIC, {0}};
    const uint8_t entry[7] = {0};
    begin(true);
    bond(3, true);
    bond(4, true);
    const struct troth_addr peer = peer_of(3), other = peer_of(4);
    b.host.bonds.bond[bonds_find(&b.host.bonds, &peer)].keys.identity = nobody;
    up();
    settle();
    advertise(true);
    settle();
    assert_true(radio.adv && radio.entries == 2);
    assert_int_equal(troth_bonds_remove(&b.host, &nobody), TROTH_OK);
    settle();
    assert_true(radio.adv && radio.entries == 2);
    assert_non_null(entry_of(entry));
    assert_int_equal(troth_bonds_remove(&b.host, &other), TROTH_OK);
    settle();
    assert_true(radio.adv && radio.entries == 1);
    assert_non_null(entry_of(entry));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_peer_whose_identity_is_zeros),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
