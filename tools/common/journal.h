/*
 * What a program says as entries of systemd's journal, with fields of their own beside the line:
 * MESSAGE, PRIORITY, TROTH_EVENT, and TROTH_ before each field's name in capitals. TROTH_PEER is
 * the address of the other side; TROTH_REASON always a name, its number TROTH_REASON_CODE.
 */
#ifndef TROTH_TOOLS_JOURNAL_H
#define TROTH_TOOLS_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

/* This descriptor is the journal's: $JOURNAL_STREAM says so. */
bool journal_is_at(int fd);

#define JOURNAL_FIELDS 40
/* "NAME=value" each, allocated; how many. fields may be NULL; an object or a list is its JSON. */
size_t journal_entry(char *entry[JOURNAL_FIELDS], int priority, const char *event,
                     const cJSON *fields, const char *text);
/* False: the journal did not take it. */
bool journal_send(int priority, const char *event, const cJSON *fields, const char *text);

#endif
