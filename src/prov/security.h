/* What one scheme of <troth/protocomm_security.h> is made of. */
#ifndef TROTH_PROV_SECURITY_H
#define TROTH_PROV_SECURITY_H

#include <string.h>

#include <troth/protocomm_security.h>

#include "prov/proto/session.pb.h"

enum security_step {
    SECURITY_IDLE,
    SECURITY_STARTED, /* the first request was sent, or answered */
    SECURITY_PROVING, /* client: the second was sent */
    SECURITY_READY,
};

/*
 * The message is turned into the one that answers it. All return TROTH_SECURITY_FINE or the fault
 * that ends the session.
 */
struct security_ops {
    bool (*usable)(struct troth_security *s); /* the configuration */
    enum troth_security_fault (*serve)(struct troth_security *s, pb_SessionData *m);
    enum troth_security_fault (*hello)(struct troth_security *s, pb_SessionData *m);
    enum troth_security_fault (*next)(struct troth_security *s, pb_SessionData *m);
    enum troth_security_fault (*seal)(struct troth_security *s, const uint8_t *in, size_t len,
                                      uint8_t *out, size_t *out_len);
    enum troth_security_fault (*open)(struct troth_security *s, const uint8_t *in, size_t len,
                                      uint8_t *out, size_t *out_len);
};
extern const struct security_ops security_0, security_1, security_2;

/* A bytes field of exactly len octets. */
#define SECURITY_IS(field, n) ((field).size == (n))
#define SECURITY_PUT(field, octets, n)                                                             \
    do {                                                                                           \
        (field).size = (pb_size_t)(n);                                                             \
        memcpy((field).bytes, (octets), (n));                                                      \
    } while (0)

#endif
