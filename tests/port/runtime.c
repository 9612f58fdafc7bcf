/*
 * A runtime and a controller that fails: by Hardware Error, by silence, in bring-up, by going away.
 * What was wanted is on the air again each time, and what was told is true.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <troth/state.h>

#include "ports/linux/runtime.h"

struct rig {
    char dir[40], path[80];
    int listener, peer;
    sd_event *loop;
    sd_event_source *accepting, *reading;
    struct runtime *runtime;
    unsigned accepted;                       /* connections to the controller so far */
    uint16_t deaf;                           /* a command it never answers */
    uint16_t refuses;                        /* one it answers with an error */
    unsigned resets;                         /* HCI_Reset it got */
    unsigned ready, broken, connected, lost; /* what the runtime told */
    unsigned advertising, links;
    unsigned retry_ms;
    char why[600];
    uint8_t in[600];
    size_t in_len;
};

/* ---- a controller ---- */

static void say(const struct rig *r, const void *octets, size_t len)
{
    assert_int_equal(send(r->peer, octets, len, MSG_NOSIGNAL), (ssize_t)len);
}

static void answer(struct rig *r, const uint8_t *c)
{
    uint16_t opcode = (uint16_t)(c[1] | c[2] << 8);
    uint8_t out[80] = {0x04, 0x0e, 4, 1, c[1], c[2], opcode == r->refuses ? 0x1f : 0};
    uint8_t n = 0;
    r->resets += opcode == 0x0c03;
    if (opcode == r->deaf)
        return;
    switch (opcode) {
    case 0x1001: /* version */
    case 0x2003: /* LE features: none */
        n = 8;
        break;
    case 0x1002: /* supported commands: none beyond those that always are */
        n = 64;
        break;
    case 0x1009:
        n = 6;
        memcpy(out + 7, "\x01\x02\x03\x04\x05\x06", 6);
        break;
    case 0x2002:
        n = 3;
        out[7] = 27;
        out[9] = 4;
        break;
    }
    out[2] = (uint8_t)(4 + n);
    say(r, out, 7u + n);
}

static int on_octets(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct rig *r = context;
    (void)events;
    ssize_t n = recv(fd, r->in + r->in_len, sizeof r->in - r->in_len, MSG_DONTWAIT);
    if (n <= 0) {
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        return 0;
    }
    r->in_len += (size_t)n;
    int need;
    while ((need = transport_h4_length(r->in, r->in_len)) > 0 && (size_t)need <= r->in_len) {
        if (r->in[0] == 0x01)
            answer(r, r->in);
        r->in_len -= (size_t)need;
        memmove(r->in, r->in + need, r->in_len);
    }
    return 0;
}

static void hang_up(struct rig *r)
{
    r->reading = sd_event_source_disable_unref(r->reading);
    if (r->peer >= 0)
        close(r->peer);
    r->peer = -1;
    r->in_len = 0;
}

static int on_connect(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct rig *r = context;
    (void)source;
    (void)events;
    hang_up(r);
    r->peer = accept(fd, NULL, NULL);
    r->accepted++;
    assert_true(sd_event_add_io(r->loop, &r->reading, r->peer, EPOLLIN, on_octets, r) >= 0);
    return 0;
}

static void listen_again(struct rig *r)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", r->path);
    r->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(r->listener, 4), 0);
    assert_true(sd_event_add_io(r->loop, &r->accepting, r->listener, EPOLLIN, on_connect, r) >= 0);
}

static void vanish(struct rig *r)
{
    r->accepting = sd_event_source_disable_unref(r->accepting);
    close(r->listener);
    unlink(r->path);
    hang_up(r);
}

/* ---- what the runtime tells ---- */

static void on_event(void *ctx, const struct troth_event *e)
{
    struct rig *r = ctx;
    switch ((int)e->type) {
    case TROTH_EV_READY:
        r->ready++;
        break;
    case TROTH_EV_BROKEN:
        r->broken++;
        break;
    case TROTH_EV_ADVERTISING:
        r->advertising += e->u.on;
        break;
    case TROTH_EV_CONNECTED:
        r->links++;
        break;
    case TROTH_EV_DISCONNECTED:
        r->links--;
        break;
    }
}

static void on_notice(void *ctx, enum runtime_notice what, const char *why, unsigned retry_ms)
{
    struct rig *r = ctx;
    if (what == RUNTIME_CONNECTED)
        r->connected++;
    if (what != RUNTIME_LOST)
        return;
    r->lost++;
    r->retry_ms = retry_ms;
    snprintf(r->why, sizeof r->why, "%s", why);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    char why[300];
    struct troth_advertising adv = {.on = true, .connectable = true};
    if (!r)
        return -1;
    r->peer = -1;
    snprintf(r->dir, sizeof r->dir, "/tmp/troth-runtime-XXXXXX");
    if (!mkdtemp(r->dir) || sd_event_new(&r->loop) < 0)
        return -1;
    snprintf(r->path, sizeof r->path, "%s/hci", r->dir);
    listen_again(r);
    struct runtime_config c = {
        .loop = r->loop,
        .where = {.kind = TRANSPORT_UNIX},
        .retry = true,
        .event = on_event,
        .notice = on_notice,
        .ctx = r,
        .policy.features = TROTH_FEATURES_DEFAULT,
    };
    snprintf(c.where.path, sizeof c.where.path, "%s", r->path);
    snprintf(c.where.text, sizeof c.where.text, "unix:%s", r->path);
    r->runtime = runtime_new(&c, why, sizeof why);
    if (!r->runtime || troth_advertise(runtime_host(r->runtime), &adv))
        return -1;
    runtime_start(r->runtime);
    *state = r;
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    runtime_free(r->runtime);
    vanish(r);
    rmdir(r->dir);
    sd_event_unref(r->loop);
    free(r);
    return 0;
}

static void until(struct rig *r, const unsigned *count, unsigned n)
{
    while (*count < n)
        if (sd_event_run(r->loop, 20000000) <= 0)
            fail_msg("nothing happens; last loss: %s", r->why);
}

static const uint8_t hardware_error[] = {0x04, 0x10, 0x01, 0x21};
static const uint8_t connection[] = {0x04, 0x3e, 0x13, 0x01, 0x00, 0x40, 0x00, 0x01,
                                     0x00, 0xb0, 0xb1, 0xb2, 0xb3, 0xb4, 0xb5, 0x18,
                                     0x00, 0x00, 0x00, 0x90, 0x01, 0x00};

static void a_hardware_error_is_got_over_by_reset(void **state)
{
    struct rig *r = *state;
    until(r, &r->advertising, 1);
    say(r, connection, sizeof connection);
    until(r, &r->links, 1);
    say(r, hardware_error, sizeof hardware_error);
    until(r, &r->lost, 1);
    assert_int_equal(r->links, 0);
    assert_int_equal(r->broken, 1);
    assert_int_equal(r->retry_ms, 500);
    assert_non_null(strstr(r->why, "the controller at unix:"));
    assert_non_null(strstr(r->why, troth_hci_words(0x03)));
    unsigned advertising = r->advertising;
    until(r, &r->advertising, advertising + 1);
    assert_int_equal(r->ready, 2);
    assert_int_equal(r->connected, 2);
    assert_int_equal(r->accepted, 1); /* it was not let go for it */
    assert_int_equal(r->resets, 2);
    say(r, hardware_error, sizeof hardware_error); /* so soon again: it is given more rest */
    until(r, &r->lost, 2);
    assert_int_equal(r->retry_ms, 1000);
}

/* It works and refuses what it is asked for: nobody is left behind on it when it begins again. */
static void a_refusal_ends_links_too(void **state)
{
    struct rig *r = *state;
    until(r, &r->advertising, 1);
    say(r, connection, sizeof connection);
    until(r, &r->links, 1);
    r->refuses = 0x200b; /* Set Scan Parameters */
    assert_int_equal(troth_scan(runtime_host(r->runtime), true, false), TROTH_OK);
    until(r, &r->lost, 1);
    assert_int_equal(r->links, 0);
    assert_non_null(strstr(r->why, "(command 0x200b)"));
    assert_int_equal(r->resets, 1);
    r->refuses = 0;
    unsigned advertising = r->advertising;
    until(r, &r->advertising, advertising + 1);
    assert_int_equal(r->resets, 2);
}

static void a_command_without_answer_is_got_over_by_reset(void **state)
{
    struct rig *r = *state;
    r->deaf = 0x200a; /* Advertising Enable */
    until(r, &r->lost, 1);
    r->deaf = 0;
    assert_non_null(strstr(r->why, "(command 0x200a): it does not answer"));
    until(r, &r->advertising, 1);
    assert_int_equal(r->accepted, 1);
}

/* Reset alone did not help: all is opened anew, and ever more seldom. */
static void what_does_not_come_up_is_opened_again(void **state)
{
    struct rig *r = *state;
    until(r, &r->advertising, 1);
    r->refuses = 0x2002; /* LE Read Buffer Size */
    say(r, hardware_error, sizeof hardware_error);
    until(r, &r->lost, 1);
    assert_int_equal(r->retry_ms, 500);
    until(r, &r->lost, 2);
    assert_int_equal(r->retry_ms, 1000);
    assert_non_null(strstr(r->why, "(command 0x2002)"));
    assert_int_equal(r->accepted, 1);
    until(r, &r->lost, 3);
    assert_int_equal(r->retry_ms, 2000);
    assert_int_equal(r->accepted, 2);
    r->refuses = 0;
    until(r, &r->advertising, 2);
    assert_int_equal(r->accepted, 3);
    assert_int_equal(r->ready, 2);
}

static void it_goes_away_and_returns(void **state)
{
    struct rig *r = *state;
    until(r, &r->advertising, 1);
    say(r, connection, sizeof connection);
    until(r, &r->links, 1);
    unsigned advertising = r->advertising;
    vanish(r);
    until(r, &r->lost, 2); /* not there, and still not */
    assert_int_equal(r->links, 0);
    assert_non_null(strstr(r->why, "nothing listens"));
    assert_int_equal(r->retry_ms, 1000);
    listen_again(r);
    until(r, &r->advertising, advertising + 1);
    assert_int_equal(r->ready, 2);
    assert_int_equal(r->accepted, 2);
}

/* It goes away between its failure and the Reset. */
static void it_goes_away_while_it_is_being_given_a_rest(void **state)
{
    struct rig *r = *state;
    until(r, &r->advertising, 1);
    say(r, hardware_error, sizeof hardware_error);
    until(r, &r->lost, 1);
    hang_up(r);
    until(r, &r->lost, 2);
    until(r, &r->advertising, 2);
    assert_int_equal(r->accepted, 2);
    assert_int_equal(r->lost, 2);
}

/* The host is told what the transport may do: ACL and events by different ways. */
static void a_host_knows_its_transport(void **state)
{
    (void)state;
    for (int user = 0; user < 2; user++) {
        struct runtime_config c = {.policy.features = TROTH_FEATURES_DEFAULT};
        char why[300];
        assert_true(transport_parse(&c.where, user ? "hci:0" : "unix:/nowhere", why, sizeof why));
        assert_true(sd_event_new(&c.loop) >= 0);
        struct runtime *r = runtime_new(&c, why, sizeof why);
        assert_non_null(r);
        assert_int_equal(runtime_host(r)->config.acl_before_encryption, user);
        runtime_free(r);
        sd_event_unref(c.loop);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_knows_its_transport),
        cmocka_unit_test_setup_teardown(a_hardware_error_is_got_over_by_reset, setup, teardown),
        cmocka_unit_test_setup_teardown(a_refusal_ends_links_too, setup, teardown),
        cmocka_unit_test_setup_teardown(a_command_without_answer_is_got_over_by_reset, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_does_not_come_up_is_opened_again, setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_away_and_returns, setup, teardown),
        cmocka_unit_test_setup_teardown(it_goes_away_while_it_is_being_given_a_rest, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
