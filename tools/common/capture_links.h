/*
 * Follows the LE connections in a stream of captured HCI packets and says what concerns their
 * security, as facts in the order of the capture. Keys in the packets are never handed on, but for
 * the bodies of SMP PDUs, which live for the call only.
 */
#ifndef TROTH_TOOLS_CAPTURE_LINKS_H
#define TROTH_TOOLS_CAPTURE_LINKS_H

#include "common/capture.h"

#include <troth/types.h>

struct capture_address {
    bool known;
    uint8_t type; /* 0 public, 1 random, 2 and 3: identity, resolved by the controller */
    uint8_t b[6]; /* wire order */
};

struct capture_link {
    uint16_t adapter, handle;
    bool connected; /* its connection is in the capture; else it is older */
    bool know_role;
    uint8_t role; /* of the captured host: enum troth_role */
    struct capture_address host, peer;
    int64_t us; /* of the connection, or of what was first seen of it */
    void *user; /* the sink's own; NULL at first */
};

enum capture_what {
    CAPTURE_CONNECTED,
    CAPTURE_SMP,            /* .pdu */
    CAPTURE_ATT_REFUSED,    /* an ATT Error Response that asks for security: .code */
    CAPTURE_ENABLE,         /* the host: LE Enable Encryption; .legacy: a legacy bond's key */
    CAPTURE_ENABLE_REFUSED, /* the controller refused that command: .code */
    CAPTURE_LTK_REQUEST,    /* the controller asks a peripheral for the key; .legacy as above */
    CAPTURE_LTK_REPLY,
    CAPTURE_LTK_NEGATIVE,
    CAPTURE_ENCRYPTION,   /* Encryption Change or Key Refresh Complete: .code, .on, .refresh */
    CAPTURE_DISCONNECT,   /* the host: Disconnect; .code */
    CAPTURE_DISCONNECTED, /* .code; the link's last fact */
    CAPTURE_RESET, /* the controller was reset, or another connection took the handle; last */
};

struct capture_fact {
    enum capture_what what;
    uint64_t record;
    int64_t us;
    bool by_host; /* who sent the PDU */
    uint8_t code; /* HCI status or reason; ATT error */
    bool on, refresh, legacy;
    const uint8_t *pdu; /* during the call */
    size_t len;         /* of the PDU, as its L2CAP header claims */
    size_t have;        /* octets of it in pdu: less than len when longer than any PDU or cut */
    bool lost;          /* octets are missing though it is not too long: not captured */
};

typedef void capture_sink(void *ctx, struct capture_link *link, const struct capture_fact *fact);

struct capture_links;

/* NULL: no memory. */
struct capture_links *capture_links_new(capture_sink *sink, void *ctx);
/* False: no memory. */
bool capture_links_packet(struct capture_links *l, const struct capture_packet *p);
/* Every link that is still up, in no order: at the end of the capture. */
void capture_links_each(struct capture_links *l, void (*each)(void *ctx, struct capture_link *));
/* LE connections begun or found under way; packets of adapters beyond those it can follow. */
uint64_t capture_links_seen(const struct capture_links *l);
uint64_t capture_links_skipped(const struct capture_links *l);
void capture_links_free(struct capture_links *l);

#endif
