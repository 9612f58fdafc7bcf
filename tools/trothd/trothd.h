/* The device's parts, which one loop drives. */
#ifndef TROTH_TROTHD_H
#define TROTH_TROTHD_H

#include <systemd/sd-event.h>

#include <troth/wifi_gatt.h>

#include "common/agent.h"
#include "common/oob.h"
#include "common/policy.h"
#include "ports/linux/runtime.h"
#include "ports/linux/store.h"
#include "provision.h"

enum { NETWORK_NONE = 0, NETWORK_SIM };

struct options {
    struct transport_where transport;
    const char *name; /* NULL: made from the address, PROV_XXXXXX */
    int security; /* enum troth_wifi_mode; -1: what the protocol wants */
    int io_cap;   /* enum troth_io_cap; -1: what the agent allows */
    enum agent_kind agent;
    const char *agent_path; /* AGENT_SOCKET */
    bool agent_given;
    const char *agent_socket;        /* where troth agent attaches; NULL */
    const char *oob_file, *peer_oob; /* NULL: none */
    const char *store;               /* NULL: the usual place */
    int network;                     /* NETWORK_... */
    const char *network_file;
    bool keep_ble;
    bool details;
    unsigned attempts, attempt_s;
    bool retry;
    bool json;
    const char *capture, *config;
    bool factory_reset;
    struct policy_options policy;
    struct provision_options provision;
};

/* CLI_GO, or the exit status: one sentence was said. */
int options_read(struct options *o, int argc, char **argv);

/* A connection, as the lines name it. */
struct peer {
    troth_link link; /* TROTH_NO_LINK: unused */
    struct troth_addr addr, identity;
    bool bonded;
    troth_ms due; /* to be encrypted by then, or it goes; TROTH_NEVER: it is, or need not */
};

/* Bonds being forgotten: the store answers one by one, and may refuse. */
struct forgetting {
    bool all_asked;
    unsigned open, removed, kept;
};

/* oob.c's. ours serves one pairing, within ten minutes. */
struct oob_device {
    bool window, have_self, have_ours, have_theirs, have_spent;
    bool used; /* a pairing with ours is running */
    struct troth_addr self;
    struct troth_oob_block ours, theirs;
    struct troth_oob spent; /* theirs: the last that was used */
    troth_ms due;           /* a fresh block */
};

struct network;   /* network.c */
struct provision; /* provision.c */

struct trothd {
    struct options options;
    sd_event *loop;
    struct store *store;
    struct agent *agent;
    struct agent *attached; /* whoever is on --agent-socket comes before the agent; NULL: none */
    struct oob_device oob;
    struct runtime *runtime;
    struct network *network;
    struct provision *provision; /* NULL: not wanted */
    char made_name[16];
    bool name_pending; /* the address it is made from is not known yet */
    struct peer peers[TROTH_MAX_LINKS];
    struct forgetting forgetting;
    bool stopping; /* asked to */
    int status;    /* to exit with */
};

/* Opened and locked. */
bool trothd_open_store(struct trothd *d, char *why, size_t cap);
/* Ends the loop; the first status counts. */
void trothd_exit(struct trothd *d, int status);

/* ---- bluetooth.c: the host and whoever answers it ---- */

bool bluetooth_open(struct trothd *d, char *why, size_t why_cap);
/* Be reachable: whether the device advertises, and takes new bonds. */
void bluetooth_window(struct trothd *d, bool open);
/* All bonds, that of the link `last` at the end. TROTH_BUSY: some are left, call again later. */
int bluetooth_forget(struct trothd *d, troth_link last);
struct peer *bluetooth_peer(struct trothd *d, troth_link link);

/* ---- oob.c: out-of-band data ---- */

void oob_window(struct trothd *d, bool open);
void oob_close(struct trothd *d);
void oob_event(struct trothd *d, const struct troth_event *e);
/* Sets the flag of our features. True: with these the model is Out Of Band. */
bool oob_features(struct trothd *d, const struct troth_ask *ask, struct troth_features *ours);
bool oob_ask(struct trothd *d, const struct troth_ask *ask);
troth_ms oob_deadline(const void *ctx);
void oob_tick(void *ctx, troth_ms now);

/* ---- network.c: the provisioning session, its service, its network ---- */

/* Two steps: the service is registered with a host that the first step need not have. */
bool network_open(struct trothd *d, char *why, size_t why_cap);
bool network_start(struct trothd *d, char *why, size_t why_cap);
void network_close(struct trothd *d);
void network_sent(struct trothd *d);
void network_disconnected(struct trothd *d, troth_link link);
/* Who shall be reachable has changed. */
void network_reach(struct trothd *d);
/* network_sent and provision_sent are to come soon: the host was busy. */
void network_ask_again(struct trothd *d);

/* ---- reset.c ---- */

/* Forgets the network and the bonds, without a host; the exit status. */
int reset(struct trothd *d);

/* ---- lines.c: what is said ---- */

void line_start(const struct trothd *d);
void line_weak_bond(const struct trothd *d, const struct troth_bond_keys *keys);
void line_event(struct trothd *d, const struct troth_event *e);
void line_notice(struct trothd *d, enum runtime_notice what, const char *why, unsigned retry_ms);
void line_prov(struct trothd *d, const struct troth_prov *p, const struct troth_prov_event *e);
void line_attached(const struct trothd *d, bool here);
void line_nobody(const struct trothd *d, const struct peer *p);
void line_stored_network(const struct troth_credentials *c);
void line_forgot(unsigned removed, unsigned kept);
void line_stranger(struct trothd *d, troth_link link);
void line_stopped(void);

#endif
