/*
 * Who is at a Unix socket, by sock_diag(7): it is told by the file it is bound to, which is nobody
 * else's. Names prove nothing: anybody may bind one that reads the same.
 */
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/unix_diag.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "ports/linux/net_ot_cli.h"

#define BUFFER 16384
#define MINOR  20 /* the bits of it in a device's number, within the kernel */

static bool is_bound(struct rtattr *a, size_t left, const struct stat *file)
{
    struct unix_diag_vfs vfs;
    for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
        if (a->rta_type == UNIX_DIAG_VFS && RTA_PAYLOAD(a) >= sizeof vfs) {
            memcpy(&vfs, RTA_DATA(a), sizeof vfs);
            return vfs.udiag_vfs_ino == (uint32_t)file->st_ino &&
                   vfs.udiag_vfs_dev >> MINOR == major(file->st_dev) &&
                   (vfs.udiag_vfs_dev & ((1u << MINOR) - 1)) == minor(file->st_dev);
        }
    return false;
}

static void take_socket(struct ot_socket *s, struct nlmsghdr *h, const struct stat *file)
{
    struct unix_diag_msg m;
    if (h->nlmsg_len < NLMSG_LENGTH(sizeof m))
        return;
    memcpy(&m, NLMSG_DATA(h), sizeof m);
    struct rtattr *a = (void *)((char *)NLMSG_DATA(h) + NLMSG_ALIGN(sizeof m));
    if (!is_bound(a, h->nlmsg_len - NLMSG_LENGTH(sizeof m), file))
        return;
    if (m.udiag_state == TCP_LISTEN)
        s->inode = m.udiag_ino;
    else /* accepted: who waits for that is not in the list */
        s->taken = true;
}

/* False: there was an error, or it is not all. */
static bool take_all(int fd, struct ot_socket *s, const struct stat *file)
{
    uint8_t buffer[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
    for (;;) {
        ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT | MSG_TRUNC);
        if (n <= 0 || n > BUFFER)
            return false;
        size_t left = (size_t)n;
        for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
            if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY)
                return h->nlmsg_type == NLMSG_DONE;
            take_socket(s, h, file);
        }
    }
}

struct ot_socket ot_socket_look(const char *path)
{
    struct {
        struct nlmsghdr header;
        struct unix_diag_req body;
    } ask = {
        .header = {.nlmsg_len = sizeof ask,
                   .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = AF_UNIX,
                 .udiag_states = 1u << TCP_LISTEN | 1u << TCP_ESTABLISHED,
                 .udiag_show = UDIAG_SHOW_VFS},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    struct ot_socket s = {0};
    struct stat file;
    if (stat(path, &file) != 0)
        return s;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (fd < 0)
        return s;
    if (sendto(fd, &ask, sizeof ask, 0, (const struct sockaddr *)&kernel, sizeof kernel) !=
            (ssize_t)sizeof ask ||
        !take_all(fd, &s, &file))
        s = (struct ot_socket){0};
    close(fd);
    return s;
}
