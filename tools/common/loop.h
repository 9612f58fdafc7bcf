/* The event loop of a program that runs until somebody has had enough of it. */
#ifndef TROTH_TOOLS_LOOP_H
#define TROTH_TOOLS_LOOP_H

#include <systemd/sd-event.h>

/* SIGINT and SIGTERM go to enough, a pipe that breaks ends nothing. NULL: errno. */
sd_event *loop_until(sd_event_signal_handler_t enough, void *ctx);

#endif
