/* Programs run for us, real ones: what they get and say, that they hang, are not there, stay behind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/child.h"
#include "support/net_rig.h" /* net_rig_fds */

#define LONG_MS  60000u /* never waited for */
#define SHORT_MS 30u
#define ROOM     64u

static struct child child;
static uint8_t said[ROOM];
static char why[300];
static unsigned ends;

static struct child_order order_of(const char *const *argv, int input, unsigned ms)
{
    return (struct child_order){
        .argv = argv, .input = input, .output = said, .room = sizeof said, .ms = ms};
}

static void on_done(void *ctx)
{
    (void)ctx;
    ends++;
}

/* As trothd runs them. */
static bool in_loop(const struct child_order *order)
{
    sd_event *loop = NULL;
    ends = 0;
    assert_true(sd_event_new(&loop) >= 0);
    bool started = child_start(&child, order, loop, on_done, NULL, why, sizeof why);
    while (started && !ends)
        assert_true(sd_event_run(loop, UINT64_MAX) >= 0);
    sd_event_unref(loop);
    return started;
}

/* As troth does. */
static bool waiting(const struct child_order *order)
{
    return child_run(&child, order, why, sizeof why);
}

static bool (*const both[])(const struct child_order *) = {in_loop, waiting};
#define IN_BOTH                                                                                    \
    for (size_t i_ = 0; i_ < 2; i_++)                                                              \
        if (memset(said, 0, sizeof said), *why = 0, 1)

static const char *words(void)
{
    static char text[80];
    child_words(&child, text, sizeof text);
    return text;
}

static void a_line_goes_in_and_comes_out(void **state)
{
    static const char *const cat[] = {"cat", NULL};
    (void)state;
    IN_BOTH
    {
        int input = child_input("123456\n", 7);
        struct child_order order = order_of(cat, input, LONG_MS);
        assert_true(both[i_](&order));
        assert_true(child_did_well(&child));
        assert_int_equal(child.len, 7);
        assert_memory_equal(said, "123456\n", 7);
        assert_string_equal(words(), "came to its end");
        close(input);
    }
}

static void nothing_goes_in_and_out(void **state)
{
    static const char *const cat[] = {"cat", NULL}, *const talk[] = {"echo", "word", NULL};
    (void)state;
    IN_BOTH
    {
        struct child_order order = order_of(cat, -1, LONG_MS);
        assert_true(both[i_](&order));
        assert_true(child_did_well(&child));
        assert_int_equal(child.len, 0);
        order = order_of(talk, -1, LONG_MS);
        order.output = NULL;
        assert_true(both[i_](&order));
        assert_true(child_did_well(&child));
    }
}

static void who_never_reads_holds_nothing_up(void **state)
{
    static const char *const deaf[] = {"true", NULL};
    static uint8_t much[1 << 20];
    (void)state;
    IN_BOTH
    {
        int input = child_input(much, sizeof much);
        struct child_order order = order_of(deaf, input, LONG_MS);
        assert_true(both[i_](&order));
        assert_true(child_did_well(&child));
        close(input);
    }
}

static void how_it_ends(void **state)
{
    static const char *const fails[] = {"sh", "-c", "echo no; exit 3", NULL};
    static const char *const dies[] = {"sh", "-c", "kill -9 $$", NULL};
    (void)state;
    IN_BOTH
    {
        struct child_order order = order_of(fails, -1, LONG_MS);
        assert_true(both[i_](&order));
        assert_false(child_did_well(&child));
        assert_int_equal(child.status, 3);
        assert_int_equal(child.len, 3);
        assert_string_equal(words(), "failed with status 3");
        order = order_of(dies, -1, LONG_MS);
        assert_true(both[i_](&order));
        assert_false(child_did_well(&child));
        assert_int_equal(child.status, 128 + SIGKILL);
        assert_string_equal(words(), "ended by signal 9");
    }
}

static void what_is_too_long(void **state)
{
    static const char *const long_[] = {"head", "-c", "100000", "/dev/zero", NULL};
    static const char *const fits[] = {"head", "-c", "64", "/dev/zero", NULL};
    static const char *const endless[] = {"yes", NULL};
    struct child_order order = order_of(long_, -1, LONG_MS);
    (void)state;
    assert_true(in_loop(&order)); /* and it ran on */
    assert_true(child.too_long && !child.late && !child.signal);
    assert_string_equal(words(), "said more than 64 octets");
    order = order_of(endless, -1, LONG_MS); /* nobody has to wait for more */
    assert_true(waiting(&order));
    assert_true(child.too_long && !child.late && !child_did_well(&child));
    assert_string_equal(words(), "said more than 64 octets");
    IN_BOTH
    {
        order = order_of(fits, -1, LONG_MS);
        assert_true(both[i_](&order));
        assert_true(child_did_well(&child));
        assert_int_equal(child.len, ROOM);
    }
}

static void not_a_program(void **state)
{
    static const struct {
        const char *path;
        int error;
        const char *words;
    } all[] = {
        {"no-such-program-here", ENOENT, "no-such-program-here cannot be run: there is no such"},
        {"./nowhere/show", ENOENT, "there is no such program"},
        {"./script", ENOENT, "or not the one that its first line names"},
        {"./plain", EACCES, "it is not executable"},
        {"./empty", ENOEXEC, "it is no program"},
    };
    (void)state;
    IN_BOTH
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        const char *const argv[] = {all[i].path, NULL};
        struct child_order order = order_of(argv, -1, LONG_MS);
        *why = 0;
        assert_false(both[i_](&order));
        assert_int_equal(child.error, all[i].error);
        assert_int_equal(child.pid, 0);
        assert_non_null(strstr(why, all[i].words));
        assert_false(child_did_well(&child));
        child_finish(&child, LONG_MS); /* of none */
    }
}

/* cat waits for a pipe that nobody writes to. */
static void who_hangs_is_killed(void **state)
{
    static const char *const hangs[] = {"sh", "-c", "trap '' TERM; cat; cat", NULL};
    int ends_of[2];
    (void)state;
    assert_int_equal(pipe2(ends_of, O_CLOEXEC), 0);
    IN_BOTH
    {
        struct child_order order = order_of(hangs, ends_of[0], SHORT_MS);
        assert_true(both[i_](&order));
        assert_true(child.late);
        assert_int_equal(child.signal, SIGKILL);
        assert_false(child_did_well(&child));
        assert_string_equal(words(), "ran for more than 0 s and was killed");
    }
    close(ends_of[1]);
    while (wait(NULL) > 0) /* the cat of a shell that was killed alone */
        ;
    close(ends_of[0]);
}

/* Its whole group goes with it, and the pipe is nobody's any more; or it alone. */
static void with_what_it_started(void **state)
{
    static const char *const hangs[] = {"sh", "-c", "cat <&0 & cat", NULL};
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    for (unsigned group = 0; group < 2; group++)
        IN_BOTH
        {
            int ends_of[2];
            assert_int_equal(pipe2(ends_of, O_CLOEXEC), 0);
            struct child_order order = order_of(hangs, ends_of[0], SHORT_MS);
            order.group = group;
            assert_true(both[i_](&order));
            assert_true(child.late);
            close(ends_of[0]);
            if (group) {
                while (wait(NULL) > 0) /* without help of ours */
                    ;
                assert_int_equal(write(ends_of[1], "x", 1), -1);
                assert_int_equal(errno, EPIPE);
            }
            close(ends_of[1]);
            while (wait(NULL) > 0)
                ;
        }
    signal(SIGPIPE, SIG_DFL);
}

/* It ends, and what it leaves behind holds its output: that is not waited for. */
static void who_stays_behind(void **state)
{
    static const char *const leaves[] = {"sh", "-c", "echo word; exec 3<&0; cat <&3 & exit 0",
                                         NULL};
    int ends_of[2];
    (void)state;
    IN_BOTH
    {
        assert_int_equal(pipe2(ends_of, O_CLOEXEC), 0);
        struct child_order order = order_of(leaves, ends_of[0], 200);
        assert_true(both[i_](&order));
        assert_true(child.late);
        assert_false(child_did_well(&child));
        close(ends_of[1]);
        while (wait(NULL) > 0)
            ;
        close(ends_of[0]);
    }
}

#define GLIBCS_OWN 0x180000000ull /* signals 32 and 33 */

/* No signal blocked, none ignored, no descriptor but its three. */
static void it_inherits_nothing(void **state)
{
    static const char *const signals[] = {"grep", "-E", "^Sig(Blk|Ign):", "/proc/self/status",
                                          NULL};
    static const char *const files[] = {"sh", "-c", "[ ! -e /proc/$$/fd/77 ]", NULL};
    unsigned long long blocked, ignored;
    sigset_t set, old;
    (void)state;
    int leaks = fcntl(0, F_DUPFD, 77);
    assert_int_equal(leaks, 77);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_BLOCK, &set, &old);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    IN_BOTH
    {
        struct child_order order = order_of(signals, -1, LONG_MS);
        assert_true(both[i_](&order));
        said[child.len < ROOM ? child.len : ROOM - 1] = 0;
        assert_int_equal(sscanf((char *)said, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
        assert_int_equal(blocked, 0);
        assert_int_equal(ignored & ~GLIBCS_OWN, 0);
        order = order_of(files, -1, LONG_MS);
        assert_true(both[i_](&order));
        assert_true(child_did_well(&child));
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    close(leaks);
}

static void errors_are_ours_or_nobodys(void **state)
{
    static const char *const complains[] = {"sh", "-c", "echo word >&2", NULL};
    char line[8] = "";
    int ends_of[2], ours = dup(2);
    (void)state;
    assert_int_equal(pipe2(ends_of, O_CLOEXEC | O_NONBLOCK), 0);
    dup2(ends_of[1], 2);
    struct child_order order = order_of(complains, -1, LONG_MS);
    bool ran = waiting(&order);
    ssize_t quiet = read(ends_of[0], line, sizeof line);
    order.errors = true;
    ran = ran && waiting(&order);
    ssize_t loud = read(ends_of[0], line, sizeof line);
    dup2(ours, 2);
    close(ours);
    close(ends_of[0]);
    close(ends_of[1]);
    assert_true(ran);
    assert_int_equal(quiet, -1);
    assert_int_equal(loud, 5);
    assert_int_equal(child.len, 0);
}

/* Ours ends while it runs. */
static void given_up(void **state)
{
    static const char *const cat[] = {"cat", NULL}, *const hangs[] = {"sh", "-c", "cat; cat", NULL};
    sd_event *loop = NULL;
    int ends_of[2];
    (void)state;
    ends = 0;
    assert_int_equal(pipe2(ends_of, O_CLOEXEC), 0);
    assert_true(sd_event_new(&loop) >= 0);
    int input = child_input("word", 4);
    struct child_order order = order_of(cat, input, LONG_MS);
    assert_true(child_start(&child, &order, loop, on_done, NULL, why, sizeof why));
    child_finish(&child, LONG_MS); /* it comes to its end */
    assert_true(child_did_well(&child));
    assert_int_equal(child.len, 4);
    assert_int_equal(child.pid, 0);
    close(input);
    order = order_of(hangs, ends_of[0], LONG_MS);
    assert_true(child_start(&child, &order, loop, on_done, NULL, why, sizeof why));
    child_finish(&child, SHORT_MS);
    assert_int_equal(child.signal, SIGKILL);
    order.output = NULL; /* nothing but itself tells that it has ended */
    assert_true(child_start(&child, &order, loop, on_done, NULL, why, sizeof why));
    child_finish(&child, 0);
    assert_int_equal(child.signal, SIGKILL);
    assert_true(sd_event_run(loop, 0) >= 0);
    assert_int_equal(ends, 0);
    sd_event_unref(loop);
    close(ends_of[0]);
    close(ends_of[1]);
    while (wait(NULL) > 0) /* the shells' cats */
        ;
}

/* What waits for its turn is started by the end of what was before. */
static void again(void *ctx)
{
    static const char *const echo[] = {"echo", "again", NULL};
    struct child_order order = order_of(echo, -1, LONG_MS);
    if (!ends++)
        assert_true(child_start(&child, &order, ctx, again, ctx, why, sizeof why));
}

static void one_after_the_other(void **state)
{
    static const char *const first[] = {"true", NULL};
    struct child_order order = order_of(first, -1, LONG_MS);
    sd_event *loop = NULL;
    (void)state;
    ends = 0;
    assert_true(sd_event_new(&loop) >= 0);
    assert_true(child_start(&child, &order, loop, again, loop, why, sizeof why));
    while (ends < 2)
        assert_true(sd_event_run(loop, UINT64_MAX) >= 0);
    assert_true(child_did_well(&child));
    assert_int_equal(child.len, 6);
    sd_event_unref(loop);
}

/* ---- before and after each ---- */

static unsigned fds;

static int before(void **state)
{
    (void)state;
    fds = net_rig_fds();
    return 0;
}

/* Everything is closed, everybody reaped, what was left behind too. */
static int after(void **state)
{
    (void)state;
    assert_int_equal(net_rig_fds(), fds);
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
    return 0;
}

static char folder[] = "/tmp/troth-child-XXXXXX";

static void put(const char *name, const char *text, mode_t mode)
{
    FILE *f = fopen(name, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
    assert_int_equal(chmod(name, mode), 0);
}

static int make_folder(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    assert_int_equal(chdir(folder), 0);
    put("plain", "#!/bin/sh\n", 0644);
    put("script", "#!/nowhere/sh\n", 0755);
    put("empty", "echo word\n", 0755);
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static int remove_folder(void **state)
{
    (void)state;
    return unlink("plain") || unlink("script") || unlink("empty") || rmdir(folder);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, before, after)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_line_goes_in_and_comes_out),
        CASE(nothing_goes_in_and_out),
        CASE(who_never_reads_holds_nothing_up),
        CASE(how_it_ends),
        CASE(what_is_too_long),
        CASE(not_a_program),
        CASE(who_hangs_is_killed),
        CASE(with_what_it_started),
        CASE(who_stays_behind),
        CASE(it_inherits_nothing),
        CASE(errors_are_ours_or_nobodys),
        CASE(given_up),
        CASE(one_after_the_other),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
