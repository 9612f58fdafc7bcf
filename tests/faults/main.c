/*
 * faults: single faults over every pairing flow, docs/FAULTS.md. Exit status 0: no finding; 1: some;
 * 2: used wrongly.
 */
#include "faults/campaign.h"
#include "faults/duo.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WORKERS_MAX 64
#define TOLD_MAX    20 /* findings told one by one, of each worker */
#define STUCK_S     120

static struct tally_of_faults *tallies; /* [WORKERS_MAX + 1], shared; the last is the dry one's */

static void finding(unsigned long run, const char *where, const char *what)
{
    static unsigned told;
    if (told++ < TOLD_MAX)
        printf("FINDING run %lu: %s: %s\n", run, what, where);
    fflush(stdout);
}

static void quiet(unsigned long run, const char *where, const char *what)
{
    (void)run;
    fprintf(stderr, "faults: %s: %s\n", where, what);
}

static void watchdog(void)
{
    alarm(STUCK_S);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- workers ---- */

static pid_t worker_start(const struct campaign *of_all, unsigned i, unsigned long after)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0) {
        perror("faults: fork");
        exit(1);
    }
    if (pid)
        return pid;
    struct campaign mine = *of_all;
    mine.worker = i;
    mine.after = after;
    mine.tally = &tallies[i];
    mine.begin = watchdog;
    campaign_run(&mine);
    fflush(NULL);
    exit(0); /* findings are counted; anything else is a crash */
}

static void progress(unsigned workers, unsigned long total, double since, bool last)
{
    static double told;
    static unsigned long before;
    double now = seconds(), pause = isatty(2) ? 1 : 15;
    if (!last && now - told < pause)
        return;
    unsigned long done = 0, findings = 0;
    for (unsigned i = 0; i < workers; i++) {
        done += tallies[i].done;
        findings += tallies[i].findings;
    }
    double rate = last ? (double)done / (now - since)
                       : (double)(done - before) / (now - (told > 0 ? told : since));
    told = now;
    before = done;
    fprintf(stderr, "%sfaults: %5.1f %%, %lu of %lu runs, %.0f runs/s, %lu findings%s",
            isatty(2) ? "\r" : "", total ? 100.0 * (double)done / (double)total : 100.0, done,
            total, rate, findings, isatty(2) && !last ? "  " : "\n");
}

/* A worker that ended otherwise than it should: its run is a finding, and the next one goes on. */
static pid_t worker_ended(const struct campaign *all, unsigned i, int status)
{
    struct tally_of_faults *t = &tallies[i];
    if (WIFEXITED(status) && !WEXITSTATUS(status))
        return 0;
    bool stuck = WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM;
    printf("FINDING run %lu: %s: %s\n", t->run, stuck ? "it hangs" : "it crashes", t->where);
    t->findings++;
    t->done++;
    return t->run ? worker_start(all, i, t->run) : 0;
}

static void work(const struct campaign *all, unsigned long total)
{
    pid_t pid[WORKERS_MAX];
    double since = seconds();
    unsigned left = all->workers;
    for (unsigned i = 0; i < all->workers; i++)
        pid[i] = worker_start(all, i, 0);
    while (left) {
        int status;
        pid_t ended = waitpid(-1, &status, WNOHANG);
        if (ended <= 0) {
            struct timespec pause = {.tv_nsec = 50000000};
            nanosleep(&pause, NULL);
            progress(all->workers, total, since, false);
            continue;
        }
        for (unsigned i = 0; i < all->workers; i++) {
            if (pid[i] != ended)
                continue;
            pid[i] = worker_ended(all, i, status);
            left -= !pid[i];
        }
    }
    progress(all->workers, total, since, true);
}

/* ---- telling ---- */

static void add(struct tally_of_faults *sum, const struct tally_of_faults *t)
{
    sum->done += t->done;
    sum->findings += t->findings;
    for (unsigned i = 0; i < FAULT_CLASSES; i++)
        for (unsigned p = 0; p < PLACES; p++) {
            struct score *s = &sum->score[i][p];
            const struct score *o = &t->score[i][p];
            s->runs += o->runs;
            s->both += o->both;
            s->one += o->one;
            s->none += o->none;
            s->next += o->next;
            s->findings += o->findings;
        }
    for (unsigned i = 0; i < KINDS_MAX && t->kind[i].what; i++)
        for (unsigned k = 0; k < KINDS_MAX; k++) {
            if (sum->kind[k].what && sum->kind[k].what != t->kind[i].what)
                continue;
            if (!sum->kind[k].count || t->kind[i].first < sum->kind[k].first)
                sum->kind[k].first = t->kind[i].first;
            sum->kind[k].count += t->kind[i].count;
            sum->kind[k].what = t->kind[i].what;
            break;
        }
}

static void row(const char *class, const char *place, const struct score *s)
{
    printf("%-18s %-6s %8lu %8lu %8lu %8lu %8lu %9lu\n", class, place, s->runs, s->both, s->one,
           s->none, s->next, s->findings);
}

static void table(const struct tally_of_faults *t)
{
    struct score all = {0};
    printf("%-18s %-6s %8s %8s %8s %8s %8s %9s\n", "class", "place", "runs", "both", "one side",
           "none", "next", "findings");
    for (unsigned i = 1; i < FAULT_CLASSES; i++)
        for (unsigned p = 0; p < PLACES; p++) {
            const struct score *s = &t->score[i][p];
            if (!s->runs)
                continue;
            row(fault_class_names[i], fault_place_names[p], s);
            all.runs += s->runs;
            all.both += s->both;
            all.one += s->one;
            all.none += s->none;
            all.next += s->next;
            all.findings += s->findings;
        }
    row("all", "", &all);
    for (unsigned i = 0; i < KINDS_MAX && t->kind[i].what; i++)
        printf("%lu times: %s (first: run %lu)\n", t->kind[i].count, t->kind[i].what,
               t->kind[i].first);
}

static void show(const struct crossing *x, const uint8_t *pdu)
{
    printf("  %6llu ms  %s  %-28s", (unsigned long long)duo.now, x->side ? "<-" : "->",
           flow_pdu_name(x->opcode));
    for (unsigned i = 0; i < x->len; i++)
        printf(" %02x", pdu[i]);
    printf("%s\n", x->encrypted ? "  (encrypted)" : "");
}

static void show_run(void)
{
    printf("run %lu: %s\n", tallies[0].run, tallies[0].where);
    duo_saw = show;
}

static int one_run(unsigned long run)
{
    struct campaign c = {.every = 1,
                         .workers = 1,
                         .only = run,
                         .begin = show_run,
                         .finding = finding,
                         .tally = &tallies[0]};
    bool good = campaign_run(&c);
    if (good && !tallies[0].done) {
        fprintf(stderr, "faults: there is no run %lu; --list tells how many there are\n", run);
        return 2;
    }
    table(&tallies[0]);
    return tallies[0].findings ? 1 : 0;
}

/* ---- command line ---- */

static bool number(const char *text, unsigned long max, unsigned long *n)
{
    char *end;
    errno = 0;
    *n = strtoul(text, &end, 10);
    return !errno && end != text && !*end && *n >= 1 && *n <= max;
}

static int usage(FILE *to)
{
    fprintf(to, "usage: faults [--every N] [--jobs N] [--next] | --run N | --list\n"
                "Single faults over every pairing flow; docs/FAULTS.md.\n");
    return to == stdout ? 0 : 2;
}

int main(int argc, char **argv)
{
    unsigned long every = 1, jobs = 1, run = 0;
    bool list = false, next = false;
    for (int i = 1; i < argc; i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--help"))
            return usage(stdout);
        if (!strcmp(argv[i], "--list"))
            list = true;
        else if (!strcmp(argv[i], "--next"))
            next = true;
        else if (!strcmp(argv[i], "--every") && number(value, 1000000, &every))
            i++;
        else if (!strcmp(argv[i], "--jobs") && number(value, WORKERS_MAX, &jobs))
            i++;
        else if (!strcmp(argv[i], "--run") && number(value, 100000000, &run))
            i++;
        else
            return usage(stderr);
    }
    tallies = mmap(NULL, (WORKERS_MAX + 1) * sizeof *tallies, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (tallies == MAP_FAILED) {
        perror("faults: mmap");
        return 1;
    }
    if (run)
        return one_run(run);

    struct tally_of_faults *plan = &tallies[WORKERS_MAX];
    struct campaign c = {
        .every = (unsigned)every, .workers = 1, .dry = true, .finding = quiet, .tally = plan};
    if (!campaign_run(&c)) {
        fprintf(stderr, "faults: pairing fails where nothing was done wrong; nothing was tried\n");
        return 1;
    }
    if (list) {
        table(plan);
        return 0;
    }
    c.dry = false;
    c.next = next;
    c.workers = (unsigned)jobs;
    c.finding = finding;
    work(&c, campaign_total(plan));
    struct tally_of_faults sum = {0};
    for (unsigned i = 0; i < jobs; i++)
        add(&sum, &tallies[i]);
    table(&sum);
    if (sum.done != campaign_total(plan))
        printf("FINDING: %lu runs were planned, %lu done\n", campaign_total(plan), sum.done);
    return sum.findings || sum.done != campaign_total(plan) ? 1 : 0;
}
