/* Prepared writes: the queue's bounds, what Execute accepts, and that it is all or nothing. */
#include "support/gatt_fake.h"

#include <stdio.h>
#include <string.h>

/* 000e service   000f 0010 one   0011 0012 two   0013 0014 read only   0015 0016 0017 CCC */
static struct {
    uint8_t id;
    bool check;
    uint16_t offset, len;
    uint8_t data[512];
} seen[80];
static unsigned seen_n;
static unsigned refuse_at; /* the access, counted from 1, that is refused */

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    assert_true(a->write && a->prepared && !a->command);
    assert_true(seen_n < 80);
    seen[seen_n].id = a->id;
    seen[seen_n].check = a->check;
    seen[seen_n].offset = a->offset;
    seen[seen_n].len = a->len;
    memcpy(seen[seen_n].data, a->data, a->len);
    return ++seen_n == refuse_at ? TROTH_GATT_NOT_ALLOWED : TROTH_GATT_OK;
}

static const struct troth_characteristic chars[] = {
    {.uuid = TROTH_UUID16(0xaa01), .id = 1, .properties = TROTH_PROP_WRITE},
    {.uuid = TROTH_UUID16(0xaa02), .id = 2, .properties = TROTH_PROP_WRITE},
    {.uuid = TROTH_UUID16(0xaa03), .id = 3, .properties = TROTH_PROP_READ},
    {.uuid = TROTH_UUID16(0xaa04), .id = 4, .properties = TROTH_PROP_NOTIFY},
};
static const struct troth_service table = {TROTH_UUID16(0xaa00), chars, 4, serve, NULL};
static struct troth_gatt_service service;
static struct fake f;

static int fresh(void **state)
{
    (void)state;
    memset(&service, 0, sizeof service);
    service.table = &table;
    fake_open(&f, &service, 1);
    seen_n = refuse_at = 0;
    return 0;
}

static void expect_seen(unsigned i, uint8_t id, bool check, uint16_t offset, const char *data)
{
    assert_true(i < seen_n);
    assert_int_equal(seen[i].id, id);
    assert_int_equal(seen[i].check, check);
    assert_int_equal(seen[i].offset, offset);
    assert_int_equal(seen[i].len, strlen(data));
    assert_memory_equal(seen[i].data, data, strlen(data));
}

static void parts_become_one_write(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 00 00 61 62", "17 10 00 00 00 61 62");
    fake_turn(&f, "16 10 00 02 00 63", "17 10 00 02 00 63");
    fake_turn(&f, "16 10 00 03 00", "17 10 00 03 00");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 2);
    expect_seen(0, 1, true, 0, "abc");
    expect_seen(1, 1, false, 0, "abc");
    fake_turn(&f, "18 01", "19"); /* nothing is left */
    assert_int_equal(seen_n, 2);
}

static void all_are_checked_before_one_is_written(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    fake_turn(&f, "16 12 00 05 00 78", "17 12 00 05 00 78");
    fake_turn(&f, "16 10 00 01 00 62", "17 10 00 01 00 62"); /* in turns: still whole */
    fake_turn(&f, "16 12 00 06 00 79 7a", "17 12 00 06 00 79 7a");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 4);
    expect_seen(0, 1, true, 0, "ab");
    expect_seen(1, 2, true, 5, "xyz");
    expect_seen(2, 1, false, 0, "ab");
    expect_seen(3, 2, false, 5, "xyz");
}

static void a_refused_check_writes_nothing(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    fake_turn(&f, "16 12 00 00 00 78", "17 12 00 00 00 78");
    refuse_at = 2;
    fake_turn(&f, "18 01", "01 18 12 00 13");
    assert_int_equal(seen_n, 2);
    assert_true(seen[0].check && seen[1].check);
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 2);
}

static void a_refused_write_ends_it(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    refuse_at = 2;
    fake_turn(&f, "18 01", "01 18 10 00 13");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 2);
}

/* Every second part's offset against a first of four octets at 8: only 12 continues it. */
static void overlap_gap_hole(void **state)
{
    (void)state;
    for (unsigned offset = 0; offset < 600; offset++) {
        char in[64], out[64];
        fresh(NULL);
        fake_turn(&f, "16 10 00 08 00 61 62 63 64", "17 10 00 08 00 61 62 63 64");
        snprintf(in, sizeof in, "16 10 00 %02x %02x 65", offset & 0xff, offset >> 8);
        snprintf(out, sizeof out, "17 10 00 %02x %02x 65", offset & 0xff, offset >> 8);
        fake_turn(&f, in, out);
        fake_turn(&f, "16 12 00 00 00 65", "17 12 00 00 00 65");
        fake_turn(&f, "18 01", offset == 12 ? "19" : "01 18 10 00 07");
        assert_int_equal(seen_n, offset == 12 ? 4 : 0);
        fake_turn(&f, "18 01", "19");
        assert_int_equal(seen_n, offset == 12 ? 4 : 0);
    }
}

static void never_past_512(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 01 02 61", "17 10 00 01 02 61"); /* from 513 */
    fake_turn(&f, "18 01", "01 18 10 00 07");
    fake_turn(&f, "16 10 00 ff ff 61", "17 10 00 ff ff 61");
    fake_turn(&f, "18 01", "01 18 10 00 07");
    fake_turn(&f, "16 10 00 ff ff 61", "17 10 00 ff ff 61");
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61"); /* 65535 + 1 does not wrap */
    fake_turn(&f, "18 01", "01 18 10 00 07");
    fake_turn(&f, "16 10 00 00 02 61", "17 10 00 00 02 61"); /* 512, one more */
    fake_turn(&f, "18 01", "01 18 10 00 0d");
    fake_turn(&f, "16 10 00 00 02", "17 10 00 00 02"); /* 512, no octet: the handler's to say */
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 2);
    fake_turn(&f, "16 10 00 ff 01 61", "17 10 00 ff 01 61");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 4);
}

static void put_part(uint16_t offset, uint16_t len, uint8_t error)
{
    uint8_t pdu[247] = {0x16, 0x10, 0, (uint8_t)offset, (uint8_t)(offset >> 8)};
    memset(pdu + 5, (int)offset, len);
    fake_forget(&f);
    fake_rx_bytes(&f, pdu, len + 5u);
    const struct fake_pdu *p = fake_next(&f);
    if (error) {
        uint8_t want[] = {0x01, 0x16, 0x10, 0x00, error};
        assert_int_equal(p->len, 5);
        assert_memory_equal(p->b, want, 5);
    } else {
        assert_int_equal(p->len, len + 5);
        assert_int_equal(p->b[0], 0x17);
        assert_memory_equal(p->b + 1, pdu + 1, len + 4u);
    }
}

static void octets_are_bounded(void **state)
{
    (void)state;
    fake_turn(&f, "02 f7 00", "03 f7 00");
    put_part(0, 242, 0);
    put_part(242, 242, 0);
    put_part(484, 29, 0x09); /* one too many */
    put_part(484, 28, 0);
    put_part(512, 1, 0x09);
    put_part(512, 0, 0);
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 2);
    assert_int_equal(seen[1].len, 512);
    assert_int_equal(seen[1].data[241], 0);
    assert_int_equal(seen[1].data[483], 242);
    assert_int_equal(seen[1].data[511], 484 & 0xff);
}

static void parts_are_counted(void **state)
{
    (void)state;
    for (uint16_t i = 0; i < TROTH_PREPARED_WRITES; i++)
        put_part(i % 2 ? 0 : 9, i % 3 ? 0 : 1, 0); /* torn parts and empty ones count as well */
    put_part(0, 0, 0x09);
    put_part(0, 1, 0x09);
    fake_forget(&f);
    fake_turn(&f, "18 00", "19");
    put_part(0, 1, 0);
}

static void cancel(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    fake_turn(&f, "18 02", "01 18 00 00 04");
    fake_turn(&f, "18 00", "19");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 0);
}

static void disconnect_forgets(void **state)
{
    (void)state;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    gatt_disconnected(&f.g);
    fake_reconnect(&f);
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 0);
    f.by_hand = true;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    fake_rx(&f, "18 01");
    gatt_disconnected(&f.g);
    assert_int_equal(f.withdrawn, 1);
    gatt_access_done(&f.g, TROTH_GATT_OK, NULL, 0);
    fake_silent(&f);
}

static void two_clients_do_not_meet(void **state)
{
    (void)state;
    static struct fake other;
    static struct troth_gatt_service mirror;
    mirror = (struct troth_gatt_service){.table = &table};
    fake_open(&other, &mirror, 1);
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    fake_turn(&other, "16 10 00 01 00 62", "17 10 00 01 00 62");
    fake_turn(&other, "18 00", "19");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 2);
    expect_seen(1, 1, false, 0, "a");
}

static void what_cannot_be_prepared(void **state)
{
    (void)state;
    fake_turn(&f, "16 14 00 00 00 61", "01 16 14 00 03");
    fake_turn(&f, "16 17 00 00 00 01 00", "01 16 17 00 03"); /* a CCC is written at once */
    fake_turn(&f, "16 03 00 00 00 61", "01 16 03 00 03");
    fake_turn(&f, "16 0e 00 00 00 61", "01 16 0e 00 03");
    fake_turn(&f, "16 00 00 00 00 61", "01 16 00 00 01");
    fake_turn(&f, "16 18 00 00 00 61", "01 16 18 00 01");
    fake_turn(&f, "18 01", "19");
    assert_int_equal(seen_n, 0);
}

/* Notifications and reads in between, answers far later. */
static void asked_one_by_one(void **state)
{
    (void)state;
    f.by_hand = true;
    fake_turn(&f, "16 10 00 00 00 61", "17 10 00 00 00 61");
    fake_turn(&f, "16 12 00 00 00 62", "17 12 00 00 00 62");
    fake_rx(&f, "18 01");
    static const bool check[] = {true, true, false, false};
    for (size_t i = 0; i < 4; i++) {
        const struct troth_ask *a = fake_ask(&f);
        fake_no_ask(&f);
        fake_silent(&f);
        assert_int_equal(a->u.gatt.access.check, check[i]);
        assert_int_equal(a->u.gatt.access.id, 1 + i % 2);
        gatt_access_done(&f.g, TROTH_GATT_OK, NULL, 0);
    }
    fake_sent(&f, "19");
    fake_silent(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(parts_become_one_write, fresh),
        cmocka_unit_test_setup(all_are_checked_before_one_is_written, fresh),
        cmocka_unit_test_setup(a_refused_check_writes_nothing, fresh),
        cmocka_unit_test_setup(a_refused_write_ends_it, fresh),
        cmocka_unit_test_setup(overlap_gap_hole, fresh),
        cmocka_unit_test_setup(never_past_512, fresh),
        cmocka_unit_test_setup(octets_are_bounded, fresh),
        cmocka_unit_test_setup(parts_are_counted, fresh),
        cmocka_unit_test_setup(cancel, fresh),
        cmocka_unit_test_setup(disconnect_forgets, fresh),
        cmocka_unit_test_setup(two_clients_do_not_meet, fresh),
        cmocka_unit_test_setup(what_cannot_be_prepared, fresh),
        cmocka_unit_test_setup(asked_one_by_one, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
