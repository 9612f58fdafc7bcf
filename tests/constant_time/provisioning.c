/*
 * Sessions of security 1 and 2 with every secret of them poisoned, both sides: to their end, with a
 * wrong proof from either side, with messages both ways. What one side hands out is revealed: the
 * air carries it.
 */
#include "constant_time/secret.h"

#include <stdio.h>
#include <string.h>

#include <troth/protocomm_security.h>

#include "constant_time/backend.h"

#define CAP TROTH_SECURITY_HANDSHAKE

static struct troth_security device, client;
static uint8_t salt[16] = {3, 1, 4}, verifier[TROTH_BIG], password[] = "abcd1234",
               guess[] = "abcd1235";
static int failures;
static uint8_t dice;

/* Private keys are secret; counter blocks and nonces go out as they are. */
static void draw(void *ctx, uint8_t *out, size_t len)
{
    (void)ctx;
    for (size_t i = 0; i < len; i++)
        out[i] = (uint8_t)(dice = (uint8_t)(dice * 5 + 77));
    if (len == 32)
        poison(out, len);
}

static void blame(uint8_t scheme, const char *wrong)
{
    fprintf(stderr, "security %u: %s\n", scheme, wrong);
    failures++;
}

static void configure(uint8_t scheme, bool wrong_client, bool pop)
{
    struct troth_security_config d = {.scheme = scheme, .random = draw}, c = d;
    uint8_t *p = wrong_client ? guess : password;
    const struct troth_piece user = {"wifiprov", 8};
    if (pop) {
        d.pop = (struct troth_piece){password, 8};
        c.pop = (struct troth_piece){p, 8};
    }
    c.patch = 1;
    c.username = user;
    c.password = (struct troth_piece){p, 8};
    d.salt = (struct troth_piece){salt, sizeof salt};
    d.verifier = (struct troth_piece){verifier, sizeof verifier};
    poison(password, 8);
    poison(guess, 8);
    backend_is_device = false;
    if (scheme == 2 &&
        troth_security_credentials(&user, &(struct troth_piece){password, 8}, &d.salt, verifier))
        blame(scheme, "no credentials");
    /* That it is below N was looked at when it was made, or read from its file. */
    reveal(verifier, sizeof verifier);
    if (troth_security_init(&device, &d, true) || troth_security_init(&client, &c, false))
        blame(scheme, "no configuration");
    poison(verifier, sizeof verifier);
}

/* Up to `messages` of them; true: the last one was taken. */
static bool shake(unsigned messages, bool harm)
{
    uint8_t to_device[CAP], to_client[CAP];
    size_t len = 0;
    backend_is_device = false;
    bool ok = troth_security_hello(&client, to_device, CAP, &len) == TROTH_OK;
    for (unsigned n = 0; ok && len && n < messages; n++) {
        reveal(to_device, CAP);
        backend_is_device = true;
        ok = troth_security_serve(&device, to_device, len, to_client, CAP, &len) == TROTH_OK;
        if (!ok)
            break;
        reveal(to_client, CAP);
        if (harm && n == 1)
            to_client[len - 20] ^= 1; /* a device that knows nothing */
        backend_is_device = false;
        ok = troth_security_next(&client, to_client, len, to_device, CAP, &len) == TROTH_OK;
    }
    return ok;
}

static void cross(uint8_t scheme, struct troth_security *from, struct troth_security *to)
{
    uint8_t m[40] = "a passphrase", plain[40];
    size_t n, got;
    poison(m, 24);
    if (troth_security_seal(from, m, 24, m, &n) != TROTH_OK)
        blame(scheme, "not sealed");
    reveal(m, sizeof m);
    if (troth_security_open(to, m, n, plain, &got) != TROTH_OK || got != 24)
        blame(scheme, "not opened");
    m[3] ^= 1;
    if (scheme == 2 && troth_security_open(to, m, n, plain, &got) == TROTH_OK)
        blame(scheme, "a harmed message is opened");
}

int main(int argc, char **argv)
{
    (void)argc;
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "usage: valgrind --error-exitcode=1 %s\n", argv[0]);
        return 2;
    }
    for (unsigned round = 0; round < 3; round++) { /* 1 without a proof of possession, 1, 2 */
        uint8_t scheme = round ? (uint8_t)round : 1;
        configure(scheme, false, round != 0);
        if (!shake(2, false) || !troth_security_ready(&device) || !troth_security_ready(&client))
            blame(scheme, "no session");
        cross(scheme, &client, &device);
        if (scheme == 1) {
            cross(scheme, &device, &client);
        } else {
            cross(scheme, &device, &client);
            cross(scheme, &client, &device);
        }
        troth_security_end(&device);
        troth_security_end(&client);
        if (!round)
            continue;
        configure(scheme, true, true);
        if (shake(2, false) || device.fault != TROTH_SECURITY_PROOF)
            blame(scheme, "a wrong proof is taken");
        configure(scheme, false, true);
        if (shake(2, true) || client.fault != TROTH_SECURITY_PROOF)
            blame(scheme, "a false device is taken");
    }
    printf("security 1 and 2, both sides; %d failures\n", failures);
    return failures != 0;
}
