#include "support/tester_lower.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

#define HANDLE 0x0040
#define ACL    27 /* octets of one packet, both ways */

void lower_packet(struct lower *l, const uint8_t *packet, size_t len)
{
    assert_true(l->packets < LT_PACKETS && len <= LT_PDU_MAX);
    l->packet[l->packets].len = (uint16_t)len;
    memcpy(l->packet[l->packets++].b, packet, len);
}

static void feed(struct lower *l, const uint8_t *packet, size_t len)
{
    l->feed(l->iut, packet, len);
}

/* ---- commands ---- */

static void complete(struct lower *l, const uint8_t *c, uint8_t status, const void *result,
                     uint8_t n)
{
    uint8_t e[80] = {0x04, 0x0e, (uint8_t)(4 + n), 1, c[1], c[2], status};
    if (n)
        memcpy(e + 7, result, n);
    feed(l, e, 7u + n);
}

static void status(struct lower *l, const uint8_t *c)
{
    const uint8_t e[] = {0x04, 0x0f, 4, 0, 1, c[1], c[2]};
    feed(l, e, sizeof e);
}

/* The tester advertises, connectable: whoever scans finds it. */
static void report(struct lower *l)
{
    uint8_t e[] = {0x04, 0x3e, 12, 0x02, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xc0};
    memcpy(e + 6, l->peer, 7);
    feed(l, e, sizeof e);
}

static void command(struct lower *l, const uint8_t *c, size_t len)
{
    static const uint8_t version[8] = {0x0d, 0, 0, 0x0d, 0xff, 0xff, 0, 0};
    static const uint8_t buffers[7] = {192, 0, 0, 6, 0, 0, 0};
    static const uint8_t le_buffers[3] = {ACL, 0, 4};
    static const uint8_t none[8] = {0};
    uint8_t all[64];
    const uint8_t *p = c + 4;
    uint16_t opcode = (uint16_t)(c[1] | c[2] << 8);
    if (len < 4 || len != 4u + c[3])
        l->wrong = "a command's length is wrong";
    memset(all, 0xff, sizeof all);
    switch (opcode) {
    case 0x1001:
        complete(l, c, 0, version, 8);
        break;
    case 0x1002:
        complete(l, c, 0, all, 64);
        break;
    case 0x1005:
        complete(l, c, 0, buffers, 7);
        break;
    case 0x1009:
        complete(l, c, 0, l->bd_addr, 6);
        break;
    case 0x2002:
        complete(l, c, 0, le_buffers, 3);
        break;
    case 0x1003: /* features: none */
    case 0x2003:
        complete(l, c, 0, none, 8);
        break;
    case 0x200f: /* lists of no entries */
    case 0x202a:
        complete(l, c, 0, none, 1);
        break;
    case 0x2005:
        memcpy(l->random_addr, p, 6);
        complete(l, c, 0, NULL, 0);
        break;
    case 0x2006:
        l->own_type = p[5];
        complete(l, c, 0, NULL, 0);
        break;
    case 0x200a:
        l->advertising = p[0];
        complete(l, c, 0, NULL, 0);
        break;
    case 0x200c:
        complete(l, c, 0, NULL, 0);
        if (p[0])
            report(l);
        break;
    case 0x200d:
        l->own_type = p[12];
        l->connecting = p[5] == l->peer[0] && !memcmp(p + 6, l->peer + 1, 6);
        status(l, c);
        break;
    case 0x0406:
        status(l, c);
        l->disconnects++;
        l->disconnect_reason = p[2];
        lower_disconnect(l, 0x16);
        break;
    case 0x2019:
        l->starts++;
        memcpy(l->start_rand, p + 2, 8);
        memcpy(l->start_ediv, p + 10, 2);
        memcpy(l->start_key, p + 12, 16);
        status(l, c);
        break;
    case 0x201a:
        l->replies++;
        memcpy(l->reply_key, p + 2, 16);
        complete(l, c, 0, p, 2);
        break;
    case 0x201b:
        l->negatives++;
        complete(l, c, 0, p, 2);
        break;
    default:
        complete(l, c, 0, NULL, 0);
        break;
    }
}

/* ---- data ---- */

static void keep(struct lower *l, struct lt_channel *ch, const uint8_t *b, size_t len)
{
    assert_true(ch->count < LT_PDUS);
    struct lt_pdu *pdu = &ch->pdu[(ch->from + ch->count++) % LT_PDUS];
    (void)l;
    pdu->len = (uint16_t)len;
    memcpy(pdu->b, b, len);
}

static void data(struct lower *l, const uint8_t *p, size_t len)
{
    const uint8_t ack[] = {0x04, 0x13, 5, 1, HANDLE & 0xff, HANDLE >> 8, 1, 0};
    bool first = (p[2] & 0x30) == 0; /* PB: first, non-flushable */
    if (!l->connected || ((p[1] | p[2] << 8) & 0x0fff) != HANDLE)
        return; /* it left the host before it knew the link was gone */
    if (len < 6 || len > 5 + ACL || len != 5u + (size_t)(p[3] | p[4] << 8) ||
        (!first && (p[2] & 0x30) != 0x10) || first != (l->frame_len == 0))
        l->wrong = "an ACL packet is malformed";
    assert_true(l->frame_len + len - 5 <= sizeof l->frame);
    memcpy(l->frame + l->frame_len, p + 5, len - 5);
    l->frame_len += len - 5;
    feed(l, ack, sizeof ack);
    size_t n = l->frame_len >= 4 ? (size_t)(l->frame[0] | l->frame[1] << 8) : 0;
    if (l->frame_len < 4 || l->frame_len < 4 + n)
        return;
    if (l->frame_len > 4 + n)
        l->wrong = "a frame is longer than it says";
    l->frame_len = 0;
    uint16_t cid = (uint16_t)(l->frame[2] | l->frame[3] << 8);
    if (cid == 0x0006)
        keep(l, &l->smp, l->frame + 4, n);
    else if (cid == 0x0004)
        keep(l, &l->att, l->frame + 4, n);
}

void lower_run(struct lower *l)
{
    while (l->packets_done < l->packets) {
        struct lt_pdu packet = l->packet[l->packets_done++];
        if (l->packets_done == l->packets)
            l->packets = l->packets_done = 0;
        if (packet.b[0] == 0x01)
            command(l, packet.b, packet.len);
        else if (packet.b[0] == 0x02)
            data(l, packet.b, packet.len);
        else
            l->wrong = "a packet of no known type";
    }
}

bool lower_take(struct lt_channel *c, struct lt_pdu *pdu)
{
    if (!c->count)
        return false;
    *pdu = c->pdu[c->from];
    c->from = (c->from + 1) % LT_PDUS;
    c->count--;
    return true;
}

void lower_send(struct lower *l, uint16_t cid, const uint8_t *pdu, size_t len)
{
    uint8_t frame[LT_PDU_MAX + 4] = {(uint8_t)len, (uint8_t)(len >> 8), (uint8_t)cid,
                                     (uint8_t)(cid >> 8)};
    assert_true(len <= LT_PDU_MAX);
    memcpy(frame + 4, pdu, len);
    for (size_t at = 0; at < len + 4 && l->connected; at += ACL) {
        size_t n = len + 4 - at < ACL ? len + 4 - at : ACL;
        uint8_t packet[5 + ACL] = {0x02, HANDLE & 0xff, (uint8_t)(HANDLE >> 8 | (at ? 0x10 : 0x20)),
                                   (uint8_t)n, 0};
        memcpy(packet + 5, frame + at, n);
        feed(l, packet, 5 + n);
    }
    lower_run(l);
}

/* ---- the link ---- */

void lower_connect(struct lower *l, enum lt_role role)
{
    lower_run(l);
    assert_true(role == PER ? l->advertising : l->connecting);
    l->advertising = l->connecting = false;
    l->role = (uint8_t)role;
    l->addr[role][0] = l->own_type & 1;
    memcpy(l->addr[role] + 1, l->own_type & 1 ? l->random_addr : l->bd_addr, 6);
    memcpy(l->addr[!role], l->peer, 7);
    l->connected = true;
    l->encrypted = false;
    l->frame_len = 0;
    l->smp.count = l->att.count = 0;
    uint8_t e[] = {0x04,        0x3e,
                   0x13,        0x01,
                   0,           HANDLE & 0xff,
                   HANDLE >> 8, (uint8_t)role,
                   0,           0,
                   0,           0,
                   0,           0,
                   0,           0x18,
                   0,           0,
                   0,           0x90,
                   0x01,        0};
    memcpy(e + 8, l->peer, 7);
    feed(l, e, sizeof e);
    lower_run(l);
}

void lower_disconnect(struct lower *l, uint8_t reason)
{
    const uint8_t e[] = {0x04, 0x05, 4, 0, HANDLE & 0xff, HANDLE >> 8, reason};
    if (!l->connected)
        return;
    l->connected = l->encrypted = false;
    l->frame_len = 0;
    feed(l, e, sizeof e);
    lower_run(l);
}

void lower_ltk_request(struct lower *l, const uint8_t rand[8], const uint8_t ediv[2])
{
    uint8_t e[] = {0x04, 0x3e, 13, 0x05, HANDLE & 0xff, HANDLE >> 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    memcpy(e + 6, rand, 8);
    memcpy(e + 14, ediv, 2);
    feed(l, e, sizeof e);
    lower_run(l);
}

void lower_encrypted(struct lower *l)
{
    const uint8_t change[] = {0x04, 0x08, 4, 0, HANDLE & 0xff, HANDLE >> 8, 1};
    const uint8_t refresh[] = {0x04, 0x30, 3, 0, HANDLE & 0xff, HANDLE >> 8};
    bool before = l->encrypted;
    l->encrypted = true;
    feed(l, before ? refresh : change, before ? sizeof refresh : sizeof change);
    lower_run(l);
}
