/* The device's parts, which one loop drives. */
#ifndef TROTH_TROTHD_H
#define TROTH_TROTHD_H

#include <systemd/sd-event.h>

#include <troth/wifi_gatt.h>

#include "common/agent.h"
#include "common/oob.h"
#include "common/policy.h"
#include "ports/linux/clocks.h"
#include "ports/linux/net_backend.h"
#include "ports/linux/runtime.h"
#include "ports/linux/seal.h"
#include "ports/linux/store.h"
#include "provision.h"
#include "radio.h"
#include "service.h"

enum { NETWORK_NONE = 0, NETWORK_SIM, NETWORK_LINUX };

struct options {
    struct transport_where transport; /* of the own host */
    bool on_bluez;                    /* bluetoothd carries it instead */
    const char *bluez_adapter;        /* "hci0"; NULL: the first */
    const char *name; /* NULL: made from the address, PROV_XXXXXX */
    int security; /* enum troth_wifi_mode; -1: what the protocol wants */
    int io_cap;   /* enum troth_io_cap; -1: what the agent allows */
    enum agent_kind agent;
    const char *agent_path; /* AGENT_SOCKET */
    bool agent_given;
    const char *agent_socket;        /* where troth agent attaches; NULL */
    const char *oob_file, *peer_oob; /* NULL: none */
    const char *store;               /* NULL: the usual place */
    const char *seal_key;            /* a place, seal.h; NULL: credentials are kept in the clear */
    int network;                     /* NETWORK_... */
    const char *network_file;           /* NETWORK_SIM */
    struct net_where network_where;     /* NETWORK_LINUX */
    bool keep_ble;
    bool details;
    unsigned attempts, attempt_s;
    bool retry;
    bool json;
    const char *capture, *config;
    bool factory_reset;
    struct policy_options policy;
    struct provision_options provision;
    struct service_options service;
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
struct radio_bluez;

struct trothd {
    struct options options;
    sd_event *loop;
    struct store *store;
    struct seal seal;
    struct agent *agent;
    struct agent *attached; /* whoever is on --agent-socket comes before the agent; NULL: none */
    struct oob_device oob;
    struct clocks *clocks;
    const struct radio *radio;
    struct troth_policy policy;       /* what the options demand */
    struct runtime *runtime;          /* own.c; else NULL */
    struct radio_bluez *bluez;        /* radio_bluez.c; else NULL */
    struct network *network;
    struct provision *provision; /* NULL: not wanted */
    struct reach *reach;
    struct control *control; /* NULL: none */
    struct display *display; /* NULL: none */
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

/* ---- bluetooth.c: what is the same over every radio ---- */

bool bluetooth_open(struct trothd *d, char *why, size_t why_cap);
void bluetooth_close(struct trothd *d);
/* Be reachable: whether the device advertises, and takes new bonds. */
void bluetooth_window(struct trothd *d, bool open);
/* All bonds, that of the link `last` at the end. TROTH_BUSY: some are left, call again later. */
int bluetooth_forget(struct trothd *d, troth_link last);
struct peer *bluetooth_peer(struct trothd *d, troth_link link);

/* For the radios. NULL: there are too many. */
struct peer *bluetooth_add_peer(struct trothd *d, troth_link link);
/* By when one that comes now has to have proven itself. */
troth_ms bluetooth_due(const struct trothd *d);
/* The address is known: PROV_ and its end, as Espressif's apps look for it. */
void bluetooth_make_name(struct trothd *d, const struct troth_addr *identity);
/* A bond of d->forgetting is removed, or not; all are. */
void bluetooth_bond_answer(struct trothd *d, bool removed);
void bluetooth_forgot(struct trothd *d);
/* Who answers now: whoever is attached, else the device's own; and with which IO capability. */
struct agent *bluetooth_who_answers(const struct trothd *d);
uint8_t bluetooth_io_cap(const struct trothd *d);

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
const struct troth_prov *network_session(const struct trothd *d);
/* "wpa_supplicant, wlan0"; "simulated networks". */
const char *network_backend(const struct trothd *d);
/* As the service's ERASE, by a person at this device; control_erased tells the end. */
int network_erase(struct trothd *d);
/* network_sent and provision_sent are to come soon: the host was busy. */
void network_ask_again(struct trothd *d);

/* ---- lines_bluez.c: what of these cannot be had on BlueZ; NULL, or a sentence ---- */

const char *radio_bluez_check(const struct options *o);

/* ---- radio_bluez_devices.c ---- */

/* Its bonds go when bluetoothd is there again; how many. */
unsigned radio_bluez_reset(struct store *s);

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
/* Which backend joins networks; what of it changes. */
void line_backend(const char *text);
void line_backend_notice(enum net_notice what, const char *words);
void line_stored_network(const struct troth_credentials *c);
void line_forgot(unsigned removed, unsigned kept);
void line_stranger(struct trothd *d, troth_link link);
void line_stopped(void);
void line_bluez_reset(unsigned bonds);

#endif
