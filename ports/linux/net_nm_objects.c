/* What NetworkManager's objects say: devices, access points, active connections. */
#include "ports/linux/net_nm.h"

#include <stdio.h>
#include <string.h>

#include "ports/linux/net_wpa_text.h"

#define VISIBLE 256 /* access points looked at */

/* 802.11 flags of an access point: NM80211ApSecurityFlags */
enum { AP_PRIVACY = 1, AP_PSK = 0x100, AP_EAP = 0x200, AP_SAE = 0x400, AP_OWE = 0x800 };

struct device {
    const char *path;
    uint32_t type, state;
    const char *ifname, *active;
};

struct wireless {
    const char *active; /* access point */
    const char *point[VISIBLE];
    unsigned points;
};

struct pass {
    struct net_nm *n;
    struct nm_survey *s;
    const struct troth_wifi *asked;
    struct device device, best;
    struct wireless wireless;
    bool report;
};

/* ---- first: the device ---- */

static void take_device(void *ctx, const char *key, sd_bus_message *m)
{
    struct device *d = ctx;
    if (!strcmp(key, "DeviceType"))
        d->type = net_bus_u32(m, 0);
    else if (!strcmp(key, "State"))
        d->state = net_bus_u32(m, 0);
    else if (!strcmp(key, "Interface"))
        d->ifname = net_bus_string(m);
    else if (!strcmp(key, "ActiveConnection"))
        d->active = net_bus_string(m);
}

static void first(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    struct pass *p = ctx;
    if (strcmp(interface, NM_DEVICE) != 0)
        return;
    struct device d = {path, 0, 0, "", ""};
    if (!net_bus_each(m, take_device, &d) || d.type != NM_TYPE_WIFI || d.state <= NM_UNMANAGED ||
        (*p->n->wanted && strcmp(d.ifname, p->n->wanted) != 0))
        return;
    if (d.state <= NM_UNAVAILABLE) {
        p->s->unavailable = true;
        return;
    }
    /* the one in use already, else the first by name: the same one each time */
    bool same = !strcmp(path, p->n->device);
    if (same || !p->best.path ||
        (strcmp(p->best.path, p->n->device) != 0 && strcmp(d.ifname, p->best.ifname) < 0))
        p->best = d;
}

/* ---- then: what belongs to it ---- */

static void take_wireless(void *ctx, const char *key, sd_bus_message *m)
{
    struct wireless *w = ctx;
    const char *path;
    if (!strcmp(key, "ActiveAccessPoint"))
        w->active = net_bus_string(m);
    if (strcmp(key, "AccessPoints") != 0 || sd_bus_message_enter_container(m, 'a', "o") < 0)
        return;
    while (sd_bus_message_read(m, "o", &path) > 0)
        if (w->points < VISIBLE)
            w->point[w->points++] = path;
    sd_bus_message_exit_container(m);
}

static void take_active(void *ctx, const char *key, sd_bus_message *m)
{
    struct nm_survey *s = ctx;
    if (!strcmp(key, "Connection"))
        snprintf(s->profile, sizeof s->profile, "%s", net_bus_string(m));
}

static void second(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    struct pass *p = ctx;
    if (!strcmp(interface, NM_I_WIRELESS) && !strcmp(path, p->best.path))
        net_bus_each(m, take_wireless, &p->wireless);
    else if (!strcmp(interface, NM_I_ACTIVE) && !strcmp(path, p->best.active))
        net_bus_each(m, take_active, p->s);
}

/* ---- at last: access points ---- */

struct point {
    struct nm_access_point is;
    uint32_t flags, wpa, rsn;
};

static void take_point(void *ctx, const char *key, sd_bus_message *m)
{
    struct point *a = ctx;
    const void *octets;
    size_t len;
    if (!strcmp(key, "Ssid") && sd_bus_message_read_array(m, 'y', &octets, &len) >= 0 &&
        len <= sizeof a->is.ssid.b) {
        a->is.ssid.len = (uint8_t)len;
        if (len)
            memcpy(a->is.ssid.b, octets, len);
    } else if (!strcmp(key, "Flags")) {
        a->flags = net_bus_u32(m, 0);
    } else if (!strcmp(key, "WpaFlags")) {
        a->wpa = net_bus_u32(m, 0);
    } else if (!strcmp(key, "RsnFlags")) {
        a->rsn = net_bus_u32(m, 0);
    } else if (!strcmp(key, "Frequency")) {
        a->is.channel = station_channel(net_bus_u32(m, 0));
    } else if (!strcmp(key, "Strength")) {
        a->is.rssi = (int8_t)((int)net_bus_u32(m, 0) / 2 - 100); /* it gives per cent */
    } else if (!strcmp(key, "HwAddress")) {
        const char *text = net_bus_string(m);
        if (strlen(text) == 17)
            wpa_bssid_parse(a->is.bssid, text);
    }
}

static enum troth_wifi_security security_of(const struct point *a)
{
    if (a->rsn & AP_SAE)
        return a->rsn & AP_PSK ? TROTH_WIFI_WPA2_WPA3 : TROTH_WIFI_WPA3_SAE;
    if (a->rsn & AP_PSK)
        return TROTH_WIFI_WPA2_PSK;
    return a->rsn || a->wpa || a->flags & AP_PRIVACY ? TROTH_WIFI_OTHER : TROTH_WIFI_OPEN;
}

static bool fits(const struct troth_wifi *w, uint8_t security)
{
    if (security == TROTH_WIFI_OTHER ||
        (w->security == TROTH_WIFI_OPEN) != (security == TROTH_WIFI_OPEN))
        return false;
    return w->security != TROTH_WIFI_WPA3_SAE || security != TROTH_WIFI_WPA2_PSK;
}

static void third(void *ctx, const char *path, const char *interface, sd_bus_message *m)
{
    struct pass *p = ctx;
    struct point a = {0};
    bool ours = false;
    if (strcmp(interface, NM_I_ACCESSPOINT) != 0)
        return;
    for (unsigned i = 0; i < p->wireless.points && !ours; i++)
        ours = !strcmp(path, p->wireless.point[i]);
    if (!ours || !net_bus_each(m, take_point, &a))
        return;
    a.is.security = (uint8_t)security_of(&a);
    if (p->wireless.active && !strcmp(path, p->wireless.active))
        p->s->current = a.is;
    if (p->asked && troth_ssid_equal(&p->asked->ssid, &a.is.ssid)) {
        p->s->visible = true;
        p->s->fits |= fits(p->asked, a.is.security);
    }
    if (p->report) {
        struct troth_scan_result r = {.ssid = a.is.ssid,
                                      .security = a.is.security,
                                      .channel = a.is.channel,
                                      .rssi = a.is.rssi};
        memcpy(r.bssid, a.is.bssid, 6);
        station_scan_result(&p->n->b, &r);
    }
}

static bool go_through(struct pass *p, sd_bus_message *objects)
{
    if (!net_bus_objects(objects, first, p) || !p->best.path)
        return false;
    snprintf(p->s->device, sizeof p->s->device, "%s", p->best.path);
    snprintf(p->s->ifname, sizeof p->s->ifname, "%s", p->best.ifname);
    snprintf(p->s->active, sizeof p->s->active, "%s", p->best.active);
    p->s->state = p->best.state;
    return net_bus_objects(objects, second, p) && net_bus_objects(objects, third, p);
}

bool nm_survey(struct net_nm *n, sd_bus_message *objects, const struct troth_wifi *asked,
               struct nm_survey *s)
{
    struct pass p = {.n = n, .s = s, .asked = asked};
    *s = (struct nm_survey){0};
    return !*net_bus_error(objects) && go_through(&p, objects);
}

void nm_report_scan(struct net_nm *n, sd_bus_message *objects)
{
    struct nm_survey s = {0};
    struct pass p = {.n = n, .s = &s, .report = true};
    if (!*net_bus_error(objects))
        go_through(&p, objects);
}

bool nm_ask_objects(struct net_nm *n, net_bus_answer *answer, uint32_t tag)
{
    return net_bus_ask(&n->bus, answer, tag, NM_ROOT, "org.freedesktop.DBus.ObjectManager",
                       "GetManagedObjects", NULL);
}
