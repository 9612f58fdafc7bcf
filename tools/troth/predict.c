/* troth predict: which association model two sides come to, and why. */
#include "commands.h"

#include "common/cli.h"
#include "common/out.h"
#include "common/words_failure.h"
#include "common/words_pairing.h"

#include <stdio.h>
#include <string.h>

static void add_sides(cJSON *to, const char *name, uint8_t sides)
{
    cJSON *list = cJSON_AddArrayToObject(to, name);
    for (int side = 0; side < 2; side++) {
        if (sides & 1u << side)
            cJSON_AddItemToArray(list,
                                 cJSON_CreateString(pairing_side_name((enum troth_side)side)));
    }
}

static cJSON *side_json(const struct troth_features *f)
{
    cJSON *j = cJSON_CreateObject();
    cJSON_AddStringToObject(j, "io_capability", pairing_io_cap_words(f->io_cap));
    cJSON_AddBoolToObject(j, "oob", f->oob);
    cJSON_AddBoolToObject(j, "mitm", f->auth_req & TROTH_AUTH_MITM);
    cJSON_AddBoolToObject(j, "sc", f->auth_req & TROTH_AUTH_SC);
    cJSON_AddBoolToObject(j, "bond", f->auth_req & TROTH_AUTH_BOND);
    cJSON_AddBoolToObject(j, "keypress", f->auth_req & TROTH_AUTH_KEYPRESS);
    cJSON_AddNumberToObject(j, "max_key_size", f->max_key_size);
    return j;
}

/* ---- what a side asks for and does not get ---- */

static const struct {
    const char *name, *words;
    uint8_t bit;
} demands[] = {{"sc", "Secure Connections", TROTH_AUTH_SC},
               {"mitm", "MITM protection", TROTH_AUTH_MITM},
               {"bond", "bonding", TROTH_AUTH_BOND}};

static void add_unmet(cJSON *to, const struct troth_features features[2])
{
    cJSON *unmet = cJSON_AddObjectToObject(to, "unmet");
    for (int side = 0; side < 2; side++) {
        uint8_t bits = pairing_unmet(features, (enum troth_side)side);
        cJSON *list = cJSON_AddArrayToObject(unmet, pairing_side_name((enum troth_side)side));
        for (size_t i = 0; i < sizeof demands / sizeof *demands; i++)
            if (bits & demands[i].bit)
                cJSON_AddItemToArray(list, cJSON_CreateString(demands[i].name));
    }
}

static void print_unmet(const struct troth_features features[2])
{
    for (int side = 0; side < 2; side++) {
        uint8_t bits = pairing_unmet(features, (enum troth_side)side);
        const char *between = "";
        if (!bits)
            continue;
        printf("Unmet    the %s asks for ", pairing_side_name((enum troth_side)side));
        for (size_t i = 0; i < sizeof demands / sizeof *demands; i++) {
            if (!(bits & demands[i].bit))
                continue;
            printf("%s%s", between, demands[i].words);
            between = " and ";
        }
        printf(" and does not get it: if it insists, it refuses with 0x03\n");
    }
}

static void predict_one(const struct troth_features features[2])
{
    struct pairing_account a;
    char why[PAIRING_TEXT], better[PAIRING_TEXT];
    pairing_account(&a, features);
    pairing_why(&a, why);
    pairing_better(&a, better);
    bool bonded = features[0].auth_req & features[1].auth_req & TROTH_AUTH_BOND;
    unsigned key_size = features[0].max_key_size < features[1].max_key_size
                            ? features[0].max_key_size
                            : features[1].max_key_size;

    if (out_is_json()) {
        cJSON *j = cJSON_CreateObject();
        cJSON_AddItemToObject(j, "initiator", side_json(&features[TROTH_INITIATOR]));
        cJSON_AddItemToObject(j, "responder", side_json(&features[TROTH_RESPONDER]));
        cJSON_AddStringToObject(j, "model", troth_model_name((uint8_t)a.model));
        cJSON_AddBoolToObject(j, "sc", a.sc);
        cJSON_AddStringToObject(j, "rule", pairing_rule_name(a.rule));
        add_sides(j, "displays", a.displays);
        add_sides(j, "types", a.types);
        add_sides(j, "compares", a.compares);
        add_sides(j, "hands_over", a.hands_over);
        cJSON_AddBoolToObject(j, "authenticated", a.authenticated);
        cJSON_AddBoolToObject(j, "bonded", bonded);
        cJSON_AddNumberToObject(j, "key_size", key_size);
        add_unmet(j, features);
        out_result("prediction", j, "%s. %s", pairing_model_words((uint8_t)a.model), why);
        return;
    }
    printf("Model    %s\n", pairing_model_words((uint8_t)a.model));
    printf("Pairing  %s%s\n", a.sc ? "LE Secure Connections" : "LE legacy",
           bonded ? ", bonded" : ", not bonded (that takes the bond flag on both sides)");
    printf("Why      %s\n", why);
    printf("People   %s\n", pairing_people(a.model));
    printf("Level    %s\n", pairing_level_words(&a));
    printf("Key      %u octets%s\n", key_size,
           key_size < 16 ? ": a side that demands 16 refuses it with 0x06" : "");
    print_unmet(features);
    if (*better)
        printf("Better   %s\n", better);
}

/* ---- the whole table ---- */

#define CELL 20 /* columns: "Numeric Comparison" and a star */

static const char *cell_words(enum troth_model model)
{
    switch (model) {
    case TROTH_PASSKEY_INITIATOR_INPUTS:
        return "Passkey, I types";
    case TROTH_PASSKEY_RESPONDER_INPUTS:
        return "Passkey, R types";
    case TROTH_PASSKEY_BOTH_INPUT:
        return "Passkey, both type";
    default:
        return pairing_model_words((uint8_t)model);
    }
}

static enum troth_model cell(uint8_t initiator, uint8_t responder, bool sc)
{
    uint8_t auth = TROTH_AUTH_MITM | (sc ? TROTH_AUTH_SC : 0);
    struct troth_features i = {.io_cap = initiator, .auth_req = auth};
    struct troth_features r = {.io_cap = responder, .auth_req = auth};
    return troth_model_of(&i, &r);
}

static void table_json(void)
{
    for (uint8_t r = 0; r <= TROTH_KEYBOARD_DISPLAY; r++) {
        for (uint8_t i = 0; i <= TROTH_KEYBOARD_DISPLAY; i++) {
            enum troth_model sc = cell(i, r, true), legacy = cell(i, r, false);
            out_result("cell",
                       out_fields("initiator:s responder:s sc:s legacy:s", pairing_io_cap_words(i),
                                  pairing_io_cap_words(r), troth_model_name((uint8_t)sc),
                                  troth_model_name((uint8_t)legacy)),
                       "%s with %s: %s; legacy: %s", pairing_io_cap_words(i),
                       pairing_io_cap_words(r), pairing_model_words((uint8_t)sc),
                       pairing_model_words((uint8_t)legacy));
        }
    }
}

/* One line a responder; a second where legacy pairing differs. */
static void table_row(uint8_t r)
{
    bool differs = false;
    printf("%-16s", pairing_io_cap_words(r));
    for (uint8_t i = 0; i <= TROTH_KEYBOARD_DISPLAY; i++) {
        enum troth_model m = cell(i, r, true);
        differs |= m != cell(i, r, false);
        printf("  %-*s", i < TROTH_KEYBOARD_DISPLAY ? CELL : 0, cell_words(m));
    }
    putchar('\n');
    if (!differs)
        return;
    int pad = 16;
    for (uint8_t i = 0; i <= TROTH_KEYBOARD_DISPLAY; i++, pad += CELL + 2) {
        char text[32];
        enum troth_model m = cell(i, r, false);
        if (m == cell(i, r, true))
            continue;
        snprintf(text, sizeof text, "(%s*)", cell_words(m));
        printf("%*s  %s", pad, "", text);
        pad = -(int)strlen(text) - 2;
    }
    putchar('\n');
}

static void table(void)
{
    printf("%-16s  Initiator\n%-16s", "", "Responder");
    for (uint8_t i = 0; i <= TROTH_KEYBOARD_DISPLAY; i++)
        printf("  %-*s", i < TROTH_KEYBOARD_DISPLAY ? CELL : 0, pairing_io_cap_words(i));
    putchar('\n');
    for (uint8_t r = 0; r <= TROTH_KEYBOARD_DISPLAY; r++)
        table_row(r);
    printf("\n"
           "*  in legacy pairing, when one side or both do not offer Secure Connections.\n"
           "I  the initiator, which connects; the responder displays. R  the reverse.\n"
           "\n"
           "The table counts only after two other rules, in this order: out-of-band data held by\n"
           "either side (in legacy pairing: by both) give Out of Band; and when neither side asks\n"
           "for MITM protection it is Just Works.\n");
}

/* ---- the command line ---- */

struct side {
    bool given;
    struct troth_features features;
};
static struct side sides[2];
static bool json;

static bool parse_side(void *target, const char *text, char *why, size_t why_cap)
{
    struct side *side = target;
    const char *bad;
    size_t len;
    side->given = true;
    side->features.max_key_size = 16;
    if (pairing_features_parse(text, &side->features, &bad, &len))
        return true;
    if (bad == text)
        snprintf(why, why_cap, "\"%.*s\" is no IO capability; these are: %s", (int)len, bad,
                 PAIRING_IO_CAPS);
    else
        snprintf(why, why_cap,
                 "\"%.*s\" is no flag; these are: mitm, sc, oob, bond, keypress, "
                 "key=7 to key=16",
                 (int)len, bad);
    return false;
}

static const struct cli_option options[] = {
    {.name = "initiator",
     .letter = 'i',
     .kind = CLI_PARSE,
     .target = &sides[TROTH_INITIATOR],
     .argument = "SIDE",
     .help = "the central, which sends the Pairing Request",
     .parse = parse_side},
    {.name = "responder",
     .letter = 'r',
     .kind = CLI_PARSE,
     .target = &sides[TROTH_RESPONDER],
     .argument = "SIDE",
     .help = "the peripheral",
     .parse = parse_side},
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "for machines"},
    {0},
};

static const struct cli cli = {
    .program = "troth predict",
    .about = "Says which association model a pairing comes to, which rule decides it, who\n"
             "displays and who types, and what the key is worth. Without sides: the whole\n"
             "table.",
    .options = options,
    .notes = "SIDE is CAP[,mitm][,sc][,oob][,bond][,keypress][,key=N]: an IO capability and the\n"
             "flags that are set; oob: this side holds the other's out-of-band data; key=N: its\n"
             "largest key, 7 to 16 octets (16). CAP is one of\n" PAIRING_IO_CAPS,
    .examples = "troth predict\n"
                "troth predict -i KeyboardDisplay,mitm,sc -r DisplayOnly,mitm,sc,bond\n"
                "troth predict -i yesno,mitm,sc -r yesno",
};

int cmd_predict(int argc, char **argv)
{
    int status = cli_parse(&cli, argc, argv, NULL);
    if (status != CLI_GO)
        return status;
    out_init(cli.program, json, stderr);
    if (sides[0].given != sides[1].given)
        return cli_misuse(&cli, "--%s is missing: give both sides, or none for the whole table",
                          sides[0].given ? "responder" : "initiator");
    if (sides[0].given) {
        const struct troth_features features[2] = {sides[0].features, sides[1].features};
        predict_one(features);
    } else if (json) {
        table_json();
    } else {
        table();
    }
    return CLI_DONE;
}
