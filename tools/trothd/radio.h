/* What carries the device over the air: its own host (own.c), or bluetoothd (radio_bluez.c). */
#ifndef TROTH_TROTHD_RADIO_H
#define TROTH_TROTHD_RADIO_H

#include <troth/gap.h>
#include <troth/gatt.h>

struct trothd;

/* What is known of a link's security. */
enum radio_protection {
    RADIO_BARE,      /* neither encrypted nor about to be */
    RADIO_PAIRING,   /* to be seen */
    RADIO_PROTECTED, /* encrypted; bluetoothd: paired */
};

struct radio {
    bool (*open)(struct trothd *d, char *why, size_t why_cap);
    /* The services are there: connect, and be found. */
    void (*start)(struct trothd *d);
    /* Says goodbye to whoever is connected; ends in trothd_exit. */
    void (*finish)(struct trothd *d);
    void (*close)(struct trothd *d); /* also when open failed */
    /*
     * Advertise this, and take new bonds or do not: a link that is up when the window closes must
     * not bond; who has a bond still encrypts.
     */
    int (*window)(struct trothd *d, const struct troth_advertising *adv, bool open);
    /* As the functions of troth/gatt.h and troth/gap.h; serve: before start. */
    int (*serve)(struct trothd *d, struct troth_gatt_service *service, char *why, size_t why_cap);
    int (*complete)(struct trothd *d, uint32_t token, enum troth_gatt_status status);
    int (*notify)(struct trothd *d, const struct troth_gatt_service *service, uint8_t id,
                  const uint8_t *value, uint16_t len);
    /* Anything but TROTH_OK: it is not told to go, also because it is no client of this device. */
    int (*disconnect)(struct trothd *d, troth_link link, uint8_t reason);
    enum radio_protection (*protection)(const struct trothd *d, troth_link link);
    /* As bluetooth_forget. */
    int (*forget)(struct trothd *d, troth_link last);
    unsigned (*links)(const struct trothd *d);
    unsigned (*bonds)(const struct trothd *d);
    /* Another agent answers now, with another IO capability. */
    void (*agent_changed)(struct trothd *d);
};

extern const struct radio radio_own, radio_bluez;

#endif
