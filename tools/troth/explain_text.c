/* The tale for a terminal: a story, then a ladder. */
#include "explain.h"

#include <string.h>

#include <troth/gap.h>

#define COLUMNS 100
#define LANE    42 /* columns between the two lines of the ladder */

/* Words wrapped at COLUMNS; every line but the first begins with prefix. The cursor is at `at`. */
static void wrapped(int at, const char *prefix, const char *text)
{
    const int indent = (int)strlen(prefix);
    for (bool first = true; *text; first = false) {
        int word = (int)strcspn(text, " ");
        if (!first && at + 1 + word > COLUMNS) {
            printf("\n%s", prefix);
            at = indent;
        } else if (!first) {
            putchar(' ');
            at++;
        }
        printf("%.*s", word, text);
        at += word;
        text += word;
        text += strspn(text, " ");
    }
    putchar('\n');
}

static void paragraph(const char *heading, const char *text)
{
    if (!*text)
        return;
    printf("  %s%-8s%s", out_sgr(OUT_DIM, stdout), heading, out_sgr_end(stdout));
    wrapped(10, "          ", text);
}

/* ---- the ladder ---- */

static void arrow(const struct tale_step *s, bool to_right)
{
    int label = (int)strlen(s->label), rest = LANE - label - 8;
    static const char dashes[] = "------------------------------------------";
    if (rest < 2)
        rest = 2;
    if (s->lane == TALE_BOTH)
        printf("|<--- %s %.*s>|", s->label, rest + 1, dashes);
    else if (to_right)
        printf("|---- %s %.*s>|", s->label, rest + 1, dashes);
    else
        printf("|<--- %s %.*s|", s->label, rest + 2, dashes);
}

static void step(const struct tale_link *l, const struct tale_step *s)
{
    bool left = host_is_left(l);
    const char *sgr = out_sgr((enum out_tone)s->tone, stdout);
    const char *end = *sgr ? out_sgr_end(stdout) : "";
    printf("  %9.3f s  %s", (double)s->us / 1e6, sgr);
    int pad = LANE - (int)strlen(s->label) - 2;
    switch (s->lane) {
    case TALE_FROM_HOST:
    case TALE_BOTH:
        arrow(s, left);
        break;
    case TALE_FROM_PEER:
        arrow(s, !left);
        break;
    case TALE_AT_HOST:
        if (left)
            printf("* %s%*s|", s->label, pad + 1, "");
        else
            printf("|%*s%s *", pad + 1, "", s->label);
        break;
    default:
        printf("|  %s%*s|", s->label, pad, "");
        break;
    }
    printf("%s\n", end);
    if (*s->detail) {
        printf("%13s  |   ", "");
        wrapped(19, "               |   ", s->detail);
    }
}

static void ladder(const struct tale_link *l, const struct chapter *c)
{
    char left[40], right[40];
    bool host_left = host_is_left(l);
    if (!c->count)
        return;
    side_words(l, host_left, left);
    side_words(l, !host_left, right);
    printf("\n%13s  %s%*s%s\n", "", left,
           LANE + 2 - (int)strlen(left) - (int)strlen(right) > 2
               ? LANE + 2 - (int)strlen(left) - (int)strlen(right)
               : 2,
           "", right);
    for (unsigned i = 0; i < c->count; i++)
        step(l, &c->steps[i]);
    if (c->dropped)
        printf("%13s  and %u more, not kept\n", "", c->dropped);
}

/* ---- chapters and links ---- */

static void chapter(const struct tale_link *l, const struct chapter *c)
{
    struct story s;
    enum out_tone tone = c->end == CHAPTER_SUCCEEDED ? OUT_GOOD : OUT_BAD;
    story_of(l, c, &s);
    printf("\n  %s%s%s\n", out_sgr(tone, stdout), s.title, out_sgr_end(stdout));
    if (s.model) {
        char model[80];
        snprintf(model, sizeof model, "%s, %s", s.model,
                 c->account.sc ? "LE Secure Connections" : "LE legacy pairing");
        paragraph("Model", model);
    }
    paragraph("Story", s.happened);
    paragraph("Why", s.why);
    paragraph("Cause", s.cause);
    paragraph(c->end == CHAPTER_SUCCEEDED ? "Better" : "Cure", s.cure);
    ladder(l, c);
}

static void link_heading(const struct tale_link *l)
{
    char host[48], peer[48];
    printf("\nLink %llu  %s  this host", (unsigned long long)l->number,
           address_words(&l->link.host, host));
    enum troth_side ours;
    bool known = tale_host_side(l, &ours);
    if (known)
        printf(", %s", pairing_side_name(ours));
    printf("\n        %s  the peer", address_words(&l->link.peer, peer));
    if (known)
        printf(", %s",
               pairing_side_name(ours == TROTH_INITIATOR ? TROTH_RESPONDER : TROTH_INITIATOR));
    putchar('\n');
    if (l->link.adapter)
        printf("        adapter hci%u\n", l->link.adapter);
    printf("        %s %.3f s, ", l->link.connected ? "connected at" : "first seen at",
           (double)l->begin / 1e6);
    if (!l->closed)
        printf("still up when the capture ends\n");
    else if (l->reset)
        printf("gone at %.3f s: the controller was reset\n", (double)l->over / 1e6);
    else
        printf("disconnected at %.3f s: %s (0x%02x)%s\n", (double)l->over / 1e6,
               troth_hci_name(l->reason), l->reason, l->host_ended ? ", by this host" : "");
}

static void summary(const struct tale *t)
{
    char begin[32];
    printf("%s: %s, %llu packet%s", t->path, t->datalink_words, (unsigned long long)t->records,
           t->records == 1 ? "" : "s");
    if (t->records)
        printf(", %s, %.1f s", time_words(t->first_us, begin),
               (double)(t->last_us - t->first_us) / 1e6);
    printf("; %llu LE connection%s\n", (unsigned long long)t->links_seen,
           t->links_seen == 1 ? "" : "s");
    if (!t->complete)
        printf("%sIncomplete: %s.%s\n", out_sgr(OUT_WARN, stdout), t->notice, out_sgr_end(stdout));
    if (t->bytes_missing)
        printf("%sThe packets were cut short when they were captured: %llu octets are missing.%s\n",
               out_sgr(OUT_WARN, stdout), (unsigned long long)t->bytes_missing,
               out_sgr_end(stdout));
    if (t->skipped)
        printf("%llu packets of further adapters were left out: 16 are followed.\n",
               (unsigned long long)t->skipped);
    if (t->dropped_links)
        printf("%llu links more have a story; the first %u are told.\n",
               (unsigned long long)t->dropped_links, t->count);
}

void explain_text(const struct tale *t)
{
    bool any = false;
    summary(t);
    for (unsigned i = 0; i < t->count; i++) {
        const struct tale_link *l = t->links[i];
        if (l->hidden)
            continue;
        any = true;
        link_heading(l);
        for (unsigned j = 0; j < l->count; j++)
            chapter(l, &l->chapters[j]);
    }
    if (!any)
        printf("\nNo pairing and no encryption in it: nothing to explain.\n");
}
