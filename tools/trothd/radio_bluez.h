/* trothd on bluetoothd: what its files share. */
#ifndef TROTH_TROTHD_RADIO_BLUEZ_H
#define TROTH_TROTHD_RADIO_BLUEZ_H

#include "ports/linux/bluez_advertise.h"
#include "ports/linux/bluez_agent.h"
#include "ports/linux/bluez_gatt.h"
#include "trothd.h"

/* Who has used this device's services: their bonds are its own to forget, no others. */
#define RADIO_BLUEZ_CLIENTS 32

struct radio_bluez {
    struct trothd *d;
    struct bluez *bluez;
    struct bluez_agent *agent;
    struct bluez_advertise *advertise;
    struct bluez_gatt *gatt;
    struct troth_agent asked; /* what the agent of bluetoothd hands its questions to */
    bool window;
    bool have_pairable, pairable; /* as the adapter had it before us */
    bool told_ready, powering;
    troth_link last_link;
    struct {
        char path[BLUEZ_PATH];
        bool client;       /* it has used a service */
    } of[TROTH_MAX_LINKS]; /* of d->peers */
    bool forget;           /* a factory reset is not done yet */
    unsigned clients;
    struct troth_addr client[RADIO_BLUEZ_CLIENTS];
    sd_event_source *finish_late, *late;
};

/* ---- radio_bluez_devices.c ---- */

/* What the store remembers: clients, and how the adapter was before a trothd that was killed. */
void radio_bluez_load(struct radio_bluez *r);
void radio_bluez_save_pairable(struct radio_bluez *r, bool keep);
void radio_bluez_device(void *ctx, const struct bluez_device *device, unsigned news);
/* bluetoothd is gone, and every link with it. */
void radio_bluez_all_gone(struct radio_bluez *r);
void radio_bluez_compare(struct radio_bluez *r);
/* What a factory reset left to be done. */
void radio_bluez_finish_reset(struct radio_bluez *r);
/* The link of an access. */
troth_link radio_bluez_link(void *ctx, const char *path);
int radio_bluez_disconnect(struct trothd *d, troth_link link, uint8_t reason);
int radio_bluez_forget(struct trothd *d, troth_link last);
enum radio_protection radio_bluez_protection(const struct trothd *d, troth_link link);
unsigned radio_bluez_links(const struct trothd *d);
unsigned radio_bluez_bonds(const struct trothd *d);
/* Those whose links are this device's business. */
unsigned radio_bluez_clients_here(const struct radio_bluez *r);

/* ---- lines_bluez.c ---- */

void line_bluez_start(const struct trothd *d);
void line_bluez_up(const struct trothd *d, const struct bluez_adapter *a);
void line_bluez_down(const struct trothd *d, const char *why);
void line_bluez_power(const struct bluez_adapter *a);
void line_bluez_connected(const struct peer *p, const struct bluez_device *device);
void line_bluez_disconnected(const struct peer *p);
void line_bluez_paired(const struct trothd *d, const struct peer *p,
                       const struct bluez_device *device);
void line_bluez_agent(const struct bluez_agent_news *news);

#endif
