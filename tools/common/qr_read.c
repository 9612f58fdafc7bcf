#include "common/qr_read.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/child.h"
#include "common/files.h"

#define PICTURE_MAX (64 << 20) /* octets of a file */
#define TEXTS_MAX   32768      /* of all codes together */
#define TIME_MS     20000u

/* What zbarimg calls them: it guesses from names and contents otherwise, and may run others. */
static const char *format_of(const uint8_t *b, size_t len)
{
    static const struct {
        const char *start;
        size_t len;
        const char *format;
    } all[] = {
        {"\x89PNG", 4, "png:-"}, {"\xff\xd8\xff", 3, "jpeg:-"}, {"GIF8", 4, "gif:-"},
        {"BM", 2, "bmp:-"},      {"II*\0", 4, "tiff:-"},        {"MM\0*", 4, "tiff:-"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (len >= all[i].len && !memcmp(b, all[i].start, all[i].len))
            return all[i].format;
    if (len >= 12 && !memcmp(b, "RIFF", 4) && !memcmp(b + 8, "WEBP", 4))
        return "webp:-";
    if (len >= 12 && (!memcmp(b + 4, "ftyphei", 7) || !memcmp(b + 4, "ftypmif1", 8)))
        return "heic:-";
    if (len >= 3 && b[0] == 'P' && b[1] >= '1' && b[1] <= '6' && strchr(" \t\r\n#", b[2]) && b[2])
        return "pnm:-";
    return NULL;
}

bool qr_is_picture(const uint8_t *octets, size_t len)
{
    return format_of(octets, len) != NULL;
}

static int open_regular(const char *path)
{
    struct stat st;
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
    if (fd >= 0 && (fstat(fd, &st) || !S_ISREG(st.st_mode))) {
        close(fd);
        fd = -1;
    }
    return fd;
}

bool qr_is_picture_file(const char *path)
{
    uint8_t start[12];
    int fd = open_regular(path);
    ssize_t n = fd < 0 ? 0 : read(fd, start, sizeof start);
    if (fd >= 0)
        close(fd);
    return n > 0 && qr_is_picture(start, (size_t)n);
}

/* ---- the picture ---- */

/* A copy that nobody changes meanwhile; -1: errno. */
static int copy_of(const char *path, const char **format)
{
    static uint8_t block[65536];
    size_t total = 0;
    int from = open(path, O_RDONLY | O_CLOEXEC), to = -1;
    if (from >= 0)
        to = memfd_create("picture", MFD_CLOEXEC);
    bool ok = to >= 0;
    for (ssize_t n = 1; ok && n > 0; total += (size_t)n) {
        n = read(from, block, sizeof block);
        ok = n >= 0 && files_put_all(to, (const char *)block, (size_t)n);
        if (ok && total + (size_t)n > PICTURE_MAX) {
            errno = EFBIG;
            ok = false;
        }
        if (ok && !total)
            *format = format_of(block, (size_t)n);
        if (!ok)
            break;
    }
    int error = errno;
    if (from >= 0)
        close(from);
    if (ok && *format && !lseek(to, 0, SEEK_SET))
        return to;
    if (to >= 0)
        close(to);
    errno = ok ? EINVAL : error;
    return -1;
}

static void forget(char *texts)
{
    wipe(texts, TEXTS_MAX);
    free(texts);
}

static const char *what_zbarimg_says(int status)
{
    return status == 4 || !status
               ? "there is no QR code in this picture; is all of it there, sharp, with the light "
                 "margin around it?"
               : "zbarimg cannot read this picture: is it damaged?";
}

static bool look(struct child *c, const char *path, int picture, const char *format, uint8_t *texts,
                 char *why, size_t cap)
{
    /* Without --nodbus it tells the system's message bus what it read. */
    const char *const argv[] = {"zbarimg",         "--nodbus", "--quiet", "--raw", "-Sdisable",
                                "-Sqrcode.enable", "-Sbinary", format,    NULL};
    const struct child_order order = {
        .argv = argv, .input = picture, .output = texts, .room = TEXTS_MAX, .ms = TIME_MS};
    char fault[200];
    bool started = child_run(c, &order, fault, sizeof fault);
    if (!started)
        snprintf(
            why, cap,
            "%s is a picture, and zbarimg, which reads the code in it, %s: install zbar-tools, "
            "or give the code's text",
            path, c->error == ENOENT ? "is not installed" : "cannot be run");
    else if (c->late || c->too_long || c->signal)
        snprintf(why, cap,
                 "%s: zbarimg did not come to an end with this picture: cut it to the code", path);
    else if (c->status || !c->len)
        snprintf(why, cap, "%s: %s", path, what_zbarimg_says(c->status));
    return started && child_did_well(c) && c->len;
}

/* The texts of all codes, one behind the other; NULL: why. Forget them. */
static char *read_codes(const char *path, size_t *len, char *why, size_t cap)
{
    struct child c;
    const char *format = NULL;
    uint8_t *texts = malloc(TEXTS_MAX);
    int picture = texts ? copy_of(path, &format) : -1;
    bool ok = false;
    if (picture < 0)
        snprintf(why, cap, "cannot read the picture %s: %s", path, strerror(errno));
    else
        ok = look(&c, path, picture, format, texts, why, cap);
    if (picture >= 0)
        close(picture);
    if (ok) {
        *len = c.len;
        return (char *)texts;
    }
    if (texts)
        forget((char *)texts);
    return NULL;
}

/* ---- what the codes say ---- */

/* The payload that begins here: the length of its text, 0: none does. */
static size_t payload_at(const char *text, size_t len, struct troth_qr *q)
{
    static const char http[] = "http";
    const bool link = len > sizeof http && !memcmp(text, http, sizeof http - 1);
    if (*text != '{' && !link)
        return 0;
    for (size_t n = 1; n <= len && n <= TROTH_QR_URL_MAX; n++) {
        bool end =
            link ? n >= 3 && text[n - 3] == '%' && text[n - 2] == '7' && (text[n - 1] | 0x20) == 'd'
                 : text[n - 1] == '}';
        enum troth_qr_fault fault = end ? troth_qr_parse(q, text, n) : TROTH_QR_CUT;
        if (fault == TROTH_QR_FINE)
            return n;
        if (fault != TROTH_QR_CUT && fault != TROTH_QR_FOREIGN) /* more of it is no better */
            return 0;
    }
    return 0;
}

/* The parser fills what it does not find with zeros. */
static bool same(const struct troth_qr *a, const struct troth_qr *b)
{
    return !strcmp(a->name, b->name) && a->transport == b->transport &&
           a->security == b->security && a->network == b->network &&
           !strcmp(a->username, b->username) && !strcmp(a->pop, b->pop) &&
           !strcmp(a->password, b->password) && a->has_pop == b->has_pop;
}

unsigned qr_find_payload(const char *texts, size_t len, struct troth_qr *q,
                         enum troth_qr_fault *fault)
{
    struct troth_qr other;
    unsigned found = 0;
    *fault = troth_qr_parse(q, texts, len);
    if (*fault == TROTH_QR_FINE)
        return 1;
    for (size_t at = 0; at < len && found < 2;) {
        size_t n = payload_at(texts + at, len - at, found ? &other : q);
        if (n && (!found || !same(q, &other)))
            found++;
        at += n ? n : 1;
    }
    wipe(&other, sizeof other);
    if (!found)
        memset(q, 0, sizeof *q);
    return found;
}

bool qr_read_payload(const char *path, struct troth_qr *q, char *why, size_t cap)
{
    size_t len;
    enum troth_qr_fault fault;
    memset(q, 0, sizeof *q);
    char *texts = read_codes(path, &len, why, cap);
    if (!texts)
        return false;
    unsigned found = qr_find_payload(texts, len, q, &fault);
    forget(texts);
    if (found == 0)
        snprintf(why, cap, "the code in %s: %s", path, troth_qr_fault_words(fault));
    else if (found > 1)
        snprintf(why, cap,
                 "%s shows the codes of more than one device: cut it to the one that is meant",
                 path);
    if (found != 1)
        wipe(q, sizeof *q);
    return found == 1;
}

bool qr_read_oob(const char *path, struct troth_oob_block *block, char *why, size_t cap)
{
    size_t len;
    enum troth_oob_fault fault = TROTH_OOB_NO_PREFIX;
    memset(block, 0, sizeof *block);
    char *texts = read_codes(path, &len, why, cap);
    if (!texts)
        return false;
    const char *at = memmem(texts, len, TROTH_OOB_PREFIX, sizeof TROTH_OOB_PREFIX - 1);
    if (at) {
        static const char digits[] = "0123456789ABCDEFabcdef";
        size_t left = len - (size_t)(at - texts), n = sizeof TROTH_OOB_PREFIX - 1;
        while (n < left && at[n] && strchr(digits, at[n]))
            n++;
        /* ".", and the eight digits of the sum */
        n = n < left && at[n] == '.' && left - n >= 9 ? n + 9 : n;
        fault = troth_oob_from_text(block, at, n);
    }
    forget(texts);
    if (fault)
        snprintf(why, cap, "the code in %s is no out-of-band block: %s", path,
                 troth_oob_fault_words(fault));
    return !fault;
}
