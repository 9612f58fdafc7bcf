/* A double of iwd under a backend: one device, networks in range and known, one agent to ask. */
#ifndef TROTH_TEST_IWD_RIG_H
#define TROTH_TEST_IWD_RIG_H

#include "support/net_rig.h"

#define IWD        "net.connman.iwd"
#define IWD_PATH   "/net/connman/iwd"
#define IWD_DEVICE IWD_PATH "/0/3"

struct iwd_network {
    const char *name, *type;
    bool visible, known;
};

struct iwd_rig {
    struct net_rig net;
    const char *state;
    int connected; /* a network; -1 */
    bool powered, no_device, diagnostics;
    const char *security;
    struct iwd_network network[5];
    sd_bus_message *pending; /* a Connect that waits for its answer */
    char agent[64], agent_path[64], answer[80], refusal[80];
    const char *error; /* of the next call but the agent's */
    bool answered;
    unsigned late; /* so often its objects are not told in time */
};

/* For cmocka; _open: with the service there, and seen. */
int iwd_rig_setup(void **state);
int iwd_rig_setup_open(void **state);
int iwd_rig_teardown(void **state);

/* The object of one in range, or known: until the next such call. */
const char *iwd_rig_path(const struct iwd_network *n, bool known);
void iwd_rig_state(struct iwd_rig *r, const char *now);
void iwd_rig_scanned(struct iwd_rig *r);
/* Somebody asks our agent. */
void iwd_rig_ask(struct iwd_rig *r, sd_bus *by, const char *path);
/* The Connect that waits ends. */
void iwd_rig_ends(struct iwd_rig *r, const char *error, int connected);
void iwd_rig_joined(struct iwd_rig *r, uint32_t id, int network);

#endif
