/*
 * What Troth joined is left: at once, or when its service is there again.
 *
 * Who asked has his answer in any case after some seconds. Whatever the service did not say that it
 * forgot is owed, until it says so or another network is joined in its place.
 */
#include "ports/linux/net_station.h"

#define LEAVE_MS 4000
#define AGAIN_MS 60000      /* a service that is there, and did not forget, is told again */
#define OWN      UINT32_MAX /* a leave that nobody waits for */

static void begin(struct net_backend *b, uint32_t id)
{
    b->leaving = id;
    b->unforgotten = false;
    timer_stop(&b->owed_timer);
    timer_start(&b->leave_timer, LEAVE_MS);
    if (b->here)
        b->driver->leave(b);
}

void station_leave(struct net_backend *b, uint32_t id)
{
    b->owed = true;
    begin(b, id);
}

void station_owed(struct net_backend *b)
{
    if (b->owed && b->here && !b->leaving && b->state == STATION_IDLE)
        begin(b, OWN);
}

void station_settle(struct net_backend *b)
{
    b->owed = false;
    timer_stop(&b->owed_timer);
}

static void say_owed(struct net_backend *b)
{
    if (b->here)
        station_notice(b, NET_SHORTCOMING,
                       "%s did not forget the network yet: it is told so again every minute",
                       b->driver->name);
    else
        station_notice(b, NET_SHORTCOMING,
                       "%s is away and may know the network still: it is told to forget it as soon "
                       "as it is back",
                       b->driver->name);
}

void station_left(struct net_backend *b)
{
    uint32_t id = b->leaving;
    if (!id)
        return;
    b->leaving = 0;
    timer_stop(&b->leave_timer);
    if (!b->unforgotten) {
        station_settle(b);
        if (id == OWN && b->has_ours)
            station_notice(b, NET_SETTLED,
                           "%s was told what it had missed: nothing of Troth's is left there",
                           b->driver->name);
        b->has_ours = false;
        if (b->cfg.settled)
            b->cfg.settled(b->cfg.ctx);
    } else if (b->cfg.settled) {
        timer_start(&b->owed_timer, AGAIN_MS);
        if (id != OWN && b->has_ours)
            say_owed(b);
    }
    if (id != OWN)
        troth_net_left(b->cfg.sink, id);
}

troth_ms station_leave_deadline(const struct net_backend *b)
{
    return earlier(timer_deadline(&b->leave_timer), timer_deadline(&b->owed_timer));
}

void station_leave_tick(struct net_backend *b, troth_ms now)
{
    if (timer_due(&b->leave_timer, now)) {
        b->unforgotten = true;
        station_left(b);
    }
    if (timer_due(&b->owed_timer, now))
        station_owed(b);
}

bool net_backend_owes(const struct net_backend *b)
{
    return b->owed;
}

bool net_backend_borrows(const struct net_backend *b)
{
    return b->borrowed;
}
