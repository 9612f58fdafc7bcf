/*
 * A Thread device as trothd: its session, its store, net_thread.h; and before it an OpenThread that is
 * a double: its dataset outlives a cut of power, and it attaches with it by itself.
 */
#ifndef TROTH_TESTS_SUPPORT_THREAD_LAMP_H
#define TROTH_TESTS_SUPPORT_THREAD_LAMP_H

#include "ports/linux/net_thread.h"
#include "ports/linux/store.h"

#include <troth/prov.h>

#define THEIRS                                                                                     \
    "0e08000000000001000001021234020811111111222222220510aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEATH "0102432102083333333344444444051000112233445566778899aabbccddeeff"
#define WRONG "01024321020833333333444444440510ffffffffffffffffffffffffffffffff"
#define THIRD "01024444020855555555666666660510bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

extern struct thread_node {
    struct net_thread thread; /* first: it is the service of it too */
    struct troth_thread active, given;
    int queue[16];
    unsigned used, attached, forgotten, refuse;
    bool leads; /* with a wrong key, a network of its own; others of the right one are heard */
    bool deaf;  /* it does not detach */
} openthread;

extern struct thread_lamp {
    struct store *store;
    struct troth_net_sink sink;
    struct troth_prov prov;
    bool kept_until_saved;
    bool full, unsaved; /* nothing can be kept; no network can be stored */
    unsigned stays, settled;
    enum troth_net_reason failed;
    troth_ms now;
    /* These two outlive its power. */
    bool cutting;     /* it ends with the store's: powercut_vfs.h */
    uint8_t attempts; /* 0: one */
} lamp;

struct troth_thread lamp_set_of(const char *hex);
/* OpenThread's dataset is this. */
bool lamp_has(const char *hex);

/* A new store; active in OpenThread, stored here; NULL: none. */
void lamp_start(const char *active, const char *stored);
void lamp_power_on(struct store *s);
void lamp_power_off(void);
void lamp_restart(void);
void lamp_pass(uint32_t ms);

void lamp_give(const char *hex);
void lamp_erase(void);
/* OpenThread; back is some seconds later. */
void lamp_gone(void);
void lamp_back(void);

#endif
