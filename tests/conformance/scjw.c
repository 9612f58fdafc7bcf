/* SM/../SCJW: Secure Connections, Just Works and Numeric Comparison, Vol 3 Part H 2.3.5.6.2. */
#include "support/tester_cases.h"

static const struct feat no_io = FEAT(IO_NONE, 0, BOND | SC),
                         compares = FEAT(IO_YES_NO, 0, BOND | MITM | SC);

/* With MITM and without, all IO capabilities of both that do not make it Passkey Entry, thrice. */
static void success(struct bed *b, enum lt_role role)
{
    unsigned compared = 0;
    for (uint8_t i = 0; i < 50; i++) {
        uint8_t auth = BOND | SC | (i < 25 ? MITM : 0), nonce[3][16];
        const struct feat iut = FEAT(i % 25 / 5, 0, auth), offer = FEAT(i % 5, 0, auth);
        uint8_t method =
            (uint8_t)(role == CEN ? peer_method(&iut, &offer) : peer_method(&offer, &iut));
        for (int k = 0; k < 3 && !peer_is_passkey(method); k++) {
            bed_up(b, role, &iut, &offer, method);
            bed_pair(b);
            assert_true(b->p.sc);
            memcpy(nonce[k], b->sent_random, 16);
            for (int before = 0; before < k; before++)
                assert_memory_not_equal(nonce[before], nonce[k], 16);
            compared += method == M_COMPARE;
        }
    }
    assert_int_equal(compared, 4 * 3);
}

static void cen_bv_01(struct bed *b)
{
    success(b, CEN);
}

static void per_bv_02(struct bed *b)
{
    success(b, PER);
}

static void reserved(struct bed *b, enum lt_role role)
{
    static const struct feat offer = FEAT(IO_NONE, 0, BOND | SC | RFU),
                             too = FEAT(IO_YES_NO, 0, BOND | MITM | SC | RFU);
    bed_up(b, role, &no_io, &offer, M_JUST_WORKS);
    bed_pair(b);
    bed_up(b, role, &compares, &too, M_COMPARE);
    bed_pair(b);
}

static void per_bv_03(struct bed *b)
{
    reserved(b, PER);
}

static void cen_bv_04(struct bed *b)
{
    reserved(b, CEN);
}

/* Nonces have crossed: the numbers are there to be compared. */
static void to_the_numbers(struct bed *b, enum lt_role role)
{
    bed_up(b, role, &compares, &compares, M_COMPARE);
    assert_true(bed_features(b) && bed_public_keys(b));
    peer_confirm(&b->p, PER);
    peer_random(&b->p, CEN);
    peer_random(&b->p, PER);
    lower_run(&b->p.l);
    assert_true(b->u.open[TROTH_ASK_COMPARE]);
}

static void cen_bi_01(struct bed *b)
{
    static const uint8_t reasons[] = {0x03, 0x08, 0x05, 0x09};
    for (unsigned i = 0; i < sizeof reasons; i++) {
        bed_up(b, CEN, &compares, &compares, M_COMPARE);
        assert_true(bed_request(b));
        bed_fail(b, reasons[i]);
    }
    to_the_numbers(b, CEN);
    bed_fail(b, 0x0c);
    assert_false(b->u.open[TROTH_ASK_COMPARE]);
}

static void per_bi_02(struct bed *b)
{
    to_the_numbers(b, PER);
    bed_fail(b, 0x04);
    assert_false(b->u.open[TROTH_ASK_COMPARE]);
    /* Just Works, where nobody is asked. */
    bed_up(b, PER, &no_io, &no_io, M_JUST_WORKS);
    assert_true(bed_features(b) && bed_public_keys(b));
    peer_confirm(&b->p, PER);
    peer_random(&b->p, CEN);
    peer_random(&b->p, PER);
    bed_fail(b, 0x04);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/SCJW/BV-01-C", cen_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCJW/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCJW/BV-03-C", per_bv_03, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/SCJW/BV-04-C", cen_bv_04, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/SCJW/BI-01-C", cen_bi_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCJW/BI-02-C", per_bi_02, ANY_CORE, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("SCJW", cases);
}
