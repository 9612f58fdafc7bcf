/* The client's reads and writes, against peers that behave and peers that do not. */
#include "support/gatt_fake.h"

#include <string.h>

static struct fake f;

/* ATT_MTU is agreed already: 23. */
static int fresh(void **state)
{
    (void)state;
    fake_open(&f, NULL, 0);
    fake_rx(&f, "02 17 00");
    fake_forget(&f);
    return 0;
}

static int no_mtu(void **state)
{
    (void)state;
    fake_open(&f, NULL, 0);
    return 0;
}

static void got_value(uint16_t handle, const char *text)
{
    const struct troth_event *e = fake_event(&f, TROTH_EV_GATT_VALUE);
    assert_int_equal(e->u.value.handle, handle);
    assert_int_equal(e->u.value.len, strlen(text));
    assert_memory_equal(e->u.value.data, text, strlen(text));
}

/* ---- MTU ---- */

static void mtu_comes_first(void **state)
{
    (void)state;
    assert_int_equal(gatt_read(&f.g, 3), TROTH_OK);
    fake_sent(&f, "02 f7 00");
    assert_int_equal(gatt_read(&f.g, 3), TROTH_BUSY);
    assert_int_equal(gatt_exchange_mtu(&f.g), TROTH_BUSY);
    fake_turn(&f, "03 64 00", "0a 03 00");
    assert_int_equal(fake_event(&f, TROTH_EV_MTU)->u.mtu, 100);
    fake_rx(&f, "0b 61");
    got_value(3, "a");
    fake_done(&f, TROTH_OK, 0);
    gatt_read(&f.g, 4); /* once */
    fake_sent(&f, "0a 04 00");
    fake_rx(&f, "01 0a 04 00 02");
    fake_done(&f, TROTH_FAILED, 0x02);
    assert_int_equal(gatt_exchange_mtu(&f.g), TROTH_STATE);
    fake_silent(&f);
}

static void mtu_refused(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    fake_sent(&f, "02 f7 00");
    fake_turn(&f, "01 02 00 00 06", "0a 03 00");
    fake_rx(&f, "0b 61");
    got_value(3, "a");
    fake_done(&f, TROTH_OK, 0);
    gatt_read(&f.g, 3);
    fake_sent(&f, "0a 03 00");
}

static void mtu_by_itself(void **state)
{
    (void)state;
    assert_int_equal(gatt_exchange_mtu(&f.g), TROTH_OK);
    fake_sent(&f, "02 f7 00");
    fake_rx(&f, "03 05 00"); /* less than the default is the default */
    assert_int_equal(fake_event(&f, TROTH_EV_MTU)->u.mtu, 23);
    fake_done(&f, TROTH_OK, 0);
    no_mtu(NULL);
    gatt_exchange_mtu(&f.g);
    fake_forget(&f);
    fake_rx(&f, "01 02 00 00 06");
    fake_done(&f, TROTH_FAILED, 0x06);
}

static void mtu_nonsense(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    fake_forget(&f);
    fake_rx(&f, "03 17");
    fake_done(&f, TROTH_FAILED, 0);
    fake_silent(&f);
}

/* ---- reading ---- */

static void read_short(void **state)
{
    (void)state;
    gatt_read(&f.g, 0x0102);
    fake_sent(&f, "0a 02 01");
    fake_rx(&f, "0b");
    got_value(0x0102, "");
    fake_done(&f, TROTH_OK, 0);
    assert_int_equal(gatt_read(&f.g, 0), TROTH_INVALID);
    fake_silent(&f);
}

#define FULL "61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71 72 73 74 75 76"
#define TEXT "abcdefghijklmnopqrstuv"

static void read_long(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    fake_forget(&f);
    fake_turn(&f, "0b " FULL, "0c 03 00 16 00");
    fake_turn(&f, "0d " FULL, "0c 03 00 2c 00");
    fake_rx(&f, "0d 78 79");
    got_value(3, TEXT TEXT "xy");
    fake_done(&f, TROTH_OK, 0);
    fake_silent(&f);
}

static void read_exactly_one_response(void **state)
{
    (void)state;
    static const char *ends[] = {"0d", "01 0c 03 00 07", "01 0c 03 00 0b", "01 0c 00 00 0b"};
    for (size_t i = 0; i < 4; i++) {
        gatt_read(&f.g, 3);
        fake_forget(&f);
        fake_turn(&f, "0b " FULL, "0c 03 00 16 00");
        fake_rx(&f, ends[i]);
        got_value(3, TEXT);
        fake_done(&f, TROTH_OK, 0);
        fake_silent(&f);
    }
}

/* A peer whose value never ends: 512 octets are a value's end, more is nonsense. */
static void read_without_end(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    fake_forget(&f);
    fake_rx(&f, "0b " FULL);
    for (unsigned i = 0; i < 22; i++)
        fake_rx(&f, "0d " FULL);
    assert_int_equal(f.sent_n, 23);
    fake_no_event(&f);
    fake_rx(&f, "0d " FULL); /* 528 */
    fake_done(&f, TROTH_FAILED, 0);
    assert_int_equal(f.sent_n, 23);

    gatt_read(&f.g, 3);
    fake_forget(&f);
    fake_rx(&f, "0b " FULL);
    for (unsigned i = 0; i < 22; i++)
        fake_rx(&f, "0d " FULL);
    fake_rx(&f, "0d 61 61 61 61 61 61"); /* 512 */
    assert_int_equal(fake_event(&f, TROTH_EV_GATT_VALUE)->u.value.len, 512);
    fake_done(&f, TROTH_OK, 0);
}

/* ---- writing ---- */

static void write_short(void **state)
{
    (void)state;
    assert_int_equal(gatt_write(&f.g, 3, (const uint8_t *)"ab", 2), TROTH_OK);
    fake_sent(&f, "12 03 00 61 62");
    fake_rx(&f, "13");
    fake_done(&f, TROTH_OK, 0);
    gatt_write(&f.g, 3, NULL, 0);
    fake_sent(&f, "12 03 00");
    fake_rx(&f, "01 12 03 00 13");
    fake_done(&f, TROTH_FAILED, 0x13);
    gatt_write(&f.g, 3, (const uint8_t *)TEXT, 20); /* the longest that is short */
    assert_int_equal(fake_next(&f)->b[0], 0x12);
    uint8_t big[513] = {0};
    fake_rx(&f, "13");
    assert_int_equal(gatt_write(&f.g, 3, big, 513), TROTH_INVALID);
    assert_int_equal(gatt_write(&f.g, 3, big, 512), TROTH_OK);
    gatt_disconnected(&f.g);
    fresh(NULL);
    assert_int_equal(gatt_write(&f.g, 0, big, 1), TROTH_INVALID);
}

#define PART1 "03 00 00 00 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 71 72"
#define PART2 "03 00 12 00 73 74 75 76"

static void write_long(void **state)
{
    (void)state;
    gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
    fake_sent(&f, "16 " PART1);
    fake_turn(&f, "17 " PART1, "16 " PART2);
    fake_turn(&f, "17 " PART2, "18 01");
    fake_rx(&f, "19");
    fake_done(&f, TROTH_OK, 0);
    fake_silent(&f);
}

/* Every bit of every octet the peer echoes. */
static void an_echo_that_differs_is_cancelled(void **state)
{
    (void)state;
    uint8_t echo[23];
    size_t len = fake_unhex("17 " PART1, echo, sizeof echo);
    for (size_t bit = 8; bit < len * 8; bit++) {
        gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
        fake_forget(&f);
        echo[bit / 8] ^= (uint8_t)(1 << bit % 8);
        fake_rx_bytes(&f, echo, len);
        echo[bit / 8] ^= (uint8_t)(1 << bit % 8);
        fake_sent(&f, "18 00");
        fake_no_event(&f);
        fake_rx(&f, "19");
        fake_done(&f, TROTH_FAILED, 0);
        fake_silent(&f);
    }
    for (size_t n = 1; n < len; n++) {
        gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
        fake_forget(&f);
        fake_rx_bytes(&f, echo, n);
        if (f.sent_n) {
            fake_sent(&f, "18 00");
            fake_rx(&f, "19");
        }
        fake_done(&f, TROTH_FAILED, 0);
    }
}

static void write_long_refused(void **state)
{
    (void)state;
    gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
    fake_sent(&f, "16 " PART1);
    fake_turn(&f, "17 " PART1, "16 " PART2);
    fake_turn(&f, "01 16 03 00 09", "18 00");
    fake_rx(&f, "19");
    fake_done(&f, TROTH_FAILED, 0x09);
    gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
    fake_rx(&f, "17 " PART1);
    fake_forget(&f);
    fake_turn(&f, "01 16 03 00 09", "18 00");
    fake_rx(&f, "01 18 03 00 0e"); /* even the cancelling */
    fake_done(&f, TROTH_FAILED, 0x09);
    gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
    fake_rx(&f, "17 " PART1);
    fake_rx(&f, "17 " PART2);
    fake_forget(&f);
    fake_rx(&f, "01 18 03 00 0d");
    fake_done(&f, TROTH_FAILED, 0x0d);
    fake_silent(&f);
}

static void write_command(void **state)
{
    (void)state;
    assert_int_equal(gatt_write_command(&f.g, 3, (const uint8_t *)"ab", 2), TROTH_OK);
    fake_sent(&f, "52 03 00 61 62");
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_no_event(&f); /* nobody was turned away */
    assert_int_equal(gatt_write_command(&f.g, 3, (const uint8_t *)TEXT, 21), TROTH_INVALID);
    assert_int_equal(gatt_write_command(&f.g, 0, NULL, 0), TROTH_INVALID);
    f.full[GATT_SLOT_PUSH] = true;
    assert_int_equal(gatt_write_command(&f.g, 3, NULL, 0), TROTH_BUSY);
    f.full[GATT_SLOT_PUSH] = false;
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_event(&f, TROTH_EV_SENT);
    gatt_read(&f.g, 3); /* and while a request is open */
    assert_int_equal(gatt_write_command(&f.g, 3, NULL, 0), TROTH_OK);
    fake_no_event(&f);
}

/* ---- security ---- */

static void security_is_raised_once(void **state)
{
    (void)state;
    static const uint8_t errors[] = {0x05, 0x08, 0x0c, 0x0f};
    for (size_t i = 0; i < sizeof errors; i++) {
        uint8_t refusal[] = {0x01, 0x0a, 0x03, 0x00, errors[i]};
        gatt_read(&f.g, 3);
        fake_forget(&f);
        fake_rx_bytes(&f, refusal, 5);
        assert_int_equal(f.raises, 1);
        assert_int_equal(f.raise_error, errors[i]);
        fake_silent(&f);
        fake_no_event(&f);
        assert_int_equal(gatt_read(&f.g, 3), TROTH_BUSY);
        gatt_secured(&f.g, true);
        fake_sent(&f, "0a 03 00");
        gatt_secured(&f.g, true); /* nobody asked */
        gatt_secured(&f.g, false);
        gatt_room(&f.g, GATT_SLOT_REQUEST);
        fake_silent(&f);
        fake_no_event(&f);
        fake_rx_bytes(&f, refusal, 5);
        assert_int_equal(f.raises, 1);
        fake_done(&f, TROTH_FAILED, errors[i]);

        gatt_read(&f.g, 3);
        fake_forget(&f);
        fake_rx_bytes(&f, refusal, 5);
        gatt_secured(&f.g, false);
        fake_done(&f, TROTH_FAILED, errors[i]);
        fake_silent(&f);
    }
}

/* A refused Execute has emptied the peer's queue: executing again would write nothing, with success. */
static void a_refused_execute_starts_over(void **state)
{
    (void)state;
    gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
    fake_rx(&f, "17 " PART1);
    fake_rx(&f, "17 " PART2);
    fake_forget(&f);
    fake_rx(&f, "01 18 03 00 05");
    gatt_secured(&f.g, true);
    fake_sent(&f, "16 " PART1);
    fake_turn(&f, "17 " PART1, "16 " PART2);
    fake_turn(&f, "17 " PART2, "18 01");
    fake_rx(&f, "19");
    fake_done(&f, TROTH_OK, 0);
}

/* BLESA, CVE-2020-9770: nothing is believed of a bonded peer that has not proved itself. */
static void a_bonded_peer_proves_itself_first(void **state)
{
    (void)state;
    gatt_write(&f.g, 3, NULL, 0);
    fake_rx(&f, "13");
    fake_forget(&f);
    f.has_bond = true;
    gatt_read(&f.g, 3);
    assert_int_equal(f.raises, 1);
    fake_silent(&f);
    fake_rx(&f, "0b 61"); /* unasked */
    fake_rx(&f, "1b 03 00 61");
    fake_turn(&f, "1d 03 00 61", "1e");
    fake_no_event(&f);
    assert_int_equal(gatt_write_command(&f.g, 3, NULL, 0), TROTH_STATE);
    gatt_secured(&f.g, false);
    fake_done(&f, TROTH_FAILED, 0x0f);
    gatt_write(&f.g, 3, NULL, 0);
    gatt_secured(&f.g, true); /* so it is said, but the link shows otherwise */
    fake_done(&f, TROTH_FAILED, 0x0f);
    fake_silent(&f);
    gatt_discover(&f.g, NULL);
    f.level.key_size = 16;
    gatt_secured(&f.g, true);
    fake_sent(&f, "10 01 00 ff ff 00 28");
    fake_rx(&f, "1b 03 00 61");
    assert_int_equal(fake_event(&f, TROTH_EV_GATT_NOTIFICATION)->u.value.len, 1);
    fake_turn(&f, "11 06 01 00 09 00 00 18", "10 0a 00 ff ff 00 28");
    gatt_disconnected(&f.g);

    /* What was done before says nothing about where to start now. */
    fresh(NULL);
    gatt_write(&f.g, 3, NULL, 0);
    fake_rx(&f, "13");
    fake_forget(&f);
    f.has_bond = true;
    gatt_read(&f.g, 4);
    f.level.key_size = 16;
    gatt_secured(&f.g, true);
    fake_sent(&f, "0a 04 00");
}

/* ---- notifications and indications ---- */

static void pushed(void **state)
{
    (void)state;
    fake_rx(&f, "1b 03 00 61 62");
    const struct troth_event *e = fake_event(&f, TROTH_EV_GATT_NOTIFICATION);
    assert_false(e->u.value.indication);
    assert_int_equal(e->u.value.handle, 3);
    assert_memory_equal(e->u.value.data, "ab", 2);
    fake_silent(&f);
    fake_turn(&f, "1d 04 00", "1e");
    assert_int_equal(f.sent[0].slot, GATT_SLOT_CONFIRMATION);
    e = fake_event(&f, TROTH_EV_GATT_NOTIFICATION);
    assert_true(e->u.value.indication);
    assert_int_equal(e->u.value.len, 0);
    f.full[GATT_SLOT_CONFIRMATION] = true;
    fake_rx(&f, "1d 04 00");
    fake_event(&f, TROTH_EV_GATT_NOTIFICATION);
    fake_rx(&f, "1d 04 00"); /* before our confirmation: not heard */
    fake_no_event(&f);
    f.full[GATT_SLOT_CONFIRMATION] = false;
    gatt_room(&f.g, GATT_SLOT_CONFIRMATION);
    fake_sent(&f, "1e");
    gatt_room(&f.g, GATT_SLOT_CONFIRMATION);
    fake_rx(&f, "1b 03");
    fake_rx(&f, "1d 03");
    fake_rx(&f, "23 03 00 01 00 61 04 00 01 00 62");
    fake_silent(&f);
    fake_no_event(&f);
}

/* ---- slots, time, disconnection ---- */

static void request_waits_for_its_slot(void **state)
{
    (void)state;
    f.full[GATT_SLOT_REQUEST] = true;
    gatt_read(&f.g, 3);
    fake_silent(&f);
    assert_true(gatt_deadline(&f.g) == TROTH_NEVER);
    f.full[GATT_SLOT_REQUEST] = false;
    gatt_room(&f.g, GATT_SLOT_REQUEST);
    fake_sent(&f, "0a 03 00");
    assert_int_equal(f.sent[0].slot, GATT_SLOT_REQUEST);
    gatt_room(&f.g, GATT_SLOT_REQUEST);
    fake_silent(&f);
}

static void unanswered_for_30_s(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    fake_forget(&f);
    gatt_tick(&f.g, 5000);
    assert_true(gatt_deadline(&f.g) == 35000);
    gatt_tick(&f.g, 34999);
    fake_no_event(&f);
    gatt_tick(&f.g, 35000);
    fake_done(&f, TROTH_FAILED, 0);
    assert_int_equal(f.disconnects, 1);
    assert_int_equal(f.reason, 0x13);
    fake_rx(&f, "0b 61"); /* too late */
    fake_rx(&f, "0a 03 00");
    assert_int_equal(gatt_read(&f.g, 3), TROTH_STATE);
    assert_int_equal(gatt_write_command(&f.g, 3, NULL, 0), TROTH_STATE);
    assert_true(gatt_deadline(&f.g) == TROTH_NEVER);
    gatt_disconnected(&f.g);
    fake_silent(&f);
    fake_no_event(&f);
}

static void an_answer_stops_the_clock(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    gatt_tick(&f.g, 1);
    fake_rx(&f, "0b 61");
    gatt_tick(&f.g, 99999);
    assert_int_equal(f.disconnects, 0);
    /* Waiting for a person has no end of its own. */
    gatt_read(&f.g, 3);
    fake_rx(&f, "01 0a 03 00 05");
    gatt_tick(&f.g, 100000);
    gatt_tick(&f.g, 999999);
    assert_int_equal(f.disconnects, 0);
}

/* At whatever point the link goes, one end. */
static void disconnected_anywhere(void **state)
{
    for (int point = 0; point < 6; point++) {
        no_mtu(state);
        if (point == 5)
            f.has_bond = true;
        gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
        if (point >= 1 && point < 5)
            fake_rx(&f, "03 17 00");
        if (point == 2)
            fake_rx(&f, "01 16 03 00 05"); /* raising */
        if (point >= 3)
            fake_rx(&f, "17 " PART1);
        if (point == 4)
            fake_rx(&f, "17 " PART1); /* winding up */
        fake_forget(&f);
        gatt_disconnected(&f.g);
        fake_done(&f, TROTH_STATE, 0);
        gatt_secured(&f.g, true);
        gatt_room(&f.g, GATT_SLOT_REQUEST);
        fake_rx(&f, "17 " PART2);
        gatt_disconnected(&f.g);
        fake_silent(&f);
        fake_no_event(&f);
        assert_int_equal(gatt_read(&f.g, 3), TROTH_STATE);
    }
}

/* ---- peers that do not behave ---- */

static void errors_that_are_not_ours(void **state)
{
    (void)state;
    static const char *wrong[] = {"01 0c 03 00 02", "01 0a 04 00 02",    "01 00 03 00 02",
                                  "01 0a 03 00",    "01 0a 03 00 02 00", "01"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        gatt_read(&f.g, 3);
        fake_forget(&f);
        fake_rx(&f, wrong[i]);
        fake_done(&f, TROTH_FAILED, 0);
        fake_silent(&f);
    }
    gatt_read(&f.g, 3);
    fake_forget(&f);
    fake_rx(&f, "01 0a 00 00 02"); /* names no handle: it may */
    fake_done(&f, TROTH_FAILED, 0x02);
}

static void start_one(int which)
{
    if (which == 0)
        gatt_read(&f.g, 3);
    else if (which == 1)
        gatt_write(&f.g, 3, (const uint8_t *)"a", 1);
    else if (which == 2)
        gatt_write(&f.g, 3, (const uint8_t *)TEXT, 22);
    else
        gatt_discover(&f.g, NULL);
}

/* Every opcode with every length into every kind of procedure: at most one end, and life goes on. */
static void any_pdu_into_any_procedure(void **state)
{
    for (int which = 0; which < 4; which++)
        for (unsigned op = 0; op < 256; op++)
            for (size_t len = 1; len <= 24; len++)
                for (int fill = 0; fill < 256; fill += 255) {
                    uint8_t pdu[24];
                    fresh(state);
                    start_one(which);
                    memset(pdu, fill, sizeof pdu);
                    pdu[0] = (uint8_t)op;
                    unsigned before = f.sent_n;
                    fake_rx_bytes(&f, pdu, len);
                    assert_true(f.sent_n <= before + 1);
                    unsigned ends = 0;
                    for (unsigned i = 0; i < f.event_n; i++)
                        ends += f.event[i].type == TROTH_EV_GATT_DONE;
                    assert_true(ends <= 1);
                    gatt_disconnected(&f.g);
                    ends = 0;
                    for (unsigned i = 0; i < f.event_n; i++)
                        ends += f.event[i].type == TROTH_EV_GATT_DONE;
                    assert_int_equal(ends, 1);
                }
}

static void responses_nobody_asked_for(void **state)
{
    (void)state;
    static const char *pdus[] = {"01 0a 03 00 05", "03 64 00", "0b 61", "13",
                                 "17 03 00 00 00", "19"};
    for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++)
        fake_rx(&f, pdus[i]);
    fake_silent(&f);
    fake_no_event(&f);
    assert_int_equal(f.raises + f.disconnects, 0);
    assert_int_equal(f.g.att.mtu, 23);
}

/* A client is a server as well, at the same time. */
static void both_ways_at_once(void **state)
{
    (void)state;
    gatt_read(&f.g, 3);
    fake_forget(&f);
    fake_turn(&f, "0a 05 00", "0b 40 03");
    fake_turn(&f, "02 17 00", "03 f7 00");
    fake_rx(&f, "0b 61");
    got_value(3, "a");
    fake_done(&f, TROTH_OK, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(mtu_comes_first, no_mtu),
        cmocka_unit_test_setup(mtu_refused, no_mtu),
        cmocka_unit_test_setup(mtu_by_itself, no_mtu),
        cmocka_unit_test_setup(mtu_nonsense, no_mtu),
        cmocka_unit_test_setup(read_short, fresh),
        cmocka_unit_test_setup(read_long, fresh),
        cmocka_unit_test_setup(read_exactly_one_response, fresh),
        cmocka_unit_test_setup(read_without_end, fresh),
        cmocka_unit_test_setup(write_short, fresh),
        cmocka_unit_test_setup(write_long, fresh),
        cmocka_unit_test_setup(an_echo_that_differs_is_cancelled, fresh),
        cmocka_unit_test_setup(write_long_refused, fresh),
        cmocka_unit_test_setup(write_command, fresh),
        cmocka_unit_test_setup(security_is_raised_once, fresh),
        cmocka_unit_test_setup(a_refused_execute_starts_over, fresh),
        cmocka_unit_test_setup(a_bonded_peer_proves_itself_first, fresh),
        cmocka_unit_test_setup(pushed, fresh),
        cmocka_unit_test_setup(request_waits_for_its_slot, fresh),
        cmocka_unit_test_setup(unanswered_for_30_s, fresh),
        cmocka_unit_test_setup(an_answer_stops_the_clock, fresh),
        cmocka_unit_test_setup(disconnected_anywhere, fresh),
        cmocka_unit_test_setup(errors_that_are_not_ours, fresh),
        cmocka_unit_test_setup(any_pdu_into_any_procedure, fresh),
        cmocka_unit_test_setup(responses_nobody_asked_for, fresh),
        cmocka_unit_test_setup(both_ways_at_once, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
