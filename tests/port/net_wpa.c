/* The wpa_supplicant backend against a double of its socket: each event, each refusal, all in time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "ports/linux/net_backend.h"
#include "ports/linux/net_wpa_text.h"
#include "support/wpa_double.h"

#define REPORTS 32
#define SECRET  "open sesame"

struct rig {
    struct wpa_double wpa;
    sd_event *loop;
    struct troth_net_sink sink;
    struct net_backend *b;
    const struct troth_net *net;
    troth_ms now;
    char address[46];
    struct troth_net_report report[REPORTS];
    struct troth_net_info info; /* of the last report that had one */
    struct troth_ssid found[REPORTS];
    uint8_t security[REPORTS];
    unsigned reports, seen, finds;
    unsigned here, gone, shortcomings;
    char words[600];
};

static void on_report(void *ctx, const struct troth_net_report *report)
{
    struct rig *r = ctx;
    if (report->result) {
        assert_true(r->finds < REPORTS);
        r->found[r->finds] = report->result->ssid;
        r->security[r->finds++] = report->result->security;
        return;
    }
    assert_true(r->reports < REPORTS);
    r->report[r->reports++] = *report;
    if (report->info)
        r->info = *report->info;
}

static void on_notice(void *ctx, enum net_notice what, const char *words)
{
    struct rig *r = ctx;
    r->here += what == NET_HERE;
    r->gone += what == NET_GONE;
    r->shortcomings += what == NET_SHORTCOMING;
    snprintf(r->words, sizeof r->words, "%s", words);
    assert_null(strstr(words, SECRET));
}

static bool get_address(void *ctx, char text[46])
{
    const struct rig *r = ctx;
    memcpy(text, r->address, 46);
    return *text != 0;
}

/* Until both ends have nothing left to do. */
static void run(struct rig *r)
{
    do {
        if (r->b && net_backend_deadline(r->b) <= r->now)
            net_backend_tick(r->b, r->now);
    } while (wpa_double_serve(&r->wpa) || sd_event_run(r->loop, 0) > 0 ||
             (r->b && net_backend_deadline(r->b) <= r->now));
}

static void pass(struct rig *r, unsigned ms)
{
    troth_ms end = r->now + ms;
    run(r);
    for (troth_ms at; (at = net_backend_deadline(r->b)) <= end; run(r))
        r->now = at > r->now ? at : r->now;
    r->now = end;
    run(r);
}

static void open_backend(struct rig *r)
{
    struct net_where where;
    char text[64], why[300];
    struct net_config config = {.loop = r->loop,
                                .sink = &r->sink,
                                .join_ms = 18000,
                                .notice = on_notice,
                                .address = get_address,
                                .ctx = r};
    snprintf(text, sizeof text, "wpa:%s/wlan0", r->wpa.dir);
    assert_true(net_parse(&where, text, why, sizeof why));
    r->b = net_open(&where, &config, why, sizeof why);
    assert_non_null(r->b);
    r->net = net_backend_net(r->b);
    run(r);
}

static int setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    wpa_double_open(&r->wpa);
    r->now = 1000000;
    r->sink = (struct troth_net_sink){on_report, r};
    assert_true(sd_event_new(&r->loop) >= 0);
    *state = r;
    return 0;
}

static int setup_open(void **state)
{
    setup(state);
    open_backend(*state);
    assert_int_equal(((struct rig *)*state)->here, 1);
    return 0;
}

static int teardown(void **state)
{
    struct rig *r = *state;
    net_backend_close(r->b);
    wpa_double_close(&r->wpa);
    sd_event_unref(r->loop);
    free(r);
    return 0;
}

/* ---- what happens, in words ---- */

static struct troth_credentials credentials(const char *ssid, uint8_t security,
                                            const char *password)
{
    struct troth_credentials c = {.kind = TROTH_NET_WIFI};
    c.u.wifi.security = security;
    c.u.wifi.ssid.len = (uint8_t)strlen(ssid);
    memcpy(c.u.wifi.ssid.b, ssid, strlen(ssid));
    c.u.wifi.password.len = (uint8_t)strlen(password);
    memcpy(c.u.wifi.password.b, password, strlen(password));
    return c;
}

static void join(struct rig *r, uint32_t id, const char *ssid, uint8_t security)
{
    struct troth_credentials c =
        credentials(ssid, security, security == TROTH_WIFI_OPEN ? "" : SECRET);
    assert_int_equal(r->net->ops->join(r->net->ctx, id, &c), TROTH_OK);
    run(r);
}

static void event(struct rig *r, const char *text)
{
    wpa_double_event(&r->wpa, text);
    run(r);
}

static void connected(struct rig *r, int id)
{
    static char status[200];
    char text[120];
    snprintf(status, sizeof status,
             "bssid=02:00:00:00:00:09\nfreq=2437\nid=%d\nkey_mgmt=WPA2-PSK\nwpa_state=COMPLETED\n"
             "RSSI=-40\n",
             id);
    r->wpa.status = status;
    snprintf(
        text, sizeof text,
        "CTRL-EVENT-CONNECTED - Connection to 02:00:00:00:00:09 completed [id=%d id_str=troth]",
        id);
    event(r, text);
}

static void address(struct rig *r, const char *text)
{
    snprintf(r->address, sizeof r->address, "%s", text);
    net_backend_address_changed(r->b);
    run(r);
}

static void silence(struct rig *r)
{
    assert_int_equal(r->reports, r->seen);
}

static void reported(struct rig *r, enum troth_net_report_type type, uint32_t id,
                     enum troth_net_reason reason)
{
    assert_true(r->reports > r->seen);
    const struct troth_net_report *report = &r->report[r->seen++];
    assert_int_equal(report->type, type);
    assert_int_equal(report->id, id);
    assert_int_equal(report->reason, reason);
}

static bool heard(struct rig *r, const char *command)
{
    return wpa_double_heard(&r->wpa, command);
}

static void joined(struct rig *r, uint32_t id, const char *ssid, int network)
{
    join(r, id, ssid, TROTH_WIFI_WPA2_PSK);
    connected(r, network);
    silence(r);
    address(r, "192.0.2.7");
    reported(r, TROTH_NET_JOINED, id, TROTH_NET_OK);
}

/* ---- joining ---- */

static void joins(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(heard(r, "SET_NETWORK 0 ssid 486f6d65"));
    assert_true(heard(r, "SET_NETWORK 0 scan_ssid 1"));
    assert_true(heard(r, "SET_NETWORK 0 psk \"" SECRET "\""));
    assert_true(heard(r, "SELECT_NETWORK 0"));
    assert_string_equal(r->wpa.network[0].id_str, "\"troth-trying\"");
    connected(r, 0);
    silence(r);
    assert_false(heard(r, "SAVE_CONFIG"));
    address(r, "192.0.2.7");
    reported(r, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_string_equal(r->info.address, "192.0.2.7");
    assert_int_equal(r->info.channel, 6);
    assert_int_equal(r->info.rssi, -40);
    assert_int_equal(r->info.bssid[5], 9);
    assert_true(heard(r, "SAVE_CONFIG"));
    assert_string_equal(r->wpa.network[0].id_str, "\"troth\"");
}

static void each_kind(void **state)
{
    static const struct {
        uint8_t security;
        const char *password, *line[3];
    } kinds[] = {
        {TROTH_WIFI_OPEN, "", {"key_mgmt NONE", "auth_alg OPEN", "ieee80211w 0"}},
        {TROTH_WIFI_WPA2_PSK,
         SECRET,
         {"key_mgmt WPA-PSK WPA-PSK-SHA256", "proto RSN", "ieee80211w 1"}},
        {TROTH_WIFI_WPA2_PSK_SHA256,
         SECRET,
         {"key_mgmt WPA-PSK-SHA256", "proto RSN", "ieee80211w 1"}},
        {TROTH_WIFI_WPA3_SAE, "a\"b", {"key_mgmt SAE", "sae_password 612262", "ieee80211w 2"}},
        {TROTH_WIFI_WPA2_WPA3,
         SECRET,
         {"key_mgmt WPA-PSK WPA-PSK-SHA256 SAE", "ieee80211w 1", "psk \"" SECRET "\""}},
        {TROTH_WIFI_WPA2_PSK,
         "0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF",
         {"psk 0123456789abcdef0123456789abcdef0123456789abcdef0123456789ABCDEF", "proto RSN",
          "ieee80211w 1"}},
    };
    struct rig *r = *state;
    for (unsigned i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct troth_credentials c = credentials("Home", kinds[i].security, kinds[i].password);
        wpa_double_forget(&r->wpa);
        assert_int_equal(r->net->ops->join(r->net->ctx, i + 1, &c), TROTH_OK);
        run(r);
        for (unsigned k = 0; k < 3; k++) {
            char line[160];
            snprintf(line, sizeof line, "SET_NETWORK 0 %s", kinds[i].line[k]);
            if (!heard(r, line))
                fail_msg("not heard: %s, but\n%s", line, r->wpa.said);
        }
        event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" reason=WRONG_KEY");
        reported(r, TROTH_NET_JOIN_FAILED, i + 1, TROTH_NET_WRONG_PASSWORD);
    }
    /* the other way of writing an SSID: any octets */
    struct troth_credentials c = credentials("\xff\n\"\\", TROTH_WIFI_OPEN, "");
    assert_int_equal(r->net->ops->join(r->net->ctx, 9, &c), TROTH_OK);
    run(r);
    assert_true(heard(r, "SET_NETWORK 0 ssid ff0a225c"));
}

static void refusals(void **state)
{
    static const struct {
        const char *command;
        uint8_t security;
        enum troth_net_reason reason;
    } cases[] = {
        {"ADD_NETWORK", TROTH_WIFI_WPA2_PSK, TROTH_NET_OTHER},
        {" key_mgmt ", TROTH_WIFI_WPA3_SAE, TROTH_NET_UNSUPPORTED_SECURITY},
        {" ieee80211w ", TROTH_WIFI_WPA3_SAE, TROTH_NET_UNSUPPORTED_SECURITY},
        {" psk ", TROTH_WIFI_WPA2_PSK, TROTH_NET_BAD_PASSWORD},
        {" sae_password ", TROTH_WIFI_WPA3_SAE, TROTH_NET_BAD_PASSWORD},
        {" ssid ", TROTH_WIFI_WPA2_PSK, TROTH_NET_OTHER},
        {"SELECT_NETWORK", TROTH_WIFI_WPA2_PSK, TROTH_NET_OTHER},
    };
    struct rig *r = *state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        r->wpa.refuse = cases[i].command;
        join(r, i + 1, "Home", cases[i].security);
        r->wpa.refuse = NULL;
        reported(r, TROTH_NET_JOIN_FAILED, i + 1, cases[i].reason);
        run(r);
        assert_false(r->wpa.network[0].used);
    }
    r->wpa.refuse = "SAVE_CONFIG"; /* it works all the same, and is said */
    joined(r, 20, "Home", 0);
    assert_int_equal(r->shortcomings, 1);
    assert_non_null(strstr(r->words, "update_config=1"));
}

/* ---- failing ---- */

static void wrong_password(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=5 ssid=\"Other\" reason=WRONG_KEY");
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" auth_failures=1 duration=10 "
             "reason=CONN_FAILED");
    event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=2 "
             "status_code=15"); /* of SAE, which was not asked for */
    silence(r);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"Home\" auth_failures=1 duration=10 "
             "reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    assert_true(heard(r, "REMOVE_NETWORK 0"));
    assert_false(heard(r, "SAVE_CONFIG"));
}

static void wrong_password_sae(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA3_SAE);
    event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=1 "
             "status_code=76"); /* try again with a token */
    event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=1 "
             "status_code=1");
    event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=0 auth_transaction=2 "
             "status_code=1");
    silence(r);
    event(r, "CTRL-EVENT-AUTH-REJECT 02:00:00:00:00:09 auth_type=3 auth_transaction=2 "
             "status_code=1");
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
}

static void not_found(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    silence(r);
    event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_NOT_FOUND);
    /* there, and protected otherwise */
    r->wpa.results = "bssid / frequency / signal level / flags / ssid\n"
                     "02:00:00:00:00:09\t2412\t-30\t[WPA2-SAE-CCMP][ESS]\tHome\n";
    join(r, 2, "Home", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_UNSUPPORTED_SECURITY);
}

static void out_of_time(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    pass(r, 17990);
    silence(r);
    pass(r, 20);
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_TIMEOUT);
    join(r, 2, "Home", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-NETWORK-NOT-FOUND ");
    pass(r, 18010);
    reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_NOT_FOUND);
    join(r, 3, "Home", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-ASSOC-REJECT bssid=02:00:00:00:00:09 status_code=43");
    pass(r, 18010);
    reported(r, TROTH_NET_JOIN_FAILED, 3, TROTH_NET_UNSUPPORTED_SECURITY);
    join(r, 4, "Home", TROTH_WIFI_WPA2_PSK);
    connected(r, 0);
    pass(r, 18010);
    reported(r, TROTH_NET_JOIN_FAILED, 4, TROTH_NET_NO_ADDRESS);
    join(r, 5, "Home", TROTH_WIFI_WPA2_PSK);
    connected(r, 0);
    event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    pass(r, 18010);
    reported(r, TROTH_NET_JOIN_FAILED, 5, TROTH_NET_TIMEOUT);
}

static void old_is_kept(void **state)
{
    struct rig *r = *state;
    r->wpa.network[0] = (struct wpa_double_network){.used = true, .current = true, .ssid = "Mine"};
    r->wpa.network[1] = (struct wpa_double_network){.used = true, .ssid = "Other"};
    r->wpa.network[2] =
        (struct wpa_double_network){.used = true, .disabled = true, .ssid = "Never"};
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(r->wpa.network[0].disabled);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=3 ssid=\"Home\" reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    assert_string_equal(r->wpa.network[3].id_str, "\"troth-trying\""); /* for one who is killed */
    pass(r, 3000); /* another attempt in the meantime does not make it the state before */
    join(r, 2, "Home", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=3 ssid=\"Home\" reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_WRONG_PASSWORD);
    pass(r, 4100);
    assert_true(heard(r, "SELECT_NETWORK 0"));
    assert_true(heard(r, "ENABLE_NETWORK 1 no-connect"));
    assert_false(r->wpa.network[0].disabled);
    assert_false(r->wpa.network[1].disabled);
    assert_true(r->wpa.network[2].disabled);
    assert_false(r->wpa.network[3].used);
    assert_false(heard(r, "SAVE_CONFIG"));
    /* and what works does not switch them off for good */
    joined(r, 3, "Home", 3);
    assert_false(r->wpa.network[0].disabled);
    assert_true(r->wpa.network[2].disabled);
}

/* More of other people's than fit into a small queue of requests. */
static void many_others(void **state)
{
    struct rig *r = *state;
    for (unsigned i = 0; i < 60; i++) {
        r->wpa.network[i] = (struct wpa_double_network){.used = true, .disabled = i == 7};
        snprintf(r->wpa.network[i].ssid, sizeof r->wpa.network[i].ssid, "Mine %u", i);
    }
    r->wpa.network[0].current = true;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(r->wpa.network[59].disabled);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=60 ssid=\"Home\" reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
    pass(r, 4100);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(r->wpa.network[i].disabled, i == 7);
    assert_false(r->wpa.network[60].used);
    joined(r, 2, "Home", 60);
    for (unsigned i = 0; i < 60; i++)
        assert_int_equal(r->wpa.network[i].disabled, i == 7);
    assert_true(heard(r, "SAVE_CONFIG"));
}

/* Killed in the middle of an attempt: whom it switched off shall not stay so, least of all saved. */
static void killed_before(void **state)
{
    struct rig *r = *state;
    for (unsigned can = 0; can < 2; can++) {
        memset(r->wpa.network, 0, sizeof r->wpa.network);
        r->wpa.saved[0] = (struct wpa_double_network){.used = true, .ssid = "Mine"};
        r->wpa.network[0] = r->wpa.saved[0];
        r->wpa.network[0].disabled = true;
        r->wpa.network[1] = (struct wpa_double_network){
            .used = true, .current = true, .ssid = "Home", .id_str = "\"troth-trying\""};
        r->wpa.can_reconfigure = can;
        joined(r, can + 1, "Home", 1);
        assert_int_equal(r->wpa.network[0].disabled, !can);
        assert_string_equal(r->wpa.network[1].id_str, "\"troth\"");
        assert_true(heard(r, "RECONFIGURE"));
        assert_int_equal(r->net->ops->leave(r->net->ctx, can + 10), TROTH_OK);
        run(r);
        reported(r, TROTH_NET_LEFT, can + 10, TROTH_NET_OK);
    }
}

/* An SSID is in some events, and says what it likes. */
static void names_in_events(void **state)
{
    struct rig *r = *state;
    const char *name = "a reason=WRONG_KEY id=9";
    join(r, 1, name, TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"a reason=WRONG_KEY id=9\" auth_failures=1 "
             "duration=10 reason=CONN_FAILED");
    silence(r);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=0 ssid=\"a reason=WRONG_KEY id=9\" auth_failures=2 "
             "duration=10 reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_WRONG_PASSWORD);
}

/* Its queue may be full, of others' requests; a while, or for good. */
static void queue_is_full(void **state)
{
    struct rig *r = *state;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    int other = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    snprintf(to.sun_path, sizeof to.sun_path, "%s", r->wpa.path);
    for (unsigned round = 0; round < 2; round++) {
        while (sendto(other, "PING", 4, 0, (const struct sockaddr *)&to, sizeof to) == 4)
            ;
        int fd = r->wpa.fd;
        r->wpa.fd = -1; /* it does not look */
        join(r, round + 1, "Home", TROTH_WIFI_WPA2_PSK);
        pass(r, 300);
        silence(r);
        if (round) {
            pass(r, 10000);
            reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_BACKEND_GONE);
        }
        r->wpa.fd = fd;
        if (!round) {
            pass(r, 100);
            connected(r, 0);
            address(r, "192.0.2.7");
            reported(r, TROTH_NET_JOINED, 1, TROTH_NET_OK);
        }
    }
    close(other);
}

static void ours_is_replaced(void **state)
{
    struct rig *r = *state;
    joined(r, 1, "Home", 0);
    r->address[0] = 0;
    join(r, 2, "Away", TROTH_WIFI_WPA2_PSK);
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=1 ssid=\"Away\" reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_WRONG_PASSWORD);
    assert_true(r->wpa.network[0].used);
    r->wpa.status = "wpa_state=DISCONNECTED\n";
    wpa_double_forget(&r->wpa);
    join(r, 3, "Home", TROTH_WIFI_WPA2_PSK); /* what worked: its block again */
    assert_true(heard(r, "SELECT_NETWORK 0"));
    assert_false(heard(r, "ADD_NETWORK"));
    connected(r, 0);
    address(r, "192.0.2.7");
    reported(r, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    assert_false(heard(r, "SAVE_CONFIG"));
    joined(r, 4, "Away", 1);
    assert_false(r->wpa.network[0].used);
    assert_true(r->wpa.network[1].used);
}

static void another_password(void **state)
{
    struct rig *r = *state;
    joined(r, 1, "Home", 0);
    struct troth_credentials c = credentials("Home", TROTH_WIFI_WPA2_PSK, "another one");
    assert_int_equal(r->net->ops->join(r->net->ctx, 2, &c), TROTH_OK);
    run(r);
    assert_true(heard(r, "SET_NETWORK 1 psk \"another one\""));
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=1 ssid=\"Home\" reason=WRONG_KEY");
    reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_WRONG_PASSWORD);
    pass(r, 4100);
    assert_true(r->wpa.network[0].used);
    assert_false(r->wpa.network[1].used);
}

static void found_at_start(void **state)
{
    struct rig *r = *state;
    r->wpa.network[4] = (struct wpa_double_network){
        .used = true, .current = true, .ssid = "Home", .id_str = "\"troth\""};
    r->wpa.network[5] =
        (struct wpa_double_network){.used = true, .ssid = "Half", .id_str = "\"troth-trying\""};
    snprintf(r->address, sizeof r->address, "192.0.2.7");
    r->wpa.status = "id=4\nwpa_state=COMPLETED\nkey_mgmt=SAE\nfreq=2412\n";
    open_backend(r);
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_false(r->wpa.network[5].used);
    pass(r, 4100); /* the address is from before: static, or still good */
    reported(r, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_int_equal(r->info.security, TROTH_WIFI_WPA3_SAE);
    assert_false(heard(r, "SELECT_NETWORK 4"));
    assert_false(heard(r, "ADD_NETWORK"));
    assert_false(heard(r, "SAVE_CONFIG"));
}

static void found_at_start_stale(void **state)
{
    struct rig *r = *state;
    r->wpa.network[4] =
        (struct wpa_double_network){.used = true, .ssid = "Home", .id_str = "\"troth\""};
    open_backend(r);
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    assert_true(heard(r, "SELECT_NETWORK 4"));
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=4 ssid=\"Home\" reason=WRONG_KEY");
    silence(r); /* its password was another: a fresh block, in the same attempt */
    assert_true(heard(r, "SELECT_NETWORK 0"));
    connected(r, 0);
    address(r, "192.0.2.7");
    reported(r, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    assert_false(r->wpa.network[4].used);
}

/* ---- the address ---- */

static void stale_address(void **state)
{
    struct rig *r = *state;
    snprintf(r->address, sizeof r->address, "198.51.100.3");
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    connected(r, 0);
    pass(r, 3900);
    silence(r);
    address(r, "192.0.2.7");
    reported(r, TROTH_NET_JOINED, 1, TROTH_NET_OK);
    join(r, 2, "Away", TROTH_WIFI_WPA2_PSK);
    connected(r, 1);
    pass(r, 3900);
    silence(r);
    pass(r, 200); /* nobody took it away: it holds there too */
    reported(r, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    join(r, 3, "Home", TROTH_WIFI_WPA2_PSK);
    connected(r, 0);
    silence(r);
    address(r, "192.0.2.7"); /* announced again */
    reported(r, TROTH_NET_JOINED, 3, TROTH_NET_OK);
}

static void changes(void **state)
{
    struct rig *r = *state;
    joined(r, 1, "Home", 0);
    address(r, "192.0.2.8");
    reported(r, TROTH_NET_CHANGED, 1, TROTH_NET_OK);
    assert_string_equal(r->info.address, "192.0.2.8");
    address(r, "");
    pass(r, 3000);
    address(r, "192.0.2.8");
    pass(r, 5000);
    silence(r);
    address(r, "");
    pass(r, 4100);
    reported(r, TROTH_NET_LOST, 1, TROTH_NET_NO_ADDRESS);
}

static void losses(void **state)
{
    struct rig *r = *state;
    joined(r, 1, "Home", 0);
    event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    pass(r, 3000);
    connected(r, 0); /* a roam */
    pass(r, 5000);
    silence(r);
    event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    pass(r, 4100);
    reported(r, TROTH_NET_LOST, 1, TROTH_NET_LINK_LOST);
    event(r, "CTRL-EVENT-DISCONNECTED bssid=02:00:00:00:00:09 reason=3");
    connected(r, 0);
    pass(r, 5000);
    silence(r); /* nobody asked for it since */
    joined(r, 2, "Home", 0);
    connected(r, 3); /* another network, by somebody else */
    pass(r, 4100);
    reported(r, TROTH_NET_LOST, 2, TROTH_NET_LINK_LOST);
}

/* ---- the service ---- */

static void goes_and_returns(void **state)
{
    struct rig *r = *state;
    joined(r, 1, "Home", 0);
    event(r, "CTRL-EVENT-TERMINATING ");
    wpa_double_stop(&r->wpa);
    reported(r, TROTH_NET_LOST, 1, TROTH_NET_BACKEND_GONE);
    assert_int_equal(r->gone, 1);
    join(r, 2, "Home", TROTH_WIFI_WPA2_PSK);
    pass(r, 4900);
    silence(r);
    pass(r, 200);
    reported(r, TROTH_NET_JOIN_FAILED, 2, TROTH_NET_BACKEND_GONE);
    join(r, 3, "Home", TROTH_WIFI_WPA2_PSK); /* in time */
    wpa_double_start(&r->wpa);
    pass(r, 1100);
    assert_int_equal(r->here, 2);
    connected(r, 0);
    address(r, "192.0.2.9");
    reported(r, TROTH_NET_JOINED, 3, TROTH_NET_OK);
    r->wpa.silent = true; /* killed: nothing is said any more */
    pass(r, 21000);
    reported(r, TROTH_NET_LOST, 3, TROTH_NET_BACKEND_GONE);
}

static void dies_while_joining(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    wpa_double_stop(&r->wpa); /* without a word: the next request finds out */
    pass(r, 10100);
    reported(r, TROTH_NET_JOIN_FAILED, 1, TROTH_NET_BACKEND_GONE);
    assert_int_equal(r->net->ops->scan(r->net->ctx, 2), TROTH_NOT_FOUND);
}

static void absent_at_first(void **state)
{
    struct rig *r = *state;
    wpa_double_stop(&r->wpa);
    open_backend(r);
    assert_int_equal(r->gone, 1);
    assert_non_null(strstr(r->words, "ctrl_interface"));
    pass(r, 10000);
    assert_int_equal(r->gone, 1); /* said once */
    wpa_double_start(&r->wpa);
    pass(r, 1100);
    assert_int_equal(r->here, 1);
    assert_int_equal(r->net->ops->leave(r->net->ctx, 1), TROTH_OK);
    run(r);
    reported(r, TROTH_NET_LEFT, 1, TROTH_NET_OK);
}

/* ---- the rest ---- */

static void leaves(void **state)
{
    struct rig *r = *state;
    r->wpa.network[0] = (struct wpa_double_network){.used = true, .ssid = "Mine"};
    joined(r, 1, "Home", 1);
    wpa_double_forget(&r->wpa);
    assert_int_equal(r->net->ops->leave(r->net->ctx, 2), TROTH_OK);
    run(r);
    reported(r, TROTH_NET_LEFT, 2, TROTH_NET_OK);
    assert_true(r->wpa.network[0].used);
    assert_false(r->wpa.network[1].used);
    assert_true(heard(r, "SAVE_CONFIG"));
    join(r, 3, "Home", TROTH_WIFI_WPA2_PSK);
    assert_int_equal(r->net->ops->leave(r->net->ctx, 4), TROTH_OK); /* in the middle */
    run(r);
    reported(r, TROTH_NET_LEFT, 4, TROTH_NET_OK);
    assert_false(r->wpa.network[1].used);
    assert_false(r->wpa.network[0].disabled);
    r->wpa.silent = true;
    assert_int_equal(r->net->ops->leave(r->net->ctx, 5), TROTH_OK);
    pass(r, 4100);
    reported(r, TROTH_NET_LEFT, 5, TROTH_NET_OK);
}

static void abandoned(void **state)
{
    struct rig *r = *state;
    join(r, 1, "Home", TROTH_WIFI_WPA2_PSK);
    join(r, 2, "Away", TROTH_WIFI_WPA2_PSK);
    assert_true(heard(r, "REMOVE_NETWORK 0"));
    int now = r->wpa.network[0].used ? 0 : 1;
    event(r, "CTRL-EVENT-SSID-TEMP-DISABLED id=7 ssid=\"Home\" reason=WRONG_KEY");
    silence(r);
    connected(r, now);
    address(r, "192.0.2.7");
    reported(r, TROTH_NET_JOINED, 2, TROTH_NET_OK);
    pass(r, 30000);
    silence(r);
    /* in the middle of its questions */
    struct troth_credentials c = credentials("Home", TROTH_WIFI_WPA2_PSK, SECRET);
    for (uint32_t id = 10; id < 20; id++) {
        assert_int_equal(r->net->ops->join(r->net->ctx, id, &c), TROTH_OK);
        for (uint32_t k = 10; k < id; k++) {
            wpa_double_serve(&r->wpa);
            sd_event_run(r->loop, 0);
        }
    }
    run(r);
    unsigned used = 0;
    for (unsigned i = 0; i < 8; i++)
        used += r->wpa.network[i].used;
    assert_int_equal(used, 2); /* Away, and the last */
}

static void scans(void **state)
{
    struct rig *r = *state;
    r->wpa.results = "bssid / frequency / signal level / flags / ssid\n"
                     "02:00:00:00:00:01\t2412\t-30\t[WPA2-PSK-CCMP][ESS]\tA\\xc3\\\\b\n"
                     "02:00:00:00:00:02\t5180\t-200\t[ESS]\t\n"
                     "02:00:00:00:00:03\t2484\t-70\t[WPA2-EAP-CCMP][ESS]\tC\tD\n"
                     "broken\n";
    assert_int_equal(r->net->ops->scan(r->net->ctx, 1), TROTH_OK);
    assert_int_equal(r->net->ops->scan(r->net->ctx, 2), TROTH_BUSY);
    run(r);
    silence(r);
    event(r, "CTRL-EVENT-SCAN-RESULTS ");
    reported(r, TROTH_NET_SCAN_DONE, 1, TROTH_NET_OK);
    assert_int_equal(r->finds, 2);
    assert_int_equal(r->found[0].len, 4);
    assert_memory_equal(r->found[0].b, "A\xc3\\b", 4);
    assert_int_equal(r->found[1].len, 3);
    assert_int_equal(r->security[1], TROTH_WIFI_OTHER);
    assert_int_equal(r->net->ops->scan(r->net->ctx, 3), TROTH_OK);
    pass(r, 12100); /* no event: what is known */
    reported(r, TROTH_NET_SCAN_DONE, 3, TROTH_NET_OK);
    r->wpa.refuse = "SCAN TYPE";
    assert_int_equal(r->net->ops->scan(r->net->ctx, 4), TROTH_OK);
    run(r);
    reported(r, TROTH_NET_SCAN_DONE, 4, TROTH_NET_OTHER);
}

static void status(void **state)
{
    struct rig *r = *state;
    r->net->ops->status(r->net->ctx, 1);
    pass(r, 2);
    reported(r, TROTH_NET_STATUS, 1, TROTH_NET_OK);
    assert_null(r->report[r->seen - 1].info);
    joined(r, 2, "Home", 0);
    r->net->ops->status(r->net->ctx, 3);
    run(r);
    reported(r, TROTH_NET_STATUS, 3, TROTH_NET_OK);
    assert_non_null(r->report[r->seen - 1].info);
    assert_string_equal(r->info.address, "192.0.2.7");
    assert_int_equal(r->info.rssi, -40);
    r->wpa.status = "wpa_state=SCANNING\n";
    r->net->ops->status(r->net->ctx, 4);
    run(r);
    reported(r, TROTH_NET_STATUS, 4, TROTH_NET_OK);
    assert_null(r->report[r->seen - 1].info);
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
    struct rig *r = *state;
    for (unsigned i = 0; i < sizeof events / sizeof *events; i++)
        for (size_t n = 0; n < strlen(events[i]); n++) {
            char text[200];
            snprintf(text, sizeof text, "%.*s", (int)n, events[i]);
            r->reports = r->seen = 0;
            join(r, 1, "Home", TROTH_WIFI_WPA3_SAE);
            event(r, text);
            r->net->ops->scan(r->net->ctx, 2);
            event(r, text);
            pass(r, 1);
        }
    r->reports = r->seen = 0;
    join(r, 3, "Home", TROTH_WIFI_WPA2_PSK);
    connected(r, 0);
    address(r, "192.0.2.7");
    while (r->seen + 1 < r->reports)
        r->seen++;
    reported(r, TROTH_NET_JOINED, 3, TROTH_NET_OK);
}

static void texts(void **state)
{
    static const struct {
        const char *flags;
        enum troth_wifi_security is;
    } cases[] = {
        {"[ESS]", TROTH_WIFI_OPEN},
        {"[WPS][ESS]", TROTH_WIFI_OPEN},
        {"[WPA2-PSK-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA-PSK-TKIP][WPA2-PSK-CCMP+TKIP][WPS][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-PSK+FT/PSK-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-FT/PSK-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-PSK+PSK-SHA256-CCMP][ESS]", TROTH_WIFI_WPA2_PSK},
        {"[WPA2-PSK-SHA256-CCMP][ESS]", TROTH_WIFI_WPA2_PSK_SHA256},
        {"[WPA2-SAE-CCMP][SAE-H2E][ESS]", TROTH_WIFI_WPA3_SAE},
        {"[WPA2-SAE+FT/SAE-CCMP][ESS]", TROTH_WIFI_WPA3_SAE},
        {"[WPA2-PSK+SAE-CCMP][ESS]", TROTH_WIFI_WPA2_WPA3},
        {"[WPA2-PSK-SHA256+SAE-CCMP][ESS]", TROTH_WIFI_WPA2_WPA3},
        {"[WPA-PSK-TKIP][ESS]", TROTH_WIFI_OTHER},
        {"[WEP][ESS]", TROTH_WIFI_OTHER},
        {"[WPA2-EAP-CCMP][ESS]", TROTH_WIFI_OTHER},
        {"[WPA2-EAP-SHA256-CCMP][ESS]", TROTH_WIFI_OTHER},
        {"[WPA2-OWE-CCMP][ESS]", TROTH_WIFI_OTHER},
        {"[OWE-TRANS][ESS]", TROTH_WIFI_OTHER},
        {"[IBSS]", TROTH_WIFI_OTHER},
        {"[WPA2-PSK", TROTH_WIFI_OTHER},
        {"", TROTH_WIFI_OTHER},
    };
    static const char line[] = "02:00:00:00:00:01\t2412\t-30\t[ESS]\tA\\x00\\\"\\e\\n";
    struct troth_scan_result found;
    struct troth_ssid ssid;
    (void)state;
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++)
        if (wpa_flags_security(cases[i].flags) != cases[i].is)
            fail_msg("%s is taken for %s", cases[i].flags,
                     troth_wifi_security_name((uint8_t)wpa_flags_security(cases[i].flags)));
    assert_true(wpa_scan_line(&found, line, strlen(line)));
    assert_int_equal(found.ssid.len, 5);
    assert_memory_equal(found.ssid.b, "A\0\"\033\n", 5);
    for (size_t n = 0; n < strlen(line); n++) { /* cut anywhere */
        char *copy = malloc(n ? n : 1);
        memcpy(copy, line, n);
        wpa_scan_line(&found, copy, n);
        free(copy);
    }
    assert_false(wpa_ssid_parse(&ssid, "0123456789abcdef0123456789abcdefX", 33));
    assert_false(wpa_ssid_parse(&ssid, "\\q", 2));
    assert_false(wpa_ssid_parse(&ssid, "\\x1", 3));
    assert_false(wpa_ssid_parse(&ssid, "\\", 1));
    /* A number is in its own field, or the line is none. */
    static const char blocks[] = "\tHome\tany\t", nets[] = "02:00:00:00:00:01\t2412\t\t\t\n-40";
    struct wpa_listed listed;
    assert_false(wpa_list_line(&listed, blocks, sizeof blocks - 1));
    assert_false(wpa_list_line(&listed, "-1\tHome\tany\t", 12));
    assert_false(wpa_list_line(&listed, "3333333330\tHome\tany\t", 20));
    assert_true(wpa_list_line(&listed, "12\tHome\tany\t[CURRENT]", 21));
    assert_int_equal(listed.id, 12);
    assert_true(listed.current && listed.ssid.len == 4);
    assert_false(wpa_scan_line(&found, nets, strcspn(nets, "\n")));
}

static void only_wifi(void **state)
{
    struct rig *r = *state;
    struct troth_credentials c = {.kind = TROTH_NET_THREAD};
    assert_int_equal(r->net->ops->join(r->net->ctx, 1, &c), TROTH_UNSUPPORTED);
    c = credentials("Home", TROTH_WIFI_WPA2_PSK, "short");
    assert_int_equal(r->net->ops->join(r->net->ctx, 1, &c), TROTH_INVALID);
    c = credentials("Home", TROTH_WIFI_WPA3_SAE, "nul");
    c.u.wifi.password.b[1] = 0;
    assert_int_equal(r->net->ops->join(r->net->ctx, 1, &c), TROTH_UNSUPPORTED);
    assert_int_equal(r->shortcomings, 1);
    assert_int_equal(r->net->kinds, 1u << TROTH_NET_WIFI);
    silence(r);
}

int main(void)
{
#define T(name)      cmocka_unit_test_setup_teardown(name, setup_open, teardown)
#define CLOSED(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(joins),
        T(each_kind),
        T(refusals),
        T(wrong_password),
        T(wrong_password_sae),
        T(not_found),
        T(out_of_time),
        T(old_is_kept),
        T(many_others),
        T(killed_before),
        T(names_in_events),
        T(queue_is_full),
        T(ours_is_replaced),
        T(another_password),
        T(texts),
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
        CLOSED(found_at_start),
        CLOSED(found_at_start_stale),
        CLOSED(absent_at_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
