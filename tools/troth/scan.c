/* troth scan: the devices around. */
#include "client.h"
#include "commands.h"

#include "common/out.h"

#include <string.h>

static unsigned seconds = 4;
static bool all;

static const struct cli_option options[] = {
    {.name = "for",
     .kind = CLI_NUMBER,
     .target = &seconds,
     .argument = "SECONDS",
     .help = "how long to look (default: 4)",
     .min = 1,
     .max = 3600},
    {.name = "all",
     .letter = 'a',
     .kind = CLI_FLAG,
     .target = &all,
     .help = "also devices that tell nothing or take no connections"},
    CLIENT_OPTIONS,
    {0},
};

static const struct cli cli = {
    .program = "troth scan",
    .about = "Lists the devices around: name, address, signal, and the services we know.\n"
             "Devices that take a network come first.",
    .options = options,
    .examples = "troth scan --transport unix:/tmp/air\n"
                "troth scan --for 10 --all --json",
};

static void tell(const struct device *d)
{
    char addr[18];
    troth_addr_text(&d->addr, addr);
    cJSON *fields = out_fields("address:s type:s name:s connectable:b provisioning:b services:s",
                               addr, device_addr_type(&d->addr), *d->name ? d->name : NULL,
                               d->connectable, d->wifi || d->protocomm, *d->services ? d->services : NULL);
    if (d->rssi != 127)
        cJSON_AddNumberToObject(fields, "rssi", d->rssi);
    out_result("device", fields, "%s %s", addr, d->name);
}

static void list(struct client *c)
{
    unsigned shown = 0;
    devices_sort(&c->devices);
    for (unsigned i = 0; i < c->devices.count; i++) {
        const struct device *d = &c->devices.list[i];
        if (!all && !device_is_shown(d))
            continue;
        if (out_is_json()) {
            tell(d);
        } else {
            if (!shown)
                devices_head(stdout, false);
            devices_row(stdout, d, 0);
        }
        shown++;
    }
    if (!shown)
        out_hint("No device was found in %u s%s.", seconds,
                 c->devices.count ? " that tells who it is; --all lists the others"
                                  : "; are they switched on, near, and advertising?");
    if (c->devices.full)
        out_hint("There are more devices than this can list.");
}

int cmd_scan(int argc, char **argv)
{
    static struct client c;
    int status = cli_parse(&cli, argc, argv, NULL);
    if (status == CLI_GO)
        status = client_open(&c, &cli);
    if (status != CLI_GO)
        return status;
    bool ok = client_start(&c) && client_scan(&c, NULL, seconds * 1000);
    if (ok)
        list(&c);
    client_close(&c);
    return ok ? CLI_DONE : CLI_FAILED;
}
