/*
 * A whole host from its H4 octets up: a controller that may say anything, peers, time, the
 * application's calls (from callbacks too), and one peer that follows the protocol when asked to,
 * so that pairings, bonds and their records are reached. Crypto is a toy.
 */
#include "fuzz/fuzz.h"
#include "support/smp_bench.h"

#include <troth/host.h>
#include <troth/state.h>

#define LINKS 64

static struct troth_host host;
static troth_ms now;
static uint64_t seed;
static uint8_t acl_len, acl_count;
static bool controller_privacy;

/* the controller's side */
static uint16_t open_command; /* not answered yet; 0: none */
static uint16_t handles[TROTH_MAX_LINKS + 2];
static unsigned handle_count, next_handle, in_flight;

/* the application's */
static bool live[LINKS]; /* links by number that were told as connected */
static troth_link last_link;
static uint32_t asks[16];
static enum troth_ask_type ask_types[16];
static unsigned ask_count;
static uint16_t taken_asks; /* a bit a type: those the application answers itself */
static uint32_t gatt_token;
static unsigned ready;
static uint8_t from_callback; /* an API call the next event makes; 0: none */

/* the peer that follows the protocol, on the last connection */
static struct smp_bench peer;
static bool peer_here;
static uint16_t peer_handle;
static struct {
    uint8_t b[600];
    size_t len;
} flow;
static uint8_t to_peer[8][80];
static size_t to_peer_len[8];
static unsigned to_peer_count;
static bool enable_seen, ltk_given;

static void call(uint8_t what, struct in *in);

static int rx(const uint8_t *packet, size_t len)
{
    uint8_t *exact = malloc(len ? len : 1);
    if (!exact)
        abort();
    memcpy(exact, packet, len);
    int result = troth_host_rx(&host, exact, len, now);
    free(exact);
    return result;
}

static void sent_acl(const uint8_t *p, size_t len)
{
    never(len < 5 || get_le16(p + 3) != len - 5, "an ACL packet's length is wrong");
    never(len - 5 > acl_len, "an ACL packet longer than the controller takes");
    never(++in_flight > acl_count, "more ACL packets than the controller holds");
    uint16_t handle = get_le16(p + 1) & 0xfff;
    bool known = false;
    for (unsigned i = 0; i < handle_count; i++)
        known |= handles[i] == handle;
    never(!known, "an ACL packet on a handle that is not connected");
    if (!peer_here || handle != peer_handle)
        return;
    if (!(p[2] & 0x10))
        flow.len = 0;
    never(flow.len + len - 5 > sizeof flow.b, "a PDU longer than any");
    memcpy(flow.b + flow.len, p + 5, len - 5);
    flow.len += len - 5;
    if (flow.len < 4 || flow.len != 4u + get_le16(flow.b) || get_le16(flow.b + 2) != 6 ||
        to_peer_count == 8)
        return;
    never(flow.len - 4 > SMP_PDU_MAX, "an SMP PDU longer than any");
    memcpy(to_peer[to_peer_count], flow.b + 4, flow.len - 4);
    to_peer_len[to_peer_count++] = flow.len - 4;
}

static void on_send(void *ctx, const uint8_t *p, size_t len)
{
    (void)ctx;
    if (len && p[0] == 0x02) {
        sent_acl(p, len);
        return;
    }
    never(len < 4 || p[0] != 0x01 || p[3] != len - 4, "neither a command nor ACL");
    never(open_command && get_le16(p + 1) != 0x0c03, "a command before the last was answered");
    open_command = get_le16(p + 1);
    if (open_command == 0x2019)
        enable_seen = true;
    if (open_command == 0x201a)
        ltk_given = true;
}

static void on_event(void *ctx, const struct troth_event *e)
{
    (void)ctx;
    never(e->link >= LINKS && e->link != TROTH_NO_LINK, "a link number out of nowhere");
    if (e->type == TROTH_EV_CONNECTED) {
        never(live[e->link], "a link connected twice");
        live[e->link] = true;
        last_link = e->link;
    } else {
        never(e->link != TROTH_NO_LINK && !live[e->link], "an event of a link that is not there");
    }
    if (e->type == TROTH_EV_DISCONNECTED)
        live[e->link] = false;
    if (e->type == TROTH_EV_READY)
        ready++;
    if (e->type == TROTH_EV_PAIRED) {
        struct troth_bond_keys copy = *e->u.paired.keys;
        never(copy.key_size < 7 || copy.key_size > 16, "paired with an impossible key size");
        never(!troth_link_level(&host, e->link).key_size, "paired on a link that is not encrypted");
    }
    if (from_callback) {
        uint8_t what = from_callback;
        struct in none = in_of("\x01\x02\x03\x04\x05\x06\x07", 7);
        from_callback = 0;
        call(what, &none);
    }
}

static bool on_ask(void *ctx, const struct troth_ask *a)
{
    (void)ctx;
    if (a->type == TROTH_ASK_STORE) {
        uint8_t copy[TROTH_RECORD_MAX];
        never(a->u.store.len > sizeof copy, "a record longer than any");
        if (a->u.store.len)
            memcpy(copy, a->u.store.record, a->u.store.len);
    } else {
        never(a->link >= LINKS || !live[a->link], "an ask of a link that is not there");
    }
    if (!(taken_asks >> a->type & 1) || ask_count == 16)
        return false;
    asks[ask_count] = a->id;
    ask_types[ask_count++] = a->type;
    return true;
}

static void on_random(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    draw_octets(&seed, out, len);
}

/* ---- the service ---- */

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    if (a->id == 2 && !a->command) {
        gatt_token = a->token;
        return TROTH_GATT_LATER;
    }
    a->value = (const uint8_t *)"value";
    a->value_len = a->offset < 5 ? (uint16_t)(5 - a->offset) : 0;
    a->value += a->offset < 5 ? a->offset : 5;
    return TROTH_GATT_OK;
}

static const struct troth_characteristic characteristics[] = {
    {TROTH_UUID16(0xfe01), 1,
     TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_WRITE_COMMAND | TROTH_PROP_NOTIFY, TROTH_OPEN,
     TROTH_ENCRYPTED, TROTH_OPEN, 7, NULL},
    {TROTH_UUID16(0xfe02), 2, TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_INDICATE, TROTH_OPEN,
     TROTH_OPEN, TROTH_ENCRYPTED, 7, "later"},
};
static const struct troth_service table = {TROTH_UUID16(0xfe00), characteristics, 2, on_access,
                                           NULL};
static struct troth_gatt_service service;

/* ---- the controller ---- */

/* Answers the open command as a controller in good health. */
static void answer_command(uint8_t status)
{
    uint16_t opcode = open_command;
    uint8_t e[100] = {0x04, 0x0e, 0, 1, (uint8_t)opcode, (uint8_t)(opcode >> 8), status};
    size_t n = 7;
    if (!opcode)
        return;
    open_command = 0;
    switch (opcode) {
    case 0x0406: /* these get a status, and their event later */
    case 0x200d:
    case 0x2013:
    case 0x2019: {
        uint8_t s[7] = {0x04, 0x0f, 4, status, 1, (uint8_t)opcode, (uint8_t)(opcode >> 8)};
        rx(s, sizeof s);
        return;
    }
    case 0x1001:
        n += 8;
        break;
    case 0x1002:
        memset(e + n, 0xff, 64);
        n += 64;
        break;
    case 0x1005:
        e[n] = acl_len;
        e[n + 3] = acl_count;
        n += 7;
        break;
    case 0x1009:
        memset(e + n, 0xa5, 6);
        n += 6;
        break;
    case 0x2002:
        e[n] = acl_len;
        e[n + 2] = acl_count;
        n += 3;
        break;
    case 0x2003:
        e[n] = controller_privacy ? 0x40 : 0;
        n += 8;
        break;
    case 0x202a:
        e[n++] = 5;
        break;
    default:
        break;
    }
    e[2] = (uint8_t)(n - 3);
    rx(e, n);
}

static void controller_reset(void)
{
    handle_count = in_flight = 0;
    peer_here = false;
}

static void bring_up(void)
{
    unsigned before = ready;
    controller_reset();
    open_command = 0;
    troth_host_start(&host, now);
    for (unsigned i = 0; i < 60 && ready == before; i++)
        answer_command(0);
    never(ready == before, "a healthy controller does not come up");
    controller_reset();
}

static void connection(struct in *in)
{
    uint8_t how = in_u8(in), addr[6];
    in_copy(in, addr, 6);
    uint16_t handle = (uint16_t)(0x40 + next_handle++);
    bool peripheral = how & 1;
    uint8_t e[] = {0x04, 0x3e,       0x13,
                   0x01, 0x00,       (uint8_t)handle,
                   0x00, peripheral, how >> 1 & 1,
                   0,    0,          0,
                   0,    0,          0,
                   0x18, 0x00,       0x00,
                   0x00, 0x90,       0x01,
                   0x00};
    memcpy(e + 9, addr, 6);
    if (handle_count == sizeof handles / sizeof handles[0] || last_link >= LINKS - 8)
        return;
    handles[handle_count++] = handle;
    troth_link before = last_link;
    rx(e, sizeof e);
    if (last_link == before)
        return;
    struct troth_addr a[2];
    const struct host_link *l = NULL;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (host.link[i].used && host.link[i].handle == handle)
            l = &host.link[i];
    if (!l)
        return;
    a[peripheral] = l->local;
    a[!peripheral] = l->peer;
    peer_here = true;
    peer_handle = handle;
    to_peer_count = 0;
    enable_seen = ltk_given = false;
    struct troth_policy p = {
        .features = {how >> 2 & 3, 0, how >> 4 | 1, 16, 3, 3}, .min_key_size = 7, .attempts = 255};
    smp_bench_init(&peer, peripheral ? TROTH_INITIATOR : TROTH_RESPONDER, &p, a);
    peer.seed = seed ^ handle;
}

static void disconnection(unsigned i, uint8_t reason)
{
    if (i >= handle_count)
        return;
    uint8_t e[] = {0x04, 0x05, 4, 0, (uint8_t)handles[i], (uint8_t)(handles[i] >> 8), reason};
    if (peer_here && handles[i] == peer_handle)
        peer_here = false;
    uint16_t gone = handles[i];
    handles[i] = handles[--handle_count];
    /* A disconnection returns the controller's packets; how many were this link's, it knows. */
    for (unsigned k = 0; k < TROTH_MAX_LINKS; k++)
        if (host.hci.acl[k].used && host.hci.acl[k].handle == gone)
            in_flight -= host.hci.acl[k].sent - host.hci.acl[k].acked;
    rx(e, sizeof e);
}

static void completed(void)
{
    for (unsigned i = 0; i < handle_count; i++)
        for (unsigned k = 0; k < TROTH_MAX_LINKS; k++) {
            const struct hci_acl *a = &host.hci.acl[k];
            if (!a->used || a->handle != handles[i] || a->sent == a->acked)
                continue;
            uint8_t n = (uint8_t)(a->sent - a->acked);
            uint8_t e[] = {0x04, 0x13, 5, 1, (uint8_t)a->handle, (uint8_t)(a->handle >> 8), n, 0};
            in_flight -= n;
            rx(e, sizeof e);
        }
}

static void encryption(uint16_t handle, uint8_t status, uint8_t on)
{
    uint8_t e[] = {0x04, 0x08, 4, status, (uint8_t)handle, (uint8_t)(handle >> 8), on};
    rx(e, sizeof e);
}

static void ltk_request(uint16_t handle, const uint8_t name[10])
{
    uint8_t e[16] = {0x04, 0x3e, 0x0d, 0x05, (uint8_t)handle, (uint8_t)(handle >> 8)};
    memcpy(e + 6, name, 10);
    rx(e, sizeof e);
}

static void acl(uint16_t handle, uint16_t cid, const uint8_t *pdu, size_t len)
{
    uint8_t p[9 + 600];
    p[0] = 0x02;
    put_le16(p + 1, handle | 0x2000);
    put_le16(p + 3, (uint16_t)(len + 4));
    put_le16(p + 5, (uint16_t)len);
    put_le16(p + 7, cid);
    memcpy(p + 9, pdu, len);
    rx(p, 9 + len);
}

/* ---- the peer that follows the protocol ---- */

static bool peer_answers(void)
{
    for (unsigned type = 1; type < SMP_BENCH_ASKS; type++) {
        struct troth_answer a = {.ok = true};
        if (!peer.open[type] || type == TROTH_ASK_PASSKEY_DISPLAY)
            continue;
        struct troth_ask ask = peer.ask[type];
        uint8_t random[32];
        memset(random, 0x44, sizeof random);
        ask.u.keypair.random = random;
        if (type == TROTH_ASK_DHKEY) {
            ask.u.dhkey.private_key = peer.ask_private;
            ask.u.dhkey.public_key = peer.ask_public;
        }
        smp_default_answer(&peer.smp, &ask, &a);
        a.ok = true;
        smp_bench_answer(&peer, (enum troth_ask_type)type, &a);
        return true;
    }
    return false;
}

/* One thing an honest world does next. */
static bool honest(void)
{
    static const uint8_t no_name[10];
    struct smp_bench_pdu pdu;
    if (open_command) {
        answer_command(0);
        return true;
    }
    if (in_flight) {
        completed();
        return true;
    }
    if (!peer_here)
        return false;
    if (to_peer_count) {
        uint8_t p[80];
        size_t n = to_peer_len[0];
        memcpy(p, to_peer[0], n);
        to_peer_count--;
        memmove(to_peer, to_peer + 1, sizeof to_peer - sizeof to_peer[0]);
        memmove(to_peer_len, to_peer_len + 1, sizeof to_peer_len - sizeof to_peer_len[0]);
        smp_bench_rx(&peer, p, n);
    } else if (smp_bench_take(&peer, &pdu)) {
        acl(peer_handle, 6, pdu.b, pdu.len);
    } else if (peer.waiting) {
        smp_bench_room(&peer);
    } else if (peer.unacked) {
        smp_bench_acked(&peer);
    } else if (peer_answers()) {
        return true;
    } else if (enable_seen && peer.side == TROTH_RESPONDER) {
        enable_seen = false;
        smp_bench_ltk_request(&peer, 0, 0);
        bool given = peer.ltk_given;
        peer.ltk_given = 0;
        if (given)
            smp_bench_encrypted(&peer, 0, true, false);
        encryption(peer_handle, given ? 0 : 0x06, given);
    } else if (peer.encrypts && peer.side == TROTH_INITIATOR) {
        peer.encrypts = 0;
        ltk_request(peer_handle, no_name);
    } else if (ltk_given && peer.side == TROTH_INITIATOR) {
        ltk_given = false;
        encryption(peer_handle, 0, 1);
        smp_bench_encrypted(&peer, 0, true, false);
    } else if (peer.commits) {
        peer.commits = 0;
        smp_bench_stored(&peer, true);
    } else {
        return false;
    }
    unsigned open = 0;
    for (unsigned i = 0; i < SMP_BENCH_ASKS; i++)
        open += peer.open[i];
    (void)open;
    peer.events = peer.rested = 0;
    if (!smp_pairing(&peer.smp))
        peer.secrets = 0;
    return true;
}

/* ---- the application ---- */

static void call(uint8_t what, struct in *in)
{
    troth_link link = last_link;
    uint8_t n = in_u8(in), data[31];
    uint16_t handle = n & 0x3f;
    struct troth_addr addr = {n & 1, {1, 2, 3, 4, 5, 0xc6}};
    struct troth_advertising adv = {.on = n & 1, .connectable = n & 2, .data_len = n % 32};
    struct troth_conn_params params = {24, 40, 0, (uint16_t)(n * 4)};
    struct troth_policy policy = *troth_policy(&host);
    struct troth_uuid uuid = TROTH_UUID16(0x180f);
    struct troth_oob oob;
    memset(data, n, sizeof data);
    switch (what % 25) {
    case 0:
        troth_pair(&host, link, NULL);
        break;
    case 1:
        troth_security_request(&host, link, n);
        break;
    case 2:
        troth_encrypt(&host, link);
        break;
    case 3:
        troth_pairing_cancel(&host, link, n);
        break;
    case 4:
        troth_disconnect(&host, link, n & 1 ? 0x13 : 0);
        break;
    case 5:
        troth_advertise(&host, &adv);
        break;
    case 6:
        troth_scan(&host, n & 1, n & 2);
        break;
    case 7:
        troth_connect(&host, &addr, n * 100u);
        break;
    case 8:
        troth_connect_cancel(&host);
        break;
    case 9:
        troth_update_params(&host, link, &params);
        break;
    case 10:
        troth_gatt_discover(&host, link);
        break;
    case 11:
        troth_gatt_read(&host, link, handle);
        break;
    case 12:
        troth_gatt_write(&host, link, handle, data, n % 32);
        break;
    case 13:
        troth_gatt_notify(&host, &service, 1 + (n & 1), data, n % 32);
        break;
    case 14:
        troth_gatt_complete(&host, gatt_token, (enum troth_gatt_status)(n % 9), data, n % 32);
        break;
    case 15:
        if (troth_bonds_get(&host, 0))
            troth_bonds_remove(&host, &troth_bonds_get(&host, 0)->keys.identity);
        break;
    case 16:
        policy.features.io_cap = n % 5;
        policy.features.auth_req = n & 0x0d;
        policy.require_mitm = n & 0x10;
        policy.refuse_pairing = (n & 0xe0) == 0xe0;
        policy.attempts = 255;
        troth_set_policy(&host, &policy);
        break;
    case 17:
        troth_set_ltk(&host, link, data, 16, 0, 0, true, true);
        break;
    case 18:
        troth_gatt_write_command(&host, link, handle, data, n % 32);
        break;
    case 19:
        troth_gatt_subscribe(&host, link, handle, n & 3);
        break;
    case 20:
        troth_gatt_signed_write(&host, link, handle, data, n % 24);
        break;
    case 21:
        troth_oob_make(&host, &oob, now);
        break;
    case 22:
        troth_keypress(&host, link, n % 6);
        break;
    case 23:
        policy.require_mitm = n & 1;
        troth_set_link_policy(&host, link, n & 2 ? &policy : NULL);
        break;
    default:
        troth_gatt_discover_service(&host, link, &uuid);
        break;
    }
}

static void answer_ask(struct in *in)
{
    if (!ask_count)
        return;
    uint8_t how = in_u8(in);
    unsigned i = (how >> 4) % ask_count;
    struct troth_answer a = {.ok = how & 1};
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    if (ask_types[i] == TROTH_ASK_PAIRING_REQUEST || ask_types[i] == TROTH_ASK_SECURITY_REQUEST)
        a.u.features = f;
    else if (ask_types[i] == TROTH_ASK_PASSKEY_INPUT)
        a.u.passkey = how & 2 ? 123456 : peer.ask[TROTH_ASK_PASSKEY_DISPLAY].u.passkey.passkey;
    int result = troth_answer(&host, asks[i], &a);
    if (result == TROTH_BUSY || result == TROTH_INVALID)
        return;
    asks[i] = asks[--ask_count];
    ask_types[i] = ask_types[ask_count];
}

static void one(struct in *in)
{
    uint8_t op = in_u8(in), buffer[300];
    size_t n;
    unsigned which = handle_count ? (op >> 4) % handle_count : 0;
    uint16_t handle = handle_count ? handles[which] : 0x40;
    switch (op % 16) {
    case 0:
        answer_command(op & 0x80 ? in_u8(in) : 0);
        break;
    case 1: /* any H4 octets */
        n = in_u8(in);
        n = n < in->left ? n : in->left;
        in_copy(in, buffer, n);
        rx(buffer, n);
        break;
    case 2: /* an event whose length is right */
        buffer[0] = 0x04;
        buffer[1] = in_u8(in);
        n = in_u8(in) % 64;
        n = n < in->left ? n : in->left;
        buffer[2] = (uint8_t)n;
        in_copy(in, buffer + 3, n);
        /* Nobody invents connections, ends them or returns packets behind our own books. */
        if (buffer[1] == 0x05 || buffer[1] == 0x13 || buffer[1] == 0x0e || buffer[1] == 0x0f ||
            (buffer[1] == 0x3e && (buffer[3] == 0x01 || buffer[3] == 0x0a)))
            break;
        rx(buffer, n + 3);
        break;
    case 3:
    case 4: /* a PDU on a fixed channel */
        n = in_u8(in) % 80;
        n = n < in->left ? n : in->left;
        in_copy(in, buffer, n);
        acl(handle, 4 + (op >> 4) % 3, buffer, n);
        break;
    case 5:
        connection(in);
        break;
    case 6:
        disconnection(which, in_u8(in));
        break;
    case 7: {
        uint8_t status = in_u8(in);
        encryption(handle, status, in_u8(in) & 1);
        break;
    }
    case 8:
        in_copy(in, buffer, 10);
        ltk_request(handle, buffer);
        break;
    case 9:
        completed();
        break;
    case 10: {
        troth_ms ms = in_u8(in);
        now += ms * ms * 10;
        troth_host_tick(&host, now);
        break;
    }
    case 11:
        call(in_u8(in), in);
        break;
    case 12:
        answer_ask(in);
        break;
    case 13: /* the honest peer and controller go on */
        for (unsigned i = op >> 4; i-- > 0 && honest();)
            ;
        break;
    case 14:
        if (peer_here && peer.side == TROTH_INITIATOR)
            smp_bench_pair(&peer, NULL);
        else
            call(0, in);
        for (unsigned i = 0; i < 40u * (op >> 4) && honest(); i++)
            ;
        break;
    default:
        from_callback = in_u8(in);
        break;
    }
    never(peer_here && peer.wrong && strncmp(peer.wrong, "too many", 8) != 0, peer.wrong);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    uint8_t world = in_u8(&in);
    struct troth_host_config config = {
        .send = on_send,
        .event = on_event,
        .ask = on_ask,
        .random = on_random,
        .policy = {.features = TROTH_FEATURES_DEFAULT, .min_key_size = 7, .attempts = 255},
        .acl_before_encryption = world & 1,
        .privacy = world & 0x20};
    now = 1000;
    seed = world;
    controller_privacy = world & 0x40;
    acl_len = world & 2 ? 27 : 251;
    acl_count = (uint8_t)(1 + (world >> 2 & 7));
    taken_asks = in_u16(&in);
    memset(live, 0, sizeof live);
    open_command = 0;
    next_handle = ask_count = ready = to_peer_count = 0;
    last_link = 0;
    gatt_token = 0;
    from_callback = 0;
    memset(&peer, 0, sizeof peer);
    troth_host_init(&host, &config);
    service = (struct troth_gatt_service){.table = &table};
    troth_gatt_register(&host, &service);
    bring_up();
    for (unsigned i = 0; i < 300 && in.left; i++)
        one(&in);

    /* Time passes; no deadline keeps a port busy for nothing. */
    from_callback = 0;
    troth_ms start = now;
    for (unsigned i = 0; i < 64; i++) {
        troth_ms at = troth_host_deadline(&host);
        if (at == TROTH_NEVER)
            break;
        now = at > now ? at : now;
        troth_host_tick(&host, now);
        never(i == 63 && now == start, "the host wants to be ticked for ever");
    }
    troth_host_gone(&host, now);
    for (unsigned i = 0; i < LINKS; i++)
        never(live[i], "a link outlives its controller");
    bring_up();
    return 0;
}
