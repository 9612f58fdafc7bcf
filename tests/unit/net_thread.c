/* The simulated Thread network: who attaches, how it fails, what a scan shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <troth/dataset.h>
#include <troth/net_sim.h>

#define KEY_1 "051000112233445566778899aabbccddeeff"
#define KEY_2 "0510ffeeddccbbaa99887766554433221100"
/* Channel 15, PAN ID 0x1234, name Meadow. */
#define MEADOW                                                                                     \
    "000300000f01021234"                                                                           \
    "02081111111122222222"                                                                         \
    "03064d6561646f77" KEY_1
/* Channel 25, the same PAN ID, name Harbour. */
#define HARBOUR                                                                                    \
    "000300001901021234"                                                                           \
    "02087e010e5a22beb040"                                                                         \
    "0307486172626f7572" KEY_2

static char seen[1024]; /* reports and observations, in order */

static void note(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void note(const char *format, ...)
{
    size_t at = strlen(seen);
    va_list args;
    va_start(args, format);
    vsnprintf(seen + at, sizeof seen - at, format, args);
    va_end(args);
}

static struct troth_net_sim sim;
static troth_ms now;

static void report(void *ctx, const struct troth_net_report *r)
{
    (void)ctx;
    char name[TROTH_THREAD_NAME_TEXT] = "none";
    if (r->info)
        troth_thread_name_text(&r->info->thread.name, name, sizeof name);
    switch (r->type) {
    case TROTH_NET_JOINED:
        note("joined%u:%s/%u/%04x/%s@%s ", (unsigned)r->id, name, r->info->channel,
             r->info->thread.pan_id, troth_thread_role_name(r->info->role), r->info->address);
        break;
    case TROTH_NET_CHANGED:
        note("changed%u:%s ", (unsigned)r->id, troth_thread_role_name(r->info->role));
        break;
    case TROTH_NET_JOIN_FAILED:
        note("failed%u:%s ", (unsigned)r->id, troth_net_reason_name(r->reason));
        break;
    case TROTH_NET_LOST:
        note("lost%u:%s ", (unsigned)r->id, troth_net_reason_name(r->reason));
        break;
    case TROTH_NET_LEFT:
        note("left%u ", (unsigned)r->id);
        break;
    case TROTH_NET_SCAN_RESULT: {
        const struct troth_scan_result *s = r->result;
        if (s->kind != TROTH_NET_THREAD) {
            note("wifi:%.*s ", s->ssid.len, (const char *)s->ssid.b);
            break;
        }
        note("%s/%u/%04x/%02x%02x/%02x/%d/%u/%u/%d ",
             troth_thread_name_text(&s->thread.name, name, sizeof name), s->channel,
             s->thread.pan_id, s->thread.ext_pan_id[0], s->thread.ext_pan_id[7], s->ext_addr[7],
             s->rssi, s->lqi, s->version, s->joinable);
        break;
    }
    case TROTH_NET_SCAN_DONE:
        note("scanned%u ", (unsigned)r->id);
        break;
    case TROTH_NET_STATUS:
        note("status%u:%s/%s ", (unsigned)r->id, name,
             r->info ? troth_thread_role_name(r->info->role) : "-");
        break;
    }
}

static const struct troth_net_sink sink = {report, NULL};

static void until(troth_ms end)
{
    for (;;) {
        troth_ms d = troth_net_sim_deadline(&sim);
        if (d > end)
            break;
        if (d > now)
            now = d;
        troth_net_sim_tick(&sim, now);
    }
    now = end;
    troth_net_sim_tick(&sim, now);
}

static void start(const struct troth_sim_network *table, unsigned count)
{
    seen[0] = 0;
    now = 1000;
    memset(&sim, 0xa5, sizeof sim);
    sim.networks = table;
    sim.count = count;
    sim.scan_ms = 0;
    sim.sink = &sink;
    sim.observe = NULL;
    sim.ctx = NULL;
    troth_net_sim_init(&sim, now);
}

static struct troth_sim_network router(const char *dataset, uint8_t number, int8_t rssi)
{
    struct troth_sim_network n = {
        .kind = TROTH_NET_THREAD, .rssi = rssi, .lqi = 9, .version = 4, .ext_addr[7] = number};
    assert_int_equal(troth_dataset_from_text(&n.dataset, dataset, strlen(dataset)),
                     TROTH_DATASET_FINE);
    assert_int_equal(troth_dataset_check(n.dataset.dataset, n.dataset.len, NULL),
                     TROTH_DATASET_FINE);
    return n;
}

static int join(uint32_t id, const char *dataset)
{
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    troth_dataset_from_text(&c.u.thread, dataset, strlen(dataset));
    const struct troth_net *net = troth_net_sim_net(&sim);
    return net->ops->join(net->ctx, id, &c);
}

static void test_who_attaches_where(void **state)
{
    (void)state;
    static const struct {
        const char *dataset, *end;
    } rows[] = {
        {MEADOW, "joined7:Meadow/15/1234/child@fd00::10 "},
        {HARBOUR, "joined7:Harbour/25/1234/child@fd00::10 "},
        {KEY_1, "joined7:Meadow/15/1234/child@fd00::10 "}, /* the key alone */
        {KEY_2, "joined7:Harbour/25/1234/child@fd00::10 "},
        {"051000000000000000000000000000000000", "failed7:NOT_FOUND "},
        {"01021234" KEY_2, "joined7:Harbour/25/1234/child@fd00::10 "}, /* two have it */
        {"0003000019" KEY_2, "joined7:Harbour/25/1234/child@fd00::10 "},
        {"0003000019" KEY_1, "failed7:WRONG_KEY "},
        {"02087e010e5a22beb040" KEY_1, "failed7:WRONG_KEY "},
        {"02087e010e5a22beb041" KEY_1, "failed7:NOT_FOUND "},
        {"0003000010" KEY_1, "failed7:NOT_FOUND "},
        {"01021235" KEY_1, "failed7:NOT_FOUND "},
        {"000300000f"
         "02087e010e5a22beb040" KEY_2,
         "failed7:NOT_FOUND "},                                               /* not one network */
        {"0306466f72657374" KEY_1, "joined7:Meadow/15/1234/child@fd00::10 "}, /* renamed */
        {"0e080000000000010000"
         "0c0402a0f7f8"
         "fe00" MEADOW,
         "joined7:Meadow/15/1234/child@fd00::10 "},
    };
    struct troth_sim_network n[] = {router(MEADOW, 1, -60), router(HARBOUR, 2, -40)};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        start(n, 2);
        assert_int_equal(join(7, rows[i].dataset), TROTH_OK);
        until(now + 10000);
        if (strcmp(seen, rows[i].end) != 0)
            fail_msg("row %zu: %s", i, seen);
    }
}

static void test_refusals_and_kinds(void **state)
{
    (void)state;
    struct troth_sim_network n[] = {router(MEADOW, 1, -60), {.ssid = {1, "w"}}};
    start(n, 1);
    assert_int_equal(troth_net_sim_net(&sim)->kinds, 1u << TROTH_NET_THREAD);
    struct troth_credentials wifi = {.kind = TROTH_NET_WIFI, .u.wifi.ssid = {1, "w"}};
    assert_int_equal(sim.net.ops->join(&sim, 1, &wifi), TROTH_UNSUPPORTED);
    assert_int_equal(join(1, "01021234"), TROTH_INVALID); /* no key */
    assert_int_equal(join(0, MEADOW), TROTH_INVALID);
    start(n, 2);
    assert_int_equal(troth_net_sim_net(&sim)->kinds, 1u << TROTH_NET_THREAD | 1u << TROTH_NET_WIFI);
    assert_int_equal(sim.net.ops->join(&sim, 1, &wifi), TROTH_OK);
    until(now + 1000);
    assert_true(sim.joined == &n[1]);
    assert_int_equal(join(2, MEADOW), TROTH_OK);
    assert_null(sim.joined);
    until(now + 5000);
    assert_true(sim.joined == &n[0]);
    start(&n[1], 1);
    assert_int_equal(troth_net_sim_net(&sim)->kinds, 1u << TROTH_NET_WIFI);
    assert_int_equal(join(1, MEADOW), TROTH_UNSUPPORTED);
    start(NULL, 0);
    assert_int_equal(troth_net_sim_net(&sim)->kinds, 1u << TROTH_NET_WIFI);
}

static void test_how_it_misbehaves(void **state)
{
    (void)state;
    struct troth_sim_network n = router(MEADOW, 1, -60);
    n.wrong_as = TROTH_NET_NOT_FOUND; /* as a real one looks */
    start(&n, 1);
    join(1, "000300000f" KEY_2);
    until(now + 5000);
    n.no_address = true;
    join(2, MEADOW);
    until(now + 5000);
    n.no_address = false;
    n.flaky = 1;
    join(3, MEADOW);
    until(now + 5000);
    join(4, MEADOW);
    until(now + 5000);
    assert_string_equal(seen, "failed1:NOT_FOUND failed2:NO_ADDRESS failed3:TIMEOUT "
                              "joined4:Meadow/15/1234/child@fd00::10 ");
    n.flaky = 0;
    n.silent = true;
    start(&n, 1);
    join(1, MEADOW);
    until(now + 3600000);
    assert_string_equal(seen, "");
    n.silent = false;
    n.lose_ms = 4000;
    start(&n, 1);
    join(1, MEADOW);
    until(now + 3600000);
    assert_string_equal(seen, "joined1:Meadow/15/1234/child@fd00::10 lost1:LINK_LOST ");
    n.lose_ms = 0;
    n.down_ms = 500; /* while it is being attached to */
    n.up_ms = 9000;
    start(&n, 1);
    join(1, MEADOW);
    until(1000 + 8999);
    join(2, MEADOW);
    until(now + 2500);
    join(3, MEADOW);
    until(now + 2500);
    assert_string_equal(seen, "failed1:NOT_FOUND failed2:NOT_FOUND "
                              "joined3:Meadow/15/1234/child@fd00::10 ");
}

static void test_how_long_it_takes(void **state)
{
    (void)state;
    struct troth_sim_network n = router(MEADOW, 1, -60);
    start(&n, 1);
    join(1, MEADOW);
    until(now + 999);
    assert_string_equal(seen, "");
    until(now + 1);
    assert_string_equal(seen, "joined1:Meadow/15/1234/child@fd00::10 ");
    seen[0] = 0;
    join(2, "01029999" KEY_1);
    until(now + 1999);
    assert_string_equal(seen, "");
    until(now + 1);
    assert_string_equal(seen, "failed2:NOT_FOUND ");
    n.join_ms = 30;
    seen[0] = 0;
    join(3, MEADOW);
    until(now + 30);
    assert_string_equal(seen, "joined3:Meadow/15/1234/child@fd00::10 ");
}

static void test_roles(void **state)
{
    (void)state;
    struct troth_sim_network n = router(MEADOW, 1, -60);
    n.router_ms = 5000;
    start(&n, 1);
    sim.net.ops->status(&sim, 8);
    join(1, MEADOW);
    until(1000 + 1000);
    assert_true(troth_net_sim_deadline(&sim) <= now + 5000); /* whoever waits is told so */
    until(1000 + 1000 + 4999);
    assert_string_equal(seen, "status8:none/- joined1:Meadow/15/1234/child@fd00::10 ");
    until(now + 1);
    sim.net.ops->status(&sim, 9);
    until(now + 100);
    assert_string_equal(seen, "status8:none/- joined1:Meadow/15/1234/child@fd00::10 "
                              "changed1:router status9:Meadow/router ");
    seen[0] = 0;
    join(2, MEADOW); /* begins as a child again; left before it rises */
    until(now + 2000);
    sim.net.ops->leave(&sim, 3);
    until(now + 60000);
    assert_string_equal(seen, "joined2:Meadow/15/1234/child@fd00::10 left3 ");
    n.role = TROTH_THREAD_LEADER;
    start(&n, 1);
    join(1, MEADOW);
    until(now + 60000);
    assert_string_equal(seen, "joined1:Meadow/15/1234/leader@fd00::10 ");
    n.role = 0;
    start(&n, 1);
    join(1, MEADOW);
    until(now + 2000);
    troth_net_sim_lose(&sim, TROTH_NET_LINK_LOST);
    until(now + 60000);
    assert_string_equal(seen, "joined1:Meadow/15/1234/child@fd00::10 lost1:LINK_LOST ");
}

static void test_a_scan_shows_each_router(void **state)
{
    (void)state;
    struct troth_sim_network n[] = {router(MEADOW, 1, -60),
                                    {.ssid = {1, "w"}},
                                    router(HARBOUR, 3, -40),
                                    router(MEADOW, 4, -30)};
    n[2].joinable = true;
    n[2].version = 0;
    start(n, 4);
    sim.net.ops->scan(&sim, 5);
    until(now + 1000);
    assert_string_equal(seen, "Meadow/15/1234/1122/01/-60/9/4/0 wifi:w "
                              "Harbour/25/1234/7e40/03/-40/9/0/1 "
                              "Meadow/15/1234/1122/04/-30/9/4/0 scanned5 ");
    join(1, MEADOW); /* by the strongest */
    until(now + 2000);
    assert_true(sim.joined == &n[3]);
}

static void observe(void *ctx, const struct troth_sim_event *e)
{
    static const char *const names[] = {"joining", "joined", "failed",  "abandoned",
                                        "lost",    "left",   "scanned", "changed"};
    char name[TROTH_SSID_TEXT] = "-";
    (void)ctx;
    if (e->ssid)
        troth_ssid_text(e->ssid, name, sizeof name);
    note("<%s%u:%s> ", names[e->type], (unsigned)e->id, name);
}

static void test_an_observer_sees_names_and_no_key_stays(void **state)
{
    (void)state;
    struct troth_sim_network n = router(MEADOW, 1, -60);
    n.router_ms = 10;
    start(&n, 1);
    sim.observe = observe;
    join(1, "0003000010" KEY_2); /* nobody is meant */
    join(2, KEY_1);              /* the name is the network's */
    until(now + 3000);
    join(3, "0306466f72657374" KEY_1); /* as the device calls it, then as the network does */
    static const uint8_t key[] = {0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77};
    for (size_t i = 0; i + 8 <= sizeof sim; i++)
        assert_memory_not_equal((const char *)&sim + i, key, 8);
    until(now + 1000);
    sim.net.ops->leave(&sim, 4);
    assert_string_equal(seen,
                        "<joining1:> <abandoned1:> <joining2:Meadow> <joined2:Meadow> "
                        "joined2:Meadow/15/1234/child@fd00::10 <changed2:Meadow> changed2:router "
                        "<left2:Meadow> <joining3:Forest> <joined3:Meadow> "
                        "joined3:Meadow/15/1234/child@fd00::10 <left3:Meadow> ");
}

static void test_words_are_thread_s_own(void **state)
{
    (void)state;
    for (uint8_t r = 0; r <= TROTH_NET_WRONG_KEY; r++) {
        assert_string_equal(troth_net_reason_words_for(TROTH_NET_WIFI, r),
                            troth_net_reason_words(r));
        const char *words = troth_net_reason_words_for(TROTH_NET_THREAD, r);
        if (r != TROTH_NET_WRONG_PASSWORD && r != TROTH_NET_BAD_PASSWORD)
            assert_null(strstr(words, "password"));
        assert_null(strstr(words, "DHCP"));
        for (uint8_t q = 0; q < r; q++)
            assert_string_not_equal(words, troth_net_reason_words_for(TROTH_NET_THREAD, q));
    }
    assert_string_equal(troth_thread_role_name(TROTH_THREAD_DETACHED), "detached");
    assert_string_equal(troth_thread_role_name(4), "(unknown)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_who_attaches_where),
        cmocka_unit_test(test_refusals_and_kinds),
        cmocka_unit_test(test_how_it_misbehaves),
        cmocka_unit_test(test_how_long_it_takes),
        cmocka_unit_test(test_roles),
        cmocka_unit_test(test_a_scan_shows_each_router),
        cmocka_unit_test(test_an_observer_sees_names_and_no_key_stays),
        cmocka_unit_test(test_words_are_thread_s_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
