/*
 * A Thread device is given a network by Espressif's protocol, then another, then a Wi-Fi network's
 * record takes their place, then all is erased: the power cut at every write of the store. Whenever
 * it goes, the store opens, what a client was told is there whole, and the device attaches with it.
 */
#include "ports/linux/credentials.h"
#include "ports/linux/netsim_file.h"
#include "support/powercut_store.h"

#include <stdio.h>
#include <string.h>

#include <troth/dataset.h>
#include <troth/protocomm.h>
#include <troth/protocomm_client.h>

static const char networks[] = "[thread]\n"
                               "name = Heath\n"
                               "network_key = 00112233445566778899aabbccddeeff\n"
                               "pan_id = 1234\n"
                               "ext_pan_id = 1111111122222222\n"
                               "[thread]\n"
                               "name = Harbour\n"
                               "network_key = ffeeddccbbaa99887766554433221100\n"
                               "pan_id = 4321\n"
                               "ext_pan_id = 3333333344444444\n";

static struct told {
    char network[17]; /* a status said that the device is attached to it; empty: none yet */
    char trying[17];  /* this one may be there already */
    bool replacing, replaced, erasing, erased;
} told;

static struct lamp {
    struct store *store;
    struct netsim net;
    struct troth_net_sink sink;
    struct troth_prov prov;
    struct troth_protocomm pc;
    troth_ms now;
    uint8_t reply[512];
    size_t reply_len;
    bool answered;
} d;

/* ---- the device ---- */

static void save(void *ctx, uint32_t serial, const struct troth_credentials *c)
{
    (void)ctx;
    troth_prov_stored(&d.prov, serial, credentials_save(d.store, NULL, c) == TROTH_OK);
}

static void erase(void *ctx, uint32_t serial)
{
    (void)ctx;
    troth_prov_stored(&d.prov, serial, credentials_erase(d.store) == TROTH_OK);
}

static void prov_event(void *ctx, const struct troth_prov_event *e)
{
    (void)ctx;
    if (e->type == TROTH_PROV_EV_ERASED && e->u.erased.ok)
        told.erased = true;
    troth_protocomm_prov_event(&d.pc, e);
}

static void respond(void *ctx, uint32_t session, int result, const uint8_t *out, size_t len)
{
    (void)ctx;
    (void)session;
    d.answered = result == TROTH_OK && len <= sizeof d.reply;
    d.reply_len = d.answered ? len : 0;
    if (d.reply_len)
        memcpy(d.reply, out, len);
}

static void power_on(struct store *s, const struct troth_credentials *stored)
{
    char why[512];
    memset(&d, 0, sizeof d);
    d.store = s;
    d.now = 1;
    assert_true(netsim_parse(&d.net, "networks", networks, strlen(networks), why, sizeof why));
    d.sink = (struct troth_net_sink){troth_prov_net_report, &d.prov};
    netsim_start(&d.net, &d.sink, NULL, d.now);
    struct troth_prov_config prov = {.net = troth_net_sim_net(&d.net.sim),
                                     .save = save,
                                     .erase = erase,
                                     .event = prov_event,
                                     .attempts = 1};
    struct troth_protocomm_config pc = {
        .prov = &d.prov, .kind = TROTH_NET_THREAD, .keep_running = true, .respond = respond};
    troth_prov_init(&d.prov, &prov);
    assert_int_equal(troth_protocomm_init(&d.pc, &pc), TROTH_OK);
    troth_prov_start(&d.prov, stored);
}

static void pass(uint32_t ms)
{
    for (troth_ms end = d.now + ms; d.now < end; d.now += 10) {
        troth_net_sim_tick(&d.net.sim, d.now);
        troth_prov_tick(&d.prov, d.now);
        troth_protocomm_tick(&d.pc, d.now);
    }
}

/* ---- its client ---- */

static int ask(struct troth_protocomm_ask what, struct troth_protocomm_answer *answer)
{
    uint8_t in[300];
    size_t len;
    what.kind = TROTH_NET_THREAD;
    assert_int_equal(troth_protocomm_ask(&what, in, sizeof in, &len), TROTH_OK);
    troth_protocomm_request(&d.pc, 1, TROTH_PROTOCOMM_CONFIG, in, len, d.now);
    assert_true(d.answered);
    return troth_protocomm_read(&what, d.reply, d.reply_len, answer);
}

static struct troth_credentials dataset(const char *hex)
{
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    assert_int_equal(troth_dataset_from_text(&c.u.thread, hex, strlen(hex)), TROTH_DATASET_FINE);
    return c;
}

/* False: the power is out. */
static bool give(const char *name, const char *hex)
{
    struct troth_credentials c = dataset(hex);
    struct troth_protocomm_answer a;
    snprintf(told.trying, sizeof told.trying, "%s", name);
    assert_int_equal(
        ask((struct troth_protocomm_ask){.op = TROTH_PROTOCOMM_OP_SET, .credentials = &c}, &a),
        TROTH_OK);
    assert_int_equal(ask((struct troth_protocomm_ask){.op = TROTH_PROTOCOMM_OP_APPLY}, &a),
                     TROTH_OK);
    pass(15000);
    assert_int_equal(ask((struct troth_protocomm_ask){.op = TROTH_PROTOCOMM_OP_STATUS}, &a),
                     TROTH_OK);
    /* Attached and not stored is told as attached, but the lines of a device say so. */
    bool ok = a.u.status.state == TROTH_PROTOCOMM_CONNECTED && d.prov.stored;
    if (ok)
        memcpy(told.network, told.trying, sizeof told.network);
    return ok;
}

#define HEATH   "0102123402081111111122222222051000112233445566778899aabbccddeeff"
#define HARBOUR "01024321020833333333444444440510ffeeddccbbaa99887766554433221100"

static bool to_the_end;

static void story(struct store *s)
{
    if (!give("Heath", HEATH) || !give("Harbour", HARBOUR))
        return;
    struct troth_credentials other = {
        .kind = TROTH_NET_WIFI, .u.wifi = {.ssid = {6, "Meadow"}, .security = TROTH_WIFI_OPEN}};
    told.replacing = !to_the_end;
    if (!to_the_end)
        told.replaced = credentials_save(s, NULL, &other) == TROTH_OK;
    told.erasing = to_the_end;
    if (to_the_end) {
        assert_int_equal(troth_prov_erase(&d.prov, 1), TROTH_OK);
        pass(30000);
    }
}

static void run(void *context)
{
    (void)context;
    memset(&told, 0, sizeof told);
    struct store *s = powercut_open();
    if (!s)
        return;
    power_on(s, NULL);
    story(s);
    netsim_close(&d.net);
    store_close(s);
}

/* ---- what must be true whenever the power went ---- */

static void attaches(struct store *s, const struct troth_credentials *c, char name[17])
{
    struct troth_prov_status status;
    struct told was = told;
    power_on(s, c);
    pass(15000);
    troth_prov_status(&d.prov, &status);
    if (!status.online || status.kind != TROTH_NET_THREAD)
        fail_msg("%s: what was stored does not attach", powercut_where());
    memcpy(name, status.thread.name.b, status.thread.name.len);
    name[status.thread.name.len] = 0;
    netsim_close(&d.net);
    told = was;
}

static void check(void *context)
{
    struct store *s = powercut_reopen();
    struct troth_credentials c;
    char name[17] = "";
    (void)context;
    int result = credentials_load(s, NULL, &c);
    if (result != TROTH_OK && result != TROTH_NOT_FOUND)
        fail_msg("%s: credentials: %d", powercut_where(), result);
    bool none = result == TROTH_NOT_FOUND, replaced = !none && c.kind == TROTH_NET_WIFI;
    if (!none && !replaced)
        attaches(s, &c, name);
    bool right = told.erased      ? none
                 : told.replaced  ? replaced
                 : none           ? !*told.network || told.erasing
                 : replaced       ? told.replacing
                 : !*told.network ? !strcmp(name, told.trying)
                                  : !strcmp(name, told.network) || !strcmp(name, told.trying);
    if (!right)
        fail_msg("%s: told of \"%s\", trying \"%s\", found \"%s\"", powercut_where(), told.network,
                 told.trying,
                 none       ? "none"
                 : replaced ? "Wi-Fi"
                            : name);
    store_close(s);
}

static void at_every_write(bool end)
{
    to_the_end = end;
    unsigned operations = powercut_story(run, check);
    /* It ran through once, and everything in it happened. */
    assert_string_equal(told.network, "Harbour");
    assert_int_equal(told.erased, end);
    assert_int_equal(told.replaced, !end);
    assert_true(operations > 30);
}

static void provisioned_and_replaced(void **state)
{
    (void)state;
    at_every_write(false);
}

static void provisioned_and_erased(void **state)
{
    (void)state;
    at_every_write(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(provisioned_and_replaced),
                                       cmocka_unit_test(provisioned_and_erased)};
    return cmocka_run_group_tests(tests, powercut_folder, powercut_no_folder);
}
