/* What the files of the air share. Nothing here is for its users. */
#ifndef TROTH_AIR_INTERNAL_H
#define TROTH_AIR_INTERNAL_H

#include "air/air.h"
#include "src/base/bytes.h"
#include "src/base/check.h"

enum {
    FAL_SIZE = 16,
    RL_SIZE = 16,
    DUP_SIZE = 256,
    LINKS_MAX = 32, /* a controller's */
    UNKNOWN_MAX = 32,
};

/* Error codes, Vol 1 Part F. */
enum {
    E_OK = 0x00,
    E_UNKNOWN_COMMAND = 0x01,
    E_NO_CONNECTION = 0x02,
    E_KEY_MISSING = 0x06,
    E_MEMORY = 0x07,
    E_TIMEOUT = 0x08,
    E_LIMIT = 0x09,
    E_EXISTS = 0x0B,
    E_DISALLOWED = 0x0C,
    E_UNSUPPORTED = 0x11,
    E_INVALID = 0x12,
    E_REMOTE_USER = 0x13,
    E_LOCAL_HOST = 0x16,
    E_REMOTE_FEATURE = 0x1A,
    E_LL_TIMEOUT = 0x22,
    E_ADV_TIMEOUT = 0x3C,
    E_MIC = 0x3D,
    E_NOT_ESTABLISHED = 0x3E,
};

/* LE features, Vol 6 Part B 4.6. */
enum {
    F_ENCRYPTION = 0,
    F_PARAM_REQ = 1,
    F_REJECT_EXT = 2,
    F_PERIPHERAL_FEATURES = 3,
    F_DATA_LENGTH = 5,
    F_PRIVACY = 6,
    F_EXT_FILTER = 7,
    F_2M = 8,
    F_NONE = 64,
};

/* Something that will happen: a packet that arrives or a timer that runs out. */
struct job {
    struct job *next;
    uint64_t at, seq;
    void (*run)(struct air *air, struct job *job);
    struct air_controller *c; /* whose host or timer; NULL for what crosses a link */
    uint32_t link;            /* of a crossing or a link timer */
    uint8_t side;             /* sender of a crossing; owner of a timer */
    uint32_t generation;      /* a timer of an older generation is void */
    uint8_t kind;             /* enum air_kind */
    uint8_t pb;               /* ACL: 0 start, 1 continuation */
    uint8_t credits;          /* HCI packets this completes when it has arrived */
    bool encrypted, mic_bad;
    bool whole; /* ACL: one complete L2CAP PDU */
    uint8_t key[16];
    size_t len;
    uint8_t bytes[];
};

struct jobs {
    struct job *head, *tail;
};

struct resolving {
    struct air_address identity;
    uint8_t peer_irk[16], local_irk[16];
    uint8_t peer_rpa[6], local_rpa[6], target_rpa[6];
    uint64_t made_at; /* local_rpa and target_rpa; 0: not made */
    bool made;
    uint8_t privacy_mode; /* 0 network, 1 device */
};

enum encryption_step {
    ENC_IDLE,
    /* central */
    ENC_C_PAUSE_RSP,
    ENC_C_ENC_RSP,
    ENC_C_START_REQ,
    ENC_C_START_RSP,
    /* peripheral */
    ENC_P_PAUSE_RSP,
    ENC_P_ENC_REQ,
    ENC_P_HOST,
    ENC_P_START_RSP,
};

/* Local procedures that await an answer. */
enum {
    WAIT_FEATURES = 1 << 0,
    WAIT_VERSION = 1 << 1,
    WAIT_LENGTH = 1 << 2,
    WAIT_PHY = 1 << 3,
    WAIT_PARAMS = 1 << 4, /* peripheral: its LL_CONNECTION_PARAM_REQ */
    WAIT_UPDATE = 1 << 5, /* central: its LL_CONNECTION_UPDATE_IND */
    WAIT_ENCRYPT = 1 << 6,
};

enum { CENTRAL = 0, PERIPHERAL = 1 };

/* One side of a link: a controller's view of it. */
struct end {
    struct air_controller *c;
    bool up;
    uint16_t handle;
    struct air_address on_air;   /* own address as crossed */
    struct air_address identity; /* the controller's, kept for status */
    unsigned number;
    struct jobs held;  /* not sent: encryption is being set up */
    struct jobs full;  /* arrived, but the host has no buffer */
    struct job *aside; /* AIR_REORDER */
    uint64_t last_at;  /* arrival of the last packet sent */
    uint64_t lost_at;  /* 0: the peer is heard */
    uint8_t lost_reason;
    bool terminating;
    unsigned unacked;    /* HCI packets of the host not yet completed */
    unsigned unreturned; /* packets the host has not yet given back */
    uint8_t *pdu;        /* an L2CAP PDU being collected for the hook */
    size_t pdu_len;
    bool pdu_open;
    uint64_t sent; /* octets that arrived */

    unsigned waits; /* WAIT_... */
    uint64_t waits_until;
    bool version_sent, version_known, features_known;
    uint8_t peer_version[5];
    uint64_t peer_features;
    uint16_t tx_octets, tx_time, rx_octets, rx_time;   /* this side's maximum */
    uint16_t eff_tx, eff_tx_time, eff_rx, eff_rx_time; /* in force */
    uint8_t phy_tx, phy_rx, want_tx, want_rx;          /* in force: 1 or 2; wanted: bits */
    bool asked_params;                                 /* Remote Connection Parameter Request */

    enum encryption_step step;
    bool tx_on, rx_on;
    bool was_encrypted; /* this procedure refreshes */
    uint8_t ltk[16], session[16];
    uint8_t rand_ediv[10], skd[16];
};

struct link {
    struct link *next;
    uint32_t id;
    bool cut;
    uint16_t interval, latency, timeout;
    struct end end[2];
};

struct air_controller {
    struct air *air;
    struct air_controller *next;
    unsigned number;
    char name[48];
    uint8_t address[6];
    void (*to_host)(void *ctx, const uint8_t *h4, size_t len);
    void *ctx;

    /* what it claims */
    uint64_t features;
    uint8_t commands[64];
    uint16_t acl_len;
    uint8_t acl_count;
    bool shared_buffers;
    uint8_t rl_size;
    uint16_t unknown[UNKNOWN_MAX];
    size_t unknown_count;

    struct job *response; /* to the command being served */

    /* all below is cleared by Reset */
    struct {
        uint64_t events, events2, le_events;
        struct air_address random;
        bool random_set;

        unsigned acl_used;
        bool flow_on;
        uint16_t host_len, host_count;
        unsigned host_used;

        struct {
            bool on;
            uint16_t interval;
            uint8_t type, own_type, policy;
            struct air_address peer;
            struct air_address on_air; /* last used */
            uint8_t data[31], data_len, rsp[31], rsp_len;
            uint64_t until; /* directed high duty cycle; 0 otherwise */
        } adv;
        struct {
            bool on, active, filter;
            uint8_t own_type, policy;
            uint32_t dup_count;
            struct {
                struct air_address a;
                uint8_t type;
            } dup[DUP_SIZE];
        } scan;
        struct {
            bool on;
            uint8_t policy, own_type, peer_type;
            struct air_address peer;
            uint16_t interval, latency, timeout;
        } init;

        struct air_address fal[FAL_SIZE];
        size_t fal_count;
        struct resolving rl[RL_SIZE];
        size_t rl_count;
        bool resolve_on;
        uint16_t rpa_timeout;

        uint16_t def_octets, def_time;
        uint8_t def_phy_tx, def_phy_rx;
        bool p256_made;
        uint8_t p256_private[32]; /* most significant octet first */
    } s;
    uint32_t adv_generation;
};

struct air {
    struct air_config cfg;
    uint64_t prng;
    uint64_t now, seq;
    bool ticking;
    unsigned attached;
    uint32_t links_made;
    struct jobs jobs;
    struct air_controller *controllers;
    struct link *links;
};

/* air.c */
struct job *air_job(size_t len, void (*run)(struct air *, struct job *));
void air_schedule(struct air *air, struct job *job, uint64_t at);
void air_unschedule(struct air *air, struct job *job);
void air_random(struct air *air, uint8_t *dst, size_t n);
uint32_t air_random_below(struct air *air, uint32_t n);
void air_trace(struct air *air, const struct air_controller *c, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void air_flush_host(struct air_controller *c); /* forgets what was queued for its host */
void jobs_add(struct jobs *jobs, struct job *job);
struct job *jobs_take(struct jobs *jobs);
void jobs_free(struct jobs *jobs);

/* controller.c */
void air_controller_defaults(struct air_controller *c);
void air_controller_claims(struct air_controller *c, const struct air_controller_config *cfg);
int air_command(struct air_controller *c, uint16_t opcode, const uint8_t *params, size_t len);

/* events.c */
void air_to_host(struct air_controller *c, const uint8_t *h4, size_t len, uint64_t at);
void air_run_to_host(struct air *air, struct job *job);
void air_event_at(struct air_controller *c, uint8_t code, const uint8_t *params, size_t len,
                  uint64_t at);
void air_event(struct air_controller *c, uint8_t code, const uint8_t *params, size_t len);
bool air_le_wanted(const struct air_controller *c, uint8_t subevent);
void air_le_event_at(struct air_controller *c, uint8_t subevent, const uint8_t *params, size_t len,
                     uint64_t at);
void air_le_event(struct air_controller *c, uint8_t subevent, const uint8_t *params, size_t len);

/* privacy.c */
bool air_is_rpa(const struct air_address *a);
bool address_equal(const struct air_address *a, const struct air_address *b);
bool fal_has(const struct air_controller *c, const struct air_address *a);
struct resolving *rl_find(struct air_controller *c, const struct air_address *identity);
struct resolving *rl_resolve(struct air_controller *c, const struct air_address *a);
/* An identity address where network privacy mode wants an RPA: not to be heard. */
bool rl_refuses(struct air_controller *c, const struct air_address *a);
/* Is `a` this controller, which answers to `own` (as own address type)? */
bool rl_is_self(struct air_controller *c, uint8_t own_type, const struct air_address *a);
/* false: own type needs a random address and none is set. */
bool own_address(struct air_controller *c, uint8_t own_type, const struct air_address *peer,
                 struct air_address *own);
bool target_address(struct air_controller *c, uint8_t own_type, const struct air_address *peer,
                    struct air_address *target);

/* link.c */
struct link *link_by_id(struct air *air, uint32_t id);
struct end *end_by_handle(struct air_controller *c, uint16_t handle, struct link **link);
unsigned links_of(const struct air_controller *c);
bool connected_to(const struct air_controller *c, const struct air_address *peer);
struct link *link_make(struct air_controller *central, struct air_controller *peripheral,
                       const struct air_address *c_addr, const struct air_address *p_addr);
void connection_failed(struct air_controller *c, uint8_t status, uint8_t role);
void end_down(struct link *link, int side, uint8_t reason);
void end_silent(struct air *air, struct link *link, int side); /* leaves without a word */
void end_lost(struct air *air, struct link *link, int side, uint8_t reason, uint64_t after);
void end_terminate(struct air *air, struct link *link, int side, uint8_t reason, uint8_t local);
void link_mic_failure(struct link *link);
void end_wait(struct air *air, struct link *link, int side, unsigned what);
void end_answered(struct air *air, struct link *link, int side, unsigned what);
void controller_links_down(struct air_controller *c);
void link_sweep(struct air *air);
void end_complete(struct end *e, unsigned packets);

/* crossing.c */
void end_send_ll(struct air *air, struct link *link, int side, const uint8_t *pdu, size_t len);
void end_send_acl(struct air *air, struct link *link, int side, uint8_t pb, const uint8_t *bytes,
                  size_t len);
void end_release(struct air *air, struct link *link, int side);
void end_drain_full(struct air *air, struct link *link, int side);
int air_acl(struct air_controller *c, uint16_t handle_flags, const uint8_t *bytes, size_t len);
enum air_verdict air_ask_hook(struct air *air, struct air_crossing *x);

/* ll.c */
void ll_received(struct air *air, struct link *link, int side, const uint8_t *pdu, size_t len);
void ll_start_length(struct air *air, struct link *link, int side);
void ll_reject(struct air *air, struct link *link, int side, uint8_t opcode, uint8_t error);

/* encrypt.c */
void encrypt_received(struct air *air, struct link *link, int side, const uint8_t *pdu, size_t len);
void encrypt_rejected(struct air *air, struct link *link, int side, uint8_t error);
uint8_t apparent_key_size(const uint8_t ltk[16]);

/* crypto.c: all octets least significant first, as on the wire */
void crypto_e(const uint8_t key[16], const uint8_t plain[16], uint8_t cipher[16]);
void crypto_ah(const uint8_t irk[16], const uint8_t prand[3], uint8_t hash[3]);
void crypto_rpa(struct air *air, const uint8_t irk[16], uint8_t rpa[6]);
bool crypto_p256_make(struct air *air, uint8_t priv[32], uint8_t pub[64]);
bool crypto_p256_dh(const uint8_t priv[32], const uint8_t peer[64], uint8_t dhkey[32]);

/* adv.c, connect.c */
void adv_stop(struct air_controller *c);
bool try_connect(struct air_controller *adv, struct air_controller *init,
                 const struct air_address *adva, const struct air_address *target);
bool conn_params_ok(uint16_t min, uint16_t max, uint16_t latency, uint16_t timeout);

/* Command handlers: p holds exactly the parameters, r takes what follows the status in Command
 * Complete (zeros where nothing is written). */
typedef uint8_t handler(struct air_controller *c, struct in *p, struct out *r);
#define HANDLERS(X)                                                                                \
    X(disconnect)                                                                                  \
    X(read_remote_version)                                                                         \
    X(set_event_mask)                                                                              \
    X(reset)                                                                                       \
    X(read_local_name)                                                                             \
    X(read_tx_power)                                                                               \
    X(set_flow_control)                                                                            \
    X(host_buffer_size)                                                                            \
    X(host_completed)                                                                              \
    X(set_event_mask_2)                                                                            \
    X(read_version)                                                                                \
    X(read_commands)                                                                               \
    X(read_features)                                                                               \
    X(read_buffer_size)                                                                            \
    X(read_bd_addr)                                                                                \
    X(read_rssi)                                                                                   \
    X(le_set_event_mask)                                                                           \
    X(le_read_buffer_size)                                                                         \
    X(le_read_features)                                                                            \
    X(le_set_random_address)                                                                       \
    X(le_set_adv_params)                                                                           \
    X(le_read_adv_power)                                                                           \
    X(le_set_adv_data)                                                                             \
    X(le_set_scan_rsp)                                                                             \
    X(le_set_adv_enable)                                                                           \
    X(le_set_scan_params)                                                                          \
    X(le_set_scan_enable)                                                                          \
    X(le_create_connection)                                                                        \
    X(le_create_cancel)                                                                            \
    X(le_read_fal_size)                                                                            \
    X(le_clear_fal)                                                                                \
    X(le_add_fal)                                                                                  \
    X(le_remove_fal)                                                                               \
    X(le_connection_update)                                                                        \
    X(le_set_channels)                                                                             \
    X(le_read_channels)                                                                            \
    X(le_read_remote_features)                                                                     \
    X(le_encrypt)                                                                                  \
    X(le_rand)                                                                                     \
    X(le_enable_encryption)                                                                        \
    X(le_ltk_reply)                                                                                \
    X(le_ltk_negative)                                                                             \
    X(le_read_states)                                                                              \
    X(le_param_reply)                                                                              \
    X(le_param_negative)                                                                           \
    X(le_set_data_length)                                                                          \
    X(le_read_default_length)                                                                      \
    X(le_write_default_length)                                                                     \
    X(le_read_p256)                                                                                \
    X(le_generate_dhkey)                                                                           \
    X(le_add_rl)                                                                                   \
    X(le_remove_rl)                                                                                \
    X(le_clear_rl)                                                                                 \
    X(le_read_rl_size)                                                                             \
    X(le_read_peer_rpa)                                                                            \
    X(le_read_local_rpa)                                                                           \
    X(le_set_resolution)                                                                           \
    X(le_set_rpa_timeout)                                                                          \
    X(le_read_max_length)                                                                          \
    X(le_read_phy)                                                                                 \
    X(le_set_default_phy)                                                                          \
    X(le_set_phy)                                                                                  \
    X(le_set_privacy_mode)
#define X(name) handler do_##name;
HANDLERS(X)
#undef X

#endif
