/*
 * One engine moved by octets: a header says who it is, then operations follow, each an octet and
 * what it needs. After every operation the promises that hold for any peer, controller, user and
 * store are looked at, the chart of the pairing among them, counted here on its own.
 */
#ifndef TROTH_TESTS_FUZZ_SMP_STREAM_H
#define TROTH_TESTS_FUZZ_SMP_STREAM_H

#include "fuzz/fuzz.h"
#include "support/smp_bench.h"

enum stream_op {
    DO_PDU,     /* opcode, body of the opcode's length */
    DO_RAW,     /* length, octets */
    DO_DEFAULT, /* ask: the default answer */
    DO_ANSWER,  /* ask, ok, reason, body */
    DO_ROOM,
    DO_ACKED,
    DO_STORED,  /* ok */
    DO_LTK,     /* 0: zeros, 1: the bond's, else rand and ediv */
    DO_CHANGED, /* status, on */
    DO_REFUSED, /* status */
    DO_TICK,    /* n: 10 n^2 ms */
    DO_PAIR,    /* 0: the policy's features, else six octets */
    DO_REQUEST, /* AuthReq of a Security Request */
    DO_ENCRYPT,
    DO_CANCEL,    /* reason */
    DO_KEYPRESS,  /* type */
    DO_SET_LTK,   /* length, flags, 16 octets */
    DO_ROOM_MODE, /* enum smp_bench_room */
    DO_POLICY,    /* two octets of flags, as in the header */
    DO_RECONNECT, /* HCI reason */
    DO_OOB,       /* makes our OOB data */
    OPS,
};

#define STREAM_HEADER  8
#define STREAM_CROSSED 200

struct stream {
    struct smp_bench b;

    /* what crossed since the pairing began */
    struct {
        uint8_t who, op;
    } crossed[STREAM_CROSSED];
    unsigned count;
    uint8_t feat[2][7];
    bool key_given, encrypted, committed, stored;
    bool policy_changed;

    struct smp_bench_pdu sent[SMP_BENCH_SENT]; /* of the last operation */
    unsigned sent_count;
    unsigned paired, failed; /* events so far */
};

void stream_open(struct stream *s, struct in *in);
/* One operation; false when the input is over. */
bool stream_step(struct stream *s, struct in *in);
/* After whatever happened: a new connection, and an honest pairing that has to succeed. */
void stream_still_pairs(struct stream *s);

/*
 * Moves both through an honest pairing. The stream is moved by operations, each of which goes to
 * `record` (which may be NULL) first.
 */
void stream_pair(struct stream *s, struct smp_bench *peer,
                 void (*record)(void *ctx, const uint8_t *octets, size_t len), void *ctx);

#endif
