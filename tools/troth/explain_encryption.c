/* Encryption, as the host and its controller speak of it, into steps of a chapter. */
#include "explain_parts.h"

#include "smp/script.h"

#include <troth/gap.h>

#include <stdio.h>

#define HCI_KEY_MISSING 0x06 /* Vol 1 Part F 1.3 */

/* The chapter an attempt to encrypt belongs to. */
static struct chapter *encryption_chapter(struct tale *t, struct tale_link *l,
                                          const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    if (c && c->kind == CHAPTER_DEMAND)
        c->kind = CHAPTER_ENCRYPTION;
    if (c)
        return c;
    return tale_begin(t, l, CHAPTER_ENCRYPTION, f);
}

void tale_encrypt(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = encryption_chapter(t, l, f);
    struct tale_step *s = tale_add_step(t, c, f, TALE_AT_HOST, OUT_DIM,
                                        f->what == CAPTURE_ENABLE ? "LE Enable Encryption"
                                                                  : "LE Long Term Key Request");
    c->encrypting = true;
    if (c->kind == CHAPTER_ENCRYPTION) {
        c->legacy_key |= f->legacy;
        snprintf(s->detail, sizeof s->detail, "with a stored key (%s)",
                 f->legacy ? "named by EDIV and Rand: legacy pairing"
                           : "EDIV and Rand 0: Secure Connections");
    } else if (!c->headless && !chart_at_encrypt(c)) {
        s->tone = OUT_WARN;
        snprintf(s->detail, sizeof s->detail, "out of turn: the pairing has no key yet");
    }
}

void tale_not_encrypted(struct chapter *c, uint8_t hci)
{
    c->hci = hci;
    if (c->kind == CHAPTER_PAIRING)
        c->step = troth_smp_step_words(ENCRYPT);
    tale_finish(c, CHAPTER_NOT_ENCRYPTED);
}

void tale_ltk_answer(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    if (!c)
        return;
    bool no = f->what == CAPTURE_LTK_NEGATIVE;
    struct tale_step *s = tale_add_step(t, c, f, TALE_AT_HOST, no ? OUT_BAD : OUT_DIM,
                                        no ? "LE Long Term Key Request Negative Reply"
                                           : "LE Long Term Key Request Reply");
    if (!no)
        return;
    snprintf(s->detail, sizeof s->detail, "this host has no such key");
    c->no_key_here = true;
    tale_not_encrypted(c, HCI_KEY_MISSING);
}

void tale_encryption(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l), *before = tale_last(l);
    const char *label = f->refresh ? "Encryption Key Refresh Complete" : "Encryption Change";
    bool again = before && before->no_key_here && f->code == HCI_KEY_MISSING;
    if (!c && (again || (before && before->early))) {
        c = before; /* what is known already */
        c->early = false;
    } else if (!c) {
        if (!f->on && !f->code)
            return;
        c = tale_begin(t, l, CHAPTER_ENCRYPTION, f);
        c->headless = true;
    }
    bool good = f->on && !f->code;
    struct tale_step *s = tale_add_step(t, c, f, TALE_AT_HOST, good ? OUT_GOOD : OUT_BAD, label);
    if (f->code)
        snprintf(s->detail, sizeof s->detail, "%s (0x%02x)", troth_hci_name(f->code), f->code);
    else
        snprintf(s->detail, sizeof s->detail, "%s",
                 good ? "the link is encrypted" : "the link is no longer encrypted");
    if (c->end != CHAPTER_OPEN)
        return;
    if (f->code) {
        tale_not_encrypted(c, f->code);
    } else if (good && c->kind == CHAPTER_PAIRING) {
        c->encrypted = c->headless || chart_at_encrypt(c) || c->encrypted;
        chart_complete(c);
    } else if (good) {
        c->encrypted = true;
        tale_finish(c, CHAPTER_SUCCEEDED);
    }
}

void tale_enable_refused(struct tale *t, struct tale_link *l, const struct capture_fact *f)
{
    struct chapter *c = tale_running(l);
    if (!c)
        return;
    struct tale_step *s =
        tale_add_step(t, c, f, TALE_AT_HOST, OUT_BAD, "LE Enable Encryption refused");
    snprintf(s->detail, sizeof s->detail, "%s (0x%02x)", troth_hci_name(f->code), f->code);
    tale_not_encrypted(c, f->code);
}
