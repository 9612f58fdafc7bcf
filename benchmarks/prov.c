/*
 * What a session of Espressif's provisioning costs: the processor time each side spends on the
 * handshakes of security 2 and 1, beside the modular exponentiations that SRP-6a asks of it, made in
 * turns within one run; and on the messages after it.
 *
 *     prov [RUNS]
 *
 * Both sides are one process without a transport: only what troth_security_... does is measured.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <troth/protocomm_security.h>

#include "benchmarks/figures.h"

enum { MESSAGES = 100, MESSAGE_MAX = 512 };
enum { CLIENT, DEVICE, SIDES };

#define USER     "wifiprov"
#define PASSWORD "abcd1234"

static const unsigned sizes[] = {32, MESSAGE_MAX}; /* a command; a page of a scan */
enum { SIZES = sizeof sizes / sizeof *sizes };

struct bench {
    struct troth_security side[SIDES];
    struct troth_security_config config[3][SIDES]; /* by scheme */
    uint8_t salt[16], verifier[TROTH_BIG];
    uint64_t random;
};

static void die(const char *why)
{
    fprintf(stderr, "prov: %s\n", why);
    exit(1);
}

static void on_random(void *ctx, uint8_t *out, size_t len)
{
    struct bench *b = ctx;
    for (size_t i = 0; i < len; i++) { /* xorshift64 */
        b->random ^= b->random << 13;
        b->random ^= b->random >> 7;
        b->random ^= b->random << 17;
        out[i] = (uint8_t)(b->random >> 32);
    }
}

static void configure(struct bench *b)
{
    const struct troth_piece name = {USER, strlen(USER)}, password = {PASSWORD, strlen(PASSWORD)},
                             salt = {b->salt, sizeof b->salt},
                             verifier = {b->verifier, sizeof b->verifier};
    b->random = 0x9e3779b97f4a7c15u;
    on_random(b, b->salt, sizeof b->salt);
    b->salt[0] |= 1;
    if (troth_security_credentials(&name, &password, &salt, b->verifier) != TROTH_OK)
        die("no salt and verifier");
    for (int scheme = 1; scheme <= 2; scheme++)
        for (int side = 0; side < SIDES; side++)
            b->config[scheme][side] = (struct troth_security_config){.scheme = (uint8_t)scheme,
                                                                     .random = on_random,
                                                                     .ctx = b,
                                                                     .pop = password,
                                                                     .salt = salt,
                                                                     .verifier = verifier,
                                                                     .username = name,
                                                                     .password = password,
                                                                     .patch = 1};
}

/* ---- what is measured ---- */

/* Adds what each side spends; both are ready then. */
static void handshake(struct bench *b, int scheme, double spent[SIDES])
{
    struct troth_security *client = &b->side[CLIENT], *device = &b->side[DEVICE];
    uint8_t request[TROTH_SECURITY_HANDSHAKE], response[TROTH_SECURITY_HANDSHAKE];
    size_t len, answered;

    for (int side = 0; side < SIDES; side++) {
        spent[side] = 0;
        if (troth_security_init(&b->side[side], &b->config[scheme][side], side == DEVICE) !=
            TROTH_OK)
            die("a side would not begin");
    }
    double at = cpu_us();
    int result = troth_security_hello(client, request, sizeof request, &len);
    for (;;) {
        spent[CLIENT] += cpu_us() - at;
        if (result != TROTH_OK)
            die("the client gives up");
        if (!len)
            break;
        at = cpu_us();
        result = troth_security_serve(device, request, len, response, sizeof response, &answered);
        spent[DEVICE] += cpu_us() - at;
        if (result != TROTH_OK)
            die("the device gives up");
        at = cpu_us();
        result = troth_security_next(client, response, answered, request, sizeof request, &len);
    }
    if (!troth_security_ready(client) || !troth_security_ready(device))
        die("a handshake does not come to its end");
}

/* One message, sealed by one side and opened by the other. */
static double message(struct bench *b, size_t size)
{
    uint8_t plain[MESSAGE_MAX] = {0}, sealed[MESSAGE_MAX + TROTH_SECURITY_OVERHEAD],
            opened[MESSAGE_MAX + TROTH_SECURITY_OVERHEAD];
    size_t len, got;

    double began = cpu_us();
    for (int i = 0; i < MESSAGES; i++) { /* request and response in turn */
        struct troth_security *from = &b->side[i % 2], *to = &b->side[!(i % 2)];
        if (troth_security_seal(from, plain, size, sealed, &len) != TROTH_OK ||
            troth_security_open(to, sealed, len, opened, &got) != TROTH_OK || got != size ||
            memcmp(plain, opened, size) != 0)
            die("a message does not come through");
    }
    return (cpu_us() - began) / MESSAGES;
}

/*
 * The exponentiations of one side, in octets of their exponents: the client's g^a, g^x and
 * (B - k g^x)^(a + u x); the device's g^b, v^u and (A v^u)^b.
 */
static double exponentiations(struct bench *b, int side)
{
    static const size_t exponents[SIDES][3] = {{32, 64, 128}, {32, 64, 32}};
    static uint8_t n[TROTH_BIG];
    uint8_t base[TROTH_BIG], exponent[3][128], out[TROTH_BIG];
    bool ok = true;

    /* An odd modulus of as many bits; which one does not matter to the time. */
    memset(n, 0xff, sizeof n);
    on_random(b, base, sizeof base);
    base[0] = 0;
    for (int i = 0; i < 3; i++) {
        on_random(b, exponent[i], sizeof exponent[i]);
        exponent[i][0] |= 0x80;
    }
    double began = cpu_us();
    for (int i = 0; i < 3; i++)
        ok = ok && troth_modexp(base, exponent[i], exponents[side][i], n, out);
    double spent = cpu_us() - began;
    if (!ok)
        die("an exponentiation does not come to its end");
    return spent;
}

/* ---- figures ---- */

static void print_messages(double cost[3][SIZES])
{
    printf("\n%-24s", "a message, sealed and opened");
    for (int i = 0; i < SIZES; i++)
        printf("%11u octets", sizes[i]);
    printf("\n");
    for (int scheme = 2; scheme >= 1; scheme--) {
        printf("  security %-17d", scheme);
        for (int i = 0; i < SIZES; i++)
            printf("%15.2f us", cost[scheme][i]);
        printf("\n");
    }
}

int main(int argc, char **argv)
{
    static struct bench b;
    static double spent[3][SIDES][RUNS_MOST], power[SIDES][RUNS_MOST],
        messages[3][SIZES][RUNS_MOST];
    double cost[3][SIDES], work[SIDES], per_message[3][SIZES];
    long runs = runs_wanted("prov", argc, argv);

    if (!runs)
        return 2;
    configure(&b);
    for (long run = 0; run < runs; run++) {
        for (int scheme = 1; scheme <= 2; scheme++) {
            double one[SIDES];
            handshake(&b, scheme, one);
            for (int side = 0; side < SIDES; side++)
                spent[scheme][side][run] = one[side];
            for (int i = 0; i < SIZES; i++)
                messages[scheme][i][run] = message(&b, sizes[i]);
        }
        for (int side = 0; side < SIDES; side++)
            power[side][run] = exponentiations(&b, side);
    }
    for (int side = 0; side < SIDES; side++)
        work[side] = median(power[side], (unsigned)runs);
    printf("modular exponentiations of 3072 bits, three each: client %.1f us, device %.1f us;\n"
           "median of %ld runs\n\n",
           work[CLIENT], work[DEVICE], runs);
    printf("%-24s%22s%22s%16s\n", "handshake", "client", "device", "a second");
    printf("%-24s%11s%11s%11s%11s%16s\n", "", "us", "x powers", "us", "x powers", "both sides");
    for (int scheme = 2; scheme >= 1; scheme--) {
        printf("security %-15d", scheme);
        for (int side = 0; side < SIDES; side++) {
            cost[scheme][side] = median(spent[scheme][side], (unsigned)runs);
            printf("%11.1f", cost[scheme][side]);
            if (scheme == 2)
                printf("%11.2f", cost[scheme][side] / work[side]);
            else
                printf("%11s", "-");
        }
        printf("%16.0f\n", 1e6 / (cost[scheme][CLIENT] + cost[scheme][DEVICE]));
        for (int i = 0; i < SIZES; i++)
            per_message[scheme][i] = median(messages[scheme][i], (unsigned)runs);
    }
    print_messages(per_message);
    printf("\naims\n");
    aim("the client, beside its modular exponentiations", cost[2][CLIENT] / work[CLIENT], 1.2);
    aim("the device, beside its modular exponentiations", cost[2][DEVICE] / work[DEVICE], 1.2);
    return 0;
}
