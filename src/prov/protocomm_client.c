/* The client's requests, and its way to the fields of responses. */
#include "prov/protocomm_client.h"

#include <pb_decode.h>
#include <pb_encode.h>

#include "base/check.h"
#include "base/wipe.h"

/* Requests of an operation, Wi-Fi and Thread; the response's number is one more. */
struct op {
    enum { CONFIG, SCAN, CTRL } message;
    uint8_t msg[2];
};
static const struct op ops[] = {
    [TROTH_PROTOCOMM_OP_SET] = {CONFIG, {2, 8}},
    [TROTH_PROTOCOMM_OP_APPLY] = {CONFIG, {4, 10}},
    [TROTH_PROTOCOMM_OP_STATUS] = {CONFIG, {0, 6}},
    [TROTH_PROTOCOMM_OP_SCAN] = {SCAN, {0, 6}},
    [TROTH_PROTOCOMM_OP_SCAN_STATUS] = {SCAN, {2, 8}},
    [TROTH_PROTOCOMM_OP_SCAN_PAGE] = {SCAN, {4, 10}},
    [TROTH_PROTOCOMM_OP_RESET] = {CTRL, {1, 5}},
    [TROTH_PROTOCOMM_OP_REPROV] = {CTRL, {3, 7}},
};

static bool known(const struct troth_protocomm_ask *ask)
{
    return ask->op < sizeof ops / sizeof *ops &&
           (ask->kind == TROTH_NET_WIFI || ask->kind == TROTH_NET_THREAD);
}

static uint32_t msg_of(const struct troth_protocomm_ask *ask)
{
    return ops[ask->op].msg[ask->kind == TROTH_NET_THREAD];
}

const char *troth_protocomm_op_endpoint(uint8_t op)
{
    static const char *const names[] = {"prov-config", "prov-scan", "prov-ctrl"};
    return op < sizeof ops / sizeof *ops ? names[ops[op].message] : "";
}

/* ---- requests ---- */

static int put_credentials(const struct troth_protocomm_ask *ask, pb_Config *m)
{
    const struct troth_credentials *c = ask->credentials;
    VERIFY(c && c->kind == ask->kind && troth_credentials_check(c) == TROTH_NET_OK, TROTH_INVALID);
    if (c->kind == TROTH_NET_THREAD) {
        pb_CmdSetThreadConfig *t = &m->payload.cmd_set_thread_config;
        t->dataset.size = c->u.thread.len;
        memcpy(t->dataset.bytes, c->u.thread.dataset, c->u.thread.len);
        return TROTH_OK;
    }
    const struct troth_wifi *w = &c->u.wifi;
    pb_CmdSetWifiConfig *s = &m->payload.cmd_set_wifi_config;
    VERIFY(w->security == TROTH_WIFI_OPEN || w->password.len <= 63, TROTH_UNSUPPORTED);
    s->ssid.size = w->ssid.len;
    memcpy(s->ssid.bytes, w->ssid.b, w->ssid.len);
    if (w->security != TROTH_WIFI_OPEN) {
        s->passphrase.size = w->password.len;
        memcpy(s->passphrase.bytes, w->password.b, w->password.len);
    }
    return TROTH_OK;
}

static int encode(const pb_msgdesc_t *fields, const void *m, uint8_t *out, size_t cap,
                  size_t *out_len)
{
    pb_ostream_t stream = pb_ostream_from_buffer(out, cap);
    VERIFY(pb_encode(&stream, fields, m), TROTH_INVALID);
    *out_len = stream.bytes_written;
    return TROTH_OK;
}

static int ask_config(const struct troth_protocomm_ask *ask, uint8_t *out, size_t cap,
                      size_t *out_len)
{
    pb_Config m = pb_Config_init_zero;
    int r = TROTH_OK;
    m.msg = msg_of(ask);
    if (ask->op != TROTH_PROTOCOMM_OP_APPLY)
        m.which_payload = (pb_size_t)(m.msg + 10);
    if (ask->op == TROTH_PROTOCOMM_OP_SET)
        r = put_credentials(ask, &m);
    if (r == TROTH_OK)
        r = encode(pb_Config_fields, &m, out, cap, out_len);
    wipe(&m, sizeof m);
    return r;
}

static int ask_scan(const struct troth_protocomm_ask *ask, uint8_t *out, size_t cap,
                    size_t *out_len)
{
    pb_Scan m = pb_Scan_init_zero;
    m.msg = msg_of(ask);
    if (ask->op != TROTH_PROTOCOMM_OP_SCAN_STATUS)
        m.which_payload = (pb_size_t)(m.msg + 10);
    if (ask->op == TROTH_PROTOCOMM_OP_SCAN && ask->kind == TROTH_NET_WIFI) {
        m.payload.cmd_scan_wifi_start = (pb_CmdScanWifiStart){
            .blocking = true, .group_channels = ask->group_channels, .period_ms = 120};
    } else if (ask->op == TROTH_PROTOCOMM_OP_SCAN) {
        m.payload.cmd_scan_thread_start.blocking = true;
    } else if (ask->op == TROTH_PROTOCOMM_OP_SCAN_PAGE) {
        VERIFY(ask->count && ask->count <= TROTH_PROTOCOMM_PAGE, TROTH_INVALID);
        if (ask->kind == TROTH_NET_WIFI)
            m.payload.cmd_scan_wifi_result = (pb_CmdScanWifiResult){ask->start, ask->count};
        else
            m.payload.cmd_scan_thread_result = (pb_CmdScanThreadResult){ask->start, ask->count};
    }
    return encode(pb_Scan_fields, &m, out, cap, out_len);
}

int troth_protocomm_ask(const struct troth_protocomm_ask *ask, uint8_t *out, size_t cap,
                        size_t *out_len)
{
    *out_len = 0;
    VERIFY(known(ask), TROTH_INVALID);
    if (ops[ask->op].message == CONFIG)
        return ask_config(ask, out, cap, out_len);
    if (ops[ask->op].message == SCAN)
        return ask_scan(ask, out, cap, out_len);
    const pb_Ctrl m = {.msg = msg_of(ask)};
    return encode(pb_Ctrl_fields, &m, out, cap, out_len);
}

/* ---- responses ---- */

static bool decode(const pb_msgdesc_t *fields, void *m, const uint8_t *in, size_t len)
{
    pb_istream_t stream = pb_istream_from_buffer(in, len);
    return pb_decode(&stream, fields, m);
}

/* The number and member of the oneof that answer this request; an empty member may be left out. */
static bool fits(const struct troth_protocomm_ask *ask, uint32_t msg, uint32_t which, bool empty)
{
    uint32_t due = msg_of(ask) + 1;
    return msg == due && (which == due + 10 || (which == 0 && empty));
}

static int read_config(const struct troth_protocomm_ask *ask, const uint8_t *in, size_t len,
                       struct troth_protocomm_answer *a)
{
    pb_Config m = pb_Config_init_zero;
    VERIFY(decode(pb_Config_fields, &m, in, len) && fits(ask, m.msg, m.which_payload, false),
           TROTH_INVALID);
    bool thread = ask->kind == TROTH_NET_THREAD;
    switch (ask->op) {
    case TROTH_PROTOCOMM_OP_SET:
        a->status = thread ? m.payload.resp_set_thread_config.status
                           : m.payload.resp_set_wifi_config.status;
        return TROTH_OK;
    case TROTH_PROTOCOMM_OP_APPLY:
        a->status = thread ? m.payload.resp_apply_thread_config.status
                           : m.payload.resp_apply_wifi_config.status;
        return TROTH_OK;
    }
    return thread ? client_read_thread(&m.payload.resp_get_thread_status, a)
                  : client_read_wifi(&m.payload.resp_get_wifi_status, a);
}

static int read_scan(const struct troth_protocomm_ask *ask, const uint8_t *in, size_t len,
                     struct troth_protocomm_answer *a)
{
    pb_Scan m = pb_Scan_init_zero;
    VERIFY(decode(pb_Scan_fields, &m, in, len), TROTH_INVALID);
    bool thread = ask->kind == TROTH_NET_THREAD;
    VERIFY(fits(ask, m.msg, m.which_payload, ask->op == TROTH_PROTOCOMM_OP_SCAN || m.status),
           TROTH_INVALID);
    a->status = m.status;
    if (a->status || ask->op == TROTH_PROTOCOMM_OP_SCAN)
        return TROTH_OK;
    if (ask->op == TROTH_PROTOCOMM_OP_SCAN_STATUS) {
        a->u.scan.finished = thread ? m.payload.resp_scan_thread_status.scan_finished
                                    : m.payload.resp_scan_wifi_status.scan_finished;
        a->u.scan.count = thread ? m.payload.resp_scan_thread_status.result_count
                                 : m.payload.resp_scan_wifi_status.result_count;
        return TROTH_OK;
    }
    size_t n = thread ? m.payload.resp_scan_thread_result.entries_count
                      : m.payload.resp_scan_wifi_result.entries_count;
    VERIFY(n && n <= ask->count && n <= TROTH_PROTOCOMM_PAGE, TROTH_INVALID);
    for (size_t i = 0; i < n; i++) {
        bool ok = thread ? client_read_router(&m.payload.resp_scan_thread_result.entries[i],
                                              &a->u.page.result[i])
                         : client_read_ap(&m.payload.resp_scan_wifi_result.entries[i],
                                          &a->u.page.result[i], &a->u.page.auth_mode[i]);
        VERIFY(ok, TROTH_INVALID);
    }
    a->u.page.count = (uint8_t)n;
    return TROTH_OK;
}

static int read_ctrl(const struct troth_protocomm_ask *ask, const uint8_t *in, size_t len,
                     struct troth_protocomm_answer *a)
{
    pb_Ctrl m = pb_Ctrl_init_zero;
    VERIFY(decode(pb_Ctrl_fields, &m, in, len) && fits(ask, m.msg, m.which_payload, true),
           TROTH_INVALID);
    a->status = m.status;
    return TROTH_OK;
}

int troth_protocomm_read(const struct troth_protocomm_ask *ask, const uint8_t *in, size_t len,
                         struct troth_protocomm_answer *answer)
{
    memset(answer, 0, sizeof *answer);
    VERIFY(known(ask), TROTH_INVALID);
    int r = ops[ask->op].message == CONFIG ? read_config(ask, in, len, answer)
            : ops[ask->op].message == SCAN ? read_scan(ask, in, len, answer)
                                           : read_ctrl(ask, in, len, answer);
    if (r != TROTH_OK || answer->status)
        memset(&answer->u, 0, sizeof answer->u);
    if (r != TROTH_OK)
        answer->status = 0;
    return r == TROTH_OK && answer->status ? TROTH_FAILED : r;
}
