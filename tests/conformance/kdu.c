/* SM/../KDU: key distribution and usage, Vol 3 Part H 2.4, 3.6; encryption with its keys. */
#include "support/tester_cases.h"

/* All there is to distribute; under Core 6.3 the implementation must leave SIGN out. */
static const struct feat everything = {
    IO_NONE, 0, BOND | SC, 16, {ENC | ID | SIGN, ENC | ID | SIGN}};

static void distributes(struct bed *b, enum lt_role role, const struct feat *iut,
                        const struct feat *offer, uint8_t key)
{
    bed_up(b, role, iut, offer, M_JUST_WORKS);
    bed_pair(b); /* bed_keys: what was agreed and nothing else */
    assert_int_equal(b->p.dist[role], key);
    assert_int_equal(b->u.last[TROTH_EV_PAIRED].u.paired.distributed[role], key);
    assert_int_equal(b->u.last[TROTH_EV_PAIRED].u.paired.distributed[!role], b->p.dist[!role]);
}

/* The implementation wants to give no more than this; then the peer to have no more. */
static void only(struct bed *b, enum lt_role role, uint8_t auth, uint8_t key)
{
    struct feat iut = everything, offer = everything;
    offer.auth = auth;
    iut.keys[role] = key;
    distributes(b, role, &iut, &offer, key);
    iut = everything;
    offer.keys[role] = key;
    offer.keys[!role] = 0;
    distributes(b, role, &iut, &offer, key);
    assert_int_equal(b->p.dist[!role], 0);
}

static void enc_only(struct bed *b, enum lt_role role)
{
    only(b, role, BOND, ENC);
    if (role == PER) { /* it is the key of the next link */
        bed_reconnect(b);
        bed_encrypt_bonded(b);
    }
}

/* Its identity address is public; then static, where the controller has no public one. */
static void id_only(struct bed *b, enum lt_role role, uint8_t auth)
{
    only(b, role, auth, ID);
    assert_int_equal(b->p.keys[role].identity[0], 0);
    assert_memory_equal(b->p.keys[role].identity + 1, b->p.l.bd_addr, 6);
    assert_memory_equal(b->p.keys[role].irk, b->u.config.local.irk, 16);

    bed_init(b, b->oob, b->core);
    memset(b->p.l.bd_addr, 0, 6);
    only(b, role, auth, ID);
    assert_int_equal(b->p.keys[role].identity[0], 1);
    assert_memory_equal(b->p.keys[role].identity + 1, b->u.config.local.static_addr.b, 6);
}

static void per_bv_01(struct bed *b)
{
    enc_only(b, PER);
}

static void per_bv_02(struct bed *b)
{
    id_only(b, PER, BOND);
}

static void per_bv_03(struct bed *b)
{
    only(b, PER, BOND, SIGN);
}

static void per_bv_08(struct bed *b)
{
    id_only(b, PER, BOND | SC);
}

static void per_bv_09(struct bed *b)
{
    only(b, PER, BOND | SC, SIGN);
}

static void cen_bv_04(struct bed *b)
{
    only(b, CEN, BOND, SIGN);
}

static void cen_bv_05(struct bed *b)
{
    id_only(b, CEN, BOND);
}

static void cen_bv_06(struct bed *b)
{
    enc_only(b, CEN);
}

static void cen_bv_10(struct bed *b)
{
    id_only(b, CEN, BOND | SC);
}

static void cen_bv_11(struct bed *b)
{
    only(b, CEN, BOND | SC, SIGN);
}

/* ---- a peer that rejects our keys ---- */

static void reject(struct bed *b, uint8_t auth, uint8_t theirs)
{
    static const uint8_t rejected = 0x0f;
    struct feat iut = everything, offer = FEAT(IO_NONE, 0, auth);
    offer.keys[PER] = iut.keys[PER];
    offer.keys[CEN] = theirs;
    bed_up(b, PER, &iut, &offer, M_JUST_WORKS);
    assert_true(bed_features(b) && bed_authenticate(b));
    bed_encrypt(b);
    peer_keys(&b->p, PER);
    peer_silent(&b->p);
    peer_send(&b->p, LT_FAILED, &rejected, 1);
    assert_int_equal(b->u.told[TROTH_EV_PAIRING_FAILED], 1);
    const struct troth_event *e = &b->u.last[TROTH_EV_PAIRING_FAILED];
    assert_int_equal(e->u.pairing_failed.reason, rejected);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_PEER);
    /* With keys of its own to come it is not done; without, it was, and is no longer. */
    assert_int_equal(b->u.told[TROTH_EV_PAIRED], theirs ? 0 : 1);
    assert_int_equal(upper_bonds(&b->u), 0);
    assert_false(troth_is_pairing(&b->u.host, b->u.link));
    peer_silent(&b->p);
}

static void per_bi_02(struct bed *b)
{
    reject(b, BOND, ENC | ID);
    reject(b, BOND, 0);
}

static void per_bi_03(struct bed *b)
{
    reject(b, BOND | SC, ID);
    reject(b, BOND | SC, 0);
}

static void per_bv_07(struct bed *b)
{
    static const uint8_t sizes[] = {16, 7};
    for (unsigned i = 0; i < sizeof sizes; i++) {
        struct feat iut = everything, offer = FEAT(IO_NONE, 0, BOND);
        offer.max_key = sizes[i];
        bed_up(b, PER, &iut, &offer, M_JUST_WORKS);
        bed_pair(b);
        assert_true(b->p.l.encrypted);
        bed_encrypt_bonded(b);
        bed_encrypt_bonded(b);
    }
}

/* ---- public keys that are none ---- */

struct attempts {
    uint8_t x[20][32]; /* our public keys: never the same again */
    unsigned count;
    troth_ms wait; /* before the next was possible */
};

static bool strict(const struct bed *b)
{
    return b->core >= TROTH_CORE_6_0;
}

/* Who does not wait is refused, and has not waited less for it. */
static void hurry(struct bed *b)
{
    troth_ms wait = troth_pairing_wait(&b->u.host, b->u.link);
    if (!wait)
        return;
    b->p.failed = false;
    if (b->role == CEN) {
        assert_int_equal(troth_pair(&b->u.host, b->u.link, NULL), TROTH_BUSY);
        peer_silent(&b->p);
    } else {
        peer_send_features(&b->p, LT_REQUEST);
        peer_expect_failed(&b->p, 0x09);
    }
    assert_true(troth_pairing_wait(&b->u.host, b->u.link) >= wait);
}

static void invalid(struct bed *b, struct attempts *a, uint8_t harm, bool zero_dhkey)
{
    static const struct feat f = FEAT(IO_NONE, 0, BOND | SC);
    if (!b->p.l.connected) {
        bed_up(b, b->role, &f, &f, M_JUST_WORKS);
    } else {
        hurry(b);
        troth_ms wait = bed_retry(b);
        assert_true(wait >= a->wait);
        a->wait = wait;
    }
    b->p.harm = harm;
    b->p.harm_round = (uint8_t)(a->count % 32);
    b->p.zero_dhkey = zero_dhkey;
    b->p.may_fail = true;
    assert_true(bed_features(b));
    assert_false(bed_authenticate(b));
    if (strict(b)) {
        assert_int_equal(b->p.sent_last, LT_PUBLIC_KEY);
        bed_failed(b, 0x0b);
    } else {
        bed_failed(b, 0);
    }
    if (b->p.have_public[b->role]) {
        assert_true(a->count < 20);
        memcpy(a->x[a->count], b->p.public_key[b->role], 32);
        for (unsigned k = 0; k < a->count; k++)
            assert_memory_not_equal(a->x[k], a->x[a->count], 32);
        a->count++;
    }
}

/* We make a new key pair for every pairing: FKC is one, and twenty tries the attacker's due. */
static void invalid_keys(struct bed *b, enum lt_role role)
{
    struct attempts a = {.count = 0};
    b->role = role;
    for (int i = 0; i < 20; i++)
        invalid(b, &a, KEY_Y_ZERO, true);
    assert_true(a.count == 20 || role == PER); /* a responder may not even send its own */
    assert_true(a.wait > 0);
    a.count = 0;
    invalid(b, &a, KEY_Y_ZERO, false);
    invalid(b, &a, KEY_Y_BIT, false);
    invalid(b, &a, KEY_ZERO, true);
    if (role == CEN && strict(b)) {
        invalid(b, &a, KEY_YOURS, false);
        invalid(b, &a, KEY_YOUR_X, false);
    }
    /* An honest peer still gets in. */
    bed_retry(b);
    b->p.harm = HONEST;
    b->p.zero_dhkey = false;
    bed_pair(b);
}

static void per_bi(struct bed *b)
{
    invalid_keys(b, PER);
}

static void cen_bi(struct bed *b)
{
    invalid_keys(b, CEN);
}

static const struct conformance_case cases[] = {
    {"SM/PER/KDU/BV-01-C", per_bv_01, ANY_CORE, ANY_PROFILE},
    {"SM/PER/KDU/BV-02-C", per_bv_02, ANY_CORE, ANY_PROFILE},
    {"SM/PER/KDU/BV-03-C", per_bv_03, TO_6_2, ANY_PROFILE},
    {"SM/PER/KDU/BV-08-C", per_bv_08, ANY_CORE, ANY_PROFILE},
    {"SM/PER/KDU/BV-09-C", per_bv_09, TO_6_2, ANY_PROFILE},
    {"SM/CEN/KDU/BV-04-C", cen_bv_04, TO_6_2, ANY_PROFILE},
    {"SM/CEN/KDU/BV-05-C", cen_bv_05, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/KDU/BV-06-C", cen_bv_06, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/KDU/BV-10-C", cen_bv_10, ANY_CORE, ANY_PROFILE},
    {"SM/CEN/KDU/BV-11-C", cen_bv_11, TO_6_2, ANY_PROFILE},
    {"SM/PER/KDU/BI-01-C", per_bi, TO_5_4, ANY_PROFILE},
    {"SM/PER/KDU/BI-04-C", per_bi, FROM_6_0, ANY_PROFILE},
    {"SM/CEN/KDU/BI-01-C", cen_bi, TO_5_4, ANY_PROFILE},
    {"SM/CEN/KDU/BI-04-C", cen_bi, FROM_6_0, ANY_PROFILE},
    {"SM/PER/KDU/BI-02-C", per_bi_02, FROM_5_3, ANY_PROFILE},
    {"SM/PER/KDU/BI-03-C", per_bi_03, FROM_5_3, ANY_PROFILE},
    {"SM/PER/KDU/BV-07-C", per_bv_07, ANY_CORE, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("KDU", cases);
}
