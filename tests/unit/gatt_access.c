/*
 * Every operation, under every permission, on every level a link may have: what the levels allow is
 * worked out here a second time, as a table of ranks, and no octet of a value may leak.
 */
#include "support/gatt_fake.h"

#include <string.h>

#define SECRET 0x99

static unsigned accesses;
static const uint8_t secret[4] = {SECRET, SECRET, SECRET, SECRET};

static enum troth_gatt_status serve(void *ctx, struct troth_gatt_access *a)
{
    (void)ctx;
    accesses++;
    a->value = secret;
    a->value_len = 4;
    return TROTH_GATT_OK;
}

static struct troth_characteristic one = {.uuid = TROTH_UUID16(0xaa01), .id = 1};
static const struct troth_service table = {TROTH_UUID16(0xaa00), &one, 1, serve, NULL};
static struct troth_gatt_service service;
static struct fake f;

/* What a link gives, and its rank among the permissions' words. */
static const struct {
    struct troth_level level;
    int rank; /* of the strongest permission it satisfies, key size aside */
} links[] = {
    {{0, false, false, false}, 0}, {{0, true, true, true}, 0}, /* stale flags prove nothing */
    {{7, false, false, false}, 1}, {{16, false, false, false}, 1}, {{16, false, true, true}, 1},
    {{7, true, false, true}, 2},   {{16, true, false, true}, 2},   {{7, true, true, true}, 3},
    {{15, true, true, true}, 3},   {{16, true, true, false}, 3},   {{16, true, true, true}, 3},
};

static uint8_t expected(const struct troth_level *level, int rank, int permission, bool sc_only,
                        uint8_t key_size, uint8_t min_key_size, bool bonded)
{
    uint8_t need = key_size ? key_size : min_key_size ? min_key_size : 16;
    if (permission == 3)
        need = 16;
    if (permission == 0)
        return 0;
    if (rank == 0)
        return bonded ? 0x0f : 0x05;
    if (rank < permission || (sc_only && !level->sc))
        return 0x05;
    return level->key_size < need ? 0x0c : 0;
}

static void open_with(uint8_t permission, uint8_t key_size, size_t link, bool sc_only,
                      uint8_t min_key_size, bool bonded)
{
    one.properties = TROTH_PROP_READ | TROTH_PROP_WRITE | TROTH_PROP_WRITE_COMMAND |
                     TROTH_PROP_NOTIFY | TROTH_PROP_INDICATE;
    one.read = one.write = one.subscribe = permission;
    one.key_size = key_size;
    service = (struct troth_gatt_service){.table = &table};
    fake_open(&f, &service, 1);
    f.level = links[link].level;
    f.policy.sc_only = sc_only;
    f.policy.min_key_size = min_key_size;
    f.has_bond = bonded;
    accesses = 0;
}

/* The operations, and how many accesses of the application a grant makes. */
static const struct {
    const char *pdu;
    unsigned accesses;
} operations[] = {
    {"0a 10 00", 1},             /* Read */
    {"0c 10 00 00 00", 1},       /* Read Blob */
    {"08 10 00 10 00 01 aa", 1}, /* Read By Type */
    {"0e 05 00 10 00", 1},       /* Read Multiple */
    {"0e 10 00 10 00", 2},
    {"20 05 00 10 00", 1},    /* Read Multiple Variable */
    {"12 10 00 01", 1},       /* Write */
    {"16 10 00 00 00 01", 0}, /* Prepare Write */
    {"12 11 00 01 00", 0},    /* CCC: write, read, by type */
    {"0a 11 00", 0},
    {"0c 11 00 00 00", 0},
    {"08 11 00 11 00 02 29", 0},
};

static void check_operation(size_t op, uint8_t want)
{
    fake_rx(&f, operations[op].pdu);
    const struct fake_pdu *p = fake_next(&f);
    fake_silent(&f);
    if (!want) {
        assert_int_not_equal(p->b[0], 0x01);
        assert_int_equal(accesses, operations[op].accesses);
        return;
    }
    assert_int_equal(p->len, 5);
    assert_int_equal(p->b[0], 0x01);
    assert_int_equal(p->b[4], want);
    assert_int_equal(accesses, 0);
    fake_no_event(&f);
}

/* Find By Type Value must not tell the CCC's value to whom may not read it, nor by guessing. */
static void check_unanswered(uint8_t want)
{
    accesses = 0;
    fake_forget(&f);
    fake_rx(&f, "52 10 00 01");
    fake_silent(&f);
    assert_int_equal(accesses, want ? 0 : 1);
    fake_rx(&f, "06 01 00 ff ff 01 aa 99 99 99 99");
    assert_int_equal(fake_next(&f)->b[0], 0x01);
    fake_rx(&f, "06 11 00 11 00 02 29 00 00");
    assert_int_equal(fake_next(&f)->b[0], want ? 0x01 : 0x07);
    /* A signature is no encryption: only what is open takes one; here none has the property. */
    fake_rx(&f, "d2 10 00 01 00 00 00 00 00 00 00 00 00 00 00 00");
    fake_silent(&f);
    assert_int_equal(accesses, want ? 0 : 1);
}

/* The subscription must have been granted before; the level is looked at again when pushing. */
static void check_push(uint8_t want)
{
    fake_forget(&f);
    f.g.ccc[0] = (struct troth_ccc){0x10, 1};
    assert_int_equal(gatt_notify(&f.g, &service, 1, secret, 4), want ? TROTH_NOT_FOUND : TROTH_OK);
    assert_int_equal(f.sent_n, want ? 0 : 1);
}

static void every_operation_permission_level(void **state)
{
    (void)state;
    static const uint8_t sizes[] = {0, 7, 16};
    unsigned grants = 0, refusals = 0;

    for (uint8_t permission = 0; permission < 4; permission++)
        for (size_t link = 0; link < sizeof links / sizeof *links; link++)
            for (int flags = 0; flags < 4; flags++)
                for (size_t ks = 0; ks < 3; ks++)
                    for (size_t ms = 0; ms < 3; ms++) {
                        bool sc_only = flags & 1, bonded = flags & 2;
                        uint8_t want = expected(&links[link].level, links[link].rank, permission,
                                                sc_only, sizes[ks], sizes[ms], bonded);
                        for (size_t op = 0; op < sizeof operations / sizeof *operations; op++) {
                            open_with(permission, sizes[ks], link, sc_only, sizes[ms], bonded);
                            check_operation(op, want);
                            want ? refusals++ : grants++;
                        }
                        check_unanswered(want);
                        check_push(want);
                    }
    assert_true(grants > 1000 && refusals > 1000);
}

/* Each permission guards its own: reading says nothing about writing or subscribing. */
static void permissions_are_independent(void **state)
{
    (void)state;
    open_with(0, 0, 0, false, 0, false);
    one.write = TROTH_AUTHENTICATED_SC;
    fake_turn(&f, "0a 10 00", "0b 99 99 99 99");
    fake_turn(&f, "12 10 00 01", "01 12 10 00 05");
    fake_turn(&f, "16 10 00 00 00 01", "01 16 10 00 05");
    fake_turn(&f, "12 11 00 01 00", "13");
    one.write = 0;
    one.subscribe = TROTH_AUTHENTICATED_SC;
    fake_turn(&f, "12 10 00 01", "13");
    fake_turn(&f, "0a 11 00", "01 0a 11 00 05");
    fake_turn(&f, "12 11 00 01 00", "01 12 11 00 05");
    one.subscribe = 0;
    one.read = TROTH_ENCRYPTED;
    fake_turn(&f, "0a 10 00", "01 0a 10 00 05");
    fake_turn(&f, "0e 05 00 10 00", "01 0e 10 00 05");
    fake_turn(&f, "0a 0f 00", "0b 3e 10 00 01 aa"); /* declarations are for everybody */
}

/* Execute looks again: the policy may have risen since Prepare. */
static void execute_checks_again(void **state)
{
    (void)state;
    open_with(1, 0, 3, false, 0, false); /* encrypted, legacy */
    fake_turn(&f, "16 10 00 00 00 01", "17 10 00 00 00 01");
    f.policy.sc_only = true;
    fake_turn(&f, "18 01", "01 18 10 00 05");
    f.policy.sc_only = false;
    fake_turn(&f, "18 01", "19");
    assert_int_equal(accesses, 0);
}

/* Without the property no level helps, and no security is asked for in vain. */
static void properties_come_first(void **state)
{
    (void)state;
    static const struct {
        uint8_t property;
        const char *pdu;
        uint8_t error;
    } rows[] = {
        {TROTH_PROP_READ, "0a 10 00", 0x02},
        {TROTH_PROP_READ, "0c 10 00 00 00", 0x02},
        {TROTH_PROP_READ, "08 10 00 10 00 01 aa", 0x02},
        {TROTH_PROP_READ, "0e 10 00 10 00", 0x02},
        {TROTH_PROP_READ, "20 10 00 10 00", 0x02},
        {TROTH_PROP_WRITE, "12 10 00 01", 0x03},
        {TROTH_PROP_WRITE, "16 10 00 00 00 01", 0x03},
    };
    for (size_t link = 0; link < sizeof links / sizeof *links; link++)
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            open_with(3, 0, link, false, 0, true);
            one.properties &= (uint8_t)~rows[i].property;
            fake_rx(&f, rows[i].pdu);
            assert_int_equal(fake_next(&f)->b[4], rows[i].error);
            assert_int_equal(accesses, 0);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_operation_permission_level),
        cmocka_unit_test(permissions_are_independent),
        cmocka_unit_test(execute_checks_again),
        cmocka_unit_test(properties_come_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
