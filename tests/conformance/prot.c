/* SM/../PROT: the Security Manager Timer, Vol 3 Part H 3.4. */
#include "support/tester_cases.h"

static const struct feat no_io = FEAT(IO_NONE, 0, BOND | SC), legacy = FEAT(IO_NONE, 0, BOND);

static void timed_out(struct bed *b)
{
    upper_pass(&b->u, 29999);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 0);
    upper_pass(&b->u, 1);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 1);
    assert_int_equal(b->u.last[TROTH_EV_PAIRING_FAILED].u.pairing_failed.by, TROTH_BY_TIMEOUT);
    peer_silent(&b->p);
}

/* The Security Manager is shut on this link, whatever comes. */
static void is_dead(struct bed *b)
{
    static const uint8_t auth = BOND | MITM;
    assert_true(b->p.l.connected);
    peer_send(&b->p, b->role == CEN ? LT_SECURITY_REQUEST : LT_REQUEST, &auth, 1);
    assert_int_equal(b->role == CEN ? troth_pair(&b->u.host, b->u.link, NULL)
                                    : troth_security_request(&b->u.host, b->u.link, BOND),
                     TROTH_STATE);
    bed_nothing(b);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 1);
}

static void silence(struct bed *b, enum lt_role role, const struct feat *offer)
{
    bed_up(b, role, &no_io, offer, M_JUST_WORKS);
    assert_true(role == CEN ? bed_request(b) : bed_features(b));
    timed_out(b);
    if (b->u.config.policy.stay_after_timeout) {
        upper_pass(&b->u, 10000);
        if (role == CEN)
            peer_send_features(&b->p, LT_RESPONSE);
        else if (b->p.sc)
            peer_public_key(&b->p, CEN);
        else
            peer_confirm(&b->p, CEN);
        is_dead(b);
    } else {
        lower_run(&b->p.l);
        assert_int_equal(b->p.l.disconnects, 1);
        bed_nothing(b);
    }
    /* ... and open again on the next one. */
    bed_again(b, NULL, NULL, M_JUST_WORKS);
    bed_pair(b);
}

static void both_ways(struct bed *b, enum lt_role role)
{
    b->u.config.policy.stay_after_timeout = true;
    silence(b, role, &legacy);
    silence(b, role, &no_io);
    b->u.config.policy.stay_after_timeout = false;
    silence(b, role, &legacy);
}

static void cen_bv_01(struct bed *b)
{
    both_ways(b, CEN);
}

static void per_bv_02(struct bed *b)
{
    both_ways(b, PER);
}

static const struct conformance_case cases[] = {
    {"SM/CEN/PROT/BV-01-C", cen_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/PROT/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("PROT", cases);
}
