#include "common/paths.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* All of its directories, the last for its owner alone. */
static bool make_directories(const char *dir)
{
    char part[4096];
    if (strlen(dir) >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (const char *p = dir + 1;; p++) {
        if (*p && *p != '/')
            continue;
        snprintf(part, sizeof part, "%.*s", (int)(p - dir), dir);
        if (mkdir(part, *p ? 0755 : 0700) && errno != EEXIST)
            return false;
        if (!*p)
            return true;
    }
}

bool paths_state(char *path, size_t cap, const char *file, char *why, size_t why_cap)
{
    const char *state = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
               *home = getenv("HOME");
    char dir[4096];
    if (state && *state) /* may be a list: the first is ours */
        snprintf(dir, sizeof dir, "%.*s", (int)strcspn(state, ":"), state);
    else if (xdg && *xdg == '/')
        snprintf(dir, sizeof dir, "%s/troth", xdg);
    else if (geteuid() == 0 || !home || *home != '/')
        snprintf(dir, sizeof dir, "/var/lib/troth");
    else
        snprintf(dir, sizeof dir, "%s/.local/state/troth", home);
    if (!make_directories(dir)) {
        snprintf(why, why_cap, "cannot make the directory %s: %s; give --store PATH", dir,
                 strerror(errno));
        return false;
    }
    if ((size_t)snprintf(path, cap, "%s/%s", dir, file) >= cap) {
        snprintf(why, why_cap, "the path of the state directory is too long; give --store PATH");
        return false;
    }
    return true;
}
