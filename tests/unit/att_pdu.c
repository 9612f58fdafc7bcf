/* Opcodes and their shapes, UUIDs across their lengths, and the words for errors. */
#include "support/gatt_fake.h"

#include "att/pdu.h"

#include <string.h>

/* The specification's own list, 3.4.8, written down a second time. */
static void every_opcode_has_its_type(void **state)
{
    (void)state;
    static const uint8_t requests[] = {0x02, 0x04, 0x06, 0x08, 0x0a, 0x0c,
                                       0x0e, 0x10, 0x12, 0x16, 0x18, 0x20};
    static const uint8_t responses[] = {0x01, 0x03, 0x05, 0x07, 0x09, 0x0b, 0x0d,
                                        0x0f, 0x11, 0x13, 0x17, 0x19, 0x21};
    uint8_t type[256] = {0};

    for (size_t i = 0; i < sizeof requests; i++)
        type[requests[i]] = ATT_REQUEST;
    for (size_t i = 0; i < sizeof responses; i++)
        type[responses[i]] = ATT_RESPONSE;
    type[0x1b] = type[0x1d] = type[0x23] = ATT_PUSH;
    type[0x1e] = ATT_CONFIRM;
    type[0x52] = type[0xd2] = ATT_COMMAND;
    for (unsigned op = 0; op < 256; op++)
        assert_int_equal(att_shape((uint8_t)op).type, type[op]);
}

static bool fits(uint8_t opcode, size_t len)
{
    struct att_shape s = att_shape(opcode);
    return att_fits(&s, len);
}

static void lengths(void **state)
{
    (void)state;
    for (size_t n = 0; n < 600; n++) {
        assert_int_equal(fits(0x02, n), n == 3);
        assert_int_equal(fits(0x04, n), n == 5);
        assert_int_equal(fits(0x06, n), n >= 7);
        assert_int_equal(fits(0x08, n), n == 7 || n == 21);
        assert_int_equal(fits(0x0a, n), n == 3);
        assert_int_equal(fits(0x0c, n), n == 5);
        assert_int_equal(fits(0x0e, n), n >= 5 && n % 2 == 1);
        assert_int_equal(fits(0x10, n), n == 7 || n == 21);
        assert_int_equal(fits(0x12, n), n >= 3);
        assert_int_equal(fits(0x16, n), n >= 5);
        assert_int_equal(fits(0x18, n), n == 2);
        assert_int_equal(fits(0x1b, n), n >= 3);
        assert_int_equal(fits(0x1d, n), n >= 3);
        assert_int_equal(fits(0x1e, n), n == 1);
        assert_int_equal(fits(0x20, n), n >= 5 && n % 2 == 1);
        assert_int_equal(fits(0x52, n), n >= 3);
        assert_int_equal(fits(0xd2, n), n >= 15);
        assert_int_equal(fits(0x01, n), n == 5);
        assert_int_equal(fits(0x03, n), n == 3);
        assert_int_equal(fits(0x07, n), n >= 5 && n % 4 == 1);
        assert_int_equal(fits(0x13, n), n == 1);
        assert_int_equal(fits(0x19, n), n == 1);
    }
}

static void uuids_of_two_lengths(void **state)
{
    (void)state;
    struct troth_uuid shrt = TROTH_UUID16(0x2a00);
    struct troth_uuid wide = {
        16, {0xfb, 0x34, 0x9b, 0x5f, 0x80, 0, 0, 0x80, 0, 0x10, 0, 0, 0x00, 0x2a, 0, 0}};

    assert_true(att_uuid_equal(&shrt, &wide));
    assert_true(att_uuid_equal(&wide, &shrt));
    assert_true(att_uuid_is(&wide, 0x2a00));
    for (size_t i = 0; i < 16; i++) {
        struct troth_uuid other = wide;
        other.b[i] ^= 1;
        assert_false(att_uuid_equal(&shrt, &other));
        assert_false(att_uuid_equal(&other, &wide));
    }
}

static void every_error_has_words(void **state)
{
    (void)state;
    for (unsigned e = 0; e < 256; e++) {
        assert_true(strlen(troth_att_error_name((uint8_t)e)) > 1);
        assert_true(strlen(troth_att_error_words((uint8_t)e)) > 3);
        bool known = e <= 0x13 || (e >= 0x80 && e <= 0x9f) || e >= 0xfc;
        assert_int_equal(strcmp(troth_att_error_name((uint8_t)e), "(unknown)") != 0, known);
    }
    assert_string_equal(troth_att_error_name(0x0f), "INSUFFICIENT_ENCRYPTION");
    assert_string_equal(troth_att_error_name(0x92), "APPLICATION_ERROR");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_opcode_has_its_type),
        cmocka_unit_test(lengths),
        cmocka_unit_test(uuids_of_two_lengths),
        cmocka_unit_test(every_error_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
