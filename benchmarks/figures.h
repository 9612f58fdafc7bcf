/* What every benchmark does with its figures. */
#ifndef TROTH_BENCHMARKS_FIGURES_H
#define TROTH_BENCHMARKS_FIGURES_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS_MOST = 10000, RUNS_USUAL = 200 };

/* The operand of a benchmark, or what it usually runs; 0 after an error, told. */
static inline long runs_wanted(const char *program, int argc, char **argv)
{
    char *after = NULL;
    long runs = argc > 1 ? strtol(argv[1], &after, 10) : RUNS_USUAL;
    if (argc <= 2 && runs >= 1 && runs <= RUNS_MOST && !(after && (*after || after == argv[1])))
        return runs;
    fprintf(stderr, "usage: %s [RUNS], 1 to %d of them (%d)\n", program, RUNS_MOST, RUNS_USUAL);
    return 0;
}

static inline double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static inline int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline double median(double *values, unsigned n)
{
    qsort(values, n, sizeof *values, by_size);
    return n % 2 ? values[n / 2] : (values[n / 2 - 1] + values[n / 2]) / 2;
}

static inline void aim(const char *what, double is, double limit)
{
    printf("  %-58s %5.2f of %.2f   %s\n", what, is, limit, is <= limit ? "met" : "missed");
}

#endif
