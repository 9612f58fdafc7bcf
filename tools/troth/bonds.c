/* troth bonds: what pairings left behind. Keys are never shown. */
#include "bonds_book.h"
#include "client.h"
#include "commands.h"
#include "notes.h"

#include "common/out.h"
#include "common/secret.h"
#include "common/words_pairing.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include <troth/wifi_gatt.h>

struct bond {
    struct troth_addr identity;
    struct troth_level level;
    bool has_irk, has_csrk;
    uint8_t local_side;
    struct note note;
    bool noted;
};

struct list {
    unsigned count, damaged;
    struct bond bond[TROTH_MAX_BONDS * 4]; /* the store may be another program's */
};

bool bonds_of_bluez;

static const struct cli_option options[] = {
    CLIENT_STORE_OPTION,
    {.name = "bluez",
     .kind = CLI_FLAG,
     .target = &bonds_of_bluez,
     .help = "bluetoothd's bonds instead: troth bonds --bluez"},
    CLIENT_JSON_OPTION,
    {0},
};

static const struct cli list_cli = {
    .program = "troth bonds list",
    .about = "Lists the bonds.",
    .options = options,
};

static const struct cli show_cli = {
    .program = "troth bonds show",
    .operands = "ADDRESS",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Shows one bond, by address or name; its keys stay where they are.",
    .options = options,
};

static const struct cli remove_cli = {
    .program = "troth bonds remove",
    .operands = "ADDRESS",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Forgets the bond with a device, by address or name. The device keeps its own half.",
    .options = options,
};

/* ---- reading ---- */

static int take(void *context, const struct troth_addr *identity, int kind, const uint8_t *rec,
                size_t len)
{
    struct list *all = context;
    struct troth_bond_keys keys;
    if (kind != TROTH_RECORD_KEYS || !identity)
        return 0;
    if (all->count == sizeof all->bond / sizeof *all->bond ||
        troth_bond_keys_decode(&keys, rec, len) != TROTH_OK) {
        all->damaged++;
        return 0;
    }
    struct bond *b = &all->bond[all->count++];
    b->identity = *identity;
    b->level = troth_wifi_gatt_bond_level(&keys);
    b->has_irk = keys.has_irk;
    b->has_csrk = keys.has_csrk[0] || keys.has_csrk[1];
    b->local_side = keys.local_side;
    secret_wipe(&keys, sizeof keys);
    return 0;
}

/* *s is NULL when there is no store yet: no bonds. False: the sentence was said. */
static bool open_list(struct store **s, struct list *all)
{
    char path[4096], why[512];
    *s = NULL;
    memset(all, 0, sizeof *all);
    if (!client_store_path(path, sizeof path, why, sizeof why)) {
        out_error("%s", why);
        return false;
    }
    if (access(path, F_OK) && errno == ENOENT)
        return true;
    if (store_open(s, path, why, sizeof why) != TROTH_OK) {
        out_error("%s", why);
        return false;
    }
    if (*why)
        out_hint("%s", why);
    if (store_each(*s, take, all) != TROTH_OK) {
        out_error("%s", store_why(*s));
        store_close(*s);
        return false;
    }
    for (unsigned i = 0; i < all->count; i++)
        all->bond[i].noted = note_get(*s, &all->bond[i].identity, &all->bond[i].note);
    if (all->damaged)
        out_hint("%u more could not be read: damaged, or written by a newer troth.", all->damaged);
    return true;
}

static struct bond *find(struct list *all, const char *who)
{
    struct troth_addr addr;
    bool by_address = troth_addr_parse(&addr, who);
    for (unsigned i = 0; i < all->count; i++) {
        struct bond *b = &all->bond[i];
        if (by_address ? !memcmp(b->identity.b, addr.b, sizeof addr.b)
                       : b->noted && *b->note.name && !strcasecmp(b->note.name, who))
            return b;
    }
    out_error("there is no bond with \"%s\"; troth bonds list shows those there are", who);
    return NULL;
}

/* ---- telling ---- */

static const char *used_text(const struct bond *b, char text[32])
{
    time_t when = (time_t)b->note.used;
    struct tm tm;
    if (!b->noted || !gmtime_r(&when, &tm) || !strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return NULL;
    return text;
}

static void tell(const struct bond *b, const char *event, cJSON *more)
{
    char addr[18], used[32];
    troth_addr_text(&b->identity, addr);
    cJSON *j =
        out_fields("address:s type:s name:s sc:b mitm:b key_size:u irk:b used:s", addr,
                   device_addr_type(&b->identity), b->noted ? b->note.name : NULL, b->level.sc,
                   b->level.mitm, (unsigned)b->level.key_size, b->has_irk, used_text(b, used));
    for (cJSON *item; more && (item = more->child);)
        cJSON_AddItemToObject(j, item->string, cJSON_DetachItemViaPointer(more, item));
    cJSON_Delete(more);
    out_result(event, j, "%s", addr);
}

static int cmd_list(int argc, char **argv)
{
    static struct list all;
    struct store *s;
    int status = cli_parse(&list_cli, argc, argv, NULL);
    if (status != CLI_GO)
        return status;
    out_init(list_cli.program, client_options.json, stderr);
    if (!open_list(&s, &all))
        return CLI_FAILED;
    if (!all.count)
        out_hint("There are no bonds.");
    else if (!out_is_json())
        printf("%s%-17s  %-6s  %-24s  %-20s  %s%s\n", out_sgr(OUT_DIM, stdout), "Address", "Type",
               "Name", "Used", "Level", out_sgr_end(stdout));
    for (unsigned i = 0; i < all.count; i++) {
        const struct bond *b = &all.bond[i];
        char addr[18], used[32], level[PAIRING_TEXT];
        const char *when = used_text(b, used);
        if (out_is_json())
            tell(b, "bond", NULL);
        else
            printf("%-17s  %-6s  %-24s  %-20s  %s\n", troth_addr_text(&b->identity, addr),
                   device_addr_type(&b->identity), b->noted && *b->note.name ? b->note.name : "-",
                   when ? when : "-", pairing_level_text(&b->level, level));
    }
    store_close(s);
    return CLI_DONE;
}

static void show(const struct bond *b)
{
    char addr[18], used[32], level[PAIRING_TEXT];
    const char *when = used_text(b, used);
    if (out_is_json()) {
        tell(b, "bond",
             out_fields("csrk:b made_as:s", b->has_csrk,
                        pairing_side_name((enum troth_side)b->local_side)));
        return;
    }
    printf("Address   %s (%s)\n", troth_addr_text(&b->identity, addr),
           device_addr_type(&b->identity));
    printf("Name      %s\n", b->noted && *b->note.name ? b->note.name : "(not known)");
    printf("Level     %s\n", pairing_level_text(&b->level, level));
    printf("Identity  %s\n", b->has_irk ? "resolving key known: found behind private addresses"
                                        : "no resolving key: known by this address only");
    printf("Signing   %s\n", b->has_csrk ? "key exchanged" : "no key");
    printf("Made as   %s\n", pairing_side_name((enum troth_side)b->local_side));
    printf("Used      %s\n", when ? when : "(not recorded)");
}

static int cmd_show(int argc, char **argv)
{
    static struct list all;
    struct store *s;
    char **operands;
    int status = cli_parse(&show_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(show_cli.program, client_options.json, stderr);
    if (!open_list(&s, &all))
        return CLI_FAILED;
    const struct bond *b = find(&all, operands[0]);
    if (b)
        show(b);
    store_close(s);
    return b ? CLI_DONE : CLI_FAILED;
}

static int cmd_remove(int argc, char **argv)
{
    static struct list all;
    struct store *s;
    char **operands, addr[18];
    int status = cli_parse(&remove_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(remove_cli.program, client_options.json, stderr);
    if (!open_list(&s, &all))
        return CLI_FAILED;
    const struct bond *b = find(&all, operands[0]);
    bool ok = b && store_delete(s, &b->identity) == TROTH_OK;
    if (ok) {
        note_delete(s, &b->identity);
        troth_addr_text(&b->identity, addr);
        out_result("removed", out_fields("address:s", addr), "the bond with %s is removed", addr);
        out_hint("The device keeps its own half, and refuses a weaker pairing until it is reset.");
    } else if (b) {
        out_error("%s", store_why(s));
    }
    store_close(s);
    return ok ? CLI_DONE : CLI_FAILED;
}

static const struct cli_command commands[] = {
    {"list", cmd_list, "all of them"},
    {"show", cmd_show, "one of them: level, key size, when it was used"},
    {"remove", cmd_remove, "forget one"},
    {"export", bonds_export, "all of them into a file, keys included"},
    {"import", bonds_import, "those of an exported file"},
    {0},
};

/* "troth bonds --bluez list", "troth bonds list --bluez", "troth bonds --bluez" */
static bool wants_bluez(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (!strcmp(argv[i], "--bluez"))
            return true;
    return false;
}

static int of_bluez(int argc, char **argv)
{
    static char word[] = "list";
    char *args[32];
    int n = 1;
    args[0] = argv[0];
    for (int i = 1; i < argc && n < 30; i++)
        if (strcmp(argv[i], "--bluez") != 0)
            args[n++] = argv[i];
    if (n == 1 || (*args[1] == '-' && strcmp(args[1], "--help") && strcmp(args[1], "-h"))) {
        memmove(&args[2], &args[1], (size_t)(n - 1) * sizeof *args);
        args[1] = word;
        n++;
    }
    args[n] = NULL;
    return bonds_bluez(n, args);
}

int cmd_bonds(int argc, char **argv)
{
    if (wants_bluez(argc, argv))
        return of_bluez(argc, argv);
    return cli_dispatch("troth bonds", "What pairings left behind.", commands,
                        "troth bonds list\n"
                        "troth bonds remove C0:FF:EE:00:00:01\n"
                        "troth bonds export bonds.json\n"
                        "troth bonds --bluez list\n",
                        argc, argv);
}
