/* A phone and a lamp: what tests of their pairing have in common. */
#ifndef TROTH_TESTS_PHONE_AND_LAMP_H
#define TROTH_TESTS_PHONE_AND_LAMP_H

#include "support/world.h"

#include <string.h>

#define I TROTH_INITIATOR
#define R TROTH_RESPONDER

#define UNUSED __attribute__((unused))

static struct world *w;
static struct device *phone, *lamp;

static UNUSED int begin(void **state)
{
    (void)state;
    w = world_new(31);
    phone = world_device(w, "phone");
    lamp = world_device(w, "lamp");
    phone->config.policy.attempts = lamp->config.policy.attempts = 255;
    return 0;
}

static UNUSED int end(void **state)
{
    (void)state;
    world_free(w);
    return 0;
}

static UNUSED void meet(void)
{
    device_on(phone);
    device_on(lamp);
    device_advertise(lamp);
    device_connect(phone, lamp);
}

static UNUSED void meet_again(void)
{
    device_disconnect(phone);
    device_connect(phone, lamp);
}

static UNUSED void pair(void)
{
    assert_int_equal(troth_pair(phone->host, phone->link, NULL), TROTH_OK);
}

static UNUSED void paired(void)
{
    pair();
    expect(phone, TROTH_EV_PAIRED);
    expect(lamp, TROTH_EV_PAIRED);
}

static UNUSED void encrypted(void)
{
    assert_int_equal(troth_encrypt(phone->host, phone->link), TROTH_OK);
    assert_int_equal(expect(phone, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
    assert_int_equal(expect(lamp, TROTH_EV_ENCRYPTED)->u.encrypted.hci_status, 0);
}

/* The lamp shows six digits, somebody types them into the phone: MITM protection. */
static UNUSED void with_a_passkey(void)
{
    lamp->config.policy.features.io_cap = TROTH_DISPLAY_ONLY;
    phone->config.policy.features.io_cap = TROTH_KEYBOARD_ONLY;
    phone->config.policy.features.auth_req |= TROTH_AUTH_MITM;
    phone->say[TROTH_ASK_PASSKEY_INPUT] = SAY_WHAT_IS_SHOWN;
}

/* Both sides tell of the failure, `by` as its own. */
static UNUSED void expect_failed(struct device *by, struct device *other, uint8_t reason)
{
    const struct troth_event *e = expect(by, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(e->u.pairing_failed.reason, reason);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_US);
    e = expect(other, TROTH_EV_PAIRING_FAILED);
    assert_int_equal(e->u.pairing_failed.reason, reason);
    assert_int_equal(e->u.pairing_failed.by, TROTH_BY_PEER);
    assert_false(troth_is_pairing(by->host, by->link) ||
                 troth_is_pairing(other->host, other->link));
}

#endif
