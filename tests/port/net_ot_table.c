/* The tables of OpenThread's command line, as its versions show them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ports/linux/net_ot_table.h"

static const uint8_t address[8] = {0xf1, 0xd9, 0x2a, 0x82, 0xc8, 0xd8, 0xfe, 0x43};
static const uint8_t ext_pan_id[8] = {0xde, 0xad, 0x00, 0xbe, 0xef, 0x00, 0xca, 0xfe};

static void head(struct ot_table *t, const char *names, const char *rule)
{
    struct troth_scan_result r;
    memset(t, 0, sizeof *t);
    assert_false(ot_table_line(t, names, &r));
    assert_false(ot_table_line(t, rule, &r));
}

static void common(const struct troth_scan_result *r, int rssi, unsigned lqi)
{
    assert_int_equal(r->kind, TROTH_NET_THREAD);
    assert_int_equal(r->thread.pan_id, 0x1234);
    assert_memory_equal(r->ext_addr, address, 8);
    assert_int_equal(r->channel, 11);
    assert_int_equal(r->rssi, rssi);
    assert_int_equal(r->lqi, lqi);
}

static void named(const struct troth_scan_result *r, const char *name)
{
    assert_memory_equal(r->thread.ext_pan_id, ext_pan_id, 8);
    assert_int_equal(r->thread.name.len, strlen(name));
    assert_memory_equal(r->thread.name.b, name, strlen(name));
}

static void discovery(void **state)
{
    struct ot_table t;
    struct troth_scan_result r;
    (void)state;
    head(&t, "| Network Name     | Extended PAN     | PAN  | MAC Address      | Ch | dBm | LQI |",
         "+------------------+------------------+------+------------------+----+-----+-----+");
    assert_true(ot_table_line(
        &t, "| OpenThread       | dead00beef00cafe | 1234 | f1d92a82c8d8fe43 | 11 | -20 |   9 |",
        &r));
    common(&r, -20, 9);
    named(&r, "OpenThread");
    assert_true(ot_table_line(
        &t, "| a | b | c        | dead00beef00cafe | 1234 | f1d92a82c8d8fe43 | 11 | -101 | 255 |",
        &r));
    common(&r, -101, 255);
    named(&r, "a | b | c");
    assert_true(ot_table_line(
        &t, "|                  | dead00beef00cafe | 1234 | f1d92a82c8d8fe43 | 11 | -20 |   9 |",
        &r));
    named(&r, "");
}

static void with_a_j(void **state)
{
    struct ot_table t;
    struct troth_scan_result r;
    (void)state;
    head(&t,
         "| J | Network Name     | Extended PAN     | PAN  | MAC Address      | Ch | dBm | LQI |",
         "+---+------------------+------------------+------+------------------+----+-----+-----+");
    assert_true(ot_table_line(
        &t,
        "| 1 | sixteen octets!! | dead00beef00cafe | 1234 | f1d92a82c8d8fe43 | 11 | -20 |   9 |",
        &r));
    common(&r, -20, 9);
    named(&r, "sixteen octets!!");
    assert_true(r.joinable);
    assert_true(ot_table_line(
        &t,
        "| 0 | OpenThread       | dead00beef00cafe | 1234 | f1d92a82c8d8fe43 | 11 | -20 |   9 |",
        &r));
    assert_false(r.joinable);
}

static void nameless(void **state)
{
    struct ot_table t;
    struct troth_scan_result r;
    (void)state;
    head(&t, "| PAN  | MAC Address      | Ch | dBm | LQI |",
         "+------+------------------+----+-----+-----+");
    assert_true(ot_table_line(&t, "| 1234 | f1d92a82c8d8fe43 | 11 | -20 |   9 |", &r));
    common(&r, -20, 9);
    assert_int_equal(r.thread.name.len, 0);
}

static void other_lines(void **state)
{
    static const char *const lines[] = {
        "",
        "|",
        "||||||||||",
        "| 1234 | f1d92a82c8d8fe43",
        "| 12z4 | f1d92a82c8d8fe43 | 11 | -20 |   9 |",
        "| 1234 | f1d92a82c8d8fe4  | 11 | -20 |   9 |",
        "Done",
    };
    struct ot_table t;
    struct troth_scan_result r;
    (void)state;
    head(&t, "| PAN  | MAC Address      | Ch | dBm | LQI |",
         "+------+------------------+----+-----+-----+");
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_false(ot_table_line(&t, lines[i], &r));
    memset(&t, 0, sizeof t);
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        assert_false(ot_table_line(&t, lines[i], &r));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(discovery),
        cmocka_unit_test(with_a_j),
        cmocka_unit_test(nameless),
        cmocka_unit_test(other_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
