#include "support/tester_upper.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static void send(void *ctx, const uint8_t *packet, size_t len)
{
    struct upper *u = ctx;
    lower_packet(u->lower, packet, len);
}

static void event(void *ctx, const struct troth_event *e)
{
    struct upper *u = ctx;
    assert_true((unsigned)e->type < UPPER_EVENTS);
    u->told[e->type]++;
    u->last[e->type] = *e;
    if (e->type == TROTH_EV_CONNECTED)
        u->link = e->link;
    if (e->type == TROTH_EV_PAIRED) {
        u->keys = *e->u.paired.keys;
        u->last[e->type].u.paired.keys = &u->keys;
    }
    for (unsigned i = 0; e->type == TROTH_EV_WITHDRAWN && i < TROTH_ASK_TYPES; i++)
        if (u->ask[i].id == e->u.ask_id)
            u->open[i] = false;
}

static bool ask(void *ctx, const struct troth_ask *a)
{
    struct upper *u = ctx;
    u->asked[a->type]++;
    switch (a->type) {
    case TROTH_ASK_PASSKEY_DISPLAY:
        u->shown = a->u.passkey.passkey;
        break;
    case TROTH_ASK_PASSKEY_INPUT:
    case TROTH_ASK_COMPARE:
    case TROTH_ASK_OOB_DATA:
        break;
    default:
        return false;
    }
    u->ask[a->type] = *a;
    u->open[a->type] = true;
    return true;
}

static void draw(void *ctx, uint8_t *out, size_t len)
{
    struct upper *u = ctx;
    for (size_t i = 0; i < len; i++) {
        u->seed = u->seed * 6364136223846793005u + 1442695040888963407u;
        out[i] = (uint8_t)(u->seed >> 56);
    }
}

/* Timers that were started learn what time it is, those that ran out are told. */
static void tick(struct upper *u)
{
    for (unsigned i = 0; i < 100 && troth_host_deadline(&u->host) <= u->now; i++)
        troth_host_tick(&u->host, u->now);
}

static void feed(void *iut, const uint8_t *packet, size_t len)
{
    struct upper *u = iut;
    assert_int_equal(troth_host_rx(&u->host, packet, len, u->now), TROTH_OK);
    tick(u);
}

void upper_init(struct upper *u, struct lower *l, uint64_t seed)
{
    memset(u, 0, sizeof *u);
    u->lower = l;
    u->now = 1000;
    u->seed = seed;
    u->config = (struct troth_host_config){
        .send = send, .event = event, .ask = ask, .random = draw, .ctx = u};
    u->config.policy.features = (struct troth_features)TROTH_FEATURES_DEFAULT;
    u->config.policy.min_key_size = 7;
    u->config.local.present = true;
    draw(u, u->config.local.irk, 16);
    draw(u, u->config.local.static_addr.b, 6);
    u->config.local.static_addr.type = TROTH_ADDR_RANDOM;
    u->config.local.static_addr.b[5] |= 0xc0;
    l->feed = feed;
    l->iut = u;
}

void upper_start(struct upper *u)
{
    troth_host_init(&u->host, &u->config);
    if (u->before_start)
        u->before_start(u);
    troth_host_start(&u->host, u->now);
    lower_run(u->lower);
    assert_int_equal(u->told[TROTH_EV_READY], 1);
}

void upper_mark(struct upper *u)
{
    memset(u->told, 0, sizeof u->told);
    memset(u->asked, 0, sizeof u->asked);
}

void upper_pass(struct upper *u, troth_ms ms)
{
    troth_ms end = u->now + ms;
    for (;;) {
        tick(u);
        lower_run(u->lower);
        troth_ms at = troth_host_deadline(&u->host);
        if (at > end)
            break;
        if (at > u->now)
            u->now = at;
    }
    u->now = end;
}

void upper_want_link(struct upper *u, enum lt_role role)
{
    static const struct troth_advertising adv = {.on = true, .connectable = true};
    struct troth_addr peer;
    peer.type = u->lower->peer[0];
    memcpy(peer.b, u->lower->peer + 1, 6);
    int result = role == PER ? troth_advertise(&u->host, &adv) : troth_connect(&u->host, &peer, 0);
    assert_int_equal(result, TROTH_OK);
    lower_run(u->lower);
}

void upper_say(struct upper *u, enum troth_ask_type type, const struct troth_answer *a)
{
    assert_true(u->open[type]);
    u->open[type] = false;
    assert_int_equal(troth_answer(&u->host, u->ask[type].id, a), TROTH_OK);
    tick(u);
    lower_run(u->lower);
}

void upper_type(struct upper *u, uint32_t passkey)
{
    struct troth_answer a = {.ok = true};
    a.u.passkey = passkey;
    upper_say(u, TROTH_ASK_PASSKEY_INPUT, &a);
}

unsigned upper_bonds(const struct upper *u)
{
    unsigned n = 0;
    while (troth_bonds_get(&u->host, n))
        n++;
    return n;
}

void upper_remove_bonds(struct upper *u)
{
    const struct troth_bond *b;
    while ((b = troth_bonds_get(&u->host, 0))) {
        struct troth_addr identity = b->keys.identity;
        assert_int_equal(troth_bonds_remove(&u->host, &identity), TROTH_OK);
    }
    lower_run(u->lower);
}
