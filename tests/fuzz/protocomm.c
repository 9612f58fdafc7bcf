/*
 * A device of Espressif's provisioning: endpoints, sessions, the network behind it. Octets: how it
 * is set up, then what happens: requests raw or sealed by an honest client, time, the network, links
 * that go, other writers.
 *
 * Each request has one response; a sealed endpoint answers nobody without a session; no status says
 * "connected" unless a network is joined; nothing waits without a timer; a session that is over
 * leaves no secret; and an honest client provisions it afterwards.
 */
#include "fuzz/fuzz.h"

#include <troth/protocomm.h>
#include <troth/protocomm_client.h>

#define CAP TROTH_SECURITY_HANDSHAKE

static uint64_t seed;
static struct troth_prov prov;
static struct troth_protocomm pc;
static struct troth_security client; /* honest, of link 1 */
static troth_ms now;
static uint32_t join_id, leave_id, scan_id, app_serial;
static unsigned responses;
static struct {
    uint32_t session;
    int result;
    size_t len;
    uint8_t b[TROTH_PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD];
} last;

static bool all_zero(const void *p, size_t n)
{
    static const uint8_t zeros[2 * TROTH_PROTOCOMM_MAX];
    never(n > sizeof zeros, "too much to look at");
    return memcmp(p, zeros, n) == 0;
}

static void draw(void *ctx, uint8_t *octets, size_t len)
{
    draw_octets(ctx, octets, len);
}

/* ---- the network, which is asked and told by the octets ---- */

static int net_join(void *ctx, uint32_t id, const struct troth_credentials *c)
{
    (void)ctx;
    never(troth_credentials_check(c) != TROTH_NET_OK, "credentials that cannot work are tried");
    join_id = id;
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
    return TROTH_OK;
}
static const struct troth_net_ops ops = {net_join, net_leave, net_scan, NULL};
static struct troth_net net = {&ops, NULL, 1u << TROTH_NET_WIFI | 1u << TROTH_NET_THREAD};
static struct troth_net_sink sink = {troth_prov_net_report, &prov};

static void on_prov(void *ctx, const struct troth_prov_event *event)
{
    (void)ctx;
    troth_protocomm_prov_event(&pc, event);
}

/* ---- the device ---- */

static void on_respond(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len)
{
    (void)ctx;
    responses++;
    never(result != TROTH_OK && len, "a refusal that says something");
    never(len > sizeof last.b, "longer than a response may be");
    last.session = session;
    last.result = result;
    last.len = len;
    if (len)
        memcpy(last.b, out, len);
}

static void on_event(void *ctx, const struct troth_protocomm_event *e)
{
    (void)ctx;
    never(e->type == TROTH_PROTOCOMM_EV_FAULT && e->fault == TROTH_SECURITY_FINE,
          "a fault that is none");
    never(e->type == TROTH_PROTOCOMM_EV_STOP && pc.cfg.keep_running, "it stops unasked");
}

static int app(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
               size_t *out_len)
{
    (void)ctx;
    app_serial = serial;
    if (len && in[0] == 'l')
        return TROTH_PROTOCOMM_LATER;
    if (len && in[0] == 's')
        troth_protocomm_stop(&pc);
    if (len && in[0] == 'f')
        return TROTH_FAILED;
    memcpy(out, in, len);
    *out_len = len;
    return TROTH_OK;
}

static void look(void)
{
    for (unsigned i = 0; i < TROTH_PROV_WRITERS; i++)
        never(!pc.here && prov.staged[i].used && prov.staged[i].writer == TROTH_PROTOCOMM_WRITER,
              "credentials outlive the session they were set in");
    never(!pc.here && (!all_zero(&pc.security.u, sizeof pc.security.u) || pc.set),
          "a session that is over leaves something");
    never(pc.security.step == 0 && !all_zero(&pc.security.u, sizeof pc.security.u),
          "secrets without a session");
    never(pc.open && (pc.scan_held || pc.resetting) && troth_protocomm_deadline(&pc) == TROTH_NEVER,
          "a response could wait for ever");
    never(!pc.open && !all_zero(pc.in, sizeof pc.in), "a request is kept");
    never(pc.stopping && !timer_running(&pc.stop_timer), "it might never stop");
}

static void request(uint32_t session, unsigned endpoint, const uint8_t *octets, size_t n)
{
    unsigned was = responses;
    bool open = pc.open;
    uint8_t *exact = malloc(n ? n : 1);
    if (!exact)
        abort();
    memcpy(exact, octets, n);
    last.session = ~session;
    troth_protocomm_request(&pc, session, endpoint, exact, n, now);
    free(exact);
    bool mine = last.session == session;
    never(responses - was > 1u + open, "two responses to one request");
    never(responses == was && !(pc.open && !open), "no response to a request");
    bool sealed = endpoint != TROTH_PROTOCOMM_VERSION && endpoint != TROTH_PROTOCOMM_SESSION;
    never(sealed && mine && responses != was && last.result == TROTH_OK && pc.cfg.security.scheme &&
              !(pc.here && pc.session == session && troth_security_ready(&pc.security)),
          "an answer without a session");
    never(endpoint == TROTH_PROTOCOMM_SESSION && mine && last.result == TROTH_OK && pc.open,
          "a request outlives its session");
    look();
}

/* ---- an honest client ---- */

static bool shake(void)
{
    uint8_t msg[CAP];
    size_t len;
    if (troth_security_hello(&client, msg, CAP, &len) != TROTH_OK)
        return false;
    while (len) {
        request(1, TROTH_PROTOCOMM_SESSION, msg, len);
        if (last.result != TROTH_OK)
            return false;
        never(troth_security_next(&client, last.b, last.len, msg, CAP, &len) != TROTH_OK,
              "an honest client is refused");
    }
    never(!troth_security_ready(&pc.security), "a session of one end");
    return true;
}

static void opened(void)
{
    if (last.result == TROTH_OK && last.session == 1 && troth_security_ready(&client))
        troth_security_open(&client, last.b, last.len, last.b, &last.len);
}

/* What is sealed and sent; true: the response, opened, is in last. */
static bool send_sealed(unsigned endpoint, const uint8_t *octets, size_t n)
{
    static uint8_t m[TROTH_PROTOCOMM_MAX + TROTH_SECURITY_OVERHEAD];
    unsigned was = responses;
    size_t len;
    if (troth_security_seal(&client, octets, n, m, &len) != TROTH_OK)
        return false;
    request(1, endpoint, m, len);
    if (responses == was)
        return false;
    opened();
    return last.result == TROTH_OK && last.session == 1;
}

static void status_is_true(void)
{
    const struct troth_protocomm_ask ask = {.op = TROTH_PROTOCOMM_OP_STATUS, .kind = pc.cfg.kind};
    struct troth_protocomm_answer a;
    uint8_t m[16];
    size_t n;
    if (!troth_security_ready(&client) || pc.open ||
        troth_protocomm_ask(&ask, m, sizeof m, &n) != TROTH_OK)
        return;
    if (!send_sealed(TROTH_PROTOCOMM_CONFIG, m, n))
        return;
    if (pc.cfg.security.scheme == 1 &&
        memcmp(&client.u.one.stream, &pc.security.u.one.stream, sizeof client.u.one.stream) != 0)
        return; /* out of step, as security 1 gets: no telling */
    if (troth_protocomm_read(&ask, last.b, last.len, &a) != TROTH_OK)
        return;
    never(a.u.status.state == TROTH_PROTOCOMM_CONNECTED && !prov.online,
          "it says connected, and is not");
    never(a.u.status.state == TROTH_PROTOCOMM_CONNECTED && pc.view == 2, "or of another network");
}

/* ---- what happens ---- */

static void joined(uint8_t what)
{
    const struct troth_net_info info = {.address = "192.168.1.7",
                                        .channel = what,
                                        .security = TROTH_WIFI_WPA2_PSK,
                                        .thread = {what, {1, 2, 3}, {4, "name"}}};
    if (join_id)
        troth_net_joined(&sink, join_id, &info);
}

static void found(struct in *in)
{
    struct troth_scan_result r = {.kind = pc.cfg.kind};
    r.rssi = (int8_t)in_u8(in);
    r.channel = in_u8(in);
    r.security = in_u8(in) & 7;
    r.ssid.len = in_u8(in) % 33;
    in_copy(in, r.ssid.b, r.ssid.len);
    r.thread.name.len = r.ssid.len % 17;
    memcpy(r.thread.name.b, r.ssid.b, r.thread.name.len);
    if (scan_id)
        troth_net_scan_result(&sink, scan_id, &r);
}

static void network(struct in *in, uint8_t what)
{
    switch (what & 7) {
    case 0:
        joined(what);
        break;
    case 1:
        if (join_id)
            troth_net_join_failed(&sink, join_id, (enum troth_net_reason)(1 + (what >> 3) % 12));
        break;
    case 2:
        if (leave_id)
            troth_net_left(&sink, leave_id);
        break;
    case 3:
    case 4:
        found(in);
        break;
    default:
        if (scan_id)
            troth_net_scan_done(&sink, scan_id, what & 8 ? TROTH_NET_OTHER : TROTH_NET_OK);
        break;
    }
}

static void pass(uint32_t ms)
{
    now += ms;
    troth_prov_tick(&prov, now);
    troth_protocomm_tick(&pc, now);
}

static void step(struct in *in)
{
    uint8_t op = in_u8(in), what = in_u8(in);
    size_t n = what;
    switch (op >> 4) {
    case 0: /* raw octets */
    case 1: {
        uint32_t session = op >> 3 & 3;
        uint8_t *raw = take_exact(in, &n);
        request(session, op & 7, raw, n);
        free(raw);
        break;
    }
    case 2: /* sealed by the honest client */
    case 3:
    case 4:
    case 5: {
        n |= (size_t)(op >> 4 & 1) << 8;
        uint8_t *plain = take_exact(in, &n);
        send_sealed(op & 7, plain, n);
        free(plain);
        break;
    }
    case 6:
        shake();
        break;
    case 7:
        status_is_true();
        break;
    case 8:
    case 9:
    case 10:
        network(in, what);
        break;
    case 11:
        pass((uint32_t)what << (op & 15));
        break;
    case 12:
        troth_protocomm_gone(&pc, what & 3);
        break;
    case 13:
        troth_protocomm_complete(&pc, app_serial, op & 1 ? TROTH_FAILED : TROTH_OK, last.b, n % 64);
        opened();
        break;
    case 14: { /* the other protocol */
        struct troth_credentials *c = troth_prov_stage(&prov, 7);
        if (c && op & 1) {
            *c = (struct troth_credentials){.kind = TROTH_NET_WIFI};
            c->u.wifi.ssid.len = 1;
            c->u.wifi.ssid.b[0] = what;
            c->u.wifi.security = TROTH_WIFI_OPEN;
            troth_prov_connect(&prov, 7);
        } else {
            troth_prov_erase(&prov, 7);
        }
        break;
    }
    default:
        if (what & 1)
            troth_protocomm_stop(&pc);
        else
            troth_prov_scan(&prov);
        break;
    }
    look();
}

/* From the first message to the network: whatever was before. */
static void still_provisions(void)
{
    static const uint8_t set_wifi[] = {8, 2, 0x62, 6, 10, 4, 'o', 'p', 'e', 'n'};
    static const uint8_t apply_wifi[] = {8, 4}, status_wifi[] = {0x52, 0};
    troth_protocomm_stop(&pc);
    for (unsigned i = 0; i < 40; i++) { /* waits, tries, erasures come to their end */
        pass(10000);
        if (leave_id)
            troth_net_left(&sink, leave_id);
    }
    never(!shake(), "no session any longer");
    if (pc.cfg.kind != TROTH_NET_WIFI)
        return;
    never(!send_sealed(TROTH_PROTOCOMM_CONFIG, set_wifi, sizeof set_wifi), "no credentials taken");
    never(!send_sealed(TROTH_PROTOCOMM_CONFIG, apply_wifi, sizeof apply_wifi), "none applied");
    never(last.len != 4 || memcmp(last.b, "\x08\x05\x7a", 4) != 0, "it refuses");
    if (leave_id)
        troth_net_left(&sink, leave_id);
    joined(6);
    never(!send_sealed(TROTH_PROTOCOMM_CONFIG, status_wifi, sizeof status_wifi), "no status");
    never(last.len < 8 || last.b[3] < 10, "it is not connected");
    status_is_true();
    troth_protocomm_gone(&pc, 1);
    look();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t verifier[TROTH_BIG];
    static const uint8_t salt[] = {1, 2, 3, 4};
    struct in in = in_of(data, size);
    uint8_t way = in_u8(&in);
    seed = in_u8(&in);
    now = 1000;
    join_id = leave_id = scan_id = app_serial = 0;
    responses = 0;
    struct troth_security_config d = {.scheme = way % 4 % 3, .random = draw, .ctx = &seed};
    struct troth_security_config c = d;
    c.patch = 1;
    c.username = (struct troth_piece){"wifiprov", 8};
    c.password = (struct troth_piece){"abcd1234", 8};
    d.salt = (struct troth_piece){salt, sizeof salt};
    d.verifier = (struct troth_piece){verifier, TROTH_BIG};
    if (d.scheme == 1)
        d.pop = c.pop = c.password;
    never(troth_security_credentials(&c.username, &c.password, &d.salt, verifier) != TROTH_OK ||
              troth_security_init(&client, &c, false) != TROTH_OK,
          "no credentials");
    const struct troth_prov_config p = {.net = &net, .event = on_prov, .attempts = 1};
    const struct troth_protocomm_config config = {.security = d,
                                                  .prov = &prov,
                                                  .kind =
                                                      way & 4 ? TROTH_NET_THREAD : TROTH_NET_WIFI,
                                                  .keep_running = way & 8,
                                                  .respond = on_respond,
                                                  .event = on_event};
    troth_prov_init(&prov, &p);
    never(troth_protocomm_init(&pc, &config) != TROTH_OK, "no device");
    troth_protocomm_endpoint(&pc, "custom-data", app, NULL);
    troth_prov_start(&prov, NULL);
    pass(0);
    for (unsigned i = 0; i < 80 && in.left; i++)
        step(&in);
    still_provisions();
    return 0;
}
