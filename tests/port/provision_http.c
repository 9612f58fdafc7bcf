/* Protocomm over HTTP, in a time of its own: how long a socket and a session may take. */
#include "unit/protocomm_device.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/linux/provision_http.h"

#define TRIES 2000 /* of 1 ms: the kernel delivers at once, a busy machine later */

static sd_event *loop;
static struct provision_http *http;
static char got[2048]; /* what a socket said last */

static void http_respond(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len)
{
    (void)ctx;
    if (http)
        provision_http_respond(http, session, result, out, len);
}

static troth_ms time_now(void *ctx)
{
    (void)ctx;
    return now;
}

static int setup(void **state)
{
    char why[200];
    struct provision_http_config h = {.where = "127.0.0.1:0", .protocomm = &pc, .now = time_now};
    (void)state;
    device(0, TROTH_NET_WIFI);
    cfg.respond = http_respond;
    device_start();
    assert_true(sd_event_new(&loop) >= 0);
    h.loop = loop;
    http = provision_http_open(&h, why, sizeof why);
    assert_non_null(http);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    provision_http_close(http);
    http = NULL;
    sd_event_unref(loop);
    return 0;
}

/* All that happened, and what is due. */
static void turn_loop(void)
{
    while (sd_event_run(loop, 0) > 0)
        ;
    if (provision_http_deadline(http) <= now)
        provision_http_tick(http, now);
}

static void wait_ms(uint32_t ms)
{
    troth_ms end = now + ms;
    turn_loop();
    for (troth_ms at; (at = provision_http_deadline(http)) <= end;) {
        now = at > now ? at : now;
        provision_http_tick(http, now);
    }
    now = end;
}

static int dial(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    at.sin_port =
        htons((uint16_t)strtoul(strrchr(provision_http_address(http), ':') + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(fd >= 0 && !connect(fd, (struct sockaddr *)&at, sizeof at));
    struct pollfd p = {.fd = sd_event_get_fd(loop), .events = POLLIN};
    assert_int_equal(poll(&p, 1, TRIES), 1);
    turn_loop();
    return fd;
}

static void put(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
    struct pollfd p = {.fd = sd_event_get_fd(loop), .events = POLLIN};
    assert_int_equal(poll(&p, 1, TRIES), 1);
    turn_loop();
}

/* What it says next; 0: it closed, -1: nothing, which is not waited for. */
static ssize_t hear(int fd)
{
    ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
    if (n < 0)
        assert_true(errno == EAGAIN || errno == ECONNRESET);
    got[n > 0 ? n : 0] = 0;
    return n < 0 && errno == ECONNRESET ? 0 : n;
}

static bool is_closed(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, 0) == 1 && hear(fd) == 0;
}

static void hears(int fd, const char *words)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    for (unsigned i = 0; i < TRIES && !poll(&p, 1, 1); i++)
        turn_loop();
    assert_true(hear(fd) > 0);
    assert_non_null(strstr(got, words));
}

#define HEAD "POST /proto-ver HTTP/1.1\r\nContent-Length: 3\r\n"
#define ASK  HEAD "\r\n---"

/* A request is there within ten seconds of its first octet, however it trickles in. */
static void requests(void **state)
{
    (void)state;
    int fd = dial();
    wait_ms(9999); /* nothing yet: the connection itself has as long */
    assert_false(is_closed(fd));
    put(fd, HEAD);
    wait_ms(9999);
    assert_false(is_closed(fd));
    put(fd, "\r\n---");
    hears(fd, "200 OK");
    close(fd);
    turn_loop();
    fd = dial();
    wait_ms(10000);
    assert_true(is_closed(fd));
    close(fd);
    fd = dial();
    put(fd, "POST /proto-ver");
    for (unsigned i = 0; i < 3; i++) {
        wait_ms(3000);
        put(fd, "r");
        assert_false(is_closed(fd));
    }
    wait_ms(999);
    assert_false(is_closed(fd));
    wait_ms(1);
    assert_true(is_closed(fd));
    close(fd);
}

/* Between two requests a socket is kept for a minute. */
static void idle_sockets(void **state)
{
    (void)state;
    int fd = dial();
    for (unsigned i = 0; i < 3; i++) {
        put(fd, ASK);
        hears(fd, "200 OK");
        wait_ms(59999);
        assert_false(is_closed(fd));
    }
    put(fd, ASK);
    hears(fd, "200 OK");
    put(fd, "P"); /* another begins: ten seconds again */
    wait_ms(9999);
    assert_false(is_closed(fd));
    wait_ms(1);
    assert_true(is_closed(fd));
    close(fd);
    fd = dial();
    put(fd, ASK);
    hears(fd, "200 OK");
    wait_ms(60000);
    assert_true(is_closed(fd));
    close(fd);
}

/* One request on a socket of its own, by the cookie; whether it was of the session. */
static bool same_session(char cookie[64])
{
    char text[200];
    int fd = dial();
    snprintf(text, sizeof text, HEAD "%s%s%s\r\n---", *cookie ? "Cookie: " : "", cookie,
             *cookie ? "\r\n" : "");
    put(fd, text);
    hears(fd, "200 OK");
    close(fd);
    turn_loop();
    const char *at = strstr(got, "Set-Cookie: ");
    if (!at)
        return true;
    snprintf(cookie, 64, "%.*s", (int)strcspn(at + 12, "\r"), at + 12);
    return false;
}

/* Five minutes without a request end the session, and with it all that it knew. */
static void sessions(void **state)
{
    char cookie[64] = "";
    (void)state;
    assert_false(same_session(cookie));
    for (unsigned i = 0; i < 3; i++) {
        wait_ms(299999);
        assert_true(same_session(cookie));
    }
    wait_ms(300000);
    assert_false(same_session(cookie));
    assert_true(same_session(cookie));

    /* what it knew goes then, not when somebody asks */
    int fd = dial();
    char text[300];
    snprintf(text, sizeof text,
             "POST /prov-session HTTP/1.1\r\nContent-Length: 5\r\nCookie: %s\r\n\r\n"
             "\x52\x03\xa2\x01",
             cookie);
    memcpy(text + strlen(text), "", 1); /* the message ends with a zero */
    assert_true(send(fd, text, strlen(text) + 1, MSG_NOSIGNAL) > 0);
    hears(fd, "200 OK");
    close(fd);
    turn_loop();
    tolds = 0;
    wait_ms(299999);
    assert_int_equal(tolds, 0);
    wait_ms(1);
    assert_int_equal(tolds, 1);
    assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_ENDED);
    assert_true(provision_http_deadline(http) == TROTH_NEVER);
}

/* Whoever comes when all places are taken has that of who is least missed: not the session's. */
static void places(void **state)
{
    int fd[6];
    (void)state;
    fd[0] = dial();
    put(fd[0], ASK);
    hears(fd[0], "Set-Cookie: session=");
    for (unsigned i = 1; i < 6; i++)
        fd[i] = dial();
    assert_true(is_closed(fd[1]) && is_closed(fd[2]));
    for (unsigned i = 3; i < 6; i++)
        assert_false(is_closed(fd[i]));
    put(fd[0], ASK);
    hears(fd[0], "200 OK");
    assert_null(strstr(got, "Set-Cookie"));
    for (unsigned i = 0; i < 6; i++)
        close(fd[i]);
}

/* Provisioning may stop by what a request does: then HTTP closes within it. */
static void close_it(void)
{
    provision_http_close(http);
    http = NULL;
}
static void closes_on(void *ctx, const struct troth_protocomm_event *event)
{
    (void)ctx;
    if (event->type == TROTH_PROTOCOMM_EV_ENDED)
        close_it();
}
static int closes(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
                  size_t *out_len)
{
    (void)ctx, (void)serial, (void)in, (void)len, (void)out;
    close_it();
    *out_len = 0;
    return TROTH_OK;
}
static void say(int fd, const char *endpoint, const char *octets, size_t len)
{
    char text[300];
    int n = snprintf(text, sizeof text, "POST /%s HTTP/1.1\r\nContent-Length: %zu\r\n\r\n",
                     endpoint, len);
    memcpy(text + n, octets, len);
    assert_true(send(fd, text, (size_t)n + len, MSG_NOSIGNAL) > 0);
}
static void runs_dry(void)
{
    struct pollfd p = {.fd = sd_event_get_fd(loop), .events = POLLIN};
    assert_int_equal(poll(&p, 1, TRIES), 1);
    while (sd_event_run(loop, 0) > 0)
        ;
    assert_null(http);
}

static void closed_within(void **state)
{
    (void)state;
    assert_int_equal(troth_protocomm_endpoint(&pc, "close", closes, NULL), TROTH_OK);
    char where[80];
    snprintf(where, sizeof where, "%s", provision_http_address(http));
    int other = dial(), fd = dial();
    say(fd, "close", "abc", 3);
    runs_dry();
    assert_true(is_closed(fd) && is_closed(other));
    close(other);
    close(fd);

    /* another client's coming ends the session, and that provisioning */
    char why[200];
    struct provision_http_config again = {
        .loop = loop, .where = where, .protocomm = &pc, .now = time_now};
    http = provision_http_open(&again, why, sizeof why);
    assert_non_null(http);
    fd = dial();
    say(fd, "prov-session", "\x52\x03\xa2\x01\0", 5);
    hears(fd, "200 OK");
    other = dial();
    pc.cfg.event = closes_on;
    say(other, "proto-ver", "---", 3);
    runs_dry();
    assert_true(is_closed(fd) && is_closed(other));
    close(other);
    close(fd);

    /* so does a session's time */
    http = provision_http_open(&again, why, sizeof why);
    assert_non_null(http);
    pc.cfg.event = NULL;
    fd = dial();
    say(fd, "prov-session", "\x52\x03\xa2\x01\0", 5);
    hears(fd, "200 OK");
    pc.cfg.event = closes_on;
    struct provision_http *h = http;
    for (troth_ms at; http && (at = provision_http_deadline(h)) != TROTH_NEVER;) {
        now = at > now ? at : now;
        provision_http_tick(h, now);
    }
    assert_null(http);
    assert_true(is_closed(fd));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(closed_within, setup, teardown),
        cmocka_unit_test_setup_teardown(requests, setup, teardown),
        cmocka_unit_test_setup_teardown(idle_sockets, setup, teardown),
        cmocka_unit_test_setup_teardown(sessions, setup, teardown),
        cmocka_unit_test_setup_teardown(places, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
