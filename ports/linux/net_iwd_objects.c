/* What iwd's objects say: the station, networks in range, networks known. */
#include "ports/linux/net_iwd.h"

#include <stdio.h>
#include <string.h>

#include "ports/linux/net_wpa_text.h"

struct pass {
    struct net_iwd *n;
    struct iwd_survey *s;
    const struct troth_wifi *asked;
    const char *type; /* of the network asked for, in its words */
};

/* What one interface of one object says, as far as it is of interest. */
struct facts {
    const char *name, *type, *state, *network, *known;
    bool powered;
};

static void take(void *ctx, const char *key, sd_bus_message *m)
{
    struct facts *f = ctx;
    if (!strcmp(key, "Name"))
        f->name = net_bus_string(m);
    else if (!strcmp(key, "Type"))
        f->type = net_bus_string(m);
    else if (!strcmp(key, "State"))
        f->state = net_bus_string(m);
    else if (!strcmp(key, "ConnectedNetwork"))
        f->network = net_bus_string(m);
    else if (!strcmp(key, "KnownNetwork"))
        f->known = net_bus_string(m);
    else if (!strcmp(key, "Powered"))
        f->powered = net_bus_bool(m);
}

static bool read_facts(sd_bus_message *m, struct facts *f)
{
    *f = (struct facts){"", "", "", "", "", false};
    return net_bus_each(m, take, f);
}

/* First: the device. Its name is of one interface, that it is a station of another. */
static void first(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    struct pass *p = ctx;
    struct facts f;
    if (strcmp(interface, IWD_I_DEVICE) != 0 || !read_facts(m, &f) ||
        (*p->n->wanted && strcmp(f.name, p->n->wanted) != 0))
        return;
    if (!f.powered) {
        p->s->powered_off = true;
        return;
    }
    bool same = !strcmp(path, p->n->device), had = p->s->device[0] != 0;
    if (same || !had ||
        (strcmp(p->s->device, p->n->device) != 0 && strcmp(f.name, p->s->ifname) < 0)) {
        snprintf(p->s->device, sizeof p->s->device, "%s", path);
        snprintf(p->s->ifname, sizeof p->s->ifname, "%s", f.name);
    }
}

static bool named(const struct troth_wifi *w, const char *name)
{
    return strlen(name) == w->ssid.len && !memcmp(name, w->ssid.b, w->ssid.len);
}

static void second(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    struct pass *p = ctx;
    struct iwd_survey *s = p->s;
    struct facts f;
    size_t n = strlen(s->device);
    if (!strcmp(interface, IWD_I_STATION) && !strcmp(path, s->device) && read_facts(m, &f)) {
        s->up = !strcmp(f.state, "connected") || !strcmp(f.state, "roaming");
        snprintf(s->connected, sizeof s->connected, "%s", f.network);
    } else if (p->asked && !strcmp(interface, IWD_I_NETWORK) && !strncmp(path, s->device, n) &&
               path[n] == '/' && read_facts(m, &f) && named(p->asked, f.name)) {
        if (!strcmp(f.type, p->type)) {
            snprintf(s->network, sizeof s->network, "%s", path);
            s->unfit = false;
        } else if (!s->network[0]) {
            s->unfit = true;
        }
    } else if (p->asked && !strcmp(interface, IWD_I_KNOWN) && read_facts(m, &f) &&
               named(p->asked, f.name) && !strcmp(f.type, p->type)) {
        snprintf(s->known, sizeof s->known, "%s", path);
    }
}

bool iwd_survey(struct net_iwd *n, sd_bus_message *objects, const struct troth_wifi *asked,
                struct iwd_survey *s)
{
    struct pass p = {n, s, asked, asked && asked->security == TROTH_WIFI_OPEN ? "open" : "psk"};
    *s = (struct iwd_survey){.up = false};
    return !*net_bus_error(objects) && net_bus_objects(objects, first, &p) && s->device[0] &&
           net_bus_objects(objects, second, &p);
}

bool iwd_ask_objects(struct net_iwd *n, net_bus_answer *answer, uint32_t tag)
{
    return net_bus_ask(&n->bus, answer, tag, "/", "org.freedesktop.DBus.ObjectManager",
                       "GetManagedObjects", NULL);
}

/* ---- scans ---- */

static void take_network(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    struct net_iwd *n = ctx;
    struct facts f;
    if (strcmp(interface, IWD_I_NETWORK) != 0)
        return;
    for (unsigned i = 0; i < n->founds; i++) {
        struct iwd_network *w = &n->found[i];
        if (strcmp(path, w->path) != 0 || !read_facts(m, &f) || strlen(f.name) > 32)
            continue;
        struct troth_scan_result r = {.rssi = w->rssi, .ssid.len = (uint8_t)strlen(f.name)};
        memcpy(r.ssid.b, f.name, r.ssid.len);
        /* its "psk" is WPA2, WPA3 or both: it does not say */
        r.security = !strcmp(f.type, "open")  ? TROTH_WIFI_OPEN
                     : !strcmp(f.type, "psk") ? TROTH_WIFI_WPA2_WPA3
                                              : TROTH_WIFI_OTHER;
        station_scan_result(&n->b, &r);
        return;
    }
}

void iwd_report_scan(struct net_iwd *n, sd_bus_message *objects)
{
    if (!*net_bus_error(objects))
        net_bus_objects(objects, take_network, n);
}

/* ---- what is in use ---- */

static void take_diagnostic(void *ctx, const char *key, sd_bus_message *m)
{
    struct troth_net_info *info = ctx;
    int16_t rssi;
    if (!strcmp(key, "ConnectedBss")) {
        const char *text = net_bus_string(m);
        if (strlen(text) == 17)
            wpa_bssid_parse(info->bssid, text);
    } else if (!strcmp(key, "Frequency")) {
        info->channel = station_channel(net_bus_u32(m, 0));
    } else if (!strcmp(key, "RSSI") && sd_bus_message_read(m, "n", &rssi) >= 0) {
        info->rssi = (int8_t)(rssi < -127 ? -127 : rssi > 0 ? 0 : rssi);
    } else if (!strcmp(key, "Security")) {
        const char *how = net_bus_string(m);
        info->security = !strcmp(how, "Open")                 ? TROTH_WIFI_OPEN
                         : !strncmp(how, "WPA3-Personal", 13) ? TROTH_WIFI_WPA3_SAE
                         : !strncmp(how, "WPA2-Personal", 13) ? TROTH_WIFI_WPA2_PSK
                                                              : TROTH_WIFI_OTHER;
    }
}

bool iwd_read_diagnostics(sd_bus_message *reply, struct troth_net_info *info)
{
    *info = (struct troth_net_info){.rssi = 127};
    return !*net_bus_error(reply) && net_bus_each(reply, take_diagnostic, info);
}
