/* troth bonds --bluez: bluetoothd's bonds instead of our own. */
#include "bonds_book.h"
#include "devices.h"

#include "common/cli.h"
#include "common/out.h"
#include "ports/linux/bluez.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define PATIENCE_USEC 5000000

static const char *adapter;
static bool json;

static const struct cli_option options[] = {
    {.name = "bluez", .kind = CLI_FLAG, .target = &bonds_of_bluez, .help = "bluetoothd's bonds"},
    {.name = "adapter",
     .kind = CLI_TEXT,
     .target = &adapter,
     .argument = "hciN",
     .help = "of this adapter (the first)"},
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "for machines"},
    {0},
};

static const struct cli list_cli = {
    .program = "troth bonds --bluez list",
    .about = "Lists the bonds that bluetoothd has. Levels and keys it does not tell.",
    .options = options,
};

static const struct cli remove_cli = {
    .program = "troth bonds --bluez remove",
    .operands = "ADDRESS",
    .operands_min = 1,
    .operands_max = 1,
    .about = "Makes bluetoothd forget a device and its bond, by address or name. The device keeps\n"
             "its own half and has to forget it too.",
    .options = options,
};

struct book {
    sd_event *loop;
    struct bluez *bluez;
    bool up, failed, removed;
};

static void on_up(void *ctx)
{
    ((struct book *)ctx)->up = true;
}

static void on_down(void *ctx, const char *why)
{
    struct book *b = ctx;
    if (!b->failed)
        out_error("%s", why);
    b->failed = true;
}

static bool await(struct book *b, const bool *truth)
{
    while (!*truth && !b->failed) {
        int r = sd_event_run(b->loop, PATIENCE_USEC);
        if (r == 0 || (r < 0 && r != -EINTR)) {
            out_error("bluetoothd does not answer: systemctl restart bluetooth");
            b->failed = true;
        }
    }
    return !b->failed;
}

static bool open_book(struct book *b)
{
    char why[BLUEZ_WHY];
    struct bluez_listener listener = {.up = on_up, .down = on_down, .ctx = b};
    memset(b, 0, sizeof *b);
    if (sd_event_new(&b->loop) < 0) {
        out_error("no event loop could be made");
        return false;
    }
    b->bluez = bluez_new(b->loop, adapter, why, sizeof why);
    if (!b->bluez) {
        out_error("%s", why);
        return false;
    }
    bluez_listen(b->bluez, &listener);
    bluez_start(b->bluez);
    return await(b, &b->up);
}

static void close_book(struct book *b)
{
    bluez_free(b->bluez);
    sd_event_unref(b->loop);
}

/* ---- list ---- */

static const char *hci(const struct book *b)
{
    return strrchr(bluez_adapter(b->bluez)->path, '/') + 1;
}

static void tell(const struct book *b, const struct bluez_device *d)
{
    char addr[18], name[96] = "";
    troth_addr_text(&d->addr, addr);
    if (d->named)
        out_printable((const uint8_t *)d->name, strlen(d->name), name, sizeof name);
    if (out_is_json())
        out_result("bond",
                   out_fields("address:s type:s name:s adapter:s paired:b bonded:b trusted:b "
                              "connected:b",
                              addr, device_addr_type(&d->addr), *name ? name : NULL, hci(b),
                              d->paired, d->bonded, d->trusted, d->connected),
                   "%s", addr);
    else
        printf("%-17s  %-6s  %-24s  %-7s  %s%s%s\n", addr, device_addr_type(&d->addr),
               *name ? name : "-", hci(b), d->bonded ? "bonded" : "paired, not bonded",
               d->trusted ? ", trusted" : "", d->connected ? ", connected" : "");
}

static int cmd_list(int argc, char **argv)
{
    struct book b;
    unsigned n = 0;
    int status = cli_parse(&list_cli, argc, argv, NULL);
    if (status != CLI_GO)
        return status;
    out_init(list_cli.program, json, stderr);
    bool ok = open_book(&b);
    for (const struct bluez_device *d = ok ? bluez_devices(b.bluez) : NULL; d; d = d->next) {
        if (!d->paired && !d->bonded)
            continue;
        if (!n++ && !out_is_json())
            printf("%s%-17s  %-6s  %-24s  %-7s  %s%s\n", out_sgr(OUT_DIM, stdout), "Address",
                   "Type", "Name", "Adapter", "State", out_sgr_end(stdout));
        tell(&b, d);
    }
    if (ok && !n)
        out_hint("bluetoothd has no bonds on %s.", hci(&b));
    close_book(&b);
    return ok ? CLI_DONE : CLI_FAILED;
}

/* ---- remove ---- */

/* NULL: it was said why. */
static const struct bluez_device *find(const struct book *b, const char *who)
{
    const struct bluez_device *found = NULL;
    struct troth_addr addr;
    unsigned n = 0;
    bool by_address = troth_addr_parse(&addr, who);
    for (const struct bluez_device *d = bluez_devices(b->bluez); d; d = d->next)
        if ((d->paired || d->bonded) && (by_address ? !memcmp(d->addr.b, addr.b, sizeof addr.b)
                                                    : d->named && !strcasecmp(d->name, who))) {
            found = d;
            n++;
        }
    if (n == 1)
        return found;
    if (n)
        out_error("%u bonds are with \"%s\": give the address of one", n, who);
    else
        out_error("bluetoothd has no bond with \"%s\"; troth bonds --bluez list shows those there "
                  "are",
                  who);
    return NULL;
}

static int on_removed(sd_bus_message *m, void *ctx, sd_bus_error *error)
{
    struct book *b = ctx;
    char why[BLUEZ_WHY];
    (void)error;
    if (sd_bus_message_is_method_error(m, NULL)) {
        out_error("%s", bluez_why("remove the bond", sd_bus_message_get_error(m), why));
        b->failed = true;
    }
    b->removed = true;
    return 0;
}

static int cmd_remove(int argc, char **argv)
{
    struct book b;
    char **operands, addr[18];
    int status = cli_parse(&remove_cli, argc, argv, &operands);
    if (status != CLI_GO)
        return status;
    out_init(remove_cli.program, json, stderr);
    bool ok = open_book(&b);
    const struct bluez_device *d = ok ? find(&b, operands[0]) : NULL;
    ok = d != NULL;
    if (ok) {
        troth_addr_text(&d->addr, addr);
        ok = sd_bus_call_method_async(bluez_bus(b.bluez), NULL, BLUEZ, bluez_adapter(b.bluez)->path,
                                      BLUEZ_ADAPTER, "RemoveDevice", on_removed, &b, "o",
                                      d->path) >= 0 &&
             await(&b, &b.removed);
    }
    if (ok) {
        out_result("removed", out_fields("address:s adapter:s", addr, hci(&b)),
                   "the bond with %s is removed from bluetoothd", addr);
        out_hint("The device keeps its own half. Make it forget this machine too, or it will not "
                 "pair again, or fail to reconnect: on a phone \"forget this device\", on a "
                 "trothd troth erase or its reset.");
    }
    close_book(&b);
    return ok ? CLI_DONE : CLI_FAILED;
}

static const struct cli_command commands[] = {
    {"list", cmd_list, "all of them"},
    {"remove", cmd_remove, "forget one"},
    {0},
};

int bonds_bluez(int argc, char **argv)
{
    return cli_dispatch("troth bonds --bluez", "The bonds that bluetoothd keeps.", commands,
                        "troth bonds --bluez list\n"
                        "troth bonds --bluez remove C0:FF:EE:00:00:01\n",
                        argc, argv);
}
