/* What a host wants of the air, and what the controller is doing. Shape only: nothing here is API. */
#ifndef TROTH_STATE_GAP_H
#define TROTH_STATE_GAP_H

#include <troth/config.h>
#include <troth/gap.h>
#include <troth/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_event;
struct bonds;

/* How our private addresses are made: told before the controller is up. */
struct gap_privacy {
    uint8_t by;          /* enum troth_privacy */
    uint8_t list_size;   /* entries of the controller's resolving list */
    uint16_t timeout_s;  /* how long an address lasts */
    const uint8_t *irk;  /* ours, 16 octets */
};

/* A bond's entry in the resolving list, at the bond's own index. */
struct gap_listed {
    uint8_t state;
    uint32_t made; /* bonds.made of the bond it is for */
    struct troth_addr identity;
};

/* The controller's resolving list as it is. */
struct gap_list {
    bool timeout_set, own, enabled;
    bool reached;    /* it is what the bonds of this serial want */
    uint32_t serial; /* bonds.serial */
    int8_t at;       /* whom the command that is not answered concerns; -1: our own entry */
    struct gap_listed bond[TROTH_MAX_BONDS];
};

struct gap {
    void (*event)(void *host, struct troth_event *e);
    void *host;
    bool up;
    bool room;             /* one more link may come by advertising */
    bool linked;           /* one is up, and a controller may refuse to advertise beside it */
    bool paused;           /* what is off the air for a change, and comes back */

    /* our addresses */
    struct troth_addr identity;
    struct troth_addr own;   /* what the air carries, where the resolving list has no other */
    struct troth_addr fresh; /* given to the controller, not acknowledged yet */
    bool random_set;         /* the controller was given it, if random */
    bool stale;              /* due to be replaced */
    struct timer age;
    struct gap_privacy privacy;
    struct gap_list list;
    const struct bonds *bonds;
    void (*random)(void *host, uint8_t *out, size_t len);

    /* advertising */
    struct troth_advertising adv; /* wanted */
    uint8_t adv_dirty;            /* GAP_PARAMETERS ...: not with the controller yet */
    bool adv_on;                  /* on air */
    bool adv_asked;               /* what the command that is not answered asks for */
    bool adv_told;                /* TROTH_EV_ADVERTISING on was the last */
    bool adv_blocked;             /* refused: until something changes */

    /* scanning */
    bool scan, scan_active; /* wanted */
    bool scan_on;           /* on air */
    uint8_t scan_set;       /* GAP_PASSIVE ...: as the controller was told; 0: it was not */
    bool scan_told;         /* TROTH_EV_SCANNING on was the last */
    bool scan_blocked;

    /* connecting */
    uint8_t connect; /* enum gap_connect */
    bool cancel;
    bool again;             /* cancelled for a change only: then once more */
    uint8_t why;            /* the status to report for it */
    bool hides;             /* asked for by its identity, it may use private addresses ... */
    uint8_t irk[16];        /* ... made with this IRK */
    bool found;             /* ... and was heard under `air` */
    bool alone;             /* this controller does not connect while advertising */
    struct troth_addr peer; /* asked for */
    struct troth_addr known; /* its identity, when bonded; else peer */
    struct troth_addr air;  /* as the air carries it */
    struct timer timer;     /* of the attempt */
    struct timer cancelling;
};

#ifdef __cplusplus
}
#endif
#endif
