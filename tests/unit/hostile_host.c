/* The host's edges: full events, handlers that call back. */
#include "support/bench.h"

#include <string.h>

static struct bench b;

/* 25 reports of no data fill an HCI event; the ring has 24 places. */
static void an_event_full_of_reports(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    assert_int_equal(troth_scan(&b.host, true, false), TROTH_OK);
    bench_reply_all(&b);
    b.events_seen = b.events;
    uint8_t e[5 + 25 * 10] = {0x04, 0x3e, 2 + 25 * 10, 0x02, 25};
    for (unsigned i = 0; i < 25; i++) {
        uint8_t *r = e + 5 + (size_t)10 * i;
        r[2] = (uint8_t)i;
        r[7] = 0xc0;
        r[1] = 1;
    }
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
    for (unsigned i = 0; i < 25; i++)
        assert_int_equal(expect_event(&b, TROTH_EV_REPORT)->u.report.addr.b[0], i);
}

static struct troth_gatt_service service;

/* Answers for itself, and then says OK all the same. */
static enum troth_gatt_status answers_twice(void *ctx, struct troth_gatt_access *a)
{
    static const uint8_t value[] = {0xa1, 0xa2, 0xee};
    (void)ctx;
    if (a->id == 1)
        assert_int_equal(troth_gatt_complete(&b.host, a->token, TROTH_GATT_OK, value, 1), TROTH_OK);
    a->value = a->id == 1 ? value + 2 : value + 1;
    a->value_len = 1;
    return TROTH_GATT_OK;
}

static const struct troth_characteristic characteristics[] = {
    {.uuid = TROTH_UUID16(0xfff1), .id = 1, .properties = TROTH_PROP_READ},
    {.uuid = TROTH_UUID16(0xfff2), .id = 2, .properties = TROTH_PROP_READ},
};
static const struct troth_service table = {TROTH_UUID16(0xfff0), characteristics, 2, answers_twice,
                                           NULL};

/* The second answer is not taken for the next question's. */
static void a_handler_that_answers_twice(void **state)
{
    (void)state;
    bench_init(&b);
    service = (struct troth_gatt_service){.table = &table};
    assert_int_equal(troth_gatt_register(&b.host, &service), TROTH_OK);
    bench_up(&b);
    bench_link(&b, 1, true);
    uint8_t h1 = (uint8_t)(service.first_handle + 2), h2 = (uint8_t)(service.first_handle + 4);
    uint8_t read_multiple[] = {0x02, 0x01, 0x20, 9, 0, 5, 0, 4, 0, 0x0e, h1, 0x00, h2, 0x00};
    b.sends_seen = b.sends;
    assert_int_equal(troth_host_rx(&b.host, read_multiple, sizeof read_multiple, b.now), TROTH_OK);
    expect_tx(&b, "02 01 00 07 00 03 00 04 00 0f a1 a2");
    expect_no_tx(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_full_of_reports),
        cmocka_unit_test(a_handler_that_answers_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
