/*
 * Writes what crosses an HCI as a btsnoop file (version 1, datalink 1002: H4), one file a stream.
 * wireshark, tshark and btmon open it.
 */
#ifndef TROTH_PORTS_LINUX_BTSNOOP_H
#define TROTH_PORTS_LINUX_BTSNOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct btsnoop;

/* Creates or empties the file, with mode 0600 whatever it had. NULL with errno set: ELOOP for a
 * symbolic link, EPERM for a file of another user. */
struct btsnoop *btsnoop_open(const char *path);
/* The errno of a failure in words. */
const char *btsnoop_why(int error);

/* One whole H4 packet; `to_host`: it came from the controller. Time in microseconds since 1970.
 * The file is readable after every packet. 0, or -1 with errno set. */
int btsnoop_write(struct btsnoop *b, bool to_host, const uint8_t *h4, size_t len, uint64_t unix_us);

/* 0, or -1 with errno set when something could not be written. NULL is fine. */
int btsnoop_close(struct btsnoop *b);

#endif
