/*
 * Every function of the toolbox, and what else computes on keys outside of a pairing, with its
 * secrets poisoned. Run under valgrind; "control" branches on a secret, and has to be reported.
 */
#include "base/bytes.h"
#include "bonds/bonds.h"
#include "constant_time/verdict.h"
#include "crypto/toolbox.h"

#include <stdio.h>

static uint8_t key[16], secret[32], other[16], public_x[32] = {7}, public_y[32] = {9};
static const struct troth_addr a = {TROTH_ADDR_PUBLIC, {1, 2, 3, 4, 5, 6}};
static const struct troth_addr b = {TROTH_ADDR_RANDOM, {6, 5, 4, 3, 2, 0xc1}};

static void fresh(void)
{
    memset(key, 0x5a, sizeof key);
    memset(secret, 0xc3, sizeof secret);
    memset(other, 0x11, sizeof other);
    poison(key, sizeof key);
    poison(secret, sizeof secret);
    poison(other, sizeof other);
}

static void functions(void)
{
    static const uint8_t preq[7] = {1, 3, 0, 5, 16, 7, 7}, pres[7] = {2, 3, 0, 5, 16, 7, 7};
    static const uint8_t message[40] = {1, 2, 3};
    uint8_t out[16], out2[16], signature[12], hash[3];
    fresh();
    toolbox_e(key, secret, out);
    fresh();
    toolbox_cmac(key, secret, 32, out);
    toolbox_cmac(key, message, 0, out);
    toolbox_cmac(key, message, 16, out);
    toolbox_cmac(key, message, 40, out);
    fresh();
    toolbox_c1(key, other, preq, pres, &a, &b, out);
    toolbox_s1(key, other, secret, out);
    toolbox_f4(public_x, public_y, other, 0x80, out);
    toolbox_f5(secret, other, secret, &a, &b, out, out2);
    toolbox_f6(key, other, secret, other, preq, &a, &b, out);
    (void)toolbox_g2(public_x, public_y, other, secret);
    toolbox_h6(key, 0x6c656272, out);
    toolbox_h7(other, key, out);
    toolbox_ah(key, message, hash);
    toolbox_sign(key, message, 20, 7, signature);
    toolbox_sign(key, secret, 32, 7, signature);
}

static void keys(void)
{
    uint8_t public_key[64], dhkey[32];
    memset(secret, 0x21, sizeof secret);
    poison(secret, sizeof secret);
    if (!toolbox_public_key(secret, public_key) || !toolbox_public_key_valid(public_key))
        fprintf(stderr, "a good key is refused\n");
    if (!toolbox_dhkey(secret, public_key, dhkey))
        fprintf(stderr, "a good key is refused\n");
}

/* The compare itself, and an address against an IRK. */
static void compares(void)
{
    uint8_t mac[16];
    fresh();
    toolbox_cmac(key, secret, 32, mac);
    if (equal_secret(mac, other, 16) || !equal_secret(mac, mac, 16))
        fprintf(stderr, "equal_secret is wrong\n");
    /* That an IRK is not all zero is public: by one octet here. */
    struct troth_addr rpa = {TROTH_ADDR_RANDOM, {1, 2, 3, 4, 5, 0x46}};
    key[15] = 1;
    if (bonds_rpa_matches(&rpa, key))
        fprintf(stderr, "an address matches by chance\n");
    static struct troth_bond x, y;
    x.used = y.used = x.keys.has_irk = y.keys.has_irk = true;
    poison(x.keys.irk, 16);
    poison(y.keys.irk, 16);
    if (!bonds_share_irk(&x, &y))
        fprintf(stderr, "two equal IRKs differ\n");
}

/* A bond on its way to the store. One octet of the IRK is public: that it is not all zero. */
static void record(void)
{
    struct troth_bond_keys k;
    uint8_t out[TROTH_RECORD_MAX];
    memset(&k, 0, sizeof k);
    k.identity = a;
    k.key_size = 16;
    k.sc = k.mitm = k.has_irk = k.has_csrk[0] = k.has_csrk[1] = k.ltk[0].present = true;
    memset(k.irk, 0x44, 16);
    poison(k.irk, 15);
    poison(k.ltk[0].key, 16);
    poison(k.csrk, sizeof k.csrk);
    if (troth_bond_keys_encode(&k, out, sizeof out) <= 0)
        fprintf(stderr, "a good bond is refused\n");
}

static int control(void)
{
    fresh();
    if (secret[0] == 0xc3) /* valgrind reports this line */
        fprintf(stderr, "a branch on a secret\n");
    return 0;
}

int main(int argc, char **argv)
{
    if (!RUNNING_ON_VALGRIND) {
        fprintf(stderr, "usage: valgrind --error-exitcode=1 %s [control]\n", argv[0]);
        return 2;
    }
    if (argc > 1)
        return control();
    functions();
    keys();
    compares();
    record();
    return 0;
}
