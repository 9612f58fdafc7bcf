/* SM/../SCPK: Secure Connections, Passkey Entry, Vol 3 Part H 2.3.5.6.3. */
#include "support/tester_cases.h"

#define AUTH (BOND | MITM | SC)

static const struct feat displays = FEAT(IO_DISPLAY, 0, AUTH), types = FEAT(IO_KEYBOARD, 0, AUTH),
                         displays_kp = FEAT(IO_DISPLAY, 0, AUTH | KEYPRESS),
                         types_kp = FEAT(IO_KEYBOARD, 0, AUTH | KEYPRESS);

static void success(struct bed *b, enum lt_role role)
{
    const uint8_t shows = role == CEN ? M_PASSKEY_R : M_PASSKEY_I;
    const uint8_t asks = role == CEN ? M_PASSKEY_I : M_PASSKEY_R;
    const struct {
        const struct feat *iut, *offer;
        uint8_t method;
    } rounds[] = {
        /* keypresses: nobody's, one side's, both */
        {&displays, &types, shows},
        {&types, &displays, asks},
        {&types, &types, M_PASSKEY_BOTH},
        {&types_kp, &displays, asks},
        {&types, &displays_kp, asks},
        {&types_kp, &displays_kp, asks},
        {&displays_kp, &types, shows},
        {&displays_kp, &types_kp, shows},
        {&types_kp, &types_kp, M_PASSKEY_BOTH},
    };
    b->keypresses = true;
    for (unsigned i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        bed_up(b, role, rounds[i].iut, rounds[i].offer, rounds[i].method);
        bed_pair(b);
        assert_true(b->p.sc);
        assert_int_equal(b->p.round, 20);
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
    static const struct feat offer = FEAT(IO_KEYBOARD, 0, AUTH | RFU);
    bed_up(b, role, &displays, &offer, role == CEN ? M_PASSKEY_R : M_PASSKEY_I);
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

/* The passkey is being typed. */
static void to_the_passkey(struct bed *b, enum lt_role role)
{
    bed_up(b, role, &types, &displays, M_ANY);
    assert_true(bed_features(b) && bed_public_keys(b));
    lower_run(&b->p.l);
    assert_true(b->u.open[TROTH_ASK_PASSKEY_INPUT]);
}

static void cen_bi_01(struct bed *b)
{
    static const uint8_t reasons[] = {0x03, 0x08, 0x05, 0x09};
    for (unsigned i = 0; i < sizeof reasons; i++) {
        bed_up(b, CEN, &displays, &types, M_ANY);
        assert_true(bed_request(b));
        bed_fail(b, reasons[i]);
    }
    to_the_passkey(b, CEN);
    bed_fail(b, 0x01);
    assert_false(b->u.open[TROTH_ASK_PASSKEY_INPUT]);
}

static void per_bi_04(struct bed *b)
{
    static const uint8_t reasons[] = {0x03, 0x08, 0x05, 0x09, 0x01};
    for (unsigned i = 0; i < sizeof reasons; i++) {
        bed_up(b, PER, &displays, &types, M_ANY);
        assert_true(bed_features(b));
        bed_fail(b, reasons[i]);
    }
    to_the_passkey(b, PER);
    bed_fail(b, 0x01);
    assert_false(b->u.open[TROTH_ASK_PASSKEY_INPUT]);
}

/* In the first round, in one of the middle, in the last. */
static void mismatch(struct bed *b, enum lt_role role, uint8_t harm)
{
    static const uint8_t rounds[] = {0, 9, 19};
    for (unsigned i = 0; i < 2 * sizeof rounds; i++) {
        bed_up(b, role, i % 2 ? &types : &displays, i % 2 ? &displays : &types, M_ANY);
        b->p.harm = harm;
        b->p.harm_round = rounds[i / 2];
        b->p.may_fail = true;
        assert_true(bed_features(b));
        assert_false(bed_authenticate(b));
        assert_int_equal(b->p.sent_last, LT_RANDOM);
        /* A round is over with the responder's Random. */
        assert_int_equal(b->p.round, rounds[i / 2] + (role == CEN));
        bed_failed(b, 0x04);
    }
}

static void cen_bi_02(struct bed *b)
{
    mismatch(b, CEN, WRONG_CONFIRM);
}

static void per_bi_03(struct bed *b)
{
    mismatch(b, PER, WRONG_CONFIRM);
}

static void cen_bi_03(struct bed *b)
{
    mismatch(b, CEN, WRONG_PASSKEY);
}

static void per_bi_05(struct bed *b)
{
    mismatch(b, PER, WRONG_PASSKEY);
}

static void cen_bv_05(struct bed *b)
{
    uint32_t shown[3];
    for (int i = 0; i < 3; i++) {
        bed_up(b, CEN, &displays, &types, M_PASSKEY_R);
        bed_pair(b);
        shown[i] = b->u.shown;
        for (int k = 0; k < i; k++)
            assert_int_not_equal(shown[k], shown[i]);
    }
}

static const struct conformance_case cases[] = {
    {"SM/CEN/SCPK/BV-01-C", cen_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCPK/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCPK/BV-03-C", per_bv_03, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/SCPK/BV-04-C", cen_bv_04, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/SCPK/BI-01-C", cen_bi_01, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/SCPK/BI-02-C", cen_bi_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCPK/BI-03-C", per_bi_03, ANY_CORE, ANY_PROFILE},
    {"SM/PER/SCPK/BI-04-C", per_bi_04, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/SCPK/BV-05-C", cen_bv_05, FROM_6_2, ANY_PROFILE},
    {"SM/CEN/SCPK/BI-03-C", cen_bi_03, FROM_6_3, ANY_PROFILE},
    {"SM/PER/SCPK/BI-05-C", per_bi_05, FROM_6_3, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("SCPK", cases);
}
