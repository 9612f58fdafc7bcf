/* Discovery: by transcript, against our own server, and against peers that would keep it going. */
#include "support/gatt_fake.h"

#include <string.h>

static struct fake f;

static int fresh(void **state)
{
    (void)state;
    fake_open(&f, NULL, 0);
    fake_rx(&f, "02 17 00");
    fake_forget(&f);
    return 0;
}

static void service(uint16_t first, uint16_t last, uint16_t uuid)
{
    const struct troth_event *e = fake_event(&f, TROTH_EV_GATT_SERVICE);
    assert_int_equal(e->u.service.first, first);
    assert_int_equal(e->u.service.last, last);
    if (uuid) {
        assert_int_equal(e->u.service.uuid.len, 2);
        assert_int_equal(e->u.service.uuid.b[0] | e->u.service.uuid.b[1] << 8, uuid);
    } else {
        assert_int_equal(e->u.service.uuid.len, 16);
    }
}

static void characteristic(uint16_t handle, uint8_t properties, uint16_t uuid)
{
    const struct troth_event *e = fake_event(&f, TROTH_EV_GATT_CHARACTERISTIC);
    assert_int_equal(e->u.characteristic.handle, handle);
    assert_int_equal(e->u.characteristic.value_handle, handle + 1);
    assert_int_equal(e->u.characteristic.properties, properties);
    if (uuid)
        assert_int_equal(e->u.characteristic.uuid.b[0] | e->u.characteristic.uuid.b[1] << 8, uuid);
    else
        assert_int_equal(e->u.characteristic.uuid.len, 16);
}

static void descriptor(uint16_t handle, uint16_t uuid)
{
    const struct troth_event *e = fake_event(&f, TROTH_EV_GATT_DESCRIPTOR);
    assert_int_equal(e->u.descriptor.handle, handle);
    assert_int_equal(e->u.descriptor.uuid.b[0] | e->u.descriptor.uuid.b[1] << 8, uuid);
}

#define WIDE "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"

static void everything(void **state)
{
    (void)state;
    assert_int_equal(gatt_discover(&f.g, NULL), TROTH_OK);
    fake_sent(&f, "10 01 00 ff ff 00 28");
    fake_turn(&f, "11 06 01 00 05 00 00 18 06 00 0a 00 01 18", "10 0b 00 ff ff 00 28");
    fake_turn(&f, "11 14 0b 00 0f 00 " WIDE, "10 10 00 ff ff 00 28");
    fake_turn(&f, "11 06 10 00 10 00 0a 18", "10 11 00 ff ff 00 28");
    fake_turn(&f, "01 10 11 00 0a", "08 02 00 05 00 03 28");
    /* The first is filled by its characteristics: no descriptors to look for. */
    fake_turn(&f, "09 07 02 00 02 03 00 00 2a 04 00 02 05 00 01 2a", "08 07 00 0a 00 03 28");
    fake_turn(&f, "09 07 07 00 20 08 00 05 2a", "08 09 00 0a 00 03 28");
    fake_turn(&f, "01 08 09 00 0a", "04 09 00 0a 00");
    fake_turn(&f, "05 01 09 00 02 29 0a 00 01 29", "08 0c 00 0f 00 03 28");
    /* Descriptors in the middle: values and declarations after them are stepped over. */
    fake_turn(&f, "09 15 0c 00 10 0d 00 " WIDE, "08 0e 00 0f 00 03 28");
    fake_turn(&f, "01 08 0e 00 0a", "04 0e 00 0f 00");
    fake_turn(&f, "05 01 0e 00 02 29", "04 0f 00 0f 00");
    fake_rx(&f, "05 02 0f 00 " WIDE);
    fake_silent(&f);

    service(1, 5, 0x1800);
    service(6, 10, 0x1801);
    service(11, 15, 0);
    service(16, 16, 0x180a); /* nothing can be in it */
    characteristic(2, 2, 0x2a00);
    characteristic(4, 2, 0x2a01);
    characteristic(7, 0x20, 0x2a05);
    descriptor(9, 0x2902);
    descriptor(10, 0x2901);
    characteristic(12, 0x10, 0);
    descriptor(14, 0x2902);
    assert_int_equal(fake_event(&f, TROTH_EV_GATT_DESCRIPTOR)->u.descriptor.uuid.len, 16);
    fake_done(&f, TROTH_OK, 0);
}

static void nothing_at_all(void **state)
{
    (void)state;
    gatt_discover(&f.g, NULL);
    fake_rx(&f, "01 10 01 00 0a");
    fake_done(&f, TROTH_OK, 0);
    gatt_discover(&f.g, NULL);
    fake_rx(&f, "01 10 01 00 06");
    fake_done(&f, TROTH_FAILED, 0x06);
}

static void one_service_by_uuid(void **state)
{
    (void)state;
    struct troth_uuid uuid = TROTH_UUID16(0x180f);
    gatt_discover(&f.g, &uuid);
    fake_sent(&f, "06 01 00 ff ff 00 28 0f 18");
    fake_turn(&f, "07 10 00 14 00 20 00 23 00", "06 24 00 ff ff 00 28 0f 18");
    fake_turn(&f, "01 06 24 00 0a", "08 11 00 14 00 03 28");
    fake_turn(&f, "09 07 11 00 12 12 00 19 2a", "08 13 00 14 00 03 28");
    fake_turn(&f, "01 08 13 00 0a", "04 13 00 14 00");
    fake_turn(&f, "05 01 13 00 02 28 14 00 04 29", "08 21 00 23 00 03 28");
    fake_rx(&f, "01 08 21 00 0a"); /* includes only: not looked into */
    fake_silent(&f);
    service(0x10, 0x14, 0x180f);
    service(0x20, 0x23, 0x180f);
    characteristic(0x11, 0x12, 0x2a19);
    descriptor(0x14, 0x2904); /* 2802 is none */
    fake_done(&f, TROTH_OK, 0);
    uuid.len = 4;
    assert_int_equal(gatt_discover(&f.g, &uuid), TROTH_INVALID);
}

static void wide_service_by_uuid(void **state)
{
    (void)state;
    struct troth_uuid uuid = {16, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}};
    gatt_discover(&f.g, &uuid);
    fake_sent(&f, "06 01 00 ff ff 00 28 " WIDE);
    fake_turn(&f, "07 10 00 ff ff", "08 11 00 ff ff 03 28"); /* to the last handle there is */
    service(0x10, 0xffff, 0);
    fake_rx(&f, "01 08 11 00 05");
    assert_int_equal(f.raises, 1);
    gatt_secured(&f.g, true);
    fake_sent(&f, "08 11 00 ff ff 03 28");
}

/* The last handle is an end, not a wrap. */
static void up_to_the_last_handle(void **state)
{
    (void)state;
    gatt_discover(&f.g, NULL);
    fake_forget(&f);
    fake_turn(&f, "11 06 fc ff ff ff 00 18", "08 fd ff ff ff 03 28");
    fake_turn(&f, "09 07 fd ff 10 fe ff 00 2a", "08 ff ff ff ff 03 28");
    fake_turn(&f, "01 08 ff ff 0a", "04 ff ff ff ff");
    fake_rx(&f, "05 01 ff ff 02 29");
    fake_silent(&f);
    service(0xfffc, 0xffff, 0x1800);
    characteristic(0xfffd, 0x10, 0x2a00);
    descriptor(0xffff, 0x2902);
    fake_done(&f, TROTH_OK, 0);
}

/* ---- peers that do not behave ---- */

static void fails_on(const char *const *before, const char *pdu)
{
    fresh(NULL);
    gatt_discover(&f.g, NULL);
    for (; *before; before++)
        fake_rx(&f, *before);
    unsigned sent = f.sent_n;
    fake_rx(&f, pdu);
    assert_int_equal(f.sent_n, sent);
    assert_int_equal(f.event[f.event_n - 1].type, TROTH_EV_GATT_DONE);
    assert_int_equal(f.event[f.event_n - 1].u.done.result, TROTH_FAILED);
    assert_int_equal(f.event[f.event_n - 1].u.done.att_error, 0);
}

static void services_that_lead_nowhere(void **state)
{
    (void)state;
    static const char *const none[] = {NULL};
    static const char *const one[] = {"11 06 10 00 20 00 00 18", NULL};
    static const char *const pdus[] = {
        "11 06 00 00 05 00 00 18",                   /* handle 0 */
        "11 06 05 00 04 00 00 18",                   /* ends before it starts */
        "11 06 01 00 05 00 00 18 05 00 09 00 01 18", /* overlaps */
        "11 06 06 00 09 00 00 18 01 00 05 00 01 18", /* backwards */
        "11 06 06 00 ff ff 00 18 07 00 08 00 01 18", /* behind the end */
        "11 05 01 00 05 00 00",                      /* no such length */
        "11 00 01 00 05 00 00 18",
        "11 06 01 00 05 00 00 18 06", /* a piece of one */
        "11 06 01 00 05",             /* not even one */
        "11 14 01 00 05 00 00 18",
        "09 07 02 00 02 03 00 00 2a", /* another response */
        "07 01 00 05 00",
    };
    for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++)
        fails_on(none, pdus[i]);
    fails_on(one, "11 06 10 00 20 00 00 18"); /* the same again */
    fails_on(one, "11 06 20 00 30 00 00 18");
    fails_on(one, "11 06 01 00 05 00 00 18");
    fails_on(one, "01 10 01 00 0a"); /* about a handle that was not asked for */
}

static void characteristics_that_lead_nowhere(void **state)
{
    (void)state;
    static const char *const in_service[] = {"11 06 10 00 20 00 00 18", "01 10 21 00 0a", NULL};
    static const char *const after_one[] = {"11 06 10 00 20 00 00 18", "01 10 21 00 0a",
                                            "09 07 13 00 02 14 00 00 2a", NULL};
    static const char *const pdus[] = {
        "09 07 10 00 02 11 00 00 2a",                      /* before the range */
        "09 07 21 00 02 22 00 00 2a",                      /* behind it */
        "09 07 20 00 02 21 00 00 2a",                      /* its value is */
        "09 07 12 00 02 12 00 00 2a",                      /* is its own value */
        "09 07 12 00 02 11 00 00 2a",                      /* value before it */
        "09 07 12 00 02 13 00 00 2a 12 00 02 13 00 00 2a", /* the same again */
        "09 07 12 00 02 13 00 00 2a 13 00 02 14 00 00 2a", /* within the last */
        "09 07 1f 00 02 20 00 00 2a 20 00 02 21 00 00 2a", /* past the end */
        "09 08 12 00 02 13 00 00 2a 00",                   /* no such length */
        "09 15 12 00 02 13 00 00 2a",
        "09 07 12 00 02 13 00 00",
        "11 06 12 00 13 00 00 18",
    };
    for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++)
        fails_on(in_service, pdus[i]);
    fails_on(after_one, "09 07 13 00 02 14 00 00 2a");
    fails_on(after_one, "09 07 11 00 02 12 00 00 2a");
}

static void descriptors_that_lead_nowhere(void **state)
{
    (void)state;
    static const char *const at[] = {"11 06 10 00 20 00 00 18", "01 10 21 00 0a",
                                     "09 07 11 00 02 12 00 00 2a", "01 08 13 00 0a", NULL};
    static const char *const after_one[] = {"11 06 10 00 20 00 00 18",    "01 10 21 00 0a",
                                            "09 07 11 00 02 12 00 00 2a", "01 08 13 00 0a",
                                            "05 01 15 00 02 29",          NULL};
    static const char *const pdus[] = {
        "05 01 12 00 02 29", /* before the range */
        "05 01 21 00 02 29", /* behind it */
        "05 01 00 00 02 29",
        "05 01 13 00 02 29 13 00 02 29", /* the same again */
        "05 01 20 00 02 29 21 00 02 29", /* past the end */
        "05 03 13 00 02 29",             /* no such format */
        "05 00 13 00 02 29",
        "05 02 13 00 02 29",
        "05 01 13 00 02 29 14",
    };
    for (size_t i = 0; i < sizeof pdus / sizeof *pdus; i++)
        fails_on(at, pdus[i]);
    fails_on(after_one, "05 01 15 00 02 29");
    fails_on(after_one, "05 01 14 00 02 29");
}

/* A peer with a service on every handle: it ends, and says that it is not all. */
static void more_services_than_room(void **state)
{
    (void)state;
    unsigned turns = 0;
    gatt_discover(&f.g, NULL);
    for (uint16_t h = 1; f.g.client.op && turns < 1000; h++, turns++) {
        uint8_t pdu[] = {0x11, 6,   (uint8_t)h, (uint8_t)(h >> 8), (uint8_t)h, (uint8_t)(h >> 8),
                         0,    0x18};
        fake_forget(&f);
        fake_rx_bytes(&f, pdu, sizeof pdu);
    }
    assert_int_equal(turns, TROTH_VALUE_MAX / 4 + 1);
    assert_int_equal(f.event[f.event_n - 1].u.done.result, TROTH_FULL);
}

/* A response with more in it than the host has room for: taken in pieces. */
static void one_response_gives_few_events(void **state)
{
    (void)state;
    uint8_t pdu[247] = {0x11, 6};
    fake_open(&f, NULL, 0);
    fake_rx(&f, "02 f7 00");
    gatt_discover(&f.g, NULL);
    fake_forget(&f);
    for (uint8_t i = 0; i < 40; i++)
        pdu[2 + 6 * i] = pdu[4 + 6 * i] = (uint8_t)(i + 1);
    fake_rx_bytes(&f, pdu, 2 + 6 * 40);
    assert_int_equal(f.event_n, 16);
    assert_true(f.event_n + 2 < TROTH_EVENTS);
    fake_sent(&f, "10 11 00 ff ff 00 28");
    fake_silent(&f);
}

/* ---- our client and our server ---- */

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    (void)a;
    return TROTH_GATT_OK;
}

static const struct troth_characteristic chars[] = {
    {.uuid = TROTH_UUID16(0xaa01), .id = 1, .properties = 2, .description = "one"},
    {.uuid = TROTH_UUID16(0xaa02), .id = 2, .properties = 0x12},
    {.uuid = {16, {1, 2, 3}}, .id = 3, .properties = 0x32, .description = "three"},
    {.uuid = TROTH_UUID16(0xaa04), .id = 4, .properties = 8},
};
static const struct troth_service table = {TROTH_UUID16(0xaa00), chars, 4, serve, NULL};
static const struct troth_service empty = {{16, {9, 9}}, NULL, 0, NULL, NULL};

static void discover_ourselves(uint16_t mtu)
{
    static struct fake peer;
    static struct troth_gatt_service s[3];
    const uint8_t exchange[] = {2, (uint8_t)mtu, (uint8_t)(mtu >> 8)};

    s[0] = (struct troth_gatt_service){.table = &table};
    s[1] = (struct troth_gatt_service){.table = &empty};
    s[2] = (struct troth_gatt_service){.table = &table};
    fake_open(&f, NULL, 0);
    fake_open(&peer, s, 3);
    fake_rx_bytes(&f, exchange, 3);
    fake_rx_bytes(&peer, exchange, 3);
    fake_forget(&f);
    fake_forget(&peer);
    gatt_discover(&f.g, NULL);
    while (f.sent_at < f.sent_n) {
        const struct fake_pdu *p = fake_next(&f);
        fake_rx_bytes(&peer, p->b, p->len);
        p = fake_next(&peer);
        fake_rx_bytes(&f, p->b, p->len);
    }
    service(1, 5, 0x1800);
    service(6, 13, 0x1801);
    service(14, 26, 0xaa00);
    service(27, 27, 0);
    service(28, 40, 0xaa00);
    characteristic(2, 2, 0x2a00);
    characteristic(4, 2, 0x2a01);
    characteristic(7, 0x20, 0x2a05);
    characteristic(10, 2, 0x2b2a);
    characteristic(12, 2, 0x2b3a);
    descriptor(9, 0x2902);
    for (uint16_t base = 14; base <= 28; base += 14) {
        characteristic(base + 1, 2, 0xaa01);
        characteristic(base + 4, 0x12, 0xaa02);
        characteristic(base + 7, 0x32, 0);
        characteristic(base + 11, 8, 0xaa04);
        descriptor(base + 3, 0x2901);
        descriptor(base + 6, 0x2902);
        descriptor(base + 9, 0x2902);
        descriptor(base + 10, 0x2901);
    }
    fake_done(&f, TROTH_OK, 0);
}

static void ourselves(void **state)
{
    (void)state;
    for (uint16_t mtu = 23; mtu <= 247; mtu++)
        discover_ourselves(mtu);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(everything, fresh),
        cmocka_unit_test_setup(nothing_at_all, fresh),
        cmocka_unit_test_setup(one_service_by_uuid, fresh),
        cmocka_unit_test_setup(wide_service_by_uuid, fresh),
        cmocka_unit_test_setup(up_to_the_last_handle, fresh),
        cmocka_unit_test_setup(services_that_lead_nowhere, fresh),
        cmocka_unit_test_setup(characteristics_that_lead_nowhere, fresh),
        cmocka_unit_test_setup(descriptors_that_lead_nowhere, fresh),
        cmocka_unit_test_setup(more_services_than_room, fresh),
        cmocka_unit_test_setup(one_response_gives_few_events, fresh),
        cmocka_unit_test_setup(ourselves, fresh),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
