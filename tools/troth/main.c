/* troth: finds, pairs, provisions, remembers, and explains what went wrong. */
#include "commands.h"

#include "common/cli.h"
#include "common/out.h"

static const struct cli_command commands[] = {
    {"scan", cmd_scan, "list the devices around"},
    {"pair", cmd_pair, "pair with a device and keep the bond"},
    {"provision", cmd_provision, "give a device its network"},
    {"status", cmd_status, "ask a device about its network"},
    {"window", cmd_window, "let new clients come to the device on this machine, or no more"},
    {"erase", cmd_erase, "make a device forget its network, and forget its bond"},
    {"bonds", cmd_bonds, "list, show and remove bonds"},
    {"oob", cmd_oob, "out-of-band data for a pairing: make them, look at them"},
    {"agent", cmd_agent, "answer a device's pairing questions by hand, or by rule"},
    {"dataset", cmd_dataset, "Thread networks' datasets: look at them, make them"},
    {"doctor", cmd_doctor, "look at this machine: what works, and what mends the rest"},
    {"explain", cmd_explain, "tell what happened to the pairings in a capture, and why"},
    {"predict", cmd_predict, "which association model two sides come to, and why"},
    {"air", cmd_air, "a radio made of software: virtual controllers for any host"},
    {0},
};

int main(int argc, char **argv)
{
    cli_standard_files();
    int status =
        cli_dispatch("troth", "Pairs Bluetooth LE devices and hands them their network.", commands,
                     "troth air --listen unix:/tmp/air &\n"
                     "export TROTH_TRANSPORT=unix:/tmp/air\n"
                     "troth scan\n"
                     "troth provision wifi\n"
                     "troth predict\n",
                     argc, argv);
    return out_finish(status);
}
