/*
 * What a pairing costs: the processor time each of two hosts spends on it, beside the elliptic curve
 * operations that no pairing can do without, measured in turns within one run.
 *
 *     pairing [RUNS]
 *
 * Two hosts pair once over the air, in simulated time, and all that enters either is recorded. The
 * same host in the same state then takes the same input again and again, alone: that is what is
 * measured, with the clock read twice a pairing. Random numbers are recorded ones too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <troth/crypto.h>
#include <troth/state.h>

#include "air/air.h"
#include "benchmarks/figures.h"

enum { PACKETS = 64, PACKET_MAX = 300, INPUTS = 1024, PASSKEY = 123456 };

#define BOTH_KEYS (TROTH_DIST_ENC | TROTH_DIST_ID)
#define OFFER(io_cap, oob, auth)                                                                   \
    {                                                                                              \
        io_cap, oob, TROTH_AUTH_BOND | (auth), 16, BOTH_KEYS, BOTH_KEYS                            \
    }
#define SC   TROTH_AUTH_SC
#define MITM TROTH_AUTH_MITM

static const struct kind {
    const char *name;
    enum troth_model model;
    bool sc;
    struct troth_features features[2]; /* by enum troth_side */
} kinds[] = {
    {"Just Works",
     TROTH_JUST_WORKS,
     true,
     {OFFER(TROTH_NO_INPUT_NO_OUTPUT, 0, SC), OFFER(TROTH_NO_INPUT_NO_OUTPUT, 0, SC)}},
    {"Numeric Comparison",
     TROTH_NUMERIC_COMPARISON,
     true,
     {OFFER(TROTH_DISPLAY_YES_NO, 0, SC | MITM), OFFER(TROTH_DISPLAY_YES_NO, 0, SC | MITM)}},
    {"Passkey Entry",
     TROTH_PASSKEY_INITIATOR_INPUTS,
     true,
     {OFFER(TROTH_KEYBOARD_ONLY, 0, SC | MITM), OFFER(TROTH_DISPLAY_ONLY, 0, SC | MITM)}},
    {"OOB",
     TROTH_OOB,
     true,
     {OFFER(TROTH_NO_INPUT_NO_OUTPUT, 1, SC | MITM),
      OFFER(TROTH_NO_INPUT_NO_OUTPUT, 0, SC | MITM)}},
    {"legacy Just Works",
     TROTH_JUST_WORKS,
     false,
     {OFFER(TROTH_NO_INPUT_NO_OUTPUT, 0, 0), OFFER(TROTH_NO_INPUT_NO_OUTPUT, 0, 0)}},
    {"legacy Passkey Entry",
     TROTH_PASSKEY_INITIATOR_INPUTS,
     false,
     {OFFER(TROTH_KEYBOARD_ONLY, 0, MITM), OFFER(TROTH_DISPLAY_ONLY, 0, MITM)}},
};
enum { KINDS = sizeof kinds / sizeof *kinds, JUST_WORKS = 0, PASSKEY_ENTRY = 2 };

/* What enters a host. */
struct input {
    enum { PACKET, TICK, PAIR, MAKE_OOB } what;
    uint64_t now;
    size_t len;
    uint8_t octets[PACKET_MAX];
};

/* One end, and its part in a pairing: the state before, and the input. */
struct end {
    struct bench *bench;
    struct troth_host host, before;
    uint64_t random, random_before;
    struct input input[INPUTS];
    unsigned inputs;
    struct air_controller *radio;
    struct troth_addr identity;
    troth_link link;
    bool ready, connected, paired, failed;
    enum troth_model model;
    struct {
        size_t len;
        uint8_t octets[PACKET_MAX];
    } out[PACKETS];
    unsigned outs;
};

struct bench {
    struct air *air;
    uint64_t now;
    bool recording, replaying;
    struct troth_oob oob;
    struct end end[2]; /* by enum troth_side */
};

static void die(const char *why)
{
    fprintf(stderr, "pairing: %s\n", why);
    exit(1);
}

/* ---- a host's arrows ---- */

static void on_send(void *ctx, const uint8_t *packet, size_t len)
{
    struct end *e = ctx;
    if (e->bench->replaying)
        return;
    if (e->outs == PACKETS || len > PACKET_MAX)
        die("a host sends more than there is room for");
    e->out[e->outs].len = len;
    memcpy(e->out[e->outs++].octets, packet, len);
}

static void on_event(void *ctx, const struct troth_event *event)
{
    struct end *e = ctx;
    switch ((int)event->type) {
    case TROTH_EV_READY:
        e->identity = event->u.ready.identity;
        e->ready = true;
        break;
    case TROTH_EV_CONNECTED:
        e->link = event->link;
        e->connected = true;
        break;
    case TROTH_EV_DISCONNECTED:
        e->connected = false;
        break;
    case TROTH_EV_PAIRED:
        e->paired = event->u.paired.stored;
        e->model = event->u.paired.model;
        break;
    case TROTH_EV_PAIRING_FAILED:
    case TROTH_EV_BROKEN:
        e->failed = true;
        break;
    }
}

/* The person is quick, and gets it right. */
static bool on_ask(void *ctx, const struct troth_ask *ask)
{
    struct end *e = ctx;
    struct troth_answer answer = {.ok = true};
    switch ((int)ask->type) {
    case TROTH_ASK_PASSKEY_INPUT:
        answer.u.passkey = PASSKEY;
        break;
    case TROTH_ASK_OOB_DATA:
        answer.u.oob = e->bench->oob;
        break;
    case TROTH_ASK_COMPARE:
        break;
    default:
        return false;
    }
    return troth_answer(&e->host, ask->id, &answer) == TROTH_OK;
}

static void on_random(void *ctx, uint8_t *out, size_t len)
{
    struct end *e = ctx;
    for (size_t i = 0; i < len; i++) { /* xorshift64 */
        e->random ^= e->random << 13;
        e->random ^= e->random >> 7;
        e->random ^= e->random << 17;
        out[i] = (uint8_t)(e->random >> 32);
    }
}

/* ---- input ---- */

static void must(const char *what, int result)
{
    if (result != TROTH_OK) {
        fprintf(stderr, "pairing: %s: %s\n", what, troth_result_words(result));
        exit(1);
    }
}

static void feed(struct end *e, const struct input *in)
{
    switch (in->what) {
    case PACKET:
        troth_host_rx(&e->host, in->octets, in->len, in->now);
        break;
    case TICK:
        troth_host_tick(&e->host, in->now);
        break;
    case PAIR:
        must("pairing", troth_pair(&e->host, e->link, NULL));
        break;
    case MAKE_OOB:
        must("OOB data", troth_oob_make(&e->host, &e->bench->oob, in->now));
        break;
    }
}

/* Feeds it, and remembers it when this is the pairing to be remembered. */
static void enter(struct end *e, int what, const uint8_t *octets, size_t len)
{
    static struct input once;
    struct input *in = e->bench->recording ? &e->input[e->inputs] : &once;

    if (e->inputs == INPUTS || len > PACKET_MAX)
        die("a pairing is longer than there is room for");
    in->what = what;
    in->now = e->bench->now;
    in->len = len;
    if (len)
        memcpy(in->octets, octets, len);
    e->inputs += e->bench->recording;
    feed(e, in);
}

/* ---- the air between them ---- */

static void to_host(void *ctx, const uint8_t *h4, size_t len)
{
    enter(ctx, PACKET, h4, len);
}

static void carry(struct bench *b)
{
    for (int side = 0; side < 2; side++) {
        struct end *e = &b->end[side];
        for (unsigned i = 0; i < e->outs; i++)
            if (air_rx(e->radio, e->out[i].octets, e->out[i].len, b->now) != AIR_OK)
                die("the air does not understand a host");
        e->outs = 0;
    }
}

/* Until both ends' flag is `value`. */
static void run_until(struct bench *b, size_t flag, bool value)
{
    for (int i = 0; i < 100000; i++) {
        const bool *one = (const bool *)((const char *)&b->end[0] + flag);
        const bool *two = (const bool *)((const char *)&b->end[1] + flag);
        if (b->end[0].failed || b->end[1].failed)
            die("a pairing failed");
        if (*one == value && *two == value)
            return;
        carry(b);
        uint64_t at = air_deadline(b->air);
        for (int side = 0; side < 2; side++) {
            uint64_t due = troth_host_deadline(&b->end[side].host);
            at = due < at ? due : at;
        }
        b->now = at > b->now ? at : b->now;
        air_tick(b->air, b->now);
        for (int side = 0; side < 2; side++) {
            struct end *e = &b->end[side];
            if (troth_host_deadline(&e->host) <= b->now)
                enter(e, TICK, NULL, 0);
        }
    }
    die("a pairing does not come to its end");
}
#define RUN_UNTIL(b, flag, value) run_until(b, offsetof(struct end, flag), value)

/* ---- one pairing ---- */

static void record(struct bench *b, const struct kind *k)
{
    struct end *initiator = &b->end[TROTH_INITIATOR], *responder = &b->end[TROTH_RESPONDER];

    for (int side = 0; side < 2; side++) {
        struct end *e = &b->end[side];
        struct troth_policy policy = {
            .features = k->features[side], .fixed_passkey = true, .passkey = PASSKEY};
        must("policy", troth_set_policy(&e->host, &policy));
    }
    must("connecting", troth_connect(&initiator->host, &responder->identity, 0));
    RUN_UNTIL(b, connected, true);

    for (int side = 0; side < 2; side++) {
        struct end *e = &b->end[side];
        e->paired = false;
        e->inputs = 0;
        e->before = e->host;
        e->random_before = e->random;
    }
    b->recording = true;
    if (k->model == TROTH_OOB) /* the key pair of this pairing is made here */
        enter(responder, MAKE_OOB, NULL, 0);
    enter(initiator, PAIR, NULL, 0);
    RUN_UNTIL(b, paired, true);
    b->recording = false;
}

static void part(struct bench *b)
{
    struct end *initiator = &b->end[TROTH_INITIATOR], *responder = &b->end[TROTH_RESPONDER];

    must("disconnecting", troth_disconnect(&initiator->host, initiator->link, 0));
    RUN_UNTIL(b, connected, false);
    must("forgetting", troth_bonds_remove(&initiator->host, &responder->identity));
    must("forgetting", troth_bonds_remove(&responder->host, &initiator->identity));
}

static double replay(struct end *e, const struct kind *k)
{
    e->host = e->before;
    e->random = e->random_before;
    e->paired = false;
    e->bench->replaying = true;
    double began = cpu_us();
    for (unsigned i = 0; i < e->inputs; i++)
        feed(e, &e->input[i]);
    double spent = cpu_us() - began;
    e->bench->replaying = false;
    if (!e->paired || e->model != k->model)
        die("a pairing repeated is not the same");
    return spent;
}

/* One key pair made, one DHKey computed: what Secure Connections asks of each side. */
static double curve(struct bench *b)
{
    uint8_t ours[32], theirs[32], ours_public[64], public_key[64], dhkey[32];

    on_random(&b->end[0], theirs, sizeof theirs);
    on_random(&b->end[0], ours, sizeof ours);
    ours[0] = theirs[0] = 1; /* below the order of the curve */
    if (!troth_p256_public_key(theirs, public_key))
        die("the curve does not compute");
    double began = cpu_us();
    bool ok = troth_p256_public_key(ours, ours_public) && troth_p256_dhkey(ours, public_key, dhkey);
    double spent = cpu_us() - began;
    if (!ok)
        die("the curve does not compute");
    return spent;
}

static void open_bench(struct bench *b)
{
    struct troth_advertising adv = {.on = true, .connectable = true};
    b->air = air_new(NULL);
    for (int side = 0; b->air && side < 2; side++) {
        struct end *e = &b->end[side];
        struct troth_host_config config = {.send = on_send,
                                           .event = on_event,
                                           .ask = on_ask,
                                           .random = on_random,
                                           .ctx = e,
                                           .policy.features = kinds[0].features[side]};
        e->bench = b;
        e->random = 0x9e3779b97f4a7c15u + (uint64_t)side;
        e->radio = air_attach(b->air, NULL, to_host, e);
        if (!e->radio)
            die("no memory for the air");
        troth_host_init(&e->host, &config);
        troth_host_start(&e->host, b->now);
    }
    if (!b->air)
        die("no memory for the air");
    RUN_UNTIL(b, ready, true);
    must("advertising", troth_advertise(&b->end[TROTH_RESPONDER].host, &adv));
}

/* ---- figures ---- */

int main(int argc, char **argv)
{
    static struct bench b;
    static double spent[KINDS][2][RUNS_MOST], curves[KINDS * RUNS_MOST];
    double cost[KINDS][2], worst[KINDS];
    long runs = runs_wanted("pairing", argc, argv);

    if (!runs)
        return 2;
    open_bench(&b);
    for (unsigned k = 0; k < KINDS; k++) {
        record(&b, &kinds[k]);
        struct end *end = b.end;
        static struct troth_host after_it[2];
        after_it[0] = end[0].host;
        after_it[1] = end[1].host;
        for (long run = 0; run < runs; run++) {
            for (int side = 0; side < 2; side++)
                spent[k][side][run] = replay(&end[side], &kinds[k]);
            curves[(long)k * runs + run] = curve(&b);
        }
        end[0].host = after_it[0];
        end[1].host = after_it[1];
        part(&b);
    }
    air_free(b.air);

    double work = median(curves, KINDS * (unsigned)runs);
    printf("curve work of one side (a key pair, a DHKey): %.1f us; median of %ld runs\n\n", work,
           runs);
    printf("%-24s%22s%22s\n", "pairing", "initiator", "responder");
    printf("%-24s%11s%11s%11s%11s\n", "", "us", "x curve", "us", "x curve");
    for (unsigned k = 0; k < KINDS; k++) {
        printf("%-24s", kinds[k].name);
        worst[k] = 0;
        for (int side = 0; side < 2; side++) {
            cost[k][side] = median(spent[k][side], (unsigned)runs);
            worst[k] = cost[k][side] > worst[k] ? cost[k][side] : worst[k];
            printf("%11.1f%11.2f", cost[k][side], cost[k][side] / work);
        }
        printf("\n");
    }
    printf("\naims\n");
    aim("Just Works, beside its curve work", worst[JUST_WORKS] / work, 1.3);
    double rounds = 0;
    for (int side = 0; side < 2; side++) {
        double r = cost[PASSKEY_ENTRY][side] / cost[JUST_WORKS][side];
        rounds = r > rounds ? r : rounds;
    }
    aim("Passkey Entry with its twenty rounds, beside Just Works", rounds, 1.3);
    return 0;
}
