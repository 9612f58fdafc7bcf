/* SM/../PIS: the peripheral's Security Request, Vol 3 Part H 2.4.6. */
#include "support/tester_cases.h"

#define AUTH (BOND | MITM | SC)

static const struct feat shows = FEAT(IO_DISPLAY, 0, AUTH), types = FEAT(IO_KEYBOARD, 0, AUTH),
                         types_legacy = FEAT(IO_KEYBOARD, 0, BOND | MITM);
static const struct feat *const offers[] = {&types, &types_legacy};

static void request(struct bed *b)
{
    assert_int_equal(troth_security_request(&b->u.host, b->u.link, BOND | MITM), TROTH_OK);
    assert_int_equal(*peer_expect(&b->p, LT_SECURITY_REQUEST), BOND | MITM);
}

static void requested(struct bed *b, uint8_t auth)
{
    peer_send(&b->p, LT_SECURITY_REQUEST, &auth, 1);
}

static void per_bv_01(struct bed *b)
{
    for (int i = 0; i < 2; i++) {
        bed_up(b, PER, &shows, offers[i], M_PASSKEY_I);
        request(b);
        bed_pair(b);
    }
}

static void per_bv_02(struct bed *b)
{
    for (int i = 0; i < 2; i++) {
        bed_up(b, PER, &shows, offers[i], M_PASSKEY_I);
        bed_pair(b);
        bed_reconnect(b);
        request(b);
        bed_encrypt_bonded(b);
        upper_pass(&b->u, 31000); /* the request is answered */
        assert_int_equal(b->u.told[TROTH_EV_SECURITY_UNANSWERED], 0);
        peer_silent(&b->p);
    }
}

static void cen_bv_02(struct bed *b)
{
    for (int i = 0; i < 2; i++) {
        bed_up(b, CEN, &shows, offers[i], M_PASSKEY_R);
        requested(b, BOND | MITM);
        assert_int_equal(b->u.told[TROTH_EV_SECURITY_REQUESTED], 1);
        assert_true(troth_is_pairing(&b->u.host, b->u.link));
        bed_pair(b);
    }
}

static void cen_bv_03(struct bed *b)
{
    for (int i = 0; i < 2; i++) {
        bed_up(b, CEN, &shows, offers[i], M_PASSKEY_R);
        requested(b, BOND | MITM);
        assert_int_equal(b->p.l.starts, 0);
        assert_true(troth_is_pairing(&b->u.host, b->u.link));
        assert_true(bed_features(b));
        requested(b, BOND | MITM);
        assert_true(bed_authenticate(b)); /* it goes on as if nothing had come */
        bed_encrypt(b);
        bed_keys(b);
        bed_paired(b);
    }
}

static const struct conformance_case cases[] = {
    {"SM/PER/PIS/BV-01-C", per_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/PIS/BV-02-C", cen_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/PIS/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/PIS/BV-03-C", cen_bv_03, ANY_CORE, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("PIS", cases);
}
