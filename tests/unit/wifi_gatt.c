/* The Wi-Fi provisioning service, row by row, over a real session on a network that obeys. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/wifi_gatt.h>

static struct troth_prov prov;
static struct troth_wifi_gatt gatt;
static char out[1024]; /* notifications and forgettings, in order */
static int notify_result;
static uint32_t attempt, serial;
static struct troth_credentials tried;
static struct troth_net_sink sink = {troth_prov_net_report, &prov};

static int net_join(void *ctx, uint32_t id, const struct troth_credentials *c)
{
    (void)ctx;
    attempt = id;
    tried = *c;
    return TROTH_OK;
}

static int net_leave(void *ctx, uint32_t id)
{
    (void)ctx;
    attempt = id;
    return TROTH_OK;
}

static const struct troth_net_ops net_ops = {net_join, net_leave, NULL, NULL};
static const struct troth_net net = {&net_ops, NULL, 1u << TROTH_NET_WIFI};

static void save(void *ctx, uint32_t n, const struct troth_credentials *c)
{
    (void)ctx;
    (void)c;
    troth_prov_stored(&prov, n, true);
}

static void erase(void *ctx, uint32_t n)
{
    (void)ctx;
    serial = n;
}

static void prov_event(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    troth_wifi_gatt_event(&gatt, e);
}

static int notify(void *ctx, enum troth_wifi_gatt_id id, const uint8_t *value, uint16_t len)
{
    (void)ctx;
    if (notify_result != TROTH_OK)
        return notify_result;
    size_t at = strlen(out);
    at += (size_t)snprintf(out + at, sizeof out - at, "%s%u=", at ? " " : "", id);
    for (uint16_t i = 0; i < len; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%02x", value[i]);
    return TROTH_OK;
}

static void forget(void *ctx, troth_link eraser)
{
    (void)ctx;
    size_t at = strlen(out);
    snprintf(out + at, sizeof out - at, "%sforget:%u", at ? " " : "", eraser);
}

static void expect_at(int line, const char *words)
{
    if (strcmp(out, words) != 0)
        fail_msg("line %d: expected %s, got %s", line, words, out);
    out[0] = 0;
}
#define expect(words) expect_at(__LINE__, words)

static void power_on(bool details)
{
    struct troth_prov_config p = {.net = &net, .save = save, .erase = erase, .event = prov_event};
    struct troth_wifi_gatt_config g = {
        .prov = &prov, .details = details, .notify = notify, .forget_bonds = forget};
    notify_result = TROTH_OK;
    memset(&tried, 0, sizeof tried);
    troth_prov_init(&prov, &p);
    troth_wifi_gatt_init(&gatt, &g);
    troth_prov_start(&prov, NULL);
    out[0] = 0;
}

static int fresh(void **state)
{
    (void)state;
    power_on(false);
    return 0;
}

static const struct troth_service *service(void)
{
    return troth_wifi_gatt_service(TROTH_WIFI_MODE_NONE, true);
}

static enum troth_gatt_status write_to(troth_link link, uint8_t id, const char *octets,
                                       uint16_t len, uint16_t offset, bool prepared, bool check)
{
    struct troth_gatt_access a = {.link = link,
                                  .id = id,
                                  .write = true,
                                  .prepared = prepared,
                                  .check = check,
                                  .offset = offset,
                                  .data = (const uint8_t *)octets,
                                  .len = len};
    return service()->access(&gatt, &a);
}

#define put(link, id, text)                                                                        \
    assert_int_equal(write_to(link, id, text, sizeof(text) - 1, 0, false, false), TROTH_GATT_OK)

static void net_says(enum troth_net_report_type type, enum troth_net_reason reason)
{
    struct troth_net_report r = {.type = type, .id = attempt, .reason = reason};
    sink.report(sink.ctx, &r);
}

static void assert_read(uint8_t id, uint16_t offset, enum troth_gatt_status status,
                        const char *octets, uint16_t len)
{
    struct troth_gatt_access a = {.link = 1, .id = id, .offset = offset};
    assert_int_equal(service()->access(&gatt, &a), status);
    if (status != TROTH_GATT_OK)
        return;
    assert_int_equal(a.value_len, len);
    assert_memory_equal(a.value, octets, len);
}

/* ---- the shape ---- */

static void test_the_shape_generic_tools_expect(void **state)
{
    (void)state;
    static const uint8_t base[16] = {0x01, 0xf2, 0x35, 0x9f, 0x4d, 0xe1, 0x0c, 0x9a,
                                     0x33, 0x4e, 0xfa, 0xf6, 0x01, 0x00, 0x84, 0x8b};
    static const struct {
        enum troth_wifi_mode mode;
        uint8_t permission;
    } modes[] = {
        {TROTH_WIFI_MODE_NONE, TROTH_OPEN},
        {TROTH_WIFI_MODE_ENCRYPT, TROTH_ENCRYPTED},
        {TROTH_WIFI_MODE_ENCRYPT_ANY, TROTH_ENCRYPTED},
        {TROTH_WIFI_MODE_AUTH, TROTH_AUTHENTICATED_SC},
    };
    static const uint8_t properties[] = {0x08, 0x08, 0x08, 0x08, 0x12, 0x12};
    for (size_t m = 0; m < sizeof modes / sizeof *modes; m++) {
        for (int details = 0; details < 2; details++) {
            const struct troth_service *s = troth_wifi_gatt_service(modes[m].mode, details);
            assert_int_equal(s->uuid.len, 16);
            assert_memory_equal(s->uuid.b, base, 16);
            assert_int_equal(s->count, details ? 6 : 5);
            for (uint8_t i = 0; i < s->count; i++) {
                const struct troth_characteristic *c = &s->characteristics[i];
                uint8_t uuid[16];
                memcpy(uuid, base, 16);
                uuid[12] = (uint8_t)(i + 2);
                assert_int_equal(c->uuid.len, 16);
                assert_memory_equal(c->uuid.b, uuid, 16);
                assert_int_equal(c->id, i + 2);
                assert_int_equal(c->properties, properties[i]);
                assert_int_equal(c->read, modes[m].permission);
                assert_int_equal(c->write, modes[m].permission);
                assert_int_equal(c->subscribe, modes[m].permission);
                assert_int_equal(c->key_size, 0);
                assert_null(c->description);
            }
        }
    }
}

/* ---- what writes answer ---- */

static void test_every_write_row(void **state)
{
    (void)state;
    char octets[80];
    memset(octets, 'x', sizeof octets);
    enum { OK = TROTH_GATT_OK, OFF = TROTH_GATT_INVALID_OFFSET, LEN = TROTH_GATT_INVALID_LENGTH };
    for (uint16_t len = 0; len <= 70; len++) {
        for (uint16_t offset = 0; offset <= 70; offset++) {
            for (int how = 0; how < 4; how++) {
                bool prepared = how & 1, check = how & 2;
                int ssid = offset ? OFF : len < 1 || len > 32 ? LEN : OK;
                int password = offset ? OFF : len > 64 ? LEN : OK;
                assert_int_equal(write_to(1, TROTH_WIFI_SSID, octets, len, offset, prepared, check),
                                 ssid);
                assert_int_equal(
                    write_to(1, TROTH_WIFI_PASSWORD, octets, len, offset, prepared, check),
                    password);
                if (offset || len != 1) {
                    assert_int_equal(
                        write_to(1, TROTH_WIFI_SECURITY, octets, len, offset, prepared, check),
                        LEN);
                    assert_int_equal(
                        write_to(1, TROTH_WIFI_CONTROL, octets, len, offset, prepared, check), LEN);
                }
            }
        }
    }
}

static void test_every_security_value(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        char octet = (char)v;
        int expected = v <= 6 || v == 0xff ? TROTH_GATT_OK : TROTH_GATT_NOT_ALLOWED;
        assert_int_equal(write_to(1, TROTH_WIFI_SECURITY, &octet, 1, 0, false, true), expected);
        assert_int_equal(write_to(1, TROTH_WIFI_SECURITY, &octet, 1, 0, false, false), expected);
    }
}

static void test_every_control_value(void **state)
{
    (void)state;
    for (unsigned v = 0; v < 256; v++) {
        power_on(false);
        char octet = (char)v;
        assert_int_equal(write_to(1, TROTH_WIFI_CONTROL, &octet, 1, 0, false, true), TROTH_GATT_OK);
        expect("");
        assert_int_equal(write_to(1, TROTH_WIFI_CONTROL, &octet, 1, 0, false, false),
                         TROTH_GATT_OK);
        /* CONNECT with nothing staged is FAILED; ERASE waits for its store; the rest is nothing. */
        expect(v == 1 ? "6=04" : "");
        char connect = 1;
        assert_int_equal(write_to(1, TROTH_WIFI_CONTROL, &connect, 1, 0, false, false),
                         v == 2 ? TROTH_GATT_BUSY : TROTH_GATT_OK);
    }
}

static void test_what_cannot_be_read_or_written(void **state)
{
    (void)state;
    for (uint8_t id = TROTH_WIFI_SSID; id <= TROTH_WIFI_CONTROL; id++)
        assert_read(id, 0, TROTH_GATT_REFUSED, NULL, 0);
    assert_read(TROTH_WIFI_DETAILS, 0, TROTH_GATT_REFUSED, NULL, 0); /* not in this table */
    assert_int_equal(write_to(1, TROTH_WIFI_STATUS, "x", 1, 0, false, false), TROTH_GATT_REFUSED);
    assert_int_equal(write_to(1, TROTH_WIFI_DETAILS, "x", 1, 0, false, false), TROTH_GATT_REFUSED);
}

static void test_a_refused_write_keeps_the_value_before(void **state)
{
    (void)state;
    put(1, TROTH_WIFI_SSID, "home");
    put(1, TROTH_WIFI_SECURITY, "\3");
    put(1, TROTH_WIFI_PASSWORD, "sesame");
    assert_int_not_equal(write_to(1, TROTH_WIFI_SSID, "x", 1, 1, false, false), TROTH_GATT_OK);
    assert_int_not_equal(write_to(1, TROTH_WIFI_SSID, "", 0, 0, false, false), TROTH_GATT_OK);
    assert_int_not_equal(write_to(1, TROTH_WIFI_SECURITY, "\x44", 1, 0, false, false),
                         TROTH_GATT_OK);
    assert_int_equal(write_to(1, TROTH_WIFI_PASSWORD, "other", 5, 0, true, true), TROTH_GATT_OK);
    put(1, TROTH_WIFI_CONTROL, "\1");
    assert_int_equal(tried.u.wifi.ssid.len, 4);
    assert_memory_equal(tried.u.wifi.ssid.b, "home", 4);
    assert_int_equal(tried.u.wifi.security, 3);
    assert_memory_equal(tried.u.wifi.password.b, "sesame", 6);
}

static void test_a_shorter_value_leaves_nothing_of_the_longer(void **state)
{
    (void)state;
    put(1, TROTH_WIFI_SSID, "home");
    put(1, TROTH_WIFI_PASSWORD, "a long password");
    put(1, TROTH_WIFI_PASSWORD, "short pw");
    put(1, TROTH_WIFI_CONTROL, "\1");
    assert_int_equal(tried.u.wifi.password.len, 8);
    static const uint8_t none[56];
    assert_memory_equal(tried.u.wifi.password.b + 8, none, 56);
}

static void test_hole_a_long_ssid_by_prepared_writes(void **state)
{
    (void)state;
    static const char name[] = "a name of exactly 32 octets here";
    assert_int_equal(write_to(1, TROTH_WIFI_SSID, name, 32, 0, true, true), TROTH_GATT_OK);
    assert_int_equal(write_to(1, TROTH_WIFI_SSID, name, 32, 0, true, false), TROTH_GATT_OK);
    put(1, TROTH_WIFI_CONTROL, "\1");
    assert_int_equal(tried.u.wifi.ssid.len, 32);
    assert_memory_equal(tried.u.wifi.ssid.b, name, 32);
}

static void test_hole_a_name_with_a_nul_is_whole(void **state)
{
    (void)state;
    put(1, TROTH_WIFI_SSID, "a\0b");
    put(1, TROTH_WIFI_CONTROL, "\1");
    assert_int_equal(tried.u.wifi.ssid.len, 3);
    assert_memory_equal(tried.u.wifi.ssid.b, "a\0b", 3);
    assert_int_equal(tried.u.wifi.security, TROTH_WIFI_OPEN); /* auto, no password */
}

static void test_checking_changes_and_starts_nothing(void **state)
{
    (void)state;
    for (uint8_t id = TROTH_WIFI_SSID; id <= TROTH_WIFI_CONTROL; id++)
        assert_int_equal(write_to(1, id, "\1", 1, 0, true, true), TROTH_GATT_OK);
    for (unsigned i = 0; i < TROTH_PROV_WRITERS; i++)
        assert_false(prov.staged[i].used);
    expect("");
}

static void test_too_many_writers(void **state)
{
    (void)state;
    for (troth_link l = 1; l <= TROTH_PROV_WRITERS; l++)
        put(l, TROTH_WIFI_SSID, "home");
    for (int check = 0; check < 2; check++)
        assert_int_equal(write_to(99, TROTH_WIFI_SSID, "home", 4, 0, false, check),
                         TROTH_GATT_NO_RESOURCES);
    troth_wifi_gatt_disconnected(&gatt, 1);
    put(99, TROTH_WIFI_SSID, "home");
}

/* ---- what is told ---- */

static void test_the_course_of_a_connect(void **state)
{
    (void)state;
    assert_read(TROTH_WIFI_STATUS, 0, TROTH_GATT_OK, "\0", 1);
    assert_read(TROTH_WIFI_STATUS, 1, TROTH_GATT_OK, "", 0);
    assert_read(TROTH_WIFI_STATUS, 2, TROTH_GATT_INVALID_OFFSET, NULL, 0);
    put(1, TROTH_WIFI_SSID, "home");
    put(1, TROTH_WIFI_PASSWORD, "open sesame");
    put(1, TROTH_WIFI_CONTROL, "\1");
    expect("6=02");
    assert_read(TROTH_WIFI_STATUS, 0, TROTH_GATT_OK, "\2", 1);
    net_says(TROTH_NET_JOINED, TROTH_NET_OK);
    expect("6=03");
    assert_read(TROTH_WIFI_STATUS, 0, TROTH_GATT_OK, "\3", 1);
    net_says(TROTH_NET_LOST, TROTH_NET_LINK_LOST);
    expect("6=02");
}

static void test_a_busy_host_gets_the_status_later(void **state)
{
    (void)state;
    notify_result = TROTH_BUSY;
    put(1, TROTH_WIFI_SSID, "home");
    put(1, TROTH_WIFI_CONTROL, "\1");
    troth_wifi_gatt_sent(&gatt);
    notify_result = TROTH_OK;
    expect("");
    troth_wifi_gatt_sent(&gatt);
    expect("6=02");
    troth_wifi_gatt_sent(&gatt);
    expect("");
    notify_result = TROTH_BUSY;
    net_says(TROTH_NET_JOIN_FAILED, TROTH_NET_UNSUPPORTED_SECURITY);
    notify_result = TROTH_OK;
    troth_wifi_gatt_sent(&gatt);
    expect("6=04");
    notify_result = TROTH_STATE; /* nobody listens: that is no reason to try again */
    put(1, TROTH_WIFI_CONTROL, "\1");
    notify_result = TROTH_OK;
    troth_wifi_gatt_sent(&gatt);
    expect("");
}

static void test_hole_the_eraser_sees_idle_before_its_bond_goes(void **state)
{
    (void)state;
    put(5, TROTH_WIFI_CONTROL, "\2");
    net_says(TROTH_NET_LEFT, TROTH_NET_OK);
    expect("");
    troth_prov_stored(&prov, serial, true);
    expect("6=00 forget:5");

    put(5, TROTH_WIFI_CONTROL, "\2");
    net_says(TROTH_NET_LEFT, TROTH_NET_OK);
    notify_result = TROTH_BUSY;
    troth_prov_stored(&prov, serial, true);
    troth_wifi_gatt_disconnected(&gatt, 4); /* another one */
    notify_result = TROTH_OK;
    expect("");
    troth_wifi_gatt_sent(&gatt);
    expect("6=00 forget:5");
    troth_wifi_gatt_sent(&gatt);
    expect("");

    put(5, TROTH_WIFI_CONTROL, "\2"); /* it leaves first */
    net_says(TROTH_NET_LEFT, TROTH_NET_OK);
    notify_result = TROTH_BUSY;
    troth_prov_stored(&prov, serial, true);
    notify_result = TROTH_OK;
    troth_wifi_gatt_disconnected(&gatt, 5);
    expect("6=00 forget:0");
}

static void test_an_erase_that_failed_keeps_the_bonds(void **state)
{
    (void)state;
    put(5, TROTH_WIFI_CONTROL, "\2");
    net_says(TROTH_NET_LEFT, TROTH_NET_OK);
    troth_ms now = 1;
    for (int i = 0; i < 3; i++) {
        troth_prov_stored(&prov, serial, false);
        troth_prov_tick(&prov, now);
        troth_prov_tick(&prov, now += 2000);
    }
    expect("6=04");
}

static void test_disconnection_wipes_what_was_staged(void **state)
{
    (void)state;
    put(1, TROTH_WIFI_SSID, "home");
    put(1, TROTH_WIFI_PASSWORD, "open sesame");
    put(1, TROTH_WIFI_SECURITY, "\3");
    troth_wifi_gatt_disconnected(&gatt, 1);
    static const struct troth_prov_staged none[TROTH_PROV_WRITERS];
    assert_memory_equal(prov.staged, none, sizeof none);
    put(1, TROTH_WIFI_CONTROL, "\1");
    expect("6=04");
    put(1, TROTH_WIFI_SSID, "home"); /* the security is auto again */
    put(1, TROTH_WIFI_CONTROL, "\1");
    assert_int_equal(tried.u.wifi.security, TROTH_WIFI_OPEN);
}

static void test_staged_values_last_through_a_failure(void **state)
{
    (void)state;
    put(1, TROTH_WIFI_SSID, "home");
    put(1, TROTH_WIFI_PASSWORD, "open sesama");
    put(1, TROTH_WIFI_CONTROL, "\1");
    net_says(TROTH_NET_JOIN_FAILED, TROTH_NET_UNSUPPORTED_SECURITY);
    put(1, TROTH_WIFI_PASSWORD, "open sesame"); /* only the typo is sent again */
    put(1, TROTH_WIFI_CONTROL, "\1");
    assert_memory_equal(tried.u.wifi.ssid.b, "home", 4);
    assert_memory_equal(tried.u.wifi.password.b, "open sesame", 11);
}

static void test_details(void **state)
{
    (void)state;
    power_on(true);
    assert_read(TROTH_WIFI_DETAILS, 0, TROTH_GATT_OK, "\0\0\0\0", 4);
    put(1, TROTH_WIFI_SSID, "old");
    put(1, TROTH_WIFI_CONTROL, "\1");
    /* reason, left, flags, length, SSID */
    expect("6=02 7=00030000");
    net_says(TROTH_NET_JOINED, TROTH_NET_OK);
    expect("7=00000903"
           "6f6c64"
           " 6=03 7=00000903"
           "6f6c64");
    put(1, TROTH_WIFI_SSID, "new");
    put(1, TROTH_WIFI_CONTROL, "\1");
    expect("6=02 7=00030803"
           "6f6c64");
    net_says(TROTH_NET_JOIN_FAILED, TROTH_NET_UNSUPPORTED_SECURITY);
    expect("7=05000e03"
           "6f6c64"
           " 6=04 7=05000e03"
           "6f6c64");
    net_says(TROTH_NET_JOINED, TROTH_NET_OK);
    expect("7=05000b03"
           "6f6c64");
    assert_read(TROTH_WIFI_DETAILS, 0, TROTH_GATT_OK, "\5\0\x0b\3old", 7);
    assert_read(TROTH_WIFI_DETAILS, 5, TROTH_GATT_OK, "ld", 2);
    assert_read(TROTH_WIFI_DETAILS, 7, TROTH_GATT_OK, "", 0);
    assert_read(TROTH_WIFI_DETAILS, 8, TROTH_GATT_INVALID_OFFSET, NULL, 0);
    troth_wifi_gatt_disconnected(&gatt, 1);
    expect("6=03 7=00000903"
           "6f6c64");
}

/* ---- what a mode asks of the link ---- */

static void test_policy_and_security_request(void **state)
{
    (void)state;
    static const struct {
        enum troth_wifi_mode mode;
        bool sc_only, mitm;
        uint8_t io_cap, auth_req, request;
    } rows[] = {
        {TROTH_WIFI_MODE_NONE, false, false, TROTH_NO_INPUT_NO_OUTPUT, 0x09, 0},
        {TROTH_WIFI_MODE_ENCRYPT, true, false, TROTH_NO_INPUT_NO_OUTPUT, 0x09, 0x09},
        {TROTH_WIFI_MODE_ENCRYPT_ANY, false, false, TROTH_NO_INPUT_NO_OUTPUT, 0x09, 0x09},
        {TROTH_WIFI_MODE_AUTH, true, true, TROTH_DISPLAY_ONLY, 0x0d, 0x0d},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_policy p = {.features = TROTH_FEATURES_DEFAULT};
        troth_wifi_gatt_policy(rows[i].mode, &p);
        assert_int_equal(p.sc_only, rows[i].sc_only);
        assert_int_equal(p.require_mitm, rows[i].mitm);
        assert_int_equal(p.features.io_cap, rows[i].io_cap);
        assert_int_equal(p.features.auth_req, rows[i].auth_req);
        assert_int_equal(p.just_works, TROTH_JUST_WORKS_ALLOWED);
        assert_int_equal(p.min_key_size, rows[i].mitm ? 16 : 0);
        struct troth_policy bare = {.sc_only = true};
        troth_wifi_gatt_policy(rows[i].mode, &bare);
        assert_int_equal(bare.features.auth_req, rows[i].request);
        assert_int_equal(bare.sc_only, rows[i].mode != TROTH_WIFI_MODE_ENCRYPT_ANY);
        assert_int_equal(troth_wifi_gatt_security_request(rows[i].mode), rows[i].request);
    }
    struct troth_policy p = {.features = TROTH_FEATURES_DEFAULT};
    p.features.io_cap = TROTH_DISPLAY_YES_NO; /* better than asked: left alone */
    troth_wifi_gatt_policy(TROTH_WIFI_MODE_AUTH, &p);
    assert_int_equal(p.features.io_cap, TROTH_DISPLAY_YES_NO);
}

static void test_hole_legacy_bonds_do_not_serve_the_encrypt_mode(void **state)
{
    (void)state;
    static const struct {
        struct troth_level level;
        bool ok[4]; /* by mode */
    } rows[] = {
        {{16, true, true, true}, {true, true, true, true}},
        {{16, false, true, true}, {true, true, false, true}},
        {{16, true, false, true}, {true, false, false, true}},
        {{16, false, false, true}, {true, false, false, true}},
        {{7, true, true, true}, {true, true, false, true}},
        {{0, false, false, false}, {true, false, false, false}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int mode = 0; mode < 4; mode++)
            assert_int_equal(troth_wifi_gatt_bond_ok((enum troth_wifi_mode)mode, &rows[i].level),
                             rows[i].ok[mode]);
    struct troth_bond_keys keys = {.key_size = 16, .sc = true, .mitm = true};
    struct troth_level level = troth_wifi_gatt_bond_level(&keys);
    assert_true(troth_wifi_gatt_bond_ok(TROTH_WIFI_MODE_AUTH, &level));
}

static void test_advertising(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t type, len;
    } rows[] = {
        {"Zephyr Wi-Fi Provisioning", 0x09, 25},
        {"exactly twenty-six octets.", 0x09, 26},
        {"exactly twenty-seven octets", 0x08, 26},
        {"a name longer than any legacy advertisement", 0x08, 26},
        {"twenty-five octets, then \xc3\xa4", 0x08, 25}, /* not half a character */
        {"x", 0x09, 1},
    };
    static const uint8_t response[] = {17,   0x07, 0x01, 0xf2, 0x35, 0x9f, 0x4d, 0xe1, 0x0c,
                                       0x9a, 0x33, 0x4e, 0xfa, 0xf6, 0x01, 0x00, 0x84, 0x8b};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_advertising adv = {.interval_ms = 250, .data_len = 9, .scan_response_len = 20};
        troth_wifi_gatt_advertising(rows[i].name, &adv);
        assert_true(adv.on && adv.connectable);
        assert_int_equal(adv.interval_ms, 250);
        assert_int_equal(adv.data_len, 3 + 2 + rows[i].len);
        assert_memory_equal(adv.data, "\x02\x01\x06", 3);
        assert_int_equal(adv.data[3], 1 + rows[i].len);
        assert_int_equal(adv.data[4], rows[i].type);
        assert_memory_equal(adv.data + 5, rows[i].name, rows[i].len);
        assert_int_equal(adv.scan_response_len, sizeof response);
        assert_memory_equal(adv.scan_response, response, sizeof response);
    }
    struct troth_advertising adv = {.on = false};
    troth_wifi_gatt_advertising("", &adv);
    assert_int_equal(adv.data_len, 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(test_the_shape_generic_tools_expect),
        T(test_every_write_row),
        T(test_every_security_value),
        T(test_every_control_value),
        T(test_what_cannot_be_read_or_written),
        T(test_a_refused_write_keeps_the_value_before),
        T(test_a_shorter_value_leaves_nothing_of_the_longer),
        T(test_hole_a_long_ssid_by_prepared_writes),
        T(test_hole_a_name_with_a_nul_is_whole),
        T(test_checking_changes_and_starts_nothing),
        T(test_too_many_writers),
        T(test_the_course_of_a_connect),
        T(test_a_busy_host_gets_the_status_later),
        T(test_hole_the_eraser_sees_idle_before_its_bond_goes),
        T(test_an_erase_that_failed_keeps_the_bonds),
        T(test_disconnection_wipes_what_was_staged),
        T(test_staged_values_last_through_a_failure),
        T(test_details),
        T(test_policy_and_security_request),
        T(test_hole_legacy_bonds_do_not_serve_the_encrypt_mode),
        T(test_advertising),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
