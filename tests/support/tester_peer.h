/*
 * The lower tester's Security Manager, from Vol 3 Part H alone: builds, parses and computes its own
 * PDUs, one at a time as the caller says. It shares no header with what is tested. All values are in
 * wire order; pairs are indexed by enum lt_role.
 */
#ifndef TROTH_TESTS_SUPPORT_TESTER_PEER_H
#define TROTH_TESTS_SUPPORT_TESTER_PEER_H

#include "support/tester_lower.h"

/* 3.3, table 3.3 */
enum lt_opcode {
    LT_REQUEST = 0x01,
    LT_RESPONSE,
    LT_CONFIRM,
    LT_RANDOM,
    LT_FAILED,
    LT_ENC_INFO,
    LT_CENTRAL_ID,
    LT_ID_INFO,
    LT_ID_ADDR,
    LT_SIGN_INFO,
    LT_SECURITY_REQUEST,
    LT_PUBLIC_KEY,
    LT_DHKEY_CHECK,
    LT_KEYPRESS,
};

/* 3.5.1: IO capabilities, AuthReq */
enum { IO_DISPLAY, IO_YES_NO, IO_KEYBOARD, IO_NONE, IO_KEYBOARD_DISPLAY };
enum { BOND = 0x01, MITM = 0x04, SC = 0x08, KEYPRESS = 0x10, CT2 = 0x20, RFU = 0xc0 };
/* 3.6.1 */
enum { ENC = 0x01, ID = 0x02, SIGN = 0x04, LINK = 0x08 };

/* 2.3.5.1. Passkey Entry by who types. */
enum lt_method { M_JUST_WORKS, M_PASSKEY_I, M_PASSKEY_R, M_PASSKEY_BOTH, M_COMPARE, M_OOB, M_ANY };

struct feat {
    uint8_t io, oob, auth, max_key, keys[2]; /* as they cross */
};

/* What one side distributed. */
struct lt_keys {
    uint8_t ltk[16], rand[8], ediv[2], irk[16], identity[7], csrk[16];
};

/* How the tester misbehaves. */
enum lt_harm {
    HONEST,
    WRONG_CONFIRM,  /* one bit of its commitment */
    WRONG_PASSKEY,  /* it uses another; `harm_round` is the lowest bit that differs */
    REFLECT,        /* our Confirm and Random come back */
    REFLECT_RANDOM, /* our Random only */
    KEY_Y_ZERO,     /* its public key's Y is 0 */
    KEY_Y_BIT,      /* one bit of Y flipped */
    KEY_ZERO,       /* (0, 0) */
    KEY_YOURS,      /* the implementation's own */
    KEY_YOUR_X,     /* (X, -Y) of it */
};

struct peer {
    struct lower l;
    uint8_t me;        /* enum lt_role, the tester's */
    struct feat offer; /* what the tester offers */
    uint8_t harm, harm_round;
    bool zero_dhkey; /* with a harmful key: DHKey = 0, not the computed one */

    uint8_t feat[2][7]; /* the PDUs */
    bool sc;
    uint8_t method, key_size, dist[2];
    uint8_t private_key[32], public_key[2][64], dhkey[32];
    bool have_public[2], committed;
    uint8_t round, confirm[2][16], nonce[2][16], tk[16], oob_tk[16];
    uint8_t oob_random[2][16], oob_confirm[2][16]; /* by whose they are */
    uint32_t passkey;
    uint8_t mackey[16], full_key[16];
    uint8_t key[16]; /* STK or LTK, shortened */
    struct lt_keys keys[2];
    uint64_t seed;

    bool may_fail;             /* Pairing Failed is expected somewhere */
    bool failed;               /* it came */
    uint8_t reason, sent_last; /* ... and what the tester had sent last */
};

/* addr_type: of the tester's address, 0 public or 1 (static) random. */
void peer_init(struct peer *p, uint8_t seed, uint8_t addr_type);
/* Forgets the last pairing; draws new keys. me: the tester's role. */
void peer_again(struct peer *p, enum lt_role me);
void peer_draw(struct peer *p, void *out, size_t n);
enum lt_method peer_method(const struct feat *i, const struct feat *r);
bool peer_is_passkey(uint8_t method);

void peer_send(struct peer *p, uint8_t opcode, const void *body, size_t n);
/*
 * The body of the next PDU, which must be this one and of its length. NULL: Pairing Failed came
 * instead, where it may; then it is in .reason.
 */
const uint8_t *peer_expect(struct peer *p, uint8_t opcode);
/* Pairing Failed comes, and nothing else; 0: for whatever reason. */
void peer_expect_failed(struct peer *p, uint8_t reason);
/* Pairing Failed is what came next, where it may; it is taken. */
bool peer_refused(struct peer *p);
/* Nothing was sent. */
void peer_silent(struct peer *p);

void peer_send_features(struct peer *p, uint8_t opcode);
/* Both are known: method, Secure Connections, key size and distribution follow. */
void peer_combine(struct peer *p);
/* One PDU of the chart, whoever's it is: sent, or expected and checked. False: Failed came. */
bool peer_public_key(struct peer *p, uint8_t who);
bool peer_confirm(struct peer *p, uint8_t who);
bool peer_random(struct peer *p, uint8_t who);
bool peer_dhkey_check(struct peer *p, uint8_t who);
void peer_make_key(struct peer *p);
/* All that one side distributes, in order, and no more than was agreed. */
void peer_keys(struct peer *p, uint8_t who);
uint32_t peer_number(const struct peer *p);
/* Our own OOB data, and whether data of the other side fits its key. */
void peer_make_oob(struct peer *p);

#endif
