/* troth pair: pairs, keeps the bond, and says what it is worth. */
#include "client.h"
#include "commands.h"

#include "common/out.h"
#include "common/words_pairing.h"

static const struct cli_option options[] = {
    CLIENT_PAIRING_OPTIONS,
    {.name = "no-bond", .kind = CLI_FLAG, .target = &client_options.policy.no_bonding},
    CLIENT_OPTIONS,
    {0},
};

static const struct cli cli = {
    .program = "troth pair",
    .operands = "[DEVICE]",
    .operands_min = 0,
    .operands_max = 1,
    .about = "Pairs with a device, found by its address or its name, and keeps the bond.\n"
             "Where a bond is there already it only encrypts: to pair anew, remove the bond\n"
             "first (troth bonds remove). A device whose out-of-band block is given need not\n"
             "be named.",
    .options = options,
    .examples = "troth pair 'Porch lamp'\n"
                "troth pair C0:FF:EE:00:00:01 --passkey - < passkey.txt\n"
                "troth pair --oob lamp.oob\n"
                "troth pair 'Porch lamp' --io-cap none",
};

static void tell(const struct client *c)
{
    char level[PAIRING_TEXT], addr[18];
    c->way->level_text(c, &c->level, level);
    troth_addr_text(&c->identity, addr);
    if (out_is_json()) {
        cJSON *j = out_fields("address:s type:s name:s paired:b model:s sc:b mitm:b key_size:u "
                              "bonded:b",
                              addr, device_addr_type(&c->identity),
                              *c->device.name ? c->device.name : NULL, c->paired,
                              c->paired ? troth_model_name((uint8_t)c->model) : NULL, c->level.sc,
                              c->level.mitm, (unsigned)c->level.key_size, c->bonded);
        client_drop_unknown(c, j);
        out_result("result", j, "%s: %s", client_peer(c), level);
        return;
    }
    printf("Device  %s\n", client_peer(c));
    if (c->paired)
        printf("Model   %s\n", pairing_model_words((uint8_t)c->model));
    else
        printf("Model   none now: the bond was used\n");
    printf("Level   %s\n", level);
    printf("Bonded  %s\n", c->bonded ? "yes" : "no");
    if (c->paired && !c->bonded && !client_options.policy.no_bonding)
        out_hint(
            "The device does not bond, or hides its identity: the next connection pairs anew.");
}

int cmd_pair(int argc, char **argv)
{
    static struct client c;
    char **operands;
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status == CLI_GO)
        status = client_open(&c, &cli);
    if (status != CLI_GO)
        return status;
    const char *who = operands[0] ? operands[0] : oob_device(&c);
    if (!who) {
        client_close(&c);
        return cli_misuse(&cli, "DEVICE is missing: an address, a name, or --oob FILE, whose block "
                                "names it");
    }
    c.pairs = true;
    bool ok = client_reach(&c, who);
    if (!ok && !operands[0] && c.ready && c.link == TROTH_NO_LINK)
        out_hint("A device that hides behind private addresses is found by its name: troth pair "
                 "NAME --oob %s",
                 client_options.oob);
    if (ok)
        ok = c.bonded ? security_encrypt(&c) : security_pair(&c);
    if (ok)
        tell(&c);
    client_close(&c);
    return ok ? CLI_DONE : CLI_FAILED;
}
