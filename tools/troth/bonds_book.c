/* Everything about bonds in a store, in one piece. */
#include "bonds_book.h"
#include "client.h"

#include "common/out.h"
#include "common/secret.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct bonds_entry *bonds_entry_of(struct bonds_book *b, const struct troth_addr *identity)
{
    for (unsigned i = 0; i < b->count; i++)
        if (troth_addr_equal(&b->entry[i].identity, identity))
            return &b->entry[i];
    return NULL;
}

static int take_record(void *context, const struct troth_addr *identity, int kind,
                       const uint8_t *rec, size_t len)
{
    struct bonds_book *b = context;
    if (len > TROTH_RECORD_MAX)
        return 0;
    if (!identity) {
        memcpy(b->local, rec, len);
        b->local_len = len;
        return 0;
    }
    struct bonds_entry *e = bonds_entry_of(b, identity);
    if (kind == TROTH_RECORD_KEYS && !e && b->count < sizeof b->entry / sizeof *b->entry) {
        struct troth_bond_keys keys;
        if (troth_bond_keys_decode(&keys, rec, len) != TROTH_OK) {
            b->damaged++;
            return 0;
        }
        secret_wipe(&keys, sizeof keys);
        e = &b->entry[b->count++];
        e->identity = *identity;
        memcpy(e->keys, rec, len);
        e->keys_len = len;
    } else if (kind == TROTH_RECORD_STATE && e) {
        memcpy(e->state, rec, len);
        e->state_len = len;
    }
    return 0;
}

bool bonds_read_store(struct store *s, struct bonds_book *b)
{
    memset(b, 0, sizeof *b);
    if (store_each(s, take_record, b) != TROTH_OK) {
        out_error("%s", store_why(s));
        return false;
    }
    for (unsigned i = 0; i < b->count; i++)
        b->entry[i].noted = note_get(s, &b->entry[i].identity, &b->entry[i].note);
    return true;
}

bool bonds_open_store(struct store **s, bool make)
{
    char path[4096], why[512] = "";
    *s = NULL;
    if (!client_store_path(path, sizeof path, why, sizeof why)) {
        out_error("%s", why);
        return false;
    }
    if (!make && access(path, F_OK) && errno == ENOENT) {
        out_error("there is no store at %s, and so no bonds", path);
        return false;
    }
    if (store_open(s, path, why, sizeof why) != TROTH_OK) {
        out_error("%s", why);
        return false;
    }
    if (*why)
        out_hint("%s", why);
    return true;
}
