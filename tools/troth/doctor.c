/* troth doctor: what of this machine works, what does not, and what mends it. */
#include "doctor.h"

#include "commands.h"

#include "common/cli.h"
#include "common/out.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool json;

static const struct cli_option options[] = {
    {.name = "json", .kind = CLI_FLAG, .target = &json, .help = "for machines"},
    {0},
};

static const struct cli cli = {
    .program = "troth doctor",
    .about = "Looks at this machine, changes nothing, and says what works, what does not, and the\n"
             "command that mends it: adapters and who holds them, bluetoothd and its settings,\n"
             "Wi-Fi and Thread, capabilities, versions. Exit status 1: something does not work.",
    .options = options,
    .examples = "troth doctor\n"
                "sudo troth doctor\n"
                "troth doctor --json",
};

static const char *const verdicts[] = {"good", "note", "warning", "bad"};

void doctor_say(struct doctor *d, enum doctor_verdict verdict, const char *mend, const char *format,
                ...)
{
    static const enum out_tone tones[] = {OUT_GOOD, OUT_DIM, OUT_WARN, OUT_BAD};
    static const char *const marks[] = {"ok  ", "note", "look", "BAD "};
    char text[1024];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    d->count[verdict]++;
    if (out_is_json()) {
        out_result("check",
                   out_fields("area:s check:s verdict:s mend:s", d->area, d->check,
                              verdicts[verdict], mend),
                   "%s", text);
        return;
    }
    printf("  %s%s%s  %s\n", out_sgr(tones[verdict], stdout), marks[verdict], out_sgr_end(stdout),
           text);
    if (mend)
        printf("        $ %s\n", mend);
}

static void run(struct doctor *d, const struct doctor_check *table, const char *heading)
{
    if (!out_is_json())
        printf("%s%s%s\n", out_sgr(OUT_PLAIN, stdout), heading, out_sgr_end(stdout));
    for (; table->run; table++) {
        d->area = table->area;
        d->check = table->name;
        table->run(d);
    }
}

static void tell_ways(const struct doctor *d)
{
    bool ok = !d->count[DOCTOR_BAD];
    if (out_is_json()) {
        out_result("result",
                   out_fields("ok:b own_host:b bluez:b wifi:b bad:u warnings:u", ok,
                              d->own_host > 0, d->over_bluez > 0, d->wifi > 0, d->count[DOCTOR_BAD],
                              d->count[DOCTOR_WARN]),
                   "%s", ok ? "what is here works" : "something does not work");
        return;
    }
    printf("Altogether\n");
    printf("  Our own host on an adapter of this machine: %s\n",
           d->own_host ? "yes, --transport hci:N" : "no");
    printf("  Over BlueZ: %s\n", d->over_bluez ? "yes, --transport bluez" : "no");
    printf("  The air, a radio made of software: always\n");
    printf("  Networks that trothd can join for real: %s\n", d->wifi ? "yes" : "no");
    if (!d->adapters)
        printf("Without an adapter everything can be tried on the air: troth air --listen "
               "unix:/tmp/air\n");
    if (d->count[DOCTOR_BAD])
        printf("%u %s not work; the commands above mend what a command can mend.\n",
               d->count[DOCTOR_BAD], d->count[DOCTOR_BAD] == 1 ? "thing does" : "things do");
}

int cmd_doctor(int argc, char **argv)
{
    static struct doctor d;
    int status = cli_parse(&cli, argc, argv, NULL);
    if (status != CLI_GO)
        return status;
    out_init(cli.program, json, stderr);
    const char *root = getenv("TROTH_DOCTOR_ROOT"); /* for tests: a machine made of files */
    d.root = root ? root : "";
    doctor_open_bus(&d);
    doctor_look_at_adapters(&d);
    d.bluetoothd = doctor_process(&d, "bluetoothd");
    d.can_user_channel = doctor_capability(&d, 12);
    run(&d, doctor_radio, "Bluetooth adapters");
    run(&d, doctor_bluez, "BlueZ");
    run(&d, doctor_network, "Networks");
    run(&d, doctor_machine, "This machine");
    tell_ways(&d);
    sd_bus_flush_close_unref(d.bus);
    return d.count[DOCTOR_BAD] ? CLI_FAILED : CLI_DONE;
}
