/* Our client and our device, asking and answering; the octets of tests/vectors/protocomm.json. */
#ifndef TESTS_UNIT_PROTOCOMM_ASKS_H
#define TESTS_UNIT_PROTOCOMM_ASKS_H

#include "unit/protocomm_device.h"

#define CONFIG TROTH_PROTOCOMM_CONFIG
#define SCAN   TROTH_PROTOCOMM_SCAN
#define CTRL   TROTH_PROTOCOMM_CTRL
#define WIFI   TROTH_NET_WIFI
#define THREAD TROTH_NET_THREAD

static cJSON *vectors;
static inline int load(void **state)
{
    (void)state;
    vectors = vectors_load("protocomm.json");
    return 0;
}
static inline int unload(void **state)
{
    (void)state;
    cJSON_Delete(vectors);
    return 0;
}
static inline const char *vector(const char *name)
{
    return vectors_string(cJSON_GetObjectItem(vectors, "protobuf"), name);
}

static inline struct troth_credentials wifi(const char *ssid, const char *password)
{
    struct troth_credentials c = {.kind = WIFI};
    c.u.wifi.security = *password ? TROTH_WIFI_WPA2_PSK : TROTH_WIFI_OPEN;
    c.u.wifi.ssid.len = (uint8_t)strlen(ssid);
    memcpy(c.u.wifi.ssid.b, ssid, c.u.wifi.ssid.len);
    c.u.wifi.password.len = (uint8_t)strlen(password);
    memcpy(c.u.wifi.password.b, password, c.u.wifi.password.len);
    return c;
}

#define ASK(o, k, ...)                                                                             \
    ((struct troth_protocomm_ask){.op = TROTH_PROTOCOMM_OP_##o, .kind = (k), __VA_ARGS__})

/* ---- both ends ---- */

static struct troth_protocomm_answer answer;

/* Our client asks our device. TROTH_BUSY: the response is held. */
static inline int query(struct troth_protocomm_ask ask)
{
    uint8_t b[300];
    size_t len;
    const char *name = troth_protocomm_op_endpoint(ask.op);
    assert_int_equal(troth_protocomm_ask(&ask, b, sizeof b, &len), TROTH_OK);
    if (!send_sealed((unsigned)troth_protocomm_find(&pc, name, strlen(name)), b, len, TROTH_OK))
        return TROTH_BUSY;
    return troth_protocomm_read(&ask, response.b, response.len, &answer);
}
static inline int set_and_apply(const struct troth_credentials *c)
{
    int r = query(ASK(SET, c->kind, .credentials = c));
    return r != TROTH_OK ? r : query(ASK(APPLY, c->kind, .credentials = c));
}
static inline void state_is(uint32_t state)
{
    assert_int_equal(query(ASK(STATUS, cfg.kind, .start = 0)), TROTH_OK);
    assert_int_equal(answer.u.status.state, state);
}
#define CONNECTED  TROTH_PROTOCOMM_CONNECTED
#define CONNECTING TROTH_PROTOCOMM_CONNECTING
#define FAILED     TROTH_PROTOCOMM_CONNECTION_FAILED

static inline void up(uint8_t scheme, uint8_t kind)
{
    device(scheme, kind);
    device_start();
    session_up(1);
}

#endif
