/*
 * The parts of the provisioning session. They change the state and say what they want; session.c
 * settles it.
 */
#ifndef TROTH_PROV_SESSION_H
#define TROTH_PROV_SESSION_H

#include <troth/prov.h>

enum prov_doing {
    REST,      /* joined, or nothing to join */
    TRYING,    /* new credentials */
    SAVING,    /* they worked; the store is not done */
    REJOINING, /* the good ones: at start, after a loss, after a failed try */
    ERASING,
};
enum prov_storing { NOTHING, SAVE, ERASE };

/* ---- session_events.c ---- */

/* One call's events fit in the ring. */
bool prov_room(const struct troth_prov *p);
struct troth_prov_event *prov_emit(struct troth_prov *p, enum troth_prov_event_type type);
/* EV_INFO, of which one at a time is enough. */
void prov_emit_info(struct troth_prov *p);
void prov_emit_attempt(struct troth_prov *p, enum troth_prov_event_type type,
                       enum troth_net_reason reason, uint8_t left);
void prov_set_state(struct troth_prov *p, enum troth_prov_state state,
                    enum troth_net_reason reason);
void prov_hold_window(struct troth_prov *p, uint32_t ms, enum troth_prov_why why);
void prov_set_window(struct troth_prov *p, bool open, enum troth_prov_why why);
void prov_window_after_join(struct troth_prov *p);

/* ---- session_join.c ---- */

uint32_t prov_next_id(struct troth_prov *p);
uint8_t prov_left_of(const struct troth_prov *p); /* attempts */
void prov_begin_join(struct troth_prov *p);
void prov_begin_leave(struct troth_prov *p);
void prov_begin_rejoin(struct troth_prov *p);
/* Ends what runs, without a word to anybody: the attempt's reports are late from here on. */
void prov_end_work(struct troth_prov *p);
void prov_try_failed(struct troth_prov *p, enum troth_net_reason reason);
/* A request that cannot work: only a try is ended by it. */
void prov_refuse(struct troth_prov *p, enum troth_net_reason reason);
void prov_join_failed(struct troth_prov *p, enum troth_net_reason reason);
void prov_set_info(struct troth_prov *p, const struct troth_net_info *info); /* NULL: not known */
void prov_joined(struct troth_prov *p, const struct troth_net_info *info);
void prov_lost(struct troth_prov *p, enum troth_net_reason reason);
void prov_show_connected(struct troth_prov *p);

/* ---- session_store.c ---- */

void prov_store_begin(struct troth_prov *p);
void prov_store_ended(struct troth_prov *p, bool ok);
/* Are both, the network and the store, done with an erase? */
void prov_erase_check(struct troth_prov *p);

#endif
