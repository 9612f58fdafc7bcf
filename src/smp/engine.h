/* What the files of the engine share. */
#ifndef TROTH_SMP_ENGINE_H
#define TROTH_SMP_ENGINE_H

#include "base/bytes.h"
#include "base/check.h"
#include "base/wipe.h"
#include "crypto/toolbox.h"
#include "smp/model.h"
#include "smp/script.h"
#include "smp/smp.h"

/* Answers that came, in run.had. */
enum smp_had {
    SMP_HAD_PAIR = 0x01, /* ACCEPT */
    SMP_HAD_KEYPAIR = 0x02,
    SMP_HAD_DHKEY = 0x04,
    SMP_HAD_SECRET = 0x08,
    SMP_HAD_USER = 0x10,
    SMP_HAD_ENCRYPTED = 0x20,
    SMP_HAD_STORED = 0x40,
    SMP_HAD_VALID = 0x100, /* VALIDATE */
    SMP_REPLIED = 0x80,    /* our LTK Reply or Enable Encryption went out with this pairing's key */
};

enum smp_encrypting { SMP_ENC_NONE, SMP_ENC_BOND, SMP_ENC_PAIRING };

#define SMP_TIMEOUT_MS 30000 /* Vol 3 Part H 3.4 */

/* Vol 1 Part F: what this layer says or understands. */
#define HCI_AUTHENTICATION_FAILURE 0x05
#define HCI_KEY_MISSING            0x06
#define HCI_REMOTE_USER_ENDED      0x13
#define HCI_MIC_FAILURE            0x3d

/* ---- pdu.c ---- */

struct smp_pdu {
    uint8_t len; /* exact, opcode included */
    /* Writes the body after the opcode, for our side. */
    void (*put)(struct smp *s, const struct smp_step *row, struct out *out);
    /* Takes the peer's body; 0 or the reason to refuse it. */
    uint8_t (*take)(struct smp *s, const struct smp_step *row, struct in *in);
};
extern const struct smp_pdu smp_pdus[SMP_OPCODES];

/* ---- engine.c ---- */

static inline bool smp_busy(const struct smp *s)
{
    return s->run.at != NULL;
}
static inline uint8_t smp_peer(const struct smp *s)
{
    return (uint8_t)!s->side;
}

/* Every ask goes out and ends through these, so that only what was asked is ever answered. */
void smp_ask(struct smp *s, struct troth_ask *a);
void smp_withdraw(struct smp *s, enum troth_ask_type type);
static inline bool smp_asked(const struct smp *s, unsigned type)
{
    return type < 16 && s->open >> type & 1;
}

/* Starts a pairing at its features. */
void smp_begin(struct smp *s);
/* Runs the script until it must wait. */
void smp_proceed(struct smp *s);
/* The single exit of a pairing that did not succeed. */
void smp_fail(struct smp *s, uint8_t reason, enum troth_step_side by);
/* Pairing Failed outside a pairing, or owed to the peer; sent when there is room. */
void smp_send_failed(struct smp *s, uint8_t reason);
/* Combines the features that crossed; 0 or the reason to refuse them. */
uint8_t smp_combine(struct smp *s);
struct troth_features smp_features_of(const uint8_t pdu[7]);
/* Ours, as the policy lets them cross. */
void smp_features_put(struct smp *s, uint8_t opcode, const struct troth_features *f);
/* The level the running pairing gives. */
struct troth_level smp_run_level(const struct smp *s);

/* ---- local.c ---- */

enum smp_wait { SMP_READY, SMP_WAITING, SMP_ENDED };
/* Begins the local step at run.at, or looks whether it is ready. */
enum smp_wait smp_local_step(struct smp *s);
/* The peer shows what it knows of our OOB data. False: they expired or were spent meanwhile. */
bool smp_spend_own_oob(struct smp *s);

/* ---- keys.c ---- */

/* Fills run.result from what was distributed; true when it names a peer we can find again. */
bool smp_result(struct smp *s);

/* ---- encrypt.c ---- */

/* The key a bond gives us in the role we have, or NULL. */
const struct troth_ltk *smp_bond_ltk(const struct smp *s, const struct troth_bond *b);
void smp_take_security_request(struct smp *s, uint8_t auth_req);
/* Encrypting with the bond ended so: tells if the peer's key is another or gone. */
void smp_bond_lost(struct smp *s, uint8_t hci_status);

/* Keeps the n least significant octets of a key, Vol 3 Part H 2.3.4. */
static inline void smp_shorten(uint8_t key[16], uint8_t n)
{
    memset(key + n, 0, (size_t)16 - n);
}

#endif
