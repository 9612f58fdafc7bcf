/* The device's endpoints, its one session and its one request, whatever the messages say. */
#include "unit/protocomm_device.h"

#define WIFI   TROTH_NET_WIFI
#define CONFIG TROTH_PROTOCOMM_CONFIG

static void version_is(const char *text)
{
    assert_true(send_raw(77, TROTH_PROTOCOMM_VERSION, "---", 3, TROTH_OK));
    assert_int_equal(response.len, strlen(text));
    assert_memory_equal(response.b, text, response.len);
    struct troth_proto_ver v;
    assert_int_equal(troth_proto_ver_read(response.b, response.len, &v), TROTH_OK);
    assert_int_equal(v.scheme, cfg.security.scheme);
    assert_int_equal(v.kind, cfg.kind);
    assert_int_equal(v.can_scan, !no_scan);
    assert_int_equal(v.patch, cfg.security.scheme == 2);
    assert_int_equal(v.no_pop, cfg.security.scheme == 1 && cfg.security.pop.len == 0);
}

static void versions(void **state)
{
    (void)state;
    device(2, WIFI);
    device_start();
    version_is("{\"prov\":{\"ver\":\"netprov-v1.2\",\"sec_ver\":2,\"sec_patch_ver\":1,"
               "\"cap\":[\"wifi_prov\",\"wifi_scan\"]}}");
    device(1, TROTH_NET_THREAD);
    device_start();
    version_is("{\"prov\":{\"ver\":\"netprov-v1.2\",\"sec_ver\":1,\"sec_patch_ver\":0,"
               "\"cap\":[\"thread_prov\",\"thread_scan\"]}}");
    device(1, WIFI);
    cfg.security.pop.len = 0;
    cfg.info = "\"rmaker\":{\"ver\":\"1.0\",\"cap\":[\"claim\"]}";
    device_start();
    version_is("{\"prov\":{\"ver\":\"netprov-v1.2\",\"sec_ver\":1,\"sec_patch_ver\":0,"
               "\"cap\":[\"no_pop\",\"wifi_prov\",\"wifi_scan\"]},"
               "\"rmaker\":{\"ver\":\"1.0\",\"cap\":[\"claim\"]}}");
    device(0, WIFI);
    no_scan = true;
    device_start();
    version_is("{\"prov\":{\"ver\":\"netprov-v1.2\",\"sec_ver\":0,\"sec_patch_ver\":0,"
               "\"cap\":[\"no_sec\",\"wifi_prov\"]}}");
}

/* What devices of all ages answer, and what is no answer. */
static void versions_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int result;
        uint8_t scheme, kind, patch;
        bool scan;
    } cases[] = {
        {"{\n\t\"prov\":\t{\n\t\t\"ver\":\t\"v1.1\",\n\t\t\"cap\":\t[\"wifi_scan\"]\n\t}\n}", 0, 1,
         1, 0, true},
        {"{\"prov\":{\"ver\":\"v1.1\",\"cap\":[\"no_sec\",\"wifi_scan\"]}}", 0, 0, 1, 0, true},
        {"{\"prov\":{\"ver\":\"v1.1\",\"sec_ver\":2,\"cap\":[\"wifi_scan\"]}}", 0, 2, 1, 0, true},
        {"{\"prov\":{\"ver\":\"v1.1\",\"sec_ver\":0,\"cap\":[]}}", 0, 0, 1, 0, false},
        {"{\"rmaker\":{\"cap\":[\"no_sec\"]},\"prov\":{\"sec_patch_ver\":1,\"sec_ver\":2,\"x\":"
         "[1,{}],\"cap\":[\"thread_prov\",\"thread_scan\"]}}",
         0, 2, 2, 1, true},
        {"{\"prov\":{\"sec_ver\":3}}", 0, 3, 1, 0, false},
        {"{\"prov\":{\"sec_ver\":258}}", 0, 1, 1, 0, false},
        {"V0.1", 0, 1, 1, 0, false},
        {"<html>", TROTH_INVALID, 0, 0, 0, false},
        {"", TROTH_INVALID, 0, 0, 0, false},
        {"{}", TROTH_INVALID, 0, 0, 0, false},
        {"{\"prov\":1}", TROTH_INVALID, 0, 0, 0, false},
        {"{\"prov\":{}", TROTH_INVALID, 0, 0, 0, false},
        {"{\"prov\":{}} x", TROTH_INVALID, 0, 0, 0, false},
        {"two words", TROTH_INVALID, 0, 0, 0, false},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct troth_proto_ver v;
        size_t len = strlen(cases[i].text);
        uint8_t *exact = malloc(len ? len : 1);
        assert_non_null(exact);
        memcpy(exact, cases[i].text, len);
        assert_int_equal(troth_proto_ver_read(exact, len, &v), cases[i].result);
        for (size_t n = 0; n < len; n++) /* cut anywhere, it may be a version, never a crash */
            troth_proto_ver_read(exact + len - n, n, &v);
        troth_proto_ver_read(exact, len, &v);
        free(exact);
        assert_int_equal(v.scheme, cases[i].scheme);
        assert_int_equal(v.kind, cases[i].kind);
        assert_int_equal(v.patch, cases[i].patch);
        assert_int_equal(v.can_scan, cases[i].scan);
    }
}

/* ---- endpoints ---- */

static uint32_t app_serial;
static int app_result;
static size_t app_len;
static int app(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
               size_t *out_len)
{
    app_serial = serial;
    assert_int_equal(*out_len, TROTH_PROTOCOMM_MAX);
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(in[i] ^ *(uint8_t *)ctx);
    *out_len = app_len ? app_len : len;
    return app_result;
}

static void endpoints(void **state)
{
    (void)state;
    static uint8_t one = 1, two = 2;
    app_result = TROTH_OK;
    app_len = 0;
    device(2, WIFI);
    device_start();
    assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", app, &one), TROTH_OK);
    assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", app, &one), TROTH_INVALID);
    assert_int_equal(troth_protocomm_endpoint(&pc, "prov-scan", app, &one), TROTH_INVALID);
    assert_int_equal(troth_protocomm_endpoint(&pc, "", app, &one), TROTH_INVALID);
    assert_int_equal(troth_protocomm_endpoint(&pc, "more", app, &two), TROTH_OK);
    static const char *const names[] = {"prov-ctrl", "prov-scan",   "prov-session", "prov-config",
                                        "proto-ver", "custom-data", "more"};
    assert_int_equal(troth_protocomm_endpoints(&pc), 7);
    for (unsigned i = 0; i < 7; i++) {
        assert_string_equal(troth_protocomm_endpoint_name(&pc, i), names[i]);
        assert_int_equal(troth_protocomm_find(&pc, names[i], strlen(names[i])), i);
        assert_int_equal(troth_protocomm_find(&pc, names[i], strlen(names[i]) - 1),
                         TROTH_NOT_FOUND);
    }
    assert_null(troth_protocomm_endpoint_name(&pc, 7));
    assert_int_equal(troth_protocomm_endpoint(&pc, "3", app, &one), TROTH_OK);
    assert_int_equal(troth_protocomm_endpoint(&pc, "4", app, &one), TROTH_OK);
    assert_int_equal(troth_protocomm_endpoint(&pc, "5", app, &one), TROTH_FULL);

    session_up(1);
    assert_true(send_sealed(5, "abc", 3, TROTH_OK));
    assert_int_equal(response.len, 3);
    assert_memory_equal(response.b, "`cb", 3);
    assert_true(all_zero(pc.in, sizeof pc.in) && all_zero(pc.out, sizeof pc.out));
    assert_true(send_sealed(6, "abc", 3, TROTH_OK));
    assert_memory_equal(response.b, "c`a", 3);
    app_len = TROTH_PROTOCOMM_MAX; /* the longest either way */
    static uint8_t big[TROTH_PROTOCOMM_MAX];
    assert_true(send_sealed(5, big, sizeof big, TROTH_OK));
    assert_int_equal(response.len, TROTH_PROTOCOMM_MAX);
    app_len = TROTH_PROTOCOMM_MAX + 1; /* the handler's fault, not the session's */
    assert_true(send_sealed(5, "x", 1, TROTH_FAILED));
}

/* A request that failed, or was none, leaves both ends in step. */
static void failures_stay_in_step(void **state)
{
    (void)state;
    static uint8_t key = 0;
    static uint8_t big[TROTH_PROTOCOMM_MAX + 17];
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        app_len = 0;
        device(scheme, WIFI);
        device_start();
        assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", app, &key), TROTH_OK);
        session_up(1);
        app_result = TROTH_FAILED;
        assert_true(send_sealed(5, "abc", 3, TROTH_FAILED));
        app_result = TROTH_OK;
        assert_true(send_raw(1, 9, "x", 1, TROTH_NOT_FOUND));
        assert_true(send_raw(1, 5, big, 0, TROTH_INVALID));
        assert_true(send_raw(1, 5, big, sizeof big, TROTH_INVALID));
        assert_true(send_hex(CONFIG, "ff", TROTH_FAILED)); /* no message */
        /* security 1 loses its place with what was sent for nothing; 2 and 0 do not */
        if (scheme == 2)
            assert_true(send_raw(1, 5, "forged message, long enough", 27, TROTH_FAILED));
        assert_true(send_sealed(5, "abc", 3, TROTH_OK));
        assert_memory_equal(response.b, "abc", 3);
    }
}

/* A response that comes later, once, to the request it belongs to. */
static void later(void **state)
{
    (void)state;
    static uint8_t key = 0;
    device(2, WIFI);
    device_start();
    assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", app, &key), TROTH_OK);
    session_up(1);
    app_result = TROTH_PROTOCOMM_LATER;
    app_len = 0;
    assert_false(send_sealed(5, "abc", 3, TROTH_OK));
    assert_true(send_raw(1, 5, "abc", 3, TROTH_BUSY));
    assert_true(send_raw(2, CONFIG, "abc", 3, TROTH_BUSY));
    assert_true(send_raw(2, TROTH_PROTOCOMM_VERSION, "x", 1, TROTH_OK));
    assert_int_equal(troth_protocomm_complete(&pc, app_serial + 1, TROTH_OK, NULL, 0), TROTH_STALE);
    unsigned was = response.count;
    assert_int_equal(
        troth_protocomm_complete(&pc, app_serial, TROTH_OK, (const uint8_t *)"SUCCESS", 8),
        TROTH_OK);
    assert_int_equal(response.count, was + 1);
    opened();
    assert_int_equal(response.len, 8);
    assert_memory_equal(response.b, "SUCCESS", 8);
    assert_int_equal(troth_protocomm_complete(&pc, app_serial, TROTH_OK, NULL, 0), TROTH_STALE);
    assert_false(send_sealed(5, "abc", 3, TROTH_OK));
    assert_int_equal(troth_protocomm_complete(&pc, app_serial, TROTH_FAILED, NULL, 0), TROTH_OK);
    assert_int_equal(response.result, TROTH_FAILED);
    /* The session goes first: by another's, by a new one, by disconnection. */
    for (unsigned i = 0; i < 3; i++) {
        session_up(1);
        assert_false(send_sealed(5, "abc", 3, TROTH_OK));
        was = response.count;
        if (i == 0)
            troth_protocomm_gone(&pc, 1);
        else if (i == 1)
            troth_protocomm_stop(&pc);
        else
            troth_protocomm_request(&pc, 2, TROTH_PROTOCOMM_SESSION, e.msg[0], 0, now);
        assert_int_equal(response.count, was + 1 + (i == 2));
        assert_true(i == 2 || response.result == TROTH_STALE);
        assert_int_equal(troth_protocomm_complete(&pc, app_serial, TROTH_OK, NULL, 0), TROTH_STALE);
        assert_true(all_zero(&pc.security.u, sizeof pc.security.u));
        assert_true(all_zero(pc.in, sizeof pc.in));
    }
}

/* D6: provisioning stops within a request; its answer would go out unprotected. */
static int stops(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
                 size_t *out_len)
{
    (void)ctx, (void)serial, (void)in, (void)len;
    troth_protocomm_stop(&pc);
    memcpy(out, "secret", 6);
    *out_len = 6;
    return TROTH_OK;
}

static void stopped_within(void **state)
{
    (void)state;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        device(scheme, WIFI);
        device_start();
        assert_int_equal(troth_protocomm_endpoint(&pc, "stop", stops, NULL), TROTH_OK);
        session_up(1);
        assert_true(send_sealed(5, "abc", 3, TROTH_STALE));
        assert_true(all_zero(&pc.security.u, sizeof pc.security.u));
        session_up(1);
        turn(CONFIG, "5200", "08015a021001");
    }
}

/* ---- sessions ---- */

static void sessions(void **state)
{
    (void)state;
    for (uint8_t scheme = 1; scheme <= 2; scheme++) {
        device(scheme, WIFI);
        device_start();
        assert_true(send_raw(1, CONFIG, "\x52\x00", 2, TROTH_STATE)); /* before any */
        session_up(1);
        assert_int_equal(tolds, 1);
        assert_int_equal(told[0].type, TROTH_PROTOCOMM_EV_SESSION);
        turn(CONFIG, "5200", "08015a021001");
        assert_true(send_raw(2, CONFIG, "\x52\x00", 2, TROTH_STATE)); /* another's */
        troth_protocomm_gone(&pc, 2);
        turn(CONFIG, "5200", "08015a021001");
        struct troth_security first = e.client;
        session_up(2); /* a new one ends it */
        turn(CONFIG, "5200", "08015a021001");
        e.client = first;
        assert_true(send_raw(1, CONFIG, "\x52\x00", 2, TROTH_STATE));
        troth_protocomm_gone(&pc, 2);
        assert_true(send_raw(2, CONFIG, "\x52\x00", 2, TROTH_STATE));
        assert_true(all_zero(&pc.security.u, sizeof pc.security.u));
        assert_int_equal(told[tolds - 1].type, TROTH_PROTOCOMM_EV_ENDED);
        session_up(2);
        session_up(2); /* the same client, once more */
        turn(CONFIG, "5200", "08015a021001");
        /* garbage on prov-session ends a session, too */
        assert_true(send_raw(2, TROTH_PROTOCOMM_SESSION, "\x10\x07", 2, TROTH_FAILED));
        assert_true(send_raw(2, CONFIG, "\x52\x00", 2, TROTH_STATE));
    }
    device(0, WIFI);
    device_start();
    /* without any handshake, as its clients do */
    assert_true(send_raw(5, CONFIG, "\x52\x00", 2, TROTH_OK));
    response_is("08015a021001");
}

/* The next Cmd1 of somebody else is no part of the handshake. */
static void a_stolen_second_message(void **state)
{
    (void)state;
    uint8_t msg[CAP], next[CAP];
    size_t len;
    device(2, WIFI);
    device_start();
    assert_int_equal(troth_security_hello(&e.client, msg, CAP, &len), TROTH_OK);
    assert_true(send_raw(1, TROTH_PROTOCOMM_SESSION, msg, len, TROTH_OK));
    assert_int_equal(troth_security_next(&e.client, response.b, response.len, next, CAP, &len),
                     TROTH_OK);
    assert_true(send_raw(2, TROTH_PROTOCOMM_SESSION, next, len, TROTH_FAILED));
    assert_true(send_raw(1, TROTH_PROTOCOMM_SESSION, next, len, TROTH_FAILED));
}

/* D10: guessing slows down, and the right user still gets in. */
static void wrong_proofs_of(uint8_t scheme)
{
    uint32_t waits[20] = {0};
    device(scheme, WIFI);
    device_start();
    for (unsigned i = 0; i < 20; i++) {
        e.client_cfg.password = e.client_cfg.pop = TEXT("guess");
        assert_int_equal(troth_security_init(&e.client, &e.client_cfg, false), TROTH_OK);
        assert_int_equal(shake(1), TROTH_FAILED);
        assert_int_equal(told[tolds - 2].type, TROTH_PROTOCOMM_EV_FAULT);
        assert_int_equal(told[tolds - 2].fault, TROTH_SECURITY_PROOF);
        assert_int_equal(told[tolds - 2].failures, i + 1);
        tolds = 0;
        e.client_cfg.password = e.client_cfg.pop = TEXT("abcd1234");
        assert_int_equal(troth_security_init(&e.client, &e.client_cfg, false), TROTH_OK);
        while (i >= 2 && shake(2) == TROTH_BUSY && waits[i] < 100000) {
            waits[i] += 500;
            now += 500;
            if (waits[i] > 60000 || i != 19) { /* the attacker again, the moment it may */
                if (!timer_running(&pc.backoff_timer) || now >= pc.backoff_timer.at)
                    break;
            }
        }
        tolds = 0;
    }
    assert_int_equal(waits[1], 0);
    assert_int_equal(waits[2], 1000);
    assert_int_equal(waits[3], 2000);
    assert_int_equal(waits[7], 32000);
    assert_int_equal(waits[8], 60000);
    assert_int_equal(waits[18], 60000);
    session_up(2);
    assert_int_equal(pc.failures, 0);
    turn(CONFIG, "5200", "08015a021001");
}

static void wrong_proofs(void **state)
{
    (void)state;
    wrong_proofs_of(1);
    wrong_proofs_of(2);
}

static void initial(void **state)
{
    (void)state;
    device(2, WIFI);
    device_start();
    cfg.kind = TROTH_NET_THREAD; /* which the network is not */
    assert_int_equal(troth_protocomm_init(&pc, &cfg), TROTH_INVALID);
    cfg.kind = 0;
    assert_int_equal(troth_protocomm_init(&pc, &cfg), TROTH_INVALID);
    cfg.kind = WIFI;
    cfg.security.scheme = 3;
    assert_int_equal(troth_protocomm_init(&pc, &cfg), TROTH_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),     cmocka_unit_test(versions_read),
        cmocka_unit_test(endpoints),    cmocka_unit_test(failures_stay_in_step),
        cmocka_unit_test(later),        cmocka_unit_test(stopped_within),
        cmocka_unit_test(sessions),     cmocka_unit_test(a_stolen_second_message),
        cmocka_unit_test(wrong_proofs), cmocka_unit_test(initial),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
