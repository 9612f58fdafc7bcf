/* The server as a peer meets it: PDUs in, PDUs out. */
#include "support/gatt_fake.h"

#include "crypto/toolbox.h"

#include <string.h>

/*
 * 0001 GAP           0002 0003 Device Name  0004 0005 Appearance
 * 0006 GATT          0007 0008 0009 Service Changed, CCC   000a 000b Hash   000c 000d Features
 * 000e service AA00  000f 0010 AA01 read, write            0011 0012 0013 0014 AA02 CCC, description
 *                    0015 0016 AA03 commands               0017 0018 AA01 read
 * 0019 service of 128 bits                                 001a 001b characteristic of 128 bits
 */
#define WIDE(n)                                                                                    \
    {                                                                                              \
        16,                                                                                        \
        {                                                                                          \
            n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15                                   \
        }                                                                                          \
    }
#define WIDE_TAIL "01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"

static uint8_t value[8][512];
static uint16_t value_len[8];
static enum troth_gatt_status answer;

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    if (answer != TROTH_GATT_OK)
        return answer;
    if (!a->write) {
        if (a->offset > value_len[a->id])
            return TROTH_GATT_INVALID_OFFSET;
        a->value = value[a->id] + a->offset;
        a->value_len = (uint16_t)(value_len[a->id] - a->offset);
        return TROTH_GATT_OK;
    }
    if (!a->check) {
        memcpy(value[a->id] + a->offset, a->data, a->len);
        value_len[a->id] = (uint16_t)(a->offset + a->len);
    }
    return TROTH_GATT_OK;
}

static const struct troth_characteristic chars_a[] = {
    {.uuid = TROTH_UUID16(0xaa01), .id = 1, .properties = TROTH_PROP_READ | TROTH_PROP_WRITE},
    {.uuid = TROTH_UUID16(0xaa02),
     .id = 2,
     .properties = TROTH_PROP_READ | TROTH_PROP_NOTIFY | TROTH_PROP_INDICATE,
     .description = "two"},
    {.uuid = TROTH_UUID16(0xaa03),
     .id = 3,
     .properties = TROTH_PROP_WRITE_COMMAND | TROTH_PROP_SIGNED_WRITE},
    {.uuid = TROTH_UUID16(0xaa01), .id = 4, .properties = TROTH_PROP_READ},
};
static const struct troth_characteristic chars_b[] = {
    {.uuid = WIDE(0xb1), .id = 5, .properties = TROTH_PROP_READ | TROTH_PROP_WRITE},
};
static const struct troth_service table_a = {TROTH_UUID16(0xaa00), chars_a, 4, serve, NULL};
static const struct troth_service table_b = {WIDE(0xb0), chars_b, 1, serve, NULL};
static struct troth_gatt_service services[2];
static struct fake f;

static int fresh(void **state)
{
    (void)state;
    memset(services, 0, sizeof services);
    services[0].table = &table_a;
    services[1].table = &table_b;
    fake_open(&f, services, 2);
    answer = TROTH_GATT_OK;
    memset(value, 0, sizeof value);
    for (uint16_t i = 0; i < 8; i++) {
        value_len[i] = 2;
        value[i][0] = (uint8_t)(0x10 + i);
    }
    return 0;
}

/* ---- MTU ---- */

static void exchange_mtu(void **state)
{
    (void)state;
    fake_turn(&f, "02 64 00", "03 f7 00");
    assert_int_equal(fake_event(&f, TROTH_EV_MTU)->u.mtu, 100);
    fake_turn(&f, "02 17 00", "03 f7 00"); /* once: the second changes nothing */
    fake_no_event(&f);
    assert_int_equal(f.g.att.mtu, 100);
}

static void mtu_is_bounded_both_ways(void **state)
{
    (void)state;
    fake_turn(&f, "02 ff ff", "03 f7 00");
    assert_int_equal(f.g.att.mtu, 247);
    fake_reconnect(&f);
    fake_turn(&f, "02 00 00", "03 f7 00");
    assert_int_equal(f.g.att.mtu, 23);
}

/* ---- finding ---- */

static void find_information(void **state)
{
    (void)state;
    fake_turn(&f, "04 01 00 03 00", "05 01 01 00 00 28 02 00 03 28 03 00 00 2a");
    fake_turn(&f, "04 0e 00 ff ff",
              "05 01 0e 00 00 28 0f 00 03 28 10 00 01 aa 11 00 03 28 12 00 02 aa");
    fake_turn(&f, "04 13 00 14 00", "05 01 13 00 02 29 14 00 01 29");
    fake_turn(&f, "04 1a 00 1b 00", "05 01 1a 00 03 28"); /* the lengths differ: ends there */
    fake_turn(&f, "04 1b 00 ff ff", "05 02 1b 00 b1 " WIDE_TAIL);
    fake_turn(&f, "04 1c 00 ff ff", "01 04 1c 00 0a");
    fake_turn(&f, "04 00 00 ff ff", "01 04 00 00 01");
    fake_turn(&f, "04 05 00 04 00", "01 04 05 00 01");
    fake_turn(&f, "04 ff ff ff ff", "01 04 ff ff 0a");
    fake_turn(&f, "02 1a 00", "03 f7 00"); /* 26: six fill it to the last octet */
    fake_rx(&f, "04 01 00 ff ff");
    assert_int_equal(fake_next(&f)->len, 26);
}

static void find_by_type_value(void **state)
{
    (void)state;
    fake_turn(&f, "06 01 00 ff ff 00 28 00 aa", "07 0e 00 18 00");
    fake_turn(&f, "06 01 00 ff ff 00 28 b0 " WIDE_TAIL, "07 19 00 1b 00");
    fake_turn(&f, "06 01 00 ff ff 00 28 b0 " WIDE_TAIL " 00", "01 06 00 00 04"); /* past the MTU */
    fake_turn(&f, "06 01 00 ff ff 00 28 01 aa", "01 06 01 00 0a");
    fake_turn(&f, "06 0f 00 ff ff 00 28 00 aa", "01 06 0f 00 0a");
    fake_turn(&f, "06 01 00 ff ff 01 29 74 77 6f", "07 14 00 14 00"); /* a description */
    fake_turn(&f, "06 01 00 ff ff 00 28", "01 06 01 00 0a");
    fake_turn(&f, "06 05 00 01 00 00 28", "01 06 05 00 01");
}

static void read_by_group_type(void **state)
{
    (void)state;
    fake_turn(&f, "10 01 00 ff ff 00 28",
              "11 06 01 00 05 00 00 18 06 00 0d 00 01 18 0e 00 18 00 00 aa");
    fake_turn(&f, "10 19 00 ff ff 00 28", "11 14 19 00 1b 00 b0 " WIDE_TAIL);
    fake_turn(&f, "10 1a 00 ff ff 00 28", "01 10 1a 00 0a");
    fake_turn(&f, "10 01 00 ff ff 01 28", "01 10 01 00 0a");
    fake_turn(&f, "10 01 00 ff ff 03 28", "01 10 01 00 10");
    fake_turn(&f, "10 00 00 ff ff 00 28", "01 10 00 00 01");
    fake_turn(&f, "10 0e 00 18 00 fb 34 9b 5f 80 00 00 80 00 10 00 00 00 28 00 00",
              "11 06 0e 00 18 00 00 aa");
}

/* ---- reading ---- */

static void read_by_type(void **state)
{
    (void)state;
    fake_turn(&f, "08 0e 00 18 00 03 28",
              "09 07 0f 00 0a 10 00 01 aa 11 00 32 12 00 02 aa 15 00 44 16 00 03 aa");
    fake_turn(&f, "08 16 00 ff ff 03 28", "09 07 17 00 02 18 00 01 aa");
    fake_turn(&f, "08 19 00 ff ff 03 28", "09 15 1a 00 0a 1b 00 b1 " WIDE_TAIL);
    fake_turn(&f, "08 01 00 ff ff 00 2a", "09 07 03 00 54 72 6f 74 68");
    fake_turn(&f, "08 01 00 ff ff 04 2a", "01 08 01 00 0a");
    fake_turn(&f, "08 00 00 ff ff 00 2a", "01 08 00 00 01");
    fake_turn(&f, "08 01 00 ff ff 03 aa", "01 08 16 00 02"); /* cannot be read */
    fake_turn(&f, "08 01 00 ff ff b1 " WIDE_TAIL, "09 04 1b 00 15 00");
    fake_no_event(&f);
}

/* Stops before a second value that must be asked for. */
static void read_by_type_asks_once(void **state)
{
    (void)state;
    f.by_hand = true;
    fake_rx(&f, "08 01 00 ff ff 01 aa");
    fake_silent(&f);
    const struct troth_ask *a = fake_ask(&f);
    assert_int_equal(a->u.gatt.access.id, 1);
    assert_false(a->u.gatt.access.write);
    fake_no_ask(&f);
    gatt_access_done(&f.g, TROTH_GATT_OK, (const uint8_t *)"xyz", 3);
    fake_sent(&f, "09 05 10 00 78 79 7a");
    fake_no_ask(&f);
    fake_rx(&f, "08 11 00 ff ff 01 aa");
    assert_int_equal(fake_ask(&f)->u.gatt.access.id, 4);
    gatt_access_done(&f.g, TROTH_GATT_FAILED, NULL, 0);
    fake_sent(&f, "01 08 18 00 0e");
    fake_silent(&f);
}

static void read_and_blob(void **state)
{
    (void)state;
    fake_turn(&f, "0a 03 00", "0b 54 72 6f 74 68");
    fake_turn(&f, "0a 05 00", "0b 40 03");
    fake_turn(&f, "0a 0d 00", "0b 00");
    fake_rx(&f, "0a 0b 00"); /* the Database Hash */
    const struct fake_pdu *p = fake_next(&f);
    assert_int_equal(p->len, 17);
    assert_memory_equal(p->b + 1, f.db.hash, 16);
    fake_turn(&f, "0a 0e 00", "0b 00 aa");
    fake_turn(&f, "0a 14 00", "0b 74 77 6f");
    fake_turn(&f, "0a 13 00", "0b 00 00");
    fake_turn(&f, "0a 10 00", "0b 11 00");
    fake_turn(&f, "0a 08 00", "01 0a 08 00 02");
    fake_turn(&f, "0a 16 00", "01 0a 16 00 02");
    fake_turn(&f, "0a 00 00", "01 0a 00 00 01");
    fake_turn(&f, "0a 1c 00", "01 0a 1c 00 01");
    fake_turn(&f, "0a ff ff", "01 0a ff ff 01");
    fake_turn(&f, "0c 03 00 02 00", "0d 6f 74 68");
    fake_turn(&f, "0c 03 00 05 00", "0d");
    fake_turn(&f, "0c 03 00 06 00", "01 0c 03 00 07");
    fake_turn(&f, "0c 03 00 ff ff", "01 0c 03 00 07");
    fake_turn(&f, "0c 10 00 01 00", "0d 00");
    fake_turn(&f, "0c 10 00 03 00", "01 0c 10 00 07");
    fake_turn(&f, "0c 10 00 01 02", "01 0c 10 00 07"); /* past what a value can have: not asked */
    fake_turn(&f, "0c 00 00 00 00", "01 0c 00 00 01");
}

static void long_values_are_cut_to_the_mtu(void **state)
{
    (void)state;
    value_len[1] = 512;
    memset(value[1], 0x77, 512);
    fake_rx(&f, "0a 10 00");
    assert_int_equal(fake_next(&f)->len, 23);
    fake_rx(&f, "0c 10 00 f8 01"); /* the last 8 of 512 */
    fake_sent(&f, "0d 77 77 77 77 77 77 77 77");
    fake_rx(&f, "08 10 00 10 00 01 aa");
    assert_int_equal(fake_next(&f)->b[1], 21);
    fake_turn(&f, "02 f7 00", "03 f7 00");
    fake_rx(&f, "0a 10 00");
    assert_int_equal(fake_next(&f)->len, 247);
    fake_rx(&f, "08 10 00 10 00 01 aa");
    const struct fake_pdu *p = fake_next(&f);
    assert_int_equal(p->len, 247);
    assert_int_equal(p->b[1], 245);
    fake_silent(&f);
}

static void read_multiple(void **state)
{
    (void)state;
    fake_turn(&f, "0e 03 00 05 00", "0f 54 72 6f 74 68 40 03");
    fake_turn(&f, "0e 10 00 05 00 18 00", "0f 11 00 40 03 14 00");
    fake_turn(&f, "20 10 00 05 00 18 00", "21 02 00 11 00 02 00 40 03 02 00 14 00");
    fake_forget(&f);
    fake_turn(&f, "0e 10 00 16 00", "01 0e 16 00 02"); /* refused before anything is asked */
    fake_turn(&f, "0e 10 00 1c 00", "01 0e 1c 00 01");
    fake_turn(&f, "20 10 00 00 00", "01 20 00 00 01");
    fake_no_ask(&f);
    value_len[1] = 300;
    fake_rx(&f, "0e 10 00 18 00");
    assert_int_equal(fake_next(&f)->len, 23);
    fake_rx(&f, "20 10 00 18 00");
    assert_int_equal(fake_next(&f)->len, 23);
    assert_int_equal(f.ask_n, 2); /* what cannot fit is not asked for */
    fake_turn(&f, "02 f7 00", "03 f7 00");
    fake_turn(&f,
              "0e 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 "
              "05 00 05 00 05 00 05 00",
              "01 0e 00 00 11"); /* 17 */
    fake_rx(&f, "0e 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 05 00 "
                "05 00 05 00 05 00");
    assert_int_equal(fake_next(&f)->len, 33);
}

static void read_multiple_asks_in_turn(void **state)
{
    (void)state;
    f.by_hand = true;
    fake_rx(&f, "0e 10 00 05 00 18 00");
    assert_int_equal(fake_ask(&f)->u.gatt.access.id, 1);
    fake_no_ask(&f);
    gatt_access_done(&f.g, TROTH_GATT_OK, (const uint8_t *)"a", 1);
    assert_int_equal(fake_ask(&f)->u.gatt.access.id, 4);
    fake_silent(&f);
    gatt_access_done(&f.g, TROTH_GATT_REFUSED, NULL, 0);
    fake_sent(&f, "01 0e 18 00 0e");
    gatt_access_done(&f.g, TROTH_GATT_OK, (const uint8_t *)"b", 1); /* late: nobody asked */
    fake_silent(&f);
}

/* ---- writing ---- */

static void write_request(void **state)
{
    (void)state;
    fake_turn(&f, "12 10 00 61 62 63", "13");
    assert_memory_equal(value[1], "abc", 3);
    assert_int_equal(value_len[1], 3);
    fake_turn(&f, "12 10 00", "13");
    assert_int_equal(value_len[1], 0);
    fake_turn(&f, "12 18 00 61", "01 12 18 00 03");
    fake_turn(&f, "12 16 00 61", "01 12 16 00 03"); /* commands only */
    fake_turn(&f, "12 03 00 61", "01 12 03 00 03");
    fake_turn(&f, "12 0e 00 61", "01 12 0e 00 03");
    fake_turn(&f, "12 0f 00 61", "01 12 0f 00 03");
    fake_turn(&f, "12 14 00 61", "01 12 14 00 03");
    fake_turn(&f, "12 00 00 61", "01 12 00 00 01");
    fake_turn(&f, "12 1c 00 61", "01 12 1c 00 01");
}

static void statuses_become_errors(void **state)
{
    (void)state;
    static const struct {
        enum troth_gatt_status status;
        uint8_t write, read;
    } rows[] = {{TROTH_GATT_INVALID_OFFSET, 0x07, 0x07}, {TROTH_GATT_INVALID_LENGTH, 0x0d, 0x0d},
                {TROTH_GATT_NOT_ALLOWED, 0x13, 0x13},    {TROTH_GATT_BUSY, 0xfe, 0xfe},
                {TROTH_GATT_REFUSED, 0xfc, 0x0e},        {TROTH_GATT_NO_RESOURCES, 0x11, 0x11},
                {TROTH_GATT_FAILED, 0x0e, 0x0e},         {TROTH_GATT_INVALID_PDU, 0x04, 0x04}};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        answer = rows[i].status;
        fake_rx(&f, "12 10 00 61");
        assert_int_equal(fake_next(&f)->b[4], rows[i].write);
        fake_rx(&f, "0a 10 00");
        assert_int_equal(fake_next(&f)->b[4], rows[i].read);
    }
    fake_silent(&f);
}

static void write_command(void **state)
{
    (void)state;
    fake_rx(&f, "52 16 00 61 62");
    const struct troth_ask *a = fake_ask(&f);
    assert_true(a->u.gatt.access.command && a->u.gatt.access.write);
    assert_memory_equal(value[3], "ab", 2);
    /* Whatever is wrong with a command, nothing is said. */
    fake_rx(&f, "52 10 00 61");
    fake_rx(&f, "52 00 00 61");
    fake_rx(&f, "52 1c 00 61");
    fake_rx(&f, "52 13 00 01 00");
    fake_rx(&f, "52 16");
    fake_rx(&f, "52 16 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
    fake_rx(&f, "d2 16 00 61");
    answer = TROTH_GATT_FAILED;
    fake_rx(&f, "52 16 00 63");
    fake_silent(&f);
    fake_ask(&f);
    fake_no_ask(&f);
    fake_turn(&f, "0a 05 00", "0b 40 03");
}

/* ---- Signed Write: Vol 3 Part C 10.4.2 ---- */

static void signed_write(uint32_t counter, const char *payload, int flip)
{
    uint8_t pdu[32] = {0xd2, 0x16, 0x00};
    size_t len = 3 + strlen(payload);
    memcpy(pdu + 3, payload, strlen(payload));
    toolbox_sign(f.csrk, pdu, len, counter, pdu + len);
    if (flip >= 0)
        pdu[flip] ^= 1;
    fake_rx_bytes(&f, pdu, len + 12);
}

static void signatures(void **state)
{
    (void)state;
    signed_write(0, "ab", -1); /* no bond */
    fake_no_ask(&f);
    f.has_bond = true;
    signed_write(0, "ab", -1); /* no key */
    fake_no_ask(&f);
    f.has_csrk = true;
    memset(f.csrk, 0x5a, 16);
    for (int i = 0; i < 17; i++) {
        if (i == 0) /* another opcode altogether */
            continue;
        signed_write(0, "ab", i);
    }
    fake_no_ask(&f);
    assert_int_equal(f.bond.sign_counter[1], 0);
    assert_int_equal(f.persists, 0);

    signed_write(7, "ab", -1);
    assert_int_equal(f.persists, 1); /* stored first */
    assert_int_equal(f.bond.sign_counter[1], 8);
    fake_no_ask(&f);
    fake_kept(&f);
    fake_ask(&f);
    signed_write(7, "ab", -1);
    signed_write(7, "ab", -1);
    signed_write(6, "ab", -1);
    signed_write(UINT32_MAX, "ab", -1); /* would wrap the counter */
    fake_kept(&f);
    fake_no_ask(&f);
    signed_write(8, "cd", -1);
    fake_kept(&f);
    fake_ask(&f);
    assert_memory_equal(value[3], "cd", 2);

    f.level = (struct troth_level){16, true, true, true};
    signed_write(9, "ef", -1); /* encrypted: the key must not be used */
    fake_no_ask(&f);
    assert_int_equal(f.bond.sign_counter[1], 9);
    fake_silent(&f);
    fake_no_event(&f);
}

/* ---- one request at a time ---- */

static void second_request_disconnects(void **state)
{
    (void)state;
    f.by_hand = true;
    fake_rx(&f, "0a 10 00");
    fake_rx(&f, "52 16 00 61"); /* a command flows meanwhile */
    assert_int_equal(f.ask_n, 2);
    assert_int_equal(f.disconnects, 0);
    gatt_read(&f.g, 3);
    fake_rx(&f, "0a 05 00");
    assert_int_equal(f.disconnects, 1);
    fake_event(&f, TROTH_EV_GATT_DONE);
    assert_true(gatt_deadline(&f.g) == TROTH_NEVER);
    fake_forget(&f);
    f.disconnects = 1;
    gatt_access_done(&f.g, TROTH_GATT_OK, (const uint8_t *)"a", 1);
    fake_rx(&f, "0a 05 00");
    fake_silent(&f);
    assert_int_equal(f.disconnects, 1);
    gatt_disconnected(&f.g);
}

static void disconnect_while_asked(void **state)
{
    (void)state;
    f.by_hand = true;
    fake_rx(&f, "0a 10 00");
    gatt_disconnected(&f.g);
    assert_int_equal(f.withdrawn, 1);
    gatt_access_done(&f.g, TROTH_GATT_OK, (const uint8_t *)"a", 1);
    gatt_disconnected(&f.g);
    fake_rx(&f, "0a 05 00");
    fake_silent(&f);
    fake_no_event(&f);
    assert_int_equal(f.withdrawn, 1);
    assert_true(gatt_deadline(&f.g) == TROTH_NEVER);
}

static void response_waits_for_its_slot(void **state)
{
    (void)state;
    f.full[GATT_SLOT_RESPONSE] = true;
    fake_rx(&f, "0a 05 00");
    fake_silent(&f);
    gatt_room(&f.g, GATT_SLOT_RESPONSE); /* still full */
    f.full[GATT_SLOT_RESPONSE] = false;
    gatt_room(&f.g, GATT_SLOT_RESPONSE);
    fake_sent(&f, "0b 40 03");
    gatt_room(&f.g, GATT_SLOT_RESPONSE);
    fake_silent(&f);
    fake_turn(&f, "0a 05 00", "0b 40 03");
    f.full[GATT_SLOT_RESPONSE] = true;
    fake_rx(&f, "0a 05 00");
    fake_rx(&f, "0a 05 00"); /* cannot have seen the response */
    assert_int_equal(f.disconnects, 1);
}

static void later_means_later(void **state)
{
    (void)state;
    answer = TROTH_GATT_LATER;
    fake_rx(&f, "12 10 00 61");
    gatt_access_done(&f.g, TROTH_GATT_LATER, NULL, 0);
    fake_silent(&f);
    gatt_access_done(&f.g, TROTH_GATT_OK, NULL, 0);
    fake_sent(&f, "13");
    gatt_access_done(&f.g, TROTH_GATT_OK, NULL, 0);
    fake_silent(&f);
}

/* ---- everything else that may arrive ---- */

static void all_opcodes(void **state)
{
    (void)state;
    static const uint8_t requests[] = {0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c,
                                       0x0e, 0x10, 0x12, 0x16, 0x18, 0x20};
    static const uint8_t silent[] = {0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d, 0x0f, 0x11,
                                     0x13, 0x17, 0x19, 0x21, 0x1b, 0x1d, 0x1e, 0x23};
    for (unsigned op = 0; op < 256; op++) {
        uint8_t pdu = (uint8_t)op;
        fake_forget(&f);
        fake_rx_bytes(&f, &pdu, 1);
        bool none = (op & 0x40) || memchr(silent, (int)op, sizeof silent);
        if (!none) {
            const struct fake_pdu *p = fake_next(&f);
            bool known = memchr(requests, (int)op, sizeof requests);
            uint8_t want[] = {0x01, pdu, 0, 0, known ? 0x04 : 0x06};
            assert_int_equal(p->slot, GATT_SLOT_RESPONSE);
            assert_int_equal(p->len, 5);
            assert_memory_equal(p->b, want, 5);
        }
        fake_silent(&f);
        fake_no_event(&f);
        fake_turn(&f, "0a 05 00", "0b 40 03");
    }
    assert_int_equal(f.disconnects, 0);
    fake_rx_bytes(&f, NULL, 0);
    fake_silent(&f);
}

/* Every length of every opcode, twice over the MTU: one answer or none, and service goes on. */
static void every_length(void **state)
{
    (void)state;
    for (unsigned op = 0; op < 256; op++)
        for (size_t len = 1; len < 60; len++) {
            uint8_t pdu[60] = {(uint8_t)op, 0x10, 0x00, 0x18, 0x00, 0x01, 0xaa};
            fake_forget(&f);
            if (op == 0x02) { /* would lift the MTU for the rest */
                fresh(NULL);
                pdu[1] = 23;
            }
            fake_rx_bytes(&f, pdu, len);
            assert_true(f.sent_n <= 1);
            if (len > 23 && f.sent_n)
                assert_int_equal(f.sent[0].b[0], 0x01);
            fake_forget(&f);
            fake_turn(&f, "0a 05 00", "0b 40 03");
        }
    assert_int_equal(f.disconnects, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(exchange_mtu, fresh),
        cmocka_unit_test_setup(mtu_is_bounded_both_ways, fresh),
        cmocka_unit_test_setup(find_information, fresh),
        cmocka_unit_test_setup(find_by_type_value, fresh),
        cmocka_unit_test_setup(read_by_group_type, fresh),
        cmocka_unit_test_setup(read_by_type, fresh),
        cmocka_unit_test_setup(read_by_type_asks_once, fresh),
        cmocka_unit_test_setup(read_and_blob, fresh),
        cmocka_unit_test_setup(long_values_are_cut_to_the_mtu, fresh),
        cmocka_unit_test_setup(read_multiple, fresh),
        cmocka_unit_test_setup(read_multiple_asks_in_turn, fresh),
        cmocka_unit_test_setup(write_request, fresh),
        cmocka_unit_test_setup(statuses_become_errors, fresh),
        cmocka_unit_test_setup(write_command, fresh),
        cmocka_unit_test_setup(signatures, fresh),
        cmocka_unit_test_setup(second_request_disconnects, fresh),
        cmocka_unit_test_setup(disconnect_while_asked, fresh),
        cmocka_unit_test_setup(response_waits_for_its_slot, fresh),
        cmocka_unit_test_setup(later_means_later, fresh),
        cmocka_unit_test_setup(all_opcodes, fresh),
        cmocka_unit_test_setup(every_length, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
