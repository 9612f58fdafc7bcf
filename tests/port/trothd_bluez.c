/* The device as a program, on a bluetoothd made for the test: whom it lets in, who writes, when. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/bluez_double_peripheral.h"

#define REJECTED "org.bluez.Error.Rejected"

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct double_peripheral p;
    char dir[64], networks[96], control[96];
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
              "true", "--control", rig.control, "--window", window, "--security", security,
              (char *)NULL);
        _exit(127);
    }
    close(pipes[1]);
    rig.out = pipes[0];
    assert_true(sd_event_add_io(rig.loop, &rig.io, rig.out, EPOLLIN, on_output, NULL) >= 0);
    if (strcmp(security, "none") != 0)
        await("\"event\":\"bluez_agent\"");
    double_until_is(&rig.d, &rig.p.applications, 1, "it registers its services");
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
    snprintf(rig.control, sizeof rig.control, "%s/control", rig.dir);
    FILE *f = fopen(rig.networks, "we");
    fprintf(f, "[simulator]\njoin_after = %s/go\n[network]\nssid = Meadow\nsecurity = open\n",
            rig.dir);
    fclose(f);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    double_up(&rig.d);
    peripheral_up(&rig.p, &rig.d);
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
    peripheral_down(&rig.p);
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

/* ---- who is there when the window closes, and nothing protects it ---- */

static void open_for(unsigned seconds)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    char answer[1024] = "";
    char request[64];
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", rig.control);
    snprintf(request, sizeof request, "{\"do\":\"window\",\"open\":true,\"seconds\":%u}\n",
             seconds);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(write(fd, request, strlen(request)), strlen(request));
    assert_true(read(fd, answer, sizeof answer - 1) > 0);
    assert_non_null(strstr(answer, "\"ok\":true"));
    close(fd);
}

static void opened(void)
{
    start("command", "none");
    open_for(300);
    await("\"event\":\"window\",\"open\":true");
}

static void connects(void)
{
    rig.d.connected = 1;
    double_device_changed(&rig.d, "Connected");
    await("\"event\":\"connected\"");
}

#define SSID    "/org/troth/gatt/s0/c00"
#define CONTROL "/org/troth/gatt/s0/c03"
#define CONNECT 1
#define TAKEN   ""
#define REFUSED "0x9c"

/* One octet, by this device; device NULL: bluetoothd does not say whose. */
static const char *writes(const char *characteristic, uint8_t octet, const char *device)
{
    if (device)
        peripheral_call(&rig.p, NULL, characteristic, "org.bluez.GattCharacteristic1", "WriteValue",
                        "aya{sv}", 1, octet, 1, "device", "o", device);
    else
        peripheral_call(&rig.p, NULL, characteristic, "org.bluez.GattCharacteristic1", "WriteValue",
                        "aya{sv}", 1, octet, 0);
    const sd_bus_error *e = sd_bus_message_get_error(rig.p.reply);
    return e ? e->message : TAKEN;
}

static bool is_called(void *ctx)
{
    (void)ctx;
    return strstr(rig.d.calls, rig.awaited);
}

/* Connected to this machine it is anybody, a keyboard; who then touches the table came for that. */
static void who_sat_still_until_it_closed_writes_nothing_and_goes(void **state)
{
    (void)state;
    opened();
    connects();
    open_for(1);
    await("is closed: its time is over");
    double_settle(&rig.d);
    assert_null(strstr(rig.d.calls, "Disconnect;"));
    assert_string_equal(writes(SSID, 'M', DOUBLE_DEVICE), REFUSED);
    rig.awaited = "Disconnect;";
    double_until(&rig.d, is_called, NULL, "it is shown out");
}

static void while_it_is_held_others_write_nothing(void **state)
{
    (void)state;
    opened();
    connects();
    assert_string_equal(writes(SSID, 'M', DOUBLE_DEVICE), TAKEN);
    assert_string_equal(writes(CONTROL, CONNECT, DOUBLE_DEVICE), TAKEN);
    await("\"status_name\":\"CONNECTING\"");
    open_for(1);
    await("\"closing\":true");
    assert_string_equal(writes(SSID, 'W', NULL), REFUSED);
    assert_string_equal(writes(CONTROL, CONNECT, NULL), REFUSED);
    assert_string_equal(writes(SSID, 'W', DOUBLE_DEVICE), TAKEN);
    double_settle(&rig.d);
    assert_null(strstr(rig.d.calls, "Disconnect;"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nobody_pairs_while_the_window_is_closed),
        TEST(just_works_proves_nothing),
        TEST(who_sat_still_until_it_closed_writes_nothing_and_goes),
        TEST(while_it_is_held_others_write_nothing),
    };
    return cmocka_run_group_tests_name("trothd_bluez", tests, NULL, NULL);
}
