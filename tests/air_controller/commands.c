/* Bring-up, answers to everything, masks, determinism. */
#include "rig.h"

static void claims(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    struct host *h = rig_attach(rig, 0, NULL);
    struct packet p = command(h, 0x1001, NULL, 0);
    assert_int_equal(p.len, 3 + 3 + 9);
    p = command(h, 0x1002, NULL, 0);
    assert_int_equal(p.len, 3 + 3 + 65);
    const uint8_t *bits = p.bytes + 7;
    assert_false(bits[5] & 1 << 4 || bits[6] & 1 << 5 || bits[6] & 1 << 7 || bits[8] & 1 ||
                 bits[29] & 1 << 5 || bits[38] & 1 << 7 || bits[41] & 1 << 3);
    assert_true(bits[28] & 1 << 1); /* LTK reply */
    p = command(h, 0x1003, NULL, 0);
    assert_int_equal(p.len, 3 + 3 + 9);
    assert_int_equal(p.bytes[7 + 4], 0x60);
    assert_int_equal(p.bytes[7 + 7], 0);
    p = command(h, 0x2003, NULL, 0);
    assert_int_equal(p.bytes[7] & 0x10, 0); /* LE Ping */
    assert_int_equal(p.bytes[8] & 0x10, 0); /* extended advertising */
    p = command(h, 0x2002, NULL, 0);
    assert_int_equal(p.len, 3 + 3 + 4);
    assert_int_equal(get_le16(p.bytes + 7), 251);
    assert_int_equal(p.bytes[9], 8);
    p = command(h, 0x1009, NULL, 0);
    assert_memory_equal(p.bytes + 7, h->address, 6);
    p = command(h, 0x0C14, NULL, 0);
    assert_int_equal(p.len, 3 + 3 + 249);
    assert_int_equal(CMD0(h, 0x2035), 0x01); /* extended advertising: unknown */
    p = command(h, 0xFC01, "x", 1);
    assert_int_equal(p.bytes[1], 0x0F);
    assert_int_equal(p.bytes[3], 0x01);
    rig_free(rig);
}

static void overrides(void **state)
{
    (void)state;
    static const uint16_t unknown[] = {0x2022};
    struct air_controller_config cfg = {
        .name = "odd",
        .acl_len = 27,
        .acl_count = 3,
        .shared_buffers = true,
        .features_clear = 1 << 6,
        .commands_clear = {[33] = 0x80},
        .unknown = unknown,
        .unknown_count = 1,
    };
    struct rig *rig = rig_new(NULL);
    struct host *h = rig_attach(rig, 0, &cfg);
    struct packet p = command(h, 0x2002, NULL, 0);
    assert_int_equal(get_le16(p.bytes + 7), 0);
    assert_int_equal(p.bytes[9], 0);
    p = command(h, 0x1005, NULL, 0);
    assert_int_equal(get_le16(p.bytes + 7), 27);
    assert_int_equal(get_le16(p.bytes + 10), 3);
    assert_int_equal(CMD(h, 0x2022, 0, 0, 27, 0, 0x48, 1), 0x01);
    assert_int_equal(CMD0(h, 0x2029), 0x01);
    assert_int_equal(adv_params(h, 0, 2, 0, NULL, 0), 0x11);
    p = command(h, 0x1002, NULL, 0);
    assert_int_equal(p.bytes[7 + 33] & 0xC0, 0);
    assert_int_equal(p.bytes[7 + 34] & 0x08, 0);
    assert_int_equal(CMD0(h, 0x2023), 0); /* served though not claimed */
    rig_free(rig);
}

static void addresses_are_unique(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    struct host *a = rig_attach(rig, 0, NULL), *b = rig_attach(rig, 1, NULL);
    assert_memory_not_equal(a->address, b->address, 6);
    struct air_controller_config cfg = {.has_address = true};
    memcpy(cfg.address, a->address, 6);
    assert_null(rig_attach(rig, 2, &cfg)->c);
    rig_free(rig);
}

/* Every opcode of every group, every length, three fillings: an answer each and no crash. */
static void every_command_every_length(void **state)
{
    (void)state;
    static const uint16_t bases[] = {0x0400, 0x0C00, 0x1000, 0x1400, 0x2000, 0xFC00};
    static const uint8_t fillings[] = {0x00, 0x01, 0xFF};
    struct rig *rig = connected_rig(NULL);
    struct host *h = rig->host[0];
    for (size_t b = 0; b < sizeof bases / sizeof *bases; b++)
        for (uint16_t n = 0; n < 0x70; n++)
            for (size_t f = 0; f < 3; f++)
                for (size_t len = 0; len <= 255; len++) {
                    uint16_t opcode = (uint16_t)(bases[b] + n);
                    uint8_t params[255];
                    memset(params, fillings[f], sizeof params);
                    if (f == 1) { /* make the handle right */
                        params[0] = LO(h->handle);
                        params[1] = HI(h->handle);
                    }
                    forget(h);
                    forget(rig->host[1]);
                    if (opcode == 0x0C35) { /* answered only when wrong */
                        send_raw(h, opcode, params, len);
                        run(rig, 0);
                        continue;
                    }
                    command(h, opcode, params, len);
                }
    rig_free(rig);
}

static void truncated_packets(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *h = rig->host[0];
    static const uint8_t rand[] = {1, 0x18, 0x20, 0, 0};
    uint8_t data[] = {2, LO(h->handle), 0, 4, 0, 0, 0, 4, 0, 9};
    for (size_t n = 0; n < 4; n++)
        assert_int_equal(air_rx(h->c, rand, n, rig->now), AIR_BAD_PACKET);
    assert_int_equal(air_rx(h->c, rand, 5, rig->now), AIR_BAD_PACKET); /* one too many */
    for (size_t n = 0; n < 9; n++)
        assert_int_equal(air_rx(h->c, data, n, rig->now), AIR_BAD_PACKET);
    assert_int_equal(air_rx(h->c, data, 10, rig->now), AIR_BAD_PACKET);
    for (unsigned type = 0; type < 256; type++)
        if (type != 1 && type != 2) {
            uint8_t odd[] = {(uint8_t)type, 0, 0, 0, 0};
            assert_int_equal(air_rx(h->c, odd, 5, rig->now), AIR_BAD_PACKET);
        }
    run(rig, 10);
    assert_int_equal(h->count, 0);
    rig_free(rig);
}

static void masks(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    struct host *a = rig_attach(rig, 0, NULL), *b = rig_attach(rig, 1, NULL);
    advertise(b);
    assert_int_equal(CMD(a, 0x200C, 1, 0), 0);
    run(rig, 100);
    assert_int_equal(a->count, 0); /* LE Meta is off by default */
    assert_int_equal(CMD(a, 0x0C01, 0, 0, 0, 0, 0, 0, 0, 0x20), 0);
    run(rig, 100);
    assert_true(count_events(a, 0x3E, 0x02) > 1);
    forget(a);
    assert_int_equal(CMD(a, 0x2001, 0x1D, 0, 0, 0, 0, 0, 0, 0), 0);
    run(rig, 100);
    assert_int_equal(a->count, 0);
    /* Command Complete came all the time though its bit is clear. */
    rig_free(rig);
}

static void reset_forgets(void **state)
{
    (void)state;
    struct rig *rig = connected_rig(NULL);
    struct host *a = rig->host[0], *b = rig->host[1];
    assert_int_equal(CMD0(a, 0x0C03), 0);
    run(rig, 1000);
    assert_int_equal(a->count, 0); /* no Disconnection Complete */
    assert_int_equal(b->count, 0);
    run(rig, 1001);
    expect_disconnected(b, 0x08);
    assert_int_equal(CMD(a, 0x1405, LO(a->handle), 0), 0x02);
    rig_free(rig);
}

static void crypto_commands(void **state)
{
    (void)state;
    struct rig *rig = rig_new(NULL);
    struct host *a = rig_attach(rig, 0, NULL), *b = rig_attach(rig, 1, NULL);
    bring_up(a, false);
    bring_up(b, false);
    /* FIPS-197 C.1, octets reversed */
    uint8_t p[32];
    for (int i = 0; i < 16; i++) {
        p[15 - i] = (uint8_t)i;
        p[31 - i] = (uint8_t)(i * 0x11);
    }
    static const uint8_t expect[16] = {0x5a, 0xc5, 0xb4, 0x70, 0x80, 0xb7, 0xcd, 0xd8,
                                       0x30, 0x04, 0x7b, 0x6a, 0xd8, 0xe0, 0xc4, 0x69};
    struct packet r = command(a, 0x2017, p, 32);
    assert_int_equal(r.len, 3 + 3 + 17);
    assert_memory_equal(r.bytes + 7, expect, 16);

    uint8_t zero[64] = {0};
    assert_int_equal(do_command(a, 0x2026, zero, 64), 0x0C); /* no key yet */
    assert_int_equal(CMD0(a, 0x2025), 0);
    assert_int_equal(CMD0(b, 0x2025), 0);
    struct packet ka = le_event(a, 0x08), kb = le_event(b, 0x08);
    assert_int_equal(ka.len, 3 + 66);
    assert_memory_not_equal(ka.bytes + 5, kb.bytes + 5, 64);
    assert_int_equal(do_command(a, 0x2026, kb.bytes + 5, 64), 0);
    assert_int_equal(do_command(b, 0x2026, ka.bytes + 5, 64), 0);
    struct packet da = le_event(a, 0x09), db = le_event(b, 0x09);
    assert_int_equal(da.len, 3 + 34);
    assert_int_equal(da.bytes[4], 0);
    assert_memory_equal(da.bytes + 5, db.bytes + 5, 32);
    kb.bytes[5] ^= 1;
    assert_int_equal(do_command(a, 0x2026, kb.bytes + 5, 64), 0);
    da = le_event(a, 0x09);
    assert_int_equal(da.bytes[4], 0x12);
    assert_int_equal(da.bytes[5], 0xFF);
    rig_free(rig);
}

/* A whole session, hashed. */
static uint64_t session(uint64_t seed)
{
    struct air_config cfg = {.seed = seed};
    struct rig *rig = rig_new(&cfg);
    struct host *a = rig_attach(rig, 0, NULL), *b = rig_attach(rig, 1, NULL);
    bring_up(a, false);
    bring_up(b, false);
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < 5; i++) {
        struct packet r = command(a, 0x2018, NULL, 0);
        for (size_t k = 0; k < r.len; k++)
            hash = (hash ^ r.bytes[k]) * 1099511628211u;
    }
    CMD0(a, 0x2025);
    CMD(a, 0x200C, 1, 0);
    advertise(b);
    run(rig, 500);
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < rig->host[k]->count; i++)
            for (size_t n = 0; n < rig->host[k]->packets[i].len; n++)
                hash = (hash ^ rig->host[k]->packets[i].bytes[n]) * 1099511628211u;
    rig_free(rig);
    return hash;
}

static void deterministic(void **state)
{
    (void)state;
    assert_true(session(1) == session(1));
    assert_true(session(1) != session(2));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(claims),
        cmocka_unit_test(overrides),
        cmocka_unit_test(addresses_are_unique),
        cmocka_unit_test(every_command_every_length),
        cmocka_unit_test(truncated_packets),
        cmocka_unit_test(masks),
        cmocka_unit_test(reset_forgets),
        cmocka_unit_test(crypto_commands),
        cmocka_unit_test(deterministic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
