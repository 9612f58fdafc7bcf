/* What came of a pairing or an encryption: kept for the steps, and said. */
#include "client.h"

#include "notes.h"

#include "common/out.h"
#include "common/words_pairing.h"

#include <string.h>
#include <time.h>

static void take_note(struct client *c)
{
    struct note note = {.used = (uint64_t)time(NULL)};
    struct note before;
    if (*c->device.name)
        memcpy(note.name, c->device.name, sizeof note.name);
    else if (note_get(c->store, &c->identity, &before))
        memcpy(note.name, before.name, sizeof note.name);
    note_put(c->store, &c->identity, &note);
}

static void tell_pairing(struct client *c, const struct troth_event *e)
{
    struct pairing_account a;
    char why[PAIRING_TEXT];
    pairing_account(&a, e->u.pairing.features);
    c->pairing = true;
    c->model = e->u.pairing.model;
    out_event(
        OUT_PLAIN, "pairing",
        out_fields("model:s sc:b", troth_model_name((uint8_t)e->u.pairing.model), e->u.pairing.sc),
        "pairing: %s, %s", pairing_model_words((uint8_t)e->u.pairing.model),
        e->u.pairing.sc ? "Secure Connections" : "legacy");
    if (client_options.verbose)
        out_hint("%s", pairing_why(&a, why));
}

static void tell_paired(struct client *c, const struct troth_event *e)
{
    char level[PAIRING_TEXT];
    c->paired = true;
    c->stored = e->u.paired.stored;
    c->level = e->u.paired.level;
    c->model = e->u.paired.model;
    c->bonded = c->stored;
    if (c->stored) {
        c->identity = e->u.paired.keys->identity;
        take_note(c);
    }
    out_event(OUT_GOOD, "paired",
              out_fields("model:s sc:b mitm:b key_size:u bonded:b",
                         troth_model_name((uint8_t)c->model), c->level.sc, c->level.mitm,
                         (unsigned)c->level.key_size, c->stored),
              "paired: %s, %s", pairing_level_text(&c->level, level),
              c->stored ? "bonded" : "not bonded");
}

/* What only this program's options can change. */
static void hint_options(const struct client *c, const struct troth_event *e,
                         const struct pairing_failure *f)
{
    if (e->u.pairing_failed.reason == TROTH_SMP_CONFIRM_VALUE_FAILED && c->oob.have_theirs)
        out_hint("The block in %s does not fit this device: it has served its one pairing, has "
                 "expired, or was changed on the way. Take the fresh one.",
                 client_options.oob);
    if (e->u.pairing_failed.reason == TROTH_SMP_OOB_NOT_AVAILABLE && !c->oob.have_ours)
        out_hint("The device holds out-of-band data of ours and they are not here, or have served: "
                 "make new ones with troth oob make and pair with --oob-made.");
    if (e->u.pairing_failed.reason != TROTH_SMP_AUTHENTICATION_REQUIREMENTS)
        return;
    if (f->have_model && !f->account.sc && !client_options.allow_legacy)
        out_hint("Legacy pairing is refused here, since a listener can break it; --allow-legacy "
                 "takes it.");
    else if (c->io_cap == TROTH_NO_INPUT_NO_OUTPUT && !client_options.oob)
        out_hint(
            "We could neither show nor type anything: run at a terminal, or give --passkey FILE "
            "(or --passkey -).");
}

static void tell_pairing_failed(struct client *c, const struct troth_event *e)
{
    struct pairing_failure f;
    char why[PAIRING_TEXT] = "", better[PAIRING_TEXT] = "";
    bool said = c->over;
    pairing_failure(&f, e);
    if (f.have_model) {
        pairing_why(&f.account, why);
        pairing_better(&f.account, better);
    }
    c->pairing_failed = true;
    if (out_is_json())
        out_event(OUT_BAD, "pairing_failed",
                  out_fields(
                      "by:s reason:s step:s model:s why:s",
                      (const char *[]){"us", "peer", "timeout", "link"}[e->u.pairing_failed.by],
                      e->u.pairing_failed.reason ? troth_smp_reason_name(e->u.pairing_failed.reason)
                                                 : NULL,
                      troth_smp_step_words(e->u.pairing_failed.step),
                      f.have_model ? troth_model_name((uint8_t)f.account.model) : NULL,
                      f.have_model ? why : NULL),
                  "pairing failed: %s", f.what);
    client_fail(c, "pairing with %s failed: %s: %s", client_peer(c), f.what, f.meaning);
    if (said)
        return;
    if (f.have_model)
        out_hint("The model was %s. %s", pairing_model_words((uint8_t)f.account.model), why);
    hint_options(c, e, &f);
    if (*better && e->u.pairing_failed.reason == TROTH_SMP_AUTHENTICATION_REQUIREMENTS)
        out_hint("%s", better);
}

static void tell_encrypted(struct client *c, const struct troth_event *e)
{
    char text[PAIRING_TEXT];
    if (e->u.encrypted.hci_status) {
        c->encrypt_failed = true;
        c->hci_status = e->u.encrypted.hci_status;
        return;
    }
    c->encrypted = true;
    c->level = e->u.encrypted.level;
    if (c->bonded && !c->pairing) {
        take_note(c);
        out_event(OUT_GOOD, "encrypted",
                  out_fields("sc:b mitm:b key_size:u bonded:b", c->level.sc, c->level.mitm,
                             (unsigned)c->level.key_size, c->level.bonded),
                  "encrypted from the bond: %s", pairing_level_text(&c->level, text));
    }
}

static void tell_bond_lost(struct client *c, const struct troth_event *e)
{
    char addr[18];
    troth_addr_text(&c->identity, addr);
    if (e->u.bond_lost.mismatch)
        client_fail(
            c,
            "the bond with %s no longer fits: both sides have a key, and they differ. It may "
            "be another device with its address. If you trust it: troth bonds remove %s, "
            "then this again",
            client_peer(c), addr);
    else
        client_fail(c,
                    "%s lost its side of the bond, as after a reset, or is another device with its "
                    "address, or demands a stronger bond than this one by now. If you trust it: "
                    "troth bonds remove %s, then this again",
                    client_peer(c), addr);
}

/* The store's own reason, where it had one, was the first sentence and ended the wait. */
void security_too_weak(struct client *c, const struct troth_level *bond)
{
    char addr[18], level[PAIRING_TEXT];
    client_fail(c,
                "the bond with %s is too weak for what is demanded here (%s); to pair anew: troth "
                "bonds remove %s, then this again",
                client_peer(c), pairing_level_text(bond, level),
                troth_addr_text(&c->identity, addr));
}

static void tell_bond_kept(struct client *c, const char *addr)
{
    if (c->over)
        out_hint("The bond with %s could not be removed; when the store can be written: troth "
                 "bonds remove %s",
                 client_peer(c), addr);
    else
        client_fail(c,
                    "the bond with %s could not be removed: the store would not; when it can be "
                    "written: troth bonds remove %s",
                    client_peer(c), addr);
}

void security_event(struct client *c, const struct troth_event *e)
{
    char addr[18];
    switch (e->type) {
    case TROTH_EV_PAIRING:
        tell_pairing(c, e);
        break;
    case TROTH_EV_PAIRED:
        tell_paired(c, e);
        break;
    case TROTH_EV_PAIRING_FAILED:
        tell_pairing_failed(c, e);
        break;
    case TROTH_EV_ENCRYPTED:
        tell_encrypted(c, e);
        break;
    case TROTH_EV_BOND_LOST:
        tell_bond_lost(c, e);
        break;
    case TROTH_EV_BOND_REFUSED:
        security_too_weak(c, &e->u.available);
        break;
    case TROTH_EV_BOND_REMOVED:
        c->bond_removed = true;
        note_delete(c->store, &e->u.addr);
        break;
    case TROTH_EV_BOND_NOT_REMOVED:
        tell_bond_kept(c, troth_addr_text(&e->u.addr, addr));
        break;
    case TROTH_EV_KEYPRESS:
        if (client_options.verbose)
            out_event(OUT_DIM, "keypress", out_fields("type:u", (unsigned)e->u.keypress),
                      "somebody is typing on the device");
        break;
    default:
        break;
    }
}
