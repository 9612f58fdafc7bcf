/* The ring and the asks: what callbacks may do, what is stale, what is withdrawn. */
#include <stdio.h>
#include <string.h>

#include "support/bench.h"

static struct bench b;

/* ---- calls from callbacks ---- */

static unsigned made;
static int last_result;

static void connect_and_cancel_until_busy(struct bench *bench, const struct troth_event *e)
{
    struct troth_addr peer = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
    if (e->type != TROTH_EV_CONNECTED)
        return;
    while ((last_result = troth_connect(&bench->host, &peer, 0)) == TROTH_OK) {
        last_result = troth_connect_cancel(&bench->host);
        if (last_result)
            break;
        made++; /* one event each */
    }
}

static void a_callback_may_call_until_there_is_no_room(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    b.on_event = connect_and_cancel_until_busy;
    made = 0;
    b.events_seen = b.events = 0;
    rx(&b, "04 3e 13 01 00 40 00 01 00 b0 b1 b2 b3 b4 b5 18 00 00 00 90 01 00");
    assert_int_equal(last_result, TROTH_BUSY);
    assert_true(made > TROTH_EVENTS_API);
    assert_true(made <= TROTH_EVENTS - TROTH_EVENTS_API + 1);
    expect_event(&b, TROTH_EV_CONNECTED);
    for (unsigned i = 0; i < made; i++) /* all of it before rx returned, in order */
        assert_int_equal(expect_event(&b, TROTH_EV_CONNECT_FAILED)->u.hci_status, 0x44);
    expect_no_event(&b);
}

static void start_again(struct bench *bench, const struct troth_event *e)
{
    if (e->type == TROTH_EV_BROKEN)
        troth_host_start(&bench->host, bench->now);
}

static void a_callback_may_start_the_host_again(void **state)
{
    (void)state;
    bench_init(&b);
    bench_up(&b);
    bench_link(&b, 0x40, true);
    b.on_event = start_again;
    rx(&b, "04 10 01 00");
    expect_event(&b, TROTH_EV_BROKEN);
    expect_event(&b, TROTH_EV_DISCONNECTED);
    expect_tx(&b, "01 03 0c 00");
    b.on_event = NULL;
    bench_reply_all(&b);
    expect_event(&b, TROTH_EV_READY);
}

static void leave(struct bench *bench, const struct troth_event *e)
{
    if (e->type == TROTH_EV_PAIRING_FAILED) {
        /* The link is still there for whoever is told about it. */
        last_result = troth_disconnect(&bench->host, e->link, 0);
    }
}

/* ---- asks ---- */

#define PAIRING_REQUEST "02 40 20 0b 00 07 00 06 00 01 03 00 01 10 00 00"

static troth_link asked(enum troth_ask_type type)
{
    bench_init(&b);
    b.take[type] = true;
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    rx(&b, PAIRING_REQUEST);
    /* What nobody takes leads on to the combined features at once. */
    assert_int_equal(b.asks, type == TROTH_ASK_PAIRING_REQUEST ? 1 : 2);
    assert_int_equal(b.ask[0].type, TROTH_ASK_PAIRING_REQUEST);
    assert_int_equal(b.ask[0].link, link);
    assert_int_not_equal(b.ask[0].id, 0);
    return link;
}

static void an_answer_counts_once(void **state)
{
    (void)state;
    asked(TROTH_ASK_PAIRING_REQUEST);
    uint32_t id = b.ask[0].id;
    struct troth_answer yes = {.ok = true};
    yes.u.features = (struct troth_features)TROTH_FEATURES_DEFAULT;
    expect_no_tx(&b);
    assert_int_equal(troth_answer(&b.host, 0, &yes), TROTH_INVALID);
    assert_int_equal(troth_answer(&b.host, id + 1, &yes), TROTH_STALE);
    yes.u.features.io_cap = 9;
    assert_int_equal(troth_answer(&b.host, id, &yes), TROTH_INVALID); /* and stays open */
    yes.u.features.io_cap = TROTH_NO_INPUT_NO_OUTPUT;
    assert_int_equal(troth_answer(&b.host, id, &yes), TROTH_OK);
    expect_tx(&b, "02 40 00 0b 00 07 00 06 00 02 03 00 09 10 00 00");
    assert_int_equal(troth_answer(&b.host, id, &yes), TROTH_STALE);
    expect_event(&b, TROTH_EV_PAIRING);
    expect_no_event(&b);
}

static void what_nobody_takes_gets_its_default(void **state)
{
    (void)state;
    asked(TROTH_ASK_STORE); /* takes another kind */
    expect_tx(&b, "02 40 00 0b 00 07 00 06 00 02 03 00 09 10 00 00");
    assert_int_equal(troth_answer(&b.host, b.ask[0].id, &(struct troth_answer){.ok = true}),
                     TROTH_STALE);
}

static void a_disconnection_withdraws(void **state)
{
    (void)state;
    troth_link link = asked(TROTH_ASK_PAIRING_REQUEST);
    rx(&b, "04 05 04 00 40 00 08");
    assert_int_equal(expect_event(&b, TROTH_EV_WITHDRAWN)->u.ask_id, b.ask[0].id);
    expect_event(&b, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(expect_event(&b, TROTH_EV_DISCONNECTED)->u.hci_status, 0x08);
    expect_no_event(&b); /* the last of its link */
    assert_int_equal(troth_answer(&b.host, b.ask[0].id, &(struct troth_answer){.ok = true}),
                     TROTH_STALE);
    /* The number is not used again, though handle and place are. */
    assert_int_not_equal(bench_link(&b, 0x40, true), link);
    assert_int_equal(troth_pairing_cancel(&b.host, link, 0x08), TROTH_NOT_FOUND);
    rx(&b, PAIRING_REQUEST);
    assert_int_equal(b.asks, 2);
    assert_int_not_equal(b.ask[1].id, b.ask[0].id);
    assert_int_equal(troth_answer(&b.host, b.ask[0].id, &(struct troth_answer){.ok = false}),
                     TROTH_STALE);
}

static void a_failure_withdraws_and_the_next_pairing_asks_anew(void **state)
{
    (void)state;
    asked(TROTH_ASK_PAIRING_REQUEST);
    rx(&b, "02 40 20 06 00 02 00 06 00 05 08"); /* Pairing Failed */
    expect_event(&b, TROTH_EV_WITHDRAWN);
    expect_event(&b, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(troth_answer(&b.host, b.ask[0].id, &(struct troth_answer){.ok = true}),
                     TROTH_STALE);
    expect_no_tx(&b);
    rx(&b, PAIRING_REQUEST);
    assert_int_equal(b.asks, 2);
}

static void cancel_it(struct bench *bench, const struct troth_event *e)
{
    if (e->type == TROTH_EV_PAIRING)
        last_result = troth_pairing_cancel(&bench->host, e->link, TROTH_SMP_UNSPECIFIED_REASON);
}

/* It waits in the ring behind the event whose callback ends the pairing. */
static void an_ask_that_is_void_is_never_shown(void **state)
{
    (void)state;
    bench_init(&b);
    b.config.policy.just_works = TROTH_JUST_WORKS_ASKED;
    troth_host_init(&b.host, &b.config);
    b.take[TROTH_ASK_CONSENT] = true;
    bench_up(&b);
    bench_link(&b, 0x40, true);
    b.on_event = cancel_it;
    rx(&b, PAIRING_REQUEST);
    assert_int_equal(last_result, TROTH_OK);
    assert_int_equal(b.asks, 2); /* the Pairing Request's and the features'; no consent */
    expect_event(&b, TROTH_EV_PAIRING);
    expect_event(&b, TROTH_EV_PAIRING_FAILED);
    expect_no_event(&b);

    b.on_event = NULL; /* left alone, it is asked and then withdrawn */
    rx(&b, PAIRING_REQUEST);
    expect_event(&b, TROTH_EV_PAIRING);
    assert_int_equal(b.ask[4].type, TROTH_ASK_CONSENT);
    rx(&b, "02 40 20 06 00 02 00 06 00 05 08");
    assert_int_equal(expect_event(&b, TROTH_EV_WITHDRAWN)->u.ask_id, b.ask[4].id);
    expect_event(&b, TROTH_EV_PAIRING_FAILED);
    expect_no_event(&b);
}

static void a_refusal_carries_its_reason(void **state)
{
    (void)state;
    asked(TROTH_ASK_PAIRING_REQUEST);
    b.on_event = leave;
    last_result = -100;
    struct troth_answer no = {.ok = false, .reason = TROTH_SMP_PAIRING_NOT_SUPPORTED};
    assert_int_equal(troth_answer(&b.host, b.ask[0].id, &no), TROTH_OK);
    assert_int_equal(last_result, TROTH_OK);
    expect_tx(&b, "01 06 04 03 40 00 13");
    expect_tx(&b, "02 40 00 06 00 02 00 06 00 05 05");
    expect_event(&b, TROTH_EV_PAIRING_FAILED); /* no withdrawal of what was answered */
    expect_no_event(&b);
}

/* ---- accesses ---- */

static enum troth_gatt_status next_status;
static uint32_t token;
static unsigned accesses;

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *access)
{
    (void)ctx;
    static const uint8_t value[] = {0xaa, 0xbb};
    accesses++;
    token = access->token;
    access->value = value;
    access->value_len = 2;
    return next_status;
}

static const struct troth_characteristic characteristics[] = {
    {.uuid = TROTH_UUID16(0xfff1),
     .id = 1,
     .properties = TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_WRITE_COMMAND}};
static const struct troth_service table = {TROTH_UUID16(0xfff0), characteristics, 1, on_access,
                                           NULL};
static struct troth_gatt_service service;

static char read_request[48], write_command[52];

static troth_link with_service(enum troth_gatt_status status)
{
    bench_init(&b);
    service = (struct troth_gatt_service){.table = &table};
    assert_int_equal(troth_gatt_register(&b.host, &service), TROTH_OK);
    bench_up(&b);
    assert_int_equal(troth_gatt_register(&b.host, &service), TROTH_STATE);
    next_status = status;
    accesses = 0;
    token = 0;
    unsigned handle = service.first_handle + 2u;
    snprintf(read_request, sizeof read_request, "02 40 20 07 00 03 00 04 00 0a %02x 00", handle);
    snprintf(write_command, sizeof write_command, "02 40 20 08 00 04 00 04 00 52 %02x 00 01",
             handle);
    return bench_link(&b, 0x40, true);
}

static void an_access_answered_at_once(void **state)
{
    (void)state;
    with_service(TROTH_GATT_OK);
    rx(&b, read_request);
    expect_tx(&b, "02 40 00 07 00 03 00 04 00 0b aa bb");
    assert_int_equal(troth_gatt_complete(&b.host, token, TROTH_GATT_OK, NULL, 0), TROTH_STALE);
    assert_int_equal(troth_gatt_complete(&b.host, 0, TROTH_GATT_OK, NULL, 0), TROTH_STALE);
}

static void an_access_answered_later(void **state)
{
    (void)state;
    with_service(TROTH_GATT_LATER);
    rx(&b, read_request);
    expect_no_tx(&b);
    uint32_t first = token;
    assert_int_equal(troth_answer(&b.host, first, &(struct troth_answer){.ok = true}),
                     TROTH_INVALID);
    rx(&b, write_command); /* commands still flow; they have no token */
    assert_int_equal(accesses, 2);
    assert_int_equal(token, 0);
    assert_int_equal(troth_gatt_complete(&b.host, first, TROTH_GATT_LATER, NULL, 0), TROTH_INVALID);
    assert_int_equal(troth_gatt_complete(&b.host, first, TROTH_GATT_OK, (const uint8_t *)"x", 1),
                     TROTH_OK);
    expect_tx(&b, "02 40 00 06 00 02 00 04 00 0b 78");
    assert_int_equal(troth_gatt_complete(&b.host, first, TROTH_GATT_OK, NULL, 0), TROTH_STALE);

    rx(&b, read_request);
    rx(&b, "04 05 04 00 40 00 08");
    expect_event(&b, TROTH_EV_DISCONNECTED);
    expect_no_event(&b); /* nobody is shown an access */
    assert_int_equal(troth_gatt_complete(&b.host, token, TROTH_GATT_OK, NULL, 0), TROTH_STALE);
}

/* ---- ACL that overtakes its Encryption Change ---- */

static void acl_is_held_until_the_encryption_change(void **state)
{
    (void)state;
    for (int early = 0; early < 2; early++) {
        bench_init(&b);
        b.config.acl_before_encryption = early;
        troth_host_init(&b.host, &b.config);
        service = (struct troth_gatt_service){.table = &table};
        assert_int_equal(troth_gatt_register(&b.host, &service), TROTH_OK);
        bench_up(&b);
        troth_link link = bench_link(&b, 0x40, true);
        uint8_t ltk[16] = {1, 2, 3};
        next_status = TROTH_GATT_OK;
        accesses = 0;
        assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, true, true), TROTH_OK);
        rx(&b, "04 3e 0d 05 40 00 00 00 00 00 00 00 00 00 00 00");
        expect_tx(&b, "01 1a 20 12 40 00 01 02 03 00 00 00 00 00 00 00 00 00 00 00 00 00");
        rx(&b, "04 0e 06 01 1a 20 00 40 00");
        rx(&b, read_request);
        assert_int_equal(accesses, early ? 0 : 1);
        rx(&b, "04 08 04 00 40 00 01");
        assert_int_equal(accesses, 1);
        rx(&b, read_request); /* nothing holds what comes after it */
        assert_int_equal(accesses, 2);
        assert_int_equal(troth_link_level(&b.host, link).key_size, 16);
    }
}

static void what_is_held_is_bounded(void **state)
{
    (void)state;
    bench_init(&b);
    b.config.acl_before_encryption = true;
    troth_host_init(&b.host, &b.config);
    bench_up(&b);
    troth_link link = bench_link(&b, 0x40, true);
    uint8_t ltk[16] = {1};
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, true, true), TROTH_OK);
    rx(&b, "04 3e 0d 05 40 00 00 00 00 00 00 00 00 00 00 00");
    rx(&b, "04 0e 06 01 1a 20 00 40 00");
    b.sends_seen = b.sends;
    for (unsigned i = 0; i < 60; i++)
        rx(&b, "02 40 20 07 00 03 00 04 00 0a 03 00");
    expect_tx(&b, "01 06 04 03 40 00 14");
    expect_no_tx(&b);
}

/* ---- noise ---- */

static uint32_t noise_state = 1;

static uint8_t noise(void)
{
    noise_state ^= noise_state << 13;
    noise_state ^= noise_state >> 17;
    noise_state ^= noise_state << 5;
    return (uint8_t)(noise_state >> 11);
}

/* Packets that are nearly right: known events, known channels, lengths that mostly agree. */
static size_t noisy_packet(uint8_t *p)
{
    static const uint8_t codes[] = {0x05, 0x08, 0x0e, 0x0f, 0x13, 0x30, 0x3e, 0x3e, 0x3e, 0x59};
    static const uint8_t subs[] = {0x01, 0x02, 0x03, 0x05, 0x06, 0x0a};
    size_t n = noise() % 70;
    for (size_t i = 0; i < 90; i++)
        p[i] = noise() & (noise() & 1 ? 0xff : 0x0f);
    if (noise() % 3 == 0) {
        p[0] = 0x04;
        p[1] = codes[noise() % sizeof codes];
        p[2] = (uint8_t)(noise() % 16 ? n : noise());
        p[3] = p[1] == 0x3e ? subs[noise() % sizeof subs] : p[3];
        size_t at =
            p[1] == 0x3e || p[1] == 0x13 || noise() & 1 ? 5 : 4; /* about where a handle is */
        p[at] = 0x40 | (noise() & 3);
        p[at - 1] &= noise() & 1 ? 0xff : 0;
        p[at + 1] = 0;
        if (p[1] == 0x0e || p[1] == 0x0f) {
            size_t op = p[1] == 0x0e ? 4 : 5;
            p[op] = (uint8_t)b.host.hci.open;
            p[op + 1] = (uint8_t)(b.host.hci.open >> 8);
            p[p[1] == 0x0e ? 3 : 4] = 1;
            if (noise() & 7)
                p[p[1] == 0x0e ? 6 : 3] = 0;
        }
        return 3 + n;
    }
    p[0] = 0x02;
    p[1] = 0x40 | (noise() & 3);
    p[2] = noise() & 7 ? 0x20 : 0x10;
    p[3] = (uint8_t)(noise() % 16 ? 4 + n : noise());
    p[4] = 0;
    p[5] = (uint8_t)(noise() % 16 ? n : noise());
    p[6] = 0;
    p[7] = 4 + noise() % 3;
    p[8] = 0;
    if (noise() & 1)
        p[9] %= 0x20;
    if (noise() % 4 == 0) { /* a good beginning */
        static const uint8_t request[] = {0x02, 0x40, 0x20, 11, 0, 7,  0, 6,
                                          0,    1,    3,    0,  9, 16, 3, 3};
        memcpy(p, request, sizeof request);
        p[1] |= noise() & 1;
        p[9] += noise() & 1;
        p[12] = noise() & 0x0d;
        return sizeof request;
    }
    return 9 + n;
}

static void noise_is_harmless(void **state)
{
    (void)state;
    bench_init(&b);
    b.acl_count = 8;
    b.host.config.policy.attempts = 255; /* noise fails often */
    service = (struct troth_gatt_service){.table = &table};
    assert_int_equal(troth_gatt_register(&b.host, &service), TROTH_OK);
    bench_up(&b);
    struct troth_advertising adv = {.on = true, .connectable = true};
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_OK);
    unsigned connections = 0, pairings = 0, failures = 0;
    for (unsigned i = 0; i < 300000; i++) {
        uint8_t p[100];
        for (uint8_t k = 0; k < 2; k++) { /* 0x40: we are the peripheral; 0x41: the central */
            bool there = false;
            for (unsigned m = 0; m < TROTH_MAX_LINKS; m++)
                there |= b.host.link[m].used && b.host.link[m].handle == 0x40 + k;
            if (!there && b.host.link[k].used == 0) {
                troth_link link = bench_link(&b, 0x40 + k, !k);
                connections++;
                if (k)
                    troth_pair(&b.host, link, NULL);
            }
        }
        size_t n = noisy_packet(p);
        uint8_t *exact = test_malloc(n);
        memcpy(exact, p, n);
        troth_host_rx(&b.host, exact, n, b.now);
        test_free(exact);
        if (b.host.hci.state == 0) /* broken: somebody starts it again */
            bench_up(&b);
        for (unsigned k = 0; k < b.events; k++) {
            connections += b.event[k].type == TROTH_EV_CONNECTED;
            pairings += b.event[k].type == TROTH_EV_PAIRING;
            failures += b.event[k].type == TROTH_EV_PAIRING_FAILED;
            if (b.event[k].type == TROTH_EV_CONNECTED && b.event[k].link % 2)
                troth_gatt_discover(&b.host, b.event[k].link);
        }
        b.sends = b.sends_seen = b.events = b.events_seen = b.asks = 0;
        if (i % 64 == 0)
            tick(&b, 700);
        b.sends = b.events = b.asks = 0;
        if (b.host.hci.state == 0) /* a command of it was answered by nothing for too long */
            bench_up(&b);
        assert_true(b.host.hci.acl_busy <= b.host.hci.acl_count);
    }
    assert_true(connections > 1000 && pairings > 500 && failures > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_callback_may_call_until_there_is_no_room),
        cmocka_unit_test(a_callback_may_start_the_host_again),
        cmocka_unit_test(an_answer_counts_once),
        cmocka_unit_test(what_nobody_takes_gets_its_default),
        cmocka_unit_test(a_disconnection_withdraws),
        cmocka_unit_test(a_failure_withdraws_and_the_next_pairing_asks_anew),
        cmocka_unit_test(an_ask_that_is_void_is_never_shown),
        cmocka_unit_test(a_refusal_carries_its_reason),
        cmocka_unit_test(an_access_answered_at_once),
        cmocka_unit_test(an_access_answered_later),
        cmocka_unit_test(acl_is_held_until_the_encryption_change),
        cmocka_unit_test(what_is_held_is_bounded),
        cmocka_unit_test(noise_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
