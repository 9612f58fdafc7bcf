/* Devices that do not tell who they are, and somebody who looks at everything on the air. */
#ifndef TROTH_TESTS_PRIVATE_H
#define TROTH_TESTS_PRIVATE_H

#include <string.h>

#include "bonds/bonds.h"
#include "support/world.h"

#define UNUSED __attribute__((unused))

static struct world *w;
static struct device *phone, *lamp, *stranger;

/* ---- what the air hears ---- */

static struct {
    unsigned names;      /* packets from or to an identity address of a private device */
    unsigned mentions;   /* its octets in what a packet says, ... */
    unsigned identities; /* ... Identity Address Information, encrypted, aside */
    unsigned packets, requests;
    struct air_address advertiser, asker; /* of the latest */
    struct air_address side[2];           /* InitA and AdvA of the latest CONNECT_IND */
} ear;

static UNUSED bool is_identity(const uint8_t octets[6])
{
    return (phone->config.privacy && !memcmp(octets, phone->identity.b, 6)) ||
           (lamp->config.privacy && !memcmp(octets, lamp->identity.b, 6));
}

static UNUSED enum air_verdict listen(void *ctx, struct air_crossing *x)
{
    (void)ctx;
    ear.packets++;
    ear.names += is_identity(x->sender.a) || is_identity(x->receiver.a);
    if (x->kind == AIR_ADV)
        ear.advertiser = x->sender;
    if (x->kind == AIR_CONNECT) {
        ear.side[TROTH_INITIATOR] = x->sender;
        ear.side[TROTH_RESPONDER] = x->receiver;
    }
    if (x->kind == AIR_ADV && x->adv_type == 4) {
        ear.asker = x->receiver;
        ear.requests++;
    }
    /* Length, channel 6, opcode 0x09, type, address: Vol 3 Part H 3.6.5 */
    bool identity = x->kind == AIR_ACL && x->encrypted && x->len == 12 && x->bytes[2] == 6 &&
                    x->bytes[4] == 0x09;
    ear.identities += identity;
    for (size_t i = 0; i + 6 <= x->len; i++)
        ear.mentions += is_identity(x->bytes + i) && !(identity && i == 6);
    return AIR_PASS;
}

static UNUSED void nobody_was_named(void)
{
    assert_true(ear.packets);
    assert_int_equal(ear.names, 0);
    assert_int_equal(ear.mentions, 0);
}

/* ---- the devices ---- */

static UNUSED int begin(void **state)
{
    (void)state;
    w = world_new(11);
    memset(&ear, 0, sizeof ear);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    stranger = world_device(w, "stranger");
    air_set_hook(world_air(w), listen, NULL);
    return 0;
}

static UNUSED int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static UNUSED void private(struct device *d, bool by_controller)
{
    d->config.privacy = true;
    if (!by_controller)
        d->radio_config.features_clear |= 1u << 6;
}

static UNUSED void expect_privacy(struct device *d, enum troth_privacy by)
{
    assert_int_equal(troth_privacy(d->host), by);
}

/* The address d advertises under now. */
static UNUSED struct troth_addr advertised(struct device *d)
{
    world_run(w, 500); /* it may be just changing */
    if (!stranger->radio)
        device_on(stranger);
    stranger->read = stranger->logged;
    assert_int_equal(troth_scan(stranger->host, true, true), TROTH_OK);
    struct troth_addr a;
    const struct troth_event *e;
    do
        e = expect(stranger, TROTH_EV_REPORT);
    while (e->u.report.scan_response ||
           !(e->u.report.len > 5 && !memcmp(e->u.report.data + 5, d->name, strlen(d->name))));
    a = e->u.report.addr;
    assert_false(e->u.report.bonded);
    assert_int_equal(troth_scan(stranger->host, false, false), TROTH_OK);
    expect(stranger, TROTH_EV_SCANNING);
    world_run(w, 100);
    return a;
}

/* central connects to what peripheral advertises, as somebody who does not know it. */
static UNUSED void connect_as_stranger(struct device *central, struct device *peripheral)
{
    const struct troth_addr a = advertised(peripheral);
    assert_int_equal(troth_connect(central->host, &a, 10000), TROTH_OK);
    expect(central, TROTH_EV_CONNECTED);
    expect(peripheral, TROTH_EV_CONNECTED);
}

static UNUSED void become_bonded(struct device *central, struct device *peripheral)
{
    connect_as_stranger(central, peripheral);
    assert_int_equal(troth_pair(central->host, central->link, NULL), TROTH_OK);
    const struct troth_event *e = expect(central, TROTH_EV_PAIRED);
    assert_true(e->u.paired.stored);
    assert_true(troth_addr_equal(&e->u.paired.keys->identity, &peripheral->identity));
    e = expect(peripheral, TROTH_EV_PAIRED);
    assert_true(e->u.paired.stored);
    assert_true(troth_addr_equal(&e->u.paired.keys->identity, &central->identity));
    world_run(w, 1000);
}

static UNUSED const struct host_link *link_of(const struct device *d)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->host->link[i].used && d->host->link[i].number == d->link)
            return &d->host->link[i];
    fail_msg("%s is not connected", d->name);
    return NULL;
}

/* What both ends compute with are the two addresses of the CONNECT_IND. */
static UNUSED void as_the_air_heard(struct device *central, struct device *peripheral)
{
    const struct smp *c = &link_of(central)->smp, *p = &link_of(peripheral)->smp;
    for (int x = 0; x < 2; x++) {
        struct troth_addr a = {ear.side[x].type, {0}};
        memcpy(a.b, ear.side[x].a, 6);
        assert_true(troth_addr_equal(&c->addr[x], &a));
        assert_true(troth_addr_equal(&p->addr[x], &a));
    }
}

static UNUSED void part(struct device *a, struct device *b)
{
    device_disconnect(a);
    expect(b, TROTH_EV_DISCONNECTED);
    world_run(w, 100);
}

static UNUSED void reconnect_encrypted(struct device *central, struct device *peripheral)
{
    assert_int_equal(troth_connect(central->host, &peripheral->identity, 10000), TROTH_OK);
    const struct troth_event *e = expect(central, TROTH_EV_CONNECTED);
    assert_true(e->u.connected.bonded);
    assert_true(troth_addr_equal(&e->u.connected.identity, &peripheral->identity));
    e = expect(peripheral, TROTH_EV_CONNECTED);
    assert_true(e->u.connected.bonded);
    assert_true(troth_addr_equal(&e->u.connected.identity, &central->identity));
    assert_int_equal(troth_encrypt(central->host, central->link), TROTH_OK);
    assert_int_equal(expect(central, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
    assert_true(expect(peripheral, TROTH_EV_ENCRYPTED)->u.encrypted.level.bonded);
    as_the_air_heard(central, peripheral);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

#endif
