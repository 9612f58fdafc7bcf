/* The sizes of a host: numbers only. Override with -D; every object of one program must agree. */
#ifndef TROTH_CONFIG_H
#define TROTH_CONFIG_H

#ifndef TROTH_MAX_LINKS
#define TROTH_MAX_LINKS 4 /* connections at once */
#endif
#ifndef TROTH_MAX_BONDS
#define TROTH_MAX_BONDS 16 /* bonds remembered */
#endif
#ifndef TROTH_MAX_ATTEMPTS
#define TROTH_MAX_ATTEMPTS 8 /* peers whose failed pairings are remembered one by one */
#endif
#ifndef TROTH_MAX_CCC
#define TROTH_MAX_CCC 8 /* client characteristic configurations kept per link and bond */
#endif
#ifndef TROTH_MAX_SERVICES
#define TROTH_MAX_SERVICES 8 /* service tables registered with the GATT server */
#endif
#ifndef TROTH_ATT_MTU
#define TROTH_ATT_MTU 247 /* the ATT_MTU we offer, 23 to 517 */
#endif
#ifndef TROTH_VALUE_MAX
#define TROTH_VALUE_MAX 512 /* longest attribute value, Vol 3 Part F 3.2.9 */
#endif
#ifndef TROTH_PREPARED_BYTES
#define TROTH_PREPARED_BYTES 512 /* octets queued by Prepare Write, per link */
#endif
#ifndef TROTH_PREPARED_WRITES
#define TROTH_PREPARED_WRITES 32 /* Prepare Writes queued, per link */
#endif
#ifndef TROTH_EVENTS
#define TROTH_EVENTS 24 /* events and asks one packet, tick or call may cause */
#endif
#ifndef TROTH_EVENTS_API
#define TROTH_EVENTS_API 6 /* events one API call may cause: its room is checked first */
#endif
#ifndef TROTH_DATASET_MAX
#define TROTH_DATASET_MAX 254 /* longest Thread operational dataset, octets */
#endif
#ifndef TROTH_PROV_WRITERS
#define TROTH_PROV_WRITERS TROTH_MAX_LINKS /* who may stage credentials at once */
#endif
#ifndef TROTH_PROV_EVENTS
#define TROTH_PROV_EVENTS 16 /* provisioning events one call may cause */
#endif
/*
 * Two buffers of struct troth_protocomm have this size. 496 is all that GATT carries; 256 is the
 * least, 400 with security 2, whose salt comes on top.
 */
#ifndef TROTH_PROTOCOMM_MAX
#define TROTH_PROTOCOMM_MAX 4096 /* octets of a message, not sealed */
#endif
#ifndef TROTH_PROTOCOMM_GATT_MAX
#define TROTH_PROTOCOMM_GATT_MAX 512 /* octets of a message over GATT, sealed; one an endpoint */
#endif
#ifndef TROTH_PROTOCOMM_APPS
#define TROTH_PROTOCOMM_APPS 4 /* endpoints of the application, at least 1 */
#endif
#ifndef TROTH_PROTOCOMM_RESULTS
#define TROTH_PROTOCOMM_RESULTS 16 /* scan results kept for a client, 4 to 16 */
#endif

#endif
