#include "support/tester_bed.h"

void bed_init(struct bed *b, bool oob, uint8_t core)
{
    memset(b, 0, sizeof *b);
    b->oob = oob;
    b->core = core;
    peer_init(&b->p, (uint8_t)(core + 16 * oob), oob ? 1 : 0);
    upper_init(&b->u, &b->p.l, 0x7a11 + core);
    b->u.config.policy.core = core;
}

void bed_policy(struct bed *b)
{
    struct troth_policy *policy = &b->u.config.policy;
    policy->features = (struct troth_features){b->iut.io,      b->iut.oob,     b->iut.auth,
                                               b->iut.max_key, b->iut.keys[0], b->iut.keys[1]};
    if (b->u.host.config.send)
        assert_int_equal(troth_set_policy(&b->u.host, policy), TROTH_OK);
}

/* What crosses beside the air before a pairing: each side's OOB data. */
static void exchange_oob(struct bed *b)
{
    struct troth_oob ours;
    peer_make_oob(&b->p);
    if (!b->oob)
        return;
    assert_int_equal(troth_oob_make(&b->u.host, &ours, b->u.now), TROTH_OK);
    memcpy(b->p.oob_random[b->role], ours.random, 16);
    memcpy(b->p.oob_confirm[b->role], ours.confirm, 16);
}

static void begin(struct bed *b)
{
    peer_again(&b->p, b->role == CEN ? PER : CEN);
    exchange_oob(b);
    upper_mark(&b->u);
    b->p.l.starts = b->p.l.replies = b->p.l.negatives = 0;
    b->p.l.disconnects = 0;
}

static troth_ms wait_for_it(struct bed *b)
{
    troth_ms wait = troth_pairing_wait(&b->u.host, b->u.link);
    upper_pass(&b->u, wait);
    return wait;
}

troth_ms bed_retry(struct bed *b)
{
    troth_ms wait = wait_for_it(b);
    begin(b);
    return wait;
}

void bed_connect(struct bed *b)
{
    upper_want_link(&b->u, b->role);
    lower_connect(&b->p.l, b->role);
}

static void offers(struct bed *b, const struct feat *iut, const struct feat *offer, uint8_t method)
{
    if (iut)
        b->iut = *iut;
    if (offer)
        b->p.offer = *offer;
    b->method = method;
    bed_policy(b);
}

void bed_up(struct bed *b, enum lt_role role, const struct feat *iut, const struct feat *offer,
            uint8_t method)
{
    if (b->u.host.config.send) {
        assert_int_equal(role, b->role);
        bed_again(b, iut, offer, method);
        return;
    }
    b->role = role;
    offers(b, iut, offer, method);
    upper_start(&b->u);
    bed_connect(b);
    begin(b);
}

void bed_again(struct bed *b, const struct feat *iut, const struct feat *offer, uint8_t method)
{
    assert_null(b->p.l.wrong);
    lower_disconnect(&b->p.l, 0x13);
    upper_remove_bonds(&b->u);
    b->p.harm = HONEST;
    b->p.zero_dhkey = false;
    offers(b, iut, offer, method);
    bed_connect(b);
    bed_retry(b);
}

void bed_reconnect(struct bed *b)
{
    lower_disconnect(&b->p.l, 0x13);
    assert_int_equal(b->u.told[TROTH_EV_DISCONNECTED], 1);
    bed_connect(b);
    upper_mark(&b->u);
    b->p.l.starts = b->p.l.replies = b->p.l.negatives = 0;
}

/* ---- ends that are none ---- */

void bed_nothing(struct bed *b)
{
    const uint8_t zero[8] = {0};
    struct lower *l = &b->p.l;
    peer_silent(&b->p);
    assert_null(l->wrong);
    assert_int_equal(b->u.told[TROTH_EV_PAIRED], 0);
    assert_int_equal(l->starts, 0);
    assert_int_equal(l->replies, 0);
    assert_int_equal(upper_bonds(&b->u), 0);
    assert_false(troth_is_pairing(&b->u.host, b->u.link));
    assert_int_equal(troth_link_level(&b->u.host, b->u.link).key_size, 0);
    if (b->role == PER && l->connected) { /* no key is left to encrypt with */
        lower_ltk_request(l, zero, zero);
        assert_int_equal(l->replies, 0);
        assert_int_equal(l->negatives, 1);
    }
}

void bed_failed(struct bed *b, uint8_t reason)
{
    peer_expect_failed(&b->p, reason);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 1);
    const struct troth_event *e = &b->u.last[TROTH_EV_PAIRING_FAILED];
    assert_int_equal(e->u.pairing_failed.reason, b->p.reason);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_US);
    bed_nothing(b);
}

void bed_fail(struct bed *b, uint8_t reason)
{
    peer_send(&b->p, LT_FAILED, &reason, 1);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 1);
    const struct troth_event *e = &b->u.last[TROTH_EV_PAIRING_FAILED];
    assert_int_equal(e->u.pairing_failed.reason, reason);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_PEER);
    bed_nothing(b);
}
