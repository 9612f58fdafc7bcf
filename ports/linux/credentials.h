/*
 * Network credentials in the store: one blob, so that what is new replaces what was whatever their
 * kinds. It is named "wifi" since that is what it first held.
 *
 *     version 1   SSID (length, octets), security (an octet), password (length, octets)
 *     version 2   kind (an octet); of Thread: the dataset (length, octets)
 *
 * Wi-Fi is written as version 1. The store keeps the secret.
 */
#ifndef TROTH_PORTS_LINUX_CREDENTIALS_H
#define TROTH_PORTS_LINUX_CREDENTIALS_H

#include <troth/net.h>

#include "ports/linux/store.h"

#define CREDENTIALS_BLOB "wifi"

/* TROTH_UNSUPPORTED for neither Wi-Fi nor Thread; else as store_blob_put. */
int credentials_save(struct store *s, const struct troth_credentials *c);
/* TROTH_NOT_FOUND; TROTH_INVALID: damaged; TROTH_UNSUPPORTED: a newer version; or the store's. */
int credentials_load(struct store *s, struct troth_credentials *c);
/* TROTH_OK also when there were none. */
int credentials_erase(struct store *s);

#endif
