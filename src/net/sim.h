/* The simulated Thread networks, beside the Wi-Fi ones of sim.c. */
#ifndef TROTH_NET_SIM_INTERNAL_H
#define TROTH_NET_SIM_INTERNAL_H

#include <troth/net_sim.h>

/* Not on the air at this moment. */
bool sim_away(const struct troth_net_sim *s, const struct troth_sim_network *n);
/* What a network is called: its SSID, or its Network Name. */
struct troth_ssid sim_name(const struct troth_sim_network *n);

/*
 * Who answers a device that has this dataset, the strongest first, or NULL; and what becomes of the
 * attempt.
 */
const struct troth_sim_network *sim_thread_find(const struct troth_net_sim *s,
                                                const struct troth_thread *asked,
                                                enum troth_net_reason *verdict);
/* What is asked for is called: by the dataset, else by who answers. */
struct troth_ssid sim_thread_asked(const struct troth_sim_network *n,
                                   const struct troth_thread *asked);
struct troth_thread_id sim_thread_id(const struct troth_sim_network *n, uint8_t *channel);
void sim_thread_result(const struct troth_sim_network *n, struct troth_scan_result *r);

#endif
