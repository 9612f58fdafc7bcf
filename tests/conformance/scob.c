/* SM/../SCOB: Secure Connections, Out of Band, Vol 3 Part H 2.3.5.6.4. */
#include "support/tester_cases.h"

#define AUTH (BOND | MITM | SC)

static const struct feat has = FEAT(IO_DISPLAY, 1, AUTH), lacks = FEAT(IO_DISPLAY, 0, AUTH);

/* Flags of the implementation and the tester: both, its own, the tester's. */
static void success(struct bed *b, enum lt_role role)
{
    static const struct feat *const flags[][2] = {{&has, &has}, {&has, &lacks}, {&lacks, &has}};
    for (int i = 0; i < 3; i++) {
        bed_up(b, role, flags[i][0], flags[i][1], M_OOB);
        bed_pair(b);
        assert_true(b->p.sc);
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
    static const struct feat offer = FEAT(IO_DISPLAY, 1, AUTH | RFU);
    bed_up(b, role, &has, &offer, M_OOB);
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

/* Keys have crossed, the implementation waits for the data. */
static void to_the_data(struct bed *b, enum lt_role role)
{
    bed_up(b, role, &has, &has, M_OOB);
    assert_true(bed_features(b) && bed_public_keys(b));
    lower_run(&b->p.l);
    assert_true(b->u.open[TROTH_ASK_OOB_DATA]);
}

static void cen_bi_01(struct bed *b)
{
    static const uint8_t reasons[] = {0x03, 0x08, 0x05, 0x09};
    for (unsigned i = 0; i < sizeof reasons; i++) {
        bed_up(b, CEN, &has, &has, M_OOB);
        assert_true(bed_request(b));
        bed_fail(b, reasons[i]);
    }
    to_the_data(b, CEN);
    bed_fail(b, 0x02);
    assert_false(b->u.open[TROTH_ASK_OOB_DATA]);
}

static void per_bi_02(struct bed *b)
{
    static const uint8_t reasons[] = {0x03, 0x08, 0x05, 0x09, 0x02};
    for (unsigned i = 0; i < sizeof reasons; i++) {
        bed_up(b, PER, &has, &has, M_OOB);
        assert_true(bed_features(b));
        bed_fail(b, reasons[i]);
    }
    to_the_data(b, PER);
    bed_fail(b, 0x02);
    assert_false(b->u.open[TROTH_ASK_OOB_DATA]);
}

static void wrong_data(struct bed *b, enum lt_role role)
{
    static const struct feat *const offers[] = {&has, &lacks};
    for (int i = 0; i < 2; i++) {
        b->other_oob = true;
        bed_up(b, role, &has, offers[i], M_OOB);
        b->p.may_fail = true;
        assert_true(bed_features(b));
        assert_false(bed_authenticate(b));
        assert_int_equal(b->p.sent_last, LT_RANDOM);
        bed_failed(b, 0x04);
    }
}

static void per_bi_03(struct bed *b)
{
    wrong_data(b, PER);
}

static void cen_bi_04(struct bed *b)
{
    wrong_data(b, CEN);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/SCOB/BV-01-C", cen_bv_01, ANY_CORE, WITH_OOB},
    {"SM/PER/SCOB/BV-02-C", per_bv_02, ANY_CORE, WITH_OOB},
    {"SM/PER/SCOB/BV-03-C", per_bv_03, ANY_CORE, WITH_OOB},
    {"SM/CEN/SCOB/BV-04-C", cen_bv_04, ANY_CORE, WITH_OOB},
    {"SM/CEN/SCOB/BI-01-C", cen_bi_01, ANY_CORE, WITH_OOB},
    {"SM/PER/SCOB/BI-02-C", per_bi_02, ANY_CORE, WITH_OOB},
    {"SM/PER/SCOB/BI-03-C", per_bi_03, ANY_CORE, WITH_OOB},
    {"SM/CEN/SCOB/BI-04-C", cen_bi_04, ANY_CORE, WITH_OOB},
};

int main(void)
{
    return CONFORMANCE("SCOB", cases);
}
