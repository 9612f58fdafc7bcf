/*
 * What a Linux device or client remembers: bonds, our own identity, network credentials. One SQLite
 * file, which only its owner can read.
 *
 * Every change is one transaction and is on the disk, whatever happens to the power, when the call
 * returns TROTH_OK; else nothing changed. Changes between store_begin and store_commit are one
 * change. What is replaced or deleted is overwritten in the file; a disk may keep old blocks all
 * the same, which only an encrypted disk helps against.
 *
 * Several processes may open one store (troth lists bonds while trothd runs): who finds it in use
 * waits two seconds and then gets TROTH_BUSY. Calls block for the disk; one thread a store.
 *
 * Results beside TROTH_OK, unless a function says otherwise: TROTH_BUSY in use elsewhere;
 * TROTH_INVALID an argument out of range, or the file is damaged; TROTH_FAILED the disk or the
 * system said no. store_why has the sentence for a person.
 */
#ifndef TROTH_PORTS_LINUX_STORE_H
#define TROTH_PORTS_LINUX_STORE_H

#include <troth/bonds.h>
#include <troth/types.h>

struct store;

#define STORE_NAME_MAX 32   /* octets of a blob's name */
#define STORE_BLOB_MAX 4096 /* octets of a blob */

/*
 * Opens the file, or makes it with mode 0600 whatever the umask. Its directory must exist.
 *
 * Not TROTH_OK: *out is NULL, the file is as it was, and `why` says in a sentence what to do.
 * TROTH_UNSUPPORTED: written by a newer troth. TROTH_INVALID: damaged, or another program's.
 * TROTH_OK: `why` is empty, or says that others could read the file and that this was mended.
 */
int store_open(struct store **out, const char *path, char *why, size_t why_cap);
/* Gives up a change that was not committed. NULL is allowed. */
void store_close(struct store *s);
/*
 * Claims the store for one owner until store_close or the end of the process. Who does not ask for
 * this is not held up. TROTH_BUSY: it has an owner. One store a process may be locked.
 */
int store_lock(struct store *s);
/* About the last call that failed; valid until the next call. */
const char *store_why(const struct store *s);

/* A record as its codec wrote it. identity NULL for TROTH_RECORD_LOCAL and for that alone. */
int store_put(struct store *s, const struct troth_addr *identity, enum troth_record kind,
              const uint8_t *rec, size_t len);
/* Both records of a peer; ours with identity NULL. TROTH_NOT_FOUND: there was none. */
int store_delete(struct store *s, const struct troth_addr *identity);
/*
 * Each record: ours first (identity NULL), then peer by peer, keys before state. The file is not
 * locked meanwhile and fn may call the store. What fn returns, unless 0, ends it and is returned.
 */
int store_each(struct store *s,
               int (*fn)(void *context, const struct troth_addr *identity, int kind,
                         const uint8_t *rec, size_t len),
               void *context);

/* Named bytes: credentials and what else a program keeps. */
int store_blob_put(struct store *s, const char *name, const uint8_t *bytes, size_t len);
/* *len: its length. TROTH_NOT_FOUND; TROTH_FULL: longer than cap, nothing is copied. */
int store_blob_get(struct store *s, const char *name, uint8_t *out, size_t cap, size_t *len);
int store_blob_delete(struct store *s, const char *name); /* TROTH_NOT_FOUND: there was none */

enum { STORE_BONDS = 1, STORE_LOCAL = 2, STORE_BLOBS = 4, STORE_ALL = 7 };
/* Removes all of these at once. */
int store_clear(struct store *s, unsigned what);

/*
 * Several changes at once. TROTH_STATE: one is open already, or none is. When a change between them
 * fails, store_commit undoes all of them and returns TROTH_FAILED. Answers to questions asked in
 * between (TROTH_NOT_FOUND) are no failures.
 */
int store_begin(struct store *s);
int store_commit(struct store *s);
int store_rollback(struct store *s);

#endif
