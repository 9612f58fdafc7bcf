/* troth status: what a device says of its network. */
#include "commands.h"
#include "local.h"
#include "wifi.h"

#include "common/out.h"

static const struct cli_option options[] = {
    LOCAL_OPTION, CLIENT_PAIRING_OPTIONS, CLIENT_NO_PAIR_OPTION, CLIENT_OPTIONS, {0},
};

static const struct cli cli = {
    .program = "troth status",
    .operands = "DEVICE | --local [PATH]",
    .operands_max = 1,
    .about = "Asks a device, found by its address or its name, about its network.",
    .options = options,
    .examples = "troth status 'Porch lamp'\n"
                "troth status C0:FF:EE:00:00:01 --no-pair --json\n"
                "troth status --local",
};

int cmd_status(int argc, char **argv)
{
    static struct client c;
    char **operands;
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status == CLI_GO)
        status = local_operands(&cli, operands);
    if (status == CLI_GO && local_wanted) {
        out_init(cli.program, client_options.json, stderr);
        return local_status(operands[0]);
    }
    if (status == CLI_GO)
        status = client_open(&c, &cli);
    if (status != CLI_GO)
        return status;
    bool ok = client_reach(&c, operands[0]) && wifi_open(&c);
    if (ok)
        wifi_tell(&c, "result");
    wifi_close(&c);
    client_close(&c);
    return ok ? CLI_DONE : CLI_FAILED;
}
