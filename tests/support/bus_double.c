/* A service on a bus of its own. */
#include "support/bus_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- the bus ---- */

void bus_double_open(struct bus_double *d)
{
    bus_daemon_open(&d->daemon);
}

void bus_double_close(struct bus_double *d)
{
    bus_double_down(d);
    bus_daemon_close(&d->daemon);
}

void bus_double_kill(struct bus_double *d)
{
    bus_double_down(d);
    bus_daemon_kill(&d->daemon);
}

void bus_double_revive(struct bus_double *d)
{
    bus_daemon_revive(&d->daemon);
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
    bus_until(d->loop, truth, ctx, what, d->said);
}

void bus_double_settle(struct bus_double *d)
{
    size_t before;
    do {
        before = strlen(d->said);
        for (unsigned i = 0; i < 2 && d->bus && d->client[0]; i++)
            bus_round_trip(d->bus, d->client, d->said);
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
