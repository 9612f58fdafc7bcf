#include "devices.h"

#include "common/out.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <troth/wifi_gatt.h>

#define AD_UUID16_MORE 0x02

/* Devices with the service that do not advertise it are known by their name. */
static const char *const wifi_names[] = {"Zephyr Wi-Fi Provisioning"};

static const struct {
    uint16_t uuid;
    const char *words;
} services[] = {
    {0x180a, "Device Information"},
    {0x180d, "Heart Rate"},
    {0x180f, "Battery"},
    {0x1812, "HID"},
    {0x181a, "Environment"},
    {0x1822, "Pulse Oximeter"},
};

/* Espressif's provisioning: the service of its examples, its default; and what devices are called. */
static const uint8_t protocomm[][16] = {
    {0xb4, 0xdf, 0x5a, 0x1c, 0x3f, 0x6b, 0xf4, 0xbf, 0xea, 0x4a, 0x82, 0x03, 0x04, 0x90, 0x1a,
     0x02},
    {0x07, 0xed, 0x9b, 0x2d, 0x0f, 0x06, 0x7c, 0x87, 0x9b, 0x43, 0x43, 0x6b, 0x4d, 0x24, 0x75,
     0x17},
};
static const char protocomm_names[] = "PROV_";

static void add_service(struct device *d, const char *words)
{
    size_t len = strlen(d->services);
    if (strstr(d->services, words))
        return;
    snprintf(d->services + len, sizeof d->services - len, "%s%s", len ? ", " : "", words);
}

static void take_uuid16(struct device *d, const uint8_t *value, uint8_t len)
{
    for (uint8_t at = 0; at + 2 <= len; at += 2) {
        uint16_t uuid = (uint16_t)(value[at] | value[at + 1] << 8);
        for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
            if (services[i].uuid == uuid)
                add_service(d, services[i].words);
        }
    }
}

static void take_uuid128(struct device *d, const uint8_t *value, uint8_t len)
{
    static const struct troth_uuid wifi = TROTH_WIFI_GATT_UUID(TROTH_WIFI_SERVICE);
    for (uint8_t at = 0; at + 16 <= len; at += 16) {
        if (!memcmp(value + at, wifi.b, 16))
            d->wifi = true;
        for (size_t i = 0; i < sizeof protocomm / sizeof *protocomm; i++)
            d->protocomm |= !memcmp(value + at, protocomm[i], 16);
    }
}

static void take_data(struct device *d, const uint8_t *data, uint8_t len)
{
    static const uint8_t short_lists[] = {AD_UUID16_MORE, TROTH_AD_UUID16_ALL};
    static const uint8_t long_lists[] = {TROTH_AD_UUID128_MORE, TROTH_AD_UUID128_ALL};
    const uint8_t *value;
    uint8_t n;
    if ((value = troth_ad_find(data, len, TROTH_AD_NAME_COMPLETE, &n))) {
        out_printable(value, n, d->name, sizeof d->name);
        d->name_is_whole = true;
    } else if (!d->name_is_whole && (value = troth_ad_find(data, len, TROTH_AD_NAME_SHORT, &n))) {
        out_printable(value, n, d->name, sizeof d->name);
    }
    for (size_t i = 0; i < 2; i++) {
        if ((value = troth_ad_find(data, len, short_lists[i], &n)))
            take_uuid16(d, value, n);
        if ((value = troth_ad_find(data, len, long_lists[i], &n)))
            take_uuid128(d, value, n);
    }
    for (size_t i = 0; i < sizeof wifi_names / sizeof *wifi_names; i++)
        d->wifi |= !strcmp(d->name, wifi_names[i]);
    d->protocomm |= !strncmp(d->name, protocomm_names, sizeof protocomm_names - 1);
    if (d->wifi)
        add_service(d, "Wi-Fi provisioning");
    if (d->protocomm)
        add_service(d, "Espressif provisioning");
}

struct device *devices_report(struct devices *all, const struct troth_event *report, bool *fresh)
{
    struct device *d = NULL;
    for (unsigned i = 0; i < all->count && !d; i++) {
        if (troth_addr_equal(&all->list[i].addr, &report->u.report.addr))
            d = &all->list[i];
    }
    *fresh = !d;
    if (!d) {
        if (all->count == DEVICES_MAX) {
            all->full = true;
            return NULL;
        }
        d = &all->list[all->count++];
        memset(d, 0, sizeof *d);
        d->addr = report->u.report.addr;
    }
    d->rssi = report->u.report.rssi;
    if (!report->u.report.scan_response)
        d->connectable = report->u.report.connectable;
    take_data(d, report->u.report.data, report->u.report.len);
    return d;
}

static bool matches(const struct device *d, const char *who)
{
    struct troth_addr a;
    if (troth_addr_parse(&a, who))
        return !memcmp(a.b, d->addr.b, sizeof a.b);
    return *d->name && !strcasecmp(d->name, who);
}

const struct device *devices_find(const struct devices *all, const char *who)
{
    for (unsigned i = 0; i < all->count; i++) {
        if (matches(&all->list[i], who))
            return &all->list[i];
    }
    return NULL;
}

unsigned devices_matching(const struct devices *all, const char *who)
{
    unsigned n = 0;
    for (unsigned i = 0; i < all->count; i++)
        n += matches(&all->list[i], who);
    return n;
}

bool device_is_shown(const struct device *d)
{
    return d->connectable && (*d->name || *d->services);
}

static int order(const void *left, const void *right)
{
    const struct device *a = left, *b = right;
    bool first = a->wifi || a->protocomm;
    if (first != (b->wifi || b->protocomm))
        return first ? -1 : 1;
    int ra = a->rssi == 127 ? -128 : a->rssi, rb = b->rssi == 127 ? -128 : b->rssi;
    if (ra != rb)
        return rb - ra;
    return memcmp(a->addr.b, b->addr.b, sizeof a->addr.b);
}

void devices_sort(struct devices *all)
{
    qsort(all->list, all->count, sizeof *all->list, order);
}

const char *device_addr_type(const struct troth_addr *a)
{
    return a->type == TROTH_ADDR_PUBLIC ? "public" : "random";
}

/* Columns that a UTF-8 text takes, near enough. */
static int width(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += (*text & 0xc0) != 0x80;
    return n;
}

#define NAME_COLUMNS 28

void devices_head(FILE *to, bool numbered)
{
    fprintf(to, "%s%s%-*s  %-26s  %8s  %s%s\n", out_sgr(OUT_DIM, to), numbered ? " No.  " : "",
            NAME_COLUMNS, "Name", "Address", "RSSI", "Services", out_sgr_end(to));
}

void devices_row(FILE *to, const struct device *d, unsigned number)
{
    char text[18], rssi[12] = "-";
    const char *name = *d->name ? d->name : "(no name)";
    int pad = NAME_COLUMNS - width(name);
    if (d->rssi != 127)
        snprintf(rssi, sizeof rssi, "%d dBm", d->rssi);
    if (number)
        fprintf(to, "[%3u] ", number);
    fprintf(to, "%s%s%s%*s  %s (%s)  %8s  %s\n",
            out_sgr(d->wifi || d->protocomm ? OUT_GOOD : OUT_PLAIN, to), name, out_sgr_end(to),
            pad > 0 ? pad : 0, "", troth_addr_text(&d->addr, text), device_addr_type(&d->addr),
            rssi, *d->services ? d->services : "-");
}
