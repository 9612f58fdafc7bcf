/* A central over BlueZ, served by a bluetoothd made for the test on a bus of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ports/linux/bluez_client.h"
#include "support/bluez_double.h"

#define STATUS  0x0012 /* handles of values */
#define CCC     0x0013
#define CONTROL 0x0015

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct bluez *bluez;
    struct bluez_client *client;
    unsigned told[BLUEZ_CLIENT_REMOVE_FAILED + 1];
    char why[BLUEZ_WHY];
    unsigned reports, services, characteristics, descriptors, notifications, dones;
    unsigned connected, disconnected;
    struct troth_event last; /* DONE, CONNECTED */
    uint8_t data[256];       /* of a report, a value or a notification */
    uint16_t len, handle;
    int8_t rssi;
    bool counts; /* what would be asked when that report came */
    uint16_t first, last_handle, ccc;
} rig;

static void keep(const uint8_t *data, uint16_t len)
{
    assert_true(len <= sizeof rig.data);
    memcpy(rig.data, data, len);
    rig.len = len;
}

static void on_event(void *ctx, const struct troth_event *e)
{
    (void)ctx;
    switch (e->type) {
    case TROTH_EV_REPORT:
        rig.reports++;
        rig.counts = bluez_client_is_asked(rig.client);
        rig.rssi = e->u.report.rssi;
        keep(e->u.report.data, e->u.report.len);
        break;
    case TROTH_EV_CONNECTED:
        rig.connected++;
        rig.last = *e;
        break;
    case TROTH_EV_DISCONNECTED:
        rig.disconnected++;
        break;
    case TROTH_EV_GATT_SERVICE:
        rig.services++;
        rig.first = e->u.service.first;
        rig.last_handle = e->u.service.last;
        break;
    case TROTH_EV_GATT_CHARACTERISTIC:
        rig.characteristics++;
        break;
    case TROTH_EV_GATT_DESCRIPTOR:
        rig.descriptors++;
        rig.ccc = e->u.descriptor.handle;
        break;
    case TROTH_EV_GATT_NOTIFICATION:
        rig.notifications++;
        rig.handle = e->u.value.handle;
        keep(e->u.value.data, e->u.value.len);
        break;
    case TROTH_EV_GATT_VALUE:
        keep(e->u.value.data, e->u.value.len);
        break;
    case TROTH_EV_GATT_DONE:
        rig.dones++;
        rig.last = *e;
        break;
    default:
        fail_msg("an event of type %d", (int)e->type);
    }
}

static void on_told(void *ctx, enum bluez_client_news news, const char *why)
{
    (void)ctx;
    rig.told[news]++;
    snprintf(rig.why, sizeof rig.why, "%s", why ? why : "");
}

static bool is_one(void *ctx)
{
    return *(const unsigned *)ctx > 0;
}

static void await(unsigned *count, const char *what)
{
    double_until(&rig.d, is_one, count, what);
    *count = 0;
}

static int set_up(void **state)
{
    char why[BLUEZ_WHY];
    const char *name;
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    double_up(&rig.d);
    rig.bluez = bluez_new(rig.loop, NULL, why, sizeof why);
    assert_non_null(rig.bluez);
    struct bluez_client_config config = {.bluez = rig.bluez, .event = on_event, .told = on_told};
    rig.client = bluez_client_new(&config);
    assert_non_null(rig.client);
    bluez_start(rig.bluez);
    await(&rig.told[BLUEZ_CLIENT_UP], "BlueZ is there");
    assert_true(sd_bus_get_unique_name(bluez_bus(rig.bluez), &name) >= 0);
    snprintf(rig.d.owner, sizeof rig.d.owner, "%s", name);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bluez_client_free(rig.client);
    bluez_free(rig.bluez);
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

static void connect_to_lamp(void)
{
    struct troth_addr lamp;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    lamp.type = TROTH_ADDR_RANDOM;
    assert_int_equal(bluez_client_connect(rig.client, &lamp, 5000), TROTH_OK);
    await(&rig.connected, "the connection");
}

static void discovered(void)
{
    connect_to_lamp();
    rig.d.resolved = true;
    double_device_changed(&rig.d, "ServicesResolved");
    assert_int_equal(bluez_client_discover(rig.client, NULL), TROTH_OK);
    await(&rig.dones, "discovery");
    assert_int_equal(rig.last.u.done.result, TROTH_OK);
}

/* ---- around ---- */

static void a_scan_reports_what_is_heard_as_an_advertisement(void **state)
{
    uint8_t len;
    (void)state;
    assert_int_equal(bluez_client_scan(rig.client, true), TROTH_OK);
    assert_int_equal(rig.reports, 1);
    assert_int_equal(rig.rssi, -40);
    const uint8_t *name = troth_ad_find(rig.data, (uint8_t)rig.len, TROTH_AD_NAME_COMPLETE, &len);
    assert_non_null(name);
    assert_memory_equal(name, "Lamp", 4);
    const uint8_t *uuid = troth_ad_find(rig.data, (uint8_t)rig.len, TROTH_AD_UUID16_ALL, &len);
    assert_non_null(uuid);
    assert_memory_equal(uuid, "\x0f\x18", 2);
    uuid = troth_ad_find(rig.data, (uint8_t)rig.len, TROTH_AD_UUID128_ALL, &len);
    assert_non_null(uuid);
    assert_int_equal(len, 16);
    assert_int_equal(uuid[15], 0x8b);
    bluez_client_scan(rig.client, false);
    double_settle(&rig.d);
    assert_true(double_called(&rig.d, "SetDiscoveryFilter; StartDiscovery; StopDiscovery;"));
}

static void what_is_only_remembered_is_not_reported(void **state)
{
    (void)state;
    rig.d.rssi = 127;
    double_device_changed(&rig.d, "RSSI");
    double_settle(&rig.d);
    bluez_client_scan(rig.client, true);
    assert_int_equal(rig.reports, 0);
    rig.d.rssi = -60;
    double_device_changed(&rig.d, "RSSI");
    await(&rig.reports, "a report");
    assert_int_equal(rig.rssi, -60);
}

static void a_refused_scan_is_told(void **state)
{
    (void)state;
    rig.d.fails = "StartDiscovery";
    rig.d.error = "NotReady";
    bluez_client_scan(rig.client, true);
    await(&rig.told[BLUEZ_CLIENT_SCAN_FAILED], "the refusal");
    assert_non_null(strstr(rig.why, "powered off"));
}

static void a_failed_connection_is_told(void **state)
{
    struct troth_addr lamp;
    (void)state;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    assert_int_equal(bluez_client_connect(rig.client, &lamp, 5000), TROTH_STATE); /* public */
    lamp.type = TROTH_ADDR_RANDOM;
    rig.d.fails = "Connect";
    rig.d.error = "Failed";
    rig.d.message = "le-connection-abort-by-local";
    assert_int_equal(bluez_client_connect(rig.client, &lamp, 5000), TROTH_OK);
    await(&rig.told[BLUEZ_CLIENT_CONNECT_FAILED], "the failure");
    assert_non_null(strstr(rig.why, "le-connection-abort-by-local"));
    rig.d.fails = NULL;
    connect_to_lamp(); /* again, and now it does */
}

/* ---- pairing ---- */

static void pairs(void **state)
{
    (void)state;
    connect_to_lamp();
    assert_false(rig.last.u.connected.bonded);
    assert_int_equal(bluez_client_pair(rig.client), TROTH_OK);
    assert_int_equal(bluez_client_pair(rig.client), TROTH_BUSY);
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
    double_settle(&rig.d);
    assert_int_equal(rig.told[BLUEZ_CLIENT_PAIRED], 0); /* once */
}

/* What was proved of a bond holds while it is the same one, also on the next link. */
static void the_bond_it_made_is_known_while_it_is_there(void **state)
{
    struct troth_addr lamp, other;
    (void)state;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    assert_true(troth_addr_parse(&other, "C0:FF:EE:00:00:02"));
    lamp.type = other.type = TROTH_ADDR_RANDOM;
    bluez_client_scan(rig.client, true);
    connect_to_lamp();
    assert_false(bluez_client_made(rig.client, &lamp));
    bluez_client_pair(rig.client);
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
    double_settle(&rig.d);
    assert_true(bluez_client_made(rig.client, &lamp));
    assert_false(bluez_client_made(rig.client, &other));
    rig.d.connected = false;
    double_device_changed(&rig.d, "Connected");
    await(&rig.disconnected, "the end");
    connect_to_lamp();
    assert_true(bluez_client_made(rig.client, &lamp));
    rig.d.paired = false;
    double_device_changed(&rig.d, "Paired");
    double_settle(&rig.d);
    rig.d.paired = true; /* by whomever */
    double_device_changed(&rig.d, "Paired");
    double_settle(&rig.d);
    assert_false(bluez_client_made(rig.client, &lamp));
}

static void an_unanswered_pair_counts_as_its_property_says(void **state)
{
    (void)state;
    connect_to_lamp();
    rig.d.silent = "Pair";
    bluez_client_pair(rig.client);
    double_settle(&rig.d);
    rig.d.paired = rig.d.bonded = true;
    double_device_changed(&rig.d, "Bonded");
    double_device_changed(&rig.d, "Paired");
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
}

static void a_device_that_asks_first_is_paired_without_us(void **state)
{
    (void)state;
    connect_to_lamp();
    rig.d.paired = rig.d.bonded = true;
    double_device_changed(&rig.d, "Bonded");
    double_device_changed(&rig.d, "Paired");
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
    double_called(&rig.d, "");
    assert_int_equal(bluez_client_pair(rig.client), TROTH_OK);
    double_settle(&rig.d);
    assert_false(double_called(&rig.d, "Pair;"));
}

static void an_older_bond_is_no_news(void **state)
{
    (void)state;
    rig.d.paired = rig.d.bonded = true;
    double_device_changed(&rig.d, "Paired");
    double_device_changed(&rig.d, "Bonded");
    bluez_client_scan(rig.client, true);
    double_settle(&rig.d);
    connect_to_lamp();
    assert_true(rig.last.u.connected.bonded);
    double_settle(&rig.d);
    assert_int_equal(rig.told[BLUEZ_CLIENT_PAIRED], 0);
}

static void failures_have_words(void **state)
{
    static const struct {
        const char *error, *words;
    } all[] = {{"AuthenticationFailed", "passkey or the comparison"},
               {"AuthenticationRejected", "refused"},
               {"AuthenticationCanceled", "cancelled"},
               {"AuthenticationTimeout", "in time"}};
    (void)state;
    connect_to_lamp();
    rig.d.fails = "Pair";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rig.d.error = all[i].error;
        assert_int_equal(bluez_client_pair(rig.client), TROTH_OK);
        await(&rig.told[BLUEZ_CLIENT_PAIR_FAILED], all[i].error);
        if (!strstr(rig.why, all[i].words))
            fail_msg("%s: %s", all[i].error, rig.why);
    }
}

/* ---- what is asked meanwhile ---- */

/* bluetoothd says something while it handles Pair: that is, before it answers what comes next. */
static void says(struct bluez_double *d, const char *method)
{
    if (!strcmp(method, "Pair"))
        double_device_changed(d, "RSSI");
}

/* Whatever was sent to the client, and what it sent for that, has arrived. */
static void settle(void)
{
    double_settle(&rig.d);
    double_settle(&rig.d);
}

static void pair_in_silence(void)
{
    rig.d.silent = "Pair";
    rig.d.on_call = says;
    rig.reports = 0;
    rig.counts = true;
    assert_int_equal(bluez_client_pair(rig.client), TROTH_OK);
    await(&rig.reports, "what was said while Pair was handled");
}

static void what_is_asked_counts_once_pair_is_handled(void **state)
{
    (void)state;
    bluez_client_scan(rig.client, true);
    connect_to_lamp();
    assert_false(bluez_client_is_asked(rig.client));
    pair_in_silence();
    assert_false(rig.counts);
    settle();
    assert_true(bluez_client_is_asked(rig.client));
    rig.d.paired = true;
    double_device_changed(&rig.d, "Paired");
    settle();
    assert_int_equal(rig.told[BLUEZ_CLIENT_PAIRED], 0); /* Bonded may come yet */
    assert_false(bluez_client_is_asked(rig.client));
    rig.d.bonded = true;
    double_device_changed(&rig.d, "Bonded");
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
    assert_false(bluez_client_is_asked(rig.client));
}

static void not_what_is_asked_after_it_failed(void **state)
{
    (void)state;
    bluez_client_scan(rig.client, true);
    connect_to_lamp();
    pair_in_silence();
    settle();
    assert_true(bluez_client_is_asked(rig.client));
    double_fail_held(&rig.d, "AuthenticationFailed");
    await(&rig.told[BLUEZ_CLIENT_PAIR_FAILED], "the failure");
    assert_false(bluez_client_is_asked(rig.client));
    pair_in_silence(); /* which is another */
    assert_false(rig.counts);
    settle();
    assert_true(bluez_client_is_asked(rig.client));
}

static void nor_after_the_device_left(void **state)
{
    (void)state;
    bluez_client_scan(rig.client, true);
    connect_to_lamp();
    pair_in_silence();
    settle();
    rig.d.connected = false;
    double_device_changed(&rig.d, "Connected");
    await(&rig.disconnected, "the end");
    rig.d.connected = true;
    double_device_changed(&rig.d, "Connected");
    settle();
    assert_false(bluez_client_is_asked(rig.client));
    connect_to_lamp();
    assert_false(bluez_client_is_asked(rig.client));
}

static void an_error_does_not_tell_that_pair_is_handled(void **state)
{
    (void)state;
    bluez_client_scan(rig.client, true);
    connect_to_lamp();
    rig.d.fails = "Get";
    pair_in_silence();
    settle();
    assert_false(bluez_client_is_asked(rig.client));
}

/* ---- Pair instead of Connect ---- */

static int connect_pairing(unsigned ms)
{
    struct troth_addr lamp;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    lamp.type = TROTH_ADDR_RANDOM;
    double_called(&rig.d, "");
    return bluez_client_connect_pairing(rig.client, &lamp, ms);
}

static void pair_connects_by_itself(void **state)
{
    (void)state;
    rig.d.silent = "Pair";
    assert_int_equal(connect_pairing(5000), TROTH_OK);
    assert_int_equal(connect_pairing(5000), TROTH_BUSY);
    settle();
    rig.d.connected = true;
    double_device_changed(&rig.d, "Connected");
    await(&rig.connected, "the connection");
    assert_false(rig.last.u.connected.bonded);
    assert_true(bluez_client_is_asked(rig.client)); /* from the first */
    assert_int_equal(bluez_client_pair(rig.client), TROTH_BUSY);
    rig.d.paired = rig.d.bonded = true;
    double_device_changed(&rig.d, "Bonded");
    double_device_changed(&rig.d, "Paired");
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
    assert_int_equal(bluez_client_pair(rig.client), TROTH_OK);
    settle();
    assert_int_equal(rig.told[BLUEZ_CLIENT_PAIRED], 0);
    assert_true(double_called(&rig.d, "Pair; "));
}

static void its_failure_before_the_link_is_the_links(void **state)
{
    (void)state;
    rig.d.fails = "Pair";
    rig.d.error = "Failed";
    rig.d.message = "Software caused connection abort";
    assert_int_equal(connect_pairing(5000), TROTH_OK);
    await(&rig.told[BLUEZ_CLIENT_CONNECT_FAILED], "the failure");
    assert_non_null(strstr(rig.why, "connection abort"));
    assert_int_equal(rig.told[BLUEZ_CLIENT_PAIR_FAILED], 0);
    rig.d.fails = NULL;
    assert_int_equal(connect_pairing(5000), TROTH_OK); /* again, and now it does */
    await(&rig.connected, "the connection");
    await(&rig.told[BLUEZ_CLIENT_PAIRED], "paired");
}

static void a_link_that_does_not_come_is_given_up(void **state)
{
    (void)state;
    rig.d.silent = "Pair";
    assert_int_equal(connect_pairing(1), TROTH_OK);
    await(&rig.told[BLUEZ_CLIENT_CONNECT_FAILED], "the limit");
    assert_non_null(strstr(rig.why, "did not answer"));
    settle();
    assert_true(double_called(&rig.d, "Pair; CancelPairing; Disconnect;"));
}

static void one_that_was_paired_meanwhile_is_connected_to(void **state)
{
    (void)state;
    rig.d.fails = "Pair";
    rig.d.error = "AlreadyExists";
    assert_int_equal(connect_pairing(5000), TROTH_OK);
    await(&rig.connected, "the connection");
    assert_true(double_called(&rig.d, "Pair; Connect; "));
}

static void one_that_is_connected_or_paired_is_only_connected_to(void **state)
{
    (void)state;
    rig.d.connected = true;
    double_device_changed(&rig.d, "Connected");
    bluez_client_scan(rig.client, true);
    settle();
    assert_int_equal(connect_pairing(5000), TROTH_OK);
    await(&rig.connected, "the connection");
    assert_true(double_called(&rig.d, "Connect;"));
    rig.d.connected = false;
    double_device_changed(&rig.d, "Connected");
    await(&rig.disconnected, "the end");
    rig.d.paired = rig.d.bonded = true;
    double_device_changed(&rig.d, "Paired");
    settle();
    assert_int_equal(connect_pairing(5000), TROTH_OK);
    await(&rig.connected, "the connection");
    assert_true(rig.last.u.connected.bonded);
    assert_true(double_called(&rig.d, "Connect;"));
}

/* ---- bonds ---- */

static void a_bond_is_removed(void **state)
{
    (void)state;
    connect_to_lamp();
    bluez_client_remove(rig.client, DOUBLE_DEVICE);
    await(&rig.told[BLUEZ_CLIENT_REMOVED], "removal");
    rig.d.fails = "RemoveDevice";
    rig.d.error = "DoesNotExist";
    bluez_client_remove(rig.client, DOUBLE_DEVICE);
    await(&rig.told[BLUEZ_CLIENT_REMOVE_FAILED], "refusal");
}

/* ---- GATT ---- */

static void discovery_waits_for_the_services(void **state)
{
    (void)state;
    connect_to_lamp();
    assert_int_equal(bluez_client_discover(rig.client, NULL), TROTH_OK);
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_BUSY);
    bluez_client_scan(rig.client, true);
    double_settle(&rig.d);
    assert_int_equal(rig.dones, 0);
    rig.d.resolved = true;
    double_device_changed(&rig.d, "ServicesResolved");
    await(&rig.dones, "discovery");
    assert_int_equal(rig.services, 1);
    assert_int_equal(rig.first, 0x0010);
    assert_int_equal(rig.last_handle, 0xffff);
    assert_int_equal(rig.characteristics, 2);
    assert_int_equal(rig.descriptors, 1);
    assert_int_equal(rig.ccc, CCC);
}

static void discovery_of_one_service(void **state)
{
    struct troth_uuid uuid;
    (void)state;
    discovered();
    rig.services = rig.characteristics = rig.descriptors = 0;
    assert_true(bluez_uuid_parse(&uuid, "0000180f-0000-1000-8000-00805f9b34fb"));
    assert_int_equal(bluez_client_discover(rig.client, &uuid), TROTH_OK);
    await(&rig.dones, "discovery");
    assert_int_equal(rig.services + rig.characteristics + rig.descriptors, 0);
    assert_true(bluez_uuid_parse(&uuid, "8b840001-f6fa-4e33-9a0c-e14d9f35f201"));
    assert_int_equal(bluez_client_discover(rig.client, &uuid), TROTH_OK);
    await(&rig.dones, "discovery");
    assert_int_equal(rig.services, 1);
    assert_int_equal(rig.characteristics, 2);
}

static void reads_and_writes(void **state)
{
    (void)state;
    discovered();
    memcpy(rig.d.value, "\x01\x02\x03", rig.d.value_len = 3);
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_OK);
    await(&rig.dones, "the value");
    assert_int_equal(rig.last.u.done.result, TROTH_OK);
    assert_int_equal(rig.len, 3);
    assert_memory_equal(rig.data, "\x01\x02\x03", 3);
    assert_int_equal(bluez_client_write(rig.client, CONTROL, (const uint8_t *)"hello", 5),
                     TROTH_OK);
    await(&rig.dones, "the write");
    assert_int_equal(rig.last.u.done.handle, CONTROL);
    assert_int_equal(rig.d.written_len, 5);
    assert_memory_equal(rig.d.written, "hello", 5);
    assert_string_equal(rig.d.write_type, "request");
    assert_int_equal(bluez_client_read(rig.client, 0x0099), TROTH_INVALID);
    assert_int_equal(bluez_client_write(rig.client, CCC, (const uint8_t *)"x", 1), TROTH_INVALID);
}

static void errors_are_atts_again(void **state)
{
    static const struct {
        const char *error, *message;
        uint8_t att;
    } all[] = {{"NotPermitted", "Read not permitted", 0x02},
               {"NotPermitted", "Write not permitted", 0x03},
               {"NotPermitted", "Not paired", 0x05},
               {"NotAuthorized", "x", 0x08},
               {"InvalidArguments", "Invalid Length", 0x0d},
               {"NotSupported", "x", 0x06},
               {"Failed", "Operation failed with ATT error: 0x13 (Value Not Allowed)", 0x13},
               {"Failed", "Operation failed with ATT error: 0x80", 0x80},
               {"Failed", "Operation failed", 0x0e}};
    (void)state;
    discovered();
    rig.d.fails = "ReadValue";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        rig.d.error = all[i].error;
        rig.d.message = all[i].message;
        assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_OK);
        await(&rig.dones, all[i].message);
        assert_int_equal(rig.last.u.done.result, TROTH_FAILED);
        assert_int_equal(rig.last.u.done.att_error, all[i].att);
    }
    rig.d.error = "NotConnected";
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_OK);
    await(&rig.dones, "the error");
    assert_int_equal(rig.last.u.done.result, TROTH_STATE);
}

static void values_come_through_a_socket(void **state)
{
    (void)state;
    discovered();
    assert_int_equal(bluez_client_subscribe(rig.client, CCC, 1), TROTH_OK);
    await(&rig.dones, "the subscription");
    assert_int_equal(rig.last.u.done.result, TROTH_OK);
    assert_true(double_called(&rig.d, "AcquireNotify;"));
    assert_int_equal(send(rig.d.notify, "\x07", 1, 0), 1);
    await(&rig.notifications, "a notification");
    assert_int_equal(rig.handle, STATUS);
    assert_int_equal(rig.len, 1);
    assert_int_equal(rig.data[0], 7);
}

static void or_as_properties(void **state)
{
    (void)state;
    discovered();
    rig.d.fails = "AcquireNotify";
    rig.d.error = "NotSupported";
    assert_int_equal(bluez_client_subscribe(rig.client, CCC, 1), TROTH_OK);
    await(&rig.dones, "the subscription");
    assert_int_equal(rig.last.u.done.result, TROTH_OK);
    assert_true(double_called(&rig.d, "AcquireNotify; StartNotify;"));
    rig.d.value[0] = 9;
    rig.d.value_len = 1;
    sd_bus_emit_properties_changed(rig.d.bus, DOUBLE_DEVICE "/service0010/char0011",
                                   "org.bluez.GattCharacteristic1", "Value", NULL);
    await(&rig.notifications, "a notification");
    assert_int_equal(rig.handle, STATUS);
    assert_int_equal(rig.data[0], 9);
    /* what our own reading changes is none */
    rig.d.silent = "ReadValue";
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_OK);
    sd_bus_emit_properties_changed(rig.d.bus, DOUBLE_DEVICE "/service0010/char0011",
                                   "org.bluez.GattCharacteristic1", "Value", NULL);
    double_settle(&rig.d);
    assert_int_equal(rig.notifications, 0);
}

static void a_lost_link_ends_what_runs(void **state)
{
    (void)state;
    discovered();
    rig.d.silent = "ReadValue";
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_OK);
    rig.d.connected = false;
    double_device_changed(&rig.d, "Connected");
    await(&rig.disconnected, "the end");
    assert_int_equal(rig.dones, 1);
    assert_int_equal(rig.last.u.done.result, TROTH_STATE);
    assert_int_equal(bluez_client_read(rig.client, STATUS), TROTH_STATE);
}

static void bluetoothd_that_goes_takes_all_along(void **state)
{
    (void)state;
    discovered();
    rig.d.silent = "WriteValue";
    assert_int_equal(bluez_client_write(rig.client, CONTROL, (const uint8_t *)"x", 1), TROTH_OK);
    double_down(&rig.d);
    await(&rig.told[BLUEZ_CLIENT_DOWN], "the end of bluetoothd");
    assert_int_equal(rig.disconnected, 1);
    assert_int_equal(rig.last.u.done.result, TROTH_STATE);
}

static void what_it_connected_it_disconnects(void **state)
{
    (void)state;
    connect_to_lamp();
    bluez_client_free(rig.client);
    rig.client = NULL;
    double_settle(&rig.d);
    assert_true(double_called(&rig.d, "Disconnect;"));
}

static void and_nothing_else(void **state)
{
    (void)state;
    rig.d.connected = true;
    double_device_changed(&rig.d, "Connected");
    bluez_client_scan(rig.client, true);
    double_settle(&rig.d);
    connect_to_lamp();
    bluez_client_free(rig.client);
    rig.client = NULL;
    double_settle(&rig.d);
    assert_false(double_called(&rig.d, "Disconnect;"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_scan_reports_what_is_heard_as_an_advertisement),
        TEST(what_is_only_remembered_is_not_reported),
        TEST(a_refused_scan_is_told),
        TEST(a_failed_connection_is_told),
        TEST(pairs),
        TEST(the_bond_it_made_is_known_while_it_is_there),
        TEST(an_unanswered_pair_counts_as_its_property_says),
        TEST(a_device_that_asks_first_is_paired_without_us),
        TEST(an_older_bond_is_no_news),
        TEST(failures_have_words),
        TEST(what_is_asked_counts_once_pair_is_handled),
        TEST(not_what_is_asked_after_it_failed),
        TEST(nor_after_the_device_left),
        TEST(an_error_does_not_tell_that_pair_is_handled),
        TEST(pair_connects_by_itself),
        TEST(its_failure_before_the_link_is_the_links),
        TEST(a_link_that_does_not_come_is_given_up),
        TEST(one_that_was_paired_meanwhile_is_connected_to),
        TEST(one_that_is_connected_or_paired_is_only_connected_to),
        TEST(a_bond_is_removed),
        TEST(discovery_waits_for_the_services),
        TEST(discovery_of_one_service),
        TEST(reads_and_writes),
        TEST(errors_are_atts_again),
        TEST(values_come_through_a_socket),
        TEST(or_as_properties),
        TEST(a_lost_link_ends_what_runs),
        TEST(bluetoothd_that_goes_takes_all_along),
        TEST(what_it_connected_it_disconnects),
        TEST(and_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
