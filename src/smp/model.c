#include "smp/model.h"

/*
 * Table 2.8, in its own orientation: [responder][initiator], in the order of enum troth_io_cap.
 * The models are named by who types, so no cell depends on who asks.
 */
#define JW TROTH_JUST_WORKS
#define PI TROTH_PASSKEY_INITIATOR_INPUTS
#define PR TROTH_PASSKEY_RESPONDER_INPUTS
#define PB TROTH_PASSKEY_BOTH_INPUT
#define NC TROTH_NUMERIC_COMPARISON

static const uint8_t legacy[5][5] = {
    /*                  DispOnly YesNo Keyboard NoIO KbdDisp <- initiator */
    /* DisplayOnly  */ {JW, JW, PI, JW, PI},
    /* DisplayYesNo */ {JW, JW, PI, JW, PI},
    /* KeyboardOnly */ {PR, PR, PB, JW, PR},
    /* NoIO         */ {JW, JW, JW, JW, JW},
    /* KeyboardDisp */ {PR, PR, PI, JW, PR},
};

static const uint8_t secure[5][5] = {
    {JW, JW, PI, JW, PI}, {JW, NC, PI, JW, NC}, {PR, PR, PB, JW, PR},
    {JW, JW, JW, JW, JW}, {PR, NC, PI, JW, NC},
};

enum troth_model troth_model_of(const struct troth_features *i, const struct troth_features *r)
{
    bool sc = i->auth_req & r->auth_req & TROTH_AUTH_SC;
    /* Tables 2.6 and 2.7: either side's OOB data is enough in Secure Connections, both in legacy. */
    if (sc ? (i->oob || r->oob) : (i->oob && r->oob))
        return TROTH_OOB;
    if (!((i->auth_req | r->auth_req) & TROTH_AUTH_MITM))
        return TROTH_JUST_WORKS;
    if (i->io_cap > TROTH_KEYBOARD_DISPLAY || r->io_cap > TROTH_KEYBOARD_DISPLAY)
        return TROTH_JUST_WORKS;
    return (enum troth_model)(sc ? secure : legacy)[r->io_cap][i->io_cap];
}

bool smp_features_valid(const struct troth_features *f)
{
    return f->io_cap <= TROTH_KEYBOARD_DISPLAY && f->oob <= 1 && f->max_key_size >= 7 &&
           f->max_key_size <= 16;
}

/* 0: the policy takes it; else the reason for the peer. */
uint8_t smp_policy_reason(const struct troth_policy *p, bool sc, enum troth_model model,
                          uint8_t key_size)
{
    if (key_size < smp_min_key_size(p))
        return TROTH_SMP_ENCRYPTION_KEY_SIZE;
    if (p->sc_only && !sc)
        return TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
    if (model == TROTH_JUST_WORKS && (p->require_mitm || p->just_works == TROTH_JUST_WORKS_REFUSED))
        return TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
    if (p->models && !(p->models & TROTH_MODEL_BIT(model)))
        return TROTH_SMP_AUTHENTICATION_REQUIREMENTS;
    return 0;
}

bool smp_policy_expels(const struct troth_policy *p, bool sc, enum troth_model model, bool bond)
{
    const uint8_t compared = TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC;
    unsigned result = (bond ? TROTH_AUTH_BOND : 0u) | (sc ? TROTH_AUTH_SC : 0u) |
                      (model != TROTH_JUST_WORKS ? TROTH_AUTH_MITM : 0u);
    return p->exact && result != (p->features.auth_req & compared);
}

bool smp_policy_takes(const struct troth_policy *p, const struct troth_level *level)
{
    return level->key_size >= smp_min_key_size(p) && (level->sc || !p->sc_only) &&
           (level->mitm || !p->require_mitm);
}
