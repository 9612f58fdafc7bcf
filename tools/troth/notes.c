#include "notes.h"

#include <stdio.h>
#include <string.h>

#include <troth/gap.h>

static void key(const struct troth_addr *identity, char name[STORE_NAME_MAX + 1])
{
    char addr[18];
    snprintf(name, STORE_NAME_MAX + 1, "note %s %u", troth_addr_text(identity, addr),
             (unsigned)identity->type);
}

void note_put(struct store *s, const struct troth_addr *identity, const struct note *note)
{
    uint8_t bytes[8 + sizeof note->name];
    char name[STORE_NAME_MAX + 1];
    size_t len = strnlen(note->name, sizeof note->name);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(note->used >> 8 * i);
    memcpy(bytes + 8, note->name, len);
    key(identity, name);
    if (s)
        store_blob_put(s, name, bytes, 8 + len);
}

bool note_get(struct store *s, const struct troth_addr *identity, struct note *note)
{
    uint8_t bytes[8 + sizeof note->name - 1];
    char name[STORE_NAME_MAX + 1];
    size_t len;
    memset(note, 0, sizeof *note);
    key(identity, name);
    if (!s || store_blob_get(s, name, bytes, sizeof bytes, &len) != TROTH_OK || len < 8)
        return false;
    for (int i = 0; i < 8; i++)
        note->used |= (uint64_t)bytes[i] << 8 * i;
    memcpy(note->name, bytes + 8, len - 8);
    return true;
}

void note_delete(struct store *s, const struct troth_addr *identity)
{
    char name[STORE_NAME_MAX + 1];
    key(identity, name);
    if (s)
        store_blob_delete(s, name);
}
