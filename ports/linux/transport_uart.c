/*
 * H4 over a serial line, Vol 4 Part A. What is in the line when it is opened is anybody's guess, and
 * a lost octet loses everything after it; the remedy is the one of 4: HCI_Reset, and its Command
 * Complete shows where packets begin. So a line is opened by finding that, and opened again to be
 * put right.
 *
 * The speed is any number: termios2 with BOTHER, whose <asm/termbits.h> excludes <termios.h>.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ports/linux/transport_parts.h"

#define RESET_MS    1000 /* between two HCI_Reset */
#define RESET_TRIES 5
#define STALL_MS    1000 /* the longest packet a controller sends takes less, at 115200 baud */

static void cannot_open(struct transport *t, int error)
{
    const char *where = t->where.text, *device = t->where.path;
    if (error == ENOENT || error == ENODEV || error == ENXIO)
        transport_fail(t, "there is no %s: is the controller plugged in?", device);
    else if (error == EACCES || error == EPERM)
        transport_fail(t,
                       "may not open %s: join the group that owns it (ls -l %s; often sudo usermod "
                       "-aG dialout $USER), then log in again",
                       device, device);
    else if (error == EBUSY || error == EWOULDBLOCK)
        transport_fail(t, "another program has %s: end it (fuser %s names it)", device, device);
    else if (error == ENOTTY)
        transport_fail(t, "%s is no serial line", device);
    else
        transport_fail(t, "cannot open %s: %s", where, strerror(error));
}

static bool set_line(struct transport *t)
{
    struct termios2 line;
    if (ioctl(t->fd, TCGETS2, &line)) {
        cannot_open(t, errno);
        return false;
    }
    line.c_iflag = 0;
    line.c_oflag = 0;
    line.c_lflag = 0;
    line.c_cflag = CS8 | CREAD | CLOCAL | BOTHER | (BOTHER << IBSHIFT);
    if (t->where.flow)
        line.c_cflag |= CRTSCTS;
    line.c_ispeed = line.c_ospeed = t->where.baud;
    memset(line.c_cc, 0, sizeof line.c_cc);
    line.c_cc[VMIN] = 1;
    if (ioctl(t->fd, TCSETS2, &line) || ioctl(t->fd, TCGETS2, &line)) {
        transport_fail(t, "cannot set up %s: %s", t->where.text, strerror(errno));
        return false;
    }
    unsigned got = line.c_ospeed, want = t->where.baud;
    unsigned off = got > want ? got - want : want - got;
    if (off > want / 33) { /* 3 per cent: more than a receiver bears */
        transport_fail(t, "%s cannot do %u baud; the nearest it has is %u", t->where.path, want,
                       got);
        return false;
    }
    if (t->where.flow && !(line.c_cflag & CRTSCTS)) {
        transport_fail(t, "%s has no RTS and CTS; leave out \",flow\"", t->where.path);
        return false;
    }
    return true;
}

static ssize_t put(struct transport *t, const uint8_t *octets, size_t len)
{
    return write(t->fd, octets, len);
}

static ssize_t take(struct transport *t, uint8_t *octets, size_t cap)
{
    return read(t->fd, octets, cap);
}

static void reset(struct transport *t)
{
    static const uint8_t command[4] = {H4_COMMAND, 0x03, 0x0c, 0x00};
    t->tries++;
    if (put(t, command, sizeof command) < 0 && errno != EAGAIN)
        transport_fail(t, "cannot write to %s: %s", t->where.text, strerror(errno));
    transport_alarm(t, RESET_MS);
}

static void begin(struct transport *t)
{
    t->fd = open(t->where.path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    if (t->fd < 0) {
        cannot_open(t, errno);
        return;
    }
    /* TIOCEXCL stops whoever is not root, the lock those who ask. */
    if (flock(t->fd, LOCK_EX | LOCK_NB)) {
        cannot_open(t, errno);
        return;
    }
    if (!set_line(t))
        return;
    t->exclusive = !ioctl(t->fd, TIOCEXCL);
    ioctl(t->fd, TCFLSH, TCIOFLUSH);
    transport_watch(t, EPOLLIN);
    reset(t);
}

static void no_answer(struct transport *t)
{
    if (t->tries < RESET_TRIES)
        reset(t);
    else
        transport_fail(t,
                       "no controller answers at %s: check the device, the baud rate, %s; one that "
                       "wants firmware first belongs to the kernel (btattach, then hci:N)",
                       t->where.text,
                       t->where.flow ? "that RTS and CTS are wired" : "whether it wants \",flow\"");
}

/* Command Complete for HCI_Reset with status 0: where it ends; 0: not in there. */
static size_t find_reset(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + 7 <= len; i++)
        if (p[i] == H4_EVENT && p[i + 1] == 0x0e && p[i + 2] == 0x04 && p[i + 4] == 0x03 &&
            p[i + 5] == 0x0c && p[i + 6] == 0)
            return i + 7;
    return 0;
}

static void connecting(struct transport *t)
{
    ssize_t n = take(t, t->in + t->in_len, sizeof t->in - t->in_len);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        transport_fail(t, "the controller at %s is gone: was it unplugged?", t->where.text);
        return;
    }
    t->in_len += (size_t)n;
    size_t at = find_reset(t->in, t->in_len);
    bool found = at != 0;
    if (!found && t->in_len > 6)
        at = t->in_len - 6; /* what may be its beginning */
    memmove(t->in, t->in + at, t->in_len - at);
    t->in_len -= at;
    if (found)
        transport_is_up(t);
}

const struct transport_ops transport_uart = {
    .stall_ms = STALL_MS,
    .begin = begin,
    .connecting = connecting,
    .alarm = no_answer,
    .write = put,
    .read = take,
};
