/* Whatever is wanted, in whatever order, no command is ever one the controller must refuse. */
#include "gap_radio.h"

static uint32_t dice = 1;

static unsigned roll(unsigned n)
{
    dice = dice * 1664525u + 1013904223u;
    return (dice >> 16) % n;
}

static void change_a_bond(void)
{
    uint8_t n = (uint8_t)(1 + roll(7));
    const struct troth_addr a = peer_of(n);
    int i = bonds_find(&b.host.bonds, &a);
    if (i < 0) {
        for (i = 0; b.host.bonds.bond[i].used;)
            i++;
        b.host.bonds.bond[i].used = true;
        b.host.bonds.bond[i].keys.identity = a;
        b.host.bonds.bond[i].keys.has_irk = roll(4);
        memset(b.host.bonds.bond[i].keys.irk, (int)(1 + roll(7)), 16);
        bonds_made(&b.host.bonds, i);
    } else if (roll(2)) {
        bonds_touch(&b.host.bonds, i);
    } else {
        bonds_clear(&b.host.bonds, i);
    }
}

static void do_anything(void)
{
    const struct troth_addr peer = peer_of((uint8_t)(1 + roll(9))),
                            under = rpa_of(2, (uint8_t)dice);
    switch (roll(11)) {
    case 0:
        advertise(roll(3));
        break;
    case 1:
        troth_scan(&b.host, roll(2), roll(2));
        break;
    case 2:
        troth_connect(&b.host, &peer, roll(2) ? 0 : 1 + roll(2000000));
        break;
    case 3:
        troth_connect_cancel(&b.host);
        break;
    case 4:
        /* Answers and ends do not take that long. */
        if (!b.host.hci.open && b.host.gap.connect != GAP_CANCELLING)
            time_goes_by(roll(1000000));
        break;
    case 5:
        change_a_bond();
        break;
    case 6:
        if (radio.scan)
            heard(&under);
        break;
    case 7:
        if (radio.initiating && !b.host.hci.open && !b.host.link[0].used)
            connected(&peer, 0);
        break;
    case 8:
        if (radio.adv && (!b.host.hci.open || b.host.hci.open == 0x200a) && !b.host.link[0].used)
            connected(&under, 1);
        break;
    case 9:
        rx(&b, "04 05 04 00 40 00 13");
        break;
    case 10:
        if (radio.initiating && radio.holds_cancel && b.host.gap.connect == GAP_CANCELLING &&
            !b.host.hci.open)
            cancelled();
        break;
    }
}

static void at_rest(void)
{
    const struct gap *g = &b.host.gap;
    assert_int_equal(radio.adv, g->adv_on);
    assert_int_equal(radio.scan, g->scan_on);
    if (g->connect == GAP_CANCELLING)
        return;
    assert_int_equal(g->adv_on, g->adv_told);
    assert_int_equal(radio.adv, g->adv.on && g->room);
    assert_int_equal(radio.initiating, g->connect == GAP_CONNECTING);
    if (g->privacy.by == TROTH_PRIVACY_CONTROLLER)
        assert_true(g->list.reached && radio.resolving);
    for (unsigned i = 1; i < radio.entries; i++)
        if (!zero(radio.list[i].peer_irk, 16))
            assert_true(radio.list[i].device_mode);
}

static void nothing_is_ever_refused(void **state)
{
    (void)state;
    for (unsigned run = 0; run < 400; run++) {
        dice = run + 1;
        begin(run & 1);
        radio.holds_cancel = run & 2;
        up();
        for (unsigned i = 0; i < 80; i++) {
            do_anything();
            b.events = b.events_seen = 0;
            if (b.host.hci.open && roll(3))
                answer();
            if (roll(4) == 0) {
                settle();
                at_rest();
            }
            if (!b.host.hci.open)
                b.sends = b.sends_seen = 0;
            for (unsigned e = 0; e < b.events; e++)
                assert_int_not_equal(b.event[e].type, TROTH_EV_BROKEN);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_ever_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
