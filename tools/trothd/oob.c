/*
 * Out-of-band data of the device: its own block, written afresh whenever the one before was used,
 * expired or the window was shut; and the peer's, read when that peer wants to pair.
 */
#include "trothd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/out.h"
#include "common/secret.h"

#define LIFE_MS       ((troth_ms)OOB_LIFE_S * 1000)
#define LOOK_AGAIN_MS 1000

/* A TK is of use only where legacy pairing is. */
static bool wants_tk(const struct trothd *d)
{
    return !troth_policy(runtime_host(d->runtime))->sc_only;
}

static bool somebody_pairs(const struct trothd *d)
{
    for (unsigned i = 0; i < TROTH_MAX_LINKS; i++)
        if (d->peers[i].link != TROTH_NO_LINK &&
            troth_is_pairing(runtime_host(d->runtime), d->peers[i].link))
            return true;
    return false;
}

/* The pair is pinned until then; it may not change under a pairing that uses it. */
static void renew(struct trothd *d)
{
    struct oob_device *o = &d->oob;
    char why[512] = "no out-of-band block can be made: the host has no key pair";
    troth_ms now = runtime_now(d->runtime);
    o->due = TROTH_NEVER;
    if (!d->options.oob_file || !o->window || !o->have_self || d->stopping)
        return;
    if (somebody_pairs(d)) {
        o->due = now + LOOK_AGAIN_MS;
        return;
    }
    o->have_ours = oob_make(&o->ours, runtime_host(d->runtime), &o->self, TROTH_OOB_PERIPHERAL,
                            d->options.name, wants_tk(d), now) &&
                   oob_write(d->options.oob_file, &o->ours, why, sizeof why);
    if (o->have_ours) {
        o->due = now + LIFE_MS;
        out_event(OUT_PLAIN, "oob", out_fields("file:s", d->options.oob_file),
                  "a fresh out-of-band block is in %s", d->options.oob_file);
    } else {
        out_error("%s", why);
        o->due = now + 10 * LOOK_AGAIN_MS;
    }
}

static bool take_away(struct trothd *d)
{
    bool there = d->oob.have_ours && !unlink(d->options.oob_file);
    d->oob.have_ours = false;
    secret_wipe(&d->oob.ours, sizeof d->oob.ours);
    return there;
}

void oob_window(struct trothd *d, bool open)
{
    if (!d->options.oob_file || d->oob.window == open)
        return;
    d->oob.window = open;
    if (open)
        renew(d);
    else if (take_away(d))
        out_event(OUT_PLAIN, "oob_gone", out_fields("file:s", d->options.oob_file),
                  "the pairing window is shut: the out-of-band block in %s is taken away",
                  d->options.oob_file);
}

void oob_close(struct trothd *d)
{
    if (d->options.oob_file)
        take_away(d);
    secret_wipe(&d->oob, sizeof d->oob);
}

/* ---- the peer's ---- */

static bool was_spent(const struct oob_device *o)
{
    return o->have_spent && !memcmp(&o->spent, &o->theirs.oob, sizeof o->spent);
}

/* Afresh each time: it may have been put there a moment ago. */
static bool read_theirs(struct trothd *d, const struct peer *p)
{
    struct oob_device *o = &d->oob;
    char why[600] = "", block[18];
    long age;
    o->have_theirs = false;
    if (!d->options.peer_oob || access(d->options.peer_oob, F_OK))
        return false;
    if (!oob_read(d->options.peer_oob, &o->theirs, &age, why, sizeof why) ||
        !oob_fresh(d->options.peer_oob, age, why, sizeof why)) {
        /* why is said */
    } else if (!oob_is_of(&o->theirs, &p->addr)) {
        snprintf(why, sizeof why, "the out-of-band block in %s is of %s, another device",
                 d->options.peer_oob, troth_addr_text(&o->theirs.addr, block));
    } else if (o->theirs.role == TROTH_OOB_PERIPHERAL) {
        snprintf(why, sizeof why,
                 "the out-of-band block in %s is of a peripheral, as this device is",
                 d->options.peer_oob);
    } else if (was_spent(o)) {
        snprintf(why, sizeof why,
                 "the out-of-band block in %s has served its one pairing: make a new one on the "
                 "other side",
                 d->options.peer_oob);
    } else {
        o->have_theirs = true;
    }
    if (*why)
        out_event(OUT_WARN, "peer_oob", out_fields("file:s", d->options.peer_oob), "%s; not used",
                  why);
    if (!o->have_theirs)
        secret_wipe(&o->theirs, sizeof o->theirs);
    return o->have_theirs;
}

bool oob_features(struct trothd *d, const struct troth_ask *ask, struct troth_features *ours)
{
    const struct troth_features *peer = &ask->u.pairing.features[TROTH_INITIATOR];
    const struct peer *p = bluetooth_peer(d, ask->link);
    bool sc = peer->auth_req & ours->auth_req & TROTH_AUTH_SC;
    bool theirs = p && read_theirs(d, p);
    const struct oob_device *o = &d->oob;
    ours->oob = sc ? theirs && o->theirs.oob.have_sc
                   : (theirs && o->theirs.oob.have_tk) || (o->have_ours && o->ours.oob.have_tk);
    return sc ? peer->oob || ours->oob : peer->oob && ours->oob;
}

bool oob_ask(struct trothd *d, const struct troth_ask *ask)
{
    struct oob_device *o = &d->oob;
    struct troth_answer answer = {.ok = true};
    oob_answer(&answer.u.oob, TROTH_RESPONDER, o->have_ours ? &o->ours : NULL,
               o->have_theirs ? &o->theirs : NULL);
    if (o->have_theirs) {
        o->spent = o->theirs.oob;
        o->have_spent = true;
    }
    bool ok = troth_answer(runtime_host(d->runtime), ask->id, &answer) == TROTH_OK;
    secret_wipe(&answer, sizeof answer);
    return ok;
}

/* ---- time and events ---- */

void oob_event(struct trothd *d, const struct troth_event *e)
{
    struct oob_device *o = &d->oob;
    if (e->type == TROTH_EV_READY) {
        o->self = e->u.ready.identity;
        o->have_self = true;
        if (!o->have_ours)
            o->due = 0;
    } else if (e->type == TROTH_EV_PAIRING && e->u.pairing.model == TROTH_OOB) {
        o->used = o->used || e->u.pairing.features[TROTH_INITIATOR].oob;
    } else if (o->used && (e->type == TROTH_EV_PAIRED || e->type == TROTH_EV_PAIRING_FAILED)) {
        /* Who merely says it holds our block does not make the one on paper stale. */
        struct troth_oob_pair pinned;
        o->used = false;
        if (o->ours.oob.have_tk || troth_oob_keep(runtime_host(d->runtime), &pinned) != TROTH_OK)
            o->due = 0; /* it served its one pairing, well or not */
        secret_wipe(&pinned, sizeof pinned);
    }
}

troth_ms oob_deadline(const void *ctx)
{
    return ((const struct trothd *)ctx)->oob.due;
}

void oob_tick(void *ctx, troth_ms now)
{
    struct trothd *d = ctx;
    if (d->oob.due <= now)
        renew(d);
}
