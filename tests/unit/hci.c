/* HCI: bring-up against controllers of all manners, commands under credits, ACL under credits. */
#include "support/bench.h"

#include <stdio.h>
#include <string.h>

#include "hci/hci.h"

static struct bench b;

static void bring_up_is_this_conversation(void **state)
{
    (void)state;
    bench_init(&b);
    b.features = 0x60; /* data length, privacy */
    troth_host_start(&b.host, b.now);
    static const char *const commands[] = {
        "01 03 0c 00",
        "01 01 10 00",
        "01 02 10 00",
        "01 01 0c 08 90 80 00 02 00 80 00 20",
        "01 63 0c 08 00 00 00 00 00 00 00 00",
        "01 6d 0c 02 01 00",
        "01 03 20 00",
        "01 01 20 08 17 02 00 00 00 00 00 00",
        "01 02 20 00",
        "01 09 10 00",
        "01 24 20 04 fb 00 48 08",
        "01 2a 20 00",
    };
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        expect_tx(&b, commands[i]);
        expect_no_tx(&b);
        bench_reply(&b);
    }
    expect_no_tx(&b);
    const struct troth_event *e = expect_event(&b, TROTH_EV_READY);
    assert_true(e->u.ready.privacy);
    assert_int_equal(e->u.ready.acl_len, 27);
    assert_int_equal(e->u.ready.acl_count, 4);
    assert_int_equal(e->u.ready.identity.type, TROTH_ADDR_PUBLIC);
    assert_int_equal(e->u.ready.identity.b[5], 0xa0);
    expect_no_event(&b);
}

static void optional_commands_may_be_refused(void **state)
{
    (void)state;
    static const uint16_t unknown[] = {0x1001, 0x1002, 0x0c63, 0x0c6d, 0x1009,
                                       0x2003, 0x2024, 0x202a, 0};
    bench_init(&b);
    b.unknown = unknown;
    troth_host_start(&b.host, b.now);
    for (unsigned i = 0; i < 40 && b.host.hci.open; i++)
        bench_reply(&b);
    const struct troth_event *e = expect_event(&b, TROTH_EV_READY);
    assert_false(e->u.ready.privacy);
    assert_int_equal(e->u.ready.identity.type, TROTH_ADDR_RANDOM); /* no BD_ADDR: our static one */
}

static void required_commands_may_not(void **state)
{
    (void)state;
    static const uint16_t required[] = {0x0c03, 0x0c01, 0x2001, 0x2002};
    for (size_t k = 0; k < sizeof required / sizeof required[0]; k++) {
        const uint16_t unknown[] = {required[k], 0};
        bench_init(&b);
        b.unknown = unknown;
        troth_host_start(&b.host, b.now);
        for (unsigned i = 0; i < 40 && b.host.hci.open; i++)
            bench_reply(&b);
        const struct troth_event *e = expect_event(&b, TROTH_EV_BROKEN);
        assert_int_equal(e->u.broken.opcode, required[k]);
        assert_int_equal(e->u.broken.hci_status, 0x01);
        expect_no_event(&b);
        b.unknown = NULL; /* and a second try is a new beginning */
        bench_init(&b);
        bench_up(&b);
    }
}

static void no_buffers_of_its_own_means_shared_ones(void **state)
{
    (void)state;
    bench_init(&b);
    b.shared_buffers = true;
    troth_host_start(&b.host, b.now);
    for (unsigned i = 0; i < 40 && b.host.hci.open; i++)
        bench_reply(&b);
    const struct troth_event *e = expect_event(&b, TROTH_EV_READY);
    assert_int_equal(e->u.ready.acl_len, 192);
    assert_int_equal(e->u.ready.acl_count, 6);
}

static void no_buffers_at_all_is_broken(void **state)
{
    (void)state;
    bench_init(&b);
    b.shared_buffers = b.no_buffers = true;
    troth_host_start(&b.host, b.now);
    for (unsigned i = 0; i < 40 && b.host.hci.open; i++)
        bench_reply(&b);
    assert_int_equal(expect_event(&b, TROTH_EV_BROKEN)->u.broken.opcode, 0x1005);
    expect_no_event(&b);
}

/* Every answer of bring-up, cut at every length: never ready on half of one, never out of bounds. */
static void short_answers_end_bring_up(void **state)
{
    (void)state;
    for (unsigned row = 0; row < 12; row++) {
        for (uint8_t cut = 0; cut < 70; cut++) {
            bench_init(&b);
            b.features = 0x60;
            troth_host_start(&b.host, b.now);
            for (unsigned i = 0; i < row; i++)
                bench_reply(&b);
            const uint8_t *c = b.sent[b.sends - 1].octets;
            uint8_t e[80] = {0x04, 0x0e, (uint8_t)(4 + cut), 1, c[1], c[2], 0};
            memset(e + 7, 0x1b, cut); /* a sane buffer length and count */
            unsigned sends = b.sends;
            assert_int_equal(troth_host_rx(&b.host, e, 7u + cut, b.now), TROTH_OK);
            bool broke = b.events && b.event[0].type == TROTH_EV_BROKEN;
            assert_true(broke || b.sends == sends + 1 || b.event[0].type == TROTH_EV_READY);
            static const uint8_t need[12] = {0, 8, 64, 0, 0, 0, 8, 0, 3, 6, 0, 1};
            assert_int_equal(broke, cut < need[row]);
        }
    }
}

static void silence_is_broken(void **state)
{
    (void)state;
    for (unsigned row = 0; row < 10; row++) {
        bench_init(&b);
        troth_host_start(&b.host, b.now);
        for (unsigned i = 0; i < row; i++)
            bench_reply(&b);
        uint16_t opcode = b.host.hci.open;
        static const uint16_t optional[] = {0x1001, 0x1002, 0x0c63, 0x0c6d, 0x2003, 0x1009};
        bool left_out = false; /* tests/unit/hci_habits.c */
        for (unsigned i = 0; i < sizeof optional / sizeof optional[0]; i++)
            left_out |= opcode == optional[i];
        if (left_out)
            continue;
        assert_int_equal(troth_host_deadline(&b.host), 0); /* learn the time */
        tick(&b, (row ? HCI_COMMAND_TIMEOUT_MS : HCI_RESET_TIMEOUT_MS) - 1);
        expect_no_event(&b);
        tick(&b, 1);
        const struct troth_event *e = expect_event(&b, TROTH_EV_BROKEN);
        assert_int_equal(e->u.broken.opcode, opcode);
        assert_int_equal(troth_host_deadline(&b.host), TROTH_NEVER);
    }
}

static void commands_wait_for_credit(void **state)
{
    (void)state;
    bench_init(&b);
    troth_host_start(&b.host, b.now);
    expect_tx(&b, "01 03 0c 00");
    rx(&b, "04 0e 04 00 03 0c 00"); /* done, but no credit */
    expect_no_tx(&b);
    rx(&b, "04 0e 03 01 00 00"); /* Command Complete of nothing, with one */
    expect_tx(&b, "01 01 10 00");
    rx(&b, "04 0e 04 01 03 0c 00"); /* a stale answer is no answer */
    expect_no_tx(&b);
    rx(&b, "04 0f 04 01 01 01 10"); /* unknown command, by Command Status */
    expect_tx(&b, "01 02 10 00");
    rx(&b, "04 0f 04 01 00 02 10"); /* no credit again, and none comes */
    expect_no_tx(&b);
    tick(&b, HCI_CREDIT_TIMEOUT_MS - 1);
    expect_no_event(&b);
    tick(&b, 1);
    expect_event(&b, TROTH_EV_BROKEN);
}

/* Every event we know, cut at every length, and with a length that lies. */
static void every_truncation_of_every_event(void **state)
{
    (void)state;
    static const char *const events[] = {
        "05 04 00 40 00 13",
        "08 04 00 40 00 01",
        "59 05 00 40 00 01 10",
        "30 03 00 40 00",
        "0e 04 01 03 0c 00",
        "0f 04 00 01 03 0c",
        "10 01 00",
        "13 05 01 40 00 01 00",
        "3e 13 01 00 41 00 00 00 b0 b1 b2 b3 b4 b5 18 00 00 00 90 01 00",
        ("3e 1f 0a 00 41 00 00 00 b0 b1 b2 b3 b4 b5 00 00 00 00 00 00 00 00 00 00 00 00 "
         "18 00 00 00 90 01 00"),
        "3e 0a 03 00 40 00 18 00 00 00 90 01",
        "3e 0d 05 40 00 00 00 00 00 00 00 00 00 00 00",
        "3e 0b 06 40 00 18 00 28 00 00 00 90 01",
    };
    for (size_t k = 0; k < sizeof events / sizeof events[0]; k++) {
        uint8_t whole[80];
        size_t n = 0;
        for (const char *t = events[k]; *t; t += t[2] ? 3 : 2) {
            unsigned v;
            assert_int_equal(sscanf(t, "%2x", &v), 1);
            whole[n++] = (uint8_t)v;
        }
        struct hci_event e;
        assert_true(hci_take_event(whole, n, &e));
        assert_int_not_equal(e.type, HCI_EV_OTHER);
        for (size_t cut = 0; cut < n; cut++) {
            assert_false(hci_take_event(whole, cut, &e)); /* its own length says more */
            if (cut < 2)
                continue;
            uint8_t honest[80]; /* the length agrees, the parameters are too few */
            memcpy(honest, whole, cut);
            honest[1] = (uint8_t)(cut - 2);
            uint8_t *exact = test_malloc(cut);
            memcpy(exact, honest, cut);
            bool good = hci_take_event(exact, cut, &e);
            test_free(exact);
            assert_true(!good || (whole[0] == 0x0e && cut == 5 && !e.u.command.opcode));
        }
        whole[n] = 0xaa; /* a later version may add; a lie may not */
        assert_false(hci_take_event(whole, n + 1, &e));
        whole[1]++;
        assert_true(hci_take_event(whole, n + 1, &e));
    }
}

static void reports_are_taken_one_by_one(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    assert_int_equal(troth_scan(&b.host, true, false), TROTH_OK);
    rx(&b, "04 0e 04 01 0b 20 00");
    rx(&b, "04 0e 04 01 0c 20 00");
    assert_true(expect_event(&b, TROTH_EV_SCANNING)->u.on);
    /* Three are announced, two are whole. */
    rx(&b, "04 3e 1b 02 03 00 00 01 02 03 04 05 06 02 02 01 c8 "
           "04 01 01 02 03 04 05 06 00 c9 00 00 01");
    const struct troth_event *e = expect_event(&b, TROTH_EV_REPORT);
    assert_int_equal(e->u.report.len, 2);
    assert_int_equal(e->u.report.rssi, -56);
    assert_true(e->u.report.connectable);
    e = expect_event(&b, TROTH_EV_REPORT);
    assert_true(e->u.report.scan_response);
    expect_no_event(&b);
    /* Data longer than 31, a kind that does not exist, a report of nothing. */
    rx(&b, "04 3e 0c 02 01 05 00 01 02 03 04 05 06 00 c8");
    rx(&b,
       "04 3e 2c 02 01 00 00 01 02 03 04 05 06 20 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f "
       "10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f c8");
    rx(&b, "04 3e 02 02 01");
    rx(&b, "04 3e 02 02 00");
    expect_no_event(&b);
    /* More in one packet than the ring has room for. */
    uint8_t many[4 + 25 * 10 + 1] = {0x04, 0x3e, 2 + 24 * 10, 0x02, 24};
    for (unsigned i = 0; i < 24; i++) {
        uint8_t *r = many + 5 + (size_t)10 * i;
        memset(r, 0, 10);
        r[9] = 127;
    }
    assert_int_equal(troth_host_rx(&b.host, many, 5 + 24 * 10, b.now), TROTH_OK);
    assert_int_equal(b.events - b.events_seen, 24);
}

static void acl_waits_for_credits_and_a_disconnection_returns_them(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    bench_link(&b, 0x40, true);
    bench_link(&b, 0x41, true);
    struct hci *c = &b.host.hci;
    uint8_t packet[5 + 27] = {0};
    for (unsigned i = 0; i < 4; i++) {
        assert_true(hci_acl_room(c));
        hci_acl_send(c, i & 1, true, packet, 27);
    }
    assert_false(hci_acl_room(c));
    rx(&b, "04 13 05 01 40 00 ff ff"); /* more than ever were sent: all of them */
    assert_int_equal(c->acl_busy, 2);
    assert_int_equal(c->acl[0].acked, 2);
    rx(&b, "04 13 05 01 40 00 01 00"); /* none is out */
    rx(&b, "04 13 05 01 99 00 01 00"); /* nobody's */
    assert_int_equal(c->acl_busy, 2);
    rx(&b, "04 05 04 00 41 00 08");
    assert_int_equal(c->acl_busy, 0);
    rx(&b, "04 13 05 01 41 00 02 00"); /* late, of a link that is gone */
    assert_int_equal(c->acl_busy, 0);
}

static void lies_about_handles_change_nothing(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    rx(&b, "04 3e 13 01 00 40 00 01 00 b0 b1 b2 b3 b4 b5 18 00 00 00 90 01 00"); /* 0x40 twice */
    rx(&b, "04 08 04 00 99 00 01");
    rx(&b, "04 30 03 00 99 00");
    rx(&b, "04 05 04 00 99 00 13");
    rx(&b, "04 05 04 0c 40 00 13"); /* a Disconnect that failed */
    rx(&b, "04 3e 0d 05 99 00 00 00 00 00 00 00 00 00 00 00");
    rx(&b, "02 99 20 05 00 01 00 04 00 0a");
    assert_int_equal(rx(&b, "02 40 20 06 00 01 00 04 00 0a"), TROTH_INVALID); /* length lies */
    assert_int_equal(rx(&b, "02 40 20"), TROTH_INVALID);
    assert_int_equal(rx(&b, "02 40 60 00 00"), TROTH_INVALID); /* broadcast */
    assert_int_equal(rx(&b, "03 00"), TROTH_INVALID);
    assert_int_equal(rx(&b, ""), TROTH_INVALID);
    expect_no_event(&b);
    expect_no_tx(&b);
    /* An unsolicited encryption: nobody gave a key. */
    rx(&b, "04 08 04 00 40 00 01");
    assert_int_equal(troth_link_level(&b.host, link).key_size, 0);
}

static void a_fifth_connection_is_sent_away(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    for (uint8_t i = 0; i < TROTH_MAX_LINKS; i++)
        bench_link(&b, (uint8_t)(0x40 + i), true);
    rx(&b, "04 3e 13 01 00 50 00 01 00 b0 b1 b2 b3 b4 b5 18 00 00 00 90 01 00");
    expect_tx(&b, "01 06 04 03 50 00 14");
    expect_no_event(&b);
}

static void a_hardware_error_ends_every_link(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    troth_link one = bench_link(&b, 0x40, true), two = bench_link(&b, 0x41, false);
    rx(&b, "04 10 01 07");
    assert_int_equal(expect_event(&b, TROTH_EV_BROKEN)->u.broken.hci_status, 0x03);
    assert_int_equal(expect_event(&b, TROTH_EV_DISCONNECTED)->link, one);
    assert_int_equal(expect_event(&b, TROTH_EV_DISCONNECTED)->link, two);
    expect_no_event(&b);
    assert_int_equal(troth_disconnect(&b.host, one, 0), TROTH_NOT_FOUND);
    troth_host_start(&b.host, b.now);
    expect_tx(&b, "01 03 0c 00");
}

static void every_code_has_words(void **state)
{
    (void)state;
    assert_string_equal(troth_hci_name(0x08), "CONNECTION_TIMEOUT");
    for (unsigned i = 0; i < 256; i++) {
        assert_true(strlen(troth_hci_name((uint8_t)i)) > 0);
        assert_true(strlen(troth_hci_words((uint8_t)i)) > 0);
    }
    assert_string_equal(troth_hci_name(0xff), "(unknown)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bring_up_is_this_conversation),
        cmocka_unit_test(optional_commands_may_be_refused),
        cmocka_unit_test(required_commands_may_not),
        cmocka_unit_test(no_buffers_of_its_own_means_shared_ones),
        cmocka_unit_test(no_buffers_at_all_is_broken),
        cmocka_unit_test(short_answers_end_bring_up),
        cmocka_unit_test(silence_is_broken),
        cmocka_unit_test(commands_wait_for_credit),
        cmocka_unit_test(every_truncation_of_every_event),
        cmocka_unit_test(reports_are_taken_one_by_one),
        cmocka_unit_test(acl_waits_for_credits_and_a_disconnection_returns_them),
        cmocka_unit_test(lies_about_handles_change_nothing),
        cmocka_unit_test(a_fifth_connection_is_sent_away),
        cmocka_unit_test(a_hardware_error_ends_every_link),
        cmocka_unit_test(every_code_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
