/* Advertising, scanning, connecting, disconnecting. */
#include "rig.h"

static struct rig *pair_of_hosts(void)
{
    struct rig *rig = rig_new(NULL);
    for (int i = 0; i < 2; i++)
        bring_up(rig_attach(rig, i, NULL), false);
    return rig;
}

static void reports(void **state)
{
    (void)state;
    struct rig *rig = pair_of_hosts();
    struct host *c = rig->host[0], *p = rig->host[1];
    advertise(p);
    assert_int_equal(CMD(c, 0x200B, 1, 0x10, 0, 0x10, 0, 0, 0), 0);
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    run(rig, 500);
    assert_int_equal(count_events(c, 0x3E, 0x02), 2); /* filtered: one each */
    struct packet r = le_event(c, 0x02);
    static const uint8_t adv[] = {1, 0, 0};
    assert_memory_equal(r.bytes + 4, adv, 3);
    assert_memory_equal(r.bytes + 7, p->address, 6);
    static const uint8_t data[] = {3, 2, 1, 6, (uint8_t)-50};
    assert_memory_equal(r.bytes + 13, data, 5);
    r = le_event(c, 0x02);
    assert_int_equal(r.bytes[5], 4); /* scan response */
    assert_int_equal(r.bytes[13], 4);
    assert_int_equal(CMD(c, 0x200C, 0, 0), 0);
    /* passive, unfiltered */
    assert_int_equal(CMD(c, 0x200B, 0, 0x10, 0, 0x10, 0, 0, 0), 0);
    assert_int_equal(CMD(c, 0x200C, 1, 0), 0);
    run(rig, 500);
    size_t n = count_events(c, 0x3E, 0x02);
    assert_in_range(n, 15, 25); /* every 20 to 30 ms */
    while (n--) {
        r = le_event(c, 0x02);
        assert_int_equal(r.bytes[5], 0);
    }
    assert_int_equal(CMD(p, 0x200A, 0), 0);
    run(rig, 500);
    assert_int_equal(c->count, 0);
    rig_free(rig);
}

static void other_kinds(void **state)
{
    (void)state;
    struct rig *rig = pair_of_hosts();
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(c, 0x200B, 1, 0x10, 0, 0x10, 0, 0, 0), 0);
    assert_int_equal(CMD(c, 0x200C, 1, 1), 0);
    assert_int_equal(create(c, 0, 0, p->address, 0), 0);
    for (uint8_t type = 2; type <= 3; type++) { /* scannable, then nothing: no connection */
        assert_int_equal(adv_params(p, type, 0, 0, NULL, 0), 0);
        assert_int_equal(CMD(p, 0x200A, 1), 0);
        run(rig, 200);
        struct packet r = le_event(c, 0x02);
        assert_int_equal(r.bytes[5], type);
        assert_int_equal(count_events(c, 0x3E, 0x02), type == 2);
        forget(c);
        assert_int_equal(CMD(p, 0x200A, 0), 0);
    }
    /* directed at somebody else, then at the central */
    static const uint8_t other[6] = {1, 2, 3, 4, 5, 6};
    assert_int_equal(adv_params(p, 1, 0, 0, other, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    run(rig, 1300);
    assert_int_equal(c->count, 0);
    struct packet r = le_event(p, 0x01);
    assert_int_equal(r.bytes[4], 0x3C);
    assert_int_equal(r.bytes[7], 1);
    assert_int_equal(adv_params(p, 4, 0, 0, c->address, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    run(rig, 100);
    r = le_event(c, 0x02);
    assert_int_equal(r.bytes[5], 1);
    r = le_event(c, 0x01);
    assert_int_equal(r.bytes[4], 0);
    r = le_event(p, 0x01);
    assert_memory_equal(r.bytes + 9, c->address, 6);
    rig_free(rig);
}

static void connection_complete(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    struct host *c = rig_attach(rig, 0, NULL), *p = rig_attach(rig, 1, NULL);
    bring_up(c, true);
    bring_up(p, false);
    static const uint8_t random[6] = {1, 2, 3, 4, 5, 0xC6};
    assert_int_equal(adv_params(p, 0, 1, 0, NULL, 0), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0x12); /* no random address yet */
    assert_int_equal(do_command(p, 0x2005, random, 6), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    assert_int_equal(do_command(p, 0x2005, random, 6), 0x0C); /* refused meanwhile */
    assert_int_equal(create(c, 0, 1, random, 0), 0);
    assert_int_equal(create(c, 0, 1, random, 0), 0x0C);
    run(rig, 100);
    assert_int_equal(count_events(c, 0x3E, 0x01), 0);
    struct packet e = le_event(c, 0x0A);
    assert_int_equal(e.len, 3 + 31);
    assert_int_equal(e.bytes[7], 0); /* central */
    assert_int_equal(e.bytes[8], 1);
    assert_memory_equal(e.bytes + 9, random, 6);
    assert_int_equal(get_le16(e.bytes + 27), 24);
    assert_int_equal(get_le16(e.bytes + 31), 200);
    e = le_event(p, 0x01);
    assert_int_equal(e.len, 3 + 19);
    assert_int_equal(e.bytes[7], 1);
    assert_memory_equal(e.bytes + 9, c->address, 6);
    assert_int_equal(get_le16(e.bytes + 15), 24);
    assert_int_equal(create(c, 0, 1, random, 0), 0x0B);
    assert_int_equal(CMD(p, 0x200A, 1), 0); /* advertising had stopped by itself */
    rig_free(rig);
}

static void cancel(void **state)
{
    (void)state;
    struct rig *rig = pair_of_hosts();
    struct host *c = rig->host[0];
    assert_int_equal(CMD0(c, 0x200E), 0x0C);
    assert_int_equal(create(c, 0, 0, rig->host[1]->address, 0), 0);
    assert_int_equal(CMD0(c, 0x200E), 0);
    struct packet e = le_event(c, 0x01);
    assert_int_equal(e.bytes[4], 0x02);
    assert_int_equal(CMD0(c, 0x200E), 0x0C);
    rig_free(rig);
}

static void bad_parameters(void **state)
{
    (void)state;
    struct rig *rig = pair_of_hosts();
    struct host *c = rig->host[0];
    uint8_t good[25] = {0x10, 0, 0x10, 0};
    good[13] = 24, good[15] = 24, good[19] = 200;
    static const struct {
        uint8_t at, value;
    } bad[] = {{0, 3},  {2, 0x11},  {4, 2},  {5, 4},  {12, 4}, {13, 5},    {13, 25},
               {15, 0}, {16, 0x0D}, {18, 2}, {19, 0}, {19, 9}, {20, 0x0D}, {21, 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint8_t p[25];
        memcpy(p, good, 25);
        p[bad[i].at] = bad[i].value;
        assert_int_equal(do_command(c, 0x200D, p, 25), 0x12);
    }
    assert_int_equal(do_command(c, 0x200D, good, 25), 0);
    rig_free(rig);
}

static void filter_accept_list(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    for (int i = 0; i < 3; i++)
        bring_up(rig_attach(rig, i, NULL), false);
    struct host *c = rig->host[0], *p = rig->host[1], *q = rig->host[2];
    uint8_t entry[7] = {0};
    memcpy(entry + 1, q->address, 6);
    assert_int_equal(do_command(c, 0x2011, entry, 7), 0);
    advertise(p);
    assert_int_equal(create(c, 1, 0, p->address, 0), 0);
    assert_int_equal(CMD0(c, 0x2010), 0x0C); /* in use */
    run(rig, 200);
    assert_int_equal(c->count, 0);
    advertise(q);
    run(rig, 200);
    struct packet e = le_event(c, 0x01);
    assert_memory_equal(e.bytes + 9, q->address, 6);
    assert_int_equal(do_command(c, 0x2012, entry, 7), 0);
    assert_int_equal(do_command(c, 0x2012, entry, 7), 0x12);
    /* the advertiser's side: q is connected to c already, p accepts only q */
    assert_int_equal(CMD(p, 0x200A, 0), 0);
    assert_int_equal(do_command(p, 0x2011, entry, 7), 0);
    assert_int_equal(adv_params(p, 0, 0, 0, NULL, 2), 0);
    assert_int_equal(CMD(p, 0x200A, 1), 0);
    assert_int_equal(create(c, 0, 0, p->address, 0), 0);
    run(rig, 200);
    assert_int_equal(c->count, 0);
    assert_int_equal(create(q, 0, 0, p->address, 0), 0);
    run(rig, 200);
    le_event(p, 0x01);
    rig_free(rig);
}

static void disconnect(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(c, 0x0406, LO(c->handle), HI(c->handle), 0x16), 0x12);
    assert_int_equal(CMD(c, 0x0406, 0xFF, 0x0E, 0x13), 0x02);
    assert_int_equal(CMD(c, 0x0406, LO(c->handle), HI(c->handle), 0x15), 0);
    assert_int_equal(CMD(c, 0x0406, LO(c->handle), HI(c->handle), 0x13), 0x0C);
    run(rig, 10);
    expect_disconnected(c, 0x16);
    expect_disconnected(p, 0x15);
    connect_hosts(rig);
    assert_int_equal(CMD(p, 0x0406, LO(p->handle), HI(p->handle), 0x13), 0);
    run(rig, 10);
    expect_disconnected(c, 0x13);
    expect_disconnected(p, 0x16);
    rig_free(rig);
}

static void power_cut(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    air_detach(p->c);
    run(rig, 1999);
    assert_int_equal(c->count, 0);
    run(rig, 2);
    expect_disconnected(c, 0x08);
    rig_free(rig);

    rig = connected_rig(NULL); /* the other one's own Disconnect gets through all the same */
    c = rig->host[0];
    air_detach(rig->host[1]->c);
    assert_int_equal(CMD(c, 0x0406, LO(c->handle), HI(c->handle), 0x13), 0);
    run(rig, 2001);
    expect_disconnected(c, 0x16);
    rig_free(rig);
}

static void from_inside_a_callback(void *ctx, const uint8_t *h4, size_t len)
{
    (void)len;
    struct air_controller **c = ctx;
    if (h4[0] == 0x04 && h4[1] == 0x0E) {
        air_detach(*c);
        *c = NULL;
    }
}

static void detach_from_callback(void **state)
{
    (void)state;
    struct rig *rig = pair_of_hosts();
    static const uint8_t rand[] = {1, 0x18, 0x20, 0};
    struct air_controller *c = NULL;
    c = air_attach(rig->air, NULL, from_inside_a_callback, &c);
    air_rx(c, rand, 4, rig->now);
    air_rx(c, rand, 4, rig->now);
    run(rig, 10);
    assert_null(c);
    rig_free(rig);
}

static void features_and_version(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    for (int i = 0; i < 2; i++) {
        struct host *h = rig->host[i];
        assert_int_equal(CMD(h, 0x2016, LO(h->handle), HI(h->handle)), 0);
        assert_int_equal(CMD(h, 0x041D, LO(h->handle), HI(h->handle)), 0);
        run(rig, 10);
        struct packet e = le_event(h, 0x04);
        assert_int_equal(e.len, 3 + 12);
        assert_int_equal(e.bytes[4], 0);
        assert_int_equal(e.bytes[7], 0xEF);
        e = event(h, 0x0C, 0);
        assert_int_equal(e.len, 3 + 8);
        assert_int_equal(e.bytes[6], 0x0C);
    }
    rig_free(rig);
}

static void updates(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(c, 0x2013, LO(c->handle), 0, 40, 0, 40, 0, 0, 0, 200, 0, 0, 0, 0, 0), 0);
    run(rig, 10);
    for (int i = 0; i < 2; i++) {
        struct packet e = le_event(rig->host[i], 0x03);
        assert_int_equal(e.bytes[4], 0);
        assert_int_equal(get_le16(e.bytes + 7), 40);
    }
    /* the peripheral asks: accepted, then refused */
    assert_int_equal(CMD(p, 0x2013, LO(p->handle), 0, 50, 0, 60, 0, 0, 0, 200, 0, 0, 0, 0, 0), 0);
    run(rig, 10);
    struct packet e = le_event(c, 0x06);
    assert_int_equal(get_le16(e.bytes + 8), 60);
    struct packet r = command(
        c, 0x2020, (uint8_t[]){LO(c->handle), 0, 60, 0, 60, 0, 0, 0, 200, 0, 0, 0, 0, 0}, 14);
    assert_int_equal(r.len, 3 + 3 + 3);
    assert_int_equal(r.bytes[6], 0);
    run(rig, 10);
    le_event(c, 0x03);
    e = le_event(p, 0x03);
    assert_int_equal(get_le16(e.bytes + 7), 60);
    assert_int_equal(CMD(p, 0x2013, LO(p->handle), 0, 50, 0, 50, 0, 0, 0, 200, 0, 0, 0, 0, 0), 0);
    run(rig, 10);
    le_event(c, 0x06);
    assert_int_equal(CMD(c, 0x2021, LO(c->handle), 0, 0x3B), 0);
    run(rig, 10);
    e = le_event(p, 0x03);
    assert_int_equal(e.bytes[4], 0x3B);
    assert_int_equal(get_le16(e.bytes + 7), 60);
    assert_int_equal(c->count, 0);
    assert_int_equal(CMD(c, 0x2021, LO(c->handle), 0, 0x3B), 0x0C);
    rig_free(rig);
}

static void phy(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(c, 0x2032, LO(c->handle), 0, 0, 2, 2, 0, 0), 0);
    run(rig, 10);
    struct packet e = le_event(c, 0x0C);
    assert_int_equal(e.bytes[7], 2);
    e = le_event(p, 0x0C);
    assert_int_equal(e.bytes[8], 2);
    assert_int_equal(CMD(c, 0x2032, LO(c->handle), 0, 0, 4, 2, 0, 0), 0x11);
    rig_free(rig);
}

struct seen {
    int controllers, links;
    struct air_status link;
};

static void see(void *ctx, const struct air_status *s)
{
    struct seen *seen = ctx;
    if (s->what == AIR_STATUS_LINK) {
        seen->links++;
        seen->link = *s;
    } else {
        seen->controllers++;
    }
}

static void status(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct seen seen = {0};
    air_status(rig->air, see, &seen);
    assert_int_equal(seen.controllers, 2);
    assert_int_equal(seen.links, 1);
    assert_int_equal(seen.link.side[0].controller, 1);
    assert_memory_equal(seen.link.side[1].on_air.a, rig->host[1]->address, 6);
    assert_false(seen.link.encrypted);
    char *json = air_status_json(rig->air);
    assert_non_null(strstr(json, "\"supervision_timeout_ms\":\t2000"));
    free(json);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reports),
        cmocka_unit_test(other_kinds),
        cmocka_unit_test(connection_complete),
        cmocka_unit_test(cancel),
        cmocka_unit_test(bad_parameters),
        cmocka_unit_test(filter_accept_list),
        cmocka_unit_test(disconnect),
        cmocka_unit_test(power_cut),
        cmocka_unit_test(detach_from_callback),
        cmocka_unit_test(features_and_version),
        cmocka_unit_test(updates),
        cmocka_unit_test(phy),
        cmocka_unit_test(status),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
