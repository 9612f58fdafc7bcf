/* What the texts of several QR codes hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/qr_read.h"

#define ONE "{\"ver\":\"v1\",\"name\":\"PROV_1\",\"pop\":\"a{b}c\",\"transport\":\"ble\"}"
#define TWO "{\"ver\":\"v1\",\"name\":\"PROV_\xc3\xa4\",\"transport\":\"ble\"}"
#define LINK                                                                                       \
    "https://e.com/q?data=%7B%22name%22%3A%22PROV_1%22%2C%22pop%22%3A%22a%7Bb%7Dc%22%2C%22"        \
    "transport%22%3A%22ble%22%7D"
#define RAW     "https://e.com/q?data=" ONE
#define FOREIGN "https://e.com/ WIFI:S:x;; {\"name\":7} {{{ %7D"

static unsigned find(const char *texts, const char *name)
{
    struct troth_qr q;
    enum troth_qr_fault fault;
    unsigned found = qr_find_payload(texts, strlen(texts), &q, &fault);
    assert_string_equal(q.name, name);
    return found;
}

static void one_among_others(void **state)
{
    (void)state;
    assert_int_equal(find(ONE, "PROV_1"), 1);
    assert_int_equal(find(LINK, "PROV_1"), 1);
    assert_int_equal(find(RAW, "PROV_1"), 1);
    assert_int_equal(find(FOREIGN ONE, "PROV_1"), 1);
    assert_int_equal(find(ONE FOREIGN, "PROV_1"), 1);
    assert_int_equal(find(FOREIGN TWO FOREIGN, "PROV_\xc3\xa4"), 1);
    assert_int_equal(find("BLE-OOB:00.00000000" LINK FOREIGN, "PROV_1"), 1);
}

static void the_same_again_is_one(void **state)
{
    (void)state;
    assert_int_equal(find(ONE ONE, "PROV_1"), 1);
    assert_int_equal(find(ONE LINK RAW, "PROV_1"), 1);
}

static void two_devices_are_too_many(void **state)
{
    (void)state;
    assert_int_equal(find(ONE TWO, "PROV_1"), 2);
    assert_int_equal(find(LINK TWO, "PROV_1"), 2);
    assert_int_equal(find(TWO FOREIGN RAW, "PROV_\xc3\xa4"), 2);
    assert_int_equal(
        find(ONE "{\"name\":\"PROV_1\",\"pop\":\"other\",\"transport\":\"ble\"}", "PROV_1"), 2);
}

/* A text that begins a payload everywhere and ends one nowhere takes no time to speak of. */
static void it_ends_soon(void **state)
{
    static char texts[32768];
    struct troth_qr q;
    enum troth_qr_fault fault;
    (void)state;
    for (size_t i = 0; i + 8 <= sizeof texts; i += 8)
        memcpy(texts + i, "{\"x\":[}}", 8);
    assert_int_equal(qr_find_payload(texts, sizeof texts, &q, &fault), 0);
    memset(texts, '{', sizeof texts / 2);
    memset(texts + sizeof texts / 2, '}', sizeof texts / 2);
    assert_int_equal(qr_find_payload(texts, sizeof texts, &q, &fault), 0);
}

static void none_is_none(void **state)
{
    struct troth_qr q;
    enum troth_qr_fault fault;
    (void)state;
    assert_int_equal(find(FOREIGN, ""), 0);
    assert_int_equal(find("", ""), 0);
    for (size_t len = 0; len < strlen(ONE); len++) /* cut anywhere */
        assert_int_equal(qr_find_payload(ONE, len, &q, &fault), 0);
    assert_int_equal(fault, TROTH_QR_CUT);
    assert_int_equal(qr_find_payload(ONE "x", strlen(ONE) + 1, &q, &fault), 1);
}

static void pictures_by_their_start(void **state)
{
    (void)state;
    assert_true(qr_is_picture((const uint8_t *)"\x89PNG\r\n\x1a\n", 8));
    assert_true(qr_is_picture((const uint8_t *)"\xff\xd8\xff\xe0", 4));
    assert_true(qr_is_picture((const uint8_t *)"GIF89a", 6));
    assert_true(qr_is_picture((const uint8_t *)"RIFF\0\0\0\0WEBP", 12));
    assert_true(qr_is_picture((const uint8_t *)"P5 1 1 255\n", 11));
    assert_false(qr_is_picture((const uint8_t *)"RIFF\0\0\0\0WAVE", 12));
    assert_true(qr_is_picture((const uint8_t *)"\0\0\0\x18"
                                               "ftypheic",
                              12));
    assert_false(qr_is_picture((const uint8_t *)"P5", 2));
    assert_false(qr_is_picture((const uint8_t *)ONE, strlen(ONE)));
    assert_false(qr_is_picture((const uint8_t *)"", 0));
    assert_false(qr_is_picture_file("/"));
    assert_false(qr_is_picture_file("-"));
    assert_false(qr_is_picture_file("/nonexistent"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_among_others),         cmocka_unit_test(the_same_again_is_one),
        cmocka_unit_test(two_devices_are_too_many), cmocka_unit_test(none_is_none),
        cmocka_unit_test(pictures_by_their_start),  cmocka_unit_test(it_ends_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
