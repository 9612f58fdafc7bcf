/* A host believes neither its controller nor its peer: what nobody guarded before. */
#include "support/bench.h"

#include <string.h>

static const uint8_t ltk[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void fresh(struct bench *b)
{
    bench_init(b);
    bench_up(b);
}

/* The key was given in another round (CVE-2024-5754): an Encryption Change out of nothing. */
static void an_unasked_encryption_protects_nothing(void **state)
{
    (void)state;
    static struct bench b;
    fresh(&b);
    troth_link link = bench_link(&b, 1, true);
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, true, true), TROTH_OK);
    rx(&b, "04 3e 0d 05 01 00 00 00 00 00 00 00 00 00 00 00"); /* LTK Request */
    bench_reply(&b);
    rx(&b, "04 08 04 00 01 00 01");
    assert_int_equal(troth_link_level(&b.host, link).key_size, 16);
    assert_true(troth_link_level(&b.host, link).mitm);
    rx(&b, "04 08 04 00 01 00 00"); /* off */
    assert_int_equal(troth_link_level(&b.host, link).key_size, 0);
    rx(&b, "04 08 04 00 01 00 01"); /* on, and we gave no key */
    assert_int_equal(troth_link_level(&b.host, link).key_size, 0);
    rx(&b, "04 30 03 00 01 00"); /* likewise a refresh */
    assert_int_equal(troth_link_level(&b.host, link).key_size, 0);
}

/* The outcome of an encryption under way would be taken for the pairing's. */
static void no_pairing_begins_while_the_link_is_being_encrypted(void **state)
{
    (void)state;
    static struct bench b;
    fresh(&b);
    troth_link link = bench_link(&b, 1, false);
    assert_int_equal(troth_set_ltk(&b.host, link, ltk, 16, 0, 0, true, true), TROTH_OK);
    assert_int_equal(troth_encrypt(&b.host, link), TROTH_OK);
    assert_int_equal(troth_pair(&b.host, link, NULL), TROTH_BUSY);
    assert_int_equal(troth_encrypt(&b.host, link), TROTH_BUSY);
}

/* A Pairing Failed without its reason answers no Security Request. */
static void a_short_failed_is_no_answer(void **state)
{
    (void)state;
    static struct bench b;
    fresh(&b);
    troth_link link = bench_link(&b, 1, true);
    assert_int_equal(troth_security_request(&b.host, link, TROTH_AUTH_SC), TROTH_OK);
    rx(&b, "02 01 20 05 00 01 00 06 00 05");
    expect_no_event(&b);
    rx(&b, "02 01 20 06 00 02 00 06 00 05 05");
    assert_int_equal(expect_event(&b, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_unasked_encryption_protects_nothing),
        cmocka_unit_test(no_pairing_begins_while_the_link_is_being_encrypted),
        cmocka_unit_test(a_short_failed_is_no_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
