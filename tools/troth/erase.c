/* troth erase: the device forgets its network and its bonds; then we forget ours with it. */
#include "commands.h"
#include "local.h"
#include "wifi.h"

#include "common/out.h"

static const struct cli_option options[] = {
    LOCAL_OPTION, CLIENT_PAIRING_OPTIONS, CLIENT_NO_PAIR_OPTION, CLIENT_OPTIONS, {0},
};

static const struct cli cli = {
    .program = "troth erase",
    .operands = "DEVICE | --local [PATH]",
    .operands_max = 1,
    .about = "Makes a device leave its network, and forget it and all its bonds. Our bond\n"
             "with it is then of no use and is removed as well.",
    .options = options,
    .examples = "troth erase 'Porch lamp'\n"
                "troth erase --local",
};

static bool erase(struct client *c, const char *who)
{
    if (!client_reach(c, who) || !wifi_open(c) || !wifi_erase(c))
        return false;
    bool had = client_is_bonded(c);
    if (!security_forget(c))
        return false;
    char addr[18];
    out_result("result",
               out_fields("address:s name:s erased:b bond_removed:b state:s",
                          troth_addr_text(&c->identity, addr),
                          *c->device.name ? c->device.name : NULL, true, had,
                          troth_prov_state_name(wifi_outcome()->state)),
               "%s left its network and forgot it%s", client_peer(c),
               had ? "; the bond with it is removed" : "");
    return true;
}

int cmd_erase(int argc, char **argv)
{
    static struct client c;
    char **operands;
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status == CLI_GO)
        status = local_operands(&cli, operands);
    if (status == CLI_GO && local_wanted) {
        out_init(cli.program, client_options.json, stderr);
        return local_erase(operands[0]);
    }
    if (status == CLI_GO)
        status = client_open(&c, &cli);
    if (status != CLI_GO)
        return status;
    bool ok = erase(&c, operands[0]);
    wifi_close(&c);
    client_close(&c);
    return ok ? CLI_DONE : CLI_FAILED;
}
