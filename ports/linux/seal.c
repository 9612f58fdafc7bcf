#include "ports/linux/seal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/wipe.h"

#define TEXT_MAX (2 * SEAL_KEY + 1) /* digits and a newline */
#define MAKE_ONE "head -c 32 /dev/urandom"

static const char *after(const char *place, const char *scheme)
{
    size_t n = strlen(scheme);
    return !strncmp(place, scheme, n) && place[n] ? place + n : NULL;
}

/* ---- where it comes from: the octets there, -1 with a sentence ---- */

static ssize_t from_fd(int fd, const char *path, uint8_t *out, size_t cap, char *why,
                       size_t why_cap)
{
    struct stat st;
    size_t n = 0;
    ssize_t r = 1;
    if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
        snprintf(why, why_cap, "the key in %s: that is no file", path);
        return -1;
    }
    while (n < cap && (r = read(fd, out + n, cap - n)) != 0) {
        if (r > 0)
            n += (size_t)r;
        else if (errno != EINTR)
            break;
    }
    if (r >= 0)
        return (ssize_t)n;
    snprintf(why, why_cap, "cannot read the key in %s: %s", path, strerror(errno));
    return -1;
}

/* A key that others can read seals nothing; a systemd credential's directory is systemd's care. */
static bool is_private(int fd, const char *path, char *why, size_t why_cap)
{
    struct stat st;
    if (fstat(fd, &st) == 0 && !(st.st_mode & 077))
        return true;
    snprintf(why, why_cap,
             "others can read the key in %s: chmod 600 it, and make another if "
             "anybody may have looked",
             path);
    return false;
}

static ssize_t from_file(const char *path, bool check, uint8_t *out, size_t cap, char *why,
                         size_t why_cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        snprintf(why, why_cap,
                 "there is no key in %s: make one with (umask 077; " MAKE_ONE " > %s)", path, path);
    else if (fd < 0)
        snprintf(why, why_cap, "cannot read the key in %s: %s", path, strerror(errno));
    if (fd < 0)
        return -1;
    ssize_t n = -1;
    if (!check || is_private(fd, path, why, why_cap))
        n = from_fd(fd, path, out, cap, why, why_cap);
    close(fd);
    return n;
}

static ssize_t from_credential(const char *name, uint8_t *out, size_t cap, char *why,
                               size_t why_cap)
{
    char path[4096];
    const char *directory = getenv("CREDENTIALS_DIRECTORY");
    if (strchr(name, '/')) {
        snprintf(why, why_cap, "credential:NAME takes a name, not a path: file:PATH does");
        return -1;
    }
    if (!directory) {
        snprintf(why, why_cap,
                 "there is no $CREDENTIALS_DIRECTORY: run trothd as a service that has "
                 "LoadCredentialEncrypted=%s:FILE or SetCredentialEncrypted=",
                 name);
        return -1;
    }
    if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path) {
        snprintf(why, why_cap, "the path of the credential %s is too long", name);
        return -1;
    }
    return from_file(path, false, out, cap, why, why_cap);
}

/* The C library has no names for these two calls. */
static ssize_t from_keyring(const char *name, uint8_t *out, size_t cap, char *why, size_t why_cap)
{
    long id = syscall(SYS_request_key, "user", name, NULL, 0);
    long n = id < 0 ? -1 : syscall(SYS_keyctl, KEYCTL_READ, id, out, cap);
    if (n >= 0)
        return (ssize_t)((size_t)n < cap ? (size_t)n : cap);
    if (id < 0 && errno == ENOKEY)
        snprintf(why, why_cap,
                 "no keyring of this process holds a user key \"%s\": " MAKE_ONE
                 " | keyctl padd user %s @u",
                 name, name);
    else
        snprintf(why, why_cap, "cannot %s the key \"%s\" of the kernel's keyring: %s",
                 id < 0 ? "find" : "read", name, strerror(errno));
    return -1;
}

/* ---- what it looks like ---- */

static int digit(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool take(struct seal *s, const uint8_t *text, size_t len)
{
    if (len == SEAL_KEY) {
        memcpy(s->key, text, SEAL_KEY);
        return true;
    }
    if (len == TEXT_MAX && text[TEXT_MAX - 1] == '\n')
        len--;
    if (len != 2 * (size_t)SEAL_KEY)
        return false;
    for (size_t i = 0; i < SEAL_KEY; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        s->key[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool seal_is_place(const char *place)
{
    return after(place, "file:") || after(place, "credential:") || after(place, "keyring:");
}

bool seal_open(struct seal *s, const char *place, char *why, size_t why_cap)
{
    uint8_t text[TEXT_MAX + 1]; /* one more tells what is too long */
    const char *name;
    ssize_t n = -1;
    memset(s, 0, sizeof *s);
    if ((name = after(place, "file:")))
        n = from_file(name, true, text, sizeof text, why, why_cap);
    else if ((name = after(place, "credential:")))
        n = from_credential(name, text, sizeof text, why, why_cap);
    else if ((name = after(place, "keyring:")))
        n = from_keyring(name, text, sizeof text, why, why_cap);
    else
        snprintf(why, why_cap, "%s is no place of a key: " SEAL_WORDS " is expected", place);
    s->on = n >= 0 && take(s, text, (size_t)n);
    if (n >= 0 && !s->on) {
        snprintf(why, why_cap,
                 "the key in %s is none: %d octets or %d hexadecimal digits are expected", place,
                 SEAL_KEY, 2 * SEAL_KEY);
        wipe(s, sizeof *s);
    }
    wipe(text, sizeof text);
    return s->on;
}
