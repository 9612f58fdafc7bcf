/*
 * A QR code on a terminal: half blocks in UTF-8, two modules a character, and around it the four
 * light modules that readers ask for. It is painted dark on light whatever the terminal's own
 * colours are. Under NO_COLOR and TERM=dumb it is drawn in the terminal's colours, which are taken
 * for light on dark unless COLORFGBG says otherwise.
 */
#ifndef TROTH_TOOLS_QR_DRAW_H
#define TROTH_TOOLS_QR_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum qr_drawn {
    QR_DRAWN,
    QR_NO_TERMINAL, /* `to` is none: nothing is written */
    QR_TOO_NARROW,  /* the code is wider than the terminal */
    QR_TOO_LONG,    /* more text than a code holds */
};
/* UTF-8 text, as it is. columns, which may be NULL: how wide the code is; 0 with QR_TOO_LONG. */
enum qr_drawn qr_draw(FILE *to, const char *text, unsigned *columns);
/* What to do instead of scanning, for people; "" when it was drawn or there is no terminal. */
const char *qr_drawn_words(enum qr_drawn drawn);

#endif
