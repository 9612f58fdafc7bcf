/* What is the same over every radio: who is connected, who may come, and whom a pairing asks. */
#include "trothd.h"

#include <stdio.h>
#include <string.h>

#include "common/out.h"
#include "common/stranger.h"

#define NO_SECURITY 0x05 /* Authentication Failure, of HCI */

struct peer *bluetooth_peer(struct trothd *d, troth_link link)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (link != TROTH_NO_LINK && d->peers[i].link == link)
            return &d->peers[i];
    return NULL;
}

static enum stranger_must what_strangers_must(const struct trothd *d)
{
    if (d->options.security != TROTH_WIFI_MODE_NONE)
        return STRANGER_ENCRYPT;
    return d->options.provision.protocols == PROVISION_ESPRESSIF ? STRANGER_SESSION
                                                                 : STRANGER_NOTHING;
}

troth_ms bluetooth_due(const struct trothd *d)
{
    return stranger_due(what_strangers_must(d), clocks_now());
}

struct peer *bluetooth_add_peer(struct trothd *d, troth_link link)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->peers[i].link == TROTH_NO_LINK) {
            d->peers[i] = (struct peer){.link = link, .due = bluetooth_due(d)};
            return &d->peers[i];
        }
    return NULL;
}

/* ---- advertising ---- */

void bluetooth_window(struct trothd *d, bool on)
{
    struct troth_advertising adv = {0};
    if (d->stopping || !d->radio)
        return;
    if (on && provision_is_open(d))
        provision_advertising(d, &adv);
    else if (on || reach_for_bonded(d))
        troth_wifi_gatt_advertising(d->options.name, &adv);
    if (d->name_pending)
        adv.on = false;
    int result = d->radio->window(d, &adv, on);
    if (result != TROTH_OK)
        out_error("cannot %s advertising: %s", on ? "start" : "stop", troth_result_words(result));
}

int bluetooth_forget(struct trothd *d, troth_link last)
{
    return d->radio->forget(d, last);
}

/* ---- strangers: whoever neither pairs nor encrypts may not hold a place for ever ---- */

static troth_ms strangers_deadline(const void *ctx)
{
    const struct trothd *d = ctx;
    troth_ms at = TROTH_NEVER;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->peers[i].link != TROTH_NO_LINK && d->peers[i].due < at)
            at = d->peers[i].due;
    return at;
}

static void strangers_tick(void *ctx, troth_ms now)
{
    struct trothd *d = ctx;
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++) {
        struct peer *p = &d->peers[i];
        if (p->link == TROTH_NO_LINK)
            continue;
        enum radio_protection has = d->radio->protection(d, p->link);
        struct stranger s = {.trusted = has == RADIO_PROTECTED || provision_proven(d, p->link),
                             .pairing = has == RADIO_PAIRING};
        if (!stranger_look(&p->due, &s, now))
            continue;
        line_stranger(d, p->link);
        if (d->radio->disconnect(d, p->link, NO_SECURITY) == TROTH_BUSY)
            p->due = stranger_again(now);
    }
}

/* ---- bonds ---- */

void bluetooth_forgot(struct trothd *d)
{
    struct forgetting *f = &d->forgetting;
    if (!f->all_asked || f->open)
        return;
    line_forgot(f->removed, f->kept);
    control_erased(d, true, f->removed, f->kept);
    memset(f, 0, sizeof *f);
}

void bluetooth_bond_answer(struct trothd *d, bool removed)
{
    struct forgetting *f = &d->forgetting;
    if (!f->open)
        return;
    f->open--;
    if (removed)
        f->removed++;
    else
        f->kept++;
    bluetooth_forgot(d);
}

void bluetooth_make_name(struct trothd *d, const struct troth_addr *identity)
{
    if (!d->name_pending)
        return;
    snprintf(d->made_name, sizeof d->made_name, "PROV_%02X%02X%02X", identity->b[2], identity->b[1],
             identity->b[0]);
    d->name_pending = false;
    provision_named(d);
    network_reach(d);
}

/* ---- whom a pairing asks ---- */

struct agent *bluetooth_who_answers(const struct trothd *d)
{
    return agent_present(d->attached) ? d->attached : d->agent;
}

uint8_t bluetooth_io_cap(const struct trothd *d)
{
    if (agent_present(d->attached))
        return (uint8_t)agent_io_cap(d->attached);
    return agent_present(d->agent) ? (uint8_t)d->options.io_cap : TROTH_NO_INPUT_NO_OUTPUT;
}

/* ---- opening ---- */

bool bluetooth_open(struct trothd *d, char *why, size_t why_cap)
{
    struct runtime_clock strangers = {strangers_deadline, strangers_tick, d};
    d->policy = (struct troth_policy){.features = TROTH_FEATURES_DEFAULT};
    d->policy.features.io_cap = (uint8_t)d->options.io_cap;
    troth_wifi_gatt_policy((enum troth_wifi_mode)d->options.security, &d->policy);
    policy_apply(&d->options.policy, &d->policy);
    d->clocks = clocks_new(d->loop);
    if (!d->clocks || clocks_add(d->clocks, &strangers) != TROTH_OK) {
        snprintf(why, why_cap, "no memory for a clock");
        return false;
    }
    d->radio = d->options.on_bluez ? &radio_bluez : &radio_own;
    if (!d->radio->open(d, why, why_cap))
        return false;
    line_start(d);
    policy_tell_insecure(&d->options.policy, &d->policy);
    return true;
}

void bluetooth_close(struct trothd *d)
{
    if (d->radio)
        d->radio->close(d);
    d->radio = NULL;
    clocks_free(d->clocks);
    d->clocks = NULL;
}
