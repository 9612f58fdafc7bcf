/*
 * Transcripts of the specification's sample data, named by the qualification case they stand for;
 * and the lower tester's own functions against the same data.
 */
#include "support/tally.h"
#include "support/tester.h"
#include "support/tester_crypto.h"
#include "support/vectors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

static struct scene s;

/* --- the tester itself --- */

static void test_tester_crypto(void **state)
{
    (void)state;
    cJSON *root = vectors_load("crypto.json"), *v;
    unsigned done = 0;
    cJSON_ArrayForEach(v, cJSON_GetObjectItemCaseSensitive(root, "vectors"))
    {
        const char *f = vectors_string(v, "function");
        const cJSON *in = cJSON_GetObjectItemCaseSensitive(v, "inputs");
        uint8_t k[16], r[16], r2[16], x[64], y[32], out[32], want[32], b7[2][7];
        struct troth_addr a[2];
        if (!strcmp(f, "c1")) {
            vectors_wire(in, "k", k, 16);
            vectors_wire(in, "r", r, 16);
            vectors_wire(in, "preq", b7[0], 7);
            vectors_wire(in, "pres", b7[1], 7);
            vectors_bytes(in, "iat", &a[0].type, 1);
            vectors_bytes(in, "rat", &a[1].type, 1);
            vectors_wire(in, "ia", a[0].b, 6);
            vectors_wire(in, "ra", a[1].b, 6);
            tc_c1(k, r, b7[0], b7[1], &a[0], &a[1], out);
        } else if (!strcmp(f, "s1")) {
            vectors_wire(in, "k", k, 16);
            vectors_wire(in, "r1", r, 16);
            vectors_wire(in, "r2", r2, 16);
            tc_s1(k, r, r2, out);
        } else if (!strcmp(f, "f4")) {
            uint8_t z;
            vectors_wire(in, "U", x, 32);
            vectors_wire(in, "V", y, 32);
            vectors_wire(in, "X", k, 16);
            vectors_bytes(in, "Z", &z, 1);
            tc_f4(x, y, k, z, out);
        } else if (!strcmp(f, "f5") || !strcmp(f, "f6")) {
            vectors_wire(in, "N1", r, 16);
            vectors_wire(in, "N2", r2, 16);
            for (int i = 0; i < 2; i++) {
                vectors_wire(in, i ? "A2" : "A1", b7[i], 7);
                a[i].type = b7[i][6];
                memcpy(a[i].b, b7[i], 6);
            }
            if (f[1] == '5') {
                vectors_wire(in, "W", x, 32);
                tc_f5(x, r, r2, &a[0], &a[1], out + 16, out);
                vectors_wire(v, "output", want, 32);
                assert_memory_equal(out, want, 32);
            } else {
                vectors_wire(in, "W", k, 16);
                vectors_wire(in, "R", x, 16);
                vectors_wire(in, "IOcap", y, 3);
                tc_f6(k, r, r2, x, y, &a[0], &a[1], out);
            }
        } else if (!strcmp(f, "g2")) {
            vectors_wire(in, "U", x, 32);
            vectors_wire(in, "V", y, 32);
            vectors_wire(in, "X", r, 16);
            vectors_wire(in, "Y", r2, 16);
            vectors_wire(v, "output", want, 4);
            uint32_t n = (uint32_t)want[3] << 24 | (uint32_t)want[2] << 16 |
                         (uint32_t)want[1] << 8 | want[0];
            assert_int_equal(tc_g2(x, y, r, r2), n % 1000000);
            done++;
            continue;
        } else if (!strncmp(f, "P-256 ECDH set 1 (D", 19) || !strcmp(f, "P-256 ECDH set 2")) {
            uint8_t private_key[32], pk[64];
            vectors_wire(in, "privA", private_key, 32);
            vectors_wire(in, "pubAx", x, 32);
            vectors_wire(in, "pubAy", x + 32, 32);
            tc_public_key(private_key, pk);
            assert_memory_equal(pk, x, 64);
            vectors_wire(in, "pubBx", x, 32);
            vectors_wire(in, "pubBy", x + 32, 32);
            tc_dhkey(private_key, x, out);
            vectors_wire(v, "output", want, 32);
            assert_memory_equal(out, want, 32);
            done++;
            continue;
        } else {
            continue;
        }
        if (f[1] != '5') {
            vectors_wire(v, "output", want, 16);
            assert_memory_equal(out, want, 16);
        }
        done++;
    }
    cJSON_Delete(root);
    assert_true(done >= 8);
}

/* --- transcripts: the specification's sample data --- */

static void hex(const char *text, uint8_t *out, size_t n) /* most significant first to wire */
{
    uint8_t b[64];
    assert_int_equal(vectors_hex(text, b, sizeof b), n);
    for (size_t i = 0; i < n; i++)
        out[i] = b[n - 1 - i];
}

static void expect_hex(const uint8_t *got, const char *text, size_t n)
{
    uint8_t want[64];
    hex(text, want, n);
    assert_memory_equal(got, want, n);
}

/* The PDU just sent. */
static const struct smp_bench_pdu *sent(uint8_t op)
{
    static struct smp_bench_pdu p;
    assert_true(smp_bench_take(&s.b, &p));
    assert_int_equal(p.b[0], op);
    assert_int_equal(p.len, tester_pdu_len(op));
    return &p;
}

static void give(const char *wire)
{
    uint8_t b[65];
    size_t n = vectors_hex(wire, b, sizeof b);
    smp_bench_rx(&s.b, b, n);
}

static void give_value(uint8_t op, const char *text, size_t n)
{
    uint8_t b[17] = {op};
    hex(text, b + 1, n);
    smp_bench_rx(&s.b, b, n + 1);
}

static void answer(enum troth_ask_type type)
{
    assert_true(s.b.open[type]);
    assert_int_equal(smp_bench_default(&s.b, type), TROTH_OK);
}

static const struct troth_addr c1_addr[2] = {
    {1, {0xa6, 0xa5, 0xa4, 0xa3, 0xa2, 0xa1}},
    {0, {0xb6, 0xb5, 0xb4, 0xb3, 0xb2, 0xb1}},
};

#define C1_RAND    "5783d52156ad6f0e6388274ec6702ee0"
#define C1_CONFIRM "1e1e3fef878988ead2a74dc5bef13b86"

static void sample_bench(enum troth_side side, const struct troth_features *f,
                         const struct troth_addr addr[2], const char *nonce)
{
    struct troth_policy p = {.features = *f, .min_key_size = 7, .accept_debug_keys = true};
    smp_bench_init(&s.b, side, &p, addr);
    s.b.fix16 = true;
    hex(nonce, s.b.fixed, 16);
}

/* SM/CEN/JW/BV-01-C to the first Confirm, with 2.2.3's sample data. */
static void test_sample_c1_initiator(void **state)
{
    (void)state;
    const struct troth_features f = {TROTH_DISPLAY_YES_NO, 0, 0, 16, 7, 7};
    sample_bench(I, &f, c1_addr, C1_RAND);
    assert_int_equal(smp_bench_pair(&s.b, NULL), TROTH_OK);
    expect_hex(sent(OP_PAIRING_REQUEST)->b, "07071000000101", 7);
    give("02030000080005");
    answer(TROTH_ASK_VALIDATE);
    expect_hex(sent(OP_CONFIRM)->b + 1, C1_CONFIRM, 16);
}

/* SM/PER/JW/BV-02-C to the failed Random: the responder's Confirm is the same function's. */
static void test_sample_c1_responder(void **state)
{
    (void)state;
    const struct troth_features f = {TROTH_NO_INPUT_NO_OUTPUT, 0, 0, 8, 0, 5};
    sample_bench(R, &f, c1_addr, C1_RAND);
    give("01010000100707");
    answer(TROTH_ASK_PAIRING_REQUEST);
    answer(TROTH_ASK_VALIDATE);
    expect_hex(sent(OP_PAIRING_RESPONSE)->b, "05000800000302", 7);
    give_value(OP_CONFIRM, "00112233445566778899aabbccddeeff", 16);
    expect_hex(sent(OP_CONFIRM)->b + 1, C1_CONFIRM, 16);
    /* SM/PER/JW/BI-02-C: the sample's Confirm opens nothing else. */
    give_value(OP_RANDOM, C1_RAND, 16);
    const struct smp_bench_pdu *p = sent(OP_FAILED);
    assert_int_equal(p->b[1], TROTH_SMP_CONFIRM_VALUE_FAILED);
    assert_int_equal(s.b.told[TROTH_EV_PAIRING_FAILED], 1);
    assert_null(smp_bench_leftover(&s.b));
}

/* SM/PER/JW/BV-02-C: c1's sample is the peer's commitment, and is opened. */
static void test_sample_c1_opened(void **state)
{
    (void)state;
    const struct troth_features f = {TROTH_NO_INPUT_NO_OUTPUT, 0, 0, 8, 0, 5};
    sample_bench(R, &f, c1_addr, "000f0e0d0c0b0a091122334455667788");
    give("01010000100707");
    answer(TROTH_ASK_PAIRING_REQUEST);
    answer(TROTH_ASK_VALIDATE);
    sent(OP_PAIRING_RESPONSE);
    give_value(OP_CONFIRM, C1_CONFIRM, 16);
    sent(OP_CONFIRM);
    give_value(OP_RANDOM, C1_RAND, 16);
    expect_hex(sent(OP_RANDOM)->b + 1, "000f0e0d0c0b0a091122334455667788", 16);
    smp_bench_ltk_request(&s.b, 0, 0);
    assert_int_equal(s.b.ltk_given, 1);
    /* s1's halves: ...1122334455667788 of Srand, 6388274ec6702ee0 of Mrand; 8 octets are kept */
    uint8_t stk[16], srand_[16], mrand_[16];
    static const uint8_t tk[16];
    hex("000f0e0d0c0b0a091122334455667788", srand_, 16);
    hex(C1_RAND, mrand_, 16);
    tc_s1(tk, srand_, mrand_, stk);
    memset(stk + 8, 0, 8);
    assert_memory_equal(s.b.ltk_key, stk, 16);
}

/* SM/CEN/JW/BV-01-C, SM/PER/JW/BV-02-C: the STK is 2.2.4's sample. */
static void test_sample_s1(void **state)
{
    (void)state;
    static const char srand_[] = "000f0e0d0c0b0a091122334455667788";
    static const char mrand_[] = "010203040506070899aabbccddeeff00";
    const struct troth_features f = {TROTH_NO_INPUT_NO_OUTPUT, 0, 0, 16, 0, 0};
    static const uint8_t tk[16];
    uint8_t req[7] = {1, 3, 0, 0, 16, 0, 0}, rsp[7] = {2, 3, 0, 0, 16, 0, 0}, pdu[17], r[16];
    for (int side = 0; side < 2; side++) {
        sample_bench(side, &f, c1_addr, side == I ? mrand_ : srand_);
        hex(side == I ? srand_ : mrand_, r, 16);
        pdu[0] = OP_CONFIRM;
        tc_c1(tk, r, req, rsp, &c1_addr[0], &c1_addr[1], pdu + 1);
        if (side == I) {
            smp_bench_pair(&s.b, NULL);
            sent(OP_PAIRING_REQUEST);
            smp_bench_rx(&s.b, rsp, 7);
            answer(TROTH_ASK_VALIDATE);
            sent(OP_CONFIRM);
            smp_bench_rx(&s.b, pdu, 17);
            expect_hex(sent(OP_RANDOM)->b + 1, mrand_, 16);
            give_value(OP_RANDOM, srand_, 16);
            assert_int_equal(s.b.encrypts, 1);
            assert_true(s.b.encrypt_rand == 0 && s.b.encrypt_ediv == 0);
            expect_hex(s.b.encrypt_key, "9a1fe1f0e8b0f49b5b4216ae796da062", 16);
        } else {
            smp_bench_rx(&s.b, req, 7);
            answer(TROTH_ASK_PAIRING_REQUEST);
            answer(TROTH_ASK_VALIDATE);
            sent(OP_PAIRING_RESPONSE);
            smp_bench_rx(&s.b, pdu, 17);
            sent(OP_CONFIRM);
            give_value(OP_RANDOM, mrand_, 16);
            expect_hex(sent(OP_RANDOM)->b + 1, srand_, 16);
            smp_bench_ltk_request(&s.b, 0, 0);
            expect_hex(s.b.ltk_key, "9a1fe1f0e8b0f49b5b4216ae796da062", 16);
        }
        smp_bench_encrypted(&s.b, 0, true, false);
        smp_bench_acked(&s.b);
        assert_int_equal(s.b.told[TROTH_EV_PAIRED], 1);
    }
}

/* D.3's nonces and addresses, 7.1.2's first data set: the LTK is D.3's, literally. */
#define SC_NA  "d5cb8454d177733effffb2ec712baeab"
#define SC_NB  "a6e8e7cc25a75f6e216583f7ff3dc4cf"
#define SC_LTK "6986791169d7cd23980522b594750a38"
#define SC_CB  "3aff7577b5c69fbaa1ced9185338ab6b"
#define SC_EA  "afe2984b9fd3ed0cff245f964a61b5d9"
#define SC_EB  "3d9faf4395684f58a76583350dad3fd7"
#define SC_SIX 706570
static const char sc_private[2][65] = {
    "3f49f6d4a3c55f3874c9b3e3d2103f504aff607beb40b7995899b8a6cd3c1abd",
    "55188b3d32f6bb9a900afcfbeed4e72a59cb9ac2f19d7cfb6b4fdd49f47fc5fd"};
static const char sc_public[2][2][65] = {
    {"20b003d2f297be2c5e2c83a7e9f9a5b9eff49111acf4fddbcc0301480e359de6",
     "dc809c49652aeb6d63329abf5a52155c766345c28fed3024741c8ed01589d28b"},
    {"1ea1f0f01faf1d9609592284f19e4c0047b58afd8615a69f559077b22faaa190",
     "4c55f33e429dad377356703a9ab85160472d1130e28e36765f89aff915b1214a"}};

static void sample_keypair(int side)
{
    struct troth_answer a = {.ok = true};
    hex(sc_private[side], a.u.keypair.private_key, 32);
    hex(sc_public[side][0], a.u.keypair.public_key, 32);
    hex(sc_public[side][1], a.u.keypair.public_key + 32, 32);
    assert_true(s.b.open[TROTH_ASK_KEYPAIR]);
    assert_int_equal(smp_bench_answer(&s.b, TROTH_ASK_KEYPAIR, &a), TROTH_OK);
}

static void sample_public(int side)
{
    uint8_t pdu[65] = {OP_PUBLIC_KEY};
    hex(sc_public[side][0], pdu + 1, 32);
    hex(sc_public[side][1], pdu + 33, 32);
    smp_bench_rx(&s.b, pdu, 65);
}

static void sample_compare(void)
{
    struct troth_answer yes = {.ok = true};
    assert_true(s.b.open[TROTH_ASK_COMPARE]);
    assert_int_equal(s.b.ask[TROTH_ASK_COMPARE].u.passkey.passkey, SC_SIX);
    assert_int_equal(smp_bench_answer(&s.b, TROTH_ASK_COMPARE, &yes), TROTH_OK);
}

static const struct troth_addr sc_addr[2] = {
    {0, {0xce, 0xbf, 0x37, 0x37, 0x12, 0x56}},
    {0, {0xc1, 0xcf, 0x2d, 0x70, 0x13, 0xa7}},
};

static const struct troth_features sc_features = {
    TROTH_DISPLAY_YES_NO, 0, TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC, 16, 0, 0};

/* SM/CEN/SCJW/BV-01-C, numeric comparison. */
static void test_sample_sc_initiator(void **state)
{
    (void)state;
    sample_bench(I, &sc_features, sc_addr, SC_NA);
    smp_bench_pair(&s.b, NULL);
    assert_memory_equal(sent(OP_PAIRING_REQUEST)->b, "\x01\x01\x00\x0d\x10\x00\x00", 7);
    give("0201000d100000");
    answer(TROTH_ASK_VALIDATE);
    sample_keypair(I);
    const struct smp_bench_pdu *p = sent(OP_PUBLIC_KEY);
    expect_hex(p->b + 1, sc_public[0][0], 32);
    expect_hex(p->b + 33, sc_public[0][1], 32);
    sample_public(R);
    answer(TROTH_ASK_DHKEY);
    give_value(OP_CONFIRM, SC_CB, 16);
    expect_hex(sent(OP_RANDOM)->b + 1, SC_NA, 16);
    give_value(OP_RANDOM, SC_NB, 16);
    sample_compare();
    expect_hex(sent(OP_DHKEY_CHECK)->b + 1, SC_EA, 16);
    assert_int_equal(s.b.encrypts, 0);
    give_value(OP_DHKEY_CHECK, SC_EB, 16);
    assert_int_equal(s.b.encrypts, 1);
    expect_hex(s.b.encrypt_key, SC_LTK, 16);
    smp_bench_encrypted(&s.b, 0, true, false);
    smp_bench_acked(&s.b);
    assert_int_equal(s.b.told[TROTH_EV_PAIRED], 0);
    smp_bench_stored(&s.b, true);
    assert_int_equal(s.b.told[TROTH_EV_PAIRED], 1);
    expect_hex(s.b.committed.ltk[0].key, SC_LTK, 16);
}

/* SM/PER/SCJW/BV-02-C, numeric comparison; the peer's key is the debug key, and was allowed. */
static void test_sample_sc_responder(void **state)
{
    (void)state;
    sample_bench(R, &sc_features, sc_addr, SC_NB);
    give("0101000d100000");
    answer(TROTH_ASK_PAIRING_REQUEST);
    answer(TROTH_ASK_VALIDATE);
    assert_memory_equal(sent(OP_PAIRING_RESPONSE)->b, "\x02\x01\x00\x0d\x10\x00\x00", 7);
    sample_keypair(R);
    sample_public(I);
    const struct smp_bench_pdu *p = sent(OP_PUBLIC_KEY);
    expect_hex(p->b + 1, sc_public[1][0], 32);
    answer(TROTH_ASK_DHKEY);
    expect_hex(sent(OP_CONFIRM)->b + 1, SC_CB, 16);
    give_value(OP_RANDOM, SC_NA, 16);
    expect_hex(sent(OP_RANDOM)->b + 1, SC_NB, 16);
    sample_compare();
    give_value(OP_DHKEY_CHECK, SC_EA, 16);
    expect_hex(sent(OP_DHKEY_CHECK)->b + 1, SC_EB, 16);
    smp_bench_ltk_request(&s.b, 0, 0);
    expect_hex(s.b.ltk_key, SC_LTK, 16);
    smp_bench_encrypted(&s.b, 0, true, false);
    smp_bench_acked(&s.b);
    smp_bench_stored(&s.b, true);
    assert_int_equal(s.b.told[TROTH_EV_PAIRED], 1);
    expect_hex(s.b.committed.ltk[0].key, SC_LTK, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tester_crypto),       cmocka_unit_test(test_sample_c1_initiator),
        cmocka_unit_test(test_sample_c1_responder), cmocka_unit_test(test_sample_c1_opened),
        cmocka_unit_test(test_sample_s1),           cmocka_unit_test(test_sample_sc_initiator),
        cmocka_unit_test(test_sample_sc_responder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
