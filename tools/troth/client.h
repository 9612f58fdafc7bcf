/*
 * A command at work: what the commands that use the radio share. A command is written as it reads:
 * one step after the other, each waiting on the loop until its outcome is there.
 *
 *     client_open, client_start, client_find, client_connect ... client_close
 *
 * Every step that returns false has said why in one sentence.
 */
#ifndef TROTH_TOOLS_CLIENT_H
#define TROTH_TOOLS_CLIENT_H

#include "devices.h"

#include "common/agent.h"
#include "common/cli.h"
#include "common/oob.h"
#include "common/out.h"
#include "common/policy.h"
#include "ports/linux/bluez.h"
#include "ports/linux/runtime.h"

#include <troth/event.h>
#include <troth/state.h>

/* What the options say. One program, one command line. */
struct client_options {
    const char *transport, *store, *capture;
    bool json, verbose;
    unsigned timeout; /* seconds; 0: each step's own */
    /* who answers a pairing, and what it has to be */
    int io_cap; /* -1: what is at hand */
    const char *passkey, *compare, *agent;
    bool yes, no, no_pair, allow_legacy, allow_plaintext;
    struct policy_options policy;
    /* out-of-band data: the device's, ours to write, ours that troth oob make made */
    const char *oob, *oob_out;
    bool oob_made;
    bool no_default; /* over BlueZ */
    /* what security_check understood of --agent */
    bool agent_given;
    enum agent_kind agent_kind;
    const char *agent_path;
};
extern struct client_options client_options;

#define CLIENT_STORE_OPTION                                                                        \
    {                                                                                              \
        .name = "store", .kind = CLI_TEXT, .target = &client_options.store, .argument = "FILE",    \
        .help = "bonds are kept there (default: troth/troth.db in the XDG\n"                       \
                "state directory)"                                                                 \
    }
#define CLIENT_JSON_OPTION                                                                         \
    {                                                                                              \
        .name = "json", .kind = CLI_FLAG, .target = &client_options.json, .help = "for machines"   \
    }
#define CLIENT_OPTIONS                                                                             \
    {.name = "transport",                                                                          \
     .letter = 't',                                                                                \
     .kind = CLI_TEXT,                                                                             \
     .target = &client_options.transport,                                                          \
     .argument = "WHERE",                                                                          \
     .help =                                                                                       \
         "the controller: " TRANSPORT_EXAMPLES "\nor bluez[:hciN], through bluetoothd\n(default:"  \
         " the environment's TROTH_TRANSPORT)"},                                                   \
        CLIENT_STORE_OPTION,                                                                       \
        {.name = "capture",                                                                        \
         .kind = CLI_TEXT,                                                                         \
         .target = &client_options.capture,                                                        \
         .argument = "FILE",                                                                       \
         .help = "write what crosses the HCI, as btsnoop; it holds secrets"},                      \
        {.name = "timeout",                                                                        \
         .kind = CLI_NUMBER,                                                                       \
         .target = &client_options.timeout,                                                        \
         .argument = "SECONDS",                                                                    \
         .help = "how long to wait for the device",                                                \
         .min = 1,                                                                                 \
         .max = 3600},                                                                             \
        CLIENT_JSON_OPTION,                                                                        \
    {                                                                                              \
        .name = "verbose", .letter = 'v', .kind = CLI_FLAG, .target = &client_options.verbose,     \
        .help = "tell more of what happens"                                                        \
    }

#define CLIENT_PAIRING_OPTIONS                                                                     \
    {.name = "io-cap",                                                                             \
     .kind = CLI_CHOICE,                                                                           \
     .target = &client_options.io_cap,                                                             \
     .choices = cli_io_caps,                                                                       \
     .help = "what we can show and type (default: what is at hand)"},                              \
        {.name = "passkey",                                                                        \
         .kind = CLI_TEXT,                                                                         \
         .target = &client_options.passkey,                                                        \
         .argument = "FILE",                                                                       \
         .help = "the six digits, when asked; - is stdin"},                                        \
        {.name = "compare",                                                                        \
         .kind = CLI_TEXT,                                                                         \
         .target = &client_options.compare,                                                        \
         .argument = "FILE",                                                                       \
         .help = "yes or no, when the numbers are compared; - is stdin"},                          \
        {.name = "yes",                                                                            \
         .kind = CLI_FLAG,                                                                         \
         .target = &client_options.yes,                                                            \
         .help = "unsafe: say that the numbers match, without looking"},                           \
        {.name = "no",                                                                             \
         .kind = CLI_FLAG,                                                                         \
         .target = &client_options.no,                                                             \
         .help = "say that the numbers differ"},                                                   \
        {.name = "agent",                                                                          \
         .kind = CLI_TEXT,                                                                         \
         .target = &client_options.agent,                                                          \
         .argument = "WHO",                                                                        \
         .help = "who answers: " AGENT_WORDS},                                                     \
        {.name = "oob",                                                                            \
         .kind = CLI_TEXT,                                                                         \
         .target = &client_options.oob,                                                            \
         .argument = "FILE",                                                                       \
         .help = "the device's out-of-band block; - is stdin"},                                    \
        {.name = "oob-out",                                                                        \
         .kind = CLI_TEXT,                                                                         \
         .target = &client_options.oob_out,                                                        \
         .argument = "FILE",                                                                       \
         .help = "write our block there for the device, mode 0600"},                               \
        {.name = "oob-made",                                                                       \
         .kind = CLI_FLAG,                                                                         \
         .target = &client_options.oob_made,                                                       \
         .help = "the device holds what troth oob make made"},                                     \
        {.name = "no-default",                                                                     \
         .kind = CLI_FLAG,                                                                         \
         .target = &client_options.no_default,                                                     \
         .help = "over BlueZ: answer only what we begin ourselves, not\nas the default agent"},    \
        POLICY_OPTIONS(client_options.policy),                                                     \
    {                                                                                              \
        .name = "allow-legacy", .kind = CLI_FLAG, .target = &client_options.allow_legacy,          \
        .help = "unsafe: take legacy pairing, which a listener can break"                          \
    }
#define CLIENT_PLAINTEXT_OPTION                                                                    \
    {                                                                                              \
        .name = "allow-plaintext", .kind = CLI_FLAG, .target = &client_options.allow_plaintext,    \
        .help = "unsafe: the password may cross a link that is not encrypted"                      \
    }
#define CLIENT_NO_PAIR_OPTION                                                                      \
    {                                                                                              \
        .name = "no-pair", .kind = CLI_FLAG, .target = &client_options.no_pair,                    \
        .help = "never pair: use a bond, or nothing"                                               \
    }

struct client_oob {
    bool have_ours, have_theirs;
    bool kept; /* ours came from the store, and is still there */
    struct troth_oob_block ours, theirs;
};

struct client;

/*
 * Whose host does it: the library's own on a controller (client_own.c), or BlueZ's
 * (client_bluez.c). Both tell the same events to client_event.
 */
struct client_way {
    bool (*open)(struct client *c);
    void (*start)(struct client *c); /* c->ready, later */
    int (*scan)(struct client *c, bool on);
    int (*connect)(struct client *c, unsigned ms); /* to c->device */
    int (*encrypt)(struct client *c);
    int (*pair)(struct client *c);
    /* The i-th bond; name may be empty. False: there are no more. */
    bool (*bond)(struct client *c, unsigned i, struct troth_addr *identity, char *name,
                 size_t name_cap);
    /* The bond with this device serves what the options demand; false: it was said why not. */
    bool (*bond_serves)(struct client *c);
    /* The pairing just made does; false: it is undone, and it was said why. */
    bool (*proves)(struct client *c);
    int (*forget)(struct client *c); /* c->bond_removed, later */
    void (*answer)(struct client *c, uint32_t ask_id, const struct troth_answer *answer);
    /* Lets an agent answer. False: nobody is there. */
    bool (*put)(struct client *c, struct agent *agent, const struct troth_ask *ask);
    /* What is known of the link's level, for people. */
    char *(*level_text)(const struct client *c, const struct troth_level *level, char *text);
    /* Says goodbye, and closes all that open made. */
    void (*close)(struct client *c);
};
extern const struct client_way client_own, client_bluez;
/* The options that BlueZ cannot honour are refused by name: CLI_GO or CLI_MISUSE. */
int client_bluez_check(const struct cli *cli);

struct client {
    const struct cli *cli;
    const struct client_way *way;
    sd_event *loop;
    sd_event_source *signals[2];
    struct store *store;
    struct agent *agent;  /* a person at a terminal, or on a socket; NULL */
    struct agent *typist; /* answers from stdin; NULL */
    struct runtime *runtime;
    struct troth_host *host;
    struct transport_where where;
    /* over BlueZ: these instead of the two before */
    const char *adapter;
    struct bluez *bluez;
    struct bluez_side *bluez_side; /* client_bluez.c */
    struct troth_gatt_peer gatt;   /* the device's, once connected */
    struct runtime_clock clock;    /* the command's own; tick NULL: none */
    uint8_t io_cap;                /* what we tell */
    struct client_oob oob;
    struct troth_addr self; /* our identity, once ready */

    bool ready;
    bool over; /* nothing more can be done, and it was said why */

    struct devices devices;
    void (*on_device)(struct client *c, struct device *d, bool fresh);

    troth_link link;
    struct device device;       /* whom we talk to */
    bool by_name;               /* ... and was chosen by its name, which anybody may bear */
    struct troth_addr identity; /* once connected */
    bool bonded, connect_failed, disconnected;
    uint8_t hci_status; /* of the two above */

    bool pairs; /* the command's own: without a bond it pairs, whatever the options say */
    bool pairing, paired, pairing_failed, encrypted, encrypt_failed;
    bool bond_removed;
    bool stored;
    enum troth_model model;
    struct troth_level level;

    void (*on_event)(struct client *c, const struct troth_event *event); /* the command's own */
};

/* The transport that the options or the environment name is BlueZ. */
bool client_names_bluez(void);
/* Checks the options, opens all there is. CLI_GO, or the exit status to leave with. */
int client_open(struct client *c, const struct cli *cli);
/* The same for a device on an IP network: neither controller nor store. */
int client_open_without_radio(struct client *c, const struct cli *cli);
/* What a host says. */
void client_event(void *ctx, const struct troth_event *event);
/* A bond with whom we talk to. */
bool client_is_bonded(struct client *c);
struct troth_level client_level(const struct client *c);
/* Takes out of a result what the host could not know. */
void client_drop_unknown(const struct client *c, cJSON *fields);
/* Disconnects politely, closes everything. */
void client_close(struct client *c);

/* Runs the loop until done says so (true), it is over, or ms have passed (0: no limit). */
bool client_wait(struct client *c, bool (*done)(const struct client *c), unsigned ms);
/* What went wrong, once: later sentences of the same failure are left out. Returns false. */
bool client_fail(struct client *c, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The controller is up. */
bool client_start(struct client *c);
/* Looks around for ms, or until enough says so. Fills c->devices. */
bool client_scan(struct client *c, bool (*enough)(const struct client *c), unsigned ms);
/* c->device by address or name. */
bool client_find(struct client *c, const char *who);
bool client_connect(struct client *c);
/* "Porch lamp (C0:FF:EE:00:00:01)"; static. */
const char *client_peer(const struct client *c);
/* The connection ended: says so, with the reason. Returns false. */
bool client_left(struct client *c);

/* Where the bonds are. False: `why` is a sentence. */
bool client_store_path(char *path, size_t cap, char *why, size_t why_cap);

/* At a terminal: a person is there to ask. */
bool client_interactive(void);
/* A line from that person; false: none will come, or it is over. secret: without echo. */
bool client_ask(struct client *c, const char *prompt, bool secret, char *line, size_t cap);

/* The controller up, the device found and connected. */
bool client_reach(struct client *c, const char *who);

/* ---- the protection of the link ---- */

/* Which features and answers the options allow; CLI_GO or CLI_MISUSE. */
int security_check(struct client *c);
void security_policy(const struct client *c, struct troth_policy *policy);
bool security_ask(void *ctx, const struct troth_ask *ask);
void security_event(struct client *c, const struct troth_event *event);
/* We do not take what the bond gives. */
void security_too_weak(struct client *c, const struct troth_level *bond);

/* ---- out of band ---- */

/* Reads what the options name; CLI_GO or CLI_MISUSE. */
int oob_check(struct client *c);
void oob_policy(const struct client *c, struct troth_policy *policy);
/* Once the controller is up: our block is made and written, or taken from the store. */
bool oob_prepare(struct client *c);
/* Makes ours, writes it to path; later: keeps it for another process. */
bool oob_own(struct client *c, const char *path, bool tk, bool later);
/* What was kept is no longer: a pairing begins, and it serves one. False: it was gone already. */
bool oob_forget(struct client *c);
/* The device's block is of this device. */
bool oob_right_device(struct client *c);
bool oob_ask(struct client *c, const struct troth_ask *ask);
/* Whom the block names, as text; NULL: no block. Static. */
const char *oob_device(const struct client *c);

/* ---- steps ---- */

/* With the bond, and only with it. */
bool security_encrypt(struct client *c);
bool security_pair(struct client *c);
/*
 * The least a link must be before a secret goes over it: encrypted, and by whom --require-mitm
 * says. A device that asks for nothing is asked; --allow-plaintext does without.
 */
bool security_demand(struct client *c);
/* A name chosen by a person is a bonded device's, and this is another device. */
bool security_no_impostor(struct client *c);
/* Forgets the bond with whom we talk to. */
bool security_forget(struct client *c);

#endif
