#include "common/journal.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>

#include <systemd/sd-journal.h>

bool journal_is_at(int fd)
{
    const char *stream = getenv("JOURNAL_STREAM");
    unsigned long long dev, ino;
    char end;
    struct stat st;
    return stream && sscanf(stream, "%llu:%llu%c", &dev, &ino, &end) == 2 && !fstat(fd, &st) &&
           st.st_dev == dev && st.st_ino == ino;
}

static void add(char **entry, size_t *n, const char *name, const char *value)
{
    size_t size = strlen(name) + strlen(value) + 2;
    if (*n == JOURNAL_FIELDS || !(entry[*n] = malloc(size)))
        return;
    snprintf(entry[(*n)++], size, "%s=%s", name, value);
}

static void add_field(char **entry, size_t *n, const char *name, const cJSON *item)
{
    if (cJSON_IsString(item)) {
        add(entry, n, name, item->valuestring);
        return;
    }
    char *value = cJSON_PrintUnformatted(item);
    if (value)
        add(entry, n, name, value);
    cJSON_free(value);
}

static void name_of(const char *key, char name[64])
{
    size_t n = (size_t)snprintf(name, 64, "TROTH_%s", key);
    for (size_t i = 0; i < n && i < 63; i++)
        name[i] = (char)(isalnum((unsigned char)name[i]) ? toupper((unsigned char)name[i]) : '_');
}

size_t journal_entry(char *entry[JOURNAL_FIELDS], int priority, const char *event,
                     const cJSON *fields, const char *text)
{
    char name[64], digit[] = {(char)('0' + priority), 0};
    size_t n = 0;
    const cJSON *item, *named = cJSON_GetObjectItemCaseSensitive(fields, "reason_name");
    add(entry, &n, "MESSAGE", text);
    add(entry, &n, "PRIORITY", digit);
    add(entry, &n, "TROTH_EVENT", event);
    cJSON_ArrayForEach(item, fields)
    {
        const char *key = item->string;
        /* Of a code that may have a secret in it the line says what was asked for, and no more. */
        if (!strcmp(key, "payload") || !strcmp(key, "url"))
            continue;
        if (!strcmp(key, "address") && strcmp(event, "controller") != 0)
            add_field(entry, &n, "TROTH_PEER", item);
        if (!strcmp(key, "reason") && named)
            key = "reason_code";
        else if (item == named)
            key = "reason";
        name_of(key, name);
        add_field(entry, &n, name, item);
    }
    return n;
}

bool journal_send(int priority, const char *event, const cJSON *fields, const char *text)
{
    char *entry[JOURNAL_FIELDS];
    struct iovec io[JOURNAL_FIELDS];
    size_t n = journal_entry(entry, priority, event, fields, text);
    for (size_t i = 0; i < n; i++)
        io[i] = (struct iovec){entry[i], strlen(entry[i])};
    int r = sd_journal_sendv(io, (int)n);
    for (size_t i = 0; i < n; i++)
        free(entry[i]);
    return r >= 0;
}
