/* Networks and states as devices tell of them, and their words. */
#include "prov/protocomm_client.h"

#include <string.h>

#include "base/check.h"

static uint8_t security_of(uint32_t auth_mode)
{
    switch (auth_mode) {
    case 0:
        return TROTH_WIFI_OPEN;
    case 3: /* WPA2_PSK */
    case 4: /* WPA_WPA2_PSK */
        return TROTH_WIFI_WPA2_PSK;
    case 6:
        return TROTH_WIFI_WPA3_SAE;
    case 7:
        return TROTH_WIFI_WPA2_WPA3;
    }
    return TROTH_WIFI_OTHER;
}

const char *troth_wifi_auth_mode_name(uint32_t auth_mode)
{
    static const char *const names[] = {"open",     "WEP",      "WPA-PSK",
                                        "WPA2-PSK", "WPA/WPA2", "WPA2-Enterprise",
                                        "WPA3-SAE", "WPA2/WPA3"};
    return auth_mode < sizeof names / sizeof *names ? names[auth_mode] : "(unknown)";
}

const char *troth_protocomm_status_name(uint32_t status)
{
    static const char *const names[] = {"SUCCESS",           "INVALID_SCHEME",   "INVALID_PROTO",
                                        "TOO_MANY_SESSIONS", "INVALID_ARGUMENT", "INTERNAL_ERROR",
                                        "CRYPTO_ERROR",      "INVALID_SESSION"};
    return status < sizeof names / sizeof *names ? names[status] : "(unknown)";
}

const char *troth_protocomm_why_words(uint8_t kind, uint8_t why)
{
    bool thread = kind == TROTH_NET_THREAD;
    switch (why) {
    case TROTH_PROTOCOMM_WHY_AUTH:
        return "the device could not log in to the Wi-Fi network: check the passphrase";
    case TROTH_PROTOCOMM_WHY_NOT_FOUND:
        return thread ? "the device found no such Thread network, or could not attach to it: check "
                        "the dataset and the network key, and bring the device nearer to a router"
                      : "the device found no such Wi-Fi network: check the name, the distance and "
                        "whether the device knows the network's band";
    case TROTH_PROTOCOMM_WHY_DATASET:
        return "the device cannot use the Thread dataset: export it again from the border router "
               "and check its network key";
    }
    return thread ? "the device could not attach to the Thread network and does not say why: check "
                    "the dataset and try again"
                  : "the device could not join the Wi-Fi network and does not say why: check name "
                    "and passphrase and that the network gives out addresses, and try again";
}

/* Up to n octets; none where the device sends none. */
static bool octets(uint8_t *to, size_t n, const uint8_t *from, size_t len)
{
    VERIFY(len == n || len == 0, false);
    if (len)
        memcpy(to, from, n);
    return true;
}

static uint8_t channel_of(uint32_t channel)
{
    return channel <= UINT8_MAX ? (uint8_t)channel : 0;
}

static int8_t rssi_of(int32_t rssi)
{
    return rssi < INT8_MIN || rssi > INT8_MAX ? 127 : (int8_t)rssi;
}

static void name_of(struct troth_thread_name *name, const char *text)
{
    size_t len = strlen(text);
    name->len = (uint8_t)(len < sizeof name->b ? len : sizeof name->b);
    memcpy(name->b, text, name->len);
}

int client_read_wifi(const pb_RespGetWifiStatus *r, struct troth_protocomm_answer *a)
{
    a->status = r->status;
    VERIFY(r->status == 0, TROTH_OK);
    VERIFY(r->wifi_sta_state <= TROTH_PROTOCOMM_CONNECTION_FAILED, TROTH_INVALID);
    a->u.status.state = r->wifi_sta_state;
    if (r->which_state == pb_RespGetWifiStatus_attempt_failed_tag) {
        a->u.status.attempt_failed = true;
        a->u.status.attempts_left = r->state.attempt_failed.attempts_remaining;
    } else if (r->which_state == pb_RespGetWifiStatus_wifi_fail_reason_tag) {
        a->u.status.why = r->state.wifi_fail_reason == 0   ? TROTH_PROTOCOMM_WHY_AUTH
                          : r->state.wifi_fail_reason == 1 ? TROTH_PROTOCOMM_WHY_NOT_FOUND
                                                           : TROTH_PROTOCOMM_WHY_OTHER;
    }
    a->u.status.info.rssi = 127;
    if (r->which_state != pb_RespGetWifiStatus_wifi_connected_tag)
        return r->wifi_sta_state == TROTH_PROTOCOMM_CONNECTED ? TROTH_INVALID : TROTH_OK;
    const pb_WifiConnectedState *c = &r->state.wifi_connected;
    struct troth_net_info *info = &a->u.status.info;
    memcpy(info->address, c->ip4_addr, sizeof info->address);
    a->u.status.auth_mode = c->auth_mode;
    info->security = security_of(c->auth_mode);
    info->channel = c->channel < 0 ? 0 : channel_of((uint32_t)c->channel);
    a->u.status.ssid.len = (uint8_t)c->ssid.size;
    memcpy(a->u.status.ssid.b, c->ssid.bytes, c->ssid.size);
    return octets(info->bssid, sizeof info->bssid, c->bssid.bytes, c->bssid.size) ? TROTH_OK
                                                                                  : TROTH_INVALID;
}

int client_read_thread(const pb_RespGetThreadStatus *r, struct troth_protocomm_answer *a)
{
    a->status = r->status;
    VERIFY(r->status == 0, TROTH_OK);
    VERIFY(r->thread_state <= TROTH_PROTOCOMM_CONNECTION_FAILED, TROTH_INVALID);
    a->u.status.state = r->thread_state;
    if (r->which_state == pb_RespGetThreadStatus_thread_fail_reason_tag)
        a->u.status.why = r->state.thread_fail_reason == 0   ? TROTH_PROTOCOMM_WHY_DATASET
                          : r->state.thread_fail_reason == 1 ? TROTH_PROTOCOMM_WHY_NOT_FOUND
                                                             : TROTH_PROTOCOMM_WHY_OTHER;
    struct troth_net_info *info = &a->u.status.info;
    info->rssi = 127;
    if (r->which_state != pb_RespGetThreadStatus_thread_attached_tag)
        return r->thread_state == TROTH_PROTOCOMM_CONNECTED ? TROTH_INVALID : TROTH_OK;
    const pb_ThreadAttachState *c = &r->state.thread_attached;
    VERIFY(c->pan_id <= UINT16_MAX, TROTH_INVALID);
    info->thread.pan_id = (uint16_t)c->pan_id;
    info->channel = channel_of(c->channel);
    name_of(&info->thread.name, c->name);
    return octets(info->thread.ext_pan_id, 8, c->ext_pan_id.bytes, c->ext_pan_id.size)
               ? TROTH_OK
               : TROTH_INVALID;
}

bool client_read_ap(const pb_WifiScanResult *e, struct troth_scan_result *r, uint32_t *auth_mode)
{
    r->kind = TROTH_NET_WIFI;
    r->channel = channel_of(e->channel);
    r->rssi = rssi_of(e->rssi);
    r->ssid.len = (uint8_t)e->ssid.size;
    memcpy(r->ssid.b, e->ssid.bytes, e->ssid.size);
    r->security = security_of(e->auth);
    *auth_mode = e->auth;
    return octets(r->bssid, sizeof r->bssid, e->bssid.bytes, e->bssid.size);
}

bool client_read_router(const pb_ThreadScanResult *e, struct troth_scan_result *r)
{
    VERIFY(e->pan_id <= UINT16_MAX, false);
    r->kind = TROTH_NET_THREAD;
    r->channel = channel_of(e->channel);
    r->rssi = rssi_of(e->rssi);
    r->lqi = e->lqi <= UINT8_MAX ? (uint8_t)e->lqi : UINT8_MAX;
    r->thread.pan_id = (uint16_t)e->pan_id;
    name_of(&r->thread.name, e->network_name);
    return octets(r->ext_addr, sizeof r->ext_addr, e->ext_addr.bytes, e->ext_addr.size) &&
           octets(r->thread.ext_pan_id, 8, e->ext_pan_id.bytes, e->ext_pan_id.size);
}
