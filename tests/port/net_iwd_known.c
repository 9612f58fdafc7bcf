/* The iwd backend where iwd knows networks already, from somebody else or from a life before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/iwd_rig.h"

#define OTHER "another one"

static void known_by_others(struct iwd_rig *r)
{
    r->network[0].known = true;
    net_rig_up(&r->net, "iwd");
}

static void join_other(struct iwd_rig *r, uint32_t id)
{
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, OTHER);
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, id, &c), TROTH_OK);
    net_rig_run(&r->net);
}

static void asks(struct iwd_rig *r, const char *answer)
{
    iwd_rig_ask(r, r->net.bus.bus, iwd_rig_path(&r->network[0], false));
    assert_string_equal(r->answer, answer);
}

static void joined(struct iwd_rig *r, uint32_t id)
{
    iwd_rig_ends(r, NULL, 0);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, id, TROTH_NET_OK);
}

static void leave(struct iwd_rig *r, uint32_t id)
{
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, id), TROTH_OK);
    net_rig_run(&r->net);
}

static void left(struct iwd_rig *r, uint32_t id)
{
    leave(r, id);
    net_rig_reported(&r->net, TROTH_NET_LEFT, id, TROTH_NET_OK);
}

static bool forgets(const struct iwd_rig *r)
{
    return bus_double_heard(&r->net.bus, "Forget ");
}

/* A first try of a name that somebody else gave iwd fails, and is left: it is not Troth's. */
static void a_failed_try_takes_nothing_along(void **state)
{
    struct iwd_rig *r = *state;
    known_by_others(r);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    iwd_rig_ends(r, IWD ".NotFound", -1);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_NOT_FOUND);
    left(r, 2);
    assert_true(r->network[0].known && !forgets(r) && !r->net.stays);
}

/* What is joined with what iwd knew is somebody else's still. */
static void a_borrowed_one_stays(void **state)
{
    struct iwd_rig *r = *state;
    known_by_others(r);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    joined(r, 1);
    assert_true(net_backend_borrows(r->net.b));
    iwd_rig_joined(r, 2, 4); /* another takes its place */
    assert_true(r->network[0].known && !net_backend_borrows(r->net.b));
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    joined(r, 3);
    assert_false(r->network[4].known); /* that was Troth's */
    bus_double_forget(&r->net.bus);
    left(r, 4);
    assert_true(r->network[0].known && !forgets(r));
    assert_int_equal(r->net.stays, 1);
    assert_non_null(strstr(r->net.words, "iwctl known-networks"));
}

/* The same in the next life, from what is stored. */
static void a_borrowed_one_stays_after_a_restart(void **state)
{
    struct iwd_rig *r = *state;
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, NET_RIG_SECRET);
    r->net.more.ours = &c;
    r->net.more.borrowed = true;
    known_by_others(r);
    left(r, 1);
    assert_true(r->network[0].known && r->net.stays == 1);
    net_rig_close(&r->net);
    r->net.more.borrowed = false;
    net_rig_open(&r->net, "iwd");
    net_rig_until_here(&r->net);
    left(r, 2);
    assert_false(r->network[0].known);
}

/* A password that does not work does not cost the one that iwd knew. */
static void a_wrong_password_replaces_nothing(void **state)
{
    struct iwd_rig *r = *state;
    known_by_others(r);
    iwd_rig_joined(r, 1, 4); /* Troth's own is another */
    bus_double_forget(&r->net.bus);
    for (uint32_t i = 2; i < 4; i++) {
        join_other(r, i);
        iwd_rig_ends(r, IWD ".Failed", -1); /* with what it knew */
        net_rig_silence(&r->net);
        asks(r, OTHER); /* it asks when that has failed */
        iwd_rig_ends(r, IWD ".Failed", -1);
        net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, i, TROTH_NET_WRONG_PASSWORD);
    }
    assert_true(r->network[0].known && !forgets(r) && !r->net.shortcomings);
}

static void a_right_password_replaces(void **state)
{
    struct iwd_rig *r = *state;
    known_by_others(r);
    join_other(r, 1);
    iwd_rig_ends(r, IWD ".Failed", -1);
    asks(r, OTHER);
    joined(r, 1);
    assert_true(!forgets(r) && !net_backend_borrows(r->net.b));
    assert_int_equal(r->net.shortcomings, 1);
    assert_non_null(strstr(r->net.words, "replaced by the one given"));
    left(r, 2);
    assert_false(r->network[0].known); /* by now it is Troth's */
}

/* One that does not ask has to forget first: as late as can be, and said. */
static void who_does_not_ask_must_forget(void **state)
{
    struct iwd_rig *r = *state;
    known_by_others(r);
    join_other(r, 1);
    iwd_rig_ends(r, IWD ".Failed", -1);
    assert_true(!forgets(r) && !r->net.shortcomings);
    iwd_rig_ends(r, IWD ".Failed", -1);
    net_rig_silence(&r->net);
    assert_true(forgets(r));
    assert_int_equal(r->net.shortcomings, 1);
    asks(r, OTHER);
    joined(r, 1);
    assert_int_equal(r->net.shortcomings, 1);
    assert_false(net_backend_borrows(r->net.b));
}

/* Stored, and iwd has another password of Troth's: of an attempt that was cut short. */
static void ours_of_a_life_before(void **state)
{
    struct iwd_rig *r = *state;
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, NET_RIG_SECRET);
    r->net.more.ours = &c;
    known_by_others(r);
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    iwd_rig_ends(r, IWD ".Failed", -1);
    asks(r, NET_RIG_SECRET);
    joined(r, 1);
    assert_true(!r->net.shortcomings && !forgets(r));
    left(r, 2);
    assert_false(r->network[0].known);
}

/* ---- what is owed ---- */

static void away(struct iwd_rig *r)
{
    r->net.gone = 0;
    bus_double_down(&r->net.bus);
    net_rig_until_gone(&r->net, "it is missed");
    r->connected = -1;
    r->state = "disconnected";
}

static void back(struct iwd_rig *r)
{
    bus_double_up(&r->net.bus);
    net_rig_until_here(&r->net);
}

static void leaves_while_it_is_away(struct iwd_rig *r, uint32_t id)
{
    iwd_rig_joined(r, id, 0);
    away(r);
    net_rig_reported(&r->net, TROTH_NET_LOST, id, TROTH_NET_BACKEND_GONE);
    leave(r, id + 1);
    net_rig_silence(&r->net);
    net_rig_pass(&r->net, 4010);
    net_rig_reported(&r->net, TROTH_NET_LEFT, id + 1, TROTH_NET_OK);
    assert_non_null(strstr(r->net.words, "as soon as it is back"));
    assert_true(net_backend_owes(r->net.b) && r->network[0].known);
}

static void a_leave_is_made_up_for(void **state)
{
    struct iwd_rig *r = *state;
    leaves_while_it_is_away(r, 1);
    assert_int_equal(r->net.settled, 0);
    back(r);
    assert_true(!r->network[0].known && !net_backend_owes(r->net.b));
    assert_int_equal(r->net.settled, 1);
    net_rig_silence(&r->net); /* nobody waits for it */
    bus_double_forget(&r->net.bus);
    away(r);
    back(r);
    assert_false(forgets(r)); /* once */

    leaves_while_it_is_away(r, 3); /* another is asked for meanwhile: it takes its place */
    net_rig_join(&r->net, 5, "Old", TROTH_WIFI_WPA2_PSK);
    back(r);
    assert_true(net_backend_owes(r->net.b) && r->network[0].known);
    iwd_rig_ends(r, NULL, 4);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 5, TROTH_NET_OK);
    net_rig_run(&r->net);
    assert_true(!r->network[0].known && r->network[4].known && !net_backend_owes(r->net.b));
}

static void a_leave_of_a_life_before(void **state)
{
    struct iwd_rig *r = *state;
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, "");
    r->net.more.ours = &c;
    r->net.more.owed = true;
    known_by_others(r);
    net_rig_run(&r->net);
    assert_true(!r->network[0].known && r->net.settled == 1);
    net_rig_silence(&r->net);
}

static void who_refuses_is_told_again(void **state)
{
    struct iwd_rig *r = *state;
    iwd_rig_joined(r, 1, 0);
    r->error = "org.freedesktop.DBus.Error.AccessDenied";
    left(r, 2);
    assert_true(r->network[0].known && net_backend_owes(r->net.b));
    assert_int_equal(r->net.shortcomings, 2);
    net_rig_pass(&r->net, 59000);
    assert_true(r->network[0].known);
    net_rig_pass(&r->net, 2000);
    assert_true(!r->network[0].known && r->net.settled == 1);
}

int main(void)
{
#define T(name)    cmocka_unit_test_setup_teardown(name, iwd_rig_setup, iwd_rig_teardown)
#define OPEN(name) cmocka_unit_test_setup_teardown(name, iwd_rig_setup_open, iwd_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(a_failed_try_takes_nothing_along),
        T(a_borrowed_one_stays),
        T(a_borrowed_one_stays_after_a_restart),
        T(a_wrong_password_replaces_nothing),
        T(a_right_password_replaces),
        T(who_does_not_ask_must_forget),
        T(ours_of_a_life_before),
        OPEN(a_leave_is_made_up_for),
        T(a_leave_of_a_life_before),
        OPEN(who_refuses_is_told_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
