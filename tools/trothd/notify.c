/* What a service manager is told: in a line, how it is. */
#include "trothd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <systemd/sd-daemon.h>

static char last[400]; /* one program, one manager */

static void words(const struct trothd *d, char *text, size_t cap)
{
    struct troth_prov_status s;
    struct reach_state w;
    char network[TROTH_SSID_TEXT] = "";
    troth_prov_status(network_session(d), &s);
    if (s.online || s.state == TROTH_PROV_CONNECTING)
        troth_prov_network_text(&s, network, sizeof network);
    reach_state(d, &w);
    unsigned links = d->radio->links(d), bonds = d->radio->bonds(d);
    snprintf(text, cap, "%s%s%s; window %s; %u link%s, %u bond%s",
             troth_prov_state_name((uint8_t)s.state), *network ? ": " : "", network,
             w.open      ? "open"
             : w.closing ? "closing"
                         : "closed",
             links, links == 1 ? "" : "s", bonds, bonds == 1 ? "" : "s");
}

/* After whatever has happened; said when it is new. */
static int on_post(sd_event_source *source, void *context)
{
    struct trothd *d = context;
    char now[sizeof last];
    (void)source;
    if (d->stopping || !d->radio)
        return 0;
    words(d, now, sizeof now);
    if (strcmp(now, last)) {
        memcpy(last, now, sizeof last);
        sd_notifyf(0, "STATUS=%s", now);
    }
    return 0;
}

bool notify_open(struct trothd *d, char *why, size_t cap)
{
    int r = getenv("NOTIFY_SOCKET") ? sd_event_add_post(d->loop, NULL, on_post, d) : 0;
    if (r < 0)
        snprintf(why, cap, "the event loop takes no more sources: %s", strerror(-r));
    return r >= 0;
}
