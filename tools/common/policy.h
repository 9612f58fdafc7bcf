/* What both programs let their user demand of a pairing: the same options, spelled alike. */
#ifndef TROTH_TOOLS_POLICY_H
#define TROTH_TOOLS_POLICY_H

#include <troth/smp.h>

#include "common/cli.h"

struct policy_options { /* zeroed: the program's own policy */
    int core;           /* enum troth_core; 0: not said */
    bool sc_only, require_mitm, exact, no_bonding;
    unsigned min_key_size; /* 0: not said */
    uint8_t models;        /* TROTH_MODEL_BIT; 0: all */
    int just_works;        /* 1 + enum troth_just_works; 0: not said */
    unsigned attempts;     /* 0: not said */
    bool privacy;
    unsigned rpa_timeout_s; /* 0: not said */
    /* insecure */
    bool fixed_passkey, debug_keys, replace_weaker, unlimited_attempts, legacy_only;
    uint32_t passkey;
};

/* Puts what was said over the program's own policy; never makes that one weaker unsaid. */
void policy_apply(const struct policy_options *o, struct troth_policy *policy);
/* One line for each insecure choice, named. */
void policy_tell_insecure(const struct policy_options *o, const struct troth_policy *policy);

/* CLI_PARSE of these. */
bool policy_parse_models(void *target, const char *text, char *why, size_t cap);
bool policy_parse_passkey(void *target, const char *text, char *why, size_t cap);

extern const struct cli_choice policy_cores[];
extern const struct cli_choice policy_just_works[];

/* For a table of options; o is a struct policy_options. */
#define POLICY_OPTIONS(o)                                                                          \
    {.name = "core",                                                                               \
     .kind = CLI_CHOICE,                                                                           \
     .target = &(o).core,                                                                          \
     .choices = policy_cores,                                                                      \
     .help = "whose Core Specification's pairing rules (6.2)"},                                    \
        {.name = "sc-only",                                                                        \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).sc_only,                                                                   \
         .help = "refuse legacy pairing and legacy keys"},                                         \
        {.name = "require-mitm",                                                                   \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).require_mitm,                                                              \
         .help = "refuse Just Works and unauthenticated bonds"},                                   \
        {.name = "min-key-size",                                                                   \
         .kind = CLI_NUMBER,                                                                       \
         .target = &(o).min_key_size,                                                              \
         .argument = "OCTETS",                                                                     \
         .help = "refuse shorter keys, 7 to 16 (16)",                                              \
         .min = 7,                                                                                 \
         .max = 16},                                                                               \
        {.name = "models",                                                                         \
         .kind = CLI_PARSE,                                                                        \
         .parse = policy_parse_models,                                                             \
         .target = &(o).models,                                                                    \
         .argument = "LIST",                                                                       \
         .help = "pair only by these: just-works, passkey, compare,\noob; with commas between"},   \
        {.name = "just-works",                                                                     \
         .kind = CLI_CHOICE,                                                                       \
         .target = &(o).just_works,                                                                \
         .choices = policy_just_works,                                                             \
         .help = "pairing that proves nobody's identity (allow)"},                                 \
        {.name = "exact",                                                                          \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).exact,                                                                     \
         .help = "accept only the specified authentication: the\npairing must give the bonding, "  \
                 "MITM protection and\nSecure Connections asked for, no less, no more"},           \
        {.name = "no-bonding",                                                                     \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).no_bonding,                                                                \
         .help = "pair, and keep nothing"},                                                        \
        {.name = "pairing-attempts",                                                               \
         .kind = CLI_NUMBER,                                                                       \
         .target = &(o).attempts,                                                                  \
         .help = "pairings with one peer that may fail before it\nhas to wait (3)",                \
         .min = 1,                                                                                 \
         .max = 254},                                                                              \
        {.name = "privacy",                                                                        \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).privacy,                                                                   \
         .help = "be on the air under private addresses, which only\nbonded devices resolve"},     \
        {.name = "rpa-timeout",                                                                    \
         .kind = CLI_NUMBER,                                                                       \
         .target = &(o).rpa_timeout_s,                                                             \
         .argument = "SECONDS",                                                                    \
         .help = "a new private address that often, 1 to 3600 (900)",                              \
         .min = 1,                                                                                 \
         .max = 3600},                                                                             \
        {.name = "insecure-fixed-passkey",                                                         \
         .kind = CLI_PARSE,                                                                        \
         .parse = policy_parse_passkey,                                                            \
         .target = &(o),                                                                           \
         .argument = "DIGITS",                                                                     \
         .help = "for benches: display this passkey"},                                             \
        {.name = "insecure-debug-keys",                                                            \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).debug_keys,                                                                \
         .help = "for sniffers: use and take the debug key pair"},                                 \
        {.name = "insecure-replace-weaker",                                                        \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).replace_weaker,                                                            \
         .help = "a weaker pairing may replace a bond"},                                           \
        {.name = "insecure-unlimited-attempts",                                                    \
         .kind = CLI_FLAG,                                                                         \
         .target = &(o).unlimited_attempts,                                                        \
         .help = "no wait after failed pairings"},                                                 \
    {                                                                                              \
        .name = "insecure-legacy-only", .kind = CLI_FLAG, .target = &(o).legacy_only,              \
        .help = "do not offer LE Secure Connections"                                               \
    }

#endif
