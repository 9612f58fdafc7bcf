/* The provisioning session with Thread: the same course, beside Wi-Fi and across to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <troth/dataset.h>

#include "tests/support/prov_bench.h"

static const uint8_t secret[] = "sixteen octets!!";
static const struct troth_net both = {&net_ops, NULL,
                                      1u << TROTH_NET_WIFI | 1u << TROTH_NET_THREAD};

static int fresh_both(void **state)
{
    fresh(state);
    config.net = &both;
    return 0;
}

static struct troth_thread dataset(const char *name)
{
    struct troth_dataset d = {.has_network_key = true,
                              .has_pan_id = true,
                              .has_ext_pan_id = true,
                              .pan_id = 0x1234,
                              .ext_pan_id = {0xde, 0xad, 0, 0xbe, 0xef, 0, 0xca, 0xfe}};
    struct troth_thread t = {.len = 0};
    d.name.len = (uint8_t)strlen(name);
    memcpy(d.name.b, name, d.name.len);
    memcpy(d.network_key, secret, 16);
    assert_int_equal(troth_dataset_build(&t, &d), TROTH_OK);
    return t;
}

static void stage_thread(troth_link writer, const char *name)
{
    struct troth_credentials *c = troth_prov_stage(&prov, writer);
    assert_non_null(c);
    memset(c, 0, sizeof *c);
    c->kind = TROTH_NET_THREAD;
    c->u.thread = dataset(name);
}

static void attach_to(troth_link writer, const char *name)
{
    stage_thread(writer, name);
    assert_int_equal(troth_prov_connect(&prov, writer), TROTH_OK);
}

static void attached(enum troth_net_report_type type, uint8_t role)
{
    struct troth_net_info info = {.address = "fd00::10", .channel = 15, .rssi = -40, .role = role};
    info.thread.pan_id = 0x4321; /* as the network's leader tells it */
    memcpy(info.thread.ext_pan_id, "\xde\xad\x00\xbe\xef\x00\xca\xfe", 8);
    info.thread.name = (struct troth_thread_name){7, "Orchard"};
    struct troth_net_report r = {.type = type, .id = joining, .info = &info};
    sink.report(sink.ctx, &r);
}

static void attach_ok(void)
{
    attached(TROTH_NET_JOINED, TROTH_THREAD_CHILD);
}

static void test_the_course(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    attach_to(1, "Meadow");
    expect("CONNECTING attempt1 join:thread:Meadow");
    assert_int_equal(tried.kind, TROTH_NET_THREAD);
    struct troth_thread t = dataset("Meadow");
    assert_int_equal(tried.u.thread.len, t.len);
    assert_memory_equal(tried.u.thread.dataset, t.dataset, t.len);
    assert_int_equal(status().attempts_left, 3);
    attach_ok();
    expect("save:thread:Meadow");
    stored(true);
    expect("stored CONNECTED");
    struct troth_prov_status s = status();
    assert_true(s.online && s.stored && !s.kept);
    assert_int_equal(s.kind, TROTH_NET_THREAD);
    assert_int_equal(s.ssid.len, 0);
    assert_int_equal(s.info.role, TROTH_THREAD_CHILD);
    assert_int_equal(s.info.channel, 15);
    assert_int_equal(s.thread.pan_id, 0x4321); /* the network knows best */
    char text[TROTH_SSID_TEXT];
    assert_string_equal(troth_prov_network_text(&s, text, sizeof text), "Orchard");
    assert_false(remembers(&prov.fresh, sizeof prov.fresh, (const char *)secret));
    assert_false(remembers(&s, sizeof s, (const char *)secret));
}

static void test_a_new_role_is_told_once(void **state)
{
    (void)state;
    power_on();
    attach_to(1, "Meadow");
    out[0] = 0;
    attached(TROTH_NET_CHANGED, TROTH_THREAD_ROUTER); /* not attached yet */
    expect("");
    attach_ok();
    stored(true);
    out[0] = 0;
    attached(TROTH_NET_CHANGED, TROTH_THREAD_ROUTER);
    expect("info");
    assert_int_equal(status().info.role, TROTH_THREAD_ROUTER);
    joining--; /* of another attempt */
    attached(TROTH_NET_CHANGED, TROTH_THREAD_LEADER);
    joining++;
    expect("");
    assert_int_equal(status().info.role, TROTH_THREAD_ROUTER);
    struct troth_net_report none = {.type = TROTH_NET_CHANGED, .id = joining};
    sink.report(sink.ctx, &none);
    expect("");
}

/* A backend that changes its mind many times while nobody listens overruns nothing. */
static unsigned storm;
static void change_often(const struct troth_prov_event *e)
{
    if (e->type != TROTH_PROV_EV_INFO || storm++)
        return;
    for (unsigned i = 0; i < 3 * TROTH_PROV_EVENTS; i++)
        attached(TROTH_NET_CHANGED, (uint8_t)(1 + i % 3));
}

static void test_many_new_roles(void **state)
{
    (void)state;
    power_on();
    attach_to(1, "Meadow");
    attach_ok();
    stored(true);
    out[0] = 0;
    storm = 0;
    on_event = change_often;
    attached(TROTH_NET_CHANGED, TROTH_THREAD_ROUTER);
    expect("info info");
}

static void test_what_is_stored_is_used_after_a_restart(void **state)
{
    (void)state;
    power_on();
    attach_to(1, "Meadow");
    attach_ok();
    stored(true);
    power_on();
    out[0] = 0;
    assert_memory_equal(&tried, &in_store, sizeof tried);
    struct troth_prov_status s = status(); /* until it is attached, by the dataset */
    assert_int_equal(s.kind, TROTH_NET_THREAD);
    assert_int_equal(s.thread.pan_id, 0x1234);
    assert_memory_equal(s.thread.name.b, "Meadow", 6);
    assert_memory_equal(s.thread.ext_pan_id, "\xde\xad\x00\xbe\xef\x00\xca\xfe", 8);
    attach_ok();
    expect("CONNECTED");
    in_store.u.thread.len--; /* damaged */
    power_on();
    assert_int_equal(status().state, TROTH_PROV_IDLE);
}

static void test_a_wrong_key_ends_after_its_attempts(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    attach_to(1, "Meadow");
    join_no(TROTH_NET_WRONG_KEY);
    pass(1000);
    join_no(TROTH_NET_TIMEOUT);
    pass(2000);
    join_no(TROTH_NET_TIMEOUT);
    expect("CONNECTING attempt1 join:thread:Meadow missed1(WRONG_KEY)2 attempt2 join:thread:Meadow "
           "missed2(TIMEOUT)1 attempt3 join:thread:Meadow missed3(TIMEOUT)0 FAILED(WRONG_KEY) "
           "leave");
    assert_int_equal(in_store.kind, 0);
    /* A new one is taken as it is. */
    attach_to(1, "Other");
    attach_ok();
    stored(true);
    expect("CONNECTING attempt1 join:thread:Other save:thread:Other stored CONNECTED");
}

static void test_a_bad_dataset_never_reaches_the_network(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    struct troth_credentials *c = troth_prov_stage(&prov, 1);
    c->kind = TROTH_NET_THREAD;
    assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
    expect("FAILED(NO_NETWORK_GIVEN)");
    c->u.thread = dataset("Meadow");
    c->u.thread.len--;
    assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
    expect("FAILED(BAD_DATASET)");
    static const uint8_t no_key[] = {1, 2, 0x12, 0x34};
    memcpy(c->u.thread.dataset, no_key, 4);
    c->u.thread.len = 4;
    assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
    expect("FAILED(BAD_DATASET)");
    c->u.thread = dataset("Meadow");
    assert_int_equal(troth_prov_connect(&prov, 1), TROTH_OK);
    expect("CONNECTING attempt1 join:thread:Meadow");
}

/* Back to what worked before, of the other kind. */
static void test_rollback_across_kinds(void **state)
{
    (void)state;
    joined_to_old();
    attach_to(2, "Meadow");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    expect("CONNECTING attempt1 join:thread:Meadow missed1(UNSUPPORTED_SECURITY)0 "
           "FAILED(UNSUPPORTED_SECURITY) attempt1 join:old");
    assert_int_equal(status().kind, TROTH_NET_WIFI);
    assert_false(remembers(&prov.fresh, sizeof prov.fresh, (const char *)secret));
    join_ok();
    expect("kept");
    assert_ssid(in_store.u.wifi.ssid, "old");
    troth_prov_gone(&prov, 2);
    out[0] = 0;

    attach_to(3, "Meadow");
    attach_ok();
    stored(true);
    expect("CONNECTING attempt1 join:thread:Meadow save:thread:Meadow stored CONNECTED");
    troth_prov_gone(&prov, 3);
    connect_to(4, "new");
    join_no(TROTH_NET_UNSUPPORTED_SECURITY);
    expect("CONNECTING attempt1 join:new missed1(UNSUPPORTED_SECURITY)0 "
           "FAILED(UNSUPPORTED_SECURITY) attempt1 join:thread:Meadow");
    attach_ok();
    expect("kept");
    assert_int_equal(in_store.kind, TROTH_NET_THREAD);
    assert_int_equal(status().kind, TROTH_NET_THREAD);
    assert_int_equal(status().ssid.len, 0);
}

static void test_writers_of_both_kinds_stage_apart(void **state)
{
    (void)state;
    power_on();
    out[0] = 0;
    stage_thread(1, "Meadow");
    stage(2, "home", TROTH_WIFI_AUTO, "open sesame");
    troth_prov_connect(&prov, 2);
    expect("CONNECTING attempt1 join:home");
    troth_prov_connect(&prov, 1); /* the latest wins */
    expect("CONNECTING attempt1 join:thread:Meadow");
    troth_prov_gone(&prov, 1);
    troth_prov_gone(&prov, 2);
    assert_false(remembers(prov.staged, sizeof prov.staged, (const char *)secret));
    assert_false(remembers(prov.staged, sizeof prov.staged, "sesame"));
}

static void test_erase_forgets_the_dataset(void **state)
{
    (void)state;
    power_on();
    attach_to(1, "Meadow");
    attach_ok();
    stored(true);
    stage_thread(2, "Other");
    out[0] = 0;
    assert_int_equal(troth_prov_erase(&prov, 1), TROTH_OK);
    expect("leave erase");
    stored(true);
    net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
    expect("IDLE erased:1");
    assert_int_equal(in_store.kind, 0);
    assert_false(remembers(&prov, sizeof prov, (const char *)secret));
}

static void test_lost_and_attached_again(void **state)
{
    (void)state;
    power_on();
    attach_to(1, "Meadow");
    attach_ok();
    stored(true);
    out[0] = 0;
    net_lost();
    expect("lost(LINK_LOST) CONNECTING(LINK_LOST)");
    assert_int_equal(status().info.role, TROTH_THREAD_DETACHED);
    pass(1000);
    attach_ok();
    expect("attempt1 join:thread:Meadow CONNECTED");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_the_course, fresh_both),
        cmocka_unit_test_setup(test_a_new_role_is_told_once, fresh_both),
        cmocka_unit_test_setup(test_many_new_roles, fresh_both),
        cmocka_unit_test_setup(test_what_is_stored_is_used_after_a_restart, fresh_both),
        cmocka_unit_test_setup(test_a_wrong_key_ends_after_its_attempts, fresh_both),
        cmocka_unit_test_setup(test_a_bad_dataset_never_reaches_the_network, fresh_both),
        cmocka_unit_test_setup(test_rollback_across_kinds, fresh_both),
        cmocka_unit_test_setup(test_writers_of_both_kinds_stage_apart, fresh_both),
        cmocka_unit_test_setup(test_erase_forgets_the_dataset, fresh_both),
        cmocka_unit_test_setup(test_lost_and_attached_again, fresh_both),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
