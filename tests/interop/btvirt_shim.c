/*
 * Preloaded into btvirt: its sockets, whose names in /tmp are fixed, go to the folder BTVIRT_DIR;
 * and where the kernel has no AF_ALG, which a container seldom has, it starts without. It would ask
 * AF_ALG only for LE Encrypt, LE Rand and its resolving list; such a request fails then.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define FIXED "/tmp/bt-server-"

/* dlsym, without ISO C's complaint about functions and objects. */
static void find(const char *name, void *function, size_t size)
{
    void *found = dlsym(RTLD_NEXT, name);
    memcpy(function, &found, size);
}

/* False: not one of btvirt's. */
static int moved(const char *path, char *out, size_t cap)
{
    const char *dir = getenv("BTVIRT_DIR");
    if (!dir || strncmp(path, FIXED, strlen(FIXED)))
        return 0;
    snprintf(out, cap, "%s/%s", dir, path + strlen(FIXED));
    return 1;
}

int socket(int domain, int type, int protocol)
{
    int (*real)(int, int, int);
    find("socket", &real, sizeof real);
    int fd = real(domain, type, protocol);
    return fd < 0 && domain == AF_ALG ? open("/dev/null", O_RDWR | O_CLOEXEC) : fd;
}

/* The type of glibc's own declaration. */
int bind(int fd, __CONST_SOCKADDR_ARG where, socklen_t len)
{
    int (*real)(int, const struct sockaddr *, socklen_t);
    const struct sockaddr *addr = where.__sockaddr__;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    const char *path = ((const struct sockaddr_un *)(const void *)addr)->sun_path;
    find("bind", &real, sizeof real);
    if (addr->sa_family == AF_UNIX && moved(path, to.sun_path, sizeof to.sun_path))
        return real(fd, (const struct sockaddr *)&to, sizeof to);
    int result = real(fd, addr, len);
    return addr->sa_family == AF_ALG ? 0 : result;
}

int unlink(const char *path)
{
    int (*real)(const char *);
    char to[200];
    find("unlink", &real, sizeof real);
    return real(moved(path, to, sizeof to) ? to : path);
}
