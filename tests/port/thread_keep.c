/*
 * A Thread device whose OpenThread has somebody else's network is given one, then another with a
 * wrong key, then all is erased: the power cut at every write of the store. Whenever it goes, when it
 * is back OpenThread has what is stored, or else what it had before, and nothing is kept of that any
 * more. And what an erase forgets, and what is not attempted where nothing can be kept.
 */
#include "ports/linux/credentials.h"
#include "ports/linux/net_thread.h"
#include "support/powercut_store.h"

#include <stdio.h>
#include <string.h>

#include <troth/dataset.h>
#include <troth/prov.h>

#define THEIRS                                                                                     \
    "0e08000000000001000001021234020811111111222222220510aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define HEATH "0102432102083333333344444444051000112233445566778899aabbccddeeff"
#define WRONG "01024321020833333333444444440510ffffffffffffffffffffffffffffffff"
#define THIRD "01024444020855555555666666660510bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static bool cutting, erasing, to_the_end;

static bool is_out(void)
{
    return cutting && powercut_happened();
}

/* ---- OpenThread: its dataset outlives a cut of power, and it attaches with it by itself ---- */

enum op { READ, ATTACH, DETACH, FORGET, LISTEN };

static struct node {
    struct net_thread thread; /* first */
    struct troth_thread active, given;
    enum op queue[16];
    unsigned used, attached, forgotten, refuse;
    bool leads;
} node;

static struct troth_thread set_of(const char *hex)
{
    struct troth_thread t;
    assert_int_equal(troth_dataset_from_text(&t, hex, strlen(hex)), TROTH_DATASET_FINE);
    return t;
}

static bool has(const char *hex)
{
    struct troth_thread t = set_of(hex);
    return node.active.len == t.len && !memcmp(node.active.dataset, t.dataset, t.len);
}

static void asked(enum op op)
{
    assert_true(node.used < 16);
    node.queue[node.used++] = op;
}

static void want_read(struct net_thread *t)
{
    (void)t;
    asked(READ);
}

static void want_attach(struct net_thread *t, const struct troth_thread *dataset)
{
    (void)t;
    node.given = *dataset;
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
    enum op op = node.queue[0];
    memmove(node.queue, node.queue + 1, --node.used * sizeof *node.queue);
    switch (op) {
    case READ:
        thread_dataset(t, node.active.dataset, node.active.len);
        break;
    case ATTACH:
        if (node.refuse && node.refuse--) {
            thread_refused(t, TROTH_NET_BAD_DATASET);
            break;
        }
        node.active = node.given;
        node.attached++;
        thread_taken(t);
        thread_role(t, has(WRONG) ? TROTH_THREAD_DETACHED : TROTH_THREAD_CHILD);
        break;
    case DETACH:
        thread_role(t, TROTH_THREAD_DETACHED);
        break;
    case FORGET:
        node.active.len = 0;
        node.forgotten++;
        thread_forgotten(t);
        break;
    case LISTEN:
        thread_listened(t, true);
        break;
    }
}

static void tick(struct net_thread *t, troth_ms now)
{
    (void)now;
    if (node.used && !is_out())
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

static struct lamp {
    struct store *store;
    struct troth_net_sink sink;
    struct troth_prov prov;
    bool kept_until_saved, full;
    unsigned stays;
    enum troth_net_reason failed;
    troth_ms now;
} d;

static void on_save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    (void)ctx;
    bool ok = store_begin(d.store) == TROTH_OK && credentials_save(d.store, NULL, c) == TROTH_OK &&
              (!d.kept_until_saved || credentials_kept_erase(d.store) == TROTH_OK) &&
              store_commit(d.store) == TROTH_OK;
    if (!ok)
        store_rollback(d.store);
    troth_prov_stored(&d.prov, serial, ok);
}

static void on_erase(void *ctx, uint32_t serial)
{
    (void)ctx;
    troth_prov_stored(&d.prov, serial, credentials_erase(d.store) == TROTH_OK);
}

static void on_event(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    if (e->type == TROTH_PROV_EV_ATTEMPT_FAILED)
        d.failed = e->reason;
}

static bool keep_save(void *ctx, const struct net_kept *kept)
{
    (void)ctx;
    d.kept_until_saved = false;
    return !d.full && credentials_kept_save(d.store, NULL, kept) == TROTH_OK;
}

static bool keep_load(void *ctx, struct net_kept *kept)
{
    (void)ctx;
    return credentials_kept_load(d.store, NULL, kept) == TROTH_OK;
}

static void keep_drop(void *ctx, const struct troth_thread *joined)
{
    struct troth_credentials c;
    (void)ctx;
    d.kept_until_saved = joined && !(credentials_load(d.store, NULL, &c) == TROTH_OK &&
                                     c.u.thread.len == joined->len &&
                                     !memcmp(c.u.thread.dataset, joined->dataset, joined->len));
    if (!d.kept_until_saved)
        credentials_kept_erase(d.store);
}

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    (void)ctx;
    (void)words;
    d.stays += what == NET_STAYS;
}

static bool no_address(void *ctx, char text[46])
{
    (void)ctx;
    (void)text;
    return false;
}

static void power_on(struct store *s)
{
    struct troth_credentials stored;
    struct troth_thread active = node.active;
    memset(&d, 0, sizeof d);
    memset(&node, 0, sizeof node);
    node.active = active;
    d.store = s;
    d.now = 1;
    d.sink = (struct troth_net_sink){troth_prov_net_report, &d.prov};
    bool any = credentials_load(s, NULL, &stored) == TROTH_OK;
    struct net_config config = {.sink = &d.sink,
                                .join_ms = 2000,
                                .notice = on_notice,
                                .ours = any ? &stored.u.thread : NULL,
                                .keep = {keep_save, keep_load, keep_drop, NULL},
                                .address = no_address};
    assert_true(thread_open(&node.thread, &service, &config, "wpan0"));
    struct troth_prov_config prov = {.net = net_backend_net(&node.thread.base),
                                     .save = on_save,
                                     .erase = on_erase,
                                     .event = on_event,
                                     .attempts = 1};
    troth_prov_init(&d.prov, &prov);
    thread_role(&node.thread, active.len ? TROTH_THREAD_CHILD : TROTH_THREAD_DETACHED);
    troth_prov_start(&d.prov, any ? &stored : NULL);
    thread_here(&node.thread, "wpan0");
}

static void power_off(void)
{
    net_backend_close(&node.thread.base);
    store_close(d.store);
}

static void pass(uint32_t ms)
{
    for (troth_ms end = d.now + ms; d.now < end && !is_out(); d.now += 10) {
        net_backend_tick(&node.thread.base, d.now);
        troth_prov_tick(&d.prov, d.now);
    }
}

static void give(const char *hex)
{
    struct troth_credentials *c = troth_prov_stage(&d.prov, 1);
    c->kind = TROTH_NET_THREAD;
    c->u.thread = set_of(hex);
    assert_int_equal(troth_prov_connect(&d.prov, 1), TROTH_OK);
}

/* ---- the power cut everywhere ---- */

static void run(void *context)
{
    (void)context;
    cutting = true;
    erasing = to_the_end = false;
    node.active = set_of(THEIRS);
    struct store *s = powercut_open();
    if (!s)
        return;
    power_on(s);
    give(WRONG); /* with theirs before */
    pass(10000);
    if (!is_out())
        assert_true(has(THEIRS) && node.attached == 2);
    give(HEATH);
    pass(10000);
    give(WRONG); /* with ours before, and at once another */
    pass(2100);
    give(THIRD);
    node.refuse = 1;
    pass(10000);
    if (!is_out()) {
        assert_true(has(HEATH));
        assert_int_equal(d.prov.online, true);
        erasing = true;
        troth_prov_erase(&d.prov, 1);
        pass(10000);
        to_the_end = !is_out();
    }
    power_off();
}

static void check(void *context)
{
    struct troth_thread left = node.active;
    struct store *s = powercut_reopen();
    struct troth_credentials c;
    struct net_kept kept;
    (void)context;
    cutting = false;
    bool stored = credentials_load(s, NULL, &c) == TROTH_OK;
    if (!left.len && !erasing)
        fail_msg("%s: OpenThread has none", powercut_where());
    power_on(s);
    pass(10000);
    if (stored    ? !has(HEATH) || !d.prov.online
        : erasing ? node.active.len && !has(HEATH)
                  : !has(THEIRS) || node.thread.role == TROTH_THREAD_DETACHED)
        fail_msg("%s: %s, and OpenThread has another", powercut_where(),
                 stored ? "stored" : "nothing stored");
    if (credentials_kept_load(s, NULL, &kept) != TROTH_NOT_FOUND)
        fail_msg("%s: it is kept still", powercut_where());
    power_off();
    node.active = left; /* for the next way the disk may have kept it */
}

static void test_what_was_there_is_there_again(void **state)
{
    (void)state;
    unsigned operations = powercut_story(run, check);
    assert_true(to_the_end);
    assert_true(operations > 60);
}

/* ---- what is forgotten ---- */

static void start(const char *active, const char *stored)
{
    struct store *s;
    char why[300];
    remove(powercut_path());
    assert_int_equal(store_open(&s, powercut_path(), why, sizeof why), TROTH_OK);
    node.active.len = 0;
    if (active)
        node.active = set_of(active);
    if (stored) {
        struct troth_credentials c = {.kind = TROTH_NET_THREAD, .u.thread = set_of(stored)};
        assert_int_equal(credentials_save(s, NULL, &c), TROTH_OK);
    }
    power_on(s);
}

static void erase(void)
{
    assert_int_equal(troth_prov_erase(&d.prov, 1), TROTH_OK);
    pass(3900); /* it does not wait for a time to run out */
    assert_int_equal(d.prov.state, TROTH_PROV_IDLE);
}

static void test_an_erase_forgets_what_is_ours_alone(void **state)
{
    (void)state;
    start(THEIRS, NULL); /* nothing was ever given */
    erase();
    assert_true(has(THEIRS) && !node.forgotten && !node.attached && d.stays == 1);
    power_off();

    start(NULL, NULL);
    erase();
    assert_true(!node.forgotten && !d.stays);
    power_off();

    start(HEATH, HEATH);
    pass(1000);
    erase();
    assert_true(!node.active.len && node.forgotten == 1 && !d.stays);
    power_off();

    start(HEATH, HEATH); /* the same before it is joined */
    erase();
    assert_true(!node.active.len && node.forgotten == 1);
    power_off();

    start(HEATH, HEATH); /* another came in its place */
    pass(1000);
    node.active = set_of(WRONG); /* one network's name, another key */
    erase();
    assert_true(has(WRONG) && !node.forgotten && d.stays == 1);
    power_off();

    start(THEIRS, NULL); /* in the middle of the first attempt */
    give(WRONG);
    pass(1000);
    assert_true(has(WRONG));
    erase();
    assert_true(has(THEIRS) && !node.forgotten && d.stays);
    power_off();

    start(HEATH, HEATH); /* of another */
    pass(1000);
    give(WRONG);
    pass(1000);
    assert_true(has(WRONG));
    erase();
    assert_true(!node.active.len);
    power_off();
}

static void test_nothing_is_tried_where_nothing_can_be_kept(void **state)
{
    (void)state;
    start(THEIRS, NULL);
    d.full = true;
    give(HEATH);
    pass(10000);
    assert_int_equal(d.failed, TROTH_NET_NOT_STORED);
    assert_true(has(THEIRS) && !node.attached && !node.forgotten);
    assert_int_equal(node.thread.role, TROTH_THREAD_CHILD);
    d.full = false;
    give(HEATH);
    pass(1000);
    assert_true(has(HEATH) && d.prov.online);
    power_off();
}

/* Too long to be a dataset: it could not be given back. */
static void test_what_cannot_be_kept_is_not_overwritten(void **state)
{
    static const uint8_t many[300];
    (void)state;
    start(THEIRS, NULL);
    give(HEATH);
    node.used = 0;
    thread_dataset(&node.thread, many, sizeof many);
    pass(10000);
    assert_int_equal(d.failed, TROTH_NET_OTHER);
    assert_true(has(THEIRS) && !node.attached && !node.forgotten);
    power_off();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_was_there_is_there_again),
        cmocka_unit_test(test_an_erase_forgets_what_is_ours_alone),
        cmocka_unit_test(test_nothing_is_tried_where_nothing_can_be_kept),
        cmocka_unit_test(test_what_cannot_be_kept_is_not_overwritten),
    };
    return cmocka_run_group_tests(tests, powercut_folder, powercut_no_folder);
}
