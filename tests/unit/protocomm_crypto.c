/* What <troth/crypto.h> promises for provisioning, against the documents that define it. */
#include "unit/protocomm_bench.h"

#include "prov/srp6a.h"

static uint8_t got[600], want[600];

static size_t hex(const char *text)
{
    return vectors_hex(text, want, sizeof want);
}
static void is(const char *text)
{
    assert_memory_equal(got, want, hex(text));
}

/* FIPS 180-4 examples: in one piece, in several, in none. */
static void hashes(void **state)
{
    (void)state;
    static const char abc256[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char abc512[] = "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                                 "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f";
    const struct troth_piece one[] = {{"abc", 3}}, more[] = {{"a", 1}, {"", 0}, {"bc", 2}};
    troth_sha256(one, 1, got);
    is(abc256);
    troth_sha256(more, 3, got);
    is(abc256);
    troth_sha256(NULL, 0, got);
    is("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    troth_sha512(one, 1, got);
    is(abc512);
    troth_sha512(more, 3, got);
    is(abc512);
}

/* Both ends agree; RFC 7748 5.2, and 6.1 of the key that contributes nothing. */
static void x25519(void **state)
{
    (void)state;
    uint8_t a[32], b[32], open_a[32], open_b[32];
    memset(a, 0x5a, 32);
    memset(b, 0xc3, 32);
    assert_true(troth_x25519_public_key(a, open_a) && troth_x25519_public_key(b, open_b));
    assert_true(troth_x25519(a, open_b, got) && troth_x25519(b, open_a, want));
    assert_memory_equal(got, want, 32);
    vectors_hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4", a, 32);
    vectors_hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c", open_b, 32);
    assert_true(troth_x25519(a, open_b, got));
    is("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    open_b[31] |= 0x80; /* a bit that no u-coordinate has is ignored */
    assert_true(troth_x25519(a, open_b, got));
    is("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
    memset(open_b, 0, 32);
    assert_false(troth_x25519(a, open_b, got));
}

/* SP 800-38A F.5.5, in one call and in pieces of every size, also over itself. */
static void ctr(void **state)
{
    (void)state;
    static const char plain[] = "6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"
                                "30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710";
    static const char cipher[] = "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
                                 "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6";
    uint8_t in[64];
    struct troth_ctr fresh = {.used = 0};
    vectors_hex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4", fresh.key, 32);
    vectors_hex("f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff", fresh.counter, 16);
    vectors_hex(plain, in, 64);
    for (size_t step = 1; step <= 64; step++) {
        struct troth_ctr s = fresh;
        memcpy(got, in, 64);
        for (size_t at = 0; at < 64; at += step) {
            size_t n = 64 - at < step ? 64 - at : step;
            troth_aes256_ctr(&s, got + at, got + at, n);
        }
        is(cipher);
        assert_int_equal(s.used, 0);
        assert_memory_equal(s.counter,
                            "\xf0\xf1\xf2\xf3\xf4\xf5\xf6\xf7\xf8\xf9\xfa\xfb\xfc\xfd\xff", 15);
        assert_int_equal(s.counter[15], 0x03);
    }
    memset(fresh.counter, 0xff, 16); /* the whole block counts, and comes round */
    struct troth_ctr s = fresh;
    troth_aes256_ctr(&s, in, got, 17);
    assert_true(all_zero(s.counter, 16));
    assert_int_equal(s.used, 1);
}

/* The GCM specification's test cases 13 and 14, and a message of its test case 15's key. */
static void gcm(void **state)
{
    (void)state;
    uint8_t key[32] = {0}, nonce[12] = {0}, plain[64] = {0}, out[80];
    troth_aes256_gcm_seal(key, nonce, plain, 0, got);
    is("530f8afbc74536b9a963b4f1c4cb738b");
    troth_aes256_gcm_seal(key, nonce, plain, 16, got);
    is("cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919");
    vectors_hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308", key, 32);
    vectors_hex("cafebabefacedbaddecaf888", nonce, 12);
    vectors_hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
                "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b391aafd255",
                plain, 64);
    troth_aes256_gcm_seal(key, nonce, plain, 64, got);
    is("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
       "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015ad"
       "b094dac5d93471bdec1a502270e3cc6c");
    assert_true(troth_aes256_gcm_open(key, nonce, got, 80, out));
    assert_memory_equal(out, plain, 64);
    for (size_t bit = 0; bit < 80 * 8; bit++) {
        got[bit / 8] ^= (uint8_t)(1u << bit % 8);
        memset(out, 0xaa, sizeof out);
        assert_false(troth_aes256_gcm_open(key, nonce, got, 80, out));
        assert_true(all_zero(out, 64));
        got[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t n = 0; n < 80; n++)
        assert_false(troth_aes256_gcm_open(key, nonce, got, n, out));
    assert_true(troth_aes256_gcm_open(key, nonce, got, 80, got)); /* over itself */
    assert_memory_equal(got, plain, 64);
}

/* Numbers small enough to be checked by eye, at the far end of 384 octets, and the edges of n. */
static void numbers(void **state)
{
    (void)state;
    uint8_t a[384] = {0}, b[384] = {0}, n[384] = {0}, out[384];
    a[383] = 200;
    b[383] = 100;
    n[383] = 251;
    assert_true(troth_mulmod(a, b, n, out));
    assert_int_equal(out[383], 200 * 100 % 251);
    assert_true(troth_addmod(a, b, n, out));
    assert_int_equal(out[383], 300 % 251);
    assert_true(troth_submod(b, a, n, out));
    assert_int_equal(out[383], 151);
    assert_true(troth_modexp(a, (const uint8_t[]){0, 0, 3}, 3, n, out));
    assert_int_equal(out[383], 200 * 200 % 251 * 200 % 251);
    assert_true(troth_modexp(a, (const uint8_t[]){0}, 1, n, out));
    assert_int_equal(out[383], 1);
    assert_true(troth_modexp(a, NULL, 0, n, out));
    assert_int_equal(out[383], 1);
    a[382] = 1; /* above n: reduced */
    assert_true(troth_mulmod(a, b, n, a));
    assert_int_equal(a[383], 456 * 100 % 251);
    assert_int_equal(srp_zeros(a, 384), 383);
    n[383] = 250; /* even */
    assert_false(troth_modexp(b, (const uint8_t[]){3}, 1, n, out));
    n[383] = 1;
    assert_false(troth_modexp(b, (const uint8_t[]){3}, 1, n, out));
    n[383] = 0;
    assert_false(troth_mulmod(a, b, n, out));
    /* Fermat, in the group: g^(N-1) = 1 */
    memcpy(n, srp_n, 384);
    n[383]--;
    memset(b, 0, 384);
    b[383] = 5;
    assert_true(troth_modexp(b, n, 384, srp_n, out));
    assert_int_equal(out[383], 1);
    assert_int_equal(srp_zeros(out, 384), 383);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hashes), cmocka_unit_test(x25519),  cmocka_unit_test(ctr),
        cmocka_unit_test(gcm),    cmocka_unit_test(numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
