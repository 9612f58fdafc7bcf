/* LL privacy: addresses made and resolved by the controller. */
#include "rig.h"

static const uint8_t irk_c[16] = {0xC1, 2, 3}, irk_p[16] = {0xB1, 2, 3};

static uint8_t add(struct host *h, const uint8_t *identity, const uint8_t *peer_irk,
                   const uint8_t *local_irk)
{
    uint8_t p[39] = {0};
    memcpy(p + 1, identity, 6);
    if (peer_irk)
        memcpy(p + 7, peer_irk, 16);
    if (local_irk)
        memcpy(p + 23, local_irk, 16);
    return do_command(h, 0x2027, p, sizeof p);
}

static uint8_t own(struct host *h, uint16_t opcode, const uint8_t *identity, uint8_t rpa[6])
{
    uint8_t p[7] = {0};
    memcpy(p + 1, identity, 6);
    struct packet r = command(h, opcode, p, 7);
    assert_int_equal(r.len, 3 + 3 + 7);
    memcpy(rpa, r.bytes + 7, 6);
    return r.bytes[6];
}

static struct rig *private_rig(bool know_each_other)
{
    struct rig *rig = rig_new(NULL);
    for (int i = 0; i < 2; i++)
        bring_up(rig_attach(rig, i, NULL), true);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(add(p, c->address, irk_c, irk_p), 0);
    assert_int_equal(CMD(p, 0x202D, 1), 0);
    if (know_each_other) {
        assert_int_equal(add(c, p->address, irk_p, irk_c), 0);
        assert_int_equal(CMD(c, 0x202D, 1), 0);
    }
    return rig;
}

static void seen_by_a_stranger(void **state)
{
    (void)state;
    struct rig *rig = private_rig(false);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(p, 0x202E, 1, 0), 0); /* a new address every second */
    assert_int_equal(adv_params(p, 0, 2, 0, c->address, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    run(rig, 5500);
    assert_in_range(count_events(c, 0x3E, 0x02), 5, 6);
    uint8_t rpa[6];
    assert_int_equal(own(p, 0x202C, c->address, rpa), 0);
    struct packet last = {0};
    while (count_events(c, 0x3E, 0x02)) {
        struct packet e = le_event(c, 0x02);
        assert_int_equal(e.bytes[6], 1);
        assert_int_equal(e.bytes[12] & 0xC0, 0x40);
        assert_memory_not_equal(e.bytes + 7, last.bytes + 7, 6);
        last = e;
    }
    assert_memory_equal(last.bytes + 7, rpa, 6);
    rig_free(rig);
}

static void friends(void **state)
{
    (void)state;
    struct rig *rig = private_rig(true);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(adv_params(p, 0, 2, 0, c->address, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    assert_int_equal(CMD(p, 0x2029, 0), 0x12);
    assert_int_equal(CMD0(p, 0x2029), 0x0C); /* in use */
    assert_int_equal(CMD(p, 0x202D, 0), 0x0C);
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    run(rig, 100);
    struct packet e = le_event(c, 0x02);
    assert_int_equal(e.bytes[6], 2); /* public identity, resolved */
    assert_memory_equal(e.bytes + 7, p->address, 6);
    assert_int_equal(CMD(c, 0x200C, 0, 0), 0);
    assert_int_equal(create(c, 0, 0, p->address, 2), 0);
    run(rig, 100);
    uint8_t rc[6], rp[6], seen[6];
    own(c, 0x202C, p->address, rc);
    own(p, 0x202C, c->address, rp);
    own(c, 0x202B, p->address, seen);
    assert_memory_equal(seen, rp, 6);
    e = le_event(c, 0x0A);
    assert_int_equal(e.bytes[8], 2);
    assert_memory_equal(e.bytes + 9, p->address, 6);
    assert_memory_equal(e.bytes + 15, rc, 6);
    assert_memory_equal(e.bytes + 21, rp, 6);
    e = le_event(p, 0x0A);
    assert_int_equal(e.bytes[8], 2);
    assert_memory_equal(e.bytes + 9, c->address, 6);
    assert_memory_equal(e.bytes + 15, rp, 6);
    assert_memory_equal(e.bytes + 21, rc, 6);
    rig_free(rig);
}

static void directed_at_a_private_address(void **state)
{
    (void)state;
    struct rig *rig = private_rig(true);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(adv_params(p, 4, 2, 0, c->address, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    assert_int_equal(create(c, 0, 2, p->address, 2), 0);
    run(rig, 100);
    struct packet e = le_event(c, 0x0A);
    assert_int_equal(e.bytes[4], 0);
    le_event(p, 0x0A);
    rig_free(rig);
}

static void network_privacy(void **state)
{
    (void)state;
    struct rig *rig = private_rig(true);
    struct host *c = rig->host[0], *p = rig->host[1];
    advertise(p); /* with its identity address, though it has an IRK */
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    run(rig, 100);
    assert_int_equal(c->count, 0);
    uint8_t mode[8] = {0};
    memcpy(mode + 1, p->address, 6);
    mode[7] = 1;
    assert_int_equal(do_command(c, 0x204E, mode, 8), 0x0C);
    assert_int_equal(CMD(c, 0x200C, 0, 0), 0);
    assert_int_equal(do_command(c, 0x204E, mode, 8), 0);
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    run(rig, 100);
    struct packet e = le_event(c, 0x02);
    assert_int_equal(e.bytes[6], 0);
    rig_free(rig);
}

static void the_list(void **state)
{
    (void)state;
    struct rig *rig = private_rig(false);
    struct host *h = rig->host[0];
    struct packet r = command(h, 0x202A, NULL, 0);
    assert_int_equal(r.bytes[7], 16);
    uint8_t identity[6] = {0}, irk[16] = {9};
    for (uint8_t i = 0; i < 16; i++) {
        identity[0] = irk[1] = i;
        assert_int_equal(add(h, identity, irk, NULL), 0);
        assert_int_equal(add(h, identity, irk, NULL), 0x12);
    }
    identity[0] = irk[1] = 16;
    assert_int_equal(add(h, identity, irk, NULL), 0x07);
    uint8_t which[7] = {0, 16};
    assert_int_equal(do_command(h, 0x2028, which, 7), 0x02);
    which[1] = 3;
    assert_int_equal(do_command(h, 0x2028, which, 7), 0);
    assert_int_equal(add(h, identity, irk, NULL), 0);
    uint8_t rpa[6];
    which[1] = 3;
    assert_int_equal(own(h, 0x202C, which + 1, rpa), 0x02);
    assert_int_equal(CMD0(h, 0x2029), 0);
    assert_int_equal(CMD(h, 0x202E, 0, 0), 0x12);
    rig_free(rig);
}

/* Own_Address_Type 0x03: the list's address for whom it has an entry, the random one else. */
static void from_the_list_or_random(void **state)
{
    (void)state;
    static const uint8_t nobody[6] = {0}, random[6] = {1, 2, 3, 4, 5, 0x46};
    struct rig *rig = rig_new(NULL);
    for (int i = 0; i < 2; i++)
        bring_up(rig_attach(rig, i, NULL), true);
    struct host *c = rig->host[0], *p = rig->host[1];
    /* Neither there: refused, Vol 4 Part E 7.8.9, 7.8.11, 7.8.12 */
    assert_int_equal(adv_params(p, 0, 3, 0, nobody, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0x12);
    assert_int_equal(CMD(p, 0x200B, 1, 0x10, 0, 0x10, 0, 3, 0), 0);
    assert_int_equal(CMD(p, 0x200C, 1, 0), 0x12);
    assert_int_equal(create(p, 0, 0, c->address, 3), 0x12);
    assert_int_equal(do_command(p, 0x2005, random, 6), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    run(rig, 100);
    struct packet e = le_event(c, 0x02);
    assert_memory_equal(e.bytes + 7, random, 6);
    /* An entry for nobody serves advertising that is not directed. */
    assert_int_equal(CMD(p, 0x200A, 0), 0);
    assert_int_equal(add(p, nobody, NULL, irk_p), 0);
    assert_int_equal(CMD(p, 0x202D, 1), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    run(rig, 100);
    uint8_t rpa[6];
    assert_int_equal(own(p, 0x202C, nobody, rpa), 0);
    e = le_event(c, 0x02);
    assert_memory_equal(e.bytes + 7, rpa, 6);
    rig_free(rig);
}

static enum air_verdict hear(void *ctx, struct air_crossing *x)
{
    struct air_crossing *last = ctx;
    last[x->kind == AIR_ADV ? (x->adv_type == 4) : 2] = *x;
    return AIR_PASS;
}

/* Strangers are asked under the random address, friends under the list's. */
static void who_is_named_on_the_air(void **state)
{
    (void)state;
    static const uint8_t random[6] = {1, 2, 3, 4, 5, 0x46};
    struct air_crossing heard[3] = {0};
    for (int friend = 0; friend < 2; friend++) {
        struct rig *rig = private_rig(friend);
        struct host *c = rig->host[0], *p = rig->host[1];
        air_set_hook(rig->air, hear, heard);
        assert_int_equal(do_command(c, 0x2005, random, 6), 0);
        assert_int_equal(adv_params(p, 0, 2, 0, c->address, 0), 0);
        assert_int_equal(CMD(p, 0x200A, 1), 0);
        assert_int_equal(CMD(c, 0x200B, 1, 0x10, 0, 0x10, 0, 3, 0), 0);
        assert_int_equal(CMD(c, 0x200C, 1, 0), 0);
        run(rig, 100);
        uint8_t rp[6], rc[6];
        assert_int_equal(own(p, 0x202C, c->address, rp), 0);
        assert_memory_equal(heard[0].sender.a, rp, 6);
        assert_int_equal(heard[0].sender.type, 1);
        assert_memory_equal(heard[1].sender.a, rp, 6);
        memcpy(rc, random, 6);
        if (friend)
            assert_int_equal(own(c, 0x202C, p->address, rc), 0);
        assert_memory_equal(heard[1].receiver.a, rc, 6);
        assert_int_equal(CMD(c, 0x200C, 0, 0), 0);
        if (friend)
            assert_int_equal(create(c, 0, 0, p->address, 3), 0);
        else
            assert_int_equal(create(c, 0, 1, rp, 3), 0);
        run(rig, 100);
        assert_memory_equal(heard[2].sender.a, rc, 6);
        assert_memory_equal(heard[2].receiver.a, rp, 6);
        rig_free(rig);
    }
}

/* What may be changed while advertising: the list, as long as nothing is resolved with it. */
static void changes_while_advertising(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    struct host *h = rig_attach(rig, 0, NULL);
    bring_up(h, true);
    static const uint8_t who[6] = {1}, random[6] = {1, 2, 3, 4, 5, 0x46};
    uint8_t p[8] = {0, 1, 0, 0, 0, 0, 0, 1};
    for (int resolving = 0; resolving < 2; resolving++) {
        uint8_t status = resolving ? 0x0C : 0;
        assert_int_equal(CMD(h, 0x202D, (uint8_t)resolving), 0);
        if (resolving)
            assert_int_equal(add(h, who, irk_c, irk_p), 0);
        advertise(h);
        if (!resolving)
            assert_int_equal(add(h, who, irk_c, irk_p), 0);
        assert_int_equal(do_command(h, 0x204E, p, 8), status);
        assert_int_equal(do_command(h, 0x2028, p, 7), status);
        assert_int_equal(CMD0(h, 0x2029), status);
        assert_int_equal(CMD(h, 0x202D, 1), 0x0C);
        assert_int_equal(do_command(h, 0x2005, random, 6), 0x0C); /* 7.8.4 */
        assert_int_equal(CMD(h, 0x202E, 1, 0), 0);
        assert_int_equal(CMD(h, 0x200A, 0), 0);
    }
    rig_free(rig);
}

static void a_smaller_list(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    const struct air_controller_config cfg = {.resolving_size = 2};
    struct host *h = rig_attach(rig, 0, &cfg);
    bring_up(h, true);
    struct packet r = command(h, 0x202A, NULL, 0);
    assert_int_equal(r.bytes[7], 2);
    uint8_t identity[6] = {0};
    for (uint8_t i = 0; i < 3; i++) {
        identity[0] = i;
        assert_int_equal(add(h, identity, NULL, irk_p), i < 2 ? 0 : 0x07); /* no IRK: any number */
    }
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(seen_by_a_stranger),
        cmocka_unit_test(friends),
        cmocka_unit_test(directed_at_a_private_address),
        cmocka_unit_test(network_privacy),
        cmocka_unit_test(the_list),
        cmocka_unit_test(from_the_list_or_random),
        cmocka_unit_test(who_is_named_on_the_air),
        cmocka_unit_test(changes_while_advertising),
        cmocka_unit_test(a_smaller_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
