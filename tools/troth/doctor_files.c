/* The machine as the doctor sees it: files below a root, processes, the kernel, the bus. */
#include "doctor.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "common/child.h"

#define ASK_MS 3000

static bool join(const struct doctor *d, char *path, size_t cap, const char *format, va_list args)
{
    char rest[512];
    if ((size_t)vsnprintf(rest, sizeof rest, format, args) >= sizeof rest)
        return false;
    return (size_t)snprintf(path, cap, "%s%s", d->root, rest) < cap;
}

bool doctor_path(const struct doctor *d, char *path, size_t cap, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    bool ok = join(d, path, cap, format, args);
    va_end(args);
    return ok;
}

bool doctor_exists(const struct doctor *d, const char *path)
{
    return doctor_access(d, path, F_OK) != ENOENT;
}

int doctor_access(const struct doctor *d, const char *path, int mode)
{
    char full[4096];
    if (!doctor_path(d, full, sizeof full, "%s", path))
        return ENAMETOOLONG;
    return access(full, mode) ? errno : 0;
}

static bool slurp(const char *path, char *text, size_t cap)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    size_t len = 0;
    ssize_t n;
    if (fd < 0)
        return false;
    while (len < cap - 1 && (n = read(fd, text + len, cap - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    text[len] = 0;
    if (len && text[len - 1] == '\n')
        text[len - 1] = 0;
    return true;
}

bool doctor_read(const struct doctor *d, char *text, size_t cap, const char *format, ...)
{
    char path[4096];
    va_list args;
    va_start(args, format);
    bool ok = join(d, path, sizeof path, format, args);
    va_end(args);
    *text = 0;
    return ok && slurp(path, text, cap);
}

static int is_name(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

unsigned doctor_each(struct doctor *d, const char *dir,
                     bool (*each)(struct doctor *d, const char *name, void *ctx), void *ctx)
{
    char path[4096];
    struct dirent **names;
    if (!doctor_path(d, path, sizeof path, "%s", dir))
        return 0;
    int n = scandir(path, &names, is_name, versionsort);
    if (n < 0)
        return 0;
    bool go = true;
    for (int i = 0; i < n; i++) {
        go = go && each(d, names[i]->d_name, ctx);
        free(names[i]);
    }
    free(names);
    return (unsigned)n;
}

/* ---- processes ---- */

struct hunt {
    const char *comm;
    int pid;
};

static bool is_it(struct doctor *d, const char *name, void *ctx)
{
    struct hunt *h = ctx;
    char comm[64];
    if (*name < '0' || *name > '9' || !doctor_read(d, comm, sizeof comm, "/proc/%s/comm", name))
        return true;
    if (!strcmp(comm, h->comm))
        h->pid = atoi(name);
    return !h->pid;
}

int doctor_process(struct doctor *d, const char *comm)
{
    struct hunt h = {.comm = comm};
    doctor_each(d, "/proc", is_it, &h);
    return h.pid;
}

bool doctor_ask_program(struct doctor *d, char *line, size_t cap, const char *path,
                        const char *argument)
{
    char full[4096], why[256];
    const char *const argv[] = {full, argument, NULL};
    struct child child = {0};
    struct child_order order = {
        .argv = argv, .input = -1, .output = (uint8_t *)line, .room = cap - 1, .ms = ASK_MS};
    *line = 0;
    if (!doctor_path(d, full, sizeof full, "%s", path) ||
        !child_run(&child, &order, why, sizeof why))
        return false;
    line[child.len] = 0;
    line[strcspn(line, "\r\n")] = 0;
    return *line;
}

/* ---- who we are ---- */

static bool status_word(struct doctor *d, const char *key, char *value, size_t cap)
{
    char text[4096];
    if (!doctor_read(d, text, sizeof text, "/proc/self/status"))
        return false;
    const char *at = strstr(text, key);
    if (!at)
        return false;
    at += strlen(key);
    at += strspn(at, ": \t");
    snprintf(value, cap, "%.*s", (int)strcspn(at, "\n"), at);
    return true;
}

bool doctor_capability(struct doctor *d, unsigned number)
{
    char mask[64];
    return status_word(d, "\nCapEff", mask, sizeof mask) &&
           (strtoull(mask, NULL, 16) >> number & 1);
}

bool doctor_is_root(struct doctor *d)
{
    char ids[64];
    return status_word(d, "\nUid", ids, sizeof ids) && atoi(ids + strcspn(ids, "\t ")) == 0;
}

bool doctor_in_group(struct doctor *d, const char *group, bool *exists)
{
    char text[8192], needle[64], mine[512] = "";
    *exists = false;
    if (!doctor_read(d, text + 1, sizeof text - 1, "/etc/group"))
        return false;
    text[0] = '\n';
    snprintf(needle, sizeof needle, "\n%s:", group);
    const char *line = strstr(text, needle), *id = line ? strchr(line, ':') : NULL;
    if (!id || !(id = strchr(id + 1, ':')))
        return false;
    *exists = true;
    long gid = strtol(id + 1, NULL, 10);
    status_word(d, "\nGroups", mine, sizeof mine);
    for (char *p = mine, *end; *p; p = end) {
        long one = strtol(p, &end, 10);
        if (end == p)
            break;
        if (one == gid)
            return true;
    }
    return false;
}

int64_t doctor_now(struct doctor *d)
{
    char text[32];
    if (*d->root && doctor_read(d, text, sizeof text, "/doctor/now"))
        return strtoll(text, NULL, 10);
    return (int64_t)time(NULL);
}

void doctor_versions(struct doctor *d, char *kernel, size_t kernel_cap, char *crypto,
                     size_t crypto_cap)
{
    struct utsname u;
    if (!doctor_read(d, kernel, kernel_cap, "/proc/sys/kernel/osrelease"))
        snprintf(kernel, kernel_cap, "%s", uname(&u) ? "unknown" : u.release);
    snprintf(crypto, crypto_cap, "%s", OpenSSL_version(OPENSSL_VERSION));
}

/* ---- the bus ---- */

void doctor_open_bus(struct doctor *d)
{
    int r = sd_bus_open_system(&d->bus);
    if (r < 0) {
        snprintf(d->bus_why, sizeof d->bus_why, "%s", strerror(-r));
        d->bus = NULL;
        return;
    }
    sd_bus_set_method_call_timeout(d->bus, 3000000);
}

bool doctor_owned(struct doctor *d, const char *name)
{
    return d->bus && sd_bus_get_name_creds(d->bus, name, 0, NULL) >= 0;
}

bool doctor_activatable(struct doctor *d, const char *name)
{
    char **all = NULL;
    bool found = false;
    if (!d->bus || sd_bus_list_names(d->bus, NULL, &all) < 0)
        return false;
    for (char **one = all; one && *one; one++) {
        found |= !strcmp(*one, name);
        free(*one);
    }
    free(all);
    return found;
}

bool doctor_property(struct doctor *d, const char *name, const char *path, const char *interface,
                     const char *property, char *text, size_t cap, char *why, size_t why_cap)
{
    sd_bus_error error = SD_BUS_ERROR_NULL;
    char *value = NULL;
    int r =
        d->bus ? sd_bus_get_property_string(d->bus, name, path, interface, property, &error, &value)
               : -ENOTCONN;
    if (r >= 0)
        snprintf(text, cap, "%s", value);
    else
        snprintf(why, why_cap, "%s", error.name ? error.name : strerror(-r));
    free(value);
    sd_bus_error_free(&error);
    return r >= 0;
}
