/*
 * D5, D6, D11: a whole provisioning, and at each of its turns the session ends: the link goes,
 * another session comes, or provisioning stops while the link stays up and goes on talking. Each
 * request has its one response, no secret is left, and the next session works.
 */
#include "unit/protocomm_asks.h"

static const char passphrase[] = "a passphrase to look for";

static struct troth_credentials thread(void)
{
    static const char hex[] = "0e080000000000010000000300000f35060004001fffe00208111111112222222207"
                              "08fdad70bfe5aa15dd051000112233445566778899aabbccddeeff030e4f70656e54"
                              "687265616444656d6f010212340410445f2b5ca6f2a93a55ce570a70efeecb0c0402"
                              "a0f7f8";
    struct troth_credentials c = {.kind = THREAD};
    c.u.thread.len = (uint8_t)vectors_hex(hex, c.u.thread.dataset, TROTH_DATASET_MAX);
    return c;
}

static uint32_t serial;
static int app(void *ctx, uint32_t s, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    (void)ctx, (void)in, (void)len, (void)out;
    serial = s;
    *out_len = 0;
    return TROTH_PROTOCOMM_LATER;
}

/* ---- the story ---- */

enum turn {
    CMD0,
    CMD1,
    ASK_SCAN, /* held */
    SCANNED,
    PAGE,
    CUSTOM, /* held */
    CUSTOM_DONE,
    SET,
    APPLY,
    STATUS,
    FAILED_JOIN,
    RESET, /* held */
    RESET_DONE,
    SET_AGAIN,
    APPLY_AGAIN,
    JOINED,
    STATUS_AGAIN,
    TURNS
};

static struct troth_credentials credentials;
static uint8_t next_msg[CAP];
static size_t next_len;
static unsigned sent;   /* requests */
static uint8_t key[32]; /* the session's, as its client has it */

/* A request of the client's that may have no session any longer. */
static void request(unsigned endpoint, const uint8_t *in, size_t len, bool held)
{
    uint8_t m[CAP + 16];
    /* a handshake ends what is held, which has its response then */
    unsigned was = response.count + (endpoint == TROTH_PROTOCOMM_SESSION && pc.open);
    size_t n = len;
    if (endpoint != TROTH_PROTOCOMM_SESSION) {
        if (troth_security_seal(&e.client, in, len, m, &n) != TROTH_OK) {
            memcpy(m, in, len); /* it never had one: in plain, then */
            n = len;
        }
    } else {
        memcpy(m, in, len);
    }
    uint8_t *exact = malloc(n);
    assert_non_null(exact);
    memcpy(exact, m, n);
    sent++;
    troth_protocomm_request(&pc, 1, endpoint, exact, n, now);
    free(exact);
    if (!held || response.count != was)
        assert_int_equal(response.count, was + 1);
}

/* A response that came since, as the client reads it. */
static void open_new(unsigned was)
{
    if (response.count != was && response.result == TROTH_OK)
        troth_security_open(&e.client, response.b, response.len, response.b, &response.len);
}

static void ask(struct troth_protocomm_ask a, bool held)
{
    uint8_t b[300];
    size_t len;
    unsigned was = response.count;
    const char *name = troth_protocomm_op_endpoint(a.op);
    assert_int_equal(troth_protocomm_ask(&a, b, sizeof b, &len), TROTH_OK);
    request((unsigned)troth_protocomm_find(&pc, name, strlen(name)), b, len, held);
    open_new(was);
}

static void joins_fail(void)
{
    for (unsigned n = 0; n < 3; n++) {
        troth_net_join_failed(&net_sink, join_id, TROTH_NET_NOT_FOUND);
        pass(4000);
    }
}

static void hand_over(const uint8_t *in, size_t len)
{
    if (troth_security_next(&e.client, in, len, next_msg, CAP, &next_len) != TROTH_OK)
        next_len = 0;
}

static void take_turn(enum turn t)
{
    static const struct troth_scan_result found = {
        .kind = WIFI, .rssi = -40, .ssid = {4, "net0"}, .security = TROTH_WIFI_WPA2_PSK};
    static const struct troth_scan_result router = {.kind = THREAD, .rssi = -40};
    uint8_t kind = cfg.kind;
    unsigned was = response.count;
    switch (t) {
    case CMD0:
        assert_int_equal(troth_security_hello(&e.client, next_msg, CAP, &next_len), TROTH_OK);
        request(TROTH_PROTOCOMM_SESSION, next_msg, next_len, false);
        hand_over(response.b, response.len);
        break;
    case CMD1:
        if (cfg.security.scheme && next_len) {
            request(TROTH_PROTOCOMM_SESSION, next_msg, next_len, false);
            hand_over(response.b, response.len);
        }
        break;
    case ASK_SCAN:
        ask(ASK(SCAN, kind, .start = 0), true);
        break;
    case SCANNED:
        troth_net_scan_result(&net_sink, scan_id, kind == WIFI ? &found : &router);
        troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
        open_new(was);
        break;
    case PAGE:
        ask(ASK(SCAN_PAGE, kind, .count = 1), false);
        break;
    case CUSTOM:
        request(TROTH_PROTOCOMM_APP, (const uint8_t *)"custom", 6, true);
        break;
    case CUSTOM_DONE:
        troth_protocomm_complete(&pc, serial, TROTH_OK, (const uint8_t *)"done", 4);
        open_new(was);
        break;
    case SET:
    case SET_AGAIN:
        ask(ASK(SET, kind, .credentials = &credentials), false);
        break;
    case APPLY:
    case APPLY_AGAIN:
        ask(ASK(APPLY, kind, .start = 0), false);
        break;
    case STATUS:
    case STATUS_AGAIN:
        ask(ASK(STATUS, kind, .start = 0), false);
        break;
    case FAILED_JOIN:
        joins_fail();
        break;
    case RESET:
        ask(ASK(RESET, kind, .start = 0), true);
        break;
    case RESET_DONE:
        if (leave_id)
            troth_net_left(&net_sink, leave_id);
        open_new(was);
        break;
    case JOINED:
        net_joined();
        break;
    case TURNS:
        break;
    }
}

/* ---- what is left ---- */

static bool holds(const void *where, size_t n, const void *what, size_t len)
{
    for (size_t i = 0; i + len <= n; i++)
        if (memcmp((const uint8_t *)where + i, what, len) == 0)
            return true;
    return false;
}

/* Of what was the session's. What a try works with is the provisioning session's own. */
static void nothing_is_left(void)
{
    static const uint8_t none[32];
    const void *secret = cfg.kind == WIFI ? (const void *)passphrase
                                          : (const void *)(credentials.u.thread.dataset + 51);
    size_t len = cfg.kind == WIFI ? sizeof passphrase - 1 : 16;
    assert_true(all_zero(&pc.security.u, sizeof pc.security.u));
    assert_false(troth_security_ready(&pc.security));
    assert_false(holds(&pc, sizeof pc, secret, len));
    assert_false(holds(prov.staged, sizeof prov.staged, secret, len));
    if (memcmp(key, none, 32) != 0) {
        assert_false(holds(&pc, sizeof pc, key, 32));
        assert_false(holds(&prov, sizeof prov, key, 32));
    }
    assert_false(pc.open);
    assert_false(pc.set);
}

static void begin(uint8_t scheme, uint8_t kind)
{
    device(scheme, kind);
    device_start();
    leave_id = 0;
    serial = 0;
    sent = 0;
    assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", app, NULL), TROTH_OK);
    credentials = kind == WIFI ? wifi("net0", passphrase) : thread();
    memset(key, 0, sizeof key);
}

static void note_key(uint8_t scheme)
{
    if (!troth_security_ready(&e.client))
        return;
    memcpy(key, scheme == 1 ? e.client.u.one.stream.key : e.client.u.two.key, 32);
}

enum end { GONE, ANOTHER, STOPPED, STOPPED_TALKING, AGAIN, ENDS };

/* The story to `last`, an end, and whatever the client would still say. */
static void cut(uint8_t scheme, uint8_t kind, enum turn last, enum end how)
{
    begin(scheme, kind);
    for (enum turn t = CMD0; t <= last; t++) {
        take_turn(t);
        if (scheme)
            note_key(scheme);
    }
    unsigned owed = pc.open;
    assert_int_equal(response.count, sent - owed);
    switch (how) {
    case GONE:
        troth_protocomm_gone(&pc, 1);
        break;
    case ANOTHER: { /* of another link, whose handshake goes no further */
        struct troth_security other = e.client;
        uint8_t msg[CAP];
        size_t len;
        assert_int_equal(troth_security_hello(&other, msg, CAP, &len), TROTH_OK);
        troth_protocomm_request(&pc, 2, TROTH_PROTOCOMM_SESSION, msg, len, now);
        assert_int_equal(response.session, 2);
        assert_int_equal(response.count, sent + 1);
        sent++;
        owed = 0;
        troth_protocomm_gone(&pc, 1); /* it is nobody's */
        troth_protocomm_gone(&pc, 2);
        break;
    }
    case AGAIN: /* the same client begins anew and gives up */
        take_turn(CMD0);
        assert_int_equal(response.result, TROTH_OK);
        troth_protocomm_gone(&pc, 1);
        owed = 0;
        break;
    default:
        troth_protocomm_stop(&pc);
        break;
    }
    assert_int_equal(response.count, sent);
    if (owed)
        assert_int_equal(response.result, TROTH_STALE);
    nothing_is_left();
    if (how == STOPPED_TALKING) {
        for (enum turn t = last + 1; t < TURNS; t++) {
            unsigned before = sent;
            take_turn(t);
            if (scheme && t > CMD1 && sent != before) { /* whatever it is asked */
                assert_true(response.result != TROTH_OK);
                assert_int_equal(response.count, sent);
            }
        }
        troth_protocomm_stop(&pc);
        nothing_is_left();
    }
    troth_protocomm_complete(&pc, serial, TROTH_OK, (const uint8_t *)"late", 4);
    if (leave_id)
        troth_net_left(&net_sink, leave_id);
    troth_net_scan_done(&net_sink, scan_id, TROTH_NET_OK);
    assert_int_equal(response.count, sent);
    /* and once more, to the end */
    pass(200000);
    sent = response.count;
    for (enum turn t = CMD0; t < TURNS; t++) {
        take_turn(t);
        if (t == CMD1)
            assert_true(troth_security_ready(&pc.security) || scheme == 0);
    }
    struct troth_protocomm_answer a;
    const struct troth_protocomm_ask status = ASK(STATUS, kind, .start = 0);
    assert_int_equal(response.result, TROTH_OK);
    assert_int_equal(troth_protocomm_read(&status, response.b, response.len, &a), TROTH_OK);
    assert_int_equal(a.u.status.state, CONNECTED);
    troth_protocomm_stop(&pc);
    nothing_is_left();
}

static void every_turn(uint8_t scheme)
{
    for (uint8_t kind = WIFI; kind <= THREAD; kind++)
        for (enum turn last = CMD0; last < TURNS; last++)
            for (enum end how = GONE; how < ENDS; how++)
                cut(scheme, kind, last, how);
}

static void security_0(void **state)
{
    (void)state;
    every_turn(0);
}
static void security_1(void **state)
{
    (void)state;
    every_turn(1);
}
static void security_2(void **state)
{
    (void)state;
    every_turn(2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(security_0),
        cmocka_unit_test(security_1),
        cmocka_unit_test(security_2),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
