/*
 * Hosts on one software radio in simulated time, so that a test reads as prose:
 *
 *     struct world *w = world_new(1);
 *     struct device *phone = world_device(w, "phone"), *lamp = world_device(w, "lamp");
 *     device_on(phone);
 *     device_on(lamp);
 *     device_advertise(lamp);
 *     device_connect(phone, lamp);
 *     troth_pair(phone->host, phone->link, NULL);
 *     assert_true(expect(phone, TROTH_EV_PAIRED)->u.paired.stored);
 *
 * Nothing sleeps and nothing is random: the same test gives the same octets each time.
 */
#ifndef TESTS_SUPPORT_WORLD_H
#define TESTS_SUPPORT_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <troth/state.h>

#include "air/air.h"

#define WORLD_DEVICES 4
#define WORLD_LOG     512

/* What a device does with asks of a type. */
enum say {
    SAY_DEFAULT, /* nobody takes it */
    SAY_YES,
    SAY_NO,
    SAY_LATER,         /* taken, not answered: in device.asked */
    SAY_WHAT_IS_SHOWN, /* types what another device shows */
};

struct recorded {
    struct troth_event event; /* pointers lead into the copies below */
    uint8_t data[TROTH_VALUE_MAX];
    struct troth_bond_keys keys;
    uint64_t at;
};

struct record {
    bool used;
    enum troth_record kind;
    struct troth_addr identity;
    uint16_t len;
    uint8_t bytes[TROTH_RECORD_MAX];
};

struct device {
    struct world *world;
    const char *name;
    struct troth_host *host;
    struct air_controller *radio;              /* NULL: switched off */
    struct troth_host_config config;           /* may be changed before device_on */
    struct air_controller_config radio_config; /* likewise */
    void (*before_start)(struct device *d);    /* registers services; may be NULL */
    /* Called with every event as it is delivered; may be NULL. */
    void (*on_event)(struct device *d, const struct troth_event *e);
    uint64_t random;

    troth_link link; /* of the latest connection */
    struct troth_addr identity;

    enum say say[TROTH_ASK_TYPES];
    struct troth_answer answer[TROTH_ASK_TYPES]; /* what SAY_YES says, beside ok */
    uint8_t reason;                              /* what SAY_NO gives */
    struct troth_ask asked[TROTH_ASK_TYPES];     /* the latest of each type; id 0: none */
    unsigned asks[TROTH_ASK_TYPES];              /* how many came */
    bool showing;
    uint32_t shown; /* the passkey it shows */

    struct record store[2 * TROTH_MAX_BONDS + 4];
    unsigned stores; /* STORE asks so far */
    bool store_refuses;
    /* Where records also go, answered by whether they are safe there; may be NULL. */
    bool (*also_store)(struct device *d, const struct troth_ask *a);
    void *store_ctx;

    struct recorded *log;
    unsigned logged, read; /* events so far; looked at by expect */
};

struct world *world_new(uint64_t seed);
void world_free(struct world *w);
struct air *world_air(struct world *w);
uint64_t world_now(const struct world *w);
/* Simulated milliseconds go by. */
void world_run(struct world *w, uint64_t ms);

/* Switched off, nothing stored. Change its config, then device_on. */
struct device *world_device(struct world *w, const char *name);
/* Gives it its radio, and nothing else. */
void device_plug(struct device *d);
/* Switches it on with what its store holds and waits until it is ready. */
void device_on(struct device *d);
/* Power off, at this very moment: only the store remains. */
void device_cut(struct device *d);

void device_advertise(struct device *d);
/* central finds and connects to what peripheral advertises; both get their link. */
void device_connect(struct device *central, struct device *peripheral);
void device_disconnect(struct device *d);

/* Runs until this event, beyond those already looked at, comes. Fails after 60 s. */
const struct troth_event *expect(struct device *d, enum troth_event_type type);
/* As expect, for an ask of this type said SAY_LATER. */
const struct troth_ask *expect_ask(struct device *d, enum troth_ask_type type);
/* None such came among what is not looked at yet. */
void expect_none(struct device *d, enum troth_event_type type);
/* Events of this type so far. */
unsigned device_count(const struct device *d, enum troth_event_type type);

#endif
