/* A central over BlueZ: pairing, and what a question is worth. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/bluez_client_rig.h"

/* ---- pairing ---- */

static void pairs(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    assert_false(r->last.u.connected.bonded);
    assert_int_equal(bluez_client_pair(r->client), TROTH_OK);
    assert_int_equal(bluez_client_pair(r->client), TROTH_BUSY);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
    double_settle(&r->d);
    assert_int_equal(r->told[BLUEZ_CLIENT_PAIRED], 0); /* once */
}

/* What was proved of a bond holds while it is the same one, also on the next link. */
static void the_bond_it_made_is_known_while_it_is_there(void **state)
{
    struct troth_addr lamp, other;
    struct bluez_client_rig *r = *state;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    assert_true(troth_addr_parse(&other, "C0:FF:EE:00:00:02"));
    lamp.type = other.type = TROTH_ADDR_RANDOM;
    bluez_client_scan(r->client, true);
    bluez_client_rig_connect(r);
    assert_false(bluez_client_made(r->client, &lamp));
    bluez_client_pair(r->client);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
    double_settle(&r->d);
    assert_true(bluez_client_made(r->client, &lamp));
    assert_false(bluez_client_made(r->client, &other));
    r->d.connected = false;
    double_device_changed(&r->d, "Connected");
    bluez_client_rig_await(r, &r->disconnected, "the end");
    bluez_client_rig_connect(r);
    assert_true(bluez_client_made(r->client, &lamp));
    r->d.paired = false;
    double_device_changed(&r->d, "Paired");
    double_settle(&r->d);
    r->d.paired = true; /* by whomever */
    double_device_changed(&r->d, "Paired");
    double_settle(&r->d);
    assert_false(bluez_client_made(r->client, &lamp));
}

static void an_unanswered_pair_counts_as_its_property_says(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    r->d.silent = "Pair";
    bluez_client_pair(r->client);
    double_settle(&r->d);
    r->d.paired = r->d.bonded = true;
    double_device_changed(&r->d, "Bonded");
    double_device_changed(&r->d, "Paired");
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
}

static void a_device_that_asks_first_is_paired_without_us(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    r->d.paired = r->d.bonded = true;
    double_device_changed(&r->d, "Bonded");
    double_device_changed(&r->d, "Paired");
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
    double_called(&r->d, "");
    assert_int_equal(bluez_client_pair(r->client), TROTH_OK);
    double_settle(&r->d);
    assert_false(double_called(&r->d, "Pair;"));
}

static void an_older_bond_is_no_news(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.paired = r->d.bonded = true;
    double_device_changed(&r->d, "Paired");
    double_device_changed(&r->d, "Bonded");
    bluez_client_scan(r->client, true);
    double_settle(&r->d);
    bluez_client_rig_connect(r);
    assert_true(r->last.u.connected.bonded);
    double_settle(&r->d);
    assert_int_equal(r->told[BLUEZ_CLIENT_PAIRED], 0);
}

static void failures_have_words(void **state)
{
    static const struct {
        const char *error, *words;
    } all[] = {{"AuthenticationFailed", "passkey or the comparison"},
               {"AuthenticationRejected", "refused"},
               {"AuthenticationCanceled", "cancelled"},
               {"AuthenticationTimeout", "in time"}};
    struct bluez_client_rig *r = *state;
    bluez_client_rig_connect(r);
    r->d.fails = "Pair";
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        r->d.error = all[i].error;
        assert_int_equal(bluez_client_pair(r->client), TROTH_OK);
        bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIR_FAILED], all[i].error);
        if (!strstr(r->why, all[i].words))
            fail_msg("%s: %s", all[i].error, r->why);
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
static void settle(struct bluez_client_rig *r)
{
    double_settle(&r->d);
    double_settle(&r->d);
}

static void pair_in_silence(struct bluez_client_rig *r)
{
    r->d.silent = "Pair";
    r->d.on_call = says;
    r->reports = 0;
    r->counts = true;
    assert_int_equal(bluez_client_pair(r->client), TROTH_OK);
    bluez_client_rig_await(r, &r->reports, "what was said while Pair was handled");
}

static void what_is_asked_counts_once_pair_is_handled(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_scan(r->client, true);
    bluez_client_rig_connect(r);
    assert_false(bluez_client_is_asked(r->client));
    pair_in_silence(r);
    assert_false(r->counts);
    settle(r);
    assert_true(bluez_client_is_asked(r->client));
    r->d.paired = true;
    double_device_changed(&r->d, "Paired");
    settle(r);
    assert_int_equal(r->told[BLUEZ_CLIENT_PAIRED], 0); /* Bonded may come yet */
    assert_false(bluez_client_is_asked(r->client));
    r->d.bonded = true;
    double_device_changed(&r->d, "Bonded");
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
    assert_false(bluez_client_is_asked(r->client));
}

static void not_what_is_asked_after_it_failed(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_scan(r->client, true);
    bluez_client_rig_connect(r);
    pair_in_silence(r);
    settle(r);
    assert_true(bluez_client_is_asked(r->client));
    double_fail_held(&r->d, "AuthenticationFailed");
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIR_FAILED], "the failure");
    assert_false(bluez_client_is_asked(r->client));
    pair_in_silence(r); /* which is another */
    assert_false(r->counts);
    settle(r);
    assert_true(bluez_client_is_asked(r->client));
}

static void nor_after_the_device_left(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_scan(r->client, true);
    bluez_client_rig_connect(r);
    pair_in_silence(r);
    settle(r);
    r->d.connected = false;
    double_device_changed(&r->d, "Connected");
    bluez_client_rig_await(r, &r->disconnected, "the end");
    r->d.connected = true;
    double_device_changed(&r->d, "Connected");
    settle(r);
    assert_false(bluez_client_is_asked(r->client));
    bluez_client_rig_connect(r);
    assert_false(bluez_client_is_asked(r->client));
}

static void an_error_does_not_tell_that_pair_is_handled(void **state)
{
    struct bluez_client_rig *r = *state;
    bluez_client_scan(r->client, true);
    bluez_client_rig_connect(r);
    r->d.fails = "Get";
    pair_in_silence(r);
    settle(r);
    assert_false(bluez_client_is_asked(r->client));
}

/* ---- Pair instead of Connect ---- */

static int connect_pairing(struct bluez_client_rig *r, unsigned ms)
{
    struct troth_addr lamp;
    assert_true(troth_addr_parse(&lamp, "C0:FF:EE:00:00:01"));
    lamp.type = TROTH_ADDR_RANDOM;
    double_called(&r->d, "");
    return bluez_client_connect_pairing(r->client, &lamp, ms);
}

static void pair_connects_by_itself(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.silent = "Pair";
    assert_int_equal(connect_pairing(r, 5000), TROTH_OK);
    assert_int_equal(connect_pairing(r, 5000), TROTH_BUSY);
    settle(r);
    r->d.connected = true;
    double_device_changed(&r->d, "Connected");
    bluez_client_rig_await(r, &r->connected, "the connection");
    assert_false(r->last.u.connected.bonded);
    assert_true(bluez_client_is_asked(r->client)); /* from the first */
    assert_int_equal(bluez_client_pair(r->client), TROTH_BUSY);
    r->d.paired = r->d.bonded = true;
    double_device_changed(&r->d, "Bonded");
    double_device_changed(&r->d, "Paired");
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
    assert_int_equal(bluez_client_pair(r->client), TROTH_OK);
    settle(r);
    assert_int_equal(r->told[BLUEZ_CLIENT_PAIRED], 0);
    assert_true(double_called(&r->d, "Pair; "));
}

static void its_failure_before_the_link_is_the_links(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.fails = "Pair";
    r->d.error = "Failed";
    r->d.message = "Software caused connection abort";
    assert_int_equal(connect_pairing(r, 5000), TROTH_OK);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_CONNECT_FAILED], "the failure");
    assert_non_null(strstr(r->why, "connection abort"));
    assert_int_equal(r->told[BLUEZ_CLIENT_PAIR_FAILED], 0);
    r->d.fails = NULL;
    assert_int_equal(connect_pairing(r, 5000), TROTH_OK); /* again, and now it does */
    bluez_client_rig_await(r, &r->connected, "the connection");
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_PAIRED], "paired");
}

static void a_link_that_does_not_come_is_given_up(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.silent = "Pair";
    assert_int_equal(connect_pairing(r, 1), TROTH_OK);
    bluez_client_rig_await(r, &r->told[BLUEZ_CLIENT_CONNECT_FAILED], "the limit");
    assert_non_null(strstr(r->why, "did not answer"));
    settle(r);
    assert_true(double_called(&r->d, "Pair; CancelPairing; Disconnect;"));
}

static void one_that_was_paired_meanwhile_is_connected_to(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.fails = "Pair";
    r->d.error = "AlreadyExists";
    assert_int_equal(connect_pairing(r, 5000), TROTH_OK);
    bluez_client_rig_await(r, &r->connected, "the connection");
    assert_true(double_called(&r->d, "Pair; Connect; "));
}

static void one_that_is_connected_or_paired_is_only_connected_to(void **state)
{
    struct bluez_client_rig *r = *state;
    r->d.connected = true;
    double_device_changed(&r->d, "Connected");
    bluez_client_scan(r->client, true);
    settle(r);
    assert_int_equal(connect_pairing(r, 5000), TROTH_OK);
    bluez_client_rig_await(r, &r->connected, "the connection");
    assert_true(double_called(&r->d, "Connect;"));
    r->d.connected = false;
    double_device_changed(&r->d, "Connected");
    bluez_client_rig_await(r, &r->disconnected, "the end");
    r->d.paired = r->d.bonded = true;
    double_device_changed(&r->d, "Paired");
    settle(r);
    assert_int_equal(connect_pairing(r, 5000), TROTH_OK);
    bluez_client_rig_await(r, &r->connected, "the connection");
    assert_true(r->last.u.connected.bonded);
    assert_true(double_called(&r->d, "Connect;"));
}

#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, bluez_client_rig_setup, bluez_client_rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
