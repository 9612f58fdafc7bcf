/* Hosts made of raw HCI bytes, on simulated time. */
#ifndef TROTH_TESTS_AIR_RIG_H
#define TROTH_TESTS_AIR_RIG_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "air/air.h"
#include "src/base/bytes.h"

#define UNUSED __attribute__((unused))

enum { HOSTS = 4, PACKETS = 4096 };

struct packet {
    size_t len;
    uint8_t bytes[300];
};

struct host {
    struct rig *rig;
    struct air_controller *c;
    size_t count;
    struct packet packets[PACKETS];
    uint8_t address[6];
    uint16_t handle;
};

struct rig {
    struct air *air;
    uint64_t now;
    struct host *host[HOSTS];
};

static void rig_take(void *ctx, const uint8_t *h4, size_t len)
{
    struct host *h = ctx;
    assert_true(h->count < PACKETS);
    assert_true(len <= sizeof h->packets[0].bytes);
    struct packet *p = &h->packets[h->count++];
    p->len = len;
    memcpy(p->bytes, h4, len);
    if (h4[0] == 0x04)
        assert_int_equal(len, 3 + h4[2]);
    else
        assert_int_equal(len, 5 + get_le16(h4 + 3));
}

/* Time goes on by ms; everything due happens. */
static void UNUSED run(struct rig *rig, uint64_t ms)
{
    uint64_t end = rig->now + ms;
    while (air_deadline(rig->air) <= end) {
        if (air_deadline(rig->air) > rig->now)
            rig->now = air_deadline(rig->air);
        air_tick(rig->air, rig->now);
    }
    rig->now = end;
    air_tick(rig->air, end);
}

static struct host UNUSED *rig_attach(struct rig *rig, int i,
                                      const struct air_controller_config *cfg)
{
    struct host *h = calloc(1, sizeof *h);
    assert_non_null(h);
    h->rig = rig;
    rig->host[i] = h;
    h->c = air_attach(rig->air, cfg, rig_take, h);
    if (h->c)
        air_controller_address(h->c, h->address);
    return h;
}

static struct rig UNUSED *rig_new(const struct air_config *cfg)
{
    struct rig *rig = calloc(1, sizeof *rig);
    assert_non_null(rig);
    rig->air = air_new(cfg);
    assert_non_null(rig->air);
    return rig;
}

static void UNUSED rig_free(struct rig *rig)
{
    air_free(rig->air);
    for (int i = 0; i < HOSTS; i++)
        free(rig->host[i]);
    free(rig);
}

static void UNUSED forget(struct host *h)
{
    h->count = 0;
}

/* Takes the packet out of the host's inbox. */
static struct packet UNUSED taken(struct host *h, size_t i)
{
    struct packet p = h->packets[i];
    memmove(&h->packets[i], &h->packets[i + 1], (h->count - i - 1) * sizeof p);
    h->count--;
    return p;
}

static bool UNUSED is_event(const struct packet *p, uint8_t code, uint8_t subevent)
{
    return p->bytes[0] == 0x04 && p->bytes[1] == code &&
           (code != 0x3E || (p->len > 3 && p->bytes[3] == subevent));
}

static size_t UNUSED count_events(const struct host *h, uint8_t code, uint8_t subevent)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++)
        n += is_event(&h->packets[i], code, subevent);
    return n;
}

/* The oldest such event, taken; its parameters start at bytes[3]. */
static struct packet UNUSED event(struct host *h, uint8_t code, uint8_t subevent)
{
    for (size_t i = 0; i < h->count; i++)
        if (is_event(&h->packets[i], code, subevent))
            return taken(h, i);
    fail_msg("no event %02X/%02X", code, subevent);
    return (struct packet){0};
}

static struct packet UNUSED le_event(struct host *h, uint8_t subevent)
{
    return event(h, 0x3E, subevent);
}

static struct packet UNUSED acl(struct host *h)
{
    for (size_t i = 0; i < h->count; i++)
        if (h->packets[i].bytes[0] == 0x02)
            return taken(h, i);
    fail_msg("no ACL packet");
    return (struct packet){0};
}

static size_t UNUSED count_acl(const struct host *h)
{
    size_t n = 0;
    for (size_t i = 0; i < h->count; i++)
        n += h->packets[i].bytes[0] == 0x02;
    return n;
}

static void UNUSED send_raw(struct host *h, uint16_t opcode, const void *params, size_t len)
{
    uint8_t packet[4 + 255] = {0x01, (uint8_t)opcode, (uint8_t)(opcode >> 8), (uint8_t)len};
    if (len)
        memcpy(packet + 4, params, len);
    assert_int_equal(air_rx(h->c, packet, 4 + len, h->rig->now), AIR_OK);
}

/* Sends a command; its answer (Command Complete or Status), taken. */
static struct packet UNUSED command(struct host *h, uint16_t opcode, const void *params, size_t len)
{
    send_raw(h, opcode, params, len);
    run(h->rig, 0);
    for (size_t i = 0; i < h->count; i++) {
        const struct packet *p = &h->packets[i];
        if ((is_event(p, 0x0E, 0) && get_le16(p->bytes + 4) == opcode) ||
            (is_event(p, 0x0F, 0) && get_le16(p->bytes + 5) == opcode))
            return taken(h, i);
    }
    fail_msg("no answer to %04X", opcode);
    return (struct packet){0};
}

static uint8_t UNUSED status_of(const struct packet *p)
{
    return p->bytes[1] == 0x0E ? p->bytes[6] : p->bytes[3];
}

static uint8_t UNUSED do_command(struct host *h, uint16_t opcode, const void *params, size_t len)
{
    struct packet p = command(h, opcode, params, len);
    return status_of(&p);
}

#define CMD(h, opcode, ...)                                                                        \
    do_command(h, opcode, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))
#define CMD0(h, opcode) do_command(h, opcode, NULL, 0)
#define LO(x)           (uint8_t)(x)
#define HI(x)           (uint8_t)((x) >> 8)

/* Everything unmasked but the enhanced connection complete, unless `enhanced`. */
static void UNUSED bring_up(struct host *h, bool enhanced)
{
    assert_int_equal(CMD0(h, 0x0C03), 0);
    assert_int_equal(CMD(h, 0x0C01, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x3F), 0);
    assert_int_equal(CMD(h, 0x2001, 0xFF, enhanced ? 0xFF : 0xFD, 0x0F, 0, 0, 0, 0, 0), 0);
    forget(h);
}

static uint8_t UNUSED adv_params(struct host *h, uint8_t type, uint8_t own_type, uint8_t peer_type,
                                 const uint8_t *peer, uint8_t policy)
{
    uint8_t p[15] = {0x20, 0, 0x20, 0, type, own_type, peer_type};
    if (peer)
        memcpy(p + 7, peer, 6);
    p[13] = 7;
    p[14] = policy;
    return do_command(h, 0x2006, p, sizeof p);
}

static uint8_t UNUSED adv_data(struct host *h, uint16_t opcode, const void *data, uint8_t len)
{
    uint8_t p[32] = {len};
    memcpy(p + 1, data, len);
    return do_command(h, opcode, p, sizeof p);
}

static void UNUSED advertise(struct host *h)
{
    assert_int_equal(adv_params(h, 0, 0, 0, NULL, 0), 0);
    assert_int_equal(adv_data(h, 0x2008, "\x02\x01\x06", 3), 0);
    assert_int_equal(adv_data(h, 0x2009, "\x03\x09Tr", 4), 0);
    assert_int_equal(CMD(h, 0x200A, 1), 0);
}

static uint8_t UNUSED create(struct host *h, uint8_t policy, uint8_t peer_type, const uint8_t *peer,
                             uint8_t own_type)
{
    uint8_t p[25] = {0x10, 0, 0x10, 0, policy, peer_type};
    memcpy(p + 6, peer, 6);
    p[12] = own_type;
    p[13] = 24, p[15] = 24; /* 30 ms */
    p[19] = 200;            /* 2 s */
    return do_command(h, 0x200D, p, sizeof p);
}

static uint16_t UNUSED handle_of(const struct packet *p)
{
    return get_le16(p->bytes + 5);
}

/* host[0] central, host[1] peripheral, public addresses; inboxes empty. */
static void UNUSED connect_hosts(struct rig *rig)
{
    struct host *c = rig->host[0], *p = rig->host[1];
    advertise(p);
    assert_int_equal(create(c, 0, 0, p->address, 0), 0);
    run(rig, 100);
    struct packet a = le_event(c, 0x01), b = le_event(p, 0x01);
    assert_int_equal(a.bytes[4], 0);
    assert_int_equal(b.bytes[4], 0);
    c->handle = handle_of(&a);
    p->handle = handle_of(&b);
    run(rig, 100);
    forget(c);
    forget(p);
}

static struct rig UNUSED *connected_rig(const struct air_config *cfg)
{
    struct rig *rig = rig_new(cfg);
    for (int i = 0; i < 2; i++)
        bring_up(rig_attach(rig, i, NULL), false);
    connect_hosts(rig);
    return rig;
}

static void UNUSED send_acl_flags(struct host *h, uint16_t handle_flags, const void *bytes,
                                  size_t len)
{
    uint8_t packet[5 + 1024] = {0x02, LO(handle_flags), HI(handle_flags), LO(len), HI(len)};
    memcpy(packet + 5, bytes, len);
    assert_int_equal(air_rx(h->c, packet, 5 + len, h->rig->now), AIR_OK);
}

/* One L2CAP PDU in one packet. */
static void UNUSED send_l2cap(struct host *h, uint16_t cid, const void *bytes, size_t len)
{
    uint8_t pdu[1024];
    put_le16(pdu, (uint16_t)len);
    put_le16(pdu + 2, cid);
    memcpy(pdu + 4, bytes, len);
    send_acl_flags(h, h->handle, pdu, len + 4);
}

/* What arrived as ACL, put together: "start" flags begin a new one. */
static size_t UNUSED reassemble(struct host *h, uint8_t *pdu, size_t cap)
{
    size_t len = 0, need = 4;
    do {
        struct packet p = acl(h);
        assert_int_equal(get_le16(p.bytes + 1) >> 12, len ? 1 : 2);
        assert_true(len + p.len - 5 <= cap);
        memcpy(pdu + len, p.bytes + 5, p.len - 5);
        len += p.len - 5;
        if (len >= 4)
            need = get_le16(pdu) + 4u;
    } while (len < need);
    assert_int_equal(len, need);
    return len;
}

static void UNUSED expect_disconnected(struct host *h, uint8_t reason)
{
    struct packet p = event(h, 0x05, 0);
    assert_int_equal(p.bytes[3], 0);
    assert_int_equal(get_le16(p.bytes + 4), h->handle);
    assert_int_equal(p.bytes[6], reason);
}

static uint8_t UNUSED enable_encryption(struct host *h, const uint8_t ltk[16])
{
    uint8_t p[28] = {LO(h->handle), HI(h->handle), 1, 2, 3, 4, 5, 6, 7, 8, 0x21, 0x43};
    memcpy(p + 12, ltk, 16);
    return do_command(h, 0x2019, p, sizeof p);
}

static uint8_t UNUSED ltk_reply(struct host *h, const uint8_t ltk[16])
{
    uint8_t p[18] = {LO(h->handle), HI(h->handle)};
    memcpy(p + 2, ltk, 16);
    return do_command(h, 0x201A, p, sizeof p);
}

#endif
