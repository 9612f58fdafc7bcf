/*
 * The demo's stage: programs whose lines are shown side by side, and witnesses that are not the
 * programs themselves: the air's link state, the stores, the simulated network.
 */
#ifndef TROTH_DEMO_STAGE_H
#define TROTH_DEMO_STAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include <troth/bonds.h>

struct actor {
    const char *name;   /* the column */
    const char *colour; /* SGR parameters */
    pid_t pid;          /* 0: not running */
    int in, out;        /* its stdin and its stdout with stderr; -1 */
    int status;         /* exit status once gone; -1: killed */
    bool terminal;      /* its output is one */
    char line[2048];
    size_t len;
};

enum { AIR, DEVICE, CLIENT, ACTORS };

struct stage {
    char dir[64];
    char bin[512];
    char transport[160], network[160]; /* what the programs are told, once there is the air */
    pid_t janitor;                     /* takes the directory down */
    int janitor_pipe;                  /* ... when this ends */
    bool keep;                         /* leave the directory behind */
    bool interactive;                  /* a visitor types */
    bool colour;
    struct actor actors[ACTORS];
    int agent; /* the device's agent socket: what its display shows; -1 */
    char agent_line[256];
    size_t agent_len;
    char passkey[7];     /* the last one displayed */
    bool link_encrypted; /* witnessed since the flag was cleared */
    int link_key_size;
    int failures;
    bool air_said_listening;
    void (*heard)(struct stage *s, int who, const char *line); /* NULL: nobody listens */
};

void stage_open(struct stage *s, const char *program);
void stage_close(struct stage *s);
/* Paths below the stage's directory; static, good until eight calls later. */
const char *stage_path(const struct stage *s, const char *name);
void stage_write(const struct stage *s, const char *name, const char *text);

void stage_say(struct stage *s, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A verdict: shown, counted. Returns truth. */
bool stage_verdict(struct stage *s, bool truth, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Starts the air and awaits it: a verdict. */
bool stage_air(struct stage *s);
/* What the air says of every link, into link_encrypted and link_key_size. */
void stage_look_at_air(struct stage *s);
/* Starts a program: argv[0] is "troth" or "trothd". */
void stage_start(struct stage *s, int who, const char *const argv[]);
/* Asks it to end, or waits for its end; its exit status. */
int stage_stop(struct stage *s, int who);
/* Its power goes. */
void stage_kill(struct stage *s, int who);
int stage_wait(struct stage *s, int who, int seconds);
void stage_type(struct stage *s, int who, const char *text);

/* Shows lines and watches the air until `truth` holds. False: it took too long. */
bool stage_until(struct stage *s, bool (*truth)(struct stage *s), int seconds);
/* Follows the device's display. */
void stage_watch_display(struct stage *s);
/* Asks the visitor for a line (without echo), or takes `otherwise` when nobody is there. */
void stage_ask(struct stage *s, const char *question, const char *otherwise, bool secret,
               char *answer, size_t cap);

/* ---- the stories: the exit status ---- */

int story_pairing(struct stage *s);
int story_thread(struct stage *s);

/* ---- witnesses ---- */

bool witness_file(const struct stage *s, const char *name);
/* The simulated network: which SSID the device has joined; empty: none. */
void witness_joined(const struct stage *s, char ssid[33]);
/* How many bonds a store holds, and the keys of the first. */
int witness_bonds(const struct stage *s, const char *store, struct troth_bond_keys *keys);
/* The credentials a store holds, as bytes; 0: none. */
size_t witness_credentials(const struct stage *s, const char *store, unsigned char *bytes,
                           size_t cap);
/* The Thread dataset a store holds has this network key. */
bool witness_thread_key(const struct stage *s, const char *store, const unsigned char key[16]);
/* Some capture of the air holds eight octets of these in a row. */
bool witness_captured(const struct stage *s, const void *octets, size_t len);

#endif
