#include "common/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1 January 1970 in microseconds of the file's calendar, which begins in the year 0. */
#define EPOCH INT64_C(0x00dcddb30f2f8000)

/* No HCI packet is longer; a record that claims more is none. */
#define RECORD_MAX (1u << 17)

enum { DATALINK_HCI = 1001, DATALINK_H4 = 1002, DATALINK_MONITOR = 2001 };
enum { H4_COMMAND = 1, H4_ACL = 2, H4_EVENT = 4 };
enum { FLAG_RECEIVED = 1, FLAG_COMMAND_EVENT = 2 };

/* The monitor's opcodes, in the lower half of the flags. */
enum {
    MONITOR_NEW_INDEX = 0,
    MONITOR_COMMAND = 2,
    MONITOR_EVENT = 3,
    MONITOR_ACL_TX = 4,
    MONITOR_ACL_RX = 5,
    MONITOR_INDEX_INFO = 10,
};

struct capture {
    FILE *file;
    uint32_t datalink;
    uint64_t records;
    char why[160];
    uint8_t data[RECORD_MAX];
};

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

__attribute__((format(printf, 2, 3))) static void because(struct capture *c, const char *format,
                                                          ...)
{
    va_list ap;
    va_start(ap, format);
    vsnprintf(c->why, sizeof c->why, format, ap);
    va_end(ap);
}

/* ---- the header ---- */

/* What else people hand over, by its first octets, and what to do about it. */
static const char *another_format(const uint8_t *p, size_t len)
{
    static const struct {
        const char *magic;
        uint8_t len;
        const char *words;
    } formats[] = {
        {"\x0a\x0d\x0d\x0a", 4,
         "it is a pcapng file; convert it: tshark -F btsnoop -r FILE -w capture.btsnoop"},
        {"\xd4\xc3\xb2\xa1", 4,
         "it is a pcap file; convert it: tshark -F btsnoop -r FILE -w capture.btsnoop"},
        {"\xa1\xb2\xc3\xd4", 4,
         "it is a pcap file; convert it: tshark -F btsnoop -r FILE -w capture.btsnoop"},
        {"\x4d\x3c\xb2\xa1", 4,
         "it is a pcap file; convert it: tshark -F btsnoop -r FILE -w capture.btsnoop"},
        {"\xa1\xb2\x3c\x4d", 4,
         "it is a pcap file; convert it: tshark -F btsnoop -r FILE -w capture.btsnoop"},
        {"\x1f\x8b", 2, "it is compressed; unpack it first: gunzip"},
        {"PK\x03\x04", 4,
         "it is a zip archive, as an Android bug report is; unpack it and give the "
         "btsnoop_hci.log in it"},
    };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (len >= formats[i].len && !memcmp(p, formats[i].magic, formats[i].len))
            return formats[i].words;
    return "it is no btsnoop file; those are made by troth --capture, btmon -w, Android's HCI "
           "snoop "
           "log, and Wireshark's Save As";
}

static const char *header_fault(const uint8_t *h, size_t len)
{
    static const uint8_t magic[8] = {'b', 't', 's', 'n', 'o', 'o', 'p', 0};
    static char text[200];
    if (!len)
        return "it is empty";
    if (memcmp(h, magic, len < sizeof magic ? len : sizeof magic) != 0)
        return another_format(h, len);
    if (len < 16)
        return "it ends within its header: nothing was captured";
    if (be32(h + 8) != 1) {
        snprintf(text, sizeof text, "it is btsnoop version %u, and only version 1 is known",
                 be32(h + 8));
        return text;
    }
    uint32_t datalink = be32(h + 12);
    if (datalink == DATALINK_HCI || datalink == DATALINK_H4 || datalink == DATALINK_MONITOR)
        return NULL;
    snprintf(text, sizeof text,
             "it has datalink %u%s; convert it with Wireshark to 1002 (H4), or capture anew with "
             "btmon -w or troth --capture",
             datalink,
             datalink == 1003   ? " (BCSP)"
             : datalink == 1004 ? " (H5, Three-Wire)"
                                : "");
    return text;
}

struct capture *capture_open(const char *path, char *why, size_t why_cap)
{
    uint8_t header[16];
    struct stat st;
    int fd = strcmp(path, "-") ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(STDIN_FILENO);
    FILE *file = NULL;
    if (fd >= 0 && !fstat(fd, &st) && S_ISDIR(st.st_mode)) {
        close(fd);
        snprintf(why, why_cap, "it is a directory; give one file of it");
        return NULL;
    }
    if (fd < 0 || !(file = fdopen(fd, "rb"))) {
        snprintf(why, why_cap, "%s", strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    size_t len = fread(header, 1, sizeof header, file);
    const char *fault = ferror(file) ? strerror(errno) : header_fault(header, len);
    struct capture *c = fault ? NULL : malloc(sizeof *c);
    if (!c) {
        snprintf(why, why_cap, "%s", fault ? fault : "there is no memory left");
        fclose(file);
        return NULL;
    }
    *c = (struct capture){.file = file, .datalink = be32(header + 12)};
    return c;
}

void capture_close(struct capture *c)
{
    if (!c)
        return;
    fclose(c->file);
    /* Keys went through it. */
    explicit_bzero(c->data, sizeof c->data);
    free(c);
}

const char *capture_why(const struct capture *c)
{
    return c->why;
}

uint64_t capture_records(const struct capture *c)
{
    return c->records;
}

uint32_t capture_datalink(const struct capture *c)
{
    return c->datalink;
}

const char *capture_datalink_words(const struct capture *c)
{
    return c->datalink == DATALINK_HCI  ? "un-encapsulated HCI"
           : c->datalink == DATALINK_H4 ? "HCI H4"
                                        : "Linux monitor";
}

/* ---- records ---- */

static void sort_hci(struct capture_packet *p, uint32_t flags)
{
    p->to_host = flags & FLAG_RECEIVED;
    p->kind = !(flags & FLAG_COMMAND_EVENT) ? CAPTURE_ACL
              : p->to_host                  ? CAPTURE_EVENT
                                            : CAPTURE_COMMAND;
}

static void sort_h4(struct capture_packet *p, uint32_t flags)
{
    uint8_t type = p->len ? p->data[0] : 0;
    p->to_host = type == H4_EVENT || (type != H4_COMMAND && (flags & FLAG_RECEIVED));
    p->kind = type == H4_COMMAND ? CAPTURE_COMMAND
              : type == H4_EVENT ? CAPTURE_EVENT
              : type == H4_ACL   ? CAPTURE_ACL
                                 : CAPTURE_OTHER;
    if (p->len) {
        p->data++;
        p->len--;
    }
}

static void sort_monitor(struct capture_packet *p, uint32_t flags)
{
    uint16_t opcode = (uint16_t)flags;
    p->adapter = (uint16_t)(flags >> 16);
    p->to_host = opcode == MONITOR_EVENT || opcode == MONITOR_ACL_RX;
    switch (opcode) {
    case MONITOR_COMMAND:
        p->kind = CAPTURE_COMMAND;
        break;
    case MONITOR_EVENT:
        p->kind = CAPTURE_EVENT;
        break;
    case MONITOR_ACL_TX:
    case MONITOR_ACL_RX:
        p->kind = CAPTURE_ACL;
        break;
    case MONITOR_NEW_INDEX: /* type, bus, address, name */
        p->kind = p->len >= 8 ? CAPTURE_ADAPTER : CAPTURE_OTHER;
        p->data += p->len >= 8 ? 2 : 0;
        break;
    case MONITOR_INDEX_INFO: /* address, manufacturer */
        p->kind = p->len >= 6 ? CAPTURE_ADAPTER : CAPTURE_OTHER;
        break;
    default:
        p->kind = CAPTURE_OTHER;
        break;
    }
    if (p->kind == CAPTURE_ADAPTER)
        p->len = 6;
}

static enum capture_result ended(struct capture *c, size_t had)
{
    if (ferror(c->file)) {
        because(c, "it cannot be read on: %s", strerror(errno));
        return CAPTURE_FAILED;
    }
    if (!had)
        return CAPTURE_END;
    because(c, "the file ends within record %llu: what came later is not in it",
            (unsigned long long)c->records + 1);
    return CAPTURE_CUT;
}

enum capture_result capture_next(struct capture *c, struct capture_packet *p)
{
    uint8_t record[24];
    size_t got = fread(record, 1, sizeof record, c->file);
    if (got < sizeof record)
        return ended(c, got);
    uint32_t original = be32(record), included = be32(record + 4), flags = be32(record + 8);
    if (included > RECORD_MAX || included > original) {
        because(c, "record %llu is damaged (it claims %lu octets): what follows cannot be read",
                (unsigned long long)c->records + 1, (unsigned long)included);
        return CAPTURE_DAMAGED;
    }
    if (fread(c->data, 1, included, c->file) != included)
        return ended(c, sizeof record);
    c->records++;
    uint64_t time = (uint64_t)be32(record + 16) << 32 | be32(record + 20);
    *p = (struct capture_packet){.number = c->records,
                                 .us = (int64_t)(time - (uint64_t)EPOCH),
                                 .data = c->data,
                                 .len = included,
                                 .missing = original - included};
    if (c->datalink == DATALINK_HCI)
        sort_hci(p, flags);
    else if (c->datalink == DATALINK_H4)
        sort_h4(p, flags);
    else
        sort_monitor(p, flags);
    return CAPTURE_PACKET;
}
