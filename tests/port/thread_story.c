/* A Thread device's life: provisioned on the simulated network, switched off, used again. */
#include "ports/linux/credentials.h"
#include "ports/linux/netsim_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include <troth/dataset.h>
#include <troth/prov.h>

static const char networks[] = "[thread]\n"
                               "name = Meadow\n"
                               "network_key = 00112233445566778899aabbccddeeff\n"
                               "ext_pan_id = 1111111122222222\n"
                               "pan_id = 1234\n"
                               "signal = -80\n"
                               "[thread]\n"
                               "name = Meadow\n"
                               "network_key = 00112233445566778899aabbccddeeff\n"
                               "ext_pan_id = 1111111122222222\n"
                               "pan_id = 1234\n"
                               "signal = -40\n"
                               "router_ms = 1000\n"
                               "[thread]\n"
                               "name = Harbour\n"
                               "channel = 25\n"
                               "network_key = ffeeddccbbaa99887766554433221100\n";

static char directory[64], path[96], why[512];
static struct device {
    struct store *store;
    struct netsim net;
    struct troth_net_sink sink;
    struct troth_prov prov;
    struct troth_scan_result seen[8];
    unsigned seen_count;
} device;
static troth_ms now;

static void save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    struct device *d = ctx;
    troth_prov_stored(&d->prov, serial, credentials_save(d->store, NULL, c) == TROTH_OK);
}

static void erase(void *ctx, uint32_t serial)
{
    struct device *d = ctx;
    troth_prov_stored(&d->prov, serial, credentials_erase(d->store) == TROTH_OK);
}

static void event(void *ctx, const struct troth_prov_event *e)
{
    struct device *d = ctx;
    if (e->type == TROTH_PROV_EV_SCAN_RESULT && d->seen_count < 8)
        d->seen[d->seen_count++] = *e->u.result;
}

static void power_on(void)
{
    struct device *d = &device;
    struct troth_credentials kept;
    memset(d, 0, sizeof *d);
    assert_int_equal(store_open(&d->store, path, why, sizeof why), TROTH_OK);
    assert_true(netsim_parse(&d->net, "networks", networks, strlen(networks), why, sizeof why));
    d->sink = (struct troth_net_sink){troth_prov_net_report, &d->prov};
    netsim_start(&d->net, &d->sink, NULL, now);
    struct troth_prov_config config = {.net = troth_net_sim_net(&d->net.sim),
                                       .save = save,
                                       .erase = erase,
                                       .event = event,
                                       .ctx = d};
    troth_prov_init(&d->prov, &config);
    bool any = credentials_load(d->store, NULL, &kept) == TROTH_OK;
    troth_prov_start(&d->prov, any ? &kept : NULL);
}

static void power_off(void)
{
    store_close(device.store);
    netsim_close(&device.net);
    now += 1000;
}

static void pass(uint32_t ms)
{
    troth_ms end = now + ms;
    for (; now < end; now += 10) {
        troth_net_sim_tick(&device.net.sim, now);
        troth_prov_tick(&device.prov, now);
    }
}

static struct troth_prov_status status(void)
{
    struct troth_prov_status s;
    troth_prov_status(&device.prov, &s);
    return s;
}

/* What a client does once a person picked a network and typed its key. */
static void provision(const struct troth_scan_result *network, const char *key)
{
    struct troth_thread typed;
    struct troth_credentials *c = troth_prov_stage(&device.prov, 1);
    assert_non_null(c);
    assert_int_equal(troth_dataset_from_text(&typed, key, strlen(key)), TROTH_DATASET_FINE);
    c->kind = TROTH_NET_THREAD;
    assert_int_equal(troth_dataset_pick(&c->u.thread, network, typed.dataset), TROTH_OK);
    assert_int_equal(troth_prov_connect(&device.prov, 1), TROTH_OK);
}

static void test_scan_pick_attach_restart(void **state)
{
    (void)state;
    power_on();
    assert_int_equal(status().state, TROTH_PROV_IDLE);
    assert_int_equal(troth_prov_scan(&device.prov), TROTH_OK);
    pass(1000);
    assert_int_equal(device.seen_count, 3);
    const struct troth_scan_result *pick = &device.seen[1];
    assert_int_equal(pick->rssi, -40);

    provision(pick, "00112233445566778899aabbccddeeff");
    assert_int_equal(status().state, TROTH_PROV_CONNECTING);
    pass(1500);
    struct troth_prov_status s = status();
    assert_int_equal(s.state, TROTH_PROV_CONNECTED);
    assert_true(s.online && s.stored);
    assert_int_equal(s.info.role, TROTH_THREAD_CHILD);
    assert_int_equal(s.info.rssi, -40); /* by the stronger router */
    pass(1500);
    assert_int_equal(status().info.role, TROTH_THREAD_ROUTER);
    power_off();

    power_on();
    assert_int_equal(status().state, TROTH_PROV_CONNECTING);
    pass(1500);
    s = status();
    assert_int_equal(s.state, TROTH_PROV_CONNECTED);
    assert_int_equal(s.kind, TROTH_NET_THREAD);
    assert_int_equal(s.thread.pan_id, 0x1234);
    assert_memory_equal(s.thread.name.b, "Meadow", 6);

    /* A wrong key for another network costs nothing. */
    assert_int_equal(troth_prov_scan(&device.prov), TROTH_OK);
    pass(1000);
    provision(&device.seen[2], "00112233445566778899aabbccddeeff");
    pass(10000);
    s = status();
    assert_int_equal(s.state, TROTH_PROV_FAILED);
    assert_int_equal(s.reason, TROTH_NET_WRONG_KEY);
    assert_true(s.kept && s.online);
    assert_memory_equal(s.thread.name.b, "Meadow", 6);
    power_off();

    /* The right one replaces it, over a restart too; an erase forgets it. */
    power_on();
    pass(1500);
    struct troth_scan_result harbour = {.kind = TROTH_NET_THREAD, .channel = 25};
    harbour.thread = (struct troth_thread_id){.pan_id = 0x1203, .ext_pan_id = {2, [7] = 3}};
    provision(&harbour, "ffeeddccbbaa99887766554433221100");
    pass(1500);
    assert_int_equal(status().state, TROTH_PROV_CONNECTED);
    power_off();
    power_on();
    pass(1500);
    assert_memory_equal(status().thread.name.b, "Harbour", 7);
    assert_int_equal(troth_prov_erase(&device.prov, 1), TROTH_OK);
    pass(100);
    assert_int_equal(status().state, TROTH_PROV_IDLE);
    power_off();
    power_on();
    assert_int_equal(status().state, TROTH_PROV_IDLE);
    assert_int_equal(status().kind, 0);
    power_off();
}

static int make_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/troth-thread-XXXXXX");
    if (!mkdtemp(directory))
        return -1;
    snprintf(path, sizeof path, "%s/store", directory);
    now = 1000;
    return 0;
}

static int remove_directory(void **state)
{
    char journal[128];
    (void)state;
    snprintf(journal, sizeof journal, "%s-journal", path);
    unlink(path);
    unlink(journal);
    return rmdir(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_scan_pick_attach_restart, make_directory,
                                        remove_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
