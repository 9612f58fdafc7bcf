#include "common/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/files.h"

extern char **environ;

int child_input(const void *octets, size_t len)
{
    int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd >= 0 && files_put_all(fd, (const char *)octets, len) && !lseek(fd, 0, SEEK_SET))
        return fd;
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
    return -1;
}

/* ---- starting ---- */

/* errno. */
static int spawn(struct child *c, int output)
{
    const struct child_order *o = &c->order;
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    if (o->input >= 0)
        posix_spawn_file_actions_adddup2(&files, o->input, 0);
    else
        posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    if (output >= 0)
        posix_spawn_file_actions_adddup2(&files, output, 1);
    else
        posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    if (!o->errors)
        posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addclosefrom_np(&files, 3);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                            (o->group ? POSIX_SPAWN_SETPGROUP : 0)));
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &all);
    int r = posix_spawnp(&c->pid, o->argv[0], &files, &attr, (char *const *)(uintptr_t)o->argv,
                         environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (r)
        c->pid = 0;
    return r;
}

/* Our end of its output does not block, its own does. */
static bool start(struct child *c, const struct child_order *order, char *why, size_t cap)
{
    int ends[2] = {-1, -1};
    *c = (struct child){.order = *order, .fd = -1};
    if (order->output && pipe2(ends, O_CLOEXEC))
        c->error = errno;
    if (!c->error)
        c->error = spawn(c, ends[1]);
    if (ends[1] >= 0)
        close(ends[1]);
    c->fd = ends[0];
    if (c->fd >= 0)
        fcntl(c->fd, F_SETFL, O_NONBLOCK);
    if (!c->error)
        return true;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    snprintf(why, cap, "%s cannot be run: %s", order->argv[0],
             c->error == ENOENT
                 ? "there is no such program, or not the one that its first line names"
             : c->error == EACCES  ? "it is not executable, or not for this user"
             : c->error == ENOEXEC ? "it is no program, and no script whose first line names one"
                                   : strerror(c->error));
    return false;
}

/* ---- what becomes of it ---- */

static void deafen(struct child *c)
{
    c->on_fd = sd_event_source_disable_unref(c->on_fd);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

/* One read of its output, or the end of it. */
static void hear(struct child *c)
{
    uint8_t more[512];
    size_t left = c->order.room - c->len;
    ssize_t n = read(c->fd, left ? c->order.output + c->len : more, left ? left : sizeof more);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n <= 0)
        deafen(c);
    else if (left)
        c->len += (size_t)n;
    else
        c->too_long = true;
}

static void end(struct child *c, bool exited, int status)
{
    c->ended = true;
    c->signal = exited ? 0 : status;
    c->status = exited ? status : 128 + status;
}

static void slay(const struct child *c)
{
    if (!c->ended)
        kill(c->order.group ? -c->pid : c->pid, SIGKILL);
}

/* ---- in a loop ---- */

static void let_go(struct child *c)
{
    c->on_fd = sd_event_source_disable_unref(c->on_fd);
    c->on_end = sd_event_source_disable_unref(c->on_end);
    c->on_time = sd_event_source_disable_unref(c->on_time);
}

static void finish_when_over(struct child *c)
{
    if (c->fd >= 0 || !c->ended)
        return;
    let_go(c);
    c->pid = 0;
    c->done(c->ctx);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct child *c = context;
    (void)source;
    (void)fd;
    (void)events;
    hear(c);
    finish_when_over(c);
    return 0;
}

static int on_end(sd_event_source *source, const siginfo_t *info, void *context)
{
    struct child *c = context;
    (void)source;
    end(c, info->si_code == CLD_EXITED, info->si_status);
    finish_when_over(c);
    return 0;
}

/* Whatever it left behind that still holds its output is not waited for. */
static int on_time(sd_event_source *source, uint64_t usec, void *context)
{
    struct child *c = context;
    (void)source;
    (void)usec;
    c->late = true;
    slay(c);
    deafen(c);
    finish_when_over(c);
    return 0;
}

bool child_start(struct child *c, const struct child_order *order, sd_event *loop,
                 void (*done)(void *ctx), void *ctx, char *why, size_t cap)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    if (!start(c, order, why, cap))
        return false;
    c->done = done;
    c->ctx = ctx;
    int r = sd_event_add_child(loop, &c->on_end, c->pid, WEXITED, on_end, c);
    if (r >= 0 && c->fd >= 0)
        r = sd_event_add_io(loop, &c->on_fd, c->fd, EPOLLIN, on_output, c);
    if (r >= 0)
        r = sd_event_add_time_relative(loop, &c->on_time, CLOCK_MONOTONIC, order->ms * 1000ull, 0,
                                       on_time, c);
    if (r >= 0)
        return true;
    child_finish(c, 0);
    c->error = -r;
    snprintf(why, cap, "%s cannot be watched: %s", order->argv[0], strerror(-r));
    return false;
}

/* ---- without one ---- */

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000L;
}

static void reap(struct child *c, int flags)
{
    int status;
    pid_t r;
    do
        r = waitpid(c->pid, &status, flags);
    while (r < 0 && errno == EINTR);
    if (r == c->pid)
        end(c, WIFEXITED(status), WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
    else if (r < 0)
        end(c, true, 0); /* somebody else has: nothing is known of it */
}

/* A kernel without pidfd_open (before 5.3) is asked every 20 ms. */
static void wait_for(struct child *c, unsigned ms, bool all)
{
    const long due = now_ms() + (long)ms;
    int pidfd = (int)syscall(SYS_pidfd_open, c->pid, 0);
    reap(c, WNOHANG);
    while ((!c->ended || c->fd >= 0) && (all || !c->too_long)) {
        struct pollfd p[2] = {{.fd = c->ended ? -1 : pidfd, .events = POLLIN},
                              {.fd = c->fd, .events = POLLIN}};
        long left = due - now_ms();
        c->late = left <= 0;
        if (c->late)
            break;
        poll(p, 2, (int)(pidfd < 0 && !c->ended && left > 20 ? 20 : left));
        if (c->fd >= 0 && p[1].revents)
            hear(c);
        if (!c->ended)
            reap(c, WNOHANG);
    }
    if (pidfd >= 0)
        close(pidfd);
    slay(c);
    deafen(c);
    if (!c->ended)
        reap(c, 0);
    c->pid = 0;
}

void child_finish(struct child *c, unsigned ms)
{
    let_go(c);
    if (c->pid)
        wait_for(c, ms, true);
}

bool child_run(struct child *c, const struct child_order *order, char *why, size_t cap)
{
    if (!start(c, order, why, cap))
        return false;
    wait_for(c, order->ms, false);
    return true;
}

/* ---- what is said of it ---- */

bool child_did_well(const struct child *c)
{
    return !c->error && !c->late && !c->too_long && !c->status;
}

void child_words(const struct child *c, char *text, size_t cap)
{
    if (c->error)
        snprintf(text, cap, "could not be started");
    else if (c->late)
        snprintf(text, cap, "ran for more than %u s and was killed", c->order.ms / 1000);
    else if (c->too_long)
        snprintf(text, cap, "said more than %zu octets", c->order.room);
    else if (c->signal)
        snprintf(text, cap, "ended by signal %d", c->signal);
    else if (c->status)
        snprintf(text, cap, "failed with status %d", c->status);
    else
        snprintf(text, cap, "came to its end");
}
