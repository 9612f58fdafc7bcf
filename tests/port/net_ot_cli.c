/* ot-daemon's command line with its one session: who takes it, whose answers come, what is said anew. */
#include "ports/linux/net_ot_cli.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static struct rig {
    char dir[40];
    int listening, session;
    sd_event *loop;
    struct ot_cli cli;
    troth_ms now;
    char heard[2000]; /* by the daemon: a line each */
    char told[1000];  /* to who asked */
    unsigned sessions, ups, downs, absents;
} r;

/* ---- the daemon ---- */

static void daemon_up(void)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    memcpy(at.sun_path, r.cli.path, sizeof at.sun_path);
    unlink(r.cli.path);
    r.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r.listening, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(r.listening, 1), 0);
}

static void throw_out(void)
{
    if (r.session >= 0)
        close(r.session);
    r.session = -1;
}

static void daemon_down(void)
{
    throw_out();
    close(r.listening);
    r.listening = -1;
}

static void says(const char *text)
{
    assert_int_equal(send(r.session, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static bool serve(void)
{
    char line[700];
    int fd = r.listening < 0 ? -1 : accept(r.listening, NULL, NULL);
    if (fd >= 0) {
        throw_out();
        r.session = fd;
        r.sessions++;
        return true;
    }
    ssize_t n = r.session < 0 ? -1 : recv(r.session, line, sizeof line - 1, MSG_DONTWAIT);
    if (n == 0)
        throw_out();
    if (n <= 0)
        return n == 0;
    line[n] = 0;
    strcat(r.heard, line);
    return true;
}

/* ---- who asks ---- */

static bool on_state(void *ctx, const char *line)
{
    (void)ctx;
    return !strcmp(line, "child");
}

static void on_up(void *ctx)
{
    (void)ctx;
    r.ups++;
}

static void on_down(void *ctx, const char *why)
{
    (void)ctx;
    (void)why;
    r.downs++;
}

static void on_absent(void *ctx, const char *why)
{
    (void)ctx;
    (void)why;
    r.absents++;
}

static void on_answer(void *ctx, const char *line, enum ot_end end)
{
    static const char *const ends[] = {"", "done", "error", "not found", "cut"};
    (void)ctx;
    strcat(r.told, line ? line : ends[end]);
    strcat(r.told, ";");
}

static void settle(void)
{
    bool more = true;
    while (more) {
        more = ot_cli_deadline(&r.cli) <= r.now;
        if (more)
            ot_cli_tick(&r.cli, r.now);
        more = serve() || more;
        more = sd_event_run(r.loop, 0) > 0 || more;
    }
}

static void pass(unsigned ms)
{
    troth_ms end = r.now + ms;
    settle();
    for (troth_ms at; (at = ot_cli_deadline(&r.cli)) <= end; settle())
        r.now = at > r.now ? at : r.now;
    r.now = end;
    settle();
}

/* What it heard since, which is this; then it says that. */
static void heard_then_says(const char *heard, const char *text)
{
    pass(2);
    assert_string_equal(r.heard, heard);
    r.heard[0] = 0;
    says(text);
    settle();
}

static int setup(void **state)
{
    (void)state;
    memset(&r, 0, sizeof r);
    strcpy(r.dir, "/tmp/troth-ot-XXXXXX");
    assert_non_null(mkdtemp(r.dir));
    r.listening = r.session = -1;
    r.now = 1000;
    assert_true(sd_event_new(&r.loop) >= 0);
    r.cli = (struct ot_cli){
        .loop = r.loop, .state = on_state, .up = on_up, .down = on_down, .absent = on_absent};
    snprintf(r.cli.path, sizeof r.cli.path, "%s/openthread-wpan0.sock", r.dir);
    daemon_up();
    ot_cli_start(&r.cli);
    heard_then_says("state\n", "child\r\nDone\r\n> ");
    assert_int_equal(r.ups, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    ot_cli_stop(&r.cli);
    if (r.listening >= 0)
        daemon_down();
    sd_event_unref(r.loop);
    unlink(r.cli.path);
    return rmdir(r.dir);
}

/* ---- stories ---- */

static void test_a_session_lasts_while_there_is_something_to_ask(void **state)
{
    (void)state;
    assert_int_equal(r.session, -1); /* given back */
    pass(60000);
    assert_int_equal(r.sessions, 1);
    assert_true(ot_cli_ask(&r.cli, on_answer, 0, "dataset active %s", "-x"));
    heard_then_says("state\n", "child\r\nDone\r\n> ");
    heard_then_says("dataset active -x\n", "0011\r\nDone\r\n> ");
    assert_string_equal(r.told, "0011;done;");
    assert_int_equal(r.session, -1);
    ot_cli_look(&r.cli);
    heard_then_says("state\n", "child\r\nDone\r\n> ");
    assert_int_equal(r.ups, 3);
    assert_int_equal(r.sessions, 3);
    assert_int_equal(r.session, -1);
    assert_int_equal(r.downs, 0);
}

/* "discover" of who was there before: it goes on in our session, and deafens it. */
static void test_what_others_asked_answers_nothing_of_ours(void **state)
{
    (void)state;
    ot_cli_ask(&r.cli, on_answer, 0, "dataset set active 00");
    heard_then_says("state\n", "| J | Network Name |\r\nDone\r\n> "); /* ours was not heard */
    assert_string_equal(r.heard, "");
    pass(400);
    heard_then_says("state\n", "Error 5: Busy\r\n");
    pass(400);
    assert_string_equal(r.told, "");
    heard_then_says("state\n", "child\r\nDone\r\n> ");
    heard_then_says("dataset set active 00\n", "Error 7: InvalidArgs\r\n> ");
    assert_string_equal(r.told, "error;");
}

static void test_what_is_taken_in_the_middle_begins_anew(void **state)
{
    (void)state;
    ot_cli_ask(&r.cli, NULL, 0, "thread stop");
    ot_cli_then(&r.cli, on_answer, 0, "dataset set active 00");
    ot_cli_then(&r.cli, on_answer, 0, "thread start");
    ot_cli_ask(&r.cli, on_answer, 0, "dataset active -x");
    heard_then_says("state\n", "child\r\nDone\r\n");
    heard_then_says("thread stop\n", "Done\r\n");
    heard_then_says("dataset set active 00\n", "Done\r\n");
    settle();
    assert_string_equal(r.heard, "thread start\n");
    r.heard[0] = 0;
    throw_out();
    settle();
    assert_int_equal(r.session, -1); /* not at once */
    pass(150);
    heard_then_says("state\n", "child\r\nDone\r\n");
    heard_then_says("thread stop\n", "Done\r\n");
    heard_then_says("dataset set active 00\n", "Done\r\n");
    heard_then_says("thread start\n", "Done\r\n");
    heard_then_says("dataset active -x\n", "Error 23: NotFound\r\n");
    assert_string_equal(r.told, "done;done;done;not found;");
    assert_int_equal(r.session, -1);
    assert_int_equal(r.downs, 0);
}

static void test_after_an_error_the_rest_is_not_said(void **state)
{
    (void)state;
    ot_cli_ask(&r.cli, NULL, 0, "thread stop");
    ot_cli_then(&r.cli, on_answer, 0, "dataset set active 00");
    ot_cli_then(&r.cli, on_answer, 0, "thread start");
    heard_then_says("state\n", "child\r\nDone\r\n");
    heard_then_says("thread stop\n", "Error 13: InvalidState\r\n"); /* nobody is told */
    heard_then_says("dataset set active 00\n", "Error 7: InvalidArgs\r\n");
    settle();
    assert_string_equal(r.heard, "");
    assert_string_equal(r.told, "error;");
    assert_int_equal(r.session, -1);
}

static void test_what_ends_the_session_is_said_once(void **state)
{
    (void)state;
    ot_cli_once(&r.cli, on_answer, "factoryreset");
    heard_then_says("state\n", "child\r\nDone\r\n");
    settle();
    assert_string_equal(r.heard, "factoryreset\n");
    r.heard[0] = 0;
    throw_out();
    pass(150);
    assert_string_equal(r.told, "cut;");
    heard_then_says("state\n", "child\r\nDone\r\n");
    settle();
    assert_string_equal(r.heard, "");
    assert_int_equal(r.downs, 0);
}

static void test_gone_and_back_are_seen_without_a_session(void **state)
{
    (void)state;
    assert_false(ot_cli_glance(&r.cli));
    if (!r.cli.inode)
        fail_msg("this kernel does not tell who is at a socket: it needs CONFIG_UNIX_DIAG");
    assert_int_equal(r.sessions, 1);
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    memcpy(to.sun_path, r.cli.path, sizeof to.sun_path);
    int other = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(other, (struct sockaddr *)&to, sizeof to), 0);
    settle();
    assert_true(ot_cli_glance(&r.cli)); /* somebody is there */
    assert_int_equal(r.sessions, 2);
    close(other);
    settle();
    assert_false(ot_cli_glance(&r.cli));

    daemon_down();
    ot_cli_glance(&r.cli);
    pass(2000);
    assert_int_equal(r.downs, 0); /* it may be on its way back */
    pass(2000);
    assert_int_equal(r.downs, 1);
    assert_false(ot_cli_ask(&r.cli, on_answer, 0, "state"));
    pass(10000);
    assert_int_equal(r.absents, 0); /* said once */
    daemon_up();
    pass(2000);
    heard_then_says("state\n", "child\r\nDone\r\n");
    assert_int_equal(r.ups, 2);

    ot_cli_glance(&r.cli);
    daemon_down(); /* and at once another, whose Thread is off */
    daemon_up();
    ot_cli_glance(&r.cli);
    assert_int_equal(r.downs, 2);
}

static void test_who_never_answers_is_gone(void **state)
{
    (void)state;
    ot_cli_ask(&r.cli, on_answer, 0, "thread stop");
    pass(10000);
    assert_int_equal(r.downs, 0);
    pass(10000);
    assert_int_equal(r.downs, 1);
    assert_string_equal(r.told, "");
}

/* What comes behind an answer that is not ours is not waited for without end. */
static void test_nor_is_who_never_ends(void **state)
{
    (void)state;
    ot_cli_ask(&r.cli, on_answer, 0, "thread stop");
    pass(2);
    for (unsigned i = 0; i < 100 && !r.downs; i++) {
        says("Done\r\n");
        pass(100);
    }
    assert_int_equal(r.downs, 1);
    assert_string_equal(r.told, "");
}

/* ---- nobody else can say such things ---- */

static int bound(const struct sockaddr_un *at, size_t size, int type)
{
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (const struct sockaddr *)at, (socklen_t)size), 0);
    return fd;
}

/* A socket's name may be anything, also what a line of /proc/net/unix looks like. */
static int forger(unsigned n, const char *flags, const char *state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int len = snprintf(at.sun_path + 1, sizeof at.sun_path - 1, "%u\n0: 2 0 %s 1 %s 4242 %s", n,
                       flags, state, r.cli.path);
    return bound(&at, offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)len, SOCK_DGRAM);
}

static void test_others_cannot_say_that_it_was_started_anew(void **state)
{
    int fds[40];
    (void)state;
    assert_false(ot_cli_glance(&r.cli));
    for (unsigned i = 0; i < 40; i++) /* in no order: one comes behind the real one */
        fds[i] = forger(i, "10000", "1");
    ot_cli_glance(&r.cli);
    for (unsigned i = 0; i < 40; i++)
        close(fds[i]);
    assert_int_equal(r.downs, 0);

    struct sockaddr_un at = {.sun_family = AF_UNIX}; /* of one name, as in a root of his own */
    char aside[sizeof r.cli.path + 6];
    memcpy(at.sun_path, r.cli.path, sizeof at.sun_path);
    snprintf(aside, sizeof aside, "%s.aside", r.cli.path);
    for (unsigned i = 0; i < 40; i++) {
        assert_int_equal(rename(r.cli.path, aside), 0);
        fds[i] = bound(&at, sizeof at, SOCK_STREAM);
        assert_int_equal(listen(fds[i], 1), 0);
        assert_int_equal(rename(aside, r.cli.path), 0);
    }
    ot_cli_glance(&r.cli);
    for (unsigned i = 0; i < 40; i++)
        close(fds[i]);
    assert_int_equal(r.downs, 0);
}

static void test_others_cannot_say_that_it_is_taken(void **state)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    (void)state;
    int fd = forger(0, "0", "3");
    assert_false(ot_cli_glance(&r.cli));
    close(fd);
    memcpy(to.sun_path, r.cli.path, sizeof to.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_false(ot_cli_glance(&r.cli)); /* he waits: he is in no session yet */
    settle();
    assert_true(ot_cli_glance(&r.cli));
    close(fd);
}

/* Where the kernel cannot tell who it is, as in another network namespace, nothing was started anew. */
static void test_who_is_not_seen_is_asked(void **state)
{
    char aside[sizeof r.cli.path + 6];
    (void)state;
    assert_false(ot_cli_glance(&r.cli));
    snprintf(aside, sizeof aside, "%s.aside", r.cli.path);
    assert_int_equal(rename(r.cli.path, aside), 0);
    assert_int_equal(symlink("nothing", r.cli.path), 0);
    ot_cli_glance(&r.cli);
    assert_int_equal(r.downs, 0);
    assert_int_equal(unlink(r.cli.path), 0);
    assert_int_equal(rename(aside, r.cli.path), 0);
    pass(1000);
    heard_then_says("state\n", "child\r\nDone\r\n");
    assert_int_equal(r.ups, 2);
    assert_int_equal(r.downs, 0);
}

#define T(story) cmocka_unit_test_setup_teardown(story, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(test_a_session_lasts_while_there_is_something_to_ask),
        T(test_what_others_asked_answers_nothing_of_ours),
        T(test_what_is_taken_in_the_middle_begins_anew),
        T(test_after_an_error_the_rest_is_not_said),
        T(test_what_ends_the_session_is_said_once),
        T(test_gone_and_back_are_seen_without_a_session),
        T(test_who_never_answers_is_gone),
        T(test_nor_is_who_never_ends),
        T(test_others_cannot_say_that_it_was_started_anew),
        T(test_others_cannot_say_that_it_is_taken),
        T(test_who_is_not_seen_is_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
