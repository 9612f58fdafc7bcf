/* OpenThread doubled, and the device in front of it. */
#include "support/thread_lamp.h"

#include "ports/linux/credentials.h"
#include "support/powercut_store.h"

#include <stdio.h>
#include <string.h>

#include <troth/dataset.h>

enum op { READ, ATTACH, DETACH, FORGET, LISTEN };

struct thread_node openthread;
struct thread_lamp lamp;

static bool is_out(void)
{
    return lamp.cutting && powercut_happened();
}

/* ---- OpenThread ---- */

static struct troth_scan_result heath = {
    .kind = TROTH_NET_THREAD,
    .thread.ext_pan_id = {0x33, 0x33, 0x33, 0x33, 0x44, 0x44, 0x44, 0x44}};

struct troth_thread lamp_set_of(const char *hex)
{
    struct troth_thread t;
    assert_int_equal(troth_dataset_from_text(&t, hex, strlen(hex)), TROTH_DATASET_FINE);
    return t;
}

bool lamp_has(const char *hex)
{
    struct troth_thread t = lamp_set_of(hex);
    return openthread.active.len == t.len && !memcmp(openthread.active.dataset, t.dataset, t.len);
}

static void asked(enum op op)
{
    assert_true(openthread.used < 16);
    openthread.queue[openthread.used++] = op;
}

static void want_read(struct net_thread *t)
{
    (void)t;
    asked(READ);
}

static void want_attach(struct net_thread *t, const struct troth_thread *dataset)
{
    (void)t;
    openthread.given = *dataset;
    asked(ATTACH);
}

static void want_detach(struct net_thread *t)
{
    (void)t;
    asked(DETACH);
}

static void want_forget(struct net_thread *t)
{
    (void)t;
    asked(FORGET);
}

static void want_listen(struct net_thread *t)
{
    (void)t;
    asked(LISTEN);
}

static void one_thing(struct net_thread *t)
{
    enum op op = openthread.queue[0];
    memmove(openthread.queue, openthread.queue + 1, --openthread.used * sizeof *openthread.queue);
    switch (op) {
    case READ:
        thread_dataset(t, openthread.active.dataset, openthread.active.len);
        break;
    case ATTACH:
        if (openthread.refuse && openthread.refuse--) {
            thread_refused(t, TROTH_NET_BAD_DATASET);
            break;
        }
        openthread.active = openthread.given;
        openthread.attached++;
        thread_taken(t);
        thread_role(t, !lamp_has(WRONG)   ? TROTH_THREAD_CHILD
                       : openthread.leads ? TROTH_THREAD_LEADER
                                          : TROTH_THREAD_DETACHED);
        break;
    case DETACH:
        if (!openthread.deaf)
            thread_role(t, TROTH_THREAD_DETACHED);
        break;
    case FORGET:
        openthread.active.len = 0;
        openthread.forgotten++;
        thread_forgotten(t);
        break;
    case LISTEN:
        if (openthread.leads)
            thread_heard(t, &heath);
        thread_listened(t, true);
        break;
    }
}

static void tick(struct net_thread *t, troth_ms now)
{
    (void)now;
    if (openthread.used && !is_out())
        one_thing(t);
}

static troth_ms never(const struct net_thread *t)
{
    (void)t;
    return TROTH_NEVER;
}

static void close_it(struct net_thread *t)
{
    thread_close(t);
}

static const struct thread_service service = {
    "double", want_read, want_attach, want_detach, want_forget, want_listen, tick, never, close_it};

/* ---- the device, as trothd ---- */

static void on_save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    (void)ctx;
    bool ok = !lamp.unsaved && store_begin(lamp.store) == TROTH_OK &&
              credentials_save(lamp.store, NULL, c) == TROTH_OK &&
              credentials_left_erase(lamp.store) == TROTH_OK &&
              (!lamp.kept_until_saved || credentials_kept_erase(lamp.store) == TROTH_OK) &&
              store_commit(lamp.store) == TROTH_OK;
    if (!ok)
        store_rollback(lamp.store);
    troth_prov_stored(&lamp.prov, serial, ok);
}

static void on_erase(void *ctx, uint32_t serial)
{
    struct troth_credentials c;
    (void)ctx;
    bool ok = store_begin(lamp.store) == TROTH_OK;
    if (net_backend_owes(&openthread.thread.base) &&
        credentials_load(lamp.store, NULL, &c) == TROTH_OK)
        ok = ok && credentials_left_save(lamp.store, NULL, &c) == TROTH_OK;
    ok = ok && credentials_erase(lamp.store) == TROTH_OK && store_commit(lamp.store) == TROTH_OK;
    if (!ok)
        store_rollback(lamp.store);
    troth_prov_stored(&lamp.prov, serial, ok);
}

static void on_settled(void *ctx)
{
    (void)ctx;
    credentials_left_erase(lamp.store);
}

static void on_event(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    if (e->type == TROTH_PROV_EV_ATTEMPT_FAILED)
        lamp.failed = e->reason;
}

static bool keep_save(void *ctx, const struct net_kept *kept)
{
    (void)ctx;
    lamp.kept_until_saved = false;
    return !lamp.full && credentials_kept_save(lamp.store, NULL, kept) == TROTH_OK;
}

static bool keep_load(void *ctx, struct net_kept *kept)
{
    (void)ctx;
    return credentials_kept_load(lamp.store, NULL, kept) == TROTH_OK;
}

static void keep_drop(void *ctx, const struct troth_thread *joined)
{
    struct troth_credentials c;
    (void)ctx;
    lamp.kept_until_saved = joined && !(credentials_load(lamp.store, NULL, &c) == TROTH_OK &&
                                        c.u.thread.len == joined->len &&
                                        !memcmp(c.u.thread.dataset, joined->dataset, joined->len));
    if (!lamp.kept_until_saved)
        credentials_kept_erase(lamp.store);
}

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    (void)ctx;
    (void)words;
    lamp.stays += what == NET_STAYS;
    lamp.settled += what == NET_SETTLED;
}

static bool no_address(void *ctx, char text[46])
{
    (void)ctx;
    (void)text;
    return false;
}

void lamp_power_on(struct store *s)
{
    struct troth_credentials stored;
    struct troth_thread active = openthread.active;
    lamp = (struct thread_lamp){.cutting = lamp.cutting, .attempts = lamp.attempts};
    memset(&openthread, 0, sizeof openthread);
    openthread.active = active;
    lamp.store = s;
    lamp.now = 1;
    lamp.sink = (struct troth_net_sink){troth_prov_net_report, &lamp.prov};
    bool any = credentials_load(s, NULL, &stored) == TROTH_OK;
    bool owed = !any && credentials_left_load(s, NULL, &stored) == TROTH_OK;
    struct net_config config = {.sink = &lamp.sink,
                                .join_ms = 2000,
                                .notice = on_notice,
                                .ours = any || owed ? &stored : NULL,
                                .owed = owed,
                                .settled = on_settled,
                                .keep = {keep_save, keep_load, keep_drop, NULL},
                                .address = no_address};
    assert_true(thread_open(&openthread.thread, &service, &config, "wpan0"));
    struct troth_prov_config prov = {.net = net_backend_net(&openthread.thread.base),
                                     .save = on_save,
                                     .erase = on_erase,
                                     .event = on_event,
                                     .attempts = lamp.attempts ? lamp.attempts : 1};
    troth_prov_init(&lamp.prov, &prov);
    thread_role(&openthread.thread, active.len ? TROTH_THREAD_CHILD : TROTH_THREAD_DETACHED);
    troth_prov_start(&lamp.prov, any ? &stored : NULL);
    thread_here(&openthread.thread, "wpan0");
}

void lamp_power_off(void)
{
    net_backend_close(&openthread.thread.base);
    store_close(lamp.store);
}

void lamp_pass(uint32_t ms)
{
    for (troth_ms end = lamp.now + ms; lamp.now < end && !is_out(); lamp.now += 10) {
        net_backend_tick(&openthread.thread.base, lamp.now);
        troth_prov_tick(&lamp.prov, lamp.now);
    }
}

void lamp_give(const char *hex)
{
    struct troth_credentials *c = troth_prov_stage(&lamp.prov, 1);
    c->kind = TROTH_NET_THREAD;
    c->u.thread = lamp_set_of(hex);
    assert_int_equal(troth_prov_connect(&lamp.prov, 1), TROTH_OK);
}

void lamp_start(const char *active, const char *stored)
{
    struct store *s;
    char why[300];
    remove(powercut_path());
    assert_int_equal(store_open(&s, powercut_path(), why, sizeof why), TROTH_OK);
    openthread.active.len = 0;
    if (active)
        openthread.active = lamp_set_of(active);
    if (stored) {
        struct troth_credentials c = {.kind = TROTH_NET_THREAD, .u.thread = lamp_set_of(stored)};
        assert_int_equal(credentials_save(s, NULL, &c), TROTH_OK);
    }
    lamp_power_on(s);
}

void lamp_erase(void)
{
    assert_int_equal(troth_prov_erase(&lamp.prov, 1), TROTH_OK);
    lamp_pass(3900); /* it does not wait for a time to run out */
    assert_int_equal(lamp.prov.state, TROTH_PROV_IDLE);
}

void lamp_restart(void)
{
    struct store *s;
    char why[300];
    lamp_power_off();
    assert_int_equal(store_open(&s, powercut_path(), why, sizeof why), TROTH_OK);
    lamp_power_on(s);
}

void lamp_gone(void)
{
    openthread.used = 0;
    thread_gone(&openthread.thread, "a test");
}

void lamp_back(void)
{
    thread_role(&openthread.thread,
                openthread.active.len ? TROTH_THREAD_CHILD : TROTH_THREAD_DETACHED);
    thread_here(&openthread.thread, "wpan0");
    lamp_pass(10000);
}
