/* A service on a bus of its own. */
#include "support/bus_double.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- the bus ---- */

void bus_double_revive(struct bus_double *d)
{
    char config[160], address[300] = "";
    int out[2];
    assert_int_equal(pipe(out), 0);
    d->daemon = fork();
    assert_true(d->daemon >= 0);
    if (!d->daemon) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        snprintf(config, sizeof config, "--config-file=%s/conf", d->dir);
        dup2(out[1], STDOUT_FILENO);
        dup2(open("/dev/null", O_WRONLY), STDERR_FILENO); /* it complains of limits */
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

void bus_double_open(struct bus_double *d)
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
    bus_double_revive(d);
}

void bus_double_kill(struct bus_double *d)
{
    bus_double_down(d);
    if (!d->daemon)
        return;
    kill(d->daemon, SIGKILL);
    waitpid(d->daemon, NULL, 0);
    d->daemon = 0;
}

void bus_double_close(struct bus_double *d)
{
    static const char *const files[] = {"bus", "conf"};
    char path[100];
    bus_double_kill(d);
    for (unsigned i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s", d->dir, files[i]);
        unlink(path);
    }
    rmdir(d->dir);
}

/* ---- the service ---- */

static int on_message(sd_bus_message *m, void *context, sd_bus_error *error)
{
    struct bus_double *d = context;
    uint8_t type;
    (void)error;
    sd_bus_message_get_type(m, &type);
    const char *path = sd_bus_message_get_path(m), *member = sd_bus_message_get_member(m);
    const char *interface = sd_bus_message_get_interface(m);
    if (type != SD_BUS_MESSAGE_METHOD_CALL || !interface ||
        !strcmp(interface, "org.freedesktop.DBus.Peer"))
        return 0;
    size_t at = strlen(d->said);
    snprintf(d->said + at, sizeof d->said - at, "%s %s\n", member, path);
    snprintf(d->client, sizeof d->client, "%s", sd_bus_message_get_sender(m));
    return d->call(d->ctx, m, path, member);
}

void bus_double_up(struct bus_double *d)
{
    assert_true(sd_bus_open_system(&d->bus) >= 0);
    assert_true(sd_bus_attach_event(d->bus, d->loop, 0) >= 0);
    assert_true(sd_bus_add_filter(d->bus, NULL, on_message, d) >= 0);
    assert_true(sd_bus_request_name(d->bus, d->service, 0) >= 0);
}

void bus_double_down(struct bus_double *d)
{
    d->bus = sd_bus_flush_close_unref(d->bus);
    d->client[0] = 0;
}

/* ---- waiting ---- */

void bus_double_until(struct bus_double *d, bool (*truth)(void *ctx), void *ctx, const char *what)
{
    while (!truth(ctx))
        if (sd_event_run(d->loop, 10000000) <= 0)
            fail_msg("it does not happen: %s; said:\n%s", what, d->said);
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
    return *(bool *)ctx;
}

/* Messages keep their order, each way: a round trip pushes all others before it. */
void bus_double_settle(struct bus_double *d)
{
    size_t before;
    do {
        before = strlen(d->said);
        for (unsigned i = 0; i < 2 && d->bus && d->client[0]; i++) {
            bool done = false;
            assert_true(sd_bus_call_method_async(d->bus, NULL, d->client, "/",
                                                 "org.freedesktop.DBus.Peer", "Ping", on_pong,
                                                 &done, NULL) >= 0);
            bus_double_until(d, is_true, &done, "a round trip");
        }
    } while (strlen(d->said) != before);
}

bool bus_double_heard(const struct bus_double *d, const char *call)
{
    return strstr(d->said, call) != NULL;
}

void bus_double_forget(struct bus_double *d)
{
    d->said[0] = 0;
}

/* ---- messages ---- */

void bus_double_object(sd_bus_message *m, const char *path)
{
    sd_bus_message_open_container(m, 'e', "oa{sa{sv}}");
    sd_bus_message_append(m, "o", path);
    sd_bus_message_open_container(m, 'a', "{sa{sv}}");
}

void bus_double_interface(sd_bus_message *m, const char *interface)
{
    sd_bus_message_open_container(m, 'e', "sa{sv}");
    sd_bus_message_append(m, "s", interface);
    sd_bus_message_open_container(m, 'a', "{sv}");
}

void bus_double_end_interface(sd_bus_message *m)
{
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
}

void bus_double_end_object(sd_bus_message *m)
{
    sd_bus_message_close_container(m);
    sd_bus_message_close_container(m);
}

char *bus_double_text(sd_bus_message *m)
{
    char *text = NULL;
    size_t len;
    FILE *f = open_memstream(&text, &len);
    assert_non_null(f);
    sd_bus_message_rewind(m, 1);
    sd_bus_message_dump(m, f, 0);
    sd_bus_message_rewind(m, 1);
    fclose(f);
    return text;
}
