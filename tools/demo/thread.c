/*
 * The story of a Thread device: what is on its label is on its screen as a QR code; whoever scans it
 * gives the device its network, by security 2 of Espressif's protocol.
 */
#include "tools/demo/stage.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define NAME     "PROV_F72E6B"
#define PASSWORD "abcd1234"
#define LABEL                                                                                      \
    "{\"ver\":\"v1\",\"name\":\"" NAME "\",\"username\":\"threadprov\",\"pop\":\"" PASSWORD        \
    "\",\"transport\":\"ble\",\"security\":2,\"network\":\"thread\"}"
#define HOME      "Meadow"
#define KEY       "4a6f8e02c51b7d93e8d06b14f2a95c37"
#define WRONG_KEY "4a6f8e02c51b7d93e8d06b14f2a95c73"
#define CUSTOM    "the lamp above the porch"
#define ROUTERS   3

static const unsigned char key[16] = {0x4a, 0x6f, 0x8e, 0x02, 0xc5, 0x1b, 0x7d, 0x93,
                                      0xe8, 0xd0, 0x6b, 0x14, 0xf2, 0xa9, 0x5c, 0x37};

static struct {
    char code[512];      /* of the device's screen */
    char pan[10][17];    /* of the client's table: extended PAN IDs by their numbers */
    unsigned rows, open; /* open: how often the device began to take clients */
    bool reason;         /* the client told why the device did not join */
} seen;

/* What a person reads on the two screens. */
static void on_heard(struct stage *s, int who, const char *line)
{
    unsigned number;
    char pan[17];
    (void)s;
    const char *code = who == DEVICE ? strstr(line, "QR code: {") : NULL;
    if (code) {
        code = strchr(code, '{');
        const char *end = strrchr(code, '}');
        size_t len = end ? (size_t)(end - code) + 1 : 0;
        if (len < sizeof seen.code)
            memcpy(seen.code, code, len);
        seen.code[len < sizeof seen.code ? len : 0] = 0;
    }
    if (who == DEVICE && strstr(line, "advertising as"))
        seen.open++;
    if (who == CLIENT && sscanf(line, "[%u] %*u %16[0-9a-f]", &number, pan) == 2 && number < 10) {
        memcpy(seen.pan[number], pan, sizeof pan);
        seen.rows++;
    }
    if (who == CLIENT && strstr(line, "network key"))
        seen.reason = true;
}

static bool is_open(struct stage *s)
{
    return (seen.open && *seen.code) || !s->actors[DEVICE].pid;
}

static bool joined_home(struct stage *s)
{
    char name[33];
    witness_joined(s, name);
    return strcmp(name, HOME) == 0;
}

static bool keeps_nothing(struct stage *s)
{
    unsigned char bytes[1024];
    return witness_credentials(s, "device.db", bytes, sizeof bytes) == 0;
}

static void start_device(struct stage *s)
{
    memset(&seen, 0, sizeof seen);
    stage_start(s, DEVICE,
                (const char *const[]){"trothd", "--transport", s->transport, "--network",
                                      s->network, "--store", stage_path(s, "device.db"),
                                      "--provision", "espressif", "--attempts", "2", "--label-file",
                                      stage_path(s, "label"), "--custom-data",
                                      stage_path(s, "custom-data"), NULL});
}

static int look(struct stage *s, const char *seconds)
{
    memset(seen.pan, 0, sizeof seen.pan);
    seen.rows = 0;
    stage_start(s, CLIENT,
                (const char *const[]){"troth", "provision", "thread", "--qr",
                                      stage_path(s, "scanned"), "--list", "--transport",
                                      s->transport, "--store", stage_path(s, "client.db"),
                                      "--timeout", seconds, NULL});
    return stage_wait(s, CLIENT, 60);
}

static int provision(struct stage *s, const char *pan, const char *network_key, bool custom)
{
    seen.reason = false;
    stage_write(s, "key", network_key);
    stage_write(s, "note", CUSTOM);
    stage_start(
        s, CLIENT,
        (const char *const[]){"troth", "provision", "thread", "--qr", stage_path(s, "scanned"),
                              "--transport", s->transport, "--store", stage_path(s, "client.db"),
                              "--network", pan, "--network-key-file", stage_path(s, "key"),
                              custom ? "--custom-data-file" : NULL, stage_path(s, "note"), NULL});
    return stage_wait(s, CLIENT, 90);
}

/* ---- the acts ---- */

static bool act_code(struct stage *s)
{
    stage_say(s, "1. A device with a label, which it shows on its screen as a QR code");
    start_device(s);
    bool up = stage_until(s, is_open, 10) && s->actors[DEVICE].pid;
    stage_verdict(s, up && strcmp(seen.code, LABEL) == 0,
                  "the code on its screen says what its label says");
    stage_write(s, "scanned", seen.code);
    return up;
}

static bool act_scan(struct stage *s)
{
    stage_say(s, "2. A client that scanned it: the device looks for Thread networks");
    bool looked = look(s, "10") == 0;
    stage_verdict(s, looked, "a session of security 2: the client's exit status is 0");
    return stage_verdict(s, looked && seen.rows == ROUTERS, "it lists the %d routers of this house",
                         ROUTERS);
}

/* Numbers as the table has them, keys as the person knows them. */
static void ask(struct stage *s, char pan[17], char *network_key, size_t cap)
{
    char number[16];
    unsigned n;
    do {
        stage_ask(s, "number of the network", "1", false, number, sizeof number);
        n = (unsigned)strtoul(number, NULL, 10);
    } while (s->interactive && (n > 9 || !*seen.pan[n]));
    memcpy(pan, seen.pan[n % 10], 17);
    stage_ask(s, "network key (not shown)", KEY, true, network_key, cap);
}

static void act_provision(struct stage *s)
{
    char pan[17], network_key[80], got[64] = "";
    stage_say(s, "3. A network picked by its number, its key, and data for the application");
    if (s->interactive)
        printf("The key of \"" HOME "\" is " KEY "; that of the neighbour's network is unknown to "
               "you.\nEnter alone picks the first and knows its key.\n");
    int status = -1;
    for (int tries = 0; tries < 3 && status != 0; tries++) {
        if (tries > 0)
            stage_say(s, "That did not work; the client said why. Once more.");
        ask(s, pan, network_key, sizeof network_key);
        status = provision(s, pan, network_key, true);
        if (!s->interactive)
            break;
    }
    stage_verdict(s, status == 0, "the client's exit status is 0");
    stage_verdict(s, joined_home(s), "the network \"" HOME "\" has the device");
    stage_verdict(s, witness_thread_key(s, "device.db", key),
                  "the device keeps a dataset with this network key");
    FILE *f = fopen(stage_path(s, "custom-data"), "re");
    if (f) {
        got[fread(got, 1, sizeof got - 1, f)] = 0;
        fclose(f);
    }
    stage_verdict(s, strcmp(got, CUSTOM) == 0, "and the application has its data");
    stage_verdict(s,
                  !witness_captured(s, key, sizeof key) && !witness_captured(s, KEY, strlen(KEY)) &&
                      !witness_captured(s, PASSWORD, strlen(PASSWORD)),
                  "neither key nor password crossed the air in the clear");
}

static bool act_restart(struct stage *s)
{
    unsigned char before[1024], after[1024];
    stage_say(s, "4. The device loses power and comes back: it has its network");
    size_t had = witness_credentials(s, "device.db", before, sizeof before);
    stage_kill(s, DEVICE);
    unlink(stage_path(s, "networks.conf.state"));
    start_device(s);
    stage_verdict(s, stage_until(s, joined_home, 30), "it attached by itself: the network has it");
    size_t has = witness_credentials(s, "device.db", after, sizeof after);
    stage_verdict(s, had > 0 && had == has && !memcmp(before, after, had),
                  "with the dataset it keeps");
    return stage_verdict(s, look(s, "3") == 1,
                         "and nobody provisions it again: there is no session");
}

static void act_wrong_key(struct stage *s)
{
    const char *pan = "1111111122222222";
    char name[33];
    stage_say(s, "5. Reset to factory, and given a wrong network key");
    stage_stop(s, DEVICE);
    stage_start(s, DEVICE,
                (const char *const[]){"trothd", "--factory-reset", "--store",
                                      stage_path(s, "device.db"), NULL});
    stage_verdict(s, stage_wait(s, DEVICE, 20) == 0 && keeps_nothing(s),
                  "the device forgot its network");
    unlink(stage_path(s, "networks.conf.state"));
    start_device(s);
    if (!stage_verdict(s, stage_until(s, is_open, 10) && s->actors[DEVICE].pid,
                       "and takes a client again"))
        return;
    stage_verdict(s, provision(s, pan, WRONG_KEY, false) == 1, "the client's exit status is 1");
    stage_verdict(s, seen.reason, "and it said why: the network key");
    witness_joined(s, name);
    stage_verdict(s, !*name && keeps_nothing(s), "no network has the device, and it keeps nothing");
    stage_say(s, "6. The right key, and no reset between");
    stage_verdict(s, provision(s, pan, KEY, false) == 0 && joined_home(s),
                  "the network \"" HOME "\" has the device");
}

int story_thread(struct stage *s)
{
    s->heard = on_heard;
    s->actors[DEVICE].terminal = true; /* where it draws */
    stage_write(s, "label", LABEL "\n");
    stage_write(s, "networks.conf",
                "# The Thread networks of this simulated house.\n"
                "[thread]\nname = " HOME "\nnetwork_key = " KEY "\nchannel = 15\npan_id = 1234\n"
                "ext_pan_id = 1111111122222222\nmesh_local_prefix = fdad70bfe5aa15dd\n"
                "signal = -40\nlqi = 10\n\n"
                "[thread]\nname = " HOME "\nnetwork_key = " KEY "\nchannel = 15\npan_id = 1234\n"
                "ext_pan_id = 1111111122222222\nsignal = -71\nlqi = 7\n\n"
                "[thread]\nname = Harbour\nnetwork_key = f0e1d2c3b4a5968778695a4b3c2d1e0f\n"
                "channel = 25\npan_id = 37e7\next_pan_id = 7e010e5a22beb040\nsignal = -59\n"
                "lqi = 9\n");
    if (stage_air(s) && act_code(s) && act_scan(s)) {
        act_provision(s);
        if (act_restart(s))
            act_wrong_key(s);
    }
    return s->failures != 0;
}
