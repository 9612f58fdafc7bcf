/* The tools' agents as queues: questions wait for each other, close, and move up. */
#include "common/agent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

static sd_event *loop;
static struct agent *a;
static char path[108], folder[64];
static int fd;
static struct {
    unsigned count;
    uint32_t id, passkey;
    bool yes;
} answered;

static void run(void)
{
    while (sd_event_run(loop, 0) > 0)
        ;
}

static int begin(void **state)
{
    (void)state;
    char why[256];
    strcpy(folder, "/tmp/troth-agent.XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/agent", folder);
    assert_true(sd_event_new(&loop) >= 0);
    struct agent_config config = {.loop = loop, .kind = AGENT_SOCKET, .path = path};
    a = agent_open(&config, why, sizeof why);
    assert_non_null(a);
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    memcpy(where.sun_path, path, sizeof where.sun_path);
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&where, sizeof where), 0);
    run();
    assert_true(agent_present(a));
    memset(&answered, 0, sizeof answered);
    return 0;
}

static int end(void **state)
{
    (void)state;
    agent_close(a);
    if (fd >= 0)
        close(fd);
    sd_event_unref(loop);
    rmdir(folder);
    return 0;
}

static void answer(void *host, uint32_t id, bool yes, uint32_t passkey)
{
    (void)host;
    answered.count++;
    answered.id = id;
    answered.yes = yes;
    answered.passkey = passkey;
}

static bool call(enum troth_agent_call_type type, uint32_t id, uint32_t passkey)
{
    char peer[] = "the lamp"; /* gone after the call */
    struct troth_agent_call c = {
        .type = type, .id = id, .passkey = passkey, .peer = peer, .answer = answer};
    const struct troth_agent *t = agent_troth(a);
    bool taken = t->call(t->ctx, &c);
    memset(peer, 0, sizeof peer);
    return taken;
}

static void closed(uint32_t id)
{
    const struct troth_agent *t = agent_troth(a);
    t->closed(t->ctx, id);
}

static void heard(const char *expected)
{
    char text[512];
    ssize_t n = recv(fd, text, sizeof text - 1, MSG_DONTWAIT);
    text[n > 0 ? n : 0] = 0;
    assert_string_equal(text, expected);
}

static void say(const char *line)
{
    assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    run();
}

static void one_after_the_other(void **state)
{
    (void)state;
    assert_true(call(TROTH_AGENT_PASSKEY, 1, 0));
    assert_true(call(TROTH_AGENT_COMPARE, 2, 777));
    assert_true(call(TROTH_AGENT_DISPLAY, 3, 42));
    heard("type passkey ?\ndisplay passkey 000042\n"); /* a display waits for nobody */
    say("012345\n");
    assert_int_equal(answered.id, 1);
    assert_int_equal(answered.passkey, 12345);
    heard("compare 000777 ?\n");
    say("yes\n");
    assert_int_equal(answered.id, 2);
    assert_true(answered.yes);
    closed(3);
    heard("withdrawn\n");
}

static void what_closes_makes_way(void **state)
{
    (void)state;
    call(TROTH_AGENT_PASSKEY, 1, 0);
    call(TROTH_AGENT_CONSENT, 2, 0);
    call(TROTH_AGENT_COMPARE, 3, 5);
    heard("type passkey ?\n");
    closed(2); /* never shown: nobody need know */
    heard("");
    closed(1);
    heard("withdrawn\ncompare 000005 ?\n");
    closed(9);
    heard("");
    say("no\n");
    assert_int_equal(answered.id, 3);
    assert_false(answered.yes);
    assert_int_equal(answered.count, 1);
}

static void what_is_typed_unasked_is_no_answer(void **state)
{
    (void)state;
    say("yes\nyes\n");
    call(TROTH_AGENT_COMPARE, 1, 5);
    run();
    assert_int_equal(answered.count, 0);
    say("no\n");
    assert_int_equal(answered.count, 1);
    assert_false(answered.yes);
}

static void three_tries(void **state)
{
    (void)state;
    call(TROTH_AGENT_PASSKEY, 1, 0);
    heard("type passkey ?\n");
    say("12345\n");
    heard("expected six digits\ntype passkey ?\n");
    say("1234567\n");
    heard("expected six digits\ntype passkey ?\n");
    assert_int_equal(answered.count, 0);
    say("one\n");
    assert_int_equal(answered.count, 1);
    assert_false(answered.yes);
}

static void who_leaves_says_no(void **state)
{
    (void)state;
    call(TROTH_AGENT_CONSENT, 1, 0);
    call(TROTH_AGENT_COMPARE, 2, 5);
    close(fd);
    fd = -1;
    run();
    assert_int_equal(answered.count, 2);
    assert_false(answered.yes);
    assert_false(agent_present(a));
    assert_false(call(TROTH_AGENT_CONSENT, 3, 0));
}

static void no_more_than_eight(void **state)
{
    (void)state;
    for (uint32_t id = 1; id <= 8; id++)
        assert_true(call(TROTH_AGENT_CONSENT, id, 0));
    assert_false(call(TROTH_AGENT_CONSENT, 9, 0));
    closed(4);
    assert_true(call(TROTH_AGENT_CONSENT, 9, 0));
}

static void passkeys(void **state)
{
    (void)state;
    assert_int_equal(agent_passkey("012345"), 12345);
    assert_int_equal(agent_passkey("012 345"), 12345);
    assert_int_equal(agent_passkey("999999"), 999999);
    static const char *const wrong[] = {"", "12345", "1234567", "12345a", "-12345", "+12345"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(agent_passkey(wrong[i]), -1);
}

static void words(void **state)
{
    (void)state;
    enum agent_kind kind;
    const char *where;
    assert_true(agent_parse("unix:/run/agent", &kind, &where) && kind == AGENT_SOCKET);
    assert_string_equal(where, "/run/agent");
    assert_true(agent_parse("script:x", &kind, &where) && kind == AGENT_SCRIPT);
    assert_true(agent_parse("none", &kind, &where) && kind == AGENT_NONE && !where);
    static const char *const wrong[] = {"", "unix:", "script:", "nones", "non", "tcp:x", "unix"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false(agent_parse(wrong[i], &kind, &where));
}

#define WITH_AGENT(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_AGENT(one_after_the_other),
        WITH_AGENT(what_closes_makes_way),
        WITH_AGENT(what_is_typed_unasked_is_no_answer),
        WITH_AGENT(three_tries),
        WITH_AGENT(who_leaves_says_no),
        WITH_AGENT(no_more_than_eight),
        cmocka_unit_test(passkeys),
        cmocka_unit_test(words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
