#include "common/qr_draw.h"

#include <errno.h>
#include <qrencode.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/wipe.h"

#define QUIET 4 /* light modules on each side, ISO/IEC 18004 */

/* Black on white of the colour cube: a palette changes the first sixteen colours only. */
#define PAINT     "\033[38;5;16;48;5;231m"
#define PAINT_END "\033[0m"

enum paper { PAINTED, DARK, LIGHT };

static enum paper paper_of_terminal(void)
{
    const char *no = getenv("NO_COLOR"), *term = getenv("TERM"), *own = getenv("COLORFGBG");
    if (!(no && *no) && !(term && !strcmp(term, "dumb")))
        return PAINTED;
    const char *back = own ? strrchr(own, ';') : NULL; /* "fore;back", colours 0 to 15 */
    return back && (!strcmp(back, ";7") || !strcmp(back, ";15")) ? LIGHT : DARK;
}

static bool is_dark(const QRcode *code, int x, int y)
{
    x -= QUIET;
    y -= QUIET;
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           code->data[y * code->width + x] & 1;
}

/* A character is ink where its half is drawn: dark modules on paper that is light, else light ones. */
static void put_half_blocks(FILE *to, const QRcode *code, enum paper paper)
{
    static const char *const blocks[] = {" ", "\u2580", "\u2584", "\u2588"};
    const int size = code->width + 2 * QUIET;
    for (int y = 0; y < size; y += 2) {
        fputs(paper == PAINTED ? PAINT : "", to);
        for (int x = 0; x < size; x++) {
            unsigned ink = (is_dark(code, x, y) ? 1u : 0u) | (is_dark(code, x, y + 1) ? 2u : 0u);
            fputs(blocks[paper == DARK ? 3u - ink : ink], to);
        }
        fputs(paper == PAINTED ? PAINT_END "\n" : "\n", to);
    }
}

static bool fits(FILE *to, unsigned columns)
{
    struct winsize window;
    return ioctl(fileno(to), TIOCGWINSZ, &window) || !window.ws_col || window.ws_col >= columns;
}

enum qr_drawn qr_draw(FILE *to, const char *text, unsigned *columns)
{
    unsigned width = 0;
    if (columns)
        *columns = 0;
    if (!isatty(fileno(to)))
        return QR_NO_TERMINAL;
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1);
    if (!code)
        return QR_TOO_LONG;
    width = (unsigned)code->width + 2 * QUIET;
    if (columns)
        *columns = width;
    bool ok = fits(to, width);
    if (ok) {
        put_half_blocks(to, code, paper_of_terminal());
        fflush(to);
    }
    wipe(code->data, (size_t)code->width * (size_t)code->width);
    QRcode_free(code);
    return ok ? QR_DRAWN : QR_TOO_NARROW;
}

const char *qr_drawn_words(enum qr_drawn drawn)
{
    switch (drawn) {
    case QR_TOO_NARROW:
        return "the QR code is not drawn: the terminal is too narrow for it";
    case QR_TOO_LONG:
        return "the QR code is not drawn: its text is longer than a code holds";
    default:
        return "";
    }
}
