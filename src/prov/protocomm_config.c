/* prov-config: set, apply, status. */
#include "prov/protocomm.h"

#include "base/check.h"
#include "base/wipe.h"
#include "prov/proto/config.pb.h"

/* A request's number; its response's is one more. Its member of the oneof is 10 more. */
enum {
    GET_WIFI = 0,
    SET_WIFI = 2,
    APPLY_WIFI = 4,
    GET_THREAD = 6,
    SET_THREAD = 8,
    APPLY_THREAD = 10,
};
/* WifiStationState and ThreadNetworkState alike; 0 is the one of success: docs/WIRE.md. */
enum { CONNECTED = 0, CONNECTING = 1, FAILED = 3 };

uint32_t protocomm_auth_mode(uint8_t security)
{
    switch (security) {
    case TROTH_WIFI_OPEN:
        return 0;
    case TROTH_WIFI_WPA2_PSK:
    case TROTH_WIFI_WPA2_PSK_SHA256:
        return 3;
    case TROTH_WIFI_WPA3_SAE:
        return 6;
    case TROTH_WIFI_WPA2_WPA3:
        return 7;
    }
    return 5; /* WPA2_ENTERPRISE: what cannot be joined with a passphrase */
}

/* ---- status ---- */

struct seen {
    uint32_t state;
    uint8_t reason; /* enum troth_net_reason of FAILED, or of the attempt before */
    struct troth_prov_status s;
};

/* What the client is to be told: of its own request, once there is one. */
static struct seen see(const struct troth_protocomm *pc)
{
    struct seen v = {.state = CONNECTING};
    troth_prov_status(pc->cfg.prov, &v.s);
    if (pc->view == VIEW_FAILED) {
        v.state = FAILED;
        v.reason = pc->reason;
    } else if (pc->view == VIEW_RUNNING) {
        v.reason = v.s.state == TROTH_PROV_CONNECTING ? (uint8_t)v.s.reason : 0;
    } else if (!pc->hidden && v.s.state == TROTH_PROV_FAILED) {
        v.state = FAILED;
        v.reason = (uint8_t)v.s.reason;
    } else if (!pc->hidden && v.s.state == TROTH_PROV_CONNECTED && v.s.online &&
               v.s.kind == pc->cfg.kind) {
        v.state = CONNECTED;
    }
    return v;
}

static void put_wifi(pb_RespGetWifiStatus *r, const struct seen *v)
{
    r->wifi_sta_state = v->state;
    if (v->state == CONNECTED) {
        pb_WifiConnectedState *c = &r->state.wifi_connected;
        r->which_state = pb_RespGetWifiStatus_wifi_connected_tag;
        memcpy(c->ip4_addr, v->s.info.address, sizeof c->ip4_addr);
        c->auth_mode = protocomm_auth_mode(v->s.info.security);
        c->ssid.size = v->s.ssid.len;
        memcpy(c->ssid.bytes, v->s.ssid.b, v->s.ssid.len);
        c->bssid.size = sizeof v->s.info.bssid;
        memcpy(c->bssid.bytes, v->s.info.bssid, sizeof v->s.info.bssid);
        c->channel = v->s.info.channel;
    } else if (v->state == CONNECTING && v->reason) {
        r->which_state = pb_RespGetWifiStatus_attempt_failed_tag;
        r->state.attempt_failed.attempts_remaining = v->s.attempts_left;
    } else if (v->reason == TROTH_NET_NOT_FOUND) {
        r->which_state = pb_RespGetWifiStatus_wifi_fail_reason_tag;
        r->state.wifi_fail_reason = 1;
    } else if (v->reason == TROTH_NET_WRONG_PASSWORD || v->reason == TROTH_NET_BAD_PASSWORD ||
               v->reason == TROTH_NET_UNSUPPORTED_SECURITY) {
        r->which_state = pb_RespGetWifiStatus_wifi_fail_reason_tag;
        r->state.wifi_fail_reason = 0;
    }
    /* There is no number for any other reason: none is told. */
}

static void put_thread(pb_RespGetThreadStatus *r, const struct seen *v)
{
    r->thread_state = v->state;
    if (v->state == CONNECTED) {
        pb_ThreadAttachState *c = &r->state.thread_attached;
        const struct troth_thread_id *id = &v->s.thread;
        r->which_state = pb_RespGetThreadStatus_thread_attached_tag;
        c->pan_id = id->pan_id;
        c->ext_pan_id.size = sizeof id->ext_pan_id;
        memcpy(c->ext_pan_id.bytes, id->ext_pan_id, sizeof id->ext_pan_id);
        c->channel = v->s.info.channel;
        memcpy(c->name, id->name.b, id->name.len);
    } else if (v->state == FAILED) {
        /*
         * DatasetInvalid is of one that cannot be read. Devices in use find no network under a key
         * that is not its key, and say so; their clients know what that may mean.
         */
        bool dataset =
            v->reason == TROTH_NET_BAD_DATASET || v->reason == TROTH_NET_NO_NETWORK_GIVEN;
        if (dataset || v->reason == TROTH_NET_NOT_FOUND || v->reason == TROTH_NET_WRONG_KEY ||
            v->reason == TROTH_NET_TIMEOUT) {
            r->which_state = pb_RespGetThreadStatus_thread_fail_reason_tag;
            r->state.thread_fail_reason = dataset ? 0 : 1;
        }
    }
}

/*
 * Who was told of the success needs the device no longer. A client that looks at `state` alone takes
 * a refusal for success unless it says FAILED.
 */
static void get_status(struct troth_protocomm *pc, pb_Config *m, bool thread, bool ours)
{
    struct seen v = see(pc);
    if (!ours)
        v = (struct seen){.state = FAILED};
    if (thread) {
        m->payload.resp_get_thread_status.status = ours ? pb_SUCCESS : pb_INVALID_ARGUMENT;
        put_thread(&m->payload.resp_get_thread_status, &v);
    } else {
        m->payload.resp_get_wifi_status.status = ours ? pb_SUCCESS : pb_INVALID_ARGUMENT;
        put_wifi(&m->payload.resp_get_wifi_status, &v);
    }
    if (v.state == CONNECTED && pc->stopping)
        timer_start(&pc->stop_timer, pc->cfg.cleanup_ms);
}

/* ---- set ---- */

void protocomm_unset(struct troth_protocomm *pc)
{
    pc->set = false;
    troth_prov_gone(pc->cfg.prov, TROTH_PROTOCOMM_WRITER);
}

static struct troth_credentials *stage(struct troth_protocomm *pc)
{
    struct troth_credentials *c = troth_prov_stage(pc->cfg.prov, TROTH_PROTOCOMM_WRITER);
    VERIFY(c, NULL);
    wipe(c, sizeof *c);
    c->kind = pc->cfg.kind;
    pc->set = true;
    return c;
}

/* The security is the network's own choice: any that takes a passphrase. */
static uint32_t set_wifi(struct troth_protocomm *pc, const pb_CmdSetWifiConfig *w)
{
    VERIFY(w->ssid.size >= 1 && w->ssid.size <= 32 && w->passphrase.size <= 63 &&
               (w->bssid.size == 0 || w->bssid.size == 6),
           pb_INVALID_ARGUMENT);
    struct troth_credentials *c = stage(pc);
    VERIFY(c, pb_INTERNAL_ERROR);
    c->u.wifi.ssid.len = (uint8_t)w->ssid.size;
    memcpy(c->u.wifi.ssid.b, w->ssid.bytes, w->ssid.size);
    c->u.wifi.password.len = (uint8_t)w->passphrase.size;
    memcpy(c->u.wifi.password.b, w->passphrase.bytes, w->passphrase.size);
    c->u.wifi.security = w->passphrase.size ? TROTH_WIFI_WPA2_WPA3 : TROTH_WIFI_OPEN;
    return pb_SUCCESS;
}

static uint32_t set_thread(struct troth_protocomm *pc, const pb_CmdSetThreadConfig *t)
{
    VERIFY(t->dataset.size <= TROTH_DATASET_MAX, pb_INVALID_ARGUMENT);
    struct troth_credentials *c = stage(pc);
    VERIFY(c, pb_INTERNAL_ERROR);
    c->u.thread.len = (uint8_t)t->dataset.size;
    memcpy(c->u.thread.dataset, t->dataset.bytes, t->dataset.size);
    return pb_SUCCESS;
}

/* ---- apply ---- */

/* Only what was set since the last one: what is staged is wiped once it is taken. */
static uint32_t apply(struct troth_protocomm *pc)
{
    VERIFY(pc->set, pb_INTERNAL_ERROR);
    struct troth_credentials *c = troth_prov_stage(pc->cfg.prov, TROTH_PROTOCOMM_WRITER);
    VERIFY(c, pb_INTERNAL_ERROR);
    enum troth_net_reason reason = troth_credentials_check(c);
    uint8_t view = pc->view;
    bool stopping = pc->stopping;
    pc->view = VIEW_RUNNING; /* before: a backend may know at once */
    pc->stopping = false;
    if (troth_prov_connect(pc->cfg.prov, TROTH_PROTOCOMM_WRITER) != TROTH_OK) {
        pc->view = view;
        pc->stopping = stopping;
        return pb_INTERNAL_ERROR;
    }
    pc->set = false;
    pc->hidden = false;
    wipe(c, sizeof *c);
    return reason && pc->cfg.kind == TROTH_NET_THREAD ? pb_INTERNAL_ERROR : pb_SUCCESS;
}

/* ---- the endpoint ---- */

int protocomm_config(struct troth_protocomm *pc, size_t len)
{
    pb_Config m = pb_Config_init_zero;
    VERIFY(protocomm_decode(pc, len, pb_Config_fields, &m), TROTH_FAILED);
    uint32_t msg = m.msg, status = pb_SUCCESS;
    bool thread = msg >= GET_THREAD, set = msg == SET_WIFI || msg == SET_THREAD;
    bool ours = thread == (pc->cfg.kind == TROTH_NET_THREAD);
    bool good = msg <= APPLY_THREAD && msg % 2 == 0 &&
                (m.which_payload == msg + 10 || (m.which_payload == 0 && !set));
    if (good && (set || msg == APPLY_WIFI || msg == APPLY_THREAD)) {
        if (!ours)
            status = pb_INVALID_ARGUMENT;
        else if (msg == SET_WIFI)
            status = set_wifi(pc, &m.payload.cmd_set_wifi_config);
        else if (msg == SET_THREAD)
            status = set_thread(pc, &m.payload.cmd_set_thread_config);
        else
            status = apply(pc);
    }
    wipe(&m, sizeof m);
    VERIFY(good, TROTH_FAILED);
    m.msg = msg + 1;
    m.which_payload = (pb_size_t)(msg + 11);
    switch (msg) {
    case GET_WIFI:
    case GET_THREAD:
        get_status(pc, &m, thread, ours);
        break;
    case SET_WIFI:
        m.payload.resp_set_wifi_config.status = status;
        break;
    case APPLY_WIFI:
        m.payload.resp_apply_wifi_config.status = status;
        break;
    case SET_THREAD:
        m.payload.resp_set_thread_config.status = status;
        break;
    default:
        m.payload.resp_apply_thread_config.status = status;
        break;
    }
    return protocomm_encode(pc, pb_Config_fields, &m);
}
