/* troth bonds export: docs/WIRE.md "Bonds in a file". */
#include "bonds_book.h"
#include "client.h"

#include "common/files.h"
#include "common/out.h"
#include "common/secret.h"
#include "common/words_pairing.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <troth/wifi_gatt.h>

static bool force;

static const struct cli_option options[] = {
    CLIENT_STORE_OPTION,
    CLIENT_JSON_OPTION,
    {.name = "force", .kind = CLI_FLAG, .target = &force, .help = "replace the file"},
    {0},
};

static const struct cli export_cli = {
    .program = "troth bonds export",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Writes all bonds and our own identity to a file, mode 0600; - is stdout. Their keys\n"
             "are in it: whoever has the file can pass for either side.",
    .options = options,
};

static void add_hex(cJSON *to, const char *name, const uint8_t *bytes, size_t len)
{
    char text[2 * TROTH_RECORD_MAX + 1];
    for (size_t i = 0; i < len; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    if (len)
        cJSON_AddStringToObject(to, name, text);
    secret_wipe(text, sizeof text);
}

static cJSON *to_json(const struct bonds_book *b)
{
    char when[32] = "", addr[18], level[PAIRING_TEXT];
    time_t now = time(NULL);
    struct tm tm;
    if (gmtime_r(&now, &tm))
        strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
    cJSON *j = out_fields("troth_bonds:i warning:s made:s", BONDS_FORMAT,
                          "these are keys: whoever has them can pass for either side", when);
    add_hex(j, "local", b->local, b->local_len);
    cJSON *list = cJSON_AddArrayToObject(j, "bonds");
    for (unsigned i = 0; i < b->count; i++) {
        const struct bonds_entry *e = &b->entry[i];
        struct troth_bond_keys keys;
        if (troth_bond_keys_decode(&keys, e->keys, e->keys_len) != TROTH_OK)
            continue;
        struct troth_level has = troth_wifi_gatt_bond_level(&keys);
        secret_wipe(&keys, sizeof keys);
        cJSON *one = out_fields("address:s type:s name:s level:s",
                                troth_addr_text(&e->identity, addr), device_addr_type(&e->identity),
                                e->noted && *e->note.name ? e->note.name : NULL,
                                pairing_level_text(&has, level));
        if (e->noted)
            cJSON_AddNumberToObject(one, "used", (double)e->note.used);
        add_hex(one, "keys", e->keys, e->keys_len);
        add_hex(one, "state", e->state, e->state_len);
        cJSON_AddItemToArray(list, one);
    }
    return j;
}

static bool put_file(const char *path, const char *text)
{
    if (files_put(path, text, strlen(text), !force, true))
        return true;
    if (errno == EEXIST)
        out_error("%s is there already: choose another file, or replace it with --force", path);
    else
        out_error("cannot write %s: %s", path, strerror(errno));
    return false;
}

static bool put_book(const char *path, const struct bonds_book *b)
{
    bool to_stdout = !strcmp(path, "-");
    if (to_stdout && isatty(STDOUT_FILENO) && !force) {
        out_error("these are keys, and standard output is a terminal: name a file, or say --force");
        return false;
    }
    cJSON *j = to_json(b);
    char *text = cJSON_Print(j);
    bool ok = text != NULL;
    if (!ok)
        out_error("no memory");
    else if (!to_stdout)
        ok = put_file(path, text);
    else if (!files_put_all(STDOUT_FILENO, text, strlen(text)) ||
             !files_put_all(STDOUT_FILENO, "\n", 1)) {
        out_error("standard output cannot be written: %s", strerror(errno));
        ok = false;
    }
    if (text)
        secret_wipe(text, strlen(text));
    cJSON_free(text);
    cJSON_Delete(j);
    if (ok && !to_stdout)
        out_result("exported", out_fields("file:s bonds:u", path, b->count),
                   "%u bond%s and our identity are in %s; it holds keys, keep it to yourself",
                   b->count, b->count == 1 ? "" : "s", path);
    return ok;
}

int bonds_export(int argc, char **argv)
{
    static struct bonds_book book;
    struct store *s;
    char **operands;
    int status = cli_parse(&export_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(export_cli.program, client_options.json, stderr);
    bool ok = bonds_open_store(&s, false) && bonds_read_store(s, &book);
    if (ok && book.damaged) {
        out_error("%u bond%s in the store cannot be read and would be missing: damaged, or written "
                  "by a newer troth",
                  book.damaged, book.damaged == 1 ? "" : "s");
        ok = false;
    }
    ok = ok && put_book(operands[0], &book);
    secret_wipe(&book, sizeof book);
    store_close(s);
    return ok ? CLI_DONE : CLI_FAILED;
}
