/*
 * The air: a software radio of virtual LE controllers. Each controller is an ordinary HCI byte
 * stream (H4 packets, Vol 4 Part A); any host stack can own one.
 *
 * The air does no I/O and has no clock. Time is an argument in milliseconds and never runs back
 * (an earlier time counts as the latest one seen). Packets for a host are queued and handed over
 * only from air_tick(), so a host may call air_rx() from its to_host callback, and to_host never
 * runs inside air_rx(). The same seed, inputs and times give the same bytes.
 *
 * Simplifications, all deliberate: a scanner hears every advertising event of everybody, whatever
 * its window; a link carries a packet in `crossing_ms`, whatever its interval and length; nothing
 * is lost unless a hook says so. Everything a host can see follows the specification (Core 5.3).
 */
#ifndef TROTH_AIR_AIR_H
#define TROTH_AIR_AIR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct air;
struct air_controller;

#define AIR_NEVER UINT64_MAX

/* Hooks: what crosses, before it leaves its sender. */

struct air_address {
    uint8_t type; /* 0 public, 1 random */
    uint8_t a[6]; /* least significant octet first */
};

enum air_kind {
    AIR_ADV,     /* advertising or scan response data towards one scanner */
    AIR_CONNECT, /* CONNECT_IND; bytes: its LLData (22 octets). Rewriting it changes nothing */
    AIR_ACL,     /* L2CAP bytes: one PDU when `whole`, else one HCI fragment as the host cut it */
    AIR_LL,      /* LL control PDU: opcode and CtrData, Vol 6 Part B 2.4.2 */
};

struct air_crossing {
    enum air_kind kind;
    struct air_controller *from, *to;
    uint64_t now;
    uint32_t link;     /* 0 for AIR_ADV */
    bool from_central; /* AIR_ACL, AIR_LL, AIR_CONNECT */
    bool encrypted;    /* bytes are shown in clear and encrypted afterwards */
    bool whole;        /* AIR_ACL: bytes are one complete L2CAP PDU with its header */
    uint8_t adv_type;  /* AIR_ADV: event type as in LE Advertising Report (4 = scan response) */
    /*
     * Whom it names, as the packet carries them: AdvA of AIR_ADV, and who asked for a scan
     * response or is meant by directed advertising (else all zero); InitA and AdvA of
     * AIR_CONNECT. Packets of a link name nobody: the two of its CONNECT_IND.
     */
    struct air_address sender, receiver;
    uint8_t *bytes;    /* may be rewritten in place */
    size_t len;        /* may be changed, up to cap (AIR_ADV: 31) */
    size_t cap;
    uint32_t delay_ms; /* out, for AIR_DELAY */
    bool mic_bad;      /* out: what a forger without the key achieves on an encrypted link */
};

enum air_verdict {
    AIR_PASS,
    AIR_DROP,      /* lost; the sender believes it arrived */
    AIR_DELAY,     /* delay_ms late, and whatever follows on the link queues up behind */
    AIR_DUPLICATE, /* arrives twice */
    AIR_REORDER,   /* arrives right after the next packet of the same direction */
    AIR_CUT,       /* lost, and the link with it: both ends see a supervision timeout */
};

/* Must not call back into the air. */
typedef enum air_verdict air_hook(void *ctx, struct air_crossing *crossing);

struct air_config {
    uint64_t seed;                                     /* of the built-in generator */
    void (*random)(void *ctx, uint8_t *dst, size_t n); /* NULL: the built-in generator */
    void *random_ctx;
    uint32_t crossing_ms; /* time a packet is in flight; 0 means 1 */
    int8_t rssi;          /* 0 means -50 dBm */
    air_hook *hook;
    void *hook_ctx;
    void (*trace)(void *ctx, const char *line); /* one line a happening, no newline; or NULL */
    void *trace_ctx;
};

struct air_controller_config {
    const char *name;           /* for people; copied; NULL makes one */
    bool has_address;           /* else a unique one is made */
    uint8_t address[6];         /* public device address, least significant octet first */
    uint16_t acl_len;           /* LE Read Buffer Size; 0 means 251 */
    uint8_t acl_count;          /* 0 means 8 */
    bool shared_buffers;        /* LE Read Buffer Size answers 0, Read Buffer Size has them */
    uint8_t resolving_size;     /* of the resolving list, at most 16; 0 means 16 */
    uint64_t features_clear;    /* LE feature bits not claimed, and not served */
    uint8_t commands_clear[64]; /* supported-command bits not claimed, though served */
    const uint16_t *unknown;    /* opcodes answered as unknown and not claimed; copied */
    size_t unknown_count;       /* at most 32 */
};

/* NULL when out of memory. cfg may be NULL. */
struct air *air_new(const struct air_config *cfg);
void air_free(struct air *air);

void air_set_hook(struct air *air, air_hook *hook, void *ctx);

/* NULL when the address is taken. cfg may be NULL. The controller is as after power-on. */
struct air_controller *air_attach(struct air *air, const struct air_controller_config *cfg,
                                  void (*to_host)(void *ctx, const uint8_t *h4, size_t len),
                                  void *ctx);

/* Power cut: nothing more reaches the host, peers see 0x08 after their supervision timeout.
 * May be called from to_host. */
void air_detach(struct air_controller *c);

enum {
    AIR_OK = 0,
    AIR_BAD_PACKET = -1, /* not a whole H4 command or ACL packet; a stream is out of step */
};

/* One whole H4 packet from the host: 01 command or 02 ACL data. */
int air_rx(struct air_controller *c, const uint8_t *h4, size_t len, uint64_t now);

/* Does what is due. What hosts provoke meanwhile waits for the next call: when air_deadline() is
 * not after now, call again. */
void air_tick(struct air *air, uint64_t now);
uint64_t air_deadline(const struct air *air); /* AIR_NEVER: nothing will happen by itself */

/* Breaks a link's radio: both ends see a supervision timeout (0x08). */
void air_cut(struct air *air, uint32_t link);

const char *air_controller_name(const struct air_controller *c);
unsigned air_controller_number(const struct air_controller *c); /* 1, 2, ... in order attached */
void air_controller_address(const struct air_controller *c, uint8_t address[6]);

/* What is on the air. */

struct air_status {
    enum { AIR_STATUS_CONTROLLER, AIR_STATUS_LINK } what;
    /* a controller */
    unsigned number;
    const char *name;
    struct air_address identity; /* its public device address */
    bool advertising, connectable, scanning, initiating;
    struct air_address advertises_as; /* while advertising */
    /* a link; [0] the central's side, [1] the peripheral's */
    uint32_t link;
    struct {
        unsigned controller;         /* 0: gone (detached or already disconnected) */
        struct air_address on_air;   /* as in CONNECT_IND */
        struct air_address identity; /* the controller's public device address */
        uint16_t handle;
        bool encrypted;
        uint64_t bytes; /* L2CAP octets this side sent that arrived */
    } side[2];
    uint16_t interval, latency, timeout; /* units 1.25 ms, events, 10 ms */
    bool encrypted;                      /* both ways */
    uint8_t key_size;                    /* apparent: significant octets of the LTK; 0 if none */
};

/* Controllers first, then links, each in the order they appeared. */
void air_status(const struct air *air, void (*each)(void *ctx, const struct air_status *),
                void *ctx);

/* The same as a JSON document; free() it. NULL when out of memory. */
char *air_status_json(const struct air *air);

/* "AA:BB:CC:DD:EE:FF" and back. */
void air_address_text(const uint8_t address[6], char text[18]);
bool air_address_parse(const char *text, uint8_t address[6]);

/* A Bluetooth error code in words (Vol 1 Part F). */
const char *air_error_text(uint8_t code);

/* Hook rules as text, for people: see air_rules_help(). */
struct air_rules;
struct air_rules *air_rules_new(void);
void air_rules_free(struct air_rules *rules);
bool air_rules_any(const struct air_rules *rules);
/* false: `why` says what is wrong with it. */
bool air_rules_add(struct air_rules *rules, const char *text, char why[160]);
enum air_verdict air_rules_hook(void *rules, struct air_crossing *crossing);
const char *air_rules_help(void);

#endif
