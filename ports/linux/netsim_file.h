/*
 * The simulated network from a text file, its truth in another.
 *
 *     # A home with a typo in it.
 *     [network]
 *     ssid = Home
 *     password = open sesame
 *     security = wpa2
 *
 * Lines are `key = value`, blank, or comments from # or ; on. Blanks around a value are dropped; in
 * ssid, password, name and passphrase \xHH is any octet and \\ a backslash. Sections: [simulator],
 * at most one, one [network] for each Wi-Fi access point, one [thread] for each router of a Thread
 * network.
 *
 *     [simulator]     scan_ms
 *                     join_after       a file: no join ends before it is there, nor anything else
 *                                      that goes on meanwhile
 *     [network]       ssid             1 to 32 octets; the only key that must be there
 *                     security         open, wpa2, wpa2-sha256, wpa3, wpa2/wpa3;
 *                                      unset: wpa2 with a password, open without
 *                     password         what a device must give; also called passphrase
 *                     bssid channel signal address
 *                     join_ms          until a join ends
 *                     wrong_password   wrong-password, not-found, timeout: what it looks like
 *                     no_address       yes: no DHCP server
 *                     silent           yes: joins are never answered
 *                     flaky            how many joins time out first
 *                     lose_ms          the link is lost so long after a join
 *                     down_ms, up_ms   away between these times from the start; up_ms 0: for good
 *     [thread]        dataset          the network's own, hexadecimal TLVs; or, or over it:
 *                     name             1 to 16 octets; it and the key must be there
 *                     network_key      32 digits; what a device must have
 *                     channel          11 to 26; unset: 15
 *                     pan_id           4 digits; unset: one for each section
 *                     ext_pan_id       16 digits; unset: one for each section. The routers of one
 *                                      network have the same
 *                     mesh_local_prefix    16 digits
 *                     passphrase       of the commissioner: makes the PSKc
 *                     ext_addr         16 digits; the router's
 *                     lqi version joinable     as a scan shows them
 *                     role             child, router, leader: what who attaches becomes
 *                     router_ms        a child becomes router so long after it attached
 *                     wrong_key        wrong-key, not-found, timeout: what it looks like
 *                     signal address join_ms no_address silent flaky lose_ms down_ms up_ms
 *                                      as above
 *
 * The truth file, if asked for, is replaced as a whole at each change, so a reader never sees half
 * of one. It holds what is joined and the last attempts, never a password:
 *
 *     {"joined": {"kind": "wifi", "ssid": "Home", "ssid_hex": "486f6d65", "security": "WPA2-PSK",
 *                 "bssid": "02:00:00:00:00:01", "ip": "192.0.2.10", "attempt": 3,
 *                 "since": 1700000000},
 *      "attempts": [{"attempt": 2, "ssid": "Home", "ssid_hex": "486f6d65", "result": "failed",
 *                    "reason": "WRONG_PASSWORD", "at": 1699999990}, ...],
 *      "scans": 1}
 *
 * joined is null when nothing is. result: joining, joined, failed, abandoned, lost, left. Of Thread
 * ssid is the network's name, and joined has, for security and bssid, "role", "channel",
 * "pan_id": "0x1234", "ext_pan_id" and "ext_addr".
 */
#ifndef TROTH_LINUX_NETSIM_FILE_H
#define TROTH_LINUX_NETSIM_FILE_H

#include <stddef.h>

#include <troth/net_sim.h>

#define NETSIM_NETWORKS 32
#define NETSIM_ATTEMPTS 16 /* kept in the truth file */

struct netsim_attempt {
    uint32_t id;
    struct troth_ssid ssid;
    const char *result;
    enum troth_net_reason reason;
    long long at; /* seconds since 1970 */
};

struct netsim {
    struct troth_net_sim sim;
    struct troth_sim_network networks[NETSIM_NETWORKS];
    unsigned count;
    uint32_t scan_ms;
    char join_after[256]; /* empty: none */
    troth_ms look_at;     /* for it */
    char *state_path;
    int state_errno; /* why the truth file could not be written last; 0: it was */
    struct netsim_attempt attempts[NETSIM_ATTEMPTS];
    unsigned attempt_count, scans;
    long long since;
};

/* Reads the file. False: `error` says "path:line: what is wrong and what would be right". */
bool netsim_load(struct netsim *n, const char *path, char *error, size_t error_size);
/* The same from memory; `name` stands in messages. */
bool netsim_parse(struct netsim *n, const char *name, const char *text, size_t len, char *error,
                  size_t error_size);
/* Starts it. state_path NULL: no truth file. */
void netsim_start(struct netsim *n, const struct troth_net_sink *sink, const char *state_path,
                  troth_ms now);
/* As troth_net_sim_tick and troth_net_sim_deadline, of n->sim. */
void netsim_tick(struct netsim *n, troth_ms now);
troth_ms netsim_deadline(const struct netsim *n);
/* Wipes the passwords and frees. */
void netsim_close(struct netsim *n);

#endif
