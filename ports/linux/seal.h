/*
 * The key under which network credentials lie in the store. It lives elsewhere than the store:
 * what that is worth for each place is in docs/THREATS.md.
 *
 *     file:PATH         32 octets, or 64 hexadecimal digits; nobody else may read it
 *     credential:NAME   the same, in $CREDENTIALS_DIRECTORY: systemd's LoadCredentialEncrypted=
 *     keyring:NAME      the same, a key of the kernel of type "user" that this process may search
 */
#ifndef TROTH_PORTS_LINUX_SEAL_H
#define TROTH_PORTS_LINUX_SEAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEAL_KEY   32
#define SEAL_WORDS "file:PATH, credential:NAME or keyring:NAME"

struct seal {
    bool on; /* false: credentials are stored in the clear */
    uint8_t key[SEAL_KEY];
};

/* Is it spelled like a place of a key? Looks at nothing. */
bool seal_is_place(const char *place);
/* Fetches the key. False: `why` is a sentence, *s is off. The caller wipes *s at the end. */
bool seal_open(struct seal *s, const char *place, char *why, size_t why_cap);

#endif
