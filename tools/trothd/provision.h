/* Espressif-compatible provisioning in trothd: options, secrets, transports, words. */
#ifndef TROTH_TROTHD_PROVISION_H
#define TROTH_TROTHD_PROVISION_H

#include <systemd/sd-event.h>

#include <troth/protocomm_gatt.h>
#include <troth/qr_payload.h>

#include "common/child.h"
#include "common/cli.h"

struct trothd;

#define PROVISION_SEC_UNSAID 3 /* until provision_settle */

enum { PROVISION_TROTH = 1, PROVISION_ESPRESSIF = 2, PROVISION_BOTH = 3 };

struct provision_options { /* zeroed, but for the defaults below: the 8b84 service alone */
    int protocols;         /* PROVISION_... */
    unsigned sec_ver;
    const char *pop, *pop_file;                 /* security 1; NULL: none */
    const char *sec2_file;                      /* salt and verifier; or X of X.salt, X.verifier */
    const char *sec2_user, *sec2_password_file; /* development: they are made at start */
    const char *http;                           /* ADDRESS:PORT; NULL: none */
    const char *custom_data;                    /* a file; NULL: no such endpoint */
    const char *custom_data_command;            /* the same to a command; NULL: none */
    int kind;                                   /* enum troth_net_kind; 0: the network's own */
    bool auto_stop, qr_with_secrets;
    const char *label_file; /* NULL: none */
    struct troth_qr label;  /* without a name: there is none */
};
#define PROVISION_DEFAULTS                                                                         \
    {                                                                                              \
        .protocols = PROVISION_TROTH, .sec_ver = PROVISION_SEC_UNSAID, .auto_stop = true           \
    }

extern const struct cli_choice provision_protocols[], provision_kinds[];
bool provision_parse_http(void *target, const char *text, char *why, size_t cap);
/*
 * Reads the label, if there is one, and completes the options by it; *name is the device's, NULL
 * when it is to be made. False: `why` is a sentence.
 */
bool provision_settle(struct provision_options *o, const char **name, char *why, size_t why_cap);
/* What of them makes no sense together: NULL, or a sentence. */
const char *provision_check(const struct provision_options *o, int network_security);

/* For a table of options; o is a struct provision_options. */
#define PROVISION_OPTIONS(o)                                                                       \
    {.name = "provision",                                                                          \
     .kind = CLI_CHOICE,                                                                           \
     .choices = provision_protocols,                                                               \
     .target = &(o).protocols,                                                                     \
     .argument = "PROTOCOL",                                                                       \
     .help = "troth: the 8b84xxxx service (default);\n"                                            \
             "espressif: Espressif's unified provisioning; both"},                                 \
        {.name = "sec-ver",                                                                        \
         .kind = CLI_NUMBER,                                                                       \
         .max = 2,                                                                                 \
         .target = &(o).sec_ver,                                                                   \
         .argument = "N",                                                                          \
         .help = "espressif: security 2 (default), 1 or 0 (none)"},                                \
        {.name = "pop",                                                                            \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).pop,                                                                       \
         .argument = "TEXT",                                                                       \
         .help = "security 1: the proof of possession; others on\n"                                \
                 "this machine may see it: rather --pop-file"},                                    \
        {.name = "pop-file",                                                                       \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).pop_file,                                                                  \
         .argument = "FILE",                                                                       \
         .help = "the same as a file's first line"},                                               \
        {.name = "sec2-salt-verifier",                                                             \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).sec2_file,                                                                 \
         .argument = "FILE",                                                                       \
         .help = "security 2: salt and verifier, as JSON, as C\n"                                  \
                 "arrays, or X of the binary files X.salt and\n"                                   \
                 "X.verifier; the device never has the password"},                                 \
        {.name = "sec2-user",                                                                      \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).sec2_user,                                                                 \
         .argument = "NAME",                                                                       \
         .help = "security 2, for development: user name, with"},                                  \
        {.name = "sec2-password-file",                                                             \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).sec2_password_file,                                                        \
         .argument = "FILE",                                                                       \
         .help = "the password as its first line"},                                                \
        {.name = "provision-http",                                                                 \
         .kind = CLI_PARSE,                                                                        \
         .parse = provision_parse_http,                                                            \
         .target = &(o).http,                                                                      \
         .argument = "ADDR:PORT",                                                                  \
         .help = "espressif: over HTTP as well; port 0: any"},                                     \
        {.name = "provision-kind",                                                                 \
         .kind = CLI_CHOICE,                                                                       \
         .choices = provision_kinds,                                                               \
         .target = &(o).kind,                                                                      \
         .argument = "KIND",                                                                       \
         .help = "espressif: wifi or thread, where the network\n"                                  \
                 "has both (wifi)"},                                                               \
        {.name = "custom-data",                                                                    \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).custom_data,                                                               \
         .argument = "FILE",                                                                       \
         .help = "espressif: keep what comes to the endpoint\n"                                    \
                 "custom-data there, mode 0600"},                                                  \
        {.name = "custom-data-command",                                                            \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).custom_data_command,                                                       \
         .argument = "COMMAND",                                                                    \
         .help = "espressif: give it to this shell command, whose\n"                               \
                 "output is the response (SUCCESS if none)"},                                      \
        {.name = "auto-stop",                                                                      \
         .kind = CLI_YES_NO,                                                                       \
         .target = &(o).auto_stop,                                                                 \
         .help = "espressif: stop once provisioned (yes)"},                                        \
        {.name = "label-file",                                                                     \
         .kind = CLI_TEXT,                                                                         \
         .target = &(o).label_file,                                                                \
         .argument = "FILE",                                                                       \
         .help = "espressif: the text of the QR code on this\n"                                    \
                 "device's label: its name, security and secrets"},                                \
    {                                                                                              \
        .name = "qr-with-secrets", .kind = CLI_FLAG, .target = &(o).qr_with_secrets,               \
        .help = "the QR code has the secrets in a log too; without\n"                              \
                "it only on a terminal, of a label or in development"                              \
    }

/* ---- provision_secrets.c ---- */

struct provision_secrets { /* wiped by provision_close */
    uint8_t pop[TROTH_SECURITY_NAME_MAX];
    size_t pop_len;
    uint8_t salt[TROTH_SECURITY_SALT_MAX], verifier[TROTH_BIG];
    size_t salt_len, verifier_len;
    char password[129]; /* development mode, or the label's; else empty */
};
bool provision_secrets_read(struct provision_secrets *s, const struct provision_options *o,
                            char *why, size_t why_cap);

/* ---- label.c ---- */

/* False: `why` is a sentence, label all zero. It holds secrets: wipe. */
bool label_read(const char *path, struct troth_qr *label, char *why, size_t why_cap);
/* Says so when others can read the file, or it is not ours. */
void label_look_after(const char *path);

/* ---- provision_custom.c: the endpoint custom-data ---- */

struct provision_custom {
    sd_event *loop;
    const char *path, *command; /* one of them */
    struct troth_protocomm *protocomm;
    struct child child; /* the command */
    uint32_t serial;
    uint8_t reply[TROTH_PROTOCOMM_MAX];
};
void provision_custom_open(struct provision_custom *c, sd_event *loop,
                           const struct provision_options *o, struct troth_protocomm *protocomm);
/* Also of one that was never opened, if it is zeroed. */
void provision_custom_close(struct provision_custom *c);
/* A troth_protocomm_handler. */
int provision_custom(void *c, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
                     size_t *out_len);

/* ---- provision.c. Without the option nothing happens in any of these ---- */

/* Reads the secrets; before the host. */
bool provision_open(struct trothd *d, char *why, size_t why_cap);
/* Serves the session; provisioned: it has credentials, and stays closed. */
bool provision_start(struct trothd *d, struct troth_prov *prov, bool provisioned, char *why,
                     size_t why_cap);
void provision_close(struct trothd *d);
/* Before the host goes: its transports let go of it. */
void provision_event(struct trothd *d, const struct troth_prov_event *e);
void provision_disconnected(struct trothd *d, troth_link link);
/* There may be room for what the host did not take. */
void provision_sent(struct trothd *d);
/* Opens it again, or ends it: whoever is connected goes. */
void provision_set_open(struct trothd *d, bool open);
/* True: whoever has the session may go on, nobody else may begin one. */
void provision_hold(struct trothd *d, bool held);
/* Clients may come. */
bool provision_is_open(const struct trothd *d);
/* A session of this link was proven. */
bool provision_proven(const struct trothd *d, troth_link link);
/* The session is this link's, whatever it has proven. */
bool provision_session_of(const struct trothd *d, troth_link link);
/* The client has shown that it knows the device's secret; security 0, or no such secret: never. */
bool provision_serving(const struct trothd *d);
void provision_advertising(const struct trothd *d, struct troth_advertising *adv);
/* The name became known: the lines that tell it. */
void provision_named(struct trothd *d);

/* ---- lines_provision.c ---- */

void line_provision_security(const struct trothd *d, uint8_t kind);
void line_provision_started(const struct trothd *d, const char *http);
void line_provision_qr(const struct trothd *d, const struct provision_secrets *s, uint8_t kind);
void line_provision_already(void);
void line_provision_session(const struct troth_protocomm_event *e);
void line_provision_fault(const struct troth_protocomm_event *e);
void line_provision_network(const struct troth_prov *p, const struct troth_prov_event *e,
                            uint8_t kind);
void line_provision_stopped(void);
void line_provision_custom(size_t len, bool kept, const char *path);
void line_provision_command(bool ok, int status, bool too_long);

#endif
