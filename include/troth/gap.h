/*
 * GAP, Vol 3 Part C: being found, finding, connecting. The application says what it wants; the
 * host keeps wanting it (advertising resumes after a disconnection) and does the pausing and
 * resuming that controllers demand.
 */
#ifndef TROTH_GAP_H
#define TROTH_GAP_H

#include <troth/types.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_host;

/* What to advertise. Octets are copied. Legacy advertising: 31 and 31. */
struct troth_advertising {
    bool on;
    bool connectable;      /* ADV_IND, else ADV_SCAN_IND */
    uint16_t interval_ms;  /* 20 to 10240; 0: 100 */
    uint8_t data[31];
    uint8_t data_len;
    uint8_t scan_response[31];
    uint8_t scan_response_len;
};
/* Remembered and kept up until changed; resumes after a disconnection while a link is free. */
int troth_advertise(struct troth_host *h, const struct troth_advertising *adv);

/* Advertising data, Core Supplement Part A: appends one structure; false when it does not fit. */
bool troth_ad_put(uint8_t *data, uint8_t *len, uint8_t cap, uint8_t type, const void *value,
                  uint8_t value_len);
/* The value of the first structure of a type, or NULL. Malformed tails are ignored. */
const uint8_t *troth_ad_find(const uint8_t *data, uint8_t len, uint8_t type, uint8_t *value_len);
#define TROTH_AD_FLAGS         0x01
#define TROTH_AD_UUID16_ALL    0x03
#define TROTH_AD_UUID128_MORE  0x06
#define TROTH_AD_UUID128_ALL   0x07
#define TROTH_AD_NAME_SHORT    0x08
#define TROTH_AD_NAME_COMPLETE 0x09

/*
 * Who makes the private addresses we use (troth_host_config.privacy). The controller does where it
 * has a resolving list of two entries or more with privacy modes (Core 5.0); it then finds a bonded
 * peer without scanning for it. The host does otherwise: it pauses what is on air, sets the next
 * one and goes on; no event tells of such a pause, and a connection attempt keeps its time. A link
 * keeps the address it began with. Peers beyond the size of the list, the least recently used, are
 * resolved by the host.
 */
enum troth_privacy { TROTH_PRIVACY_OFF, TROTH_PRIVACY_HOST, TROTH_PRIVACY_CONTROLLER };
/* As it is now: a controller that refuses its own list after all leaves it to the host. */
enum troth_privacy troth_privacy(const struct troth_host *h);

/* Scanning: reports come as TROTH_EV_REPORT. */
int troth_scan(struct troth_host *h, bool on, bool active);

struct troth_conn_params { /* Vol 4 Part E 7.8.12 */
    uint16_t interval_min, interval_max; /* units of 1.25 ms, 6 to 3200 */
    uint16_t latency;                    /* connection events, 0 to 499 */
    uint16_t timeout;                    /* units of 10 ms, 10 to 3200 */
};
/*
 * Connects: TROTH_EV_CONNECTED or TROTH_EV_CONNECT_FAILED. An identity address of a bonded peer
 * also finds it under its resolvable private addresses. timeout_ms 0: until cancelled. The status of
 * a failure: 0x3E, nobody answered in that time; 0x44, cancelled; else the controller's.
 */
int troth_connect(struct troth_host *h, const struct troth_addr *peer, uint32_t timeout_ms);
int troth_connect_cancel(struct troth_host *h);
/* reason: an HCI code; 0 means 0x13 Remote User Terminated Connection. */
int troth_disconnect(struct troth_host *h, troth_link link, uint8_t reason);
/* The central updates; the peripheral asks by L2CAP signalling. TROTH_EV_PARAMETERS. */
int troth_update_params(struct troth_host *h, troth_link link, const struct troth_conn_params *p);

/* "CONNECTION_TIMEOUT" and a sentence, Vol 1 Part F. */
const char *troth_hci_name(uint8_t status);
const char *troth_hci_words(uint8_t status);

bool troth_addr_equal(const struct troth_addr *a, const struct troth_addr *b);
bool troth_addr_is_rpa(const struct troth_addr *a);
/* Writes "AA:BB:CC:DD:EE:FF" and its NUL. */
char *troth_addr_text(const struct troth_addr *a, char text[18]);
/* Reads that form, either case; type is left alone. False: text keeps no address. */
bool troth_addr_parse(struct troth_addr *a, const char *text);

#ifdef __cplusplus
}
#endif
#endif
