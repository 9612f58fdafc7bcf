/* SM/../EKS: encryption key size, Vol 3 Part H 2.3.4. */
#include "support/tester_cases.h"

static const uint8_t auths[] = {BOND, BOND | SC};

static void offer_size(struct bed *b, enum lt_role role, uint8_t auth, uint8_t least, uint8_t size)
{
    const struct feat iut = FEAT(IO_NONE, 0, BOND | SC);
    struct feat offer = FEAT(IO_NONE, 0, auth);
    offer.max_key = size;
    b->u.config.policy.min_key_size = least;
    bed_up(b, role, &iut, &offer, M_JUST_WORKS);
}

static void enough(struct bed *b, enum lt_role role)
{
    static const uint8_t least[] = {7, 10, 16};
    for (unsigned i = 0; i < sizeof least; i++)
        for (unsigned k = 0; k < sizeof auths; k++) {
            offer_size(b, role, auths[k], least[i], least[i]);
            bed_pair(b);
            assert_int_equal(b->p.key_size, least[i]);
            bed_reconnect(b);
            bed_encrypt_bonded(b);
        }
}

static void too_little(struct bed *b, enum lt_role role)
{
    static const uint8_t least[] = {7, 8, 10, 16};
    for (unsigned i = 0; i < sizeof least; i++)
        for (unsigned k = 0; k < sizeof auths; k++) {
            offer_size(b, role, auths[k], least[i], (uint8_t)(least[i] - 1));
            b->p.may_fail = true;
            assert_false(bed_features(b));
            /* 6 octets is also no size at all. */
            bed_failed(b, least[i] == 7 && b->p.reason == 0x0a ? 0x0a : 0x06);
        }
}

static void cen_bv_01(struct bed *b)
{
    enough(b, CEN);
}

static void per_bv_02(struct bed *b)
{
    enough(b, PER);
}

static void cen_bi_01(struct bed *b)
{
    too_little(b, CEN);
}

static void per_bi_02(struct bed *b)
{
    too_little(b, PER);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/EKS/BV-01-C", cen_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/EKS/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/EKS/BI-01-C", cen_bi_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/EKS/BI-02-C", per_bi_02, ANY_CORE, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("EKS", cases);
}
