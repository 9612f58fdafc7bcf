/*
 * What a peer may say it is. "mallory" distributes whatever identity and IRK it likes, in either
 * role, to a device that has a bond with a friend (CVE-2021-3436). Whatever is refused leaves the
 * friend's bond as it was, octet for octet, and the friend known.
 */
#include "support/world.h"

#include <string.h>

#include "bonds/bonds.h"
#include "crypto/toolbox.h"

static struct world *w;
static struct device *lamp, *friend, *mallory;

enum irk { ZERO, FRESH, FRIENDS, OURS };

struct claim {
    struct troth_addr identity;
    enum irk irk;
    uint8_t reason; /* of the refusal; 0: it is taken */
};

static struct troth_addr address_of(const struct device *d)
{
    struct troth_addr a = {TROTH_ADDR_PUBLIC, {0}};
    memcpy(a.b, d->radio_config.address, 6);
    return a;
}

static void advertise_only(struct device *d, bool on)
{
    struct troth_advertising adv = {.on = on, .connectable = true};
    assert_int_equal(troth_advertise(d->host, &adv), TROTH_OK);
    world_run(w, 500);
}

/* central connects to whatever advertises. */
static void connect_to(struct device *central, struct device *peripheral)
{
    advertise_only(peripheral, true);
    central->read = central->logged;
    assert_int_equal(troth_scan(central->host, true, false), TROTH_OK);
    const struct troth_addr a = expect(central, TROTH_EV_REPORT)->u.report.addr;
    assert_int_equal(troth_scan(central->host, false, false), TROTH_OK);
    assert_int_equal(troth_connect(central->host, &a, 10000), TROTH_OK);
    expect(central, TROTH_EV_CONNECTED);
    expect(peripheral, TROTH_EV_CONNECTED);
    advertise_only(peripheral, false);
}

static void part(void)
{
    if (lamp->host->link[0].used)
        troth_disconnect(lamp->host, lamp->host->link[0].number, 0);
    world_run(w, 7000);
    lamp->read = lamp->logged;
}

static void begin(bool by_controller)
{
    w = world_new(5);
    lamp = world_device(w, "lamp");
    friend = world_device(w, "friend");
    mallory = world_device(w, "mallory");
    lamp->config.privacy = friend->config.privacy = true;
    if (!by_controller)
        lamp->radio_config.features_clear = 1u << 6;
    device_on(lamp);
    device_on(friend);
    device_on(mallory);
    connect_to(friend, lamp);
    assert_int_equal(troth_pair(friend->host, friend->link, NULL), TROTH_OK);
    assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    expect(friend, TROTH_EV_PAIRED);
    part();
}

static unsigned bonds(void)
{
    unsigned n = 0;
    while (troth_bonds_get(lamp->host, n))
        n++;
    return n;
}

static void the_friend_is_known(void)
{
    world_run(w, 900000);
    advertise_only(lamp, true);
    assert_int_equal(troth_connect(friend->host, &lamp->identity, 10000), TROTH_OK);
    lamp->read = lamp->logged;
    const struct troth_event *e = expect(lamp, TROTH_EV_CONNECTED);
    assert_true(e->u.connected.bonded && troth_addr_is_rpa(&e->u.connected.peer));
    assert_true(troth_addr_equal(&e->u.connected.identity, &friend->identity));
    expect(friend, TROTH_EV_CONNECTED);
    assert_int_equal(troth_encrypt(friend->host, friend->link), TROTH_OK);
    assert_int_equal(expect(friend, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
    assert_int_equal(device_count(lamp, TROTH_EV_BROKEN), 0);
    part();
}

static void say_so(const struct claim *c)
{
    uint8_t *irk = mallory->host->config.local.irk;
    mallory->host->identity = c->identity;
    memset(irk, c->irk == ZERO ? 0 : 0x77, 16);
    if (c->irk == FRIENDS)
        memcpy(irk, friend->host->config.local.irk, 16);
    if (c->irk == OURS)
        memcpy(irk, lamp->host->config.local.irk, 16);
}

static void try_it(const struct claim *c, bool lamp_is_central, bool by_controller)
{
    begin(by_controller);
    const struct troth_bond_keys before = troth_bonds_get(lamp->host, 0)->keys;
    struct device *central = lamp_is_central ? lamp : mallory;
    connect_to(central, lamp_is_central ? mallory : lamp);
    say_so(c);
    assert_int_equal(troth_pair(central->host, central->link, NULL), TROTH_OK);
    if (c->reason) {
        const struct troth_event *e = expect(lamp, TROTH_EV_PAIRING_FAILED);
        assert_int_equal(e->u.pairing_failed.reason, c->reason);
        assert_int_equal(e->u.pairing_failed.by, TROTH_BY_US);
        expect_none(lamp, TROTH_EV_PAIRED);
    } else {
        assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    }
    part();
    assert_int_equal(bonds(), c->reason ? 1 : 2);
    const struct troth_bond *b = troth_bonds_find(lamp->host, &friend->identity);
    assert_non_null(b);
    assert_memory_equal(&b->keys, &before, sizeof before);
    if (!c->reason) {
        b = troth_bonds_find(lamp->host, &c->identity);
        assert_non_null(b);
        assert_int_equal(b->keys.has_irk, c->irk != ZERO);
    }
    the_friend_is_known();
    world_free(w);
}

/* Every kind of address with every kind of IRK, in both roles, resolved by host and controller. */
static void what_may_be_claimed(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 1, 2, 3, 0xff};
    for (unsigned n = 0; n < 5 * 4 * 4 * 2; n++) {
        uint8_t top = (uint8_t)(n & 3);
        struct claim c = {.irk = (enum irk)(n >> 2 & 3)};
        c.identity =
            (struct troth_addr){types[n / 32], {1, 2, 3, 4, 5, (uint8_t)(top << 6 | 0x15)}};
        if (c.identity.type > 1 || (c.identity.type == 1 && top != 3))
            c.reason = TROTH_SMP_INVALID_PARAMETERS;
        else if (c.irk == FRIENDS || c.irk == OURS)
            c.reason = TROTH_SMP_KEY_REJECTED;
        try_it(&c, n >> 4 & 1, (n >> 2 ^ n) & 1);
    }
}

/* A static address whose random part is all 0 or all 1 is none, Vol 6 Part B 1.3.2.1. */
static void addresses_that_are_none(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 4; n++) {
        uint8_t fill = n & 1 ? 0xff : 0, top = n & 1 ? 0xff : 0xc0;
        const struct claim c = {.identity = {1, {fill, fill, fill, fill, fill, top}},
                                .irk = FRESH,
                                .reason = TROTH_SMP_INVALID_PARAMETERS};
        try_it(&c, n & 2, true);
    }
}

static void to_be_somebody_else(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 2 * 4 * 2 * 2; n++) {
        struct claim c = {.irk = (enum irk)(n >> 1 & 3), .reason = TROTH_SMP_KEY_REJECTED};
        begin(true); /* who is who is the same every time */
        c.identity = n & 1 ? address_of(friend) : address_of(lamp);
        world_free(w);
        try_it(&c, n >> 3 & 1, n >> 4 & 1);
    }
}

/* A pairing that keeps nothing may say anything that is an identity: nothing comes of it. */
static void a_claim_that_is_not_kept(void **state)
{
    (void)state;
    begin(true);
    const struct claim c = {.identity = address_of(friend), .irk = FRIENDS};
    connect_to(mallory, lamp);
    say_so(&c);
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    f.auth_req &= (uint8_t)~TROTH_AUTH_BOND;
    assert_int_equal(troth_pair(mallory->host, mallory->link, &f), TROTH_OK);
    assert_false(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
    part();
    assert_int_equal(bonds(), 1);
    the_friend_is_known();
    world_free(w);
}

/* An IRK of zeros resolves nothing: not even an address made with it. */
static void a_zero_irk_recognises_nobody(void **state)
{
    (void)state;
    for (int by_controller = 0; by_controller < 2; by_controller++) {
        begin(by_controller);
        const struct claim c = {.identity = {0, {1, 2, 3, 4, 5, 6}}, .irk = ZERO};
        connect_to(mallory, lamp);
        say_so(&c);
        assert_int_equal(troth_pair(mallory->host, mallory->link, NULL), TROTH_OK);
        assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
        part();
        device_cut(mallory);
        mallory->radio_config.features_clear = 1u << 6;
        mallory->config.privacy = true;
        device_on(mallory); /* and its own IRK is not zero, so that one is given to it by hand: */
        memset(mallory->host->config.local.irk, 0, 16);
        mallory->host->gap.stale = true;
        connect_to(mallory, lamp);
        const struct host_link *l = &lamp->host->link[0];
        assert_true(l->used && troth_addr_is_rpa(&l->peer));
        assert_int_equal(l->bond, -1);
        world_free(w);
    }
}

static void the_friend_pairs_anew(uint8_t io_cap)
{
    friend->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
    struct troth_features f = TROTH_FEATURES_DEFAULT;
    f.io_cap = io_cap;
    if (io_cap == TROTH_KEYBOARD_DISPLAY)
        f.auth_req |= TROTH_AUTH_MITM;
    connect_to(friend, lamp);
    assert_int_equal(troth_pair(friend->host, friend->link, &f), TROTH_OK);
}

/*
 * The same identity under another IRK: a friend that was reset, or somebody who says so. Only MITM
 * protection tells, and then the old IRK is worth nothing any longer.
 */
static void the_same_identity_with_another_irk(void **state)
{
    (void)state;
    for (int by_controller = 0; by_controller < 2; by_controller++) {
        begin(by_controller);
        struct troth_policy policy = *troth_policy(lamp->host);
        policy.features.io_cap = TROTH_DISPLAY_ONLY;
        assert_int_equal(troth_set_policy(lamp->host, &policy), TROTH_OK);
        struct troth_addr old = {TROTH_ADDR_RANDOM, {0, 0, 0, 1, 2, 0x43}};
        uint8_t irk[16];
        memcpy(irk, troth_bonds_get(lamp->host, 0)->keys.irk, 16);
        toolbox_ah(irk, old.b + 3, old.b);
        assert_int_equal(bonds_resolve(&lamp->host->bonds, &old), 0);
        device_cut(friend);
        memset(friend->store, 0, sizeof friend->store);
        device_on(friend);
        the_friend_pairs_anew(TROTH_NO_INPUT_NO_OUTPUT);
        assert_int_equal(expect(lamp, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason,
                         TROTH_SMP_KEY_REJECTED);
        part();
        the_friend_pairs_anew(TROTH_KEYBOARD_DISPLAY);
        assert_true(expect(lamp, TROTH_EV_PAIRED)->u.paired.stored);
        expect(friend, TROTH_EV_PAIRED);
        part();
        assert_int_equal(bonds(), 1);
        assert_int_equal(bonds_resolve(&lamp->host->bonds, &old), -1);
        the_friend_is_known();
        world_free(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_be_claimed),
        cmocka_unit_test(addresses_that_are_none),
        cmocka_unit_test(to_be_somebody_else),
        cmocka_unit_test(a_claim_that_is_not_kept),
        cmocka_unit_test(a_zero_irk_recognises_nobody),
        cmocka_unit_test(the_same_identity_with_another_irk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
