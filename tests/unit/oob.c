/* Out-of-band blocks: vectors made by hand, every truncation, every single change. */
#include <troth/oob.h>

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#include <troth/gap.h>

/* Core Specification Supplement Part A by hand; CRC-32 by zlib. */
#define LAMP                                                                                       \
    "02010605094C616D701122101112131415161718191A1B1C1D1E1F1123A0A1A2A3A4A5A6A7A8A9AAABACADAEAF"   \
    "081B010000EEFFC001021C00"
#define LAMP_TEXT "BLE-OOB:" LAMP ".8C47048D"
/* As an NFC tag has it: another order, an appearance, a TK. */
#define TAG      "081B66554433221100021C021110E0E1E2E3E4E5E6E7E8E9EAEBECEDEEEF03198000"
#define TAG_TEXT "BLE-OOB:" TAG ".49313FF0"

static size_t octets(const char *hex, uint8_t *out)
{
    size_t n = 0;
    for (; *hex; hex += 2, n++) {
        unsigned high = (unsigned)(strchr("0123456789ABCDEF", hex[0]) - "0123456789ABCDEF" + 0);
        unsigned low = (unsigned)(strchr("0123456789ABCDEF", hex[1]) - "0123456789ABCDEF" + 0);
        out[n] = (uint8_t)(high << 4 | low);
    }
    return n;
}

static struct troth_oob_block lamp(void)
{
    struct troth_oob_block b = {.addr = {TROTH_ADDR_RANDOM, {1, 0, 0, 0xee, 0xff, 0xc0}},
                                .role = TROTH_OOB_PERIPHERAL,
                                .has_flags = true,
                                .flags = 6,
                                .name_len = 4,
                                .name = "Lamp",
                                .oob = {.have_sc = true}};
    for (uint8_t i = 0; i < 16; i++) {
        b.oob.confirm[i] = (uint8_t)(0x10 + i);
        b.oob.random[i] = (uint8_t)(0xa0 + i);
    }
    return b;
}

static enum troth_oob_fault from(const char *text, struct troth_oob_block *b)
{
    return troth_oob_from_text(b, text, strlen(text));
}

static void vectors(void **state)
{
    (void)state;
    struct troth_oob_block expected = lamp(), got;
    char text[TROTH_OOB_TEXT_MAX];
    uint8_t data[TROTH_OOB_BLOCK_MAX], other[TROTH_OOB_BLOCK_MAX];
    char lower[] = LAMP_TEXT;

    assert_int_equal(troth_oob_encode(&expected, data, sizeof data), sizeof LAMP / 2);
    octets(LAMP, other);
    assert_memory_equal(data, other, sizeof LAMP / 2);
    assert_int_equal(troth_oob_to_text(&expected, text, sizeof text), sizeof LAMP_TEXT - 1);
    assert_string_equal(text, LAMP_TEXT);
    assert_int_equal(from(LAMP_TEXT, &got), TROTH_OOB_FINE);
    assert_memory_equal(&got, &expected, sizeof got);
    for (char *p = lower + 8; *p; p++)
        if (*p >= 'A' && *p <= 'F')
            *p = (char)(*p + 32);
    assert_int_equal(from(lower, &got), TROTH_OOB_FINE);
    assert_memory_equal(&got, &expected, sizeof got);

    assert_int_equal(from(TAG_TEXT, &got), TROTH_OOB_FINE);
    assert_int_equal(got.addr.type, TROTH_ADDR_PUBLIC);
    assert_memory_equal(got.addr.b, "\x66\x55\x44\x33\x22\x11", 6);
    assert_int_equal(got.role, TROTH_OOB_PERIPHERAL_PREFERRED);
    assert_true(got.oob.have_tk && !got.oob.have_sc && !got.has_flags && !got.name_len);
    for (uint8_t i = 0; i < 16; i++)
        assert_int_equal(got.oob.tk[i], 0xe0 + i);
}

/* Every combination of what a block may hold comes back as it was. */
static void round_trips(void **state)
{
    (void)state;
    for (unsigned what = 0; what < 128; what++) {
        struct troth_oob_block b = lamp(), got;
        char text[TROTH_OOB_TEXT_MAX];
        if (!(what & 1)) {
            memset(&b.oob, 0, sizeof b.oob);
        }
        if (what & 2) {
            b.oob.have_tk = true;
            memset(b.oob.tk, 0x5a, 16);
        }
        if (!(what & 4)) {
            b.has_flags = false;
            b.flags = 0;
        }
        memset(b.name, 0, sizeof b.name);
        b.name_len = what & 8 ? TROTH_OOB_NAME_MAX : 0;
        memset(b.name, 'x', b.name_len);
        b.name_short = what & 8 && what & 16;
        b.role = (uint8_t)(what >> 5);
        int len = troth_oob_to_text(&b, text, sizeof text);
        assert_true(len > 0 && len == (int)strlen(text));
        assert_int_equal(troth_oob_to_text(&b, text, (size_t)len), TROTH_INVALID);
        assert_int_equal(troth_oob_from_text(&got, text, (size_t)len), TROTH_OOB_FINE);
        assert_memory_equal(&got, &b, sizeof got);
        assert_int_equal(strspn(text, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"), len);
    }
}

static void truncations(void **state)
{
    (void)state;
    const struct troth_oob_block zero = {0};
    struct troth_oob_block b = lamp(), got;
    uint8_t data[TROTH_OOB_BLOCK_MAX];
    b.oob.have_tk = true;
    int len = troth_oob_encode(&b, data, sizeof data);
    for (int n = 0; n < len; n++) {
        got = b;
        assert_int_not_equal(troth_oob_decode(&got, data, (size_t)n), TROTH_OOB_FINE);
        assert_memory_equal(&got, &zero, sizeof got);
        assert_int_equal(troth_oob_encode(&b, data, (size_t)n), TROTH_INVALID);
        assert_int_equal(troth_oob_encode(&b, data, sizeof data), len);
    }
    for (size_t n = 0; n < sizeof LAMP_TEXT - 1; n++) {
        got = b;
        assert_int_not_equal(troth_oob_from_text(&got, LAMP_TEXT, n), TROTH_OOB_FINE);
        assert_memory_equal(&got, &zero, sizeof got);
    }
    for (size_t n = 0; n < sizeof TAG_TEXT - 1; n++)
        assert_int_not_equal(troth_oob_from_text(&got, TAG_TEXT, n), TROTH_OOB_FINE);
}

/* No single character of the text may change unnoticed. */
static void changes(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof LAMP_TEXT - 1; i++)
        for (int c = 0; c < 256; c++) {
            struct troth_oob_block got;
            char text[] = LAMP_TEXT;
            if ((char)c == text[i] || (text[i] >= 'A' && text[i] <= 'F' && (char)c == text[i] + 32))
                continue;
            text[i] = (char)c;
            if (troth_oob_from_text(&got, text, sizeof text - 1) == TROTH_OOB_FINE)
                fail_msg("character %zu may be 0x%02x", i, (unsigned)c);
        }
}

static void faults(void **state)
{
    (void)state;
    static const struct {
        const char *hex;
        enum troth_oob_fault fault;
    } all[] = {
        {"", TROTH_OOB_NO_ADDRESS},
        {"021C00", TROTH_OOB_NO_ADDRESS},
        {"081B010000EEFFC001", TROTH_OOB_NO_ROLE},
        {"081B010000EEFFC001021C00", TROTH_OOB_FINE},
        {"081B010000EEFFC00100021C00", TROTH_OOB_CUT}, /* an empty structure */
        {"081B010000EEFFC001021C", TROTH_OOB_CUT},
        {"081B010000EEFFC001021C00FF", TROTH_OOB_CUT},
        {"081B010000EEFFC001031C0000", TROTH_OOB_SIZE},
        {"071B010000EEFFC0021C00", TROTH_OOB_SIZE},
        {"011C081B010000EEFFC001", TROTH_OOB_SIZE},
        {"03100102081B010000EEFFC001021C00", TROTH_OOB_SIZE},
        {"081B010000EEFFC001021C04", TROTH_OOB_VALUE}, /* reserved role */
        {"081B010000EEFFC002021C00", TROTH_OOB_VALUE}, /* reserved address type */
        {"081B000000000000"
         "00021C00",
         TROTH_OOB_VALUE},
        {"081B010000EEFF8001021C00", TROTH_OOB_VALUE}, /* a random address of no kind */
        {"081B010000EEFF4001021C00", TROTH_OOB_FINE},  /* resolvable */
        {"081B010000EEFFC001021C00021C00", TROTH_OOB_TWICE},
        {"081B010000EEFFC001081B010000EEFFC001021C00", TROTH_OOB_TWICE},
        {"03084142"
         "03094142"
         "081B010000EEFFC001021C00",
         TROTH_OOB_TWICE},
        {"020106020106081B010000EEFFC001021C00", TROTH_OOB_TWICE},
        {"1122101112131415161718191A1B1C1D1E1F081B010000EEFFC001021C00", TROTH_OOB_HALF},
        {"1123101112131415161718191A1B1C1D1E1F081B010000EEFFC001021C00", TROTH_OOB_HALF},
        {"01FE081B010000EEFFC001021C0001FE", TROTH_OOB_FINE}, /* of other types, and empty ones */
    };
    struct troth_oob_block got;
    uint8_t data[512] = {0};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        enum troth_oob_fault fault = troth_oob_decode(&got, data, octets(all[i].hex, data));
        if (fault != all[i].fault)
            fail_msg("%s: %s", all[i].hex, troth_oob_fault_words(fault));
    }
    assert_int_equal(troth_oob_decode(&got, data, TROTH_OOB_BLOCK_MAX + 1), TROTH_OOB_TOO_LONG);
    assert_int_equal(from("", &got), TROTH_OOB_NO_PREFIX);
    assert_int_equal(from("ble-oob:" LAMP ".8C47048D", &got), TROTH_OOB_NO_PREFIX);
    assert_int_equal(from("BLE-OOB:" LAMP, &got), TROTH_OOB_SUM);
    assert_int_equal(from("BLE-OOB:" LAMP ".8C47048E", &got), TROTH_OOB_SUM);
    assert_int_equal(from("BLE-OOB:" LAMP ".8C47048G", &got), TROTH_OOB_DIGIT);
    assert_int_equal(from("BLE-OOB:0" LAMP ".8C47048D", &got), TROTH_OOB_DIGIT);
    assert_int_equal(from(LAMP_TEXT " ", &got), TROTH_OOB_SUM);
    assert_int_equal(from("BLE-OOB:.00000000", &got), TROTH_OOB_NO_ADDRESS);
    for (int f = TROTH_OOB_FINE; f <= TROTH_OOB_HALF + 1; f++)
        assert_true(strlen(troth_oob_fault_words((enum troth_oob_fault)f)) > 10);

    struct troth_oob_block bad = lamp();
    bad.role = 4;
    assert_int_equal(troth_oob_encode(&bad, data, sizeof data), TROTH_INVALID);
    bad = lamp();
    bad.name_len = TROTH_OOB_NAME_MAX + 1;
    assert_int_equal(troth_oob_encode(&bad, data, sizeof data), TROTH_INVALID);
    bad = lamp();
    bad.addr.type = 2;
    assert_int_equal(troth_oob_encode(&bad, data, sizeof data), TROTH_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors), cmocka_unit_test(round_trips), cmocka_unit_test(truncations),
        cmocka_unit_test(changes), cmocka_unit_test(faults),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
