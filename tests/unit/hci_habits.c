/* Habits of controllers people own: slow, old, chatty, forgetful, out of order. */
#include <stdio.h>
#include <string.h>

#include "hci/hci.h"
#include "support/bench.h"

static struct bench b;

/* What comes unasked, or concerns nobody here, or is wrong: nothing may come of it. */
static const char *const noise[] = {
    "04 ff 03 01 02 03",                               /* vendor's */
    "04 ff 00",                                        /* ... of nothing */
    "04 1a 01 01",                                     /* Data Buffer Overflow */
    "04 1b 03 40 00 05",                               /* Max Slots Change: of BR/EDR */
    "04 01 01 00",                                     /* Inquiry Complete, likewise */
    "04 04 0a 01 02 03 04 05 06 00 00 00 01",          /* Connection Request, likewise */
    "04 3e 0b 07 40 00 fb 00 48 08 fb 00 48 08",       /* LE Data Length Change, one short */
    "04 3e 01 77",                                     /* a subevent of the future */
    "04 3e 00",                                        /* no subevent at all */
    "04 0e 04 01 14 0c 00",                            /* Command Complete of nothing we sent */
    "04 0e 03 01 00 00",                               /* a credit, nothing more */
    "04 0f 04 00 01 00 00",                            /* likewise, as Command Status */
    "04 0e 01 01",                                     /* half of one */
    "04 0e 00",                                        /* none of one */
    "04 13 05 01 99 00 02 00",                         /* packets of nobody completed */
    "04 13 05 02 40 00 02 00",                         /* two handles said, one there */
    "04 13 00",                                        /* and none */
    "04 05 04 00 99 00 13",                            /* nobody is gone */
    "04 05 02 00 40",                                  /* half a Disconnection Complete */
    "04 08 04 00 99 00 01",                            /* nobody is encrypted */
    "04 30 03 00 99 00",                               /* nor refreshed */
    "04 3e 0d 05 99 00 00 00 00 00 00 00 00 00 00 00", /* nobody's LTK is wanted */
    "02 99 20 05 00 01 00 04 00 0a",                   /* data of nobody */
    "03 40 00 01 00",                                  /* synchronous */
    "05 40 00 00 00",                                  /* isochronous */
};
#define NOISE (sizeof noise / sizeof noise[0])

static void make_noise(void)
{
    for (size_t i = 0; i < NOISE; i++)
        rx(&b, noise[i]);
}

static void advertise(void)
{
    struct troth_advertising adv = {.on = true, .connectable = true};
    uint8_t flags = 6;
    troth_ad_put(adv.data, &adv.data_len, 31, TROTH_AD_FLAGS, &flags, 1);
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_OK);
}

/* The last event of this type; NULL: none came. */
static const struct troth_event *last(enum troth_event_type type)
{
    for (unsigned i = b.events; i--;)
        if (b.event[i].type == type)
            return &b.event[i];
    return NULL;
}

/* Brings it up with noise before and after every answer. */
static void noise_disturbs_no_bring_up(void **state)
{
    (void)state;
    bench_init(&b);
    b.features = 0x62;
    make_noise(); /* nobody has asked it for anything yet */
    expect_no_event(&b);
    expect_no_tx(&b);
    troth_host_start(&b.host, b.now);
    unsigned rows = 0;
    while (b.host.hci.open) {
        unsigned sends = b.sends;
        make_noise();
        assert_int_equal(b.sends, sends); /* none of it was taken for the answer */
        bench_reply(&b);
        assert_true(++rows < 20);
    }
    expect_event(&b, TROTH_EV_READY);
    expect_no_event(&b);
}

static void noise_disturbs_no_link(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    b.sends_seen = b.sends;
    make_noise();
    expect_no_event(&b);
    expect_no_tx(&b);
    rx(&b, "02 40 20 07 00 03 00 04 00 0a 03 00"); /* and it is still served: Device Name */
    expect_tx(&b, "02 40 00 0a 00 06 00 04 00 0b 54 72 6f 74 68");
    assert_int_equal(troth_disconnect(&b.host, link, 0), TROTH_OK);
    expect_tx(&b, "01 06 04 03 40 00 13");
}

static void reset_may_take_its_time(void **state)
{
    (void)state;
    bench_init(&b);
    troth_host_start(&b.host, b.now);
    tick(&b, HCI_RESET_TIMEOUT_MS - 1);
    expect_no_event(&b);
    bench_reply(&b);
    assert_int_equal(b.host.hci.open, HCI_READ_LOCAL_VERSION);
    tick(&b, HCI_COMMAND_TIMEOUT_MS - 1);
    bench_reply_all(&b);
    expect_event(&b, TROTH_EV_READY);
    assert_int_equal(troth_host_deadline(&b.host), TROTH_NEVER);
}

/* Some say "pending" first, to whatever they are told. */
static void pending_is_no_answer_yet(void **state)
{
    (void)state;
    bench_init(&b);
    b.features = 0x62;
    troth_host_start(&b.host, b.now);
    while (b.host.hci.open) {
        char text[40];
        unsigned open = b.host.hci.open, sends = b.sends;
        snprintf(text, sizeof text, "04 0f 04 00 01 %02x %02x", open & 0xff, open >> 8);
        rx(&b, text);
        assert_int_equal(b.sends, sends);
        bench_reply(&b);
    }
    expect_event(&b, TROTH_EV_READY);
    troth_host_start(&b.host, b.now); /* and one that leaves it at that is broken */
    rx(&b, "04 0f 04 00 01 03 0c");
    tick(&b, HCI_RESET_TIMEOUT_MS);
    assert_int_equal(expect_event(&b, TROTH_EV_BROKEN)->u.broken.opcode, HCI_RESET);
}

/* Each in each way, and it comes up and advertises without what it refused. */
static void optional_commands_may_be_missing(void **state)
{
    static const uint16_t optional[] = {0x1001, 0x1002, 0x0c63, 0x0c6d,
                                        0x1009, 0x2003, 0x2024, 0x202a};
    static const char *const refusals[] = {
        "04 0f 04 01 01", /* Unknown HCI Command, as Command Status */
        "04 0e 04 01",    /* as Command Complete, with nothing behind the status */
    };
    static const uint8_t statuses[] = {0x01, 0x11, 0x0c, 0x12, 0x1f};
    (void)state;
    for (size_t k = 0; k < sizeof optional / sizeof optional[0]; k++)
        for (size_t s = 0; s < sizeof statuses; s++)
            for (size_t r = 0; r < 2; r++) {
                bench_init(&b);
                b.features = 0x62;
                troth_host_start(&b.host, b.now);
                while (b.host.hci.open) {
                    char text[40];
                    unsigned lo = optional[k] & 0xff, hi = optional[k] >> 8;
                    if (b.host.hci.open != optional[k]) {
                        bench_reply(&b);
                        continue;
                    }
                    if (r)
                        snprintf(text, sizeof text, "%s %02x %02x %02x", refusals[1], lo, hi,
                                 statuses[s]);
                    else
                        snprintf(text, sizeof text, "04 0f 04 %02x 01 %02x %02x", statuses[s], lo,
                                 hi);
                    rx(&b, text);
                }
                assert_true(expect_event(&b, TROTH_EV_READY)->u.ready.acl_len);
                advertise();
                bench_reply_all(&b);
                assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
                expect_no_event(&b);
            }
}

/* Others answer a command they do not know by nothing at all. */
static void optional_commands_may_go_unanswered(void **state)
{
    static const uint16_t optional[] = {0x1001, 0x1002, 0x0c63, 0x0c6d,
                                        0x1009, 0x2003, 0x2024, 0x202a};
    enum { OPTIONAL = sizeof optional / sizeof optional[0] };
    (void)state;
    for (unsigned k = 0; k <= OPTIONAL; k++) { /* one of them, then all */
        bench_init(&b);
        b.features = 0x62;
        for (int again = 0; again < 2; again++) { /* it is asked once in a life */
            unsigned silent = 0;
            b.sends = b.sends_seen = b.events = b.events_seen = 0;
            troth_host_start(&b.host, b.now);
            while (b.host.hci.open) {
                bool deaf = false;
                for (unsigned i = 0; i < OPTIONAL; i++)
                    deaf |= (i == k || k == OPTIONAL) && b.host.hci.open == optional[i];
                if (!deaf) {
                    bench_reply(&b);
                    continue;
                }
                silent++;
                tick(&b, HCI_COMMAND_TIMEOUT_MS);
                assert_int_equal(b.host.hci.open, HCI_RESET);
            }
            /* Without its features it is not asked for what they bring. */
            assert_int_equal(silent, again ? 0 : k < OPTIONAL ? 1 : OPTIONAL - 2);
            expect_event(&b, TROTH_EV_READY);
            expect_no_event(&b);
        }
        advertise();
        bench_reply_all(&b);
        assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    }
}

/* Set Event Mask of controllers with and without the features its events come with. */
static void events_are_asked_for_where_they_exist(void **state)
{
    static const struct {
        uint64_t features;
        const char *mask;
    } cases[] = {
        {0x00, "01 01 20 08 17 00 00 00 00 00 00 00"}, /* 4.0 */
        {0x02, "01 01 20 08 37 00 00 00 00 00 00 00"}, /* Connection Parameters Request */
        {0x40, "01 01 20 08 17 02 00 00 00 00 00 00"}, /* LL Privacy */
        {0x42, "01 01 20 08 37 02 00 00 00 00 00 00"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        bench_init(&b);
        b.features = cases[i].features;
        troth_host_start(&b.host, b.now);
        while (b.host.hci.open != HCI_LE_SET_EVENT_MASK)
            bench_reply(&b);
        b.sends_seen = b.sends - 1;
        expect_tx(&b, cases[i].mask);
    }
}

static void no_address_means_a_static_one(void **state)
{
    static const char *const answers[] = {
        "04 0e 0a 01 09 10 00 00 00 00 00 00 00",
        "04 0e 0a 01 09 10 00 ff ff ff ff ff ff",
    };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        bench_init(&b);
        troth_host_start(&b.host, b.now);
        while (b.host.hci.open != HCI_READ_BD_ADDR)
            bench_reply(&b);
        rx(&b, answers[i]);
        bench_reply_all(&b);
        const struct troth_event *e = expect_event(&b, TROTH_EV_READY);
        assert_int_equal(e->u.ready.identity.type, TROTH_ADDR_RANDOM);
        assert_memory_equal(e->u.ready.identity.b, b.config.local.static_addr.b, 6);
        advertise();
        b.sends_seen = b.sends - 1;
        expect_tx(&b, "01 06 20 0f a0 00 a0 00 00 01 __ __ __ __ __ __ __ 07 00"); /* random */
    }
}

/* ---- credits for commands ---- */

static void a_credit_that_comes_late_is_waited_for(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    rx(&b, "04 0e 03 00 00 00"); /* none for now */
    assert_int_equal(troth_disconnect(&b.host, link, 0), TROTH_OK);
    expect_no_tx(&b);
    tick(&b, HCI_CREDIT_TIMEOUT_MS - 1);
    expect_no_tx(&b);
    rx(&b, "04 0e 03 01 00 00");
    expect_tx(&b, "01 06 04 03 40 00 13");
    rx(&b, "04 0f 04 00 01 06 04");
    tick(&b, HCI_CREDIT_TIMEOUT_MS + HCI_COMMAND_TIMEOUT_MS);
    expect_no_event(&b);
}

static void a_credit_that_never_comes_is_broken(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    rx(&b, "04 0e 03 00 00 00");
    tick(&b, HCI_CREDIT_TIMEOUT_MS - 1);
    expect_no_event(&b);
    tick(&b, 1);
    const struct troth_event *e = expect_event(&b, TROTH_EV_BROKEN);
    assert_int_equal(e->u.broken.opcode, 0);
    assert_int_equal(e->u.broken.hci_status, 0);
    assert_int_equal(expect_event(&b, TROTH_EV_DISCONNECTED)->link, link);
    expect_no_event(&b);
}

/* ---- it fails, and begins again ---- */

static void fail_by_silence(void)
{
    const struct troth_event *e;
    assert_int_equal(troth_disconnect(&b.host, b.event[b.events - 1].link, 0), TROTH_OK);
    assert_int_equal(b.host.hci.open, HCI_DISCONNECT);
    tick(&b, HCI_COMMAND_TIMEOUT_MS);
    e = expect_event(&b, TROTH_EV_BROKEN);
    assert_int_equal(e->u.broken.opcode, HCI_DISCONNECT);
    assert_int_equal(e->u.broken.hci_status, 0);
}

static void fail_by_hardware_error(void)
{
    rx(&b, "04 10 01 21");
    assert_int_equal(expect_event(&b, TROTH_EV_BROKEN)->u.broken.hci_status, 0x03);
}

static void vanish(void)
{
    troth_host_gone(&b.host, b.now);
}

static void what_was_wanted_is_resumed(void **state)
{
    static void (*const ways[])(void) = {fail_by_silence, fail_by_hardware_error, vanish};
    (void)state;
    for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
        struct troth_bond_keys keys = {
            .identity = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}}, .sc = true, .key_size = 16};
        bench_init(&b);
        assert_int_equal(troth_bonds_load(&b.host, &keys, NULL), TROTH_OK);
        bench_up(&b);
        advertise();
        bench_reply_all(&b);
        troth_link link = bench_link(&b, 0x40, true);
        bench_reply_all(&b); /* it advertises beside the link */
        b.events_seen = b.events;
        /* bench_link's event is the one fail_by_silence takes the link from */
        b.event[b.events - 1].link = link;
        ways[w]();
        assert_non_null(last(TROTH_EV_DISCONNECTED));
        assert_int_equal(last(TROTH_EV_DISCONNECTED)->link, link);
        assert_false(last(TROTH_EV_ADVERTISING)->u.on);
        make_noise(); /* its last words */
        rx(&b, "04 3e 13 01 00 41 00 01 00 b0 b1 b2 b3 b4 b5 18 00 00 00 90 01 00");
        assert_int_equal(troth_host_deadline(&b.host), TROTH_NEVER);

        b.sends_seen = b.sends;
        b.events_seen = b.events;
        troth_host_start(&b.host, b.now);
        expect_tx(&b, "01 03 0c 00");
        rx(&b, "04 10 01 21"); /* still from before the Reset */
        bench_reply_all(&b);
        expect_event(&b, TROTH_EV_READY);
        assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
        expect_no_event(&b);
        bool data = false; /* what it advertises was told again too */
        for (unsigned i = b.sends_seen; i < b.sends; i++)
            data |= b.sent[i].octets[1] == 0x08 && b.sent[i].octets[4] == 3;
        assert_true(data);
        assert_non_null(troth_bonds_find(&b.host, &keys.identity));
        bench_link(&b, 0x40, true); /* the same handle serves another link */
    }
}

/* ---- what many can do only one at a time ---- */

static void advertising_may_be_refused_beside_a_link(void **state)
{
    static const uint8_t statuses[] = {0x0c, 0x0d, 0x09, 0x07};
    (void)state;
    for (size_t s = 0; s < sizeof statuses; s++) {
        bench_init(&b);
        bench_up(&b);
        advertise();
        bench_reply_all(&b);
        troth_link link = bench_link(&b, 0x40, true);
        char text[40];
        assert_int_equal(b.host.hci.open, HCI_LE_SET_ADVERTISING_ENABLE);
        snprintf(text, sizeof text, "04 0e 04 01 0a 20 %02x", statuses[s]);
        rx(&b, text);
        assert_null(last(TROTH_EV_BROKEN));
        b.sends_seen = b.sends;
        tick(&b, 100000);
        expect_no_tx(&b); /* and is not asked for again and again */
        b.events_seen = b.events;
        rx(&b, "04 05 04 00 40 00 13");
        assert_int_equal(expect_event(&b, TROTH_EV_DISCONNECTED)->link, link);
        expect_tx(&b, "01 0a 20 01 01");
        bench_reply(&b);
        assert_true(expect_event(&b, TROTH_EV_ADVERTISING)->u.on);
    }
}

/* ---- ACL and its Encryption Change on different endpoints ---- */

/* As central; the peer's notification-like PDU overtakes each way the attempt may end. */
static void a_central_holds_acl_until_the_outcome(void **state)
{
    static const char *const outcomes[] = {
        "04 08 04 00 40 00 01", /* encrypted */
        "04 08 04 06 40 00 00", /* the peer has no key */
        "04 0f 04 1a 01 19 20", /* the controller will not even try */
    };
    (void)state;
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        bench_init(&b);
        b.config.acl_before_encryption = true;
        troth_host_init(&b.host, &b.config);
        bench_up(&b);
        troth_link link = bench_link(&b, 0x40, false);
        uint8_t ltk[16] = {1, 2, 3};
        assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, true, true), TROTH_OK);
        assert_int_equal(troth_encrypt(&b.host, link), TROTH_OK);
        assert_int_equal(b.host.hci.open, HCI_LE_ENABLE_ENCRYPTION);
        if (i < 2)
            rx(&b, "04 0f 04 00 01 19 20");
        b.sends_seen = b.sends;
        rx(&b, "02 40 20 07 00 03 00 04 00 0a 03 00");
        expect_no_tx(&b);
        rx(&b, outcomes[i]);
        bool served = false;
        for (unsigned k = b.sends_seen; k < b.sends; k++)
            served |= b.sent[k].octets[0] == 0x02 && b.sent[k].octets[9] == 0x0b;
        assert_true(served);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(noise_disturbs_no_bring_up),
        cmocka_unit_test(noise_disturbs_no_link),
        cmocka_unit_test(reset_may_take_its_time),
        cmocka_unit_test(pending_is_no_answer_yet),
        cmocka_unit_test(optional_commands_may_be_missing),
        cmocka_unit_test(optional_commands_may_go_unanswered),
        cmocka_unit_test(events_are_asked_for_where_they_exist),
        cmocka_unit_test(no_address_means_a_static_one),
        cmocka_unit_test(a_credit_that_comes_late_is_waited_for),
        cmocka_unit_test(a_credit_that_never_comes_is_broken),
        cmocka_unit_test(what_was_wanted_is_resumed),
        cmocka_unit_test(advertising_may_be_refused_beside_a_link),
        cmocka_unit_test(a_central_holds_acl_until_the_outcome),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
