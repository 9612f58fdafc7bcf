/* SM/../OOB: LE legacy pairing, Out of Band, Vol 3 Part H 2.3.5.4. */
#include "support/tester_cases.h"

#define AUTH (BOND | MITM | SC) /* of the implementation; the tester has no SC */

static const struct feat has_oob = FEAT(IO_YES_NO, 1, AUTH), no_oob = FEAT(IO_YES_NO, 0, AUTH);

/* Five times, and no random number twice. */
static void both_have(struct bed *b, enum lt_role role)
{
    static const struct feat offer = FEAT(IO_DISPLAY, 1, BOND | MITM);
    uint8_t sent[5][16];
    for (int i = 0; i < 5; i++) {
        bed_up(b, role, &has_oob, &offer, M_OOB);
        bed_pair(b);
        memcpy(sent[i], b->sent_random, 16);
        for (int k = 0; k < i; k++)
            assert_memory_not_equal(sent[k], sent[i], 16);
    }
}

static void cen_bv_01(struct bed *b)
{
    both_have(b, CEN);
}

static void per_bv_02(struct bed *b)
{
    both_have(b, PER);
}

static void one_pairing(struct bed *b, enum lt_role role, const struct feat *iut,
                        const struct feat *offer, uint8_t method)
{
    bed_up(b, role, iut, offer, method);
    bed_pair(b);
}

static void cen_bv_03(struct bed *b)
{
    static const struct feat offer = FEAT(IO_KEYBOARD, 0, BOND | MITM);
    one_pairing(b, CEN, &has_oob, &offer, M_PASSKEY_R);
}

static void per_bv_04(struct bed *b)
{
    static const struct feat offer = FEAT(IO_KEYBOARD_DISPLAY, 0, BOND | MITM);
    one_pairing(b, PER, &has_oob, &offer, M_PASSKEY_I);
}

static void cen_bv_05(struct bed *b)
{
    static const struct feat offer = FEAT(IO_KEYBOARD, 1, BOND | MITM);
    one_pairing(b, CEN, &no_oob, &offer, M_PASSKEY_R);
}

static void per_bv_06(struct bed *b)
{
    static const struct feat offer = FEAT(IO_KEYBOARD, 1, BOND | MITM);
    one_pairing(b, PER, &no_oob, &offer, M_PASSKEY_I);
}

/* Nobody demands MITM, or nobody could have it. */
static void no_io(struct bed *b, enum lt_role role, uint8_t iut_oob, uint8_t offer_oob)
{
    static const uint8_t auth[] = {BOND | SC, AUTH};
    const struct feat offer = FEAT(IO_NONE, offer_oob, BOND);
    for (int i = 0; i < 2; i++) {
        const struct feat iut = FEAT(IO_YES_NO, iut_oob, auth[i]);
        one_pairing(b, role, &iut, &offer, M_JUST_WORKS);
    }
}

static void cen_bv_07(struct bed *b)
{
    no_io(b, CEN, 0, 1);
}

static void per_bv_08(struct bed *b)
{
    no_io(b, PER, 0, 1);
}

static void cen_bv_09(struct bed *b)
{
    no_io(b, CEN, 1, 0);
}

static void per_bv_10(struct bed *b)
{
    no_io(b, PER, 1, 0);
}

static void different(struct bed *b, enum lt_role role)
{
    static const struct feat offer = FEAT(IO_DISPLAY, 1, BOND | MITM);
    b->other_oob = true;
    bed_up(b, role, &has_oob, &offer, M_OOB);
    b->p.may_fail = true;
    b->p.harm = WRONG_PASSKEY; /* its commitment is to another TK: not ours to check */
    assert_true(bed_features(b));
    assert_false(bed_authenticate(b));
    assert_int_equal(b->p.sent_last, LT_RANDOM);
    bed_failed(b, 0x04);
}

static void cen_bi_01(struct bed *b)
{
    different(b, CEN);
}

static void per_bi_02(struct bed *b)
{
    different(b, PER);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/OOB/BV-01-C", cen_bv_01, TO_6_2, WITH_OOB},
    {"SM/CEN/OOB/BV-10-C", cen_bv_01, FROM_6_3, WITH_OOB},
    {"SM/PER/OOB/BV-02-C", per_bv_02, TO_6_2, WITH_OOB},
    {"SM/PER/OOB/BV-11-C", per_bv_02, FROM_6_3, WITH_OOB},
    {"SM/CEN/OOB/BV-03-C", cen_bv_03, ANY_CORE, WITH_OOB},
    {"SM/PER/OOB/BV-04-C", per_bv_04, ANY_CORE, WITH_OOB},
    {"SM/CEN/OOB/BV-05-C", cen_bv_05, ANY_CORE, WITHOUT_OOB},
    {"SM/PER/OOB/BV-06-C", per_bv_06, ANY_CORE, WITHOUT_OOB},
    {"SM/CEN/OOB/BV-07-C", cen_bv_07, ANY_CORE, WITHOUT_OOB},
    {"SM/PER/OOB/BV-08-C", per_bv_08, ANY_CORE, WITHOUT_OOB},
    {"SM/CEN/OOB/BV-09-C", cen_bv_09, ANY_CORE, WITH_OOB},
    {"SM/PER/OOB/BV-10-C", per_bv_10, ANY_CORE, WITH_OOB},
    {"SM/CEN/OOB/BI-01-C", cen_bi_01, TO_6_2, WITH_OOB},
    {"SM/PER/OOB/BI-02-C", per_bi_02, TO_6_2, WITH_OOB},
};

int main(void)
{
    return CONFORMANCE("OOB", cases);
}
