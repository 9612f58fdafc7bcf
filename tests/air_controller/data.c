/* ACL: flags, fragments, credits, both directions of flow control. */
#include "rig.h"

static size_t completed(struct host *h)
{
    size_t n = 0;
    while (count_events(h, 0x13, 0)) {
        struct packet e = event(h, 0x13, 0);
        assert_int_equal(e.bytes[3], 1);
        assert_int_equal(get_le16(e.bytes + 4), h->handle);
        n += get_le16(e.bytes + 6);
    }
    return n;
}

static void both_ways(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    for (int i = 0; i < 2; i++) {
        struct host *from = rig->host[i], *to = rig->host[!i];
        uint8_t bytes[200], pdu[300];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t)k;
        send_l2cap(from, 6, bytes, sizeof bytes);
        run(rig, 0);
        assert_int_equal(completed(from), 0); /* still in flight */
        run(rig, 1);
        assert_int_equal(completed(from), 1);
        assert_int_equal(count_acl(to), 8); /* 204 octets in LL PDUs of 27 */
        assert_int_equal(reassemble(to, pdu, sizeof pdu), 204);
        assert_memory_equal(pdu + 4, bytes, 200);
        assert_int_equal(to->count, 0);
    }
    rig_free(rig);
}

static void longer_packets(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    struct packet r = command(c, 0x2022, (uint8_t[]){LO(c->handle), 0, 251, 0, 0x48, 8}, 6);
    assert_int_equal(r.len, 3 + 3 + 3);
    assert_int_equal(r.bytes[6], 0);
    run(rig, 10);
    struct packet e = le_event(c, 0x07);
    assert_int_equal(get_le16(e.bytes + 6), 251); /* tx */
    assert_int_equal(get_le16(e.bytes + 10), 27); /* the peer's own choice */
    e = le_event(p, 0x07);
    assert_int_equal(get_le16(e.bytes + 10), 251);
    uint8_t bytes[200] = {0};
    send_l2cap(c, 4, bytes, sizeof bytes);
    run(rig, 10);
    assert_int_equal(count_acl(p), 1);
    rig_free(rig);
}

static void fragments_of_the_host(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    /* one octet at a time keeps its boundaries */
    static const uint8_t pdu[] = {2, 0, 6, 0, 0xAA, 0xBB};
    for (size_t i = 0; i < sizeof pdu; i++)
        send_acl_flags(c, (uint16_t)(c->handle | (i ? 0x1000 : 0)), pdu + i, 1);
    run(rig, 10);
    assert_int_equal(completed(c), 6);
    for (size_t i = 0; i < sizeof pdu; i++) {
        struct packet a = acl(p);
        assert_int_equal(a.len, 6);
        assert_int_equal(get_le16(a.bytes + 1), p->handle | (i ? 0x1000 : 0x2000));
        assert_int_equal(a.bytes[5], pdu[i]);
    }
    /* 10 and 11 are not a host's, nor broadcast, nor nothing: dropped, credit returned */
    send_acl_flags(c, c->handle | 0x2000, pdu, 6);
    send_acl_flags(c, c->handle | 0x3000, pdu, 6);
    send_acl_flags(c, c->handle | 0x4000, pdu, 6);
    send_acl_flags(c, c->handle, pdu, 0);
    run(rig, 10);
    assert_int_equal(completed(c), 4);
    assert_int_equal(p->count, 0);
    send_acl_flags(c, 0x0EFF, pdu, 6); /* no such link */
    run(rig, 10);
    assert_int_equal(c->count, 0);
    rig_free(rig);
}

static void overrun(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    uint8_t bytes[300] = {8, 0, 4, 0};
    for (int i = 0; i < 9; i++)
        send_acl_flags(c, c->handle, bytes, 12);
    run(rig, 0);
    assert_int_equal(count_events(c, 0x1A, 0), 1);
    run(rig, 10);
    assert_int_equal(count_acl(p), 8);
    assert_int_equal(completed(c), 8);
    forget(c);
    send_acl_flags(c, c->handle, bytes, 252); /* larger than a buffer */
    run(rig, 10);
    event(c, 0x1A, 0);
    assert_int_equal(count_acl(p), 8);
    rig_free(rig);
}

static void credits_end_with_the_link(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    uint8_t bytes[12] = {8, 0, 4, 0};
    air_detach(p->c);
    for (int i = 0; i < 8; i++)
        send_acl_flags(c, c->handle, bytes, 12);
    run(rig, 2001);
    assert_int_equal(completed(c), 0); /* nobody got them */
    expect_disconnected(c, 0x08);
    p->c = air_attach(rig->air, NULL, rig_take, p);
    air_controller_address(p->c, p->address);
    bring_up(p, false);
    connect_hosts(rig);
    for (int i = 0; i < 8; i++)
        send_acl_flags(c, c->handle, bytes, 12);
    run(rig, 10);
    assert_int_equal(completed(c), 8);
    assert_int_equal(count_events(c, 0x1A, 0), 0);
    rig_free(rig);
}

static void host_flow_control(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    for (int i = 0; i < 2; i++)
        bring_up(rig_attach(rig, i, NULL), false);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(p, 0x0C33, 20, 0, 0, 2, 0, 0, 0), 0);
    assert_int_equal(CMD(p, 0x0C31, 1), 0);
    connect_hosts(rig);
    assert_int_equal(CMD(p, 0x0C31, 0), 0x0C); /* not while connected */
    uint8_t bytes[54] = {50, 0, 4, 0};
    send_acl_flags(c, c->handle, bytes, sizeof bytes);
    run(rig, 10);
    assert_int_equal(count_acl(p), 2);
    assert_int_equal(completed(c), 0);
    struct packet a = acl(p);
    assert_int_equal(a.len, 5 + 20);
    uint8_t one[] = {1, LO(p->handle), HI(p->handle), 1, 0};
    send_raw(p, 0x0C35, one, sizeof one);
    run(rig, 10);
    assert_int_equal(count_acl(p), 2);
    assert_int_equal(count_events(p, 0x0E, 0), 0); /* no answer */
    assert_int_equal(completed(c), 1);
    one[3] = 9; /* more than it ever got */
    send_raw(p, 0x0C35, one, sizeof one);
    run(rig, 10);
    struct packet e = event(p, 0x0E, 0);
    assert_int_equal(e.bytes[6], 0x12);
    rig_free(rig);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(longer_packets),
        cmocka_unit_test(fragments_of_the_host),
        cmocka_unit_test(overrun),
        cmocka_unit_test(credits_end_with_the_link),
        cmocka_unit_test(host_flow_control),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
