/*
 * Out Of Band over the air, each side being the central in turn: who holds whose data, data that
 * are wrong, spent, expired, and a pinned pair that outlived its host.
 */
#include "support/tally.h"
#include "support/world.h"

#include <string.h>

static struct world *w;
static struct device *central, *peripheral;

enum data { RIGHT, WRONG_CONFIRM, WRONG_RANDOM, SPENT, EXPIRED, NEVER_MADE, DATA };
static const char *const data_names[] = {"right",   "wrong confirmation", "wrong random", "spent",
                                         "expired", "never made"};

static void meet(bool sc, bool sc_only)
{
    w = world_new(5);
    central = world_device(w, "central");
    peripheral = world_device(w, "peripheral");
    for (unsigned i = 0; i < 2; i++) {
        struct troth_policy *p = &(i ? peripheral : central)->config.policy;
        p->sc_only = sc_only;
        p->require_mitm = true;
        p->attempts = 255;
        p->features.auth_req = TROTH_AUTH_BOND | (sc ? TROTH_AUTH_SC : 0);
    }
    device_on(central);
    device_on(peripheral);
    device_advertise(peripheral);
    device_connect(central, peripheral);
}

/* d gives its data away, and other takes them. */
static void hand_over(struct device *d, struct device *other, enum data what)
{
    struct troth_oob ours = {.have_sc = true};
    struct troth_policy policy = *troth_policy(other->host);
    if (what != NEVER_MADE)
        assert_int_equal(troth_oob_make(d->host, &ours, world_now(w)), TROTH_OK);
    policy.features.oob = 1;
    assert_int_equal(troth_set_policy(other->host, &policy), TROTH_OK);
    other->say[TROTH_ASK_OOB_DATA] = SAY_YES;
    other->answer[TROTH_ASK_OOB_DATA].u.oob = ours;
    if (what == WRONG_CONFIRM)
        other->answer[TROTH_ASK_OOB_DATA].u.oob.confirm[7] ^= 1;
    if (what == WRONG_RANDOM)
        other->answer[TROTH_ASK_OOB_DATA].u.oob.random[15] ^= 0x80;
}

static void pair(void)
{
    assert_int_equal(troth_pair(central->host, central->link, NULL), TROTH_OK);
}

static void paired(bool sc)
{
    for (unsigned i = 0; i < 2; i++) {
        const struct troth_event *e = expect(i ? peripheral : central, TROTH_EV_PAIRED);
        assert_int_equal(e->u.paired.model, TROTH_OOB);
        assert_true(e->u.paired.level.mitm);
        assert_int_equal(e->u.paired.level.sc, sc);
    }
}

static uint8_t failed(struct device *d)
{
    return expect(d, TROTH_EV_PAIRING_FAILED)->u.pairing_failed.reason;
}

static void again(void)
{
    troth_bonds_remove(central->host, &peripheral->identity);
    troth_bonds_remove(peripheral->host, &central->identity);
    if (troth_disconnect(central->host, central->link, 0) == TROTH_OK) {
        expect(central, TROTH_EV_DISCONNECTED);
        expect(peripheral, TROTH_EV_DISCONNECTED);
    }
    device_connect(central, peripheral);
}

/* held: 1, the peripheral holds the central's data; 2, the central the peripheral's; 3, both. */
static void secure_connections(void **state)
{
    (void)state;
    tally_start();
    for (unsigned held = 1; held <= 3; held++)
        for (int what = RIGHT; what < DATA; what++) {
            tally_case("held %u, %s", held, data_names[what]);
            meet(true, true);
            if (held & 1)
                hand_over(central, peripheral, (enum data)what);
            if (held & 2)
                hand_over(peripheral, central, (enum data)what);
            if (what == EXPIRED)
                world_run(w, 600000);
            pair();
            if (what == RIGHT || what == SPENT)
                paired(true);
            if (what == SPENT) {
                again();
                pair();
            }
            if (what != RIGHT) {
                uint8_t here = failed(central), there = failed(peripheral);
                uint8_t expected = what == WRONG_CONFIRM || what == WRONG_RANDOM
                                       ? TROTH_SMP_CONFIRM_VALUE_FAILED
                                       : TROTH_SMP_OOB_NOT_AVAILABLE;
                TALLY(here == expected && there == expected, "failed with 0x%02x and 0x%02x", here,
                      there);
                TALLY(!troth_link_level(central->host, central->link).key_size, "encrypted");
            }
            world_free(w);
        }
    tally_end("out of band", 18);
}

/* Whatever was wrong with them, our data served their one pairing. */
static void a_failure_spends_them_too(void **state)
{
    (void)state;
    for (unsigned held = 1; held <= 2; held++) {
        struct device *holder, *maker;
        meet(true, true);
        holder = held == 1 ? peripheral : central;
        maker = held == 1 ? central : peripheral;
        hand_over(maker, holder, RIGHT);
        struct troth_oob right = holder->answer[TROTH_ASK_OOB_DATA].u.oob;
        /* The holder knows half of it: the DHKey check is what tells. */
        maker->host->own_oob.random[0] ^= 1;
        pair();
        failed(central);
        failed(peripheral);
        holder->answer[TROTH_ASK_OOB_DATA].u.oob = right;
        again();
        pair();
        assert_int_equal(failed(central), TROTH_SMP_OOB_NOT_AVAILABLE);
        world_free(w);
    }
}

static void legacy(void **state)
{
    (void)state;
    for (unsigned held = 1; held <= 3; held++)
        for (unsigned right = 0; right < 2; right++) {
            meet(false, false);
            for (unsigned i = 0; i < 2; i++) {
                struct device *d = i ? peripheral : central;
                struct troth_policy policy = *troth_policy(d->host);
                policy.features.oob = held >> !i & 1;
                policy.require_mitm = held == 3;
                assert_int_equal(troth_set_policy(d->host, &policy), TROTH_OK);
                struct troth_oob *tk = &d->answer[TROTH_ASK_OOB_DATA].u.oob;
                d->say[TROTH_ASK_OOB_DATA] = SAY_YES;
                tk->have_tk = true;
                memset(tk->tk, 0x77, 16);
                if (i && !right)
                    tk->tk[15] ^= 1;
            }
            pair();
            if (held != 3) { /* in legacy pairing it takes both */
                assert_int_equal(expect(central, TROTH_EV_PAIRED)->u.paired.model,
                                 TROTH_JUST_WORKS);
                assert_int_equal(central->asks[TROTH_ASK_OOB_DATA], 0);
                assert_int_equal(peripheral->asks[TROTH_ASK_OOB_DATA], 0);
            } else if (right) {
                paired(false);
            } else {
                assert_int_equal(failed(central), TROTH_SMP_CONFIRM_VALUE_FAILED);
                assert_int_equal(failed(peripheral), TROTH_SMP_CONFIRM_VALUE_FAILED);
            }
            world_free(w);
        }
}

/* Made by one host, given back to another that is the same device, for the rest of its life. */
static void a_kept_pair(void **state)
{
    (void)state;
    for (unsigned held = 1; held <= 2; held++)
        for (unsigned late = 0; late < 2; late++) {
            struct troth_oob_pair pin;
            struct device *maker;
            meet(true, true);
            maker = held == 1 ? central : peripheral;
            assert_int_equal(troth_oob_keep(maker->host, &pin), TROTH_NOT_FOUND);
            hand_over(maker, held == 1 ? peripheral : central, RIGHT);
            assert_int_equal(troth_oob_keep(maker->host, &pin), TROTH_OK);
            device_cut(maker);
            world_run(w, 21000); /* the other notices */
            device_on(maker);
            if (maker == peripheral)
                device_advertise(peripheral);
            assert_int_equal(troth_oob_restore(maker->host, &pin, 0, world_now(w)), TROTH_INVALID);
            assert_int_equal(troth_oob_restore(maker->host, &pin, 5000, world_now(w)), TROTH_OK);
            device_connect(central, peripheral);
            if (late)
                world_run(w, 5000);
            pair();
            if (late)
                assert_int_equal(failed(central), TROTH_SMP_OOB_NOT_AVAILABLE);
            else
                paired(true);
            assert_int_equal(troth_oob_keep(maker->host, &pin), TROTH_NOT_FOUND);
            memset(&pin, 0, sizeof pin); /* no private key */
            assert_int_equal(troth_oob_restore(maker->host, &pin, 5000, world_now(w)),
                             TROTH_INVALID);
            assert_int_equal(troth_oob_keep(maker->host, &pin), TROTH_NOT_FOUND);
            world_free(w);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(secure_connections),
        cmocka_unit_test(a_failure_spends_them_too),
        cmocka_unit_test(legacy),
        cmocka_unit_test(a_kept_pair),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
