#include "common/words_teller.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <troth/gap.h>

/* Error codes of the controller that tell what became of a link or a key, Vol 1 Part F 1.3. */
enum {
    HCI_AUTHENTICATION_FAILURE = 0x05,
    HCI_KEY_MISSING = 0x06,
    HCI_CONNECTION_TIMEOUT = 0x08,
    HCI_REMOTE_USER_ENDED = 0x13,
    HCI_LOCAL_HOST_ENDED = 0x16,
    HCI_MIC_FAILURE = 0x3d,
};

void teller_add(char text[PAIRING_TEXT], const char *format, ...)
{
    size_t len = strlen(text);
    va_list args;
    va_start(args, format);
    vsnprintf(text + len, PAIRING_TEXT - len, format, args);
    va_end(args);
}

enum troth_side teller_other(enum troth_side side)
{
    return side == TROTH_INITIATOR ? TROTH_RESPONDER : TROTH_INITIATOR;
}

const char *teller_name(const struct teller *t, enum troth_side side)
{
    static const char *const ours[] = {"this side (the initiator)", "this side (the responder)"};
    static const char *const theirs[] = {"the other side (the initiator)",
                                         "the other side (the responder)"};
    static const char *const sides[] = {"the initiator", "the responder"};
    return !t->e->know_ours ? sides[side] : t->e->ours == side ? ours[side] : theirs[side];
}

/* At the start of a sentence. */
const char *teller_start_name(const struct teller *t, enum troth_side side)
{
    static const char *const ours[] = {"This side (the initiator)", "This side (the responder)"};
    static const char *const theirs[] = {"The other side (the initiator)",
                                         "The other side (the responder)"};
    static const char *const sides[] = {"The initiator", "The responder"};
    return !t->e->know_ours ? sides[side] : t->e->ours == side ? ours[side] : theirs[side];
}

const char *teller_refuser(const struct teller *t)
{
    return teller_name(t, t->e->by);
}

const char *teller_start_refuser(const struct teller *t)
{
    return teller_start_name(t, t->e->by);
}

bool teller_is_passkey(const struct teller *t)
{
    return t->both &&
           (t->a.model == TROTH_PASSKEY_INITIATOR_INPUTS ||
            t->a.model == TROTH_PASSKEY_RESPONDER_INPUTS || t->a.model == TROTH_PASSKEY_BOTH_INPUT);
}

/* ---- silence and lost links ---- */

static void silence(const struct teller *t)
{
    const char *step = t->e->step ? t->e->step : "";
    if (!t->e->know_by) {
        CAUSE(t, "One side fell silent; after 30 seconds a pairing is over, and this connection "
                 "cannot pair again.");
    } else if (teller_is_passkey(t) && (t->a.types & 1u << t->e->by) &&
               (strstr(step, "passkey") || (strstr(step, "Confirm") && t->e->round <= 1))) {
        CAUSE(t, "%s did not go on: its passkey was not typed in 30 seconds, or it fell silent.",
              teller_start_refuser(t));
    } else if (strstr(step, "comparing") ||
               (t->both && t->a.model == TROTH_NUMERIC_COMPARISON && strstr(step, "DHKey Check"))) {
        CAUSE(t,
              "%s did not go on: nobody confirmed the numbers there in 30 seconds, or it fell "
              "silent.",
              teller_start_refuser(t));
    } else {
        CAUSE(t,
              "%s fell silent. After 30 seconds a pairing is over, and this connection cannot "
              "pair again.",
              teller_start_refuser(t));
    }
    CURE(t,
         "Look at %s: a question waiting on its screen, a stack that hangs? Then disconnect, "
         "connect and pair again.",
         t->e->know_by ? teller_refuser(t) : "both sides");
}

static void link_lost(const struct teller *t)
{
    switch (t->e->hci) {
    case HCI_REMOTE_USER_ENDED:
    case HCI_LOCAL_HOST_ENDED:
        if (t->e->know_by) {
            CAUSE(t,
                  "%s disconnected in the middle of the pairing, without a Pairing Failed: a "
                  "person left, an application gave up, or its stack broke off.",
                  teller_start_refuser(t));
            CURE(t, "Look at the log of %s, then start again.", teller_refuser(t));
            return;
        }
        break;
    case HCI_AUTHENTICATION_FAILURE:
        CAUSE(t, "One side ended the connection because the keys could not be proved.");
        CURE(t, "Remove the bond on both sides and pair again.");
        return;
    case HCI_MIC_FAILURE:
        CAUSE(t, "The data did not decrypt: the two sides hold different keys, or somebody "
                 "tampered with them.");
        CURE(t, "Remove the bond on both sides and pair again.");
        return;
    default:
        break;
    }
    CAUSE(t, "The connection was lost while they were pairing.");
    CURE(t, "Move closer together, keep both awake, and start again.");
}

static void not_encrypted(const struct teller *t)
{
    CAUSE(t, "The pairing agreed on a key, and the controllers could not encrypt with it: %s.",
          troth_hci_words(t->e->hci));
    if (t->e->hci == HCI_MIC_FAILURE || t->e->hci == HCI_AUTHENTICATION_FAILURE)
        CURE(t, "The two sides computed different keys: try again, then update both sides' "
                "software.");
    else
        CURE(t, "Disconnect, restart the Bluetooth of the device that failed, and pair again.");
}

static void what(const struct teller *t)
{
    const struct pairing_end *e = t->e;
    const char *step = e->step && *e->step ? e->step : "unknown", *reason, *by;
    char *to = t->w->what;
    const size_t cap = sizeof t->w->what;
    by = !e->know_ours ? teller_refuser(t) : e->by == e->ours ? "we" : "the other side";
    switch (e->kind) {
    case PAIRING_END_REFUSED:
        reason = troth_smp_reason_name(e->reason);
        if (e->know_ours)
            snprintf(to, cap, "%s %s (%s, step: %s)", by, e->by == e->ours ? "ended it" : "refused",
                     reason, step);
        else
            snprintf(to, cap, "%s refused (%s 0x%02x, step: %s)", by, reason, e->reason, step);
        break;
    case PAIRING_END_SILENCE:
        snprintf(to, cap, "no answer came for 30 seconds (step: %s)", step);
        break;
    case PAIRING_END_LINK:
        if (e->hci)
            snprintf(to, cap, "the connection was lost (%s 0x%02x, step: %s)",
                     troth_hci_name(e->hci), e->hci, step);
        else
            snprintf(to, cap, "the connection was lost (step: %s)", step);
        break;
    case PAIRING_END_ENCRYPTION:
        snprintf(to, cap, "the link could not be encrypted (%s 0x%02x)", troth_hci_name(e->hci),
                 e->hci);
        break;
    }
}

void pairing_end_words(const struct pairing_end *e, struct pairing_end_words *w)
{
    struct teller t = {.e = e, .w = w, .both = e->crossed[0] && e->crossed[1]};
    *w = (struct pairing_end_words){0};
    if (t.both)
        pairing_account(&t.a, e->features);
    what(&t);
    switch (e->kind) {
    case PAIRING_END_REFUSED:
        teller_refused(&t);
        break;
    case PAIRING_END_SILENCE:
        silence(&t);
        break;
    case PAIRING_END_LINK:
        link_lost(&t);
        break;
    case PAIRING_END_ENCRYPTION:
        not_encrypted(&t);
        break;
    }
    size_t len = strlen(w->cure);
    while (len && w->cure[len - 1] == ' ')
        w->cure[--len] = 0;
}

void pairing_bond_words(uint8_t hci, bool know_ours, enum troth_side ours,
                        struct pairing_end_words *w)
{
    const struct pairing_end e = {.know_ours = know_ours, .ours = ours};
    struct teller t = {.e = &e, .w = w};
    *w = (struct pairing_end_words){0};
    snprintf(w->what, sizeof w->what, "the stored key did not encrypt the link (%s 0x%02x)",
             troth_hci_name(hci), hci);
    switch (hci) {
    case HCI_KEY_MISSING:
        /* The controller of the central says so: the peripheral answered that it has no key. */
        CAUSE(&t,
              "%s has a bond, and %s has none: it was reset, its bond was removed or it keeps "
              "too few; or it is another device with the same address.",
              teller_start_name(&t, TROTH_INITIATOR), teller_name(&t, TROTH_RESPONDER));
        CURE(&t, "Remove the bond at %s (forget the device), then pair again.",
             teller_name(&t, TROTH_INITIATOR));
        break;
    case HCI_MIC_FAILURE:
    case HCI_AUTHENTICATION_FAILURE:
        CAUSE(&t, "Both sides have a key for this bond, and the keys differ: one of them paired "
                  "anew meanwhile, or it is another device with the same address.");
        CURE(&t, "Remove the bond on both sides, then pair again.");
        break;
    case HCI_CONNECTION_TIMEOUT:
        CAUSE(&t, "The other side stopped answering while encryption started.");
        CURE(&t, "Move closer together and connect again; the bond is not at fault.");
        break;
    default:
        CAUSE(&t, "The controller says: %s.", troth_hci_words(hci));
        CURE(&t, "Connect again; if it repeats, remove the bond on both sides and pair again.");
        break;
    }
}

/* ---- of a host's own event ---- */

void pairing_failure(struct pairing_failure *f, const struct troth_event *event)
{
    const char *step = troth_smp_step_words(event->u.pairing_failed.step);
    struct pairing_end e = {.know_ours = true,
                            .ours = event->u.pairing_failed.side,
                            .reason = event->u.pairing_failed.reason,
                            .step = step};
    struct pairing_end_words w;
    /* A step of our own is a deed, "comparing the numbers"; the peer's is a PDU's name. */
    bool deed = step[0] >= 'a' && step[0] <= 'z';
    for (int side = 0; side < 2; side++) {
        e.features[side] = event->u.pairing_failed.features[side];
        e.crossed[side] = event->u.pairing_failed.have_model || e.features[side].max_key_size != 0;
    }
    e.by = e.ours;
    switch (event->u.pairing_failed.by) {
    case TROTH_BY_US:
        break;
    case TROTH_BY_PEER:
        e.by = teller_other(e.ours);
        break;
    case TROTH_BY_TIMEOUT:
        e.kind = PAIRING_END_SILENCE;
        e.know_by = strcmp(step, "encrypting the link") != 0;
        e.by = deed ? e.ours : teller_other(e.ours);
        break;
    case TROTH_BY_LINK:
        e.kind = PAIRING_END_LINK;
        break;
    }
    pairing_end_words(&e, &w);
    memset(f, 0, sizeof *f);
    memcpy(f->what, w.what, sizeof f->what);
    snprintf(f->text, sizeof f->text, "%s %s", w.cause, w.cure);
    size_t len = strlen(f->text);
    if (len && f->text[len - 1] == '.')
        f->text[len - 1] = 0;
    f->meaning = f->text;
    f->have_model = event->u.pairing_failed.have_model;
    if (f->have_model)
        pairing_account(&f->account, event->u.pairing_failed.features);
}
