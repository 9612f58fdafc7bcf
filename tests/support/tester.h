/*
 * The lower tester: the other side of a pairing, written from Vol 3 Part H alone. It follows the
 * message chart of the flow it was given, checks every PDU of the side under test, and knows what
 * each value must be. A scene is a bench and a tester facing each other, moved one stimulus at a
 * time, so that a test may stop anywhere and do harm.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_H
#define TROTH_TESTS_SUPPORT_TESTER_H

#include "support/smp_bench.h"

enum smp_op {
    OP_PAIRING_REQUEST = 0x01,
    OP_PAIRING_RESPONSE = 0x02,
    OP_CONFIRM = 0x03,
    OP_RANDOM = 0x04,
    OP_FAILED = 0x05,
    OP_ENCRYPTION_INFO = 0x06,
    OP_CENTRAL_ID = 0x07,
    OP_IDENTITY_INFO = 0x08,
    OP_IDENTITY_ADDR = 0x09,
    OP_SIGNING_INFO = 0x0a,
    OP_SECURITY_REQUEST = 0x0b,
    OP_PUBLIC_KEY = 0x0c,
    OP_DHKEY_CHECK = 0x0d,
    OP_KEYPRESS = 0x0e,
};

/* A PDU's exact length, opcode included, Vol 3 Part H 3.3 to 3.6. 0: no such opcode. */
unsigned tester_pdu_len(uint8_t opcode);
const char *tester_op_name(uint8_t opcode);

/* What two sides are, and what must come of it: stated, not computed. */
struct flow {
    const char *name;
    struct troth_features f[2]; /* by enum troth_side */
    bool sc;
    enum troth_model model;
};

/* Legacy: just works, three passkeys, OOB. Secure Connections: just works, comparison, ... */
#define FLOWS 13
extern const struct flow tester_flows[FLOWS];

#define ENCRYPTION 0xee /* the chart's row that is no PDU */
#define CHART_MAX  160

struct tester {
    const struct flow *flow;
    uint8_t side; /* its own */
    struct troth_addr addr[2];
    struct {
        uint8_t who, op;
    } chart[CHART_MAX];
    unsigned rows, at; /* the chart so far known, and the row that is next */

    uint8_t feat[2][7];
    uint8_t dist[2];
    uint8_t key_size;
    uint8_t private_key[32], public_key[2][64], dhkey[32];
    bool have_key[2];
    uint8_t confirm[2][16], nonce[2][16], r[2][16], tk[16];
    uint8_t last_nonce[16]; /* our own before this one */
    uint8_t round;
    uint32_t passkey;
    uint8_t mackey[16];
    uint8_t key[16]; /* that encrypts: STK or LTK, shortened */
    bool keys_made;

    /* what is distributed, by side: the tester's own are made at the start */
    uint8_t ltk[2][16], irk[2][16], csrk[2][16];
    uint16_t ediv[2];
    uint64_t rand[2];
    struct troth_addr identity[2];

    uint64_t seed;
    int nonce_fill;      /* -1: random nonces; else every octet */
    uint8_t auth_rfu;    /* set in our AuthReq beside the flow's */
    bool done_by_failed; /* Pairing Failed came */
    uint8_t failed_reason;
    bool silent;       /* takes PDUs without a check: harm was done on purpose */
    const char *wrong; /* the first disagreement with the side under test */
};

/* What an honest world does next. */
enum stimulus {
    ST_NONE,   /* nothing: at the end, or stuck */
    ST_START,  /* troth_pair */
    ST_PDU,    /* the tester's next PDU */
    ST_ANSWER, /* an ask's answer */
    ST_ROOM,
    ST_LTK,     /* LE LTK Request */
    ST_ENCRYPT, /* Encryption Change or Key Refresh, status 0 */
    ST_ACK,
    ST_STORED,
};
struct next {
    enum stimulus what;
    enum troth_ask_type ask;
};

struct scene {
    struct smp_bench b;
    struct tester t;
    const struct flow *flow;
    unsigned step;

    /* how the world is */
    bool eager;      /* the peer's PDU before our answer, where the chart allows it */
    bool late_dhkey; /* the DHKey is computed when nothing else can be done */
    bool late_ack;   /* acknowledgements come when nothing else can be done */
    bool store_fails;
    bool encrypted_before; /* the link is: Key Refresh instead of Encryption Change */
    bool own_features;     /* troth_pair is given the features, the policy has others */

    bool started, ltk_asked, encrypted, stored;
    unsigned commits_seen, acks;
    uint8_t own_public[64]; /* of the engine under test, in this pairing */

    /* the tester's PDU of chart row alter_row goes through this first */
    unsigned alter_row;
    void (*alter)(struct scene *s, uint8_t *pdu, size_t *len);
    unsigned alter_arg;
};

/* side: of the engine under test. policy NULL: defaults, with the flow's features. */
void scene_init(struct scene *s, const struct flow *flow, enum troth_side side,
                const struct troth_policy *policy);
/* As scene_init, but the bench (its link, policy, bonds) stays as it is. */
void scene_again(struct scene *s, const struct flow *flow);
/* The tester takes what was sent; what an honest world would do next. */
struct next scene_next(struct scene *s);
void scene_do(struct scene *s, struct next n);
/* One stimulus of an honest world; false when there is none. */
bool scene_step(struct scene *s);
/* Steps until there is none left, or until the step counter is `step`. */
void scene_run(struct scene *s);
bool scene_run_to(struct scene *s, unsigned step);

void tester_init(struct tester *t, const struct flow *f, enum troth_side side,
                 const struct troth_addr addr[2]);
/* A PDU of the side under test. */
void tester_take(struct tester *t, const struct smp_bench_pdu *p);
void tester_blame(struct tester *t, const char *what);
void tester_draw(struct tester *t, uint8_t *out, size_t n);
bool tester_is_passkey(const struct flow *f);
/* The passkey as a 128-bit number: the legacy TK, the r of Secure Connections. */
void tester_passkey(const struct tester *t, uint8_t out[16]);
void tester_shorten(uint8_t key[16], uint8_t size);
/* The honest PDU of the tester's next row, which must be its own. Its length. */
size_t tester_build(struct tester *t, uint8_t pdu[SMP_PDU_MAX]);
/* The tester's next row was sent: its state moves on. */
void tester_sent(struct tester *t, const uint8_t *pdu, size_t len);
/* The honest answer to an open ask. */
void scene_answer(struct scene *s, enum troth_ask_type type, struct troth_answer *a);
/* NULL, or what is wrong with a pairing that should have succeeded. */
const char *scene_success(struct scene *s);
/* Where the scene is, for people. */
const char *scene_where(struct scene *s);

extern const uint8_t tester_private[2][32]; /* [0] the engine's, [1] the tester's */

#endif
