/* The device as a program, on a bluetoothd made for the test: whom its agent lets in, and when. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
    char dir[64], networks[96];
    pid_t pid;
    int out;
    sd_event_source *io;
    char said[16384];
    size_t len;
    const char *awaited;
} rig;

static int on_output(sd_event_source *source, int fd, uint32_t events, void *ctx)
{
    (void)events;
    (void)ctx;
    ssize_t n = read(fd, rig.said + rig.len, sizeof rig.said - 1 - rig.len);
    if (n <= 0)
        sd_event_source_set_enabled(source, SD_EVENT_OFF);
    else
        rig.len += (size_t)n;
    rig.said[rig.len] = 0;
    return 0;
}

static bool is_said(void *ctx)
{
    (void)ctx;
    return strstr(rig.said, rig.awaited);
}

static void await(const char *words)
{
    rig.awaited = words;
    double_until(&rig.d, is_said, NULL, words);
}

static void start(const char *window, const char *security)
{
    char sim[128], store[96];
    int pipes[2];
    snprintf(sim, sizeof sim, "sim:%s", rig.networks);
    snprintf(store, sizeof store, "%s/store", rig.dir);
    assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
    rig.pid = fork();
    if (!rig.pid) {
        dup2(pipes[1], 1);
        execl(TROTH_BIN_DIR "/trothd", "trothd", "--json", "--transport", "bluez:hci0", "--network",
              sim, "--store", store, "--name", "Lamp", "--agent", "none", "--display-command",
              "true", "--control", "none", "--window", window, "--security", security,
              (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    rig.out = pipes[0];
    assert_true(sd_event_add_io(rig.loop, &rig.io, rig.out, EPOLLIN, on_output, NULL) >= 0);
    await("\"event\":\"bluez_agent\"");
}

static int setup(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    rig.out = -1;
    strcpy(rig.dir, "/tmp/troth-lamp-XXXXXX");
    if (!mkdtemp(rig.dir))
        return -1;
    snprintf(rig.networks, sizeof rig.networks, "%s/networks", rig.dir);
    FILE *f = fopen(rig.networks, "we");
    fputs("[network]\nssid = Meadow\nsecurity = open\n", f);
    fclose(f);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    double_up(&rig.d);
    return 0;
}

static int teardown(void **state)
{
    char command[128];
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
    snprintf(command, sizeof command, "rm -r %s", rig.dir);
    return system(command);
}

static void nobody_pairs_while_the_window_is_closed(void **state)
{
    (void)state;
    start("command", "encrypt");
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    double_answered(&rig.d, REJECTED);
    double_ask(&rig.d, "RequestConfirmation", "ou", DOUBLE_DEVICE, 123456);
    double_answered(&rig.d, REJECTED);
    double_ask(&rig.d, "DisplayPasskey", "ouq", DOUBLE_DEVICE, 123456, 0);
    double_answered(&rig.d, REJECTED);
    kill(rig.pid, SIGUSR1);
    await("\"event\":\"window\",\"open\":true");
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    double_answered(&rig.d, NULL);
}

static void just_works_proves_nothing(void **state)
{
    (void)state;
    start("always", "authenticate");
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    double_answered(&rig.d, REJECTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_pairs_while_the_window_is_closed),
        TEST(just_works_proves_nothing),
    };
    return cmocka_run_group_tests_name("trothd_bluez", tests, NULL, NULL);
}
