/* Espressif's provisioning over the air: our client's messages, our device, a link between them. */
#include "support/world.h"

#include <string.h>

#include <troth/protocomm.h>
#include <troth/dataset.h>
#include <troth/net_sim.h>
#include <troth/protocomm_client.h>
#include <troth/protocomm_gatt.h>

#include "base/bytes.h"

#define WIFI    TROTH_NET_WIFI
#define THREAD  TROTH_NET_THREAD
#define TEXT(s) ((struct troth_piece){(s), strlen(s)})
#define MAX     (TROTH_PROTOCOMM_GATT_MAX + 64)

static struct world *w;
static struct device *phone, *lamp;

/* ---- the lamp ---- */

static struct troth_sim_network networks[3];
static struct troth_net_sim sim;
static struct troth_prov prov;
static struct troth_protocomm pc;
static struct troth_protocomm_gatt gatt;
static struct troth_gatt_service service;
static struct troth_net_sink sink = {troth_prov_net_report, &prov};
static enum troth_permission permission;
static struct troth_security_config own, theirs;
static uint8_t salt[16] = {3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8, 9, 7, 9, 3}, verifier[TROTH_BIG];
static unsigned stops, faults;
static uint8_t kind;

static void random_octets(void *ctx, uint8_t *out, size_t len)
{
    uint32_t *dice = ctx;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)((*dice = *dice * 1664525u + 1013904223u) >> 24);
}

static void on_prov(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    troth_protocomm_prov_event(&pc, e);
}

static void on_told(void *ctx, const struct troth_protocomm_event *e)
{
    (void)ctx;
    stops += e->type == TROTH_PROTOCOMM_EV_STOP;
    faults += e->type == TROTH_PROTOCOMM_EV_FAULT;
}

static int on_complete(void *ctx, uint32_t token, enum troth_gatt_status status)
{
    (void)ctx;
    return troth_gatt_complete(lamp->host, token, status, NULL, 0);
}

static troth_ms on_now(void *ctx)
{
    (void)ctx;
    return world_now(w);
}

static int on_custom(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
                     size_t *out_len)
{
    (void)ctx;
    (void)serial;
    memmove(out, in, len);
    *out_len = len;
    return TROTH_OK;
}

static void on_lamp(struct device *d, const struct troth_event *e)
{
    (void)d;
    if (e->type == TROTH_EV_DISCONNECTED)
        troth_protocomm_gatt_disconnected(&gatt, e->link);
}

static void dataset_of(struct troth_thread *t, uint8_t key)
{
    struct troth_dataset d = {.has_channel = true,
                              .has_pan_id = true,
                              .has_ext_pan_id = true,
                              .has_network_key = true,
                              .channel = 15,
                              .pan_id = 0x1234,
                              .ext_pan_id = {1, 2, 3, 4, 5, 6, 7, 8},
                              .name = {6, "Meadow"}};
    memset(d.network_key, key, sizeof d.network_key);
    t->len = 0;
    assert_int_equal(troth_dataset_build(t, &d), TROTH_OK);
}

static void make_networks(void)
{
    memset(networks, 0, sizeof networks);
    for (unsigned i = 0; i < 3; i++) {
        struct troth_sim_network *n = &networks[i];
        n->kind = kind;
        n->rssi = (int8_t)(-70 + 10 * (int)i);
        n->channel = 6;
        if (kind == WIFI) {
            n->ssid = (struct troth_ssid){6, "Meadow"};
            n->ssid.b[0] = (uint8_t)('M' + i);
            n->bssid[5] = (uint8_t)i;
            n->security = TROTH_WIFI_WPA2_PSK;
            n->password = (struct troth_password){.len = 14, .b = "clover and rye"};
        } else {
            dataset_of(&n->dataset, 0x11);
            n->ext_addr[7] = (uint8_t)(i + 1);
            n->lqi = 9;
            n->joinable = true;
        }
    }
}

static void serve(struct device *d)
{
    make_networks();
    memset(&sim, 0, sizeof sim);
    sim.networks = networks;
    sim.count = 3;
    sim.sink = &sink;
    troth_net_sim_init(&sim, world_now(w));
    const struct troth_prov_config p = {
        .net = troth_net_sim_net(&sim), .event = on_prov, .attempts = 1};
    troth_prov_init(&prov, &p);
    const struct troth_protocomm_config c = {.security = own,
                                             .prov = &prov,
                                             .kind = kind,
                                             .respond = troth_protocomm_gatt_respond,
                                             .event = on_told,
                                             .ctx = &gatt};
    assert_int_equal(troth_protocomm_init(&pc, &c), TROTH_OK);
    assert_int_equal(troth_protocomm_endpoint(&pc, "custom-data", on_custom, NULL), TROTH_OK);
    const struct troth_protocomm_gatt_config g = {
        .protocomm = &pc, .permission = permission, .complete = on_complete, .now = on_now};
    troth_protocomm_gatt_init(&gatt, &g);
    service = (struct troth_gatt_service){.table = &gatt.service, .ctx = &gatt};
    assert_int_equal(troth_gatt_register(d->host, &service), TROTH_OK);
    troth_prov_start(&prov, NULL);
}

/* Everybody's time goes by. */
static void run(uint64_t ms)
{
    for (uint64_t t = 0; t < ms; t += 5) {
        world_run(w, 5);
        troth_net_sim_tick(&sim, world_now(w));
        troth_prov_tick(&prov, world_now(w));
        troth_protocomm_tick(&pc, world_now(w));
    }
}

/* ---- the phone ---- */

static struct troth_security client;
static uint16_t handle[8];
static uint8_t got[MAX];
static size_t got_len;

static const struct troth_event *last(enum troth_event_type type, unsigned after)
{
    for (unsigned i = phone->logged; i > after; i--)
        if (phone->log[i - 1].event.type == type)
            return &phone->log[i - 1].event;
    return NULL;
}

/* Until the procedure is over: its error of ATT, 0 none. */
static uint8_t done(unsigned from, int begun)
{
    const struct troth_event *e;
    assert_int_equal(begun, TROTH_OK);
    for (unsigned i = 0; !(e = last(TROTH_EV_GATT_DONE, from)); i++) {
        assert_true(i < 7000); /* 35 s */
        run(5);
    }
    if (e->u.done.result == TROTH_OK)
        return 0;
    assert_int_equal(e->u.done.result, TROTH_FAILED);
    return e->u.done.att_error;
}

static void read_value(uint16_t at)
{
    unsigned from = phone->logged;
    assert_int_equal(done(from, troth_gatt_read(phone->host, phone->link, at)), 0);
    const struct troth_event *e = last(TROTH_EV_GATT_VALUE, from);
    assert_non_null(e);
    got_len = e->u.value.len;
    memcpy(got, e->u.value.data, got_len);
    phone->logged = phone->read = from; /* the log is not that long */
}

static uint8_t write_value(uint16_t at, const uint8_t *octets, size_t len)
{
    unsigned from = phone->logged;
    uint8_t error =
        done(from, troth_gatt_write(phone->host, phone->link, at, octets, (uint16_t)len));
    phone->logged = phone->read = from;
    return error;
}

/* By what clients go by: the service advertised, the user descriptions. */
static void discover(void)
{
    static const struct troth_uuid uuid = TROTH_PROTOCOMM_GATT_UUID;
    uint16_t value = 0, values[8], descriptions[8];
    unsigned from = phone->logged, n = 0;
    assert_int_equal(done(from, troth_gatt_discover_service(phone->host, phone->link, &uuid)), 0);
    for (unsigned i = from; i < phone->logged; i++) {
        const struct troth_event *e = &phone->log[i].event;
        if (e->type == TROTH_EV_GATT_CHARACTERISTIC)
            value = e->u.characteristic.value_handle;
        if (e->type == TROTH_EV_GATT_CHARACTERISTIC)
            assert_int_equal(e->u.characteristic.properties, 0x0a);
        if (e->type == TROTH_EV_GATT_CHARACTERISTIC && n < 8)
            values[n++] = value;
    }
    unsigned k = 0;
    for (unsigned i = from; i < phone->logged; i++) {
        const struct troth_event *e = &phone->log[i].event;
        if (e->type == TROTH_EV_GATT_DESCRIPTOR && k < 8) {
            assert_true(e->u.descriptor.uuid.len == 2 && e->u.descriptor.uuid.b[0] == 0x01);
            descriptions[k++] = e->u.descriptor.handle;
        }
    }
    assert_int_equal(n, 6);
    assert_int_equal(k, 6);
    for (unsigned i = 0; i < n; i++) {
        read_value(descriptions[i]);
        int endpoint = troth_protocomm_find(&pc, (const char *)got, got_len);
        assert_true(endpoint >= 0);
        handle[endpoint] = values[i];
    }
}

/* A request and its response, as they cross. */
static uint8_t turn(unsigned endpoint, const uint8_t *octets, size_t len)
{
    uint8_t error = write_value(handle[endpoint], octets, len);
    if (!error)
        read_value(handle[endpoint]);
    return error;
}

static uint8_t shake(void)
{
    uint8_t out[MAX];
    size_t len;
    assert_int_equal(troth_security_hello(&client, out, sizeof out, &len), TROTH_OK);
    while (len) {
        uint8_t error = turn(TROTH_PROTOCOMM_SESSION, out, len);
        if (error)
            return error;
        assert_int_equal(troth_security_next(&client, got, got_len, out, sizeof out, &len),
                         TROTH_OK);
    }
    return 0;
}

/* Through the session: got is the response, opened. */
static uint8_t sealed(unsigned endpoint, const uint8_t *octets, size_t len)
{
    uint8_t out[MAX];
    assert_int_equal(troth_security_seal(&client, octets, len, out, &len), TROTH_OK);
    uint8_t error = turn(endpoint, out, len);
    if (!error)
        assert_int_equal(troth_security_open(&client, got, got_len, got, &got_len), TROTH_OK);
    return error;
}

static struct troth_protocomm_answer ask(struct troth_protocomm_ask what)
{
    struct troth_protocomm_answer answer;
    uint8_t out[MAX];
    size_t len;
    what.kind = kind;
    assert_int_equal(troth_protocomm_ask(&what, out, sizeof out, &len), TROTH_OK);
    const char *endpoint = troth_protocomm_op_endpoint(what.op);
    int number = troth_protocomm_find(&pc, endpoint, strlen(endpoint));
    assert_true(number >= 0);
    assert_int_equal(sealed((unsigned)number, out, len), 0);
    assert_int_equal(troth_protocomm_read(&what, got, got_len, &answer), TROTH_OK);
    return answer;
}

#define ASK(...) ask((struct troth_protocomm_ask){__VA_ARGS__})

static uint32_t wait_for(uint32_t state)
{
    struct troth_protocomm_answer a;
    for (unsigned i = 0; i < 100; i++) {
        a = ASK(.op = TROTH_PROTOCOMM_OP_STATUS);
        if (a.u.status.state != TROTH_PROTOCOMM_CONNECTING)
            break;
        run(500);
    }
    assert_int_equal(a.u.status.state, state);
    return a.u.status.why;
}

static void scan(void)
{
    ASK(.op = TROTH_PROTOCOMM_OP_SCAN); /* held until it is over */
    struct troth_protocomm_answer a = ASK(.op = TROTH_PROTOCOMM_OP_SCAN_STATUS);
    assert_true(a.u.scan.finished);
    assert_int_equal(a.u.scan.count, 3);
    a = ASK(.op = TROTH_PROTOCOMM_OP_SCAN_PAGE, .start = 0, .count = 3);
    assert_int_equal(a.u.page.count, 3);
    assert_int_equal(a.u.page.result[0].rssi, -50);
    if (kind == WIFI)
        assert_memory_equal(a.u.page.result[2].ssid.b, "Meadow", 6);
    else
        assert_memory_equal(a.u.page.result[2].thread.name.b, "Meadow", 6);
}

static struct troth_credentials credentials(bool right)
{
    struct troth_credentials c = {.kind = kind};
    if (kind == THREAD) {
        dataset_of(&c.u.thread, right ? 0x11 : 0x22);
        return c;
    }
    c.u.wifi.ssid = (struct troth_ssid){6, "Meadow"};
    c.u.wifi.security = TROTH_WIFI_AUTO;
    c.u.wifi.password = (struct troth_password){.len = 14, .b = "clover and rye"};
    if (!right)
        c.u.wifi.password.b[0] = 'C';
    return c;
}

static void apply(bool right)
{
    struct troth_credentials c = credentials(right);
    ASK(.op = TROTH_PROTOCOMM_OP_SET, .credentials = &c);
    ASK(.op = TROTH_PROTOCOMM_OP_APPLY);
}

/* ---- scenes ---- */

static void configure(uint8_t scheme, uint8_t of_kind)
{
    static uint32_t dice[2];
    dice[0] = 5;
    dice[1] = 6;
    kind = of_kind;
    own =
        (struct troth_security_config){.scheme = scheme, .random = random_octets, .ctx = &dice[0]};
    theirs = own;
    theirs.ctx = &dice[1];
    theirs.patch = 1;
    if (scheme == 1)
        own.pop = theirs.pop = TEXT("abcd1234");
    if (scheme == 2) {
        theirs.username = TEXT("wifiprov");
        theirs.password = TEXT("abcd1234");
        own.salt = (struct troth_piece){salt, sizeof salt};
        own.verifier = (struct troth_piece){verifier, sizeof verifier};
        assert_int_equal(
            troth_security_credentials(&theirs.username, &theirs.password, &own.salt, verifier),
            TROTH_OK);
    }
}

static void meet(uint8_t scheme, uint8_t of_kind)
{
    configure(scheme, of_kind);
    stops = faults = 0;
    w = world_new(31);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    lamp->before_start = serve;
    lamp->on_event = on_lamp;
    device_on(phone);
    device_on(lamp);
    struct troth_advertising adv = {.on = true};
    troth_protocomm_gatt_advertising(&gatt, "PROV_F72E6B", &adv);
    assert_int_equal(troth_advertise(lamp->host, &adv), TROTH_OK);
    device_connect(phone, lamp);
    assert_int_equal(troth_security_init(&client, &theirs, false), TROTH_OK);
    discover();
}

static int begin(void **state)
{
    (void)state;
    permission = TROTH_OPEN;
    w = NULL;
    return 0;
}

static int end(void **state)
{
    (void)state;
    if (w)
        world_free(w);
    return 0;
}

static void provision(uint8_t scheme, uint8_t of_kind)
{
    struct troth_proto_ver v;
    meet(scheme, of_kind);
    assert_int_equal(turn(TROTH_PROTOCOMM_VERSION, (const uint8_t *)"---", 3), 0);
    assert_int_equal(troth_proto_ver_read(got, got_len, &v), TROTH_OK);
    assert_true(v.scheme == scheme && v.kind == kind && v.can_scan);
    assert_int_equal(shake(), 0);
    scan();
    apply(false);
    assert_int_equal(wait_for(TROTH_PROTOCOMM_CONNECTION_FAILED),
                     kind == WIFI ? TROTH_PROTOCOMM_WHY_AUTH : TROTH_PROTOCOMM_WHY_NOT_FOUND);
    apply(true); /* without a reset */
    wait_for(TROTH_PROTOCOMM_CONNECTED);
    struct troth_prov_status s;
    troth_prov_status(&prov, &s);
    assert_true(s.online && s.kind == kind);
    run(2000);
    assert_int_equal(stops, 1);
    assert_int_equal(faults, 0);
    world_free(w);
    w = NULL;
}

static void every_security_and_network(void **state)
{
    (void)state;
    for (uint8_t scheme = 0; scheme <= 2; scheme++) {
        provision(scheme, WIFI);
        provision(scheme, THREAD);
    }
}

/* The longest there is, both ways: by prepared writes and read blobs. */
static void long_messages(void **state)
{
    (void)state;
    uint8_t out[MAX];
    meet(2, WIFI);
    assert_int_equal(shake(), 0); /* 406 and 416 octets */
    for (size_t len = TROTH_PROTOCOMM_GATT_MAX - 20; len <= TROTH_PROTOCOMM_GATT_MAX - 16; len++) {
        for (size_t i = 0; i < len; i++)
            out[i] = (uint8_t)(i * 7 + len);
        assert_int_equal(sealed(TROTH_PROTOCOMM_APP, out, len), 0);
        assert_int_equal(got_len, len);
        assert_memory_equal(got, out, len);
    }
}

static void a_wrong_proof(void **state)
{
    (void)state;
    for (uint8_t scheme = 1; scheme <= 2; scheme++) {
        meet(scheme, WIFI);
        if (scheme == 1)
            client.cfg.pop = TEXT("guess");
        else
            client.cfg.password = TEXT("guess");
        for (unsigned i = 0; i < 3; i++)
            assert_int_equal(shake(), TROTH_ATT_INVALID_PDU);
        assert_int_equal(faults, 3);
        client.cfg = theirs; /* the right one is not heard at once, but then */
        assert_int_equal(shake(), TROTH_ATT_PROCEDURE_IN_PROGRESS);
        run(1100);
        assert_int_equal(shake(), 0);
        apply(true);
        wait_for(TROTH_PROTOCOMM_CONNECTED);
        world_free(w);
        w = NULL;
    }
}

static void what_needs_a_session(void **state)
{
    (void)state;
    meet(2, WIFI);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(turn(i, (const uint8_t *)"\x08\x00", 2),
                         i == TROTH_PROTOCOMM_VERSION ? 0 : TROTH_ATT_INVALID_PDU);
    assert_int_equal(shake(), 0);
    read_value(handle[TROTH_PROTOCOMM_SESSION]);
    assert_true(got_len > 0);
    /* The session is the link's, and so are its responses. */
    device_disconnect(phone);
    assert_false(pc.here);
    device_connect(phone, lamp);
    read_value(handle[TROTH_PROTOCOMM_SESSION]);
    assert_int_equal(got_len, 0);
    uint8_t out[MAX];
    size_t len;
    assert_int_equal(troth_security_seal(&client, (const uint8_t *)"x", 1, out, &len), TROTH_OK);
    assert_int_equal(turn(TROTH_PROTOCOMM_APP, out, len), TROTH_ATT_INVALID_PDU);
    assert_int_equal(shake(), 0);
}

static void a_link_that_goes_while_a_scan_is_held(void **state)
{
    (void)state;
    uint8_t out[MAX];
    size_t len;
    meet(0, WIFI);
    sim.scan_ms = 5000;
    assert_int_equal(shake(), 0);
    struct troth_protocomm_ask what = {.op = TROTH_PROTOCOMM_OP_SCAN, .kind = kind};
    assert_int_equal(troth_protocomm_ask(&what, out, sizeof out, &len), TROTH_OK);
    assert_int_equal(troth_gatt_write(phone->host, phone->link, handle[TROTH_PROTOCOMM_SCAN], out,
                                      (uint16_t)len),
                     TROTH_OK);
    run(1000);
    assert_true(gatt.held);
    device_disconnect(phone);
    assert_false(gatt.held || pc.here);
    device_connect(phone, lamp);
    run(6000);
    assert_int_equal(shake(), 0);
    scan();
}

/* The option for devices that want the link encrypted as well. */
static void forced_encryption(void **state)
{
    (void)state;
    permission = TROTH_ENCRYPTED;
    meet(2, WIFI); /* descriptions are open */
    phone->say[TROTH_ASK_RAISE] = SAY_NO;
    assert_int_equal(turn(TROTH_PROTOCOMM_VERSION, (const uint8_t *)"---", 3),
                     TROTH_ATT_INSUFFICIENT_AUTHENTICATION);
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
    expect(phone, TROTH_EV_PAIRED);
    assert_int_equal(shake(), 0);
    apply(true);
    wait_for(TROTH_PROTOCOMM_CONNECTED);
}

#define SCENE(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(every_security_and_network),
        SCENE(long_messages),
        SCENE(a_wrong_proof),
        SCENE(what_needs_a_session),
        SCENE(a_link_that_goes_while_a_scan_is_held),
        SCENE(forced_encryption),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
