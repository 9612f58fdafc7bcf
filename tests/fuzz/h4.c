/*
 * A controller's stream through the transports that cut it into packets: whatever it is and however
 * it comes in pieces, packets are those of an independent reading, whole and in order, and what
 * is none ends the transport with a reason. A serial line begins where HCI_Reset is answered.
 */
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ports/linux/transport_parts.h"

static struct {
    struct transport *t;
    int end; /* the controller's */
    const uint8_t *expected;
    size_t left;
    unsigned ups, downs;
} rig;

/* Vol 4 Part A 2: the octets before the length, its size; 0: nothing a controller sends. */
static size_t length_in_words(const uint8_t *p, size_t left)
{
    size_t head, size;
    if (!left)
        return 0;
    switch (p[0]) {
    case 0x02: /* ACL */
    case 0x05: /* ISO */
        head = 3, size = 2;
        break;
    case 0x03: /* SCO */
        head = 3, size = 1;
        break;
    case 0x04: /* event */
        head = 2, size = 1;
        break;
    default:
        return 0;
    }
    if (left < head + size)
        return 0;
    size_t body = size == 1 ? p[head] : (size_t)(p[head] | p[head + 1] << 8);
    if (p[0] == 0x05)
        body &= 0x3fff;
    return head + size + body <= left ? head + size + body : 0;
}

static void on_up(void *ctx)
{
    (void)ctx;
    never(rig.ups++, "up twice");
}

static void on_packet(void *ctx, const uint8_t *h4, size_t len)
{
    (void)ctx;
    never(!rig.ups || rig.downs, "a packet before or after its time");
    never(!len || len != length_in_words(rig.expected, rig.left), "a packet that is none");
    never(memcmp(h4, rig.expected, len) != 0, "other octets than came");
    never(transport_h4_length(h4, len) != (int)len, "its length is another");
    rig.expected += len;
    rig.left -= len;
}

static void on_down(void *ctx, const char *why)
{
    (void)ctx;
    never(rig.downs++, "down twice");
    never(!*why, "no word about why");
}

/* Instead of what opens a device: the socket pair is there already. */
static void begin(struct transport *t)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends))
        abort();
    t->fd = ends[0];
    rig.end = ends[1];
    transport_watch(t, EPOLLIN);
    if (t->where.kind == TRANSPORT_UNIX)
        transport_is_up(t);
}

static void settle(sd_event *loop)
{
    while (sd_event_run(loop, 0) > 0)
        ;
}

/* Where packets begin: behind the first Command Complete of HCI_Reset, status 0. 0: nowhere. */
static size_t begins_at(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + 7 <= len; i++)
        if (!memcmp(p + i, "\x04\x0e\x04", 3) && !memcmp(p + i + 4, "\x03\x0c\x00", 3))
            return i + 7;
    return 0;
}

static void stream(enum transport_kind kind, const uint8_t *octets, size_t len, unsigned piece)
{
    static sd_event *loop;
    struct transport_where where = {.kind = kind, .text = "here"};
    struct transport_handlers h = {on_up, on_packet, on_down, NULL};
    struct transport_ops ops = kind == TRANSPORT_UART ? transport_uart : transport_socket;
    size_t from = kind == TRANSPORT_UART ? begins_at(octets, len) : 0;
    if (!loop && sd_event_new(&loop) < 0)
        abort();
    bool comes_up = kind == TRANSPORT_UNIX || from;
    memset(&rig, 0, sizeof rig);
    rig.expected = octets + from;
    rig.left = len - from;
    rig.t = transport_open(loop, &where, &h);
    if (!rig.t)
        abort();
    ops.begin = begin;
    rig.t->ops = &ops;
    settle(loop);
    for (size_t at = 0; at < len && !rig.downs;) {
        size_t n = len - at < piece ? len - at : piece;
        if (send(rig.end, octets + at, n, MSG_NOSIGNAL) != (ssize_t)n)
            abort();
        at += n;
        settle(loop);
    }
    never(rig.ups != comes_up, "up without a controller, or not with one");
    if (!rig.downs) {
        never(rig.ups && length_in_words(rig.expected, rig.left), "a packet that stays in there");
        never(rig.ups && rig.left && (rig.expected[0] < 2 || rig.expected[0] > 5),
              "what is no packet is waited for");
    } else {
        never(!rig.left || (rig.expected[0] >= 2 && rig.expected[0] <= 5),
              "down for what is a packet");
    }
    transport_close(rig.t);
    settle(loop);
    close(rig.end);
}

static void where_in_words(const uint8_t *octets, size_t len)
{
    struct transport_where w;
    char why[400] = "", text[400];
    if (len >= sizeof text)
        len = sizeof text - 1;
    memcpy(text, octets, len);
    text[len] = 0;
    if (!transport_parse(&w, text, why, sizeof why)) {
        never(!*why, "no word about what is wrong");
        return;
    }
    never(strcmp(w.text, text) != 0, "another text");
    never(w.kind == TRANSPORT_UART && (w.baud < 1200 || w.path[0] != '/'), "no such line");
    never(w.kind == TRANSPORT_TCP && (!*w.host || !*w.port), "no such place");
    never(w.kind == TRANSPORT_UNIX && !*w.path, "no such path");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size)
        return 0;
    unsigned piece = 1 + data[0] % 64;
    where_in_words(data + 1, size - 1);
    stream(TRANSPORT_UNIX, data + 1, size - 1, piece);
    stream(TRANSPORT_UART, data + 1, size - 1, piece);
    return 0;
}
