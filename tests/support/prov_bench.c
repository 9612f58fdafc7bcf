/* A provisioning session on a network and a store that do as they are told. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/dataset.h>

#include "tests/support/prov_bench.h"

char out[4096];

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

static void note_credentials(const char *what, const struct troth_credentials *c)
{
    struct troth_dataset d;
    if (c->kind != TROTH_NET_THREAD) {
        note("%s:%.*s", what, c->u.wifi.ssid.len, (const char *)c->u.wifi.ssid.b);
        return;
    }
    troth_dataset_parse(&d, c->u.thread.dataset, c->u.thread.len, NULL);
    note("%s:thread:%.*s", what, d.name.len, (const char *)d.name.b);
}

/* What came out since the last look, whole. */
void expect_at(int line, const char *words)
{
    if (strcmp(out, words) != 0)
        fail_msg("line %d:\n  expected %s\n  got      %s", line, words, out);
    out[0] = 0;
}
struct troth_prov prov;
troth_ms now;

/* ---- the network ---- */

uint32_t joining, left, scanned, asked;     /* identity of the last of each */
int join_result, leave_result, scan_result; /* of the calls themselves */
const struct troth_net_report *at_once;     /* reported within the join call */
struct troth_net_sink sink = {troth_prov_net_report, &prov};
struct troth_credentials tried;

static int net_join(void *ctx, uint32_t id, const struct troth_credentials *c)
{
    (void)ctx;
    assert_true(id > joining && id > left);
    joining = id;
    tried = *c;
    note_credentials("join", c);
    if (join_result == TROTH_OK && at_once) {
        struct troth_net_report r = *at_once;
        r.id = id;
        sink.report(sink.ctx, &r);
    }
    return join_result;
}

static int net_leave(void *ctx, uint32_t id)
{
    (void)ctx;
    left = id;
    note("leave");
    return leave_result;
}

static int net_scan(void *ctx, uint32_t id)
{
    (void)ctx;
    scanned = id;
    note("scan");
    return scan_result;
}

static int net_status(void *ctx, uint32_t id)
{
    (void)ctx;
    asked = id;
    note("ask");
    return TROTH_OK;
}

const struct troth_net_ops net_ops = {net_join, net_leave, net_scan, net_status};
static const struct troth_net net = {&net_ops, NULL, 1u << TROTH_NET_WIFI};

/* ---- the store ---- */

uint32_t store_serial;
struct troth_credentials in_store; /* what a power cut leaves */
struct troth_credentials to_store; /* what the operation will have made of it */
bool store_at_once;

static void store_save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    (void)ctx;
    assert_int_equal(troth_credentials_check(c), TROTH_NET_OK);
    store_serial = serial;
    to_store = *c;
    note_credentials("save", c);
    if (store_at_once) {
        in_store = to_store;
        troth_prov_stored(&prov, serial, true);
    }
}

static void store_erase(void *ctx, uint32_t serial)
{
    (void)ctx;
    store_serial = serial;
    memset(&to_store, 0, sizeof to_store);
    note("erase");
    if (store_at_once) {
        in_store = to_store;
        troth_prov_stored(&prov, serial, true);
    }
}

void stored(bool ok)
{
    if (ok)
        in_store = to_store;
    assert_int_equal(troth_prov_stored(&prov, store_serial, ok), TROTH_OK);
}

/* ---- events ---- */

void (*on_event)(const struct troth_prov_event *e);

static void event(void *ctx, const struct troth_prov_event *e)
{
    static const char *const why[] = {"start", "join",    "loss",  "failure",
                                      "erase", "request", "expiry"};
    (void)ctx;
    switch (e->type) {
    case TROTH_PROV_EV_STATE:
        if (e->reason)
            note("%s(%s)", troth_prov_state_name(e->state), troth_net_reason_name(e->reason));
        else
            note("%s", troth_prov_state_name(e->state));
        break;
    case TROTH_PROV_EV_ATTEMPT:
        note("attempt%u", e->u.attempt.number);
        break;
    case TROTH_PROV_EV_ATTEMPT_FAILED:
        note("missed%u(%s)%u", e->u.attempt.number, troth_net_reason_name(e->reason),
             e->u.attempt.left);
        break;
    case TROTH_PROV_EV_KEPT:
        note("kept");
        break;
    case TROTH_PROV_EV_LOST:
        note("lost(%s)", troth_net_reason_name(e->reason));
        break;
    case TROTH_PROV_EV_STORED:
        note(e->u.ok ? "stored" : "unstored");
        break;
    case TROTH_PROV_EV_ERASED:
        note("%s:%u", e->u.erased.ok ? "erased" : "unerased", e->u.erased.writer);
        break;
    case TROTH_PROV_EV_WINDOW:
        note("%s(%s)", e->u.window.open ? "open" : "shut", why[e->u.window.why]);
        break;
    case TROTH_PROV_EV_SCAN_RESULT:
        note("result:%.*s", e->u.result->ssid.len, (const char *)e->u.result->ssid.b);
        break;
    case TROTH_PROV_EV_SCAN_DONE:
        note("scanned(%s)", troth_net_reason_name(e->reason));
        break;
    case TROTH_PROV_EV_INFO:
        note("info");
        break;
    }
    if (on_event)
        on_event(e);
}

/* ---- what a test says ---- */

void stage(troth_link writer, const char *ssid, uint8_t security, const char *password)
{
    struct troth_credentials *c = troth_prov_stage(&prov, writer);
    assert_non_null(c);
    memset(c, 0, sizeof *c);
    c->kind = TROTH_NET_WIFI;
    c->u.wifi.security = security;
    c->u.wifi.ssid.len = (uint8_t)strlen(ssid);
    memcpy(c->u.wifi.ssid.b, ssid, strlen(ssid));
    c->u.wifi.password.len = (uint8_t)strlen(password);
    memcpy(c->u.wifi.password.b, password, strlen(password));
}

void connect_to(troth_link writer, const char *ssid)
{
    stage(writer, ssid, TROTH_WIFI_AUTO, "open sesame");
    assert_int_equal(troth_prov_connect(&prov, writer), TROTH_OK);
}

void net_says(enum troth_net_report_type type, uint32_t id, enum troth_net_reason reason)
{
    static const struct troth_net_info info = {.address = "192.0.2.1", .rssi = -50};
    struct troth_net_report r = {.type = type, .id = id, .reason = reason, .info = &info};
    sink.report(sink.ctx, &r);
}

void join_ok(void)
{
    net_says(TROTH_NET_JOINED, joining, TROTH_NET_OK);
}
void join_no(enum troth_net_reason r)
{
    net_says(TROTH_NET_JOIN_FAILED, joining, r);
}
void net_lost(void)
{
    net_says(TROTH_NET_LOST, joining, TROTH_NET_LINK_LOST);
}

/* Time passes, ticked at each deadline. */
void pass(uint32_t ms)
{
    troth_ms end = now + ms;
    for (;;) {
        troth_ms d = troth_prov_deadline(&prov);
        if (d > end)
            break;
        if (d > now)
            now = d;
        troth_prov_tick(&prov, now);
    }
    now = end;
    troth_prov_tick(&prov, now);
}

struct troth_prov_config config;

void power_on(void)
{
    struct troth_credentials kept = in_store;
    joining = left = scanned = asked = 0;
    memset(&prov, 0xa5, sizeof prov);
    troth_prov_init(&prov, &config);
    troth_prov_start(&prov, kept.kind ? &kept : NULL);
}

int fresh(void **state)
{
    (void)state;
    config = (struct troth_prov_config){
        .net = &net, .save = store_save, .erase = store_erase, .event = event};
    memset(&in_store, 0, sizeof in_store);
    join_result = leave_result = scan_result = TROTH_OK;
    at_once = NULL;
    store_at_once = false;
    on_event = NULL;
    now = 1000000;
    out[0] = 0;
    return 0;
}

/* A device joined to "old", its credentials in the store. */
void joined_to_old(void)
{
    power_on();
    connect_to(1, "old");
    join_ok();
    stored(true);
    troth_prov_gone(&prov, 1);
    out[0] = 0;
}

struct troth_prov_status status(void)
{
    struct troth_prov_status s;
    troth_prov_status(&prov, &s);
    return s;
}

void assert_ssid(struct troth_ssid ssid, const char *text)
{
    assert_int_equal(ssid.len, strlen(text));
    assert_memory_equal(ssid.b, text, ssid.len);
}

bool remembers(const void *memory, size_t size, const char *secret)
{
    for (size_t i = 0; i + strlen(secret) <= size; i++)
        if (memcmp((const char *)memory + i, secret, strlen(secret)) == 0)
            return true;
    return false;
}
