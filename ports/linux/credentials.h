/*
 * Network credentials in the store: one blob named "wifi". Version 1, then the SSID (length,
 * octets), the security (an octet) and the password (length, octets). The store keeps the secret.
 */
#ifndef TROTH_PORTS_LINUX_CREDENTIALS_H
#define TROTH_PORTS_LINUX_CREDENTIALS_H

#include <troth/net.h>

#include "ports/linux/store.h"

#define CREDENTIALS_BLOB "wifi"

/* TROTH_UNSUPPORTED for what is no Wi-Fi; else as store_blob_put. */
int credentials_save(struct store *s, const struct troth_credentials *c);
/* TROTH_NOT_FOUND; TROTH_INVALID: damaged; TROTH_UNSUPPORTED: a newer version; or the store's. */
int credentials_load(struct store *s, struct troth_credentials *c);
/* TROTH_OK also when there were none. */
int credentials_erase(struct store *s);

#endif
