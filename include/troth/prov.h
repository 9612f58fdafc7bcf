/*
 * One provisioning, whatever the protocol: credentials are staged by a writer, tried, kept, used
 * at every start, forgotten. The 8b84xxxx service and protocomm sit on the same session.
 *
 * Like a host it does no I/O: a network backend, a store and time are given to it. Events come
 * after it has come to rest and before the entry point that caused them returns; any function
 * here but troth_prov_tick may be called from the callback.
 *
 * What it promises:
 *   - The last good credentials stay in the store, and in use after a failure, until new ones have
 *     worked. The store holds one or the other at any moment, never none.
 *   - CONNECTED means joined and stored. After an erase, IDLE means left and forgotten.
 *   - Every attempt has an identity; a late report of another is dropped.
 *   - A CONNECT during CONNECTING wins: the attempt that runs is abandoned for the new one.
 *   - Nothing waits for ever: each join, the whole of a try, each store operation has a timeout.
 *   - Secrets are wiped wherever they end, and are in no event.
 */
#ifndef TROTH_PROV_H
#define TROTH_PROV_H

#include <troth/net.h>
#include <troth/timer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The status byte of the 8b84xxxx service. */
enum troth_prov_state {
    TROTH_PROV_IDLE = 0,
    TROTH_PROV_PROVISIONED = 1, /* declared by the service, never set */
    TROTH_PROV_CONNECTING = 2,
    TROTH_PROV_CONNECTED = 3,
    TROTH_PROV_FAILED = 4,
};
const char *troth_prov_state_name(uint8_t state);

enum troth_prov_event_type {
    /*
     * .state, .reason: the status as a client shall see it; told also when a request sets the same
     * again. When a request failed and an earlier network is kept, FAILED stays while the writer
     * stays, so that it cannot miss it: troth_prov_status tells what is joined meanwhile.
     */
    TROTH_PROV_EV_STATE = 1,
    TROTH_PROV_EV_ATTEMPT,        /* .attempt.number (from 1): a join begins */
    TROTH_PROV_EV_ATTEMPT_FAILED, /* .attempt: reason, and how many are left before FAILED */
    TROTH_PROV_EV_KEPT,           /* after a failure the earlier network is joined again */
    TROTH_PROV_EV_LOST,           /* .reason: the network is gone; rejoining */
    TROTH_PROV_EV_STORED,         /* .ok: the credentials survive power-off, or not */
    /*
     * .erased: left and forgotten: now forget the bonds, the eraser's last. Not ok: the store would
     * not; keep the bonds. With the 8b84xxxx service, troth_wifi_gatt tells when.
     */
    TROTH_PROV_EV_ERASED,
    TROTH_PROV_EV_WINDOW,      /* .window: be reachable (advertise), or no longer */
    TROTH_PROV_EV_SCAN_RESULT, /* .result, valid during the callback */
    TROTH_PROV_EV_SCAN_DONE,   /* .reason */
    /* troth_prov_status has fresh facts of the network joined: asked for, or its role changed. */
    TROTH_PROV_EV_INFO,
};

enum troth_prov_why { /* of the window */
                      TROTH_PROV_BY_START,
                      TROTH_PROV_BY_JOIN,    /* closed: joined, and keep_ble is off */
                      TROTH_PROV_BY_LOSS,    /* opened: without network for reopen_ms */
                      TROTH_PROV_BY_FAILURE, /* opened: new credentials failed */
                      TROTH_PROV_BY_ERASE,
                      TROTH_PROV_BY_REQUEST, /* troth_prov_open_window: a button, a command */
                      TROTH_PROV_BY_EXPIRY,  /* closed: the time of such an opening is over */
};

struct troth_prov_event {
    enum troth_prov_event_type type;
    enum troth_prov_state state;
    enum troth_net_reason reason;
    union {
        bool ok;
        struct {
            uint8_t number, left;
        } attempt;
        struct {
            bool ok;
            troth_link writer; /* who asked; gone or TROTH_NO_LINK: nobody's bond goes last */
        } erased;
        struct {
            bool open;
            enum troth_prov_why why;
        } window;
        const struct troth_scan_result *result;
    } u;
};

struct troth_prov_config {
    const struct troth_net *net; /* its sink: {troth_prov_net_report, the session} */
    /*
     * The store, which holds at most one set of credentials. save replaces it atomically: after a
     * power cut the old or the new is there. Both are answered by troth_prov_stored once safe
     * (already during the call, if so) and done in the order given. c is copied. NULL: nothing is
     * kept beyond power-off.
     */
    void (*save)(void *ctx, uint32_t serial, const struct troth_credentials *c);
    void (*erase)(void *ctx, uint32_t serial);
    void (*event)(void *ctx, const struct troth_prov_event *event);
    void *ctx;

    /* Policy. Zero means the number behind it. */
    uint8_t attempts;    /* 3: joins before a try is FAILED */
    uint32_t attempt_ms; /* 20 000: one join */
    uint32_t try_ms;     /* 75 000: new credentials, all attempts together */
    uint32_t store_ms;   /* 10 000: one store operation */
    uint32_t retry_ms;   /* 1 000: before the second attempt; doubles, at most slow_ms */
    uint32_t slow_ms; /* 60 000: between joins once `attempts` have failed at start or after loss */
    uint32_t reopen_ms;           /* 60 000: without network before the window reopens */
    uint32_t window_ms;           /* 300 000: how long a reopened window stays although joined */
    bool close_ble_after_connect; /* the window closes once joined (default: it stays) */
};

/* Credentials on their way in, each writer's own. Wiped when the writer goes, and by an erase. */
struct troth_prov_staged {
    bool used;
    troth_link writer;
    struct troth_credentials c;
};

struct troth_prov {
    struct troth_prov_config cfg;

    uint8_t state;  /* enum troth_prov_state, as told */
    uint8_t reason; /* enum troth_net_reason behind it */
    uint8_t doing;
    bool joining;     /* a join is in flight */
    bool online;      /* joined, by attempt */
    bool stored;      /* good is in the store */
    bool failed;      /* FAILED is shown to its writer although the earlier network is kept */
    bool returning;   /* rejoining the earlier network after a failed try */
    uint32_t attempt; /* identity of the last join or leave */
    uint8_t tries;    /* joins of the running try or rejoin */
    uint8_t cause;    /* most telling reason of the running try */
    bool writer_here;
    troth_link writer;              /* who asked last */
    struct troth_credentials fresh; /* being tried */
    struct troth_credentials good;  /* have worked; kind 0: none */
    struct troth_net_info info;
    struct troth_prov_staged staged[TROTH_PROV_WRITERS];

    uint8_t storing; /* in flight */
    bool want_save, want_erase, forgotten, left;
    uint32_t serial;
    bool want_join, want_leave, want_scan, want_info;
    uint32_t scanning, asking; /* identity; 0: none */
    uint32_t last_id;
    bool window;

    struct timer attempt_timer, try_timer, retry_timer, store_timer, leave_timer, lost_timer,
        hold_timer, scan_timer;

    bool settling;
    uint8_t ring_at, ring_used;
    struct troth_prov_event ring[TROTH_PROV_EVENTS];
};

void troth_prov_init(struct troth_prov *p, const struct troth_prov_config *cfg);
/* Once. stored: what the store holds, copied, or NULL: joins it, else IDLE. Opens the window. */
void troth_prov_start(struct troth_prov *p, const struct troth_credentials *stored);
void troth_prov_tick(struct troth_prov *p, troth_ms now);
/* When to tick next; 0: at once. */
troth_ms troth_prov_deadline(const struct troth_prov *p);

/*
 * The place where this writer stages, made empty if need be; NULL: TROTH_PROV_WRITERS are there.
 * The pointer is good until the writer goes or erases. One set of credentials, of either kind: who
 * finds the other kind in it wipes it whole before writing.
 */
struct troth_credentials *troth_prov_stage(struct troth_prov *p, troth_link writer);
/* troth_prov_stage would not give NULL. */
bool troth_prov_can_stage(const struct troth_prov *p, troth_link writer);
/* The writer is gone: wipes what it staged. A try that runs goes on. */
void troth_prov_gone(struct troth_prov *p, troth_link writer);

/*
 * Tries what the writer staged. TROTH_OK: taken; the outcome, also that the credentials cannot
 * work, comes as EV_STATE. TROTH_BUSY: erasing, or called from a callback with too much queued.
 */
int troth_prov_connect(struct troth_prov *p, troth_link writer);
/* Leaves, forgets, wipes all staged values; ends in IDLE and EV_ERASED. TROTH_BUSY as above. */
int troth_prov_erase(struct troth_prov *p, troth_link writer);
/* Looks around, for all the backend's kinds: EV_SCAN_RESULT, EV_SCAN_DONE. TROTH_BUSY: is at it. */
int troth_prov_scan(struct troth_prov *p);
/* Asks the backend for fresh facts: EV_INFO. */
int troth_prov_refresh(struct troth_prov *p);
/* A button or a command: be reachable for ms (0: window_ms) even though joined. */
int troth_prov_open_window(struct troth_prov *p, uint32_t ms);

/* The store's answer. TROTH_STALE: to nothing that is still waited for. */
int troth_prov_stored(struct troth_prov *p, uint32_t serial, bool ok);
/* The network's: the report function of the backend's sink, with the session as ctx. */
void troth_prov_net_report(void *prov, const struct troth_net_report *report);

struct troth_prov_status {
    enum troth_prov_state state;
    enum troth_net_reason reason; /* why FAILED; NOT_STORED with CONNECTED; while CONNECTING: why
                                     the attempt before failed */
    uint8_t attempts_left;        /* joins before CONNECTING becomes FAILED, the running included */
    bool window;
    bool online;                   /* a network is joined */
    bool stored;                   /* credentials that have worked are in the store */
    bool kept;                     /* the last request failed, and the network before it is kept */
    bool returning;                /* ... and is being rejoined */
    uint8_t kind;                  /* enum troth_net_kind of the network below; 0: none */
    struct troth_ssid ssid;        /* the network joined, else the last that worked. Wi-Fi */
    struct troth_thread_id thread; /* the same of a Thread network; what is not known is zero */
    struct troth_net_info info;    /* when online */
};
void troth_prov_status(const struct troth_prov *p, struct troth_prov_status *out);
/* The network's name for people, of either kind. cap at least TROTH_SSID_TEXT. */
char *troth_prov_network_text(const struct troth_prov_status *s, char *text, size_t cap);

#ifdef __cplusplus
}
#endif
#endif
