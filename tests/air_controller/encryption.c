/* Link encryption: its successes, its failures, its time-outs. */
#include "rig.h"

static const uint8_t key[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};

static void expect_ltk_request(struct host *h)
{
    struct packet e = le_event(h, 0x05);
    static const uint8_t rand_ediv[] = {1, 2, 3, 4, 5, 6, 7, 8, 0x21, 0x43};
    assert_int_equal(e.len, 3 + 13);
    assert_int_equal(get_le16(e.bytes + 4), h->handle);
    assert_memory_equal(e.bytes + 6, rand_ediv, 10);
}

static void expect_encryption(struct host *h, uint8_t status, uint8_t enabled)
{
    struct packet e = event(h, 0x08, 0);
    assert_int_equal(e.len, 3 + 4);
    assert_int_equal(e.bytes[3], status);
    assert_int_equal(get_le16(e.bytes + 4), h->handle);
    assert_int_equal(e.bytes[6], enabled);
}

static struct rig *encrypted_rig(void)
{
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(enable_encryption(c, key), 0);
    run(rig, 10);
    expect_ltk_request(p);
    assert_int_equal(ltk_reply(p, key), 0);
    run(rig, 10);
    expect_encryption(c, 0, 1);
    expect_encryption(p, 0, 1);
    return rig;
}

static void see(void *ctx, const struct air_status *s)
{
    if (s->what == AIR_STATUS_LINK)
        *(struct air_status *)ctx = *s;
}

static void succeeds_and_refreshes(void **state)
{
    (void)state;
    struct rig *rig = encrypted_rig();
    struct host *c = rig->host[0], *p = rig->host[1];
    struct air_status s;
    air_status(rig->air, see, &s);
    assert_true(s.encrypted);
    assert_int_equal(s.key_size, 16);
    static const uint8_t shorter[16] = {1, 2, 3, 4, 5, 6, 7};
    assert_int_equal(enable_encryption(c, shorter), 0);
    run(rig, 10);
    expect_ltk_request(p);
    assert_int_equal(ltk_reply(p, shorter), 0);
    run(rig, 10);
    for (int i = 0; i < 2; i++) {
        struct packet e = event(rig->host[i], 0x30, 0);
        assert_int_equal(e.len, 3 + 3);
        assert_int_equal(e.bytes[3], 0);
        assert_int_equal(rig->host[i]->count, 0);
    }
    air_status(rig->air, see, &s);
    assert_int_equal(s.key_size, 7);
    send_l2cap(p, 4, "abc", 3);
    run(rig, 10);
    assert_int_equal(count_acl(c), 1);
    rig_free(rig);
}

static void keys_differ(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 128; bit += 31) {
        struct rig *rig = connected_rig(NULL);
        struct host *c = rig->host[0], *p = rig->host[1];
        uint8_t other[16];
        memcpy(other, key, 16);
        other[bit / 8] ^= (uint8_t)(1 << bit % 8);
        enable_encryption(c, key);
        run(rig, 10);
        expect_ltk_request(p);
        assert_int_equal(ltk_reply(p, other), 0);
        run(rig, 10);
        expect_disconnected(c, 0x3D);
        expect_disconnected(p, 0x3D);
        assert_int_equal(c->count + p->count, 0); /* no Encryption Change */
        rig_free(rig);
    }
}

static void no_key(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    enable_encryption(c, key);
    run(rig, 10);
    expect_ltk_request(p);
    assert_int_equal(CMD(p, 0x201B, LO(p->handle), 0), 0);
    run(rig, 10);
    expect_encryption(c, 0x06, 0);
    assert_int_equal(p->count, 0); /* no event follows */
    assert_int_equal(CMD(p, 0x201B, LO(p->handle), 0), 0x0C);
    assert_int_equal(ltk_reply(p, key), 0x0C);
    send_l2cap(c, 4, "abc", 3);
    run(rig, 10);
    assert_int_equal(count_acl(p), 1); /* the link lives */
    rig_free(rig);
}

static void no_key_on_an_encrypted_link(void **state)
{
    (void)state;
    struct rig *rig = encrypted_rig();
    struct host *c = rig->host[0], *p = rig->host[1];
    enable_encryption(c, key);
    run(rig, 10);
    expect_ltk_request(p);
    assert_int_equal(CMD(p, 0x201B, LO(p->handle), 0), 0);
    run(rig, 10);
    expect_disconnected(c, 0x06); /* Vol 6 Part B 5.1.3.1 */
    expect_disconnected(p, 0x06);
    rig_free(rig);
}

static void masked_request_is_no_key(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(p, 0x2001, 0x0F, 0, 0, 0, 0, 0, 0, 0), 0);
    enable_encryption(c, key);
    run(rig, 10);
    expect_encryption(c, 0x06, 0);
    assert_int_equal(p->count, 0);
    rig_free(rig);
}

static void version_2_event(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    assert_int_equal(CMD(c, 0x0C63, 0, 0, 0, 2, 0, 0, 0, 0), 0);
    enable_encryption(c, key);
    run(rig, 10);
    ltk_reply(p, key);
    run(rig, 10);
    struct packet e = event(c, 0x59, 0);
    assert_int_equal(e.bytes[6], 1);
    assert_int_equal(e.bytes[7], 16);
    assert_int_equal(count_events(c, 0x08, 0), 0);
    assert_int_equal(count_events(p, 0x08, 0), 1);
    rig_free(rig);
}

static void only_a_central_encrypts(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    assert_int_equal(enable_encryption(rig->host[1], key), 0x0C);
    assert_int_equal(enable_encryption(rig->host[0], key), 0);
    assert_int_equal(enable_encryption(rig->host[0], key), 0x0C);
    rig_free(rig);
}

static void data_waits(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    enable_encryption(c, key);
    send_l2cap(c, 4, "c", 1);
    run(rig, 10);
    send_l2cap(p, 4, "p", 1);
    run(rig, 1000);
    assert_int_equal(count_acl(c) + count_acl(p), 0);
    ltk_reply(p, key);
    run(rig, 10);
    for (int i = 0; i < 2; i++) { /* after the event, in order */
        struct host *h = rig->host[i];
        bool encrypted = false;
        for (size_t k = 0; k < h->count; k++) {
            encrypted |= is_event(&h->packets[k], 0x08, 0);
            if (h->packets[k].bytes[0] == 2)
                assert_true(encrypted);
        }
        assert_int_equal(count_acl(h), 1);
        assert_int_equal(count_events(h, 0x13, 0), 1);
    }
    rig_free(rig);
}

static void host_never_answers(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *c = rig->host[0], *p = rig->host[1];
    enable_encryption(c, key);
    run(rig, 39000);
    assert_int_equal(c->count, 0);
    run(rig, 2000);
    expect_disconnected(c, 0x22);
    expect_disconnected(p, 0x22);
    rig_free(rig);
}

static void disconnect_in_the_middle(void **state)
{
    (void)state;
    for (int who = 0; who < 2; who++)
        for (int steps = 0; steps < 8; steps++)
            for (int refresh = 0; refresh < 2; refresh++) {
                struct rig *rig = refresh ? encrypted_rig() : connected_rig(NULL);
                struct host *h = rig->host[who], *p = rig->host[1];
                enable_encryption(rig->host[0], key);
                bool replied = false;
                for (int i = 0; i < steps; i++) {
                    run(rig, 1);
                    if (count_events(p, 0x3E, 0x05) && !replied && steps > 5) {
                        ltk_reply(p, key);
                        replied = true;
                    }
                }
                assert_int_equal(CMD(h, 0x0406, LO(h->handle), HI(h->handle), 0x13), 0);
                run(rig, 10);
                expect_disconnected(h, 0x16);
                expect_disconnected(rig->host[!who], 0x13);
                connect_hosts(rig);
                rig_free(rig);
            }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(succeeds_and_refreshes),
        cmocka_unit_test(keys_differ),
        cmocka_unit_test(no_key),
        cmocka_unit_test(no_key_on_an_encrypted_link),
        cmocka_unit_test(masked_request_is_no_key),
        cmocka_unit_test(version_2_event),
        cmocka_unit_test(only_a_central_encrypts),
        cmocka_unit_test(data_waits),
        cmocka_unit_test(host_never_answers),
        cmocka_unit_test(disconnect_in_the_middle),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
