/* What a person wants to know of a bond and its records do not say: a name, and when it was used. */
#ifndef TROTH_TOOLS_NOTES_H
#define TROTH_TOOLS_NOTES_H

#include "ports/linux/store.h"

struct note {
    uint64_t used; /* seconds since 1970 */
    char name[96]; /* printable; may be empty */
};

/* Both do without a store (NULL) and without complaint: a note is a convenience. */
void note_put(struct store *s, const struct troth_addr *identity, const struct note *note);
bool note_get(struct store *s, const struct troth_addr *identity, struct note *note);
void note_delete(struct store *s, const struct troth_addr *identity);

#endif
