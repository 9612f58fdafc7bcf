/*
 * --display-command: a passkey, and that it is void, each handed to a run of a command as one line
 * of JSON on its standard input. Runs follow each other; who needs long misses what is old by then.
 */
#include "trothd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/wipe.h"
#include "common/argv.h"
#include "common/out.h"

#define RUN_US  10000000u /* so long may it run */
#define LAST_MS 2000      /* ... when trothd ends */

extern char **environ;

struct display {
    sd_event *loop;
    struct argv argv;
    char passkey[8]; /* to be shown; empty: none */
    char peer[160];
    bool due;   /* the command does not know yet */
    bool shown; /* what it was told last was a passkey */
    pid_t pid;  /* 0: none runs */
    bool late;
    sd_event_source *child, *timer;
};

static void next(struct display *s);

static void let_go(struct display *s)
{
    s->child = sd_event_source_disable_unref(s->child);
    s->timer = sd_event_source_disable_unref(s->timer);
    s->pid = 0;
}

static void line_ended(const struct display *s, int code, int status)
{
    if (s->late)
        out_error("the display command ran for more than 10 s and was killed%s",
                  s->shown ? ": nobody may have seen the passkey" : "");
    else if (code != CLD_EXITED)
        out_error("the display command ended by signal %d%s", status,
                  s->shown ? ": nobody may have seen the passkey" : "");
    else if (status)
        out_error("the display command failed with status %d%s", status,
                  s->shown ? ": nobody may have seen the passkey" : "");
}

static int on_child(sd_event_source *source, const siginfo_t *info, void *context)
{
    struct display *s = context;
    (void)source;
    line_ended(s, info->si_code, info->si_status);
    let_go(s);
    next(s);
    return 0;
}

static int on_late(sd_event_source *source, uint64_t usec, void *context)
{
    struct display *s = context;
    (void)source;
    (void)usec;
    s->late = true;
    kill(-s->pid, SIGKILL);
    return 0;
}

/* A file, not a pipe: whoever does not read it holds nothing up. */
static int input(const struct display *s)
{
    cJSON *j = *s->passkey ? out_fields("passkey:s peer:s", s->passkey, s->peer)
                           : out_fields("withdrawn:b", true);
    char *text = cJSON_PrintUnformatted(j);
    int fd = memfd_create("passkey", MFD_CLOEXEC);
    size_t len = text ? strlen(text) : 0;
    bool ok = fd >= 0 && text && write(fd, text, len) == (ssize_t)len && write(fd, "\n", 1) == 1 &&
              !lseek(fd, 0, SEEK_SET);
    if (text)
        explicit_bzero(text, len);
    cJSON *digits = cJSON_GetObjectItemCaseSensitive(j, "passkey");
    if (digits && digits->valuestring)
        explicit_bzero(digits->valuestring, strlen(digits->valuestring));
    cJSON_free(text);
    cJSON_Delete(j);
    if (ok)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static int spawn(struct display *s)
{
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    sigset_t none, pipes;
    int in = input(s);
    if (in < 0)
        return errno;
    sigemptyset(&none);
    sigemptyset(&pipes);
    sigaddset(&pipes, SIGPIPE);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in, 0);
    posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&files, 1, 2);
    posix_spawnattr_init(&attr);
    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                        POSIX_SPAWN_SETPGROUP);
    posix_spawnattr_setsigmask(&attr, &none);
    posix_spawnattr_setsigdefault(&attr, &pipes);
    int r = posix_spawnp(&s->pid, s->argv.word[0], &files, &attr, s->argv.word, environ);
    posix_spawnattr_destroy(&attr);
    posix_spawn_file_actions_destroy(&files);
    close(in);
    if (r)
        s->pid = 0;
    return r;
}

/* Tells the command what is to be seen now, unless it runs or knows. */
static void next(struct display *s)
{
    bool news = *s->passkey || s->shown;
    if (!s->due || s->pid || !news) {
        s->due = s->due && s->pid;
        return;
    }
    s->due = s->late = false;
    int error = spawn(s);
    s->shown = *s->passkey;
    if (!error && (sd_event_add_child(s->loop, &s->child, s->pid, WEXITED, on_child, s) < 0 ||
                   sd_event_add_time_relative(s->loop, &s->timer, CLOCK_MONOTONIC, RUN_US, 0,
                                              on_late, s) < 0)) {
        error = ENOMEM;
        kill(-s->pid, SIGKILL);
        waitpid(s->pid, NULL, 0);
        let_go(s);
    }
    if (error)
        out_error("the display command cannot be run: %s", strerror(error));
}

static void on_display(void *ctx, const char *passkey, const char *peer)
{
    struct display *s = ctx;
    snprintf(s->passkey, sizeof s->passkey, "%s", passkey ? passkey : "");
    snprintf(s->peer, sizeof s->peer, "%s", peer ? peer : "");
    s->due = true;
    next(s);
}

/* ---- opening and closing ---- */

struct display *display_open(struct trothd *d, struct agent_config *agent, char *why, size_t cap)
{
    char fault[300];
    const char *command = d->options.service.display_command;
    if (d->options.service.passkey_file)
        label_look_after(d->options.service.passkey_file);
    if (d->options.agent != AGENT_DISPLAY || !command)
        return NULL;
    struct display *s = calloc(1, sizeof *s);
    if (!s) {
        snprintf(why, cap, "no memory for a display");
        return NULL;
    }
    s->loop = d->loop;
    if (!argv_split(&s->argv, command, fault, sizeof fault) ||
        !argv_runs(&s->argv, fault, sizeof fault)) {
        snprintf(why, cap, "--display-command cannot be run: %s", fault);
        free(s);
        return NULL;
    }
    sigset_t set;
    sigemptyset(&set); /* sd_event_add_child wants it so */
    sigaddset(&set, SIGCHLD);
    sigprocmask(SIG_BLOCK, &set, NULL);
    agent->display = on_display;
    agent->ctx = s;
    return s;
}

static void wait_for(struct display *s)
{
    int fd = (int)syscall(SYS_pidfd_open, s->pid, 0);
    struct pollfd p = {.fd = fd, .events = POLLIN};
    if (fd < 0 || poll(&p, 1, LAST_MS) <= 0)
        kill(-s->pid, SIGKILL);
    if (fd >= 0)
        close(fd);
    waitpid(s->pid, NULL, 0);
    s->pid = 0;
}

void display_close(struct display *s)
{
    if (!s)
        return;
    pid_t pid = s->pid;
    let_go(s); /* before anybody else reaps it */
    s->pid = pid;
    if (s->pid)
        wait_for(s);
    wipe(s->passkey, sizeof s->passkey);
    if (s->shown && !spawn(s))
        wait_for(s);
    wipe(s, sizeof *s);
    free(s);
}
