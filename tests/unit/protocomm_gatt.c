/* Protocomm over its service table, access by access, as a GATT server would call it. */
#include "unit/protocomm_device.h"

#include <troth/protocomm_gatt.h>

#define WIFI TROTH_NET_WIFI

static struct troth_protocomm_gatt g;
static uint32_t token, completed;
static enum troth_gatt_status completed_as;
static unsigned completions, requests;
static int completion;
static bool goes_on; /* the next part of the Execute Write that is completed */
static enum troth_gatt_status next_part;

static int complete(void *ctx, uint32_t which, enum troth_gatt_status status)
{
    (void)ctx;
    if (goes_on) {
        struct troth_gatt_access a = {.link = 1,
                                      .token = which + 1,
                                      .id = TROTH_PROTOCOMM_CONFIG,
                                      .write = true,
                                      .prepared = true,
                                      .data = (const uint8_t *)"\x52",
                                      .len = 1};
        next_part = g.service.access(&g, &a);
    }
    completed = which;
    completed_as = status;
    if (completion == TROTH_OK)
        completions++;
    return completion;
}

static troth_ms tell_time(void *ctx)
{
    (void)ctx;
    requests++;
    return now;
}

static int app(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
               size_t *out_len)
{
    (void)ctx;
    (void)serial;
    (void)in;
    *out_len = len == 1 ? 0 : len * 2;
    memset(out, 0x5a, *out_len);
    return TROTH_OK;
}

static void gatt_device(uint8_t scheme, enum troth_permission permission)
{
    device(scheme, WIFI);
    cfg.respond = troth_protocomm_gatt_respond;
    cfg.ctx = &g;
    device_start();
    assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", app, NULL), TROTH_OK);
    const struct troth_protocomm_gatt_config c = {
        .protocomm = &pc, .permission = permission, .complete = complete, .now = tell_time};
    troth_protocomm_gatt_init(&g, &c);
    token = 100;
    completed = completions = requests = 0;
    completion = TROTH_OK;
}

static enum troth_gatt_status put(troth_link link, uint8_t id, const void *octets, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    if (len)
        memcpy(exact, octets, len);
    struct troth_gatt_access a = {.link = link,
                                  .token = ++token,
                                  .id = id,
                                  .write = true,
                                  .data = exact,
                                  .len = (uint16_t)len};
    enum troth_gatt_status status = g.service.access(&g, &a);
    free(exact);
    return status;
}

static enum troth_gatt_status put_hex(troth_link link, uint8_t id, const char *hex)
{
    uint8_t b[600];
    return put(link, id, b, vectors_hex(hex, b, sizeof b));
}

static enum troth_gatt_status get(troth_link link, uint8_t id, uint16_t offset,
                                  struct troth_gatt_access *a)
{
    *a = (struct troth_gatt_access){.link = link, .token = ++token, .id = id, .offset = offset};
    return g.service.access(&g, a);
}

static void reads(troth_link link, uint8_t id, const char *hex)
{
    struct troth_gatt_access a;
    uint8_t b[600];
    size_t n = vectors_hex(hex, b, sizeof b);
    assert_int_equal(get(link, id, 0, &a), TROTH_GATT_OK);
    assert_int_equal(a.value_len, n);
    if (n)
        assert_memory_equal(a.value, b, n);
}

/* The request of security 0's session, and its response. */
#define HELLO   "5203a20100"
#define WELCOME "52050801aa0100"

static void the_table(void **state)
{
    (void)state;
    static const char *const names[] = {"prov-ctrl",   "prov-scan", "prov-session",
                                        "prov-config", "proto-ver", "custom-data"};
    gatt_device(2, TROTH_OPEN);
    static const struct troth_uuid usual = TROTH_PROTOCOMM_GATT_UUID;
    assert_memory_equal(&g.service.uuid, &usual, sizeof usual);
    assert_int_equal(g.service.count, 6);
    for (unsigned i = 0; i < 6; i++) {
        const struct troth_characteristic *c = &g.service.characteristics[i];
        struct troth_uuid uuid = usual;
        uuid.b[12] = (uint8_t)(0x4f + i);
        uuid.b[13] = 0xff;
        assert_memory_equal(&c->uuid, &uuid, sizeof uuid);
        assert_int_equal(c->properties, TROTH_PROP_READ | TROTH_PROP_WRITE);
        assert_int_equal(c->read, TROTH_OPEN);
        assert_int_equal(c->write, TROTH_OPEN);
        assert_string_equal(c->description, names[i]);
    }
    static const struct troth_uuid own = {
        16,
        {7, 0xed, 0x9b, 0x2d, 0xf, 6, 0x7c, 0x87, 0x9b, 0x43, 0x6b, 0x64, 0x4d, 0x24, 0x75, 0x17}};
    const struct troth_protocomm_gatt_config c = {.protocomm = &pc,
                                                  .service = &own,
                                                  .permission = TROTH_ENCRYPTED,
                                                  .complete = complete,
                                                  .now = tell_time};
    troth_protocomm_gatt_init(&g, &c);
    assert_memory_equal(&g.service.uuid, &own, sizeof own);
    assert_memory_equal(g.service.characteristics[2].uuid.b + 12, "\x51\xff\x75\x17", 4);
    assert_int_equal(g.service.characteristics[5].read, TROTH_ENCRYPTED);
    assert_int_equal(g.service.characteristics[5].write, TROTH_ENCRYPTED);
}

static void a_response_is_read_where_it_was_asked_for(void **state)
{
    (void)state;
    struct troth_gatt_access a;
    gatt_device(0, TROTH_OPEN);
    reads(1, TROTH_PROTOCOMM_SESSION, "");
    assert_int_equal(get(1, TROTH_PROTOCOMM_SESSION, 1, &a), TROTH_GATT_INVALID_OFFSET);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
    reads(1, TROTH_PROTOCOMM_SESSION, WELCOME);
    reads(1, TROTH_PROTOCOMM_SESSION, WELCOME);
    assert_int_equal(get(1, TROTH_PROTOCOMM_SESSION, 3, &a), TROTH_GATT_OK);
    assert_int_equal(a.value_len, 4);
    assert_memory_equal(a.value, "\x01\xaa\x01\x00", 4);
    assert_int_equal(get(1, TROTH_PROTOCOMM_SESSION, 7, &a), TROTH_GATT_OK);
    assert_int_equal(a.value_len, 0);
    assert_int_equal(get(1, TROTH_PROTOCOMM_SESSION, 8, &a), TROTH_GATT_INVALID_OFFSET);
    reads(1, TROTH_PROTOCOMM_CONFIG, "");
    /* An empty write is none. */
    assert_int_equal(put(1, TROTH_PROTOCOMM_SESSION, "", 0), TROTH_GATT_OK);
    reads(1, TROTH_PROTOCOMM_SESSION, WELCOME);
    assert_int_equal(requests, 1);
    /* What fails leaves nothing to be taken for its response. */
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, "ff"), TROTH_GATT_INVALID_PDU);
    reads(1, TROTH_PROTOCOMM_SESSION, "");
    /* An empty response is one. */
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_APP, "00"), TROTH_GATT_OK);
    reads(1, TROTH_PROTOCOMM_APP, "");
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_VERSION, "00"), TROTH_GATT_OK);
    assert_int_equal(get(1, TROTH_PROTOCOMM_VERSION, 0, &a), TROTH_GATT_OK);
    assert_memory_equal(a.value, "{\"prov\":", 8);
}

static void a_response_is_the_links_own(void **state)
{
    (void)state;
    gatt_device(0, TROTH_OPEN);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
    reads(2, TROTH_PROTOCOMM_SESSION, "");
    reads(1, TROTH_PROTOCOMM_SESSION, WELCOME);
    troth_protocomm_gatt_disconnected(&g, 2);
    reads(1, TROTH_PROTOCOMM_SESSION, WELCOME);
    assert_true(pc.here);
    troth_protocomm_gatt_disconnected(&g, 1);
    assert_false(pc.here);
    reads(1, TROTH_PROTOCOMM_SESSION, "");
    assert_true(all_zero(g.value, sizeof g.value));
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    uint8_t b[TROTH_PROTOCOMM_GATT_MAX + 1] = {0};
    gatt_device(0, TROTH_OPEN);
    struct troth_gatt_access a = {
        .link = 1, .id = 2, .write = true, .prepared = true, .check = true, .data = b, .len = 5};
    assert_int_equal(g.service.access(&g, &a), TROTH_GATT_OK); /* only asked */
    a.offset = 1;
    assert_int_equal(g.service.access(&g, &a), TROTH_GATT_INVALID_OFFSET);
    a.check = false;
    assert_int_equal(g.service.access(&g, &a), TROTH_GATT_INVALID_OFFSET);
    assert_int_equal(put(1, 5, b, sizeof b), TROTH_GATT_INVALID_LENGTH);
    a = (struct troth_gatt_access){.link = 1, .id = 6, .write = true, .data = b, .len = 1};
    assert_int_equal(g.service.access(&g, &a), TROTH_GATT_FAILED);
    assert_int_equal(requests, 0);
    assert_int_equal(put(1, 5, b, 256), TROTH_GATT_OK); /* answered by 512 octets */
    assert_int_equal(put(1, 5, b, 257), TROTH_GATT_NO_RESOURCES);
    reads(1, 5, "");
    gatt_device(2, TROTH_OPEN);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_CONFIG, "52020800"), TROTH_GATT_INVALID_PDU);
}

/* A scan's response waits, and so does the write. */
static void hold_a_scan(void)
{
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SCAN, "52020801"), TROTH_GATT_LATER);
    assert_int_equal(completions, 0);
}

static void a_scan_is_held(void **state)
{
    (void)state;
    gatt_device(0, TROTH_OPEN);
    hold_a_scan();
    uint32_t held = token;
    reads(1, TROTH_PROTOCOMM_SCAN, "");
    assert_int_equal(put_hex(2, TROTH_PROTOCOMM_CONFIG, "5200"), TROTH_GATT_BUSY);
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(completions, 1);
    assert_int_equal(completed, held);
    assert_int_equal(completed_as, TROTH_GATT_OK);
    reads(1, TROTH_PROTOCOMM_SCAN, "08015a00");
    /* The next one as well. */
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SCAN, "52020801"), TROTH_GATT_LATER);
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(completions, 2);
}

/* Protocomm is not yet done with one request when the host hands over the next. */
static void an_execute_write_of_two_requests(void **state)
{
    (void)state;
    gatt_device(0, TROTH_OPEN);
    hold_a_scan();
    unsigned before = requests;
    goes_on = true;
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    goes_on = false;
    assert_int_equal(completions, 1);
    assert_int_equal(next_part, TROTH_GATT_BUSY);
    assert_int_equal(requests, before);
}

static void a_host_without_room_is_asked_again(void **state)
{
    (void)state;
    gatt_device(0, TROTH_OPEN);
    hold_a_scan();
    uint32_t held = token;
    completion = TROTH_BUSY;
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(put_hex(2, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_BUSY);
    completion = TROTH_OK;
    completed = 0;
    troth_protocomm_gatt_sent(&g);
    assert_int_equal(completed, held);
    assert_int_equal(completed_as, TROTH_GATT_OK);
    troth_protocomm_gatt_sent(&g);
    assert_int_equal(completions, 1);
    reads(1, TROTH_PROTOCOMM_SCAN, "08015a00");
    assert_int_equal(put_hex(2, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
}

static void a_scan_ends_with_its_link(void **state)
{
    (void)state;
    gatt_device(0, TROTH_OPEN);
    hold_a_scan();
    troth_protocomm_gatt_disconnected(&g, 1);
    assert_false(pc.here || pc.open || g.held);
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(completions, 0);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
}

static void another_session_ends_what_is_held(void **state)
{
    (void)state;
    for (troth_link other = 1; other <= 2; other++) { /* 1: a host that names no links */
        gatt_device(0, TROTH_OPEN);
        hold_a_scan();
        uint32_t held = token;
        assert_int_equal(put_hex(other, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
        assert_int_equal(completions, 1);
        assert_int_equal(completed, held);
        assert_int_equal(completed_as, TROTH_GATT_INVALID_PDU);
        reads(other, TROTH_PROTOCOMM_SESSION, WELCOME);
        reads(1, TROTH_PROTOCOMM_SCAN, "");
    }
}

static void closed(void **state)
{
    (void)state;
    gatt_device(0, TROTH_OPEN);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
    troth_protocomm_gatt_close(&g, true);
    reads(1, TROTH_PROTOCOMM_SESSION, "");
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_VERSION, "00"), TROTH_GATT_REFUSED);
    assert_true(all_zero(g.value, sizeof g.value));
    troth_protocomm_gatt_close(&g, false);
    assert_int_equal(put_hex(1, TROTH_PROTOCOMM_SESSION, HELLO), TROTH_GATT_OK);
}

static void advertising_names_the_service_first(void **state)
{
    (void)state;
    struct troth_advertising adv = {.interval_ms = 160};
    gatt_device(0, TROTH_OPEN);
    troth_protocomm_gatt_advertising(&g, "PROV_F72E6B", &adv);
    assert_true(adv.on && adv.connectable && adv.interval_ms == 160);
    assert_int_equal(adv.data_len, 21);
    assert_memory_equal(adv.data, "\x02\x01\x06\x11\x07\xb4\xdf\x5a\x1c\x3f\x6b\xf4\xbf", 13);
    assert_int_equal(adv.scan_response_len, 13);
    assert_memory_equal(adv.scan_response, "\x0c\x09PROV_F72E6B", 13);
    troth_protocomm_gatt_advertising(&g, "PROV_ 0123456789 0123456789 012", &adv);
    assert_int_equal(adv.scan_response_len, 31);
    assert_memory_equal(adv.scan_response, "\x1e\x08PROV_ 0123456789 0123456789 0", 31);
    troth_protocomm_gatt_advertising(&g, "0123456789012345678901234567\xc3\xa9", &adv);
    assert_int_equal(adv.scan_response_len, 30); /* not half a character */
    troth_protocomm_gatt_advertising(&g, "", &adv);
    assert_int_equal(adv.scan_response_len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table),
        cmocka_unit_test(a_response_is_read_where_it_was_asked_for),
        cmocka_unit_test(a_response_is_the_links_own),
        cmocka_unit_test(what_is_no_request_is_refused),
        cmocka_unit_test(a_scan_is_held),
        cmocka_unit_test(an_execute_write_of_two_requests),
        cmocka_unit_test(a_host_without_room_is_asked_again),
        cmocka_unit_test(a_scan_ends_with_its_link),
        cmocka_unit_test(another_session_ends_what_is_held),
        cmocka_unit_test(closed),
        cmocka_unit_test(advertising_names_the_service_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
