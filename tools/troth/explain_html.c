/* The tale as one page: nothing is loaded, nothing runs, and it reads on a phone. */
#include "explain.h"

#include <troth/gap.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

/* ---- writing ---- */

/* Text for an element or a quoted attribute; what no XML may hold becomes a question mark. */
static void escaped(FILE *to, const char *text)
{
    for (; *text; text++) {
        switch (*text) {
        case '&':
            fputs("&amp;", to);
            break;
        case '<':
            fputs("&lt;", to);
            break;
        case '>':
            fputs("&gt;", to);
            break;
        case '"':
            fputs("&quot;", to);
            break;
        case '\'':
            fputs("&#39;", to);
            break;
        default:
            putc((unsigned char)*text < 0x20 || *text == 0x7f ? '?' : *text, to);
            break;
        }
    }
}

/* The format is markup and has %s only for texts, which are escaped here. */
__attribute__((format(printf, 2, 3))) static void put(FILE *to, const char *format, ...)
{
    va_list ap;
    va_start(ap, format);
    for (; *format; format++) {
        if (*format != '%') {
            putc(*format, to);
        } else {
            escaped(to, va_arg(ap, const char *));
            format++;
        }
    }
    va_end(ap);
}

/* ---- one chapter ---- */

static const char *yes(bool b)
{
    return b ? "yes" : "no";
}

static void row(FILE *to, const char *heading, const char *i, const char *r)
{
    put(to, strcmp(i, r) ? "<tr class=differs>" : "<tr>");
    put(to, "<th scope=row>%s</th><td>%s</td><td>%s</td></tr>\n", heading, i, r);
}

static const char *io_words(const struct troth_features *f, char text[24])
{
    if (f->io_cap <= TROTH_KEYBOARD_DISPLAY)
        return pairing_io_cap_words(f->io_cap);
    snprintf(text, 24, "0x%02x (reserved)", f->io_cap);
    return text;
}

static void features(FILE *to, const struct chapter *c)
{
    static const struct {
        const char *words;
        uint8_t bit;
    } bits[] = {{"Bonding", TROTH_AUTH_BOND},
                {"MITM protection asked", TROTH_AUTH_MITM},
                {"Secure Connections", TROTH_AUTH_SC},
                {"Keypress notifications", TROTH_AUTH_KEYPRESS}};
    const struct troth_features *f = c->features;
    const bool both = c->crossed[0] && c->crossed[1];
    char text[2][24], keys[2][32];
    if (!c->crossed[0] && !c->crossed[1])
        return;
    put(to, "<h4>What they offered</h4>\n<table><thead><tr><td></td><th scope=col>Initiator</th>"
            "<th scope=col>Responder</th></tr></thead><tbody>\n");
#define EACH(heading, side0, side1)                                                                \
    row(to, heading, c->crossed[0] ? (side0) : "not said", c->crossed[1] ? (side1) : "not said")
    EACH("IO capability", io_words(&f[0], text[0]), io_words(&f[1], text[1]));
    EACH("Out-of-band data held", yes(f[0].oob), yes(f[1].oob));
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        EACH(bits[i].words, yes(f[0].auth_req & bits[i].bit), yes(f[1].auth_req & bits[i].bit));
    for (int side = 0; side < 2; side++)
        snprintf(text[side], sizeof text[side], "%u octets", f[side].max_key_size);
    EACH("Largest key", text[0], text[1]);
    EACH("Keys of the initiator", keys_words(f[0].initiator_keys, keys[0]),
         keys_words(f[1].initiator_keys, keys[1]));
    EACH("Keys of the responder", keys_words(f[0].responder_keys, keys[0]),
         keys_words(f[1].responder_keys, keys[1]));
#undef EACH
    put(to, "</tbody></table>\n");
    if (both)
        put(to, "<p class=\"dim small\">Rows where the two differ are tinted.</p>\n");
}

static void step(FILE *to, const struct tale_link *l, const struct tale_step *s)
{
    char from[40], towards[40], at[32], class[32];
    const bool left = host_is_left(l), by_host = s->lane == TALE_FROM_HOST;
    const bool pdu = s->lane == TALE_FROM_HOST || s->lane == TALE_FROM_PEER;
    snprintf(at, sizeof at, "%.3f s", (double)s->us / 1e6);
    snprintf(class, sizeof class, "lane %s t%u",
             pdu                       ? by_host == left ? "r" : "l"
             : s->lane == TALE_BOTH    ? "both"
             : s->lane == TALE_AT_HOST ? left ? "at left" : "at right"
                                       : "link",
             s->tone);
    put(to, "<li class=rails><time>%s</time><div class=\"%s\"><div class=say>%s", at, class,
        s->label);
    if (pdu)
        put(to, "<span class=hide>, from %s to %s</span>", side_words(l, by_host, from),
            side_words(l, !by_host, towards));
    else if (s->lane == TALE_BOTH)
        put(to, "<span class=hide>, in both directions</span>");
    put(to, "</div>");
    if (pdu || s->lane == TALE_BOTH)
        put(to, "<div class=shaft aria-hidden=true></div>");
    if (*s->detail)
        put(to, "<small>%s</small>", s->detail);
    put(to, "</div></li>\n");
}

static void ladder(FILE *to, const struct tale_link *l, const struct chapter *c)
{
    char left[40], right[40], more[32];
    const bool host_left = host_is_left(l);
    if (!c->count)
        return;
    put(to,
        "<h4>Step by step</h4>\n<div class=rails aria-hidden=true><span></span>"
        "<div class=sides><span>%s</span><span>%s</span></div></div>\n<ol class=steps>\n",
        side_words(l, host_left, left), side_words(l, !host_left, right));
    for (unsigned i = 0; i < c->count; i++)
        step(to, l, &c->steps[i]);
    put(to, "</ol>\n");
    if (c->dropped) {
        snprintf(more, sizeof more, "%u", c->dropped);
        put(to, "<p class=dim>And %s more, which were not kept.</p>\n", more);
    }
}

static void box(FILE *to, const char *class, const char *heading, const char *text)
{
    if (*text)
        put(to, "<div class=\"box %s\"><b>%s</b><p>%s</p></div>\n", class, heading, text);
}

static void chapter(FILE *to, const struct tale_link *l, const struct chapter *c)
{
    struct story s;
    const bool good = c->end == CHAPTER_SUCCEEDED;
    story_of(l, c, &s);
    put(to,
        "<article class=\"card %s\">\n<div class=head><span class=mark aria-hidden=true>%s"
        "</span><h3>%s</h3></div>\n",
        good ? "good" : "bad", good ? "\xe2\x9c\x93" : "!", s.title);
    if (s.model) {
        put(to, "<ul class=chips><li>%s</li><li>%s</li>", s.model,
            c->account.sc ? "LE Secure Connections" : "LE legacy pairing");
        if (good) { /* what a pairing that failed would have given is nobody's */
            char size[32];
            snprintf(size, sizeof size, "%u-octet key", c->key_size);
            put(to, "<li>%s</li><li>%s</li>",
                c->account.authenticated ? "authenticated" : "not authenticated", size);
        }
        put(to, "</ul>\n");
    }
    put(to, "<p>%s</p>\n", s.happened);
    box(to, "cause", "Probable cause", s.cause);
    box(to, good ? "warn" : "cure", good ? "Better" : "What to do", s.cure);
    if (*s.why)
        put(to, "<h4>Why this association model</h4>\n<p>%s</p>\n", s.why);
    features(to, c);
    ladder(to, l, c);
    put(to, "</article>\n");
}

/* ---- the page ---- */

static void link_section(FILE *to, const struct tale_link *l)
{
    char number[24], host[48], peer[48], side[40], times[160];
    snprintf(number, sizeof number, "%llu", (unsigned long long)l->number);
    put(to, "<section>\n<h2>Link %s</h2>\n<ul class=ends>", number);
    for (int i = 0; i < 2; i++) {
        const bool is_host = (i == 0) == host_is_left(l);
        put(to, "<li><b>%s</b><br><span class=mono>%s</span></li>", side_words(l, is_host, side),
            is_host ? address_words(&l->link.host, host) : address_words(&l->link.peer, peer));
    }
    snprintf(times, sizeof times, "%s at %.3f s", l->link.connected ? "Connected" : "First seen",
             (double)l->begin / 1e6);
    put(to, "</ul>\n<p class=\"dim small\">%s; ", times);
    if (!l->closed)
        snprintf(times, sizeof times, "still up when the capture ends.");
    else if (l->reset)
        snprintf(times, sizeof times, "gone at %.3f s, when the controller was reset.",
                 (double)l->over / 1e6);
    else
        snprintf(times, sizeof times, "disconnected at %.3f s, %s (0x%02x)%s.",
                 (double)l->over / 1e6, troth_hci_name(l->reason), l->reason,
                 l->host_ended ? ", by this host" : "");
    put(to, "%s</p>\n", times);
    for (unsigned i = 0; i < l->count; i++)
        chapter(to, l, &l->chapters[i]);
    put(to, "</section>\n");
}

static void header(FILE *to, const struct tale *t, unsigned shown, unsigned failed)
{
    char begin[32], text[300];
    const char *name = strrchr(t->path, '/');
    name = name && name[1] ? name + 1 : t->path;
    put(to,
        "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
        "<meta name=viewport content=\"width=device-width,initial-scale=1\">\n"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
        "style-src 'unsafe-inline'\">\n<meta name=referrer content=no-referrer>\n"
        "<title>Pairings in %s</title>\n<style>",
        name);
    for (const char *const *line = explain_style; *line; line++)
        fputs(*line, to);
    put(to, "</style>\n</head>\n<body>\n<main>\n<h1>Pairings in <code>%s</code></h1>\n", name);
    snprintf(text, sizeof text, "%s, %llu packets, %s, %.1f s, %llu LE connection%s",
             t->datalink_words, (unsigned long long)t->records,
             t->records ? time_words(t->first_us, begin) : "no time",
             (double)(t->last_us - t->first_us) / 1e6, (unsigned long long)t->links_seen,
             t->links_seen == 1 ? "" : "s");
    put(to, "<p class=\"dim small\">%s</p>\n", text);
    if (!shown)
        snprintf(text, sizeof text, "No pairing and no encryption in it: nothing to explain.");
    else if (failed && shown > 1)
        snprintf(text, sizeof text, "On %u of %u links something failed, or has no outcome.",
                 failed, shown);
    else if (failed)
        snprintf(text, sizeof text, "Something failed, or has no outcome.");
    else
        snprintf(text, sizeof text, "Everything in it succeeded.");
    put(to, "<p><b>%s</b></p>\n", text);
    if (!t->complete)
        box(to, "warn", "The capture is incomplete", t->notice);
    if (t->bytes_missing)
        box(to, "warn", "Packets were cut short when they were captured",
            "What they held is missing here.");
}

bool explain_html(const struct tale *t, FILE *to)
{
    unsigned shown = 0, failed = 0;
    for (unsigned i = 0; i < t->count; i++) {
        shown += !t->links[i]->hidden;
        failed += !t->links[i]->hidden && tale_failed(t->links[i]);
    }
    header(to, t, shown, failed);
    for (unsigned i = 0; i < t->count; i++)
        if (!t->links[i]->hidden)
            link_section(to, t->links[i]);
    put(to, "<footer><p class=\"dim small\">Told by troth explain. Times count from the first "
            "packet. Keys are never shown.</p></footer>\n</main>\n</body>\n</html>\n");
    return !ferror(to) && !fflush(to);
}
