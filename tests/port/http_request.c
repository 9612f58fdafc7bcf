/* HTTP requests as provisioning takes them: what is read, and all that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ports/linux/http_request.h"

static struct http_request r;

static int read_octets(const char *octets, size_t len)
{
    char *exact = malloc(len ? len : 1); /* reading past it does not pass */
    assert_non_null(exact);
    memcpy(exact, octets, len);
    int status = http_request_read(&r, exact, len);
    free(exact);
    return status;
}

#define READ(text) read_octets(text, sizeof(text) - 1)
#define LEN3       "Content-Length: 3\r\n"

static void a_request(void **state)
{
    (void)state;
    static const char text[] = "POST /prov-config?x=/y HTTP/1.1\r\nHost: 192.168.4.1\r\n"
                               "content-LENGTH:\t5  \r\nCookie:  session=4000000000 \r\n\r\n"
                               "a\0c\r\nPOST";
    size_t len = sizeof text - 5;
    for (size_t n = 0; n < len; n++)
        assert_int_equal(read_octets(text, n), HTTP_MORE);
    for (size_t n = len; n < sizeof text; n++) { /* the next one may follow */
        assert_int_equal(http_request_read(&r, text, n), HTTP_WHOLE);
        assert_int_equal(r.len, len);
        assert_int_equal(r.body_len, 5);
        assert_memory_equal(r.body, "a\0c\r\n", 5);
        assert_int_equal(r.path_len, 12);
        assert_memory_equal(r.path, "/prov-config", 12);
        assert_int_equal(r.cookie_len, 18);
        assert_memory_equal(r.cookie, "session=4000000000", 18);
        assert_false(r.close || r.origin || r.expects);
    }
}

static void what_its_fields_say(void **state)
{
    (void)state;
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Connection: close\r\n\r\nabc"), HTTP_WHOLE);
    assert_true(r.close);
    assert_null(r.cookie);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Connection: keep-alive\r\n\r\nabc"),
                     HTTP_WHOLE);
    assert_false(r.close);
    assert_int_equal(READ("POST / HTTP/1.0\r\n" LEN3 "\r\nabc"), HTTP_WHOLE);
    assert_true(r.close);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Origin: null\r\n\r\nabc"), HTTP_WHOLE);
    assert_true(r.origin);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Cookie:\r\n\r\nabc"), HTTP_WHOLE);
    assert_true(r.cookie && r.cookie_len == 0);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Expect: 100-Continue\r\n\r\n"), HTTP_MORE);
    assert_true(r.expects);
}

static void what_is_refused(void **state)
{
    (void)state;
    assert_int_equal(READ("\r\n"), 400);
    assert_int_equal(READ(" POST"), 400);
    assert_int_equal(READ("post / HTTP/1.1\r\n"), 400);
    assert_int_equal(READ("POST /\0"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\n"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\r\n"), 400);
    assert_int_equal(READ("POST  / HTTP/1.1\r\n" LEN3 "\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1 \r\n" LEN3 "\r\nabc"), 400);
    assert_int_equal(READ("POST /\x7f HTTP/1.1\r\n" LEN3 "\r\nabc"), 400);
    assert_int_equal(READ("POST http://x/ HTTP/1.1\r\n" LEN3 "\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/2.0\r\n" LEN3 "\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.2\r\n" LEN3 "\r\nabc"), 505);
    assert_int_equal(READ("GET / HTTP/1.1\r\n\r\n"), 405);
    assert_int_equal(READ("POSTS / HTTP/1.1\r\n" LEN3 "\r\nabc"), 405);
    assert_int_equal(READ("POST / HTTP/1.1\r\n\r\n"), 411);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length : 3\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\n Content-Length: 3\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\n: 3\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\nnonsense\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 LEN3 "\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length:\r\n\r\n"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length: +3\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length: 3, 3\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n"), 413);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length: 18446744073709551619\r\n\r\n"), 413);
    assert_int_equal(READ("POST / HTTP/1.1\r\nContent-Length: 4096\r\n\r\n"), HTTP_MORE);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Cookie: a\r\nCookie: b\r\n\r\nabc"), 400);
    assert_int_equal(READ("POST / HTTP/1.1\r\n" LEN3 "Transfer-Encoding: chunked\r\n\r\nabc"), 501);
}

static void a_head_has_an_end(void **state)
{
    (void)state;
    static char text[HTTP_HEAD_MAX + 1];
    memset(text, 'x', sizeof text);
    memcpy(text, "POST / HTTP/1.1\r\nA: ", 20);
    assert_int_equal(read_octets(text, HTTP_HEAD_MAX - 1), HTTP_MORE);
    assert_int_equal(read_octets(text, HTTP_HEAD_MAX), 431);
    memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(read_octets(text, HTTP_HEAD_MAX), 411);
}

/* Any one octet another: refused, waited for or taken, and never read past. */
static void one_octet_another(void **state)
{
    (void)state;
    char text[] = "POST /prov-scan HTTP/1.1\r\n" LEN3 "Cookie: session=70000\r\n\r\nabc";
    for (size_t i = 0; i + 1 < sizeof text; i++) {
        char was = text[i];
        for (int c = 0; c < 256; c++) {
            text[i] = (char)c;
            int status = read_octets(text, sizeof text - 1);
            assert_true(status == HTTP_MORE || status == HTTP_WHOLE || status >= 400);
            if (status == HTTP_WHOLE)
                assert_true(r.len <= sizeof text - 1 && r.body_len && r.body_len <= 3);
        }
        text[i] = was;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request),         cmocka_unit_test(what_its_fields_say),
        cmocka_unit_test(what_is_refused),   cmocka_unit_test(a_head_has_an_end),
        cmocka_unit_test(one_octet_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
