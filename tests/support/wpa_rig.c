/* wpa_supplicant, doubled. */
#include "support/wpa_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static bool serve(void *ctx)
{
    struct wpa_rig *r = ctx;
    return wpa_double_serve(&r->wpa);
}

int wpa_rig_setup(void **state)
{
    struct wpa_rig *r = calloc(1, sizeof *r);
    wpa_double_open(&r->wpa);
    r->net.serve = serve;
    r->net.server = r;
    r->net.said = r->wpa.said;
    assert_true(sd_event_new(&r->net.loop) >= 0);
    *state = r;
    return 0;
}

void wpa_rig_open(struct wpa_rig *r)
{
    char where[64];
    snprintf(where, sizeof where, "wpa:%s/wlan0", r->wpa.dir);
    net_rig_open(&r->net, where);
    net_rig_run(&r->net);
}

int wpa_rig_setup_open(void **state)
{
    wpa_rig_setup(state);
    struct wpa_rig *r = *state;
    wpa_rig_open(r);
    assert_int_equal(r->net.here, 1);
    return 0;
}

int wpa_rig_teardown(void **state)
{
    struct wpa_rig *r = *state;
    net_rig_close(&r->net);
    wpa_double_close(&r->wpa);
    sd_event_unref(r->net.loop);
    free(r);
    return 0;
}

/* ---- what happens, in words ---- */

void wpa_rig_event(struct wpa_rig *r, const char *text)
{
    wpa_double_event(&r->wpa, text);
    net_rig_run(&r->net);
}

void wpa_rig_connected(struct wpa_rig *r, int id)
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
    wpa_rig_event(r, text);
}

void wpa_rig_joined(struct wpa_rig *r, uint32_t id, const char *ssid, int network)
{
    net_rig_join(&r->net, id, ssid, TROTH_WIFI_WPA2_PSK);
    wpa_rig_connected(r, network);
    net_rig_silence(&r->net);
    net_rig_address(&r->net, "192.0.2.7");
    net_rig_reported(&r->net, TROTH_NET_JOINED, id, TROTH_NET_OK);
}
