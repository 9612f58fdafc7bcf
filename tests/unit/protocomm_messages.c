/*
 * What the messages of protocomm say: our client's octets and our device's are the published ones,
 * each understands the other, and the device does what was asked.
 */
#include "unit/protocomm_asks.h"

#include <troth/dataset.h>

static const char dataset_hex[] =
    "0e080000000000010000000300000f35060004001fffe0020811111111222222220708fdad70bfe5aa15dd05100011"
    "2233445566778899aabbccddeeff030e4f70656e54687265616444656d6f010212340410445f2b5ca6f2a93a55ce57"
    "0a70efeecb0c0402a0f7f8";

static struct troth_credentials thread(void)
{
    struct troth_credentials c = {.kind = THREAD};
    c.u.thread.len = (uint8_t)vectors_hex(dataset_hex, c.u.thread.dataset, TROTH_DATASET_MAX);
    return c;
}

/* ---- requests ---- */

static void asks(const char *name, struct troth_protocomm_ask ask)
{
    uint8_t b[300], want[300];
    size_t len, n = vectors_hex(vector(name), want, sizeof want);
    assert_int_equal(troth_protocomm_ask(&ask, b, sizeof b, &len), TROTH_OK);
    if (len != n || memcmp(b, want, n) != 0)
        fail_msg("%s", name);
    assert_int_equal(troth_protocomm_ask(&ask, b, n - 1, &len), TROTH_INVALID);
}

static void requests(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd"), open = wifi("open", "");
    asks("wifi_scan_start_default", ASK(SCAN, WIFI, .group_channels = 0));
    asks("wifi_scan_start_softap", ASK(SCAN, WIFI, .group_channels = 5));
    asks("thread_scan_start", ASK(SCAN, THREAD, .group_channels = 0));
    asks("wifi_scan_status_req", ASK(SCAN_STATUS, WIFI, .start = 0));
    asks("thread_scan_status_req", ASK(SCAN_STATUS, THREAD, .start = 0));
    asks("wifi_scan_result_req_0_4", ASK(SCAN_PAGE, WIFI, .start = 0, .count = 4));
    asks("thread_scan_result_req_4_4", ASK(SCAN_PAGE, THREAD, .start = 4, .count = 4));
    asks("wifi_set_config_net0_passw0rd", ASK(SET, WIFI, .credentials = &net0));
    asks("wifi_set_config_open_empty_pass", ASK(SET, WIFI, .credentials = &open));
    asks("wifi_apply", ASK(APPLY, WIFI, .start = 0));
    asks("wifi_get_status", ASK(STATUS, WIFI, .start = 0));
    asks("thread_apply", ASK(APPLY, THREAD, .start = 0));
    asks("thread_get_status", ASK(STATUS, THREAD, .start = 0));
    asks("wifi_ctrl_reset", ASK(RESET, WIFI, .start = 0));
    asks("wifi_ctrl_reprov", ASK(REPROV, WIFI, .start = 0));
    asks("thread_ctrl_reset", ASK(RESET, THREAD, .start = 0));
    asks("thread_ctrl_reprov", ASK(REPROV, THREAD, .start = 0));

    uint8_t b[300];
    size_t len;
    struct troth_credentials psk = wifi("net0", "0123456789abcdef0123456789abcdef"
                                                "0123456789abcdef0123456789abcdef");
    struct troth_credentials none = wifi("net0", "short"), data = thread();
    struct troth_protocomm_ask a = ASK(SET, WIFI, .credentials = &psk);
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_UNSUPPORTED);
    a.credentials = &none;
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_INVALID);
    a.credentials = &data;
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_INVALID);
    a.credentials = NULL;
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_INVALID);
    a = ASK(SCAN_PAGE, WIFI, .count = 0);
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_INVALID);
    a.count = 5;
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_INVALID);
    a.op = 99;
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_INVALID);
    assert_string_equal(troth_protocomm_op_endpoint(TROTH_PROTOCOMM_OP_SCAN), "prov-scan");
    assert_string_equal(troth_protocomm_op_endpoint(TROTH_PROTOCOMM_OP_RESET), "prov-ctrl");
    assert_string_equal(troth_protocomm_op_endpoint(99), "");
}

/* Wi-Fi from the first status to the last, in the octets of the transcripts. */
static void wifi_provisioned(void **state)
{
    (void)state;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        up(scheme, WIFI);
        turn(CONFIG, vector("wifi_get_status"), vector("resp_wifi_status_connecting_min"));
        turn(CONFIG, vector("wifi_apply"), "08057a020805"); /* nothing was set */
        turn(CONFIG, vector("wifi_set_config_net0_passw0rd"),
             vector("resp_wifi_set_config_success"));
        turn(CONFIG, vector("wifi_apply"), vector("resp_wifi_apply_success"));
        assert_int_equal(joined_with.u.wifi.ssid.len, 4);
        assert_int_equal(joined_with.u.wifi.password.len, 8);
        assert_memory_equal(joined_with.u.wifi.password.b, "passw0rd", 8);
        state_is(CONNECTING);
        assert_false(answer.u.status.attempt_failed);
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_WRONG_PASSWORD);
        turn(CONFIG, vector("wifi_get_status"), "08015a06100162020802");
        state_is(CONNECTING);
        assert_true(answer.u.status.attempt_failed);
        assert_int_equal(answer.u.status.attempts_left, 2);
        pass(1000);
        net_joined();
        turn(CONFIG, vector("wifi_get_status"), vector("resp_wifi_status_connected"));
        state_is(CONNECTED);
        assert_string_equal(answer.u.status.info.address, "192.168.1.7");
        assert_int_equal(answer.u.status.info.channel, 6);
        assert_int_equal(answer.u.status.info.security, TROTH_WIFI_WPA2_PSK);
        assert_memory_equal(answer.u.status.info.bssid, "\x02\0\0\0\0\x01", 6);
        assert_memory_equal(answer.u.status.ssid.b, "net0", 4);
        /* one second later the client needs us no longer */
        tolds = 0;
        pass(999);
        assert_int_equal(tolds, 0);
        pass(1);
        assert_int_equal(tolds, 1);
        assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_STOP);
        pass(100000);
        assert_int_equal(tolds, 1);
        /* nothing of the secret is left where it was set */
        for (size_t i = 0; i + 8 <= sizeof pc; i++)
            assert_memory_not_equal((uint8_t *)&pc + i, net0.u.wifi.password.b, 8);
        for (size_t i = 0; i + 8 <= sizeof prov.staged; i++)
            assert_memory_not_equal((uint8_t *)prov.staged + i, net0.u.wifi.password.b, 8);
    }
}

/* Each final failure in its number, where there is one; then set and apply work without a reset. */
static void wifi_failures(void **state)
{
    (void)state;
    static const struct {
        enum troth_net_reason reason;
        const char *octets;
        uint8_t why;
    } cases[] = {
        {TROTH_NET_WRONG_PASSWORD, "08015a0410035000", TROTH_PROTOCOMM_WHY_AUTH},
        {TROTH_NET_NOT_FOUND, "08015a0410035001", TROTH_PROTOCOMM_WHY_NOT_FOUND},
        {TROTH_NET_UNSUPPORTED_SECURITY, "08015a0410035000", TROTH_PROTOCOMM_WHY_AUTH},
        {TROTH_NET_NO_ADDRESS, "08015a021003", TROTH_PROTOCOMM_WHY_UNTOLD},
        {TROTH_NET_TIMEOUT, "08015a021003", TROTH_PROTOCOMM_WHY_UNTOLD},
    };
    assert_string_equal(vector("resp_wifi_status_failed_auth"), cases[0].octets);
    assert_string_equal(vector("resp_wifi_status_failed_notfound"), cases[1].octets);
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    up(2, WIFI);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(set_and_apply(&net0), TROTH_OK);
        state_is(CONNECTING);
        for (unsigned n = 0; n < 3 && prov.state != TROTH_PROV_FAILED; n++) {
            troth_net_join_failed(&net_sink, join_id, cases[i].reason);
            pass(4000);
        }
        turn(CONFIG, vector("wifi_get_status"), cases[i].octets);
        state_is(FAILED);
        assert_int_equal(answer.u.status.why, cases[i].why);
        assert_true(*troth_protocomm_why_words(WIFI, answer.u.status.why));
        turn(CONFIG, vector("wifi_apply"), "08057a020805"); /* only what is set anew */
        state_is(FAILED);
    }
    /* A password that no network takes fails at once, and is told so. */
    turn(CONFIG, "080262090a046e657430120178", "08036a00");
    turn(CONFIG, vector("wifi_apply"), vector("resp_wifi_apply_success"));
    turn(CONFIG, vector("wifi_get_status"), vector("resp_wifi_status_failed_auth"));
}

/* D7: every length of every field, none read beyond its end. */
static void wifi_lengths(void **state)
{
    (void)state;
    up(2, WIFI);
    for (unsigned ssid = 0; ssid <= 130; ssid++) {
        for (unsigned password = 0; password <= 130; password += ssid == 4 ? 1 : 13) {
            uint8_t b[300] = {0x08, 0x02, 0x62};
            size_t at = 5; /* the length takes two octets */
            b[at++] = 0x0a;
            b[at++] = (uint8_t)(ssid & 0x7f) | (ssid > 127 ? 0x80 : 0);
            if (ssid > 127)
                b[at++] = 1;
            memset(b + at, 's', ssid);
            at += ssid;
            b[at++] = 0x12;
            b[at++] = (uint8_t)(password & 0x7f) | (password > 127 ? 0x80 : 0);
            if (password > 127)
                b[at++] = 1;
            memset(b + at, 'p', password);
            at += password;
            b[3] = (uint8_t)((at - 5) | 0x80);
            b[4] = (uint8_t)((at - 5) >> 7);
            bool decodes = ssid <= 128 && password <= 128;
            assert_true(send_sealed(CONFIG, b, at, decodes ? TROTH_OK : TROTH_FAILED));
            if (decodes)
                response_is(ssid >= 1 && ssid <= 32 && password <= 63 ? "08036a00"
                                                                      : "08036a020804");
        }
    }
    for (unsigned bssid = 0; bssid <= 8; bssid++) {
        uint8_t b[32] = {0x08, 0x02, 0x62, 0, 0x0a, 1, 'n', 0x1a, (uint8_t)bssid};
        b[3] = (uint8_t)(5 + bssid);
        assert_true(send_sealed(CONFIG, b, 9 + bssid, TROTH_OK));
        response_is(bssid == 0 || bssid == 6 ? "08036a00" : "08036a020804");
    }
}

/* ---- Thread ---- */

static void thread_provisioned(void **state)
{
    (void)state;
    struct troth_credentials c = thread();
    up(2, THREAD);
    turn(CONFIG, vector("thread_get_status"), vector("resp_thread_status_attaching"));
    turn(CONFIG, vector("thread_set_dataset"), "08099a0100"); /* taken as it is */
    turn(CONFIG, vector("thread_apply"), "080baa01020805");   /* and found to have no key */
    turn(CONFIG, vector("thread_get_status"), vector("resp_thread_status_failed_dataset"));
    state_is(FAILED);
    assert_int_equal(answer.u.status.why, TROTH_PROTOCOMM_WHY_DATASET);
    assert_int_equal(set_and_apply(&c), TROTH_OK);
    assert_int_equal(joined_with.kind, THREAD);
    assert_memory_equal(joined_with.u.thread.dataset, c.u.thread.dataset, c.u.thread.len);
    state_is(CONNECTING);
    net_joined();
    turn(CONFIG, vector("thread_get_status"), vector("resp_thread_status_attached"));
    state_is(CONNECTED);
    assert_int_equal(answer.u.status.info.thread.pan_id, 0x1234);
    assert_memory_equal(answer.u.status.info.thread.name.b, "OpenThread", 10);
    assert_memory_equal(answer.u.status.info.thread.ext_pan_id, "\xde\xad\0\xbe\xef\0\xca\xfe", 8);
}

/* A wrong key is no invalid dataset: what devices in use say, and what people then read. */
static void thread_failures(void **state)
{
    (void)state;
    static const struct {
        enum troth_net_reason reason;
        const char *octets;
        uint8_t why;
    } cases[] = {
        {TROTH_NET_NOT_FOUND, "08078a010410035001", TROTH_PROTOCOMM_WHY_NOT_FOUND},
        {TROTH_NET_WRONG_KEY, "08078a010410035001", TROTH_PROTOCOMM_WHY_NOT_FOUND},
        {TROTH_NET_TIMEOUT, "08078a010410035001", TROTH_PROTOCOMM_WHY_NOT_FOUND},
        {TROTH_NET_BAD_DATASET, "08078a010410035000", TROTH_PROTOCOMM_WHY_DATASET},
        {TROTH_NET_OTHER, "08078a01021003", TROTH_PROTOCOMM_WHY_UNTOLD},
    };
    struct troth_credentials c = thread();
    up(2, THREAD);
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(set_and_apply(&c), TROTH_OK);
        for (unsigned n = 0; n < 3; n++) {
            troth_net_join_failed(&net_sink, join_id, cases[i].reason);
            pass(4000);
        }
        turn(CONFIG, vector("thread_get_status"), cases[i].octets);
        state_is(FAILED);
        assert_int_equal(answer.u.status.why, cases[i].why);
    }
    assert_non_null(
        strstr(troth_protocomm_why_words(THREAD, TROTH_PROTOCOMM_WHY_NOT_FOUND), "network key"));
}

/* D7: 0 to 255 octets and more. */
static void thread_lengths(void **state)
{
    (void)state;
    up(0, THREAD);
    for (unsigned n = 0; n <= 514; n++) {
        uint8_t b[600] = {0x08, 0x08, 0x92, 0x01};
        size_t body = n + (n > 127 ? 3 : 2);
        b[4] = (uint8_t)(body | 0x80);
        b[5] = (uint8_t)(body >> 7);
        b[6] = 0x0a;
        size_t at = 7;
        b[at++] = (uint8_t)((n & 0x7f) | (n > 127 ? 0x80 : 0));
        if (n > 127)
            b[at++] = (uint8_t)(n >> 7);
        memset(b + at, 0, n);
        bool decodes = n <= 512;
        assert_true(send_sealed(CONFIG, b, at + n, decodes ? TROTH_OK : TROTH_FAILED));
        if (decodes)
            response_is(n <= 254 ? "08099a0100" : "08099a01020804");
    }
}

/* ---- the other kind of network, and malformed requests ---- */

static void other_kind(void **state)
{
    (void)state;
    up(2, WIFI);
    turn(CONFIG, vector("thread_set_dataset"), "08099a01020804");
    turn(CONFIG, vector("thread_apply"), "080baa01020804");
    turn(CONFIG, vector("thread_get_status"), "08078a010408041003"); /* never "attached" */
    turn(SCAN, vector("thread_scan_start"), "080710048a0100");
    turn(SCAN, vector("thread_scan_status_req"), "080910049a0100");
    turn(CTRL, vector("thread_ctrl_reset"), "08061004820100");
    up(2, THREAD);
    turn(CONFIG, vector("wifi_get_status"), "08015a0408041003");
    turn(CONFIG, vector("wifi_set_config_net0_passw0rd"), "08036a020804");
    turn(SCAN, vector("wifi_scan_start_default"), "080110045a00");
    turn(CTRL, vector("wifi_ctrl_reprov"), "080410047200");
}

/* Any message number with any member: only those that belong together are requests. */
static void combinations(void **state)
{
    (void)state;
    static const struct {
        unsigned endpoint, first, last;
    } kinds[] = {{CONFIG, 0, 13}, {SCAN, 0, 13}, {CTRL, 0, 10}};
    up(0, WIFI);
    for (unsigned k = 0; k < 3; k++) {
        for (unsigned msg = 0; msg <= kinds[k].last; msg++) {
            for (unsigned member = 0; member <= 24; member++) {
                uint8_t b[8] = {0x08, (uint8_t)msg};
                size_t n = 2;
                if (member) {
                    unsigned tag = member << 3 | 2;
                    b[n++] = (uint8_t)(tag < 128 ? tag : (tag & 0x7f) | 0x80);
                    if (tag >= 128)
                        b[n++] = (uint8_t)(tag >> 7);
                    b[n++] = 0;
                }
                bool in_oneof = member >= (k == 2 ? 11u : 10u) && member <= (k == 2 ? 18u : 21u);
                bool request = k == 2 ? msg % 2 == 1 && msg <= 7 : msg % 2 == 0 && msg <= 10;
                bool bare = !in_oneof && member != 1 && member != 2;
                bool needs = k == 0 ? msg == 2 || msg == 8 : k == 1 ? msg != 2 && msg != 8 : false;
                bool good = request && (member == msg + 10 || (bare && !needs));
                if (member == 1 || member == 2) /* the number, or status, of another type */
                    good = false;
                /* a result page is refused for lack of results; a start is held */
                bool page = k == 1 && msg == 4;
                unsigned was = response.count;
                troth_protocomm_request(&pc, 1, kinds[k].endpoint, b, n, now);
                if (response.count == was)
                    fail_msg("%u %u %u is held", k, msg, member);
                int want = good && !page ? TROTH_OK : TROTH_FAILED;
                if (k == 0 && member == 2)
                    want = request && !needs ? TROTH_OK : TROTH_FAILED; /* no such field there */
                if (response.result != want)
                    fail_msg("endpoint %u, message %u, member %u: %d", k, msg, member,
                             response.result);
            }
        }
    }
}

/* Every truncation and every flipped bit of every request; every response cut and flipped as well. */
static void every_bit(void **state)
{
    (void)state;
    const cJSON *v;
    struct troth_credentials net0 = wifi("net0", "passw0rd");
    for (unsigned kind = WIFI; kind <= THREAD; kind++) {
        up(0, (uint8_t)kind);
        cJSON_ArrayForEach(v, cJSON_GetObjectItem(vectors, "protobuf"))
        {
            uint8_t whole[300];
            size_t len = vectors_hex(v->valuestring, whole, sizeof whole);
            for (size_t n = 0; n <= len + 8 * len; n++) {
                size_t l = n <= len ? n : len;
                uint8_t *b = malloc(l ? l : 1);
                assert_non_null(b);
                memcpy(b, whole, l);
                if (n > len)
                    b[(n - len - 1) / 8] ^= (uint8_t)(1u << (n - len - 1) % 8);
                for (unsigned endpoint = 0; endpoint <= 3; endpoint++) {
                    unsigned was = response.count;
                    if (endpoint == TROTH_PROTOCOMM_SESSION)
                        continue;
                    troth_protocomm_request(&pc, 1, endpoint, b, l, now);
                    if (response.count == was && pc.scan_held)
                        troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
                    if (response.count == was && pc.resetting)
                        troth_net_left(&net_sink, leave_id);
                    assert_int_equal(response.count, was + 1);
                }
                for (uint8_t op = 0; op <= TROTH_PROTOCOMM_OP_REPROV; op++) {
                    struct troth_protocomm_ask a = {
                        .op = op, .kind = (uint8_t)kind, .credentials = &net0, .count = 4};
                    if (troth_protocomm_read(&a, b, l, &answer) == TROTH_INVALID)
                        assert_true(all_zero(&answer, sizeof answer));
                }
                free(b);
            }
        }
    }
}

/* ---- what our client makes of other devices ---- */

static int read_hex(struct troth_protocomm_ask ask, const char *hex)
{
    uint8_t b[300];
    return troth_protocomm_read(&ask, b, vectors_hex(hex, b, sizeof b), &answer);
}

static void foreign_responses(void **state)
{
    (void)state;
    const struct troth_protocomm_ask status = ASK(STATUS, WIFI, .start = 0);
    assert_int_equal(read_hex(status, vector("resp_wifi_status_attempt_failed_3")), TROTH_OK);
    assert_int_equal(answer.u.status.attempts_left, 3);
    /* a status that fails, with the state of success left out */
    assert_int_equal(read_hex(status, "08015a020805"), TROTH_FAILED);
    assert_int_equal(answer.status, TROTH_PROTOCOMM_INTERNAL_ERROR);
    /* an empty reply is no success, either */
    assert_int_equal(read_hex(status, "08015a00"), TROTH_INVALID);
    assert_int_equal(read_hex(status, "0801"), TROTH_INVALID);
    assert_int_equal(read_hex(status, ""), TROTH_INVALID);
    assert_int_equal(read_hex(ASK(STATUS, THREAD, .start = 0), "08078a0100"), TROTH_INVALID);
    assert_int_equal(read_hex(status, "08015a021002"), TROTH_OK); /* disconnected */
    assert_int_equal(answer.u.status.state, TROTH_PROTOCOMM_DISCONNECTED);
    assert_int_equal(read_hex(status, "08015a021009"), TROTH_INVALID);
    assert_int_equal(
        read_hex(ASK(SET, WIFI, .start = 0), vector("resp_wifi_set_config_invalid_argument")),
        TROTH_FAILED);
    assert_int_equal(answer.status, TROTH_PROTOCOMM_INVALID_ARGUMENT);
    assert_int_equal(
        read_hex(ASK(SCAN_STATUS, WIFI, .start = 0), vector("resp_wifi_scan_status_6")), TROTH_OK);
    assert_int_equal(answer.u.scan.count, 6);
    const struct troth_protocomm_ask page = ASK(SCAN_PAGE, WIFI, .count = 1);
    assert_int_equal(read_hex(page, "08057a00"), TROTH_INVALID);         /* an empty page */
    assert_int_equal(read_hex(page, "08057a040a000a00"), TROTH_INVALID); /* more than asked for */
    assert_int_equal(read_hex(page, "08057a040a022809"), TROTH_OK);      /* WifiAuthMode 9 */
    assert_int_equal(answer.u.page.auth_mode[0], 9);
    assert_int_equal(answer.u.page.result[0].security, TROTH_WIFI_OTHER);
    assert_string_equal(troth_wifi_auth_mode_name(9), "(unknown)");
    assert_string_equal(troth_wifi_auth_mode_name(3), "WPA2-PSK");
    assert_string_equal(troth_protocomm_status_name(4), "INVALID_ARGUMENT");
    /* the answer to another question */
    assert_int_equal(read_hex(status, vector("resp_wifi_apply_success")), TROTH_INVALID);
    assert_int_equal(read_hex(ASK(RESET, WIFI, .start = 0), "080210056200"), TROTH_FAILED);
    assert_int_equal(read_hex(ASK(RESET, WIFI, .start = 0), "0802"), TROTH_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),           cmocka_unit_test(wifi_provisioned),
        cmocka_unit_test(wifi_failures),      cmocka_unit_test(wifi_lengths),
        cmocka_unit_test(thread_provisioned), cmocka_unit_test(thread_failures),
        cmocka_unit_test(thread_lengths),     cmocka_unit_test(other_kind),
        cmocka_unit_test(combinations),       cmocka_unit_test(every_bit),
        cmocka_unit_test(foreign_responses),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
