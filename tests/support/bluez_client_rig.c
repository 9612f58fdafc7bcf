#include "support/bluez_client_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void keep(struct bluez_client_rig *r, const uint8_t *data, uint16_t len)
{
    assert_true(len <= sizeof r->data);
    memcpy(r->data, data, len);
    r->len = len;
}

static void on_event(void *ctx, const struct troth_event *e)
{
    struct bluez_client_rig *r = ctx;
    switch (e->type) {
    case TROTH_EV_REPORT:
        r->reports++;
        r->counts = bluez_client_is_asked(r->client);
        r->rssi = e->u.report.rssi;
        keep(r, e->u.report.data, e->u.report.len);
        break;
    case TROTH_EV_CONNECTED:
        r->connected++;
        r->last = *e;
        break;
    case TROTH_EV_DISCONNECTED:
        r->disconnected++;
        break;
    case TROTH_EV_GATT_SERVICE:
        r->services++;
        r->first = e->u.service.first;
        r->last_handle = e->u.service.last;
        break;
    case TROTH_EV_GATT_CHARACTERISTIC:
        r->characteristics++;
        break;
    case TROTH_EV_GATT_DESCRIPTOR:
        r->descriptors++;
        r->ccc = e->u.descriptor.handle;
        break;
    case TROTH_EV_GATT_NOTIFICATION:
        r->notifications++;
        r->handle = e->u.value.handle;
        keep(r, e->u.value.data, e->u.value.len);
        break;
    case TROTH_EV_GATT_VALUE:
        keep(r, e->u.value.data, e->u.value.len);
        break;
    case TROTH_EV_GATT_DONE:
        r->dones++;
        r->last = *e;
        break;
    default:
        fail_msg("an event of type %d", (int)e->type);
    }
}

static void on_told(void *ctx, enum bluez_client_news news, const char *why)
{
    struct bluez_client_rig *r = ctx;
    r->told[news]++;
    snprintf(r->why, sizeof r->why, "%s", why ? why : "");
}

static bool is_one(void *ctx)
{
    return *(const unsigned *)ctx > 0;
}

void bluez_client_rig_await(struct bluez_client_rig *r, unsigned *count, const char *what)
{
    double_until(&r->d, is_one, count, what);
    *count = 0;
}

int bluez_client_rig_setup(void **state)
{
    char why[BLUEZ_WHY];
    const char *name;
    struct bluez_client_rig *r = calloc(1, sizeof *r);
    assert_non_null(r);
    *state = r;
    assert_true(sd_event_new(&r->loop) >= 0);
    double_start(&r->d, r->loop);
    double_up(&r->d);
    r->bluez = bluez_new(r->loop, NULL, why, sizeof why);
    assert_non_null(r->bluez);
    struct bluez_client_config config = {
        .bluez = r->bluez, .event = on_event, .told = on_told, .ctx = r};
    r->client = bluez_client_new(&config);
    assert_non_null(r->client);
    bluez_start(r->bluez);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_UP], "BlueZ is there");
    assert_true(sd_bus_get_unique_name(bluez_bus(r->bluez), &name) >= 0);
    snprintf(r->d.owner, sizeof r->d.owner, "%s", name);
    return 0;
}

int bluez_client_rig_teardown(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_free(r->client);
    bluez_free(r->bluez);
    double_stop(&r->d);
    sd_event_unref(r->loop);
    free(r);
    return 0;
}

void bluez_client_rig_connect(struct bluez_client_rig *r)
{
    struct troth_addr lamp;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    lamp.type = TROTH_ADDR_RANDOM;
    assert_int_equal(bluez_client_connect(r->client, &lamp, 5000), TROTH_OK);
    bluez_client_rig_await(r, &r->connected, "the connection");
}

void bluez_client_rig_discover(struct bluez_client_rig *r)
{
    bluez_client_rig_connect(r);
    r->d.resolved = true;
    double_device_changed(&r->d, "ServicesResolved");
    assert_int_equal(bluez_client_discover(r->client, NULL), TROTH_OK);
    bluez_client_rig_await(r, &r->dones, "discovery");
    assert_int_equal(r->last.u.done.result, TROTH_OK);
}
