/* SM/../PKE: LE legacy pairing, Passkey Entry, Vol 3 Part H 2.3.5.3. */
#include "support/tester_cases.h"

#define AUTH (BOND | MITM | SC) /* of the implementation; the tester has no SC */

static const struct feat displays = FEAT(IO_DISPLAY, 0, AUTH), yes_no = FEAT(IO_YES_NO, 0, AUTH),
                         types = FEAT(IO_KEYBOARD, 0, AUTH),
                         both = FEAT(IO_KEYBOARD_DISPLAY, 0, AUTH);
static const struct feat displayed = FEAT(IO_DISPLAY, 0, BOND | MITM),
                         typed = FEAT(IO_KEYBOARD, 0, BOND | MITM),
                         none = FEAT(IO_NONE, 0, BOND | MITM);

static void success(struct bed *b, enum lt_role role)
{
    const uint8_t shows = role == CEN ? M_PASSKEY_R : M_PASSKEY_I;
    const uint8_t asks = role == CEN ? M_PASSKEY_I : M_PASSKEY_R;
    const struct {
        const struct feat *iut, *offer;
        uint8_t method;
    } rounds[] = {
        {&displays, &typed, shows}, {&yes_no, &typed, shows},  {&both, &typed, shows},
        {&types, &displayed, asks}, {&both, &displayed, asks}, {&types, &typed, M_PASSKEY_BOTH},
    };
    for (unsigned i = 0; i < sizeof rounds / sizeof rounds[0]; i++) {
        bed_up(b, role, rounds[i].iut, rounds[i].offer, rounds[i].method);
        bed_pair(b);
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

static void cen_bv_04(struct bed *b)
{
    bed_up(b, CEN, &displays, &none, M_JUST_WORKS);
    bed_pair(b);
    bed_again(b, &both, &none, M_JUST_WORKS);
    bed_pair(b);
}

static void harmed(struct bed *b, enum lt_role role, const struct feat *iut,
                   const struct feat *offer, uint8_t harm, uint8_t bit)
{
    bed_up(b, role, iut, offer, M_ANY);
    b->p.harm = harm;
    b->p.harm_round = bit;
    b->p.may_fail = true;
    assert_true(bed_features(b));
    assert_true(peer_is_passkey(b->p.method));
    assert_false(bed_authenticate(b));
    if (harm == WRONG_PASSKEY)
        assert_int_equal(b->p.sent_last, LT_RANDOM);
    bed_failed(b, 0x04);
}

static void wrong_passkey(struct bed *b, enum lt_role role)
{
    harmed(b, role, &displays, &typed, WRONG_PASSKEY, 0);
    harmed(b, role, &types, &displayed, WRONG_PASSKEY, 19);
    harmed(b, role, &types, &typed, WRONG_PASSKEY, 7);
}

static void cen_bi_01(struct bed *b)
{
    wrong_passkey(b, CEN);
}

static void per_bi_03(struct bed *b)
{
    wrong_passkey(b, PER);
}

static void cen_bi_02(struct bed *b)
{
    bed_up(b, CEN, &types, &displayed, M_PASSKEY_I);
    assert_true(bed_features(b));
    assert_true(b->u.open[TROTH_ASK_PASSKEY_INPUT]);
    bed_fail(b, 0x01);
    assert_false(b->u.open[TROTH_ASK_PASSKEY_INPUT]);
    bed_again(b, &displays, &typed, M_PASSKEY_R);
    assert_true(bed_features(b));
    assert_true(b->u.open[TROTH_ASK_PASSKEY_DISPLAY]);
    assert_non_null(peer_expect(&b->p, LT_CONFIRM)); /* who displays does not wait */
    bed_fail(b, 0x01);
    assert_false(b->u.open[TROTH_ASK_PASSKEY_DISPLAY]);
}

static void cen_bv_05(struct bed *b)
{
    uint32_t shown[3];
    for (int i = 0; i < 3; i++) {
        bed_up(b, CEN, &displays, &typed, M_PASSKEY_R);
        bed_pair(b);
        shown[i] = b->u.shown;
        for (int k = 0; k < i; k++)
            assert_int_not_equal(shown[k], shown[i]);
    }
}

static void cen_bi_03(struct bed *b)
{
    harmed(b, CEN, &displays, &typed, REFLECT, 0);
    harmed(b, CEN, &types, &displayed, REFLECT, 0);
    harmed(b, CEN, &displays, &typed, REFLECT_RANDOM, 0);
}

/* bed_features knows what becomes of the MITM bit, by Core version. */
static void per_no_io(struct bed *b)
{
    static const struct feat without = FEAT(IO_NONE, 0, BOND);
    bed_up(b, PER, &displays, &none, M_JUST_WORKS);
    bed_pair(b);
    assert_int_equal(b->p.feat[PER][3] & MITM, b->core >= TROTH_CORE_6_2 ? 0 : MITM);
    bed_again(b, &both, &without, M_JUST_WORKS);
    bed_pair(b);
    assert_int_equal(b->p.feat[PER][3] & MITM, b->core >= TROTH_CORE_6_2 ? 0 : MITM);

    b->u.config.policy.require_mitm = true;
    bed_again(b, NULL, NULL, M_JUST_WORKS);
    b->p.may_fail = true;
    assert_false(bed_features(b));
    bed_failed(b, 0x03);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/PKE/BV-01-C", cen_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/PKE/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/PKE/BV-04-C", cen_bv_04, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/PKE/BI-01-C", cen_bi_01, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/PKE/BI-02-C", cen_bi_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/PKE/BI-03-C", per_bi_03, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/PKE/BV-05-C", cen_bv_05, FROM_6_2, ANY_PROFILE},
    {"SM/CEN/PKE/BI-03-C", cen_bi_03, FROM_6_2, ANY_PROFILE},
    {"SM/PER/PKE/BV-05-C", per_no_io, TO_6_1, ANY_PROFILE},
    {"SM/PER/PKE/BV-06-C", per_no_io, FROM_6_2, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("PKE", cases);
}
