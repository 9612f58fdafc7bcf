/*
 * The lower tester's half of a link: a controller of octets before the implementation under test,
 * and the L2CAP channels behind it. Written from Vol 4 Part E and Vol 3 Part A; it shares no header
 * with what is tested. Nothing is answered but what every controller answers by itself.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_LOWER_H
#define TROTH_TESTS_SUPPORT_TESTER_LOWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LT_PDUS    16 /* not yet looked at, of one channel */
#define LT_PDU_MAX 300
#define LT_PACKETS 64 /* from the implementation, in one go */

enum lt_role { CEN = 0, PER = 1 }; /* also: initiator, responder */

struct lt_pdu {
    uint16_t len;
    uint8_t b[LT_PDU_MAX];
};

struct lt_channel {
    struct lt_pdu pdu[LT_PDUS];
    unsigned from, count;
};

struct lower {
    /* One H4 packet to the implementation under test. */
    void (*feed)(void *iut, const uint8_t *packet, size_t len);
    void *iut;

    uint8_t bd_addr[6]; /* the controller's public address; zeros: it has none */
    bool up, advertising, connecting;
    uint8_t random_addr[6], own_type; /* as it set them */

    struct lt_pdu packet[LT_PACKETS];
    unsigned packets, packets_done;

    /* the link */
    bool connected;
    uint8_t role;       /* of the implementation */
    uint8_t peer[7];    /* the tester's address: type and six octets */
    uint8_t addr[2][7]; /* by enum lt_role, as the air carried them */
    uint8_t frame[LT_PDU_MAX + 4];
    size_t frame_len;
    struct lt_channel smp, att;

    /* LE Enable Encryption and the answers to LE LTK Request; the link's encryption */
    unsigned starts, replies, negatives;
    uint8_t start_rand[8], start_ediv[2], start_key[16], reply_key[16];
    bool encrypted;

    unsigned disconnects; /* asked for by the implementation */
    uint8_t disconnect_reason;
    const char *wrong; /* a breach of HCI or L2CAP, in words */
};

/* What the implementation sends: kept, until lower_run. */
void lower_packet(struct lower *l, const uint8_t *packet, size_t len);
/* Answers and sorts all that was sent, until it rests. */
void lower_run(struct lower *l);

/* The link comes up as wanted: it must be advertising (PER), or connecting to us (CEN). */
void lower_connect(struct lower *l, enum lt_role role);
void lower_disconnect(struct lower *l, uint8_t reason);
void lower_send(struct lower *l, uint16_t cid, const uint8_t *pdu, size_t len);
bool lower_take(struct lt_channel *c, struct lt_pdu *pdu);
/* LE LTK Request: the tester starts encryption. */
void lower_ltk_request(struct lower *l, const uint8_t rand[8], const uint8_t ediv[2]);
/* Both have the same key: Encryption Change, or Key Refresh where it was encrypted. */
void lower_encrypted(struct lower *l);

#endif
