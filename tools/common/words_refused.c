/* What a reason of Pairing Failed (Vol 3 Part H 3.5.5) means with the features that crossed. */
#include "common/words_teller.h"

#include <string.h>

static void passkey_entry_failed(const struct teller *t)
{
    enum troth_side shows =
        t->a.model == TROTH_PASSKEY_RESPONDER_INPUTS ? TROTH_INITIATOR : TROTH_RESPONDER;
    CAUSE(t,
          "The passkey was not typed at %s: somebody cancelled, closed the dialogue or had no "
          "digits to type.",
          teller_refuser(t));
    if (teller_is_passkey(t) && t->a.model != TROTH_PASSKEY_BOTH_INPUT)
        CURE(t, "Start again and type, within 30 seconds, the six digits that %s displays.",
             teller_name(t, shows));
    else
        CURE(t, "Start again and type the same six digits on both sides, within 30 seconds.");
}

static void oob_not_available(const struct teller *t)
{
    const struct troth_features *f = t->e->features;
    struct pairing_account without;
    if (!t->both) {
        CAUSE(t, "%s demands out-of-band data, and there is none.", teller_start_refuser(t));
        CURE(t, "Hand the data over (NFC, QR code), or switch OOB off and pair without it.");
        return;
    }
    struct troth_features plain[2] = {f[0], f[1]};
    plain[0].oob = plain[1].oob = 0;
    pairing_account(&without, plain);
    if (t->a.model != TROTH_OOB)
        CAUSE(t,
              "%s demands out-of-band data, though the features lead to %s: %s sent OOB flag %d, "
              "%s %d.",
              teller_start_refuser(t), pairing_model_words((uint8_t)t->a.model),
              teller_name(t, TROTH_INITIATOR), f[0].oob, teller_name(t, TROTH_RESPONDER), f[1].oob);
    else if (t->a.sc && f[0].oob != f[1].oob)
        CAUSE(t,
              "%s set its OOB flag, and in Secure Connections one flag is enough for Out of "
              "Band; but %s has not the data that takes: what the other handed over, or the "
              "key pair its own data were made from.",
              teller_start_name(t, f[0].oob ? TROTH_INITIATOR : TROTH_RESPONDER),
              teller_refuser(t));
    else
        CAUSE(t,
              "Both sides say they hold out-of-band data, and %s has none (any longer): it "
              "serves one pairing only.",
              teller_refuser(t));
    CURE(t, "Make and hand over fresh out-of-band data; or switch OOB off, then it would be %s.",
         pairing_model_words((uint8_t)without.model));
}

static void confirm_value_failed(const struct teller *t)
{
    if (teller_is_passkey(t)) {
        CAUSE(t, "The two sides did not have the same passkey");
        if (t->e->round)
            CAUSE(t, ": round %u of 20 gave it away", t->e->round);
        CAUSE(t, ". Digits were mistyped, or are an old pairing's; or somebody is guessing.");
        CURE(t, "Start again: every pairing has new digits. %s.",
             t->a.model == TROTH_PASSKEY_BOTH_INPUT ? "Type the same six on both sides"
             : t->a.model == TROTH_PASSKEY_INITIATOR_INPUTS
                 ? "Type what the responder displays at the initiator"
                 : "Type what the initiator displays at the responder");
    } else if (t->both && t->a.model == TROTH_OOB) {
        CAUSE(t, "The out-of-band data do not belong to this pairing: they are used up, older than "
                 "the other side's key pair, or another device's.");
        CURE(t, "Make and hand over fresh data, then pair at once.");
    } else {
        CAUSE(t,
              "The other side's commitment did not open%s. Nobody typed anything, so no person "
              "erred: the data were changed on the way, by somebody in the middle or by faulty "
              "software.",
              !t->both                                 ? ""
              : t->a.model == TROTH_NUMERIC_COMPARISON ? " (Numeric Comparison)"
                                                       : " (Just Works)");
        CURE(t, "Try again; if it repeats in another place too, update both sides' software.");
    }
}

static void encryption_key_size(const struct teller *t)
{
    const struct troth_features *f = t->e->features;
    if (!t->both) {
        CAUSE(t, "%s found the key too short: at most %u octets were offered.",
              teller_start_refuser(t),
              t->e->crossed[TROTH_INITIATOR] ? f[TROTH_INITIATOR].max_key_size : 0);
        CURE(t, "Set the maximum key size to 16 octets at %s.",
             teller_name(t, teller_other(t->e->by)));
        return;
    }
    enum troth_side least =
        f[0].max_key_size < f[1].max_key_size ? TROTH_INITIATOR : TROTH_RESPONDER;
    CAUSE(t, "The key would have %u octets: %s allows at most %u, %s %u; that is too short for %s.",
          f[least].max_key_size, teller_name(t, TROTH_INITIATOR), f[0].max_key_size,
          teller_name(t, TROTH_RESPONDER), f[1].max_key_size, teller_refuser(t));
    if (f[least].max_key_size < 16)
        CURE(t, "Raise the maximum key size of %s to 16 octets.", teller_name(t, least));
    else
        CURE(t, "Both offer the longest there is: update the software of %s.", teller_refuser(t));
}

/* What of these features no specification allows; false: nothing. */
static bool cause_bad_features(const struct teller *t)
{
    for (int side = 0; side < 2; side++) {
        const struct troth_features *f = &t->e->features[side];
        if (!t->e->crossed[side])
            continue;
        const char *who = teller_start_name(t, (enum troth_side)side);
        if (f->io_cap > TROTH_KEYBOARD_DISPLAY)
            CAUSE(t, "%s sent IO capability 0x%02x, which is reserved.", who, f->io_cap);
        else if (f->oob > 1)
            CAUSE(t, "%s sent OOB flag 0x%02x, which is reserved.", who, f->oob);
        else if (f->max_key_size < 7 || f->max_key_size > 16)
            CAUSE(t, "%s sent a maximum key size of %u octets; 7 to 16 exist.", who,
                  f->max_key_size);
        else
            continue;
        CURE(t, "Update or correct the software of %s.", teller_name(t, (enum troth_side)side));
        return true;
    }
    const struct troth_features *i = &t->e->features[0], *r = &t->e->features[1];
    if (t->both &&
        ((r->initiator_keys & ~i->initiator_keys) | (r->responder_keys & ~i->responder_keys))) {
        CAUSE(t, "The Pairing Response asks for keys that the Pairing Request did not offer.");
        CURE(t, "Correct the key distribution of %s.", teller_name(t, TROTH_RESPONDER));
        return true;
    }
    return false;
}

static void invalid_parameters(const struct teller *t)
{
    if (cause_bad_features(t))
        return;
    CAUSE(t, "%s found a message of %s malformed: its length or a value in it.",
          teller_start_refuser(t), teller_name(t, teller_other(t->e->by)));
    CURE(t,
         "Update the software of %s; if it is your own, compare the message before the Pairing "
         "Failed with Vol 3 Part H 3.5.",
         teller_name(t, teller_other(t->e->by)));
}

static void dhkey_check_failed(const struct teller *t)
{
    bool key = t->e->step && strstr(t->e->step, "Public Key");
    if (key)
        CAUSE(t,
              "%s did not take the public key of %s: it is no point of the curve, is its own "
              "key sent back, or is the debug key.",
              teller_start_refuser(t), teller_name(t, teller_other(t->e->by)));
    else
        CAUSE(t,
              "The two sides computed different keys%s. Somebody is in the middle, or one side's "
              "software is wrong.",
              teller_is_passkey(t)                 ? " or had different passkeys"
              : t->both && t->a.model == TROTH_OOB ? " or had different out-of-band data"
                                                   : "");
    CURE(t, "Try again close together; if it repeats, update both sides' software%s.",
         key ? ", and switch debug keys off" : "");
}

static void numeric_comparison_failed(const struct teller *t)
{
    if (t->both && t->a.model == TROTH_JUST_WORKS) { /* as BlueZ says no to Just Works */
        CAUSE(t, "The person at %s, or the program that answers there, declined the pairing.",
              teller_refuser(t));
        CURE(t, "Start again, and accept it there.");
        return;
    }
    CAUSE(t,
          "The person at %s said that the numbers differ, or cancelled, or let the time run "
          "out.",
          teller_refuser(t));
    CURE(t, "Start again and compare all six digits. If they really differ, somebody is in the "
            "middle: do not pair here.");
}

static void unspecified_reason(const struct teller *t)
{
    CAUSE(t, "%s gave no reason", teller_start_refuser(t));
    if (t->both && t->a.model == TROTH_JUST_WORKS)
        CAUSE(t, ": often a person declined the pairing, or a message came out of turn.");
    else
        CAUSE(t, ": often a person cancelled, the stack was busy, or a message came out of turn.");
    CURE(t, "Look at the screen and the log of %s, then start again.", teller_refuser(t));
}

/* Reasons that depend on who sends them alone. */
static bool plain_reason(const struct teller *t)
{
    const char *who = teller_start_refuser(t), *it = teller_refuser(t),
               *they = teller_name(t, teller_other(t->e->by));
    switch (t->e->reason) {
    case TROTH_SMP_PAIRING_NOT_SUPPORTED:
        CAUSE(t, "%s takes no pairing now: its pairing window is shut, or it never pairs.", who);
        CURE(t,
             "Open the pairing window of %s (a button, a menu, a restart), then start again. If "
             "it was bonded before, remove the bond at %s too.",
             it, they);
        return true;
    case TROTH_SMP_COMMAND_NOT_SUPPORTED:
        CAUSE(t, "%s does not know, or not in its role, the message that %s sent.", who, they);
        CURE(t,
             "Update the software of %s, or switch off at %s what it does not know (Secure "
             "Connections, keypress notifications).",
             it, they);
        return true;
    case TROTH_SMP_REPEATED_ATTEMPTS:
        CAUSE(t, "%s makes the peer wait: too many pairings failed shortly before.", who);
        CURE(t, "Wait; the time doubles with each failure. Then cure what the earlier pairings "
                "failed of before trying again.");
        return true;
    case TROTH_SMP_BR_EDR_PAIRING_IN_PROGRESS:
        CAUSE(t, "%s is pairing over classic Bluetooth (BR/EDR) at this moment.", who);
        CURE(t, "Wait until that ends, then start again.");
        return true;
    case TROTH_SMP_CTKD_NOT_ALLOWED:
        CAUSE(t,
              "%s will not derive keys for the other transport (BR/EDR from LE or back): a "
              "stronger key is there already, or it is forbidden.",
              who);
        CURE(t,
             "Switch the LinkKey bit of the key distribution off at %s, or remove the bond of "
             "the other transport on both sides.",
             they);
        return true;
    case TROTH_SMP_KEY_REJECTED:
        CAUSE(t,
              "%s rejected a key of %s: it would replace a stronger bond or another device's, "
              "or is known to be unsafe.",
              who, they);
        CURE(t, "Remove the old bond at %s (and at %s), then pair again.", it, they);
        return true;
    case TROTH_SMP_BUSY:
        CAUSE(t, "%s is busy with something else.", who);
        CURE(t, "Try again in a moment.");
        return true;
    default:
        return false;
    }
}

void teller_refused(const struct teller *t)
{
    switch (t->e->reason) {
    case TROTH_SMP_PASSKEY_ENTRY_FAILED:
        passkey_entry_failed(t);
        break;
    case TROTH_SMP_OOB_NOT_AVAILABLE:
        oob_not_available(t);
        break;
    case TROTH_SMP_AUTHENTICATION_REQUIREMENTS:
        teller_requirements(t);
        break;
    case TROTH_SMP_CONFIRM_VALUE_FAILED:
        confirm_value_failed(t);
        break;
    case TROTH_SMP_ENCRYPTION_KEY_SIZE:
        encryption_key_size(t);
        break;
    case TROTH_SMP_UNSPECIFIED_REASON:
        unspecified_reason(t);
        break;
    case TROTH_SMP_INVALID_PARAMETERS:
        invalid_parameters(t);
        break;
    case TROTH_SMP_DHKEY_CHECK_FAILED:
        dhkey_check_failed(t);
        break;
    case TROTH_SMP_NUMERIC_COMPARISON_FAILED:
        numeric_comparison_failed(t);
        break;
    default:
        if (plain_reason(t))
            break;
        CAUSE(t, "%s gave the reason 0x%02x, which no specification known here defines.",
              teller_start_refuser(t), t->e->reason);
        CURE(t, "Look at the log of %s.", teller_refuser(t));
        break;
    }
}
