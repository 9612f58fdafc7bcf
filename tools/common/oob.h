/* Out-of-band blocks in files: read, written, made. Their text is <troth/oob.h>'s. */
#ifndef TROTH_TOOLS_OOB_H
#define TROTH_TOOLS_OOB_H

#include <troth/host.h>
#include <troth/oob.h>

#define OOB_LIFE_S 600 /* of a block, from its making: as the library's own pin */

/*
 * The first line of a file; "-" is stdin. *age_s: since the file was written, -1 when that is not
 * known (no regular file). False: `why` is a sentence that says what to do.
 */
bool oob_read(const char *path, struct troth_oob_block *block, long *age_s, char *why,
              size_t why_cap);
/* False: older than a block lives, and `why` says so. */
bool oob_fresh(const char *path, long age_s, char *why, size_t why_cap);
/*
 * Replaces the file at once, mode 0600; "-" is stdout. False: `why` is a sentence; the file is as
 * it was.
 */
bool oob_write(const char *path, const struct troth_oob_block *block, char *why, size_t why_cap);

/*
 * A new block of ours: pins a key pair in the host, draws a TK if asked to. name may be NULL.
 * False: the host would not.
 */
bool oob_make(struct troth_oob_block *block, struct troth_host *h, const struct troth_addr *self,
              enum troth_oob_role role, const char *name, bool tk, troth_ms now);

/*
 * What answers TROTH_ASK_OOB_DATA: the peer's values, and for legacy pairing one TK: of two, that
 * which the initiator made. ours and theirs may be NULL.
 */
void oob_answer(struct troth_oob *answer, enum troth_side side, const struct troth_oob_block *ours,
                const struct troth_oob_block *theirs);
/* The block names this peer, or the peer is on a private address, which a block cannot know. */
bool oob_is_of(const struct troth_oob_block *block, const struct troth_addr *peer);

#endif
