/* Custom data: kept in a file, or handed to a command whose output is the response. */
#include "trothd.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/files.h"
#include "common/out.h"

#define COMMAND_US 10000000u /* so long may it run */

extern char **environ;

static const char done[] = "SUCCESS"; /* its NUL goes as well: what clients of the protocol show */

/* ---- a file ---- */

static int keep(const char *path, const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
    bool kept = files_put(path, (const char *)in, len, false, true);
    line_provision_custom(len, kept, path);
    memcpy(out, done, sizeof done);
    *out_len = sizeof done;
    return kept ? TROTH_OK : TROTH_FAILED;
}

/* ---- a command ---- */

static void let_go(struct provision_custom *c)
{
    c->output = sd_event_source_disable_unref(c->output);
    c->child = sd_event_source_disable_unref(c->child);
    c->timer = sd_event_source_disable_unref(c->timer);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->pid = 0;
    wipe(c->reply, sizeof c->reply);
    c->len = 0;
}

/* Both its output and itself have come to an end. */
static void finish(struct provision_custom *c)
{
    if (c->fd >= 0 || !c->ended)
        return;
    bool ok = c->status == 0 && !c->too_long;
    line_provision_command(ok, c->status, c->too_long);
    if (ok && !c->len) {
        memcpy(c->reply, done, sizeof done);
        c->len = sizeof done;
    }
    /* STALE: the client did not wait for it. */
    troth_protocomm_complete(c->protocomm, c->serial, ok ? TROTH_OK : TROTH_FAILED, c->reply,
                             ok ? c->len : 0);
    let_go(c);
}

static int on_output(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct provision_custom *c = context;
    (void)source;
    (void)events;
    uint8_t more[512], *to = c->len < sizeof c->reply ? c->reply + c->len : more;
    size_t room = c->len < sizeof c->reply ? sizeof c->reply - c->len : sizeof more;
    ssize_t n = read(fd, to, room);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return 0;
    if (n > 0 && to == more)
        c->too_long = true;
    else if (n > 0)
        c->len += (size_t)n;
    if (n > 0)
        return 0;
    c->output = sd_event_source_disable_unref(c->output);
    close(c->fd);
    c->fd = -1;
    finish(c);
    return 0;
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *context)
{
    struct provision_custom *c = context;
    (void)source;
    c->ended = true;
    c->status = info->si_code == CLD_EXITED ? info->si_status : 128 + info->si_status;
    finish(c);
    return 0;
}

/* Whatever it left behind that still holds its output is not waited for. */
static int on_late(sd_event_source *source, uint64_t usec, void *context)
{
    struct provision_custom *c = context;
    (void)source;
    (void)usec;
    if (!c->ended)
        kill(-c->pid, SIGKILL);
    c->output = sd_event_source_disable_unref(c->output);
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    c->too_long = true;
    finish(c);
    return 0;
}

static bool spawn(struct provision_custom *c, const char *command, int in, int out)
{
    char *argv[] = {(char[]){"sh"}, (char[]){"-c"}, NULL, NULL};
    char text[4096];
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, pipes;
    if ((size_t)snprintf(text, sizeof text, "%s", command) >= sizeof text)
        return false;
    argv[2] = text;
    sigemptyset(&none);
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_adddup2(&files, out, 1);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &pipes);
    int r = posix_spawn(&c->pid, "/bin/sh", &files, &attr, argv, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    if (r)
        c->pid = 0;
    return r == 0;
}

static int run(struct provision_custom *c, const char *command, uint32_t serial, const uint8_t *in,
               size_t len)
{
    int ends[2] = {-1, -1}, input = memfd_create("custom-data", MFD_CLOEXEC);
    bool ok = input >= 0 && write(input, in, len) == (ssize_t)len && !lseek(input, 0, SEEK_SET) &&
              !pipe2(ends, O_CLOEXEC | O_NONBLOCK);
    if (ok) /* the command's own end blocks */
        ok = fcntl(ends[1], F_SETFL, 0) == 0 && spawn(c, command, input, ends[1]);
    if (ends[1] >= 0)
        close(ends[1]);
    if (input >= 0)
        close(input);
    c->fd = ends[0];
    c->serial = serial;
    c->ended = c->too_long = false;
    c->len = 0;
    ok = ok && sd_event_add_io(c->loop, &c->output, c->fd, EPOLLIN, on_output, c) >= 0 &&
         sd_event_add_child(c->loop, &c->child, c->pid, WEXITED, on_child, c) >= 0 &&
         sd_event_add_time_relative(c->loop, &c->timer, CLOCK_MONOTONIC, COMMAND_US, 0, on_late,
                                    c) >= 0;
    if (ok)
        return TROTH_PROTOCOMM_LATER;
    out_error("the command for custom data cannot be started: %s", strerror(errno));
    provision_custom_close(c);
    return TROTH_FAILED;
}

/* ---- the endpoint ---- */

int provision_custom(void *ctx, uint32_t serial, const uint8_t *in, size_t len, uint8_t *out,
                     size_t *out_len)
{
    struct provision_custom *c = ctx;
    if (c->path)
        return keep(c->path, in, len, out, out_len);
    return c->pid ? TROTH_FAILED : run(c, c->command, serial, in, len);
}

void provision_custom_open(struct provision_custom *c, sd_event *loop,
                           const struct provision_options *o, struct troth_protocomm *protocomm)
{
    sigset_t set;
    c->fd = -1;
    c->loop = loop;
    c->path = o->custom_data;
    c->command = o->custom_data_command;
    c->protocomm = protocomm;
    sigemptyset(&set); /* sd_event_add_child wants it so */
    sigaddset(&set, SIGCHLD);
    if (c->command)
        sigprocmask(SIG_BLOCK, &set, NULL);
}

void provision_custom_close(struct provision_custom *c)
{
    if (!c->loop)
        return;
    if (c->pid && !c->ended) {
        kill(-c->pid, SIGKILL);
        c->child = sd_event_source_disable_unref(c->child);
        waitpid(c->pid, NULL, 0);
    }
    let_go(c);
}
