/* AUTHENTICATION_REQUIREMENTS (0x03): what one side asked for and the pairing does not give. */
#include "common/words_teller.h"

#include <string.h>

uint8_t pairing_unmet(const struct troth_features features[2], enum troth_side side)
{
    struct pairing_account a;
    pairing_account(&a, features);
    uint8_t met = features[0].auth_req & features[1].auth_req & (TROTH_AUTH_BOND | TROTH_AUTH_SC);
    if (a.authenticated)
        met |= TROTH_AUTH_MITM;
    return features[side].auth_req & (TROTH_AUTH_BOND | TROTH_AUTH_MITM | TROTH_AUTH_SC) & ~met;
}

/* What IO capability would lift Just Works, one side's at a time. False: none alone does. */
static bool cure_io(const struct teller *t)
{
    static const uint8_t better[] = {TROTH_DISPLAY_ONLY, TROTH_DISPLAY_YES_NO, TROTH_KEYBOARD_ONLY};
    struct troth_features f[2];
    memcpy(f, t->e->features, sizeof f);
    enum troth_side side =
        f[TROTH_INITIATOR].io_cap == TROTH_NO_INPUT_NO_OUTPUT ? TROTH_INITIATOR : TROTH_RESPONDER;
    bool any = false;
    for (size_t i = 0; i < sizeof better / sizeof *better; i++) {
        struct pairing_account a;
        f[side].io_cap = better[i];
        f[side].auth_req |= TROTH_AUTH_MITM;
        pairing_account(&a, f);
        if (!a.authenticated)
            continue;
        if (!any)
            CURE(t, "Give %s another IO capability", teller_name(t, side));
        CURE(t, "%s %s makes it %s", any ? "," : ":", pairing_io_cap_words(better[i]),
             pairing_model_words((uint8_t)a.model));
        any = true;
    }
    if (any)
        CURE(t, ". ");
    return any;
}

static void unmet_mitm(const struct teller *t)
{
    const struct troth_features *f = t->e->features;
    char better[PAIRING_TEXT];
    CAUSE(t,
          "it asks for MITM protection, and initiator %s with responder %s gives Just Works, "
          "which has none",
          pairing_io_cap_words(f[TROTH_INITIATOR].io_cap),
          pairing_io_cap_words(f[TROTH_RESPONDER].io_cap));
    if (!cure_io(t))
        CURE(t, "%s ", pairing_better(&t->a, better));
    CURE(t,
         "Or hand over out-of-band data%s. Or stop asking for MITM protection at %s: the pairing "
         "is then open to somebody in the middle. ",
         t->a.sc ? "" : ", both ways", teller_refuser(t));
}

static void unmet_oob(const struct teller *t)
{
    const struct troth_features *f = t->e->features;
    if (t->a.sc || f[TROTH_INITIATOR].oob == f[TROTH_RESPONDER].oob)
        return;
    enum troth_side holder = f[TROTH_INITIATOR].oob ? TROTH_INITIATOR : TROTH_RESPONDER;
    CAUSE(t,
          " The OOB flag of %s changes nothing: legacy pairing uses out-of-band data only when "
          "both sides have them, and %s sent OOB flag 0.",
          teller_name(t, holder), teller_name(t, teller_other(holder)));
}

static void refused_unmet(const struct teller *t, uint8_t unmet)
{
    enum troth_side by = t->e->by;
    const char *between = "";
    CAUSE(t, "%s gets less than it asked for: ", teller_start_refuser(t));
    if (unmet & TROTH_AUTH_SC) {
        CAUSE(t, "it asks for Secure Connections, and %s does not offer them (legacy pairing)",
              teller_name(t, teller_other(by)));
        CURE(t,
             "Switch Secure Connections on at %s; else let %s take legacy pairing, which a "
             "listener can break. ",
             teller_name(t, teller_other(by)), teller_refuser(t));
        between = "; ";
    }
    if (unmet & TROTH_AUTH_MITM) {
        CAUSE(t, "%s", between);
        unmet_mitm(t);
        between = "; ";
    }
    if (unmet & TROTH_AUTH_BOND) {
        CAUSE(t, "%sit asks for bonding, and %s does not bond", between,
              teller_name(t, teller_other(by)));
        CURE(t, "Switch bonding on at %s.", teller_name(t, teller_other(by)));
    }
    CAUSE(t, ".");
    unmet_oob(t);
    CAUSE(t, " A device that accepts only the authentication it specifies (bonding, MITM, Secure "
             "Connections, all as asked) refuses exactly so.");
}

/* Nobody asked for more than Just Works; what would give more. */
static void cure_just_works(const struct teller *t)
{
    struct troth_features f[2];
    struct pairing_account asked;
    memcpy(f, t->e->features, sizeof f);
    f[TROTH_INITIATOR].auth_req |= TROTH_AUTH_MITM;
    pairing_account(&asked, f);
    if (asked.authenticated) {
        CURE(t, "Ask for MITM protection on one side: then it would be %s. ",
             pairing_model_words((uint8_t)asked.model));
        return;
    }
    CURE(t, "Ask for MITM protection on one side, with IO capabilities that can give it. ");
    cure_io(t);
}

/* Nothing in its features says why: a rule it keeps to itself. */
static void refused_unsaid(const struct teller *t)
{
    CAUSE(t,
          "The pairing would give all that %s asks for in its features, so it applies a rule "
          "that is not on the air: ",
          teller_refuser(t));
    if (!t->a.sc) {
        CAUSE(t, "most likely it takes Secure Connections only, and this would be legacy pairing.");
        CURE(t,
             "Switch Secure Connections on at both sides, or allow legacy pairing at %s, which "
             "a listener can break. ",
             teller_refuser(t));
    } else if (t->a.model == TROTH_JUST_WORKS) {
        CAUSE(t, "most likely it takes no Just Works, or nobody at it consented.");
        cure_just_works(t);
        CURE(t, "Or allow Just Works at %s, which then cannot tell who pairs. ", teller_refuser(t));
    } else {
        CAUSE(t,
              "it does not allow %s, or accepts nothing but exactly the authentication it "
              "specifies (bonding, MITM, Secure Connections), no more of it either.",
              pairing_model_words((uint8_t)t->a.model));
        CURE(t, "Compare what %s specifies with what both sides ask for. ", teller_refuser(t));
    }
    CAUSE(t, " Or there is an older, stronger bond, which this pairing may not replace.");
    CURE(t, "If there was a bond, remove it on both sides and pair again.");
}

/* The responder refused on the Pairing Request alone. */
static void refused_early(const struct teller *t)
{
    const struct troth_features *f = &t->e->features[TROTH_INITIATOR];
    const char *it = teller_name(t, TROTH_INITIATOR);
    uint8_t a = f->auth_req;
    if (!t->e->crossed[TROTH_INITIATOR]) {
        CAUSE(t, "%s demands another authentication than the other side offers.",
              teller_start_refuser(t));
        CURE(t, "Compare what both sides demand: Secure Connections, MITM protection, bonding.");
        return;
    }
    CAUSE(t,
          "%s refused at the Pairing Request, without telling its own features: what was offered "
          "is not what it demands. Offered were %s, OOB flag %d, %s, %s, %s. ",
          teller_start_refuser(t), pairing_io_cap_words(f->io_cap), f->oob,
          a & TROTH_AUTH_BOND ? "bonding" : "no bonding",
          a & TROTH_AUTH_MITM ? "MITM protection asked" : "MITM protection not asked",
          a & TROTH_AUTH_SC ? "Secure Connections" : "no Secure Connections");
    if (f->io_cap == TROTH_NO_INPUT_NO_OUTPUT && !f->oob) {
        CAUSE(t, "That makes it Just Works, and most likely authentication is demanded.");
        CURE(t,
             "Let somebody see and type at %s, as with KeyboardDisplay, and ask for MITM "
             "protection there. ",
             it);
    } else {
        CAUSE(t, "A device that accepts only the authentication it specifies refuses so when its "
                 "own IO capability or OOB setting cannot give it, or nobody is there to display "
                 "or type.");
        if (!(a & TROTH_AUTH_MITM))
            CURE(t, "Ask for MITM protection at %s. ", it);
    }
    if (!(a & TROTH_AUTH_SC))
        CURE(t, "Switch Secure Connections on at %s. ", it);
    if (!(a & TROTH_AUTH_BOND))
        CURE(t, "Switch bonding on at %s. ", it);
    if (!f->oob)
        CURE(t,
             "If %s wants out-of-band data, which phones hand to few: give it a display or a "
             "keyboard instead. ",
             teller_refuser(t));
    CURE(t, "If there was a bond, remove it on both sides and pair again.");
}

void teller_requirements(const struct teller *t)
{
    uint8_t unmet = t->both ? pairing_unmet(t->e->features, t->e->by) : 0;
    if (!t->both)
        refused_early(t);
    else if (unmet)
        refused_unmet(t, unmet);
    else
        refused_unsaid(t);
}
