#include "common/loop.h"

#include <signal.h>

sd_event *loop_until(sd_event_signal_handler_t enough, void *ctx)
{
    sd_event *loop = NULL;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (sd_event_new(&loop) >= 0 && sd_event_add_signal(loop, NULL, SIGINT, enough, ctx) >= 0 &&
        sd_event_add_signal(loop, NULL, SIGTERM, enough, ctx) >= 0)
        return loop;
    return sd_event_unref(loop);
}
