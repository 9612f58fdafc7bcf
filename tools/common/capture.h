/*
 * Reads a btsnoop file of any stack, one HCI packet at a time, in constant memory: datalink 1001
 * (un-encapsulated HCI), 1002 (H4: Android, troth, trothd, the air) and 2001 (the Linux monitor:
 * btmon, several adapters in one file).
 */
#ifndef TROTH_TOOLS_CAPTURE_H
#define TROTH_TOOLS_CAPTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum capture_kind {
    CAPTURE_COMMAND,
    CAPTURE_EVENT,
    CAPTURE_ACL,
    CAPTURE_ADAPTER, /* the monitor named an adapter: data is its address, 6 octets */
    CAPTURE_OTHER,   /* SCO, ISO, and what a monitor says of itself */
};

struct capture_packet {
    enum capture_kind kind;
    uint64_t number; /* of the record in the file, from 1 */
    int64_t us;      /* microseconds since 1970 */
    uint16_t adapter;
    bool to_host;
    const uint8_t *data; /* from the HCI header on, without the H4 octet; until the next call */
    size_t len;
    size_t missing; /* octets at the end that were not captured */
};

enum capture_result {
    CAPTURE_PACKET,
    CAPTURE_END,
    CAPTURE_CUT,     /* the file ends within a record */
    CAPTURE_DAMAGED, /* what follows is no record */
    CAPTURE_FAILED,  /* it cannot be read */
};

struct capture;

/* path "-": standard input. NULL, and why is a sentence's end that says what to do. */
struct capture *capture_open(const char *path, char *why, size_t why_cap);
enum capture_result capture_next(struct capture *c, struct capture_packet *p);
/* Why the last capture_next was neither a packet nor the end: a whole sentence without its stop. */
const char *capture_why(const struct capture *c);
uint64_t capture_records(const struct capture *c);
uint32_t capture_datalink(const struct capture *c);
const char *capture_datalink_words(const struct capture *c);
void capture_close(struct capture *c);

#endif
