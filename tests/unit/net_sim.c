/* Networks: what credentials can work, how they are shown, and the simulated backend. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/net_sim.h>

static struct troth_ssid ssid_of(const char *text)
{
    struct troth_ssid s = {.len = (uint8_t)strlen(text)};
    memcpy(s.b, text, s.len);
    return s;
}

static struct troth_password password_of(const char *text)
{
    struct troth_password p = {.len = (uint8_t)strlen(text)};
    memcpy(p.b, text, p.len);
    return p;
}

static struct troth_credentials wifi(const char *ssid, uint8_t security, const char *password)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI};
    c.u.wifi.ssid = ssid_of(ssid);
    c.u.wifi.security = security;
    c.u.wifi.password = password_of(password);
    return c;
}

#define HEX64 "0123456789abcdefABCDEF00112233440123456789abcdefABCDEF0011223344"
#define C63   "123456789012345678901234567890123456789012345678901234567890123"

static void test_check_of_credentials(void **state)
{
    (void)state;
    static const struct {
        uint8_t security;
        const char *password;
        enum troth_net_reason wpa;
    } rows[] = {
        {TROTH_WIFI_OPEN, "", TROTH_NET_OK},
        {TROTH_WIFI_OPEN, "x", TROTH_NET_OK},
        {TROTH_WIFI_AUTO, "", TROTH_NET_OK},
        {TROTH_WIFI_AUTO, "1234567", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_AUTO, "12345678", TROTH_NET_OK},
        {TROTH_WIFI_WPA2_PSK, "", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA2_PSK, "1234567", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA2_PSK, "12345678", TROTH_NET_OK},
        {TROTH_WIFI_WPA2_PSK, C63, TROTH_NET_OK},
        {TROTH_WIFI_WPA2_PSK, C63 "4", TROTH_NET_OK}, /* all digits: a raw PSK */
        {TROTH_WIFI_WPA2_PSK, HEX64, TROTH_NET_OK},
        {TROTH_WIFI_WPA2_PSK, C63 "g", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA2_PSK, "pass\tword", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA2_PSK, "p\xc3\xa4ssw\xc3\xb6rd", TROTH_NET_OK},
        {TROTH_WIFI_WPA2_PSK_SHA256, "1234567", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA2_PSK_SHA256, "12345678", TROTH_NET_OK},
        {TROTH_WIFI_WPA2_WPA3, "1234567", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA2_WPA3, "12345678", TROTH_NET_OK},
        {TROTH_WIFI_WPA3_SAE, "", TROTH_NET_BAD_PASSWORD},
        {TROTH_WIFI_WPA3_SAE, "1", TROTH_NET_OK},
        {TROTH_WIFI_WPA3_SAE, C63 "g", TROTH_NET_OK},
        {4, "12345678", TROTH_NET_UNSUPPORTED_SECURITY},
        {5, "12345678", TROTH_NET_UNSUPPORTED_SECURITY},
        {7, "12345678", TROTH_NET_UNSUPPORTED_SECURITY},
        {TROTH_WIFI_OTHER, "12345678", TROTH_NET_UNSUPPORTED_SECURITY},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_credentials c = wifi("net", rows[i].security, rows[i].password);
        if (troth_credentials_check(&c) != rows[i].wpa)
            fail_msg("row %zu", i);
        c.u.wifi.ssid.len = 0;
        assert_int_equal(troth_credentials_check(&c), TROTH_NET_NO_NETWORK_GIVEN);
        c.u.wifi.ssid.len = 33;
        assert_int_equal(troth_credentials_check(&c), TROTH_NET_NO_NETWORK_GIVEN);
    }
    struct troth_credentials none = {.kind = 0};
    assert_int_equal(troth_credentials_check(&none), TROTH_NET_NO_NETWORK_GIVEN);
    struct troth_credentials thread = {.kind = TROTH_NET_THREAD};
    assert_int_equal(troth_credentials_check(&thread), TROTH_NET_NO_NETWORK_GIVEN);
    thread.u.thread.len = 1;
    assert_int_equal(troth_credentials_check(&thread), TROTH_NET_BAD_DATASET);
    thread.u.thread.len = 18;
    memcpy(thread.u.thread.dataset, "\5\20", 2); /* a Network Key */
    assert_int_equal(troth_credentials_check(&thread), TROTH_NET_OK);
}

static void test_auto_is_resolved_and_an_open_network_drops_its_password(void **state)
{
    (void)state;
    struct troth_credentials c = wifi("net", TROTH_WIFI_AUTO, "");
    troth_wifi_resolve(&c.u.wifi);
    assert_int_equal(c.u.wifi.security, TROTH_WIFI_OPEN);
    c = wifi("net", TROTH_WIFI_AUTO, "12345678");
    troth_wifi_resolve(&c.u.wifi);
    assert_int_equal(c.u.wifi.security, TROTH_WIFI_WPA2_PSK);
    assert_int_equal(c.u.wifi.password.len, 8);
    c = wifi("net", TROTH_WIFI_OPEN, "12345678");
    troth_wifi_resolve(&c.u.wifi);
    static const struct troth_password none;
    assert_memory_equal(&c.u.wifi.password, &none, sizeof none);
}

static void test_ssid_text(void **state)
{
    (void)state;
    static const struct {
        const char *octets;
        uint8_t len;
        const char *text;
    } rows[] = {
        {"", 0, ""},
        {"Home", 4, "Home"},
        {"a\0b", 3, "a\\x00b"},
        {"a\\b", 3, "a\\\\b"},
        {"\x1b[2J", 4, "\\x1b[2J"},
        {"Caf\xc3\xa9", 5, "Caf\xc3\xa9"},
        {"\xf0\x9f\x98\x80", 4, "\xf0\x9f\x98\x80"},
        {"\xc3", 1, "\\xc3"},                            /* cut */
        {"\xc0\xaf", 2, "\\xc0\\xaf"},                   /* overlong */
        {"\xed\xa0\x80", 3, "\\xed\\xa0\\x80"},          /* surrogate */
        {"\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80"}, /* past Unicode */
        {"\xff\x80", 2, "\\xff\\x80"},
        {"\xc2\x9b", 2, "\\xc2\\x9b"},          /* C1: a terminal's CSI */
        {"\xe2\x80\xae", 3, "\\xe2\\x80\\xae"}, /* right-to-left override */
    };
    char text[TROTH_SSID_TEXT];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_ssid s = {.len = rows[i].len};
        memcpy(s.b, rows[i].octets, s.len);
        assert_string_equal(troth_ssid_text(&s, text, sizeof text), rows[i].text);
    }
    struct troth_ssid worst = {.len = 32};
    memset(worst.b, 0xff, 32);
    assert_int_equal(strlen(troth_ssid_text(&worst, text, sizeof text)), 128);
    char small[8];
    troth_ssid_text(&worst, small, sizeof small);
    assert_true(strlen(small) < sizeof small);
}

static void test_every_reason_has_a_name_and_words(void **state)
{
    (void)state;
    for (uint8_t r = 0; r <= TROTH_NET_WRONG_KEY; r++) {
        assert_string_not_equal(troth_net_reason_name(r), "(unknown)");
        assert_true(strlen(troth_net_reason_words(r)) > 10);
        for (uint8_t q = 0; q < r; q++)
            assert_string_not_equal(troth_net_reason_words(r), troth_net_reason_words(q));
    }
    assert_string_equal(troth_net_reason_name(200), "(unknown)");
    static const uint8_t kinds[] = {0, 1, 2, 3, 6, 0xfe, 0xff};
    for (size_t i = 0; i < sizeof kinds; i++)
        assert_string_not_equal(troth_wifi_security_name(kinds[i]), "(unknown)");
    assert_string_equal(troth_wifi_security_name(4), "(unknown)");
}

/* ---- the simulator ---- */

static char seen[1024]; /* reports and observations, in order */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t at = strlen(seen);
    va_list args;
    va_start(args, format);
    vsnprintf(seen + at, sizeof seen - at, format, args);
    va_end(args);
}

static struct troth_net_sim sim;

static void report(void *ctx, const struct troth_net_report *r)
{
    (void)ctx;
    switch (r->type) {
    case TROTH_NET_JOINED:
        note("joined%u@%s ", (unsigned)r->id, r->info->address);
        assert_int_equal(r->info->bssid[0], 2);
        break;
    case TROTH_NET_JOIN_FAILED:
        note("failed%u:%s ", (unsigned)r->id, troth_net_reason_name(r->reason));
        break;
    case TROTH_NET_LOST:
        note("lost%u:%s ", (unsigned)r->id, troth_net_reason_name(r->reason));
        break;
    case TROTH_NET_LEFT:
        note("left%u ", (unsigned)r->id);
        break;
    case TROTH_NET_SCAN_RESULT: {
        char text[TROTH_SSID_TEXT];
        note("%s/%d ", troth_ssid_text(&r->result->ssid, text, sizeof text), r->result->rssi);
        assert_int_equal(r->result->bssid[0], 2);
        break;
    }
    case TROTH_NET_SCAN_DONE:
        note("scanned%u ", (unsigned)r->id);
        break;
    case TROTH_NET_CHANGED:
        note("%s%u ", troth_thread_role_name(r->info->role), (unsigned)r->id);
        break;
    case TROTH_NET_STATUS:
        note("status%u:%s ", (unsigned)r->id, r->info ? r->info->address : "none");
        break;
    }
}

static const struct troth_net_sink sink = {report, NULL};
static troth_ms now;

/* Runs until the time given, tick by tick as a port would. */
static void until(troth_ms end)
{
    for (;;) {
        troth_ms d = troth_net_sim_deadline(&sim);
        if (d > end)
            break;
        if (d > now)
            now = d;
        troth_net_sim_tick(&sim, now);
    }
    now = end;
    troth_net_sim_tick(&sim, now);
}

static void start(const struct troth_sim_network *table, unsigned count)
{
    seen[0] = 0;
    now = 1000;
    memset(&sim, 0xa5, sizeof sim);
    sim.networks = table;
    sim.count = count;
    sim.scan_ms = 0;
    sim.sink = &sink;
    sim.observe = NULL;
    sim.ctx = NULL;
    troth_net_sim_init(&sim, now);
}

static int join(uint32_t id, const char *ssid, uint8_t security, const char *password)
{
    struct troth_credentials c = wifi(ssid, security, password);
    const struct troth_net *net = troth_net_sim_net(&sim);
    return net->ops->join(net->ctx, id, &c);
}

static void table_of(struct troth_sim_network *n, const char *ssid, uint8_t security,
                     const char *password)
{
    memset(n, 0, sizeof *n);
    n->ssid = ssid_of(ssid);
    n->security = security;
    n->password = password_of(password);
    n->rssi = -40;
    n->bssid[0] = 2;
}

static void test_how_a_join_ends(void **state)
{
    (void)state;
    static const struct {
        uint8_t network, asked;
        const char *password;
        uint8_t wrong_as;
        bool no_address;
        const char *end;
    } rows[] = {
        {1, 1, "password", 0, false, "joined7@192.0.2.10 "},
        {1, 1, "Password", 0, false, "failed7:WRONG_PASSWORD "},
        {1, 1, "passwordx", 0, false, "failed7:WRONG_PASSWORD "},
        {1, 1, "Password", TROTH_NET_NOT_FOUND, false, "failed7:NOT_FOUND "},
        {1, 1, "Password", TROTH_NET_TIMEOUT, false, "failed7:TIMEOUT "},
        {1, 1, "password", TROTH_NET_TIMEOUT, false, "joined7@192.0.2.10 "},
        {1, 1, "password", 0, true, "failed7:NO_ADDRESS "},
        {1, 1, "Password", 0, true, "failed7:WRONG_PASSWORD "},
        {1, 3, "password", 0, false, "failed7:UNSUPPORTED_SECURITY "},
        {1, 6, "password", 0, false, "joined7@192.0.2.10 "},
        {1, 0, "", 0, false, "failed7:UNSUPPORTED_SECURITY "},
        {2, 2, "password", 0, false, "joined7@192.0.2.10 "},
        {2, 1, "password", 0, false, "failed7:UNSUPPORTED_SECURITY "},
        {3, 3, "password", 0, false, "joined7@192.0.2.10 "},
        {3, 1, "password", 0, false, "failed7:UNSUPPORTED_SECURITY "},
        {3, 6, "password", 0, false, "joined7@192.0.2.10 "},
        {6, 1, "password", 0, false, "joined7@192.0.2.10 "},
        {6, 2, "password", 0, false, "failed7:UNSUPPORTED_SECURITY "},
        {6, 3, "password", 0, false, "joined7@192.0.2.10 "},
        {6, 6, "password", 0, false, "joined7@192.0.2.10 "},
        {0, 0, "", 0, false, "joined7@192.0.2.10 "},
        {0, 1, "password", 0, false, "failed7:UNSUPPORTED_SECURITY "},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_sim_network n;
        table_of(&n, "net", rows[i].network, "password");
        n.wrong_as = rows[i].wrong_as;
        n.no_address = rows[i].no_address;
        start(&n, 1);
        assert_int_equal(join(7, "net", rows[i].asked, rows[i].password), TROTH_OK);
        troth_net_sim_tick(&sim, now);
        assert_string_equal(seen, "");
        until(now + 10000);
        if (strcmp(seen, rows[i].end) != 0)
            fail_msg("row %zu: %s", i, seen);
    }
}

static void test_a_raw_psk_matches_itself_in_either_case(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_WPA2_PSK, HEX64);
    start(&n, 1);
    join(1, "net", TROTH_WIFI_WPA2_PSK,
         "0123456789ABCDEFABCDEF00112233440123456789ABCDEFabcdef0011223344");
    until(now + 1000);
    join(2, "net", TROTH_WIFI_WPA2_PSK,
         "1123456789abcdefABCDEF00112233440123456789abcdefABCDEF0011223344");
    until(now + 1000);
    assert_string_equal(seen, "joined1@192.0.2.10 failed2:WRONG_PASSWORD ");
}

static void test_no_such_network_and_binary_names(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_OPEN, "");
    n.ssid = (struct troth_ssid){3, {'a', 0, 'b'}};
    start(&n, 1);
    join(1, "a", TROTH_WIFI_OPEN, "");
    until(now + 1000);
    struct troth_credentials c = wifi("", TROTH_WIFI_OPEN, "");
    c.u.wifi.ssid = n.ssid;
    sim.net.ops->join(&sim, 2, &c);
    until(now + 1000);
    assert_string_equal(seen, "failed1:NOT_FOUND joined2@192.0.2.10 ");
}

static void test_a_flaky_network_takes_the_third(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_WPA2_PSK, "password");
    n.flaky = 2;
    start(&n, 1);
    for (uint32_t id = 1; id <= 3; id++) {
        join(id, "net", TROTH_WIFI_WPA2_PSK, "password");
        until(now + 1000);
    }
    assert_string_equal(seen, "failed1:TIMEOUT failed2:TIMEOUT joined3@192.0.2.10 ");
}

static void test_a_silent_network_never_answers(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_WPA2_PSK, "password");
    n.silent = true;
    start(&n, 1);
    join(1, "net", TROTH_WIFI_WPA2_PSK, "password");
    until(now + 3600000);
    assert_string_equal(seen, "");
    assert_true(troth_net_sim_deadline(&sim) == TROTH_NEVER);
}

static void test_delays_are_kept(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_OPEN, "");
    n.join_ms = 5000;
    start(&n, 1);
    join(1, "net", TROTH_WIFI_OPEN, "");
    troth_net_sim_tick(&sim, now);
    assert_true(troth_net_sim_deadline(&sim) == now + 5000);
    until(now + 4999);
    assert_string_equal(seen, "");
    until(now + 1);
    assert_string_equal(seen, "joined1@192.0.2.10 ");
}

static void test_links_are_lost_and_networks_go_away_and_return(void **state)
{
    (void)state;
    struct troth_sim_network n[2];
    table_of(&n[0], "brief", TROTH_WIFI_OPEN, "");
    n[0].lose_ms = 2000;
    table_of(&n[1], "gone", TROTH_WIFI_OPEN, "");
    n[1].down_ms = 20000;
    n[1].up_ms = 30000;
    start(n, 2);
    join(1, "brief", TROTH_WIFI_OPEN, "");
    until(1000 + 2000);
    assert_string_equal(seen, "joined1@192.0.2.10 ");
    until(1000 + 2500);
    assert_string_equal(seen, "joined1@192.0.2.10 lost1:LINK_LOST ");
    seen[0] = 0;
    join(2, "gone", TROTH_WIFI_OPEN, "");
    until(1000 + 19999);
    assert_string_equal(seen, "joined2@192.0.2.10 ");
    until(1000 + 20000);
    assert_string_equal(seen, "joined2@192.0.2.10 lost2:LINK_LOST ");
    seen[0] = 0;
    join(3, "gone", TROTH_WIFI_OPEN, "");
    until(1000 + 25000);
    assert_string_equal(seen, "failed3:NOT_FOUND ");
    until(1000 + 30000);
    join(4, "gone", TROTH_WIFI_OPEN, "");
    until(1000 + 100000);
    assert_string_equal(seen, "failed3:NOT_FOUND joined4@192.0.2.10 ");
    /* It goes while it is being joined. */
    start(n, 2);
    until(1000 + 19900);
    join(1, "gone", TROTH_WIFI_OPEN, "");
    until(1000 + 29000);
    assert_string_equal(seen, "failed1:NOT_FOUND ");
}

static void test_the_next_join_abandons_the_first(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_OPEN, "");
    start(&n, 1);
    join(1, "net", TROTH_WIFI_OPEN, "");
    until(now + 100);
    join(2, "net", TROTH_WIFI_OPEN, "");
    until(now + 1000);
    assert_string_equal(seen, "joined2@192.0.2.10 ");
    sim.net.ops->leave(&sim, 3);
    until(now + 1000);
    assert_string_equal(seen, "joined2@192.0.2.10 left3 ");
    assert_null(sim.joined);
    join(4, "net", TROTH_WIFI_OPEN, "");
    sim.net.ops->leave(&sim, 5); /* while joining */
    seen[0] = 0;
    until(now + 5000);
    assert_string_equal(seen, "left5 ");
    assert_int_equal(sim.net.ops->leave(&sim, 0), TROTH_INVALID);
    assert_int_equal(sim.net.ops->scan(&sim, 0), TROTH_INVALID);
    assert_int_equal(sim.net.ops->status(&sim, 0), TROTH_INVALID);
    assert_false(troth_net_sim_lose(&sim, TROTH_NET_LINK_LOST));
}

static void test_scan_status_and_refusals(void **state)
{
    (void)state;
    struct troth_sim_network n[3];
    table_of(&n[0], "a", TROTH_WIFI_OPEN, "");
    table_of(&n[1], "b", TROTH_WIFI_OPEN, "");
    table_of(&n[2], "a", TROTH_WIFI_OPEN, "");
    n[1].up_ms = 5000; /* away at first */
    n[2].rssi = -20;
    strcpy(n[2].address, "2001:db8::1");
    start(n, 3);
    assert_int_equal(sim.net.ops->scan(&sim, 9), TROTH_OK);
    assert_int_equal(sim.net.ops->scan(&sim, 10), TROTH_BUSY);
    assert_int_equal(sim.net.ops->status(&sim, 11), TROTH_OK);
    until(now + 300);
    assert_string_equal(seen, "status11:none a/-40 a/-20 scanned9 ");
    seen[0] = 0;
    until(now + 5000);
    join(1, "a", TROTH_WIFI_OPEN, ""); /* the strongest of a name */
    sim.net.ops->scan(&sim, 12);
    until(now + 1000);
    sim.net.ops->status(&sim, 13);
    until(now + 10);
    assert_string_equal(seen,
                        "a/-40 b/-40 a/-20 scanned12 joined1@2001:db8::1 status13:2001:db8::1 ");
    struct troth_credentials thread = {.kind = TROTH_NET_THREAD, .u.thread.len = 4};
    assert_int_equal(sim.net.ops->join(&sim, 2, &thread), TROTH_UNSUPPORTED);
    assert_int_equal(join(3, "", TROTH_WIFI_OPEN, ""), TROTH_INVALID);
    assert_int_equal(join(0, "a", TROTH_WIFI_OPEN, ""), TROTH_INVALID);
}

static void observe(void *ctx, const struct troth_sim_event *e)
{
    static const char *const names[] = {"joining", "joined", "failed",  "abandoned",
                                        "lost",    "left",   "scanned", "changed"};
    (void)ctx;
    note("%s%u%s ", names[e->type], (unsigned)e->id, e->type == TROTH_SIM_SCANNED ? "" : "!");
}

static void test_an_observer_sees_the_truth_and_no_password_stays(void **state)
{
    (void)state;
    struct troth_sim_network n;
    table_of(&n, "net", TROTH_WIFI_WPA2_PSK, "tablesecret");
    start(&n, 1);
    sim.observe = observe;
    join(9, "net", TROTH_WIFI_WPA2_PSK, "entirely wrong");
    until(now + 1000);
    sim.net.ops->scan(&sim, 8);
    until(now + 1000);
    assert_string_equal(seen,
                        "joining9! failed9! failed9:WRONG_PASSWORD net/-40 scanned8 scanned8 ");
    seen[0] = 0;
    join(1, "net", TROTH_WIFI_WPA2_PSK, "entirely wrong");
    for (size_t i = 0; i + 8 <= sizeof sim; i++)
        assert_memory_not_equal((const char *)&sim + i, "entirely", 8);
    join(2, "net", TROTH_WIFI_WPA2_PSK, "tablesecret");
    until(now + 1000);
    troth_net_sim_lose(&sim, TROTH_NET_OTHER);
    sim.scan_ms = 7;
    join(3, "net", TROTH_WIFI_WPA2_PSK, "tablesecret");
    until(now + 1000);
    sim.net.ops->leave(&sim, 4);
    assert_string_equal(seen, "joining1! abandoned1! joining2! joined2! joined2@192.0.2.10 lost2! "
                              "lost2:OTHER joining3! joined3! joined3@192.0.2.10 left3! ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_check_of_credentials),
        cmocka_unit_test(test_auto_is_resolved_and_an_open_network_drops_its_password),
        cmocka_unit_test(test_ssid_text),
        cmocka_unit_test(test_every_reason_has_a_name_and_words),
        cmocka_unit_test(test_how_a_join_ends),
        cmocka_unit_test(test_a_raw_psk_matches_itself_in_either_case),
        cmocka_unit_test(test_no_such_network_and_binary_names),
        cmocka_unit_test(test_a_flaky_network_takes_the_third),
        cmocka_unit_test(test_a_silent_network_never_answers),
        cmocka_unit_test(test_delays_are_kept),
        cmocka_unit_test(test_links_are_lost_and_networks_go_away_and_return),
        cmocka_unit_test(test_the_next_join_abandons_the_first),
        cmocka_unit_test(test_scan_status_and_refusals),
        cmocka_unit_test(test_an_observer_sees_the_truth_and_no_password_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
