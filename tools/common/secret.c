/* Reading secrets. */
#include "common/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

#include "base/wipe.h"

void secret_wipe(void *p, size_t n)
{
    wipe(p, n);
}

#define CTRL_C 3

enum line_end { LINE_OK, LINE_EMPTY_FILE, LINE_TOO_LONG, LINE_FAILED };

/* One line, an octet at a time: nothing of the next line may be taken, or stay in a buffer. */
static enum line_end read_line(int fd, bool typed, uint8_t *out, size_t cap, size_t *len)
{
    enum line_end end = LINE_OK;
    uint8_t c;
    size_t n = 0;
    bool any = false;
    for (;;) {
        ssize_t r = read(fd, &c, 1);
        if (r < 0 && errno == EINTR)
            continue;
        if (r < 0)
            end = LINE_FAILED;
        if ((r == 0 && !any) || (r == 1 && typed && c == CTRL_C)) {
            end = LINE_EMPTY_FILE;
            break;
        }
        if (r <= 0 || c == '\n')
            break;
        any = true;
        if (n == cap + 1) { /* one more than fits: it may be the CR of a CR LF */
            end = LINE_TOO_LONG;
            continue;
        }
        if (n < cap)
            out[n] = c;
        else if (c != '\r')
            end = LINE_TOO_LONG;
        n++;
    }
    if (end == LINE_OK && n == cap + 1)
        n = cap;
    else if (end == LINE_OK && n && n <= cap && out[n - 1] == '\r')
        n--;
    *len = end == LINE_OK ? n : 0;
    if (end != LINE_OK)
        wipe(out, cap);
    wipe(&c, sizeof c);
    return end;
}

static bool tell(enum line_end end, const char *from, size_t cap, char *why, size_t why_cap)
{
    if (end == LINE_TOO_LONG)
        snprintf(why, why_cap, "the line in %s is longer than the %zu octets allowed", from, cap);
    else if (end == LINE_EMPTY_FILE)
        snprintf(why, why_cap, "%s is at its end: a line is expected there", from);
    else if (end == LINE_FAILED)
        snprintf(why, why_cap, "cannot read %s: %s", from, strerror(errno));
    return end == LINE_OK;
}

bool secret_read(const char *path, uint8_t *out, size_t cap, size_t *len, char *why, size_t why_cap)
{
    *len = 0;
    if (strcmp(path, "-") == 0)
        return tell(read_line(STDIN_FILENO, false, out, cap, len), "standard input", cap, why,
                    why_cap);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        snprintf(why, why_cap, "cannot read %s: %s", path, strerror(errno));
        return false;
    }
    enum line_end end = read_line(fd, false, out, cap, len);
    if (end == LINE_EMPTY_FILE) /* an empty file is an empty secret */
        end = LINE_OK;
    bool ok = tell(end, path, cap, why, why_cap);
    close(fd);
    return ok;
}

/* A signal that would end the program, unless it is ignored: under nohup a hang-up is none. */
static void add_ending(sigset_t *set, int number)
{
    struct sigaction was;
    if (sigaction(number, NULL, &was) == 0 && was.sa_handler != SIG_IGN)
        sigaddset(set, number);
}

/* Until there is a line. False: one of these signals came first; it stays pending. */
static bool await_line(int tty, const sigset_t *ending)
{
    int fd = signalfd(-1, ending, SFD_CLOEXEC);
    struct pollfd p[2] = {{.fd = tty, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    while (poll(p, 2, -1) < 0 && errno == EINTR)
        ;
    if (fd >= 0)
        close(fd);
    return !p[1].revents;
}

bool secret_prompt(const char *prompt, uint8_t *out, size_t cap, size_t *len, char *why,
                   size_t why_cap)
{
    struct termios old, quiet;
    sigset_t stops, ending, before;

    *len = 0;
    int tty = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (tty < 0 || tcgetattr(tty, &old)) {
        snprintf(why, why_cap, "there is no terminal to ask on");
        if (tty >= 0)
            close(tty);
        return false;
    }
    /* No signal may leave the terminal mute: it waits until echo is back. */
    sigemptyset(&ending);
    add_ending(&ending, SIGHUP);
    add_ending(&ending, SIGINT);
    add_ending(&ending, SIGQUIT);
    add_ending(&ending, SIGTERM);
    stops = ending;
    sigaddset(&stops, SIGTSTP);
    sigprocmask(SIG_BLOCK, &stops, &before);
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)(ECHO | ISIG);
    quiet.c_lflag |= ECHONL | ICANON;
    quiet.c_cc[VEOL] = CTRL_C; /* an ordinary octet while ISIG is off, and it ends the line */
    tcsetattr(tty, TCSAFLUSH, &quiet);
    dprintf(tty, "%s: ", prompt);
    enum line_end end =
        await_line(tty, &ending) ? read_line(tty, true, out, cap, len) : LINE_EMPTY_FILE;
    tcsetattr(tty, TCSAFLUSH, &old);
    sigprocmask(SIG_SETMASK, &before, NULL);
    close(tty);
    if (end == LINE_EMPTY_FILE) {
        snprintf(why, why_cap, "given up");
        return false;
    }
    return tell(end, "the terminal", cap, why, why_cap);
}
