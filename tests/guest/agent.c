/*
 * In the guest: runs what the host asks for over a virtio serial port, and hands on what it says.
 *
 *   guest_agent PORT
 *
 * Frames both ways: kind (1 octet), id (2), length (4, little-endian), payload.
 *   from the host   R  start: 't' (on a terminal) or 'p' (on pipes), then a line for sh
 *                   I  input    E  end of input    K  one octet: a signal for its process group
 *   to the host     H  here I am    O  output    X  it ended: exit status, or 128 + signal (4)
 * As process 1 it also buries the orphans.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum { HEAD = 7, PROGRAMS = 64, FRAME_MAX = 1 << 16 };

struct program {
    pid_t pid; /* 0: free */
    uint16_t id;
    int in, out; /* -1: closed */
    bool ended;
    int status;
};

static struct program programs[PROGRAMS];
static int port;

static void fatal(const char *what)
{
    fprintf(stderr, "guest_agent: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void write_all(int fd, const uint8_t *at, size_t len)
{
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
}

static void say(char kind, uint16_t id, const void *payload, size_t len)
{
    uint8_t frame[HEAD + 4096] = {
        (uint8_t)kind, (uint8_t)id, (uint8_t)(id >> 8), (uint8_t)len, (uint8_t)(len >> 8), 0, 0};
    if (len)
        memcpy(frame + HEAD, payload, len);
    write_all(port, frame, HEAD + len);
}

static struct program *find(uint16_t id)
{
    for (int i = 0; i < PROGRAMS; i++)
        if (programs[i].pid && programs[i].id == id)
            return &programs[i];
    return NULL;
}

static _Noreturn void become(const char *line)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    execl("/bin/sh", "sh", "-c", line, (char *)NULL);
    _exit(127);
}

static pid_t on_terminal(struct program *p, const char *line)
{
    struct termios plain;
    struct winsize size = {.ws_row = 50, .ws_col = 200};
    int fd;
    memset(&plain, 0, sizeof plain);
    cfmakeraw(&plain);
    plain.c_lflag |= ISIG | ECHO; /* without echo readline shows no prompt either */
    plain.c_cc[VINTR] = 3;
    pid_t pid = forkpty(&fd, NULL, &plain, &size);
    if (pid == 0)
        become(line);
    p->in = p->out = fd;
    return pid;
}

static pid_t on_pipes(struct program *p, const char *line)
{
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || pipe2(out, O_CLOEXEC))
        fatal("pipe");
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        dup2(in[0], 0);
        dup2(out[1], 1);
        dup2(out[1], 2);
        become(line);
    }
    close(in[0]);
    close(out[1]);
    p->in = in[1];
    p->out = out[0];
    return pid;
}

static void start(uint16_t id, const char *payload)
{
    struct program *p = programs;
    while (p < programs + PROGRAMS && p->pid)
        p++;
    if (p == programs + PROGRAMS) {
        say('X', id, (uint8_t[4]){126}, 4);
        return;
    }
    *p = (struct program){.id = id};
    p->pid = *payload == 't' ? on_terminal(p, payload + 1) : on_pipes(p, payload + 1);
    if (p->pid < 0)
        fatal("fork");
    fcntl(p->out, F_SETFD, FD_CLOEXEC);
}

static void shut_input(struct program *p)
{
    if (p->in >= 0 && p->in != p->out)
        close(p->in);
    p->in = -1;
}

static void obey(char kind, uint16_t id, const uint8_t *payload, size_t len)
{
    struct program *p = find(id);
    if (kind == 'R')
        start(id, (const char *)payload);
    else if (!p)
        return; /* it has ended */
    else if (kind == 'I' && p->in >= 0)
        write_all(p->in, payload, len);
    else if (kind == 'E')
        shut_input(p);
    else if (kind == 'K' && len == 1 && kill(-p->pid, payload[0]))
        kill(p->pid, payload[0]); /* it has only just begun and leads no group yet */
}

static void hear(void)
{
    static uint8_t in[HEAD + FRAME_MAX + 1];
    static size_t have;
    ssize_t n = read(port, in + have, sizeof in - 1 - have);
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        fatal("port");
    if (n == 0)
        usleep(10000); /* nobody at the other end */
    have += n > 0 ? (size_t)n : 0;
    for (size_t len; have >= HEAD; have -= HEAD + len) {
        len = in[3] | (size_t)in[4] << 8;
        if (len > FRAME_MAX)
            fatal("a frame too long");
        if (have < HEAD + len)
            break;
        uint8_t after = in[HEAD + len];
        in[HEAD + len] = 0;
        obey((char)in[0], (uint16_t)(in[1] | in[2] << 8), in + HEAD, len);
        in[HEAD + len] = after;
        memmove(in, in + HEAD + len, have - HEAD - len);
    }
}

/* Its end is told after its last words. */
static void bury(struct program *p)
{
    if (!p->ended || p->out >= 0)
        return;
    shut_input(p);
    say('X', p->id, (uint8_t[4]){(uint8_t)p->status}, 4);
    p->pid = 0;
}

static void relay(struct program *p)
{
    uint8_t octets[4096];
    ssize_t n = read(p->out, octets, sizeof octets);
    if (n > 0) {
        say('O', p->id, octets, (size_t)n);
        return;
    }
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (p->in == p->out)
        p->in = -1;
    close(p->out);
    p->out = -1;
    bury(p);
}

/* A program that left children with its output: what is there is taken, no more is awaited. */
static void drain(struct program *p)
{
    uint8_t octets[4096];
    ssize_t n;
    if (p->out < 0)
        return;
    fcntl(p->out, F_SETFL, O_NONBLOCK);
    while ((n = read(p->out, octets, sizeof octets)) > 0)
        say('O', p->id, octets, (size_t)n);
    if (p->in == p->out)
        p->in = -1;
    close(p->out);
    p->out = -1;
}

static void children(int signals)
{
    struct signalfd_siginfo info;
    int status;
    if (read(signals, &info, sizeof info) < 0)
        return;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (struct program *p = programs; p < programs + PROGRAMS; p++)
            if (p->pid == pid) {
                p->ended = true;
                p->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
                drain(p);
                bury(p);
            }
}

int main(int argc, char **argv)
{
    sigset_t child;
    if (argc != 2) {
        fprintf(stderr, "usage: guest_agent PORT\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    sigprocmask(SIG_BLOCK, &child, NULL);
    int signals = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    port = open(argv[1], O_RDWR | O_CLOEXEC);
    if (signals < 0 || port < 0)
        fatal(argv[1]);
    say('H', 0, NULL, 0);
    for (;;) {
        struct pollfd fds[2 + PROGRAMS] = {{port, POLLIN, 0}, {signals, POLLIN, 0}};
        struct program *of[2 + PROGRAMS];
        nfds_t n = 2;
        for (struct program *p = programs; p < programs + PROGRAMS; p++)
            if (p->pid && p->out >= 0) {
                of[n] = p;
                fds[n++] = (struct pollfd){p->out, POLLIN, 0};
            }
        if (poll(fds, n, -1) < 0 && errno != EINTR)
            fatal("poll");
        for (nfds_t i = 2; i < n; i++)
            if (fds[i].revents)
                relay(of[i]);
        if (fds[0].revents)
            hear();
        if (fds[1].revents)
            children(signals);
    }
}
