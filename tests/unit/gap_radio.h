/*
 * A host and, in front of it, a controller that knows what it must refuse (Vol 4 Part E 7.8.4,
 * 7.8.12, 7.8.38 to 7.8.45, 7.8.77) and fails the test instead.
 */
#ifndef TROTH_TESTS_GAP_RADIO_H
#define TROTH_TESTS_GAP_RADIO_H

#include <string.h>

#include "bonds/bonds.h"
#include "gap/gap.h"
#include "support/bench.h"

#define UNUSED  __attribute__((unused))
#define PRIVACY (1u << 6)
#define HOUR_MS 3600000

static struct bench b;

/* ---- the controller ---- */

struct entry {
    uint8_t who[7], peer_irk[16];
    bool device_mode;
};

static struct {
    bool adv, scan, initiating, resolving, random_set;
    uint8_t random[6], adv_own, scan_own, init_own, init_peer[7];
    bool active;
    struct entry list[16];
    unsigned entries;
    unsigned randoms, creates;
    bool holds_cancel; /* the end of a cancelled attempt comes later: cancelled() */
    uint16_t refuses;  /* this command ... */
    unsigned after;    /* ... after so many of them */
    uint8_t with;
} radio;

static UNUSED bool quiet(void)
{
    return !radio.adv && !radio.scan && !radio.initiating;
}

static UNUSED struct entry *entry_of(const uint8_t who[7])
{
    for (unsigned i = 0; i < radio.entries; i++)
        if (!memcmp(radio.list[i].who, who, 7))
            return &radio.list[i];
    return NULL;
}

static UNUSED bool zero(const uint8_t *p, size_t n)
{
    uint8_t any = 0;
    for (size_t i = 0; i < n; i++)
        any |= p[i];
    return !any;
}

static UNUSED void list_add(const uint8_t *p)
{
    assert_false(radio.resolving && !quiet());
    assert_null(entry_of(p));
    for (unsigned i = 0; i < radio.entries; i++)
        assert_true(zero(p + 7, 16) || memcmp(radio.list[i].peer_irk, p + 7, 16));
    assert_in_range(radio.entries, 0, b.resolving_size - 1);
    assert_memory_equal(p + 23, b.config.local.irk, 16);
    struct entry *e = &radio.list[radio.entries++];
    memset(e, 0, sizeof *e);
    memcpy(e->who, p, 7);
    memcpy(e->peer_irk, p + 7, 16);
}

static UNUSED void list_remove(const uint8_t *p)
{
    assert_false(radio.resolving && !quiet());
    struct entry *e = entry_of(p);
    assert_non_null(e);
    *e = radio.list[--radio.entries];
}

/* Own_Address_Type 1 and 3 need a random address. Under privacy the identity is never shown. */
static UNUSED void own_type(uint8_t type)
{
    if (!b.config.privacy)
        return;
    assert_true(type == (troth_privacy(&b.host) == TROTH_PRIVACY_CONTROLLER ? 3 : 1));
    assert_true(radio.random_set);
    assert_int_equal(radio.random[5] & 0xc0, 0x40);
}

static UNUSED void obey(uint16_t opcode, const uint8_t *p)
{
    switch (opcode) {
    case 0x2005:
        assert_true(quiet());
        assert_true(!radio.random_set || memcmp(radio.random, p, 6));
        radio.random_set = true;
        radio.randoms++;
        memcpy(radio.random, p, 6);
        break;
    case 0x2006:
        assert_false(radio.adv);
        radio.adv_own = p[5];
        break;
    case 0x200a:
        if (p[0])
            own_type(radio.adv_own);
        assert_true(!p[0] || !radio.adv); /* it may have ended by itself meanwhile */
        radio.adv = p[0];
        break;
    case 0x200b:
        assert_false(radio.scan);
        radio.active = p[0];
        radio.scan_own = p[5];
        break;
    case 0x200c:
        if (p[0])
            own_type(radio.scan_own);
        assert_int_equal(p[0], !radio.scan);
        radio.scan = p[0];
        break;
    case 0x200d:
        assert_false(radio.initiating);
        radio.init_own = p[12];
        own_type(p[12]);
        memcpy(radio.init_peer, p + 5, 7);
        radio.initiating = true;
        radio.creates++;
        break;
    case 0x200e:
        assert_true(radio.initiating);
        break;
    case 0x2027:
        list_add(p);
        break;
    case 0x2028:
        list_remove(p);
        break;
    case 0x202d:
        assert_true(quiet() && p[0] == 1);
        radio.resolving = true;
        break;
    case 0x202e:
        assert_in_range(p[0] | p[1] << 8, 1, 3600);
        break;
    case 0x204e: {
        assert_false(radio.resolving && !quiet());
        struct entry *e = entry_of(p);
        assert_non_null(e);
        e->device_mode = p[7];
        break;
    }
    default:
        break;
    }
}

static UNUSED void cancelled(void)
{
    radio.initiating = false;
    rx(&b, "04 3e 13 01 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00");
}

/* Answers the command that is open. */
static UNUSED void answer(void)
{
    const uint8_t *c = b.sent[b.sends - 1].octets;
    uint16_t opcode = (uint16_t)(c[1] | c[2] << 8);
    uint8_t status = 0;
    if (opcode == radio.refuses && !radio.after--) {
        status = radio.with;
        radio.refuses = 0;
    }
    if (!status)
        obey(opcode, c + 4);
    uint8_t complete[] = {0x04, 0x0e, 4, 1, c[1], c[2], status};
    uint8_t began[] = {0x04, 0x0f, 4, status, 1, c[1], c[2]};
    bool is_status = opcode == 0x200d || opcode == 0x0406;
    assert_int_equal(troth_host_rx(&b.host, is_status ? began : complete, 7, b.now), TROTH_OK);
    if (opcode == 0x200e && !radio.holds_cancel)
        cancelled();
}

static UNUSED void settle(void)
{
    while (b.host.hci.open) {
        assert_in_range(b.sends, 1, BENCH_LOG - 8);
        answer();
    }
    b.sends = b.sends_seen = 0;
}

/* ---- the host ---- */

static UNUSED void begin(bool controller)
{
    memset(&radio, 0, sizeof radio);
    bench_init(&b);
    b.config.privacy = true;
    b.features = controller ? PRIVACY : 0;
    troth_host_init(&b.host, &b.config);
}

/* Its conversation after bring-up is not answered yet. */
static UNUSED void up(void)
{
    troth_host_start(&b.host, b.now);
    while (!b.events)
        bench_reply(&b);
    assert_int_equal(b.event[0].type, TROTH_EV_READY);
    assert_int_equal(b.event[0].u.ready.own_addresses, troth_privacy(&b.host));
    assert_true(b.host.hci.open);
    b.sends_seen = b.sends - 1;
    b.events = b.events_seen = 0;
    b.asks = 0;
}

static UNUSED void advertise(bool on)
{
    struct troth_advertising adv = {.on = on, .connectable = true};
    assert_int_equal(troth_advertise(&b.host, &adv), TROTH_OK);
}

static UNUSED void time_goes_by(troth_ms ms)
{
    tick(&b, ms);
}

static UNUSED void bond(uint8_t n, bool irk)
{
    struct troth_bond_keys keys = {
        .identity = {TROTH_ADDR_PUBLIC, {n, 8, 7, 6, 5, 4}}, .key_size = 16, .has_irk = irk};
    struct troth_bond_state state = {.last_use = n};
    if (irk)
        memset(keys.irk, n, 16);
    assert_int_equal(troth_bonds_load(&b.host, &keys, &state), TROTH_OK);
}

static UNUSED struct troth_addr peer_of(uint8_t n)
{
    return (struct troth_addr){TROTH_ADDR_PUBLIC, {n, 8, 7, 6, 5, 4}};
}

static UNUSED struct troth_addr rpa_of(uint8_t n, uint8_t salt)
{
    uint8_t irk[16];
    const uint8_t random[3] = {salt, 0x22, 0x33};
    struct troth_addr a;
    memset(irk, n, 16);
    gap_private_address(&a, irk, random);
    return a;
}

static UNUSED void heard(const struct troth_addr *a)
{
    uint8_t e[] = {0x04,    0x3e,    0x0c,    0x02,    0x01,    0x00, a->type, a->b[0],
                   a->b[1], a->b[2], a->b[3], a->b[4], a->b[5], 0x00, 0xc8};
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
}

static UNUSED void connected(const struct troth_addr *a, uint8_t role)
{
    uint8_t e[] = {0x04,    0x3e,    0x13,    0x01,    0x00,    0x40,    0x00,    role,
                   a->type, a->b[0], a->b[1], a->b[2], a->b[3], a->b[4], a->b[5], 0x18,
                   0x00,    0x00,    0x00,    0x90,    0x01,    0x00};
    if (role)
        radio.adv = false;
    else
        radio.initiating = false;
    assert_int_equal(troth_host_rx(&b.host, e, sizeof e, b.now), TROTH_OK);
}

static UNUSED bool ours(const uint8_t octets[6])
{
    struct troth_addr a = {TROTH_ADDR_RANDOM, {0}};
    memcpy(a.b, octets, 6);
    return bonds_rpa_matches(&a, b.config.local.irk);
}

#endif
