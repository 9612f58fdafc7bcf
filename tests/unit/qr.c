/* The text of provisioning QR codes, written and read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <troth/net.h>
#include <troth/qr_payload.h>

static struct troth_qr lamp(void)
{
    return (struct troth_qr){.name = "PROV_F72E6B",
                             .transport = TROTH_QR_BLE,
                             .security = TROTH_QR_SECURITY_UNSET,
                             .pop = "abcd1234"};
}

static char text[TROTH_QR_URL_MAX];

static const char *written(const struct troth_qr *q, bool secrets)
{
    int n = troth_qr_write(q, secrets, text, sizeof text);
    assert_true(n > 0);
    assert_int_equal(strlen(text), n);
    return text;
}

/* From memory of exactly that size, so that a character read past its end is seen. */
static enum troth_qr_fault parse(struct troth_qr *q, const char *s, size_t len)
{
    char *exact = malloc(len ? len : 1);
    memcpy(exact, s, len);
    memset(q, 0xa5, sizeof *q);
    enum troth_qr_fault fault = troth_qr_parse(q, exact, len);
    free(exact);
    static const struct troth_qr none;
    if (fault != TROTH_QR_FINE)
        assert_memory_equal(q, &none, sizeof none);
    return fault;
}

static void test_written_as_phones_read_it(void **state)
{
    (void)state;
    struct troth_qr q = lamp();
    assert_string_equal(
        written(&q, true),
        "{\"ver\":\"v1\",\"name\":\"PROV_F72E6B\",\"pop\":\"abcd1234\",\"transport\":\"ble\"}");
    assert_string_equal(written(&q, false),
                        "{\"ver\":\"v1\",\"name\":\"PROV_F72E6B\",\"transport\":\"ble\"}");
    strcpy(q.username, "threadprov");
    q.network = TROTH_NET_THREAD;
    assert_string_equal(written(&q, true),
                        "{\"ver\":\"v1\",\"name\":\"PROV_F72E6B\",\"username\":\"threadprov\","
                        "\"pop\":\"abcd1234\",\"transport\":\"ble\",\"network\":\"thread\"}");
    q.transport = TROTH_QR_SOFTAP;
    q.network = TROTH_NET_WIFI;
    q.security = 0;
    q.pop[0] = 0;
    q.has_pop = true;
    strcpy(q.password, "radio\"key\\\n");
    strcpy(q.username, "\xc3\xa4");
    assert_string_equal(written(&q, true),
                        "{\"ver\":\"v1\",\"name\":\"PROV_F72E6B\",\"username\":\"\xc3\xa4\","
                        "\"pop\":\"\",\"transport\":\"softap\",\"security\":0,"
                        "\"password\":\"radio\\\"key\\\\\\u000A\",\"network\":\"wifi\"}");
    assert_string_equal(written(&q, false),
                        "{\"ver\":\"v1\",\"name\":\"PROV_F72E6B\",\"username\":\"\xc3\xa4\","
                        "\"transport\":\"softap\",\"security\":0,\"network\":\"wifi\"}");
}

static void test_as_a_link(void **state)
{
    (void)state;
    struct troth_qr q = lamp(), back;
    strcpy(q.pop, "a&b#c d%");
    int n = troth_qr_write_url(&q, true, text, sizeof text);
    assert_string_equal(text, TROTH_QR_URL
                        "%7B%22ver%22%3A%22v1%22%2C%22name%22%3A%22PROV_F72E6B%22%2C%22pop%22%3A"
                        "%22a%26b%23c%20d%25%22%2C%22transport%22%3A%22ble%22%7D");
    assert_int_equal(parse(&back, text, (size_t)n), TROTH_QR_FINE);
    assert_string_equal(back.pop, "a&b#c d%");
    /* Behind the data, in front of it, and as it was printed. */
    strcpy(text + n, "&lang=en#top");
    assert_int_equal(parse(&back, text, strlen(text)), TROTH_QR_FINE);
    strcpy(text + n, "#top");
    assert_int_equal(parse(&back, text, strlen(text)), TROTH_QR_FINE);
    static const char *const links[] = {
        "http://x/?a=1&data={%22name%22:%22PROV_F72E6B%22,%22transport%22:%22ble%22}",
        "https://x?data={\"name\":\"PROV_F72E6B\",\"transport\":\"ble\"}",
        TROTH_QR_URL "{\"name\":\"PROV_F72E6B\",\"pop\":\"50%25&#\",\"transport\":\"ble\"}"};
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(parse(&back, links[i], strlen(links[i])), TROTH_QR_FINE);
        assert_string_equal(back.name, "PROV_F72E6B");
        if (i == 2)
            assert_string_equal(back.pop, "50%25&#");
    }
    static const struct {
        const char *link;
        enum troth_qr_fault fault;
    } rows[] = {{"https://example.org/", TROTH_QR_FOREIGN},
                {"https://example.org/data={}", TROTH_QR_FOREIGN},
                {"https://example.org/?xdata={}", TROTH_QR_FOREIGN},
                {"https://x/?data=", TROTH_QR_CUT},
                {"https://x/?data=%7", TROTH_QR_CUT},
                {"https://x/?data=%zz%7D", TROTH_QR_SYNTAX},
                {"https://x/?data=%7B%7D", TROTH_QR_NO_NAME},
                {"https://x/?data=%7B%7D%7D", TROTH_QR_SYNTAX},
                {"ftp://x/?data=%7B%7D", TROTH_QR_FOREIGN}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (parse(&back, rows[i].link, strlen(rows[i].link)) != rows[i].fault)
            fail_msg("row %zu", i);
}

static void test_what_cannot_be_written(void **state)
{
    (void)state;
    struct troth_qr q = lamp();
    int n = (int)strlen(written(&q, true));
    assert_int_equal(troth_qr_write(&q, true, text, (size_t)n + 1), n);
    for (int cap = 0; cap <= n; cap++) {
        memset(text, 'x', sizeof text);
        assert_int_equal(troth_qr_write(&q, true, text, (size_t)cap), TROTH_INVALID);
        assert_int_equal(text[cap], 'x');
        assert_null(memmem(text, sizeof text, "abcd", 4)); /* nothing is left of a secret */
    }
    assert_int_equal(troth_qr_write_url(&q, true, text, 40), TROTH_INVALID);
#define REFUSED(change)                                                                            \
    do {                                                                                           \
        q = lamp();                                                                                \
        change;                                                                                    \
        assert_int_equal(troth_qr_write(&q, true, text, sizeof text), TROTH_INVALID);              \
    } while (0)
    REFUSED(q.name[0] = 0);
    REFUSED(memset(q.name, 'x', sizeof q.name));
    REFUSED(memset(q.pop, 'x', sizeof q.pop));
    REFUSED(q.transport = 0);
    REFUSED(q.transport = 3);
    REFUSED(q.security = 3);
    REFUSED(q.network = 3);
    REFUSED(strcpy(q.name, "\xc3"));
    REFUSED(strcpy(q.pop, "\xed\xa0\x80"));
    /* The longest there is fits. */
    q = lamp();
    memset(q.name, 1, TROTH_QR_NAME_MAX);
    memset(q.username, 1, TROTH_QR_SECRET_MAX);
    memset(q.pop, 1, TROTH_QR_SECRET_MAX);
    memset(q.password, 1, TROTH_QR_SECRET_MAX);
    q.transport = TROTH_QR_SOFTAP;
    q.network = TROTH_NET_THREAD;
    q.security = 2;
    struct troth_qr back;
    n = troth_qr_write(&q, true, text, TROTH_QR_TEXT_MAX + 1);
    assert_true(n > 2500);
    assert_int_equal(parse(&back, text, (size_t)n), TROTH_QR_FINE);
    assert_string_equal(back.password, q.password);
    n = troth_qr_write_url(&q, true, text, sizeof text);
    assert_true(n > 0);
    assert_int_equal(parse(&back, text, (size_t)n), TROTH_QR_FINE);
}

#define DEVICE "\"name\":\"n\",\"transport\":\"ble\""

static void test_everything_a_code_can_say(void **state)
{
    (void)state;
    struct troth_qr q;
    static const char all[] =
        " \t\r\n{ \"network\" : \"Thread\" , \"security\" : 1 ,\"password\":\"p\",\"transport\":"
        "\"SoftAP\",\"pop\":\"\\u0061\\ud83d\\uDE00\\/\\b\\f\\n\\r\\t\\\\\\\"\\u00e4\\u20AC\","
        "\"user\\u006eame\":\"u\",\"name\":\"n\xc3\xa4\",\"ver\":\"v9\",\"x\":[1,-2.5e+3,{\"y\":"
        "null},[],{},true,false,0,0.5,1E9,\"\\u0000\"]}\n";
    assert_int_equal(parse(&q, all, sizeof all - 1), TROTH_QR_FINE);
    assert_string_equal(q.name, "n\xc3\xa4");
    assert_string_equal(q.username, "u");
    assert_string_equal(q.password, "p");
    assert_true(q.has_pop);
    assert_string_equal(q.pop, "a\xf0\x9f\x98\x80/\b\f\n\r\t\\\"\xc3\xa4\xe2\x82\xac");
    assert_int_equal(q.transport, TROTH_QR_SOFTAP);
    assert_int_equal(q.security, 1);
    assert_int_equal(q.network, TROTH_NET_THREAD);
    assert_int_equal(parse(&q, "{" DEVICE "}", strlen("{" DEVICE "}")), TROTH_QR_FINE);
    assert_true(!q.has_pop && !q.pop[0] && !q.username[0] && !q.network);
    assert_int_equal(q.security, TROTH_QR_SECURITY_UNSET);
}

static void test_every_fault(void **state)
{
    (void)state;
#define X32 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    static const struct {
        const char *text;
        enum troth_qr_fault fault;
    } rows[] = {
        {"", TROTH_QR_FOREIGN},
        {" ", TROTH_QR_FOREIGN},
        {"[]", TROTH_QR_FOREIGN},
        {"WIFI:S:x;;", TROTH_QR_FOREIGN},
        {"{}", TROTH_QR_NO_NAME},
        {"{\"transport\":\"ble\"}", TROTH_QR_NO_NAME},
        {"{\"name\":\"\",\"transport\":\"ble\"}", TROTH_QR_NO_NAME},
        {"{\"name\":\"n\"}", TROTH_QR_NO_TRANSPORT},
        {"{" DEVICE "}x", TROTH_QR_SYNTAX},
        {"{" DEVICE "}{}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",}", TROTH_QR_SYNTAX},
        {"{," DEVICE "}", TROTH_QR_SYNTAX},
        {"{" DEVICE ";\"a\":1}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\"=1}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",a:1}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":'x'}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":01}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":-}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":1.}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":.5}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":1e}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":1e+}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":+1}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":tru}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":True}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":[1,]}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":[1}}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":{1:2}}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":{\"b\":1]}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":[[[[[[[[1]]]]]]]]}", 0},
        {"{" DEVICE ",\"a\":[[[[[[[[[1]]]]]]]]]}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\t\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\x7f\"}", 0},
        {"{" DEVICE ",\"a\":\"\\x\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\u12g4\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\ud800\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\ud800\\n\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\ud800\\ud800\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\udc00\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\udc00\\udc00\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\\ud800\\ue000\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\xff\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\xc3(\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\xc0\xaf\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"a\":\"\xed\xa0\x80\"}", TROTH_QR_SYNTAX},
        {"{" DEVICE ",\"name\":\"n\"}", TROTH_QR_TWICE},
        {"{" DEVICE ",\"\\u006eame\":\"m\"}", TROTH_QR_TWICE},
        {"{" DEVICE ",\"ver\":\"v1\",\"ver\":\"v1\"}", TROTH_QR_TWICE},
        {"{" DEVICE ",\"pop\":\"\",\"pop\":\"\"}", TROTH_QR_TWICE},
        {"{" DEVICE ",\"a\":1,\"a\":2}", 0}, /* not ours */
        {"{" DEVICE ",\"names\":1,\"nam\":2,\"Name\":3,\"transports1234\":4}", 0},
        {"{" DEVICE ",\"name\\u0000\":1}", 0},
        {"{" DEVICE ",\"ver\":1}", TROTH_QR_TYPE},
        {"{" DEVICE ",\"pop\":1234}", TROTH_QR_TYPE},
        {"{" DEVICE ",\"pop\":null}", TROTH_QR_TYPE},
        {"{" DEVICE ",\"security\":\"1\"}", TROTH_QR_TYPE},
        {"{" DEVICE ",\"security\":true}", TROTH_QR_TYPE},
        {"{" DEVICE ",\"security\":3}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"security\":-1}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"security\":10}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"security\":1.0}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"security\":2}", 0},
        {"{" DEVICE ",\"network\":\"zigbee\"}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"network\":\"\"}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"network\":\"wifi\\u0000\"}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"network\":2}", TROTH_QR_TYPE},
        {"{\"name\":\"n\",\"transport\":\"bleh\"}", TROTH_QR_VALUE},
        {"{\"name\":\"n\",\"transport\":\"bl\"}", TROTH_QR_VALUE},
        {"{\"name\":\"" X32 "\",\"transport\":\"ble\"}", 0},
        {"{\"name\":\"" X32 "x\",\"transport\":\"ble\"}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"pop\":\"" X32 X32 X32 X32 "\"}", 0},
        {"{" DEVICE ",\"pop\":\"" X32 X32 X32 X32 "x\"}", TROTH_QR_VALUE},
        {"{" DEVICE ",\"username\":\"a\\u0000b\"}", TROTH_QR_VALUE},
    };
    struct troth_qr q;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        enum troth_qr_fault fault = parse(&q, rows[i].text, strlen(rows[i].text));
        if (fault != rows[i].fault)
            fail_msg("row %zu, %s: %d", i, rows[i].text, (int)fault);
    }
    char nul[] = "{" DEVICE ",\"a\":\"x\"}";
    nul[sizeof nul - 4] = 0;
    assert_int_equal(parse(&q, nul, sizeof nul - 1), TROTH_QR_SYNTAX);
    for (int f = 0; f <= TROTH_QR_NO_TRANSPORT; f++)
        for (int g = 0; g < f; g++)
            assert_string_not_equal(troth_qr_fault_words((enum troth_qr_fault)f),
                                    troth_qr_fault_words((enum troth_qr_fault)g));
}

static void test_every_truncation(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"ver\":\"v1\",\"name\":\"\\ud83d\\ude00\xe2\x82\xac\",\"pop\":\"a\\n\",\"transport\":"
        "\"ble\",\"security\":2,\"x\":[true,null,{\"y\":-1.5e3}]}";
    struct troth_qr q;
    assert_int_equal(parse(&q, whole, sizeof whole - 1), TROTH_QR_FINE);
    for (size_t len = 1; len < sizeof whole - 1; len++)
        if (parse(&q, whole, len) != TROTH_QR_CUT)
            fail_msg("%zu characters", len);
    struct troth_qr lamp_qr = lamp();
    int n = troth_qr_write_url(&lamp_qr, true, text, sizeof text);
    for (size_t len = strlen(TROTH_QR_URL); len < (size_t)n; len++) {
        char link[600];
        memcpy(link, text, len);
        if (parse(&q, link, len) != TROTH_QR_CUT)
            fail_msg("%zu characters of the link", len);
    }
}

static void test_its_bounds(void **state)
{
    (void)state;
    struct troth_qr q;
    char *s = malloc(TROTH_QR_URL_MAX + 2);
    static const char end[] = "{" DEVICE ",\"a\":\"";
    memset(s, 'x', TROTH_QR_URL_MAX + 2);
    memcpy(s, end, sizeof end - 1);
    memcpy(s + TROTH_QR_TEXT_MAX - 2, "\"}", 2);
    assert_int_equal(parse(&q, s, TROTH_QR_TEXT_MAX), TROTH_QR_FINE);
    memcpy(s + TROTH_QR_TEXT_MAX - 2, "x\"}", 3);
    assert_int_equal(parse(&q, s, TROTH_QR_TEXT_MAX + 1), TROTH_QR_TOO_LONG);
    free(s);
}

static uint64_t seed = 7;

static uint32_t draw(uint32_t below)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 33) % below;
}

static void test_random_codes_come_back(void **state)
{
    (void)state;
    static const char *const pieces[] = {
        "a", "\"", "\\", "\n", "\x01", "\x7f", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "{",
        "}", "%",  "&",  "#",  "/",    " ",    "="};
    for (unsigned round = 0; round < 3000; round++) {
        struct troth_qr q, back;
        memset(&q, 0, sizeof q);
        char *const to[] = {q.name, q.username, q.pop, q.password};
        for (unsigned i = 0; i < 4; i++)
            for (unsigned k = draw(12) + (i == 0), n = 0; n + 4 <= 32 && k; k--) {
                const char *piece = pieces[draw(17)];
                memcpy(to[i] + n, piece, strlen(piece));
                n += (unsigned)strlen(piece);
            }
        q.transport = (uint8_t)(1 + draw(2));
        q.network = (uint8_t)draw(3);
        q.security = (uint8_t)draw(4);
        if (q.security == 3)
            q.security = TROTH_QR_SECURITY_UNSET;
        q.has_pop = q.pop[0] != 0;
        bool link = draw(2);
        int n = link ? troth_qr_write_url(&q, true, text, sizeof text)
                     : troth_qr_write(&q, true, text, sizeof text);
        assert_true(n > 0);
        assert_int_equal(parse(&back, text, (size_t)n), TROTH_QR_FINE);
        assert_memory_equal(&back, &q, sizeof q);
        /* And damaged: anything but a crash. */
        text[draw((unsigned)n)] = (char)draw(256);
        parse(&back, text, (size_t)n);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_written_as_phones_read_it),
        cmocka_unit_test(test_as_a_link),
        cmocka_unit_test(test_what_cannot_be_written),
        cmocka_unit_test(test_everything_a_code_can_say),
        cmocka_unit_test(test_every_fault),
        cmocka_unit_test(test_every_truncation),
        cmocka_unit_test(test_its_bounds),
        cmocka_unit_test(test_random_codes_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
