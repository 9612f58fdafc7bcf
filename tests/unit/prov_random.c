/* The provisioning session under anything, in any order. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/support/prov_bench.h"

/* ---- anything, in any order ---- */

static uint32_t seed;
static uint32_t roll(uint32_t n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static bool erasing, saw_idle;
static void check_event(const struct troth_prov_event *e)
{
    if (e->type == TROTH_PROV_EV_STATE && e->state == TROTH_PROV_CONNECTED &&
        e->reason == TROTH_NET_OK) {
        /* CONNECTED means joined and stored. */
        assert_true(prov.online && prov.stored);
        assert_memory_equal(&in_store, &prov.good, sizeof in_store);
    }
    if (e->type == TROTH_PROV_EV_STATE)
        saw_idle = e->state == TROTH_PROV_IDLE;
    if (e->type == TROTH_PROV_EV_ERASED && e->u.erased.ok) {
        assert_true(saw_idle); /* IDLE is told before the bonds go */
        assert_int_equal(in_store.kind, 0);
        erasing = false;
    }
}

static void test_random_sequences_keep_the_promises(void **state)
{
    for (uint32_t run = 1; run <= 400; run++) {
        fresh(state);
        seed = run;
        config.close_ble_after_connect = run & 1;
        config.attempts = (uint8_t)(1 + run % 4);
        power_on();
        erasing = false;
        bool had = false; /* something was stored, and no erase was asked since */
        uint32_t answered = 0;
        on_event = check_event;
        for (int i = 0; i < 300; i++) {
            troth_link w = (troth_link)(1 + roll(3));
            uint32_t late = joining ? 1 + roll(joining) : 0;
            out[0] = 0;
            switch (roll(14)) {
            case 0:
            case 1:
                if (troth_prov_can_stage(&prov, w))
                    stage(w, roll(2) ? "one" : "two", TROTH_WIFI_AUTO,
                          roll(4) ? "open sesame" : "bad");
                break;
            case 2:
            case 3:
                if (troth_prov_connect(&prov, w) == TROTH_BUSY)
                    assert_true(erasing);
                break;
            case 4:
                if (roll(6) == 0 && troth_prov_erase(&prov, w) == TROTH_OK) {
                    erasing = true;
                    had = false;
                }
                break;
            case 5:
                troth_prov_gone(&prov, w);
                break;
            case 6:
            case 7:
                join_ok();
                break;
            case 8:
                join_no((enum troth_net_reason)(1 + roll(8)));
                break;
            case 9:
                net_says((enum troth_net_report_type)(1 + roll(3)), late, TROTH_NET_OTHER);
                break;
            case 10:
                net_lost();
                break;
            case 11:
                net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
                break;
            case 12:
                if (store_serial != answered && prov.storing) {
                    bool ok = roll(4) != 0;
                    answered = store_serial;
                    if (ok)
                        in_store = to_store;
                    troth_prov_stored(&prov, store_serial, ok);
                }
                break;
            case 13:
                pass(roll(40000));
                break;
            }
            if (in_store.kind && !erasing)
                had = true;
            /* Once stored, something is stored until an erase is asked. */
            assert_true(!had || erasing || in_store.kind);
            /* Online is only what the last join did. */
            assert_false(prov.online && prov.joining);
            assert_int_not_equal(prov.state, TROTH_PROV_PROVISIONED);
            if (prov.state == TROTH_PROV_IDLE)
                assert_false(prov.online);
            assert_int_equal(prov.ring_used, 0);
            /* While it connects, something is under way that ends: a deadline. */
            if (prov.state == TROTH_PROV_CONNECTING)
                assert_true(troth_prov_deadline(&prov) != TROTH_NEVER);
            /* Without a network it is reachable, at the latest after the reopening time. */
            if (!prov.good.kind && !erasing)
                assert_true(prov.window);
        }
        /* Left alone with a network that works, and a store that does, it comes to rest. */
        store_at_once = true;
        static const struct troth_net_report ok = {.type = TROTH_NET_JOINED};
        at_once = &ok;
        join_ok();
        for (int i = 0; i < 20; i++) {
            net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
            pass(60000);
        }
        for (troth_link w = 1; w <= 3; w++)
            troth_prov_gone(&prov, w);
        assert_int_not_equal(prov.state, TROTH_PROV_CONNECTING);
        if (prov.good.kind)
            assert_int_equal(prov.state, TROTH_PROV_CONNECTED);
        on_event = NULL;
        troth_prov_erase(&prov, 1);
        net_says(TROTH_NET_LEFT, left, TROTH_NET_OK);
        pass(60000);
        assert_int_equal(prov.state, TROTH_PROV_IDLE);
        assert_false(remembers(&prov, sizeof prov, "sesame"));
    }
}

int main(void)
{
#define T(name) cmocka_unit_test_setup(name, fresh)
    const struct CMUnitTest tests[] = {
        T(test_random_sequences_keep_the_promises),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
