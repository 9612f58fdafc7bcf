/* What the files that put a failed pairing into words share. */
#ifndef TROTH_TOOLS_WORDS_TELLER_H
#define TROTH_TOOLS_WORDS_TELLER_H

#include "common/words_failure.h"

struct teller {
    const struct pairing_end *e;
    struct pairing_end_words *w;
    bool both;                /* both sides' features crossed */
    struct pairing_account a; /* then */
};

/* Appends, cut short rather than overrun. */
void teller_add(char text[PAIRING_TEXT], const char *format, ...)
    __attribute__((format(printf, 2, 3)));
#define CAUSE(t, ...) teller_add((t)->w->cause, __VA_ARGS__)
#define CURE(t, ...)  teller_add((t)->w->cure, __VA_ARGS__)

enum troth_side teller_other(enum troth_side side);
/* "the initiator"; of a host's own: "this side (the initiator)". start_...: begins a sentence. */
const char *teller_name(const struct teller *t, enum troth_side side);
const char *teller_start_name(const struct teller *t, enum troth_side side);
/* The side that ended it. */
const char *teller_refuser(const struct teller *t);
const char *teller_start_refuser(const struct teller *t);
bool teller_is_passkey(const struct teller *t);

/* Cause and cure of a Pairing Failed: words_refused.c; of 0x03: words_requirements.c. */
void teller_refused(const struct teller *t);
void teller_requirements(const struct teller *t);

#endif
