/* The other end of wpa_supplicant's socket. */
#include "support/wpa_double.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#define NETWORKS WPA_DOUBLE_NETWORKS

void wpa_double_start(struct wpa_double *d)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%s", d->path);
    d->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_true(d->fd >= 0);
    assert_int_equal(bind(d->fd, (const struct sockaddr *)&a, sizeof a), 0);
}

void wpa_double_stop(struct wpa_double *d)
{
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
    d->client_len = 0;
    unlink(d->path);
}

void wpa_double_open(struct wpa_double *d)
{
    memset(d, 0, sizeof *d);
    d->fd = -1;
    snprintf(d->dir, sizeof d->dir, "/tmp/troth-wpa-XXXXXX");
    assert_non_null(mkdtemp(d->dir));
    snprintf(d->path, sizeof d->path, "%s/wlan0", d->dir);
    d->status = "wpa_state=DISCONNECTED\n";
    d->results = "bssid / frequency / signal level / flags / ssid\n";
    wpa_double_start(d);
}

void wpa_double_close(struct wpa_double *d)
{
    wpa_double_stop(d);
    rmdir(d->dir);
}

void wpa_double_event(struct wpa_double *d, const char *event)
{
    char text[1024];
    assert_true(d->client_len);
    int n = snprintf(text, sizeof text, "<3>%s", event);
    assert_int_equal(
        sendto(d->fd, text, (size_t)n, 0, (const struct sockaddr *)&d->client, d->client_len), n);
}

bool wpa_double_heard(const struct wpa_double *d, const char *command)
{
    char line[300];
    snprintf(line, sizeof line, "\n%s\n", command);
    return strstr(d->said, line) || !strncmp(d->said, line + 1, strlen(line + 1));
}

void wpa_double_forget(struct wpa_double *d)
{
    d->said[0] = 0;
}

/* ---- commands ---- */

static void list(const struct wpa_double *d, char *out, size_t cap)
{
    size_t at = (size_t)snprintf(out, cap, "network id / ssid / bssid / flags\n");
    for (int i = 0; i < NETWORKS; i++) {
        const struct wpa_double_network *n = &d->network[i];
        if (n->used)
            at += (size_t)snprintf(out + at, cap - at, "%d\t%s\tany\t%s%s\n", i, n->ssid,
                                   n->current ? "[CURRENT]" : "", n->disabled ? "[DISABLED]" : "");
    }
}

static int add(struct wpa_double *d)
{
    for (int i = 0; i < NETWORKS; i++)
        if (!d->network[i].used) {
            d->network[i] = (struct wpa_double_network){.used = true, .disabled = true};
            return i;
        }
    return -1;
}

static const char *obey(struct wpa_double *d, const char *text, char *out, size_t cap)
{
    char key[32], value[200];
    int id;
    if (!strcmp(text, "ATTACH") || !strcmp(text, "DETACH"))
        return "OK\n";
    if (!strcmp(text, "PING"))
        return "PONG\n";
    if (!strcmp(text, "STATUS") || !strcmp(text, "SIGNAL_POLL"))
        return d->status;
    if (!strcmp(text, "SCAN_RESULTS"))
        return d->results;
    if (!strncmp(text, "SCAN", 4) || !strcmp(text, "SAVE_CONFIG"))
        return "OK\n";
    if (!strcmp(text, "RECONFIGURE") && d->can_reconfigure) {
        memcpy(d->network, d->saved, sizeof d->network);
        return "OK\n";
    }
    if (!strcmp(text, "LIST_NETWORKS")) {
        list(d, out, cap);
        return out;
    }
    if (!strcmp(text, "ADD_NETWORK")) {
        snprintf(out, cap, "%d\n", add(d));
        return out;
    }
    bool known =
        sscanf(text, "%*s %d", &id) == 1 && id >= 0 && id < NETWORKS && d->network[id].used;
    if (!known)
        return "FAIL\n";
    struct wpa_double_network *n = &d->network[id];
    if (!strncmp(text, "GET_NETWORK", 11)) {
        snprintf(out, cap, "%s", *n->id_str ? n->id_str : "FAIL\n");
        return out;
    }
    if (sscanf(text, "SET_NETWORK %*d %31s %199[^\n]", key, value) == 2) {
        if (!strcmp(key, "id_str"))
            snprintf(n->id_str, sizeof n->id_str, "%.39s", value);
        if (!strcmp(key, "ssid")) /* of a name without escapes */
            for (unsigned i = 0, c; sscanf(value + 2 * i, "%2x", &c) == 1; i++)
                n->ssid[i] = (char)c;
    } else if (!strncmp(text, "REMOVE_NETWORK", 14)) {
        n->used = false;
    } else if (!strncmp(text, "DISABLE_NETWORK", 15)) {
        n->disabled = true;
    } else if (!strncmp(text, "ENABLE_NETWORK", 14)) {
        n->disabled = false;
    } else if (!strncmp(text, "SELECT_NETWORK", 14)) {
        for (int i = 0; i < NETWORKS; i++) {
            d->network[i].disabled = i != id;
            d->network[i].current = i == id;
        }
    } else {
        return "UNKNOWN COMMAND\n";
    }
    return "OK\n";
}

bool wpa_double_serve(struct wpa_double *d)
{
    char text[512], out[4096];
    struct sockaddr_un from;
    socklen_t len = sizeof from;
    if (d->fd < 0)
        return false;
    ssize_t n = recvfrom(d->fd, text, sizeof text - 1, 0, (struct sockaddr *)&from, &len);
    if (n < 0)
        return false;
    text[n] = 0;
    size_t at = strlen(d->said);
    snprintf(d->said + at, sizeof d->said - at, "%s\n", text);
    if (d->silent)
        return true;
    if (!strcmp(text, "ATTACH")) {
        memcpy(&d->client, &from, sizeof from);
        d->client_len = len;
    }
    bool refused = d->refuse && strstr(text, d->refuse);
    const char *reply = refused ? "FAIL\n" : obey(d, text, out, sizeof out);
    if (strcmp(text, "DETACH") != 0)
        sendto(d->fd, reply, strlen(reply), 0, (const struct sockaddr *)&from, len);
    return true;
}
