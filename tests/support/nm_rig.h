/*
 * A double of NetworkManager under a backend: one device, networks in range, profiles; and what a
 * device goes through while it activates one.
 */
#ifndef TROTH_TEST_NM_RIG_H
#define TROTH_TEST_NM_RIG_H

#include "support/net_rig.h"

#define NM        "org.freedesktop.NetworkManager"
#define NM_PATH   "/org/freedesktop/NetworkManager"
#define NM_DEVICE NM_PATH "/Devices/2"

struct nm_profile {
    bool used, ours, disk;
    const char *ssid;
};

struct nm_point {
    const char *ssid;
    uint32_t flags, rsn;
};

struct nm_rig {
    struct net_rig net;
    uint32_t state;
    int active; /* profile in use; -1 */
    int activating;
    struct nm_profile profile[6];
    struct nm_point point[6];
    char *settings;    /* of the last AddAndActivateConnection2 */
    bool slow;         /* what is deleted is listed for a while */
    const char *error; /* of the next activation: its name */
    unsigned late;     /* so often its objects are not told in time */
};

/* For cmocka; _open: with the service there, and seen. */
int nm_rig_setup(void **state);
int nm_rig_setup_open(void **state);
int nm_rig_teardown(void **state);

/* The device is in this state now, of NMDeviceState and ...Reason. */
void nm_rig_state(struct nm_rig *r, uint32_t now, uint32_t reason);
/* What it goes through before it associates; all of it. */
void nm_rig_prepare(struct nm_rig *r);
void nm_rig_activate(struct nm_rig *r);
void nm_rig_joined(struct nm_rig *r, uint32_t id, const char *ssid);

#endif
