/* What a host wants of the air, and what the controller is doing. Shape only: nothing here is API. */
#ifndef TROTH_STATE_GAP_H
#define TROTH_STATE_GAP_H

#include <troth/gap.h>
#include <troth/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct troth_event;

struct gap {
    void (*event)(void *host, struct troth_event *e);
    void *host;
    bool up;
    bool room;             /* one more link may come by advertising */
    struct troth_addr own; /* what the air carries as ours */
    bool random_set;       /* the controller was given it, if random */

    /* advertising */
    struct troth_advertising adv; /* wanted */
    uint8_t adv_dirty;            /* GAP_PARAMETERS ...: not with the controller yet */
    bool adv_on;                  /* on air */
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
    uint8_t why;            /* the status to report for it */
    bool seek;              /* the air's address is not known yet: scan for it */
    uint8_t irk[16];        /* ... under this IRK */
    bool alone;             /* this controller does not connect while advertising */
    struct troth_addr peer; /* asked for */
    struct troth_addr air;  /* as the air carries it */
    struct timer timer;
};

#ifdef __cplusplus
}
#endif
#endif
