/* A GATT client that does as it is told: the provisioning client's peer is the test. */
#ifndef TESTS_UNIT_WIFI_CLIENT_PEER_H
#define TESTS_UNIT_WIFI_CLIENT_PEER_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/wifi_client.h>

#define LINK 7

static char out[32768]; /* procedures asked for and events told, in order */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t at = strlen(out);
    va_list args;
    va_start(args, format);
    if (at)
        out[at++] = ' ';
    vsnprintf(out + at, sizeof out - at, format, args);
    va_end(args);
}

static inline void expect_at(int line, const char *words)
{
    if (strcmp(out, words) != 0)
        fail_msg("line %d:\n  expected %s\n  got      %s", line, words, out);
    out[0] = 0;
}
#define expect(words) expect_at(__LINE__, words)

/* ---- the GATT client, replaced ---- */

static int gatt_result;

static int asked(void)
{
    return gatt_result;
}

int troth_gatt_discover_service(struct troth_host *h, troth_link link,
                                const struct troth_uuid *uuid)
{
    (void)h;
    assert_int_equal(link, LINK);
    assert_int_equal(uuid->len, 16);
    note("discover:%02x%02x", uuid->b[13], uuid->b[12]);
    return asked();
}

int troth_gatt_read(struct troth_host *h, troth_link link, uint16_t handle)
{
    (void)h;
    (void)link;
    note("read:%u", handle);
    return asked();
}

static struct troth_level link_level = {.key_size = 16};

struct troth_level troth_link_level(const struct troth_host *h, troth_link link)
{
    (void)h;
    (void)link;
    return link_level;
}

int troth_gatt_write(struct troth_host *h, troth_link link, uint16_t handle, const uint8_t *data,
                     uint16_t len)
{
    (void)h;
    (void)link;
    if (handle == 12 || handle == 14)
        note("write:%u=%.*s", handle, len, (const char *)data);
    else
        note("write:%u=%02x", handle, data[0]);
    return asked();
}

int troth_gatt_subscribe(struct troth_host *h, troth_link link, uint16_t ccc, uint16_t bits)
{
    (void)h;
    (void)link;
    note("subscribe:%u=%u", ccc, bits);
    return asked();
}

const char *troth_att_error_words(uint8_t error)
{
    (void)error;
    return "an ATT error";
}

/* ---- the client's side ---- */

static struct troth_wifi_client client;
static struct troth_wifi_client_event last;
static void (*on_done)(void);
static troth_ms now;

static void event(void *ctx, const struct troth_wifi_client_event *e)
{
    (void)ctx;
    if (e->type == TROTH_WIFI_EV_STATUS) {
        note("[%s]", troth_prov_state_name(e->state));
        return;
    }
    last = *e;
    note("%s", troth_wifi_result_name(e->result));
    assert_true(strlen(troth_wifi_client_words(e)) > 3);
    if (on_done)
        on_done();
}

static inline int fresh(void **state)
{
    (void)state;
    struct troth_wifi_client_config cfg = {.link = LINK, .event = event};
    memset(&client, 0xa5, sizeof client);
    troth_wifi_client_init(&client, &cfg);
    memset(&last, 0, sizeof last);
    out[0] = 0;
    gatt_result = TROTH_OK;
    link_level = (struct troth_level){.key_size = 16, .mitm = true, .sc = true};
    on_done = NULL;
    now = 5000;
    return 0;
}

static inline void pass(uint32_t ms)
{
    troth_ms end = now + ms;
    for (;;) {
        troth_ms d = troth_wifi_client_deadline(&client);
        if (d > end)
            break;
        if (d > now)
            now = d;
        troth_wifi_client_tick(&client, now);
    }
    now = end;
    troth_wifi_client_tick(&client, now);
}

/* ---- the peer's side ---- */

static inline void done(int result, uint8_t att_error)
{
    struct troth_event e = {.type = TROTH_EV_GATT_DONE, .link = LINK};
    e.u.done.result = result;
    e.u.done.att_error = att_error;
    troth_wifi_client_feed(&client, &e);
}

static inline void ok(void)
{
    done(TROTH_OK, 0);
}

static inline void value(const char *octets, uint16_t len)
{
    struct troth_event e = {.type = TROTH_EV_GATT_VALUE, .link = LINK};
    e.u.value.data = (const uint8_t *)octets;
    e.u.value.len = len;
    troth_wifi_client_feed(&client, &e);
    ok();
}

static inline void notified(uint16_t handle, char state)
{
    struct troth_event e = {.type = TROTH_EV_GATT_NOTIFICATION, .link = LINK};
    e.u.value.handle = handle;
    e.u.value.data = (const uint8_t *)&state;
    e.u.value.len = 1;
    troth_wifi_client_feed(&client, &e);
}

static inline void disconnected(void)
{
    struct troth_event e = {.type = TROTH_EV_DISCONNECTED, .link = LINK};
    troth_wifi_client_feed(&client, &e);
}

static inline struct troth_uuid uuid_of(uint8_t id)
{
    struct troth_uuid u = TROTH_WIFI_GATT_UUID(0);
    u.b[12] = id;
    return u;
}

static inline void a_service(uint8_t id)
{
    struct troth_event e = {.type = TROTH_EV_GATT_SERVICE, .link = LINK};
    e.u.service.uuid = uuid_of(id);
    troth_wifi_client_feed(&client, &e);
}

/* Characteristic id: its value at 10 + id + base, a CCC behind it where it notifies. */
static inline void a_characteristic(uint8_t id, uint8_t properties, uint16_t base)
{
    struct troth_event e = {.type = TROTH_EV_GATT_CHARACTERISTIC, .link = LINK};
    e.u.characteristic.uuid = uuid_of(id);
    e.u.characteristic.properties = properties;
    e.u.characteristic.value_handle = (uint16_t)(base + 2 * id + 8);
    troth_wifi_client_feed(&client, &e);
}

static inline void a_descriptor(uint16_t uuid, uint16_t handle)
{
    struct troth_event e = {.type = TROTH_EV_GATT_DESCRIPTOR, .link = LINK};
    e.u.descriptor.uuid = (struct troth_uuid)TROTH_UUID16(uuid);
    e.u.descriptor.handle = handle;
    troth_wifi_client_feed(&client, &e);
}

/* SSID 12, Password 14, Security 16, Control 18, Status 20 (CCC 21), Details 22 (CCC 23). */
static inline void the_service(bool details)
{
    a_service(1);
    for (uint8_t id = 2; id <= 5; id++)
        a_characteristic(id, TROTH_PROP_WRITE, 0);
    a_characteristic(6, TROTH_PROP_READ | TROTH_PROP_NOTIFY, 0);
    a_descriptor(0x2902, 21);
    if (details) {
        a_characteristic(7, TROTH_PROP_READ | TROTH_PROP_NOTIFY, 0);
        a_descriptor(0x2902, 23);
    }
}

static inline void open_it(bool details)
{
    assert_int_equal(troth_wifi_client_open(&client), TROTH_OK);
    the_service(details);
    ok();
    ok();
    value("\0", 1);
    if (details)
        value("\0\0\0\0", 4);
    assert_int_equal(last.result, TROTH_WIFI_DONE);
    out[0] = 0;
}

static inline struct troth_wifi home(uint8_t security, const char *password)
{
    struct troth_wifi w = {.ssid = {4, {'h', 'o', 'm', 'e'}}, .security = security};
    w.password.len = (uint8_t)strlen(password);
    memcpy(w.password.b, password, strlen(password));
    return w;
}

static inline void provision(void)
{
    struct troth_wifi w = home(TROTH_WIFI_AUTO, "open sesame");
    assert_int_equal(troth_wifi_client_provision(&client, &w), TROTH_OK);
}

static inline void provision_accepted(void)
{
    provision();
    for (int i = 0; i < 4; i++)
        ok();
    out[0] = 0;
}

#endif
