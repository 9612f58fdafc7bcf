/*
 * In the guest: an adapter of the kernel (/dev/vhci) whose controller is at the other end of a
 * byte stream that carries H4, such as a virtio serial port.
 *
 *   guest_vhci_bridge STREAM [ssp]
 *
 * Says the adapter's name, "hci0", when it is there, and ends when the stream does. With ssp the
 * controller is made to claim Secure Simple Pairing, which is BR/EDR's: as on a laptop's, without
 * which the kernel gives no out-of-band data of its own for LE either.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { COMMAND = 1, ACL = 2, SCO = 3, EVENT = 4, ISO = 5, VENDOR = 0xff, PACKET_MAX = 65540 };

/* Length of the packet that begins here; 0: too little of it; -1: not H4. */
static long packet_length(const uint8_t *at, size_t have)
{
    static const struct {
        uint8_t head, at, octets;
    } shape[] = {[ACL] = {5, 3, 2}, [SCO] = {4, 3, 1}, [EVENT] = {3, 2, 1}, [ISO] = {5, 3, 2}};
    uint8_t type = at[0];
    if (type < ACL || type > ISO)
        return -1;
    if (have < shape[type].head)
        return 0;
    unsigned len = at[shape[type].at];
    if (shape[type].octets == 2)
        len |= (unsigned)at[shape[type].at + 1] << 8;
    if (type == ISO)
        len &= 0x3fff;
    return have < shape[type].head + len ? 0 : (long)(shape[type].head + len);
}

static bool all(int fd, const uint8_t *at, size_t len)
{
    while (len) {
        ssize_t n = write(fd, at, len);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0) {
            at += n;
            len -= (size_t)n;
        }
    }
    return true;
}

/* The commands that the claim brings with it are answered here. */
static bool claim_answers(int vhci, const uint8_t *packet)
{
    enum { WRITE_EXTENDED_INQUIRY_RESPONSE = 0x0c52, WRITE_SIMPLE_PAIRING_MODE = 0x0c56 };
    unsigned opcode = packet[1] | (unsigned)packet[2] << 8;
    if (packet[0] != COMMAND ||
        (opcode != WRITE_EXTENDED_INQUIRY_RESPONSE && opcode != WRITE_SIMPLE_PAIRING_MODE))
        return false;
    return all(vhci, (uint8_t[]){EVENT, 0x0e, 4, 1, packet[1], packet[2], 0}, 7);
}

/* Read Local Supported Features Command Complete: LMP feature 51. */
static void claim(uint8_t *packet)
{
    if (packet[0] == EVENT && packet[1] == 0x0e && packet[4] == 0x03 && packet[5] == 0x10)
        packet[7 + 51 / 8] |= 1 << 51 % 8;
}

static int failed(const char *what)
{
    fprintf(stderr, "vhci_bridge: %s: %s\n", what, errno ? strerror(errno) : "it ended");
    return 1;
}

int main(int argc, char **argv)
{
    static uint8_t in[2 * PACKET_MAX], out[PACKET_MAX];
    size_t have = 0;
    bool ssp = argc == 3 && !strcmp(argv[2], "ssp");
    if (argc != 2 && !ssp) {
        fprintf(stderr, "usage: guest_vhci_bridge STREAM [ssp]\n");
        return 2;
    }
    int stream = open(argv[1], O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (stream < 0)
        return failed(argv[1]);
    int vhci = open("/dev/vhci", O_RDWR | O_CLOEXEC);
    if (vhci < 0)
        return failed("/dev/vhci");
    /* A primary controller. Its adapter exists once this is answered. */
    if (!all(vhci, (uint8_t[]){VENDOR, 0}, 2))
        return failed("/dev/vhci");

    struct pollfd fds[] = {{vhci, POLLIN, 0}, {stream, POLLIN, 0}};
    while (poll(fds, 2, -1) >= 0 || errno == EINTR) {
        errno = 0;
        if (fds[0].revents) {
            ssize_t n = read(vhci, out, sizeof out);
            if (n <= 0)
                return failed("the adapter");
            if (out[0] == VENDOR) {
                printf("hci%d\n", out[2] | out[3] << 8);
                fflush(stdout);
            } else if (!(ssp && claim_answers(vhci, out)) && !all(stream, out, (size_t)n)) {
                return failed(argv[1]);
            }
        }
        if (fds[1].revents & POLLIN) {
            ssize_t n = read(stream, in + have, sizeof in - have);
            if (n <= 0)
                return failed(argv[1]);
            have += (size_t)n;
            size_t at = 0;
            for (long len; at < have && (len = packet_length(in + at, have - at));
                 at += (size_t)len) {
                if (len < 0) {
                    fprintf(stderr, "vhci_bridge: 0x%02x begins no packet\n", in[at]);
                    return 1;
                }
                if (ssp)
                    claim(in + at);
                if (!all(vhci, in + at, (size_t)len))
                    fprintf(stderr, "vhci_bridge: the kernel refused a packet: %s\n",
                            strerror(errno));
            }
            have -= at;
            memmove(in, in + at, have);
        } else if (fds[1].revents) {
            return failed(argv[1]); /* the controller is gone */
        }
    }
    return failed("poll");
}
