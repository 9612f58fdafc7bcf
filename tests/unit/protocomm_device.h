/* A device of protocomm on a network that does as it is told; no store. One response at a time. */
#ifndef TESTS_UNIT_PROTOCOMM_DEVICE_H
#define TESTS_UNIT_PROTOCOMM_DEVICE_H

#include "unit/protocomm_bench.h"

/* By its whole path: the tools have a header of this name on the tests' path. */
#include <troth/protocomm.h>
#include <troth/protocomm_client.h>

static struct troth_prov prov;
static struct troth_protocomm pc;
static struct troth_protocomm_config cfg;
static struct ends e; /* .client is the session's other end */
static troth_ms now;

static uint32_t join_id, leave_id, scan_id;
static int scan_answer;
static bool no_scan;
static struct troth_credentials joined_with;
static struct troth_net_sink net_sink = {troth_prov_net_report, &prov};

static struct {
    unsigned count;
    uint32_t session;
    int result;
    uint8_t b[TROTH_PROTOCOMM_MAX + 16];
    size_t len;
} response;
static struct troth_protocomm_event told[32];
static unsigned tolds;

static int net_join(void *ctx, uint32_t id, const struct troth_credentials *c)
{
    (void)ctx;
    join_id = id;
    joined_with = *c;
    return TROTH_OK;
}
static int net_leave(void *ctx, uint32_t id)
{
    (void)ctx;
    leave_id = id;
    return TROTH_OK;
}
static int net_scan(void *ctx, uint32_t id)
{
    (void)ctx;
    scan_id = id;
    return scan_answer;
}
static const struct troth_net_ops net_all = {net_join, net_leave, net_scan, NULL};
static const struct troth_net_ops net_blind = {net_join, net_leave, NULL, NULL};
static struct troth_net net;

static void on_prov(void *ctx, const struct troth_prov_event *event)
{
    (void)ctx;
    troth_protocomm_prov_event(&pc, event);
}
static void on_respond(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len)
{
    (void)ctx;
    response.count++;
    response.session = session;
    response.result = result;
    response.len = len;
    if (len)
        memcpy(response.b, out, len);
}
static void on_told(void *ctx, const struct troth_protocomm_event *event)
{
    (void)ctx;
    assert_true(tolds < 32);
    told[tolds++] = *event;
}

/* Security `scheme`, a network of this kind; cfg may be changed before device_start. */
static inline void device(uint8_t scheme, uint8_t kind)
{
    ends_configure(&e, scheme);
    cfg = (struct troth_protocomm_config){.security = e.device_cfg,
                                          .prov = &prov,
                                          .kind = kind,
                                          .respond = on_respond,
                                          .event = on_told};
    no_scan = false;
    scan_answer = TROTH_OK;
    memset(&response, 0, sizeof response);
    tolds = 0;
    now = 1000;
}
static inline void device_start(void)
{
    net = (struct troth_net){no_scan ? &net_blind : &net_all, NULL, (uint8_t)(1u << cfg.kind)};
    const struct troth_prov_config p = {.net = &net, .event = on_prov};
    troth_prov_init(&prov, &p);
    assert_int_equal(troth_protocomm_init(&pc, &cfg), TROTH_OK);
    assert_int_equal(troth_security_init(&e.client, &e.client_cfg, false), TROTH_OK);
    troth_prov_start(&prov, NULL);
}
static inline void pass(uint32_t ms)
{
    troth_ms end = now + ms;
    do {
        troth_ms next =
            earlier(earlier(troth_prov_deadline(&prov), troth_protocomm_deadline(&pc)), end);
        now = next > now ? next : now;
        troth_prov_tick(&prov, now);
        troth_protocomm_tick(&pc, now);
    } while (now < end ||
             earlier(troth_prov_deadline(&prov), troth_protocomm_deadline(&pc)) <= now);
}

/* Raw octets to an endpoint. True: a response came, which is `result`. */
static inline bool send_raw(uint32_t session, unsigned endpoint, const void *in, size_t len,
                            int result)
{
    unsigned was = response.count;
    uint8_t *exact = malloc(len ? len : 1);
    assert_non_null(exact);
    memcpy(exact, in, len);
    troth_protocomm_request(&pc, session, endpoint, exact, len, now);
    free(exact);
    if (response.count == was)
        return false;
    assert_int_equal(response.count, was + 1);
    assert_int_equal(response.session, session);
    assert_int_equal(response.result, result);
    if (result != TROTH_OK)
        assert_int_equal(response.len, 0);
    return true;
}

/* What the handshake comes to: the result of the message that failed, or TROTH_OK. */
static inline int shake(uint32_t session)
{
    uint8_t msg[CAP];
    size_t len;
    assert_int_equal(troth_security_hello(&e.client, msg, CAP, &len), TROTH_OK);
    while (len) {
        unsigned was = response.count;
        troth_protocomm_request(&pc, session, TROTH_PROTOCOMM_SESSION, msg, len, now);
        assert_int_equal(response.count, was + 1);
        if (response.result != TROTH_OK)
            return response.result;
        assert_int_equal(troth_security_next(&e.client, response.b, response.len, msg, CAP, &len),
                         TROTH_OK);
    }
    return TROTH_OK;
}
static inline void session_up(uint32_t session)
{
    assert_int_equal(shake(session), TROTH_OK);
}

/* Through the session. The response, opened, is response.b; false: it is held. */
static inline void opened(void)
{
    if (response.result == TROTH_OK)
        assert_int_equal(
            troth_security_open(&e.client, response.b, response.len, response.b, &response.len),
            TROTH_OK);
}
static inline bool send_sealed(unsigned endpoint, const void *in, size_t len, int result)
{
    uint8_t m[TROTH_PROTOCOMM_MAX + 64];
    assert_int_equal(troth_security_seal(&e.client, in, len, m, &len), TROTH_OK);
    bool came = send_raw(pc.session, endpoint, m, len, result);
    if (came)
        opened();
    return came;
}
static inline bool send_hex(unsigned endpoint, const char *hex, int result)
{
    uint8_t b[600];
    return send_sealed(endpoint, b, vectors_hex(hex, b, sizeof b), result);
}
static inline void response_is(const char *hex)
{
    uint8_t b[600];
    size_t n = vectors_hex(hex, b, sizeof b);
    assert_int_equal(response.len, n);
    assert_memory_equal(response.b, b, n);
}
static inline void turn(unsigned endpoint, const char *in, const char *out)
{
    assert_true(send_hex(endpoint, in, TROTH_OK));
    response_is(out);
}

static inline void net_joined(void)
{
    const struct troth_net_info info = {
        .address = "192.168.1.7",
        .bssid = {2, 0, 0, 0, 0, 1},
        .security = TROTH_WIFI_WPA2_PSK,
        .channel = cfg.kind == TROTH_NET_WIFI ? 6 : 15,
        .rssi = -40,
        .role = TROTH_THREAD_CHILD,
        .thread = {0x1234, {0xde, 0xad, 0, 0xbe, 0xef, 0, 0xca, 0xfe}, {10, "OpenThread"}}};
    troth_net_joined(&net_sink, join_id, &info);
}

#endif
