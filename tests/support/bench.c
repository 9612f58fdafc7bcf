#include "support/bench.h"

#include <stdio.h>
#include <string.h>

static size_t octets(const char *text, uint8_t *out, uint8_t *any)
{
    size_t n = 0;
    while (*text) {
        unsigned v = 0;
        if (*text == ' ') {
            text++;
            continue;
        }
        any[n] = text[0] == '_';
        if (!any[n])
            assert_int_equal(sscanf(text, "%2x", &v), 1);
        out[n++] = (uint8_t)v;
        text += 2;
    }
    return n;
}

static void send(void *ctx, const uint8_t *packet, size_t len)
{
    struct bench *b = ctx;
    assert_true(b->sends < BENCH_LOG && len <= sizeof b->sent[0].octets);
    memcpy(b->sent[b->sends].octets, packet, len);
    b->sent[b->sends++].len = len;
}

static void event(void *ctx, const struct troth_event *e)
{
    struct bench *b = ctx;
    assert_true(b->events < BENCH_LOG);
    b->event[b->events++] = *e;
    if (b->on_event)
        b->on_event(b, e);
}

static bool ask(void *ctx, const struct troth_ask *a)
{
    struct bench *b = ctx;
    assert_true(b->asks < BENCH_LOG);
    b->ask[b->asks++] = *a;
    return b->take[a->type];
}

static void draw(void *ctx, uint8_t *out, size_t len)
{
    struct bench *b = ctx;
    for (size_t i = 0; i < len; i++)
        out[i] = b->next_random++;
}

void bench_init(struct bench *b)
{
    memset(b, 0, sizeof *b);
    b->now = 1000;
    b->next_random = 0x11;
    b->acl_len = 27;
    b->acl_count = 4;
    b->resolving_size = 5;
    b->config.send = send;
    b->config.event = event;
    b->config.ask = ask;
    b->config.random = draw;
    b->config.ctx = b;
    b->config.policy.features = (struct troth_features)TROTH_FEATURES_DEFAULT;
    b->config.local.present = true;
    memset(b->config.local.irk, 0x42, 16);
    b->config.local.static_addr = (struct troth_addr){TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 0xc6}};
    troth_host_init(&b->host, &b->config);
}

static void put(uint8_t **p, uint64_t v, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        *(*p)++ = (uint8_t)(v >> (8 * i));
}

void bench_reply(struct bench *b)
{
    const uint8_t *c = b->sent[b->sends - 1].octets;
    assert_int_equal(c[0], 0x01);
    uint16_t opcode = (uint16_t)(c[1] | c[2] << 8);
    uint8_t out[100] = {0x04, 0x0e, 0, 1, c[1], c[2], 0};
    uint8_t *p = out + 7;
    for (const uint16_t *u = b->unknown; u && *u; u++)
        if (*u == opcode) {
            out[6] = 0x01;
            opcode = 0;
        }
    switch (opcode) {
    case 0x1001:
        put(&p, 0x0d, 8);
        break;
    case 0x1002:
        memset(p, 0xff, 64);
        p += 64;
        break;
    case 0x1005:
        put(&p, 192, 2);
        put(&p, 0, 1);
        put(&p, b->no_buffers ? 0 : 6, 2);
        put(&p, 0, 2);
        break;
    case 0x1009:
        put(&p, b->no_public ? 0 : 0xa0a1a2a3a4a5, 6);
        break;
    case 0x2002:
        put(&p, b->shared_buffers ? 0 : b->acl_len, 2);
        put(&p, b->shared_buffers ? 0 : b->acl_count, 1);
        break;
    case 0x2003:
        put(&p, b->features, 8);
        break;
    case 0x202a:
        put(&p, b->resolving_size, 1);
        break;
    default:
        break;
    }
    out[2] = (uint8_t)(p - out - 3);
    assert_int_equal(troth_host_rx(&b->host, out, (size_t)(p - out), b->now), TROTH_OK);
}

void bench_reply_all(struct bench *b)
{
    while (b->host.hci.open)
        bench_reply(b);
}

void bench_up(struct bench *b)
{
    troth_host_start(&b->host, b->now);
    for (unsigned i = 0; i < 40 && b->host.hci.open; i++)
        bench_reply(b);
    assert_true(b->events);
    assert_int_equal(b->event[0].type, TROTH_EV_READY);
    b->sends_seen = b->sends = 0;
    b->events_seen = b->events = 0;
    b->asks = 0;
}

int rx(struct bench *b, const char *text)
{
    uint8_t out[600], any[600];
    size_t n = octets(text, out, any);
    return troth_host_rx(&b->host, out, n, b->now);
}

void tick(struct bench *b, troth_ms ms)
{
    troth_host_tick(&b->host, b->now); /* timers learn what time it is */
    b->now += ms;
    troth_host_tick(&b->host, b->now);
}

static void print(const char *what, const uint8_t *p, size_t n)
{
    fprintf(stderr, "%s:", what);
    for (size_t i = 0; i < n; i++)
        fprintf(stderr, " %02x", p[i]);
    fprintf(stderr, "\n");
}

void expect_tx(struct bench *b, const char *text)
{
    uint8_t want[600], any[600];
    size_t n = octets(text, want, any);
    if (b->sends_seen == b->sends)
        fail_msg("nothing was sent; expected %s", text);
    const uint8_t *got = b->sent[b->sends_seen].octets;
    size_t len = b->sent[b->sends_seen++].len;
    bool same = n == len;
    for (size_t i = 0; same && i < n; i++)
        same = any[i] || want[i] == got[i];
    if (same)
        return;
    print("sent", got, len);
    fail_msg("expected %s", text);
}

void expect_no_tx(struct bench *b)
{
    if (b->sends_seen == b->sends)
        return;
    print("sent", b->sent[b->sends_seen].octets, b->sent[b->sends_seen].len);
    fail_msg("nothing should have been sent");
}

const struct troth_event *expect_event(struct bench *b, enum troth_event_type type)
{
    if (b->events_seen == b->events)
        fail_msg("no event; expected %d", (int)type);
    const struct troth_event *e = &b->event[b->events_seen++];
    assert_int_equal(e->type, type);
    return e;
}

void expect_no_event(struct bench *b)
{
    if (b->events_seen < b->events)
        fail_msg("event %d should not have come", (int)b->event[b->events_seen].type);
}

troth_link bench_link(struct bench *b, uint8_t handle, bool peripheral)
{
    uint8_t e[] = {0x04, 0x3e, 0x13, 0x01,   0x00, handle, 0x00, peripheral, 0x00, 0xb0, 0xb1,
                   0xb2, 0xb3, 0xb4, handle, 0x18, 0x00,   0x00, 0x00,       0x90, 0x01, 0x00};
    assert_int_equal(troth_host_rx(&b->host, e, sizeof e, b->now), TROTH_OK);
    assert_int_equal(b->event[b->events - 1].type, TROTH_EV_CONNECTED);
    b->events_seen = b->events;
    return b->event[b->events - 1].link;
}
