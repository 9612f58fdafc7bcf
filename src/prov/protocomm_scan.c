/* prov-scan: its start is answered when the scan is over, since clients ask once. */
#include "prov/protocomm.h"

#include "base/check.h"
#include "prov/proto/scan.pb.h"

/* A request's number; its response's is one more. Its member of the oneof is 10 more. */
enum {
    START_WIFI = 0,
    STATUS_WIFI = 2,
    RESULT_WIFI = 4,
    START_THREAD = 6,
    STATUS_THREAD = 8,
    RESULT_THREAD = 10,
};

#define PAGE_MAX                                                                                   \
    (sizeof((pb_RespScanWifiResult *)0)->entries / sizeof *((pb_RespScanWifiResult *)0)->entries)
_Static_assert(TROTH_PROTOCOMM_RESULTS <= PAGE_MAX, "scan.options: a page may be all there is");

static int reply(struct troth_protocomm *pc, pb_Scan *m, uint32_t msg, uint32_t status)
{
    m->msg = msg + 1;
    m->status = status;
    m->which_payload = (pb_size_t)(msg + 11);
    return protocomm_encode(pc, pb_Scan_fields, m);
}

static int reply_start(struct troth_protocomm *pc, uint32_t msg, uint32_t status)
{
    pb_Scan m = pb_Scan_init_zero;
    return reply(pc, &m, msg, status);
}

/* ---- what is found ---- */

/* The strongest come first and stay. */
static void keep(struct troth_protocomm *pc, const struct troth_scan_result *r)
{
    if (r->kind != pc->cfg.kind || (r->kind == TROTH_NET_WIFI && r->ssid.len == 0))
        return;
    unsigned at = pc->results;
    while (at && pc->result[at - 1].rssi < r->rssi)
        at--;
    if (at == TROTH_PROTOCOMM_RESULTS)
        return;
    if (pc->results < TROTH_PROTOCOMM_RESULTS)
        pc->results++;
    memmove(&pc->result[at + 1], &pc->result[at], (pc->results - at - 1u) * sizeof pc->result[0]);
    pc->result[at] = *r;
}

static void over(struct troth_protocomm *pc, uint32_t status)
{
    uint32_t held = pc->scan_held;
    pc->scanning = false;
    pc->scan_held = 0;
    timer_stop(&pc->hold_timer);
    if (held)
        protocomm_finish(pc, held, reply_start(pc, pc->scan_msg, status));
}

void protocomm_scan_event(struct troth_protocomm *pc, const struct troth_prov_event *event)
{
    if (!pc->scan_fresh) { /* the first word of a scan, also of one that others began */
        pc->results = 0;
        pc->scan_fresh = true;
    }
    if (event->type == TROTH_PROV_EV_SCAN_RESULT) {
        keep(pc, event->u.result);
        return;
    }
    pc->scan_fresh = false;
    if (pc->scanning)
        over(pc, event->reason ? pb_INTERNAL_ERROR : pb_SUCCESS);
}

/* What was found so far is the result; what is found later may still come into it. */
void protocomm_scan_late(struct troth_protocomm *pc)
{
    if (pc->scanning)
        over(pc, pb_SUCCESS);
}

/* ---- requests ---- */

static int start(struct troth_protocomm *pc, uint32_t msg, bool blocking)
{
    if (blocking) {
        pc->scan_held = pc->serial;
        pc->scan_msg = (uint8_t)msg;
        timer_start(&pc->hold_timer, pc->cfg.hold_ms);
    }
    bool was = pc->scanning;
    pc->scanning = true;
    int r = troth_prov_scan(pc->cfg.prov);
    if (r != TROTH_OK && r != TROTH_BUSY) {
        pc->scanning = was;
        pc->scan_held = 0;
        timer_stop(&pc->hold_timer);
        return reply_start(pc, msg, pb_INTERNAL_ERROR);
    }
    return blocking ? TROTH_PROTOCOMM_LATER : reply_start(pc, msg, pb_SUCCESS);
}

static void put_wifi(pb_WifiScanResult *e, const struct troth_scan_result *r)
{
    e->ssid.size = r->ssid.len;
    memcpy(e->ssid.bytes, r->ssid.b, r->ssid.len);
    e->channel = r->channel;
    e->rssi = r->rssi;
    e->bssid.size = sizeof r->bssid;
    memcpy(e->bssid.bytes, r->bssid, sizeof r->bssid);
    e->auth = protocomm_auth_mode(r->security);
}

static void put_thread(pb_ThreadScanResult *e, const struct troth_scan_result *r)
{
    e->pan_id = r->thread.pan_id;
    e->channel = r->channel;
    e->rssi = r->rssi;
    e->lqi = r->lqi;
    e->ext_addr.size = sizeof r->ext_addr;
    memcpy(e->ext_addr.bytes, r->ext_addr, sizeof r->ext_addr);
    memcpy(e->network_name, r->thread.name.b, r->thread.name.len);
    e->ext_pan_id.size = sizeof r->thread.ext_pan_id;
    memcpy(e->ext_pan_id.bytes, r->thread.ext_pan_id, sizeof r->thread.ext_pan_id);
}

/* Never an empty page: a client in use counts to its end from zero. */
static int page(struct troth_protocomm *pc, pb_Scan *m, uint32_t msg, uint32_t at, uint32_t count)
{
    VERIFY(count && count <= pc->results && at <= pc->results - count, TROTH_FAILED);
    memset(m, 0, sizeof *m);
    for (uint32_t i = 0; i < count; i++) {
        if (msg == RESULT_WIFI)
            put_wifi(&m->payload.resp_scan_wifi_result.entries[i], &pc->result[at + i]);
        else
            put_thread(&m->payload.resp_scan_thread_result.entries[i], &pc->result[at + i]);
    }
    if (msg == RESULT_WIFI)
        m->payload.resp_scan_wifi_result.entries_count = (pb_size_t)count;
    else
        m->payload.resp_scan_thread_result.entries_count = (pb_size_t)count;
    return reply(pc, m, msg, pb_SUCCESS);
}

static int status(struct troth_protocomm *pc, pb_Scan *m, uint32_t msg)
{
    memset(m, 0, sizeof *m);
    if (msg == STATUS_WIFI) {
        m->payload.resp_scan_wifi_status.scan_finished = !pc->scanning;
        m->payload.resp_scan_wifi_status.result_count = pc->scanning ? 0 : pc->results;
    } else {
        m->payload.resp_scan_thread_status.scan_finished = !pc->scanning;
        m->payload.resp_scan_thread_status.result_count = pc->scanning ? 0 : pc->results;
    }
    return reply(pc, m, msg, pb_SUCCESS);
}

int protocomm_scan(struct troth_protocomm *pc, size_t len)
{
    pb_Scan m = pb_Scan_init_zero;
    VERIFY(protocomm_decode(pc, len, pb_Scan_fields, &m), TROTH_FAILED);
    uint32_t msg = m.msg;
    bool thread = msg >= START_THREAD;
    bool bare = msg == STATUS_WIFI || msg == STATUS_THREAD;
    VERIFY(msg <= RESULT_THREAD && msg % 2 == 0 &&
               (m.which_payload == msg + 10 || (m.which_payload == 0 && bare)),
           TROTH_FAILED);
    if (thread != (pc->cfg.kind == TROTH_NET_THREAD)) {
        memset(&m, 0, sizeof m);
        return reply(pc, &m, msg, pb_INVALID_ARGUMENT);
    }
    switch (msg) {
    case START_WIFI:
        return start(pc, msg, m.payload.cmd_scan_wifi_start.blocking);
    case START_THREAD:
        return start(pc, msg, m.payload.cmd_scan_thread_start.blocking);
    case RESULT_WIFI:
        return page(pc, &m, msg, m.payload.cmd_scan_wifi_result.start_index,
                    m.payload.cmd_scan_wifi_result.count);
    case RESULT_THREAD:
        return page(pc, &m, msg, m.payload.cmd_scan_thread_result.start_index,
                    m.payload.cmd_scan_thread_result.count);
    default:
        return status(pc, &m, msg);
    }
}
