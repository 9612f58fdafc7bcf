/* What a hook can do to what crosses, and the rules written as text. */
#include "rig.h"

static const uint8_t key[16] = {1, 2, 3, 4};

struct script {
    enum air_kind kind;
    int first; /* octet of the packet that says it is meant: L2CAP payload or LL opcode */
    enum air_verdict verdict;
    uint32_t delay;
    int times; /* left */
    int seen;
    bool mic_bad, rewrite;
};

static enum air_verdict play(void *ctx, struct air_crossing *x)
{
    struct script *s = ctx;
    size_t at = x->kind == AIR_ACL ? 4 : 0;
    if (x->kind != s->kind || (s->first >= 0 && (x->len <= at || x->bytes[at] != s->first)))
        return AIR_PASS;
    s->seen++;
    if (!s->times)
        return AIR_PASS;
    s->times--;
    if (s->rewrite)
        x->bytes[x->len - 1] ^= 1;
    x->mic_bad = s->mic_bad;
    x->delay_ms = s->delay;
    return s->verdict;
}

static struct rig *hooked(struct script *s)
{
    struct rig *rig = connected_rig(NULL);
    air_set_hook(rig->air, play, s);
    return rig;
}

static void expect_data(struct host *h, const char *letters)
{
    for (; *letters; letters++) {
        struct packet a = acl(h);
        assert_int_equal(a.bytes[9], *letters);
    }
    assert_int_equal(count_acl(h), 0);
}

static void on_data(void **state)
{
    (void)state;
    static const struct {
        enum air_verdict verdict;
        const char *arrives;
    } cases[] = {{AIR_PASS, "abc"},
                 {AIR_DROP, "ac"},
                 {AIR_DELAY, "abc"},
                 {AIR_DUPLICATE, "abbc"},
                 {AIR_REORDER, "acb"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct script s = {AIR_ACL, 'b', cases[i].verdict, 500, 1, 0, false, false};
        struct rig *rig = hooked(&s);
        struct host *c = rig->host[0], *p = rig->host[1];
        send_l2cap(c, 6, "a", 1);
        send_l2cap(c, 6, "b", 1);
        send_l2cap(c, 6, "c", 1);
        run(rig, 400);
        if (cases[i].verdict == AIR_DELAY)
            assert_int_equal(count_acl(p), 1);
        run(rig, 200);
        expect_data(p, cases[i].arrives);
        assert_int_equal(count_events(c, 0x13, 0), 3);
        rig_free(rig);
    }
}

static void rewrites_whole_pdus(void **state)
{
    (void)state;
    struct script s = {AIR_ACL, 'x', AIR_PASS, 0, 1, 0, false, true};
    struct rig *rig = hooked(&s);
    struct host *c = rig->host[0], *p = rig->host[1];
    uint8_t pdu[104] = {100, 0, 6, 0, 'x'}, got[200];
    for (size_t at = 0; at < sizeof pdu; at += 8) /* in crumbs; the hook sees it whole */
        send_acl_flags(c, (uint16_t)(c->handle | (at ? 0x1000 : 0)), pdu + at, 8), run(rig, 0);
    run(rig, 10);
    assert_int_equal(s.seen, 1);
    assert_int_equal(reassemble(p, got, sizeof got), sizeof pdu);
    assert_int_equal(got[103], 1);
    assert_int_equal(count_events(c, 0x13, 0), 13);
    rig_free(rig);
}

static void cuts(void **state)
{
    (void)state;
    struct script s = {AIR_ACL, -1, AIR_CUT, 0, 1, 0, false, false};
    struct rig *rig = hooked(&s);
    send_l2cap(rig->host[1], 6, "a", 1);
    run(rig, 2001);
    expect_disconnected(rig->host[0], 0x08);
    expect_disconnected(rig->host[1], 0x08);
    rig_free(rig);
}

static void forged(void **state)
{
    (void)state;
    struct script s = {AIR_ACL, -1, AIR_PASS, 0, 1, 0, true, true};
    struct rig *rig = hooked(&s);
    struct host *c = rig->host[0], *p = rig->host[1];
    enable_encryption(c, key);
    run(rig, 10);
    ltk_reply(p, key);
    run(rig, 10);
    send_l2cap(c, 6, "a", 1);
    run(rig, 10);
    assert_int_equal(count_acl(p), 0);
    expect_disconnected(c, 0x3D);
    expect_disconnected(p, 0x3D);
    rig_free(rig);
}

static void ll_control(void **state)
{
    (void)state;
    /* Every PDU of the encryption start, lost: 0x22 after 40 s, at one end at least. */
    static const uint8_t opcodes[] = {0x03, 0x04, 0x05, 0x06};
    for (size_t i = 0; i < sizeof opcodes; i++) {
        struct script s = {AIR_LL, opcodes[i], AIR_DROP, 0, 1, 0, false, false};
        struct rig *rig = hooked(&s);
        struct host *c = rig->host[0], *p = rig->host[1];
        enable_encryption(c, key);
        run(rig, 10);
        if (count_events(p, 0x3E, 0x05))
            ltk_reply(p, key);
        run(rig, 50000);
        struct packet e = event(c, 0x05, 0);
        struct packet f = event(p, 0x05, 0);
        assert_true(e.bytes[6] == 0x22 || f.bytes[6] == 0x22);
        assert_int_equal(count_events(c, 0x08, 0), 0);
        rig_free(rig);
    }
    /* SKD rewritten: the session keys differ. */
    char why[160];
    struct air_rules *r = air_rules_new();
    assert_true(air_rules_add(r, "set ll 0x03 11 5555", why));
    struct rig *rig = connected_rig(NULL);
    air_set_hook(rig->air, air_rules_hook, r);
    enable_encryption(rig->host[0], key);
    run(rig, 10);
    ltk_reply(rig->host[1], key);
    run(rig, 10);
    expect_disconnected(rig->host[0], 0x3D);
    expect_disconnected(rig->host[1], 0x3D);
    rig_free(rig);
    air_rules_free(r);
}

static void lost_connect(void **state)
{
    (void)state;
    struct script s = {AIR_CONNECT, -1, AIR_DROP, 0, 1, 0, false, false};
    struct rig *rig = rig_new(NULL);
    air_set_hook(rig->air, play, &s);
    for (int i = 0; i < 2; i++)
        bring_up(rig_attach(rig, i, NULL), false);
    struct host *c = rig->host[0], *p = rig->host[1];
    advertise(p);
    create(c, 0, 0, p->address, 0);
    run(rig, 1000);
    struct packet e = le_event(c, 0x01);
    c->handle = handle_of(&e);
    expect_disconnected(c, 0x3E);
    assert_int_equal(p->count, 0);
    create(c, 0, 0, p->address, 0); /* the advertiser went on */
    run(rig, 1000);
    le_event(p, 0x01);
    rig_free(rig);
}

static void rules(void **state)
{
    (void)state;
    char why[160];
    struct air_rules *r = air_rules_new();
    static const char *const bad[] = {"",
                                      "eat smp",
                                      "drop",
                                      "drop fish",
                                      "delay smp",
                                      "drop smp 0x1g",
                                      "drop smp nth 0",
                                      "set smp 4",
                                      "drop smp 0x0c nth 2 please"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        why[0] = 0;
        assert_false(air_rules_add(r, bad[i], why));
        assert_int_not_equal(why[0], 0);
    }
    assert_true(air_rules_add(r, "drop smp 0x03 from central nth 2", why));
    assert_true(air_rules_add(r, "set smp 0x04 1 ff", why));
    assert_true(air_rules_add(r, "delay 100 att", why));
    struct rig *rig = connected_rig(NULL);
    air_set_hook(rig->air, air_rules_hook, r);
    struct host *c = rig->host[0], *p = rig->host[1];
    for (int i = 0; i < 3; i++) {
        send_l2cap(c, 6, "\x03.", 2);
        send_l2cap(p, 6, "\x03.", 2);
    }
    run(rig, 10);
    assert_int_equal(count_acl(p), 2);
    assert_int_equal(count_acl(c), 3);
    forget(p);
    send_l2cap(c, 6, "\x04.", 2);
    run(rig, 10);
    struct packet a = acl(p);
    assert_int_equal(a.bytes[10], 0xFF);
    send_l2cap(c, 4, "\x04.", 2);
    run(rig, 99);
    assert_int_equal(count_acl(p), 0);
    run(rig, 10);
    assert_int_equal(count_acl(p), 1);
    rig_free(rig);
    air_rules_free(r);
}

/* Any LL control PDU, any length, to either end: nobody crashes, the link ends or lives. */
static enum air_verdict scramble(void *ctx, struct air_crossing *x)
{
    unsigned *n = ctx;
    if (x->kind != AIR_LL)
        return AIR_PASS;
    *n = *n * 1103515245 + 12345;
    x->len = (*n >> 16) % 40;
    for (size_t i = 0; i < x->len; i++) {
        *n = *n * 1103515245 + 12345;
        x->bytes[i] = (uint8_t)(*n >> 16);
    }
    if (x->len)
        x->bytes[0] %= 0x28;
    return (enum air_verdict)((*n >> 8) % 5);
}

static void scrambled_ll(void **state)
{
    (void)state;
    for (unsigned seed = 0; seed < 300; seed++) {
        unsigned n = seed;
        struct rig *rig = connected_rig(NULL);
        air_set_hook(rig->air, scramble, &n);
        struct host *c = rig->host[0], *p = rig->host[1];
        enable_encryption(c, key);
        for (int i = 0; i < 20; i++) {
            for (int k = 0; k < 2; k++) {
                struct host *h = rig->host[k];
                CMD(h, 0x2016, LO(h->handle), 0);
                CMD(h, 0x2032, LO(h->handle), 0, 0, 2, 2, 0, 0);
                CMD(h, 0x2022, LO(h->handle), 0, 251, 0, 0x48, 8);
            }
            if (count_events(p, 0x3E, 0x05))
                ltk_reply(p, key);
            run(rig, 5);
        }
        run(rig, 100000);
        rig_free(rig);
    }
}

/* Four hosts that say anything at all, with links up, hooks on and power cuts. */
static unsigned noise_state;

static unsigned noise(unsigned below)
{
    noise_state = noise_state * 1103515245 + 12345;
    return (noise_state >> 16) % below;
}

static enum air_verdict any_verdict(void *ctx, struct air_crossing *x)
{
    (void)ctx;
    x->delay_ms = noise(50);
    if (noise(20) == 0 && x->len)
        x->bytes[noise((unsigned)x->len)] ^= 1;
    return noise(30) ? AIR_PASS : (enum air_verdict)noise(5);
}

static void noisy_command(struct host *h)
{
    static const uint16_t opcodes[] = {
        0x0406, 0x041D, 0x0C31, 0x0C33, 0x0C35, 0x2005, 0x2006, 0x2008, 0x200A, 0x200A,
        0x200B, 0x200C, 0x200C, 0x200D, 0x200D, 0x200D, 0x200E, 0x2011, 0x2012, 0x2013,
        0x2016, 0x2019, 0x2019, 0x201A, 0x201A, 0x201B, 0x2020, 0x2021, 0x2022, 0x2027,
        0x2028, 0x2029, 0x202B, 0x202D, 0x202E, 0x2032, 0x204E, 0x0C03};
    static const uint8_t lengths[] = {3,  2,  1,  7,  5, 6, 15, 32, 1,  1,  7,  2,  2,
                                      25, 25, 25, 0,  7, 7, 14, 2,  28, 28, 18, 18, 2,
                                      14, 3,  6,  39, 7, 0, 7,  1,  2,  7,  8,  0};
    unsigned i = noise(noise(20) ? 37 : 38); /* Reset is rare */
    uint8_t p[64] = {0};
    for (unsigned k = 0; k < lengths[i]; k++)
        p[k] = (uint8_t)(noise(3) ? noise(2) : noise(256));
    const struct host *peer = h->rig->host[noise(4)];
    if (opcodes[i] == 0x200D) { /* mostly well formed */
        uint8_t good[25] = {0x10, 0, 0x10, 0, (uint8_t)(noise(8) == 0)};
        memcpy(p, good, 25);
        memcpy(p + 6, peer->address, 6);
        p[12] = (uint8_t)(noise(2) * 2);
        p[13] = p[15] = 24;
        p[19] = 200;
    } else if (opcodes[i] == 0x2006) {
        p[0] = p[2] = 0x20;
        p[1] = p[3] = 0;
        p[4] = (uint8_t)noise(5);
        p[5] = (uint8_t)(noise(2) * 2);
        p[6] = 0;
        memcpy(p + 7, peer->address, 6);
        p[13] = 7;
        p[14] = (uint8_t)(noise(4) ? 0 : noise(4));
    } else if (opcodes[i] == 0x2027 || opcodes[i] == 0x2011) {
        memcpy(p + 1, peer->address, 6);
    } else if (opcodes[i] != 0x0C35 && lengths[i] >= 2) {
        p[0] = (uint8_t)(0x40 + noise(3));
        p[1] = 0;
    } else if (opcodes[i] == 0x0C35) {
        p[1] = (uint8_t)(0x40 + noise(3));
        p[2] = 0;
    }
    send_raw(h, opcodes[i], p, lengths[i]);
}

static void any_host(void **state)
{
    (void)state;
    unsigned connections = 0;
    for (unsigned seed = 1; seed <= 60; seed++) {
        noise_state = seed;
        struct air_config cfg = {.seed = seed};
        struct rig *rig = rig_new(&cfg);
        for (int i = 0; i < 4; i++)
            bring_up(rig_attach(rig, i, NULL), noise(2));
        if (seed % 2)
            air_set_hook(rig->air, any_verdict, NULL);
        for (int step = 0; step < 1500; step++) {
            struct host *h = rig->host[noise(4)];
            if (noise(400) == 0) {
                air_detach(h->c);
                h->c = air_attach(rig->air, NULL, rig_take, h);
                air_controller_address(h->c, h->address);
                bring_up(h, noise(2));
            }
            if (noise(3)) {
                noisy_command(h);
            } else {
                uint8_t data[64] = {(uint8_t)noise(60), 0, 6, 0};
                send_acl_flags(h, (uint16_t)(0x40 + noise(3) + (noise(4) << 12)), data, noise(65));
            }
            run(rig, noise(20) ? noise(30) : noise(3000));
            for (int i = 0; i < 4; i++) {
                connections += (unsigned)count_events(rig->host[i], 0x3E, 0x01);
                forget(rig->host[i]);
            }
        }
        run(rig, 100000);
        rig_free(rig);
    }
    assert_true(connections > 300);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(on_data),    cmocka_unit_test(rewrites_whole_pdus),
        cmocka_unit_test(cuts),       cmocka_unit_test(forged),
        cmocka_unit_test(ll_control), cmocka_unit_test(lost_connect),
        cmocka_unit_test(rules),      cmocka_unit_test(scrambled_ll),
        cmocka_unit_test(any_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
