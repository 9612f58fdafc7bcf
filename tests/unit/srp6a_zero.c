/* D3: u = 0, which no numbers are known to give: here the hash is a double that does. */
#include <troth/crypto.h>

static void double_sha512(const struct troth_piece *pieces, size_t count, uint8_t digest[64]);
#define troth_sha512 double_sha512
#include "prov/srp6a.c"
#undef troth_sha512

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static bool zero;

static void double_sha512(const struct troth_piece *pieces, size_t count, uint8_t digest[64])
{
    troth_sha512(pieces, count, digest);
    if (zero)
        memset(digest, 0, 64);
}

/* With u = 0 the device's secret is A^b, whatever the password. */
static void no_u_of_zero(void **state)
{
    (void)state;
    static const uint8_t none[64];
    uint8_t a[32] = {[0] = 0x80, [31] = 7}, b[32] = {[31] = 9}, x[64] = {[63] = 5};
    uint8_t v[384], big_a[384], big_b[384], key[64];
    assert_true(srp_verifier(x, v) && srp_client_public(a, big_a) &&
                srp_device_public(v, b, big_b));
    for (unsigned i = 0; i < 2; i++) {
        zero = i;
        memset(key, 0xee, 64);
        assert_int_equal(srp_device_key(v, b, big_a, big_b, key), !zero);
        assert_int_equal(memcmp(key, none, 64) == 0, zero);
        memset(key, 0xee, 64);
        assert_int_equal(srp_client_key(a, big_a, big_b, x, key), !zero);
        assert_int_equal(memcmp(key, none, 64) == 0, zero);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(no_u_of_zero)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
