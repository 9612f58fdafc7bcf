/* Over a double of wpa_supplicant: what is lost, left, scanned, and that it goes, all in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/wpa_rig.h"

/* Its queue may be full, of others' requests; a while, or for good. */
static void queue_is_full(void **state)
{
    struct wpa_rig *r = *state;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", r->wpa.path);
    for (unsigned round = 0; round < 2; round++) {
        while (sendto(other, "PING", 4, 0, (const struct sockaddr *)&to, sizeof to) == 4)
            ;
        int fd = r->wpa.fd;
        r->wpa.fd = -1; /* it does not look */
        net_rig_join(&r->net, round + 1, "Home", TROTH_WIFI_WPA2_PSK);
        net_rig_pass(&r->net, 300);
        net_rig_silence(&r->net);
        if (round) {
            net_rig_pass(&r->net, 10000);
            net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_BACKEND_GONE);
        }
        r->wpa.fd = fd;
        if (!round) {
            net_rig_pass(&r->net, 100);
            wpa_rig_connected(r, 0);
            net_rig_address(&r->net, "192.0.2.7");
            net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
        }
    }
    close(other);
}

static void stale_address(void **state)
{
    struct wpa_rig *r = *state;
    snprintf(r->net.address, sizeof r->net.address, "198.51.100.3");
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, 0);
    net_rig_pass(&r->net, 3900);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    net_rig_join(&r->net, 2, "Away", TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, 1);
    net_rig_pass(&r->net, 3900);
    net_rig_silence(&r->net);
    net_rig_pass(&r->net, 200); /* nobody took it away: it holds there too */
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, 0);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7"); /* announced again */
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
}

static void changes(void **state)
{
    struct wpa_rig *r = *state;
    wpa_rig_joined(r, 1, "Home", 0);
    net_rig_address(&r->net, "192.0.2.8");
    net_rig_reported(&r->net, TROTH_NET_CHANGED, 1, TROTH_NET_OK);
    assert_string_equal(r->net.info.address, "192.0.2.8");
    net_rig_address(&r->net, "");
    net_rig_pass(&r->net, 3000);
    net_rig_address(&r->net, "192.0.2.8");
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "");
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_NO_ADDRESS);
}

static void losses(void **state)
{
    struct wpa_rig *r = *state;
    wpa_rig_joined(r, 1, "Home", 0);
    wpa_rig_event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    net_rig_pass(&r->net, 3000);
    wpa_rig_connected(r, 0); /* a roam */
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net);
    wpa_rig_event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
    wpa_rig_event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    wpa_rig_connected(r, 0);
    net_rig_pass(&r->net, 5000);
    net_rig_silence(&r->net); /* nobody asked for it since */
    wpa_rig_joined(r, 2, "Home", 0);
    wpa_rig_connected(r, 3); /* another network, by somebody else */
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LOST, 2, TROTH_NET_LINK_LOST);
}

static void goes_and_returns(void **state)
{
    struct wpa_rig *r = *state;
    wpa_rig_joined(r, 1, "Home", 0);
    wpa_rig_event(r, "CTRL-EVENT-TERMINATING ");
    wpa_double_stop(&r->wpa);
    net_rig_reported(&r->net, TROTH_NET_LOST, 1, TROTH_NET_BACKEND_GONE);
    assert_int_equal(r->net.gone, 1);
    net_rig_join(&r->net, 2, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_pass(&r->net, 4900);
    net_rig_silence(&r->net);
    net_rig_pass(&r->net, 200);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_BACKEND_GONE);
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK); /* in time */
    wpa_double_start(&r->wpa);
    net_rig_pass(&r->net, 1100);
    assert_int_equal(r->net.here, 2);
    wpa_rig_connected(r, 0);
    net_rig_address(&r->net, "192.0.2.9");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    r->wpa.silent = true; /* killed: nothing is said any more */
    net_rig_pass(&r->net, 21000);
    net_rig_reported(&r->net, TROTH_NET_LOST, 3, TROTH_NET_BACKEND_GONE);
}

static void dies_while_joining(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_double_stop(&r->wpa); /* without a word: the next request finds out */
    net_rig_pass(&r->net, 10100);
    net_rig_reported(&r->net, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_BACKEND_GONE);
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 2), TROTH_NOT_FOUND);
}

static void leaves(void **state)
{
    struct wpa_rig *r = *state;
    r->wpa.network[0] = (struct wpa_double_network){.used = true, .ssid = "Mine"};
    wpa_rig_joined(r, 1, "Home", 1);
    wpa_double_forget(&r->wpa);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 2), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 2, TROTH_NET_OK);
    assert_true(r->wpa.network[0].used);
    assert_false(r->wpa.network[1].used);
    assert_true(wpa_double_heard(&r->wpa, "SAVE_CONFIG"));
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 4), TROTH_OK); /* in the middle */
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 4, TROTH_NET_OK);
    assert_false(r->wpa.network[1].used);
    assert_false(r->wpa.network[0].disabled);
    r->wpa.silent = true;
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 5), TROTH_OK);
    net_rig_pass(&r->net, 4100);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 5, TROTH_NET_OK);
}

static void abandoned(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA2_PSK);
    net_rig_join(&r->net, 2, "Away", TROTH_WIFI_WPA2_PSK);
    assert_true(wpa_double_heard(&r->wpa, "REMOVE_NETWORK 0"));
    int now = r->wpa.network[0].used ? 0 : 1;
    wpa_rig_event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"Home\" reason=WRONG_KEY");
    net_rig_silence(&r->net);
    wpa_rig_connected(r, now);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    net_rig_pass(&r->net, 30000);
    net_rig_silence(&r->net);
    /* in the middle of its questions */
    struct troth_credentials c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, NET_RIG_SECRET);
    for (uint32_t id = 10; id < 20; id++) {
        assert_int_equal(r->net.net->ops->join(r->net.net->ctx, id, &c), TROTH_OK);
        for (uint32_t k = 10; k < id; k++) {
            wpa_double_serve(&r->wpa);
            sd_event_run(r->net.loop, 0);
        }
    }
    net_rig_run(&r->net);
    unsigned used = 0;
    for (unsigned i = 0; i < 8; i++)
        used += r->wpa.network[i].used;
    assert_int_equal(used, 2); /* Away, and the last */
}

static void scans(void **state)
{
    struct wpa_rig *r = *state;
    r->wpa.results = "bssid / frequency / signal level / flags / ssid\n"
                     "02:00:00:00:00:01\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tA\\xc3\\\\b\n"
                     "02:00:00:00:00:02\t5180\t-200\t[ESS]\t\n"
                     "02:00:00:00:00:03\t2484\t-70\t[WPA2-EAP-CCMP][ESS]\tC\tD\n"
                     "broken\n";
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 1), TROTH_OK);
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 2), TROTH_BUSY);
    net_rig_run(&r->net);
    net_rig_silence(&r->net);
    wpa_rig_event(r, "CTRL-EVENT-SCAN-RESULTS ");
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 1, TROTH_NET_OK);
    assert_int_equal(r->net.finds, 2);
    assert_int_equal(r->net.found[0].ssid.len, 4);
    assert_memory_equal(r->net.found[0].ssid.b, "A\xc3\\b", 4);
    assert_int_equal(r->net.found[1].ssid.len, 3);
    assert_int_equal(r->net.found[1].security, TROTH_WIFI_OTHER);
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 3), TROTH_OK);
    net_rig_pass(&r->net, 12100); /* no event: what is known */
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 3, TROTH_NET_OK);
    r->wpa.refuse = "SCAN TYPE";
    assert_int_equal(r->net.net->ops->scan(r->net.net->ctx, 4), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_SCAN_DONE, 4, TROTH_NET_OTHER);
}

static void status(void **state)
{
    struct wpa_rig *r = *state;
    r->net.net->ops->status(r->net.net->ctx, 1);
    net_rig_pass(&r->net, 2);
    net_rig_reported(&r->net, TROTH_NET_STATUS, 1, TROTH_NET_OK);
    assert_null(r->net.report[r->net.seen - 1].info);
    wpa_rig_joined(r, 2, "Home", 0);
    r->net.net->ops->status(r->net.net->ctx, 3);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_STATUS, 3, TROTH_NET_OK);
    assert_non_null(r->net.report[r->net.seen - 1].info);
    assert_string_equal(r->net.info.address, "192.0.2.7");
    assert_int_equal(r->net.info.rssi, -40);
    r->wpa.status = "wpa_state=SCANNING\n";
    r->net.net->ops->status(r->net.net->ctx, 4);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_STATUS, 4, TROTH_NET_OK);
    assert_null(r->net.report[r->net.seen - 1].info);
}

/* Whatever it says, cut anywhere, in whatever state. */
static void broken_events(void **state)
{
    static const char *const events[] = {
        "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:09 completed [id=0 id_str=]",
        "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" auth_failures=1 reason=WRONG_KEY",
        "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=2 status_code=15",
        "CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:09 status_code=43",
        "CTRL-EVENT-SCAN-RESULTS ",
    };
    struct wpa_rig *r = *state;
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++)
        for (size_t n = 0; n < strlen(events[i]); n++) {
            char text[200];
            snprintf(text, sizeof text, "%.*s", (int)n, events[i]);
            r->net.reports = r->net.seen = 0;
            net_rig_join(&r->net, 1, "Home", TROTH_WIFI_WPA3_SAE);
            wpa_rig_event(r, text);
            r->net.net->ops->scan(r->net.net->ctx, 2);
            wpa_rig_event(r, text);
            net_rig_pass(&r->net, 1);
        }
    r->net.reports = r->net.seen = 0;
    net_rig_join(&r->net, 3, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, 0);
    net_rig_address(&r->net, "192.0.2.7");
    while (r->net.seen + 1 < r->net.reports)
        r->net.seen++;
    net_rig_reported(&r->net, TROTH_NET_JOINED, 3, TROTH_NET_OK);
}

static void only_wifi(void **state)
{
    struct wpa_rig *r = *state;
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 1, &c), TROTH_UNSUPPORTED);
    c = net_rig_credentials("Home", TROTH_WIFI_WPA2_PSK, "short");
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 1, &c), TROTH_INVALID);
    c = net_rig_credentials("Home", TROTH_WIFI_WPA3_SAE, "nul");
    c.u.wifi.password.b[1] = 0;
    assert_int_equal(r->net.net->ops->join(r->net.net->ctx, 1, &c), TROTH_UNSUPPORTED);
    assert_int_equal(r->net.shortcomings, 1);
    assert_int_equal(r->net.net->kinds, 1u << TROTH_NET_WIFI);
    net_rig_silence(&r->net);
}

static void absent_at_first(void **state)
{
    struct wpa_rig *r = *state;
    wpa_double_stop(&r->wpa);
    wpa_rig_open(r);
    assert_int_equal(r->net.gone, 1);
    assert_non_null(strstr(r->net.words, "ctrl_interface"));
    net_rig_pass(&r->net, 10000);
    assert_int_equal(r->net.gone, 1); /* said once */
    wpa_double_start(&r->wpa);
    net_rig_pass(&r->net, 1100);
    assert_int_equal(r->net.here, 1);
    assert_int_equal(r->net.net->ops->leave(r->net.net->ctx, 1), TROTH_OK);
    net_rig_run(&r->net);
    net_rig_reported(&r->net, TROTH_NET_LEFT, 1, TROTH_NET_OK);
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, wpa_rig_setup_open, wpa_rig_teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, wpa_rig_setup, wpa_rig_teardown)
    const struct CMUnitTest tests[] = {
        T(queue_is_full),
        T(stale_address),
        T(changes),
        T(losses),
        T(goes_and_returns),
        T(dies_while_joining),
        T(leaves),
        T(abandoned),
        T(scans),
        T(status),
        T(broken_events),
        T(only_wifi),
        CLOSED(absent_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
