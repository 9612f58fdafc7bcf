/* The addresses of one interface, as the kernel has them. */
#ifndef TROTH_LINUX_NET_ADDRESS_H
#define TROTH_LINUX_NET_ADDRESS_H

#include <stdbool.h>

#include <systemd/sd-event.h>

struct net_address;

/*
 * Watches. changed: look again; renewed: an address was announced, though it may be the same as
 * before. NULL: errno says why.
 */
struct net_address *net_address_open(sd_event *loop, void (*changed)(void *ctx, bool renewed),
                                     void *ctx);
void net_address_close(struct net_address *a);
/* Whose changes are of interest; the interface may not be there yet. */
void net_address_of(struct net_address *a, const char *ifname);

/*
 * The one to show: IPv4 before IPv6; none of the link alone, no address still being tried. False:
 * none.
 */
bool net_address_get(const char *ifname, char text[46]);

#endif
