/*
 * fuzz_seeds FOLDER: writes the first inputs of each target into FOLDER/TARGET. Pairings are real
 * ones (with the toy crypto), each flow from both sides; the rest is written out here.
 */
#include "fuzz/smp_stream.h"
#include "support/tester.h"

#include <sys/stat.h>

#include <troth/bonds.h>

static const char *root;
static FILE *file;

static void start(const char *target, const char *name, unsigned n)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", root, target);
    mkdir(path, 0777);
    snprintf(path, sizeof path, "%s/%s/seed-%s-%02u", root, target, name, n);
    file = fopen(path, "wb");
    if (!file) {
        fprintf(stderr, "fuzz_seeds: cannot write %s\n", path);
        exit(1);
    }
}

static void put(void *ctx, const uint8_t *octets, size_t len)
{
    (void)ctx;
    fwrite(octets, 1, len, file);
}

static void put_text(const char *hex)
{
    for (; *hex; hex += *hex ? 1 : 0) {
        unsigned v;
        if (*hex == ' ')
            continue;
        if (sscanf(hex, "%2x", &v) != 1)
            abort();
        fputc((int)v, file);
        hex++;
    }
}

static void literal(const char *target, const char *name, const char *const *hex)
{
    for (unsigned n = 0; hex[n]; n++) {
        start(target, name, n);
        put_text(hex[n]);
        fclose(file);
    }
}

static void pairings(void)
{
    static struct stream s;
    static struct smp_bench peer;
    for (unsigned n = 0; n < 2 * FLOWS; n++) {
        const struct flow *f = &tester_flows[n / 2];
        enum troth_side side = n & 1;
        const struct troth_features *ours = &f->f[side];
        uint8_t h[STREAM_HEADER] = {(uint8_t)side, (uint8_t)(ours->io_cap | ours->oob << 7),
                                    ours->auth_req, (uint8_t)(ours->max_key_size - 7),
                                    (uint8_t)(ours->initiator_keys | ours->responder_keys << 4)};
        struct in in = in_of(h, sizeof h);
        start("smp_engine", "flow", n);
        put(NULL, h, sizeof h);
        stream_open(&s, &in);
        struct troth_policy p = {.features = f->f[!side], .min_key_size = 7, .attempts = 255};
        smp_bench_init(&peer, (enum troth_side) !side, &p, s.b.addr);
        stream_pair(&s, &peer, put, NULL);
        fclose(file);
        if (s.paired != 1) {
            fprintf(stderr, "fuzz_seeds: \"%s\" does not pair\n", f->name);
            exit(1);
        }
        start("smp_flow", "flow", n);
        uint8_t way[4] = {(uint8_t)(n / 2), (uint8_t)side, 0, 0};
        put(NULL, way, sizeof way);
        fclose(file);
        start("smp_flow", "harm", n);
        uint8_t leave[] = {(uint8_t)(n / 2), (uint8_t)(side | 6), 8, 7, 0, 3, 9, 7, 3, 1};
        put(NULL, leave, sizeof leave);
        fclose(file);
    }
}

static void records(void)
{
    struct troth_bond_keys k = {.identity = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}},
                                .key_size = 16,
                                .sc = true,
                                .mitm = true,
                                .has_irk = true,
                                .irk = {9, 8, 7}};
    struct troth_bond_state state = {.last_use = 7, .ccc = {{3, 1}, {9, 2}}};
    struct troth_local local = {true, {1, 2, 3}, {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 0xc6}}};
    uint8_t out[TROTH_RECORD_MAX];
    k.ltk[0].present = true;
    memset(k.ltk[0].key, 0x77, 16);
    int n = troth_bond_keys_encode(&k, out, sizeof out);
    start("bond_record", "keys", 0);
    put(NULL, out, n > 0 ? (size_t)n : 0);
    fclose(file);
    k.sc = k.mitm = false;
    k.ltk[1] = k.ltk[0];
    k.ltk[0].rand = 5;
    k.has_csrk[0] = k.has_csrk[1] = true;
    n = troth_bond_keys_encode(&k, out, sizeof out);
    start("bond_record", "keys", 1);
    put(NULL, out, n > 0 ? (size_t)n : 0);
    fclose(file);
    n = troth_bond_state_encode(&state, out, sizeof out);
    start("bond_record", "state", 0);
    put(NULL, out, n > 0 ? (size_t)n : 0);
    fclose(file);
    n = troth_local_encode(&local, out, sizeof out);
    start("bond_record", "local", 0);
    put(NULL, out, n > 0 ? (size_t)n : 0);
    fclose(file);
}

/* An octet of length, then the PDU; 80 and above are the other operations: see att_server.c. */
static const char *const att_server[] = {
    "00 03 02 f7 00 07 10 01 00 ff ff 00 28 07 08 01 00 ff ff 03 28 05 04 01 00 ff ff",
    "01 81 9f 03 0a 14 00 05 0c 14 00 02 00 05 12 15 00 02 00 83 02 04 01 1e",
    "02 03 0a 03 00 09 06 01 00 ff ff 00 28 00 fe 05 0e 03 00 10 00 07 08 01 00 ff ff 02 fe",
    "04 03 0a 10 00 80 40 05 12 10 00 61 62 80 40 05 52 10 00 61 62",
    "06 81 9f 03 0a 17 00 80 f0 07 0e 10 00 14 00 17 00 80 40 80 f0 80 40",
    "00 0a 16 10 00 00 00 61 62 63 64 65 0a 16 10 00 05 00 61 62 63 64 65 02 18 01 02 18 00",
    "01 81 9f 03 0a 17 00 11 d2 1b 00 68 69 01 00 00 00 11 22 33 44 55 66 77 88 85 03 0a 03 00",
    "01 86 00 05 87 01 86 00 05 86 01 05 86 03 1f 87 00 87 01 88 09 87 01 81 0f 86 04 01 87 01 88 "
    "03",
    NULL};

/* See gatt_client.c: a0 begins a procedure, below 60 is the body of an answer. */
static const char *const gatt_client[] = {
    "00 a0 00 00 00 00 02 f7 00",
    "00 a0 01 00 00 00 0d 06 01 00 05 00 00 18 06 00 ff ff 0f 18 15 07 02 00 02 03 00 00 2a "
    "04 00 02 05 00 01 2a c1 0a 00 00 15 07 07 00 12 08 00 19 2a c1 0a 00 00 05 01 09 00 02 29",
    "00 a0 02 00 00 00 04 06 00 ff ff c1 0a 00 00",
    "00 a0 03 03 00 00 16 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 41 02 41 "
    "41",
    "06 a0 04 03 00 02 61 62 63 64 c1 05 00 00 00",
    "00 a0 04 03 00 20 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 61 62 63 64 65 66 67 68 69 "
    "6a 6b 6c 6d 6e 6f 70 61 62 63 64 65 66 67 68 69 6a 6b 6c 6d 6e 6f 70 61 62 63 64 65 66 67 68 "
    "01 01 01 01 01 01 01 01 00",
    "00 65 1b 03 00 61 62 65 1d 03 00 61 62",
    NULL};

/* Data length, packets and operations of l2cap.c. */
static const char *const l2cap[] = {
    "1b 02 08 05 03 00 04 00 0a 00 02 03 00",
    "1b 02 18 10 0c 00 05 00 12 01 08 00 18 00 28 00 00 00 c8 00",
    "05 01 05 08 01 02 03 04 05 06 07 08 06 00 06 00 0f 01 06 00 06 00 06 00",
    "1b 04 55 05 01 02 03 04 05 07 00 0f 01 06 00 07 01 08 04 02 00 06 00 00 02 05 08", NULL};

static const char *const ad[] = {"09 01 02 01 06 06 09 54 72 6f 74 68",
                                 "03 08 03 03 0f 18 02 0a 00", "00 ff 01 00 05 09 61", NULL};

static const char *const policy[] = {"01 00 0d 10 07 07 04 00 0d 10 07 07 00 07 10",
                                     "03 00 01 10 03 03 03 00 09 10 03 03 01 a0 09",
                                     "04 01 0d 0a 07 07 02 01 05 07 07 07 02 ff 00", NULL};

/* host.c: the world, asks taken, then operations. */
static const char *const host[] = {
    /* a central connects and pairs; the honest world does the rest */
    "00 00 00 05 10 01 02 03 04 05 06 05 01 01 02 03 04 05 c6 fe",
    /* we are the central, and pair */
    "02 00 00 05 00 01 02 03 04 05 06 fe 00",
    /* asks are answered by the application */
    "00 ff 0f 05 31 01 02 03 04 05 06 fe 0c 01 fd 0c 01 fd 0c 01 fd 0c 01 fd 0c 01 fd",
    /* plain ATT, advertising, scanning, reports */
    "04 00 00 0b 05 03 fd 0b 06 03 fd 02 3e 0f 02 01 00 00 01 02 03 04 05 06 03 02 01 06 c0",
    "00 00 00 05 01 01 02 03 04 05 06 03 03 02 f7 00 fd 03 07 10 01 00 ff ff 00 28 fd",
    "08 00 00 0b 07 01 fd 05 00 01 02 03 04 05 c6 0b 0a 00 fd 03 05 11 06 01 00 05 00 06 00 fd",
    /* privacy by the host, by the controller; signed writes, OOB data, policies of a link */
    "20 00 00 0b 05 03 fd 05 01 01 02 03 04 05 06 fe 06 13 0a ff fd 0b 06 03 fd 05 01 01 02 03 04 "
    "05 06 0b 14 10 fd",
    "60 00 00 05 01 01 02 03 04 05 06 fe 06 13 fd fd 0b 05 03 fd 0b 07 01 fd fd 0a ff fd",
    "00 00 00 0b 15 00 05 01 01 02 03 04 05 06 0b 17 03 fe 0b 16 01 0b 18 00 fd",
    "01 00 00 05 01 01 02 03 04 05 06 fe 06 13 05 01 01 02 03 04 05 06 08 00 00 00 00 00 00 00 00 "
    "00 00 fd 07 00 01 fd",
    NULL};

static const char *const wifi_gatt[] = {
    "00 00 01 04 68 6f 6d 65 00 02 0a 6f 70 65 6e 73 65 73 61 6d 65 00 03 01 02 00 04 01 01 04 01 "
    "00 00 03 05 00 00",
    "01 00 01 04 68 6f 6d 65 00 02 08 6f 70 65 6e 73 65 73 61 00 04 01 01 04 02 00 01 06 50 05 01 "
    "00 04 01 02",
    "00 00 21 02 00 68 6f 00 21 02 02 6d 65 07 01 08", NULL};

static const char *const oob[] = {
    "08 1b 11 22 33 44 55 66 00 02 1c 01 11 22 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 "
    "23 "
    "11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 02 01 06 06 09 54 72 6f 74 68",
    "08 1b 11 22 33 44 55 c6 01 02 1c 02 11 10 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10",
    "42 4c 45 2d 4f 4f 42 3a 30 38 31 42", NULL};

/* btsnoop: a header, then records of length, captured, flags, drops, time, octets. */
#define SNOOP  "62 74 73 6e 6f 6f 70 00 00 00 00 01 00 00 "
#define STAMP  "00 00 00 00 00 e0 3a b4 3e 2a 40 00 "
#define RECORD "00 00 00 04 00 00 00 04 00 00 00 00 " STAMP "01 03 0c 00 "
static const char *const capture[] = {
    SNOOP "03 ea " RECORD RECORD,
    SNOOP "03 ea 00 00 00 07 00 00 00 07 00 00 00 01 " STAMP "04 0e 04 01 03 0c 00 00 00 00 20",
    SNOOP
    "07 d1 00 00 00 10 00 00 00 10 00 00 00 00 " STAMP
    "00 01 11 22 33 44 55 66 68 63 69 30 00 00 00 00 00 00 00 03 00 00 00 03 00 00 00 02 " STAMP
    "03 0c 00",
    SNOOP "03 e9 00 00 00 03 00 00 00 03 00 00 00 02 " STAMP "03 0c 00", NULL};

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: fuzz_seeds FOLDER\n");
        return 2;
    }
    root = argv[1];
    pairings();
    records();
    literal("att_server", "plain", att_server);
    literal("gatt_client", "plain", gatt_client);
    literal("l2cap", "plain", l2cap);
    literal("ad", "plain", ad);
    literal("policy", "plain", policy);
    literal("host", "plain", host);
    literal("oob", "plain", oob);
    literal("capture", "plain", capture);
    literal("wifi_gatt", "plain", wifi_gatt);
    return 0;
}
