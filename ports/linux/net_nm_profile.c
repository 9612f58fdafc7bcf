/* Profiles of NetworkManager, and its reasons. */
#include "ports/linux/net_nm.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

/* Of the "user" setting: it is kept for others' notes, and its keys have a dot. */
#define MARK "org.troth.profile"

/* ---- reading ---- */

static void take_mark(void *ctx, const char *key, sd_bus_message *m)
{
    struct nm_profile *p = ctx;
    const char *name, *value;
    if (strcmp(key, "data") != 0 || sd_bus_message_enter_container(m, 'a', "{ss}") < 0)
        return;
    while (sd_bus_message_read(m, "{ss}", &name, &value) > 0)
        p->ours |= !strcmp(name, MARK);
    sd_bus_message_exit_container(m);
}

static void take_ssid(void *ctx, const char *key, sd_bus_message *m)
{
    struct nm_profile *p = ctx;
    const void *octets;
    size_t len;
    if (strcmp(key, "ssid") != 0 || sd_bus_message_read_array(m, 'y', &octets, &len) < 0 ||
        len > sizeof p->ssid.b)
        return;
    p->ssid.len = (uint8_t)len;
    if (len)
        memcpy(p->ssid.b, octets, len);
}

void nm_read_profile(sd_bus_message *m, struct nm_profile *p)
{
    const char *name;
    p->ours = false;
    p->ssid.len = 0;
    if (*net_bus_error(m) || sd_bus_message_enter_container(m, 'a', "{sa{sv}}") < 0)
        return;
    while (sd_bus_message_enter_container(m, 'e', "sa{sv}") > 0) {
        if (sd_bus_message_read(m, "s", &name) < 0)
            return;
        if (!strcmp(name, "user"))
            net_bus_each(m, take_mark, p);
        else if (!strcmp(name, "802-11-wireless"))
            net_bus_each(m, take_ssid, p);
        else if (sd_bus_message_skip(m, "a{sv}") < 0)
            return;
        if (sd_bus_message_exit_container(m) < 0)
            return;
    }
}

/* ---- writing ---- */

static int open_setting(sd_bus_message *m, const char *name)
{
    int r = sd_bus_message_open_container(m, 'e', "sa{sv}");
    if (r >= 0)
        r = sd_bus_message_append(m, "s", name);
    return r < 0 ? r : sd_bus_message_open_container(m, 'a', "{sv}");
}

static int close_setting(sd_bus_message *m)
{
    int r = sd_bus_message_close_container(m);
    return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_octets(sd_bus_message *m, const char *key, const void *octets, size_t len)
{
    int r = sd_bus_message_open_container(m, 'e', "sv");
    if (r >= 0)
        r = sd_bus_message_append(m, "s", key);
    if (r >= 0)
        r = sd_bus_message_open_container(m, 'v', "ay");
    if (r >= 0)
        r = sd_bus_message_append_array(m, 'y', octets, len);
    if (r >= 0)
        r = sd_bus_message_close_container(m);
    return r < 0 ? r : sd_bus_message_close_container(m);
}

static int append_security(sd_bus_message *m, const struct troth_wifi *w)
{
    char psk[65];
    snprintf(psk, sizeof psk, "%.*s", w->password.len, (const char *)w->password.b);
    int r = open_setting(m, "802-11-wireless-security");
    if (r >= 0) /* its wpa-psk means WPA2 and WPA3, whichever both ends have */
        r = sd_bus_message_append(m, "{sv}{sv}{sv}", "key-mgmt", "s",
                                  w->security == TROTH_WIFI_WPA3_SAE ? "sae" : "wpa-psk", "proto",
                                  "as", 1, "rsn", "psk", "s", psk);
    wipe(psk, sizeof psk);
    return r < 0 ? r : close_setting(m);
}

static int append_ip(sd_bus_message *m, const char *name)
{
    int r = open_setting(m, name);
    if (r >= 0)
        r = sd_bus_message_append(m, "{sv}", "method", "s", "auto");
    return r < 0 ? r : close_setting(m);
}

int nm_write_profile(sd_bus_message *m, const struct troth_wifi *w, const char *ifname, bool hidden)
{
    char text[TROTH_SSID_TEXT], id[TROTH_SSID_TEXT + 8];
    snprintf(id, sizeof id, "Troth: %s", troth_ssid_text(&w->ssid, text, sizeof text));
    int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
    if (r >= 0)
        r = open_setting(m, "connection");
    if (r >= 0)
        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "id", "s", id, "type", "s",
                                  "802-11-wireless", "interface-name", "s", ifname,
                                  "autoconnect-priority", "i", 1);
    if (r >= 0)
        r = close_setting(m);
    if (r >= 0)
        r = open_setting(m, "802-11-wireless");
    if (r >= 0)
        r = append_octets(m, "ssid", w->ssid.b, w->ssid.len);
    if (r >= 0 && hidden)
        r = sd_bus_message_append(m, "{sv}", "hidden", "b", 1);
    if (r >= 0)
        r = close_setting(m);
    if (r >= 0 && w->security != TROTH_WIFI_OPEN)
        r = append_security(m, w);
    if (r >= 0)
        r = append_ip(m, "ipv4");
    if (r >= 0)
        r = append_ip(m, "ipv6");
    if (r >= 0)
        r = open_setting(m, "user");
    if (r >= 0)
        r = sd_bus_message_append(m, "{sv}", "data", "a{ss}", 1, MARK, "1");
    if (r >= 0)
        r = close_setting(m);
    return r < 0 ? r : sd_bus_message_close_container(m);
}

const char *nm_unfit(const struct troth_wifi *w)
{
    if (w->security == TROTH_WIFI_OPEN || net_bus_is_text(w->password.b, w->password.len))
        return NULL;
    return "NetworkManager takes passwords in UTF-8 only, and this one is not: change the "
           "network's "
           "password, or use wpa_supplicant without NetworkManager";
}

/* ---- why ---- */

enum troth_net_reason nm_reason(uint32_t reason)
{
    switch (reason) { /* NMDeviceStateReason */
    case 5:           /* IP_CONFIG_UNAVAILABLE */
    case 6:           /* IP_CONFIG_EXPIRED */
    case 15:          /* DHCP_START_FAILED */
    case 16:          /* DHCP_ERROR */
    case 17:          /* DHCP_FAILED */
        return TROTH_NET_NO_ADDRESS;
    case 7: /* NO_SECRETS: it asked for others, and nobody has them */
        return TROTH_NET_WRONG_PASSWORD;
    case 9: /* SUPPLICANT_CONFIG_FAILED */
        return TROTH_NET_UNSUPPORTED_SECURITY;
    case 53: /* SSID_NOT_FOUND */
        return TROTH_NET_NOT_FOUND;
    case 8:  /* SUPPLICANT_DISCONNECT */
    case 10: /* SUPPLICANT_FAILED */
    case 11: /* SUPPLICANT_TIMEOUT */
        return TROTH_NET_TIMEOUT;
    }
    return TROTH_NET_OTHER;
}
