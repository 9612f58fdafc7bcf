/*
 * In the guest: the kernel's Bluetooth management interface, as lines.
 *
 *   guest_mgmt
 *
 * A line in, "OPCODE INDEX [PARAMETERS]", is a command; a line out, "EVENT INDEX PARAMETERS", an
 * event. All in hexadecimal, parameters as octets. Ends when its input does.
 */
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PF_BT = 31, PROTO_HCI = 1, NO_DEVICE = 0xffff, CHANNEL_CONTROL = 3, HEAD = 6 };

struct sockaddr_bt_hci {
    sa_family_t family;
    uint16_t device;
    uint16_t channel;
};

static int failed(const char *what)
{
    fprintf(stderr, "mgmt: %s: %s\n", what, strerror(errno));
    return 1;
}

static void put16(uint8_t *at, unsigned v)
{
    at[0] = (uint8_t)v;
    at[1] = (uint8_t)(v >> 8);
}

/* Length of the packet; 0: not such a line. */
static size_t parse(const char *line, uint8_t *packet, size_t max)
{
    unsigned opcode, index, octet;
    int at = 0;
    size_t len = HEAD;
    if (sscanf(line, "%x %x %n", &opcode, &index, &at) < 2 || !at)
        return 0;
    for (; len < max && sscanf(line + at, "%2x", &octet) == 1; at += 2)
        packet[len++] = (uint8_t)octet;
    put16(packet, opcode);
    put16(packet + 2, index);
    put16(packet + 4, (unsigned)(len - HEAD));
    return len;
}

static void show(const uint8_t *packet, size_t len)
{
    printf("%04x %04x ", packet[0] | packet[1] << 8, packet[2] | packet[3] << 8);
    for (size_t i = HEAD; i < len; i++)
        printf("%02x", packet[i]);
    printf("\n");
    fflush(stdout);
}

int main(void)
{
    const struct sockaddr_bt_hci where = {PF_BT, NO_DEVICE, CHANNEL_CONTROL};
    static uint8_t packet[HEAD + 4096];
    static char line[2 * sizeof packet];
    int s = socket(PF_BT, SOCK_RAW | SOCK_CLOEXEC, PROTO_HCI);
    if (s < 0 || bind(s, (const struct sockaddr *)&where, sizeof where))
        return failed("the management socket");
    setvbuf(stdin, NULL, _IONBF, 0); /* poll must see what is there */
    printf("ready\n");
    fflush(stdout);
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {s, POLLIN, 0}};
    while (poll(fds, 2, -1) >= 0) {
        if (fds[1].revents) {
            ssize_t n = read(s, packet, sizeof packet);
            if (n < HEAD)
                return failed("read");
            show(packet, (size_t)n);
        }
        if (fds[0].revents) {
            if (!fgets(line, sizeof line, stdin))
                return 0;
            size_t len = parse(line, packet, sizeof packet);
            if (!len)
                fprintf(stderr, "mgmt: no command: %s", line);
            else if (write(s, packet, len) != (ssize_t)len)
                return failed("write");
        }
    }
    return failed("poll");
}
