/* The Wi-Fi provisioning service of the device we talk to, one step after the other. */
#ifndef TROTH_TOOLS_WIFI_H
#define TROTH_TOOLS_WIFI_H

#include "client.h"

#include <troth/wifi_client.h>

/*
 * Protects the link as far as a bond does, finds the service and reads its state. Pairs when the
 * device demands it and the options allow.
 */
bool wifi_open(struct client *c);
/* These fail with a sentence of their own; the outcome is there either way. */
bool wifi_provision(struct client *c, const struct troth_wifi *wifi);
bool wifi_erase(struct client *c);
/* After the client is closed or before: wipes what is left. */
void wifi_close(struct client *c);

/* What the last operation told. */
const struct troth_wifi_client_event *wifi_outcome(void);
/* The device's state as a result: a line or an object on stdout. */
void wifi_tell(struct client *c, const char *event);

#endif
