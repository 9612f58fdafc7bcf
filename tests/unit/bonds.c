/* The table of bonds: finding, resolving, making room, and what counts as weaker. */
#include "bonds/bonds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include "crypto/toolbox.h"

static struct bonds t;

static struct troth_addr peer(uint8_t n)
{
    return (struct troth_addr){TROTH_ADDR_PUBLIC, {n, 1, 2, 3, 4, 5}};
}

static void put(int i, uint8_t n)
{
    memset(&t.bond[i], 0, sizeof t.bond[i]);
    t.bond[i].used = true;
    t.bond[i].keys.identity = peer(n);
    t.bond[i].keys.key_size = 16;
}

static void weaker(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 40; a++)
        for (unsigned c = 0; c < 40; c++) {
            struct troth_level old = {(uint8_t)(7 + a % 10), a / 10 & 1, a / 20, true};
            struct troth_level new = {(uint8_t)(7 + c % 10), c / 10 & 1, c / 20, true};
            bool at_least = new.key_size >= old.key_size &&new.mitm >= old.mitm &&new.sc >= old.sc;
            assert_int_equal(troth_level_weaker(&old, &new), !at_least);
        }
}

static void resolving(void **state)
{
    (void)state;
    memset(&t, 0, sizeof t);
    struct troth_addr a = {TROTH_ADDR_RANDOM, {0, 0, 0, 0x94, 0x81, 0x70}};
    put(3, 3);
    t.bond[3].keys.has_irk = true; /* all zero: resolves nothing */
    toolbox_ah(t.bond[3].keys.irk, a.b + 3, a.b);
    assert_int_equal(bonds_resolve(&t, &a), -1);
    memset(t.bond[3].keys.irk, 0x31, 16);
    assert_int_equal(bonds_resolve(&t, &a), -1);
    toolbox_ah(t.bond[3].keys.irk, a.b + 3, a.b);
    assert_int_equal(bonds_resolve(&t, &a), 3);
    for (unsigned bit = 0; bit < 48; bit++) { /* any other address is somebody else's */
        struct troth_addr other = a;
        other.b[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(bonds_resolve(&t, &other), -1);
    }
    a.type = TROTH_ADDR_PUBLIC;
    assert_int_equal(bonds_resolve(&t, &a), -1);
    a = peer(3);
    assert_int_equal(bonds_resolve(&t, &a), 3);
    a.type = TROTH_ADDR_RANDOM;
    assert_int_equal(bonds_resolve(&t, &a), -1);
    t.bond[3].keys.has_irk = false;
    t.bond[3].used = false;
    a = peer(3);
    assert_int_equal(bonds_resolve(&t, &a), -1);
}

static void the_least_recently_used_makes_room(void **state)
{
    (void)state;
    const struct troth_level plain = {16, false, false, true};
    memset(&t, 0, sizeof t);
    struct troth_addr a = peer(200);
    assert_int_equal(bonds_place(&t, &a, &plain, 0), 0);
    assert_int_equal(bonds_place(&t, &a, &plain, 1), 1); /* a place that is spoken for */
    for (int i = 0; i < TROTH_MAX_BONDS; i++) {
        put(i, (uint8_t)i);
        bonds_touch(&t, i);
    }
    assert_int_equal(bonds_place(&t, &a, &plain, 0), 0);
    bonds_touch(&t, 0);
    assert_int_equal(bonds_place(&t, &a, &plain, 0), 1);
    assert_int_equal(bonds_place(&t, &a, &plain, 0x6), 3); /* 1 and 2 are connected */
    assert_int_equal(bonds_place(&t, &a, &plain, 0xffffffff), -1);
    a = peer(9);
    assert_int_equal(bonds_place(&t, &a, &plain, 0xffffffff), 9); /* its own place */
    t.dirty[0] = 0;
    bonds_touch(&t, 0); /* the newest already: nothing to write down */
    assert_int_equal(t.dirty[0], 0);
    t.bond[5].state.last_use = UINT32_MAX;
    bonds_touch(&t, 0);
    assert_true(t.bond[0].state.last_use > t.bond[5].state.last_use);
    assert_true(t.dirty[0]);
}

/* A stranger's Just Works never pushes out who was authenticated. */
static void a_stronger_bond_makes_room_last(void **state)
{
    (void)state;
    struct troth_addr a = peer(200);
    const struct troth_level just_works = {16, false, true, true}, legacy = {16, true, false, true},
                             best = {16, true, true, true}, short_key = {7, false, false, true};
    memset(&t, 0, sizeof t);
    for (int i = 0; i < TROTH_MAX_BONDS; i++) {
        put(i, (uint8_t)i);
        t.bond[i].keys.sc = t.bond[i].keys.mitm = true;
        bonds_touch(&t, i);
    }
    t.bond[5].keys.mitm = t.bond[7].keys.mitm = false;
    t.bond[7].keys.sc = false;
    assert_int_equal(bonds_place(&t, &a, &just_works, 0), 5);
    assert_int_equal(bonds_place(&t, &a, &just_works, 1 << 5), 7);
    assert_int_equal(bonds_place(&t, &a, &just_works, 1 << 5 | 1 << 7), -1);
    assert_int_equal(bonds_place(&t, &a, &short_key, 0), 5); /* stronger, but not authenticated */
    assert_int_equal(bonds_place(&t, &a, &best, 0), 0);
    assert_int_equal(bonds_place(&t, &a, &legacy, 0), 7);
    assert_int_equal(bonds_place(&t, &a, &legacy, 1 << 7), 0); /* as good as it gets */
    a = peer(0);
    assert_int_equal(bonds_place(&t, &a, &just_works, 0), 0); /* its own place: not asked here */
}

static void which_addresses_are_identities(void **state)
{
    (void)state;
    for (unsigned top = 0; top < 256; top++) {
        struct troth_addr a = {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, (uint8_t)top}};
        assert_int_equal(bonds_identity_valid(&a), top >= 0xc0);
        a.type = TROTH_ADDR_PUBLIC;
        assert_true(bonds_identity_valid(&a));
        a.type = 2;
        assert_false(bonds_identity_valid(&a));
    }
    struct troth_addr zero = {TROTH_ADDR_RANDOM, {0, 0, 0, 0, 0, 0xc0}};
    struct troth_addr ones = {TROTH_ADDR_RANDOM, {0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};
    assert_false(bonds_identity_valid(&zero));
    assert_false(bonds_identity_valid(&ones));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weaker),
        cmocka_unit_test(resolving),
        cmocka_unit_test(the_least_recently_used_makes_room),
        cmocka_unit_test(a_stronger_bond_makes_room_last),
        cmocka_unit_test(which_addresses_are_identities),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
