/*
 * Network credentials in the store: one blob, so that what is new replaces what was whatever their
 * kinds. It is named "wifi" since that is what it first held.
 *
 *     version 1   SSID (length, octets), security (an octet), password (length, octets)
 *     version 2   kind (an octet); of Thread: the dataset (length, octets)
 *     version 3   sealed: a nonce (12 octets), one of the above under AES-256-GCM, its tag (16)
 *
 * Wi-Fi is written as version 1. seal NULL or off: the store keeps the secret, in the clear.
 */
#ifndef TROTH_PORTS_LINUX_CREDENTIALS_H
#define TROTH_PORTS_LINUX_CREDENTIALS_H

#include <troth/net.h>

#include "ports/linux/seal.h"
#include "ports/linux/store.h"

#define CREDENTIALS_BLOB "wifi"

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

#endif
