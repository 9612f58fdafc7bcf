#include "common/loop.h"

#include <errno.h>
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
    int r = sd_event_new(&loop);
    if (r >= 0)
        r = sd_event_add_signal(loop, NULL, SIGINT, enough, ctx);
    if (r >= 0)
        r = sd_event_add_signal(loop, NULL, SIGTERM, enough, ctx);
    if (r >= 0)
        return loop;
    sd_event_unref(loop);
    errno = -r;
    return NULL;
}
