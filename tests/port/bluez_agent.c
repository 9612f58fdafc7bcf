/* org.bluez.Agent1, every method, asked by a bluetoothd made for the test on a bus of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <troth/smp.h>

#include "ports/linux/bluez_agent.h"
#include "support/bluez_double.h"

#define REJECTED "org.bluez.Error.Rejected"
#define CANCELED "org.bluez.Error.Canceled"

static struct rig {
    sd_event *loop;
    struct bluez_double d;
    struct bluez *bluez;
    struct bluez_agent *agent;
    struct troth_agent person;
    bool nobody;
    /* what was asked */
    unsigned calls, closed;
    struct troth_agent_call call;
    char peer[300];
    uint32_t closed_id;
    /* what was told */
    unsigned told[BLUEZ_AGENT_CANCELLED + 1];
    struct bluez_agent_news news;
    char why[BLUEZ_WHY], pin[20];
    /* services */
    enum bluez_agent_service service;
    uint32_t service_id;
    char uuid[40];
} rig;

static bool on_call(void *ctx, const struct troth_agent_call *call)
{
    (void)ctx;
    rig.calls++;
    rig.call = *call;
    snprintf(rig.peer, sizeof rig.peer, "%s", call->peer);
    return !rig.nobody;
}

static void on_closed(void *ctx, uint32_t id)
{
    (void)ctx;
    rig.closed++;
    rig.closed_id = id;
}

static void on_told(void *ctx, const struct bluez_agent_news *news)
{
    (void)ctx;
    rig.told[news->type]++;
    rig.news = *news;
    snprintf(rig.why, sizeof rig.why, "%s", news->why ? news->why : "");
    snprintf(rig.pin, sizeof rig.pin, "%s", news->pin ? news->pin : "");
}

static enum bluez_agent_service on_service(void *ctx, const char *peer, const char *uuid,
                                           uint32_t id)
{
    (void)ctx;
    assert_string_equal(peer, DOUBLE_PEER);
    snprintf(rig.uuid, sizeof rig.uuid, "%s", uuid);
    rig.service_id = id;
    return rig.service;
}

static bool is_told(void *ctx)
{
    return rig.told[*(const int *)ctx] > 0;
}

static void await(int news, const char *what)
{
    double_until(&rig.d, is_told, &news, what);
}

static bool is_called(void *ctx)
{
    return rig.calls == *(const unsigned *)ctx;
}

static void await_call(unsigned n)
{
    double_until(&rig.d, is_called, &n, "the agent is asked");
}

static void open_agent(uint8_t io_cap, bool as_default)
{
    char why[BLUEZ_WHY];
    rig.person = (struct troth_agent){.io_cap = io_cap, .call = on_call, .closed = on_closed};
    struct bluez_agent_config config = {
        .agent = &rig.person, .as_default = as_default, .service = on_service, .told = on_told};
    rig.bluez = bluez_new(rig.loop, NULL, why, sizeof why);
    assert_non_null(rig.bluez);
    rig.agent = bluez_agent_new(rig.bluez, &config, why, sizeof why);
    assert_non_null(rig.agent);
    bluez_start(rig.bluez);
}

static void close_agent(void)
{
    bluez_agent_free(rig.agent);
    bluez_free(rig.bluez);
    rig.agent = NULL;
    rig.bluez = NULL;
}

static int set_up(void **state)
{
    (void)state;
    memset(&rig, 0, sizeof rig);
    assert_true(sd_event_new(&rig.loop) >= 0);
    double_start(&rig.d, rig.loop);
    double_up(&rig.d);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_agent();
    double_stop(&rig.d);
    sd_event_unref(rig.loop);
    return 0;
}

static void registered(void)
{
    open_agent(TROTH_KEYBOARD_DISPLAY, true);
    await(BLUEZ_AGENT_REGISTERED, "registration");
    memset(rig.told, 0, sizeof rig.told);
}

/* ---- registration ---- */

static void every_io_capability_as_default_or_not(void **state)
{
    static const char *const names[] = {"DisplayOnly", "DisplayYesNo", "KeyboardOnly",
                                        "NoInputNoOutput", "KeyboardDisplay"};
    (void)state;
    for (uint8_t io = 0; io < 5; io++) {
        char words[40];
        open_agent(io, io & 1);
        await(BLUEZ_AGENT_REGISTERED, names[io]);
        assert_int_equal(rig.news.is_default, io & 1);
        assert_null(rig.news.why);
        snprintf(words, sizeof words, "RegisterAgent %s; %s", names[io],
                 io & 1 ? "RequestDefaultAgent;" : "");
        assert_true(double_called(&rig.d, words));
        close_agent();
        double_settle(&rig.d);
        assert_true(double_called(&rig.d, "UnregisterAgent"));
        memset(rig.told, 0, sizeof rig.told);
    }
}

static void a_refusal_is_told_in_words(void **state)
{
    (void)state;
    rig.d.fails = "RegisterAgent";
    rig.d.error = "org.freedesktop.DBus.Error.AccessDenied";
    open_agent(TROTH_DISPLAY_YES_NO, true);
    await(BLUEZ_AGENT_REFUSED, "refusal");
    assert_non_null(strstr(rig.why, "register an agent"));
    assert_non_null(strstr(rig.why, "group bluetooth"));
    assert_false(double_called(&rig.d, "RequestDefaultAgent"));
}

static void a_refused_default_stays_an_agent(void **state)
{
    (void)state;
    rig.d.fails = "RequestDefaultAgent";
    rig.d.error = "DoesNotExist";
    open_agent(TROTH_DISPLAY_YES_NO, true);
    await(BLUEZ_AGENT_REGISTERED, "registration");
    assert_false(rig.news.is_default);
    assert_non_null(strstr(rig.why, "be the default agent"));
}

static void registers_again_with_every_bluetoothd(void **state)
{
    (void)state;
    registered();
    double_down(&rig.d);
    double_settle(&rig.d);
    double_up(&rig.d);
    await(BLUEZ_AGENT_REGISTERED, "the second registration");
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    await_call(1);
    rig.call.answer(rig.call.host, rig.call.id, true, 0);
    double_answered(&rig.d, NULL);
}

static void registers_anew_with_another_io_capability(void **state)
{
    (void)state;
    registered();
    double_called(&rig.d, "");
    rig.person.io_cap = TROTH_DISPLAY_ONLY;
    bluez_agent_refresh(rig.agent);
    await(BLUEZ_AGENT_REGISTERED, "the second registration");
    assert_true(double_called(&rig.d, "UnregisterAgent; RegisterAgent DisplayOnly;"));
}

/* ---- questions ---- */

static void confirmation_is_a_comparison(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "RequestConfirmation", "ou", DOUBLE_DEVICE, 12345);
    await_call(1);
    assert_int_equal(rig.call.type, TROTH_AGENT_COMPARE);
    assert_int_equal(rig.call.passkey, 12345);
    assert_string_equal(rig.peer, DOUBLE_PEER);
    rig.call.answer(rig.call.host, rig.call.id, true, 0);
    double_answered(&rig.d, NULL);
    double_ask(&rig.d, "RequestConfirmation", "ou", DOUBLE_DEVICE, 0);
    await_call(2);
    rig.call.answer(rig.call.host, rig.call.id, false, 0);
    double_answered(&rig.d, REJECTED);
}

static void a_passkey_is_typed(void **state)
{
    uint32_t passkey;
    (void)state;
    registered();
    double_ask(&rig.d, "RequestPasskey", "o", DOUBLE_DEVICE);
    await_call(1);
    assert_int_equal(rig.call.type, TROTH_AGENT_PASSKEY);
    rig.call.answer(rig.call.host, rig.call.id, true, 90);
    double_answered(&rig.d, NULL);
    assert_true(sd_bus_message_read(rig.d.reply, "u", &passkey) > 0);
    assert_int_equal(passkey, 90);
    double_ask(&rig.d, "RequestPasskey", "o", DOUBLE_DEVICE);
    await_call(2);
    rig.call.answer(rig.call.host, rig.call.id, true, 1000000); /* no six digits */
    double_answered(&rig.d, REJECTED);
}

static void authorization_is_consent(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    await_call(1);
    assert_int_equal(rig.call.type, TROTH_AGENT_CONSENT);
    rig.call.answer(rig.call.host, rig.call.id, true, 0);
    double_answered(&rig.d, NULL);
}

static void a_name_disturbs_nothing_and_hides_no_address(void **state)
{
    char name[200];
    (void)state;
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = 0;
    /* escape sequences, and a mark that writes the rest from right to left */
    memcpy(name, "\x1b[2J\xc2\x9bm \xe2\x80\xae(C0:FF:EE:00:00:99)", 29);
    rig.d.name = name;
    registered();
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    await_call(1);
    assert_int_equal(strncmp(rig.peer,
                             "?[2J??m ???"
                             "(C0:FF:EE:00:00:99)",
                             29),
                     0);
    assert_int_equal(strlen(rig.peer), 96 + strlen(" (C0:FF:EE:00:00:01)"));
    assert_string_equal(rig.peer + 96, " (C0:FF:EE:00:00:01)");
    rig.call.answer(rig.call.host, rig.call.id, false, 0);
    double_answered(&rig.d, REJECTED);
    rig.d.name = "Lamp";
}

static void nobody_there_is_a_no(void **state)
{
    (void)state;
    registered();
    rig.nobody = true;
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    double_answered(&rig.d, REJECTED);
    double_ask(&rig.d, "DisplayPasskey", "ouq", DOUBLE_DEVICE, 1, 0);
    double_answered(&rig.d, REJECTED);
}

static void a_displayed_passkey_counts_what_is_typed_and_goes(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "DisplayPasskey", "ouq", DOUBLE_DEVICE, 7, 0);
    double_answered(&rig.d, NULL);
    assert_int_equal(rig.call.type, TROTH_AGENT_DISPLAY);
    assert_int_equal(rig.call.passkey, 7);
    uint32_t id = rig.call.id;
    for (int digits = 1; digits <= 3; digits++) {
        double_ask(&rig.d, "DisplayPasskey", "ouq", DOUBLE_DEVICE, 7, digits);
        double_answered(&rig.d, NULL);
        assert_int_equal(rig.told[BLUEZ_AGENT_ENTERED], digits);
        assert_int_equal(rig.news.entered, digits);
    }
    assert_int_equal(rig.calls, 1);
    assert_int_equal(rig.closed, 0);
    rig.d.paired = true;
    double_device_changed(&rig.d, "Paired");
    double_settle(&rig.d);
    assert_int_equal(rig.closed, 1);
    assert_int_equal(rig.closed_id, id);
}

static void pins_are_shown_and_never_given(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "RequestPinCode", "o", DOUBLE_DEVICE);
    double_answered(&rig.d, REJECTED);
    assert_int_equal(rig.told[BLUEZ_AGENT_NO_PIN], 1);
    double_ask(&rig.d, "DisplayPinCode", "os", DOUBLE_DEVICE, "ab12");
    double_answered(&rig.d, NULL);
    assert_int_equal(rig.told[BLUEZ_AGENT_PIN], 1);
    assert_string_equal(rig.pin, "ab12");
    assert_int_equal(rig.calls, 0);
}

static void services_are_allowed_or_not(void **state)
{
    static const char hid[] = "00001812-0000-1000-8000-00805f9b34fb";
    (void)state;
    registered();
    rig.service = BLUEZ_SERVICE_NO;
    double_ask(&rig.d, "AuthorizeService", "os", DOUBLE_DEVICE, hid);
    double_answered(&rig.d, REJECTED);
    assert_string_equal(rig.uuid, hid);
    rig.service = BLUEZ_SERVICE_YES;
    double_ask(&rig.d, "AuthorizeService", "os", DOUBLE_DEVICE, hid);
    double_answered(&rig.d, NULL);
    rig.service = BLUEZ_SERVICE_LATER;
    double_ask(&rig.d, "AuthorizeService", "os", DOUBLE_DEVICE, hid);
    double_settle(&rig.d);
    assert_null(rig.d.reply);
    bluez_agent_service(rig.agent, rig.service_id, true);
    double_answered(&rig.d, NULL);
}

/* ---- ends ---- */

static void cancel_withdraws_what_is_asked(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "RequestConfirmation", "ou", DOUBLE_DEVICE, 1);
    await_call(1);
    uint32_t id = rig.call.id;
    sd_bus_call_method_async(rig.d.bus, NULL, rig.d.owner, rig.d.agent, "org.bluez.Agent1",
                             "Cancel", NULL, NULL, NULL);
    await(BLUEZ_AGENT_CANCELLED, "the cancellation");
    assert_int_equal(rig.closed, 1);
    assert_int_equal(rig.closed_id, id);
    double_answered(&rig.d, CANCELED);
    rig.call.answer(rig.call.host, id, true, 0); /* late: nothing */
    double_settle(&rig.d);
}

static void a_device_that_leaves_withdraws_too(void **state)
{
    (void)state;
    registered();
    rig.d.connected = true;
    double_device_changed(&rig.d, "Connected");
    double_ask(&rig.d, "RequestPasskey", "o", DOUBLE_DEVICE);
    await_call(1);
    rig.d.connected = false;
    double_device_changed(&rig.d, "Connected");
    double_answered(&rig.d, CANCELED);
    assert_int_equal(rig.closed, 1);
}

static void released(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "Release", NULL);
    double_answered(&rig.d, NULL);
    assert_int_equal(rig.told[BLUEZ_AGENT_RELEASED], 1);
}

static void leaving_refuses_what_is_open(void **state)
{
    (void)state;
    registered();
    double_ask(&rig.d, "RequestAuthorization", "o", DOUBLE_DEVICE);
    await_call(1);
    bluez_agent_free(rig.agent);
    rig.agent = NULL;
    double_answered(&rig.d, REJECTED);
    assert_int_equal(rig.closed, 1);
}

static int on_stranger(sd_bus_message *m, void *ctx, sd_bus_error *e)
{
    (void)e;
    *(bool *)ctx = sd_bus_message_is_method_error(m, SD_BUS_ERROR_ACCESS_DENIED);
    sd_event_exit(rig.loop, 0);
    return 0;
}

static void nobody_but_bluetoothd_may_ask(void **state)
{
    sd_bus *stranger = NULL;
    bool refused = false;
    (void)state;
    registered();
    assert_true(sd_bus_open_system(&stranger) >= 0);
    assert_true(sd_bus_attach_event(stranger, rig.loop, 0) >= 0);
    assert_true(sd_bus_call_method_async(stranger, NULL, rig.d.owner, rig.d.agent,
                                         "org.bluez.Agent1", "RequestConfirmation", on_stranger,
                                         &refused, "ou", DOUBLE_DEVICE, 1) >= 0);
    assert_true(sd_event_loop(rig.loop) >= 0);
    assert_true(refused);
    assert_int_equal(rig.calls, 0);
    sd_bus_flush_close_unref(stranger);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_io_capability_as_default_or_not),
        TEST(a_refusal_is_told_in_words),
        TEST(a_refused_default_stays_an_agent),
        TEST(registers_again_with_every_bluetoothd),
        TEST(registers_anew_with_another_io_capability),
        TEST(confirmation_is_a_comparison),
        TEST(a_passkey_is_typed),
        TEST(authorization_is_consent),
        TEST(a_name_disturbs_nothing_and_hides_no_address),
        TEST(nobody_there_is_a_no),
        TEST(a_displayed_passkey_counts_what_is_typed_and_goes),
        TEST(pins_are_shown_and_never_given),
        TEST(services_are_allowed_or_not),
        TEST(cancel_withdraws_what_is_asked),
        TEST(a_device_that_leaves_withdraws_too),
        TEST(released),
        TEST(leaving_refuses_what_is_open),
        TEST(nobody_but_bluetoothd_may_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
