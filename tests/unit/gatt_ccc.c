/* Subscriptions: written, pushed to, kept with the bond; and Service Changed. */
#include "support/gatt_fake.h"

#include <string.h>

/* 000e service; id n (1..10): declaration, value, CCC at 000f + 3(n-1) ... */
#define VALUE(n) (uint16_t)(0x10 + 3 * ((n)-1))
#define COUNT    (TROTH_MAX_CCC + 2)
#define SECURE                                                                                     \
    (struct troth_level)                                                                           \
    {                                                                                              \
        16, true, true, true                                                                       \
    }

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    (void)a;
    return TROTH_GATT_FAILED;
}

static struct troth_characteristic chars[COUNT];
static const struct troth_service table = {TROTH_UUID16(0xaa00), chars, COUNT, serve, NULL};
static struct troth_gatt_service service;
static struct fake f;

/* 1: notify; 2: indicate; the others both. */
static int fresh(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < COUNT; i++)
        chars[i] = (struct troth_characteristic){.uuid = TROTH_UUID16(0xaa01),
                                                 .id = (uint8_t)(i + 1),
                                                 .properties = i == 0   ? TROTH_PROP_NOTIFY
                                                               : i == 1 ? TROTH_PROP_INDICATE
                                                                        : TROTH_PROP_NOTIFY |
                                                                              TROTH_PROP_INDICATE};
    service = (struct troth_gatt_service){.table = &table};
    fake_open(&f, &service, 1);
    return 0;
}

static void subscribed(uint8_t id, uint16_t bits)
{
    const struct troth_event *e = fake_event(&f, TROTH_EV_SUBSCRIBED);
    assert_ptr_equal(e->u.subscribed.service, &service);
    assert_int_equal(e->u.subscribed.id, id);
    assert_int_equal(e->u.subscribed.bits, bits);
}

static uint8_t write_ccc(uint8_t id, uint16_t bits)
{
    uint16_t h = (uint16_t)(VALUE(id) + 1);
    uint8_t pdu[] = {0x12, (uint8_t)h, (uint8_t)(h >> 8), (uint8_t)bits, (uint8_t)(bits >> 8)};
    fake_rx_bytes(&f, pdu, sizeof pdu);
    const struct fake_pdu *p = fake_next(&f);
    return p->b[0] == 0x13 ? 0 : p->b[4];
}

static void written_and_read(void **state)
{
    (void)state;
    fake_turn(&f, "0a 11 00", "0b 00 00");
    fake_turn(&f, "12 11 00 01 00", "13");
    subscribed(1, 1);
    fake_turn(&f, "0a 11 00", "0b 01 00");
    fake_turn(&f, "08 01 00 ff ff 02 29",
              "09 04 09 00 00 00 11 00 01 00 14 00 00 00 17 00 00 00 1a 00 00 00");
    fake_turn(&f, "12 11 00 01 00", "13"); /* no change, no event */
    fake_no_event(&f);
    assert_true(gatt_subscribed(&f.g, &service, 1));
    assert_false(gatt_subscribed(&f.g, &service, 2));
    fake_turn(&f, "12 11 00 00 00", "13");
    subscribed(1, 0);
    assert_false(gatt_subscribed(&f.g, &service, 1));
    assert_int_equal(f.persists, 0);
}

static void wrong_bits_and_lengths(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < 0x10000; bits++) {
        fake_forget(&f);
        assert_int_equal(write_ccc(1, (uint16_t)bits), bits <= 1 ? 0 : 0x13);
        assert_int_equal(write_ccc(2, (uint16_t)bits), bits == 0 || bits == 2 ? 0 : 0x13);
        assert_int_equal(write_ccc(3, (uint16_t)bits), bits <= 3 ? 0 : 0x13);
    }
    fake_forget(&f);
    fake_turn(&f, "12 11 00", "01 12 11 00 0d");
    fake_turn(&f, "12 11 00 01", "01 12 11 00 0d");
    fake_turn(&f, "12 11 00 01 00 00", "01 12 11 00 0d");
}

static void notify(void **state)
{
    (void)state;
    uint8_t big[300] = {0};
    assert_int_equal(gatt_notify(&f.g, &service, 1, big, 1), TROTH_NOT_FOUND);
    assert_int_equal(gatt_notify(&f.g, &service, 99, big, 1), TROTH_NOT_FOUND);
    write_ccc(1, 1);
    assert_int_equal(gatt_notify(&f.g, &service, 1, (const uint8_t *)"hi", 2), TROTH_OK);
    fake_sent(&f, "1b 10 00 68 69");
    assert_int_equal(gatt_notify(&f.g, &service, 1, NULL, 0), TROTH_OK);
    fake_sent(&f, "1b 10 00");
    assert_int_equal(gatt_notify(&f.g, &service, 1, big, 300), TROTH_OK);
    assert_int_equal(fake_next(&f)->len, 23); /* truncated */
    write_ccc(3, 3);
    assert_int_equal(gatt_notify(&f.g, &service, 3, big, 1), TROTH_OK);
    fake_sent(&f, "1b 16 00 00"); /* both: by notification */
}

static void busy_then_sent(void **state)
{
    (void)state;
    write_ccc(1, 1);
    fake_forget(&f);
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_no_event(&f);
    f.full[GATT_SLOT_PUSH] = true;
    assert_int_equal(gatt_notify(&f.g, &service, 1, NULL, 0), TROTH_BUSY);
    assert_int_equal(gatt_notify(&f.g, &service, 1, NULL, 0), TROTH_BUSY);
    f.full[GATT_SLOT_PUSH] = false;
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_event(&f, TROTH_EV_SENT);
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_no_event(&f);
}

static void indicate(void **state)
{
    (void)state;
    write_ccc(2, 2);
    write_ccc(1, 1);
    fake_forget(&f);
    assert_int_equal(gatt_notify(&f.g, &service, 2, (const uint8_t *)"a", 1), TROTH_OK);
    fake_sent(&f, "1d 13 00 61");
    assert_int_equal(gatt_notify(&f.g, &service, 2, (const uint8_t *)"b", 1), TROTH_BUSY);
    assert_int_equal(gatt_notify(&f.g, &service, 1, NULL, 0), TROTH_OK); /* they still flow */
    fake_sent(&f, "1b 10 00");
    fake_turn(&f, "0a 05 00", "0b 40 03");
    fake_rx(&f, "1e 00"); /* not a confirmation */
    fake_no_event(&f);
    fake_rx(&f, "1e");
    assert_true(fake_event(&f, TROTH_EV_INDICATED)->u.indicated);
    fake_event(&f, TROTH_EV_SENT);
    fake_rx(&f, "1e"); /* nothing to confirm */
    fake_no_event(&f);
    assert_int_equal(gatt_notify(&f.g, &service, 2, (const uint8_t *)"b", 1), TROTH_OK);
    fake_sent(&f, "1d 13 00 62");
}

static void unconfirmed_for_30_s(void **state)
{
    (void)state;
    write_ccc(2, 2);
    fake_forget(&f);
    assert_true(gatt_deadline(&f.g) == TROTH_NEVER);
    gatt_notify(&f.g, &service, 2, NULL, 0);
    assert_true(gatt_deadline(&f.g) == 0);
    gatt_tick(&f.g, 1000);
    assert_true(gatt_deadline(&f.g) == 31000);
    gatt_tick(&f.g, 30999);
    fake_no_event(&f);
    gatt_tick(&f.g, 31000);
    assert_false(fake_event(&f, TROTH_EV_INDICATED)->u.indicated);
    assert_int_equal(f.disconnects, 1);
    assert_int_equal(gatt_notify(&f.g, &service, 2, NULL, 0), TROTH_STATE);
    fake_rx(&f, "1e");
    fake_no_event(&f);
    gatt_disconnected(&f.g);
    subscribed(2, 0); /* and nothing is unconfirmed twice */
    fake_no_event(&f);
}

/* The bearer dies of something else: the indication is over with it. */
static void dead_while_indicating(void **state)
{
    (void)state;
    write_ccc(2, 2);
    gatt_notify(&f.g, &service, 2, NULL, 0);
    f.full[GATT_SLOT_RESPONSE] = true;
    fake_rx(&f, "0a 05 00");
    fake_forget(&f);
    fake_rx(&f, "0a 05 00");
    assert_false(fake_event(&f, TROTH_EV_INDICATED)->u.indicated);
    assert_int_equal(f.disconnects, 1);
    assert_true(gatt_deadline(&f.g) == TROTH_NEVER);
}

static void disconnect_ends_subscriptions(void **state)
{
    (void)state;
    write_ccc(2, 2);
    write_ccc(1, 1);
    gatt_notify(&f.g, &service, 2, NULL, 0);
    fake_forget(&f);
    gatt_disconnected(&f.g);
    assert_false(fake_event(&f, TROTH_EV_INDICATED)->u.indicated);
    subscribed(2, 0);
    subscribed(1, 0);
    fake_no_event(&f);
    assert_false(gatt_subscribed(&f.g, &service, 1));
    assert_int_equal(gatt_notify(&f.g, &service, 1, NULL, 0), TROTH_STATE);
}

/* ---- with a bond ---- */

static void bond_now(void)
{
    f.has_bond = true;
    f.level = SECURE;
    gatt_bonded(&f.g);
}

static void kept_and_restored(void **state)
{
    (void)state;
    write_ccc(1, 1);
    bond_now(); /* paired after subscribing: kept all the same */
    assert_int_equal(f.bond.ccc[0].handle, VALUE(1));
    assert_int_equal(f.bond.ccc[0].bits, 1);
    assert_true(f.persists > 0);
    f.persists = 0;
    write_ccc(3, 3);
    assert_int_equal(f.persists, 1);
    write_ccc(3, 3);
    assert_int_equal(f.persists, 1);
    gatt_disconnected(&f.g);

    fake_reconnect(&f);
    assert_false(gatt_subscribed(&f.g, &service, 1)); /* not before it is the bond's link */
    fake_turn(&f, "0a 11 00", "0b 00 00");
    f.level = SECURE;
    gatt_bonded(&f.g);
    subscribed(1, 1);
    subscribed(3, 3);
    fake_no_event(&f);
    fake_turn(&f, "0a 11 00", "0b 01 00");
    fake_turn(&f, "12 11 00 00 00", "13");
    assert_int_equal(f.bond.ccc[0].handle, VALUE(3));
    assert_int_equal(f.bond.ccc[1].handle, 0);
    gatt_bonded(&f.g); /* encrypted once more: nothing comes back */
    assert_false(gatt_subscribed(&f.g, &service, 1));
}

static void a_link_not_encrypted_changes_no_bond(void **state)
{
    (void)state;
    f.has_bond = true;
    f.bond.ccc[0] = (struct troth_ccc){VALUE(1), 1};
    write_ccc(1, 0);
    write_ccc(3, 1);
    assert_int_equal(f.persists, 0);
    assert_int_equal(f.bond.ccc[0].bits, 1);
    f.level = SECURE; /* it is the peer itself after all: its word counts */
    gatt_bonded(&f.g);
    assert_false(gatt_subscribed(&f.g, &service, 1));
    assert_true(gatt_subscribed(&f.g, &service, 3));
    assert_int_equal(f.bond.ccc[0].handle, VALUE(3));
    assert_int_equal(f.bond.ccc[1].handle, 0);
}

static void what_no_longer_fits_is_dropped(void **state)
{
    (void)state;
    f.bond.ccc[0] = (struct troth_ccc){VALUE(1), 2};                 /* cannot indicate */
    f.bond.ccc[1] = (struct troth_ccc){(uint16_t)(VALUE(1) + 1), 1}; /* no value */
    f.bond.ccc[2] = (struct troth_ccc){0xfff0, 1};
    f.bond.ccc[3] = (struct troth_ccc){VALUE(4), 2};
    bond_now();
    subscribed(4, 2);
    fake_no_event(&f);
    assert_int_equal(f.bond.ccc[0].handle, VALUE(4));
    assert_int_equal(f.bond.ccc[1].handle, 0);
}

static void slots_run_out(void **state)
{
    (void)state;
    for (uint8_t id = 1; id <= TROTH_MAX_CCC; id++)
        assert_int_equal(write_ccc(id, chars[id - 1].properties == TROTH_PROP_INDICATE ? 2 : 1), 0);
    assert_int_equal(write_ccc(TROTH_MAX_CCC + 1, 1), 0x11);
    assert_int_equal(write_ccc(TROTH_MAX_CCC + 1, 0), 0);
    assert_int_equal(write_ccc(1, 0), 0);
    assert_int_equal(write_ccc(TROTH_MAX_CCC + 1, 1), 0);
    assert_int_equal(write_ccc(1, 1), 0x11);
}

/* ---- Service Changed ---- */

static void database_changed(void **state)
{
    (void)state;
    bond_now(); /* a new bond: what it saw is what there is */
    assert_memory_equal(f.bond.db_hash, f.db.hash, 16);
    fake_turn(&f, "12 09 00 02 00", "13");
    fake_no_event(&f); /* nobody's business but the server's */
    f.bond.db_hash[0] ^= 1;

    gatt_disconnected(&f.g);
    fake_reconnect(&f);
    f.level = SECURE;
    gatt_bonded(&f.g);
    fake_sent(&f, "1d 08 00 01 00 ff ff");
    assert_memory_not_equal(f.bond.db_hash, f.db.hash, 16); /* not before it is confirmed */
    gatt_disconnected(&f.g);
    fake_no_event(&f);

    fake_reconnect(&f);
    f.level = SECURE;
    f.full[GATT_SLOT_PUSH] = true;
    gatt_bonded(&f.g);
    fake_silent(&f);
    f.full[GATT_SLOT_PUSH] = false;
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_sent(&f, "1d 08 00 01 00 ff ff");
    gatt_bonded(&f.g);
    fake_silent(&f);
    fake_rx(&f, "1e");
    assert_memory_equal(f.bond.db_hash, f.db.hash, 16);
    assert_int_equal(f.persists, 1);
    gatt_bonded(&f.g);
    fake_silent(&f);
    fake_no_event(&f);
    write_ccc(2, 2); /* the next confirmation is of something else */
    fake_forget(&f);
    gatt_notify(&f.g, &service, 2, NULL, 0);
    fake_rx(&f, "1e");
    assert_true(fake_event(&f, TROTH_EV_INDICATED)->u.indicated);
}

static void changed_waits_for_a_confirmation(void **state)
{
    (void)state;
    f.bond.db_hash[0] = 1;
    f.bond.ccc[0] = (struct troth_ccc){8, 2};
    write_ccc(2, 2);
    gatt_notify(&f.g, &service, 2, NULL, 0);
    fake_forget(&f);
    bond_now();
    fake_silent(&f);
    fake_rx(&f, "1e");
    assert_true(fake_event(&f, TROTH_EV_INDICATED)->u.indicated);
    fake_sent(&f, "1d 08 00 01 00 ff ff");
    fake_silent(&f);
}

static void not_subscribed_to_changes(void **state)
{
    (void)state;
    f.bond.db_hash[0] = 1;
    bond_now();
    fake_silent(&f);
    assert_memory_equal(f.bond.db_hash, f.db.hash, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(written_and_read, fresh),
        cmocka_unit_test_setup(wrong_bits_and_lengths, fresh),
        cmocka_unit_test_setup(notify, fresh),
        cmocka_unit_test_setup(busy_then_sent, fresh),
        cmocka_unit_test_setup(indicate, fresh),
        cmocka_unit_test_setup(unconfirmed_for_30_s, fresh),
        cmocka_unit_test_setup(dead_while_indicating, fresh),
        cmocka_unit_test_setup(disconnect_ends_subscriptions, fresh),
        cmocka_unit_test_setup(kept_and_restored, fresh),
        cmocka_unit_test_setup(a_link_not_encrypted_changes_no_bond, fresh),
        cmocka_unit_test_setup(what_no_longer_fits_is_dropped, fresh),
        cmocka_unit_test_setup(slots_run_out, fresh),
        cmocka_unit_test_setup(database_changed, fresh),
        cmocka_unit_test_setup(changed_waits_for_a_confirmation, fresh),
        cmocka_unit_test_setup(not_subscribed_to_changes, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
