/*
 * Signed Writes on one link, both ways: Vol 3 Part C 10.4, Part F 3.4.5.4, Part G 4.9.2. The key and
 * the signature of the transcripts are those of tests/vectors/crypto.json.
 */
#include "support/gatt_fake.h"

#include "crypto/toolbox.h"

#include <string.h>

/* CSRK 611b64ebfbcd1fd372ec9196df425e50 in wire order: it signs d212001337 with counter 1 so. */
#define VECTOR_CSRK      "505e42df9691ec72d31fcdfbeb641b61"
#define VECTOR_WRITE     "d2 12 00 13 37"
#define VECTOR_SIGNATURE "01 00 00 00 f1 87 1e 93 3c 90 0f f2"

static unsigned writes;
static uint8_t written[TROTH_ATT_MTU];
static uint16_t written_len;

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    assert_true(a->write && a->command);
    writes++;
    written_len = a->len;
    if (a->len)
        memcpy(written, a->data, a->len);
    return TROTH_GATT_OK;
}

/* The value's handle is 0x0012. */
static const struct troth_characteristic two[] = {
    {.uuid = TROTH_UUID16(0xaa01), .id = 1, .properties = TROTH_PROP_READ},
    {.uuid = TROTH_UUID16(0xaa02), .id = 2, .properties = TROTH_PROP_SIGNED_WRITE},
};
static const struct troth_service table = {TROTH_UUID16(0xaa00), two, 2, serve, NULL};
static struct troth_gatt_service service;
static struct fake f;

static int fresh(void **state)
{
    (void)state;
    service = (struct troth_gatt_service){.table = &table};
    fake_open(&f, &service, 1);
    assert_int_equal(gatt_db_value_handle(&f.db, &service, 2), 0x12);
    writes = 0;
    f.has_bond = f.has_csrk = f.has_own_csrk = true;
    fake_unhex(VECTOR_CSRK, f.csrk, 16);
    fake_unhex(VECTOR_CSRK, f.own_csrk, 16);
    return 0;
}

static const struct troth_level secure = {16, true, true, true};
static const uint8_t data[] = {0x13, 0x37};

static int sign(void)
{
    return gatt_signed_write(&f.g, 0x12, data, 2);
}

/* ---- sending ---- */

/* SM/SIGN/BV-01-C */
static void mac_and_counter_are_the_specifications(void **state)
{
    (void)state;
    f.bond.sign_counter[0] = 1;
    assert_int_equal(sign(), TROTH_OK);
    assert_int_equal(f.persists, 1);
    assert_int_equal(f.bond.sign_counter[0], 2);
    fake_silent(&f); /* not before the store has the counter */
    fake_no_event(&f);
    assert_false(gatt_step(&f.g));
    fake_kept(&f);
    fake_sent(&f, VECTOR_WRITE VECTOR_SIGNATURE);
    fake_silent(&f);
    fake_done(&f, TROTH_OK, 0);
    assert_false(gatt_step(&f.g));

    assert_int_equal(sign(), TROTH_OK);
    fake_kept(&f);
    const struct fake_pdu *p = fake_next(&f);
    assert_int_equal(p->slot, GATT_SLOT_PUSH);
    assert_int_equal(p->b[5], 2);
    fake_done(&f, TROTH_OK, 0);
}

/* What the store says of an older state lets nothing go. */
static void an_older_state_kept_is_not_enough(void **state)
{
    (void)state;
    f.bond.sign_counter[0] = 9;
    assert_int_equal(sign(), TROTH_OK);
    f.sign_kept[0] = 9;
    assert_false(gatt_step(&f.g));
    fake_silent(&f);
    f.sign_kept[0] = 10;
    assert_true(gatt_step(&f.g));
    assert_int_equal(fake_next(&f)->b[5], 9);
}

static void a_store_that_refuses(void **state)
{
    (void)state;
    assert_int_equal(sign(), TROTH_OK);
    gatt_unkept(&f.g);
    fake_done(&f, TROTH_FAILED, 0);
    fake_silent(&f);
    /* The counter is spent all the same. */
    assert_int_equal(sign(), TROTH_OK);
    fake_kept(&f);
    assert_int_equal(fake_next(&f)->b[5], 1);
}

static void one_procedure_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(sign(), TROTH_OK);
    assert_int_equal(sign(), TROTH_BUSY);
    assert_int_equal(gatt_read(&f.g, 3), TROTH_BUSY);
    assert_int_equal(f.bond.sign_counter[0], 1);
    fake_kept(&f);
    fake_done(&f, TROTH_OK, 0);
    assert_int_equal(sign(), TROTH_OK);
}

static void it_waits_for_room(void **state)
{
    (void)state;
    f.full[GATT_SLOT_PUSH] = true;
    assert_int_equal(sign(), TROTH_OK);
    gatt_room(&f.g, GATT_SLOT_PUSH); /* room is no leave */
    fake_kept(&f);
    gatt_room(&f.g, GATT_SLOT_REQUEST);
    fake_no_event(&f);
    f.full[GATT_SLOT_PUSH] = false;
    gatt_room(&f.g, GATT_SLOT_PUSH);
    assert_int_equal(fake_next(&f)->b[0], 0xd2);
    fake_done(&f, TROTH_OK, 0);
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_silent(&f);
}

/* Part G 4.9.2: a Write Command takes its place, with no key and no bond needed. */
static void nothing_is_signed_on_an_encrypted_link(void **state)
{
    (void)state;
    f.level = secure;
    assert_int_equal(sign(), TROTH_OK);
    fake_sent(&f, "52 12 00 13 37");
    fake_done(&f, TROTH_OK, 0);
    assert_int_equal(f.bond.sign_counter[0], 0);

    /* Encrypted while its counter was being stored. */
    f.level = (struct troth_level){0};
    assert_int_equal(sign(), TROTH_OK);
    f.level = secure;
    fake_kept(&f);
    fake_sent(&f, "52 12 00 13 37");
    fake_done(&f, TROTH_OK, 0);

    /* Encrypted when it was begun, and no longer when there is room: it has no counter. */
    f.full[GATT_SLOT_PUSH] = true;
    assert_int_equal(sign(), TROTH_OK);
    f.full[GATT_SLOT_PUSH] = false;
    f.level = (struct troth_level){0};
    gatt_room(&f.g, GATT_SLOT_PUSH);
    fake_silent(&f);
    fake_done(&f, TROTH_STATE, 0);
}

static void what_is_refused(void **state)
{
    (void)state;
    static const uint8_t long_data[9];
    assert_int_equal(gatt_signed_write(&f.g, 0, data, 2), TROTH_INVALID);
    assert_int_equal(gatt_signed_write(&f.g, 0x12, long_data, 9), TROTH_INVALID);
    f.has_own_csrk = false;
    assert_int_equal(sign(), TROTH_STATE);
    f.has_own_csrk = true;
    f.has_bond = false;
    assert_int_equal(sign(), TROTH_STATE);
    f.has_bond = true;
    f.policy.core = TROTH_CORE_6_3;
    assert_int_equal(sign(), TROTH_UNSUPPORTED);
    f.policy.core = TROTH_CORE_6_2;
    assert_int_equal(f.persists, 0);
    assert_int_equal(f.bond.sign_counter[0], 0);
    assert_int_equal(gatt_signed_write(&f.g, 0x12, long_data, 8), TROTH_OK);
    fake_kept(&f);
    assert_int_equal(fake_next(&f)->len, 23);
    fake_done(&f, TROTH_OK, 0);
}

/* The last counter that is followed by another is the last one used. */
static void counters_come_to_an_end(void **state)
{
    (void)state;
    f.bond.sign_counter[0] = UINT32_MAX - 1;
    assert_int_equal(sign(), TROTH_OK);
    fake_kept(&f);
    const struct fake_pdu *p = fake_next(&f);
    assert_memory_equal(p->b + 5, "\xfe\xff\xff\xff", 4);
    fake_done(&f, TROTH_OK, 0);
    assert_int_equal(sign(), TROTH_FULL);
    assert_int_equal(f.bond.sign_counter[0], UINT32_MAX);
    fake_silent(&f);
}

static void its_link_or_its_bond_goes(void **state)
{
    (void)state;
    assert_int_equal(sign(), TROTH_OK);
    f.has_bond = f.has_own_csrk = false;
    gatt_unbonded(&f.g);
    fake_done(&f, TROTH_STATE, 0);
    f.has_bond = f.has_own_csrk = true;
    assert_int_equal(sign(), TROTH_OK);
    gatt_disconnected(&f.g);
    fake_done(&f, TROTH_STATE, 0);
    fake_kept(&f);
    fake_silent(&f);
}

/* ---- receiving ---- */

static void signed_pdu(uint32_t counter, uint8_t octet)
{
    uint8_t pdu[16] = {0xd2, 0x12, 0x00, octet};
    toolbox_sign(f.csrk, pdu, 4, counter, pdu + 4);
    fake_rx_bytes(&f, pdu, sizeof pdu);
}

/* SM/SIGN/BV-03-C */
static void a_signed_write_is_delivered_once_kept(void **state)
{
    (void)state;
    f.bond.sign_counter[1] = 1;
    fake_rx(&f, VECTOR_WRITE VECTOR_SIGNATURE);
    assert_int_equal(f.persists, 1);
    assert_int_equal(f.bond.sign_counter[1], 2);
    assert_int_equal(writes, 0);
    f.sign_kept[1] = 1; /* what the store had before */
    assert_false(gatt_step(&f.g));
    fake_kept(&f);
    assert_int_equal(writes, 1);
    assert_int_equal(written_len, 2);
    assert_memory_equal(written, data, 2);
    fake_silent(&f);
}

/* SM/SIGN/BI-01-C */
static void a_wrong_mac_changes_nothing(void **state)
{
    (void)state;
    f.bond.sign_counter[1] = 1;
    for (unsigned bit = 8; bit < 17 * 8; bit++) { /* all but the opcode's */
        uint8_t pdu[17];
        fake_unhex(VECTOR_WRITE VECTOR_SIGNATURE, pdu, sizeof pdu);
        pdu[bit / 8] ^= (uint8_t)(1 << bit % 8);
        fake_rx_bytes(&f, pdu, sizeof pdu);
    }
    fake_kept(&f);
    assert_int_equal(writes, 0);
    assert_int_equal(f.persists, 0);
    assert_int_equal(f.bond.sign_counter[1], 1);
    fake_silent(&f);
    fake_no_event(&f);
}

/* SM/SIGN/BI-02-C: SC1, SC1, SC1, SC2, at one go and with the store answering in between. */
static void a_counter_counts_once(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        fresh(NULL);
        for (int i = 0; i < 4; i++) {
            signed_pdu(i < 3 ? 7 : 8, (uint8_t)(0x60 + i));
            if (!slow)
                fake_kept(&f);
        }
        fake_kept(&f);
        assert_int_equal(writes, 2);
        assert_int_equal(f.ask_data[0][0], 0x60);
        assert_int_equal(f.ask_data[1][0], 0x63);
        signed_pdu(8, 0x64);
        signed_pdu(0, 0x64);
        fake_kept(&f);
        assert_int_equal(writes, 2);
    }
}

/* Some of what waits is kept: that much is delivered, in order. */
static void delivered_as_far_as_kept(void **state)
{
    (void)state;
    signed_pdu(3, 'a');
    signed_pdu(5, 'b');
    signed_pdu(9, 'c');
    f.sign_kept[1] = 6;
    assert_true(gatt_step(&f.g));
    fake_drain(&f);
    assert_true(gatt_step(&f.g));
    fake_drain(&f);
    assert_int_equal(written[0], 'b');
    assert_false(gatt_step(&f.g));
    assert_int_equal(writes, 2);
    signed_pdu(10, 'd');
    gatt_unkept(&f.g); /* neither c nor d is safe */
    f.sign_kept[1] = 11;
    assert_false(gatt_step(&f.g));
    signed_pdu(9, 'c');
    signed_pdu(10, 'd');
    signed_pdu(11, 'e');
    fake_kept(&f);
    assert_int_equal(writes, 3);
    assert_int_equal(written[0], 'e');
}

/* There is room for so many; what does not fit is lost, and its counter may come again. */
static void more_than_can_wait(void **state)
{
    (void)state;
    uint32_t n = 0;
    for (; n < 100; n++) {
        signed_pdu(n, (uint8_t)n);
        if (f.bond.sign_counter[1] != n + 1)
            break;
    }
    assert_true(n > 10 && n < 100);
    fake_kept(&f);
    assert_int_equal(writes, n);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(f.ask_data[i][0], i);
    signed_pdu(n, 0x77);
    fake_kept(&f);
    assert_int_equal(written[0], 0x77);

    /* The longest there is fits alone. */
    uint8_t pdu[TROTH_ATT_MTU] = {0xd2, 0x12, 0x00};
    fake_turn(&f, "02 f7 00", "03 f7 00");
    toolbox_sign(f.csrk, pdu, sizeof pdu - 12, 200, pdu + sizeof pdu - 12);
    fake_rx_bytes(&f, pdu, sizeof pdu);
    fake_kept(&f);
    assert_int_equal(written_len, TROTH_ATT_MTU - 15);
}

static void ignored(uint32_t counter)
{
    unsigned before = f.persists;
    signed_pdu(counter, 'x');
    fake_kept(&f);
    assert_int_equal(writes, 0);
    assert_int_equal(f.persists, before);
    assert_int_equal(f.bond.sign_counter[1], 0);
}

static void what_is_ignored(void **state)
{
    (void)state;
    f.has_csrk = false;
    ignored(1);
    f.has_csrk = true;
    f.has_bond = false;
    ignored(1);
    f.has_bond = true;
    f.level = secure;
    ignored(1);
    f.level = (struct troth_level){0};
    f.policy.core = TROTH_CORE_6_3;
    ignored(1);
    f.policy.core = 0;
    ignored(UINT32_MAX); /* none could follow */
    signed_pdu(UINT32_MAX - 1, 'y');
    fake_kept(&f);
    assert_int_equal(writes, 1);
    signed_pdu(UINT32_MAX, 'z');
    fake_kept(&f);
    assert_int_equal(writes, 1);
}

/* Its bond is replaced while it waits: the new one's counters say nothing about it. */
static void a_bond_gone_takes_its_writes_along(void **state)
{
    (void)state;
    signed_pdu(3, 'a');
    gatt_unbonded(&f.g);
    memset(&f.bond, 0, sizeof f.bond);
    memset(f.csrk, 0x77, sizeof f.csrk);
    signed_pdu(5, 'b');
    fake_kept(&f);
    assert_int_equal(writes, 1);
    assert_int_equal(written[0], 'b');
}

/* ---- what the property grants ---- */

static void unsigned_only_from_the_bonds_link(void **state)
{
    (void)state;
    fake_rx(&f, "52 12 00 61"); /* in the clear */
    f.level = (struct troth_level){16, true, true, false};
    fake_rx(&f, "52 12 00 61"); /* encrypted, by a pairing that left no bond */
    assert_int_equal(writes, 0);
    f.level = secure;
    fake_rx(&f, "52 12 00 61"); /* Part G 4.9.2: instead of a signed one */
    assert_int_equal(writes, 1);
    fake_turn(&f, "12 12 00 61", "01 12 12 00 03");
    fake_rx(&f, "52 10 00 61");
    assert_int_equal(writes, 1);
    fake_silent(&f);
}

/* Of all levels a link may have: those that the bond's own key protects, and no flag alone. */
static void at_every_level(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 3 * 8; n++) {
        static const uint8_t sizes[] = {0, 7, 16};
        fresh(NULL);
        f.level = (struct troth_level){sizes[n / 8], n & 1, n & 2, n & 4};
        bool plain = !f.level.key_size;
        fake_rx(&f, "52 12 00 61");
        assert_int_equal(writes, !plain && f.level.bonded);
        writes = 0;
        signed_pdu(0, 'a');
        fake_kept(&f);
        assert_int_equal(writes, plain);
        fake_turn(&f, "12 12 00 61", "01 12 12 00 03");
        fake_turn(&f, "16 12 00 00 00 61", "01 16 12 00 03");
        fake_turn(&f, "0a 12 00", "01 0a 12 00 02");
    }
}

/* The permissions stay one ladder: a signature is not a rung of it. */
static void a_signature_is_no_permission(void **state)
{
    (void)state;
    static struct troth_characteristic one;
    static const struct troth_service other = {TROTH_UUID16(0xbb00), &one, 1, serve, NULL};
    for (uint8_t permission = TROTH_OPEN; permission <= TROTH_AUTHENTICATED_SC; permission++) {
        struct troth_gatt_service s = {.table = &other};
        one = (struct troth_characteristic){.uuid = TROTH_UUID16(0xbb01),
                                            .properties = TROTH_PROP_SIGNED_WRITE,
                                            .write = permission};
        gatt_db_init(&f.db, "Troth", 0);
        assert_int_equal(gatt_db_add(&f.db, &s), permission ? TROTH_INVALID : TROTH_OK);
    }
}

#define T(test) cmocka_unit_test_setup(test, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(mac_and_counter_are_the_specifications),
        T(an_older_state_kept_is_not_enough),
        T(a_store_that_refuses),
        T(one_procedure_at_a_time),
        T(it_waits_for_room),
        T(nothing_is_signed_on_an_encrypted_link),
        T(what_is_refused),
        T(counters_come_to_an_end),
        T(its_link_or_its_bond_goes),
        T(a_signed_write_is_delivered_once_kept),
        T(a_wrong_mac_changes_nothing),
        T(a_counter_counts_once),
        T(delivered_as_far_as_kept),
        T(more_than_can_wait),
        T(what_is_ignored),
        T(a_bond_gone_takes_its_writes_along),
        T(unsigned_only_from_the_bonds_link),
        T(at_every_level),
        T(a_signature_is_no_permission),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
