#include "tools/demo/stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>
#include <dirent.h>

#define TICK_MS     25 /* how often the witnesses are looked at */
#define NAME_COLUMN 11

static void die(const char *what)
{
    fprintf(stderr, "demo: %s: %s\n", what, strerror(errno));
    exit(1);
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000L + t.tv_nsec / 1000000L;
}

/* ---- the screen ---- */

static void column(struct stage *s, const char *name, const char *colour, const char *line)
{
    if (s->colour)
        printf("\033[%sm%8s |\033[0m %s\n", colour, name, line);
    else
        printf("%8s | %s\n", name, line);
    fflush(stdout);
}

void stage_say(struct stage *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs(s->colour ? "\n\033[1m" : "\n", stdout);
    vprintf(format, args);
    puts(s->colour ? "\033[0m" : "");
    fflush(stdout);
    va_end(args);
}

bool stage_verdict(struct stage *s, bool truth, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (s->colour)
        printf("\033[%sm%8s | %s\033[0m\n", truth ? "1;32" : "1;31", truth ? "yes" : "NO", text);
    else
        printf("%8s | %s\n", truth ? "yes" : "NO", text);
    fflush(stdout);
    s->failures += !truth;
    return truth;
}

/* ---- opening and closing ---- */

const char *stage_path(const struct stage *s, const char *name)
{
    static char paths[8][160];
    static unsigned turn;
    char *p = paths[turn++ % 8];
    snprintf(p, sizeof paths[0], "%s/%s", s->dir, name);
    return p;
}

/* True: nothing of it is left. */
static bool take_down(const char *path)
{
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strcmp(e->d_name, ".") && strcmp(e->d_name, ".."))
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    return rmdir(path) == 0 || errno == ENOENT;
}

/*
 * Passwords and keys lie in the directory: whatever ends the demo, somebody takes it down. The
 * pipe ends with us; the actors, who end then too, may still be writing.
 */
static void hire_janitor(struct stage *s)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC))
        die("pipe");
    s->janitor = fork();
    if (s->janitor < 0)
        die("fork");
    if (s->janitor > 0) {
        close(ends[0]);
        s->janitor_pipe = ends[1];
        return;
    }
    char none;
    setsid();
    close(ends[1]);
    while (read(ends[0], &none, 1) < 0 && errno == EINTR)
        ;
    for (int i = 0; i < 100 && !take_down(s->dir); i++)
        poll(NULL, 0, 50);
    _exit(0);
}

void stage_open(struct stage *s, const char *program)
{
    const char *keep = getenv("TROTH_DEMO_DIR");
    memset(s, 0, sizeof *s);
    s->agent = -1;
    s->interactive = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    s->colour = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
    if (keep) {
        if (strlen(keep) >= sizeof s->dir || (mkdir(keep, 0700) && errno != EEXIST))
            die(keep);
        strcpy(s->dir, keep);
        s->keep = true;
    } else {
        strcpy(s->dir, "/tmp/troth-demo-XXXXXX");
        if (!mkdtemp(s->dir))
            die(s->dir);
        hire_janitor(s);
    }
    snprintf(s->bin, sizeof s->bin, "%s", program);
    char *slash = strrchr(s->bin, '/');
    if (slash)
        *slash = 0;
    else
        strcpy(s->bin, ".");
    static const struct actor cast[ACTORS] = {
        [AIR] = {.name = "air", .colour = "36"},
        [DEVICE] = {.name = "device", .colour = "33"},
        [CLIENT] = {.name = "client", .colour = "35"},
    };
    memcpy(s->actors, cast, sizeof cast);
    for (int i = 0; i < ACTORS; i++)
        s->actors[i].in = s->actors[i].out = -1;
    signal(SIGPIPE, SIG_IGN);
}

void stage_close(struct stage *s)
{
    for (int i = ACTORS; i-- > 0;)
        stage_stop(s, i);
    if (s->agent >= 0)
        close(s->agent);
    if (s->keep)
        return;
    close(s->janitor_pipe);
    while (waitpid(s->janitor, NULL, 0) < 0 && errno == EINTR)
        ;
}

void stage_write(const struct stage *s, const char *name, const char *text)
{
    int fd = open(stage_path(s, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
        die(stage_path(s, name));
    close(fd);
}

/* ---- actors ---- */

/* What is left of the screen beside the column with the names. */
static unsigned short columns_left(void)
{
    struct winsize screen;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &screen) || screen.ws_col <= NAME_COLUMN)
        return 132;
    return (unsigned short)(screen.ws_col - NAME_COLUMN);
}

/* What goes into ends[1] comes out of ends[0], as with a pipe. */
static bool open_terminal(int ends[2])
{
    struct termios raw;
    struct winsize size = {.ws_row = 50, .ws_col = columns_left()};
    char name[64];
    ends[0] = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[0] < 0 || grantpt(ends[0]) || unlockpt(ends[0]) ||
        ptsname_r(ends[0], name, sizeof name))
        return false;
    ends[1] = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (ends[1] < 0 || tcgetattr(ends[1], &raw))
        return false;
    cfmakeraw(&raw);
    return !tcsetattr(ends[1], TCSANOW, &raw) && !ioctl(ends[1], TIOCSWINSZ, &size);
}

void stage_start(struct stage *s, int who, const char *const argv[])
{
    struct actor *a = &s->actors[who];
    int in[2], out[2];
    if (pipe2(in, O_CLOEXEC) || (a->terminal ? !open_terminal(out) : pipe2(out, O_CLOEXEC)))
        die("pipe");
    char path[600];
    snprintf(path, sizeof path, "%s/%s", s->bin, argv[0]);
    a->pid = fork();
    if (a->pid < 0)
        die("fork");
    if (a->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM);
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        dup2(out[1], STDERR_FILENO);
        if (!a->terminal || !s->colour)
            setenv("NO_COLOR", "1", 1);
        execv(path, (char *const *)(size_t)argv);
        fprintf(stderr, "cannot run %s: %s\n", path, strerror(errno));
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    a->in = in[1];
    a->out = out[0];
    a->len = 0;
    a->status = 0;
}

static void reap(struct actor *a)
{
    int status;
    if (a->in >= 0)
        close(a->in);
    close(a->out);
    a->in = a->out = -1;
    while (waitpid(a->pid, &status, 0) < 0 && errno == EINTR)
        ;
    a->status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    a->pid = 0;
}

static void take_lines(struct stage *s, struct actor *a)
{
    ssize_t n = read(a->out, a->line + a->len, sizeof a->line - 1 - a->len);
    if (n <= 0) {
        reap(a);
        return;
    }
    a->len += (size_t)n;
    a->line[a->len] = 0;
    char *start = a->line, *end;
    while ((end = strchr(start, '\n'))) {
        *end = 0;
        if (strstr(start, "listening on"))
            s->air_said_listening = true;
        size_t said = strlen(a->name); /* the air's lines say whose they are */
        bool twice = strncmp(start, a->name, said) == 0 && start[said] == ' ';
        column(s, a->name, a->colour, twice ? start + said + 1 : start);
        if (s->heard)
            s->heard(s, (int)(a - s->actors), start);
        start = end + 1;
    }
    a->len = strlen(start);
    memmove(a->line, start, a->len + 1);
    if (a->len == sizeof a->line - 1)
        a->len = 0;
}

/* What a terminal draws stays together. */
static void take_all(struct stage *s, struct actor *a)
{
    struct pollfd more = {.fd = a->out, .events = POLLIN};
    do
        take_lines(s, a);
    while (a->terminal && a->pid && poll(&more, 1, 2) > 0);
}

void stage_type(struct stage *s, int who, const char *text)
{
    struct actor *a = &s->actors[who];
    if (a->in >= 0 && (write(a->in, text, strlen(text)) < 0 || write(a->in, "\n", 1) < 0))
        column(s, "demo", "31", "the program no longer reads");
}

int stage_wait(struct stage *s, int who, int seconds)
{
    long end = now_ms() + seconds * 1000L;
    while (s->actors[who].pid && now_ms() < end)
        stage_until(s, NULL, 0);
    if (s->actors[who].pid) {
        column(s, "demo", "31", "took too long; stopped");
        stage_stop(s, who);
        return -1;
    }
    return s->actors[who].status;
}

int stage_stop(struct stage *s, int who)
{
    struct actor *a = &s->actors[who];
    if (!a->pid)
        return a->status;
    kill(a->pid, SIGTERM);
    for (long end = now_ms() + 5000; a->pid && now_ms() < end;)
        stage_until(s, NULL, 0);
    if (a->pid)
        stage_kill(s, who);
    return a->status;
}

void stage_kill(struct stage *s, int who)
{
    struct actor *a = &s->actors[who];
    kill(a->pid, SIGKILL);
    while (a->pid)
        take_lines(s, a);
}

/* ---- the device's display ---- */

void stage_watch_display(struct stage *s)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    snprintf(to.sun_path, sizeof to.sun_path, "%s", stage_path(s, "agent"));
    if (s->agent >= 0)
        close(s->agent);
    s->agent = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    s->agent_len = 0;
    if (s->agent < 0 || connect(s->agent, (struct sockaddr *)&to, sizeof to))
        die("the device's display");
}

static void take_display(struct stage *s)
{
    ssize_t n =
        read(s->agent, s->agent_line + s->agent_len, sizeof s->agent_line - 1 - s->agent_len);
    if (n <= 0) {
        close(s->agent);
        s->agent = -1;
        return;
    }
    s->agent_len += (size_t)n;
    s->agent_line[s->agent_len] = 0;
    char *start = s->agent_line, *end;
    while ((end = strchr(start, '\n'))) {
        *end = 0;
        if (sscanf(start, "display passkey %6[0-9]", s->passkey) == 1) {
            column(s, "device", "33", "");
            char box[64];
            snprintf(box, sizeof box, "   [ display:  %.3s %.3s ]", s->passkey, s->passkey + 3);
            column(s, "device", "1;33", box);
            column(s, "device", "33", "");
            char typed[16];
            stage_ask(s, "the client asks for the passkey on the device's display", s->passkey,
                      false, typed, sizeof typed);
            stage_type(s, CLIENT, typed);
        }
        start = end + 1;
    }
    s->agent_len = strlen(start);
    memmove(s->agent_line, start, s->agent_len + 1);
}

/* ---- watching ---- */

bool stage_until(struct stage *s, bool (*truth)(struct stage *s), int seconds)
{
    long end = now_ms() + seconds * 1000L;
    do {
        struct pollfd fds[ACTORS + 1];
        int who[ACTORS + 1];
        nfds_t n = 0;
        for (int i = 0; i < ACTORS; i++)
            if (s->actors[i].pid) {
                fds[n] = (struct pollfd){.fd = s->actors[i].out, .events = POLLIN};
                who[n++] = i;
            }
        if (s->agent >= 0) {
            fds[n] = (struct pollfd){.fd = s->agent, .events = POLLIN};
            who[n++] = ACTORS;
        }
        if (poll(fds, n, TICK_MS) > 0)
            for (nfds_t i = 0; i < n; i++) {
                if (!fds[i].revents)
                    continue;
                if (who[i] == ACTORS)
                    take_display(s);
                else
                    take_all(s, &s->actors[who[i]]);
            }
        if (s->actors[AIR].pid && s->air_said_listening)
            stage_look_at_air(s);
        if (truth && truth(s))
            return true;
    } while (now_ms() < end);
    return false;
}

void stage_ask(struct stage *s, const char *question, const char *otherwise, bool secret,
               char *answer, size_t cap)
{
    if (!s->interactive) {
        snprintf(answer, cap, "%s", otherwise);
        return;
    }
    struct termios old, quiet;
    tcgetattr(STDIN_FILENO, &old);
    quiet = old;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (secret)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet); /* before anybody can have read the question */
    printf("%s%s%s", s->colour ? "\033[1m" : "", question, s->colour ? ":\033[0m " : ": ");
    fflush(stdout);
    if (!fgets(answer, (int)cap, stdin))
        answer[0] = 0;
    if (secret) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &old);
        putchar('\n');
    }
    answer[strcspn(answer, "\n")] = 0;
    if (!answer[0])
        snprintf(answer, cap, "%s", otherwise);
}
