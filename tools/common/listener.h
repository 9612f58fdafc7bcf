/* A Unix socket that programs of this machine connect to. */
#ifndef TROTH_TOOLS_LISTENER_H
#define TROTH_TOOLS_LISTENER_H

#include <sys/types.h>
#include <sys/un.h>

/*
 * Listens there; its file has this mode from its first moment on. A file that nobody listens at any
 * more, left behind by a power cut, makes way. The socket, which does not block, or -errno: then
 * there is no new file.
 */
int listener_open(const struct sockaddr_un *where, mode_t mode, int backlog);

#endif
