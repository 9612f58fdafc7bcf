/*
 * org.bluez.Agent1: bluetoothd's questions about pairings, put to one of the library's own agents
 * (<troth/agent.h>).
 *
 *     RequestConfirmation    COMPARE
 *     RequestAuthorization   CONSENT: somebody outside pairs by Just Works
 *     RequestPasskey         PASSKEY, which the other side displays
 *     DisplayPasskey         DISPLAY; what of it was typed there: `told`
 *     DisplayPinCode         `told`: BR/EDR only, and no six digits
 *     RequestPinCode         refused, and `told`: BR/EDR before 2.1
 *     AuthorizeService       `service`
 *     Cancel, Release        what is open is closed
 *
 * It registers whenever bluetoothd is up, and again when that restarts. What BlueZ does not do: for
 * a pairing that this program began it never asks for consent to Just Works; no question tells the
 * association model; nobody tells that a pairing is over, so a display is closed when the device
 * becomes paired or leaves.
 */
#ifndef TROTH_PORTS_LINUX_BLUEZ_AGENT_H
#define TROTH_PORTS_LINUX_BLUEZ_AGENT_H

#include <troth/agent.h>

#include "ports/linux/bluez.h"

enum bluez_agent_news_type {
    BLUEZ_AGENT_REGISTERED = 1, /* .is_default as it came out; .why when that was refused */
    BLUEZ_AGENT_REFUSED,        /* not registered: .why. Tried again at the next `up` */
    BLUEZ_AGENT_RELEASED,       /* bluetoothd let it go */
    BLUEZ_AGENT_ENTERED,        /* .entered digits of what is displayed are typed over there */
    BLUEZ_AGENT_PIN,            /* .pin is to be shown */
    BLUEZ_AGENT_NO_PIN,         /* a PIN was asked for, and refused */
    BLUEZ_AGENT_CANCELLED,      /* by bluetoothd: the pairing ended otherwise */
};

struct bluez_agent_news {
    enum bluez_agent_news_type type;
    bool is_default;
    const char *why;  /* a sentence, or NULL */
    const char *peer; /* "Lamp (C0:FF:EE:00:00:01)"; NULL where none is concerned */
    unsigned entered;
    const char *pin;
};

enum bluez_agent_service {
    BLUEZ_SERVICE_NO,
    BLUEZ_SERVICE_YES,
    BLUEZ_SERVICE_LATER, /* bluez_agent_service, unless it is cancelled first */
};

struct bluez_agent_config {
    const struct troth_agent *agent; /* outlives this; its io_cap is told to BlueZ */
    bool as_default;  /* also for what others begin, and for the programs without an agent */
    const char *path; /* NULL: /org/troth/agent */
    /* One of device's services, by UUID text: may it connect? NULL: no. Valid during the call. */
    enum bluez_agent_service (*service)(void *ctx, const char *peer, const char *uuid, uint32_t id);
    /* May be NULL. Valid during the call. */
    void (*told)(void *ctx, const struct bluez_agent_news *news);
    void *ctx;
};

struct bluez_agent;

/* Before or after bluez_start. NULL: `why` says why not. config is copied. */
struct bluez_agent *bluez_agent_new(struct bluez *b, const struct bluez_agent_config *config,
                                    char *why, size_t why_cap);
/* Unregisters, refuses what is open. Before bluez_free; NULL is fine. */
void bluez_agent_free(struct bluez_agent *a);
/* Answers a LATER; a late one does nothing. */
void bluez_agent_service(struct bluez_agent *a, uint32_t id, bool yes);
/* The agent's io_cap has changed: registers anew with it. */
void bluez_agent_refresh(struct bluez_agent *a);
/* "DisplayYesNo": an IO capability as BlueZ calls it. */
const char *bluez_agent_io_cap(uint8_t io_cap);

#endif
