/* L2CAP: reassembly from fragments of every size, fragmentation, signalling. */
#include "l2cap/l2cap.h"

#include <stdio.h>
#include <string.h>

#include "support/bench.h"

static struct bench b;
static struct l2cap l;

static void every_fragment_size(void **state)
{
    (void)state;
    uint8_t pdu[4 + L2CAP_MTU];
    for (size_t i = 0; i < sizeof pdu; i++)
        pdu[i] = (uint8_t)(i * 7);
    for (size_t len = 0; len <= L2CAP_MTU; len += len < 70 ? 1 : 59) {
        pdu[0] = (uint8_t)len;
        pdu[1] = (uint8_t)(len >> 8);
        pdu[2] = 4;
        pdu[3] = 0;
        for (size_t first = 0; first <= 6; first++) { /* the header in pieces too */
            for (size_t size = 1; size <= 30; size++) {
                struct l2cap_pdu out;
                size_t at = first < 4 + len ? first : 4 + len;
                l2cap_init(&l);
                bool whole = l2cap_rx(&l, true, pdu, at, &out);
                assert_int_equal(whole, at == 4 + len);
                while (at < 4 + len) {
                    assert_false(l2cap_rx(&l, false, pdu + at, 0, &out)); /* an empty fragment */
                    size_t n = 4 + len - at < size ? 4 + len - at : size;
                    whole = l2cap_rx(&l, false, pdu + at, n, &out);
                    at += n;
                    assert_int_equal(whole, at == 4 + len);
                }
                assert_int_equal(out.len, len);
                assert_int_equal(out.cid, 4);
                assert_memory_equal(out.data, pdu + 4, len);
            }
        }
    }
}

static bool in(bool first, const char *octets, size_t n, struct l2cap_pdu *out)
{
    uint8_t *exact = test_malloc(n ? n : 1);
    memcpy(exact, octets, n);
    bool whole = l2cap_rx(&l, first, exact, n, out);
    test_free(exact);
    return whole;
}

static void lengths_that_lie(void **state)
{
    (void)state;
    struct l2cap_pdu out;
    l2cap_init(&l);
    assert_false(in(false, "\1\0\4\0x", 5, &out)); /* a continuation of nothing */
    assert_false(in(true, "\1\0\4\0xy", 6, &out)); /* more than it says */
    assert_false(in(false, "z", 1, &out));
    assert_false(in(true, "\3\0\4\0x", 5, &out)); /* never finished: */
    assert_true(in(true, "\1\0\6\0y", 5, &out));  /* the next begins anew */
    assert_int_equal(out.cid, 6);
    assert_false(in(false, "z", 1, &out)); /* nothing is open any more */
    assert_false(in(true, "\3\0\4\0x", 5, &out));
    assert_false(in(false, "yzw", 3, &out)); /* too much in the last fragment */
    assert_false(in(false, "y", 1, &out));

    /* Longer than anything we take: swallowed to its end, octet for octet. */
    assert_false(in(true, "\0\4\4\0", 4, &out));
    uint8_t junk[100] = {0};
    for (unsigned left = 1024; left; left -= left < 100 ? left : 100)
        assert_false(l2cap_rx(&l, false, junk, left < 100 ? left : 100, &out));
    assert_false(in(false, "x", 1, &out));
    assert_true(in(true, "\0\0\4\0", 4, &out));
    assert_int_equal(out.len, 0);
    const uint8_t one_too_long[4] = {(L2CAP_MTU + 1) & 0xff, (L2CAP_MTU + 1) >> 8, 4, 0};
    uint8_t exactly[L2CAP_MTU + 1] = {0};
    assert_false(l2cap_rx(&l, true, one_too_long, 4, &out));
    assert_false(l2cap_rx(&l, false, exactly, sizeof exactly, &out));
    assert_false(in(true, "\377\377\4\0", 4, &out)); /* 65535 */
    assert_true(in(true, "\1\0\4\0x", 5, &out));
}

static void slots_and_fragments(void **state)
{
    (void)state;
    bench_init(&b);
    b.acl_count = 2;
    bench_up(&b);
    bench_link(&b, 0x40, true);
    struct host_link *link = &b.host.link[0];
    uint8_t pdu[65];
    for (size_t i = 0; i < sizeof pdu; i++)
        pdu[i] = (uint8_t)i;
    assert_true(l2cap_queue(&link->l2cap, L2CAP_SMP, pdu, 65));
    assert_false(l2cap_queue(&link->l2cap, L2CAP_SMP, pdu, 1));
    assert_true(l2cap_queue(&link->l2cap, L2CAP_ATT_CONFIRMATION, (const uint8_t *)"\x1e", 1));
    tick(&b, 0); /* anything that lets it settle */
    expect_tx(&b, "02 40 00 1b 00 41 00 06 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 "
                  "11 12 13 14 15 16");
    expect_tx(&b, "02 40 10 1b 00 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b "
                  "2c 2d 2e 2f 30 31");
    expect_no_tx(&b); /* two credits, both used */
    assert_false(l2cap_slot_free(&link->l2cap, L2CAP_SMP));
    rx(&b, "04 13 05 01 40 00 01 00");
    expect_tx(&b, "02 40 10 0f 00 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f 40");
    expect_no_tx(&b);
    assert_true(l2cap_slot_free(&link->l2cap, L2CAP_SMP));
    assert_true(link->l2cap.smp_unacked);
    rx(&b, "04 13 05 01 40 00 01 00");
    expect_tx(&b, "02 40 00 05 00 01 00 04 00 1e"); /* in order, not between fragments */
    assert_true(link->l2cap.smp_unacked);
    rx(&b, "04 13 05 01 40 00 01 00");
    assert_false(link->l2cap.smp_unacked); /* its last fragment is over */
}

static void acknowledged_means_all_of_it(void **state)
{
    (void)state;
    struct hci x = {.acl[0] = {.used = true, .sent = 1, .acked = 0}};
    l2cap_init(&l);
    assert_false(l2cap_smp_acked(&l, &x, 0)); /* nothing was sent */
    l.smp_unacked = true;
    l.smp_until = 1;
    assert_false(l2cap_smp_acked(&l, &x, 0));
    x.acl[0].acked = 1;
    assert_true(l2cap_queue(&l, L2CAP_SMP, (const uint8_t *)"x", 1));
    assert_false(l2cap_smp_acked(&l, &x, 0)); /* more is waiting */
    l2cap_init(&l);
    l.smp_unacked = true;
    l.smp_until = 1;
    assert_true(l2cap_smp_acked(&l, &x, 0));
    assert_false(l2cap_smp_acked(&l, &x, 0)); /* once */
}

static void links_take_turns(void **state)
{
    (void)state;
    bench_init(&b);
    b.acl_count = 1;
    bench_up(&b);
    bench_link(&b, 0x40, true);
    bench_link(&b, 0x41, true);
    uint8_t pdu[60] = {0};
    assert_true(l2cap_queue(&b.host.link[0].l2cap, L2CAP_SMP, pdu, 60));
    assert_true(l2cap_queue(&b.host.link[1].l2cap, L2CAP_SMP, pdu, 60));
    tick(&b, 0);
    for (unsigned i = 1; i < 6; i++) {
        assert_int_equal(b.sends, i);
        assert_int_equal(b.sent[i - 1].octets[1], i & 1 ? 0x40 : 0x41);
        rx(&b, i & 1 ? "04 13 05 01 40 00 01 00" : "04 13 05 01 41 00 01 00");
    }
}

static void unknown_channels_are_dropped(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    bench_link(&b, 0x40, true);
    rx(&b, "02 40 20 05 00 01 00 07 00 01");
    rx(&b, "02 40 20 05 00 01 00 40 00 01");
    rx(&b, "02 40 20 05 00 01 00 00 00 01");
    expect_no_tx(&b);
    expect_no_event(&b);
}

/* { signalling in, signalling out }; to a peripheral, unless said otherwise. */
static void signalling_answers(bool peripheral, const char *in_octets, const char *out_octets)
{
    char text[400];
    bench_init(&b);
    bench_up(&b);
    bench_link(&b, 0x40, peripheral);
    unsigned n = (unsigned)(strlen(in_octets) + 1) / 3;
    snprintf(text, sizeof text, "02 40 20 %02x 00 %02x 00 05 00 %s", n + 4, n, in_octets);
    rx(&b, text);
    if (out_octets) {
        n = (unsigned)(strlen(out_octets) + 1) / 3;
        snprintf(text, sizeof text, "02 40 00 %02x 00 %02x 00 05 00 %s", n + 4, n, out_octets);
        expect_tx(&b, text);
    } else {
        expect_no_tx(&b);
    }
}

static void signalling(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } to_peripheral[] = {
        {"12 01 08 00 06 00 06 00 00 00 64 00", "01 01 02 00 00 00"}, /* only a central takes it */
        {"14 05 0a 00 80 00 40 00 17 00 17 00 01 00", "15 05 0a 00 00 00 00 00 00 00 00 00 02 00"},
        {"14 05 08 00 80 00 40 00 17 00 17 00", "01 05 02 00 00 00"},
        {"17 06 0a 00 80 00 40 00 40 00 01 00 40 00", "01 06 02 00 00 00"},
        {"06 07 04 00 40 00 41 00", "01 07 06 00 02 00 40 00 41 00"},
        {"06 07 03 00 40 00 41", "01 07 02 00 00 00"},
        {"02 08 04 00 01 00 40 00", "01 08 02 00 00 00"}, /* BR/EDR's */
        {"08 09 00 00", "01 09 02 00 00 00"},
        {"ff 0a 00 00", "01 0a 02 00 00 00"},
        {"14 05 ff 00 80 00", "01 05 02 00 00 00"}, /* its length lies */
        {"06 07 02 00 40 00 41 00", "01 07 02 00 00 00"},
        {"01 0b 02 00 00 00", NULL}, /* rejections of nothing, answers to nothing */
        {"01 0b 09 00 00 00", NULL},
        {"13 0c 02 00 00 00", NULL},
        {"07 0d 04 00 40 00 41 00", NULL},
        {"15 0d 0a 00 40 00 41 00 00 00 00 00 00 00", NULL},
        {"16 0e 04 00 40 00 01 00", NULL},
        {"08 00 00 00", NULL}, /* identifier 0 */
        {"08", NULL},
        {"08 01 00", NULL},
        {"08 01 14 00 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13",
         "01 01 04 00 01 00 17 00"}, /* longer than MTUsig */
    };
    for (size_t i = 0; i < sizeof to_peripheral / sizeof to_peripheral[0]; i++)
        signalling_answers(true, to_peripheral[i].in, to_peripheral[i].out);
}

static void parameter_update_as_central(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    bench_link(&b, 0x40, false);
    rx(&b, "02 40 20 10 00 0c 00 05 00 12 01 08 00 06 00 06 00 00 00 64 00");
    expect_tx(&b, "01 13 20 0e 40 00 06 00 06 00 00 00 64 00 00 00 00 00");
    expect_tx(&b, "02 40 00 0a 00 06 00 05 00 13 01 02 00 00 00");
    rx(&b, "04 0f 04 0c 01 13 20");
    assert_int_equal(expect_event(&b, TROTH_EV_PARAMETERS)->u.parameters.hci_status, 0x0c);
    signalling_answers(false, "12 01 08 00 05 00 06 00 00 00 64 00", "13 01 02 00 01 00");
    expect_no_tx(&b); /* 5: too fast */
    signalling_answers(false, "12 01 08 00 06 00 80 0c 00 00 0a 00",
                       "13 01 02 00 01 00"); /* 100 ms < 8 s */
    signalling_answers(false, "12 01 07 00 06 00 06 00 00 00 64", "01 01 02 00 00 00");
}

static void parameter_update_as_peripheral(void **state)
{
    (void)state;
    struct troth_conn_params p = {24, 40, 0, 400};
    bench_init(&b);
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    assert_int_equal(troth_update_params(&b.host, link, &p), TROTH_OK);
    expect_tx(&b, "02 40 00 10 00 0c 00 05 00 12 01 08 00 18 00 28 00 00 00 90 01");
    rx(&b, "02 40 20 0a 00 06 00 05 00 13 02 02 00 01 00"); /* somebody else's identifier */
    expect_no_event(&b);
    rx(&b, "02 40 20 0a 00 06 00 05 00 13 01 02 00 01 00");
    assert_int_equal(expect_event(&b, TROTH_EV_PARAMETERS)->u.parameters.hci_status, 0x3b);
    rx(&b, "02 40 20 0a 00 06 00 05 00 13 01 02 00 01 00"); /* again */
    expect_no_event(&b);
    assert_int_equal(troth_update_params(&b.host, link, &p), TROTH_OK);
    rx(&b, "02 40 20 0a 00 06 00 05 00 01 02 02 00 00 00");
    assert_int_equal(expect_event(&b, TROTH_EV_PARAMETERS)->u.parameters.hci_status, 0x3b);
    assert_int_equal(troth_update_params(&b.host, link, &p), TROTH_OK);
    rx(&b, "02 40 20 0a 00 06 00 05 00 13 03 02 00 00 00");
    rx(&b, "04 3e 0a 03 00 40 00 28 00 00 00 90 01");
    const struct troth_event *e = expect_event(&b, TROTH_EV_PARAMETERS);
    assert_int_equal(e->u.parameters.hci_status, 0);
    assert_int_equal(e->u.parameters.interval, 40);
    p.interval_min = 41;
    assert_int_equal(troth_update_params(&b.host, link, &p), TROTH_INVALID);
}

static void the_controllers_parameter_request(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    bench_link(&b, 0x40, true);
    rx(&b, "04 3e 0b 06 40 00 18 00 28 00 00 00 90 01");
    expect_tx(&b, "01 20 20 0e 40 00 18 00 28 00 00 00 90 01 00 00 00 00");
    rx(&b, "04 0e 06 01 20 20 00 40 00");
    rx(&b, "04 3e 0b 06 40 00 00 00 28 00 00 00 90 01");
    expect_tx(&b, "01 21 20 03 40 00 3b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fragment_size),
        cmocka_unit_test(lengths_that_lie),
        cmocka_unit_test(slots_and_fragments),
        cmocka_unit_test(acknowledged_means_all_of_it),
        cmocka_unit_test(links_take_turns),
        cmocka_unit_test(unknown_channels_are_dropped),
        cmocka_unit_test(signalling),
        cmocka_unit_test(parameter_update_as_central),
        cmocka_unit_test(parameter_update_as_peripheral),
        cmocka_unit_test(the_controllers_parameter_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
