/* A double of wpa_supplicant's socket under a backend. */
#ifndef TROTH_TEST_WPA_RIG_H
#define TROTH_TEST_WPA_RIG_H

#include "support/net_rig.h"
#include "support/wpa_double.h"

struct wpa_rig {
    struct net_rig net;
    struct wpa_double wpa;
};

/* For cmocka; _open: with the service there, and seen. */
int wpa_rig_setup(void **state);
int wpa_rig_setup_open(void **state);
int wpa_rig_teardown(void **state);
void wpa_rig_open(struct wpa_rig *r);

void wpa_rig_event(struct wpa_rig *r, const char *text);
/* To its network of that number. */
void wpa_rig_connected(struct wpa_rig *r, int id);
void wpa_rig_joined(struct wpa_rig *r, uint32_t id, const char *ssid, int network);

#endif
