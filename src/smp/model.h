/* Association models and what the policy says of them. */
#ifndef TROTH_SMP_MODEL_H
#define TROTH_SMP_MODEL_H

#include <troth/smp.h>

bool smp_features_valid(const struct troth_features *f);
/* Of a pairing about to run: 0, or the reason why the policy refuses it. */
uint8_t smp_policy_reason(const struct troth_policy *p, bool sc, enum troth_model model,
                          uint8_t key_size);
/* Whether the policy accepts only the specified authentication, and this is not it. */
bool smp_policy_expels(const struct troth_policy *p, bool sc, enum troth_model model, bool bond);
/* Of a key at hand: whether the policy lets it protect a link. */
bool smp_policy_takes(const struct troth_policy *p, const struct troth_level *level);

static inline bool smp_core_from(const struct troth_policy *p, enum troth_core version)
{
    return (p->core ? p->core : TROTH_CORE_6_2) >= version;
}

static inline uint8_t smp_min_key_size(const struct troth_policy *p)
{
    return p->min_key_size ? p->min_key_size : 16;
}

static inline bool smp_model_is_passkey(uint8_t model)
{
    return model >= TROTH_PASSKEY_INITIATOR_INPUTS && model <= TROTH_PASSKEY_BOTH_INPUT;
}

#endif
