/* Configuration files over the option table. */
#include "common/config.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/out.h"

/* Without blanks at both ends; in place. */
static char *trim(char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    char *end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1]))
        *--end = 0;
    return s;
}

/* Options point to their texts until the program ends; so does this. */
struct kept {
    struct kept *next;
    char text[];
};
static struct kept *all_kept;

static char *keep(const char *text)
{
    size_t size = strlen(text) + 1;
    struct kept *k = malloc(sizeof *k + size);
    if (!k)
        return NULL;
    memcpy(k->text, text, size);
    k->next = all_kept;
    all_kept = k;
    return k->text;
}

static bool one_line(char *line, const struct cli_option *options, char *why, size_t cap)
{
    char *equals, *key = trim(line);
    char fault[512];
    if (!*key || *key == '#' || *key == ';' || *key == '[')
        return true;
    equals = strchr(key, '=');
    if (!equals) {
        snprintf(why, cap, "'%s' is no 'key = value'", key);
        return false;
    }
    *equals = 0;
    char *value = trim(equals + 1);
    key = trim(key);
    const struct cli_option *o = cli_find(options, key);
    if (!o || o->not_in_config) {
        snprintf(why, cap, "there is no key '%s'; the keys are the long options", key);
        return false;
    }
    const char *kept = keep(value);
    if (!kept || !cli_set(o, kept, fault, sizeof fault)) {
        snprintf(why, cap, "%s = %s: %s", key, value, kept ? fault : strerror(ENOMEM));
        return false;
    }
    return true;
}

static bool read_one(const char *path, const struct cli_option *options, char *why, size_t why_cap)
{
    char fault[600], shown[700], *line = NULL;
    size_t room = 0;
    unsigned number = 0;
    bool ok = true;
    ssize_t len;

    FILE *f = fopen(path, "re");
    struct stat st;
    if (f && !fstat(fileno(f), &st) && S_ISDIR(st.st_mode)) {
        fclose(f);
        f = NULL;
        errno = EISDIR;
    }
    if (!f) {
        snprintf(why, why_cap, "cannot read the configuration file %s: %s", path, strerror(errno));
        return false;
    }
    while (ok && (len = getline(&line, &room, f)) >= 0) {
        number++;
        if (memchr(line, 0, (size_t)len)) {
            snprintf(fault, sizeof fault, "a NUL character; this is no text file");
            ok = false;
        } else {
            ok = one_line(line, options, fault, sizeof fault);
        }
        if (!ok)
            snprintf(why, why_cap, "%s:%u: %s", path, number,
                     out_printable((const uint8_t *)fault, strlen(fault), shown, sizeof shown));
    }
    if (ok && ferror(f)) {
        snprintf(why, why_cap, "cannot read the configuration file %s: %s", path, strerror(errno));
        ok = false;
    }
    free(line);
    fclose(f);
    return ok;
}

/* ---- drop-ins ---- */

static int is_drop_in(const struct dirent *e)
{
    size_t len = strlen(e->d_name);
    return e->d_name[0] != '.' && len > 5 && !strcmp(e->d_name + len - 5, ".conf");
}

bool config_read(const char *path, const struct cli_option *options, char *why, size_t why_cap)
{
    char name[4096];
    struct dirent **found = NULL;
    if (!read_one(path, options, why, why_cap))
        return false;
    if ((size_t)snprintf(name, sizeof name, "%s.d", path) >= sizeof name)
        return true;
    int n = scandir(name, &found, is_drop_in, alphasort);
    bool ok = n >= 0 || errno == ENOENT || errno == ENOTDIR;
    if (!ok)
        snprintf(why, why_cap, "cannot read the directory %s: %s", name, strerror(errno));
    for (int i = 0; i < n; i++) {
        if (ok &&
            (size_t)snprintf(name, sizeof name, "%s.d/%s", path, found[i]->d_name) < sizeof name)
            ok = read_one(name, options, why, why_cap);
        free(found[i]);
    }
    free(found);
    return ok;
}
