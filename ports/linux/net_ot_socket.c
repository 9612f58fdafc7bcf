/* Who is at a Unix socket, by the kernel's list. */
#include <stdio.h>
#include <string.h>

#include "ports/linux/net_ot_cli.h"

#define LISTENS   0x10000u /* __SO_ACCEPTCON */
#define CONNECTED 3        /* SS_CONNECTED; what is accepted has the path it was accepted at */

/* Num RefCount Protocol Flags Type St Inode Path */
void ot_socket_line(struct ot_socket *s, const char *line, const char *path)
{
    unsigned flags, state;
    unsigned long inode;
    int at = 0;
    if (sscanf(line, "%*s %*x %*x %x %*x %x %lu %n", &flags, &state, &inode, &at) != 3 || !at)
        return;
    size_t len = strcspn(line + at, "\n");
    if (len != strlen(path) || memcmp(line + at, path, len) != 0)
        return;
    if (flags & LISTENS)
        s->inode = inode;
    else if (state == CONNECTED)
        s->taken = true;
}

struct ot_socket ot_socket_look(const char *path)
{
    struct ot_socket s = {0};
    char line[256];
    FILE *f = fopen("/proc/net/unix", "re");
    while (f && fgets(line, sizeof line, f))
        ot_socket_line(&s, line, path);
    if (f)
        fclose(f);
    return s;
}
