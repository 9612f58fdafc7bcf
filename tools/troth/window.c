/* troth window: lets new clients come to the device on this machine, or no more. */
#include "commands.h"
#include "local.h"

#include <string.h>

#include "common/out.h"

static unsigned seconds;
static bool json;

static const struct cli_option options[] = {
    {.name = "for",
     .kind = CLI_NUMBER,
     .target = &seconds,
     .min = 1,
     .max = 86400,
     .argument = "SECONDS",
     .help = "open: how long (the device's --window-time, or 300)"},
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "for machines"},
    {0},
};

static const struct cli cli = {
    .program = "troth window",
    .operands = "open|close [PATH]",
    .operands_min = 1,
    .operands_max = 2,
    .about = "Opens the window of the trothd of this machine, in which new clients may pair and\n"
             "provision, or closes it. Who is bonded needs no window. PATH is trothd's control\n"
             "socket, " LOCAL_PATH " if not said.",
    .options = options,
    .examples = "troth window open --for 120\n"
                "troth window close",
};

int cmd_window(int argc, char **argv)
{
    char **operands;
    int status = cli_parse(&cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(cli.program, json, stderr);
    bool open = !strcmp(operands[0], "open");
    if (!open && strcmp(operands[0], "close") != 0)
        return cli_misuse(&cli, "open or close is expected, not \"%s\"", operands[0]);
    if (!open && seconds)
        return cli_misuse(&cli, "--for goes with open: a closed window stays closed until it is "
                                "opened");
    cJSON *request = out_fields("do:s open:b", "window", open);
    if (seconds)
        cJSON_AddNumberToObject(request, "seconds", seconds);
    cJSON *reply = local_ask(operands[1], request);
    if (!reply)
        return CLI_FAILED;
    local_tell_window(cJSON_GetObjectItemCaseSensitive(reply, "window"), "result");
    cJSON_Delete(reply);
    return CLI_DONE;
}
