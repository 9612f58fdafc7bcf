/*
 * Network credentials in the store: one blob, so that what is new replaces what was whatever their
 * kinds. It is named "wifi" since that is what it first held. Beside it, for a while: what
 * a service could not yet be made to forget, what a Thread attempt overwrites, and that the service
 * knew the network before (one octet).
 *
 *     version 1   SSID (length, octets), security (an octet), password (length, octets)
 *     version 2   kind (an octet); of Thread: the dataset (length, octets)
 *     version 3   sealed: a nonce (12 octets), one of these under AES-256-GCM, its tag (16)
 *     version 4   the datasets of a struct net_kept: before, over, tried (length, octets each)
 *
 * Wi-Fi is written as version 1. seal NULL or off: the store keeps the secret, in the clear.
 */
#ifndef TROTH_PORTS_LINUX_CREDENTIALS_H
#define TROTH_PORTS_LINUX_CREDENTIALS_H

#include <troth/net.h>

#include "ports/linux/net_backend.h"
#include "ports/linux/seal.h"
#include "ports/linux/store.h"

#define CREDENTIALS_BLOB        "wifi"
#define CREDENTIALS_LEFT_BLOB   "left"
#define CREDENTIALS_BEFORE_BLOB "thread-before"
#define CREDENTIALS_BORROWED    "borrowed"

/* TROTH_UNSUPPORTED for neither Wi-Fi nor Thread; else as store_blob_put. */
int credentials_save(struct store *s, const struct seal *seal, const struct troth_credentials *c);
/*
 * What was stored in the clear before there was a seal is sealed at once. TROTH_NOT_FOUND;
 * TROTH_INVALID: damaged; TROTH_UNSUPPORTED: a newer version; TROTH_STATE: sealed, and this is not
 * the key or there is none, or somebody changed it; or the store's.
 */
int credentials_load(struct store *s, const struct seal *seal, struct troth_credentials *c);
/* TROTH_OK also when there were none. */
int credentials_erase(struct store *s);

/* The same for what is forgotten here and still to be forgotten by who joined it for us. */
int credentials_left_save(struct store *s, const struct seal *seal,
                          const struct troth_credentials *c);
int credentials_left_load(struct store *s, const struct seal *seal, struct troth_credentials *c);
int credentials_left_erase(struct store *s);

/* Of what is stored: as net_backend_borrows says. */
int credentials_borrowed_save(struct store *s, bool borrowed);
bool credentials_borrowed_load(struct store *s);

/* The same for what an attempt overwrites. */
int credentials_kept_save(struct store *s, const struct seal *seal, const struct net_kept *k);
int credentials_kept_load(struct store *s, const struct seal *seal, struct net_kept *k);
int credentials_kept_erase(struct store *s);

#endif
