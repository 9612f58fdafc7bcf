#include "support/bus_daemon.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

void bus_daemon_revive(struct bus_daemon *d)
{
    char config[160], address[300] = "";
    int out[2];
    assert_int_equal(pipe(out), 0);
    d->pid = fork();
    assert_true(d->pid >= 0);
    if (!d->pid) {
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* also when a test breaks down */
        snprintf(config, sizeof config, "--config-file=%s/conf", d->dir);
        dup2(out[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* as root it complains of limits */
        execlp("dbus-daemon", "dbus-daemon", config, "--nofork", "--nopidfile", "--nosyslog",
               "--print-address", (char *)NULL);
        _exit(127);
    }
    close(out[1]);
    FILE *in = fdopen(out[0], "r");
    assert_non_null(in);
    if (!fgets(address, sizeof address, in))
        fail_msg("dbus-daemon does not start; is it installed?");
    fclose(in);
}

void bus_daemon_open(struct bus_daemon *d)
{
    char path[100];
    snprintf(d->dir, sizeof d->dir, "/tmp/troth-bus-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    snprintf(path, sizeof path, "%s/conf", d->dir);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fprintf(f,
            "<busconfig><listen>unix:path=%s/bus</listen><auth>EXTERNAL</auth>"
            "<policy context='default'><allow user='*'/><allow own='*'/>"
            "<allow send_destination='*' send_type='method_call'/><allow send_type='signal'/>"
            "<allow send_requested_reply='true'/><allow receive_sender='*'/></policy></busconfig>",
            d->dir);
    fclose(f);
    snprintf(path, sizeof path, "unix:path=%s/bus", d->dir);
    setenv("DBUS_SYSTEM_BUS_ADDRESS", path, 1);
    bus_daemon_revive(d);
}

void bus_daemon_kill(struct bus_daemon *d)
{
    if (!d->pid)
        return;
    kill(d->pid, SIGKILL);
    waitpid(d->pid, NULL, 0);
    d->pid = 0;
}

void bus_daemon_close(struct bus_daemon *d)
{
    static const char *const files[] = {"bus", "conf"};
    char path[100];
    bus_daemon_kill(d);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", d->dir, files[i]);
        unlink(path);
    }
    rmdir(d->dir);
}

void bus_until(sd_event *loop, bool (*truth)(void *ctx), void *ctx, const char *what,
               const char *said)
{
    while (!truth(ctx))
        if (sd_event_run(loop, 10000000) <= 0)
            fail_msg("it does not happen: %s; said:\n%s", what, said);
}

static int on_pong(sd_bus_message *m, void *context, sd_bus_error *error)
{
    (void)m;
    (void)error;
    *(bool *)context = true;
    return 0;
}

static bool is_true(void *ctx)
{
    return *(const bool *)ctx;
}

void bus_round_trip(sd_bus *bus, const char *client, const char *said)
{
    bool done = false;
    assert_true(sd_bus_call_method_async(bus, NULL, client, "/", "org.freedesktop.DBus.Peer",
                                         "Ping", on_pong, &done, NULL) >= 0);
    bus_until(sd_bus_get_event(bus), is_true, &done, "a round trip", said);
}
