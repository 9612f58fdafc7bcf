/* Thread datasets: every way to be wrong, what they say, and that nothing in them is lost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <troth/dataset.h>

/* Seen everywhere: OpenThread's own example. */
#define DEMO                                                                                       \
    "0e080000000000010000000300000f35060004001fffe0020811111111222222220708fdad70bfe5aa15dd051000" \
    "112233445566778899aabbccddeeff030e4f70656e54687265616444656d6f010212340410445f2b5ca6f2a93a55" \
    "ce570a70efeecb0c0402a0f7f8"
#define KEY "051000112233445566778899aabbccddeeff"

static struct troth_thread raw(const char *digits)
{
    struct troth_thread t;
    assert_int_equal(troth_dataset_from_text(&t, digits, strlen(digits)), TROTH_DATASET_FINE);
    return t;
}

static void assert_raw(const struct troth_thread *t, const char *digits)
{
    char text[TROTH_DATASET_TEXT];
    assert_int_equal(troth_dataset_to_text(t, text, sizeof text), strlen(digits));
    assert_string_equal(text, digits);
}

static void test_the_example_says(void **state)
{
    (void)state;
    struct troth_thread t = raw(DEMO);
    struct troth_dataset d;
    assert_int_equal(t.len, 105);
    assert_int_equal(troth_dataset_check(t.dataset, t.len, NULL), TROTH_DATASET_FINE);
    assert_int_equal(troth_dataset_parse(&d, t.dataset, t.len, NULL), TROTH_DATASET_FINE);
    assert_true(d.has_active_timestamp && d.seconds == 1 && d.ticks == 0 && !d.authoritative);
    assert_true(d.has_channel && d.channel_page == 0 && d.channel == 15);
    assert_true(d.has_channel_mask && d.channel_mask == 0x07fff800);
    assert_true(d.has_ext_pan_id);
    assert_memory_equal(d.ext_pan_id, "\x11\x11\x11\x11\x22\x22\x22\x22", 8);
    assert_true(d.has_mesh_local_prefix);
    assert_memory_equal(d.mesh_local_prefix, "\xfd\xad\x70\xbf\xe5\xaa\x15\xdd", 8);
    assert_true(d.has_network_key && d.has_pskc && d.has_pan_id && d.pan_id == 0x1234);
    assert_memory_equal(d.network_key,
                        "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", 16);
    assert_memory_equal(d.pskc, "\x44\x5f\x2b\x5c", 4);
    assert_int_equal(d.name.len, 14);
    assert_memory_equal(d.name.b, "OpenThreadDemo", 14);
    assert_true(d.has_security_policy && d.rotation_hours == 672 && d.policy_flags_len == 2);
    assert_memory_equal(d.policy_flags, "\xf7\xf8", 2);
    assert_raw(&t, DEMO);

    /* Made again from what it says, it is the same, octet by octet. */
    struct troth_thread made = {.len = 0};
    assert_int_equal(troth_dataset_build(&made, &d), TROTH_OK);
    assert_raw(&made, DEMO);
}

static void test_timestamps_to_the_bit(void **state)
{
    (void)state;
    struct troth_thread t = raw("0e08123456789abcfffd");
    struct troth_dataset d;
    troth_dataset_parse(&d, t.dataset, t.len, NULL);
    assert_true(d.seconds == 0x123456789abc && d.ticks == 0x7ffe && d.authoritative);
    struct troth_thread made = {.len = 0};
    assert_int_equal(troth_dataset_build(&made, &d), TROTH_OK);
    assert_raw(&made, "0e08123456789abcfffd");
}

static void test_every_fault(void **state)
{
    (void)state;
    static const struct {
        const char *digits;
        enum troth_dataset_fault parse, check;
        uint8_t type;
    } rows[] = {
        {KEY, 0, 0, 25},
        {"", TROTH_DATASET_EMPTY, TROTH_DATASET_EMPTY, 0},
        {"05", TROTH_DATASET_CUT, TROTH_DATASET_CUT, 5},
        {"0510", TROTH_DATASET_CUT, TROTH_DATASET_CUT, 5},
        {"fe05aabb", TROTH_DATASET_CUT, TROTH_DATASET_CUT, 0xfe},
        {KEY "00", TROTH_DATASET_CUT, TROTH_DATASET_CUT, 0},
        {KEY "fe00", 0, 0, 25},
        {KEY "ffff", TROTH_DATASET_CUT, TROTH_DATASET_CUT, 0xff},
        {KEY "0102123", TROTH_DATASET_ODD, 0, 0},
        {KEY "010212", TROTH_DATASET_CUT, TROTH_DATASET_CUT, 1}, /* esp_prov below 0x1000 */
        {KEY "010112", TROTH_DATASET_SIZE, TROTH_DATASET_SIZE, 1},
        {KEY KEY, TROTH_DATASET_TWICE, TROTH_DATASET_TWICE, 5},
        {KEY "fe00fe01aa", TROTH_DATASET_TWICE, TROTH_DATASET_TWICE, 0xfe},
        {"0003000000" KEY, 0, TROTH_DATASET_BAD_CHANNEL, 0},
        {"000300000a" KEY, 0, TROTH_DATASET_BAD_CHANNEL, 0},
        {"000300000b" KEY, 0, 0, 25},
        {"000300001a" KEY, 0, 0, 25},
        {"000300001b" KEY, 0, TROTH_DATASET_BAD_CHANNEL, 0},
        {"000300010b" KEY, 0, TROTH_DATASET_BAD_CHANNEL, 0},
        {"000302000b" KEY, 0, TROTH_DATASET_BAD_CHANNEL, 0}, /* page 2 */
        {"0102ffff" KEY, 0, TROTH_DATASET_BAD_PAN_ID, 1},
        {"0102fffe" KEY, 0, 0, 25},
        {"0301ff" KEY, 0, TROTH_DATASET_BAD_NAME, 3},
        {"030161" KEY, 0, 0, 25},
        {"03020061" KEY, 0, TROTH_DATASET_BAD_NAME, 3},
        {"0302c3a4" KEY, 0, 0, 25},
        {"0302c0af" KEY, 0, TROTH_DATASET_BAD_NAME, 3},
        {"0708fe80000000000000" KEY, 0, TROTH_DATASET_BAD_PREFIX, 7},
        {"0708fc00000000000000" KEY, 0, TROTH_DATASET_BAD_PREFIX, 7},
        {"0c030000ff" KEY, 0, TROTH_DATASET_BAD_POLICY, 12},
        {"0c030001ff" KEY, 0, 0, 25},
        {"3506000400000000" KEY, 0, TROTH_DATASET_BAD_MASK, 53},
        {"35060004ffe00000" KEY, 0, TROTH_DATASET_BAD_MASK, 53}, /* 0 to 10 */
        {"350600040000001f" KEY, 0, TROTH_DATASET_BAD_MASK, 53}, /* 27 to 31 */
        {"3506000400100000" KEY, 0, 0, 25},                      /* 11 */
        {"3506000400000020" KEY, 0, 0, 25},                      /* 26 */
        {"3503000180" KEY, TROTH_DATASET_SIZE, TROTH_DATASET_SIZE, 53},
        {"3503020180" KEY, 0, TROTH_DATASET_BAD_MASK, 53}, /* another page alone */
        {"350702000004001fff" KEY, TROTH_DATASET_SIZE, TROTH_DATASET_SIZE, 53},
        {"3507000400000020ff" KEY, TROTH_DATASET_SIZE, TROTH_DATASET_SIZE, 53},
        {"35080004000000200102" KEY, TROTH_DATASET_SIZE, TROTH_DATASET_SIZE, 53},
        {"350900040000002002017f" KEY, 0, 0, 25},
        {"000300000f01021234", 0, TROTH_DATASET_NO_KEY, 5},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_thread t;
        struct troth_dataset d;
        uint8_t type = 0;
        enum troth_dataset_fault fault =
            troth_dataset_from_text(&t, rows[i].digits, strlen(rows[i].digits));
        if (fault == TROTH_DATASET_ODD && rows[i].parse == TROTH_DATASET_ODD)
            continue;
        if (troth_dataset_parse(&d, t.dataset, t.len, NULL) != rows[i].parse)
            fail_msg("row %zu: parse", i);
        if (troth_dataset_check(t.dataset, t.len, &type) != rows[i].check)
            fail_msg("row %zu: check", i);
        if (rows[i].check && type != rows[i].type)
            fail_msg("row %zu: type %u", i, type);
        static const struct troth_dataset none;
        if (rows[i].parse)
            assert_memory_equal(&d, &none, sizeof d);
    }
}

static void test_every_length_of_every_known_type(void **state)
{
    (void)state;
    static const struct {
        uint8_t type, least, most;
    } rows[] = {{0, 3, 3},  {1, 2, 2},  {2, 8, 8},  {3, 1, 16}, {4, 16, 16}, {5, 16, 16}, {7, 8, 8},
                {12, 3, 4}, {14, 8, 8}, {51, 8, 8}, {52, 4, 4}, {59, 0, 16}, {74, 3, 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        for (unsigned len = 0; len <= 252; len++) {
            uint8_t tlvs[254] = {rows[i].type, (uint8_t)len};
            bool fits = len >= rows[i].least && len <= rows[i].most;
            uint8_t type = 255;
            assert_int_equal(troth_dataset_parse(NULL, tlvs, 2 + len, &type),
                             fits ? TROTH_DATASET_FINE : TROTH_DATASET_SIZE);
            assert_int_equal(type, rows[i].type);
        }
    }
    /* A type nobody here knows has any length that there is room for. */
    uint8_t most[255] = {200, 252}, over[255] = {200, 253};
    assert_int_equal(troth_dataset_parse(NULL, most, 254, NULL), TROTH_DATASET_FINE);
    assert_int_equal(troth_dataset_parse(NULL, over, 255, NULL), TROTH_DATASET_TOO_LONG);
}

/* In memory of exactly that size, so that an octet read past its end is seen. */
static void test_every_truncation(void **state)
{
    (void)state;
    struct troth_thread t = raw(DEMO);
    unsigned whole = 0;
    for (size_t len = 0; len < t.len; len++) {
        uint8_t *exact = malloc(len ? len : 1);
        memcpy(exact, t.dataset, len);
        enum troth_dataset_fault fault = troth_dataset_parse(NULL, exact, len, NULL);
        free(exact);
        whole += fault == TROTH_DATASET_FINE;
        if (len == 0)
            assert_int_equal(fault, TROTH_DATASET_EMPTY);
        else if (fault != TROTH_DATASET_FINE)
            assert_int_equal(fault, TROTH_DATASET_CUT);
    }
    assert_int_equal(whole, 9); /* between its ten TLVs */
}

static void test_text_both_ways(void **state)
{
    (void)state;
    struct troth_thread t;
    static const struct troth_thread none;
    assert_int_equal(troth_dataset_from_text(&t, "05AbcD", 6), TROTH_DATASET_FINE);
    assert_raw(&t, "05abcd");
    char text[TROTH_DATASET_TEXT];
    assert_int_equal(troth_dataset_to_text(&t, text, 7), 6);
    assert_int_equal(troth_dataset_to_text(&t, text, 6), TROTH_INVALID);
    static const struct {
        const char *digits;
        enum troth_dataset_fault fault;
    } rows[] = {{"", TROTH_DATASET_EMPTY},   {"0", TROTH_DATASET_ODD},
                {"0g", TROTH_DATASET_DIGIT}, {"05 01", TROTH_DATASET_DIGIT},
                {"x", TROTH_DATASET_DIGIT},  {"00\n", TROTH_DATASET_DIGIT}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        memset(&t, 0xa5, sizeof t);
        assert_int_equal(troth_dataset_from_text(&t, rows[i].digits, strlen(rows[i].digits)),
                         rows[i].fault);
        assert_memory_equal(&t, &none, sizeof t);
    }
    char many[2 * 255];
    memset(many, '5', sizeof many);
    assert_int_equal(troth_dataset_from_text(&t, many, sizeof many), TROTH_DATASET_TOO_LONG);
    assert_int_equal(troth_dataset_from_text(&t, many, sizeof many - 2), TROTH_DATASET_FINE);
    assert_int_equal(troth_dataset_to_text(&t, text, sizeof text), 508);
}

/* ---- making ---- */

static void test_what_is_unknown_stays(void **state)
{
    (void)state;
    struct troth_thread t = raw("fe03aabbcc" KEY "ee00"
                                "010212344a0300000b");
    struct troth_dataset d = {.has_pan_id = true, .pan_id = 0x0042, .has_channel = true};
    d.channel = 26;
    assert_int_equal(troth_dataset_build(&t, &d), TROTH_OK);
    assert_raw(&t, "fe03aabbcc" KEY "ee00"
                   "010200424a0300000b"
                   "000300001a");
    uint8_t len;
    const uint8_t *v = troth_dataset_find(&t, 0xfe, &len);
    assert_int_equal(len, 3);
    assert_memory_equal(v, "\xaa\xbb\xcc", 3);
    assert_non_null(troth_dataset_find(&t, 0xee, &len));
    assert_int_equal(len, 0);
    assert_null(troth_dataset_find(&t, 4, &len));

    /* A mask has other pages: they go only when the mask is another. */
    struct troth_thread pages = raw("350900040000002002017f");
    assert_int_equal(troth_dataset_parse(&d, pages.dataset, pages.len, NULL), TROTH_DATASET_FINE);
    assert_int_equal(troth_dataset_build(&pages, &d), TROTH_OK);
    assert_raw(&pages, "350900040000002002017f");
    d.channel_mask |= 1u << 11;
    assert_int_equal(troth_dataset_build(&pages, &d), TROTH_OK);
    assert_raw(&pages, "3506000400100020");
}

static void test_put_replaces_in_place_and_leaves_no_trace(void **state)
{
    (void)state;
    struct troth_thread t = raw("030461626364" KEY);
    assert_int_equal(troth_dataset_put(&t, 3, "x", 1), TROTH_OK);
    assert_raw(&t, "030178" KEY);
    assert_int_equal(t.dataset[t.len], 0); /* the key's last octets lay there */
    assert_int_equal(t.dataset[t.len + 2], 0);
    assert_int_equal(troth_dataset_put(&t, 3, "longer", 6), TROTH_OK);
    assert_raw(&t, "03066c6f6e676572" KEY);
    uint8_t big[252] = {0};
    assert_int_equal(troth_dataset_put(&t, 200, big, 254 - 26 - 2), TROTH_OK);
    assert_int_equal(t.len, 254);
    assert_int_equal(troth_dataset_put(&t, 201, big, 0), TROTH_FULL);
    assert_int_equal(troth_dataset_put(&t, 3, "longest", 7), TROTH_FULL);
    assert_int_equal(troth_dataset_put(&t, 3, "longes", 6), TROTH_OK);
    assert_int_equal(t.len, 254);
    struct troth_thread before = t;
    struct troth_dataset d = {.has_pan_id = true, .pan_id = 1, .name = {1, "y"}};
    assert_int_equal(troth_dataset_build(&t, &d), TROTH_OK); /* the name gave up five */
    struct troth_thread full = before;
    d.name = (struct troth_thread_name){6, "yyyyyy"};
    assert_int_equal(troth_dataset_build(&full, &d), TROTH_FULL);
    assert_memory_equal(&full, &before, sizeof full);
}

static void test_build_refuses_what_is_out_of_range(void **state)
{
    (void)state;
    struct troth_dataset good = {.has_network_key = true}, d;
    struct troth_thread t = {.len = 0};
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        d = good;                                                                                  \
        change;                                                                                    \
        assert_int_equal(troth_dataset_build(&t, &d), TROTH_INVALID);                              \
        assert_int_equal(t.len, 0);                                                                \
    } while (0)
    REFUSED((d.has_channel = true, d.channel = 10));
    REFUSED((d.has_channel = true, d.channel = 27));
    REFUSED((d.has_pan_id = true, d.pan_id = 0xffff));
    REFUSED(d.name.len = 17);
    REFUSED((d.name.len = 1, d.name.b[0] = 0xff));
    REFUSED(d.has_mesh_local_prefix = true);
    REFUSED((d.has_security_policy = true, d.policy_flags_len = 1));
    REFUSED((d.has_security_policy = true, d.rotation_hours = 1));
    REFUSED((d.has_active_timestamp = true, d.seconds = 1ull << 48));
    REFUSED((d.has_active_timestamp = true, d.ticks = 0x8000));
    REFUSED(d.has_channel_mask = true);
    assert_int_equal(troth_dataset_build(&t, &good), TROTH_OK);
    struct troth_thread broken = {.len = 1, .dataset = {5}};
    assert_int_equal(troth_dataset_build(&broken, &good), TROTH_INVALID);
}

static void test_a_picked_network(void **state)
{
    (void)state;
    struct troth_scan_result n = {.kind = TROTH_NET_THREAD, .channel = 22, .rssi = -40};
    n.thread.pan_id = 0x0042; /* four digits all the same */
    memcpy(n.thread.ext_pan_id, "\xde\xad\x00\xbe\xef\x00\xca\xfe", 8);
    n.thread.name.len = 15;
    memcpy(n.thread.name.b, "OpenThread-79c0", 15);
    static const uint8_t key[16] = {0,    0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
                                    0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff};
    struct troth_thread t;
    memset(&t, 0xa5, sizeof t);
    assert_int_equal(troth_dataset_pick(&t, &n, key), TROTH_OK);
    assert_raw(&t, "0003000016"
                   "0208dead00beef00cafe" KEY "030f4f70656e5468726561642d37396330"
                   "01020042");
    assert_int_equal(troth_dataset_check(t.dataset, t.len, NULL), TROTH_DATASET_FINE);
    n.thread.name.len = 0;
    assert_int_equal(troth_dataset_pick(&t, &n, key), TROTH_OK);
    assert_raw(&t, "0003000016"
                   "0208dead00beef00cafe" KEY "01020042");
    n.channel = 1;
    assert_int_equal(troth_dataset_pick(&t, &n, key), TROTH_INVALID);
    assert_int_equal(t.len, 0);
    n.channel = 22;
    n.kind = TROTH_NET_WIFI;
    assert_int_equal(troth_dataset_pick(&t, &n, key), TROTH_INVALID);
}

/* ---- showing ---- */

static char shown[4096];

static void show(void *ctx, const char *name, const char *value)
{
    size_t at = strlen(shown);
    snprintf(shown + at, sizeof shown - at, "%s%s=%s\n", (const char *)ctx, name, value);
}

static const char *print(const char *digits, bool secrets)
{
    static char prefix[] = "";
    struct troth_thread t = raw(digits);
    shown[0] = 0;
    troth_dataset_print(&t, secrets, show, prefix);
    return shown;
}

#define OPENLY                                                                                     \
    "Active Timestamp=1 s\nChannel=15\nChannel Mask=11-26\nExtended PAN ID=1111111122222222\n"     \
    "Mesh-Local Prefix=fdad:70bf:e5aa:15dd::/64\n"

static void test_a_line_each_and_no_secret(void **state)
{
    (void)state;
    assert_string_equal(print(DEMO, false),
                        OPENLY "Network Key=(hidden)\nNetwork Name=OpenThreadDemo\nPAN ID=0x1234\n"
                               "PSKc=(hidden)\nSecurity Policy=672 h, flags f7f8\n");
    assert_string_equal(print(DEMO, true), OPENLY "Network Key=00112233445566778899aabbccddeeff\n"
                                                  "Network Name=OpenThreadDemo\nPAN ID=0x1234\n"
                                                  "PSKc=445f2b5ca6f2a93a55ce570a70efeecb\n"
                                                  "Security Policy=672 h, flags f7f8\n");
    assert_string_equal(print("0e08123456789abcfffd33080000000000020001", false),
                        "Active Timestamp=20015998343868 s + 32766/32768, authoritative\n"
                        "Pending Timestamp=2 s, authoritative\n");
    assert_string_equal(
        print("3404000493e04a0302000b3b02c3a4c802beef", false),
        "Delay Timer=300000 ms\nWake-up Channel=11 of page 2\nDomain Name=\xc3\xa4\n"
        "Type 200=(hidden)\n");
    assert_string_equal(print("c802beef", true), "Type 200=beef\n");
    assert_string_equal(print("350900040010802102017f03021b5b", false),
                        "Channel Mask=11,16,26,31; page 2: 1-7\nNetwork Name=\\x1b[\n");
    assert_string_equal(print("35060004ffffffff", false), "Channel Mask=0-31\n");
    assert_string_equal(print("0c0302a0ff", false), "Security Policy=672 h, flags ff\n");
    /* Longer than a line can be: cut, not overrun. */
    char mask[2 * 254 + 1] = "35fc02fa";
    memset(mask + 8, 'a', 500);
    print(mask, false);
    assert_int_equal(strncmp(shown, "Channel Mask=page 2: 0,2,4,6,8,10", 33), 0);
}

static void test_words(void **state)
{
    (void)state;
    for (int f = 0; f <= TROTH_DATASET_DIGIT; f++)
        for (int g = 0; g < f; g++)
            assert_string_not_equal(troth_dataset_fault_words((enum troth_dataset_fault)f),
                                    troth_dataset_fault_words((enum troth_dataset_fault)g));
    assert_string_equal(troth_dataset_type_name(5), "Network Key");
    assert_string_equal(troth_dataset_type_name(6), "(unknown)");
}

/* ---- PSKc ---- */

static struct troth_thread_name named(const char *text)
{
    struct troth_thread_name n = {.len = (uint8_t)strlen(text)};
    memcpy(n.b, text, n.len);
    return n;
}

static void test_pskc(void **state)
{
    (void)state;
    static const char p255[] = "1234567812345678123456781234567812345678123456781234567812345678"
                               "1234567812345678123456781234567812345678123456781234567812345678"
                               "1234567812345678123456781234567812345678123456781234567812345678"
                               "123456781234567812345678123456781234567812345678123456781234567";
    /* The first is the Thread specification's; the others were computed by another program. */
    static const struct {
        const char *passphrase, *ext_pan_id, *name, *pskc;
    } rows[] = {
        {"12SECRETPASSWORD34", "0001020304050607", "Test Network",
         "c3f59368445a1b6106be420a706d4cc9"},
        {"123456", "0001020304050607", "OpenThread", "b783812789911eb4ea76596c9ced2a69"},
        {p255, "0001020304050607", "OpenThread", "3ce02d6edb5116179cc1b14932803f1d"},
        {"sixteen octets!!", "dead00beef00cafe", "a", "9041b08ee64ac63fba63aeb5ae710069"},
        {"p\xc3\xa4ssw\xc3\xb6rd", "dead00beef00cafe",
         "H\xc3\xa4user Stra\xc3\x9f"
         "e ",
         "c87fd4e2383e51746dd7818df34f926b"},
    };
    uint8_t pskc[16];
    struct troth_thread_name name;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct troth_thread x = raw(rows[i].ext_pan_id), want = raw(rows[i].pskc);
        name = named(rows[i].name);
        assert_int_equal(troth_dataset_pskc(rows[i].passphrase, strlen(rows[i].passphrase),
                                            x.dataset, &name, pskc),
                         TROTH_OK);
        if (memcmp(pskc, want.dataset, 16) != 0)
            fail_msg("row %zu", i);
    }
    static const uint8_t x[8];
    char p256[257] = "";
    memset(p256, 'x', 256);
    assert_int_equal(troth_dataset_pskc("12345", 5, x, &name, pskc), TROTH_INVALID);
    assert_int_equal(troth_dataset_pskc(p256, 256, x, &name, pskc), TROTH_INVALID);
    name.len = 0;
    assert_int_equal(troth_dataset_pskc("123456", 6, x, &name, pskc), TROTH_INVALID);
    name.len = 17;
    assert_int_equal(troth_dataset_pskc("123456", 6, x, &name, pskc), TROTH_INVALID);
}

/* ---- anything ---- */

static uint64_t seed = 1;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void test_random_octets_break_nothing(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 1, 2, 3, 4, 5, 7, 12, 14, 51, 52, 53, 59, 74, 200, 6};
    static const uint8_t lens[] = {3, 2, 8, 5, 16, 16, 8, 4, 8, 8, 4, 6, 7, 3, 9, 0};
    static char nowhere[] = "";
    unsigned fine = 0, refused = 0;
    for (unsigned round = 0; round < 40000; round++) {
        struct troth_thread t = {.len = 0};
        while (t.len < 200 && draw(8)) { /* mostly right */
            uint32_t k = draw(16);
            t.dataset[t.len++] = types[k];
            t.dataset[t.len++] = draw(40) ? lens[k] : (uint8_t)draw(20);
            for (uint32_t n = draw(60) ? lens[k] : draw(20); n--;)
                t.dataset[t.len++] = (uint8_t)draw(256);
            if (types[k] == 53 && draw(4) && t.len >= 6)
                memcpy(t.dataset + t.len - 6, "\0\4", 2);
        }
        uint8_t *exact = malloc(t.len ? t.len : 1u);
        memcpy(exact, t.dataset, t.len);
        struct troth_dataset d;
        enum troth_dataset_fault fault = troth_dataset_parse(&d, exact, t.len, NULL);
        troth_dataset_check(exact, t.len, NULL);
        free(exact);
        shown[0] = 0;
        troth_dataset_print(&t, true, show, nowhere);
        refused += fault != TROTH_DATASET_FINE;
        assert_int_equal(shown[0] != 0, fault == TROTH_DATASET_FINE);
        uint8_t len;
        for (unsigned type = 0; type < 256; type++)
            if (troth_dataset_find(&t, (uint8_t)type, &len))
                assert_true(len <= 252);
        /* What can be made again says the same and loses nothing. */
        struct troth_thread again = t;
        if (fault != TROTH_DATASET_FINE || troth_dataset_build(&again, &d) != TROTH_OK)
            continue;
        fine++;
        assert_memory_equal(&again, &t, sizeof t);
    }
    assert_true(fine > 1000 && refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_example_says),
        cmocka_unit_test(test_timestamps_to_the_bit),
        cmocka_unit_test(test_every_fault),
        cmocka_unit_test(test_every_length_of_every_known_type),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_text_both_ways),
        cmocka_unit_test(test_what_is_unknown_stays),
        cmocka_unit_test(test_put_replaces_in_place_and_leaves_no_trace),
        cmocka_unit_test(test_build_refuses_what_is_out_of_range),
        cmocka_unit_test(test_a_picked_network),
        cmocka_unit_test(test_a_line_each_and_no_secret),
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_pskc),
        cmocka_unit_test(test_random_octets_break_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
