/* troth dataset: Thread operational datasets, read and made. */
#include "commands.h"

#include "common/cli.h"
#include "common/files.h"
#include "common/hex.h"
#include "common/out.h"
#include "common/secret.h"

#include <errno.h>
#include <string.h>

#include <troth/dataset.h>

#include "ports/linux/runtime.h"

/* ---- show ---- */

static bool secrets, json;

static const struct cli_option show_options[] = {
    {.name = "secrets", .kind = CLI_FLAG, .target = &secrets, .help = "the keys as well"},
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "for machines"},
    {0},
};
static const struct cli show_cli = {
    .program = "troth dataset show",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .about =
        "Checks the dataset that is the first line of a file, in hexadecimal, and says what is\n"
        "in it. FILE - is stdin.",
    .options = show_options,
    .examples = "troth dataset show home.hex\n"
                "ot-ctl dataset active -x | troth dataset show -",
};

static void print_one(void *ctx, const char *name, const char *value)
{
    cJSON *j = ctx;
    if (j)
        cJSON_AddStringToObject(j, name, value);
    else
        printf("%-18s %s\n", name, value);
}

/* One sentence, and the TLV it is about. */
static bool fault(enum troth_dataset_fault f, uint8_t type)
{
    if (f == TROTH_DATASET_FINE)
        return true;
    out_error("%s%s%s%s", troth_dataset_fault_words(f), type != 0xff ? " (" : "",
              type != 0xff ? troth_dataset_type_name(type) : "", type != 0xff ? ")" : "");
    return false;
}

static bool show(const char *file)
{
    uint8_t line[TROTH_DATASET_TEXT + 64], type = 0xff;
    struct troth_thread t = {.len = 0};
    char why[256];
    size_t len;
    if (!secret_read(file, line, sizeof line, &len, why, sizeof why)) {
        out_error("%s", why);
        return false;
    }
    bool ok = fault(troth_dataset_from_text(&t, (const char *)line, len), 0xff) &&
              fault(troth_dataset_parse(NULL, t.dataset, t.len, &type), type);
    if (ok) {
        cJSON *j = json ? cJSON_CreateObject() : NULL;
        troth_dataset_print(&t, secrets, print_one, j);
        if (j)
            out_result("dataset", j, "%u octets", t.len);
        /* What is there is said in any case. */
        type = 0xff;
        ok = fault(troth_dataset_check(t.dataset, t.len, &type), type);
    }
    secret_wipe(line, sizeof line);
    secret_wipe(&t, sizeof t);
    return ok;
}

static int cmd_show(int argc, char **argv)
{
    char **operands;
    int status = cli_parse(&show_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(show_cli.program, json, stderr);
    return show(operands[0]) ? CLI_DONE : CLI_FAILED;
}

/* ---- make ---- */

static struct {
    const char *name, *pan_id, *ext_pan_id, *prefix, *key_file, *passphrase_file, *out;
    unsigned channel;
} made = {.channel = 15};

static const struct cli_option make_options[] = {
    {.name = "name",
     .kind = CLI_TEXT,
     .target = &made.name,
     .argument = "NAME",
     .help = "the network's, 1 to 16 octets"},
    {.name = "channel",
     .kind = CLI_NUMBER,
     .target = &made.channel,
     .argument = "N",
     .help = "11 to 26 (15)",
     .min = 11,
     .max = 26},
    {.name = "pan-id",
     .kind = CLI_TEXT,
     .target = &made.pan_id,
     .argument = "HEX",
     .help = "4 digits (random)"},
    {.name = "ext-pan-id",
     .kind = CLI_TEXT,
     .target = &made.ext_pan_id,
     .argument = "HEX",
     .help = "16 digits (random)"},
    {.name = "mesh-local-prefix",
     .kind = CLI_TEXT,
     .target = &made.prefix,
     .argument = "HEX",
     .help = "16 digits, the first two fd (random)"},
    {.name = "network-key-file",
     .kind = CLI_TEXT,
     .target = &made.key_file,
     .argument = "FILE",
     .help = "its first line is the key, 32 digits; - is stdin\n(random)"},
    {.name = "passphrase-file",
     .kind = CLI_TEXT,
     .target = &made.passphrase_file,
     .argument = "FILE",
     .help =
         "a commissioner's, from which its PSKc is made, 6 to\n255 octets; - is stdin (no PSKc)"},
    {.name = "out",
     .letter = 'o',
     .kind = CLI_TEXT,
     .target = &made.out,
     .argument = "FILE",
     .help = "write it there, mode 0600 (stdout)"},
    {0},
};
static const struct cli make_cli = {
    .program = "troth dataset make",
    .about =
        "Makes the dataset of a new Thread network, in hexadecimal, as border routers take it\n"
        "and troth provision thread gives it to devices. It holds the network's key.",
    .options = make_options,
    .examples = "troth dataset make --name Heath -o heath.hex\n"
                "troth provision thread PROV_F72E6B --dataset heath.hex",
};

/* Exactly these octets, or random ones where nothing was said. */
static bool take(const char *text, size_t len, uint8_t *out, size_t octets)
{
    if (text)
        return hex_octets(text, len, out, octets);
    runtime_random(NULL, out, octets);
    return true;
}

static bool take_text(const char *text, uint8_t *out, size_t octets)
{
    return take(text, text ? strlen(text) : 0, out, octets);
}

static int read_line(const char *file, uint8_t *line, size_t cap, size_t *len)
{
    char why[256];
    return secret_read(file, line, cap, len, why, sizeof why) ? CLI_GO
                                                              : cli_misuse(&make_cli, "%s", why);
}

static int take_secrets(struct troth_dataset *d)
{
    uint8_t line[256];
    size_t len = 0;
    int status = made.key_file ? read_line(made.key_file, line, sizeof line, &len) : CLI_GO;
    if (status == CLI_GO &&
        !take(made.key_file ? (const char *)line : NULL, len, d->network_key, 16))
        status =
            cli_misuse(&make_cli, "--network-key-file: a network key is 32 hexadecimal digits");
    if (status == CLI_GO && made.passphrase_file) {
        status = read_line(made.passphrase_file, line, sizeof line, &len);
        d->has_pskc = true;
        if (status == CLI_GO && troth_dataset_pskc((const char *)line, len, d->ext_pan_id, &d->name,
                                                   d->pskc) != TROTH_OK)
            status = cli_misuse(&make_cli, "--passphrase-file: a passphrase has 6 to 255 octets");
    }
    secret_wipe(line, sizeof line);
    return status;
}

static int fill(struct troth_dataset *d)
{
    uint8_t pan_id[2];
    size_t name = made.name ? strlen(made.name) : 0;
    if (!name || name > sizeof d->name.b)
        return cli_misuse(&make_cli, "--name: a network's name has 1 to 16 octets");
    d->name.len = (uint8_t)name;
    memcpy(d->name.b, made.name, name);
    d->channel = (uint16_t)made.channel;
    if (!take_text(made.pan_id, pan_id, 2))
        return cli_misuse(&make_cli, "--pan-id: 4 hexadecimal digits are expected");
    if (!made.pan_id) /* all its digits: esp_prov leaves leading zeros out */
        pan_id[0] |= 0x10;
    d->pan_id = (uint16_t)(pan_id[0] << 8 | pan_id[1]);
    if (d->pan_id == 0xffff) { /* for everybody */
        if (made.pan_id)
            return cli_misuse(&make_cli, "--pan-id: ffff is no network's");
        d->pan_id = 0x1234;
    }
    if (!take_text(made.ext_pan_id, d->ext_pan_id, 8))
        return cli_misuse(&make_cli, "--ext-pan-id: 16 hexadecimal digits are expected");
    if (!take_text(made.prefix, d->mesh_local_prefix, 8))
        return cli_misuse(&make_cli, "--mesh-local-prefix: 16 hexadecimal digits are expected");
    if (!made.prefix)
        d->mesh_local_prefix[0] = 0xfd;
    d->seconds = 1;
    d->rotation_hours = 672;
    d->policy_flags_len = 2;
    d->policy_flags[0] = 0xf7;
    d->policy_flags[1] = 0xf8;
    d->channel_mask = 0x07fff800; /* 11 to 26 */
    d->has_channel = d->has_pan_id = d->has_ext_pan_id = d->has_network_key = true;
    d->has_mesh_local_prefix = d->has_security_policy = true;
    d->has_active_timestamp = d->has_channel_mask = true;
    return take_secrets(d);
}

static int write_out(const struct troth_thread *t)
{
    char text[TROTH_DATASET_TEXT + 1];
    int len = troth_dataset_to_text(t, text, TROTH_DATASET_TEXT);
    bool ok = len > 0;
    if (ok && made.out) {
        text[len++] = '\n';
        ok = files_put(made.out, text, (size_t)len, false, true);
        if (!ok)
            out_error("cannot write %s: %s", made.out, strerror(errno));
    } else if (ok) {
        puts(text);
    }
    secret_wipe(text, sizeof text);
    return ok ? CLI_DONE : CLI_FAILED;
}

static int cmd_make(int argc, char **argv)
{
    struct troth_dataset d;
    struct troth_thread t = {.len = 0};
    memset(&d, 0, sizeof d);
    int status = cli_parse(&make_cli, argc, argv, NULL);
    if (status != CLI_GO)
        return status;
    out_init(make_cli.program, false, stderr);
    status = fill(&d);
    if (status == CLI_GO && troth_dataset_build(&t, &d) != TROTH_OK)
        status = cli_misuse(&make_cli, "no network has these values; a mesh-local prefix begins "
                                       "with fd");
    if (status == CLI_GO)
        status = write_out(&t);
    secret_wipe(&d, sizeof d);
    secret_wipe(&t, sizeof t);
    return status;
}

static const struct cli_command commands[] = {
    {"show", cmd_show, "check one, and say what is in it"},
    {"make", cmd_make, "make that of a new network"},
    {0},
};

int cmd_dataset(int argc, char **argv)
{
    return cli_dispatch("troth dataset",
                        "Thread operational datasets: what a device needs to know of its network.",
                        commands,
                        "troth dataset make --name Heath -o heath.hex\n"
                        "troth dataset show heath.hex\n",
                        argc, argv);
}
