/*
 * The Security Manager of one link, Vol 3 Part H. It knows nothing of HCI handles, rings or
 * stores: its host gives it a struct smp_env and calls the functions below.
 *
 * None of the env's functions may call back into this smp; what it causes comes later through
 * smp_rx, smp_answer and the other entry points.
 */
#ifndef TROTH_SMP_SMP_H
#define TROTH_SMP_SMP_H

#include <troth/event.h>
#include <troth/state/smp.h>

struct smp_env {
    /* One PDU on CID 6. False: its slot is taken; smp_room comes when it is free again. */
    bool (*send)(void *link, const uint8_t *pdu, size_t len);
    /* The env fills in the link. */
    void (*event)(void *link, struct troth_event *e);
    /* Opens the ask (one per type and link; the env fills in id and link) or withdraws it. */
    void (*ask)(void *link, struct troth_ask *a);
    void (*withdraw)(void *link, enum troth_ask_type type);
    void (*random)(void *link, uint8_t *out, size_t len);
    const struct troth_policy *(*policy)(void *link);

    /* LE Enable Encryption; smp_encryption_changed or smp_encryption_refused follows. */
    void (*encrypt)(void *link, uint64_t rand, uint16_t ediv, const uint8_t ltk[16]);
    /* LE LTK Request (Negative, when NULL) Reply. */
    void (*ltk_reply)(void *link, const uint8_t *ltk);
    void (*disconnect)(void *link, uint8_t hci_reason);

    /* Repeated attempts, 2.3.6: whether this peer may begin a pairing now; how one ended. */
    bool (*admit)(void *link);
    void (*attempted)(void *link, bool ok);

    /* The bond with this link's peer, NULL when there is none (or it is not known yet). */
    const struct troth_bond *(*bond)(void *link);
    const struct troth_bond *(*bond_of)(void *link, const struct troth_addr *identity);
    const struct troth_bond *(*bond_of_irk)(void *link, const uint8_t irk[16]);
    /* Places the bond and has it stored; smp_stored follows with the outcome. False: no place. */
    bool (*commit)(void *link, const struct troth_bond_keys *keys);
    /* The pairing failed before smp_stored came: nothing of it may stay in the store. */
    void (*uncommit)(void *link);
    /* The peer rejects the keys of the bond behind this link: removes it. */
    void (*forget)(void *link);
    /* Ours to distribute. */
    void (*local)(void *link, uint8_t irk[16], struct troth_addr *identity);
    struct smp_own_oob *(*own_oob)(void *link);
};

/* addr[2]: both addresses as the air carried them at connection, by enum troth_side. */
void smp_init(struct smp *s, const struct smp_env *env, void *link, enum troth_side side,
              const struct troth_addr addr[2]);
void smp_rx(struct smp *s, const uint8_t *pdu, size_t len);
/* The slot of env->send is free again. */
void smp_room(struct smp *s);
/* Everything smp ever sent has been acknowledged by the peer's controller. */
void smp_acked(struct smp *s);
/*
 * TROTH_STALE: nobody asked. Any other failure leaves the ask open: TROTH_INVALID, no such answer
 * exists; TROTH_BUSY, what it begins cannot begin now.
 */
int smp_answer(struct smp *s, enum troth_ask_type type, const struct troth_answer *a);
/* What holds when nobody answers. */
void smp_default_answer(const struct smp *s, const struct troth_ask *ask, struct troth_answer *a);
/* 0, or the reason why what env->commit was given may not replace what is there by now. */
uint8_t smp_may_store(const struct smp *s);
/* The bond given to env->commit is safe, or is not. */
void smp_stored(struct smp *s, bool ok);
/* The bond behind the link's key is gone. */
void smp_unbonded(struct smp *s);
/* All events were delivered: what only they pointed to is forgotten. */
void smp_rest(struct smp *s);

/* LE Long Term Key Request. */
void smp_ltk_request(struct smp *s, uint64_t rand, uint16_t ediv);
/* Encryption Change and Encryption Key Refresh Complete. */
void smp_encryption_changed(struct smp *s, uint8_t hci_status, bool on);
/* The command of env->encrypt was refused. */
void smp_encryption_refused(struct smp *s, uint8_t hci_status);
/* The link is gone: everything ends here. */
void smp_disconnected(struct smp *s, uint8_t hci_reason);

void smp_tick(struct smp *s, troth_ms now);
troth_ms smp_deadline(const struct smp *s);

/* The API's verbs, per link: enum troth_result. */
int smp_pair(struct smp *s, const struct troth_features *features);
int smp_security_request(struct smp *s, uint8_t auth_req);
int smp_encrypt(struct smp *s);
int smp_cancel(struct smp *s, uint8_t reason);
int smp_keypress(struct smp *s, uint8_t type);
int smp_set_ltk(struct smp *s, const uint8_t *ltk, uint8_t len, uint64_t rand, uint16_t ediv,
                bool mitm, bool sc);
int smp_own_oob_make(struct smp_own_oob *own, struct troth_oob *out,
                     void (*draw)(void *ctx, uint8_t *out, size_t len), void *ctx);
/* Pins a pair that was kept. False: the private key is none; what was pinned still is. */
bool smp_own_oob_restore(struct smp_own_oob *own, const struct troth_oob_pair *pair);
bool smp_pairing(const struct smp *s);
/* The LTK at hand for a central to encrypt with; key_size 0: none the policy would use. */
struct troth_level smp_available(const struct smp *s);

#endif
