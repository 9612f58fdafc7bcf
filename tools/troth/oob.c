/* troth oob: makes our out-of-band block, and shows what is in one. */
#include "client.h"
#include "commands.h"

#include "common/out.h"
#include "common/qr_draw.h"
#include "common/secret.h"

#include <stdio.h>
#include <string.h>

static const char *out_path;
static bool tk;

static const struct cli_option make_options[] = {
    {.name = "out",
     .letter = 'o',
     .kind = CLI_TEXT,
     .target = &out_path,
     .argument = "FILE",
     .help = "write it there, mode 0600 (default: - is stdout)"},
    {.name = "tk",
     .kind = CLI_FLAG,
     .target = &tk,
     .help = "for legacy pairing too: adds a TK, which must stay\nsecret on its way"},
    CLIENT_OPTIONS,
    {0},
};

static const struct cli make_cli = {
    .program = "troth oob make",
    .about = "Makes our out-of-band block, one line for a QR code, a file or an NFC tag, to be\n"
             "given to the device before it is paired with. It serves one pairing within ten\n"
             "minutes: troth pair --oob-made. On a terminal it is drawn as a QR code too.",
    .options = make_options,
    .examples = "troth oob make --out ours.oob\n"
                "troth pair 'Porch lamp' --oob-made",
};

static const struct cli_option show_options[] = {CLIENT_JSON_OPTION, {0}};

static const struct cli show_cli = {
    .program = "troth oob show",
    .operands = "FILE",
    .operands_min = 1,
    .operands_max = 1,
    .about =
        "Shows what is in an out-of-band block, but for its secrets: of a file, of a picture with\n"
        "its QR code, or of stdin, -.",
    .options = show_options,
};

/* On a terminal beside its text. */
static void draw(const struct troth_oob_block *b)
{
    char text[TROTH_OOB_TEXT_MAX];
    if (troth_oob_to_text(b, text, sizeof text) > 0) {
        enum qr_drawn drawn = qr_draw(stdout, text, NULL);
        if (*qr_drawn_words(drawn))
            out_hint("%s", qr_drawn_words(drawn));
    }
    secret_wipe(text, sizeof text);
}

static int cmd_make(int argc, char **argv)
{
    static struct client c;
    int status = cli_parse(&make_cli, argc, argv, NULL);
    if (status == CLI_GO && client_names_bluez())
        status = cli_misuse(&make_cli, "BlueZ takes no out-of-band data: name a controller");
    if (status == CLI_GO)
        status = client_open(&c, &make_cli);
    if (status != CLI_GO)
        return status;
    const char *path = out_path ? out_path : "-";
    bool ok = client_start(&c) && oob_own(&c, path, tk, true);
    if (ok && !strcmp(path, "-") && !out_is_json())
        draw(&c.oob.ours);
    if (ok && strcmp(path, "-"))
        out_result("oob", out_fields("file:s life_s:i tk:b", path, OOB_LIFE_S, tk),
                   "%s serves one pairing within ten minutes: troth pair DEVICE --oob-made", path);
    client_close(&c);
    return ok ? CLI_DONE : CLI_FAILED;
}

static void age_text(long age_s, char text[64])
{
    if (age_s < 0)
        snprintf(text, 64, "(not known)");
    else if (age_s < OOB_LIFE_S)
        snprintf(text, 64, "%ld min %ld s", age_s / 60, age_s % 60);
    else
        snprintf(text, 64, "%ld min: expired", age_s / 60);
}

static void show(const struct troth_oob_block *b, long age_s)
{
    static const char *const roles[] = {"peripheral", "central", "both, peripheral preferred",
                                        "both, central preferred"};
    char addr[18], name[4 * TROTH_OOB_NAME_MAX + 1], age[64];
    troth_addr_text(&b->addr, addr);
    out_printable(b->name, b->name_len, name, sizeof name);
    if (out_is_json()) {
        cJSON *j = out_fields("address:s type:s role:s name:s secure_connections:b tk:b", addr,
                              device_addr_type(&b->addr), roles[b->role], *name ? name : NULL,
                              b->oob.have_sc, b->oob.have_tk);
        if (age_s >= 0)
            cJSON_AddNumberToObject(j, "age_s", (double)age_s);
        out_result("oob", j, "%s", addr);
        return;
    }
    age_text(age_s, age);
    printf("Address  %s (%s)\n", addr, device_addr_type(&b->addr));
    printf("Role     %s\n", roles[b->role]);
    printf("Name     %s%s\n", *name ? name : "(none)", b->name_short ? " ..." : "");
    printf("Serves   %s\n", b->oob.have_sc && b->oob.have_tk
                                ? "LE Secure Connections and legacy pairing"
                            : b->oob.have_sc ? "LE Secure Connections"
                            : b->oob.have_tk ? "legacy pairing"
                                             : "no pairing: it only names the device");
    printf("Age      %s\n", age);
}

static int cmd_show(int argc, char **argv)
{
    char **operands, why[512];
    struct troth_oob_block block;
    long age;
    int status = cli_parse(&show_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(show_cli.program, client_options.json, stderr);
    bool ok = oob_read(operands[0], &block, &age, why, sizeof why);
    if (ok)
        show(&block, age);
    else
        out_error("%s", why);
    secret_wipe(&block, sizeof block);
    return ok ? CLI_DONE : CLI_FAILED;
}

static const struct cli_command commands[] = {
    {"make", cmd_make, "our block, for the device to hold"},
    {"show", cmd_show, "what is in a block"},
    {0},
};

int cmd_oob(int argc, char **argv)
{
    return cli_dispatch("troth oob", "Out-of-band data: what crosses by QR code, file or NFC.",
                        commands,
                        "troth oob make --out ours.oob\n"
                        "troth oob show lamp.oob\n",
                        argc, argv);
}
