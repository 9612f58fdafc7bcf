/*
 * What NetworkManager and iwd say of their objects, as messages made in memory: any of them are
 * read, or are not, and what is read is whole. Names of networks come from the air.
 */
#include "fuzz/bus_message.h"
#include "fuzz/fuzz.h"

#include <string.h>

#include "ports/linux/net_iwd.h"
#include "ports/linux/net_nm.h"

static const char *const paths[] = {"/org/freedesktop/NetworkManager/Devices/1",
                                    "/org/freedesktop/NetworkManager/AccessPoint/1",
                                    "/org/freedesktop/NetworkManager/AccessPoint/2",
                                    "/org/freedesktop/NetworkManager/ActiveConnection/1",
                                    "/net/connman/iwd/0/1",
                                    "/net/connman/iwd/0/1/4d65_psk",
                                    "/net/connman/iwd/4d65_psk",
                                    "/",
                                    NULL};
static const char *const interfaces[] = {
    NM_DEVICE,     NM_I_WIRELESS, NM_I_ACTIVE, NM_I_ACCESSPOINT,  IWD_I_DEVICE, IWD_I_STATION,
    IWD_I_NETWORK, IWD_I_KNOWN,   "user",      "802-11-wireless", NULL};
static const char *const properties[] = {"DeviceType",
                                         "u",
                                         "State",
                                         "u",
                                         "Interface",
                                         "s",
                                         "ActiveConnection",
                                         "o",
                                         "ActiveAccessPoint",
                                         "o",
                                         "AccessPoints",
                                         "ao",
                                         "Connection",
                                         "o",
                                         "Ssid",
                                         "ay",
                                         "Flags",
                                         "u",
                                         "WpaFlags",
                                         "u",
                                         "RsnFlags",
                                         "u",
                                         "Frequency",
                                         "u",
                                         "Strength",
                                         "y",
                                         "HwAddress",
                                         "s",
                                         "Name",
                                         "s",
                                         "Type",
                                         "s",
                                         "State",
                                         "s",
                                         "ConnectedNetwork",
                                         "o",
                                         "KnownNetwork",
                                         "o",
                                         "Powered",
                                         "b",
                                         "ConnectedBss",
                                         "s",
                                         "RSSI",
                                         "n",
                                         "Security",
                                         "s",
                                         "data",
                                         "a{sv}",
                                         "ssid",
                                         "ay",
                                         NULL};
static const char *const texts[] = {
    "wlan0",   "psk",           "open", "connected", "Me", "02:00:00:00:00:01",
    "station", "WPA2-Personal", NULL};
static const struct bus_words words = {paths, interfaces, properties, texts};

static const struct net_driver driver = {.name = "a fuzzer's", .kind = TROTH_NET_WIFI};

static void is_whole(const char *text, size_t cap)
{
    never(strnlen(text, cap) == cap, "a text without end");
}

static void is_network(const struct troth_ssid *ssid, uint8_t security)
{
    never(ssid->len > sizeof ssid->b, "a name beyond its end");
    never(security > TROTH_WIFI_WPA2_WPA3 && security != TROTH_WIFI_OTHER, "no such security");
}

static void on_report(void *ctx, const struct troth_net_report *report)
{
    (void)ctx;
    if (report->result)
        is_network(&report->result->ssid, report->result->security);
    never(report->result && !report->result->ssid.len, "a network without a name");
}

static sd_bus_message *again(sd_bus_message *m)
{
    sd_bus_message_rewind(m, 1);
    return m;
}

static void nm(sd_bus_message *m, const struct troth_wifi *asked, struct troth_net_sink *sink)
{
    static struct net_nm n;
    struct nm_survey s;
    struct nm_profile p = {.ours = true};
    n = (struct net_nm){.b.driver = &driver, .b.cfg.sink = sink, .b.scanning = 7};
    if (nm_survey(&n, m, asked, &s))
        never(!*s.device, "a survey of no device");
    is_whole(s.device, sizeof s.device);
    is_whole(s.ifname, sizeof s.ifname);
    is_whole(s.active, sizeof s.active);
    is_whole(s.profile, sizeof s.profile);
    is_network(&s.current.ssid, s.current.security);
    never(s.fits && !s.visible, "what fits is not there");
    nm_report_scan(&n, again(m));
    nm_read_profile(again(m), &p);
    never(p.ssid.len > sizeof p.ssid.b, "a name beyond its end");
}

static void iwd(sd_bus_message *m, const struct troth_wifi *asked, struct troth_net_sink *sink)
{
    static struct net_iwd n;
    static struct iwd_network found[2] = {{"/net/connman/iwd/0/1/4d65_psk", -40},
                                          {"/net/connman/iwd/0/1", -50}};
    struct iwd_survey s;
    n = (struct net_iwd){
        .b.driver = &driver, .b.cfg.sink = sink, .b.scanning = 7, .found = found, .founds = 2};
    if (iwd_survey(&n, m, asked, &s))
        never(!*s.device, "a survey of no device");
    is_whole(s.device, sizeof s.device);
    is_whole(s.ifname, sizeof s.ifname);
    is_whole(s.connected, sizeof s.connected);
    is_whole(s.network, sizeof s.network);
    is_whole(s.known, sizeof s.known);
    iwd_report_scan(&n, again(m));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct in in = in_of(data, size);
    struct troth_net_sink sink = {on_report, NULL};
    struct troth_wifi asked = {.ssid = {2, "Me"}, .security = in_u8(&in) & 1};
    struct troth_net_info info;
    sd_bus_message *m = bus_begin();
    bus_put_objects(m, &in, &words);
    bus_seal(m);
    nm(m, &asked, &sink);
    iwd(again(m), &asked, &sink);
    sd_bus_message_unref(m);
    m = bus_begin();
    bus_put_properties(m, &in, &words);
    bus_seal(m);
    if (iwd_read_diagnostics(m, &info))
        never(info.rssi != 127 && info.rssi > 0, "a strength there is none of");
    nm_read_profile(again(m), &(struct nm_profile){.ours = true});
    sd_bus_message_unref(m);
    return 0;
}
