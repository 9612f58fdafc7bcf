/* What the files of the central over BlueZ share. */
#ifndef TROTH_PORTS_LINUX_BLUEZ_CLIENT_PARTS_H
#define TROTH_PORTS_LINUX_BLUEZ_CLIENT_PARTS_H

#include "ports/linux/bluez_client.h"

#define BLUEZ_ATTRIBUTES 256
#define BLUEZ_GATT_PATH  128

struct bluez_attribute {
    enum { BLUEZ_SERVICE, BLUEZ_CHARACTERISTIC, BLUEZ_DESCRIPTOR, BLUEZ_CCC } kind;
    uint16_t handle; /* a characteristic's: of its declaration, the value is next */
    uint8_t properties;
    struct troth_uuid uuid;
    char path[BLUEZ_GATT_PATH]; /* a CCC's: of its characteristic */
    /* a CCC's, while values come through a socket of their own */
    int fd;
    sd_event_source *values;
    bool started; /* ... or as properties */
    struct bluez_client *client;
};

struct bluez_client {
    struct bluez_client_config cfg;
    sd_event *loop;
    char path[BLUEZ_PATH]; /* the device; empty: none */
    bool up, scanning, connecting, connected, was_connected, pairing;
    bool handled;                 /* bluetoothd has our Pair: see bluez_client_is_asked */
    bool was_paired, told_paired; /* before it was connected to; since */
    bool made;                    /* see bluez_client_made */
    sd_event_source *soon;        /* paired, and whether bonded is not told yet */
    sd_event_source *late;        /* no link came of our Pair */
    sd_bus_slot *discovery, *connection, *pair, *barrier, *removal;
    /* GATT */
    unsigned count;
    struct bluez_attribute attribute[BLUEZ_ATTRIBUTES];
    sd_bus_slot *procedure;
    bool running, waits;      /* for ServicesResolved */
    struct troth_uuid wanted; /* len 0: everything */
    uint16_t handle;          /* of the running procedure */
    uint16_t bits;            /* of a subscription */
    const char *reading;      /* the path being read: its own news is no notification */
    struct bluez_attribute *subscribing;
};

/* ---- bluez_client.c ---- */

void bluez_client_tell(struct bluez_client *c, enum bluez_client_news news, const char *why);
/* Why a call failed; NULL: it did not. */
const sd_bus_error *bluez_client_failure(sd_bus_message *m);
/* A call whose outcome changes nothing. */
void bluez_client_send(struct bluez_client *c, const char *path, const char *interface,
                       const char *method);
/* Remembers whom, and what it was before. */
int bluez_client_begin(struct bluez_client *c, const struct troth_addr *addr);
int bluez_client_call_connect(struct bluez_client *c, uint64_t usec);

/* ---- bluez_client_pair.c ---- */

/* Our Pair is over. */
void bluez_client_end_pair(struct bluez_client *c);
void bluez_client_look_whether_paired(struct bluez_client *c, const struct bluez_device *d);

/* ---- bluez_client_discover.c ---- */

void bluez_client_gatt_resolved(struct bluez_client *c);
/* The attributes, and their sockets. */
void bluez_client_forget(struct bluez_client *c);
/* The last four digits of an attribute's path. */
uint16_t bluez_client_handle(const char *path);

/* ---- bluez_client_gatt.c ---- */

void bluez_client_emit(struct bluez_client *c, struct troth_event *e);
/* The running procedure is over. */
void bluez_client_done(struct bluez_client *c, int result, uint8_t att_error);
void bluez_client_fail(struct bluez_client *c, const sd_bus_error *e);
void bluez_client_close_values(struct bluez_attribute *a);
/* The link is gone: what runs ends with TROTH_STATE, all is forgotten. */
void bluez_client_gatt_end(struct bluez_client *c);
void bluez_client_gatt_news(struct bluez_client *c, const char *path, const char *interface,
                            sd_bus_message *properties);

#endif
