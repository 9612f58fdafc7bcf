/* A service table as a bluetoothd made for the test sees it, on a bus of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ports/linux/bluez_gatt.h"
#include "support/bluez_double_peripheral.h"

#define CHARACTERISTIC "org.bluez.GattCharacteristic1"
#define AT(c)          "/org/troth/gatt/s0/c0" #c
#define LINK           7

enum { OPEN = 1, GUARDED, AUTHENTIC, SECURE, COMMAND, GUARDED_COMMAND, SIGN };

/* One of each permission. */
static const struct troth_characteristic characteristics[] = {
    {.uuid = TROTH_UUID16(0xaa01),
     .id = OPEN,
     .properties = TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_NOTIFY,
     .description = "open to all"},
    {.uuid = TROTH_UUID16(0xaa02),
     .id = GUARDED,
     .properties = TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_INDICATE,
     .read = TROTH_ENCRYPTED,
     .write = TROTH_ENCRYPTED,
     .subscribe = TROTH_ENCRYPTED},
    {.uuid = TROTH_UUID16(0xaa03),
     .id = AUTHENTIC,
     .properties = TROTH_PROP_READ | TROTH_PROP_NOTIFY | TROTH_PROP_INDICATE,
     .read = TROTH_AUTHENTICATED,
     .subscribe = TROTH_AUTHENTICATED},
    {.uuid = TROTH_UUID16(0xaa04),
     .id = SECURE,
     .properties = TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_NOTIFY,
     .read = TROTH_AUTHENTICATED_SC,
     .write = TROTH_AUTHENTICATED_SC,
     .subscribe = TROTH_AUTHENTICATED_SC},
    {.uuid = TROTH_UUID16(0xaa05), .id = COMMAND, .properties = TROTH_PROP_WRITE_COMMAND},
    {.uuid = TROTH_UUID16(0xaa06),
     .id = GUARDED_COMMAND,
     .properties = TROTH_PROP_WRITE_COMMAND,
     .write = TROTH_AUTHENTICATED},
};
static const struct {
    const char *path, *flags;
} flags[] = {
    {AT(0), "read write notify"},
    {AT(1), "encrypt-read encrypt-write indicate encrypt-indicate"},
    {AT(2), "encrypt-authenticated-read notify indicate encrypt-authenticated-notify "
            "encrypt-authenticated-indicate"},
    {AT(3), "secure-read secure-write notify secure-notify"},
    {AT(4), "write-without-response"},
    {AT(5), "write-without-response encrypt-authenticated-write"},
};

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct double_peripheral p;
    struct bluez *bluez;
    struct bluez_gatt *gatt;
    unsigned registered, refused;
    char why[BLUEZ_WHY];
    /* the last access, and what is answered */
    unsigned accesses;
    struct troth_gatt_access access;
    uint8_t data[TROTH_VALUE_MAX];
    enum troth_gatt_status status;
    char device[BLUEZ_PATH];
    bool crowded; /* no link is left */
    /* subscriptions */
    unsigned subscribed;
    uint8_t id;
    bool anyone;
} rig;

static enum troth_gatt_status on_access(void *ctx, struct troth_gatt_access *a)
{
    assert_ptr_equal(ctx, &rig);
    rig.accesses++;
    rig.access = *a;
    if (a->write)
        memcpy(rig.data, a->data, a->len);
    a->value = (const uint8_t *)"0123456789" + (a->offset <= 10 ? a->offset : 10);
    a->value_len = (uint16_t)(a->offset <= 10 ? 10 - a->offset : 0);
    return rig.status;
}

static void on_subscribed(void *ctx, uint8_t id, bool anyone)
{
    (void)ctx;
    rig.subscribed++;
    rig.id = id;
    rig.anyone = anyone;
}

static const struct troth_service table = {
    .uuid = TROTH_UUID16(0xaa00),
    .characteristics = characteristics,
    .count = sizeof characteristics / sizeof *characteristics,
    .access = on_access,
    .subscribed = on_subscribed,
};
static struct troth_gatt_service service = {.table = &table, .ctx = &rig};

static troth_link on_link(void *ctx, const char *device)
{
    (void)ctx;
    snprintf(rig.device, sizeof rig.device, "%s", device);
    return rig.crowded ? TROTH_NO_LINK : LINK;
}

static void on_registered(void *ctx, const char *why)
{
    (void)ctx;
    *(why ? &rig.refused : &rig.registered) += 1;
    snprintf(rig.why, sizeof rig.why, "%s", why ? why : "");
}

static bool told(void *ctx)
{
    return *(unsigned *)ctx;
}

static void until(const unsigned *at, unsigned n, const char *what)
{
    double_until_is(&rig.d, at, n, what);
}

static int setup(void **state)
{
    char why[BLUEZ_WHY] = "";
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    rig.bluez = bluez_new(rig.loop, "hci0", why, sizeof why);
    assert_non_null(rig.bluez);
    struct bluez_gatt_config config = {rig.bluez, on_link, on_registered, &rig};
    rig.gatt = bluez_gatt_new(&config);
    assert_non_null(rig.gatt);
    assert_int_equal(bluez_gatt_serve(rig.gatt, &service, why, sizeof why), TROTH_OK);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    bluez_gatt_free(rig.gatt);
    bluez_free(rig.bluez);
    if (rig.d.bus)
        peripheral_down(&rig.p);
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

static void up(void)
{
    double_up(&rig.d);
    peripheral_up(&rig.p, &rig.d);
    bluez_start(rig.bluez);
    rig.registered = rig.refused = 0;
    double_until(&rig.d, told, rig.p.fails ? &rig.refused : &rig.registered, "registration");
}

static bool is_down(void *ctx)
{
    (void)ctx;
    return !bluez_adapter(rig.bluez);
}

static void down(void)
{
    peripheral_down(&rig.p);
    double_down(&rig.d);
    double_until(&rig.d, is_down, NULL, "bluetoothd goes");
}

static void answered_error(const char *name, const char *message)
{
    const sd_bus_error *e = sd_bus_message_get_error(rig.p.reply);
    assert_string_equal(e ? e->name : "none", name);
    if (message)
        assert_string_equal(e->message, message);
}

static void answered_value(const char *value)
{
    const void *b;
    size_t len;
    assert_true(sd_bus_message_read_array(rig.p.reply, 'y', &b, &len) >= 0);
    assert_int_equal(len, strlen(value));
    assert_memory_equal(b, value, len);
}

static void read_at(const char *path, uint16_t offset)
{
    peripheral_call(&rig.p, NULL, path, CHARACTERISTIC, "ReadValue", "a{sv}", 4, "device", "o",
                    DOUBLE_DEVICE, "offset", "q", (int)offset, "mtu", "q", 247, "link", "s", "LE");
}

/* ---- what bluetoothd is told of the table ---- */

static void flags_follow_the_permissions(void **state)
{
    char got[300];
    const char *flag;
    (void)state;
    up();
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        peripheral_call(&rig.p, NULL, flags[i].path, "org.freedesktop.DBus.Properties", "Get", "ss",
                        CHARACTERISTIC, "Flags");
        *got = 0;
        assert_true(sd_bus_message_enter_container(rig.p.reply, 'v', "as") > 0);
        assert_true(sd_bus_message_enter_container(rig.p.reply, 'a', "s") > 0);
        while (sd_bus_message_read(rig.p.reply, "s", &flag) > 0)
            snprintf(got + strlen(got), sizeof got - strlen(got), "%s%s", *got ? " " : "", flag);
        assert_string_equal(got, flags[i].flags);
    }
}

static void objects_are_found_and_belong_together(void **state)
{
    const char *path, *text;
    unsigned objects = 0;
    (void)state;
    up();
    peripheral_call(&rig.p, NULL, rig.p.application, "org.freedesktop.DBus.ObjectManager",
                    "GetManagedObjects", NULL);
    assert_true(sd_bus_message_enter_container(rig.p.reply, 'a', "{oa{sa{sv}}}") > 0);
    while (sd_bus_message_enter_container(rig.p.reply, 'e', "oa{sa{sv}}") > 0) {
        assert_true(sd_bus_message_read(rig.p.reply, "o", &path) > 0);
        sd_bus_message_skip(rig.p.reply, "a{sa{sv}}");
        sd_bus_message_exit_container(rig.p.reply);
        objects += !strncmp(path, "/org/troth/gatt/s0", 18);
    }
    assert_int_equal(objects, 1 + table.count + 1); /* the service, one description */
    peripheral_call(&rig.p, NULL, AT(3), "org.freedesktop.DBus.Properties", "Get", "ss",
                    CHARACTERISTIC, "Service");
    assert_true(sd_bus_message_read(rig.p.reply, "v", "o", &text) > 0);
    assert_string_equal(text, "/org/troth/gatt/s0");
    peripheral_call(&rig.p, NULL, AT(3), "org.freedesktop.DBus.Properties", "Get", "ss",
                    CHARACTERISTIC, "UUID");
    assert_true(sd_bus_message_read(rig.p.reply, "v", "s", &text) > 0);
    assert_string_equal(text, "0000aa04-0000-1000-8000-00805f9b34fb");
    peripheral_call(&rig.p, NULL, AT(0) "/d0", "org.bluez.GattDescriptor1", "ReadValue", "a{sv}", 1,
                    "offset", "q", 5);
    answered_value("to all");
    peripheral_call(&rig.p, NULL, AT(0) "/d0", "org.bluez.GattDescriptor1", "ReadValue", "a{sv}", 1,
                    "offset", "q", 12);
    answered_error("org.bluez.Error.InvalidOffset", NULL);
}

static void a_table_beyond_bluez_is_refused_with_a_reason(void **state)
{
    static const struct {
        struct troth_characteristic c;
        const char *words;
    } beyond[] = {
        {{.properties = TROTH_PROP_READ, .key_size = 16}, "demands a key size"},
        {{.properties = TROTH_PROP_SIGNED_WRITE}, "signed writes"},
        {{.properties = TROTH_PROP_WRITE | TROTH_PROP_WRITE_COMMAND}, "swallows every error"},
    };
    char why[BLUEZ_WHY];
    (void)state;
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        struct troth_characteristic c = beyond[i].c;
        c.uuid = (struct troth_uuid)TROTH_UUID16(0xbb01);
        struct troth_service one = {.characteristics = &c, .count = 1, .access = on_access};
        struct troth_gatt_service s = {.table = &one};
        assert_int_equal(bluez_gatt_serve(rig.gatt, &s, why, sizeof why), TROTH_UNSUPPORTED);
        assert_non_null(strstr(why, "0000bb01-0000"));
        assert_non_null(strstr(why, beyond[i].words));
    }
}

static void a_refused_registration_says_why(void **state)
{
    (void)state;
    rig.p.fails = "org.bluez.Error.NotPermitted";
    rig.p.message = "No more of these today";
    up();
    assert_int_equal(rig.registered, 0);
    assert_string_equal(rig.why, "cannot register the services with bluetoothd: bluetoothd does "
                                 "not permit it (No more of these today)");
}

/* ---- reads and writes ---- */

static void two_devices_are_not_taken_for_one(void **state)
{
    (void)state;
    up();
    rig.crowded = true;
    read_at(AT(1), 0);
    answered_error("org.bluez.Error.Failed", "0x91");
    assert_int_equal(rig.accesses, 0);
}

static void a_read_tells_link_and_offset(void **state)
{
    (void)state;
    up();
    read_at(AT(1), 3);
    answered_value("3456789");
    assert_int_equal(rig.access.id, GUARDED);
    assert_int_equal(rig.access.link, LINK);
    assert_int_equal(rig.access.offset, 3);
    assert_false(rig.access.write);
    assert_string_equal(rig.device, DOUBLE_DEVICE);
    read_at(AT(4), 0); /* not readable */
    answered_error("org.bluez.Error.NotPermitted", NULL);
    assert_int_equal(rig.accesses, 1);
}

static void each_meaning_becomes_its_error(void **state)
{
    static const struct {
        enum troth_gatt_status status;
        const char *read, *read_words, *write, *write_words;
    } errors[] = {
        {TROTH_GATT_INVALID_OFFSET, "org.bluez.Error.InvalidOffset", NULL,
         "org.bluez.Error.InvalidOffset", NULL},
        {TROTH_GATT_INVALID_LENGTH, "org.bluez.Error.InvalidValueLength", NULL,
         "org.bluez.Error.InvalidValueLength", NULL},
        {TROTH_GATT_NOT_ALLOWED, "org.bluez.Error.Failed", "0x93", "org.bluez.Error.Failed",
         "0x93"},
        {TROTH_GATT_BUSY, "org.bluez.Error.InProgress", NULL, "org.bluez.Error.InProgress", NULL},
        {TROTH_GATT_REFUSED, "org.troth.Error.Unlikely", NULL, "org.bluez.Error.Failed", "0x9c"},
        {TROTH_GATT_NO_RESOURCES, "org.bluez.Error.Failed", "0x91", "org.bluez.Error.Failed",
         "0x91"},
        {TROTH_GATT_FAILED, "org.troth.Error.Unlikely", NULL, "org.troth.Error.Unlikely", NULL},
        {TROTH_GATT_INVALID_PDU, "org.bluez.Error.Failed", "0x84", "org.bluez.Error.Failed",
         "0x84"},
    };
    (void)state;
    up();
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
        rig.status = errors[i].status;
        read_at(AT(0), 0);
        answered_error(errors[i].read, errors[i].read_words);
        peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 1, 0x55, 0);
        answered_error(errors[i].write, errors[i].write_words);
    }
}

static void a_write_comes_whole_or_from_its_offset(void **state)
{
    (void)state;
    up();
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 3, 1, 2, 3, 1,
                    "device", "o", DOUBLE_DEVICE);
    answered_error("none", NULL);
    assert_true(rig.access.write);
    assert_false(rig.access.prepared);
    assert_int_equal(rig.access.len, 3);
    assert_memory_equal(rig.data, "\1\2\3", 3);
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 1, 9, 1, "offset",
                    "q", 20);
    assert_true(rig.access.prepared);
    assert_int_equal(rig.access.offset, 20);
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 0, 0);
    assert_int_equal(rig.access.len, 0);
    assert_int_equal(rig.accesses, 3);
    /* Prepared only: the write itself comes later. */
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 1, 9, 1,
                    "prepare-authorize", "b", 1);
    answered_error("none", NULL);
    peripheral_call(&rig.p, NULL, AT(2), CHARACTERISTIC, "WriteValue", "aya{sv}", 1, 9, 0);
    answered_error("org.bluez.Error.NotPermitted", NULL); /* it is not writable */
    assert_int_equal(rig.accesses, 3);
}

static void write_octets(const uint8_t *b, size_t len)
{
    sd_bus_message *m = NULL;
    assert_true(sd_bus_message_new_method_call(rig.d.bus, &m, rig.p.owner, AT(0), CHARACTERISTIC,
                                               "WriteValue") >= 0);
    sd_bus_message_append_array(m, 'y', b, len);
    sd_bus_message_append(m, "a{sv}", 0);
    assert_true(sd_bus_call_async(rig.d.bus, NULL, m, NULL, NULL, 0) >= 0);
    sd_bus_message_unref(m);
}

static void too_long_a_write_is_refused_unseen(void **state)
{
    static const uint8_t most[TROTH_VALUE_MAX + 1];
    (void)state;
    up();
    write_octets(most, TROTH_VALUE_MAX + 1);
    write_octets(most, TROTH_VALUE_MAX);
    read_at(AT(0), 0); /* comes after them */
    assert_int_equal(rig.accesses, 2);
    write_octets(most, TROTH_VALUE_MAX);
    until(&rig.accesses, 3, "a write");
    assert_int_equal(rig.access.len, TROTH_VALUE_MAX);
}

static void others_may_not(void **state)
{
    sd_bus *other = NULL;
    (void)state;
    up();
    assert_true(sd_bus_open_system(&other) >= 0);
    assert_true(sd_bus_attach_event(other, rig.loop, 0) >= 0);
    static const char *const methods[] = {"ReadValue", "WriteValue", "StartNotify", "StopNotify"};
    for (unsigned i = 0; i < 4; i++) {
        if (i == 1)
            peripheral_call(&rig.p, other, AT(0), CHARACTERISTIC, methods[i], "aya{sv}", 1, 1, 0);
        else if (i == 0)
            peripheral_call(&rig.p, other, AT(0), CHARACTERISTIC, methods[i], "a{sv}", 0);
        else
            peripheral_call(&rig.p, other, AT(0), CHARACTERISTIC, methods[i], NULL);
        answered_error("org.bluez.Error.NotAuthorized", NULL);
    }
    assert_int_equal(rig.accesses, 0);
    assert_int_equal(rig.subscribed, 0);
    sd_bus_flush_close_unref(other);
}

/* ---- later ---- */

static void ask_write(void)
{
    sd_bus_message *m = NULL;
    assert_true(sd_bus_message_new_method_call(rig.d.bus, &m, rig.p.owner, AT(0), CHARACTERISTIC,
                                               "WriteValue") >= 0);
    sd_bus_message_append(m, "aya{sv}", 1, 1, 1, "device", "o", DOUBLE_DEVICE);
    assert_true(sd_bus_call_async(rig.d.bus, NULL, m, NULL, NULL, 0) >= 0);
    sd_bus_message_unref(m);
}

static void an_answer_may_come_later_and_once(void **state)
{
    (void)state;
    up();
    rig.status = TROTH_GATT_LATER;
    ask_write();
    until(&rig.accesses, 1, "a write");
    uint32_t token = rig.access.token;
    assert_int_equal(bluez_gatt_complete(rig.gatt, token + 1, TROTH_GATT_OK, NULL, 0), TROTH_STALE);
    assert_int_equal(bluez_gatt_complete(rig.gatt, token, TROTH_GATT_BUSY, NULL, 0), TROTH_OK);
    assert_int_equal(bluez_gatt_complete(rig.gatt, token, TROTH_GATT_OK, NULL, 0), TROTH_STALE);
    /* Its link goes: nobody waits any longer. */
    peripheral_send(&rig.p, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 1, 1, 1, "device", "o",
                    DOUBLE_DEVICE);
    until(&rig.accesses, 2, "another");
    bluez_gatt_gone(rig.gatt, LINK + 1);
    assert_null(rig.p.reply);
    bluez_gatt_gone(rig.gatt, LINK);
    peripheral_await(&rig.p);
    answered_error("org.troth.Error.Unlikely", NULL);
    assert_int_equal(bluez_gatt_complete(rig.gatt, rig.access.token, TROTH_GATT_OK, NULL, 0),
                     TROTH_STALE);
}

static void more_than_may_wait_are_told_to_come_back(void **state)
{
    (void)state;
    up();
    rig.status = TROTH_GATT_LATER;
    for (unsigned i = 0; i < BLUEZ_GATT_PENDING; i++)
        ask_write();
    until(&rig.accesses, BLUEZ_GATT_PENDING, "all of them");
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "WriteValue", "aya{sv}", 1, 1, 0);
    answered_error("org.bluez.Error.InProgress", NULL);
    assert_int_equal(rig.accesses, BLUEZ_GATT_PENDING);
}

/* ---- notifications ---- */

static void count_it(struct double_peripheral *seen, sd_bus *bus)
{
    memset(seen, 0, sizeof *seen);
    struct bluez_double none = {.bus = bus};
    peripheral_up(seen, &none);
    sd_bus_slot_unref(seen->slots[0]);
    sd_bus_slot_unref(seen->slots[1]);
    seen->slots[0] = seen->slots[1] = NULL;
}

static void a_value_goes_to_bluetoothd_and_to_nobody_else(void **state)
{
    sd_bus *other = NULL;
    struct double_peripheral seen;
    (void)state;
    up();
    assert_true(sd_bus_open_system(&other) >= 0);
    assert_true(sd_bus_attach_event(other, rig.loop, 0) >= 0);
    count_it(&seen, other);
    assert_int_equal(bluez_gatt_notify(rig.gatt, &service, OPEN, (const uint8_t *)"no", 2),
                     TROTH_OK); /* nobody is subscribed */
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "StartNotify", NULL);
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "StartNotify", NULL);
    assert_int_equal(rig.subscribed, 1);
    assert_true(rig.anyone && rig.id == OPEN);
    assert_int_equal(bluez_gatt_notify(rig.gatt, &service, OPEN, (const uint8_t *)"news", 4),
                     TROTH_OK);
    until(&rig.p.notifications, 1, "a notification");
    assert_string_equal(rig.p.notified_at, AT(0));
    assert_int_equal(rig.p.notified_len, 4);
    assert_memory_equal(rig.p.notified, "news", 4);
    /* What the other gets is in order: an answer to it comes after whatever it might have seen. */
    peripheral_call(&rig.p, other, AT(0), CHARACTERISTIC, "StopNotify", NULL);
    assert_int_equal(seen.notifications, 0);
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "StopNotify", NULL);
    assert_int_equal(rig.subscribed, 2);
    assert_false(rig.anyone);
    assert_int_equal(bluez_gatt_notify(rig.gatt, &service, 99, NULL, 0), TROTH_NOT_FOUND);
    sd_bus_slot_unref(seen.value);
    sd_bus_flush_close_unref(other);
}

/* ---- bluetoothd restarts ---- */

static void bluetoothd_comes_back_to_the_same_services(void **state)
{
    (void)state;
    up();
    peripheral_call(&rig.p, NULL, AT(0), CHARACTERISTIC, "StartNotify", NULL);
    rig.status = TROTH_GATT_LATER;
    ask_write();
    until(&rig.accesses, 1, "a write");
    down();
    assert_int_equal(rig.subscribed, 2);
    assert_false(rig.anyone);
    assert_int_equal(bluez_gatt_complete(rig.gatt, rig.access.token, TROTH_GATT_OK, NULL, 0),
                     TROTH_STALE);
    up();
    assert_int_equal(rig.p.applications, 2);
    rig.status = TROTH_GATT_OK;
    read_at(AT(0), 0);
    answered_value("0123456789");
}

static void a_table_may_go_first_at_the_end(void **state)
{
    struct troth_service *brief = malloc(sizeof *brief);
    char why[BLUEZ_WHY];
    (void)state;
    assert_non_null(brief);
    *brief = table;
    struct troth_gatt_service s = {.table = brief, .ctx = &rig};
    assert_int_equal(bluez_gatt_serve(rig.gatt, &s, why, sizeof why), TROTH_OK);
    up();
    free(brief);
    bluez_gatt_free(rig.gatt);
    rig.gatt = NULL;
    until(&rig.p.registered, 0, "it is taken back");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(flags_follow_the_permissions),
        TEST(objects_are_found_and_belong_together),
        TEST(a_table_beyond_bluez_is_refused_with_a_reason),
        TEST(a_refused_registration_says_why),
        TEST(a_read_tells_link_and_offset),
        TEST(two_devices_are_not_taken_for_one),
        TEST(each_meaning_becomes_its_error),
        TEST(a_write_comes_whole_or_from_its_offset),
        TEST(too_long_a_write_is_refused_unseen),
        TEST(others_may_not),
        TEST(an_answer_may_come_later_and_once),
        TEST(more_than_may_wait_are_told_to_come_back),
        TEST(a_value_goes_to_bluetoothd_and_to_nobody_else),
        TEST(bluetoothd_comes_back_to_the_same_services),
        TEST(a_table_may_go_first_at_the_end),
    };
    return cmocka_run_group_tests_name("bluez_gatt", tests, NULL, NULL);
}
