/* Over a double of ot-daemon: what is to be forgotten, and what somebody wants meanwhile. */
#include "support/net_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include <troth/dataset.h>

#define HEATH "0102432102083333333344444444051000112233445566778899aabbccddeeff"
#define MOOR  "01024444020855555555666666660510bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static struct rig {
    struct net_rig net;
    char dir[40], path[80];
    int listening, session;
    char said[4000]; /* the commands, a line each; "state" is not among them */
    const char *role, *dataset;
    bool slow, told; /* it is told to forget, and does not tell its dataset yet; or has */
} r;

/* ---- the daemon: it takes every command, and forgets nothing ---- */

static void answer(const char *text)
{
    assert_int_equal(send(r.session, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void answer_line(const char *line)
{
    bool asks = !strcmp(line, "dataset active -x\n");
    r.slow |= !r.told && !strcmp(line, "factoryreset\n");
    if (strcmp(line, "state\n") != 0)
        strcat(r.said, line);
    else
        answer(r.role);
    if (!asks)
        answer("Done\r\n");
    else if (!r.slow)
        answer(r.dataset);
}

static bool serve(void *ctx)
{
    char line[700];
    int fd = accept(r.listening, NULL, NULL);
    (void)ctx;
    if (fd >= 0) {
        if (r.session >= 0)
            close(r.session);
        r.session = fd;
        return true;
    }
    ssize_t n = r.session < 0 ? -1 : recv(r.session, line, sizeof line - 1, MSG_DONTWAIT);
    if (n > 0) {
        line[n] = 0;
        answer_line(line);
    } else if (n == 0) {
        close(r.session);
        r.session = -1;
    }
    return n >= 0;
}

static void tells(void)
{
    r.slow = false;
    r.told = true;
    answer(r.dataset);
    net_rig_run(&r.net);
}

/* ---- who asks ---- */

static struct troth_credentials of(const char *hex)
{
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    assert_int_equal(troth_dataset_from_text(&c.u.thread, hex, strlen(hex)), TROTH_DATASET_FINE);
    return c;
}

static void says(const char *commands)
{
    assert_string_equal(r.said, commands);
    r.said[0] = 0;
}

static int setup(void **state)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char where[80];
    (void)state;
    memset(&r, 0, sizeof r);
    r.session = -1;
    r.role = "child\r\n";
    r.dataset = HEATH "\r\nDone\r\n";
    strcpy(r.dir, "/tmp/troth-ot-XXXXXX");
    assert_non_null(mkdtemp(r.dir));
    snprintf(r.path, sizeof r.path, "%s/openthread-wpan0.sock", r.dir);
    memcpy(at.sun_path, r.path, sizeof r.path);
    r.listening = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(r.listening, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(r.listening, 1), 0);
    assert_true(sd_event_new(&r.net.loop) >= 0);
    struct troth_credentials ours = of(HEATH);
    r.net.more.ours = &ours;
    r.net.serve = serve;
    snprintf(where, sizeof where, "ot:%s/wpan0", r.dir);
    net_rig_open(&r.net, where);
    net_rig_pass(&r.net, 10);
    assert_int_equal(r.net.here, 1);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    net_rig_close(&r.net);
    if (r.session >= 0)
        close(r.session);
    close(r.listening);
    sd_event_unref(r.net.loop);
    unlink(r.path);
    return rmdir(r.dir);
}

/* It was told once, and whether it did is not known yet. */
static void is_told_to_forget(void)
{
    assert_int_equal(r.net.net->ops->leave(r.net.net->ctx, 1), TROTH_OK);
    net_rig_pass(&r.net, 100);
    says("dataset active -x\nthread stop\nfactoryreset\ndataset active -x\n");
}

/* ---- stories ---- */

static void what_is_not_forgotten_is_told_again(void **state)
{
    (void)state;
    is_told_to_forget();
    tells();
    net_rig_pass(&r.net, 100);
    says("thread stop\nfactoryreset\ndataset active -x\n"
         "thread stop\nfactoryreset\ndataset active -x\n");
    net_rig_reported(&r.net, TROTH_NET_LEFT, 1, TROTH_NET_OK);
    assert_false(r.net.settled);
}

static void and_what_an_attempt_left_there(void **state)
{
    struct troth_credentials moor = of(MOOR);
    (void)state;
    r.role = "detached\r\n";
    r.dataset = "Error 23: NotFound\r\n";
    r.told = true;
    assert_int_equal(r.net.net->ops->join(r.net.net->ctx, 1, &moor), TROTH_OK);
    net_rig_pass(&r.net, 1000);
    r.dataset = MOOR "\r\nDone\r\n";
    net_rig_pass(&r.net, 18000);
    net_rig_reported(&r.net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_NOT_FOUND);
    r.said[0] = 0;
    net_rig_pass(&r.net, 4000);
    says("dataset active -x\nthread stop\nfactoryreset\ndataset active -x\n"
         "thread stop\nfactoryreset\ndataset active -x\n"
         "thread stop\nfactoryreset\ndataset active -x\n");
}

/* Whoever asked has his answer; what he does then is not undone. */
static void not_once_nobody_waits_for_it(void **state)
{
    (void)state;
    is_told_to_forget();
    net_rig_pass(&r.net, 4100);
    net_rig_reported(&r.net, TROTH_NET_LEFT, 1, TROTH_NET_OK);
    tells();
    net_rig_pass(&r.net, 1000);
    says("");
}

static void nor_once_another_network_is_wanted(void **state)
{
    struct troth_credentials moor = of(MOOR);
    (void)state;
    is_told_to_forget();
    assert_int_equal(r.net.net->ops->join(r.net.net->ctx, 2, &moor), TROTH_OK);
    tells();
    net_rig_pass(&r.net, 1000);
    says("dataset active -x\nifconfig up\ndiscover\nthread stop\ndataset set active " MOOR "\n"
         "ifconfig up\nthread start\n");
    net_rig_reported(&r.net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
}

#define T(story) cmocka_unit_test_setup_teardown(story, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_not_forgotten_is_told_again),
        T(and_what_an_attempt_left_there),
        T(not_once_nobody_waits_for_it),
        T(nor_once_another_network_is_wanted),
    };
    return cmocka_run_group_tests_name("net_ot", tests, NULL, NULL);
}
