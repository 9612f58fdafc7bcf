#include "common/policy.h"

#include <stdio.h>
#include <string.h>

#include "common/agent.h"
#include "common/out.h"

const struct cli_choice policy_cores[] = {
    {"5.3", TROTH_CORE_5_3},
    {"5.4", TROTH_CORE_5_4},
    {"6.0", TROTH_CORE_6_0},
    {"6.1", TROTH_CORE_6_1},
    {"6.2", TROTH_CORE_6_2},
    {"6.3", TROTH_CORE_6_3},
    {NULL, 0},
};

const struct cli_choice policy_just_works[] = {
    {"allow", 1 + TROTH_JUST_WORKS_ALLOWED},
    {"ask", 1 + TROTH_JUST_WORKS_ASKED},
    {"refuse", 1 + TROTH_JUST_WORKS_REFUSED},
    {NULL, 0},
};

bool policy_parse_models(void *target, const char *text, char *why, size_t cap)
{
    static const struct {
        const char *word;
        uint8_t bits;
    } all[] = {
        {"just-works", TROTH_MODEL_BIT(TROTH_JUST_WORKS)},
        {"passkey", TROTH_MODEL_BIT(TROTH_PASSKEY_INITIATOR_INPUTS) |
                        TROTH_MODEL_BIT(TROTH_PASSKEY_RESPONDER_INPUTS) |
                        TROTH_MODEL_BIT(TROTH_PASSKEY_BOTH_INPUT)},
        {"compare", TROTH_MODEL_BIT(TROTH_NUMERIC_COMPARISON)},
        {"numeric-comparison", TROTH_MODEL_BIT(TROTH_NUMERIC_COMPARISON)},
        {"oob", TROTH_MODEL_BIT(TROTH_OOB)},
    };
    uint8_t bits = 0;
    for (;; text++) {
        size_t len = strcspn(text, ","), i = 0;
        while (i < sizeof all / sizeof *all &&
               (strlen(all[i].word) != len || strncmp(all[i].word, text, len)))
            i++;
        if (i == sizeof all / sizeof *all) {
            snprintf(why, cap,
                     "\"%.*s\" is no model; these are: just-works, passkey, compare, oob; with "
                     "commas between, as in passkey,oob",
                     len > 40 ? 40 : (int)len, text);
            return false;
        }
        bits |= all[i].bits;
        text += len;
        if (!*text)
            break;
    }
    *(uint8_t *)target = bits;
    return true;
}

bool policy_parse_passkey(void *target, const char *text, char *why, size_t cap)
{
    struct policy_options *o = target;
    int32_t value = agent_passkey(text);
    if (value < 0) {
        snprintf(why, cap, "a passkey has six digits, as in 012345");
        return false;
    }
    o->fixed_passkey = true;
    o->passkey = (uint32_t)value;
    return true;
}

void policy_apply(const struct policy_options *o, struct troth_policy *p)
{
    if (o->core)
        p->core = (uint8_t)o->core;
    p->sc_only |= o->sc_only;
    p->require_mitm |= o->require_mitm;
    if (o->require_mitm)
        p->features.auth_req |= TROTH_AUTH_MITM;
    /* What the mode demands stays demanded. */
    if (o->min_key_size && o->min_key_size > p->min_key_size)
        p->min_key_size = (uint8_t)o->min_key_size;
    if (o->models)
        p->models = o->models;
    if (o->just_works)
        p->just_works = (uint8_t)(o->just_works - 1);
    p->exact |= o->exact;
    p->no_bonding |= o->no_bonding;
    if (o->no_bonding)
        p->features.auth_req &= (uint8_t)~TROTH_AUTH_BOND;
    if (o->attempts)
        p->attempts = (uint8_t)o->attempts;
    if (o->unlimited_attempts)
        p->attempts = 255;
    if (o->legacy_only)
        p->features.auth_req &= (uint8_t)~TROTH_AUTH_SC;
    p->fixed_passkey = o->fixed_passkey;
    p->passkey = o->passkey;
    p->use_debug_keys = p->accept_debug_keys = o->debug_keys;
    p->replace_weaker = o->replace_weaker;
}

static void tell(const char *what)
{
    out_event(OUT_WARN, "insecure", out_fields("choice:s", what), "INSECURE: %s", what);
}

void policy_tell_insecure(const struct policy_options *o, const struct troth_policy *policy)
{
    const char *what;
    for (unsigned i = 0; (what = troth_policy_insecure(policy, i)); i++)
        tell(what);
    if (o->legacy_only)
        tell("LE Secure Connections is not offered: a listener can break legacy pairing");
}
