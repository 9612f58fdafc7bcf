/* SM/SIGN: signed data, Vol 3 Part H 2.4.5, as the Signed Write Command, Vol 3 Part F 3.4.5.4. */
#include "support/tester_cases.h"

#include "support/tester_crypto.h"

#define SIGNED_WRITE 0xd2
#define ID_VALUE     1

struct served {
    struct troth_gatt_service service;
    unsigned writes;
    uint8_t data[32];
    uint16_t len;
};

static enum troth_gatt_status take(void *ctx, struct troth_gatt_access *access)
{
    struct served *s = ctx;
    assert_true(access->write && access->command && access->len <= sizeof s->data);
    s->writes++;
    memcpy(s->data, access->data, access->len);
    s->len = access->len;
    return TROTH_GATT_OK;
}

static const struct troth_characteristic characteristic = {.uuid = TROTH_UUID16(0x2a00 + 0xff),
                                                           .id = ID_VALUE,
                                                           .properties = TROTH_PROP_SIGNED_WRITE,
                                                           .write = TROTH_OPEN};
static const struct troth_service table = {
    .uuid = TROTH_UUID16(0x18ff), .characteristics = &characteristic, .count = 1, .access = take};

static void serve(struct upper *u)
{
    struct served *s = u->context;
    s->service.table = &table;
    s->service.ctx = s;
    assert_int_equal(troth_gatt_register(&u->host, &s->service), TROTH_OK);
}

/* Paired, both sides' CSRKs distributed; then a new link, not encrypted. */
static void bonded(struct bed *b, enum lt_role role, uint8_t auth)
{
    struct feat f = FEAT(IO_NONE, 0, BOND | SC), offer = FEAT(IO_NONE, 0, auth);
    f.keys[0] = f.keys[1] = ID | SIGN;
    offer.keys[0] = offer.keys[1] = ID | SIGN;
    bed_up(b, role, &f, &offer, M_JUST_WORKS);
    bed_pair(b);
    assert_int_equal(b->p.dist[0] & b->p.dist[1] & SIGN, SIGN);
    bed_reconnect(b);
    assert_int_equal(b->u.last[TROTH_EV_CONNECTED].u.connected.bonded, true);
    b->p.l.att.count = 0;
}

/* ---- sent ---- */

static void sends(struct bed *b, uint32_t counter)
{
    static const uint8_t value[] = {0xca, 0xfe, 0x00, 0x17};
    uint8_t want[12];
    struct lt_pdu pdu;
    unsigned done = b->u.told[TROTH_EV_GATT_DONE];
    assert_int_equal(troth_gatt_signed_write(&b->u.host, b->u.link, 0x1234, value, sizeof value),
                     TROTH_OK);
    lower_run(&b->p.l);
    assert_true(lower_take(&b->p.l.att, &pdu));
    assert_int_equal(pdu.len, 3 + sizeof value + 12);
    assert_int_equal(pdu.b[0], SIGNED_WRITE);
    assert_int_equal(pdu.b[1] | pdu.b[2] << 8, 0x1234);
    assert_memory_equal(pdu.b + 3, value, sizeof value);
    tc_sign(b->p.keys[b->role].csrk, pdu.b, 3 + sizeof value, counter, want);
    assert_memory_equal(pdu.b + 3 + sizeof value, want, 12);
    assert_false(lower_take(&b->p.l.att, &pdu));
    assert_int_equal(b->u.told[TROTH_EV_GATT_DONE], done + 1);
    assert_int_equal(b->u.last[TROTH_EV_GATT_DONE].u.done.result, TROTH_OK);
}

static void sent_as(struct bed *b, enum lt_role role, uint8_t auth)
{
    bonded(b, role, auth);
    sends(b, 0);
    sends(b, 1);
    bed_reconnect(b);
    sends(b, 2); /* it outlives the link */
    assert_false(b->p.l.encrypted);
}

static void bv_01(struct bed *b)
{
    static const uint8_t auth[] = {BOND, BOND | SC};
    for (int i = 0; i < 2; i++)
        sent_as(b, CEN, auth[i]);
    bed_init(b, b->oob, b->core);
    for (int i = 0; i < 2; i++)
        sent_as(b, PER, auth[i]);
}

/* ---- received ---- */

static void receives(struct bed *b, uint32_t counter, uint8_t flip, bool taken)
{
    struct served *s = b->u.context;
    const uint16_t handle = (uint16_t)(s->service.first_handle + 2); /* after its declaration */
    uint8_t pdu[3 + 5 + 12] = {SIGNED_WRITE, (uint8_t)handle, (uint8_t)(handle >> 8), 1, 2, 3, 4};
    struct lt_pdu answer;
    unsigned before = s->writes;
    pdu[7] = (uint8_t)counter;
    tc_sign(b->p.keys[b->p.me].csrk, pdu, 8, counter, pdu + 8);
    if (flip)
        pdu[8 + flip] ^= 0x01;
    lower_send(&b->p.l, 0x0004, pdu, sizeof pdu);
    assert_int_equal(s->writes, before + taken);
    if (taken) {
        assert_int_equal(s->len, 5);
        assert_memory_equal(s->data, pdu + 3, 5);
    }
    assert_false(lower_take(&b->p.l.att, &answer)); /* a command has no answer */
    assert_true(b->p.l.connected);
}

static void served(struct bed *b, enum lt_role role, void (*then)(struct bed *b))
{
    struct served s;
    memset(&s, 0, sizeof s);
    bed_init(b, b->oob, b->core);
    b->u.context = &s;
    b->u.before_start = serve;
    bonded(b, role, BOND);
    then(b);
    bonded(b, role, BOND | SC);
    then(b);
    b->u.context = NULL;
}

static void good(struct bed *b)
{
    receives(b, 0, 0, true);
    receives(b, 1, 0, true);
    bed_reconnect(b);
    receives(b, 2, 0, true);
    receives(b, 0x00010000, 0, true); /* some were lost on the way */
}

/* Every octet of the MAC counts; then the same counter with the right one. */
static void bad_mac(struct bed *b)
{
    for (uint8_t i = 4; i < 12; i++)
        receives(b, 0, i, false);
    receives(b, 0, 0, true);
    receives(b, 7, 11, false);
    receives(b, 1, 0, true); /* and a forged counter uses none up */
}

static void replayed(struct bed *b)
{
    receives(b, 5, 0, true);
    receives(b, 5, 0, false);
    receives(b, 5, 0, false);
    receives(b, 6, 0, true);
    bed_reconnect(b);
    receives(b, 6, 0, false);
}

static void bv_03(struct bed *b)
{
    served(b, PER, good);
    served(b, CEN, good);
}

static void bi_01(struct bed *b)
{
    served(b, PER, bad_mac);
    served(b, CEN, bad_mac);
}

static void bi_02(struct bed *b)
{
    served(b, PER, replayed);
    served(b, CEN, replayed);
}

static const struct conformance_case cases[] = {
    {"SM/SIGN/BV-01-C", bv_01, TO_6_2, ANY_PROFILE},
    {"SM/SIGN/BV-03-C", bv_03, TO_6_2, ANY_PROFILE},
    {"SM/SIGN/BI-01-C", bi_01, TO_6_2, ANY_PROFILE},
    {"SM/SIGN/BI-02-C", bi_02, ONLY_6_2, ANY_PROFILE},
};

int main(void)
{
    return CONFORMANCE("SIGN", cases);
}
