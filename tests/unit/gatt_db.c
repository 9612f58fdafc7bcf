/* Tables to handles, tables that contradict themselves, and the Database Hash. */
#include "support/gatt_fake.h"

#include "crypto/toolbox.h"
#include "gatt/db.h"

#include <stdlib.h>
#include <string.h>

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    (void)a;
    return TROTH_GATT_OK;
}

static struct troth_characteristic chars[3];
static struct troth_service table;
static struct troth_gatt_service service;
static struct gatt_db db;

static int fresh(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 3; i++)
        chars[i] = (struct troth_characteristic){.uuid = TROTH_UUID16(0xaa01 + i),
                                                 .id = (uint8_t)(10 + i),
                                                 .properties = TROTH_PROP_READ};
    table = (struct troth_service){TROTH_UUID16(0xaa00), chars, 3, serve, NULL};
    service = (struct troth_gatt_service){.table = &table};
    gatt_db_init(&db, "n", 0);
    return 0;
}

static void handles_in_order(void **state)
{
    (void)state;
    static struct troth_gatt_service again;
    again = (struct troth_gatt_service){.table = &table};
    chars[0].properties |= TROTH_PROP_NOTIFY;
    chars[0].description = "d";
    chars[1].description = "d";
    assert_int_equal(gatt_db_add(&db, &service), TROTH_OK);
    assert_int_equal(gatt_db_add(&db, &again), TROTH_OK);
    assert_int_equal(service.first_handle, 14);
    assert_int_equal(gatt_db_value_handle(&db, &service, 10), 16);
    assert_int_equal(gatt_db_value_handle(&db, &service, 11), 20);
    assert_int_equal(gatt_db_value_handle(&db, &service, 12), 23);
    assert_int_equal(gatt_db_value_handle(&db, &service, 13), 0);
    assert_int_equal(again.first_handle, 24);
    assert_int_equal(gatt_db_value_handle(&db, &again, 12), 33);

    static const enum db_kind kinds[] = {DB_SERVICE,     DB_DECLARATION, DB_VALUE, DB_CCC,
                                         DB_DESCRIPTION, DB_DECLARATION, DB_VALUE, DB_DESCRIPTION,
                                         DB_DECLARATION, DB_VALUE};
    struct db_attribute a;
    uint16_t n = 0;
    for (uint32_t h = 1; db_next(&db, h, &a); h = a.handle + 1u) {
        assert_int_equal(a.handle, ++n);
        assert_int_equal(a.builtin, n < 14);
        if (n >= 14)
            assert_int_equal(a.kind, kinds[(n - 14) % 10]);
    }
    assert_int_equal(n, 33);
    assert_false(db_next(&db, 0xffff, &a));
    assert_false(db_next(&db, 0x10000, &a));
    assert_false(db_at(&db, 0, &a));
}

#define REFUSED()                                                                                  \
    do {                                                                                           \
        assert_int_equal(gatt_db_add(&db, &service), TROTH_INVALID);                               \
        fresh(NULL);                                                                               \
    } while (0)

static void contradictions(void **state)
{
    (void)state;
    char long_text[600];
    memset(long_text, 'a', sizeof long_text);
    long_text[513] = 0;

    assert_int_equal(gatt_db_add(&db, NULL), TROTH_INVALID);
    service.table = NULL;
    REFUSED();
    table.uuid.len = 4;
    REFUSED();
    table.access = NULL;
    REFUSED();
    table.characteristics = NULL;
    REFUSED();
    chars[2].id = 10;
    REFUSED();
    chars[1].uuid.len = 0;
    REFUSED();
    chars[1].properties = 0;
    REFUSED();
    chars[1].properties = 0x80;
    REFUSED();
    chars[1].properties = 0x01;
    REFUSED();
    chars[1].read = 4;
    REFUSED();
    chars[1].write = 4;
    REFUSED();
    chars[1].subscribe = 255;
    REFUSED();
    chars[1].key_size = 6;
    REFUSED();
    chars[1].key_size = 17;
    REFUSED();
    chars[1].description = long_text;
    REFUSED();
    long_text[512] = 0;
    chars[1].description = long_text;
    assert_int_equal(gatt_db_add(&db, &service), TROTH_OK);
    assert_int_equal(gatt_db_add(&db, &service), TROTH_INVALID); /* twice */
    gatt_db_seal(&db);
    struct troth_gatt_service late = {.table = &table};
    assert_int_equal(gatt_db_add(&db, &late), TROTH_STATE);
}

static void full(void **state)
{
    (void)state;
    static struct troth_gatt_service many[TROTH_MAX_SERVICES + 1];
    memset(many, 0, sizeof many);
    for (size_t i = 0; i <= TROTH_MAX_SERVICES; i++) {
        many[i].table = &table;
        assert_int_equal(gatt_db_add(&db, &many[i]),
                         i < TROTH_MAX_SERVICES ? TROTH_OK : TROTH_FULL);
    }
}

/* ---- the Database Hash ---- */

static struct cmac hash;

static void feed(uint16_t handle, uint16_t type, const char *value_hex)
{
    uint8_t v[64];
    struct troth_uuid uuid = TROTH_UUID16(type);
    hash_attribute(&hash, handle, &uuid, v, fake_unhex(value_hex, v, sizeof v));
}

/* The specification's sample, Vol 3 Part G Appendix B, attribute by attribute, values included. */
static void sample_database(void **state)
{
    (void)state;
    static const uint8_t zero[16], want[16] = {0xf1, 0xca, 0x2d, 0x48, 0xec, 0xf5, 0x8b, 0xac,
                                               0x8a, 0x88, 0x30, 0xbb, 0xb9, 0xfb, 0xa9, 0x90};
    uint8_t mac[16];

    cmac_start(&hash, zero);
    feed(0x0001, 0x2800, "00 18");
    feed(0x0002, 0x2803, "0a 03 00 00 2a");
    feed(0x0003, 0x2a00, "41 42"); /* values are not hashed */
    feed(0x0004, 0x2803, "02 05 00 01 2a");
    feed(0x0005, 0x2a01, "00 00");
    feed(0x0006, 0x2800, "01 18");
    feed(0x0007, 0x2803, "20 08 00 05 2a");
    feed(0x0008, 0x2a05, "");
    feed(0x0009, 0x2902, "02 00"); /* of the CCC, handle and type are */
    feed(0x000a, 0x2803, "0a 0b 00 29 2b");
    feed(0x000b, 0x2b29, "01");
    feed(0x000c, 0x2803, "02 0d 00 2a 2b");
    feed(0x000d, 0x2b2a, "00 00 00 00");
    feed(0x000e, 0x2800, "08 18");
    feed(0x000f, 0x2802, "14 00 16 00 0f 18");
    feed(0x0010, 0x2803, "a2 11 00 18 2a");
    feed(0x0011, 0x2a18, "01");
    feed(0x0012, 0x2902, "");
    feed(0x0013, 0x2900, "00 00");
    feed(0x0014, 0x2801, "0f 18");
    feed(0x0015, 0x2803, "02 16 00 19 2a");
    feed(0x0016, 0x2a19, "64");
    cmac_end(&hash, mac);
    assert_memory_equal(mac, want, 16);
}

/* Our own database, its message written out by hand. */
static void own_database(void **state)
{
    (void)state;
    static const uint8_t zero[16];
    uint8_t m[256], mac[16], wire[16];
    struct cmac c;

    chars[0].properties |= TROTH_PROP_NOTIFY;
    chars[0].description = "d";
    table.count = 1;
    assert_int_equal(gatt_db_add(&db, &service), TROTH_OK);
    gatt_db_seal(&db);
    size_t n = fake_unhex("0100 0028 0018  0200 0328 02 0300 002a  0400 0328 02 0500 012a"
                          "0600 0028 0118  0700 0328 20 0800 052a  0900 0229"
                          "0a00 0328 02 0b00 2a2b  0c00 0328 02 0d00 3a2b"
                          "0e00 0028 00aa  0f00 0328 12 1000 01aa  1100 0229  1200 0129",
                          m, sizeof m);
    cmac_start(&c, zero);
    cmac_feed(&c, m, n);
    cmac_end(&c, mac);
    for (size_t i = 0; i < 16; i++)
        wire[i] = mac[15 - i];
    assert_memory_equal(db.hash, wire, 16);
}

static void hash_knows_changes(void **state)
{
    (void)state;
    uint8_t before[16];
    gatt_db_add(&db, &service);
    gatt_db_seal(&db);
    memcpy(before, db.hash, 16);
    gatt_db_seal(&db);
    assert_memory_equal(before, db.hash, 16);
    fresh(NULL);
    chars[0].properties |= TROTH_PROP_WRITE;
    gatt_db_add(&db, &service);
    gatt_db_seal(&db);
    assert_memory_not_equal(before, db.hash, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(handles_in_order, fresh),
        cmocka_unit_test_setup(contradictions, fresh),
        cmocka_unit_test_setup(full, fresh),
        cmocka_unit_test_setup(sample_database, fresh),
        cmocka_unit_test_setup(own_database, fresh),
        cmocka_unit_test_setup(hash_knows_changes, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
