#include "support/tally.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define PLACES 64 /* different failures told apart */
#define SHOWN  3  /* examples printed of each */

static struct {
    unsigned cases, failed;
    bool case_failed;
    char label[256];
    struct {
        char text[192];
        unsigned count;
        char example[SHOWN][256];
    } place[PLACES];
    unsigned places;
} tally;

void tally_start(void)
{
    memset(&tally, 0, sizeof tally);
}

void tally_case(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(tally.label, sizeof tally.label, fmt, ap);
    va_end(ap);
    tally.cases++;
    tally.case_failed = false;
}

bool tally_check(bool ok, const char *file, int line, const char *fmt, ...)
{
    if (ok || tally.case_failed)
        return ok;
    tally.case_failed = true;
    tally.failed++;

    char text[sizeof tally.place[0].text];
    const char *base = strrchr(file, '/');
    int n = snprintf(text, sizeof text, "%s:%d: ", base ? base + 1 : file, line);
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(text + n, sizeof text - (size_t)n, fmt, ap);
    va_end(ap);

    unsigned i = 0;
    while (i < tally.places && strcmp(tally.place[i].text, text) != 0)
        i++;
    if (i == PLACES)
        return ok;
    if (i == tally.places) {
        memcpy(tally.place[i].text, text, sizeof text);
        tally.places++;
    }
    if (tally.place[i].count < SHOWN)
        memcpy(tally.place[i].example[tally.place[i].count], tally.label, sizeof tally.label);
    tally.place[i].count++;
    return ok;
}

void tally_end(const char *name, unsigned least_cases)
{
    printf("%s: %u cases, %u failed\n", name, tally.cases, tally.failed);
    for (unsigned i = 0; i < tally.places; i++) {
        printf("  %u x %s\n", tally.place[i].count, tally.place[i].text);
        for (unsigned k = 0; k < SHOWN && k < tally.place[i].count; k++)
            printf("      e.g. %s\n", tally.place[i].example[k]);
    }
    fflush(stdout);
    if (tally.cases < least_cases)
        fail_msg("%s tried %u cases, fewer than %u", name, tally.cases, least_cases);
    if (tally.failed)
        fail_msg("%s: %u of %u cases failed", name, tally.failed, tally.cases);
}
