/* troth bonds import, docs/WIRE.md "Bonds in a file": all is looked at before any of it counts. */
#include "bonds_book.h"
#include "client.h"

#include "common/out.h"
#include "common/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <troth/wifi_gatt.h>

#define FILE_MAX (1024 * 1024)

static bool force;

static const struct cli_option options[] = {
    CLIENT_STORE_OPTION,
    CLIENT_JSON_OPTION,
    {.name = "force",
     .kind = CLI_FLAG,
     .target = &force,
     .help = "replace stronger bonds, and an identity of another"},
    {0},
};

static const struct cli import_cli = {
    .program = "troth bonds import",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Takes the bonds of an exported file, all of them or, if anything is wrong, none.\n"
             "A bond that is there and stronger stays, unless --force says otherwise.",
    .options = options,
};

static char *get_file(const char *path)
{
    struct stat st;
    bool from_stdin = !strcmp(path, "-");
    FILE *f = from_stdin ? stdin : fopen(path, "re");
    char *text = f ? malloc(FILE_MAX + 1) : NULL;
    size_t len = 0;
    if (!f || !text || (!from_stdin && !fstat(fileno(f), &st) && S_ISDIR(st.st_mode))) {
        out_error("cannot read %s: %s", path, f && text ? strerror(EISDIR) : strerror(errno));
        free(text);
        text = NULL;
    } else {
        if (!from_stdin && !fstat(fileno(f), &st) && S_ISREG(st.st_mode) && st.st_mode & 077)
            out_hint("Others can read %s, and it holds keys: chmod 600 it, or remove it.", path);
        len = fread(text, 1, FILE_MAX + 1, f);
        const char *fault = len > FILE_MAX         ? "%s is too long for a file of bonds"
                            : ferror(f)            ? "cannot read %s"
                            : memchr(text, 0, len) ? "%s is no file of troth bonds export: a NUL "
                                                     "character is in it"
                                                   : NULL;
        if (fault) {
            out_error(fault, path);
            secret_wipe(text, FILE_MAX + 1);
            free(text);
            text = NULL;
        } else {
            text[len] = 0;
        }
    }
    if (f && !from_stdin)
        fclose(f);
    return text;
}

static int digit(char c)
{
    const char *all = "0123456789abcdef", *at = c ? strchr(all, c) : NULL;
    return at ? (int)(at - all) : -1;
}

/* False: not what add_hex writes. */
static bool get_hex(const cJSON *j, const char *name, uint8_t out[TROTH_RECORD_MAX], size_t *len)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, name));
    size_t n = text ? strlen(text) : 0;
    if (!n || n % 2 || n / 2 > TROTH_RECORD_MAX)
        return false;
    for (size_t i = 0; i < n / 2; i++) {
        int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        out[i] = (uint8_t)(high << 4 | low);
    }
    *len = n / 2;
    return true;
}

static const char *record_fault(int result)
{
    return result == TROTH_UNSUPPORTED ? "was written by a newer troth" : "is damaged";
}

static const char *take_identity(struct bonds_entry *e, const cJSON *j)
{
    const char *addr = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, "address"));
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, "type"));
    if (!addr || !type || !troth_addr_parse(&e->identity, addr))
        return "has no address";
    e->identity.type = strcmp(type, "public") ? TROTH_ADDR_RANDOM : TROTH_ADDR_PUBLIC;
    return strcmp(type, device_addr_type(&e->identity)) ? "has no address type" : NULL;
}

static void take_note(struct bonds_entry *e, const cJSON *j)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(j, "name"));
    const cJSON *used = cJSON_GetObjectItemCaseSensitive(j, "used");
    if (!cJSON_IsNumber(used) || used->valuedouble < 0 || used->valuedouble > 1e15)
        return;
    e->noted = true;
    e->note.used = (uint64_t)used->valuedouble;
    if (name) /* of a file: as little to be trusted on a terminal as one from the air */
        out_printable((const uint8_t *)name, strlen(name), e->note.name, sizeof e->note.name);
}

/* NULL, or what is wrong with it, to follow "bond N". */
static const char *take_bond(struct bonds_book *b, const cJSON *j)
{
    struct troth_bond_keys keys;
    struct troth_bond_state state;
    struct bonds_entry e = {0};
    const char *fault = take_identity(&e, j);
    if (fault)
        return fault;
    if (!get_hex(j, "keys", e.keys, &e.keys_len))
        return "has no keys, or they are damaged";
    int result = troth_bond_keys_decode(&keys, e.keys, e.keys_len);
    bool same = result == TROTH_OK && troth_addr_equal(&keys.identity, &e.identity);
    secret_wipe(&keys, sizeof keys);
    if (result != TROTH_OK)
        return record_fault(result);
    if (!same)
        return "has the keys of another address";
    if (cJSON_GetObjectItemCaseSensitive(j, "state") &&
        (!get_hex(j, "state", e.state, &e.state_len) ||
         (result = troth_bond_state_decode(&state, e.state, e.state_len)) != TROTH_OK))
        return record_fault(result);
    if (bonds_entry_of(b, &e.identity))
        return "is there twice";
    if (b->count == TROTH_MAX_BONDS)
        return "is one more than fits a store";
    take_note(&e, j);
    b->entry[b->count++] = e;
    secret_wipe(&e, sizeof e);
    return NULL;
}

static bool take_file(struct bonds_book *b, const char *path, const cJSON *j)
{
    const cJSON *format = cJSON_GetObjectItemCaseSensitive(j, "troth_bonds");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(j, "bonds"), *one;
    const char *fault;
    struct troth_local local;
    memset(b, 0, sizeof *b);
    if (!cJSON_IsNumber(format) || !cJSON_IsArray(list)) {
        out_error("%s is no file of troth bonds export, or is damaged; nothing was changed", path);
        return false;
    }
    if (format->valuedouble != BONDS_FORMAT) {
        out_error("%s was written by a newer troth: import it with that one", path);
        return false;
    }
    if (cJSON_GetObjectItemCaseSensitive(j, "local") &&
        (!get_hex(j, "local", b->local, &b->local_len) ||
         troth_local_decode(&local, b->local, b->local_len) != TROTH_OK)) {
        out_error("%s: our identity in it is damaged; nothing was changed", path);
        return false;
    }
    cJSON_ArrayForEach(one, list)
    {
        unsigned number = b->count + 1;
        if ((fault = take_bond(b, one))) {
            out_error("%s: bond %u %s; nothing was changed", path, number, fault);
            return false;
        }
    }
    return true;
}

static bool read_file(struct bonds_book *b, const char *path)
{
    char *text = get_file(path);
    if (!text)
        return false;
    /* Whole, and nothing behind it. */
    cJSON *j = cJSON_ParseWithOpts(text, NULL, true);
    bool ok = take_file(b, path, j);
    cJSON_Delete(j);
    secret_wipe(text, strlen(text));
    free(text);
    return ok;
}

/* ---- import ---- */

static bool is_weaker(const struct bonds_entry *old, const struct bonds_entry *new)
{
    struct troth_bond_keys a, b;
    bool weaker = false;
    if (troth_bond_keys_decode(&a, old->keys, old->keys_len) == TROTH_OK &&
        troth_bond_keys_decode(&b, new->keys, new->keys_len) == TROTH_OK) {
        struct troth_level has = troth_wifi_gatt_bond_level(&a);
        struct troth_level gets = troth_wifi_gatt_bond_level(&b);
        weaker = troth_level_weaker(&has, &gets);
    }
    secret_wipe(&a, sizeof a);
    secret_wipe(&b, sizeof b);
    return weaker;
}

static bool same_keys(const struct bonds_entry *a, const struct bonds_entry *b)
{
    return a->keys_len == b->keys_len && !memcmp(a->keys, b->keys, a->keys_len);
}

/* Peers know us by our identity: with another one the imported bonds serve nobody. */
static bool other_identity(const struct bonds_book *here, const struct bonds_book *file)
{
    return here->local_len && file->local_len &&
           (here->local_len != file->local_len ||
            memcmp(here->local, file->local, here->local_len) != 0);
}

static bool identity_allowed(const struct bonds_book *here, const struct bonds_book *file)
{
    if (force || !here->count || !other_identity(here, file))
        return true;
    out_error("this store has bonds and an identity of its own, and the file is of another: its "
              "bonds serve only with theirs. Import into a store of its own (--store), or say "
              "--force to give up the bonds that are here; nothing was changed");
    return false;
}

/* Nobody will know us any more under the identity that goes. */
static bool give_up(struct store *s, struct bonds_book *here)
{
    bool ok = true;
    for (unsigned i = 0; ok && i < here->count; i++) {
        ok = store_delete(s, &here->entry[i].identity) == TROTH_OK;
        note_delete(s, &here->entry[i].identity);
    }
    here->count = 0;
    return ok;
}

static bool bonds_allowed(struct bonds_book *here, const struct bonds_book *file)
{
    char addr[18];
    unsigned total = here->count + here->damaged;
    for (unsigned i = 0; i < file->count; i++) {
        const struct bonds_entry *old = bonds_entry_of(here, &file->entry[i].identity);
        total += !old;
        if (!old || force || !is_weaker(old, &file->entry[i]))
            continue;
        out_error("the bond with %s in this store is stronger than that in the file: --force "
                  "replaces it all the same; nothing was changed",
                  troth_addr_text(&old->identity, addr));
        return false;
    }
    if (total <= TROTH_MAX_BONDS)
        return true;
    out_error("that would make %u bonds, and a store serves %d: remove some (troth bonds remove); "
              "nothing was changed",
              total, TROTH_MAX_BONDS);
    return false;
}

struct tally {
    unsigned added, replaced, same;
};

static bool put_bonds(struct store *s, struct bonds_book *here, const struct bonds_book *file,
                      struct tally *tally)
{
    if (store_begin(s) != TROTH_OK)
        return false;
    bool ok = !other_identity(here, file) || give_up(s, here);
    ok = ok && (!file->local_len ||
                store_put(s, NULL, TROTH_RECORD_LOCAL, file->local, file->local_len) == TROTH_OK);
    for (unsigned i = 0; ok && i < file->count; i++) {
        const struct bonds_entry *e = &file->entry[i], *old = bonds_entry_of(here, &e->identity);
        if (old && same_keys(old, e)) { /* its state has gone on since */
            tally->same++;
            continue;
        }
        *(old ? &tally->replaced : &tally->added) += 1;
        if (old)
            ok = store_delete(s, &e->identity) == TROTH_OK;
        ok = ok && store_put(s, &e->identity, TROTH_RECORD_KEYS, e->keys, e->keys_len) == TROTH_OK;
        if (ok && e->state_len)
            ok = store_put(s, &e->identity, TROTH_RECORD_STATE, e->state, e->state_len) == TROTH_OK;
        if (ok && e->noted)
            note_put(s, &e->identity, &e->note);
    }
    if (!ok) {
        store_rollback(s);
        return false;
    }
    return store_commit(s) == TROTH_OK;
}

static bool import(struct store *s, const struct bonds_book *file, struct tally *tally)
{
    static struct bonds_book here;
    /* A device that runs has its bonds in its memory and writes them back. */
    int result = store_lock(s);
    if (result == TROTH_BUSY)
        out_error("the store is in use by a device that runs: stop trothd first");
    else if (result != TROTH_OK)
        out_error("%s", store_why(s));
    bool ok = result == TROTH_OK && bonds_read_store(s, &here) && identity_allowed(&here, file) &&
              bonds_allowed(&here, file);
    if (ok && !put_bonds(s, &here, file, tally)) {
        out_error("nothing was changed: %s", store_why(s));
        ok = false;
    }
    secret_wipe(&here, sizeof here);
    return ok;
}

int bonds_import(int argc, char **argv)
{
    static struct bonds_book file;
    struct store *s = NULL;
    struct tally tally = {0};
    char **operands;
    int status = cli_parse(&import_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(import_cli.program, client_options.json, stderr);
    bool ok =
        read_file(&file, operands[0]) && bonds_open_store(&s, true) && import(s, &file, &tally);
    if (ok)
        out_result("imported",
                   out_fields("added:u replaced:u same:u", tally.added, tally.replaced, tally.same),
                   "%u bond%s added, %u replaced, %u there already", tally.added,
                   tally.added == 1 ? "" : "s", tally.replaced, tally.same);
    secret_wipe(&file, sizeof file);
    store_close(s);
    return ok ? CLI_DONE : CLI_FAILED;
}
