/*
 * A double of wpa_supplicant's control socket, in the same thread: it answers what is asked from a
 * table of networks, and says the events it is told to say.
 */
#ifndef TROTH_TEST_WPA_DOUBLE_H
#define TROTH_TEST_WPA_DOUBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/un.h>

#define WPA_DOUBLE_NETWORKS 64

struct wpa_double_network {
    bool used, disabled, current;
    char ssid[140], id_str[40];
};

struct wpa_double {
    char dir[40], path[64];
    int fd;
    struct sockaddr_un client;
    unsigned client_len; /* 0: nobody is attached */
    struct wpa_double_network network[WPA_DOUBLE_NETWORKS];
    struct wpa_double_network saved[WPA_DOUBLE_NETWORKS]; /* what RECONFIGURE reads again */
    bool can_reconfigure;
    const char *status;  /* what STATUS and SIGNAL_POLL answer */
    const char *results; /* of SCAN_RESULTS */
    const char *refuse;  /* commands with this in them are answered by FAIL; NULL: none */
    bool silent;         /* nothing is answered */
    char said[16384];    /* each command and a newline, since the last wpa_double_forget */
};

void wpa_double_open(struct wpa_double *d);
void wpa_double_close(struct wpa_double *d);
/* The socket alone: gone, and back. */
void wpa_double_stop(struct wpa_double *d);
void wpa_double_start(struct wpa_double *d);
/* Answers what has come; false: nothing had. */
bool wpa_double_serve(struct wpa_double *d);
void wpa_double_event(struct wpa_double *d, const char *event);
bool wpa_double_heard(const struct wpa_double *d, const char *command);
void wpa_double_forget(struct wpa_double *d);

#endif
