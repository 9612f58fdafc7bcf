#include "common/argv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n';
}

/* From *in on to the end of the word; NULL: a quotation without its end. */
static char *take_word(const char **in, char *out)
{
    const char *s = *in;
    char quote = 0;
    for (; *s && (quote || !blank(*s)); s++) {
        if (*s == quote) {
            quote = 0;
        } else if (!quote && (*s == '\'' || *s == '"')) {
            quote = *s;
        } else {
            if (*s == '\\' && quote != '\'' && !*++s)
                return NULL;
            *out++ = *s;
        }
    }
    *in = s;
    *out++ = 0;
    return quote ? NULL : out;
}

bool argv_split(struct argv *a, const char *command, char *why, size_t cap)
{
    char *out = a->text;
    unsigned n = 0;
    if (strlen(command) >= sizeof a->text) {
        snprintf(why, cap, "a command of at most %zu octets is expected", sizeof a->text - 1);
        return false;
    }
    while (blank(*command))
        command++;
    while (*command) {
        if (n == ARGV_WORDS) {
            snprintf(why, cap, "a command of at most %d words is expected", ARGV_WORDS);
            return false;
        }
        a->word[n++] = out;
        out = take_word(&command, out);
        if (!out) {
            snprintf(why, cap, "a quotation has no end");
            return false;
        }
        while (blank(*command))
            command++;
    }
    a->word[n] = NULL;
    if (!n || !*a->word[0])
        snprintf(why, cap, "a program and its arguments are expected");
    return n && *a->word[0];
}

static bool runs(const char *path)
{
    struct stat st;
    return !access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode);
}

bool argv_runs(const struct argv *a, char *why, size_t cap)
{
    const char *name = a->word[0], *path = getenv("PATH");
    char full[4096];
    if (strchr(name, '/')) {
        if (runs(name))
            return true;
        snprintf(why, cap, "%s: %s", name, access(name, X_OK) ? strerror(errno) : "not a program");
        return false;
    }
    for (path = path ? path : "/usr/bin:/bin"; *path; path += *path == ':') {
        size_t len = strcspn(path, ":");
        if (snprintf(full, sizeof full, "%.*s/%s", (int)len, path, name) < (int)sizeof full &&
            runs(full))
            return true;
        path += len;
    }
    snprintf(why, cap, "there is no program %s in PATH", name);
    return false;
}
