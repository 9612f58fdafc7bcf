/*
 * Protocomm's three security schemes, one side of one session: a handshake of one or two turns over
 * the endpoint prov-session, then messages sealed and opened in strict turn, request and response.
 *
 *   0  nothing is protected
 *   1  X25519, AES-256-CTR, optionally bound to a proof of possession. Without one anybody may be
 *      the client; with one, still nothing notices a changed octet: there is no integrity
 *   2  SRP-6a with user name and password, AES-256-GCM
 *
 * Any fault of the peer's ends the session and wipes its secrets. Messages are those of
 * prov-session: protocol buffers, at most TROTH_SECURITY_HANDSHAKE octets.
 */
#ifndef TROTH_PROTOCOMM_SECURITY_H
#define TROTH_PROTOCOMM_SECURITY_H

#include <troth/crypto.h>
#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TROTH_SECURITY_HANDSHAKE 672 /* longest handshake message, a user name of 255 octets */
#define TROTH_SECURITY_OVERHEAD  16  /* longest addition to a message when it is sealed */
#define TROTH_SECURITY_SALT_MAX  128
#define TROTH_SECURITY_NAME_MAX  255 /* octets of a user name */

/* What the pointers name is not copied; it outlives the session. */
struct troth_security_config {
    uint8_t scheme; /* 0, 1, 2 */
    /* Cryptographically secure octets. */
    void (*random)(void *ctx, uint8_t *out, size_t len);
    void *ctx;
    struct troth_piece pop;  /* 1: the proof of possession; len 0: none */
    struct troth_piece salt; /* 2, device: 1 to TROTH_SECURITY_SALT_MAX octets, the first not 0 */
    struct troth_piece verifier; /* 2, device: a number in 1 .. N-1, at most TROTH_BIG octets */
    struct troth_piece username; /* 2, client: 1 to TROTH_SECURITY_NAME_MAX octets */
    struct troth_piece password; /* 2, client */
    /*
     * 2, client: sec_patch_ver of proto-ver. 0 uses one nonce for every message, which is no
     * protection against who listens: refused unless allowed.
     */
    uint8_t patch;
    bool allow_patch_0;
    /*
     * 2, client: x as other makers of verifiers compute it, enum troth_security_dialect flags. When
     * a device refuses the proof, troth_security_dialects says which are worth a fresh session.
     */
    uint8_t dialect;
};
enum troth_security_dialect { TROTH_SHORT_INNER_HASH = 1, TROTH_SHORT_SALT = 2 };

/* Why a session ended. */
enum troth_security_fault {
    TROTH_SECURITY_FINE = 0,
    TROTH_SECURITY_MALFORMED, /* no message of protocomm, or not the one that is due */
    TROTH_SECURITY_SCHEME,    /* a message of another scheme */
    TROTH_SECURITY_STATUS,    /* the device's reply says that it refuses: .status */
    TROTH_SECURITY_KEY,       /* a public key no honest peer sends */
    TROTH_SECURITY_PROOF,     /* the peer does not know the password or proof of possession */
    TROTH_SECURITY_TAG,       /* a message was changed, or is not the next one */
    TROTH_SECURITY_WORN_OUT,  /* every nonce of the session is used */
    TROTH_SECURITY_LOCAL,     /* our own crypto or randomness failed */
};
/* "MALFORMED"; "(unknown)". */
const char *troth_security_fault_name(uint8_t fault);
/* A sentence for people: what it means and what to do. */
const char *troth_security_fault_words(uint8_t fault);

struct troth_security {
    struct troth_security_config cfg;
    bool device;
    uint8_t step;
    uint8_t fault;    /* enum troth_security_fault of the last session */
    uint8_t status;   /* with STATUS: what the device said */
    uint8_t dialects; /* client: other enum troth_security_dialect flags that may fit */
    union {
        struct {
            uint8_t own_private[32], own[32], peer[32];
            struct troth_ctr stream;
        } one;
        struct {
            uint8_t key[64];           /* K */
            uint8_t proof[64];         /* M1 of the client */
            uint8_t answer[64];        /* M2 of the device */
            uint8_t short_proof[64];   /* device: both for a client that drops zeros of K */
            uint8_t short_answer[64];
            uint8_t secret[32];        /* the client's a */
            uint8_t number[TROTH_BIG]; /* the client's A; the device's verifier at work */
            uint8_t nonce[12];
        } two;
    } u;
};

/* TROTH_INVALID: the configuration cannot work. */
int troth_security_init(struct troth_security *s, const struct troth_security_config *cfg,
                        bool device);
/* Ends the session, wipes its secrets; the next may begin. */
void troth_security_end(struct troth_security *s);
/* The handshake is done: messages may be sealed and opened. */
bool troth_security_ready(const struct troth_security *s);

/*
 * Device: a request on prov-session, the response into out. The first message begins a session
 * whatever was before. TROTH_FAILED: no response, the session is over, s->fault.
 */
int troth_security_serve(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                         size_t cap, size_t *out_len);

/*
 * Client: the first request, and to each response the next request, or out_len 0 when the session
 * is ready. TROTH_FAILED as above.
 */
int troth_security_hello(struct troth_security *s, uint8_t *out, size_t cap, size_t *out_len);
int troth_security_next(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                        size_t cap, size_t *out_len);
/*
 * Client, after the device refused the proof: dialects for which x is another than the one just
 * used, so that a fresh session may be tried; 0: none.
 */
uint8_t troth_security_dialects(const struct troth_security *s);

/*
 * Messages, in the order they cross. out has room for len + TROTH_SECURITY_OVERHEAD; it may be in.
 * TROTH_STATE: the session is not ready. TROTH_FAILED: s->fault. A wrong TAG does not end the
 * session: the next message may be right.
 */
int troth_security_seal(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                        size_t *out_len);
int troth_security_open(struct troth_security *s, const uint8_t *in, size_t len, uint8_t *out,
                        size_t *out_len);

/*
 * Credentials of security 2 for a device, from user name, password and a random salt. TROTH_INVALID:
 * lengths, or salt[0] is 0; TROTH_UNSUPPORTED: clients in use disagree on this password: choose
 * another (about one in 256).
 */
int troth_security_credentials(const struct troth_piece *username,
                               const struct troth_piece *password, const struct troth_piece *salt,
                               uint8_t verifier[TROTH_BIG]);

#ifdef __cplusplus
}
#endif
#endif
