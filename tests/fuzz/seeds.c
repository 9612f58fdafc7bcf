/*
 * fuzz_seeds FOLDER: writes the first inputs of each target into FOLDER/TARGET. Pairings are real
 * ones (with the toy crypto), each flow from both sides; the rest is written out here.
 */
#include "fuzz/seeds_linux.h"
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

/* What devices answer to proto-ver. */
static const char *const proto_ver[] = {
    "7b 22 70 72 6f 76 22 3a 7b 22 76 65 72 22 3a 22 6e 65 74 70 72 6f 76 2d 76 31 2e 32 22 "
    "2c 22 73 65 63 5f 76 65 72 22 3a 32 2c 22 73 65 63 5f 70 61 74 63 68 5f 76 65 72 22 3a "
    "31 2c 22 63 61 70 22 3a 5b 22 77 69 66 69 5f 70 72 6f 76 22 2c 22 77 69 66 69 5f 73 63 "
    "61 6e 22 5d 7d 7d",
    "7b 0a 09 22 70 72 6f 76 22 3a 09 7b 0a 09 09 22 76 65 72 22 3a 09 22 76 31 2e 31 22 2c "
    "0a 09 09 22 63 61 70 22 3a 09 5b 22 6e 6f 5f 73 65 63 22 2c 20 22 77 69 66 69 5f 73 63 "
    "61 6e 22 5d 0a 09 7d 0a 7d",
    "56 30 2e 31",
    "7b 22 72 6d 61 6b 65 72 22 3a 7b 22 76 65 72 22 3a 22 31 2e 30 22 2c 22 63 61 70 22 3a "
    "5b 22 63 6c 61 69 6d 22 2c 7b 22 78 22 3a 5b 2d 31 2e 35 65 33 2c 6e 75 6c 6c 2c 74 72 "
    "75 65 5d 7d 5d 7d 2c 22 70 72 6f 76 22 3a 7b 22 63 61 70 22 3a 5b 22 6e 6f 5f 70 6f 70 "
    "22 2c 22 74 68 72 65 61 64 5f 70 72 6f 76 22 2c 22 74 68 72 65 61 64 5f 73 63 61 6e 22 "
    "5d 2c 22 73 65 63 5f 76 65 72 22 3a 31 7d 7d 00",
    NULL};

/* Operation, kind and count, then a response. */
static const char *const protocomm_client[] = {
    "00 03 08 03 6a 00",
    "00 03 08 03 6a 02 08 04",
    "01 03 08 05 7a 00",
    "02 03 08 01 5a 02 10 01",
    "02 03 08 01 5a 06 10 01 62 02 08 03",
    "02 03 08 01 5a 04 10 03 50 00",
    "02 03 08 01 5a 04 10 03 50 01",
    "02 03 08 01 5a 21 5a 1f 0a 0b 31 39 32 2e 31 36 38 2e 31 2e 37 10 03 1a 04 6e 65 74 30 "
    "22 06 02 00 00 00 00 01 28 06",
    "12 03 08 07 8a 01 02 10 01",
    "10 03 08 07 8a 01 04 10 03 50 00",
    "12 03 08 07 8a 01 1d 5a 1b 08 b4 24 12 08 de ad 00 be ef 00 ca fe 18 0f 22 0a 4f 70 65 "
    "6e 54 68 72 65 61 64",
    "03 03 08 01 5a 00",
    "04 03 08 03 6a 04 08 01 10 06",
    "05 03 08 05 7a 1f 0a 1d 0a 04 6e 65 74 30 10 01 18 d8 ff ff ff ff ff ff ff ff 01 22 06 "
    "02 00 00 00 00 01 28 03",
    "15 03 08 0b aa 01 34 0a 32 08 b4 24 10 0f 18 ce ff ff ff ff ff ff ff ff 01 20 09 2a 08 "
    "01 01 01 01 01 01 01 01 32 0a 4f 70 65 6e 54 68 72 65 61 64 3a 08 de ad 00 be ef 00 ca "
    "fe",
    "06 03 08 02 62 00",
    "07 03 08 04 72 00",
    "16 03 08 06 82 01 00",
    "17 03 08 08 92 01 00",
    NULL};

static const char *const http_request[] = {
    "50 4f 53 54 20 2f 70 72 6f 76 2d 73 65 73 73 69 6f 6e 20 48 54 54 50 2f 31 2e 31 0d 0a "
    "48 6f 73 74 3a 20 31 39 32 2e 31 36 38 2e 34 2e 31 0d 0a 43 6f 6e 74 65 6e 74 2d 54 79 "
    "70 65 3a 20 61 70 70 6c 69 63 61 74 69 6f 6e 2f 78 2d 77 77 77 2d 66 6f 72 6d 2d 75 72 "
    "6c 65 6e 63 6f 64 65 64 0d 0a 43 6f 6e 74 65 6e 74 2d 4c 65 6e 67 74 68 3a 20 37 0d 0a "
    "0d 0a 61 62 63 64 65 66 67",
    "50 4f 53 54 20 2f 70 72 6f 74 6f 2d 76 65 72 3f 78 20 48 54 54 50 2f 31 2e 30 0d 0a 43 "
    "6f 6f 6b 69 65 3a 20 73 65 73 73 69 6f 6e 3d 31 32 33 34 35 36 37 38 39 0d 0a 45 78 70 "
    "65 63 74 3a 20 31 30 30 2d 63 6f 6e 74 69 6e 75 65 0d 0a 43 6f 6e 74 65 6e 74 2d 4c 65 "
    "6e 67 74 68 3a 20 33 0d 0a 43 6f 6e 6e 65 63 74 69 6f 6e 3a 20 63 6c 6f 73 65 0d 0a 0d "
    "0a 2d 2d 2d 50 4f 53 54",
    "47 45 54 20 2f 20 48 54 54 50 2f 31 2e 31 0d 0a 4f 72 69 67 69 6e 3a 20 68 74 74 70 3a "
    "2f 2f 78 0d 0a 54 72 61 6e 73 66 65 72 2d 45 6e 63 6f 64 69 6e 67 3a 20 63 68 75 6e 6b "
    "65 64 0d 0a 0d 0a",
    "50 4f 53 54 20 2f 20 48 54 54 50 2f 32 2e 30 0d 0a 0d 0a", NULL};

/* Scheme and side, salt, dice; then operations of security.c: 07 is an honest session. */
static const char *const security[] = {
    /* a proof of zeros, before there is anything to prove */
    "05 10 01 00 2b 10 01 5a 27 08 02 b2 01 22 12 20 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
    "06 10 01 00 4b 10 02 62 47 08 02 b2 01 42 0a 40 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
    "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00",
    "00 10 00 07 05 01 00 11 61 62 63 05 00 00 61 62 05 00 80 61 61 06 00 05 01 00 04 00 07 "
    "00",
    "01 10 01 07 05 01 00 11 61 62 63 05 00 00 61 62 05 00 80 61 61 06 00 05 01 00 04 00 07 "
    "00",
    "02 10 02 07 05 01 00 11 61 62 63 05 00 00 61 62 05 00 80 61 61 06 00 05 01 00 04 00 07 "
    "00",
    "04 10 04 03 00 01 00 01 00 03 00",
    "04 10 04 07 05 01 00 11 61 62 63 05 00 00 61 62 05 00 80 61 61 06 00 05 01 00 04 00 07 "
    "00",
    "06 10 06 07 05 01 00 11 61 62 63 05 00 00 61 62 05 00 80 61 61 06 00 05 01 00 04 00 07 "
    "00",
    "09 10 09 07 05 01 00 11 61 62 63 05 00 00 61 62 05 00 80 61 61 06 00 05 01 00 04 00 07 "
    "00",
    "04 10 01 00 05 52 03 a2 01 00",
    "05 10 01 00 29 10 01 5a 25 a2 01 22 0a 20 cb 24 e9 e9 62 59 ae 52 48 c9 98 1a 4c c7 84 "
    "d9 01 0f 7c 82 79 9d 4b 9a ef 53 d2 18 f4 47 18 4c",
    "05 10 01 00 2b 10 01 5a 27 08 02 b2 01 22 12 20 37 e9 93 a6 a8 b5 d4 bb e1 0f 56 a7 5c "
    "38 65 30 89 95 4f 58 cd a4 11 15 c1 04 6e 2f cf bc 77 15",
    "06 10 01 00 4b 10 02 62 47 08 02 b2 01 42 0a 40 fb 04 df e7 5c 1c 25 07 c5 95 63 fc aa "
    "8b 9a 3c a9 36 62 4d 26 5a 5a 7b 02 46 4c d5 69 ac 74 32 c2 ce a3 e3 65 7d c1 b3 17 73 "
    "05 f6 98 02 df d6 24 16 56 ba b0 f8 09 1d 13 3d 3a 26 0d ca 43 41",
    NULL};

/* The same header, then operations of protocomm.c: 60 a session, 2x a sealed request. */
static const char *const protocomm[] = {
    "00 01 60 00 23 2e 08 02 62 2a 0a 28 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 "
    "73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 73 23 02 08 04 21 06 08 04 72 02 "
    "10 04",
    "02 01 60 00 25 04 73 74 6f 70 25 05 6c 61 74 65 72 60 00 23 0a 08 02 62 06 0a 04 6f 70 65 6e "
    "c0 01",
    "00 00 60 00 70 00 21 06 52 04 08 01 20 78 80 03 d8 06 03 04 6e 65 74 30 80 03 d8 06 03 "
    "04 6e 65 74 30 80 05 21 02 08 02 21 06 08 04 72 02 10 01 23 14 08 02 62 10 0a 04 6e 65 "
    "74 30 12 08 70 61 73 73 77 30 72 64 23 02 08 04 70 00 80 00 70 00 20 02 08 01 20 02 08 "
    "03 70 00",
    "00 00 60 00 23 14 08 02 62 10 0a 04 6e 65 74 30 12 08 70 61 73 73 77 30 72 64 23 02 08 "
    "04 80 11 70 00 20 02 08 01 80 02 70 00 23 0a 08 02 62 06 0a 04 6f 70 65 6e 23 02 08 04 "
    "80 00 25 05 6c 61 74 65 72 d0 08 25 05 68 65 6c 6c 6f 70 00 bf ff 70 00",
    "00 00 0c 03 2d 2d 2d 0a 05 52 03 a2 01 00 13 02 52 00 12 29 10 01 5a 25 a2 01 22 0a 20 "
    "cb 24 e9 e9 62 59 ae 52 48 c9 98 1a 4c c7 84 d9 01 0f 7c 82 79 9d 4b 9a ef 53 d2 18 f4 "
    "47 18 4c 60 00 c0 01 60 00 e1 01 70 00 f0 01 70 00 60 00 25 04 73 74 6f 70 60 00 e0 00 "
    "80 02",
    "01 01 0c 03 2d 2d 2d 0a 05 52 03 a2 01 00 13 02 52 00 12 29 10 01 5a 25 a2 01 22 0a 20 "
    "cb 24 e9 e9 62 59 ae 52 48 c9 98 1a 4c c7 84 d9 01 0f 7c 82 79 9d 4b 9a ef 53 d2 18 f4 "
    "47 18 4c 60 00 c0 01 60 00 e1 01 70 00 f0 01 70 00 60 00 25 04 73 74 6f 70 60 00 e0 00 "
    "80 02",
    "01 01 60 00 23 14 08 02 62 10 0a 04 6e 65 74 30 12 08 70 61 73 73 77 30 72 64 23 02 08 "
    "04 80 11 70 00 20 02 08 01 80 02 70 00 23 0a 08 02 62 06 0a 04 6f 70 65 6e 23 02 08 04 "
    "80 00 25 05 6c 61 74 65 72 d0 08 25 05 68 65 6c 6c 6f 70 00 bf ff 70 00",
    "02 02 60 00 70 00 21 06 52 04 08 01 20 78 80 03 d8 06 03 04 6e 65 74 30 80 03 d8 06 03 "
    "04 6e 65 74 30 80 05 21 02 08 02 21 06 08 04 72 02 10 01 23 14 08 02 62 10 0a 04 6e 65 "
    "74 30 12 08 70 61 73 73 77 30 72 64 23 02 08 04 70 00 80 00 70 00 20 02 08 01 20 02 08 "
    "03 70 00",
    "02 02 0c 03 2d 2d 2d 0a 05 52 03 a2 01 00 13 02 52 00 12 29 10 01 5a 25 a2 01 22 0a 20 "
    "cb 24 e9 e9 62 59 ae 52 48 c9 98 1a 4c c7 84 d9 01 0f 7c 82 79 9d 4b 9a ef 53 d2 18 f4 "
    "47 18 4c 60 00 c0 01 60 00 e1 01 70 00 f0 01 70 00 60 00 25 04 73 74 6f 70 60 00 e0 00 "
    "80 02",
    "04 04 60 00 70 00 21 07 08 06 82 01 02 08 01 80 03 d8 06 03 04 6e 65 74 30 80 05 21 02 "
    "08 08 21 07 08 0a a2 01 02 10 01 23 70 08 08 92 01 6b 0a 69 0e 08 00 00 00 00 00 01 00 "
    "00 00 03 00 00 0f 35 06 00 04 00 1f ff e0 02 08 11 11 11 11 22 22 22 22 07 08 fd ad 70 "
    "bf e5 aa 15 dd 05 10 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 03 0e 4f 70 65 6e "
    "54 68 72 65 61 64 44 65 6d 6f 01 02 12 34 04 10 44 5f 2b 5c a6 f2 a9 3a 55 ce 57 0a 70 "
    "ef ee cb 0c 04 02 a0 f7 f8 23 02 08 0a 70 00 80 00 70 00 20 02 08 07",
    "04 04 60 00 23 70 08 08 92 01 6b 0a 69 0e 08 00 00 00 00 00 01 00 00 00 03 00 00 0f 35 "
    "06 00 04 00 1f ff e0 02 08 11 11 11 11 22 22 22 22 07 08 fd ad 70 bf e5 aa 15 dd 05 10 "
    "00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 03 0e 4f 70 65 6e 54 68 72 65 61 64 44 "
    "65 6d 6f 01 02 12 34 04 10 44 5f 2b 5c a6 f2 a9 3a 55 ce 57 0a 70 ef ee cb 0c 04 02 a0 "
    "f7 f8 23 02 08 0a 80 11 70 00 20 02 08 05 80 02 70 00",
    "04 04 0c 03 2d 2d 2d 0a 05 52 03 a2 01 00 13 02 52 00 12 29 10 01 5a 25 a2 01 22 0a 20 "
    "cb 24 e9 e9 62 59 ae 52 48 c9 98 1a 4c c7 84 d9 01 0f 7c 82 79 9d 4b 9a ef 53 d2 18 f4 "
    "47 18 4c 60 00 c0 01 60 00 e1 01 70 00 f0 01 70 00 60 00 25 04 73 74 6f 70 60 00 e0 00 "
    "80 02",
    "05 05 60 00 70 00 21 07 08 06 82 01 02 08 01 80 03 d8 06 03 04 6e 65 74 30 80 05 21 02 "
    "08 08 21 07 08 0a a2 01 02 10 01 23 70 08 08 92 01 6b 0a 69 0e 08 00 00 00 00 00 01 00 "
    "00 00 03 00 00 0f 35 06 00 04 00 1f ff e0 02 08 11 11 11 11 22 22 22 22 07 08 fd ad 70 "
    "bf e5 aa 15 dd 05 10 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 03 0e 4f 70 65 6e "
    "54 68 72 65 61 64 44 65 6d 6f 01 02 12 34 04 10 44 5f 2b 5c a6 f2 a9 3a 55 ce 57 0a 70 "
    "ef ee cb 0c 04 02 a0 f7 f8 23 02 08 0a 70 00 80 00 70 00 20 02 08 07",
    "06 06 60 00 70 00 21 07 08 06 82 01 02 08 01 80 03 d8 06 03 04 6e 65 74 30 80 05 21 02 "
    "08 08 21 07 08 0a a2 01 02 10 01 23 70 08 08 92 01 6b 0a 69 0e 08 00 00 00 00 00 01 00 "
    "00 00 03 00 00 0f 35 06 00 04 00 1f ff e0 02 08 11 11 11 11 22 22 22 22 07 08 fd ad 70 "
    "bf e5 aa 15 dd 05 10 00 11 22 33 44 55 66 77 88 99 aa bb cc dd ee ff 03 0e 4f 70 65 6e "
    "54 68 72 65 61 64 44 65 6d 6f 01 02 12 34 04 10 44 5f 2b 5c a6 f2 a9 3a 55 ce 57 0a 70 "
    "ef ee cb 0c 04 02 a0 f7 f8 23 02 08 0a 70 00 80 00 70 00 20 02 08 07",
    NULL};

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
    literal("proto_ver", "plain", proto_ver);
    literal("protocomm_client", "plain", protocomm_client);
    literal("http_request", "plain", http_request);
    literal("security", "plain", security);
    literal("protocomm", "plain", protocomm);
    for (unsigned n = 0; seeds_linux[n].target; n++) {
        start(seeds_linux[n].target, "text", n);
        put(NULL, (const uint8_t *)seeds_linux[n].octets, seeds_linux[n].len);
        fclose(file);
    }
    return 0;
}
