/* troth pair as a program, on a bluetoothd made for the test: which questions prove who a device is. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/bluez_double.h"

#define REJECTED "org.bluez.Error.Rejected"

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    pid_t pid;
    int out;
    sd_event_source *io;
    char said[16384];
    size_t len;
    bool ended;
    const char *method, *awaited;
} rig;

static int on_output(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    (void)events;
    (void)ctx;
    ssize_t n = read(fd, rig.said + rig.len, sizeof rig.said - 1 - rig.len);
    if (n <= 0) {
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
        rig.ended = true;
    } else {
        rig.len += (size_t)n;
    }
    rig.said[rig.len] = 0;
    return 0;
}

static void start(const char *more)
{
    int pipes[2];
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    rig.pid = fork();
    if (!rig.pid) {
        dup2(pipes[1], 1);
        dup2(pipes[1], 2);
        execl(TROTH_BIN_DIR "/troth", "troth", "pair", "C0:FF:EE:00:00:01", "--json", "--transport",
              "bluez:hci0", "--io-cap", "display-yes-no", "--yes", more, (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    rig.out = pipes[0];
    assert_true(sd_event_add_io(rig.loop, &rig.io, rig.out, EPOLLIN, on_output, NULL) >= 0);
}

static bool has_ended(void *ctx)
{
    (void)ctx;
    return rig.ended;
}

static void ends(int status)
{
    int got;
    double_until(&rig.d, has_ended, NULL, "troth ends");
    assert_int_equal(waitpid(rig.pid, &got, 0), rig.pid);
    rig.pid = 0;
    if (!WIFEXITED(got) || WEXITSTATUS(got) != status)
        fail_msg("not %d: %#x\n%s", status, (unsigned)got, rig.said);
}

static int setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    rig.out = -1;
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    double_up(&rig.d);
    rig.d.silent = "Pair";
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (rig.pid > 0) {
        kill(rig.pid, SIGKILL);
        waitpid(rig.pid, NULL, 0);
    }
    sd_event_source_disable_unref(rig.io);
    if (rig.out >= 0)
        close(rig.out);
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

/* ---- what bluetoothd does ---- */

static void asks(void)
{
    double_ask(&rig.d, "RequestConfirmation", "ou", DOUBLE_DEVICE, 123456);
}

/* While it handles the method: before it answers that, or anything after it. */
static void asks_within(struct bluez_double *d, const char *method)
{
    (void)d;
    if (!strcmp(method, rig.method))
        asks();
}

static void connects(void)
{
    rig.d.connected = rig.d.resolved = true;
    double_device_changed(&rig.d, "Connected");
    double_device_changed(&rig.d, "ServicesResolved");
}

static void pairs(void)
{
    rig.d.paired = rig.d.bonded = true;
    double_device_changed(&rig.d, "Bonded");
    double_device_changed(&rig.d, "Paired");
}

static bool is_called(void *ctx)
{
    (void)ctx;
    return strstr(rig.d.calls, rig.awaited);
}

/* Pair was handled, and troth knows it. */
static void has_pair(void)
{
    rig.awaited = "; Pair; ";
    double_until(&rig.d, is_called, NULL, "Pair");
    double_settle(&rig.d);
    double_settle(&rig.d);
}

static bool undone(void)
{
    return double_called(&rig.d, "RemoveDevice;");
}

/* ---- */

static void a_question_within_our_pair_proves(void **state)
{
    (void)state;
    start("--require-mitm");
    has_pair();
    assert_null(strstr(rig.d.calls, "; Connect;"));
    connects();
    asks();
    double_answered(&rig.d, NULL);
    pairs();
    ends(0);
    assert_false(undone());
    assert_non_null(strstr(rig.said, "NUMERIC_COMPARISON"));
}

static void one_from_before_it_was_handled_does_not(void **state)
{
    (void)state;
    rig.method = "Pair";
    rig.d.on_call = asks_within;
    start("--require-mitm");
    has_pair();
    connects();
    double_answered(&rig.d, NULL);
    pairs();
    ends(1);
    assert_true(undone());
    assert_non_null(strstr(rig.said, "began to pair before we did"));
}

static void nor_one_from_before_it_was_called(void **state)
{
    (void)state;
    connects();
    rig.method = "Connect";
    rig.d.on_call = asks_within;
    start("--require-mitm");
    has_pair();
    double_answered(&rig.d, NULL);
    pairs();
    ends(1);
    assert_true(undone());
}

static void on_a_link_from_before_our_own_proves_as_well(void **state)
{
    (void)state;
    connects();
    start("--require-mitm");
    has_pair();
    asks();
    double_answered(&rig.d, NULL);
    pairs();
    ends(0);
    assert_false(undone());
}

static void even_after_one_that_does_not(void **state)
{
    (void)state;
    connects();
    rig.method = "Connect";
    rig.d.on_call = asks_within;
    start("--require-mitm");
    has_pair();
    double_answered(&rig.d, NULL);
    asks();
    double_answered(&rig.d, NULL);
    pairs();
    ends(0);
    assert_false(undone());
}

static void nothing_is_proved_by_a_pair_that_failed(void **state)
{
    (void)state;
    start("--require-mitm");
    has_pair();
    connects();
    asks();
    double_answered(&rig.d, NULL);
    double_settle(&rig.d);
    double_fail_held(&rig.d, "AuthenticationFailed");
    pairs(); /* by another pairing */
    ends(1);
    assert_non_null(strstr(rig.said, "pairing_failed"));
}

/* bluetoothd may repeat the pairing then, and say nothing of the first. */
static void nor_where_a_pin_was_asked_for(void **state)
{
    (void)state;
    start("--require-mitm");
    has_pair();
    connects();
    asks();
    double_answered(&rig.d, NULL);
    double_ask(&rig.d, "RequestPinCode", "o", "/org/bluez/hci0/dev_00_00_00_00_00_01");
    double_answered(&rig.d, REJECTED);
    asks();
    double_answered(&rig.d, NULL);
    pairs();
    ends(1);
    assert_true(undone());
    assert_non_null(strstr(rig.said, "asked for a PIN"));
}

/* The adapter remembers it, whoever's it was and whenever: also while we were looking for ours. */
static void nor_where_it_was_asked_for_while_we_scanned(void **state)
{
    (void)state;
    rig.d.rssi = 127; /* not heard yet: troth looks for it */
    start("--require-mitm");
    rig.awaited = "StartDiscovery;";
    double_until(&rig.d, is_called, NULL, "StartDiscovery");
    double_settle(&rig.d);
    double_ask(&rig.d, "RequestPinCode", "o", "/org/bluez/hci0/dev_00_00_00_00_00_01");
    double_answered(&rig.d, REJECTED);
    rig.d.rssi = -40;
    double_device_changed(&rig.d, "RSSI");
    has_pair();
    connects();
    asks(); /* this one fails, and bluetoothd repeats Pair without a word: Just Works */
    double_answered(&rig.d, NULL);
    pairs();
    ends(1);
    assert_true(undone());
    assert_non_null(strstr(rig.said, "asked for a PIN"));
}

static void what_is_not_known_is_not_told(void **state)
{
    (void)state;
    rig.method = "Pair";
    rig.d.on_call = asks_within;
    start(NULL);
    has_pair();
    connects();
    double_answered(&rig.d, NULL);
    pairs();
    ends(0);
    const char *result = strstr(rig.said, "\"event\":\"result\"");
    assert_non_null(result);
    assert_null(strstr(rig.said, "\"model\":"));
    assert_null(strstr(result, "\"mitm\""));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_question_within_our_pair_proves), TEST(one_from_before_it_was_handled_does_not),
        TEST(nor_one_from_before_it_was_called), TEST(on_a_link_from_before_our_own_proves_as_well),
        TEST(even_after_one_that_does_not),      TEST(nothing_is_proved_by_a_pair_that_failed),
        TEST(nor_where_a_pin_was_asked_for),     TEST(nor_where_it_was_asked_for_while_we_scanned),
        TEST(what_is_not_known_is_not_told),
    };
    return cmocka_run_group_tests_name("troth_bluez", tests, NULL, NULL);
}
