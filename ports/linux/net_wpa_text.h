/* What wpa_supplicant writes and reads, as text. */
#ifndef TROTH_LINUX_NET_WPA_TEXT_H
#define TROTH_LINUX_NET_WPA_TEXT_H

#include <stddef.h>

#include <troth/net.h>

/* An SSID as it prints them: \xHH, \\, \", \e, \n, \r, \t. False: longer than an SSID, or broken. */
bool wpa_ssid_parse(struct troth_ssid *ssid, const char *text, size_t len);

/* "02:00:00:00:00:01" */
bool wpa_bssid_parse(uint8_t bssid[6], const char *text);

/* Of a scan: "[WPA2-PSK+SAE-CCMP][ESS]". */
enum troth_wifi_security wpa_flags_security(const char *flags);

/* One line of SCAN_RESULTS. False: none of a network. */
bool wpa_scan_line(struct troth_scan_result *r, const char *line, size_t len);

/* The value of "key=" at the start of a line of STATUS and the like; NULL: it is not there. */
const char *wpa_value(const char *reply, const char *key);
bool wpa_value_is(const char *reply, const char *key, const char *value);

/* All but the address, of a STATUS. */
void wpa_status_info(struct troth_net_info *info, const char *reply);

/* One line of LIST_NETWORKS. */
struct wpa_listed {
    int id;
    struct troth_ssid ssid;
    bool current, disabled;
};
bool wpa_list_line(struct wpa_listed *n, const char *line, size_t len);

/*
 * The value that step `step` of a new block sets, "key value", for SET_NETWORK. False: there is no
 * such step. A secret: wipe it.
 */
#define WPA_SETTING 200
bool wpa_setting(const struct troth_wifi *w, unsigned step, char out[WPA_SETTING]);

#endif
