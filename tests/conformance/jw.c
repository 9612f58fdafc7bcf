/* SM/../JW: LE legacy pairing, Just Works, Vol 3 Part H 2.3.5.2. */
#include "support/tester_cases.h"

static const struct feat no_io = FEAT(IO_NONE, 0, BOND | SC), legacy = FEAT(IO_NONE, 0, BOND);

/* All IO capabilities: without MITM they do not matter. */
static void success(struct bed *b, enum lt_role role)
{
    for (uint8_t i = 0; i < 25; i++) {
        const struct feat iut = FEAT(i / 5, 0, BOND | SC), offer = FEAT(i % 5, 0, BOND);
        bed_up(b, role, &iut, &offer, M_JUST_WORKS);
        bed_pair(b);
        assert_false(b->p.sc);
    }
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
    const struct feat offer = FEAT(IO_NONE, 0, BOND | RFU);
    bed_up(b, role, &no_io, &offer, M_JUST_WORKS);
    bed_pair(b);
}

static void per_bi_03(struct bed *b)
{
    reserved(b, PER);
}

static void cen_bi_04(struct bed *b)
{
    reserved(b, CEN);
}

static void cen_bv_05(struct bed *b)
{
    static const uint8_t reasons[] = {0x08, 0x05, 0x09, 0x10};
    for (unsigned i = 0; i < sizeof reasons; i++) {
        bed_up(b, CEN, &no_io, &legacy, M_JUST_WORKS);
        assert_true(bed_request(b));
        bed_fail(b, reasons[i]);
    }
}

static void mismatch(struct bed *b, enum lt_role role, uint8_t harm)
{
    bed_up(b, role, &no_io, &legacy, M_JUST_WORKS);
    b->p.harm = harm;
    b->p.may_fail = true;
    assert_true(bed_features(b));
    assert_false(bed_authenticate(b));
    if (harm == WRONG_CONFIRM)
        assert_int_equal(b->p.sent_last, LT_RANDOM);
    bed_failed(b, 0x04);
}

static void cen_bi_01(struct bed *b)
{
    mismatch(b, CEN, WRONG_CONFIRM);
}

static void per_bi_02(struct bed *b)
{
    mismatch(b, PER, WRONG_CONFIRM);
}

static void cen_bi_06(struct bed *b)
{
    mismatch(b, CEN, REFLECT);
    mismatch(b, CEN, REFLECT_RANDOM);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/JW/BV-01-C", cen_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/JW/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/JW/BI-03-C", per_bi_03, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/JW/BV-05-C", cen_bv_05, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/JW/BI-04-C", cen_bi_04, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/JW/BI-01-C", cen_bi_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/JW/BI-02-C", per_bi_02, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/JW/BI-06-C", cen_bi_06, FROM_6_2, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("JW", cases);
}
