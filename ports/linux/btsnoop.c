#include "ports/linux/btsnoop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1 January 1970 in microseconds of the file's calendar, which begins in the year 0. */
#define EPOCH UINT64_C(0x00dcddb30f2f8000)

enum { H4_COMMAND = 0x01, H4_EVENT = 0x04, FLAG_RECEIVED = 1, FLAG_COMMAND_EVENT = 2 };

/* The stream is the whole state: the handle is a FILE. */
static FILE *file_of(struct btsnoop *b)
{
    return (FILE *)(void *)b;
}

static void put_be32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++)
        p[i] = (uint8_t)(v >> (24 - 8 * i));
}

/*
 * What crosses an HCI has keys and passphrases in it: a file is its owner's alone, and neither a
 * link nor a file that somebody else put there decides where it goes. Pipes and devices are taken
 * as they are.
 */
static FILE *open_private(const char *path)
{
    struct stat st;
    int error = 0;
    int fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return NULL;
    if (fstat(fd, &st))
        error = errno;
    else if (S_ISREG(st.st_mode) && st.st_uid != geteuid())
        error = EPERM;
    else if (S_ISREG(st.st_mode) && (fchmod(fd, 0600) || ftruncate(fd, 0)))
        error = errno;
    FILE *f = error ? NULL : fdopen(fd, "wb");
    if (!f) {
        error = error ? error : errno;
        close(fd);
        errno = error;
    }
    return f;
}

const char *btsnoop_why(int error)
{
    return error == ELOOP   ? "it is a symbolic link, and a capture holds secrets: name the file"
           : error == EPERM ? "it belongs to another user, and a capture holds secrets"
                            : strerror(error);
}

struct btsnoop *btsnoop_open(const char *path)
{
    static const uint8_t header[16] = {'b', 't', 's', 'n', 'o', 'o', 'p',  0,
                                       0,   0,   0,   1,   0,   0,   0x03, 0xEA};
    FILE *f = open_private(path);
    if (!f)
        return NULL;
    if (fwrite(header, sizeof header, 1, f) != 1 || fflush(f)) {
        int saved = errno;
        fclose(f);
        errno = saved;
        return NULL;
    }
    return (struct btsnoop *)(void *)f;
}

int btsnoop_write(struct btsnoop *b, bool to_host, const uint8_t *h4, size_t len, uint64_t unix_us)
{
    FILE *f = file_of(b);
    uint8_t record[24] = {0};
    bool command_event = len && (h4[0] == H4_COMMAND || h4[0] == H4_EVENT);
    uint64_t time = unix_us + EPOCH;
    put_be32(record, (uint32_t)len);     /* original length */
    put_be32(record + 4, (uint32_t)len); /* included length */
    put_be32(record + 8,
             (to_host ? FLAG_RECEIVED : 0u) | (command_event ? FLAG_COMMAND_EVENT : 0u));
    put_be32(record + 16, (uint32_t)(time >> 32)); /* record + 12: nothing was dropped */
    put_be32(record + 20, (uint32_t)time);
    if (fwrite(record, sizeof record, 1, f) != 1 || fwrite(h4, 1, len, f) != len || fflush(f))
        return -1;
    return 0;
}

int btsnoop_close(struct btsnoop *b)
{
    return b ? fclose(file_of(b)) : 0;
}
