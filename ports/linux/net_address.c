/* Addresses by rtnetlink. */
#include "ports/linux/net_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BUFFER 16384

struct net_address {
    int fd;
    sd_event_source *source;
    char ifname[IFNAMSIZ];
    void (*changed)(void *ctx, bool renewed);
    void *ctx;
};

/* A message of an address: its interface, family, flags, and the address itself. */
struct seen {
    unsigned index;
    int family;
    uint32_t flags;
    uint8_t scope;
    const void *address;
};

static bool read_address(struct nlmsghdr *h, struct seen *s)
{
    struct ifaddrmsg *m = NLMSG_DATA(h);
    if (h->nlmsg_len < NLMSG_LENGTH(sizeof *m))
        return false;
    size_t left = h->nlmsg_len - NLMSG_LENGTH(sizeof *m);
    size_t want = m->ifa_family == AF_INET ? 4 : 16;
    *s = (struct seen){m->ifa_index, m->ifa_family, m->ifa_flags, m->ifa_scope, NULL};
    for (struct rtattr *a = IFA_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
        bool local = a->rta_type == IFA_LOCAL; /* of a point-to-point link it is ours */
        if ((local || (a->rta_type == IFA_ADDRESS && !s->address)) && RTA_PAYLOAD(a) >= want)
            s->address = RTA_DATA(a);
        if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) >= 4)
            memcpy(&s->flags, RTA_DATA(a), 4);
    }
    return s->address && (m->ifa_family == AF_INET || m->ifa_family == AF_INET6);
}

/* Can others be reached from it? */
static bool useful(const struct seen *s)
{
    const uint8_t *b = s->address;
    if (s->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED) ||
        s->scope >= RT_SCOPE_LINK)
        return false;
    return s->family != AF_INET || !(b[0] == 169 && b[1] == 254); /* RFC 3927 */
}

static int on_news(sd_event_source *source, int fd, uint32_t events, void *context)
{
    struct net_address *a = context;
    uint8_t buffer[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
    bool changed = false, renewed = false;
    unsigned index = if_nametoindex(a->ifname);
    (void)source;
    (void)events;
    ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n < 0) {
        if (errno != ENOBUFS) /* some were lost: look */
            return 0;
        a->changed(a->ctx, false);
        return 0;
    }
    size_t left = (size_t)n;
    for (struct nlmsghdr *h = (void *)buffer; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
        struct seen s;
        if ((h->nlmsg_type != RTM_NEWADDR && h->nlmsg_type != RTM_DELADDR) ||
            !read_address(h, &s) || s.index != index)
            continue;
        changed = true;
        renewed |= h->nlmsg_type == RTM_NEWADDR && useful(&s);
    }
    if (changed)
        a->changed(a->ctx, renewed);
    return 0;
}

struct net_address *net_address_open(sd_event *loop, void (*changed)(void *ctx, bool renewed),
                                     void *ctx)
{
    struct sockaddr_nl groups = {.nl_family = AF_NETLINK,
                                 .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR};
    struct net_address *a = calloc(1, sizeof *a);
    if (!a)
        return NULL;
    a->changed = changed;
    a->ctx = ctx;
    a->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (a->fd >= 0 && bind(a->fd, (const struct sockaddr *)&groups, sizeof groups) == 0 &&
        sd_event_add_io(loop, &a->source, a->fd, EPOLLIN, on_news, a) >= 0)
        return a;
    net_address_close(a);
    return NULL;
}

void net_address_close(struct net_address *a)
{
    if (!a)
        return;
    sd_event_source_disable_unref(a->source);
    if (a->fd >= 0)
        close(a->fd);
    free(a);
}

void net_address_of(struct net_address *a, const char *ifname)
{
    snprintf(a->ifname, sizeof a->ifname, "%s", ifname);
}

/* ---- asking ---- */

static bool take(struct nlmsghdr *h, unsigned index, char v4[46], char v6[46])
{
    struct seen s;
    if (h->nlmsg_type == NLMSG_DONE || h->nlmsg_type == NLMSG_ERROR)
        return false;
    if (h->nlmsg_type != RTM_NEWADDR || !read_address(h, &s) || s.index != index || !useful(&s))
        return true;
    char *text = s.family == AF_INET ? v4 : v6;
    if (!*text)
        inet_ntop(s.family, s.address, text, 46);
    return true;
}

/* The kernel answers a dump while it is read: no wait. */
bool net_address_get(const char *ifname, char text[46])
{
    struct {
        struct nlmsghdr h;
        struct ifaddrmsg m;
    } ask = {.h = {.nlmsg_len = sizeof ask,
                   .nlmsg_type = RTM_GETADDR,
                   .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
                   .nlmsg_seq = 1}};
    uint8_t buffer[BUFFER] __attribute__((aligned(NLMSG_ALIGNTO)));
    char v4[46] = "", v6[46] = "";
    unsigned index = if_nametoindex(ifname);
    bool more = index != 0;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
    if (fd < 0 || !more || send(fd, &ask, sizeof ask, 0) < 0)
        more = false;
    while (more) {
        ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        if (n <= 0)
            break;
        size_t left = (size_t)n;
        for (struct nlmsghdr *h = (void *)buffer; more && NLMSG_OK(h, left);
             h = NLMSG_NEXT(h, left))
            more = take(h, index, v4, v6);
    }
    if (fd >= 0)
        close(fd);
    snprintf(text, 46, "%s", *v4 ? v4 : v6);
    return *text != 0;
}
