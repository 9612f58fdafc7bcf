/*
 * What attempts overwrite in OpenThread, which knows one dataset: kept from before the first octet
 * is overwritten until one of them has worked and is stored, or what was there is there again. It
 * says what is to be done; net_thread.c has it done.
 *
 *     an attempt   thread_keep_found: what is active; thread_keep_safe: it may be overwritten
 *     it failed    thread_keep_third, thread_keep_back: is anything to be put back?
 *     the end      thread_keep_drop
 */
#ifndef TROTH_LINUX_NET_THREAD_KEEP_H
#define TROTH_LINUX_NET_THREAD_KEEP_H

#include "ports/linux/net_backend.h"

struct thread_keep {
    struct net_keep where;
    struct net_kept kept; /* secrets */
    bool had;             /* it is of our attempts, none of which succeeded */
    bool safe;            /* it is where it outlives us */
};

/* With what a program before this one left. */
void thread_keep_open(struct thread_keep *k, const struct net_keep *where);
/* With what is still kept of an attempt that worked and could not be stored. */
void thread_keep_look(struct thread_keep *k);
/* An attempt finds this active. forgotten: that was to be forgotten, so it is not put back. */
void thread_keep_found(struct thread_keep *k, const struct troth_thread *active,
                       const struct troth_thread *asked, bool forgotten);
/* ours: what Troth joined last. False: it cannot be kept, and must not be overwritten. */
bool thread_keep_safe(struct thread_keep *k, const struct troth_thread *asked,
                      const struct troth_thread *ours);
/* Somebody put it there since our attempts: neither what was before them nor of them. */
bool thread_keep_third(const struct thread_keep *k, const struct troth_thread *active);
/* What was before is there, or of the same network a newer one that we did not try. */
bool thread_keep_back(const struct thread_keep *k, const struct troth_thread *active);
/* What was before is ours, and is to be forgotten: even if the power is cut now. */
void thread_keep_leave(struct thread_keep *k);
/* joined: as net_keep's drop. */
void thread_keep_drop(struct thread_keep *k, const struct troth_thread *joined);
void thread_keep_close(struct thread_keep *k);

bool thread_equal(const struct troth_thread *a, const struct troth_thread *b);
/*
 * Of one network: a member's dataset grows and changes with it; the key and what names it stay. What
 * has no key, or cannot be read, is of no network that we know.
 */
bool thread_same(const struct troth_thread *asked, const struct troth_thread *active);

#endif
