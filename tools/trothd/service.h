/* A device somebody ships: when it takes clients, who may tell it so, where passkeys are shown. */
#ifndef TROTH_TROTHD_SERVICE_H
#define TROTH_TROTHD_SERVICE_H

#include <troth/prov.h>

#include "common/cli.h"
#include "common/window.h"

struct agent_config;
struct trothd;

struct service_options {
    int window;      /* enum window_policy */
    unsigned time_s; /* 0: not said */
    unsigned lost_s;
    const char *control;         /* NULL: not said; "none" */
    const char *display_command; /* NULL: none */
    const char *passkey_file;    /* NULL: none */
};
#define SERVICE_DEFAULTS                                                                           \
    {                                                                                              \
        .lost_s = 60                                                                               \
    }

extern const struct cli_choice service_windows[];
bool service_parse_command(void *target, const char *text, char *why, size_t why_cap);

/* For a table of options; o is a struct service_options. */
#define SERVICE_OPTIONS(o)                                                                         \
    {.name = "window",                                                                             \
     .kind = CLI_CHOICE,                                                                           \
     .choices = service_windows,                                                                   \
     .target = &(o).window,                                                                        \
     .argument = "WHEN",                                                                           \
     .help = "when new clients may pair and provision:\n"                                          \
             "boot          from start until provisioned\n"                                        \
             "command       when troth window open, or a button\n"                                 \
             "              that sends SIGUSR1, says so\n"                                         \
             "lost          as boot, and while the network is away\n"                              \
             "always, never\n"                                                                     \
             "(default: the 8b84xxxx service always, unless\n"                                     \
             "--keep-ble no; Espressif's as boot). Who is bonded\n"                                \
             "may come at any time"},                                                              \
        {.name = "window-time",                                                                    \
         .kind = CLI_NUMBER,                                                                       \
         .target = &(o).time_s,                                                                    \
         .min = 1,                                                                                 \
         .max = 86400,                                                                             \
         .argument = "SECONDS",                                                                    \
         .help = "how long it stays open (by itself as long as\n"                                  \
                 "it takes; on command 300); a client that is then\n"                              \
                 "being served has 120 more"},                                                     \
        {.name = "window-lost",                                                                    \
         .kind = CLI_NUMBER,                                                                       \
         .target = &(o).lost_s,                                                                    \
         .min = 1,                                                                                 \
         .max = 86400,                                                                             \
         .argument = "SECONDS",                                                                    \
         .help = "--window lost: away for so long (60)"},                                          \
        {.name = "control",                                                                        \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).control,                                                                   \
         .argument = "PATH",                                                                       \
         .help = "a socket, mode 0660, for troth status --local,\n"                                \
                 "troth window and troth erase --local (default:\n"                                \
                 "control in $RUNTIME_DIRECTORY); none: no such"},                                 \
        {.name = "display-command",                                                                \
         .kind = CLI_PARSE,                                                                        \
         .parse = service_parse_command,                                                           \
         .target = &(o).display_command,                                                           \
         .argument = "COMMAND",                                                                    \
         .help = "with --agent none: show passkeys by this command,\n"                             \
                 "a program and its arguments; it gets a line of\n"                                \
                 "JSON, and what it says goes nowhere"},                                           \
    {                                                                                              \
        .name = "insecure-fixed-passkey-file", .kind = CLI_TEXT, .target = &(o).passkey_file,      \
        .argument = "FILE",                                                                        \
        .help = "the passkey on the device's label, six digits\n"                                  \
                "(docs/HEADLESS.md has better ways)"                                               \
    }

struct options;
/* Completes them by each other; NULL, or a sentence. */
const char *service_settle(struct options *o, char *why, size_t why_cap);
/* True: there shall be one. False: none, or `why` is a sentence. */
bool service_control_path(const struct service_options *o, char *path, size_t cap, char *why,
                          size_t why_cap);

/* ---- reach.c: the window, for each protocol its own ---- */

struct reach;

bool reach_open(struct trothd *d, char *why, size_t why_cap);
/* Before the sessions start. provisioned: a network is stored. */
bool reach_start(struct trothd *d, bool provisioned, char *why, size_t why_cap);
void reach_close(struct trothd *d);
void reach_event(struct trothd *d, const struct troth_prov_event *e);
/* Espressif's has ended by itself: it has provisioned. */
void reach_stopped(struct trothd *d);
/* New clients may come, by this protocol (PROVISION_TROTH, PROVISION_ESPRESSIF) or by any. */
bool reach_by(const struct trothd *d, int protocol);
/*
 * Whether this link may write to the 8b84xxxx service: while the window is closed only who is
 * protected, and who is being let finish.
 */
bool reach_admits(const struct trothd *d, troth_link link);
/* While none may: who is bonded shall find the device. */
bool reach_for_bonded(const struct trothd *d);
/* seconds 0: as the options say. False: never, `why` is a sentence. */
bool reach_command(struct trothd *d, bool open, unsigned seconds, char *why, size_t why_cap);

struct reach_state {
    bool open;
    bool closing; /* not open, but a client is being served */
    enum window_policy policy;
    enum window_why why;
    unsigned left_s; /* until it closes; 0: no end */
};
void reach_state(const struct trothd *d, struct reach_state *s);

/* ---- control.c: the control socket ---- */

struct control;

bool control_open(struct trothd *d, char *why, size_t why_cap);
void control_close(struct trothd *d);
/* An erase has ended: the store would not, or the bonds were forgotten, or some were not. */
void control_erased(struct trothd *d, bool stored, unsigned bonds, unsigned kept);

/* ---- display.c: the command that shows passkeys ---- */

struct display;

/* Completes the agent's config (AGENT_DISPLAY); NULL is not a failure where `why` is empty. */
struct display *display_open(struct trothd *d, struct agent_config *agent, char *why, size_t cap);
/* What is still shown is taken back. */
void display_close(struct display *s);

/* ---- notify.c: what the service manager is told ---- */

bool notify_open(struct trothd *d, char *why, size_t why_cap);

#endif
