#include "common/files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

bool files_put_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

bool files_put(const char *path, const char *bytes, size_t len, bool fresh, bool safe)
{
    char temporary[4096];
    struct stat st;
    if ((size_t)snprintf(temporary, sizeof temporary, "%s.XXXXXX", path) >= sizeof temporary) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (fresh && !lstat(path, &st)) {
        errno = EEXIST;
        return false;
    }
    int fd = mkstemp(temporary); /* mode 0600 */
    if (fd < 0)
        return false;
    bool ok = files_put_all(fd, bytes, len) && (!safe || !fsync(fd));
    int error = errno;
    if (close(fd) && ok) {
        ok = false;
        error = errno;
    }
    /* link, unlike rename, does not replace what came meanwhile */
    if (ok && (fresh ? link(temporary, path) : rename(temporary, path))) {
        ok = false;
        error = errno;
    }
    if (!ok || fresh)
        unlink(temporary);
    errno = error;
    return ok;
}
