#include "common/listener.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void remove_stale(const struct sockaddr_un *where)
{
    struct stat st;
    if (lstat(where->sun_path, &st) || !S_ISSOCK(st.st_mode))
        return;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return;
    if (connect(fd, (const struct sockaddr *)where, sizeof *where) && errno == ECONNREFUSED)
        unlink(where->sun_path);
    close(fd);
}

int listener_open(const struct sockaddr_un *where, mode_t mode, int backlog)
{
    remove_stale(where);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    mode_t mask = umask(~mode & 0777);
    int error = bind(fd, (const struct sockaddr *)where, sizeof *where) ? errno : 0;
    umask(mask);
    if (!error && listen(fd, backlog)) {
        error = errno;
        unlink(where->sun_path);
    }
    if (!error)
        return fd;
    close(fd);
    return -error;
}
