/* What the subcommands of troth bonds share that have a file of their own: export and import. */
#ifndef TROTH_TOOLS_BONDS_BOOK_H
#define TROTH_TOOLS_BONDS_BOOK_H

#include "notes.h"

#include <troth/bonds.h>

int bonds_export(int argc, char **argv);
int bonds_import(int argc, char **argv);

#define BONDS_FORMAT 1 /* "troth_bonds" of a file, docs/WIRE.md */

/* A peer's records, as the store and the file hold them. */
struct bonds_entry {
    struct troth_addr identity;
    uint8_t keys[TROTH_RECORD_MAX], state[TROTH_RECORD_MAX];
    size_t keys_len, state_len;
    struct note note;
    bool noted;
};

/* All of a store, or of a file. Wiped by who had it filled. */
struct bonds_book {
    unsigned count, damaged;
    size_t local_len;
    uint8_t local[TROTH_RECORD_MAX];
    struct bonds_entry entry[TROTH_MAX_BONDS * 4];
};

struct bonds_entry *bonds_entry_of(struct bonds_book *b, const struct troth_addr *identity);
/* The store of the options; make: if it is not there. False: the sentence was said. */
bool bonds_open_store(struct store **s, bool make);
bool bonds_read_store(struct store *s, struct bonds_book *b);

/* bluetoothd's bonds; argv[1] is a command. bonds_bluez.c */
int bonds_bluez(int argc, char **argv);
extern bool bonds_of_bluez; /* --bluez, after which argv has the rest */

#endif
