/* Names of backends, and which of them is found by looking. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/bus_double.h"
#include "support/wpa_double.h"

#include "ports/linux/net_backend.h"

static void names(void **state)
{
    static const struct {
        const char *text;
        enum net_choice choice;
        const char *ifname, *dir;
    } good[] = {
        {"auto", NET_AUTO, "", ""},
        {"auto:wlan1", NET_AUTO, "wlan1", ""},
        {"wpa", NET_WPA, "", ""},
        {"wpa:wlan0", NET_WPA, "wlan0", ""},
        {"wpa:/run/wpa/wlan0", NET_WPA, "wlan0", "/run/wpa"},
        {"wpa:/run/wpa/", NET_WPA, "", "/run/wpa"},
        {"nm", NET_NETWORKMANAGER, "", ""},
        {"networkmanager:wlp3s0", NET_NETWORKMANAGER, "wlp3s0", ""},
        {"iwd:wlan0", NET_IWD, "wlan0", ""},
        {"thread", NET_THREAD, "", ""},
        {"thread:wpan1", NET_THREAD, "wpan1", ""},
        {"thread:/run/ot/wpan0", NET_THREAD, "wpan0", "/run/ot"},
        {"otbr:wpan0", NET_OTBR, "wpan0", ""},
        {"ot:/run/ot/wpan0", NET_OT, "wpan0", "/run/ot"},
    };
    static const char *const bad[] = {"",
                                      ":",
                                      "wlan0",
                                      "wpa:",
                                      "nm:",
                                      "iwd:a name",
                                      "iwd:/run/x",
                                      "wpa:a-name-too-long-for-it",
                                      "networkmanage",
                                      "wpa:/a/b c"};
    struct net_where w;
    char why[300];
    (void)state;
    for (unsigned i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(net_parse(&w, good[i].text, why, sizeof why));
        assert_int_equal(w.choice, good[i].choice);
        assert_string_equal(w.ifname, good[i].ifname);
        assert_string_equal(w.dir, good[i].dir);
    }
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = 0;
        if (net_parse(&w, bad[i], why, sizeof why))
            fail_msg("taken: %s", bad[i]);
        assert_true(strlen(why) > 10);
    }
}

/* ---- who is there: asked synchronously, so the double runs apart ---- */

struct services {
    bool nm, iwd;
    uint32_t type, state;
    const char *ifname;
};

static bool on_call(void *ctx, sd_bus_message *m, const char *path, const char *member)
{
    const struct services *s = ctx;
    const char *interface, *name;
    (void)path;
    if (!strcmp(member, "GetDevices")) {
        sd_bus_reply_method_return(m, "ao", 1, "/org/freedesktop/NetworkManager/Devices/1");
    } else if (!strcmp(member, "Get")) {
        sd_bus_message_read(m, "ss", &interface, &name);
        if (!strcmp(name, "Interface"))
            sd_bus_reply_method_return(m, "v", "s", s->ifname);
        else
            sd_bus_reply_method_return(m, "v", "u",
                                       !strcmp(name, "DeviceType") ? s->type : s->state);
    } else {
        return false;
    }
    return true;
}

static pid_t serve(struct bus_double *d, struct services *s)
{
    int ready[2];
    char octet;
    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid) {
        assert_int_equal(read(ready[0], &octet, 1), 1);
        close(ready[0]);
        close(ready[1]);
        return pid;
    }
    sd_event_new(&d->loop);
    d->service = s->nm ? "org.freedesktop.NetworkManager" : "net.connman.iwd";
    d->call = on_call;
    d->ctx = s;
    bus_double_up(d);
    if (s->nm && s->iwd)
        sd_bus_request_name(d->bus, "net.connman.iwd", 0);
    if (write(ready[1], "r", 1) == 1)
        sd_event_loop(d->loop);
    _exit(0);
}

static bool probe(struct services s, const char *dir, const char *ifname, struct net_where *w,
                  char *why)
{
    struct bus_double bus = {.bus = NULL};
    bus_double_open(&bus);
    pid_t pid = s.nm || s.iwd ? serve(&bus, &s) : 0;
    *w = (struct net_where){.choice = NET_AUTO};
    snprintf(w->dir, sizeof w->dir, "%s", dir);
    snprintf(w->ifname, sizeof w->ifname, "%s", ifname);
    bool found = net_probe(w, why, 600);
    if (pid) {
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
    }
    bus_double_close(&bus);
    return found;
}

static void order(void **state)
{
    struct wpa_double wpa;
    struct net_where w;
    char why[600];
    (void)state;
    wpa_double_open(&wpa);
    assert_true(probe((struct services){true, true, 2, 30, "wlan0"}, wpa.dir, "", &w, why));
    assert_int_equal(w.choice, NET_NETWORKMANAGER);
    assert_true(probe((struct services){true, true, 2, 10, "wlan0"}, wpa.dir, "", &w, why));
    assert_int_equal(w.choice, NET_IWD); /* left alone by NetworkManager */
    assert_true(probe((struct services){true, false, 1, 100, "eth0"}, wpa.dir, "", &w, why));
    assert_int_equal(w.choice, NET_WPA); /* which has no Wi-Fi */
    assert_true(probe((struct services){true, false, 2, 100, "wlan1"}, wpa.dir, "wlan0", &w, why));
    assert_int_equal(w.choice, NET_WPA); /* or another */
    assert_true(probe((struct services){false, true, 0, 0, ""}, wpa.dir, "", &w, why));
    assert_int_equal(w.choice, NET_IWD);
    assert_true(probe((struct services){false, false, 0, 0, ""}, wpa.dir, "", &w, why));
    assert_int_equal(w.choice, NET_WPA);
    wpa_double_stop(&wpa);
    assert_false(probe((struct services){false, false, 0, 0, ""}, wpa.dir, "", &w, why));
    assert_non_null(strstr(why, "nobody manages"));
    assert_non_null(strstr(why, "--network"));
    setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nowhere", 1);
    assert_false(net_probe(&w, why, sizeof why));
    assert_non_null(strstr(why, "no system bus"));
    wpa_double_close(&wpa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
