/* The devices seen while scanning. */
#ifndef TROTH_TOOLS_DEVICES_H
#define TROTH_TOOLS_DEVICES_H

#include <stdio.h>

#include <troth/event.h>

struct device {
    struct troth_addr addr;
    char name[96]; /* printable; empty: not told */
    bool name_is_whole;
    int8_t rssi; /* dBm; 127: not known */
    bool connectable;
    bool wifi;         /* has the Wi-Fi provisioning service, by its UUID or its well-known name */
    bool protocomm;    /* speaks Espressif's provisioning, by its usual UUIDs or names */
    char services[80]; /* those we know, in words */
};

#define DEVICES_MAX 128
struct devices {
    unsigned count;
    bool full; /* some were left out */
    struct device list[DEVICES_MAX];
};

/* Takes a scan report. fresh: never seen before. NULL: no room. */
struct device *devices_report(struct devices *all, const struct troth_event *report, bool *fresh);
/* The first device of that address or, ignoring case, of that name. */
const struct device *devices_find(const struct devices *all, const char *who);
/* How many bear that name or address. */
unsigned devices_matching(const struct devices *all, const char *who);
/* Worth showing without --all: can be connected to, and tells a name or a service we know. */
bool device_is_shown(const struct device *d);
/* Provisioning devices first, then by signal. */
void devices_sort(struct devices *all);

/* Rows of the table; number 0: without numbers. */
void devices_head(FILE *to, bool numbered);
void devices_row(FILE *to, const struct device *d, unsigned number);
/* "random" or "public". */
const char *device_addr_type(const struct troth_addr *a);

#endif
