/*
 * Pairing in words: which association model two sides come to, which rule decided it, what people
 * do, and what to change. Everything that explains a pairing says it with these.
 */
#ifndef TROTH_TOOLS_WORDS_PAIRING_H
#define TROTH_TOOLS_WORDS_PAIRING_H

#include <troth/event.h>
#include <troth/smp.h>

/* The rule that decided, in the order the specification asks them (Vol 3 Part H 2.3.5.1). */
enum pairing_rule {
    PAIRING_RULE_OOB,
    PAIRING_RULE_NO_MITM, /* neither side asks for MITM protection */
    PAIRING_RULE_IO,      /* the table of IO capabilities */
};

struct pairing_account {
    struct troth_features features[2]; /* by enum troth_side */
    enum troth_model model;
    enum pairing_rule rule;
    bool sc;
    bool authenticated;
    uint8_t displays, types, compares, hands_over; /* who does: 1 << enum troth_side */
};

/* features by enum troth_side. */
void pairing_account(struct pairing_account *a, const struct troth_features features[2]);

#define PAIRING_TEXT 800 /* room for any of the sentences below */

/* Why this model: one or more sentences. */
char *pairing_why(const struct pairing_account *a, char text[PAIRING_TEXT]);
/* What to change for a better model; an empty text when there is nothing to gain. */
char *pairing_better(const struct pairing_account *a, char text[PAIRING_TEXT]);
/* What people do: "the responder displays six digits, the initiator types them". */
const char *pairing_people(enum troth_model model);
/* What the key is worth. */
const char *pairing_level_words(const struct pairing_account *a);
/* What protects a link or stands in a bond: "authenticated, Secure Connections, 16-octet key". */
char *pairing_level_text(const struct troth_level *level, char text[PAIRING_TEXT]);

/* "Passkey Entry (initiator types)", "OOB"; "PASSKEY_ENTRY" and "initiator" as rule words. */
const char *pairing_model_words(uint8_t model);
const char *pairing_rule_name(enum pairing_rule rule);
const char *pairing_side_name(enum troth_side side);
/* "KeyboardDisplay", as the specification writes it. */
const char *pairing_io_cap_words(uint8_t io_cap);

/* Any case, with or without '-' and '_': the specification's names, and none, keyboard, ... */
bool pairing_io_cap_parse(const char *text, uint8_t *io_cap);
#define PAIRING_IO_CAPS                                                                            \
    "DisplayOnly (do), DisplayYesNo (yesno), KeyboardOnly (ko), NoInputNoOutput (none), "          \
    "KeyboardDisplay (kd)"
/*
 * "CAP[,mitm][,sc][,oob][,bond][,keypress][,key=N]" into io_cap, oob and auth_req, and with key=N
 * (7 to 16) into max_key_size; the rest is left alone.
 * False: bad names the part that is none of these, which is not NUL-terminated.
 */
bool pairing_features_parse(const char *text, struct troth_features *f, const char **bad,
                            size_t *bad_len);

/*
 * A failed pairing, from its event: who ended it and when; then what it means with these features
 * and what to do, without the last stop; then, where the features had crossed, the model.
 * words_failure.h has its parts.
 */
struct pairing_failure {
    char what[200];
    const char *meaning;         /* points into text: not to be copied */
    char text[2 * PAIRING_TEXT]; /* room for it */
    bool have_model;
    struct pairing_account account;
};
void pairing_failure(struct pairing_failure *f, const struct troth_event *event);

#endif
